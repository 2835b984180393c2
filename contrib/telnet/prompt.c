/* SPDX-License-Identifier: ISC */
/* Follows the row of the screen in which a text server's unfinished line ends. */
#include "contrib/telnet/prompt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TAB_STOP 8
#define ESC '\033'
#define BEL '\a'

/* What the next byte belongs to. */
enum state {
	STATE_TEXT,
	STATE_ESCAPE, /* an ESC came */
	STATE_CHARACTER_SET, /* ESC and bytes up to '/', as in ESC ( B */
	STATE_SEQUENCE, /* ESC [ */
	STATE_STRING, /* ESC ] and the like, up to BEL or ESC \ */
	STATE_STRING_ESCAPE,
};

void prompt_clear(struct prompt *prompt)
{
	prompt->size = prompt->column = 0;
	if (prompt->look_count > 1) {
		memmove(prompt->looks[1], prompt->looks[prompt->look], PROMPT_LOOK_SIZE);
		prompt->look_count = prompt->look > 0 ? 2 : 1;
		prompt->look = prompt->look > 0;
	}
}

/* --- the row ------------------------------------------------------------------------------ */

static void set_cell(struct prompt *prompt, size_t column, wchar_t character)
{
	prompt->cells[column] = (struct prompt_cell){character, prompt->look};
	if (prompt->size <= column)
		prompt->size = column + 1;
}

/* From `begin` up to `end`, not included, the row is empty. */
static void blank(struct prompt *prompt, size_t begin, size_t end)
{
	for (size_t i = begin; i < end; i++)
		prompt->cells[i] = (struct prompt_cell){L' ', 0};
	if (prompt->size < end)
		prompt->size = end;
}

/* After the last column is filled, everything except a character finds the cursor still there. */
static size_t column_of(const struct prompt *prompt, size_t columns)
{
	return prompt->column < columns ? prompt->column : columns - 1;
}

static void move_to(struct prompt *prompt, size_t column, size_t columns)
{
	if (column > columns - 1)
		column = columns - 1;
	if (column > prompt->size)
		blank(prompt, prompt->size, column);
	prompt->column = column;
}

/* The cursor goes to another row, whose characters are not known. */
static void leave_row(struct prompt *prompt)
{
	prompt->size = 0;
	blank(prompt, 0, prompt->column);
}

static void put_character(struct prompt *prompt, wchar_t character, size_t columns)
{
	int width = wcwidth(character);

	if (width <= 0)
		return;
	if (prompt->column + (size_t)width > columns)
		prompt_clear(prompt);
	for (size_t i = 0; i < (size_t)width; i++)
		set_cell(prompt, prompt->column++, i == 0 ? character : 0);
}

static void control_came(struct prompt *prompt, char byte, size_t columns)
{
	size_t column = column_of(prompt, columns);

	switch (byte) {
	case '\n':
		prompt_clear(prompt);
		break;
	case '\r':
		prompt->column = 0;
		break;
	case '\b':
		move_to(prompt, column > 0 ? column - 1 : 0, columns);
		break;
	case '\t':
		move_to(prompt, (column / TAB_STOP + 1) * TAB_STOP, columns);
		break;
	case '\v':
	case '\f':
		leave_row(prompt);
		break;
	case ESC:
		prompt->state = STATE_ESCAPE;
		break;
	default:
		break;
	}
}

/* --- escape sequences --------------------------------------------------------------------- */

/* A row can have only a few looks: one too many counts as no look. */
static unsigned char find_look(struct prompt *prompt, const char *look)
{
	for (size_t i = 0; i < prompt->look_count; i++)
		if (strcmp(prompt->looks[i], look) == 0)
			return (unsigned char)i;
	if (prompt->look_count == PROMPT_LOOKS_MAX)
		return 0;
	memcpy(prompt->looks[prompt->look_count], look, strlen(look) + 1);
	return (unsigned char)prompt->look_count++;
}

