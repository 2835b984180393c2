/* SPDX-License-Identifier: ISC */
/* The command line and the configuration file: what they set, and what is wrong with a value. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs those before it. */
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "telnetd/config.h"
#include "telnetd/settings.h"
#include "tests/unit/observe.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#define GOES_ON (-1)

#define NOBODY 65534 /* that it may have no name does not matter */

/* With a file, so that this machine's own is not read, and a program that every machine has. */
#define HERMETIC "-c", "/dev/null", "-l", "/bin/sh"

static struct config config;
static struct capture output;
static char file[] = "/tmp/test_config-XXXXXX";
static size_t descriptors;

static int make_file(void **state)
{
	int descriptor = mkstemp(file);

	(void)state;
	close(descriptor);
	return descriptor < 0 ? -1 : 0;
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(file);
}

static int begin(void **state)
{
	(void)state;
	memset(&config, 0, sizeof(config));
	descriptors = open_descriptors();
	return 0;
}

static int end(void **state)
{
	(void)state;
	config_free(&config);
	return open_descriptors() == descriptors ? 0 : -1;
}

static void write_file(const char *text)
{
	FILE *opened = fopen(file, "we");

	assert_non_null(opened);
	fputs(text, opened);
	fclose(opened);
}

/* Reads a command line; what is printed to this descriptor is kept in `output`. */
static int read_arguments(int descriptor, char *const arguments[])
{
	char *copies[64];
	int count = 0, status;

	for (; arguments[count]; count++)
		copies[count] = arguments[count];
	copies[count] = NULL;
	config_free(&config);
	capture_begin(&output, descriptor);
	status = config_read(&config, count, copies);
	capture_end(&output);
	return status;
}

#define READ(...) read_arguments(STDERR_FILENO, (char *[]){"telnetd", __VA_ARGS__, NULL})

/* The command line is good, and nothing is said of it. */
#define assert_good(...)                                                                           \
	do {                                                                                       \
		assert_int_equal(READ(__VA_ARGS__), GOES_ON);                                      \
		assert_string_equal(output.text, "");                                              \
	} while (0)

/* It is not, which is said in this one line. */
#define assert_bad(line, ...)                                                                      \
	do {                                                                                       \
		assert_int_equal(READ(__VA_ARGS__), CONFIG_EXIT_USAGE);                            \
		assert_string_equal(output.text, "telnetd: " line "\n");                           \
	} while (0)

static void assert_words(char *const words[], const char *const expected[])
{
	size_t i = 0;

	for (; expected[i]; i++) {
		assert_non_null(words[i]);
		assert_string_equal(words[i], expected[i]);
	}
	assert_null(words[i]);
}

/* The file is bad in this line, which is said in one line. */
#define assert_bad_file(number, complaint, ...)                                                    \
	do {                                                                                       \
		char expected[1024];                                                               \
		snprintf(expected, sizeof(expected), "telnetd: %s:%d: %s\n", file, number,         \
			 complaint);                                                               \
		assert_int_equal(READ("-c", file, __VA_ARGS__), CONFIG_EXIT_USAGE);                \
		assert_string_equal(output.text, expected);                                        \
	} while (0)

#define WORDS(...) ((const char *[]){__VA_ARGS__, NULL})

/* --- options ------------------------------------------------------------------------------ */

static void without_options_the_usual_holds(void **state)
{
	(void)state;
	assert_good(HERMETIC);
	assert_false(config.foreground);
	assert_false(config.inetd);
	assert_false(config.to_syslog);
	assert_false(config.same_user);
	assert_int_equal(config.bind_count, 0);
	assert_int_equal(config.port, 23);
	assert_int_equal(config.sessions_per_worker, 1);
	assert_int_equal(config.compress, CONFIG_ASK);
	assert_true(!config.accept_environment || !config.accept_environment[0]);
	if (access("/etc/issue.net", R_OK) == 0)
		assert_string_equal(config.issue, "/etc/issue.net");
	else
		assert_null(config.issue);
}

static void the_usual_login_program_is_login_with_the_clients_address(void **state)
{
	(void)state;
	if (access("/bin/login", X_OK) != 0 || geteuid() != 0) {
		print_message("this machine has no /bin/login, or it is of no use to this user\n");
		skip();
	}
	assert_good("-c", "/dev/null");
	assert_words(config.login, WORDS("/bin/login", "-p", "-h", "%h"));
}

/* login(1) turns every client away where it is not root. */
static void login_is_not_run_for_a_user_who_is_not_root(void **state)
{
	static const char *const wanted[] = {"login program '", "root", "--same-user -l"};
	char *const lines[][5] = {
		{"telnetd", "-c", "/dev/null", NULL, NULL},
		{"telnetd", "-c", "/dev/null", "--same-user", NULL},
		{"telnetd", "-c", "/dev/null", "-l/bin/login -f nobody", NULL},
	};
	bool root = geteuid() == 0;

	(void)state;
	if (access("/bin/login", X_OK) != 0) {
		print_message("this machine has no /bin/login\n");
		skip();
	}
	for (size_t i = 0; i < LENGTH(lines); i++) {
		int status;

		if (root)
			assert_int_equal(setresuid(NOBODY, NOBODY, 0), 0);
		status = read_arguments(STDERR_FILENO, lines[i]);
		if (root)
			assert_int_equal(setresuid(0, 0, 0), 0);
		assert_int_equal(status, CONFIG_EXIT_USAGE);
		assert_int_equal(count_of(output.text, "\n"), 1);
		for (size_t j = 0; j < LENGTH(wanted); j++)
			assert_non_null(strstr(output.text, wanted[j]));
	}
}

