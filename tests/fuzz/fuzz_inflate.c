/* SPDX-License-Identifier: ISC */
/*
 * What comes compressed, COMPRESS3 to a server and COMPRESS2 to a client: streams of zlib's own
 * deflater with TELNET in and around them, whole, broken, and one behind the other. An oracle reads
 * the same bytes with an inflater and a count of credit of its own, and gives what they say to an
 * endpoint that sees no compression. Two others get them as they came, one of them cut: they have
 * to say what the first says. An input is two bytes for the setup, and then one operation after the
 * other; what is missing at its end reads as 0.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "nvt/nvt.h"
#include "tests/fuzz/fuzz.h"

#define OPERATIONS_MAX 32
#define WIRE_MAX ((size_t)20 * 1024) /* bytes that are given at once, */
#define GIVEN_MAX ((size_t)24 * 1024) /* and in all */

/* What the oracle can keep, and what some bytes become there at most; behind that it is silent. */
#define LOG_MAX ((size_t)1024 * 1024)
#define LOGGED(size) (16 * (size) + 1024)

/* Each looks at the credit after so many bytes at most: so exact is what is said of it. */
#define PIECE 4096

/* What was not used of the credit counts no longer, in ms. */
#define SECOND 1000

/* An option that nobody knows: the oracle's endpoint gets it in the place of a marker's. */
#define UNKNOWN 201

/*
 * Bytes on the heap for three endpoints: of each libtelnet's buffer of 16 KiB and its growth, 40
 * KiB to inflate, and what waits. And what their deflaters take, in the other direction.
 */
#define MEMORY_MAX ((size_t)384 * 1024)
#define COMPRESSION_MEMORY_MAX ((size_t)3 * 80 * 1024)

/* Bytes on the heap, where AddressSanitizer counts them. */
__attribute__((weak)) size_t __sanitizer_get_current_allocated_bytes(void);

/* When the one that gets pieces goes on with what it holds. */
enum pace {
	PROMPT, /* at once, until nothing is left */
	STEADY, /* once behind each piece, and to the end behind the last */
	IMPATIENT, /* behind the last piece */
	SLOW, /* when an operation says so, and at the end */
	PACES,
};

struct subject {
	struct nvt *nvt;
	size_t said; /* bytes of the log */
	size_t telnet; /* bytes that these were at least before they were taken */
	bool faulted;
};

/* How far the oracle has come in a command. */
enum place {
	IN_DATA,
	BEHIND_IAC,
	BEFORE_OPTION,
	BEFORE_BODY,
	IN_BODY,
	BEHIND_IAC_IN_BODY,
	BEHIND_NO_COMMAND, /* IAC NUL of a client */
	BEHIND_DOUBLED, /* IAC IAC, of which the first may begin a Synch */
};

static struct {
	const uint8_t *at;
	const uint8_t *end;
	enum nvt_role role;
	uint8_t option; /* by which the peer compresses */
	enum pace pace;
	size_t step; /* of the pieces; 0: there is one */
	bool tells_always; /* the owner tells the time also where nothing is compressed */
	unsigned long long now;

	struct subject oracle;
	struct subject whole; /* gets all at once, */
	struct subject pieces; /* and in pieces */

	uint8_t wire[WIRE_MAX]; /* what is given next */
	size_t wire_size;
	size_t latest; /* where the latest operation's bytes begin there */
	size_t given;
	bool deflating; /* what is put there goes through `deflater` */

	uint8_t log[LOG_MAX]; /* what the oracle says: data, and the rest behind a mark */
	size_t log_size;
	bool full;
	bool over; /* it has come to a fault or its end */

	enum place place;
	uint8_t command; /* the byte before this, in a command */
	bool expects_synch;
	uint8_t subnegotiation;
	bool empty; /* of what it has a body, so far */
	bool inflating;
	bool waiting; /* for the first byte of the stream, before which TELNET may come */
	bool begun; /* a stream has, ever */
	bool lingering; /* the owner has taken back what was agreed, and the peer not answered */
	long long credit;
	unsigned long long counted;
	bool may_expand; /* so much that it may be a fault */
	bool must_expand; /* so much that it is one */
} world;

/* Kept from one input to the next, since it takes longer to make them than to use them. */
static z_stream deflater, inflater;

static uint8_t next(void)
{
	return world.at < world.end ? *world.at++ : 0;
}

/* --- events -------------------------------------------------------------------------------- */

