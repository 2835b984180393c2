/* SPDX-License-Identifier: ISC */
/* Starts the login program as the configuration and a worker's START ask for it. */
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

#define ARGUMENTS_MAX 64
#define OWN_VARIABLES 6
#define OWN_VARIABLE_SIZE 512
#define SEARCH_PATH "/usr/local/bin:/usr/bin:/bin"

struct environment {
	char own[OWN_VARIABLES][OWN_VARIABLE_SIZE];
	char *list[OWN_VARIABLES + MESSAGE_VARIABLES + 1];
};

bool program_may_start(const struct config *config, const struct message_start *start)
{
	if (!message_text_is_good(start->terminal_type, sizeof(start->terminal_type)) ||
	    !environment_allows_terminal_type(start->terminal_type) || start->echo > 1 ||
	    start->variable_count > MESSAGE_VARIABLES)
		return false;
	for (uint32_t i = 0; i < start->variable_count; i++)
		if (!message_text_is_good(start->variables[i], MESSAGE_VARIABLE_SIZE) ||
		    !environment_allows(start->variables[i], config->accept_environment))
			return false;
	return true;
}

static void make_environment(struct environment *environment, struct message_start *start)
{
	const struct passwd *user = getpwuid(geteuid());
	const char *shell = user && user->pw_shell[0] != '\0' ? user->pw_shell : "/bin/sh";
	const char *const own[OWN_VARIABLES][2] = {
		{"TERM", start->terminal_type},	     {"PATH", SEARCH_PATH},
		{"HOME", user ? user->pw_dir : "/"}, {"SHELL", shell},
		{"USER", user ? user->pw_name : ""}, {"LOGNAME", user ? user->pw_name : ""},
	};
	size_t count = 0;

	for (; count < OWN_VARIABLES; count++) {
		snprintf(environment->own[count], OWN_VARIABLE_SIZE, "%s=%s", own[count][0],
			 own[count][1]);
		environment->list[count] = environment->own[count];
	}
	for (uint32_t i = 0; i < start->variable_count; i++)
		environment->list[count++] = start->variables[i];
	environment->list[count] = NULL;
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

pid_t program_start(const struct program *program, struct message_start *start,
		    const struct pty *pty)
{
	char *arguments[ARGUMENTS_MAX + 1];
	struct environment environment;
	struct pty_program run = {
		.arguments = arguments,
		.environment = environment.list,
		.host = program->recorded ? program->host : NULL,
		.address = program->address,
	};
	struct rlimit own;
	char *greeting;
	pid_t pid;

	make_arguments(arguments, program->config->login, program->host);
	make_environment(&environment, start);
	greeting = read_greeting(program->config->issue, pty->line, start->transmit_speed,
				 &run.greeting_size);
	run.greeting = greeting;
	getrlimit(RLIMIT_NOFILE, &own);
	setrlimit(RLIMIT_NOFILE, &program->descriptors);
	pid = pty_start(pty->slave, pty->line, &run);
	setrlimit(RLIMIT_NOFILE, &own);
	free(greeting);
	return pid;
}
