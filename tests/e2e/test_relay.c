/* SPDX-License-Identifier: ISC */
/*
 * What the relay promises when its two ends are not as fast as one another: nothing is lost, and
 * nothing is done while there is nothing to do.
 */
#include "tests/e2e/support/client.h"
#include "tests/e2e/support/flow.h"
#include "tests/e2e/support/process.h"
#include "tests/e2e/support/server.h"
#include "tests/e2e/support/trial.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

/* --- rest --------------------------------------------------------------------------------- */

/* Clock ticks, of which a second has 100, that a process may use while it has nothing to do. */
#define TICKS_AT_REST 2

#define PROCESSES_MAX 32

/* So long nothing moves any more before all is said to be full. */
#define FULL_MS 500

/* The processor time of a server's processes. */
struct effort {
	size_t count;
	pid_t pids[PROCESSES_MAX]; /* the monitor, then the workers */
	long ticks[PROCESSES_MAX];
};

static void rest(int milliseconds)
{
	const struct timespec time = {.tv_sec = milliseconds / 1000,
				      .tv_nsec = milliseconds % 1000 * 1000000L};

	nanosleep(&time, NULL);
}

static void measure_effort(struct server *of, struct effort *effort)
{
	effort->pids[0] = of->pid;
	effort->count = 1 + server_workers(of, effort->pids + 1, PROCESSES_MAX - 1);
	assert_in_range(effort->count, 2, PROCESSES_MAX);
	for (size_t i = 0; i < effort->count; i++)
		effort->ticks[i] = process_ticks(effort->pids[i]);
}

/* Whether no process has used more ticks since then. */
static bool is_at_rest_since(const struct effort *effort, long ticks)
{
	for (size_t i = 0; i < effort->count; i++)
		if (process_ticks(effort->pids[i]) > effort->ticks[i] + ticks)
			return false;
	return true;
}

static void assert_at_rest_since(const struct effort *effort)
{
	if (is_at_rest_since(effort, TICKS_AT_REST))
		return;
	for (size_t i = 0; i < effort->count; i++)
		print_error("%s %d has computed for %ld ticks\n", i == 0 ? "monitor" : "worker",
			    effort->pids[i], process_ticks(effort->pids[i]) - effort->ticks[i]);
	server_show_logs();
	fail_msg("the server computes while there is nothing to do");
}

/* Waits until its processes have had nothing to do for a while. */
static void come_to_rest(struct server *of)
{
	long long deadline = trial_now() + DEADLINE_MS;
	struct effort effort;

	do {
		assert_true(trial_now() < deadline);
		measure_effort(of, &effort);
		rest(FULL_MS);
	} while (!is_at_rest_since(&effort, 0));
}

static void assert_stays_at_rest(struct server *of, int milliseconds)
{
	struct effort effort;

	measure_effort(of, &effort);
	rest(milliseconds);
	assert_at_rest_since(&effort);
}

/* --- ends that freeze --------------------------------------------------------------------- */

#define FREEZE_MS (SANITIZED ? 10000 : 30000)

/* Numbers, of nine or ten bytes: 50 MB, 10 MB. */
#define MANY (SANITIZED ? 1500000UL : 5000000UL)
#define SOME (SANITIZED ? 500000UL : 1000000UL)

enum {
	CLIENT_FREEZES,
	PROGRAM_FREEZES,
	CLIENT_WAKES_FIRST, /* both freeze, as in the next */
	PROGRAM_WAKES_FIRST,
	FLOWS,
};

static struct text typed;

/* All freeze in the middle at the same time, in two servers with texts of different kinds. */
static struct house {
	const char *sessions_per_worker;
	const char *modes;
	const char *show; /* of the kind of text */
	void (*make)(struct text *, unsigned long); /* of the same kind */
	struct text many, some;
	struct server server;
	struct flow flows[FLOWS];
	pid_t readers[FLOWS]; /* the programs that read, once they do */
	struct effort effort; /* when all had frozen */
} houses[] = {
	{.sessions_per_worker = "1",
	 .modes = "raw -echo opost",
	 .show = FLOW_SHOW_LINES,
	 .make = text_show_lines},
	{.sessions_per_worker = "0",
	 .modes = "raw -echo",
	 .show = FLOW_SHOW_BYTES,
	 .make = text_show_bytes},
};

