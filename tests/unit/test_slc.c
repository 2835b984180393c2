/* SPDX-License-Identifier: ISC */
/*
 * The special characters of LINEMODE by themselves (RFC 1184 2.4, 5.9): lists of triplets in, of
 * any size and content, and at most one triplet a function out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs those before it. */
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "nvt/slc.h"

/* Functions by RFC 1184's numbers. */
enum {
	SYNCH = 1,
	IP = 3,
	EC = 10,
	EL = 11,
	LNEXT = 14,
	LEFT = 19,
	LAST = 30,
};

#define TRIPLETS_MAX 5000UL

#define LIST(...) ((const uint8_t[]){__VA_ARGS__}), sizeof((const uint8_t[]){__VA_ARGS__})

/* What the machine under test said last, and whether it changed a character. */
static uint8_t said[SLC_ANSWER_MAX];
static size_t said_size;
static bool changed;

/* A terminal with ^C for IP, ^? for EC, a kill character that cannot change, no LNEXT so far. */
static struct slc new_slc(bool is_client)
{
	struct slc slc = {.is_client = is_client};

	slc.own[SYNCH] = (struct slc_setting){SLC_DEFAULT, 0};
	slc.own[IP] = (struct slc_setting){SLC_VALUE | SLC_FLUSHIN | SLC_FLUSHOUT, 3};
	slc.own[EC] = (struct slc_setting){SLC_VALUE, 127};
	slc.own[EL] = (struct slc_setting){SLC_CANTCHANGE, 21};
	slc.own[LNEXT] = (struct slc_setting){SLC_VALUE, 0};
	slc.character[IP] = 3;
	slc.character[EC] = 127;
	slc.character[EL] = 21;
	return slc;
}

static void take(struct slc *slc, const uint8_t *list, size_t size)
{
	/* Memory of just its size, so that a byte too far is seen. */
	uint8_t *copy = malloc(size > 0 ? size : 1);

	assert_non_null(copy);
	memcpy(copy, list, size);
	changed = false;
	said_size = slc_receive(slc, copy, size, said, &changed);
	free(copy);
}

static void assert_said(const uint8_t *list, size_t size)
{
	assert_int_equal(said_size, size);
	assert_memory_equal(said, list, size);
}

static void assert_silent(void)
{
	assert_int_equal(said_size, 0);
}

static void a_new_value_is_taken_and_acknowledged(void **unused)
{
	struct slc slc = new_slc(false);

	(void)unused;
	take(&slc, LIST(EC, SLC_VALUE, 8));
	assert_said(LIST(EC, SLC_VALUE | SLC_ACK, 8));
	assert_true(changed);
	assert_int_equal(slc.character[EC], 8);
	take(&slc, LIST(IP, SLC_VALUE | SLC_FLUSHIN, 24));
	assert_said(LIST(IP, SLC_VALUE | SLC_FLUSHIN | SLC_ACK, 24));
}

static void what_is_agreed_on_already_is_not_answered(void **unused)
{
	struct slc slc = new_slc(false);

	(void)unused;
	take(&slc, LIST(EC, SLC_VALUE, 8));
	take(&slc, LIST(EC, SLC_VALUE, 8));
	assert_silent();
	assert_false(changed);
	take(&slc, LIST(LEFT, SLC_NOSUPPORT, 7));
	assert_silent();
}

static void an_acknowledgement_is_never_answered(void **unused)
{
	struct slc slc = new_slc(false);

	(void)unused;
	for (unsigned function = 0; function < 256; function++)
		for (unsigned flags = SLC_ACK; flags < 256; flags++) {
			if (function == 0)
				continue; /* a question, whatever its flags */
			take(&slc, LIST((uint8_t)function, (uint8_t)flags, 9));
			assert_silent();
			assert_false(changed);
		}
}

static void a_function_that_is_not_supported_is_refused(void **unused)
{
	struct slc slc = new_slc(false);

	(void)unused;
	take(&slc, LIST(LEFT, SLC_VALUE, 2));
	assert_said(LIST(LEFT, SLC_NOSUPPORT, 0));
	take(&slc, LIST(LEFT, SLC_DEFAULT, 0));
	assert_said(LIST(LEFT, SLC_NOSUPPORT, 0));
	assert_false(changed);
}

