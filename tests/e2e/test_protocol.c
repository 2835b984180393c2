/* SPDX-License-Identifier: ISC */
/*
 * The protocol from the wire to the program: what TELNET's functions and options do to a shell and
 * its terminal.
 */
#include "tests/e2e/support/client.h"
#include "tests/e2e/support/process.h"
#include "tests/e2e/support/server.h"
#include "tests/e2e/support/trial.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DM "\xf2"
#define BRK "\xf3"
#define IP "\xf4"
#define AO "\xf5"
#define AYT "\xf6"
#define EC "\xf7"
#define EL "\xf8"
#define END_OF_FILE "\xec"
#define SUSP "\xed"
#define ABORT "\xee"

/*
 * More than a terminal and a worker hold of what was typed ahead (20 KiB), and less than makes the
 * connection full: TCP itself does not announce urgent data past a closed window.
 */
#define TYPED_AHEAD (48UL * 1024)

/* More than there is room for the answers to, were they all to be sent at once. */
#define MANY_TIMING_MARKS 100000

/* Long enough to see that something does not come, where nothing else can be waited for. */
#define STILL_MS 300

/* More than is on the way at once. */
#define OUTPUT_SIZE 30000000
#define OUTPUT "30000000"

#define WORKERS_MAX 16

static struct server server;
static struct client client;

static int open_shell(void **state)
{
	(void)state;
	server_start(&server, "-l", "/bin/sh", NULL);
	client_open_shell(&client, &server);
	return 0;
}

static int close_shell(void **state)
{
	(void)state;
	client_close(&client);
	trial_remove_directory();
	return server_stop(&server);
}

/* Runs a script in the foreground that says by itself when it is "ready". */
static void run(const char *script)
{
	char line[1024];

	snprintf(line, sizeof(line), "sh -c 'ulimit -c 0; %s'", script);
	client_enter(&client, line);
	client_expect(&client, "ready");
	client_expect(&client, "\n");
}

static void run_a_program_that_sleeps(void)
{
	run("echo rea\"\"dy; exec sleep 600");
}

/* The shell says what the last program died of: 128 and the signal's number. */
static void expect_death_by(int signal_number)
{
	char status[32];

	client_expect_prompt(&client);
	client_enter(&client, "echo sta''tus $?");
	snprintf(status, sizeof(status), "status %d\r\n", 128 + signal_number);
	client_expect(&client, status);
}

/* --- functions that interrupt ------------------------------------------------------------- */

static void ip_interrupts_the_program(void **state)
{
	(void)state;
	run_a_program_that_sleeps();
	client_send(&client, BYTES(IAC IP));
	expect_death_by(SIGINT);
}

static void ip_interrupts_where_the_interrupt_character_is_another(void **state)
{
	(void)state;
	client_enter(&client, "stty intr ^A");
	client_expect_prompt(&client);
	run_a_program_that_sleeps();
	client_type(&client, "\3");
	client_send(&client, BYTES(IAC IP));
	expect_death_by(SIGINT);
}

static void ip_interrupts_where_there_is_no_interrupt_character(void **state)
{
	(void)state;
	client_enter(&client, "stty intr undef");
	client_expect_prompt(&client);
	run_a_program_that_sleeps();
	client_send(&client, BYTES(IAC IP));
	expect_death_by(SIGINT);
}

static void ip_interrupts_behind_a_line_longer_than_the_terminal_takes(void **state)
{
	char line[8000];

	(void)state;
	memset(line, 'x', sizeof(line));
	run("stty -echo; echo rea\"\"dy; exec sleep 600");
	client_send(&client, line, sizeof(line));
	client_send(&client, BYTES(IAC IP));
	expect_death_by(SIGINT);
}

static void type_ahead(void)
{
	for (size_t typed = 0; typed < TYPED_AHEAD; typed += 16)
		client_send(&client, BYTES("echo st''ale; :\r\n"));
}