#define HOUSES (sizeof(houses) / sizeof(houses[0]))

static bool shows(size_t flow)
{
	return flow != PROGRAM_FREEZES;
}

static bool types(size_t flow)
{
	return flow != CLIENT_FREEZES;
}

/* Where a program writes what it is typed. */
static const char *typed_file(const struct house *house, size_t flow)
{
	char name[32];

	snprintf(name, sizeof(name), "typed-%zu-%zu", (size_t)(house - houses), flow);
	return trial_file(name, NULL);
}

static size_t typed_size(const struct house *house, size_t flow)
{
	struct stat status;

	return stat(typed_file(house, flow), &status) == 0 ? (size_t)status.st_size : 0;
}

static void open_flow(struct house *house, size_t number)
{
	struct flow *flow = &house->flows[number];
	char show[128] = "", read[256] = "", script[512];

	flow->shows = number == CLIENT_FREEZES ? &house->many : shows(number) ? &house->some : NULL;
	flow->types = types(number) ? &typed : NULL;
	flow->reading = flow->typing = true;
	if (shows(number))
		snprintf(show, sizeof(show), house->show,
			 FLOW_FIRST + (flow->shows == &house->many ? MANY : SOME) - 1);
	if (types(number))
		snprintf(read, sizeof(read), "%s head -c %zu >%s; wait", shows(number) ? "&" : "",
			 typed.plain_size, typed_file(house, number));
	snprintf(script, sizeof(script), "head -c 1 >/dev/null; %s %s", show, read);
	flow_open(flow, &house->server, house->modes, script);
}

static pid_t find_reader(struct house *house, size_t flow)
{
	pid_t children[8];
	pid_t shell = server_login_of(&house->server, house->flows[flow].client.peer);
	size_t count = process_children(shell, children, 8);
	char name[64];

	for (size_t i = 0; i < count && i < 8; i++) {
		process_status(children[i], "Name", name, sizeof(name));
		if (strcmp(name, "head") == 0)
			return children[i];
	}
	fail_msg("no program reads");
	return 0;
}

/* Stops what is in the middle of its text; returns whether both directions have been stopped. */
static bool freeze_in_the_middle(struct house *house, size_t number)
{
	struct flow *flow = &house->flows[number];

	if (shows(number) && flow->shown > flow->shows->wire_size / 3)
		flow->reading = false;
	if (types(number) && house->readers[number] == 0 &&
	    typed_size(house, number) > typed.plain_size / 3) {
		house->readers[number] = find_reader(house, number);
		assert_int_equal(kill(house->readers[number], SIGSTOP), 0);
	}
	return !(shows(number) && flow->reading) && !(types(number) && house->readers[number] == 0);
}

/* Steps all flows once; returns whether something moved. */
static bool step_all(void)
{
	bool moved = false;

	for (size_t i = 0; i < HOUSES * FLOWS; i++)
		moved = flow_step(&houses[i / FLOWS].flows[i % FLOWS]) || moved;
	if (!moved)
		trial_pause();
	return moved;
}

/* Waits until all that can fill has filled: nothing moves, and the servers have come to rest. */
static void wait_until_full(long long deadline)
{
	long long moved = trial_now();

	do {
		assert_true(trial_now() < deadline);
		for (size_t i = 0; i < HOUSES; i++)
			if (!is_at_rest_since(&houses[i].effort, 0)) {
				measure_effort(&houses[i].server, &houses[i].effort);
				moved = trial_now();
			}
		if (step_all())
			moved = trial_now();
	} while (trial_now() < moved + FULL_MS);
}

static void freeze_all(void)
{
	long long deadline = trial_now() + 3LL * DEADLINE_MS;
	size_t frozen;

	do {
		frozen = 0;
		step_all();
		for (size_t i = 0; i < HOUSES * FLOWS; i++)
			frozen += freeze_in_the_middle(&houses[i / FLOWS], i % FLOWS);
		assert_true(trial_now() < deadline);
	} while (frozen < HOUSES * FLOWS);
	wait_until_full(deadline);
}

