/* SPDX-License-Identifier: ISC */
/* Character sets and their converters, by iconv(3). Knows neither TELNET nor sessions. */
#include "telnetd/charsets.h"

#include <strings.h>

/* In the order in which they are offered. */
static const struct {
	const char *name;
	const char *converter; /* what iconv(3) calls it; NULL: nvt converts it by itself */
	bool for_clients_only;
	bool built_in; /* into the C library: needs no file */
} sets[] = {
	{"UTF-8", "UTF-8", false, true},
	{"US-ASCII", "ASCII", false, true},
	{"ISO-8859-1", NULL, false, false},
	{"ISO-8859-15", NULL, false, false},
	{"EUC-KR", "EUC-KR", false, false},
	{"CP949", "CP949", false, false},
	{"EUC-JP", "EUC-JP", false, false},
	{"Shift_JIS", "CP932", false, false},
	{"ISO-2022-JP", "ISO-2022-JP", true, false},
	{"GB18030", "GB18030", false, false},
	{"Big5", "BIG5", false, false},
	{"KOI8-R", NULL, false, false},
	{"windows-1251", NULL, false, false},
	{"windows-1252", NULL, false, false},
	{"CP437", NULL, false, false},
	{"CP850", NULL, false, false},
	{"IBM037", NULL, true, false},
	{"IBM1047", NULL, true, false},
};

#define SETS (sizeof(sets) / sizeof(sets[0]))

_Static_assert(SETS == CHARSETS_MAX, "every set has its place");

/* The code points that nvt converts through. */
#define CODE_POINTS "WCHAR_T"

#define NO_CONVERTER ((iconv_t)-1)

/* The place of a set in the table, or SETS. */
static size_t place_of(const char *name)
{
	size_t i = 0;

	while (i < SETS && strcasecmp(sets[i].name, name) != 0)
		i++;
	return i;
}

const char *charsets_find(const char *name)
{
	return charsets_at(place_of(name));
}

const char *charsets_at(size_t place)
{
	return place < SETS ? sets[place].name : NULL;
}

bool charsets_suits_terminal(const char *name)
{
	size_t place = place_of(name);

	return place < SETS && !sets[place].for_clients_only;
}

void charsets_agree_to_all(struct charsets *charsets)
{
	for (size_t i = 0; i < SETS; i++)
		charsets->agreeable[i] = sets[i].name;
	charsets->agreeable[SETS] = NULL;
}

/* Keeps both converters of a set; false, with nothing kept, where one is lacking. */
static bool load(struct charsets *charsets, const char *name)
{
	iconv_t *converters = charsets->converters + charsets->converter_count;
	size_t place = place_of(name);

	if (place == SETS || sets[place].built_in || !sets[place].converter)
		return place < SETS;
	converters[0] = iconv_open(CODE_POINTS, sets[place].converter);
	converters[1] = iconv_open(sets[place].converter, CODE_POINTS);
	if (converters[0] != NO_CONVERTER && converters[1] != NO_CONVERTER) {
		charsets->converter_count += 2;
		return true;
	}
	for (size_t i = 0; i < 2; i++)
		if (converters[i] != NO_CONVERTER)
			iconv_close(converters[i]);
	return false;
}

void charsets_prepare(void)
{
	iconv_t converter = iconv_open("ASCII", CODE_POINTS);

	if (converter != NO_CONVERTER)
		iconv_close(converter);
}

bool charsets_can_convert(const char *name)
{
	struct charsets charsets = {.converter_count = 0};
	bool loaded = load(&charsets, name);

	charsets_unload(&charsets);
	return loaded;
}

void charsets_load(struct charsets *charsets)
{
	size_t kept = 0;

	if (charsets->loaded)
		return;
	charsets->loaded = true;
	load(charsets, charsets->terminal ? charsets->terminal : sets[0].name);
	if (charsets->client)
		load(charsets, charsets->client);
	for (size_t i = 0; charsets->agreeable[i]; i++)
		if (load(charsets, charsets->agreeable[i]))
			charsets->agreeable[kept++] = charsets->agreeable[i];
	charsets->agreeable[kept] = NULL;
}

void charsets_unload(struct charsets *charsets)
{
	while (charsets->converter_count > 0)
		iconv_close(charsets->converters[--charsets->converter_count]);
	charsets->loaded = false;
}
