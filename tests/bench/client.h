/* SPDX-License-Identifier: ISC */
/*
 * A TELNET client as the load generator wants it: agrees politely and at once to what a VT220 of
 * 80 by 24 needs, refuses the rest, and gives the data behind it.
 */
#ifndef BENCH_CLIENT_H
#define BENCH_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct client {
	int socket;
	unsigned long long wire; /* bytes read off the socket */
	int state; /* of the parser: enum client_state */
	unsigned char verb;
	bool after_cr; /* the last byte of data was a CR: a NUL behind it is none */
	unsigned char subnegotiation[8];
	size_t subnegotiation_size;
	unsigned char on[2]
			[256 / 8]; /* bits of the options in effect: the server's, the client's */
	unsigned char answers[512]; /* to what one read has brought, sent in one piece */
	size_t answers_size;
	size_t matched; /* of the marker that is looked for */
	struct compression *compression; /* that was asked for; NULL: none was */
	bool compressed; /* is all that comes from now on */
};

/* Connects to 127.0.0.1; reads wait 5 seconds at most. Returns 0, or -1 and errno. */
int client_open(struct client *client, int port);

/* The same with a receive buffer of so many bytes (SO_RCVBUF); 0: the system's. */
int client_open_narrow(struct client *client, int port, int receive_buffer);

void client_close(struct client *client);

/*
 * Asks the server for COMPRESS2 (option 86) and waits until all that follows is compressed; what
 * client_receive gives is inflated from then on. client_end_compression asks for plain TELNET again
 * and waits for it. Data that comes meanwhile is dropped. They return 0, or -1 and errno.
 */
int client_compress(struct client *client);
int client_end_compression(struct client *client);

/*
 * Reads once, at most `room` bytes, and leaves the data among them at `bytes`. Returns its size,
 * which may be 0; -1 with errno EAGAIN (nothing has come, or for a waiting read, nothing in time)
 * or another one; -1 with errno 0 at the end.
 */
ssize_t client_receive(struct client *client, unsigned char *bytes, size_t room, int flags);

/*
 * Looks for a marker in data as it comes. Returns where it ends in this piece, or 0. A marker
 * begins with a byte that it does not have again before its last.
 */
size_t client_find(struct client *client, const char *marker, const unsigned char *bytes,
		   size_t size);

/* Sends all, waiting as long as it takes. Returns 0, or -1. */
int client_send(struct client *client, const void *bytes, size_t size);

/* Waits until the program has begun; -1: it has not. What comes behind the marker is dropped. */
int client_await(struct client *client, const char *marker);

#endif
