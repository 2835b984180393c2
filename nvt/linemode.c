/* SPDX-License-Identifier: ISC */
/*
 * LINEMODE (RFC 1184): MODE and FORWARDMASK, and when the option is agreed on. The special
 * characters are slc.c's. A server does what its terminal's modes say; nothing is agreed on before
 * they are known, so that a client's first special characters meet a terminal.
 */
#include <string.h>

#include "nvt/endpoint.h"

/* The bits of MODE. */
#define MODE_EDIT 0x01
#define MODE_TRAPSIG 0x02
#define MODE_ACK 0x04
#define MODE_SOFT_TAB 0x08
#define MODE_LIT_ECHO 0x10
#define MODE_BITS (MODE_EDIT | MODE_TRAPSIG | MODE_SOFT_TAB | MODE_LIT_ECHO)

/* What somebody has to do with what is typed; the other bits are advice on showing it. */
#define MODE_WORK (MODE_EDIT | MODE_TRAPSIG)

/* How a server's terminal supports each function; those not here are not supported. */
static const struct {
	uint8_t function;
	uint8_t flags;
} supported[] = {
	{NVT_SPECIAL_SYNCH, SLC_DEFAULT},
	{NVT_SPECIAL_BREAK, SLC_DEFAULT},
	{NVT_SPECIAL_INTERRUPT_PROCESS, SLC_VALUE | SLC_FLUSHIN | SLC_FLUSHOUT},
	{NVT_SPECIAL_ABORT_OUTPUT, SLC_VALUE},
	{NVT_SPECIAL_ARE_YOU_THERE, SLC_DEFAULT},
	{NVT_SPECIAL_ABORT, SLC_VALUE | SLC_FLUSHIN | SLC_FLUSHOUT},
	{NVT_SPECIAL_END_OF_FILE, SLC_VALUE},
	{NVT_SPECIAL_SUSPEND, SLC_VALUE | SLC_FLUSHIN},
	{NVT_SPECIAL_ERASE_CHARACTER, SLC_VALUE},
	{NVT_SPECIAL_ERASE_LINE, SLC_VALUE},
	{NVT_SPECIAL_ERASE_WORD, SLC_VALUE},
	{NVT_SPECIAL_REPRINT, SLC_VALUE},
	{NVT_SPECIAL_LITERAL_NEXT, SLC_VALUE},
	{NVT_SPECIAL_START_OUTPUT, SLC_VALUE},
	{NVT_SPECIAL_STOP_OUTPUT, SLC_VALUE},
	{NVT_SPECIAL_FORWARD_1, SLC_VALUE},
	{NVT_SPECIAL_FORWARD_2, SLC_VALUE},
};

#define SUPPORTED (sizeof(supported) / sizeof(supported[0]))

_Static_assert(NVT_SPECIALS == SLC_FUNCTIONS + 1, "the special characters are SLC's functions");

bool linemode_is_on(const struct nvt *nvt)
{
	const uint8_t *states = nvt->role == NVT_SERVER ? nvt->remote : nvt->local;

	return states[TELNET_TELOPT_LINEMODE] == OPTION_YES;
}

/* Whether the client does all that the terminal asks for. */
static bool client_does_all(const struct nvt *nvt)
{
	const struct linemode *linemode = &nvt->linemode;

	return linemode_is_on(nvt) && (linemode->wanted & MODE_WORK & ~linemode->mode) == 0;
}

/* --- sending ------------------------------------------------------------------------------ */

static void send_mode(struct nvt *nvt, unsigned mode)
{
	const char body[] = {LINEMODE_MODE, (char)mode};

	nvt_send_subnegotiation(nvt, TELNET_TELOPT_LINEMODE, body, sizeof(body));
}

/* Orders a mode. Where it is none of news to the client, no acknowledgement will come. */
static void order_mode(struct nvt *nvt, uint8_t mode, uint8_t clients_mode)
{
	nvt->linemode.mode = mode;
	if (mode != clients_mode)
		nvt->linemode.unacknowledged++;
	send_mode(nvt, mode);
}

static void send_list(struct nvt *nvt, const uint8_t *list, size_t size)
{
	char body[1 + SLC_ANSWER_MAX] = {LINEMODE_SLC};

	if (size == 0)
		return;
	memcpy(body + 1, list, size);
	nvt_send_subnegotiation(nvt, TELNET_TELOPT_LINEMODE, body, 1 + size);
}

/*
 * Tells which characters forward a line, where newline is not the only one. The client has sent a
 * MODE before: turning the option on and off must not be answered with so much.
 */
