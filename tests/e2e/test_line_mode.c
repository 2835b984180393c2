/* SPDX-License-Identifier: ISC */
/*
 * Line mode as its users have it: with inetutils-telnet, which edits lines by itself, on a wire
 * that is listened to, and with a client that says exactly what a test wants said.
 */
#include "tests/e2e/support/client.h"
#include "tests/e2e/support/process.h"
#include "tests/e2e/support/server.h"
#include "tests/e2e/support/trial.h"
#include "tests/e2e/support/typist.h"
#include "tests/e2e/support/wire.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define ESCAPE "\035" /* ^] */
#define AO "\xf5"
#define AYT "\xf6"
#define GA "\xf9"
#define IP "\xf4"
#define SUSP "\xed"
#define XEOF "\xec"
#define ECHO "\x01"
#define SGA "\x03"
#define LFLOW "\x21"
#define LINEMODE "\x22"
#define MODE(bits) IAC SB LINEMODE "\x01" bits IAC SE
#define EDIT_TRAPSIG "\x03"
#define EDIT_TRAPSIG_ACK "\x07"

/* How long nothing comes where nothing is to come: some times the pause before GA. */
#define QUIET_MS 300

static struct server server;
static struct wire wire;
static struct typist typist;
static struct client client;
static struct client neighbour;

static int set_up(void **state)
{
	(void)state;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	typist_leave(&typist);
	wire_stop(&wire);
	client_close(&client);
	client_close(&neighbour);
	trial_remove_directory();
	return server_stop(&server);
}

/* --- inetutils-telnet --------------------------------------------------------------------- */

/* Of a shell that leaves its terminal as it is, unlike one that edits by itself. */
static void expect_prompt(void)
{
	typist_expect(&typist, "ready> ");
}

static void start_client(const char *linemode)
{
	const char *arguments[] = {"inetutils-telnet", "127.0.0.1", NULL, NULL};
	char port[8];

	if (access("/usr/bin/inetutils-telnet", X_OK) != 0) {
		print_message("skipped: there is no inetutils-telnet here\n");
		skip();
	}
	server_start(&server, "-l", "/bin/sh", "--linemode", linemode, NULL);
	wire_start(&wire, server.port);
	snprintf(port, sizeof(port), "%hu", wire.port);
	arguments[2] = port;
	typist_start(&typist, arguments);
	typist_expect(&typist, geteuid() == 0 ? "# " : "$ ");
	typist_enter(&typist, "PS1='rea''dy> '");
	expect_prompt();
}

static void give_command(const char *command)
{
	typist_type(&typist, ESCAPE);
	typist_expect(&typist, "telnet> ");
	typist_enter(&typist, command);
}

static void open_in_line_mode(void)
{
	start_client("yes");
	give_command("mode line");
	wire_expect_from_server(&wire, BYTES(MODE(EDIT_TRAPSIG)));
	wire_expect_from_server(&wire, BYTES(IAC SB LINEMODE "\x03"));
}

/* Types keys one after the other, each once the one before has been shown. */
static void type_slowly(const char *keys)
{
	for (; *keys != '\0'; keys++) {
		const char key[] = {*keys, '\0'};

		typist_type(&typist, key);
		typist_expect(&typist, key);
	}
}

static void a_line_that_is_typed_arrives_in_one_packet(void **state)
{
	size_t before;

	(void)state;
	open_in_line_mode();
	typist_enter(&typist, "");
	wire_expect_from_client(&wire, BYTES("\r\n"));
	expect_prompt();
	before = wire_client_pieces(&wire);
	type_slowly("echo on''e");
	typist_enter(&typist, "");
	typist_expect(&typist, "one\r\nready> ");
	wire_expect_from_client(&wire, BYTES("echo on''e\r\n"));
	assert_int_equal(wire_client_pieces(&wire), before + 1);
}

static void a_line_is_shown_once_and_edited_by_the_client(void **state)
{
	(void)state;
	open_in_line_mode();
	typist_enter(&typist, "echo wrong\x15"
			      "echo abd\x7f"
			      "c''d");
	wire_expect_from_client(&wire, BYTES("echo abc''d\r\n"));
	typist_expect(&typist, "abcd\r\n");
	expect_prompt();
	typist_enter(&typist, "echo once");
	typist_expect(&typist, "echo once\r\n");
	typist_expect(&typist, "once\r\nready> ");
	assert_false(typist_has(&typist, "once"));
}

