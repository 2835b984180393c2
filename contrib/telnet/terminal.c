/* SPDX-License-Identifier: ISC */
/*
 * The user's terminal. What is file-scope here belongs to the process: its one terminal, and what
 * its signal handlers have to know.
 */
#include "contrib/telnet/terminal.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

_Static_assert(_POSIX_VDISABLE == 0, "0 is no character that ends a line");

static struct termios original;
static volatile sig_atomic_t is_terminal;
static volatile sig_atomic_t is_changed; /* its modes are not the original ones */
static volatile sig_atomic_t requests[TERMINAL_REQUESTS];
static sigset_t mask_while_waiting;

/* Signals that are requests. Those that a key has sent come from the kernel. */
static const struct {
	int signal;
	enum terminal_request request;
	bool only_key; /* from anybody else it ends the client */
} requesting[] = {
	{SIGWINCH, TERMINAL_RESIZED, false},
	{SIGINT, TERMINAL_INTERRUPT, true},
	{SIGQUIT, TERMINAL_QUIT, true},
	{SIGTSTP, TERMINAL_SUSPEND, false},
};

#define REQUESTING (sizeof(requesting) / sizeof(requesting[0]))

static const int deadly[] = {SIGHUP, SIGTERM, SIGALRM, SIGUSR1, SIGUSR2, SIGXCPU};

/* --- signals ------------------------------------------------------------------------------ */

/* Only what may be called from a signal's handler: tcsetattr(3) may. */
static void restore_and_die(int number)
{
	sigset_t set;

	/* In the background setting modes would stop the client instead of ending it. */
	sigemptyset(&set);
	sigaddset(&set, SIGTTOU);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (is_terminal && is_changed)
		tcsetattr(STDIN_FILENO, TCSANOW, &original);
	signal(number, SIG_DFL);
	raise(number);
	sigemptyset(&set);
	sigaddset(&set, number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void on_request(int number, siginfo_t *information, void *context)
{
	bool is_key = information->si_code == SI_KERNEL;

	(void)context;
	for (size_t i = 0; i < REQUESTING; i++) {
		if (requesting[i].signal != number)
			continue;
		if (requesting[i].only_key && !is_key) {
			restore_and_die(number);
			return;
		}
		if (number == SIGTSTP && !is_key)
			requests[TERMINAL_STOP] = 1;
		else
			requests[requesting[i].request] = 1;
	}
}

/* From here on they are requests, which come while the terminal is waited for. */
static void catch_requests(void)
{
	struct sigaction action = {.sa_sigaction = on_request, .sa_flags = SA_SIGINFO};
	sigset_t blocked;

	sigemptyset(&blocked);
	for (size_t i = 0; i < REQUESTING; i++) {
		sigaddset(&blocked, requesting[i].signal);
		sigdelset(&mask_while_waiting, requesting[i].signal);
		sigaction(requesting[i].signal, &action, NULL);
	}
	sigprocmask(SIG_BLOCK, &blocked, NULL);
}

/* They do at once what they do to any program. */
static void release_requests(void)
{
	sigset_t released;

	sigemptyset(&released);
	for (size_t i = 0; i < REQUESTING; i++) {
		sigaddset(&released, requesting[i].signal);
		signal(requesting[i].signal, SIG_DFL);
	}
	sigprocmask(SIG_UNBLOCK, &released, NULL);
}

static void catch_signals(void)
{
	struct sigaction action = {.sa_handler = restore_and_die};

	catch_requests();
	for (size_t i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++) {
		struct sigaction old;

		sigaction(deadly[i], NULL, &old);
		if (old.sa_handler != SIG_IGN) /* nohup(1) */
			sigaction(deadly[i], &action, NULL);
	}
}

/* What keys have asked of somebody else they have not asked of the client. */
static void forget_requests(void)
{
	for (size_t i = 0; i < TERMINAL_REQUESTS; i++)
		requests[i] = 0;
	requests[TERMINAL_RESIZED] = 1;
}

void terminal_leave(void)
{
	terminal_restore();
	if (is_terminal)
		release_requests();
}

void terminal_return(void)
{
	if (is_terminal)
		catch_requests();
	forget_requests();
}

bool terminal_takes(enum terminal_request request)
{
	bool requested = requests[request] != 0;

	requests[request] = 0;
	return requested;
}

/*
 * ppoll(2) leaves a signal pending that comes together with something to read or write. Take the
 * signal first: ^C may drop what is still to be shown.
 */
static void take_signals(void)
{
	sigset_t blocked;

	sigpending(&blocked);
	for (size_t i = 0; i < REQUESTING; i++) {
		if (!sigismember(&blocked, requesting[i].signal))
			continue;
		sigprocmask(SIG_SETMASK, &mask_while_waiting, &blocked);
		sigprocmask(SIG_SETMASK, &blocked, NULL);
		return;
	}
}

int terminal_wait(struct pollfd *polled, nfds_t count, int milliseconds)
{
	const struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000L};

	int ready = ppoll(polled, count, milliseconds < 0 ? NULL : &time, &mask_while_waiting);

	take_signals();
	return ready;
}

/* --- modes -------------------------------------------------------------------------------- */

void terminal_open(void)
{
	is_terminal = tcgetattr(STDIN_FILENO, &original) == 0;
	atexit(terminal_restore);
	signal(SIGPIPE, SIG_IGN); /* these two are errors of write(2) */
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGCHLD, SIG_DFL); /* else nobody could be waited for */
	sigprocmask(SIG_BLOCK, NULL, &mask_while_waiting);
	if (is_terminal)
		catch_signals();
}