static void unknown_functions_are_answered_nosupport(void **unused)
{
	struct slc slc = new_slc(false);

	(void)unused;
	for (unsigned function = LAST + 1; function < 256; function++) {
		take(&slc, LIST((uint8_t)function, SLC_VALUE, 1));
		assert_said(LIST((uint8_t)function, SLC_NOSUPPORT, 0));
		take(&slc, LIST((uint8_t)function, SLC_NOSUPPORT, 1));
		assert_silent();
	}
}

static void a_client_without_a_function_is_acknowledged_and_the_terminal_keeps_it(void **unused)
{
	struct slc slc = new_slc(false);

	(void)unused;
	take(&slc, LIST(EC, SLC_VALUE, 8, EC, SLC_NOSUPPORT, 0));
	assert_said(LIST(EC, SLC_NOSUPPORT | SLC_ACK, 0));
	assert_int_equal(slc.character[EC], 8);
	assert_int_equal(slc.agreed[EC].flags, SLC_NOSUPPORT);
}

/* As after `stty erase undef`: no key of the user's erases any longer, until the server has one. */
static void a_key_for_which_the_server_has_no_function_is_none_of_the_clients(void **unused)
{
	struct slc slc = new_slc(true);
	uint8_t list[SLC_ANSWER_MAX];

	(void)unused;
	slc_export(&slc, list);
	changed = false;
	take(&slc, LIST(EC, SLC_NOSUPPORT, 0));
	assert_said(LIST(EC, SLC_NOSUPPORT | SLC_ACK, 0));
	assert_true(changed);
	assert_int_equal(slc.character[EC], 0);
	take(&slc, LIST(EC, SLC_VALUE, 8));
	assert_said(LIST(EC, SLC_VALUE | SLC_ACK, 8));
	assert_int_equal(slc.character[EC], 8);
	take(&slc, LIST(EC, SLC_VALUE, 255)); /* BSD's way to say none */
	assert_said(LIST(EC, SLC_NOSUPPORT, 0));
	assert_int_equal(slc.character[EC], 0);
}

static void the_default_of_a_function_is_told_when_asked_for(void **unused)
{
	struct slc slc = new_slc(false);

	(void)unused;
	take(&slc, LIST(EC, SLC_VALUE, 8));
	take(&slc, LIST(EC, SLC_DEFAULT, 0));
	assert_said(LIST(EC, SLC_VALUE, 127));
	assert_true(changed);
	assert_int_equal(slc.character[EC], 127);
	take(&slc, LIST(SYNCH, SLC_VALUE, 5, SYNCH, SLC_DEFAULT, 0));
	assert_said(LIST(SYNCH, SLC_NOSUPPORT, 0));
}

static void a_function_without_a_character_here_takes_any(void **unused)
{
	struct slc slc = new_slc(false);

	(void)unused;
	take(&slc, LIST(SYNCH, SLC_CANTCHANGE, 5));
	assert_said(LIST(SYNCH, SLC_CANTCHANGE | SLC_ACK, 5));
	assert_false(changed);
}

static void a_character_that_cannot_change_is_insisted_on_but_not_against_another(void **unused)
{
	struct slc slc = new_slc(false);

	(void)unused;
	take(&slc, LIST(EL, SLC_VALUE, 24));
	assert_said(LIST(EL, SLC_CANTCHANGE, 21));
	assert_int_equal(slc.agreed[EL].character, 21);
	slc_reset(&slc);
	take(&slc, LIST(EL, SLC_CANTCHANGE, 24));
	assert_said(LIST(EL, SLC_NOSUPPORT, 0));
	assert_false(changed);
}

static void no_character_can_be_0_or_255(void **unused)
{
	struct slc slc = new_slc(false);

	(void)unused;
	take(&slc, LIST(EC, SLC_VALUE, 0, IP, SLC_VALUE, 255));
	assert_said(LIST(IP, SLC_NOSUPPORT, 0, EC, SLC_NOSUPPORT, 0));
	assert_false(changed);
	assert_int_equal(slc.character[EC], 127);
}

static void all_defaults_are_restored_and_told(void **unused)
{
	struct slc slc = new_slc(false);

	(void)unused;
	take(&slc, LIST(EC, SLC_VALUE, 8, LNEXT, SLC_VALUE, 22));
	take(&slc, LIST(0, SLC_DEFAULT, 0));
	assert_said(LIST(IP, SLC_VALUE | SLC_FLUSHIN | SLC_FLUSHOUT, 3, EC, SLC_VALUE, 127, EL,
			 SLC_CANTCHANGE, 21, LNEXT, SLC_NOSUPPORT, 0));
	assert_true(changed);
	assert_int_equal(slc.character[EC], 127);
}

