/* SPDX-License-Identifier: ISC */
/* Names: of TELNET's commands and options, for the trace and `status`, and what the user types. */
#ifndef WORDS_H
#define WORDS_H

#include <stdbool.h>
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

/*
 * Finds what the user has named, also by its beginning, in a table of `count` structs of `size`
 * bytes that begin with a pointer to their name. Complains to the user, by `none` where no name
 * begins so, and returns NULL where there is none or more than one.
 */
const void *words_find(const char *typed, const void *table, size_t count, size_t size,
		       const char *none);
#define WORDS_FIND(typed, table, none)                                                             \
	words_find(typed, table, sizeof(table) / sizeof((table)[0]), sizeof((table)[0]), none)

/* Whether a command stands alone, or with a question mark. */
bool words_ask_for_list(size_t count, char *words[]);

#endif
