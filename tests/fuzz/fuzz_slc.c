/* SPDX-License-Identifier: ISC */
/*
 * The special characters of LINEMODE by themselves: lists of triplets for one machine, and two
 * machines that talk to each other. An input is a byte for the setup, what the ends support, and
 * then one operation after the other; what is missing at its end reads as 0.
 */
#include <stdbool.h>
#include <string.h>

#include "nvt/slc.h"
#include "tests/fuzz/fuzz.h"

#define LIST_MAX (64 * SLC_TRIPLET_SIZE)
#define OPERATIONS_MAX 16

/* Functions that one list names in a row. */
#define RUN 40

/* A list is given a second time in so many pieces. */
#define PIECES 3

/* Lists on their way in one direction; no more are begun than half of it. */
#define QUEUE_SIZE 32

/* Rounds, in each of which both ends hear all that is on its way, until they are silent. */
#define ROUNDS_MAX 6

/* Which settings somebody has brought up for a function: levels 1 and 2 of each character. */
struct offered {
	bool characters[256];
};

struct end {
	struct slc slc;
	struct offered offered[SLC_FUNCTIONS + 1];
	bool exported;
};

struct list {
	uint8_t bytes[SLC_ANSWER_MAX];
	size_t size;
};

struct queue {
	struct list lists[QUEUE_SIZE];
	size_t first;
	size_t count;
};

static struct {
	const uint8_t *at;
	const uint8_t *stop;
	struct end ends[2]; /* a server and a client */
	struct queue queues[2]; /* to each */
	bool foreign; /* somebody else has spoken, too */
	bool rigid; /* the client cannot change all of its characters */
} world;

static uint8_t next(void)
{
	return world.at < world.stop ? *world.at++ : 0;
}

static bool is_none(uint8_t character)
{
	return character == 0 || character == UINT8_MAX;
}

/* --- one list ------------------------------------------------------------------------------ */

/* What of a list concerns an answer. */
struct heard {
	bool answerable; /* a triplet of its function without SLC_ACK */
	bool all; /* a question for all, whatever its flags */
	bool same; /* a triplet of its level and character */
};

static struct heard hear(const uint8_t *list, size_t size, const uint8_t *answer)
{
	struct heard heard = {false, false, false};

	for (; size >= SLC_TRIPLET_SIZE; list += SLC_TRIPLET_SIZE, size -= SLC_TRIPLET_SIZE) {
		heard.all |= list[0] == 0 && answer[0] <= SLC_FUNCTIONS;
		if (list[0] != answer[0])
			continue;
		heard.answerable |= !(list[1] & SLC_ACK);
		heard.same |= ((list[1] ^ answer[1]) & SLC_LEVEL) == 0 && list[2] == answer[2];
	}
	return heard;
}

static void check_triplet(const struct end *end, const uint8_t *triplet, const uint8_t *list,
			  size_t size)
{
	uint8_t function = triplet[0], flags = triplet[1], character = triplet[2];
	struct heard heard = hear(list, size, triplet);

	fuzz_require(heard.answerable || (heard.all && !end->slc.is_client),
		     "function %u is answered, which nobody asked about", function);
	fuzz_require((flags & ~SLC_FLAGS) == 0, "flags %#x are sent", flags);
	fuzz_require(!(flags & SLC_ACK) || heard.same, "what was not said is acknowledged");
	fuzz_require((flags & SLC_LEVEL) != SLC_DEFAULT, "the default is asked back for");
	fuzz_require(function <= SLC_FUNCTIONS || (flags == SLC_NOSUPPORT && character == 0),
		     "function %u is supported", function);
}

static void check_answer(const struct end *end, const struct list *answer, const uint8_t *list,
			 size_t size)
{
	unsigned last = 0;

	fuzz_require(answer->size <= SLC_ANSWER_MAX && answer->size % SLC_TRIPLET_SIZE == 0,
		     "an answer of %zu bytes", answer->size);
	for (size_t i = 0; i < answer->size; i += SLC_TRIPLET_SIZE) {
		fuzz_require(answer->bytes[i] > last, "function %u is answered behind %u",
			     answer->bytes[i], last);
		last = answer->bytes[i];
		check_triplet(end, answer->bytes + i, list, size);
	}
}

