/* SPDX-License-Identifier: ISC */
/*
 * Finding a host: names with addresses of both kinds and of one, without any, and hosts that refuse
 * or say nothing. tests/net/etc/dnsmasq.conf has the names.
 */
#include "tests/e2e/support/machine.h"
#include "tests/e2e/support/trial.h"
#include "tests/e2e/support/typist.h"
#include "tests/net/support/dialogue.h"

#include <stdlib.h>
#include <string.h>

#define COMMAND_SIZE 256
#define STARTS 5 /* the best of them counts: the machine may be busy */
#define START_LIMIT_MS 600
#define NEXT_AFTER_MS 250 /* RFC 8305, section 5 */

static struct typist typist;

static int tear_down(void **state)
{
	(void)state;
	typist_leave(&typist);
	return 0;
}

/* A session with the lab begins behind these lines, which end with NULL. */
static void expect_session(const char *command, const char *const lines[])
{
	dialogue_start(&typist, command);
	dialogue_hold(&typist, lines);
	typist_expect(&typist, "lab login: ");
	typist_leave(&typist);
}

/* The client gives up with status 1 and says each of the texts, in this order, up to NULL. */
static void expect_failure(const char *command, const char *const texts[])
{
	dialogue_start(&typist, command);
	for (size_t i = 0; texts[i]; i++)
		typist_expect(&typist, texts[i]);
	assert_int_equal(typist_expect_end(&typist), 1);
	assert_false(typist_has(&typist, "Connected"));
}

static void a_name_with_both_kinds_of_address_is_called_by_ipv6(void **state)
{
	static const char *const lines[] = {"<Trying fd23::2...", "<Connected to lab.test.",
					    "<Escape character is '^]'.", "<Lab machine", NULL};

	(void)state;
	NEEDS_THE_NETWORK();
	expect_session("telnet lab.test", lines);
	expect_session("telnet -6 lab.test", lines);
}

static void the_kind_of_address_can_be_asked_for(void **state)
{
	static const char *const lines[] = {"<Trying 10.23.23.2...", "<Connected to lab.test.",
					    "<Escape character is '^]'.", "<Lab machine", NULL};

	(void)state;
	NEEDS_THE_NETWORK();
	expect_session("telnet -4 lab.test", lines);
}

static void a_name_with_one_address_is_called_by_that(void **state)
{
	static const char *const four[] = {"<Trying 10.23.23.2...", "<Connected to four.lab.test.",
					   "<Escape character is '^]'.", "<Lab machine", NULL};
	static const char *const six[] = {"<Trying fd23::2...", "<Connected to six.lab.test.",
					  "<Escape character is '^]'.", "<Lab machine", NULL};

	(void)state;
	NEEDS_THE_NETWORK();
	expect_session("telnet four.lab.test", four);
	expect_session("telnet six.lab.test", six);
}

static void a_name_that_does_not_exist_is_said(void **state)
{
	static const char *const texts[] = {"cannot find host nowhere.lab.test", NULL};

	(void)state;
	NEEDS_THE_NETWORK();
	expect_failure("telnet nowhere.lab.test", texts);
}

/* With another name server, which is asked once and given a second. */
static void call_with_name_server(const char *address)
{
	static const char *const texts[] = {"cannot find host lab.test: Temporary failure", NULL};
	char command[COMMAND_SIZE];

	machine_ask("cat >$NETWORK/call <<'END'\n"
		    "echo nameserver $1 >$0.conf\n"
		    "mount --bind $0.conf /etc/resolv.conf\n"
		    "export RES_OPTIONS='timeout:1 attempts:1'\n"
		    "exec telnet lab.test\n"
		    "END\n");
	snprintf(command, sizeof(command), "unshare --mount sh %s/call %s", getenv("NETWORK"),
		 address);
	expect_failure(command, texts);
	typist_leave(&typist);
}

static void a_name_server_that_is_down_or_silent_is_said(void **state)
{
	(void)state;
	NEEDS_THE_NETWORK();
	call_with_name_server("10.23.23.4");
	call_with_name_server("10.23.23.66");
}

static void an_address_of_the_wrong_kind_is_not_there(void **state)
{
	static const char *const four[] = {"cannot find host six.lab.test", NULL};
	static const char *const six[] = {"cannot find host four.lab.test", NULL};

	(void)state;
	NEEDS_THE_NETWORK();
	expect_failure("telnet -4 six.lab.test", four);
	typist_leave(&typist);
	expect_failure("telnet -6 four.lab.test", six);
}

static void a_host_that_refuses_is_said_with_its_addresses(void **state)
{
	static const char *const texts[] = {"Trying fd23::1...\r\n",
					    "Trying 10.23.23.1...\r\n",
					    "fd23::1",
					    "refused",
					    "10.23.23.1",
					    "refused",
					    NULL};

	(void)state;
	NEEDS_THE_NETWORK();
	expect_failure("telnet names.lab.test", texts);
}

static void a_host_that_says_nothing_is_said_with_its_addresses(void **state)
{
	static const char *const texts[] = {"Trying fd23::66...\r\n",
					    "Trying 10.23.23.66...\r\n",
					    "fd23::66",
					    "timed out",
					    "10.23.23.66",
					    "timed out",
					    NULL};

	(void)state;
	NEEDS_THE_NETWORK();
	expect_failure("telnet silent.lab.test", texts);
}

static void the_second_address_is_called_when_the_first_refuses(void **state)
{
	static const char *const lines[] = {"<Trying fd23::1...", "<Trying 10.23.23.2...",
					    "<Connected to shut.lab.test.",
					    "<Escape character is '^]'.", NULL};

	(void)state;
	NEEDS_THE_NETWORK();
	expect_session("telnet shut.lab.test", lines);
}

/* Milliseconds until the server's first line. */
static long long start_half_dead(void)
{
	static const char *const lines[] = {"<Trying fd23::66...",
					    "<Trying 10.23.23.2...",
					    "<Connected to half.lab.test.",
					    "<Escape character is '^]'.",
					    "<Lab machine",
					    NULL};
	long long begin = trial_now(), taken;

	dialogue_start(&typist, "telnet half.lab.test");
	dialogue_hold(&typist, lines);
	taken = trial_now() - begin;
	typist_leave(&typist);
	return taken;
}

/* By no less either: the first address may be slow only. */
static void a_silent_address_delays_a_session_by_little(void **state)
{
	long long best = DEADLINE_MS;

	(void)state;
	NEEDS_THE_NETWORK();
	for (int i = 0; i < STARTS && best > START_LIMIT_MS; i++) {
		long long taken = start_half_dead();

		if (taken < best)
			best = taken;
	}
	print_message("the session began after %lld ms\n", best);
	assert_true(best >= NEXT_AFTER_MS);
	assert_true(best <= START_LIMIT_MS);
}

#define TEST(name) cmocka_unit_test_teardown(name, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_name_with_both_kinds_of_address_is_called_by_ipv6),
		TEST(the_kind_of_address_can_be_asked_for),
		TEST(a_name_with_one_address_is_called_by_that),
		TEST(a_name_that_does_not_exist_is_said),
		TEST(a_name_server_that_is_down_or_silent_is_said),
		TEST(an_address_of_the_wrong_kind_is_not_there),
		TEST(a_host_that_refuses_is_said_with_its_addresses),
		TEST(a_host_that_says_nothing_is_said_with_its_addresses),
		TEST(the_second_address_is_called_when_the_first_refuses),
		TEST(a_silent_address_delays_a_session_by_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