/* The oracle's are kept, the others' compared to them. */
static void say(struct subject *subject, const void *bytes, size_t size)
{
	fuzz_require(!subject->faulted, "something is said behind a fault");
	fuzz_require(subject != &world.oracle || size <= LOG_MAX - world.log_size,
		     "a few bytes are answered with very many");
	if (subject == &world.oracle) {
		memcpy(world.log + world.log_size, bytes, size);
		world.log_size += size;
	} else if (!world.full) {
		fuzz_require(size <= world.log_size - subject->said,
			     world.must_expand ? "it expands beyond the bound"
					       : "more comes out than was put in");
		fuzz_require(memcmp(world.log + subject->said, bytes, size) == 0,
			     "something else comes out than was put in");
	}
	subject->said += size;
}

static void say_marked(struct subject *subject, char mark, unsigned value)
{
	const uint8_t text[] = {C_IAC, (uint8_t)mark, (uint8_t)(value >> 8), (uint8_t)value};

	say(subject, text, sizeof(text));
}

static void on_network(void *owner, const char *bytes, size_t size, bool urgent)
{
	struct subject *subject = owner;

	(void)urgent;
	if (nvt_is_compressing(subject->nvt))
		return;
	say_marked(subject, '>', (unsigned)size);
	say(subject, bytes, size);
}

static void on_terminal(void *owner, const char *bytes, size_t size)
{
	struct subject *subject = owner;

	fuzz_require(size > 0, "nothing is typed");
	say(subject, bytes, size);
	subject->telnet += size;
}

static void on_function(void *owner, enum nvt_function function)
{
	struct subject *subject = owner;

	say_marked(subject, 'f', function);
	subject->telnet += 2;
}

static void on_window(void *owner, unsigned short columns, unsigned short rows)
{
	say_marked(owner, 'c', columns);
	say_marked(owner, 'r', rows);
}

static void on_mode(void *owner, const struct nvt_mode *mode)
{
	say_marked(owner, 'm',
		   (mode->echo ? 1U : 0) | (mode->binary_input ? 2U : 0) |
			   (mode->binary_output ? 4U : 0) | (mode->go_ahead ? 8U : 0));
}

static void on_settled(void *owner)
{
	say_marked(owner, 's', 0);
}

static void on_fault(void *owner, enum nvt_fault fault, const char *text)
{
	struct subject *subject = owner;
	bool expands = world.may_expand && fault == NVT_FAULT_COMPRESSION;

	fuzz_require(fault != NVT_FAULT_MEMORY && text && !subject->faulted, "fault %d",
		     (int)fault);
	if (subject == &world.oracle || !expands)
		say_marked(subject, '!', fault);
	subject->faulted = true;
}

static const struct nvt_events calls = {
	.to_network = on_network,
	.to_terminal = on_terminal,
	.function = on_function,
	.window = on_window,
	.mode = on_mode,
	.settled = on_settled,
	.fault = on_fault,
};

/* --- the oracle ---------------------------------------------------------------------------- */

static void forward(const uint8_t *bytes, size_t size)
{
	if (world.over || size == 0)
		return;
	world.full = LOGGED(size) > LOG_MAX - world.log_size;
	if (!world.full)
		nvt_from_network(world.oracle.nvt, (const char *)bytes, size);
	world.over = world.full || world.oracle.faulted;
}

static void expect_fault(void)
{
	if (!world.over)
		say_marked(&world.oracle, '!', NVT_FAULT_COMPRESSION);
	world.over = true;
}

static bool is_compression(uint8_t option)
{
	return option >= O_COMPRESS2 - 1 && option <= O_COMPRESS3;
}

static bool is_agreed(void)
{
	return world.lingering ||
	       (world.role == NVT_SERVER ? nvt_is_local_on(world.oracle.nvt, world.option)
					 : nvt_is_remote_on(world.oracle.nvt, world.option));
}

static void marker_came(void)
{
	if (world.over)
		return;
	if (world.subnegotiation != world.option || !world.empty || world.inflating ||
	    !is_agreed()) {
		expect_fault();
		return;
	}
	inflateReset(&inflater);
	world.begun = world.inflating = world.waiting = true;
	if (world.credit > NVT_INFLATE_FIRST)
		world.credit = NVT_INFLATE_FIRST;
}

