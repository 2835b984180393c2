/* SPDX-License-Identifier: ISC */
/* Types and reads the lines of a dialogue. */
#include "tests/net/support/dialogue.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/e2e/support/trial.h"

#define COMMAND_SIZE 256

void dialogue_start(struct typist *typist, const char *command)
{
	static char path[4096];
	char words[COMMAND_SIZE], *rest = words;
	const char *arguments[DIALOGUE_ARGUMENTS + 1] = {NULL};

	snprintf(path, sizeof(path), "PATH=%s", getenv("PATH"));
	snprintf(words, sizeof(words), "%s", command);
	for (size_t i = 0; i < DIALOGUE_ARGUMENTS; i++)
		arguments[i] = strtok_r(rest, " ", &rest);
	typist->variables[0] = path;
	typist->variables[1] = "LANG=C.UTF-8";
	typist_start(typist, arguments);
}

/* Whether a line is the pattern, where '*' is for any text. */
static bool matches(const char *line, const char *pattern)
{
	while (*pattern != '*') {
		if (*line != *pattern)
			return false;
		if (*line == '\0')
			return true;
		line++;
		pattern++;
	}
	for (;; line++) {
		if (matches(line, pattern + 1))
			return true;
		if (*line == '\0')
			return false;
	}
}

/* The next line ends in CR LF, as a terminal is given it, and is `pattern`. */
static void expect_line(struct typist *typist, const char *pattern)
{
	size_t from = typist->seen, length;
	char *line;

	typist_expect(typist, "\n");
	length = typist->seen - from;
	line = strndup(typist->shown + from, length);
	assert_non_null(line);
	if (length < 2 || line[length - 2] != '\r') {
		trial_show("screen", typist->shown, typist->size);
		fail_msg("no CR LF at the end of '%s'", line);
	}
	line[length - 2] = '\0';
	if (!matches(line, pattern)) {
		trial_show("screen", typist->shown, typist->size);
		fail_msg("shown: '%s', not: '%s'", line, pattern);
	}
	free(line);
}

/* The next that is shown is this text. */
static void expect_prompt(struct typist *typist, const char *text)
{
	size_t from = typist->seen;

	typist_expect(typist, text);
	if (typist->seen != from + strlen(text)) {
		trial_show("screen", typist->shown, typist->size);
		fail_msg("something is shown before '%s'", text);
	}
}

void dialogue_hold(struct typist *typist, const char *const lines[])
{
	for (size_t i = 0; lines[i]; i++) {
		const char *text = lines[i] + 1;

		switch (lines[i][0]) {
		case '>':
			typist_enter(typist, text);
			expect_line(typist, text);
			break;
		case '!':
			typist_enter(typist, text);
			expect_line(typist, "");
			break;
		case '?':
			expect_prompt(typist, text);
			break;
		default:
			expect_line(typist, text);
		}
	}
}

const char *dialogue_directory(void)
{
	static char path[COMMAND_SIZE];

	snprintf(path, sizeof(path), "%s/dialogues", getenv("NETWORK"));
	return path;
}

void dialogue_keep(const struct typist *typist, const char *command, const char *name)
{
	char path[2 * COMMAND_SIZE];
	FILE *file;

	mkdir(dialogue_directory(), 0755);
	snprintf(path, sizeof(path), "%s/%s", dialogue_directory(), name);
	file = fopen(path, "we");
	assert_non_null(file);
	fprintf(file, "$ %s\n", command);
	for (size_t i = 0; i < typist->size; i++)
		if (typist->shown[i] != '\r')
			fputc(typist->shown[i], file);
	assert_int_equal(fclose(file), 0);
}
