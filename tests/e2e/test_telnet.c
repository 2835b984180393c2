/* SPDX-License-Identifier: ISC */
/*
 * The client at login servers, ours and others': the terminal it gives and gives back, its prompt,
 * what it tells a server and what it does not, and servers that mean harm.
 */
#include "tests/e2e/support/call.h"
#include "tests/e2e/support/client.h"
#include "tests/e2e/support/listener.h"
#include "tests/e2e/support/process.h"
#include "tests/e2e/support/server.h"
#include "tests/e2e/support/trial.h"
#include "tests/e2e/support/typist.h"
#include "tests/fuzz/script.h"

#include <glob.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>

#define COMMAND_SIZE 1024
#define SCRIPT_SIZE 8192 /* of the fuzzer's */
#define FILE_SIZE 65536 /* and what it says */
#define SHELL "/bin/bash --norc --noprofile"

/* A variable of the user's that no server is to see. */
#define SECRET_NAME "SECRET_OF_MINE"
#define SECRET "h1dden-v4lue"

static struct server server;
static struct listener listener;
static struct typist typist;
static struct client peer; /* the server's end of a connection, where the test is the server */

static int tear_down(void **state)
{
	(void)state;
	typist_leave(&typist);
	client_close(&peer);
	listener_close(&listener);
	trial_remove_directory();
	return server_stop(&server);
}

/* --- the same session at three servers ---------------------------------------------------- */

/* A shell for servers that run a program without arguments. */
static const char *shell_script(void)
{
	const char *path = trial_file("shell", "#!/bin/sh\nexec " SHELL "\n");

	assert_int_equal(chmod(path, 0700), 0);
	return path;
}

static void skip_without(const char *path)
{
	if (access(path, X_OK) == 0)
		return;
	print_message("skipped: there is no %s here\n", path);
	skip();
}

static unsigned short serve_telnetd(void)
{
	server_start(&server, "-l", SHELL, NULL);
	return server.port;
}

static unsigned short serve_busybox(void)
{
	skip_without("/bin/busybox");
	listener_serve(&listener, (const char *const[]){"/bin/busybox", "telnetd", "-i", "-l",
							shell_script(), NULL});
	return listener.port;
}

static unsigned short serve_inetutils(void)
{
	skip_without("/usr/sbin/telnetd");
	listener_serve(&listener, (const char *const[]){"/usr/sbin/telnetd", "-h", "-E",
							shell_script(), NULL});
	return listener.port;
}

/* A server, and what it says to AYT: BusyBox's says NOP, but sends it as data. */
struct login_server {
	unsigned short (*serve)(void);
	const char *here;
};

static const struct login_server telnetd = {serve_telnetd, "[Yes]"};
static const struct login_server busybox = {serve_busybox, "\xff\xf1"};
static const struct login_server inetutils = {serve_inetutils, "[Yes]"};

/* From a shell with job control, as users do. */
static void log_in_with(const char *options, unsigned short port)
{
	char line[COMMAND_SIZE];

	typist_start(&typist, (const char *const[]){"/bin/bash", "--norc", "--noprofile", NULL});
	typist_expect(&typist, "bash-");
	typist_enter(&typist, "PS1='ho''me> '; bind 'set enable-bracketed-paste off'");
	typist_expect(&typist, "home> ");
	snprintf(line, sizeof(line), "%s %s 127.0.0.1 %hu", trial_built("telnet"), options, port);
	typist_enter(&typist, line);
	typist_expect(&typist, "Connected to 127.0.0.1.");
}

static void log_in(unsigned short port)
{
	log_in_with("", port);
	typist_expect(&typist, "bash-");
	typist_enter(&typist, "PS1='rea''dy> '; bind 'set enable-bracketed-paste off'");
	typist_expect(&typist, "ready> ");
}

static void edit_with_vi(void)
{
	char line[COMMAND_SIZE];

	snprintf(line, sizeof(line), "vi %s", trial_file("letter", NULL));
	typist_enter(&typist, line);
	typist_expect(&typist, "[New");
	typist_type(&typist, "iDear reader,\033:wq\r");
	typist_expect(&typist, "ready> ");
	assert_true(trial_file_gets("letter", "Dear reader,\n"));
}

static void resize_and_interrupt(void)
{
	typist_enter(&typist, trial_built("tests/programs/report_signals"));
	typist_expect(&typist, "waiting for signals");
	typist_resize(&typist, 33, 99);
	typist_expect(&typist, "got SIGWINCH 33 99");
	typist_type(&typist, "\003");
	typist_expect(&typist, "got SIGINT");
	typist_expect(&typist, "ready> ");
}

static void stop_a_program(void)
{
	typist_enter(&typist, "cat");
	typist_enter(&typist, "a l''ine");
	typist_expect(&typist, "\na l''ine");
	typist_type(&typist, "\032");
	typist_expect(&typist, "Stopped");
	typist_expect(&typist, "ready> ");
	typist_enter(&typist, "kill %1");
	typist_expect(&typist, "ready> ");
}

