/* SPDX-License-Identifier: ISC */
/*
 * The monitor: one record for each session (struct login) and each worker. What a worker may say,
 * and when, is the table `hearings`; whatever else it says ends it.
 */
#include "telnetd/monitor.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "pty/pty.h"
#include "telnetd/listen.h"
#include "telnetd/log.h"
#include "telnetd/message.h"
#include "telnetd/program.h"
#include "telnetd/user.h"
#include "telnetd/worker.h"

/* Hash chains of the records, by session number and by login program's pid. */
#define CHAINS 1024

/* Log lines that a worker may write for one session. */
#define LOG_LINES_MAX 20

/* Messages that wait for a worker to read what it was sent before. */
#define UNSENT_MAX 4096

/* How long sessions may take to end when the server stops, and accepting pauses on shortage. */
static const struct timeval stop_time = {3, 0};
static const struct timeval accept_pause = {1, 0};

#define PEER_SIZE (MESSAGE_ADDRESS_SIZE + 8)

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
	char host[MESSAGE_ADDRESS_SIZE]; /* the client's address */
	char peer[PEER_SIZE]; /* and its port */
	struct timespec since;
	unsigned log_lines;
};

LIST_HEAD(login_list, login);

/* A message that did not fit into a worker's channel. */
struct unsent {
	STAILQ_ENTRY(unsent) next;
	struct message message;
	int descriptor;
};

struct worker {
	LIST_ENTRY(worker) of_monitor;
	struct monitor *monitor;
	pid_t pid; /* 0: has no process (any more) */
	int channel; /* -1: closed, waiting to be reaped */
	struct event *readable;
	struct event *writable;
	STAILQ_HEAD(, unsent) unsent;
	unsigned unsent_count;
	struct login_list logins;
	unsigned session_count;
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
	LIST_HEAD(, worker) workers;
	size_t worker_count;
	struct login_list by_number[CHAINS];
	struct login_list by_pid[CHAINS];
	size_t session_count;
	uint32_t last_number;
	bool stopping;
	struct rlimit descriptors; /* as it was, for login programs */
};

static void lose_worker(struct worker *, const char *why);

/* --- records of sessions ------------------------------------------------------------------ */

static struct login *find_login(struct monitor *monitor, uint32_t number)
{
	struct login *login;

	LIST_FOREACH(login, &monitor->by_number[number % CHAINS], by_number)
	if (login->number == number)
		return login;
	return NULL;
}

static struct login *find_login_of(struct monitor *monitor, pid_t pid)
{
	struct login *login;

	LIST_FOREACH(login, &monitor->by_pid[(unsigned)pid % CHAINS], by_pid)
	if (login->pid == pid)
		return login;
	return NULL;
}

static struct login *add_login(struct monitor *monitor, struct worker *worker,
			       const struct sockaddr_storage *address)
{
	struct login *login = calloc(1, sizeof(*login));
	unsigned short port;

	if (!login)
		return NULL;
	do
		login->number = ++monitor->last_number;
	while (login->number == 0 || find_login(monitor, login->number));
	login->state = LOGIN_NEGOTIATING;
	login->worker = worker;
	login->address = *address;
	clock_gettime(CLOCK_MONOTONIC, &login->since);
	listen_address_text((const struct sockaddr *)address, login->host, sizeof(login->host),
			    &port);
	snprintf(login->peer, sizeof(login->peer), strchr(login->host, ':') ? "[%s]:%hu" : "%s:%hu",
		 login->host, port);
	LIST_INSERT_HEAD(&monitor->by_number[login->number % CHAINS], login, by_number);
	LIST_INSERT_HEAD(&worker->logins, login, of_worker);
	worker->session_count++;
	monitor->session_count++;
	return login;
}

/* Frees a record once neither worker nor login program has the session any more. */
static void remove_login_when_over(struct monitor *monitor, struct login *login)
{
	if (login->state != LOGIN_ENDED || login->pid != 0)
		return;
	LIST_REMOVE(login, by_number);
	free(login);
	monitor->session_count--;
	if (monitor->session_count == 0 && (monitor->stopping || monitor->listener_count == 0))
		event_base_loopbreak(monitor->base);
}

