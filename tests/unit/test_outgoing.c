/* SPDX-License-Identifier: ISC */
/* Bytes on their way to a client: sent in order, urgent where asked for, dropped in whole pairs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs those before it. */
#include <cmocka.h>

#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "telnetd/outgoing.h"
#include "tests/unit/connection.h"
#include "tests/unit/observe.h"

#define DEADLINE_MS 30000 /* long enough for a loaded machine and valgrind */

#define IAC "\xff"
#define DM "\xf2"
#define SYNCH IAC DM

static struct outgoing outgoing;
static int server, client;
static size_t descriptors;

static int open_pair(void **state)
{
	int ends[2];

	(void)state;
	descriptors = open_descriptors();
	memset(&outgoing, 0, sizeof(outgoing));
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return -1;
	server = ends[0];
	client = ends[1];
	return 0;
}

/* A connection over TCP, which has urgent data. */
static int open_connection(void **state)
{
	const int on = 1;

	(void)state;
	descriptors = open_descriptors();
	memset(&outgoing, 0, sizeof(outgoing));
	if (connect_to_oneself(&server, &client) != 0)
		return -1;
	return setsockopt(client, SOL_SOCKET, SO_OOBINLINE, &on, sizeof(on));
}

static int close_both(void **state)
{
	(void)state;
	outgoing_free(&outgoing);
	close(server);
	close(client);
	return open_descriptors() == descriptors ? 0 : -1;
}

/* --- the session and the client ----------------------------------------------------------- */

static void add_screen(const char *text, size_t size)
{
	assert_int_equal(outgoing_add(&outgoing, text, size, true, false), 0);
}

static void add_answer(const char *text, size_t size)
{
	assert_int_equal(outgoing_add(&outgoing, text, size, false, false), 0);
}

static void add_synch(void)
{
	assert_int_equal(outgoing_add(&outgoing, SYNCH, 2, false, true), 0);
}

/* As if the socket had taken this many bytes and no more. */
static void pretend_sent(size_t size)
{
	outgoing.start += size;
	outgoing.sent += size;
}

/* What the client has got in all, once it is all sent. */
static void assert_received(const char *expected, size_t size)
{
	char received[256] = "";
	ssize_t count;

	assert_int_equal(outgoing_send(&outgoing, server), 0);
	count = recv(client, received, sizeof(received), MSG_DONTWAIT);
	assert_int_equal(count < 0 ? 0 : count, size);
	assert_memory_equal(received, expected, size);
}

/* Makes the socket full. */
static void fill_socket(void)
{
	const int least = 1;

	setsockopt(server, SOL_SOCKET, SO_SNDBUF, &least, sizeof(least));
	setsockopt(client, SOL_SOCKET, SO_RCVBUF, &least, sizeof(least));
	while (send(server, "f", 1, MSG_DONTWAIT) == 1)
		;
}

/* --- sending ------------------------------------------------------------------------------ */

static void what_is_added_is_sent_in_order(void **state)
{
	(void)state;
	add_screen("screen, ", 8);
	add_screen("more of it, ", 12);
	add_answer("an answer", 9);
	assert_int_equal(outgoing_waiting(&outgoing), 29);
	assert_received("screen, more of it, an answer", 29);
	assert_int_equal(outgoing.sent, 29);
}

static void when_all_is_sent_no_memory_is_held(void **state)
{
	(void)state;
	add_screen("x", 1);
	assert_non_null(outgoing.bytes);
	assert_received("x", 1);
	assert_null(outgoing.bytes);
	assert_int_equal(outgoing_waiting(&outgoing), 0);
}

static void sending_nothing_is_done_at_once(void **state)
{
	(void)state;
	assert_int_equal(outgoing_send(&outgoing, server), 0);
}

static void what_the_socket_does_not_take_waits(void **state)
{
	(void)state;
	fill_socket();
	add_screen("abc", 3);
	assert_int_equal(outgoing_send(&outgoing, server), -EAGAIN);
	assert_int_equal(outgoing_waiting(&outgoing), 3);
	assert_int_equal(outgoing.sent, 0);
}