static void a_session_goes_as_users_expect(void **state)
{
	const struct login_server *login_server = *state;

	log_in(login_server->serve());
	resize_and_interrupt();
	stop_a_program();
	edit_with_vi();
	call_command(&typist, "z");
	typist_expect(&typist, "Stopped");
	typist_expect(&typist, "home> ");
	typist_enter(&typist, "fg");
	typist_expect(&typist, "telnet");
	typist_expect_raw(&typist);
	typist_enter(&typist, "");
	typist_expect(&typist, "ready> ");
	call_command(&typist, "send ayt");
	typist_expect(&typist, login_server->here);
	call_command(&typist, "status");
	typist_expect(&typist, "Options of the server: ECHO, SUPPRESS-GO-AHEAD");
	typist_expect(&typist, "NAWS");
	typist_expect(&typist, "Escape character is '^]'.");
	typist_enter(&typist, "exit");
	typist_expect(&typist, "Connection closed by foreign host.");
	typist_expect(&typist, "home> ");
	typist_enter(&typist, "echo st''atus=$?");
	typist_expect(&typist, "status=0");
}

/* --- the user's terminal ------------------------------------------------------------------ */

static struct termios modes(void)
{
	struct termios modes;

	assert_int_equal(tcgetattr(typist.master, &modes), 0);
	return modes;
}

static void assert_modes(const struct termios *expected)
{
	struct termios now = modes();

	assert_int_equal(now.c_iflag, expected->c_iflag);
	assert_int_equal(now.c_oflag, expected->c_oflag);
	assert_int_equal(now.c_lflag, expected->c_lflag);
	assert_int_equal(now.c_cflag, expected->c_cflag);
	assert_memory_equal(now.c_cc, expected->c_cc, sizeof(now.c_cc));
}

/* The modes that a terminal has at first: those of one that runs nothing that changes them. */
static struct termios first_modes(void)
{
	struct termios first;

	typist_start(&typist, (const char *const[]){"true", NULL});
	typist_expect_end(&typist);
	first = modes();
	typist_leave(&typist);
	return first;
}

static void open_session(void)
{
	server_start(&server, "-l", SHELL, NULL);
	listener.port = server.port;
	snprintf(listener.port_text, sizeof(listener.port_text), "%hu", server.port);
	typist_start(&typist, (const char *const[]){trial_built("telnet"), "127.0.0.1",
						    listener.port_text, NULL});
	typist_expect(&typist, "bash-");
	typist_expect_raw(&typist);
}

static void open_text_session(void)
{
	listener_open(&listener);
	typist_start(&typist, (const char *const[]){trial_built("telnet"), "127.0.0.1",
						    listener.port_text, NULL});
	client_use(&peer, listener_accept(&listener), NULL);
	typist_expect(&typist, "Escape character");
	typist_expect_raw(&typist);
}

static void the_terminal_is_as_it_was_after_a_session(void **state)
{
	struct termios first = first_modes();

	(void)state;
	open_session();
	typist_enter(&typist, "exit");
	assert_int_equal(typist_expect_end(&typist), 0);
	assert_modes(&first);
}

static void the_terminal_is_as_it_was_after_quit(void **state)
{
	struct termios first = first_modes();

	(void)state;
	open_session();
	call_command(&typist, "quit");
	assert_int_equal(typist_expect_end(&typist), 0);
	assert_modes(&first);
}

static void the_terminal_is_as_it_was_after_a_signal(void **state)
{
	static const int signals[] = {SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGALRM};
	struct termios first = first_modes();

	(void)state;
	open_session();
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		if (i > 0) {
			typist_start(&typist,
				     (const char *const[]){trial_built("telnet"), "127.0.0.1",
							   listener.port_text, NULL});
			typist_expect(&typist, "bash-");
			typist_expect_raw(&typist);
		}
		kill(typist.pid, signals[i]);
		assert_int_equal(typist_expect_end(&typist), 128 + signals[i]);
		assert_modes(&first);
		typist_leave(&typist);
	}
}

static void the_terminal_is_as_it_was_after_a_signal_while_a_line_is_edited(void **state)
{
	struct termios first = first_modes();

	(void)state;
	open_text_session();
	typist_type(&typist, "half a li");
	typist_expect(&typist, "half a li");
	kill(typist.pid, SIGTERM);
	assert_int_equal(typist_expect_end(&typist), 128 + SIGTERM);
	assert_modes(&first);
}

static void the_terminal_is_as_it_was_while_the_client_is_stopped(void **state)
{
	(void)state;
	log_in(serve_telnetd());
	call_command(&typist, "z");
	typist_expect(&typist, "home> ");
	typist_enter(&typist, "stty -a | tr -d '\\n' | grep -c ' icanon.* echo '");
	typist_expect(&typist, "\n1\r\n");
	typist_enter(&typist, "kill %1; fg");
	typist_expect(&typist, "Terminated");
}

/* Without ECHO and SUPPRESS-GO-AHEAD lines are edited and shown here (old line mode). */
static void a_server_without_options_gets_whole_lines_and_functions(void **state)
{
	(void)state;
	open_text_session();
	client_send(&peer, BYTES(IAC "\xf1"
				     "name: "));
	typist_expect(&typist, "name: ");
	typist_type(&typist, "wronk\177g\r");
	client_expect_raw(&peer, BYTES("wrong\r\n"));
	typist_type(&typist, "\003");
	client_expect_raw(&peer, BYTES(IAC "\xf4")); /* IP */
	client_send(&peer, BYTES(IAC WILL "\x01" IAC WILL "\x03"));
	client_expect_raw(&peer, BYTES(IAC DO "\x01" IAC DO "\x03"));
	typist_expect_raw(&typist);
	typist_type(&typist, "\003x");
	client_expect_raw(&peer, BYTES("\003x"));
}