/* Takes data or a body up to and with an IAC. Returns how much that is. */
static size_t skip(const uint8_t *bytes, size_t size)
{
	const uint8_t *iac = memchr(bytes, C_IAC, size);

	world.empty &= iac == bytes;
	world.expects_synch &= world.place != IN_DATA || iac == bytes;
	if (!iac)
		return size;
	world.place = world.place == IN_DATA ? BEHIND_IAC : BEHIND_IAC_IN_BODY;
	return (size_t)(iac - bytes) + 1;
}

/* Where a byte leads that stands in a command. */
static enum place place_behind(uint8_t byte)
{
	if (world.place == BEFORE_BODY || (world.place == BEHIND_IAC_IN_BODY && byte == C_IAC))
		return IN_BODY;
	if (world.place == BEFORE_OPTION || world.place == BEHIND_NO_COMMAND)
		return IN_DATA;
	if (world.place == BEHIND_IAC && byte == '\0' && world.role == NVT_SERVER)
		return BEHIND_NO_COMMAND;
	if (world.place == BEHIND_IAC && byte == C_IAC && world.expects_synch)
		return BEHIND_DOUBLED;
	if (world.place == BEHIND_DOUBLED && byte == C_IAC)
		return BEHIND_IAC;
	/* Behind IAC, also behind one that may cut a body short. */
	if (byte == C_SB)
		return BEFORE_BODY;
	return byte >= C_WILL && byte <= C_DONT ? BEFORE_OPTION : IN_DATA;
}

/* Whether a Synch may follow this byte, which stands in a command. */
static bool expects_synch_behind(uint8_t byte)
{
	if (world.place == BEFORE_OPTION || world.place == BEFORE_BODY ||
	    world.place == BEHIND_NO_COMMAND || (world.place == BEHIND_IAC && byte == '\0') ||
	    (world.place == BEHIND_IAC_IN_BODY && byte < C_EOF) ||
	    place_behind(byte) == BEHIND_DOUBLED || place_behind(byte) == IN_BODY)
		return world.expects_synch;
	if (world.place == BEHIND_DOUBLED || byte < C_EOF || byte == C_DM || byte == C_IAC)
		return fuzz_precedes_synch(byte) && world.role == NVT_SERVER;
	return world.expects_synch || (fuzz_precedes_synch(byte) && world.role == NVT_SERVER);
}

/* Takes a byte of a command. */
static void take_command(uint8_t byte)
{
	bool is_answer = world.role == NVT_SERVER ? world.command >= C_DO : world.command <= C_WONT;
	bool expects_synch;

	if (world.place == BEFORE_OPTION && byte == world.option && is_answer)
		world.lingering = false;
	if (world.place == BEFORE_BODY)
		world.subnegotiation = byte;
	world.empty = world.place == BEFORE_BODY || (world.empty && byte != C_IAC);
	expects_synch = expects_synch_behind(byte);
	world.place = place_behind(byte);
	world.expects_synch = expects_synch;
	world.command = byte;
}

/* What is no command ends an IAC, or a second one, that waits for one: a stream may begin with it.
 */
static void end_iac(uint8_t byte)
{
	const uint8_t nothing = C_NOP;

	if (byte == C_IAC || byte == '\0' || fuzz_is_command(byte) || byte == C_SE)
		return;
	if (world.place == BEHIND_IAC)
		forward(&nothing, 1);
	else if (world.place == BEHIND_DOUBLED && !world.over)
		nvt_release_key(world.oracle.nvt);
	else
		return;
	world.place = IN_DATA;
	world.expects_synch = false;
}

/* Whether a byte is the first of a stream, or comes after that one. */
static bool is_in_stream(uint8_t byte)
{
	if (world.waiting)
		end_iac(byte);
	world.waiting &= byte == C_IAC || world.place != IN_DATA;
	return world.inflating && !world.waiting;
}

/*
 * Reads TELNET up to where it begins to be compressed. Returns how much that was. The endpoint gets
 * what says nothing of compression in the place of what does.
 */
static size_t read_telnet(const uint8_t *bytes, size_t size)
{
	bool inflated = world.inflating && !world.waiting;
	size_t at = 0;

	while (at < size && !world.over && is_in_stream(bytes[at]) == inflated) {
		bool of_compression = is_compression(world.subnegotiation);
		enum place was = world.place;
		uint8_t byte = bytes[at], shown = byte;

		if (was == IN_DATA || was == IN_BODY) {
			size_t skipped = skip(bytes + at, size - at);

			forward(bytes + at, skipped);
			at += skipped;
			continue;
		}
		take_command(byte);
		at++;
		of_compression &= was == BEHIND_IAC_IN_BODY && byte != C_IAC;
		if (was == BEFORE_BODY && is_compression(byte))
			shown = UNKNOWN;
		if (of_compression && byte != C_SE)
			shown = C_NOP;
		forward(&shown, 1);
		if (of_compression && byte == C_SE)
			marker_came();
		else if (of_compression)
			expect_fault();
	}
	return at;
}

