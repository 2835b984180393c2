/* SPDX-License-Identifier: ISC */
/*
 * The monitor, faced with workers that this test plays: what it tells them, what it lets them do,
 * and that nothing which a worker says can harm it. It is not root here, whoever runs the test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs those before it. */
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "telnetd/log.h"
#include "telnetd/message.h"
#include "telnetd/monitor.h"
#include "tests/unit/connection.h"
#include "tests/unit/observe.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#define DEADLINE_MS 30000 /* long enough for a loaded machine and valgrind */
#define BAD_MESSAGES 100000
#define BAD_MESSAGES_WATCHED 3000 /* under valgrind or a sanitizer */

/* More than a channel takes (net.unix.max_dgram_qlen), less than the monitor keeps (4096). */
#define MESSAGES_TO_QUEUE 2000

static const struct sandbox sandbox = {.privileged = false, .root = -1};
static struct config config;
static struct monitor *monitor;
static size_t descriptors;
static struct capture log_capture;

static int new_monitor(void **state)
{
	static char *program[] = {"/bin/cat", NULL};

	(void)state;
	config = (struct config){.sessions_per_worker = 1000000, .login = program};
	log_open(false, false);
	descriptors = open_descriptors();
	monitor = monitor_new(&config, &sandbox);
	return monitor ? 0 : -1;
}

/* Whether all end in time: a test that has failed may keep a program's terminal open. */
static bool children_end(void)
{
	for (int waited = 0; waited < DEADLINE_MS; waited += 10) {
		pid_t pid = waitpid(-1, NULL, WNOHANG);

		if (pid < 0)
			return true;
		if (pid == 0)
			poll(NULL, 0, 10);
	}
	print_error("a program has been left running\n");
	return false;
}

/* A test leaves no process and no descriptor behind. */
static int end_monitor(void **state)
{
	(void)state;
	monitor_free(monitor);
	if (!children_end())
		return -1;
	if (open_descriptors() == descriptors)
		return 0;
	print_error("%zu descriptors were open, %zu are\n", descriptors, open_descriptors());
	return -1;
}

/* --- the worker and the client, as this test plays them ----------------------------------- */

/* Whatever has come is dealt with, and records that are over are gone. */
static void turn(void)
{
	monitor_turn(monitor);
	monitor_turn(monitor);
}

/* Returns the worker's end of its channel. */
static int new_worker(void)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	assert_non_null(monitor_add_worker(monitor, ends[0], 0));
	return ends[1];
}

/* Returns the client's end of a connection that the monitor serves. */
static int new_client(void)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	assert_int_equal(monitor_serve(monitor, ends[0]), 0);
	return ends[1];
}

/* What the monitor tells the worker next; fails the test where nothing comes. */
static void expect_message(int worker, uint32_t type, struct message *message, int *descriptor)
{
	struct pollfd channel = {.fd = worker, .events = POLLIN};

	for (int waited = 0; waited < DEADLINE_MS; waited += 10) {
		int result = message_receive(worker, message, descriptor);

		if (result == 1) {
			assert_int_equal(message->type, type);
			return;
		}
		assert_int_equal(result, -EAGAIN);
		turn();
		poll(&channel, 1, 10);
	}
	fail_msg("message %u has not come", type);
}

/* A new session of the worker's, and its number. The client's socket is of no use here. */
static uint32_t begin_session(int worker)
{
	struct message message;
	int descriptor;

	close(new_client());
	expect_message(worker, MESSAGE_CLIENT, &message, &descriptor);
	close(descriptor);
	return message.session;
}

static struct message good_start(uint32_t session)
{
	return (struct message){.type = MESSAGE_START,
				.session = session,
				.start = {.terminal_type = "xterm-256color",
					  .echo = 1,
					  .columns = 132,
					  .rows = 43,
					  .variable_count = 2,
					  .variables = {"LANG=C.UTF-8", "COLORTERM=truecolor"}}};
}

static struct message good_log(uint32_t session)
{
	return (struct message){
		.type = MESSAGE_LOG, .session = session, .text = {"something worth a line"}};
}

static struct message good_end(uint32_t session)
{
	return (struct message){.type = MESSAGE_ENDED,
				.session = session,
				.ended = {.why = MESSAGE_END_CLOSED, .received = 12, .sent = 34}};
}

/* A packet of any size with any number of descriptors beside it. */
static void say_packet(int worker, const void *bytes, size_t size, size_t descriptor_count)
{
	union {
		char bytes[CMSG_SPACE(4 * sizeof(int))];
		struct cmsghdr aligned;
	} control = {0};
	struct iovec part = {(void *)(uintptr_t)bytes, size};
	struct msghdr packet = {.msg_iov = &part, .msg_iovlen = 1};
	const int list[4] = {0, 0, 0, 0};

	if (descriptor_count > 0) {
		packet.msg_control = control.bytes;
		packet.msg_controllen = (socklen_t)CMSG_SPACE(descriptor_count * sizeof(int));
		control.aligned.cmsg_level = SOL_SOCKET;
		control.aligned.cmsg_type = SCM_RIGHTS;
		control.aligned.cmsg_len = (socklen_t)CMSG_LEN(descriptor_count * sizeof(int));
		memcpy(CMSG_DATA(&control.aligned), list, descriptor_count * sizeof(int));
	}
	assert_int_equal(sendmsg(worker, &packet, MSG_NOSIGNAL), size);
}

