/* SPDX-License-Identifier: ISC */
/*
 * Lines that are edited here, with a history: by libedit where it is there, else by the terminal
 * itself. Keys come from a function of the owner's, who may do other things until one comes.
 */
#ifndef LINES_H
#define LINES_H

#include <stddef.h>

#include "contrib/telnet/terminal.h"

struct lines;

/* The next byte that was typed, or -1: no more of this line is wanted. */
typedef int lines_next_byte(void *owner);

enum lines_result {
	LINES_READ,
	LINES_END, /* the end-of-file character, in an empty line */
	LINES_BROKEN_OFF, /* the owner wanted no more: what had been typed of the line */
};

/* Makes an editor; `prompt` is kept by reference. NULL: out of memory. */
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

/*
 * Something else is about to be shown while a line is being read: the line is taken off the screen,
 * and shown again before the next key acts.
 */
void lines_interrupt(struct lines *);

/* The terminal has another size now. */
void lines_resize(struct lines *);

#endif
