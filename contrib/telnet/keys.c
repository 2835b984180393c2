/* SPDX-License-Identifier: ISC */
/* What is typed: the escape character and the keys for functions are not sent as they are. */
#include "contrib/telnet/keys.h"

#include <string.h>

#include "contrib/telnet/modes.h"
#include "contrib/telnet/specials.h"

#define CONTROL_Z ('Z' & 0x1f)

bool keys_is_escape(const struct session *session, int key)
{
	return key >= 0 && key == session->settings->escape && terminal_is_there() &&
	       (!session->settings->rlogin || session->at_line_start);
}

static void plain_escape_typed(struct session *session)
{
	if (!session->escape)
		return;
	session->escape(session->owner);
	session->mode_set = false;
	if (session_is_alive(session))
		modes_set(session);
}

/* As rlogin(1): ~. ends, ~^Z stops, ~~ is a ~; anything else is for the server. */
static void rlogin_escape_typed(struct session *session)
{
	char both[2] = {(char)session->settings->escape, 0};
	int key = -1;

	session->escape_waits = true;
	modes_set(session);
	while (session_is_alive(session) && (key = session_take_key(session)) < 0)
		session_step(session);
	session->escape_waits = false;
	modes_set(session);
	session->at_line_start = key == CONTROL_Z;
	both[1] = (char)key;
	if (key == '.') {
		session->closed = true;
	} else if (key == CONTROL_Z) {
		terminal_stop_client();
		session->mode_set = false;
	} else if (key == session->settings->escape) {
		session_type(session, both, 1);
	} else if (key >= 0) {
		session_type(session, both, 2);
	}
}

/* Of rlogin's only ~. at the beginning of a line: any other would have to be sent. */
static bool is_escape_among_keys(const struct session *session, size_t at)
{
	bool at_line_start = at > 0 ? session->keys[at - 1] == '\r' || session->keys[at - 1] == '\n'
				    : session->at_line_start;

	if ((unsigned char)session->keys[at] != session->settings->escape)
		return false;
	return !session->settings->rlogin ||
	       (at_line_start && at + 1 < session->keys_size && session->keys[at + 1] == '.');
}

void keys_escape_typed(struct session *session)
{
	if (session->settings->rlogin)
		rlogin_escape_typed(session);
	else
		plain_escape_typed(session);
}

void keys_look_for_escape(struct session *session)
{
	size_t at = 0;

	while (at < session->keys_size && !is_escape_among_keys(session, at))
		at++;
	if (at == session->keys_size || !terminal_is_there())
		return;
	session->keys_size -= at + 1;
	memmove(session->keys, session->keys + at + 1, session->keys_size);
	if (session->settings->rlogin)
		session->closed = true;
	else
		plain_escape_typed(session);
}

/* The function that a key is for where no terminal knows it, or -1. */
static int function_of(const struct session *session, int key)
{
	if (!session->telnet || !session->mode.trap_signals)
		return -1;
	return specials_find_function(session->special, key);
}

/* AO wants none of what has come either. */
static void send_function(struct session *session, enum nvt_function function)
{
	nvt_send_function(session->nvt, function);
	if (function == NVT_ABORT_OUTPUT && session->settings->flush)
		queue_clear(&session->to_screen);
}

void keys_take(struct session *session)
{
	char typed[SESSION_KEYS_SIZE];
	size_t size = 0;
	int key, function = -1;
	bool escape = false;

	if (session->to_network.size >= QUEUE_ENOUGH) {
		keys_look_for_escape(session);
		return;
	}
	while (size < sizeof(typed) && (key = session_take_key(session)) >= 0) {
		escape = keys_is_escape(session, key);
		function = function_of(session, key);
		if (escape || function >= 0)
			break;
		typed[size++] = (char)key;
		session->at_line_start = key == '\r' || key == '\n';
	}
	session_type(session, typed, size);
	if (escape)
		keys_escape_typed(session);
	else if (function >= 0)
		send_function(session, (enum nvt_function)function);
}
