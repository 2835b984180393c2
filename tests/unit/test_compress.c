/* SPDX-License-Identifier: ISC */
/*
 * COMPRESS2 and COMPRESS3: who may begin them and when, that what goes through them is the same as
 * without, where a stream ends, and that nobody can make a few bytes into very many.
 */
#include "tests/unit/transcript.h"

#include <errno.h>
#include <zlib.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define BEGIN2 IAC_SB COMPRESS2 IAC_SE
#define BEGIN3 IAC_SB COMPRESS3 IAC_SE

/* A random number below `bound`, the same ones in every run. */
static unsigned random_below(uint32_t *seed, unsigned bound)
{
	*seed = *seed * 1664525 + 1013904223;
	return (unsigned)((uint64_t)*seed * bound >> 32);
}

static void add_random(struct bytes *bytes, uint32_t *seed, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		char byte = (char)random_below(seed, 255); /* never IAC */

		add(bytes, &byte, 1);
	}
}

static void add_fill(struct bytes *bytes, char fill, size_t size)
{
	char piece[4096];

	memset(piece, fill, sizeof(piece));
	for (; size > 0; size -= size < sizeof(piece) ? size : sizeof(piece))
		add(bytes, piece, size < sizeof(piece) ? size : sizeof(piece));
}

/* --- the test's own zlib ------------------------------------------------------------------------
 */

/* Adds what the bytes become, up to a flush of this kind. */
static void deflate_to(struct bytes *to, z_stream *stream, const struct bytes *from, int flush)
{
	unsigned char out[4096];

	stream->next_in = (unsigned char *)from->at;
	stream->avail_in = (uInt)from->size;
	do {
		stream->next_out = out;
		stream->avail_out = sizeof(out);
		deflate(stream, flush);
		add(to, (char *)out, sizeof(out) - stream->avail_out);
	} while (stream->avail_out == 0);
}

/* A whole stream. */
static struct bytes deflated(const char *text, size_t size)
{
	struct bytes stream = {NULL, 0, 0}, from = {(char *)text, size, size};
	z_stream deflater = {0};

	assert_int_equal(deflateInit(&deflater, 9), Z_OK);
	deflate_to(&stream, &deflater, &from, Z_FINISH);
	deflateEnd(&deflater);
	return stream;
}

/*
 * Inflates a stream that begins here. Returns what it becomes; `used` is how long it is, and
 * `ended` whether its end is there.
 */
static struct bytes inflated(const char *bytes, size_t size, size_t *used, bool *ended)
{
	struct bytes text = {NULL, 0, 0};
	z_stream inflater = {0};
	unsigned char out[4096];
	int result = Z_OK;

	assert_int_equal(inflateInit(&inflater), Z_OK);
	inflater.next_in = (unsigned char *)bytes;
	inflater.avail_in = (uInt)size;
	do {
		inflater.next_out = out;
		inflater.avail_out = sizeof(out);
		result = inflate(&inflater, Z_SYNC_FLUSH);
		assert_true(result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR);
		add(&text, (char *)out, sizeof(out) - inflater.avail_out);
	} while (inflater.avail_out == 0 && result == Z_OK);
	*used = size - inflater.avail_in;
	*ended = result == Z_STREAM_END;
	inflateEnd(&inflater);
	return text;
}

/* --- endpoints ----------------------------------------------------------------------------------
 */

/* What is sent is no TELNET where it is compressed: it is only kept. */
static void on_wire(void *owner, const char *bytes, size_t size, bool urgent)
{
	struct transcript *t = owner;

	assert_true(size > 0);
	assert_false(urgent && nvt_is_compressing(t->nvt));
	add(&t->sent, bytes, size);
	t->sent_ever += size;
	t->urgent_count += urgent;
}

static struct transcript *endpoint(enum nvt_role role, enum nvt_compression compression)
{
	const struct nvt_setup setup = {.role = role, .compression = compression};
	struct transcript *t = new_endpoint(role, NULL);

	nvt_free(t->nvt);
	t->calls.to_network = on_wire;
	t->nvt = nvt_new(&setup, &t->calls, t);
	assert_non_null(t->nvt);
	return t;
}

/* A server that has agreed to COMPRESS3, and nothing else. */
static struct transcript *inflating_server(void)
{
	struct transcript *t = endpoint(NVT_SERVER, NVT_COMPRESS_WHEN_ASKED);

	receive(t, IAC DO COMPRESS3);
	assert_sent(t, IAC WILL COMPRESS3);
	receive(t, BEGIN3);
	assert_true(nvt_is_inflating(t->nvt));
	forget(t);
	return t;
}

/* Takes bytes as an owner does, until nothing of them is held; false after a fault. */
static bool receive_whole(struct transcript *t, const char *bytes, size_t size)
{
	while (size > 0) {
		size_t piece = size < NVT_INFLATE_MAX ? size : NVT_INFLATE_MAX;

		if (receive_bytes(t, bytes, piece) != 0)
			return false;
		while (nvt_is_holding(t->nvt))
			if (nvt_continue(t->nvt) != 0)
				return false;
		bytes += piece;
		size -= piece;
	}
	return true;
}

/* --- who begins ---------------------------------------------------------------------------------
 */

/* Checks that a stream was sent which becomes this, and what was sent behind its end, if it has. */
static void check_sent_stream(struct transcript *t, const char *text, size_t size, bool has_end,
			      const char *behind)
{
	size_t used;
	bool ended;
	struct bytes is = inflated(t->sent.at, t->sent.size, &used, &ended);

	assert_int_equal(is.size, size);
	assert_memory_equal(is.at, text, size);
	assert_int_equal(ended, has_end);
	assert_int_equal(t->sent.size - used, strlen(behind));
	assert_memory_equal(t->sent.at + used, behind, strlen(behind));
	free(is.at);
	clear(&t->sent);
}

#define assert_sent_stream(t, text, has_end, behind)                                               \
	check_sent_stream(t, text, sizeof(text) - 1, has_end, behind)

