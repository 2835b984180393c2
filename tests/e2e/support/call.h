/* SPDX-License-Identifier: ISC */
/* The project's own client, called by a user at a terminal; the server may be the test. */
#ifndef E2E_CALL_H
#define E2E_CALL_H

#include "tests/e2e/support/client.h"
#include "tests/e2e/support/listener.h"
#include "tests/e2e/support/typist.h"

#define CALL_ESCAPE "\035" /* ^] */

/*
 * Opens the listener and calls it with these options, up to the first NULL; `server` is its end of
 * the connection then.
 */
void call_start(struct typist *, struct listener *, struct client *server, const char *option,
		const char *other);

/* Ends the client, and closes both; what was not begun is left alone. Removes the test's files. */
void call_end(struct typist *, struct listener *, struct client *server);

/* Gives a command at the client's prompt, which the escape character gets. */
void call_command(struct typist *, const char *command);

#endif
