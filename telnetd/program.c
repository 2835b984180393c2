/* SPDX-License-Identifier: ISC */
/* Runs the login program as the configuration and a worker's START ask for it. */
#include "telnetd/program.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "telnetd/environment.h"
#include "telnetd/issue.h"
#include "telnetd/log.h"
#include "telnetd/packet.h"

#define ARGUMENTS_MAX 64
#define OWN_VARIABLES 6
#define OWN_VARIABLE_SIZE 512
#define SEARCH_PATH "/usr/local/bin:/usr/bin:/bin"

struct environment {
	char own[OWN_VARIABLES][OWN_VARIABLE_SIZE];
	char *list[OWN_VARIABLES + MESSAGE_VARIABLES + 1];
	size_t count;
};

static bool may_be_terminal(const char type[MESSAGE_TERMINAL_TYPE_SIZE])
{
	return message_text_is_good(type, MESSAGE_TERMINAL_TYPE_SIZE) &&
	       environment_allows_terminal_type(type);
}

bool program_may_start(const struct config *config, const struct message_start *start)
{
	if (!may_be_terminal(start->terminal_type) || start->echo > 1 ||
	    start->variable_count > MESSAGE_VARIABLES)
		return false;
	for (size_t i = 0; i < MESSAGE_OTHER_TYPES; i++)
		if (start->other_types[i][0] != '\0' && !may_be_terminal(start->other_types[i]))
			return false;
	for (uint32_t i = 0; i < start->variable_count; i++)
		if (!message_text_is_good(start->variables[i], MESSAGE_VARIABLE_SIZE) ||
		    !environment_allows(start->variables[i], config->accept_environment))
			return false;
	return true;
}

/* Whether this machine knows such a terminal. The type has been checked: it has no slash. */
static bool terminfo_has(const char *type)
{
	static const char *const directories[] = {"/etc/terminfo", "/lib/terminfo",
						  "/usr/lib/terminfo", "/usr/share/terminfo"};
	char path[128];

	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		snprintf(path, sizeof(path), "%s/%c/%s", directories[i], type[0], type);
		if (access(path, R_OK) == 0)
			return true;
	}
	return false;
}

void program_choose_terminal(struct message_start *start)
{
	if (terminfo_has(start->terminal_type))
		return;
	for (size_t i = 0; i < MESSAGE_OTHER_TYPES; i++) {
		const char *type = start->other_types[i];

		if (type[0] == '\0' || !terminfo_has(type))
			continue;
		memcpy(start->terminal_type, type, MESSAGE_TERMINAL_TYPE_SIZE);
		return;
	}
}

static void add_own(struct environment *environment, const char *name, const char *value)
{
	char *variable = environment->own[environment->count];

	snprintf(variable, OWN_VARIABLE_SIZE, "%s=%s", name, value);
	environment->list[environment->count++] = variable;
}

/*
 * What is known before a session asks. Root's server does not know who will log in, so it leaves
 * PATH, HOME and the like to the login program: login(1) of util-linux, started with -p, would keep
 * those that it finds. Another server, or one with same-user, runs programs as its own user, and
 * nothing else sets them.
 */
static void begin_environment(struct environment *environment, const struct config *config)
{
	const struct passwd *user = getpwuid(geteuid());
	const char *shell = user && user->pw_shell[0] != '\0' ? user->pw_shell : "/bin/sh";

	environment->count = 0;
	if (geteuid() == 0 && !config->same_user)
		return;
	add_own(environment, "PATH", SEARCH_PATH);
	add_own(environment, "HOME", user ? user->pw_dir : "/");
	add_own(environment, "SHELL", shell);
	add_own(environment, "USER", user ? user->pw_name : "");
	add_own(environment, "LOGNAME", user ? user->pw_name : "");
}

static void end_environment(struct environment *environment, struct message_start *start)
{
	add_own(environment, "TERM", start->terminal_type);
	for (uint32_t i = 0; i < start->variable_count; i++)
		environment->list[environment->count++] = start->variables[i];
	environment->list[environment->count] = NULL;
}

/* The configured arguments, in which %h stands for the client's address. */
static void make_arguments(char *arguments[ARGUMENTS_MAX + 1], char *const *configured, char *host)
{
	size_t count = 0;

	for (; count < ARGUMENTS_MAX && configured[count]; count++)
		arguments[count] = strcmp(configured[count], "%h") == 0 ? host : configured[count];
	arguments[count] = NULL;
}

static char *read_greeting(const char *path, const char *line, unsigned long speed, size_t *size)
{
	char *greeting;

	if (!path)
		return NULL;
	greeting = issue_read(path, line, speed, size);
	if (!greeting)
		log_line(LOG_WARNING, "event=issue-unreadable file=\"%s\" why=\"%s\"", path,
			 strerror(errno));
	return greeting;
}

_Noreturn static void run(const struct config *config, struct program_request *request,
			  struct environment *environment, int slave)
{
	char *arguments[ARGUMENTS_MAX + 1];
	struct pty_program program = {
		.arguments = arguments,
		.environment = environment->list,
		.host = request->recorded ? request->host : NULL,
		.address = (const struct sockaddr *)&request->address,
	};

	make_arguments(arguments, config->login, request->host);
	end_environment(environment, &request->start);
	program.greeting = read_greeting(config->issue, request->line,
					 request->start.transmit_speed, &program.greeting_size);
	pty_run(slave, request->line, &program);
}

_Noreturn void program_await(int channel, const struct config *config,
			     const struct rlimit *descriptors)
{
	struct environment environment;
	struct program_request request = {.recorded = false};
	int slave;

	begin_environment(&environment, config);
	setrlimit(RLIMIT_NOFILE, descriptors);
	if (packet_receive(channel, &request, sizeof(request), &slave, 0) == sizeof(request) &&
	    slave >= 0)
		run(config, &request, &environment, slave);
	_exit(EXIT_SUCCESS); /* it is not needed any more */
}
