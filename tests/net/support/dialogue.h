/* SPDX-License-Identifier: ISC */
/*
 * A dialogue that somebody at desk (tests/net/network) has with a server by telnet: what is typed
 * and every line that is shown then, to the last byte. It is kept for the README to be compared.
 */
#ifndef NET_DIALOGUE_H
#define NET_DIALOGUE_H

#include "tests/e2e/support/typist.h"

#define DIALOGUE_ARGUMENTS 6

/* Who has no network says why and skips the test. */
#define NEEDS_THE_NETWORK()                                                                        \
	do {                                                                                       \
		if (!getenv("NETWORK")) {                                                          \
			print_message("%s: skipped: run it by tests/net/network\n", __func__);     \
			skip();                                                                    \
		}                                                                                  \
	} while (0)

/* Starts a command by a line of words, e.g. "telnet lab.test", on a terminal of desk. */
void dialogue_start(struct typist *, const char *command);

/*
 * Holds a dialogue, in lines up to NULL. One that begins with '>' is typed, behind whatever is
 * shown in front of it; it must be echoed as it is. One with '<' must be the next line that is
 * shown, where '*' is for any text. One with '?' is a prompt: the beginning of a line that is
 * answered by the next line typed. One with '!' is typed but not shown. Fails the test, with the
 * screen, where anything else is shown.
 */
void dialogue_hold(struct typist *, const char *const lines[]);

/* Keeps all that was shown, below the command that began it, under a name. */
void dialogue_keep(const struct typist *, const char *command, const char *name);

/* The directory where those are, one file a name. */
const char *dialogue_directory(void);

#endif
