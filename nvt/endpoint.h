/* SPDX-License-Identifier: ISC */
/*
 * The inside of an endpoint, and what the files of nvt/ do for one another. Not for users of
 * libnvt, who have nvt.h.
 */
#ifndef NVT_ENDPOINT_H
#define NVT_ENDPOINT_H

#include <stddef.h> /* which libtelnet.h needs and does not include */
#include <stdint.h>

#include <libtelnet.h>

#include "nvt/codec.h"
#include "nvt/framing.h"
#include "nvt/nvt.h"
#include "nvt/option.h"
#include "nvt/slc.h"

/* libtelnet.h lacks these, or has them in some versions and by other names. */
#define TELOPT_CHARSET 42
#define TELOPT_COMPRESS 85
#define TELOPT_COMPRESS2 86
#define TELOPT_COMPRESS3 87

/* Malformed subnegotiations that are forgiven. */
#define MALFORMED_MAX 16

/* The commands of subnegotiations that ask and tell. */
#define IS 0
#define SEND 1
#define INFO 2

/* Terminal types that a peer may name before it has to repeat one. */
#define TERMINAL_TYPES_MAX 16

/* The commands of LINEMODE's subnegotiations. */
#define LINEMODE_MODE 1
#define LINEMODE_FORWARDMASK 2
#define LINEMODE_SLC 3

/* Of struct nvt's flow and restart: nothing was ordered yet. */
#define FLOW_UNKNOWN (-1)

/* Subnegotiations that have been asked for and not come. */
enum awaited {
	AWAITED_TERMINAL_TYPE = 1 << 0,
	AWAITED_WINDOW = 1 << 1,
	AWAITED_SPEED = 1 << 2,
	AWAITED_DISPLAY = 1 << 3,
	AWAITED_ENVIRONMENT = 1 << 4,
	AWAITED_CHARSET = 1 << 5,
};

/* What LINEMODE has come to (RFC 1184); linemode.c keeps it. */
struct linemode {
	enum nvt_linemode policy;
	bool has_terminal; /* nvt_set_terminal was called */
	bool deferred; /* WILL came before that, and has not been answered */
	bool asked; /* DO was sent by ourselves, which is done once */
	uint8_t wanted; /* MODE bits that the terminal asks for; of a client, that it can do */
	uint8_t mode; /* MODE bits in effect: as a server has ordered, or a client has left */
	unsigned unacknowledged; /* MODEs that were sent and ought to be acknowledged */
	bool echo; /* the terminal echoes, as its owner said last */
	bool acknowledged; /* the client has sent a MODE since the option is on */
	bool has_mask; /* DO FORWARDMASK is in effect */
	bool mask_refused; /* the client has said WONT FORWARDMASK */
	uint8_t mask[NVT_MASK_SIZE];
	struct slc slc;
};

/* Characters of a set's name that a peer may send, and other names that a set goes by. */
#define CHARSET_NAME_MAX 40
#define CHARSET_ALIASES 4

/* What is special about a set. */
enum charset_trait {
	CHARSET_PAIRS =
		1 << 0, /* has characters of two bytes, both of them over 127 or the first */
	CHARSET_ESCAPES = 1 << 1, /* ISO 2022: escape sequences change what bytes mean */
	CHARSET_NEXT_LINE = 1 << 2, /* EBCDIC: a line ends with NL */
};

struct charset_set {
	const char *name;
	struct codec_set codec;
	const char *aliases[CHARSET_ALIASES];
	unsigned traits; /* enum charset_trait */
};

/* What charset.c knows: the terminal's set, the peer's, and how far the ends have agreed. */
struct charset {
	const struct charset_set *terminal;
	const struct charset_set *otherwise; /* while nothing is agreed on; NULL: bytes pass */
	const struct charset_set *current; /* in force */
	const char *const *names; /* that may be agreed on beside the terminal's, or NULL */
	bool peer_asked; /* the peer asked for the option by itself */
	bool asked; /* a request of ours was sent, once */
	bool waiting; /* for its answer */
	bool agreed;
};

/* Bytes that came and wait to be taken: from start to end, in so much room. */
struct held {
	char *bytes;
	size_t start;
	size_t end;
	size_t room;
};

struct conversion;
struct deflater;
struct inflater;

struct nvt {
	telnet_t *telnet; /* parses and frames; knows no option (TELNET_FLAG_PROXY) */
	const struct nvt_events *events;
	void *owner;
	enum nvt_role role;
	struct nvt_self self;
	enum nvt_compression compression;
	bool expands_freely;

	uint8_t local[256]; /* enum option_state of our side of each option */
	uint8_t remote[256]; /* of the peer's */
	unsigned latest_offer; /* the side (local: 256) and the option of the latest offer */
	unsigned awaited; /* enum awaited */
	bool opened;
	bool settled;
	bool faulted;