static void detach_from_worker(struct login *login)
{
	LIST_REMOVE(login, of_worker);
	login->worker->session_count--;
	login->worker = NULL;
	login->state = LOGIN_ENDED;
}

static double seconds_since(const struct timespec *then)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - then->tv_sec) + (double)(now.tv_nsec - then->tv_nsec) / 1e9;
}

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
		lose_worker(worker, "does not read what it is told");
		return;
	}
	unsent->message = *message;
	unsent->descriptor = descriptor;
	STAILQ_INSERT_TAIL(&worker->unsent, unsent, next);
	worker->unsent_count++;
	event_add(worker->writable, NULL);
}

/* Tells a worker something; never waits. The descriptor, unless -1, is closed here. */
static void tell(struct worker *worker, const struct message *message, int descriptor)
{
	if (worker->unsent_count == 0 &&
	    message_send(worker->channel, message, descriptor) != -EAGAIN) {
		if (descriptor >= 0)
			close(descriptor);
		return; /* a broken channel is seen when it is read */
	}
	queue_message(worker, message, descriptor);
}

static void tell_text(struct login *login, enum message_type type, const char *text)
{
	struct message message = {.type = type, .session = login->number};

	snprintf(message.text.text, sizeof(message.text.text), "%s", text);
	tell(login->worker, &message, -1);
}

/* --- the end of sessions and workers ------------------------------------------------------ */

static void forget_worker(struct worker *worker)
{
	LIST_REMOVE(worker, of_monitor);
	worker->monitor->worker_count--;
	free(worker);
}

static void on_forget(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	forget_worker(context);
}

/*
 * Closes a worker's channel and ends its process. Its record goes once the process is reaped, or
 * in the loop's next turn: whoever has come here may still be using it.
 */
static void dismiss_worker(struct worker *worker)
{
	const struct timeval now = {0, 0};

	if (worker->channel >= 0) {
		discard_unsent(worker);
		event_free(worker->readable);
		event_free(worker->writable);
		close(worker->channel);
		worker->channel = -1;
	}
	if (worker->pid > 0) {
		kill(worker->pid, SIGKILL);
		return;
	}
	event_base_once(worker->monitor->base, -1, EV_TIMEOUT, on_forget, worker, &now);
}

/* A worker is of no use any more: its sessions end here, and it does. */
static void lose_worker(struct worker *worker, const char *why)
{
	struct login *login;

	if (LIST_EMPTY(&worker->logins))
		log_line(LOG_ERR, "event=worker-lost pid=%d why=\"%s\"", (int)worker->pid, why);
	while ((login = LIST_FIRST(&worker->logins))) {
		log_line(LOG_ERR, "event=worker-lost session=%u peer=%s pid=%d why=\"%s\"",
			 login->number, login->peer, (int)worker->pid, why);
		detach_from_worker(login);
		remove_login_when_over(worker->monitor, login);
	}
	dismiss_worker(worker);
}

static void end_session(struct login *login, const char *why, uint64_t received, uint64_t sent)
{
	struct worker *worker = login->worker;
	struct monitor *monitor = worker->monitor;

	log_line(LOG_INFO,
		 "event=end session=%u peer=%s why=\"%s\" duration=%.3f received=%llu sent=%llu",
		 login->number, login->peer, why, seconds_since(&login->since),
		 (unsigned long long)received, (unsigned long long)sent);
	detach_from_worker(login);
	remove_login_when_over(monitor, login);
	if (worker->session_count == 0 && monitor->config->sessions_per_worker != 0)
		dismiss_worker(worker);
}

/* --- what workers say --------------------------------------------------------------------- */

static void refuse_login(struct login *login, const char *what, int error)
{
	char reason[MESSAGE_TEXT_SIZE];

	snprintf(reason, sizeof(reason), "%s: %s", what, strerror(-error));
	log_line(LOG_ERR, "event=refused session=%u peer=%s why=\"%s\"", login->number, login->peer,
		 reason);
	login->state = LOGIN_EXITED;
	tell_text(login, MESSAGE_REFUSED, reason);
}

