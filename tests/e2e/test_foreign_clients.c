/* SPDX-License-Identifier: ISC */
/*
 * Logging in by login(1) with programs that speak TELNET in ways of their own: clients for games,
 * ncat, file transfer programs, and the libraries that scripts use. All are as they come: with the
 * settings that they have by default.
 */
#include "tests/e2e/support/client.h"
#include "tests/e2e/support/machine.h"
#include "tests/e2e/support/server.h"
#include "tests/e2e/support/trial.h"
#include "tests/e2e/support/typist.h"
#include "tests/e2e/support/wire.h"

#include <stdlib.h>
#include <string.h>

#define ARGUMENTS_MAX 10
#define ARGUMENT_SIZE 256
#define SCRIPT(name) (TEST_SOURCE_DIRECTORY "/tests/e2e/programs/" name)

/* Where contrib/install-deps puts what the system has no package of. */
#define CACHE "${XDG_CACHE_HOME:-$HOME/.cache}/telnetd-tests"

/* What a user takes to read a prompt: longer than the server waits before a go-ahead. */
#define READING_MS 200

/* Their arguments: PLACE stands for what `find` prints, PORT for the server's port. */
struct foreign {
	const char *name;
	const char *find; /* a shell command that prints where it is, or nothing */
	const char *arguments[ARGUMENTS_MAX];
	unsigned char margin; /* columns of the window that it keeps for itself */
	const char *leave; /* what ends it when the session is over; NULL: it ends by itself */
};

/* The command that scripts run, and what it prints. */
#define COMMAND "echo on''ce"
#define ONCE "once"

static const struct foreign ncat = {
	.name = "ncat",
	.find = "command -v ncat",
	.arguments = {"PLACE", "-t", "127.0.0.1", "PORT"},
	.leave = "\004",
};

/* A game is shown as a page of its own, unless -v says otherwise. */
static const struct foreign tf4 = {
	.name = "tf (version 4)",
	.find = "ls /usr/games/tf",
	.arguments = {"PLACE", "-v", "127.0.0.1", "PORT"},
	.leave = "/quit\r",
};

static const struct foreign tf5 = {
	.name = "tf5",
	.find = "command -v tf5",
	.arguments = {"PLACE", "-v", "127.0.0.1", "PORT"},
	.margin = 1,
	.leave = "/quit\r",
};

static const struct foreign tintin = {
	.name = "tintin++",
	.find = "ls /usr/games/tt++",
	.arguments = {"PLACE", "-G", "-e", "#session machine 127.0.0.1 PORT"},
	.leave = "#end\r",
};

static const struct foreign libtelnet = {
	.name = "libtelnet's telnet-client",
	.find = "command -v telnet-client",
	.arguments = {"PLACE", "127.0.0.1", "PORT"},
};

static const struct foreign kermit = {
	.name = "kermit",
	.find = "command -v kermit",
	.arguments = {"PLACE", "-Y", "-H", "-J", "127.0.0.1", "PORT"},
};

/* When it reads its terminal it waits for a line, and looks at the server only after that. */
static const struct foreign curl = {
	.name = "curl",
	.find = "curl --version | grep -qw telnet && command -v curl",
	.arguments = {"PLACE", "-sS", "telnet://127.0.0.1:PORT"},
	.leave = "\004\004\004",
};

static const struct foreign npm = {
	.name = "npm's telnet-client",
	.find = "command -v node >/dev/null && ls -d " CACHE "/telnet-client-*",
	.arguments = {"node", SCRIPT("log_in.js"), "PLACE", "PORT", MACHINE_USER, MACHINE_PASSWORD,
		      MACHINE_PROMPT, COMMAND},
};

static const struct foreign telnetlib = {
	.name = "Python's telnetlib",
	.find = "python3 -W ignore -c 'import telnetlib' 2>/dev/null && echo telnetlib",
	.arguments = {"python3", "-W", "ignore", SCRIPT("log_in.py"), "PORT", MACHINE_USER,
		      MACHINE_PASSWORD, MACHINE_PROMPT, COMMAND},
};

