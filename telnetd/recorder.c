/* SPDX-License-Identifier: ISC */
/*
 * Who writes logouts to utmp and wtmp: a child of the monitor. Whoever may read utmp can lock it
 * and keep its writer waiting (up to 10 s in glibc), and the monitor waits for nobody. The child
 * is started when there is something to write, reads records from a pipe, and ends once the
 * monitor has closed that, after a second without a logout.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "telnetd/descriptors.h"
#include "telnetd/log.h"
#include "telnetd/records.h"

static const struct timeval idle_time = {1, 0};

/* What goes through the pipe, in one piece (pipe(7), PIPE_BUF). */
struct logout {
	char line[PTY_LINE_SIZE];
	pid_t pid;
};

_Noreturn static void write_records(int pipe)
{
	struct logout logout;
	ssize_t size;

	/* A service manager that sees the monitor end sends it to what is left. */
	signal(SIGTERM, SIG_IGN);
	dup2(pipe, STDIN_FILENO);
	descriptors_close_others(STDERR_FILENO, -1);
	while ((size = read(STDIN_FILENO, &logout, sizeof(logout))) != 0)
		if (size == sizeof(logout))
			pty_record_logout(logout.line, logout.pid);
		else if (errno != EINTR)
			_exit(EXIT_FAILURE);
	_exit(EXIT_SUCCESS);
}

static int start(struct monitor *monitor)
{
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return -errno;
	pid = pool_fork();
	if (pid == 0)
		write_records(ends[0]);
	close(ends[0]);
	if (pid < 0) {
		close(ends[1]);
		return (int)pid;
	}
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	monitor->recorder = ends[1];
	return 0;
}

static int send_record(struct monitor *monitor, const struct logout *logout)
{
	int error = monitor->recorder < 0 ? start(monitor) : 0;

	if (error != 0)
		return error;
	return write(monitor->recorder, logout, sizeof(*logout)) < 0 ? -errno : 0;
}

void recorder_log_out(struct monitor *monitor, const struct login *login)
{
	struct logout logout = {.pid = login->pid};
	int error;

	memcpy(logout.line, login->line, sizeof(logout.line));
	error = send_record(monitor, &logout);
	if (error == -EPIPE) { /* it was killed */
		recorder_stop(monitor);
		error = send_record(monitor, &logout);
	}
	if (error != 0)
		log_line(LOG_ERR, "event=utmp-failed session=%u why=\"%s\"", login->number,
			 strerror(-error));
	if (monitor->recorder_idle)
		evtimer_add(monitor->recorder_idle, &idle_time);
}

void recorder_stop(struct monitor *monitor)
{
	if (monitor->recorder < 0)
		return;
	close(monitor->recorder);
	monitor->recorder = -1;
}