static void all_values_are_told_as_they_are(void **unused)
{
	struct slc slc = new_slc(false);

	(void)unused;
	take(&slc, LIST(EC, SLC_VALUE, 8, LNEXT, SLC_VALUE, 22));
	take(&slc, LIST(0, SLC_VALUE, 0));
	assert_said(LIST(IP, SLC_VALUE | SLC_FLUSHIN | SLC_FLUSHOUT, 3, EC, SLC_VALUE, 8, LNEXT,
			 SLC_VALUE, 22));
	assert_false(changed);
	take(&slc, LIST(0, SLC_NOSUPPORT, 0, 0, SLC_CANTCHANGE, 0));
	assert_silent();
}

static void a_client_leaves_questions_for_all_unanswered(void **unused)
{
	struct slc slc = new_slc(true);

	(void)unused;
	take(&slc, LIST(0, SLC_DEFAULT, 0, 0, SLC_VALUE, 0));
	assert_silent();
}

/*
 * The characters of both ends change at once, from [IP] = 3 and these: what each sends crosses what
 * the other does, and so do the answers, after which nobody has anything to say.
 */
static void cross(struct slc *server, uint8_t of_servers, struct slc *client, uint8_t of_clients)
{
	uint8_t characters[SLC_FUNCTIONS + 1] = {[IP] = 3, [EC] = of_servers};
	uint8_t of_server[SLC_ANSWER_MAX], of_client[SLC_ANSWER_MAX], answer[SLC_ANSWER_MAX];
	size_t server_size, client_size, size;

	*server = new_slc(false);
	*client = new_slc(true);
	server_size = slc_change(server, characters, of_server);
	characters[EC] = of_clients;
	client_size = slc_change(client, characters, of_client);
	size = slc_receive(server, of_client, client_size, answer, &changed);
	client_size = slc_receive(client, of_server, server_size, of_client, &changed);
	slc_receive(server, of_client, client_size, of_server, &changed);
	assert_int_equal(slc_receive(client, answer, size, of_server, &changed), 0);
}

/* The server ignores the acknowledgement of its own, the client obeys. */
static void two_changes_that_cross_end_with_one_character(void **unused)
{
	struct slc server, client;

	(void)unused;
	cross(&server, 1, &client, 2);
	assert_int_equal(server.agreed[EC].character, client.agreed[EC].character);
	assert_int_equal(server.character[EC], client.character[EC]);
}

/* The client takes a character while the server loses its own: the server takes the client's. */
static void a_change_that_crosses_a_characters_end_ends_alike_on_both_sides(void **unused)
{
	struct slc server, client;

	(void)unused;
	cross(&server, 0, &client, 2);
	assert_int_equal(server.character[EC], 2);
	assert_int_equal(server.agreed[EC].character, 2);
	assert_int_equal(client.agreed[EC].character, 2);
	assert_int_equal(client.character[EC], 2);
}

/* The other way round: the client loses its character, and the server's comes too late. */
static void a_character_that_the_client_has_given_up_is_given_up_on_both_sides(void **unused)
{
	struct slc server, client;

	(void)unused;
	cross(&server, 2, &client, 0);
	assert_int_equal(server.agreed[EC].flags, SLC_NOSUPPORT);
	assert_int_equal(client.agreed[EC].flags, SLC_NOSUPPORT);
}

/* Synch has no character here; the client's was agreed on, and the defaults lack it. */
static void what_the_defaults_lack_is_told_where_it_was_agreed_on(void **unused)
{
	struct slc slc = new_slc(false);

	(void)unused;
	take(&slc, LIST(SYNCH, SLC_VALUE, 25));
	take(&slc, LIST(0, SLC_DEFAULT, 0));
	assert_said(LIST(SYNCH, SLC_NOSUPPORT, 0, IP, SLC_VALUE | SLC_FLUSHIN | SLC_FLUSHOUT, 3, EC,
			 SLC_VALUE, 127, EL, SLC_CANTCHANGE, 21));
	take(&slc, LIST(0, SLC_DEFAULT, 0));
	assert_said(LIST(IP, SLC_VALUE | SLC_FLUSHIN | SLC_FLUSHOUT, 3, EC, SLC_VALUE, 127, EL,
			 SLC_CANTCHANGE, 21));
}