static int freeze(void **state)
{
	(void)state;
	text_type(&typed, SOME);
	for (struct house *house = houses; house < houses + HOUSES; house++) {
		house->make(&house->many, MANY);
		house->make(&house->some, SOME);
		server_start(&house->server, "-l", "/bin/sh", "--sessions-per-worker",
			     house->sessions_per_worker, NULL);
		for (size_t i = 0; i < FLOWS; i++)
			open_flow(house, i);
	}
	for (struct house *house = houses; house < houses + HOUSES; house++)
		measure_effort(&house->server, &house->effort);
	freeze_all();
	return 0;
}

static int leave_houses(void **state)
{
	int result = 0;

	(void)state;
	for (struct house *house = houses; house < houses + HOUSES; house++) {
		for (size_t i = 0; i < FLOWS; i++) {
			client_close(&house->flows[i].client);
			if (house->readers[i] != 0)
				kill(house->readers[i], SIGCONT);
		}
		text_free(&house->many);
		text_free(&house->some);
		if (server_stop(&house->server) != 0)
			result = -1;
	}
	text_free(&typed);
	trial_remove_directory();
	return result;
}

static void wake_client(struct house *house, size_t flow)
{
	house->flows[flow].reading = true;
}

static void wake_program(struct house *house, size_t flow)
{
	assert_int_equal(kill(house->readers[flow], SIGCONT), 0);
	house->readers[flow] = 0;
}

/* The tests from here on go on where the one before has left its flows. */
static void frozen_ends_cost_no_processor_time(void **state)
{
	(void)state;
	rest(FREEZE_MS);
	for (size_t i = 0; i < HOUSES; i++)
		assert_at_rest_since(&houses[i].effort);
}

static void a_client_that_was_frozen_gets_every_byte(void **state)
{
	(void)state;
	for (struct house *house = houses; house < houses + HOUSES; house++) {
		wake_client(house, CLIENT_FREEZES);
		flow_finish(&house->flows[CLIENT_FREEZES]);
	}
}

static void a_program_that_was_frozen_gets_every_byte(void **state)
{
	(void)state;
	for (struct house *house = houses; house < houses + HOUSES; house++) {
		wake_program(house, PROGRAM_FREEZES);
		flow_finish(&house->flows[PROGRAM_FREEZES]);
		assert_true(flow_has_typed(&typed, typed_file(house, PROGRAM_FREEZES)));
	}
}

static void a_client_that_wakes_sees_all_while_the_program_does_not_read(void **state)
{
	(void)state;
	for (struct house *house = houses; house < houses + HOUSES; house++) {
		struct flow *flow = &house->flows[CLIENT_WAKES_FIRST];
		long long deadline = trial_now() + DEADLINE_MS;
		size_t before = typed_size(house, CLIENT_WAKES_FIRST);

		wake_client(house, CLIENT_WAKES_FIRST);
		while (flow->shown < flow->shows->wire_size) {
			if (!flow_step(flow))
				trial_pause();
			assert_true(trial_now() < deadline);
		}
		assert_int_equal(typed_size(house, CLIENT_WAKES_FIRST), before);
		wake_program(house, CLIENT_WAKES_FIRST);
		flow_finish(flow);
		assert_true(flow_has_typed(&typed, typed_file(house, CLIENT_WAKES_FIRST)));
	}
}

static void a_program_that_wakes_reads_all_while_the_client_does_not_read(void **state)
{
	(void)state;
	for (struct house *house = houses; house < houses + HOUSES; house++) {
		struct flow *flow = &house->flows[PROGRAM_WAKES_FIRST];
		long long deadline = trial_now() + DEADLINE_MS;

		wake_program(house, PROGRAM_WAKES_FIRST);
		while (typed_size(house, PROGRAM_WAKES_FIRST) < typed.plain_size) {
			if (!flow_step(flow))
				trial_pause();
			assert_true(trial_now() < deadline);
		}
		assert_true(flow_has_typed(&typed, typed_file(house, PROGRAM_WAKES_FIRST)));
		wake_client(house, PROGRAM_WAKES_FIRST);
		flow_finish(flow);
	}
}

/* --- nothing to do ------------------------------------------------------------------------ */

/* How long a server is watched that has nothing to do. */
#define LOOK_MS 1000

static struct server server;
static struct client client;
static struct client neighbour;
static struct flow flow;
static struct text text;

static int start_shared(void **state)
{
	(void)state;
	server_start(&server, "-l", "/bin/sh", "--sessions-per-worker", "1000", NULL);
	return 0;
}

static int start_none(void **state)
{
	(void)state;
	return 0;
}

