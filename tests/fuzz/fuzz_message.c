/* SPDX-License-Identifier: ISC */
/*
 * The monitor, told anything by workers (telnetd/message.c, hearing.c, program.c): a script of what
 * they send, with the monitor's part of each session kept beside it as telnetd/message.h and the
 * manual have it. No process is started: what would start one is replaced here, and looks at what
 * it is given.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pty/pty.h"
#include "telnetd/log.h"
#include "telnetd/message.h"
#include "telnetd/monitor.h"
#include "telnetd/records.h"
#include "tests/fuzz/fuzz.h"

#define WORKERS_MAX 4
#define SESSIONS_MAX 8
#define OPERATIONS_MAX 24
#define LINE_MAX_SIZE 1024
#define PACKET_MAX (2 * sizeof(struct message))
#define DESCRIPTORS_MAX 4
#define DESCRIPTORS_WATCHED 64

/* No process has such a number. */
#define FIRST_PID 10000000

enum state {
	NEGOTIATING,
	RUNNING,
	EXITED,
	ENDED,
};

struct session {
	uint32_t number;
	int worker; /* -1: none any more */
	enum state state;
	pid_t pid; /* 0: no program runs */
};

static const struct sandbox sandbox = {.privileged = false, .root = -1};
static char *arguments[] = {"/bin/login", "-h", "%h", NULL};
static char *accepted[] = {"EDITOR", NULL};
static struct config config = {
	.sessions_per_worker = 1000000, .login = arguments, .accept_environment = accepted};

/* One script's world. It is not on the stack since the replaced functions have to see it. */
static struct world {
	const uint8_t *at;
	const uint8_t *end;
	struct monitor *monitor;
	int workers[WORKERS_MAX]; /* the workers' ends; -1: none */
	struct session sessions[SESSIONS_MAX];
	size_t session_count;
	bool terminals_fail; /* there is no terminal to be had */
	unsigned starts; /* programs started */
	int program; /* where the latest of them waits to be told what to run */
	jmp_buf before_program;
	pid_t ended; /* the program that has ended and was not waited for; 0: none */
} world;

static uint8_t next(void)
{
	return world.at < world.end ? *world.at++ : 0;
}

/* --- what is replaced ---------------------------------------------------------------------- */

/* This one and the next stand for the C library's. */
pid_t fork(void)
{
	errno = EAGAIN;
	return -1;
}

pid_t waitpid(pid_t pid, int *status, int options)
{
	pid_t ended = world.ended;

	(void)pid;
	(void)options;
	world.ended = 0;
	*status = 0;
	if (ended == 0)
		errno = ECHILD;
	return ended > 0 ? ended : -1;
}

int forker_start(struct monitor *monitor)
{
	(void)monitor;
	return -EAGAIN;
}

void forker_stop(struct monitor *monitor)
{
	(void)monitor;
}

/* There is no process for another worker. One that is to become a login program is told here. */
pid_t forker_fork(struct monitor *monitor, enum forker_child child, int *channel)
{
	int ends[2];

	(void)monitor;
	if (child != FORKER_PROGRAM)
		return -EAGAIN;
	fuzz_require(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0,
		     "no pair of sockets");
	*channel = ends[0];
	world.program = ends[1];
	return FIRST_PID + (pid_t)world.starts++;
}

struct passwd *getpwuid(uid_t user)
{
	static char name[] = "nobody", directory[] = "/", shell[] = "/bin/sh";
	static struct passwd passwd = {.pw_name = name, .pw_dir = directory, .pw_shell = shell};

	(void)user;
	return &passwd;
}

void log_open(bool to_syslog, bool to_standard_error)
{
	(void)to_syslog;
	(void)to_standard_error;
}

/* A line is printable, and what stands between quotes does not leave them. */
void log_line(int severity, const char *format, ...)
{
	char line[LINE_MAX_SIZE];
	unsigned quotes = 0;
	va_list list;

	(void)severity;
	va_start(list, format);
	vsnprintf(line, sizeof(line), format, list);
	va_end(list);
	for (const char *c = line; *c != '\0'; c++) {
		quotes += *c == '"';
		fuzz_require(*c >= ' ' && *c <= '~', "byte %d is logged", *c);
	}
	fuzz_require(quotes % 2 == 0 && strncmp(line, "event=", 6) == 0, "logged: %s", line);
}

