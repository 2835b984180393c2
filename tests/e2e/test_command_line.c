/* SPDX-License-Identifier: ISC */
/*
 * What the command line promises: where the server listens, whom it serves, what it shows, and
 * that whatever is wrong is said in one line.
 */
#include "tests/e2e/support/client.h"
#include "tests/e2e/support/process.h"
#include "tests/e2e/support/server.h"
#include "tests/e2e/support/trial.h"

#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NOBODY 65534

static struct server server;
static struct client client, other;
static pid_t own_server; /* one that was not started by server_start */

static int set_up(void **state)
{
	(void)state;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	if (getuid() == 0)
		assert_int_equal(seteuid(0), 0);
	client_close(&client);
	client_close(&other);
	trial_remove_directory();
	if (own_server > 0) {
		kill(own_server, SIGKILL);
		waitpid(own_server, NULL, 0);
		own_server = 0;
	}
	return server_stop(&server);
}

/* --- what is wrong ------------------------------------------------------------------------ */

/* The server says one line with these words and exits with this status. */
static void expect_complaint(int status, const char *value, const char *wanted,
			     const char *const arguments[])
{
	char output[4096];
	int came = server_run(output, sizeof(output), arguments);
	const char *end = strchr(output, '\n');

	if (came == status && end && end[1] == '\0' && strncmp(output, "telnetd: ", 9) == 0 &&
	    strstr(output, value) && strstr(output, wanted))
		return;
	fail_msg("with '%s' exit status %d and \"%s\"", value, came, output);
}