static void send_forward_mask(struct nvt *nvt)
{
	struct linemode *linemode = &nvt->linemode;
	char body[2 + NVT_MASK_SIZE] = {(char)TELNET_DO, LINEMODE_FORWARDMASK};
	uint8_t mask[NVT_MASK_SIZE] = {0};
	size_t size = 0;

	for (int i = NVT_SPECIAL_FORWARD_1; i <= NVT_SPECIAL_FORWARD_2; i++) {
		uint8_t character = linemode->slc.character[i];

		if (character != 0)
			mask[character / 8] |= (uint8_t)(0x80 >> character % 8);
	}
	if (!linemode->acknowledged || linemode->mask_refused ||
	    memcmp(mask, linemode->mask, sizeof(mask)) == 0)
		return;
	memcpy(linemode->mask, mask, sizeof(mask));
	for (size_t i = 0; i < sizeof(mask); i++)
		if (mask[i] != 0)
			size = i + 1;
	linemode->has_mask = size > 0;
	if (size == 0)
		body[0] = (char)TELNET_DONT;
	memcpy(body + 2, mask, size);
	nvt_send_subnegotiation(nvt, TELNET_TELOPT_LINEMODE, body, 2 + size);
}

/*
 * What the client does by itself it also shows by itself, unless the terminal does not echo: then
 * the server claims to do it, and nobody does. ECHO goes on behind MODE and off before it.
 */
static void negotiate_echo(struct nvt *nvt)
{
	nvt_ask_local(nvt, TELNET_TELOPT_ECHO, !linemode_echoes(nvt));
}

bool linemode_echoes(const struct nvt *nvt)
{
	return nvt->role == NVT_SERVER && nvt->linemode.echo && client_does_all(nvt);
}

/* --- the option --------------------------------------------------------------------------- */

bool linemode_accepts(const struct nvt *nvt)
{
	return nvt->linemode.policy != NVT_LINEMODE_NO;
}

void nvt_set_linemode(struct nvt *nvt, enum nvt_linemode policy)
{
	nvt->linemode.policy = policy;
}

bool linemode_defers(struct nvt *nvt, unsigned char command, unsigned char option)
{
	struct linemode *linemode = &nvt->linemode;

	if (option != TELNET_TELOPT_LINEMODE || nvt->role != NVT_SERVER || !linemode_accepts(nvt))
		return false;
	if (linemode->has_terminal) {
		if (command == TELNET_WILL && !linemode_is_on(nvt) && nvt->events->terminal_wanted)
			nvt->events->terminal_wanted(nvt->owner);
		return false;
	}
	if (command == TELNET_WILL)
		linemode->deferred = true;
	else if (command == TELNET_WONT)
		linemode->deferred = false;
	return command == TELNET_WILL;
}

static void ask(struct nvt *nvt)
{
	if (nvt->linemode.asked)
		return;
	nvt->linemode.asked = true;
	nvt_ask_remote(nvt, TELNET_TELOPT_LINEMODE, true);
}

void linemode_suppress_go_ahead_refused(struct nvt *nvt)
{
	if (nvt->role == NVT_SERVER && nvt->linemode.has_terminal &&
	    nvt->linemode.policy == NVT_LINEMODE_WHEN_ASKED)
		ask(nvt);
}

/* There is a terminal now: what waited for it. */
static void begin(struct nvt *nvt)
{
	struct linemode *linemode = &nvt->linemode;

	if (linemode->deferred)
		option_agree(nvt, TELNET_TELOPT_LINEMODE);
	else if (linemode->policy == NVT_LINEMODE_ASK)
		ask(nvt);
	else if (nvt->go_ahead_refused)
		linemode_suppress_go_ahead_refused(nvt);
	linemode->deferred = false;
}

static void begin_client(struct nvt *nvt)
{
	uint8_t list[SLC_ANSWER_MAX];
	size_t size = slc_export(&nvt->linemode.slc, list);

	if (size > 0)
		send_list(nvt, list, size);
	else
		nvt_ask_default_specials(nvt);
}

void linemode_changed(struct nvt *nvt, bool enabled)
{
	struct linemode *linemode = &nvt->linemode;

	slc_reset(&linemode->slc);
	memset(linemode->mask, 0, sizeof(linemode->mask));
	linemode->has_mask = linemode->mask_refused = linemode->acknowledged = false;
	linemode->unacknowledged = 0;
	linemode->mode = 0;
	if (nvt->role == NVT_CLIENT && enabled)
		begin_client(nvt);
	if (nvt->role == NVT_CLIENT)
		return;
	if (enabled)
		order_mode(nvt, linemode->wanted, 0);
	negotiate_echo(nvt);
}

/* --- MODE --------------------------------------------------------------------------------- */

