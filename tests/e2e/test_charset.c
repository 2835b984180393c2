/* SPDX-License-Identifier: ISC */
/*
 * Character sets from the wire to the program and back: clients that are not UTF-8, whose set is
 * configured, or agreed on by CHARSET (RFC 2066). The workers convert in their sandbox.
 */
#include "tests/e2e/support/client.h"
#include "tests/e2e/support/server.h"
#include "tests/e2e/support/trial.h"

#include <stdio.h>
#include <string.h>

#define OPTION_CHARSET 42
#define CHARSET "\x2a"
#define REQUEST "\x01"
#define ACCEPTED "\x02"
#define REJECTED "\x03"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* A line in UTF-8, as a program reads it, and on the network. */
struct line {
	const char *charset;
	const char *plain;
	const char *wire;
};

#define KOREAN "원격 로그인"
#define KOREAN_EUC "\xbf\xf8\xb0\xdd \xb7\xce\xb1\xd7\xc0\xce"
#define JAPANESE "日本語"

static const struct line lines[] = {
	{"EUC-KR", KOREAN, KOREAN_EUC},
	{"CP949", KOREAN, KOREAN_EUC},
	{"EUC-JP", JAPANESE, "\xc6\xfc\xcb\xdc\xb8\xec"},
	{"Shift_JIS", JAPANESE, "\x93\xfa\x96\x7b\x8c\xea"},
	{"ISO-2022-JP", JAPANESE, "\033$BF|K\\8l\033(B"},
	{"GB18030", "登录", "\xb5\xc7\xc2\xbc"},
	{"Big5", "登入", "\xb5n\xa4J"},
	{"KOI8-R", "Вход", "\xf7\xc8\xcf\xc4"},
	{"windows-1251", "Вход", "\xc2\xf5\xee\xe4"},
	{"windows-1252", "€", "\x80"},
	{"ISO-8859-1", "é", "\xe9"},
	{"ISO-8859-15", "€", "\xa4"},
	{"CP437", "é", "\x82"},
	{"CP850", "é", "\x82"},
	{"US-ASCII", "plain", "plain"},
	{"UTF-8", KOREAN, KOREAN},
};

static struct server server;
static struct client client;

static int end(void **state)
{
	(void)state;
	client_close(&client);
	trial_remove_directory();
	return server_stop(&server);
}

/*
 * Starts a server with these lines of configuration. Its program shows what it reads of a line at
 * a time, as hexadecimal figures and as it came, on a terminal that echoes.
 */
static void start(const char *configuration)
{
	const char *script = trial_file("program", "#!/bin/sh\n"
						   "echo ready\n"
						   "while read -r line; do\n"
						   "	printf '%s' \"$line\" | od -An -v -tx1\n"
						   "	printf '<%s>\\n' \"$line\"\n"
						   "done\n");
	char program[512];

	snprintf(program, sizeof(program), "/bin/sh %s", script);
	server_start(&server, "-c", trial_file("telnetd.conf", configuration), "-l", program, NULL);
}

static void open_shell(const char *configuration)
{
	server_start(&server, "-c", trial_file("telnetd.conf", configuration), "-l", "/bin/sh",
		     NULL);
	client_open_shell(&client, &server);
}

/* Connects without waiting for anything; the second leaves CHARSET to the test. */
static void connect_client(void)
{
	client_connect_as(&client, &server, &usual_terminal);
}

static void connect_for_charset(void)
{
	connect_client();
	client.local[OPTION_CHARSET] = client.remote[OPTION_CHARSET] = true;
}

static void write_hexadecimal(const char *text, char *figures, size_t size)
{
	size_t used = 0;

	for (; *text != '\0' && used + 4 < size; text++)
		used += (size_t)snprintf(figures + used, size - used, " %02x",
					 (unsigned char)*text);
}

/* Types a line, cut at one place, and sees it echoed, read by the program, and shown by it. */
static void check_line(const struct line *line, size_t cut)
{
	char figures[256], shown[128];

	write_hexadecimal(line->plain, figures, sizeof(figures));
	snprintf(shown, sizeof(shown), "<%s>\r\n", line->wire);
	client_send(&client, line->wire, cut);
	client_send(&client, line->wire + cut, strlen(line->wire) - cut);
	client_send(&client, BYTES("\r\n"));
	client_expect(&client, line->wire);
	client_expect(&client, figures);
	client_expect(&client, shown);
}