static void count_credit(size_t input, size_t output)
{
	world.may_expand |= world.credit < PIECE;
	world.credit += NVT_INFLATE_FACTOR * (long long)input - (long long)output;
	world.may_expand |= world.credit < PIECE;
	if (!world.full && world.credit < -PIECE)
		world.must_expand = world.over = true;
}

/* Reads what is compressed up to the stream's end. Returns how much that was. */
static size_t read_stream(const uint8_t *bytes, size_t size)
{
	uint8_t text[PIECE];
	int result = Z_OK;

	inflater.next_in = (z_const Bytef *)bytes;
	inflater.avail_in = (uInt)size;
	do {
		size_t input = inflater.avail_in;

		inflater.next_out = text;
		inflater.avail_out = sizeof(text);
		result = inflate(&inflater, Z_NO_FLUSH);
		read_telnet(text, sizeof(text) - inflater.avail_out);
		count_credit(input - inflater.avail_in, sizeof(text) - inflater.avail_out);
	} while (result == Z_OK && inflater.avail_out == 0 && !world.over);
	world.inflating = result != Z_STREAM_END;
	if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
		expect_fault();
	return size - inflater.avail_in;
}

static void ask_oracle(const uint8_t *bytes, size_t size)
{
	while (size > 0 && !world.over) {
		size_t taken =
			is_in_stream(*bytes) ? read_stream(bytes, size) : read_telnet(bytes, size);

		bytes += taken;
		size -= taken;
	}
}

/* --- giving -------------------------------------------------------------------------------- */

static bool is_drained(const struct subject *subject)
{
	return subject->faulted || !nvt_is_holding(subject->nvt);
}

/* Checks a call's result, and that no more came out of it than may, nor out of all. */
static void check_call(const struct subject *subject, int result, size_t before, size_t most)
{
	fuzz_require(result == (subject->faulted ? -EPROTO : 0), "%d is returned", result);
	/* The IAC of the first function may have come before. */
	fuzz_require(subject->telnet - before <= most + 1, "%zu bytes come out of one call",
		     subject->telnet - before);
	fuzz_require(subject->telnet <= NVT_INFLATE_FIRST + NVT_INFLATE_FACTOR * world.given,
		     "%zu bytes have become %zu", world.given, subject->telnet);
}

static void go_on_with(struct subject *subject)
{
	size_t before = subject->telnet;

	check_call(subject, nvt_continue(subject->nvt), before, NVT_INFLATE_MAX);
}

/* In memory of just its size, so that reading behind it is seen. */
static void hand_in(struct subject *subject, const uint8_t *bytes, size_t size)
{
	bool plain = !nvt_is_inflating(subject->nvt) && !nvt_is_holding(subject->nvt);
	size_t before = subject->telnet, most = NVT_INFLATE_MAX;
	char *copy = malloc(size + 1);
	int result;

	fuzz_require(copy != NULL, "out of memory");
	memcpy(copy + 1, bytes, size);
	result = nvt_from_network(subject->nvt, copy + 1, size);
	free(copy);
	check_call(subject, result, before, plain && size > most ? size : most);
}

/* Where nothing is left, all was said that there is to be said. */
static void drain(struct subject *subject)
{
	size_t most = NVT_INFLATE_FIRST + NVT_INFLATE_FACTOR * world.given;

	for (size_t calls_left = most / NVT_INFLATE_MAX + 2; !is_drained(subject); calls_left--) {
		fuzz_require(calls_left > 0, "it holds something for ever");
		go_on_with(subject);
	}
	fuzz_require(subject->faulted || !world.must_expand, "it expands beyond the bound");
	fuzz_require(subject->faulted || world.full || subject->said == world.log_size,
		     "%zu bytes are lost", world.log_size - subject->said);
	fuzz_require(subject->faulted || world.full ||
			     nvt_is_inflating(subject->nvt) == world.inflating,
		     "where a stream ends is not seen");
}

