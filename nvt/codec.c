/* SPDX-License-Identifier: ISC */
/* One character set to code points and back, by a table or by iconv(3). */
#include "nvt/codec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* No set of single bytes has characters in more pages than this. */
#define PAGES_MAX 16
#define PAGE_SIZE 256

/* The bytes of code points, by pages of 256. */
struct codec_bytes {
	uint8_t page_at[PAGE_SIZE]; /* 0, which stays empty: the set has no characters there */
	uint8_t page_count; /* without page 0 */
	uint8_t bytes[PAGES_MAX][PAGE_SIZE];
};

#define NO_CONVERTER ((iconv_t)-1)
#define FAILED ((size_t)-1)

static bool has_table(const struct codec_set *set)
{
	return set->upper || set->all;
}

static uint16_t code_point_of(const struct codec_set *set, uint8_t byte)
{
	if (set->all)
		return set->all[byte];
	return byte < 0x80 ? byte : set->upper[byte - 0x80];
}

/* --- opening ------------------------------------------------------------------------------ */

static struct codec_bytes *list_bytes(const struct codec_set *set)
{
	struct codec_bytes *list = calloc(1, sizeof(*list));

	for (unsigned byte = 0; list && byte < PAGE_SIZE; byte++) {
		uint16_t code_point = code_point_of(set, (uint8_t)byte);
		uint8_t *page = &list->page_at[code_point / PAGE_SIZE];

		if (code_point == CODEC_NO_CHARACTER)
			continue;
		if (*page == 0 && list->page_count + 1 < PAGES_MAX)
			*page = ++list->page_count;
		list->bytes[*page][code_point % PAGE_SIZE] = (uint8_t)byte;
	}
	return list;
}

bool codec_open_decoder(struct codec *codec, const struct codec_set *set)
{
	*codec = (struct codec){.set = set, .converter = NO_CONVERTER};
	if (has_table(set))
		return true;
	codec->converter = iconv_open("WCHAR_T", set->converter);
	return codec->converter != NO_CONVERTER;
}

bool codec_open_encoder(struct codec *codec, const struct codec_set *set)
{
	*codec = (struct codec){.set = set, .converter = NO_CONVERTER};
	if (has_table(set)) {
		codec->bytes = list_bytes(set);
		return codec->bytes != NULL;
	}
	codec->converter = iconv_open(set->converter, "WCHAR_T");
	return codec->converter != NO_CONVERTER;
}

void codec_close(struct codec *codec)
{
	if (codec->converter != NO_CONVERTER)
		iconv_close(codec->converter);
	free(codec->bytes);
}

/* --- by tables ---------------------------------------------------------------------------- */

static int decode_one(const struct codec_set *set, char **in, size_t *in_size, char **out,
		      size_t *room)
{
	uint16_t code_point = code_point_of(set, (uint8_t) * *in);
	const wchar_t wide = code_point;

	if (code_point == CODEC_NO_CHARACTER)
		return EILSEQ;
	if (*room < sizeof(wide))
		return E2BIG;
	memcpy(*out, &wide, sizeof(wide));
	*out += sizeof(wide);
	*room -= sizeof(wide);
	(*in)++;
	(*in_size)--;
	return 0;
}

static int encode_one(const struct codec *codec, char **in, size_t *in_size, char **out,
		      size_t *room)
{
	const struct codec_bytes *list = codec->bytes;
	wchar_t wide;
	uint8_t byte;

	if (*in_size < sizeof(wide))
		return EINVAL;
	memcpy(&wide, *in, sizeof(wide));
	if ((uint32_t)wide >= CODEC_NO_CHARACTER)
		return EILSEQ;
	byte = list->bytes[list->page_at[wide / PAGE_SIZE]][wide % PAGE_SIZE];
	if (code_point_of(codec->set, byte) != (uint16_t)wide)
		return EILSEQ;
	if (*room == 0)
		return E2BIG;
	*(*out)++ = (char)byte;
	(*room)--;
	*in += sizeof(wide);
	*in_size -= sizeof(wide);
	return 0;
}

/* --- converting --------------------------------------------------------------------------- */

size_t codec_convert(struct codec *codec, char **in, size_t *in_size, char **out, size_t *room)
{
	if (codec->converter != NO_CONVERTER)
		return iconv(codec->converter, in, in_size, out, room);
	while (*in_size > 0) {
		int error = codec->bytes ? encode_one(codec, in, in_size, out, room)
					 : decode_one(codec->set, in, in_size, out, room);

		if (error == 0)
			continue;
		errno = error;
		return FAILED;
	}
	return 0;
}

void codec_restart(struct codec *codec)
{
	if (codec->converter != NO_CONVERTER)
		iconv(codec->converter, NULL, NULL, NULL, NULL);
}

void codec_finish(struct codec *codec, char **out, size_t *room)
{
	if (codec->converter != NO_CONVERTER)
		iconv(codec->converter, NULL, NULL, out, room);
}