/* A message as it ought to be sent; types that carry a descriptor get one. */
static void say(int worker, const struct message *message)
{
	bool carries = message->type == MESSAGE_CLIENT || message->type == MESSAGE_TERMINAL;

	say_packet(worker, message, message_size(message->type), carries ? 1 : 0);
}

static bool has_no_child(void)
{
	return waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD;
}

static bool channel_is_closed(int worker)
{
	struct pollfd channel = {.fd = worker, .events = POLLIN};

	return poll(&channel, 1, 0) == 1 && (channel.revents & POLLHUP);
}

/* The one worker has broken the rules: it is lost with its session, and nothing was started. */
static void assert_lost(int worker)
{
	turn();
	assert_int_equal(monitor_workers(monitor), 0);
	assert_int_equal(monitor_sessions(monitor), 0);
	assert_true(channel_is_closed(worker));
	assert_true(has_no_child());
	close(worker);
}

/* Says a message in a session of its own, and is lost for it. */
static void assert_loses(struct message message)
{
	int worker = new_worker();

	message.session = begin_session(worker);
	say(worker, &message);
	assert_lost(worker);
}

/* What the monitor logs from here on; the test must not fail before end_log. */
static void begin_log(void)
{
	capture_begin(&log_capture, STDERR_FILENO);
	log_open(false, true);
}

static const char *end_log(void)
{
	log_open(false, false);
	return capture_end(&log_capture);
}

/* --- connections -------------------------------------------------------------------------- */

static void a_connection_is_given_to_a_worker_and_kept_by_nobody_else(void **state)
{
	int worker = new_worker(), client = new_client(), socket;
	struct message message;
	char byte;

	(void)state;
	expect_message(worker, MESSAGE_CLIENT, &message, &socket);
	assert_int_equal(write(socket, "x", 1), 1);
	assert_int_equal(read(client, &byte, 1), 1);
	close(socket);
	assert_int_equal(read(client, &byte, 1), 0);
	close(client);
	close(worker);
}

static void a_connection_sends_at_once_and_finds_out_when_its_client_has_gone(void **state)
{
	static const int options[][2] = {
		{IPPROTO_TCP, TCP_NODELAY}, {SOL_SOCKET, SO_KEEPALIVE}, {SOL_SOCKET, SO_OOBINLINE}};
	int worker = new_worker(), socket, client;
	struct message message;

	(void)state;
	assert_int_equal(connect_to_oneself(&socket, &client), 0);
	assert_int_equal(monitor_serve(monitor, socket), 0);
	expect_message(worker, MESSAGE_CLIENT, &message, &socket);
	for (size_t i = 0; i < LENGTH(options); i++) {
		int value = 0;
		socklen_t size = sizeof(value);

		assert_int_equal(getsockopt(socket, options[i][0], options[i][1], &value, &size),
				 0);
		assert_int_not_equal(value, 0);
	}
	close(socket);
	close(client);
	close(worker);
}

static void a_session_has_a_number_of_its_own(void **state)
{
	int worker = new_worker();
	uint32_t first = begin_session(worker), second = begin_session(worker);

	(void)state;
	assert_int_not_equal(first, 0);
	assert_int_not_equal(second, 0);
	assert_int_not_equal(first, second);
	assert_int_equal(monitor_sessions(monitor), 2);
	close(worker);
}

static void of_two_workers_the_one_with_fewer_sessions_gets_the_next(void **state)
{
	int busy = new_worker(), idle;

	(void)state;
	begin_session(busy);
	idle = new_worker();
	begin_session(idle);
	close(busy);
	close(idle);
}

