/* SPDX-License-Identifier: ISC */
/*
 * Lines that are edited at a text server: which keys edit and which are text, and what a terminal
 * shows of the server's unfinished line, of what is typed after it, and of what the server says
 * meanwhile.
 */
#include "tests/e2e/support/call.h"
#include "tests/e2e/support/client.h"
#include "tests/e2e/support/listener.h"
#include "tests/e2e/support/trial.h"
#include "tests/e2e/support/typist.h"
#include "tests/e2e/support/window.h"

#include <stdlib.h>
#include <string.h>

#define COMMAND_SIZE 512
#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* The window: so narrow that lines do not fit. */
#define COLUMNS 20
#define ROWS 10
#define TWENTY "12345678901234567890"

/* A key by tmux's name, in a list of what is typed. */
#define KEY "\001"

#define KEYS_MAX 12

static struct listener listener;
static struct typist typist;
static struct client server; /* the server's end of the connection */
static bool has_window;

static int tear_down(void **state)
{
	(void)state;
	if (has_window)
		window_close();
	has_window = false;
	call_end(&typist, &listener, &server);
	return 0;
}

/* --- in a window -------------------------------------------------------------------------- */

/* Connects in a window on such a terminal; nothing is shown but what the server says. */
static void connect_on(const char *terminal)
{
	char command[COMMAND_SIZE];

	listener_open(&listener);
	snprintf(command, sizeof(command), "TERM=%s exec %s -q 127.0.0.1 %s", terminal,
		 trial_built("telnet"), listener.port_text);
	window_open(COLUMNS, ROWS, command);
	has_window = true;
	client_use(&server, listener_accept(&listener), NULL);
}

static void type_all(const char *const keys[])
{
	for (size_t i = 0; i < KEYS_MAX && keys[i]; i++)
		if (keys[i][0] == KEY[0])
			window_key(keys[i] + 1);
		else
			window_type(keys[i]);
}

/* Ends the line, which must be this, and lets the server answer. */
static void end_line(const char *line)
{
	char expected[COMMAND_SIZE];

	window_key("Enter");
	snprintf(expected, sizeof(expected), "%s\r\n", line);
	client_expect_raw(&server, expected, strlen(expected));
	client_type(&server, "250 ok\r\n");
}

static const struct {
	const char *keys[KEYS_MAX];
	const char *line;
} editing[] = {
	{{"hello"}, "hello"},
	{{"hello", KEY "BSpace", KEY "BSpace"}, "hel"},
	{{"hello", KEY "C-u"}, ""},
	{{"hello", KEY "C-u", "bye"}, "bye"},
	{{"hello", KEY "Left", KEY "Left", "X"}, "helXlo"},
	{{"hello", KEY "Home", "X", KEY "Right", "Y", KEY "End", "Z"}, "XhYelloZ"},
	{{"hello", KEY "C-a", KEY "DC", KEY "C-e", "!"}, "ello!"},
	{{"one two", KEY "C-w", "three"}, "one three"},
	{{"one two", KEY "M-b", KEY "C-k"}, "one "},
	{{"one two", KEY "C-Left", "and ", KEY "C-Right", "!"}, "one and two!"},
	{{"hello", KEY "C-r", KEY "BSpace"}, "hell"},
	{{"hello", KEY "Up", KEY "Down", "!"}, "hello!"},
	{{"a long line for it"}, "a long line for it"},
	{{"a long line for it", KEY "Home", "not ", KEY "End", KEY "BSpace"},
	 "not a long line for i"},
	{{"a long line for it", KEY "C-a", KEY "C-k", "short"}, "short"},
};

/* What a window shows of a text: it goes on in the next row. */
static void wrap(const char *text, char *screen)
{
	for (size_t i = 0; text[i] != '\0'; i++) {
		if (i > 0 && i % COLUMNS == 0)
			*screen++ = '\n';
		*screen++ = text[i];
	}
	*screen = '\0';
}

