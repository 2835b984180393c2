/* SPDX-License-Identifier: ISC */
/* The table of the editor's keys, and which of them the bytes are that were typed. */
#include "contrib/telnet/linekeys.h"

#include <string.h>
#include <unistd.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
	int place; /* in termios(3)'s c_cc */
	enum linekey key;
} own_keys[] = {
	{VERASE, LINEKEY_ERASE},       {VWERASE, LINEKEY_ERASE_WORD}, {VKILL, LINEKEY_KILL},
	{VREPRINT, LINEKEY_REDISPLAY}, {VLNEXT, LINEKEY_QUOTE},	      {VEOF, LINEKEY_END_OF_FILE},
};

static const struct {
	const char *bytes;
	enum linekey key;
} keys[] = {
	{"\r", LINEKEY_ENTER},
	{"\n", LINEKEY_ENTER},
	{"\001", LINEKEY_BEGINNING}, /* ^A */
	{"\033[H", LINEKEY_BEGINNING},
	{"\033OH", LINEKEY_BEGINNING},
	{"\033[1~", LINEKEY_BEGINNING},
	{"\033[7~", LINEKEY_BEGINNING},
	{"\005", LINEKEY_END}, /* ^E */
	{"\033[F", LINEKEY_END},
	{"\033OF", LINEKEY_END},
	{"\033[4~", LINEKEY_END},
	{"\033[8~", LINEKEY_END},
	{"\002", LINEKEY_LEFT}, /* ^B */
	{"\033[D", LINEKEY_LEFT},
	{"\033OD", LINEKEY_LEFT},
	{"\006", LINEKEY_RIGHT}, /* ^F */
	{"\033[C", LINEKEY_RIGHT},
	{"\033OC", LINEKEY_RIGHT},
	{"\033b", LINEKEY_WORD_LEFT},
	{"\033[1;3D", LINEKEY_WORD_LEFT},
	{"\033[1;5D", LINEKEY_WORD_LEFT},
	{"\033f", LINEKEY_WORD_RIGHT},
	{"\033[1;3C", LINEKEY_WORD_RIGHT},
	{"\033[1;5C", LINEKEY_WORD_RIGHT},
	{"\020", LINEKEY_OLDER}, /* ^P */
	{"\033[A", LINEKEY_OLDER},
	{"\033OA", LINEKEY_OLDER},
	{"\016", LINEKEY_NEWER}, /* ^N */
	{"\033[B", LINEKEY_NEWER},
	{"\033OB", LINEKEY_NEWER},
	{"\b", LINEKEY_ERASE},
	{"\177", LINEKEY_ERASE},
	{"\027", LINEKEY_ERASE_WORD}, /* ^W */
	{"\033\177", LINEKEY_ERASE_WORD},
	{"\033[3~", LINEKEY_DELETE},
	{"\033d", LINEKEY_DELETE_WORD},
	{"\025", LINEKEY_KILL}, /* ^U */
	{"\013", LINEKEY_KILL_REST}, /* ^K */
	{"\031", LINEKEY_YANK}, /* ^Y */
	{"\024", LINEKEY_TRANSPOSE}, /* ^T */
	{"\022", LINEKEY_REDISPLAY}, /* ^R */
	{"\026", LINEKEY_QUOTE}, /* ^V */
	{"\004", LINEKEY_END_OF_FILE}, /* ^D */
};

/* Which key these bytes are, or LINEKEY_PART or LINEKEY_NONE. */
static int find(const cc_t *characters, const char *bytes, size_t size)
{
	int found = LINEKEY_NONE;

	for (size_t i = 0; size == 1 && i < LENGTH(own_keys); i++) {
		cc_t character = characters[own_keys[i].place];

		if (character != _POSIX_VDISABLE && character == (cc_t)bytes[0])
			return (int)own_keys[i].key;
	}
	for (size_t i = 0; i < LENGTH(keys); i++) {
		if (strncmp(keys[i].bytes, bytes, size) != 0 || memchr(bytes, '\0', size))
			continue;
		if (strlen(keys[i].bytes) == size)
			return (int)keys[i].key;
		found = LINEKEY_PART;
	}
	return found;
}

static void drop(struct linekeys *typed, size_t size)
{
	typed->size -= size;
	memmove(typed->bytes, typed->bytes + size, typed->size);
}

/* Takes out the character that begins with these bytes. Returns LINEKEY_NONE, or LINEKEY_PART. */
static int take_character(struct linekeys *typed, size_t size, wchar_t *character)
{
	mbstate_t state = {0};
	size_t length = mbrtowc(character, typed->bytes, size, &state);

	if (length == (size_t)-2 && size < sizeof(typed->bytes))
		return LINEKEY_PART;
	if (length == (size_t)-1 || length == (size_t)-2 || *character == L'\0') {
		*character = (wchar_t)(LINEKEYS_NO_CHARACTER + (unsigned char)typed->bytes[0]);
		length = 1;
	}
	drop(typed, length);
	typed->quoting = false;
	return LINEKEY_NONE;
}

void linekeys_add(struct linekeys *typed, unsigned char byte)
{
	typed->bytes[typed->size++] = (char)byte;
}

int linekeys_take(struct linekeys *typed, const cc_t *characters, wchar_t *character)
{
	for (size_t size = 1; size <= typed->size; size++) {
		int key = typed->quoting ? LINEKEY_NONE : find(characters, typed->bytes, size);

		if (key == LINEKEY_NONE)
			key = take_character(typed, size, character);
		else if (key != LINEKEY_PART)
			drop(typed, size);
		if (key == LINEKEY_QUOTE) {
			typed->quoting = true;
			size = 0;
		} else if (key != LINEKEY_PART) {
			return key;
		}
	}
	return LINEKEY_PART;
}
