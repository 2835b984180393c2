/* SPDX-License-Identifier: ISC */
/*
 * The client in scripts, which have no terminal: what they find on standard output and on standard
 * error, the exit status, and when the client ends.
 */
#include "tests/e2e/support/call.h"
#include "tests/e2e/support/client.h"
#include "tests/e2e/support/listener.h"
#include "tests/e2e/support/trial.h"
#include "tests/e2e/support/typist.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define COMMAND_SIZE 1024

/* How long a server must be silent before a client with nothing to send ends, and a part of that.
 */
#define SILENCE_MS 1000
#define SHORT_OF_SILENCE_MS 400

/* More than the pipe between the client and a reader holds. */
#define FLOOD_SIZE 300000

#define INETUTILS "/usr/bin/inetutils-telnet"

#define NOTICES                                                                                    \
	"Trying 127.0.0.1...\n"                                                                    \
	"Connected to 127.0.0.1.\n"                                                                \
	"Escape character is '^]'.\n"

static struct listener listener;
static struct typist typist;
static struct client server; /* the server's end of the connection */

static int tear_down(void **state)
{
	(void)state;
	call_end(&typist, &listener, &server);
	return 0;
}

/* A shell runs a script, whose output goes to a file; `$telnet` in it is the client. */
static void run_with(const char *telnet, const char *script)
{
	static char command[COMMAND_SIZE];

	snprintf(command, sizeof(command), "telnet=%s port=%s; { %s; } >%s 2>%s; echo status=$?",
		 telnet, listener.port_text, script, trial_file("output", NULL),
		 trial_file("errors", NULL));
	typist_start(&typist, (const char *const[]){"sh", "-c", command, NULL});
}

/* The same with a server, which has accepted the connection. */
static void call(const char *script)
{
	listener_open(&listener);
	run_with(trial_built("telnet"), script);
	client_use(&server, listener_accept(&listener), NULL);
}

static void expect_end_of_input(void)
{
	while (client_receive(&server, DEADLINE_MS))
		;
	assert_true(server.ended);
}