/* As telnetd's session.c does before it hands in anything. */
static void tell_time(void)
{
	bool drained = is_drained(&world.pieces);

	if (world.over || (drained && !world.inflating && !world.tells_always))
		return;
	nvt_set_time(world.whole.nvt, world.now);
	nvt_set_time(world.pieces.nvt, world.now);
	if (!world.begun || world.now - world.counted < SECOND)
		return;
	world.counted = world.now;
	if (!drained)
		world.may_expand = true; /* how much credit there was is not known */
	else if (world.credit > NVT_INFLATE_FIRST)
		world.credit = NVT_INFLATE_FIRST;
}

static void give_pieces(size_t size)
{
	static const size_t continuations[PACES] = {[PROMPT] = SIZE_MAX, [STEADY] = 1};
	struct subject *subject = &world.pieces;
	size_t step = world.step > 0 ? world.step : size;

	for (size_t at = 0; at < size; at += step) {
		hand_in(subject, world.wire + at, step < size - at ? step : size - at);
		for (size_t i = continuations[world.pace]; i > 0 && !is_drained(subject); i--)
			go_on_with(subject);
	}
}

/* All that has been put together goes to all, before anything else is done to them. */
static void give(void)
{
	size_t size = world.wire_size;

	if (size > GIVEN_MAX - world.given)
		size = GIVEN_MAX - world.given;
	if (size > 0) {
		tell_time();
		ask_oracle(world.wire, size);
		world.given += size;
		hand_in(&world.whole, world.wire, size);
		drain(&world.whole);
		give_pieces(size);
	}
	if (world.pace != SLOW)
		drain(&world.pieces);
	world.wire_size = world.latest = 0;
}

/* Before something happens whose place in what comes counts. */
static void rest(void)
{
	give();
	drain(&world.pieces);
}

/* --- operations ---------------------------------------------------------------------------- */

static void put_on_wire(const void *bytes, size_t size)
{
	if (size > WIRE_MAX - world.wire_size)
		size = WIRE_MAX - world.wire_size;
	memcpy(world.wire + world.wire_size, bytes, size);
	world.wire_size += size;
}

static void deflate_to_wire(const void *bytes, size_t size, int flush)
{
	uint8_t out[PIECE];

	deflater.next_in = (z_const Bytef *)bytes;
	deflater.avail_in = (uInt)size;
	do {
		deflater.next_out = out;
		deflater.avail_out = sizeof(out);
		deflate(&deflater, flush);
		put_on_wire(out, sizeof(out) - deflater.avail_out);
	} while (deflater.avail_out == 0);
}

static void put(const void *bytes, size_t size)
{
	if (world.deflating)
		deflate_to_wire(bytes, size, Z_NO_FLUSH);
	else
		put_on_wire(bytes, size);
}

#define TEXT(text)                                                                                 \
	{                                                                                          \
		sizeof(text) - 1, text                                                             \
	}
static const struct text {
	size_t size;
	const char *bytes;
} texts[] = {
	TEXT("ls -l\r\n"),
	TEXT("\r"),
	TEXT("\n"),
	TEXT("\r\0"),
	TEXT("\377\377"),
	TEXT("0123456789abcdef0123456789abcdef"),
	TEXT("\377"),
	TEXT("\377\372"),
	TEXT("\377\360"),
	TEXT("\377\372\37\0\120\0\30\377\360"),
	TEXT("\377\372\37\377\377\377\377\0\30\377\360"),
	TEXT("\377\372\37\0\120\377\361"),
	TEXT("\377\372\30\0XTERM\377\360"),
	TEXT("\377\372\30\1\377\360"),
	TEXT("\377\372\5\1\377\360"),
	TEXT("\377\372\47\0\0USER\1me\3LANG\1C\377\360"),
	TEXT("\377\372\47\0\0USER\377\364"),
	TEXT("\377\372\135x\377\360"),
	TEXT("\377\372\41\1\377\360"),
	TEXT("\377\375\22"),
};

/* Markers as they ought not to be, or for somebody else. */
static const struct text markers[] = {
	TEXT("\377\372\126\377\360"),
	TEXT("\377\372\127\377\360"),
	TEXT("\377\372\125\377\360"),
	TEXT("\377\372\126x\377\360"),
	TEXT("\377\372\127\0\377\360"),
	TEXT("\377\372\126\377\364"),
	TEXT("\377\372\127\377\361"),
	TEXT("\377\372\126\377\377\377\360"),
	TEXT("\377\372\127\377\372\127\377\360"),
	TEXT("\377\372\125\373\360"),
};

static void text(void)
{
	const struct text *which = &texts[next() % LENGTH(texts)];

	put(which->bytes, which->size);
}

