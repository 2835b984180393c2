/* SPDX-License-Identifier: ISC */
/*
 * The keys of the editor of lines, as terminals send them. Whatever is not in the table is text.
 * telnet(1) lists the same keys.
 */
#ifndef LINEKEYS_H
#define LINEKEYS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <termios.h>
#include <wchar.h>

/* Bytes of the longest key, or character. */
#define LINEKEYS_SIZE (MB_LEN_MAX > 8 ? MB_LEN_MAX : 8)

/* A byte that is not part of a character of the locale is this wide character plus the byte. */
#define LINEKEYS_NO_CHARACTER 0xdc00

enum linekey {
	LINEKEY_BEGINNING,
	LINEKEY_END,
	LINEKEY_LEFT,
	LINEKEY_RIGHT,
	LINEKEY_WORD_LEFT,
	LINEKEY_WORD_RIGHT,
	LINEKEY_OLDER,
	LINEKEY_NEWER,
	LINEKEY_ERASE,
	LINEKEY_ERASE_WORD,
	LINEKEY_DELETE,
	LINEKEY_DELETE_WORD,
	LINEKEY_KILL,
	LINEKEY_KILL_REST,
	LINEKEY_YANK,
	LINEKEY_TRANSPOSE,
	LINEKEY_REDISPLAY,
	LINEKEY_QUOTE, /* the next character is text */
	LINEKEY_END_OF_FILE, /* in an empty line; else as LINEKEY_DELETE */
	LINEKEY_ENTER,
	LINEKEYS,
};

#define LINEKEY_PART (-1) /* more bytes decide which key or character it is */
#define LINEKEY_NONE (-2) /* it is a character */

/* Bytes that were typed and are not yet a key or a character. All zero: none. */
struct linekeys {
	char bytes[LINEKEYS_SIZE];
	size_t size;
	bool quoting; /* the next character is text */
};

/* Adds a byte that was typed, after linekeys_take has asked for one by LINEKEY_PART. */
void linekeys_add(struct linekeys *, unsigned char byte);

/*
 * Takes out the next key, which is never LINEKEY_QUOTE, or one of the two above; with LINEKEY_NONE
 * also a character. `characters` are those of the user's terminal, as termios(3) has them: its keys
 * to erase, to quote and to end come first.
 */
int linekeys_take(struct linekeys *, const cc_t *characters, wchar_t *character);

#endif
