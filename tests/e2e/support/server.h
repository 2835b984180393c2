/* SPDX-License-Identifier: ISC */
/* A telnetd of the test's own: started, listened to through its log, and stopped. */
#ifndef E2E_SERVER_H
#define E2E_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define SERVER_LINE_SIZE 1024

struct server {
	pid_t pid; /* of the monitor; 0: it does not run */
	unsigned short port;
	bool v6; /* it listens on IPv6 */
	bool may_lose_workers; /* the test kills some; else a lost one fails the test */
	int log_pipe;
	char *log; /* all it has logged so far, ends with a NUL */
	size_t log_size;
};

/*
 * Starts build/telnetd in the foreground with these arguments, which end with NULL, and waits until
 * it listens. Where they do not say otherwise it listens on any free port of 127.0.0.1, shows no
 * issue and reads no configuration. Start from a zeroed struct; fails the test if it does not run.
 */
void server_start(struct server *, ...) __attribute__((sentinel));

/*
 * Stops it by SIGTERM. Returns 0 where it exited with status 0, left no process behind, lost no
 * worker that it should not, and no sanitizer reported anything; otherwise says what was wrong,
 * shows the log and returns -1. Frees what the struct holds, also of one that does not run: made
 * for a test's teardown, which ends it whatever the test came to.
 */
int server_stop(struct server *);

/* Waits until a line with this text has been logged; it fails the test if none comes. */
void server_expect_log(struct server *, const char *text);

/* The same for one line with both texts, which is copied to `line` unless that is NULL. */
void server_expect_line(struct server *, const char *text, const char *other,
			char line[SERVER_LINE_SIZE]);

/* Whether such a line has been logged so far. */
bool server_has_logged(struct server *, const char *text, const char *other);

/* How many lines with this text have been logged so far. */
size_t server_count_log(struct server *, const char *text);

/* Waits until so many have, and no more. */
void server_expect_count(struct server *, const char *text, size_t count);

/* Fills in its children of this name, as ps(1) has it, at most `most`; returns how many there are.
 */
size_t server_children(struct server *, const char *name, pid_t *found, size_t most);

/*
 * Waits until so many of them have this name: one that has just been forked has that of who forked
 * it for a moment. The second returns the only one.
 */
void server_expect_children(struct server *, const char *name, size_t count);
pid_t server_only_child(struct server *, const char *name);

/* Fills in its workers, at most `most`; returns how many there are. */
size_t server_workers(struct server *, pid_t *workers, size_t most);

/* The worker that serves the connection from this port of a client; only root can see that. */
pid_t server_worker_of(struct server *, unsigned short client_port);

/* The login program that was started for the client at this address and port ("A:P"). */
pid_t server_login_of(struct server *, const char *peer);

/* Shows the log of each server that runs, for a test that fails for another reason. */
void server_show_logs(void);

/*
 * Runs telnetd with exactly these arguments, which end with NULL, to its end. Returns its exit
 * status, and what it wrote to standard error and output.
 */
int server_run(char *output, size_t size, const char *const arguments[]);

#endif
