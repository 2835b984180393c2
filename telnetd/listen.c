/* SPDX-License-Identifier: ISC */
/* Listening sockets: from configured addresses to descriptors. */
#include "telnetd/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "telnetd/complain.h"

#define BACKLOG 1024

/* Returns a listening socket or a negative errno. */
static int open_socket(const struct addrinfo *address)
{
	const int on = 1;
	int result;
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (address->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	result = -errno;
	close(fd);
	return result;
}

static int cannot_listen(const struct origin *origin, const char *host, const char *port, int error)
{
	complain_of(origin, "cannot listen on %s port %s: %s", host, port, strerror(-error));
	return CONFIG_EXIT_FAILURE;
}

/* getaddrinfo(3) does not tell a zone that is missing, or that is not an interface. */
static int bad_address(const struct config_bind *bind)
{
	const char *zone = strchr(bind->host, '%');

	if (!zone)
		return complain_of(&bind->origin,
				   "bad address '%s': an IPv4 or IPv6 address in figures is wanted",
				   bind->host);
	if (if_nametoindex(zone + 1) == 0)
		return complain_of(&bind->origin, "bad address '%s': there is no interface '%s'",
				   bind->host, zone + 1);
	return complain_of(&bind->origin,
			   "bad address '%s': only a link-local IPv6 address has a zone",
			   bind->host);
}

static bool lacks_zone(const struct addrinfo *address)
{
	const struct sockaddr_in6 *ipv6 = (const void *)address->ai_addr;

	return address->ai_family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&ipv6->sin6_addr) &&
	       ipv6->sin6_scope_id == 0;
}

/* Returns a listening socket, or -1 after a complaint, with *status set. */
static int open_bind(const struct config_bind *bind, const char *port, int *status)
{
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
				       .ai_socktype = SOCK_STREAM};
	struct addrinfo *address;
	int fd;

	if (getaddrinfo(bind->host, port, &hints, &address) != 0) {
		*status = bad_address(bind);
		return -1;
	}
	if (lacks_zone(address)) {
		*status = complain_of(&bind->origin,
				      "bad address '%s': a link-local address needs its zone, the "
				      "name of an interface: %s%%eth0",
				      bind->host, bind->host);
		freeaddrinfo(address);
		return -1;
	}
	fd = open_socket(address);
	freeaddrinfo(address);
	if (fd >= 0)
		return fd;
	*status = cannot_listen(&bind->origin, bind->host, port, fd);
	return -1;
}

/* All addresses of both families; a machine without IPv6 does with IPv4, and the other way. */
static size_t open_all(const char *port, int sockets[LISTEN_MAX], int *status)
{
	static const char *const hosts[] = {"::", "0.0.0.0"};
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
				       .ai_socktype = SOCK_STREAM};
	const struct origin nowhere = {0};
	size_t count = 0;
	int error = -EAFNOSUPPORT;

	for (size_t i = 0; i < 2; i++) {
		struct addrinfo *address;
		int fd;

		if (getaddrinfo(hosts[i], port, &hints, &address) != 0)
			continue;
		fd = open_socket(address);
		freeaddrinfo(address);
		if (fd >= 0)
			sockets[count++] = fd;
		else if (fd != -EAFNOSUPPORT && fd != -EADDRNOTAVAIL)
			error = fd;
	}
	if (count == 0 || error != -EAFNOSUPPORT) {
		*status = cannot_listen(&nowhere, "all addresses", port, error);
		while (count > 0)
			close(sockets[--count]);
	}
	return count;
}

size_t listen_open(const struct config *config, int sockets[LISTEN_MAX], int *status)
{
	char default_port[8];
	size_t count = 0;

	snprintf(default_port, sizeof(default_port), "%hu", config->port);
	if (config->bind_count == 0)
		return open_all(default_port, sockets, status);
	for (; count < config->bind_count; count++) {
		const struct config_bind *bind = &config->binds[count];

		sockets[count] = open_bind(bind, bind->port ? bind->port : default_port, status);
		if (sockets[count] >= 0)
			continue;
		while (count > 0)
			close(sockets[--count]);
		return 0;
	}
	return count;
}

void listen_address_text(const struct sockaddr *address, char *host, size_t host_size,
			 unsigned short *port)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;

	host[0] = '\0';
	*port = 0;
	if (address->sa_family == AF_INET) {
		inet_ntop(AF_INET, &v4->sin_addr, host, (socklen_t)host_size);
		*port = ntohs(v4->sin_port);
	} else if (address->sa_family == AF_INET6) {
		bool mapped = IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr);

		inet_ntop(mapped ? AF_INET : AF_INET6, v6->sin6_addr.s6_addr + (mapped ? 12 : 0),
			  host, (socklen_t)host_size);
		*port = ntohs(v6->sin6_port);
	}
}

void listen_target_text(const struct sockaddr *address, char *host, size_t host_size)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
	struct sockaddr_in6 v6 = {0};
	unsigned short port;

	if (address->sa_family == AF_INET && v4->sin_addr.s_addr == htonl(INADDR_ANY)) {
		snprintf(host, host_size, "127.0.0.1");
		return;
	}
	if (address->sa_family != AF_INET6) {
		listen_address_text(address, host, host_size, &port);
		return;
	}
	memcpy(&v6, address, sizeof(v6));
	if (IN6_IS_ADDR_UNSPECIFIED(&v6.sin6_addr))
		v6.sin6_addr = in6addr_loopback;
	if (getnameinfo((const struct sockaddr *)&v6, sizeof(v6), host, (socklen_t)host_size, NULL,
			0, NI_NUMERICHOST) != 0)
		listen_address_text(address, host, host_size, &port);
}
