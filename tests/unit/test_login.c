/* SPDX-License-Identifier: ISC */
/*
 * What pty/login.c promises of a new terminal, and of the program that it starts there. Records in
 * utmp are test_utmp.c's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs those before it. */
#include <cmocka.h>

#include "pty/pty.h"
#include "tests/unit/screen.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <termios.h>

static struct screen screen;

static int open_screen(void **state)
{
	(void)state;
	return screen_open(&screen);
}

static int close_screen(void **state)
{
	(void)state;
	screen_close(&screen);
	return 0;
}

static struct termios modes_of(int terminal)
{
	struct termios modes;

	assert_int_equal(tcgetattr(terminal, &modes), 0);
	return modes;
}

static struct termios modes_after_opening(const struct pty_setup *setup)
{
	struct termios modes;
	struct pty pty;

	assert_int_equal(pty_open(&pty, setup), 0);
	modes = modes_of(pty.slave);
	close(pty.master);
	close(pty.slave);
	return modes;
}

static int lowest_free_descriptor(void)
{
	int descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_true(descriptor >= 0);
	close(descriptor);
	return descriptor;
}

/* ---- pty_open */

static void both_sides_are_closed_on_exec(void **state)
{
	(void)state;
	assert_int_equal(fcntl(screen.pty.master, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(screen.pty.slave, F_GETFD), FD_CLOEXEC);
}

static void only_the_master_is_non_blocking(void **state)
{
	(void)state;
	assert_true((fcntl(screen.pty.master, F_GETFL) & O_NONBLOCK) != 0);
	assert_true((fcntl(screen.pty.slave, F_GETFL) & O_NONBLOCK) == 0);
}

static void the_master_is_in_packet_mode(void **state)
{
	int packet_mode = 0;

	(void)state;
	assert_int_equal(ioctl(screen.pty.master, TIOCGPKT, &packet_mode), 0);
	assert_true(packet_mode);
}

static void the_line_names_the_slave(void **state)
{
	char path[sizeof "/dev/" + PTY_LINE_SIZE];
	struct stat by_name, by_descriptor;

	(void)state;
	snprintf(path, sizeof path, "/dev/%s", screen.pty.line);
	assert_int_equal(stat(path, &by_name), 0);
	assert_int_equal(fstat(screen.pty.slave, &by_descriptor), 0);
	assert_int_equal(by_name.st_rdev, by_descriptor.st_rdev);
}

/* Some C libraries have room for more than there are. */
#define LAST_CHARACTER VEOL2

static void the_modes_are_the_kernels_with_utf8(void **state)
{
	const struct pty_setup setup = {.echo = true};
	struct termios ours = modes_after_opening(&setup), kernels;
	int master, slave;

	(void)state;
	assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
	kernels = modes_of(slave);
	close(master);
	close(slave);
	assert_int_equal(ours.c_iflag, kernels.c_iflag | IUTF8);
	assert_int_equal(ours.c_oflag, kernels.c_oflag);
	assert_int_equal(ours.c_lflag, kernels.c_lflag);
	assert_memory_equal(ours.c_cc, kernels.c_cc, LAST_CHARACTER + 1);
}

static void without_echo_all_other_modes_stay(void **state)
{
	const struct pty_setup echoing = {.echo = true}, silent = {.echo = false};
	struct termios with = modes_after_opening(&echoing), without = modes_after_opening(&silent);

	(void)state;
	assert_true((with.c_lflag & ECHO) != 0);
	assert_int_equal(without.c_lflag, with.c_lflag & ~(tcflag_t)ECHO);
	assert_int_equal(without.c_iflag, with.c_iflag);
}

static void the_window_is_as_set_up(void **state)
{
	const struct pty_setup setup = {.columns = 132, .rows = 43};
	struct winsize window;
	struct pty pty;

	(void)state;
	assert_int_equal(pty_open(&pty, &setup), 0);
	assert_int_equal(ioctl(pty.slave, TIOCGWINSZ, &window), 0);
	close(pty.master);
	close(pty.slave);
	assert_int_equal(window.ws_col, 132);
	assert_int_equal(window.ws_row, 43);
}

static void a_window_of_no_size_is_80_by_24(void **state)
{
	struct winsize window;

	(void)state;
	assert_int_equal(ioctl(screen.pty.slave, TIOCGWINSZ, &window), 0);
	assert_int_equal(window.ws_col, 80);
	assert_int_equal(window.ws_row, 24);
}

static void speeds_are_rounded_down_to_one_with_a_name(void **state)
{
	static const struct {
		unsigned long asked;
		speed_t given;
	} cases[] = {
		{0, B38400},	     {1, B50},
		{50, B50},	     {74, B50},
		{300, B300},	     {14400, B9600},
		{38399, B19200},     {38400, B38400},
		{115200, B115200},   {3999999, B3500000},
		{4000000, B4000000}, {ULONG_MAX, B4000000},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct pty_setup setup = {.transmit_speed = cases[i].asked,
						.receive_speed = cases[i].asked};
		struct termios modes = modes_after_opening(&setup);

		assert_int_equal(cfgetospeed(&modes), cases[i].given);
		assert_int_equal(cfgetispeed(&modes), cases[i].given);
	}
}

static void the_transmit_speed_is_kept_where_the_receive_speed_differs(void **state)
{
	const struct pty_setup setup = {.transmit_speed = 9600, .receive_speed = 1200};
	struct termios modes = modes_after_opening(&setup);

	(void)state;
	assert_int_equal(cfgetospeed(&modes), B9600);
}

static void without_a_free_descriptor_opening_fails(void **state)
{
	const struct pty_setup setup = {.echo = true};
	int lowest = lowest_free_descriptor();
	struct rlimit before, low;
	struct pty pty;
	int error;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	low = before;
	low.rlim_cur = (rlim_t)lowest;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	error = pty_open(&pty, &setup);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(error, -EMFILE);
	assert_int_equal(lowest_free_descriptor(), lowest);
}

/* ---- pty_run */

static void the_program_leads_a_session_with_the_terminal(void **state)
{
	char expected[64];

	(void)state;
	assert_true(screen_start_script(&screen, "read pid name state parent group session tty "
						 "foreground rest </proc/$$/stat\n"
						 "echo $pid $group $session $foreground; tty") > 0);
	snprintf(expected, sizeof expected, "%d %d %d %d\r\n/dev/%s\r\n", screen.program,
		 screen.program, screen.program, screen.program, screen.pty.line);
	assert_true(screen_ends(&screen));
	assert_string_equal(screen.text, expected);
}

/*
 * Those in a line of /proc/PID/status, without the C library's own between 32 and SIGRTMIN: they
 * cannot be reset, and glibc's posix_spawn(3), so make(1), leaves them ignored.
 */
static unsigned long long signals_shown(const char *name)
{
	const char *line = strstr(screen.text, name);
	unsigned long long signals;

	assert_non_null(line);
	signals = strtoull(line + strlen(name), NULL, 16);
	for (int signal_number = 32; signal_number < SIGRTMIN; signal_number++)
		signals &= ~(1ULL << (signal_number - 1));
	return signals;
}

static void the_program_has_default_signals_and_none_blocked(void **state)
{
	char *arguments[] = {"/bin/grep", "-E", "Sig(Blk|Ign)", "/proc/self/status", NULL};
	char *environment[] = {NULL};
	const struct pty_program program = {.arguments = arguments, .environment = environment};
	sigset_t blocked, before;

	(void)state;
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	signal(SIGINT, SIG_IGN);
	screen_start(&screen, &program);
	signal(SIGINT, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	assert_true(screen_ends(&screen));
	assert_int_equal(signals_shown("SigBlk:"), 0);
	assert_int_equal(signals_shown("SigIgn:"), 0);
}

static void the_callers_signal_mask_stays(void **state)
{
	sigset_t blocked, before, after;

	(void)state;
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	sigprocmask(SIG_BLOCK, &blocked, &before);
	screen_start_script(&screen, ":");
	sigprocmask(SIG_SETMASK, &before, &after);
	assert_true(sigismember(&after, SIGUSR1));
	assert_false(sigismember(&after, SIGTERM));
}

static void the_program_has_three_descriptors(void **state)
{
	char *arguments[] = {"/bin/ls", "-1", "/proc/self/fd", NULL};
	char *environment[] = {NULL};
	const struct pty_program program = {.arguments = arguments, .environment = environment};
	int inherited = fcntl(STDERR_FILENO, F_DUPFD, 100);

	(void)state;
	assert_true(inherited >= 100);
	screen_start(&screen, &program);
	close(inherited);
	assert_true(screen_ends(&screen));
	/* The last is the directory that ls(1) lists. */
	assert_string_equal(screen.text, "0\r\n1\r\n2\r\n3\r\n");
}

static void the_program_is_in_the_root_directory_with_umask_022(void **state)
{
	mode_t before = umask(077);

	(void)state;
	screen_start_script(&screen, "pwd; umask");
	umask(before);
	assert_true(screen_ends(&screen));
	assert_string_equal(screen.text, "/\r\n0022\r\n");
}

static void the_program_has_only_the_environment_that_is_given(void **state)
{
	char *arguments[] = {"/usr/bin/env", NULL};
	char *environment[] = {"TERM=xterm", "LANG=C.UTF-8", NULL};
	const struct pty_program program = {.arguments = arguments, .environment = environment};

	(void)state;
	screen_start(&screen, &program);
	assert_true(screen_ends(&screen));
	assert_string_equal(screen.text, "TERM=xterm\r\nLANG=C.UTF-8\r\n");
}

static void the_programs_status_is_the_callers_to_reap(void **state)
{
	int status;

	(void)state;
	screen_start_script(&screen, "exit 7");
	status = screen_wait_for_end(&screen);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
}

static void the_greeting_is_shown_before_the_program_starts(void **state)
{
	char *arguments[] = {"/bin/echo", "login:", NULL};
	char *environment[] = {NULL};
	const struct pty_program program = {.arguments = arguments,
					    .environment = environment,
					    .greeting = "Welcome\nTo all",
					    .greeting_size = strlen("Welcome\n")};

	(void)state;
	screen_start(&screen, &program);
	assert_true(screen_ends(&screen));
	assert_string_equal(screen.text, "Welcome\r\nlogin:\r\n");
}

static void a_greeting_larger_than_the_terminals_queue_is_shown_whole(void **state)
{
	enum { SIZE = 128 * 1024 };
	char *arguments[] = {"/bin/echo", "login:", NULL};
	char *environment[] = {NULL};
	char *greeting = malloc(SIZE);
	const struct pty_program program = {.arguments = arguments,
					    .environment = environment,
					    .greeting = greeting,
					    .greeting_size = SIZE};

	(void)state;
	assert_non_null(greeting);
	memset(greeting, 'g', SIZE);
	screen_start(&screen, &program);
	assert_true(screen_ends(&screen));
	assert_int_equal(screen.size, SIZE + strlen("login:\r\n"));
	assert_memory_equal(screen.text, greeting, SIZE);
	assert_string_equal(screen.text + SIZE, "login:\r\n");
	free(greeting);
}

static void a_program_that_cannot_be_run_says_so_on_the_terminal(void **state)
{
	char *arguments[] = {"/no/such", NULL};
	char *environment[] = {NULL};
	const struct pty_program program = {.arguments = arguments, .environment = environment};
	int status;

	(void)state;
	assert_true(screen_start(&screen, &program) > 0);
	assert_true(screen_ends(&screen));
	assert_string_equal(screen.text,
			    "telnetd: cannot run /no/such: No such file or directory\r\n");
	status = screen_wait_for_end(&screen);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 127);
}

static void a_terminal_that_cannot_be_had_says_so_where_it_can(void **state)
{
	char *arguments[] = {"/bin/echo", "never", NULL};
	char *environment[] = {NULL};
	const struct pty_program program = {.arguments = arguments, .environment = environment};
	char message[128] = "", expected[128];
	int ends[2], status;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0); /* no terminal at all */
	pid = fork();
	if (pid == 0)
		pty_run(ends[1], "pts/0", &program);
	close(ends[1]);
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(read(ends[0], message, sizeof message - 1) > 0);
	close(ends[0]);
	assert_int_equal(WEXITSTATUS(status), 127);
	snprintf(expected, sizeof expected, "telnetd: cannot run /bin/echo: %s\n",
		 strerror(ENOTTY));
	assert_string_equal(message, expected);
}

