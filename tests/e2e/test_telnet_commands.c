/* SPDX-License-Identifier: ISC */
/* The client's commands and keys: what each of them makes it send to a server that is the test. */
#include "tests/e2e/support/client.h"
#include "tests/e2e/support/listener.h"
#include "tests/e2e/support/trial.h"
#include "tests/e2e/support/typist.h"

#include <string.h>
#include <termios.h>

#define ESCAPE "\035" /* ^] */
#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static struct listener listener;
static struct typist typist;
static struct client server;

static int tear_down(void **state)
{
	(void)state;
	typist_leave(&typist);
	client_close(&server);
	listener_close(&listener);
	trial_remove_directory();
	return 0;
}

static void open_session(void)
{
	listener_open(&listener);
	typist_start(&typist, (const char *const[]){trial_built("telnet"), "127.0.0.1",
						    listener.port_text, NULL});
	client_use(&server, listener_accept(&listener), NULL);
	typist_expect(&typist, "Escape character");
	typist_expect_raw(&typist);
}

/* A session in which each key is sent, as at most login servers. */
static void open_telnet_session(void)
{
	open_session();
	client_send(&server, BYTES(IAC WILL "\x01" IAC WILL "\x03"));
	client_expect_raw(&server, BYTES(IAC DO "\x01" IAC DO "\x03"));
}

static void give_command(const char *command)
{
	typist_type(&typist, ESCAPE);
	typist_expect(&typist, "telnet> ");
	typist_enter(&typist, command);
}

/* All that has come beyond what was expected of it. */
static void assert_nothing_more_is_sent(void)
{
	while (client_receive(&server, 50) && server.raw.size > server.raw.seen)
		fail_msg("%zu bytes more than expected", server.raw.size - server.raw.seen);
}

/* --- send --------------------------------------------------------------------------------- */

static void send_sends_each_function_as_its_command(void **state)
{
	static const struct {
		const char *command;
		const char *bytes;
	} functions[] = {
		{"send abort", IAC "\xee"},
		{"send ao", IAC "\xf5"},
		{"send ayt", IAC "\xf6"},
		{"send brk", IAC "\xf3"},
		{"send break", IAC "\xf3"},
		{"send ec", IAC "\xf7"},
		{"send el", IAC "\xf8"},
		{"send eof", IAC "\xec"},
		{"send eor", IAC "\xef"},
		{"send escape", ESCAPE},
		{"send ga", IAC "\xf9"},
		{"send ip", IAC "\xf4"},
		{"send intp", IAC "\xf4"},
		{"send nop", IAC "\xf1"},
		{"send susp", IAC "\xed"},
		{"send synch", IAC "\xf2"},
		{"send b i", IAC "\xf3" IAC "\xf4"},
	};

	(void)state;
	open_telnet_session();
	for (size_t i = 0; i < LENGTH(functions); i++) {
		give_command(functions[i].command);
		client_expect_raw(&server, functions[i].bytes, strlen(functions[i].bytes));
		assert_int_equal(server.raw.seen, server.raw.size);
	}
	assert_int_equal(server.urgent_marks, 1); /* of the Synch */
	assert_nothing_more_is_sent();
}

static void send_asks_for_options_by_name_and_by_number(void **state)
{
	(void)state;
	open_session();
	give_command("send do sga");
	client_expect_raw(&server, BYTES(IAC DO "\x03"));
	client_send(&server, BYTES(IAC WILL "\x03"));
	give_command("send dont suppress");
	client_expect_raw(&server, BYTES(IAC DONT "\x03"));
	give_command("send will 31");
	client_expect_raw(&server, BYTES(IAC WILL "\x1f"));
	client_send(&server, BYTES(IAC DO "\x1f"));
	client_expect_raw(&server, BYTES(IAC SB "\x1f\x00\x64\x00\x1e" IAC SE));
	give_command("send wont naws");
	client_expect_raw(&server, BYTES(IAC WONT "\x1f"));
	assert_nothing_more_is_sent();
}

static void send_asks_for_the_status_of_a_server_that_tells_it(void **state)
{
	(void)state;
	open_session();
	give_command("send getstatus");
	typist_expect(&typist, "The server has not agreed to STATUS.");
	client_send(&server, BYTES(IAC WILL "\x05"));
	client_expect_raw(&server, BYTES(IAC DO "\x05"));
	give_command("toggle options");
	give_command("send getstatus");
	client_expect_raw(&server, BYTES(IAC SB "\x05\x01" IAC SE));
	client_send(&server, BYTES(IAC SB "\x05\x00" WILL "\x05" IAC SE));
	typist_expect(&typist, "< SB STATUS IS WILL STATUS");
}

static void send_says_what_it_cannot_send(void **state)
{
	(void)state;
	open_session();
	give_command("send ?");
	typist_expect(&typist, "  eor ");
	typist_expect(&typist, "telnet> ");
	typist_enter(&typist, "send e");
	typist_expect(&typist, "e: could be ec or el");
	typist_expect(&typist, "telnet> ");
	typist_enter(&typist, "send frob");
	typist_expect(&typist, "frob: cannot be sent");
	typist_expect(&typist, "telnet> ");
	typist_enter(&typist, "send do");
	typist_expect(&typist, "do : the name or number of an option is wanted");
	typist_expect(&typist, "telnet> ");
	typist_enter(&typist, "send will t");
	typist_expect(&typist, "will t: could be more than one option");
	assert_nothing_more_is_sent();
}

