/* SPDX-License-Identifier: ISC */
/* A contender while it is measured: started, found, accounted for and ended. */
#include "tests/bench/server.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define START_TRIES 500
#define END_TRIES 200
#define TRY_NS 10000000

static void wait_a_little(void)
{
	nanosleep(&(struct timespec){0, TRY_NS}, NULL);
}

static double clock_seconds(clockid_t clock)
{
	struct timespec time;

	if (clock_gettime(clock, &time) != 0)
		return 0;
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* --- the processes ------------------------------------------------------------------------ */

struct process {
	pid_t pid;
	pid_t parent;
	bool descends;
	bool zombie;
};

struct processes {
	struct process *list;
	size_t count;
};

static bool read_process(const char *name, struct process *process)
{
	char path[64], text[512], *rest, state;
	FILE *file;
	size_t size;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", name);
	file = fopen(path, "re");
	if (!file)
		return false;
	size = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[size] = '\0';
	rest = strrchr(text, ')');
	*process = (struct process){.pid = (pid_t)strtol(name, NULL, 10)};
	if (!rest || sscanf(rest, ") %c %d", &state, &process->parent) != 2)
		return false;
	process->zombie = state == 'Z';
	return true;
}

static struct processes list_processes(void)
{
	struct processes all = {0};
	size_t room = 0;
	DIR *directory = opendir("/proc");
	struct dirent *entry;

	while (directory && (entry = readdir(directory))) {
		if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
			continue;
		if (all.count == room) {
			room = room ? 2 * room : 1024;
			all.list = realloc(all.list, room * sizeof(*all.list));
			if (!all.list)
				abort();
		}
		if (read_process(entry->d_name, &all.list[all.count]))
			all.count++;
	}
	if (directory)
		closedir(directory);
	return all;
}

static int compare_processes(const void *a, const void *b)
{
	const struct process *one = a, *other = b;

	return (one->pid > other->pid) - (one->pid < other->pid);
}

static struct process *find_process(const struct processes *all, pid_t pid)
{
	struct process key = {.pid = pid};

	return bsearch(&key, all->list, all->count, sizeof(key), compare_processes);
}

/* Whether a process descends from another, which it is not itself. */
static bool descends_from(const struct processes *all, const struct process *process,
			  pid_t ancestor)
{
	while (process && process->parent > 0) {
		if (process->parent == ancestor)
			return true;
		process = find_process(all, process->parent);
	}
	return false;
}

static struct processes list_descendants(pid_t ancestor)
{
	struct processes all = list_processes();
	size_t kept = 0;

	if (all.count > 0)
		qsort(all.list, all.count, sizeof(*all.list), compare_processes);
	for (size_t i = 0; i < all.count; i++)
		all.list[i].descends = descends_from(&all, &all.list[i], ancestor);
	for (size_t i = 0; i < all.count; i++)
		if (all.list[i].descends)
			all.list[kept++] = all.list[i];
	all.count = kept;
	return all;
}

static bool read_program(const char *pid, char *program, size_t room)
{
	char path[64];
	ssize_t size;

	snprintf(path, sizeof(path), "/proc/%.20s/exe", pid);
	size = readlink(path, program, room - 1);
	program[size > 0 ? size : 0] = '\0';
	return size > 0;
}

/* The load generator's own processes, and the programs in the directory beside it. */
static bool is_ours(pid_t pid)
{
	char name[24], own[PATH_MAX], program[PATH_MAX], *slash;
	size_t size;

	snprintf(name, sizeof(name), "%d", (int)pid);
	if (!read_program("self", own, sizeof(own)) ||
	    !read_program(name, program, sizeof(program)))
		return false;
	if (strcmp(own, program) == 0)
		return true;
	slash = strrchr(own, '/');
	size = (size_t)(slash - own);
	return strncmp(program, own, size) == 0 &&
	       strncmp(program + size, "/programs/", strlen("/programs/")) == 0;
}

static struct processes list_server(const struct server *server)
{
	struct processes all = list_descendants(server->supervisor);
	size_t kept = 0;

	for (size_t i = 0; i < all.count; i++)
		if (!all.list[i].zombie && !is_ours(all.list[i].pid))
			all.list[kept++] = all.list[i];
	all.count = kept;
	return all;
}

/* --- CPU time and memory ------------------------------------------------------------------ */

static double account_seconds(const struct cpu_account *account)
{
	double sum = 0;

	for (size_t i = 0; i < account->count; i++)
		sum += clock_seconds(account->clocks[i]);
	return sum;
}

void account_begin(struct cpu_account *account, const struct server *server)
{
	struct processes processes = list_server(server);

	account->clocks = calloc(processes.count + 1, sizeof(*account->clocks));
	account->count = 0;
	for (size_t i = 0; account->clocks && i < processes.count; i++)
		if (clock_getcpuclockid(processes.list[i].pid, &account->clocks[account->count]) ==
		    0)
			account->count++;
	free(processes.list);
	account->seconds = account_seconds(account);
}

double account_end(struct cpu_account *account)
{
	double used = account_seconds(account) - account->seconds;

	free(account->clocks);
	account->clocks = NULL;
	return used;
}

static long process_memory(pid_t pid)
{
	char path[64], line[256];
	FILE *file;
	long kib = -1;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return -1;
	while (kib < 0 && fgets(line, sizeof(line), file))
		if (sscanf(line, "Pss: %ld", &kib) != 1)
			kib = -1;
	fclose(file);
	return kib;
}

long server_memory(const struct server *server, size_t *processes)
{
	struct processes all = list_server(server);
	long sum = 0;

	for (size_t i = 0; i < all.count && sum >= 0; i++) {
		long kib = process_memory(all.list[i].pid);

		sum = kib < 0 ? -1 : sum + kib;
	}
	*processes = all.count;
	free(all.list);
	return sum;
}

/* --- the start ---------------------------------------------------------------------------- */

/* The port on which the socket of this inode listens; 0: it does not. */
static int listening_port(unsigned long socket_inode)
{
	FILE *file = fopen("/proc/net/tcp", "re");
	char line[512];
	int found = 0;

	while (file && found == 0 && fgets(line, sizeof(line), file)) {
		unsigned port, state;
		unsigned long inode;

		if (sscanf(line, " %*d: %*x:%x %*x:%*x %x %*x:%*x %*x:%*x %*x %*d %*d %lu", &port,
			   &state, &inode) == 3 &&
		    state == 0x0A && inode == socket_inode)
			found = (int)port;
	}
	if (file)
		fclose(file);
	return found;
}

static int process_port(pid_t pid)
{
	char path[64], target[64];
	DIR *directory;
	struct dirent *entry;
	int port = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	directory = opendir(path);
	while (directory && port == 0 && (entry = readdir(directory))) {
		ssize_t size =
			readlinkat(dirfd(directory), entry->d_name, target, sizeof(target) - 1);
		unsigned long inode;

		target[size > 0 ? size : 0] = '\0';
		if (sscanf(target, "socket:[%lu]", &inode) == 1)
			port = listening_port(inode);
	}
	if (directory)
		closedir(directory);
	return port;
}

_Noreturn static void become_server(char *const *command, const char *log)
{
	int null = open("/dev/null", O_RDWR);
	int output = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(output >= 0 ? output : null, STDERR_FILENO);
	syscall(SYS_close_range, STDERR_FILENO + 1U, ~0U, 0U);
	execvp(command[0], command);
	_exit(127);
}

void server_supervise(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}

int server_start(struct server *server, char *const *command, const char *log)
{
	server->supervisor = getpid();
	server->port = 0;
	server->pid = fork();
	if (server->pid == 0)
		become_server(command, log);
	for (int i = 0; i < START_TRIES && server->port == 0; i++) {
		if (waitpid(server->pid, NULL, WNOHANG) != 0) {
			printf("failed %s has ended\n", command[0]);
			return -1;
		}
		wait_a_little();
		server->port = process_port(server->pid);
	}
	if (server->port != 0)
		return 0;
	printf("failed %s does not listen\n", command[0]);
	return -1;
}

/* --- the end ------------------------------------------------------------------------------ */

static void reap(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

void server_end(struct server *server)
{
	if (server->pid > 0)
		kill(server->pid, SIGTERM);
	for (int i = 0; i < END_TRIES; i++) {
		struct processes left;
		size_t count;

		wait_a_little();
		reap();
		left = list_descendants(getpid());
		count = left.count;
		/* Half of the time is for ending by itself. */
		for (size_t j = 0; j < count && i >= END_TRIES / 2; j++)
			kill(left.list[j].pid, SIGKILL);
		free(left.list);
		if (count == 0)
			return;
	}
}
