/* SPDX-License-Identifier: ISC */
/* Starts, watches and stops a telnetd. */
#include "tests/e2e/support/server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "tests/e2e/support/process.h"
#include "tests/e2e/support/trial.h"

#define ARGUMENTS_MAX 32
#define CHILDREN_MAX 1024
#define SERVERS_MAX 8

/* What waits in the pipe while a test does not look: thousands of lines. */
#define PIPE_SIZE (1024UL * 1024)

static struct server *servers[SERVERS_MAX];

/* Reports of sanitizers that have gone to standard error. */
static const char *const reports[] = {"runtime error:", "Sanitizer", "SUMMARY:"};

static void remember(struct server *old, struct server *new)
{
	for (size_t i = 0; i < SERVERS_MAX; i++)
		if (servers[i] == old) {
			servers[i] = new;
			return;
		}
}

/* --- the log ------------------------------------------------------------------------------ */

/* Reads what has come, waiting so long for something. Returns false at the end of the log. */
static bool read_log(struct server *server, int milliseconds)
{
	struct pollfd readable = {.fd = server->log_pipe, .events = POLLIN};

	while (poll(&readable, 1, milliseconds) > 0) {
		ssize_t size;

		server->log = realloc(server->log, server->log_size + 65537);
		assert_non_null(server->log);
		size = read(server->log_pipe, server->log + server->log_size, 65536);
		if (size < 0 && errno == EINTR)
			continue;
		server->log_size += size > 0 ? (size_t)size : 0;
		server->log[server->log_size] = '\0';
		if (size <= 0)
			return false;
		milliseconds = 0;
	}
	return true;
}

/* The first whole line with both texts, or NULL. */
static const char *find_line(const struct server *server, const char *text, const char *other,
			     size_t *length)
{
	const char *line = server->log;

	while (line && *line != '\0') {
		const char *end = strchr(line, '\n');
		const char *one, *two;

		if (!end)
			return NULL;
		*length = (size_t)(end - line);
		one = memmem(line, *length, text, strlen(text));
		two = memmem(line, *length, other, strlen(other));
		if (one && two)
			return line;
		line = end + 1;
	}
	return NULL;
}

void server_expect_line(struct server *server, const char *text, const char *other,
			char copy[SERVER_LINE_SIZE])
{
	long long deadline = trial_now() + DEADLINE_MS;
	const char *line;
	size_t length;

	while (!(line = find_line(server, text, other, &length))) {
		long long left = deadline - trial_now();

		if (left <= 0 || !read_log(server, (int)left)) {
			server_show_logs();
			fail_msg("no log line with '%s' and '%s'", text, other);
		}
	}
	if (copy)
		snprintf(copy, SERVER_LINE_SIZE, "%.*s", (int)length, line);
}

void server_expect_log(struct server *server, const char *text)
{
	server_expect_line(server, text, "", NULL);
}

bool server_has_logged(struct server *server, const char *text, const char *other)
{
	size_t length;

	read_log(server, 0);
	return find_line(server, text, other, &length) != NULL;
}

size_t server_count_log(struct server *server, const char *text)
{
	const char *found;
	size_t count = 0;

	read_log(server, 0);
	for (found = server->log; found && (found = strstr(found, text)); found++)
		count++;
	return count;
}

void server_expect_count(struct server *server, const char *text, size_t count)
{
	long long deadline = trial_now() + DEADLINE_MS;

	while (server_count_log(server, text) < count && trial_now() < deadline)
		trial_pause();
	assert_int_equal(server_count_log(server, text), count);
}

void server_show_logs(void)
{
	for (size_t i = 0; i < SERVERS_MAX; i++)
		if (servers[i]) {
			read_log(servers[i], 100);
			trial_show("log of telnetd", servers[i]->log, servers[i]->log_size);
		}
}

/* --- start -------------------------------------------------------------------------------- */

static bool is_among(const char *const arguments[], const char *option)
{
	for (size_t i = 0; arguments[i]; i++)
		if (strcmp(arguments[i], option) == 0)
			return true;
	return false;
}

