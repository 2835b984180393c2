/* SPDX-License-Identifier: ISC */
/* The bridge between a terminal's modes and the NVT's. */
#include "telnetd/modes.h"

#include <stdint.h>
#include <string.h>
#include <unistd.h>

/* The place in c_cc of each special character that a terminal has. */
static const struct {
	enum nvt_special special;
	int place;
} specials[] = {
	{NVT_SPECIAL_INTERRUPT_PROCESS, VINTR},
	{NVT_SPECIAL_ABORT_OUTPUT, VDISCARD},
	{NVT_SPECIAL_ABORT, VQUIT},
	{NVT_SPECIAL_END_OF_FILE, VEOF},
	{NVT_SPECIAL_SUSPEND, VSUSP},
	{NVT_SPECIAL_ERASE_CHARACTER, VERASE},
	{NVT_SPECIAL_ERASE_LINE, VKILL},
	{NVT_SPECIAL_ERASE_WORD, VWERASE},
	{NVT_SPECIAL_REPRINT, VREPRINT},
	{NVT_SPECIAL_LITERAL_NEXT, VLNEXT},
	{NVT_SPECIAL_START_OUTPUT, VSTART},
	{NVT_SPECIAL_STOP_OUTPUT, VSTOP},
	{NVT_SPECIAL_FORWARD_1, VEOL},
	{NVT_SPECIAL_FORWARD_2, VEOL2},
};

#define SPECIALS (sizeof(specials) / sizeof(specials[0]))

_Static_assert(_POSIX_VDISABLE == 0, "a disabled character is none of the NVT's");

/* The terminal's control for each function of the NVT that has one. */
static const struct {
	enum nvt_function function;
	enum pty_control control;
} controls[] = {
	{NVT_INTERRUPT_PROCESS, PTY_INTERRUPT},
	{NVT_BREAK, PTY_BREAK},
	{NVT_ABORT, PTY_QUIT},
	{NVT_SUSPEND, PTY_SUSPEND},
	{NVT_END_OF_FILE, PTY_EOF},
	{NVT_ERASE_CHARACTER, PTY_ERASE},
	{NVT_ERASE_LINE, PTY_KILL},
};

#define CONTROLS (sizeof(controls) / sizeof(controls[0]))

/*
 * Whether the program has read the last line is looked for in so many turns of the loop at once,
 * then ever more rarely. By the millisecond alone 250 pasted lines a second came to wc(1).
 */
#define LOOKS_AT_ONCE 16
static const struct timeval waits[] = {{0, 1000},  {0, 2000},  {0, 4000}, {0, 8000},
				       {0, 16000}, {0, 32000}, {0, 64000}};

#define WAITS (sizeof(waits) / sizeof(waits[0]))

void modes_begin(struct modes *modes, bool echo)
{
	*modes = (struct modes){.refuses_echo = !echo, .silenced = !echo};
}

static void keep(struct modes *modes, const struct termios *now)
{
	modes->input = now->c_iflag;
	modes->local = now->c_lflag;
	modes->end_of_file = (char)now->c_cc[VEOF];
}

void modes_follow(struct modes *modes, int master, struct nvt *nvt)
{
	struct nvt_terminal terminal;
	struct termios now;

	if (pty_get_modes(master, &now) < 0)
		return;
	keep(modes, &now);
	if (modes->external || modes->was_external)
		pty_set_external(master, modes->external);
	terminal = (struct nvt_terminal){
		.edit = (now.c_lflag & ICANON) != 0,
		.trap_signals = (now.c_lflag & ISIG) != 0,
		.soft_tab = (now.c_oflag & TABDLY) == TAB3,
		.literal_echo = (now.c_lflag & ECHOCTL) == 0,
		.echo = (now.c_lflag & ECHO) != 0 || modes->silenced,
		.flow_control = (now.c_iflag & IXON) != 0,
		.restart_any = (now.c_iflag & IXANY) != 0,
		.keep_on_signal = (now.c_lflag & NOFLSH) != 0,
	};
	for (size_t i = 0; i < SPECIALS; i++) {
		cc_t character = now.c_cc[specials[i].place];

		terminal.special[specials[i].special] = character;
		modes->special[specials[i].special] = character == UINT8_MAX ? 0 : character;
	}
	nvt_set_terminal(nvt, &terminal);
}

void modes_keep(struct modes *modes, int master)
{
	tcflag_t on = modes->external ? EXTPROC : 0;
	tcflag_t off = (modes->refuses_echo ? ECHO : 0) | (modes->was_external ? EXTPROC : 0);
	struct termios now;

	if ((on | off) == 0 || pty_get_modes(master, &now) < 0)
		return;
	if ((now.c_lflag & (on | off)) == on)
		return;
	modes->silenced = modes->silenced || (now.c_lflag & off & ECHO) != 0;
	now.c_lflag = (now.c_lflag | on) & ~off;
	pty_set_modes(master, &now);
}