static void all_arrives_through_a_socket_that_takes_little_at_a_time(void **state)
{
	const int least = 1;
	char *text = malloc(OUTGOING_SIZE), *received = malloc(OUTGOING_SIZE);
	size_t got = 0, times = 0;
	int result;

	(void)state;
	setsockopt(server, SOL_SOCKET, SO_SNDBUF, &least, sizeof(least));
	for (size_t i = 0; i < OUTGOING_SIZE; i++)
		text[i] = (char)(i * 31 % 251);
	add_screen(text, OUTGOING_SIZE);
	while ((result = outgoing_send(&outgoing, server)) == -EAGAIN) {
		ssize_t size = recv(client, received + got, OUTGOING_SIZE - got, MSG_DONTWAIT);

		assert_true(size > 0);
		got += (size_t)size;
		times++;
	}
	assert_int_equal(result, 0);
	assert_true(times > 2);
	while (got < OUTGOING_SIZE) {
		ssize_t size = recv(client, received + got, OUTGOING_SIZE - got, 0);

		assert_true(size > 0);
		got += (size_t)size;
	}
	assert_memory_equal(received, text, OUTGOING_SIZE);
	assert_int_equal(outgoing.sent, OUTGOING_SIZE);
	free(text);
	free(received);
}

static void a_broken_connection_is_an_error_and_no_signal(void **state)
{
	(void)state;
	shutdown(client, SHUT_RD);
	add_screen("x", 1);
	assert_int_equal(outgoing_send(&outgoing, server), -EPIPE);
}

/* --- bounds ------------------------------------------------------------------------------- */

static void no_more_is_taken_than_there_is_room_for(void **state)
{
	char *text = calloc(1, OUTGOING_SIZE);

	(void)state;
	add_answer(text, OUTGOING_SIZE - 3);
	assert_int_equal(outgoing_add(&outgoing, "abcd", 4, false, false), -ENOBUFS);
	assert_int_equal(outgoing_waiting(&outgoing), OUTGOING_SIZE - 3);
	add_answer("abc", 3);
	assert_int_equal(outgoing_add(&outgoing, "d", 1, true, false), -ENOBUFS);
	assert_int_equal(outgoing_add(&outgoing, "", 0, true, false), 0);
	assert_int_equal(outgoing_waiting(&outgoing), OUTGOING_SIZE);
	free(text);
}

static void what_is_too_large_at_all_is_refused(void **state)
{
	char *text = calloc(1, OUTGOING_SIZE + 1);

	(void)state;
	assert_int_equal(outgoing_add(&outgoing, text, OUTGOING_SIZE + 1, true, false), -ENOBUFS);
	assert_int_equal(outgoing_add(&outgoing, text, SIZE_MAX, true, false), -ENOBUFS);
	assert_int_equal(outgoing_waiting(&outgoing), 0);
	free(text);
}

/* A client that reads slowly, but reads, may get answers without end. */
static void what_has_been_sent_makes_room(void **state)
{
	char text[1000];

	(void)state;
	memset(text, 'x', sizeof(text));
	add_answer(text, sizeof(text));
	for (int i = 0; i < 1000; i++) {
		add_answer(text, sizeof(text));
		pretend_sent(sizeof(text));
		assert_int_equal(outgoing_waiting(&outgoing), sizeof(text));
	}
	text[0] = 'y';
	add_answer(text, 1);
	pretend_sent(sizeof(text) - 1);
	assert_received("xy", 2);
}

/* Where its pairs begin would not be known any more. */
static void no_room_is_made_while_screen_output_waits(void **state)
{
	static char screen[OUTGOING_SIZE];

	(void)state;
	memset(screen, IAC[0], sizeof(screen));
	add_screen(screen, sizeof(screen));
	pretend_sent(1001);
	assert_int_equal(outgoing_add(&outgoing, "abc", 3, false, false), -ENOBUFS);
	outgoing_drop_screen(&outgoing);
	assert_received(IAC, 1);
}

/* As sockatmark(3), of whose ioctl(2) valgrind takes the result for an argument. */
static int at_mark(void)
{
	int mark = 0;

	assert_int_equal(ioctl(client, SIOCATMARK, &mark), 0);
	return mark;
}

static void an_urgent_byte_stays_urgent_when_room_is_made(void **state)
{
	static char text[OUTGOING_SIZE - 4];
	char byte;

	(void)state;
	add_answer(text, sizeof(text));
	add_synch();
	pretend_sent(sizeof(text));
	add_answer("after", 5);
	assert_int_equal(outgoing_send(&outgoing, server), 0);
	assert_int_equal(recv(client, &byte, 1, 0), 1);
	assert_int_equal(byte, IAC[0]);
	assert_int_equal(at_mark(), 1);
}

