/* SPDX-License-Identifier: ISC */
/*
 * What people get who come with the clients that are out there: a shell with job control, full
 * screen programs, a window of the right size, and an end that ends it all.
 */
#include "tests/e2e/support/client.h"
#include "tests/e2e/support/process.h"
#include "tests/e2e/support/server.h"
#include "tests/e2e/support/trial.h"
#include "tests/e2e/support/typist.h"

#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define SHELL "/bin/bash --norc --noprofile"
#define ARGUMENTS_MAX 8
#define COMMAND_SIZE 256
#define ESCAPE "\035" /* ^] */

/* Enough that no buffer between the program and a client that has stopped can hold it. */
#define FLOOD_LINES 500000

/* How long a process that does nothing has to do so until it counts as waiting. */
#define STILL_MS 100

struct program {
	const char *name;
	const char *find; /* a shell command that prints what to run, or nothing */
	const char *arguments[ARGUMENTS_MAX]; /* "PORT" stands for the server's */
	const char *terminal_type; /* what TERM is then */
	const char *close[2]; /* its escape and what closes it then, where it has one */
	bool raw; /* leaves its terminal alone, so that its user makes it raw, and sees no echo */
	bool tells_window;
};

static const struct program inetutils = {
	.name = "inetutils-telnet",
	.find = "command -v inetutils-telnet || command -v telnet",
	.arguments = {"127.0.0.1", "PORT"},
	.terminal_type = "xterm",
	.close = {"telnet> ", "close\r"},
	.tells_window = true,
};

static const struct program ours = {
	.name = "this telnet",
	.find = "command -v " TEST_BUILD_DIRECTORY "/telnet",
	.arguments = {"127.0.0.1", "PORT"},
	.terminal_type = "xterm",
	.close = {"telnet> ", "close\r"},
	.tells_window = true,
};

static const struct program netkit = {
	.name = "telnet-ssl",
	.find = "command -v telnet-ssl",
	.arguments = {"127.0.0.1", "PORT"},
	.terminal_type = "xterm",
	.close = {"telnet-ssl> ", "close\r"},
	.tells_window = true,
};

static const struct program busybox = {
	.name = "busybox telnet",
	.find = "busybox telnet --help >/dev/null 2>&1 && command -v busybox",
	.arguments = {"telnet", "127.0.0.1", "PORT"},
	.terminal_type = "xterm",
	.close = {"Console escape.", "e"},
	.tells_window = true,
};

static const struct program plink = {
	.name = "plink",
	.find = "command -v plink",
	.arguments = {"-telnet", "-P", "PORT", "127.0.0.1"},
	.terminal_type = "xterm",
	.tells_window = true,
};

static const struct program netcat = {
	.name = "nc",
	.find = "command -v nc.openbsd || command -v nc",
	.arguments = {"127.0.0.1", "PORT"},
	.terminal_type = "dumb",
	.raw = true,
};

static struct server server;
static struct typist typist;
static struct client recorder;

static int tear_down(void **state)
{
	(void)state;
	typist_leave(&typist);
	client_close(&recorder);
	trial_remove_directory();
	return server_stop(&server);
}

/* --- beginning ---------------------------------------------------------------------------- */

/* The first line that a shell command prints; whether there is one. */
static bool ask_shell(const char *command, char line[COMMAND_SIZE])
{
	FILE *answer = popen(command, "re");
	bool found;

	assert_non_null(answer);
	found = fgets(line, COMMAND_SIZE, answer) != NULL;
	pclose(answer);
	line[found ? strcspn(line, "\n") : 0] = '\0';
	return found;
}

static void start(const struct program *program, unsigned short port)
{
	const char *arguments[ARGUMENTS_MAX + 2] = {NULL};
	char path[COMMAND_SIZE], number[8];

	if (!ask_shell(program->find, path)) {
		print_message("skipped: there is no %s here\n", program->name);
		skip();
	}
	snprintf(number, sizeof(number), "%hu", port);
	arguments[0] = path;
	for (size_t i = 0; i < ARGUMENTS_MAX && program->arguments[i]; i++) {
		bool is_port = strcmp(program->arguments[i], "PORT") == 0;

		arguments[i + 1] = is_port ? number : program->arguments[i];
	}
	typist.raw = program->raw;
	typist_start(&typist, arguments);
}