/* ECHO is turned on again only if it was turned off here, and not by a program. */
static void agree_on_echo(struct modes *modes, int master, bool refuses)
{
	modes->refuses_echo = refuses;
	if (refuses) {
		modes_keep(modes, master);
	} else if (modes->silenced) {
		pty_set_echo(master, true);
		modes->silenced = false;
	}
}

/* While ECHO is changed the terminal is one that does not echo. */
void modes_agree(struct modes *modes, int master, const struct nvt_mode *mode)
{
	struct termios now;

	/* Under the old modes, let what was typed before arrive at the terminal. */
	if (mode->line_mode != modes->external)
		pty_input_waits(master);
	if (mode->line_mode && !modes->external)
		pty_set_external(master, true);
	agree_on_echo(modes, master, !mode->echo && !mode->line_mode);
	if (!mode->line_mode && modes->external)
		pty_set_external(master, false);
	if (mode->line_mode != modes->external && pty_get_modes(master, &now) == 0)
		keep(modes, &now);
	modes->was_external = !mode->line_mode && (modes->external || modes->was_external);
	modes->external = mode->line_mode;
	modes->unread = modes->unread && modes->external;
}

/*
 * The kernel has no way to change a character and nothing else: what a program changes between the
 * look and the change is lost, an ECHO that it turns off for a password among it. So there is
 * nothing in between, and no change where none is needed. To look again behind it would not help:
 * what was lost is not to be seen any more.
 */
void modes_set_specials(struct modes *modes, int master, const unsigned char special[NVT_SPECIALS])
{
	struct termios now;
	bool changed = false;

	if (pty_get_modes(master, &now) < 0)
		return;
	for (size_t i = 0; i < SPECIALS; i++) {
		unsigned char wanted = special[specials[i].special];
		cc_t *character = &now.c_cc[specials[i].place];

		if (wanted == modes->special[specials[i].special] || wanted == *character)
			continue;
		*character = wanted;
		changed = true;
	}
	if (changed)
		pty_set_modes(master, &now);
	memcpy(modes->special, special, sizeof(modes->special));
}

void modes_map_typed(const struct modes *modes, char *bytes, size_t size)
{
	if (!modes->external || (modes->input & (ICRNL | INLCR)) == 0)
		return;
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] == '\r' && (modes->input & ICRNL))
			bytes[i] = '\n';
		else if (bytes[i] == '\n' && (modes->input & INLCR))
			bytes[i] = '\r';
	}
}

/* The size of the next line, with its newline, or of an end of file. */
static size_t next_line(const struct typed *typed)
{
	for (size_t at = 0; at < typed->size; at++) {
		if (typed_is_end_of_file(typed, at))
			return at == 0 ? 1 : at;
		if (typed->bytes[at] == '\n')
			return at + 1;
	}
	return typed->size;
}

/* Whether this byte is VEOF, and yet text. A newline ends a line even if it is also VEOF. */
static bool is_quoted_end(const struct modes *modes, const struct typed *typed, size_t at)
{
	return modes->end_of_file != 0 && modes->end_of_file != '\n' &&
	       typed->bytes[at] == modes->end_of_file && !typed_is_end_of_file(typed, at);
}

/*
 * A program that reads a VEOF alone, and finds nothing after it, gets an end of file from the
 * kernel. So quoted ones wait for the byte after them, together with the byte before them.
 */
static size_t without_quoted_end(const struct modes *modes, const struct typed *typed, size_t part)
{
	size_t end = part;

	while (end > 0 && is_quoted_end(modes, typed, end - 1))
		end--;
	return end == part || end == 0 ? end : end - 1;
}

size_t modes_next_part(struct modes *modes, int master, const struct typed *typed, bool is_last)
{
	size_t part;

	if (!modes->external || (modes->local & ICANON) == 0 || typed->size == 0)
		return typed->size;
	if (modes->unread && pty_input_waits(master) == 1) {
		modes->looks++;
		return 0;
	}
	part = next_line(typed);
	if (part == typed->size && part < TYPED_WAITING_MAX && !is_last)
		part = without_quoted_end(modes, typed, part);
	if (part == 0) {
		modes->looks++;
		return 0;
	}
	modes->unread = true;
	modes->looks = 0;
	return part;
}

const struct timeval *modes_wait_for_line(const struct modes *modes)
{
	static const struct timeval at_once = {0, 0};
	size_t wait;

	if (modes->looks < LOOKS_AT_ONCE)
		return &at_once;
	wait = modes->looks - LOOKS_AT_ONCE;
	return &waits[wait < WAITS ? wait : WAITS - 1];
}

bool modes_find_control(enum nvt_function function, enum pty_control *control)
{
	for (size_t i = 0; i < CONTROLS; i++) {
		if (controls[i].function != function)
			continue;
		*control = controls[i].control;
		return true;
	}
	return false;
}

enum nvt_linemode modes_linemode(enum config_choice choice)
{
	static const enum nvt_linemode linemodes[] = {
		[CONFIG_NO] = NVT_LINEMODE_NO,
		[CONFIG_YES] = NVT_LINEMODE_WHEN_ASKED,
		[CONFIG_ASK] = NVT_LINEMODE_ASK,
	};

	return linemodes[choice];
}