static const struct foreign net_telnet = {
	.name = "Perl's Net::Telnet",
	.find = "perl -MNet::Telnet -e 1 2>/dev/null && echo Net::Telnet",
	.arguments = {"perl", SCRIPT("log_in.pl"), "PORT", MACHINE_USER, MACHINE_PASSWORD,
		      MACHINE_PROMPT, COMMAND},
};

static const struct foreign expect = {
	.name = "expect",
	.find = "command -v telnet >/dev/null && command -v expect",
	.arguments = {"PLACE", SCRIPT("log_in.exp"), "PORT", MACHINE_USER, MACHINE_PASSWORD,
		      MACHINE_PROMPT, COMMAND},
};

static struct server server;
static struct typist typist;
static struct wire wire;
static const char *obstacle; /* why there is no machine to log in to */

static int set_up_machine(void **state)
{
	(void)state;
	obstacle = machine_enter();
	if (!obstacle && access("/bin/login", X_OK) != 0)
		obstacle = "there is no login(1) here";
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
	wire_stop(&wire);
	return server_stop(&server);
}

/* --- beginning ------------------------------------------------------------------------------ */

/* Where a program is. Skips the test without the program, or without a machine to log in to. */
static void find(const struct foreign *program, char place[ARGUMENT_SIZE])
{
	snprintf(place, ARGUMENT_SIZE, "%s", obstacle ? "" : machine_ask(program->find));
	place[strcspn(place, "\n")] = '\0';
	if (place[0] != '\0')
		return;
	if (obstacle)
		print_message("skipped: %s\n", obstacle);
	else
		print_message(
			"skipped: there is no %s here; contrib/install-deps clients installs it\n",
			program->name);
	skip();
}

/* Copies an argument, with a value in the place of a word in it. */
static void replace(char argument[ARGUMENT_SIZE], const char *word, const char *value)
{
	const char *found = strstr(argument, word);
	char with_value[ARGUMENT_SIZE];

	if (!found)
		return;
	snprintf(with_value, sizeof(with_value), "%.*s%s%s", (int)(found - argument), argument,
		 value, found + strlen(word));
	memcpy(argument, with_value, ARGUMENT_SIZE);
}

static void call(const struct foreign *program)
{
	char text[ARGUMENTS_MAX][ARGUMENT_SIZE], place[ARGUMENT_SIZE], port[8];
	const char *arguments[ARGUMENTS_MAX + 1] = {NULL};

	find(program, place);
	server_start(&server, NULL);
	wire_start(&wire, server.port);
	snprintf(port, sizeof(port), "%hu", wire.port);
	for (size_t i = 0; i < ARGUMENTS_MAX && program->arguments[i]; i++) {
		snprintf(text[i], ARGUMENT_SIZE, "%s", program->arguments[i]);
		replace(text[i], "PLACE", place);
		replace(text[i], "PORT", port);
		arguments[i] = text[i];
	}
	typist_start(&typist, arguments);
}

/* What a user does before answering: what the server sends meanwhile, the client answers. */
static void read_prompt(void)
{
	long long end = trial_now() + READING_MS;

	while (trial_now() < end) {
		typist_has(&typist, "");
		trial_pause();
	}
}

#define AWAIT(text) wire_expect_from_server(&wire, BYTES(text))

static void log_in(void)
{
	AWAIT("login: ");
	read_prompt();
	typist_enter(&typist, MACHINE_USER);
	AWAIT("Password: ");
	read_prompt();
	typist_enter(&typist, MACHINE_PASSWORD);
	AWAIT(MACHINE_PROMPT);
	read_prompt();
}

/* The client may stay; its server's session is over. */
static void expect_good_end(const struct foreign *program)
{
	server_expect_line(&server, "event=end", "why=\"program ended\"", NULL);
	if (program->leave)
		typist_type(&typist, program->leave);
	typist_expect_end(&typist);
	assert_true(machine_is_deserted());
}

/* --- clients that people use at a terminal ---------------------------------------------------- */

static size_t count_on_screen(const char *text)
{
	const char *place = typist.shown, *end = typist.shown + typist.size;
	size_t count = 0;

	while ((place = memmem(place, (size_t)(end - place), text, strlen(text)))) {
		place++;
		count++;
	}
	return count;
}

