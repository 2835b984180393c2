/* SPDX-License-Identifier: ISC */
/*
 * Option negotiation: the Q method of RFC 1143 state by state and race by race, and what a server
 * offers, accepts and refuses.
 */
#include "nvt/option.h"
#include "tests/unit/transcript.h"

/* --- the Q method, from the text of RFC 1143 section 7 ------------------------------------- */

/* A side's `him` and `himq` as the RFC has them; `us` follows the same rules. */
struct side {
	enum { NO, YES, WANTNO, WANTYES } him;
	enum { EMPTY, OPPOSITE } queue;
};

static const struct side sides[OPTION_STATES] = {
	[OPTION_NO] = {NO, EMPTY},
	[OPTION_YES] = {YES, EMPTY},
	[OPTION_WANT_NO] = {WANTNO, EMPTY},
	[OPTION_WANT_NO_OPPOSITE] = {WANTNO, OPPOSITE},
	[OPTION_WANT_YES] = {WANTYES, EMPTY},
	[OPTION_WANT_YES_OPPOSITE] = {WANTYES, OPPOSITE},
};

/* "Upon receipt of WILL"; `agrees` is "If we agree that he should enable". */
static enum option_answer rfc1143_upon_will(struct side *side, bool agrees)
{
	switch (side->him) {
	case NO:
		if (!agrees)
			return OPTION_SEND_DISABLE;
		side->him = YES;
		return OPTION_SEND_ENABLE;
	case YES: /* Ignore. */
		return OPTION_SEND_NOTHING;
	case WANTNO: /* Error: DONT answered by WILL. him=NO, or him=YES* where queued. */
		side->him = side->queue == EMPTY ? NO : YES;
		side->queue = EMPTY;
		return OPTION_SEND_NOTHING;
	case WANTYES:
		if (side->queue == EMPTY) {
			side->him = YES;
			return OPTION_SEND_NOTHING;
		}
		side->him = WANTNO;
		side->queue = EMPTY;
		return OPTION_SEND_DISABLE;
	}
	return OPTION_SEND_NOTHING;
}

/* "Upon receipt of WONT". */
static enum option_answer rfc1143_upon_wont(struct side *side)
{
	bool queued = side->queue == OPPOSITE;

	side->queue = EMPTY;
	switch (side->him) {
	case NO: /* Ignore. */
		return OPTION_SEND_NOTHING;
	case YES:
		side->him = NO;
		return OPTION_SEND_DISABLE;
	case WANTNO:
		side->him = queued ? WANTYES : NO;
		return queued ? OPTION_SEND_ENABLE : OPTION_SEND_NOTHING;
	case WANTYES: /* him=NO, whatever is queued */
		side->him = NO;
		return OPTION_SEND_NOTHING;
	}
	return OPTION_SEND_NOTHING;
}

/* "If we decide to ask him to enable". */
static enum option_answer rfc1143_ask_to_enable(struct side *side)
{
	switch (side->him) {
	case NO:
		side->him = WANTYES;
		return OPTION_SEND_ENABLE;
	case YES: /* Error: Already enabled. */
		return OPTION_SEND_NOTHING;
	case WANTNO: /* to be queued, or already is */
		side->queue = OPPOSITE;
		return OPTION_SEND_NOTHING;
	case WANTYES: /* already being negotiated, or the queued opposite is taken back */
		side->queue = EMPTY;
		return OPTION_SEND_NOTHING;
	}
	return OPTION_SEND_NOTHING;
}

/* "If we decide to ask him to disable". */
static enum option_answer rfc1143_ask_to_disable(struct side *side)
{
	switch (side->him) {
	case NO: /* Error: Already disabled. */
		return OPTION_SEND_NOTHING;
	case YES:
		side->him = WANTNO;
		return OPTION_SEND_DISABLE;
	case WANTNO: /* already being negotiated, or the queued opposite is taken back */
		side->queue = EMPTY;
		return OPTION_SEND_NOTHING;
	case WANTYES: /* to be queued, or already is */
		side->queue = OPPOSITE;
		return OPTION_SEND_NOTHING;
	}
	return OPTION_SEND_NOTHING;
}