static void a_server_compresses_when_it_is_asked_and_sends_at_each_flush(void **unused)
{
	struct transcript *t = endpoint(NVT_SERVER, NVT_COMPRESS_WHEN_ASKED);

	(void)unused;
	type(t, "plain\r");
	nvt_flush(t->nvt);
	assert_sent(t, "plain\r");
	receive(t, IAC DO COMPRESS2);
	assert_sent(t, "\0" IAC WILL COMPRESS2 BEGIN2);
	assert_true(nvt_is_compressing(t->nvt));
	type(t, "one\r\n" IAC);
	nvt_send_function(t->nvt, NVT_GO_AHEAD);
	assert_true(t->sent.size <= 2); /* the stream's header (RFC 1950) */
	nvt_flush(t->nvt);
	assert_sent_stream(t, "one\r\n" IAC IAC IAC GA, false, "");
	nvt_flush(t->nvt);
	assert_sent(t, "");
	end(t);
}

static void a_client_compresses_when_it_is_asked(void **unused)
{
	struct transcript *t = endpoint(NVT_CLIENT, NVT_COMPRESS_WHEN_ASKED);

	(void)unused;
	receive(t, IAC WILL COMPRESS3);
	assert_sent(t, IAC DO COMPRESS3 BEGIN3);
	type(t, "one\n");
	nvt_flush(t->nvt);
	assert_sent_stream(t, "one\r\n", false, "");
	receive(t, IAC WONT COMPRESS3);
	type(t, "two\n");
	nvt_flush(t->nvt);
	assert_false(nvt_is_compressing(t->nvt));
	end(t);
}

static void compression_is_offered_where_the_owner_wants_it(void **unused)
{
	struct transcript *t = endpoint(NVT_SERVER, NVT_COMPRESS_OFFERED);

	(void)unused;
	nvt_open(t->nvt);
	assert_non_null(strstr(t->sent.at, IAC WILL COMPRESS2 IAC WILL COMPRESS3));
	forget(t);
	type(t, "a\r");
	receive(t, IAC WILL NAWS IAC_SB NAWS "\0\120\0\030" IAC_SE);
	receive(t, IAC DO COMPRESS2);
	assert_sent(t, "a\r\0" BEGIN2);
	end(t);

	t = endpoint(NVT_CLIENT, NVT_COMPRESS_OFFERED);
	nvt_open(t->nvt);
	assert_sent(t, IAC DO COMPRESS2 IAC DO COMPRESS3);
	receive(t, IAC WILL COMPRESS3);
	assert_sent(t, BEGIN3);
	end(t);
}

/* Some say DO to every WILL, and can read no compressed stream. */
static void a_client_that_only_agrees_is_sent_no_stream_yet(void **unused)
{
	struct transcript *t = endpoint(NVT_SERVER, NVT_COMPRESS_OFFERED);

	(void)unused;
	nvt_open(t->nvt);
	receive(t, IAC DO COMPRESS2 IAC WILL NAWS IAC_SB NAWS "\0" IAC_SE);
	forget(t);
	type(t, "plain");
	nvt_flush(t->nvt);
	assert_sent(t, "plain");
	receive(t, IAC_SB NAWS "\0\120\0\030" IAC_SE);
	assert_sent(t, BEGIN2);
	assert_true(nvt_is_compressing(t->nvt));
	end(t);
}

static void a_client_that_takes_its_word_back_is_sent_no_stream(void **unused)
{
	struct transcript *t = endpoint(NVT_SERVER, NVT_COMPRESS_OFFERED);

	(void)unused;
	nvt_open(t->nvt);
	receive(t, IAC DO COMPRESS2 IAC DONT COMPRESS2 IAC WILL NAWS);
	forget(t);
	receive(t, IAC_SB NAWS "\0\120\0\030" IAC_SE);
	assert_sent(t, "");
	assert_false(nvt_is_compressing(t->nvt));
	end(t);
}

static void compression_is_neither_offered_nor_agreed_to_where_it_is_refused(void **unused)
{
	struct transcript *t = endpoint(NVT_SERVER, NVT_COMPRESS_REFUSED);

	(void)unused;
	nvt_open(t->nvt);
	assert_sent(t, OPENING_OFFERS);
	receive(t, IAC DO COMPRESS2 IAC DO COMPRESS3 IAC WILL COMPRESS2 IAC WILL COMPRESS3);
	assert_sent(t, IAC WONT COMPRESS2 IAC WONT COMPRESS3 IAC DONT COMPRESS2 IAC DONT COMPRESS3);
	assert_int_equal(receive(t, BEGIN3), -EPROTO);
	assert_events(t, "fault compression\n");
	end(t);
}

/* Streams that begin compression where it was not agreed to, or not so, and an "x" inside it. */
static const struct {
	enum nvt_role role;
	const char *before;
	size_t before_size;
	const char *marker;
	size_t marker_size;
} unasked[] = {
#define UNASKED(role, before, marker)                                                              \
	{                                                                                          \
		role, before, sizeof(before) - 1, marker, sizeof(marker) - 1                       \
	}
	UNASKED(NVT_SERVER, "", BEGIN2),
	UNASKED(NVT_SERVER, "", BEGIN3),
	UNASKED(NVT_CLIENT, "", BEGIN2),
	UNASKED(NVT_CLIENT, "", BEGIN3),
	UNASKED(NVT_SERVER, IAC DO COMPRESS2 IAC DO COMPRESS3, BEGIN2),
	UNASKED(NVT_SERVER, IAC DO COMPRESS2, BEGIN3),
	UNASKED(NVT_SERVER, IAC DO COMPRESS3 IAC DONT COMPRESS3, BEGIN3),
	UNASKED(NVT_SERVER, IAC WILL COMPRESS2 IAC WILL COMPRESS3, BEGIN3),
	UNASKED(NVT_SERVER, IAC DO COMPRESS3, IAC_SB COMPRESS3 "x" IAC_SE),
	UNASKED(NVT_SERVER, IAC DO COMPRESS3, IAC_SB COMPRESS3 IAC NOP),
	UNASKED(NVT_SERVER, IAC DO COMPRESS3, IAC_SB COMPRESS IAC_SE),
	UNASKED(NVT_CLIENT, IAC WILL COMPRESS2 IAC WILL COMPRESS3, BEGIN3),
	UNASKED(NVT_CLIENT, IAC WILL COMPRESS2 IAC WONT COMPRESS2, BEGIN2),
	UNASKED(NVT_CLIENT, IAC WILL COMPRESS2, IAC_SB COMPRESS2 IAC IAC IAC_SE),
};

