/* SPDX-License-Identifier: ISC */
/* What the yardstick servers share: a loopback port, and a process for each connection. */
#ifndef BENCH_LISTEN_H
#define BENCH_LISTEN_H

/*
 * Listens on a free port of 127.0.0.1 and runs `serve` with each connection in a process of its
 * own, which it must end. Returns only where the port cannot be had, with -1 and errno.
 */
int listen_and_fork(void (*serve)(int connection, char *const *command), char *const *command);

#endif
