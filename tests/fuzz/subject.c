/* SPDX-License-Identifier: ISC */
/* An endpoint under fuzz: its events, and the checks around each call. */
#include "tests/fuzz/subject.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

/* FNV-1a. */
#define HASH_BASE 0xcbf29ce484222325u
#define HASH_PRIME 0x100000001b3u

/* Bytes of data that are given at once. */
#define RUN_MAX 64

static void hash(uint64_t *at, unsigned value)
{
	*at = (*at ^ value) * HASH_PRIME;
}

/* --- events -------------------------------------------------------------------------------- */

/* As an owner does that shares a process, so that what is behind waits. */
static void pause_here(struct subject *subject)
{
	if (subject->setup.pauses)
		nvt_pause(subject->nvt);
}

/* Marks in the hash of events, beyond the values of a byte. */
enum mark {
	MARK_FUNCTION = 256,
	MARK_WINDOW,
	MARK_SETTLED,
	MARK_MODE,
	MARK_TIMING_MARK,
	MARK_LOGOUT,
	MARK_FAULT,
	MARK_URGENT,
	MARK_SPECIALS,
	MARK_TERMINAL_WANTED,
};

/* An event with what it tells; there is none after a fault. */
static void note(struct subject *subject, enum mark mark, unsigned value)
{
	fuzz_require(!subject->faulted, "event %d after a fault", (int)mark);
	hash(&subject->event_hash, mark);
	hash(&subject->event_hash, value);
}

static void read_sent(struct subject *subject, const char *bytes, size_t size, bool urgent)
{
	for (size_t i = 0; i < size; i++)
		hash(&subject->sent_hash, (uint8_t)bytes[i]);
	if (urgent)
		hash(&subject->sent_hash, MARK_URGENT);
	subject->sent += size;
	if (subject->answering && subject->owner_calls == 0)
		subject->answered += size;
	for (size_t i = 0; subject->setup.watched && i < size; i++)
		watch_sent(&subject->watch, (uint8_t)bytes[i]);
}

/* Bytes of a stream that begins right behind its marker. */
static void read_compressed(struct subject *subject, const char *bytes, size_t size)
{
	z_stream *stream = &subject->stream;
	char out[512];
	int result = Z_OK;

	if (!subject->inflating) {
		fuzz_require(!subject->setup.watched ||
				     (subject->watch.sent == SENT_DATA && subject->watch.marked),
			     "a compressed stream has no beginning");
		memset(stream, 0, sizeof(*stream));
		fuzz_require(inflateInit(stream) == Z_OK, "out of memory");
		subject->inflating = true;
		subject->streams++;
	}
	subject->compressed += size;
	stream->next_in = (Bytef *)(uintptr_t)bytes;
	stream->avail_in = (uInt)size;
	do {
		stream->next_out = (Bytef *)out;
		stream->avail_out = sizeof(out);
		result = inflate(stream, Z_SYNC_FLUSH);
		fuzz_require(result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR,
			     "what is compressed cannot be read: %d", result);
		subject->inflated += sizeof(out) - stream->avail_out;
		read_sent(subject, out, sizeof(out) - stream->avail_out, false);
	} while (result == Z_OK && (stream->avail_in > 0 || stream->avail_out == 0));
	if (result != Z_STREAM_END)
		return;
	fuzz_require(stream->avail_in == 0, "bytes behind a stream's end in the same piece");
	inflateEnd(stream);
	subject->inflating = false;
}

static void on_network(void *owner, const char *bytes, size_t size, bool urgent)
{
	struct subject *subject = owner;

	fuzz_require(size > 0, "nothing is sent");
	fuzz_require(!urgent || !nvt_is_compressing(subject->nvt), "compressed bytes are urgent");
	if (nvt_is_compressing(subject->nvt))
		read_compressed(subject, bytes, size);
	else
		read_sent(subject, bytes, size, urgent);
}

/* What a stream's header and trailer take. */
#define STREAM_EXTRA 16UL

/* The end of the owner's turn. */
static void flush(struct subject *subject)
{
	nvt_flush(subject->nvt);
	fuzz_require(subject->compressed <= subject->inflated +
						    NVT_COMPRESSION_EXTRA(subject->inflated) +
						    STREAM_EXTRA * subject->streams,
		     "%zu bytes become %zu", subject->inflated, subject->compressed);
	subject->compressed = subject->inflated = 0;
	subject->streams = 0;
}

