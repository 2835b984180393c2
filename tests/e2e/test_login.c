/* SPDX-License-Identifier: ISC */
/*
 * Logging in by the real login(1), PAM and all, with a password; being seen by who(1) and last(1)
 * while in, and not any more after each of the ways in which a session can end.
 */
#include "tests/e2e/support/client.h"
#include "tests/e2e/support/machine.h"
#include "tests/e2e/support/process.h"
#include "tests/e2e/support/server.h"
#include "tests/e2e/support/trial.h"
#include "tests/e2e/support/typist.h"

#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define NOBODY 65534
#define GROUPS_MAX 64
#define TEXT_SIZE 4096

static struct server server;
static struct typist typist;
static struct client client;
static const char *obstacle; /* why there is no machine to log in to */

/* --- the machine -------------------------------------------------------------------------- */

static int set_up_machine(void **state)
{
	(void)state;
	obstacle = machine_enter();
	if (!obstacle && access("/bin/login", X_OK) != 0)
		obstacle = "there is no login(1) here";
	if (!obstacle)
		machine_extend("/etc/login.defs", "\nLOGIN_RETRIES 3\n");
	return 0;
}

static int set_up(void **state)
{
	(void)state;
	if (!obstacle)
		machine_forget_logins();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	typist_leave(&typist);
	client_close(&client);
	return server_stop(&server);
}

static void skip_with_reason(const char *test, const char *reason)
{
	print_message("%s: skipped: %s\n", test, reason);
	skip();
}

#define NEEDS_THE_MACHINE()                                                                        \
	do {                                                                                       \
		if (obstacle)                                                                      \
			skip_with_reason(__func__, obstacle);                                      \
	} while (0)

/* --- logging in --------------------------------------------------------------------------- */

static void call(const char *host)
{
	char port[8];
	const char *arguments[] = {"telnet", host, port, NULL};

	snprintf(port, sizeof(port), "%hu", server.port);
	typist_start(&typist, arguments);
}

static void give_name_and_password(const char *password)
{
	typist_expect(&typist, "login: ");
	typist_enter(&typist, MACHINE_USER);
	typist_expect(&typist, "Password: ");
	typist_enter(&typist, password);
}

static void expect_prompt(void)
{
	typist_expect(&typist, MACHINE_PROMPT);
}

static void assert_who_shows(const char *what)
{
	if (machine_has_who())
		assert_non_null(strstr(machine_who(MACHINE_USER), what));
}

static void call_and_log_in(const char *host)
{
	call(host);
	give_name_and_password(MACHINE_PASSWORD);
	expect_prompt();
}

static void start_and_log_in(void)
{
	server_start(&server, NULL);
	call_and_log_in("127.0.0.1");
}

/* The same by a client of the test's own, which can end as no real one does at will. */
static void log_in_by_own_client(void)
{
	server_start(&server, NULL);
	client_connect_as(&client, &server, &usual_terminal);
	client_expect(&client, "login: ");
	client_enter(&client, MACHINE_USER);
	client_expect(&client, "Password: ");
	client_enter(&client, MACHINE_PASSWORD);
	client_expect(&client, MACHINE_PROMPT);
	assert_who_shows("(127.0.0.1)");
}

static void expect_output(const char *command, const char *output)
{
	typist_enter(&typist, command);
	typist_expect(&typist, output);
	expect_prompt();
}

static void the_right_password_logs_in_and_is_not_shown(void **state)
{
	(void)state;
	NEEDS_THE_MACHINE();
	start_and_log_in();
	assert_null(memmem(typist.shown, typist.size, MACHINE_PASSWORD, strlen(MACHINE_PASSWORD)));
	expect_output("id -un", MACHINE_USER "\r\n");
}

static void a_wrong_password_is_refused_and_may_be_tried_again(void **state)
{
	(void)state;
	NEEDS_THE_MACHINE();
	server_start(&server, NULL);
	call("127.0.0.1");
	give_name_and_password("wrong horse");
	typist_expect(&typist, "Login incorrect");
	assert_string_equal(machine_who(MACHINE_USER), "");
	give_name_and_password(MACHINE_PASSWORD);
	expect_prompt();
}