static void ip_with_a_synch_interrupts_behind_a_full_input_queue(void **state)
{
	(void)state;
	run("stty -echo; echo rea\"\"dy; exec sleep 600");
	type_ahead();
	client_send(&client, BYTES(IAC IP IAC));
	client_send_urgent(&client, BYTES(DM));
	expect_death_by(SIGINT);
	client_enter(&client, "echo fre''sh");
	client_expect(&client, "fresh");
	assert_false(client_has(&client, "stale"));
}

static void abort_ends_the_program_by_sigquit(void **state)
{
	(void)state;
	run_a_program_that_sleeps();
	client_send(&client, BYTES(IAC ABORT));
	expect_death_by(SIGQUIT);
}

static void brk_interrupts_the_program(void **state)
{
	(void)state;
	run_a_program_that_sleeps();
	client_send(&client, BYTES(IAC BRK));
	expect_death_by(SIGQUIT);
	run("stty brkint; echo rea\"\"dy; exec sleep 600");
	client_send(&client, BYTES(IAC BRK));
	expect_death_by(SIGINT);
}

static void susp_stops_the_program_and_gives_the_shell_back(void **state)
{
	(void)state;
	run_a_program_that_sleeps();
	client_send(&client, BYTES(IAC SUSP));
	client_expect_prompt(&client);
	client_enter(&client, "jobs; kill -9 %1; echo do''ne");
	client_expect(&client, "topped");
	client_expect(&client, "done");
}

/* --- functions that edit ------------------------------------------------------------------ */

static void eof_ends_the_input_of_the_program(void **state)
{
	(void)state;
	client_enter(&client, "cat; echo ca''t has ended");
	client_enter(&client, "line");
	client_expect(&client, "line\r\nline\r\n");
	client_send(&client, BYTES(IAC END_OF_FILE));
	client_expect(&client, "cat has ended");
}

static void eof_works_where_the_character_is_another(void **state)
{
	(void)state;
	client_enter(&client, "stty eof ^A; cat; echo ca''t has ended");
	client_enter(&client, "line");
	client_expect(&client, "line\r\nline\r\n");
	client_send(&client, BYTES(IAC END_OF_FILE));
	client_expect(&client, "cat has ended");
}

static void ec_erases_a_character(void **state)
{
	(void)state;
	client_enter(&client, "stty erase ^A");
	client_expect_prompt(&client);
	client_type(&client, "echo era''sexy");
	client_send(&client, BYTES(IAC EC IAC EC));
	client_enter(&client, "d");
	client_expect(&client, "\r\nerased\r\n");
}

static void el_erases_the_line(void **state)
{
	(void)state;
	client_enter(&client, "stty kill ^A");
	client_expect_prompt(&client);
	client_type(&client, "echo uner''ased; ");
	client_send(&client, BYTES(IAC EL));
	client_enter(&client, "echo er''ased");
	client_expect(&client, "\r\nerased\r\n");
	assert_false(client_has(&client, "unerased"));
}

/* --- AYT, AO, Synch, TIMING-MARK ---------------------------------------------------------- */

static void ayt_is_answered_while_the_program_is_busy(void **state)
{
	(void)state;
	run_a_program_that_sleeps();
	client_send(&client, BYTES(IAC AYT));
	client_expect(&client, "[Yes]");
	client_send(&client, BYTES(IAC IP));
	client_expect_prompt(&client);
	client_enter(&client, "yes");
	client_expect(&client, "y\r\ny\r\n");
	client_send(&client, BYTES(IAC AYT));
	client_expect(&client, "[Yes]");
}