static void where_no_other_worker_can_be_started_the_one_there_is_gets_the_session(void **state)
{
	int worker = new_worker(), ends[2], socket, served;
	struct rlimit usual, none;
	struct message message;

	(void)state;
	config.sessions_per_worker = 0;
	begin_session(worker);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
	none = (struct rlimit){.rlim_cur = 0, .rlim_max = usual.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	served = monitor_serve(monitor, ends[0]);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
	assert_int_equal(served, 0);
	expect_message(worker, MESSAGE_CLIENT, &message, &socket);
	close(socket);
	close(ends[1]);
	close(worker);
}

static void with_same_user_a_connection_of_nobody_knows_whom_is_told_why_it_is_refused(void **state)
{
	char text[128] = "";
	int ends[2];

	(void)state;
	config.same_user = true;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	assert_int_equal(monitor_serve(monitor, ends[0]), -EACCES);
	assert_true(read(ends[1], text, sizeof(text) - 1) > 0);
	assert_string_equal(text, "telnetd: only the user who started it may connect\r\n");
	assert_int_equal(read(ends[1], text, sizeof(text)), 0);
	assert_int_equal(monitor_sessions(monitor), 0);
	close(ends[1]);
}

/* --- the login program -------------------------------------------------------------------- */

/* Starts the program and returns the master of its terminal. */
static int start_program(int worker, uint32_t session)
{
	const struct message start = good_start(session);
	struct message message;
	int master;

	say(worker, &start);
	expect_message(worker, MESSAGE_TERMINAL, &message, &master);
	assert_int_equal(message.session, session);
	return master;
}

/* Whether the terminal comes to show the text, in however many reads, each with its status byte. */
static bool shows(int master, const char *text)
{
	struct pollfd poller = {.fd = master, .events = POLLIN};
	char shown[4096];
	size_t size = 0;

	while (size < sizeof(shown) && poll(&poller, 1, DEADLINE_MS) == 1) {
		char bytes[512];
		ssize_t count = read(master, bytes, sizeof(bytes));

		if (count < 0 && errno != EAGAIN)
			return false;
		for (ssize_t i = 1; i < count && size < sizeof(shown); i++)
			shown[size++] = bytes[i];
		if (memmem(shown, size, text, strlen(text)))
			return true;
	}
	return false;
}

/* Until the monitor has seen the last session's end. */
static bool sessions_end(void)
{
	for (int waited = 0; monitor_sessions(monitor) > 0 && waited < DEADLINE_MS; waited += 10) {
		turn();
		poll(NULL, 0, 10);
	}
	return monitor_sessions(monitor) == 0;
}

static void a_good_start_starts_the_program_on_a_terminal_as_asked_for(void **state)
{
	static char *program[] = {"/bin/sh", "-c",    "echo $TERM:$LANG:$COLORTERM:$1; read line",
				  "sh",	     "fixed", NULL};
	int worker = new_worker(), master;
	struct winsize window;

	(void)state;
	config.login = program;
	master = start_program(worker, begin_session(worker));
	assert_true(shows(master, "xterm-256color:C.UTF-8:truecolor:fixed\r\n"));
	assert_int_equal(ioctl(master, TIOCGWINSZ, &window), 0);
	assert_int_equal(window.ws_col, 132);
	assert_int_equal(window.ws_row, 43);
	close(master);
	close(worker);
	assert_true(sessions_end());
}

static void the_monitor_keeps_no_copy_of_the_master(void **state)
{
	int worker = new_worker(), descriptor;
	uint32_t session = begin_session(worker);
	struct message message;

	(void)state;
	close(start_program(worker, session)); /* which hangs up */
	expect_message(worker, MESSAGE_EXITED, &message, &descriptor);
	close(worker);
}

static void the_programs_end_is_told(void **state)
{
	static char *program[] = {"/bin/true", NULL};
	int worker = new_worker(), master, descriptor;
	struct message message;
	uint32_t session = begin_session(worker);

	(void)state;
	config.login = program;
	master = start_program(worker, session);
	expect_message(worker, MESSAGE_EXITED, &message, &descriptor);
	assert_int_equal(message.session, session);
	assert_int_equal(monitor_sessions(monitor), 1);
	message = good_end(session);
	say(worker, &message);
	turn();
	assert_int_equal(monitor_sessions(monitor), 0);
	close(master);
	close(worker);
}

static void a_session_is_over_once_both_worker_and_program_are_done(void **state)
{
	int worker = new_worker(), master;
	uint32_t session = begin_session(worker);
	const struct message end = good_end(session);

	(void)state;
	master = start_program(worker, session);
	say(worker, &end);
	turn();
	assert_int_equal(monitor_sessions(monitor), 1);
	close(master);
	assert_true(sessions_end());
	close(worker);
}

static void a_lost_workers_program_is_hung_up(void **state)
{
	int worker = new_worker(), master = start_program(worker, begin_session(worker));

	(void)state;
	close(worker); /* as it does when it dies, with all that it has */
	close(master);
	assert_true(sessions_end());
	assert_int_equal(monitor_workers(monitor), 0);
}

static void a_program_without_a_terminal_to_be_had_is_refused(void **state)
{
	int worker = new_worker(), descriptor;
	const struct message start = good_start(begin_session(worker));
	struct rlimit most, none;
	struct message message;
	char expected[128];

	(void)state;
	getrlimit(RLIMIT_NOFILE, &most);
	none = most;
	none.rlim_cur = (rlim_t)worker + 1;
	say(worker, &start);
	setrlimit(RLIMIT_NOFILE, &none);
	turn();
	setrlimit(RLIMIT_NOFILE, &most);
	expect_message(worker, MESSAGE_REFUSED, &message, &descriptor);
	snprintf(expected, sizeof(expected), "cannot start a session: %s", strerror(EMFILE));
	assert_string_equal(message.text.text, expected);
	assert_true(has_no_child());
	close(worker);
}

static void a_program_is_started_once_in_a_session(void **state)
{
	int worker = new_worker();
	uint32_t session = begin_session(worker);
	const struct message again = good_start(session);
	int master = start_program(worker, session);

	(void)state;
	say(worker, &again);
	turn();
	assert_int_equal(monitor_workers(monitor), 0);
	close(master);
	assert_true(sessions_end());
	assert_true(has_no_child());
	close(worker);
}

static void a_program_that_has_ended_is_not_started_again(void **state)
{
	static char *program[] = {"/bin/true", NULL};
	int worker = new_worker(), descriptor;
	uint32_t session = begin_session(worker);
	const struct message again = good_start(session);
	struct message message;

	(void)state;
	config.login = program;
	close(start_program(worker, session));
	expect_message(worker, MESSAGE_EXITED, &message, &descriptor);
	say(worker, &again);
	assert_lost(worker);
}

/* --- what a worker may not say ------------------------------------------------------------ */

static void a_session_that_is_over_is_not_spoken_of_again(void **state)
{
	const struct message messages[] = {good_start(0), good_log(0), good_end(0)};

	(void)state;
	config.sessions_per_worker = 0; /* a worker stays when it has no session */
	for (size_t i = 0; i < LENGTH(messages); i++) {
		struct message message = messages[i];
		int worker = new_worker();
		const struct message end = good_end(begin_session(worker));

		say(worker, &end);
		turn();
		assert_int_equal(monitor_sessions(monitor), 0);
		assert_int_equal(monitor_workers(monitor), 1);
		message.session = end.session;
		say(worker, &message);
		assert_lost(worker);
	}
}

static void a_worker_speaks_of_its_own_sessions_only(void **state)
{
	const struct message messages[] = {good_start(0), good_log(0), good_end(0)};
	int honest = new_worker();
	uint32_t session = begin_session(honest);

	(void)state;
	for (size_t i = 0; i < LENGTH(messages); i++) {
		struct message message = messages[i];
		int worker = new_worker();

		begin_session(worker);
		message.session = session;
		say(worker, &message);
		turn();
		assert_true(channel_is_closed(worker));
		assert_false(channel_is_closed(honest));
		assert_int_equal(monitor_workers(monitor), 1);
		assert_int_equal(monitor_sessions(monitor), 1);
		assert_true(has_no_child());
		close(worker);
	}
	close(start_program(honest, session)); /* it is served all the same */
	close(honest);
	assert_true(sessions_end());
}

static void a_worker_does_not_say_what_is_the_monitors_to_say(void **state)
{
	static const uint32_t types[] = {MESSAGE_CLIENT, MESSAGE_TERMINAL, MESSAGE_REFUSED,
					 MESSAGE_EXITED, MESSAGE_STOP};

	(void)state;
	for (size_t i = 0; i < LENGTH(types); i++)
		assert_loses((struct message){.type = types[i]});
}

static void a_reason_for_the_end_is_one_of_the_list(void **state)
{
	static const uint32_t reasons[] = {MESSAGE_ENDS, MESSAGE_ENDS + 1, 0x80000000, UINT32_MAX};

	(void)state;
	for (size_t i = 0; i < LENGTH(reasons); i++) {
		struct message message = good_end(0);

		message.ended.why = reasons[i];
		assert_loses(message);
	}
}

static void a_line_for_the_log_is_printable_and_ends(void **state)
{
	static const char bad[] = {'\n', '\r', '\x1b', '\x7f', '\x80', '\xff', '\t', 1};
	struct message message = good_log(0);

	(void)state;
	memset(message.text.text, 'x', sizeof(message.text.text));
	assert_loses(message);
	for (size_t i = 0; i < LENGTH(bad); i++) {
		message = good_log(0);
		message.text.text[4] = bad[i];
		assert_loses(message);
	}
}

static void a_line_for_the_log_does_not_leave_its_quotes(void **state)
{
	int worker = new_worker();
	struct message message = good_log(begin_session(worker));
	const char *log;

	(void)state;
	memcpy(message.text.text, "a\" event=\"b", sizeof("a\" event=\"b"));
	begin_log();
	say(worker, &message);
	turn();
	log = end_log();
	assert_non_null(strstr(log, " text=\"a' event='b\"\n"));
	close(worker);
}

static void use_type(char field[MESSAGE_TERMINAL_TYPE_SIZE], const char *type)
{
	memset(field, 0, MESSAGE_TERMINAL_TYPE_SIZE);
	memcpy(field, type, strnlen(type, MESSAGE_TERMINAL_TYPE_SIZE));
}

/* Makes the last variable this one; unlike snprintf(3), without a NUL where it has no room. */
static void use_variable(struct message_start *start, const char *variable)
{
	char *last = start->variables[start->variable_count - 1];

	memset(last, 0, MESSAGE_VARIABLE_SIZE);
	memcpy(last, variable, strnlen(variable, MESSAGE_VARIABLE_SIZE));
}

/* The first is good as another type, of which there need be none. */
static const char *const bad_types[] = {
	"",
	"XTERM",
	"../x",
	"/tmp/x",
	"-f root",
	"-froot",
	"xterm\n",
	"xterm 1",
	"x\xc3\xa4",
	"\x1b[2J",
	"x=y",
	".x",
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", /* no room for its NUL */
};

#define LONG_VALUE "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const char *const bad_variables[] = {
	"",
	"LANG",
	"=",
	"=C",
	"LANG=",
	"LANG=/tmp/x",
	"LANG=C\n",
	"LANG=\x1b[2J",
	"LANG=\xff",
	"TERM=vt100",
	"USER=root",
	"USER=-f root",
	"LD_PRELOAD=/tmp/x.so",
	"LD_LIBRARY_PATH=/tmp",
	"CREDENTIALS_DIRECTORY=/tmp",
	"PATH=/tmp",
	"HOME=/tmp",
	"lang=C",
	"LC_=C",
	"DISPLAY=:0 -x",
	"LANG=" LONG_VALUE LONG_VALUE LONG_VALUE LONG_VALUE, /* no room for its NUL */
};

