/* SPDX-License-Identifier: ISC */
/*
 * Synchs that pass a relay without urgent data, as socat(1), ssh(1) -L and HAProxy are: the urgent
 * byte is lost. What is typed and shown around it must be whole all the same, with clients of ours
 * and others', of which some send their data mark as the urgent byte.
 */
#include "tests/e2e/support/client.h"
#include "tests/e2e/support/server.h"
#include "tests/e2e/support/trial.h"
#include "tests/e2e/support/typist.h"
#include "tests/e2e/support/wire.h"

#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define SHELL "/bin/bash --norc --noprofile"
#define ESCAPE "\035" /* ^] */
#define IP "\xf4"
#define DM "\xf2"
#define TIMING_MARK "\x06"

static struct server server;
static struct wire wire;
static struct client client;
static struct typist typist;
static pid_t socat;

static int tear_down(void **state)
{
	(void)state;
	typist_leave(&typist);
	client_close(&client);
	wire_stop(&wire);
	if (socat > 0) {
		kill(socat, SIGKILL);
		waitpid(socat, NULL, 0);
	}
	socat = 0;
	trial_remove_directory();
	return server_stop(&server);
}

/* --- relays ------------------------------------------------------------------------------- */

static bool is_there(const char *command)
{
	char line[128];

	snprintf(line, sizeof(line), "command -v %s >/dev/null", command);
	return system(line) == 0;
}

static void skip_without(const char *command)
{
	if (is_there(command))
		return;
	print_message("skipped: there is no %s here\n", command);
	skip();
}

/* A port of 127.0.0.1 that is free. */
static unsigned short free_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(socket_, (struct sockaddr *)&address, size), 0);
	assert_int_equal(getsockname(socket_, (struct sockaddr *)&address, &size), 0);
	close(socket_);
	return ntohs(address.sin_port);
}

static int connect_to(unsigned short port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons(port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int end = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(end, (struct sockaddr *)&address, sizeof(address)) == 0)
		return end;
	close(end);
	return -1;
}

/* One connection after the other: a first one shows that it listens. */
static unsigned short start_socat(void)
{
	unsigned short port = free_port();
	long long deadline = trial_now() + DEADLINE_MS;
	char from[64], to[64];
	int end;

	skip_without("socat");
	snprintf(from, sizeof(from), "TCP4-LISTEN:%hu,bind=127.0.0.1,reuseaddr,fork", port);
	snprintf(to, sizeof(to), "TCP4:127.0.0.1:%hu", server.port);
	socat = fork();
	if (socat == 0) {
		execlp("socat", "socat", from, to, (char *)NULL);
		_exit(127);
	}
	assert_true(socat > 0);
	while ((end = connect_to(port)) < 0) {
		assert_true(trial_now() < deadline);
		trial_pause();
	}
	close(end);
	return port;
}

static unsigned short start_wire(void)
{
	wire_start_without_urgent(&wire, server.port);
	return wire.port;
}

static unsigned short start_relay(bool of_ours)
{
	server_start(&server, "-l", SHELL, NULL);
	return of_ours ? start_wire() : start_socat();
}

/* --- programs at both ends ---------------------------------------------------------------- */

/* Quotes in what is typed keep its echo from looking like what it prints. */
static void open_shell(const char *program, unsigned short port)
{
	char number[8];
	const char *arguments[] = {program, "127.0.0.1", number, NULL};

	skip_without(program);
	snprintf(number, sizeof(number), "%hu", port);
	typist_start(&typist, arguments);
	typist_expect(&typist, "bash-");
	typist_enter(&typist, "PS1='rea''dy> '; bind 'set enable-bracketed-paste off'");
	typist_expect(&typist, "ready> ");
}

static void give_command(const char *command)
{
	typist_type(&typist, ESCAPE);
	typist_expect(&typist, "telnet> ");
	typist_enter(&typist, command);
	typist_expect_raw(&typist);
}

/* No key is lost, and none comes in addition. */
static void expect_keys_are_whole(void)
{
	typist_enter(&typist, "echo wh''ole");
	typist_expect(&typist, "whole\r\nready> ");
}

static void check_synchs(const char *program, unsigned short port)
{
	open_shell(program, port);
	give_command("send synch");
	expect_keys_are_whole();
	for (int i = 0; i < 2; i++) {
		give_command("send ip synch");
		typist_expect(&typist, "ready> ");
		expect_keys_are_whole();
	}
	give_command("send ao");
	typist_enter(&typist, "");
	typist_expect(&typist, "ready> ");
	expect_keys_are_whole();
}

