/* SPDX-License-Identifier: ISC */
/*
 * Bytes on their way to a client's socket. The terminal is read only while this is empty, so that
 * screen output stands at its front only; what the program's user has flushed can be dropped.
 */
#ifndef TELNETD_OUTGOING_H
#define TELNETD_OUTGOING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Screen output of one turn, encoded, and the answers to what is received meanwhile. */
#define OUTGOING_SIZE (176UL * 1024)

struct outgoing {
	char *bytes; /* OUTGOING_SIZE of them while there are any, else NULL */
	size_t start; /* sent up to here */
	size_t end;
	size_t screen_end; /* screen output ends here */
	size_t urgent_end; /* behind the last byte to be sent as urgent data; 0: none */
	uint64_t sent; /* bytes sent in all */
};

/*
 * Adds bytes. `screen` tells output of the terminal from answers; `urgent` makes the last byte TCP
 * urgent data. Returns 0, -ENOMEM, or -ENOBUFS where the client's answers would not fit.
 */
int outgoing_add(struct outgoing *, const char *bytes, size_t size, bool screen, bool urgent);

/*
 * Sends as much as the socket takes. Returns 0 when all has gone, -EAGAIN when some is left, or
 * another negative errno when the connection is broken.
 */
int outgoing_send(struct outgoing *, int socket);

/* Drops the screen output that has not been sent, but for the rest of a doubled byte. */
void outgoing_drop_screen(struct outgoing *);

/* How many bytes wait. */
size_t outgoing_waiting(const struct outgoing *);

void outgoing_free(struct outgoing *);

#endif
