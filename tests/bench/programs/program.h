/* SPDX-License-Identifier: ISC */
/*
 * What session programs and load generator agree on: the markers, the text that is printed or
 * pasted, and the keys that a program acts on.
 */
#ifndef BENCH_PROGRAM_H
#define BENCH_PROGRAM_H

#include <string.h>
#include <termios.h>
#include <unistd.h>

/* A program's first output, after whatever the server has said before it. */
#define MARKER_BEGIN "@begin@"

/* interrupted has been interrupted. */
#define MARKER_INTERRUPTED "@interrupted@"

/* What sink says at the end: bytes that it has read, and those that were not as sent. */
#define MARKER_SINK "@sink %llu %llu@"

/* Ends what sink reads. */
#define KEY_END 0x04

/* Makes echo print without end. */
#define KEY_FLOOD 0x06

/* A printed line has 80 bytes and its end is that of the NVT; a pasted one has no end of line. */
#define PRINTED_LINE                                                                               \
	"The quick brown fox jumps over the lazy dog, 0123456789 times, +-*/=()[]{}<>;:\r\n"
#define PASTED_LINE "The quick brown fox jumps over the lazy dog, 0123456789 times; "

#define BLOCK_LINES 100

/* Fills a block with lines; returns its size. */
static inline size_t fill_block(char *block, const char *line)
{
	size_t size = strlen(line);

	for (size_t i = 0; i < BLOCK_LINES; i++)
		memcpy(block + i * size, line, size);
	return BLOCK_LINES * size;
}

#define PRINTED_BLOCK_SIZE (BLOCK_LINES * (sizeof(PRINTED_LINE) - 1))
#define PASTED_BLOCK_SIZE (BLOCK_LINES * (sizeof(PASTED_LINE) - 1))

/* Raw, whatever the server has set, so that every server's terminal costs the same. */
static inline void begin_raw(int keep_signals)
{
	struct termios modes;

	tcgetattr(STDIN_FILENO, &modes);
	cfmakeraw(&modes);
	if (keep_signals) {
		modes.c_lflag |= ISIG;
		modes.c_cc[VINTR] = 0x03;
	}
	tcsetattr(STDIN_FILENO, TCSANOW, &modes);
	if (write(STDOUT_FILENO, MARKER_BEGIN, strlen(MARKER_BEGIN)) < 0)
		_exit(1);
}

#endif
