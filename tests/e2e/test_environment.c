/* SPDX-License-Identifier: ISC */
/*
 * What of all that a client tells of itself reaches the login program, and that nothing else does:
 * the login program here shows its arguments and its environment.
 */
#include "tests/e2e/support/client.h"
#include "tests/e2e/support/server.h"
#include "tests/e2e/support/trial.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BODY_SIZE 4096
#define LINE_SIZE 1024

/* Of RFC 1572; of RFC 1408 as it is written, which the BSD code had the other way round. */
enum {
	VAR,
	VALUE,
	ESC,
	USERVAR,
};

/* What every forbidden value holds, and no permitted one. */
#define MARK "smuggled"

/* What would have a login program, the linker, a shell or a library do what a client wants. */
static const char *const forbidden[] = {
	"LD_PRELOAD",
	"LD_LIBRARY_PATH",
	"LD_AUDIT",
	"LD_DEBUG_OUTPUT",
	"PATH",
	"IFS",
	"ENV",
	"BASH_ENV",
	"BASH_FUNC_ls%%",
	"SHELLOPTS",
	"PS4",
	"CDPATH",
	"CREDENTIALS_DIRECTORY",
	"GCONV_PATH",
	"GETCONF_DIR",
	"HOSTALIASES",
	"LOCALDOMAIN",
	"RES_OPTIONS",
	"TERMINFO",
	"TERMINFO_DIRS",
	"TERMPATH",
	"TERMCAP",
	"TERM",
	"HOME",
	"USER",
	"LOGNAME",
	"SHELL",
	"MAIL",
	"TZ",
	"TZDIR",
	"TMPDIR",
	"NLSPATH",
	"LOCPATH",
	"LANGUAGE",
	"MALLOC_TRACE",
	"MALLOC_CHECK_",
	"GLIBC_TUNABLES",
	"PYTHONPATH",
	"PYTHONSTARTUP",
	"PERL5LIB",
	"PERL5OPT",
	"RUBYLIB",
	"KRB5CCNAME",
	"KRB5_CONFIG",
	"XAUTHORITY",
	"DISPLAY",
	"JOB",
	"PRINTER",
	"LC_",
	"LC_/ALL",
	"lc_all",
	"lang",
	"LANG=C",
	"LC_ALL=C\nLD_PRELOAD",
	"",
	" ",
};

static struct server server;
static struct client client;

static int start_server(void **state)
{
	(void)state;
	server_start(&server, "-l", trial_built("tests/programs/show"), NULL);
	return 0;
}

static int stop_server(void **state)
{
	(void)state;
	client_close(&client);
	trial_remove_directory();
	return server_stop(&server);
}

/* Has the login program show what it gets from such a terminal. */
static void show(const struct terminal *terminal)
{
	client_close(&client);
	client_connect_as(&client, &server, terminal);
	client_expect(&client, "end of show");
	client_expect_end(&client);
}

static bool shows_line(const char *line)
{
	char whole[LINE_SIZE + sizeof("\n\r\n")];

	snprintf(whole, sizeof(whole), "\n%s\r\n", line);
	return client_has(&client, whole);
}

static void assert_shows(const char *line)
{
	if (shows_line(line))
		return;
	trial_show("shown", client.text.bytes, client.text.size);
	fail_msg("'%s' has not come to the login program", line);
}

static void assert_hides(const char *text)
{
	if (!client_has(&client, text))
		return;
	trial_show("shown", client.text.bytes, client.text.size);
	fail_msg("'%s' has come to the login program", text);
}

/* --- what passes -------------------------------------------------------------------------- */

static void show_permitted(bool user)
{
	const struct variable variables[] = {
		{user, "LANG", "de_DE.UTF-8@euro"},
		{user, "LC_ALL", "C"},
		{user, "LC_TIME", "en_GB.UTF-8"},
		{user, "COLORTERM", "truecolor"},
		{user, NULL, NULL},
	};
	struct terminal terminal = usual_terminal;

	terminal.variables = variables;
	show(&terminal);
	assert_shows("LANG=de_DE.UTF-8@euro");
	assert_shows("LC_ALL=C");
	assert_shows("LC_TIME=en_GB.UTF-8");
	assert_shows("COLORTERM=truecolor");
}

