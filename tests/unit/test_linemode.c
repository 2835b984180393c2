/* SPDX-License-Identifier: ISC */
/*
 * LINEMODE (RFC 1184) and flow control (RFC 1372) of an endpoint: when it is agreed on, which modes
 * are ordered and acknowledged, who echoes, and what a changed terminal makes the server tell.
 */
#include "tests/unit/transcript.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define ORDER(bits) IAC_SB LINEMODE MODE bits IAC_SE
#define TELL_SLC(triplets) IAC_SB LINEMODE SLC triplets IAC_SE
#define TELL_LFLOW(what) IAC_SB LFLOW what IAC_SE

/* MODE's bits, with and without the acknowledgement. */
#define NONE "\000"
#define EDIT "\001"
#define TRAPSIG "\002"
#define EDIT_ACK "\005"
#define TRAPSIG_ACK "\006"
#define BOTH "\003"
#define BOTH_ACK "\007"
#define ACK "\004"

/* The triplets of some functions, as the server's terminal has them. */
#define EC_DELETE "\012\002\177"
#define EC_BACKSPACE "\012\002\010"
#define EC_BACKSPACE_ACK "\012\202\010"

/* As a shell's terminal is. */
static const struct nvt_terminal usual = {
	.edit = true,
	.trap_signals = true,
	.echo = true,
	.flow_control = true,
	.special = {[NVT_SPECIAL_INTERRUPT_PROCESS] = 3,
		    [NVT_SPECIAL_ABORT] = 28,
		    [NVT_SPECIAL_END_OF_FILE] = 4,
		    [NVT_SPECIAL_SUSPEND] = 26,
		    [NVT_SPECIAL_ERASE_CHARACTER] = 127,
		    [NVT_SPECIAL_ERASE_LINE] = 21},
};

static struct nvt_terminal terminal;

static struct transcript *opened(enum nvt_role role, enum nvt_linemode linemode)
{
	struct transcript *t =
		new_endpoint_of(&(struct nvt_setup){.role = role, .linemode = linemode});

	terminal = usual;
	nvt_open(t->nvt);
	forget(t);
	return t;
}

/* A server with a terminal, whose client has agreed to what a server does. */
static struct transcript *server_with_terminal(enum nvt_linemode linemode)
{
	struct transcript *t = opened(NVT_SERVER, linemode);

	receive(t, AGREE_TO_LOCAL);
	nvt_set_terminal(t->nvt, &terminal);
	forget(t);
	return t;
}

/* The same in line mode, the order acknowledged and ECHO off. */
static struct transcript *server_in_line_mode(void)
{
	struct transcript *t = server_with_terminal(NVT_LINEMODE_WHEN_ASKED);

	receive(t, IAC WILL LINEMODE IAC DONT ECHO ORDER(BOTH_ACK));
	assert_true(nvt_mode(t->nvt)->line_mode);
	assert_false(nvt_mode(t->nvt)->echo);
	forget(t);
	return t;
}

static void tell_terminal(struct transcript *t)
{
	nvt_set_terminal(t->nvt, &terminal);
}

/* --- when it is agreed on ----------------------------------------------------------------- */

static void a_client_that_asks_gets_line_mode_and_the_terminals_mode(void **unused)
{
	struct transcript *t = server_with_terminal(NVT_LINEMODE_WHEN_ASKED);

	(void)unused;
	receive(t, IAC WILL LINEMODE);
	assert_sent(t, IAC DO LINEMODE ORDER(BOTH) IAC WONT ECHO);
	assert_events(t, "mode\nline-mode edit trap-signals\n");
	receive(t, IAC WILL LINEMODE IAC DONT ECHO ORDER(BOTH_ACK));
	assert_sent(t, "");
	end(t);
}

static void without_a_terminal_the_answer_waits_for_one(void **unused)
{
	struct transcript *t = opened(NVT_SERVER, NVT_LINEMODE_WHEN_ASKED);

	(void)unused;
	receive(t, AGREE_TO_LOCAL IAC WILL LINEMODE TELL_SLC(EC_BACKSPACE) ORDER(EDIT));
	forget(t);
	tell_terminal(t);
	assert_sent(t, IAC DO LINEMODE ORDER(BOTH) IAC WONT ECHO);
	end(t);

	t = opened(NVT_SERVER, NVT_LINEMODE_WHEN_ASKED);
	receive(t, AGREE_TO_LOCAL IAC WILL LINEMODE IAC WONT LINEMODE);
	forget(t);
	tell_terminal(t);
	assert_sent(t, "");
	end(t);
}