static void a_password_is_edited_by_the_client_and_not_shown(void **state)
{
	(void)state;
	open_in_line_mode();
	typist_enter(&typist, "stty -echo; printf 'pass''word: '; read x; stty echo; echo got=$x");
	typist_expect(&typist, "password: ");
	wire_expect_from_server(&wire, BYTES(IAC WILL ECHO));
	wire_expect_from_client(&wire, BYTES(IAC DO ECHO));
	typist_enter(&typist, "secreX\x7ft");
	wire_expect_from_client(&wire, BYTES("secret\r\n"));
	wire_expect_from_server(&wire, BYTES(IAC WONT ECHO));
	typist_expect(&typist, "got=secret\r\n");
	expect_prompt();
	assert_null(strstr(typist.shown, "secreX"));
	assert_ptr_equal(strstr(typist.shown, "secret"), strstr(typist.shown, "got=secret") + 4);
	type_slowly("echo visible");
	typist_enter(&typist, "");
	typist_expect(&typist, "visible\r\nready> ");
}

static void vi_gets_single_keys(void **state)
{
	char line[256];

	(void)state;
	open_in_line_mode();
	snprintf(line, sizeof(line), "cd %s; export TERM=xterm; vi letter", trial_directory());
	typist_enter(&typist, line);
	typist_expect(&typist, "[New");
	/* It changes the modes in steps, all without EDIT. The first step brings its echo. */
	wire_expect_within_client(&wire, BYTES(IAC DO ECHO));
	typist_type(&typist, "i");
	wire_expect_within_client(&wire, BYTES("i"));
	typist_type(&typist, "D");
	wire_expect_within_client(&wire, BYTES("D"));
	typist_type(&typist, "ear reader,\rfarewell.\033:wq\r");
	expect_prompt();
	assert_true(trial_file_gets("letter", "Dear reader,\nfarewell.\n"));
	type_slowly("echo lines again");
	typist_enter(&typist, "");
	wire_expect_from_client(&wire, BYTES("echo lines again\r\n"));
}

static void the_keys_of_functions_act(void **state)
{
	(void)state;
	open_in_line_mode();
	typist_enter(&typist, "sleep 60");
	wire_expect_from_client(&wire, BYTES("sleep 60\r\n"));
	typist_type(&typist, "\003");
	expect_prompt();
	assert_true(wire_client_has_sent(&wire, BYTES(IAC IP)));
	typist_enter(&typist, "sleep 60");
	wire_expect_from_client(&wire, BYTES("sleep 60\r\n"));
	typist_type(&typist, "\032");
	typist_expect(&typist, "Stopped");
	expect_prompt();
	assert_true(wire_client_has_sent(&wire, BYTES(IAC SUSP)));
	typist_enter(&typist, "kill %1; cat; echo ca''t ended");
	wire_expect_from_client(&wire, BYTES("kill %1; cat; echo ca''t ended\r\n"));
	typist_type(&typist, "\004");
	typist_expect(&typist, "cat ended");
	expect_prompt();
	assert_true(wire_client_has_sent(&wire, BYTES(IAC XEOF)));
	typist_enter(&typist, "\017");
	wire_expect_from_server(&wire, BYTES("\xf2"));
	assert_true(wire_client_has_sent(&wire, BYTES(IAC AO)));
	typist_enter(&typist, "echo af''ter");
	typist_expect(&typist, "after\r\n");
}

static void stty_changes_the_clients_characters(void **state)
{
	(void)state;
	open_in_line_mode();
	typist_enter(&typist, "stty erase ^H");
	wire_expect_from_server(&wire, BYTES(IAC SB LINEMODE "\x03\x0a\x02\x08" IAC SE));
	wire_expect_from_client(&wire, BYTES(IAC SB LINEMODE "\x03\x0a\x82\x08" IAC SE));
	expect_prompt();
	typist_enter(&typist, "echo abd\bc''d");
	wire_expect_from_client(&wire, BYTES("echo abc''d\r\n"));
	typist_expect(&typist, "abcd\r\n");
}

