/* SPDX-License-Identifier: ISC */
/* The allow-list: which variables and terminal types of a client's reach the login program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
/* cmocka.h needs those before it. */
#include <cmocka.h>

#include "telnetd/environment.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static void assert_allowed(const char *variable)
{
	if (!environment_allows(variable, NULL))
		fail_msg("%s is refused", variable);
}

static void assert_refused(const char *variable, char *const *also)
{
	if (environment_allows(variable, also))
		fail_msg("%s is allowed", variable);
}

static void the_locale_is_allowed(void **state)
{
	static const char *const variables[] = {
		"LANG=C",
		"LANG=en_GB.UTF-8",
		"LANG=ca_ES.UTF-8@valencia",
		"LC_ALL=C.UTF-8",
		"LC_TIME=de_DE",
		"LC_MESSAGES=en:de",
		"LC_CTYPE=ja_JP.eucJP",
		"LC_PAPER_SIZE=de-DE_1",
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(variables); i++)
		assert_allowed(variables[i]);
}

static void what_the_terminal_can_do_is_allowed(void **state)
{
	(void)state;
	assert_allowed("COLORTERM=truecolor");
	assert_allowed("COLORTERM=24bit");
}

static void a_display_is_allowed(void **state)
{
	static const char *const variables[] = {
		"DISPLAY=:0",
		"DISPLAY=:10.0",
		"DISPLAY=host.example.org:0.1",
		"DISPLAY=[2001:db8::1]:0",
		"DISPLAY=unix/host:0",
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(variables); i++)
		assert_allowed(variables[i]);
}

/* CVE-1999-0073, CVE-2019-0053, CVE-2026-24061 (USER), CVE-2026-28372 (CREDENTIALS_DIRECTORY) */
static void every_other_variable_is_refused(void **state)
{
	static const char *const variables[] = {
		"USER=root",
		"USER=-froot",
		"LOGNAME=root",
		"TERM=xterm",
		"PATH=/tmp",
		"HOME=/tmp",
		"SHELL=/bin/sh",
		"IFS=x",
		"ENV=/tmp/x",
		"BASH_ENV=/tmp/x",
		"LD_LIBRARY_PATH=/tmp",
		"LD_PRELOAD=/tmp/x.so",
		"LD_AUDIT=x",
		"CREDENTIALS_DIRECTORY=/tmp",
		"TERMINFO=/tmp",
		"TERMCAP=/tmp/x",
		"LANGUAGE=de",
		"LOCPATH=/tmp",
		"NLSPATH=/tmp/%N",
		"TZ=:/etc/shadow",
		"MALLOC_TRACE=/tmp/x",
		"GCONV_PATH=/tmp",
		"TTYPROMPT=x",
		"MAIL=/etc/shadow",
		"XAUTHORITY=/tmp/x",
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(variables); i++)
		assert_refused(variables[i], NULL);
}

static void a_name_that_only_resembles_an_allowed_one_is_refused(void **state)
{
	static const char *const variables[] = {
		"lang=C",      "LAN=C",	   "LANGX=C", " LANG=C", "LANG =C",  "LC_=C",
		"LC_all=C",    "LC_A-B=C", "LC_A1=C", "LC=C",	 "LC_A B=C", "LC_\xc3\x84=C",
		"DISPLAYS=:0", "COLOR=1",  "=C",      "=",	 "LANG",     "",
		"LC_ALL",      "LANG\n=C",
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(variables); i++)
		assert_refused(variables[i], NULL);
}

static void a_value_with_other_characters_than_its_kind_is_refused(void **state)
{
	static const char *const variables[] = {
		"LANG=",
		"LANG=../../tmp/x",
		"LANG=/tmp/x",
		"LANG=C;id",
		"LANG=C\nLD_DEBUG=1",
		"LANG=$(id)",
		"LANG=a b",
		"LANG=%n",
		"LANG=\xc3\xa4",
		"LANG=C\x7f",
		"LC_ALL=/tmp/x",
		"LC_ALL=",
		"LANG=a=b",
		"COLORTERM=a/b",
		"COLORTERM=a b",
		"COLORTERM=",
		"DISPLAY=",
		"DISPLAY=:0 -x",
		"DISPLAY=`id`:0",
		"DISPLAY=a@b:0",
		"DISPLAY=:0\r",
		"DISPLAY=:0;id",
		"DISPLAY=a%sb:0",
		"LC_ALL=a'b",
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(variables); i++)
		assert_refused(variables[i], NULL);
}