static void on_terminal(void *owner, const char *bytes, size_t size)
{
	struct subject *subject = owner;

	fuzz_require(!subject->faulted, "data after a fault");
	fuzz_require(size > 0, "nothing is shown");
	for (size_t i = 0; i < size; i++)
		hash(&subject->event_hash, (uint8_t)bytes[i]);
	for (size_t i = 0; i < size && subject->shown_size + i < SUBJECT_SHOWN_MAX; i++)
		subject->shown[subject->shown_size + i] = bytes[i];
	subject->shown_size += size;
}

static void on_function(void *owner, enum nvt_function function)
{
	struct subject *subject = owner;

	note(subject, MARK_FUNCTION, function);
	pause_here(subject);
	if (!subject->setup.reacts)
		return;
	subject->owner_calls++;
	nvt_send_synch(subject->nvt);
	nvt_from_terminal(subject->nvt, "^C\r", 3);
	subject->owner_calls--;
}

static void on_window(void *owner, unsigned short columns, unsigned short rows)
{
	note(owner, MARK_WINDOW, (unsigned)columns << 16 | rows);
}

static void on_settled(void *owner)
{
	struct subject *subject = owner;

	fuzz_require(!subject->settled, "it settles twice");
	note(subject, MARK_SETTLED, 0);
	subject->settled = true;
}

static void on_mode(void *owner, const struct nvt_mode *mode)
{
	note(owner, MARK_MODE,
	     (unsigned)mode->echo | (unsigned)mode->binary_input << 1 |
		     (unsigned)mode->binary_output << 2 | (unsigned)mode->go_ahead << 3 |
		     (unsigned)mode->line_mode << 4 | (unsigned)mode->edit << 5 |
		     (unsigned)mode->trap_signals << 6 | (unsigned)mode->soft_tab << 7 |
		     (unsigned)mode->literal_echo << 8 | (unsigned)mode->flow_control << 9 |
		     (unsigned)mode->restart_any << 10);
	pause_here(owner);
}

static void on_terminal_wanted(void *owner)
{
	note(owner, MARK_TERMINAL_WANTED, 0);
	pause_here(owner);
}

/* The terminal has them from now on, as the owner sees to. */
static void on_specials(void *owner, const unsigned char special[NVT_SPECIALS])
{
	struct subject *subject = owner;

	note(subject, MARK_SPECIALS, 0);
	for (unsigned i = 1; i < NVT_SPECIALS; i++) {
		fuzz_require(special[i] != UINT8_MAX, "function %u has no character, but 255", i);
		hash(&subject->event_hash, special[i]);
		subject->terminal.special[i] = special[i];
	}
	pause_here(subject);
}

static void on_timing_mark(void *owner)
{
	struct subject *subject = owner;

	note(subject, MARK_TIMING_MARK, 0);
	if (subject->setup.delays_timing_marks)
		subject->timing_marks++;
	else
		nvt_send_timing_mark(subject->nvt);
}

static void on_logout(void *owner)
{
	note(owner, MARK_LOGOUT, 0);
}

static void on_fault(void *owner, enum nvt_fault fault, const char *text)
{
	struct subject *subject = owner;

	fuzz_require(text != NULL, "a fault without a text");
	fuzz_require(fault != NVT_FAULT_MEMORY, "out of memory");
	note(subject, MARK_FAULT, fault);
	subject->faulted = true;
}

/* --- the endpoint -------------------------------------------------------------------------- */

static const struct nvt_events events = {
	.to_network = on_network,
	.to_terminal = on_terminal,
	.function = on_function,
	.window = on_window,
	.settled = on_settled,
	.mode = on_mode,
	.terminal_wanted = on_terminal_wanted,
	.specials = on_specials,
	.timing_mark = on_timing_mark,
	.logout = on_logout,
	.fault = on_fault,
};

static const char *const terminal_types[] = {"XTERM-256COLOR", "XTERM", "MTTS 13", NULL};
static char names[][16] = {"USER", "TERM\2", "LANG"};
static char values[][16] = {"nobody", "\1\2\3\377", ""};
static const struct nvt_variable variables[] = {
	{names[0], values[0], false}, {names[1], values[1], true}, {names[2], values[2], true}};

static const struct nvt_self self = {
	.terminal_types = terminal_types,
	.display = "host:0.0",
	.variables = variables,
	.variable_count = LENGTH(variables),
	.transmit_speed = 38400,
	.receive_speed = 38400,
	.columns = 255,
	.rows = 24,
};

