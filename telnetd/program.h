/* SPDX-License-Identifier: ISC */
/* The login program: its arguments, its environment, its greeting. */
#ifndef TELNETD_PROGRAM_H
#define TELNETD_PROGRAM_H

#include <stdbool.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "pty/pty.h"
#include "telnetd/config.h"
#include "telnetd/listen.h"
#include "telnetd/message.h"

/* What a child that is to become the login program is told. */
struct program_request {
	struct message_start start; /* checked */
	char line[PTY_LINE_SIZE]; /* the terminal's */
	char host[LISTEN_ADDRESS_SIZE]; /* the client's address */
	struct sockaddr_storage address;
	bool recorded; /* in utmp and wtmp */
};

/* Whether a START is one that this server acts on: every field is checked. */
bool program_may_start(const struct config *, const struct message_start *);

/*
 * Chooses the first of the terminal types of a START, after program_may_start, that this machine's
 * terminfo has. If terminfo has no such type, the first stays: users may have terminfo files of
 * their own.
 */
void program_choose_terminal(struct message_start *);

/*
 * The life of a child that becomes the login program: waits for a struct program_request on its
 * channel, with the terminal's slave beside it, and runs the program there; or ends with the
 * channel. The program's environment is TERM, the variables of the client that are allowed, and
 * those of the server's own user; login(1) replaces these with the user's who logs in. It may open
 * as many descriptors as the server was given.
 */
_Noreturn void program_await(int channel, const struct config *, const struct rlimit *descriptors);

#endif