static void the_third_wrong_password_ends_the_session(void **state)
{
	(void)state;
	NEEDS_THE_MACHINE();
	server_start(&server, NULL);
	call("127.0.0.1");
	for (int i = 0; i < 3; i++)
		give_name_and_password("wrong horse");
	typist_expect(&typist, machine_has_linux_login() ? "Login incorrect"
							 : "Maximum number of tries exceeded (3)");
	typist_expect_end(&typist);
	assert_false(typist_has(&typist, MACHINE_PROMPT));
	assert_true(machine_is_deserted());
}

static void who_never_says_a_name_is_shown_out(void **state)
{
	(void)state;
	NEEDS_THE_MACHINE();
	machine_extend("/etc/login.defs", "LOGIN_TIMEOUT 2\n");
	server_start(&server, NULL);
	call("127.0.0.1");
	typist_expect(&typist, "login: ");
	machine_extend("/etc/login.defs", "LOGIN_TIMEOUT 60\n");
	typist_expect(&typist, "timed out after 2 seconds");
	typist_expect_end(&typist);
	assert_true(machine_is_deserted());
}

/* --- being seen --------------------------------------------------------------------------- */

/* What last(1) says once the end of the login is in wtmp. */
static const char *ask_last(void)
{
	long long deadline = trial_now() + DEADLINE_MS;
	const char *last;

	do {
		trial_pause();
		last = machine_ask("LC_ALL=C last " MACHINE_USER);
	} while (strstr(last, "still logged in") && trial_now() < deadline);
	return last;
}

static void who_and_last_show_the_user_and_the_client(void **state)
{
	char word[TYPIST_WORD_SIZE];
	const char *last;

	(void)state;
	NEEDS_THE_MACHINE();
	if (!machine_has_who())
		skip_with_reason(__func__, "who(1) does not read utmp here");
	start_and_log_in();
	expect_output("who", "(127.0.0.1)");
	typist_enter(&typist, "tty");
	typist_expect_word(&typist, "/dev/", word);
	expect_prompt();
	assert_non_null(strstr(machine_who(MACHINE_USER), word));
	expect_output("last " MACHINE_USER, "127.0.0.1");
	typist_enter(&typist, "exit");
	typist_expect_end(&typist);
	assert_true(machine_is_deserted());
	last = ask_last();
	assert_non_null(strstr(last, word));
	assert_non_null(strstr(last, "127.0.0.1"));
	assert_null(strstr(last, "still logged in"));
	assert_null(strstr(last, "gone - no logout"));
}

static bool has_ipv6(void)
{
	struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
	int sock = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool good = sock >= 0 && bind(sock, (struct sockaddr *)&address, sizeof(address)) == 0;

	if (sock >= 0)
		close(sock);
	return good;
}

static void who_shows_an_ipv6_client(void **state)
{
	(void)state;
	NEEDS_THE_MACHINE();
	if (!has_ipv6())
		skip_with_reason(__func__, "there is no IPv6 here");
	if (!machine_has_who())
		skip_with_reason(__func__, "who(1) does not read utmp here");
	server_start(&server, "-b", "[::1]:0", NULL);
	call_and_log_in("::1");
	assert_non_null(strstr(machine_who(MACHINE_USER), "(::1)"));
}

/* --- what the user has then --------------------------------------------------------------- */

static void the_environment_is_the_users_but_for_terminal_and_language(void **state)
{
	static const char *const commands[] = {
		"environ define LC_TIME en_DK.UTF-8", "environ export LC_TIME",
		"environ define LANG C.UTF-8", "environ export LANG"};
	const char *arguments[] = {"telnet", NULL};
	char command[64];

	(void)state;
	NEEDS_THE_MACHINE();
	server_start(&server, NULL);
	typist_start(&typist, arguments);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		typist_expect(&typist, "telnet> ");
		typist_enter(&typist, commands[i]);
	}
	snprintf(command, sizeof(command), "open 127.0.0.1 %hu", server.port);
	typist_expect(&typist, "telnet> ");
	typist_enter(&typist, command);
	give_name_and_password(MACHINE_PASSWORD);
	expect_prompt();
	expect_output("echo $TERM,$LANG,$LC_TIME", "xterm,C.UTF-8,en_DK.UTF-8\r\n");
	expect_output("echo $HOME,$SHELL,$USER,$LOGNAME",
		      MACHINE_HOME ",/bin/bash," MACHINE_USER "," MACHINE_USER "\r\n");
	expect_output("pwd", MACHINE_HOME "\r\n");
	expect_output("echo $PATH", "/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games\r\n");
}

