/* SPDX-License-Identifier: ISC */
/*
 * A user at desk logs in at lab by telnet, and works there: the same words to telnetd and to two
 * other telnet servers.
 */
#include "tests/e2e/support/call.h"
#include "tests/e2e/support/machine.h"
#include "tests/e2e/support/trial.h"
#include "tests/net/support/dialogue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs those before it. */
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define PROMPT "wanda@lab:~$ "
#define COMMAND_SIZE 512

static struct typist typist;
static char process[32]; /* of the server, if it is this test's */

/* Which program the server is, "" for the network's own telnetd, and how it is run at its port. */
struct login_server {
	const char *program;
	const char *command;
	const char *port;
	const char *here; /* what it says to AYT: BusyBox's says NOP, but sends it as data */
	bool has_line_mode;
};

static const struct login_server telnetd = {"", "", "23", "[Yes]", true};
static const struct login_server busybox = {"busybox", "busybox telnetd -F -p 2302 -l /bin/login",
					    "2302", "\xff\xf1", false};
/* It agrees to LINEMODE, and takes that back at once. */
static const struct login_server inetutils = {
	"inetutils-telnetd",
	"socat TCP-LISTEN:2303,fork EXEC:$NETWORK/bin/inetutils-telnetd,nofork", "2303", "[Yes]",
	false};

static int tear_down(void **state)
{
	char command[COMMAND_SIZE];

	(void)state;
	typist_leave(&typist);
	snprintf(command, sizeof(command), "kill %s", process);
	if (process[0] != '\0')
		machine_ask(command);
	process[0] = '\0';
	return 0;
}

static void serve(const struct login_server *server)
{
	long long deadline = trial_now() + DEADLINE_MS;
	char command[COMMAND_SIZE];

	if (server->program[0] == '\0')
		return;
	snprintf(command, sizeof(command), "command -v %s", server->program);
	if (machine_ask(command)[0] == '\0') {
		print_message("skipped: %s cannot be had here\n", server->program);
		skip();
	}
	snprintf(command, sizeof(command), "ip netns exec lab %s >/dev/null 2>&1 & echo $!",
		 server->command);
	snprintf(process, sizeof(process), "%s", machine_ask(command));
	snprintf(command, sizeof(command), "ip netns exec lab ss -Hltn sport = :%s", server->port);
	while (machine_ask(command)[0] == '\0')
		assert_true(trial_now() < deadline);
}

static void log_in(const struct login_server *server)
{
	char command[COMMAND_SIZE];

	snprintf(command, sizeof(command), "telnet -a lab.test %s", server->port);
	dialogue_start(&typist, command);
	typist_expect(&typist, "login: ");
	typist_enter(&typist, MACHINE_USER);
	typist_expect(&typist, "Password: ");
	typist_enter(&typist, MACHINE_PASSWORD);
	typist_expect(&typist, PROMPT);
}

/* The signal that tells the client of it may come after what is typed. */
static void resize(void)
{
	typist_resize(&typist, 33, 99);
	typist_enter(&typist,
		     "until [ \"$(stty size)\" = \"33 99\" ]; do :; done; echo resi\"\"zed");
	typist_expect(&typist, "resized");
	typist_expect(&typist, PROMPT);
}

static void edit_with_vi(void)
{
	typist_enter(&typist, "vi letter");
	typist_expect(&typist, "[New");
	typist_type(&typist, "iDear reader,\033:wq\r");
	typist_expect(&typist, PROMPT);
	typist_enter(&typist, "cat letter; rm letter");
	typist_expect(&typist, "\nDear reader,\r\n");
	typist_expect(&typist, PROMPT);
}

/* It says itself that it has begun: until then control keys are for the shell. */
static void run(const char *program)
{
	char command[COMMAND_SIZE];

	snprintf(command, sizeof(command), "sh -c 'echo rea\"\"dy; exec %s'", program);
	typist_enter(&typist, command);
	typist_expect(&typist, "ready");
}

static void interrupt_a_program(void)
{
	run("sleep 600");
	typist_type(&typist, "\003");
	typist_expect(&typist, PROMPT);
}

/* It leaves the editing to its terminal, and that to a client whose user wants line mode. */
static void stop_a_program(const struct login_server *server)
{
	if (server->has_line_mode)
		call_command(&typist, "mode line");
	run("cat");
	typist_enter(&typist, "a line");
	typist_expect(&typist, "\na line");
	typist_expect(&typist, "\na line");
	call_command(&typist, "status");
	typist_expect(&typist, server->has_line_mode ? "Operating in line (LINEMODE) mode."
						     : "Operating in character mode.");
	typist_expect(&typist, "Escape character is '^]'.");
	typist_type(&typist, "\032");
	typist_expect(&typist, "Stopped");
	typist_expect(&typist, PROMPT);
	/* The shell does not end before it has seen the end of what was stopped. */
	typist_enter(&typist, "kill %1; until [ -z \"$(jobs -s)\" ]; do :; done");
	typist_expect(&typist, PROMPT);
}

static void ask_for_status(const struct login_server *server)
{
	call_command(&typist, "status");
	typist_expect(&typist, "Options of the server: ECHO, SUPPRESS-GO-AHEAD");
	typist_expect(&typist, "NAWS");
	if (server->has_line_mode)
		typist_expect(&typist, "LINEMODE");
	typist_expect(&typist, "Escape character is '^]'.");
}

static void a_login_goes_as_users_expect(void **state)
{
	const struct login_server *server = *state;

	NEEDS_THE_NETWORK();
	serve(server);
	log_in(server);
	resize();
	edit_with_vi();
	interrupt_a_program();
	stop_a_program(server);
	call_command(&typist, "send ayt");
	typist_expect(&typist, server->here);
	ask_for_status(server);
	typist_enter(&typist, "exit");
	typist_expect(&typist, "logout");
	typist_expect(&typist, "Connection closed by foreign host.");
	assert_int_equal(typist_expect_end(&typist), 0);
}

#define AT(server)                                                                                 \
	{                                                                                          \
		"a_login_goes_as_users_expect_at_" #server, a_login_goes_as_users_expect, NULL,    \
			tear_down, (void *)(uintptr_t) & (server)                                  \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT(telnetd),
		AT(busybox),
		AT(inetutils),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