static const uint32_t bad_counts[] = {MESSAGE_VARIABLES + 1, 255, 256, 0x80000000, UINT32_MAX};

#define BAD_ECHOES 254
#define BAD_OTHERS (LENGTH(bad_types) - 1)
#define BAD_STARTS                                                                                 \
	(LENGTH(bad_types) + BAD_OTHERS + LENGTH(bad_variables) + LENGTH(bad_counts) +             \
	 BAD_ECHOES + 1)

/* One field of a good START made bad, in each of BAD_STARTS ways. */
static void spoil_start(struct message_start *start, size_t way)
{
	if (way < LENGTH(bad_types)) {
		use_type(start->terminal_type, bad_types[way]);
		return;
	}
	way -= LENGTH(bad_types);
	if (way < BAD_OTHERS) {
		use_type(start->other_types[way % MESSAGE_OTHER_TYPES], bad_types[way + 1]);
		return;
	}
	way -= BAD_OTHERS;
	if (way < LENGTH(bad_variables)) {
		use_variable(start, bad_variables[way]);
		return;
	}
	way -= LENGTH(bad_variables);
	if (way < LENGTH(bad_counts))
		start->variable_count = bad_counts[way];
	else if (way < LENGTH(bad_counts) + BAD_ECHOES)
		start->echo = (uint8_t)(2 + way - LENGTH(bad_counts));
	else
		start->variable_count++; /* the one behind is empty */
}