static void another_program_is_run_for_any_user(void **state)
{
	bool root = geteuid() == 0;
	int status;

	(void)state;
	if (root)
		assert_int_equal(setresuid(NOBODY, NOBODY, 0), 0);
	status = READ(HERMETIC);
	if (root)
		assert_int_equal(setresuid(0, 0, 0), 0);
	assert_int_equal(status, GOES_ON);
	assert_string_equal(output.text, "");
}

static void the_usual_file_need_not_be_there(void **state)
{
	(void)state;
	if (access("/etc/telnetd.conf", F_OK) == 0) {
		print_message("this machine has an /etc/telnetd.conf\n");
		skip();
	}
	assert_good("-l", "/bin/sh");
}

static void foreground_is_an_option(void **state)
{
	(void)state;
	assert_good(HERMETIC, "-F");
	assert_true(config.foreground);
	assert_good(HERMETIC, "--foreground");
	assert_true(config.foreground);
}

static void inetd_is_an_option(void **state)
{
	(void)state;
	assert_good(HERMETIC, "-i");
	assert_true(config.inetd);
	assert_good(HERMETIC, "--inetd");
	assert_true(config.inetd);
}

static void syslog_is_an_option(void **state)
{
	(void)state;
	assert_good(HERMETIC, "-S");
	assert_true(config.to_syslog);
	assert_good(HERMETIC, "--syslog");
	assert_true(config.to_syslog);
}

static void same_user_is_an_option(void **state)
{
	(void)state;
	assert_good(HERMETIC, "--same-user");
	assert_true(config.same_user);
}

static void linemode_is_an_option(void **state)
{
	(void)state;
	assert_good(HERMETIC);
	assert_int_equal(config.linemode, CONFIG_YES);
	assert_good(HERMETIC, "--linemode", "no");
	assert_int_equal(config.linemode, CONFIG_NO);
	assert_good(HERMETIC, "--linemode=ask");
	assert_int_equal(config.linemode, CONFIG_ASK);
	assert_good(HERMETIC, "--linemode", "yes");
	assert_int_equal(config.linemode, CONFIG_YES);
	assert_bad("--linemode: bad value 'always' of linemode: yes, no or ask is wanted", HERMETIC,
		   "--linemode", "always");
}

static void port_is_an_option(void **state)
{
	(void)state;
	assert_good(HERMETIC, "-p", "2323");
	assert_int_equal(config.port, 2323);
	assert_good(HERMETIC, "--port", "0");
	assert_int_equal(config.port, 0);
	assert_good(HERMETIC, "--port=65535");
	assert_int_equal(config.port, 65535);
}

static void login_is_an_option_with_arguments_after_spaces(void **state)
{
	(void)state;
	assert_good("-c", "/dev/null", "-l", "/bin/sh");
	assert_words(config.login, WORDS("/bin/sh"));
	assert_good("-c", "/dev/null", "--login", "  /bin/sh  -c \techo%h ");
	assert_words(config.login, WORDS("/bin/sh", "-c", "echo%h"));
}

/* To name the default is to say nothing new. */
static void the_usual_issue_need_not_be_there(void **state)
{
	bool there = access("/etc/issue.net", R_OK) == 0;

	(void)state;
	assert_good(HERMETIC, "-f", "/etc/issue.net");
	assert_int_equal(config.issue != NULL, there);
}

static void issue_is_an_option(void **state)
{
	(void)state;
	assert_good(HERMETIC, "-f", file);
	assert_string_equal(config.issue, file);
	assert_good(HERMETIC, "--issue", "/dev/null");
	assert_string_equal(config.issue, "/dev/null");
}

static void the_file_is_an_option(void **state)
{
	(void)state;
	write_file("port = 4242\n");
	assert_good("-l", "/bin/sh", "-c", file);
	assert_int_equal(config.port, 4242);
	assert_good("-l", "/bin/sh", "--config", file);
	assert_int_equal(config.port, 4242);
}

static void sessions_per_worker_is_an_option(void **state)
{
	(void)state;
	assert_good(HERMETIC, "--sessions-per-worker", "0");
	assert_int_equal(config.sessions_per_worker, 0);
	assert_good(HERMETIC, "--sessions-per-worker=1000000");
	assert_int_equal(config.sessions_per_worker, 1000000);
}

/* Nothing else than closing when login ends is to be had; BusyBox's -K is taken for its sake. */
static void busyboxs_option_k_is_accepted(void **state)
{
	(void)state;
	assert_good(HERMETIC, "-K");
}

static void short_options_may_stand_together(void **state)
{
	(void)state;
	assert_good(HERMETIC, "-FKSp", "2323");
	assert_true(config.foreground);
	assert_true(config.to_syslog);
	assert_int_equal(config.port, 2323);
	assert_good(HERMETIC, "-Fp2324");
	assert_int_equal(config.port, 2324);
}

static void the_last_of_several_values_holds(void **state)
{
	(void)state;
	assert_good(HERMETIC, "-p", "1", "-p", "2");
	assert_int_equal(config.port, 2);
}

