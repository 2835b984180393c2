/* SPDX-License-Identifier: ISC */
/* Finds out whether the editor of lines has what it needs of the terminal. */
#include "contrib/telnet/editor.h"

#ifdef HAVE_LIBEDIT

#include <histedit.h>
#include <stdio.h>
#include <unistd.h>

/* libedit keeps a picture of the whole screen: too much memory with more characters than this. */
#define CELLS_MAX (1 << 20)

static bool has_capability(EditLine *library, char *name)
{
	char *value = NULL;

	return el_get(library, EL_GETTC, name, &value) == 0 && value && value[0] != '\0';
}

/* libedit complains of a terminal that it does not know: the complaint goes nowhere. */
static bool terminal_can_edit(void)
{
	FILE *nowhere = fopen("/dev/null", "r+e");
	EditLine *library =
		nowhere ? el_init_fd("telnet", nowhere, nowhere, nowhere, -1, -1, -1) : NULL;
	char up[] = "up", clear[] = "ce";
	int edits = 0;
	bool can = library && el_get(library, EL_EDITMODE, &edits) == 0 && edits &&
		   has_capability(library, up) && has_capability(library, clear);

	if (library)
		el_end(library);
	if (nowhere)
		fclose(nowhere);
	return can;
}

bool editor_is_possible(void)
{
	/* Static, since the process has one terminal (terminal.c). */
	static enum { UNKNOWN, CAN, CANNOT } terminal;
	unsigned short columns, rows;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return false;
	terminal_size(&columns, &rows);
	if ((size_t)columns * rows > CELLS_MAX)
		return false;
	if (terminal == UNKNOWN)
		terminal = terminal_can_edit() ? CAN : CANNOT;
	return terminal == CAN;
}

#endif
