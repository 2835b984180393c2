/* SPDX-License-Identifier: ISC */
/* The special characters of LINEMODE, those that a terminal acts on. */
#include "contrib/telnet/specials.h"

#include <stddef.h>
#include <unistd.h>

#include "contrib/telnet/settings.h"

static const struct {
	enum nvt_special special;
	int character; /* an index of c_cc */
	const char *name;
} specials[] = {
	{NVT_SPECIAL_INTERRUPT_PROCESS, VINTR, "IP, interrupt"},
	{NVT_SPECIAL_ABORT_OUTPUT, VDISCARD, "AO, discard output"},
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
	{NVT_SPECIAL_FORWARD_1, VEOL2, "FORW1, ends a line"},
};

#define SPECIALS (sizeof(specials) / sizeof(specials[0]))

void specials_from_terminal(unsigned char special[NVT_SPECIALS], const cc_t characters[NCCS])
{
	for (size_t i = 0; i < SPECIALS; i++)
		special[specials[i].special] = characters[specials[i].character];
}

void specials_to_terminal(cc_t characters[NCCS], const unsigned char special[NVT_SPECIALS])
{
	for (size_t i = 0; i < SPECIALS; i++)
		characters[specials[i].character] = special[specials[i].special];
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