static void language_and_colours_pass_as_var_and_as_uservar(void **state)
{
	(void)state;
	show_permitted(false);
	show_permitted(true);
}

static void language_passes_by_old_environ_in_both_byte_orders(void **state)
{
	struct terminal terminal = usual_terminal;

	(void)state;
	terminal.old_environment = "\0LANG\1it_IT\0LC_ALL\1fr_FR";
	terminal.old_environment_size = sizeof("\0LANG\1it_IT\0LC_ALL\1fr_FR") - 1;
	show(&terminal);
	assert_shows("LANG=it_IT");
	assert_shows("LC_ALL=fr_FR");
	terminal.old_environment = "\1LANG\0nl_NL\1LC_ALL\0sv_SE";
	show(&terminal);
	assert_shows("LANG=nl_NL");
	assert_shows("LC_ALL=sv_SE");
}

static void a_display_passes_by_xdisploc(void **state)
{
	struct terminal terminal = usual_terminal;

	(void)state;
	terminal.display = "desk.example.org:0.0";
	show(&terminal);
	assert_shows("DISPLAY=desk.example.org:0.0");
}

static void a_terminal_type_becomes_term_in_small_letters(void **state)
{
	struct terminal terminal = usual_terminal;

	(void)state;
	terminal.type = "XTERM-256COLOR";
	show(&terminal);
	assert_shows("TERM=xterm-256color");
}

static void a_variable_that_the_configuration_names_passes(void **state)
{
	const struct variable variables[] = {
		{true, "EDITOR", "vi -e"}, {true, "EDITORS", MARK}, {true, NULL, NULL}};
	struct terminal terminal = usual_terminal;

	(void)state;
	assert_int_equal(server_stop(&server), 0);
	server_start(&server, "-l", trial_built("tests/programs/show"), "-c",
		     trial_file("conf", "accept-env = {\"EDITOR\"}\n"), NULL);
	terminal.variables = variables;
	show(&terminal);
	assert_shows("EDITOR=vi -e");
	assert_hides(MARK);
}

/* Answers the offers, and names terminal types when it is asked for them. */
static void show_as(const char *const types[], size_t count, const char *more)
{
	client_close(&client);
	client_connect(&client, &server);
	client_send(&client, BYTES(IAC DO "\1" IAC DO "\3" IAC DONT "\5" IAC WILL "\3" IAC WILL
					  "\x18" IAC WONT "\x1f" IAC WONT "\x20" IAC WONT "\x23"));
	client_type(&client, more);
	client_send(&client, BYTES(IAC WONT "\x21"));
	for (size_t i = 0; i < count; i++) {
		client_expect_raw(&client, BYTES(IAC SB "\x18\1" IAC SE));
		client_send(&client, BYTES(IAC SB "\x18\0"));
		client_type(&client, types[i]);
		client_send(&client, BYTES(IAC SE));
	}
	client_expect(&client, "end of show");
	client_expect_end(&client);
}

/* tf names itself, and then what it is like; most machines have never heard of it. */
static void the_first_terminal_type_that_the_machine_knows_becomes_term(void **state)
{
	static const char *const known[] = {"TINYFUGUE", "ANSI-ATTR", "ANSI", "UNKNOWN", "UNKNOWN"};
	static const char *const unknown[] = {"TINYFUGUE", "ANSI-ATTR", "ANSI-ATTR"};
	static const char *const first[] = {"XTERM", "ANSI", "ANSI"};
	static const char refused[] = IAC WONT "\x27" IAC WONT "\x24";

	(void)state;
	show_as(known, COUNT(known), refused);
	assert_shows("TERM=ansi");
	server_expect_log(&server, " term=ansi");
	show_as(unknown, COUNT(unknown), refused);
	assert_shows("TERM=tinyfugue");
	show_as(first, COUNT(first), refused);
	assert_shows("TERM=xterm");
}

