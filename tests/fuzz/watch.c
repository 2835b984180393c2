/* SPDX-License-Identifier: ISC */
/* The strict reader of an endpoint's output, and the option states of RFC 1143. */
#include "tests/fuzz/watch.h"

#include <string.h>

/* Options that an endpoint may agree to at all; it has to refuse every other one. */
static const uint8_t agreeable[] = {
	O_BINARY,  O_ECHO,	  O_SGA,     O_STATUS,	  O_TTYPE,
	O_NAWS,	   O_TSPEED,	  O_LFLOW,   O_LINEMODE,  O_XDISPLOC,
	O_ENVIRON, O_NEW_ENVIRON, O_CHARSET, O_COMPRESS2, O_COMPRESS3,
};

/* --- RFC 1143 ------------------------------------------------------------------------------ */

/* Those that ask for one act and have no state: RFC 860, RFC 727. */
static bool is_stateless(uint8_t option)
{
	return option == O_TIMING_MARK || option == O_LOGOUT;
}

/* Where the client may edit lines a server claims ECHO and gives it up as its terminal's modes say.
 */
static bool is_untold(const struct watch *watch, uint8_t option)
{
	return option == O_ECHO && watch->line_mode && watch->role == NVT_SERVER;
}

bool watch_is_on(const struct watch *watch, bool local, uint8_t option)
{
	return watch->sides[local][option].state == SIDE_YES;
}

/* The state changes at once, or as what is due is sent. */
static void change(struct watch *watch, struct option_side *side, enum due due,
		   enum side_state state)
{
	watch->due = due;
	watch->due_state = state;
	side->opposite = false;
	if (due == DUE_NOTHING)
		side->state = state;
}

/* WILL or DO came. */
static void received_enable(struct watch *watch, struct option_side *side)
{
	switch (side->state) {
	case SIDE_NO:
		change(watch, side, DUE_EITHER, SIDE_NO);
		break;
	case SIDE_YES:
		break;
	case SIDE_WANT_NO: /* "DONT answered by WILL" is an error of the peer's */
		change(watch, side, DUE_NOTHING, side->opposite ? SIDE_YES : SIDE_NO);
		break;
	case SIDE_WANT_YES:
		if (side->opposite)
			change(watch, side, DUE_DISABLE, SIDE_WANT_NO);
		else
			change(watch, side, DUE_NOTHING, SIDE_YES);
		break;
	}
}

/* WONT or DONT came. */
static void received_disable(struct watch *watch, struct option_side *side)
{
	switch (side->state) {
	case SIDE_NO:
		break;
	case SIDE_YES:
		change(watch, side, DUE_DISABLE, SIDE_NO);
		break;
	case SIDE_WANT_NO:
		if (side->opposite)
			change(watch, side, DUE_ENABLE, SIDE_WANT_YES);
		else
			change(watch, side, DUE_NOTHING, SIDE_NO);
		break;
	case SIDE_WANT_YES:
		change(watch, side, DUE_NOTHING, SIDE_NO);
		break;
	}
}

static struct option_side *begin(struct watch *watch, bool local, uint8_t option)
{
	watch->due = DUE_NOTHING;
	watch->due_local = local;
	watch->due_option = option;
	return &watch->sides[local][option];
}

void watch_received(struct watch *watch, uint8_t command, uint8_t option)
{
	struct option_side *side = begin(watch, command == C_DO || command == C_DONT, option);

	if (is_stateless(option) || is_untold(watch, option))
		return;
	if (option == O_LINEMODE && watch->role == NVT_SERVER && watch->line_mode &&
	    !watch->has_terminal && (command == C_WILL || command == C_WONT)) {
		watch->deferred = command == C_WILL;
		return;
	}
	if (command == C_WILL || command == C_DO)
		received_enable(watch, side);
	else
		received_disable(watch, side);
}