static void no_byte_but_those_listed_stands_in_a_locale(void **state)
{
	(void)state;
	for (int byte = 1; byte < 256; byte++) {
		const char variable[] = {'L', 'A', 'N', 'G', '=', 'x', (char)byte, 'x', '\0'};
		bool listed = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
			      (byte >= 'A' && byte <= 'Z') || strchr("_.@:-", byte) != NULL;

		if (environment_allows(variable, NULL) != listed)
			fail_msg("byte %#x is %s", (unsigned)byte, listed ? "refused" : "allowed");
	}
}

static void names_that_the_configuration_adds_are_allowed(void **state)
{
	char *also[] = {"EDITOR", "TZ", NULL};

	(void)state;
	assert_true(environment_allows("EDITOR=vi -e", also));
	assert_true(environment_allows("TZ=:Europe/Berlin", also));
	assert_true(environment_allows("TZ=", also));
	assert_true(environment_allows("LANG=C", also));
	assert_refused("EDITOR", also);
	assert_refused("EDITORS=vi", also);
	assert_refused("EDITO=vi", also);
	assert_refused("USER=root", also);
}

static void an_added_names_value_must_be_printable(void **state)
{
	char *also[] = {"EDITOR", NULL};

	(void)state;
	assert_refused("EDITOR=vi\n", also);
	assert_refused("EDITOR=\x1b[2J", also);
	assert_refused("EDITOR=\x7f", also);
	assert_refused("EDITOR=\xc3\xa4", also);
}

static void an_added_name_does_not_loosen_a_listed_ones_value(void **state)
{
	char *also[] = {"LANG", "LC_ALL", NULL};

	(void)state;
	assert_refused("LANG=/tmp/x", also);
	assert_refused("LC_ALL=../x", also);
}

static void terminal_types_in_use_are_allowed(void **state)
{
	static const char *const types[] = {
		"xterm", "xterm-256color", "vt100",	 "screen.xterm-256color",
		"ansi",	 "linux-16color",  "tn3270",	 "att6386-m",
		"9term", "iris-ansi-ap",   "cons25+x_y", "1234567890123456789012345678901234567890",
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(types); i++)
		if (!environment_allows_terminal_type(types[i]))
			fail_msg("%s is refused", types[i]);
}

static void terminal_types_that_are_paths_or_options_or_more_are_refused(void **state)
{
	static const char *const types[] = {
		"",
		"-f",
		".",
		"..",
		".profile",
		"+x",
		"_x",
		"../xterm",
		"/tmp/x",
		"x/../y",
		"XTERM",
		"xTerm",
		"xterm ",
		" xterm",
		"xterm\n",
		"xterm;x",
		"x=y",
		"x:y",
		"x%s",
		"x\xc3\xa4",
		"x\x7f",
		"x\\y",
		"$(id)",
		"x|y",
		"12345678901234567890123456789012345678901",
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(types); i++)
		if (environment_allows_terminal_type(types[i]))
			fail_msg("%s is allowed", types[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_locale_is_allowed),
		cmocka_unit_test(what_the_terminal_can_do_is_allowed),
		cmocka_unit_test(a_display_is_allowed),
		cmocka_unit_test(every_other_variable_is_refused),
		cmocka_unit_test(a_name_that_only_resembles_an_allowed_one_is_refused),
		cmocka_unit_test(a_value_with_other_characters_than_its_kind_is_refused),
		cmocka_unit_test(no_byte_but_those_listed_stands_in_a_locale),
		cmocka_unit_test(names_that_the_configuration_adds_are_allowed),
		cmocka_unit_test(an_added_names_value_must_be_printable),
		cmocka_unit_test(an_added_name_does_not_loosen_a_listed_ones_value),
		cmocka_unit_test(terminal_types_in_use_are_allowed),
		cmocka_unit_test(terminal_types_that_are_paths_or_options_or_more_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
