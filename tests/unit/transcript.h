/* SPDX-License-Identifier: ISC */
/*
 * An endpoint under test whose every event is written down, and the words to feed it and to say
 * what it must have done. For the tests of nvt/; it knows nvt.h and nothing of nvt's inside.
 */
#ifndef TRANSCRIPT_H
#define TRANSCRIPT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "nvt/nvt.h"

/* TELNET's bytes as text, so that a stream is written down as it reads: IAC WILL ECHO "data". */
#define IAC "\377"
#define DONT "\376"
#define DO "\375"
#define WONT "\374"
#define WILL "\373"
#define SB "\372"
#define GA "\371"
#define EL "\370"
#define EC "\367"
#define AYT "\366"
#define AO "\365"
#define IP "\364"
#define BRK "\363"
#define DM "\362"
#define NOP "\361"
#define SE "\360"
#define EOR "\357"
#define ABORT "\356"
#define SUSP "\355"
#define XEOF "\354"
/* A Synch as it is sent: the urgent byte is DONT, which the stream can lose. */
#define SYNCH IAC DONT NOP IAC DM
#define IAC_SB IAC SB
#define IAC_SE IAC SE

#define BINARY "\000"
#define ECHO "\001"
#define SGA "\003"
#define STATUS "\005"
#define TIMING_MARK "\006"
#define LOGOUT "\022"
#define TTYPE "\030"
#define NAWS "\037"
#define TSPEED "\040"
#define LFLOW "\041"
#define LINEMODE "\042"
#define XDISPLOC "\043"
#define OLD_ENVIRON "\044"
#define AUTHENTICATION "\045"
#define ENCRYPT "\046"
#define NEW_ENVIRON "\047"
#define CHARSET "\052"
#define MSSP "\106"
#define COMPRESS "\125"
#define COMPRESS2 "\126"
#define COMPRESS3 "\127"
#define ZMP "\135"

/* Commands in a subnegotiation. */
#define IS "\000"
#define SEND "\001"
#define INFO "\002"

/* LINEMODE's, and the bits of its MODE. */
#define MODE "\001"
#define FORWARDMASK "\002"
#define SLC "\003"
#define EDIT_TRAPSIG "\003"

/* Types in an environment. */
#define VAR "\000"
#define VALUE "\001"
#define ESC "\002"
#define USERVAR "\003"

/* All that a server offers, and a client that agrees to all or to nothing of it. */
#define OPENING_OFFERS                                                                             \
	IAC WILL ECHO IAC WILL SGA IAC WILL STATUS IAC WILL CHARSET IAC DO SGA IAC DO TTYPE IAC DO \
		NAWS IAC DO TSPEED IAC DO XDISPLOC IAC DO NEW_ENVIRON IAC DO LFLOW
#define AGREE_TO_LOCAL IAC DO ECHO IAC DO SGA IAC DO STATUS IAC DONT CHARSET
#define REFUSE_LOCAL IAC DONT ECHO IAC DONT SGA IAC DONT STATUS IAC DONT CHARSET
#define REFUSE_ALL                                                                                 \
	REFUSE_LOCAL IAC WONT SGA IAC WONT TTYPE IAC WONT NAWS IAC WONT TSPEED IAC WONT XDISPLOC   \
		IAC WONT NEW_ENVIRON IAC WONT LFLOW

/* Bytes that grow. */
struct bytes {
	char *at;
	size_t size;
	size_t room;
};

static inline void add(struct bytes *bytes, const char *more, size_t size)
{
	if (!bytes->at || bytes->size + size + 1 > bytes->room) {
		bytes->room = 2 * (bytes->size + size + 1);
		bytes->at = realloc(bytes->at, bytes->room);
		assert_non_null(bytes->at);
	}
	memcpy(bytes->at + bytes->size, more, size);
	bytes->size += size;
	bytes->at[bytes->size] = '\0';
}

static inline void clear(struct bytes *bytes)
{
	bytes->size = 0;
	add(bytes, "", 0);
}

