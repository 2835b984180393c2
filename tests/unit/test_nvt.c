/* SPDX-License-Identifier: ISC */
/*
 * A whole endpoint: when it has settled, what it takes for a fault, that it does not matter where a
 * stream is cut, how much it answers at most, and a server and a client of it talking together.
 */
#include "tests/unit/transcript.h"

#include <errno.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define ASK(option) IAC_SB option SEND IAC_SE
#define TELL(option, text) IAC_SB option IS text IAC_SE
#define WINDOW_80x24 IAC_SB NAWS "\0\120\0\030" IAC_SE

/* A random number below `bound`, the same ones in every run. */
static unsigned random_below(uint32_t *seed, unsigned bound)
{
	*seed = *seed * 1664525 + 1013904223;
	return (unsigned)((uint64_t)*seed * bound >> 32);
}

/* --- settled ------------------------------------------------------------------------------- */

struct text {
	const char *bytes;
	size_t size;
};

#define TEXT(literal)                                                                              \
	{                                                                                          \
		literal, sizeof(literal) - 1                                                       \
	}

/* A server's ten offers: agreed to, with what is told then, and refused. */
static const struct text answers[][2] = {
	{TEXT(IAC DO ECHO), TEXT(IAC DONT ECHO)},
	{TEXT(IAC DO SGA), TEXT(IAC DONT SGA)},
	{TEXT(IAC DO STATUS), TEXT(IAC DONT STATUS)},
	{TEXT(IAC WILL SGA), TEXT(IAC WONT SGA)},
	{TEXT(IAC WILL TTYPE TELL(TTYPE, "A") TELL(TTYPE, "A")), TEXT(IAC WONT TTYPE)},
	{TEXT(IAC WILL NAWS WINDOW_80x24), TEXT(IAC WONT NAWS)},
	{TEXT(IAC WILL TSPEED TELL(TSPEED, "1,2")), TEXT(IAC WONT TSPEED)},
	{TEXT(IAC WILL XDISPLOC TELL(XDISPLOC, "h:0")), TEXT(IAC WONT XDISPLOC)},
	{TEXT(IAC WILL NEW_ENVIRON TELL(NEW_ENVIRON, "")), TEXT(IAC WONT NEW_ENVIRON)},
	{TEXT(IAC WILL LFLOW), TEXT(IAC WONT LFLOW)},
};

#define ANSWERS COUNT(answers)

/* Whether the ninth of the offers is refused, upon which one more is made. */
static bool refuses_environment(unsigned refused)
{
	return refused >> 8 & 1;
}

static void a_server_settles_with_the_answer_to_the_last_of_its_offers(void **unused)
{
	(void)unused;
	for (unsigned refused = 0; refused < 1U << ANSWERS; refused++) {
		struct transcript *t = opened_server();

		for (size_t i = 0; i < ANSWERS; i++) {
			const struct text *answer = &answers[i][refused >> i & 1];

			assert_int_equal(t->settled_count, 0);
			receive_bytes(t, answer->bytes, answer->size);
		}
		assert_int_equal(t->settled_count, refuses_environment(refused) ? 0 : 1);
		receive(t, IAC WONT OLD_ENVIRON);
		assert_int_equal(t->settled_count, 1);
		nvt_tick(t->nvt);
		receive(t, IAC WONT TTYPE IAC WILL TTYPE IAC WONT TTYPE IAC DONT ECHO);
		assert_int_equal(t->settled_count, 1);
		end(t);
	}
}

/*
 * Peers answer in order, so what is unanswered when the last offer is answered will stay so. What
 * tells of the peer is waited for all the same.
 */
static void a_server_does_not_wait_for_answers_that_tell_nothing(void **unused)
{
	struct transcript *t = opened_server();

	(void)unused;
	receive(t, IAC DO ECHO IAC WILL NAWS WINDOW_80x24 IAC WONT TSPEED IAC WONT XDISPLOC IAC WONT
			   NEW_ENVIRON IAC WONT OLD_ENVIRON);
	assert_int_equal(t->settled_count, 0);
	receive(t, IAC WONT LFLOW);
	assert_int_equal(t->settled_count, 0);
	receive(t, IAC WONT TTYPE);
	assert_int_equal(t->settled_count, 1);
	end(t);
}

static void a_server_settles_but_once_in_whatever_order_it_is_answered(void **unused)
{
	uint32_t seed = 1;

	(void)unused;
	for (int round = 0; round < 2000; round++) {
		struct transcript *t = opened_server();
		size_t order[ANSWERS] = {0};

		for (size_t i = 0; i < ANSWERS; i++) {
			size_t swap = random_below(&seed, (unsigned)i + 1);

			order[i] = order[swap];
			order[swap] = i;
		}
		for (size_t i = 0; i < ANSWERS; i++) {
			const struct text *answer = &answers[order[i]][random_below(&seed, 2)];

			receive_bytes(t, answer->bytes, answer->size);
			assert_true(t->settled_count <= 1);
		}
		receive(t, IAC WONT OLD_ENVIRON);
		assert_int_equal(t->settled_count, 1);
		end(t);
	}
}

static void a_server_waits_for_each_subnegotiation_that_it_asked_for(void **unused)
{
	struct transcript *t = opened_server();

	(void)unused;
	receive(t, AGREE_TO_LOCAL IAC WILL SGA IAC WILL TTYPE IAC WILL NAWS IAC WILL TSPEED IAC WILL
			   XDISPLOC IAC WILL NEW_ENVIRON IAC WILL LFLOW);
	receive(t, TELL(TSPEED, "1,2"));
	receive(t, TELL(XDISPLOC, "h:0"));
	receive(t, TELL(NEW_ENVIRON, ""));
	receive(t, TELL(TTYPE, "A"));
	receive(t, WINDOW_80x24);
	assert_int_equal(t->settled_count, 0);
	receive(t, TELL(TTYPE, "B"));
	assert_int_equal(t->settled_count, 0);
	receive(t, TELL(TTYPE, "B"));
	assert_int_equal(t->settled_count, 1);
	end(t);
}

static void a_server_settles_when_everything_is_refused(void **unused)
{
	struct transcript *t = opened_server();

	(void)unused;
	receive(t, REFUSE_ALL);
	assert_events(t, "");
	receive(t, IAC WONT OLD_ENVIRON);
	assert_events(t, "settled\n");
	end(t);
}

