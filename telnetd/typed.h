/* SPDX-License-Identifier: ISC */
/* Bytes on their way to a terminal: what was typed and the terminal has not taken. */
#ifndef TELNETD_TYPED_H
#define TELNETD_TYPED_H

#include <stdbool.h>
#include <stddef.h>

struct typed {
	char *bytes; /* `room` of them while there are any, else NULL */
	size_t size;
	size_t room; /* TYPED_PLAIN_SIZE, or TYPED_SIZE */
	bool *ends; /* for each byte, whether it is an end of file; NULL before the first such */
};

/*
 * What waits at most before more is received, and what one turn more can bring: what is inflated is
 * more than what is received as it is.
 */
#define TYPED_WAITING_MAX 4096
#define TYPED_TURN_MAX 16384UL
#define TYPED_PLAIN_SIZE (TYPED_WAITING_MAX + TYPED_TURN_MAX)

/* The same where the client's character set is converted to one that takes more bytes. */
#define TYPED_SIZE (TYPED_WAITING_MAX + 4 * TYPED_TURN_MAX + 64)

/* Adds bytes at the end. Returns 0, -ENOMEM, or -ENOBUFS where they do not fit. */
int typed_add(struct typed *, const char *bytes, size_t size);

/*
 * Marks the last byte that was added as an end of file, not a character of a line. Returns 0 or
 * -ENOMEM.
 */
int typed_mark_end_of_file(struct typed *);

/* Whether the byte at this place is one. */
bool typed_is_end_of_file(const struct typed *, size_t at);

/*
 * Writes to a terminal's master what was added, in order, at most so many bytes of it.
 * Returns 0 when all that it may write has gone, -EAGAIN where the terminal takes no more for now,
 * or another negative errno (-EIO: nobody has it open).
 */
int typed_write(struct typed *, int master, size_t most);

/* Forgets what waits. */
void typed_drop(struct typed *);

#endif