static void check_all_cuts(const struct line *line)
{
	for (size_t cut = 0; cut <= strlen(line->wire); cut++)
		check_line(line, cut);
}

/* --- the client starts -------------------------------------------------------------------- */

static void request(const char *name)
{
	char bytes[128];
	int size = snprintf(bytes, sizeof(bytes), IAC SB CHARSET REQUEST ";%s" IAC SE, name);

	connect_for_charset();
	client_send(&client, BYTES(IAC WILL CHARSET));
	client_expect_command(&client, BYTES(DO CHARSET));
	client_send(&client, bytes, (size_t)size);
}

static void request_all_and_check(void)
{
	for (size_t i = 0; i < LENGTH(lines); i++) {
		char accepted[64];
		int size = snprintf(accepted, sizeof(accepted), SB CHARSET ACCEPTED "%s",
				    lines[i].charset);

		request(lines[i].charset);
		client_expect_command(&client, accepted, (size_t)size);
		client_expect(&client, "ready\r\n");
		check_all_cuts(&lines[i]);
		client_close(&client);
	}
}

static void every_set_that_a_client_asks_for_is_typed_and_shown_in_it(void **state)
{
	(void)state;
	start("");
	request_all_and_check();
}

static void a_shared_worker_knows_every_set_as_well(void **state)
{
	(void)state;
	start("sessions-per-worker = 0\n");
	request_all_and_check();
}

static void a_set_that_is_not_configured_is_rejected_and_bytes_pass(void **state)
{
	static const struct line untouched = {"", "\xbf\xf8", "\xbf\xf8"};

	(void)state;
	start("charsets = { EUC-JP }\n");
	request("EUC-KR");
	client_expect_command(&client, BYTES(SB CHARSET REJECTED));
	client_expect(&client, "ready\r\n");
	check_line(&untouched, 1);
}

static void the_strict_nvt_gets_no_byte_over_127(void **state)
{
	(void)state;
	start("client-charset = us-ascii\n");
	connect_client();
	client_expect(&client, "ready\r\n");
	client_send(&client, BYTES("caf\xe9\r\n"));
	client_expect(&client, "caf?");
	client_expect(&client, " 63 61 66 ef bf bd\r\n<caf?>\r\n");
	for (size_t i = 0; i < client.text.size; i++)
		assert_in_range((unsigned char)client.text.bytes[i], 0, 127);
}

/* --- the server starts -------------------------------------------------------------------- */

static void a_client_that_knows_charset_is_asked_first_for_the_terminals(void **state)
{
	(void)state;
	start("charsets = { EUC-KR, CP949 }\n");
	connect_for_charset();
	client_send(&client, BYTES(IAC DO CHARSET));
	client_expect_command(&client, BYTES(SB CHARSET REQUEST ";UTF-8;EUC-KR;CP949"));
	client_send(&client, BYTES(IAC SB CHARSET ACCEPTED "EUC-KR" IAC SE));
	client_expect(&client, "ready\r\n");
	check_all_cuts(&lines[0]);
}

static void a_client_that_never_answers_gets_its_prompt_after_a_second(void **state)
{
	(void)state;
	start("charsets = { US-ASCII }\n");
	connect_for_charset();
	client_send(&client, BYTES(IAC DO CHARSET));
	client_expect_command(&client, BYTES(SB CHARSET REQUEST ";UTF-8;US-ASCII"));
	client_expect(&client, "ready\r\n");
	check_line(&lines[LENGTH(lines) - 1], 1);
}

/*
 * A client that says DO to each WILL and WONT to each DO, packet by packet, and takes a
 * subnegotiation for more of the same: some libraries for scripts do.
 */
