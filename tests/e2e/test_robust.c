/* SPDX-License-Identifier: ISC */
/*
 * What the server withstands: clients that break the protocol, workers that die, many sessions at
 * once, and many one after another.
 */
#include "tests/e2e/support/client.h"
#include "tests/e2e/support/process.h"
#include "tests/e2e/support/server.h"
#include "tests/e2e/support/trial.h"

#include <fcntl.h>
#include <paths.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MANY (SANITIZED ? 60 : 300)
#define SHARED 4

/* Sessions one after another, and those after which things are to stay as they are. */
#define SESSIONS (SANITIZED ? 200 : 1000)
#define WARM_UP (SANITIZED ? 30 : 100)
#define MEMORY_SLACK_KIB 256
#define WORKERS_MAX 64

/* The server waits three seconds for its sessions, and the C library ten for a lock. */
#define LOCKED_STOP_MS 8000

static struct server server;
static struct client client;
static struct client clients[MANY];

static int set_up(void **state)
{
	(void)state;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	client_close(&client);
	for (size_t i = 0; i < MANY; i++)
		client_close(&clients[i]);
	trial_remove_directory();
	return server_stop(&server);
}

/* --- clients that break the protocol ------------------------------------------------------ */

/* Opens a shell that shows every byte that is typed. */
static void open_shell(void)
{
	server_start(&server, "-l", "/bin/sh", NULL);
	client_open_shell(&client, &server);
}

static void send_much(const char *begin, size_t size, size_t filling)
{
	char *filler = malloc(filling);

	assert_non_null(filler);
	memset(filler, 'x', filling);
	client_send(&client, begin, size);
	client_send(&client, filler, filling);
	free(filler);
}

static void expect_fault(const char *why)
{
	size_t shown = client.text.size;

	client_expect_end_or_reset(&client);
	assert_int_equal(client.text.size, shown);
	server_expect_line(&server, why, client.peer, NULL);
	server_expect_line(&server, "why=\"protocol fault\"", client.peer, NULL);
}

static void a_subnegotiation_without_end_ends_the_session_unseen(void **state)
{
	(void)state;
	open_shell();
	send_much(BYTES(IAC SB "\x18\0"), 100000);
	expect_fault("subnegotiation without end");
}

static void a_subnegotiation_without_end_ends_it_before_login_as_well(void **state)
{
	(void)state;
	server_start(&server, "-l", "/bin/sh", NULL);
	client_connect(&client, &server);
	send_much(BYTES(IAC SB "\x27\0"), 100000);
	expect_fault("subnegotiation without end");
	assert_false(server_has_logged(&server, "event=login", ""));
}

static void unasked_for_compression_ends_the_session_unseen(void **state)
{
	(void)state;
	open_shell();
	/* Behind it "echo bomb" as zlib's stored block has it. */
	client_send(&client, BYTES(IAC SB "\x56" IAC SE "\x78\x01\x01\x0b\x00\xf4\xff"
					  "echo bomb\r\n"));
	expect_fault("compression");
	assert_false(client_has(&client, "bomb"));
}

static void malformed_subnegotiations_without_number_end_the_session(void **state)
{
	(void)state;
	open_shell();
	for (int i = 0; i < 1000; i++)
		client_send(&client, BYTES(IAC SB "\x1f\1" IAC SE));
	client_expect_end_or_reset(&client);
	server_expect_line(&server, "malformed", client.peer, NULL);
}

static void options_turned_on_and_off_without_end_do_not_hurt(void **state)
{
	(void)state;
	open_shell();
	for (int i = 0; i < 20000; i++) {
		client_send(&client, BYTES(IAC DO "\0" IAC DONT "\0" IAC WILL "\0" IAC WONT "\0"));
		client_receive(&client, 0);
	}
	client_enter(&client, "echo un''hurt");
	client_expect(&client, "unhurt");
}

/* Anything, but with a liking for what the parser looks at; the same each time. */
static void fill_with_garbage(char *bytes, size_t size, unsigned *seed)
{
	static const char liked[] =
		IAC IAC SB SE WILL WONT DO DONT "\xf2\xf4\xf5\xf6\0\r\n\x18\x1f"
						"\x27\x24\x22\x20\x23\x05\x01\x03\x06";

	for (size_t i = 0; i < size; i++) {
		unsigned value = (unsigned)rand_r(seed) >> 4;

		bytes[i] =
			value % 3 == 0 ? (char)(value >> 8) : liked[(value >> 8) % sizeof(liked)];
	}
}

