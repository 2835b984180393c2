/* SPDX-License-Identifier: ISC */
/* Stands for the editor in a client that is built without libedit. */
#include "contrib/telnet/editor.h"

#ifndef HAVE_LIBEDIT

bool editor_is_possible(void)
{
	return false;
}

struct editor *editor_new(const char *prompt, lines_next_byte *next_byte, void *owner,
			  struct line *line)
{
	(void)prompt;
	(void)next_byte;
	(void)owner;
	(void)line;
	return NULL;
}

void editor_free(struct editor *editor)
{
	(void)editor;
}

enum lines_result editor_read(struct editor *editor)
{
	(void)editor;
	return LINES_END;
}

bool editor_is_in_the_way(const struct editor *editor)
{
	(void)editor;
	return false;
}

void editor_shown(struct editor *editor, const char *bytes, size_t size)
{
	(void)editor;
	(void)bytes;
	(void)size;
}

bool editor_is_away(const struct editor *editor)
{
	(void)editor;
	return false;
}

void editor_resize(struct editor *editor)
{
	(void)editor;
}

#endif