static void a_start_is_good_in_every_field(void **state)
{
	(void)state;
	for (size_t way = 0; way < BAD_STARTS; way++) {
		struct message message = good_start(0);

		spoil_start(&message.start, way);
		assert_loses(message);
	}
}

static void a_start_with_as_many_variables_as_there_is_room_for_is_good(void **state)
{
	int worker = new_worker(), master;
	struct message start = good_start(begin_session(worker)), message;

	(void)state;
	for (size_t i = 0; i < MESSAGE_VARIABLES; i++)
		snprintf(start.start.variables[i], MESSAGE_VARIABLE_SIZE, "LC_%c=%0*d",
			 (char)('A' + i), MESSAGE_VARIABLE_SIZE - 6, 0);
	start.start.variable_count = MESSAGE_VARIABLES;
	say(worker, &start);
	expect_message(worker, MESSAGE_TERMINAL, &message, &master);
	close(master);
	close(worker);
	assert_true(sessions_end());
}

static void a_variable_that_the_configuration_adds_is_good(void **state)
{
	static char *also[] = {"EDITOR", NULL};
	int worker = new_worker(), master;
	struct message start = good_start(begin_session(worker)), message;

	(void)state;
	config.accept_environment = also;
	use_variable(&start.start, "EDITOR=/usr/bin/vi");
	say(worker, &start);
	expect_message(worker, MESSAGE_TERMINAL, &message, &master);
	close(master);
	close(worker);
	assert_true(sessions_end());
}

/* --- rubbish ------------------------------------------------------------------------------ */

/* The same numbers in every run (xorshift). */
static uint64_t random_state = 0x9e3779b97f4a7c15;

static uint32_t random_number(uint32_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 32) % below;
}

static void fill_randomly(void *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		((unsigned char *)bytes)[i] = (unsigned char)random_number(256);
}

static struct message good_message(uint32_t session)
{
	switch (random_number(3)) {
	case 0:
		return good_start(session);
	case 1:
		return good_log(session);
	default:
		return good_end(session);
	}
}

/* Who says what; `others` is the number of another worker's session. */
struct bad_speaker {
	int worker;
	uint32_t session;
	uint32_t others;
};

static void say_random_bytes(const struct bad_speaker *speaker)
{
	char bytes[sizeof(struct message) + 256];

	fill_randomly(bytes, sizeof(bytes));
	say_packet(speaker->worker, bytes, 1 + random_number(sizeof(bytes)), random_number(4));
}

static void say_random_body(const struct bad_speaker *speaker)
{
	struct message message = good_message(speaker->session);
	const struct message good = message;

	fill_randomly(&message.start, sizeof(message.start));
	if (message.type == MESSAGE_START)
		message.start.echo |= 2;
	if (message.type == MESSAGE_LOG)
		message.text.text[0] = '\n';
	if (message.type == MESSAGE_ENDED)
		message.ended.why |= MESSAGE_ENDS;
	assert_memory_not_equal(&message, &good, message_size(message.type));
	say(speaker->worker, &message);
}

static void say_another_size(const struct bad_speaker *speaker)
{
	union {
		struct message message;
		char bytes[2 * sizeof(struct message)];
	} packet = {.message = good_message(speaker->session)};
	size_t good = message_size(packet.message.type);
	size_t size = random_number(2) ? random_number((uint32_t)good)
				       : good + 1 + random_number(sizeof(struct message));

	say_packet(speaker->worker, &packet, size, random_number(2) ? 0 : random_number(4));
}

static void say_another_type(const struct bad_speaker *speaker)
{
	static const uint32_t types[] = {MESSAGE_CLIENT, MESSAGE_TERMINAL, MESSAGE_REFUSED,
					 MESSAGE_EXITED, MESSAGE_STOP};
	struct message message = {.type = types[random_number(LENGTH(types))],
				  .session = speaker->session};

	say(speaker->worker, &message);
}

static void say_another_number(const struct bad_speaker *speaker)
{
	const uint32_t numbers[] = {speaker->others, 0, speaker->session + 1, UINT32_MAX,
				    speaker->session ^ (1U << (10 + random_number(20)))};
	struct message message = good_message(numbers[random_number(LENGTH(numbers))]);

	say(speaker->worker, &message);
}

static void say_it_too_late(const struct bad_speaker *speaker)
{
	const struct message end = good_end(speaker->session);
	struct message message = good_message(speaker->session);

	say(speaker->worker, &end);
	say(speaker->worker, &message);
	turn();
}

static void say_it_with_descriptors(const struct bad_speaker *speaker)
{
	struct message message = good_message(speaker->session);

	say_packet(speaker->worker, &message, message_size(message.type), 1 + random_number(4));
}

static void say_a_spoilt_start(const struct bad_speaker *speaker)
{
	struct message message = good_start(speaker->session);

	spoil_start(&message.start, random_number(BAD_STARTS));
	say(speaker->worker, &message);
}

static void (*const bad_ways[])(const struct bad_speaker *) = {
	say_random_bytes,   say_random_body, say_another_size,	      say_another_type,
	say_another_number, say_it_too_late, say_it_with_descriptors, say_a_spoilt_start,
};

