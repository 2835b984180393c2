/* SPDX-License-Identifier: ISC */
/* The TELNET client: connects, runs the session, and says how it came out. */
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "contrib/telnet/command.h"
#include "contrib/telnet/connect.h"

#define TELNET_PORT 23

/* Keys are characters to the editor of lines: where the locale knows none but ASCII, take UTF-8. */
static void set_locale(void)
{
	setlocale(LC_CTYPE, "");
	if (strcmp(nl_langinfo(CODESET), "ANSI_X3.4-1968") == 0)
		setlocale(LC_CTYPE, "C.UTF-8");
}

static bool export_variable(struct client *client, const char *name)
{
	const char *value = getenv(name);
	int error = value ? variables_define(&client->variables, name, value) : -ENOENT;

	if (error == 0)
		error = variables_export(&client->variables, name, true);
	if (error != 0)
		fprintf(stderr, "telnet: cannot export the variable '%s': %s\n", name,
			strchr(name, '=')
				? "give only its name: the value comes from the environment"
				: variables_explain(error));
	return error == 0;
}

/* DISPLAY and the user's name, which a server may be told, and what --env names. */
static bool define_variables(struct client *client)
{
	const char *display = getenv("DISPLAY");
	const char *user = client->settings.user;

	if (display && display[0] != '\0' &&
	    variables_define(&client->variables, "DISPLAY", display) == 0)
		variables_export(&client->variables, "DISPLAY", true);
	for (size_t i = 0; i < client->settings.export_count; i++)
		if (!export_variable(client, client->settings.exports[i]))
			return false;
	if (!user)
		return true;
	if (variables_define(&client->variables, "USER", user) != 0) {
		fprintf(stderr, "telnet: bad user '%s'\n", user);
		return false;
	}
	return variables_export(&client->variables, "USER", true) == 0;
}

static void on_escape(void *owner)
{
	command_prompt(owner);
}

/* To standard output, also where it is a pipe or a file: scripts look there for these lines. */
static void welcome(const struct settings *settings)
{
	char escape[8];

	if (settings->quiet)
		return;
	printf("Connected to %s.\n", settings->host);
	if (settings->escape != SETTINGS_NO_ESCAPE)
		printf("Escape character is '%s'.\n",
		       settings_show_character(settings->escape, escape));
	fflush(stdout);
}

static void say_goodbye(const struct session *session)
{
	if (session->closed)
		return;
	if (session->fault[0] != '\0')
		fprintf(stderr, "telnet: %s: %s\n", session->host, session->fault);
	else if (session->screen_error != 0)
		fprintf(stderr, "telnet: cannot write to standard output: %s\n",
			strerror(-session->screen_error));
	else if (session->error != 0)
		fprintf(stderr, "telnet: connection to %s: %s\n", session->host,
			strerror(session->error));
	else if (session->settings->quiet)
		return;
	else if (session->silent)
		session_notice("Connection closed: the server has been silent for a second.\n");
	else
		session_notice("Connection closed by foreign host.\n");
}

/* Runs a session on a connected socket; returns the status to exit with. */
static int run_session(struct client *client, int socket, unsigned short port)
{
	struct settings *settings = &client->settings;
	struct session *session = session_new(socket, settings, &client->variables, &client->trace);
	bool in_order;

	if (!session) {
		fputs("telnet: out of memory\n", stderr);
		return EXIT_FAILURE;
	}
	session->host = settings->host;
	session->escape = on_escape;
	session->owner = client;
	client->session = session;
	welcome(settings);
	trace_begin(&client->trace, "connected");
	if (!settings->raw && (port == TELNET_PORT || settings->negotiate))
		session_begin_telnet(session, true);
	in_order = session_run(session);
	say_goodbye(session);
	client->session = NULL;
	session_free(session);
	return in_order ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int connect_and_run(struct client *client)
{
	const struct settings *settings = &client->settings;
	const struct connect_target target = {
		.host = settings->host,
		.port = settings->port,
		.family = settings->family,
		.source = settings->source.text ? &settings->source : NULL,
		.timeout = settings->timeout,
	};
	unsigned short port = 0;
	int socket;

	connect_knows_port(settings->port, &port);
	terminal_leave();
	socket = connect_to(&target, settings->quiet ? NULL : stdout);
	terminal_return();
	return socket < 0 ? EXIT_FAILURE : run_session(client, socket, port);
}

/* Without a host on the command line: commands, until one of them quits. */
static int run_commands(struct client *client)
{
	int status = EXIT_SUCCESS;

	while (!client->quit) {
		client->settings.host = NULL;
		command_prompt(client);
		if (!client->quit && client->settings.host)
			status = connect_and_run(client);
	}
	return status;
}

/*
 * A descriptor that was closed is not to become that of a file or a socket of ours: what is read
 * and written there fails.
 */
static bool fill_descriptors(void)
{
	for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; descriptor++) {
		int flags = descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY;

		if (fcntl(descriptor, F_GETFD) < 0 && open("/dev/null", flags) != descriptor)
			return false;
	}
	return true;
}

/* What could not be written has to be said, where nothing else was, and shows in the status. */
static int check_output(const struct client *client, int status)
{
	int error = fflush(stdout) != 0 ? errno : ferror(stdout) ? EIO : 0;

	if (client->trace.error != 0)
		fprintf(stderr, "telnet: the trace breaks off: %s\n",
			strerror(client->trace.error));
	if (error != 0 && status == EXIT_SUCCESS)
		fprintf(stderr, "telnet: cannot write to standard output: %s\n", strerror(error));
	if ((error != 0 || client->trace.error != 0) && status == EXIT_SUCCESS)
		return EXIT_FAILURE;
	return status;
}

int main(int count, char *arguments[])
{
	static struct client client;
	int status, error;

	if (!fill_descriptors())
		return EXIT_FAILURE;
	status = settings_read(&client.settings, count, arguments);
	if (status >= 0)
		return check_output(&client, status);
	set_locale();
	error = trace_open(&client.trace, client.settings.trace);
	if (error != 0) {
		fprintf(stderr, "telnet: cannot write the trace to '%s': %s\n",
			client.settings.trace, strerror(-error));
		return EXIT_FAILURE;
	}
	terminal_open();
	if (!define_variables(&client))
		status = 2;
	else if (client.settings.host)
		status = connect_and_run(&client);
	else
		status = run_commands(&client);
	command_free(&client);
	terminal_restore();
	return check_output(&client, status);
}
