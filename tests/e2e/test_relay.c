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

#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* --- rest --------------------------------------------------------------------------------- */

/* Clock ticks, of which a second has 100, that a process may use while it has nothing to do. */
#define TICKS_AT_REST 2

#define PROCESSES_MAX 32

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

/* --- ends that freeze --------------------------------------------------------------------- */

#define FREEZE_MS (SANITIZED ? 10000 : 30000)

/* So long nothing moves any more before all is said to be full. */
#define FULL_MS 500

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

/* All freeze in the middle, at the same time, in two servers, whose texts are of different kinds.
 */
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

/* ------------------------------------------------------------------------------------------ */

int main(void)
{
	const struct CMUnitTest freezing[] = {
		cmocka_unit_test(frozen_ends_cost_no_processor_time),
		cmocka_unit_test(a_client_that_was_frozen_gets_every_byte),
		cmocka_unit_test(a_program_that_was_frozen_gets_every_byte),
		cmocka_unit_test(a_client_that_wakes_sees_all_while_the_program_does_not_read),
		cmocka_unit_test(a_program_that_wakes_reads_all_while_the_client_does_not_read),
	};

	return cmocka_run_group_tests_name("ends that freeze", freezing, freeze, leave_houses);
}
