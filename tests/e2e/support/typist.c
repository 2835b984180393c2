/* SPDX-License-Identifier: ISC */
/* Runs programs on terminals, types to them and reads what they show. */
#include "tests/e2e/support/typist.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <utmp.h>

#include "tests/e2e/support/server.h"
#include "tests/e2e/support/trial.h"

#define SEARCH_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define READ_SIZE ((size_t)64 * 1024)

/* --- the screen --------------------------------------------------------------------------- */

static void make_room(struct typist *typist)
{
	if (typist->room - typist->size >= READ_SIZE)
		return;
	typist->room = 2 * typist->room + READ_SIZE;
	typist->shown = realloc(typist->shown, typist->room);
	assert_non_null(typist->shown);
}

/* Reads once, waiting so long for something; false once there will be no more. */
static bool read_screen(struct typist *typist, int milliseconds)
{
	struct pollfd readable = {.fd = typist->master, .events = POLLIN};
	ssize_t size;

	if (poll(&readable, 1, milliseconds) <= 0)
		return true;
	make_room(typist);
	size = read(typist->master, typist->shown + typist->size, READ_SIZE);
	if (size > 0)
		typist->size += (size_t)size;
	return size > 0 || (size < 0 && (errno == EAGAIN || errno == EINTR));
}

static const char *find(const struct typist *typist, size_t from, const char *text)
{
	if (!typist->shown)
		return NULL;
	return memmem(typist->shown + from, typist->size - from, text, strlen(text));
}

static void fail_with_screen(const struct typist *typist, const char *what, const char *text)
{
	trial_show("screen", typist->shown + typist->seen, typist->size - typist->seen);
	server_show_logs();
	fail_msg("%s '%s'", what, text);
}

void typist_expect(struct typist *typist, const char *text)
{
	long long deadline = trial_now() + DEADLINE_MS;
	size_t length = strlen(text), from = typist->seen;
	bool more = true;
	const char *place;

	while (!(place = find(typist, from, text))) {
		if (!more || trial_now() >= deadline)
			fail_with_screen(typist, "not shown:", text);
		/* What has been searched is searched no more, but for the text's beginning. */
		if (typist->size > from + length)
			from = typist->size - length;
		more = read_screen(typist, (int)(deadline - trial_now()));
	}
	typist->seen = (size_t)(place - typist->shown) + length;
}

static size_t word_length(const struct typist *typist)
{
	size_t length = 0;

	while (typist->seen + length < typist->size &&
	       !strchr(" \r\n", typist->shown[typist->seen + length]))
		length++;
	return length;
}

void typist_expect_word(struct typist *typist, const char *text, char word[TYPIST_WORD_SIZE])
{
	long long deadline = trial_now() + DEADLINE_MS;
	size_t length;

	typist_expect(typist, text);
	while (typist->seen + (length = word_length(typist)) == typist->size)
		if (!read_screen(typist, 100) || trial_now() >= deadline)
			fail_with_screen(typist, "no end of the word behind", text);
	snprintf(word, TYPIST_WORD_SIZE, "%.*s", (int)length, typist->shown + typist->seen);
	typist->seen += length;
}

bool typist_has(struct typist *typist, const char *text)
{
	size_t before;

	do
		before = typist->size;
	while (read_screen(typist, 0) && typist->size > before);
	return find(typist, typist->seen, text) != NULL;
}

/* --- the keyboard ------------------------------------------------------------------------- */

void typist_type(struct typist *typist, const char *keys)
{
	long long deadline = trial_now() + DEADLINE_MS;
	struct pollfd writable = {.fd = typist->master, .events = POLLOUT};
	size_t left = strlen(keys);

	while (left > 0) {
		ssize_t size = write(typist->master, keys, left);

		if (size > 0) {
			keys += size;
			left -= (size_t)size;
		} else if (errno != EAGAIN || trial_now() >= deadline) {
			fail_with_screen(typist, "cannot be typed:", keys);
		} else {
			poll(&writable, 1, 100);
		}
	}
}

void typist_enter(struct typist *typist, const char *line)
{
	typist_type(typist, line);
	typist_type(typist, "\r");
}

void typist_expect_raw(struct typist *typist)
{
	long long deadline = trial_now() + DEADLINE_MS;
	struct termios modes;

	while (tcgetattr(typist->master, &modes) != 0 || (modes.c_lflag & ICANON)) {
		if (trial_now() >= deadline)
			fail_with_screen(typist, "not raw:", "the terminal");
		trial_pause();
	}
}

void typist_resize(struct typist *typist, unsigned short rows, unsigned short columns)
{
	const struct winsize window = {.ws_row = rows, .ws_col = columns};

	assert_int_equal(ioctl(typist->master, TIOCSWINSZ, &window), 0);
}

/* --- the program -------------------------------------------------------------------------- */

_Noreturn static void run(const struct typist *typist, const char *const arguments[])
{
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL); /* with a test that is killed */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	clearenv();
	setenv("PATH", SEARCH_PATH, 1);
	setenv("HOME", "/", 1);
	setenv("TERM", "xterm", 1);
	for (size_t i = 0; typist->variables[i]; i++)
		putenv((char *)typist->variables[i]);
	execvp(arguments[0], (char *const *)arguments);
	fprintf(stderr, "cannot run %s: %s\n", arguments[0], strerror(errno));
	_exit(127);
}

static void make_raw(int slave)
{
	struct termios modes;

	assert_int_equal(tcgetattr(slave, &modes), 0);
	cfmakeraw(&modes);
	assert_int_equal(tcsetattr(slave, TCSANOW, &modes), 0);
}

void typist_start(struct typist *typist, const char *const arguments[])
{
	const struct winsize window = {.ws_row = TYPIST_ROWS, .ws_col = TYPIST_COLUMNS};
	int slave;

	assert_int_equal(openpty(&typist->master, &slave, NULL, NULL, &window), 0);
	assert_int_equal(fcntl(typist->master, F_SETFD, FD_CLOEXEC), 0);
	assert_int_equal(fcntl(typist->master, F_SETFL, O_NONBLOCK), 0);
	if (typist->raw)
		make_raw(slave);
	typist->pid = fork();
	if (typist->pid == 0) {
		login_tty(slave);
		run(typist, arguments);
	}
	close(slave);
	assert_true(typist->pid > 0);
}

int typist_expect_end(struct typist *typist)
{
	long long deadline = trial_now() + DEADLINE_MS;
	int status;

	while (waitpid(typist->pid, &status, WNOHANG) == 0) {
		if (trial_now() >= deadline)
			fail_with_screen(typist, "does not end:", "the program");
		read_screen(typist, 10);
		trial_pause(); /* its screen may end before it does */
	}
	typist->pid = 0;
	typist_has(typist, ""); /* reads what is left */
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void typist_leave(struct typist *typist)
{
	if (typist->master > 0)
		close(typist->master);
	if (typist->pid > 0) {
		kill(typist->pid, SIGKILL);
		waitpid(typist->pid, NULL, 0);
	}
	free(typist->shown);
	*typist = (struct typist){0};
}