static void version_and_help_are_printed_and_end_the_program(void **state)
{
	char *const version[][3] = {{"telnetd", "-V", NULL}, {"telnetd", "--version", NULL}};
	char *const help[][3] = {{"telnetd", "-h", NULL}, {"telnetd", "--help", NULL}};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(read_arguments(STDOUT_FILENO, version[i]), 0);
		assert_string_equal(output.text, "telnetd " TELNETD_VERSION "\n");
		assert_int_equal(read_arguments(STDOUT_FILENO, help[i]), 0);
		assert_int_equal(strncmp(output.text, "usage: telnetd ", 15), 0);
	}
}

/* As in a line of inetd's for another server: there it keeps the host's name from being shown. */
static void h_with_inetd_shows_no_issue(void **state)
{
	char *const lines[][9] = {
		{"telnetd", HERMETIC, "-i", "-h", "-f/dev/null", NULL},
		{"telnetd", HERMETIC, "-h", "-i", "-f/dev/null", NULL},
		{"telnetd", HERMETIC, "-hi", "-f/dev/null", NULL},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(lines); i++) {
		assert_int_equal(read_arguments(STDOUT_FILENO, lines[i]), GOES_ON);
		assert_string_equal(output.text, "");
		assert_true(config.inetd);
		assert_null(config.issue);
	}
	assert_good(HERMETIC, "-i", "-f", "/dev/null");
	assert_string_equal(config.issue, "/dev/null");
}

static void help_names_every_option(void **state)
{
	static const char *const options[] = {
		"-F, --foreground",
		"-b, --bind ",
		"-p, --port ",
		"-l, --login ",
		"-f, --issue ",
		"-i, --inetd",
		"-K ",
		"-S, --syslog",
		"-c, --config ",
		"--same-user",
		"-V, --version",
		" --help ",
		"-h ",
		"--sessions-per-worker ",
		"--linemode ",
	};
	char *const help[] = {"telnetd", "--help", NULL};

	(void)state;
	read_arguments(STDOUT_FILENO, help);
	for (size_t i = 0; i < LENGTH(options); i++)
		if (!strstr(output.text, options[i]))
			fail_msg("help does not name %s", options[i]);
}

/* --- addresses ---------------------------------------------------------------------------- */

static void assert_bound(size_t i, const char *host, const char *port)
{
	assert_true(i < config.bind_count);
	assert_string_equal(config.binds[i].host, host);
	if (port)
		assert_string_equal(config.binds[i].port, port);
	else
		assert_null(config.binds[i].port);
}

static void an_address_may_have_a_port(void **state)
{
	(void)state;
	assert_good(HERMETIC, "-b", "192.0.2.1", "--bind", "192.0.2.1:2323", "-b", "2001:db8::1",
		    "-b", "[2001:db8::1]", "-b", "[2001:db8::1]:0", "-b", "::", "-b",
		    "fe80::1%eth0");
	assert_int_equal(config.bind_count, 7);
	assert_bound(0, "192.0.2.1", NULL);
	assert_bound(1, "192.0.2.1", "2323");
	assert_bound(2, "2001:db8::1", NULL);
	assert_bound(3, "2001:db8::1", NULL);
	assert_bound(4, "2001:db8::1", "0");
	assert_bound(5, "::", NULL);
	assert_bound(6, "fe80::1%eth0", NULL);
}

static void many_addresses_but_not_too_many_may_be_given(void **state)
{
	char *arguments[2 * CONFIG_BINDS_MAX + 8] = {"telnetd", HERMETIC};
	size_t count = 5;
	char expected[128];

	(void)state;
	for (size_t i = 0; i < CONFIG_BINDS_MAX; i++) {
		arguments[count++] = "-b";
		arguments[count++] = "127.0.0.1";
	}
	assert_int_equal(read_arguments(STDERR_FILENO, arguments), GOES_ON);
	assert_int_equal(config.bind_count, CONFIG_BINDS_MAX);
	arguments[count++] = "-b127.0.0.9";
	assert_int_equal(read_arguments(STDERR_FILENO, arguments), CONFIG_EXIT_USAGE);
	snprintf(expected, sizeof(expected),
		 "telnetd: -b: too many addresses at '127.0.0.9': at most %d are listened on\n",
		 CONFIG_BINDS_MAX);
	assert_string_equal(output.text, expected);
}

/* --- bad values --------------------------------------------------------------------------- */

#define PORT_WANTED ": a number from 0 (any free port) to 65535 is wanted"

static void a_bad_port_is_named(void **state)
{
	(void)state;
	assert_bad("-p: bad port '65536'" PORT_WANTED, HERMETIC, "-p", "65536");
	assert_bad("-p: bad port '-1'" PORT_WANTED, HERMETIC, "-p", "-1");
	assert_bad("-p: bad port ''" PORT_WANTED, HERMETIC, "-p", "");
	assert_bad("--port: bad port 'telnet'" PORT_WANTED, HERMETIC, "--port", "telnet");
	assert_bad("-p: bad port '23x'" PORT_WANTED, HERMETIC, "-p", "23x");
	assert_bad("-p: bad port ' 23'" PORT_WANTED, HERMETIC, "-p", " 23");
	assert_bad("-p: bad port '+23'" PORT_WANTED, HERMETIC, "-p", "+23");
	assert_bad("-p: bad port '18446744073709551639'" PORT_WANTED, HERMETIC, "-p",
		   "18446744073709551639");
}

