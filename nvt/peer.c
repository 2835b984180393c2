/* SPDX-License-Identifier: ISC */
/*
 * What an end tells of itself by subnegotiation: terminal type (RFC 1091), window size (RFC 1073),
 * line speeds (RFC 1079), X display (RFC 1096); environment.c has the environment. A server asks
 * and keeps the answers in its struct nvt_peer; a client answers from its struct nvt_self.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nvt/endpoint.h"

/* "4294967295,4294967295" */
#define SPEED_TEXT_MAX 21
#define NUMBER_DIGITS_MAX 10

#define WINDOW_BODY_SIZE 4

/* Of every field that holds a terminal type. */
#define TYPE_SIZE (NVT_TERMINAL_TYPE_MAX + 1)

/* --- asking ------------------------------------------------------------------------------- */

/* What a server asks for once its peer has agreed to an option. */
static const struct {
	unsigned char option;
	unsigned awaited;
	bool send; /* by SEND; a window size comes by itself */
} questions[] = {
	{TELNET_TELOPT_TTYPE, AWAITED_TERMINAL_TYPE, true},
	{TELNET_TELOPT_NAWS, AWAITED_WINDOW, false},
	{TELNET_TELOPT_TSPEED, AWAITED_SPEED, true},
	{TELNET_TELOPT_XDISPLOC, AWAITED_DISPLAY, true},
	{TELNET_TELOPT_NEW_ENVIRON, AWAITED_ENVIRONMENT, true},
	{TELNET_TELOPT_ENVIRON, AWAITED_ENVIRONMENT, true},
};

#define QUESTIONS (sizeof(questions) / sizeof(questions[0]))

bool peer_tells_by(unsigned char option)
{
	for (size_t i = 0; i < QUESTIONS; i++)
		if (questions[i].option == option)
			return true;
	return false;
}

static void ask(struct nvt *nvt, unsigned char option)
{
	char body = SEND;

	nvt_send_subnegotiation(nvt, option, &body, 1);
}

void peer_remote_changed(struct nvt *nvt, unsigned char option, bool enabled)
{
	if (nvt->role != NVT_SERVER)
		return;
	for (size_t i = 0; i < QUESTIONS; i++) {
		if (questions[i].option != option)
			continue;
		nvt->awaited &= ~questions[i].awaited;
		if (!enabled)
			continue;
		nvt->awaited |= questions[i].awaited;
		if (questions[i].send)
			ask(nvt, option);
	}
}

void peer_remote_refused(struct nvt *nvt, unsigned char option)
{
	if (nvt->role == NVT_SERVER && option == TELNET_TELOPT_NEW_ENVIRON)
		nvt_ask_remote(nvt, TELNET_TELOPT_ENVIRON, true);
}

/* Reads a decimal number that ends at `stop`; returns what is behind it, NULL if it is none. */
static const char *read_number(const char *text, char stop, unsigned long *number)
{
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > NUMBER_DIGITS_MAX || text[digits] != stop)
		return NULL;
	*number = strtoul(text, NULL, 10);
	return text + digits + 1;
}

/* --- terminal type ------------------------------------------------------------------------ */

#define LETTERS_AND_DIGITS "abcdefghijklmnopqrstuvwxyz0123456789"

/* Not tolower(3): a name is ASCII in whatever locale the owner works. */
static char to_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Copies a name in lower case where a program may safely look it up; returns whether it may. */
static bool usable_type(const char *name, size_t size, char usable[TYPE_SIZE])
{
	if (size == 0 || size > NVT_TERMINAL_TYPE_MAX)
		return false;
	for (size_t i = 0; i < size; i++)
		usable[i] = to_lower(name[i]);
	usable[size] = '\0';
	return strspn(usable, LETTERS_AND_DIGITS "+._-") == size &&
	       strspn(usable, LETTERS_AND_DIGITS) > 0 && !strstr(usable, "..") &&
	       strcmp(usable, "unknown") != 0;
}

/* Whether a name is an MTTS terminal's list of what it can do. */
static bool keep_abilities(struct nvt *nvt, const char *name, size_t size)
{
	char digits[NUMBER_DIGITS_MAX + 1] = "";

	if (size < 5 || memcmp(name, "MTTS ", 5) != 0)
		return false;
	if (size - 5 <= NUMBER_DIGITS_MAX)
		memcpy(digits, name + 5, size - 5);
	if (strlen(digits) == size - 5)
		read_number(digits, '\0', &nvt->peer.mtts);
	return true;
}