/* /bin/sh leaves the editing to its terminal, so that a client with LINEMODE does it. */
static void open_line_mode(void)
{
	server_start(&server, "-l", "/bin/sh", NULL);
	snprintf(listener.port_text, sizeof(listener.port_text), "%hu", server.port);
	typist_start(&typist, (const char *const[]){trial_built("telnet"), "--linemode", "--trace",
						    trial_file("trace", ""), "127.0.0.1",
						    listener.port_text, NULL});
	assert_true(trial_file_gets("trace", "> SB LINEMODE MODE EDIT TRAPSIG ACK"));
	typist_enter(&typist, "PS1='rea''dy> '");
	typist_expect(&typist, "ready> ");
}

static void with_linemode_a_line_is_edited_here_and_sent_as_a_whole(void **state)
{
	(void)state;
	open_line_mode();
	typist_enter(&typist, "wrong\025echo a wrong\027ri\177\177line='o''ne'");
	typist_expect(&typist, "a line=one");
	assert_true(trial_file_gets("trace", "> data 19\n")); /* and no key by itself */
	call_command(&typist, "status");
	typist_expect(&typist, "Operating in line (LINEMODE) mode.");
}

static void with_linemode_keys_of_signals_are_functions(void **state)
{
	(void)state;
	open_line_mode();
	typist_enter(&typist, trial_built("tests/programs/report_signals"));
	typist_expect(&typist, "waiting for signals");
	typist_type(&typist, "\034");
	typist_expect(&typist, "got SIGQUIT");
	assert_true(trial_file_gets("trace", "> ABORT\n"));
	typist_enter(&typist, "");
	typist_expect(&typist, "ready> ");
	typist_enter(&typist, "cat; echo has en''ded");
	typist_enter(&typist, "a l''ine");
	typist_expect(&typist, "\na l''ine");
	typist_type(&typist, "\004");
	typist_expect(&typist, "has ended");
	assert_true(trial_file_gets("trace", "> EOF\n"));
}

static void with_linemode_a_program_that_wants_keys_gets_them(void **state)
{
	(void)state;
	open_line_mode();
	edit_with_vi();
	typist_enter(&typist, "echo st''ill here");
	typist_expect(&typist, "still here");
}

static void with_linemode_a_key_that_stty_undefines_is_a_character(void **state)
{
	(void)state;
	open_line_mode();
	typist_enter(&typist, "stty susp undef intr undef quit undef; cat -v");
	assert_true(trial_file_gets("trace", "> SB LINEMODE SLC 03 80 00 07 80 00 09 80 00"));
	typist_enter(&typist, "a\032b\003c\034d");
	typist_expect(&typist, "\na^Zb^Cc^\\d\r\n");
}

static void with_linemode_a_quoted_end_of_file_comes_to_the_program(void **state)
{
	(void)state;
	open_line_mode();
	typist_enter(&typist, "cat -v; echo has en''ded");
	assert_true(trial_file_gets("trace", "> data"));
	typist_enter(&typist, "a\026\004b\026\003c");
	typist_expect(&typist, "\na^Db^Cc\r\n");
	typist_type(&typist, "\004");
	typist_expect(&typist, "has ended");
}

struct shell {
	const char *program;
	const char *linemode;
};

/* bash edits lines by itself, but wants its terminal's signals; the other leaves both to it. */
static const struct shell bash = {SHELL, "yes"};
static const struct shell bash_when_asked = {SHELL, "ask"};
static const struct shell sh = {"/bin/sh", "yes"};

/* Types rlogin's escape character, and waits until the client waits for the key behind it. */
static void type_tilde(void)
{
	long long deadline = trial_now() + DEADLINE_MS;

	typist_type(&typist, "~");
	while (modes().c_cc[VSUSP] != _POSIX_VDISABLE || (modes().c_lflag & ICANON)) {
		assert_true(trial_now() < deadline);
		trial_pause();
	}
}

static void as_rlogin_tilde_keys_go_before_those_of_linemode(void **state)
{
	const struct shell *shell = *state;

	server_start(&server, "-l", shell->program, "--linemode", shell->linemode, NULL);
	log_in_with("-r --linemode", server.port);
	typist_enter(&typist, "PS1='rea''dy> '");
	typist_expect(&typist, "ready> ");
	type_tilde();
	typist_type(&typist, "\032");
	typist_expect(&typist, "Stopped");
	typist_expect(&typist, "home> ");
	typist_enter(&typist, "fg");
	typist_expect(&typist, "telnet");
	typist_enter(&typist, "echo ba''ck");
	typist_expect(&typist, "back");
	typist_expect(&typist, "ready> ");
	type_tilde();
	typist_type(&typist, "~");
	typist_enter(&typist, "no''thing");
	typist_expect(&typist, "~nothing");
	typist_expect(&typist, "ready> ");
	type_tilde();
	typist_type(&typist, ".");
	typist_expect(&typist, "home> ");
}

/* Waits until the user's own terminal erases by this key. */
static void expect_erase_key(cc_t key)
{
	long long deadline = trial_now() + DEADLINE_MS;

	while (modes().c_cc[VERASE] != key) {
		assert_true(trial_now() < deadline);
		trial_pause();
	}
}

static void with_linemode_a_key_that_the_program_changes_changes_here(void **state)
{
	(void)state;
	open_line_mode();
	typist_enter(&typist, "stty erase '#'; echo do''ne");
	typist_expect(&typist, "done");
	assert_true(trial_file_gets("trace", "< SB LINEMODE SLC 0a "));
	call_command(&typist, "slc");
	typist_expect(&typist, "#    EC, erase character");
	typist_enter(&typist, "");
	expect_erase_key('#');
	typist_enter(&typist, "echo rig##ight");
	typist_expect(&typist, "\nright");
}