static void offer(struct end *end, const uint8_t *list, size_t size)
{
	for (size_t i = 0; i + SLC_TRIPLET_SIZE <= size; i += SLC_TRIPLET_SIZE)
		if (list[i] <= SLC_FUNCTIONS)
			end->offered[list[i]].characters[list[i + 2]] = true;
}

/* What has been agreed on is what one of the ends has brought up, and the terminal has the same. */
static void check_tables(const struct end *end)
{
	for (unsigned function = 1; function <= SLC_FUNCTIONS; function++) {
		const struct slc *slc = &end->slc;
		struct slc_setting agreed = slc->agreed[function], own = slc->own[function];
		unsigned level = agreed.flags & SLC_LEVEL;

		fuzz_require((agreed.flags & ~SLC_FLAGS) == 0 && !(agreed.flags & SLC_ACK),
			     "flags %#x are agreed on", agreed.flags);
		fuzz_require(level != SLC_DEFAULT || end->exported, "a default is agreed on");
		fuzz_require(level == SLC_NOSUPPORT || level == SLC_DEFAULT ||
				     end->offered[function].characters[agreed.character],
			     "function %u: character %u is agreed on, which nobody has offered",
			     function, agreed.character);
		fuzz_require(level == SLC_NOSUPPORT || (own.flags & SLC_LEVEL) != SLC_NOSUPPORT,
			     "function %u is agreed on", function);
		fuzz_require(slc->character[function] != UINT8_MAX, "character 255 is in effect");
		fuzz_require((own.flags & SLC_LEVEL) != SLC_VALUE || level == SLC_NOSUPPORT ||
				     slc->character[function] == agreed.character,
			     "function %u: the terminal has %u, and %u is agreed on", function,
			     slc->character[function], agreed.character);
	}
}

/* The same list in pieces must come to the same in the end. */
static void check_pieces(struct slc slc, const struct slc *whole, const struct list *answer,
			 const uint8_t *list, size_t size)
{
	static uint8_t last[256][SLC_TRIPLET_SIZE];
	bool due[256] = {false}, changed = false;
	uint8_t piece[SLC_ANSWER_MAX];
	size_t at = 0, part = (size / PIECES / SLC_TRIPLET_SIZE + 1) * SLC_TRIPLET_SIZE;

	for (; size > 0; size -= part, list += part) {
		size_t said;

		part = part < size ? part : size;
		said = slc_receive(&slc, list, part, piece, &changed);
		for (size_t i = 0; i < said; i += SLC_TRIPLET_SIZE) {
			due[piece[i]] = true;
			memcpy(last[piece[i]], piece + i, SLC_TRIPLET_SIZE);
		}
	}
	fuzz_require(memcmp(&slc, whole, sizeof(slc)) == 0, "the tables depend on the pieces");
	for (unsigned function = 0; function < 256; function++) {
		if (!due[function])
			continue;
		fuzz_require(at < answer->size && memcmp(answer->bytes + at, last[function],
							 SLC_TRIPLET_SIZE) == 0,
			     "function %u: the answer depends on the pieces", function);
		at += SLC_TRIPLET_SIZE;
	}
	fuzz_require(at == answer->size, "an answer more than the pieces have");
}

static void receive(struct end *end, const uint8_t *list, size_t size, struct list *answer)
{
	struct slc before = end->slc;
	bool changed = false;

	offer(end, list, size);
	answer->size = slc_receive(&end->slc, list, size, answer->bytes, &changed);
	check_answer(end, answer, list, size);
	check_tables(end);
	fuzz_require(memcmp(before.own, end->slc.own, sizeof(before.own)) == 0,
		     "what is supported has changed");
	fuzz_require(changed || memcmp(before.character, end->slc.character,
				       sizeof(before.character)) == 0,
		     "a character has changed, and nobody is told");
	check_pieces(before, &end->slc, answer, list, size);
}

/* --- two ends ------------------------------------------------------------------------------ */

static void send(unsigned to, const struct list *list)
{
	struct queue *queue = &world.queues[to];

	if (list->size == 0)
		return;
	fuzz_require(queue->count < QUEUE_SIZE, "there are more answers than questions");
	queue->lists[(queue->first + queue->count++) % QUEUE_SIZE] = *list;
}