static void say(const char *text)
{
	assert_int_equal(send(server.socket, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static const char *read_file(const char *name)
{
	static char text[COMMAND_SIZE];
	FILE *file = fopen(trial_file(name, NULL), "re");

	assert_non_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	return text;
}

/* --- which text goes where ---------------------------------------------------------------- */

static void the_notices_and_what_the_server_says_go_to_standard_output(void **state)
{
	(void)state;
	call("echo quit | $telnet 127.0.0.1 $port");
	say("220 hello\r\n");
	expect_end_of_input();
	assert_memory_equal(server.raw.bytes, "quit\r\n", 6);
	say("221 bye\r\n");
	client_close(&server);
	typist_expect(&typist, "status=0");
	assert_string_equal(read_file("output"), NOTICES "220 hello\r\n221 bye\r\n");
	assert_string_equal(read_file("errors"), "Connection closed by foreign host.\n");
}

/* As scripts ask whether a port is open. */
static void a_port_that_is_open_can_be_looked_for_with_grep(void **state)
{
	(void)state;
	call("echo quit | $telnet 127.0.0.1 $port 2>/dev/null | grep -x 'Connected to .*'");
	client_close(&server);
	typist_expect(&typist, "status=0");
	assert_string_equal(read_file("output"), "Connected to 127.0.0.1.\n");
}

static void the_notices_are_those_of_inetutils(void **state)
{
	(void)state;
	if (access(INETUTILS, X_OK) != 0) {
		print_message("skipped: there is no " INETUTILS " here\n");
		skip();
	}
	listener_open(&listener);
	run_with(INETUTILS, "sleep 0.1 | $telnet 127.0.0.1 $port");
	client_use(&server, listener_accept(&listener), NULL);
	client_close(&server);
	typist_expect(&typist, "status=");
	assert_string_equal(read_file("output"), NOTICES);
	assert_string_equal(read_file("errors"), "Connection closed by foreign host.\n");
}

static void with_quiet_there_is_nothing_but_what_the_server_says(void **state)
{
	(void)state;
	call("echo quit | $telnet --quiet 127.0.0.1 $port");
	say("221 bye\r\n");
	expect_end_of_input();
	client_close(&server);
	typist_expect(&typist, "status=0");
	assert_string_equal(read_file("output"), "221 bye\r\n");
	assert_string_equal(read_file("errors"), "");
}

static void with_quiet_errors_are_told_all_the_same(void **state)
{
	(void)state;
	listener_open(&listener);
	close(listener.socket);
	listener.socket = 0;
	run_with(trial_built("telnet"), "$telnet -q 127.0.0.1 $port </dev/null");
	typist_expect(&typist, "status=1");
	assert_string_equal(read_file("output"), "");
	assert_non_null(strstr(read_file("errors"), ": refused\n"));
}

/* --- when it ends ------------------------------------------------------------------------- */

static void without_input_it_ends_once_the_server_has_been_silent_for_a_second(void **state)
{
	long long begin;

	(void)state;
	call("$telnet 127.0.0.1 $port </dev/null");
	expect_end_of_input();
	for (int i = 0; i < 3; i++) {
		usleep(SHORT_OF_SILENCE_MS * 1000);
		begin = trial_now();
		say("more\r\n");
	}
	typist_expect(&typist, "status=0");
	assert_true(trial_now() - begin >= SILENCE_MS);
	assert_string_equal(read_file("output"), NOTICES "more\r\nmore\r\nmore\r\n");
	assert_string_equal(read_file("errors"),
			    "Connection closed: the server has been silent for a second.\n");
}

/* `sleep 1 | telnet ...` keeps the connection for a while in other clients. */
static void the_silence_counts_from_the_end_of_the_input(void **state)
{
	long long begin;

	(void)state;
	call("sleep 1.5 | $telnet 127.0.0.1 $port");
	begin = trial_now();
	typist_expect(&typist, "status=0");
	assert_true(trial_now() - begin >= 1500 + SILENCE_MS - 200);
}

static void a_reader_that_waits_is_not_taken_for_a_silent_server(void **state)
{
	static char flood[FLOOD_SIZE];
	char expected[64];

	(void)state;
	memset(flood, 'x', sizeof(flood));
	call("$telnet -q 127.0.0.1 $port </dev/null | { sleep 2; wc -c; }");
	client_send(&server, flood, sizeof(flood));
	typist_expect(&typist, "status=0");
	snprintf(expected, sizeof(expected), "%d\n", FLOOD_SIZE);
	assert_string_equal(read_file("output"), expected);
}

static void after_some_input_a_server_may_take_its_time(void **state)
{
	(void)state;
	call("echo please | $telnet -q 127.0.0.1 $port");
	expect_end_of_input();
	usleep((SILENCE_MS + SHORT_OF_SILENCE_MS) * 1000);
	say("yes\r\n");
	client_close(&server);
	typist_expect(&typist, "status=0");
	assert_string_equal(read_file("output"), "yes\r\n");
}

static void without_input_a_server_that_closes_has_been_open_too(void **state)
{
	(void)state;
	call("$telnet 127.0.0.1 $port </dev/null");
	say("421 busy\r\n");
	client_half_close(&server);
	typist_expect(&typist, "status=0");
	assert_string_equal(read_file("output"), NOTICES "421 busy\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_teardown(name, tear_down)
		TEST(the_notices_and_what_the_server_says_go_to_standard_output),
		TEST(a_port_that_is_open_can_be_looked_for_with_grep),
		TEST(the_notices_are_those_of_inetutils),
		TEST(with_quiet_there_is_nothing_but_what_the_server_says),
		TEST(with_quiet_errors_are_told_all_the_same),
		TEST(without_input_it_ends_once_the_server_has_been_silent_for_a_second),
		TEST(the_silence_counts_from_the_end_of_the_input),
		TEST(a_reader_that_waits_is_not_taken_for_a_silent_server),
		TEST(after_some_input_a_server_may_take_its_time),
		TEST(without_input_a_server_that_closes_has_been_open_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
