/* SPDX-License-Identifier: ISC */
/*
 * Lines that are edited here, with a history: by libedit (editor.c) where there is one and the
 * terminal can do it, else by the terminal itself. Keys come from a function of the owner's, who
 * may do other things until one comes.
 */
#ifndef LINES_H
#define LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "contrib/telnet/terminal.h"

struct lines;

/* What the owner says in place of a byte that was typed. */
#define LINES_NO_MORE (-1) /* no more of this line is wanted */
#define LINES_GIVE_WAY (-2) /* the line goes off the screen, for something else to be shown */
#define LINES_COME_BACK (-3) /* that has been shown: the line comes back */

/* The next byte that was typed, or one of these. */
typedef int lines_next_byte(void *owner);

enum lines_result {
	LINES_READ,
	LINES_END, /* the end-of-file character, in an empty line */
	LINES_BROKEN_OFF, /* the owner wanted no more: what had been typed of the line */
};

/*
 * Makes an editor; `prompt` is kept by reference. NULL: there is none, but the owner shows text, of
 * which lines_shown tells. Returns NULL when memory is out.
 */
struct lines *lines_new(const char *prompt, lines_next_byte *, void *owner);
void lines_free(struct lines *);

/*
 * The terminal's mode to read lines in, also between one and the next: a server in between, whose
 * client we are typed at, need not be told of a change at every line.
 */
struct terminal_mode lines_mode(int escape);

/*
 * Reads a line, which is valid until the next call, without its end, and may hold any byte.
 * Blocks as long as the owner's function does.
 */
enum lines_result lines_read(struct lines *, const char **line, size_t *size);

/* Whether what has been typed of a line is to give way before anything else is shown. */
bool lines_are_in_the_way(const struct lines *);

/* The owner has shown this. What it has of an unfinished line stays in front of the line. */
void lines_shown(struct lines *, const char *bytes, size_t size);

/* Whether a line is being read that is to come back, since something was shown. */
bool lines_are_away(const struct lines *);

/* The terminal has another size now. */
void lines_resize(struct lines *);

#endif