/* --- keys in line mode -------------------------------------------------------------------- */

#define LINEMODE "\x22"
#define MODE "\x01"
#define SLC "\x03"

/* Lines are edited at the client, and these characters are what the server's terminal has. */
static void open_line_mode(const char *mode, const char *characters, size_t size)
{
	client_send(&server, BYTES(IAC DO LINEMODE));
	client_expect_raw(&server, BYTES(IAC WILL LINEMODE IAC SB LINEMODE SLC));
	client_expect_raw(&server, BYTES(IAC SE));
	client_send(&server, BYTES(IAC SB LINEMODE SLC));
	client_send(&server, characters, size);
	client_send(&server, BYTES(IAC SE IAC SB LINEMODE MODE));
	client_send(&server, mode, 1);
	client_send(&server, BYTES(IAC SE));
	client_expect_raw(&server, BYTES(IAC SB LINEMODE SLC));
	client_expect_raw(&server, BYTES(IAC SB LINEMODE MODE));
	client_expect_raw(&server, BYTES(IAC SE));
}

#define EDIT_TRAPSIG "\x03"
#define TRAPSIG "\x02"

/* AO is ^O, as the terminal has it; AYT is what the server wants it to be. */
static void with_linemode_the_keys_ao_and_ayt_are_functions(void **state)
{
	(void)state;
	open_session();
	open_line_mode(TRAPSIG, BYTES("\x05\x02\x06")); /* AYT: ^F */
	typist_type(&typist, "a\017b\006c\024");
	client_expect_raw(&server, BYTES("a" IAC "\xf5"
					 "b" IAC "\xf6"
					 "c\024"));
	assert_nothing_more_is_sent();
}

/* The terminal has room for two characters that end a line, and the escape character is one. */
static void with_linemode_the_key_ao_acts_in_the_middle_of_a_line(void **state)
{
	(void)state;
	open_session();
	open_line_mode(EDIT_TRAPSIG, BYTES("\x0a\x02\x08")); /* EC: ^H */
	typist_type(&typist, "wronk\010g\017");
	client_expect_raw(&server, BYTES("wrong" IAC "\xf5"));
	typist_enter(&typist, "right \024or wrong");
	client_expect_raw(&server, BYTES("right " IAC "\xf6"
					 "or wrong\r\n"));
	assert_nothing_more_is_sent();
}

static void without_localchars_those_keys_are_characters(void **state)
{
	(void)state;
	open_session();
	give_command("unset localchars");
	open_line_mode(TRAPSIG, BYTES("\x05\x02\x06"));
	typist_type(&typist, "\017\006");
	client_expect_raw(&server, BYTES("\017\006"));
	assert_nothing_more_is_sent();
}

static void with_linemode_a_character_that_forwards_a_line_does(void **state)
{
	(void)state;
	open_session();
	open_line_mode(EDIT_TRAPSIG, BYTES("\x11\x02%"));
	typist_type(&typist, "half%");
	client_expect_raw(&server, BYTES("half%"));
	typist_type(&typist, ESCAPE);
	typist_expect(&typist, "telnet> ");
}

static void without_an_escape_character_two_characters_forward_a_line(void **state)
{
	(void)state;
	open_session();
	give_command("unset escape");
	open_line_mode(EDIT_TRAPSIG, BYTES("\x11\x02%\x12\x02&"));
	typist_type(&typist, "half%");
	client_expect_raw(&server, BYTES("half%"));
	typist_type(&typist, "other&");
	client_expect_raw(&server, BYTES("other&"));
	client_send(&server,
		    BYTES(IAC SB LINEMODE SLC
			  "\x11\x00\x00" IAC SE IAC SB LINEMODE DO
			  "\x02\x00\x00\x00\x00\x40" IAC SE)); /* 33, an exclamation mark */
	client_expect_raw(&server, BYTES(IAC SB LINEMODE WILL "\x02" IAC SE));
	typist_type(&typist, "third%!");
	client_expect_raw(&server, BYTES("third%!"));
	assert_nothing_more_is_sent();
}

#define TEST(name) cmocka_unit_test_teardown(name, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(send_sends_each_function_as_its_command),
		TEST(send_asks_for_options_by_name_and_by_number),
		TEST(send_asks_for_the_status_of_a_server_that_tells_it),
		TEST(send_says_what_it_cannot_send),
		TEST(with_linemode_the_keys_ao_and_ayt_are_functions),
		TEST(with_linemode_the_key_ao_acts_in_the_middle_of_a_line),
		TEST(without_localchars_those_keys_are_characters),
		TEST(with_linemode_a_character_that_forwards_a_line_does),
		TEST(without_an_escape_character_two_characters_forward_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