static void edit_on(const char *terminal)
{
	char text[COMMAND_SIZE], rows[COMMAND_SIZE], screen[2 * COMMAND_SIZE];

	for (size_t i = 0; i < LENGTH(editing); i++) {
		connect_on(terminal);
		client_type(&server, "Welcome\r\nlogin: ");
		window_expect("Welcome\nlogin:");
		type_all(editing[i].keys);
		end_line(editing[i].line);
		snprintf(text, sizeof(text), "login: %s", editing[i].line);
		wrap(text, rows);
		for (char *end = rows + strlen(rows); end > rows && end[-1] == ' ';)
			*--end = '\0';
		snprintf(screen, sizeof(screen), "Welcome\n%s\n250 ok", rows);
		window_expect(screen);
		tear_down(NULL);
	}
}

static void editing_leaves_the_servers_prompt_in_its_place(void **state)
{
	(void)state;
	edit_on("screen");
}

static void editing_needs_few_sequences_of_a_terminal(void **state)
{
	(void)state;
	edit_on("vt100");
}

/* What a server may have said when a line begins, and what is shown of it. */
static const struct {
	const char *says;
	const char *shows;
} prompts[] = {
	{"login: ", "login: "},
	{"> ", "> "},
	{"", ""},
	{"\033[1;32mlogin:\033[0m ", "login: "},
	{"\033]0;a title\a\033(Blogin: ", "login: "},
	{"\033]0;a title\033\\\033[?25hlogin: ", "login: "},
	{"wait ...\r\033[Klogin: ", "login: "},
	{"log\b\b\blogin: ", "login: "},
	{"xxxx\033[2K\033[1Glogin: ", "login: "},
	{"\033[3Cin: ", "   in: "},
	{"a\tin: ", "a       in: "},
	{"caf\xc3\xa9: ", "caf\xc3\xa9: "},
	{"cafe\xcc\x81: ", "cafe\xcc\x81: "},
	{"\xe5\x90\x8d\xe5\x89\x8d: ", "\xe5\x90\x8d\xe5\x89\x8d: "},
	{TWENTY " login: ", TWENTY "\n login: "},
	{TWENTY TWENTY TWENTY ": ", TWENTY "\n" TWENTY "\n" TWENTY "\n: "},
	{TWENTY, TWENTY "\n"},
	{"1234567890123456789\xe5\x90\x8d: ", "1234567890123456789\n\xe5\x90\x8d: "},
};

static void every_prompt_stays_as_the_server_wrote_it(void **state)
{
	static const char *const keys[] = {"abcd", KEY "BSpace", KEY "Left", "X", KEY "Home",
					   "Y",	   KEY "End",	 "Z",	     NULL};
	char screen[COMMAND_SIZE];

	(void)state;
	for (size_t i = 0; i < LENGTH(prompts); i++) {
		connect_on("screen");
		client_type(&server, "Welcome\r\n");
		client_type(&server, prompts[i].says);
		client_type(&server, "\033[m");
		snprintf(screen, sizeof(screen), "Welcome\n%s", prompts[i].shows);
		for (char *end = screen + strlen(screen);
		     end > screen && (end[-1] == ' ' || end[-1] == '\n');)
			*--end = '\0';
		window_expect(screen);
		type_all(keys);
		end_line("YabXcZ");
		snprintf(screen, sizeof(screen), "Welcome\n%sYabXcZ\n250 ok", prompts[i].shows);
		window_expect(screen);
		tear_down(NULL);
	}
}

static void colours_of_a_prompt_stay(void **state)
{
	char screen[WINDOW_SCREEN_SIZE];

	(void)state;
	connect_on("screen");
	client_type(&server, "\033[32m>\033[0m ");
	window_expect(">");
	type_all((const char *const[]){"abc", KEY "C-a", "X", KEY "C-e", KEY "BSpace", NULL});
	end_line("Xab");
	window_expect("> Xab\n250 ok");
	window_capture(screen);
	assert_non_null(strstr(screen, "\033[32m>\033[39m Xab\n"));
}

/* --- what the server says meanwhile ------------------------------------------------------- */

