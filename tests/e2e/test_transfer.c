/* SPDX-License-Identifier: ISC */
/*
 * Programs that need a session as clean as a cable: sz and rz, which send files of any bytes, with
 * their other ends at the user's; and script(1), which has a terminal of its own in the session.
 */
#include "tests/e2e/support/call.h"
#include "tests/e2e/support/client.h"
#include "tests/e2e/support/server.h"
#include "tests/e2e/support/trial.h"
#include "tests/e2e/support/typist.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define COMMAND_SIZE 1024
#define PIECE_SIZE 4096

/* Each byte before and behind each other. */
#define FILE_SIZE (2UL * 256 * 256)

#define RECEIVED "received"

/* How long a user waits for what is typed to be shown. */
#define PAUSE_MS 300

static struct server server;
static struct typist typist; /* one of the two is the user */
static struct client client;

/* The program at the user's end: what it says goes to the server, and the other way round. */
static struct {
	pid_t pid;
	int input;
	int output;
} program;

static int tear_down(void **state)
{
	(void)state;
	if (program.pid > 0) {
		kill(program.pid, SIGKILL);
		waitpid(program.pid, NULL, 0);
		program.pid = 0;
	}
	typist_leave(&typist);
	client_close(&client);
	unlink(trial_file(RECEIVED "/all", NULL));
	rmdir(trial_file(RECEIVED, NULL));
	trial_remove_directory();
	return server_stop(&server);
}

static void skip_without(const char *path)
{
	if (access(path, X_OK) == 0)
		return;
	print_message("skipped: there is no %s here\n", path);
	skip();
}

/* --- the program at the user's end -------------------------------------------------------- */

static void start_program(const char *const arguments[])
{
	int input[2], output[2];

	assert_int_equal(pipe2(input, O_CLOEXEC), 0);
	assert_int_equal(pipe2(output, O_CLOEXEC), 0);
	program.pid = fork();
	if (program.pid == 0) {
		if (dup2(input[0], STDIN_FILENO) < 0 || dup2(output[1], STDOUT_FILENO) < 0 ||
		    chdir(trial_file(RECEIVED, NULL)) != 0)
			_exit(126);
		execv(arguments[0], (char *const *)arguments);
		_exit(127);
	}
	assert_true(program.pid > 0);
	close(input[0]);
	close(output[1]);
	program.input = input[1];
	program.output = output[0];
	assert_int_equal(fcntl(program.output, F_SETFL, O_NONBLOCK), 0);
}

static void give_program(const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t written = write(program.input, bytes, size);

		if (written < 0)
			return; /* it has ended, as its status says */
		bytes += written;
		size -= (size_t)written;
	}
}

/* --- the way to the server ---------------------------------------------------------------- */

/* What has come of the server's, and what is to go to it. */
struct line {
	size_t (*take)(char *bytes, size_t size);
	void (*give)(const char *bytes, size_t size);
};

static size_t take_from_typist(char *bytes, size_t size)
{
	ssize_t got = read(typist.master, bytes, size);

	return got > 0 ? (size_t)got : 0;
}

static void give_typist(const char *bytes, size_t size)
{
	struct pollfd writable = {.fd = typist.master, .events = POLLOUT};

	while (size > 0) {
		ssize_t written = write(typist.master, bytes, size);

		if (written < 0) {
			assert_int_equal(errno, EAGAIN);
			assert_int_equal(poll(&writable, 1, DEADLINE_MS), 1);
			continue;
		}
		bytes += written;
		size -= (size_t)written;
	}
}

static size_t take_from_client(char *bytes, size_t size)
{
	struct bytes *text = &client.text;

	client_receive(&client, 0);
	if (size > text->size - text->seen)
		size = text->size - text->seen;
	memcpy(bytes, text->bytes + text->seen, size);
	text->seen += size;
	return size;
}

static void give_client(const char *bytes, size_t size)
{
	for (; size > 0; bytes++, size--) {
		client_send(&client, bytes, 1);
		if ((unsigned char)*bytes == (unsigned char)IAC[0])
			client_send(&client, bytes, 1);
	}
}

static const struct line by_telnet = {take_from_typist, give_typist};
static const struct line by_hand = {take_from_client, give_client};

