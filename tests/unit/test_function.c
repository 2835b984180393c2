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
	receive(t, "a" IAC SE IAC DM "b");
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

static void a_synch_is_sent_as_a_data_mark_after_an_urgent_byte(void **unused)
{
	struct transcript *t = new_client(NULL);

	(void)unused;
	type(t, "input\r");
	nvt_send_synch(t->nvt);
	assert_int_equal(t->urgent_count, 1);
	assert_int_equal(t->urgent_at, 8);
	type(t, "more");
	assert_int_equal(t->urgent_count, 1);
	assert_sent(t, "input\r\0" SYNCH "more");
	end(t);
}

/* For a client that reads three bytes for each command. */
static void behind_a_synch_a_server_sends_a_byte_that_may_be_lost(void **unused)
{
	struct transcript *t = plain_server();

	(void)unused;
	nvt_send_synch(t->nvt);
	assert_int_equal(t->urgent_count, 1);
	assert_int_equal(t->urgent_at, 1);
	type(t, "more");
	assert_sent(t, SYNCH "\0more");
	receive(t, IAC DO BINARY);
	nvt_send_synch(t->nvt);
	assert_sent(t, IAC WILL BINARY SYNCH);
	end(t);
}

/* How a Synch and what follows it may arrive: its urgent byte announced, in the stream, or lost. */
enum passage {
	ANNOUNCED,
	IN_LINE,
	LOST,
	PASSAGES,
};

static void pass_synch(struct transcript *from, struct transcript *to, enum passage passage)
{
	size_t before = from->urgent_at, behind = before + (passage == LOST);

	assert_int_equal(from->urgent_count, 1);
	receive_bytes(to, from->sent.at, before);
	if (passage == ANNOUNCED)
		nvt_urgent(to->nvt);
	receive_bytes(to, from->sent.at + behind, from->sent.size - behind);
	assert_false(nvt_is_discarding(to->nvt));
}

static void the_stream_around_a_synch_is_whole_with_and_without_its_urgent_byte(void **unused)
{
	(void)unused;
	for (int i = 0; i < 4 * PASSAGES; i++) {
		bool is_server = i & 1, binary = i & 2;
		struct transcript *from = is_server ? plain_server() : new_client(NULL);
		struct transcript *to = is_server ? new_client(NULL) : plain_server();

		if (binary) {
			receive(from, IAC DO BINARY);
			receive(to, IAC WILL BINARY);
			forget(from);
			forget(to);
		}
		nvt_send_function(from->nvt, NVT_INTERRUPT_PROCESS);
		nvt_send_synch(from->nvt);
		type(from, "ls");
		nvt_send_function(from->nvt, NVT_INTERRUPT_PROCESS);
		pass_synch(from, to, (enum passage)(i / 4));
		if (is_server && !binary)
			assert_events(to, "function IP\ndata \\x00ls\nfunction IP\n");
		else
			assert_events(to, "function IP\ndata ls\nfunction IP\n");
		assert_sent(to, "");
		end(from);
		end(to);
	}
}

/* --- a Synch whose data mark was the urgent byte, and is lost --------------------------------- */

struct text {
	const char *bytes;
	size_t size;
	const char *events;
};

#define LOSS(bytes, events)                                                                        \
	{                                                                                          \
		bytes, sizeof(bytes) - 1, events                                                   \
	}

static void check_loss(enum nvt_role role, const struct text *text)
{
	for (size_t cut = 0; cut <= text->size; cut++) {
		struct transcript *t = role == NVT_SERVER ? plain_server() : new_client(NULL);

		receive_bytes(t, text->bytes, cut);
		receive_bytes(t, text->bytes + cut, text->size - cut);
		nvt_release_key(t->nvt);
		assert_events(t, text->events);
		end(t);
	}
}

static void what_follows_an_iac_and_cannot_be_a_command_is_data(void **unused)
{
	static const struct text losses[] = {
		LOSS("a" IAC "bc", "data abc\n"),
		LOSS(IAC "\r", "data \\r\n"),
		LOSS(IAC "\353\352", "data \\xeb\\xea\n"),
		LOSS(IAC "\303\244" IAC "x" IAC IP, "data \\xc3\\xa4x\nfunction IP\n"),
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(losses) / sizeof(losses[0]); i++) {
		check_loss(NVT_SERVER, &losses[i]);
		check_loss(NVT_CLIENT, &losses[i]);
	}
}

/* IP, AO, BRK, AYT, ABORT, SUSP: clients send a Synch with them. */
static void a_command_after_a_function_and_a_lost_mark_is_no_data(void **unused)
{
	static const struct text losses[] = {
		LOSS(IAC IP IAC "ls\r", "function IP\ndata ls\\r\n"),
		LOSS(IAC IP IAC IAC DO TIMING_MARK "ls", "function IP\ntiming-mark\ndata ls\n"),
		LOSS(IAC IP IAC DO TIMING_MARK IAC IAC IP IAC "l",
		     "function IP\ntiming-mark\nfunction IP\ndata l\n"),
		LOSS(IAC IP IAC IAC IP IAC IAC IP, "function IP\nfunction IP\nfunction IP\n"),
		LOSS(IAC AO IAC IAC_SB NAWS "x" IAC_SE "l", "function AO\ndata l\n"),
		LOSS(IAC BRK IAC IAC GA, "function BRK\nfunction GA\n"),
		LOSS(IAC ABORT IAC IAC XEOF, "function ABORT\nfunction EOF\n"),
		LOSS(IAC SUSP IAC IAC DM "l", "function SUSP\ndata l\n"),
		LOSS(IAC IP DM "l" DM, "function IP\ndata l\\xf2\n"), /* it was the IAC */
		LOSS(IAC IP IAC DO TIMING_MARK DM IAC IP DM "l",
		     "function IP\ntiming-mark\nfunction IP\ndata l\n"),
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(losses) / sizeof(losses[0]); i++)
		check_loss(NVT_SERVER, &losses[i]);
}