static enum option_answer rfc1143_upon(enum option_event event, struct side *side)
{
	switch (event) {
	case OPTION_RECEIVED_ENABLE:
		return rfc1143_upon_will(side, true);
	case OPTION_RECEIVED_REFUSED:
		return rfc1143_upon_will(side, false);
	case OPTION_RECEIVED_DISABLE:
		return rfc1143_upon_wont(side);
	case OPTION_ASK_ENABLE:
		return rfc1143_ask_to_enable(side);
	default:
		return rfc1143_ask_to_disable(side);
	}
}

static void every_state_takes_every_event_as_rfc_1143_says(void **unused)
{
	int checked = 0;

	(void)unused;
	for (int state = 0; state < OPTION_STATES; state++) {
		for (int event = 0; event < OPTION_EVENTS; event++, checked++) {
			struct side expected = sides[state];
			enum option_answer answer =
				rfc1143_upon((enum option_event)event, &expected);
			struct option_step step =
				option_step((enum option_state)state, (enum option_event)event);

			assert_int_equal(sides[step.next].him, expected.him);
			assert_int_equal(sides[step.next].queue, expected.queue);
			assert_int_equal(step.answer, answer);
		}
	}
	assert_int_equal(checked, 6 * 5);
}

static void an_offer_waits_for_its_answer_in_the_four_want_states(void **unused)
{
	(void)unused;
	assert_false(option_is_waiting(OPTION_NO));
	assert_false(option_is_waiting(OPTION_YES));
	assert_true(option_is_waiting(OPTION_WANT_NO));
	assert_true(option_is_waiting(OPTION_WANT_NO_OPPOSITE));
	assert_true(option_is_waiting(OPTION_WANT_YES));
	assert_true(option_is_waiting(OPTION_WANT_YES_OPPOSITE));
}

static void a_state_that_already_holds_is_never_answered(void **unused)
{
	(void)unused;
	assert_int_equal(option_step(OPTION_YES, OPTION_RECEIVED_ENABLE).answer,
			 OPTION_SEND_NOTHING);
	assert_int_equal(option_step(OPTION_YES, OPTION_RECEIVED_REFUSED).answer,
			 OPTION_SEND_NOTHING);
	assert_int_equal(option_step(OPTION_NO, OPTION_RECEIVED_DISABLE).answer,
			 OPTION_SEND_NOTHING);
}

/* --- races: one option between two ends, with messages in flight --------------------------- */

#define WISHES_MAX 2
#define IN_FLIGHT_MAX 16
#define MESSAGES_MAX 16

/* An end of an option: what it is going to ask for, and the messages on their way to it. */
struct racer {
	enum option_state state;
	bool agrees;
	enum option_event wishes[WISHES_MAX];
	int wish_count;
	int wishes_made;
	enum option_answer coming[IN_FLIGHT_MAX];
	int coming_count;
};

struct race {
	struct racer racers[2];
	int messages;
};

static unsigned long races_ended;

static void step(struct race *race, int who, enum option_event event)
{
	struct racer *racer = &race->racers[who];
	struct racer *other = &race->racers[1 - who];
	struct option_step taken = option_step(racer->state, event);

	racer->state = taken.next;
	if (taken.answer == OPTION_SEND_NOTHING)
		return;
	assert_true(++race->messages <= MESSAGES_MAX);
	assert_true(other->coming_count < IN_FLIGHT_MAX);
	other->coming[other->coming_count++] = taken.answer;
}

static void take_message(struct race *race, int who)
{
	struct racer *racer = &race->racers[who];
	enum option_answer message = racer->coming[0];
	enum option_event event = OPTION_RECEIVED_DISABLE;

	racer->coming_count--;
	memmove(racer->coming, racer->coming + 1,
		(size_t)racer->coming_count * sizeof(racer->coming[0]));
	if (message == OPTION_SEND_ENABLE)
		event = racer->agrees ? OPTION_RECEIVED_ENABLE : OPTION_RECEIVED_REFUSED;
	step(race, who, event);
}

static bool all_wish(const struct race *race, enum option_event wish)
{
	for (int who = 0; who < 2; who++) {
		const struct racer *racer = &race->racers[who];

		if (racer->wish_count == 0 || racer->wishes[racer->wish_count - 1] != wish)
			return false;
	}
	return true;
}

static void assert_agreed(const struct race *race)
{
	enum option_state state = race->racers[0].state;

	assert_int_equal(race->racers[1].state, state);
	assert_false(option_is_waiting(state));
	if (all_wish(race, OPTION_ASK_DISABLE))
		assert_int_equal(state, OPTION_NO);
	if (all_wish(race, OPTION_ASK_ENABLE) && race->racers[0].agrees && race->racers[1].agrees)
		assert_int_equal(state, OPTION_YES);
	races_ended++;
}