static void a_bad_address_is_named(void **state)
{
	(void)state;
	assert_bad("-b: bad port 'x'" PORT_WANTED, HERMETIC, "-b", "127.0.0.1:x");
	assert_bad("-b: bad port ''" PORT_WANTED, HERMETIC, "-b", "127.0.0.1:");
	assert_bad("-b: bad port '65536'" PORT_WANTED, HERMETIC, "-b", "[::1]:65536");
	assert_bad("-b: bad address '[::1': [ADDR]:PORT is wanted", HERMETIC, "-b", "[::1");
	assert_bad("-b: bad address '[::1]23': [ADDR]:PORT is wanted", HERMETIC, "-b", "[::1]23");
}

static void a_bad_login_program_is_named(void **state)
{
	(void)state;
	assert_bad("-l: bad login program '': an absolute path is wanted", "-c", "/dev/null", "-l",
		   "");
	assert_bad("-l: bad login program '  ': an absolute path is wanted", "-c", "/dev/null",
		   "-l", "  ");
	assert_bad("-l: bad login program 'sh -c x': an absolute path is wanted", "-c", "/dev/null",
		   "-l", "sh -c x");
	assert_bad("-l: cannot run login program '/nonexistent': No such file or directory", "-c",
		   "/dev/null", "-l", "/nonexistent -x");
	assert_bad("-l: cannot run login program '/dev/null': Permission denied", "-c", "/dev/null",
		   "-l", "/dev/null");
	assert_bad("-l: cannot run login program '/tmp': Is a directory", "-c", "/dev/null", "-l",
		   "/tmp");
}

static void a_bad_issue_file_is_named(void **state)
{
	(void)state;
	assert_bad("-f: cannot read issue file '/nonexistent': No such file or directory", HERMETIC,
		   "-f", "/nonexistent");
	assert_bad("-f: cannot read issue file '': No such file or directory", HERMETIC, "-f", "");
	assert_bad("-f: cannot read issue file '/tmp': Is a directory", HERMETIC, "-f", "/tmp");
}

static void a_bad_configuration_file_is_named(void **state)
{
	(void)state;
	assert_bad("cannot read configuration file '/nonexistent': No such file or directory", "-c",
		   "/nonexistent");
	assert_bad("cannot read configuration file '/tmp': Is a directory", "-c", "/tmp");
}

#define SESSIONS_WANTED ": a number from 0 (all shared, one worker per core) to 1000000 is wanted"

static void a_bad_number_of_sessions_is_named(void **state)
{
	(void)state;
	assert_bad("--sessions-per-worker: bad number of sessions per worker 'all'" SESSIONS_WANTED,
		   HERMETIC, "--sessions-per-worker", "all");
	assert_bad("--sessions-per-worker: bad number of sessions per worker '-1'" SESSIONS_WANTED,
		   HERMETIC, "--sessions-per-worker=-1");
	assert_bad("--sessions-per-worker: bad number of sessions per worker "
		   "'1000001'" SESSIONS_WANTED,
		   HERMETIC, "--sessions-per-worker", "1000001");
}

static void an_unknown_option_is_named(void **state)
{
	(void)state;
	assert_bad("unknown option '-x': see telnetd --help", HERMETIC, "-x");
	assert_bad("unknown option '-Fx': see telnetd --help", HERMETIC, "-Fx");
	assert_bad("unknown option '--froot': see telnetd --help", HERMETIC, "--froot");
	assert_bad("unknown option '--foreground=yes': see telnetd --help", HERMETIC,
		   "--foreground=yes");
	assert_bad("unknown option '--s': see telnetd --help", HERMETIC, "--s"); /* of several */
}

static void an_option_without_its_value_is_named(void **state)
{
	(void)state;
	assert_bad("option '-p' wants a value: see telnetd --help", HERMETIC, "-p");
	assert_bad("option '--bind' wants a value: see telnetd --help", HERMETIC, "--bind");
	assert_bad("option '-Fl' wants a value: see telnetd --help", "-c", "/dev/null", "-Fl");
}

static void an_argument_that_belongs_to_nothing_is_named(void **state)
{
	(void)state;
	assert_bad("unknown argument 'host': see telnetd --help", HERMETIC, "host");
	assert_bad("unknown argument 'host': see telnetd --help", HERMETIC, "host", "-F");
	assert_bad("unknown argument 'host': see telnetd --help", HERMETIC, "host", "--bad");
	assert_bad("unknown argument '-F': see telnetd --help", HERMETIC, "--", "-F");
}

/* --- the file ----------------------------------------------------------------------------- */

static void the_file_sets_what_the_options_do(void **state)
{
	(void)state;
	write_file("# a comment\n"
		   "port = 2323\n"
		   "login = \"/bin/sh -c true\"\n"
		   "issue = \"/dev/null\"\n"
		   "sessions-per-worker = 0\n"
		   "bind = {\"127.0.0.1\", \"[::1]:2324\"}\n"
		   "accept-env = {\"EDITOR\", \"TZ\"}\n"
		   "linemode = ask\n"
		   "same-user = true\n");
	assert_good("-c", file);
	assert_int_equal(config.port, 2323);
	assert_words(config.login, WORDS("/bin/sh", "-c", "true"));
	assert_string_equal(config.issue, "/dev/null");
	assert_int_equal(config.sessions_per_worker, 0);
	assert_int_equal(config.bind_count, 2);
	assert_bound(0, "127.0.0.1", NULL);
	assert_bound(1, "::1", "2324");
	assert_words(config.accept_environment, WORDS("EDITOR", "TZ"));
	assert_true(config.same_user);
	assert_int_equal(config.linemode, CONFIG_ASK);
}

/* --- character sets ----------------------------------------------------------------------- */

