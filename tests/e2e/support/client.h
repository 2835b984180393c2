/* SPDX-License-Identifier: ISC */
/*
 * A TELNET client of the tests' own, independent of libnvt. It sends exactly the bytes that it is
 * told to; as a terminal it also answers all negotiation at once, and separates what it receives
 * into text and commands.
 */
#ifndef E2E_CLIENT_H
#define E2E_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/e2e/support/server.h"

#define IAC "\xff"
#define DONT "\xfe"
#define DO "\xfd"
#define WONT "\xfc"
#define WILL "\xfb"
#define SB "\xfa"
#define SE "\xf0"

enum option {
	OPTION_BINARY = 0,
	OPTION_ECHO = 1,
	OPTION_SGA = 3,
	OPTION_STATUS = 5,
	OPTION_TIMING_MARK = 6,
	OPTION_LOGOUT = 18,
	OPTION_TTYPE = 24,
	OPTION_NAWS = 31,
	OPTION_TSPEED = 32,
	OPTION_LFLOW = 33,
	OPTION_LINEMODE = 34,
	OPTION_XDISPLOC = 35,
	OPTION_ENVIRON = 36,
	OPTION_ENCRYPT = 38,
	OPTION_NEW_ENVIRON = 39,
	OPTION_COMPRESS2 = 86,
};

/* Bytes of any kind with their size, from a string literal that may hold a NUL. */
#define BYTES(literal) literal, sizeof(literal) - 1

/* A variable of an environment as RFC 1572 sends it. */
struct variable {
	bool user; /* USERVAR */
	const char *name; /* NULL ends a list */
	const char *value;
};

/* What a polite client answers. What is NULL or 0 it refuses. */
struct terminal {
	const char *type;
	unsigned short columns;
	unsigned short rows;
	const char *speeds; /* e.g. "9600,9600" */
	const char *display;
	const struct variable *variables; /* by NEW-ENVIRON, escaped as needed */
	const char *old_environment; /* the whole body behind IS, for ENVIRON */
	size_t old_environment_size;
	bool offers_old_environment; /* unasked, before anything else */
	bool binary; /* both ways, asked for by this end */
	bool no_echo; /* refuses that the server echoes */
};

/* A usual one: xterm, 80 by 24, that knows no environment. */
extern const struct terminal usual_terminal;

struct bytes {
	char *bytes; /* end with a NUL that is not counted */
	size_t size;
	size_t room;
	size_t seen; /* expectations have come up to here */
};

struct client {
	bool connected;
	int socket;
	unsigned short port; /* its own */
	char peer[64]; /* its address as the server's log has it */
	const struct terminal *terminal; /* NULL: it answers nothing */
	struct bytes raw; /* all that came */
	struct bytes text; /* the data in it, CR NUL undone */
	struct bytes commands; /* the commands in it, subnegotiations included */
	size_t sent; /* bytes, urgent ones included */
	size_t chunk; /* receives so many bytes at once at most; 0: all there are */
	bool ended; /* the server has closed */
	int error; /* what broke the connection, or 0 */
	unsigned urgent_marks; /* how often urgent data ended here */
	bool binary_input; /* the server sends in BINARY */
	unsigned char parsing; /* enum, of the parser */
	unsigned char command;
	size_t command_at;
	bool after_cr;
	bool local[256]; /* options that are on at this end */
	bool remote[256];
};

/*
 * Connects to a server; the second answers as a terminal does. What a struct held before is lost:
 * close it first. All of these fail the test when they do not come about, and show what came.
 */
void client_connect(struct client *, const struct server *);
void client_connect_as(struct client *, const struct server *, const struct terminal *);

/* Connects as usual_terminal, and waits for the prompt of /bin/sh. */
void client_open_shell(struct client *, const struct server *);

/* Uses a connected socket, which is the client's from here on. */
void client_use(struct client *, int socket, const struct terminal *);

/* Sends bytes; those of the second call as urgent data, whose last byte is the urgent one. */
void client_send(struct client *, const char *bytes, size_t size);
void client_send_urgent(struct client *, const char *bytes, size_t size);

/* Sends a string, as it is or with an end of line (CR LF, or CR in BINARY) behind it. */
void client_type(struct client *, const char *text);
void client_enter(struct client *, const char *line);

/* Sends what the socket takes at once, up to `size`; returns how much that was. */
size_t client_push(struct client *, const char *bytes, size_t size);

/* Receives what there is, waiting so long for something. Returns false once it has ended. */
bool client_receive(struct client *, int milliseconds);

/* Whether text comes within so many milliseconds, behind the text that was expected before. */
bool client_gets(struct client *, const char *text, int milliseconds);

/* Waits for text, for raw bytes, for a command, each behind what was expected of it before. */
void client_expect(struct client *, const char *text);
void client_expect_raw(struct client *, const char *bytes, size_t size);
void client_expect_command(struct client *, const char *bytes, size_t size);

/* Waits for the prompt of /bin/sh. */
void client_expect_prompt(struct client *);

/*
 * Waits until the server closes, the second until it has broken the connection or closed; then
 * this end is closed, too. What came can still be looked at.
 */
void client_expect_end(struct client *);
void client_expect_end_or_reset(struct client *);

/* Whether text, or raw bytes, have come at all so far. */
bool client_has(const struct client *, const char *text);
bool client_has_raw(const struct client *, const char *bytes, size_t size);

/* Ends sending (the server's answers still come), breaks the connection, closes it. */
void client_half_close(struct client *);
void client_reset(struct client *);
void client_close(struct client *);

#endif
