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

/* A server in line mode with flow control, whose status has not been told so far. */
static struct transcript *server_with_orders(void)
{
	const struct nvt_setup setup = {.role = NVT_SERVER, .linemode = NVT_LINEMODE_WHEN_ASKED};
	const struct nvt_terminal terminal = {
		.edit = true,
		.trap_signals = true,
		.special = {[NVT_SPECIAL_INTERRUPT_PROCESS] = 0360,
			    [NVT_SPECIAL_ERASE_CHARACTER] = 127},
	};
	struct transcript *t = new_endpoint_of(&setup);

	nvt_open(t->nvt);
	nvt_set_terminal(t->nvt, &terminal);
	receive(t, IAC DO STATUS IAC WILL LFLOW IAC WILL LINEMODE IAC_SB LINEMODE MODE
		"\007" IAC_SE IAC_SB LINEMODE SLC "\000\002\000" IAC_SE);
	receive(t, "so much has to have come before the orders are told in the answer");
	forget(t);
	return t;
}

#define LISTED WILL STATUS DO LFLOW DO LINEMODE

static void status_lists_what_was_ordered_with_se_doubled(void **unused)
{
	struct transcript *t = server_with_orders();

	(void)unused;
	receive(t, ASK_STATUS);
	assert_sent(t, IAC_SB STATUS IS LISTED SB LINEMODE MODE EDIT_TRAPSIG SE SB LINEMODE SLC
		    "\003\142\360\360\012\002\177" SE SB LFLOW "\003" SE SB LFLOW "\000" SE IAC_SE);
	end(t);
}

static void what_was_ordered_is_listed_again_when_the_peer_has_said_more(void **unused)
{
	struct transcript *t = server_with_orders();

	(void)unused;
	receive(t, ASK_STATUS);
	forget(t);
	receive(t, ASK_STATUS);
	assert_sent(t, IAC_SB STATUS IS LISTED IAC_SE);
	receive(t, "again so much has to have come before they are told another time" ASK_STATUS);
	assert_non_null(memmem(t->sent.at, t->sent.size, LISTED SB LINEMODE MODE, 9));
	end(t);
}

/* Whether it comes in the same packet makes no difference. */
static void what_comes_behind_the_question_does_not_count_for_its_answer(void **unused)
{
	struct transcript *t = server_with_orders();

	(void)unused;
	receive(t, ASK_STATUS);
	forget(t);
	receive(t, ASK_STATUS
		"more than the sixty-four bytes that have to have come before it's told");
	assert_sent(t, IAC_SB STATUS IS LISTED IAC_SE);
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

static void a_status_is_asked_for_where_it_was_agreed_to(void **unused)
{
	struct transcript *t = new_client(NULL);

	(void)unused;
	assert_false(nvt_ask_status(t->nvt));
	assert_sent(t, "");
	receive(t, IAC WILL STATUS);
	forget(t);
	assert_true(nvt_ask_status(t->nvt));
	assert_sent(t, ASK_STATUS);
	receive(t, IAC WONT STATUS);
	forget(t);
	assert_false(nvt_ask_status(t->nvt));
	assert_sent(t, "");
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
		cmocka_unit_test(status_lists_what_was_ordered_with_se_doubled),
		cmocka_unit_test(what_was_ordered_is_listed_again_when_the_peer_has_said_more),
		cmocka_unit_test(what_comes_behind_the_question_does_not_count_for_its_answer),
		cmocka_unit_test(a_status_that_is_told_to_us_has_no_effect),
		cmocka_unit_test(a_status_is_asked_for_where_it_was_agreed_to),
		cmocka_unit_test(bodies_that_are_no_status_are_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
