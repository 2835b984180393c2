/* SPDX-License-Identifier: ISC */
/*
 * What pty/terminal.c promises of a terminal's master side, on real terminals with real programs
 * on them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs those before it. */
#include <cmocka.h>

#include "pty/pty.h"
#include "tests/unit/screen.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <termios.h>

enum {
	ROOM_MS = 50, /* a terminal that takes nothing for so long is full */
	LINE_DISCIPLINE_SIZE = 4095,
};

/*
 * For a script to begin with, so that `wait` waits for a signal's trap. That has no moment in
 * which a signal gets lost, as a shell that is just starting sleep(1) or reading has.
 */
#define SLEEPER "sleep 1000 </dev/null >/dev/null 2>&1 & "
#define WAIT "while :; do wait; done"
#define SHOW_LINE "read line; echo \"<$line>\"; exit"

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

/* Runs a script that ends its preparations by printing "ready". */
static void start_script(const char *script)
{
	assert_true(screen_start_script(&screen, script) > 0);
	assert_true(screen_shows(&screen, "ready"));
	assert_true(screen_shows(&screen, "\n"));
	screen_forget(&screen);
}

static void type(const char *keys)
{
	struct pollfd master = {.fd = screen.pty.master, .events = POLLOUT};
	size_t left = strlen(keys);

	while (left > 0 && poll(&master, 1, DEADLINE_MS) > 0) {
		ssize_t count = write(screen.pty.master, keys, left);

		assert_true(count >= 0 || errno == EAGAIN);
		if (count > 0) {
			keys += count;
			left -= (size_t)count;
		}
	}
	assert_int_equal(left, 0);
}

static void fill_the_input_queue(void)
{
	struct pollfd master = {.fd = screen.pty.master, .events = POLLOUT};
	size_t typed = 0;

	while (poll(&master, 1, ROOM_MS) > 0 && (master.revents & POLLOUT) != 0) {
		ssize_t count = write(screen.pty.master, "stale\n", 6);

		if (count > 0)
			typed += (size_t)count;
	}
	assert_true(typed > LINE_DISCIPLINE_SIZE);
}

/* Waits until so much output stands in the master's queue. */
static void wait_for_unread_output(int size)
{
	long deadline = milliseconds_now() + DEADLINE_MS;
	int unread = 0;

	while (unread < size && milliseconds_now() < deadline)
		assert_int_equal(ioctl(screen.pty.master, FIONREAD, &unread), 0);
	assert_true(unread >= size);
}

static struct termios modes(void)
{
	struct termios now;

	memset(&now, 0, sizeof now); /* the padding too, for comparisons */
	assert_int_equal(tcgetattr(screen.pty.slave, &now), 0);
	return now;
}

static void set_modes(const struct termios *changed)
{
	assert_int_equal(tcsetattr(screen.pty.slave, TCSANOW, changed), 0);
}

static void change_modes(tcflag_t off, tcflag_t on)
{
	struct termios changed = modes();

	changed.c_lflag = (changed.c_lflag & ~off) | on;
	set_modes(&changed);
}

static void change_break_modes(tcflag_t on)
{
	struct termios changed = modes();

	changed.c_iflag = (changed.c_iflag & ~(tcflag_t)(IGNBRK | BRKINT)) | on;
	set_modes(&changed);
}

static void change_character(int special, cc_t character)
{
	struct termios changed = modes();

	changed.c_cc[special] = character;
	set_modes(&changed);
}

/* ---- pty_read */

static void output_stands_from_the_second_byte_on(void **state)
{
	struct pollfd master = {.fd = screen.pty.master, .events = POLLIN};
	struct pty_status status;
	char bytes[64] = "";

	(void)state;
	assert_int_equal(write(screen.pty.slave, "hello", 5), 5);
	assert_int_equal(poll(&master, 1, DEADLINE_MS), 1);
	assert_int_equal(pty_read(screen.pty.master, bytes, sizeof bytes, &status), 5);
	assert_string_equal(bytes + 1, "hello");
	assert_true(status.data);
	assert_false(status.flushed_input);
	assert_false(status.flushed_output);
}