static const char *const charsets[] = {"EUC-KR", "ISO-2022-JP", "IBM037", "US-ASCII", NULL};

/* The C library unloads what converts a set some time after its last use: here it never is. */
static void load_charsets(void)
{
	static iconv_t kept[2 * LENGTH(charsets)];

	for (size_t i = 0; charsets[i] && !kept[2 * i]; i++) {
		kept[2 * i] = iconv_open("WCHAR_T", charsets[i]);
		kept[2 * i + 1] = iconv_open(charsets[i], "WCHAR_T");
	}
}

void subject_begin(struct subject *subject, const struct subject_setup *setup)
{
	struct nvt_setup nvt_setup = {.role = setup->role,
				      .linemode = setup->linemode,
				      .compression = setup->compression,
				      .charsets = setup->converts ? charsets : NULL};

	load_charsets();
	if (setup->role == NVT_CLIENT && !setup->tells_nothing)
		nvt_setup.self = self;
	/* What is large in it needs no beginning. */
	memset(subject->watch.sides, 0, sizeof(subject->watch.sides));
	subject->watch.role = setup->role;
	subject->watch.line_mode = setup->linemode != NVT_LINEMODE_NO;
	subject->watch.has_terminal = subject->watch.deferred = false;
	subject->inflating = subject->watch.marked = false;
	subject->compressed = subject->inflated = subject->streams = 0;
	memset(&subject->terminal, 0, sizeof(subject->terminal));
	subject->watch.due = DUE_NOTHING;
	subject->watch.announced = false;
	subject->watch.sent = SENT_DATA;
	subject->watch.decoded_size = 0;
	subject->setup = *setup;
	subject->taken = (struct taken){.at = TAKEN_DATA};
	subject->sent_hash = subject->event_hash = HASH_BASE;
	subject->received = subject->sent = subject->answered = subject->shown_size = 0;
	subject->answering = subject->faulted = subject->settled = subject->opened = false;
	subject->owner_calls = subject->timing_marks = 0;
	subject->nvt = nvt_new(&nvt_setup, &events, subject);
	fuzz_require(subject->nvt != NULL, "out of memory");
}

static void check_peer(const struct nvt_peer *peer)
{
	size_t size = 0;

	fuzz_require(strnlen(peer->terminal_type, sizeof(peer->terminal_type)) <=
			     NVT_TERMINAL_TYPE_MAX,
		     "a terminal type without end");
	for (const char *c = peer->terminal_type; *c != '\0'; c++)
		fuzz_require(strchr("abcdefghijklmnopqrstuvwxyz0123456789+._-", *c),
			     "a terminal type with byte %d", *c);
	fuzz_require(strnlen(peer->display, sizeof(peer->display)) <= NVT_DISPLAY_MAX,
		     "a display without end");
	for (const char *c = peer->display; *c != '\0'; c++)
		fuzz_require(*c > ' ' && *c <= '~', "a display with byte %d", *c);
	fuzz_require(peer->variable_count <= NVT_VARIABLES_MAX, "too many variables");
	for (size_t i = 0; i < peer->variable_count; i++) {
		fuzz_require(peer->variables[i].name[0] != '\0', "a variable without a name");
		size += strlen(peer->variables[i].name) + strlen(peer->variables[i].value);
	}
	fuzz_require(size <= NVT_ENVIRONMENT_MAX, "%zu bytes of variables", size);
}

void subject_end(struct subject *subject)
{
	if (subject->setup.watched)
		check_peer(nvt_peer(subject->nvt));
	nvt_free(subject->nvt);
	if (subject->inflating)
		inflateEnd(&subject->stream);
}

/* What a call must leave behind; `data`: it may have sent some. */
static void check_call(struct subject *subject, bool data)
{
	flush(subject);
	if (!subject->setup.watched)
		return;
	/* A set that is left ends with what brings its bytes back to their first meaning. */
	fuzz_require(data || subject->setup.converts || subject->watch.decoded_size == 0,
		     "data is sent that nobody gave");
	subject->watch.decoded_size = 0;
	watch_dealt_with(&subject->watch);
	fuzz_require(watch_is_at_rest(&subject->watch), "a command is sent half");
	watch_check_mode(&subject->watch, nvt_mode(subject->nvt));
	if (subject->taken.binary != watch_is_on(&subject->watch, false, O_BINARY))
		subject->taken.cr = false;
	subject->taken.binary = watch_is_on(&subject->watch, false, O_BINARY);
}

/* --- bytes from the network ---------------------------------------------------------------- */