	struct framing framing; /* of the network's bytes */
	bool cut_short; /* the subnegotiation that comes next was broken off */
	bool subnegotiates; /* the peer has sent a proper subnegotiation */
	bool discarding; /* a Synch was announced, its data mark has not come */
	bool mark_was_last; /* nothing has come since a data mark that was compressed */
	bool network_cr; /* the last byte of data from the network was a CR */
	bool terminal_cr; /* the last byte sent was a CR, whose NUL or LF is to follow */
	unsigned malformed; /* malformed subnegotiations that came */
	unsigned type_answers; /* terminal types that the peer named, or that we named to it */
	char last_type[NVT_TERMINAL_TYPE_MAX + 1]; /* the one before, to see a repetition */
	bool compressing; /* what is sent goes through the deflater */
	bool inflating; /* what comes goes through the inflater */
	bool awaits_stream; /* inflating, and the first byte of the stream has not come yet */
	bool compress_deferred; /* compression was agreed to, and waits for `subnegotiates` */
	struct deflater *deflater; /* NULL until it is needed, and so the other */
	struct inflater *inflater;
	struct held held;
	bool paused; /* the owner has had enough for now: the rest of what came is held */
	size_t environment_size; /* bytes of the peer's variables */
	struct charset charset;
	struct conversion *conversion; /* NULL: bytes are the same on both sides */
	struct nvt_mode mode;
	struct nvt_peer peer;
	struct linemode linemode;
	bool terminal_flow; /* a server's terminal minds START and STOP */
	bool terminal_restart_any;
	int8_t flow; /* OFF or ON of RFC 1372 that was ordered last, or FLOW_UNKNOWN */
	int8_t restart; /* RESTART_ANY or RESTART_XON likewise */
	bool go_ahead_refused; /* the peer will not be without GA */
	bool logout_asked; /* DO LOGOUT was sent, and not answered */
	size_t told_orders_at; /* how much had been received when STATUS told all */
	size_t received; /* bytes of TELNET that were taken in all */
};

/* nvt.c */
void nvt_fail(struct nvt *, enum nvt_fault, const char *text);
void nvt_count_malformed(struct nvt *);
void nvt_send_subnegotiation(struct nvt *, unsigned char option, const char *body, size_t size);
void nvt_settle_when_ready(struct nvt *);
/* Completes what was shown last, before a command is sent. */
void nvt_complete_data(struct nvt *);
/*
 * Takes TELNET up to where it begins to be compressed, the owner pauses, or a fault. Returns how
 * much that was.
 */
size_t nvt_take(struct nvt *, const char *bytes, size_t size);

/* option.c */
void option_offer_all(struct nvt *);
void option_received(struct nvt *, unsigned char command, unsigned char option);
void option_update_mode(struct nvt *);
/* Agrees to a peer's WILL whose answer was put off. */
void option_agree(struct nvt *, unsigned char option);
/* Whether no answer to an offer of ours is to be waited for any longer. */
bool option_all_answered(const struct nvt *);

/* newline.c */
void newline_from_network(struct nvt *, const char *bytes, size_t size);
void newline_from_terminal(struct nvt *, const char *bytes, size_t size);
void newline_from_keyboard(struct nvt *, const char *bytes, size_t size);
/* Completes a CR that has been sent, before a command is. */
void newline_complete(struct nvt *);

/* function.c */
void function_received(struct nvt *, unsigned char command);

/* peer.c: an option of the peer's or of ours was turned on or off; a subnegotiation came. */
void peer_remote_changed(struct nvt *, unsigned char option, bool enabled);
void peer_remote_refused(struct nvt *, unsigned char option);
/* Whether a peer that does this option tells something of itself by it. */
bool peer_tells_by(unsigned char option);
void peer_local_enabled(struct nvt *, unsigned char option);
void peer_received(struct nvt *, unsigned char option, const char *body, size_t size);

/* environment.c: what the peer told, in the new and the old way; and an answer to what it asked. */
void environment_received(struct nvt *, const char *body, size_t size);
void environment_received_old(struct nvt *, const char *body, size_t size);
void environment_answer(struct nvt *, unsigned char option, const char *asked, size_t size);
void environment_free(struct nvt *);

/* linemode.c: the option or SGA was turned on or off; a subnegotiation came. */
bool linemode_is_on(const struct nvt *);
bool linemode_accepts(const struct nvt *);
/*
 * Before a command of the peer's is taken: true where a server without a terminal puts it off. One
 * with a terminal is asked how it is now.
 */