static void garbage_ends_at_most_its_own_session(void **state)
{
	unsigned seed = 1;

	(void)state;
	server_start(&server, "-l", "/bin/cat", "--sessions-per-worker", "0", NULL);
	client_connect_as(&client, &server, &usual_terminal);
	for (size_t i = 0; i < MANY; i++) {
		char garbage[2000];

		fill_with_garbage(garbage, sizeof(garbage), &seed);
		client_connect_as(&clients[i], &server, i % 2 == 0 ? &usual_terminal : NULL);
		client_send(&clients[i], garbage, sizeof(garbage));
		client_receive(&clients[i], 0);
		if (i % 5 == 0)
			client_reset(&clients[i]);
	}
	client_enter(&client, "still here");
	client_expect(&client, "still here\r\n");
}

/* --- workers that die --------------------------------------------------------------------- */

static void the_death_of_a_worker_ends_its_own_session_only(void **state)
{
	char line[SERVER_LINE_SIZE];

	(void)state;
	SKIP_UNLESS_ROOT();
	server.may_lose_workers = true;
	server_start(&server, "-l", "/bin/sh", NULL);
	client_open_shell(&client, &server);
	client_open_shell(&clients[0], &server);
	snprintf(line, sizeof(line),
		 "exec sh -c \"trap 'echo hung up >%s; exit' HUP; echo tr''apped; "
		 "while :; do sleep 0.05; done\"",
		 trial_file("hup", NULL));
	client_enter(&client, line);
	client_expect(&client, "trapped");
	kill(server_worker_of(&server, client.port), SIGSEGV);
	client_expect_end_or_reset(&client);
	assert_true(trial_file_gets("hup", "hung up"));
	server_expect_line(&server, "event=worker-lost", client.peer, line);
	/* A sanitizer makes an exit of a SIGSEGV. */
	assert_non_null(strstr(line, SANITIZED ? "why=\"" : "SIGSEGV"));
	client_enter(&clients[0], "echo al''ive");
	client_expect(&clients[0], "alive");
	client_open_shell(&clients[1], &server);
}

/* Kills the worker of one of many sessions: those of the same worker end, and no others. */
static void kill_one_of(const char *sessions_per_worker)
{
	pid_t workers[SHARED];
	size_t ended = 0;

	server.may_lose_workers = true;
	server_start(&server, "-l", "/bin/sh", "--sessions-per-worker", sessions_per_worker, NULL);
	for (size_t i = 0; i < SHARED; i++) {
		client_open_shell(&clients[i], &server);
		workers[i] = server_worker_of(&server, clients[i].port);
	}
	kill(workers[0], SIGKILL);
	for (size_t i = 0; i < SHARED; i++) {
		if (workers[i] == workers[0]) {
			client_expect_end_or_reset(&clients[i]);
			server_expect_line(&server, "event=worker-lost", clients[i].peer, NULL);
			ended++;
			continue;
		}
		client_enter(&clients[i], "echo al''ive");
		client_expect(&clients[i], "alive");
	}
	assert_int_equal(server_count_log(&server, "event=worker-lost"), ended);
	/* The place is filled again. */
	for (size_t i = SHARED; i < 2UL * SHARED; i++)
		client_open_shell(&clients[i], &server);
}

static void wait_for_workers(size_t count)
{
	server_expect_children(&server, "telnetd-worker", count);
}

static pid_t only_child(const char *name)
{
	return server_only_child(&server, name);
}

static void open_and_try(struct client *new_client, const char *line)
{
	client_connect_as(new_client, &server, &usual_terminal);
	client_enter(new_client, line);
	client_expect(new_client, line);
	client_expect(new_client, line); /* echoed by the terminal and by cat */
}

