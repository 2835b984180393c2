/* SPDX-License-Identifier: ISC */
/*
 * What pty/utmp.c promises of utmp(5) and wtmp(5). The tests see files of their own in a private
 * mount namespace; the machine's stay as they are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs those before it. */
#include <cmocka.h>

#include "pty/pty.h"
#include "tests/unit/screen.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <paths.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <utmpx.h>

enum {
	LOGIN_PID = 1111111111, /* beyond kernel.pid_max: nobody's */
	SHELL_PID = 1111111112,
	RECORDS_MAX = 8,
};

static const char *obstacle; /* to having files of records, and private ones */

/* ---- Files of the tests' own */

static void write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	if (file == NULL)
		return;
	fputs(text, file);
	fclose(file);
}

/* In a user namespace where this is not root; some machines do not allow that. */
static bool enter_namespaces(void)
{
	uid_t user = geteuid();
	gid_t group = getegid();
	char users[32], groups[32];

	if (user == 0)
		return unshare(CLONE_NEWNS) == 0;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return false;
	snprintf(users, sizeof users, "0 %u 1", user);
	snprintf(groups, sizeof groups, "0 %u 1", group);
	write_text("/proc/self/uid_map", users);
	write_text("/proc/self/setgroups", "deny");
	write_text("/proc/self/gid_map", groups);
	return geteuid() == 0 && getegid() == 0;
}

static bool mount_private(const char *directory)
{
	return mount("tmpfs", directory, "tmpfs", MS_NOSUID | MS_NODEV, "size=1m") == 0;
}

static bool c_library_keeps_records(void)
{
	const struct utmpx record = {.ut_type = DEAD_PROCESS};
	bool kept;

	write_text(_PATH_UTMP, "");
	setutxent();
	kept = pututxline(&record) != NULL;
	endutxent();
	remove(_PATH_UTMP);
	return kept;
}

static int use_private_files(void **state)
{
	(void)state;
	if (!enter_namespaces() || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0 ||
	    !mount_private("/var/run") || !mount_private("/var/log"))
		obstacle = "no private /var/run and /var/log here";
	else if (!c_library_keeps_records())
		obstacle = "this C library keeps no records of logins";
	return 0;
}

static void remove_files(void)
{
	remove(_PATH_UTMP);
	remove(_PATH_WTMP);
}

static int with_empty_files(void **state)
{
	(void)state;
	if (obstacle)
		return 0;
	remove_files();
	write_text(_PATH_UTMP, "");
	write_text(_PATH_WTMP, "");
	return 0;
}

static void need_private_files(void)
{
	if (!obstacle)
		return;
	print_message("%s\n", obstacle);
	skip();
}

/* ---- Looking into them */

struct records {
	size_t count;
	struct utmpx record[RECORDS_MAX];
};

static struct records records_of(const char *path)
{
	struct records records = {0};
	FILE *file = fopen(path, "re");

	assert_non_null(file);
	records.count = fread(records.record, sizeof records.record[0], RECORDS_MAX, file);
	fclose(file);
	return records;
}

static struct utmpx only_record_of(const char *path)
{
	struct records records = records_of(path);

	assert_int_equal(records.count, 1);
	return records.record[0];
}

static void assert_field(const char *field, size_t size, const char *expected)
{
	assert_true(strlen(expected) <= size);
	assert_memory_equal(field, expected, strlen(expected));
	for (size_t i = strlen(expected); i < size; i++)
		assert_int_equal(field[i], '\0');
}

#define assert_text(field, expected) assert_field(field, sizeof(field), expected)

static void assert_recent(const struct utmpx *record)
{
	struct timeval now; /* not by time(2), whose clock is a little behind */

	gettimeofday(&now, NULL);
	assert_in_range(record->ut_tv.tv_sec, now.tv_sec - DEADLINE_MS / 1000, now.tv_sec);
}

/* ---- Writing what other programs would */

static void write_record(const char *line, const char *id, pid_t pid, pid_t session)
{
	struct utmpx record = {.ut_type = USER_PROCESS, .ut_pid = pid, .ut_session = session};

	memcpy(record.ut_line, line, strlen(line));
	memcpy(record.ut_id, id, strnlen(id, sizeof record.ut_id));
	memcpy(record.ut_user, "ann", 3);
	memcpy(record.ut_host, "far.example", 11);
	setutxent();
	assert_non_null(pututxline(&record));
	endutxent();
}

static void login(const char *line, const struct sockaddr *address)
{
	assert_int_equal(pty_record_login(line, LOGIN_PID, "far.example", address), 0);
}

/* ---- pty_record_login */

