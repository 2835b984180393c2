/* SPDX-License-Identifier: ISC */
/* Reads lines by the editor, or without it as the terminal gives them. */
#include "contrib/telnet/lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "contrib/telnet/editor.h"

struct lines {
	const char *prompt;
	lines_next_byte *next_byte;
	void *owner;
	struct line line;
	struct editor *editor; /* made when it is first possible */
};

bool line_add(struct line *line, const char *bytes, size_t size)
{
	size_t room = 2 * line->room + size;
	char *more;

	if (size == 0)
		return true; /* there may be no buffer yet */
	if (line->size + size > line->room) {
		more = realloc(line->bytes, room);
		if (!more)
			return false;
		line->bytes = more;
		line->room = room;
	}
	memcpy(line->bytes + line->size, bytes, size);
	line->size += size;
	return true;
}

/* A terminal gives a CR only if the user has quoted it. */
static enum lines_result read_plain(struct lines *lines)
{
	bool is_terminal = isatty(STDIN_FILENO);
	int byte;

	if (is_terminal && lines->prompt)
		fputs(lines->prompt, stdout);
	fflush(stdout);
	while ((byte = lines->next_byte(lines->owner)) >= 0) {
		char character = (char)byte;

		if (byte == '\n' || (byte == '\r' && !is_terminal))
			return LINES_READ;
		if (!line_add(&lines->line, &character, 1))
			return LINES_BROKEN_OFF;
	}
	return lines->line.size > 0 ? LINES_READ : LINES_BROKEN_OFF;
}

struct terminal_mode lines_mode(int escape)
{
	bool is_edited_here = editor_is_possible();
	struct terminal_mode mode = {
		.edit = !is_edited_here,
		.echo = !is_edited_here,
		.trap_signals = true,
		.cooked = true,
		.flow_control = true,
		.escape = escape,
	};

	if (!is_edited_here)
		return mode;
	/* ^\ does nothing at a text server: it is text. */
	mode.has_characters = true;
	memcpy(mode.characters, terminal_characters(), sizeof(mode.characters));
	mode.characters[VQUIT] = _POSIX_VDISABLE;
	return mode;
}

struct lines *lines_new(const char *prompt, lines_next_byte *next_byte, void *owner)
{
	struct lines *lines = calloc(1, sizeof(*lines));

	if (!lines)
		return NULL;
	lines->prompt = prompt;
	lines->next_byte = next_byte;
	lines->owner = owner;
	return lines;
}

void lines_free(struct lines *lines)
{
	if (!lines)
		return;
	if (lines->editor)
		editor_free(lines->editor);
	free(lines->line.bytes);
	free(lines);
}

enum lines_result lines_read(struct lines *lines, const char **line, size_t *size)
{
	enum lines_result result;
	bool is_edited_here = editor_is_possible();

	lines->line.size = 0;
	if (is_edited_here && !lines->editor)
		lines->editor =
			editor_new(lines->prompt, lines->next_byte, lines->owner, &lines->line);
	if (is_edited_here && !lines->editor)
		result = LINES_END;
	else
		result = is_edited_here ? editor_read(lines->editor) : read_plain(lines);
	*line = lines->line.bytes ? lines->line.bytes : "";
	*size = lines->line.size;
	return result;
}

bool lines_are_in_the_way(const struct lines *lines)
{
	return lines->editor && editor_is_in_the_way(lines->editor);
}

void lines_shown(struct lines *lines, const char *bytes, size_t size)
{
	if (lines->editor)
		editor_shown(lines->editor, bytes, size);
}

bool lines_are_away(const struct lines *lines)
{
	return lines->editor && editor_is_away(lines->editor);
}

void lines_resize(struct lines *lines)
{
	if (lines->editor && editor_is_possible())
		editor_resize(lines->editor);
}
