/* SPDX-License-Identifier: ISC */
/* The unprivileged process: an event loop over one or more sessions. */
#ifndef TELNETD_WORKER_H
#define TELNETD_WORKER_H

#include "telnetd/config.h"
#include "telnetd/sandbox.h"

/*
 * Runs a worker, in a process forked for it: closes every descriptor but its end of the channel,
 * enters the sandbox and serves the sessions that come. Returns the status to _exit with, once the
 * monitor has closed the channel.
 */
int worker_run(int channel, const struct config *, const struct charsets *, const struct sandbox *);

/*
 * The most sessions that a worker may be given: as many as are configured, but no more than it may
 * have descriptors for. One that is passed a descriptor too many does not get it.
 */
unsigned worker_sessions_max(const struct config *);

#endif
