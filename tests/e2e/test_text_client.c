/* SPDX-License-Identifier: ISC */
/*
 * The client and text servers, such as SMTP's: what is typed or piped in arrives as such a server
 * wants it, what it says is shown as it is, and no byte of TELNET comes in between.
 */
#include "tests/e2e/support/call.h"
#include "tests/e2e/support/client.h"
#include "tests/e2e/support/listener.h"
#include "tests/e2e/support/process.h"
#include "tests/e2e/support/trial.h"
#include "tests/e2e/support/typist.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define COMMAND_SIZE 512

/* More than all buffers between a server and a screen that nobody reads, the kernel's included. */
#define FLOOD_MAX ((size_t)64 * 1024 * 1024)

static struct listener listener;
static struct typist typist;
static struct client server; /* the server's end of the connection */

static int tear_down(void **state)
{
	(void)state;
	call_end(&typist, &listener, &server);
	return 0;
}

/* Somebody sits at a terminal and connects with these options, up to the first NULL. */
static void connect_with(const char *option, const char *other)
{
	call_start(&typist, &listener, &server, option, other);
	client_type(&server, "220 ready\r\n");
	typist_expect(&typist, "Escape character is");
	typist_expect(&typist, "220 ready\r\n");
	typist_expect_raw(&typist); /* the editor of lines has begun */
}

/* Pipes what `input` prints into the client, and its output into files. */
static void pipe_from(const char *input, const char *options)
{
	static char command[COMMAND_SIZE];
	const char *const arguments[] = {"sh", "-c", command, NULL};

	listener_open(&listener);
	snprintf(command, sizeof(command), "%s | %s %s 127.0.0.1 %s >%s 2>%s; echo status=$?",
		 input, trial_built("telnet"), options, listener.port_text,
		 trial_file("output", NULL), trial_file("notices", NULL));
	typist_start(&typist, arguments);
	client_use(&server, listener_accept(&listener), NULL);
}

static void expect_end_of_input(void)
{
	while (client_receive(&server, DEADLINE_MS))
		;
	assert_true(server.ended);
}

static void assert_raw(const char *bytes, size_t size)
{
	assert_int_equal(server.raw.size, size);
	assert_memory_equal(server.raw.bytes, bytes, size);
}

static size_t read_file(const char *name, char *bytes, size_t size)
{
	FILE *file = fopen(trial_file(name, NULL), "re");
	size_t got;

	assert_non_null(file);
	got = fread(bytes, 1, size, file);
	fclose(file);
	return got;
}

static void assert_file(const char *name, const char *bytes, size_t size)
{
	char got[COMMAND_SIZE];

	assert_int_equal(read_file(name, got, sizeof(got)), size);
	assert_memory_equal(got, bytes, size);
}

/* --- at a terminal ------------------------------------------------------------------------ */

static void a_line_ends_in_cr_lf_and_nothing_else_is_sent(void **state)
{
	(void)state;
	connect_with(NULL, NULL);
	typist_enter(&typist, "HELO me");
	client_expect_raw(&server, BYTES("HELO me\r\n"));
	client_type(&server, "250 you\r\n");
	typist_expect(&typist, "250 you\r\n");
	typist_enter(&typist, "QUIT");
	client_expect_raw(&server, BYTES("QUIT\r\n"));
	client_close(&server);
	typist_expect(&typist, "Connection closed by foreign host.");
	assert_int_equal(typist_expect_end(&typist), 0);
}

static void lf_ends_lines_where_it_is_asked_for(void **state)
{
	(void)state;
	connect_with("--lf", NULL);
	typist_enter(&typist, "one");
	typist_enter(&typist, "two");
	client_expect_raw(&server, BYTES("one\ntwo\n"));
}

static void utf8_and_all_other_bytes_pass_unchanged(void **state)
{
	(void)state;
	connect_with(NULL, NULL);
	typist_enter(&typist, "caf\xc3\xa9 \xe2\x82\xac caf\xe9 \xff\xfe\x80 end");
	client_expect_raw(&server, BYTES("caf\xc3\xa9 \xe2\x82\xac caf\xe9 \xff\xfe\x80 end\r\n"));
	client_type(&server, "caf\xc3\xa9 \xe9\x80\xfe \xff\xff\xff. end");
	typist_expect(&typist, "caf\xc3\xa9 \xe9\x80\xfe \xff\xff\xff. end");
}

