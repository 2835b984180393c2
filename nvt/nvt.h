/* SPDX-License-Identifier: ISC */
/*
 * The Network Virtual Terminal (RFC 854): bytes in, bytes out. An endpoint takes the bytes that
 * came from the network and the bytes to be shown or typed, and calls back with bytes for the
 * other side, with control functions, and with what its peer tells of itself. It opens no socket
 * and no terminal, starts no process and reads no clock.
 *
 * An endpoint belongs to one thread at a time. The events are called from within nvt_open,
 * nvt_from_network, nvt_from_terminal and the other calls that send or hand something on; the bytes
 * and texts that they point to are valid during the call. They may call nvt_from_terminal,
 * nvt_set_terminal, nvt_restart_screen, nvt_pause, the nvt_send_ and nvt_ask_ functions and those
 * that only tell something, but neither nvt_from_network, nvt_continue nor nvt_free. to_network may
 * call none that sends.
 */
#ifndef NVT_H
#define NVT_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What is declared here is all that the library shows to the linker. */
#pragma GCC visibility push(default)

#define NVT_TERMINAL_TYPE_MAX 40 /* characters of a terminal type, as RFC 1091 bounds it */
#define NVT_OTHER_TYPES_MAX 3
#define NVT_DISPLAY_MAX 255 /* characters of an X display location */
#define NVT_VARIABLES_MAX 64 /* variables that are kept of a peer's environment */
#define NVT_ENVIRONMENT_MAX 4096 /* bytes of their names and values in all */

/*
 * The most bytes that a server's nvt_from_network, or nvt_continue, sends for each byte of TELNET
 * that it takes: of what came, or of what that expands to.
 */
#define NVT_ANSWER_FACTOR 8

/* The most that it sends beside that, once: the names of the character sets it offers. */
#define NVT_REQUEST_MAX 256

/*
 * The most bytes that one byte becomes where character sets are converted, its escape sequence and
 * its doubling counted: of the network's for the terminal, and of the terminal's for the network.
 */
#define NVT_TYPED_FACTOR 4
#define NVT_SHOWN_FACTOR 6

/* Bytes of an incomplete character that may be kept of what came before, in each direction. */
#define NVT_KEPT_MAX 16

/* What compressing adds at most to so many bytes, from one nvt_flush to behind the next. */
#define NVT_COMPRESSION_EXTRA(size) ((size) / 512 + 64)

/* The most that compressed bytes expand to in one call of nvt_from_network or nvt_continue. */
#define NVT_INFLATE_MAX 16384

/*
 * A peer's compressed bytes may expand to NVT_INFLATE_FACTOR times their size and
 * NVT_INFLATE_FIRST bytes more, unless the owner sets no bound (expands_freely). Unused allowance
 * over NVT_INFLATE_FIRST lapses after one second, and when another stream begins.
 */
#define NVT_INFLATE_FACTOR 64
#define NVT_INFLATE_FIRST 262144

enum nvt_role {
	NVT_SERVER,
	NVT_CLIENT,
};

/* Control functions of RFC 854, of RFC 1184 section 2.5 (EOF, SUSP, ABORT) and RFC 885 (EOR). */
enum nvt_function {
	NVT_INTERRUPT_PROCESS, /* IP */
	NVT_ABORT_OUTPUT, /* AO */
	NVT_ARE_YOU_THERE, /* AYT: a server answers it by itself and gives no event */
	NVT_ERASE_CHARACTER, /* EC */
	NVT_ERASE_LINE, /* EL */
	NVT_BREAK, /* BRK */
	NVT_END_OF_FILE, /* EOF */
	NVT_SUSPEND, /* SUSP */
	NVT_ABORT, /* ABORT */
	NVT_GO_AHEAD, /* GA */
	NVT_END_OF_RECORD, /* EOR */
	NVT_NO_OPERATION, /* NOP: never an event */
};