void watch_asked(struct watch *watch, bool local, uint8_t option, bool enable)
{
	struct option_side *side = begin(watch, local, option);
	bool wanted = side->state == SIDE_YES || side->state == SIDE_WANT_YES;

	if (is_untold(watch, option))
		return;
	if (side->state == SIDE_WANT_NO || side->state == SIDE_WANT_YES)
		side->opposite = wanted != enable;
	else if (wanted != enable)
		change(watch, side, enable ? DUE_ENABLE : DUE_DISABLE,
		       enable ? SIDE_WANT_YES : SIDE_WANT_NO);
}

void watch_dealt_with(struct watch *watch)
{
	fuzz_require(watch->due == DUE_NOTHING, "option %u (local %d): an answer is missing",
		     watch->due_option, watch->due_local);
}

static bool may_agree(uint8_t option)
{
	return memchr(agreeable, option, sizeof(agreeable)) != NULL;
}

/* What was due is said. */
static void answered(struct watch *watch, struct option_side *side, bool enable)
{
	if (watch->due == DUE_EITHER) {
		side->state = enable ? SIDE_YES : SIDE_NO;
		fuzz_require(!enable || may_agree(watch->due_option), "option %u is agreed to",
			     watch->due_option);
	} else {
		side->state = watch->due_state;
		fuzz_require((watch->due == DUE_ENABLE) == enable,
			     "option %u (local %d): the wrong answer", watch->due_option,
			     watch->due_local);
	}
	watch->due = DUE_NOTHING;
}

static void sent_negotiation(struct watch *watch, uint8_t command, uint8_t option)
{
	bool local = command == C_WILL || command == C_WONT;
	bool enable = command == C_WILL || command == C_DO;
	struct option_side *side = &watch->sides[local][option];
	bool is_due = watch->due != DUE_NOTHING && watch->due_local == local &&
		      watch->due_option == option;

	watch->announced = command == C_DONT && option == C_NOP && !is_due;
	if (watch->announced || is_stateless(option) || is_untold(watch, option))
		return;
	if (option == O_LINEMODE && !local && watch->deferred) {
		fuzz_require(enable && watch->has_terminal, "LINEMODE has no terminal");
		watch->deferred = false;
		side->state = SIDE_YES;
		return;
	}
	if (is_due) {
		answered(watch, side, enable);
		return;
	}
	fuzz_require(side->state == (enable ? SIDE_NO : SIDE_YES),
		     "option %u (local %d) in state %u: %s is sent", option, local, side->state,
		     enable ? "WILL or DO" : "WONT or DONT");
	side->state = enable ? SIDE_WANT_YES : SIDE_WANT_NO;
}

/* --- STATUS -------------------------------------------------------------------------------- */

/*
 * A list of the options in effect must be that of the states. It may go on with subnegotiations,
 * each in SB and SE, which say more of an option (RFC 859).
 */
static void check_status(const struct watch *watch)
{
	size_t listed = 0, on = 0, i = 1;

	if (watch->body_size > sizeof(watch->body) || watch->body[0] != 0)
		return;
	for (; i + 1 < watch->body_size && watch->body[i] != C_SB; i += 2) {
		bool local = watch->body[i] == C_WILL;
		uint8_t option = watch->body[i + 1];

		fuzz_require(local || watch->body[i] == C_DO, "STATUS has %u", watch->body[i]);
		if (is_untold(watch, option))
			continue;
		fuzz_require(watch_is_on(watch, local, option),
			     "STATUS lists option %u (local %d), which is not in effect", option,
			     local);
		listed++;
	}
	fuzz_require(i == watch->body_size || watch->body[i] == C_SB, "STATUS is cut");
	for (int option = 0; option < 256; option++)
		on += (size_t)watch_is_on(watch, true, (uint8_t)option) +
		      (size_t)watch_is_on(watch, false, (uint8_t)option);
	fuzz_require(listed == on, "STATUS lists %zu of %zu options", listed, on);
}

/* --- the reader ---------------------------------------------------------------------------- */

static void decode(struct watch *watch, uint8_t byte)
{
	if (watch->decoded_size < sizeof(watch->decoded))
		watch->decoded[watch->decoded_size] = (char)byte;
	watch->decoded_size++;
}