static void log_in_as_mirror(const char *name)
{
	static const char commands[][2] = {{WILL[0], DO[0]}, {DO[0], WONT[0]}};
	long long deadline = trial_now() + DEADLINE_MS;
	size_t at = 0;
	char shown[64];

	client_connect(&client, &server);
	while (!client_has(&client, "ready\r\n")) {
		assert_true(trial_now() < deadline);
		client_receive(&client, 100);
		for (; at + 3 <= client.raw.size && client.raw.bytes[at] == IAC[0]; at += 3) {
			char answer[3];

			memcpy(answer, client.raw.bytes + at, sizeof(answer));
			for (size_t i = 0; i < LENGTH(commands); i++)
				if (client.raw.bytes[at + 1] == commands[i][0])
					answer[1] = commands[i][1];
			client_send(&client, answer, sizeof(answer));
		}
		at = client.raw.size;
	}
	client_enter(&client, name);
	snprintf(shown, sizeof(shown), "<%s>\r\n", name);
	client_expect(&client, shown);
	assert_false(client_has_raw(&client, BYTES(IAC SB)));
	client_close(&client);
}

static void a_client_that_mirrors_commands_can_type(void **state)
{
	static const char *const configurations[] = {"", "charsets = { all }\n",
						     "compress = yes\n"};

	(void)state;
	for (size_t i = 0; i < LENGTH(configurations); i++) {
		start(configurations[i]);
		log_in_as_mirror("wanda");
		server_stop(&server);
	}
}

static void an_empty_list_of_sets_turns_the_offer_off(void **state)
{
	(void)state;
	start("charsets = { }\n");
	connect_for_charset();
	client_send(&client, BYTES(IAC WILL CHARSET IAC DO CHARSET));
	client_expect_command(&client, BYTES(DONT CHARSET));
	client_expect_command(&client, BYTES(WONT CHARSET));
	client_expect(&client, "ready\r\n");
	assert_false(client_has_raw(&client, BYTES(IAC WILL CHARSET)));
	check_line(&lines[LENGTH(lines) - 1], 1);
}

/* --- what is configured ------------------------------------------------------------------- */

static void a_client_that_negotiates_nothing_has_the_configured_set(void **state)
{
	(void)state;
	start("client-charset = euc-kr\n");
	connect_client();
	client_expect(&client, "ready\r\n");
	check_all_cuts(&lines[0]);
}

static void the_terminal_may_have_another_set_than_utf_8(void **state)
{
	(void)state;
	start("charset = EUC-KR\nclient-charset = UTF-8\n");
	connect_client();
	client_expect(&client, "ready\r\n");
	client_send(&client, BYTES(KOREAN "\r\n"));
	client_expect(&client, KOREAN);
	client_expect(&client, " bf f8 b0 dd 20 b7 ce b1 d7 c0 ce\r\n<" KOREAN ">\r\n");
}

static void a_key_erases_a_whole_character_of_the_clients_set(void **state)
{
	(void)state;
	start("client-charset = EUC-KR\n");
	connect_client();
	client_expect(&client, "ready\r\n");
	client_send(&client, BYTES("\xbf\xf8\xb0\xdd\177\r\n"));
	client_expect(&client, " ec 9b 90\r\n<\xbf\xf8>\r\n");
}

static void the_escape_key_reaches_a_program_of_an_iso_2022_client_by_itself(void **state)
{
	(void)state;
	start("client-charset = ISO-2022-JP\n");
	connect_client();
	client_expect(&client, "ready\r\n");
	client_send(&client, BYTES("\033"));
	client_expect(&client, "^[");
	client_send(&client, BYTES("\r\n"));
	client_expect(&client, " 1b\r\n");
}

static void an_escape_key_before_there_is_a_program_reaches_it_by_itself(void **state)
{
	(void)state;
	start("client-charset = ISO-2022-JP\n");
	client_connect_as(&client, &server, &usual_terminal);
	client_send(&client, BYTES("\033")); /* before any answer */
	client_expect(&client, "ready\r\n");
	client_expect(&client, "^[");
}

static void ctrl_c_acts_and_kanji_begin_anew_behind_a_dropped_screen(void **state)
{
	(void)state;
	open_shell("client-charset = ISO-2022-JP\n");
	client_enter(&client, "yes \033$BF|K\\8l\033(B");
	client_expect(&client, "l\033(B\r\n\033$BF|K\\8l\033(B\r\n");
	client_send(&client, BYTES("\003"));
	/* IAC DM and its NUL, and ASCII designated whatever came before. */
	client_expect_raw(&client, BYTES("\xff\xf2\000\033(B"));
	client_expect_prompt(&client);
}

