/* SPDX-License-Identifier: ISC */
/* nvt/PROTOCOL.md: each row of its tables names a test that shows it, and there are such tests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs those before it. */
#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TABLE TEST_SOURCE_DIRECTORY "/nvt/PROTOCOL.md"
#define LINE_SIZE 4096
#define PATH_SIZE 4096
#define NAME_SIZE 256

/* Tests that the whole page has to name at least; a page that is misread names none. */
#define TESTS_MIN 50

/* Whether a line has the name as an argument, as the macros of a list of tests do. */
static bool registers(const char *line, const char *name)
{
	const char *at = strstr(line, name);

	return at && at > line && strchr("(, \t", at[-1]) && strchr("),", at[strlen(name)]);
}

/* Whether a line of a file begins a test of this name, and another one registers it. */
static bool has_test(const char *file, const char *name)
{
	char path[PATH_SIZE], line[LINE_SIZE], definition[NAME_SIZE + 32];
	bool defined = false, used = false;
	FILE *source;

	snprintf(path, sizeof(path), TEST_SOURCE_DIRECTORY "/tests/%s", file);
	snprintf(definition, sizeof(definition), "static void %s(void **", name);
	source = fopen(path, "re");
	if (!source)
		return false;
	while (fgets(line, sizeof(line), source)) {
		defined |= strncmp(line, definition, strlen(definition)) == 0;
		used |= registers(line, name);
	}
	fclose(source);
	return defined && used;
}

/*
 * Looks up the tests that a line names, each a file and a function between two backquotes. Returns
 * how many there are; fails at one that is not there.
 */
static size_t check_names(const char *line)
{
	char file[NAME_SIZE], name[NAME_SIZE];
	size_t count = 0;

	for (const char *at = line; (at = strchr(at, '`')); at++) {
		if (sscanf(at, "`%255[a-z0-9_/.] %255[a-z0-9_]`", file, name) != 2)
			continue;
		if (!has_test(file, name))
			fail_msg("there is no test %s in tests/%s", name, file);
		at = strchr(at + 1, '`'); /* the one that ends it */
		assert_non_null(at);
		count++;
	}
	return count;
}

/* A row that is neither a table's head nor the rule below it. */
static bool is_row(const char *line, const char *before)
{
	return line[0] == '|' && before[0] == '|' && strncmp(line, "|---", 4) != 0;
}

static void every_row_names_tests_that_there_are(void **unused)
{
	char line[LINE_SIZE], before[LINE_SIZE] = "";
	FILE *table = fopen(TABLE, "re");
	size_t all = 0;

	(void)unused;
	assert_non_null(table);
	while (fgets(line, sizeof(line), table)) {
		size_t count = check_names(line);

		if (is_row(line, before) && count == 0)
			fail_msg("a row without a test: %.60s", line);
		all += count;
		memcpy(before, line, sizeof(before));
	}
	fclose(table);
	assert_true(all >= TESTS_MIN);
}

static void a_test_that_is_not_there_is_missed(void **unused)
{
	(void)unused;
	assert_true(has_test("unit/test_protocol_table.c", "a_test_that_is_not_there_is_missed"));
	assert_false(has_test("unit/test_protocol_table.c", "a_test_that_is_not_there"));
	assert_false(has_test("unit/test_no_file.c", "a_test_that_is_not_there_is_missed"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_names_tests_that_there_are),
		cmocka_unit_test(a_test_that_is_not_there_is_missed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