/* A session whose client is the same socket each time, since opening one takes longest. */
static uint32_t begin_session_of(int worker, int client)
{
	struct message message;
	int descriptor;

	assert_int_equal(monitor_serve(monitor, dup(client)), 0);
	assert_int_equal(message_receive(worker, &message, &descriptor), 1);
	close(descriptor);
	return message.session;
}

static void no_message_of_a_hundred_thousand_bad_ones_is_admitted(void **state)
{
	const size_t count = SANITIZED || under_valgrind() ? BAD_MESSAGES_WATCHED : BAD_MESSAGES;
	int honest, client[2];
	uint32_t others;
	size_t before;

	(void)state;
	config.sessions_per_worker = 0;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, client), 0);
	honest = new_worker();
	others = begin_session(honest);
	before = open_descriptors();
	for (size_t i = 0; i < count; i++) {
		struct bad_speaker speaker = {.worker = new_worker(), .others = others};

		speaker.session = begin_session_of(speaker.worker, client[0]);
		bad_ways[random_number(LENGTH(bad_ways))](&speaker);
		turn();
		if (monitor_workers(monitor) != 1 || monitor_sessions(monitor) != 1 ||
		    !has_no_child() || !channel_is_closed(speaker.worker))
			fail_msg("bad message %zu was admitted", i);
		close(speaker.worker);
	}
	assert_int_equal(open_descriptors(), before);
	close(start_program(honest, others)); /* and the monitor is as well as before */
	close(honest);
	close(client[0]);
	close(client[1]);
	assert_true(sessions_end());
}

/* --- workers that do not read, or say too much -------------------------------------------- */

/* Skips where this user may not give a worker as many. */
static void may_have_descriptors(rlim_t count)
{
	struct rlimit most;

	getrlimit(RLIMIT_NOFILE, &most);
	if (most.rlim_max >= count)
		return;
	print_message("%llu descriptors are needed, no more than %llu may be had here\n",
		      (unsigned long long)count, (unsigned long long)most.rlim_max);
	skip();
}

static void what_a_channel_has_no_room_for_is_told_later_in_order(void **state)
{
	int worker, client[2], descriptor;
	struct message message;
	uint32_t last = 0;

	(void)state;
	may_have_descriptors(2 * MESSAGES_TO_QUEUE + 100);
	worker = new_worker();
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, client), 0);
	for (int i = 0; i < MESSAGES_TO_QUEUE; i++)
		assert_int_equal(monitor_serve(monitor, dup(client[0])), 0);
	assert_true(open_descriptors() > descriptors + MESSAGES_TO_QUEUE / 4); /* some do wait */
	for (int i = 0; i < MESSAGES_TO_QUEUE; i++) {
		expect_message(worker, MESSAGE_CLIENT, &message, &descriptor);
		assert_int_equal(message.session, last + 1);
		last = message.session;
		assert_int_equal(fcntl(descriptor, F_GETFD), FD_CLOEXEC);
		close(descriptor);
	}
	turn();
	assert_int_equal(message_receive(worker, &message, &descriptor), -EAGAIN);
	close(worker);
	close(client[0]);
	close(client[1]);
}

/* Skips where this user may not open as many descriptors. */
static void need_descriptors(rlim_t count)
{
	struct rlimit most;

	getrlimit(RLIMIT_NOFILE, &most);
	if (most.rlim_cur >= count)
		return;
	print_message("%llu descriptors are needed, %llu may be opened here\n",
		      (unsigned long long)count, (unsigned long long)most.rlim_cur);
	skip();
}

static void a_worker_that_reads_nothing_is_lost_and_not_waited_for(void **state)
{
	int worker, client[2], served = 0;

	(void)state;
	need_descriptors(6000);
	may_have_descriptors(12000);
	worker = new_worker();
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, client), 0);
	while (served < 5500 && monitor_workers(monitor) == 1) {
		monitor_serve(monitor, dup(client[0]));
		served++;
		if (channel_is_closed(worker))
			turn();
	}
	assert_in_range(served, 4096, 5400);
	assert_int_equal(monitor_sessions(monitor), 0);
	close(worker);
	close(client[0]);
	close(client[1]);
}

static void stopping_does_not_wait_for_a_worker_that_reads_nothing(void **state)
{
	enum { SESSIONS = 6000 };
	int worker, client[2];

	(void)state;
	may_have_descriptors(2 * SESSIONS + 100); /* or the monitor would start another worker */
	worker = new_worker();
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, client), 0);
	for (int i = 0; i < SESSIONS; i++)
		begin_session_of(worker, client[0]);
	assert_int_equal(monitor_sessions(monitor), SESSIONS);
	raise(SIGTERM);
	turn();
	turn();
	assert_int_equal(monitor_sessions(monitor), 0);
	assert_true(channel_is_closed(worker));
	close(worker);
	close(client[0]);
	close(client[1]);
}

static void stopping_tells_every_session(void **state)
{
	int worker = new_worker(), descriptor;
	const uint32_t sessions[] = {begin_session(worker), begin_session(worker),
				     begin_session(worker)};
	uint32_t told = 0;

	(void)state;
	raise(SIGTERM);
	for (size_t i = 0; i < LENGTH(sessions); i++) {
		struct message message;

		expect_message(worker, MESSAGE_STOP, &message, &descriptor);
		assert_string_equal(message.text.text, "the server is shutting down");
		for (size_t j = 0; j < LENGTH(sessions); j++)
			if (sessions[j] == message.session)
				told |= 1U << j;
	}
	assert_int_equal(told, (1U << LENGTH(sessions)) - 1);
	close(worker);
}

