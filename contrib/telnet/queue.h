/* SPDX-License-Identifier: ISC */
/*
 * Bytes on their way out, to the network or to the terminal: added at the end, written from the
 * beginning, in a buffer that never grows.
 */
#ifndef QUEUE_H
#define QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define QUEUE_SIZE ((size_t)64 * 1024)

/* With more than this in a queue nothing is read that would add to it. */
#define QUEUE_ENOUGH ((size_t)16 * 1024)

/* What is written to a terminal or a pipe at once (PIPE_BUF: poll(2) has said that it fits). */
#define QUEUE_WRITE_SIZE ((size_t)4096)

struct queue {
	char bytes[QUEUE_SIZE];
	size_t size;
	size_t urgent; /* so many bytes end in one that goes as urgent data; 0: there is none */
};

/* Adds bytes, all or none; `urgent`: the last one is urgent. Returns whether there was room. */
bool queue_add(struct queue *, const char *bytes, size_t size, bool urgent);

/* Forgets what is in it. */
void queue_clear(struct queue *);

/* Both write what can be written at once. They return 0 or a negative errno; EAGAIN is none. */
int queue_send(struct queue *, int socket);
int queue_write(struct queue *, int descriptor);

#endif
