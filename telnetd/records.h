/* SPDX-License-Identifier: ISC */
/*
 * The inside of the monitor: its records of sessions and workers, and what its files do for one
 * another. Not for the rest of the daemon, which has monitor.h.
 *
 * monitor.c   connections, signals, children that end
 * records.c   one record for each session
 * recorder.c  the child that writes logouts
 * forker.c    the processes that fork the children
 * pool.c      the workers: started, told, dismissed; the child that becomes the next login program
 * hearing.c   what workers say
 */
#ifndef TELNETD_RECORDS_H
#define TELNETD_RECORDS_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#include "pty/pty.h"
#include "telnetd/charsets.h"
#include "telnetd/listen.h"
#include "telnetd/message.h"
#include "telnetd/monitor.h"
#include "telnetd/program.h"
#include "telnetd/queue.h"

/* Hash chains of the sessions' records, by session number and by login program's pid. */
#define RECORD_CHAINS 1024

/* "[address]:port" */
#define RECORD_PEER_SIZE (LISTEN_ADDRESS_SIZE + 8)

enum login_state {
	LOGIN_NEGOTIATING = 1 << 0, /* the worker has not asked for the login program yet */
	LOGIN_RUNNING = 1 << 1, /* it runs */
	LOGIN_EXITED = 1 << 2, /* it has ended, the worker sends its last output */
	LOGIN_ENDED = 1 << 3, /* the worker is done, the program may still run */
};

/* One session, as the monitor knows it. */
struct login {
	LIST_ENTRY(login) by_number;
	LIST_ENTRY(login) by_pid;
	LIST_ENTRY(login) of_worker;
	uint32_t number;
	enum login_state state;
	struct worker *worker; /* NULL in LOGIN_ENDED */
	pid_t pid; /* of the login program; 0: none */
	char line[PTY_LINE_SIZE];
	struct sockaddr_storage address;
	char host[LISTEN_ADDRESS_SIZE]; /* the client's address */
	char peer[RECORD_PEER_SIZE]; /* and its port */
	struct timespec since;
	unsigned log_lines; /* that its worker has said */
};

LIST_HEAD(login_list, login);

/* A message that did not fit into a worker's channel. */
struct unsent {
	STAILQ_ENTRY(unsent) next;
	struct message message;
	int descriptor;
};

STAILQ_HEAD(unsent_queue, unsent);

struct worker {
	LIST_ENTRY(worker) of_monitor;
	struct monitor *monitor;
	pid_t pid; /* the log tells it also when the process has ended */
	bool has_process; /* which has not been waited for yet */
	int channel; /* -1: closed, waiting to be reaped */
	struct event *readable;
	struct event *writable;
	struct unsent_queue unsent;
	unsigned unsent_count;
	struct login_list logins;
	unsigned session_count;
};

LIST_HEAD(worker_list, worker);

/* A child that waits to become a login program. */
struct waiting_program {
	pid_t pid;
	int channel; /* where it waits to be told what to run; -1: there is no such child */
};

/* The children that forker.c forks, and the function that each runs. */
enum forker_child {
	FORKER_WORKER, /* worker_run */
	FORKER_PROGRAM, /* program_await */
	FORKER_CHILDREN,
};

struct monitor {
	const struct config *config;
	const struct sandbox *sandbox;
	struct event_base *base;
	struct event *listeners[LISTEN_MAX];
	size_t listener_count;
	struct event *resume; /* accepting again after a pause */
	struct event *child;
	struct event *stops[3];
	struct event *deadline;
	struct worker_list workers;
	size_t worker_count;
	struct worker *spare; /* it has no session yet; or NULL */
	struct waiting_program program; /* the next login program */
	struct event *refill; /* the time for another worker, and another such child */
	int forkers[FORKER_CHILDREN]; /* channels of the processes that fork; -1: no process */
	struct charsets charsets; /* loaded before the process that forks workers is started */
	int recorder; /* the pipe to the child that writes logouts; -1: there is none */
	struct event *recorder_idle; /* the time to end it */
	struct login_list by_number[RECORD_CHAINS];
	struct login_list by_pid[RECORD_CHAINS];
	size_t session_count;
	uint32_t last_number;
	bool stopping;
	struct rlimit descriptors; /* as it was, for login programs */
};

/* records.c */

/* The session of this number, or NULL. */
struct login *record_find(struct monitor *, uint32_t number);
/* The session whose login program has this pid, or NULL. */
struct login *record_find_pid(struct monitor *, pid_t);
/* A new session of a worker's, or NULL when memory is out. */
struct login *record_add(struct monitor *, struct worker *, const struct sockaddr_storage *);
/* The login program of a session runs. */
void record_set_pid(struct monitor *, struct login *, pid_t);
/* The worker is done with the session. */
void record_detach(struct login *);
/* Frees a record once neither the worker nor a login program has the session any more. */
void record_remove_when_over(struct monitor *, struct login *);
/* Seconds since the session began. */
double record_age(const struct login *);

/* recorder.c */

/* Has the end of a session's login program written to utmp and wtmp, without waiting for it. */
void recorder_log_out(struct monitor *, const struct login *);
/* Has the child that writes end, once it has written what it was told. */
void recorder_stop(struct monitor *);

/* forker.c */

/* Starts the processes that fork. Returns 0 or a negative errno. */
int forker_start(struct monitor *);
/* Has them end. */
void forker_stop(struct monitor *);
/* Forks a child. Returns its pid, and in *channel our end of the channel to it; or -errno. */
pid_t forker_fork(struct monitor *, enum forker_child, int *channel);

/* pool.c */

/*
 * Forks a child that has nothing of the monitor's signals: held back meanwhile, so that no handler
 * runs in it, then default. It is a session leader. Returns as fork(2), but a negative errno.
 */
pid_t pool_fork(void);
/* A worker that may have one more session, started where there is none; NULL with errno set. */
struct worker *pool_choose(struct monitor *);
/* Starts what the next session is to find ready, where it is to. */
void pool_refill(struct monitor *);
/* Runs the login program on a terminal's slave. Returns its pid, or a negative errno. */
pid_t pool_start_program(struct monitor *, const struct program_request *, int slave);
/* Has the child that waits to become a login program end. */
void pool_drop_program(struct monitor *);
/* Tells a worker something; never waits. The descriptor, unless -1, is closed here. */
void pool_tell(struct worker *, const struct message *, int descriptor);
void pool_tell_text(struct login *, enum message_type, const char *text);
/* A worker is of no use any more: its sessions end here, with a line in the log, and it does. */
void pool_lose(struct worker *, const char *why);
/* Ends a worker that has nothing to do. Its record goes by itself, not before the next turn. */
void pool_dismiss(struct worker *);
/* Frees a dismissed worker's record at once. */
void pool_forget(struct worker *);
/* The worker whose process this is, or NULL. */
struct worker *pool_find_pid(struct monitor *, pid_t);

/* hearing.c */

enum heard {
	HEARD_MESSAGE,
	HEARD_NOTHING, /* there is none now, or the worker is dismissed */
	HEARD_END, /* the worker has closed its end */
};

/* Hears one message and acts on it; a worker that breaks the rules is lost. */
enum heard hearing_take(struct worker *);

#endif