static void a_terminal_that_says_so_by_mtts_has_true_colour(void **state)
{
	static const char *const plain[] = {"CLIENT", "XTERM", "MTTS 13", "MTTS 13"};
	static const char *const colourful[] = {"CLIENT", "XTERM", "MTTS 269", "MTTS 269"};
	static const char refused[] = IAC WONT "\x27" IAC WONT "\x24";

	(void)state;
	show_as(plain, COUNT(plain), refused);
	assert_shows("TERM=xterm");
	assert_hides("COLORTERM");
	show_as(colourful, COUNT(colourful), refused);
	assert_shows("TERM=xterm");
	assert_shows("COLORTERM=truecolor");
}

static void what_the_client_says_of_its_colours_itself_counts_more(void **state)
{
	static const char *const types[] = {"CLIENT", "XTERM", "MTTS 269", "MTTS 269"};
	static const char told[] = IAC WILL "\x27" IAC SB "\x27\2\3COLORTERM\00124bit" IAC SE;

	(void)state;
	show_as(types, COUNT(types), told);
	assert_shows("COLORTERM=24bit");
	assert_hides("truecolor");
}

static void what_is_told_again_after_login_does_no_harm(void **state)
{
	(void)state;
	assert_int_equal(server_stop(&server), 0);
	server_start(&server, "-l", "/bin/sh", NULL);
	client_open_shell(&client, &server);
	for (int i = 0; i < 20; i++)
		client_send(&client,
			    BYTES(IAC SB "\x18\0OTHER" IAC SE IAC SB "\x20\0"
					 "1200,300" IAC SE IAC SB "\x23\0other:0" IAC SE IAC WONT
					 "\x18" IAC WILL "\x18" IAC WONT "\x20" IAC WILL
					 "\x20" IAC WILL "\x23" IAC WONT "\x23"));
	client_enter(&client, "echo TE''RM=$TERM DIS''PLAY=$DISPLAY; stty speed; stty size");
	client_expect(&client, "TERM=xterm DISPLAY=\r\n38400\r\n24 80\r\n");
}

/* --- what does not ------------------------------------------------------------------------ */

static void hide_forbidden(bool user)
{
	struct variable variables[COUNT(forbidden) + 1] = {0};
	struct terminal terminal = usual_terminal;

	for (size_t i = 0; i < COUNT(forbidden); i++)
		variables[i] = (struct variable){user, forbidden[i], MARK};
	terminal.variables = variables;
	show(&terminal);
	assert_hides(MARK);
}

static void nothing_else_passes_as_var(void **state)
{
	(void)state;
	hide_forbidden(false);
}

static void nothing_else_passes_as_uservar(void **state)
{
	(void)state;
	hide_forbidden(true);
}

static void nothing_else_passes_when_it_is_told_later(void **state)
{
	static const char told[] = IAC SB "\x27\2\0LD_PRELOAD\1" MARK "\3ENV\1" MARK IAC SE;

	(void)state;
	assert_int_equal(server_stop(&server), 0);
	server_start(&server, "-l", "/bin/sh", NULL);
	client_open_shell(&client, &server);
	client_send(&client, BYTES(told));
	client_enter(&client, "env; echo do''ne");
	client_expect(&client, "done");
	assert_hides(MARK);
}

static void hide_forbidden_of_old(char variable_type, char value_type)
{
	struct terminal terminal = usual_terminal;
	char body[BODY_SIZE];
	size_t size = 0;

	for (size_t i = 0; i < COUNT(forbidden); i++) {
		assert_true(size + strlen(forbidden[i]) + sizeof(MARK) + 2 < sizeof(body));
		body[size++] = variable_type;
		memcpy(body + size, forbidden[i], strlen(forbidden[i]));
		size += strlen(forbidden[i]);
		body[size++] = value_type;
		memcpy(body + size, MARK, strlen(MARK));
		size += strlen(MARK);
	}
	terminal.old_environment = body;
	terminal.old_environment_size = size;
	show(&terminal);
	assert_hides(MARK);
	terminal.offers_old_environment = true;
	show(&terminal);
	assert_hides(MARK);
}