/* Goes every way on from here: each end's next wish, or the arrival of its next message. */
static void run_on(const struct race *race)
{
	bool ended = true;

	for (int who = 0; who < 2; who++) {
		const struct racer *racer = &race->racers[who];
		struct race next = *race;

		if (racer->wishes_made < racer->wish_count) {
			ended = false;
			step(&next, who, racer->wishes[next.racers[who].wishes_made++]);
			run_on(&next);
		}
		if (racer->coming_count > 0) {
			ended = false;
			next = *race;
			take_message(&next, who);
			run_on(&next);
		}
	}
	if (ended)
		assert_agreed(race);
}

/* The wishes of one end: none, or one or two of enable and disable, by number. */
#define WISH_LISTS 7

static void make_wishes(struct racer *racer, int number)
{
	static const int counts[WISH_LISTS] = {0, 1, 1, 2, 2, 2, 2};

	racer->wish_count = counts[number];
	for (int i = 0; i < racer->wish_count; i++) {
		int bit = number - (racer->wish_count == 1 ? 1 : 3);

		racer->wishes[i] = bit >> i & 1 ? OPTION_ASK_ENABLE : OPTION_ASK_DISABLE;
	}
}

static void every_race_ends_with_both_ends_agreed_and_nothing_in_flight(void **unused)
{
	(void)unused;
	races_ended = 0;
	for (int start = OPTION_NO; start <= OPTION_YES; start++) {
		for (int agrees = 0; agrees < 4; agrees++) {
			for (int lists = 0; lists < WISH_LISTS * WISH_LISTS; lists++) {
				struct race race = {0};

				race.racers[0].state = race.racers[1].state =
					(enum option_state)start;
				race.racers[0].agrees = agrees & 1;
				race.racers[1].agrees = agrees & 2;
				make_wishes(&race.racers[0], lists % WISH_LISTS);
				make_wishes(&race.racers[1], lists / WISH_LISTS);
				run_on(&race);
			}
		}
	}
	assert_true(races_ended > 1000);
}

/* --- the same with two endpoints ------------------------------------------------------------ */

#define NEGOTIATION 3 /* bytes of one */
#define ASKS 4
#define CHOICES_MAX 64

/* Which of the possible things happens next; counted through until every way has been gone. */
struct schedule {
	int chosen[CHOICES_MAX];
	int possible[CHOICES_MAX];
	int length;
	int at;
};

static int choose(struct schedule *schedule, int possible)
{
	int at = schedule->at++;

	assert_true(at < CHOICES_MAX);
	if (at == schedule->length) {
		schedule->chosen[at] = 0;
		schedule->length++;
	}
	schedule->possible[at] = possible;
	return schedule->chosen[at];
}

static bool next_schedule(struct schedule *schedule)
{
	schedule->at = 0;
	while (schedule->length > 0) {
		int last = schedule->length - 1;

		if (++schedule->chosen[last] < schedule->possible[last])
			return true;
		schedule->length--;
	}
	return false;
}

/* Turns BINARY on or off, here or there. */
static void ask(struct transcript *t, int number)
{
	if (number & 2)
		nvt_ask_local(t->nvt, 0, number & 1);
	else
		nvt_ask_remote(t->nvt, 0, number & 1);
}

static void deliver(struct transcript *from, struct transcript *to, size_t size)
{
	char message[NEGOTIATION];
	size_t rest = from->sent.size - size;

	assert_true(size <= sizeof(message) && from->sent.size >= size);
	memcpy(message, from->sent.at, size);
	memmove(from->sent.at, from->sent.at + size, rest);
	from->sent.size = rest;
	receive_bytes(to, message, size);
}

static void assert_ends_agree(const struct transcript *one, const struct transcript *other)
{
	const struct nvt_mode *a = nvt_mode(one->nvt);
	const struct nvt_mode *b = nvt_mode(other->nvt);

	assert_int_equal(a->binary_input, b->binary_output);
	assert_int_equal(a->binary_output, b->binary_input);
	assert_true(one->sent_ever + other->sent_ever <= (size_t)MESSAGES_MAX * NEGOTIATION);
}

