/* SPDX-License-Identifier: ISC */
/*
 * Text whose every byte is known, on its way through a session: shown by a program, typed by a
 * user, or both at once. Either end can stand still for as long as it likes.
 */
#ifndef E2E_FLOW_H
#define E2E_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "tests/e2e/support/client.h"
#include "tests/e2e/support/server.h"

/* The first of the numbers, all of eight digits, that the text counts. */
#define FLOW_FIRST 10000000

/* What shows a text in the shell, given the last number: see the two kinds below. */
#define FLOW_SHOW_LINES "seq 10000000 %lu"
#define FLOW_SHOW_BYTES "seq 10000000 %lu | LC_ALL=C tr \"5\\n\" \"\\r\\377\""

/* Numbers, one after the other. */
struct text {
	char *wire; /* as it is on the wire */
	size_t wire_size;
	char *plain; /* as the program reads it that it is typed to, on a raw terminal */
	size_t plain_size;
};

struct flow {
	struct client client;
	const struct text *shows; /* what is to be shown, and how much of it has been */
	size_t shown;
	const struct text *types; /* what is to be typed, and how much of it has been sent */
	size_t sent;
	bool reading; /* the client reads */
	bool typing; /* the client sends */
	bool ended; /* the server has closed */
};

/*
 * Makes so many numbers to be shown: as lines, which end with CR LF on the wire, or as bytes that
 * are hard to pass on, with a bare CR for each digit 5 and 0xFF behind each number. The third makes
 * numbers to be typed, with spaces between them, and a CR LF, a CR NUL or an 0xFF behind ten of
 * them in turn. Free what they hold with text_free.
 */
void text_show_lines(struct text *, unsigned long count);
void text_show_bytes(struct text *, unsigned long count);
void text_type(struct text *, unsigned long count);
void text_free(struct text *);

/*
 * Opens a shell and runs a script in its place, on a terminal in these modes (for stty(1)). The
 * script finds one byte of input, which says that it may begin. Nothing flows yet.
 */
void flow_open(struct flow *, const struct server *, const char *modes, const char *script);

/*
 * Receives and sends what there is without waiting, in the directions that are on; fails the test
 * where what comes is not what is to come. Returns whether anything went or came.
 */
bool flow_step(struct flow *);

/* Steps until the server has closed, having shown all. */
void flow_finish(struct flow *);

/* Whether a file holds the text as typed, and no more. */
bool flow_has_typed(const struct text *, const char *path);

#endif
