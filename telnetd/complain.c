/* SPDX-License-Identifier: ISC */
/* Says why the program does not start. Runs before there are workers, and in no worker. */
#include "telnetd/complain.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "telnetd/config.h"
#include "telnetd/log.h"

#define LINE_MAX_SIZE 2048

/* As inetd starts a program: descriptor 0 is the client's connection, and so may 2 be. */
static bool has_connection(bool *at_standard_error)
{
	struct stat input, error;

	*at_standard_error = false;
	if (fstat(STDIN_FILENO, &input) != 0 || !S_ISSOCK(input.st_mode))
		return false;
	if (fstat(STDERR_FILENO, &error) == 0)
		*at_standard_error = error.st_dev == input.st_dev && error.st_ino == input.st_ino;
	return true;
}

static void say(char *line)
{
	bool at_standard_error;
	bool by_inetd = has_connection(&at_standard_error);

	for (char *c = line; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == '\x7f')
			*c = '?';
	if (!at_standard_error)
		dprintf(STDERR_FILENO, "telnetd: %s\n", line);
	if (!by_inetd)
		return;
	log_open(true, false);
	log_line(LOG_ERR, "event=failed what=\"cannot start\" why=\"%s\"", line);
}

/* A line that is too long is cut. */
static void say_of(const struct origin *origin, const char *format, va_list arguments)
{
	char line[LINE_MAX_SIZE] = "";
	int size = 0;

	if (origin->file)
		size = snprintf(line, sizeof(line), "%s:%d: ", origin->file, origin->line);
	else if (origin->long_option)
		size = snprintf(line, sizeof(line), "--%s: ", origin->long_option);
	else if (origin->option != '\0')
		size = snprintf(line, sizeof(line), "-%c: ", origin->option);
	if (size >= 0 && (size_t)size < sizeof(line))
		vsnprintf(line + size, sizeof(line) - (size_t)size, format, arguments);
	say(line);
}

bool complain_is_for_inetd(void)
{
	bool at_standard_error;

	return has_connection(&at_standard_error);
}

int complain(const char *format, ...)
{
	const struct origin nowhere = {0};
	va_list arguments;

	va_start(arguments, format);
	say_of(&nowhere, format, arguments);
	va_end(arguments);
	return CONFIG_EXIT_USAGE;
}

int complain_of(const struct origin *origin, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say_of(origin, format, arguments);
	va_end(arguments);
	return CONFIG_EXIT_USAGE;
}
