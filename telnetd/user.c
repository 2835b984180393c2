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

/* Writes an endpoint as the table has it: words of the address as the machine reads them. */
static bool endpoint_text(const struct sockaddr *address, char text[ENDPOINT_SIZE])
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;
	uint32_t words[4];

	if (address->sa_family == AF_INET) {
		snprintf(text, ENDPOINT_SIZE, "%08" PRIX32 ":%04X", v4->sin_addr.s_addr,
			 (unsigned)ntohs(v4->sin_port));
		return true;
	}
	if (address->sa_family != AF_INET6)
		return false;
	memcpy(words, &v6->sin6_addr, sizeof(words));
	snprintf(text, ENDPOINT_SIZE, "%08" PRIX32 "%08" PRIX32 "%08" PRIX32 "%08" PRIX32 ":%04X",
		 words[0], words[1], words[2], words[3], (unsigned)ntohs(v6->sin6_port));
	return true;
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

int user_of_connection(const struct sockaddr *client, const struct sockaddr *server, uid_t *user)
{
	char local[ENDPOINT_SIZE], remote[ENDPOINT_SIZE], line[512];
	int result = -ENOENT;
	FILE *table;

	if (!endpoint_text(client, local) || !endpoint_text(server, remote))
		return -EAFNOSUPPORT;
	table = fopen(client->sa_family == AF_INET ? "/proc/net/tcp" : "/proc/net/tcp6", "re");
	if (!table)
		return -errno;
	while (result != 0 && fgets(line, sizeof(line), table))
		if (line_is(line, local, remote, user))
			result = 0;
	fclose(table);
	return result;
}