/* One waits for the next client; a session is served without it, too, and then another waits. */
static void the_death_of_the_worker_that_waits_is_made_up_for(void **state)
{
	pid_t waiting, worker;

	(void)state;
	SKIP_UNLESS_ROOT();
	server.may_lose_workers = true;
	server_start(&server, "-l", "/bin/cat", NULL);
	waiting = only_child("telnetd-worker");
	assert_int_equal(kill(waiting, SIGKILL), 0);
	server_expect_line(&server, "event=worker-lost", "SIGKILL", NULL);
	client_connect_as(&client, &server, &usual_terminal);
	client_enter(&client, "served");
	client_expect(&client, "served\r\n");
	worker = server_worker_of(&server, client.port);
	wait_for_workers(2);
	for (size_t i = 0; i < 2; i++) {
		pid_t workers[2];

		assert_int_equal(server_workers(&server, workers, 2), 2);
		if (workers[i] != worker)
			waiting = workers[i];
	}
	client_connect_as(&clients[0], &server, &usual_terminal);
	client_enter(&clients[0], "served as well");
	client_expect(&clients[0], "served as well\r\n");
	assert_int_equal(server_worker_of(&server, clients[0].port), waiting);
}

/* The child that waits to become the next login program; another takes its place. */
static void the_death_of_the_waiting_program_is_made_up_for(void **state)
{
	pid_t waiting;

	(void)state;
	server_start(&server, "-l", "/bin/cat", NULL);
	waiting = only_child("telnetd-login");
	assert_int_equal(kill(waiting, SIGKILL), 0);
	assert_true(process_goes(waiting, DEADLINE_MS));
	open_and_try(&client, "served");
	assert_int_not_equal(server_login_of(&server, client.peer), waiting);
	waiting = only_child("telnetd-login");
	open_and_try(&clients[0], "served as well");
	assert_int_equal(server_login_of(&server, clients[0].peer), waiting);
}

/* The monitor forks by itself then. */
static void the_death_of_the_processes_that_fork_ends_no_session(void **state)
{
	pid_t forker, starter, waiting;

	(void)state;
	server_start(&server, "-l", "/bin/cat", NULL);
	forker = only_child("telnetd-forker");
	starter = only_child("telnetd-starter");
	open_and_try(&client, "before");
	wait_for_workers(2);
	waiting = only_child("telnetd-login");
	assert_int_equal(kill(forker, SIGKILL), 0);
	assert_int_equal(kill(starter, SIGKILL), 0);
	assert_true(process_goes(forker, DEADLINE_MS));
	assert_true(process_goes(starter, DEADLINE_MS));
	open_and_try(&clients[0], "by what was waiting");
	assert_int_equal(server_login_of(&server, clients[0].peer), waiting);
	open_and_try(&clients[1], "after");
	assert_int_equal(server_count_log(&server, "event=forker-lost"), 2);
	client_enter(&client, "still there");
	client_expect(&client, "still there");
}

/* Nor does one that somebody has stopped hold the monitor up for long. */
static void a_process_that_forks_and_is_stopped_is_not_waited_for(void **state)
{
	pid_t forker, starter;

	(void)state;
	server_start(&server, "-l", "/bin/cat", NULL);
	wait_for_workers(1);
	only_child("telnetd-login");
	forker = only_child("telnetd-forker");
	starter = only_child("telnetd-starter");
	assert_int_equal(kill(forker, SIGSTOP), 0);
	assert_int_equal(kill(starter, SIGSTOP), 0);
	open_and_try(&client, "before");
	open_and_try(&clients[0], "after");
	server_expect_count(&server, "event=forker-lost", 2);
	/* What they fork when they go on finds nobody at the other end, and neither do they. */
	assert_int_equal(kill(forker, SIGCONT), 0);
	assert_int_equal(kill(starter, SIGCONT), 0);
	assert_true(process_goes(forker, DEADLINE_MS));
	assert_true(process_goes(starter, DEADLINE_MS));
	client_enter(&client, "still there");
	client_expect(&client, "still there");
}

/* Until the process has gone, or for as long as no test takes. */
static pid_t pester(pid_t pid)
{
	const struct timespec pause = {0, 100000000};
	pid_t pest = fork();

	if (pest != 0)
		return pest;
	alarm(30);
	while (kill(pid, SIGCHLD) == 0)
		nanosleep(&pause, NULL);
	_exit(0);
}