static void keep_type(struct nvt *nvt, const char *name, size_t size)
{
	char usable[TYPE_SIZE] = "";

	if (keep_abilities(nvt, name, size))
		return;
	if (!usable_type(name, size, usable))
		return;
	if (nvt->peer.terminal_type[0] == '\0') {
		memcpy(nvt->peer.terminal_type, usable, TYPE_SIZE);
		return;
	}
	for (size_t i = 0; i < NVT_OTHER_TYPES_MAX; i++) {
		if (nvt->peer.other_types[i][0] != '\0')
			continue;
		memcpy(nvt->peer.other_types[i], usable, TYPE_SIZE);
		return;
	}
}

/* An MTTS client names itself first and its terminal second. */
static void put_second_type_first(struct nvt_peer *peer)
{
	char itself[TYPE_SIZE];

	memcpy(itself, peer->terminal_type, TYPE_SIZE);
	memcpy(peer->terminal_type, peer->other_types[0], TYPE_SIZE);
	memcpy(peer->other_types[0], itself, TYPE_SIZE);
}

/* Asks for one terminal type after another until one repeats, which ends the peer's list. */
static void terminal_type_received(struct nvt *nvt, const char *name, size_t size)
{
	char text[TYPE_SIZE] = "";
	bool repeated;

	if (!(nvt->awaited & AWAITED_TERMINAL_TYPE))
		return;
	keep_type(nvt, name, size);
	memcpy(text, name, size > NVT_TERMINAL_TYPE_MAX ? NVT_TERMINAL_TYPE_MAX : size);
	repeated = nvt->type_answers > 0 && strcmp(text, nvt->last_type) == 0;
	memcpy(nvt->last_type, text, TYPE_SIZE);
	if (!repeated && ++nvt->type_answers < TERMINAL_TYPES_MAX) {
		ask(nvt, TELNET_TELOPT_TTYPE);
		return;
	}
	if (nvt->peer.mtts != 0 && nvt->peer.other_types[0][0] != '\0')
		put_second_type_first(&nvt->peer);
	nvt->awaited &= ~(unsigned)AWAITED_TERMINAL_TYPE;
}

/* --- window size, speeds, display --------------------------------------------------------- */

static void window_received(struct nvt *nvt, const unsigned char *body, size_t size)
{
	if (size != WINDOW_BODY_SIZE) {
		nvt_count_malformed(nvt);
		return;
	}
	nvt->awaited &= ~(unsigned)AWAITED_WINDOW;
	nvt->peer.columns = (unsigned short)(body[0] << 8 | body[1]);
	nvt->peer.rows = (unsigned short)(body[2] << 8 | body[3]);
	if (nvt->events->window)
		nvt->events->window(nvt->owner, nvt->peer.columns, nvt->peer.rows);
}

static void speed_received(struct nvt *nvt, const char *body, size_t size)
{
	char text[SPEED_TEXT_MAX + 1] = "";
	unsigned long transmit, receive;
	const char *rest = NULL;

	nvt->awaited &= ~(unsigned)AWAITED_SPEED;
	if (size <= SPEED_TEXT_MAX && !memchr(body, '\0', size)) {
		memcpy(text, body, size);
		rest = read_number(text, ',', &transmit);
	}
	if (!rest || !read_number(rest, '\0', &receive)) {
		nvt_count_malformed(nvt);
		return;
	}
	nvt->peer.transmit_speed = transmit;
	nvt->peer.receive_speed = receive;
}

static void display_received(struct nvt *nvt, const char *body, size_t size)
{
	bool printable = size <= NVT_DISPLAY_MAX;

	nvt->awaited &= ~(unsigned)AWAITED_DISPLAY;
	for (size_t i = 0; i < size && printable; i++)
		printable = body[i] > ' ' && body[i] <= '~';
	if (!printable) {
		nvt_count_malformed(nvt);
		return;
	}
	memcpy(nvt->peer.display, body, size);
	nvt->peer.display[size] = '\0';
}

/* --- answering, as a client --------------------------------------------------------------- */

