/* SPDX-License-Identifier: ISC */
/*
 * What a session promises its user, from the first prompt to the last byte: nothing is lost,
 * nothing waits for what need not be waited for, and the end of one is not the end of another.
 * All of it holds however many sessions share a worker.
 */
#include "tests/e2e/support/client.h"
#include "tests/e2e/support/process.h"
#include "tests/e2e/support/server.h"
#include "tests/e2e/support/trial.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/wait.h>

/* A machine that is busy may be slow once, but not each time. */
#define TRIES 10

/* What must happen at once, in a process that has something else to do as well. */
#define SOON_MS (SANITIZED ? 10000 : 1000)

#define LINES 200000
#define MEBIBYTE (1024UL * 1024)
#define SESSIONS 3

static const char *sessions_per_worker;
static struct server server;
static struct client client;
static struct client clients[SESSIONS];

static int start_server(void **state)
{
	(void)state;
	server_start(&server, "-l", "/bin/sh", "--sessions-per-worker", sessions_per_worker, NULL);
	return 0;
}

static int stop_server(void **state)
{
	(void)state;
	client_close(&client);
	for (size_t i = 0; i < SESSIONS; i++)
		client_close(&clients[i]);
	trial_remove_directory();
	return server_stop(&server);
}

/* --- the beginning ------------------------------------------------------------------------ */

/* How long the prompt takes, and how long until the log says that the login program runs. */
static void time_prompt(const struct terminal *terminal, long long *prompt, long long *login)
{
	long long begin = trial_now();

	client_connect_as(&client, &server, terminal);
	client_expect_prompt(&client);
	*prompt = trial_now() - begin;
	server_expect_line(&server, "event=login ", client.peer, NULL);
	*login = trial_now() - begin;
	client_close(&client);
}

/* The best of several tries, which end once the prompt has come within so many milliseconds. */
static void time_best_prompt(const struct terminal *terminal, long long enough,
			     long long *best_prompt, long long *best_login)
{
	int tries = TRIES;

	*best_prompt = *best_login = DEADLINE_MS;
	while (tries-- > 0 && enough < *best_prompt) {
		long long prompt, login;

		time_prompt(terminal, &prompt, &login);
		*best_prompt = prompt < *best_prompt ? prompt : *best_prompt;
		*best_login = login < *best_login ? login : *best_login;
	}
}

static void a_client_that_answers_nothing_sees_a_prompt_within_1200_ms(void **state)
{
	const long long enough = SANITIZED ? 3000 : 1200;
	long long prompt, login;

	(void)state;
	time_best_prompt(NULL, enough, &prompt, &login);
	assert_in_range(prompt, 0, enough);
}

static void a_client_that_answers_at_once_sees_a_prompt_within_50_ms(void **state)
{
	const long long enough = SANITIZED ? 500 : 50;
	long long prompt, login;

	(void)state;
	time_best_prompt(&usual_terminal, enough, &prompt, &login);
	assert_in_range(prompt, 0, enough);
	assert_in_range(login, 0, 500); /* by answers, not by the time-out */
}

static void a_client_that_refuses_everything_need_not_wait_for_the_time_out(void **state)
{
	const struct terminal refusing = {.no_echo = true};
	long long prompt, login;

	(void)state;
	time_best_prompt(&refusing, 500, &prompt, &login);
	assert_in_range(login, 0, 500);
}

static void what_is_typed_before_the_prompt_is_not_lost(void **state)
{
	(void)state;
	client_connect(&client, &server);
	client_enter(&client, "echo ear''ly");
	client_expect(&client, "early");
}

/* --- bytes -------------------------------------------------------------------------------- */

/* "1\r\n2\r\n..." as a terminal shows it. */
static char *numbers(size_t *size)
{
	char *text = NULL;
	FILE *file = open_memstream(&text, size);

	assert_non_null(file);
	for (int i = 1; i <= LINES; i++)
		fprintf(file, "%d\r\n", i);
	assert_int_equal(fclose(file), 0);
	return text;
}