static void a_server_told_not_to_refuses_it(void **unused)
{
	struct transcript *t = server_with_terminal(NVT_LINEMODE_NO);

	(void)unused;
	receive(t, IAC WILL LINEMODE TELL_SLC(EC_BACKSPACE) ORDER(EDIT));
	assert_sent(t, IAC DONT LINEMODE);
	receive(t, IAC DONT SGA);
	assert_sent(t, IAC WONT SGA);
	end(t);
}

static void a_server_told_to_ask_asks_as_soon_as_there_is_a_terminal(void **unused)
{
	struct transcript *t = opened(NVT_SERVER, NVT_LINEMODE_ASK);

	(void)unused;
	tell_terminal(t);
	assert_sent(t, IAC DO LINEMODE);
	receive(t, IAC WONT LINEMODE IAC DONT SGA);
	tell_terminal(t);
	assert_sent(t, "");
	end(t);
}

static void a_client_that_refuses_sga_is_asked_for_it_once(void **unused)
{
	struct transcript *t = server_with_terminal(NVT_LINEMODE_WHEN_ASKED);

	(void)unused;
	receive(t, IAC DONT SGA);
	assert_sent(t, IAC WONT SGA IAC DO LINEMODE);
	receive(t, IAC WONT LINEMODE IAC DO SGA IAC DONT SGA);
	assert_sent(t, IAC WILL SGA IAC WONT SGA);
	end(t);

	t = opened(NVT_SERVER, NVT_LINEMODE_WHEN_ASKED);
	receive(t, IAC DONT SGA);
	assert_sent(t, "");
	tell_terminal(t);
	assert_sent(t, IAC DO LINEMODE);
	end(t);
}

/* --- MODE --------------------------------------------------------------------------------- */

static void a_change_of_the_terminal_is_ordered_once(void **unused)
{
	struct transcript *t = server_in_line_mode();

	(void)unused;
	terminal.soft_tab = terminal.literal_echo = true;
	tell_terminal(t);
	assert_sent(t, ORDER("\033"));
	tell_terminal(t);
	assert_sent(t, "");
	end(t);
}

static void a_raw_terminal_gets_single_keys_and_echoes_by_itself(void **unused)
{
	struct transcript *t = server_in_line_mode();

	(void)unused;
	terminal.edit = terminal.trap_signals = terminal.echo = false;
	tell_terminal(t);
	assert_sent(t, ORDER(NONE) IAC WILL ECHO);
	receive(t, ORDER(ACK) IAC DO ECHO);
	assert_true(nvt_mode(t->nvt)->line_mode);
	assert_false(nvt_mode(t->nvt)->edit);
	tell_terminal(t);
	assert_sent(t, "");
	terminal = usual;
	tell_terminal(t);
	assert_sent(t, IAC WONT ECHO ORDER(BOTH));
	end(t);
}

static void a_password_prompt_is_edited_but_not_shown(void **unused)
{
	struct transcript *t = server_in_line_mode();

	(void)unused;
	terminal.echo = false;
	tell_terminal(t);
	assert_sent(t, IAC WILL ECHO);
	receive(t, IAC DO ECHO);
	assert_true(nvt_mode(t->nvt)->edit);
	terminal.echo = true;
	tell_terminal(t);
	assert_sent(t, IAC WONT ECHO);
	end(t);
}

static void what_the_client_shows_the_server_does_not_agree_to_echo(void **unused)
{
	struct transcript *t = server_in_line_mode();

	(void)unused;
	receive(t, IAC DO ECHO);
	assert_sent(t, IAC WONT ECHO);
	end(t);
}

static void no_acknowledgement_is_answered(void **unused)
{
	struct transcript *t = server_in_line_mode();

	(void)unused;
	for (unsigned mode = 0; mode < 256; mode++) {
		const char body[] = {'\377', '\372', '\042', 1, (char)(mode | 4), '\377', '\360'};

		if ((mode | 4) == 255)
			continue;
		receive_bytes(t, body, sizeof(body));
		/* ECHO follows what the client takes over; MODE itself is not sent again. */
		assert_null(memmem(t->sent.at, t->sent.size, IAC_SB LINEMODE, 3));
	}
	end(t);
}

static void a_client_that_does_less_leaves_it_to_the_terminal(void **unused)
{
	struct transcript *t = server_with_terminal(NVT_LINEMODE_WHEN_ASKED);

	(void)unused;
	receive(t, IAC WILL LINEMODE IAC DONT ECHO);
	forget(t);
	receive(t, ORDER(TRAPSIG_ACK));
	assert_sent(t, IAC WILL ECHO);
	assert_false(nvt_mode(t->nvt)->line_mode);
	receive(t, IAC DO ECHO ORDER(BOTH));
	assert_sent(t, ORDER(BOTH_ACK) IAC WONT ECHO);
	assert_true(nvt_mode(t->nvt)->line_mode);
	end(t);
}

