/* SPDX-License-Identifier: ISC */
/* The monitor: connections, signals, and children that end. */
#include "telnetd/monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "telnetd/log.h"
#include "telnetd/records.h"
#include "telnetd/signals.h"
#include "telnetd/user.h"

/* Bytes on their way to a client that the kernel takes before the first of them is sent. */
#define UNSENT_MAX 16384

/* A client that answers at once is not to wait for a fork of the next worker: that comes later. */
static const struct timeval refill_time = {0, 5000};

/* How long sessions may take to end when the server stops, and accepting pauses on shortage. */
static const struct timeval stop_time = {3, 0};
static const struct timeval accept_pause = {1, 0};

/* --- children that end -------------------------------------------------------------------- */

static void describe_end(int status, char text[], size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(text, size, "it died of SIG%s", signals_name(WTERMSIG(status)));
	else
		snprintf(text, size, "it exited with status %d", WEXITSTATUS(status));
}

static void worker_exited(struct worker *worker, int status)
{
	char why[64];

	worker->has_process = false;
	if (worker->channel < 0) {
		pool_dismiss(worker); /* again: its record waited for this */
		return;
	}
	while (hearing_take(worker) == HEARD_MESSAGE)
		;
	if (worker->channel < 0)
		return; /* what it said last has ended it */
	describe_end(status, why, sizeof(why));
	pool_lose(worker, why);
}

static void login_exited(struct monitor *monitor, struct login *login)
{
	const struct message message = {.type = MESSAGE_EXITED, .session = login->number};

	LIST_REMOVE(login, by_pid);
	if (monitor->sandbox->privileged)
		recorder_log_out(monitor, login);
	login->pid = 0;
	if (login->state == LOGIN_RUNNING) {
		login->state = LOGIN_EXITED;
		pool_tell(login->worker, &message, -1);
		return;
	}
	record_remove_when_over(monitor, login);
}

static void on_child(evutil_socket_t signal_number, short what, void *context)
{
	struct monitor *monitor = context;
	int status;
	pid_t pid;

	(void)signal_number;
	(void)what;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct login *login = record_find_pid(monitor, pid);
		struct worker *worker = login ? NULL : pool_find_pid(monitor, pid);

		if (login)
			login_exited(monitor, login);
		else if (worker)
			worker_exited(worker, status);
		else if (pid == monitor->program.pid)
			pool_drop_program(monitor);
	}
}

/* --- connections -------------------------------------------------------------------------- */

static void log_refused(const struct sockaddr_storage *address, const char *why)
{
	char host[LISTEN_ADDRESS_SIZE];
	unsigned short port;

	listen_address_text((const struct sockaddr *)address, host, sizeof(host), &port);
	log_line(LOG_NOTICE,
		 strchr(host, ':') ? "event=refused peer=[%s]:%hu why=\"%s\""
				   : "event=refused peer=%s:%hu why=\"%s\"",
		 host, port, why);
}

/* Tells the client, if it can be told at once, and the log. */
static void refuse_client(int client, const struct sockaddr_storage *address, const char *why)
{
	char text[MESSAGE_TEXT_SIZE];
	int size = snprintf(text, sizeof(text), "telnetd: %s\r\n", why);

	if (size > 0)
		(void)send(client, text, (size_t)size, MSG_DONTWAIT | MSG_NOSIGNAL);
	log_refused(address, why);
	close(client);
}

static bool is_same_user(int client, const struct sockaddr_storage *address)
{
	struct sockaddr_storage server;
	socklen_t size = sizeof(server);
	uid_t user;

	return getsockname(client, (struct sockaddr *)&server, &size) == 0 &&
	       user_of_connection((const struct sockaddr *)address, (struct sockaddr *)&server,
				  &user) == 0 &&
	       user == getuid();
}

