/* SPDX-License-Identifier: ISC */
/* One session without its worker: what it leaves behind, and what comes too late for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs those before it. */
#include <cmocka.h>

#include <fcntl.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "telnetd/session.h"

#define NUMBER 7

static const struct charsets charsets;
static struct session_host host;
static int monitor; /* its end of the channel */
static int client; /* its end of the connection */
static int copy; /* of the session's end, as a process of the monitor's may have for a while */
static struct session *session;
static bool over;

static void on_over(struct session_host *of, uint32_t number)
{
	(void)of;
	assert_int_equal(number, NUMBER);
	over = true;
}

static int begin(void **state)
{
	int channel[2], connection[2];

	(void)state;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) != 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, connection) != 0)
		return -1;
	monitor = channel[0];
	client = connection[0];
	host = (struct session_host){.base = event_base_new(),
				     .charsets = &charsets,
				     .channel = channel[1],
				     .attention = epoll_create1(EPOLL_CLOEXEC),
				     .over = on_over};
	over = false;
	copy = fcntl(connection[1], F_DUPFD_CLOEXEC, 0);
	session = session_new(&host, NUMBER, connection[1]);
	return session ? 0 : -1;
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
	return 0;
}

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
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(no_attention_is_called_to_a_session_that_has_ended,
						begin, end),
		cmocka_unit_test_setup_teardown(a_terminal_that_comes_after_stop_is_closed, begin,
						end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
