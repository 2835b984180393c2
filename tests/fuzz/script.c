/* SPDX-License-Identifier: ISC */
/*
 * The grammar of scripts. An operation is a byte, which picks a row of `operations` (modulo its
 * length), and what that row's function reads behind it; what is missing at the end reads as 0.
 * Rows may be added in place of spare ones, so that the corpus keeps its meaning.
 */
#include <stdint.h>

#include "tests/fuzz/script.h"

#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/subject.h"

/* Bytes from the network that are kept back for the operations that shape them, and in all. */
#define PENDING_MAX ((size_t)24 * 1024)
#define NETWORK_MAX ((size_t)32 * 1024)
#define CUTS_MAX 256
#define TYPED_MAX 64

/*
 * Bytes on the heap for two endpoints, whatever they were told: twice libtelnet's buffer of 16 KiB
 * and its growth, the peer's environment of 4 KiB in at most 64 variables, and themselves.
 */
#define MEMORY_MAX ((size_t)128 * 1024)

/* And where they compress: their deflaters, of 64 KiB and more, and what reads that here. */
#define COMPRESSION_MEMORY_MAX ((size_t)320 * 1024)

/* Bytes on the heap, where AddressSanitizer counts them. */
__attribute__((weak)) size_t __sanitizer_get_current_allocated_bytes(void);

/* The bits of a script's first byte. */
enum setup_bit {
	SETUP_CLOSED = 1, /* the script opens the endpoint itself, or never */
	SETUP_DELAYS_TIMING_MARKS = 2,
	SETUP_REACTS = 4,
	SETUP_TELLS_NOTHING = 8,
	SETUP_LINEMODE = 16, /* and the next: enum nvt_linemode; the twin pauses if both are set */
	SETUP_COMPRESSION =
		64, /* and the next: enum nvt_compression, or with both sets to convert */
};

struct script {
	const uint8_t *at;
	const uint8_t *end;
	struct subject watched;
	struct subject twin;
	char pending[PENDING_MAX];
	size_t pending_size;
	size_t element; /* where in `pending` the latest operation's bytes begin */
	size_t cuts[CUTS_MAX]; /* where the twin's pieces end */
	size_t cut_count;
	size_t given; /* bytes from the network in all */
	char *network; /* NULL, or where they are copied to */
	size_t network_size;
	size_t network_room;
};

/* --- reading ------------------------------------------------------------------------------- */

static uint8_t next(struct script *script)
{
	return script->at < script->end ? *script->at++ : 0;
}

/* An option: of those that somebody knows, or any. */
static uint8_t next_option(struct script *script)
{
	static const uint8_t known[] = {
		O_BINARY,
		O_ECHO,
		O_SGA,
		O_STATUS,
		O_TIMING_MARK,
		O_LOGOUT,
		O_TTYPE,
		O_NAWS,
		O_TSPEED,
		O_LFLOW,
		O_LINEMODE,
		O_XDISPLOC,
		O_ENVIRON,
		O_NEW_ENVIRON,
		O_CHARSET,
		O_COMPRESS2,
		O_COMPRESS3,
		85,
		O_ENCRYPT,
		O_ZMP,
		O_AUTHENTICATION,
		70,
		2,
		25,
	};
	uint8_t byte = next(script);

	return byte < 128 ? known[byte % LENGTH(known)] : (uint8_t)~next(script);
}

static void put(struct script *script, const void *bytes, size_t size)
{
	if (size > PENDING_MAX - script->pending_size)
		size = PENDING_MAX - script->pending_size;
	memcpy(script->pending + script->pending_size, bytes, size);
	script->pending_size += size;
}

static void put_byte(struct script *script, uint8_t byte)
{
	put(script, &byte, 1);
}

/* The bytes of a body as they stand on the wire: IAC is doubled. */
static void put_doubled(struct script *script, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		put_byte(script, bytes[i]);
		if (bytes[i] == C_IAC)
			put_byte(script, C_IAC);
	}
}

/* --- bytes from the network ---------------------------------------------------------------- */

static void negotiate(struct script *script, uint8_t command)
{
	uint8_t option = next_option(script);
	const uint8_t bytes[] = {C_IAC, command, option};

	put(script, bytes, sizeof(bytes));
}

static void will(struct script *script)
{
	negotiate(script, C_WILL);
}

static void wont(struct script *script)
{
	negotiate(script, C_WONT);
}

static void do_(struct script *script)
{
	negotiate(script, C_DO);
}

static void dont(struct script *script)
{
	negotiate(script, C_DONT);
}