static void a_login_is_recorded_as_a_login_process(void **state)
{
	struct utmpx record;

	(void)state;
	need_private_files();
	login("pts/12", NULL);
	record = only_record_of(_PATH_UTMP);
	assert_int_equal(record.ut_type, LOGIN_PROCESS);
	assert_int_equal(record.ut_pid, LOGIN_PID);
	assert_int_equal(record.ut_session, LOGIN_PID);
	assert_text(record.ut_line, "pts/12");
	assert_text(record.ut_id, "s/12");
	assert_text(record.ut_user, "LOGIN");
	assert_text(record.ut_host, "far.example");
	assert_recent(&record);
}

static void a_login_is_logged_in_wtmp_with_the_same_record(void **state)
{
	struct utmpx utmp, wtmp;

	(void)state;
	need_private_files();
	login("pts/12", NULL);
	utmp = only_record_of(_PATH_UTMP);
	wtmp = only_record_of(_PATH_WTMP);
	assert_memory_equal(&wtmp, &utmp, sizeof wtmp);
}

static void the_id_is_the_end_of_the_line(void **state)
{
	static const struct {
		const char *line, *id;
	} cases[] = {{"pts/0", "ts/0"}, {"pts/123", "/123"}, {"pts/1234", "1234"}, {"tty", "tty"}};

	(void)state;
	need_private_files();
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		with_empty_files(NULL);
		login(cases[i].line, NULL);
		assert_text(only_record_of(_PATH_UTMP).ut_id, cases[i].id);
	}
}

static void assert_address(const void *address, uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
	const uint32_t expected[4] = {htonl(a), htonl(b), htonl(c), htonl(d)};

	with_empty_files(NULL);
	login("pts/0", address);
	assert_memory_equal(only_record_of(_PATH_UTMP).ut_addr_v6, expected, sizeof expected);
}

static void an_ipv4_address_is_the_first_word(void **state)
{
	struct sockaddr_in address = {.sin_family = AF_INET};

	(void)state;
	need_private_files();
	inet_pton(AF_INET, "192.0.2.1", &address.sin_addr);
	assert_address(&address, 0xc0000201, 0, 0, 0);
}

static void an_ipv6_address_is_all_four_words(void **state)
{
	struct sockaddr_in6 address = {.sin6_family = AF_INET6};

	(void)state;
	need_private_files();
	inet_pton(AF_INET6, "2001:db8::7", &address.sin6_addr);
	assert_address(&address, 0x20010db8, 0, 0, 7);
}

static void an_ipv4_mapped_address_is_recorded_as_ipv4(void **state)
{
	struct sockaddr_in6 address = {.sin6_family = AF_INET6};

	(void)state;
	need_private_files();
	inet_pton(AF_INET6, "::ffff:192.0.2.1", &address.sin6_addr);
	assert_address(&address, 0xc0000201, 0, 0, 0);
}

static void without_an_internet_address_the_words_are_zero(void **state)
{
	const struct sockaddr unix_address = {.sa_family = AF_UNIX};

	(void)state;
	need_private_files();
	assert_address(NULL, 0, 0, 0, 0);
	assert_address(&unix_address, 0, 0, 0, 0);
}

static void a_host_that_is_too_long_is_cut(void **state)
{
	char host[1024], cut[sizeof(((struct utmpx *)NULL)->ut_host) + 1];

	(void)state;
	need_private_files();
	memset(host, 'h', sizeof host - 1);
	host[sizeof host - 1] = '\0';
	memset(cut, 'h', sizeof cut - 1);
	cut[sizeof cut - 1] = '\0';
	assert_int_equal(pty_record_login("pts/0", LOGIN_PID, host, NULL), 0);
	assert_text(only_record_of(_PATH_UTMP).ut_host, cut);
}

static void a_line_that_is_used_again_has_one_record(void **state)
{
	(void)state;
	need_private_files();
	write_record("pts/0", "ts/0", SHELL_PID, SHELL_PID);
	login("pts/0", NULL);
	assert_int_equal(only_record_of(_PATH_UTMP).ut_pid, LOGIN_PID);
}

static void each_line_has_its_record(void **state)
{
	(void)state;
	need_private_files();
	login("pts/0", NULL);
	login("pts/1", NULL);
	assert_int_equal(records_of(_PATH_UTMP).count, 2);
	assert_int_equal(records_of(_PATH_WTMP).count, 2);
}

/* ---- pty_record_logout */

static void assert_dead(const struct utmpx *record, const char *line, const char *id)
{
	assert_int_equal(record->ut_type, DEAD_PROCESS);
	assert_text(record->ut_line, line);
	assert_text(record->ut_id, id);
	assert_text(record->ut_user, "");
	assert_text(record->ut_host, "");
	assert_int_equal(record->ut_pid, LOGIN_PID);
	assert_recent(record);
}