bool terminal_is_there(void)
{
	return is_terminal != 0;
}

static void set_flag(tcflag_t *flags, tcflag_t flag, bool on)
{
	*flags = on ? *flags | flag : *flags & ~flag;
}

static void set_input(struct termios *modes, const struct terminal_mode *mode)
{
	modes->c_iflag &= ~(tcflag_t)(ISTRIP | IGNCR | BRKINT | PARMRK | INPCK);
	set_flag(&modes->c_iflag, ICRNL, mode->cooked);
	set_flag(&modes->c_iflag, INLCR, mode->swaps_ends);
	set_flag(&modes->c_iflag, IXON, mode->flow_control);
	set_flag(&modes->c_iflag, IXANY, mode->restart_any);
	set_flag(&modes->c_lflag, ICANON | IEXTEN, mode->edit);
	set_flag(&modes->c_lflag, ECHO, mode->echo);
	set_flag(&modes->c_lflag, ISIG, mode->trap_signals);
	if (mode->literal_echo)
		modes->c_lflag &= ~(tcflag_t)ECHOCTL;
}

/*
 * OPOST even if bytes are shown as they are: without it the kernel does not know in which column a
 * line that it edits begins, and needs that to erase a tab.
 */
static void set_output(struct termios *modes, const struct terminal_mode *mode)
{
	modes->c_oflag |= OPOST;
	if (!mode->cooked)
		modes->c_oflag = OPOST;
	set_flag(&modes->c_oflag, ONLCR, mode->cooked);
	if (mode->soft_tab && mode->cooked)
		modes->c_oflag = (modes->c_oflag & ~(tcflag_t)TABDLY) | TAB3;
	modes->c_cflag = (modes->c_cflag & ~(tcflag_t)CSIZE) | CS8;
}

/*
 * Nobody takes the escape character from the user, nor the key that starts output again: where
 * START is not the user's own, any key does.
 */
static void keep_way_out(struct termios *modes, int escape)
{
	for (size_t i = 0; i < NCCS; i++)
		if (escape >= 0 && i != VMIN && i != VTIME && modes->c_cc[i] == escape)
			modes->c_cc[i] = _POSIX_VDISABLE;
	if (modes->c_cc[VSTART] != original.c_cc[VSTART])
		modes->c_iflag |= IXANY;
}

static void set_characters(struct termios *modes, const struct terminal_mode *mode)
{
	if (mode->has_characters)
		memcpy(modes->c_cc, mode->characters, sizeof(modes->c_cc));
	keep_way_out(modes, mode->escape);
	modes->c_cc[VEOL] = (cc_t)(mode->escape >= 0 ? mode->escape : _POSIX_VDISABLE);
	modes->c_cc[VEOL2] = mode->ends[0];
	if (mode->escape < 0)
		modes->c_cc[VEOL] = mode->ends[1];
	if (mode->edit)
		return;
	modes->c_cc[VMIN] = 1;
	modes->c_cc[VTIME] = 0;
}

void terminal_apply(const struct terminal_mode *mode)
{
	struct termios modes = original;

	if (!is_terminal)
		return;
	set_input(&modes, mode);
	set_output(&modes, mode);
	set_characters(&modes, mode);
	is_changed = 1;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &modes);
}

void terminal_restore(void)
{
	if (!is_terminal)
		return;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &original);
	is_changed = 0;
}

void terminal_size(unsigned short *columns, unsigned short *rows)
{
	struct winsize window = {0};

	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &window) != 0)
		ioctl(STDOUT_FILENO, TIOCGWINSZ, &window);
	*columns = window.ws_col;
	*rows = window.ws_row;
}

const cc_t *terminal_characters(void)
{
	return original.c_cc;
}

/* --- leaving it for a while --------------------------------------------------------------- */

void terminal_stop_client(void)
{
	struct sigaction usual = {.sa_handler = SIG_DFL}, ours;
	sigset_t stop;

	fflush(stdout);
	terminal_restore();
	sigaction(SIGTSTP, &usual, &ours);
	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	kill(0, SIGTSTP); /* as the key: to everybody whom the user's shell takes for this job */
	sigprocmask(SIG_UNBLOCK, &stop, NULL);
	sigprocmask(SIG_BLOCK, &stop, NULL);
	sigaction(SIGTSTP, &ours, NULL);
	requests[TERMINAL_RESIZED] = 1;
}

static _Noreturn void become_shell(const char *command)
{
	const char *shell = getenv("SHELL");
	sigset_t none;

	for (size_t i = 0; i < REQUESTING; i++)
		signal(requesting[i].signal, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (!shell || shell[0] == '\0')
		shell = "/bin/sh";
	if (command)
		execl(shell, shell, "-c", command, (char *)NULL);
	else
		execl(shell, shell, (char *)NULL);
	fprintf(stderr, "%s: %s\n", shell, strerror(errno));
	_exit(127);
}

void terminal_run(const char *command)
{
	struct sigaction usual = {.sa_handler = SIG_DFL}, ours;
	sigset_t stop;
	pid_t child;

	fflush(stdout);
	terminal_restore();
	child = fork();
	if (child == 0)
		become_shell(command);
	if (child < 0)
		fprintf(stderr, "no process for it: %s\n", strerror(errno));
	/* ^Z stops both: a command that is stopped alone would leave the terminal to nobody. */
	sigaction(SIGTSTP, &usual, &ours);
	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &stop, NULL);
	while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	sigprocmask(SIG_BLOCK, &stop, NULL);
	sigaction(SIGTSTP, &ours, NULL);
	forget_requests();
}
