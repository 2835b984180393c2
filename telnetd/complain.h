/* SPDX-License-Identifier: ISC */
/*
 * Says in one line what keeps the program from starting: on standard error and, if inetd(8) has
 * started the program, in syslog. If standard error is the client's connection, it goes to syslog
 * alone, so that the client does not read it.
 */
#ifndef TELNETD_COMPLAIN_H
#define TELNETD_COMPLAIN_H

#include <stdbool.h>

/* Where a value comes from: a line of a file, an option, or neither for a default. */
struct origin {
	const char *file; /* NULL: not in a file */
	int line;
	const char *long_option; /* without "--"; NULL: not by a long option */
	char option; /* '\0': not by a short option */
};

/*
 * Both return CONFIG_EXIT_USAGE, for the caller to return. Control characters are shown as '?', to
 * keep it one line. The second begins with the origin: "FILE:LINE: ", "--OPTION: " or "-O: ".
 */
__attribute__((format(printf, 1, 2))) int complain(const char *format, ...);
__attribute__((format(printf, 2, 3))) int complain_of(const struct origin *, const char *format,
						      ...);

/* Whether descriptor 0 is a connection, as inetd(8) starts a program. */
bool complain_is_for_inetd(void);

#endif