static void odd_marker(void)
{
	const struct text *which = &markers[next() % LENGTH(markers)];

	put(which->bytes, which->size);
}

static const uint8_t *next_bytes(size_t *size)
{
	const uint8_t *bytes;

	*size = next() % 32;
	bytes = world.at;
	if (*size > (size_t)(world.end - bytes))
		*size = (size_t)(world.end - bytes);
	world.at += *size;
	return bytes;
}

static void literal(void)
{
	size_t size;
	const uint8_t *bytes = next_bytes(&size);

	put(bytes, size);
}

/* Past the deflater. */
static void raw(void)
{
	size_t size;
	const uint8_t *bytes = next_bytes(&size);

	put_on_wire(bytes, size);
}

/* TELNET past the deflater, as it may stand between the marker and the stream. */
static void text_past(void)
{
	const struct text *which = &texts[next() % LENGTH(texts)];

	put_on_wire(which->bytes, which->size);
}

/* A body of any option. */
static void subnegotiate(void)
{
	const uint8_t head[] = {C_IAC, C_SB, next()}, tail[] = {C_IAC, C_SE};
	size_t size;
	const uint8_t *body = next_bytes(&size);

	put(head, sizeof(head));
	put(body, size);
	put(tail, sizeof(tail));
}

static void function(void)
{
	const uint8_t bytes[] = {C_IAC, (uint8_t)(C_EOF + next() % (C_GA - C_EOF + 1))};

	put(bytes, sizeof(bytes));
}

static void negotiate_option(uint8_t command, uint8_t option)
{
	const uint8_t bytes[] = {C_IAC, command, option};

	put(bytes, sizeof(bytes));
}

static void negotiate(void)
{
	static const uint8_t options[] = {O_BINARY, O_ECHO,	   O_SGA,	O_STATUS,
					  O_TTYPE,  O_NAWS,	   O_COMPRESS2, O_COMPRESS3,
					  O_LFLOW,  O_NEW_ENVIRON, O_LOGOUT,	UNKNOWN};
	uint8_t byte = next();

	negotiate_option((uint8_t)(C_WILL + byte % 4), options[byte / 4 % LENGTH(options)]);
}

static void agree(void)
{
	negotiate_option(world.role == NVT_SERVER ? C_DO : C_WILL, world.option);
}

static void disagree(void)
{
	negotiate_option(world.role == NVT_SERVER ? C_DONT : C_WONT, world.option);
}

/*
 * How many of what can be long. Few bytes say so, and none that a fuzzer likes, since most inputs
 * are to take microseconds.
 */
static unsigned next_count(unsigned unit)
{
	uint8_t byte = next();

	return byte / 16 == 5 ? unit * (byte % 16U + 1) : 1 + byte % unit;
}

/* One or two bytes again and again. */
static const char units[][3] = {"xx", "\0", "\r\n", "\377\377", "\377\364", "\377\361", "\377\366"};

static void fill(uint8_t *bytes, size_t size, uint8_t unit)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)units[unit % LENGTH(units)][i % 2];
}

static void run(void)
{
	uint8_t bytes[512], unit = next();
	size_t size = next() * (size_t)2;

	fill(bytes, size, unit);
	put(bytes, size);
}

/* So many of each, compressed once, as to compress them anew would take most of the time. */
#define BOMB_SIZE 10000

static struct bomb {
	uint8_t bytes[256];
	size_t size;
	uLong checksum;
} bombs[2];

static void make_bombs(void)
{
	static uint8_t text[BOMB_SIZE];
	z_stream raw_deflater = {0};

	fuzz_require(deflateInit2(&raw_deflater, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) == Z_OK,
		     "out of memory");
	for (size_t i = 0; i < LENGTH(bombs); i++) {
		fill(text, sizeof(text), (uint8_t)i);
		bombs[i].checksum = adler32(1, text, sizeof(text));
		raw_deflater.next_in = text;
		raw_deflater.avail_in = sizeof(text);
		raw_deflater.next_out = bombs[i].bytes;
		raw_deflater.avail_out = sizeof(bombs[i].bytes);
		deflate(&raw_deflater, Z_FULL_FLUSH);
		bombs[i].size = sizeof(bombs[i].bytes) - raw_deflater.avail_out;
	}
	deflateEnd(&raw_deflater);
}