static void lines_are_edited_and_come_back_from_the_history(void **state)
{
	(void)state;
	connect_with(NULL, NULL);
	typist_enter(&typist, "wrong\177\177\177\177\177first");
	client_expect_raw(&server, BYTES("first\r\n"));
	typist_enter(&typist, "second");
	client_expect_raw(&server, BYTES("second\r\n"));
	typist_enter(&typist, "\020\020"); /* ^P: the line before */
	client_expect_raw(&server, BYTES("first\r\n"));
	typist_enter(&typist, "caf\xc3\xa9\177"
			      "e"); /* one character, of two bytes */
	client_expect_raw(&server, BYTES("cafe\r\n"));
	typist_enter(&typist, "tail\001head "); /* ^A: the beginning of the line */
	client_expect_raw(&server, BYTES("head tail\r\n"));
	assert_raw(BYTES("first\r\nsecond\r\nfirst\r\ncafe\r\nhead tail\r\n"));
}

static void what_the_server_says_leaves_a_half_typed_line_whole(void **state)
{
	(void)state;
	connect_with(NULL, NULL);
	typist_type(&typist, "half");
	typist_expect(&typist, "half");
	client_type(&server, "421 soon\r\n");
	typist_expect(&typist, "421 soon\r\n");
	typist_type(&typist, " whole\r");
	typist_expect(&typist, "half");
	client_expect_raw(&server, BYTES("half whole\r\n"));
}

/* Where the output is no terminal, as where the client is built without libedit. */
static void without_an_editor_the_terminal_edits_lines(void **state)
{
	char command[COMMAND_SIZE];

	(void)state;
	listener_open(&listener);
	snprintf(command, sizeof(command), "%s 127.0.0.1 %s | cat", trial_built("telnet"),
		 listener.port_text);
	typist_start(&typist, (const char *const[]){"sh", "-c", command, NULL});
	client_use(&server, listener_accept(&listener), NULL);
	typist_expect(&typist, "Escape character is");
	typist_enter(&typist, "wronk\177g");
	client_expect_raw(&server, BYTES("wrong\r\n"));
	typist_type(&typist, "half" CALL_ESCAPE);
	typist_expect(&typist, "telnet> ");
	typist_enter(&typist, "status");
	typist_expect(&typist, "Operating in line mode.");
	typist_enter(&typist, "whole");
	client_expect_raw(&server, BYTES("whole\r\n"));
	typist_type(&typist, "\004");
	expect_end_of_input();
	assert_raw(BYTES("wrong\r\nwhole\r\n"));
}

static void control_c_drops_the_line_and_not_the_connection(void **state)
{
	(void)state;
	connect_with(NULL, NULL);
	typist_type(&typist, "wrong");
	typist_expect(&typist, "wrong");
	typist_type(&typist, "\003");
	typist_expect(&typist, "\n");
	typist_enter(&typist, "right");
	client_expect_raw(&server, BYTES("right\r\n"));
	assert_raw(BYTES("right\r\n"));
}

static void control_d_ends_what_is_sent_and_the_rest_is_shown(void **state)
{
	(void)state;
	connect_with(NULL, NULL);
	typist_enter(&typist, "last");
	typist_type(&typist, "\004");
	expect_end_of_input();
	assert_raw(BYTES("last\r\n"));
	send(server.socket, "221 bye\r\n", 9, MSG_NOSIGNAL);
	client_close(&server);
	typist_expect(&typist, "221 bye\r\n");
	assert_int_equal(typist_expect_end(&typist), 0);
}

