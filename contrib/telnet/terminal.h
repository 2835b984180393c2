/* SPDX-License-Identifier: ISC */
/*
 * The user's terminal: its modes, its size and the signals that come of it. There is one, on
 * standard input; it is as it was before whenever the client ends, stops or is killed.
 */
#ifndef TERMINAL_H
#define TERMINAL_H

#include <poll.h>
#include <stdbool.h>
#include <termios.h>

/* Characters that can end a line that the kernel edits, beside those that always do. */
#define TERMINAL_ENDS 2

/* What the terminal does with what is typed and shown; all but these is the user's own. */
struct terminal_mode {
	bool edit; /* the kernel edits lines */
	bool echo;
	bool trap_signals; /* keys such as ^C are signals */
	bool cooked; /* LF is shown as CR LF, and Enter is LF */
	bool swaps_ends; /* and ^J is CR, so that the two keys can be told apart */
	bool flow_control; /* ^S and ^Q stop and start output */
	bool restart_any; /* and any other key starts it */
	bool soft_tab; /* a tab is shown as blanks */
	bool literal_echo; /* control characters are echoed as they are, not as ^X */
	bool has_characters; /* the keys of editing and of signals are these, not the user's own */
	cc_t characters[NCCS]; /* as termios(3) has them */
	int escape; /* where lines are edited, a character that ends one; -1: none */
	cc_t ends[TERMINAL_ENDS]; /* and others, 0: none; beside `escape` there is room for one */
};

/* What a key, or somebody else, has asked for since it was asked last. */
enum terminal_request {
	TERMINAL_RESIZED,
	TERMINAL_INTERRUPT, /* the key ^C, as all these only where signals are trapped */
	TERMINAL_QUIT, /* the key ^\ */
	TERMINAL_SUSPEND, /* the key ^Z */
	TERMINAL_STOP, /* SIGTSTP that somebody has sent */
	TERMINAL_REQUESTS,
};

/*
 * Keeps the terminal's modes, if standard input is a terminal, and catches signals: those that end
 * the client put the modes back first. Called once, at the beginning.
 */
void terminal_open(void);

/* Whether standard input is a terminal. */
bool terminal_is_there(void);

/* Sets its modes; without a terminal nothing happens. */
void terminal_apply(const struct terminal_mode *);

/* Puts the modes back as they were. */
void terminal_restore(void);

/*
 * Leaves the terminal as it was, with keys and signals that do what they do to any program, for as
 * long as nobody looks at them: until the return.
 */
void terminal_leave(void);
void terminal_return(void);

/* Its size, 0 where that is unknown. */
void terminal_size(unsigned short *columns, unsigned short *rows);

/* The characters that its user has, as termios(3) has them: NCCS of them. */
const cc_t *terminal_characters(void);

/* Whether this has been asked for; it is forgotten then. */
bool terminal_takes(enum terminal_request);

/* As poll(2); the signals above come only here, and end it with EINTR. */
int terminal_wait(struct pollfd *, nfds_t, int milliseconds);

/* Stops the client as ^Z does, with the terminal as it was; returns when it goes on. */
void terminal_stop_client(void);

/*
 * Runs a shell command, or a shell for NULL, with the terminal as it was; returns when it has
 * ended.
 */
void terminal_run(const char *command);

#endif