static void set_socket_options(int client)
{
	const int on = 1, unsent_max = UNSENT_MAX;

	setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	/* The rest of a flood waits in the terminal, where ^C flushes it. */
	setsockopt(client, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent_max, sizeof(unsent_max));
	setsockopt(client, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	/* The data mark of a Synch stays in its place between the data. */
	setsockopt(client, SOL_SOCKET, SO_OOBINLINE, &on, sizeof(on));
}

/* Takes a connection over, whose socket is closed here in any case. Returns 0 or -errno. */
static int admit_client(struct monitor *monitor, int client, const struct sockaddr_storage *address)
{
	struct message message = {.type = MESSAGE_CLIENT};
	struct worker *worker;
	struct login *login;

	if (monitor->config->same_user && !is_same_user(client, address)) {
		refuse_client(client, address, "only the user who started it may connect");
		return -EACCES;
	}
	worker = pool_choose(monitor);
	login = worker ? record_add(monitor, worker, address) : NULL;
	if (!login) {
		int error = errno;

		if (worker && worker->session_count == 0 &&
		    monitor->config->sessions_per_worker != 0)
			pool_dismiss(worker);
		refuse_client(client, address, strerror(error));
		return -error;
	}
	set_socket_options(client);
	log_line(LOG_INFO, "event=connect session=%u peer=%s", login->number, login->peer);
	message.session = login->number;
	pool_tell(worker, &message, client);
	evtimer_add(monitor->refill, &refill_time);
	return 0;
}

static void on_refill(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	pool_refill(context);
}

static void on_recorder_idle(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	recorder_stop(context);
}

static void on_resume(evutil_socket_t fd, short what, void *context)
{
	struct monitor *monitor = context;

	(void)fd;
	(void)what;
	for (size_t i = 0; i < monitor->listener_count; i++)
		event_add(monitor->listeners[i], NULL);
}

/* Out of descriptors or memory: what waits to be accepted would wake the loop without end. */
static void pause_accepting(struct monitor *monitor, int error)
{
	log_line(LOG_ERR, "event=accept-paused why=\"%s\"", strerror(error));
	for (size_t i = 0; i < monitor->listener_count; i++)
		event_del(monitor->listeners[i]);
	event_add(monitor->resume, &accept_pause);
}

static void on_connection(evutil_socket_t listener, short what, void *context)
{
	struct monitor *monitor = context;
	struct sockaddr_storage address = {0};
	socklen_t size = sizeof(address);
	int client =
		accept4(listener, (struct sockaddr *)&address, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)what;
	if (client >= 0)
		admit_client(monitor, client, &address);
	else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
		pause_accepting(monitor, errno);
}

int monitor_listen(struct monitor *monitor, const int *sockets, size_t count)
{
	int result;

	for (size_t i = 0; i < count; i++) {
		struct event *event = event_new(monitor->base, sockets[i], EV_READ | EV_PERSIST,
						on_connection, monitor);

		if (!event)
			return -ENOMEM;
		monitor->listeners[monitor->listener_count++] = event;
		event_add(event, NULL);
	}
	result = forker_start(monitor);
	if (result != 0)
		return result;
	pool_refill(monitor);
	return 0;
}

int monitor_serve(struct monitor *monitor, int socket)
{
	struct sockaddr_storage address = {0};
	socklen_t size = sizeof(address);

	if (getpeername(socket, (struct sockaddr *)&address, &size) != 0) {
		int error = errno;

		close(socket);
		return -error;
	}
	fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) | O_NONBLOCK);
	return admit_client(monitor, socket, &address);
}

/* --- the monitor itself ------------------------------------------------------------------- */

static void stop_listening(struct monitor *monitor)
{
	event_del(monitor->resume);
	while (monitor->listener_count > 0) {
		struct event *event = monitor->listeners[--monitor->listener_count];

		close(event_get_fd(event));
		event_free(event);
	}
}

static void on_deadline(evutil_socket_t fd, short what, void *context)
{
	struct monitor *monitor = context;

	(void)fd;
	(void)what;
	event_base_loopbreak(monitor->base);
}

/* Tells a worker that its sessions are to end, unless that is one too many for it and loses it. */
static void stop_sessions(struct worker *worker)
{
	struct login *login = LIST_FIRST(&worker->logins), *next;

	for (; login && !LIST_EMPTY(&worker->logins); login = next) {
		next = LIST_NEXT(login, of_worker);
		pool_tell_text(login, MESSAGE_STOP, "the server is shutting down");
	}
}

static void on_stop(evutil_socket_t signal_number, short what, void *context)
{
	struct monitor *monitor = context;
	struct worker *worker;

	(void)what;
	if (monitor->stopping)
		return;
	if (signal_number == SIGHUP && !monitor->config->foreground)
		return; /* a daemon has no terminal that could hang up */
	log_line(LOG_INFO, "event=stop signal=SIG%s sessions=%zu", signals_name(signal_number),
		 monitor->session_count);
	monitor->stopping = true;
	stop_listening(monitor);
	if (monitor->session_count == 0) {
		event_base_loopbreak(monitor->base);
		return;
	}
	event_add(monitor->deadline, &stop_time);
	LIST_FOREACH (worker, &monitor->workers, of_monitor)
		stop_sessions(worker);
}

