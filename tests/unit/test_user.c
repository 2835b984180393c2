/* SPDX-License-Identifier: ISC */
/* Whose connection it is, by the kernel's table of sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs those before it. */
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "telnetd/user.h"
#include "tests/unit/observe.h"

#define ANOTHER_USER 12345 /* that it has no name does not matter */

/* A connection from this machine to itself, and its ends as the server sees them. */
struct connection {
	int client;
	int server;
	struct sockaddr_storage client_address;
	struct sockaddr_storage server_address;
};

static struct connection connection;
static size_t descriptors;

static int begin(void **state)
{
	(void)state;
	descriptors = open_descriptors();
	connection.client = connection.server = -1;
	return 0;
}

static int end(void **state)
{
	(void)state;
	if (connection.client >= 0)
		close(connection.client);
	if (connection.server >= 0)
		close(connection.server);
	return open_descriptors() == descriptors ? 0 : -1;
}

static socklen_t make_address(struct sockaddr_storage *address, const char *host, in_port_t port)
{
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;
	struct sockaddr_in *v4 = (struct sockaddr_in *)address;

	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = port;
		return sizeof(*v6);
	}
	assert_int_equal(inet_pton(AF_INET, host, &v4->sin_addr), 1);
	v4->sin_family = AF_INET;
	v4->sin_port = port;
	return sizeof(*v4);
}

/* Listens on any free port, which is returned. */
static int open_listener(const char *host, in_port_t *port)
{
	struct sockaddr_storage address;
	socklen_t size = make_address(&address, host, 0);
	int listener = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const int off = 0;

	if (address.ss_family == AF_INET6)
		setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) != 0) {
		print_message("this machine has no %s\n", host);
		if (listener >= 0)
			close(listener);
		skip();
	}
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	*port = address.ss_family == AF_INET ? ((struct sockaddr_in *)&address)->sin_port
					     : ((struct sockaddr_in6 *)&address)->sin6_port;
	return listener;
}

static int connect_to(const char *host, in_port_t port)
{
	struct sockaddr_storage address;
	socklen_t size = make_address(&address, host, port);
	int client = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (client >= 0 && connect(client, (struct sockaddr *)&address, size) != 0) {
		close(client);
		return -1;
	}
	return client;
}

static void accept_connection(int listener)
{
	socklen_t size = sizeof(connection.client_address);

	connection.server = accept4(listener, (struct sockaddr *)&connection.client_address, &size,
				    SOCK_CLOEXEC);
	assert_true(connection.server >= 0);
	size = sizeof(connection.server_address);
	assert_int_equal(getsockname(connection.server,
				     (struct sockaddr *)&connection.server_address, &size),
			 0);
	close(listener);
}

static void connect_both(const char *listening, const char *connecting)
{
	in_port_t port;
	int listener = open_listener(listening, &port);

	connection.client = connect_to(connecting, port);
	assert_true(connection.client >= 0);
	accept_connection(listener);
}

static int find_user(uid_t *user)
{
	return user_of_connection((struct sockaddr *)&connection.client_address,
				  (struct sockaddr *)&connection.server_address, user);
}

static void assert_own(void)
{
	uid_t user = (uid_t)-1;

	assert_int_equal(find_user(&user), 0);
	assert_int_equal(user, geteuid());
}

static void an_own_connection_is_found(void **state)
{
	(void)state;
	connect_both("127.0.0.1", "127.0.0.1");
	assert_own();
}

static void an_own_connection_over_ipv6_is_found(void **state)
{
	(void)state;
	connect_both("::1", "::1");
	assert_own();
}

static void an_ipv4_client_of_an_ipv6_socket_is_found(void **state)
{
	(void)state;
	connect_both("::", "127.0.0.1");
	assert_int_equal(connection.client_address.ss_family, AF_INET6);
	assert_own();
}

/* Programs that know IPv6 sockets only reach IPv4 addresses so. */
static void an_ipv4_mapped_client_of_an_ipv4_socket_is_found(void **state)
{
	(void)state;
	connect_both("127.0.0.1", "::ffff:127.0.0.1");
	assert_int_equal(connection.client_address.ss_family, AF_INET);
	assert_own();
}