static void a_server_settles_when_what_it_waits_for_is_withdrawn(void **unused)
{
	struct transcript *t = opened_server();

	(void)unused;
	receive(t, REFUSE_LOCAL IAC WONT SGA IAC WILL TTYPE IAC WONT NAWS IAC WONT TSPEED IAC WONT
			   XDISPLOC IAC WONT NEW_ENVIRON IAC WONT LFLOW IAC WONT OLD_ENVIRON TELL(
				   TTYPE, "A"));
	assert_events(t, "");
	receive(t, IAC WONT TTYPE);
	assert_events(t, "settled\n");
	end(t);
}

static void a_bad_answer_is_an_answer(void **unused)
{
	struct transcript *t = opened_server();

	(void)unused;
	receive(t, REFUSE_LOCAL IAC WONT SGA IAC WONT TTYPE IAC WONT NAWS IAC WILL TSPEED IAC WILL
			   XDISPLOC IAC WILL NEW_ENVIRON IAC WONT LFLOW);
	receive(t, TELL(TSPEED, "fast") TELL(XDISPLOC, "\n"));
	assert_events(t, "");
	receive(t, TELL(NEW_ENVIRON, "x"));
	assert_events(t, "settled\n");
	end(t);
}

static void a_mute_peer_is_waited_for_until_the_tick(void **unused)
{
	struct transcript *t = opened_server();

	(void)unused;
	receive(t, "HELO\r\n");
	assert_events(t, "data HELO\\r\n");
	assert_false(nvt_peer(t->nvt)->answered);
	nvt_tick(t->nvt);
	nvt_tick(t->nvt);
	assert_events(t, "settled\n");
	assert_sent(t, "");
	end(t);
}

static void late_answers_count_but_do_not_settle_again(void **unused)
{
	struct transcript *t = opened_server();

	(void)unused;
	receive(t, IAC WILL TTYPE TELL(TTYPE, "A"));
	nvt_tick(t->nvt);
	assert_events(t, "settled\n");
	receive(t, REFUSE_LOCAL IAC WONT SGA IAC WILL NAWS WINDOW_80x24 IAC WONT TSPEED IAC WONT
			   XDISPLOC IAC WONT NEW_ENVIRON IAC WONT OLD_ENVIRON IAC WONT LFLOW TELL(
				   TTYPE, "A"));
	assert_events(t, "window 80x24\n");
	assert_true(nvt_peer(t->nvt)->answered);
	end(t);
}

static void check_answers_by(const char *command, size_t size)
{
	struct transcript *t = opened_server();

	receive(t, "no command\r\n" IAC IAC);
	assert_false(nvt_peer(t->nvt)->answered);
	receive_bytes(t, command, size);
	assert_true(nvt_peer(t->nvt)->answered);
	end(t);
}

static void a_peer_has_answered_once_a_command_has_come(void **unused)
{
	(void)unused;
	check_answers_by(IAC NOP, 2);
	check_answers_by(IAC WONT TTYPE, 3);
	check_answers_by(IAC DONT ECHO, 3);
	check_answers_by(IAC_SB TTYPE SEND IAC_SE, 6);
}

static void an_owner_may_want_no_event_but_bytes(void **unused)
{
	struct transcript *t = new_server();

	(void)unused;
	t->calls = (struct nvt_events){.to_network = on_network, .to_terminal = on_terminal};
	nvt_open(t->nvt);
	receive(t, AGREE_TO_LOCAL IAC WILL NAWS WINDOW_80x24 IAC IP IAC DO TIMING_MARK IAC DO LOGOUT
		"a");
	nvt_tick(t->nvt);
	assert_events(t, "data a\n");
	assert_int_equal(nvt_from_network(t->nvt, IAC_SB COMPRESS2 IAC_SE "b", 6), -EPROTO);
	assert_events(t, "");
	end(t);
}

static void freeing_nothing_is_no_error(void **unused)
{
	(void)unused;
	nvt_free(NULL);
}

/* --- streams, cut anywhere ----------------------------------------------------------------- */

#define ZLIB_STREAM                                                                                \
	"\170\332\053\050\317\113\115\341\345\372\377\227\355\377\067\107\072\000\000\216\045\037" \
	"\221" /* "pwned\r\n" IAC DO TIMING_MARK IAC AYT and 100 times "A" */

#define EIGHT(text) text text text text text text text text
#define MALFORMED IAC_SB STATUS IAC_SE

