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

#define TRACES_SIZE ((size_t)64 * 1024)

/* What a network could leave: processes, mounts, namespaces, interfaces, users and files. */
static void look_around(char traces[TRACES_SIZE])
{
	snprintf(traces, TRACES_SIZE, "%s",
		 machine_ask("ps -e -o comm= | grep -vxE 'ps|sh|grep|sort' | sort; ip netns; "
			     "ip -br link; grep -v ' /proc' /proc/mounts; cat /etc/passwd; "
			     "ls -A /tmp /run /run/network /run/network/tmp /etc /home"));
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

/* Waits until there is what was there before. */
static void expect_no_traces(const char *before)
{
	long long deadline = trial_now() + DEADLINE_MS;
	char after[TRACES_SIZE];

	do {
		trial_pause();
		look_around(after);
	} while (strcmp(before, after) != 0 && trial_now() < deadline);
	assert_string_equal(before, after);
}

static void end_by_signal(int number, int status)
{
	char before[TRACES_SIZE];
	int output;
	pid_t pid;

	look_around(before);
	pid = start_network("touch /etc/trace /home/trace; echo up; sleep 1000", &output);
	expect_up(output);
	kill(pid, number);
	assert_int_equal(expect_status(pid), status);
	expect_no_traces(before);
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
	char before[TRACES_SIZE];
	int output;
	pid_t pid;

	(void)state;
	NEEDS_THE_NETWORK();
	look_around(before);
	pid = start_network("touch /home/wanda/theirs; echo up; "
			    "printf 'QUIT\\n' | nc -C mail.lab.test 25 | grep -q ^221 && exit 3",
			    &output);
	expect_up(output);
	assert_string_equal(machine_ask("ls /home/wanda"), "");
	assert_non_null(strstr(machine_ask("getent hosts lab.test"), "fd23::2"));
	assert_int_equal(expect_status(pid), 3);
	expect_no_traces(before);
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
