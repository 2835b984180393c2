/* SPDX-License-Identifier: ISC */
/*
 * With -i, as inetd(8) starts it: the client's connection is served, and what is wrong is for the
 * log, not for the client.
 */
#include "tests/e2e/support/client.h"
#include "tests/e2e/support/process.h"
#include "tests/e2e/support/trial.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ARGUMENTS_MAX 16

static struct client client;
static pid_t server;
static int system_log = -1; /* the test's own, where it may have one */

static int tear_down(void **state)
{
	(void)state;
	client_close(&client);
	trial_remove_directory();
	if (server > 0) {
		kill(server, SIGKILL);
		waitpid(server, NULL, 0);
		server = 0;
	}
	return 0;
}

/* In a mount namespace of this process, so that nothing of the machine's is touched. */
static int make_system_log(void **state)
{
	const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};

	(void)state;
	if (geteuid() != 0 || unshare(CLONE_NEWNS) != 0 ||
	    mount("none", "/", "none", MS_REC | MS_PRIVATE, "") != 0 ||
	    mount("tmpfs", "/dev", "tmpfs", MS_NOSUID, "size=1m,mode=755") != 0)
		return 0; /* the test says that it is skipped */
	mknod("/dev/null", S_IFCHR | 0666, makedev(1, 3));
	system_log = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return bind(system_log, (const struct sockaddr *)&address, sizeof(address));
}

static int end_system_log(void **state)
{
	if (system_log >= 0) {
		close(system_log);
		system_log = -1;
		umount2("/dev", MNT_DETACH);
	}
	return tear_down(state);
}

/* Connects the client to a socket of the test, as a super-server has one; returns its end. */
static int accept_client(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), accepted;

	assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, size), 0);
	accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(accepted >= 0);
	close(listener);
	client_use(&client, fd, &usual_terminal);
	return accepted;
}

/* Starts it with a client's connection at its three descriptors; arguments end with NULL. */
static void serve_client(const char *const arguments[])
{
	const char *all[ARGUMENTS_MAX] = {"telnetd"};
	int accepted = accept_client();

	for (size_t i = 0; arguments[i]; i++) {
		assert_true(i + 2 < ARGUMENTS_MAX);
		all[i + 1] = arguments[i];
	}
	server = fork();
	assert_true(server >= 0);
	if (server == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* with a test that is killed */
		for (int fd = 0; fd <= 2; fd++)
			dup2(accepted, fd);
		execv(trial_built("telnetd"), (char *const *)all);
		_exit(126);
	}
	close(accepted);
}

static int wait_for_server(void)
{
	pid_t pid = server;
	int status;

	assert_true(process_goes(pid, DEADLINE_MS));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	server = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* It has the connection from inetd, at three descriptors; only the worker may keep it. */
static void assert_monitor_lacks_socket(void)
{
	struct sockaddr_in address = {0};
	socklen_t size = sizeof(address);
	unsigned long inode;
	char link[64];

	assert_int_equal(getpeername(client.socket, (struct sockaddr *)&address, &size), 0);
	inode = process_socket_inode(ntohs(address.sin_port), client.port);
	assert_int_not_equal(inode, 0);
	snprintf(link, sizeof(link), "socket:[%lu]", inode);
	assert_int_equal(process_finds_descriptor(server, link), -1);
}

static void inetds_connection_is_served(void **state)
{
	const char *arguments[] = {"-i",	"-l", "/bin/sh",   "-f",
				   "/dev/null", "-c", "/dev/null", NULL};

	(void)state;
	serve_client(arguments);
	client_expect_prompt(&client);
	assert_monitor_lacks_socket();
	client_enter(&client, "echo ser''ved; exit");
	client_expect(&client, "served\r\n");
	client_expect_end(&client);
	assert_false(client_has(&client, "event="));
	assert_int_equal(wait_for_server(), 0);
}

/* In the lines that inetd has for other servers, -h keeps the host's name from being shown. */
static void with_h_the_issue_is_not_shown(void **state)
{
	const char *issue = trial_file("issue", "welcome to \\n\n");
	const char *arguments[] = {"-i",  "-h", "-l",	     "/bin/sh", "-f",
				   issue, "-c", "/dev/null", NULL};

	(void)state;
	serve_client(arguments);
	client_expect_prompt(&client);
	assert_false(client_has(&client, "welcome"));
	assert_false(client_has(&client, "usage"));
	client_enter(&client, "exit");
	client_expect_end(&client);
	assert_int_equal(wait_for_server(), 0);
}

/* --- what is wrong ------------------------------------------------------------------------ */

#define BAD_FILE "bad.conf"

/* Of each kind: a command line that cannot be read, that names -i late or not, a file, a value. */
static const struct {
	const char *arguments[8];
	const char *said;
	int status;
} wrong[] = {
	{{"-i", "--nonsense"}, "unknown option '--nonsense'", 2},
	{{"--nonsense", "-i"}, "unknown option '--nonsense'", 2},
	{{"-i", "more"}, "unknown argument 'more'", 2},
	{{"-h"}, "-i is wanted", 2}, /* of another server's line */
	{{"-i", "--help"}, "neither --help nor --version", 2},
	{{"-V", "-i"}, "neither --help nor --version", 2},
	{{"-i", "-c", "/nonexistent"}, "cannot read configuration file '/nonexistent'", 2},
	{{"-i", "-c", BAD_FILE}, "/" BAD_FILE ":2: no such option 'nonsense'", 2},
	{{"-i", "-c", "/dev/null", "-l", "sh"}, "-l: bad login program 'sh'", 2},
	{{"-c", "/dev/null", "-l", "/bin/sh", "-b", "host.invalid"}, "-b: bad address", 2},
	{{"-c", "/dev/null", "-l", "/bin/sh", "-b", "192.0.2.1"}, "-b: cannot listen", 1},
};

/* The server ends, and the client has received nothing. */
static void serve_wrongly(size_t i)
{
	const char *arguments[COUNT(wrong[i].arguments) + 1] = {NULL};

	trial_file(BAD_FILE, "# a comment\nnonsense = 1\n");
	for (size_t j = 0; j < COUNT(wrong[i].arguments) && wrong[i].arguments[j]; j++)
		arguments[j] = strcmp(wrong[i].arguments[j], BAD_FILE) == 0
				       ? trial_file(BAD_FILE, NULL)
				       : wrong[i].arguments[j];
	serve_client(arguments);
	client_expect_end(&client);
	assert_int_equal(wait_for_server(), wrong[i].status);
	if (client.raw.size > 0)
		fail_msg("with '%s' the client reads: %s", wrong[i].said, client.raw.bytes);
	client_close(&client);
}

static void what_is_wrong_is_not_said_to_the_client(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++)
		serve_wrongly(i);
}

