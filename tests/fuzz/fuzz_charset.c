/* SPDX-License-Identifier: ISC */
/*
 * Character sets: an endpoint of either role whose sets the input chooses, agreements by CHARSET,
 * and text both ways. Every script runs on two endpoints, of which one gets the bytes of either
 * side cut. An input is four bytes for the setup, and then one operation after the other.
 */
#include <errno.h>
#include <iconv.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nvt/nvt.h"
#include "tests/fuzz/fuzz.h"

#define PENDING_MAX 2048
#define OPERATIONS_MAX 48

/* What is sent once, beside what each byte becomes: an escape sequence back to ASCII. */
#define ESCAPE_SIZE 3

#define COMMAND_SIZE 2

#define HASH_BASE 0xcbf29ce484222325u
#define HASH_PRIME 0x100000001b3u

/* Bytes of a character at most, of which each gives one at least; and those it has to itself. */
static const struct set {
	const char *name;
	unsigned width;
	bool seven_bits;
	bool only_for_peers;
} sets[] = {
	{"UTF-8", 4, false, false},	   {"US-ASCII", 1, true, false},
	{"ISO-8859-1", 1, false, false},   {"ISO-8859-15", 1, false, false},
	{"EUC-KR", 2, false, false},	   {"CP949", 2, false, false},
	{"EUC-JP", 3, false, false},	   {"Shift_JIS", 2, false, false},
	{"ISO-2022-JP", 2, true, true},	   {"GB18030", 4, false, false},
	{"Big5", 2, false, false},	   {"KOI8-R", 1, false, false},
	{"CP437", 1, false, false},	   {"CP850", 1, false, false},
	{"IBM037", 1, false, true},	   {"IBM1047", 1, false, true},
	{"windows-1251", 1, false, false}, {"windows-1252", 1, false, false},
};

/* Its escape sequences are no characters. */
#define ISO_2022_JP (&sets[8])

static const char *const all_names[] = {
	"UTF-8",     "US-ASCII", "ISO-8859-1",	 "ISO-8859-15",	 "EUC-KR", "CP949", "EUC-JP",
	"Shift_JIS", "GB18030",	 "ISO-2022-JP",	 "Big5",	 "KOI8-R", "CP437", "CP850",
	"IBM037",    "IBM1047",	 "windows-1251", "windows-1252", NULL};
static const char *const some_names[] = {"EUC-KR", "ISO-2022-JP", "IBM037", NULL};
static const char *const one_name[] = {"US-ASCII", NULL};
static const char *const *const lists[] = {all_names, NULL, some_names, one_name};

struct subject {
	struct nvt *nvt;
	uint64_t sent_hash;
	uint64_t typed_hash;
	size_t sent;
	size_t typed;
	size_t escapes; /* bytes of escape sequences sent */
	unsigned in_escape;
	bool seven_bits; /* what is sent has to be of 7 bits */
	bool checks_text; /* what is typed has to be UTF-8, where it is converted */
	bool faulted;
};

static struct {
	const uint8_t *at;
	const uint8_t *end;
	struct subject subjects[2]; /* the first takes all in one piece */
	const struct set *terminal;
	const struct set *peer; /* NULL: bytes pass */
	enum nvt_role role;
	size_t step; /* of the other one's pieces */
	uint8_t pending[PENDING_MAX];
	size_t pending_size;
	size_t latest; /* where in `pending` the latest operation's bytes begin */
	bool from_network;

	size_t received;
	size_t answered;
	size_t given; /* by the terminal */
	size_t shown; /* bytes sent for that */
	size_t restarts;
	size_t characters; /* of those, in UTF-8, complete and valid */
	size_t heard; /* bytes from the network that cannot be hidden by a CR */
	bool commanded; /* more than data came from the network */
	bool dropped; /* data may have been dropped */
	bool escaped; /* the terminal has sent an escape sequence of its own */
} world;

static uint8_t next(void)
{
	return world.at < world.end ? *world.at++ : 0;
}

