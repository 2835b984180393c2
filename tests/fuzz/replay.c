/* SPDX-License-Identifier: ISC */
/*
 * Gives a fuzz target every input of its corpus once, without a fuzzer, as a test among the others.
 * The target is the one that the program's name ends in: replay_TARGET. With arguments it replays
 * those files instead.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs those before it. */
#include <cmocka.h>

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

#define INPUT_MAX (64 * 1024)
#define PATH_SIZE 4096

static const char *target;

/* In memory of just its size, so that reading behind it is seen. */
static void replay(const char *path)
{
	static uint8_t bytes[INPUT_MAX];
	FILE *file = fopen(path, "re");
	uint8_t *input;
	size_t size;

	assert_non_null(file);
	size = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	input = malloc(size > 0 ? size : 1);
	assert_non_null(input);
	memcpy(input, bytes, size);
	fprintf(stderr, "%s\n", path); /* seen where the test fails */
	LLVMFuzzerTestOneInput(input, size);
	free(input);
}

static void no_input_of_the_corpus_breaks_a_promise(void **unused)
{
	char pattern[PATH_SIZE];
	glob_t inputs;

	(void)unused;
	snprintf(pattern, sizeof(pattern), TEST_SOURCE_DIRECTORY "/tests/fuzz/corpus/%s/*", target);
	assert_int_equal(glob(pattern, 0, NULL, &inputs), 0);
	for (size_t i = 0; i < inputs.gl_pathc; i++)
		replay(inputs.gl_pathv[i]);
	globfree(&inputs);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_input_of_the_corpus_breaks_a_promise),
	};
	const char *name = strstr(argv[0], "replay_");

	if (!name) {
		fprintf(stderr, "%s: its name must be replay_ and a target's\n", argv[0]);
		return 2;
	}
	target = name + strlen("replay_");
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	return argc > 1 ? 0 : cmocka_run_group_tests(tests, NULL, NULL);
}
