/* SPDX-License-Identifier: ISC */
/*
 * The trace: what is negotiated on a connection, in words, with direction and time. It reads both
 * streams of bytes by itself, so it shows what is on the wire and not what somebody meant to send.
 */
#ifndef TRACE_H
#define TRACE_H

#include <stddef.h>
#include <stdio.h>

/* Bytes of a subnegotiation that are shown. */
#define TRACE_BODY_MAX 512

enum trace_direction {
	TRACE_RECEIVED,
	TRACE_SENT,
	TRACE_DIRECTIONS,
};

struct trace_stream {
	unsigned char state; /* what the next byte belongs to: 0 (data), IAC, WILL ... SB */
	unsigned char option;
	int escaped; /* in a subnegotiation: an IAC came */
	unsigned char body[TRACE_BODY_MAX];
	size_t size; /* of the whole body, the part that is not kept included */
};

struct trace {
	FILE *file; /* NULL: nothing is traced */
	int error; /* why a file could not be written to any more, or 0 */
	struct trace_stream streams[TRACE_DIRECTIONS];
};

/*
 * Opens a file, "-" for standard output, or ends tracing (NULL). A file is made readable for its
 * user only, and added to where it is there. Returns 0 or a negative errno.
 */
int trace_open(struct trace *, const char *path);

/* Takes bytes of a connection that speaks TELNET, cut anywhere. */
void trace_bytes(struct trace *, enum trace_direction, const char *bytes, size_t size);

/* Takes bytes of a connection that does not. */
void trace_text(struct trace *, enum trace_direction, const char *bytes, size_t size);

/* A new connection, or its end: `text` is written as a line of its own. */
void trace_begin(struct trace *, const char *text);

#endif
