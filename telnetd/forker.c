/* SPDX-License-Identifier: ISC */
/*
 * Who forks workers and the children that become login programs: a process that the monitor forks
 * once, that does nothing else and so writes to next to none of its memory. What it shares with its
 * children stays shared among them, while the monitor writes to a page here and there for each
 * session, which is then a page of its own for each child that was forked before: an idle session
 * took 135 KiB (PSS, 40 sessions) of the monitor's own forks, 80 of these. The children are the
 * monitor's all the same (clone(2), CLONE_PARENT).
 *
 * Where there is no such process, the monitor forks by itself.
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
	_exit(worker_run(channel, monitor->config, monitor->sandbox));
}

_Noreturn static void be_program(const struct monitor *monitor, int channel)
{
	log_disconnect();
	if (channel != CHANNEL)
		dup3(channel, CHANNEL, O_CLOEXEC);
	descriptors_close_others(CHANNEL, -1);
	program_await(CHANNEL, monitor->config, &monitor->descriptors);
}

/* By these names ps(1) shows them; the program's own takes the place of its. */
static const struct {
	const char *name;
	void (*be)(const struct monitor *, int channel);
} children[FORKER_CHILDREN] = {
	[FORKER_WORKER] = {"telnetd-worker", be_worker},
	[FORKER_PROGRAM] = {"telnetd-login", be_program},
};

static void be_child(const struct monitor *monitor, uint32_t child, int channel)
{
	prctl(PR_SET_NAME, children[child].name);
	children[child].be(monitor, channel);
}

/* --- in the process that forks ------------------------------------------------------------ */

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

_Noreturn static void serve(const struct monitor *monitor, int channel)
{
	uint32_t child;
	int descriptor;
	pid_t pid;

	while (packet_receive(channel, &child, sizeof(child), &descriptor, 0) == sizeof(child) &&
	       descriptor >= 0) {
		pid = fork_child(monitor, child, descriptor);
		close(descriptor);
		if (send(channel, &pid, sizeof(pid), MSG_NOSIGNAL) < 0)
			break;
	}
	_exit(EXIT_SUCCESS); /* the monitor has gone */
}

/* --- in the monitor ----------------------------------------------------------------------- */

int forker_start(struct monitor *monitor)
{
	int ends[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return -errno;
	pid = pool_fork();
	if (pid == 0) {
		prctl(PR_SET_NAME, "telnetd-forker");
		log_disconnect();
		descriptors_close_others(ends[1], monitor->sandbox->root);
		serve(monitor, ends[1]);
	}
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return (int)pid;
	}
	monitor->forker = ends[0];
	return 0;
}

void forker_stop(struct monitor *monitor)
{
	if (monitor->forker >= 0)
		close(monitor->forker);
	monitor->forker = -1;
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

/* Where there is one, it answers at once; -ESRCH: not any more. */
static pid_t ask(struct monitor *monitor, uint32_t child, int channel)
{
	pid_t pid = -ESRCH;
	ssize_t size = packet_send(monitor->forker, &child, sizeof(child), channel);

	if (size == 0)
		size = receive_answer(monitor->forker, &pid);
	/* Some sandboxes do not know, or not allow, clone3(2). */
	if (size == sizeof(pid) && pid != -ENOSYS && pid != -EPERM)
		return pid;
	log_line(LOG_ERR, "event=forker-lost text=\"the monitor forks by itself from here on\"");
	forker_stop(monitor);
	return -ESRCH;
}

static pid_t fork_with_channel(struct monitor *monitor, enum forker_child child, int *channel)
{
	int ends[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return -errno;
	pid = monitor->forker >= 0 ? ask(monitor, child, ends[1]) : pool_fork();
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