/* An acknowledgement is never answered. Only that of the latest order says how matters stand. */
static void mode_acknowledged(struct nvt *nvt, uint8_t mode)
{
	struct linemode *linemode = &nvt->linemode;

	if (linemode->unacknowledged > 0)
		linemode->unacknowledged--;
	linemode->acknowledged = true;
	if (linemode->unacknowledged == 0 && (mode & ~linemode->mode) == 0)
		linemode->mode = mode;
	send_forward_mask(nvt);
}

/* A client that has changed its mode by itself: agreed to as far as the terminal asks for it. */
static void mode_proposed(struct nvt *nvt, uint8_t mode)
{
	struct linemode *linemode = &nvt->linemode;
	uint8_t accepted = mode & linemode->wanted;

	if (mode == linemode->mode)
		return;
	if (accepted == mode) {
		linemode->mode = accepted;
		send_mode(nvt, accepted | MODE_ACK);
	} else {
		order_mode(nvt, accepted, mode);
	}
}

static void mode_ordered(struct nvt *nvt, uint8_t mode)
{
	struct linemode *linemode = &nvt->linemode;

	if (mode == linemode->mode)
		return;
	linemode->mode = linemode->has_terminal ? mode & linemode->wanted : mode;
	send_mode(nvt, linemode->mode | MODE_ACK);
}

static void mode_received(struct nvt *nvt, uint8_t mode)
{
	bool acknowledged = (mode & MODE_ACK) != 0;

	mode &= MODE_BITS;
	if (nvt->role == NVT_SERVER && acknowledged)
		mode_acknowledged(nvt, mode);
	else if (nvt->role == NVT_SERVER)
		mode_proposed(nvt, mode);
	else if (!acknowledged)
		mode_ordered(nvt, mode);
	if (nvt->role == NVT_SERVER)
		negotiate_echo(nvt);
}

void linemode_fill_mode(const struct nvt *nvt, struct nvt_mode *mode)
{
	uint8_t bits = nvt->linemode.mode;

	if (!linemode_is_on(nvt))
		return;
	mode->line_mode = nvt->role == NVT_CLIENT || client_does_all(nvt);
	mode->edit = (bits & MODE_EDIT) != 0;
	mode->trap_signals = (bits & MODE_TRAPSIG) != 0;
	mode->soft_tab = (bits & MODE_SOFT_TAB) != 0;
	mode->literal_echo = (bits & MODE_LIT_ECHO) != 0;
}

/* --- FORWARDMASK and SLC ------------------------------------------------------------------ */

/* A client does what it is asked for; a server hears whether it does. */
static void forward_mask_received(struct nvt *nvt, unsigned char command, const char *mask,
				  size_t size)
{
	struct linemode *linemode = &nvt->linemode;
	const char agreed[] = {(char)TELNET_WILL, LINEMODE_FORWARDMASK};

	if (nvt->role == NVT_SERVER) {
		linemode->mask_refused |= command == TELNET_WONT;
		linemode->has_mask &= command == TELNET_WILL;
		return;
	}
	if (command != TELNET_DO && command != TELNET_DONT)
		return;
	memset(linemode->mask, 0, sizeof(linemode->mask));
	linemode->has_mask = command == TELNET_DO;
	if (command == TELNET_DO) {
		memcpy(linemode->mask, mask, size < NVT_MASK_SIZE ? size : NVT_MASK_SIZE);
		nvt_send_subnegotiation(nvt, TELNET_TELOPT_LINEMODE, agreed, sizeof(agreed));
	}
}

static void list_received(struct nvt *nvt, const char *list, size_t size)
{
	uint8_t answer[SLC_ANSWER_MAX];
	bool changed = false;
	size_t answer_size =
		slc_receive(&nvt->linemode.slc, (const uint8_t *)list, size, answer, &changed);

	send_list(nvt, answer, answer_size);
	if (changed && nvt->events->specials)
		nvt->events->specials(nvt->owner, nvt->linemode.slc.character);
}

static bool is_forward_mask(const char *body, size_t size)
{
	return size >= 2 && (unsigned char)body[0] >= TELNET_WILL &&
	       body[1] == LINEMODE_FORWARDMASK;
}

void linemode_received(struct nvt *nvt, const char *body, size_t size)
{
	if (!linemode_is_on(nvt))
		return;
	if (size == 2 && body[0] == LINEMODE_MODE)
		mode_received(nvt, (uint8_t)body[1]);
	else if (size >= 1 && body[0] == LINEMODE_SLC)
		list_received(nvt, body + 1, size - 1);
	else if (is_forward_mask(body, size))
		forward_mask_received(nvt, (unsigned char)body[0], body + 2, size - 2);
	else
		nvt_count_malformed(nvt);
	option_update_mode(nvt);
}

const unsigned char *nvt_forward_mask(const struct nvt *nvt)
{
	return nvt->linemode.has_mask ? nvt->linemode.mask : NULL;
}