static void ao_throws_output_away_and_answers_with_a_synch(void **state)
{
	size_t before;

	(void)state;
	run("stty -opost; echo rea\"\"dy; head -c " OUTPUT " /dev/zero; echo at the e\"\"nd");
	before = client.text.size;
	/* Nothing is received until all on the way is full. */
	nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
	client_send(&client, BYTES(IAC AO));
	client_expect_command(&client, BYTES(IAC DM));
	client_expect(&client, "at the end");
	assert_true(client.urgent_marks > 0);
	assert_true(client.text.size - before < OUTPUT_SIZE);
}

static void an_interrupt_throws_output_away_with_a_synch(void **state)
{
	(void)state;
	run("echo rea\"\"dy; exec yes");
	client_send(&client, BYTES(IAC IP));
	client_expect_command(&client, BYTES(IAC DM));
	expect_death_by(SIGINT);
	assert_true(client.urgent_marks > 0);
}

static void the_interrupt_key_throws_output_away_with_a_synch_as_well(void **state)
{
	(void)state;
	run("echo rea\"\"dy; exec yes");
	client_type(&client, "\3");
	client_expect_command(&client, BYTES(IAC DM));
	expect_death_by(SIGINT);
	assert_true(client.urgent_marks > 0);
}

static void wait_until_stopped(pid_t worker)
{
	long long deadline = trial_now() + DEADLINE_MS;
	char status[64];

	do {
		assert_true(trial_now() < deadline);
		process_status(worker, "State", status, sizeof(status));
	} while (status[0] != 'T');
}

/* What is sent while they are stopped, they find all at once. */
static void stop_workers(int signal_number)
{
	pid_t workers[WORKERS_MAX];
	size_t count = server_workers(&server, workers, WORKERS_MAX);

	assert_in_range(count, 1, WORKERS_MAX);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(kill(workers[i], signal_number), 0);
		if (signal_number == SIGSTOP)
			wait_until_stopped(workers[i]);
	}
}

static void a_synch_discards_data_but_no_functions(void **state)
{
	(void)state;
	run_a_program_that_sleeps();
	stop_workers(SIGSTOP);
	client_send(&client,
		    BYTES("echo dis''carded\r\n" IAC AYT IAC IP "echo dis''carded\r\n" IAC));
	client_send_urgent(&client, BYTES(DM));
	client_send(&client, BYTES("\recho ke''pt\r\n"));
	stop_workers(SIGCONT);
	client_expect(&client, "[Yes]");
	client_expect(&client, "kept\r\n");
	assert_false(client_has(&client, "discarded"));
}

static void urgent_data_that_is_no_synch_does_not_hurt(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		client_send_urgent(&client, BYTES("x"));
		client_send(&client, BYTES(IAC DM "\r"));
	}
	client_enter(&client, "echo un''hurt");
	client_expect(&client, "unhurt");
}

static void a_timing_mark_is_answered_once_what_came_before_has_been_taken(void **state)
{
	char line[1024];

	(void)state;
	snprintf(line, sizeof(line),
		 "stty raw -echo; echo rea\"\"dy; while ! [ -e %s ]; do sleep 0.02; done; "
		 "exec head -c %lu >/dev/null",
		 trial_file("go", NULL), TYPED_AHEAD);
	client_enter(&client, line);
	client_expect(&client, "ready\n");
	for (size_t typed = 0; typed < TYPED_AHEAD; typed += 16)
		client_send(&client, BYTES("0123456789abcdef"));
	client_send(&client, BYTES(IAC DO "\x06"));
	while (client_receive(&client, STILL_MS) && client.raw.size > client.raw.seen)
		client.raw.seen = client.raw.size;
	assert_false(client_has_raw(&client, BYTES(IAC WILL "\x06")));
	trial_file("go", "");
	client_expect_command(&client, BYTES(IAC WILL "\x06"));
}

