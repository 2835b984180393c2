/* SPDX-License-Identifier: ISC */
/* TELNET's commands and options have the names of the RFCs and the registry. */
#include "contrib/telnet/words.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FIRST_COMMAND 236 /* EOF of RFC 1184 */

static const char *const commands[] = {
	"EOF", "SUSP", "ABORT", "EOR", "SE", "NOP",  "DM",   "BRK", "IP",   "AO",
	"AYT", "EC",   "EL",	"GA",  "SB", "WILL", "WONT", "DO",  "DONT", "IAC",
};

static const struct {
	unsigned char option;
	const char *name;
} options[] = {
	{0, "BINARY"},
	{1, "ECHO"},
	{3, "SUPPRESS-GO-AHEAD"},
	{5, "STATUS"},
	{6, "TIMING-MARK"},
	{18, "LOGOUT"},
	{23, "SEND-LOCATION"},
	{24, "TERMINAL-TYPE"},
	{25, "END-OF-RECORD"},
	{31, "NAWS"},
	{32, "TERMINAL-SPEED"},
	{33, "TOGGLE-FLOW-CONTROL"},
	{34, "LINEMODE"},
	{35, "X-DISPLAY-LOCATION"},
	{36, "ENVIRON"},
	{37, "AUTHENTICATION"},
	{38, "ENCRYPT"},
	{39, "NEW-ENVIRON"},
	{40, "TN3270E"},
	{42, "CHARSET"},
	{44, "COM-PORT-CONTROL"},
	{46, "START-TLS"},
	{70, "MSSP"},
	{85, "COMPRESS"},
	{86, "COMPRESS2"},
	{87, "COMPRESS3"},
	{91, "MXP"},
	{201, "GMCP"},
	{255, "EXTENDED-OPTIONS-LIST"},
};

/* Names that people type and the RFCs do not have. */
static const struct {
	unsigned char option;
	const char *name;
} nicknames[] = {
	{3, "SGA"},    {24, "TTYPE"},	 {31, "WINDOW-SIZE"}, {32, "TSPEED"},
	{33, "LFLOW"}, {35, "XDISPLOC"}, {25, "EOR"},
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

const char *words_command(unsigned char command)
{
	return command >= FIRST_COMMAND ? commands[command - FIRST_COMMAND] : NULL;
}

const char *words_option(unsigned char option, char text[WORDS_SIZE])
{
	snprintf(text, WORDS_SIZE, "OPTION %d", option);
	for (size_t i = 0; i < LENGTH(options); i++)
		if (options[i].option == option)
			snprintf(text, WORDS_SIZE, "%s", options[i].name);
	return text;
}

int words_match(const char *typed, const char *name)
{
	size_t length = strlen(typed);

	if (length == 0 || strncasecmp(typed, name, length) != 0)
		return 0;
	return name[length] == '\0' ? 2 : 1;
}

/* Takes one more name into account of what was found so far. Returns whether it is the one. */
static int consider(int match, int option, int found)
{
	if (match == 0 || found == option)
		return found;
	return found == -ENOENT ? option : -EINVAL;
}

static int find_number(const char *name)
{
	size_t digits = strspn(name, "0123456789");

	if (digits == 0 || digits > 3 || name[digits] != '\0' || atoi(name) > 255)
		return -ENOENT;
	return atoi(name);
}

int words_find_option(const char *name)
{
	int found = find_number(name);

	for (size_t i = 0; i < LENGTH(nicknames); i++)
		if (words_match(name, nicknames[i].name) == 2)
			return nicknames[i].option;
	for (size_t i = 0; i < LENGTH(options); i++) {
		int match = words_match(name, options[i].name);

		if (match == 2)
			return options[i].option;
		found = consider(match, options[i].option, found);
	}
	return found;
}

/* Of a struct that begins with it. */
static const char *name_of(const void *named)
{
	const char *name;

	memcpy(&name, named, sizeof(name));
	return name;
}

const void *words_find(const char *typed, const void *table, size_t count, size_t size,
		       const char *none)
{
	const void *found = NULL;

	for (size_t i = 0; i < count; i++) {
		const void *named = (const char *)table + i * size;
		int match = words_match(typed, name_of(named));

		if (match == 2)
			return named;
		if (match == 1 && found) {
			printf("%s: could be %s or %s\n", typed, name_of(found), name_of(named));
			return NULL;
		}
		if (match == 1)
			found = named;
	}
	if (!found)
		printf("%s: %s\n", typed, none);
	return found;
}

bool words_ask_for_list(size_t count, char *words[])
{
	return count < 2 || strcmp(words[1], "?") == 0;
}