static const struct text streams[] = {
	TEXT(OPENING_OFFERS),
	TEXT(AGREE_TO_LOCAL IAC WILL SGA IAC WILL LFLOW IAC WILL TTYPE IAC WILL NAWS IAC WILL TSPEED
		     IAC WILL XDISPLOC IAC WILL NEW_ENVIRON TELL(TTYPE, "MUDLET") TELL(
			     TTYPE, "XTERM") TELL(TTYPE, "MTTS 137") TELL(TTYPE, "MTTS 137")
			     WINDOW_80x24 TELL(TSPEED, "38400,38400") TELL(XDISPLOC, "h:0")
				     TELL(NEW_ENVIRON, VAR "LANG" VALUE "C" USERVAR "A" ESC VALUE
							   "B" VALUE IAC IAC "\r\n") "login\r\n"),
	TEXT(REFUSE_ALL IAC WILL OLD_ENVIRON TELL(OLD_ENVIRON, VALUE "A" VAR "B") "x\r\0y"),
	TEXT("a\r\nb\r\0c\rd\ne\r" IAC IAC "\n" IAC NOP "\r" IAC NOP "\n\r"),
	TEXT("a\r" IAC WILL BINARY "\n\r\0\r" IAC WONT BINARY "\n" IAC DO BINARY IAC DONT BINARY),
	TEXT(IAC IP IAC AO IAC AYT IAC EC IAC EL IAC BRK IAC XEOF IAC SUSP IAC ABORT IAC GA IAC NOP
		     IAC DM IAC EOR IAC SE IAC "a" IAC "\0"
					       "b"),
	TEXT("a" IAC IP "b\r" IAC AYT "\n" IAC DM "c\r\n" IAC DO TIMING_MARK "d" IAC DM "e"),
	TEXT(IAC DO TIMING_MARK IAC WILL TIMING_MARK IAC DO LOGOUT IAC DO IAC IAC WILL IAC IAC DONT
		     IAC IAC WONT IAC IAC DO SB IAC DO SE "x"),
	TEXT(IAC DO STATUS ASK(STATUS) IAC DONT STATUS ASK(STATUS) TELL(STATUS, WILL ECHO)),
	TEXT(IAC WILL NAWS IAC_SB NAWS IAC IAC IAC IAC "\0" IAC IAC IAC_SE IAC_SB NAWS "\0" IAC_SE),
	TEXT(IAC_SB IAC_SE "a" IAC_SE "b" IAC_SB "a" IAC IAC IAC_SE "c" IAC_SB IAC IAC IAC_SE "d"),
	TEXT(IAC_SB ZMP "x\0" IAC_SE IAC_SB ZMP "x" IAC_SE IAC_SB MSSP
			"\001A\002B" IAC_SE IAC_SB MSSP "x" IAC_SE IAC_SB MSSP
			"\001\001\002\002" IAC_SE IAC_SB ZMP IAC_SE "y"),
	/* A command where a subnegotiation should have ended. */
	TEXT(IAC WILL TTYPE IAC_SB TTYPE IS "XTERM" IAC DO ECHO "a" IAC_SB TTYPE IS IAC NOP
					    "b" IAC_SB TTYPE IS "A" IAC SB TTYPE IS "B" IAC_SE "c"),
	/* Faults. */
	TEXT("a\r" IAC_SB COMPRESS2 IAC_SE ZLIB_STREAM "b"),
	TEXT("a" IAC_SB COMPRESS2 IAC NOP "b"),
	TEXT("a" IAC_SB COMPRESS2 IAC "x" ZLIB_STREAM),
	TEXT("a" IAC_SB COMPRESS2 IAC DO TIMING_MARK "b"),
	TEXT("a" IAC_SB COMPRESS2 IAC SB TTYPE "x" IAC_SE "b"),
	TEXT("a" IAC_SB COMPRESS2 "xyz" IAC IAC IAC_SE ZLIB_STREAM),
	TEXT("a" IAC_SB COMPRESS IAC_SE "b" IAC AYT),
	TEXT("a" IAC_SB COMPRESS3 IAC_SE "b" IAC AYT),
	TEXT(IAC DO IAC IAC_SB COMPRESS2 IAC_SE ZLIB_STREAM),
	TEXT("x" IAC IAC IAC_SB COMPRESS2 IAC_SE ZLIB_STREAM),
	TEXT(EIGHT(MALFORMED) EIGHT(MALFORMED) "a" MALFORMED "b" IAC AYT IAC DO TIMING_MARK),
	TEXT(EIGHT(IAC_SB NAWS IAC DO ECHO) EIGHT(IAC_SB NAWS IAC DO ECHO)
		     IAC_SB NAWS IAC DO TIMING_MARK "b"),
};

/* What a stream did to an endpoint, all of it. */
static struct transcript *run(enum nvt_role role, const struct text *stream, size_t cut, bool synch)
{
	struct transcript *t = new_endpoint(role, NULL);

	nvt_open(t->nvt);
	if (synch)
		nvt_urgent(t->nvt);
	for (size_t at = 0, piece; at < stream->size; at += piece) {
		piece = cut == 0 ? 1 : at < cut ? cut - at : stream->size - at;
		receive_bytes(t, stream->bytes + at, piece);
	}
	end_data(t);
	return t;
}

static void assert_same_peer(const struct nvt_peer *one, const struct nvt_peer *other)
{
	assert_int_equal(one->answered, other->answered);
	assert_string_equal(one->terminal_type, other->terminal_type);
	assert_int_equal(one->mtts, other->mtts);
	assert_int_equal(one->columns, other->columns);
	assert_int_equal(one->rows, other->rows);
	assert_int_equal(one->transmit_speed, other->transmit_speed);
	assert_int_equal(one->receive_speed, other->receive_speed);
	assert_string_equal(one->display, other->display);
	assert_int_equal(one->variable_count, other->variable_count);
	for (size_t i = 0; i < one->variable_count; i++) {
		assert_string_equal(one->variables[i].name, other->variables[i].name);
		assert_string_equal(one->variables[i].value, other->variables[i].value);
	}
}

static void assert_same(const struct transcript *one, const struct transcript *other)
{
	assert_string_equal(one->events.at, other->events.at);
	assert_int_equal(one->sent.size, other->sent.size);
	assert_memory_equal(one->sent.at, other->sent.at, one->sent.size);
	assert_int_equal(one->data.size, other->data.size);
	assert_memory_equal(one->data.at, other->data.at, one->data.size);
	assert_same_peer(nvt_peer(one->nvt), nvt_peer(other->nvt));
}

static void check_cut(const struct transcript *whole, enum nvt_role role, const struct text *stream,
		      size_t cut, bool synch)
{
	struct transcript *t = run(role, stream, cut, synch);

	assert_same(t, whole);
	end(t);
}

static void it_does_not_matter_where_a_stream_is_cut(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < COUNT(streams) * 4; i++) {
		const struct text *stream = &streams[i / 4];
		enum nvt_role role = i & 1 ? NVT_CLIENT : NVT_SERVER;
		struct transcript *whole = run(role, stream, stream->size, i & 2);

		for (size_t cut = 0; cut < stream->size; cut++)
			check_cut(whole, role, stream, cut, i & 2);
		end(whole);
	}
}

/* --- faults -------------------------------------------------------------------------------- */

/* Whatever comes and is asked for after a fault, nothing happens and nothing is sent. */
static void assert_dead(struct transcript *t)
{
	struct nvt_peer before = *nvt_peer(t->nvt);

	assert_int_equal(t->fault_count, 1);
	forget(t);
	for (size_t i = 0; i < COUNT(streams); i++)
		assert_int_equal(receive_bytes(t, streams[i].bytes, streams[i].size), -EPROTO);
	assert_int_equal(receive(t, ""), -EPROTO);
	nvt_urgent(t->nvt);
	nvt_tick(t->nvt);
	assert_sent(t, "");
	assert_events(t, "");
	assert_same_peer(nvt_peer(t->nvt), &before);
}

