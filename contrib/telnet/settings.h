/* SPDX-License-Identifier: ISC */
/* What the user has set, by options at first and by commands later. */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "contrib/telnet/destination.h"
#include "contrib/telnet/source.h"

#define SETTINGS_NO_ESCAPE (-1)
#define SETTINGS_EXPORTS_MAX 32

struct settings {
	struct destination destination; /* of the command line */
	struct source source; /* the address to connect from */
	const char *exports[SETTINGS_EXPORTS_MAX]; /* variables that the server may be told */
	size_t export_count;
	const char *host; /* NULL: none was given, commands are read */
	const char *port; /* a number or a service's name */
	const char *user; /* to log in as, or NULL */
	const char *trace; /* a file, "-" or NULL */
	int family;
	unsigned timeout; /* seconds for an address that does not answer */
	bool negotiate; /* at once, whatever the port */
	bool quiet; /* no notices, only what the server says and what goes wrong */
	bool raw; /* no byte is TELNET, whatever the port and the server */
	bool linemode; /* LINEMODE is offered as soon as TELNET is spoken */
	bool rlogin; /* the escape character counts at the beginning of a line only */
	bool binary_input; /* BINARY is asked for of what the server sends */
	bool binary_output; /* and of what is sent */
	bool bare_lf; /* to a text server lines end in LF, not in CR LF */
	bool crlf; /* the Enter key is sent as CR LF in character mode */
	bool local_characters; /* in line mode ^C and the like are sent as functions */
	bool flush; /* and what has come but is not shown yet is dropped */
	bool synch; /* such a function is followed by a Synch */
	int escape; /* a character, or SETTINGS_NO_ESCAPE */
};

/*
 * Reads the command line. Returns -1 where the client is to go on, else the status to exit with,
 * after having said why.
 */
int settings_read(struct settings *, int count, char *arguments[]);

/* Checks a port; complains and returns false where it is none. */
bool settings_check_port(const char *port);

/*
 * Reads a character as users write it: itself, ^X for a control character, or "off" for none.
 * Returns whether it is one.
 */
bool settings_read_character(const char *text, int *character);

/* Writes a character so: "^]", "a" or "off". */
const char *settings_show_character(int character, char text[8]);

#endif
