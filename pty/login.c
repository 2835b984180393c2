/* SPDX-License-Identifier: ISC */
/*
 * Opening a pseudo-terminal, and starting a login program on its slave side. Which program that
 * is, and what is in its environment, is the caller's decision.
 */
#include "pty/pty.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

enum {
	DEFAULT_COLUMNS = 80,
	DEFAULT_ROWS = 24,
	DEFAULT_SPEED = 38400,
	LOGIN_UMASK = 022,
	STATUS_CANNOT_RUN = 127, /* as sh(1) has it */
};

static const char device_directory[] = "/dev/";

/* The speeds that termios(3) has names for, in ascending order. */
static const struct speed {
	unsigned long bits_per_second;
	speed_t name;
} speeds[] = {
	{50, B50},	     {75, B75},		  {110, B110},	       {134, B134},
	{150, B150},	     {200, B200},	  {300, B300},	       {600, B600},
	{1200, B1200},	     {1800, B1800},	  {2400, B2400},       {4800, B4800},
	{9600, B9600},	     {19200, B19200},	  {38400, B38400},     {57600, B57600},
	{115200, B115200},   {230400, B230400},	  {460800, B460800},   {500000, B500000},
	{576000, B576000},   {921600, B921600},	  {1000000, B1000000}, {1152000, B1152000},
	{1500000, B1500000}, {2000000, B2000000}, {2500000, B2500000}, {3000000, B3000000},
	{3500000, B3500000}, {4000000, B4000000},
};

static speed_t named_speed(unsigned long bits_per_second)
{
	speed_t name = speeds[0].name;

	if (bits_per_second == 0)
		bits_per_second = DEFAULT_SPEED;
	for (size_t i = 0; i < sizeof speeds / sizeof speeds[0]; i++)
		if (speeds[i].bits_per_second <= bits_per_second)
			name = speeds[i].name;
	return name;
}

static int set_modes(int slave, const struct pty_setup *setup)
{
	struct termios modes;

	if (tcgetattr(slave, &modes) < 0)
		return -errno;
	modes.c_iflag |= IUTF8;
	if (!setup->echo)
		modes.c_lflag &= ~(tcflag_t)ECHO;
	/* Where the C library has one speed for both ways, the later call decides. */
	if (cfsetispeed(&modes, named_speed(setup->receive_speed)) < 0)
		return -errno;
	if (cfsetospeed(&modes, named_speed(setup->transmit_speed)) < 0)
		return -errno;
	return tcsetattr(slave, TCSANOW, &modes) < 0 ? -errno : 0;
}

static int set_descriptor_flags(const struct pty *pty)
{
	int status_flags = fcntl(pty->master, F_GETFL);

	if (status_flags < 0 || fcntl(pty->master, F_SETFL, status_flags | O_NONBLOCK) < 0)
		return -errno;
	if (fcntl(pty->master, F_SETFD, FD_CLOEXEC) < 0)
		return -errno;
	return fcntl(pty->slave, F_SETFD, FD_CLOEXEC) < 0 ? -errno : 0;
}

static int find_line(struct pty *pty)
{
	char path[sizeof device_directory - 1 + sizeof pty->line];
	size_t skip = sizeof device_directory - 1;
	int error = ptsname_r(pty->master, path, sizeof path);

	if (error != 0)
		return -error;
	if (strncmp(path, device_directory, skip) != 0)
		return -ENOTTY;
	memcpy(pty->line, path + skip, strlen(path + skip) + 1);
	return 0;
}

static int set_up(struct pty *pty, const struct pty_setup *setup)
{
	unsigned short columns = setup->columns != 0 ? setup->columns : DEFAULT_COLUMNS;
	unsigned short rows = setup->rows != 0 ? setup->rows : DEFAULT_ROWS;
	const int packet_mode = 1;
	int error = set_descriptor_flags(pty);

	if (error == 0)
		error = find_line(pty);
	if (error == 0)
		error = set_modes(pty->slave, setup);
	if (error == 0)
		error = pty_set_window(pty->master, columns, rows);
	if (error == 0 && ioctl(pty->master, TIOCPKT, &packet_mode) < 0)
		error = -errno;
	return error;
}

int pty_open(struct pty *pty, const struct pty_setup *setup)
{
	int error;

	if (openpty(&pty->master, &pty->slave, NULL, NULL, NULL) < 0)
		return -errno;
	error = set_up(pty, setup);
	if (error < 0) {
		close(pty->master);
		close(pty->slave);
	}
	return error;
}

static void default_signals(void)
{
	sigset_t none;

	for (int signal_number = 1; signal_number < NSIG; signal_number++)
		signal(signal_number, SIG_DFL); /* SIGKILL and SIGSTOP refuse, rightly */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* A greeting that the terminal does not take keeps nobody from logging in. */
static void show(const char *text, size_t size)
{
	while (size > 0) {
		ssize_t count = write(STDOUT_FILENO, text, size);

		if (count < 0 && errno != EINTR)
			return;
		if (count > 0) {
			text += count;
			size -= (size_t)count;
		}
	}
}

_Noreturn static void fail(int descriptor, const char *path)
{
	dprintf(descriptor, "telnetd: cannot run %s: %s\n", path, strerror(errno));
	_exit(STATUS_CANNOT_RUN);
}

/* Kernels before 5.9 cannot do that by themselves. */
static void close_from(int first)
{
	if (syscall(SYS_close_range, (unsigned)first, ~0U, 0U) == 0)
		return;
	for (long descriptor = first; descriptor < sysconf(_SC_OPEN_MAX); descriptor++)
		close((int)descriptor);
}

_Noreturn void pty_run(int slave, const char *line, const struct pty_program *program)
{
	const char *path = program->arguments[0];

	default_signals();
	if (login_tty(slave) < 0)
		fail(slave, path);
	close_from(STDERR_FILENO + 1);
	umask(LOGIN_UMASK);
	if (chdir("/") < 0)
		fail(STDOUT_FILENO, path);
	/* A machine that cannot keep the record lets its users in all the same. */
	if (program->host != NULL)
		pty_record_login(line, getpid(), program->host, program->address);
	if (program->greeting != NULL)
		show(program->greeting, program->greeting_size);
	execve(path, program->arguments, program->environment);
	fail(STDOUT_FILENO, path);
}