static void a_read_takes_no_more_than_fits(void **state)
{
	struct pollfd master = {.fd = screen.pty.master, .events = POLLIN};
	struct pty_status status;
	char bytes[4] = "...";

	(void)state;
	assert_int_equal(write(screen.pty.slave, "hello", 5), 5);
	assert_int_equal(poll(&master, 1, DEADLINE_MS), 1);
	assert_int_equal(pty_read(screen.pty.master, bytes, 3, &status), 2);
	assert_memory_equal(bytes + 1, "he", 2);
	assert_int_equal(bytes[3], '\0');
	assert_int_equal(pty_read(screen.pty.master, bytes, sizeof bytes, &status), 3);
	assert_memory_equal(bytes + 1, "llo", 3);
}

static void a_flush_of_both_queues_is_told_without_output(void **state)
{
	struct pty_status status;
	char bytes[64];

	(void)state;
	assert_int_equal(tcflush(screen.pty.slave, TCIOFLUSH), 0);
	assert_int_equal(pty_read(screen.pty.master, bytes, sizeof bytes, &status), 0);
	assert_false(status.data);
	assert_true(status.flushed_input);
	assert_true(status.flushed_output);
}

static void a_flush_of_the_input_alone_is_told_as_such(void **state)
{
	struct pty_status status;
	char bytes[64];

	(void)state;
	assert_int_equal(tcflush(screen.pty.slave, TCIFLUSH), 0);
	assert_int_equal(pty_read(screen.pty.master, bytes, sizeof bytes, &status), 0);
	assert_true(status.flushed_input);
	assert_false(status.flushed_output);
}

static void an_interrupt_typed_by_the_user_is_told_as_a_flush(void **state)
{
	(void)state;
	start_script(SLEEPER "trap 'echo interrupted' INT; echo ready; " WAIT);
	type("\003");
	assert_true(screen_shows(&screen, "interrupted\r\n"));
	assert_true(screen.flushed_input);
	assert_true(screen.flushed_output);
}

static void without_output_a_read_says_so(void **state)
{
	struct pty_status status;
	char bytes[64];

	(void)state;
	assert_int_equal(pty_read(screen.pty.master, bytes, sizeof bytes, &status), -EAGAIN);
}

static void the_last_output_comes_before_the_end(void **state)
{
	(void)state;
	screen_start_script(&screen, "echo last words");
	screen_wait_for_end(&screen);
	assert_true(screen_ends(&screen));
	assert_string_equal(screen.text, "last words\r\n");
}

static void a_terminal_that_is_opened_again_can_be_read_again(void **state)
{
	struct pty_status status;
	char path[sizeof "/dev/" + PTY_LINE_SIZE], bytes[64];

	(void)state;
	close(screen.pty.slave);
	assert_int_equal(pty_read(screen.pty.master, bytes, sizeof bytes, &status), -EIO);
	snprintf(path, sizeof path, "/dev/%s", screen.pty.line);
	screen.pty.slave = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(screen.pty.slave >= 0);
	assert_int_equal(write(screen.pty.slave, "again", 5), 5);
	assert_true(screen_shows(&screen, "again"));
}

/* ---- pty_set_window, pty_set_echo */

static void a_new_window_size_is_told_to_the_program(void **state)
{
	(void)state;
	start_script(SLEEPER "trap 'stty size' WINCH; echo ready; " WAIT);
	assert_int_equal(pty_set_window(screen.pty.master, 132, 43), 0);
	assert_true(screen_shows(&screen, "43 132\r\n"));
}

static void echo_changes_nothing_but_echo(void **state)
{
	struct termios before = modes(), without, after;

	(void)state;
	assert_int_equal(pty_set_echo(screen.pty.master, false), 0);
	without = modes();
	assert_int_equal(pty_set_echo(screen.pty.master, true), 0);
	after = modes();
	assert_int_equal(without.c_lflag, before.c_lflag & ~(tcflag_t)ECHO);
	assert_memory_equal(&after, &before, sizeof after);
	without.c_lflag = before.c_lflag;
	assert_memory_equal(&without, &before, sizeof without);
}