static void what_is_wrong_is_said_to_syslog(void **state)
{
	(void)state;
	if (system_log < 0) {
		print_message("%s: skipped: no private /dev/log here\n", __func__);
		skip();
	}
	for (size_t i = 0; i < COUNT(wrong); i++) {
		char line[1024] = "";

		serve_wrongly(i);
		assert_true(recv(system_log, line, sizeof(line) - 1, 0) > 0);
		assert_int_equal(strncmp(line, "<27>", 4), 0); /* LOG_DAEMON, LOG_ERR */
		if (!strstr(line, " telnetd[") || !strstr(line, "event=failed ") ||
		    !strstr(line, wrong[i].said))
			fail_msg("instead of '%s' the log has: %s", wrong[i].said, line);
		assert_true(recv(system_log, line, sizeof(line), 0) < 0);
	}
}

/* inetd may leave standard error as it is: then somebody reads it. */
static void a_standard_error_that_is_not_the_clients_gets_the_complaint(void **state)
{
	int accepted = accept_client(), ends[2];
	char output[1024] = "";

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	server = fork();
	assert_true(server >= 0);
	if (server == 0) {
		dup2(accepted, STDIN_FILENO);
		dup2(accepted, STDOUT_FILENO);
		dup2(ends[1], STDERR_FILENO);
		execl(trial_built("telnetd"), "telnetd", "-i", "-p", "x", "-c", "/dev/null", NULL);
		_exit(126);
	}
	close(accepted);
	close(ends[1]);
	assert_int_equal(wait_for_server(), 2);
	assert_true(read(ends[0], output, sizeof(output) - 1) > 0);
	close(ends[0]);
	assert_non_null(strstr(output, "telnetd: -p: bad port 'x'"));
	client_expect_end(&client);
	assert_int_equal(client.raw.size, 0);
}

/* Runs it with this at descriptor 0, and what it says is wrong. */
static void assert_unfit(int input, const char *what)
{
	char output[1024] = "";
	int ends[2];

	assert_true(input >= 0);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	server = fork();
	assert_true(server >= 0);
	if (server == 0) {
		dup2(input, STDIN_FILENO);
		dup2(ends[1], STDERR_FILENO);
		execl(trial_built("telnetd"), "telnetd", "-i", "-l", "/bin/sh", "-c", "/dev/null",
		      NULL);
		_exit(126);
	}
	close(input);
	close(ends[1]);
	assert_int_equal(wait_for_server(), 1);
	assert_true(read(ends[0], output, sizeof(output) - 1) > 0);
	close(ends[0]);
	if (!strstr(output, what) || !strstr(output, "descriptor 0 is ") ||
	    !strstr(output, "inetd(8)") || strchr(output, '\n')[1] != '\0')
		fail_msg("instead of '%s' it says: %s", what, output);
}

static int open_pipe(void)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	close(ends[1]);
	return ends[0];
}

static int open_terminal(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	assert_int_equal(grantpt(master), 0);
	assert_int_equal(unlockpt(master), 0);
	return master; /* a terminal in itself */
}

static int open_listener(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

/* As that of a client that has reset its connection meanwhile. */
static int open_lost_connection(void)
{
	const struct linger reset = {.l_onoff = 1, .l_linger = 0};
	int accepted = accept_client();

	setsockopt(client.socket, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	client_close(&client);
	return accepted;
}

static void without_a_connection_it_says_what_it_needs(void **state)
{
	(void)state;
	assert_unfit(open_terminal(), "a terminal");
	assert_unfit(open_pipe(), "a pipe");
	assert_unfit(open("/dev/null", O_RDWR | O_CLOEXEC), "a device");
	assert_unfit(open("/etc/passwd", O_RDONLY | O_CLOEXEC), "a file");
	assert_unfit(open_listener(), "a socket that listens");
	assert_unfit(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "a socket without connections");
	assert_unfit(open_lost_connection(), "a socket whose client has gone");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(inetds_connection_is_served, tear_down),
		cmocka_unit_test_teardown(with_h_the_issue_is_not_shown, tear_down),
		cmocka_unit_test_teardown(what_is_wrong_is_not_said_to_the_client, tear_down),
		cmocka_unit_test_setup_teardown(what_is_wrong_is_said_to_syslog, make_system_log,
						end_system_log),
		cmocka_unit_test_teardown(
			a_standard_error_that_is_not_the_clients_gets_the_complaint, tear_down),
		cmocka_unit_test_teardown(without_a_connection_it_says_what_it_needs, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
