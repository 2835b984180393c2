/* SPDX-License-Identifier: ISC */
/* Bytes on their way out. */
#include "contrib/telnet/queue.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

bool queue_add(struct queue *queue, const char *bytes, size_t size, bool urgent)
{
	if (size > sizeof(queue->bytes) - queue->size)
		return false;
	memcpy(queue->bytes + queue->size, bytes, size);
	queue->size += size;
	if (urgent)
		queue->urgent = queue->size;
	return true;
}

void queue_clear(struct queue *queue)
{
	queue->size = queue->urgent = 0;
}

static void take(struct queue *queue, size_t size)
{
	queue->size -= size;
	queue->urgent -= queue->urgent < size ? queue->urgent : size;
	memmove(queue->bytes, queue->bytes + size, queue->size);
}

/* Whether a failed write means only that it is to be tried again. */
static bool is_temporary(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

int queue_send(struct queue *queue, int socket)
{
	while (queue->size > 0) {
		/* The urgent byte is sent by itself: only the last byte of a send is urgent. */
		size_t size = queue->urgent > 0 ? queue->urgent - 1 : queue->size;
		int flags = MSG_NOSIGNAL | MSG_DONTWAIT | (size == 0 ? MSG_OOB : 0);
		ssize_t sent = send(socket, queue->bytes, size == 0 ? 1 : size, flags);

		if (sent < 0)
			return is_temporary(errno) ? 0 : -errno;
		take(queue, (size_t)sent);
	}
	return 0;
}

int queue_write(struct queue *queue, int descriptor)
{
	size_t size = queue->size < QUEUE_WRITE_SIZE ? queue->size : QUEUE_WRITE_SIZE;
	ssize_t written;

	if (size == 0)
		return 0;
	written = write(descriptor, queue->bytes, size);
	if (written < 0)
		return is_temporary(errno) ? 0 : -errno;
	take(queue, (size_t)written);
	return 0;
}
