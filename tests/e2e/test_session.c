/* SPDX-License-Identifier: ISC */
/*
 * What a session promises its user, from the first prompt to the last byte: nothing is lost,
 * nothing waits for what need not be waited for, and the end of one is not the end of another.
 */
#include "tests/e2e/support/client.h"
#include "tests/e2e/support/process.h"
#include "tests/e2e/support/server.h"
#include "tests/e2e/support/trial.h"

static struct server server;
static struct client client;

static int tear_down(void **state)
{
	(void)state;
	client_close(&client);
	trial_remove_directory();
	return server_stop(&server);
}

static void a_polite_terminal_gets_a_shell(void **state)
{
	(void)state;
	server_start(&server, "-l", "/bin/sh", NULL);
	client_open_shell(&client, &server);
	client_enter(&client, "echo hel''lo");
	client_expect(&client, "hello");
	client_enter(&client, "exit");
	client_expect_end(&client);
	server_expect_line(&server, "event=end", client.peer, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_polite_terminal_gets_a_shell, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