static void compression_that_was_not_agreed_to_is_a_fault(void **unused)
{
	struct bytes stream = deflated("x", 1);

	(void)unused;
	for (size_t i = 0; i < COUNT(unasked); i++) {
		struct transcript *t = endpoint(unasked[i].role, NVT_COMPRESS_WHEN_ASKED);

		receive_bytes(t, unasked[i].before, unasked[i].before_size);
		assert_int_equal(t->fault_count, 0);
		receive_bytes(t, unasked[i].marker, unasked[i].marker_size);
		receive_bytes(t, stream.at, stream.size);
		assert_events(t, "fault compression\n");
		assert_int_equal(t->data.size, 0);
		assert_false(nvt_is_inflating(t->nvt));
		end(t);
	}
	free(stream.at);
}

static void an_offer_without_its_answer_makes_nothing_asked_for(void **unused)
{
	struct transcript *t = endpoint(NVT_SERVER, NVT_COMPRESS_OFFERED);

	(void)unused;
	nvt_open(t->nvt);
	assert_int_equal(receive(t, BEGIN3), -EPROTO);
	end(t);
}

static void compression_inside_of_compression_is_a_fault(void **unused)
{
	struct transcript *t = inflating_server();
	struct bytes inner = deflated("a" BEGIN3 "b", 7);

	(void)unused;
	receive_whole(t, inner.at, inner.size);
	assert_events(t, "data a\nfault compression\n");
	free(inner.at);
	end(t);
}

/* The peer has begun before it has heard that it is not wanted any more. */
static void compression_may_begin_while_the_word_against_it_is_on_its_way(void **unused)
{
	struct transcript *t = endpoint(NVT_CLIENT, NVT_COMPRESS_WHEN_ASKED);
	struct bytes stream = deflated("a" IAC WONT COMPRESS2 "b", 5);

	(void)unused;
	receive(t, IAC WILL COMPRESS2);
	nvt_ask_remote(t->nvt, (unsigned char)COMPRESS2[0], false);
	assert_sent(t, IAC DO COMPRESS2 IAC DONT COMPRESS2);
	receive(t, BEGIN2);
	receive_whole(t, stream.at, stream.size);
	receive(t, "c");
	assert_events(t, "data abc\n");
	free(stream.at);
	end(t);
}

/* --- the end of a stream ------------------------------------------------------------------------
 */

static void a_client_that_wants_no_more_gets_the_streams_end_and_plain_telnet(void **unused)
{
	struct transcript *t = endpoint(NVT_SERVER, NVT_COMPRESS_WHEN_ASKED);

	(void)unused;
	for (int i = 0; i < 3; i++) {
		receive(t, IAC DO COMPRESS2);
		assert_sent(t, IAC WILL COMPRESS2 BEGIN2);
		type(t, "in");
		receive(t, IAC DONT COMPRESS2);
		type(t, "out");
		assert_sent_stream(t, "in" IAC WONT COMPRESS2, true, "out");
	}
	end(t);
}

static void the_end_of_the_session_ends_the_stream(void **unused)
{
	struct transcript *t = endpoint(NVT_SERVER, NVT_COMPRESS_WHEN_ASKED);

	(void)unused;
	receive(t, IAC DO COMPRESS2);
	forget(t);
	type(t, "last\r");
	nvt_finish(t->nvt);
	assert_sent_stream(t, "last\r\0", true, "");
	nvt_finish(t->nvt);
	nvt_flush(t->nvt);
	assert_sent(t, "");
	end(t);
}

/* What a peer had ready when it began to compress: each whole, and cut anywhere. */
static void telnet_between_the_announcement_and_the_stream_is_taken_as_it_is(void **unused)
{
	static const char plain[] = IAC IP IAC WILL NAWS IAC_SB NAWS
		"\0" IAC IAC "\0\030" IAC_SE IAC IAC IAC DO TIMING_MARK IAC_SB
		"\310x" IAC NOP IAC DM;
	struct bytes stream = {NULL, 0, 0}, packed = deflated("typed" IAC IP, 7);

	(void)unused;
	add(&stream, plain, sizeof(plain) - 1);
	add(&stream, packed.at, packed.size);
	add(&stream, "behind", 6);
	for (size_t cut = 0; cut <= stream.size; cut++) {
		struct transcript *t = inflating_server();

		assert_int_equal(receive_bytes(t, stream.at, cut), 0);
		assert_int_equal(receive_bytes(t, stream.at + cut, stream.size - cut), 0);
		assert_sent(t, IAC DO NAWS IAC WILL TIMING_MARK);
		assert_events(t, "function IP\nwindow 255x24\ndata \\xff\ntiming-mark\n"
				 "data typed\nfunction IP\ndata behind\n");
		end(t);
	}
	free(stream.at);
	free(packed.at);
}

static void data_before_the_stream_is_a_broken_stream(void **unused)
{
	struct transcript *t = inflating_server();

	(void)unused;
	assert_int_equal(receive(t, IAC IP "ls\r\n"), -EPROTO);
	assert_events(t, "function IP\nfault compression\n");
	end(t);
}

static void a_second_announcement_before_the_stream_is_a_fault(void **unused)
{
	struct transcript *t = inflating_server();

	(void)unused;
	assert_int_equal(receive(t, IAC NOP BEGIN3), -EPROTO);
	assert_events(t, "fault compression\n");
	end(t);
}