static void assert_agreeable(const char *const *names)
{
	size_t i = 0;

	for (; names[i]; i++)
		assert_string_equal(config.charsets.agreeable[i], names[i]);
	assert_null(config.charsets.agreeable[i]);
}

static void assert_all_agreeable(void)
{
	for (size_t i = 0; i < CHARSETS_MAX; i++)
		assert_ptr_equal(config.charsets.agreeable[i], charsets_at(i));
	assert_null(charsets_at(CHARSETS_MAX));
	assert_null(config.charsets.agreeable[CHARSETS_MAX]);
}

static void every_character_set_may_be_agreed_on_by_default(void **state)
{
	(void)state;
	assert_good(HERMETIC);
	assert_null(config.charsets.terminal);
	assert_null(config.charsets.client);
	assert_all_agreeable();
}

static void the_file_names_character_sets_in_upper_or_lower_case(void **state)
{
	static const char *const named[] = {"CP949", "Shift_JIS", NULL};

	(void)state;
	write_file("charset = iso-8859-15\nclient-charset = ibm037\n"
		   "charsets = { cp949, SHIFT_JIS }\n");
	assert_good("-c", file, "-l", "/bin/sh", "--sessions-per-worker", "0");
	assert_string_equal(config.charsets.terminal, "ISO-8859-15");
	assert_string_equal(config.charsets.client, "IBM037");
	assert_agreeable(named);
}

static void an_empty_list_of_character_sets_offers_none(void **state)
{
	static const char *const none[] = {NULL};

	(void)state;
	write_file("charsets = { }\n");
	assert_good("-c", file, "-l", "/bin/sh");
	assert_agreeable(none);
	assert_good("-c", file, "-l", "/bin/sh", "--sessions-per-worker", "0");
	assert_agreeable(none);
}

static void all_stands_for_every_character_set(void **state)
{
	(void)state;
	write_file("charsets = { all }\n");
	assert_good("-c", file, "-l", "/bin/sh");
	assert_all_agreeable();
}

#define KNOWN                                                                                      \
	": one of UTF-8, US-ASCII, ISO-8859-1, ISO-8859-15, EUC-KR, CP949, EUC-JP, Shift_JIS, "    \
	"ISO-2022-JP, GB18030, Big5, KOI8-R, windows-1251, windows-1252, CP437, CP850, "           \
	"IBM037, IBM1047 is wanted"

/* With lines before it, to be counted. */
#define assert_bad_line(complaint, line)                                                           \
	do {                                                                                       \
		write_file("# a comment\n\n/* and\n another */\n" line "\n");                      \
		assert_bad_file(5, complaint, "-l", "/bin/sh");                                    \
	} while (0)

static void a_character_set_that_cannot_be_is_named(void **state)
{
	(void)state;
	assert_bad_line("unknown character set 'UTF-9'" KNOWN, "charset = UTF-9");
	assert_bad_line("unknown character set 'UTF-8//IGNORE'" KNOWN,
			"client-charset = \"UTF-8//IGNORE\"");
	assert_bad_line("unknown character set 'EUC-XX'" KNOWN, "charsets = { EUC-KR, EUC-XX }");
	assert_bad_line("bad character set 'all': only charsets = { all } can have it",
			"charsets = { EUC-KR, all }");
	assert_bad_line("bad charset 'IBM037': terminals cannot have it, client-charset can",
			"charset = IBM037");
	assert_bad_line("bad charset 'iso-2022-jp': terminals cannot have it, client-charset can",
			"charset = iso-2022-jp");
	assert_bad_line("too many character sets at 's': there are 18",
			"charsets = {a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s}");
}

#define NAME_WANTED " of accept-env: letters, digits and _ are wanted"

static void a_variable_that_no_client_may_set_is_named(void **state)
{
	(void)state;
	assert_bad_line("bad variable ''" NAME_WANTED, "accept-env = { EDITOR, \"\" }");
	assert_bad_line("bad variable 'A=B'" NAME_WANTED, "accept-env = { EDITOR, \"A=B\" }");
	assert_bad_line("bad variable 'A B'" NAME_WANTED, "accept-env = { \"A B\" }");
	assert_bad_line("bad variable '1ST'" NAME_WANTED, "accept-env = { \"1ST\" }");
	assert_bad_line("bad variable 'A-B'" NAME_WANTED, "accept-env = { \"A-B\" }");
	assert_bad_line("bad variable 'PATH' of accept-env: no client may set it",
			"accept-env = { PATH }");
	assert_bad_line("bad variable 'BASH_ENV' of accept-env: no client may set it",
			"accept-env = { EDITOR, BASH_ENV }");
	assert_bad_line("bad variable 'LD_ANYTHING' of accept-env: no client may set it",
			"accept-env = { LD_ANYTHING }");
}

static void converters_are_loaded_for_what_is_named(void **state)
{
	(void)state;
	write_file("charset = EUC-KR\nclient-charset = KOI8-R\n"
		   "charsets = { CP949, US-ASCII }\n");
	assert_good("-c", file, "-l", "/bin/sh");
	charsets_load(&config.charsets);
	/* Neither a set of single bytes nor ASCII needs one. */
	assert_int_equal(config.charsets.converter_count, 2 * 2);
	assert_string_equal(config.charsets.agreeable[0], "CP949");
	assert_string_equal(config.charsets.agreeable[1], "US-ASCII");
	charsets_unload(&config.charsets);
	assert_int_equal(config.charsets.converter_count, 0);
}