/* --- EBCDIC ------------------------------------------------------------------------------- */

/* "echo [Hi]" and what a shell says to it, in both of the sets that differ in the brackets. */
static const struct {
	const char *charset, *typed, *shown;
} mainframes[] = {
	{"IBM037", "\x85\x83\x88\x96@\xba\xc8\x89\xbb", "\xba\xc8\x89\xbb"},
	{"IBM1047", "\x85\x83\x88\x96@\xad\xc8\x89\xbd", "\xad\xc8\x89\xbd"},
};

#define NL "\x15"
#define PROMPT "\x6e" /* ">" */

static void an_ebcdic_client_runs_echo(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(mainframes); i++) {
		const char *typed = mainframes[i].typed;
		char configuration[64], answer[64];

		snprintf(configuration, sizeof(configuration), "client-charset = %s\n",
			 mainframes[i].charset);
		server_start(&server, "-c", trial_file("telnetd.conf", configuration), "-l",
			     "/usr/bin/env PS1=> /bin/sh", NULL);
		connect_client();
		client_expect(&client, PROMPT);
		for (size_t cut = 0; cut <= strlen(typed); cut++) {
			client_send(&client, typed, cut);
			client_send(&client, typed + cut, strlen(typed) - cut);
			client_send(&client, BYTES(NL));
			/* Echoed, with its newline, shown, with its newline, and the prompt. */
			snprintf(answer, sizeof(answer), "%s" NL "%s" NL PROMPT, typed,
				 mainframes[i].shown);
			client_expect(&client, answer);
		}
		assert_false(client_has(&client, "\r"));
		assert_false(client_has(&client, "\n"));
		client_close(&client);
		assert_int_equal(server_stop(&server), 0);
	}
}

/* --- bounds ------------------------------------------------------------------------------- */

/* Bytes that are no character, each of which becomes three on a terminal that reads slowly. */
static void a_flood_of_what_is_no_character_ends_with_the_program_that_reads_it(void **state)
{
	static char flood[300000];

	(void)state;
	open_shell("client-charset = US-ASCII\n");
	client_enter(&client, "stty raw -echo; echo go; head -c 900000 | md5sum; stty sane");
	client_expect(&client, "go\n");
	memset(flood, 0x80, sizeof(flood));
	for (size_t sent = 0; sent < sizeof(flood);)
		sent += client_push(&client, flood + sent, sizeof(flood) - sent);
	client_expect(&client, "44b8b686127024a0782dc37bfc129e72");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(every_set_that_a_client_asks_for_is_typed_and_shown_in_it,
					  end),
		cmocka_unit_test_teardown(a_shared_worker_knows_every_set_as_well, end),
		cmocka_unit_test_teardown(a_set_that_is_not_configured_is_rejected_and_bytes_pass,
					  end),
		cmocka_unit_test_teardown(the_strict_nvt_gets_no_byte_over_127, end),
		cmocka_unit_test_teardown(
			a_client_that_knows_charset_is_asked_first_for_the_terminals, end),
		cmocka_unit_test_teardown(
			a_client_that_never_answers_gets_its_prompt_after_a_second, end),
		cmocka_unit_test_teardown(a_client_that_mirrors_commands_can_type, end),
		cmocka_unit_test_teardown(an_empty_list_of_sets_turns_the_offer_off, end),
		cmocka_unit_test_teardown(a_client_that_negotiates_nothing_has_the_configured_set,
					  end),
		cmocka_unit_test_teardown(the_terminal_may_have_another_set_than_utf_8, end),
		cmocka_unit_test_teardown(a_key_erases_a_whole_character_of_the_clients_set, end),
		cmocka_unit_test_teardown(
			the_escape_key_reaches_a_program_of_an_iso_2022_client_by_itself, end),
		cmocka_unit_test_teardown(
			an_escape_key_before_there_is_a_program_reaches_it_by_itself, end),
		cmocka_unit_test_teardown(ctrl_c_acts_and_kanji_begin_anew_behind_a_dropped_screen,
					  end),
		cmocka_unit_test_teardown(an_ebcdic_client_runs_echo, end),
		cmocka_unit_test_teardown(
			a_flood_of_what_is_no_character_ends_with_the_program_that_reads_it, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
