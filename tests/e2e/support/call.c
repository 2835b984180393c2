/* SPDX-License-Identifier: ISC */
/* Calls by the project's own client. */
#include "tests/e2e/support/call.h"

#include "tests/e2e/support/trial.h"

void call_start(struct typist *typist, struct listener *listener, struct client *server,
		const char *option, const char *other)
{
	const char *arguments[6] = {trial_built("telnet")};
	size_t count = 1;

	listener_open(listener);
	if (option)
		arguments[count++] = option;
	if (other)
		arguments[count++] = other;
	arguments[count++] = "127.0.0.1";
	arguments[count] = listener->port_text;
	typist_start(typist, arguments);
	client_use(server, listener_accept(listener), NULL);
}

void call_end(struct typist *typist, struct listener *listener, struct client *server)
{
	typist_leave(typist);
	client_close(server);
	listener_close(listener);
	trial_remove_directory();
}

void call_command(struct typist *typist, const char *command)
{
	typist_type(typist, CALL_ESCAPE);
	typist_expect(typist, "telnet> ");
	typist_enter(typist, command);
}
