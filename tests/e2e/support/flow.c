/* SPDX-License-Identifier: ISC */
/* Counts through a session, both ways. */
#include "tests/e2e/support/flow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/e2e/support/trial.h"

#define NUMBER_SIZE 8

/* --- the text ----------------------------------------------------------------------------- */

/* What stands behind ten numbers that are typed, in turn, and what a program gets of it. */
static const struct {
	const char *wire;
	size_t wire_size;
	char plain;
} ends[] = {
	{BYTES("\r\n"), '\r'},
	{BYTES("\r\0"), '\r'},
	{BYTES(IAC IAC), '\xff'},
};

#define ENDS (sizeof(ends) / sizeof(ends[0]))

/* Writes a number, with a CR NUL for each 5 unless `fives`. */
static void write_number(FILE *file, unsigned long number, bool fives)
{
	char digits[NUMBER_SIZE];

	for (size_t i = NUMBER_SIZE; i > 0; i--, number /= 10)
		digits[i - 1] = (char)('0' + number % 10);
	for (size_t i = 0; i < NUMBER_SIZE; i++) {
		if (digits[i] == '5' && !fives)
			fwrite("\r\0", 1, 2, file);
		else
			putc_unlocked(digits[i], file);
	}
}

static void show(struct text *text, unsigned long count, bool fives, const char *end)
{
	FILE *wire = open_memstream(&text->wire, &text->wire_size);

	assert_non_null(wire);
	for (unsigned long i = 0; i < count; i++) {
		write_number(wire, FLOW_FIRST + i, fives);
		fputs(end, wire);
	}
	assert_int_equal(fclose(wire), 0);
}

void text_show_lines(struct text *text, unsigned long count)
{
	show(text, count, true, "\r\n");
}

void text_show_bytes(struct text *text, unsigned long count)
{
	show(text, count, false, IAC IAC);
}

void text_type(struct text *text, unsigned long count)
{
	FILE *wire = open_memstream(&text->wire, &text->wire_size);
	FILE *plain = open_memstream(&text->plain, &text->plain_size);

	assert_non_null(wire);
	assert_non_null(plain);
	for (unsigned long i = 1; i <= count; i++) {
		size_t end = i / 10 % ENDS;

		write_number(wire, FLOW_FIRST + i, true);
		write_number(plain, FLOW_FIRST + i, true);
		fwrite(i % 10 != 0 ? " " : ends[end].wire, 1, i % 10 != 0 ? 1 : ends[end].wire_size,
		       wire);
		fputc(i % 10 != 0 ? ' ' : ends[end].plain, plain);
	}
	assert_int_equal(fclose(wire), 0);
	assert_int_equal(fclose(plain), 0);
}

void text_free(struct text *text)
{
	free(text->wire);
	free(text->plain);
	*text = (struct text){0};
}

/* --- its way ------------------------------------------------------------------------------ */

void flow_open(struct flow *flow, const struct server *server, const char *modes,
	       const char *script)
{
	char line[1024];
	int size;

	client_open_shell(&flow->client, server);
	size = snprintf(line, sizeof(line), "stty %s; echo rea''dy; exec sh -c '%s'", modes,
			script);
	assert_in_range(size, 1, sizeof(line) - 1);
	client_enter(&flow->client, line);
	client_expect(&flow->client, "ready");
	client_expect(&flow->client, "\n");
	assert_int_equal(flow->client.text.size, flow->client.text.seen);
	client_type(&flow->client, "!");
}

/* Where the text that came differs from what was to come. */
static void complain(const struct flow *flow, const char *bytes, size_t size)
{
	size_t left = flow->shows ? flow->shows->wire_size - flow->shown : 0, same = 0;

	while (same < size && same < left && bytes[same] == flow->shows->wire[flow->shown + same])
		same++;
	trial_show("came", bytes + same, size - same < 64 ? size - same : 64);
	if (left > same)
		trial_show("wanted", flow->shows->wire + flow->shown + same,
			   left - same < 64 ? left - same : 64);
	server_show_logs();
	fail_msg("what is shown is another text from byte %zu on", flow->shown + same);
}

static bool receive(struct flow *flow)
{
	char bytes[65536];
	ssize_t size = recv(flow->client.socket, bytes, sizeof(bytes), MSG_DONTWAIT);
	size_t left = flow->shows ? flow->shows->wire_size - flow->shown : 0;

	if (size < 0 && errno == EAGAIN)
		return false;
	if (size < 0)
		fail_msg("the connection broke: %s", strerror(errno));
	if (size == 0)
		flow->ended = true;
	if ((size_t)size > left ||
	    (size > 0 && memcmp(bytes, flow->shows->wire + flow->shown, (size_t)size) != 0))
		complain(flow, bytes, (size_t)size);
	flow->shown += (size_t)size;
	return size > 0;
}

bool flow_step(struct flow *flow)
{
	bool came = flow->reading && !flow->ended && receive(flow);
	size_t left = flow->types && flow->typing ? flow->types->wire_size - flow->sent : 0;
	size_t sent =
		left > 0 ? client_push(&flow->client, flow->types->wire + flow->sent, left) : 0;

	flow->sent += sent;
	return came || sent > 0;
}

void flow_finish(struct flow *flow)
{
	long long deadline = trial_now() + DEADLINE_MS;

	while (!flow->ended) {
		if (flow_step(flow))
			deadline = trial_now() + DEADLINE_MS;
		else
			trial_pause();
		if (trial_now() < deadline)
			continue;
		server_show_logs();
		fail_msg("no end after %zu bytes shown, %zu sent", flow->shown, flow->sent);
	}
	if (flow->shows && flow->shown < flow->shows->wire_size)
		fail_msg("of %zu bytes %zu were shown", flow->shows->wire_size, flow->shown);
}

bool flow_has_typed(const struct text *text, const char *path)
{
	char *bytes = malloc(text->plain_size + 1);
	FILE *file = fopen(path, "re");
	size_t size = 0;
	bool same;

	assert_non_null(bytes);
	if (file)
		size = fread(bytes, 1, text->plain_size + 1, file);
	same = size == text->plain_size && memcmp(bytes, text->plain, size) == 0;
	if (!same)
		fprintf(stderr, "%s: %zu bytes, of %zu, or other ones\n", path, size,
			text->plain_size);
	if (file)
		fclose(file);
	free(bytes);
	return same;
}