/* Starts the login program on a new terminal. Returns its pid, and the master in *master. */
static pid_t open_terminal(struct login *login, struct message_start *start, int *master)
{
	struct monitor *monitor = login->worker->monitor;
	const struct program program = {
		.config = monitor->config,
		.recorded = monitor->sandbox->privileged,
		.descriptors = monitor->descriptors,
		.host = login->host,
		.address = (const struct sockaddr *)&login->address,
	};
	const struct pty_setup setup = {
		.columns = start->columns,
		.rows = start->rows,
		.transmit_speed = start->transmit_speed,
		.receive_speed = start->receive_speed,
		.echo = start->echo != 0,
	};
	struct pty pty;
	pid_t pid = pty_open(&pty, &setup);

	if (pid != 0)
		return pid;
	memcpy(login->line, pty.line, sizeof(login->line));
	pid = program_start(&program, start, &pty);
	close(pty.slave);
	if (pid < 0)
		close(pty.master);
	*master = pty.master;
	return pid;
}

static bool hear_start(struct login *login, struct message *message)
{
	struct worker *worker = login->worker;
	struct message answer = {.type = MESSAGE_TERMINAL, .session = login->number};
	int master = -1;
	pid_t pid;

	if (!program_may_start(worker->monitor->config, &message->start))
		return false;
	pid = open_terminal(login, &message->start, &master);
	if (pid < 0) {
		refuse_login(login, "cannot start a session", (int)pid);
		return true;
	}
	login->state = LOGIN_RUNNING;
	login->pid = pid;
	LIST_INSERT_HEAD(&worker->monitor->by_pid[(unsigned)pid % CHAINS], login, by_pid);
	log_line(LOG_INFO, "event=login session=%u peer=%s tty=%s pid=%d term=%s", login->number,
		 login->peer, login->line, (int)pid, message->start.terminal_type);
	tell(worker, &answer, master);
	return true;
}

static bool hear_log(struct login *login, struct message *message)
{
	if (!message_text_is_good(message->text.text, sizeof(message->text.text)))
		return false;
	if (login->log_lines < LOG_LINES_MAX)
		log_line(LOG_NOTICE, "event=worker session=%u peer=%s text=\"%s\"", login->number,
			 login->peer, message->text.text);
	if (login->log_lines == LOG_LINES_MAX)
		log_line(LOG_WARNING, "event=worker session=%u peer=%s text=\"no more is logged\"",
			 login->number, login->peer);
	if (login->log_lines <= LOG_LINES_MAX)
		login->log_lines++;
	return true;
}

static bool hear_ended(struct login *login, struct message *message)
{
	static const char *const reasons[MESSAGE_ENDS] = {
		[MESSAGE_END_EXITED] = "program ended",
		[MESSAGE_END_CLOSED] = "closed by client",
		[MESSAGE_END_RESET] = "connection broken",
		[MESSAGE_END_LOGOUT] = "logout asked for",
		[MESSAGE_END_FAULT] = "protocol fault",
		[MESSAGE_END_REFUSED] = "refused",
		[MESSAGE_END_STOPPED] = "stopped",
		[MESSAGE_END_FAILED] = "failed",
	};
	const struct message_ended *ended = &message->ended;

	if (ended->why >= MESSAGE_ENDS)
		return false;
	end_session(login, reasons[ended->why], ended->received, ended->sent);
	return true;
}

/* What a worker may say of a session, and in which of its states. */
static const struct hearing {
	unsigned states;
	bool (*hear)(struct login *, struct message *);
} hearings[MESSAGE_TYPES] = {
	[MESSAGE_START] = {LOGIN_NEGOTIATING, hear_start},
	[MESSAGE_LOG] = {LOGIN_NEGOTIATING | LOGIN_RUNNING | LOGIN_EXITED, hear_log},
	[MESSAGE_ENDED] = {LOGIN_NEGOTIATING | LOGIN_RUNNING | LOGIN_EXITED, hear_ended},
};

/* Acts on a message; returns whether it was one that this worker may send now. */
static bool act_on(struct worker *worker, struct message *message)
{
	const struct hearing *hearing = &hearings[message->type];
	struct login *login = find_login(worker->monitor, message->session);

	return login && login->worker == worker && hearing->hear &&
	       (hearing->states & login->state) && hearing->hear(login, message);
}

enum heard {
	HEARD_MESSAGE,
	HEARD_NOTHING, /* there is none now, or the worker is dismissed */
	HEARD_END, /* the worker has closed its end */
};

