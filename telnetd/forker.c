/* SPDX-License-Identifier: ISC */
/*
 * Two processes that the monitor forks once: one forks workers, the other the children that become
 * login programs. They do nothing else, and so hardly write to their memory, which they go on
 * sharing with their children. The monitor writes to some pages for each session, and each child
 * that it had forked would then have copies of those: an idle session took 135 KiB (PSS, 40
 * sessions) with the monitor's own forks, and takes 80 with these. The children's parent is the
 * monitor nevertheless (clone(2), CLONE_PARENT).
 *
 * Only the process that forks workers has the converters of character sets loaded: each fork copies
 * their 85 mappings.
 *
 * If there is no such process, the monitor forks by itself.
 */
#include <errno.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "telnetd/descriptors.h"
#include "telnetd/log.h"
#include "telnetd/packet.h"
#include "telnetd/program.h"
#include "telnetd/records.h"
#include "telnetd/worker.h"

/* Where a child finds its one descriptor. */
#define CHANNEL (STDERR_FILENO + 1)

/* How long the monitor waits for a fork: it is not to hang by a process that somebody stopped. */
static const struct timespec patience = {1, 0};

/* --- in the children ---------------------------------------------------------------------- */

_Noreturn static void be_worker(const struct monitor *monitor, int channel)
{
	setsid(); /* where a session is a scheduling group (sched(7), autogroup), it has its own */
	_exit(worker_run(channel, monitor->config, &monitor->charsets, monitor->sandbox));
}

_Noreturn static void be_program(const struct monitor *monitor, int channel)
{
	log_disconnect();
	if (channel != CHANNEL)
		dup3(channel, CHANNEL, O_CLOEXEC);
	descriptors_close_others(CHANNEL, -1);
	program_await(CHANNEL, monitor->config, &monitor->descriptors);
}

/* The names that ps(1) shows; the login program's own name replaces the child's. */
static const struct {
	const char *name;
	const char *forker;
	void (*be)(const struct monitor *, int channel);
} children[FORKER_CHILDREN] = {
	[FORKER_WORKER] = {"telnetd-worker", "telnetd-forker", be_worker},
	[FORKER_PROGRAM] = {"telnetd-login", "telnetd-starter", be_program},
};

static void be_child(const struct monitor *monitor, uint32_t child, int channel)
{
	prctl(PR_SET_NAME, children[child].name);
	children[child].be(monitor, channel);
}

/* --- in the processes that fork ----------------------------------------------------------- */

/* As fork(2), but the child's parent is the caller's: no function of the C library does that. */
static pid_t fork_for_parent(void)
{
	struct clone_args arguments = {.flags = CLONE_PARENT};

	return (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));
}

static pid_t fork_child(const struct monitor *monitor, uint32_t child, int channel)
{
	pid_t pid = fork_for_parent();

	if (pid == 0)
		be_child(monitor, child, channel);
	return pid < 0 ? -errno : pid;
}

_Noreturn static void serve(const struct monitor *monitor, uint32_t child, int channel)
{
	char wanted = 0;
	int descriptor;
	pid_t pid;

	while (packet_receive(channel, &wanted, sizeof(wanted), &descriptor, 0) == sizeof(wanted) &&
	       descriptor >= 0) {
		pid = fork_child(monitor, child, descriptor);
		close(descriptor);
		if (send(channel, &pid, sizeof(pid), MSG_NOSIGNAL) < 0)
			break;
	}
	_exit(EXIT_SUCCESS); /* the monitor has gone */
}

/* --- in the monitor ----------------------------------------------------------------------- */

static int start_one(struct monitor *monitor, uint32_t child)
{
	int ends[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return -errno;
	pid = pool_fork();
	if (pid == 0) {
		prctl(PR_SET_NAME, children[child].forker);
		log_disconnect();
		descriptors_close_others(ends[1], monitor->sandbox->root);
		serve(monitor, child, ends[1]);
	}
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return (int)pid;
	}
	monitor->forkers[child] = ends[0];
	return 0;
}

/* Workers that are shared are few: each loads its own converters. */
int forker_start(struct monitor *monitor)
{
	int result = start_one(monitor, FORKER_PROGRAM);

	if (result != 0)
		return result;
	if (monitor->config->sessions_per_worker == 1)
		charsets_load(&monitor->charsets);
	return start_one(monitor, FORKER_WORKER);
}

static void stop_one(struct monitor *monitor, uint32_t child)
{
	if (monitor->forkers[child] >= 0)
		close(monitor->forkers[child]);
	monitor->forkers[child] = -1;
}

void forker_stop(struct monitor *monitor)
{
	for (uint32_t child = 0; child < FORKER_CHILDREN; child++)
		stop_one(monitor, child);
}

/* No signal begins the wait anew: with one each second the monitor would wait for ever. */
static ssize_t receive_answer(int forker, pid_t *pid)
{
	struct pollfd answer = {.fd = forker, .events = POLLIN};
	sigset_t all;

	sigfillset(&all);
	if (ppoll(&answer, 1, &patience, &all) != 1)
		return -1;
	return recv(forker, pid, sizeof(*pid), MSG_DONTWAIT);
}

/* A process that forks answers at once. Returns -ESRCH if it has gone. */
static pid_t ask(struct monitor *monitor, uint32_t child, int channel)
{
	const char wanted = 1;
	int forker = monitor->forkers[child];
	pid_t pid = -ESRCH;
	ssize_t size = packet_send(forker, &wanted, sizeof(wanted), channel);

	if (size == 0)
		size = receive_answer(forker, &pid);
	/* Some sandboxes do not know, or not allow, clone3(2). */
	if (size == sizeof(pid) && pid != -ENOSYS && pid != -EPERM)
		return pid;
	log_line(LOG_ERR,
		 "event=forker-lost process=%s text=\"the monitor forks by itself from here on\"",
		 children[child].forker);
	stop_one(monitor, child);
	return -ESRCH;
}

static pid_t fork_with_channel(struct monitor *monitor, enum forker_child child, int *channel)
{
	int ends[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return -errno;
	pid = monitor->forkers[child] >= 0 ? ask(monitor, child, ends[1]) : pool_fork();
	if (pid == 0)
		be_child(monitor, child, ends[1]);
	close(ends[1]);
	if (pid < 0)
		close(ends[0]);
	else
		*channel = ends[0];
	return pid;
}

pid_t forker_fork(struct monitor *monitor, enum forker_child child, int *channel)
{
	pid_t pid = fork_with_channel(monitor, child, channel);

	/* With another channel: at the end of the first a child may have come to wait after all. */
	return pid == -ESRCH ? fork_with_channel(monitor, child, channel) : pid;
}