/* --- events -------------------------------------------------------------------------------- */

static void hash(uint64_t *at, unsigned value)
{
	*at = (*at ^ value) * HASH_PRIME;
}

/* The size of the character of UTF-8 at the beginning; 0: there is none. */
static size_t character_size(const uint8_t *bytes, size_t size)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint8_t first = bytes[0];
	size_t length = first < 0x80   ? 1
			: first < 0xc2 ? 0
			: first < 0xe0 ? 2
			: first < 0xf0 ? 3
			: first < 0xf5 ? 4
				       : 0;
	uint32_t point = length > 1 ? first & (0x7fu >> length) : first;

	if (length == 0 || length > size)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (bytes[i] & 0x3f);
	}
	if (point < least[length] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
		return 0;
	return length;
}

static void check_text(const uint8_t *bytes, size_t size)
{
	while (size > 0) {
		size_t length = character_size(bytes, size);

		fuzz_require(length > 0, "byte %u is typed, which is not UTF-8", *bytes);
		bytes += length;
		size -= length;
	}
}

static void on_network(void *owner, const char *bytes, size_t size, bool urgent)
{
	struct subject *subject = owner;

	(void)urgent;
	fuzz_require(size > 0, "nothing is sent");
	for (size_t i = 0; i < size; i++) {
		uint8_t byte = (uint8_t)bytes[i];

		hash(&subject->sent_hash, byte);
		fuzz_require(!subject->seven_bits || byte < 0x80,
			     "byte %u is shown to a peer of %s", byte,
			     nvt_mode(subject->nvt)->charset);
		if (byte == '\033')
			subject->in_escape = ESCAPE_SIZE;
		if (subject->in_escape > 0) {
			subject->in_escape--;
			subject->escapes++;
		}
	}
	subject->sent += size;
}

static void on_terminal(void *owner, const char *bytes, size_t size)
{
	struct subject *subject = owner;
	const char *charset = nvt_mode(subject->nvt)->charset;

	fuzz_require(size > 0 && !subject->faulted, "nothing is typed");
	for (size_t i = 0; i < size; i++)
		hash(&subject->typed_hash, (uint8_t)bytes[i]);
	subject->typed += size;
	if (subject->checks_text && charset && strcmp(charset, "UTF-8") != 0)
		check_text((const uint8_t *)bytes, size);
}

static void on_function(void *owner, enum nvt_function function)
{
	struct subject *subject = owner;

	hash(&subject->typed_hash, 256 + function);
}

static void on_mode(void *owner, const struct nvt_mode *mode)
{
	struct subject *subject = owner;

	hash(&subject->typed_hash, 512);
	for (const char *c = mode->charset ? mode->charset : ""; *c != '\0'; c++)
		hash(&subject->typed_hash, (uint8_t)*c);
}

static void on_fault(void *owner, enum nvt_fault fault, const char *text)
{
	struct subject *subject = owner;

	fuzz_require(fault != NVT_FAULT_MEMORY && text && !subject->faulted, "fault %d", fault);
	subject->faulted = true;
}

static const struct nvt_events events = {
	.to_network = on_network,
	.to_terminal = on_terminal,
	.function = on_function,
	.mode = on_mode,
	.fault = on_fault,
};

/* --- bytes of either side ------------------------------------------------------------------ */

static bool shows_seven_bits(const struct subject *subject)
{
	const char *charset = nvt_mode(subject->nvt)->charset;

	for (size_t i = 0; charset && i < LENGTH(sets); i++)
		if (strcmp(sets[i].name, charset) == 0)
			return sets[i].seven_bits && world.terminal != &sets[i];
	return false;
}

/* In memory of just its size, so that reading behind it is seen. */
static void give(struct subject *subject, const uint8_t *bytes, size_t size)
{
	char *copy = malloc(size + 1);
	int result;

	fuzz_require(copy != NULL, "out of memory");
	memcpy(copy + 1, bytes, size);
	if (world.from_network) {
		result = nvt_from_network(subject->nvt, copy + 1, size);
		fuzz_require(result == (subject->faulted ? -EPROTO : 0), "%d is returned", result);
	} else {
		subject->seven_bits = shows_seven_bits(subject);
		nvt_from_terminal(subject->nvt, copy + 1, size);
		subject->seven_bits = false;
	}
	free(copy);
}