/* Runs one schedule of a server and a client, each with what it is going to ask for. */
static void race_endpoints(struct schedule *schedule, const int asks[2][WISHES_MAX],
			   bool starts_binary)
{
	struct transcript *ends[2] = {new_server(), new_client(NULL)};
	int made[2] = {0, 0};

	if (starts_binary) {
		receive(ends[0], IAC DO BINARY IAC WILL BINARY);
		receive(ends[1], IAC DO BINARY IAC WILL BINARY);
		for (int who = 0; who < 2; who++) {
			assert_sent(ends[who], IAC WILL BINARY IAC DO BINARY);
			ends[who]->sent_ever = 0;
		}
	}
	for (;;) {
		int things[4], count = 0, thing;

		for (int who = 0; who < 2; who++) {
			if (made[who] < WISHES_MAX)
				things[count++] = who;
			if (ends[who]->sent.size > 0)
				things[count++] = 2 + who;
		}
		if (count == 0)
			break;
		thing = things[count == 1 ? 0 : choose(schedule, count)];
		if (thing < 2)
			ask(ends[thing], asks[thing][made[thing]++]);
		else
			deliver(ends[thing - 2], ends[3 - thing], NEGOTIATION);
	}
	assert_ends_agree(ends[0], ends[1]);
	end(ends[0]);
	end(ends[1]);
}

static void endpoints_agree_after_every_race(void **unused)
{
	(void)unused;
	for (int number = 0; number < ASKS * ASKS * ASKS * ASKS * 2; number++) {
		int list = number / 2;
		const int asks[2][WISHES_MAX] = {
			{list % ASKS, list / ASKS % ASKS},
			{list / ASKS / ASKS % ASKS, list / ASKS / ASKS / ASKS},
		};
		struct schedule schedule = {.length = 0};

		do
			race_endpoints(&schedule, asks, number & 1);
		while (next_schedule(&schedule));
	}
}

/* --- what a server offers -------------------------------------------------------------------- */

static void a_server_opens_with_its_offers_and_nothing_else(void **unused)
{
	struct transcript *t = new_server();

	(void)unused;
	nvt_open(t->nvt);
	assert_sent(t, "\xff\xfb\x01" /* WILL ECHO */
		       "\xff\xfb\x03" /* WILL SUPPRESS-GO-AHEAD */
		       "\xff\xfb\x05" /* WILL STATUS */
		       "\xff\xfb\x2a" /* WILL CHARSET */
		       "\xff\xfd\x03" /* DO SUPPRESS-GO-AHEAD */
		       "\xff\xfd\x18" /* DO TERMINAL-TYPE */
		       "\xff\xfd\x1f" /* DO NAWS */
		       "\xff\xfd\x20" /* DO TERMINAL-SPEED */
		       "\xff\xfd\x23" /* DO X-DISPLAY-LOCATION */
		       "\xff\xfd\x27" /* DO NEW-ENVIRON */
		       "\xff\xfd\x21" /* DO TOGGLE-FLOW-CONTROL */);
	assert_events(t, "");
	end(t);
}

static void a_client_opens_without_a_word_and_has_settled(void **unused)
{
	struct transcript *t = new_client(NULL);

	(void)unused;
	nvt_open(t->nvt);
	assert_sent(t, "");
	assert_events(t, "settled\n");
	end(t);
}

static void an_offer_that_is_agreed_to_is_not_answered_again(void **unused)
{
	struct transcript *t = opened_server();

	(void)unused;
	receive(t, AGREE_TO_LOCAL IAC WILL SGA IAC WILL LFLOW);
	receive(t, AGREE_TO_LOCAL IAC WILL SGA IAC WILL LFLOW);
	assert_sent(t, "");
	end(t);
}

static void an_offer_that_is_refused_is_not_answered_again(void **unused)
{
	struct transcript *t = opened_server();

	(void)unused;
	receive(t, REFUSE_LOCAL IAC WONT SGA IAC WONT TTYPE IAC WONT NAWS IAC WONT LFLOW);
	receive(t, REFUSE_LOCAL IAC WONT SGA IAC WONT TTYPE IAC WONT NAWS IAC WONT LFLOW);
	assert_sent(t, "");
	end(t);
}

static void old_environ_is_asked_for_where_new_environ_was_refused(void **unused)
{
	struct transcript *t = opened_server();

	(void)unused;
	receive(t, IAC WONT NEW_ENVIRON);
	assert_sent(t, IAC DO OLD_ENVIRON);
	receive(t, IAC WONT NEW_ENVIRON IAC WONT OLD_ENVIRON IAC WONT NEW_ENVIRON);
	assert_sent(t, "");
	end(t);
}