/* Says of a byte that follows IAC what it is; a command that is whole with it is dealt with. */
static void take_command(struct subject *subject, uint8_t byte)
{
	struct taken *taken = &subject->taken;

	taken->command = byte;
	taken->at = TAKEN_DATA;
	taken->expects_synch |= fuzz_precedes_synch(byte) && subject->setup.role == NVT_SERVER;
	taken->expects_synch &= byte != C_DM && byte != C_IAC;
	if (byte == C_SB)
		taken->at = TAKEN_SB;
	else if (byte >= C_WILL && byte != C_IAC)
		taken->at = TAKEN_COMMAND;
	else if (byte == C_DM)
		taken->discarding = taken->cr = false;
}

/* Says what IAC and a byte are outside of a body; returns whether it may have an answer. */
static bool take_behind_iac(struct subject *subject, uint8_t byte)
{
	struct taken *taken = &subject->taken;

	if (byte == '\0' && subject->setup.role == NVT_SERVER) {
		taken->at = TAKEN_NO_COMMAND;
		return false;
	}
	if (byte == C_IAC && taken->expects_synch) {
		taken->at = TAKEN_DOUBLED;
		return false;
	}
	taken->expects_synch &= byte == '\0' || byte >= C_EOF;
	take_command(subject, byte);
	return taken->at == TAKEN_DATA && byte != C_IAC && byte >= C_EOF;
}

/* Behind IAC IAC: a command that has lost the data mark before it, or data. */
static bool take_doubled(struct subject *subject, uint8_t byte)
{
	struct taken *taken = &subject->taken;

	taken->expects_synch = false;
	if (fuzz_is_command(byte)) {
		taken->discarding = taken->cr = false;
		take_command(subject, byte);
		return taken->at == TAKEN_DATA;
	}
	taken->at = byte == C_IAC ? TAKEN_IAC : TAKEN_DATA;
	return false;
}

/* Moves the reader by a byte; returns whether the endpoint may send something for it. */
static bool take(struct subject *subject, uint8_t byte)
{
	struct taken *taken = &subject->taken;

	switch (taken->at) {
	case TAKEN_DATA:
		if (byte == C_IAC)
			taken->at = TAKEN_IAC;
		else
			taken->expects_synch = false;
		return false;
	case TAKEN_IAC:
		return take_behind_iac(subject, byte);
	case TAKEN_DOUBLED:
		return take_doubled(subject, byte);
	case TAKEN_NO_COMMAND:
		taken->at = TAKEN_DATA;
		return false;
	case TAKEN_COMMAND:
		taken->at = TAKEN_DATA;
		watch_received(&subject->watch, taken->command, byte);
		return true;
	case TAKEN_SB:
		taken->at = TAKEN_BODY;
		return false;
	case TAKEN_BODY:
		if (byte == C_IAC)
			taken->at = TAKEN_BODY_IAC;
		return false;
	case TAKEN_BODY_IAC:
		taken->at = byte == C_SE ? TAKEN_DATA : TAKEN_BODY;
		if (byte != C_SE && byte != C_IAC)
			take_command(subject, byte); /* which breaks the subnegotiation off */
		return byte != C_IAC;
	}
	abort();
}

/* What a piece of data has to show, of which a CR hides what only says what CR it is. */
static void check_shown(struct subject *subject, const char *bytes, size_t size)
{
	bool binary = watch_is_on(&subject->watch, false, O_BINARY);
	bool converted = watch_is_on(&subject->watch, false, O_CHARSET) ||
			 watch_is_on(&subject->watch, true, O_CHARSET);
	struct taken *taken = &subject->taken;
	size_t shown = 0;

	if (taken->discarding) {
		fuzz_require(subject->shown_size == 0, "data is shown before the data mark");
		return;
	}
	for (size_t i = 0; i < size; i++) {
		bool hidden = !binary && taken->cr &&
			      (bytes[i] == '\0' ||
			       (bytes[i] == '\n' && subject->setup.role == NVT_SERVER));

		taken->cr = !binary && bytes[i] == '\r';
		if (hidden)
			continue;
		fuzz_require(converted || (shown < subject->shown_size &&
					   subject->shown[shown] == bytes[i]),
			     "a byte of data is not shown as it is");
		shown++;
	}
	fuzz_require(converted || shown == subject->shown_size, "%zu bytes are shown for %zu",
		     subject->shown_size, shown);
}

