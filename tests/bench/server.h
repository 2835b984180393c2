/* SPDX-License-Identifier: ISC */
/*
 * A contender while it is measured: started, found, its processes' CPU time and memory counted,
 * ended with all that it has left. Its processes are all descendants of the supervisor, which
 * adopts orphans, but for the load generator's own and the session programs.
 */
#ifndef BENCH_SERVER_H
#define BENCH_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct server {
	pid_t supervisor; /* whose descendants are counted */
	pid_t pid;
	int port;
};

/* CPU clocks of a server's processes, as they were when they were last listed. */
struct cpu_account {
	clockid_t *clocks;
	size_t count;
	double seconds; /* used until account_begin */
};

/* Makes the caller the supervisor: what descends from it stays so. */
void server_supervise(void);

/*
 * Starts a server and waits until it listens on 127.0.0.1, on whatever port it has chosen. Its
 * standard error goes to `log`. Returns 0, or -1 with a line on standard output that says why.
 */
int server_start(struct server *server, char *const *command, const char *log);

/* Ends a supervisor's descendants and waits for them: the server is asked, the rest is killed. */
void server_end(struct server *server);

/*
 * Between the two calls no process of the server may come or go. account_end returns the seconds
 * of CPU time, in user and kernel mode, that they have used in between.
 */
void account_begin(struct cpu_account *account, const struct server *server);
double account_end(struct cpu_account *account);

/* Proportional set size of the server's processes in KiB, and their number; -1: not permitted. */
long server_memory(const struct server *server, size_t *processes);

#endif