static void a_stream_may_end_and_another_begin_in_one_piece(void **unused)
{
	struct bytes one = deflated("one ", 4), other = deflated("two " IAC IP, 6), all = {0};
	const char *expected = "data a one b two \nfunction IP\ndata c\n";

	(void)unused;
	add(&all, IAC DO COMPRESS3 "a " BEGIN3, 10);
	add(&all, one.at, one.size);
	add(&all, "b " BEGIN3, 7);
	add(&all, other.at, other.size);
	add(&all, "c", 1);
	for (size_t cut = 0; cut < all.size; cut++) {
		struct transcript *t = endpoint(NVT_SERVER, NVT_COMPRESS_WHEN_ASKED);

		assert_true(receive_whole(t, all.at, cut));
		assert_true(receive_whole(t, all.at + cut, all.size - cut));
		check_events(t, expected, __FILE__, __LINE__);
		assert_false(nvt_is_inflating(t->nvt));
		end(t);
	}
	free(one.at);
	free(other.at);
	free(all.at);
}

/* As it has where a client closes its connection: the owner knows best what that means. */
static void a_stream_without_its_end_is_no_fault(void **unused)
{
	struct bytes stream = deflated("one", 3);

	(void)unused;
	for (size_t size = 0; size < stream.size; size++) {
		struct transcript *t = inflating_server();

		assert_true(receive_whole(t, stream.at, size));
		assert_true(nvt_is_inflating(t->nvt));
		assert_int_equal(t->fault_count, 0);
		end(t);
	}
	free(stream.at);
}

/* Of its bits only those between the last block and the checksum mean nothing. */
static void broken_streams_are_a_fault(void **unused)
{
	char text[] = "a text, a longer text, and a text";
	struct bytes stream = deflated(text, strlen(text));
	size_t unnoticed = stream.size * 8;

	(void)unused;
	for (size_t bit = 0; bit < stream.size * 8; bit++) {
		struct transcript *t = inflating_server();

		stream.at[bit / 8] ^= (char)(1 << bit % 8);
		receive_whole(t, stream.at, stream.size);
		if (t->fault_count == 0 && !nvt_is_inflating(t->nvt))
			assert_string_equal(t->data.at, text);
		else
			unnoticed--;
		stream.at[bit / 8] ^= (char)(1 << bit % 8);
		end(t);
	}
	assert_in_range(unnoticed, 0, 7);
	free(stream.at);
}

static void a_stream_that_wants_a_dictionary_is_a_fault(void **unused)
{
	static const unsigned char dictionary[] = "echo echo echo";
	struct bytes stream = {0}, text = {(char *)(uintptr_t)dictionary, 14, 14};
	struct transcript *t = inflating_server();
	z_stream deflater = {0};

	(void)unused;
	assert_int_equal(deflateInit(&deflater, 9), Z_OK);
	assert_int_equal(deflateSetDictionary(&deflater, dictionary, 14), Z_OK);
	deflate_to(&stream, &deflater, &text, Z_FINISH);
	deflateEnd(&deflater);
	assert_false(receive_whole(t, stream.at, stream.size));
	assert_events(t, "fault compression\n");
	free(stream.at);
	end(t);
}

/* --- bounds -------------------------------------------------------------------------------------
 */

static void one_call_takes_no_more_than_its_bound(void **unused)
{
	struct bytes text = {0}, stream, all = {0};
	struct transcript *t = endpoint(NVT_SERVER, NVT_COMPRESS_WHEN_ASKED);
	size_t before;

	(void)unused;
	add_fill(&text, 'x', 200000);
	stream = deflated(text.at, text.size);
	add(&all, IAC DO COMPRESS3, 3);
	add_fill(&all, 'a', 1000);
	add(&all, BEGIN3, 5);
	add(&all, stream.at, stream.size);
	add_fill(&all, 'z', 20000);
	receive_bytes(t, all.at, all.size);
	assert_true(t->data.size > 1000 && t->data.size <= NVT_INFLATE_MAX);
	/* What comes meanwhile waits behind it. */
	receive(t, "end");
	while (nvt_is_holding(t->nvt)) {
		before = t->data.size;
		assert_int_equal(nvt_continue(t->nvt), 0);
		assert_true(t->data.size > before);
		assert_true(t->data.size - before <= NVT_INFLATE_MAX);
	}
	assert_int_equal(t->data.size, 1000 + 200000 + 20000 + 3);
	assert_memory_equal(t->data.at + 1000, text.at, text.size);
	assert_string_equal(t->data.at + 1000 + 200000 + 20000 - 1, "zend");
	free(text.at);
	free(stream.at);
	free(all.at);
	end(t);
}

static void what_comes_behind_held_bytes_waits_even_when_the_stream_has_ended(void **unused)
{
	struct bytes stream = deflated("in ", 3);
	struct transcript *t = inflating_server();

	(void)unused;
	add_fill(&stream, 'z', 2UL * NVT_INFLATE_MAX);
	receive_bytes(t, stream.at, stream.size);
	assert_false(nvt_is_inflating(t->nvt));
	assert_true(nvt_is_holding(t->nvt));
	receive(t, "end");
	while (nvt_is_holding(t->nvt))
		nvt_continue(t->nvt);
	assert_int_equal(t->data.size, 3 + 2UL * NVT_INFLATE_MAX + 3);
	assert_string_equal(t->data.at + t->data.size - 4, "zend");
	free(stream.at);
	end(t);
}

static void all_that_has_come_is_inflated_before_more_comes(void **unused)
{
	struct bytes text = {0}, stream;

	(void)unused;
	add_fill(&text, 'x', 30000);
	stream = deflated(text.at, text.size);
	for (size_t size = 1; size < stream.size; size++) {
		struct transcript *t = inflating_server();
		size_t used;
		bool ended;
		struct bytes wanted = inflated(stream.at, size, &used, &ended);

		assert_true(receive_whole(t, stream.at, size));
		assert_int_equal(t->data.size, wanted.size);
		free(wanted.at);
		end(t);
	}
	free(text.at);
	free(stream.at);
}

#define BOMB_SIZE 50000000

