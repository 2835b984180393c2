/* SPDX-License-Identifier: ISC */
/*
 * One session without its worker, on a terminal that the test prints on: what goes out when, what
 * it leaves behind, and what comes too late for it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs those before it. */
#include <cmocka.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "pty/pty.h"
#include "telnetd/session.h"
#include "tests/unit/connection.h"

#define IAC "\xff"
#define DM "\xf2"
#define AO "\xf5"

#define WINDOW_100_40 IAC "\xfb\x1f" IAC "\xfa\x1f\0\x64\0\x28" IAC "\xf0"
#define TIMING_MARKS_PLEASE IAC "\xfd\x06" IAC "\xfd\x06"
#define TIMING_MARKS IAC "\xfb\x06" IAC "\xfb\x06"

#define NUMBER 7

/* More than the kernel holds of a terminal's output, and less than goes out in some seconds. */
#define PRINTED_AFTER_END_MAX (256UL * 1024)

#define DEADLINE_S 30 /* long enough for a loaded machine and valgrind */

static struct charsets charsets;
static struct session_host host;
static int monitor; /* its end of the channel */
static int client; /* its end of the connection */
static int copy; /* of the session's end, as a process of the monitor's may have for a while */
static char received[65536]; /* what the client got by the last turn */
static bool ended; /* no more will come for it */
static struct session *session;
static int slave; /* of its terminal; -1: it has none */
static bool over;

static void on_over(struct session_host *of, uint32_t number)
{
	(void)of;
	assert_int_equal(number, NUMBER);
	over = true;
}

/* Begins a session on the one end of a connection. */
static int begin_on(int server_end, int client_end, const char *client_charset)
{
	int channel[2];

	charsets = (struct charsets){.client = client_charset};
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) != 0)
		return -1;
	monitor = channel[0];
	client = client_end;
	host = (struct session_host){.base = event_base_new(),
				     .charsets = &charsets,
				     .channel = channel[1],
				     .attention = epoll_create1(EPOLL_CLOEXEC),
				     .over = on_over};
	slave = -1;
	over = false;
	copy = fcntl(server_end, F_DUPFD_CLOEXEC, 0);
	session = session_new(&host, NUMBER, server_end);
	return session ? 0 : -1;
}

/* The state is the client's character set, or NULL. */
static int begin(void **state)
{
	int connection[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, connection) != 0)
		return -1;
	return begin_on(connection[1], connection[0], *state);
}

