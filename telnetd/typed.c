/* SPDX-License-Identifier: ISC */
/* Bytes on their way to a terminal. */
#include "telnetd/typed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int typed_add(struct typed *typed, const char *bytes, size_t size)
{
	if (size == 0)
		return 0;
	if (!typed->bytes)
		typed->bytes = malloc(TYPED_SIZE);
	if (!typed->bytes)
		return -ENOMEM;
	if (size > TYPED_SIZE - typed->size)
		return -ENOBUFS;
	memcpy(typed->bytes + typed->size, bytes, size);
	typed->size += size;
	return 0;
}

int typed_write(struct typed *typed, int master)
{
	size_t done = 0;
	int result = 0;

	while (done < typed->size && result == 0) {
		ssize_t written = write(master, typed->bytes + done, typed->size - done);

		if (written > 0)
			done += (size_t)written;
		else if (written == 0)
			result = -EAGAIN;
		else if (errno != EINTR)
			result = -errno;
	}
	typed->size -= done;
	if (typed->size == 0)
		typed_drop(typed);
	else if (done > 0)
		memmove(typed->bytes, typed->bytes + done, typed->size);
	return result;
}

void typed_drop(struct typed *typed)
{
	free(typed->bytes);
	typed->bytes = NULL;
	typed->size = 0;
}
