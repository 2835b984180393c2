/* SPDX-License-Identifier: ISC */
/*
 * The editor of lines: libedit, with our own table of keys (linekeys.c), so that everything else
 * that is typed is text, and with the server's unfinished line (prompt.c) for a prompt. Only
 * lines.c knows it. Without libedit no terminal can do what it needs (editor_none.c).
 */
#ifndef EDITOR_H
#define EDITOR_H

#include "contrib/telnet/lines.h"

struct editor;

/* A line as bytes. */
struct line {
	char *bytes;
	size_t size;
	size_t room;
};

/* Adds bytes. Returns whether there was memory. */
bool line_add(struct line *, const char *bytes, size_t size);

/* Whether the terminal can do what the editor needs. */
bool editor_is_possible(void);

/* These are as in lines.h. A line that is read is added to `line`. */
struct editor *editor_new(const char *prompt, lines_next_byte *next_byte, void *owner,
			  struct line *);
void editor_free(struct editor *);
enum lines_result editor_read(struct editor *);
bool editor_is_in_the_way(const struct editor *);
void editor_shown(struct editor *, const char *bytes, size_t size);
bool editor_is_away(const struct editor *);
void editor_resize(struct editor *);

#endif
