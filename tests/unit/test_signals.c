/* SPDX-License-Identifier: ISC */
/* What telnetd/signals.h promises. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "telnetd/signals.h"

#include <signal.h>
#include <string.h>

static void a_signal_that_ends_a_process_has_its_name(void **state)
{
	(void)state;
	assert_string_equal(signals_name(SIGTERM), "TERM");
	assert_string_equal(signals_name(SIGSYS), "SYS");
	assert_string_equal(signals_name(SIGSEGV), "SEGV");
}

static void a_signal_without_a_name_is_told_by_its_number(void **state)
{
	(void)state;
	assert_string_equal(signals_name(0), "0");
	assert_string_equal(signals_name(63), "63");
}

/* The C library's own word for each, where it has one. */
static void no_signal_has_a_wrong_name(void **state)
{
	(void)state;
#ifdef __GLIBC__
	for (int number = 1; number < SIGSYS + 1; number++) {
		const char *name = signals_name(number);

		if (name[0] < '0' || name[0] > '9')
			assert_string_equal(name, sigabbrev_np(number));
	}
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signal_that_ends_a_process_has_its_name),
		cmocka_unit_test(a_signal_without_a_name_is_told_by_its_number),
		cmocka_unit_test(no_signal_has_a_wrong_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