static void answer(struct nvt *nvt, unsigned char option, const char *text)
{
	char body[1 + NVT_DISPLAY_MAX] = {IS};
	size_t length = strnlen(text, NVT_DISPLAY_MAX);

	memcpy(body + 1, text, length);
	nvt_send_subnegotiation(nvt, option, body, 1 + length);
}

/* Names one type after another, and the last one twice, to say that it is the last. */
static void answer_terminal_type(struct nvt *nvt)
{
	const char *const *types = nvt->self.terminal_types;
	unsigned next = nvt->type_answers;

	if (!types || !types[0]) {
		answer(nvt, TELNET_TELOPT_TTYPE, "UNKNOWN");
		return;
	}
	answer(nvt, TELNET_TELOPT_TTYPE, types[next] ? types[next] : types[next - 1]);
	nvt->type_answers = types[next] ? next + 1 : 0;
}

static void answer_speed(struct nvt *nvt)
{
	char text[64];

	snprintf(text, sizeof(text), "%lu,%lu", nvt->self.transmit_speed, nvt->self.receive_speed);
	answer(nvt, TELNET_TELOPT_TSPEED, text);
}

static void question_received(struct nvt *nvt, unsigned char option, const char *body, size_t size)
{
	if (nvt->local[option] != OPTION_YES)
		return;
	switch (option) {
	case TELNET_TELOPT_TTYPE:
		answer_terminal_type(nvt);
		break;
	case TELNET_TELOPT_TSPEED:
		answer_speed(nvt);
		break;
	case TELNET_TELOPT_XDISPLOC:
		answer(nvt, option, nvt->self.display ? nvt->self.display : "");
		break;
	case TELNET_TELOPT_ENVIRON:
	case TELNET_TELOPT_NEW_ENVIRON:
		environment_answer(nvt, option, body, size);
		break;
	default:
		break;
	}
}

static void send_window(struct nvt *nvt)
{
	char body[WINDOW_BODY_SIZE] = {
		(char)(nvt->self.columns >> 8),
		(char)(nvt->self.columns & 0xff),
		(char)(nvt->self.rows >> 8),
		(char)(nvt->self.rows & 0xff),
	};

	nvt_send_subnegotiation(nvt, TELNET_TELOPT_NAWS, body, sizeof(body));
}

void peer_local_enabled(struct nvt *nvt, unsigned char option)
{
	if (option == TELNET_TELOPT_NAWS)
		send_window(nvt);
}

void nvt_send_window(struct nvt *nvt, unsigned short columns, unsigned short rows)
{
	nvt->self.columns = columns;
	nvt->self.rows = rows;
	if (nvt->local[TELNET_TELOPT_NAWS] == OPTION_YES)
		send_window(nvt);
}

void nvt_set_display(struct nvt *nvt, const char *display)
{
	nvt->self.display = display;
}

/* ------------------------------------------------------------------------------------------ */

static void answer_received(struct nvt *nvt, unsigned char option, const char *body, size_t size)
{
	switch (option) {
	case TELNET_TELOPT_NAWS:
		window_received(nvt, (const unsigned char *)body, size);
		return;
	case TELNET_TELOPT_NEW_ENVIRON:
		environment_received(nvt, body, size);
		return;
	case TELNET_TELOPT_ENVIRON:
		environment_received_old(nvt, body, size);
		return;
	default:
		break;
	}
	if (body[0] != IS) {
		nvt_count_malformed(nvt);
		return;
	}
	switch (option) {
	case TELNET_TELOPT_TTYPE:
		terminal_type_received(nvt, body + 1, size - 1);
		break;
	case TELNET_TELOPT_TSPEED:
		speed_received(nvt, body + 1, size - 1);
		break;
	case TELNET_TELOPT_XDISPLOC:
		display_received(nvt, body + 1, size - 1);
		break;
	default:
		break;
	}
}

void peer_received(struct nvt *nvt, unsigned char option, const char *body, size_t size)
{
	if (!peer_tells_by(option))
		return;
	if (size == 0)
		nvt_count_malformed(nvt);
	else if (nvt->role == NVT_CLIENT && body[0] == SEND)
		question_received(nvt, option, body + 1, size - 1);
	else if (nvt->role == NVT_SERVER && nvt->remote[option] == OPTION_YES)
		answer_received(nvt, option, body, size);
}
