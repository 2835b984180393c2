/* SPDX-License-Identifier: ISC */
/*
 * How the network's bytes are framed: in which pieces libtelnet reads them, and which events each
 * piece must cause. Versions of libtelnet differ in how they read a subnegotiation, and some hand
 * over bytes that they were not given.
 */
#ifndef NVT_FRAMING_H
#define NVT_FRAMING_H

#include <stdbool.h>
#include <stddef.h> /* which libtelnet.h needs and does not include */

#include <libtelnet.h>

/* Events that libtelnet owes for the piece that it reads. */
enum framing_due {
	DUE_DATA = 1 << 0,
	DUE_COMMAND = 1 << 1, /* of two bytes */
	DUE_NEGOTIATION = 1 << 2, /* WILL, WONT, DO, DONT */
	DUE_BODY = 1 << 3, /* a subnegotiation, which has ended */
};

/* What the next byte may belong to, other than a command. */
#define FRAMING_NO_COMMAND 1 /* IAC NUL of a client that answers each command with three bytes */
#define FRAMING_DOUBLED 2 /* IAC IAC came where the first may have lost its data mark */

struct framing {
	bool of_client; /* the bytes are a client's */
	bool expects_synch; /* a function came for which clients send one, and nothing since */
	unsigned char command; /* what the next byte belongs to: IAC, WILL ... SB, as above, or 0 */
	bool in_body; /* the next byte belongs to a subnegotiation's body, or ends it */
	unsigned char option; /* of the latest subnegotiation */
	size_t body_size; /* of the latest body, so far */
	const char *shown; /* the piece that libtelnet reads */
	size_t shown_size;
	unsigned char shown_command; /* the command of three bytes that the piece ends */
	unsigned due; /* enum framing_due: what it has not said yet */
};

/*
 * Chooses the next piece of the bytes that came, at least one, and puts it into `shown` and
 * `shown_size`. Returns how many of those bytes the piece stands for. After 0 the next call takes
 * at least one.
 *
 * A piece ends with an IAC, or is the one byte that a command takes after it. So libtelnet's
 * verdict is known before anything after a faulty command is parsed, a compressed byte is never
 * taken for TELNET, and the option of a subnegotiation is known before its body.
 */
size_t framing_next(struct framing *, const char *bytes, size_t size);

/*
 * framing_holds: whether the next byte may belong to the bytes before it: a byte waits for it, or a
 * Synch may come. framing_release expects nothing any longer, and puts the byte that waits into
 * `shown` as data, or returns false if no byte waits.
 */
bool framing_holds(const struct framing *);
bool framing_release(struct framing *);

/* Whether the next byte is data, or begins a command. */
bool framing_is_at_rest(const struct framing *);

/*
 * Whether an event is due and has the bytes that were given; takes it off what is due. Warnings and
 * errors are always allowed.
 */
bool framing_allows(struct framing *, const telnet_event_t *);

#endif