int pty_open(struct pty *pty, const struct pty_setup *setup)
{
	(void)setup;
	if (world.terminals_fail)
		return -ENOSPC;
	pty->master = open("/dev/null", O_RDWR | O_CLOEXEC);
	pty->slave = open("/dev/null", O_RDWR | O_CLOEXEC);
	snprintf(pty->line, sizeof(pty->line), "pts/7");
	return 0;
}

/* --- what may be --------------------------------------------------------------------------- */

static bool all_in(const char *text, const char *characters)
{
	return text[strspn(text, characters)] == '\0';
}

#define CAPITALS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define SMALL "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

static bool is_text(const char *field, size_t size)
{
	size_t length = strnlen(field, size);

	for (size_t i = 0; i < length; i++)
		if (field[i] < ' ' || field[i] > '~')
			return false;
	return length < size;
}

static bool may_be_term(const char *type)
{
	return *type != '\0' && strlen(type) <= 40 && all_in(type, SMALL DIGITS "+._-") &&
	       !strchr("+._-", type[0]);
}

static bool may_be_variable(const char *variable)
{
	char name[MESSAGE_VARIABLE_SIZE];
	const char *value = strchr(variable, '=');

	if (!value)
		return false;
	snprintf(name, sizeof(name), "%.*s", (int)(value - variable), variable);
	value++;
	if (strcmp(name, "EDITOR") == 0)
		return true;
	if (*value == '\0' || !all_in(value, CAPITALS SMALL DIGITS "_.@:-+/[]"))
		return false;
	if (strcmp(name, "LANG") == 0 ||
	    (strncmp(name, "LC_", 3) == 0 && name[3] != '\0' && all_in(name, CAPITALS "_")))
		return !strpbrk(value, "/[]+");
	if (strcmp(name, "COLORTERM") == 0)
		return !strpbrk(value, "/[]@:");
	return strcmp(name, "DISPLAY") == 0 && !strpbrk(value, "@+");
}

/* What a program is run with must be the configuration's, and what is allowed of a client's. */
_Noreturn void pty_run(int slave, const char *line, const struct pty_program *program)
{
	static const char *const own[] = {"PATH=", "HOME=", "SHELL=", "USER=", "LOGNAME="};
	char *const *environment = program->environment;
	bool user_is_known = geteuid() != 0 || config.same_user;

	(void)line;
	close(slave);
	fuzz_require(strcmp(program->arguments[0], "/bin/login") == 0 &&
			     strcmp(program->arguments[1], "-h") == 0 &&
			     program->arguments[2][0] != '-' && !program->arguments[3],
		     "arguments that are not the configuration's");
	for (size_t i = 0; user_is_known && i < LENGTH(own); i++, environment++)
		fuzz_require(strncmp(*environment, own[i], strlen(own[i])) == 0,
			     "the environment has %s for %s", *environment, own[i]);
	fuzz_require(strncmp(*environment, "TERM=", 5) == 0 && may_be_term(*environment + 5),
		     "the environment has %s", *environment);
	for (environment++; *environment; environment++)
		fuzz_require(may_be_variable(*environment), "the environment has %s", *environment);
	longjmp(world.before_program, 1);
}

/* The child that waits to become a login program does so, in this process. */
static void become_program(void)
{
	struct rlimit descriptors;

	getrlimit(RLIMIT_NOFILE, &descriptors);
	if (setjmp(world.before_program) == 0)
		program_await(world.program, &config, &descriptors);
	close(world.program);
}

static bool may_start(const struct message_start *start)
{
	if (!is_text(start->terminal_type, sizeof(start->terminal_type)) ||
	    !may_be_term(start->terminal_type) || start->echo > 1 ||
	    start->variable_count > MESSAGE_VARIABLES)
		return false;
	for (size_t i = 0; i < MESSAGE_OTHER_TYPES; i++)
		if (start->other_types[i][0] != '\0' &&
		    (!is_text(start->other_types[i], MESSAGE_TERMINAL_TYPE_SIZE) ||
		     !may_be_term(start->other_types[i])))
			return false;
	for (uint32_t i = 0; i < start->variable_count; i++)
		if (!is_text(start->variables[i], MESSAGE_VARIABLE_SIZE) ||
		    !may_be_variable(start->variables[i]))
			return false;
	return true;
}

