/* SPDX-License-Identifier: ISC */
/*
 * Conversion between the character set of the peer and that of the terminal, through code points.
 * It stands between the newline rules and the terminal: what is typed is converted after them, and
 * what is shown before them. charset.c decides which set is in force.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "nvt/endpoint.h"

/* Code points that are converted in one piece, and what they may become of in bytes. */
#define WIDE_SIZE 256
#define ENCODED_SIZE 2048

#define REPLACEMENT L'\xfffd'
#define NEXT_LINE L'\x85'
#define ESCAPE '\033'

/* What designates ASCII in ISO 2022. */
#define DESIGNATE_ASCII "\033(B"

struct direction {
	struct codec decoder; /* to code points */
	struct codec encoder; /* from code points */
	char kept[NVT_KEPT_MAX]; /* the beginning of a character */
	size_t kept_size;
	bool cr; /* of EBCDIC: a CR came, whose LF may follow */
	bool pairs; /* characters are pairs of bytes, so that a bad one is skipped as a pair */
	bool escapes; /* character sets are designated by escape sequences */
	bool lacks_tags; /* the encoder leaves out U+E0000 to U+E007F without a word */
};

struct conversion {
	struct direction input; /* from the network to the terminal */
	struct direction output; /* from the terminal to the network */
	bool next_line; /* EBCDIC: an end of line is NL, which is U+0085 */
};

/* Where converted bytes go. */
typedef void (*sink)(struct nvt *, const char *bytes, size_t size);

#define FAILED ((size_t)-1)

/* --- from code points to bytes ------------------------------------------------------------ */

/* Converts as many code points as the encoder knows; returns how many that were. */
static size_t encode_some(struct nvt *nvt, struct codec *encoder, wchar_t *wide, size_t count,
			  sink to)
{
	char *in = (char *)wide;
	size_t left = count * sizeof(*wide), result = FAILED;

	while (left > 0 && result == FAILED) {
		char encoded[ENCODED_SIZE], *out = encoded;
		size_t room = sizeof(encoded);

		result = codec_convert(encoder, &in, &left, &out, &room);
		if (out > encoded)
			to(nvt, encoded, (size_t)(out - encoded));
		if (result == FAILED && errno != E2BIG)
			break;
	}
	return count - left / sizeof(*wide);
}

/* Returns how many characters of ASCII there are, up to the size of the buffer. */
static size_t widen(const char *text, wchar_t wide[WIDE_SIZE])
{
	size_t count = 0;

	for (; *text != '\0' && count < WIDE_SIZE; text++)
		wide[count++] = (wchar_t)(unsigned char)*text;
	return count;
}

/* A set that lacks even the question mark is none of ours. */
static void encode_ascii(struct nvt *nvt, struct codec *encoder, const char *text, sink to)
{
	wchar_t wide[WIDE_SIZE];
	size_t count = widen(text, wide);

	encode_some(nvt, encoder, wide, count, to);
}

static void encode(struct nvt *nvt, struct codec *encoder, wchar_t *wide, size_t count, sink to)
{
	while (count > 0) {
		size_t done = encode_some(nvt, encoder, wide, count, to);

		wide += done;
		count -= done;
		if (count == 0)
			return;
		encode_ascii(nvt, encoder, transliterate((uint32_t)*wide), to);
		wide++;
		count--;
	}
}

/* --- newlines of EBCDIC ------------------------------------------------------------------- */

/*
 * EBCDIC ends a line with one character, NL. What is shown has CR LF for it, and a client's user
 * also types LF; each CR waits here until it is known whether LF follows. Returns the new count.
 */
static size_t shown_lines(struct nvt *nvt, struct direction *direction, const wchar_t *wide,
			  size_t count, wchar_t *lines)
{
	size_t size = 0;

	for (size_t i = 0; i < count; i++) {
		bool ends_line = wide[i] == L'\n' && (direction->cr || nvt->role == NVT_CLIENT);

		if (direction->cr && !ends_line)
			lines[size++] = L'\r';
		direction->cr = wide[i] == L'\r';
		if (!direction->cr)
			lines[size++] = ends_line ? NEXT_LINE : wide[i];
	}
	return size;
}

