/* SPDX-License-Identifier: ISC */
/*
 * What unit tests see of a program on a pseudo-terminal: starting it, and reading what it prints
 * with a deadline. Waiting is by poll(2), never by sleeping for a while.
 */
#ifndef SCREEN_H
#define SCREEN_H

#include "pty/pty.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	SCREEN_SIZE = 256 * 1024,
	DEADLINE_MS = 30000, /* long enough for a loaded machine and valgrind */
};

/* A terminal with perhaps a program on it, and all that has been read from it. */
struct screen {
	struct pty pty; /* the slave is -1 once a program has it */
	pid_t program; /* 0: none */
	bool flushed_input; /* packet mode has said so */
	bool flushed_output;
	size_t size;
	char text[SCREEN_SIZE]; /* always ends with a NUL */
};

static inline int screen_open(struct screen *screen)
{
	const struct pty_setup setup = {.echo = true};

	memset(screen, 0, sizeof *screen);
	return pty_open(&screen->pty, &setup);
}

static inline pid_t screen_start(struct screen *screen, const struct pty_program *program)
{
	screen->program = fork();
	if (screen->program == 0)
		pty_run(screen->pty.slave, screen->pty.line, program);
	close(screen->pty.slave);
	screen->pty.slave = -1;
	return screen->program;
}

static inline pid_t screen_start_script(struct screen *screen, const char *script)
{
	char *arguments[] = {"/bin/sh", "-c", (char *)script, NULL};
	char *environment[] = {"PATH=/usr/bin:/bin", "LC_ALL=C", NULL};
	const struct pty_program program = {.arguments = arguments, .environment = environment};

	return screen_start(screen, &program);
}

/* Ends the program and everything in its process group. */
static inline void screen_close(struct screen *screen)
{
	if (screen->program > 0) {
		kill(-screen->program, SIGKILL);
		waitpid(screen->program, NULL, 0);
	}
	close(screen->pty.master);
	if (screen->pty.slave >= 0)
		close(screen->pty.slave);
}

/* The program's status by wait(2), once it has ended. */
static inline int screen_wait_for_end(struct screen *screen)
{
	int status = -1;

	waitpid(screen->program, &status, 0);
	screen->program = 0;
	return status;
}

static inline long milliseconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* As pty_read, but waits for something to come: 0 or more, -EIO, or -ETIMEDOUT. */
static inline ssize_t screen_read(struct screen *screen, long deadline)
{
	struct pollfd master = {.fd = screen->pty.master, .events = POLLIN};
	long left = deadline - milliseconds_now();
	struct pty_status status;
	char bytes[1025];
	ssize_t count;

	if (left <= 0 || poll(&master, 1, (int)left) == 0)
		return -ETIMEDOUT;
	count = pty_read(screen->pty.master, bytes, sizeof bytes, &status);
	if (count == -EAGAIN)
		return 0;
	if (count < 0)
		return count;
	screen->flushed_input |= status.flushed_input;
	screen->flushed_output |= status.flushed_output;
	if (screen->size + (size_t)count >= sizeof screen->text)
		return -ENOSPC;
	memcpy(screen->text + screen->size, bytes + 1, (size_t)count);
	screen->size += (size_t)count;
	return count;
}

/* Reads until the text has been printed; false where it never is. */
static inline bool screen_shows(struct screen *screen, const char *text)
{
	long deadline = milliseconds_now() + DEADLINE_MS;

	while (memmem(screen->text, screen->size, text, strlen(text)) == NULL)
		if (screen_read(screen, deadline) < 0)
			return false;
	return true;
}

/* Reads all that comes until no process has the slave open; false where that never happens. */
static inline bool screen_ends(struct screen *screen)
{
	long deadline = milliseconds_now() + DEADLINE_MS;
	ssize_t count = 0;

	while (count >= 0)
		count = screen_read(screen, deadline);
	return count == -EIO;
}

static inline void screen_forget(struct screen *screen)
{
	memset(screen->text, 0, screen->size);
	screen->size = 0;
}

#endif
