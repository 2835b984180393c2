/* SPDX-License-Identifier: ISC */
/* What session.c and relay.c do for each other. */
#ifndef RELAY_H
#define RELAY_H

#include "contrib/telnet/session.h"

/* relay.c: deals with what has come from the network, as far as there is room for what follows. */
void relay_input(struct session *);

/* session.c: queues data of the server for the screen. */
void session_show(struct session *, const char *bytes, size_t size);

/* session.c: a key of the terminal, or somebody else, has asked for something. */
void session_answer_requests(struct session *);

/* session.c: the end of what is typed has come. */
void session_end_input(struct session *);

#endif