static void the_last_output_of_an_ended_program_arrives_ten_times_out_of_ten(void **state)
{
	size_t size;
	char *wanted = numbers(&size);

	(void)state;
	for (int i = 0; i < 10; i++) {
		client_open_shell(&client, &server);
		client_enter(&client, "seq 1 200000; exit");
		client_expect(&client, "exit\r\n");
		client_expect_end(&client);
		assert_int_equal(client.text.size - client.text.seen, size);
		assert_memory_equal(client.text.bytes + client.text.seen, wanted, size);
		client_close(&client);
	}
	free(wanted);
}

/* Sends bytes with their IACs doubled, and receives meanwhile, until all have come back. */
static void exchange(const char *bytes, size_t size)
{
	char *doubled = malloc(2 * size);
	size_t doubled_size = 0, pushed = 0, from = client.text.size;
	long long deadline = trial_now() + DEADLINE_MS;

	assert_non_null(doubled);
	for (size_t i = 0; i < size; i++) {
		doubled[doubled_size++] = bytes[i];
		if (bytes[i] == '\xff')
			doubled[doubled_size++] = bytes[i];
	}
	while (client.text.size - from < size && trial_now() < deadline) {
		if (pushed < doubled_size)
			pushed += client_push(&client, doubled + pushed, doubled_size - pushed);
		assert_true(client_receive(&client, pushed < doubled_size ? 1 : 100));
	}
	free(doubled);
	assert_int_equal(client.text.size - from, size);
	assert_memory_equal(client.text.bytes + from, bytes, size);
}

static void a_mebibyte_of_random_bytes_comes_back_the_same_in_binary(void **state)
{
	struct terminal terminal = usual_terminal;
	char *bytes = malloc(MEBIBYTE);

	(void)state;
	assert_non_null(bytes);
	for (size_t i = 0; i < MEBIBYTE; i += 256)
		assert_int_equal(getrandom(bytes + i, 256, 0), 256);
	terminal.binary = true;
	client_connect_as(&client, &server, &terminal);
	client_expect_prompt(&client);
	client_enter(&client, "stty raw -echo; echo rea''dy; exec cat");
	client_expect(&client, "ready\n");
	exchange(bytes, MEBIBYTE);
	free(bytes);
}

/* --- the end ------------------------------------------------------------------------------ */

/* Reads a number that a script has printed as "pid=N". */
static pid_t expect_pid(struct client *from)
{
	client_expect(from, "\npid=");
	client_expect(from, "\r");
	return atoi(strrchr(from->text.bytes, '=') + 1);
}

static void leave_behind(const char *job)
{
	long long begin = trial_now();
	char line[256];
	pid_t pid;

	client_open_shell(&client, &server);
	snprintf(line, sizeof(line), "%s & echo pid=$!; exit", job);
	client_enter(&client, line);
	pid = expect_pid(&client);
	client_expect_end(&client);
	kill(pid, SIGKILL);
	assert_in_range(trial_now() - begin, 0, 3 * SOON_MS);
	server_expect_line(&server, "event=end", client.peer, NULL);
}

static void a_background_job_does_not_hold_the_connection(void **state)
{
	(void)state;
	leave_behind("sleep 600");
}

static void a_background_job_that_goes_on_printing_does_not_hold_it_either(void **state)
{
	(void)state;
	leave_behind("(trap '' HUP; while sleep 0.01; do echo still here; done)");
}

static void a_background_job_that_prints_without_end_does_not_hold_it_either(void **state)
{
	(void)state;
	leave_behind("(trap '' HUP; exec yes)");
}

static void a_half_closed_client_gets_its_answers_and_the_session_ends(void **state)
{
	(void)state;
	client_connect_as(&client, &server, &usual_terminal);
	client_type(&client, "echo fi''rst\r\nsleep 0.3; seq 1 2000; echo se''cond\r\n");
	client_half_close(&client);
	client_expect(&client, "first");
	client_expect(&client, "2000\r\nsecond\r\n");
	client_expect_end(&client);
	server_expect_line(&server, "event=end", client.peer, NULL);
}

