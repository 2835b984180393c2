/* SPDX-License-Identifier: ISC */
/*
 * Lines that are edited here, with a history: by libedit (editor.c) if it is there and the terminal
 * can do it, else by the terminal itself. Keys come from a function of the owner's, who
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
#define LINES_GIVE_WAY (-2) /* take the line off the screen: something else is to be shown */
#define LINES_COME_BACK (-3) /* that has been shown: show the line again */

/* The next byte that was typed, or one of these. */
typedef int lines_next_byte(void *owner);

enum lines_result {
	LINES_READ,
	LINES_END, /* the end-of-file character, in an empty line */
	LINES_BROKEN_OFF, /* the owner wanted no more: what had been typed of the line */
};

/*
 * Makes an editor; `prompt` is kept by reference. With NULL in its place the unfinished line that
 * the owner shows, and tells by lines_shown, is the prompt. Returns NULL when memory is out.
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

/* The owner has shown these bytes. An unfinished line at their end stays in front of the line. */
void lines_shown(struct lines *, const char *bytes, size_t size);

/* Whether a line is being read that is to be shown again, since something else was shown. */
bool lines_are_away(const struct lines *);

/* The terminal has another size now. */
void lines_resize(struct lines *);

#endif
