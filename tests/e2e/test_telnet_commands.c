/* SPDX-License-Identifier: ISC */
/* What the client's options, commands and keys make it send, to a server that is the test. */
#include "tests/e2e/support/call.h"
#include "tests/e2e/support/client.h"
#include "tests/e2e/support/listener.h"
#include "tests/e2e/support/trial.h"
#include "tests/e2e/support/typist.h"

#include <string.h>
#include <sys/stat.h>
#include <termios.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* As it is sent: the urgent byte is DONT. */
#define SYNCH IAC DONT "\xf1" IAC "\xf2"

static struct listener listener;
static struct typist typist;
static struct client server;

static int tear_down(void **state)
{
	(void)state;
	call_end(&typist, &listener, &server);
	return 0;
}

/* With options, up to the first NULL. */
static void open_session_with(const char *option, const char *other)
{
	call_start(&typist, &listener, &server, option, other);
	typist_expect(&typist, "Connected to 127.0.0.1.");
	typist_expect_raw(&typist);
}

static void open_session(void)
{
	open_session_with(NULL, NULL);
}

/* Waits until the prompt is over, and the terminal edits lines or hands on each key. */
static void expect_terminal(bool edits)
{
	long long deadline = trial_now() + DEADLINE_MS;
	struct termios modes;

	/* The editor of lines leaves ISIG on. */
	while (tcgetattr(typist.master, &modes) != 0 || ((modes.c_lflag & ICANON) != 0) != edits ||
	       ((modes.c_iflag & ICRNL) != 0) != edits || (!edits && (modes.c_lflag & ISIG))) {
		assert_true(trial_now() < deadline);
		trial_pause();
	}
}

/* Waits until the terminal tells Enter from ^J while it shows what is typed. */
static void expect_swapped_ends(void)
{
	long long deadline = trial_now() + DEADLINE_MS;
	struct termios modes;

	while (tcgetattr(typist.master, &modes) != 0 || (modes.c_iflag & INLCR) == 0 ||
	       (modes.c_lflag & (ICANON | ISIG))) {
		assert_true(trial_now() < deadline);
		trial_pause();
	}
}

/* Waits until the editor of lines, which leaves signals to the terminal, has given way. */
static void expect_single_keys(void)
{
	long long deadline = trial_now() + DEADLINE_MS;
	struct termios modes;

	while (tcgetattr(typist.master, &modes) != 0 || (modes.c_lflag & (ICANON | ISIG)) != 0) {
		assert_true(trial_now() < deadline);
		trial_pause();
	}
}

/* A session in which each key is sent, as at most login servers. */
static void open_telnet_session_with(const char *option, const char *other)
{
	open_session_with(option, other);
	client_send(&server, BYTES(IAC WILL "\x01" IAC WILL "\x03"));
	client_expect_raw(&server, BYTES(IAC DO "\x01" IAC DO "\x03"));
	expect_single_keys();
}

static void open_telnet_session(void)
{
	open_telnet_session_with(NULL, NULL);
}

/* All that has come beyond what was expected of it. */
static void assert_nothing_more_is_sent(void)
{
	while (client_receive(&server, 50) && server.raw.size > server.raw.seen)
		fail_msg("%zu bytes more than expected", server.raw.size - server.raw.seen);
}

/* Whatever else the client offers: after this it has offered all. */
static void assert_no_line_mode_is_offered(void)
{
	client_send(&server, BYTES(IAC WILL "\x05"));
	client_expect_raw(&server, BYTES(IAC DO "\x05"));
	assert_false(client_has_raw(&server, BYTES(IAC WILL "\x22")));
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
		{"send escape", CALL_ESCAPE},
		{"send ga", IAC "\xf9"},
		{"send ip", IAC "\xf4"},
		{"send intp", IAC "\xf4"},
		{"send nop", IAC "\xf1"},
		{"send susp", IAC "\xed"},
		{"send synch", SYNCH},
		{"send b i", IAC "\xf3" IAC "\xf4"},
	};

	(void)state;
	open_telnet_session();
	for (size_t i = 0; i < LENGTH(functions); i++) {
		call_command(&typist, functions[i].command);
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
	call_command(&typist, "send do sga");
	client_expect_raw(&server, BYTES(IAC DO "\x03"));
	client_send(&server, BYTES(IAC WILL "\x03"));
	call_command(&typist, "send dont suppress");
	client_expect_raw(&server, BYTES(IAC DONT "\x03"));
	call_command(&typist, "send will 31");
	client_expect_raw(&server, BYTES(IAC WILL "\x1f"));
	client_send(&server, BYTES(IAC DO "\x1f"));
	client_expect_raw(&server, BYTES(IAC SB "\x1f\x00\x64\x00\x1e" IAC SE));
	call_command(&typist, "send wont naws");
	client_expect_raw(&server, BYTES(IAC WONT "\x1f"));
	assert_nothing_more_is_sent();
}