static void a_bomb_of_50_mb_expands_to_no_more_than_the_bound(void **unused)
{
	struct bytes text = {0}, bomb;
	struct transcript *t = inflating_server();

	(void)unused;
	add_fill(&text, '\0', BOMB_SIZE);
	bomb = deflated(text.at, text.size);
	assert_true(bomb.size < BOMB_SIZE / 1000 + 100);
	assert_false(receive_whole(t, bomb.at, bomb.size));
	end_data(t);
	assert_non_null(strstr(t->events.at, "fault compression\n"));
	assert_true(t->data.size > NVT_INFLATE_FIRST - NVT_INFLATE_MAX);
	assert_true(t->data.size < NVT_INFLATE_FIRST + NVT_INFLATE_FIRST / 8);
	free(text.at);
	free(bomb.at);
	end(t);
}

/* Of an owner that shows it to somebody who can stop it. */
static void a_bomb_expands_as_a_whole_where_the_owner_allows_it(void **unused)
{
	const struct nvt_setup setup = {.role = NVT_CLIENT, .expands_freely = true};
	struct transcript *t = new_endpoint(NVT_CLIENT, NULL);
	struct bytes text = {0}, bomb;

	(void)unused;
	nvt_free(t->nvt);
	t->nvt = nvt_new(&setup, &t->calls, t);
	assert_non_null(t->nvt);
	receive(t, IAC WILL COMPRESS2 BEGIN2);
	add_fill(&text, 'x', BOMB_SIZE / 10);
	bomb = deflated(text.at, text.size);
	assert_true(receive_whole(t, bomb.at, bomb.size));
	assert_int_equal(t->data.size, BOMB_SIZE / 10);
	free(text.at);
	free(bomb.at);
	end(t);
}

/* What an endpoint traces, in both directions. */
static struct bytes traced[2];

static void on_traced(void *owner, bool sent, const char *bytes, size_t size)
{
	(void)owner;
	add(&traced[sent], bytes, size);
}

#define assert_traced(trace, text)                                                                 \
	do {                                                                                       \
		assert_int_equal((trace)->size, sizeof(text) - 1);                                 \
		assert_memory_equal((trace)->at, text, sizeof(text) - 1);                          \
		free((trace)->at);                                                                 \
		*(trace) = (struct bytes){0};                                                      \
	} while (0)

static void a_trace_is_plain_in_both_directions(void **unused)
{
	struct transcript *t = endpoint(NVT_CLIENT, NVT_COMPRESS_WHEN_ASKED);
	struct bytes stream = deflated("two" IAC DO TTYPE, 6);

	(void)unused;
	t->calls.traced = on_traced;
	receive(t, "one" IAC WILL COMPRESS2 IAC WILL COMPRESS3 BEGIN2);
	receive_whole(t, stream.at, stream.size);
	receive(t, "three");
	type(t, "four\n");
	nvt_finish(t->nvt);
	type(t, "five\n");
	assert_traced(&traced[false], "one" IAC WILL COMPRESS2 IAC WILL COMPRESS3 BEGIN2
				      "two" IAC DO TTYPE "three");
	assert_traced(&traced[true],
		      IAC DO COMPRESS2 IAC DO COMPRESS3 BEGIN3 IAC WILL TTYPE "four\r\nfive\r\n");
	free(stream.at);
	clear(&t->sent);
	end(t);
}

/* A client that compresses, and a clock that a test sets. */
struct expansion {
	struct transcript *server;
	z_stream deflater;
	uint32_t seed;
	unsigned long long time;
};

static void begin_expansion(struct expansion *expansion)
{
	*expansion = (struct expansion){.server = inflating_server(), .time = 1000000};
	assert_int_equal(deflateInit(&expansion->deflater, 9), Z_OK);
}

static void end_expansion(struct expansion *expansion)
{
	deflateEnd(&expansion->deflater);
	end(expansion->server);
}

/* Sends so many bytes that do not shrink, and so many that do; whether that was no fault. */
static bool expand(struct expansion *expansion, size_t random, size_t fill, size_t *size)
{
	struct bytes text = {0}, stream = {0};
	bool good;

	clear(&text);
	add_random(&text, &expansion->seed, random);
	add_fill(&text, 'x', fill);
	deflate_to(&stream, &expansion->deflater, &text, Z_SYNC_FLUSH);
	nvt_set_time(expansion->server->nvt, expansion->time);
	good = receive_whole(expansion->server, stream.at, stream.size);
	if (size)
		*size = stream.size;
	free(text.at);
	free(stream.at);
	return good;
}

static void the_first_256_kib_are_free_and_what_follows_is_not(void **unused)
{
	struct expansion expansion;

	(void)unused;
	begin_expansion(&expansion);
	assert_true(expand(&expansion, 0, NVT_INFLATE_FIRST, NULL));
	expansion.time += 10000;
	assert_false(expand(&expansion, 0, 100000, NULL));
	end_expansion(&expansion);
}

/* Expands to so many times what it sends in each second, for so long; returns when it faulted. */
static int expand_by(unsigned factor, int seconds)
{
	struct expansion expansion;
	size_t size = 0;
	int second = 0;

	begin_expansion(&expansion);
	/* How small that becomes is seen by doing it. */
	assert_true(expand(&expansion, 1000, 60000, &size));
	for (; second < seconds; second++, expansion.time += 1000)
		if (!expand(&expansion, 1000, factor * size - 1000, &size))
			break;
	end_expansion(&expansion);
	return second;
}

static void slow_expansion_within_the_bound_goes_on_for_ever(void **unused)
{
	(void)unused;
	assert_int_equal(expand_by(NVT_INFLATE_FACTOR - 2, 300), 300);
}

static void slow_expansion_beyond_the_bound_is_a_fault(void **unused)
{
	(void)unused;
	assert_in_range(expand_by(NVT_INFLATE_FACTOR + 16, 300), 2, 30);
}

static void what_was_not_used_of_the_bound_is_lost_after_a_second(void **unused)
{
	for (int late = 0; late < 2; late++) {
		struct expansion expansion;

		(void)unused;
		begin_expansion(&expansion);
		assert_true(expand(&expansion, 100000, 0, NULL));
		expansion.time += late ? 1000 : 999;
		assert_int_equal(expand(&expansion, 0, 3000000, NULL), !late);
		end_expansion(&expansion);
	}
}

