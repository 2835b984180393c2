/* SPDX-License-Identifier: ISC */
/* The log: one line an event, key=value, to syslog or to standard error. */
#ifndef TELNETD_LOG_H
#define TELNETD_LOG_H

#include <stdbool.h>
#include <syslog.h> /* LOG_INFO and the other severities */

/* Where lines go from here on: to syslog (facility daemon), or to standard error, or to both. */
void log_open(bool to_syslog, bool to_standard_error);

/* For a process that closes its descriptors: the next line connects to syslog anew. */
void log_disconnect(void);

/*
 * Logs a line. Whatever in it did not come from this program must have been made printable by the
 * caller; other control characters are shown as '?', so that a line stays a line.
 */
__attribute__((format(printf, 2, 3))) void log_line(int severity, const char *format, ...);

#endif
