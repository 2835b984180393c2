/* SPDX-License-Identifier: ISC */
/* The address to connect from. */
#ifndef SOURCE_H
#define SOURCE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

struct source {
	const char *text; /* as the user wrote it; NULL: the system chooses */
	union {
		struct sockaddr any;
		struct sockaddr_in ipv4;
		struct sockaddr_in6 ipv6;
	} address;
	socklen_t size;
};

/*
 * Reads an IPv4 or IPv6 address, with its zone (fe80::1%eth0) if it is link-local. Complains on
 * standard error about anything else, and returns false. `text` is kept by reference.
 */
bool source_read(const char *text, struct source *);

/* Binds a socket to it. Returns 0 or a negative errno. */
int source_bind(const struct source *, int socket);

#endif