/* Before the program has started, its answers wait for what is typed ahead. */
static void no_number_of_timing_marks_is_too_large(void **state)
{
	struct bytes *commands = &client.commands;
	size_t answers = 0;

	(void)state;
	client_close(&client);
	client_connect(&client, &server);
	client_type(&client, "echo o''n\r");
	for (size_t i = 0; i < MANY_TIMING_MARKS; i++)
		client_send(&client, BYTES(IAC DO "\x06"));
	client_type(&client, "echo a''ll\r");
	client_expect(&client, "all\r\n");
	for (size_t at = 0; at + 3 <= commands->size; at++)
		answers += memcmp(commands->bytes + at, IAC WILL "\x06", 3) == 0;
	assert_int_equal(answers, MANY_TIMING_MARKS);
}

static void each_timing_mark_is_answered(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		client_send(&client, BYTES(IAC DO "\x06"));
		client_expect_command(&client, BYTES(IAC WILL "\x06"));
	}
}

/* --- options ------------------------------------------------------------------------------ */

static void logout_ends_the_session(void **state)
{
	pid_t shell;

	(void)state;
	shell = server_login_of(&server, client.peer);
	client_send(&client, BYTES(IAC DO "\x12"));
	client_expect_command(&client, BYTES(IAC WILL "\x12"));
	client_expect_end(&client);
	server_expect_line(&server, "why=\"logout asked for\"", client.peer, NULL);
	assert_true(process_goes(shell, DEADLINE_MS));
}

static void the_client_turns_the_terminals_echo_off_and_on(void **state)
{
	(void)state;
	client_enter(&client, "stty -a; echo do''ne");
	client_expect(&client, " echo ");
	client_expect(&client, "done");
	client_send(&client, BYTES(IAC DONT "\1"));
	client_expect_command(&client, BYTES(IAC WONT "\1"));
	client_enter(&client, "stty -a; echo silent; echo do''ne");
	client_expect(&client, " -echo ");
	client_expect(&client, "done");
	assert_false(client_has(&client, "echo silent"));
	client_send(&client, BYTES(IAC DO "\1"));
	client_expect_command(&client, BYTES(IAC WILL "\1"));
	client_enter(&client, "stty -a; echo loud; echo do''ne");
	client_expect(&client, "echo loud");
	client_expect(&client, " echo ");
}

static void a_client_that_does_not_want_the_echo_gets_none(void **state)
{
	struct terminal terminal = usual_terminal;

	(void)state;
	client_close(&client);
	terminal.no_echo = true;
	client_connect_as(&client, &server, &terminal);
	client_expect_prompt(&client);
	client_enter(&client, "stty -a; echo silent; echo do''ne");
	client_expect(&client, " -echo ");
	client_expect(&client, "done");
	assert_false(client_has(&client, "echo silent"));
}

static void refuse_echo(void)
{
	client_send(&client, BYTES(IAC DONT "\1"));
	client_expect_command(&client, BYTES(IAC WONT "\1"));
}

/* As login(1) does before it asks for the name. */
static void a_program_that_turns_echo_on_does_not_make_the_server_echo(void **state)
{
	(void)state;
	refuse_echo();
	run("stty echo; echo rea\"\"dy; read line; stty -a; echo got ${#line} letters");
	client_enter(&client, "wanda");
	client_expect(&client, " -echo ");
	client_expect(&client, "got 5 letters");
	assert_false(client_has(&client, "wanda"));
}

/* While the program keeps a password from the screen there is no echo to be turned off. */
static void an_echo_that_was_refused_while_there_was_none_does_not_come_later(void **state)
{
	(void)state;
	run("stty -echo; echo rea\"\"dy; read line; stty echo; echo ag\"\"ain; read line; "
	    "echo got ${#line} letters");
	refuse_echo();
	client_enter(&client, "password");
	client_expect(&client, "again");
	client_enter(&client, "wanda");
	client_expect(&client, "got 5 letters");
	assert_false(client_has(&client, "wanda"));
	client_send(&client, BYTES(IAC DO "\1"));
	client_expect_command(&client, BYTES(IAC WILL "\1"));
	client_enter(&client, "echo loud");
	client_expect(&client, "echo loud");
}