/* How a subnegotiation departs from what it ought to be: the upper bits of its length. */
#define BODY_SIZE 0x3f
#define BODY_WITHOUT_END 0x40
#define BODY_AS_IT_IS 0x80

static size_t next_bytes(struct script *script, const uint8_t **bytes, size_t most)
{
	size_t left = (size_t)(script->end - script->at);
	size_t size = most < left ? most : left;

	*bytes = script->at;
	script->at += size;
	return size;
}

static void put_subnegotiation(struct script *script, uint8_t option, const uint8_t *body,
			       size_t size, unsigned form)
{
	const uint8_t head[] = {C_IAC, C_SB, option}, tail[] = {C_IAC, C_SE};

	put(script, head, sizeof(head));
	if (form & BODY_AS_IT_IS)
		put(script, body, size);
	else
		put_doubled(script, body, size);
	if (!(form & BODY_WITHOUT_END))
		put(script, tail, sizeof(tail));
}

/* option, length with its bits, bytes */
static void subnegotiate(struct script *script)
{
	uint8_t option = next_option(script), form = next(script);
	const uint8_t *body;
	size_t size = next_bytes(script, &body, form & BODY_SIZE);

	put_subnegotiation(script, option, body, size, form);
}

/* Bodies as they ought to be, for each option that has any. */
#define BODY(option, text)                                                                         \
	{                                                                                          \
		option, sizeof(text) - 1, text                                                     \
	}
static const struct {
	uint8_t option;
	uint8_t size;
	const char *bytes;
} bodies[] = {
	BODY(O_TTYPE, "\0xterm"),
	BODY(O_TTYPE, "\0MTTS 13"),
	BODY(O_TTYPE, "\1"),
	BODY(O_NAWS, "\0\120\0\30"),
	BODY(O_NAWS, "\377\377\377\377"),
	BODY(O_TSPEED, "\00038400,38400"),
	BODY(O_TSPEED, "\1"),
	BODY(O_XDISPLOC, "\0host:0.0"),
	BODY(O_XDISPLOC, "\1"),
	BODY(O_NEW_ENVIRON, "\0\0USER\1me\3LANG\1C.UTF-8"),
	BODY(O_NEW_ENVIRON, "\2\0USER\1\2\1\2\2\0LANG"),
	BODY(O_NEW_ENVIRON, "\1"),
	BODY(O_NEW_ENVIRON, "\1\0USER\3TERM\2\2\0\3"),
	BODY(O_ENVIRON, "\0\1USER\0me\3LANG\0C"),
	BODY(O_ENVIRON, "\0\0USER\1me"),
	BODY(O_ENVIRON, "\1\0USER\3"),
	BODY(O_STATUS, "\1"),
	BODY(O_STATUS, "\0\373\1\375\1\372\30\1\360"),
	BODY(O_LFLOW, "\0"),
	BODY(O_LFLOW, "\1"),
	BODY(O_LFLOW, "\2"),
	BODY(O_LFLOW, "\3"),
	BODY(O_LINEMODE, "\1\3"),
	BODY(O_LINEMODE, "\1\7"),
	BODY(O_LINEMODE, "\1\0"),
	BODY(O_LINEMODE, "\1\37"),
	BODY(O_LINEMODE, "\3\1\0\0\3\142\3\4\2\17\5\0\0\7\142\34\10\2\4\11\102\32"),
	BODY(O_LINEMODE, "\3\12\2\177\13\2\25\14\2\27\15\2\22\16\2\26\17\2\21\20\2\23"),
	BODY(O_LINEMODE, "\3\0\3\0"),
	BODY(O_LINEMODE, "\3\0\2\0"),
	BODY(O_LINEMODE, "\3\3\202\3\12\202\177\36\0\0"),
	BODY(O_LINEMODE, "\3\3\1\377\3\3\0\377\3"),
	BODY(O_LINEMODE, "\375\2\0\0\0\10\1"),
	BODY(O_LINEMODE, "\374\2"),
	BODY(O_LINEMODE, "\373\2"),
	BODY(O_LINEMODE, "\376\2"),
	BODY(O_CHARSET, "\1 UTF-8 ISO-8859-1 US-ASCII"),
	BODY(O_CHARSET, "\1[TTABLE ]\1;EUC-KR;IBM037"),
	BODY(O_CHARSET, "\2UTF-8"),
	BODY(O_CHARSET, "\2ISO-2022-JP"),
	BODY(O_CHARSET, "\3"),
	BODY(O_CHARSET, "\4\1;A;\10\0\0\1;B;\10\0\0\1ab"),
	BODY(O_CHARSET, "\5"),
	BODY(O_CHARSET, "\6"),
	BODY(O_CHARSET, "\7"),
	BODY(O_COMPRESS2, ""),
	BODY(O_COMPRESS3, ""),
	BODY(85, "\373"),
	BODY(O_AUTHENTICATION, "\1\1\2"),
	BODY(O_ENCRYPT, "\1\1"),
	BODY(O_LOGOUT, ""),
};

