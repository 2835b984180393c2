/* SPDX-License-Identifier: ISC */
/* The keys that the user has typed: the escape character, and those for functions of TELNET. */
#ifndef KEYS_H
#define KEYS_H

#include "contrib/telnet/session.h"

/* Whether a key, or -1, is the escape character here. */
bool keys_is_escape(const struct session *, int key);

/* It has been typed: the prompt, or what rlogin(1) has behind it. */
void keys_escape_typed(struct session *);

/* Takes bytes that the terminal, or a pipe, has handed on at once. */
void keys_add(struct session *, const char *bytes, size_t size);

/* Sends what has been typed up to the escape character or a function's, and acts on that. */
void keys_take(struct session *);

/* The server takes nothing more: what has been typed before the escape character is lost. */
void keys_look_for_escape(struct session *);

#endif