/* Quotes in what is typed keep its echo from looking like what it prints. */
static void open_shell(const struct program *program)
{
	server_start(&server, "-l", SHELL, NULL);
	start(program, server.port);
	typist_expect(&typist, "bash-");
	typist_enter(&typist, "PS1='rea''dy> '; bind 'set enable-bracketed-paste off'");
	typist_expect(&typist, "ready> ");
}

static void expect_prompt(void)
{
	typist_expect(&typist, "ready> ");
}

/* Runs the program that reports signals. */
static void enter_report(void)
{
	typist_enter(&typist, trial_built("tests/programs/report_signals"));
	typist_expect(&typist, "waiting for signals");
}

static pid_t ask_pid(void)
{
	char word[TYPIST_WORD_SIZE];

	typist_enter(&typist, "echo p''id=$$");
	typist_expect_word(&typist, "pid=", word);
	expect_prompt();
	return atoi(word);
}

static void expect_shell_has_gone(pid_t shell)
{
	assert_true(process_goes(shell, DEADLINE_MS));
	server_expect_log(&server, "event=end");
}

/* A user whose client cannot tell what terminal it is on says so to the shell. */
static void introduce_terminal(const struct program *program)
{
	char line[64];

	if (program->tells_window)
		return;
	snprintf(line, sizeof(line), "export TERM=xterm; stty rows %d columns %d", TYPIST_ROWS,
		 TYPIST_COLUMNS);
	typist_enter(&typist, line);
	expect_prompt();
}

/* --- what every client gives its user ----------------------------------------------------- */

static void the_shell_has_a_terminal(void **state)
{
	const struct program *program = *state;
	char word[TYPIST_WORD_SIZE], with_line[TYPIST_WORD_SIZE + 8];

	open_shell(program);
	typist_enter(&typist, "tty; echo TE''RM=$TERM");
	typist_expect_word(&typist, "/dev/", word);
	snprintf(with_line, sizeof(with_line), "tty=%s ", word);
	server_expect_line(&server, "event=login", with_line, NULL);
	typist_expect_word(&typist, "TERM=", word);
	assert_string_equal(word, program->terminal_type);
	expect_prompt();
}

static void its_size_is_the_window_of_the_client(void **state)
{
	const struct program *program = *state;

	open_shell(program);
	typist_enter(&typist, "stty size");
	typist_expect(&typist, program->tells_window ? "30 100\r\n" : "24 80\r\n");
}

static void another_size_of_the_window_is_told_to_the_program(void **state)
{
	const struct program *program = *state;

	open_shell(program);
	enter_report();
	typist_resize(&typist, 33, 99);
	typist_expect(&typist, "got SIGWINCH 33 99");
	typist_resize(&typist, 25, 80);
	typist_expect(&typist, "got SIGWINCH 25 80");
}

/* The shell itself is told by SIGWINCH when its user says the size by hand. */
static void stty_can_say_the_size_instead(void **state)
{
	open_shell(*state);
	typist_enter(
		&typist,
		"sh -c 'trap \"echo got WIN\"\"CH\" WINCH; stty rows 41 columns 101; stty size'");
	typist_expect(&typist, "got WINCH");
	typist_expect(&typist, "41 101");
}

static void control_c_interrupts(void **state)
{
	open_shell(*state);
	enter_report();
	typist_type(&typist, "\003");
	typist_expect(&typist, "got SIGINT");
	expect_prompt();
	typist_enter(&typist, "echo st''atus=$?");
	typist_expect(&typist, "status=130");
}

static void control_z_stops_and_fg_goes_on(void **state)
{
	open_shell(*state);
	enter_report();
	typist_type(&typist, "\032");
	typist_expect(&typist, "got SIGTSTP");
	typist_expect(&typist, "Stopped");
	expect_prompt();
	typist_enter(&typist, "fg");
	typist_expect(&typist, "got SIGCONT");
	typist_type(&typist, "\003");
	typist_expect(&typist, "got SIGINT");
	expect_prompt();
}

static void vi_edits_a_file(void **state)
{
	char line[COMMAND_SIZE];

	open_shell(*state);
	introduce_terminal(*state);
	snprintf(line, sizeof(line), "cd %s; vi letter", trial_directory());
	typist_enter(&typist, line);
	typist_expect(&typist, "[New");
	typist_type(&typist, "iDear reader,\033:wq\r");
	expect_prompt();
	assert_true(trial_file_gets("letter", "Dear reader,\n"));
	typist_enter(&typist, "vi letter");
	typist_expect(&typist, "Dear reader,");
	typist_type(&typist, "ofarewell.\033:wq\r");
	expect_prompt();
	assert_true(trial_file_gets("letter", "Dear reader,\nfarewell.\n"));
}