static void the_escape_character_gives_commands(void **state)
{
	(void)state;
	connect_with(NULL, NULL);
	typist_type(&typist, CALL_ESCAPE);
	typist_expect(&typist, "telnet> ");
	typist_enter(&typist, "status");
	typist_expect(&typist, "Operating in line mode.");
	typist_expect(&typist, "has not spoken TELNET");
	typist_enter(&typist, "NOOP");
	client_expect_raw(&server, BYTES("NOOP\r\n"));
	typist_type(&typist, CALL_ESCAPE);
	typist_expect(&typist, "telnet> ");
	typist_enter(&typist, "quit");
	typist_expect(&typist, "Connection closed.");
	assert_int_equal(typist_expect_end(&typist), 0);
	expect_end_of_input();
	assert_raw(BYTES("NOOP\r\n"));
}

static void without_an_escape_character_it_is_a_character(void **state)
{
	(void)state;
	listener_open(&listener);
	typist_start(&typist, (const char *const[]){trial_built("telnet"), "-E", "127.0.0.1",
						    listener.port_text, NULL});
	client_use(&server, listener_accept(&listener), NULL);
	typist_expect(&typist, "Connected to 127.0.0.1.");
	typist_expect_raw(&typist);
	typist_type(&typist, "\026" CALL_ESCAPE "\r"); /* ^V: the next key as it is */
	client_expect_raw(&server, BYTES(CALL_ESCAPE "\r\n"));
}

static void characters_are_sent_as_they_are_typed_in_character_mode(void **state)
{
	(void)state;
	connect_with(NULL, NULL);
	typist_type(&typist, CALL_ESCAPE);
	typist_expect(&typist, "telnet> ");
	typist_enter(&typist, "mode character");
	typist_expect_raw(&typist);
	typist_type(&typist, "x");
	client_expect_raw(&server, BYTES("x"));
}

/* --- where TELNET begins ------------------------------------------------------------------ */

static void telnet_begins_with_the_first_command_of_the_server(void **state)
{
	(void)state;
	connect_with(NULL, NULL);
	client_send(&server, BYTES("text" IAC));
	typist_expect(&typist, "text");
	assert_int_equal(server.raw.size, 0);
	client_send(&server, BYTES(WILL "\x01 telnet " IAC IAC "!"));
	client_expect_raw(&server, BYTES(IAC DO "\x01"));
	typist_expect(&typist, " telnet \xff!");
}

static void what_was_typed_of_a_line_when_telnet_begins_is_sent(void **state)
{
	(void)state;
	connect_with(NULL, NULL);
	typist_type(&typist, "hel");
	typist_expect(&typist, "hel");
	client_send(&server, BYTES(IAC WILL "\x01" IAC WILL "\x03"));
	client_expect_raw(&server, BYTES(IAC DO "\x01" IAC DO "\x03"
						"hel"));
	typist_type(&typist, "lo\r");
	client_expect_raw(&server, BYTES("lo\r"));
}

static void port_23_and_who_asks_for_it_are_spoken_to_at_once(void **state)
{
	(void)state;
	listener_open(&listener);
	typist_start(&typist, (const char *const[]){trial_built("telnet"), "-a", "127.0.0.1",
						    listener.port_text, NULL});
	client_use(&server, listener_accept(&listener), NULL);
	client_expect_raw(&server, BYTES(IAC DO "\x03"));
	client_expect_raw(&server, BYTES(IAC WILL "\x1f"));
}

/* Byte 255 before every byte that can be a command of TELNET, and once more at the end. */
static size_t fill_with_commands(char bytes[COMMAND_SIZE])
{
	size_t size = 0;

	for (int byte = 0x80; byte < 0x100; byte++) {
		bytes[size++] = '\xff';
		bytes[size++] = (char)byte;
	}
	memcpy(bytes + size, "\xff\r\n\xff", 4);
	return size + 4;
}

static void with_raw_no_byte_of_the_server_is_telnet(void **state)
{
	char bytes[COMMAND_SIZE];
	size_t size = fill_with_commands(bytes);

	(void)state;
	pipe_from("{ printf '\\377\\375\\001\\n'; sleep 1; }", "--raw -a -q");
	client_expect_raw(&server, BYTES("\xff\xfd\x01\r\n"));
	client_send(&server, bytes, size);
	client_half_close(&server);
	typist_expect(&typist, "status=0");
	assert_file("output", bytes, size);
	assert_raw(BYTES("\xff\xfd\x01\r\n"));
}

