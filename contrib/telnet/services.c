/* SPDX-License-Identifier: ISC */
/* The ports of services by name: as this machine has them, or else as IANA has registered them. */
#include "contrib/telnet/services.h"

#include <netdb.h>
#include <netinet/in.h>
#include <string.h>

/* What people talk to by hand. Small systems, and those with musl, have no /etc/services. */
static const struct {
	const char *name;
	unsigned short port;
} services[] = {
	{"telnet", 23},	     {"telnets", 992},	   {"ssh", 22},	   {"smtp", 25},   {"mail", 25},
	{"submission", 587}, {"submissions", 465}, {"smtps", 465}, {"pop3", 110},  {"pop-3", 110},
	{"pop3s", 995},	     {"imap", 143},	   {"imap2", 143}, {"imaps", 993}, {"sieve", 4190},
	{"ftp", 21},	     {"ftps", 990},	   {"nntp", 119},  {"nntps", 563}, {"http", 80},
	{"www", 80},	     {"https", 443},	   {"gopher", 70}, {"finger", 79}, {"whois", 43},
	{"daytime", 13},     {"time", 37},	   {"echo", 7},	   {"discard", 9}, {"systat", 11},
	{"chargen", 19},     {"qotd", 17},
};

bool services_find(const char *name, unsigned short *port)
{
	const struct servent *service = getservbyname(name, "tcp");

	if (service) {
		*port = ntohs((unsigned short)service->s_port);
		return true;
	}
	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++)
		if (strcmp(services[i].name, name) == 0) {
			*port = services[i].port;
			return true;
		}
	return false;
}