static struct session *find_session(uint32_t number, int worker)
{
	for (size_t i = 0; i < world.session_count; i++)
		if (world.sessions[i].number == number && world.sessions[i].worker == worker)
			return &world.sessions[i];
	return NULL;
}

/* Whether a worker may send this now; the session's state changes with it. */
static bool may_be_sent(int worker, const struct message *message, size_t size, size_t descriptors)
{
	static const size_t sizes[MESSAGE_TYPES] = {
		[MESSAGE_START] = offsetof(struct message, start) + sizeof(struct message_start),
		[MESSAGE_LOG] = offsetof(struct message, text) + sizeof(struct message_text),
		[MESSAGE_ENDED] = offsetof(struct message, ended) + sizeof(struct message_ended),
	};
	struct session *session;

	if (size < sizeof(uint32_t) || message->type >= MESSAGE_TYPES ||
	    size != sizes[message->type] || descriptors > 0)
		return false;
	session = find_session(message->session, worker);
	if (!session || session->state == ENDED)
		return false;
	if (message->type == MESSAGE_LOG)
		return is_text(message->text.text, sizeof(message->text.text));
	if (message->type == MESSAGE_ENDED) {
		if (message->ended.why >= MESSAGE_ENDS)
			return false;
		session->state = ENDED;
		session->worker = -1;
		return true;
	}
	if (session->state != NEGOTIATING || !may_start(&message->start))
		return false;
	session->state = world.terminals_fail ? EXITED : RUNNING;
	session->pid = world.terminals_fail ? 0 : FIRST_PID + (pid_t)world.starts;
	return true;
}

static bool has_sessions(int worker)
{
	for (size_t i = 0; i < world.session_count; i++)
		if (world.sessions[i].worker == worker)
			return true;
	return false;
}

static void lose_worker(int worker)
{
	for (size_t i = 0; i < world.session_count; i++)
		if (world.sessions[i].worker == worker) {
			world.sessions[i].worker = -1;
			world.sessions[i].state = ENDED;
		}
	close(world.workers[worker]);
	world.workers[worker] = -1;
}

/* --- the monitor's side -------------------------------------------------------------------- */

/* The monitor hears all that there is, and has the workers and sessions that it ought to have. */
static void turn(void)
{
	size_t workers = 0, sessions = 0;

	monitor_turn(world.monitor);
	monitor_turn(world.monitor);
	for (size_t i = 0; i < WORKERS_MAX; i++)
		workers += world.workers[i] >= 0;
	for (size_t i = 0; i < world.session_count; i++)
		sessions += world.sessions[i].state != ENDED || world.sessions[i].pid != 0;
	fuzz_require(monitor_workers(world.monitor) == workers, "%zu workers, should be %zu",
		     monitor_workers(world.monitor), workers);
	fuzz_require(monitor_sessions(world.monitor) == sessions, "%zu sessions, should be %zu",
		     monitor_sessions(world.monitor), sessions);
}

/* What the monitor tells a worker is well-formed and of a session that is that worker's. */
static void listen_to_monitor(int worker)
{
	static const uint32_t types = 1 << MESSAGE_CLIENT | 1 << MESSAGE_TERMINAL |
				      1 << MESSAGE_REFUSED | 1 << MESSAGE_EXITED;
	struct message message;
	int descriptor, result;

	while ((result = message_receive(world.workers[worker], &message, &descriptor)) == 1) {
		if (descriptor >= 0)
			close(descriptor);
		fuzz_require(types & 1u << message.type, "the monitor sends a message of type %u",
			     message.type);
		if (message.type == MESSAGE_REFUSED)
			fuzz_require(is_text(message.text.text, sizeof(message.text.text)),
				     "a reason that is no text");
		if (message.type == MESSAGE_CLIENT && world.session_count < SESSIONS_MAX)
			world.sessions[world.session_count++] =
				(struct session){message.session, worker, NEGOTIATING, 0};
	}
	fuzz_require(result == -EAGAIN, "the monitor's message is %d", result);
}

/* --- operations ---------------------------------------------------------------------------- */

/* A worker that is there, or -1. */
static int some_worker(void)
{
	int first = next() % WORKERS_MAX;

	for (int i = 0; i < WORKERS_MAX; i++)
		if (world.workers[(first + i) % WORKERS_MAX] >= 0)
			return (first + i) % WORKERS_MAX;
	return -1;
}

