/* SPDX-License-Identifier: ISC */
/* The host to connect to, as users write it. */
#ifndef DESTINATION_H
#define DESTINATION_H

#include <stdbool.h>

#define DESTINATION_SIZE 512 /* of what a user writes, its NUL included */

struct destination {
	char text[DESTINATION_SIZE]; /* the others point into it */
	const char *host;
	const char *port; /* NULL: none was named; it is not checked */
	const char *user; /* NULL: none was named */
};

/*
 * Reads one of HOST, HOST:PORT, an IPv6 address, [ADDRESS], [ADDRESS]:PORT and
 * telnet://USER:PASSWORD@HOST:PORT/ (RFC 4248; only the host must be there). On anything else
 * complains on standard error, naming the right form, and returns false. A password is not kept,
 * and a line on standard error says so.
 */
bool destination_read(const char *text, struct destination *);

#endif