static void signals_do_not_make_the_monitor_wait_for_a_stopped_process_anew(void **state)
{
	pid_t forker, pest;

	(void)state;
	server_start(&server, "-l", "/bin/cat", NULL);
	wait_for_workers(1);
	only_child("telnetd-login");
	forker = only_child("telnetd-forker");
	assert_int_equal(kill(forker, SIGSTOP), 0);
	pest = pester(server.pid);
	assert_true(pest > 0);
	open_and_try(&client, "before");
	open_and_try(&clients[0], "after");
	assert_int_equal(kill(pest, SIGKILL), 0);
	assert_int_equal(waitpid(pest, NULL, 0), pest);
	assert_int_equal(kill(forker, SIGCONT), 0);
	assert_true(process_goes(forker, DEADLINE_MS));
}

static void the_death_of_a_worker_of_three_ends_its_sessions_only(void **state)
{
	(void)state;
	SKIP_UNLESS_ROOT();
	kill_one_of("3");
}

static void the_death_of_a_shared_worker_ends_its_sessions_only(void **state)
{
	(void)state;
	SKIP_UNLESS_ROOT();
	kill_one_of("0");
}

static void a_worker_that_is_stopped_does_not_stop_the_others(void **state)
{
	pid_t worker;

	(void)state;
	SKIP_UNLESS_ROOT();
	server_start(&server, "-l", "/bin/sh", NULL);
	client_open_shell(&client, &server);
	worker = server_worker_of(&server, client.port);
	kill(worker, SIGSTOP);
	client_open_shell(&clients[0], &server);
	client_enter(&clients[0], "echo go''ing on");
	client_expect(&clients[0], "going on");
	kill(worker, SIGCONT);
	client_enter(&client, "echo a''gain");
	client_expect(&client, "again");
}

static void a_worker_that_is_stopped_does_not_outlive_the_server(void **state)
{
	pid_t worker;

	(void)state;
	server_start(&server, "-l", "/bin/cat", "--sessions-per-worker", "0", NULL);
	open_and_try(&client, "served");
	assert_int_equal(server_workers(&server, &worker, 1), 1);
	assert_int_equal(kill(worker, SIGSTOP), 0);
	assert_int_equal(kill(server.pid, SIGTERM), 0);
	assert_true(process_goes(server.pid, DEADLINE_MS));
	assert_true(process_goes(worker, DEADLINE_MS));
}

/* --- many --------------------------------------------------------------------------------- */

/* Lets all clients answer until all of them are logged in. */
static void log_in_many(void)
{
	long long deadline = trial_now() + DEADLINE_MS;

	while (server_count_log(&server, "event=login") < MANY) {
		for (size_t i = 0; i < MANY; i++)
			if (clients[i].connected)
				client_receive(&clients[i], 0);
		assert_true(trial_now() < deadline);
	}
}

static void serve_many(const char *sessions_per_worker)
{
	server_start(&server, "-l", "/bin/sh", "--sessions-per-worker", sessions_per_worker, NULL);
	for (size_t i = 0; i < MANY; i++)
		client_connect_as(&clients[i], &server, &usual_terminal);
	log_in_many();
	for (size_t i = 0; i < MANY; i++) {
		char line[32];

		snprintf(line, sizeof(line), "echo an''swer %zu", i);
		client_enter(&clients[i], line);
	}
	/* All are open now; each answers, and to what was typed there. */
	for (size_t i = 0; i < MANY; i++) {
		char answer[32];

		snprintf(answer, sizeof(answer), "answer %zu\r\n", i);
		client_expect(&clients[i], answer);
	}
	assert_int_equal(server_count_log(&server, "event=end"), 0);
}

/* Descriptors of the server's processes, with which a worker has room for so many sessions. */
#define FEW_DESCRIPTORS 60
#define FEW_SESSIONS 14

/* Of what it starts from here on, too: the process that forks has the same. */
static void limit_descriptors(pid_t pid)
{
	const struct rlimit few = {FEW_DESCRIPTORS, FEW_DESCRIPTORS};

	assert_int_equal(prlimit(pid, RLIMIT_NOFILE, &few, NULL), 0);
}