/* The owner has no time to tell where each stream comes whole, its marker before it. */
static void what_was_not_used_of_the_bound_is_lost_with_its_stream(void **unused)
{
	struct bytes noise = {0}, text = {0}, streams[2];
	struct transcript *t = inflating_server();
	uint32_t seed = 5;

	(void)unused;
	add_random(&noise, &seed, 10000);
	add_fill(&text, 'x', 600000);
	streams[0] = deflated(noise.at, noise.size);
	streams[1] = deflated(text.at, text.size);
	for (int i = 0; i < 11; i++) {
		struct bytes *stream = &streams[i == 10];

		if (i > 0)
			receive(t, BEGIN3);
		assert_int_equal(receive_whole(t, stream->at, stream->size), i < 10);
	}
	free(noise.at);
	free(text.at);
	free(streams[0].at);
	free(streams[1].at);
	end(t);
}

/* What compressing can add at most to so many bytes that do not shrink. */
static void compressing_adds_no_more_than_is_said(void **unused)
{
	static const size_t sizes[] = {1, 2, 100, 4095, 4096, 4097, 10000, 131072, 163840};
	uint32_t seed = 3;

	(void)unused;
	for (size_t i = 0; i < COUNT(sizes) * 2; i++) {
		size_t size = sizes[i / 2];
		struct transcript *t = endpoint(NVT_SERVER, NVT_COMPRESS_WHEN_ASKED);
		struct bytes text = {0};

		receive(t, IAC DO COMPRESS2 IAC DO BINARY);
		nvt_flush(t->nvt);
		forget(t);
		/* Once behind a window full of what does shrink. */
		add_fill(&text, 'x', i & 1 ? 40000 : 0);
		add_random(&text, &seed, size);
		nvt_from_terminal(t->nvt, text.at, text.size);
		nvt_flush(t->nvt);
		assert_true(t->sent.size <= text.size + NVT_COMPRESSION_EXTRA(text.size));
		free(text.at);
		end(t);
	}
}

static const struct {
	const char *bytes;
	size_t size;
} greedy[] = {
#define GREEDY(text)                                                                               \
	{                                                                                          \
		text, sizeof(text) - 1                                                             \
	}
	GREEDY(IAC DO COMPRESS2),
	GREEDY(IAC DONT COMPRESS2),
	GREEDY(IAC DO COMPRESS3),
	GREEDY(IAC DONT COMPRESS3),
	GREEDY(IAC AYT),
	GREEDY(IAC DO STATUS),
	GREEDY(IAC DO "\310"),
	GREEDY(IAC WILL TTYPE),
	GREEDY(IAC WONT TTYPE),
	GREEDY(IAC DO TIMING_MARK),
	GREEDY(IAC WILL NEW_ENVIRON),
	GREEDY(IAC WILL COMPRESS2),
	GREEDY(IAC_SB STATUS SEND IAC_SE),
};

static void a_server_that_compresses_answers_no_more_than_its_bound(void **unused)
{
	uint32_t seed = 4;

	(void)unused;
	for (int round = 0; round < 1000; round++) {
		struct transcript *t = endpoint(NVT_SERVER, NVT_COMPRESS_WHEN_ASKED);
		unsigned kinds = 1 + random_below(&seed, COUNT(greedy));
		unsigned first = random_below(&seed, COUNT(greedy));

		for (int i = 0; i < 200; i++) {
			size_t at = (first + random_below(&seed, kinds)) % COUNT(greedy);
			size_t most;

			receive_bytes(t, greedy[at].bytes, greedy[at].size);
			most = NVT_ANSWER_FACTOR * t->received_ever;
			assert_true(t->sent_ever <= most + NVT_COMPRESSION_EXTRA(most));
		}
		nvt_flush(t->nvt);
		assert_true(t->sent_ever <=
			    NVT_ANSWER_FACTOR * t->received_ever +
				    NVT_COMPRESSION_EXTRA(NVT_ANSWER_FACTOR * t->received_ever));
		end(t);
	}
}

/* --- an owner that pauses -----------------------------------------------------------------------
 */

static void note_function_and_pause(void *owner, enum nvt_function function)
{
	struct transcript *t = owner;

	on_function(owner, function);
	nvt_pause(t->nvt);
}

static void what_is_left_when_the_owner_pauses_waits_in_its_order(void **unused)
{
	struct transcript *t = plain_server();

	(void)unused;
	t->calls.function = note_function_and_pause;
	receive(t, "a" IAC IP "b" IAC AO "c");
	assert_events(t, "data a\nfunction IP\n");
	assert_true(nvt_is_holding(t->nvt));
	receive(t, "d" IAC EC); /* what comes meanwhile waits behind it, even where it may go on */
	nvt_continue(t->nvt);
	nvt_continue(t->nvt);
	assert_events(t, "data b\nfunction AO\ndata cd\nfunction EC\n");
	assert_false(nvt_is_holding(t->nvt));
	receive(t, "e");
	assert_events(t, "data e\n");
	end(t);
}

static void a_command_that_is_cut_by_the_pause_is_one_all_the_same(void **unused)
{
	struct transcript *t = plain_server();

	(void)unused;
	t->calls.function = note_function_and_pause;
	receive(t, IAC IP IAC);
	receive(t, IP IAC_SB NAWS "\0\120");
	assert_true(nvt_is_holding(t->nvt));
	receive(t, "\0\30" IAC);
	nvt_continue(t->nvt);
	assert_events(t, "function IP\nfunction IP\n");
	receive(t, SE);
	nvt_continue(t->nvt);
	assert_false(nvt_is_holding(t->nvt));
	receive(t, "x");
	assert_events(t, "data x\n");
	end(t);
}

static void an_owner_that_pauses_before_the_stream_loses_nothing_of_it(void **unused)
{
	struct bytes stream = {NULL, 0, 0}, packed = deflated("typed", 5);
	struct transcript *t = endpoint(NVT_SERVER, NVT_COMPRESS_WHEN_ASKED);

	(void)unused;
	t->calls.function = note_function_and_pause;
	add(&stream, IAC DO COMPRESS3 BEGIN3 IAC IP IAC AO, 12);
	add(&stream, packed.at, packed.size);
	assert_int_equal(receive_bytes(t, stream.at, stream.size), 0);
	while (nvt_is_holding(t->nvt))
		assert_int_equal(nvt_continue(t->nvt), 0);
	assert_events(t, "function IP\nfunction AO\ndata typed\n");
	end(t);
	free(stream.at);
	free(packed.at);
}

