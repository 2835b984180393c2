/* SPDX-License-Identifier: ISC */
/*
 * The least that a super-server can be, for the telnet servers that want one: accepts, forks,
 * and runs the given program with the connection as its standard input, output and error.
 */
#include "tests/bench/listen.h"

#include <stdio.h>
#include <unistd.h>

static void serve(int connection, char *const *command)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		dup2(connection, fd);
	if (connection > STDERR_FILENO)
		close(connection);
	execv(command[0], command);
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: superserver PROGRAM [ARGUMENT]...\n");
		return 2;
	}
	listen_and_fork(serve, argv + 1);
	perror("superserver");
	return 1;
}
