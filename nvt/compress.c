/* SPDX-License-Identifier: ISC */
/*
 * COMPRESS2 (option 86: a server compresses what it sends) and COMPRESS3 (87: a client does), on
 * zlib: IAC SB option IAC SE, and from the next byte on one zlib stream (RFC 1950) until its end.
 *
 * libtelnet would inflate without a bound and without asking, so it never hears of either.
 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "nvt/endpoint.h"

/*
 * The deflater's window (2^13 bytes) and the size of its tables: 64 KiB for an endpoint that
 * compresses. `ls -lR /usr` in turns of 4 KB becomes 8.3 times smaller at 98 MB/s; with zlib's
 * usual 15 and 8, 256 KiB, 8.6 times at 78 MB/s; with 12 and 6, 48 KiB, 8.0 times at 101 MB/s.
 */
#define WINDOW_BITS 13
#define MEMORY_LEVEL 6

/*
 * What comes out of the deflater at once, and of the inflater, on the stack; and what goes in at
 * most. An owner that pauses gets the rest of what was inflated at once all the same.
 */
#define PIECE_SIZE 4096
#define INFLATED_SIZE 1024
#define INPUT_MAX 0x40000000UL

/* How long what was not used of the bound on expansion counts, in ms. */
#define CREDIT_TIME 1000

struct deflater {
	z_stream stream;
	bool pending; /* something has gone in since the last flush */
};

struct inflater {
	z_stream stream;
	bool pending; /* its last output has filled its piece: there may be more */
	long long credit; /* bytes that may still come out */
	unsigned long long counted; /* when the credit was cut last */
};

static void fail(struct nvt *nvt, const char *text)
{
	nvt_fail(nvt, NVT_FAULT_COMPRESSION, text);
}

/* --- what is sent ------------------------------------------------------------------------- */

/* Deflates what is in the stream's input, and hands over what comes out. */
static void run(struct nvt *nvt, int flush)
{
	z_stream *stream = &nvt->deflater->stream;
	unsigned char out[PIECE_SIZE];

	do {
		size_t size;

		stream->next_out = out;
		stream->avail_out = sizeof(out);
		deflate(stream, flush);
		size = sizeof(out) - stream->avail_out;
		if (size > 0)
			nvt->events->to_network(nvt->owner, (const char *)out, size, false);
	} while (stream->avail_out == 0);
}

void compress_send(struct nvt *nvt, const char *bytes, size_t size)
{
	z_stream *stream = &nvt->deflater->stream;

	nvt->deflater->pending = true;
	while (size > 0) {
		size_t piece = size < INPUT_MAX ? size : INPUT_MAX;

		stream->next_in = (z_const Bytef *)(const unsigned char *)bytes;
		stream->avail_in = (uInt)piece;
		run(nvt, Z_NO_FLUSH);
		bytes += piece;
		size -= piece;
	}
}

void nvt_flush(struct nvt *nvt)
{
	if (!nvt->compressing || !nvt->deflater->pending)
		return;
	nvt->deflater->pending = false;
	run(nvt, Z_SYNC_FLUSH);
}

void compress_finish(struct nvt *nvt)
{
	if (!nvt->compressing)
		return;
	nvt->deflater->pending = false;
	run(nvt, Z_FINISH);
	nvt->compressing = false;
}

