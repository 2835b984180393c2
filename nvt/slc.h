/* SPDX-License-Identifier: ISC */
/*
 * The special characters of LINEMODE (SLC, RFC 1184 2.4 and 5.9) as a state machine of its own: two
 * tables and what a list of triplets does to them. It knows of no endpoint and sends nothing.
 */
#ifndef NVT_SLC_H
#define NVT_SLC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The functions that RFC 1184 names: 1 to SLC_FUNCTIONS. */
#define SLC_FUNCTIONS 30

/* How an end supports a function: in the two low bits of a triplet's second byte. */
enum slc_level {
	SLC_NOSUPPORT, /* not at all */
	SLC_CANTCHANGE, /* by a character that is what it is */
	SLC_VALUE, /* by a character that can be changed */
	SLC_DEFAULT, /* by whatever the other end uses */
};

#define SLC_LEVEL 0x03
#define SLC_FLUSHOUT 0x20
#define SLC_FLUSHIN 0x40
#define SLC_ACK 0x80
#define SLC_FLAGS (SLC_LEVEL | SLC_FLUSHOUT | SLC_FLUSHIN | SLC_ACK)

#define SLC_TRIPLET_SIZE 3UL

/* The most that one list is answered with: a triplet for each function that a byte can name. */
#define SLC_ANSWER_MAX (256 * SLC_TRIPLET_SIZE)

struct slc_setting {
	uint8_t flags; /* enum slc_level, and SLC_FLUSHIN and SLC_FLUSHOUT */
	uint8_t character; /* 0: none */
};

/* One end's view of the characters, by their function; the first entry of each table is unused. */
struct slc {
	bool is_client;
	struct slc_setting
		agreed[SLC_FUNCTIONS + 1]; /* between the two ends, all NOSUPPORT first */
	struct slc_setting own[SLC_FUNCTIONS + 1]; /* what this end supports, and its default */
	uint8_t character[SLC_FUNCTIONS + 1]; /* that its terminal has now, or 0 */
};

/*
 * Takes the other end's list of triplets, of any size and content; a rest that is no triplet is
 * left out. Writes the triplets of the answer, of which each function has one at most, and returns
 * their size: 0 for no answer. *changed is set where a character of the own terminal is another
 * now, and otherwise left alone.
 */
size_t slc_receive(struct slc *, const uint8_t *list, size_t size, uint8_t answer[SLC_ANSWER_MAX],
		   bool *changed);

/*
 * The own terminal has these characters now, by function; 0 and 255 are for none. Writes the
 * triplets that tell it of those that have changed, and returns their size.
 */
size_t slc_change(struct slc *, const uint8_t characters[SLC_FUNCTIONS + 1],
		  uint8_t told[SLC_ANSWER_MAX]);

/* Writes the triplets of all functions that are agreed on, and returns their size. */
size_t slc_list(const struct slc *, uint8_t list[SLC_ANSWER_MAX]);

/* Writes the triplets by which a client tells all that it supports; they are agreed on so far. */
size_t slc_export(struct slc *, uint8_t list[SLC_ANSWER_MAX]);

/* Forgets what was agreed on: LINEMODE begins anew. */
void slc_reset(struct slc *);

#endif
