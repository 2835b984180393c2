/* SPDX-License-Identifier: ISC */
/*
 * The keys of the editor of lines, as terminals send them. Whatever is not in this table is text:
 * telnet(1) lists the same keys.
 */
#ifndef LINEKEYS_H
#define LINEKEYS_H

#include <stddef.h>
#include <termios.h>

/* Bytes of the longest key. */
#define LINEKEYS_SIZE 8

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

#define LINEKEY_PART (-1) /* the bytes may become a key */
#define LINEKEY_NONE (-2)

/*
 * What key these bytes are, or one of the two above. `characters` are those of the user's terminal,
 * as termios(3) has them: its keys to erase, to quote and to end come first.
 */
int linekeys_find(const cc_t *characters, const char *bytes, size_t size);

#endif
