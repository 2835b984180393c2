/* SPDX-License-Identifier: ISC */
/* Bytes on their way to a client's socket. Knows of TELNET only which bytes stand in pairs. */
#include "telnetd/outgoing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define IAC '\xff'

size_t outgoing_waiting(const struct outgoing *outgoing)
{
	return outgoing->end - outgoing->start;
}

/* The buffer of all sessions that send all in the turn that has brought it. */
static char common[OUTGOING_SIZE];
static bool common_is_taken;

static char *take_buffer(void)
{
	if (common_is_taken)
		return malloc(OUTGOING_SIZE);
	common_is_taken = true;
	return common;
}

void outgoing_free(struct outgoing *outgoing)
{
	if (outgoing->bytes == common)
		common_is_taken = false;
	else
		free(outgoing->bytes);
	outgoing->bytes = NULL;
	outgoing->start = outgoing->end = outgoing->screen_end = outgoing->urgent_end = 0;
}

/*
 * Forgets what has been sent, unless screen output is among what waits: the pairs in it are counted
 * from its beginning.
 */
static void make_room(struct outgoing *outgoing)
{
	size_t sent = outgoing->start;

	if (sent < outgoing->screen_end)
		return;
	memmove(outgoing->bytes, outgoing->bytes + sent, outgoing_waiting(outgoing));
	outgoing->start = 0;
	outgoing->end -= sent;
	outgoing->screen_end = 0;
	outgoing->urgent_end -= outgoing->urgent_end < sent ? outgoing->urgent_end : sent;
}

int outgoing_add(struct outgoing *outgoing, const char *bytes, size_t size, bool screen,
		 bool urgent)
{
	if (!outgoing->bytes)
		outgoing->bytes = take_buffer();
	if (!outgoing->bytes)
		return -ENOMEM;
	if (size > OUTGOING_SIZE - outgoing->end)
		make_room(outgoing);
	if (size > OUTGOING_SIZE - outgoing->end)
		return -ENOBUFS;
	memcpy(outgoing->bytes + outgoing->end, bytes, size);
	if (screen && outgoing->screen_end == outgoing->end)
		outgoing->screen_end += size;
	outgoing->end += size;
	if (urgent)
		outgoing->urgent_end = outgoing->end;
	return 0;
}

/* What the next send(2) takes: up to the urgent byte, then that byte, then the rest. */
static size_t next_part(const struct outgoing *outgoing, int *flags)
{
	size_t urgent = outgoing->urgent_end;

	*flags = MSG_NOSIGNAL | MSG_DONTWAIT;
	if (urgent <= outgoing->start)
		return outgoing->end - outgoing->start;
	if (urgent - 1 > outgoing->start)
		return urgent - 1 - outgoing->start;
	*flags |= MSG_OOB;
	return 1;
}

int outgoing_send(struct outgoing *outgoing, int socket)
{
	while (outgoing_waiting(outgoing) > 0) {
		int flags;
		size_t size = next_part(outgoing, &flags);
		ssize_t sent = send(socket, outgoing->bytes + outgoing->start, size, flags);

		if (sent < 0 && errno != EINTR)
			return -errno;
		if (sent < 0)
			continue;
		outgoing->start += (size_t)sent;
		outgoing->sent += (uint64_t)sent;
	}
	outgoing_free(outgoing);
	return 0;
}

/* In BINARY a CR may be followed by anything, and is no pair with it then. */
static bool is_pair(const struct outgoing *outgoing, size_t at)
{
	const char *bytes = outgoing->bytes + at;

	if (at + 1 >= outgoing->end)
		return false;
	return bytes[0] == IAC || (bytes[0] == '\r' && (bytes[1] == '\n' || bytes[1] == '\0'));
}

/* Where the pair ends in whose middle `start` stands, or `start` itself. */
static size_t end_of_pair(const struct outgoing *outgoing)
{
	size_t at = 0;

	while (at < outgoing->start)
		at += is_pair(outgoing, at) ? 2 : 1;
	return at;
}

void outgoing_drop_screen(struct outgoing *outgoing)
{
	size_t keep, dropped;

	if (outgoing->screen_end <= outgoing->start)
		return;
	keep = end_of_pair(outgoing);
	if (keep >= outgoing->screen_end)
		return;
	dropped = outgoing->screen_end - keep;
	memmove(outgoing->bytes + keep, outgoing->bytes + outgoing->screen_end,
		outgoing->end - outgoing->screen_end);
	outgoing->end -= dropped;
	outgoing->screen_end = keep;
	if (outgoing->urgent_end > 0)
		outgoing->urgent_end -= dropped;
}