/*
 * In place of zlib's, which libtelnet would call. Its output could do no harm behind a fault, but a
 * few bytes of input make it work for seconds.
 */
int inflate(void *stream, int flush);
int inflate(void *stream, int flush)
{
	(void)stream;
	(void)flush;
	fail_msg("bytes were decompressed");
	return 0;
}

static void every_kind_of_compression_is_a_fault(void **unused)
{
	static const struct text kinds[] = {
		TEXT("a" IAC_SB COMPRESS IAC_SE "b"),
		TEXT("a" IAC_SB COMPRESS2 IAC_SE "b"),
		TEXT("a" IAC_SB COMPRESS3 IAC_SE "b"),
		TEXT("a" IAC_SB COMPRESS2 "body" IAC_SE "b"),
	};

	(void)unused;
	for (size_t i = 0; i < 2 * COUNT(kinds); i++) {
		struct transcript *t = new_endpoint(i & 1 ? NVT_CLIENT : NVT_SERVER, NULL);

		receive_bytes(t, kinds[i / 2].bytes, kinds[i / 2].size);
		assert_events(t, "data a\nfault compression\n");
		assert_dead(t);
		end(t);
	}
}

static void compression_that_nobody_asked_for_is_a_fault(void **unused)
{
	struct transcript *t = opened_server();

	(void)unused;
	assert_int_equal(receive(t, "a" IAC_SB COMPRESS2 IAC_SE ZLIB_STREAM IAC AYT), -EPROTO);
	assert_sent(t, "");
	assert_events(t, "data a\nfault compression\n");
	receive(t, ZLIB_STREAM);
	assert_dead(t);
	end(t);
}

static void compression_is_a_fault_whatever_command_ends_its_subnegotiation(void **unused)
{
	(void)unused;
	for (int byte = 0; byte < 255; byte++) {
		struct transcript *t = plain_server();
		char stream[] = {'a', IAC[0], SB[0], COMPRESS2[0], IAC[0], (char)byte};

		receive_bytes(t, stream, sizeof(stream));
		receive(t, ZLIB_STREAM IAC AYT);
		assert_sent(t, "");
		if (byte == (unsigned char)SE[0] || t->fault_count > 0)
			assert_events(t, "data a\nfault compression\n");
		else
			fail_msg("IAC SB COMPRESS2 IAC %d is no fault", byte);
		end(t);
	}
}

static void agreeing_to_compress_does_not_make_the_peers_compression_asked_for(void **unused)
{
	struct transcript *t = plain_server();

	(void)unused;
	receive(t, IAC WILL COMPRESS2 IAC DO COMPRESS2);
	assert_sent(t, IAC DONT COMPRESS2 IAC WILL COMPRESS2 IAC_SB COMPRESS2 IAC_SE);
	receive(t, IAC_SB COMPRESS2 IAC_SE ZLIB_STREAM);
	assert_events(t, "fault compression\n");
	assert_dead(t);
	end(t);
}

/* An endless subnegotiation, whose bytes, were they taken for data, would be typed. */
static struct bytes endless(const char *begin, size_t begin_size, const char *unit,
			    size_t unit_size)
{
	struct bytes stream = {NULL, 0, 0};

	add(&stream, begin, begin_size);
	while (stream.size < 40000)
		add(&stream, unit, unit_size);
	add(&stream, IAC_SE "typed\r" IAC AYT, 10);
	return stream;
}

static void check_endless(const struct bytes *bytes, size_t cut, const char *before)
{
	const struct text stream = {bytes->at, bytes->size};
	struct transcript *t = run(NVT_SERVER, &stream, cut, false);

	assert_string_equal(t->events.at, before);
	check_sent(t, OPENING_OFFERS, sizeof(OPENING_OFFERS) - 1, __FILE__, __LINE__);
	end(t);
}

#define ENDLESS(begin, unit) endless(begin, sizeof(begin) - 1, unit, sizeof(unit) - 1)

static void not_one_byte_of_a_subnegotiation_without_end_reaches_the_terminal(void **unused)
{
	struct bytes all[] = {
		ENDLESS("a" IAC_SB TTYPE IS, "x"),
		ENDLESS("a" IAC_SB NAWS, "\r"),
		ENDLESS("a" IAC_SB STATUS, IAC IAC),
		ENDLESS("a" IAC_SB NEW_ENVIRON IS, VAR "A" VALUE "B"),
		ENDLESS("a" IAC_SB "\310", "rm -rf /\r"),
		ENDLESS("a" IAC_SB COMPRESS2, "x"),
		ENDLESS("a" IAC_SB IAC, "x"),
	};

	(void)unused;
	for (size_t i = 0; i < COUNT(all); i++) {
		size_t size = all[i].size;

		check_endless(&all[i], 0, "data a\nfault subnegotiation\n");
		for (size_t cut = 1; cut < size; cut += cut < 16 || cut > size - 16 ? 1 : 257)
			check_endless(&all[i], cut, "data a\nfault subnegotiation\n");
		free(all[i].at);
	}
}

static void a_subnegotiation_is_cut_off_at_its_bound_wherever_it_is_cut(void **unused)
{
	struct bytes stream = ENDLESS("a" IAC_SB TTYPE IS, "x");

	(void)unused;
	for (size_t cut = 16384 - 8; cut < 16384 + 16; cut++)
		check_endless(&stream, cut, "data a\nfault subnegotiation\n");
	free(stream.at);
}

static void an_endless_subnegotiation_has_no_effect_afterwards_either(void **unused)
{
	struct bytes stream = ENDLESS(IAC_SB TTYPE IS, "x");
	struct transcript *t = opened_server();

	(void)unused;
	assert_int_equal(receive_bytes(t, stream.at, stream.size), -EPROTO);
	assert_dead(t);
	free(stream.at);
	end(t);
}

static void too_many_malformed_bodies_are_a_fault(void **unused)
{
	struct transcript *t = opened_server();

	(void)unused;
	receive(t, EIGHT(MALFORMED) EIGHT(MALFORMED) "a");
	assert_events(t, "data a\n");
	assert_int_equal(receive(t, MALFORMED "b"), -EPROTO);
	assert_events(t, "fault malformed\n");
	assert_dead(t);
	end(t);
}