static void the_command_line_wins_over_the_file_in_any_order(void **state)
{
	(void)state;
	write_file(
		"port = 2323\nlogin = /nonexistent\nissue = /nonexistent\n"
		"linemode = ask\nsessions-per-worker = 5\nbind = {\"127.0.0.1\", \"127.0.0.2\"}\n");
	assert_good("-p", "4242", "-l", "/bin/sh", "-c", file, "-f", "/dev/null", "-b", "127.0.0.3",
		    "--sessions-per-worker", "7", "--linemode", "no");
	assert_int_equal(config.linemode, CONFIG_NO);
	assert_int_equal(config.port, 4242);
	assert_words(config.login, WORDS("/bin/sh"));
	assert_string_equal(config.issue, "/dev/null");
	assert_int_equal(config.sessions_per_worker, 7);
	assert_int_equal(config.bind_count, 1);
	assert_bound(0, "127.0.0.3", NULL);
}

static void same_user_in_the_file_is_a_truth_value(void **state)
{
	static const char *const yes[] = {"true", "yes", "on"}, *const no[] = {"false", "no",
									       "off"};

	(void)state;
	for (size_t i = 0; i < LENGTH(yes); i++) {
		char line[32];

		snprintf(line, sizeof(line), "same-user = %s\n", yes[i]);
		write_file(line);
		assert_good("-l", "/bin/sh", "-c", file);
		assert_true(config.same_user);
		snprintf(line, sizeof(line), "same-user = %s\n", no[i]);
		write_file(line);
		assert_good("-l", "/bin/sh", "-c", file);
		assert_false(config.same_user);
	}
	assert_good("-l", "/bin/sh", "-c", file, "--same-user");
	assert_true(config.same_user);
}

static void compress_in_the_file_is_yes_no_or_ask(void **state)
{
	(void)state;
	write_file("compress = yes\n");
	assert_good("-l", "/bin/sh", "-c", file);
	assert_int_equal(config.compress, CONFIG_YES);
	write_file("compress = no\n");
	assert_good("-l", "/bin/sh", "-c", file);
	assert_int_equal(config.compress, CONFIG_NO);
	write_file("compress = ask\n");
	assert_good("-l", "/bin/sh", "-c", file);
	assert_int_equal(config.compress, CONFIG_ASK);
}

static void a_bad_value_in_the_file_is_named(void **state)
{
	(void)state;
	assert_bad_line("bad port 'telnet'" PORT_WANTED, "port = telnet");
	write_file("login = sh\n");
	assert_bad_file(1, "bad login program 'sh': an absolute path is wanted", "-p", "1");
	assert_bad_line("cannot read issue file '/nonexistent': No such file or directory",
			"issue = /nonexistent");
	assert_bad_line("bad number of sessions per worker 'many'" SESSIONS_WANTED,
			"sessions-per-worker = many");
	assert_bad_line("bad port 'x'" PORT_WANTED, "bind = {\"127.0.0.1:x\"}");
	assert_bad_line("bad value 'true' of linemode: yes, no or ask is wanted",
			"linemode = true");
	assert_bad_line("bad value 'perhaps' of same-user: true or false is wanted",
			"same-user = perhaps");
	assert_bad_line("bad value '9' of compress: yes, no or ask is wanted", "compress = 9");
}

static void a_bad_value_of_a_list_is_named_with_its_own_line(void **state)
{
	(void)state;
	write_file("bind = {\n127.0.0.1,\n\"127.0.0.1:x\",\n127.0.0.2 }\nport = 1\n");
	assert_bad_file(3, "bad port 'x'" PORT_WANTED, "-l", "/bin/sh");
	write_file("accept-env = { EDITOR }\naccept-env += {\nTZ,\nPATH\n}\n");
	assert_bad_file(4, "bad variable 'PATH' of accept-env: no client may set it", "-l",
			"/bin/sh");
}

/* libconfuse counts comments wrong. */
static void lines_are_counted_whatever_comments_and_quotations_there_are(void **state)
{
	static const char *const texts[] = {
		"# a\n#\n## b\nport = x\n",
		"// a\n//\n/// b\nport = x\n",
		"/* a\n\n */\n/* b */ port = x # c\n",
		"\"login\" = \"/bin/sh\\\"#\n//\n'\" # it's\nport = x\n",
		"login = '/bin/sh\\'#\n/*\n\"'\nport = x\n",
		"login = /bin//sh/*\n\n\nport = x\n",
		"bind={1.1.1.1,//\"\n#}\n1.1.1.2}\nport = x\n",
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(texts); i++) {
		write_file(texts[i]);
		assert_bad_file(4, "bad port 'x'" PORT_WANTED, "-f", "/dev/null");
	}
}

static void a_file_that_is_no_text_is_an_error(void **state)
{
	FILE *opened = fopen(file, "we");

	(void)state;
	assert_non_null(opened);
	fwrite("port = 23\nlogin\0 = x\n", 1, 21, opened);
	fclose(opened);
	assert_bad_file(2, "a NUL byte: text is wanted", "-l", "/bin/sh");
}

static void an_empty_file_sets_nothing(void **state)
{
	(void)state;
	write_file("");
	assert_good("-c", file, "-l", "/bin/sh");
	write_file("# nothing");
	assert_good("-c", file, "-l", "/bin/sh");
	assert_int_equal(config.port, 23);
}

