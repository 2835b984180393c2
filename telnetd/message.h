/* SPDX-License-Identifier: ISC */
/*
 * What the monitor and a worker say to each other over their SOCK_SEQPACKET pair: fixed-size
 * structs, one a packet, a descriptor beside it where one is passed. Each names its session, so
 * that one path serves workers of one session and of many.
 */
#ifndef TELNETD_MESSAGE_H
#define TELNETD_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MESSAGE_TERMINAL_TYPE_SIZE 41 /* with the NUL, as are the sizes below */
#define MESSAGE_OTHER_TYPES 3
#define MESSAGE_VARIABLES 16
#define MESSAGE_VARIABLE_SIZE 128
#define MESSAGE_TEXT_SIZE 160

enum message_type {
	MESSAGE_CLIENT = 1, /* monitor: a new session, and its client's socket */
	MESSAGE_START, /* worker: negotiation has settled, start the login program */
	MESSAGE_TERMINAL, /* monitor: it runs; the pseudo-terminal's master */
	MESSAGE_REFUSED, /* monitor: it cannot be run, and why */
	MESSAGE_EXITED, /* monitor: the login program has ended */
	MESSAGE_STOP, /* monitor: end the session, and what to tell the user */
	MESSAGE_LOG, /* worker: something worth a line in the log */
	MESSAGE_ENDED, /* worker: the session is over */
	MESSAGE_TYPES,
};

/* Why a session is over. */
enum message_end {
	MESSAGE_END_EXITED, /* the login program ended */
	MESSAGE_END_CLOSED, /* the client closed the connection */
	MESSAGE_END_RESET, /* the connection broke */
	MESSAGE_END_LOGOUT, /* the client asked for it (RFC 727) */
	MESSAGE_END_FAULT, /* the client broke the protocol */
	MESSAGE_END_REFUSED, /* the login program could not be run */
	MESSAGE_END_STOPPED, /* the monitor ended it */
	MESSAGE_END_FAILED, /* the worker could not serve it */
	MESSAGE_ENDS,
};

struct message_start {
	char terminal_type[MESSAGE_TERMINAL_TYPE_SIZE];
	char other_types[MESSAGE_OTHER_TYPES][MESSAGE_TERMINAL_TYPE_SIZE]; /* or "" */
	uint8_t echo;
	uint16_t columns;
	uint16_t rows;
	uint32_t transmit_speed;
	uint32_t receive_speed;
	uint32_t variable_count;
	char variables[MESSAGE_VARIABLES][MESSAGE_VARIABLE_SIZE]; /* NAME=VALUE */
};

struct message_text {
	char text[MESSAGE_TEXT_SIZE];
};

struct message_ended {
	uint32_t why; /* enum message_end */
	uint64_t received; /* bytes from the client */
	uint64_t sent; /* bytes to the client */
};

struct message {
	uint32_t type; /* enum message_type */
	uint32_t session;
	union { /* the largest first: an initializer leaves no byte of the stack in it */
		struct message_start start;
		struct message_text text; /* of REFUSED, STOP and LOG */
		struct message_ended ended;
	};
};

/* The size of a message of this type as it is sent, or 0 for no such type. */
size_t message_size(uint32_t type);

/*
 * Sends a message, and a copy of the descriptor unless it is -1. It does not wait: returns 0,
 * -EAGAIN when the channel is full, or another negative errno.
 */
int message_send(int channel, const struct message *, int descriptor);

/*
 * The same, but waits for room. For a worker: the monitor always reads. It has no descriptor to
 * pass, and its sandbox no system call to do so.
 */
int message_send_waiting(int channel, const struct message *, int descriptor);

/*
 * Receives one message without waiting. *descriptor is what came with it, or -1; it is the
 * caller's, close-on-exec. Returns 1; 0 at the end of the channel; -EAGAIN when there is none;
 * -EPROTO for a packet whose size is not that of its type, or which brings a descriptor that
 * its type does not have or lacks the one that it has; nothing of it is left open then.
 */
int message_receive(int channel, struct message *, int *descriptor);

/* Whether text ends in its field and is printable ASCII. */
bool message_text_is_good(const char *text, size_t size);

#endif
