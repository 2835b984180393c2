/* SPDX-License-Identifier: ISC */
/*
 * A machine of the test's own, as far as logging in goes: its users and passwords, who is logged
 * in, its logs. All of it is in memory and in a mount namespace of this process and its children,
 * so that it goes with them, however they end.
 */
#ifndef E2E_MACHINE_H
#define E2E_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define MACHINE_USER "wanda"
#define MACHINE_UID 1717
#define MACHINE_PASSWORD "right horse" /* of root, too */
#define MACHINE_DIRECTORY "/run/machine"
#define MACHINE_HOME MACHINE_DIRECTORY "/home"
#define MACHINE_PROMPT "wanda> " /* of her shell, which is bash */

/*
 * Enters it, for good. Returns NULL, or why that cannot be done here. utmp, wtmp and the logs are
 * empty then; root's and the user's passwords are MACHINE_PASSWORD.
 */
const char *machine_enter(void);

/* Adds lines to a file of the machine, in a copy that stands in its place. */
void machine_extend(const char *path, const char *lines);

/* Copies a program into the machine's directory, where its user may run it; its static path. */
const char *machine_install(const char *program);

/* Empties utmp and wtmp. */
void machine_forget_logins(void);

/* Runs a command by the shell; what it prints, in a static buffer. */
const char *machine_ask(const char *command);

/* Whether login(1) is util-linux's, as Debian's is from 13 on. Debian 12's is shadow's. */
bool machine_has_linux_login(void);

/* Whether who(1) reads utmp. From Debian 13 on it asks systemd-logind instead. */
bool machine_has_who(void);

/* The line that who(1) prints of a user, "" for none. */
const char *machine_who(const char *user);

/* Waits until nobody is logged in any more by who(1) and by utmp; whether it came to that. */
bool machine_is_deserted(void);

#endif
