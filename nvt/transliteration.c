/* SPDX-License-Identifier: ISC */
/*
 * What stands in ASCII for a character that a set lacks. The C library's own transliteration
 * depends on the locale, and in the C locale has no letter with an accent.
 */
#include "nvt/endpoint.h"

/* Of one character no more than three. */
#define ANY "?"

/* U+00A0 to U+017F, by number. */
#define LATIN_FIRST 0xa0
#define LATIN_LAST 0x17f
/* clang-format off */
static const char latin[LATIN_LAST - LATIN_FIRST + 1][4] = {
	" ", "!", "c", "GBP", ANY, "JPY", "|", "S", "\"", "(C)", "a", "<<", "-", "-", "(R)", "-",
	"o", "+-", "2", "3", "'", "u", "P", ".", ",", "1", "o", ">>", "1/4", "1/2", "3/4", "?",
	"A", "A", "A", "A", "A", "A", "AE", "C", "E", "E", "E", "E", "I", "I", "I", "I",
	"D", "N", "O", "O", "O", "O", "O", "x", "O", "U", "U", "U", "U", "Y", "TH", "ss",
	"a", "a", "a", "a", "a", "a", "ae", "c", "e", "e", "e", "e", "i", "i", "i", "i",
	"d", "n", "o", "o", "o", "o", "o", "/", "o", "u", "u", "u", "u", "y", "th", "y",
	"A", "a", "A", "a", "A", "a", "C", "c", "C", "c", "C", "c", "C", "c", "D", "d",
	"D", "d", "E", "e", "E", "e", "E", "e", "E", "e", "E", "e", "G", "g", "G", "g",
	"G", "g", "G", "g", "H", "h", "H", "h", "I", "i", "I", "i", "I", "i", "I", "i",
	"I", "i", "IJ", "ij", "J", "j", "K", "k", "k", "L", "l", "L", "l", "L", "l", "L",
	"l", "L", "l", "N", "n", "N", "n", "N", "n", "'n", "N", "n", "O", "o", "O", "o",
	"O", "o", "OE", "oe", "R", "r", "R", "r", "R", "r", "S", "s", "S", "s", "S", "s",
	"S", "s", "T", "t", "T", "t", "T", "t", "U", "u", "U", "u", "U", "u", "U", "u",
	"U", "u", "U", "u", "W", "w", "Y", "y", "Y", "Z", "z", "Z", "z", "Z", "z", "s",
};

/* Ranges behind those, in order; all of a range have the same. */
static const struct {
	uint32_t first, last;
	const char *text;
} others[] = {
	{0x2000, 0x200a, " "}, {0x2010, 0x2015, "-"}, {0x2018, 0x2019, "'"}, {0x201a, 0x201a, ","},
	{0x201b, 0x201b, "'"}, {0x201c, 0x201f, "\""}, {0x2022, 0x2022, "*"},
	{0x2026, 0x2026, "..."}, {0x202f, 0x202f, " "}, {0x2032, 0x2032, "'"},
	{0x2033, 0x2033, "\""}, {0x2039, 0x2039, "<"}, {0x203a, 0x203a, ">"},
	{0x20ac, 0x20ac, "EUR"}, {0x2122, 0x2122, "TM"}, {0x2190, 0x2190, "<-"},
	{0x2191, 0x2191, "^"}, {0x2192, 0x2192, "->"}, {0x2193, 0x2193, "v"}, {0x2212, 0x2212, "-"},
	{0x2264, 0x2264, "<="}, {0x2265, 0x2265, ">="}, {0x2500, 0x2501, "-"},
	{0x2502, 0x2503, "|"}, {0x2504, 0x2505, "-"}, {0x2506, 0x2507, "|"},
	{0x2508, 0x2509, "-"}, {0x250a, 0x250b, "|"}, {0x250c, 0x254b, "+"},
	{0x254c, 0x254d, "-"}, {0x254e, 0x254f, "|"}, {0x2550, 0x2550, "="},
	{0x2551, 0x2551, "|"}, {0x2552, 0x256c, "+"}, {0x256d, 0x2570, "+"},
	{0x2580, 0x2593, "#"}, {0x25a0, 0x25a0, "#"}, {0x25cf, 0x25cf, "*"},
	{0x2713, 0x2714, "v"}, {0x3000, 0x3000, " "},
};
/* clang-format on */

#define OTHERS (sizeof(others) / sizeof(others[0]))

const char *transliterate(uint32_t character)
{
	if (character >= LATIN_FIRST && character <= LATIN_LAST)
		return latin[character - LATIN_FIRST];
	for (size_t i = 0; i < OTHERS && character >= others[i].first; i++)
		if (character <= others[i].last)
			return others[i].text;
	return ANY;
}
