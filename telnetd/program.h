/* SPDX-License-Identifier: ISC */
/* The login program: its arguments, its environment, its greeting. */
#ifndef TELNETD_PROGRAM_H
#define TELNETD_PROGRAM_H

#include <stdbool.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "pty/pty.h"
#include "telnetd/config.h"
#include "telnetd/message.h"

struct program {
	const struct config *config;
	bool recorded; /* in utmp and wtmp */
	struct rlimit descriptors; /* how many the program may open */
	char *host; /* the client's address */
	const struct sockaddr *address;
};

/* Whether a START is one that this server acts on: every field is checked. */
bool program_may_start(const struct config *, const struct message_start *);

/*
 * Starts the login program on a terminal's slave side for a checked START. Its environment is TERM,
 * the variables of the client that are allowed, and those of the server's own user; login(1)
 * replaces these with the user's who logs in. Returns its pid or a negative errno.
 */
pid_t program_start(const struct program *, struct message_start *, const struct pty *);

#endif