static void serve_with_few_descriptors(const char *sessions_per_worker, size_t count)
{
	server_start(&server, "-l", "/bin/cat", "--sessions-per-worker", sessions_per_worker, NULL);
	limit_descriptors(only_child("telnetd-forker"));
	limit_descriptors(server.pid);
	for (size_t i = 0; i < count; i++)
		open_and_try(&clients[i], "served");
	for (size_t i = 0; i < count; i++) {
		client_enter(&clients[i], "still there");
		client_expect(&clients[i], "still there");
	}
	assert_true(server_workers(&server, NULL, 0) >= (count + FEW_SESSIONS - 1) / FEW_SESSIONS);
}

static void a_worker_gets_no_session_that_it_lacks_descriptors_for(void **state)
{
	(void)state;
	serve_with_few_descriptors("1000", (size_t)3 * FEW_SESSIONS);
}

static void a_shared_worker_gets_no_session_that_it_lacks_descriptors_for(void **state)
{
	(void)state;
	serve_with_few_descriptors("0", MANY);
}

static void many_sessions_at_once_all_answer(void **state)
{
	(void)state;
	serve_many("1");
}

static void many_sessions_at_once_all_answer_from_shared_workers(void **state)
{
	(void)state;
	serve_many("0");
}

static void many_sessions_at_once_all_answer_seven_a_worker(void **state)
{
	(void)state;
	serve_many("7");
	assert_in_range(server_workers(&server, NULL, 0), (MANY + 6) / 7, MANY / 7 + 2);
}

static long memory_of(pid_t pid)
{
	char value[64];

	process_status(pid, "VmRSS", value, sizeof(value));
	return atol(value);
}

static void open_and_close(int count)
{
	for (int i = 0; i < count; i++) {
		client_connect_as(&client, &server, &usual_terminal);
		client_expect(&client, "end of show");
		if (i % 3 != 0)
			client_expect_end(&client);
		if (i % 3 == 1)
			client_close(&client);
		else
			client_reset(&client);
	}
}

/* Those that are there without any session: two that fork, and the next login program. */
#define OWN_CHILDREN 3

/* Waits until the sessions are over that have been opened so far, and all their processes gone. */
static void wait_for_rest(size_t sessions, size_t children)
{
	long long deadline = trial_now() + DEADLINE_MS;

	while (server_count_log(&server, "event=end") < sessions ||
	       process_children(server.pid, NULL, 0) != OWN_CHILDREN + children) {
		if (trial_now() >= deadline) {
			server_show_logs();
			fail_msg("not all sessions have ended");
		}
		trial_pause();
	}
}

/* What the monitor holds, and the workers if they stay; the descriptors of those root can count. */
static void measure(bool workers_stay, int *descriptors, long *memory)
{
	pid_t workers[WORKERS_MAX];
	size_t count = workers_stay ? server_workers(&server, workers, WORKERS_MAX) : 0;

	*descriptors = process_descriptors(server.pid);
	*memory = memory_of(server.pid);
	for (size_t i = 0; i < count && i < WORKERS_MAX; i++) {
		*descriptors += process_descriptors(workers[i]);
		*memory += memory_of(workers[i]);
	}
}

/* Waits until no more are held than before: while the next are forked there are some for a moment.
 */
static void expect_descriptors(bool workers_stay, int before)
{
	long long deadline = trial_now() + DEADLINE_MS;
	int descriptors;
	long memory;

	for (;;) {
		measure(workers_stay, &descriptors, &memory);
		if (descriptors <= before)
			return;
		if (trial_now() > deadline)
			fail_msg("%d descriptors are held, %d before", descriptors, before);
		trial_pause();
	}
}

/* Opens sessions that last a second, so that each has a worker; shared ones stay. */
static void have_workers_started(size_t count)
{
	long long deadline = trial_now() + DEADLINE_MS;

	for (size_t i = 0; i < count; i++)
		client_connect(&clients[i], &server);
	while (server_workers(&server, NULL, 0) < count) {
		assert_true(trial_now() < deadline);
		trial_pause();
	}
	for (size_t i = 0; i < count; i++)
		client_close(&clients[i]);
}

