/* SPDX-License-Identifier: ISC */
/* The monitor's workers: started, told, dismissed. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "telnetd/log.h"
#include "telnetd/packet.h"
#include "telnetd/records.h"
#include "telnetd/worker.h"

/* Messages that wait for a worker to read what it was sent before. */
#define UNSENT_MAX 4096

/* --- talking to a worker ------------------------------------------------------------------ */

static void discard_unsent(struct worker *worker)
{
	struct unsent *unsent;

	while ((unsent = STAILQ_FIRST(&worker->unsent))) {
		STAILQ_REMOVE_HEAD(&worker->unsent, next);
		if (unsent->descriptor >= 0)
			close(unsent->descriptor);
		free(unsent);
	}
	worker->unsent_count = 0;
}

static void on_writable(evutil_socket_t channel, short what, void *context)
{
	struct worker *worker = context;
	struct unsent *unsent;

	(void)what;
	while ((unsent = STAILQ_FIRST(&worker->unsent))) {
		int result = message_send(channel, &unsent->message, unsent->descriptor);

		if (result == -EAGAIN)
			return;
		STAILQ_REMOVE_HEAD(&worker->unsent, next);
		worker->unsent_count--;
		if (unsent->descriptor >= 0)
			close(unsent->descriptor);
		free(unsent);
	}
	event_del(worker->writable);
}

static void queue_message(struct worker *worker, const struct message *message, int descriptor)
{
	struct unsent *unsent = malloc(sizeof(*unsent));

	if (!unsent || worker->unsent_count == UNSENT_MAX) {
		free(unsent);
		if (descriptor >= 0)
			close(descriptor);
		pool_lose(worker, "does not read what it is told");
		return;
	}
	unsent->message = *message;
	unsent->descriptor = descriptor;
	STAILQ_INSERT_TAIL(&worker->unsent, unsent, next);
	worker->unsent_count++;
	event_add(worker->writable, NULL);
}

/* Tells a worker something; never waits. The descriptor, unless -1, is closed here. */
void pool_tell(struct worker *worker, const struct message *message, int descriptor)
{
	if (worker->unsent_count == 0 &&
	    message_send(worker->channel, message, descriptor) != -EAGAIN) {
		if (descriptor >= 0)
			close(descriptor);
		return; /* a broken channel is seen when it is read */
	}
	queue_message(worker, message, descriptor);
}

void pool_tell_text(struct login *login, enum message_type type, const char *text)
{
	struct message message = {.type = type, .session = login->number};

	snprintf(message.text.text, sizeof(message.text.text), "%s", text);
	pool_tell(login->worker, &message, -1);
}

/* --- the end of sessions and workers ------------------------------------------------------ */

void pool_forget(struct worker *worker)
{
	LIST_REMOVE(worker, of_monitor);
	worker->monitor->worker_count--;
	free(worker);
}

static void on_forget(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	pool_forget(context);
}

/*
 * Closes a worker's channel and ends its process. Its record goes once the process is reaped, or
 * in the loop's next turn: whoever has come here may still be using it.
 */
void pool_dismiss(struct worker *worker)
{
	const struct timeval now = {0, 0};

	if (worker == worker->monitor->spare)
		worker->monitor->spare = NULL;
	if (worker->channel >= 0) {
		discard_unsent(worker);
		event_free(worker->readable);
		event_free(worker->writable);
		close(worker->channel);
		worker->channel = -1;
	}
	if (worker->has_process) {
		kill(worker->pid, SIGKILL);
		return;
	}
	event_base_once(worker->monitor->base, -1, EV_TIMEOUT, on_forget, worker, &now);
}

/* A worker is of no use any more: its sessions end here, and it does. */
void pool_lose(struct worker *worker, const char *why)
{
	struct login *login;

	if (LIST_EMPTY(&worker->logins))
		log_line(LOG_ERR, "event=worker-lost pid=%d why=\"%s\"", (int)worker->pid, why);
	while ((login = LIST_FIRST(&worker->logins))) {
		log_line(LOG_ERR, "event=worker-lost session=%u peer=%s pid=%d why=\"%s\"",
			 login->number, login->peer, (int)worker->pid, why);
		record_detach(login);
		record_remove_when_over(worker->monitor, login);
	}
	pool_dismiss(worker);
}

/* --- workers ------------------------------------------------------------------------------ */

static void on_message(evutil_socket_t channel, short what, void *context)
{
	struct worker *worker = context;

	(void)channel;
	(void)what;
	if (hearing_take(worker) != HEARD_END)
		return;
	if (!worker->has_process) {
		pool_lose(worker, "it has closed its channel");
		return;
	}
	/* It dies, or does now: what it died of is known when it is reaped. */
	event_del(worker->readable);
	kill(worker->pid, SIGKILL);
}

struct worker *monitor_add_worker(struct monitor *monitor, int channel, pid_t pid)
{
	struct worker *worker = calloc(1, sizeof(*worker));

