/* SPDX-License-Identifier: ISC */
/* STATUS (RFC 859): a list of all options in effect, for the peer that asks and has agreed to it.
 */
#include "tests/unit/transcript.h"

#define ASK_STATUS IAC_SB STATUS SEND IAC_SE

static void status_lists_every_option_in_effect(void **unused)
{
	struct transcript *t = opened_server();

	(void)unused;
	receive(t, AGREE_TO_LOCAL IAC WILL SGA IAC WILL NAWS IAC WONT TTYPE IAC DO BINARY IAC WILL
			   BINARY);
	forget(t);
	receive(t, ASK_STATUS);
	assert_sent(t, IAC_SB STATUS IS WILL BINARY DO BINARY WILL ECHO WILL SGA DO SGA WILL STATUS
			       DO NAWS IAC_SE);
	receive(t, IAC DONT ECHO IAC WONT NAWS);
	forget(t);
	receive(t, ASK_STATUS);
	assert_sent(t, IAC_SB STATUS IS WILL BINARY DO BINARY WILL SGA DO SGA WILL STATUS IAC_SE);
	end(t);
}

static void status_leaves_out_what_is_not_yet_answered(void **unused)
{
	struct transcript *t = opened_server();

	(void)unused;
	receive(t, IAC DO STATUS ASK_STATUS);
	assert_sent(t, IAC_SB STATUS IS WILL STATUS IAC_SE);
	end(t);
}

static void status_is_answered_each_time(void **unused)
{
	struct transcript *t = opened_server();

	(void)unused;
	receive(t, IAC DO STATUS ASK_STATUS ASK_STATUS);
	assert_sent(t, IAC_SB STATUS IS WILL STATUS IAC_SE IAC_SB STATUS IS WILL STATUS IAC_SE);
	end(t);
}

static void status_is_not_told_where_it_was_not_agreed_to(void **unused)
{
	struct transcript *t = opened_server();

	(void)unused;
	receive(t, ASK_STATUS IAC DONT STATUS ASK_STATUS);
	assert_sent(t, "");
	end(t);
	t = new_client(NULL);
	receive(t, IAC WILL STATUS);
	assert_sent(t, IAC DO STATUS);
	receive(t, ASK_STATUS);
	assert_sent(t, "");
	end(t);
}

static void a_status_that_is_told_to_us_has_no_effect(void **unused)
{
	struct transcript *t = plain_server();

	(void)unused;
	for (int i = 0; i < 100; i++)
		receive(t, IAC_SB STATUS IS WILL BINARY DO BINARY DONT ECHO IAC_SE);
	receive(t, "a");
	assert_sent(t, "");
	assert_events(t, "data a\n");
	end(t);
}

static void bodies_that_are_no_status_are_malformed(void **unused)
{
	struct transcript *t = opened_server();

	(void)unused;
	receive(t, IAC DO STATUS);
	for (int i = 0; i < 16; i++)
		receive(t, IAC_SB STATUS SEND SEND IAC_SE);
	assert_int_equal(t->fault_count, 0);
	receive(t, IAC_SB STATUS IAC_SE);
	assert_sent(t, "");
	assert_events(t, "fault malformed\n");
	end(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_lists_every_option_in_effect),
		cmocka_unit_test(status_leaves_out_what_is_not_yet_answered),
		cmocka_unit_test(status_is_answered_each_time),
		cmocka_unit_test(status_is_not_told_where_it_was_not_agreed_to),
		cmocka_unit_test(a_status_that_is_told_to_us_has_no_effect),
		cmocka_unit_test(bodies_that_are_no_status_are_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