static bool may_send(unsigned to)
{
	return world.queues[0].count + world.queues[1].count < QUEUE_SIZE / 2 &&
	       world.queues[to].count < QUEUE_SIZE / 2;
}

static void deliver(unsigned to)
{
	struct queue *queue = &world.queues[to];
	const struct list *list = &queue->lists[queue->first];
	struct list answer;

	if (queue->count == 0)
		return;
	queue->first = (queue->first + 1) % QUEUE_SIZE;
	queue->count--;
	receive(&world.ends[to], list->bytes, list->size, &answer);
	send(!to, &answer);
}

static void deliver_all(void)
{
	unsigned round = 0;

	for (; world.queues[0].count + world.queues[1].count > 0; round++) {
		size_t counts[2] = {world.queues[0].count, world.queues[1].count};

		fuzz_require(round < ROUNDS_MAX, "they go on and on");
		for (unsigned to = 0; to < 2; to++)
			while (counts[to]-- > 0)
				deliver(to);
	}
}

/* --- operations ---------------------------------------------------------------------------- */

static unsigned next_function(void)
{
	uint8_t byte = next();

	return byte < 240 ? byte % (SLC_FUNCTIONS + 1) : byte;
}

static uint8_t next_flags(void)
{
	static const uint8_t usual[] = {
		SLC_NOSUPPORT,
		SLC_CANTCHANGE,
		SLC_VALUE,
		SLC_DEFAULT,
		SLC_NOSUPPORT | SLC_ACK,
		SLC_CANTCHANGE | SLC_ACK,
		SLC_VALUE | SLC_ACK,
		SLC_DEFAULT | SLC_ACK,
		SLC_VALUE | SLC_FLUSHIN | SLC_FLUSHOUT,
	};
	uint8_t byte = next();

	return byte < 128 ? usual[byte % LENGTH(usual)] : (uint8_t)~next();
}

/* Any list, from nobody in particular: how many triplets, and a rest. */
static void hear_list(unsigned to)
{
	uint8_t bytes[LIST_MAX + 2], count = next();
	struct list answer;
	size_t size = 0;

	for (unsigned i = count % 16; i > 0; i--) {
		bytes[size++] = (uint8_t)next_function();
		bytes[size++] = next_flags();
		bytes[size++] = next();
	}
	for (unsigned i = count / 16 % 3; i > 0; i--)
		bytes[size++] = next();
	world.foreign = true;
	receive(&world.ends[to], bytes, size, &answer);
	if (may_send(!to))
		send(!to, &answer);
}

/* One after the other, from any: the last one first. */
static void hear_run(unsigned to)
{
	uint8_t bytes[RUN * SLC_TRIPLET_SIZE], first = next(), flags = next_flags();
	uint8_t character = next();
	struct list answer;

	for (unsigned i = 0; i < RUN; i++) {
		bytes[SLC_TRIPLET_SIZE * i] = (uint8_t)(first - i);
		bytes[SLC_TRIPLET_SIZE * i + 1] = flags;
		bytes[SLC_TRIPLET_SIZE * i + 2] = character;
	}
	world.foreign = true;
	receive(&world.ends[to], bytes, sizeof(bytes), &answer);
	if (may_send(!to))
		send(!to, &answer);
}

/* The terminal has other characters: how many, which, and what. */
static void change(unsigned of)
{
	struct end *end = &world.ends[of];
	uint8_t characters[SLC_FUNCTIONS + 1];
	struct list told;

	memcpy(characters, end->slc.character, sizeof(characters));
	for (unsigned i = next() % 4; i > 0; i--) {
		unsigned function = next_function() % (SLC_FUNCTIONS + 1);

		characters[function] = next();
		end->offered[function].characters[characters[function]] = true;
	}
	if (!may_send(!of))
		return;
	told.size = slc_change(&end->slc, characters, told.bytes);
	fuzz_require(told.size <= SLC_FUNCTIONS * SLC_TRIPLET_SIZE, "%zu bytes tell of a change",
		     told.size);
	check_tables(end);
	offer(&world.ends[!of], told.bytes, told.size);
	send(!of, &told);
	fuzz_require(slc_change(&end->slc, characters, told.bytes) == 0, "a change is told twice");
}

