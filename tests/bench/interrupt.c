/* SPDX-License-Identifier: ISC */
/*
 * The measure of what comes between a ^C, or an IAC IP, and the program's answer to it on slow
 * lines. The lines are measured at the same time, each a session; they are idle mostly. A slow
 * line is a client that reads at its rate, and whose receive buffer stands for what a line holds.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/bench/client.h"
#include "tests/bench/measures.h"
#include "tests/bench/programs/program.h"

/* How long output comes before the interrupt, so that what lies between has filled. */
#define FLOW_S 3.0

/*
 * What is under way on a line, as SO_RCVBUF. The system's own buffer would take 64 KiB and more of
 * what comes over the loopback device, which no server can help.
 */
#define LINE_BUFFER 16384

#define TICK_S 0.002

/* The most that a line carries after a pause. */
#define BURST_S 0.02

struct line {
	const char *kind;
	const char *bytes; /* the interrupt */
	double budget; /* bytes that it may carry now */
	double interrupted; /* when; 0: not yet */
	unsigned long long wire; /* as it was then */
	struct client client;
	int kilobytes; /* a second */
	bool done;
};

#define IP "\xFF\xF4"

static const struct line all_lines[] = {
	{.kind = "key", .bytes = "\x03", .kilobytes = 50},
	{.kind = "key", .bytes = "\x03", .kilobytes = 100},
	{.kind = "key", .bytes = "\x03", .kilobytes = 1000},
	{.kind = "ip", .bytes = IP, .kilobytes = 50},
	{.kind = "ip", .bytes = IP, .kilobytes = 100},
	{.kind = "ip", .bytes = IP, .kilobytes = 1000},
};

#define LINES (sizeof(all_lines) / sizeof(all_lines[0]))
#define PLAIN_LINES 3

static void finish(struct line *line, size_t behind)
{
	double ms = (now() - line->interrupted) * 1e3;

	printf("stale_bytes_%s_%d %llu\nms_%s_%d %.0f\n", line->kind, line->kilobytes,
	       line->client.wire - line->wire - behind - strlen(MARKER_INTERRUPTED), line->kind,
	       line->kilobytes, ms);
	line->done = true;
}

/* Reads what the line carries now. */
static int carry(struct line *line, double elapsed)
{
	unsigned char bytes[65536];
	double rate = line->kilobytes * 1e3;

	line->budget += elapsed * rate;
	if (line->budget > rate * BURST_S)
		line->budget = rate * BURST_S;
	while (line->budget >= 1 && !line->done) {
		unsigned long long before = line->client.wire;
		ssize_t size =
			client_receive(&line->client, bytes, (size_t)line->budget, MSG_DONTWAIT);
		size_t end;

		if (size < 0)
			return errno == EAGAIN ? 0 : -1;
		line->budget -= (double)(line->client.wire - before);
		end = client_find(&line->client, MARKER_INTERRUPTED, bytes, (size_t)size);
		if (end > 0 && line->interrupted > 0)
			finish(line, (size_t)size - end);
	}
	return 0;
}

static int interrupt_line(struct line *line)
{
	line->wire = line->client.wire;
	line->interrupted = now();
	return client_send(&line->client, line->bytes, strlen(line->bytes));
}

static int run_lines(struct line *lines, size_t count, double time)
{
	double begun = now(), last = begun;
	size_t left = count;

	while (left > 0 && now() < begun + FLOW_S + time) {
		double elapsed = now() - last;

		last += elapsed;
		left = 0;
		for (size_t i = 0; i < count; i++) {
			if (carry(&lines[i], elapsed) != 0)
				return failed("reading output");
			if (lines[i].interrupted == 0 && last > begun + FLOW_S &&
			    interrupt_line(&lines[i]) != 0)
				return failed("interrupting");
			left += !lines[i].done;
		}
		pause_for(TICK_S);
	}
	for (size_t i = 0; i < count; i++)
		if (!lines[i].done)
			printf("failed:%s_%d no answer in %.0f s at %d kB/s\n", lines[i].kind,
			       lines[i].kilobytes, time, lines[i].kilobytes);
	return 0;
}

int measure_interrupt(const struct trial *trial)
{
	size_t count = trial->plain ? PLAIN_LINES : LINES, opened = 0;
	struct line lines[LINES];
	int result = 0;

	memcpy(lines, all_lines, sizeof(lines));
	for (; opened < count && result == 0; opened++) {
		if (client_open_narrow(&lines[opened].client, trial->server.port, LINE_BUFFER) != 0)
			return failed("connecting");
		if (client_await(&lines[opened].client, MARKER_BEGIN) != 0)
			result = failed("waiting for the program");
	}
	if (result == 0)
		result = run_lines(lines, count, trial->time);
	for (size_t i = 0; i < opened; i++)
		client_close(&lines[i].client);
	return result;
}