static void a_client_that_leaves_line_mode_gets_a_terminal_that_edits_and_echoes(void **state)
{
	(void)state;
	open_in_line_mode();
	give_command("mode character");
	typist_expect_raw(&typist);
	wire_expect_from_server(&wire, BYTES(IAC DONT LINEMODE));
	typist_enter(&typist, "echo abd\x7f"
			      "c''d");
	typist_expect(&typist, "echo abd\b \bc''d\r\nabcd\r\n");
	expect_prompt();
	typist_enter(&typist, "stty -a | tr ' ' '\\n' | grep -x -e '-*echo' -e '-*icanon'");
	typist_expect(&typist, "\r\nicanon\r\necho\r\n");
	expect_prompt();
	typist_enter(&typist, "stty -a | grep -c -e '-extproc'");
	typist_expect(&typist, "\r\n1\r\n");
}

static void bash_edits_by_itself_and_its_programs_leave_it_to_the_client(void **state)
{
	(void)state;
	open_in_line_mode();
	typist_enter(&typist, "exec env PS1='ba''sh> ' /bin/bash --norc --noprofile");
	typist_expect(&typist, "bash> ");
	typist_type(&typist, "c");
	wire_expect_from_client(&wire, BYTES("c"));
	typist_enter(&typist, "at");
	wire_expect_from_server(&wire, BYTES(MODE(EDIT_TRAPSIG)));
	wire_expect_within_client(&wire, BYTES(MODE(EDIT_TRAPSIG_ACK)));
	typist_expect(&typist, "cat\r\n");
	type_slowly("abd");
	typist_enter(&typist, "\x7f"
			      "c");
	wire_expect_from_client(&wire, BYTES("abc\r\n"));
	typist_type(&typist, "\004");
	typist_expect(&typist, "bash> ");
}

static void where_line_mode_is_asked_for_the_client_is_in_it_at_once(void **state)
{
	(void)state;
	start_client("ask");
	type_slowly("echo on''e");
	typist_enter(&typist, "");
	wire_expect_from_client(&wire, BYTES("echo on''e\r\n"));
	typist_expect(&typist, "one\r\n");
}

static void the_old_line_mode_without_the_option_works(void **state)
{
	(void)state;
	start_client("no");
	give_command("mode line");
	wire_expect_from_server(&wire, BYTES(IAC DONT LINEMODE));
	type_slowly("echo on''e");
	typist_enter(&typist, "");
	wire_expect_from_client(&wire, BYTES("echo on''e\r\n"));
	wire_expect_from_server(&wire, BYTES(IAC GA));
	typist_expect(&typist, "one\r\n");
	typist_expect(&typist, "ready> ");
	typist_enter(&typist, "echo once");
	typist_expect(&typist, "echo once\r\n");
	typist_expect(&typist, "once\r\nready> ");
	assert_false(typist_has(&typist, "once"));
}

/* --- a client that says what it is told to say -------------------------------------------- */

/* Opens a shell, and agrees to line mode. */
static void open_scripted_as(const struct terminal *terminal)
{
	server_start(&server, "-l", "/bin/sh", NULL);
	client_connect_as(&client, &server, terminal);
	client_expect_prompt(&client);
	client.local[OPTION_LINEMODE] = true; /* its offers are the test's to answer */
	client_send(&client, BYTES(IAC WILL LINEMODE));
	client_expect_command(&client, BYTES(DO LINEMODE));
	client_send(&client, BYTES(MODE(EDIT_TRAPSIG_ACK)));
}

static void open_scripted(void)
{
	open_scripted_as(&usual_terminal);
}

static size_t count(const char *bytes, size_t size)
{
	size_t found = 0;

	for (size_t i = 0; i + size <= client.raw.size; i++)
		found += memcmp(client.raw.bytes + i, bytes, size) == 0;
	return found;
}

static void the_clients_characters_become_the_terminals(void **state)
{
	(void)state;
	open_scripted();
	client_send(&client, BYTES(IAC SB LINEMODE "\x03\x0a\x02\x08\x03\x62\x18" IAC SE));
	client_expect_command(&client, BYTES(SB LINEMODE "\x03\x03\xe2\x18\x0a\x82\x08"));
	client_enter(&client, "stty -a");
	client_expect(&client, "intr = ^X;");
	client_expect(&client, "erase = ^H;");
	client_expect(&client, "kill = ^U;");
}