static void what_is_typed_without_echo_is_not_shown(void **state)
{
	(void)state;
	start_script("echo ready; read line; echo \"<$line>\"");
	assert_int_equal(pty_set_echo(screen.pty.master, false), 0);
	type("secret\n");
	assert_true(screen_ends(&screen));
	assert_string_equal(screen.text, "<secret>\r\n");
}

static void what_is_no_terminal_is_an_error(void **state)
{
	char character;
	int file = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)state;
	assert_int_equal(pty_set_window(file, 80, 24), -ENOTTY);
	assert_int_equal(pty_set_echo(file, true), -ENOTTY);
	assert_int_equal(pty_control(file, PTY_INTERRUPT, &character), -ENOTTY);
	assert_int_equal(pty_control(file, PTY_BREAK, &character), -ENOTTY);
	assert_int_equal(pty_discard_output(file), -ENOTTY);
	close(file);
}

/* ---- pty_control: signals */

static const struct signal_case {
	enum pty_control control;
	const char *setting; /* stty(1)'s */
	const char *shown;
} signal_cases[] = {
	{PTY_INTERRUPT, "", "got INT\r\n"},
	{PTY_QUIT, "", "got QUIT\r\n"},
	{PTY_SUSPEND, "", "got TSTP\r\n"},
	{PTY_INTERRUPT, "intr x", "got INT\r\n"},
	{PTY_INTERRUPT, "intr undef", "got INT\r\n"},
	{PTY_QUIT, "quit undef", "got QUIT\r\n"},
	{PTY_SUSPEND, "susp undef", "got TSTP\r\n"},
	{PTY_INTERRUPT, "raw isig opost", "got INT\r\n"},
	{PTY_BREAK, "-ignbrk brkint", "got INT\r\n"},
	{PTY_BREAK, "-ignbrk brkint -isig", "got INT\r\n"},
	{PTY_BREAK, "-ignbrk -brkint", "got QUIT\r\n"},
};

static void send_control(const struct signal_case *signal_case)
{
	char script[512], character = '?';

	snprintf(script, sizeof script,
		 SLEEPER "trap 'echo got INT' INT; trap 'echo got QUIT' QUIT\n"
			 "trap 'echo got TSTP' TSTP; stty -echo %s; echo ready; " WAIT,
		 signal_case->setting);
	start_script(script);
	assert_int_equal(pty_control(screen.pty.master, signal_case->control, &character), 2);
	assert_true(screen_shows(&screen, signal_case->shown));
	assert_string_equal(screen.text, signal_case->shown);
	assert_int_equal(character, '?');
}

static void a_control_is_its_signal_whatever_the_character(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof signal_cases / sizeof signal_cases[0]; i++) {
		assert_int_equal(screen_open(&screen), 0);
		send_control(&signal_cases[i]);
		screen_close(&screen);
	}
}

static void a_signal_goes_to_the_foreground_process_group(void **state)
{
	int status;

	(void)state;
	start_script("stty intr undef; echo ready; exec cat");
	assert_int_equal(pty_control(screen.pty.master, PTY_INTERRUPT, &(char){0}), 2);
	status = screen_wait_for_end(&screen);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGINT);
}

/* The program reads only after the signal: nothing typed before must be left for it. */
static void interrupt_past_a_full_queue(const char *setting)
{
	char script[256];

	snprintf(script, sizeof script,
		 SLEEPER "stty -echo %s; trap '" SHOW_LINE "' INT; echo ready; " WAIT, setting);
	start_script(script);
	fill_the_input_queue();
	assert_int_equal(pty_control(screen.pty.master, PTY_INTERRUPT, &(char){0}), 2);
	type("fresh\n");
	assert_true(screen_ends(&screen));
	assert_string_equal(screen.text, "<fresh>\r\n");
	assert_true(screen.flushed_input);
}