/* Hears one message and acts on it; a worker that breaks the rules is lost. */
static enum heard hear(struct worker *worker)
{
	struct message message;
	int descriptor, result;

	if (worker->channel < 0)
		return HEARD_NOTHING;
	result = message_receive(worker->channel, &message, &descriptor);
	if (result == -EAGAIN)
		return HEARD_NOTHING;
	if (result == 0)
		return HEARD_END;
	if (result == 1 && descriptor < 0 && act_on(worker, &message))
		return HEARD_MESSAGE;
	if (descriptor >= 0)
		close(descriptor);
	lose_worker(worker, "it broke the rules");
	return HEARD_NOTHING;
}

static void on_message(evutil_socket_t channel, short what, void *context)
{
	struct worker *worker = context;

	(void)channel;
	(void)what;
	if (hear(worker) != HEARD_END)
		return;
	if (worker->pid == 0) {
		lose_worker(worker, "it has closed its channel");
		return;
	}
	/* It dies, or does now: what it died of is known when it is reaped. */
	event_del(worker->readable);
	kill(worker->pid, SIGKILL);
}

/* --- children that end -------------------------------------------------------------------- */

static void describe_end(int status, char text[], size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(text, size, "it died of SIG%s",
			 sigabbrev_np(WTERMSIG(status)) ? sigabbrev_np(WTERMSIG(status)) : "?");
	else
		snprintf(text, size, "it exited with status %d", WEXITSTATUS(status));
}

static void worker_exited(struct worker *worker, int status)
{
	char why[64];

	worker->pid = 0;
	while (hear(worker) == HEARD_MESSAGE)
		;
	describe_end(status, why, sizeof(why));
	if (worker->channel >= 0)
		lose_worker(worker, why);
	else
		dismiss_worker(worker);
}

static void login_exited(struct monitor *monitor, struct login *login)
{
	const struct message message = {.type = MESSAGE_EXITED, .session = login->number};

	LIST_REMOVE(login, by_pid);
	if (monitor->sandbox->privileged)
		pty_record_logout(login->line, login->pid);
	login->pid = 0;
	if (login->state == LOGIN_RUNNING) {
		login->state = LOGIN_EXITED;
		tell(login->worker, &message, -1);
		return;
	}
	remove_login_when_over(monitor, login);
}

static struct worker *find_worker(struct monitor *monitor, pid_t pid)
{
	struct worker *worker;

	LIST_FOREACH(worker, &monitor->workers, of_monitor)
	if (worker->pid == pid)
		return worker;
	return NULL;
}

static void on_child(evutil_socket_t signal_number, short what, void *context)
{
	struct monitor *monitor = context;
	int status;
	pid_t pid;

	(void)signal_number;
	(void)what;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct login *login = find_login_of(monitor, pid);
		struct worker *worker = login ? NULL : find_worker(monitor, pid);

		if (login)
			login_exited(monitor, login);
		else if (worker)
			worker_exited(worker, status);
	}
}

/* --- workers ------------------------------------------------------------------------------ */

struct worker *monitor_add_worker(struct monitor *monitor, int channel, pid_t pid)
{
	struct worker *worker = calloc(1, sizeof(*worker));