static void a_half_closed_client_that_speaks_no_telnet_gets_its_answers(void **state)
{
	(void)state;
	client_connect(&client, &server);
	client_type(&client, "echo fi''rst\ncat; echo se''cond\n");
	client_half_close(&client);
	client_expect(&client, "first");
	client_expect(&client, "second\r\n");
	client_expect_end(&client);
	server_expect_line(&server, "event=end", client.peer, NULL);
}

/* It answers no more: what it is sent then is answered by a reset. */
static void a_client_that_closes_is_logged_as_one_that_has_closed(void **state)
{
	char peer[sizeof(client.peer)];

	(void)state;
	client_open_shell(&client, &server);
	memcpy(peer, client.peer, sizeof(peer));
	client_close(&client);
	server_expect_line(&server, "why=\"closed by client\"", peer, NULL);
}

static void a_reset_hangs_the_login_program_up_within_a_second(void **state)
{
	char line[SERVER_LINE_SIZE], peer[sizeof(client.peer)];
	pid_t program;

	(void)state;
	client_open_shell(&client, &server);
	program = server_login_of(&server, client.peer);
	snprintf(line, sizeof(line),
		 "exec sh -c \"trap 'echo hung up >%s; exit' HUP; echo tr''apped; "
		 "while :; do sleep 0.05; done\"",
		 trial_file("hup", NULL));
	client_enter(&client, line);
	client_expect(&client, "trapped");
	memcpy(peer, client.peer, sizeof(peer));
	client_reset(&client);
	assert_true(process_goes(program, SOON_MS));
	assert_true(trial_file_gets("hup", "hung up"));
	server_expect_line(&server, "event=end", peer, NULL);
}

static void a_reset_ends_the_program_in_the_foreground_within_a_second(void **state)
{
	pid_t program;

	(void)state;
	client_open_shell(&client, &server);
	client_enter(&client, "sh -c 'echo; echo pid=$$; exec sleep 600'");
	program = expect_pid(&client);
	client_reset(&client);
	assert_true(process_goes(program, SOON_MS));
}

static void a_closed_connection_ends_a_shell_that_a_program_keeps_busy(void **state)
{
	pid_t shell;

	(void)state;
	client_open_shell(&client, &server);
	shell = server_login_of(&server, client.peer);
	client_enter(&client, "yes");
	client_expect(&client, "y\r\ny\r\n");
	client_close(&client);
	assert_true(process_goes(shell, SOON_MS));
}

static void logging_out_of_one_session_leaves_the_others_untouched(void **state)
{
	(void)state;
	for (size_t i = 0; i < SESSIONS; i++)
		client_open_shell(&clients[i], &server);
	client_enter(&clients[1], "exit");
	client_expect_end(&clients[1]);
	for (size_t i = 0; i < SESSIONS; i += 2) {
		client_enter(&clients[i], "echo un''touched");
		client_expect(&clients[i], "untouched");
	}
}

static void a_session_that_prints_without_end_does_not_delay_another(void **state)
{
	long long best = DEADLINE_MS;

	(void)state;
	client_open_shell(&clients[0], &server);
	client_enter(&clients[0], "yes");
	client_open_shell(&client, &server);
	for (int i = 0; i < TRIES; i++) {
		long long begin = trial_now(), took;

		client_enter(&client, "echo he''re");
		for (int turn = 0; !client_gets(&client, "here\r\n", 1); turn++) {
			client_receive(&clients[0], 0);
			assert_true(turn < DEADLINE_MS);
		}
		took = trial_now() - begin;
		best = took < best ? took : best;
	}
	assert_in_range(best, 0, SANITIZED ? 500 : 100);
}

/* --- the log and the server's end --------------------------------------------------------- */

static unsigned long long number_behind(const char *line, const char *key)
{
	const char *value = strstr(line, key);

	assert_non_null(value);
	return strtoull(value + strlen(key), NULL, 10);
}

