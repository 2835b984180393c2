/* SPDX-License-Identifier: ISC */
/* Reads the address to connect from. */
#include "contrib/telnet/source.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((format(printf, 2, 3))) static bool complain(const char *text, const char *why, ...)
{
	va_list arguments;

	fprintf(stderr, "telnet: bad address '%s': ", text);
	va_start(arguments, why);
	vfprintf(stderr, why, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	return false;
}

/* The number of an interface that is given by name or by number; 0 if it does not exist. */
static unsigned find_interface(const char *name)
{
	char known[IF_NAMESIZE];
	unsigned long number = strtoul(name, NULL, 10);

	if (name[strspn(name, "0123456789")] != '\0')
		return if_nametoindex(name);
	return if_indextoname((unsigned)number, known) ? (unsigned)number : 0;
}

/* `zone` is the text after %, or NULL. */
static bool read_ipv6(const char *text, const char *zone, struct sockaddr_in6 *address)
{
	if (!zone)
		return !IN6_IS_ADDR_LINKLOCAL(&address->sin6_addr) ||
		       complain(text,
				"a link-local address needs its zone, the name of an interface: "
				"%s%%eth0",
				text);
	address->sin6_scope_id = find_interface(zone);
	return address->sin6_scope_id != 0 || complain(text, "there is no interface '%s'", zone);
}

bool source_read(const char *text, struct source *source)
{
	const char *percent = strchr(text, '%');
	size_t size = percent ? (size_t)(percent - text) : strlen(text);
	char plain[INET6_ADDRSTRLEN] = "";

	*source = (struct source){.text = text};
	if (size < sizeof(plain))
		memcpy(plain, text, size);
	if (!percent && inet_pton(AF_INET, plain, &source->address.ipv4.sin_addr) == 1) {
		source->address.any.sa_family = AF_INET;
		source->size = sizeof(source->address.ipv4);
		return true;
	}
	if (inet_pton(AF_INET6, plain, &source->address.ipv6.sin6_addr) != 1)
		return complain(text, "an IPv4 or IPv6 address of this machine is wanted");
	source->address.any.sa_family = AF_INET6;
	source->size = sizeof(source->address.ipv6);
	return read_ipv6(text, percent ? percent + 1 : NULL, &source->address.ipv6);
}

int source_bind(const struct source *source, int socket)
{
	return bind(socket, &source->address.any, source->size) == 0 ? 0 : -errno;
}
