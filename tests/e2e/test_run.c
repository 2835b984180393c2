/* SPDX-License-Identifier: ISC */
/* What the README asks for: make run, logging in to what it started, the network to look around. */
#include "tests/e2e/support/trial.h"
#include "tests/e2e/support/typist.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

static const char build[] = "BUILD=" TEST_BUILD_DIRECTORY;

static struct typist host; /* at whose terminal the server runs */
static struct typist guest;

static int tear_down(void **state)
{
	(void)state;
	typist_leave(&guest);
	typist_leave(&host);
	trial_remove_directory();
	return 0;
}

static void run_server(void)
{
	/* The program that is tried has been built: make must not build another in its place. */
	const char *arguments[] = {"make",    "-C",	TEST_SOURCE_DIRECTORY,
				   "run",     "PORT=0", "LOGIN=/bin/sh",
				   "AGAIN=:", build,	NULL};

	typist_start(&host, arguments);
}

/* Runs the command that make run has shown, as its reader would. */
static void call(const char *port)
{
	const char *arguments[] = {"telnet", "127.0.0.1", port, NULL};

	typist_start(&guest, arguments);
	typist_expect(&guest, geteuid() == 0 ? "# " : "$ ");
}

static void make_run_says_where_to_connect_and_serves_whoever_does(void **state)
{
	char port[TYPIST_WORD_SIZE];

	(void)state;
	run_server();
	typist_expect_word(&host, "connect=\"telnet 127.0.0.1 ", port);
	assert_true(atoi(port) > 0);
	port[strcspn(port, "\"")] = '\0';
	call(port);
	typist_enter(&guest, "echo hel''lo; tty");
	typist_expect(&guest, "hello\r\n/dev/pts/");
	typist_enter(&guest, "exit");
	typist_expect_end(&guest);
	typist_expect(&host, "why=\"program ended\"");
}

static void control_c_ends_make_run_and_its_sessions(void **state)
{
	char port[TYPIST_WORD_SIZE];

	(void)state;
	run_server();
	typist_expect_word(&host, "connect=\"telnet 127.0.0.1 ", port);
	port[strcspn(port, "\"")] = '\0';
	call(port);
	typist_type(&host, "\003");
	typist_expect(&guest, "the server is shutting down");
	typist_expect(&host, "event=stop signal=SIGINT");
	typist_expect_end(&host);
	typist_expect_end(&guest);
}

/* As on a machine without the servers. */
static void the_network_says_what_to_install_first(void **state)
{
	char command[4096];
	char output[1024] = "";
	FILE *said;

	(void)state;
	if (system("command -v apt-get >/dev/null") != 0) {
		print_message("%s: skipped: packages are not Debian's here\n", __func__);
		skip();
	}
	assert_int_equal(chmod(trial_file("dpkg-query", "#!/bin/sh\n"), 0755), 0);
	snprintf(command, sizeof(command),
		 "PATH='%s':$PATH BUILD='" TEST_BUILD_DIRECTORY "' '" TEST_SOURCE_DIRECTORY
		 "/tests/net/network' true 2>&1",
		 trial_directory());
	said = popen(command, "r");
	assert_non_null(said);
	output[fread(output, 1, sizeof(output) - 1, said)] = '\0';
	assert_int_equal(WEXITSTATUS(pclose(said)), 1);
	assert_non_null(strstr(output, "postfix"));
	assert_non_null(strstr(output, "contrib/install-deps net\n"));
	assert_string_equal(strchr(output, '\n'), "\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(make_run_says_where_to_connect_and_serves_whoever_does,
					  tear_down),
		cmocka_unit_test_teardown(control_c_ends_make_run_and_its_sessions, tear_down),
		cmocka_unit_test_teardown(the_network_says_what_to_install_first, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
