/* SPDX-License-Identifier: ISC */
/* Reads lines with libedit, or without it as the terminal gives them. */
#include "contrib/telnet/lines.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#ifdef HAVE_LIBEDIT
#include <histedit.h>
#endif

#define HISTORY_LINES 500

/* Bytes that are no character of the locale are these wide characters plus the byte. */
#define NO_CHARACTER 0xdc00

/* libedit keeps a picture of the whole screen: one with more characters than this is none. */
#define CELLS_MAX (1 << 20)

/* A key, ^_, that libedit is told to show the line again for. */
#define REDISPLAY_KEY L'\037'

struct lines {
	const char *prompt;
	lines_next_byte *next_byte;
	void *owner;
	bool broken_off;
	char *line;
	size_t room;
	size_t size;
#ifdef HAVE_LIBEDIT
	bool reading;
	bool hidden; /* the line is to be shown again */
	EditLine *editor;
	HistoryW *history;
	wchar_t *wide_prompt;
	unsigned char kept[MB_LEN_MAX]; /* bytes behind one that began no character */
	size_t kept_size;
#endif
};

static bool make_room(struct lines *lines, size_t more)
{
	size_t room = 2 * lines->room + more;
	char *line;

	if (lines->size + more <= lines->room)
		return true;
	line = realloc(lines->line, room);
	if (!line)
		return false;
	lines->line = line;
	lines->room = room;
	return true;
}

/* --- without libedit ---------------------------------------------------------------------- */

static enum lines_result read_plain(struct lines *lines)
{
	int byte;

	lines->size = 0;
	if (isatty(STDIN_FILENO))
		fputs(lines->prompt, stdout);
	fflush(stdout);
	while ((byte = lines->next_byte(lines->owner)) >= 0) {
		if (byte == '\n' || byte == '\r')
			return LINES_READ;
		if (!make_room(lines, 1))
			return LINES_BROKEN_OFF;
		lines->line[lines->size++] = (char)byte;
	}
	return lines->size > 0 ? LINES_READ : LINES_BROKEN_OFF;
}

#ifdef HAVE_LIBEDIT

/* --- keys --------------------------------------------------------------------------------- */

static bool add_character(struct lines *lines, wchar_t character)
{
	char bytes[MB_LEN_MAX];
	mbstate_t state = {0};
	size_t size = 1;

	if (character >= NO_CHARACTER && character <= NO_CHARACTER + 0xff)
		bytes[0] = (char)(character - NO_CHARACTER);
	else
		size = wcrtomb(bytes, character, &state);
	if (size == (size_t)-1)
		return true;
	if (!make_room(lines, size))
		return false;
	memcpy(lines->line + lines->size, bytes, size);
	lines->size += size;
	return true;
}

/* What has been typed of the line is kept. */
static void break_off(struct lines *lines)
{
	const LineInfoW *line = el_wline(lines->editor);

	lines->broken_off = true;
	for (const wchar_t *at = line->buffer; at < line->lastchar; at++)
		if (!add_character(lines, *at))
			return;
}

static int take_byte(struct lines *lines)
{
	if (lines->kept_size > 0) {
		int byte = lines->kept[0];

		memmove(lines->kept, lines->kept + 1, --lines->kept_size);
		return byte;
	}
	return lines->next_byte(lines->owner);
}

/* The first byte begins no character: it stands for itself, and the others are looked at again. */
static wchar_t take_byte_alone(struct lines *lines, const char *bytes, size_t size)
{
	memmove(lines->kept + size - 1, lines->kept, lines->kept_size);
	memcpy(lines->kept, bytes + 1, size - 1);
	lines->kept_size += size - 1;
	return (wchar_t)(NO_CHARACTER + (unsigned char)bytes[0]);
}

/* Called by libedit for a character: 1, or -1 where the line is to be broken off. */
static int next_character(EditLine *editor, wchar_t *character)
{
	struct lines *lines;
	char bytes[MB_LEN_MAX];
	size_t size = 0;

	el_wget(editor, EL_CLIENTDATA, &lines);
	for (;;) {
		int byte = take_byte(lines);
		mbstate_t state = {0};
		size_t length;

		if (byte < 0) {
			break_off(lines);
			return -1;
		}
		if (lines->hidden && size == 0 && lines->kept_size < sizeof(lines->kept)) {
			lines->hidden = false;
			memmove(lines->kept + 1, lines->kept, lines->kept_size++);
			lines->kept[0] = (unsigned char)byte;
			*character = REDISPLAY_KEY;
			return 1;
		}
		bytes[size++] = (char)byte;
		length = mbrtowc(character, bytes, size, &state);
		if (length == (size_t)-2 && size < sizeof(bytes))
			continue;
		if (length == (size_t)-1 || length == (size_t)-2)
			*character = take_byte_alone(lines, bytes, size);
		return 1;
	}
}