/* Adds an option and its value unless the test gives its own. */
static void add_default(const char *arguments[ARGUMENTS_MAX], const char *option, const char *value)
{
	size_t count = 0;

	if (is_among(arguments, option))
		return;
	while (arguments[count])
		count++;
	assert_true(count + 3 < ARGUMENTS_MAX);
	arguments[count++] = option;
	arguments[count++] = value;
	arguments[count] = NULL;
}

_Noreturn static void become_telnetd(int standard_error, const char *const arguments[])
{
	sigset_t none;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	prctl(PR_SET_PDEATHSIG, SIGKILL); /* with a test that is killed */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	dup2(null, STDIN_FILENO);
	dup2(standard_error, STDOUT_FILENO);
	dup2(standard_error, STDERR_FILENO);
	execv(trial_built("telnetd"), (char *const *)arguments);
	_exit(126);
}

/* Starts it; returns the end of the pipe to read its standard error from. */
static int start(pid_t *pid, const char *const arguments[])
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	fcntl(ends[1], F_SETPIPE_SZ, (int)PIPE_SIZE);
	*pid = fork();
	assert_true(*pid >= 0);
	if (*pid == 0)
		become_telnetd(ends[1], arguments);
	close(ends[1]);
	return ends[0];
}

static void find_port(struct server *server)
{
	char line[SERVER_LINE_SIZE], *port;

	server_expect_line(server, "event=listening", "", line);
	port = strstr(line, " port=");
	assert_non_null(port);
	server->port = (unsigned short)atoi(port + strlen(" port="));
	server->v6 = strstr(line, "address=::") != NULL;
	assert_int_not_equal(server->port, 0);
}

void server_start(struct server *server, ...)
{
	const char *arguments[ARGUMENTS_MAX] = {"telnetd", "-F"};
	size_t count = 2;
	va_list list;

	va_start(list, server);
	while ((arguments[count] = va_arg(list, const char *)))
		assert_true(++count < ARGUMENTS_MAX);
	va_end(list);
	add_default(arguments, "-b", "127.0.0.1:0");
	add_default(arguments, "-f", "/dev/null");
	add_default(arguments, "-c", "/dev/null");
	server->log_pipe = start(&server->pid, arguments);
	remember(NULL, server);
	find_port(server);
}