/* Returns whether anything has been moved. */
static bool move(const struct line *line)
{
	char bytes[PIECE_SIZE];
	size_t taken = line->take(bytes, sizeof(bytes));
	ssize_t said;

	give_program(bytes, taken);
	said = read(program.output, bytes, sizeof(bytes));
	if (said > 0)
		line->give(bytes, (size_t)said);
	return taken > 0 || said > 0;
}

/* Lets the two programs talk until ours has ended, which has to be in order. */
static void connect_program(const struct line *line)
{
	long long deadline = trial_now() + DEADLINE_MS;
	int status;

	while (waitpid(program.pid, &status, WNOHANG) == 0) {
		assert_true(trial_now() < deadline);
		if (!move(line))
			trial_pause();
	}
	program.pid = 0;
	while (move(line))
		;
	close(program.input);
	close(program.output);
	assert_int_equal(status, 0);
}

/* --- files -------------------------------------------------------------------------------- */

static void make_file(void)
{
	FILE *file = fopen(trial_file("all", NULL), "we");

	assert_non_null(file);
	for (int first = 0; first < 256; first++)
		for (int second = 0; second < 256; second++) {
			fputc(first, file);
			fputc(second, file);
		}
	assert_int_equal(fclose(file), 0);
	assert_int_equal(mkdir(trial_file(RECEIVED, NULL), 0700), 0);
}

static size_t read_file(const char *name, char *bytes, size_t size)
{
	FILE *file = fopen(trial_file(name, NULL), "re");

	assert_non_null(file);
	size = fread(bytes, 1, size, file);
	fclose(file);
	return size;
}

static void assert_received(void)
{
	static char sent[FILE_SIZE + 1], received[FILE_SIZE + 1];

	assert_int_equal(read_file("all", sent, sizeof(sent)), FILE_SIZE);
	assert_int_equal(read_file(RECEIVED "/all", received, sizeof(received)), FILE_SIZE);
	assert_memory_equal(sent, received, FILE_SIZE);
}

/* --- sz and rz ---------------------------------------------------------------------------- */

/* A user: with telnet and an option, or without one. */
struct user {
	const char *option; /* NULL: a client of the test's own, in BINARY */
	const struct line *line;
};

static const struct user user_of_telnet = {"-E", &by_telnet};
static const struct user user_of_telnet_in_binary = {"-8E", &by_telnet};
static const struct user another_client_in_binary = {NULL, &by_hand};

static void log_in(const struct user *user)
{
	struct terminal terminal = usual_terminal;
	char port[8];

	skip_without("/usr/bin/sz");
	make_file();
	server_start(&server, "-l", "/bin/sh", NULL);
	terminal.binary = true;
	if (!user->option) {
		client_connect_as(&client, &server, &terminal);
		client_expect_prompt(&client);
		return;
	}
	snprintf(port, sizeof(port), "%hu", server.port);
	typist_start(&typist, (const char *const[]){trial_built("telnet"), user->option,
						    "127.0.0.1", port, NULL});
	typist_expect(&typist, geteuid() == 0 ? "# " : "$ ");
	typist_expect_raw(&typist);
}

static void enter(const struct user *user, const char *command)
{
	if (user->option)
		typist_enter(&typist, command);
	else
		client_enter(&client, command);
}

/* rz has its terminal as it wants it, and says so (ZRINIT). */
static void expect_receiver(const struct user *user)
{
	if (user->option)
		typist_expect(&typist, "**\x18"
				       "B01");
	else
		client_expect(&client, "**\x18"
				       "B01");
}

static bool shows(const struct user *user, const char *text)
{
	long long deadline = trial_now() + PAUSE_MS;

	if (!user->option)
		return client_gets(&client, text, PAUSE_MS);
	while (!typist_has(&typist, text) && trial_now() < deadline)
		trial_pause();
	return typist_has(&typist, text);
}

/*
 * The programs throw away what is typed before they have ended, and their last bytes may come to
 * the shell: a user then tries again.
 */
static void expect_shell(const struct user *user)
{
	long long deadline = trial_now() + DEADLINE_MS;

	do {
		assert_true(trial_now() < deadline);
		enter(user, "");
		enter(user, "echo af''ter");
	} while (!shows(user, "after"));
}

static void a_file_of_all_bytes_comes_down(void **state)
{
	const struct user *user = *state;
	char command[COMMAND_SIZE];

	log_in(user);
	snprintf(command, sizeof(command), "sz -bq %s", trial_file("all", NULL));
	enter(user, command);
	start_program((const char *const[]){"/usr/bin/rz", "-bqy", NULL});
	connect_program(user->line);
	assert_received();
	expect_shell(user);
}