static void send_asks_for_the_status_of_a_server_that_tells_it(void **state)
{
	(void)state;
	open_session();
	call_command(&typist, "send getstatus");
	typist_expect(&typist, "The server has not agreed to STATUS.");
	client_send(&server, BYTES(IAC WILL "\x05"));
	client_expect_raw(&server, BYTES(IAC DO "\x05"));
	call_command(&typist, "toggle options");
	call_command(&typist, "send getstatus");
	client_expect_raw(&server, BYTES(IAC SB "\x05\x01" IAC SE));
	client_send(&server, BYTES(IAC SB "\x05\x00" WILL "\x05" IAC SE));
	typist_expect(&typist, "< SB STATUS IS WILL STATUS");
}

static void send_says_what_it_cannot_send(void **state)
{
	(void)state;
	open_session();
	call_command(&typist, "send ?");
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

/* --- other commands ----------------------------------------------------------------------- */

static void help_tells_of_each_command(void **state)
{
	static const char *const commands[] = {"close",	 "environ", "mode",  "open",
					       "quit",	 "send",    "set",   "slc",
					       "status", "toggle",  "unset", "z"};

	(void)state;
	open_session();
	call_command(&typist, "?");
	for (size_t i = 0; i < LENGTH(commands); i++)
		typist_expect(&typist, commands[i]);
	typist_expect(&typist, "telnet> ");
	typist_enter(&typist, "help quit");
	typist_expect(&typist, "close the connection and exit");
	typist_expect(&typist, "telnet> ");
	assert_nothing_more_is_sent();
}

static void what_only_lists_leaves_the_prompt(void **state)
{
	static const char *const commands[] = {"?",   "help", "environ", "mode",   "send ?",
					       "set", "slc",  "toggle",	 "unset ?"};

	(void)state;
	open_session();
	typist_type(&typist, CALL_ESCAPE);
	for (size_t i = 0; i < LENGTH(commands); i++) {
		typist_expect(&typist, "telnet> ");
		typist_enter(&typist, commands[i]);
	}
	typist_expect(&typist, "telnet> ");
	typist_enter(&typist, "status");
	typist_enter(&typist, "goes on");
	client_expect_raw(&server, BYTES("goes on\r\n"));
	assert_nothing_more_is_sent();
}

static void close_closes_the_connection(void **state)
{
	(void)state;
	open_session();
	call_command(&typist, "close");
	typist_expect(&typist, "Connection closed.");
	assert_int_equal(typist_expect_end(&typist), 0);
	while (client_receive(&server, DEADLINE_MS))
		;
	assert_true(server.ended);
	assert_int_equal(server.raw.size, 0);
}

static void mode_says_how_what_is_typed_is_sent(void **state)
{
	(void)state;
	open_telnet_session();
	typist_type(&typist, "k");
	client_expect_raw(&server, BYTES("k"));
	call_command(&typist, "mode oldline");
	client_expect_raw(&server, BYTES(IAC DONT "\x03" IAC DONT "\x01"));
	client_send(&server, BYTES(IAC WONT "\x03" IAC WONT "\x01" IAC DO "\x22"));
	client_expect_raw(&server, BYTES(IAC WONT "\x22"));
	expect_terminal(true);
	typist_enter(&typist, "wronk\177g");
	client_expect_raw(&server, BYTES("wrong\r\n"));
	call_command(&typist, "mode character");
	client_expect_raw(&server, BYTES(IAC DO "\x03" IAC DO "\x01"));
	client_send(&server, BYTES(IAC WILL "\x03" IAC WILL "\x01"));
	expect_terminal(false);
	typist_type(&typist, "k");
	client_expect_raw(&server, BYTES("k"));
	call_command(&typist, "mode line");
	client_expect_raw(&server, BYTES(IAC WILL "\x22"));
	call_command(&typist, "mode");
	typist_expect(&typist, "  mode oldline ");
	assert_nothing_more_is_sent();
}

static void mode_telnet_begins_with_offers(void **state)
{
	(void)state;
	open_session();
	call_command(&typist, "mode telnet");
	client_expect_raw(&server, BYTES(IAC DO "\x03" IAC WILL "\x18" IAC WILL "\x1f"));
	assert_no_line_mode_is_offered();
}

static void set_unset_and_toggle_change_how_enter_is_sent(void **state)
{
	(void)state;
	open_telnet_session();
	typist_type(&typist, "\r");
	client_expect_raw(&server, BYTES("\r\0"));
	call_command(&typist, "set crlf");
	expect_terminal(false);
	typist_type(&typist, "\r");
	client_expect_raw(&server, BYTES("\r\n"));
	call_command(&typist, "unset crlf");
	expect_terminal(false);
	typist_type(&typist, "\r");
	client_expect_raw(&server, BYTES("\r\0"));
	call_command(&typist, "toggle crlf");
	expect_terminal(false);
	typist_type(&typist, "\r");
	client_expect_raw(&server, BYTES("\r\n"));
	assert_nothing_more_is_sent();
}

/* What is sent is the same however the keys come. */
static void the_key_linefeed_is_sent_as_itself(void **state)
{
	(void)state;
	open_telnet_session();
	typist_type(&typist, "a\nb\r\nc");
	client_expect_raw(&server, BYTES("a\nb\r\0\nc"));
	typist_type(&typist, "d\r");
	client_expect_raw(&server, BYTES("d\r\0"));
	typist_type(&typist, "\ne");
	client_expect_raw(&server, BYTES("\ne"));
	client_send(&server, BYTES(IAC DO "\x00"));
	client_expect_raw(&server, BYTES(IAC WILL "\x00"));
	typist_type(&typist, "f\r\n\n\r");
	client_expect_raw(&server, BYTES("f\r\n\n\r"));
	assert_nothing_more_is_sent();
}

/* Where the keys are shown here, Enter ends a line on the screen, too. */
static void the_key_linefeed_is_none_for_enter_where_the_server_does_not_echo(void **state)
{
	(void)state;
	open_session();
	client_send(&server, BYTES(IAC WILL "\x03"));
	client_expect_raw(&server, BYTES(IAC DO "\x03"));
	expect_swapped_ends();
	typist_type(&typist, "a\r");
	client_expect_raw(&server, BYTES("a\r\n"));
	typist_expect(&typist, "a\r\n");
	typist_type(&typist, "b\nc");
	client_expect_raw(&server, BYTES("b\nc"));
	assert_nothing_more_is_sent();
}

static void set_binary_asks_for_it_both_ways(void **state)
{
	(void)state;
	open_telnet_session();
	call_command(&typist, "set binary");
	client_expect_raw(&server, BYTES(IAC WILL "\x00" IAC DO "\x00"));
	client_send(&server, BYTES(IAC DO "\x00" IAC WILL "\x00"));
	call_command(&typist, "unset binary");
	client_expect_raw(&server, BYTES(IAC WONT "\x00" IAC DONT "\x00"));
}

static void set_escape_makes_another_character_the_escape_character(void **state)
{
	(void)state;
	open_telnet_session();
	call_command(&typist, "set escape ^A");
	expect_terminal(false);
	typist_type(&typist, CALL_ESCAPE);
	client_expect_raw(&server, BYTES(CALL_ESCAPE));
	typist_type(&typist, "\001");
	typist_expect(&typist, "telnet> ");
	typist_enter(&typist, "set");
	typist_expect(&typist, "escape     ^A ");
	typist_expect(&typist, "telnet> ");
	typist_enter(&typist, "set frob");
	typist_expect(&typist, "frob: no such setting");
}

static void set_tracefile_writes_what_comes_from_then_on(void **state)
{
	char command[128];

	(void)state;
	open_telnet_session();
	snprintf(command, sizeof(command), "set tracefile %s", trial_file("trace", ""));
	call_command(&typist, command);
	client_send(&server, BYTES(IAC WILL "\x05"));
	assert_true(trial_file_gets("trace", " > DO STATUS\n"));
}

static void a_trace_is_added_to_its_file_which_only_its_user_can_read(void **state)
{
	const char *path = trial_file("trace", NULL);
	struct stat status;
	off_t size = 0;

	(void)state;
	for (int i = 0; i < 2; i++) {
		open_session_with("-n", path);
		typist_leave(&typist);
		client_close(&server);
		listener_close(&listener);
		assert_int_equal(stat(path, &status), 0);
		assert_int_equal(status.st_mode & 0777, 0600);
		size = i == 0 ? status.st_size : size;
	}
	assert_true(size > 0 && status.st_size == 2 * size);
}

/* In old line mode, where ^C and ^\ are functions. */
static void with_autosynch_a_synch_follows_a_function(void **state)
{
	(void)state;
	open_session();
	client_send(&server, BYTES(IAC WILL "\x05"));
	client_expect_raw(&server, BYTES(IAC DO "\x05"));
	expect_terminal(true);
	typist_type(&typist, "\003");
	client_expect_raw(&server, BYTES(IAC "\xf4"));
	typist_enter(&typist, "a");
	client_expect_raw(&server, BYTES("a\r\n"));
	assert_int_equal(server.urgent_marks, 0);
	call_command(&typist, "set autosynch");
	expect_terminal(true);
	typist_type(&typist, "\003");
	client_expect_raw(&server, BYTES(IAC "\xf4" SYNCH));
	typist_type(&typist, "\034");
	client_expect_raw(&server, BYTES(IAC "\xf3" SYNCH));
	assert_int_equal(server.urgent_marks, 2);
}

/* USER is told as VAR, a name of the user's own as USERVAR. */
static void environ_defines_and_undefines_what_is_told(void **state)
{
	(void)state;
	open_session();
	call_command(&typist, "environ define USER ada");
	call_command(&typist, "environ define SHOE 39");
	client_send(&server, BYTES(IAC DO "\x27" IAC SB "\x27\x01" IAC SE));
	client_expect_raw(&server, BYTES(IAC SB "\x27\x00\x00USER\x01"
						"ada\x03SHOE\x01\x33\x39" IAC SE));
	call_command(&typist, "environ");
	typist_expect(&typist, "* USER=ada");
	typist_expect(&typist, "* SHOE=39");
	typist_expect(&typist, "2 variables; ");
	typist_expect(&typist, "telnet> ");
	typist_enter(&typist, "environ undefine USER");
	client_send(&server, BYTES(IAC SB "\x27\x01" IAC SE));
	client_expect_raw(&server, BYTES(IAC SB "\x27\x00\x03SHOE\x01\x33\x39" IAC SE));
	call_command(&typist, "environ");
	typist_expect(&typist, "1 variable; ");
	typist_expect(&typist, "telnet> ");
	typist_enter(&typist, "environ export NO_SUCH_VARIABLE");
	typist_expect(&typist, "NO_SUCH_VARIABLE: no such variable");
}

static void the_value_of_a_variable_is_the_rest_of_the_line(void **state)
{
	(void)state;
	open_session();
	call_command(&typist, "environ define SHOE 39  and a half ");
	client_send(&server, BYTES(IAC DO "\x27" IAC SB "\x27\x01" IAC SE));
	client_expect_raw(&server, BYTES(IAC SB "\x27\x00\x03SHOE\x01\x33\x39  and a half" IAC SE));
}

static void settings_are_on_and_off_in_words_and_numbers(void **state)
{
	static const struct {
		const char *command;
		const char *shows;
	} settings[] = {
		{"set crlf yes", "crlf       on "}, {"set crlf no", "crlf       off"},
		{"set crlf 1", "crlf       on "},   {"set crlf 0", "crlf       off"},
		{"set crlf ON", "crlf       on "},  {"set crlf off", "crlf       off"},
	};

	(void)state;
	typist_start(&typist, (const char *const[]){trial_built("telnet"), NULL});
	typist_expect(&typist, "telnet> ");
	for (size_t i = 0; i < LENGTH(settings); i++) {
		typist_enter(&typist, settings[i].command);
		typist_expect(&typist, "telnet> ");
		typist_enter(&typist, "set");
		typist_expect(&typist, settings[i].shows);
		typist_expect(&typist, "telnet> ");
	}
}

static void what_is_wrong_in_a_command_is_named(void **state)
{
	static const struct {
		const char *command;
		const char *says;
	} mistakes[] = {
		{"set crlf maybe", "\nmaybe: on or off, yes or no is wanted for crlf\r\n"},
		{"toggle binary crlf", "\ntoggle: 'crlf' is one word too many\r\n"},
		{"unset lf crlf", "\nunset: 'crlf' is one word too many\r\n"},
		{"set lf on and off", "\nset: 'and' is one word too many\r\n"},
		{"send a b c d e f g h i j k l m n o p q", "\nsend: 'q' is one word too many\r\n"},
		{"help frob", "\nfrob: no such command; ? lists them\r\n"},
		{"environ frob", "\nfrob: define, undefine, export or unexport is wanted\r\n"},
		{"environ un SHOE", "\nun: could be undefine or unexport\r\n"},
		{"environ define SHOE", "\nenviron define: NAME VALUE is wanted\r\n"},
		{"environ export SHOE HAT", "\nenviron export: 'HAT' is one word too many\r\n"},
		{"environ define SH=OE 39", "\nSH=OE: no name of a variable\r\n"},
	};

	(void)state;
	typist_start(&typist, (const char *const[]){trial_built("telnet"), NULL});
	typist_expect(&typist, "telnet> ");
	for (size_t i = 0; i < LENGTH(mistakes); i++) {
		typist_enter(&typist, mistakes[i].command);
		typist_expect(&typist, mistakes[i].says);
		typist_expect(&typist, "telnet> ");
	}
	assert_false(typist_has(&typist, "  "));
}

static void help_tells_of_what_begins_so_and_of_nothing_else(void **state)
{
	(void)state;
	typist_start(&typist, (const char *const[]){trial_built("telnet"), NULL});
	typist_expect(&typist, "telnet> ");
	typist_enter(&typist, "help s");
	typist_expect(&typist, "\nstatus ");
	typist_expect(&typist, "negotiated\r\n");
	typist_expect(&typist, "telnet> ");
	assert_null(memmem(typist.shown, typist.size, "run a shell", 11));
	typist_enter(&typist, "help !");
	typist_expect(&typist, "[COMMAND]: run a shell's command, or a shell\r\n");
}

static void without_a_terminal_nothing_is_stopped(void **state)
{
	static char command[512];

	(void)state;
	snprintf(command, sizeof(command), "echo z | %s; echo status=$?", trial_built("telnet"));
	typist_start(&typist, (const char *const[]){"sh", "-c", command, NULL});
	typist_expect(&typist, "z: there is no terminal\r\n");
	typist_expect(&typist, "status=0");
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
	open_line_mode(EDIT_TRAPSIG, BYTES("\x05\x02\x06")); /* AYT: ^F */
	typist_enter(&typist, "a\017b\006c\024");
	client_expect_raw(&server, BYTES("a" IAC "\xf5"
					 "b" IAC "\xf6"
					 "c\024\r\n"));
	assert_nothing_more_is_sent();
}

/* A shell or an editor has them for something of its own. */
static void with_linemode_those_keys_are_characters_to_a_program_that_edits(void **state)
{
	(void)state;
	open_session();
	open_line_mode(TRAPSIG, BYTES("\x05\x02\x06"));
	typist_type(&typist, "a\017b\006c\024d\004e\177\025");
	client_expect_raw(&server, BYTES("a\017b\006c\024d\004e\177\025"));
	typist_type(&typist, "\003");
	client_expect_raw(&server, BYTES(IAC "\xf4"));
	assert_nothing_more_is_sent();
}

/* IP, AO, AYT, ABORT, EOF, SUSP, EC, EL, EW, RP and LNEXT. */
#define NONE_SUPPORTED                                                                             \
	"\x03\x00\x00\x04\x00\x00\x05\x00\x00\x07\x00\x00\x08\x00\x00\x09\x00\x00"                 \
	"\x0a\x00\x00\x0b\x00\x00\x0c\x00\x00\x0d\x00\x00\x0e\x00\x00"
#define THEIR_KEYS "\003\017\024\034\004\032\177\025\027\022\026"

/* As after `stty intr undef`; SUSP comes back, as another key. */
static void with_linemode_a_key_of_a_function_that_the_server_lacks_is_a_character(void **state)
{
	static const char *const modes[] = {EDIT_TRAPSIG, TRAPSIG};

	(void)state;
	for (size_t i = 0; i < LENGTH(modes); i++) {
		open_session();
		open_line_mode(modes[i], BYTES(NONE_SUPPORTED));
		typist_enter(&typist, THEIR_KEYS);
		client_expect_raw(&server, BYTES(THEIR_KEYS "\r"));
		client_send(&server, BYTES(IAC SB LINEMODE SLC "\x09\x02\x18" IAC SE)); /* ^X */
		client_expect_raw(&server, BYTES(IAC SB LINEMODE SLC "\x09\x82\x18" IAC SE));
		typist_type(&typist, "\030");
		client_expect_raw(&server, BYTES(IAC "\xed"));
		tear_down(NULL);
	}
}

/* Also the keys that end what the terminal edits: the escape character and AO. */
static void with_linemode_a_quoted_key_is_a_character(void **state)
{
	static const char keys[] =
		"\003\034\032\004\177\025\027\022\026\021\023\017" CALL_ESCAPE "\n";

	(void)state;
	open_session();
	open_line_mode(EDIT_TRAPSIG, BYTES("\x05\x02\x06"));
	for (size_t i = 0; i < sizeof(keys) - 1; i++) {
		const char typed[] = {'a', '\026', keys[i], 'b', '\r', '\0'};
		const char sent[] = {'a', keys[i], 'b', '\r', '\n'};

		typist_type(&typist, typed);
		client_expect_raw(&server, sent, sizeof(sent));
	}
	typist_type(&typist, "a\026\rb\r");
	client_expect_raw(&server, BYTES("a\r\0b\r\n"));
	typist_type(&typist, "a\026\r\r");
	client_expect_raw(&server, BYTES("a\r\0\r\n"));
	assert_nothing_more_is_sent();
}

/* The cursor stands behind a prompt that was shown while the terminal was raw. */
static void with_linemode_a_tab_is_erased_with_all_its_columns(void **state)
{
	(void)state;
	open_telnet_session();
	client_send(&server, BYTES("\r\nname: "));
	typist_expect(&typist, "\r\nname: ");
	client_send(&server, BYTES(IAC WONT "\x01"));
	open_line_mode(EDIT_TRAPSIG, BYTES("\x0a\x02\x08")); /* EC: ^H */
	expect_terminal(true);
	typist_type(&typist, "a\tb\b\bX");
	typist_expect(&typist, "a\tb\b \b\bX");
	typist_type(&typist, "\025\t\bY");
	typist_expect(&typist, "\b \b\b \b\t\b\bY");
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
	call_command(&typist, "unset localchars");
	open_line_mode(EDIT_TRAPSIG, BYTES("\x05\x02\x06"));
	typist_enter(&typist, "\017\006");
	client_expect_raw(&server, BYTES("\017\006\r\n"));
	assert_nothing_more_is_sent();
}

static void with_linemode_a_character_that_forwards_a_line_does(void **state)
{
	(void)state;
	open_session();
	open_line_mode(EDIT_TRAPSIG, BYTES("\x11\x02%"));
	typist_type(&typist, "half%");
	client_expect_raw(&server, BYTES("half%"));
	typist_type(&typist, CALL_ESCAPE);
	typist_expect(&typist, "telnet> ");
}

static void without_an_escape_character_two_characters_forward_a_line(void **state)
{
	(void)state;
	open_session();
	call_command(&typist, "unset escape");
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

/* --- the terminal's modes ----------------------------------------------------------------- */

static void expect_flag(bool output, tcflag_t mask, tcflag_t value)
{
	long long deadline = trial_now() + DEADLINE_MS;
	struct termios modes;

	while (tcgetattr(typist.master, &modes) != 0 ||
	       ((output ? modes.c_oflag : modes.c_iflag) & mask) != value) {
		assert_true(trial_now() < deadline);
		trial_pause();
	}
}

static void linemode_says_how_tabs_and_control_characters_are_shown(void **state)
{
	struct termios modes;

	(void)state;
	open_session();
	open_line_mode("\x1b", BYTES("\x0a\x02\x08")); /* EDIT TRAPSIG SOFT_TAB LIT_ECHO */
	expect_flag(true, TABDLY, TAB3);
	assert_int_equal(tcgetattr(typist.master, &modes), 0);
	assert_int_equal(modes.c_lflag & ECHOCTL, 0);
	client_send(&server, BYTES(IAC SB LINEMODE MODE "\x03" IAC SE));
	expect_flag(true, TABDLY, TAB0);
	assert_int_equal(tcgetattr(typist.master, &modes), 0);
	assert_int_equal(modes.c_lflag & ECHOCTL, ECHOCTL);
}

/* On a terminal that shows LF as CR LF: at a text server, and where lines are edited here. */
static void a_cr_is_shown_when_it_comes(void **state)
{
	(void)state;
	open_session();
	client_send(&server, BYTES("abc\r"));
	typist_expect(&typist, "abc\r");
	client_send(&server, BYTES("def\n" IAC "\xf1ghi\r"));
	typist_expect(&typist, "def\r\n");
	typist_expect(&typist, "ghi\r");
	client_send(&server, BYTES("\0jkl\r\nmno\r\0"));
	typist_expect(&typist, "jkl\r\n");
	typist_expect(&typist, "mno\r");
}

static void the_prompt_begins_at_the_margin(void **state)
{
	(void)state;
	open_telnet_session();
	client_send(&server, BYTES("login: "));
	typist_expect(&typist, "login: ");
	typist_type(&typist, CALL_ESCAPE);
	typist_expect(&typist, "\r\ntelnet> ");
}

static void flow_control_is_as_the_server_orders_it(void **state)
{
	(void)state;
	open_telnet_session();
	client_send(&server, BYTES(IAC DO "\x21" IAC SB "\x21\x01" IAC SE));
	expect_flag(false, IXON | IXANY, IXON);
	client_send(&server, BYTES(IAC SB "\x21\x02" IAC SE)); /* RESTART-ANY */
	expect_flag(false, IXON | IXANY, IXON | IXANY);
	client_send(&server, BYTES(IAC SB "\x21\x03" IAC SE IAC SB "\x21\x00" IAC SE));
	expect_flag(false, IXON | IXANY, 0);
}

/* --- what is dropped ---------------------------------------------------------------------- */

#define LAST "the last of what is not shown"

/* More than a terminal takes that nobody reads, and less than the client takes beside that. */
#define FULL_SCREEN 22000

/* The client has taken all this, and waits for its screen. */
static void fill_screen(void)
{
	static char text[FULL_SCREEN];

	memset(text, 'x', sizeof(text));
	client_send(&server, text, sizeof(text));
	client_send(&server, BYTES(LAST IAC DO "\x06")); /* TIMING-MARK */
	client_expect_raw(&server, BYTES(IAC WILL "\x06"));
}

static void expect_last(bool shown)
{
	client_send(&server, BYTES("then this"));
	typist_expect(&typist, "then this");
	assert_int_equal(memmem(typist.shown, typist.size, LAST, strlen(LAST)) != NULL, shown);
}

static void with_autoflush_a_key_of_a_function_drops_what_is_not_shown_yet(void **state)
{
	(void)state;
	open_session();
	call_command(&typist, "set autoflush");
	open_line_mode(EDIT_TRAPSIG, BYTES("\x0a\x02\x08"));
	fill_screen();
	typist_type(&typist, "\003");
	client_expect_raw(&server, BYTES(IAC "\xf4"));
	expect_last(false);
	fill_screen();
	typist_type(&typist, "\017");
	client_expect_raw(&server, BYTES(IAC "\xf5"));
	expect_last(false);
}

static void by_default_it_drops_nothing(void **state)
{
	(void)state;
	open_session();
	open_line_mode(TRAPSIG, BYTES("\x0a\x02\x08"));
	fill_screen();
	typist_type(&typist, "\003");
	client_expect_raw(&server, BYTES(IAC "\xf4"));
	expect_last(true);
}

static void a_synch_drops_what_is_not_shown_yet(void **state)
{
	(void)state;
	open_telnet_session();
	fill_screen();
	client_send(&server, BYTES(IAC));
	client_send_urgent(&server, BYTES("\xf2"));
	expect_last(false);
}

static void slc_asks_for_the_servers_characters_and_tells_the_terminals(void **state)
{
	(void)state;
	open_session();
	call_command(&typist, "slc");
	typist_expect(&typist, "There is no LINEMODE in effect.");
	typist_expect(&typist, "telnet> ");
	typist_enter(&typist, "");
	open_line_mode(TRAPSIG, BYTES("\x0a\x02\x08")); /* EC: ^H */
	call_command(&typist, "slc check");
	client_expect_raw(&server, BYTES(IAC SB LINEMODE SLC "\x00\x02\x00" IAC SE));
	call_command(&typist, "slc import");
	client_expect_raw(&server, BYTES(IAC SB LINEMODE SLC "\x00\x03\x00" IAC SE));
	call_command(&typist, "slc export");
	client_expect_raw(&server, BYTES(IAC SB LINEMODE SLC "\x0a\x02\x7f" IAC SE));
	assert_nothing_more_is_sent();
}

/* --- options ------------------------------------------------------------------------------ */

static void binary_is_asked_for_by_option(void **state)
{
	(void)state;
	open_session_with("-8", NULL);
	client_send(&server, BYTES(IAC WILL "\x05"));
	client_expect_raw(&server, BYTES(IAC WILL "\x00" IAC DO "\x00" IAC DO "\x05"));
	tear_down(NULL);
	open_session_with("-L", NULL);
	client_send(&server, BYTES(IAC WILL "\x05"));
	client_expect_raw(&server, BYTES(IAC WILL "\x00" IAC DO "\x05"));
	assert_int_equal(server.raw.size, 6);
}

static void with_crlf_enter_is_sent_so_to_a_login_server(void **state)
{
	(void)state;
	open_telnet_session_with("--crlf", NULL);
	typist_type(&typist, "a\r");
	client_expect_raw(&server, BYTES("a\r\n"));
	client_send(&server, BYTES(IAC DO "\x00"));
	client_expect_raw(&server, BYTES(IAC WILL "\x00"));
	typist_type(&typist, "b\r!");
	client_expect_raw(&server, BYTES("b\r!"));
}

static void the_escape_character_can_be_another(void **state)
{
	(void)state;
	open_telnet_session_with("-e", "^A");
	typist_type(&typist, CALL_ESCAPE);
	client_expect_raw(&server, BYTES(CALL_ESCAPE));
	typist_type(&typist, "\001");
	typist_expect(&typist, "telnet> ");
}

/* Options that change nothing, and the last of those that say who logs in. */
static void a_user_who_is_not_to_be_told_is_not(void **state)
{
	(void)state;
	listener_open(&listener);
	typist_start(&typist, (const char *const[]){trial_built("telnet"), "-NcaK", "127.0.0.1",
						    listener.port_text, NULL});
	client_use(&server, listener_accept(&listener), NULL);
	client_send(&server, BYTES(IAC DO "\x27" IAC SB "\x27\x01\x00USER" IAC SE));
	client_expect_raw(&server, BYTES(IAC SB "\x27\x00" IAC SE));
}

static void as_rlogin_the_escape_character_counts_at_the_beginning_of_a_line(void **state)
{
	(void)state;
	open_telnet_session_with("-r", NULL);
	typist_type(&typist, "a~.\r~~b\r~c");
	client_expect_raw(&server, BYTES("a~.\r\0~b\r\0~c"));
	assert_nothing_more_is_sent();
	typist_type(&typist, "\r~.");
	assert_int_equal(typist_expect_end(&typist), 0);
}

static void a_minus_before_the_port_begins_telnet(void **state)
{
	char port[16];

	(void)state;
	listener_open(&listener);
	snprintf(port, sizeof(port), "-%hu", listener.port);
	typist_start(&typist,
		     (const char *const[]){trial_built("telnet"), "127.0.0.1", port, NULL});
	client_use(&server, listener_accept(&listener), NULL);
	client_expect_raw(&server, BYTES(IAC DO "\x03"));
	assert_no_line_mode_is_offered();
}

static void line_mode_is_offered_when_the_user_wants_it(void **state)
{
	(void)state;
	call_start(&typist, &listener, &server, "-a", NULL);
	client_expect_raw(&server, BYTES(IAC WILL "\x27")); /* the last of its offers */
	assert_no_line_mode_is_offered();
	tear_down(NULL);
	call_start(&typist, &listener, &server, "-a", "--linemode");
	client_expect_raw(&server, BYTES(IAC WILL "\x22"));
	tear_down(NULL);
	open_session_with("--linemode", NULL);
	client_send(&server, BYTES(IAC WILL "\x05"));
	client_expect_raw(&server, BYTES(IAC WILL "\x22" IAC DO "\x05"));
	assert_nothing_more_is_sent();
}

/* A shell's command has none of the client's signals blocked. */
static void commands_are_done_without_a_connection(void **state)
{
	char command[64];

	(void)state;
	listener_open(&listener);
	typist_start(&typist, (const char *const[]){trial_built("telnet"), NULL});
	typist_expect(&typist, "telnet> ");
	typist_enter(&typist, "close");
	typist_expect(&typist, "There is no connection.");
	typist_expect(&typist, "telnet> ");
	typist_enter(&typist, "! echo be''gun; kill -INT $$; echo sur''vived");
	typist_expect(&typist, "begun");
	typist_expect(&typist, "telnet> ");
	assert_null(memmem(typist.shown, typist.size, "survived", 8));
	snprintf(command, sizeof(command), "open 127.0.0.1 -%hu", listener.port);
	typist_enter(&typist, command);
	client_use(&server, listener_accept(&listener), NULL);
	client_expect_raw(&server, BYTES(IAC DO "\x03"));
}

static void version_and_help_are_printed(void **state)
{
	(void)state;
	typist_start(&typist, (const char *const[]){trial_built("telnet"), "--no-rc", "-V", NULL});
	typist_expect(&typist, "telnet " TELNETD_VERSION);
	assert_int_equal(typist_expect_end(&typist), 0);
	typist_leave(&typist);
	typist_start(&typist, (const char *const[]){trial_built("telnet"), "-h", NULL});
	typist_expect(&typist, "usage: telnet ");
	assert_int_equal(typist_expect_end(&typist), 0);
	typist_leave(&typist);
	typist_start(&typist, (const char *const[]){trial_built("telnet"), "--frob", NULL});
	assert_int_equal(typist_expect_end(&typist), 2);
}

#define TEST(name) cmocka_unit_test_teardown(name, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(send_sends_each_function_as_its_command),
		TEST(send_asks_for_options_by_name_and_by_number),
		TEST(send_asks_for_the_status_of_a_server_that_tells_it),
		TEST(send_says_what_it_cannot_send),
		TEST(help_tells_of_each_command),
		TEST(what_only_lists_leaves_the_prompt),
		TEST(close_closes_the_connection),
		TEST(mode_says_how_what_is_typed_is_sent),
		TEST(mode_telnet_begins_with_offers),
		TEST(set_unset_and_toggle_change_how_enter_is_sent),
		TEST(the_key_linefeed_is_sent_as_itself),
		TEST(the_key_linefeed_is_none_for_enter_where_the_server_does_not_echo),
		TEST(set_binary_asks_for_it_both_ways),
		TEST(set_escape_makes_another_character_the_escape_character),
		TEST(set_tracefile_writes_what_comes_from_then_on),
		TEST(a_trace_is_added_to_its_file_which_only_its_user_can_read),
		TEST(with_autosynch_a_synch_follows_a_function),
		TEST(environ_defines_and_undefines_what_is_told),
		TEST(the_value_of_a_variable_is_the_rest_of_the_line),
		TEST(settings_are_on_and_off_in_words_and_numbers),
		TEST(what_is_wrong_in_a_command_is_named),
		TEST(help_tells_of_what_begins_so_and_of_nothing_else),
		TEST(without_a_terminal_nothing_is_stopped),
		TEST(with_linemode_the_keys_ao_and_ayt_are_functions),
		TEST(with_linemode_those_keys_are_characters_to_a_program_that_edits),
		TEST(with_linemode_a_key_of_a_function_that_the_server_lacks_is_a_character),
		TEST(with_linemode_a_quoted_key_is_a_character),
		TEST(with_linemode_a_tab_is_erased_with_all_its_columns),
		TEST(with_linemode_the_key_ao_acts_in_the_middle_of_a_line),
		TEST(without_localchars_those_keys_are_characters),
		TEST(with_linemode_a_character_that_forwards_a_line_does),
		TEST(without_an_escape_character_two_characters_forward_a_line),
		TEST(linemode_says_how_tabs_and_control_characters_are_shown),
		TEST(a_cr_is_shown_when_it_comes),
		TEST(the_prompt_begins_at_the_margin),
		TEST(flow_control_is_as_the_server_orders_it),
		TEST(with_autoflush_a_key_of_a_function_drops_what_is_not_shown_yet),
		TEST(by_default_it_drops_nothing),
		TEST(a_synch_drops_what_is_not_shown_yet),
		TEST(slc_asks_for_the_servers_characters_and_tells_the_terminals),
		TEST(binary_is_asked_for_by_option),
		TEST(with_crlf_enter_is_sent_so_to_a_login_server),
		TEST(the_escape_character_can_be_another),
		TEST(a_user_who_is_not_to_be_told_is_not),
		TEST(as_rlogin_the_escape_character_counts_at_the_beginning_of_a_line),
		TEST(a_minus_before_the_port_begins_telnet),
		TEST(line_mode_is_offered_when_the_user_wants_it),
		TEST(commands_are_done_without_a_connection),
		TEST(version_and_help_are_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