static void new_worker(void)
{
	int ends[2];

	for (int i = 0; i < WORKERS_MAX; i++) {
		if (world.workers[i] >= 0)
			continue;
		fuzz_require(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0,
			     "no pair of sockets");
		fuzz_require(monitor_add_worker(world.monitor, ends[0], 0), "out of memory");
		world.workers[i] = ends[1];
		return;
	}
}

static void new_client(void)
{
	int ends[2], result;
	bool served = false;

	for (int i = 0; i < WORKERS_MAX; i++)
		served |= world.workers[i] >= 0;
	if (world.session_count == SESSIONS_MAX)
		return;
	fuzz_require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0,
		     "no pair of sockets");
	result = monitor_serve(world.monitor, ends[0]);
	close(ends[1]);
	fuzz_require((result == 0) == served, "a connection without a worker: %d", result);
	for (int i = 0; i < WORKERS_MAX; i++)
		if (world.workers[i] >= 0)
			listen_to_monitor(i);
}

/* A packet of any size with any number of descriptors beside it, and what has to come of it. */
static void say(int worker, const void *bytes, size_t size, size_t descriptors)
{
	union {
		char bytes[CMSG_SPACE(DESCRIPTORS_MAX * sizeof(int))];
		struct cmsghdr aligned;
	} control = {0};
	const int list[DESCRIPTORS_MAX] = {0, 0, 0, 0};
	struct iovec part = {(void *)(uintptr_t)bytes, size};
	struct msghdr packet = {.msg_iov = &part, .msg_iovlen = 1};
	struct message message = {0};
	unsigned starts = world.starts;

	if (descriptors > 0) {
		packet.msg_control = control.bytes;
		packet.msg_controllen = (socklen_t)CMSG_SPACE(descriptors * sizeof(int));
		control.aligned.cmsg_level = SOL_SOCKET;
		control.aligned.cmsg_type = SCM_RIGHTS;
		control.aligned.cmsg_len = (socklen_t)CMSG_LEN(descriptors * sizeof(int));
		memcpy(CMSG_DATA(&control.aligned), list, descriptors * sizeof(int));
	}
	memcpy(&message, bytes, size < sizeof(message) ? size : sizeof(message));
	fuzz_require(sendmsg(world.workers[worker], &packet, MSG_NOSIGNAL | MSG_DONTWAIT) ==
			     (ssize_t)size,
		     "a worker cannot send");
	if (!may_be_sent(worker, &message, size, descriptors) ||
	    (message.type == MESSAGE_ENDED && !has_sessions(worker)))
		lose_worker(worker); /* which is no less so for one that has done its work */
	turn();
	if (world.starts > starts)
		become_program();
}

static uint32_t some_session(void)
{
	uint8_t which = next();

	if (world.session_count == 0 || which >= 0xf0)
		return which;
	return world.sessions[which % world.session_count].number;
}

/* Changes a few bytes: how many, then where (two bytes) and to what. */
static void change(struct message *message, size_t size)
{
	for (unsigned count = next() % 4; count > 0; count--) {
		size_t where = (size_t)next() << 8;

		where |= next();
		((uint8_t *)message)[where % size] = next();
	}
}

static void say_changed(struct message *message)
{
	int worker = some_worker();
	size_t size = message_size(message->type);

	message->session = some_session();
	change(message, size);
	if (worker >= 0)
		say(worker, message, size, 0);
}

static void say_start(void)
{
	static const char *const types[] = {"xterm", "vt100", "x",    "-xterm",
					    "",	     "XTERM", "../x", "a+b.c_d-e"};
	static const char *const variables[] = {
		"LANG=C.UTF-8",	 "LC_ALL=C",	 "LC_=C",	 "COLORTERM=truecolor",
		"DISPLAY=h:0.0", "EDITOR=v i",	 "PATH=/tmp",	 "LANG=../x",
		"LANG=",	 "LANG",	 "=x",		 "LC_all=C",
		"EDITOR=",	 "LD_PRELOAD=x", "DISPLAY=-h:0", "LC_A_B=de_DE",
		"LANGUAGE=C",
	};
	struct message message = {.type = MESSAGE_START};
	uint8_t count = next();

	snprintf(message.start.terminal_type, sizeof(message.start.terminal_type), "%s",
		 types[count / 32]);
	snprintf(message.start.other_types[0], MESSAGE_TERMINAL_TYPE_SIZE, "%s",
		 types[count / 4 % 8]);
	message.start.variable_count = count % 4;
	for (uint32_t i = 0; i < message.start.variable_count; i++)
		snprintf(message.start.variables[i], MESSAGE_VARIABLE_SIZE, "%s",
			 variables[next() % LENGTH(variables)]);
	say_changed(&message);
}