static void ask_specials(struct nvt *nvt, enum slc_level level)
{
	const uint8_t question[SLC_TRIPLET_SIZE] = {0, (uint8_t)level, 0};

	if (nvt->role == NVT_CLIENT && linemode_is_on(nvt))
		send_list(nvt, question, sizeof(question));
}

void nvt_ask_specials(struct nvt *nvt)
{
	ask_specials(nvt, SLC_VALUE);
}

void nvt_ask_default_specials(struct nvt *nvt)
{
	ask_specials(nvt, SLC_DEFAULT);
}

/* --- the terminal ------------------------------------------------------------------------- */

static uint8_t mode_of(const struct nvt_terminal *terminal)
{
	return (uint8_t)((terminal->edit ? MODE_EDIT : 0) |
			 (terminal->trap_signals ? MODE_TRAPSIG : 0) |
			 (terminal->soft_tab ? MODE_SOFT_TAB : 0) |
			 (terminal->literal_echo ? MODE_LIT_ECHO : 0));
}

static void support(struct slc *slc, unsigned function, unsigned flags, uint8_t character)
{
	slc->own[function].flags = (uint8_t)flags;
	slc->own[function].character = character;
	if ((flags & SLC_LEVEL) == SLC_VALUE)
		slc->character[function] = character == UINT8_MAX ? 0 : character;
}

/* The first characters are the defaults. A client can change any; a server's terminal has some. */
static void set_first_characters(struct nvt *nvt, const struct nvt_terminal *terminal)
{
	struct slc *slc = &nvt->linemode.slc;

	for (unsigned function = 1; function < NVT_SPECIALS && nvt->role == NVT_CLIENT; function++)
		support(slc, function, SLC_VALUE, terminal->special[function]);
	for (size_t i = 0; i < SUPPORTED && nvt->role == NVT_SERVER; i++) {
		uint8_t character = terminal->special[supported[i].function];
		unsigned flags = supported[i].flags;

		if (flags == SLC_DEFAULT && character != 0)
			flags = SLC_VALUE;
		support(slc, supported[i].function, flags, character);
	}
}

/* Signals that flush nothing make no client flush. */
static void set_flushing(struct slc *slc, bool keep)
{
	for (size_t i = 0; i < SUPPORTED; i++) {
		uint8_t flush = supported[i].flags & (SLC_FLUSHIN | SLC_FLUSHOUT);
		struct slc_setting *own = &slc->own[supported[i].function];

		own->flags = (uint8_t)((own->flags & ~flush) | (keep ? 0 : flush));
	}
}

/* MODE before SLC; ECHO off before both, and on after them. */
static void tell_server_terminal(struct nvt *nvt, const struct nvt_terminal *terminal)
{
	struct linemode *linemode = &nvt->linemode;
	uint8_t old_wanted = linemode->wanted;
	uint8_t list[SLC_ANSWER_MAX];
	size_t size = slc_change(&linemode->slc, terminal->special, list);

	linemode->wanted = mode_of(terminal);
	linemode->echo = terminal->echo;
	if (!linemode_is_on(nvt)) {
		slc_reset(&linemode->slc);
		return;
	}
	if (linemode->wanted != old_wanted) {
		uint8_t clients_mode = linemode->mode;

		linemode->mode = linemode->wanted;
		if (linemode->echo)
			negotiate_echo(nvt);
		order_mode(nvt, linemode->wanted, clients_mode);
	}
	send_list(nvt, list, size);
	send_forward_mask(nvt);
	negotiate_echo(nvt);
}

static void tell_client_terminal(struct nvt *nvt, const struct nvt_terminal *terminal)
{
	uint8_t list[SLC_ANSWER_MAX];
	size_t size = slc_change(&nvt->linemode.slc, terminal->special, list);

	nvt->linemode.wanted = mode_of(terminal);
	if (linemode_is_on(nvt))
		send_list(nvt, list, size);
	else
		slc_reset(&nvt->linemode.slc);
}

void nvt_set_terminal(struct nvt *nvt, const struct nvt_terminal *terminal)
{
	bool first = !nvt->linemode.has_terminal;

	if (nvt->faulted)
		return;
	if (first)
		set_first_characters(nvt, terminal);
	nvt->linemode.has_terminal = true;
	set_flushing(&nvt->linemode.slc, terminal->keep_on_signal);
	if (nvt->role == NVT_CLIENT) {
		tell_client_terminal(nvt, terminal);
		return;
	}
	tell_server_terminal(nvt, terminal);
	nvt->terminal_flow = terminal->flow_control;
	nvt->terminal_restart_any = terminal->restart_any;
	flow_follow_terminal(nvt);
	if (first)
		begin(nvt);
	option_update_mode(nvt);
}