static void check_flood(const char *program, unsigned short port)
{
	open_shell(program, port);
	for (int i = 0; i < 2; i++) {
		typist_enter(&typist, "yes");
		typist_expect(&typist, "y\r\ny\r\n");
		typist_type(&typist, "\003");
		typist_expect(&typist, "ready> ");
		expect_keys_are_whole();
	}
}

#define OURS TEST_BUILD_DIRECTORY "/telnet"
#define INETUTILS "inetutils-telnet"

static void synchs_of_ours_lose_no_key(void **state)
{
	(void)state;
	check_synchs(OURS, start_relay(true));
}

static void synchs_of_ours_by_socat_lose_no_key(void **state)
{
	(void)state;
	check_synchs(OURS, start_relay(false));
}

static void synchs_of_inetutils_lose_no_key(void **state)
{
	(void)state;
	check_synchs(INETUTILS, start_relay(true));
}

static void synchs_of_inetutils_by_socat_lose_no_key(void **state)
{
	(void)state;
	check_synchs(INETUTILS, start_relay(false));
}

static void a_flood_to_ours_is_cut_without_loss(void **state)
{
	(void)state;
	check_flood(OURS, start_relay(true));
}

static void a_flood_to_ours_by_socat_is_cut_without_loss(void **state)
{
	(void)state;
	check_flood(OURS, start_relay(false));
}

static void a_flood_to_inetutils_is_cut_without_loss(void **state)
{
	(void)state;
	check_flood(INETUTILS, start_relay(true));
}

static void a_flood_to_inetutils_by_socat_is_cut_without_loss(void **state)
{
	(void)state;
	check_flood(INETUTILS, start_relay(false));
}

/* --- what goes over the wire -------------------------------------------------------------- */

/* Sends a Synch as other clients do, and as it is left by the relay. */
static void send_synch(void)
{
	client_send(&client, BYTES(IAC));
	client_send_urgent(&client, BYTES(DM));
}

static void open_raw(unsigned short port)
{
	client_use(&client, connect_to(port), &usual_terminal);
	client_expect_prompt(&client);
}

/* Shows each byte that it reads, 255 too. */
static void enter_cat(void)
{
	client_enter(&client, "PS1=; stty raw -echo; echo rea''d; exec cat -v");
	client_expect(&client, "read");
}

static void a_data_mark_that_is_lost_makes_nothing_of_a_command_behind_it(void **state)
{
	static const char *const functions[] = {"\xf5", "\xf6", "\xf4"};

	(void)state;
	server_start(&server, "-l", "/bin/sh", NULL);
	open_raw(start_wire());
	enter_cat();
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		bool ends = functions[i][0] == IP[0];

		client_send(&client, BYTES(IAC));
		client_send(&client, functions[i], 1);
		send_synch();
		client_send(&client, BYTES(IAC DO TIMING_MARK));
		client_expect_command(&client, BYTES(WILL TIMING_MARK));
		if (ends)
			break;
		client_type(&client, "<a>");
		client_expect(&client, "<a>");
		send_synch();
		client_type(&client, "<b>");
		client_expect(&client, "<b>");
	}
	assert_null(strstr(client.text.bytes, "M-"));
}

static void a_synch_of_ours_comes_whole_but_for_a_byte_that_it_does_not_need(void **state)
{
	(void)state;
	server_start(&server, "-l", "/bin/sh", NULL);
	open_raw(start_wire());
	enter_cat();
	client_send(&client, BYTES(IAC "\xf5")); /* AO */
	client_expect_command(&client, BYTES(DM));
	client_type(&client, "<a>");
	client_expect(&client, "<a>");
	/* Without DONT it is NOP. */
	assert_true(client_has_raw(&client, BYTES(IAC "\xf1" IAC DM)));
	assert_int_equal(client.urgent_marks, 0);
}

/* ------------------------------------------------------------------------------------------ */

#define TEST(name) cmocka_unit_test_teardown(name, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(synchs_of_ours_lose_no_key),
		TEST(synchs_of_ours_by_socat_lose_no_key),
		TEST(synchs_of_inetutils_lose_no_key),
		TEST(synchs_of_inetutils_by_socat_lose_no_key),
		TEST(a_flood_to_ours_is_cut_without_loss),
		TEST(a_flood_to_ours_by_socat_is_cut_without_loss),
		TEST(a_flood_to_inetutils_is_cut_without_loss),
		TEST(a_flood_to_inetutils_by_socat_is_cut_without_loss),
		TEST(a_data_mark_that_is_lost_makes_nothing_of_a_command_behind_it),
		TEST(a_synch_of_ours_comes_whole_but_for_a_byte_that_it_does_not_need),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