static void give(struct subject *subject, const char *bytes, size_t size)
{
	size_t pauses = 0;
	int result;

	subject->answering = true;
	result = nvt_from_network(subject->nvt, bytes, size);
	while (!subject->faulted && nvt_is_holding(subject->nvt)) {
		fuzz_require(subject->setup.pauses, "bytes wait though nobody has paused");
		fuzz_require(pauses++ < size, "the owner pauses and pauses, and nothing is taken");
		result = nvt_continue(subject->nvt);
	}
	flush(subject);
	subject->answering = false;
	subject->received += size;
	fuzz_require(result == (subject->faulted ? -EPROTO : 0), "%d is returned", result);
	fuzz_require(subject->setup.role == NVT_CLIENT ||
			     subject->answered <=
				     NVT_ANSWER_FACTOR * subject->received + NVT_REQUEST_MAX,
		     "%zu bytes are sent for %zu", subject->answered, subject->received);
}

/* Whether a byte is a data mark whose IAC a relay has lost. */
static bool is_left_of_synch(const struct taken *taken, uint8_t byte)
{
	return taken->at == TAKEN_DATA && taken->expects_synch && byte == C_DM;
}

/*
 * Whether a piece is data: what is so in itself, and of one byte the second of two IACs, or what
 * cannot be a command.
 */
static bool is_data(const struct taken *taken, uint8_t byte)
{
	if (taken->at == TAKEN_IAC && byte == C_IAC)
		return !taken->expects_synch;
	if (taken->at == TAKEN_IAC)
		return byte != '\0' && byte < C_EOF;
	return taken->at == TAKEN_DATA && byte != C_IAC && !is_left_of_synch(taken, byte);
}

/* Gives a piece in which only the last byte can have an answer. */
static void give_watched(struct subject *subject, const char *bytes, size_t size)
{
	size_t sent = subject->sent;
	bool data = is_data(&subject->taken, (uint8_t)bytes[0]), may_answer = false;
	bool doubled = subject->taken.at == TAKEN_DOUBLED && !fuzz_is_command((uint8_t)bytes[0]);
	const char late[] = {(char)C_IAC, bytes[0]};

	for (size_t i = 0; i < size; i++)
		may_answer = take(subject, (uint8_t)bytes[i]);
	subject->shown_size = 0;
	give(subject, bytes, size);
	if (subject->faulted)
		return;
	fuzz_require(may_answer || subject->sent == sent, "an answer to what needs none");
	if (doubled)
		check_shown(subject, late, subject->taken.at == TAKEN_IAC ? 1 : 2);
	else if (data)
		check_shown(subject, bytes, size);
	else /* half a character is shown at the end of its set */
		fuzz_require(subject->setup.converts || subject->shown_size == 0,
			     "a command's bytes are shown");
	check_call(subject, subject->setup.reacts || subject->taken.command == C_AYT);
}

/* How many bytes are data alone, or a body's alone; or one. */
static size_t run_of(const struct subject *subject, const char *bytes, size_t size)
{
	size_t run = 0;

	if ((subject->taken.at != TAKEN_DATA && subject->taken.at != TAKEN_BODY) ||
	    is_left_of_synch(&subject->taken, (uint8_t)bytes[0]))
		return 1;
	while (run < size && run < RUN_MAX && (uint8_t)bytes[run] != C_IAC)
		run++;
	return run > 0 ? run : 1;
}

size_t subject_from_network(struct subject *subject, const char *bytes, size_t size)
{
	size_t taken = 0;

	if (!subject->setup.watched) {
		give(subject, bytes, size);
		return size;
	}
	while (taken < size && !subject->faulted && !nvt_is_inflating(subject->nvt)) {
		size_t run = run_of(subject, bytes + taken, size - taken);

		give_watched(subject, bytes + taken, run);
		taken += run;
	}
	if (nvt_is_inflating(subject->nvt) && !subject->faulted)
		return taken;
	give(subject, bytes + taken, size - taken); /* nothing, or what comes after a fault */
	return size;
}

/* --- the other calls ----------------------------------------------------------------------- */

void subject_open(struct subject *subject)
{
	if (subject->opened)
		return;
	subject->opened = true;
	nvt_open(subject->nvt);
	check_call(subject, false);
}

