/* SPDX-License-Identifier: ISC */
/*
 * A yardstick: reads a printing program's pseudo-terminal and throws away what it reads. No server
 * that reads terminals in this way can be faster. Prints as load does.
 */
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define READS_BETWEEN_LOOKS 256
#define WARM_UP_S 0.3

static double seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Reads for so long; returns how many bytes it was. */
static double read_for(int master, double time, size_t read_size)
{
	char bytes[4096];
	double end = seconds(CLOCK_MONOTONIC) + time, total = 0;

	while (seconds(CLOCK_MONOTONIC) < end) {
		for (int i = 0; i < READS_BETWEEN_LOOKS; i++) {
			ssize_t size = read(master, bytes, read_size);

			if (size <= 0)
				return total;
			total += (double)size;
		}
	}
	return total;
}

int main(int argc, char **argv)
{
	size_t read_size = argc == 4 ? strtoul(argv[1], NULL, 10) : 0;
	double time = argc == 4 ? strtod(argv[2], NULL) : 0, wall, cpu, bytes;
	int master;
	pid_t pid;

	if (read_size == 0 || read_size > 4096 || time <= 0) {
		fprintf(stderr, "usage: bare READ-SIZE SECONDS PROGRAM\n");
		return 2;
	}
	pid = forkpty(&master, NULL, NULL, NULL);
	if (pid == 0) {
		execv(argv[3], argv + 3);
		_exit(1);
	}
	read_for(master, WARM_UP_S, read_size);
	wall = seconds(CLOCK_MONOTONIC);
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	bytes = read_for(master, time, read_size);
	wall = seconds(CLOCK_MONOTONIC) - wall;
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	if (bytes <= 0) {
		printf("failed the program printed nothing\n");
		return 1;
	}
	printf("payload_mb_s %.3f\ncpu_s_gb %.3f\n", bytes / 1e6 / wall, cpu / (bytes / 1e9));
	return 0;
}
