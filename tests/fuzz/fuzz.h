/* SPDX-License-Identifier: ISC */
/*
 * What the fuzz targets share: how one says what it has found, and TELNET's bytes by name. A target
 * is one file, fuzz_NAME.c, with LLVMFuzzerTestOneInput in it; the others here are for all of them.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Says what is wrong, in one line, and aborts: the fuzzer keeps the input that led there. */
__attribute__((format(printf, 1, 2), noreturn)) void fuzz_fail(const char *format, ...);

/* Ends here unless what is promised holds. */
#define fuzz_require(promise, ...)                                                                 \
	do {                                                                                       \
		if (!(promise))                                                                    \
			fuzz_fail(__VA_ARGS__);                                                    \
	} while (0)

/* Runs one input; the fuzzer calls it, and so does replay.c. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Commands (RFC 854, RFC 1184 2.5). */
enum {
	C_EOF = 236,
	C_SUSP = 237,
	C_ABORT = 238,
	C_EOR = 239,
	C_SE = 240,
	C_NOP = 241,
	C_DM = 242,
	C_BRK = 243,
	C_IP = 244,
	C_AO = 245,
	C_AYT = 246,
	C_EC = 247,
	C_EL = 248,
	C_GA = 249,
	C_SB = 250,
	C_WILL = 251,
	C_WONT = 252,
	C_DO = 253,
	C_DONT = 254,
	C_IAC = 255,
};

/* Whether a byte after IAC is a command that stands for itself or begins one. */
static inline bool fuzz_is_command(uint8_t byte)
{
	return byte >= C_EOF && byte != C_SE && byte != C_IAC;
}

/* Whether clients send a Synch after a function, whose data mark a relay may lose. */
static inline bool fuzz_precedes_synch(uint8_t command)
{
	return command == C_IP || command == C_AO || command == C_BRK || command == C_AYT ||
	       command == C_ABORT || command == C_SUSP;
}

/* Options. */
enum {
	O_BINARY = 0,
	O_ECHO = 1,
	O_SGA = 3,
	O_STATUS = 5,
	O_TIMING_MARK = 6,
	O_LOGOUT = 18,
	O_TTYPE = 24,
	O_NAWS = 31,
	O_TSPEED = 32,
	O_LFLOW = 33,
	O_LINEMODE = 34,
	O_XDISPLOC = 35,
	O_ENVIRON = 36,
	O_AUTHENTICATION = 37,
	O_ENCRYPT = 38,
	O_NEW_ENVIRON = 39,
	O_CHARSET = 42,
	O_COMPRESS2 = 86,
	O_COMPRESS3 = 87,
	O_ZMP = 93,
};

#endif
