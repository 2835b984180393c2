/* SPDX-License-Identifier: ISC */
/* What the yardstick servers share: a loopback port, and a process for each connection. */
#include "tests/bench/listen.h"

#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define BACKLOG 128

static void on_child(int number)
{
	(void)number;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

int listen_and_fork(void (*serve)(int connection, char *const *command), char *const *command)
{
	const struct sockaddr_in address = {.sin_family = AF_INET,
					    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sigaction action = {.sa_handler = on_child, .sa_flags = SA_RESTART};
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (listener < 0 || bind(listener, (const void *)&address, sizeof(address)) != 0 ||
	    listen(listener, BACKLOG) != 0)
		return -1;
	sigaction(SIGCHLD, &action, NULL);
	for (;;) {
		int connection = accept(listener, NULL, NULL);

		if (connection < 0)
			continue;
		if (fork() == 0) {
			signal(SIGCHLD, SIG_DFL);
			close(listener);
			serve(connection, command);
			_exit(1);
		}
		close(connection);
	}
}