/* Behind a flush they may stand in any stream. */
static void bomb(void)
{
	const struct bomb *which = &bombs[next() % LENGTH(bombs)];
	unsigned count = next_count(2);

	if (!world.deflating)
		return;
	deflate_to_wire("", 0, Z_FULL_FLUSH);
	for (; count > 0; count--) {
		put_on_wire(which->bytes, which->size);
		deflater.adler = adler32_combine(deflater.adler, which->checksum, BOMB_SIZE);
	}
}

/* What does not become smaller: it gives credit. The highest counts are more than one call takes.
 */
static void noise(void)
{
	uint32_t seed = next();
	uint8_t bytes[64];

	for (unsigned count = next_count(17); count > 0; count--) {
		for (size_t i = 0; i < sizeof(bytes); i++) {
			seed = seed * 1664525 + 1013904223;
			bytes[i] = (uint8_t)((uint64_t)seed * C_IAC >> 32); /* never IAC */
		}
		put(bytes, sizeof(bytes));
	}
}

static void set_parameters(void)
{
	static const int levels[] = {6, 0, 1, 9};
	static const int strategies[] = {Z_DEFAULT_STRATEGY, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED};
	uint8_t byte = next(), out[PIECE];

	deflater.avail_in = 0;
	do {
		deflater.next_out = out;
		deflater.avail_out = sizeof(out);
		deflateParams(&deflater, levels[byte % 4], strategies[byte / 4 % 4]);
		put_on_wire(out, sizeof(out) - deflater.avail_out);
	} while (deflater.avail_out == 0);
}

/* A stream begins, whether or not anybody has been told. */
static void begin_stream(void)
{
	deflateReset(&deflater);
	set_parameters();
	world.deflating = true;
}

static void marker(void)
{
	const uint8_t bytes[] = {C_IAC, C_SB, world.option, C_IAC, C_SE};

	put(bytes, sizeof(bytes));
	if (!world.deflating)
		begin_stream();
}

static void begin_with_dictionary(void)
{
	if (world.deflating)
		return;
	begin_stream();
	deflateSetDictionary(&deflater, (const Bytef *)"xxxx", 4);
}

static void change_parameters(void)
{
	if (world.deflating)
		set_parameters();
}

static void flush(void)
{
	static const int flushes[] = {Z_SYNC_FLUSH, Z_FULL_FLUSH, Z_PARTIAL_FLUSH, Z_BLOCK};
	int how = flushes[next() % LENGTH(flushes)];

	if (world.deflating)
		deflate_to_wire("", 0, how);
}

static void end_stream(void)
{
	if (world.deflating)
		deflate_to_wire("", 0, Z_FINISH);
	world.deflating = false;
}

/* The peer forgets that it compresses. */
static void abandon(void)
{
	world.deflating = false;
}

static void corrupt(void)
{
	size_t back = next() + (size_t)1;
	uint8_t change = next();

	if (back <= world.wire_size)
		world.wire[world.wire_size - back] ^= change;
}

static void truncate_wire(void)
{
	size_t size = next() % 32;

	world.wire_size -= size < world.wire_size ? size : world.wire_size;
}

/* The latest operation's bytes again, where they are few. */
#define AGAIN_MAX 256

static void again(void)
{
	size_t size = world.wire_size - world.latest;

	for (unsigned times = next() % 4U + 1; times > 0 && size <= AGAIN_MAX; times--)
		put_on_wire(world.wire + world.latest, size);
}

static void set_step(void)
{
	give();
	world.step = next();
}

static void pass_time(void)
{
	uint8_t byte = next();

	give();
	world.now += byte < 0xf8 ? byte * 16ULL : -(unsigned long long)byte;
}

static void go_on(void)
{
	give();
	tell_time();
	go_on_with(&world.pieces);
	go_on_with(&world.whole);
}

static void urgent(void)
{
	rest();
	world.expects_synch = false;
	nvt_urgent(world.whole.nvt);
	nvt_urgent(world.pieces.nvt);
	fuzz_require(nvt_is_discarding(world.whole.nvt) == nvt_is_discarding(world.pieces.nvt),
		     "a Synch depends on how the bytes came");
	/* Of inflated bytes the data mark may have come already. */
	if (nvt_is_discarding(world.whole.nvt))
		nvt_urgent(world.oracle.nvt);
}