#define with_screen(test) cmocka_unit_test_setup_teardown(test, open_screen, close_screen)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_screen(both_sides_are_closed_on_exec),
		with_screen(only_the_master_is_non_blocking),
		with_screen(the_master_is_in_packet_mode),
		with_screen(the_line_names_the_slave),
		cmocka_unit_test(the_modes_are_the_kernels_with_utf8),
		cmocka_unit_test(without_echo_all_other_modes_stay),
		cmocka_unit_test(the_window_is_as_set_up),
		with_screen(a_window_of_no_size_is_80_by_24),
		cmocka_unit_test(speeds_are_rounded_down_to_one_with_a_name),
		cmocka_unit_test(the_transmit_speed_is_kept_where_the_receive_speed_differs),
		cmocka_unit_test(without_a_free_descriptor_opening_fails),
		with_screen(the_program_leads_a_session_with_the_terminal),
		with_screen(the_program_has_default_signals_and_none_blocked),
		with_screen(the_callers_signal_mask_stays),
		with_screen(the_program_has_three_descriptors),
		with_screen(the_program_is_in_the_root_directory_with_umask_022),
		with_screen(the_program_has_only_the_environment_that_is_given),
		with_screen(the_programs_status_is_the_callers_to_reap),
		with_screen(the_greeting_is_shown_before_the_program_starts),
		with_screen(a_greeting_larger_than_the_terminals_queue_is_shown_whole),
		with_screen(a_program_that_cannot_be_run_says_so_on_the_terminal),
		cmocka_unit_test(a_terminal_that_cannot_be_had_says_so_where_it_can),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
