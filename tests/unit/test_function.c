/* SPDX-License-Identifier: ISC */
/*
 * Control functions (RFC 854, RFC 1184 2.5) as they come and as they are sent, and the Synch.
 */
#include "tests/unit/transcript.h"

static void every_function_is_told_in_its_place_between_the_data(void **unused)
{
	struct transcript *t = plain_server();

	(void)unused;
	receive(t, "a" IAC IP "b" IAC BRK IAC ABORT IAC SUSP IAC XEOF "c" IAC EC IAC EL IAC AO "d");
	assert_events(t, "data a\nfunction IP\ndata b\nfunction BRK\nfunction ABORT\n"
			 "function SUSP\nfunction EOF\ndata c\nfunction EC\nfunction EL\n"
			 "function AO\ndata d\n");
	assert_sent(t, "");
	end(t);
}

static void are_you_there_is_answered_by_a_server(void **unused)
{
	struct transcript *t = plain_server();

	(void)unused;
	receive(t, IAC AYT);
	assert_sent(t, "\r\n[Yes]\r\n");
	assert_events(t, "");
	receive(t, "a" IAC AYT "b" IAC AYT);
	assert_sent(t, "\r\n[Yes]\r\n\r\n[Yes]\r\n");
	assert_events(t, "data ab\n");
	end(t);
}

static void are_you_there_is_told_to_a_client(void **unused)
{
	struct transcript *t = new_client(NULL);

	(void)unused;
	receive(t, IAC AYT);
	assert_sent(t, "");
	assert_events(t, "function AYT\n");
	end(t);
}

static void no_operation_does_nothing_and_go_ahead_is_told(void **unused)
{
	struct transcript *t = plain_server();

	(void)unused;
	receive(t, "a" IAC NOP "b" IAC GA);
	assert_sent(t, "");
	assert_events(t, "data ab\nfunction GA\n");
	end(t);
}

static void an_end_of_record_is_told(void **unused)
{
	struct transcript *t = plain_server();

	(void)unused;
	receive(t, "a" IAC EOR "b");
	assert_sent(t, "");
	assert_events(t, "data a\nfunction EOR\ndata b\n");
	end(t);
}

static void commands_without_a_meaning_here_are_passed_over(void **unused)
{
	struct transcript *t = plain_server();

	(void)unused;
	receive(t, "a" IAC SE IAC "\000" IAC "A" IAC "\353" IAC DM "b");
	assert_sent(t, "");
	assert_events(t, "data ab\n");
	assert_true(nvt_peer(t->nvt)->answered);
	end(t);
}

static void an_owner_without_interest_in_functions_is_not_called(void **unused)
{
	struct transcript *t = plain_server();

	(void)unused;
	t->calls.function = NULL;
	receive(t, "a" IAC IP IAC AYT "b");
	assert_sent(t, "\r\n[Yes]\r\n");
	assert_events(t, "data ab\n");
	end(t);
}

static void every_function_is_sent_as_its_command(void **unused)
{
	struct transcript *t = new_client(NULL);

	(void)unused;
	for (int function = NVT_INTERRUPT_PROCESS; function <= NVT_NO_OPERATION; function++)
		nvt_send_function(t->nvt, (enum nvt_function)function);
	assert_sent(t, IAC IP IAC AO IAC AYT IAC EC IAC EL IAC BRK IAC XEOF IAC SUSP IAC ABORT IAC
			       GA IAC EOR IAC NOP);
	assert_int_equal(t->urgent_count, 0);
	end(t);
}

/* --- Synch ------------------------------------------------------------------------------------ */

static void a_synch_drops_data_up_to_the_data_mark(void **unused)
{
	struct transcript *t = plain_server();

	(void)unused;
	receive(t, "before");
	assert_false(nvt_is_discarding(t->nvt));
	nvt_urgent(t->nvt);
	assert_true(nvt_is_discarding(t->nvt));
	receive(t, "dropped\r\n" IAC IAC "dropped");
	assert_true(nvt_is_discarding(t->nvt));
	receive(t, IAC DM "after");
	assert_false(nvt_is_discarding(t->nvt));
	assert_events(t, "data beforeafter\n");
	end(t);
}

static void a_synch_lets_functions_and_options_act(void **unused)
{
	struct transcript *t = plain_server();

	(void)unused;
	nvt_urgent(t->nvt);
	receive(t, "cat\r\n" IAC IP "x" IAC AYT IAC DO BINARY IAC DONT BINARY IAC DO TIMING_MARK
		   "y" IAC WILL NAWS IAC_SB NAWS "\000\120\000\030" IAC_SE IAC DM "z");
	assert_events(t, "function IP\nmode binary-output go-ahead\nmode go-ahead\ntiming-mark\n"
			 "window 80x24\ndata z\n");
	assert_sent(
		t,
		"\r\n[Yes]\r\n" IAC WILL BINARY IAC WONT BINARY IAC WILL TIMING_MARK IAC DO NAWS);
	end(t);
}

static void a_second_announcement_of_a_synch_needs_but_one_data_mark(void **unused)
{
	struct transcript *t = plain_server();

	(void)unused;
	nvt_urgent(t->nvt);
	nvt_urgent(t->nvt);
	receive(t, "a" IAC DM "b");
	nvt_urgent(t->nvt);
	receive(t, "c" IAC DM "d");
	assert_events(t, "data bd\n");
	end(t);
}

