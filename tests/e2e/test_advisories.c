/* SPDX-License-Identifier: ISC */
/*
 * What has broken other telnet servers, tried on this one: a test for each advisory, named after
 * it. That no worker was lost by it is checked when the server is stopped.
 */
#include "tests/e2e/support/client.h"
#include "tests/e2e/support/process.h"
#include "tests/e2e/support/server.h"
#include "tests/e2e/support/trial.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MARK "smuggled"
#define AO "\xf5"
#define AYT "\xf6"
#define EC "\xf7"
#define EL "\xf8"

/* The most that libtelnet takes as one subnegotiation. */
#define BODY_MAX 16000

/* A worker that keeps what its client does not take grows past this. */
#define WORKER_KIB_MAX (16 * 1024)

static struct server server;
static struct client client;

static int set_up(void **state)
{
	(void)state;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	client_close(&client);
	return server_stop(&server);
}

static void start_shell(void)
{
	server_start(&server, "-l", "/bin/sh", NULL);
	client_open_shell(&client, &server);
}

static void assert_unhurt(void)
{
	client_enter(&client, "");
	client_enter(&client, "echo un''hurt");
	client_expect(&client, "unhurt");
}

/* Starts a program that shows its arguments and environment, for a terminal with variables. */
static void show(const struct variable *variables)
{
	struct terminal terminal = usual_terminal;
	char login[1024];

	snprintf(login, sizeof(login), "%s -p -h %%h", trial_built("tests/programs/show"));
	server_start(&server, "-l", login, NULL);
	terminal.variables = variables;
	client_connect_as(&client, &server, &terminal);
	client_expect(&client, "show\r\n-p\r\n-h\r\n127.0.0.1\r\n--\r\n");
	client_expect(&client, "end of show");
	client_expect_end(&client);
}

static void cve_2026_24061_a_user_name_becomes_no_option_of_login(void **state)
{
	const struct variable variables[] = {{false, "USER", "-f " MARK}, {false, NULL, NULL}};

	(void)state;
	show(variables);
	assert_false(client_has(&client, MARK));
	assert_false(client_has(&client, "-f"));
}

static void cve_2007_0882_a_user_name_becomes_no_option_of_login(void **state)
{
	const struct variable variables[] = {
		{false, "USER", "-f" MARK}, {true, "USER", "-f" MARK}, {false, NULL, NULL}};

	(void)state;
	show(variables);
	assert_false(client_has(&client, MARK));
	assert_false(client_has(&client, "-f"));
}

static void cve_2026_28372_no_credentials_directory_reaches_login(void **state)
{
	const struct variable variables[] = {{false, "CREDENTIALS_DIRECTORY", "/tmp/" MARK},
					     {true, "CREDENTIALS_DIRECTORY", "/tmp/" MARK},
					     {false, NULL, NULL}};

	(void)state;
	show(variables);
	assert_false(client_has(&client, MARK));
	assert_false(client_has(&client, "CREDENTIALS"));
}

static void cve_1999_0073_no_variable_of_the_linker_reaches_login(void **state)
{
	const struct variable variables[] = {{false, "LD_LIBRARY_PATH", "/tmp/" MARK},
					     {true, "LD_PRELOAD", "/tmp/" MARK ".so"},
					     {false, "_RLD_LIST", "/tmp/" MARK},
					     {true, "ELF_LD_LIBRARY_PATH", "/tmp/" MARK},
					     {false, NULL, NULL}};

	(void)state;
	show(variables);
	assert_false(client_has(&client, MARK));
	assert_false(client_has(&client, "LD_"));
}