/* NL, and CR LF as well, are the Return key to a server, and CR LF on a client's screen. */
static size_t typed_lines(struct nvt *nvt, struct direction *direction, const wchar_t *wide,
			  size_t count, wchar_t *lines)
{
	bool server = nvt->role == NVT_SERVER;
	size_t size = 0;

	for (size_t i = 0; i < count; i++) {
		bool belongs_to_cr = direction->cr && wide[i] == L'\n' && server;

		direction->cr = wide[i] == L'\r';
		if (wide[i] == NEXT_LINE)
			lines[size++] = L'\r';
		if (wide[i] == NEXT_LINE && !server)
			lines[size++] = L'\n';
		if (wide[i] != NEXT_LINE && !belongs_to_cr)
			lines[size++] = wide[i];
	}
	return size;
}

/* --- from bytes to code points ------------------------------------------------------------ */

static void pass_wide(struct nvt *nvt, struct direction *direction, wchar_t *wide, size_t count,
		      sink to)
{
	wchar_t lines[2 * WIDE_SIZE + 1];
	bool shown = direction == &nvt->conversion->output;

	if (nvt->conversion->next_line) {
		count = shown ? shown_lines(nvt, direction, wide, count, lines)
			      : typed_lines(nvt, direction, wide, count, lines);
		wide = lines;
	}
	for (size_t i = 0; direction->lacks_tags && i < count; i++)
		if (((uint32_t)wide[i] >> 7) == (0xe0000 >> 7))
			wide[i] = L'?';
	encode(nvt, &direction->encoder, wide, count, to);
}

/* Whether bytes that end too early can still become a character. */
static bool may_go_on(const struct direction *direction, const char *bytes, size_t size)
{
	if (!direction->escapes || bytes[0] != ESCAPE)
		return size < NVT_KEPT_MAX;
	return size == 1 || (size == 2 && (bytes[1] == '(' || bytes[1] == '$'));
}

/* Whether a character may begin so, for all that the first byte says. */
static bool may_begin(struct direction *direction, const char *bytes)
{
	wchar_t wide;
	char *in = (char *)(uintptr_t)bytes, *out = (char *)&wide;
	size_t left = 1, room = sizeof(wide);

	return codec_convert(&direction->decoder, &in, &left, &out, &room) == FAILED &&
	       errno == EINVAL;
}

/*
 * Skips what is no character: one byte, so that nothing behind it is lost, or a pair that looks
 * like one, also when its bytes come one by one. The Escape key is none of the sequences that
 * designate a set, and is passed on.
 */
static size_t skip_bad(struct nvt *nvt, struct direction *direction, const char *bytes, size_t size,
		       sink to)
{
	const unsigned char *bad = (const unsigned char *)bytes;
	wchar_t wide = bad[0] == ESCAPE ? ESCAPE : REPLACEMENT;
	bool pair = direction->pairs && size > 1 && bad[0] > 0x80 && bad[1] >= 0x80 &&
		    may_begin(direction, bytes);

	pass_wide(nvt, direction, &wide, 1, to);
	return pair ? 2 : 1;
}

/* Converts bytes; returns how many at their end are the beginning of a character. */
static size_t decode(struct nvt *nvt, struct direction *direction, const char *bytes, size_t size,
		     sink to)
{
	/* iconv(3) does not write to what it reads. */
	char *in = (char *)(uintptr_t)bytes;
	size_t left = size;

	while (left > 0) {
		wchar_t wide[WIDE_SIZE];
		char *out = (char *)wide;
		size_t room = sizeof(wide), skipped;
		size_t result = codec_convert(&direction->decoder, &in, &left, &out, &room);
		int error = result == FAILED ? errno : 0;

		pass_wide(nvt, direction, wide, WIDE_SIZE - room / sizeof(*wide), to);
		if (error == EINVAL && may_go_on(direction, in, left))
			return left;
		if (error == 0 || error == E2BIG)
			continue;
		skipped = skip_bad(nvt, direction, in, left, to);
		in += skipped;
		left -= skipped;
	}
	return 0;
}

static void convert(struct nvt *nvt, struct direction *direction, const char *bytes, size_t size,
		    sink to)
{
	size_t left;

	while (direction->kept_size > 0 && size > 0) {
		size_t kept = direction->kept_size;

		direction->kept[kept++] = *bytes++;
		size--;
		left = decode(nvt, direction, direction->kept, kept, to);
		memmove(direction->kept, direction->kept + kept - left, left);
		direction->kept_size = left;
	}
	if (size == 0)
		return;
	left = decode(nvt, direction, bytes, size, to);
	memcpy(direction->kept, bytes + size - left, left);
	direction->kept_size = left;
}

