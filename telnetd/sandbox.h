/* SPDX-License-Identifier: ISC */
/*
 * Giving up privileges. The monitor prepares a sandbox once; each worker enters it before it has
 * seen a byte of the network, and can do no more then than relay.
 */
#ifndef TELNETD_SANDBOX_H
#define TELNETD_SANDBOX_H

#include <stdbool.h>
#include <sys/types.h>

struct sock_fprog;

struct sandbox {
	bool privileged; /* root: user and root directory can be given up */
	int root; /* an empty directory that has no name any more, or -1 */
	uid_t user;
	gid_t group;
	struct sock_fprog *filter; /* system calls that stay, or NULL where built without */
};

/*
 * Prepares: finds the user (telnetd, else nobody), makes the empty root, builds the filter. Returns
 * 0, or a negative errno with *what set to what could not be had.
 */
int sandbox_prepare(struct sandbox *, const char **what);
void sandbox_free(struct sandbox *);

/*
 * Enters: limits, empty root, user, no new privileges, not dumpable, filter. There is no way back.
 * A system call that the filter lacks kills the process with SIGSYS. `descriptors` is how many the
 * process may have. Returns 0 or a negative errno; the caller must not go on after a failure.
 */
int sandbox_enter(const struct sandbox *, unsigned long descriptors);

#endif