static void a_change_of_the_terminal_is_told_once(void **unused)
{
	struct slc slc = new_slc(false);
	uint8_t characters[SLC_FUNCTIONS + 1] = {[IP] = 3, [EC] = 8, [EL] = 9, [LEFT] = 2};

	(void)unused;
	said_size = slc_change(&slc, characters, said);
	assert_said(LIST(EC, SLC_VALUE, 8));
	said_size = slc_change(&slc, characters, said);
	assert_silent();
	characters[EC] = 255;
	said_size = slc_change(&slc, characters, said);
	assert_said(LIST(EC, SLC_NOSUPPORT, 0));
}

static void a_function_that_comes_again_and_again_is_answered_once_with_the_last(void **unused)
{
	struct slc slc = new_slc(false);
	uint8_t list[200 * SLC_TRIPLET_SIZE];

	(void)unused;
	for (size_t i = 0; i < 200; i++) {
		list[3 * i] = EC;
		list[3 * i + 1] = SLC_VALUE;
		list[3 * i + 2] = (uint8_t)(i + 1);
	}
	take(&slc, list, sizeof(list));
	assert_said(LIST(EC, SLC_VALUE | SLC_ACK, 200));
	assert_int_equal(slc.character[EC], 200);
}

static void a_rest_that_is_no_triplet_is_left_out(void **unused)
{
	struct slc slc = new_slc(false);

	(void)unused;
	take(&slc, LIST(EC));
	assert_silent();
	take(&slc, LIST(EC, SLC_VALUE));
	assert_silent();
	take(&slc, LIST(IP, SLC_VALUE, 1, EC, SLC_VALUE));
	assert_said(LIST(IP, SLC_VALUE | SLC_ACK, 1));
	assert_int_equal(slc.agreed[EC].flags, SLC_NOSUPPORT);
}

/* --- CVE-2026-32746: triplets without end --------------------------------------------------- */

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* Whatever came: one triplet a function, in order, of levels that there are, and the same again. */
static void assert_answer_is_sound(const struct slc *slc)
{
	unsigned last = 0;

	assert_true(said_size % SLC_TRIPLET_SIZE == 0);
	assert_true(said_size <= 255 * SLC_TRIPLET_SIZE);
	for (size_t i = 0; i < said_size; i += SLC_TRIPLET_SIZE) {
		assert_true(said[i] > last);
		last = said[i];
		if (last > LAST)
			assert_int_equal(said[i + 1], SLC_NOSUPPORT);
		else
			assert_int_equal(said[i + 1] & ~SLC_FLAGS, 0);
	}
	for (unsigned function = 1; function <= LAST; function++) {
		assert_int_equal(slc->agreed[function].flags & ~SLC_FLAGS, 0);
		assert_int_equal(slc->agreed[function].flags & SLC_ACK, 0);
		assert_int_not_equal(slc->agreed[function].flags & SLC_LEVEL, SLC_DEFAULT);
		assert_int_not_equal(slc->character[function], 255);
	}
	assert_int_equal(slc->character[EL], 21);
	assert_int_equal(slc->agreed[LEFT].flags & SLC_LEVEL, SLC_NOSUPPORT);
}

/* Those that a client would send, and those that only somebody else would. */
static void fill(uint8_t *list, size_t size, uint32_t *seed)
{
	static const uint8_t functions[] = {0, SYNCH, IP, EC, EL, LNEXT, LEFT, LAST, LAST + 1, 255};
	static const uint8_t flags[] = {0, 1, 2, 3, 0x62, 0x80, 0x82, 0x83, 0x7f, 0xff};
	bool wild = next_random(seed) % 2 != 0;

	for (size_t i = 0; i < size; i++) {
		uint32_t random = next_random(seed);

		if (wild || i % 3 == 2)
			list[i] = (uint8_t)random;
		else
			list[i] = i % 3 == 0 ? functions[random % 10] : flags[random % 10];
	}
}