static void cve_2026_32746_slc_triplets_overflow_nothing(void **state)
{
	char body[BODY_MAX];
	size_t received, sent;

	(void)state;
	start_shell();
	client.local[OPTION_LINEMODE] = true; /* its offer is answered here */
	client_send(&client, BYTES(IAC WILL "\x22"));
	client_expect_command(&client, BYTES(DO "\x22"));
	received = client.raw.size;
	sent = client.sent;
	for (size_t i = 0; i < sizeof(body); i++)
		body[i] = (char)(i % 3 == 0 ? 19 + i / 3 % 230 : i % 3 == 1 ? 3 : i % 250);
	for (int i = 0; i < 20; i++) {
		client_send(&client, BYTES(IAC SB "\x22\x03"));
		client_send(&client, body, sizeof(body) - (size_t)i);
		client_send(&client, BYTES(IAC SE));
		client_receive(&client, 0);
	}
	assert_unhurt();
	assert_true(client_has_raw(&client, BYTES(IAC SB "\x22\x03")));
	assert_true(client.raw.size - received < client.sent - sent);
}

static void cve_2020_10188_ao_while_output_is_pending_walks_past_no_end(void **state)
{
	(void)state;
	start_shell();
	client_enter(&client, "stty -opost; head -c 20000000 /dev/zero | tr '\\0' '\\377'; "
			      "echo at the en''d");
	/* Nothing is received until what is on the way is full of doubled bytes. */
	nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
	for (int i = 0; i < 200; i++) {
		client_send(&client, BYTES(IAC AO));
		client_receive(&client, i % 4);
	}
	client_expect(&client, "at the end");
	/* Whatever was dropped, no doubled byte was torn apart: no command has become text. */
	for (size_t i = 0; i < client.text.size; i++)
		assert_true(client.text.bytes[i] >= 0 || client.text.bytes[i] == '\xff');
	assert_unhurt();
}

static void cve_2022_39028_ec_or_el_as_the_first_bytes_do_not_hurt(void **state)
{
	(void)state;
	server_start(&server, "-l", "/bin/sh", NULL);
	for (int i = 0; i < 2; i++) {
		client_close(&client);
		client_connect(&client, &server);
		client_send(&client, i == 0 ? IAC EC : IAC EL, 2);
		client.terminal = &usual_terminal;
		client_expect_prompt(&client);
		assert_unhurt();
	}
}

/* A shell for a terminal with one such variable. */
static void log_in_with(const char *name, const char *value)
{
	const struct variable variables[] = {{true, name, value}, {true, NULL, NULL}};
	struct terminal terminal = usual_terminal;

	terminal.variables = variables;
	client_close(&client);
	client_connect_as(&client, &server, &terminal);
	client_expect_prompt(&client);
	assert_unhurt();
}

static void cve_2019_0053_long_variables_overflow_nothing(void **state)
{
	static const size_t lengths[] = {64, 127, 128, 255, 256, 1024, 1025, 4096, 8000};
	static char text[8001];
	struct terminal terminal = usual_terminal;

	(void)state;
	server_start(&server, "-l", "/bin/sh", NULL);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		memset(text, 'x', lengths[i]);
		text[lengths[i]] = '\0';
		log_in_with("LANG", text);
		log_in_with(text, "C");
		terminal.display = text;
		terminal.type = text;
		client_close(&client);
		client_connect_as(&client, &server, &terminal);
		client_expect_prompt(&client);
		assert_unhurt();
	}
}

static void cve_2019_0053_many_variables_overflow_nothing(void **state)
{
	struct variable variables[301] = {0};
	static char names[300][16];
	struct terminal terminal = usual_terminal;

	(void)state;
	server_start(&server, "-l", "/bin/sh", NULL);
	for (int i = 0; i < 300; i++) {
		snprintf(names[i], sizeof(names[i]), "LC_%c%c", 'A' + i / 26, 'A' + i % 26);
		variables[i] = (struct variable){false, names[i], "C"};
	}
	terminal.variables = variables;
	client_connect_as(&client, &server, &terminal);
	client_expect_prompt(&client);
	assert_unhurt();
}

