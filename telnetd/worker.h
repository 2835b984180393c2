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
int worker_run(int channel, const struct config *, const struct sandbox *);

#endif
