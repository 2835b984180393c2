/* SPDX-License-Identifier: ISC */
/* A listening socket, and a super-server for the length of a test. */
#include "tests/e2e/support/listener.h"

#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "tests/e2e/support/trial.h"

void listener_open(struct listener *listener)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);

	listener->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(listener->socket > 0);
	assert_int_equal(bind(listener->socket, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(listener->socket, 8), 0);
	assert_int_equal(getsockname(listener->socket, (struct sockaddr *)&address, &size), 0);
	listener->port = ntohs(address.sin_port);
	snprintf(listener->port_text, sizeof(listener->port_text), "%hu", listener->port);
}

int listener_accept(struct listener *listener)
{
	struct pollfd readable = {.fd = listener->socket, .events = POLLIN};
	int connection;

	assert_int_equal(poll(&readable, 1, DEADLINE_MS), 1);
	connection = accept4(listener->socket, NULL, NULL, SOCK_CLOEXEC);
	assert_true(connection >= 0);
	return connection;
}

_Noreturn static void serve(const struct listener *listener, const char *const arguments[])
{
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* with a test that is killed */
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		int connection = accept4(listener->socket, NULL, NULL, SOCK_CLOEXEC);

		if (connection >= 0 && fork() == 0) {
			signal(SIGCHLD, SIG_DFL);
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			dup2(connection, STDIN_FILENO);
			dup2(connection, STDOUT_FILENO);
			execvp(arguments[0], (char *const *)arguments);
			_exit(127);
		}
		close(connection);
	}
}

void listener_serve(struct listener *listener, const char *const arguments[])
{
	listener_open(listener);
	listener->server = fork();
	assert_true(listener->server >= 0);
	if (listener->server == 0)
		serve(listener, arguments);
}

void listener_close(struct listener *listener)
{
	if (listener->server > 0) {
		kill(listener->server, SIGKILL);
		waitpid(listener->server, NULL, 0);
	}
	if (listener->socket > 0)
		close(listener->socket);
	*listener = (struct listener){0};
}