/* A server can name the escape character for a function, and any key for the one that stops output.
 */
static void no_special_character_of_the_server_takes_the_escape_character(void **state)
{
	(void)state;
	open_text_session();
	client_send(&peer, BYTES(IAC DO "\x22" IAC DO "\x21" IAC SB "\x22\x01\x03" IAC SE));
	client_send(&peer,
		    BYTES(IAC SB "\x22\x03\x03\x02\x1d\x0a\x02\x1d\x0f\x02z\x10\x02y" IAC SE IAC SB
				 "\x21\x01" IAC SE "name: "));
	typist_expect(&typist, "name: ");
	typist_type(&typist, "y" CALL_ESCAPE);
	typist_expect(&typist, "telnet> ");
	typist_enter(&typist, "slc");
	typist_expect(&typist, "^]   IP, interrupt");
}

/* --- what a server is told ---------------------------------------------------------------- */

static void a_server_is_told_what_was_exported_and_nothing_else(void **state)
{
	(void)state;
	typist.variables[0] = SECRET_NAME "=" SECRET;
	typist.variables[1] = "DISPLAY=desk:1";
	open_text_session();
	client_send(&peer, BYTES(IAC DO "\x27" IAC SB "\x27\x01" IAC SE));
	client_expect_raw(&peer, BYTES(IAC WILL "\x27" IAC SB "\x27\x00\x00"
						"DISPLAY\x01"
						"desk:1" IAC SE));
	client_send(&peer, BYTES(IAC SB "\x27\x01\x03" SECRET_NAME "\x00" SECRET_NAME
					"\x00HOME\x00PATH\x03PATH" IAC SE));
	client_expect_raw(&peer, BYTES(IAC SB "\x27\x00" IAC SE));
	call_command(&typist, "environ export " SECRET_NAME);
	client_expect_raw(&peer, BYTES("\x03" SECRET_NAME "\x01" SECRET IAC SE));
	call_command(&typist, "environ unexport " SECRET_NAME);
	client_send(&peer, BYTES(IAC SB "\x27\x01\x03" IAC SE));
	client_expect_raw(&peer, BYTES(IAC SB "\x27\x00" IAC SE));
}

static void a_user_to_log_in_as_is_told(void **state)
{
	(void)state;
	listener_open(&listener);
	typist_start(&typist, (const char *const[]){trial_built("telnet"), "-l", "ada", "127.0.0.1",
						    listener.port_text, NULL});
	client_use(&peer, listener_accept(&listener), NULL);
	client_expect_raw(&peer, BYTES(IAC WILL "\x27"));
	client_send(&peer, BYTES(IAC DO "\x27" IAC SB "\x27\x01\x00USER" IAC SE));
	client_expect_raw(&peer, BYTES("\x27\x00\x00USER\x01"
				       "ada" IAC SE));
}

static void the_trace_tells_what_is_negotiated_in_words(void **state)
{
	const char *trace = trial_file("trace", NULL);

	(void)state;
	listener_open(&listener);
	typist_start(&typist, (const char *const[]){trial_built("telnet"), "--trace", trace,
						    "127.0.0.1", listener.port_text, NULL});
	client_use(&peer, listener_accept(&listener), NULL);
	client_send(&peer, BYTES(IAC DO "\x1f" IAC WILL "\xc8" IAC SB "\x18\x01" IAC SE
					"h\xff\xff\r\n" IAC "\xf9"));
	client_expect_raw(&peer, BYTES(IAC DONT "\xc8"));
	typist_expect(&typist, "h");
	assert_true(trial_file_gets("trace", " < DO NAWS\n"));
	assert_true(trial_file_gets("trace", " > WILL NAWS\n"));
	assert_true(trial_file_gets("trace", " > SB NAWS 100 columns 30 rows\n"));
	assert_true(trial_file_gets("trace", " < WILL OPTION 200\n"));
	assert_true(trial_file_gets("trace", " > DONT OPTION 200\n"));
	assert_true(trial_file_gets("trace", " < SB TERMINAL-TYPE SEND\n"));
	assert_true(trial_file_gets("trace", " < data 1 \"\\xff\"\n"));
	assert_true(trial_file_gets("trace", " < GA\n"));
}

/* --- the command line --------------------------------------------------------------------- */