/* bash gives its programs the modes that it found, and it found those of line mode. */
static void modes_of_line_mode_that_a_program_restores_later_do_no_harm(void **state)
{
	(void)state;
	server_start(&server, "-l", "/bin/bash --norc --noprofile", NULL);
	client_connect_as(&client, &server, &usual_terminal);
	client.local[OPTION_LINEMODE] = true;
	client_send(&client, BYTES(IAC WILL LINEMODE));
	client_expect_command(&client, BYTES(DO LINEMODE));
	client_send(&client, BYTES(MODE(EDIT_TRAPSIG_ACK)));
	client_expect_prompt(&client);
	client_enter(&client, "stty -a | tr ' ' '\\n' | grep -x extproc; echo do''ne");
	client_expect(&client, "extproc\r\n");
	client_expect(&client, "done\r\n");
	client_expect_prompt(&client);
	client_send(&client, BYTES(IAC WONT LINEMODE));
	client_expect_command(&client, BYTES(DONT LINEMODE));
	client_enter(&client, "echo st''art; cat");
	client_expect(&client, "start\r\n");
	client_enter(&client, "a l''inX\x7f"
			      "e");
	client_expect(&client, "\r\na l''ine\r\n");
}

/* Nothing tells of a change of the terminal while the client leaves the editing to it. */
static void a_character_of_the_clients_leaves_the_terminals_others_as_they_are(void **state)
{
	(void)state;
	open_scripted();
	client_send(&client, BYTES(MODE("\x06")));
	client_enter(&client, "stty erase ^H; echo cha''nged");
	client_expect(&client, "changed\r\n");
	client_send(&client, BYTES(IAC SB LINEMODE "\x03\x0b\x02\x18" IAC SE));
	client_expect_command(&client, BYTES(SB LINEMODE "\x03\x0b\x82\x18"));
	client_enter(&client, "stty -a");
	client_expect(&client, "erase = ^H;");
	client_expect(&client, "kill = ^X;");
}

/* That refuses it at first, in line mode, and by leaving that at a prompt for a password. */
static void a_client_that_refuses_echo_never_has_a_password_shown(void **state)
{
	struct terminal terminal = usual_terminal;

	(void)state;
	terminal.no_echo = true;
	open_scripted_as(&terminal);
	client_enter(&client, "stty -a | grep -c -e ' echo '");
	client_expect(&client, "1\r\n");
	assert_int_equal(count(BYTES(IAC WILL ECHO)), 1); /* at the opening */
	client_enter(&client, "stty -echo; echo pass''word; read x; stty -a | grep -c -e '-echo '");
	client_expect(&client, "password\r\n");
	client_send(&client, BYTES(IAC WONT LINEMODE));
	client_expect_command(&client, BYTES(DONT LINEMODE));
	client.remote[OPTION_ECHO] = true; /* it has changed its mind */
	client_send(&client, BYTES(IAC DO ECHO));
	client_send(&client, BYTES(IAC AYT));
	client_expect(&client, "[Yes]");
	client_enter(&client, "secret");
	client_expect(&client, "1\r\n");
	assert_false(client_has(&client, "secret"));
}

/* A canonical program reads one line at a time, and an end of file where it stands. */
static void lines_typed_ahead_are_read_one_by_one(void **state)
{
	(void)state;
	open_scripted();
	client_send(&client, BYTES("cat; echo fi''rst\r\na\r\nb\r\n" IAC XEOF
				   "cat; echo se''cond\r\nc\r\n" IAC XEOF "echo af''ter\r\n"));
	client_expect(&client, "a\r\nb\r\nfirst\r\n");
	client_expect(&client, "c\r\nsecond\r\n");
	client_expect(&client, "after\r\n");
}

/* An end of file is a function; its character in a line is one that the user has quoted. */
static void a_quoted_end_of_file_is_a_character_of_its_line(void **state)
{
	(void)state;
	open_scripted();
	client_enter(&client, "cat -v; echo en''ded");
	client_send(&client, BYTES("a\004b\r\n\004c\r\nd\004\r\n"));
	client_expect(&client, "a^Db\r\n^Dc\r\nd^D\r\n");
	client_send(&client, BYTES("e\004" IAC AYT));
	client_expect(&client, "[Yes]");
	client_send(&client, BYTES("\004" IAC AYT));
	client_expect(&client, "[Yes]");
	client_send(&client, BYTES("f\r\n"));
	client_expect(&client, "^D^Df\r\n"); /* "e" may have been read before */
	client_send(&client, BYTES("half" IAC XEOF "echo af''ter\r\n"));
	client_expect(&client, "half");
	client_expect(&client, "ended\r\n");
	client_expect(&client, "after\r\n");
}

