/* SPDX-License-Identifier: ISC */
/* Listening sockets. */
#ifndef TELNETD_LISTEN_H
#define TELNETD_LISTEN_H

#include <stddef.h>
#include <sys/socket.h>

#include "telnetd/config.h"

/* Every address of the configuration, or one for each family where it names none. */
#define LISTEN_MAX CONFIG_BINDS_MAX

/* Room for any address as text, with its interface and NUL. */
#define LISTEN_ADDRESS_SIZE 64

/*
 * Opens a listening socket for each address: close-on-exec, non-blocking, an IPv6 one for IPv6
 * only. Returns how many there are, in `sockets`. If one cannot be opened, complains, closes those
 * that are open, sets *status to the status to exit with, and returns 0.
 */
size_t listen_open(const struct config *, int sockets[LISTEN_MAX], int *status);

/* Writes an address as text: "192.0.2.1", "2001:db8::1" (a v4-mapped one as v4), and its port. */
void listen_address_text(const struct sockaddr *, char *host, size_t host_size,
			 unsigned short *port);

/*
 * Writes the address by which this machine reaches a listening socket at this address: the
 * loopback's for a socket that listens on all addresses, and a link-local one with its interface.
 */
void listen_target_text(const struct sockaddr *, char *host, size_t host_size);

#endif