/* The owner has another wish about the compression. */
static void ask(void)
{
	bool enable = next() & 1;
	struct subject *const all[] = {&world.oracle, &world.whole, &world.pieces};

	rest();
	if (world.over || world.whole.faulted || world.pieces.faulted)
		return;
	if (!enable && !is_agreed())
		return;
	world.lingering |= !enable;
	for (size_t i = 0; i < LENGTH(all); i++)
		if (world.role == NVT_SERVER)
			nvt_ask_local(all[i]->nvt, world.option, enable);
		else
			nvt_ask_remote(all[i]->nvt, world.option, enable);
}

static void (*const operations[32])(void) = {
	text,	    literal,	   function,	 negotiate, run,
	noise,	    marker,	   marker,	 flush,	    flush,
	end_stream, end_stream,	   give,	 set_step,  pass_time,
	go_on,	    odd_marker,	   begin_stream, abandon,   change_parameters,
	corrupt,    truncate_wire, raw,		 again,	    agree,
	disagree,   ask,	   urgent,	 text_past, begin_with_dictionary,
	bomb,	    subnegotiate,
};

/* ------------------------------------------------------------------------------------------- */

static size_t count_memory(void)
{
	return __sanitizer_get_current_allocated_bytes ? __sanitizer_get_current_allocated_bytes()
						       : 0;
}

/* With the small window and tables, which take less time to clear. */
static void make_streams(void)
{
	if (deflater.state)
		return;
	make_bombs();
	fuzz_require(deflateInit2(&deflater, 6, Z_DEFLATED, 12, 5, Z_DEFAULT_STRATEGY) == Z_OK &&
			     inflateInit(&inflater) == Z_OK,
		     "out of memory");
}

/* The bits of the setup's first byte. */
enum setup_bit {
	SETUP_CLIENT = 1,
	SETUP_OPENED = 2,
	SETUP_AGREED = 4, /* it has agreed, and a stream has begun */
	SETUP_TELLS_ALWAYS = 8,
	SETUP_PACE = 16, /* and the next: enum pace */
	SETUP_COMPRESSION = 64, /* and the next */
};

static void begin_subject(struct subject *subject, const struct nvt_setup *setup, bool opened)
{
	*subject = (struct subject){.nvt = nvt_new(setup, &calls, subject)};
	fuzz_require(subject->nvt != NULL, "out of memory");
	if (opened)
		nvt_open(subject->nvt);
}

static void begin(void)
{
	static const enum nvt_compression compressions[] = {
		NVT_COMPRESS_WHEN_ASKED, NVT_COMPRESS_OFFERED, NVT_COMPRESS_WHEN_ASKED,
		NVT_COMPRESS_REFUSED};
	uint8_t bits = next();
	const struct nvt_setup setup = {
		.role = bits & SETUP_CLIENT ? NVT_CLIENT : NVT_SERVER,
		.compression = compressions[bits / SETUP_COMPRESSION],
	};

	world.role = setup.role;
	world.option = setup.role == NVT_SERVER ? O_COMPRESS3 : O_COMPRESS2;
	world.pace = bits / SETUP_PACE % PACES;
	world.tells_always = bits & SETUP_TELLS_ALWAYS;
	world.step = next();
	world.now = 1000000;
	world.wire_size = world.latest = world.given = world.log_size = 0;
	world.place = IN_DATA;
	world.deflating = world.inflating = world.waiting = false;
	world.begun = world.lingering = world.expects_synch = false;
	world.may_expand = world.must_expand = world.full = world.over = false;
	world.credit = NVT_INFLATE_FIRST;
	world.counted = 0;
	begin_subject(&world.oracle, &setup, bits & SETUP_OPENED);
	begin_subject(&world.whole, &setup, bits & SETUP_OPENED);
	begin_subject(&world.pieces, &setup, bits & SETUP_OPENED);
	if (bits & SETUP_AGREED) {
		agree();
		marker();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t memory, most = MEMORY_MAX;

	make_streams();
	memory = count_memory();
	world.at = data;
	world.end = data + size;
	begin();
	for (int i = 0; i < OPERATIONS_MAX && world.at < world.end; i++) {
		size_t latest = world.wire_size;
		void (*operation)(void) = operations[next() % LENGTH(operations)];

		operation();
		if (world.wire_size > latest && operation != again)
			world.latest = latest;
	}
	rest();
	if (nvt_is_compressing(world.whole.nvt))
		most += COMPRESSION_MEMORY_MAX;
	fuzz_require(count_memory() - memory <= most, "%zu bytes are taken",
		     count_memory() - memory);
	nvt_free(world.oracle.nvt);
	nvt_free(world.whole.nvt);
	nvt_free(world.pieces.nvt);
	return 0;
}
