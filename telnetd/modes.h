/* SPDX-License-Identifier: ISC */
/*
 * The bridge between a terminal's modes and the NVT's: what the program makes of its terminal is
 * told to the client (LINEMODE, flow control), and what the client takes over is left to it
 * (EXTPROC). Beside session.c the one file that knows both nvt and pty.
 */
#ifndef TELNETD_MODES_H
#define TELNETD_MODES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/time.h>
#include <termios.h>

#include "nvt/nvt.h"
#include "pty/pty.h"
#include "telnetd/config.h"
#include "telnetd/typed.h"

struct modes {
	bool external; /* the client edits and echoes: EXTPROC is on */
	bool was_external; /* the client did before: a program may restore modes with EXTPROC */
	bool refuses_echo; /* the client refuses that the server echoes: ECHO is kept off */
	bool silenced; /* ECHO was on, and was turned off for that reason */
	bool unread; /* a line was written that may not have been read */
	unsigned looks; /* how often that was looked for in vain */
	tcflag_t input; /* c_iflag and c_lflag as they were last */
	tcflag_t local;
	char end_of_file; /* VEOF, or 0 */
	unsigned char special[NVT_SPECIALS]; /* of the terminal, as the NVT has them */
};

/* The modes of a terminal that was opened with or without echo. */
void modes_begin(struct modes *, bool echo);

/*
 * Reads the terminal's modes and special characters and tells them to the NVT, which sends what the
 * client has not been told. A program that has turned EXTPROC off by restoring older modes gets it
 * back. To be called when the master has been opened, and at each change that packet mode tells.
 */
void modes_follow(struct modes *, int master, struct nvt *);

/*
 * Restores what was agreed on, if the terminal's modes have lost it: EXTPROC on for a client that
 * edits, ECHO off for one that refuses the echo. A program may have changed the modes, as login(1)
 * turns ECHO on before it asks for the name, or the terminal was hung up and opened anew. The
 * kernel tells a change of ECHO only with EXTPROC. So this is called before each read of the
 * terminal and each write of what was typed; it makes one system call, and only for such clients.
 */
void modes_keep(struct modes *, int master);

/* Puts into effect what the two ends have agreed on: who edits, and who echoes. */
void modes_agree(struct modes *, int master, const struct nvt_mode *);

/*
 * Gives the terminal the special characters that the client has chosen: those that it has changed,
 * since others may be the terminal's by now that nothing has told of (without EXTPROC).
 */
void modes_set_specials(struct modes *, int master, const unsigned char special[NVT_SPECIALS]);

/* Maps what was typed as the terminal's input modes say, in place; only EXTPROC leaves it to us. */
void modes_map_typed(const struct modes *, char *bytes, size_t size);

/*
 * How much of what was typed may be written now: all of it, or with a client that edits, for a
 * canonical terminal, the next line or end of file, or nothing until the program has read the last
 * one. Such a client sends an end of file as a function. If its character comes in a line, the user
 * has quoted it: it waits for what follows, unless nothing will (is_last).
 */
size_t modes_next_part(struct modes *, int master, const struct typed *, bool is_last);

/* How long to wait before the next part is looked for. */
const struct timeval *modes_wait_for_line(const struct modes *);

/* Finds the terminal's control for a function of the NVT; false: there is none. */
bool modes_find_control(enum nvt_function, enum pty_control *);

/* What the NVT is to do about LINEMODE. */
enum nvt_linemode modes_linemode(enum config_choice);

#endif
