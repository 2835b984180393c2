/* SPDX-License-Identifier: ISC */
/*
 * What a user's terminal shows before, while and after telnet runs on it: tmux is the terminal, and
 * its pane is compared line by line.
 */
#include "tests/e2e/support/machine.h"
#include "tests/e2e/support/trial.h"
#include "tests/net/support/dialogue.h"

#include <stdlib.h>
#include <string.h>

#define COMMAND_SIZE 512
#define SCREEN_SIZE 4096
#define TMUX "tmux -S $NETWORK/tmux-%d -f /dev/null %s 2>&1"

/* --- the terminal ------------------------------------------------------------------------- */

static int terminals; /* so many were opened: a new one waits for no old one to end */

static const char *tell_tmux(const char *what)
{
	char command[COMMAND_SIZE];

	snprintf(command, sizeof(command), TMUX, terminals, what);
	return machine_ask(command);
}

static int tear_down(void **state)
{
	(void)state;
	if (getenv("NETWORK"))
		tell_tmux("kill-server");
	return 0;
}

static void capture(char screen[SCREEN_SIZE])
{
	snprintf(screen, SCREEN_SIZE, "%s", tell_tmux("capture-pane -p"));
}

/* Waits until the whole screen is this, but for empty lines below. */
static void expect_screen(const char *text)
{
	long long deadline = trial_now() + DEADLINE_MS;
	char screen[SCREEN_SIZE], *end;

	do {
		capture(screen);
		end = screen + strlen(screen);
		while (end > screen && end[-1] == '\n')
			*--end = '\0';
	} while (strcmp(screen, text) != 0 && trial_now() < deadline);
	assert_string_equal(screen, text);
}

/* Types a line, which has no single quote, and Enter. */
static void enter(const char *line)
{
	char keys[COMMAND_SIZE / 2];

	snprintf(keys, sizeof(keys), "send-keys -l -- '%s'", line);
	tell_tmux(keys);
	tell_tmux("send-keys Enter");
}

/* Unlike bash, sh leaves the terminal as a program that has ended left it. */
static void open_terminal(void)
{
	terminals++;
	tell_tmux("new-session -d -x 72 -y 24 \"env PS1='desk> ' sh\"");
	expect_screen("desk>");
	enter("stty -g >$NETWORK/before; clear");
	expect_screen("desk>");
}

/* The modes of the terminal are what they were when it was opened. */
static void expect_modes_as_before(void)
{
	enter("clear; stty -g | cmp - $NETWORK/before && echo same");
	expect_screen("same\ndesk>");
}

/* --- what it shows ------------------------------------------------------------------------ */

#define CALL_OF_MAIL                                                                               \
	"desk> telnet mail.lab.test 25\n"                                                          \
	"Trying fd23::3...\n"                                                                      \
	"Connected to mail.lab.test.\n"                                                            \
	"Escape character is '^]'.\n"                                                              \
	"220 mail.lab.test ESMTP Postfix"

static void a_talk_with_a_text_server_is_all_there_is_to_see(void **state)
{
	(void)state;
	NEEDS_THE_NETWORK();
	open_terminal();
	enter("telnet mail.lab.test 25");
	expect_screen(CALL_OF_MAIL);
	enter("HELO desk.lab.test");
	expect_screen(CALL_OF_MAIL "\nHELO desk.lab.test\n250 mail.lab.test");
	enter("QUIT");
	expect_screen(CALL_OF_MAIL "\nHELO desk.lab.test\n250 mail.lab.test\nQUIT\n221 2.0.0 Bye\n"
				   "Connection closed by foreign host.\ndesk>");
	expect_modes_as_before();
}

#define CALL_OF_LAB                                                                                \
	"desk> telnet lab.test\n"                                                                  \
	"Trying fd23::2...\n"                                                                      \
	"Connected to lab.test.\n"                                                                 \
	"Escape character is '^]'.\n"                                                              \
	"Lab machine\n"                                                                            \
	"lab login:"

#define LOGGED_IN CALL_OF_LAB " wanda\nPassword:\nwanda@lab:~$"

static void log_in(void)
{
	open_terminal();
	enter("telnet lab.test");
	expect_screen(CALL_OF_LAB);
	enter("wanda");
	expect_screen(CALL_OF_LAB " wanda\nPassword:");
	enter("right horse");
	expect_screen(LOGGED_IN);
}

static void a_login_ends_with_the_terminal_as_it_was(void **state)
{
	(void)state;
	NEEDS_THE_NETWORK();
	log_in();
	enter("exit");
	expect_screen(LOGGED_IN " exit\nlogout\nConnection closed by foreign host.\ndesk>");
	expect_modes_as_before();
}

static void a_full_screen_program_gives_the_screen_back(void **state)
{
	(void)state;
	NEEDS_THE_NETWORK();
	log_in();
	enter("seq 99 | less");
	expect_screen("1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16\n17\n18\n19\n20\n21\n2"
		      "2\n23\n:");
	tell_tmux("send-keys q");
	expect_screen(LOGGED_IN " seq 99 | less\nwanda@lab:~$");
	enter("exit");
	expect_screen(LOGGED_IN " seq 99 | less\nwanda@lab:~$ exit\nlogout\n"
				"Connection closed by foreign host.\ndesk>");
	expect_modes_as_before();
}

static void a_client_that_is_terminated_gives_the_terminal_back(void **state)
{
	(void)state;
	NEEDS_THE_NETWORK();
	log_in();
	machine_ask("pkill -TERM -x telnet");
	expect_modes_as_before();
}

#define TEST(name) cmocka_unit_test_teardown(name, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_talk_with_a_text_server_is_all_there_is_to_see),
		TEST(a_login_ends_with_the_terminal_as_it_was),
		TEST(a_full_screen_program_gives_the_screen_back),
		TEST(a_client_that_is_terminated_gives_the_terminal_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