static void compare(void)
{
	const struct subject *one = &world.subjects[0], *other = &world.subjects[1];

	fuzz_require(one->faulted == other->faulted, "whether it faults depends on the cuts");
	fuzz_require(one->sent_hash == other->sent_hash, "what is sent depends on the cuts");
	fuzz_require(one->typed_hash == other->typed_hash, "what is typed depends on the cuts");
}

static void check_bounds(void)
{
	const struct subject *subject = &world.subjects[0];

	fuzz_require(subject->typed <= NVT_TYPED_FACTOR * world.received,
		     "%zu bytes are typed for %zu", subject->typed, world.received);
	fuzz_require(world.shown <=
			     NVT_SHOWN_FACTOR * world.given + ESCAPE_SIZE * (world.restarts + 1),
		     "%zu bytes are shown for %zu", world.shown, world.given);
	fuzz_require(world.role == NVT_CLIENT ||
			     world.answered <= NVT_ANSWER_FACTOR * world.received + NVT_REQUEST_MAX,
		     "%zu bytes are answered for %zu", world.answered, world.received);
}

/* The characters of UTF-8 in what is given next; a CR and its LF may be one. */
static void count_characters(void)
{
	size_t at = 0;

	while (!world.from_network && at < world.pending_size) {
		size_t length = character_size(world.pending + at, world.pending_size - at);

		world.escaped |= world.pending[at] == '\033';
		world.characters +=
			length > 0 && world.pending[at] != '\n' && world.pending[at] != '\033';
		at += length > 0 ? length : 1;
	}
}

/* All that has been put together is given to both. */
static void flush(void)
{
	size_t sent = world.subjects[0].sent, size = world.pending_size;

	if (size == 0)
		return;
	count_characters();
	if (world.from_network)
		world.received += size;
	else
		world.given += size;
	give(&world.subjects[0], world.pending, size);
	for (size_t at = 0; at < size; at += world.step)
		give(&world.subjects[1], world.pending + at,
		     world.step < size - at ? world.step : size - at);
	if (world.from_network)
		world.answered += world.subjects[0].sent - sent;
	else
		world.shown += world.subjects[0].sent - sent;
	world.pending_size = world.latest = 0;
	compare();
	check_bounds();
}

static void put(bool from_network, const void *bytes, size_t size)
{
	if (world.from_network != from_network) {
		flush();
		world.from_network = from_network;
	}
	if (size > PENDING_MAX - world.pending_size)
		size = 0;
	world.latest = world.pending_size;
	memcpy(world.pending + world.pending_size, bytes, size);
	world.pending_size += size;
}

/* --- operations ---------------------------------------------------------------------------- */

#define TEXT(text)                                                                                 \
	{                                                                                          \
		sizeof(text) - 1, text                                                             \
	}
static const struct {
	size_t size;
	const char *bytes;
} texts[] = {
	TEXT("ls\r\n"),
	TEXT("\r"),
	TEXT("\n"),
	TEXT("\r\0"),
	TEXT("\033"),
	TEXT("\033[A"),
	TEXT("\033$B"),
	TEXT("\033(B"),
	TEXT("\033(J"),
	TEXT("a\033$BF|K\\8l$G%m%0%$%s\033(Bb"),
	TEXT("\xec\x9b\x90\xea\xb2\xa9"),
	TEXT("\xe6\x97\xa5\xe6\x9c\xac"),
	TEXT("\xe2\x94\x80\xe2\x82\xac"),
	TEXT("\xf0\x9f\x98\x80"),
	TEXT("\xf3\xa0\x80\xa1"),
	TEXT("e\xcc\x81"),
	TEXT("\xbf\xf8\xb0\xdd"),
	TEXT("\xc6\xfc\xcb\xdc\x8f\xa2\xaf"),
	TEXT("\x93\xfa\x96\x7b"),
	TEXT("\x81\x30\x8b\x37\x95\x30\x85\x32"),
	TEXT("\xb5n\xa4J"),
	TEXT("\xf7\xc8\xcf\xc4\xff"),
	TEXT("\xc5\x83\x88\x96@\xba\xf1\xbb@\xb0\x15\x25\x0d\x25"),
	TEXT("\xff\xff"),
	TEXT("\x80"),
};

