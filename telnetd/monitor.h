/* SPDX-License-Identifier: ISC */
/*
 * The privileged process: accepts connections, starts workers and login programs, reaps them and
 * logs. It reads no byte of the network and trusts no worker.
 */
#ifndef TELNETD_MONITOR_H
#define TELNETD_MONITOR_H

#include <stddef.h>
#include <sys/types.h>

#include "telnetd/config.h"
#include "telnetd/sandbox.h"

struct monitor;
struct worker;

/* Both are kept by reference. Returns NULL when memory is out. monitor_free ends it. */
struct monitor *monitor_new(const struct config *, const struct sandbox *);

/* Closes everything; sessions that are still there end as their workers see the channel close. */
void monitor_free(struct monitor *);

/* Accepts connections on listening sockets, which are the monitor's from here on. 0 or -errno. */
int monitor_listen(struct monitor *, const int *sockets, size_t count);

/* Serves one connection, whose socket is the monitor's from here on (inetd). 0 or -errno. */
int monitor_serve(struct monitor *, int socket);

/* Runs until SIGTERM or SIGINT or, where it does not listen, until the last session has ended. */
int monitor_run(struct monitor *);

/*
 * A worker at the other end of a channel, which is the monitor's from here on. pid is 0 for one
 * that has no process (any more). Returns NULL when memory is out. It is gone once its channel
 * closes, or once it breaks the rules.
 */
struct worker *monitor_add_worker(struct monitor *, int channel, pid_t pid);

/* Hears at most one message from each worker that has one, without waiting; for tests. */
void monitor_turn(struct monitor *);

/* How many sessions and workers there are. */
size_t monitor_sessions(const struct monitor *);
size_t monitor_workers(const struct monitor *);

#endif
