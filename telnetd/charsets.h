/* SPDX-License-Identifier: ISC */
/*
 * The character sets that sessions may be converted between, and their converters: loaded before a
 * worker enters its sandbox, where the C library could not read them from their files any more.
 * What is done with them is session.c's and nvt's.
 */
#ifndef TELNETD_CHARSETS_H
#define TELNETD_CHARSETS_H

#include <iconv.h>
#include <stdbool.h>
#include <stddef.h>

#define CHARSETS_MAX 18 /* that there are */

struct charsets {
	const char *terminal; /* of all terminals; NULL: UTF-8 */
	const char *client; /* of clients that agree on none; NULL: bytes pass as they are */
	const char *agreeable[CHARSETS_MAX + 1]; /* beside the terminal's, NULL last */
	iconv_t converters[2 * (CHARSETS_MAX + 2)]; /* that are kept loaded */
	size_t converter_count;
	bool loaded;
};

/* Has the C library read its list of converters, from a file that a worker cannot open. */
void charsets_prepare(void);

/* The set of this name, in upper or lower case: a string that lasts, or NULL. */
const char *charsets_find(const char *name);

/* The set at this place, from 0; NULL behind the last. */
const char *charsets_at(size_t place);

/* Whether the C library of this machine can convert it. */
bool charsets_can_convert(const char *name);

/* Whether a terminal can have it: none whose ASCII is not ASCII, or begins with an escape. */
bool charsets_suits_terminal(const char *name);

/* Makes all sets agreeable. */
void charsets_agree_to_all(struct charsets *);

/*
 * Loads the converters of all sets in the struct and keeps them loaded in this process and those
 * that it forks. A set that may be agreed on and cannot be converted is left out from then on.
 * Does nothing if they are loaded already.
 */
void charsets_load(struct charsets *);
void charsets_unload(struct charsets *);

#endif