static void sent_data(struct watch *watch, uint8_t byte)
{
	bool behind_cr = watch->sent == SENT_CR;

	watch->sent = SENT_DATA;
	if (watch_is_on(watch, true, O_BINARY)) {
		decode(watch, byte);
		return;
	}
	fuzz_require(!behind_cr || byte == '\n' || byte == '\0', "CR is followed by %u", byte);
	fuzz_require(behind_cr || byte != '\n' || watch->role == NVT_SERVER,
		     "a client sends LF without CR");
	if (!behind_cr || byte != '\0')
		decode(watch, byte);
	if (byte == '\r')
		watch->sent = SENT_CR;
}

static void sent_command(struct watch *watch, uint8_t byte)
{
	fuzz_require(!watch->announced || byte == C_DM, "IAC %u is sent in a Synch", byte);
	watch->announced = false;
	watch->command = byte;
	if (byte == C_IAC)
		sent_data(watch, byte);
	else if (byte == C_SB)
		watch->sent = SENT_SB;
	else if (byte >= C_WILL)
		watch->sent = SENT_COMMAND;
	else {
		fuzz_require(byte >= C_EOF && byte != C_SE, "IAC %u is sent", byte);
		watch->sent = SENT_DATA;
	}
}

static void sent_body_byte(struct watch *watch, uint8_t byte)
{
	if (watch->body_size < sizeof(watch->body))
		watch->body[watch->body_size] = byte;
	watch->body_size++;
	watch->sent = SENT_BODY;
}

static void sent_behind_iac_in_body(struct watch *watch, uint8_t byte)
{
	fuzz_require(byte == C_IAC || byte == C_SE, "IAC %u is sent in a subnegotiation", byte);
	if (byte == C_IAC) {
		sent_body_byte(watch, byte);
		return;
	}
	watch->sent = SENT_DATA;
	watch->marked = watch->body_size == 0 &&
			watch->option == (watch->role == NVT_SERVER ? O_COMPRESS2 : O_COMPRESS3);
	if (watch->option == O_STATUS && watch->body_size > 0)
		check_status(watch);
}

void watch_sent(struct watch *watch, uint8_t byte)
{
	watch->marked = false;
	fuzz_require(!watch->announced || watch->sent == SENT_IAC || byte == C_IAC,
		     "byte %u is sent in a Synch", byte);
	switch (watch->sent) {
	case SENT_DATA:
	case SENT_CR:
		if (byte != C_IAC) {
			sent_data(watch, byte);
			break;
		}
		fuzz_require(watch->sent == SENT_DATA || watch_is_on(watch, true, O_BINARY),
			     "IAC between CR and what follows it");
		watch->sent = SENT_IAC;
		break;
	case SENT_IAC:
		sent_command(watch, byte);
		break;
	case SENT_COMMAND:
		watch->sent = SENT_DATA;
		sent_negotiation(watch, watch->command, byte);
		break;
	case SENT_SB:
		watch->option = byte;
		watch->body_size = 0;
		watch->sent = SENT_BODY;
		break;
	case SENT_BODY:
		if (byte == C_IAC)
			watch->sent = SENT_BODY_IAC;
		else
			sent_body_byte(watch, byte);
		break;
	case SENT_BODY_IAC:
		sent_behind_iac_in_body(watch, byte);
		break;
	}
}

bool watch_is_at_rest(const struct watch *watch)
{
	return (watch->sent == SENT_DATA || watch->sent == SENT_CR) && !watch->announced;
}

void watch_check_mode(const struct watch *watch, const struct nvt_mode *mode)
{
	bool line_mode = watch_is_on(watch, watch->role == NVT_CLIENT, O_LINEMODE);

	fuzz_require((is_untold(watch, O_ECHO) ||
		      mode->echo == watch_is_on(watch, watch->role == NVT_SERVER, O_ECHO)) &&
			     mode->binary_input == watch_is_on(watch, false, O_BINARY) &&
			     mode->binary_output == watch_is_on(watch, true, O_BINARY) &&
			     mode->go_ahead == !watch_is_on(watch, true, O_SGA),
		     "the mode is not that of the options in effect");
	fuzz_require(line_mode || !(mode->line_mode || mode->edit || mode->trap_signals),
		     "there is a line mode without LINEMODE");
}