static void a_client_cannot_do_more_than_the_terminal_asks_for(void **unused)
{
	struct transcript *t = server_with_terminal(NVT_LINEMODE_WHEN_ASKED);

	(void)unused;
	terminal.edit = false;
	tell_terminal(t);
	receive(t, IAC WILL LINEMODE IAC DONT ECHO ORDER(TRAPSIG_ACK));
	forget(t);
	receive(t, ORDER(BOTH_ACK));
	assert_false(nvt_mode(t->nvt)->edit);
	receive(t, ORDER(BOTH));
	assert_sent(t, ORDER(TRAPSIG));
	receive(t, ORDER(TRAPSIG_ACK) ORDER(EDIT));
	assert_sent(t, ORDER(NONE) IAC WILL ECHO);
	end(t);
}

/* Of two orders the first one's acknowledgement comes when the second is on its way. */
static void an_acknowledgement_that_is_too_late_changes_nothing(void **unused)
{
	struct transcript *t = server_in_line_mode();

	(void)unused;
	terminal.edit = false;
	tell_terminal(t);
	terminal.edit = true;
	tell_terminal(t);
	receive(t, ORDER(TRAPSIG_ACK));
	assert_true(nvt_mode(t->nvt)->line_mode);
	assert_true(nvt_mode(t->nvt)->edit);
	receive(t, ORDER(BOTH_ACK));
	assert_true(nvt_mode(t->nvt)->edit);
	end(t);
}

static void leaving_line_mode_gives_the_echo_back_to_the_server(void **unused)
{
	struct transcript *t = server_in_line_mode();

	(void)unused;
	receive(t, IAC WONT LINEMODE);
	assert_sent(t, IAC DONT LINEMODE IAC WILL ECHO);
	assert_false(nvt_mode(t->nvt)->line_mode);
	terminal.edit = false;
	tell_terminal(t);
	receive(t, ORDER(EDIT) TELL_SLC(EC_BACKSPACE) IAC DO ECHO);
	assert_sent(t, "");
	end(t);
}

/* --- special characters and FORWARDMASK --------------------------------------------------- */

static void the_clients_characters_become_the_terminals(void **unused)
{
	struct transcript *t = server_in_line_mode();

	(void)unused;
	receive(t, TELL_SLC(EC_BACKSPACE "\003\142\003"));
	assert_sent(t, TELL_SLC("\003\342\003" EC_BACKSPACE_ACK));
	assert_events(t, "specials 3=3 7=28 8=4 9=26 10=8 11=21\n");
	terminal.special[NVT_SPECIAL_ERASE_CHARACTER] = 8;
	tell_terminal(t);
	assert_sent(t, "");
	end(t);
}

static void the_terminals_characters_become_the_clients(void **unused)
{
	struct transcript *t = server_in_line_mode();

	(void)unused;
	terminal.special[NVT_SPECIAL_ERASE_CHARACTER] = 8;
	tell_terminal(t);
	assert_sent(t, TELL_SLC(EC_BACKSPACE));
	receive(t, TELL_SLC(EC_BACKSPACE_ACK));
	assert_sent(t, "");
	assert_events(t, "");
	end(t);
}

static void the_defaults_are_those_of_the_terminal_at_first(void **unused)
{
	struct transcript *t = server_in_line_mode();

	(void)unused;
	terminal.special[NVT_SPECIAL_ERASE_CHARACTER] = 8;
	tell_terminal(t);
	forget(t);
	receive(t, TELL_SLC("\000\003\000"));
	assert_sent(t, TELL_SLC("\003\142\003\007\142\034\010\002\004\011\102\032" EC_DELETE
				"\013\002\025"));
	assert_events(t, "specials 3=3 7=28 8=4 9=26 10=127 11=21\n");
	end(t);
}

static void signals_that_flush_nothing_make_no_client_flush(void **unused)
{
	struct transcript *t = server_in_line_mode();

	(void)unused;
	terminal.keep_on_signal = true;
	tell_terminal(t);
	forget(t);
	receive(t, TELL_SLC("\000\002\000"));
	assert_sent(t, TELL_SLC("\003\002\003\007\002\034\010\002\004\011\002\032" EC_DELETE
				"\013\002\025"));
	end(t);
}