static void old_environ_is_not_asked_for_where_new_environ_was_agreed_to(void **unused)
{
	struct transcript *t = opened_server();

	(void)unused;
	receive(t, IAC WILL NEW_ENVIRON);
	assert_sent(t, IAC_SB NEW_ENVIRON SEND IAC_SE);
	receive(t, IAC WONT NEW_ENVIRON);
	assert_sent(t, IAC DONT NEW_ENVIRON);
	end(t);
}

/* --- what it accepts when asked ------------------------------------------------------------- */

static void binary_is_agreed_to_in_each_direction_by_itself(void **unused)
{
	struct transcript *t = plain_server();

	(void)unused;
	receive(t, IAC DO BINARY);
	assert_sent(t, IAC WILL BINARY);
	assert_events(t, "mode binary-output go-ahead\n");
	receive(t, IAC WILL BINARY);
	assert_sent(t, IAC DO BINARY);
	assert_events(t, "mode binary-input binary-output go-ahead\n");
	receive(t, IAC DONT BINARY);
	assert_sent(t, IAC WONT BINARY);
	assert_events(t, "mode binary-input go-ahead\n");
	receive(t, IAC WONT BINARY);
	assert_sent(t, IAC DONT BINARY);
	assert_events(t, "mode go-ahead\n");
	end(t);
}

static void echo_and_go_ahead_are_told_as_the_mode(void **unused)
{
	struct transcript *t = opened_server();

	(void)unused;
	assert_true(nvt_mode(t->nvt)->go_ahead);
	assert_false(nvt_mode(t->nvt)->echo);
	receive(t, IAC DO ECHO IAC DO SGA IAC WILL SGA);
	assert_events(t, "mode echo go-ahead\nmode echo\n");
	assert_true(nvt_mode(t->nvt)->echo);
	receive(t, IAC DONT ECHO);
	assert_events(t, "mode\n");
	assert_sent(t, IAC WONT ECHO);
	end(t);
}

static void a_client_is_told_that_the_server_echoes(void **unused)
{
	struct transcript *t = new_client(NULL);

	(void)unused;
	receive(t, IAC WILL ECHO IAC WILL SGA IAC DO SGA);
	assert_sent(t, IAC DO ECHO IAC DO SGA IAC WILL SGA);
	assert_events(t, "mode echo go-ahead\nmode echo\n");
	receive(t, IAC WONT ECHO);
	assert_sent(t, IAC DONT ECHO);
	assert_events(t, "mode\n");
	end(t);
}

static void every_timing_mark_is_answered(void **unused)
{
	struct transcript *t = plain_server();

	(void)unused;
	receive(t, IAC DO TIMING_MARK IAC DO TIMING_MARK);
	assert_events(t, "timing-mark\ntiming-mark\n");
	assert_sent(t, IAC WILL TIMING_MARK IAC WILL TIMING_MARK);
	receive(t, IAC DONT TIMING_MARK IAC WONT TIMING_MARK);
	assert_events(t, "");
	assert_sent(t, "");
	end(t);
}

static void a_timing_mark_is_answered_when_the_owner_is_done(void **unused)
{
	struct transcript *t = plain_server();

	(void)unused;
	t->delays_timing_mark = true;
	receive(t, "work" IAC DO TIMING_MARK "more");
	assert_events(t, "data work\ntiming-mark\ndata more\n");
	assert_sent(t, "");
	nvt_send_timing_mark(t->nvt);
	assert_sent(t, IAC WILL TIMING_MARK);
	end(t);
}

static void a_timing_mark_is_answered_at_once_for_an_owner_without_interest(void **unused)
{
	struct transcript *t = plain_server();

	(void)unused;
	t->calls.timing_mark = NULL;
	receive(t, IAC DO TIMING_MARK);
	assert_sent(t, IAC WILL TIMING_MARK);
	end(t);
}

static void a_timing_mark_that_nobody_asked_for_starts_no_exchange(void **unused)
{
	struct transcript *server = plain_server();
	struct transcript *client = new_client(NULL);

	(void)unused;
	nvt_send_timing_mark(client->nvt);
	while (client->sent.size > 0 || server->sent.size > 0) {
		if (client->sent.size > 0)
			deliver(client, server, NEGOTIATION);
		if (server->sent.size > 0)
			deliver(server, client, NEGOTIATION);
		assert_true(client->sent_ever + server->sent_ever < 100);
	}
	end(server);
	end(client);
}

