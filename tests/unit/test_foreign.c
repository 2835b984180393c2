/* SPDX-License-Identifier: ISC */
/* Clients of other protocols are told by their first bytes, however these are cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs those before it. */
#include <cmocka.h>

#include <string.h>

#include "telnetd/foreign.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const char *protocol_of(const char *text)
{
	struct foreign foreign = {.size = 0};

	return foreign_protocol(&foreign, text, strlen(text));
}

static void what_a_browser_sends_first_is_told(void **state)
{
	static const char *const requests[] = {
		"GET / HTTP/1.1\r\n",	"HEAD /a HTTP/1.1\r\n",	   "POST / HTTP/1.1\r\n",
		"PUT /a HTTP/1.1\r\n",	"DELETE /a HTTP/1.1\r\n",  "PATCH /a HTTP/1.1\r\n",
		"PRI * HTTP/2.0\r\n\r", "OPTIONS /a HTTP/1.1\r\n",
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(requests); i++)
		assert_string_equal(protocol_of(requests[i]), "HTTP");
	assert_string_equal(protocol_of("\x16\x03\x01\x02"), "TLS");
}

static void what_a_user_types_first_is_not(void **state)
{
	static const char *const lines[] = {
		"",	   "root\r",	  "ls /\r", "GET\r",
		"get /\r", "POSTMAN /\r", "\x16\r", "echo GET / HTTP/1.1\r",
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(lines); i++)
		assert_null(protocol_of(lines[i]));
}

static void cuts_make_no_difference(void **state)
{
	static const char request[] = "POST / HTTP/1.1\r\n\r\nid\n";
	struct foreign foreign = {.size = 0};
	size_t told_at = 0;

	(void)state;
	for (size_t i = 0; i < strlen(request) && told_at == 0; i++)
		if (foreign_protocol(&foreign, request + i, 1))
			told_at = i + 1;
	assert_int_equal(told_at, strlen("POST /"));
}

static void only_the_beginning_counts(void **state)
{
	struct foreign foreign = {.size = 0};

	(void)state;
	assert_null(foreign_protocol(&foreign, "cat\r", 4));
	assert_null(foreign_protocol(&foreign, "GET / HTTP/1.1\r", 15));
	for (int i = 0; i < 20; i++)
		assert_null(foreign_protocol(&foreign, "POST / HTTP/1.1\r", 16));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_browser_sends_first_is_told),
		cmocka_unit_test(what_a_user_types_first_is_not),
		cmocka_unit_test(cuts_make_no_difference),
		cmocka_unit_test(only_the_beginning_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