/* The pages' numbers tell that less knows how many rows there are. */
static void less_pages_and_searches(void **state)
{
	open_shell(*state);
	introduce_terminal(*state);
	typist_enter(&typist, "seq 1000 | less -M");
	typist_expect(&typist, "lines 1-29");
	typist_type(&typist, " ");
	typist_expect(&typist, "lines 30-58");
	typist_type(&typist, "/777\r");
	typist_expect(&typist, "lines 777-805");
	typist_type(&typist, "b");
	typist_expect(&typist, "lines 748-776");
	typist_type(&typist, "q");
	expect_prompt();
}

/* nc looks whether its connection still stands only when it has something to send. */
static void logging_out_ends_the_client(void **state)
{
	const struct program *program = *state;

	open_shell(program);
	typist_enter(&typist, "exit 3");
	server_expect_log(&server, "why=\"program ended\"");
	if (program == &netcat)
		typist_type(&typist, "x");
	typist_expect_end(&typist);
}

static void closing_by_the_escape_ends_the_shell(void **state)
{
	const struct program *program = *state;
	pid_t shell;

	open_shell(program);
	shell = ask_pid();
	enter_report();
	typist_type(&typist, ESCAPE);
	typist_expect(&typist, program->close[0]);
	typist_type(&typist, program->close[1]);
	typist_expect_end(&typist);
	expect_shell_has_gone(shell);
}

/*
 * That nc has gone cannot be told from an end of its input, which a shell acts on and a program
 * that reads nothing does not.
 */
static void killing_the_client_ends_the_shell(void **state)
{
	const struct program *program = *state;
	pid_t shell;

	open_shell(program);
	shell = ask_pid();
	if (program != &netcat)
		enter_report();
	kill(typist.pid, SIGKILL);
	assert_int_equal(typist_expect_end(&typist), 128 + SIGKILL);
	expect_shell_has_gone(shell);
}

/* The time that a process has used, from /proc/PID/stat; -1 where it has gone. */
static long long time_used(pid_t pid)
{
	char path[64];
	unsigned long user, system;
	int read;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return -1;
	read = fscanf(file, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
		      &user, &system);
	fclose(file);
	return read == 2 ? (long long)(user + system) : -1;
}

/* Waits until a process does nothing any more. */
static void expect_stillness(pid_t pid)
{
	long long deadline = trial_now() + DEADLINE_MS, since = trial_now();
	long long used = time_used(pid);

	while (trial_now() - since < STILL_MS && trial_now() < deadline) {
		long long now_used = time_used(pid);

		if (now_used != used)
			since = trial_now();
		used = now_used;
		trial_pause();
	}
}

/* Reads the numbers 1 to FLOOD_LINES from the screen, where each stands on a line of its own. */
static void expect_flood(void)
{
	size_t begin = typist.seen;
	const char *place, *end;

	typist_expect(&typist, "flood is over");
	place = typist.shown + begin;
	end = typist.shown + typist.seen;
	for (long number = 1; number <= FLOOD_LINES; number++) {
		char *behind;

		while (place < end && strchr("\r\n", *place))
			place++;
		if (strtol(place, &behind, 10) != number)
			fail_msg("%ld is missing", number);
		place = behind;
	}
}

static void a_client_that_was_stopped_gets_all_of_a_flood(void **state)
{
	char line[COMMAND_SIZE];
	pid_t shell;

	open_shell(*state);
	shell = ask_pid();
	snprintf(line, sizeof(line), "echo be''gin; seq %d; echo flood is o''ver", FLOOD_LINES);
	typist_enter(&typist, line);
	typist_expect(&typist, "begin\r\n");
	kill(typist.pid, SIGSTOP);
	for (int i = 0; i < 2; i++) {
		pid_t flood;

		if (process_children(shell, &flood, 1) > 0)
			expect_stillness(flood);
	}
	kill(typist.pid, SIGCONT);
	expect_flood();
	expect_prompt();
}

/* --- commands of inetutils-telnet and ours ------------------------------------------------------
 */

static void give_command(const char *command)
{
	typist_type(&typist, ESCAPE);
	typist_expect(&typist, "telnet> ");
	typist_enter(&typist, command);
}

