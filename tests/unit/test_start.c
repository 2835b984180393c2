/* SPDX-License-Identifier: ISC */
/* What a session asks to be started, from what a client has told. */
#include "telnetd/start.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs those before it. */
#include <cmocka.h>

#include <string.h>

static struct message_start start;

static void tell(struct nvt_peer *peer, char *name, char *value)
{
	peer->variables[peer->variable_count++] = (struct nvt_variable){name, value, false};
}

static void what_the_terminal_is_passes(void **state)
{
	const struct nvt_peer peer = {.terminal_type = "xterm",
				      .columns = 132,
				      .rows = 43,
				      .transmit_speed = 38400,
				      .receive_speed = 9600};

	(void)state;
	memset(&start, 0xff, sizeof(start));
	start_fill(&start, &peer, true, NULL);
	assert_string_equal(start.terminal_type, "xterm");
	assert_int_equal(start.echo, 1);
	assert_int_equal(start.columns, 132);
	assert_int_equal(start.rows, 43);
	assert_int_equal(start.transmit_speed, 38400);
	assert_int_equal(start.receive_speed, 9600);
	assert_int_equal(start.variable_count, 0);
}

static void a_terminal_without_a_usable_type_is_dumb(void **state)
{
	const struct nvt_peer none = {.rows = 0}, bad = {.terminal_type = "../xterm"};

	(void)state;
	start_fill(&start, &none, false, NULL);
	assert_string_equal(start.terminal_type, "dumb");
	assert_int_equal(start.echo, 0);
	start_fill(&start, &bad, false, NULL);
	assert_string_equal(start.terminal_type, "dumb");
}

static void other_types_that_are_usable_pass(void **state)
{
	const struct nvt_peer peer = {.terminal_type = "tinyfugue",
				      .other_types = {"ansi-attr", "../xterm", "ansi"}};

	(void)state;
	memset(&start, 0xff, sizeof(start));
	start_fill(&start, &peer, true, NULL);
	assert_string_equal(start.terminal_type, "tinyfugue");
	assert_string_equal(start.other_types[0], "ansi-attr");
	assert_string_equal(start.other_types[1], "ansi");
	assert_string_equal(start.other_types[2], "");
}

static void only_variables_that_are_allowed_pass(void **state)
{
	char *const accepted[] = {"EDITOR", NULL};
	struct nvt_peer peer = {.rows = 0};

	(void)state;
	tell(&peer, "LANG", "ko_KR.UTF-8");
	tell(&peer, "LD_PRELOAD", "/tmp/x.so");
	tell(&peer, "EDITOR", "vi");
	start_fill(&start, &peer, true, accepted);
	assert_int_equal(start.variable_count, 2);
	assert_string_equal(start.variables[0], "LANG=ko_KR.UTF-8");
	assert_string_equal(start.variables[1], "EDITOR=vi");
	start_fill(&start, &peer, true, NULL);
	assert_int_equal(start.variable_count, 1);
}

static void a_display_passes_by_its_own_option_alone(void **state)
{
	struct nvt_peer peer = {.display = "host:1"};

	(void)state;
	tell(&peer, "DISPLAY", "other:2");
	start_fill(&start, &peer, true, NULL);
	assert_int_equal(start.variable_count, 1);
	assert_string_equal(start.variables[0], "DISPLAY=host:1");
}

static void colours_that_mtts_tells_of_are_colorterm_where_there_is_none(void **state)
{
	struct nvt_peer peer = {.mtts = 256 + 1};

	(void)state;
	start_fill(&start, &peer, true, NULL);
	assert_int_equal(start.variable_count, 1);
	assert_string_equal(start.variables[0], "COLORTERM=truecolor");
	tell(&peer, "COLORTERM", "24bit");
	start_fill(&start, &peer, true, NULL);
	assert_int_equal(start.variable_count, 1);
	assert_string_equal(start.variables[0], "COLORTERM=24bit");
	peer = (struct nvt_peer){.mtts = 1 + 8};
	start_fill(&start, &peer, true, NULL);
	assert_int_equal(start.variable_count, 0);
}

static void variables_that_do_not_fit_are_left_out(void **state)
{
	char value[MESSAGE_VARIABLE_SIZE];
	struct nvt_peer peer = {.rows = 0};

	(void)state;
	memset(value, 'a', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	tell(&peer, "LANG", value);
	for (int i = 0; i < MESSAGE_VARIABLES + 1; i++)
		tell(&peer, "LC_ALL", "C");
	start_fill(&start, &peer, true, NULL);
	assert_int_equal(start.variable_count, MESSAGE_VARIABLES);
	assert_string_equal(start.variables[0], "LC_ALL=C");
	value[sizeof(value) - strlen("LANG=")] = '\0'; /* one more than fits */
	start_fill(&start, &peer, true, NULL);
	assert_string_equal(start.variables[0], "LC_ALL=C");
	value[sizeof(value) - 1 - strlen("LANG=")] = '\0'; /* the longest that fits */
	start_fill(&start, &peer, true, NULL);
	assert_int_equal(strlen(start.variables[0]), MESSAGE_VARIABLE_SIZE - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_terminal_is_passes),
		cmocka_unit_test(a_terminal_without_a_usable_type_is_dumb),
		cmocka_unit_test(other_types_that_are_usable_pass),
		cmocka_unit_test(only_variables_that_are_allowed_pass),
		cmocka_unit_test(a_display_passes_by_its_own_option_alone),
		cmocka_unit_test(colours_that_mtts_tells_of_are_colorterm_where_there_is_none),
		cmocka_unit_test(variables_that_do_not_fit_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