static void logout_and_assert_dead(const char *line, const char *id)
{
	struct utmpx record;

	assert_int_equal(pty_record_logout(line, LOGIN_PID), 0);
	record = only_record_of(_PATH_UTMP);
	assert_dead(&record, line, id);
}

static void a_logout_marks_the_record_as_dead(void **state)
{
	(void)state;
	need_private_files();
	login("pts/12", NULL);
	logout_and_assert_dead("pts/12", "s/12");
}

static void a_logout_is_logged_in_wtmp_after_the_login(void **state)
{
	struct records records;

	(void)state;
	need_private_files();
	login("pts/12", NULL);
	assert_int_equal(pty_record_logout("pts/12", LOGIN_PID), 0);
	records = records_of(_PATH_WTMP);
	assert_int_equal(records.count, 2);
	assert_int_equal(records.record[0].ut_type, LOGIN_PROCESS);
	assert_dead(&records.record[1], "pts/12", "s/12");
}

static void a_logout_leaves_other_lines(void **state)
{
	struct records records;

	(void)state;
	need_private_files();
	login("pts/1", NULL);
	login("pts/0", NULL);
	assert_int_equal(pty_record_logout("pts/0", LOGIN_PID), 0);
	records = records_of(_PATH_UTMP);
	assert_int_equal(records.count, 2);
	assert_int_equal(records.record[0].ut_type, LOGIN_PROCESS);
	assert_int_equal(records.record[1].ut_type, DEAD_PROCESS);
}

/* The shell, alive here, is login(1)'s child in login(1)'s session. */
static void a_logout_ends_the_users_record_by_login(void **state)
{
	(void)state;
	need_private_files();
	login("pts/0", NULL);
	write_record("pts/0", "ts/0", getpid(), LOGIN_PID);
	logout_and_assert_dead("pts/0", "ts/0");
}

static void a_logout_ends_the_users_record_under_the_same_pid(void **state)
{
	(void)state;
	need_private_files();
	login("pts/0", NULL);
	write_record("pts/0", "ts/0", LOGIN_PID, 0);
	logout_and_assert_dead("pts/0", "ts/0");
}

static void a_logout_finds_a_record_by_line_whatever_its_id(void **state)
{
	(void)state;
	need_private_files();
	write_record("pts/0", "zz9", LOGIN_PID, LOGIN_PID);
	logout_and_assert_dead("pts/0", "zz9");
}

static void a_logout_clears_what_the_dead_have_left_on_the_line(void **state)
{
	(void)state;
	need_private_files();
	write_record("pts/0", "ts/0", SHELL_PID, SHELL_PID);
	logout_and_assert_dead("pts/0", "ts/0");
}

static void a_logout_leaves_somebody_elses_record(void **state)
{
	struct utmpx before, after;

	(void)state;
	need_private_files();
	write_record("pts/0", "ts/0", getpid(), getpid());
	before = only_record_of(_PATH_UTMP);
	assert_int_equal(pty_record_logout("pts/0", LOGIN_PID), 0);
	after = only_record_of(_PATH_UTMP);
	assert_memory_equal(&after, &before, sizeof after);
	assert_int_equal(records_of(_PATH_WTMP).count, 0);
}

static void a_logout_without_a_record_is_logged_in_wtmp_alone(void **state)
{
	struct utmpx record;

	(void)state;
	need_private_files();
	assert_int_equal(pty_record_logout("pts/0", LOGIN_PID), 0);
	assert_int_equal(records_of(_PATH_UTMP).count, 0);
	record = only_record_of(_PATH_WTMP);
	assert_dead(&record, "pts/0", "ts/0");
}

/* ---- Files that are not there, or cannot be written */

static void without_the_files_nothing_is_recorded_and_nothing_fails(void **state)
{
	(void)state;
	need_private_files();
	remove_files();
	login("pts/0", NULL);
	assert_int_equal(pty_record_logout("pts/0", LOGIN_PID), 0);
	assert_int_equal(access(_PATH_UTMP, F_OK), -1);
	assert_int_equal(access(_PATH_WTMP, F_OK), -1);
}

static void one_file_is_kept_without_the_other(void **state)
{
	(void)state;
	need_private_files();
	remove(_PATH_WTMP);
	login("pts/0", NULL);
	assert_int_equal(only_record_of(_PATH_UTMP).ut_pid, LOGIN_PID);
	with_empty_files(NULL);
	remove(_PATH_UTMP);
	login("pts/0", NULL);
	assert_int_equal(only_record_of(_PATH_WTMP).ut_pid, LOGIN_PID);
}