static void characters_that_end_a_line_are_a_forward_mask(void **unused)
{
	struct transcript *t = server_in_line_mode();

	(void)unused;
	terminal.special[NVT_SPECIAL_FORWARD_1] = 9;
	tell_terminal(t);
	assert_sent(t, TELL_SLC("\021\002\011") IAC_SB LINEMODE DO FORWARDMASK "\000\100" IAC_SE);
	receive(t, IAC_SB LINEMODE WILL FORWARDMASK IAC_SE);
	tell_terminal(t);
	assert_sent(t, "");
	terminal.special[NVT_SPECIAL_FORWARD_1] = 0;
	tell_terminal(t);
	assert_sent(t, TELL_SLC("\021\000\000") IAC_SB LINEMODE DONT FORWARDMASK IAC_SE);
	end(t);
}

static void a_client_that_refuses_a_forward_mask_is_told_no_other(void **unused)
{
	struct transcript *t = server_in_line_mode();

	(void)unused;
	terminal.special[NVT_SPECIAL_FORWARD_1] = 9;
	tell_terminal(t);
	receive(t, IAC_SB LINEMODE WONT FORWARDMASK IAC_SE);
	forget(t);
	terminal.special[NVT_SPECIAL_FORWARD_2] = 10;
	tell_terminal(t);
	assert_sent(t, TELL_SLC("\022\002\012"));
	end(t);
}

static void bodies_that_are_none_are_malformed(void **unused)
{
	static const struct {
		const char *bytes;
		size_t size;
	} bodies[] = {
		{IAC_SB LINEMODE IAC_SE, 5},
		{IAC_SB LINEMODE MODE IAC_SE, 6},
		{IAC_SB LINEMODE MODE BOTH BOTH IAC_SE, 8},
		{IAC_SB LINEMODE "\004" IAC_SE, 6},
		{IAC_SB LINEMODE DO SLC IAC_SE, 7},
		{IAC_SB LINEMODE DO IAC_SE, 6},
	};

	(void)unused;
	for (size_t i = 0; i < COUNT(bodies); i++) {
		struct transcript *t = server_in_line_mode();

		for (int k = 0; k < 16; k++)
			assert_int_equal(receive_bytes(t, bodies[i].bytes, bodies[i].size), 0);
		assert_sent(t, "");
		assert_int_not_equal(receive_bytes(t, bodies[i].bytes, bodies[i].size), 0);
		end(t);
	}
}

/* --- the client --------------------------------------------------------------------------- */

static struct transcript *client_in_line_mode(void)
{
	struct transcript *t = opened(NVT_CLIENT, NVT_LINEMODE_WHEN_ASKED);

	receive(t, IAC DO LINEMODE);
	assert_sent(t, IAC WILL LINEMODE TELL_SLC("\000\003\000"));
	forget(t);
	return t;
}

static void a_client_without_characters_asks_for_the_servers(void **unused)
{
	struct transcript *t = client_in_line_mode();

	(void)unused;
	assert_true(nvt_mode(t->nvt)->line_mode);
	nvt_ask_specials(t->nvt);
	assert_sent(t, TELL_SLC("\000\002\000"));
	end(t);
}

static void a_client_with_characters_tells_them(void **unused)
{
	struct transcript *t = opened(NVT_CLIENT, NVT_LINEMODE_WHEN_ASKED);

	(void)unused;
	tell_terminal(t);
	assert_sent(t, "");
	receive(t, IAC DO LINEMODE);
	assert_sent(t, IAC WILL LINEMODE TELL_SLC(
			       "\003\142\003\007\142\034\010\002\004\011\102\032" EC_DELETE
			       "\013\002\025"));
	terminal.special[NVT_SPECIAL_ERASE_CHARACTER] = 8;
	tell_terminal(t);
	assert_sent(t, TELL_SLC(EC_BACKSPACE));
	end(t);
}

static void a_client_that_edits_nothing_refuses(void **unused)
{
	struct transcript *t = opened(NVT_CLIENT, NVT_LINEMODE_NO);

	(void)unused;
	receive(t, IAC DO LINEMODE);
	assert_sent(t, IAC WONT LINEMODE);
	receive(t, ORDER(BOTH) TELL_SLC(EC_BACKSPACE));
	assert_sent(t, "");
	end(t);
}

