/* SPDX-License-Identifier: ISC */
/*
 * An endpoint whose libtelnet is broken: it says what it was not given, or nothing of what it was.
 * Versions of libtelnet did both.
 */
#include "tests/unit/transcript.h"

#include <errno.h>
#include <libtelnet.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* In place of libtelnet's: each piece that it reads makes it say the next of these events. */
static telnet_event_handler_t handler;
static void *handlers_context;
static telnet_event_t events[4];
static size_t event_count;
static char *nothing; /* stands for a parser */

telnet_t *telnet_init(const telnet_telopt_t *options, telnet_event_handler_t called,
		      unsigned char flags, void *context)
{
	(void)options;
	(void)flags;
	handler = called;
	handlers_context = context;
	return (telnet_t *)(void *)&nothing;
}

void telnet_free(telnet_t *telnet)
{
	(void)telnet;
}

/* Pieces that are given, and which of them makes it speak. */
static size_t pieces;
static size_t speaks_at;
static const char *piece;

void telnet_recv(telnet_t *telnet, const char *bytes, size_t size)
{
	(void)size;
	piece = bytes;
	if (++pieces != speaks_at)
		return;
	for (size_t i = 0; i < event_count; i++)
		handler(telnet, &events[i], handlers_context);
}

static telnet_event_t *say(telnet_event_type_t type)
{
	telnet_event_t *event = &events[event_count++];

	memset(event, 0, sizeof(*event));
	event->type = type;
	return event;
}

/* Begins anew: it will speak at that piece. */
static struct transcript *new_broken(size_t at)
{
	pieces = event_count = 0;
	speaks_at = at;
	return new_server();
}

static void check_fault(struct transcript *t, const char *bytes, size_t size)
{
	assert_int_equal(receive_bytes(t, bytes, size), -EPROTO);
	assert_events(t, "fault parser\n");
	assert_sent(t, "");
	end(t);
}

#define assert_fault(t, text) check_fault(t, text, sizeof(text) - 1)

/* As version 0.23 does after IAC SB 85 WILL. */
static void data_of_another_size_or_place_ends_the_session(void **unused)
{
	static const size_t sizes[] = {0, 1, 2, 4, 5, 4096, SIZE_MAX / 2, SIZE_MAX};
	static char elsewhere[8];

	(void)unused;
	for (size_t i = 0; i < 2 * COUNT(sizes); i++) {
		struct transcript *t = new_broken(1);
		char text[] = "abc";

		say(TELNET_EV_DATA)->data.buffer = i & 1 ? text : elsewhere;
		events[0].data.size = sizes[i / 2];
		assert_int_equal(nvt_from_network(t->nvt, text, 3), -EPROTO);
		assert_events(t, "fault parser\n");
		end(t);
	}
}

static void what_libtelnet_was_not_given_ends_the_session(void **unused)
{
	struct transcript *t = new_broken(2);

	(void)unused;
	say(TELNET_EV_IAC)->iac.cmd = (unsigned char)IP[0];
	assert_fault(t, IAC NOP);
	t = new_broken(3);
	say(TELNET_EV_DO)->neg.telopt = (unsigned char)BINARY[0];
	assert_fault(t, IAC DO ECHO);
	t = new_broken(3);
	say(TELNET_EV_WILL)->neg.telopt = (unsigned char)ECHO[0];
	assert_fault(t, IAC DO ECHO);
	t = new_broken(3);
	say(TELNET_EV_SUBNEGOTIATION);
	assert_fault(t, IAC_SB NAWS);
	t = new_broken(4);
	say(TELNET_EV_DATA)->data.buffer = WILL;
	events[0].data.size = 1;
	assert_fault(t, IAC_SB NAWS WILL);
	t = new_broken(5);
	say(TELNET_EV_SUBNEGOTIATION)->sub.size = 3;
	assert_fault(t, IAC_SB NAWS "ab" IAC_SE);
	t = new_broken(1);
	say(TELNET_EV_COMPRESS)->compress.state = 1;
	assert_fault(t, "a");
	t = new_broken(1);
	say(TELNET_EV_TTYPE);
	assert_fault(t, "a");
}

static void what_libtelnet_says_twice_ends_the_session(void **unused)
{
	struct transcript *t = new_broken(2);

	(void)unused;
	say(TELNET_EV_IAC)->iac.cmd = (unsigned char)IP[0];
	say(TELNET_EV_IAC)->iac.cmd = (unsigned char)IP[0];
	assert_int_equal(receive(t, IAC IP), -EPROTO);
	assert_events(t, "function IP\nfault parser\n");
	end(t);
}

static void what_libtelnet_does_not_say_ends_the_session(void **unused)
{
	struct transcript *t;

	(void)unused;
	t = new_broken(0);
	assert_fault(t, "a");
	t = new_broken(0);
	assert_fault(t, IAC NOP);
	t = new_broken(0);
	assert_fault(t, IAC DO ECHO);
	t = new_broken(0);
	assert_fault(t, IAC_SB NAWS "ab" IAC_SE);
	t = new_broken(0);
	assert_fault(t, IAC IAC);
}

static void a_body_is_shown_without_its_option(void **unused)
{
	(void)unused;
	for (int option = 0; option < 256; option++) {
		struct transcript *t = new_broken(0);
		const char head[] = {IAC[0], SB[0], (char)option};

		receive_bytes(t, head, sizeof(head));
		assert_int_equal(*piece, 0);
		end(t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(data_of_another_size_or_place_ends_the_session),
		cmocka_unit_test(what_libtelnet_was_not_given_ends_the_session),
		cmocka_unit_test(what_libtelnet_says_twice_ends_the_session),
		cmocka_unit_test(what_libtelnet_does_not_say_ends_the_session),
		cmocka_unit_test(a_body_is_shown_without_its_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