static void with_raw_nothing_is_offered_and_what_is_typed_is_not_doubled(void **state)
{
	(void)state;
	connect_with("--raw", "-a");
	client_send(&server, BYTES("\xff\xfd\x01 yes\r\n"));
	typist_expect(&typist, "\xff\xfd\x01 yes\r\n");
	typist_enter(&typist, "\xff\xfe\xee");
	client_expect_raw(&server, BYTES("\xff\xfe\xee\r\n"));
	assert_raw(BYTES("\xff\xfe\xee\r\n"));
	call_command(&typist, "status");
	typist_expect(&typist, "Every byte is text");
}

static void mode_text_ends_telnet_and_mode_telnet_begins_it_again(void **state)
{
	(void)state;
	connect_with(NULL, NULL);
	client_send(&server, BYTES(IAC WILL "\x01"));
	client_expect_raw(&server, BYTES(IAC DO "\x01"));
	call_command(&typist, "mode text");
	typist_expect_raw(&typist);
	client_send(&server, BYTES(IAC WILL "\x03" IAC IAC "!"));
	typist_expect(&typist, "\xff\xfb\x03\xff\xff!");
	typist_enter(&typist, "\xff");
	client_expect_raw(&server, BYTES("\xff\r\n"));
	assert_raw(BYTES(IAC DO "\x01\xff\r\n"));
	call_command(&typist, "mode telnet");
	client_expect_raw(&server, BYTES(IAC DO "\x03"));
	client_send(&server, BYTES("as" IAC IAC "is"));
	typist_expect(&typist, "as\xffis");
}

/* --- piped -------------------------------------------------------------------------------- */

static void what_is_piped_in_is_sent_with_cr_lf_and_every_answer_is_printed(void **state)
{
	(void)state;
	pipe_from("printf 'HELO a\\nQUIT\\r\\n'", "--quiet");
	expect_end_of_input();
	assert_raw(BYTES("HELO a\r\nQUIT\r\n"));
	send(server.socket, "220 x\r\n250 a\r\n221 bye\r\n", 23, MSG_NOSIGNAL);
	client_close(&server);
	typist_expect(&typist, "status=0");
	assert_file("output", BYTES("220 x\r\n250 a\r\n221 bye\r\n"));
}

static void every_byte_can_be_piped_in_and_come_back(void **state)
{
	char all[256], expected[257], command[COMMAND_SIZE];
	size_t size = 0;
	FILE *file;

	(void)state;
	for (size_t i = 0; i < sizeof(all); i++) {
		all[i] = (char)i;
		if (all[i] == '\n')
			expected[size++] = '\r';
		expected[size++] = all[i];
	}
	file = fopen(trial_file("input", NULL), "we");
	assert_non_null(file);
	assert_int_equal(fwrite(all, 1, sizeof(all), file), sizeof(all));
	fclose(file);
	snprintf(command, sizeof(command), "cat %s", trial_file("input", NULL));
	pipe_from(command, "--quiet");
	expect_end_of_input();
	assert_raw(expected, size);
	send(server.socket, all, sizeof(all), MSG_NOSIGNAL);
	client_close(&server);
	typist_expect(&typist, "status=0");
	assert_file("output", all, sizeof(all));
}

static void with_lf_what_is_piped_in_is_not_touched(void **state)
{
	(void)state;
	pipe_from("printf 'a\\nb\\r\\n\\377c'", "--lf");
	expect_end_of_input();
	assert_raw(BYTES("a\nb\r\n\xff"
			 "c"));
}

static void a_server_that_breaks_the_connection_shows_in_the_status(void **state)
{
	(void)state;
	pipe_from("printf 'HELO a\\n'", "");
	client_expect_raw(&server, BYTES("HELO a\r\n"));
	client_reset(&server);
	typist_expect(&typist, "status=1");
	assert_true(trial_file_gets("notices", "reset by peer"));
}

static void a_server_that_closes_before_it_has_read_all_shows_in_the_status(void **state)
{
	(void)state;
	pipe_from("yes", "");
	client_expect_raw(&server, BYTES("y\r\n"));
	client_type(&server, "421 no\r\n");
	client_close(&server);
	typist_expect(&typist, "status=1");
}

