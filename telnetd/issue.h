/* SPDX-License-Identifier: ISC */
/* The issue file, shown before login. */
#ifndef TELNETD_ISSUE_H
#define TELNETD_ISSUE_H

#include <stddef.h>

/*
 * Reads an issue file and expands getty's escapes: \s \n \r \v \m \o (uname), \S (the system's
 * name), \l (the terminal's line), \d \t (date and time), \u \U (users), \b (speed), \\; any other
 * is shown as it stands. Returns the text, which the caller frees, and its size; NULL with errno
 * set where it cannot be read.
 */
char *issue_read(const char *path, const char *line, unsigned long speed, size_t *size);

#endif