static void an_ipv4_mapped_client_of_an_ipv6_socket_is_found(void **state)
{
	(void)state;
	connect_both("::", "::ffff:127.0.0.1");
	assert_own();
}

/* As with nc -N. */
static void a_client_that_has_sent_all_it_will_is_found(void **state)
{
	(void)state;
	connect_both("127.0.0.1", "127.0.0.1");
	shutdown(connection.client, SHUT_WR);
	assert_own();
}

static void a_client_that_has_gone_is_nobodys(void **state)
{
	uid_t user;

	(void)state;
	connect_both("127.0.0.1", "127.0.0.1");
	close(connection.client);
	connection.client = -1;
	assert_int_equal(find_user(&user), -ENOENT);
}

static void an_unknown_connection_is_nobodys(void **state)
{
	uid_t user;

	(void)state;
	make_address(&connection.client_address, "192.0.2.1", htons(1));
	make_address(&connection.server_address, "192.0.2.2", htons(23));
	assert_int_equal(find_user(&user), -ENOENT);
	make_address(&connection.client_address, "2001:db8::1", htons(1));
	make_address(&connection.server_address, "2001:db8::2", htons(23));
	assert_int_equal(find_user(&user), -ENOENT);
	make_address(&connection.client_address, "::ffff:192.0.2.1", htons(1));
	make_address(&connection.server_address, "::ffff:192.0.2.2", htons(23));
	assert_int_equal(find_user(&user), -ENOENT);
}

/* A listening socket of this port is no connection, and neither is one to another address. */
static void both_ends_must_match(void **state)
{
	uid_t user;
	const struct sockaddr_in *client = (struct sockaddr_in *)&connection.client_address;

	(void)state;
	connect_both("127.0.0.1", "127.0.0.1");
	make_address(&connection.server_address, "127.0.0.1", htons(1));
	assert_int_equal(find_user(&user), -ENOENT);
	make_address(&connection.server_address, "0.0.0.0", 0);
	assert_int_equal(find_user(&user), -ENOENT);
	make_address(&connection.server_address, "127.0.0.2", client->sin_port);
	assert_int_equal(find_user(&user), -ENOENT);
}

static void addresses_that_are_not_the_internets_are_not_known(void **state)
{
	const struct sockaddr local = {.sa_family = AF_UNIX};
	uid_t user;

	(void)state;
	assert_int_equal(user_of_connection(&local, &local, &user), -EAFNOSUPPORT);
}

static void another_users_connection_is_known_as_theirs(void **state)
{
	in_port_t port;
	int listener, hold[2];
	uid_t user = 0;
	char byte = 0;
	pid_t child;

	(void)state;
	if (geteuid() != 0) {
		print_message("only root can become another user\n");
		skip();
	}
	listener = open_listener("127.0.0.1", &port);
	assert_int_equal(pipe2(hold, O_CLOEXEC), 0);
	child = fork();
	if (child == 0) {
		close(hold[1]);
		_exit(setuid(ANOTHER_USER) == 0 && connect_to("127.0.0.1", port) >= 0 &&
				      read(hold[0], &byte, 1) == 0
			      ? 0
			      : 1);
	}
	close(hold[0]);
	accept_connection(listener);
	assert_int_equal(find_user(&user), 0);
	assert_int_equal(user, ANOTHER_USER);
	close(hold[1]);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

#define with_connection(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_connection(an_own_connection_is_found),
		with_connection(an_own_connection_over_ipv6_is_found),
		with_connection(an_ipv4_client_of_an_ipv6_socket_is_found),
		with_connection(an_ipv4_mapped_client_of_an_ipv4_socket_is_found),
		with_connection(an_ipv4_mapped_client_of_an_ipv6_socket_is_found),
		with_connection(a_client_that_has_sent_all_it_will_is_found),
		with_connection(a_client_that_has_gone_is_nobodys),
		with_connection(an_unknown_connection_is_nobodys),
		with_connection(both_ends_must_match),
		with_connection(addresses_that_are_not_the_internets_are_not_known),
		with_connection(another_users_connection_is_known_as_theirs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
