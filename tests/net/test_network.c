/* SPDX-License-Identifier: ISC */
/* The network of these tests itself: how it ends, and what it leaves behind. */
#include "tests/e2e/support/machine.h"
#include "tests/e2e/support/process.h"
#include "tests/e2e/support/trial.h"
#include "tests/net/support/dialogue.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/*
 * What a network could leave, a line each: processes, namespaces, interfaces, mounts, users, files.
 */
#define LOOK                                                                                       \
	"{ ps -e -o pid=,comm= | grep -vE ' (ps|sh|grep|sort|comm)$'; ip netns; ip -br link; "     \
	"grep -v ' /proc' /proc/mounts; cat /etc/passwd; "                                         \
	"for place in /run /run/netns /run/network /run/network/tmp /etc /home; do "               \
	"ls -d $place/*; done; } | sort "

static void look_around(void)
{
	machine_ask(LOOK ">$NETWORK/before");
}

/* Waits until there is nothing that was not there before. */
static void expect_no_traces(void)
{
	long long deadline = trial_now() + DEADLINE_MS;
	const char *more;

	do {
		trial_pause();
		more = machine_ask(LOOK
				   "| grep -v \"^$NETWORK/before\" | comm -13 $NETWORK/before -");
	} while (more[0] != '\0' && trial_now() < deadline);
	assert_string_equal(more, "");
}

/* Another network, in which this command runs; what it prints goes to the pipe. */
static pid_t start_network(const char *command, int *output)
{
	int ends[2];
	pid_t pid;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		execl(TEST_SOURCE_DIRECTORY "/tests/net/network", "network", "sh", "-c", command,
		      NULL);
		_exit(126);
	}
	close(ends[1]);
	*output = ends[0];
	return pid;
}

/* Waits for what the command prints first. */
static void expect_up(int output)
{
	char byte;

	assert_int_equal(read(output, &byte, 1), 1);
	close(output);
}

static int expect_status(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void end_by_signal(int number, int status)
{
	int output;
	pid_t pid;

	look_around();
	pid = start_network("touch /etc/trace /home/trace; echo up; sleep 1000", &output);
	expect_up(output);
	kill(pid, number);
	assert_int_equal(expect_status(pid), status);
	expect_no_traces();
}

static void a_network_that_is_terminated_leaves_nothing(void **state)
{
	(void)state;
	NEEDS_THE_NETWORK();
	end_by_signal(SIGTERM, 143);
}

static void a_network_that_is_killed_leaves_nothing(void **state)
{
	(void)state;
	NEEDS_THE_NETWORK();
	end_by_signal(SIGKILL, 137);
}

static void two_networks_at_the_same_time_do_not_meet(void **state)
{
	int output;
	pid_t pid;

	(void)state;
	NEEDS_THE_NETWORK();
	look_around();
	pid = start_network("touch /home/wanda/theirs; echo up; "
			    "printf 'QUIT\\n' | nc -C mail.lab.test 25 | grep -q ^221 && exit 3",
			    &output);
	expect_up(output);
	assert_string_equal(machine_ask("ls /home/wanda"), "");
	assert_non_null(strstr(machine_ask("getent hosts lab.test"), "fd23::2"));
	assert_int_equal(expect_status(pid), 3);
	expect_no_traces();
}

static int set_up_builds(void **state)
{
	(void)state;
	return setenv("BUILD", TEST_BUILD_DIRECTORY, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_network_that_is_terminated_leaves_nothing),
		cmocka_unit_test(a_network_that_is_killed_leaves_nothing),
		cmocka_unit_test(two_networks_at_the_same_time_do_not_meet),
	};

	return cmocka_run_group_tests(tests, set_up_builds, NULL);
}
