/* SPDX-License-Identifier: ISC */
/*
 * What every end-to-end test needs: cmocka with what it wants before it, deadlines, and a word on
 * why a test is skipped.
 */
#ifndef E2E_TRIAL_H
#define E2E_TRIAL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs those before it. */
#include <cmocka.h>

#include <stdio.h>
#include <unistd.h>

/* How long something that must happen may take on a loaded machine, under sanitizers. */
#define DEADLINE_MS 20000

#ifdef __SANITIZE_ADDRESS__
#define SANITIZED true
#else
#define SANITIZED false
#endif

/* For tests that look into processes of other users or become somebody else. */
#define SKIP_UNLESS_ROOT()                                                                         \
	do {                                                                                       \
		if (geteuid() != 0) {                                                              \
			print_message("%s: skipped: only root can see that\n", __func__);          \
			skip();                                                                    \
		}                                                                                  \
	} while (0)

/* Milliseconds on a clock that only goes forward. */
long long trial_now(void);

/* Waits a moment between two looks at something that nothing can be waited for with poll(2). */
void trial_pause(void);

/* A file in the directory that the tests were built in, e.g. "telnetd"; good for a few calls. */
const char *trial_built(const char *name);

/* Prints bytes to standard error so that every one of them can be seen. */
void trial_show(const char *what, const char *bytes, size_t size);

/*
 * A directory of the test's own, made at the first call; trial_remove_directory removes it and the
 * files in it.
 */
const char *trial_directory(void);
void trial_remove_directory(void);

/* The path of a file in it, good for a few calls; with `text`, unless NULL, written to the file. */
const char *trial_file(const char *name, const char *text);

/* Waits until a file in it holds `text`; returns whether it came to that. */
bool trial_file_gets(const char *name, const char *text);

#endif