/* Paused in the middle of what one compressed byte becomes; and before the stream begins. */
static void what_comes_compressed_is_whole_for_an_owner_that_pauses(void **unused)
{
	struct transcript *t = endpoint(NVT_SERVER, NVT_COMPRESS_WHEN_ASKED);
	struct bytes text = {0}, stream;
	size_t pauses = 0;

	(void)unused;
	for (int i = 0; i < 1000; i++)
		add(&text, "typed" IAC IP, 7);
	stream = deflated(text.at, text.size);
	t->calls.function = note_function_and_pause;
	receive(t, IAC DO COMPRESS3);
	forget(t);
	receive(t, IAC IP BEGIN3);
	receive_bytes(t, stream.at, stream.size);
	receive(t, "end");
	for (; nvt_is_holding(t->nvt); pauses++)
		assert_int_equal(nvt_continue(t->nvt), 0);
	assert_false(nvt_is_inflating(t->nvt));
	assert_in_range(pauses, 5, 20);
	assert_int_equal(t->data.size, 5 * 1000 + 3);
	assert_string_equal(t->data.at + t->data.size - strlen("typedend"), "typedend");
	free(text.at);
	free(stream.at);
	end(t);
}

/* --- a server and a client ----------------------------------------------------------------------
 */

struct pair {
	struct transcript *server;
	struct transcript *client;
	size_t carried[2]; /* bytes from the server, from the client */
	size_t cut; /* a piece ends behind so many bytes, each way; 0: each is of one byte */
};

/* Carries what one end has sent to the other. */
static bool carry(struct pair *pair, bool from_client)
{
	struct transcript *from = from_client ? pair->client : pair->server;
	struct transcript *to = from_client ? pair->server : pair->client;
	struct bytes wire;
	size_t *carried = &pair->carried[from_client];

	nvt_flush(from->nvt);
	wire = from->sent;
	from->sent = (struct bytes){0};
	clear(&from->sent);
	for (size_t at = 0, piece; at < wire.size; at += piece, *carried += piece) {
		piece = wire.size - at;
		if (pair->cut == 0)
			piece = 1;
		else if (*carried < pair->cut && pair->cut - *carried < piece)
			piece = pair->cut - *carried;
		assert_true(receive_whole(to, wire.at + at, piece));
	}
	free(wire.at);
	return wire.size > 0;
}

static void talk(struct pair *pair)
{
	while (carry(pair, false) | carry(pair, true))
		;
}

/* What both type, with all that is special to TELNET, and functions between. */
static void say_all(struct pair *pair)
{
	type(pair->server, "Welcome\r\nto \377\377 and \rx\r");
	type(pair->client, "user\n\377\rx\r\n\r");
	talk(pair);
	nvt_send_function(pair->client->nvt, NVT_INTERRUPT_PROCESS);
	type(pair->client, "after");
	nvt_send_function(pair->client->nvt, NVT_ARE_YOU_THERE);
	nvt_send_synch(pair->server->nvt);
	nvt_send_function(pair->server->nvt, NVT_GO_AHEAD);
	nvt_send_window(pair->client->nvt, 255, 65535);
	talk(pair);
	/* A Synch of the client's: the mark has been announced, the data before it is dropped. */
	type(pair->client, "dropped");
	nvt_send_function(pair->client->nvt, NVT_ABORT_OUTPUT);
	nvt_send_synch(pair->client->nvt);
	nvt_urgent(pair->server->nvt);
	type(pair->client, "kept");
	talk(pair);
	assert_false(nvt_is_discarding(pair->server->nvt));
}

static void turn_compression(struct pair *pair, const char *option, bool on)
{
	nvt_ask_remote(pair->client->nvt, (unsigned char)option[0], on);
	talk(pair);
}

static void meet(struct pair *pair, enum nvt_compression compression, size_t cut)
{
	static const struct nvt_self self = {.columns = 80, .rows = 24};
	const struct nvt_setup setup = {
		.role = NVT_CLIENT, .self = self, .compression = compression};

	*pair = (struct pair){.server = endpoint(NVT_SERVER, compression),
			      .client = endpoint(NVT_CLIENT, compression),
			      .cut = cut};
	nvt_free(pair->client->nvt);
	pair->client->nvt = nvt_new(&setup, &pair->client->calls, pair->client);
	pair->server->calls.settled = pair->client->calls.settled = NULL; /* which offers change */
	nvt_open(pair->server->nvt);
	nvt_open(pair->client->nvt);
	talk(pair);
}

static void converse(struct pair *pair, enum nvt_compression compression, size_t cut)
{
	unsigned char binary = (unsigned char)BINARY[0];

	meet(pair, compression, cut);
	assert_int_equal(nvt_is_compressing(pair->server->nvt),
			 compression == NVT_COMPRESS_OFFERED);
	assert_int_equal(nvt_is_compressing(pair->client->nvt),
			 compression == NVT_COMPRESS_OFFERED);
	say_all(pair);
	nvt_ask_local(pair->client->nvt, binary, true);
	nvt_ask_remote(pair->client->nvt, binary, true);
	talk(pair);
	say_all(pair);
	turn_compression(pair, COMPRESS2, false);
	turn_compression(pair, COMPRESS3, false);
	assert_false(nvt_is_compressing(pair->server->nvt));
	assert_false(nvt_is_compressing(pair->client->nvt));
	assert_false(nvt_is_inflating(pair->server->nvt));
	assert_false(nvt_is_inflating(pair->client->nvt));
	type(pair->server, "plain");
	type(pair->client, "plain");
	turn_compression(pair, COMPRESS2, true);
	turn_compression(pair, COMPRESS3, true);
	nvt_ask_local(pair->client->nvt, binary, false);
	say_all(pair);
	nvt_finish(pair->server->nvt);
	nvt_finish(pair->client->nvt);
	talk(pair);
	assert_false(nvt_is_inflating(pair->server->nvt));
	assert_false(nvt_is_inflating(pair->client->nvt));
}