/* read(1) of a shell takes a line byte by byte. */
static void a_quoted_end_of_file_comes_to_who_reads_single_bytes(void **state)
{
	(void)state;
	open_scripted();
	client_enter(&client, "read x; echo $x | cat -v");
	client_send(&client, BYTES("\004a\004b\004\r\n"));
	client_expect(&client, "^Da^Db^D\r\n");
}

/* Alone it cannot be told from an end of file, and one follows. */
static void a_quoted_end_of_file_before_the_function_holds_nothing_up(void **state)
{
	(void)state;
	open_scripted();
	client_enter(&client, "cat -v; echo en''ded");
	client_send(&client, BYTES("a\004" IAC XEOF));
	client_expect(&client, "a^D");
	client_expect(&client, "ended\r\n");
	client_enter(&client, "cat; echo a''gain");
	client_send(&client, BYTES("\004" IAC XEOF "\r\n"));
	client_expect(&client, "again\r\n");
}

static void a_quoted_end_of_file_is_read_where_nothing_more_will_come(void **state)
{
	(void)state;
	open_scripted();
	client_enter(&client, "cat -v; echo en''ded");
	client_send(&client, BYTES("a\004"));
	client_half_close(&client);
	client_expect(&client, "a^D");
	client_expect(&client, "ended\r\n");
}

static void a_newline_that_is_the_end_of_file_too_ends_a_line(void **state)
{
	(void)state;
	open_scripted();
	client_enter(&client, "stty eof '^J'; echo a''s newline");
	client_expect(&client, "as newline\r\n");
	client_enter(&client, "echo wri''tten");
	client_expect(&client, "written\r\n");
}

/* Whether the terminal has taken them already or not when it leaves the editing to the client. */
static void lines_typed_before_line_mode_begins_are_read(void **state)
{
	(void)state;
	server_start(&server, "-l", "/bin/sh", NULL);
	for (int i = 0; i < 20; i++) {
		client_connect_as(&client, &server, &usual_terminal);
		client.local[OPTION_LINEMODE] = true;
		client_send(&client, BYTES("echo fi''rst\r\necho se''cond\r\n" IAC WILL LINEMODE));
		client_expect(&client, "first\r\n");
		client_expect(&client, "second\r\n");
		client_close(&client);
	}
}

static void an_interrupt_overtakes_lines_typed_ahead(void **state)
{
	(void)state;
	open_scripted();
	client_enter(&client, trial_built("tests/programs/report_signals"));
	client_expect(&client, "waiting for signals");
	client_send(&client, BYTES("echo o''ne\r\necho t''wo\r\necho th''ree\r\n"));
	client_send(&client, BYTES(IAC AYT));
	client_expect(&client, "[Yes]");
	client_send(&client, BYTES(IAC IP));
	client_expect(&client, "got SIGINT");
	client_expect_prompt(&client);
	client_enter(&client, "echo af''ter");
	client_expect(&client, "after\r\n");
	assert_false(client_has(&client, "two"));
}

static void many_lines_typed_ahead_are_all_read(void **state)
{
	(void)state;
	open_scripted();
	client_enter(&client, "wc -l");
	for (int i = 0; i < 3000; i++)
		client_send(&client, BYTES("0123456789\r\n"));
	client_send(&client, BYTES(IAC XEOF));
	client_expect(&client, "3000\r\n");
}

static void are_you_there_is_answered_in_line_mode(void **state)
{
	(void)state;
	open_scripted();
	client_enter(&client, "sleep 60");
	client_send(&client, BYTES(IAC AYT));
	client_expect(&client, "[Yes]");
}

/* With and without line mode: the kernel tells of flow control either way. */
static void flow_control_follows(void)
{
	client_enter(&client, "stty -ixon; echo of''f");
	client_expect_command(&client, BYTES(SB LFLOW "\x00"));
	client_expect(&client, "off\r\n");
	client_enter(&client, "stty ixon ixany");
	client_expect_command(&client, BYTES(SB LFLOW "\x01"));
	assert_true(client_has_raw(&client, BYTES(IAC SB LFLOW "\x02" IAC SE)));
}

