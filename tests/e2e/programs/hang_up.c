/* SPDX-License-Identifier: ISC */
/*
 * Hangs up its terminal and opens it again, as the login(1) of util-linux does, then runs the
 * program in its arguments. Only root may do that. "--for SECONDS" before them is how long nobody
 * has the terminal open.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int fail(const char *what)
{
	perror(what);
	return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	const char *name = ttyname(STDIN_FILENO);
	char path[64];
	unsigned seconds = 0;
	int terminal;

	if (argc > 3 && strcmp(argv[1], "--for") == 0) {
		seconds = (unsigned)atoi(argv[2]);
		argc -= 2;
		argv += 2;
	}
	if (argc < 2 || !name || (size_t)snprintf(path, sizeof(path), "%s", name) >= sizeof(path))
		return fail("hang_up");
	signal(SIGHUP, SIG_IGN);
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		close(fd);
	if (vhangup() < 0)
		return EXIT_FAILURE;
	signal(SIGHUP, SIG_DFL);
	sleep(seconds);
	terminal = open(path, O_RDWR);
	if (terminal != STDIN_FILENO || dup(terminal) < 0 || dup(terminal) < 0)
		return EXIT_FAILURE;
	execv(argv[1], argv + 1);
	return fail(argv[1]);
}