/* Special characters, by the number that RFC 1184 2.4 gives their function. */
enum nvt_special {
	NVT_SPECIAL_SYNCH = 1,
	NVT_SPECIAL_BREAK,
	NVT_SPECIAL_INTERRUPT_PROCESS,
	NVT_SPECIAL_ABORT_OUTPUT,
	NVT_SPECIAL_ARE_YOU_THERE,
	NVT_SPECIAL_END_OF_RECORD,
	NVT_SPECIAL_ABORT,
	NVT_SPECIAL_END_OF_FILE,
	NVT_SPECIAL_SUSPEND,
	NVT_SPECIAL_ERASE_CHARACTER,
	NVT_SPECIAL_ERASE_LINE,
	NVT_SPECIAL_ERASE_WORD,
	NVT_SPECIAL_REPRINT,
	NVT_SPECIAL_LITERAL_NEXT,
	NVT_SPECIAL_START_OUTPUT, /* XON */
	NVT_SPECIAL_STOP_OUTPUT, /* XOFF */
	NVT_SPECIAL_FORWARD_1, /* ends a line, as a newline does */
	NVT_SPECIAL_FORWARD_2,
	NVT_SPECIAL_LEFT, /* from here on: of visual editing */
	NVT_SPECIAL_RIGHT,
	NVT_SPECIAL_WORD_LEFT,
	NVT_SPECIAL_WORD_RIGHT,
	NVT_SPECIAL_BEGINNING_OF_LINE,
	NVT_SPECIAL_END_OF_LINE,
	NVT_SPECIAL_INSERT,
	NVT_SPECIAL_OVERSTRIKE,
	NVT_SPECIAL_ERASE_CHARACTER_RIGHT,
	NVT_SPECIAL_ERASE_WORD_RIGHT,
	NVT_SPECIAL_ERASE_TO_BEGINNING,
	NVT_SPECIAL_ERASE_TO_END,
	NVT_SPECIALS, /* one more than the last */
};

/* Bytes of a mask of the 256 characters: the high bit of the first is for character 0. */
#define NVT_MASK_SIZE 32

/* Why an endpoint's peer cannot be served any longer. */
enum nvt_fault {
	NVT_FAULT_SUBNEGOTIATION, /* a subnegotiation without end */
	NVT_FAULT_COMPRESSION, /* that nobody asked for, is broken, or expands beyond the bound */
	NVT_FAULT_MALFORMED, /* too many malformed subnegotiations */
	NVT_FAULT_PARSER, /* libtelnet gave up (its message is passed on), or made something up */
	NVT_FAULT_MEMORY, /* out of memory */
};

/* COMPRESS2 (option 86, server to client) and COMPRESS3 (87, client to server). */
enum nvt_compression {
	NVT_COMPRESS_WHEN_ASKED, /* by the peer */
	NVT_COMPRESS_OFFERED, /* by this end, too: a server says WILL, a client DO */
	NVT_COMPRESS_REFUSED,
};

/* How the two ends have agreed to work. */
struct nvt_mode {
	bool echo; /* the server echoes (RFC 857) */
	bool binary_input; /* the peer sends 8-bit data without newline rules (RFC 856) */
	bool binary_output; /* this endpoint does */
	bool go_ahead; /* this endpoint has not been freed from sending GA (RFC 858) */
	const char *charset; /* the peer's character set; NULL: unknown, its bytes pass untouched */
	/*
	 * LINEMODE (RFC 1184). In a server: the client does all the editing and trapping of signals
	 * that the terminal asks for, so that the terminal itself must not. In a client: the option
	 * is on, and the four below say what to do here.
	 */
	bool line_mode;
	bool edit; /* send whole lines, which are edited here */
	bool trap_signals; /* send functions for the special characters of signals */
	bool soft_tab; /* show a tab as blanks */
	bool literal_echo; /* show control characters as they are, not as ^X */
	/* Flow control at the client (RFC 1372): followed by a client, ordered by a server. */
	bool flow_control; /* the characters START and STOP act */
	bool restart_any; /* and any other restarts output, too */
};

/*
 * A terminal's modes and special characters. A server tells those of its program's terminal, which
 * the client is to follow. A client tells what it can do, and which characters its user has.
 */
struct nvt_terminal {
	bool edit; /* lines are edited before they are read */
	bool trap_signals; /* some characters are signals */
	bool soft_tab; /* a tab is shown as blanks */
	bool literal_echo; /* control characters are echoed as they are, not as ^X */
	bool echo; /* what is typed is shown */
	bool flow_control; /* START and STOP act */
	bool restart_any; /* any character restarts output */
	bool keep_on_signal; /* a signal flushes neither input nor output */
	unsigned char special[NVT_SPECIALS]; /* by enum nvt_special; 0: none */
};

/* What is done about LINEMODE, once nvt_set_terminal has told of the terminal. */
enum nvt_linemode {
	NVT_LINEMODE_NO, /* refused: the default */
	NVT_LINEMODE_WHEN_ASKED, /* agreed to; a server asks a client that refuses SGA for it */
	NVT_LINEMODE_ASK, /* asked for by a server at once */
};