bool linemode_defers(struct nvt *, unsigned char command, unsigned char option);
/* Whether ECHO by the server would double what the client shows by itself. */
bool linemode_echoes(const struct nvt *);
void linemode_changed(struct nvt *, bool enabled);
void linemode_suppress_go_ahead_refused(struct nvt *);
void linemode_received(struct nvt *, const char *body, size_t size);
/* Fills in what the mode has of it. */
void linemode_fill_mode(const struct nvt *, struct nvt_mode *);

/*
 * flow.c: the terminal is another; TOGGLE-FLOW-CONTROL was turned on or off; what the mode has of
 * it; a subnegotiation came.
 */
void flow_follow_terminal(struct nvt *);
void flow_changed(struct nvt *, bool enabled);
void flow_fill_mode(const struct nvt *, struct nvt_mode *);
void flow_received(struct nvt *, const char *body, size_t size);

/*
 * charset.c: the beginning (false: a set is unknown, or lacks its converter); the option was turned
 * on or off at a side, and whether the peer asked for that by itself; the peer has shown that it
 * knows subnegotiations; a subnegotiation came.
 */
bool charset_begin(struct nvt *, const struct nvt_setup *);
/* Whether the option is refused, since the owner has no set to agree on. */
bool charset_is_refused(const struct nvt *);
void charset_changed(struct nvt *, bool peer_asked);
void charset_ask_when_ready(struct nvt *);
void charset_received(struct nvt *, const char *body, size_t size);
/* The name of the peer's set, or NULL. */
const char *charset_in_force(const struct nvt *);

/*
 * conversion.c. All but the first two are for an endpoint that converts. NULL: the C library cannot
 * convert between these, or memory is out.
 */
struct conversion *conversion_new(const struct charset_set *peer,
				  const struct charset_set *terminal);
void conversion_free(struct conversion *);
void conversion_to_terminal(struct nvt *, const char *bytes, size_t size);
void conversion_from_terminal(struct nvt *, const char *bytes, size_t size);
void conversion_from_keyboard(struct nvt *, const char *bytes, size_t size);
/* Shows ASCII text of ours, also where the program's last character is not complete. */
void conversion_say(struct nvt *, const char *text);
/* A CR that waits for its LF goes alone. */
void conversion_complete(struct nvt *);
/* So does that and all else that is kept, at the end of a set. */
void conversion_finish(struct nvt *);
/* What was kept is forgotten, as bytes around it were dropped. */
void conversion_restart_output(struct nvt *);
void conversion_restart_input(struct nvt *);
bool conversion_holds_key(const struct nvt *);
void conversion_release_input(struct nvt *);

/* transliteration.c: what stands for a character, by its code point: one to three of ASCII. */
const char *transliterate(uint32_t character);

/* holding.c: bytes came that are to wait, or are compressed, behind others in the same call. */
void holding_received(struct nvt *, const char *bytes, size_t size, size_t behind);
void holding_free(struct nvt *);

/*
 * compress.c: an option at our side (local) or the peer's was turned on or off, and whether the
 * peer asked for that by itself; the subnegotiation came by which the peer begins to compress.
 */
void compress_changed(struct nvt *, bool local, unsigned char option, bool enabled,
		      bool peer_asked);
void compress_begun(struct nvt *, unsigned char option, bool well_formed);
/* The peer has shown that it knows subnegotiations: begins the stream that was put off. */
void compress_begin_deferred(struct nvt *);
/*
 * Whether a byte that came belongs to a compressed stream. A stream cannot begin with IAC, and a
 * peer may send TELNET that it had ready between its announcement and the stream.
 */
bool compress_takes(struct nvt *, char byte);
/* Whether the bytes that are taken now have been inflated. */
static inline bool compress_is_reading(const struct nvt *nvt)
{
	return nvt->inflating && !nvt->awaits_stream;
}
size_t compress_take(struct nvt *, size_t most);
bool compress_has_more(const struct nvt *);
void compress_send(struct nvt *, const char *bytes, size_t size);
void compress_finish(struct nvt *);
void compress_free(struct nvt *);

/* Traces what is sent, before it is compressed, or what came, once it has been inflated. */
static inline void nvt_trace(struct nvt *nvt, bool sent, const char *bytes, size_t size)
{
	if (nvt->events->traced)
		nvt->events->traced(nvt->owner, sent, bytes, size);
}

/* The way of all that an endpoint sends. */
static inline void nvt_to_network(struct nvt *nvt, const char *bytes, size_t size, bool urgent)
{
	nvt_trace(nvt, true, bytes, size);
	if (nvt->compressing)
		compress_send(nvt, bytes, size);
	else
		nvt->events->to_network(nvt->owner, bytes, size, urgent);
}

/* status.c */
void status_received(struct nvt *, const char *body, size_t size);

#endif
