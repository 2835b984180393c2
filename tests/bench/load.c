/* SPDX-License-Identifier: ISC */
/*
 * The load generator: starts one contender, takes one measure of it, ends it and all that it has
 * left. A child measures, so that whatever happens to it the supervisor cleans up.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/measures.h"

static const struct {
	const char *name;
	int (*take)(const struct trial *trial);
} measures[] = {
	{"flood", measure_flood},	  {"flood-ff", measure_flood_ff},
	{"paste", measure_paste},	  {"echo", measure_echo},
	{"neighbour", measure_neighbour}, {"crowd", measure_crowd},
	{"compress", measure_compress},	  {"sessions", measure_sessions},
	{"memory", measure_memory},	  {"interrupt", measure_interrupt},
};

#define MEASURES (sizeof(measures) / sizeof(measures[0]))

static void usage(void)
{
	fprintf(stderr, "usage: load [-l LOG] [-t SECONDS] [-n SESSIONS] [-o OPENING] [-x LIMIT] "
			"[-p] MEASURE "
			"-- SERVER [ARGUMENT]...\n"
			"  -l  where the server's standard error goes\n"
			"  -t  how long is measured\n"
			"  -n  the most sessions that are opened\n"
			"  -o  how many of a crowd are opened at the same time\n"
			"  -x  seconds after which the measure is given up\n"
			"  -p  the server speaks no TELNET\n"
			"measures:");
	for (size_t i = 0; i < MEASURES; i++)
		fprintf(stderr, " %s", measures[i].name);
	fputc('\n', stderr);
	exit(2);
}

double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

void pause_for(double seconds)
{
	struct timespec time = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};

	nanosleep(&time, NULL);
}

int failed(const char *why)
{
	printf("failed %s: %s\n", why, errno ? strerror(errno) : "closed by the server");
	return -1;
}

/* Every process may have as many descriptors as there can be. */
static void raise_limits(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* Waits for the child that measures, or for a signal that ends it. Returns the exit status. */
static int wait_for(pid_t child, const sigset_t *signals, unsigned limit)
{
	for (;;) {
		siginfo_t information;
		int number = sigwaitinfo(signals, &information), status;

		if (number == SIGINT || number == SIGTERM || number == SIGHUP) {
			kill(child, SIGKILL);
			return 1;
		}
		if (waitpid(child, &status, WNOHANG) != child)
			continue;
		if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
			printf("failed not done after %u s\n", limit);
		else if (WIFSIGNALED(status))
			printf("failed the load generator died of signal %d\n", WTERMSIG(status));
		return status == 0 ? 0 : 1;
	}
}

static pid_t start_measure(const struct trial *trial, const char *name, unsigned limit)
{
	pid_t child = fork();
	sigset_t none;

	if (child != 0)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
	alarm(limit);
	for (size_t i = 0; i < MEASURES; i++)
		if (strcmp(measures[i].name, name) == 0)
			exit(measures[i].take(trial) == 0 ? 0 : 1);
	usage();
	return -1;
}

int main(int argc, char **argv)
{
	struct trial trial = {.time = 1, .sessions = 100, .opening = 8};
	const char *log = "/dev/null";
	unsigned limit = 60;
	sigset_t signals;
	int option, status = 1;
	pid_t child;

	while ((option = getopt(argc, argv, "+l:t:n:o:x:p")) != -1) {
		switch (option) {
		case 'l':
			log = optarg;
			break;
		case 't':
			trial.time = strtod(optarg, NULL);
			break;
		case 'n':
			trial.sessions = (int)strtol(optarg, NULL, 10);
			break;
		case 'o':
			trial.opening = (int)strtol(optarg, NULL, 10);
			break;
		case 'x':
			limit = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'p':
			trial.plain = true;
			break;
		default:
			usage();
		}
	}
	if (argc - optind < 3 || strcmp(argv[optind + 1], "--") != 0)
		usage();
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	raise_limits();
	server_supervise();
	if (server_start(&trial.server, argv + optind + 2, log) == 0) {
		fflush(stdout);
		child = start_measure(&trial, argv[optind], limit);
		status = wait_for(child, &signals, limit);
	}
	server_end(&trial.server);
	return status;
}
