/* SPDX-License-Identifier: ISC */
/*
 * The master side of a pseudo-terminal: output and packet status, window size, modes, and a user's
 * control over the program. It opens nothing and starts nothing, and uses no system calls but
 * read(2), ioctl(2) and poll(2), so that it works in a sandbox.
 */
#include "pty/pty.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* The key that a control stands for. */
struct key {
	int special; /* its place in c_cc */
	char customary; /* the character where the user has disabled it */
	int signal; /* what it sends under ISIG; 0: it is always a character */
};

static const struct key keys[] = {
	[PTY_INTERRUPT] = {VINTR, '\003', SIGINT}, /* ^C */
	[PTY_QUIT] = {VQUIT, '\034', SIGQUIT}, /* ^\ */
	[PTY_SUSPEND] = {VSUSP, '\032', SIGTSTP}, /* ^Z */
	[PTY_EOF] = {VEOF, '\004', 0}, /* ^D */
	[PTY_ERASE] = {VERASE, '\177', 0}, /* ^? */
	[PTY_KILL] = {VKILL, '\025', 0}, /* ^U */
};

static int error_of(int result)
{
	return result < 0 ? -errno : 0;
}

ssize_t pty_read(int master, char *bytes, size_t size, struct pty_status *status)
{
	ssize_t count = read(master, bytes, size);

	if (count < 0)
		return -errno;
	if (count == 0)
		return -EIO;
	status->data = bytes[0] == TIOCPKT_DATA;
	status->flushed_input = (bytes[0] & TIOCPKT_FLUSHREAD) != 0;
	status->flushed_output = (bytes[0] & TIOCPKT_FLUSHWRITE) != 0;
	status->changed_modes = (bytes[0] & (TIOCPKT_IOCTL | TIOCPKT_DOSTOP | TIOCPKT_NOSTOP)) != 0;
	return count - 1;
}

int pty_set_window(int master, unsigned short columns, unsigned short rows)
{
	const struct winsize window = {.ws_col = columns, .ws_row = rows};

	return error_of(ioctl(master, TIOCSWINSZ, &window));
}

int pty_get_modes(int master, struct termios *modes)
{
	return error_of(tcgetattr(master, modes));
}

int pty_set_modes(int master, const struct termios *modes)
{
	return error_of(tcsetattr(master, TCSANOW, modes));
}

static int set_local_mode(int master, tcflag_t mode, bool on)
{
	struct termios modes;
	int error = pty_get_modes(master, &modes);

	if (error < 0)
		return error;
	if (((modes.c_lflag & mode) != 0) == on)
		return 0;
	modes.c_lflag ^= mode;
	return pty_set_modes(master, &modes);
}

int pty_set_echo(int master, bool echo)
{
	return set_local_mode(master, ECHO, echo);
}

int pty_set_external(int master, bool external)
{
	return set_local_mode(master, EXTPROC, external);
}

/* poll(2) moves what is on its way to the slave there first, which FIONREAD does not. */
int pty_input_waits(int master)
{
	struct pollfd slave = {.fd = ioctl(master, TIOCGPTPEER, PTY_FLUSH_OPEN_FLAGS),
			       .events = POLLIN};
	int count;

	if (slave.fd < 0)
		return -errno;
	count = poll(&slave, 1, 0);
	close(slave.fd);
	return count < 0 ? -errno : (slave.revents & POLLIN) != 0;
}

/* As a program flushes its input that it has not read. */
static int flush_slave(int master)
{
	int slave = ioctl(master, TIOCGPTPEER, PTY_FLUSH_OPEN_FLAGS);
	int result;

	if (slave < 0)
		return -errno;
	result = error_of(tcflush(slave, TCIFLUSH));
	close(slave);
	return result;
}

/*
 * Flushes input that the program has not read, and output that the master has not.
 *
 * From the master, TCIOFLUSH empties what lies between the two sides both ways, but not the slave's
 * line discipline: of 20480 bytes typed ahead 4095 were left. Only the slave can empty that. One
 * after the other leaves nothing; the other way round, the kernel could refill the line discipline
 * in between. The slave's flush also queues TIOCPKT_FLUSHREAD, which wakes a poll(2) of the master
 * for the room that there is now; TCIOFLUSH wakes nobody.
 *
 * Not by tcsetattr(3) with TCSAFLUSH on the master: that waits until no program is in the middle of
 * a write(2) to the terminal, and such a program itself waits for the master to be read. Who would
 * read it hangs then, and no signal ends that.
 */
static int flush_both_ways(int master)
{
	return tcflush(master, TCIOFLUSH) < 0 ? -errno : flush_slave(master);
}

/* As the kernel does for a key, but before the signal: what the program answers is not flushed. */
static int send_signal(int master, const struct termios *modes, int signal)
{
	bool flush = (modes->c_lflag & NOFLSH) == 0;
	int error = flush ? flush_both_ways(master) : 0;

	if (error < 0)
		return error;
	if (ioctl(master, TIOCSIG, signal) < 0)
		return -errno;
	return flush ? 2 : 0;
}

static char character_of(const struct key *key, const struct termios *modes)
{
	cc_t special = modes->c_cc[key->special];

	return special == _POSIX_VDISABLE ? key->customary : (char)special;
}

static int press(int master, const struct termios *modes, const struct key *key, char *character)
{
	bool edited = (modes->c_lflag & EXTPROC) != 0 && (modes->c_lflag & ICANON) != 0;

	if (key->signal != 0 && (modes->c_lflag & ISIG) != 0)
		return send_signal(master, modes, key->signal);
	if (edited && (key->special == VERASE || key->special == VKILL))
		return 0;
	*character = character_of(key, modes);
	return 1;
}

/* A pseudo-terminal has no line to break: termios(3) says what its driver would have done. */
static int line_break(int master, const struct termios *modes, char *character)
{
	if ((modes->c_iflag & IGNBRK) != 0)
		return 0;
	if ((modes->c_iflag & BRKINT) != 0)
		return send_signal(master, modes, SIGINT);
	return press(master, modes, &keys[PTY_QUIT], character);
}

int pty_control(int master, enum pty_control control, char *character)
{
	struct termios modes;

	if (tcgetattr(master, &modes) < 0)
		return -errno;
	if (control == PTY_BREAK)
		return line_break(master, &modes, character);
	return press(master, &modes, &keys[control], character);
}

/*
 * TCIFLUSH on the master empties both its line discipline and the buffer between the two sides: of
 * 20480 bytes nothing was left. So nothing has to be read and dropped, which would not know
 * where to stop either. What a program has in hand in a write(2) that still waits for room comes
 * after.
 */
int pty_discard_output(int master)
{
	return error_of(tcflush(master, TCIFLUSH));
}