static void a_password_stays_off_the_screen_whatever_the_client_agrees_to(void **state)
{
	(void)state;
	run("stty -echo; echo rea\"\"dy; read line; stty -a; echo got ${#line} letters");
	refuse_echo();
	client_send(&client, BYTES(IAC DO "\1"));
	client_expect_command(&client, BYTES(IAC WILL "\1"));
	client_enter(&client, "password");
	client_expect(&client, " -echo ");
	client_expect(&client, "got 8 letters");
	assert_false(client_has(&client, "password"));
}

static void the_window_has_the_clients_size_from_the_start(void **state)
{
	struct terminal terminal = usual_terminal;

	(void)state;
	client_close(&client);
	terminal.columns = 255; /* whose byte is to be doubled */
	terminal.rows = 60;
	client_connect_as(&client, &server, &terminal);
	client_expect_prompt(&client);
	client_enter(&client, "stty size");
	client_expect(&client, "60 255\r\n");
}

static void a_change_of_the_window_is_told_to_the_program(void **state)
{
	(void)state;
	run("trap \"stty size\" WINCH; echo rea\"\"dy; while :; do sleep 0.05; done");
	client_send(&client, BYTES(IAC SB "\x1f\0\x64\0\x28" IAC SE));
	client_expect(&client, "40 100\r\n");
	client_send(&client, BYTES(IAC SB "\x1f\1\x2c\0" IAC IAC IAC SE));
	client_expect(&client, "255 300\r\n");
}

static void a_window_of_no_size_leaves_the_size_as_it_was(void **state)
{
	(void)state;
	client_send(&client, BYTES(IAC SB "\x1f\0\0\0\x28" IAC SE IAC SB "\x1f\0\x64\0\0" IAC SE));
	client_enter(&client, "stty size");
	client_expect(&client, "24 80\r\n");
}

static void the_terminal_type_is_the_programs_term(void **state)
{
	(void)state;
	client_enter(&client, "echo te''rm is $TERM");
	client_expect(&client, "term is xterm\r\n");
}

static void the_speeds_are_the_terminals(void **state)
{
	struct terminal terminal = usual_terminal;

	(void)state;
	client_close(&client);
	terminal.speeds = "9600,9600";
	client_connect_as(&client, &server, &terminal);
	client_expect_prompt(&client);
	client_enter(&client, "stty speed");
	client_expect(&client, "\r\n9600\r\n");
}

static void status_lists_what_has_been_agreed(void **state)
{
	(void)state;
	client_send(&client, BYTES(IAC SB "\5\1" IAC SE));
	client_expect_command(&client, BYTES(IAC SB "\5\0"));
	client_expect_command(&client, BYTES(WILL "\1"));
	client_expect_command(&client, BYTES(DO "\x18"));
}

static void unknown_options_are_refused(void **state)
{
	(void)state;
	client_send(&client, BYTES(IAC WILL "\xc8" IAC DO "\xc8"));
	client_expect_command(&client, BYTES(IAC DONT "\xc8" IAC WONT "\xc8"));
	client_send(&client, BYTES(IAC DO "\x25" IAC WILL "\x25" IAC WILL "\x26"));
	client_expect_command(&client, BYTES(IAC WONT "\x25" IAC DONT "\x25" IAC DONT "\x26"));
}

static void a_state_that_holds_is_not_answered(void **state)
{
	size_t size;

	(void)state;
	client_enter(&client, "echo se''ttled");
	client_expect(&client, "settled");
	client_expect_prompt(&client);
	size = client.raw.size;
	client_send(&client,
		    BYTES(IAC DO "\1" IAC WILL "\x18" IAC DO "\3" IAC WILL "\3" IAC DONT "\0"));
	client_send(&client, BYTES(IAC AYT));
	client_expect(&client, "[Yes]");
	assert_memory_equal(client.raw.bytes + size, "\r\n[Yes]\r\n", client.raw.size - size);
}

