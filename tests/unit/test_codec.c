/* SPDX-License-Identifier: ISC */
/* The tables of sets whose characters are single bytes, compared with the machine's iconv(3). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs those before it. */
#include <cmocka.h>

#include <errno.h>
#include <iconv.h>
#include <stdbool.h>
#include <string.h>
#include <wchar.h>

#include "nvt/codec.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FAILED ((size_t)-1)
#define CODE_POINTS 0x30000 /* the planes that have characters of any set, and one more */

static const struct {
	const char *converter; /* what iconv(3) calls it */
	struct codec_set set;
} sets[] = {
	{"ISO-8859-1", {.upper = table_iso_8859_1}}, {"ISO-8859-15", {.upper = table_iso_8859_15}},
	{"KOI8-R", {.upper = table_koi8_r}},	     {"CP1251", {.upper = table_windows_1251}},
	{"CP1252", {.upper = table_windows_1252}},   {"CP437", {.upper = table_cp437}},
	{"CP850", {.upper = table_cp850}},	     {"IBM037", {.all = table_ibm037}},
	{"IBM1047", {.all = table_ibm1047}},
};

/* What iconv(3) makes of the same; a set that the machine lacks is not compared. */
static bool open_both(size_t i, bool decoder, struct codec *ours, struct codec *theirs)
{
	static struct codec_set machines;

	machines = (struct codec_set){.converter = sets[i].converter};
	if (!(decoder ? codec_open_decoder : codec_open_encoder)(theirs, &machines)) {
		codec_close(theirs);
		print_message("%s: not compared: iconv(3) lacks it\n", sets[i].converter);
		return false;
	}
	assert_true((decoder ? codec_open_decoder : codec_open_encoder)(ours, &sets[i].set));
	return true;
}

struct result {
	size_t returned;
	int error;
	size_t in_size;
	size_t room;
	char out[8];
};

static struct result convert(struct codec *codec, const void *bytes, size_t size, size_t room)
{
	struct result result = {.in_size = size, .room = room};
	char in[8], *at = in, *out = result.out;

	memcpy(in, bytes, size);
	errno = 0;
	result.returned = codec_convert(codec, &at, &result.in_size, &out, &result.room);
	result.error = result.returned == FAILED ? errno : 0;
	codec_restart(codec);
	return result;
}

static void assert_same_result(struct codec *ours, struct codec *theirs, const void *bytes,
			       size_t size, size_t room)
{
	struct result one = convert(ours, bytes, size, room);
	struct result other = convert(theirs, bytes, size, room);

	assert_int_equal(one.error, other.error);
	assert_int_equal(one.returned == FAILED, other.returned == FAILED);
	assert_int_equal(one.in_size, other.in_size);
	assert_int_equal(one.room, other.room);
	assert_memory_equal(one.out, other.out, room - one.room);
}

static void every_byte_becomes_the_character_that_iconv_makes_of_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(sets); i++) {
		struct codec ours, theirs;

		if (!open_both(i, true, &ours, &theirs))
			continue;
		for (unsigned byte = 0; byte < 256; byte++) {
			const char bytes[] = {(char)byte, 'a'};

			assert_same_result(&ours, &theirs, bytes, 1, sizeof(wchar_t));
			assert_same_result(&ours, &theirs, bytes, 2, 2 * sizeof(wchar_t));
		}
		codec_close(&ours);
		codec_close(&theirs);
	}
}

/* Tags (U+E0000 and on), which iconv(3) drops, are left to the caller. */
static void every_character_becomes_the_byte_that_iconv_makes_of_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(sets); i++) {
		struct codec ours, theirs;

		if (!open_both(i, false, &ours, &theirs))
			continue;
		for (wchar_t wide = 0; wide < CODE_POINTS; wide++)
			assert_same_result(&ours, &theirs, &wide, sizeof(wide), 1);
		codec_close(&ours);
		codec_close(&theirs);
	}
}

static void what_has_no_room_or_no_end_is_left(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(sets); i++) {
		const wchar_t wide[] = {L'a', L'b'};
		struct codec ours, theirs;

		if (!open_both(i, true, &ours, &theirs))
			continue;
		assert_same_result(&ours, &theirs, "ab", 2, 0);
		assert_same_result(&ours, &theirs, "ab", 2, sizeof(wchar_t));
		assert_same_result(&ours, &theirs, "ab", 2, sizeof(wchar_t) + 1);
		codec_close(&ours);
		codec_close(&theirs);
		open_both(i, false, &ours, &theirs);
		assert_same_result(&ours, &theirs, wide, sizeof(wide), 0);
		assert_same_result(&ours, &theirs, wide, sizeof(wide), 1);
		assert_same_result(&ours, &theirs, wide, sizeof(wide[0]) + 1, 2);
		codec_close(&ours);
		codec_close(&theirs);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_byte_becomes_the_character_that_iconv_makes_of_it),
		cmocka_unit_test(every_character_becomes_the_byte_that_iconv_makes_of_it),
		cmocka_unit_test(what_has_no_room_or_no_end_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