/* which; where it is changed, and by what: both 0 leave it as it is */
static void subnegotiate_known(struct script *script)
{
	uint8_t which = next(script), where = next(script), change = next(script);
	uint8_t body[64];
	size_t i = which % LENGTH(bodies), size = bodies[i].size;

	memcpy(body, bodies[i].bytes, size);
	if (size > 0)
		body[where % size] ^= change;
	put_subnegotiation(script, bodies[i].option, body, size, 0);
}

/*
 * A body under any option's number; which option, which body. The twin gets it byte by byte: no
 * version of libtelnet is to find anything in a part of it.
 */
static void subnegotiate_cut(struct script *script)
{
	uint8_t option = next(script);
	size_t i = next(script) % LENGTH(bodies), begin = script->pending_size;

	put_subnegotiation(script, option, (const uint8_t *)bodies[i].bytes, bodies[i].size, 0);
	while (begin < script->pending_size && script->cut_count < CUTS_MAX)
		script->cuts[script->cut_count++] = ++begin;
}

/* The peer asks for a set, and is given it; not where bytes are copied for who compares them. */
static void convert(struct script *script)
{
	static const char *const requests[] = {"\1;EUC-KR", "\1;ISO-2022-JP", "\1;IBM037",
					       "\1;US-ASCII", "\1;UTF-8"};
	const char *request = requests[next(script) % LENGTH(requests)];
	const uint8_t bytes[] = {C_IAC, C_WILL, O_CHARSET};

	if (script->network)
		return;
	put(script, bytes, sizeof(bytes));
	put_subnegotiation(script, O_CHARSET, (const uint8_t *)request, strlen(request), 0);
}

/* A function, or any byte behind IAC. */
static void function(struct script *script)
{
	static const uint8_t commands[] = {C_IP,  C_AO,	  C_AYT,   C_EC,  C_EL,	 C_BRK, C_GA,  C_DM,
					   C_EOF, C_SUSP, C_ABORT, C_NOP, C_EOR, C_SE,	C_IAC, 0};
	uint8_t byte = next(script);

	put_byte(script, C_IAC);
	put_byte(script, byte < 128 ? commands[byte % LENGTH(commands)] : (uint8_t)~next(script));
}

/* length, bytes */
static void raw(struct script *script)
{
	const uint8_t *bytes;
	size_t size = next_bytes(script, &bytes, next(script) % TYPED_MAX);

	put(script, bytes, size);
}

#define TEXT(text)                                                                                 \
	{                                                                                          \
		sizeof(text) - 1, text                                                             \
	}
static const struct {
	size_t size;
	const char *bytes;
} texts[] = {
	TEXT("\r"),
	TEXT("\n"),
	TEXT("\0"),
	TEXT("\r\n"),
	TEXT("\r\0"),
	TEXT("\n\r"),
	TEXT("\r\r\n"),
	TEXT("\377\377"),
	TEXT("\377"),
	TEXT("ls\r\n"),
	TEXT("a"),
	TEXT("\3"),
	TEXT("\33[1;31mred"),
	TEXT("\303\251\r"),
	TEXT("\200"),
	TEXT("\260\241"),
	TEXT("\33$B8@\33(B"),
	TEXT("\360\237\230\200"),
	TEXT("0123456789abcdef0123456789abcdef"),
};

static void text(struct script *script)
{
	size_t i = next(script) % LENGTH(texts);

	put(script, texts[i].bytes, texts[i].size);
}

/* The latest operation's bytes again, up to 32 times. */
static void repeat(struct script *script)
{
	size_t element = script->element, size = script->pending_size - element;

	for (size_t times = next(script) % 32 + 1; times > 0; times--)
		put(script, script->pending + element, size);
}

/*
 * Some of one byte. The highest counts are for what is longer than libtelnet's own buffer; they are
 * few, since most inputs are to take microseconds.
 */
#define FILL_LONG 0xf0
#define FILL_UNIT 1100

/* count, byte */
static void fill(struct script *script)
{
	uint8_t count = next(script), byte = next(script);
	size_t size = count < FILL_LONG ? count : (size_t)(count - FILL_LONG + 1) * FILL_UNIT;

	if (size > PENDING_MAX - script->pending_size)
		size = PENDING_MAX - script->pending_size;
	memset(script->pending + script->pending_size, byte, size);
	script->pending_size += size;
}