static void what_the_server_says_goes_before_the_line(void **state)
{
	(void)state;
	connect_on("screen");
	client_type(&server, "login: ");
	window_expect("login:");
	window_type("half");
	window_expect("login: half");
	client_type(&server, "\r\n421 soon\r\nlogin: ");
	window_expect("login:\n421 soon\nlogin: half");
	client_type(&server, "(again) ");
	window_expect("login:\n421 soon\nlogin: (again) half");
	type_all((const char *const[]){KEY "BSpace", KEY "Home", "X", NULL});
	end_line("Xhal");
	window_expect("login:\n421 soon\nlogin: (again) Xhal\n250 ok");
}

static void a_line_of_several_rows_gives_way_and_comes_back(void **state)
{
	(void)state;
	connect_on("screen");
	client_type(&server, "login: ");
	window_expect("login:");
	window_type(TWENTY TWENTY);
	window_expect("login: 1234567890123\n45678901234567890123\n4567890");
	type_all((const char *const[]){KEY "Home", KEY "Right", KEY "Right", NULL});
	client_type(&server, "\r\n421 soon\r\n");
	window_expect("login:\n421 soon\n" TWENTY "\n" TWENTY);
	window_type("X");
	end_line("12X345678901234567890" TWENTY);
	window_expect("login:\n421 soon\n12X34567890123456789\n01234567890123456789\n0\n250 ok");
}

static void a_line_that_is_dropped_leaves_the_screen_in_order(void **state)
{
	(void)state;
	connect_on("screen");
	client_type(&server, "login: ");
	window_expect("login:");
	window_type(TWENTY);
	window_expect("login: 1234567890123\n4567890");
	type_all((const char *const[]){KEY "Home", KEY "C-c", "right", NULL});
	end_line("right");
	window_expect("login: 1234567890123\n4567890\nright\n250 ok");
}

static void the_window_may_change_while_a_line_is_typed(void **state)
{
	(void)state;
	connect_on("screen");
	client_type(&server, "Welcome\r\nlogin: ");
	window_expect("Welcome\nlogin:");
	window_type("hello");
	window_expect("Welcome\nlogin: hello");
	window_resize(2 * COLUMNS, ROWS);
	type_all((const char *const[]){KEY "BSpace", KEY "Home", "X", NULL});
	window_expect("Welcome\nlogin: Xhell");
	window_resize(COLUMNS, ROWS / 2);
	type_all((const char *const[]){KEY "C-e", KEY "BSpace", NULL});
	end_line("Xhel");
	window_expect("Welcome\nlogin: Xhel\n250 ok");
}

static void a_line_that_gave_way_is_sent_when_telnet_begins(void **state)
{
	(void)state;
	connect_on("screen");
	client_type(&server, "login: ");
	window_expect("login:");
	window_type("half");
	window_expect("login: half");
	client_send(&server, BYTES("\r\n" IAC WILL "\x01"));
	client_expect_raw(&server, BYTES(IAC DO "\x01"));
	client_expect(&server, "half");
}

/* --- keys and text ------------------------------------------------------------------------ */

/* Somebody sits at a terminal that `stty` has set up and connects. */
static void connect_after(const char *stty)
{
	static char command[COMMAND_SIZE];

	listener_open(&listener);
	snprintf(command, sizeof(command), "stty %s; exec %s -q 127.0.0.1 %s", stty,
		 trial_built("telnet"), listener.port_text);
	typist.variables[0] = "LC_ALL=C.UTF-8";
	typist_start(&typist, (const char *const[]){"sh", "-c", command, NULL});
	client_use(&server, listener_accept(&listener), NULL);
	client_type(&server, "220 ready\r\n");
	typist_expect(&typist, "220 ready\r\n");
	typist_expect_raw(&typist);
}

/* telnet(1) documents these: keys of the editor, of signals and flow control, and ESC before one.
 */
#define KEYS_OF_LINES                                                                              \
	"\001\002\003\004\005\006\b\n\013\r\016\020\021\022\023\024\025\026\027\031\032\033\035"   \
	"\177"

static size_t fill_with_text(char *text)
{
	size_t size = 0;

	for (int character = 1; character <= 0xff; character++) {
		if (strchr(KEYS_OF_LINES, character))
			continue;
		if (character >= 0x80)
			text[size++] = (char)(0xc0 | character >> 6);
		text[size++] = (char)(character < 0x80 ? character : 0x80 | (character & 0x3f));
	}
	text[size] = '\0';
	return size;
}

