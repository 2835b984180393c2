/* SPDX-License-Identifier: ISC */
/* Listening sockets, and addresses as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs those before it. */
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "telnetd/listen.h"
#include "tests/unit/observe.h"

static struct config config;
static int sockets[LISTEN_MAX];
static size_t count;
static int status;
static size_t descriptors;
static struct capture errors;

static int begin(void **state)
{
	(void)state;
	memset(&config, 0, sizeof(config));
	count = 0;
	status = -1;
	descriptors = open_descriptors();
	return 0;
}

static int end(void **state)
{
	(void)state;
	while (count > 0)
		close(sockets[--count]);
	return open_descriptors() == descriptors ? 0 : -1;
}

static void bind_to(const char *host, const char *port)
{
	config.binds[config.bind_count++] = (struct config_bind){.host = (char *)(uintptr_t)host,
								 .port = (char *)(uintptr_t)port};
}

/* Returns what is said on standard error. */
static const char *open_sockets(void)
{
	capture_begin(&errors, STDERR_FILENO);
	count = listen_open(&config, sockets, &status);
	return capture_end(&errors);
}

/* Where a socket listens. */
static void assert_listens(int socket, int family, const char *expected, unsigned short *port)
{
	struct sockaddr_storage address = {0};
	socklen_t size = sizeof(address);
	char host[INET6_ADDRSTRLEN];
	int listens = 0;

	assert_true(socket >= 0);
	assert_int_equal(getsockname(socket, (struct sockaddr *)&address, &size), 0);
	assert_int_equal(address.ss_family, family);
	listen_address_text((struct sockaddr *)&address, host, sizeof(host), port);
	assert_string_equal(host, expected);
	assert_int_not_equal(*port, 0);
	size = sizeof(listens);
	assert_int_equal(getsockopt(socket, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size), 0);
	assert_int_equal(listens, 1);
}

static bool has_ipv6(void)
{
	const struct sockaddr_in6 address = {.sin6_family = AF_INET6,
					     .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int socket_v6 = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool has = socket_v6 >= 0 &&
		   bind(socket_v6, (const struct sockaddr *)&address, sizeof(address)) == 0;

	if (socket_v6 >= 0)
		close(socket_v6);
	return has;
}

static void need_ipv6(void)
{
	if (has_ipv6())
		return;
	print_message("this machine has no IPv6\n");
	skip();
}

static void without_addresses_every_address_of_both_families_is_listened_on(void **state)
{
	unsigned short port;

	(void)state;
	need_ipv6();
	assert_string_equal(open_sockets(), "");
	assert_int_equal(count, 2);
	assert_listens(sockets[0], AF_INET6, "::", &port);
	assert_listens(sockets[1], AF_INET, "0.0.0.0", &port);
}

static void an_address_is_listened_on_with_its_own_port_or_the_usual_one(void **state)
{
	unsigned short port, usual;
	char text[8];

	(void)state;
	bind_to("127.0.0.1", "0"); /* finds a port that is free */
	open_sockets();
	assert_int_equal(count, 1);
	assert_listens(sockets[0], AF_INET, "127.0.0.1", &port);
	close(sockets[0]);
	config.bind_count = 0;
	config.port = port;
	snprintf(text, sizeof(text), "%hu", port);
	bind_to("127.0.0.1", NULL);
	bind_to("127.0.0.2", text);
	bind_to("127.0.0.3", "0");
	assert_string_equal(open_sockets(), "");
	assert_int_equal(count, 3);
	assert_listens(sockets[0], AF_INET, "127.0.0.1", &usual);
	assert_int_equal(usual, port);
	assert_listens(sockets[1], AF_INET, "127.0.0.2", &usual);
	assert_int_equal(usual, port);
	assert_listens(sockets[2], AF_INET, "127.0.0.3", &usual);
}

static void an_ipv6_address_is_listened_on_for_ipv6_only(void **state)
{
	int only = 0;
	socklen_t size = sizeof(only);
	unsigned short port;

	(void)state;
	need_ipv6();
	/* What has an address other than this is for IPv6 only anyway. */
	bind_to("::", "0");
	assert_string_equal(open_sockets(), "");
	assert_int_equal(count, 1);
	assert_listens(sockets[0], AF_INET6, "::", &port);
	assert_int_equal(getsockopt(sockets[0], IPPROTO_IPV6, IPV6_V6ONLY, &only, &size), 0);
	assert_int_equal(only, 1);
}

static void sockets_are_closed_on_exec_and_do_not_wait(void **state)
{
	(void)state;
	bind_to("127.0.0.1", "0");
	open_sockets();
	assert_int_equal(count, 1);
	assert_int_equal(fcntl(sockets[0], F_GETFD), FD_CLOEXEC);
	assert_true(fcntl(sockets[0], F_GETFL) & O_NONBLOCK);
	assert_int_equal(accept(sockets[0], NULL, NULL), -1);
	assert_int_equal(errno, EAGAIN);
}

static void a_client_is_accepted(void **state)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof(address);
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), server;

	(void)state;
	bind_to("127.0.0.1", "0");
	open_sockets();
	assert_int_equal(count, 1);
	getsockname(sockets[0], (struct sockaddr *)&address, &size);
	assert_int_equal(connect(client, (struct sockaddr *)&address, size), 0);
	server = accept(sockets[0], NULL, NULL);
	assert_true(server >= 0);
	close(server);
	close(client);
}