static void a_cr_before_a_synch_takes_nothing_behind_it(void **unused)
{
	struct transcript *t = plain_server();

	(void)unused;
	receive(t, "a\r");
	nvt_urgent(t->nvt);
	receive(t, "\n" IAC DM "\nb");
	assert_events(t, "data a\\r\\nb\n");
	end(t);
}

static void a_data_mark_without_a_synch_does_nothing(void **unused)
{
	struct transcript *t = plain_server();

	(void)unused;
	receive(t, "a" IAC DM "b");
	assert_events(t, "data ab\n");
	end(t);
}

static void a_synch_is_sent_as_a_data_mark_whose_last_byte_is_urgent(void **unused)
{
	struct transcript *t = new_client(NULL);

	(void)unused;
	type(t, "input\r");
	nvt_send_synch(t->nvt);
	assert_int_equal(t->urgent_count, 1);
	assert_int_equal((unsigned char)t->sent.at[t->urgent_at], 0xf2);
	type(t, "more");
	assert_int_equal(t->urgent_count, 1);
	assert_sent(t, "input\r\0" IAC DM "more");
	end(t);
}

/* For a client that loses the urgent byte, and takes the next one for the command. */
static void behind_a_synch_a_server_sends_a_byte_that_may_be_lost(void **unused)
{
	struct transcript *t = plain_server();

	(void)unused;
	nvt_send_synch(t->nvt);
	assert_int_equal(t->urgent_count, 1);
	assert_int_equal(t->urgent_at, 1);
	type(t, "more");
	assert_sent(t, IAC DM "\0more");
	receive(t, IAC DO BINARY);
	nvt_send_synch(t->nvt);
	assert_sent(t, IAC WILL BINARY IAC DM);
	end(t);
}

/* --- what broke others --------------------------------------------------------------------------
 */

static void cve_2022_39028_ec_or_el_as_the_first_bytes(void **unused)
{
	struct transcript *t = new_server();

	(void)unused;
	receive(t, IAC EC);
	assert_events(t, "function EC\n");
	end(t);
	t = new_server();
	receive(t, IAC EL);
	assert_events(t, "function EL\n");
	end(t);
	t = opened_server();
	receive(t, IAC EL IAC EC);
	assert_events(t, "function EL\nfunction EC\n");
	end(t);
}

static void cve_2001_0554_a_flood_of_ayt_gets_its_answers_and_no_more(void **unused)
{
	struct transcript *t = plain_server();
	size_t before = t->sent_ever, answer = strlen("\r\n[Yes]\r\n");

	(void)unused;
	for (int i = 0; i < 100000; i++) {
		receive(t, IAC AYT);
		assert_int_equal(t->sent.size, answer);
		forget(t);
	}
	assert_int_equal(t->sent_ever - before, 100000 * answer);
	end(t);
}

static void cve_2020_10188_a_synch_amid_escapes_leaves_the_output_well_formed(void **unused)
{
	struct transcript *t = plain_server();

	(void)unused;
	receive(t, IAC AO);
	assert_events(t, "function AO\n");
	type(t, "\377\377\377");
	nvt_send_synch(t->nvt);
	type(t, "\377");
	nvt_send_synch(t->nvt);
	receive(t, IAC WILL TTYPE IAC AO IAC WONT TTYPE);
	assert_sent(t, IAC IAC IAC IAC IAC IAC IAC DM
		    "\0" IAC IAC IAC DM "\0" IAC DO TTYPE IAC_SB TTYPE SEND IAC_SE IAC DONT TTYPE);
	end(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_function_is_told_in_its_place_between_the_data),
		cmocka_unit_test(are_you_there_is_answered_by_a_server),
		cmocka_unit_test(are_you_there_is_told_to_a_client),
		cmocka_unit_test(no_operation_does_nothing_and_go_ahead_is_told),
		cmocka_unit_test(an_end_of_record_is_told),
		cmocka_unit_test(commands_without_a_meaning_here_are_passed_over),
		cmocka_unit_test(an_owner_without_interest_in_functions_is_not_called),
		cmocka_unit_test(every_function_is_sent_as_its_command),
		cmocka_unit_test(a_synch_drops_data_up_to_the_data_mark),
		cmocka_unit_test(a_synch_lets_functions_and_options_act),
		cmocka_unit_test(a_second_announcement_of_a_synch_needs_but_one_data_mark),
		cmocka_unit_test(a_cr_before_a_synch_takes_nothing_behind_it),
		cmocka_unit_test(a_data_mark_without_a_synch_does_nothing),
		cmocka_unit_test(a_synch_is_sent_as_a_data_mark_whose_last_byte_is_urgent),
		cmocka_unit_test(behind_a_synch_a_server_sends_a_byte_that_may_be_lost),
		cmocka_unit_test(cve_2022_39028_ec_or_el_as_the_first_bytes),
		cmocka_unit_test(cve_2001_0554_a_flood_of_ayt_gets_its_answers_and_no_more),
		cmocka_unit_test(cve_2020_10188_a_synch_amid_escapes_leaves_the_output_well_formed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