static void subnegotiations_that_do_not_end_are_malformed(void **unused)
{
	struct transcript *t = plain_server();

	(void)unused;
	receive(t, EIGHT(IAC_SB NAWS "x" IAC NOP) EIGHT(IAC_SB NAWS "x" IAC NOP) "a");
	assert_events(t, "data a\n");
	receive(t, IAC_SB NAWS "x" IAC DO TIMING_MARK);
	assert_events(t, "fault malformed\n");
	assert_sent(t, "");
	end(t);
}

static void bodies_of_unknown_options_are_passed_over(void **unused)
{
	struct transcript *t = plain_server();

	(void)unused;
	for (int i = 0; i < 100; i++)
		receive(t, IAC_SB "\310" IAC_SE IAC_SB "\310x" IAC_SE);
	receive(t, "a");
	assert_sent(t, "");
	assert_events(t, "data a\n");
	end(t);
}

static bool is_compression(int option)
{
	return option >= COMPRESS[0] && option <= COMPRESS3[0];
}

/* Versions of libtelnet read some options' bodies in ways of their own, and past their end. */
static void a_body_of_any_option_has_its_end_wherever_it_is_cut(void **unused)
{
	static const struct text bodies[] = {TEXT(""),
					     TEXT(WILL),
					     TEXT(WILL WILL "x"),
					     TEXT("x"),
					     TEXT("\001\001\002\002"),
					     TEXT(IS VAR "A" VALUE),
					     TEXT(IAC IAC),
					     TEXT(SEND "\003\002")};

	(void)unused;
	for (int i = 0; i < 256 * (int)COUNT(bodies); i++) {
		const struct text *body = &bodies[i / 256];
		const char head[] = {'a', IAC[0], SB[0], (char)i};
		struct bytes stream = {NULL, 0, 0};

		add(&stream, head, sizeof(head));
		add(&stream, body->bytes, body->size);
		add(&stream, IAC_SE "b", 3);
		for (size_t cut = 0; cut < stream.size; cut++) {
			struct transcript *t = plain_server();

			receive_bytes(t, stream.at, cut);
			receive_bytes(t, stream.at + cut, stream.size - cut);
			assert_events(t, is_compression(i % 256) ? "data a\nfault compression\n"
								 : "data ab\n");
			assert_sent(t, "");
			end(t);
		}
		free(stream.at);
	}
}

static void what_breaks_a_body_off_is_a_command_whatever_the_option(void **unused)
{
	(void)unused;
	for (int option = 0; option < 256; option++) {
		const char head[] = {IAC[0], SB[0], (char)option};
		struct transcript *t = plain_server();

		receive_bytes(t, head, sizeof(head));
		receive(t, IS VAR "LANG" VALUE "C" IAC IP "b" IAC DO TIMING_MARK);
		if (is_compression(option)) {
			assert_events(t, "fault compression\n");
		} else {
			assert_events(t, "function IP\ndata b\ntiming-mark\n");
			assert_sent(t, IAC WILL TIMING_MARK);
		}
		end(t);
	}
}

static void an_environment_that_is_broken_off_is_not_kept(void **unused)
{
	struct transcript *t = opened_server();

	(void)unused;
	receive(t, IAC WILL NEW_ENVIRON);
	receive(t, IAC_SB NEW_ENVIRON "\0\0LANG\1C" IAC NOP "\372" MSSP "a");
	assert_events(t, "data \\xfaFa\n");
	assert_int_equal(nvt_peer(t->nvt)->variable_count, 0);
	end(t);
}

/* At the sizes at which libtelnet's buffer grows. */
static void bodies_that_just_fit_are_read_to_their_end_and_not_past_it(void **unused)
{
	static const char options[] = {TTYPE[0],  NEW_ENVIRON[0], OLD_ENVIRON[0],
				       STATUS[0], (char)201,	  (char)200};
	static const size_t sizes[] = {511, 512, 513, 2047, 2048, 2049, 8192, 16383, 16384};
	static const char fill[] = {'x', '\0', '\001', '\002', '\003'};

	(void)unused;
	for (size_t i = 0; i < COUNT(options) * COUNT(sizes) * COUNT(fill); i++) {
		size_t size = sizes[i / COUNT(fill) % COUNT(sizes)];
		char option = options[i / COUNT(fill) / COUNT(sizes)];
		struct transcript *t = opened_server();
		char *stream = malloc(size + 5);

		assert_non_null(stream);
		receive(t, IAC WILL TTYPE IAC WILL NEW_ENVIRON IAC WILL OLD_ENVIRON);
		memset(stream, fill[i % COUNT(fill)], size + 5);
		memcpy(stream, IAC_SB, 2);
		stream[2] = option;
		stream[3] = '\0';
		memcpy(stream + 3 + size, IAC_SE, 2);
		receive_bytes(t, stream, size + 5);
		receive(t, "a");
		assert_events(t, "data a\n");
		free(stream);
		end(t);
	}
}

/* --- the bound of what is answered
 * ---------------------------------------------------------------- */

static const struct text greedy[] = {
	TEXT(IAC AYT),
	TEXT(ASK(STATUS)),
	TEXT(IAC DO TIMING_MARK),
	TEXT(IAC WILL TTYPE),
	TEXT(IAC WONT TTYPE),
	TEXT(TELL(TTYPE, "")),
	TEXT(TELL(TTYPE, "A")),
	TEXT(IAC WILL NEW_ENVIRON),
	TEXT(IAC WONT NEW_ENVIRON),
	TEXT(IAC WILL OLD_ENVIRON),
	TEXT(IAC WONT OLD_ENVIRON),
	TEXT(IAC WILL TSPEED),
	TEXT(IAC WONT TSPEED),
	TEXT(IAC WILL XDISPLOC),
	TEXT(IAC WONT XDISPLOC),
	TEXT(IAC WILL NAWS),
	TEXT(IAC WILL LFLOW),
	TEXT(IAC WILL SGA),
	TEXT(IAC DO SGA),
	TEXT(IAC DO STATUS),
	TEXT(IAC DO ECHO),
	TEXT(IAC DONT ECHO),
	TEXT(IAC WILL BINARY),
	TEXT(IAC WONT BINARY),
	TEXT(IAC DO BINARY),
	TEXT(IAC DONT BINARY),
	TEXT(IAC DO LOGOUT),
	TEXT(IAC WILL LOGOUT),
	TEXT(IAC WILL IAC),
	TEXT(IAC DO "\310"),
	TEXT(IAC AO),
	TEXT("\r"),
	TEXT(IAC IAC),
};