	if (!worker)
		return NULL;
	worker->monitor = monitor;
	worker->pid = pid;
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

/* In the child: as few traces of the monitor as can be, then the worker. */
_Noreturn static void become_worker(struct monitor *monitor, int channel)
{
	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	_exit(worker_run(channel, monitor->config, monitor->sandbox));
}

/* Forks with all signals held back, so that no handler of the monitor's runs in the child. */
static pid_t fork_worker(struct monitor *monitor, int channel)
{
	sigset_t all, old;
	pid_t pid;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	pid = fork();
	if (pid == 0) {
		sigemptyset(&old);
		become_worker(monitor, channel);
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	return pid < 0 ? -errno : pid;
}

static struct worker *start_worker(struct monitor *monitor)
{
	struct worker *worker;
	int ends[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return NULL;
	pid = fork_worker(monitor, ends[1]);
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		errno = (int)-pid;
		return NULL;
	}
	worker = monitor_add_worker(monitor, ends[0], pid);
	if (!worker) {
		close(ends[0]); /* which ends it */
		errno = ENOMEM;
	}
	return worker;
}

/* The worker with the fewest sessions that may have another one; NULL: there is none. */
static struct worker *free_worker(struct monitor *monitor)
{
	unsigned most = monitor->config->sessions_per_worker;
	struct worker *worker, *best = NULL;

	LIST_FOREACH(worker, &monitor->workers, of_monitor)
	if (worker->channel >= 0 && (most == 0 || worker->session_count < most) &&
	    (!best || worker->session_count < best->session_count))
		best = worker;
	return best;
}

static struct worker *choose_worker(struct monitor *monitor)
{
	unsigned most = monitor->config->sessions_per_worker;
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	struct worker *worker;

	if (most == 1)
		return start_worker(monitor);
	worker = free_worker(monitor);
	if (!worker || (most == 0 && worker->session_count > 0 &&
			monitor->worker_count < (size_t)(cores > 0 ? cores : 1)))
		worker = start_worker(monitor);
	return worker;
}

/* --- connections -------------------------------------------------------------------------- */

static void log_refused(const struct sockaddr_storage *address, const char *why)
{
	char host[MESSAGE_ADDRESS_SIZE];
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
	const int on = 1;

	setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
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
	worker = choose_worker(monitor);
	login = worker ? add_login(monitor, worker, address) : NULL;
	if (!login) {
		int error = errno;

		refuse_client(client, address, strerror(error));
		return -error;
	}
	set_socket_options(client);
	log_line(LOG_INFO, "event=connect session=%u peer=%s", login->number, login->peer);
	message.session = login->number;
	memcpy(message.client.address, login->host, sizeof(message.client.address));
	tell(worker, &message, client);
	return 0;
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
	for (size_t i = 0; i < count; i++) {
		struct event *event = event_new(monitor->base, sockets[i], EV_READ | EV_PERSIST,
						on_connection, monitor);

		if (!event)
			return -ENOMEM;
		monitor->listeners[monitor->listener_count++] = event;
		event_add(event, NULL);
	}
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

static void on_stop(evutil_socket_t signal_number, short what, void *context)
{
	struct monitor *monitor = context;

	(void)what;
	if (monitor->stopping)
		return;
	if (signal_number == SIGHUP && !monitor->config->foreground)
		return; /* a daemon has no terminal that could hang up */
	log_line(LOG_INFO, "event=stop signal=SIG%s sessions=%zu", sigabbrev_np(signal_number),
		 monitor->session_count);
	monitor->stopping = true;
	stop_listening(monitor);
	if (monitor->session_count == 0) {
		event_base_loopbreak(monitor->base);
		return;
	}
	event_add(monitor->deadline, &stop_time);
	for (size_t chain = 0; chain < CHAINS; chain++) {
		struct login *login, *next;

		for (login = LIST_FIRST(&monitor->by_number[chain]); login; login = next) {
			next = LIST_NEXT(login, by_number);
			if (login->worker)
				tell_text(login, MESSAGE_STOP, "the server is shutting down");
		}
	}
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
	return monitor->resume && monitor->deadline;
}

struct monitor *monitor_new(const struct config *config, const struct sandbox *sandbox)
{
	struct monitor *monitor = calloc(1, sizeof(*monitor));

	if (!monitor)
		return NULL;
	monitor->config = config;
	monitor->sandbox = sandbox;
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
	event_base_loop(monitor->base, EVLOOP_NONBLOCK);
}

/* Sessions whose login program is still there when the server ends: the record must not stay. */
static void record_logouts(struct monitor *monitor)
{
	for (size_t chain = 0; chain < CHAINS; chain++) {
		struct login *login;

		while ((login = LIST_FIRST(&monitor->by_number[chain]))) {
			if (login->pid > 0 && monitor->sandbox->privileged)
				pty_record_logout(login->line, login->pid);
			LIST_REMOVE(login, by_number);
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
	while ((worker = LIST_FIRST(&monitor->workers))) {
		worker->pid = 0; /* it ends by itself as its channel closes */
		dismiss_worker(worker);
		forget_worker(worker);
	}
	free_event(monitor->child);
	for (size_t i = 0; i < sizeof(monitor->stops) / sizeof(monitor->stops[0]); i++)
		free_event(monitor->stops[i]);
	free_event(monitor->resume);
	free_event(monitor->deadline);
	if (monitor->base)
		event_base_free(monitor->base);
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
