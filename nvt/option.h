/* SPDX-License-Identifier: ISC */
/*
 * The Q method of option negotiation (RFC 1143), as a pure table: a state and an event give the
 * next state and what to send. Both sides of an option, ours (WILL/WONT sent, DO/DONT received)
 * and the peer's (DO/DONT sent, WILL/WONT received), follow the same table.
 */
#ifndef NVT_OPTION_H
#define NVT_OPTION_H

#include <stdbool.h>

enum option_state {
	OPTION_NO,
	OPTION_YES,
	OPTION_WANT_NO, /* asked to disable, queue empty */
	OPTION_WANT_NO_OPPOSITE, /* asked to disable, to be enabled again then */
	OPTION_WANT_YES, /* asked to enable, queue empty */
	OPTION_WANT_YES_OPPOSITE,
	OPTION_STATES,
};

enum option_event {
	OPTION_RECEIVED_ENABLE, /* WILL (or DO) came, and we would agree */
	OPTION_RECEIVED_REFUSED, /* WILL (or DO) came for an option that we do not do */
	OPTION_RECEIVED_DISABLE, /* WONT (or DONT) came */
	OPTION_ASK_ENABLE,
	OPTION_ASK_DISABLE,
	OPTION_EVENTS,
};

enum option_answer {
	OPTION_SEND_NOTHING,
	OPTION_SEND_ENABLE, /* DO (or WILL) */
	OPTION_SEND_DISABLE, /* DONT (or WONT) */
};

struct option_step {
	enum option_state next;
	enum option_answer answer;
};

/* The table's entry for a state and an event. */
struct option_step option_step(enum option_state, enum option_event);

/* Whether an offer of ours waits for its answer in this state. */
static inline bool option_is_waiting(enum option_state state)
{
	return state >= OPTION_WANT_NO;
}

#endif
