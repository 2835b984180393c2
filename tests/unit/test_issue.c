/* SPDX-License-Identifier: ISC */
/* The issue file: its text as it stands, and the escapes that agetty(8) knows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs those before it. */
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include <utmpx.h>

#include "telnetd/issue.h"
#include "tests/unit/observe.h"

#define SPEED 38400UL

static void write_file(char *path, const char *text, size_t size)
{
	int file = mkstemp(path);

	assert_true(file >= 0);
	assert_int_equal(write(file, text, size), size);
	close(file);
}

/* Shows a file with this text on the line pts/7. The caller frees it. */
static char *show(const char *text, size_t size, size_t *shown)
{
	char path[] = "/tmp/test_issue-XXXXXX";
	char *issue;

	write_file(path, text, size);
	issue = issue_read(path, "pts/7", SPEED, shown);
	unlink(path);
	assert_non_null(issue);
	return issue;
}

static void assert_shown(const char *text, const char *expected)
{
	size_t size;
	char *issue = show(text, strlen(text), &size);

	assert_string_equal(issue, expected);
	assert_int_equal(size, strlen(expected));
	free(issue);
}

static void text_is_shown_as_it_stands(void **state)
{
	(void)state;
	assert_shown("Welcome to %s%n\n\tauthorized users \xc3\xbc only\r\n",
		     "Welcome to %s%n\n\tauthorized users \xc3\xbc only\r\n");
	assert_shown("", "");
	assert_shown("no newline at the end", "no newline at the end");
}

static void zeros_are_text_too(void **state)
{
	size_t size;
	char *issue = show("a\0b", 3, &size);

	(void)state;
	assert_int_equal(size, 3);
	assert_memory_equal(issue, "a\0b", 3);
	free(issue);
}

static void the_names_of_the_system_are_unames(void **state)
{
	struct utsname names;
	char expected[6 * sizeof(names.sysname)];

	(void)state;
	uname(&names);
	snprintf(expected, sizeof(expected), "%s|%s|%s|%s|%s|%s", names.sysname, names.nodename,
		 names.release, names.version, names.machine, names.domainname);
	assert_shown("\\s|\\n|\\r|\\v|\\m|\\o", expected);
}

static void the_line_and_the_speed_are_the_sessions(void **state)
{
	(void)state;
	assert_shown("on \\l at \\b\n", "on pts/7 at 38400\n");
}

static void the_systems_name_is_that_of_os_release(void **state)
{
	char line[256] = "", expected[256] = "";
	FILE *release = fopen("/etc/os-release", "re");
	struct utsname names;

	(void)state;
	uname(&names);
	snprintf(expected, sizeof(expected), "%s", names.sysname);
	while (release && fgets(line, sizeof(line), release))
		if (sscanf(line, "PRETTY_NAME=\"%255[^\"\n]", expected) == 1)
			break;
	if (release)
		fclose(release);
	assert_shown("\\S", expected);
}

/* The second may change while the file is read. */
static void the_date_and_the_time_are_now(void **state)
{
	time_t now = time(NULL);
	bool shown = false;
	size_t size;
	char *issue = show("\\d \\t", strlen("\\d \\t"), &size);

	(void)state;
	for (time_t end = time(NULL); now <= end; now++) {
		char expected[64];

		strftime(expected, sizeof(expected), "%a %b %e %Y %H:%M:%S", localtime(&now));
		shown |= strcmp(issue, expected) == 0;
	}
	assert_true(shown);
	free(issue);
}

/* Who is logged in is counted in a file of the test's own. */
static void log_users_in(char *path, int users)
{
	write_file(path, "", 0);
	utmpxname(path);
	setutxent();
	for (int i = 0; i < users; i++) {
		struct utmpx record = {.ut_type = USER_PROCESS, .ut_pid = getpid()};

		record.ut_id[0] = (char)('a' + i);
		snprintf(record.ut_line, sizeof(record.ut_line), "pts/%d", i);
		snprintf(record.ut_user, sizeof(record.ut_user), "user");
		if (pututxline(&record) == NULL) {
			unlink(path);
			print_message("this C library keeps no records of logins\n");
			skip();
		}
	}
	pututxline(&(struct utmpx){.ut_type = DEAD_PROCESS, .ut_id = "z", .ut_line = "pts/9"});
	endutxent();
}

static void assert_users_shown(int users, const char *expected)
{
	char path[] = "/tmp/test_issue-utmp-XXXXXX";
	size_t size;
	char *issue;

	log_users_in(path, users);
	issue = show("\\u,\\U", strlen("\\u,\\U"), &size);
	utmpxname("/var/run/utmp");
	unlink(path);
	assert_string_equal(issue, expected);
	free(issue);
}

static void users_are_counted_and_one_is_a_user(void **state)
{
	(void)state;
	assert_users_shown(0, "0,0 users");
	assert_users_shown(1, "1,1 user");
	assert_users_shown(3, "3,3 users");
}

static void a_doubled_backslash_is_one(void **state)
{
	(void)state;
	assert_shown("\\\\l", "\\l");
	assert_shown("\\\\\\l", "\\pts/7");
}

static void other_escapes_are_shown_as_they_stand(void **state)
{
	(void)state;
	assert_shown("\\z\\4\\e[1m\\%s\\\n", "\\z\\4\\e[1m\\%s\\\n");
}

static void a_backslash_at_the_end_is_shown(void **state)
{
	(void)state;
	assert_shown("end\\", "end\\");
}

static void a_file_without_end_is_cut_short(void **state)
{
	size_t size = 0;
	char *issue = issue_read("/dev/zero", "pts/7", SPEED, &size);

	(void)state;
	assert_non_null(issue);
	assert_int_equal(size, 64 * 1024);
	free(issue);
}

static void a_file_that_cannot_be_read_is_an_error(void **state)
{
	size_t size;

	(void)state;
	errno = 0;
	assert_null(issue_read("/nonexistent/issue", "pts/7", SPEED, &size));
	assert_int_equal(errno, ENOENT);
}

static void no_descriptor_is_left_open(void **state)
{
	size_t before = open_descriptors(), size;

	(void)state;
	free(show("\\S \\u \\d", strlen("\\S \\u \\d"), &size));
	assert_int_equal(open_descriptors(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_shown_as_it_stands),
		cmocka_unit_test(zeros_are_text_too),
		cmocka_unit_test(the_names_of_the_system_are_unames),
		cmocka_unit_test(the_line_and_the_speed_are_the_sessions),
		cmocka_unit_test(the_systems_name_is_that_of_os_release),
		cmocka_unit_test(the_date_and_the_time_are_now),
		cmocka_unit_test(users_are_counted_and_one_is_a_user),
		cmocka_unit_test(a_doubled_backslash_is_one),
		cmocka_unit_test(other_escapes_are_shown_as_they_stand),
		cmocka_unit_test(a_backslash_at_the_end_is_shown),
		cmocka_unit_test(a_file_without_end_is_cut_short),
		cmocka_unit_test(a_file_that_cannot_be_read_is_an_error),
		cmocka_unit_test(no_descriptor_is_left_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