/* ESC [ ... m adds to the look; without a number, or with 0 in front, it replaces the look. */
static void change_look(struct prompt *prompt)
{
	const char *change = prompt->sequence, *before = prompt->looks[prompt->look];
	char look[PROMPT_LOOK_SIZE];
	int size;

	if (prompt->look_count == 0)
		prompt->look_count = 1;
	while (*change == '0' || *change == ';')
		change += 1;
	if (change > prompt->sequence || *change == '\0')
		before = "";
	size = *change == '\0' ? snprintf(look, sizeof(look), "%s", before)
			       : snprintf(look, sizeof(look), "%s\033[%sm", before, change);
	if (size >= (int)sizeof(look))
		look[0] = '\0';
	prompt->look = find_look(prompt, look);
}

/* A number of the sequence, counted from 0; one that is missing is `usual`. */
static size_t number(const struct prompt *prompt, unsigned place, size_t usual)
{
	const char *at = prompt->sequence;
	unsigned long value;

	while (place > 0 && at) {
		at = strchr(at, ';');
		at = at ? at + 1 : NULL;
		place--;
	}
	value = at ? strtoul(at, NULL, 10) : 0;
	if (value > PROMPT_COLUMNS_MAX)
		value = PROMPT_COLUMNS_MAX;
	return value > 0 ? value : usual;
}

static void erase_in_row(struct prompt *prompt)
{
	size_t what = number(prompt, 0, 0);

	if (what > 0)
		blank(prompt, 0, prompt->column);
	if (what != 1 && prompt->size > prompt->column)
		prompt->size = prompt->column;
}

static void sequence_ended(struct prompt *prompt, char last, size_t columns)
{
	size_t column = column_of(prompt, columns), count = number(prompt, 0, 1);

	switch (last) {
	case 'm':
		change_look(prompt);
		break;
	case 'K':
	case 'J':
		erase_in_row(prompt);
		break;
	case 'C':
	case 'a':
		move_to(prompt, column + count, columns);
		break;
	case 'D':
		move_to(prompt, column > count ? column - count : 0, columns);
		break;
	case 'G':
	case '`':
		move_to(prompt, count - 1, columns);
		break;
	case 'H':
	case 'f':
		prompt->size = 0;
		move_to(prompt, number(prompt, 1, 1) - 1, columns);
		break;
	case 'E':
	case 'F':
		prompt_clear(prompt);
		break;
	case 'A':
	case 'B':
	case 'd':
		leave_row(prompt);
		break;
	default:
		break;
	}
}

static void begin_sequence(struct prompt *prompt, char byte)
{
	prompt->sequence_size = 0;
	if (byte == '[')
		prompt->state = STATE_SEQUENCE;
	else if (strchr("]PX^_", byte) && byte != '\0')
		prompt->state = STATE_STRING;
	else if (byte >= ' ' && byte <= '/')
		prompt->state = STATE_CHARACTER_SET;
	else
		prompt->state = STATE_TEXT;
	if (byte == 'D' || byte == 'M')
		leave_row(prompt);
	else if (byte == 'E' || byte == 'c')
		prompt_clear(prompt);
}

/* A sequence that is too long, or a private one (with a byte from '<' to '?'), has no effect. */
static void sequence_came(struct prompt *prompt, char byte, size_t columns)
{
	if (byte >= ' ' && byte <= '?') {
		if (prompt->sequence_size < PROMPT_SEQUENCE_SIZE)
			prompt->sequence[prompt->sequence_size++] = byte;
		return;
	}
	prompt->state = STATE_TEXT;
	if (prompt->sequence_size == PROMPT_SEQUENCE_SIZE)
		return;
	prompt->sequence[prompt->sequence_size] = '\0';
	if (strcspn(prompt->sequence, "<=>?") == prompt->sequence_size)
		sequence_ended(prompt, byte, columns);
}