static void stty_turns_the_clients_flow_control_off_and_on(void **state)
{
	(void)state;
	server_start(&server, "-l", "/bin/sh", NULL);
	client_open_shell(&client, &server);
	flow_control_follows();
}

static void stty_turns_flow_control_off_and_on_in_line_mode_too(void **state)
{
	(void)state;
	open_scripted();
	flow_control_follows();
}

static void a_program_that_restores_its_modes_does_not_end_line_mode(void **state)
{
	(void)state;
	open_scripted();
	client_enter(&client, "stty -extproc; until stty -a | grep -q -e ' extproc'; do :; done");
	client_enter(&client, "echo ba''ck");
	client_expect(&client, "back\r\n");
}

/* A client that asks at once, and a login program that hangs up its terminal, as login(1) may. */
static void line_mode_outlives_a_login_that_hangs_up_its_terminal(void **state)
{
	char login[256];

	(void)state;
	SKIP_UNLESS_ROOT();
	snprintf(login, sizeof(login), "%s /bin/sh", trial_built("tests/programs/hang_up"));
	server_start(&server, "-l", login, NULL);
	client_connect_as(&client, &server, &usual_terminal);
	client.local[OPTION_LINEMODE] = true;
	client_send(&client, BYTES(IAC WILL LINEMODE));
	client_expect_command(&client, BYTES(DO LINEMODE));
	client_expect_prompt(&client);
	client_enter(&client, "stty -a | grep -c -e ' extproc'");
	client_expect(&client, "1\r\n");
	assert_false(client_has(&client, "stty"));
}

/* The worker sees nothing of it here but what packet mode tells. */
static void line_mode_outlives_a_terminal_that_is_hung_up_behind_its_back(void **state)
{
	const char *hang_up = trial_built("tests/programs/hang_up");
	char line[512];
	pid_t worker;

	(void)state;
	SKIP_UNLESS_ROOT();
	open_scripted();
	worker = server_worker_of(&server, client.port);
	snprintf(line, sizeof(line),
		 "kill -STOP %d; exec %s /bin/sh -c 'kill -CONT %d; echo o\"\"n; exec /bin/sh'",
		 worker, hang_up, worker);
	client_enter(&client, line);
	client_expect(&client, "on\r\n");
	client_expect_prompt(&client);
	client_enter(&client, "stty -a | grep -c -e ' extproc'");
	client_expect(&client, "1\r\n");
}

static void read_until_quiet(void)
{
	size_t before;

	do {
		before = client.raw.size;
		client_receive(&client, QUIET_MS);
	} while (client.raw.size > before);
}

/* Answers the opening offers, all at once. */
static void refuse_echo_and_sga(void)
{
	client_send(&client, BYTES(IAC DONT ECHO IAC DONT SGA IAC DONT
				   "\x05" IAC WONT SGA IAC WONT "\x18" IAC WONT "\x1f" IAC WONT
				   "\x20" IAC WONT "\x23" IAC WONT "\x27" IAC WONT LFLOW IAC WONT
				   "\x24" IAC WONT LINEMODE));
}

static void refuse_sga(void)
{
	client_send(&client, BYTES(IAC DO ECHO IAC DONT SGA IAC DONT
				   "\x05" IAC WONT SGA IAC WONT "\x18" IAC WONT "\x1f" IAC WONT
				   "\x20" IAC WONT "\x23" IAC WONT "\x27" IAC WONT LFLOW IAC WONT
				   "\x24" IAC WONT LINEMODE));
}

static void connect_without_sga(void)
{
	client_connect(&client, &server);
	refuse_echo_and_sga();
	client_expect_prompt(&client);
}

static void a_client_without_sga_gets_ga_when_output_has_paused(void **state)
{
	size_t so_far;

	(void)state;
	server_start(&server, "-l", "/bin/sh", NULL);
	connect_without_sga();
	client_expect_raw(&client, BYTES(IAC GA));
	assert_true(client_has_raw(&client, BYTES(IAC DO LINEMODE)));
	client_enter(&client, "seq 5; echo do''ne");
	client_expect_raw(&client, BYTES("5\r\ndone\r\n"));
	client_expect_prompt(&client);
	client_expect_raw(&client, BYTES(IAC GA));
	assert_false(client_has(&client, "seq"));
	read_until_quiet();
	so_far = count(BYTES(IAC GA));
	client_receive(&client, QUIET_MS);
	assert_int_equal(count(BYTES(IAC GA)), so_far);
	assert_memory_equal(client.raw.bytes + client.raw.size - 2, IAC GA, 2);
}

