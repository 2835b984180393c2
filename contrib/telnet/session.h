/* SPDX-License-Identifier: ISC */
/*
 * A connection: socket <-> libnvt <-> terminal, or without libnvt as long as the server has not
 * spoken TELNET. Whoever reads keys somewhere else, as the editor of lines does, lets it go on by
 * session_step.
 */
#ifndef SESSION_H
#define SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "contrib/telnet/lines.h"
#include "contrib/telnet/queue.h"
#include "contrib/telnet/settings.h"
#include "contrib/telnet/terminal.h"
#include "contrib/telnet/trace.h"
#include "contrib/telnet/variables.h"
#include "nvt/nvt.h"

#define SESSION_INPUT_SIZE 4096
#define SESSION_KEYS_SIZE 8192

/* The most that a terminal which edits lines hands on at once: the whole of a line. */
#define SESSION_LINE_SIZE 4096

/* A key: a byte, and what the terminal has made of it. */
#define SESSION_KEY_BYTE 0xff
#define SESSION_KEY_QUOTED 0x100 /* it is text, even if the byte is a key's */
#define SESSION_KEY_ENDS_LINE 0x200 /* Enter, of a terminal that edits or shows what is typed */

/* How the user wants to type to a text server. */
enum session_typing {
	SESSION_LINES,
	SESSION_CHARACTERS,
};

struct session {
	struct settings *settings;
	struct variables *variables;
	struct trace *trace;
	void (*escape)(void *owner); /* the escape character was typed */
	void *owner;
	const char *host; /* as the user named it */
	int socket;
	int screen; /* the descriptor to show things on */

	bool telnet; /* the connection speaks TELNET */
	bool raw; /* the user wants no byte to be TELNET */
	struct nvt *nvt;
	const char *terminal_types[2];
	struct nvt_variable exported[VARIABLES_MAX];
	unsigned char special[NVT_SPECIALS]; /* of LINEMODE: what the two ends agree on */

	struct terminal_mode mode; /* the terminal's now */
	bool mode_set;
	enum session_typing typing;
	struct lines *lines; /* made when they are first wanted */
	bool at_line_start; /* of what was typed */

	char input[SESSION_INPUT_SIZE]; /* came from the network, waits */
	size_t input_size;
	unsigned short keys[SESSION_KEYS_SIZE]; /* came from the keyboard, wait */
	size_t keys_size;
	bool keys_came; /* so far */
	struct queue to_network;
	struct queue to_screen;
	bool typed_cr; /* the last byte that was typed to a text server was a CR */

	bool reading_line;
	bool line_cancelled; /* by ^C, or because the client was stopped */
	bool escape_typed; /* in a line */
	bool escape_waits; /* rlogin's, for the key behind it */
	bool input_ended; /* nothing more will be typed */
	bool half_closed; /* and the server has been told */
	bool cut_off; /* some of it could not be sent */
	bool server_ended;
	long long heard; /* when the server was last heard, or could not be listened to (ms) */
	bool silent; /* nothing was piped in, and the server has said nothing for a second */
	bool hung_up; /* the connection has ended, though not all that came has been read */
	bool closed; /* by the user */
	int error; /* what has broken the connection */
	int screen_error; /* why what came could not be shown, or 0 */
	char fault[128]; /* how the server has broken the protocol, or "" */
};

/*
 * Begins a session on a connected socket, which is the session's then. Returns NULL where memory is
 * out.
 */
struct session *session_new(int socket, struct settings *, struct variables *, struct trace *);
void session_free(struct session *);

/* Begins to speak TELNET; `offer`: with offers of this end. */
void session_begin_telnet(struct session *, bool offer);

/*
 * From now on no byte is TELNET, in either direction. Returns false, and changes nothing, when the
 * server's data comes compressed by TELNET or when memory is out.
 */
bool session_begin_text(struct session *);

/* Goes on until the connection is at an end or closed. Returns whether all was in order. */
bool session_run(struct session *);

/* One turn: waits for something and deals with it, but for what was typed, which waits in `keys`.
 */
void session_step(struct session *);

/* Whether the connection is there still. */
bool session_is_alive(const struct session *);

/* Sends bytes as if typed. */
void session_type(struct session *, const char *bytes, size_t size);

/* Ends a line that was typed. */
void session_end_line(struct session *);

/* Takes out the next key that was typed, with SESSION_KEY_ bits; -1 if there is no key. */
int session_take_key(struct session *);

/* The exported variables have changed: tells the server where it has asked. */
void session_tell_variables(struct session *);

/* Tells the server the special characters of the user's terminal, for LINEMODE. */
void session_tell_specials(struct session *);

/* Sends what waits, as far as the server takes it. */
void session_flush(struct session *);

/* Writes lines for the user: to the terminal, else to standard error. */
__attribute__((format(printf, 1, 2))) void session_notice(const char *format, ...);

#endif
