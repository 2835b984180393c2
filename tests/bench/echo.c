/* SPDX-License-Identifier: ISC */
/*
 * Measures of one user's echo: alone, beside somebody whose program prints without end, and
 * compressed.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/client.h"
#include "tests/bench/measures.h"
#include "tests/bench/programs/program.h"

#define ECHOES_MAX 200000
#define WARM_UP_ECHOES 200
#define SETTLE_S 0.3
#define TURN_ECHOES 200
#define TURN_WARM_UP_ECHOES 20

/* Types a key and waits for it; returns how long that took, or -1. */
static double echo_one(struct client *client, char key)
{
	double begun = now();
	unsigned char bytes[64];

	if (client_send(client, &key, 1) != 0)
		return -1;
	for (;;) {
		ssize_t size = client_receive(client, bytes, sizeof(bytes), 0);

		if (size < 0)
			return -1;
		if (size > 0)
			return now() - begun;
	}
}

static int compare_times(const void *a, const void *b)
{
	double one = *(const double *)a, other = *(const double *)b;

	return (one > other) - (one < other);
}

/* Echoes for as long as it is measured; returns how many there were, or -1. */
static long echo_for(struct client *client, double time, double *times)
{
	double end = now() + time;
	long count = 0;

	for (int i = 0; i < WARM_UP_ECHOES; i++)
		if (echo_one(client, 'w') < 0)
			return -1;
	for (; now() < end && count < ECHOES_MAX; count++) {
		times[count] = echo_one(client, (char)('a' + count % 26));
		if (times[count] < 0)
			return -1;
	}
	return count;
}

static int measure_echoes(const struct trial *trial, struct client *client, bool with_cpu)
{
	static double times[ECHOES_MAX];
	struct cpu_account account;
	long count;
	double cpu;

	account_begin(&account, &trial->server);
	count = echo_for(client, trial->time, times);
	cpu = account_end(&account);
	if (count <= 0)
		return failed("echoing");
	qsort(times, (size_t)count, sizeof(times[0]), compare_times);
	printf("p50_us %.1f\np99_us %.1f\nmax_us %.0f\n", times[count / 2] * 1e6,
	       times[count * 99 / 100] * 1e6, times[count - 1] * 1e6);
	if (with_cpu)
		printf("cpu_us %.2f\n", cpu * 1e6 / (double)(count + WARM_UP_ECHOES));
	return 0;
}

static int open_echo(const struct trial *trial, struct client *client)
{
	if (client_open(client, trial->server.port) != 0)
		return failed("connecting");
	if (client_await(client, MARKER_BEGIN) == 0)
		return 0;
	failed("waiting for the program");
	client_close(client);
	return -1;
}

int measure_echo(const struct trial *trial)
{
	struct client client;
	int result;

	if (open_echo(trial, &client) != 0)
		return -1;
	result = measure_echoes(trial, &client, true);
	client_close(&client);
	return result;
}

/* --- the neighbour ------------------------------------------------------------------------ */

/* In a process of its own, which reads as fast as it can and counts what has come. */
_Noreturn static void read_as_neighbour(struct client *client, volatile unsigned long long *count)
{
	unsigned char bytes[65536];
	const char key = KEY_FLOOD;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	client_send(client, &key, 1);
	while (client_receive(client, bytes, sizeof(bytes), 0) >= 0)
		*count = client->wire;
	_exit(0);
}

static int measure_beside(const struct trial *trial, struct client *client,
			  volatile unsigned long long *count)
{
	unsigned long long before;
	double begun;
	int result;

	pause_for(SETTLE_S);
	before = *count;
	begun = now();
	result = measure_echoes(trial, client, false);
	if (result == 0)
		printf("neighbour_mb_s %.1f\n", (double)(*count - before) / 1e6 / (now() - begun));
	return result;
}

int measure_neighbour(const struct trial *trial)
{
	volatile unsigned long long *count = mmap(NULL, sizeof(*count), PROT_READ | PROT_WRITE,
						  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct client client, neighbour;
	int result = -1;
	pid_t child;

	if (count == MAP_FAILED || open_echo(trial, &client) != 0)
		return -1;
	if (open_echo(trial, &neighbour) == 0) {
		child = fork();
		if (child == 0)
			read_as_neighbour(&neighbour, count);
		result = measure_beside(trial, &client, count);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		client_close(&neighbour);
	}
	client_close(&client);
	return result;
}

/* --- compressed --------------------------------------------------------------------------- */

/* What took how long, in the end in the order of the times. */
struct echoes {
	double times[ECHOES_MAX];
	long count;
};

static int echo_turn(struct client *client, struct echoes *echoes)
{
	for (int i = -TURN_WARM_UP_ECHOES; i < TURN_ECHOES; i++) {
		double time = echo_one(client, 'k');

		if (time < 0)
			return failed("echoing");
		if (i >= 0)
			echoes->times[echoes->count++] = time;
	}
	return 0;
}

static int take_turns(struct client *client, struct echoes *plain, struct echoes *compressed)
{
	if (echo_turn(client, plain) != 0)
		return -1;
	if (client_compress(client) != 0)
		return failed("waiting for compression");
	if (echo_turn(client, compressed) != 0)
		return -1;
	if (client_end_compression(client) != 0)
		return failed("waiting for the end of compression");
	return 0;
}

static double percentile_us(const struct echoes *echoes, long percent)
{
	return echoes->times[echoes->count * percent / 100] * 1e6;
}

static void tell_turns(struct echoes *plain, struct echoes *compressed)
{
	qsort(plain->times, (size_t)plain->count, sizeof(plain->times[0]), compare_times);
	qsort(compressed->times, (size_t)compressed->count, sizeof(compressed->times[0]),
	      compare_times);
	printf("p50_us %.1f\np99_us %.1f\n", percentile_us(plain, 50), percentile_us(plain, 99));
	printf("compressed_p50_us %.1f\ncompressed_p99_us %.1f\n", percentile_us(compressed, 50),
	       percentile_us(compressed, 99));
	printf("p50_ratio %.3f\n", percentile_us(compressed, 50) / percentile_us(plain, 50));
}

/*
 * One session, plain and compressed in short turns. Of two sessions one would often have its worker
 * on the client's core and the other would not, which makes more of a difference.
 */
int measure_compress(const struct trial *trial)
{
	static struct echoes plain, compressed;
	double end = now() + trial->time;
	struct client client;
	int result;

	if (open_echo(trial, &client) != 0)
		return -1;
	do
		result = take_turns(&client, &plain, &compressed);
	while (result == 0 && now() < end && plain.count + TURN_ECHOES <= ECHOES_MAX);
	if (result == 0)
		tell_turns(&plain, &compressed);
	client_close(&client);
	return result;
}