/* --- urgent data -------------------------------------------------------------------------- */

static void assert_arrives(const char *expected, size_t size)
{
	char received[64];
	size_t got = 0;

	while (got < size) {
		struct pollfd poller = {.fd = client, .events = POLLIN};
		ssize_t count;

		assert_int_equal(poll(&poller, 1, DEADLINE_MS), 1);
		count = recv(client, received + got, size - got, 0);
		assert_true(count > 0);
		got += (size_t)count;
	}
	assert_memory_equal(received, expected, size);
}

static void an_urgent_byte_is_tcps_urgent_byte(void **state)
{
	struct pollfd poller = {.fd = client, .events = POLLPRI};

	(void)state;
	add_screen("abc", 3);
	add_synch();
	add_answer("def", 3);
	assert_int_equal(outgoing_send(&outgoing, server), 0);
	assert_int_equal(poll(&poller, 1, DEADLINE_MS), 1);
	assert_int_equal(at_mark(), 0);
	assert_arrives("abc" IAC, 4);
	assert_int_equal(at_mark(), 1);
	assert_arrives(DM, 1);
	assert_int_equal(at_mark(), 0);
	assert_arrives("def", 3);
}

static void an_urgent_byte_is_urgent_though_it_is_sent_later(void **state)
{
	(void)state;
	for (size_t before = 0; before <= 4; before++) {
		char bytes[4];

		add_screen("abc", 3);
		add_synch();
		memcpy(bytes, outgoing.bytes, sizeof(bytes));
		assert_int_equal(send(server, bytes, before, 0), before);
		pretend_sent(before);
		add_answer("def", 3);
		assert_int_equal(outgoing_send(&outgoing, server), 0);
		assert_arrives("abc" IAC, 4);
		assert_int_equal(at_mark(), 1);
		assert_arrives(DM "def", 4);
		assert_int_equal(at_mark(), 0);
	}
}

static void urgent_data_that_has_gone_makes_nothing_else_urgent(void **state)
{
	(void)state;
	add_synch();
	assert_int_equal(outgoing_send(&outgoing, server), 0);
	assert_arrives(IAC, 1);
	assert_int_equal(at_mark(), 1);
	assert_arrives(DM, 1);
	add_screen("abc", 3);
	assert_int_equal(outgoing_send(&outgoing, server), 0);
	assert_arrives("a", 1);
	assert_int_equal(at_mark(), 0);
	assert_arrives("bc", 2);
}

static void the_urgent_byte_is_found_after_a_drop(void **state)
{
	(void)state;
	add_screen("output that nobody wants", 24);
	add_answer("answer", 6);
	add_synch();
	outgoing_drop_screen(&outgoing);
	assert_int_equal(outgoing_send(&outgoing, server), 0);
	assert_arrives("answer" IAC, 7);
	assert_int_equal(at_mark(), 1);
	assert_arrives(DM, 1);
}

/* --- dropping ----------------------------------------------------------------------------- */

static void screen_output_is_dropped_and_answers_stay(void **state)
{
	(void)state;
	add_screen("screen", 6);
	add_answer("answer", 6);
	outgoing_drop_screen(&outgoing);
	assert_received("answer", 6);
}

static void screen_output_behind_an_answer_stays_in_its_place(void **state)
{
	(void)state;
	add_screen("dropped", 7);
	add_answer("answer", 6);
	add_screen("kept", 4);
	outgoing_drop_screen(&outgoing);
	assert_received("answerkept", 10);
}

static void what_follows_a_drop_is_sent(void **state)
{
	(void)state;
	add_screen("abc", 3);
	outgoing_drop_screen(&outgoing);
	add_screen("def", 3);
	outgoing_drop_screen(&outgoing);
	add_answer("answer", 6);
	add_screen("ghi", 3);
	assert_received("answerghi", 9);
}

static void dropping_where_nothing_waits_does_nothing(void **state)
{
	(void)state;
	outgoing_drop_screen(&outgoing);
	add_answer("answer", 6);
	outgoing_drop_screen(&outgoing);
	assert_received("answer", 6);
	outgoing_drop_screen(&outgoing);
	assert_received("", 0);
}

/*
 * Screen output whose units, data bytes and pairs, are as listed: dropped after each number of its
 * bytes has been sent, the client has got whole units, no more of them than it must, and then the
 * answer.
 */