static void a_full_input_queue_is_flushed_before_the_signal(void **state)
{
	(void)state;
	interrupt_past_a_full_queue("");
}

static void a_full_raw_input_queue_is_flushed_before_the_signal(void **state)
{
	(void)state;
	interrupt_past_a_full_queue("raw isig opost");
}

static void a_line_too_long_for_the_queue_does_not_stop_the_signal(void **state)
{
	char long_line[3 * LINE_DISCIPLINE_SIZE + 1];

	(void)state;
	memset(long_line, 'x', sizeof long_line - 1);
	long_line[sizeof long_line - 1] = '\0';
	start_script(SLEEPER "stty -echo; trap '" SHOW_LINE "' INT; echo ready; " WAIT);
	type(long_line);
	assert_int_equal(pty_control(screen.pty.master, PTY_INTERRUPT, &(char){0}), 2);
	type("fresh\n");
	assert_true(screen_ends(&screen));
	assert_string_equal(screen.text, "<fresh>\r\n");
}

static void who_waits_for_room_to_type_is_woken_by_the_flush(void **state)
{
	struct epoll_event room = {.events = EPOLLOUT};
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	(void)state;
	change_modes(ICANON | ECHO, 0);
	fill_the_input_queue();
	assert_int_equal(epoll_ctl(epoll, EPOLL_CTL_ADD, screen.pty.master, &room), 0);
	assert_int_equal(epoll_wait(epoll, &room, 1, ROOM_MS), 0);
	assert_int_equal(pty_control(screen.pty.master, PTY_INTERRUPT, &(char){0}), 2);
	assert_int_equal(epoll_wait(epoll, &room, 1, DEADLINE_MS), 1);
	assert_true((room.events & EPOLLOUT) != 0);
	close(epoll);
}

static void a_signal_discards_older_output_but_not_the_answer(void **state)
{
	(void)state;
	start_script(SLEEPER "stty -echo; trap 'echo answer; exit' INT; echo ready; read key\n"
			     "head -c 4000 /dev/zero | tr '\\0' x; " WAIT);
	type("\n");
	wait_for_unread_output(4000);
	assert_int_equal(pty_control(screen.pty.master, PTY_INTERRUPT, &(char){0}), 2);
	assert_true(screen_ends(&screen));
	assert_string_equal(screen.text, "answer\r\n");
}

static void with_noflsh_nothing_is_flushed(void **state)
{
	(void)state;
	start_script(SLEEPER "stty -echo noflsh; trap 'echo answer; " SHOW_LINE "' INT\n"
			     "echo ready; read key; echo before; " WAIT);
	type("\n");
	wait_for_unread_output((int)strlen("before\r\n"));
	type("kept\n");
	assert_int_equal(pty_control(screen.pty.master, PTY_INTERRUPT, &(char){0}), 0);
	assert_true(screen_ends(&screen));
	assert_string_equal(screen.text, "before\r\nanswer\r\n<kept>\r\n");
	assert_false(screen.flushed_input);
}

static void a_signal_changes_no_modes(void **state)
{
	struct termios before, after;

	(void)state;
	change_modes(ECHOE | ECHOK, ECHOPRT);
	before = modes();
	assert_int_equal(pty_control(screen.pty.master, PTY_QUIT, &(char){0}), 2);
	after = modes();
	assert_memory_equal(&after, &before, sizeof after);
}

/* ---- pty_control: characters */

static const struct character_case {
	enum pty_control control;
	int special;
	char customary;
} character_cases[] = {
	{PTY_INTERRUPT, VINTR, '\003'}, {PTY_QUIT, VQUIT, '\034'}, {PTY_SUSPEND, VSUSP, '\032'},
	{PTY_BREAK, VQUIT, '\034'},	{PTY_EOF, VEOF, '\004'},   {PTY_ERASE, VERASE, '\177'},
	{PTY_KILL, VKILL, '\025'},
};

static void assert_typed(enum pty_control control, char expected)
{
	char character = '?';

	assert_int_equal(pty_control(screen.pty.master, control, &character), 1);
	assert_int_equal(character, expected);
}

