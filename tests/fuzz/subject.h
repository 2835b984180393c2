/* SPDX-License-Identifier: ISC */
/*
 * An endpoint under fuzz. Every script is run with two of them: the one that is watched takes the
 * network's bytes command by command, with a check of its promises at each; its twin takes them
 * as the script cuts them, and has to do the same.
 */
#ifndef SUBJECT_H
#define SUBJECT_H

#include <zlib.h>

#include "tests/fuzz/watch.h"

#define SUBJECT_SHOWN_MAX 256

/* How the owner behaves. */
struct subject_setup {
	enum nvt_role role;
	bool watched;
	bool delays_timing_marks; /* they are answered as the script says, not within the event */
	bool reacts; /* to functions: by a Synch and output, within the event */
	bool pauses; /* at functions and changes of modes */
	bool tells_nothing; /* a client without anything to tell of itself */
	enum nvt_linemode linemode;
	enum nvt_compression compression;
	bool converts; /* it may agree on other character sets */
};

/* Where the reader of the network's bytes is: what libtelnet has to make of them. */
struct taken {
	enum {
		TAKEN_DATA,
		TAKEN_IAC,
		TAKEN_COMMAND,
		TAKEN_SB,
		TAKEN_BODY,
		TAKEN_BODY_IAC,
		TAKEN_NO_COMMAND, /* behind IAC NUL of a client */
		TAKEN_DOUBLED, /* behind IAC IAC, of which the first may begin a Synch */
	} at;
	uint8_t command;
	bool cr; /* the last byte of data was a CR that counts as one */
	bool binary;
	bool discarding;
	bool expects_synch; /* IAC may have lost its data mark */
};

struct subject {
	struct nvt *nvt;
	struct subject_setup setup;
	struct watch watch;
	struct taken taken;

	uint64_t sent_hash; /* of all bytes sent, and which of them are urgent */
	uint64_t event_hash; /* of all other events; how data is cut makes no difference */
	size_t received;
	size_t sent;
	size_t answered; /* bytes sent within nvt_from_network that the owner did not ask for */
	bool answering;
	unsigned owner_calls; /* the owner sends from within an event */
	bool faulted;
	bool settled;
	bool opened;
	unsigned timing_marks; /* to be sent yet */
	z_stream stream; /* reads what is sent compressed */
	bool inflating;
	size_t compressed; /* bytes sent so since the latest flush, and what they are */
	size_t inflated;
	unsigned streams; /* begun since then */
	struct nvt_terminal terminal; /* as it is now: the peer may have changed it */
	char shown[SUBJECT_SHOWN_MAX]; /* the terminal's bytes of the piece in hand */
	size_t shown_size;
};

void subject_begin(struct subject *, const struct subject_setup *);
void subject_end(struct subject *);

/* The calls of nvt.h, with the checks around them where the subject is watched. */
void subject_open(struct subject *);
/* Returns how much was taken: none behind the beginning of a compressed stream of the peer's. */
size_t subject_from_network(struct subject *, const char *bytes, size_t size);
void subject_from_terminal(struct subject *, const char *bytes, size_t size);
void subject_ask(struct subject *, bool local, uint8_t option, bool enable);
void subject_tick(struct subject *);
void subject_urgent(struct subject *);
void subject_finish(struct subject *);
void subject_send_function(struct subject *, enum nvt_function);
void subject_send_synch(struct subject *);
void subject_send_timing_mark(struct subject *);
void subject_send_window(struct subject *, unsigned short columns, unsigned short rows);

/* The terminal has other modes, and another character for a function (0: the same). */
void subject_set_terminal(struct subject *, unsigned modes, unsigned function, uint8_t character);
/* A client's questions: for the characters in effect, or the defaults. */
void subject_ask_specials(struct subject *, bool defaults);

/* Both must have sent the same and given the same events. */
void subject_compare(const struct subject *, const struct subject *);

#endif