static void nothing_else_passes_by_old_environ_in_either_byte_order(void **state)
{
	(void)state;
	hide_forbidden_of_old(VAR, VALUE);
	hide_forbidden_of_old(VALUE, VAR);
}

static void a_permitted_name_does_not_pass_with_a_dangerous_value(void **state)
{
	static const char *const values[] = {
		"../../tmp/" MARK, "/tmp/" MARK, "C\nLD_PRELOAD=" MARK, "C\r" MARK,
		"$(" MARK ")",	   "`" MARK "`", MARK "\x1b[2J",	MARK " and more",
		"%n%s" MARK,	   "'" MARK,	 MARK "=" MARK,		MARK "\xc3\xa4",
		MARK ";ls",	   "",
	};
	static const char *const names[] = {"LANG", "LC_ALL", "COLORTERM"};
	struct terminal terminal = usual_terminal;

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		struct variable variables[COUNT(names) + 1] = {0};

		for (size_t j = 0; j < COUNT(names); j++)
			variables[j] = (struct variable){false, names[j], values[i]};
		terminal.variables = variables;
		show(&terminal);
		assert_hides(MARK);
		assert_hides("LANG=");
		assert_hides("LC_ALL=");
	}
}

static void a_display_does_not_pass_with_a_dangerous_value(void **state)
{
	static const char *const values[] = {MARK " :0", "$(" MARK "):0", MARK "\n:0", MARK ":0;"};
	struct terminal terminal = usual_terminal;

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		terminal.display = values[i];
		show(&terminal);
		assert_hides(MARK);
	}
}

static void a_terminal_type_that_is_a_path_does_not_pass(void **state)
{
	static const char *const types[] = {
		"../" MARK,
		"/tmp/" MARK,
		MARK "/..",
		"." MARK,
		MARK "\n",
		MARK " x",
		"-" MARK,
		"..",
		MARK "\x1b[2J",
		"%s" MARK,
		MARK MARK MARK MARK MARK MARK, /* 48 characters */
	};
	struct terminal terminal = usual_terminal;

	(void)state;
	for (size_t i = 0; i < COUNT(types); i++) {
		terminal.type = types[i];
		show(&terminal);
		assert_hides(MARK);
		assert_hides("..");
	}
}

static void the_login_program_gets_exactly_its_configured_arguments(void **state)
{
	const struct variable variables[] = {
		{false, "USER", "-f" MARK}, {true, "USER", MARK}, {false, NULL, NULL}};
	struct terminal terminal = usual_terminal;
	char login[1024];

	(void)state;
	assert_int_equal(server_stop(&server), 0);
	snprintf(login, sizeof(login), "%s -p -h %%h", trial_built("tests/programs/show"));
	server_start(&server, "-l", login, NULL);
	terminal.variables = variables;
	show(&terminal);
	client_close(&client);
	client_connect_as(&client, &server, &terminal);
	client_expect(&client, "show\r\n-p\r\n-h\r\n127.0.0.1\r\n--\r\n");
	client_expect_end(&client);
	assert_hides(MARK);
}

static void nothing_of_the_servers_own_environment_passes(void **state)
{
	(void)state;
	assert_int_equal(server_stop(&server), 0);
	setenv("TELNETD_TEST_SECRET", MARK, 1);
	server_start(&server, "-l", trial_built("tests/programs/show"), NULL);
	unsetenv("TELNETD_TEST_SECRET");
	show(&usual_terminal);
	assert_hides(MARK);
}

/* With -p, util-linux's login(1) would leave them as they are: root's. */
static void what_login_sets_is_not_set_before(void **state)
{
	static const char *const names[] = {
		"\nPATH=", "\nHOME=", "\nSHELL=", "\nUSER=", "\nLOGNAME=", "\nMAIL=", "\nPWD="};

	(void)state;
	if (geteuid() != 0) {
		print_message("%s: skipped: only root's server serves others\n", __func__);
		skip();
	}
	show(&usual_terminal);
	for (size_t i = 0; i < COUNT(names); i++)
		assert_hides(names[i]);
	assert_shows("TERM=xterm");
}