/* Answers each GA that comes within some of the pauses before one. */
static void answer_each_ga(const char *answer, size_t size)
{
	long long deadline = trial_now() + 4LL * QUIET_MS;
	size_t answered = 0;

	while (trial_now() < deadline) {
		client_receive(&client, QUIET_MS / 10);
		for (; answered < count(BYTES(IAC GA)); answered++)
			client_send(&client, answer, size);
	}
}

/* ncat -t sends IAC NUL and any byte; others, bytes that the program echoes. */
static void a_client_that_answers_ga_with_bytes_gets_it_once_a_line(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
		const char *typed;
	} answers[] = {
		{BYTES(IAC "\0\0"), ""},
		{BYTES(IAC "\0x"), ""},
		{BYTES("."), "."},
		{BYTES("\0"), ""}, /* the shell leaves it out */
	};
	const char *program = trial_file("program", "#!/bin/sh\nstty echo echoctl\n"
						    "while printf 'name: '; read -r line; do\n"
						    "	printf '<%s>' \"$line\" | cat -v\n"
						    "	echo\n"
						    "done\n");
	char login[512];

	(void)state;
	snprintf(login, sizeof(login), "/bin/sh %s", program);
	server_start(&server, "-l", login, NULL);
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		char shown[64];

		client_connect(&client, &server);
		refuse_sga();
		client_expect(&client, "name: ");
		answer_each_ga(answers[i].bytes, answers[i].size);
		assert_in_range(count(BYTES(IAC GA)), 1, 2);
		client_enter(&client, "ada");
		snprintf(shown, sizeof(shown), "%sada>\r\n", answers[i].typed);
		client_expect(&client, shown);
		answer_each_ga(answers[i].bytes, answers[i].size);
		assert_in_range(count(BYTES(IAC GA)), 2, 4);
		client_close(&client);
	}
}

static long count_sleeps(pid_t pid)
{
	char value[64];

	process_status(pid, "voluntary_ctxt_switches", value, sizeof(value));
	return atol(value);
}

/* While the client takes nothing, its session waits for nothing else. */
static void a_client_without_sga_gets_ga_after_all_that_it_has_not_read(void **state)
{
	long long deadline = trial_now() + DEADLINE_MS;
	long before;
	pid_t worker;

	(void)state;
	SKIP_UNLESS_ROOT();
	server_start(&server, "-l", "/bin/sh", NULL);
	connect_without_sga();
	client_expect_raw(&client, BYTES(IAC GA));
	worker = server_worker_of(&server, client.port);
	client_enter(&client, "seq 2000000; echo do''ne");
	do {
		assert_true(trial_now() < deadline);
		before = count_sleeps(worker);
		poll(NULL, 0, QUIET_MS);
	} while (count_sleeps(worker) > before);
	client_expect_raw(&client, BYTES("2000000\r\ndone\r\n"));
	client_expect_prompt(&client);
	client_expect_raw(&client, BYTES(IAC GA));
}

/*
 * What a program says last fills the first read of a turn, and the second finds the end: then there
 * is nothing left to wait for. The worker stands still meanwhile, so that it finds all of it at
 * once.
 */
static void a_client_without_sga_may_end_with_any_number_of_bytes(void **state)
{
	pid_t worker;

	(void)state;
	SKIP_UNLESS_ROOT();
	server_start(&server, "-l", "/bin/sh", "--sessions-per-worker", "1000", NULL);
	client_open_shell(&neighbour, &server);
	worker = server_worker_of(&server, neighbour.port);
	for (int size = 498; size <= 500; size++) {
		char line[256];

		connect_without_sga();
		snprintf(line, sizeof(line),
			 "echo o\"\"n; sleep 0.1; kill -STOP %d; "
			 "setsid sh -c 'sleep 0.3; kill -CONT %d' & exec printf %%0%dd 7",
			 worker, worker, size);
		client_enter(&client, line);
		client_expect(&client, "on\r\n");
		client_expect(&client, "00007");
		client_expect_end(&client);
		client_close(&client);
		client_enter(&neighbour, "sleep 0.2; echo al''ive");
		client_expect(&neighbour, "alive\r\n");
	}
}

