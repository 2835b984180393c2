/* SPDX-License-Identifier: ISC */
/*
 * Pseudo-terminals: opening one, running a login program on its slave side, and working its
 * master side. Nothing here knows of TELNET or of sockets.
 *
 * Functions return 0 (or a count) or a negative errno, and print nothing.
 */
#ifndef PTY_H
#define PTY_H

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <termios.h>

/* Room for a terminal's line name as utmp has it ("pts/12"), with its NUL. */
#define PTY_LINE_SIZE 32

/* How a new terminal is set up before a program runs on it. */
struct pty_setup {
	unsigned short columns; /* 0: 80 */
	unsigned short rows; /* 0: 24 */
	unsigned long transmit_speed; /* program to user, bits per second; 0: 38400 */
	unsigned long receive_speed; /* user to program, likewise */
	bool echo; /* the terminal echoes what is typed */
};

/* An open pseudo-terminal. Both descriptors are close-on-exec; the caller closes them. */
struct pty {
	int master; /* non-blocking, in packet mode (TIOCPKT) */
	int slave;
	char line[PTY_LINE_SIZE]; /* without "/dev/" */
};

/*
 * Opens a pseudo-terminal by openpty(3) and sets it up. The line speeds are rounded down to the
 * next one that termios(3) has a name for; where the C library keeps one speed for both ways, that
 * is the transmit speed. IUTF8 is set, so that the kernel erases a whole character. All other modes
 * are the kernel's. On failure nothing stays open.
 */
int pty_open(struct pty *, const struct pty_setup *);

/* A program to run on a terminal's slave side. */
struct pty_program {
	char *const *arguments; /* arguments[0] is its path; ends with NULL */
	char *const *environment; /* all of its environment, NAME=VALUE; ends with NULL */
	const char *greeting; /* shown before it starts; NULL for none */
	size_t greeting_size;
	const char *host; /* where the user is, for utmp; NULL: no record is kept */
	const struct sockaddr *address; /* the same as an address, or NULL */
};

/*
 * Turns the calling process, a child forked for this that has no controlling terminal, into the
 * program on the slave side: session leader, controlling terminal, default signal actions and an
 * empty signal mask, descriptors 0 to 2 only, working directory /, umask 022. With a host, it
 * records itself in utmp as LOGIN_PROCESS first, which Debian's login(1) looks for; where that
 * fails, the program runs all the same. A program that cannot be run says so on the terminal and
 * exits with status 127.
 */
_Noreturn void pty_run(int slave, const char *line, const struct pty_program *);

/*
 * utmp(5) and wtmp(5) records of a terminal's line. A machine that keeps neither file is no
 * error; they return the negative errno of any other failure. Both wait for up to ten seconds for
 * each file where another process has it locked, which anyone who may read it can do; they use
 * alarm(2) and SIGALRM for that (glibc's pututxline(3)).
 */
int pty_record_login(const char *line, pid_t, const char *host, const struct sockaddr *);
/*
 * Marks the record of this line as DEAD_PROCESS, and logs the logout in wtmp. The record is ours
 * where it has this pid, or this pid as its session, as a shell's by login(1) has; one of another
 * process that is alive is left, and nothing is logged.
 */
int pty_record_logout(const char *line, pid_t);

/* What packet mode tells beside data; tty_ioctl(4), TIOCPKT. */
struct pty_status {
	bool data; /* the bytes that came are output */
	bool flushed_input; /* the input queue was flushed */
	bool flushed_output; /* the output queue was flushed: older output is stale */
	bool changed_modes; /* the modes have changed: with EXTPROC any, without it flow control */
};

/*
 * Reads output in packet mode: at most size - 1 bytes of it, into `bytes` from its second byte
 * on (the first is the packet's status), and says in `status` what it was. size is at least 2.
 * Returns the count of output bytes, 0 for a packet that was status only; -EAGAIN where there is
 * nothing now; -EIO where no process has the slave open (for the moment: login(1) may hang up its
 * own terminal and open it again).
 */
ssize_t pty_read(int master, char *bytes, size_t size, struct pty_status *status);

/* Sets the window size; the foreground process group gets SIGWINCH where it changed. */
int pty_set_window(int master, unsigned short columns, unsigned short rows);

/* Turns the terminal's ECHO mode on or off, leaving all else as it is. */
int pty_set_echo(int master, bool echo);

/*
 * Gets the terminal's modes and special characters, and sets them at once (never TCSADRAIN or
 * TCSAFLUSH, which can wait for a program that waits for us). To change some, get all first.
 */
int pty_get_modes(int master, struct termios *modes);
int pty_set_modes(int master, const struct termios *modes);

/*
 * Turns EXTPROC on or off: with it on, whoever writes to the master has edited and echoed what is
 * typed, and made functions of the special characters; the terminal does nothing of that, nor maps
 * CR to NL, and tells every change of its modes (struct pty_status). A canonical reader gets all
 * that is there then, not a line, and an end of file by VEOF only where it stands alone: write one
 * line at a time, and look with pty_input_waits in between.
 */
int pty_set_external(int master, bool external);

/*
 * Whether there is input that the program has not read. It opens the slave for a moment, as
 * pty_control does. Returns 1, 0, or a negative errno.
 */
int pty_input_waits(int master);

/* A user's control over the program, by termios(3)'s names of the special characters. */
enum pty_control {
	PTY_INTERRUPT, /* VINTR: SIGINT */
	PTY_QUIT, /* VQUIT: SIGQUIT */
	PTY_SUSPEND, /* VSUSP: SIGTSTP */
	PTY_BREAK, /* a line break: ignored (IGNBRK), SIGINT (BRKINT), or else as PTY_QUIT */
	PTY_EOF, /* VEOF */
	PTY_ERASE, /* VERASE */
	PTY_KILL, /* VKILL */
};

/*
 * Does what the key for this control would do, whatever character the user has made it.
 *
 * Where the terminal turns characters into signals (ISIG), a signal goes to the foreground process
 * group at once (TIOCSIG), even where the input queue is full or the character is disabled, after
 * typed-ahead input and unread output have been flushed (unless NOFLSH). Otherwise the control is a
 * character to be typed: it is stored in *character for the caller to write in its turn.
 *
 * Returns 1 where *character is to be typed, 2 where a signal was sent and both were flushed (the
 * caller should drop the input and the output it still holds), 0 where nothing else is to be done,
 * or a negative errno.
 */
int pty_control(int master, enum pty_control, char *character);

/* With these, and no others, the slave is opened for a moment (TIOCGPTPEER): a filter may look. */
#define PTY_FLUSH_OPEN_FLAGS (O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)

/*
 * Throws away the output that the master has not read yet. What a program has in hand in a write(2)
 * that waits for room still comes.
 */
int pty_discard_output(int master);

#endif