static void cve_2026_32746_no_list_of_triplets_overflows_or_is_answered_without_bound(void **unused)
{
	uint8_t *list = malloc(TRIPLETS_MAX * SLC_TRIPLET_SIZE);
	uint32_t seed = 32746;

	(void)unused;
	assert_non_null(list);
	for (unsigned round = 0; round < 600; round++) {
		struct slc slc = new_slc(round % 2 != 0);

		for (unsigned i = 0; i < 3; i++) {
			size_t most = round % 3 == 0 ? TRIPLETS_MAX * SLC_TRIPLET_SIZE : 100;
			size_t size = next_random(&seed) % (most + 1);

			fill(list, size, &seed);
			take(&slc, list, size);
			assert_answer_is_sound(&slc);
		}
	}
	free(list);
}

static void cve_2026_32746_every_count_of_triplets_up_to_5000_is_taken(void **unused)
{
	struct slc slc = new_slc(false);
	uint8_t *list = malloc(TRIPLETS_MAX * SLC_TRIPLET_SIZE);

	(void)unused;
	assert_non_null(list);
	for (size_t i = 0; i < TRIPLETS_MAX; i++) {
		list[3 * i] = (uint8_t)(i * 7);
		list[3 * i + 1] = SLC_VALUE;
		list[3 * i + 2] = (uint8_t)(i | 1);
	}
	for (size_t count = 0; count <= TRIPLETS_MAX; count += count < 600 ? 1 : 97) {
		take(&slc, list, count * SLC_TRIPLET_SIZE);
		assert_answer_is_sound(&slc);
	}
	free(list);
}

/* Two machines that talk to each other, however they begin, soon have nothing more to say. */
static void no_exchange_goes_on_for_ever(void **unused)
{
	uint8_t list[300], one[SLC_ANSWER_MAX], other[SLC_ANSWER_MAX];
	uint32_t seed = 1184;

	(void)unused;
	for (unsigned round = 0; round < 3000; round++) {
		struct slc server = new_slc(false), client = new_slc(true);
		size_t size = next_random(&seed) % sizeof(list);
		unsigned steps = 0;

		client.own[EL].flags = round % 2 != 0 ? SLC_VALUE : SLC_CANTCHANGE;
		fill(list, size, &seed);
		size = slc_receive(&server, list, size, one, &changed);
		for (; size > 0 && steps < 6; steps++) {
			size = slc_receive(&client, one, size, other, &changed);
			if (size > 0)
				size = slc_receive(&server, other, size, one, &changed);
		}
		assert_true(steps < 6);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_value_is_taken_and_acknowledged),
		cmocka_unit_test(what_is_agreed_on_already_is_not_answered),
		cmocka_unit_test(an_acknowledgement_is_never_answered),
		cmocka_unit_test(a_function_that_is_not_supported_is_refused),
		cmocka_unit_test(unknown_functions_are_answered_nosupport),
		cmocka_unit_test(
			a_client_without_a_function_is_acknowledged_and_the_terminal_keeps_it),
		cmocka_unit_test(a_key_for_which_the_server_has_no_function_is_none_of_the_clients),
		cmocka_unit_test(the_default_of_a_function_is_told_when_asked_for),
		cmocka_unit_test(a_function_without_a_character_here_takes_any),
		cmocka_unit_test(
			a_character_that_cannot_change_is_insisted_on_but_not_against_another),
		cmocka_unit_test(no_character_can_be_0_or_255),
		cmocka_unit_test(all_defaults_are_restored_and_told),
		cmocka_unit_test(all_values_are_told_as_they_are),
		cmocka_unit_test(a_client_leaves_questions_for_all_unanswered),
		cmocka_unit_test(two_changes_that_cross_end_with_one_character),
		cmocka_unit_test(a_change_that_crosses_a_characters_end_ends_alike_on_both_sides),
		cmocka_unit_test(
			a_character_that_the_client_has_given_up_is_given_up_on_both_sides),
		cmocka_unit_test(what_the_defaults_lack_is_told_where_it_was_agreed_on),
		cmocka_unit_test(a_change_of_the_terminal_is_told_once),
		cmocka_unit_test(
			a_function_that_comes_again_and_again_is_answered_once_with_the_last),
		cmocka_unit_test(a_rest_that_is_no_triplet_is_left_out),
		cmocka_unit_test(
			cve_2026_32746_no_list_of_triplets_overflows_or_is_answered_without_bound),
		cmocka_unit_test(cve_2026_32746_every_count_of_triplets_up_to_5000_is_taken),
		cmocka_unit_test(no_exchange_goes_on_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
