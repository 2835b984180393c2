/* SPDX-License-Identifier: ISC */
/*
 * The NVT's newline rules (RFC 854, RFC 1123 3.3.1): CR LF is an end of line, CR NUL a bare CR, and
 * in BINARY (RFC 856) a byte is a byte. Data is handed on in place, in pieces, and never waits: a
 * CR is passed on as it comes, and what follows it is dealt with when it comes.
 */
#include <string.h>

#include "nvt/endpoint.h"

/* Doubled IACs that are handed on in one piece. */
#define DOUBLED_SIZE 512

static void to_terminal(struct nvt *nvt, const char *bytes, size_t size)
{
	if (size == 0)
		return;
	if (nvt->conversion)
		conversion_to_terminal(nvt, bytes, size);
	else
		nvt->events->to_terminal(nvt->owner, bytes, size);
}

/*
 * Whether the byte after a CR says only what kind of CR it was. To a server's program an end of
 * line is the Return key, a CR; on a client's screen it is CR LF.
 */
static bool belongs_to_cr(const struct nvt *nvt, char byte)
{
	return byte == '\0' || (byte == '\n' && nvt->role == NVT_SERVER);
}

/* The next CR that is last, or before a byte that belongs to it; NULL if there is no such CR. */
static const char *find_cr(const struct nvt *nvt, const char *bytes, const char *end)
{
	for (; bytes < end; bytes++) {
		bytes = memchr(bytes, '\r', (size_t)(end - bytes));
		if (!bytes || bytes + 1 == end || belongs_to_cr(nvt, bytes[1]))
			return bytes;
	}
	return NULL;
}

void newline_from_network(struct nvt *nvt, const char *bytes, size_t size)
{
	const char *end = bytes + size;

	if (nvt->discarding || size == 0)
		return;
	if (nvt->mode.binary_input) {
		to_terminal(nvt, bytes, size);
		return;
	}
	while (bytes < end) {
		const char *cr, *next;

		if (nvt->network_cr && belongs_to_cr(nvt, *bytes))
			bytes++;
		nvt->network_cr = false;
		cr = find_cr(nvt, bytes, end);
		next = cr ? cr + 1 : end;
		to_terminal(nvt, bytes, (size_t)(next - bytes));
		nvt->network_cr = cr != NULL;
		bytes = next;
	}
}

/*
 * libtelnet's telnet_send looks at each byte and hands on each IAC by itself: a flood of 0xFF took
 * three times as long.
 */
static void to_network(struct nvt *nvt, const char *bytes, size_t size)
{
	const char *end = bytes + size;
	char doubled[DOUBLED_SIZE];

	while (bytes < end) {
		const char *iac = memchr(bytes, TELNET_IAC, (size_t)(end - bytes));
		const char *plain_end = iac ? iac : end;
		size_t length = 0;

		if (plain_end > bytes)
			nvt_to_network(nvt, bytes, (size_t)(plain_end - bytes), false);
		for (bytes = plain_end; bytes < end && length < sizeof(doubled); bytes++) {
			if ((unsigned char)*bytes != TELNET_IAC)
				break;
			doubled[length++] = *bytes;
			doubled[length++] = *bytes;
		}
		if (length > 0)
			nvt_to_network(nvt, doubled, length, false);
	}
}

void newline_complete(struct nvt *nvt)
{
	if (!nvt->terminal_cr)
		return;
	nvt->terminal_cr = false;
	to_network(nvt, "", 1);
}

/*
 * The first byte of a piece that the newline rules change or have to remember: a CR without its LF
 * or, in a client, an LF without its CR. NULL: there is none.
 */
static const char *find_bare(const struct nvt *nvt, const char *bytes, const char *end)
{
	for (const char *at = bytes; at < end; at++) {
		if (nvt->role == NVT_SERVER) {
			at = memchr(at, '\r', (size_t)(end - at));
			if (!at)
				return NULL;
		}
		if (*at == '\n' && nvt->role == NVT_CLIENT)
			return at;
		if (*at != '\r')
			continue;
		if (at + 1 == end || at[1] != '\n')
			return at;
		at++;
	}
	return NULL;
}

void newline_from_terminal(struct nvt *nvt, const char *bytes, size_t size)
{
	const char *end = bytes + size;

	if (size == 0)
		return;
	if (nvt->mode.binary_output) {
		to_network(nvt, bytes, size);
		return;
	}
	if (nvt->terminal_cr && *bytes == '\n') {
		nvt->terminal_cr = false;
		to_network(nvt, bytes++, 1);
	}
	while (bytes < end) {
		const char *bare = find_bare(nvt, bytes, end);

		newline_complete(nvt);
		if (!bare) {
			to_network(nvt, bytes, (size_t)(end - bytes));
			return;
		}
		to_network(nvt, bytes, (size_t)(bare - bytes));
		to_network(nvt, *bare == '\n' ? "\r\n" : "\r", *bare == '\n' ? 2 : 1);
		nvt->terminal_cr = *bare == '\r';
		bytes = bare + 1;
	}
}

void newline_from_keyboard(struct nvt *nvt, const char *bytes, size_t size)
{
	const char *end = bytes + size;

	if (size == 0)
		return;
	if (nvt->mode.binary_output) {
		to_network(nvt, bytes, size);
		return;
	}
	newline_complete(nvt);
	while (bytes < end) {
		const char *cr = memchr(bytes, '\r', (size_t)(end - bytes));
		const char *next = cr ? cr + 1 : end;

		to_network(nvt, bytes, (size_t)(next - bytes));
		nvt->terminal_cr = cr != NULL;
		newline_complete(nvt);
		bytes = next;
	}
}
