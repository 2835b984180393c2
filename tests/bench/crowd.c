/* SPDX-License-Identifier: ISC */
/* Measures of many sessions: all echoing, idle in memory, opened one after another. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/client.h"
#include "tests/bench/measures.h"
#include "tests/bench/programs/program.h"

/* How long no session of those that are being opened, or echo, may get further. */
#define PATIENCE_MS 5000

#define EVENTS 64

#define SETTLE_S 1.0

struct member {
	struct client client;
	bool begun;
};

struct crowd {
	const struct trial *trial;
	int epoll;
	struct member *members; /* room for trial.sessions */
	int opened;
	int begun;
};

static void crowd_free(struct crowd *crowd)
{
	for (int i = 0; i < crowd->opened; i++)
		client_close(&crowd->members[i].client);
	free(crowd->members);
	close(crowd->epoll);
}

static int crowd_new(struct crowd *crowd, const struct trial *trial)
{
	*crowd = (struct crowd){.trial = trial, .epoll = epoll_create1(EPOLL_CLOEXEC)};
	crowd->members = calloc((size_t)trial->sessions, sizeof(*crowd->members));
	if (crowd->epoll >= 0 && crowd->members)
		return 0;
	failed("no memory for the sessions");
	crowd_free(crowd);
	return -1;
}

static int open_member(struct crowd *crowd)
{
	struct member *member = &crowd->members[crowd->opened];
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = member};

	if (client_open(&member->client, crowd->trial->server.port) != 0)
		return -1;
	crowd->opened++;
	return epoll_ctl(crowd->epoll, EPOLL_CTL_ADD, member->client.socket, &event);
}

/* Takes what has come for a member; returns the size of its data, or -1. */
static ssize_t hear_member(struct member *member, unsigned char *bytes, size_t room)
{
	ssize_t size = client_receive(&member->client, bytes, room, MSG_DONTWAIT);

	return size < 0 && errno == EAGAIN ? 0 : size;
}

static int hear_beginners(struct crowd *crowd)
{
	struct epoll_event events[EVENTS];
	unsigned char bytes[4096];
	int count = epoll_wait(crowd->epoll, events, EVENTS, PATIENCE_MS);

	if (count == 0)
		errno = ETIMEDOUT;
	for (int i = 0; i < count; i++) {
		struct member *member = events[i].data.ptr;
		ssize_t size = hear_member(member, bytes, sizeof(bytes));

		if (size < 0)
			return -1;
		if (!member->begun &&
		    client_find(&member->client, MARKER_BEGIN, bytes, (size_t)size) > 0) {
			member->begun = true;
			crowd->begun++;
		}
	}
	return count > 0 ? 0 : -1;
}

/* Opens sessions until there are so many, and each has its program's begin. */
static int grow(struct crowd *crowd, int size)
{
	while (crowd->begun < size) {
		while (crowd->opened < size && crowd->opened - crowd->begun < crowd->trial->opening)
			if (open_member(crowd) != 0)
				return -1;
		if (hear_beginners(crowd) != 0)
			return -1;
	}
	return 0;
}

static void say_failed(const struct crowd *crowd, int size)
{
	printf("failed:%d only %d of %d sessions open (%s)\n", size, crowd->begun, size,
	       errno ? "no answer" : "closed by the server");
}

/* --- all of them echo --------------------------------------------------------------------- */

struct echoes {
	long count;
	int outstanding; /* keys that have not come back */
	double end; /* no key is typed after that */
};

static int hear_echoes(struct crowd *crowd, struct echoes *echoes)
{
	struct epoll_event events[EVENTS];
	unsigned char bytes[256];
	int count = epoll_wait(crowd->epoll, events, EVENTS, PATIENCE_MS);
	bool ending = now() >= echoes->end;

	if (count == 0)
		errno = ETIMEDOUT;
	for (int i = 0; i < count; i++) {
		struct member *member = events[i].data.ptr;
		ssize_t size = hear_member(member, bytes, sizeof(bytes));

		if (size < 0)
			return -1;
		echoes->count += size;
		if (size > 0 && ending)
			echoes->outstanding--;
		else if (size > 0 && client_send(&member->client, "k", 1) != 0)
			return -1;
	}
	return count > 0 ? 0 : -1;
}