static void assert_bounded(const struct transcript *t, size_t sent_before)
{
	assert_true(t->sent_ever - sent_before <= NVT_ANSWER_FACTOR * t->received_ever);
}

static void a_server_answers_no_more_than_its_bound_to_one_question_again_and_again(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < COUNT(greedy) * COUNT(greedy); i++) {
		const struct text *one = &greedy[i / COUNT(greedy)];
		const struct text *other = &greedy[i % COUNT(greedy)];
		struct transcript *t = opened_server();
		size_t before = t->sent_ever;

		for (int k = 0; k < 20; k++) {
			receive_bytes(t, one->bytes, one->size);
			assert_bounded(t, before);
			receive_bytes(t, other->bytes, other->size);
			assert_bounded(t, before);
		}
		end(t);
	}
}

static void a_server_with_every_option_on_answers_no_more_than_its_bound(void **unused)
{
	struct transcript *t = opened_server();
	size_t before;

	(void)unused;
	receive(t, AGREE_TO_LOCAL IAC WILL SGA IAC WILL TTYPE IAC WILL NAWS IAC WILL TSPEED IAC WILL
			   XDISPLOC IAC WILL NEW_ENVIRON IAC WILL LFLOW IAC WILL OLD_ENVIRON IAC DO
				   BINARY IAC WILL BINARY);
	before = t->sent_ever;
	t->received_ever = 0;
	for (int i = 0; i < 1000; i++) {
		receive(t, ASK(STATUS));
		assert_bounded(t, before);
	}
	end(t);
}

static void a_server_answers_no_more_than_its_bound_to_a_random_stream(void **unused)
{
	uint32_t seed = 2;

	(void)unused;
	for (int round = 0; round < 500; round++) {
		struct transcript *t = opened_server();
		size_t before = t->sent_ever;

		for (int i = 0; i < 100; i++) {
			const struct text *piece =
				&greedy[random_below(&seed, (unsigned)COUNT(greedy))];

			receive_bytes(t, piece->bytes, piece->size);
			assert_bounded(t, before);
		}
		end(t);
	}
}

/* --- a server and a client ---------------------------------------------------------------- */

static char lang[] = "LANG", de[] = "de_DE.UTF-8";
static const struct nvt_variable variables[] = {{lang, de, false}};
static const char *const types[] = {"XTERM-256COLOR", "VT100", NULL};
static const struct nvt_self self = {
	.terminal_types = types,
	.display = "here:0",
	.variables = variables,
	.variable_count = COUNT(variables),
	.transmit_speed = 38400,
	.receive_speed = 19200,
	.columns = 80,
	.rows = 24,
};

static void carry(struct transcript *from, struct transcript *to, uint32_t *seed)
{
	size_t piece = from->sent.size, rest;
	char *copy;

	if (piece == 0)
		return;
	if (piece > 1)
		piece = 1 + random_below(seed, (unsigned)piece);
	copy = malloc(piece);
	assert_non_null(copy);
	memcpy(copy, from->sent.at, piece);
	rest = from->sent.size - piece;
	memmove(from->sent.at, from->sent.at + piece, rest);
	from->sent.size = rest;
	receive_bytes(to, copy, piece);
	free(copy);
}

/* Carries bytes both ways, in pieces of random sizes, until there are none. */
static void talk(struct transcript *server, struct transcript *client, uint32_t *seed)
{
	for (int i = 0; server->sent.size + client->sent.size > 0; i++) {
		assert_true(i < 1000000);
		if (random_below(seed, 2))
			carry(server, client, seed);
		else
			carry(client, server, seed);
	}
}

static void assert_told_all(const struct transcript *server)
{
	const struct nvt_peer *peer = nvt_peer(server->nvt);

	assert_string_equal(peer->terminal_type, "xterm-256color");
	assert_int_equal(peer->columns, 80);
	assert_int_equal(peer->rows, 24);
	assert_int_equal(peer->transmit_speed, 38400);
	assert_int_equal(peer->receive_speed, 19200);
	assert_string_equal(peer->display, "here:0");
	assert_int_equal(peer->variable_count, 1);
	assert_string_equal(peer->variables[0].name, "LANG");
	assert_string_equal(peer->variables[0].value, "de_DE.UTF-8");
}

/* A pair that has been opened and has settled. */
static void new_pair(struct transcript **server, struct transcript **client, uint32_t *seed)
{
	*server = new_server();
	*client = new_client(&self);
	nvt_open((*client)->nvt);
	nvt_open((*server)->nvt);
	talk(*server, *client, seed);
	assert_int_equal((*server)->settled_count, 1);
	assert_int_equal((*client)->settled_count, 1);
	assert_told_all(*server);
}

static void end_pair(struct transcript *server, struct transcript *client)
{
	assert_int_equal(server->fault_count + client->fault_count, 0);
	assert_int_equal(server->settled_count, 1);
	end(server);
	end(client);
}

static void a_server_and_a_client_settle_and_the_server_is_told_all(void **unused)
{
	uint32_t seed = 3;

	(void)unused;
	for (int round = 0; round < 200; round++) {
		struct transcript *server, *client;

		new_pair(&server, &client, &seed);
		assert_true(nvt_mode(server->nvt)->echo);
		assert_true(nvt_mode(client->nvt)->echo);
		assert_false(nvt_mode(server->nvt)->go_ahead);
		assert_false(nvt_mode(client->nvt)->go_ahead);
		end_pair(server, client);
	}
}

static void a_new_window_size_arrives(void **unused)
{
	struct transcript *server, *client;
	uint32_t seed = 4;

	(void)unused;
	new_pair(&server, &client, &seed);
	forget(server);
	for (unsigned size = 0; size < 65536; size += 255)
		nvt_send_window(client->nvt, (unsigned short)size, (unsigned short)(size + 1));
	nvt_send_window(client->nvt, 132, 43);
	talk(server, client, &seed);
	assert_int_equal(nvt_peer(server->nvt)->columns, 132);
	assert_int_equal(nvt_peer(server->nvt)->rows, 43);
	assert_non_null(strstr(server->events.at, "window 65535x0\n"));
	end_pair(server, client);
}