static void assert_dropped_in_whole_units(const char *const units[], const size_t sizes[])
{
	char screen[64];
	size_t size = 0;

	for (size_t i = 0; sizes[i] > 0; i++) {
		memcpy(screen + size, units[i], sizes[i]);
		size += sizes[i];
	}
	for (size_t sent = 0; sent < size; sent++) {
		char expected[sizeof(screen) + 2];
		size_t whole = 0;

		for (size_t i = 0; whole < sent; i++)
			whole += sizes[i];
		memcpy(expected, screen, whole);
		memcpy(expected + whole, SYNCH, 2);
		add_screen(screen, size);
		assert_int_equal(send(server, screen, sent, 0), sent);
		pretend_sent(sent);
		outgoing_drop_screen(&outgoing);
		assert_int_equal(outgoing_waiting(&outgoing), whole - sent);
		add_answer(SYNCH, 2);
		assert_received(expected, whole + 2);
	}
}

/* CVE-2020-10188: the search for the end of a pair went past the end of the output. */
static void cve_2020_10188_a_drop_leaves_pairs_whole_wherever_it_comes(void **state)
{
	static const char *const units[] = {"a",  IAC IAC, "\r\n",  "b",  "\r\0", "\r\0",
					    "\n", IAC IAC, IAC IAC, "\0", "\r\n", "\r\n"};
	static const size_t sizes[] = {1, 2, 2, 1, 2, 2, 1, 2, 2, 1, 2, 2, 0};

	(void)state;
	assert_dropped_in_whole_units(units, sizes);
}

/* In BINARY a CR stands for itself. */
static void cve_2020_10188_a_drop_takes_no_cr_before_other_bytes_for_a_pair(void **state)
{
	static const char *const units[] = {"\r", IAC IAC, "\r", "\r", IAC IAC, "\r", "x", IAC IAC};
	static const size_t sizes[] = {1, 2, 1, 1, 2, 1, 1, 2, 0};

	(void)state;
	assert_dropped_in_whole_units(units, sizes);
}

static void cve_2020_10188_a_pair_at_the_very_end_of_the_room_is_kept(void **state)
{
	static char screen[OUTGOING_SIZE];

	(void)state;
	memset(screen, IAC[0], sizeof(screen));
	add_screen(screen, sizeof(screen));
	pretend_sent(sizeof(screen) - 1);
	outgoing_drop_screen(&outgoing);
	assert_received(IAC, 1);
	memset(screen, '\r', sizeof(screen));
	add_screen(screen, sizeof(screen));
	pretend_sent(sizeof(screen) - 1);
	outgoing_drop_screen(&outgoing);
	assert_true(outgoing_waiting(&outgoing) <= 1);
}

#define on_pair(test) cmocka_unit_test_setup_teardown(test, open_pair, close_both)
#define on_tcp(test) cmocka_unit_test_setup_teardown(test, open_connection, close_both)

int main(void)
{
	const struct CMUnitTest tests[] = {
		on_pair(what_is_added_is_sent_in_order),
		on_pair(when_all_is_sent_no_memory_is_held),
		on_pair(sending_nothing_is_done_at_once),
		on_pair(what_the_socket_does_not_take_waits),
		on_pair(all_arrives_through_a_socket_that_takes_little_at_a_time),
		on_pair(a_broken_connection_is_an_error_and_no_signal),
		on_pair(no_more_is_taken_than_there_is_room_for),
		on_pair(what_is_too_large_at_all_is_refused),
		on_pair(what_has_been_sent_makes_room),
		on_pair(no_room_is_made_while_screen_output_waits),
		on_tcp(an_urgent_byte_stays_urgent_when_room_is_made),
		on_tcp(an_urgent_byte_is_tcps_urgent_byte),
		on_tcp(an_urgent_byte_is_urgent_though_it_is_sent_later),
		on_tcp(urgent_data_that_has_gone_makes_nothing_else_urgent),
		on_tcp(the_urgent_byte_is_found_after_a_drop),
		on_pair(screen_output_is_dropped_and_answers_stay),
		on_pair(screen_output_behind_an_answer_stays_in_its_place),
		on_pair(what_follows_a_drop_is_sent),
		on_pair(dropping_where_nothing_waits_does_nothing),
		on_pair(cve_2020_10188_a_drop_leaves_pairs_whole_wherever_it_comes),
		on_pair(cve_2020_10188_a_drop_takes_no_cr_before_other_bytes_for_a_pair),
		on_pair(cve_2020_10188_a_pair_at_the_very_end_of_the_room_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
