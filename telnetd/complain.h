/* SPDX-License-Identifier: ISC */
/*
 * What keeps the program from starting, said in one line. It goes to standard error. Where inetd
 * has put the client's connection there, it goes to syslog: whoever connects is not to read it.
 */
#ifndef TELNETD_COMPLAIN_H
#define TELNETD_COMPLAIN_H

#include <stdbool.h>

/* Where a value was given: a line of a file, an option, or neither for a default. */
struct origin {
	const char *file; /* NULL: not in a file */
	int line;
	const char *long_option; /* without "--"; NULL: not by a long option */
	char option; /* '\0': not by a short option */
};

/*
 * Both return CONFIG_EXIT_USAGE, for the caller to return. Control characters are shown as '?', so
 * that a line stays a line. The second begins with the origin: "FILE:LINE: " or "--OPTION: ".
 */
__attribute__((format(printf, 1, 2))) int complain(const char *format, ...);
__attribute__((format(printf, 2, 3))) int complain_of(const struct origin *, const char *format,
						      ...);

/* Whether descriptor 0 is a connection, as inetd(8) starts a program. */
bool complain_is_for_inetd(void);

#endif