static void what_is_done_with_line_mode_can_be_changed(void **unused)
{
	struct transcript *t = opened(NVT_CLIENT, NVT_LINEMODE_WHEN_ASKED);

	(void)unused;
	nvt_set_linemode(t->nvt, NVT_LINEMODE_NO);
	receive(t, IAC DO LINEMODE);
	assert_sent(t, IAC WONT LINEMODE);
	nvt_set_linemode(t->nvt, NVT_LINEMODE_WHEN_ASKED);
	receive(t, IAC DO LINEMODE);
	assert_true(nvt_is_local_on(t->nvt, 34));
	end(t);
}

static void a_client_acknowledges_each_new_mode_once(void **unused)
{
	struct transcript *t = client_in_line_mode();

	(void)unused;
	receive(t, ORDER(BOTH));
	assert_sent(t, ORDER(BOTH_ACK));
	assert_true(nvt_mode(t->nvt)->edit);
	receive(t, ORDER(BOTH) ORDER(BOTH_ACK) ORDER(TRAPSIG_ACK));
	assert_sent(t, "");
	assert_true(nvt_mode(t->nvt)->edit);
	receive(t, ORDER("\032"));
	assert_sent(t, ORDER("\036"));
	assert_false(nvt_mode(t->nvt)->edit);
	assert_true(nvt_mode(t->nvt)->soft_tab);
	assert_true(nvt_mode(t->nvt)->literal_echo);
	end(t);
}

static void a_client_acknowledges_no_more_than_it_can_do(void **unused)
{
	struct transcript *t = opened(NVT_CLIENT, NVT_LINEMODE_WHEN_ASKED);

	(void)unused;
	terminal.edit = false;
	tell_terminal(t);
	receive(t, IAC DO LINEMODE);
	forget(t);
	receive(t, ORDER(BOTH));
	assert_sent(t, ORDER(TRAPSIG_ACK));
	end(t);
}

static void a_client_takes_over_the_servers_characters(void **unused)
{
	struct transcript *t = opened(NVT_CLIENT, NVT_LINEMODE_WHEN_ASKED);

	(void)unused;
	tell_terminal(t);
	receive(t, IAC DO LINEMODE);
	forget(t);
	receive(t, TELL_SLC(EC_BACKSPACE));
	assert_sent(t, TELL_SLC(EC_BACKSPACE_ACK));
	assert_events(t, "specials 3=3 7=28 8=4 9=26 10=8 11=21\n");
	end(t);
}

static void a_client_keeps_the_mask_that_it_was_told(void **unused)
{
	struct transcript *t = client_in_line_mode();
	char long_mask[5 + 2000 + 2] = IAC_SB LINEMODE DO FORWARDMASK;

	(void)unused;
	assert_null(nvt_forward_mask(t->nvt));
	receive(t, IAC_SB LINEMODE DO FORWARDMASK "\000\100" IAC IAC IAC_SE);
	assert_sent(t, IAC_SB LINEMODE WILL FORWARDMASK IAC_SE);
	assert_non_null(nvt_forward_mask(t->nvt));
	assert_int_equal(nvt_forward_mask(t->nvt)[1], 0100);
	assert_int_equal(nvt_forward_mask(t->nvt)[2], 255);
	assert_int_equal(nvt_forward_mask(t->nvt)[3], 0);
	memset(long_mask + 5, 1, 2000);
	memcpy(long_mask + 2005, IAC_SE, 2);
	receive_bytes(t, long_mask, sizeof(long_mask));
	assert_int_equal(nvt_forward_mask(t->nvt)[NVT_MASK_SIZE - 1], 1);
	receive(t, IAC_SB LINEMODE DONT FORWARDMASK IAC_SE);
	assert_null(nvt_forward_mask(t->nvt));
	end(t);
}

/* --- flow control ------------------------------------------------------------------------- */

static void flow_control_follows_the_terminal(void **unused)
{
	struct transcript *t = server_with_terminal(NVT_LINEMODE_NO);

	(void)unused;
	receive(t, IAC WILL LFLOW);
	assert_sent(t, TELL_LFLOW("\003") TELL_LFLOW("\001"));
	terminal.flow_control = false;
	tell_terminal(t);
	assert_sent(t, TELL_LFLOW("\000"));
	terminal.flow_control = terminal.restart_any = true;
	tell_terminal(t);
	assert_sent(t, TELL_LFLOW("\002") TELL_LFLOW("\001"));
	tell_terminal(t);
	receive(t, TELL_LFLOW("\000"));
	assert_sent(t, "");
	receive(t, IAC WONT LFLOW);
	forget(t);
	terminal.flow_control = false;
	tell_terminal(t);
	assert_sent(t, "");
	end(t);
}