static void escaped_byte(struct prompt *prompt, char byte, size_t columns)
{
	switch (prompt->state) {
	case STATE_ESCAPE:
		begin_sequence(prompt, byte);
		break;
	case STATE_CHARACTER_SET:
		if (byte < ' ' || byte > '/')
			prompt->state = STATE_TEXT;
		break;
	case STATE_SEQUENCE:
		sequence_came(prompt, byte, columns);
		break;
	case STATE_STRING:
		if (byte == BEL)
			prompt->state = STATE_TEXT;
		else if (byte == ESC)
			prompt->state = STATE_STRING_ESCAPE;
		break;
	default: /* STATE_STRING_ESCAPE */
		prompt->state = STATE_TEXT;
		break;
	}
}

/* --- all of it ---------------------------------------------------------------------------- */

static bool is_control(char byte)
{
	return (unsigned char)byte < ' ' || byte == '\177';
}

/* Shows a character whose last bytes never came as one character. */
static void end_character(struct prompt *prompt, size_t columns)
{
	if (mbsinit(&prompt->character))
		return;
	memset(&prompt->character, 0, sizeof(prompt->character));
	put_character(prompt, L'?', columns);
}

/* Each byte that does not belong to a character is shown as one character, too. */
static void text_byte(struct prompt *prompt, char byte, size_t columns)
{
	bool begins = mbsinit(&prompt->character);
	wchar_t character;
	size_t length = mbrtowc(&character, &byte, 1, &prompt->character);

	if (length == (size_t)-2)
		return;
	if (length != (size_t)-1) {
		put_character(prompt, character, columns);
		return;
	}
	memset(&prompt->character, 0, sizeof(prompt->character));
	put_character(prompt, L'?', columns);
	if (!begins)
		text_byte(prompt, byte, columns);
}

void prompt_show(struct prompt *prompt, const char *bytes, size_t size, size_t columns)
{
	if (columns == 0 || columns > PROMPT_COLUMNS_MAX)
		columns = PROMPT_COLUMNS_MAX;
	for (size_t i = 0; i < size; i++) {
		if (prompt->state != STATE_TEXT) {
			escaped_byte(prompt, bytes[i], columns);
		} else if (is_control(bytes[i])) {
			end_character(prompt, columns);
			control_came(prompt, bytes[i], columns);
		} else {
			text_byte(prompt, bytes[i], columns);
		}
	}
}

bool prompt_fills_row(const struct prompt *prompt, size_t columns)
{
	return columns > 0 && prompt->column == columns;
}

/* --- for the editor ----------------------------------------------------------------------- */

static size_t write_look(wchar_t *to, const char *look)
{
	size_t size = 0;

	to[size++] = PROMPT_MARK;
	for (const char *at = "\033[0m"; *at != '\0'; at++)
		to[size++] = (wchar_t)*at;
	for (; *look != '\0'; look++)
		to[size++] = (wchar_t)*look;
	to[size++] = PROMPT_MARK;
	return size;
}

/* The last character has the look in which what is typed will be shown. */
static unsigned char look_at(const struct prompt *prompt, size_t column)
{
	size_t width = prompt->cells[prompt->column - 1].character == 0 ? 2 : 1;

	return column + width < prompt->column ? prompt->cells[column].look : prompt->look;
}

wchar_t *prompt_write(const struct prompt *prompt)
{
	const size_t most = 1 + PROMPT_LOOK_SIZE + sizeof("\033[0m") + 2;
	wchar_t *text = calloc(prompt->column * most + 1, sizeof(wchar_t));
	unsigned char look = prompt->look;
	size_t size = 0;

	for (size_t i = 0; text && i < prompt->column; i++) {
		if (prompt->cells[i].character == 0)
			continue;
		if (look_at(prompt, i) != look)
			size += write_look(text + size, prompt->looks[look_at(prompt, i)]);
		look = look_at(prompt, i);
		text[size++] = prompt->cells[i].character;
	}
	return text;
}