static void a_carriage_return_and_eight_bits_pass_both_ways(void **state)
{
	(void)state;
	run("stty raw -echo; echo rea\"\"dy; exec head -c 8 | od -An -tx1; stty sane");
	client_send(&client, BYTES("\r\0\r\n\n\xe4" IAC IAC "\x80\0z"));
	client_expect(&client, "0d 0d 0a e4 ff 80 00 7a");
	client_expect_prompt(&client);
	client_enter(&client, "printf '\\015x\\377y\\200\\n'");
	client_expect_raw(&client, BYTES("\r\0x" IAC IAC "y\x80\r\n"));
}

/* ------------------------------------------------------------------------------------------ */

#define PROTOCOL_TEST(name) cmocka_unit_test_setup_teardown(name, open_shell, close_shell)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PROTOCOL_TEST(ip_interrupts_the_program),
		PROTOCOL_TEST(ip_interrupts_where_the_interrupt_character_is_another),
		PROTOCOL_TEST(ip_interrupts_where_there_is_no_interrupt_character),
		PROTOCOL_TEST(ip_interrupts_behind_a_line_longer_than_the_terminal_takes),
		PROTOCOL_TEST(ip_with_a_synch_interrupts_behind_a_full_input_queue),
		PROTOCOL_TEST(abort_ends_the_program_by_sigquit),
		PROTOCOL_TEST(brk_interrupts_the_program),
		PROTOCOL_TEST(susp_stops_the_program_and_gives_the_shell_back),
		PROTOCOL_TEST(eof_ends_the_input_of_the_program),
		PROTOCOL_TEST(eof_works_where_the_character_is_another),
		PROTOCOL_TEST(ec_erases_a_character),
		PROTOCOL_TEST(el_erases_the_line),
		PROTOCOL_TEST(ayt_is_answered_while_the_program_is_busy),
		PROTOCOL_TEST(ao_throws_output_away_and_answers_with_a_synch),
		PROTOCOL_TEST(an_interrupt_throws_output_away_with_a_synch),
		PROTOCOL_TEST(the_interrupt_key_throws_output_away_with_a_synch_as_well),
		PROTOCOL_TEST(a_synch_discards_data_but_no_functions),
		PROTOCOL_TEST(urgent_data_that_is_no_synch_does_not_hurt),
		PROTOCOL_TEST(a_timing_mark_is_answered_once_what_came_before_has_been_taken),
		PROTOCOL_TEST(no_number_of_timing_marks_is_too_large),
		PROTOCOL_TEST(each_timing_mark_is_answered),
		PROTOCOL_TEST(logout_ends_the_session),
		PROTOCOL_TEST(the_client_turns_the_terminals_echo_off_and_on),
		PROTOCOL_TEST(a_client_that_does_not_want_the_echo_gets_none),
		PROTOCOL_TEST(a_program_that_turns_echo_on_does_not_make_the_server_echo),
		PROTOCOL_TEST(an_echo_that_was_refused_while_there_was_none_does_not_come_later),
		PROTOCOL_TEST(a_password_stays_off_the_screen_whatever_the_client_agrees_to),
		PROTOCOL_TEST(the_window_has_the_clients_size_from_the_start),
		PROTOCOL_TEST(a_change_of_the_window_is_told_to_the_program),
		PROTOCOL_TEST(a_window_of_no_size_leaves_the_size_as_it_was),
		PROTOCOL_TEST(the_terminal_type_is_the_programs_term),
		PROTOCOL_TEST(the_speeds_are_the_terminals),
		PROTOCOL_TEST(status_lists_what_has_been_agreed),
		PROTOCOL_TEST(unknown_options_are_refused),
		PROTOCOL_TEST(a_state_that_holds_is_not_answered),
		PROTOCOL_TEST(a_carriage_return_and_eight_bits_pass_both_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