/* A connection that the server has closed first stays in TIME_WAIT for a minute. */
static void a_port_is_to_be_had_again_at_once(void **state)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof(address);
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char byte;

	(void)state;
	bind_to("127.0.0.1", "0");
	open_sockets();
	assert_int_equal(count, 1);
	assert_int_equal(getsockname(sockets[0], (struct sockaddr *)&address, &size), 0);
	listen_address_text((struct sockaddr *)&address, (char[INET6_ADDRSTRLEN]){""},
			    INET6_ADDRSTRLEN, &config.port);
	assert_int_equal(connect(client, (struct sockaddr *)&address, size), 0);
	close(accept(sockets[0], NULL, NULL));
	assert_int_equal(read(client, &byte, 1), 0);
	close(client);
	close(sockets[0]);
	config.binds[0].port = NULL;
	assert_string_equal(open_sockets(), "");
	assert_int_equal(count, 1);
}

static void a_port_in_use_is_said_in_one_line_and_nothing_stays_open(void **state)
{
	static char text[8]; /* which the configuration refers to */
	char expected[128];
	unsigned short port;
	int taken;

	(void)state;
	bind_to("127.0.0.1", "0");
	open_sockets();
	assert_listens(sockets[0], AF_INET, "127.0.0.1", &port);
	taken = sockets[0];
	snprintf(text, sizeof(text), "%hu", port);
	bind_to("127.0.0.1", text); /* behind one that can be had */
	snprintf(expected, sizeof(expected), "telnetd: cannot listen on 127.0.0.1 port %hu: %s\n",
		 port, strerror(EADDRINUSE));
	assert_string_equal(open_sockets(), expected);
	close(taken);
	assert_int_equal(count, 0);
	assert_int_equal(status, CONFIG_EXIT_FAILURE);
}

/* Both families or none: half a server would surprise its users later. */
static void a_port_in_use_in_one_family_is_an_error_for_all_addresses(void **state)
{
	unsigned short port;
	int taken;

	(void)state;
	bind_to("0.0.0.0", "0");
	open_sockets();
	assert_listens(sockets[0], AF_INET, "0.0.0.0", &port);
	taken = sockets[0];
	config.bind_count = 0;
	config.port = port;
	assert_non_null(strstr(open_sockets(), "telnetd: cannot listen on all addresses port "));
	assert_int_equal(count_of(errors.text, "\n"), 1);
	close(taken);
	assert_int_equal(count, 0);
	assert_int_equal(status, CONFIG_EXIT_FAILURE);
}

static void an_address_that_this_machine_has_not_is_said_in_one_line(void **state)
{
	char expected[128];

	(void)state;
	bind_to("203.0.113.77", "0");
	snprintf(expected, sizeof(expected), "telnetd: cannot listen on 203.0.113.77 port 0: %s\n",
		 strerror(EADDRNOTAVAIL));
	assert_string_equal(open_sockets(), expected);
	assert_int_equal(count, 0);
	assert_int_equal(status, CONFIG_EXIT_FAILURE);
}

static void expect_bad_address(const char *host, const char *why)
{
	char expected[160];

	config.bind_count = 0;
	bind_to("127.0.0.1", "0");
	bind_to(host, "0");
	snprintf(expected, sizeof(expected), "telnetd: bad address '%s': %s\n", host, why);
	assert_string_equal(open_sockets(), expected);
	assert_int_equal(count, 0);
	assert_int_equal(status, CONFIG_EXIT_USAGE);
	assert_int_equal(open_descriptors(), descriptors);
}

/* Names are not looked up: a listening address must not depend on who answers for a name. */
static void an_address_that_is_none_is_said_in_one_line(void **state)
{
	static const char *const hosts[] = {"localhost", "",	      "300.0.0.1", "127.0.0.1x",
					    "::g",	 "1.2.3.4.5", "[::1]"};

	(void)state;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		expect_bad_address(hosts[i], "an IPv4 or IPv6 address in figures is wanted");
}