static void its_terminal_stays_silent_where_the_login_program_hangs_it_up(void **state)
{
	char login[256];

	(void)state;
	SKIP_UNLESS_ROOT();
	snprintf(login, sizeof(login), "%s --for 1 /bin/sh", trial_built("tests/programs/hang_up"));
	server_start(&server, "-l", login, NULL);
	connect_without_sga();
	client_enter(&client, "stty -a | grep -c -e '-echo '");
	client_expect(&client, "1\r\n");
	assert_false(client_has(&client, "stty"));
}

static void nobody_else_gets_ga(void **state)
{
	(void)state;
	server_start(&server, "-l", "/bin/sh", NULL);
	client_connect(&client, &server);
	client_expect_prompt(&client);
	client_enter(&client, "echo mu''te");
	client_expect(&client, "mute\r\n");
	read_until_quiet();
	assert_int_equal(count(BYTES(IAC GA)), 0);
	client_close(&client);
	client_open_shell(&client, &server);
	client_enter(&client, "echo o''ne");
	client_expect(&client, "one\r\n");
	read_until_quiet();
	assert_int_equal(count(BYTES(IAC GA)), 0);
}

static void a_server_told_not_to_refuses_line_mode(void **state)
{
	(void)state;
	server_start(&server, "-l", "/bin/sh", "--linemode", "no", NULL);
	client_open_shell(&client, &server);
	client_send(&client, BYTES(IAC WILL LINEMODE));
	client_expect_command(&client, BYTES(DONT LINEMODE));
	client_enter(&client, "echo st''ill");
	client_expect(&client, "still\r\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_line_that_is_typed_arrives_in_one_packet),
		TEST(a_line_is_shown_once_and_edited_by_the_client),
		TEST(a_password_is_edited_by_the_client_and_not_shown),
		TEST(vi_gets_single_keys),
		TEST(the_keys_of_functions_act),
		TEST(stty_changes_the_clients_characters),
		TEST(a_client_that_leaves_line_mode_gets_a_terminal_that_edits_and_echoes),
		TEST(bash_edits_by_itself_and_its_programs_leave_it_to_the_client),
		TEST(where_line_mode_is_asked_for_the_client_is_in_it_at_once),
		TEST(the_old_line_mode_without_the_option_works),
		TEST(the_clients_characters_become_the_terminals),
		TEST(modes_of_line_mode_that_a_program_restores_later_do_no_harm),
		TEST(a_character_of_the_clients_leaves_the_terminals_others_as_they_are),
		TEST(a_client_that_refuses_echo_never_has_a_password_shown),
		TEST(lines_typed_ahead_are_read_one_by_one),
		TEST(a_quoted_end_of_file_is_a_character_of_its_line),
		TEST(a_quoted_end_of_file_comes_to_who_reads_single_bytes),
		TEST(a_quoted_end_of_file_before_the_function_holds_nothing_up),
		TEST(a_quoted_end_of_file_is_read_where_nothing_more_will_come),
		TEST(a_newline_that_is_the_end_of_file_too_ends_a_line),
		TEST(lines_typed_before_line_mode_begins_are_read),
		TEST(an_interrupt_overtakes_lines_typed_ahead),
		TEST(many_lines_typed_ahead_are_all_read),
		TEST(are_you_there_is_answered_in_line_mode),
		TEST(stty_turns_the_clients_flow_control_off_and_on),
		TEST(stty_turns_flow_control_off_and_on_in_line_mode_too),
		TEST(a_program_that_restores_its_modes_does_not_end_line_mode),
		TEST(line_mode_outlives_a_login_that_hangs_up_its_terminal),
		TEST(line_mode_outlives_a_terminal_that_is_hung_up_behind_its_back),
		TEST(a_client_without_sga_may_end_with_any_number_of_bytes),
		TEST(its_terminal_stays_silent_where_the_login_program_hangs_it_up),
		TEST(a_client_without_sga_gets_ga_when_output_has_paused),
		TEST(a_client_that_answers_ga_with_bytes_gets_it_once_a_line),
		TEST(a_client_without_sga_gets_ga_after_all_that_it_has_not_read),
		TEST(nobody_else_gets_ga),
		TEST(a_server_told_not_to_refuses_line_mode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