static void functions_arrive_between_lines(void **unused)
{
	struct transcript *server, *client;
	uint32_t seed = 5;

	(void)unused;
	new_pair(&server, &client, &seed);
	forget(server);
	forget(client);
	type(client, "ls\n");
	nvt_send_function(client->nvt, NVT_INTERRUPT_PROCESS);
	type(client, "date\r");
	nvt_send_function(client->nvt, NVT_ARE_YOU_THERE);
	type(client, "\377\r\n");
	talk(server, client, &seed);
	assert_events(server, "data ls\\r\nfunction IP\ndata date\\r\\xff\\r\n");
	assert_events(client, "data \\r\\n[Yes]\\r\\n\n");
	end_pair(server, client);
}

/* Every byte value, and every pair of those that matter to TELNET. */
static void every_byte(struct bytes *all)
{
	static const char special[] = "\r\n\0" IAC DM SE SB "a";

	clear(all);
	for (int byte = 0; byte < 256; byte++)
		add(all, &(char){(char)byte}, 1);
	for (size_t i = 0; i < sizeof(special); i++)
		for (size_t k = 0; k < sizeof(special); k++) {
			add(all, &special[i], 1);
			add(all, &special[k], 1);
		}
}

static void send_in_pieces(struct transcript *t, const struct bytes *all, uint32_t *seed)
{
	for (size_t at = 0, piece; at < all->size; at += piece) {
		piece = 1 + random_below(seed, (unsigned)(all->size - at));
		nvt_from_terminal(t->nvt, all->at + at, piece);
	}
}

static void all_bytes_pass_intact_both_ways_in_binary(void **unused)
{
	struct bytes all = {NULL, 0, 0};
	uint32_t seed = 6;

	(void)unused;
	every_byte(&all);
	for (int round = 0; round < 100; round++) {
		struct transcript *server, *client;

		new_pair(&server, &client, &seed);
		nvt_ask_local(client->nvt, 0, true);
		nvt_ask_remote(client->nvt, 0, true);
		talk(server, client, &seed);
		send_in_pieces(client, &all, &seed);
		send_in_pieces(server, &all, &seed);
		talk(server, client, &seed);
		assert_int_equal(server->data.size, all.size);
		assert_memory_equal(server->data.at, all.at, all.size);
		assert_int_equal(client->data.size, all.size);
		assert_memory_equal(client->data.at, all.at, all.size);
		end_pair(server, client);
	}
	free(all.at);
}

static void text_for_the_screen_passes_intact_without_binary(void **unused)
{
	struct bytes all = {NULL, 0, 0};
	uint32_t seed = 7;

	(void)unused;
	every_byte(&all);
	add(&all, ".", 1);
	for (int round = 0; round < 100; round++) {
		struct transcript *server, *client;

		new_pair(&server, &client, &seed);
		send_in_pieces(server, &all, &seed);
		talk(server, client, &seed);
		assert_int_equal(client->data.size, all.size);
		assert_memory_equal(client->data.at, all.at, all.size);
		end_pair(server, client);
	}
	free(all.at);
}

/* --- random streams
 * --------------------------------------------------------------------------------- */

static const struct text pieces[] = {
	TEXT(IAC),
	TEXT(IAC IAC),
	TEXT(IAC_SB),
	TEXT(IAC_SE),
	TEXT(IAC WILL),
	TEXT(IAC WONT),
	TEXT(IAC DO),
	TEXT(IAC DONT),
	TEXT(BINARY),
	TEXT(ECHO),
	TEXT(SGA),
	TEXT(STATUS),
	TEXT(TIMING_MARK),
	TEXT(LOGOUT),
	TEXT(TTYPE),
	TEXT(NAWS),
	TEXT(TSPEED),
	TEXT(LFLOW),
	TEXT(LINEMODE),
	TEXT(XDISPLOC),
	TEXT(OLD_ENVIRON),
	TEXT(NEW_ENVIRON),
	TEXT(MSSP),
	TEXT(ZMP),
	TEXT("\002"),
	TEXT("A"),
	TEXT("\r"),
	TEXT("\n"),
	TEXT("\r\n"),
	TEXT("9600,9600"),
	TEXT("../x"),
	TEXT("xterm"),
	TEXT("MTTS 1"),
	TEXT(IAC AYT),
	TEXT(IAC DM),
	TEXT(IAC IP),
	TEXT(IAC WILL TTYPE),
	TEXT(IAC WILL NAWS),
	TEXT(IAC WILL NEW_ENVIRON),
	TEXT(IAC WONT NEW_ENVIRON),
	TEXT(IAC WILL OLD_ENVIRON),
	TEXT(IAC WILL TSPEED),
	TEXT(IAC WILL XDISPLOC),
	TEXT(IAC DO BINARY),
	TEXT(IAC DONT BINARY),
	TEXT(IAC WILL BINARY),
	TEXT(IAC DO TTYPE),
	TEXT(IAC DO NEW_ENVIRON),
	TEXT(IAC DO STATUS),
	TEXT(ASK(STATUS)),
	TEXT(ASK(TTYPE)),
	TEXT(ASK(NEW_ENVIRON)),
	TEXT(IAC_SB TTYPE IS),
	TEXT(IAC_SB NEW_ENVIRON IS),
	TEXT(IAC_SB NEW_ENVIRON INFO),
	TEXT(IAC_SB OLD_ENVIRON IS),
	TEXT(WINDOW_80x24),
};

#define RARE 200 /* one in so many pieces begins compression */

static void add_random_piece(struct bytes *stream, uint32_t *seed)
{
	const struct text *piece = &pieces[random_below(seed, (unsigned)COUNT(pieces))];

	if (random_below(seed, RARE) == 0)
		add(stream, IAC_SB COMPRESS2 IAC_SE ZLIB_STREAM, 5 + sizeof(ZLIB_STREAM) - 1);
	else
		add(stream, piece->bytes, piece->size);
}