int server_run(char *output, size_t size, const char *const arguments[])
{
	struct server server = {0};
	const char *all[ARGUMENTS_MAX] = {"telnetd"};
	long long deadline = trial_now() + DEADLINE_MS;
	int status;

	for (size_t i = 0; arguments[i]; i++) {
		assert_true(i + 2 < ARGUMENTS_MAX);
		all[i + 1] = arguments[i];
	}
	server.log_pipe = start(&server.pid, all);
	while (read_log(&server, 100) && trial_now() < deadline)
		;
	if (trial_now() >= deadline)
		kill(server.pid, SIGKILL);
	waitpid(server.pid, &status, 0);
	snprintf(output, size, "%s", server.log ? server.log : "");
	close(server.log_pipe);
	free(server.log);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* --- stop --------------------------------------------------------------------------------- */

static bool reap(pid_t pid, int *status)
{
	long long deadline = trial_now() + DEADLINE_MS;

	while (waitpid(pid, status, WNOHANG) == 0) {
		if (trial_now() >= deadline) {
			kill(pid, SIGKILL);
			waitpid(pid, status, 0);
			return false;
		}
		trial_pause();
	}
	return true;
}

static bool complain(const char *what)
{
	fprintf(stderr, "telnetd: %s\n", what);
	return false;
}

static bool has_stopped_well(const struct server *server, bool in_time, int status)
{
	bool good = true;

	if (!in_time)
		good = complain("did not stop on SIGTERM");
	else if (WIFSIGNALED(status))
		good = complain("was killed by a signal");
	else if (WEXITSTATUS(status) != 0)
		good = complain("exit status is not 0");
	if (!server->may_lose_workers && server->log && strstr(server->log, "event=worker-lost"))
		good = complain("has lost a worker");
	for (size_t i = 0; i < sizeof(reports) / sizeof(reports[0]); i++)
		if (server->log && strstr(server->log, reports[i]))
			good = complain("a sanitizer reported something");
	return good;
}

/* Its workers and login programs end with it; this ends and names those that do not. */
static bool children_have_gone(const pid_t *children, size_t count)
{
	bool good = true;

	for (size_t i = 0; i < count; i++)
		if (!process_goes(children[i], DEADLINE_MS)) {
			good = complain("has left a process behind");
			kill(children[i], SIGKILL);
		}
	return good;
}

int server_stop(struct server *server)
{
	pid_t children[CHILDREN_MAX];
	size_t count;
	bool good;
	int status;

	if (server->pid == 0)
		return 0;
	count = process_children(server->pid, children, CHILDREN_MAX);
	kill(server->pid, SIGTERM);
	/* Reading on, since it may log a line for each of many sessions. */
	while (read_log(server, 20) &&
	       waitid(P_PID, (id_t)server->pid, &(siginfo_t){0}, WEXITED | WNOHANG | WNOWAIT) ==
		       0 &&
	       process_is_there(server->pid) && server->log_size < 64 * PIPE_SIZE)
		;
	good = reap(server->pid, &status);
	good = has_stopped_well(server, good, status);
	good = children_have_gone(children, count < CHILDREN_MAX ? count : CHILDREN_MAX) && good;
	if (!good) {
		read_log(server, 0);
		trial_show("log of telnetd", server->log, server->log_size);
	}
	remember(server, NULL);
	close(server->log_pipe);
	free(server->log);
	*server = (struct server){0};
	return good ? 0 : -1;
}

/* --- its processes ------------------------------------------------------------------------ */

size_t server_children(struct server *server, const char *name, pid_t *found, size_t most)
{
	pid_t children[CHILDREN_MAX];
	size_t count = process_children(server->pid, children, CHILDREN_MAX), named = 0;

	for (size_t i = 0; i < count && i < CHILDREN_MAX; i++) {
		char its_name[32];

		process_status(children[i], "Name", its_name, sizeof(its_name));
		if (strcmp(its_name, name) != 0)
			continue;
		if (named < most)
			found[named] = children[i];
		named++;
	}
	return named;
}

void server_expect_children(struct server *server, const char *name, size_t count)
{
	long long deadline = trial_now() + DEADLINE_MS;

	while (server_children(server, name, NULL, 0) != count) {
		assert_true(trial_now() < deadline);
		trial_pause();
	}
}

pid_t server_only_child(struct server *server, const char *name)
{
	pid_t child = 0;

	server_expect_children(server, name, 1);
	server_children(server, name, &child, 1);
	assert_int_not_equal(child, 0);
	return child;
}

size_t server_workers(struct server *server, pid_t *workers, size_t most)
{
	return server_children(server, "telnetd-worker", workers, most);
}

pid_t server_worker_of(struct server *server, unsigned short client_port)
{
	unsigned long inode = process_socket_inode(server->port, client_port);
	pid_t children[CHILDREN_MAX];
	size_t count = process_children(server->pid, children, CHILDREN_MAX);
	char link[64];

	snprintf(link, sizeof(link), "socket:[%lu]", inode);
	for (size_t i = 0; i < count && i < CHILDREN_MAX; i++)
		if (process_finds_descriptor(children[i], link) >= 0)
			return children[i];
	server_show_logs();
	fail_msg("no worker has the connection from port %d", client_port);
	return 0;
}

pid_t server_login_of(struct server *server, const char *peer)
{
	char line[SERVER_LINE_SIZE], with_peer[128], *pid;

	snprintf(with_peer, sizeof(with_peer), " peer=%s ", peer);
	server_expect_line(server, "event=login ", with_peer, line);
	pid = strstr(line, " pid=");
	assert_non_null(pid);
	return atoi(pid + strlen(" pid="));
}