static void the_login_shell_has_job_control(void **state)
{
	(void)state;
	NEEDS_THE_MACHINE();
	start_and_log_in();
	typist_enter(&typist, machine_install(trial_built("tests/programs/report_signals")));
	typist_expect(&typist, "waiting for signals");
	typist_resize(&typist, 44, 122);
	typist_expect(&typist, "got SIGWINCH 44 122");
	typist_type(&typist, "\032");
	typist_expect(&typist, "Stopped");
	expect_prompt();
	typist_enter(&typist, "fg");
	typist_expect(&typist, "got SIGCONT");
	typist_type(&typist, "\003");
	typist_expect(&typist, "got SIGINT");
	expect_prompt();
	expect_output("echo status=$?", "status=130");
}

static void su_runs_on_the_same_terminal(void **state)
{
	char word[TYPIST_WORD_SIZE];

	(void)state;
	NEEDS_THE_MACHINE();
	start_and_log_in();
	expect_output("stty -a", "rows 30; columns 100;");
	typist_enter(&typist, "tty");
	typist_expect_word(&typist, "/dev/", word);
	expect_prompt();
	typist_enter(&typist, "su -c 'tty; id -un'");
	typist_expect(&typist, "Password: ");
	typist_enter(&typist, MACHINE_PASSWORD);
	typist_expect(&typist, word);
	typist_expect(&typist, "root\r\n");
	expect_prompt();
}

/* --- ends --------------------------------------------------------------------------------- */

static void every_way_of_logging_out_ends_it_all(void **state)
{
	static const char *const ways[] = {"\004", "exit\r", "logout\r"};

	(void)state;
	NEEDS_THE_MACHINE();
	server_start(&server, NULL);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		call_and_log_in("127.0.0.1");
		typist_type(&typist, ways[i]);
		typist_expect_end(&typist);
		assert_true(machine_is_deserted());
		typist_leave(&typist);
	}
	server_expect_count(&server, "why=\"program ended\"", 3);
}

/* login(1) turns the terminal's echo on for the name, whatever it was before. */
static void a_client_that_shows_the_name_by_itself_sees_it_once(void **state)
{
	struct terminal terminal = usual_terminal;

	(void)state;
	NEEDS_THE_MACHINE();
	terminal.no_echo = true;
	server_start(&server, NULL);
	client_connect_as(&client, &server, &terminal);
	client_expect(&client, "login: ");
	client_enter(&client, MACHINE_USER);
	client_expect(&client, "Password: ");
	assert_false(client_has(&client, MACHINE_USER));
	client_enter(&client, MACHINE_PASSWORD);
	client_expect(&client, MACHINE_PROMPT);
	assert_false(client_has(&client, MACHINE_PASSWORD));
}

static void a_broken_connection_logs_out(void **state)
{
	pid_t login;

	(void)state;
	NEEDS_THE_MACHINE();
	log_in_by_own_client();
	login = server_login_of(&server, client.peer);
	client_reset(&client);
	assert_true(machine_is_deserted());
	assert_true(process_goes(login, DEADLINE_MS));
}

static void a_client_that_breaks_off_at_the_password_leaves_no_record(void **state)
{
	pid_t login;

	(void)state;
	NEEDS_THE_MACHINE();
	server_start(&server, NULL);
	client_connect_as(&client, &server, &usual_terminal);
	client_expect(&client, "login: ");
	client_enter(&client, MACHINE_USER);
	client_expect(&client, "Password: ");
	login = server_login_of(&server, client.peer);
	client_reset(&client);
	assert_true(process_goes(login, DEADLINE_MS));
	assert_true(machine_is_deserted());
}