static int leave(void **state)
{
	(void)state;
	client_close(&client);
	client_close(&neighbour);
	client_close(&flow.client);
	flow = (struct flow){0};
	text_free(&text);
	trial_remove_directory();
	return server_stop(&server);
}

static void a_terminal_that_is_hung_up_is_waited_for_without_work(void **state)
{
	long long deadline = trial_now() + DEADLINE_MS;
	char login[512];
	pid_t program;

	(void)state;
	SKIP_UNLESS_ROOT();
	snprintf(login, sizeof(login), "%s --for 3 /bin/sh", trial_built("tests/programs/hang_up"));
	server_start(&server, "-l", login, NULL);
	client_connect_as(&client, &server, &usual_terminal);
	while (!server_has_logged(&server, "event=login", "")) {
		client_receive(&client, 10);
		assert_true(trial_now() < deadline);
	}
	program = server_login_of(&server, client.peer);
	while (process_finds_descriptor(program, "/dev/pts/") >= 0) {
		trial_pause();
		assert_true(trial_now() < deadline);
	}
	client_type(&client, "\r");
	assert_stays_at_rest(&server, LOOK_MS);
	assert_true(process_finds_descriptor(program, "/dev/pts/") < 0);
	client_expect_prompt(&client);
	client_enter(&client, "echo al''ive");
	client_expect(&client, "alive\r\n");
}

static void a_half_closed_client_of_an_idle_program_costs_nothing(void **state)
{
	(void)state;
	client_open_shell(&client, &server);
	client_enter(&client, "echo rea''dy; exec sleep 600");
	client_expect(&client, "ready\r\n");
	client_half_close(&client);
	assert_stays_at_rest(&server, LOOK_MS);
}

/* Opens a program that prints without end for a client that does not read. */
static void hold_output(void)
{
	client_open_shell(&client, &server);
	client_enter(&client, "exec yes");
	client_expect(&client, "y\r\ny\r\n");
	come_to_rest(&server);
}

static void a_half_closed_client_whose_output_is_held_costs_nothing(void **state)
{
	size_t before;

	(void)state;
	hold_output();
	client_half_close(&client);
	assert_stays_at_rest(&server, LOOK_MS);
	before = client.text.size;
	while (client.text.size < before + MANY)
		assert_true(client_receive(&client, DEADLINE_MS));
}

static void an_ended_program_whose_output_is_held_costs_nothing(void **state)
{
	(void)state;
	hold_output();
	assert_int_equal(kill(server_login_of(&server, client.peer), SIGKILL), 0);
	assert_stays_at_rest(&server, LOOK_MS);
	client_expect_end(&client);
	server_expect_line(&server, "event=end", "program ended", NULL);
}

static void a_client_that_does_not_close_at_the_end_costs_nothing(void **state)
{
	long long deadline = trial_now() + DEADLINE_MS;

	(void)state;
	client_open_shell(&client, &server);
	client_enter(&client, "exit");
	while (client_receive(&client, 100))
		assert_true(trial_now() < deadline);
	assert_stays_at_rest(&server, LOOK_MS);
	server_expect_line(&server, "event=end", "program ended", NULL);
}

/* --- output that is thrown away ----------------------------------------------------------- */

#define DM "\xf2"
#define IP "\xf4"
#define AO "\xf5"
#define AYT "\xf6"

#define STALE_MAX (64UL * 1024)
#define TERMINAL_MAX (20UL * 1024)

/* What a client can hold by itself, of which a server knows nothing. */
#define RECEIVE_BUFFER (8 * 1024)

/* A line of 50 kB/s. */
#define SLOW_CHUNK 500
#define SLOW_PAUSE_MS 10