/* How far the bytes that an endpoint sends have been read, to see that they are TELNET. */
struct grammar {
	enum {
		IN_DATA,
		BEHIND_CR,
		BEHIND_IAC,
		BEFORE_OPTION,
		BEFORE_SB_OPTION,
		IN_SB,
		BEHIND_IAC_IN_SB,
	} at;
	char command;
	bool binary; /* BINARY has been announced or agreed to */
	bool keys; /* of a client, so that a bare LF is one of them, ^J */
};

struct transcript {
	struct nvt *nvt;
	struct grammar grammar;
	enum nvt_role role;
	struct bytes events; /* a line an event; data that comes in pieces is one event */
	struct bytes sent; /* to the network, since it was last looked at */
	struct bytes data; /* to the terminal, all of it */
	size_t sent_ever;
	size_t received_ever;
	size_t urgent_at; /* where in `sent` the last urgent byte is, and how many there were */
	unsigned urgent_count;
	unsigned settled_count;
	unsigned fault_count;
	bool data_goes_on; /* the last line of `events` is data, and open */
	bool delays_timing_mark;
	struct nvt_events calls;
};

/* Writes bytes as one reads them in C. */
static inline void add_readable(struct bytes *to, const char *bytes, size_t size)
{
	char piece[8];

	for (size_t i = 0; i < size; i++) {
		unsigned char byte = (unsigned char)bytes[i];

		if (byte == '\r' || byte == '\n')
			snprintf(piece, sizeof(piece), "\\%c", byte == '\r' ? 'r' : 'n');
		else if (byte < ' ' || byte > '~' || byte == '\\')
			snprintf(piece, sizeof(piece), "\\x%02x", byte);
		else
			snprintf(piece, sizeof(piece), "%c", byte);
		add(to, piece, strlen(piece));
	}
}

static inline void end_data(struct transcript *t)
{
	if (t->data_goes_on)
		add(&t->events, "\n", 1);
	t->data_goes_on = false;
}

