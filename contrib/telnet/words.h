/* SPDX-License-Identifier: ISC */
/* TELNET's commands and options by name: for the trace, `status` and what the user types. */
#ifndef WORDS_H
#define WORDS_H

#include <stddef.h>

#define WORDS_SIZE 32 /* of a buffer for any name here */

/* The name of a command (240 to 255), e.g. "WILL", or NULL. */
const char *words_command(unsigned char command);

/* An option's name, e.g. "ECHO", or "OPTION 200"; the first and the one with a buffer to fill. */
const char *words_option(unsigned char option, char text[WORDS_SIZE]);

/*
 * The option that the user has named, by a name in any case, by its unambiguous beginning, or by
 * number. Returns -ENOENT where there is none, -EINVAL where there is more than one.
 */
int words_find_option(const char *name);

/*
 * Compares what was typed with a name: 2 where it is that name, 1 where it begins it, else 0, in
 * upper or lower case.
 */
int words_match(const char *typed, const char *name);

#endif
