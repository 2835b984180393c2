/* SPDX-License-Identifier: ISC */
/* What libnvt, as it is installed, shows to the programs that are linked with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs those before it. */
#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define HEADER_SIZE 65536
#define NAME_SIZE 256

static char header[HEADER_SIZE];

static int read_header(void **state)
{
	FILE *file = fopen(TEST_SOURCE_DIRECTORY "/nvt/nvt.h", "re");
	size_t size;

	(void)state;
	if (!file)
		return -1;
	size = fread(header, 1, sizeof(header) - 1, file);
	fclose(file);
	return size > 0 && size < sizeof(header) - 1 ? 0 : -1;
}

/* Whether the header has it with an argument list behind it. */
static bool is_declared(const char *name)
{
	char call[NAME_SIZE + 1];

	snprintf(call, sizeof(call), "%s(", name);
	return strstr(header, call);
}

/* What the compiler adds: to begin and to end a library, and what sanitizers need. */
static bool is_the_compilers(const char *name)
{
	return strncmp(name, "__", 2) == 0 || strcmp(name, "_init") == 0 ||
	       strcmp(name, "_fini") == 0;
}

/* Of what nm(1) lists as defined each must be declared. */
static void assert_shows_what_is_declared(const char *options, const char *library)
{
	char command[512], line[NAME_SIZE * 2], name[NAME_SIZE], kind;
	size_t count = 0;
	FILE *list;

	snprintf(command, sizeof(command), "nm --extern-only --defined-only %s '%s/%s'", options,
		 TEST_BUILD_DIRECTORY, library);
	list = popen(command, "r");
	assert_non_null(list);
	while (fgets(line, sizeof(line), list)) {
		if (sscanf(line, "%*x %c %255s", &kind, name) != 2 || is_the_compilers(name))
			continue;
		if (!is_declared(name))
			fail_msg("%s shows %s, which nvt.h does not declare", library, name);
		count++;
	}
	assert_int_equal(pclose(list), 0);
	assert_true(count > 30);
}

static void the_shared_library_shows_what_its_header_declares(void **state)
{
	(void)state;
	assert_shows_what_is_declared("--dynamic", "libnvt.so.0");
}

static void the_archive_that_is_installed_shows_what_its_header_declares(void **state)
{
	(void)state;
	assert_shows_what_is_declared("", "installed/libnvt.a");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_shared_library_shows_what_its_header_declares),
		cmocka_unit_test(the_archive_that_is_installed_shows_what_its_header_declares),
	};

	return cmocka_run_group_tests(tests, read_header, NULL);
}
