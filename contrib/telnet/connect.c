/* SPDX-License-Identifier: ISC */
/* Finds a host's addresses and connects to the first that answers (RFC 8305, section 5). */
#include "contrib/telnet/connect.h"

#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "contrib/telnet/clock.h"
#include "contrib/telnet/services.h"

#define ADDRESSES_MAX 32
#define NEXT_AFTER_MS 250

/* One address, and what has come of it. */
struct attempt {
	const struct addrinfo *address;
	char text[NI_MAXHOST];
	int socket; /* -1: not begun, or failed */
	int error; /* why it has failed */
	long long deadline; /* of a connection that does not come about */
};

struct attempts {
	struct attempt all[ADDRESSES_MAX];
	size_t count;
	size_t begun;
	size_t pending;
	long long next_at; /* when the next one begins */
};

/* --- addresses ---------------------------------------------------------------------------- */

bool connect_knows_port(const char *port, unsigned short *number)
{
	size_t digits = strspn(port, "0123456789");

	if (digits > 0 && port[digits] == '\0') {
		unsigned long value = digits <= 5 ? strtoul(port, NULL, 10) : 0;

		*number = (unsigned short)value;
		return value >= 1 && value <= 65535;
	}
	return services_find(port, number);
}

/* Whether the system cannot know through which interface this address is reached. */
static bool lacks_zone(const struct addrinfo *address)
{
	const struct sockaddr_in6 *ipv6 = (const void *)address->ai_addr;

	return address->ai_family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&ipv6->sin6_addr) &&
	       ipv6->sin6_scope_id == 0;
}

static void add_address(struct attempts *attempts, const struct addrinfo *address)
{
	struct attempt *attempt = &attempts->all[attempts->count];

	if (attempts->count == ADDRESSES_MAX)
		return;
	attempt->address = address;
	attempt->socket = -1;
	if (getnameinfo(address->ai_addr, address->ai_addrlen, attempt->text, sizeof(attempt->text),
			NULL, 0, NI_NUMERICHOST) == 0)
		attempts->count++;
}

/* The next address of this family, or of any other; NULL: there is none left. */
static const struct addrinfo *next_of(const struct addrinfo *list, int family, bool same)
{
	while (list && (list->ai_family == family) != same)
		list = list->ai_next;
	return list;
}

/* In the resolver's order, but the two families in turn. */
static void interleave(struct attempts *attempts, const struct addrinfo *list)
{
	int family = list->ai_family;
	const struct addrinfo *one = next_of(list, family, true);
	const struct addrinfo *other = next_of(list, family, false);

	while (one || other) {
		if (one) {
			add_address(attempts, one);
			one = next_of(one->ai_next, family, true);
		}
		if (other) {
			add_address(attempts, other);
			other = next_of(other->ai_next, family, false);
		}
	}
}

/* --- attempts ----------------------------------------------------------------------------- */

static void set_error(struct attempts *attempts, struct attempt *attempt, int error)
{
	attempt->error = error;
	if (attempt->socket < 0)
		return;
	close(attempt->socket);
	attempt->socket = -1;
	attempts->pending--;
}

/* Before it connects: a server may begin with urgent data, which is to stay in line. */
static void set_options(int socket)
{
	int on = 1;

	setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(socket, SOL_SOCKET, SO_OOBINLINE, &on, sizeof(on));
	setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
}

static int open_socket(int family, const struct source *source)
{
	int new = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error = new < 0 ? -errno : source ? source_bind(source, new) : 0;

	if (error == 0)
		return new;
	if (new >= 0)
		close(new);
	return error;
}

static void begin_attempt(struct attempts *attempts, const struct connect_target *target,
			  FILE *notices)
{
	struct attempt *attempt = &attempts->all[attempts->begun++];
	const struct addrinfo *address = attempt->address;

	if (notices) {
		fprintf(notices, "Trying %s...\n", attempt->text);
		fflush(notices);
	}
	attempts->next_at = clock_ms() + NEXT_AFTER_MS;
	attempt->deadline = clock_ms() + 1000LL * target->timeout;
	attempt->socket = open_socket(address->ai_family, target->source);
	if (attempt->socket < 0) {
		set_error(attempts, attempt, -attempt->socket);
		return;
	}
	set_options(attempt->socket);
	attempts->pending++;
	if (connect(attempt->socket, address->ai_addr, address->ai_addrlen) != 0 &&
	    errno != EINPROGRESS)
		set_error(attempts, attempt, errno);
}

/* How long to wait: until the next attempt is due, or the first one is to be given up. */
static int time_left(const struct attempts *attempts)
{
	long long until = attempts->begun < attempts->count ? attempts->next_at : 0;
	long long left;

	for (size_t i = 0; i < attempts->begun; i++) {
		const struct attempt *attempt = &attempts->all[i];

		if (attempt->socket >= 0 && (until == 0 || attempt->deadline < until))
			until = attempt->deadline;
	}
	left = until - clock_ms();
	return left > 0 ? (int)left : 0;
}