static void cve_2011_4862_an_encryption_key_id_overflows_nothing(void **state)
{
	char key[BODY_MAX];

	(void)state;
	start_shell();
	client_send(&client, BYTES(IAC WILL "\x26" IAC DO "\x26"));
	client_expect_command(&client, BYTES(IAC DONT "\x26" IAC WONT "\x26"));
	memset(key, 'K', sizeof(key));
	/* DEC_KEYID and ENC_KEYID, and what came before in the exploit. */
	client_send(&client, BYTES(IAC SB "\x26\x00\x00\x00" IAC SE));
	for (char command = 7; command <= 8; command++) {
		client_send(&client, BYTES(IAC SB "\x26"));
		client_send(&client, &command, 1);
		client_send(&client, key, sizeof(key));
		client_send(&client, BYTES(IAC SE));
	}
	assert_unhurt();
}

/* Sends AYT as long as the server takes them, while nothing is received. */
static size_t flood_with_ayt(void)
{
	char flood[4096];
	long long still_since = trial_now();
	size_t pushed = 0;

	for (size_t i = 0; i < sizeof(flood); i++)
		flood[i] = i % 2 == 0 ? IAC[0] : AYT[0];
	while (trial_now() - still_since < 300 && pushed < 8UL * 1024 * 1024) {
		size_t odd = pushed % 2;
		size_t size = client_push(&client, flood + odd, sizeof(flood) - odd);

		pushed += size;
		if (size > 0)
			still_since = trial_now();
		else
			trial_pause();
	}
	return pushed;
}

static void cve_2001_0554_a_flood_of_ayt_overflows_nothing(void **state)
{
	struct client other = {0};
	size_t pushed, answers = 0;
	pid_t workers[8];

	(void)state;
	start_shell();
	client_enter(&client, "stty -echo");
	client_expect_prompt(&client);
	client.text.seen = client.text.size;
	pushed = flood_with_ayt();
	for (size_t i = 0, count = server_workers(&server, workers, 8); i < count; i++) {
		char memory[64];

		process_status(workers[i], "VmRSS", memory, sizeof(memory));
		if (!SANITIZED)
			assert_in_range(atol(memory), 0, WORKER_KIB_MAX);
	}
	/* Nobody else notices. */
	client_open_shell(&other, &server);
	client_enter(&other, "echo un''noticed");
	client_expect(&other, "unnoticed");
	client_close(&other);
	/* Each is answered once the client takes the answers. */
	if (pushed % 2 != 0)
		client_send(&client, BYTES(AYT));
	client_enter(&client, "echo do''ne");
	client_expect(&client, "done");
	/* strstr(3) under a sanitizer looks through all that is left each time. */
	for (size_t i = 0; i < client.text.size; i++)
		if (strncmp(client.text.bytes + i, "[Yes]", strlen("[Yes]")) == 0)
			answers++;
	assert_int_equal(answers, (pushed + 1) / 2);
}

#define ADVISORY_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ADVISORY_TEST(cve_2026_24061_a_user_name_becomes_no_option_of_login),
		ADVISORY_TEST(cve_2007_0882_a_user_name_becomes_no_option_of_login),
		ADVISORY_TEST(cve_2026_28372_no_credentials_directory_reaches_login),
		ADVISORY_TEST(cve_1999_0073_no_variable_of_the_linker_reaches_login),
		ADVISORY_TEST(cve_2026_32746_slc_triplets_overflow_nothing),
		ADVISORY_TEST(cve_2020_10188_ao_while_output_is_pending_walks_past_no_end),
		ADVISORY_TEST(cve_2022_39028_ec_or_el_as_the_first_bytes_do_not_hurt),
		ADVISORY_TEST(cve_2019_0053_long_variables_overflow_nothing),
		ADVISORY_TEST(cve_2019_0053_many_variables_overflow_nothing),
		ADVISORY_TEST(cve_2011_4862_an_encryption_key_id_overflows_nothing),
		ADVISORY_TEST(cve_2001_0554_a_flood_of_ayt_overflows_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