static void flow_control_is_ordered_once_there_is_a_terminal(void **unused)
{
	struct transcript *t = opened(NVT_SERVER, NVT_LINEMODE_NO);

	(void)unused;
	receive(t, IAC WILL LFLOW);
	assert_sent(t, "");
	tell_terminal(t);
	assert_sent(t, TELL_LFLOW("\003") TELL_LFLOW("\001"));
	end(t);
}

static void a_client_controls_its_flow_as_it_is_told(void **unused)
{
	struct transcript *t = opened(NVT_CLIENT, NVT_LINEMODE_NO);

	(void)unused;
	receive(t, TELL_LFLOW("\000"));
	assert_false(nvt_mode(t->nvt)->flow_control);
	receive(t, IAC DO LFLOW);
	assert_sent(t, IAC WILL LFLOW);
	assert_true(nvt_mode(t->nvt)->flow_control);
	receive(t, TELL_LFLOW("\002") TELL_LFLOW("\000"));
	assert_false(nvt_mode(t->nvt)->flow_control);
	assert_true(nvt_mode(t->nvt)->restart_any);
	receive(t, TELL_LFLOW("\003") TELL_LFLOW("\001") TELL_LFLOW("\004") TELL_LFLOW(""));
	assert_true(nvt_mode(t->nvt)->flow_control);
	assert_false(nvt_mode(t->nvt)->restart_any);
	receive(t, IAC DONT LFLOW);
	assert_false(nvt_mode(t->nvt)->flow_control);
	end(t);
}

/* --- GA and LOGOUT ------------------------------------------------------------------------ */

static void only_a_peer_that_refused_to_be_without_ga_awaits_it(void **unused)
{
	struct transcript *t = opened(NVT_SERVER, NVT_LINEMODE_NO);

	(void)unused;
	assert_false(nvt_awaits_go_ahead(t->nvt));
	nvt_tick(t->nvt);
	receive(t, IAC DO ECHO);
	assert_false(nvt_awaits_go_ahead(t->nvt));
	receive(t, IAC DO SGA);
	assert_false(nvt_awaits_go_ahead(t->nvt));
	receive(t, IAC DONT SGA);
	assert_true(nvt_awaits_go_ahead(t->nvt));
	receive(t, IAC DO SGA);
	assert_false(nvt_awaits_go_ahead(t->nvt));
	nvt_ask_local(t->nvt, 3, false);
	receive(t, IAC DONT SGA);
	assert_false(nvt_awaits_go_ahead(t->nvt));
	end(t);

	t = opened(NVT_SERVER, NVT_LINEMODE_NO);
	receive(t, IAC DONT SGA);
	assert_true(nvt_awaits_go_ahead(t->nvt));
	end(t);
}

static void a_client_that_asked_to_be_logged_out_takes_the_answer(void **unused)
{
	struct transcript *t = opened(NVT_CLIENT, NVT_LINEMODE_NO);

	(void)unused;
	nvt_ask_logout(t->nvt);
	assert_sent(t, IAC DO LOGOUT);
	receive(t, IAC WILL LOGOUT);
	assert_sent(t, "");
	receive(t, IAC WILL LOGOUT);
	assert_sent(t, IAC DONT LOGOUT);
	nvt_ask_logout(t->nvt);
	receive(t, IAC WONT LOGOUT);
	assert_sent(t, IAC DO LOGOUT);
	end(t);
}

/* --- the bound of what is answered -------------------------------------------------------- */

struct text {
	const char *bytes;
	size_t size;
};

#define TEXT(bytes)                                                                                \
	{                                                                                          \
		bytes, sizeof(bytes) - 1                                                           \
	}

static const struct text greedy[] = {
	TEXT(IAC WILL LINEMODE),
	TEXT(IAC WONT LINEMODE),
	TEXT(IAC DO ECHO),
	TEXT(IAC DONT ECHO),
	TEXT(IAC DO SGA),
	TEXT(IAC DONT SGA),
	TEXT(IAC WILL LFLOW),
	TEXT(IAC WONT LFLOW),
	TEXT(IAC DO STATUS),
	TEXT(IAC_SB STATUS SEND IAC_SE),
	TEXT(IAC AYT),
	TEXT(ORDER(NONE)),
	TEXT(ORDER(EDIT)),
	TEXT(ORDER(BOTH)),
	TEXT(ORDER(ACK)),
	TEXT(ORDER(EDIT_ACK)),
	TEXT(ORDER(BOTH_ACK)),
	TEXT(TELL_SLC("\000\003\000")),
	TEXT(TELL_SLC("\000\002\000")),
	TEXT(TELL_SLC(EC_BACKSPACE)),
	TEXT(TELL_SLC("\001\002\360\002\002\360\005\002\360\003\002\360\004\002\360\010\002\360")),
	TEXT(TELL_SLC(IAC IAC "\002" IAC IAC)),
	TEXT(TELL_SLC("\021\002\170\022\002\171")),
	TEXT(IAC_SB LINEMODE WILL FORWARDMASK IAC_SE),
	TEXT(IAC_SB LINEMODE WONT FORWARDMASK IAC_SE),
};