static void byte_255_is_data_where_no_mark_can_be_lost(void **unused)
{
	static const struct text texts[] = {
		LOSS(IAC IAC IP, "data \\xff\\xf4\n"),
		LOSS(IAC EC IAC IAC IP, "function EC\ndata \\xff\\xf4\n"),
		LOSS(IAC IP "a" IAC IAC IP, "function IP\ndata a\\xff\\xf4\n"),
		LOSS(IAC IP IAC DM IAC IAC IP, "function IP\ndata \\xff\\xf4\n"),
		LOSS(DM IAC IP IAC DM DM, "data \\xf2\nfunction IP\ndata \\xf2\n"),
		LOSS(IAC IP IAC IAC "a", "function IP\ndata \\xffa\n"),
		LOSS(IAC IP IAC IAC SE, "function IP\ndata \\xff\\xf0\n"),
		LOSS(IAC IP IAC IAC IAC IAC IP, "function IP\ndata \\xff\\xff\\xf4\n"),
		LOSS(IAC IP IAC IAC, "function IP\ndata \\xff\n"),
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		check_loss(NVT_SERVER, &texts[i]);
}

static void byte_255_that_may_be_a_lost_mark_waits_for_the_next_byte(void **unused)
{
	struct transcript *t = plain_server();

	(void)unused;
	receive(t, IAC IP IAC IAC);
	assert_events(t, "function IP\n");
	assert_true(nvt_holds_key(t->nvt));
	nvt_release_key(t->nvt);
	assert_events(t, "data \\xff\n");
	assert_false(nvt_holds_key(t->nvt));
	receive(t, IP);
	assert_events(t, "data \\xf4\n");
	end(t);
}

/* As somebody types it in KOI8-R after ^C, by a client that sends no Synch with it. */
static void byte_242_is_data_when_it_comes_later_than_a_synch_would(void **unused)
{
	struct transcript *t = plain_server();

	(void)unused;
	receive(t, IAC IP);
	assert_true(nvt_holds_key(t->nvt));
	nvt_release_key(t->nvt);
	assert_false(nvt_holds_key(t->nvt));
	receive(t, DM "l");
	assert_events(t, "function IP\ndata \\xf2l\n");
	end(t);
}

/* An announced Synch keeps its mark. */
static void where_a_synch_is_announced_no_mark_is_lost(void **unused)
{
	struct transcript *t = plain_server();

	(void)unused;
	receive(t, IAC IP);
	nvt_urgent(t->nvt);
	receive(t, IAC IAC IP "dropped");
	assert_true(nvt_is_discarding(t->nvt));
	receive(t, IAC DM "a");
	assert_events(t, "function IP\ndata a\n");
	end(t);
}

/* ncat -t answers each command that it does not know so, the third byte being any. */
static void a_client_that_answers_with_three_bytes_types_none_of_them(void **unused)
{
	static const struct text answers[] = {
		LOSS("a" IAC "\0\0b", "data ab\n"),
		LOSS("a" IAC "\0xb", "data ab\n"),
		LOSS("a" IAC "\0" IAC "b" IAC IP, "data ab\nfunction IP\n"),
		LOSS(IAC "\0\0" IAC "\0\0" IAC DO TIMING_MARK, "timing-mark\n"),
	};
	static const struct text of_server = LOSS("a" IAC "\0b", "data ab\n");

	(void)unused;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		check_loss(NVT_SERVER, &answers[i]);
	check_loss(NVT_CLIENT, &of_server);
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
	assert_sent(t, IAC IAC IAC IAC IAC IAC SYNCH
		    "\0" IAC IAC SYNCH "\0" IAC DO TTYPE IAC_SB TTYPE SEND IAC_SE IAC DONT TTYPE);
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
		cmocka_unit_test(a_synch_is_sent_as_a_data_mark_after_an_urgent_byte),
		cmocka_unit_test(behind_a_synch_a_server_sends_a_byte_that_may_be_lost),
		cmocka_unit_test(
			the_stream_around_a_synch_is_whole_with_and_without_its_urgent_byte),
		cmocka_unit_test(what_follows_an_iac_and_cannot_be_a_command_is_data),
		cmocka_unit_test(a_command_after_a_function_and_a_lost_mark_is_no_data),
		cmocka_unit_test(byte_255_is_data_where_no_mark_can_be_lost),
		cmocka_unit_test(byte_255_that_may_be_a_lost_mark_waits_for_the_next_byte),
		cmocka_unit_test(byte_242_is_data_when_it_comes_later_than_a_synch_would),
		cmocka_unit_test(where_a_synch_is_announced_no_mark_is_lost),
		cmocka_unit_test(a_client_that_answers_with_three_bytes_types_none_of_them),
		cmocka_unit_test(cve_2022_39028_ec_or_el_as_the_first_bytes),
		cmocka_unit_test(cve_2001_0554_a_flood_of_ayt_gets_its_answers_and_no_more),
		cmocka_unit_test(cve_2020_10188_a_synch_amid_escapes_leaves_the_output_well_formed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
