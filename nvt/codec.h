/* SPDX-License-Identifier: ISC */
/*
 * Converts characters of one set to code points, or code points to them, with the conventions of
 * iconv(3): a set of single bytes by a table of our own, since each converter that the C library
 * loads makes forking a process more expensive; the others by iconv(3).
 */
#ifndef NVT_CODEC_H
#define NVT_CODEC_H

#include <iconv.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a table has for a byte that is no character. */
#define CODEC_NO_CHARACTER 0xffff

extern const uint16_t table_iso_8859_1[128];
extern const uint16_t table_iso_8859_15[128];
extern const uint16_t table_koi8_r[128];
extern const uint16_t table_windows_1251[128];
extern const uint16_t table_windows_1252[128];
extern const uint16_t table_cp437[128];
extern const uint16_t table_cp850[128];
extern const uint16_t table_ibm037[256];
extern const uint16_t table_ibm1047[256];

/* How a set is converted: by one of three. */
struct codec_set {
	const char *converter; /* what iconv(3) calls it */
	const uint16_t *upper; /* or the code points of 0x80 to 0xff, the others being ASCII */
	const uint16_t *all; /* or those of all bytes */
};

struct codec_bytes;

struct codec {
	const struct codec_set *set;
	iconv_t converter; /* if the set has no table */
	struct codec_bytes *bytes; /* by code points, if it has one and this encodes */
};

/*
 * Open what converts to or from code points. Return false if the C library lacks the set. The codec
 * is to be closed in either case.
 */
bool codec_open_decoder(struct codec *, const struct codec_set *);
bool codec_open_encoder(struct codec *, const struct codec_set *);
void codec_close(struct codec *);

/*
 * As iconv(3): (size_t)-1 with errno E2BIG, EILSEQ or EINVAL if something is left, else another
 * value. Code points are wchar_t.
 */
size_t codec_convert(struct codec *, char **in, size_t *in_size, char **out, size_t *room);

/* Goes back to the initial state; the second writes what that takes. */
void codec_restart(struct codec *);
void codec_finish(struct codec *, char **out, size_t *room);

#endif