static void a_file_of_all_bytes_goes_up(void **state)
{
	const struct user *user = *state;
	char command[COMMAND_SIZE];

	log_in(user);
	snprintf(command, sizeof(command), "cd %s; rz -bqy", trial_file(RECEIVED, NULL));
	enter(user, command);
	expect_receiver(user);
	start_program((const char *const[]){"/usr/bin/sz", "-bq", trial_file("all", NULL), NULL});
	connect_program(user->line);
	expect_shell(user);
	assert_received();
}

/* --- script(1) ---------------------------------------------------------------------------- */

/* A shell that leaves the editing of lines to its terminal; its prompt is never typed as a whole.
 */
#define LOGIN "/usr/bin/env PS1=ready>_ SHELL=/bin/sh /bin/sh"

static void open_session(const char *option)
{
	const char *arguments[] = {trial_built("telnet"), "127.0.0.1", NULL, option, NULL};
	char port[8];

	skip_without("/usr/bin/script");
	server_start(&server, "-l", LOGIN, NULL);
	snprintf(port, sizeof(port), "%hu", server.port);
	arguments[2] = port;
	typist_start(&typist, arguments);
	typist_expect(&typist, "ready>_");
}

/* The shell in script(1) has a terminal that edits, echoes and knows ^C and ^D. */
static void use_inner_shell(void)
{
	typist_enter(&typist, "echo wrong\025echo inX\177n''er");
	typist_expect(&typist, "\ninner\r\n");
	typist_expect(&typist, "ready>_");
	typist_enter(&typist, "echo wai''ting; cat");
	typist_expect(&typist, "waiting\r\n");
	typist_enter(&typist, "a l''ine");
	typist_expect(&typist, "\na l''ine\r\n");
	typist_type(&typist, "\003");
	typist_expect(&typist, "ready>_");
	typist_type(&typist, "\004");
	typist_expect(&typist, "ready>_");
	typist_enter(&typist, "echo ou''ter");
	typist_expect(&typist, "\nouter\r\n");
}

/* The client speaks TELNET at once, as on port 23. */
static void script_works_in_a_session(void **state)
{
	(void)state;
	open_session("--login");
	typist_enter(&typist, "script -q /dev/null");
	typist_expect(&typist, "ready>_");
	use_inner_shell();
}

/* As telnetd(8) says. */
static void script_works_in_line_mode_where_its_shell_turns_extproc_off(void **state)
{
	(void)state;
	open_session("--linemode");
	typist_enter(&typist, "script -q -c 'stty -extproc; exec sh' /dev/null");
	typist_expect(&typist, "ready>_");
	use_inner_shell();
}

static void script_works_after_line_mode(void **state)
{
	(void)state;
	open_session("--linemode");
	call_command(&typist, "mode character");
	typist_expect_raw(&typist);
	typist_enter(&typist, "script -q /dev/null");
	typist_expect(&typist, "ready>_");
	use_inner_shell();
}

/* As telnet(1) says: there ^J ends a line, while Enter does not. */
static void a_script_without_echo_is_revived_by_stty_and_linefeed(void **state)
{
	(void)state;
	open_session("--linemode");
	typist_enter(&typist, "script -q /dev/null");
	typist_expect(&typist, "ready>_");
	typist_type(&typist, "stty -extproc\n");
	typist_expect(&typist, "ready>_");
	use_inner_shell();
}

#define TEST(name) cmocka_unit_test_teardown(name, tear_down)
#define WITH(user, test)                                                                           \
	{                                                                                          \
#test ", " #user, test, NULL, tear_down, (void *)(uintptr_t)(&(user))              \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(user_of_telnet, a_file_of_all_bytes_comes_down),
		WITH(user_of_telnet, a_file_of_all_bytes_goes_up),
		WITH(user_of_telnet_in_binary, a_file_of_all_bytes_comes_down),
		WITH(user_of_telnet_in_binary, a_file_of_all_bytes_goes_up),
		WITH(another_client_in_binary, a_file_of_all_bytes_comes_down),
		WITH(another_client_in_binary, a_file_of_all_bytes_goes_up),
		TEST(script_works_in_a_session),
		TEST(script_works_in_line_mode_where_its_shell_turns_extproc_off),
		TEST(script_works_after_line_mode),
		TEST(a_script_without_echo_is_revived_by_stty_and_linefeed),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