/* A variable of an environment: RFC 1572 tells well-known ones (VAR) from others (USERVAR). */
struct nvt_variable {
	char *name;
	char *value;
	bool user;
};

/* What the peer has told of itself; nothing of it is to be trusted. */
struct nvt_peer {
	bool answered; /* it has sent at least one TELNET command */
	char terminal_type[NVT_TERMINAL_TYPE_MAX +
			   1]; /* lower case, [a-z0-9][a-z0-9+._-]*, or "" */
	char other_types[NVT_OTHER_TYPES_MAX][NVT_TERMINAL_TYPE_MAX + 1]; /* what else it named
					its terminal, in its order (RFC 1091), "" after the last */
	unsigned long mtts; /* what an MTTS terminal says it can do, or 0 */
	unsigned short columns; /* window size, 0 where unknown (RFC 1073) */
	unsigned short rows;
	unsigned long transmit_speed; /* bits per second, 0 where unknown (RFC 1079) */
	unsigned long receive_speed;
	char display[NVT_DISPLAY_MAX + 1]; /* printable, or "" (RFC 1096) */
	struct nvt_variable variables[NVT_VARIABLES_MAX];
	size_t variable_count;
};

/* What a client's endpoint tells of itself when it is asked. NULL and 0: it has no such thing. */
struct nvt_self {
	const char *const *terminal_types; /* best first, ends with NULL (RFC 1091) */
	const char *display; /* NULL: X-DISPLAY-LOCATION is refused */
	const struct nvt_variable *variables; /* these, and no others, are sent when asked for */
	size_t variable_count;
	unsigned long transmit_speed;
	unsigned long receive_speed;
	unsigned short columns;
	unsigned short rows;
};

struct nvt_setup {
	enum nvt_role role;
	struct nvt_self self; /* of a client; what it points to must outlive the endpoint */
	enum nvt_linemode linemode; /* of RFC 1184 */
	/*
	 * Character sets, by names that nvt_charset_name knows. The names are looked up at once,
	 * but for those of the list, which with them must outlive the endpoint.
	 * That of the terminal, NULL for UTF-8: neither EBCDIC nor one with escape sequences. That
	 * of a peer with which nothing has been agreed on, NULL where its bytes pass untouched. And
	 * those that may be agreed on (RFC 2066) beside the terminal's, best first, with NULL at
	 * the end; of a client NULL refuses the option.
	 *
	 * All that is shown and typed is converted, in and out of BINARY; the newline rules hold
	 * for the bytes on the network. A character that the other set lacks is transliterated, or
	 * becomes '?', and what is no character U+FFFD or '?'. The line of an EBCDIC peer ends with
	 * its NL (0x15): CR LF is sent as NL, which comes back as the Return key to a server and
	 * as CR LF to a client. CR LF from such a peer (0x0D 0x25) is taken for the same.
	 */
	const char *charset;
	const char *peer_charset;
	const char *const *charsets;
	enum nvt_compression compression; /* COMPRESS2 and COMPRESS3 */
	/*
	 * Compressed bytes expand without a bound on the stream, only with one on each call: for
	 * an owner that pauses, such as one whose user can stop what is shown.
	 */
	bool expands_freely;
};

/* Calls to the owner. All but the first two may be NULL. */
struct nvt_events {
	/* Bytes for the network. `urgent`: the last of them is to be sent as TCP urgent data. */
	void (*to_network)(void *owner, const char *bytes, size_t size, bool urgent);
	/* Bytes for the terminal: of a server what the user typed, of a client what to show. */
	void (*to_terminal)(void *owner, const char *bytes, size_t size);
	/*
	 * For a trace: bytes of TELNET that come, before they take effect, or that are sent, both
	 * as they are without compression. May call no function of this library.
	 */
	void (*traced)(void *owner, bool sent, const char *bytes, size_t size);
	/* A control function came, in its place between the bytes for the terminal. */
	void (*function)(void *owner, enum nvt_function);
	/* The peer's window has this size now; 0 is for unknown. */
	void (*window)(void *owner, unsigned short columns, unsigned short rows);
	/* Every offer is answered, and every subnegotiation asked for has come. Once. */
	void (*settled)(void *owner);
	/* The mode has changed. */
	void (*mode)(void *owner, const struct nvt_mode *);
	/* LINEMODE begins: nvt_set_terminal may be called for what has changed untold. */
	void (*terminal_wanted)(void *owner);
	/*
	 * The peer has changed special characters of the terminal (SLC, RFC 1184 2.4), which are
	 * these now, by enum nvt_special; 0: none.
	 */
	void (*specials)(void *owner, const unsigned char special[NVT_SPECIALS]);
	/*
	 * The peer waits for a TIMING-MARK (RFC 860). The owner calls nvt_send_timing_mark, once
	 * for each, when what came before has been dealt with. NULL: it is answered at once.
	 */
	void (*timing_mark)(void *owner);
	/* The peer asks that the session be ended (RFC 727). */
	void (*logout)(void *owner);
	/* The peer is broken or hostile: nothing more is taken from it. Once. */
	void (*fault)(void *owner, enum nvt_fault, const char *text);
};

