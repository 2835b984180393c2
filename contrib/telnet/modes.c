/* SPDX-License-Identifier: ISC */
/* What the server's options, and the user's wishes, make of the terminal. */
#include "contrib/telnet/modes.h"

#include <arpa/telnet.h>
#include <string.h>
#include <unistd.h>

#include "contrib/telnet/specials.h"

bool modes_use_lines(const struct session *session)
{
	return !session->telnet && terminal_is_there() && session->typing == SESSION_LINES &&
	       !session->input_ended;
}

/* A character that is to be acted on at once also in a line, as far as the kernel has room. */
static void add_end(struct terminal_mode *mode, cc_t character)
{
	size_t i = 0;

	if (character == mode->escape || character == '\n')
		return;
	while (i < TERMINAL_ENDS && mode->ends[i] != 0 && mode->ends[i] != character)
		i++;
	if (i < TERMINAL_ENDS)
		mode->ends[i] = character;
}

/* What LINEMODE says that is to be done here (RFC 1184). */
static void follow_line_mode(const struct session *session, struct terminal_mode *mode)
{
	const struct nvt_mode *agreed = nvt_mode(session->nvt);
	const unsigned char *mask = nvt_forward_mask(session->nvt);

	mode->edit = agreed->edit;
	mode->trap_signals = agreed->trap_signals && session->settings->local_characters;
	mode->soft_tab = agreed->soft_tab;
	mode->literal_echo = agreed->literal_echo;
	mode->has_characters = true;
	memcpy(mode->characters, terminal_characters(), sizeof(mode->characters));
	specials_to_terminal(mode->characters, session->special);
	for (int i = 1; mask && i < 256; i++)
		if (mask[i / 8] & 0x80 >> i % 8)
			add_end(mode, (cc_t)i);
	add_end(mode, session->special[NVT_SPECIAL_FORWARD_1]);
	add_end(mode, session->special[NVT_SPECIAL_FORWARD_2]);
}

/* The key behind rlogin's ~ comes at once, whatever it is: also ^Z, and in a line. */
static void hand_on_next_key(struct terminal_mode *mode)
{
	mode->edit = false;
	mode->swaps_ends = mode->cooked;
	if (!mode->has_characters)
		memcpy(mode->characters, terminal_characters(), sizeof(mode->characters));
	mode->has_characters = true;
	mode->characters[VSUSP] = _POSIX_VDISABLE;
}

static struct terminal_mode text_mode(const struct session *session)
{
	struct terminal_mode mode = {
		.cooked = true,
		.echo = true,
		.escape = session->settings->escape,
	};

	return session->typing == SESSION_LINES ? lines_mode(mode.escape) : mode;
}

static struct terminal_mode telnet_mode(const struct session *session)
{
	const struct nvt_mode *agreed = nvt_mode(session->nvt);
	struct terminal_mode mode = {.escape = session->settings->escape};

	if (agreed->line_mode) {
		follow_line_mode(session, &mode);
	} else {
		/* Without SUPPRESS-GO-AHEAD: a line at a time, as old servers want it (RFC 858). */
		mode.edit = !nvt_is_remote_on(session->nvt, TELOPT_SGA);
		mode.trap_signals = mode.edit && session->settings->local_characters;
	}
	if (mode.trap_signals) {
		add_end(&mode, session->special[NVT_SPECIAL_ABORT_OUTPUT]);
		add_end(&mode, session->special[NVT_SPECIAL_ARE_YOU_THERE]);
	}
	mode.echo = !agreed->echo;
	mode.cooked = mode.edit || mode.echo;
	mode.swaps_ends = mode.echo && !mode.edit;
	mode.flow_control =
		nvt_is_local_on(session->nvt, TELOPT_LFLOW) ? agreed->flow_control : mode.edit;
	mode.restart_any = agreed->restart_any;
	return mode;
}

static struct terminal_mode wanted_mode(const struct session *session)
{
	struct terminal_mode mode = session->telnet ? telnet_mode(session) : text_mode(session);

	if (session->escape_waits)
		hand_on_next_key(&mode);
	return mode;
}

static bool is_same_mode(const struct terminal_mode *one, const struct terminal_mode *other)
{
	return one->edit == other->edit && one->echo == other->echo &&
	       one->trap_signals == other->trap_signals && one->cooked == other->cooked &&
	       one->swaps_ends == other->swaps_ends && one->flow_control == other->flow_control &&
	       one->restart_any == other->restart_any && one->soft_tab == other->soft_tab &&
	       one->literal_echo == other->literal_echo && one->escape == other->escape &&
	       one->has_characters == other->has_characters &&
	       memcmp(one->ends, other->ends, sizeof(one->ends)) == 0 &&
	       memcmp(one->characters, other->characters, sizeof(one->characters)) == 0;
}

bool modes_set(struct session *session)
{
	struct terminal_mode mode = wanted_mode(session);

	if (session->mode_set && is_same_mode(&mode, &session->mode))
		return true;
	/*
	 * What the editor of lines has done to the terminal is its own to undo first, and what is
	 * to be shown was made for the old mode.
	 */
	if (session->reading_line ||
	    (session->to_screen.size > 0 && mode.cooked != session->mode.cooked))
		return false;
	session->mode = mode;
	session->mode_set = true;
	terminal_apply(&mode);
	return true;
}

const char *modes_typing_name(const struct session *session)
{
	if (!session->telnet)
		return session->typing == SESSION_LINES ? "line" : "character";
	if (nvt_mode(session->nvt)->line_mode)
		return session->mode.edit ? "line (LINEMODE)" : "character (LINEMODE)";
	return session->mode.edit ? "old line" : "character";
}
