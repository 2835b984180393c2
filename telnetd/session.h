/* SPDX-License-Identifier: ISC */
/* One session in a worker: socket <-> nvt <-> pty. */
#ifndef TELNETD_SESSION_H
#define TELNETD_SESSION_H

#include <event2/event.h>
#include <stdint.h>

#include "telnetd/charsets.h"
#include "telnetd/config.h"
#include "telnetd/message.h"

/* What the sessions of a worker share. */
struct session_host {
	struct event_base *base;
	int channel; /* to the monitor */
	int attention; /* epoll(7): sockets with urgent data, or that have broken */
	char *const *accept_environment; /* as in struct config */
	enum config_choice linemode; /* and compress: as in struct config */
	const struct charsets *charsets; /* loaded */
	enum config_choice compress;
	void (*over)(struct session_host *, uint32_t number); /* the session is freed behind it */
};

struct session;

/*
 * Begins a session on a client's socket, which is its own from here on, and makes the opening
 * offers. Returns NULL, with the socket closed, where memory is out.
 */
struct session *session_new(struct session_host *, uint32_t number, int socket);

uint32_t session_number(const struct session *);

/* What the monitor says; the descriptor, unless -1, is the session's from here on. */
void session_hear(struct session *, const struct message *, int descriptor);

/* The kernel calls attention to the socket: urgent data, or a broken connection. */
void session_attend(struct session *, bool urgent, bool broken);

/* Ends it without a word to anybody: the monitor has gone. */
void session_free(struct session *);

#endif