/* The twin's piece ends here. */
static void cut(struct script *script)
{
	if (script->cut_count < CUTS_MAX)
		script->cuts[script->cut_count++] = script->pending_size;
}

/* --- giving them --------------------------------------------------------------------------- */

/* In memory of just their size, so that reading behind it is seen. */
static void give_twin(struct script *script, size_t begin, size_t end)
{
	char *copy = malloc(end - begin + 1);

	fuzz_require(copy != NULL, "out of memory");
	memcpy(copy + 1, script->pending + begin, end - begin);
	subject_from_network(&script->twin, copy + 1, end - begin);
	free(copy);
}

static void copy_network(struct script *script)
{
	size_t size = script->pending_size, room = script->network_room - script->network_size;

	if (!script->network)
		return;
	if (size > room)
		size = room;
	memcpy(script->network + script->network_size, script->pending, size);
	script->network_size += size;
}

/* All that has been put together is given to both, before anything else is done to them. */
static void flush(struct script *script)
{
	size_t begin = 0, size = script->pending_size;

	copy_network(script);
	if (size > NETWORK_MAX - script->given)
		size = NETWORK_MAX - script->given;
	if (nvt_is_inflating(script->watched.nvt))
		size = 0; /* fuzz_inflate.c tries what is compressed */
	script->given += size;
	if (size > 0)
		size = subject_from_network(&script->watched, script->pending, size);
	for (size_t i = 0; i < script->cut_count && script->cuts[i] < size; i++) {
		give_twin(script, begin, script->cuts[i]);
		begin = script->cuts[i];
	}
	if (size > begin)
		give_twin(script, begin, size);
	subject_compare(&script->watched, &script->twin);
	script->pending_size = script->element = script->cut_count = 0;
}

/* --- the other operations ------------------------------------------------------------------ */

static void from_terminal(struct script *script, const char *bytes, size_t size)
{
	flush(script);
	subject_from_terminal(&script->watched, bytes, size);
	subject_from_terminal(&script->twin, bytes, size);
}

/* length, bytes */
static void print(struct script *script)
{
	const uint8_t *bytes;
	size_t size = next_bytes(script, &bytes, next(script) % TYPED_MAX);

	from_terminal(script, (const char *)bytes, size);
}

static void print_text(struct script *script)
{
	size_t i = next(script) % LENGTH(texts);

	from_terminal(script, texts[i].bytes, texts[i].size);
}

static void send_function(struct script *script)
{
	enum nvt_function what = next(script) % (NVT_NO_OPERATION + 1);

	flush(script);
	subject_send_function(&script->watched, what);
	subject_send_function(&script->twin, what);
}

static void send_synch(struct script *script)
{
	flush(script);
	subject_send_synch(&script->watched);
	subject_send_synch(&script->twin);
}

static void send_timing_mark(struct script *script)
{
	flush(script);
	subject_send_timing_mark(&script->watched);
	subject_send_timing_mark(&script->twin);
}

/* columns, rows */
static void send_window(struct script *script)
{
	uint8_t columns = next(script), rows = next(script);

	flush(script);
	subject_send_window(&script->watched, columns, rows);
	subject_send_window(&script->twin, columns, rows);
}

static void urgent(struct script *script)
{
	flush(script);
	subject_urgent(&script->watched);
	subject_urgent(&script->twin);
}

static void tick(struct script *script)
{
	flush(script);
	subject_tick(&script->watched);
	subject_tick(&script->twin);
}

/* An owner has nothing to ask before the offers are made, nor of a peer that is at fault. */
static void ask(struct script *script, bool local, bool enable)
{
	/* Those that an owner has reason to change in a session. */
	static const uint8_t options[] = {O_BINARY, O_ECHO,  O_SGA,  O_STATUS,
					  O_LFLOW,  O_TTYPE, O_NAWS, O_NEW_ENVIRON};
	uint8_t option = options[next(script) % LENGTH(options)];

	flush(script);
	if (script->watched.faulted || !script->watched.opened)
		return;
	subject_ask(&script->watched, local, option, enable);
	subject_ask(&script->twin, local, option, enable);
}

static void ask_will(struct script *script)
{
	ask(script, true, true);
}

static void ask_wont(struct script *script)
{
	ask(script, true, false);
}

static void ask_do(struct script *script)
{
	ask(script, false, true);
}

static void ask_dont(struct script *script)
{
	ask(script, false, false);
}

static void finish(struct script *script)
{
	flush(script);
	subject_finish(&script->watched);
	subject_finish(&script->twin);
}

