/* SPDX-License-Identifier: ISC */
/*
 * The unfinished line of a text server, such as "login: ": the part that is in the cursor's row of
 * the screen. The editor of lines begins after it. Reads the bytes that are shown as a terminal
 * does, as far as they concern that row.
 */
#ifndef PROMPT_H
#define PROMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

/* Columns of a row that are followed. */
#define PROMPT_COLUMNS_MAX 1024

/* Different looks (colours and the like) in a row, and bytes that choose one. */
#define PROMPT_LOOKS_MAX 16
#define PROMPT_LOOK_SIZE 48

/* Bytes of an escape sequence that are kept. */
#define PROMPT_SEQUENCE_SIZE 32

/* In what prompt_write gives, encloses characters that take no room on the screen. */
#define PROMPT_MARK L'\001'

struct prompt_cell {
	wchar_t character; /* 0: the right half of a wide character */
	unsigned char look; /* a number in `looks` */
};

struct prompt {
	struct prompt_cell cells[PROMPT_COLUMNS_MAX];
	size_t size; /* cells in use */
	size_t column; /* of the cursor; past the last one if the next character begins a row */
	unsigned char look;
	char looks[PROMPT_LOOKS_MAX][PROMPT_LOOK_SIZE]; /* the first is no look at all: "" */
	size_t look_count;
	unsigned char state; /* what the next byte belongs to */
	char sequence[PROMPT_SEQUENCE_SIZE]; /* of an escape sequence, from after ESC [ */
	size_t sequence_size;
	mbstate_t character; /* one that has not come as a whole */
};

/* The cursor is at the beginning of an empty line. */
void prompt_clear(struct prompt *);

/* Bytes are shown on a terminal this wide, which shows LF as CR LF. */
void prompt_show(struct prompt *, const char *bytes, size_t size, size_t columns);

/* Whether the row is full: the next character is shown in the next row. */
bool prompt_fills_row(const struct prompt *, size_t columns);

/*
 * Writes what the row has before the cursor, as a wide string. Changes of look are in it, each
 * between two marks and in front of a character. Returns NULL when memory is out; the caller frees
 * it.
 */
wchar_t *prompt_write(const struct prompt *);

#endif
