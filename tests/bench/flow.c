/* SPDX-License-Identifier: ISC */
/* Measures of bytes that flow: a program that prints without end, and one that is pasted to. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/bench/client.h"
#include "tests/bench/measures.h"
#include "tests/bench/programs/program.h"

#define READ_SIZE 65536
#define WARM_UP_S 0.3

_Static_assert(sizeof(PRINTED_LINE) - 1 == 80, "a printed line is as wide as the terminal");

/* The bytes that a program repeats without end, and where in them the client is. */
struct expected {
	char block[PRINTED_BLOCK_SIZE];
	size_t size;
	size_t at;
	unsigned long long count;
	unsigned long long wrong;
};

static void check(struct expected *expected, const unsigned char *bytes, size_t size)
{
	expected->count += size;
	while (size > 0) {
		size_t piece = expected->size - expected->at;

		if (piece > size)
			piece = size;
		if (memcmp(expected->block + expected->at, bytes, piece) != 0)
			for (size_t i = 0; i < piece; i++)
				expected->wrong +=
					(unsigned char)expected->block[expected->at + i] !=
					bytes[i];
		expected->at = (expected->at + piece) % expected->size;
		bytes += piece;
		size -= piece;
	}
}

/* Reads up to the program's begin, and checks what has come with it. */
static int await_begin(struct client *client, struct expected *expected)
{
	unsigned char bytes[READ_SIZE];
	size_t end = 0;

	while (end == 0) {
		ssize_t size = client_receive(client, bytes, sizeof(bytes), 0);

		if (size < 0)
			return -1;
		end = client_find(client, MARKER_BEGIN, bytes, (size_t)size);
		if (end > 0)
			check(expected, bytes + end, (size_t)size - end);
	}
	return 0;
}

static int read_for(struct client *client, struct expected *expected, double time)
{
	unsigned char bytes[READ_SIZE];
	double end = now() + time;

	while (now() < end) {
		ssize_t size = client_receive(client, bytes, sizeof(bytes), 0);

		if (size < 0)
			return -1;
		check(expected, bytes, (size_t)size);
	}
	return 0;
}

static int read_flood(const struct trial *trial, struct client *client, struct expected *expected)
{
	struct cpu_account account;
	unsigned long long wire;
	double begun, wall, cpu, payload;

	if (await_begin(client, expected) != 0 || read_for(client, expected, WARM_UP_S) != 0)
		return failed("waiting for output");
	account_begin(&account, &trial->server);
	begun = now();
	wire = client->wire;
	expected->count = 0;
	if (read_for(client, expected, trial->time) != 0)
		return failed("reading output");
	wall = now() - begun;
	cpu = account_end(&account);
	payload = (double)expected->count;
	printf("payload_mb_s %.3f\nwire_mb_s %.3f\ncpu_s_gb %.3f\nwrong_bytes %llu\n",
	       payload / 1e6 / wall, (double)(client->wire - wire) / 1e6 / wall,
	       cpu / (payload / 1e9), expected->wrong);
	return 0;
}

static int flood(const struct trial *trial, struct expected *expected)
{
	struct client client;
	int result;

	if (client_open(&client, trial->server.port) != 0)
		return failed("connecting");
	result = read_flood(trial, &client, expected);
	client_close(&client);
	return result;
}

int measure_flood(const struct trial *trial)
{
	static struct expected expected;

	expected.size = fill_block(expected.block, PRINTED_LINE);
	return flood(trial, &expected);
}

int measure_flood_ff(const struct trial *trial)
{
	static struct expected expected;

	expected.size = sizeof(expected.block);
	memset(expected.block, 0xFF, expected.size);
	return flood(trial, &expected);
}

/* --- paste -------------------------------------------------------------------------------- */

/* Sends the text again and again for as long as it is measured; returns how much it was. */
static long long paste(const struct trial *trial, struct client *client)
{
	char block[PASTED_BLOCK_SIZE];
	const char end_key = KEY_END;
	size_t size = fill_block(block, PASTED_LINE);
	double end = now() + trial->time;
	long long sent = 0;

	for (; now() < end; sent += (long long)size)
		if (client_send(client, block, size) != 0)
			return -1;
	return client_send(client, &end_key, 1) == 0 ? sent : -1;
}

/* What sink says, up to its closing '@'. */
static int hear_sink(struct client *client, unsigned long long *count, unsigned long long *wrong)
{
	char text[128];
	size_t size = 0;

	while (size < sizeof(text) - 1) {
		ssize_t got = client_receive(client, (unsigned char *)text + size,
					     sizeof(text) - 1 - size, 0);

		if (got < 0)
			return -1;
		size += (size_t)got;
		text[size] = '\0';
		if (size > 1 && text[size - 1] == '@')
			return sscanf(text, MARKER_SINK, count, wrong) == 2 ? 0 : -1;
	}
	return -1;
}

static int paste_to_sink(const struct trial *trial, struct client *client)
{
	struct cpu_account account;
	unsigned long long count, wrong;
	long long sent;
	double begun, wall, cpu;

	if (client_await(client, MARKER_BEGIN) != 0)
		return failed("waiting for the program");
	account_begin(&account, &trial->server);
	begun = now();
	sent = paste(trial, client);
	if (sent < 0)
		return failed("pasting");
	if (hear_sink(client, &count, &wrong) != 0)
		return failed("waiting for the program's count");
	wall = now() - begun;
	cpu = account_end(&account);
	printf("payload_mb_s %.3f\ncpu_s_gb %.3f\nlost_bytes %lld\nwrong_bytes %llu\n",
	       (double)count / 1e6 / wall, cpu / ((double)count / 1e9), sent - (long long)count,
	       wrong);
	return 0;
}

int measure_paste(const struct trial *trial)
{
	struct client client;
	int result;

	if (client_open(&client, trial->server.port) != 0)
		return failed("connecting");
	result = paste_to_sink(trial, &client);
	client_close(&client);
	return result;
}
