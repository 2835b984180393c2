/* SPDX-License-Identifier: ISC */
/*
 * Watches what an endpoint sends and takes: a strict reader of its output, which must be TELNET
 * (RFC 854) at any time, and a table of option states of its own, written from RFC 1143 and
 * knowing nothing of nvt/option.c, which says what may be answered when.
 */
#ifndef WATCH_H
#define WATCH_H

#include <stdbool.h>

#include "nvt/nvt.h"
#include "tests/fuzz/fuzz.h"

#define WATCH_DECODED_MAX 4096
#define WATCH_BODY_MAX 2048

/* A side of an option, as RFC 1143 section 7 describes it: us and usq, or him and himq. */
enum side_state {
	SIDE_NO,
	SIDE_YES,
	SIDE_WANT_NO,
	SIDE_WANT_YES,
};

struct option_side {
	enum side_state state;
	bool opposite; /* the queue: EMPTY or OPPOSITE */
};

/* What an endpoint has to say next of a side of an option, and the state that it is in then. */
enum due {
	DUE_NOTHING,
	DUE_ENABLE,
	DUE_DISABLE,
	DUE_EITHER, /* it may agree (SIDE_YES) or refuse (SIDE_NO) */
};

struct watch {
	enum nvt_role role;
	bool line_mode; /* LINEMODE is not refused: ECHO goes with it */
	bool has_terminal; /* a server's: before that WILL LINEMODE is not answered */
	bool deferred; /* it has come nevertheless */
	struct option_side sides[2][256]; /* the peer's, ours */

	/* The answer that the command or call in hand asks for. */
	enum due due;
	enum side_state due_state;
	bool due_local;
	uint8_t due_option;

	enum {
		SENT_DATA,
		SENT_CR,
		SENT_IAC,
		SENT_COMMAND, /* WILL, WONT, DO, DONT */
		SENT_SB,
		SENT_BODY,
		SENT_BODY_IAC,
	} sent;
	uint8_t command;
	uint8_t option; /* of the subnegotiation being sent */
	bool announced; /* the urgent byte of a Synch has been sent, and not the rest */
	bool marked; /* the last that was sent is the beginning of a compressed stream */
	uint8_t body[WATCH_BODY_MAX];
	size_t body_size;
	char decoded[WATCH_DECODED_MAX]; /* data sent, as its reader has it */
	size_t decoded_size; /* may be more than fits */
};

/* Whether a side of an option is in effect. */
bool watch_is_on(const struct watch *, bool local, uint8_t option);

/* WILL, WONT, DO or DONT is about to be given to the endpoint. */
void watch_received(struct watch *, uint8_t command, uint8_t option);

/* The endpoint is about to be asked for a change (nvt_ask_local, nvt_ask_remote). */
void watch_asked(struct watch *, bool local, uint8_t option, bool enable);

/* The command or call has been dealt with: what was due must have been said. */
void watch_dealt_with(struct watch *);

/* A byte that the endpoint sends. */
void watch_sent(struct watch *, uint8_t byte);

/* Whether the output may end here, or a command begin: nothing but a CR is open. */
bool watch_is_at_rest(const struct watch *);

/* The mode that the option states amount to must be the one that the endpoint tells. */
void watch_check_mode(const struct watch *, const struct nvt_mode *);

#endif