struct nvt;

/*
 * Makes an endpoint. `events` is kept by reference, `setup` copied. Returns NULL when memory is
 * out, or where a character set is not known or cannot be converted. The caller ends it with
 * nvt_free, which takes NULL as well.
 */
struct nvt *nvt_new(const struct nvt_setup *, const struct nvt_events *events, void *owner);
void nvt_free(struct nvt *);

/* Makes the opening offers of its role. To be called once. */
void nvt_open(struct nvt *);

/*
 * Takes bytes that came from the network, cut anywhere. Returns 0, or -EPROTO after a fault, whose
 * event has come then; no byte behind the faulty one has had an effect. Where the peer compresses,
 * or the owner pauses, some of them may be left for nvt_continue.
 */
int nvt_from_network(struct nvt *, const char *bytes, size_t size);

/*
 * Takes bytes of a server's program or of a client's user, cut anywhere, and sends them under the
 * NVT's rules: 255 is doubled, and but for BINARY a CR not followed by LF gets a NUL. In a client a
 * bare LF is an end of line and becomes CR LF. The byte after a CR decides on the NUL, so this
 * waits for that byte, or for the next command sent, not the CR.
 */
void nvt_from_terminal(struct nvt *, const char *bytes, size_t size);

/*
 * Takes keys of a client's user that are sent one by one, cut anywhere. Without BINARY a CR, the
 * Enter key, gets its NUL at once. An LF (^J) is sent as it is.
 */
void nvt_from_keyboard(struct nvt *, const char *bytes, size_t size);

/*
 * The terminal has nothing more to say: a CR that was its last byte gets its NUL, and a compressed
 * stream its end. What is sent behind that goes as it is.
 */
void nvt_finish(struct nvt *);

/*
 * Hands to to_network what has been sent and waits in the compressor for more. An owner whose
 * endpoint may compress calls it at the end of each turn of its loop; it does nothing where nothing
 * waits.
 */
void nvt_flush(struct nvt *);

/*
 * Whether what is sent is compressed now. Of such bytes none may be dropped on the way, and no byte
 * is handed over as urgent: not every peer takes urgent data in line, and the stream would break.
 */
bool nvt_is_compressing(const struct nvt *);

/* Whether the peer compresses: the owner tells the time then before it hands in what came. */
bool nvt_is_inflating(const struct nvt *);

/* The time, from any beginning: what the peer's bytes expand to is bounded by it. */
void nvt_set_time(struct nvt *, unsigned long long milliseconds);

/*
 * From within an event: the owner has done enough for now, and what is left of the bytes that came
 * waits here. Of compressed bytes a little more may be taken.
 */
void nvt_pause(struct nvt *);

/*
 * Whether bytes that came wait here, since they expand to more than one call takes, or the owner
 * has paused. It calls nvt_continue when its terminal can take more, and nvt_from_network no more
 * until this is over: what that brought meanwhile would be kept, too. nvt_continue returns as
 * nvt_from_network does.
 */
bool nvt_is_holding(const struct nvt *);
int nvt_continue(struct nvt *);

/*
 * TCP has announced urgent data: a Synch is on its way (RFC 854). Data is dropped from here to the
 * data mark (DM), while functions and options still act; not where a data mark that was compressed
 * has come last, since that is then the Synch's own.
 */
void nvt_urgent(struct nvt *);

/* Whether data is being dropped so: from nvt_urgent to the data mark. */
bool nvt_is_discarding(const struct nvt *);