/* As the monitor leaves a connection over TCP. */
static int begin_over_tcp(void **state)
{
	const int on = 1;
	int server_end, client_end;

	(void)state;
	if (connect_to_oneself(&server_end, &client_end) != 0 ||
	    setsockopt(server_end, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0 ||
	    setsockopt(client_end, SOL_SOCKET, SO_OOBINLINE, &on, sizeof(on)) != 0)
		return -1;
	return begin_on(server_end, client_end, NULL);
}

static int end(void **state)
{
	(void)state;
	if (session && !over)
		session_free(session);
	event_base_free(host.base);
	close(host.attention);
	close(host.channel);
	close(monitor);
	close(client);
	close(copy);
	if (slave >= 0)
		close(slave);
	return 0;
}

/* --- a session and its terminal ----------------------------------------------------------- */

/* Opens its terminal; returns the master. */
static int open_terminal(void)
{
	const struct pty_setup setup = {.echo = true};
	struct pty pty;

	assert_int_equal(pty_open(&pty, &setup), 0);
	slave = pty.slave;
	assert_int_equal(fcntl(slave, F_SETFL, O_NONBLOCK), 0);
	return pty.master;
}

/* The same in raw mode, where it takes all bytes as they are. */
static int open_raw_terminal(void)
{
	int master = open_terminal();
	struct termios modes;

	assert_int_equal(pty_get_modes(slave, &modes), 0);
	cfmakeraw(&modes);
	assert_int_equal(pty_set_modes(slave, &modes), 0);
	return master;
}

static void hand_over(int master)
{
	const struct message message = {.type = MESSAGE_TERMINAL, .session = NUMBER};

	session_hear(session, &message, master);
}

static void give_terminal(void)
{
	hand_over(open_terminal());
}

/* Prints on the terminal; returns how much it had room for. */
static size_t print(size_t size)
{
	char bytes[4096];
	ssize_t printed;

	assert_true(size <= sizeof(bytes));
	memset(bytes, 'x', size);
	printed = write(slave, bytes, size);
	return printed > 0 ? (size_t)printed : 0;
}

static void pass_a_moment(void)
{
	const struct timespec moment = {0, 100000};

	nanosleep(&moment, NULL);
}

/* Does what is ready, once, and returns how many bytes the client has got by that. */
static size_t turn(void)
{
	ssize_t size;

	event_base_loop(host.base, EVLOOP_NONBLOCK);
	size = recv(client, received, sizeof(received), MSG_DONTWAIT);
	ended = size == 0;
	if (size <= 0)
		pass_a_moment();
	return size > 0 ? (size_t)size : 0;
}

/* What lies on the connection for the client, which has not read it. */
static size_t unread(void)
{
	int size;

	assert_int_equal(ioctl(client, FIONREAD, &size), 0);
	return (size_t)size;
}

/* Prints until nothing has more room: connection, session and terminal. Returns how much it was. */
static size_t print_until_all_is_full(void)
{
	size_t all = 0;

	for (int still = 0; still < 100; still++) {
		size_t before = unread(), printed = print(4096);

		event_base_loop(host.base, EVLOOP_NONBLOCK);
		if (printed > 0 || unread() > before)
			still = 0;
		all += printed;
		pass_a_moment();
	}
	return all;
}

static size_t count_printed(size_t size)
{
	size_t count = 0;

	for (size_t i = 0; i < size; i++)
		count += received[i] == 'x';
	return count;
}

static bool sends_at_once(void)
{
	int nodelay;
	socklen_t size = sizeof(nodelay);

	assert_int_equal(getsockopt(copy, IPPROTO_TCP, TCP_NODELAY, &nodelay, &size), 0);
	return nodelay != 0;
}

/* What the client got until it had the text that was expected last, that text included. */
static char heard[4096];
static size_t heard_size;

static void expect(const char *text)
{
	time_t deadline = time(NULL) + DEADLINE_S;

	heard_size = 0;
	do {
		size_t size = turn();

		assert_in_range(size, 0, sizeof(heard) - heard_size);
		memcpy(heard + heard_size, received, size);
		heard_size += size;
		assert_true(time(NULL) < deadline);
	} while (!memmem(heard, heard_size, text, strlen(text)));
}

/* More than a session keeps for it. */
static void what_is_typed_before_there_is_a_terminal_is_not_lost(void **state)
{
	char text[20000];
	static char typed[sizeof(text)];
	time_t deadline = time(NULL) + DEADLINE_S;
	size_t got = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('a' + i * 31 % 251 % 26);
	assert_int_equal(send(client, text, sizeof(text), 0), sizeof(text));
	for (int i = 0; i < 100; i++)
		turn();
	hand_over(open_raw_terminal());
	while (got < sizeof(text)) {
		ssize_t size = read(slave, typed + got, sizeof(typed) - got);

		got += size > 0 ? (size_t)size : 0;
		turn();
		assert_true(time(NULL) < deadline);
	}
	assert_memory_equal(typed, text, sizeof(text));
}

/* It may have changed since the monitor was told. */
static void a_window_that_changes_before_there_is_a_terminal_is_the_terminals(void **state)
{
	struct winsize window;

	(void)state;
	assert_int_equal(send(client, WINDOW_100_40, sizeof(WINDOW_100_40) - 1, 0),
			 sizeof(WINDOW_100_40) - 1);
	turn();
	give_terminal();
	assert_int_equal(ioctl(slave, TIOCGWINSZ, &window), 0);
	assert_int_equal(window.ws_col, 100);
	assert_int_equal(window.ws_row, 40);
}

/* Types on a terminal that takes no more, and asks for two timing marks behind that. */
static void type_at_a_full_terminal(void)
{
	char text[1000];
	int master = open_raw_terminal();

	memset(text, 'x', sizeof(text));
	for (int still = 0; still < 100; still++) {
		if (write(master, text, sizeof(text)) > 0)
			still = 0;
		pass_a_moment();
	}
	hand_over(master);
	memcpy(text + sizeof(text) - 6, TIMING_MARKS_PLEASE, 6);
	assert_int_equal(send(client, text, sizeof(text), 0), sizeof(text));
	for (int i = 0; i < 100; i++)
		assert_null(memmem(received, turn(), TIMING_MARKS, 3));
}

static void each_timing_mark_waits_until_what_was_typed_has_gone(void **state)
{
	char bytes[4096];

	(void)state;
	type_at_a_full_terminal();
	for (int still = 0; still < 100; still++) {
		if (read(slave, bytes, sizeof(bytes)) > 0)
			still = 0;
		event_base_loop(host.base, EVLOOP_NONBLOCK);
		pass_a_moment();
	}
	expect(TIMING_MARKS);
}

static void a_synch_drops_what_was_typed_and_its_timing_marks_come(void **state)
{
	(void)state;
	type_at_a_full_terminal();
	session_attend(session, true, false);
	expect(TIMING_MARKS);
}

/* A turn's output is a flow or not: what a key's echo would be is none. */
static void output_that_flows_is_held_back_for_large_segments_until_it_has_paused(void **state)
{
	time_t deadline = time(NULL) + DEADLINE_S;

	(void)state;
	give_terminal();
	while (turn() > 0)
		;
	print(1);
	while (turn() == 0)
		assert_true(time(NULL) < deadline);
	assert_true(sends_at_once());
	while (sends_at_once()) {
		print(2048);
		turn();
		assert_true(time(NULL) < deadline);
	}
	while (!sends_at_once()) {
		turn();
		assert_true(time(NULL) < deadline);
	}
}

/* What the terminal holds is more than a turn reads, which may come before the AO is heard. */
static void an_ao_throws_away_what_the_terminal_holds_as_well(void **state)
{
	size_t bound, size = 0;
	int still = 0;

	(void)state;
	give_terminal();
	print_until_all_is_full();
	bound = unread() + 4096;
	assert_int_equal(send(client, IAC AO, 2, 0), 2);
	while (still++ < 100) {
		size_t got = turn();

		size += got;
		if (got > 0)
			still = 0;
	}
	assert_in_range(size, 1, bound);
}

/* How much the program has to read: ^C empties that, and the output before it tells. */
static void wait_until_there_is_to_read(int wanted)
{
	time_t deadline = time(NULL) + DEADLINE_S;
	int size;

	do {
		turn();
		assert_int_equal(ioctl(slave, FIONREAD, &size), 0);
		assert_true(time(NULL) < deadline);
	} while (size != wanted);
}

/* A client that speaks no TELNET would show it. Its terminal does not echo, not even ^C. */
static void a_client_that_has_answered_nothing_gets_no_synch(void **state)
{
	(void)state;
	give_terminal();
	assert_int_equal(send(client, "\r", 1, 0), 1);
	wait_until_there_is_to_read(1);
	assert_int_equal(send(client, "\003", 1, 0), 1);
	wait_until_there_is_to_read(0);
	print(1);
	expect("x");
	assert_null(memmem(heard, heard_size, DM, 1));
}

/* What was dropped may have changed the client's character set. */
static void a_screen_that_is_dropped_is_begun_anew_in_ascii(void **state)
{
	(void)state;
	give_terminal();
	assert_int_equal(write(slave, "日", 3), 3);
	expect("\033$BF|");
	assert_int_equal(send(client, IAC AO, 2, 0), 2);
	expect("\033(B");
}

static void what_the_terminal_holds_at_the_end_of_its_program_is_sent(void **state)
{
	const struct message exited = {.type = MESSAGE_EXITED, .session = NUMBER};
	time_t deadline = time(NULL) + DEADLINE_S;
	size_t left;

	(void)state;
	give_terminal();
	left = print_until_all_is_full();
	session_hear(session, &exited, -1);
	do {
		assert_true(time(NULL) < deadline);
		left -= count_printed(turn());
	} while (!ended);
	assert_int_equal(left, 0);
}

/* A connection that was closed, not half-closed, answers the NOP with a reset. */
static void a_client_that_half_closes_is_asked_whether_it_listens(void **state)
{
	(void)state;
	give_terminal();
	assert_int_equal(send(client, IAC "\xfe\x01", 3, 0), 3);
	shutdown(client, SHUT_WR);
	expect(IAC "\xf1");
}

/* As printf 'cmd\n' | nc -N does: there is nothing left to wait for. */
static void a_client_that_half_closes_gets_its_program_at_once(void **state)
{
	struct message message;
	int descriptor;

	(void)state;
	shutdown(client, SHUT_WR);
	for (int i = 0; i < 100; i++)
		turn();
	assert_int_equal(message_receive(monitor, &message, &descriptor), 1);
	assert_int_equal(message.type, MESSAGE_START);
}

/* As a background job does: what the terminal held at the end comes, and not what it prints then.
 */
static void one_who_prints_on_does_not_keep_a_session_whose_program_has_ended(void **state)
{
	const struct message exited = {.type = MESSAGE_EXITED, .session = NUMBER};
	const int least = 1;
	time_t deadline = time(NULL) + DEADLINE_S;
	size_t size = 0;

	(void)state;
	assert_int_equal(setsockopt(copy, SOL_SOCKET, SO_SNDBUF, &least, sizeof(least)), 0);
	give_terminal();
	print_until_all_is_full();
	session_hear(session, &exited, -1);
	do {
		assert_true(time(NULL) < deadline);
		print(4096);
		size += turn();
		assert_in_range(size, 0, PRINTED_AFTER_END_MAX);
	} while (!ended);
}

/* --- the end ------------------------------------------------------------------------------ */

/* While a copy is open epoll(7) goes on with a socket, by a pointer to what has been freed. */
static void no_attention_is_called_to_a_session_that_has_ended(void **state)
{
	struct epoll_event event;

	(void)state;
	session_free(session);
	session = NULL;
	shutdown(client, SHUT_RDWR);
	shutdown(copy, SHUT_RDWR);
	assert_int_equal(epoll_wait(host.attention, &event, 1, 0), 0);
}

/* The monitor may have been told to stop while it was starting the login program. */
static void a_terminal_that_comes_after_stop_is_closed(void **state)
{
	const struct message stop = {.type = MESSAGE_STOP, .session = NUMBER, .text = {"enough"}};
	const struct message terminal = {.type = MESSAGE_TERMINAL, .session = NUMBER};
	int ends[2];
	char byte;

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	session_hear(session, &stop, -1);
	session_hear(session, &terminal, ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 0);
	close(ends[0]);
}

int main(void)
{
	static char japanese[] = "ISO-2022-JP";
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			what_is_typed_before_there_is_a_terminal_is_not_lost, begin, end),
		cmocka_unit_test_setup_teardown(
			a_window_that_changes_before_there_is_a_terminal_is_the_terminals, begin,
			end),
		cmocka_unit_test_setup_teardown(
			each_timing_mark_waits_until_what_was_typed_has_gone, begin, end),
		cmocka_unit_test_setup_teardown(
			a_synch_drops_what_was_typed_and_its_timing_marks_come, begin, end),
		cmocka_unit_test_setup_teardown(
			output_that_flows_is_held_back_for_large_segments_until_it_has_paused,
			begin_over_tcp, end),
		cmocka_unit_test_setup_teardown(an_ao_throws_away_what_the_terminal_holds_as_well,
						begin, end),
		cmocka_unit_test_setup_teardown(a_client_that_has_answered_nothing_gets_no_synch,
						begin_over_tcp, end),
		cmocka_unit_test_prestate_setup_teardown(
			a_screen_that_is_dropped_is_begun_anew_in_ascii, begin, end, japanese),
		cmocka_unit_test_setup_teardown(
			a_client_that_half_closes_is_asked_whether_it_listens, begin, end),
		cmocka_unit_test_setup_teardown(a_client_that_half_closes_gets_its_program_at_once,
						begin, end),
		cmocka_unit_test_setup_teardown(
			what_the_terminal_holds_at_the_end_of_its_program_is_sent, begin, end),
		cmocka_unit_test_setup_teardown(
			one_who_prints_on_does_not_keep_a_session_whose_program_has_ended, begin,
			end),
		cmocka_unit_test_setup_teardown(no_attention_is_called_to_a_session_that_has_ended,
						begin, end),
		cmocka_unit_test_setup_teardown(a_terminal_that_comes_after_stop_is_closed, begin,
						end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
