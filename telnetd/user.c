/* SPDX-License-Identifier: ISC */
/* Looks a connection up in /proc/net/tcp and tcp6, see proc(5). */
#include "telnetd/user.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define ENDPOINT_SIZE 48

/*
 * Writes an endpoint as a table has it: words of the address as the machine reads them. An IPv4
 * address is in the IPv6 table as a v4-mapped one. Returns false for one that the table cannot
 * have.
 */
static bool endpoint_text(const struct sockaddr *address, bool v6_table, char text[ENDPOINT_SIZE])
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;
	uint32_t words[4] = {0, 0, htonl(0xffff), v4->sin_addr.s_addr};
	unsigned port = ntohs(address->sa_family == AF_INET ? v4->sin_port : v6->sin6_port);

	if (address->sa_family == AF_INET6)
		memcpy(words, &v6->sin6_addr, sizeof(words));
	if (v6_table)
		snprintf(text, ENDPOINT_SIZE,
			 "%08" PRIX32 "%08" PRIX32 "%08" PRIX32 "%08" PRIX32 ":%04X", words[0],
			 words[1], words[2], words[3], port);
	else
		snprintf(text, ENDPOINT_SIZE, "%08" PRIX32 ":%04X", words[3], port);
	return v6_table || (words[0] == 0 && words[1] == 0 && words[2] == htonl(0xffff));
}

/*
 * A line of the table: an open socket has an inode, and only then is its user true. Its state says
 * no more: a client may have sent all that it will already.
 */
static bool line_is(const char *line, const char *local, const char *remote, uid_t *user)
{
	char from[ENDPOINT_SIZE], to[ENDPOINT_SIZE];
	unsigned long inode;

	if (sscanf(line, " %*d: %47s %47s %*x %*x:%*x %*x:%*x %*x %u %*u %lu", from, to, user,
		   &inode) != 4)
		return false;
	return inode != 0 && strcmp(from, local) == 0 && strcmp(to, remote) == 0;
}

static int look_up(const char *path, const char *local, const char *remote, uid_t *user)
{
	char line[512];
	int result = -ENOENT;
	FILE *table = fopen(path, "re");

	if (!table)
		return -errno;
	while (result != 0 && fgets(line, sizeof(line), table))
		if (line_is(line, local, remote, user))
			result = 0;
	fclose(table);
	return result;
}

/* A client's socket may be of the other family than the server's: both tables are looked at. */
int user_of_connection(const struct sockaddr *client, const struct sockaddr *server, uid_t *user)
{
	static const char *const tables[] = {"/proc/net/tcp", "/proc/net/tcp6"};
	int result = -ENOENT;

	if ((client->sa_family != AF_INET && client->sa_family != AF_INET6) ||
	    client->sa_family != server->sa_family)
		return -EAFNOSUPPORT;
	for (int v6 = 0; v6 <= 1 && result == -ENOENT; v6++) {
		char local[ENDPOINT_SIZE], remote[ENDPOINT_SIZE];

		if (endpoint_text(client, v6, local) && endpoint_text(server, v6, remote))
			result = look_up(tables[v6], local, remote, user);
	}
	return result;
}