static void end_pair(struct pair *pair)
{
	end(pair->server);
	end(pair->client);
}

static void assert_same(struct transcript *one, struct transcript *other)
{
	end_data(one);
	end_data(other);
	assert_string_equal(one->events.at, other->events.at);
	assert_int_equal(one->data.size, other->data.size);
	assert_memory_equal(one->data.at, other->data.at, one->data.size);
}

static void check_conversation(const struct pair *plain, size_t cut, size_t carried[2])
{
	struct pair pair;

	converse(&pair, NVT_COMPRESS_OFFERED, cut);
	assert_same(pair.server, plain->server);
	assert_same(pair.client, plain->client);
	assert_true(plain->server->urgent_count > 0);
	assert_int_equal(pair.server->urgent_count + pair.client->urgent_count, 0);
	carried[0] = pair.carried[0];
	carried[1] = pair.carried[1];
	end_pair(&pair);
}

static void both_roles_say_the_same_through_both_compressions_cut_anywhere(void **unused)
{
	struct pair plain;
	size_t carried[2];

	(void)unused;
	converse(&plain, NVT_COMPRESS_REFUSED, SIZE_MAX);
	assert_non_null(strstr(plain.server->events.at, "function AO"));
	assert_null(strstr(plain.server->data.at, "dropped"));
	check_conversation(&plain, SIZE_MAX, carried);
	check_conversation(&plain, 0, carried);
	for (size_t cut = 1, most = 1; cut < most || cut == 1; cut++) {
		check_conversation(&plain, cut, carried);
		most = carried[0] > carried[1] ? carried[0] : carried[1];
	}
	end_pair(&plain);
}

/* TCP announces its mark until that is read, which stands behind what brings the data mark. */
static void a_data_mark_ends_what_is_announced_before_it_and_just_behind_it(void **unused)
{
	struct pair pair;

	(void)unused;
	meet(&pair, NVT_COMPRESS_OFFERED, SIZE_MAX);
	assert_true(nvt_is_inflating(pair.server->nvt));
	nvt_send_synch(pair.client->nvt);
	talk(&pair);
	nvt_urgent(pair.server->nvt);
	assert_false(nvt_is_discarding(pair.server->nvt));
	type(pair.client, "typed");
	talk(&pair);
	nvt_urgent(pair.server->nvt);
	assert_true(nvt_is_discarding(pair.server->nvt));
	nvt_send_synch(pair.client->nvt);
	talk(&pair);
	assert_false(nvt_is_discarding(pair.server->nvt));
	nvt_urgent(pair.server->nvt);
	assert_false(nvt_is_discarding(pair.server->nvt));
	end_pair(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_compresses_when_it_is_asked_and_sends_at_each_flush),
		cmocka_unit_test(a_client_compresses_when_it_is_asked),
		cmocka_unit_test(compression_is_offered_where_the_owner_wants_it),
		cmocka_unit_test(a_client_that_only_agrees_is_sent_no_stream_yet),
		cmocka_unit_test(a_client_that_takes_its_word_back_is_sent_no_stream),
		cmocka_unit_test(compression_is_neither_offered_nor_agreed_to_where_it_is_refused),
		cmocka_unit_test(compression_that_was_not_agreed_to_is_a_fault),
		cmocka_unit_test(an_offer_without_its_answer_makes_nothing_asked_for),
		cmocka_unit_test(compression_inside_of_compression_is_a_fault),
		cmocka_unit_test(compression_may_begin_while_the_word_against_it_is_on_its_way),
		cmocka_unit_test(a_client_that_wants_no_more_gets_the_streams_end_and_plain_telnet),
		cmocka_unit_test(the_end_of_the_session_ends_the_stream),
		cmocka_unit_test(telnet_between_the_announcement_and_the_stream_is_taken_as_it_is),
		cmocka_unit_test(an_owner_that_pauses_before_the_stream_loses_nothing_of_it),
		cmocka_unit_test(data_before_the_stream_is_a_broken_stream),
		cmocka_unit_test(a_second_announcement_before_the_stream_is_a_fault),
		cmocka_unit_test(a_stream_may_end_and_another_begin_in_one_piece),
		cmocka_unit_test(a_stream_without_its_end_is_no_fault),
		cmocka_unit_test(broken_streams_are_a_fault),
		cmocka_unit_test(a_stream_that_wants_a_dictionary_is_a_fault),
		cmocka_unit_test(one_call_takes_no_more_than_its_bound),
		cmocka_unit_test(what_comes_behind_held_bytes_waits_even_when_the_stream_has_ended),
		cmocka_unit_test(all_that_has_come_is_inflated_before_more_comes),
		cmocka_unit_test(a_bomb_of_50_mb_expands_to_no_more_than_the_bound),
		cmocka_unit_test(a_bomb_expands_as_a_whole_where_the_owner_allows_it),
		cmocka_unit_test(a_trace_is_plain_in_both_directions),
		cmocka_unit_test(the_first_256_kib_are_free_and_what_follows_is_not),
		cmocka_unit_test(slow_expansion_within_the_bound_goes_on_for_ever),
		cmocka_unit_test(slow_expansion_beyond_the_bound_is_a_fault),
		cmocka_unit_test(what_was_not_used_of_the_bound_is_lost_after_a_second),
		cmocka_unit_test(what_was_not_used_of_the_bound_is_lost_with_its_stream),
		cmocka_unit_test(compressing_adds_no_more_than_is_said),
		cmocka_unit_test(a_server_that_compresses_answers_no_more_than_its_bound),
		cmocka_unit_test(what_is_left_when_the_owner_pauses_waits_in_its_order),
		cmocka_unit_test(a_command_that_is_cut_by_the_pause_is_one_all_the_same),
		cmocka_unit_test(what_comes_compressed_is_whole_for_an_owner_that_pauses),
		cmocka_unit_test(both_roles_say_the_same_through_both_compressions_cut_anywhere),
		cmocka_unit_test(a_data_mark_ends_what_is_announced_before_it_and_just_behind_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