/* Data of the network: 255 is doubled. */
static void put_data(const uint8_t *bytes, size_t size)
{
	uint8_t doubled[2 * 64] = {0};
	size_t length = 0;

	for (size_t i = 0; i < size; i++) {
		doubled[length++] = bytes[i];
		if (bytes[i] == C_IAC)
			doubled[length++] = C_IAC;
	}
	put(true, doubled, length);
	if (world.pending_size == world.latest)
		return;
	for (size_t i = 0; i < size; i++)
		world.heard += bytes[i] != '\0' && bytes[i] != '\n' && bytes[i] != 0x25 &&
			       bytes[i] != '\033' && bytes[i] != '\r';
}

static size_t next_bytes(const uint8_t **bytes)
{
	size_t left = (size_t)(world.end - world.at), size = next() % 64;

	left -= left > 0;
	if (size > left)
		size = left;
	*bytes = world.at;
	world.at += size;
	return size;
}

static void type(void)
{
	const uint8_t *bytes;
	size_t size = next_bytes(&bytes);

	put_data(bytes, size);
}

static void type_text(void)
{
	size_t i = next() % LENGTH(texts);

	put_data((const uint8_t *)texts[i].bytes, texts[i].size);
}

static void show(void)
{
	const uint8_t *bytes;
	size_t size = next_bytes(&bytes);

	put(false, bytes, size);
}

static void show_text(void)
{
	size_t i = next() % LENGTH(texts);

	put(false, texts[i].bytes, texts[i].size);
}

/* Any character of Unicode, in UTF-8. */
static void show_character(void)
{
	uint32_t point = (uint32_t)next() << 12;
	uint8_t bytes[4];
	size_t size = 0;

	point |= (uint32_t)next() << 6;
	point = (point | next()) % 0x110000;
	if (point >= 0x10000) {
		bytes[size++] = (uint8_t)(0xf0 | point >> 18);
		bytes[size++] = (uint8_t)(0x80 | (point >> 12 & 0x3f));
	} else if (point >= 0x800) {
		bytes[size++] = (uint8_t)(0xe0 | point >> 12);
	}
	if (point >= 0x800)
		bytes[size++] = (uint8_t)(0x80 | (point >> 6 & 0x3f));
	else if (point >= 0x80)
		bytes[size++] = (uint8_t)(0xc0 | point >> 6);
	bytes[size++] = (uint8_t)(point >= 0x80 ? 0x80 | (point & 0x3f) : point);
	put(false, bytes, size);
}

static void negotiate(void)
{
	uint8_t byte = next();
	const uint8_t bytes[] = {C_IAC, (uint8_t)(C_WILL + byte % 4),
				 byte & 4 ? O_BINARY : O_CHARSET};

	put(true, bytes, sizeof(bytes));
	world.commanded = true;
}

static void put_subnegotiation(const void *body, size_t size)
{
	uint8_t bytes[5 + 2 * 64] = {C_IAC, C_SB, O_CHARSET};
	const uint8_t *from = body;
	size_t length = 3;

	for (size_t i = 0; i < size; i++) {
		bytes[length++] = from[i];
		if (from[i] == C_IAC)
			bytes[length++] = C_IAC;
	}
	bytes[length++] = C_IAC;
	bytes[length++] = C_SE;
	put(true, bytes, length);
	world.commanded = true;
}