static void without_isig_a_control_is_its_special_character(void **state)
{
	(void)state;
	change_modes(ISIG, 0);
	for (size_t i = 0; i < sizeof character_cases / sizeof character_cases[0]; i++) {
		change_character(character_cases[i].special, (cc_t)('a' + i));
		assert_typed(character_cases[i].control, (char)('a' + i));
	}
}

static void a_disabled_special_character_is_the_customary_one(void **state)
{
	(void)state;
	change_modes(ISIG, 0);
	for (size_t i = 0; i < sizeof character_cases / sizeof character_cases[0]; i++) {
		change_character(character_cases[i].special, _POSIX_VDISABLE);
		assert_typed(character_cases[i].control, character_cases[i].customary);
	}
}

static void end_of_file_erase_and_kill_are_characters_under_isig_too(void **state)
{
	(void)state;
	change_character(VERASE, '\b');
	assert_typed(PTY_EOF, '\004');
	assert_typed(PTY_ERASE, '\b');
	assert_typed(PTY_KILL, '\025');
}

static void an_ignored_break_does_nothing(void **state)
{
	char character = '?';

	(void)state;
	change_break_modes(IGNBRK | BRKINT);
	assert_int_equal(pty_control(screen.pty.master, PTY_BREAK, &character), 0);
	change_modes(ISIG, 0);
	assert_int_equal(pty_control(screen.pty.master, PTY_BREAK, &character), 0);
	assert_int_equal(character, '?');
}

static void the_characters_do_to_a_line_what_they_say(void **state)
{
	char erase, kill_line, end_of_file;

	(void)state;
	start_script("stty -echo erase '^H' kill '^X' eof '^A'; echo ready; cat; echo end");
	assert_int_equal(pty_control(screen.pty.master, PTY_ERASE, &erase), 1);
	assert_int_equal(pty_control(screen.pty.master, PTY_KILL, &kill_line), 1);
	assert_int_equal(pty_control(screen.pty.master, PTY_EOF, &end_of_file), 1);
	type((char[]){'n', 'o', kill_line, 'y', 'e', 'z', erase, 's', '\n', end_of_file, '\0'});
	assert_true(screen_ends(&screen));
	assert_string_equal(screen.text, "yes\r\nend\r\n");
}

/* ---- pty_discard_output */

static void discarded_output_is_gone(void **state)
{
	const char text[] = "stale";
	struct pty_status status;
	char bytes[64];

	(void)state;
	assert_int_equal(write(screen.pty.slave, text, sizeof text), sizeof text);
	assert_int_equal(pty_discard_output(screen.pty.master), 0);
	assert_int_equal(pty_read(screen.pty.master, bytes, sizeof bytes, &status), -EAGAIN);
}

static void a_full_output_queue_is_discarded_whole(void **state)
{
	static const char text[512];
	struct pollfd slave = {.fd = screen.pty.slave, .events = POLLOUT};
	struct pty_status status;
	size_t written = 0;
	char bytes[64];

	(void)state;
	assert_int_equal(fcntl(slave.fd, F_SETFL, O_RDWR | O_NONBLOCK), 0);
	while (poll(&slave, 1, ROOM_MS) > 0) {
		ssize_t count = write(slave.fd, text, sizeof text);

		if (count > 0)
			written += (size_t)count;
	}
	assert_true(written > LINE_DISCIPLINE_SIZE);
	assert_int_equal(pty_discard_output(screen.pty.master), 0);
	assert_int_equal(poll(&(struct pollfd){screen.pty.master, POLLIN, 0}, 1, ROOM_MS), 0);
	assert_int_equal(pty_read(screen.pty.master, bytes, sizeof bytes, &status), -EAGAIN);
}