static void a_server_of_one_user_gives_the_program_that_users_environment(void **state)
{
	const struct passwd *user = getpwuid(geteuid());
	char line[LINE_SIZE];

	(void)state;
	assert_non_null(user);
	assert_int_equal(server_stop(&server), 0);
	server_start(&server, "--same-user", "-l", trial_built("tests/programs/show"), NULL);
	show(&usual_terminal);
	assert_shows("PATH=/usr/local/bin:/usr/bin:/bin");
	snprintf(line, sizeof(line), "HOME=%s", user->pw_dir);
	assert_shows(line);
	snprintf(line, sizeof(line), "SHELL=%s", user->pw_shell);
	assert_shows(line);
	snprintf(line, sizeof(line), "USER=%s", user->pw_name);
	assert_shows(line);
	snprintf(line, sizeof(line), "LOGNAME=%s", user->pw_name);
	assert_shows(line);
}

/* The monitor takes as many descriptors as it may, for many sessions; the program does not. */
static void the_login_program_may_open_as_many_files_as_the_server_was_given(void **state)
{
	struct rlimit usual, few, monitors;

	(void)state;
	assert_int_equal(server_stop(&server), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
	few = (struct rlimit){.rlim_cur = 333, .rlim_max = usual.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	server_start(&server, "-l", "/bin/sh", NULL);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
	client_open_shell(&client, &server);
	client_enter(&client, "echo fi''les $(ulimit -n)");
	client_expect(&client, "files 333\r\n");
	assert_int_equal(prlimit(server.pid, RLIMIT_NOFILE, NULL, &monitors), 0);
	assert_int_equal(monitors.rlim_cur, usual.rlim_max);
}

/* ------------------------------------------------------------------------------------------ */

#define ENVIRONMENT_TEST(name) cmocka_unit_test_setup_teardown(name, start_server, stop_server)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ENVIRONMENT_TEST(language_and_colours_pass_as_var_and_as_uservar),
		ENVIRONMENT_TEST(language_passes_by_old_environ_in_both_byte_orders),
		ENVIRONMENT_TEST(a_display_passes_by_xdisploc),
		ENVIRONMENT_TEST(a_terminal_type_becomes_term_in_small_letters),
		ENVIRONMENT_TEST(a_variable_that_the_configuration_names_passes),
		ENVIRONMENT_TEST(the_first_terminal_type_that_the_machine_knows_becomes_term),
		ENVIRONMENT_TEST(a_terminal_that_says_so_by_mtts_has_true_colour),
		ENVIRONMENT_TEST(what_the_client_says_of_its_colours_itself_counts_more),
		ENVIRONMENT_TEST(what_is_told_again_after_login_does_no_harm),
		ENVIRONMENT_TEST(nothing_else_passes_as_var),
		ENVIRONMENT_TEST(nothing_else_passes_as_uservar),
		ENVIRONMENT_TEST(nothing_else_passes_when_it_is_told_later),
		ENVIRONMENT_TEST(nothing_else_passes_by_old_environ_in_either_byte_order),
		ENVIRONMENT_TEST(a_permitted_name_does_not_pass_with_a_dangerous_value),
		ENVIRONMENT_TEST(a_display_does_not_pass_with_a_dangerous_value),
		ENVIRONMENT_TEST(a_terminal_type_that_is_a_path_does_not_pass),
		ENVIRONMENT_TEST(the_login_program_gets_exactly_its_configured_arguments),
		ENVIRONMENT_TEST(nothing_of_the_servers_own_environment_passes),
		ENVIRONMENT_TEST(what_login_sets_is_not_set_before),
		ENVIRONMENT_TEST(a_server_of_one_user_gives_the_program_that_users_environment),
		ENVIRONMENT_TEST(the_login_program_may_open_as_many_files_as_the_server_was_given),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