static void a_complaint_of_a_value_stays_one_line(void **state)
{
	(void)state;
	assert_bad("-p: bad port '?x?[1m?'" PORT_WANTED, HERMETIC, "-p", "\nx\033[1m\r");
	assert_bad_line("bad port '2?3'" PORT_WANTED, "port = \"2\\n3\"");
}

/* Nobody would look for the second where the first is. */
static void a_name_that_is_given_twice_is_an_error(void **state)
{
	char text[128], complaint[128];

	(void)state;
	for (size_t i = 0; settings_name(i); i++) {
		const char *value = settings_is_list((enum setting)i) ? "{ a, b }" : "a";

		snprintf(text, sizeof(text), "%s = %s\n\n%s = %s\n", settings_name(i), value,
			 settings_name(i), value);
		snprintf(complaint, sizeof(complaint), "%s is set already in line 1",
			 settings_name(i));
		write_file(text);
		assert_bad_file(3, complaint, "-l", "/bin/sh");
	}
}

static void a_list_may_be_added_to(void **state)
{
	(void)state;
	write_file("bind = { 127.0.0.1 }\nbind += { 127.0.0.2, 127.0.0.3 }\nbind += 127.0.0.4\n");
	assert_good("-c", file, "-l", "/bin/sh");
	assert_int_equal(config.bind_count, 4);
	assert_bound(0, "127.0.0.1", NULL);
	assert_bound(3, "127.0.0.4", NULL);
	assert_int_equal(config.binds[0].origin.line, 1);
	assert_int_equal(config.binds[2].origin.line, 2);
	assert_string_equal(config.binds[3].origin.file, file);
}

static void too_many_addresses_in_the_file_are_an_error(void **state)
{
	(void)state;
	write_file("bind = {1.1.1.1, 1.1.1.1, 1.1.1.1, 1.1.1.1, 1.1.1.1, 1.1.1.1, 1.1.1.1, 1.1.1.1,"
		   "1.1.1.1, 1.1.1.1, 1.1.1.1, 1.1.1.1, 1.1.1.1, 1.1.1.1, 1.1.1.1, 1.1.1.1,\n"
		   "2.2.2.2}\n");
	assert_bad_file(2, "too many addresses at '2.2.2.2': at most 16 are listened on", "-p",
			"1");
}