/* What the peer reads must be what was typed or printed, a client's newline as CR LF. */
static void check_decoded(struct subject *subject, const char *bytes, size_t size, bool cr)
{
	struct watch *watch = &subject->watch;
	bool newline = subject->setup.role == NVT_CLIENT && !watch_is_on(watch, true, O_BINARY);
	size_t at = 0;

	for (size_t i = 0; i < size; i++) {
		if (newline && bytes[i] == '\n' && !cr)
			fuzz_require(at < watch->decoded_size && watch->decoded[at++] == '\r',
				     "LF is not sent as CR LF");
		fuzz_require(at < watch->decoded_size && watch->decoded[at++] == bytes[i],
			     "the peer does not read what was sent");
		cr = bytes[i] == '\r';
	}
	fuzz_require(at == watch->decoded_size, "%zu bytes are read for %zu", watch->decoded_size,
		     at);
}

void subject_from_terminal(struct subject *subject, const char *bytes, size_t size)
{
	bool cr = subject->watch.sent == SENT_CR;

	nvt_from_terminal(subject->nvt, bytes, size);
	flush(subject);
	if (subject->setup.watched && !watch_is_on(&subject->watch, true, O_CHARSET) &&
	    !watch_is_on(&subject->watch, false, O_CHARSET))
		check_decoded(subject, bytes, size, cr);
	check_call(subject, true);
}

void subject_ask(struct subject *subject, bool local, uint8_t option, bool enable)
{
	if (subject->setup.watched)
		watch_asked(&subject->watch, local, option, enable);
	if (local)
		nvt_ask_local(subject->nvt, option, enable);
	else
		nvt_ask_remote(subject->nvt, option, enable);
	check_call(subject, false);
}

void subject_tick(struct subject *subject)
{
	size_t sent = subject->sent;

	nvt_tick(subject->nvt);
	fuzz_require(subject->settled || subject->faulted, "it does not settle");
	fuzz_require(subject->sent == sent, "something is sent for a tick");
}

void subject_urgent(struct subject *subject)
{
	nvt_urgent(subject->nvt);
	subject->taken.discarding = true;
	subject->taken.expects_synch = false;
}

void subject_finish(struct subject *subject)
{
	nvt_finish(subject->nvt);
	fuzz_require(!subject->setup.watched || subject->watch.sent == SENT_DATA ||
			     watch_is_on(&subject->watch, true, O_BINARY),
		     "the output ends in a CR");
	fuzz_require(!subject->inflating, "a compressed stream has no end");
	check_call(subject, false);
}

void subject_send_function(struct subject *subject, enum nvt_function function)
{
	nvt_send_function(subject->nvt, function);
	check_call(subject, false);
}

void subject_send_synch(struct subject *subject)
{
	nvt_send_synch(subject->nvt);
	check_call(subject, true); /* a NUL, for clients that lose a byte with it */
}

void subject_send_timing_mark(struct subject *subject)
{
	if (subject->timing_marks == 0)
		return;
	subject->timing_marks--;
	nvt_send_timing_mark(subject->nvt);
	check_call(subject, false);
}

void subject_send_window(struct subject *subject, unsigned short columns, unsigned short rows)
{
	nvt_send_window(subject->nvt, columns, rows);
	check_call(subject, false);
}

void subject_set_terminal(struct subject *subject, unsigned modes, unsigned function,
			  uint8_t character)
{
	struct nvt_terminal *terminal = &subject->terminal;
	bool *const flags[] = {&terminal->edit,	       &terminal->trap_signals,
			       &terminal->soft_tab,    &terminal->literal_echo,
			       &terminal->echo,	       &terminal->flow_control,
			       &terminal->restart_any, &terminal->keep_on_signal};
	size_t sent;

	for (size_t i = 0; i < LENGTH(flags); i++)
		*flags[i] = modes >> i & 1;
	if (function > 0)
		terminal->special[function % NVT_SPECIALS] = character;
	subject->watch.has_terminal |= !subject->faulted;
	nvt_set_terminal(subject->nvt, terminal);
	check_call(subject, false);
	sent = subject->sent;
	nvt_set_terminal(subject->nvt, terminal);
	fuzz_require(subject->sent == sent, "a terminal is told of twice");
}

void subject_ask_specials(struct subject *subject, bool defaults)
{
	if (defaults)
		nvt_ask_default_specials(subject->nvt);
	else
		nvt_ask_specials(subject->nvt);
	check_call(subject, false);
}

void subject_compare(const struct subject *one, const struct subject *other)
{
	fuzz_require(one->faulted == other->faulted, "whether it faults depends on the cuts");
	fuzz_require(one->sent_hash == other->sent_hash, "what is sent depends on the cuts");
	fuzz_require(one->event_hash == other->event_hash, "the events depend on the cuts");
}
