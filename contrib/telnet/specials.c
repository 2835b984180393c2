/* SPDX-License-Identifier: ISC */
/* The special characters of LINEMODE: those that a terminal acts on, and those for the client. */
#include "contrib/telnet/specials.h"

#include <stddef.h>
#include <unistd.h>

#include "contrib/telnet/settings.h"

#define CONTROL_T ('T' & 0x1f)

/* Not in c_cc: Linux has no VSTATUS. */
#define NO_PLACE (-1)

static const struct {
	enum nvt_special special;
	int place; /* in c_cc */
	const char *name;
} specials[] = {
	{NVT_SPECIAL_INTERRUPT_PROCESS, VINTR, "IP, interrupt"},
	{NVT_SPECIAL_ABORT_OUTPUT, VDISCARD, "AO, discard output"},
	{NVT_SPECIAL_ARE_YOU_THERE, NO_PLACE, "AYT, are you there"},
	{NVT_SPECIAL_ABORT, VQUIT, "ABORT, quit"},
	{NVT_SPECIAL_END_OF_FILE, VEOF, "EOF, end of file"},
	{NVT_SPECIAL_SUSPEND, VSUSP, "SUSP, suspend"},
	{NVT_SPECIAL_ERASE_CHARACTER, VERASE, "EC, erase character"},
	{NVT_SPECIAL_ERASE_LINE, VKILL, "EL, erase line"},
	{NVT_SPECIAL_ERASE_WORD, VWERASE, "EW, erase word"},
	{NVT_SPECIAL_REPRINT, VREPRINT, "RP, show the line again"},
	{NVT_SPECIAL_LITERAL_NEXT, VLNEXT, "LNEXT, the next character as it is"},
	{NVT_SPECIAL_START_OUTPUT, VSTART, "XON, start output"},
	{NVT_SPECIAL_STOP_OUTPUT, VSTOP, "XOFF, stop output"},
	{NVT_SPECIAL_FORWARD_1, VEOL, "FORW1, ends a line"},
	{NVT_SPECIAL_FORWARD_2, VEOL2, "FORW2, ends a line"},
};

/* Of a terminal of Linux VDISCARD does nothing either. */
static const struct {
	enum nvt_special special;
	enum nvt_function function;
} functions[] = {
	{NVT_SPECIAL_ABORT_OUTPUT, NVT_ABORT_OUTPUT},
	{NVT_SPECIAL_ARE_YOU_THERE, NVT_ARE_YOU_THERE},
	{NVT_SPECIAL_BREAK, NVT_BREAK},
	{NVT_SPECIAL_END_OF_RECORD, NVT_END_OF_RECORD},
};

#define SPECIALS (sizeof(specials) / sizeof(specials[0]))
#define FUNCTIONS (sizeof(functions) / sizeof(functions[0]))

void specials_from_terminal(unsigned char special[NVT_SPECIALS], const cc_t characters[NCCS])
{
	for (size_t i = 0; i < SPECIALS; i++)
		if (specials[i].place != NO_PLACE)
			special[specials[i].special] = characters[specials[i].place];
	special[NVT_SPECIAL_ARE_YOU_THERE] = CONTROL_T; /* as BSD's terminals have it */
}

void specials_to_terminal(cc_t characters[NCCS], const unsigned char special[NVT_SPECIALS])
{
	for (size_t i = 0; i < SPECIALS; i++)
		if (specials[i].place != NO_PLACE)
			characters[specials[i].place] = special[specials[i].special];
}

int specials_find_function(const unsigned char special[NVT_SPECIALS], int key)
{
	for (size_t i = 0; i < FUNCTIONS; i++)
		if (key == special[functions[i].special] && key != _POSIX_VDISABLE)
			return (int)functions[i].function;
	return -1;
}

void specials_list(const unsigned char special[NVT_SPECIALS], FILE *file)
{
	char text[8];

	for (size_t i = 0; i < SPECIALS; i++) {
		int character = special[specials[i].special];

		fprintf(file, "  %-3s  %s\n",
			settings_show_character(character == _POSIX_VDISABLE ? SETTINGS_NO_ESCAPE
									     : character,
						text),
			specials[i].name);
	}
}