static void open_(struct script *script)
{
	flush(script);
	if (script->watched.faulted)
		return;
	subject_open(&script->watched);
	subject_open(&script->twin);
}

/* modes, function, character */
static void set_terminal(struct script *script)
{
	uint8_t modes = next(script), what = next(script), character = next(script);

	flush(script);
	subject_set_terminal(&script->watched, modes, what, character);
	subject_set_terminal(&script->twin, modes, what, character);
}

static void ask_specials(struct script *script)
{
	bool defaults = next(script) & 1;

	flush(script);
	if (script->watched.faulted)
		return;
	subject_ask_specials(&script->watched, defaults);
	subject_ask_specials(&script->twin, defaults);
}

static void spare(struct script *script)
{
	(void)script;
}

/* `puts`: it only adds to the bytes from the network, and is what `repeat` repeats. */
static const struct {
	void (*run)(struct script *);
	bool puts;
} operations[32] = {
	{will, true},
	{wont, true},
	{do_, true},
	{dont, true},
	{subnegotiate, true},
	{subnegotiate_known, true},
	{function, true},
	{raw, true},
	{text, true},
	{repeat, false},
	{fill, true},
	{cut, false},
	{print, false},
	{print_text, false},
	{send_function, false},
	{send_synch, false},
	{send_timing_mark, false},
	{send_window, false},
	{urgent, false},
	{tick, false},
	{ask_will, false},
	{ask_wont, false},
	{ask_do, false},
	{ask_dont, false},
	{finish, false},
	{open_, false},
	{set_terminal, false},
	{ask_specials, false},
	{subnegotiate_cut, true},
	{convert, true},
	{spare, false},
	{spare, false},
};

/* ------------------------------------------------------------------------------------------- */

static void begin(struct script *script, enum nvt_role role)
{
	static const enum nvt_linemode linemodes[] = {NVT_LINEMODE_NO, NVT_LINEMODE_WHEN_ASKED,
						      NVT_LINEMODE_ASK, NVT_LINEMODE_WHEN_ASKED};
	static const enum nvt_compression compressions[] = {
		NVT_COMPRESS_REFUSED, NVT_COMPRESS_WHEN_ASKED, NVT_COMPRESS_OFFERED,
		NVT_COMPRESS_WHEN_ASKED};
	uint8_t bits = next(script);
	struct subject_setup setup = {
		.role = role,
		.watched = true,
		.delays_timing_marks = bits & SETUP_DELAYS_TIMING_MARKS,
		.reacts = bits & SETUP_REACTS,
		.tells_nothing = bits & SETUP_TELLS_NOTHING,
		.linemode = linemodes[bits / SETUP_LINEMODE % LENGTH(linemodes)],
		.compression = compressions[bits / SETUP_COMPRESSION],
		.converts = bits / SETUP_COMPRESSION == LENGTH(compressions) - 1,
	};

	script->pending_size = script->element = script->cut_count = script->given = 0;
	subject_begin(&script->watched, &setup);
	setup.watched = false;
	setup.pauses = bits / SETUP_LINEMODE % LENGTH(linemodes) == LENGTH(linemodes) - 1;
	subject_begin(&script->twin, &setup);
	if (!(bits & SETUP_CLOSED))
		open_(script);
}

static size_t count_memory(void)
{
	return __sanitizer_get_current_allocated_bytes ? __sanitizer_get_current_allocated_bytes()
						       : 0;
}

size_t script_network(enum nvt_role role, const uint8_t *data, size_t size, char *bytes,
		      size_t room)
{
	/* Not on the stack: it is large, and to clear it would take longer than most scripts. */
	static struct script script;
	size_t memory = count_memory(), most = MEMORY_MAX;

	script.at = data;
	script.end = data + size;
	script.network = bytes;
	script.network_size = 0;
	script.network_room = room;
	begin(&script, role);
	while (script.at < script.end) {
		size_t i = next(&script) % LENGTH(operations), pending = script.pending_size;

		operations[i].run(&script);
		if (operations[i].puts)
			script.element = pending;
	}
	finish(&script);
	if (script.watched.setup.compression != NVT_COMPRESS_REFUSED)
		most += COMPRESSION_MEMORY_MAX;
	fuzz_require(count_memory() - memory <= most, "%zu bytes are taken",
		     count_memory() - memory);
	subject_end(&script.watched);
	subject_end(&script.twin);
	return script.network_size;
}

void script_run(enum nvt_role role, const uint8_t *data, size_t size)
{
	script_network(role, data, size, NULL, 0);
}