static void open_and_close_many(const char *sessions_per_worker, size_t workers)
{
	bool workers_stay = strcmp(sessions_per_worker, "0") == 0;
	size_t warm_up = WARM_UP + workers;
	int descriptors_before, descriptors;
	long memory_before, memory;

	server_start(&server, "-l", trial_built("tests/programs/show"), "--sessions-per-worker",
		     sessions_per_worker, NULL);
	have_workers_started(workers);
	open_and_close(WARM_UP);
	wait_for_rest(warm_up, workers);
	measure(workers_stay, &descriptors_before, &memory_before);
	open_and_close(SESSIONS);
	wait_for_rest(warm_up + SESSIONS, workers);
	expect_descriptors(workers_stay, descriptors_before);
	measure(workers_stay, &descriptors, &memory);
	if (!SANITIZED)
		assert_in_range(memory, 1, memory_before + MEMORY_SLACK_KIB);
}

static void sessions_leave_nothing_in_the_monitor(void **state)
{
	(void)state;
	open_and_close_many("1", 1); /* which waits for the next client */
}

static void sessions_leave_nothing_in_shared_workers(void **state)
{
	(void)state;
	open_and_close_many("0", (size_t)sysconf(_SC_NPROCESSORS_ONLN));
}

static void connections_that_say_nothing_leave_nothing(void **state)
{
	int descriptors;

	(void)state;
	server_start(&server, "-l", "/bin/cat", NULL);
	client_connect_as(&client, &server, &usual_terminal);
	client_enter(&client, "here");
	client_expect(&client, "here\r\n");
	wait_for_rest(0, 3);
	descriptors = process_descriptors(server.pid);
	for (size_t i = 0; i < MANY; i++) {
		client_connect(&clients[i], &server);
		if (i % 2 == 0)
			client_reset(&clients[i]);
		else
			client_close(&clients[i]);
	}
	/* Left are the first session's worker and program, and the worker for the next one. */
	wait_for_rest(MANY, 3);
	wait_for_workers(2);
	expect_descriptors(false, descriptors);
}

/* --- other users of the machine ----------------------------------------------------------- */

/* A process that has utmp locked for reading, as anyone may; it ends by itself before long. */
static pid_t lock_records(void)
{
	struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
	int file = open(_PATH_UTMP, O_RDONLY | O_CLOEXEC), told[2];
	pid_t pid;
	char byte;

	assert_true(file >= 0);
	assert_int_equal(pipe(told), 0);
	pid = fork();
	if (pid == 0) {
		alarm(DEADLINE_MS / 1000);
		if (fcntl(file, F_SETLK, &lock) == 0 && write(told[1], "", 1) == 1)
			pause();
		_exit(EXIT_FAILURE);
	}
	close(file);
	close(told[1]);
	assert_int_equal(read(told[0], &byte, 1), 1);
	close(told[0]);
	return pid;
}

static void a_lock_on_the_records_does_not_hold_up_the_end(void **state)
{
	pid_t login, locker;
	bool goes;

	(void)state;
	SKIP_UNLESS_ROOT();
	if (access(_PATH_UTMP, R_OK) != 0) {
		print_message("%s: skipped: there is no such file here\n", _PATH_UTMP);
		skip();
	}
	server_start(&server, "-l", "/usr/bin/nohup /bin/sleep 60", NULL);
	client_connect_as(&client, &server, &usual_terminal);
	client_expect(&client, "nohup: ");
	login = server_login_of(&server, client.peer);
	locker = lock_records();
	kill(server.pid, SIGTERM);
	goes = process_goes(server.pid, LOCKED_STOP_MS);
	kill(locker, SIGKILL);
	waitpid(locker, NULL, 0);
	kill(login, SIGKILL);
	assert_true(process_goes(login, DEADLINE_MS));
	assert_true(goes);
}

/* --- what the machine lacks, and what does not end ---------------------------------------- */