static void subnegotiate(void)
{
	const uint8_t *body;
	size_t size = next_bytes(&body);

	put_subnegotiation(body, size);
}

/* REQUEST or ACCEPTED of a set, or what else there is. */
static void subnegotiate_known(void)
{
	static const char *const others[] = {
		"\1 utf8 latin1 us-ascii",
		"\1[TTABLE ]\1;EUC-KR;IBM037",
		"\3",
		"\4",
		"\5",
		"\6",
		"\7",
		"\1;;x;CP437",
		"\2x",
	};
	uint8_t byte = next();
	char body[32];

	if (byte >= 128) {
		const char *other = others[byte % LENGTH(others)];

		put_subnegotiation(other, strlen(other));
		return;
	}
	body[0] = byte & 16 ? 2 : 1;
	body[1] = ';';
	snprintf(body + (byte & 16 ? 1 : 2), sizeof(body) - 2, "%s",
		 sets[byte % LENGTH(sets)].name);
	put_subnegotiation(body, strlen(body));
}

/* A body of any option. */
static void subnegotiate_any(void)
{
	const uint8_t head[] = {C_IAC, C_SB, next()}, tail[] = {C_IAC, C_SE};
	const uint8_t *body;
	size_t size = next_bytes(&body);

	put(true, head, sizeof(head));
	put(true, body, size);
	put(true, tail, sizeof(tail));
	world.commanded = true;
}

static void function(void)
{
	static const uint8_t commands[] = {C_AYT, C_DM, C_NOP, C_IP, C_AO, C_EC, C_GA, C_BRK};
	const uint8_t bytes[] = {C_IAC, commands[next() % LENGTH(commands)]};

	put(true, bytes, sizeof(bytes));
	world.commanded = true;
}

static void release_key(void)
{
	flush();
	for (size_t i = 0; i < 2; i++) {
		nvt_release_key(world.subjects[i].nvt);
		fuzz_require(!nvt_holds_key(world.subjects[i].nvt) || world.subjects[i].faulted,
			     "a key is kept");
	}
	compare();
	check_bounds();
}

static void restart_screen(void)
{
	size_t sent;

	flush();
	world.restarts++;
	world.dropped = true;
	sent = world.subjects[0].sent;
	for (size_t i = 0; i < 2; i++)
		nvt_restart_screen(world.subjects[i].nvt);
	world.shown += world.subjects[0].sent - sent;
	compare();
	check_bounds();
}

static void urgent(void)
{
	flush();
	world.dropped = true;
	for (size_t i = 0; i < 2; i++)
		nvt_urgent(world.subjects[i].nvt);
}

static void send_function(void)
{
	enum nvt_function what = next() % (NVT_NO_OPERATION + 1);
	size_t sent;

	flush();
	sent = world.subjects[0].sent;
	for (size_t i = 0; i < 2; i++)
		nvt_send_function(world.subjects[i].nvt, what);
	/* A CR that had waited goes before it. */
	world.shown += world.subjects[0].sent - sent - COMMAND_SIZE;
	compare();
}

static void tick(void)
{
	flush();
	for (size_t i = 0; i < 2; i++)
		nvt_tick(world.subjects[i].nvt);
	compare();
}

/* The latest bytes again, up to 16 times; of what is heard that counts nothing. */
static void repeat(void)
{
	size_t from = world.latest, size = world.pending_size - from;
	uint8_t copy[2 * 64 + 5];

	if (size > sizeof(copy))
		return;
	memcpy(copy, world.pending + from, size);
	for (size_t times = next() % 16 + 1; times > 0; times--)
		put(world.from_network, copy, size);
}

static void (*const operations[16])(void) = {
	type,
	type_text,
	show,
	show_text,
	negotiate,
	subnegotiate,
	subnegotiate_known,
	function,
	release_key,
	restart_screen,
	urgent,
	send_function,
	tick,
	repeat,
	show_character,
	subnegotiate_any,
};

/* ------------------------------------------------------------------------------------------- */

