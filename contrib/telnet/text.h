/* SPDX-License-Identifier: ISC */
/*
 * What differs in talking to a text server from talking TELNET: where TELNET begins in what it
 * sends, and how lines end in what it is sent. And the line ends of a cooked terminal.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* The most bytes that one byte becomes here. */
#define TEXT_FACTOR 2

/*
 * How many of these bytes are text for sure. TELNET begins behind them where there are two or more
 * left, an IAC and a command. A single byte left is an IAC whose next byte has not come.
 */
size_t text_before_telnet(const char *bytes, size_t size);

/*
 * Puts what the user typed, or piped in, into the form of a text server: an LF that no CR comes
 * before becomes CR LF. `cr` is whether the byte before these was a CR, and kept up to date. `to`
 * has room for TEXT_FACTOR times the size. Returns the new size.
 */
size_t text_end_lines(char *to, const char *bytes, size_t size, bool *cr);

/*
 * Takes the CR out of each CR LF for a terminal that shows LF as CR LF. A CR at the end stays: its
 * LF may never come, and one more CR before that does no harm. `to` has room for as many bytes.
 * Returns the new size.
 */
size_t text_for_cooked(char *to, const char *bytes, size_t size);

#endif