/* The owner does as a session: what the peer changes of the terminal it tells back. */
static void on_specials_take_over(void *owner, const unsigned char special[NVT_SPECIALS])
{
	(void)owner;
	memcpy(terminal.special, special, sizeof(terminal.special));
}

static void begin_greed(struct transcript **t)
{
	*t = opened(NVT_SERVER, NVT_LINEMODE_WHEN_ASKED);
	for (int i = NVT_SPECIAL_INTERRUPT_PROCESS; i <= NVT_SPECIAL_FORWARD_2; i++)
		terminal.special[i] = (unsigned char)(0x60 + i);
	(*t)->calls.specials = on_specials_take_over;
	nvt_set_terminal((*t)->nvt, &terminal);
	forget(*t);
}

static void assert_bounded(struct transcript *t, size_t sent_before)
{
	nvt_set_terminal(t->nvt, &terminal);
	if (t->sent_ever - sent_before > NVT_ANSWER_FACTOR * t->received_ever)
		fail_msg("%zu bytes for %zu", t->sent_ever - sent_before, t->received_ever);
}

static void any_two_questions_again_and_again_are_answered_within_the_bound(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < COUNT(greedy) * COUNT(greedy); i++) {
		const struct text *one = &greedy[i / COUNT(greedy)];
		const struct text *other = &greedy[i % COUNT(greedy)];
		struct transcript *t;
		size_t before;

		begin_greed(&t);
		before = t->sent_ever;
		receive(t, IAC WILL LINEMODE);
		for (int k = 0; k < 30; k++) {
			receive_bytes(t, one->bytes, one->size);
			assert_bounded(t, before);
			receive_bytes(t, other->bytes, other->size);
			assert_bounded(t, before);
		}
		end(t);
	}
}

static void a_random_stream_of_questions_is_answered_within_the_bound(void **unused)
{
	uint32_t seed = 1184;

	(void)unused;
	for (int round = 0; round < 1000; round++) {
		struct transcript *t;
		size_t before;

		begin_greed(&t);
		before = t->sent_ever;
		for (int i = 0; i < 100; i++) {
			seed = seed * 1664525 + 1013904223;
			receive_bytes(t, greedy[(seed >> 8) % COUNT(greedy)].bytes,
				      greedy[(seed >> 8) % COUNT(greedy)].size);
			assert_bounded(t, before);
		}
		end(t);
	}
}

/* --- a server and a client ---------------------------------------------------------------- */

/* Hands on what each has sent until both are silent, which is to be soon. */
static void let_them_talk(struct transcript *one, struct transcript *other)
{
	for (int round = 0; one->sent.size > 0 || other->sent.size > 0; round++) {
		struct bytes of_one = one->sent, of_other = other->sent;

		assert_true(round < 8);
		one->sent = other->sent = (struct bytes){NULL, 0, 0};
		clear(&one->sent);
		clear(&other->sent);
		receive_bytes(other, of_one.at, of_one.size);
		receive_bytes(one, of_other.at, of_other.size);
		free(of_one.at);
		free(of_other.at);
	}
}

static void both_ends_agree_on_every_change_and_fall_silent(void **unused)
{
	struct transcript *server = new_endpoint_of(
		&(struct nvt_setup){.role = NVT_SERVER, .linemode = NVT_LINEMODE_ASK});
	struct transcript *client = opened(NVT_CLIENT, NVT_LINEMODE_WHEN_ASKED);

	(void)unused;
	terminal.special[NVT_SPECIAL_ERASE_CHARACTER] = 8;
	tell_terminal(client);
	nvt_open(server->nvt);
	nvt_set_terminal(server->nvt, &usual);
	let_them_talk(server, client);
	assert_true(nvt_mode(server->nvt)->line_mode && nvt_mode(client->nvt)->edit);
	assert_true(nvt_mode(client->nvt)->flow_control);
	assert_false(nvt_mode(client->nvt)->echo);
	assert_non_null(strstr(server->events.at, "specials 3=3 7=28 8=4 9=26 10=8 11=21\n"));
	forget(client);

	terminal.special[NVT_SPECIAL_ERASE_CHARACTER] = 127;
	terminal.special[NVT_SPECIAL_FORWARD_2] = 9;
	terminal.echo = terminal.edit = terminal.flow_control = false;
	tell_terminal(server);
	let_them_talk(server, client);
	assert_false(nvt_mode(client->nvt)->edit);
	assert_false(nvt_mode(client->nvt)->flow_control);
	assert_true(nvt_mode(client->nvt)->echo);
	assert_int_equal(nvt_forward_mask(client->nvt)[1], 0100);
	assert_non_null(strstr(client->events.at, "10=127"));
	end(server);
	end(client);
}