/* The client has sent all that there is to read each time that it looks, but for the end of it. */
static void a_server_that_closes_while_more_is_written_shows_in_the_status(void **state)
{
	(void)state;
	pipe_from("while printf x; do sleep 0.02; done", "");
	client_expect_raw(&server, BYTES("x"));
	client_half_close(&server);
	typist_expect(&typist, "status=1");
}

static void a_writer_that_only_waits_for_the_server_to_close_does_no_harm(void **state)
{
	(void)state;
	pipe_from("{ echo QUIT; sleep 2; }", "");
	client_expect_raw(&server, BYTES("QUIT\r\n"));
	client_close(&server);
	typist_expect(&typist, "status=0");
}

/* All of it has been read by the client, and most waits in its socket. */
static void a_server_that_closes_before_all_is_sent_shows_in_the_status(void **state)
{
	char input[COMMAND_SIZE];

	(void)state;
	snprintf(input, sizeof(input), "{ head -c 2000000 /dev/zero; echo all >%s; }",
		 trial_file("written", ""));
	pipe_from(input, "");
	assert_true(trial_file_gets("written", "all"));
	usleep(300000); /* until the client has it */
	client_half_close(&server);
	typist_expect(&typist, "status=1");
}

/* --- what cannot be written --------------------------------------------------------------- */

/* Somebody's shell runs the client with these options and redirections; a server says a line. */
static void call_with(const char *options, const char *redirections)
{
	static char command[COMMAND_SIZE];

	listener_open(&listener);
	snprintf(command, sizeof(command), "%s %s 127.0.0.1 %s %s 2>%s; echo status=$?",
		 trial_built("telnet"), options, listener.port_text, redirections,
		 trial_file("notices", NULL));
	typist_start(&typist, (const char *const[]){"sh", "-c", command, NULL});
	client_use(&server, listener_accept(&listener), NULL);
	client_type(&server, "220 hello\r\n");
	client_half_close(&server);
	while (client_receive(&server, DEADLINE_MS) && !server.ended)
		;
}

static void a_full_disk_shows_in_the_status(void **state)
{
	(void)state;
	call_with("", "</dev/null >/dev/full");
	typist_expect(&typist, "status=1");
	assert_true(trial_file_gets("notices",
				    "cannot write to standard output: No space left on device"));
}

static void a_trace_that_breaks_off_shows_in_the_status(void **state)
{
	(void)state;
	call_with("--trace /dev/full", "</dev/null");
	typist_expect(&typist, "220 hello");
	typist_expect(&typist, "status=1");
	assert_true(trial_file_gets("notices", "the trace breaks off: No space left on device"));
}

/* The next file or socket that is opened would be what was closed. */
static void closed_descriptors_do_not_become_the_trace_or_the_server(void **state)
{
	char options[COMMAND_SIZE], trace[COMMAND_SIZE];
	size_t size;

	(void)state;
	snprintf(options, sizeof(options), "--trace %s", trial_file("trace", NULL));
	call_with(options, "<&- >&-");
	typist_expect(&typist, "status=1");
	assert_true(trial_file_gets("notices", "cannot write to standard output: Bad file"));
	assert_int_equal(server.raw.size, 0);
	size = read_file("trace", trace, sizeof(trace));
	assert_null(memmem(trace, size, "\n220 hello", 10));
	assert_non_null(memmem(trace, size, "\"220 hello\\r\\n\"", 15));
}

/* --- bounds ------------------------------------------------------------------------------- */

static void a_server_that_floods_waits_for_a_screen_that_nobody_reads(void **state)
{
	static char flood[65536];
	size_t sent = 0, shown = 0, still = 0;

	(void)state;
	connect_with(NULL, NULL);
	memset(flood, 'x', sizeof(flood));
	while (sent < FLOOD_MAX && still < 50) {
		size_t size = client_push(&server, flood, sizeof(flood));

		sent += size;
		still = size == 0 ? still + 1 : 0;
		if (size == 0)
			trial_pause();
	}
	assert_true(sent < FLOOD_MAX);
	client_close(&server);
	typist_expect(&typist, "Connection closed by foreign host.");
	for (size_t i = 0; i < typist.size; i++)
		shown += typist.shown[i] == 'x';
	assert_int_equal(shown, sent);
}

