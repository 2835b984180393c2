/* SPDX-License-Identifier: ISC */
/* From a host's name and a port to a connected socket. */
#ifndef CONNECT_H
#define CONNECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "contrib/telnet/source.h"

struct connect_target {
	const char *host;
	const char *port; /* a number from 1 to 65535 or a service's name */
	int family; /* AF_INET, AF_INET6 or AF_UNSPEC */
	const struct source *source; /* NULL: the system chooses the address to connect from */
	unsigned timeout; /* seconds until an address that does not answer is given up */
};

/*
 * Whether this is a port's number or the name of a service that services.h knows; the number is
 * filled in.
 */
bool connect_knows_port(const char *port, unsigned short *number);

/*
 * Connects to the first address of the host that answers, IPv6 and IPv4 in turn, the next one tried
 * 250 ms after the last or as soon as that has failed (RFC 8305). What is tried is told to
 * `notices` unless that is NULL, what has failed to standard error, each address by name. Returns
 * a socket that does not block, or -1.
 */
int connect_to(const struct connect_target *, FILE *notices);

#endif
