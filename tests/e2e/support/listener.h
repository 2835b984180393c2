/* SPDX-License-Identifier: ISC */
/* A listening socket of a test's own, for trials of clients. */
#ifndef E2E_LISTENER_H
#define E2E_LISTENER_H

#include <stddef.h>
#include <sys/types.h>

struct listener {
	int socket; /* 0: it does not listen */
	unsigned short port;
	char port_text[8]; /* the same, as an argument */
	pid_t server; /* runs a program for each connection; 0: the test accepts */
};

/* Listens on any free port of 127.0.0.1. Start from a zeroed struct. */
void listener_open(struct listener *);

/* Waits for a connection and returns its socket; fails the test if none comes. */
int listener_accept(struct listener *);

/* Runs a program for each connection, which is its standard input and output, as inetd does. */
void listener_serve(struct listener *, const char *const arguments[]);

/* Ends it all. */
void listener_close(struct listener *);

#endif