static void list(unsigned of)
{
	struct list told;

	told.size = slc_list(&world.ends[of].slc, told.bytes);
	fuzz_require(told.size <= SLC_FUNCTIONS * SLC_TRIPLET_SIZE, "a list of %zu bytes",
		     told.size);
}

/* A client's question for all: the defaults, or what is in effect. */
static void ask_all(unsigned of)
{
	struct list question = {{0, next() % 2 ? SLC_DEFAULT : SLC_VALUE, 0}, SLC_TRIPLET_SIZE};

	if (may_send(0) && of == 1)
		send(0, &question);
}

/* LINEMODE begins anew at both ends; a client tells what it has. */
static void begin_anew(unsigned of)
{
	struct end *client = &world.ends[1];
	struct list told;

	(void)of;
	for (unsigned i = 0; i < 2; i++) {
		slc_reset(&world.ends[i].slc);
		world.queues[i].count = 0;
		check_tables(&world.ends[i]);
	}
	world.foreign = false;
	if (next() % 2)
		return;
	client->exported = true;
	told.size = slc_export(&client->slc, told.bytes);
	check_tables(client);
	send(0, &told);
}

static void (*const operations[])(unsigned) = {
	hear_list, hear_run, change, list, ask_all, begin_anew, deliver, change,
};

/* ------------------------------------------------------------------------------------------- */

/* How an end supports a function. A character that is none is in effect nowhere. */
static void support(struct end *end, unsigned function, uint8_t flags, uint8_t character)
{
	struct slc *slc = &end->slc;

	slc->own[function] = (struct slc_setting){flags & (SLC_FLAGS & ~SLC_ACK), character};
	slc->character[function] =
		(flags & SLC_LEVEL) == SLC_VALUE && !is_none(character) ? character : 0;
	end->offered[function].characters[character] = true;
	end->offered[function].characters[slc->character[function]] = true;
}

/* A client can change all; a server has what the input says: how many; which, flags, character. */
static void begin(void)
{
	uint8_t count = next();

	memset(world.ends, 0, sizeof(world.ends));
	world.ends[1].slc.is_client = true;
	world.foreign = world.rigid = false;
	for (unsigned i = 0; i < 2; i++)
		world.queues[i].first = world.queues[i].count = 0;
	for (unsigned function = 1; function <= SLC_FUNCTIONS; function++) {
		support(&world.ends[0], function, SLC_VALUE, (uint8_t)function);
		support(&world.ends[1], function, SLC_VALUE, count & 0x80 ? 0x40 : 0);
	}
	for (unsigned i = count & 0x1f; i > 0; i--) {
		uint8_t function = next(), flags = next();
		bool of_client = count & 0x40 && function & 0x80;

		/* A client that cannot change all: it is sound, but need not come to agree. */
		world.rigid |= of_client && (flags & SLC_LEVEL) != SLC_VALUE;
		support(&world.ends[of_client], 1 + (function & 0x7fu) % SLC_FUNCTIONS, flags,
			next());
	}
}

/* Two ends that only they themselves have talked to agree now. */
static void check_agreement(void)
{
	for (unsigned function = 1; function <= SLC_FUNCTIONS; function++) {
		struct slc_setting server = world.ends[0].slc.agreed[function];
		struct slc_setting client = world.ends[1].slc.agreed[function];

		fuzz_require(((server.flags ^ client.flags) & SLC_LEVEL) == 0 &&
				     ((server.flags & SLC_LEVEL) == SLC_NOSUPPORT ||
				      server.character == client.character),
			     "function %u: a server has %#x %u, its client %#x %u", function,
			     server.flags, server.character, client.flags, client.character);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	world.at = data;
	world.stop = data + size;
	begin();
	for (int i = 0; i < OPERATIONS_MAX && world.at < world.stop; i++) {
		uint8_t byte = next();

		operations[byte % LENGTH(operations)](byte >> 7);
	}
	deliver_all();
	if (!world.foreign && !world.rigid)
		check_agreement();
	return 0;
}