static void a_user_logs_in_and_out(void **state)
{
	const struct foreign *program = *state;

	call(program);
	log_in();
	assert_string_not_equal(machine_who(MACHINE_USER), "");
	typist_enter(&typist, "exit");
	expect_good_end(program);
}

/* od(1) shows every byte that came, in a form that differs from what was typed. */
static void what_is_typed_arrives_whole_and_is_shown_once(void **state)
{
	const struct foreign *program = *state;

	call(program);
	log_in();
	typist_enter(&typist, "echo rea''ding; head -n 1 | od -An -c; echo do''ne");
	AWAIT("reading");
	read_prompt();
	typist_enter(&typist, "plain");
	AWAIT("   p   l   a   i   n  \\n\r\n");
	AWAIT("done");
	typist_expect(&typist, "p   l   a   i   n");
	typist_expect(&typist, "done");
	assert_int_equal(count_on_screen("plain"), 1);
	assert_int_equal(count_on_screen("p   l   a   i   n"), 1);
	typist_enter(&typist, "exit");
	expect_good_end(program);
}

static void the_size_of_its_window_is_the_terminals(void **state)
{
	const struct foreign *program = *state;
	unsigned char columns = (unsigned char)(99 - program->margin);
	char window[] = IAC SB "\x1f\x00?\x00\x21" IAC SE, size[16];

	window[4] = (char)columns;
	snprintf(size, sizeof(size), "33 %hhu\r\n", columns);
	call(program);
	log_in();
	typist_resize(&typist, 33, 99);
	wire_expect_within_client(&wire, window, sizeof(window) - 1);
	typist_enter(&typist, "stty size");
	wire_expect_from_server(&wire, size, strlen(size));
	typist_enter(&typist, "exit");
	expect_good_end(program);
}

/* Clients for games name themselves first, as a terminal that no machine knows. */
static void the_machine_knows_its_terminal(void **state)
{
	const struct foreign *program = *state;

	call(program);
	log_in();
	typist_enter(&typist, "tput cols >/dev/null && echo kn''own");
	AWAIT("known\r\n");
	typist_enter(&typist, "exit");
	expect_good_end(program);
}

/* --- clients that scripts use ----------------------------------------------------------------- */

static void a_script_logs_in_and_reads_what_a_command_prints(void **state)
{
	const struct foreign *program = *state;

	call(program);
	typist_expect(&typist, "printed: ");
	typist_expect(&typist, ONCE);
	assert_false(typist_has(&typist, ONCE));
	assert_int_equal(typist_expect_end(&typist), 0);
	expect_good_end(program);
}

/* ------------------------------------------------------------------------------------------------
 */

#define WITH(program, test)                                                                        \
	{                                                                                          \
#test ", " #program, test, set_up, tear_down, (void *)(uintptr_t)(&(program))      \
	}

#define FOR_ALL(test)                                                                              \
	WITH(ncat, test), WITH(tf4, test), WITH(tf5, test), WITH(tintin, test),                    \
		WITH(libtelnet, test), WITH(kermit, test)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FOR_ALL(a_user_logs_in_and_out),
		WITH(curl, a_user_logs_in_and_out),
		FOR_ALL(what_is_typed_arrives_whole_and_is_shown_once),
		WITH(tf5, the_machine_knows_its_terminal),
		WITH(tintin, the_machine_knows_its_terminal),
		WITH(libtelnet, the_machine_knows_its_terminal),
		WITH(kermit, the_machine_knows_its_terminal),
		WITH(tf5, the_size_of_its_window_is_the_terminals),
		WITH(tintin, the_size_of_its_window_is_the_terminals),
		WITH(kermit, the_size_of_its_window_is_the_terminals),
		WITH(npm, a_script_logs_in_and_reads_what_a_command_prints),
		WITH(telnetlib, a_script_logs_in_and_reads_what_a_command_prints),
		WITH(net_telnet, a_script_logs_in_and_reads_what_a_command_prints),
		WITH(expect, a_script_logs_in_and_reads_what_a_command_prints),
	};

	return cmocka_run_group_tests(tests, set_up_machine, NULL);
}