static void a_zone_that_is_missing_or_wrong_is_said(void **state)
{
	(void)state;
	expect_bad_address("fe80::1", "a link-local address needs its zone, the name of an "
				      "interface: fe80::1%eth0");
	expect_bad_address("fe80::1%nowhere0", "there is no interface 'nowhere0'");
	expect_bad_address("fe80::1%", "there is no interface ''");
	expect_bad_address("127.0.0.1%lo", "only a link-local IPv6 address has a zone");
}

/* --- text --------------------------------------------------------------------------------- */

static void assert_text_v6(const char *address, const char *expected)
{
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(54321)};
	char host[64];
	unsigned short port;

	assert_int_equal(inet_pton(AF_INET6, address, &v6.sin6_addr), 1);
	listen_address_text((struct sockaddr *)&v6, host, sizeof(host), &port);
	assert_string_equal(host, expected);
	assert_int_equal(port, 54321);
}

static void an_ipv4_address_is_text_of_four_figures(void **state)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(23)};
	char host[64];
	unsigned short port;

	(void)state;
	assert_int_equal(inet_pton(AF_INET, "192.0.2.255", &v4.sin_addr), 1);
	listen_address_text((struct sockaddr *)&v4, host, sizeof(host), &port);
	assert_string_equal(host, "192.0.2.255");
	assert_int_equal(port, 23);
}

static void an_ipv6_address_is_text_in_its_short_form(void **state)
{
	(void)state;
	assert_text_v6("2001:0db8:0:0:0:0:0:0001", "2001:db8::1");
	assert_text_v6("::1", "::1");
	assert_text_v6("::", "::");
	assert_text_v6("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		       "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
}

static void an_ipv4_mapped_address_is_text_of_ipv4(void **state)
{
	(void)state;
	assert_text_v6("::ffff:192.0.2.1", "192.0.2.1");
	assert_text_v6("::ffff:0:192.0.2.1", "::ffff:0:c000:201"); /* translated, not mapped */
	assert_text_v6("64:ff9b::192.0.2.1", "64:ff9b::c000:201");
}

static void an_address_of_another_family_is_no_text(void **state)
{
	const struct sockaddr local = {.sa_family = AF_UNIX};
	char host[64] = "before";
	unsigned short port = 1;

	(void)state;
	listen_address_text(&local, host, sizeof(host), &port);
	assert_string_equal(host, "");
	assert_int_equal(port, 0);
}

static void assert_target(const char *address, const char *interface, const char *expected)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(23)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(23)};
	char host[LISTEN_ADDRESS_SIZE];

	v6.sin6_scope_id = interface ? if_nametoindex(interface) : 0;
	if (inet_pton(AF_INET, address, &v4.sin_addr) == 1)
		listen_target_text((struct sockaddr *)&v4, host, sizeof(host));
	else if (inet_pton(AF_INET6, address, &v6.sin6_addr) == 1)
		listen_target_text((struct sockaddr *)&v6, host, sizeof(host));
	assert_string_equal(host, expected);
}

static void what_to_connect_to_is_an_address_of_a_machine(void **state)
{
	(void)state;
	assert_target("0.0.0.0", NULL, "127.0.0.1");
	assert_target("::", NULL, "::1");
	assert_target("192.0.2.1", NULL, "192.0.2.1");
	assert_target("127.0.0.2", NULL, "127.0.0.2");
	assert_target("2001:db8::1", NULL, "2001:db8::1");
	assert_target("fe80::1", "lo", "fe80::1%lo");
}

#define with_sockets(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_sockets(without_addresses_every_address_of_both_families_is_listened_on),
		with_sockets(an_address_is_listened_on_with_its_own_port_or_the_usual_one),
		with_sockets(an_ipv6_address_is_listened_on_for_ipv6_only),
		with_sockets(sockets_are_closed_on_exec_and_do_not_wait),
		with_sockets(a_client_is_accepted),
		with_sockets(a_port_is_to_be_had_again_at_once),
		with_sockets(a_port_in_use_is_said_in_one_line_and_nothing_stays_open),
		with_sockets(a_port_in_use_in_one_family_is_an_error_for_all_addresses),
		with_sockets(an_address_that_this_machine_has_not_is_said_in_one_line),
		with_sockets(an_address_that_is_none_is_said_in_one_line),
		with_sockets(a_zone_that_is_missing_or_wrong_is_said),
		cmocka_unit_test(an_ipv4_address_is_text_of_four_figures),
		cmocka_unit_test(an_ipv6_address_is_text_in_its_short_form),
		cmocka_unit_test(an_ipv4_mapped_address_is_text_of_ipv4),
		cmocka_unit_test(an_address_of_another_family_is_no_text),
		cmocka_unit_test(what_to_connect_to_is_an_address_of_a_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