/* The same, and waits until keys go to the server again. */
static void give_command_and_return(const char *command)
{
	give_command(command);
	typist_expect_raw(&typist);
}

/* Enter is one Enter: there is one prompt behind each line. */
static void expect_enter_works(void)
{
	typist_enter(&typist, "");
	expect_prompt();
	typist_enter(&typist, "echo fi''rst");
	typist_expect(&typist, "first\r\nready> ");
	typist_enter(&typist, "echo se''cond");
	typist_expect(&typist, "second\r\nready> ");
}

static void send_ip_interrupts(void **state)
{
	open_shell(*state);
	enter_report();
	give_command_and_return("send ip");
	typist_expect(&typist, "got SIGINT");
	expect_prompt();
}

static void send_susp_stops(void **state)
{
	open_shell(*state);
	enter_report();
	give_command_and_return("send susp");
	typist_expect(&typist, "got SIGTSTP");
	expect_prompt();
}

static void send_brk_and_send_abort_quit(void **state)
{
	open_shell(*state);
	enter_report();
	give_command_and_return("send brk");
	typist_expect(&typist, "got SIGQUIT");
	expect_prompt();
	enter_report();
	give_command_and_return("send abort");
	typist_expect(&typist, "got SIGQUIT");
	expect_prompt();
}

static void send_eof_ends_input(void **state)
{
	open_shell(*state);
	typist_enter(&typist, "echo rea''ding; cat; echo has en''ded");
	typist_expect(&typist, "reading");
	give_command_and_return("send eof");
	typist_expect(&typist, "has ended");
	expect_prompt();
}

static void send_ec_and_send_el_erase(void **state)
{
	open_shell(*state);
	typist_enter(&typist, "echo rea''ding; cat");
	typist_expect(&typist, "reading");
	typist_type(&typist, "wrong");
	give_command_and_return("send el");
	typist_type(&typist, "rightx");
	give_command_and_return("send ec");
	typist_type(&typist, "!\r");
	typist_expect(&typist, "\nright!\r\n");
	typist_type(&typist, "\004");
	expect_prompt();
}

static void send_ayt_is_answered_while_a_program_runs(void **state)
{
	open_shell(*state);
	enter_report();
	give_command_and_return("send ayt");
	typist_expect(&typist, "[Yes]");
}

static void send_synch_and_send_ao_keep_the_session(void **state)
{
	open_shell(*state);
	give_command_and_return("send synch");
	expect_enter_works();
	give_command_and_return("send ao");
	expect_enter_works();
}

static void send_ao_in_a_flood_keeps_the_session(void **state)
{
	open_shell(*state);
	typist_enter(&typist, "yes");
	typist_expect(&typist, "y\r\ny\r\n");
	give_command_and_return("send ao");
	typist_expect(&typist, "y\r\ny\r\n");
	typist_type(&typist, "\003");
	expect_prompt();
}

static void line_mode_and_back_lose_no_line(void **state)
{
	open_shell(*state);
	give_command("mode line");
	expect_enter_works();
	give_command_and_return("mode character");
	expect_enter_works();
}

/* What the client does with Enter and with ^C can be chosen; the shell sees the same. */
static void toggles_change_nothing_for_the_shell(void **state)
{
	static const char *const toggles[] = {"crlf",	    "autoflush", "autosynch",
					      "localchars", "binary",	 "crlf"};

	open_shell(*state);
	for (size_t i = 0; i < sizeof(toggles) / sizeof(toggles[0]); i++) {
		char command[64];

		snprintf(command, sizeof(command), "toggle %s", toggles[i]);
		give_command_and_return(command);
		expect_enter_works();
		enter_report();
		typist_type(&typist, "\003");
		typist_expect(&typist, "got SIGINT");
		expect_prompt();
	}
}

/* --- what BusyBox's client and nc cannot do ----------------------------------------------- */

/* Listens, runs a client, and records what it says. */
static void record(const struct program *program)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int connection;

	assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	start(program, ntohs(address.sin_port));
	connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	close(listener);
	assert_true(connection >= 0);
	client_use(&recorder, connection, NULL);
}