static void every_character_that_is_no_key_is_text(void **state)
{
	char text[COMMAND_SIZE], expected[COMMAND_SIZE + 2];

	(void)state;
	connect_after("sane");
	fill_with_text(text);
	typist_enter(&typist, text);
	snprintf(expected, sizeof(expected), "%s\r\n", text);
	client_expect_raw(&server, expected, strlen(expected));
}

static void bytes_that_are_no_character_are_text(void **state)
{
	(void)state;
	connect_after("sane");
	typist_enter(&typist, "\x80\x9f\xc0\xe2\x82 \xff\t\xc3");
	client_expect_raw(&server, BYTES("\x80\x9f\xc0\xe2\x82 \xff\t\xc3\r\n"));
}

static void an_escape_sequence_of_no_key_is_text(void **state)
{
	(void)state;
	connect_after("sane");
	typist_enter(&typist, "\033[31mred\033[m \033x\033\033[99~\033O");
	client_expect_raw(&server, BYTES("\033[31mred\033[m \033x\033\033[99~\033O\r\n"));
}

static void after_the_quoting_key_every_key_is_text(void **state)
{
	char text[COMMAND_SIZE] = "", expected[COMMAND_SIZE] = "";
	size_t size = 0, length = 0;

	(void)state;
	connect_after("-ixon intr undef susp undef");
	for (const char *key = KEYS_OF_LINES; *key != '\0'; key++) {
		if (strchr("\r\n\035\021\023", *key))
			continue;
		text[size++] = '\026';
		text[size++] = *key;
		expected[length++] = *key;
	}
	memcpy(expected + length, "\r\n", 2);
	typist_enter(&typist, text);
	client_expect_raw(&server, expected, length + 2);
}

static void the_terminals_own_keys_are_those_of_the_editor(void **state)
{
	(void)state;
	connect_after("kill @ erase '#' werase '!' lnext '%'");
	typist_enter(&typist, "one@two three!four##ul%@l");
	client_expect_raw(&server, BYTES("two foul@l\r\n"));
}

static void keys_that_the_terminal_has_not_are_text(void **state)
{
	(void)state;
	connect_after("intr undef susp undef quit undef");
	typist_enter(&typist, "a\003b\032c\034d");
	client_expect_raw(&server, BYTES("a\003b\032c\034d\r\n"));
}

static void the_terminals_own_interrupt_key_drops_the_line(void **state)
{
	(void)state;
	connect_after("intr '!'");
	typist_type(&typist, "wrong");
	typist_expect(&typist, "wrong");
	typist_type(&typist, "!");
	typist_expect(&typist, "\n");
	typist_enter(&typist, "r\003ight");
	client_expect_raw(&server, BYTES("r\003ight\r\n"));
}

/* Most terminals show one character for the \xf1, and the next one as it is. */
static void a_prompt_in_another_character_set_keeps_its_width(void **state)
{
	(void)state;
	connect_after("sane");
	client_type(&server, "contrase\xf1"
			     "a\xe5\x90\t>");
	typist_expect(&typist, ">");
	typist_type(&typist, "\022");
	typist_expect(&typist, "contrase?a?     >");
}

/* --- lines that do not fit on the screen -------------------------------------------------- */

#define ABC "abcabcabcabcabcabcabcabcabcabc"

/* So much is typed that its end is outside what the window is made then. */
static void a_window_may_become_smaller_than_the_line(void **state)
{
	char line[COMMAND_SIZE] = "";
	char *end = line + sizeof(line) - sizeof("end" ABC ABC "\r\n");

	(void)state;
	memset(line, 'x', (size_t)(end - line));
	memcpy(end, "end", sizeof("end"));
	connect_after("sane");
	typist_type(&typist, line);
	typist_expect(&typist, "end");
	typist_resize(&typist, 3, 2 * COLUMNS);
	typist_enter(&typist, ABC ABC);
	memcpy(end, "end" ABC ABC "\r\n", sizeof("end" ABC ABC "\r\n"));
	client_expect_raw(&server, line, strlen(line));
}