static void a_worker_that_crashes_logs_out_its_user(void **state)
{
	pid_t login;

	(void)state;
	NEEDS_THE_MACHINE();
	log_in_by_own_client();
	login = server_login_of(&server, client.peer);
	server.may_lose_workers = true;
	/* A sanitizer would take SIGSEGV for a fault of its program. */
	kill(server_worker_of(&server, client.port), SANITIZED ? SIGKILL : SIGSEGV);
	server_expect_log(&server, "event=worker-lost");
	assert_true(process_goes(login, DEADLINE_MS));
	assert_true(machine_is_deserted());
}

static void the_servers_end_logs_out_everybody(void **state)
{
	pid_t login;

	(void)state;
	NEEDS_THE_MACHINE();
	log_in_by_own_client();
	login = server_login_of(&server, client.peer);
	assert_int_equal(server_stop(&server), 0);
	assert_true(process_goes(login, DEADLINE_MS));
	assert_true(machine_is_deserted());
}

/* --- what must not work ------------------------------------------------------------------- */

static size_t read_of_process(pid_t pid, const char *name, char text[TEXT_SIZE])
{
	char path[64];
	int file;
	ssize_t size;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	file = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(file >= 0);
	size = read(file, text, TEXT_SIZE - 1);
	close(file);
	assert_true(size >= 0);
	text[size] = '\0';
	return (size_t)size;
}

