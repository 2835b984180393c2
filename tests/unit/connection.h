/* SPDX-License-Identifier: ISC */
/* A TCP connection of the test's process to itself, for what other sockets do not have. */
#ifndef CONNECTION_H
#define CONNECTION_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

/* Returns 0, or -1 where there is none; both ends are the caller's. */
static inline int connect_to_oneself(int *server, int *client)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*server = -1;
	*client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(listener, (struct sockaddr *)&address, size) == 0 && listen(listener, 1) == 0 &&
	    getsockname(listener, (struct sockaddr *)&address, &size) == 0 &&
	    connect(*client, (struct sockaddr *)&address, size) == 0)
		*server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	close(listener);
	return *server >= 0 ? 0 : -1;
}

#endif