static void a_line_longer_than_the_screen_can_be_edited(void **state)
{
	static const char *const there[] = {"\001\005", "\002\006", "\001\005\177", "\027\031",
					    "\001\022\005"};
	char line[COMMAND_SIZE] = "";

	(void)state;
	memset(line, 'x', COMMAND_SIZE - sizeof(ABC ABC ABC) - 3);
	for (size_t i = 0; i < LENGTH(there); i++) {
		char expected[COMMAND_SIZE];

		connect_after("sane rows 3 columns 40");
		typist_type(&typist, line);
		typist_type(&typist, there[i]);
		typist_enter(&typist, ABC ABC ABC);
		snprintf(expected, sizeof(expected), "%.*s" ABC ABC ABC "\r\n",
			 (int)strlen(line) - (strchr(there[i], '\177') != NULL), line);
		client_expect_raw(&server, expected, strlen(expected));
		tear_down(NULL);
	}
}

/* --- terminals that cannot edit ----------------------------------------------------------- */

static void connect_on_plain(const char *terminal)
{
	listener_open(&listener);
	typist.variables[0] = terminal;
	typist_start(&typist, (const char *const[]){trial_built("telnet"), "-q", "127.0.0.1",
						    listener.port_text, NULL});
	client_use(&server, listener_accept(&listener), NULL);
	client_type(&server, "login: ");
	typist_expect(&typist, "login: ");
}

static void a_terminal_that_cannot_edit_edits_lines_itself_and_echoes(void **state)
{
	static const char *const terminals[] = {"TERM=dumb", "TERM=emacs", "TERM=not-known",
						"TERM="};

	(void)state;
	for (size_t i = 0; i < LENGTH(terminals); i++) {
		connect_on_plain(terminals[i]);
		assert_int_equal(typist.seen, strlen("login: "));
		typist_type(&typist, "wronk\177");
		typist_expect(&typist, "wronk\b \b");
		typist_enter(&typist, "g");
		client_expect_raw(&server, BYTES("wrong\r\n"));
		typist_expect(&typist, "g\r\n");
		assert_int_equal(typist.seen, strlen("login: wronk\b \bg\r\n"));
		tear_down(NULL);
	}
}

static void the_command_prompt_works_there_as_well(void **state)
{
	(void)state;
	connect_on_plain("TERM=dumb");
	typist_type(&typist, CALL_ESCAPE);
	typist_expect(&typist, "telnet> ");
	typist_enter(&typist, "status");
	typist_expect(&typist, "status\r\n");
	typist_expect(&typist, "Operating in line mode.");
	typist_enter(&typist, "on");
	client_expect_raw(&server, BYTES("on\r\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_teardown(name, tear_down)
		TEST(editing_leaves_the_servers_prompt_in_its_place),
		TEST(editing_needs_few_sequences_of_a_terminal),
		TEST(every_prompt_stays_as_the_server_wrote_it),
		TEST(colours_of_a_prompt_stay),
		TEST(what_the_server_says_goes_before_the_line),
		TEST(a_line_of_several_rows_gives_way_and_comes_back),
		TEST(a_line_that_is_dropped_leaves_the_screen_in_order),
		TEST(the_window_may_change_while_a_line_is_typed),
		TEST(a_line_that_gave_way_is_sent_when_telnet_begins),
		TEST(every_character_that_is_no_key_is_text),
		TEST(bytes_that_are_no_character_are_text),
		TEST(an_escape_sequence_of_no_key_is_text),
		TEST(after_the_quoting_key_every_key_is_text),
		TEST(the_terminals_own_keys_are_those_of_the_editor),
		TEST(keys_that_the_terminal_has_not_are_text),
		TEST(the_terminals_own_interrupt_key_drops_the_line),
		TEST(a_prompt_in_another_character_set_keeps_its_width),
		TEST(a_window_may_become_smaller_than_the_line),
		TEST(a_line_longer_than_the_screen_can_be_edited),
		TEST(a_terminal_that_cannot_edit_edits_lines_itself_and_echoes),
		TEST(the_command_prompt_works_there_as_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
