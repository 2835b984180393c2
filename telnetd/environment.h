/* SPDX-License-Identifier: ISC */
/*
 * Which variables of a client's environment may reach the login program. The worker leaves out the
 * others; the monitor, which does not trust it, checks again by the same rule.
 */
#ifndef TELNETD_ENVIRONMENT_H
#define TELNETD_ENVIRONMENT_H

#include <stdbool.h>

/*
 * Whether NAME=VALUE is allowed: by its name (LANG, LC_*, COLORTERM, DISPLAY, and the names in
 * `also`, which ends with NULL or is NULL) and by the characters of its value.
 */
bool environment_allows(const char *variable, char *const *also);

/* Whether a variable of the environment can have this name. */
bool environment_is_name(const char *name);

/*
 * Whether it is one that tells the login program, or the dynamic linker, who the user is and what
 * to run: no client may set it, whatever the configuration says. There are others that programs
 * obey.
 */
bool environment_is_reserved(const char *name);

/* Whether this is a terminal type that may become TERM: [a-z0-9][a-z0-9+._-]*, 40 at most. */
bool environment_allows_terminal_type(const char *type);

#endif