/* --- lines -------------------------------------------------------------------------------- */

static wchar_t *prompt_of(EditLine *editor)
{
	struct lines *lines;

	el_wget(editor, EL_CLIENTDATA, &lines);
	return lines->wide_prompt;
}

static bool begin_editor(struct lines *lines)
{
	HistEventW event;
	size_t length = strlen(lines->prompt);

	lines->wide_prompt = calloc(length + 1, sizeof(wchar_t));
	lines->history = history_winit();
	lines->editor = el_init("telnet", stdin, stdout, stderr);
	if (!lines->wide_prompt || !lines->history || !lines->editor)
		return false;
	for (size_t i = 0; i < length; i++)
		lines->wide_prompt[i] = (wchar_t)lines->prompt[i];
	history_w(lines->history, &event, H_SETSIZE, HISTORY_LINES);
	el_wset(lines->editor, EL_CLIENTDATA, lines);
	el_wset(lines->editor, EL_EDITOR, L"emacs");
	el_wset(lines->editor, EL_SIGNAL, 0);
	el_wset(lines->editor, EL_PROMPT, prompt_of);
	el_wset(lines->editor, EL_HIST, history_w, lines->history);
	/* Else libedit has the terminal edit and echo between two lines: see lines_mode. */
	el_wset(lines->editor, EL_SETTY, L"-x", L"-icanon", L"-echo", NULL);
	el_wset(lines->editor, EL_BIND, L"^_", L"ed-redisplay", NULL);
	el_wset(lines->editor, EL_GETCFN, next_character);
	return true;
}

static enum lines_result read_edited(struct lines *lines)
{
	const wchar_t *wide;
	HistEventW event;
	int count = 0;

	if (!lines->editor && !begin_editor(lines))
		return LINES_END;
	lines->size = 0;
	lines->broken_off = lines->hidden = false;
	lines->reading = true;
	el_resize(lines->editor);
	wide = el_wgets(lines->editor, &count);
	lines->reading = false;
	if (!wide || count <= 0)
		return lines->broken_off ? LINES_BROKEN_OFF : LINES_END;
	if (count > 1)
		history_w(lines->history, &event, H_ENTER, wide);
	for (int i = 0; i < count && wide[i] != L'\n' && wide[i] != L'\r'; i++)
		if (!add_character(lines, wide[i]))
			return LINES_BROKEN_OFF;
	return LINES_READ;
}

/* Whether there is something of the line on the screen. */
static bool shows_something(const struct lines *lines)
{
	const LineInfoW *line = el_wline(lines->editor);

	return line && line->lastchar > line->buffer;
}

void lines_interrupt(struct lines *lines)
{
	if (!lines->editor || !lines->reading || lines->hidden || !shows_something(lines))
		return;
	lines->hidden = true;
	fputs("\r\033[K", stdout);
	fflush(stdout);
}

static bool can_edit(void)
{
	unsigned short columns, rows;

	terminal_size(&columns, &rows);
	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && (size_t)columns * rows <= CELLS_MAX;
}

void lines_resize(struct lines *lines)
{
	if (lines->editor && can_edit())
		el_resize(lines->editor);
}

static void end_editor(struct lines *lines)
{
	if (lines->editor)
		el_end(lines->editor);
	if (lines->history)
		history_wend(lines->history);
	free(lines->wide_prompt);
}

#else

static bool begin_editor(struct lines *lines)
{
	(void)lines;
	return true;
}

void lines_interrupt(struct lines *lines)
{
	(void)lines;
}

void lines_resize(struct lines *lines)
{
	(void)lines;
}

static void end_editor(struct lines *lines)
{
	(void)lines;
}

static enum lines_result read_edited(struct lines *lines)
{
	return read_plain(lines);
}

static bool can_edit(void)
{
	return false;
}

#endif

struct terminal_mode lines_mode(int escape)
{
	struct terminal_mode mode = {
		.edit = !can_edit(),
		.echo = !can_edit(),
		.trap_signals = true,
		.cooked = true,
		.flow_control = true,
		.escape = escape,
	};

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
	if (can_edit() && !begin_editor(lines)) {
		lines_free(lines);
		return NULL;
	}
	return lines;
}

void lines_free(struct lines *lines)
{
	if (!lines)
		return;
	end_editor(lines);
	free(lines->line);
	free(lines);
}

enum lines_result lines_read(struct lines *lines, const char **line, size_t *size)
{
	enum lines_result result = can_edit() ? read_edited(lines) : read_plain(lines);

	*line = lines->line ? lines->line : "";
	*size = lines->size;
	return result;
}
