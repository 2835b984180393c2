/* SPDX-License-Identifier: ISC */
/* Bytes on their way to a terminal: written in order, as far as it takes them, within bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs those before it. */
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "telnetd/typed.h"

static struct typed typed;
static int terminal, program; /* the two ends of a pipe, which has the manners of a raw terminal */
static char text[TYPED_SIZE + 1], received[TYPED_SIZE];

static int open_pipe(void **state)
{
	int ends[2];

	(void)state;
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
		return -1;
	program = ends[0];
	terminal = ends[1];
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)(i * 31 % 251);
	return 0;
}

static int close_pipe(void **state)
{
	(void)state;
	typed_drop(&typed);
	close(program);
	close(terminal);
	return 0;
}

static void what_is_typed_is_written_in_order_and_no_memory_is_held_then(void **state)
{
	(void)state;
	assert_int_equal(typed_add(&typed, "first ", 6), 0);
	assert_int_equal(typed_add(&typed, "second", 6), 0);
	assert_int_equal(typed_add(&typed, "", 0), 0);
	assert_int_equal(typed_write(&typed, terminal, typed.size), 0);
	assert_int_equal(read(program, received, sizeof(received)), 12);
	assert_memory_equal(received, "first second", 12);
	assert_null(typed.bytes);
	assert_int_equal(typed.size, 0);
}

static void no_more_is_written_than_may_be(void **state)
{
	(void)state;
	assert_int_equal(typed_add(&typed, "a line\nanother", 14), 0);
	assert_int_equal(typed_write(&typed, terminal, 7), 0);
	assert_int_equal(read(program, received, sizeof(received)), 7);
	assert_memory_equal(received, "a line\n", 7);
	assert_int_equal(typed_write(&typed, terminal, 0), 0);
	assert_int_equal(typed.size, 7);
	assert_memory_equal(typed.bytes, "another", 7);
}

static void all_comes_through_a_terminal_that_takes_little_at_a_time(void **state)
{
	size_t got = 0, times = 0;
	int result;

	(void)state;
	assert_true(fcntl(terminal, F_SETPIPE_SZ, 4096) > 0);
	assert_int_equal(typed_add(&typed, text, TYPED_SIZE), 0);
	do {
		ssize_t size;

		result = typed_write(&typed, terminal, typed.size);
		size = read(program, received + got, sizeof(received) - got);
		assert_true(size > 0);
		got += (size_t)size;
		times++;
	} while (result == -EAGAIN);
	assert_int_equal(result, 0);
	assert_true(times > 2);
	assert_int_equal(got, TYPED_SIZE);
	assert_memory_equal(received, text, TYPED_SIZE);
}

/* Where a character set is converted there may come more than there is room for at first. */
static void there_is_room_up_to_a_bound(void **state)
{
	(void)state;
	assert_int_equal(typed_add(&typed, text, TYPED_PLAIN_SIZE), 0);
	assert_int_equal(typed.room, TYPED_PLAIN_SIZE);
	assert_int_equal(typed_add(&typed, text + TYPED_PLAIN_SIZE, 1), 0);
	assert_int_equal(typed.room, TYPED_SIZE);
	assert_int_equal(typed_add(&typed, text + typed.size, TYPED_SIZE - typed.size), 0);
	assert_int_equal(typed_add(&typed, "x", 1), -ENOBUFS);
	assert_int_equal(typed.size, TYPED_SIZE);
	assert_memory_equal(typed.bytes, text, TYPED_SIZE);
	typed_drop(&typed);
	assert_int_equal(typed_add(&typed, text, TYPED_SIZE + 1), -ENOBUFS);
}

static void an_end_of_file_keeps_its_place_as_what_is_before_it_goes(void **state)
{
	(void)state;
	assert_int_equal(typed_add(&typed, "a\004b\004", 4), 0);
	assert_int_equal(typed_mark_end_of_file(&typed), 0);
	assert_int_equal(typed_add(&typed, text, TYPED_PLAIN_SIZE), 0); /* in another place */
	assert_int_equal(typed_add(&typed, "\004", 1), 0);
	assert_false(typed_is_end_of_file(&typed, 1));
	assert_true(typed_is_end_of_file(&typed, 3));
	assert_false(typed_is_end_of_file(&typed, typed.size - 1));
	assert_int_equal(typed_write(&typed, terminal, 3), 0);
	assert_true(typed_is_end_of_file(&typed, 0));
	assert_int_equal(typed_write(&typed, terminal, 1), 0);
	for (size_t at = 0; at < typed.size; at++)
		assert_false(typed_is_end_of_file(&typed, at));
	typed_drop(&typed);
	assert_int_equal(typed_add(&typed, "\004", 1), 0);
	assert_false(typed_is_end_of_file(&typed, 0));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_pipe, close_pipe)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_typed_is_written_in_order_and_no_memory_is_held_then),
		TEST(no_more_is_written_than_may_be),
		TEST(all_comes_through_a_terminal_that_takes_little_at_a_time),
		TEST(there_is_room_up_to_a_bound),
		TEST(an_end_of_file_keeps_its_place_as_what_is_before_it_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