static void a_program_that_waits_for_room_goes_on_after_the_discard(void **state)
{
	enum { PRINTED = 64 * 1024 };

	(void)state;
	start_script("stty -echo -opost; echo ready; read key; head -c 65536 /dev/zero | tr '\\0' "
		     "x; echo end");
	type("\n");
	wait_for_unread_output(LINE_DISCIPLINE_SIZE);
	assert_int_equal(pty_discard_output(screen.pty.master), 0);
	assert_true(screen_ends(&screen));
	assert_true(screen.size <= PRINTED - LINE_DISCIPLINE_SIZE + strlen("end\n"));
	assert_string_equal(screen.text + screen.size - strlen("end\n"), "end\n");
}

static void discarding_output_leaves_the_input(void **state)
{
	char bytes[64];

	(void)state;
	change_modes(ECHO, 0);
	type("kept\n");
	assert_int_equal(pty_discard_output(screen.pty.master), 0);
	assert_int_equal(read(screen.pty.slave, bytes, sizeof bytes), strlen("kept\n"));
	assert_memory_equal(bytes, "kept\n", strlen("kept\n"));
}

/* --- EXTPROC --------------------------------------------------------------------------------- */

/* What packet mode tells next. */
static struct pty_status next_status(void)
{
	struct pollfd master = {.fd = screen.pty.master, .events = POLLIN};
	struct pty_status status;
	char bytes[64];

	memset(&status, 0, sizeof status);
	assert_int_equal(poll(&master, 1, DEADLINE_MS), 1);
	assert_true(pty_read(screen.pty.master, bytes, sizeof bytes, &status) >= 0);
	return status;
}

static void assert_nothing_is_told(void)
{
	struct pollfd master = {.fd = screen.pty.master, .events = POLLIN};

	assert_int_equal(poll(&master, 1, 0), 0);
}

static void a_change_of_flow_control_is_told(void **state)
{
	struct termios changed = modes();

	(void)state;
	changed.c_iflag &= ~(tcflag_t)IXON;
	set_modes(&changed);
	assert_true(next_status().changed_modes);
	changed.c_iflag |= IXON;
	set_modes(&changed);
	assert_true(next_status().changed_modes);
	change_modes(ECHO, 0);
	assert_nothing_is_told();
}

static void under_extproc_every_change_of_modes_is_told(void **state)
{
	struct termios changed;

	(void)state;
	assert_int_equal(pty_set_external(screen.pty.master, true), 0);
	assert_true(modes().c_lflag & EXTPROC);
	assert_true(next_status().changed_modes);
	change_modes(ECHO, 0);
	assert_true(next_status().changed_modes);
	changed = modes();
	changed.c_cc[VERASE] = 8;
	set_modes(&changed);
	assert_true(next_status().changed_modes);
	change_modes(EXTPROC, 0);
	assert_true(next_status().changed_modes);
	change_modes(0, ECHO);
	assert_nothing_is_told();
}

static void extproc_changes_no_other_mode(void **state)
{
	struct termios before = modes(), after;

	(void)state;
	assert_int_equal(pty_set_external(screen.pty.master, true), 0);
	after = modes();
	assert_int_equal(after.c_lflag, before.c_lflag | EXTPROC);
	assert_int_equal(pty_set_external(screen.pty.master, false), 0);
	after = modes();
	assert_memory_equal(&after, &before, sizeof before);
}

static void modes_can_be_got_and_set_from_the_master(void **state)
{
	struct termios got;

	(void)state;
	assert_int_equal(pty_get_modes(screen.pty.master, &got), 0);
	got.c_cc[VERASE] = 8;
	assert_int_equal(pty_set_modes(screen.pty.master, &got), 0);
	assert_int_equal(modes().c_cc[VERASE], 8);
}

static void under_extproc_nothing_is_edited_mapped_or_shown(void **state)
{
	char bytes[64];

	(void)state;
	assert_int_equal(pty_set_external(screen.pty.master, true), 0);
	next_status();
	type("a\177\025\003\r");
	assert_int_equal(read(screen.pty.slave, bytes, sizeof bytes), 5);
	assert_memory_equal(bytes, "a\177\025\003\r", 5);
	assert_nothing_is_told();
}

