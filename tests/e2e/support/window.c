/* SPDX-License-Identifier: ISC */
/* Runs tmux, with a server of the test's own. */
#include "tests/e2e/support/window.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/e2e/support/trial.h"

#define ARGUMENTS_MAX 24
#define NUMBER_SIZE 16

static int windows; /* how many were opened: the number makes each name new */

_Noreturn static void run(const char *const arguments[], int output)
{
	clearenv();
	setenv("PATH", "/usr/local/bin:/usr/bin:/bin", 1);
	setenv("HOME", "/", 1);
	setenv("LC_ALL", "C.UTF-8", 1);
	dup2(output, STDOUT_FILENO);
	dup2(output, STDERR_FILENO);
	execvp(arguments[0], (char *const *)arguments);
	_exit(127);
}

static size_t read_all(int input, char *text, size_t size)
{
	size_t length = 0;
	ssize_t more;

	while (length < size - 1 && (more = read(input, text + length, size - 1 - length)) > 0)
		length += (size_t)more;
	text[length] = '\0';
	return length;
}

/* Gives tmux a command, with its words up to NULL; what it prints is in `answer`. */
static void tell(const char *const words[], char answer[WINDOW_SCREEN_SIZE])
{
	const char *arguments[ARGUMENTS_MAX] = {"tmux", "-u", "-f", "/dev/null", "-S"};
	char name[NUMBER_SIZE];
	size_t count = 5;
	int output[2], status;
	pid_t pid;

	snprintf(name, sizeof(name), "tmux-%d", windows);
	arguments[count++] = trial_file(name, NULL);
	for (size_t i = 0; words[i] && count < ARGUMENTS_MAX - 1; i++)
		arguments[count++] = words[i];
	assert_int_equal(pipe2(output, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0)
		run(arguments, output[1]);
	close(output[1]);
	read_all(output[0], answer, WINDOW_SCREEN_SIZE);
	close(output[0]);
	waitpid(pid, &status, 0);
	if (status != 0)
		fail_msg("tmux %s: %s", words[0], answer);
}

void window_open(unsigned columns, unsigned rows, const char *command)
{
	char answer[WINDOW_SCREEN_SIZE], width[NUMBER_SIZE], height[NUMBER_SIZE];
	const char *const words[] = {
		"set-option", "-g", "remain-on-exit", "on", ";",  "set-option", "-g", "status",
		"off",	      ";",  "new-session",    "-d", "-x", width,	"-y", height,
		command,      NULL};

	windows++;
	snprintf(width, sizeof(width), "%u", columns);
	snprintf(height, sizeof(height), "%u", rows);
	tell(words, answer);
}

void window_type(const char *text)
{
	char answer[WINDOW_SCREEN_SIZE];

	tell((const char *const[]){"send-keys", "-l", "--", text, NULL}, answer);
}

void window_key(const char *name)
{
	char answer[WINDOW_SCREEN_SIZE];

	tell((const char *const[]){"send-keys", name, NULL}, answer);
}

static void trim(char *screen)
{
	char *to = screen, *end = screen;

	for (const char *at = screen; *at != '\0'; at++) {
		if (*at == '\n')
			to = end;
		*to++ = *at;
		if (*at != ' ')
			end = to;
	}
	*end = '\0';
	while (end > screen && end[-1] == '\n')
		*--end = '\0';
}

void window_expect(const char *screen)
{
	long long deadline = trial_now() + DEADLINE_MS;
	char shown[WINDOW_SCREEN_SIZE];

	for (;;) {
		tell((const char *const[]){"capture-pane", "-p", NULL}, shown);
		trim(shown);
		if (strcmp(shown, screen) == 0)
			return;
		if (trial_now() >= deadline)
			break;
		trial_pause();
	}
	assert_string_equal(shown, screen);
}

void window_capture(char screen[WINDOW_SCREEN_SIZE])
{
	tell((const char *const[]){"capture-pane", "-p", "-e", NULL}, screen);
}

void window_resize(unsigned columns, unsigned rows)
{
	char answer[WINDOW_SCREEN_SIZE], width[NUMBER_SIZE], height[NUMBER_SIZE];

	snprintf(width, sizeof(width), "%u", columns);
	snprintf(height, sizeof(height), "%u", rows);
	tell((const char *const[]){"resize-window", "-x", width, "-y", height, NULL}, answer);
}

void window_close(void)
{
	char answer[WINDOW_SCREEN_SIZE];

	if (windows > 0)
		tell((const char *const[]){"kill-server", NULL}, answer);
}