static void a_window_beyond_all_measure_uses_no_memory(void **state)
{
	char size[64];

	(void)state;
	connect_with(NULL, NULL);
	typist_type(&typist, "half");
	typist_expect(&typist, "half");
	typist_resize(&typist, 65535, 65535);
	client_type(&server, "421 soon\r\n");
	typist_expect(&typist, "421 soon\r\n");
	typist_type(&typist, " whole\r");
	client_expect_raw(&server, BYTES("half whole\r\n"));
	typist_enter(&typist, "and another");
	client_expect_raw(&server, BYTES("and another\r\n"));
	process_status(typist.pid, "VmRSS", size, sizeof(size));
	if (!SANITIZED)
		assert_in_range(atol(size), 1, 16384); /* KiB */
}

static void a_window_that_is_too_large_at_first_uses_no_memory(void **state)
{
	static char command[512];
	char size[64];

	(void)state;
	listener_open(&listener);
	snprintf(command, sizeof(command), "stty rows 20000 columns 20000; exec %s -q 127.0.0.1 %s",
		 trial_built("telnet"), listener.port_text);
	typist_start(&typist, (const char *const[]){"sh", "-c", command, NULL});
	client_use(&server, listener_accept(&listener), NULL);
	client_type(&server, "220 ready\r\n");
	typist_expect(&typist, "220 ready\r\n");
	typist_enter(&typist, "wronk\177g");
	client_expect_raw(&server, BYTES("wrong\r\n"));
	process_status(typist.pid, "VmHWM", size, sizeof(size));
	if (!SANITIZED)
		assert_in_range(atol(size), 1, 16384); /* KiB */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_teardown(name, tear_down)
		TEST(a_line_ends_in_cr_lf_and_nothing_else_is_sent),
		TEST(lf_ends_lines_where_it_is_asked_for),
		TEST(utf8_and_all_other_bytes_pass_unchanged),
		TEST(lines_are_edited_and_come_back_from_the_history),
		TEST(what_the_server_says_leaves_a_half_typed_line_whole),
		TEST(without_an_editor_the_terminal_edits_lines),
		TEST(control_c_drops_the_line_and_not_the_connection),
		TEST(control_d_ends_what_is_sent_and_the_rest_is_shown),
		TEST(the_escape_character_gives_commands),
		TEST(without_an_escape_character_it_is_a_character),
		TEST(characters_are_sent_as_they_are_typed_in_character_mode),
		TEST(telnet_begins_with_the_first_command_of_the_server),
		TEST(what_was_typed_of_a_line_when_telnet_begins_is_sent),
		TEST(port_23_and_who_asks_for_it_are_spoken_to_at_once),
		TEST(with_raw_no_byte_of_the_server_is_telnet),
		TEST(with_raw_nothing_is_offered_and_what_is_typed_is_not_doubled),
		TEST(mode_text_ends_telnet_and_mode_telnet_begins_it_again),
		TEST(what_is_piped_in_is_sent_with_cr_lf_and_every_answer_is_printed),
		TEST(every_byte_can_be_piped_in_and_come_back),
		TEST(with_lf_what_is_piped_in_is_not_touched),
		TEST(a_server_that_breaks_the_connection_shows_in_the_status),
		TEST(a_server_that_closes_before_it_has_read_all_shows_in_the_status),
		TEST(a_server_that_closes_while_more_is_written_shows_in_the_status),
		TEST(a_writer_that_only_waits_for_the_server_to_close_does_no_harm),
		TEST(a_server_that_closes_before_all_is_sent_shows_in_the_status),
		TEST(a_full_disk_shows_in_the_status),
		TEST(a_trace_that_breaks_off_shows_in_the_status),
		TEST(closed_descriptors_do_not_become_the_trace_or_the_server),
		TEST(a_server_that_floods_waits_for_a_screen_that_nobody_reads),
		TEST(a_window_beyond_all_measure_uses_no_memory),
		TEST(a_window_that_is_too_large_at_first_uses_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