/* Said by libconfuse, with the file and the line in it. */
static void what_is_no_setting_is_named_with_its_line(void **state)
{
	static const struct {
		const char *text;
		const char *said;
	} cases[] = {
		{"port = 23\nbanner = x\n", ":2: no such option 'banner'\n"},
		{"port 23\n", ":1: missing equal sign after option 'port'\n"},
		{"port =\n", ":2: premature end of file\n"},
		{"port = 23\nlogin = \"/bin/sh\n\n", ":2: a quotation without an end\n"},
		{"login = '/bin/sh\\'\n", ":1: a quotation without an end\n"},
		{"\n/* port = 23\n", ":2: a comment without an end\n"},
		{"port = 23 24\n", ":1: no such option '24'\n"},
		{"port = }\n", ":1: unexpected token '}'\n"},
		{"port += 24\n", ":1: attempt to append to non-list option 'port'\n"},
		{"bind = {\n1.2.3.4\n1.2.3.5}\n", ":3: unexpected token '1.2.3.5'\n"},
		{"}\n", ":1: unexpected closing brace\n"},
		{"\x7f\x45LF", "\n"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		char expected[128];

		snprintf(expected, sizeof(expected), "telnetd: %s", file);
		write_file(cases[i].text);
		assert_int_equal(READ("-l", "/bin/sh", "-c", file), CONFIG_EXIT_USAGE);
		assert_int_equal(strncmp(output.text, expected, strlen(expected)), 0);
		assert_non_null(strstr(output.text, cases[i].said));
		assert_int_equal(count_of(output.text, "\n"), 1);
	}
}

/* --- contrib/telnetd.conf ----------------------------------------------------------------- */

#define EXAMPLE TEST_SOURCE_DIRECTORY "/contrib/telnetd.conf"

/* Copies the example to the file, with each line that a setting is in taken out of its comment. */
static void uncomment_example(void)
{
	FILE *from = fopen(EXAMPLE, "re"), *to = fopen(file, "we");
	char line[512];

	assert_non_null(from);
	assert_non_null(to);
	while (fgets(line, sizeof(line), from)) {
		bool setting = line[0] == '#' && line[1] >= 'a' && line[1] <= 'z';

		if (line[0] != '#' && line[0] != '\n')
			fail_msg(EXAMPLE " sets something: %s", line);
		fputs(setting ? line + 1 : line, to);
	}
	fclose(from);
	fclose(to);
}

static void the_example_has_every_setting_once(void **state)
{
	char text[64 * 1024] = "", line[64];
	FILE *opened = fopen(EXAMPLE, "re");

	(void)state;
	assert_non_null(opened);
	assert_true(fread(text, 1, sizeof(text) - 1, opened) > 0);
	fclose(opened);
	for (size_t i = 0; settings_name(i); i++) {
		snprintf(line, sizeof(line), "\n#%s = ", settings_name(i));
		if (count_of(text, line) != 1)
			fail_msg(EXAMPLE " has %s not once, but %zu times", settings_name(i),
				 count_of(text, line));
	}
}

static void assert_same_choices(const struct config *usual)
{
	assert_int_equal(config.port, usual->port);
	assert_int_equal(config.bind_count, usual->bind_count);
	assert_int_equal(config.sessions_per_worker, usual->sessions_per_worker);
	assert_int_equal(config.same_user, usual->same_user);
	assert_int_equal(config.linemode, usual->linemode);
	assert_int_equal(config.compress, usual->compress);
	assert_int_equal(config.issue != NULL, usual->issue != NULL);
	if (config.issue)
		assert_string_equal(config.issue, usual->issue);
	assert_null(config.accept_environment[0]);
	assert_null(usual->accept_environment[0]);
}

static void assert_same_charsets(const struct charsets *usual)
{
	assert_string_equal(config.charsets.terminal, usual->terminal ? usual->terminal : "UTF-8");
	assert_ptr_equal(config.charsets.client, usual->client);
	assert_memory_equal(config.charsets.agreeable, usual->agreeable, sizeof(usual->agreeable));
}

static void the_example_without_its_comments_says_what_holds_anyway(void **state)
{
	struct config usual;
	char **arguments = geteuid() == 0 && access("/bin/login", X_OK) == 0
				   ? (char *[]){"telnetd", "-c", "/dev/null", NULL}
				   : (char *[]){"telnetd", HERMETIC, NULL};

	(void)state;
	uncomment_example();
	assert_int_equal(read_arguments(STDERR_FILENO, arguments), GOES_ON);
	usual = config;
	memset(&config, 0, sizeof(config));
	arguments[2] = file;
	assert_int_equal(read_arguments(STDERR_FILENO, arguments), GOES_ON);
	assert_string_equal(output.text, "");
	assert_same_choices(&usual);
	assert_same_charsets(&usual.charsets);
	assert_words(config.login, (const char *const *)usual.login);
	config_free(&usual);
}

static void a_file_that_may_not_be_read_is_named(void **state)
{
	char expected[128];
	bool root = geteuid() == 0;
	int status;

	(void)state;
	assert_int_equal(chmod(file, 0), 0);
	snprintf(expected, sizeof(expected),
		 "telnetd: cannot read configuration file '%s': Permission denied\n", file);
	if (root)
		assert_int_equal(setresuid(NOBODY, NOBODY, 0), 0);
	status = READ("-l", "/bin/sh", "-c", file);
	if (root)
		assert_int_equal(setresuid(0, 0, 0), 0);
	assert_int_equal(chmod(file, 0600), 0);
	assert_int_equal(status, CONFIG_EXIT_USAGE);
	assert_string_equal(output.text, expected);
}

#define with_config(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_config(without_options_the_usual_holds),
		with_config(the_usual_login_program_is_login_with_the_clients_address),
		with_config(login_is_not_run_for_a_user_who_is_not_root),
		with_config(another_program_is_run_for_any_user),
		with_config(the_usual_file_need_not_be_there),
		with_config(foreground_is_an_option),
		with_config(inetd_is_an_option),
		with_config(syslog_is_an_option),
		with_config(same_user_is_an_option),
		with_config(linemode_is_an_option),
		with_config(port_is_an_option),
		with_config(login_is_an_option_with_arguments_after_spaces),
		with_config(issue_is_an_option),
		with_config(the_usual_issue_need_not_be_there),
		with_config(the_file_is_an_option),
		with_config(sessions_per_worker_is_an_option),
		with_config(busyboxs_option_k_is_accepted),
		with_config(short_options_may_stand_together),
		with_config(the_last_of_several_values_holds),
		with_config(version_and_help_are_printed_and_end_the_program),
		with_config(h_with_inetd_shows_no_issue),
		with_config(help_names_every_option),
		with_config(an_address_may_have_a_port),
		with_config(many_addresses_but_not_too_many_may_be_given),
		with_config(a_bad_port_is_named),
		with_config(a_bad_address_is_named),
		with_config(a_bad_login_program_is_named),
		with_config(a_bad_issue_file_is_named),
		with_config(a_bad_configuration_file_is_named),
		with_config(a_bad_number_of_sessions_is_named),
		with_config(an_unknown_option_is_named),
		with_config(an_option_without_its_value_is_named),
		with_config(an_argument_that_belongs_to_nothing_is_named),
		with_config(the_file_sets_what_the_options_do),
		with_config(every_character_set_may_be_agreed_on_by_default),
		with_config(the_file_names_character_sets_in_upper_or_lower_case),
		with_config(an_empty_list_of_character_sets_offers_none),
		with_config(all_stands_for_every_character_set),
		with_config(a_variable_that_no_client_may_set_is_named),
		with_config(a_character_set_that_cannot_be_is_named),
		with_config(converters_are_loaded_for_what_is_named),
		with_config(the_command_line_wins_over_the_file_in_any_order),
		with_config(same_user_in_the_file_is_a_truth_value),
		with_config(compress_in_the_file_is_yes_no_or_ask),
		with_config(a_bad_value_in_the_file_is_named),
		with_config(a_bad_value_of_a_list_is_named_with_its_own_line),
		with_config(lines_are_counted_whatever_comments_and_quotations_there_are),
		with_config(a_file_that_is_no_text_is_an_error),
		with_config(an_empty_file_sets_nothing),
		with_config(a_complaint_of_a_value_stays_one_line),
		with_config(a_name_that_is_given_twice_is_an_error),
		with_config(a_list_may_be_added_to),
		with_config(too_many_addresses_in_the_file_are_an_error),
		with_config(what_is_no_setting_is_named_with_its_line),
		with_config(the_example_has_every_setting_once),
		with_config(the_example_without_its_comments_says_what_holds_anyway),
		with_config(a_file_that_may_not_be_read_is_named),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