/*
 * Whether the next byte decides what the last one is: the Escape key, or the beginning of an escape
 * sequence of the peer's character set (ISO-2022-JP); byte 255, or the rest of a Synch whose data
 * mark a relay has lost; a function, after which the rest of such a Synch may come. If nothing
 * follows soon it was the key, or byte 255: nvt_release_key hands it on, and what comes later is no
 * Synch. At the end of the peer's data that also hands on what is left of a character.
 */
bool nvt_holds_key(const struct nvt *);
void nvt_release_key(struct nvt *);

/*
 * Output handed over before was dropped and never reached the peer, whose character set may be one
 * where the next byte's meaning depends on it: it begins anew.
 */
void nvt_restart_screen(struct nvt *);

/*
 * What this library calls a character set that it converts, by any name the set has, upper or lower
 * case; NULL if there is none. The names: UTF-8, US-ASCII, ISO-8859-1, ISO-8859-15, EUC-KR, CP949,
 * EUC-JP, Shift_JIS, ISO-2022-JP, GB18030, Big5, KOI8-R, windows-1251, windows-1252, CP437, CP850,
 * IBM037 and IBM1047.
 */
const char *nvt_charset_name(const char *name);

/* One of those names, by its place from 0; NULL after the last. */
const char *nvt_charset_at(size_t place);

/* Stops waiting for answers: `settled` comes now unless it came before. */
void nvt_tick(struct nvt *);

/* What the peer told of itself so far, and the mode; both valid as long as the endpoint is. */
const struct nvt_peer *nvt_peer(const struct nvt *);
const struct nvt_mode *nvt_mode(const struct nvt *);

/*
 * Whether the peer has refused that this endpoint suppresses GA (RFC 858): a server sends
 * NVT_GO_AHEAD then, once it has nothing more to say and waits.
 */
bool nvt_awaits_go_ahead(const struct nvt *);

/*
 * Sends a control function, a Synch, or WILL TIMING-MARK. A Synch is a byte of urgent data, and
 * then a data mark. Relays without urgent data lose that byte, and the stream is right without it.
 */
void nvt_send_function(struct nvt *, enum nvt_function);
void nvt_send_synch(struct nvt *);
void nvt_send_timing_mark(struct nvt *);

/* Tells the peer a client's new window size, where the peer has agreed to be told. */
void nvt_send_window(struct nvt *, unsigned short columns, unsigned short rows);

/*
 * Tells the modes and special characters of the terminal: of a server whenever they have changed,
 * and once as soon as there is a terminal, before which nothing is agreed about LINEMODE; the peer
 * is told what it has not been told (MODE, SLC and FORWARDMASK of RFC 1184, ECHO, RFC 1372). Of a
 * client before nvt_open, and when the user has changed a special character. It is copied.
 */
void nvt_set_terminal(struct nvt *, const struct nvt_terminal *);

/*
 * As a client with LINEMODE: asks for the special characters that the server has, the second for
 * those that it had at first (RFC 1184 2.4). Where they differ from the client's own they come by
 * the event `specials`.
 */
void nvt_ask_specials(struct nvt *);
void nvt_ask_default_specials(struct nvt *);

/*
 * As a client with LINEMODE: the characters at which the server wants what has been typed of a line
 * (FORWARDMASK, RFC 1184 2.3), NVT_MASK_SIZE bytes, or NULL where it has not said so.
 */
const unsigned char *nvt_forward_mask(const struct nvt *);

/*
 * Asks the peer for the options that it takes for being in effect, where it has agreed to STATUS
 * (RFC 859); returns whether it has. Its answer gives no event.
 */
bool nvt_ask_status(struct nvt *);

/* Does with LINEMODE from now on something else than it was made to do. */
void nvt_set_linemode(struct nvt *, enum nvt_linemode);

/* As a client: asks the server to end the session (RFC 727). */
void nvt_ask_logout(struct nvt *);

/*
 * A client has other variables, or another display, to tell of than it was made with; they are kept
 * by reference. A server that has agreed to NEW-ENVIRON is told the variables (INFO of RFC 1572).
 */
void nvt_set_variables(struct nvt *, const struct nvt_variable *, size_t count);
void nvt_set_display(struct nvt *, const char *display);

/* Whether an option is on at this end (local) or at the peer's. */
bool nvt_is_local_on(const struct nvt *, unsigned char option);
bool nvt_is_remote_on(const struct nvt *, unsigned char option);

/* Asks that an option be turned on or off at this end (local) or at the peer's. RFC 1143. */
void nvt_ask_local(struct nvt *, unsigned char option, bool enable);
void nvt_ask_remote(struct nvt *, unsigned char option, bool enable);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