static int error_of(int socket)
{
	int error = 0;
	socklen_t size = sizeof(error);

	if (getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
		return errno;
	return error;
}

/* Waits for attempts to come to something. Returns the one that has succeeded, or NULL. */
static struct attempt *wait_for_attempts(struct attempts *attempts)
{
	struct pollfd polled[ADDRESSES_MAX];

	for (size_t i = 0; i < attempts->begun; i++)
		polled[i] = (struct pollfd){.fd = attempts->all[i].socket, .events = POLLOUT};
	poll(polled, attempts->begun, time_left(attempts));
	for (size_t i = 0; i < attempts->begun; i++) {
		struct attempt *attempt = &attempts->all[i];
		int error;

		if (attempt->socket < 0)
			continue;
		if (polled[i].revents == 0) {
			if (clock_ms() >= attempt->deadline)
				set_error(attempts, attempt, ETIMEDOUT);
			continue;
		}
		error = error_of(attempt->socket);
		if (error == 0)
			return attempt;
		set_error(attempts, attempt, error);
	}
	return NULL;
}

static struct attempt *try_all(struct attempts *attempts, const struct connect_target *target,
			       FILE *notices)
{
	while (attempts->begun < attempts->count || attempts->pending > 0) {
		struct attempt *connected;

		if (attempts->begun < attempts->count &&
		    (attempts->pending == 0 || clock_ms() >= attempts->next_at))
			begin_attempt(attempts, target, notices);
		if (attempts->pending == 0)
			continue;
		connected = wait_for_attempts(attempts);
		if (connected)
			return connected;
	}
	return NULL;
}

/* --- telling ------------------------------------------------------------------------------ */

static void tell_failures(const struct attempts *attempts, const struct connect_target *target)
{
	for (size_t i = 0; i < attempts->count; i++) {
		int error = attempts->all[i].error;
		const char *why = strerror(error);

		if (error == ECONNREFUSED)
			why = "refused";
		else if (error == ETIMEDOUT)
			why = "timed out";
		else if (error == EINVAL && lacks_zone(attempts->all[i].address))
			why = "a link-local address needs its zone, an interface: append %eth0, "
			      "for example";
		fprintf(stderr, "telnet: connection to %s (%s) port %s: %s\n", target->host,
			attempts->all[i].text, target->port, why);
	}
}

/* getaddrinfo(3) speaks of names also where it is the zone, or the kind of address, that is wrong.
 */
static void tell_not_found(const struct connect_target *target, int error)
{
	const char *zone = strchr(target->host, '%');

	fprintf(stderr, "telnet: cannot find host %s: ", target->host);
	if (error == EAI_NONAME && zone && if_nametoindex(zone + 1) == 0)
		fprintf(stderr, "there is no interface '%s'\n", zone + 1);
	else if (error == EAI_NONAME && zone)
		fputs("only a link-local IPv6 address has a zone\n", stderr);
	else if (target->family != AF_UNSPEC && (error == EAI_ADDRFAMILY || error == EAI_NODATA))
		fprintf(stderr, "it has no %s address\n",
			target->family == AF_INET6 ? "IPv6" : "IPv4");
	else
		fprintf(stderr, "%s\n",
			error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error));
}

static int connect_to_list(const struct connect_target *target, const struct addrinfo *list,
			   FILE *notices)
{
	struct attempts *attempts = calloc(1, sizeof(*attempts));
	struct attempt *connected;
	int socket = -1;

	if (!attempts) {
		fputs("telnet: out of memory\n", stderr);
		return -1;
	}
	interleave(attempts, list);
	connected = try_all(attempts, target, notices);
	if (connected) {
		socket = connected->socket;
		connected->socket = -1;
	} else {
		tell_failures(attempts, target);
	}
	for (size_t i = 0; i < attempts->begun; i++)
		if (attempts->all[i].socket >= 0)
			close(attempts->all[i].socket);
	free(attempts);
	return socket;
}

/* Whether the address to connect from can be used at all. Complains if not. */
static bool check_source(const struct source *source)
{
	int socket = open_socket(source->address.any.sa_family, source);

	if (socket >= 0) {
		close(socket);
		return true;
	}
	fprintf(stderr, "telnet: cannot connect from the address %s: %s\n", source->text,
		strerror(-socket));
	return false;
}

int connect_to(const struct connect_target *target, FILE *notices)
{
	const struct addrinfo hints = {.ai_family = target->family, .ai_socktype = SOCK_STREAM};
	struct addrinfo *list;
	unsigned short number = 0;
	char port[8];
	int error, socket;

	if (target->source && !check_source(target->source))
		return -1;
	connect_knows_port(target->port, &number);
	snprintf(port, sizeof(port), "%hu", number);
	error = getaddrinfo(target->host, port, &hints, &list);
	if (error != 0) {
		tell_not_found(target, error);
		return -1;
	}
	socket = connect_to_list(target, list, notices);
	freeaddrinfo(list);
	return socket;
}
