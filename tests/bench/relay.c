/* SPDX-License-Identifier: ISC */
/*
 * A yardstick: a relay between socket and pseudo-terminal without TELNET, one process a session.
 * "drain" reads the terminal until it is empty, or 64 KiB have come, before it sends; "pipeline"
 * sends after eight small reads, so that kernel, program and relay work at the same time.
 */
#include "tests/bench/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define UNSENT_KERNEL_MAX 16384

static struct shape {
	const char *name;
	size_t room; /* bytes read before they are sent */
	size_t read_size;
} shapes[] = {
	{"drain", 65536, 65536},
	{"pipeline", (size_t)8 * 512, 512},
};

static const struct shape *shape;

struct buffer {
	char bytes[65536];
	size_t size;
};

/* Writes what it can; returns 0, or -1 when the other end has gone. */
static int flush(int fd, struct buffer *buffer)
{
	ssize_t written;

	if (buffer->size == 0)
		return 0;
	written = write(fd, buffer->bytes, buffer->size);
	if (written < 0)
		return errno == EAGAIN ? 0 : -1;
	buffer->size -= (size_t)written;
	memmove(buffer->bytes, buffer->bytes + written, buffer->size);
	return 0;
}

static int fill_from_terminal(int master, struct buffer *buffer)
{
	while (buffer->size < shape->room) {
		size_t room = shape->room - buffer->size;
		ssize_t size = read(master, buffer->bytes + buffer->size,
				    room < shape->read_size ? room : shape->read_size);

		if (size < 0)
			return errno == EAGAIN || buffer->size > 0 ? 0 : -1;
		buffer->size += (size_t)size;
	}
	return 0;
}

static int fill_from_socket(int socket, struct buffer *buffer)
{
	ssize_t size = read(socket, buffer->bytes, 4096);

	if (size == 0 || (size < 0 && errno != EAGAIN))
		return -1;
	buffer->size = size > 0 ? (size_t)size : 0;
	return 0;
}

static void relay(int socket, int master)
{
	static struct buffer screen, typed;
	struct pollfd fds[2] = {{.fd = socket}, {.fd = master}};

	for (;;) {
		fds[0].events = (short)((typed.size ? 0 : POLLIN) | (screen.size ? POLLOUT : 0));
		fds[1].events = (short)((screen.size ? 0 : POLLIN) | (typed.size ? POLLOUT : 0));
		if (poll(fds, 2, -1) < 0)
			return;
		if (fds[0].revents & (POLLERR | POLLHUP))
			return;
		if (fds[0].revents & POLLIN && fill_from_socket(socket, &typed) != 0)
			return;
		if (fds[1].revents & (POLLIN | POLLHUP) && screen.size == 0 &&
		    fill_from_terminal(master, &screen) != 0)
			return;
		if (flush(socket, &screen) != 0 || flush(master, &typed) != 0)
			return;
	}
}

static void serve(int connection, char *const *command)
{
	const int one = 1, unsent = UNSENT_KERNEL_MAX;
	int master;
	pid_t pid = forkpty(&master, NULL, NULL, NULL);

	if (pid < 0)
		return;
	if (pid == 0) {
		close(connection);
		execv(command[0], command);
		_exit(1);
	}
	setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(connection, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof(unsent));
	fcntl(connection, F_SETFL, O_NONBLOCK);
	fcntl(master, F_SETFL, O_NONBLOCK);
	relay(connection, master);
}

int main(int argc, char **argv)
{
	for (size_t i = 0; argc >= 3 && i < sizeof(shapes) / sizeof(shapes[0]); i++)
		if (strcmp(argv[1], shapes[i].name) == 0)
			shape = &shapes[i];
	if (!shape) {
		fprintf(stderr, "usage: relay drain|pipeline PROGRAM [ARGUMENT]...\n");
		return 2;
	}
	listen_and_fork(serve, argv + 2);
	perror("relay");
	return 1;
}