static void a_timing_mark_that_nobody_asked_for_is_refused_and_its_end_is_not(void **unused)
{
	struct transcript *t = plain_server();

	(void)unused;
	receive(t, IAC WILL TIMING_MARK);
	assert_sent(t, IAC DONT TIMING_MARK);
	receive(t, IAC WONT TIMING_MARK IAC DONT TIMING_MARK);
	assert_sent(t, "");
	end(t);
}

static void logout_is_agreed_to_and_told(void **unused)
{
	struct transcript *t = plain_server();

	(void)unused;
	receive(t, IAC DO LOGOUT);
	assert_sent(t, IAC WILL LOGOUT);
	assert_events(t, "logout\n");
	receive(t, IAC DONT LOGOUT IAC WONT LOGOUT);
	assert_sent(t, "");
	assert_events(t, "");
	end(t);
}

static void logout_is_refused_for_an_owner_who_cannot_end_the_session(void **unused)
{
	struct transcript *t = plain_server();

	(void)unused;
	t->calls.logout = NULL;
	receive(t, IAC DO LOGOUT IAC WILL LOGOUT);
	assert_sent(t, IAC WONT LOGOUT IAC DONT LOGOUT);
	end(t);
}

static void a_client_is_not_logged_out_by_its_server(void **unused)
{
	struct transcript *t = new_client(NULL);

	(void)unused;
	receive(t, IAC DO LOGOUT);
	assert_sent(t, IAC WONT LOGOUT);
	assert_events(t, "");
	end(t);
}

/* --- what it refuses ------------------------------------------------------------------------- */

static bool is_in(const char *options, size_t count, int option)
{
	return memchr(options, option, count) != NULL;
}

#define is_one_of(options, option) is_in(options, sizeof(options) - 1, option)

/* Sends WILL or DO and then WONT or DONT for an option to an endpoint in which it is off. */
static void check_answers(enum nvt_role role, int option, bool local, bool accepted)
{
	struct transcript *t = new_endpoint(role, NULL);
	char on[] = {(char)0xff, (char)(local ? 0xfd : 0xfb), (char)option};
	char off[] = {(char)0xff, (char)(local ? 0xfe : 0xfc), (char)option};
	char agreed[] = {(char)0xff, (char)(local ? 0xfb : 0xfd), (char)option};
	char refused[] = {(char)0xff, (char)(local ? 0xfc : 0xfe), (char)option};

	receive_bytes(t, off, sizeof(off));
	check_sent(t, "", 0, __FILE__, __LINE__);
	receive_bytes(t, on, sizeof(on));
	assert_true(t->sent.size >= sizeof(agreed));
	assert_memory_equal(t->sent.at, accepted ? agreed : refused, sizeof(agreed));
	if (!accepted)
		assert_int_equal(t->sent.size, sizeof(refused));
	forget(t);
	/* What follows its own beginning is compressed: test_compress.c reads it. */
	if (!nvt_is_compressing(t->nvt)) {
		receive_bytes(t, off, sizeof(off));
		check_sent(t, refused, accepted ? sizeof(refused) : 0, __FILE__, __LINE__);
	}
	end(t);
}

static void a_server_refuses_every_other_option_politely(void **unused)
{
	(void)unused;
	for (int option = 0; option < 256; option++) {
		if (is_one_of(TIMING_MARK LOGOUT, option))
			continue;
		check_answers(
			NVT_SERVER, option, true,
			is_one_of(BINARY ECHO SGA STATUS CHARSET COMPRESS2 COMPRESS3, option));
		check_answers(NVT_SERVER, option, false,
			      is_one_of(BINARY SGA TTYPE NAWS TSPEED XDISPLOC NEW_ENVIRON
						OLD_ENVIRON LFLOW CHARSET,
					option));
	}
}

static void a_client_refuses_every_other_option_politely(void **unused)
{
	(void)unused;
	for (int option = 0; option < 256; option++) {
		if (is_one_of(TIMING_MARK LOGOUT, option))
			continue;
		check_answers(NVT_CLIENT, option, true,
			      is_one_of(BINARY SGA TTYPE NAWS TSPEED NEW_ENVIRON OLD_ENVIRON LFLOW,
					option));
		check_answers(NVT_CLIENT, option, false,
			      is_one_of(BINARY ECHO SGA STATUS COMPRESS2 COMPRESS3, option));
	}
}