static void a_worker_has_one_message_heard_in_a_turn(void **state)
{
	int worker = new_worker();
	const struct message line = good_log(begin_session(worker));
	size_t lines[4];

	(void)state;
	for (size_t i = 0; i < LENGTH(lines); i++)
		say(worker, &line);
	for (size_t i = 0; i < LENGTH(lines); i++) {
		begin_log();
		monitor_turn(monitor);
		lines[i] = count_of(end_log(), "event=worker ");
	}
	for (size_t i = 0; i < LENGTH(lines); i++)
		assert_int_equal(lines[i], 1);
	close(worker);
}

static void a_session_has_twenty_lines_in_the_log_and_then_no_more(void **state)
{
	int worker = new_worker();
	uint32_t session = begin_session(worker), other = begin_session(worker);
	const struct message line = good_log(session), others = good_log(other);
	char expected[64];
	const char *log;

	(void)state;
	begin_log();
	for (int i = 0; i < 100; i++) {
		say(worker, &line);
		turn();
	}
	say(worker, &others);
	turn();
	log = end_log();
	snprintf(expected, sizeof(expected), "event=worker session=%u ", session);
	assert_int_equal(count_of(log, expected), 20 + 1);
	assert_int_equal(count_of(log, "something worth a line"), 20 + 1);
	assert_int_equal(count_of(log, "no more is logged"), 1);
	snprintf(expected, sizeof(expected), "event=worker session=%u ", other);
	assert_int_equal(count_of(log, expected), 1);
	assert_int_equal(monitor_workers(monitor), 1);
	close(worker);
}

static void a_worker_that_says_no_end_of_lines_for_the_log_is_lost(void **state)
{
	int worker = new_worker();
	const struct message line = good_log(begin_session(worker));

	(void)state;
	for (int i = 0; i < 1000; i++) {
		say(worker, &line);
		turn();
	}
	assert_int_equal(monitor_workers(monitor), 1);
	say(worker, &line);
	assert_lost(worker);
}

static void the_end_of_a_session_is_logged_with_its_reason_and_bytes(void **state)
{
	int worker = new_worker();
	const struct message end = good_end(begin_session(worker));
	const char *log;

	(void)state;
	begin_log();
	say(worker, &end);
	turn();
	log = end_log();
	assert_non_null(strstr(log, "event=end "));
	assert_non_null(strstr(log, "why=\"closed by client\""));
	assert_non_null(strstr(log, "received=12 sent=34\n"));
	close(worker);
}

/* --- a worker's process ------------------------------------------------------------------- */

/*
 * A worker with a process of its own and one session. The process says what it is given, `times`
 * times and then `last`, and ends itself as told. Returns its pid.
 */
static pid_t run_worker(struct message *say_first, size_t times, struct message *last, int die_of)
{
	int ends[2], ready[2];
	uint32_t session;
	pid_t pid;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(ready[1]);
		if (read(ready[0], &session, sizeof(session)) != sizeof(session))
			_exit(1);
		if (say_first)
			say_first->session = session;
		if (last)
			last->session = session;
		for (size_t i = 0; i < times; i++)
			message_send_waiting(ends[1], say_first, -1);
		if (last)
			message_send_waiting(ends[1], last, -1);
		if (die_of != 0) {
			signal(die_of, SIG_DFL);
			raise(die_of);
		}
		_exit(0);
	}
	assert_non_null(monitor_add_worker(monitor, ends[0], pid));
	session = begin_session(ends[1]);
	close(ends[1]);
	assert_int_equal(write(ready[1], &session, sizeof(session)), sizeof(session));
	close(ready[0]);
	close(ready[1]);
	/* Its end is known, and not yet heard of by the monitor. */
	assert_int_equal(waitid(P_PID, (id_t)pid, &(siginfo_t){0}, WEXITED | WNOWAIT), 0);
	return pid;
}

/* Of the end of a process the monitor may hear, by a signal, after others have. */
static void turn_until_no_worker_is_left(void)
{
	for (int waited = 0; waited < DEADLINE_MS; waited += 10) {
		turn();
		if (monitor_workers(monitor) == 0)
			return;
		poll(NULL, 0, 10);
	}
}

/* Ends a worker's process so, and returns what was logged. It must be gone without a trace. */
static const char *log_of_worker(struct message *say_first, size_t times, struct message *last,
				 int die_of)
{
	const char *log;

	run_worker(say_first, times, last, die_of);
	begin_log();
	turn_until_no_worker_is_left();
	log = end_log();
	assert_int_equal(monitor_workers(monitor), 0);
	assert_int_equal(monitor_sessions(monitor), 0);
	assert_true(has_no_child());
	return log;
}

static void a_worker_that_dies_is_logged_with_what_it_died_of(void **state)
{
	(void)state;
	assert_non_null(strstr(log_of_worker(NULL, 0, NULL, SIGKILL), "it died of SIGKILL"));
	assert_non_null(strstr(log_of_worker(NULL, 0, NULL, SIGSYS), "it died of SIGSYS"));
	assert_non_null(strstr(log_of_worker(NULL, 0, NULL, 0), "it exited with status 0"));
}

static void a_worker_that_dies_is_logged_with_its_pid(void **state)
{
	char expected[32];

	(void)state;
	snprintf(expected, sizeof(expected), " pid=%d ", (int)run_worker(NULL, 0, NULL, SIGKILL));
	begin_log();
	turn_until_no_worker_is_left();
	assert_non_null(strstr(end_log(), expected));
}

