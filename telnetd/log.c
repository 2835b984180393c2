/* SPDX-License-Identifier: ISC */
/* The log: one line an event, to syslog or to standard error. */
#include "telnetd/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define LINE_MAX_SIZE 1024

/* Set once at the start, before any session. */
static bool syslog_open;
static bool standard_error_open;

void log_open(bool to_syslog, bool to_standard_error)
{
	syslog_open = to_syslog;
	standard_error_open = to_standard_error;
	if (to_syslog)
		openlog("telnetd", LOG_PID, LOG_DAEMON);
}

void log_disconnect(void)
{
	closelog();
	log_open(syslog_open, standard_error_open);
}

void log_line(int severity, const char *format, ...)
{
	char line[LINE_MAX_SIZE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	for (char *c = line; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == '\x7f')
			*c = '?';
	if (syslog_open)
		syslog(severity, "%s", line);
	if (standard_error_open)
		dprintf(STDERR_FILENO, "telnetd: %s\n", line);
}