static void a_client_that_would_echo_is_refused(void **unused)
{
	struct transcript *t = plain_server();

	(void)unused;
	receive(t, IAC WILL ECHO);
	assert_sent(t, IAC DONT ECHO);
	assert_events(t, "");
	end(t);
}

static void cve_2011_4862_encrypt_and_authentication_are_refused(void **unused)
{
	struct transcript *t = plain_server();
	char key[3 + 2 + 1000 + 2];

	(void)unused;
	receive(t, IAC WILL ENCRYPT IAC DO ENCRYPT IAC WILL AUTHENTICATION IAC DO AUTHENTICATION);
	assert_sent(
		t,
		IAC DONT ENCRYPT IAC WONT ENCRYPT IAC DONT AUTHENTICATION IAC WONT AUTHENTICATION);
	memset(key, 'A', sizeof(key));
	memcpy(key, IAC_SB ENCRYPT "\007", 4); /* ENC_KEYID, of which 64 bytes were expected */
	memcpy(key + sizeof(key) - 2, IAC_SE, 2);
	receive_bytes(t, key, sizeof(key));
	receive(t, "login");
	assert_sent(t, "");
	assert_events(t, "data login\n");
	end(t);
}

static void cve_2026_32746_linemode_is_refused_and_its_triplets_have_no_effect(void **unused)
{
	struct transcript *t = plain_server();
	struct bytes triplets = {NULL, 0, 0};

	(void)unused;
	receive(t, IAC WILL LINEMODE);
	assert_sent(t, IAC DONT LINEMODE);
	add(&triplets, IAC_SB LINEMODE "\003", 4); /* SLC */
	for (int i = 0; i < 4000; i++)
		add(&triplets, "\023\002\003", 3); /* a function that there is not */
	add(&triplets, IAC_SE, 2);
	receive_bytes(t, triplets.at, triplets.size);
	receive(t, "login");
	assert_sent(t, "");
	assert_events(t, "data login\n");
	free(triplets.at);
	end(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_takes_every_event_as_rfc_1143_says),
		cmocka_unit_test(an_offer_waits_for_its_answer_in_the_four_want_states),
		cmocka_unit_test(a_state_that_already_holds_is_never_answered),
		cmocka_unit_test(every_race_ends_with_both_ends_agreed_and_nothing_in_flight),
		cmocka_unit_test(endpoints_agree_after_every_race),
		cmocka_unit_test(a_server_opens_with_its_offers_and_nothing_else),
		cmocka_unit_test(a_client_opens_without_a_word_and_has_settled),
		cmocka_unit_test(an_offer_that_is_agreed_to_is_not_answered_again),
		cmocka_unit_test(an_offer_that_is_refused_is_not_answered_again),
		cmocka_unit_test(old_environ_is_asked_for_where_new_environ_was_refused),
		cmocka_unit_test(old_environ_is_not_asked_for_where_new_environ_was_agreed_to),
		cmocka_unit_test(binary_is_agreed_to_in_each_direction_by_itself),
		cmocka_unit_test(echo_and_go_ahead_are_told_as_the_mode),
		cmocka_unit_test(a_client_is_told_that_the_server_echoes),
		cmocka_unit_test(every_timing_mark_is_answered),
		cmocka_unit_test(a_timing_mark_is_answered_when_the_owner_is_done),
		cmocka_unit_test(a_timing_mark_is_answered_at_once_for_an_owner_without_interest),
		cmocka_unit_test(a_timing_mark_that_nobody_asked_for_starts_no_exchange),
		cmocka_unit_test(a_timing_mark_that_nobody_asked_for_is_refused_and_its_end_is_not),
		cmocka_unit_test(logout_is_agreed_to_and_told),
		cmocka_unit_test(logout_is_refused_for_an_owner_who_cannot_end_the_session),
		cmocka_unit_test(a_client_is_not_logged_out_by_its_server),
		cmocka_unit_test(a_server_refuses_every_other_option_politely),
		cmocka_unit_test(a_client_refuses_every_other_option_politely),
		cmocka_unit_test(a_client_that_would_echo_is_refused),
		cmocka_unit_test(cve_2011_4862_encrypt_and_authentication_are_refused),
		cmocka_unit_test(
			cve_2026_32746_linemode_is_refused_and_its_triplets_have_no_effect),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
