/* SPDX-License-Identifier: ISC */
/* Bytes on their way to a terminal. */
#include "telnetd/typed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Makes room for `size` bytes in all, mostly once; returns 0 or a negative errno. */
static int make_room(struct typed *typed, size_t size)
{
	size_t room = size > TYPED_PLAIN_SIZE ? TYPED_SIZE : TYPED_PLAIN_SIZE;
	char *bytes;
	bool *ends;

	if (size > TYPED_SIZE)
		return -ENOBUFS;
	bytes = realloc(typed->bytes, room);
	if (!bytes)
		return -ENOMEM;
	typed->bytes = bytes;
	if (typed->ends) {
		ends = realloc(typed->ends, room * sizeof(*ends));
		if (!ends)
			return -ENOMEM;
		typed->ends = ends;
	}
	typed->room = room;
	return 0;
}

int typed_add(struct typed *typed, const char *bytes, size_t size)
{
	int result;

	if (size == 0)
		return 0;
	if (size > typed->room - typed->size) {
		result = make_room(typed, typed->size + size);
		if (result != 0)
			return result;
	}
	memcpy(typed->bytes + typed->size, bytes, size);
	if (typed->ends)
		memset(typed->ends + typed->size, 0, size * sizeof(*typed->ends));
	typed->size += size;
	return 0;
}

int typed_mark_end_of_file(struct typed *typed)
{
	if (typed->size == 0)
		return 0;
	if (!typed->ends)
		typed->ends = calloc(typed->room, sizeof(*typed->ends));
	if (!typed->ends)
		return -ENOMEM;
	typed->ends[typed->size - 1] = true;
	return 0;
}

bool typed_is_end_of_file(const struct typed *typed, size_t at)
{
	return typed->ends && typed->ends[at];
}

/* Moves what is left to the beginning, after `gone` bytes were written. */
static void move_up(struct typed *typed, size_t gone)
{
	memmove(typed->bytes, typed->bytes + gone, typed->size);
	if (typed->ends)
		memmove(typed->ends, typed->ends + gone, typed->size * sizeof(*typed->ends));
}

int typed_write(struct typed *typed, int master, size_t most)
{
	size_t done = 0;
	int result = 0;

	while (done < most && result == 0) {
		ssize_t written = write(master, typed->bytes + done, most - done);

		if (written >= 0)
			done += (size_t)written;
		if (written >= 0 && done < most)
			result = -EAGAIN; /* as the next would say */
		else if (written < 0 && errno != EINTR)
			result = -errno;
	}
	typed->size -= done;
	if (typed->size == 0)
		typed_drop(typed);
	else if (done > 0)
		move_up(typed, done);
	return result;
}

void typed_drop(struct typed *typed)
{
	free(typed->bytes);
	free(typed->ends);
	typed->bytes = NULL;
	typed->ends = NULL;
	typed->size = typed->room = 0;
}