__attribute__((format(printf, 2, 3))) static inline void note(struct transcript *t,
							      const char *format, ...)
{
	char line[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	end_data(t);
	add(&t->events, line, strlen(line));
	add(&t->events, "\n", 1);
}

static inline void read_data(struct transcript *t, char byte, bool behind_cr)
{
	struct grammar *grammar = &t->grammar;

	grammar->at = IN_DATA;
	if (grammar->binary)
		return;
	if (behind_cr)
		assert_true(byte == '\n' || byte == '\0');
	else if (byte == '\r')
		grammar->at = BEHIND_CR;
	else if (t->role == NVT_CLIENT && !grammar->keys)
		assert_int_not_equal(byte, '\n');
}

static inline void read_command(struct transcript *t, char byte)
{
	static const char commands[] = NOP DM BRK IP AO AYT EC EL GA XEOF SUSP ABORT EOR;
	struct grammar *grammar = &t->grammar;

	grammar->command = byte;
	grammar->at = IN_DATA;
	if (byte == IAC[0])
		read_data(t, byte, false);
	else if (byte == SB[0])
		grammar->at = BEFORE_SB_OPTION;
	else if (strchr(WILL WONT DO DONT, byte) && byte != '\0')
		grammar->at = BEFORE_OPTION;
	else
		assert_true(byte != '\0' && strchr(commands, byte) != NULL);
}

static inline void read_option(struct grammar *grammar, char byte)
{
	grammar->at = IN_DATA;
	if (byte == BINARY[0] && grammar->command == WILL[0])
		grammar->binary = true;
	if (byte == BINARY[0] && grammar->command == WONT[0])
		grammar->binary = false;
}

/* Fails where a byte that is sent is none that RFC 854 allows there. */
static inline void read_sent(struct transcript *t, char byte)
{
	struct grammar *grammar = &t->grammar;

	switch (grammar->at) {
	case IN_DATA:
	case BEHIND_CR:
		if (byte != IAC[0])
			read_data(t, byte, grammar->at == BEHIND_CR);
		else if (grammar->at == BEHIND_CR && !grammar->binary)
			fail_msg("a command or 255 between a CR and its LF or NUL");
		else
			grammar->at = BEHIND_IAC;
		break;
	case BEHIND_IAC:
		read_command(t, byte);
		break;
	case BEFORE_OPTION:
		read_option(grammar, byte);
		break;
	case BEFORE_SB_OPTION:
		grammar->at = IN_SB;
		break;
	case IN_SB:
		if (byte == IAC[0])
			grammar->at = BEHIND_IAC_IN_SB;
		break;
	case BEHIND_IAC_IN_SB:
		assert_true(byte == IAC[0] || byte == SE[0]);
		grammar->at = byte == SE[0] ? IN_DATA : IN_SB;
		break;
	}
}

static inline void on_network(void *owner, const char *bytes, size_t size, bool urgent)
{
	struct transcript *t = owner;

	assert_true(size > 0);
	if (nvt_mode(t->nvt)->binary_output)
		t->grammar.binary = true;
	for (size_t i = 0; i < size; i++)
		read_sent(t, bytes[i]);
	add(&t->sent, bytes, size);
	t->sent_ever += size;
	if (urgent) {
		t->urgent_at = t->sent.size - 1;
		t->urgent_count++;
	}
}

static inline void on_terminal(void *owner, const char *bytes, size_t size)
{
	struct transcript *t = owner;

	assert_true(size > 0);
	assert_int_equal(t->fault_count, 0);
	if (!t->data_goes_on)
		add(&t->events, "data ", 5);
	t->data_goes_on = true;
	add_readable(&t->events, bytes, size);
	add(&t->data, bytes, size);
}

static inline void on_function(void *owner, enum nvt_function function)
{
	static const char *const names[] = {
		[NVT_INTERRUPT_PROCESS] = "IP", [NVT_ABORT_OUTPUT] = "AO",
		[NVT_ARE_YOU_THERE] = "AYT",	[NVT_ERASE_CHARACTER] = "EC",
		[NVT_ERASE_LINE] = "EL",	[NVT_BREAK] = "BRK",
		[NVT_END_OF_FILE] = "EOF",	[NVT_SUSPEND] = "SUSP",
		[NVT_ABORT] = "ABORT",		[NVT_GO_AHEAD] = "GA",
		[NVT_END_OF_RECORD] = "EOR",	[NVT_NO_OPERATION] = "NOP",
	};

	note(owner, "function %s", names[function]);
}

static inline void on_window(void *owner, unsigned short columns, unsigned short rows)
{
	note(owner, "window %hux%hu", columns, rows);
}

static inline void on_settled(void *owner)
{
	struct transcript *t = owner;

	t->settled_count++;
	note(t, "settled");
}

static inline void on_mode(void *owner, const struct nvt_mode *mode)
{
	note(owner, "mode%s%s%s%s%s%s", mode->echo ? " echo" : "",
	     mode->binary_input ? " binary-input" : "", mode->binary_output ? " binary-output" : "",
	     mode->go_ahead ? " go-ahead" : "", mode->charset ? " charset=" : "",
	     mode->charset ? mode->charset : "");
	if (mode->line_mode)
		note(owner, "line-mode%s%s%s%s", mode->edit ? " edit" : "",
		     mode->trap_signals ? " trap-signals" : "", mode->soft_tab ? " soft-tab" : "",
		     mode->literal_echo ? " literal-echo" : "");
}

static inline void on_specials(void *owner, const unsigned char special[NVT_SPECIALS])
{
	struct bytes characters = {NULL, 0, 0};

	clear(&characters);
	for (int i = 1; i < NVT_SPECIALS; i++)
		if (special[i] != 0) {
			char text[24];

			snprintf(text, sizeof(text), " %d=%d", i, special[i]);
			add(&characters, text, strlen(text));
		}
	note(owner, "specials%s", characters.at);
	free(characters.at);
}

static inline void on_timing_mark(void *owner)
{
	struct transcript *t = owner;

	note(t, "timing-mark");
	if (!t->delays_timing_mark)
		nvt_send_timing_mark(t->nvt);
}

static inline void on_logout(void *owner)
{
	note(owner, "logout");
}

static inline void on_fault(void *owner, enum nvt_fault fault, const char *text)
{
	static const char *const names[] = {
		[NVT_FAULT_SUBNEGOTIATION] = "subnegotiation",
		[NVT_FAULT_COMPRESSION] = "compression",
		[NVT_FAULT_MALFORMED] = "malformed",
		[NVT_FAULT_PARSER] = "parser",
		[NVT_FAULT_MEMORY] = "memory",
	};
	struct transcript *t = owner;

	assert_non_null(text);
	t->fault_count++;
	note(t, "fault %s", names[fault]);
}

/* An endpoint of this setup, and below one of a role and what it tells of itself. */
static inline struct transcript *new_endpoint_of(const struct nvt_setup *setup)
{
	struct transcript *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	t->role = setup->role;
	t->calls = (struct nvt_events){
		.to_network = on_network,
		.to_terminal = on_terminal,
		.function = on_function,
		.window = on_window,
		.settled = on_settled,
		.mode = on_mode,
		.specials = on_specials,
		.timing_mark = on_timing_mark,
		.logout = on_logout,
		.fault = on_fault,
	};
	t->nvt = nvt_new(setup, &t->calls, t);
	assert_non_null(t->nvt);
	clear(&t->events);
	clear(&t->sent);
	clear(&t->data);
	return t;
}

static inline struct transcript *new_endpoint(enum nvt_role role, const struct nvt_self *self)
{
	struct nvt_setup setup = {.role = role};

	if (self)
		setup.self = *self;
	return new_endpoint_of(&setup);
}

static inline struct transcript *new_server(void)
{
	return new_endpoint(NVT_SERVER, NULL);
}

static inline struct transcript *new_client(const struct nvt_self *self)
{
	return new_endpoint(NVT_CLIENT, self);
}

static inline void end(struct transcript *t)
{
	assert_true(t->grammar.at == IN_DATA || t->grammar.at == BEHIND_CR);
	nvt_free(t->nvt);
	free(t->events.at);
	free(t->sent.at);
	free(t->data.at);
	free(t);
}

/* Takes bytes from the network, in one piece of memory of just their size. */
static inline int receive_bytes(struct transcript *t, const char *bytes, size_t size)
{
	char *copy = malloc(size > 0 ? size : 1);
	int result;

	assert_non_null(copy);
	if (size > 0)
		memcpy(copy, bytes, size);
	result = nvt_from_network(t->nvt, copy, size);
	free(copy);
	t->received_ever += size;
	assert_int_equal(result != 0, t->fault_count > 0);
	return result;
}

#define receive(t, text) receive_bytes(t, text, sizeof(text) - 1)
#define type(t, text) nvt_from_terminal((t)->nvt, text, sizeof(text) - 1)

/* Forgets what has been sent and noted so far. */
static inline void forget(struct transcript *t)
{
	clear(&t->sent);
	clear(&t->events);
	t->data_goes_on = false;
}

/* A server that has made its offers, of which the transcript says nothing more. */
static inline struct transcript *opened_server(void)
{
	struct transcript *t = new_server();

	nvt_open(t->nvt);
	forget(t);
	return t;
}

/* A server whose client refused everything, and which has settled. */
static inline struct transcript *plain_server(void)
{
	struct transcript *t = opened_server();

	receive(t, REFUSE_ALL IAC WONT OLD_ENVIRON);
	forget(t);
	return t;
}

static inline void check_sent(struct transcript *t, const char *bytes, size_t size,
			      const char *file, int line)
{
	struct bytes is = {NULL, 0, 0}, should_be = {NULL, 0, 0};

	if (t->sent.size != size || memcmp(t->sent.at, bytes, size) != 0) {
		clear(&is);
		clear(&should_be);
		add_readable(&is, t->sent.at, t->sent.size);
		add_readable(&should_be, bytes, size);
		print_error("sent      %s\nshould be %s\n", is.at, should_be.at);
		free(is.at);
		free(should_be.at);
		_fail(file, line);
	}
	clear(&t->sent);
}

static inline void check_events(struct transcript *t, const char *expected, const char *file,
				int line)
{
	end_data(t);
	if (strcmp(t->events.at, expected) != 0) {
		print_error("events\n%sshould be\n%s", t->events.at, expected);
		_fail(file, line);
	}
	clear(&t->events);
}

/* What was sent, and which events came, since this was last asked. */
#define assert_sent(t, text) check_sent(t, text, sizeof(text) - 1, __FILE__, __LINE__)
#define assert_events(t, text) check_events(t, text, __FILE__, __LINE__)

#endif