/* The C library unloads what converts a set some time after its last use: here it never is. */
static void load_sets(void)
{
	static bool loaded;
	static iconv_t kept[2 * LENGTH(sets)];

	for (size_t i = 0; i < LENGTH(sets) && !loaded; i++) {
		const char *name = strcmp(sets[i].name, "Shift_JIS") == 0 ? "CP932" : sets[i].name;

		kept[2 * i] = iconv_open("WCHAR_T", name);
		kept[2 * i + 1] = iconv_open(name, "WCHAR_T");
		fuzz_require(kept[2 * i] != (iconv_t)-1 && kept[2 * i + 1] != (iconv_t)-1,
			     "the C library lacks %s", name);
	}
	loaded = true;
}

/* role and opening; the terminal's set, the peer's, those that may be agreed on */
static bool begin(const uint8_t *data, size_t size)
{
	uint8_t bits, terminal, peer, list;
	struct nvt_setup setup = {.compression = NVT_COMPRESS_REFUSED};

	memset(&world, 0, sizeof(world));
	world.at = data;
	world.end = data + size;
	bits = next();
	terminal = next();
	peer = next();
	list = next();
	world.terminal = terminal >= 64 ? &sets[0] : &sets[terminal % LENGTH(sets)];
	world.peer = peer >= 192 ? NULL : &sets[peer % LENGTH(sets)];
	world.step = 1 + bits / 4 % 8;
	world.role = setup.role = bits & 1 ? NVT_CLIENT : NVT_SERVER;
	setup.charset = terminal >= 128 ? NULL : world.terminal->name;
	setup.peer_charset = world.peer ? world.peer->name : NULL;
	setup.charsets = lists[list % LENGTH(lists)];
	for (size_t i = 0; i < 2; i++) {
		struct subject *subject = &world.subjects[i];

		subject->sent_hash = subject->typed_hash = HASH_BASE;
		subject->checks_text = world.terminal == &sets[0];
		subject->nvt = nvt_new(&setup, &events, subject);
		fuzz_require(!subject->nvt == world.terminal->only_for_peers,
			     "a terminal of %s and a peer of %s", world.terminal->name,
			     world.peer ? world.peer->name : "any");
		if (subject->nvt && bits & 2)
			nvt_open(subject->nvt);
	}
	for (size_t i = 0; i < 2; i++)
		world.subjects[i].sent = world.subjects[i].escapes = 0;
	return world.subjects[0].nvt != NULL;
}

/* Nothing that came from the one side has left no trace on the other. */
static void check_loss(void)
{
	const struct subject *subject = &world.subjects[0];
	unsigned width = world.peer ? world.peer->width : 1;
	bool has_escapes = world.peer == ISO_2022_JP, quiet = world.dropped || world.commanded;
	size_t escapes = has_escapes ? subject->escapes : 0;

	fuzz_require(quiet || world.terminal != &sets[0] || (has_escapes && world.escaped) ||
			     world.shown - escapes >= world.characters,
		     "%zu bytes are shown for %zu characters", world.shown - escapes,
		     world.characters);
	fuzz_require(quiet || has_escapes || subject->typed >= world.heard / width,
		     "%zu bytes are typed for %zu", subject->typed, world.heard);
}

static void finish(void)
{
	size_t sent;

	release_key();
	sent = world.subjects[0].sent;
	for (size_t i = 0; i < 2; i++) {
		struct subject *subject = &world.subjects[i];

		subject->seven_bits = shows_seven_bits(subject);
		nvt_finish(subject->nvt);
		subject->seven_bits = false;
	}
	world.shown += world.subjects[0].sent - sent;
	compare();
	check_bounds();
	check_loss();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	load_sets();
	if (!begin(data, size))
		return 0;
	for (int i = 0; i < OPERATIONS_MAX && world.at < world.end; i++)
		operations[next() % LENGTH(operations)]();
	finish();
	for (size_t i = 0; i < 2; i++)
		nvt_free(world.subjects[i].nvt);
	return 0;
}