static void mistakes_are_named_in_one_line(void **state)
{
	static const struct {
		const char *arguments[4];
		const char *says;
		int status;
	} mistakes[] = {
		{{"localhost", "0"}, "bad port '0'", 2},
		{{"localhost", "65536"}, "bad port '65536'", 2},
		{{"localhost", "no-such-service"}, "bad port 'no-such-service'", 2},
		{{"localhost", "23", "24"}, "'24' is one argument too many", 2},
		{{"localhost", "no-such-service", "24"}, "'24' is one argument too many", 2},
		{{"-Q", "localhost"}, "telnet: unknown option '-Q': see telnet --help", 2},
		{{"--frob"}, "telnet: unknown option '--frob': see telnet --help", 2},
		{{"localhost", "-e"}, "telnet: option '-e' wants a value: see telnet --help", 2},
		{{"-e", "^^^", "localhost"}, "bad escape character '^^^'", 2},
		{{"--timeout", "0", "localhost"}, "bad timeout '0'", 2},
		{{"-x", "localhost"}, "no encryption", 2},
		{{"--trace", "/nonexistent/file", "localhost"}, "'/nonexistent/file'", 1},
		{{"no-such-host.invalid"}, "cannot find host no-such-host.invalid", 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		const char *arguments[6] = {trial_built("telnet")};

		memcpy(arguments + 1, mistakes[i].arguments, sizeof(mistakes[i].arguments));
		typist_start(&typist, arguments);
		typist_expect(&typist, mistakes[i].says);
		assert_int_equal(typist_expect_end(&typist), mistakes[i].status);
		typist_leave(&typist);
	}
}

/* Nobody listens at the one address; at the other somebody does. */
static void the_next_address_is_tried_where_one_is_dead(void **state)
{
	(void)state;
	listener_open(&listener);
	typist_start(&typist, (const char *const[]){trial_built("telnet"), "localhost",
						    listener.port_text, NULL});
	client_use(&peer, listener_accept(&listener), NULL);
	typist_expect(&typist, "Trying 127.0.0.1...");
	typist_expect(&typist, "Connected to localhost.");
}

static void a_refusal_names_the_address(void **state)
{
	char line[COMMAND_SIZE];

	(void)state;
	listener_open(&listener);
	close(listener.socket);
	listener.socket = 0;
	typist_start(&typist, (const char *const[]){trial_built("telnet"), "127.0.0.1",
						    listener.port_text, NULL});
	snprintf(line, sizeof(line), "connection to 127.0.0.1 (127.0.0.1) port %s: refused",
		 listener.port_text);
	typist_expect(&typist, line);
	assert_int_equal(typist_expect_end(&typist), 1);
}

/* A port whose queue is full: who calls it waits. */
static void fill_queue(int calls[], size_t count)
{
	struct sockaddr_in address;
	socklen_t size = sizeof(address);

	listener_open(&listener);
	assert_int_equal(listen(listener.socket, 0), 0);
	assert_int_equal(getsockname(listener.socket, (struct sockaddr *)&address, &size), 0);
	for (size_t i = 0; i < count; i++) {
		calls[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		assert_true(calls[i] >= 0);
		(void)connect(calls[i], (struct sockaddr *)&address, size);
	}
}

static void a_call_that_is_not_answered_can_be_broken_off(void **state)
{
	int calls[4];

	(void)state;
	fill_queue(calls, 4);
	typist_start(&typist, (const char *const[]){trial_built("telnet"), "127.0.0.1",
						    listener.port_text, NULL});
	typist_expect(&typist, "Trying 127.0.0.1...");
	typist_type(&typist, "\003");
	assert_int_equal(typist_expect_end(&typist), 128 + SIGINT);
	for (size_t i = 0; i < 4; i++)
		close(calls[i]);
}

static void a_shell_command_that_is_stopped_stops_the_client_with_it(void **state)
{
	(void)state;
	typist_start(&typist, (const char *const[]){"/bin/bash", "--norc", "--noprofile", NULL});
	typist_expect(&typist, "bash-");
	typist_enter(&typist, "PS1='ho''me> '; bind 'set enable-bracketed-paste off'");
	typist_expect(&typist, "home> ");
	typist_enter(&typist, trial_built("telnet"));
	typist_expect(&typist, "telnet> ");
	typist_enter(&typist, "! echo run''ning; head -n 1 | tr a-z A-Z");
	typist_expect(&typist, "running");
	typist_type(&typist, "\032");
	typist_expect(&typist, "Stopped");
	typist_expect(&typist, "home> ");
	typist_enter(&typist, "fg");
	typist_expect(&typist, "telnet");
	typist_enter(&typist, "again");
	typist_expect(&typist, "AGAIN");
	typist_expect(&typist, "telnet> ");
}

/* Some programs that start others ignore SIGCHLD, and what they start does so, too. */
static void a_shell_command_ends_whatever_the_client_has_inherited(void **state)
{
	static char command[COMMAND_SIZE];

	(void)state;
	snprintf(command, sizeof(command), "trap '' CHLD; exec %s", trial_built("telnet"));
	typist.variables[0] = "SHELL=/nonexistent/shell";
	typist_start(&typist, (const char *const[]){"/bin/sh", "-c", command, NULL});
	typist_expect(&typist, "telnet> ");
	typist_enter(&typist, "! true");
	typist_expect(&typist, "/nonexistent/shell: No such file or directory");
	typist_expect(&typist, "telnet> ");
}

static void a_command_that_is_too_long_is_not_carried_out_in_part(void **state)
{
	static char command[1200];

	(void)state;
	typist_start(&typist, (const char *const[]){trial_built("telnet"), NULL});
	typist_expect(&typist, "telnet> ");
	memset(command, 'x', sizeof(command) - 1);
	memcpy(command, "! echo do''ne ", 14);
	typist_enter(&typist, command);
	typist_expect(&typist, "too long");
	assert_false(typist_has(&typist, "done"));
	typist_enter(&typist, "quit");
	assert_int_equal(typist_expect_end(&typist), 0);
}

static void without_a_host_commands_are_read(void **state)
{
	char line[COMMAND_SIZE];

	(void)state;
	listener_open(&listener);
	typist_start(&typist, (const char *const[]){trial_built("telnet"), NULL});
	typist_expect(&typist, "telnet> ");
	typist_enter(&typist, "se");
	typist_expect(&typist, "se: could be send or set");
	typist_enter(&typist, "frobnicate");
	typist_expect(&typist, "frobnicate: no such command");
	typist_enter(&typist, "status");
	typist_expect(&typist, "No connection.");
	snprintf(line, sizeof(line), "open 127.0.0.1 %s", listener.port_text);
	typist_enter(&typist, line);
	client_use(&peer, listener_accept(&listener), NULL);
	typist_expect(&typist, "Connected to 127.0.0.1.");
	client_close(&peer);
	typist_expect(&typist, "Connection closed by foreign host.");
	typist_expect(&typist, "telnet> ");
	typist_enter(&typist, "! echo shell=$((6*7))");
	typist_expect(&typist, "shell=42");
	typist_enter(&typist, "quit");
	assert_int_equal(typist_expect_end(&typist), 0);
}

/* --- servers that mean harm --------------------------------------------------------------- */

/* Reads a quoted text of the trace; adds its bytes. */
static size_t unquote(const char *text, char *bytes)
{
	size_t size = 0;

	for (; *text != '"' && *text != '\0'; text++) {
		unsigned value;

		if (*text != '\\') {
			bytes[size++] = *text;
		} else if (*++text == 'x' && sscanf(text + 1, "%2x", &value) == 1) {
			bytes[size++] = (char)value;
			text += 2;
		} else {
			bytes[size++] = *text == 'r' ? '\r' : *text == 'n' ? '\n' : *text;
		}
	}
	return size;
}

/* Takes out what a terminal adds to lines and a client leaves out: what remains must be equal. */
static size_t bare(char *bytes, size_t size)
{
	size_t kept = 0;

	for (size_t i = 0; i < size; i++)
		if (bytes[i] != '\0' && !strchr("\r\t ", bytes[i]))
			bytes[kept++] = bytes[i];
	return kept;
}

static size_t read_all(const char *name, char **bytes)
{
	FILE *file = fopen(trial_file(name, NULL), "re");
	struct stat status;
	size_t size;

	assert_non_null(file);
	assert_int_equal(fstat(fileno(file), &status), 0);
	*bytes = malloc((size_t)status.st_size + 1);
	assert_non_null(*bytes);
	size = fread(*bytes, 1, (size_t)status.st_size, file);
	(*bytes)[size] = '\0';
	fclose(file);
	return size;
}

/* The data that came, as the trace has it, in place of the trace. */
static size_t traced_data(char *trace)
{
	size_t size = 0;
	char *rest, *line = strtok_r(trace, "\n", &rest);

	for (; line; line = strtok_r(NULL, "\n", &rest)) {
		const char *data = strstr(line, " < data ");
		const char *quoted = data ? strchr(data, '"') : NULL;

		if (quoted)
			size += unquote(quoted + 1, trace + size);
	}
	return size;
}

/* What was shown must be data of the trace, all of it and in order, up to where it was stopped. */
static void assert_traced(char *shown, size_t size)
{
	char *trace;
	size_t traced;

	read_all("trace", &trace);
	traced = bare(trace, traced_data(trace));
	size = bare(shown, size);
	if (size > traced || memcmp(shown, trace, size) != 0) {
		trial_show("trace", trace, traced);
		trial_show("shown", shown, size);
		fail_msg("something was shown that is not in the trace");
	}
	free(trace);
}

static size_t environments; /* so many were told */

/* Of those that were told none may have had what the user did not export. */
static void assert_no_secret(void)
{
	environments += client_has_raw(&peer, BYTES(IAC SB "\x27\x00"));
	assert_false(client_has_raw(&peer, BYTES(SECRET)));
	assert_false(client_has_raw(&peer, BYTES("/usr/sbin"))); /* of PATH */
}

/* The server's side: says all this, hears what there is to hear, and closes. */
static void speak(const char *bytes, size_t size)
{
	long long deadline = trial_now() + DEADLINE_MS;
	bool heard = true;

	client_use(&peer, listener_accept(&listener), NULL);
	while (size > 0 && heard) {
		size_t sent = client_push(&peer, bytes, size);

		bytes += sent;
		size -= sent;
		heard = client_receive(&peer, sent > 0 ? 0 : 10);
		typist_has(&typist, ""); /* a screen that is read takes more */
	}
	shutdown(peer.socket, SHUT_WR);
	while (heard && !peer.ended && trial_now() < deadline) {
		heard = client_receive(&peer, 10);
		typist_has(&typist, "");
	}
	assert_no_secret();
}

/* To a client that writes into a file and has a pipe to read from, which says nothing. */
static void say_to_file(const char *bytes, size_t size)
{
	static char command[COMMAND_SIZE];
	char *output, status[TYPIST_WORD_SIZE];
	size_t output_size;

	snprintf(
		command, sizeof(command),
		"rm -f %s; mkfifo %s; %s -q --trace %s 127.0.0.1 %s <>%s >%s 2>%s; echo status=$?.",
		trial_file("input", NULL), trial_file("input", NULL), trial_built("telnet"),
		trial_file("trace", ""), listener.port_text, trial_file("input", NULL),
		trial_file("output", NULL), trial_file("notices", NULL));
	typist.variables[0] = SECRET_NAME "=" SECRET;
	typist.variables[1] = "DISPLAY=desk:1";
	typist_start(&typist, (const char *const[]){"sh", "-c", command, NULL});
	speak(bytes, size);
	typist_expect_word(&typist, "status=", status);
	assert_true(strcmp(status, "0.") == 0 || strcmp(status, "1.") == 0);
	output_size = read_all("output", &output);
	assert_traced(output, output_size);
	free(output);
	typist_leave(&typist);
	client_close(&peer);
}

/* Where the screen's last line begins, which is the client's own. */
static size_t last_line(const char *screen, size_t size)
{
	static const char *const begins[] = {"Connection closed by", "telnet: "};

	for (size_t at = size; at-- > 0;)
		for (size_t i = 0; i < 2; i++)
			if (size - at > strlen(begins[i]) &&
			    memcmp(screen + at, begins[i], strlen(begins[i])) == 0)
				return at;
	fail_msg("the client said nothing at the end");
	return 0;
}

/* To a client at a terminal, which takes all options that a user can have. */
static void say_to_terminal(const char *bytes, size_t size)
{
	int status;

	typist.variables[0] = SECRET_NAME "=" SECRET;
	typist.variables[1] = "DISPLAY=desk:1";
	typist_start(&typist, (const char *const[]){trial_built("telnet"), "-a", "--linemode",
						    "--trace", trial_file("trace", ""), "127.0.0.1",
						    listener.port_text, NULL});
	typist_expect(&typist, "Escape character is '^]'.\r\n");
	speak(bytes, size);
	status = typist_expect_end(&typist);
	assert_in_range(status, 0, 1);
	assert_traced(typist.shown + typist.seen,
		      last_line(typist.shown + typist.seen, typist.size - typist.seen));
	typist_leave(&typist);
	client_close(&peer);
}

static void say(const char *bytes, size_t size)
{
	say_to_file(bytes, size);
	say_to_terminal(bytes, size);
}

/* The same, from a server that has the options on by which a client tells things, and has asked. */
static void say_and_ask(const char *bytes, size_t size)
{
	static const char asks[] = IAC DO
		"\x18" IAC DO "\x23" IAC DO "\x24" IAC DO "\x27" IAC DO "\x22" IAC SB
		"\x18\x01" IAC SE IAC SB "\x23\x01" IAC SE IAC SB "\x24\x01\x03" SECRET_NAME
		"\x00PATH\x03PATH" IAC SE IAC SB "\x27\x01\x03" SECRET_NAME
		"\x00PATH\x03PATH" IAC SE IAC SB "\x27\x01" IAC SE IAC SB "\x22\x01\x03" IAC SE;
	static char all[sizeof(asks) + FILE_SIZE];

	assert_true(size <= FILE_SIZE);
	memcpy(all, asks, sizeof(asks) - 1);
	memcpy(all + sizeof(asks) - 1, bytes, size);
	say(all, sizeof(asks) - 1 + size);
}

/* Says what the server says in a script of the fuzzer's. */
static void say_script(const uint8_t *script, size_t size)
{
	static char bytes[FILE_SIZE];

	say_and_ask(bytes, script_network(NVT_CLIENT, script, size, bytes, sizeof(bytes)));
}

static void say_file(const char *path)
{
	uint8_t script[SCRIPT_SIZE];
	FILE *file = fopen(path, "re");
	size_t size;

	assert_non_null(file);
	size = fread(script, 1, sizeof(script), file);
	fclose(file);
	say_script(script, size);
}

/* What a fuzzer has found worth trying. */
static void the_corpus_of_the_fuzzer_does_no_harm(void **state)
{
	glob_t files;

	(void)state;
	environments = 0;
	listener_open(&listener);
	assert_int_equal(
		glob(TEST_SOURCE_DIRECTORY "/tests/fuzz/corpus/nvt_client/*", 0, NULL, &files), 0);
	assert_true(files.gl_pathc > 10);
	for (size_t i = 0; i < files.gl_pathc; i++)
		say_file(files.gl_pathv[i]);
	globfree(&files);
	assert_true(environments > 100);
}

/* The grammar has every body that an option has, in good and in bad forms. */
static void scripts_at_random_do_no_harm(void **state)
{
	(void)state;
	environments = 0;
	srand(1091);
	listener_open(&listener);
	for (int i = 0; i < 100; i++) {
		uint8_t script[200];

		for (size_t j = 0; j < sizeof(script); j++)
			script[j] = (uint8_t)rand();
		say_script(script, sizeof(script));
	}
	assert_true(environments > 100);
}

/* A stretch of TELNET by somebody who knows the words but not the language. */
static size_t babble(char *to, size_t room)
{
	/* A subnegotiation of the last four is the end of the connection. */
	static const unsigned char options[] = {0,  1,	3,  5,	6,  18,	 24, 31, 32, 33, 34,
						35, 36, 39, 42, 39, 200, 70, 85, 86, 87};
	static const size_t harmless = sizeof(options) - 4;
	static const char *const asked[] = {"",	    "\x03", SECRET_NAME, ("\x03" SECRET_NAME),
					    "PATH", "HOME", "\x02",	 "\xff\xff"};
	size_t size = 0;

	while (size + 64 < room) {
		unsigned char option = options[(size_t)rand() % sizeof(options)];

		switch (rand() % 5) {
		case 0:
			size += (size_t)sprintf(to + size, "text %d\r\n", rand());
			break;
		case 1:
		case 2:
			to[size++] = (char)255;
			to[size++] = (char)(251 + rand() % 4);
			to[size++] = (char)option;
			break;
		case 3:
			if (rand() % 64)
				option = options[(size_t)rand() % harmless];
			to[size++] = (char)255;
			to[size++] = (char)250;
			to[size++] = (char)option;
			to[size++] = (char)(rand() % 3);
			size += (size_t)sprintf(
				to + size, "%c%s", rand() % 4 ? 3 : 1,
				asked[(size_t)rand() % (sizeof(asked) / sizeof(asked[0]))]);
			to[size++] = (char)255;
			to[size++] = (char)(rand() % 32 ? 240 : rand());
			break;
		default:
			to[size++] = (char)(rand() % 3 ? 255 : rand());
			to[size++] = (char)(236 + rand() % 14);
		}
	}
	return size;
}

static void a_server_that_babbles_does_no_harm(void **state)
{
	(void)state;
	environments = 0;
	srand(1184);
	listener_open(&listener);
	for (int i = 0; i < 40; i++) {
		static char bytes[20000];

		say_and_ask(bytes, babble(bytes, sizeof(bytes) / (size_t)(1 + i % 10)));
	}
	assert_true(environments > 10);
}

/* What a server can put where a subnegotiation ought to end, so that two readers differ. */
static void a_subnegotiation_that_is_broken_off_hides_nothing_from_the_trace(void **state)
{
	static const char *const ends[] = {
		IAC WILL IAC,	      IAC DO IAC, IAC SB IAC,
		IAC SB "\x18" IAC SE, IAC "\xf1", IAC IAC IAC SE,
	};

	(void)state;
	listener_open(&listener);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		char bytes[128];
		int size = snprintf(bytes, sizeof(bytes), "%s%s%s%s", IAC DO "\x18" IAC SB "\x18",
				    ends[i], SB "shown" IAC SE, "and this, too\r\n");

		say(bytes, (size_t)size);
	}
}

/* Six bytes are answered with as much as the exported variables hold, and nobody reads it. */
static void a_server_that_asks_and_does_not_read_uses_no_memory(void **state)
{
	static char asks[60000];
	char size[64];
	size_t sent = 0;

	(void)state;
	open_text_session();
	client_send(&peer, BYTES(IAC DO "\x27"));
	for (size_t i = 0; i < sizeof(asks); i += 6)
		memcpy(asks + i, IAC SB "\x27\x01" IAC SE, 6);
	for (int i = 0; i < 100; i++) {
		sent += client_push(&peer, asks, sizeof(asks));
		trial_pause();
	}
	assert_true(sent > 0);
	process_status(typist.pid, "VmRSS", size, sizeof(size));
	if (!SANITIZED)
		assert_true(atol(size) > 0 && atol(size) < 16384); /* KiB */
	typist_type(&typist, CALL_ESCAPE);
	typist_expect(&typist, "telnet> ");
}

static void a_broken_connection_costs_nothing_while_its_rest_waits_for_the_screen(void **state)
{
	static char flood[65536];
	long before;

	(void)state;
	open_text_session();
	client_send(&peer, BYTES(IAC "\xf1"));
	memset(flood, 'x', sizeof(flood));
	for (int i = 0; i < 20; i++) {
		client_push(&peer, flood, sizeof(flood));
		trial_pause();
	}
	client_reset(&peer);
	before = process_ticks(typist.pid);
	usleep(500000);
	assert_in_range(process_ticks(typist.pid), before, before + 20);
	typist_expect(&typist, "Connection reset by peer");
	assert_int_equal(typist_expect_end(&typist), 1);
}

#define TEST(name) cmocka_unit_test_teardown(name, tear_down)
#define WITH(server, test)                                                                         \
	{                                                                                          \
#test ", " #server, test, NULL, tear_down, (void *)(uintptr_t)(&(server))          \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(telnetd, a_session_goes_as_users_expect),
		WITH(busybox, a_session_goes_as_users_expect),
		WITH(inetutils, a_session_goes_as_users_expect),
		TEST(the_terminal_is_as_it_was_after_a_session),
		TEST(the_terminal_is_as_it_was_after_quit),
		TEST(the_terminal_is_as_it_was_after_a_signal),
		TEST(the_terminal_is_as_it_was_after_a_signal_while_a_line_is_edited),
		TEST(the_terminal_is_as_it_was_while_the_client_is_stopped),
		TEST(a_server_without_options_gets_whole_lines_and_functions),
		TEST(with_linemode_a_line_is_edited_here_and_sent_as_a_whole),
		TEST(with_linemode_keys_of_signals_are_functions),
		TEST(with_linemode_a_program_that_wants_keys_gets_them),
		TEST(with_linemode_a_key_that_stty_undefines_is_a_character),
		TEST(with_linemode_a_quoted_end_of_file_comes_to_the_program),
		WITH(bash, as_rlogin_tilde_keys_go_before_those_of_linemode),
		WITH(bash_when_asked, as_rlogin_tilde_keys_go_before_those_of_linemode),
		WITH(sh, as_rlogin_tilde_keys_go_before_those_of_linemode),
		TEST(with_linemode_a_key_that_the_program_changes_changes_here),
		TEST(no_special_character_of_the_server_takes_the_escape_character),
		TEST(a_server_is_told_what_was_exported_and_nothing_else),
		TEST(a_user_to_log_in_as_is_told),
		TEST(the_trace_tells_what_is_negotiated_in_words),
		TEST(mistakes_are_named_in_one_line),
		TEST(the_next_address_is_tried_where_one_is_dead),
		TEST(a_refusal_names_the_address),
		TEST(a_call_that_is_not_answered_can_be_broken_off),
		TEST(without_a_host_commands_are_read),
		TEST(a_shell_command_that_is_stopped_stops_the_client_with_it),
		TEST(a_shell_command_ends_whatever_the_client_has_inherited),
		TEST(a_command_that_is_too_long_is_not_carried_out_in_part),
		TEST(the_corpus_of_the_fuzzer_does_no_harm),
		TEST(scripts_at_random_do_no_harm),
		TEST(a_server_that_babbles_does_no_harm),
		TEST(a_subnegotiation_that_is_broken_off_hides_nothing_from_the_trace),
		TEST(a_server_that_asks_and_does_not_read_uses_no_memory),
		TEST(a_broken_connection_costs_nothing_while_its_rest_waits_for_the_screen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
