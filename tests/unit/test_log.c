/* SPDX-License-Identifier: ISC */
/* The log: where its lines go, and that a line stays a line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs those before it. */
#include <cmocka.h>

#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "telnetd/log.h"
#include "tests/unit/observe.h"

#define TOO_LONG 5000

static struct capture capture;
static int system_log = -1; /* the test's own, where it may have one */

/* What a line looks like on standard error. */
static const char *logged(const char *text)
{
	capture_begin(&capture, STDERR_FILENO);
	log_line(LOG_INFO, "event=test text=\"%s\"", text);
	return capture_end(&capture);
}

static void a_line_goes_to_standard_error_where_that_is_asked_for(void **state)
{
	(void)state;
	log_open(false, true);
	assert_string_equal(logged("a"), "telnetd: event=test text=\"a\"\n");
}

static void a_line_goes_nowhere_unless_that_is_asked_for(void **state)
{
	(void)state;
	log_open(false, false);
	assert_string_equal(logged("a"), "");
}

static void a_line_stays_a_line_whatever_is_in_it(void **state)
{
	(void)state;
	log_open(false, true);
	assert_string_equal(logged("\n\r\t\x1b\x7f\x01%s\\\xe4"),
			    "telnetd: event=test text=\"??????%s\\\xe4\"\n");
}

static void a_line_that_is_too_long_is_cut(void **state)
{
	char text[TOO_LONG + 1];
	const char *line;

	(void)state;
	memset(text, 'x', TOO_LONG);
	text[TOO_LONG] = '\0';
	log_open(false, true);
	line = logged(text);
	assert_in_range(strlen(line), 1000, 1100);
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
}

/* In a mount namespace of this process, so that nothing of the machine's is touched. */
static int make_system_log(void **state)
{
	const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/dev/log"};

	(void)state;
	if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, "") != 0 ||
	    mount("tmpfs", "/dev", "tmpfs", MS_NOSUID, "size=1m") != 0)
		return 0; /* the test says that it is skipped */
	system_log = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return bind(system_log, (const struct sockaddr *)&address, sizeof(address));
}

static int end_system_log(void **state)
{
	(void)state;
	if (system_log < 0)
		return 0;
	close(system_log);
	closelog();
	return umount2("/dev", MNT_DETACH);
}

static void syslog_gets_a_line_with_its_severity(void **state)
{
	char line[256] = "";

	(void)state;
	if (system_log < 0) {
		print_message("%s: skipped: no private /dev/log here\n", __func__);
		skip();
	}
	log_open(true, false);
	assert_string_equal(logged("a\nb"), "");
	assert_true(recv(system_log, line, sizeof(line) - 1, 0) > 0);
	assert_int_equal(strncmp(line, "<30>", 4), 0); /* LOG_DAEMON, LOG_INFO */
	assert_non_null(strstr(line, " telnetd["));
	assert_non_null(strstr(line, "]: event=test text=\"a?b\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_goes_to_standard_error_where_that_is_asked_for),
		cmocka_unit_test(a_line_goes_nowhere_unless_that_is_asked_for),
		cmocka_unit_test(a_line_stays_a_line_whatever_is_in_it),
		cmocka_unit_test(a_line_that_is_too_long_is_cut),
		cmocka_unit_test_setup_teardown(syslog_gets_a_line_with_its_severity,
						make_system_log, end_system_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