/* --- an owner that is asked --------------------------------------------------------------- */

static void on_terminal_wanted(void *owner)
{
	struct transcript *t = owner;

	note(t, "terminal wanted");
	terminal.edit = false;
	nvt_set_terminal(t->nvt, &terminal);
}

static void an_owner_that_was_asked_may_tell_the_terminal_anew(void **unused)
{
	struct transcript *t = server_with_terminal(NVT_LINEMODE_WHEN_ASKED);

	(void)unused;
	t->calls.terminal_wanted = on_terminal_wanted;
	receive(t, IAC WILL LINEMODE);
	assert_sent(t, IAC DO LINEMODE ORDER(TRAPSIG) IAC WONT ECHO);
	receive(t, IAC WILL LINEMODE);
	assert_events(t, "terminal wanted\nmode\nline-mode trap-signals\n");
	end(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_client_that_asks_gets_line_mode_and_the_terminals_mode),
		cmocka_unit_test(without_a_terminal_the_answer_waits_for_one),
		cmocka_unit_test(a_server_told_not_to_refuses_it),
		cmocka_unit_test(a_server_told_to_ask_asks_as_soon_as_there_is_a_terminal),
		cmocka_unit_test(a_client_that_refuses_sga_is_asked_for_it_once),
		cmocka_unit_test(an_owner_that_was_asked_may_tell_the_terminal_anew),
		cmocka_unit_test(a_change_of_the_terminal_is_ordered_once),
		cmocka_unit_test(a_raw_terminal_gets_single_keys_and_echoes_by_itself),
		cmocka_unit_test(a_password_prompt_is_edited_but_not_shown),
		cmocka_unit_test(what_the_client_shows_the_server_does_not_agree_to_echo),
		cmocka_unit_test(no_acknowledgement_is_answered),
		cmocka_unit_test(a_client_that_does_less_leaves_it_to_the_terminal),
		cmocka_unit_test(a_client_cannot_do_more_than_the_terminal_asks_for),
		cmocka_unit_test(an_acknowledgement_that_is_too_late_changes_nothing),
		cmocka_unit_test(leaving_line_mode_gives_the_echo_back_to_the_server),
		cmocka_unit_test(the_clients_characters_become_the_terminals),
		cmocka_unit_test(the_terminals_characters_become_the_clients),
		cmocka_unit_test(the_defaults_are_those_of_the_terminal_at_first),
		cmocka_unit_test(signals_that_flush_nothing_make_no_client_flush),
		cmocka_unit_test(characters_that_end_a_line_are_a_forward_mask),
		cmocka_unit_test(a_client_that_refuses_a_forward_mask_is_told_no_other),
		cmocka_unit_test(bodies_that_are_none_are_malformed),
		cmocka_unit_test(a_client_without_characters_asks_for_the_servers),
		cmocka_unit_test(a_client_with_characters_tells_them),
		cmocka_unit_test(a_client_that_edits_nothing_refuses),
		cmocka_unit_test(what_is_done_with_line_mode_can_be_changed),
		cmocka_unit_test(a_client_acknowledges_each_new_mode_once),
		cmocka_unit_test(a_client_acknowledges_no_more_than_it_can_do),
		cmocka_unit_test(a_client_takes_over_the_servers_characters),
		cmocka_unit_test(a_client_keeps_the_mask_that_it_was_told),
		cmocka_unit_test(flow_control_follows_the_terminal),
		cmocka_unit_test(flow_control_is_ordered_once_there_is_a_terminal),
		cmocka_unit_test(a_client_controls_its_flow_as_it_is_told),
		cmocka_unit_test(only_a_peer_that_refused_to_be_without_ga_awaits_it),
		cmocka_unit_test(a_client_that_asked_to_be_logged_out_takes_the_answer),
		cmocka_unit_test(both_ends_agree_on_every_change_and_fall_silent),
		cmocka_unit_test(any_two_questions_again_and_again_are_answered_within_the_bound),
		cmocka_unit_test(a_random_stream_of_questions_is_answered_within_the_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