static void what_a_worker_said_before_it_died_is_heard(void **state)
{
	struct message line = good_log(0), end = good_end(0);
	const char *log = log_of_worker(&line, 7, NULL, SIGKILL);

	(void)state;
	assert_int_equal(count_of(log, "something worth a line"), 7);
	assert_int_equal(count_of(log, "it died of SIGKILL"), 1);
	log = log_of_worker(&line, 7, &end, SIGKILL);
	assert_int_equal(count_of(log, "something worth a line"), 7);
	assert_int_equal(count_of(log, "event=end "), 1);
}

static void a_worker_that_breaks_the_rules_and_dies_is_lost_once(void **state)
{
	struct message line = good_log(0), bad = good_end(0);
	const char *log;

	(void)state;
	bad.ended.why = MESSAGE_ENDS;
	log = log_of_worker(&line, 7, &bad, 0);
	assert_int_equal(count_of(log, "event=worker-lost"), 1);
	assert_int_equal(count_of(log, "it broke the rules"), 1);
}

static void a_worker_that_breaks_the_rules_is_killed(void **state)
{
	int ends[2];
	pid_t pid;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	pid = fork();
	if (pid == 0)
		for (;;)
			pause();
	assert_non_null(monitor_add_worker(monitor, ends[0], pid));
	assert_int_equal(send(ends[1], "x", 1, 0), 1);
	for (int waited = 0; monitor_workers(monitor) > 0 && waited < DEADLINE_MS; waited += 10) {
		turn();
		poll(NULL, 0, 10);
	}
	assert_int_equal(monitor_workers(monitor), 0);
	assert_true(has_no_child());
	close(ends[1]);
}

static void a_worker_of_one_session_ends_with_it(void **state)
{
	int worker = new_worker();
	const struct message end = good_end(begin_session(worker));

	(void)state;
	say(worker, &end);
	assert_lost(worker);
}

static void the_monitors_end_closes_every_channel(void **state)
{
	int workers[3];

	for (size_t i = 0; i < LENGTH(workers); i++) {
		workers[i] = new_worker();
		begin_session(workers[i]);
	}
	monitor_free(monitor);
	for (size_t i = 0; i < LENGTH(workers); i++) {
		assert_true(channel_is_closed(workers[i]));
		close(workers[i]);
	}
	assert_int_equal(new_monitor(state), 0); /* for end_monitor */
}

#define with_monitor(test) cmocka_unit_test_setup_teardown(test, new_monitor, end_monitor)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_monitor(a_connection_is_given_to_a_worker_and_kept_by_nobody_else),
		with_monitor(a_connection_sends_at_once_and_finds_out_when_its_client_has_gone),
		with_monitor(a_session_has_a_number_of_its_own),
		with_monitor(of_two_workers_the_one_with_fewer_sessions_gets_the_next),
		with_monitor(
			where_no_other_worker_can_be_started_the_one_there_is_gets_the_session),
		with_monitor(
			with_same_user_a_connection_of_nobody_knows_whom_is_told_why_it_is_refused),
		with_monitor(a_good_start_starts_the_program_on_a_terminal_as_asked_for),
		with_monitor(the_monitor_keeps_no_copy_of_the_master),
		with_monitor(the_programs_end_is_told),
		with_monitor(a_session_is_over_once_both_worker_and_program_are_done),
		with_monitor(a_lost_workers_program_is_hung_up),
		with_monitor(a_program_without_a_terminal_to_be_had_is_refused),
		with_monitor(a_program_is_started_once_in_a_session),
		with_monitor(a_program_that_has_ended_is_not_started_again),
		with_monitor(a_session_that_is_over_is_not_spoken_of_again),
		with_monitor(a_worker_speaks_of_its_own_sessions_only),
		with_monitor(a_worker_does_not_say_what_is_the_monitors_to_say),
		with_monitor(a_reason_for_the_end_is_one_of_the_list),
		with_monitor(a_line_for_the_log_is_printable_and_ends),
		with_monitor(a_line_for_the_log_does_not_leave_its_quotes),
		with_monitor(a_start_is_good_in_every_field),
		with_monitor(a_start_with_as_many_variables_as_there_is_room_for_is_good),
		with_monitor(a_variable_that_the_configuration_adds_is_good),
		with_monitor(no_message_of_a_hundred_thousand_bad_ones_is_admitted),
		with_monitor(what_a_channel_has_no_room_for_is_told_later_in_order),
		with_monitor(a_worker_that_reads_nothing_is_lost_and_not_waited_for),
		with_monitor(stopping_does_not_wait_for_a_worker_that_reads_nothing),
		with_monitor(stopping_tells_every_session),
		with_monitor(a_worker_has_one_message_heard_in_a_turn),
		with_monitor(a_session_has_twenty_lines_in_the_log_and_then_no_more),
		with_monitor(a_worker_that_says_no_end_of_lines_for_the_log_is_lost),
		with_monitor(the_end_of_a_session_is_logged_with_its_reason_and_bytes),
		with_monitor(a_worker_that_dies_is_logged_with_what_it_died_of),
		with_monitor(a_worker_that_dies_is_logged_with_its_pid),
		with_monitor(what_a_worker_said_before_it_died_is_heard),
		with_monitor(a_worker_that_breaks_the_rules_and_dies_is_lost_once),
		with_monitor(a_worker_that_breaks_the_rules_is_killed),
		with_monitor(a_worker_of_one_session_ends_with_it),
		with_monitor(the_monitors_end_closes_every_channel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