/* Nothing more comes that could complete what was kept. */
static void give_up_kept(struct nvt *nvt, struct direction *direction, sink to)
{
	size_t size = direction->kept_size;
	bool keys = direction->escapes && direction->kept[0] == ESCAPE;

	direction->kept_size = 0;
	for (size_t i = 0; i < size && (keys || i == 0); i++) {
		wchar_t wide = keys ? direction->kept[i] : REPLACEMENT;

		pass_wide(nvt, direction, &wide, 1, to);
	}
}

static void begin_anew(struct direction *direction)
{
	direction->kept_size = 0;
	direction->cr = false;
	codec_restart(&direction->decoder);
	codec_restart(&direction->encoder);
}

/* --- both ways ---------------------------------------------------------------------------- */

static void to_terminal(struct nvt *nvt, const char *bytes, size_t size)
{
	nvt->events->to_terminal(nvt->owner, bytes, size);
}

void conversion_to_terminal(struct nvt *nvt, const char *bytes, size_t size)
{
	convert(nvt, &nvt->conversion->input, bytes, size, to_terminal);
}

void conversion_from_terminal(struct nvt *nvt, const char *bytes, size_t size)
{
	convert(nvt, &nvt->conversion->output, bytes, size, newline_from_terminal);
}

void conversion_from_keyboard(struct nvt *nvt, const char *bytes, size_t size)
{
	struct direction *output = &nvt->conversion->output;

	convert(nvt, output, bytes, size, newline_from_keyboard);
	if (!output->cr)
		return;
	output->cr = false;
	encode_ascii(nvt, &output->encoder, "\r", newline_from_keyboard);
}

void conversion_say(struct nvt *nvt, const char *text)
{
	wchar_t wide[WIDE_SIZE];
	size_t count = widen(text, wide);

	pass_wide(nvt, &nvt->conversion->output, wide, count, newline_from_terminal);
	conversion_complete(nvt);
}

void conversion_complete(struct nvt *nvt)
{
	struct direction *output = &nvt->conversion->output;

	if (!output->cr)
		return;
	output->cr = false;
	encode_ascii(nvt, &output->encoder, "\r", newline_from_terminal);
}

void conversion_finish(struct nvt *nvt)
{
	struct direction *output = &nvt->conversion->output;
	char end[NVT_KEPT_MAX], *out = end;
	size_t room = sizeof(end);

	give_up_kept(nvt, output, newline_from_terminal);
	conversion_complete(nvt);
	codec_finish(&output->encoder, &out, &room);
	newline_from_terminal(nvt, end, (size_t)(out - end));
}

void conversion_restart_output(struct nvt *nvt)
{
	begin_anew(&nvt->conversion->output);
	if (nvt->conversion->input.escapes)
		newline_from_terminal(nvt, DESIGNATE_ASCII, strlen(DESIGNATE_ASCII));
}

void conversion_restart_input(struct nvt *nvt)
{
	begin_anew(&nvt->conversion->input);
}

bool conversion_holds_key(const struct nvt *nvt)
{
	const struct direction *input = &nvt->conversion->input;

	return input->escapes && input->kept_size > 0 && input->kept[0] == ESCAPE;
}

void conversion_release_input(struct nvt *nvt)
{
	give_up_kept(nvt, &nvt->conversion->input, to_terminal);
}

/* --- opening ------------------------------------------------------------------------------ */

static bool open_direction(struct direction *direction, const struct charset_set *from,
			   const struct charset_set *to)
{
	bool decodes = codec_open_decoder(&direction->decoder, &from->codec);
	bool encodes = codec_open_encoder(&direction->encoder, &to->codec);

	direction->pairs = from->traits & CHARSET_PAIRS;
	direction->escapes = from->traits & CHARSET_ESCAPES;
	direction->lacks_tags = strcmp(to->name, "UTF-8") != 0;
	return decodes && encodes;
}

static void close_direction(struct direction *direction)
{
	codec_close(&direction->decoder);
	codec_close(&direction->encoder);
}

struct conversion *conversion_new(const struct charset_set *peer,
				  const struct charset_set *terminal)
{
	struct conversion *conversion = calloc(1, sizeof(*conversion));
	bool opened;

	if (!conversion)
		return NULL;
	opened = open_direction(&conversion->input, peer, terminal);
	opened = open_direction(&conversion->output, terminal, peer) && opened;
	conversion->next_line = peer->traits & CHARSET_NEXT_LINE;
	if (opened)
		return conversion;
	conversion_free(conversion);
	return NULL;
}

void conversion_free(struct conversion *conversion)
{
	if (!conversion)
		return;
	close_direction(&conversion->input);
	close_direction(&conversion->output);
	free(conversion);
}
