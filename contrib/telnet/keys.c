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
	if (key >= 0 && key & SESSION_KEY_ENDS_LINE) {
		session_type(session, both, 1);
		session_end_line(session);
	} else if (key == '.') {
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

static bool ends_line(int key)
{
	return (key & SESSION_KEY_ENDS_LINE) || key == '\r' || key == '\n';
}

/* With --rlogin only ~. at the beginning of a line: another ~ would have to be sent. */
static bool is_escape_among_keys(const struct session *session, size_t at)
{
	bool at_line_start = at > 0 ? ends_line(session->keys[at - 1]) : session->at_line_start;

	if (session->keys[at] != session->settings->escape)
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
	memmove(session->keys, session->keys + at + 1, session->keys_size * sizeof(*session->keys));
	if (session->settings->rlogin)
		session->closed = true;
	else
		plain_escape_typed(session);
}

/*
 * The function of a key that the user's terminal has no name for, or -1. A program that edits by
 * itself, as a shell or an editor does, uses the key for something else.
 */
static int function_of(const struct session *session, int key)
{
	if (!session->telnet || !session->mode.trap_signals || !session->mode.edit)
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

/* --- what the terminal has made of them --------------------------------------------------- */

/* Whether the terminal hands on a line as soon as this is typed. */
static bool ends_what_is_edited(const struct terminal_mode *mode, unsigned char byte)
{
	return byte == mode->ends[0] || (byte == mode->ends[1] && mode->escape < 0) ||
	       byte == mode->escape;
}

/*
 * A byte in the middle of a line is text: if it is a key's, the user has quoted it. The keys for
 * functions are the exception, since the terminal knows only one or two of them.
 */
static unsigned short edited_key(const struct session *session, unsigned char byte, bool is_last)
{
	if (is_last)
		return byte == '\n' ? byte | SESSION_KEY_ENDS_LINE : byte;
	if (function_of(session, byte) >= 0 && !ends_what_is_edited(&session->mode, byte))
		return byte;
	return byte | SESSION_KEY_QUOTED;
}

/* With swaps_ends Enter and ^J have changed places. */
static unsigned short shown_key(unsigned char byte)
{
	if (byte == '\n')
		return byte | SESSION_KEY_ENDS_LINE;
	return byte == '\r' ? '\n' : byte;
}

void keys_add(struct session *session, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size && session->keys_size < SESSION_KEYS_SIZE; i++) {
		unsigned short key = (unsigned char)bytes[i];

		if (session->mode.edit && session->telnet && terminal_is_there())
			key = edited_key(session, (unsigned char)key, i + 1 == size);
		else if (session->mode.swaps_ends && terminal_is_there())
			key = shown_key((unsigned char)key);
		session->keys[session->keys_size++] = key;
	}
}

/* --- taking them -------------------------------------------------------------------------- */

/* Types those up to the escape character or a function's, which is returned, or -1. */
static int type_keys(struct session *session)
{
	char typed[SESSION_KEYS_SIZE];
	size_t size = 0;
	int key;

	while ((key = session_take_key(session)) >= 0) {
		if (keys_is_escape(session, key) || function_of(session, key) >= 0)
			break;
		if ((key & SESSION_KEY_ENDS_LINE) == 0)
			typed[size++] = (char)key;
		session->at_line_start = ends_line(key);
		if (key & SESSION_KEY_ENDS_LINE || size == sizeof(typed)) {
			session_type(session, typed, size);
			size = 0;
		}
		if (key & SESSION_KEY_ENDS_LINE)
			session_end_line(session);
	}
	session_type(session, typed, size);
	return key;
}

static void type_key(struct session *session, int key)
{
	const char byte = (char)key;

	session_type(session, &byte, 1);
}

void keys_take(struct session *session)
{
	int key, function;

	if (session->to_network.size >= QUEUE_ENOUGH) {
		keys_look_for_escape(session);
		return;
	}
	key = type_keys(session);
	function = function_of(session, key);
	if (keys_is_escape(session, key))
		keys_escape_typed(session);
	else if (function >= 0)
		send_function(session, (enum nvt_function)function);
	else if (key >= 0)
		type_key(session, key); /* the mode has changed meanwhile */
}
