/* SPDX-License-Identifier: ISC */
/*
 * A typist: somebody who sits at a terminal of their own, runs a program there (mostly a client),
 * types, and reads what is shown.
 */
#ifndef E2E_TYPIST_H
#define E2E_TYPIST_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The window of a terminal at first: not what a program takes that knows nothing of it. */
#define TYPIST_ROWS 30
#define TYPIST_COLUMNS 100

#define TYPIST_VARIABLES 4
#define TYPIST_WORD_SIZE 64

struct typist {
	pid_t pid; /* of the program; 0: it has ended, or none was started */
	int master; /* of the terminal */
	char *shown; /* all that was shown so far */
	size_t size;
	size_t room;
	size_t seen; /* expectations have come up to here */
	const char *variables[TYPIST_VARIABLES + 1]; /* for the program's environment, see below */
	bool raw; /* the terminal is as `stty raw -echo` makes it */
};

/*
 * Runs a program, found by PATH, on a new terminal. Its environment is PATH, HOME=/, TERM=xterm
 * and the typist's variables, which come last. Start from a zeroed struct, or one that has left.
 * This and the next fail the test where they do not come about in time, and show the screen.
 */
void typist_start(struct typist *, const char *const arguments[]);

void typist_type(struct typist *, const char *keys);

/* Types a line and Enter. */
void typist_enter(struct typist *, const char *line);

/* Waits for a text behind what was expected before. */
void typist_expect(struct typist *, const char *text);

/* Waits for a text, and copies what follows up to white space. */
void typist_expect_word(struct typist *, const char *text, char word[TYPIST_WORD_SIZE]);

/* Waits until the program has ended by itself; returns its status as a shell has it. */
int typist_expect_end(struct typist *);

/* Waits until the program has the terminal in raw mode: what is typed is taken as it comes. */
void typist_expect_raw(struct typist *);

/* Whether a text has been shown behind what was expected before. */
bool typist_has(struct typist *, const char *text);

/* Makes the window another size, and so sends SIGWINCH to the program. */
void typist_resize(struct typist *, unsigned short rows, unsigned short columns);

/* Ends the program, where it still runs, by SIGKILL, and frees what the struct holds. */
void typist_leave(struct typist *);

#endif