/* Each session in a process of its own takes a descriptor here: as many as the machine allows. */
static void raise_descriptor_limit(struct monitor *monitor)
{
	struct rlimit most;

	getrlimit(RLIMIT_NOFILE, &monitor->descriptors);
	most = monitor->descriptors;
	most.rlim_cur = most.rlim_max;
	setrlimit(RLIMIT_NOFILE, &most);
}

static bool add_signals(struct monitor *monitor)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP};

	monitor->child = evsignal_new(monitor->base, SIGCHLD, on_child, monitor);
	if (!monitor->child || event_add(monitor->child, NULL) != 0)
		return false;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		monitor->stops[i] = evsignal_new(monitor->base, signals[i], on_stop, monitor);
		if (!monitor->stops[i] || event_add(monitor->stops[i], NULL) != 0)
			return false;
	}
	monitor->resume = evtimer_new(monitor->base, on_resume, monitor);
	monitor->deadline = evtimer_new(monitor->base, on_deadline, monitor);
	monitor->refill = evtimer_new(monitor->base, on_refill, monitor);
	monitor->recorder_idle = evtimer_new(monitor->base, on_recorder_idle, monitor);
	return monitor->resume && monitor->deadline && monitor->refill && monitor->recorder_idle;
}

struct monitor *monitor_new(const struct config *config, const struct sandbox *sandbox)
{
	struct monitor *monitor = calloc(1, sizeof(*monitor));

	if (!monitor)
		return NULL;
	monitor->config = config;
	monitor->sandbox = sandbox;
	monitor->recorder = -1;
	for (int child = 0; child < FORKER_CHILDREN; child++)
		monitor->forkers[child] = -1;
	monitor->charsets = config->charsets;
	monitor->program.channel = -1;
	LIST_INIT(&monitor->workers);
	raise_descriptor_limit(monitor);
	signal(SIGPIPE, SIG_IGN);
	monitor->base = event_base_new();
	if (monitor->base && add_signals(monitor))
		return monitor;
	monitor_free(monitor);
	return NULL;
}

int monitor_run(struct monitor *monitor)
{
	if (monitor->session_count == 0 && monitor->listener_count == 0)
		return 0;
	return event_base_dispatch(monitor->base) < 0 ? -EIO : 0;
}

void monitor_turn(struct monitor *monitor)
{
	event_base_loop(monitor->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

/* Sessions whose login program is still there when the server ends: the record must not stay. */
static void record_logouts(struct monitor *monitor)
{
	for (size_t chain = 0; chain < RECORD_CHAINS; chain++) {
		struct login *login = LIST_FIRST(&monitor->by_number[chain]), *next;

		for (; login; login = next) {
			next = LIST_NEXT(login, by_number);
			if (login->pid > 0 && monitor->sandbox->privileged)
				recorder_log_out(monitor, login);
			free(login);
		}
	}
}

static void free_event(struct event *event)
{
	if (event)
		event_free(event);
}

void monitor_free(struct monitor *monitor)
{
	struct worker *worker;

	if (monitor->base && monitor->resume)
		stop_listening(monitor);
	record_logouts(monitor);
	recorder_stop(monitor);
	pool_drop_program(monitor);
	forker_stop(monitor);
	while ((worker = LIST_FIRST(&monitor->workers))) {
		pool_dismiss(worker); /* killed: one that is stopped or broken into would stay */
		pool_forget(worker);
	}
	free_event(monitor->child);
	for (size_t i = 0; i < sizeof(monitor->stops) / sizeof(monitor->stops[0]); i++)
		free_event(monitor->stops[i]);
	free_event(monitor->resume);
	free_event(monitor->deadline);
	free_event(monitor->refill);
	free_event(monitor->recorder_idle);
	if (monitor->base)
		event_base_free(monitor->base);
	charsets_unload(&monitor->charsets);
	free(monitor);
}

size_t monitor_sessions(const struct monitor *monitor)
{
	return monitor->session_count;
}

size_t monitor_workers(const struct monitor *monitor)
{
	return monitor->worker_count;
}
