/* SPDX-License-Identifier: ISC */
/* The daemon: arguments, listening sockets, then the monitor. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "telnetd/complain.h"
#include "telnetd/config.h"
#include "telnetd/listen.h"
#include "telnetd/log.h"
#include "telnetd/monitor.h"
#include "telnetd/sandbox.h"

static int fail(const char *what, int error)
{
	complain("%s: %s", what, strerror(-error));
	log_line(LOG_ERR, "event=failed what=\"%s\" why=\"%s\"", what, strerror(-error));
	return CONFIG_EXIT_FAILURE;
}

static void log_listening(const int *sockets, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct sockaddr_storage address;
		socklen_t size = sizeof(address);
		char host[LISTEN_ADDRESS_SIZE], target[LISTEN_ADDRESS_SIZE];
		unsigned short port;

		getsockname(sockets[i], (struct sockaddr *)&address, &size);
		listen_address_text((struct sockaddr *)&address, host, sizeof(host), &port);
		listen_target_text((struct sockaddr *)&address, target, sizeof(target));
		log_line(LOG_INFO, "event=listening address=%s port=%hu connect=\"telnet %s %hu\"",
			 host, port, target, port);
	}
}

/* NULL if descriptor 0 is the socket of a connection, else what it is. */
static const char *name_unfit_input(void)
{
	struct sockaddr_storage peer;
	socklen_t peer_size = sizeof(peer), size = sizeof(int);
	int type = 0, listens = 0;
	struct stat status;

	if (fstat(STDIN_FILENO, &status) != 0)
		return "not open";
	if (isatty(STDIN_FILENO))
		return "a terminal";
	if (S_ISFIFO(status.st_mode))
		return "a pipe";
	if (!S_ISSOCK(status.st_mode))
		return S_ISCHR(status.st_mode) ? "a device" : "a file";
	getsockopt(STDIN_FILENO, SOL_SOCKET, SO_TYPE, &type, &size);
	if (type != SOCK_STREAM)
		return "a socket without connections";
	getsockopt(STDIN_FILENO, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size);
	if (listens)
		return "a socket that listens";
	if (getpeername(STDIN_FILENO, (struct sockaddr *)&peer, &peer_size) != 0)
		return "a socket whose client has gone";
	return NULL;
}

/* Returns -1, or the status to exit with. */
static int check_inetd_socket(void)
{
	const char *unfit = name_unfit_input();

	if (!unfit)
		return -1;
	complain("-i: descriptor 0 is %s: the socket of a client's connection is wanted, as from "
		 "inetd(8) or a systemd socket unit with Accept=yes",
		 unfit);
	return CONFIG_EXIT_FAILURE;
}

/* Descriptor 0 is the client's connection, and so may 1 and 2 be: it is to be in one place only. */
static int take_inetd_socket(int *client)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int error = 0;

	*client = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (null < 0 || *client < 0)
		return -errno;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (dup2(null, fd) < 0)
			error = -errno;
	close(null);
	return error;
}

static int serve_inetd(struct monitor *monitor)
{
	int client;
	int result = take_inetd_socket(&client);

	if (result == 0)
		result = monitor_serve(monitor, client);
	return result;
}

static int serve(const struct config *config, const struct sandbox *sandbox, const int *sockets,
		 size_t count)
{
	struct monitor *monitor = monitor_new(config, sandbox);
	int result;

	if (!monitor)
		return fail("cannot start", -ENOMEM);
	if (!sandbox->privileged)
		log_line(LOG_WARNING, "event=unprivileged text=\"not started by root: workers keep "
				      "this user and root directory\"");
	if (!sandbox->filter)
		log_line(LOG_WARNING, "event=unfiltered text=\"built without libseccomp: workers "
				      "have no system call filter\"");
	result = config->inetd ? serve_inetd(monitor) : monitor_listen(monitor, sockets, count);
	/* Whoever reads this may stop the server at once: by now it heeds signals. */
	log_listening(sockets, count);
	if (result == 0)
		result = monitor_run(monitor);
	monitor_free(monitor);
	if (result == 0)
		return EXIT_SUCCESS;
	return fail(config->inetd ? "cannot serve descriptor 0" : "cannot serve", result);
}

static int run(struct config *config)
{
	struct sandbox sandbox;
	int sockets[LISTEN_MAX];
	size_t count = 0;
	const char *what;
	bool to_standard_error;
	int status = -1, result;

	if (config->inetd)
		status = check_inetd_socket();
	else
		count = listen_open(config, sockets, &status);
	if (count == 0 && status >= 0)
		return status;
	result = sandbox_prepare(&sandbox, &what);
	if (result != 0)
		return fail(what, result);
	if (!config->foreground && !config->inetd && daemon(0, 0) != 0)
		return fail("cannot become a daemon", -errno);
	/* What inetd has put at standard error is the client's connection. */
	to_standard_error = config->foreground && !config->inetd;
	log_open(config->to_syslog || !to_standard_error, to_standard_error);
	status = serve(config, &sandbox, sockets, count);
	sandbox_free(&sandbox);
	return status;
}

/* What is opened later must not be taken for standard input, output or error. */
static void open_standard_descriptors(void)
{
	int null;

	do
		null = open("/dev/null", O_RDWR);
	while (null >= 0 && null <= STDERR_FILENO);
	if (null >= 0)
		close(null);
}

int main(int argc, char **argv)
{
	struct config config;
	int status;

	open_standard_descriptors();
	charsets_prepare();
	status = config_read(&config, argc, argv);

	if (status < 0)
		status = run(&config);
	config_free(&config);
	return status;
}