/* Connects with a small window, as over a line that is not fast. */
static void open_shell_on_a_line(void)
{
	const struct sockaddr_in address = {.sin_family = AF_INET,
					    .sin_port = htons(server.port),
					    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const int size = RECEIVE_BUFFER;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	client_use(&client, fd, &usual_terminal);
	client_expect_prompt(&client);
}

/* Behind the last mark may stand what the program could still do, which its terminal held. */
static void assert_little_stands_behind_the_mark(void)
{
	const char *end = client.raw.bytes + client.raw.size, *mark = NULL;

	for (const char *at = client.raw.bytes; (at = memmem(at, (size_t)(end - at), IAC DM, 2));)
		mark = at += 2;
	assert_non_null(mark);
	assert_in_range(end - mark, 0, TERMINAL_MAX);
}

/* Interrupts a program that prints without end, and reads on until the prompt has come. */
static void interrupt_a_flood(const char *interrupt, size_t chunk, int pause)
{
	long long deadline = trial_now() + DEADLINE_MS;
	size_t before;

	open_shell_on_a_line();
	client_enter(&client, "yes staleness");
	client_expect(&client, "staleness\r\nstaleness\r\n");
	come_to_rest(&server);
	client.chunk = chunk;
	before = client.text.size;
	client_type(&client, interrupt);
	while (!client_gets(&client, geteuid() == 0 ? "# " : "$ ", pause)) {
		assert_true(trial_now() < deadline);
		assert_in_range(client.text.size - before, 0, STALE_MAX);
		rest(pause);
	}
	assert_in_range(client.text.size - before, 0, STALE_MAX);
	assert_true(client.urgent_marks > 0);
	assert_little_stands_behind_the_mark();
}

static void control_c_leaves_little_of_a_flood_to_a_client_that_did_not_read(void **state)
{
	(void)state;
	interrupt_a_flood("\3", 0, 1);
}

static void ip_leaves_little_of_a_flood_to_a_client_that_did_not_read(void **state)
{
	(void)state;
	interrupt_a_flood(IAC IP, 0, 1);
}

static void control_c_leaves_little_of_a_flood_on_a_slow_line(void **state)
{
	(void)state;
	interrupt_a_flood("\3", SLOW_CHUNK, SLOW_PAUSE_MS);
}

static void ip_leaves_little_of_a_flood_on_a_slow_line(void **state)
{
	(void)state;
	interrupt_a_flood(IAC IP, SLOW_CHUNK, SLOW_PAUSE_MS);
}

/* Interrupts a program that goes on, and whose terminal is not to be flushed. */
static void interrupt_without_a_flush(const char *modes, const char *interrupt)
{
	char script[256];
	long long deadline = trial_now() + DEADLINE_MS;

	text_show_lines(&text, SOME);
	snprintf(script, sizeof(script), "trap \"\" INT; head -c 1 >/dev/null; " FLOW_SHOW_LINES,
		 FLOW_FIRST + SOME - 1);
	flow_open(&flow, &server, modes, script);
	flow.shows = &text;
	flow.reading = true;
	while (flow.shown < text.wire_size / 10) {
		flow_step(&flow);
		assert_true(trial_now() < deadline);
	}
	come_to_rest(&server);
	client_type(&flow.client, interrupt);
	come_to_rest(&server);
	flow_finish(&flow);
}

static void control_c_drops_nothing_where_it_is_not_to_flush(void **state)
{
	(void)state;
	interrupt_without_a_flush("raw -echo opost isig noflsh", "\3");
}

static void ip_drops_nothing_where_it_is_not_to_flush(void **state)
{
	(void)state;
	interrupt_without_a_flush("raw -echo opost isig noflsh", IAC IP);
}

static void control_c_drops_nothing_where_it_is_a_character(void **state)
{
	(void)state;
	interrupt_without_a_flush("raw -echo opost", "\3");
}

static void ip_drops_nothing_where_it_is_a_character(void **state)
{
	(void)state;
	interrupt_without_a_flush("raw -echo opost", IAC IP);
}

static void what_is_printed_after_an_ao_comes_whole(void **state)
{
	char script[256];

	(void)state;
	text_show_lines(&text, SOME);
	snprintf(script, sizeof(script),
		 "head -c 1 >/dev/null; yes | head -c %lu; echo over; head -c 1 "
		 ">/dev/null; " FLOW_SHOW_LINES,
		 MANY, FLOW_FIRST + SOME - 1);
	flow_open(&flow, &server, "raw -echo opost", script);
	come_to_rest(&server);
	client_send(&flow.client, BYTES(IAC AO));
	client_expect_command(&flow.client, BYTES(IAC DM));
	client_expect(&flow.client, "over\r\n");
	assert_int_equal(flow.client.urgent_marks, 1);
	assert_true(flow.client.text.size < MANY * 3 / 2);
	client_type(&flow.client, "!");
	flow.shows = &text;
	flow.reading = true;
	flow_finish(&flow);
}

/* --- what was typed ahead ----------------------------------------------------------------- */

/*
 * More than a terminal and a worker hold of what was typed ahead (20 KiB), and less than makes the
 * connection full: TCP itself does not announce urgent data past a closed window.
 */
#define TYPED_AHEAD (48 * 1024)

/* Long enough to see that something does not come. */
#define STILL_MS 300

static void assert_does_not_come(const char *shown)
{
	long long until = trial_now() + STILL_MS;

	while (trial_now() < until)
		client_receive(&flow.client, STILL_MS);
	assert_false(client_has(&flow.client, shown));
}

/*
 * Types more than the terminal, of a program that reads nothing, and the worker hold, so that the
 * rest stands in the socket: an AYT behind it is not seen.
 */
static void type_ahead(const char *script)
{
	flow_open(&flow, &server, "-icanon -echo min 1", script);
	text_type(&text, TYPED_AHEAD / 9);
	client_send(&flow.client, text.wire, text.wire_size);
	client_send(&flow.client, BYTES(IAC AYT));
	assert_does_not_come("[Yes]");
}

static void a_synch_discards_all_that_was_typed_ahead_and_its_ip_acts_at_once(void **state)
{
	char script[512];

	(void)state;
	snprintf(script, sizeof(script),
		 "trap \"got=1; echo int\\\"\\\"errupted\" INT; head -c 1 >/dev/null; "
		 "while [ -z \"$got\" ]; do sleep 0.05; done; exec head -c 6 >%s",
		 trial_file("typed", NULL));
	type_ahead(script);
	client_send(&flow.client, BYTES(IAC IP IAC));
	client_send_urgent(&flow.client, BYTES(DM));
	client_expect(&flow.client, "[Yes]");
	client_expect(&flow.client, "interrupted");
	client_send(&flow.client, BYTES("fresh!"));
	assert_true(trial_file_gets("typed", "fresh!"));
	client_expect_end(&flow.client);
}

static void an_ip_without_a_synch_waits_until_what_was_typed_ahead_is_read(void **state)
{
	char script[512];

	(void)state;
	snprintf(script, sizeof(script),
		 "trap \"echo int\\\"\\\"errupted\" INT; head -c 1 >/dev/null; "
		 "while ! [ -e %s ]; do sleep 0.05; done; head -c %d >/dev/null; exec sleep 600",
		 trial_file("go", NULL), 2 * TYPED_AHEAD);
	type_ahead(script);
	client_send(&flow.client, BYTES(IAC IP));
	assert_does_not_come("interrupted");
	trial_file("go", "");
	client_expect(&flow.client, "[Yes]");
	client_expect(&flow.client, "interrupted");
}

/* More than a terminal and a worker hold, were it read all the same. */
#define ERASURES 110000

/* Sends what the server takes of bytes while the program reads nothing; returns how much it was. */
static size_t push_all_it_takes(const char *bytes, size_t size)
{
	size_t sent = 0, before;

	do {
		before = sent;
		while (sent < size) {
			size_t part = client_push(&flow.client, bytes + sent, size - sent);

			if (part == 0)
				break;
			sent += part;
		}
		client_receive(&flow.client, STILL_MS);
	} while (sent > before);
	return sent;
}

/* What functions type is typed all the same, and in its time. */
static void a_synch_without_end_lets_no_more_be_typed_than_there_is_room_for(void **state)
{
	static char bytes[2 * ERASURES];
	char script[512];
	size_t sent;

	(void)state;
	snprintf(script, sizeof(script),
		 "head -c 1 >/dev/null; while ! [ -e %s ]; do sleep 0.05; done; "
		 "exec head -c %d >/dev/null",
		 trial_file("go", NULL), ERASURES - 1);
	for (size_t i = 0; i < sizeof(bytes); i += 2)
		memcpy(bytes + i, IAC "\xf7", 2);
	flow_open(&flow, &server, "-icanon -echo min 1", script);
	client_send_urgent(&flow.client, BYTES("x"));
	sent = push_all_it_takes(bytes, sizeof(bytes));
	trial_file("go", "");
	client_send(&flow.client, bytes + sent, sizeof(bytes) - sent);
	client_expect_end(&flow.client);
	server_expect_line(&server, "why=\"program ended\"", flow.client.peer, NULL);
}

/* --- turns -------------------------------------------------------------------------------- */

#define ECHOES (SANITIZED ? 60 : 200)

/* What may go the neighbour's way while a key is on its own: many turns, but no flood. */
#define NEIGHBOURS_MAX (1024UL * 1024)

/* What goes a quiet neighbour's way during all of the echoes. */
#define QUIET_MAX (64UL * ECHOES)

/* The neighbour receives, or sends, what goes now; these return how much that was. */
static size_t let_the_neighbour_read(void)
{
	char bytes[65536];
	ssize_t size = recv(neighbour.socket, bytes, sizeof(bytes), MSG_DONTWAIT);

	assert_true(size > 0 || (size < 0 && errno == EAGAIN));
	return size > 0 ? (size_t)size : 0;
}

static size_t let_the_neighbour_type(void)
{
	static const char bytes[65536];

	return client_push(&neighbour, bytes, sizeof(bytes));
}

/* Types a key; returns what has gone the neighbour's way when its echo comes. */
static size_t echo_a_key(size_t (*let_the_neighbour)(void), short neighbours_event)
{
	size_t shown = client.text.size, moved = 0;

	client_type(&client, "k");
	while (client.text.size == shown) {
		struct pollfd both[] = {{.fd = client.socket, .events = POLLIN},
					{.fd = neighbour.socket, .events = neighbours_event}};

		assert_true(poll(both, 2, DEADLINE_MS) > 0);
		client_receive(&client, 0);
		moved += let_the_neighbour();
		if (moved > 64 * NEIGHBOURS_MAX)
			fail_msg("no echo while the neighbour moved %zu bytes", moved);
	}
	assert_int_equal(client.text.size, shown + 1);
	return moved;
}

static int compare_sizes(const void *one, const void *other)
{
	const size_t *a = one, *b = other;

	return (*a > *b) - (*a < *b);
}

static void echo_beside(const char *program, size_t (*let_the_neighbour)(void), short event)
{
	long long deadline = trial_now() + DEADLINE_MS;
	size_t moved[ECHOES], all = 0;

	client_open_shell(&client, &server);
	client_enter(&client, "stty raw -echo; echo rea''dy; exec cat");
	client_expect(&client, "ready\n");
	client_open_shell(&neighbour, &server);
	client_enter(&neighbour, program);
	client_expect(&neighbour, "ready");
	client_expect(&neighbour, "\n");
	do /* a neighbour that the machine has left no time for proves nothing */
		for (size_t i = 0; i < ECHOES; i++)
			all += moved[i] = echo_a_key(let_the_neighbour, event);
	while (all <= QUIET_MAX && trial_now() < deadline);
	qsort(moved, ECHOES, sizeof(moved[0]), compare_sizes);
	assert_in_range(moved[ECHOES * 95 / 100], 0, NEIGHBOURS_MAX);
	assert_true(all > QUIET_MAX);
}

static void each_key_is_echoed_within_a_few_turns_of_one_who_prints(void **state)
{
	(void)state;
	echo_beside("echo rea''dy; exec yes", let_the_neighbour_read, POLLIN);
}

static void each_key_is_echoed_within_a_few_turns_of_one_who_pastes(void **state)
{
	(void)state;
	echo_beside("stty raw -echo; echo rea''dy; exec cat >/dev/null", let_the_neighbour_type,
		    POLLOUT);
}

#define ACTED_ECHOES 40

/* What of it the server takes for each echo, on the average: a few reads of the socket at most. */
#define ACTS_SIZE_MAX (16UL * 1024)

/* The bytes that the neighbour sends without end, so that the server has much to do for each. */
static struct {
	char bytes[49152];
	size_t size;
} acts;

static void fill_acts(const char *act, size_t size)
{
	for (acts.size = 0; acts.size + size <= sizeof(acts.bytes); acts.size += size)
		memcpy(acts.bytes + acts.size, act, size);
}

static size_t let_the_neighbour_act(void)
{
	char answers[65536];

	while (recv(neighbour.socket, answers, sizeof(answers), MSG_DONTWAIT) > 0)
		;
	return client_push(&neighbour, acts.bytes, acts.size);
}

/* The buffers of the connection take much that the server has not taken: until they are full. */
static void let_the_neighbour_fill_its_line(void)
{
	int still = 0;

	for (int i = 0; i < ACTED_ECHOES && still < 5; i++)
		still = echo_a_key(let_the_neighbour_act, POLLIN | POLLOUT) == 0 ? still + 1 : 0;
}

static void echo_beside_acts(const char *act, size_t size)
{
	size_t all = 0;

	fill_acts(act, size);
	client_open_shell(&client, &server);
	client_enter(&client, "stty raw -echo; echo rea''dy; exec cat");
	client_expect(&client, "ready\n");
	client_open_shell(&neighbour, &server);
	client_enter(&neighbour,
		     "trap '' INT; stty -icanon -echo; echo rea''dy; exec cat >/dev/null");
	client_expect(&neighbour, "ready\r\n");
	let_the_neighbour_fill_its_line();
	for (int i = 0; i < ACTED_ECHOES; i++)
		all += echo_a_key(let_the_neighbour_act, POLLIN | POLLOUT);
	assert_in_range(all, 0, ACTED_ECHOES * ACTS_SIZE_MAX);
}

static void each_key_is_echoed_within_a_few_turns_of_one_who_interrupts(void **state)
{
	(void)state;
	echo_beside_acts(BYTES(IAC "\xf4"));
}

static void each_key_is_echoed_within_a_few_turns_of_one_who_changes_modes(void **state)
{
	(void)state;
	echo_beside_acts(BYTES(IAC WILL "\x22" IAC WONT "\x22"));
}

/* ------------------------------------------------------------------------------------------ */

#define RELAY_TEST(name) cmocka_unit_test_setup_teardown(name, start_shared, leave)

int main(void)
{
	const struct CMUnitTest freezing[] = {
		cmocka_unit_test(frozen_ends_cost_no_processor_time),
		cmocka_unit_test(a_client_that_was_frozen_gets_every_byte),
		cmocka_unit_test(a_program_that_was_frozen_gets_every_byte),
		cmocka_unit_test(a_client_that_wakes_sees_all_while_the_program_does_not_read),
		cmocka_unit_test(a_program_that_wakes_reads_all_while_the_client_does_not_read),
	};
	const struct CMUnitTest relaying[] = {
		cmocka_unit_test_setup_teardown(
			a_terminal_that_is_hung_up_is_waited_for_without_work, start_none, leave),
		RELAY_TEST(a_half_closed_client_of_an_idle_program_costs_nothing),
		RELAY_TEST(a_half_closed_client_whose_output_is_held_costs_nothing),
		RELAY_TEST(an_ended_program_whose_output_is_held_costs_nothing),
		RELAY_TEST(a_client_that_does_not_close_at_the_end_costs_nothing),
		RELAY_TEST(control_c_leaves_little_of_a_flood_to_a_client_that_did_not_read),
		RELAY_TEST(ip_leaves_little_of_a_flood_to_a_client_that_did_not_read),
		RELAY_TEST(control_c_leaves_little_of_a_flood_on_a_slow_line),
		RELAY_TEST(ip_leaves_little_of_a_flood_on_a_slow_line),
		RELAY_TEST(control_c_drops_nothing_where_it_is_not_to_flush),
		RELAY_TEST(ip_drops_nothing_where_it_is_not_to_flush),
		RELAY_TEST(control_c_drops_nothing_where_it_is_a_character),
		RELAY_TEST(ip_drops_nothing_where_it_is_a_character),
		RELAY_TEST(what_is_printed_after_an_ao_comes_whole),
		RELAY_TEST(a_synch_discards_all_that_was_typed_ahead_and_its_ip_acts_at_once),
		RELAY_TEST(an_ip_without_a_synch_waits_until_what_was_typed_ahead_is_read),
		RELAY_TEST(a_synch_without_end_lets_no_more_be_typed_than_there_is_room_for),
		RELAY_TEST(each_key_is_echoed_within_a_few_turns_of_one_who_prints),
		RELAY_TEST(each_key_is_echoed_within_a_few_turns_of_one_who_pastes),
		RELAY_TEST(each_key_is_echoed_within_a_few_turns_of_one_who_interrupts),
		RELAY_TEST(each_key_is_echoed_within_a_few_turns_of_one_who_changes_modes),
	};
	int failed =
		cmocka_run_group_tests_name("ends that freeze", freezing, freeze, leave_houses);

	return failed + cmocka_run_group_tests_name("ends that go on", relaying, NULL, NULL);
}