static void input_waits_until_the_program_has_read_it(void **state)
{
	char bytes[64];

	(void)state;
	assert_int_equal(pty_set_external(screen.pty.master, true), 0);
	assert_int_equal(pty_input_waits(screen.pty.master), 0);
	for (int i = 0; i < 100; i++) {
		type("line\n");
		assert_int_equal(pty_input_waits(screen.pty.master), 1);
		assert_int_equal(read(screen.pty.slave, bytes, sizeof bytes), 5);
		assert_int_equal(pty_input_waits(screen.pty.master), 0);
	}
}

static void an_end_of_file_that_stands_alone_is_one_under_extproc(void **state)
{
	char bytes[64];

	(void)state;
	assert_int_equal(pty_set_external(screen.pty.master, true), 0);
	type("\004");
	assert_int_equal(read(screen.pty.slave, bytes, sizeof bytes), 0);
}

static void erase_and_kill_have_nothing_to_erase_under_extproc(void **state)
{
	char character;

	(void)state;
	assert_int_equal(pty_set_external(screen.pty.master, true), 0);
	assert_int_equal(pty_control(screen.pty.master, PTY_ERASE, &character), 0);
	assert_int_equal(pty_control(screen.pty.master, PTY_KILL, &character), 0);
	assert_int_equal(pty_control(screen.pty.master, PTY_EOF, &character), 1);
	change_modes(ICANON, 0);
	assert_int_equal(pty_control(screen.pty.master, PTY_ERASE, &character), 1);
	assert_int_equal(character, 127);
}

#define with_screen(test) cmocka_unit_test_setup_teardown(test, open_screen, close_screen)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_screen(output_stands_from_the_second_byte_on),
		with_screen(a_read_takes_no_more_than_fits),
		with_screen(a_flush_of_both_queues_is_told_without_output),
		with_screen(a_flush_of_the_input_alone_is_told_as_such),
		with_screen(an_interrupt_typed_by_the_user_is_told_as_a_flush),
		with_screen(without_output_a_read_says_so),
		with_screen(the_last_output_comes_before_the_end),
		with_screen(a_terminal_that_is_opened_again_can_be_read_again),
		with_screen(a_new_window_size_is_told_to_the_program),
		with_screen(echo_changes_nothing_but_echo),
		with_screen(what_is_typed_without_echo_is_not_shown),
		cmocka_unit_test(what_is_no_terminal_is_an_error),
		cmocka_unit_test(a_control_is_its_signal_whatever_the_character),
		with_screen(a_signal_goes_to_the_foreground_process_group),
		with_screen(a_full_input_queue_is_flushed_before_the_signal),
		with_screen(a_full_raw_input_queue_is_flushed_before_the_signal),
		with_screen(a_line_too_long_for_the_queue_does_not_stop_the_signal),
		with_screen(who_waits_for_room_to_type_is_woken_by_the_flush),
		with_screen(a_signal_discards_older_output_but_not_the_answer),
		with_screen(with_noflsh_nothing_is_flushed),
		with_screen(a_signal_changes_no_modes),
		with_screen(without_isig_a_control_is_its_special_character),
		with_screen(a_disabled_special_character_is_the_customary_one),
		with_screen(end_of_file_erase_and_kill_are_characters_under_isig_too),
		with_screen(an_ignored_break_does_nothing),
		with_screen(the_characters_do_to_a_line_what_they_say),
		with_screen(discarded_output_is_gone),
		with_screen(a_full_output_queue_is_discarded_whole),
		with_screen(a_program_that_waits_for_room_goes_on_after_the_discard),
		with_screen(discarding_output_leaves_the_input),
		with_screen(a_change_of_flow_control_is_told),
		with_screen(under_extproc_every_change_of_modes_is_told),
		with_screen(extproc_changes_no_other_mode),
		with_screen(modes_can_be_got_and_set_from_the_master),
		with_screen(under_extproc_nothing_is_edited_mapped_or_shown),
		with_screen(input_waits_until_the_program_has_read_it),
		with_screen(an_end_of_file_that_stands_alone_is_one_under_extproc),
		with_screen(erase_and_kill_have_nothing_to_erase_under_extproc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