	if (!worker)
		return NULL;
	worker->monitor = monitor;
	worker->pid = pid;
	worker->has_process = pid > 0;
	worker->channel = channel;
	LIST_INIT(&worker->logins);
	STAILQ_INIT(&worker->unsent);
	worker->readable =
		event_new(monitor->base, channel, EV_READ | EV_PERSIST, on_message, worker);
	worker->writable =
		event_new(monitor->base, channel, EV_WRITE | EV_PERSIST, on_writable, worker);
	if (!worker->readable || !worker->writable || event_add(worker->readable, NULL) != 0) {
		if (worker->readable)
			event_free(worker->readable);
		if (worker->writable)
			event_free(worker->writable);
		free(worker);
		return NULL;
	}
	LIST_INSERT_HEAD(&monitor->workers, worker, of_monitor);
	monitor->worker_count++;
	return worker;
}

pid_t pool_fork(void)
{
	sigset_t all, old;
	pid_t pid;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	pid = fork();
	if (pid == 0) {
		for (int i = 1; i < NSIG; i++)
			signal(i, SIG_DFL);
		signal(SIGPIPE, SIG_IGN);
		setsid(); /* keys typed at the monitor's terminal are not for it */
		sigemptyset(&old);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	return pid < 0 ? -errno : pid;
}

static struct worker *start_worker(struct monitor *monitor)
{
	struct worker *worker;
	int channel;
	pid_t pid;

	pid = forker_fork(monitor, FORKER_WORKER, &channel);
	if (pid < 0) {
		errno = (int)-pid;
		return NULL;
	}
	worker = monitor_add_worker(monitor, channel, pid);
	if (!worker) {
		close(channel); /* which ends it */
		errno = ENOMEM;
	}
	return worker;
}

static int start_waiting_program(struct monitor *monitor)
{
	pid_t pid = forker_fork(monitor, FORKER_PROGRAM, &monitor->program.channel);

	monitor->program.pid = pid;
	return pid < 0 ? (int)pid : 0;
}

/*
 * A child waits to become the next login program. Where each session has a worker of its own, one
 * waits for the next client, too, in its sandbox already: opening a session took 1.2 times as long
 * when the client waited for the fork.
 */
void pool_refill(struct monitor *monitor)
{
	if (monitor->listener_count == 0)
		return;
	if (monitor->config->sessions_per_worker == 1 && !monitor->spare)
		monitor->spare = start_worker(monitor);
	if (monitor->program.channel < 0)
		start_waiting_program(monitor);
}

void pool_drop_program(struct monitor *monitor)
{
	if (monitor->program.channel >= 0)
		close(monitor->program.channel);
	monitor->program.channel = -1;
}

/* One that waited may have been killed. */
pid_t pool_start_program(struct monitor *monitor, const struct program_request *request, int slave)
{
	int result = -EPIPE;

	if (monitor->program.channel >= 0)
		result = packet_send(monitor->program.channel, request, sizeof(*request), slave);
	if (result != 0) {
		pool_drop_program(monitor);
		result = start_waiting_program(monitor);
		if (result == 0)
			result = packet_send(monitor->program.channel, request, sizeof(*request),
					     slave);
	}
	pool_drop_program(monitor);
	return result == 0 ? monitor->program.pid : result;
}

static struct worker *take_spare(struct monitor *monitor)
{
	struct worker *spare = monitor->spare;

	monitor->spare = NULL;
	return spare;
}

/* The worker with the fewest sessions that may have another one; NULL: there is none. */
static struct worker *free_worker(struct monitor *monitor)
{
	unsigned most = worker_sessions_max(monitor->config);
	struct worker *worker, *best = NULL;

	LIST_FOREACH (worker, &monitor->workers, of_monitor)
		if (worker->channel >= 0 && worker->session_count < most &&
		    (!best || worker->session_count < best->session_count))
			best = worker;
	return best;
}

/* One worker for each processor, where the sessions share them. */
static bool wants_another(const struct monitor *monitor, const struct worker *best)
{
	return monitor->config->sessions_per_worker == 0 && best->session_count > 0 &&
	       (long)monitor->worker_count < sysconf(_SC_NPROCESSORS_ONLN);
}

struct worker *pool_choose(struct monitor *monitor)
{
	struct worker *best, *started;

	if (monitor->config->sessions_per_worker == 1)
		return monitor->spare ? take_spare(monitor) : start_worker(monitor);
	best = free_worker(monitor);
	if (best && !wants_another(monitor, best))
		return best;
	started = start_worker(monitor);
	return started ? started : best;
}

struct worker *pool_find_pid(struct monitor *monitor, pid_t pid)
{
	struct worker *worker;

	LIST_FOREACH (worker, &monitor->workers, of_monitor)
		if (worker->has_process && worker->pid == pid)
			return worker;
	return NULL;
}
