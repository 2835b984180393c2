/* SPDX-License-Identifier: ISC */
/* The commands that a user types at the prompt, with a connection behind it or without. */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdbool.h>

#include "contrib/telnet/session.h"

struct client {
	struct settings settings;
	struct variables variables;
	struct trace trace;
	struct session *session; /* NULL: there is no connection */
	struct lines *prompt;
	struct destination opened; /* what `open` has named */
	char *opened_port;
	bool quit;
};

/* What a command leaves to do. */
enum command_result {
	COMMAND_PROMPT, /* show the prompt again */
	COMMAND_DONE, /* go on with the connection, where there is one */
};

/*
 * Reads and does commands until one of them gives the connection back to the user, opens or closes
 * one, or quits.
 */
void command_prompt(struct client *);

/* Does one line. */
enum command_result command_do(struct client *, const char *line);

void command_free(struct client *);

#endif