static void a_utmp_that_cannot_be_written_is_an_error_and_wtmp_is_still_kept(void **state)
{
	(void)state;
	need_private_files();
	remove(_PATH_UTMP);
	assert_int_equal(mkdir(_PATH_UTMP, 0700), 0);
	assert_int_equal(pty_record_login("pts/0", LOGIN_PID, "far.example", NULL), -EISDIR);
	assert_int_equal(only_record_of(_PATH_WTMP).ut_pid, LOGIN_PID);
}

static void a_wtmp_that_cannot_be_written_is_an_error_and_utmp_is_still_kept(void **state)
{
	(void)state;
	need_private_files();
	remove(_PATH_WTMP);
	assert_int_equal(mkdir(_PATH_WTMP, 0700), 0);
	assert_int_equal(pty_record_login("pts/0", LOGIN_PID, "far.example", NULL), -EISDIR);
	assert_int_equal(only_record_of(_PATH_UTMP).ut_pid, LOGIN_PID);
	assert_int_equal(pty_record_logout("pts/0", LOGIN_PID), -EISDIR);
	assert_int_equal(only_record_of(_PATH_UTMP).ut_type, DEAD_PROCESS);
}

/* ---- A program that pty_run runs */

static struct screen screen;

static pid_t run_program(const char *host)
{
	char *arguments[] = {"/bin/echo", "started", NULL};
	char *environment[] = {NULL};
	const struct pty_program program = {
		.arguments = arguments, .environment = environment, .host = host};
	pid_t pid;

	assert_int_equal(screen_open(&screen), 0);
	pid = screen_start(&screen, &program);
	assert_true(pid > 0);
	assert_true(screen_ends(&screen));
	assert_string_equal(screen.text, "started\r\n");
	screen_close(&screen);
	return pid;
}

static void a_program_with_a_host_finds_its_record(void **state)
{
	struct utmpx record;
	pid_t pid;

	(void)state;
	need_private_files();
	pid = run_program("far.example");
	record = only_record_of(_PATH_UTMP);
	assert_int_equal(record.ut_type, LOGIN_PROCESS);
	assert_int_equal(record.ut_pid, pid);
	assert_text(record.ut_line, screen.pty.line);
	assert_text(record.ut_host, "far.example");
}

static void a_program_without_a_host_has_no_record(void **state)
{
	(void)state;
	need_private_files();
	run_program(NULL);
	assert_int_equal(records_of(_PATH_UTMP).count, 0);
	assert_int_equal(records_of(_PATH_WTMP).count, 0);
}

static void a_program_runs_where_its_record_cannot_be_kept(void **state)
{
	(void)state;
	need_private_files();
	remove(_PATH_UTMP);
	assert_int_equal(mkdir(_PATH_UTMP, 0700), 0);
	run_program("far.example");
}

#define with_files(test) cmocka_unit_test_setup(test, with_empty_files)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_files(a_login_is_recorded_as_a_login_process),
		with_files(a_login_is_logged_in_wtmp_with_the_same_record),
		with_files(the_id_is_the_end_of_the_line),
		with_files(an_ipv4_address_is_the_first_word),
		with_files(an_ipv6_address_is_all_four_words),
		with_files(an_ipv4_mapped_address_is_recorded_as_ipv4),
		with_files(without_an_internet_address_the_words_are_zero),
		with_files(a_host_that_is_too_long_is_cut),
		with_files(a_line_that_is_used_again_has_one_record),
		with_files(each_line_has_its_record),
		with_files(a_logout_marks_the_record_as_dead),
		with_files(a_logout_is_logged_in_wtmp_after_the_login),
		with_files(a_logout_leaves_other_lines),
		with_files(a_logout_ends_the_users_record_by_login),
		with_files(a_logout_ends_the_users_record_under_the_same_pid),
		with_files(a_logout_finds_a_record_by_line_whatever_its_id),
		with_files(a_logout_clears_what_the_dead_have_left_on_the_line),
		with_files(a_logout_leaves_somebody_elses_record),
		with_files(a_logout_without_a_record_is_logged_in_wtmp_alone),
		with_files(without_the_files_nothing_is_recorded_and_nothing_fails),
		with_files(one_file_is_kept_without_the_other),
		with_files(a_utmp_that_cannot_be_written_is_an_error_and_wtmp_is_still_kept),
		with_files(a_wtmp_that_cannot_be_written_is_an_error_and_utmp_is_still_kept),
		with_files(a_program_with_a_host_finds_its_record),
		with_files(a_program_without_a_host_has_no_record),
		with_files(a_program_runs_where_its_record_cannot_be_kept),
	};

	return cmocka_run_group_tests(tests, use_private_files, NULL);
}