/* Once made, it is kept: a peer that turns it on and off costs little. */
static bool prepare_deflater(struct nvt *nvt)
{
	struct deflater *deflater = nvt->deflater;

	if (deflater)
		return deflateReset(&deflater->stream) == Z_OK;
	deflater = calloc(1, sizeof(*deflater));
	if (!deflater)
		return false;
	if (deflateInit2(&deflater->stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, WINDOW_BITS,
			 MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK) {
		free(deflater);
		return false;
	}
	nvt->deflater = deflater;
	return true;
}

static void begin(struct nvt *nvt, unsigned char option)
{
	const char marker[] = {(char)TELNET_IAC, (char)TELNET_SB, (char)option, (char)TELNET_IAC,
			       (char)TELNET_SE};

	if (!prepare_deflater(nvt)) {
		nvt_fail(nvt, NVT_FAULT_MEMORY, "no memory to compress");
		return;
	}
	nvt_complete_data(nvt);
	nvt_trace(nvt, true, marker, sizeof(marker));
	nvt->events->to_network(nvt->owner, marker, sizeof(marker), false);
	nvt->compressing = true;
}

void compress_begin_deferred(struct nvt *nvt)
{
	if (nvt->compress_deferred)
		begin(nvt, TELOPT_COMPRESS2);
	nvt->compress_deferred = false;
}

/*
 * Both options are the server's to do: WILL and WONT are its words, DO and DONT the client's. Some
 * clients say DO to every WILL, so DO after an offer counts once the client has sent a proper
 * subnegotiation.
 */
void compress_changed(struct nvt *nvt, bool local, unsigned char option, bool enabled,
		      bool peer_asked)
{
	bool is_server = nvt->role == NVT_SERVER;

	if (local != is_server || option != (is_server ? TELOPT_COMPRESS2 : TELOPT_COMPRESS3))
		return;
	nvt->compress_deferred = enabled && is_server && !peer_asked && !nvt->subnegotiates;
	if (!enabled)
		compress_finish(nvt);
	else if (!nvt->compress_deferred)
		begin(nvt, option);
}

bool nvt_is_compressing(const struct nvt *nvt)
{
	return nvt->compressing;
}

/* --- what comes --------------------------------------------------------------------------- */

/* What was agreed to before is so still while the word against it is on its way. */
static bool is_agreed(enum option_state state)
{
	return state == OPTION_YES || state == OPTION_WANT_NO || state == OPTION_WANT_NO_OPPOSITE;
}

static void cut_credit(struct inflater *inflater)
{
	if (inflater->credit > NVT_INFLATE_FIRST)
		inflater->credit = NVT_INFLATE_FIRST;
}

/* The time is told within a stream only: credit of one that has ended could be of any age. */
static bool prepare_inflater(struct nvt *nvt)
{
	struct inflater *inflater = nvt->inflater;

	if (inflater) {
		cut_credit(inflater);
		return inflateReset(&inflater->stream) == Z_OK;
	}
	inflater = calloc(1, sizeof(*inflater));
	if (!inflater)
		return false;
	if (inflateInit(&inflater->stream) != Z_OK) {
		free(inflater);
		return false;
	}
	inflater->credit = NVT_INFLATE_FIRST;
	nvt->inflater = inflater;
	return true;
}

void compress_begun(struct nvt *nvt, unsigned char option, bool well_formed)
{
	bool is_server = nvt->role == NVT_SERVER;
	unsigned char expected = is_server ? TELOPT_COMPRESS3 : TELOPT_COMPRESS2;
	const uint8_t *states = is_server ? nvt->local : nvt->remote;

	if (option != expected || !is_agreed(states[option]) || nvt->inflating || !well_formed)
		fail(nvt, "compression that was not asked for");
	else if (!prepare_inflater(nvt))
		nvt_fail(nvt, NVT_FAULT_MEMORY, "no memory to inflate");
	else
		nvt->inflating = nvt->awaits_stream = true;
}

bool compress_takes(struct nvt *nvt, char byte)
{
	if ((unsigned char)byte != TELNET_IAC && framing_is_at_rest(&nvt->framing))
		nvt->awaits_stream = false;
	return compress_is_reading(nvt);
}

/* What inflate(3) said that is the end of a session. NULL: nothing. */
static const char *complaint(int result, bool idle)
{
	if (result == Z_NEED_DICT)
		return "compressed data that want a dictionary";
	if (result == Z_MEM_ERROR)
		return "no memory to inflate";
	if (result == Z_OK || result == Z_STREAM_END || (result == Z_BUF_ERROR && idle))
		return NULL;
	return "compressed data that are broken";
}

/* Inflates so much at most of what is held, and counts it. Returns how much it was. */
static size_t inflate_piece(struct inflater *inflater, struct held *held, unsigned char *out,
			    size_t room, int *result)
{
	z_stream *stream = &inflater->stream;
	size_t input = held->end - held->start, size;

	if (input > INPUT_MAX)
		input = INPUT_MAX;
	stream->next_in = (unsigned char *)held->bytes + held->start;
	stream->avail_in = (uInt)input;
	stream->next_out = out;
	stream->avail_out = (uInt)room;
	*result = inflate(stream, Z_SYNC_FLUSH);
	input -= stream->avail_in;
	size = room - stream->avail_out;
	held->start += input;
	inflater->pending = *result == Z_OK && stream->avail_out == 0;
	inflater->credit += NVT_INFLATE_FACTOR * (long long)input - (long long)size;
	return size;
}

/* All of a piece that has been inflated, whatever the owner has had enough of meanwhile. */
static void take_piece(struct nvt *nvt, const char *bytes, size_t size)
{
	bool paused = nvt->paused;

	for (size_t taken = 0; taken < size && !nvt->faulted; paused |= nvt->paused) {
		nvt->paused = false;
		taken += nvt_take(nvt, bytes + taken, size - taken);
	}
	nvt->paused = paused;
}

size_t compress_take(struct nvt *nvt, size_t most)
{
	struct inflater *inflater = nvt->inflater;
	bool idle = nvt->held.start == nvt->held.end;
	unsigned char out[INFLATED_SIZE];
	int result;
	size_t size = inflate_piece(inflater, &nvt->held, out,
				    most < sizeof(out) ? most : sizeof(out), &result);
	const char *wrong = complaint(result, idle);

	if (inflater->credit < 0 && !nvt->expands_freely)
		fail(nvt, "compressed data that expand too much");
	take_piece(nvt, (const char *)out, size);
	if (wrong)
		fail(nvt, wrong);
	if (result == Z_STREAM_END)
		nvt->inflating = false;
	return size;
}

bool compress_has_more(const struct nvt *nvt)
{
	return nvt->inflater && nvt->inflater->pending;
}

bool nvt_is_inflating(const struct nvt *nvt)
{
	return nvt->inflating;
}

void nvt_set_time(struct nvt *nvt, unsigned long long milliseconds)
{
	struct inflater *inflater = nvt->inflater;

	if (!inflater || milliseconds - inflater->counted < CREDIT_TIME)
		return;
	inflater->counted = milliseconds;
	cut_credit(inflater);
}

void compress_free(struct nvt *nvt)
{
	if (nvt->deflater)
		deflateEnd(&nvt->deflater->stream);
	free(nvt->deflater);
	if (nvt->inflater)
		inflateEnd(&nvt->inflater->stream);
	free(nvt->inflater);
}