/* CVE-2026-24061, CVE-2007-0882, CVE-2026-28372 and older ones were this. */
static void a_clients_variables_neither_log_in_nor_reach_login(void **state)
{
	static const struct variable variables[] = {
		{false, "USER", "-f root"},
		{true, "USER", "-froot"},
		{false, "LOGNAME", "root"},
		{true, "CREDENTIALS_DIRECTORY", "/tmp"},
		{true, "LD_PRELOAD", "/tmp/evil.so"},
		{true, "TERMINFO", "/tmp"},
		{true, "LC_TIME", "C.UTF-8"}, /* a good one: they have come at all */
		{false, NULL, NULL},
	};
	static const char arguments[] = "/bin/login\0-p\0-h\000127.0.0.1";
	static const char *const bad[] = {"-f", "CREDENTIALS_DIRECTORY", "LD_PRELOAD", "TERMINFO"};
	struct terminal terminal = usual_terminal;
	char text[TEXT_SIZE];
	size_t size;
	pid_t login;

	(void)state;
	NEEDS_THE_MACHINE();
	terminal.variables = variables;
	server_start(&server, NULL);
	client_connect_as(&client, &server, &terminal);
	client_expect(&client, "login: ");
	login = server_login_of(&server, client.peer);
	assert_int_equal(read_of_process(login, "cmdline", text), sizeof(arguments));
	assert_memory_equal(text, arguments, sizeof(arguments));
	size = read_of_process(login, "environ", text);
	assert_non_null(memmem(text, size, "LC_TIME=C.UTF-8", strlen("LC_TIME=C.UTF-8")));
	/* The server's own user is root: with that, too, login(1) asks for a name and a password.
	 */
	for (size_t i = 1; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_null(memmem(text, size, bad[i], strlen(bad[i])));
	assert_null(memmem(text, size, "-f", strlen("-f")));
	client_enter(&client, "root");
	client_expect(&client, "Password: ");
	assert_string_equal(machine_who("root"), "");
}

/* --- other logins than Debian's ----------------------------------------------------------- */

static void a_login_that_hangs_up_its_terminal_first_works(void **state)
{
	char program[TEXT_SIZE];

	(void)state;
	NEEDS_THE_MACHINE();
	snprintf(program, sizeof(program), "%s /bin/login -p -h %%h",
		 machine_install(trial_built("tests/programs/hang_up")));
	server_start(&server, "-l", program, NULL);
	call_and_log_in("127.0.0.1");
	assert_who_shows("(127.0.0.1)");
	expect_output("stty -a", "rows 30; columns 100;");
	typist_enter(&typist, "exit");
	typist_expect_end(&typist);
	assert_true(machine_is_deserted());
}

static void busybox_login_works(void **state)
{
	char program[TEXT_SIZE];
	const char *busybox;

	(void)state;
	NEEDS_THE_MACHINE();
	busybox = machine_ask("busybox login --help >/dev/null 2>&1 && command -v busybox");
	if (busybox[0] == '\0')
		skip_with_reason(__func__, "there is no busybox login here");
	snprintf(program, sizeof(program), "%.*s login -p -h %%h", (int)strcspn(busybox, "\n"),
		 busybox);
	server_start(&server, "-l", program, NULL);
	call_and_log_in("127.0.0.1");
	assert_who_shows("(127.0.0.1)");
	typist_enter(&typist, "exit");
	typist_expect_end(&typist);
	assert_true(machine_is_deserted());
}

/* --- without root ------------------------------------------------------------------------- */

static gid_t groups[GROUPS_MAX];
static int group_count = -1; /* -1: this process is who it was */

/* Becomes nobody, as far as that can be taken back. */
static void become_nobody(void)
{
	if (geteuid() != 0)
		return;
	group_count = getgroups(GROUPS_MAX, groups);
	assert_true(group_count >= 0);
	assert_int_equal(setgroups(0, NULL), 0);
	assert_int_equal(setresgid(NOBODY, NOBODY, 0), 0);
	assert_int_equal(setresuid(NOBODY, NOBODY, 0), 0);
}

static void become_oneself_again(void)
{
	if (group_count < 0)
		return;
	assert_int_equal(setresuid(0, 0, 0), 0);
	assert_int_equal(setresgid(0, 0, 0), 0);
	assert_int_equal(setgroups((size_t)group_count, groups), 0);
	group_count = -1;
}

static int tear_down_as_oneself(void **state)
{
	become_oneself_again();
	return tear_down(state);
}

static void without_root_it_serves_the_user_who_started_it(void **state)
{
	char user[32];

	(void)state;
	become_nobody();
	if (access(trial_built("telnetd"), X_OK) != 0)
		skip_with_reason(__func__, "nobody may not run what was built here");
	snprintf(user, sizeof(user), "user=%d\r\n", (int)getuid());
	server_start(&server, "--same-user", "-l", "/bin/sh", NULL);
	server_expect_log(&server, "event=unprivileged");
	call("127.0.0.1");
	typist_expect(&typist, "$ ");
	typist_enter(&typist, "echo us''er=$(id -u)");
	typist_expect(&typist, user);
	typist_enter(&typist, "exit");
	typist_expect_end(&typist);
	server_expect_log(&server, "why=\"program ended\"");
}

static void without_root_it_serves_nobody_else(void **state)
{
	(void)state;
	SKIP_UNLESS_ROOT();
	become_nobody();
	if (access(trial_built("telnetd"), X_OK) != 0)
		skip_with_reason(__func__, "nobody may not run what was built here");
	server_start(&server, "--same-user", "-l", "/bin/sh", NULL);
	become_oneself_again();
	client_connect(&client, &server);
	client_expect_end_or_reset(&client);
	assert_false(server_has_logged(&server, "event=login", ""));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_right_password_logs_in_and_is_not_shown),
		TEST(a_wrong_password_is_refused_and_may_be_tried_again),
		TEST(the_third_wrong_password_ends_the_session),
		TEST(who_never_says_a_name_is_shown_out),
		TEST(who_and_last_show_the_user_and_the_client),
		TEST(who_shows_an_ipv6_client),
		TEST(the_environment_is_the_users_but_for_terminal_and_language),
		TEST(the_login_shell_has_job_control),
		TEST(su_runs_on_the_same_terminal),
		TEST(every_way_of_logging_out_ends_it_all),
		TEST(a_client_that_shows_the_name_by_itself_sees_it_once),
		TEST(a_broken_connection_logs_out),
		TEST(a_client_that_breaks_off_at_the_password_leaves_no_record),
		TEST(a_worker_that_crashes_logs_out_its_user),
		TEST(the_servers_end_logs_out_everybody),
		TEST(a_clients_variables_neither_log_in_nor_reach_login),
		TEST(a_login_that_hangs_up_its_terminal_first_works),
		TEST(busybox_login_works),
		cmocka_unit_test_teardown(without_root_it_serves_the_user_who_started_it,
					  tear_down_as_oneself),
		cmocka_unit_test_teardown(without_root_it_serves_nobody_else, tear_down_as_oneself),
	};

	return cmocka_run_group_tests(tests, set_up_machine, NULL);
}