static void busybox_sends_nothing_when_its_window_changes(void **state)
{
	size_t size;

	record(*state);
	client_send(&recorder, BYTES(IAC WILL "\x01" IAC WILL "\x03" IAC DO "\x1f"));
	client_expect_raw(&recorder, BYTES(IAC SB "\x1f\x00\x64\x00\x1e" IAC SE));
	size = recorder.raw.size;
	typist_resize(&typist, 33, 99);
	typist_type(&typist, "x");
	client_expect_raw(&recorder, BYTES("x"));
	assert_int_equal(recorder.raw.size, size + 1);
}

static void nc_fed_by_a_pipe_gets_all_answers(void **state)
{
	const struct program *program = *state;
	const char *arguments[] = {"sh", "-c", NULL, NULL};
	char path[COMMAND_SIZE], command[2 * COMMAND_SIZE];

	if (!ask_shell(program->find, path)) {
		print_message("skipped: there is no %s here\n", program->name);
		skip();
	}
	server_start(&server, "-l", "/bin/sh", NULL);
	snprintf(command, sizeof(command),
		 "printf 'echo fi\"\"rst\\nseq 5000\\necho la\"\"st\\n' | %s -N 127.0.0.1 %hu",
		 path, server.port);
	arguments[2] = command;
	typist.raw = true;
	typist_start(&typist, arguments);
	typist_expect(&typist, "first\r\n");
	typist_expect(&typist, "\n5000\r\n");
	typist_expect(&typist, "last\r\n");
	assert_int_equal(typist_expect_end(&typist), 0);
	server_expect_log(&server, "event=end");
}

/* ------------------------------------------------------------------------------------------ */

#define WITH(program, test)                                                                        \
	{                                                                                          \
#test ", " #program, test, NULL, tear_down, (void *)(uintptr_t)(&(program))        \
	}

#define FOR_ALL(test)                                                                              \
	WITH(ours, test), WITH(inetutils, test), WITH(netkit, test), WITH(busybox, test),          \
		WITH(plink, test), WITH(netcat, test)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FOR_ALL(the_shell_has_a_terminal),
		FOR_ALL(its_size_is_the_window_of_the_client),
		WITH(inetutils, another_size_of_the_window_is_told_to_the_program),
		WITH(ours, another_size_of_the_window_is_told_to_the_program),
		WITH(netkit, another_size_of_the_window_is_told_to_the_program),
		WITH(plink, another_size_of_the_window_is_told_to_the_program),
		FOR_ALL(stty_can_say_the_size_instead),
		FOR_ALL(control_c_interrupts),
		FOR_ALL(control_z_stops_and_fg_goes_on),
		FOR_ALL(vi_edits_a_file),
		FOR_ALL(less_pages_and_searches),
		FOR_ALL(logging_out_ends_the_client),
		WITH(inetutils, closing_by_the_escape_ends_the_shell),
		WITH(ours, closing_by_the_escape_ends_the_shell),
		WITH(netkit, closing_by_the_escape_ends_the_shell),
		WITH(busybox, closing_by_the_escape_ends_the_shell),
		FOR_ALL(killing_the_client_ends_the_shell),
		FOR_ALL(a_client_that_was_stopped_gets_all_of_a_flood),
		WITH(inetutils, send_ip_interrupts),
		WITH(ours, send_ip_interrupts),
		WITH(inetutils, send_susp_stops),
		WITH(ours, send_susp_stops),
		WITH(inetutils, send_brk_and_send_abort_quit),
		WITH(ours, send_brk_and_send_abort_quit),
		WITH(inetutils, send_eof_ends_input),
		WITH(ours, send_eof_ends_input),
		WITH(inetutils, send_ec_and_send_el_erase),
		WITH(ours, send_ec_and_send_el_erase),
		WITH(inetutils, send_ayt_is_answered_while_a_program_runs),
		WITH(ours, send_ayt_is_answered_while_a_program_runs),
		WITH(inetutils, send_synch_and_send_ao_keep_the_session),
		WITH(ours, send_synch_and_send_ao_keep_the_session),
		WITH(inetutils, send_ao_in_a_flood_keeps_the_session),
		WITH(ours, send_ao_in_a_flood_keeps_the_session),
		WITH(inetutils, line_mode_and_back_lose_no_line),
		WITH(ours, line_mode_and_back_lose_no_line),
		WITH(inetutils, toggles_change_nothing_for_the_shell),
		WITH(ours, toggles_change_nothing_for_the_shell),
		WITH(busybox, busybox_sends_nothing_when_its_window_changes),
		WITH(netcat, nc_fed_by_a_pipe_gets_all_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