/* What an owner does meanwhile. */
static void act(struct transcript *t, uint32_t *seed)
{
	switch (random_below(seed, 16)) {
	case 0:
		type(t, "out\377put\r");
		break;
	case 1:
		type(t, "\n\r\r\n");
		break;
	case 2:
		nvt_send_synch(t->nvt);
		break;
	case 3:
		nvt_urgent(t->nvt);
		break;
	case 4:
		nvt_tick(t->nvt);
		break;
	case 5:
		nvt_ask_local(t->nvt, 0, random_below(seed, 2));
		break;
	case 6:
		nvt_ask_remote(t->nvt, (unsigned char)TTYPE[0], random_below(seed, 2));
		break;
	case 7:
		nvt_send_window(t->nvt, 255, 255);
		break;
	case 8:
		nvt_send_function(t->nvt, NVT_GO_AHEAD);
		break;
	default:
		break;
	}
}

static void assert_sound(const struct transcript *t)
{
	const struct nvt_peer *peer = nvt_peer(t->nvt);
	size_t size = 0;

	assert_true(t->settled_count <= 1 && t->fault_count <= 1);
	assert_int_equal(strspn(peer->terminal_type, "abcdefghijklmnopqrstuvwxyz0123456789+._-"),
			 strlen(peer->terminal_type));
	assert_null(strstr(peer->terminal_type, ".."));
	assert_true(peer->variable_count <= NVT_VARIABLES_MAX);
	for (size_t i = 0; i < peer->variable_count; i++)
		size += strlen(peer->variables[i].name) + strlen(peer->variables[i].value);
	assert_true(size <= NVT_ENVIRONMENT_MAX);
}

#define RANDOM_STREAMS 20000

/* Everything that is sent is read against RFC 854's grammar by the transcript. */
static void random_streams_are_answered_in_well_formed_telnet(void **unused)
{
	struct bytes stream = {NULL, 0, 0};
	uint32_t seed = 8;

	(void)unused;
	for (int round = 0; round < RANDOM_STREAMS; round++) {
		struct transcript *t =
			new_endpoint(round & 1 ? NVT_CLIENT : NVT_SERVER, round & 2 ? &self : NULL);

		nvt_open(t->nvt);
		for (unsigned i = random_below(&seed, 12); i > 0; i--) {
			clear(&stream);
			for (unsigned k = 1 + random_below(&seed, 8); k > 0; k--)
				add_random_piece(&stream, &seed);
			receive_bytes(t, stream.at, stream.size);
			act(t, &seed);
		}
		assert_sound(t);
		end(t);
	}
	free(stream.at);
}

static void random_streams_may_be_cut_anywhere(void **unused)
{
	struct bytes stream = {NULL, 0, 0};
	uint32_t seed = 9;

	(void)unused;
	for (int round = 0; round < RANDOM_STREAMS / 10; round++) {
		enum nvt_role role = round & 1 ? NVT_CLIENT : NVT_SERVER;
		struct text text;
		struct transcript *whole;

		clear(&stream);
		for (unsigned i = 1 + random_below(&seed, 40); i > 0; i--)
			add_random_piece(&stream, &seed);
		text = (struct text){stream.at, stream.size};
		whole = run(role, &text, text.size, round & 2);
		check_cut(whole, role, &text, 0, round & 2);
		for (int i = 0; i < 4; i++)
			check_cut(whole, role, &text, random_below(&seed, (unsigned)text.size),
				  round & 2);
		end(whole);
	}
	free(stream.at);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_settles_with_the_answer_to_the_last_of_its_offers),
		cmocka_unit_test(a_server_does_not_wait_for_answers_that_tell_nothing),
		cmocka_unit_test(a_server_settles_but_once_in_whatever_order_it_is_answered),
		cmocka_unit_test(a_server_waits_for_each_subnegotiation_that_it_asked_for),
		cmocka_unit_test(a_server_settles_when_everything_is_refused),
		cmocka_unit_test(a_server_settles_when_what_it_waits_for_is_withdrawn),
		cmocka_unit_test(a_bad_answer_is_an_answer),
		cmocka_unit_test(a_mute_peer_is_waited_for_until_the_tick),
		cmocka_unit_test(late_answers_count_but_do_not_settle_again),
		cmocka_unit_test(a_peer_has_answered_once_a_command_has_come),
		cmocka_unit_test(an_owner_may_want_no_event_but_bytes),
		cmocka_unit_test(freeing_nothing_is_no_error),
		cmocka_unit_test(it_does_not_matter_where_a_stream_is_cut),
		cmocka_unit_test(every_kind_of_compression_is_a_fault),
		cmocka_unit_test(compression_that_nobody_asked_for_is_a_fault),
		cmocka_unit_test(compression_is_a_fault_whatever_command_ends_its_subnegotiation),
		cmocka_unit_test(
			agreeing_to_compress_does_not_make_the_peers_compression_asked_for),
		cmocka_unit_test(not_one_byte_of_a_subnegotiation_without_end_reaches_the_terminal),
		cmocka_unit_test(a_subnegotiation_is_cut_off_at_its_bound_wherever_it_is_cut),
		cmocka_unit_test(an_endless_subnegotiation_has_no_effect_afterwards_either),
		cmocka_unit_test(too_many_malformed_bodies_are_a_fault),
		cmocka_unit_test(subnegotiations_that_do_not_end_are_malformed),
		cmocka_unit_test(bodies_of_unknown_options_are_passed_over),
		cmocka_unit_test(a_body_of_any_option_has_its_end_wherever_it_is_cut),
		cmocka_unit_test(what_breaks_a_body_off_is_a_command_whatever_the_option),
		cmocka_unit_test(an_environment_that_is_broken_off_is_not_kept),
		cmocka_unit_test(bodies_that_just_fit_are_read_to_their_end_and_not_past_it),
		cmocka_unit_test(
			a_server_answers_no_more_than_its_bound_to_one_question_again_and_again),
		cmocka_unit_test(a_server_with_every_option_on_answers_no_more_than_its_bound),
		cmocka_unit_test(a_server_answers_no_more_than_its_bound_to_a_random_stream),
		cmocka_unit_test(a_server_and_a_client_settle_and_the_server_is_told_all),
		cmocka_unit_test(a_new_window_size_arrives),
		cmocka_unit_test(functions_arrive_between_lines),
		cmocka_unit_test(all_bytes_pass_intact_both_ways_in_binary),
		cmocka_unit_test(text_for_the_screen_passes_intact_without_binary),
		cmocka_unit_test(random_streams_are_answered_in_well_formed_telnet),
		cmocka_unit_test(random_streams_may_be_cut_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