static void whatever_is_wrong_is_said_in_one_line_that_names_the_value(void **state)
{
	static const struct {
		const char *value; /* what the line names */
		const char *wanted; /* what it says of it */
		const char *option[3];
	} wrong[] = {
		{"'-x'", "unknown option", {"-x"}},
		{"'--nonsense'", "unknown option", {"--nonsense"}},
		{"'more'", "unknown argument", {"more"}},
		{"'-p'", "wants a value", {"-p"}},
		{"'--login'", "wants a value", {"--login"}},
		{"'70000'", "65535", {"-p", "70000"}},
		{"'23x'", "number", {"-p", "23x"}},
		{"'-1'", "number", {"-p", "-1"}},
		{"''", "number", {"-p", ""}},
		{"'host.invalid'", "address", {"-b", "host.invalid"}},
		{"'300.0.0.1'", "address", {"-b", "300.0.0.1:0"}},
		{"'99999'", "65535", {"-b", "127.0.0.1:99999"}},
		{"'[::1'", "[ADDR]:PORT", {"-b", "[::1"}},
		{"'/nonexistent/login'", "No such file", {"-l", "/nonexistent/login -p"}},
		{"'sh'", "absolute", {"-l", "sh"}},
		{"''", "absolute", {"-l", ""}},
		{"'/nonexistent/issue'", "No such file", {"-f", "/nonexistent/issue"}},
		{"'/nonexistent/conf'", "No such file", {"-c", "/nonexistent/conf"}},
		{"'many'", "number", {"--sessions-per-worker", "many"}},
		{"'-2'", "number", {"--sessions-per-worker", "-2"}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		/* Were it right after all, it would serve this machine, and be ended. */
		const char *arguments[] = {"-F",
					   "-c",
					   "/dev/null",
					   "-l",
					   "/bin/sh",
					   "-b",
					   "127.0.0.1:0",
					   wrong[i].option[0],
					   wrong[i].option[1],
					   NULL};

		expect_complaint(2, wrong[i].value, wrong[i].wanted, arguments);
	}
}

static void a_wrong_line_of_the_configuration_is_named(void **state)
{
	static const struct {
		const char *text;
		const char *wanted;
	} wrong[] = {
		{"# comment\nnonsense = 1\n", "nonsense"},
		{"# comment\nport = \"70000\"\n", "'70000'"},
		{"/* comment */\nbind = { host.invalid }\n", "'host.invalid'"},
		{"port = 0\nport = 0\n", "port is set already in line 1"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		const char *path = trial_file("conf", wrong[i].text);
		const char *arguments[] = {"-F", "-l", "/bin/sh", "-c", path, NULL};
		char line[256];

		snprintf(line, sizeof(line), "telnetd: %s:2: ", path);
		expect_complaint(2, line, wrong[i].wanted, arguments);
	}
}

static void a_wrong_value_is_told_from_which_option_it_is(void **state)
{
	const char *path = trial_file("conf", "port = 0\n");
	const char *short_one[] = {"-c", path, "-l", "/bin/sh", "-Fp", "x", NULL};
	const char *long_one[] = {"-c", path, "-l", "/bin/sh", "--bind", "host.invalid", NULL};

	(void)state;
	expect_complaint(2, "telnetd: -p: ", "'x'", short_one);
	expect_complaint(2, "telnetd: --bind: ", "'host.invalid'", long_one);
}

static void a_port_in_use_is_said_in_one_line_and_exits_with_1(void **state)
{
	char address[64], port[16];
	const char *arguments[] = {"-F", "-c", "/dev/null", "-l", "/bin/sh", "-b", address, NULL};

	(void)state;
	server_start(&server, "-l", "/bin/sh", NULL);
	snprintf(address, sizeof(address), "127.0.0.1:%hu", server.port);
	snprintf(port, sizeof(port), "%hu", server.port);
	expect_complaint(1, port, "in use", arguments);
}

static void version_and_help_are_printed(void **state)
{
	const char *version[] = {"-V", NULL}, *help[] = {"--help", NULL};
	char output[8192];

	(void)state;
	assert_int_equal(server_run(output, sizeof(output), version), 0);
	assert_string_equal(output, "telnetd " TELNETD_VERSION "\n");
	assert_int_equal(server_run(output, sizeof(output), help), 0);
	assert_non_null(strstr(output, "--sessions-per-worker"));
}

/* --- where and whom it serves ------------------------------------------------------------- */

static bool has_ipv6(void)
{
	const struct sockaddr_in6 loopback = {.sin6_family = AF_INET6,
					      .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool has = fd >= 0 && bind(fd, (const struct sockaddr *)&loopback, sizeof(loopback)) == 0;

	if (fd >= 0)
		close(fd);
	return has;
}

static void ipv6_is_listened_on(void **state)
{
	char peer[SERVER_LINE_SIZE];

	(void)state;
	if (!has_ipv6()) {
		print_message("%s: skipped: this machine has no IPv6\n", __func__);
		skip();
	}
	server_start(&server, "-l", "/bin/sh", "-b", "[::1]:0", NULL);
	client_open_shell(&client, &server);
	snprintf(peer, sizeof(peer), " peer=[::1]:%hu ", client.port);
	server_expect_line(&server, "event=login", peer, NULL);
}

static void several_addresses_are_listened_on(void **state)
{
	const struct sockaddr_in second = {.sin_family = AF_INET,
					   .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1)};
	struct sockaddr_in address = second;
	char line[SERVER_LINE_SIZE];
	int fd;

	(void)state;
	server_start(&server, "-l", "/bin/sh", "-b", "127.0.0.1:0", "-b", "127.0.0.2:0", NULL);
	client_open_shell(&client, &server);
	client_close(&client);
	server_expect_line(&server, "event=listening", "address=127.0.0.2", line);
	address.sin_port = htons((unsigned short)atoi(strstr(line, " port=") + 6));
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	client_use(&client, fd, &usual_terminal);
	client_expect_prompt(&client);
}

/* Copies what the log says to type, without "telnet ". */
static void find_hint(const char *address, char hint[SERVER_LINE_SIZE])
{
	char line[SERVER_LINE_SIZE], *command;

	server_expect_line(&server, "event=listening", address, line);
	command = strstr(line, "connect=\"telnet ");
	assert_non_null(command);
	command += strlen("connect=\"telnet ");
	command[strcspn(command, "\"")] = '\0';
	snprintf(hint, SERVER_LINE_SIZE, "%s", command);
}

/* All addresses are none that a client could call. */
static void the_log_says_how_to_connect_where_all_addresses_are_listened_on(void **state)
{
	char hint[SERVER_LINE_SIZE];
	bool v6 = has_ipv6();

	(void)state;
	server_start(&server, "-l", "/bin/sh", "-b", "0.0.0.0:0", v6 ? "-b" : NULL, "[::]:0", NULL);
	find_hint("address=0.0.0.0", hint);
	assert_int_equal(strncmp(hint, "127.0.0.1 ", 10), 0);
	client_open_shell(&client, &server);
	if (!v6)
		return;
	find_hint("address=:: ", hint);
	assert_int_equal(strncmp(hint, "::1 ", 4), 0);
	server.port = (unsigned short)atoi(hint + 4);
	server.v6 = true;
	client_open_shell(&other, &server);
}

static void the_configuration_is_read_and_the_command_line_wins(void **state)
{
	const char *path = trial_file("conf", "login = \"/bin/sh\"\nport = \"1\"\n");

	(void)state;
	server_start(&server, "-c", path, NULL);
	client_open_shell(&client, &server);
	client_close(&client);
	assert_int_equal(server_stop(&server), 0);
	server_start(&server, "-c", path, "-K", "-l", trial_built("tests/programs/show"), NULL);
	client_connect_as(&client, &server, &usual_terminal);
	client_expect(&client, "end of show");
}

static void only_the_same_user_is_served_where_that_is_asked_for(void **state)
{
	(void)state;
	SKIP_UNLESS_ROOT();
	server_start(&server, "-l", "/bin/sh", "--same-user", NULL);
	client_open_shell(&client, &server);
	client_close(&client);
	/* A socket belongs to who makes it. */
	assert_int_equal(seteuid(NOBODY), 0);
	client_connect_as(&client, &server, &usual_terminal);
	assert_int_equal(seteuid(0), 0);
	client_expect(&client, "only the user who started it");
	client_expect_end_or_reset(&client);
	server_expect_line(&server, "event=refused", client.peer, NULL);
	assert_int_equal(server_count_log(&server, "event=login"), 1);
}

static void the_same_user_is_served_by_ipv6_as_well(void **state)
{
	(void)state;
	if (!has_ipv6()) {
		print_message("%s: skipped: this machine has no IPv6\n", __func__);
		skip();
	}
	server_start(&server, "-l", "/bin/sh", "--same-user", "-b", "[::1]:0", NULL);
	client_open_shell(&client, &server);
}

/* A page in the browser of the same user may not type at a shell that asks for no password. */
static void a_web_page_types_nothing(void **state)
{
	char request[1024];

	(void)state;
	server_start(&server, "-l", "/bin/sh", "--same-user", NULL);
	snprintf(request, sizeof(request),
		 "POST / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: text/plain\r\n"
		 "Content-Length: 1000\r\n\r\necho ty''ped\n",
		 server.port);
	client_connect(&client, &server);
	client_send(&client, request, strlen(request));
	client_expect_end_or_reset(&client);
	server_expect_line(&server, "speaks HTTP, not TELNET", client.peer, NULL);
	client_close(&client);
	/* Nor may it come late, as on a connection that was made ready beforehand. */
	client_connect(&client, &server);
	client_expect_prompt(&client);
	client_send(&client, request, strlen(request));
	client_expect_end_or_reset(&client);
	assert_false(client_has(&client, "typed"));
	server_expect_line(&server, "speaks HTTP, not TELNET", client.peer, NULL);
	server_expect_line(&server, "why=\"protocol fault\"", client.peer, NULL);
	assert_int_equal(server_count_log(&server, "event=login"), 1);
}

static void assert_own_server_ends(void)
{
	pid_t pid = own_server;
	int status;

	assert_true(process_goes(pid, DEADLINE_MS));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	own_server = 0;
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static unsigned short find_free_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	close(fd);
	return ntohs(address.sin_port);
}

static void without_foreground_it_is_in_the_background_and_no_hang_up_ends_it(void **state)
{
	const struct server background = {.port = find_free_port()};
	char address[32], output[1024];
	const char *arguments[] = {"-c",      "/dev/null", "-f",    "/dev/null", "-l",
				   "/bin/sh", "-b",	   address, NULL};

	(void)state;
	snprintf(address, sizeof(address), "127.0.0.1:%hu", background.port);
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	assert_int_equal(server_run(output, sizeof(output), arguments), 0);
	assert_string_equal(output, "");
	assert_int_equal(process_children(getpid(), &own_server, 1), 1);
	client_open_shell(&client, &background);
	for (int fd = 0; fd <= 2; fd++) {
		process_descriptor(own_server, fd, output, sizeof(output));
		assert_string_equal(output, "/dev/null");
	}
	kill(own_server, SIGHUP);
	client_open_shell(&other, &background);
	client_enter(&client, "echo still he''re");
	client_expect(&client, "still here\r\n");
	kill(own_server, SIGTERM);
	client_expect(&client, "the server is shutting down");
	client_expect(&other, "the server is shutting down");
	client_expect_end(&client);
	client_expect_end(&other);
	assert_own_server_ends();
}

/* --- what it shows ------------------------------------------------------------------------ */

static void the_issue_is_shown_with_its_escapes_before_login(void **state)
{
	struct utsname names;
	char wanted[512];

	(void)state;
	uname(&names);
	server_start(&server, "-l", "/bin/sh", "-f",
		     trial_file("issue", "name \\n, backslash \\\\, line \\l.\nsecond line\n"),
		     NULL);
	client_connect_as(&client, &server, &usual_terminal);
	snprintf(wanted, sizeof(wanted), "name %s, backslash \\, line pts/", names.nodename);
	client_expect(&client, wanted);
	client_expect(&client, ".\r\nsecond line\r\n");
	client_expect_prompt(&client);
	client_enter(&client, "tty");
	client_expect(&client, "/dev/pts/");
}

static void an_issue_that_has_gone_keeps_nobody_from_logging_in(void **state)
{
	const char *issue = trial_file("issue", "gone\n");

	(void)state;
	server_start(&server, "-l", "/bin/sh", "-f", issue, NULL);
	assert_int_equal(unlink(issue), 0);
	client_open_shell(&client, &server);
	assert_false(client_has(&client, "gone"));
	server_expect_log(&server, "event=issue-unreadable");
}

static void a_login_program_that_has_gone_is_said_to_the_user(void **state)
{
	const char *login = trial_file("login", "#!/bin/sh\n");

	(void)state;
	assert_int_equal(chmod(login, 0755), 0);
	server_start(&server, "-l", login, NULL);
	assert_int_equal(unlink(login), 0);
	client_connect_as(&client, &server, &usual_terminal);
	client_expect(&client, "cannot run");
	client_expect_end(&client);
	server_expect_line(&server, "event=end", client.peer, NULL);
}

static void the_clients_address_stands_for_h_in_the_login_programs_arguments(void **state)
{
	char login[1024];

	(void)state;
	snprintf(login, sizeof(login), "%s -h %%h  last", trial_built("tests/programs/show"));
	server_start(&server, "-l", login, NULL);
	client_connect_as(&client, &server, &usual_terminal);
	client_expect(&client, "\r\n-h\r\n127.0.0.1\r\nlast\r\n--\r\n");
}

/* ------------------------------------------------------------------------------------------ */

#define COMMAND_LINE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		COMMAND_LINE_TEST(whatever_is_wrong_is_said_in_one_line_that_names_the_value),
		COMMAND_LINE_TEST(a_wrong_line_of_the_configuration_is_named),
		COMMAND_LINE_TEST(a_wrong_value_is_told_from_which_option_it_is),
		COMMAND_LINE_TEST(a_port_in_use_is_said_in_one_line_and_exits_with_1),
		COMMAND_LINE_TEST(version_and_help_are_printed),
		COMMAND_LINE_TEST(ipv6_is_listened_on),
		COMMAND_LINE_TEST(several_addresses_are_listened_on),
		COMMAND_LINE_TEST(the_log_says_how_to_connect_where_all_addresses_are_listened_on),
		COMMAND_LINE_TEST(the_configuration_is_read_and_the_command_line_wins),
		COMMAND_LINE_TEST(only_the_same_user_is_served_where_that_is_asked_for),
		COMMAND_LINE_TEST(the_same_user_is_served_by_ipv6_as_well),
		COMMAND_LINE_TEST(a_web_page_types_nothing),
		COMMAND_LINE_TEST(
			without_foreground_it_is_in_the_background_and_no_hang_up_ends_it),
		COMMAND_LINE_TEST(the_issue_is_shown_with_its_escapes_before_login),
		COMMAND_LINE_TEST(an_issue_that_has_gone_keeps_nobody_from_logging_in),
		COMMAND_LINE_TEST(a_login_program_that_has_gone_is_said_to_the_user),
		COMMAND_LINE_TEST(the_clients_address_stands_for_h_in_the_login_programs_arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