static void a_client_waits_while_descriptors_are_short_and_is_served_then(void **state)
{
	struct rlimit usual, none;
	long long begin;

	(void)state;
	server_start(&server, "-l", "/bin/sh", NULL);
	assert_int_equal(prlimit(server.pid, RLIMIT_NOFILE, NULL, &usual), 0);
	none = (struct rlimit){.rlim_cur = 3, .rlim_max = usual.rlim_max};
	assert_int_equal(prlimit(server.pid, RLIMIT_NOFILE, &none, NULL), 0);
	client_connect_as(&client, &server, &usual_terminal);
	server_expect_log(&server, "event=accept-paused");
	begin = trial_now();
	while (server_count_log(&server, "event=accept-paused") < 2) {
		assert_true(trial_now() - begin < DEADLINE_MS);
		trial_pause();
	}
	assert_true(trial_now() - begin > 500); /* it looks once a second, not without rest */
	assert_int_equal(prlimit(server.pid, RLIMIT_NOFILE, &usual, NULL), 0);
	client_expect_prompt(&client);
}

static void a_program_that_does_not_end_does_not_keep_the_server(void **state)
{
	pid_t program;

	(void)state;
	server_start(&server, "-l", "/bin/sh", NULL);
	client_open_shell(&client, &server);
	program = server_login_of(&server, client.peer);
	client_enter(&client,
		     "exec sh -c \"trap '' HUP; echo tr''apped; while :; do sleep 0.05; done\"");
	client_expect(&client, "trapped\r\n");
	kill(server.pid, SIGTERM);
	client_expect(&client, "the server is shutting down");
	assert_true(process_goes(server.pid, DEADLINE_MS));
	assert_true(process_is_there(program));
	kill(program, SIGKILL);
}

/* ------------------------------------------------------------------------------------------ */

#define ROBUSTNESS_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROBUSTNESS_TEST(a_subnegotiation_without_end_ends_the_session_unseen),
		ROBUSTNESS_TEST(a_subnegotiation_without_end_ends_it_before_login_as_well),
		ROBUSTNESS_TEST(unasked_for_compression_ends_the_session_unseen),
		ROBUSTNESS_TEST(malformed_subnegotiations_without_number_end_the_session),
		ROBUSTNESS_TEST(options_turned_on_and_off_without_end_do_not_hurt),
		ROBUSTNESS_TEST(garbage_ends_at_most_its_own_session),
		ROBUSTNESS_TEST(the_death_of_a_worker_ends_its_own_session_only),
		ROBUSTNESS_TEST(the_death_of_the_worker_that_waits_is_made_up_for),
		ROBUSTNESS_TEST(the_death_of_a_worker_of_three_ends_its_sessions_only),
		ROBUSTNESS_TEST(the_death_of_a_shared_worker_ends_its_sessions_only),
		ROBUSTNESS_TEST(a_worker_that_is_stopped_does_not_stop_the_others),
		ROBUSTNESS_TEST(a_worker_that_is_stopped_does_not_outlive_the_server),
		ROBUSTNESS_TEST(the_death_of_the_waiting_program_is_made_up_for),
		ROBUSTNESS_TEST(the_death_of_the_processes_that_fork_ends_no_session),
		ROBUSTNESS_TEST(a_process_that_forks_and_is_stopped_is_not_waited_for),
		ROBUSTNESS_TEST(signals_do_not_make_the_monitor_wait_for_a_stopped_process_anew),
		ROBUSTNESS_TEST(many_sessions_at_once_all_answer),
		ROBUSTNESS_TEST(many_sessions_at_once_all_answer_from_shared_workers),
		ROBUSTNESS_TEST(many_sessions_at_once_all_answer_seven_a_worker),
		ROBUSTNESS_TEST(a_worker_gets_no_session_that_it_lacks_descriptors_for),
		ROBUSTNESS_TEST(a_shared_worker_gets_no_session_that_it_lacks_descriptors_for),
		ROBUSTNESS_TEST(sessions_leave_nothing_in_the_monitor),
		ROBUSTNESS_TEST(sessions_leave_nothing_in_shared_workers),
		ROBUSTNESS_TEST(connections_that_say_nothing_leave_nothing),
		ROBUSTNESS_TEST(a_lock_on_the_records_does_not_hold_up_the_end),
		ROBUSTNESS_TEST(a_client_waits_while_descriptors_are_short_and_is_served_then),
		ROBUSTNESS_TEST(a_program_that_does_not_end_does_not_keep_the_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