static int echo_all(struct crowd *crowd, struct echoes *echoes)
{
	echoes->outstanding = crowd->begun;
	for (int i = 0; i < crowd->begun; i++)
		if (client_send(&crowd->members[i].client, "k", 1) != 0)
			return -1;
	while (echoes->outstanding > 0)
		if (hear_echoes(crowd, echoes) != 0)
			return -1;
	return 0;
}

static int measure_crowd_of(struct crowd *crowd, int size)
{
	struct echoes echoes = {0};
	struct cpu_account account;
	double begun, wall, cpu;

	if (grow(crowd, size) != 0) {
		say_failed(crowd, size);
		return -1;
	}
	account_begin(&account, &crowd->trial->server);
	begun = now();
	echoes.end = begun + crowd->trial->time;
	if (echo_all(crowd, &echoes) != 0) {
		printf("failed:%d %d echoes of %d do not come\n", size, echoes.outstanding, size);
		return -1;
	}
	wall = now() - begun;
	cpu = account_end(&account);
	printf("echoes_s_%d %.0f\ncpu_us_%d %.2f\n", size, (double)echoes.count / wall, size,
	       cpu * 1e6 / (double)echoes.count);
	return 0;
}

int measure_crowd(const struct trial *trial)
{
	static const int sizes[] = {1, 100, 300, 1000};
	struct crowd crowd;
	int result = 0;

	if (crowd_new(&crowd, trial) != 0)
		return -1;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]) && result == 0; i++)
		if (sizes[i] <= trial->sessions)
			result = measure_crowd_of(&crowd, sizes[i]);
	crowd_free(&crowd);
	return result;
}

/* --- idle in memory ----------------------------------------------------------------------- */

int measure_memory(const struct trial *trial)
{
	struct crowd crowd;
	size_t processes;
	long before = server_memory(&trial->server, &processes), with = -1;

	if (crowd_new(&crowd, trial) != 0)
		return -1;
	if (grow(&crowd, trial->sessions) != 0) {
		say_failed(&crowd, trial->sessions);
	} else {
		pause_for(SETTLE_S);
		with = server_memory(&trial->server, &processes);
		if (with < 0)
			printf("failed the memory of its processes may not be read\n");
	}
	crowd_free(&crowd);
	if (with < 0)
		return -1;
	printf("server_kib %ld\npss_kib %.2f\nprocesses %zu\nsessions %d\n", before,
	       (double)(with - before) / trial->sessions, processes, trial->sessions);
	return 0;
}

/* --- opened one after another ------------------------------------------------------------- */

static int open_one(struct client *client, int port)
{
	if (client_open(client, port) != 0)
		return failed("connecting");
	if (client_await(client, MARKER_BEGIN) == 0)
		return 0;
	failed("waiting for the program");
	client_close(client);
	return -1;
}

static int open_and_keep(const struct trial *trial, struct client *clients, int *opened)
{
	double begun = now(), end = begun + trial->time;

	while (*opened < trial->sessions && now() < end) {
		if (open_one(&clients[*opened], trial->server.port) != 0)
			return -1;
		(*opened)++;
	}
	printf("open_s %.1f\n", *opened / (now() - begun));
	return 0;
}

static int open_and_close(const struct trial *trial)
{
	double begun = now(), end = begun + trial->time;
	struct client client;
	int count = 0;

	for (; now() < end; count++) {
		if (open_one(&client, trial->server.port) != 0)
			return -1;
		client_close(&client);
	}
	printf("cycle_s %.1f\n", count / (now() - begun));
	return 0;
}

int measure_sessions(const struct trial *trial)
{
	struct client *clients = calloc((size_t)trial->sessions, sizeof(*clients));
	int opened = 0, result;

	if (!clients)
		return failed("no memory for the sessions");
	result = open_and_keep(trial, clients, &opened);
	for (int i = 0; i < opened; i++)
		client_close(&clients[i]);
	free(clients);
	if (result != 0)
		return result;
	pause_for(SETTLE_S);
	return open_and_close(trial);
}