static void the_log_has_a_line_for_start_login_and_end(void **state)
{
	char line[SERVER_LINE_SIZE];

	(void)state;
	client_open_shell(&client, &server);
	client_enter(&client, "sleep 0.2; exit");
	client_expect_end(&client);
	server_expect_line(&server, "event=connect", client.peer, line);
	assert_non_null(strstr(line, " session="));
	server_expect_line(&server, "event=login", client.peer, line);
	assert_non_null(strstr(line, " tty=pts/"));
	assert_non_null(strstr(line, " term=xterm"));
	server_expect_line(&server, "event=end", client.peer, line);
	assert_non_null(strstr(line, " why=\"program ended\""));
	assert_int_equal(number_behind(line, " received="), client.sent);
	assert_int_equal(number_behind(line, " sent="), client.raw.size);
	assert_in_range((long long)(strtod(strstr(line, "duration=") + 9, NULL) * 1000), 200,
			DEADLINE_MS);
	assert_int_equal(server_count_log(&server, client.peer), 3);
}

static void sigterm_tells_the_users_and_leaves_nothing_behind(void **state)
{
	pid_t children[64];
	size_t count;

	(void)state;
	for (size_t i = 0; i < SESSIONS; i++)
		client_open_shell(&clients[i], &server);
	client_connect(&client, &server); /* which has not settled yet */
	count = process_children(server.pid, children, 64);
	assert_in_range(count, SESSIONS + 1, 64);
	kill(server.pid, SIGTERM);
	for (size_t i = 0; i < SESSIONS; i++) {
		client_expect(&clients[i], "the server is shutting down");
		client_expect_end(&clients[i]);
	}
	client_expect_end_or_reset(&client);
	assert_true(process_goes(server.pid, DEADLINE_MS));
	assert_int_equal(server_stop(&server), 0);
	for (size_t i = 0; i < count; i++)
		assert_true(process_goes(children[i], DEADLINE_MS));
}

/* ------------------------------------------------------------------------------------------ */

#define SESSION_TEST(name) cmocka_unit_test_setup_teardown(name, start_server, stop_server)

static const struct CMUnitTest tests[] = {
	SESSION_TEST(a_client_that_answers_nothing_sees_a_prompt_within_1200_ms),
	SESSION_TEST(a_client_that_answers_at_once_sees_a_prompt_within_50_ms),
	SESSION_TEST(a_client_that_refuses_everything_need_not_wait_for_the_time_out),
	SESSION_TEST(what_is_typed_before_the_prompt_is_not_lost),
	SESSION_TEST(the_last_output_of_an_ended_program_arrives_ten_times_out_of_ten),
	SESSION_TEST(a_mebibyte_of_random_bytes_comes_back_the_same_in_binary),
	SESSION_TEST(a_background_job_does_not_hold_the_connection),
	SESSION_TEST(a_background_job_that_goes_on_printing_does_not_hold_it_either),
	SESSION_TEST(a_background_job_that_prints_without_end_does_not_hold_it_either),
	SESSION_TEST(a_half_closed_client_gets_its_answers_and_the_session_ends),
	SESSION_TEST(a_half_closed_client_that_speaks_no_telnet_gets_its_answers),
	SESSION_TEST(a_reset_hangs_the_login_program_up_within_a_second),
	SESSION_TEST(a_reset_ends_the_program_in_the_foreground_within_a_second),
	SESSION_TEST(a_closed_connection_ends_a_shell_that_a_program_keeps_busy),
	SESSION_TEST(logging_out_of_one_session_leaves_the_others_untouched),
	SESSION_TEST(a_session_that_prints_without_end_does_not_delay_another),
	SESSION_TEST(the_log_has_a_line_for_start_login_and_end),
	SESSION_TEST(a_client_that_closes_is_logged_as_one_that_has_closed),
	SESSION_TEST(sigterm_tells_the_users_and_leaves_nothing_behind),
};

int main(void)
{
	int failed;

	sessions_per_worker = "1";
	failed = cmocka_run_group_tests_name("a worker for each session", tests, NULL, NULL);
	sessions_per_worker = "3";
	failed += cmocka_run_group_tests_name("three sessions a worker", tests, NULL, NULL);
	sessions_per_worker = "0";
	failed += cmocka_run_group_tests_name("shared workers", tests, NULL, NULL);
	return failed;
}
