/* SPDX-License-Identifier: ISC */
/*
 * The wire between a client and a server, with somebody who writes down what goes over it, piece by
 * piece as it comes: what a client sends in one packet is one piece.
 */
#ifndef E2E_WIRE_H
#define E2E_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct wire_record;

struct wire {
	pid_t pid; /* of the process that passes on; 0: none */
	unsigned short port; /* where the client connects to */
	struct wire_record *record;
	size_t seen; /* pieces that expectations have come up to */
};

/* Listens on a port of 127.0.0.1 for one client, and connects it to the server's. */
void wire_start(struct wire *, unsigned short server_port);

/* The same without urgent data: as relays do, it loses each byte that was sent as such. */
void wire_start_without_urgent(struct wire *, unsigned short server_port);

/*
 * Waits until the client has sent a piece of exactly these bytes, or it or the server one that
 * holds them, behind the pieces expected before (the server may have sent the one expected last).
 * Fails the test, and shows the pieces, if none comes.
 */
void wire_expect_from_client(struct wire *, const char *bytes, size_t size);
void wire_expect_within_client(struct wire *, const char *bytes, size_t size);
void wire_expect_from_server(struct wire *, const char *bytes, size_t size);

/* Whether the client has sent a piece that holds these bytes, or how many pieces, so far. */
bool wire_client_has_sent(const struct wire *, const char *bytes, size_t size);
size_t wire_client_pieces(const struct wire *);

/* Ends it, and frees what it holds. */
void wire_stop(struct wire *);

#endif