static void say_log(void)
{
	struct message message = {.type = MESSAGE_LOG, .text = {"a \"word\" of a worker's"}};

	say_changed(&message);
}

static void say_end(void)
{
	struct message message = {.type = MESSAGE_ENDED, .ended = {.why = next() % 9}};

	say_changed(&message);
}

/* type, size (as it ought to be, and a difference), descriptors, a few bytes */
static void say_anything(void)
{
	union {
		struct message message;
		uint8_t bytes[PACKET_MAX];
	} packet = {0};
	int worker = some_worker();
	size_t size;

	packet.message.type = next() % (MESSAGE_TYPES + 2);
	packet.message.session = some_session();
	size = message_size(packet.message.type) + next() % 16;
	size = size > 8 ? size - 8 : 1;
	change(&packet.message, sizeof(packet.message));
	if (worker >= 0)
		say(worker, &packet, size, next() % (DESCRIPTORS_MAX + 1));
}

/* A program ends: which session's. */
static void end_program(void)
{
	struct session *session =
		world.session_count > 0 ? &world.sessions[next() % world.session_count] : NULL;

	if (!session || session->pid == 0)
		return;
	world.ended = session->pid;
	session->pid = 0;
	if (session->state == RUNNING)
		session->state = EXITED;
	raise(SIGCHLD);
	turn();
}

static void close_worker(void)
{
	int worker = some_worker();

	if (worker >= 0)
		lose_worker(worker);
	turn();
}

static void listen_to(void)
{
	int worker = some_worker();

	if (worker >= 0)
		listen_to_monitor(worker);
}

static void turn_terminals(void)
{
	world.terminals_fail = !world.terminals_fail;
}

static void (*const operations[16])(void) = {
	new_worker,   new_client,   say_start, say_log,	       say_end,	   say_anything,
	end_program,  close_worker, listen_to, turn_terminals, new_client, say_start,
	say_anything, say_start,    say_end,   say_log,
};

/* ------------------------------------------------------------------------------------------- */

/* The fuzzer is to be stopped by its signals, not the monitor. */
static void make_monitor(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction actions[LENGTH(signals)];

	for (size_t i = 0; i < LENGTH(signals); i++)
		sigaction(signals[i], NULL, &actions[i]);
	world.monitor = monitor_new(&config, &sandbox);
	fuzz_require(world.monitor, "out of memory");
	for (size_t i = 0; i < LENGTH(signals); i++)
		sigaction(signals[i], &actions[i], NULL);
}

static void begin(const uint8_t *data, size_t size)
{
	world = (struct world){.at = data, .end = data + size};
	for (int i = 0; i < WORKERS_MAX; i++)
		world.workers[i] = -1;
	make_monitor();
	new_worker();
	new_client();
}

static uint64_t open_descriptors(void)
{
	struct pollfd all[DESCRIPTORS_WATCHED];
	uint64_t open = 0;

	for (int i = 0; i < DESCRIPTORS_WATCHED; i++)
		all[i] = (struct pollfd){.fd = i};
	poll(all, DESCRIPTORS_WATCHED, 0);
	for (int i = 0; i < DESCRIPTORS_WATCHED; i++)
		open |= (uint64_t) !(all[i].revents & POLLNVAL) << i;
	return open;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t descriptors = open_descriptors();

	begin(data, size);
	for (int i = 0; i < OPERATIONS_MAX && world.at < world.end; i++)
		operations[next() % LENGTH(operations)]();
	for (int i = 0; i < WORKERS_MAX; i++)
		if (world.workers[i] >= 0)
			close(world.workers[i]);
	monitor_free(world.monitor);
	fuzz_require(open_descriptors() == descriptors, "a descriptor is left open");
	return 0;
}
