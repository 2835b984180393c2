/* SPDX-License-Identifier: ISC */
/* Messages between the monitor and a worker: sending, receiving, and the form of a packet. */
#include "telnetd/message.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD_SIZE offsetof(struct message, start)

static const struct form {
	size_t size;
	bool descriptor;
} forms[MESSAGE_TYPES] = {
	[MESSAGE_CLIENT] = {HEAD_SIZE, true},
	[MESSAGE_START] = {HEAD_SIZE + sizeof(struct message_start), false},
	[MESSAGE_TERMINAL] = {HEAD_SIZE, true},
	[MESSAGE_REFUSED] = {HEAD_SIZE + sizeof(struct message_text), false},
	[MESSAGE_EXITED] = {HEAD_SIZE, false},
	[MESSAGE_STOP] = {HEAD_SIZE + sizeof(struct message_text), false},
	[MESSAGE_LOG] = {HEAD_SIZE + sizeof(struct message_text), false},
	[MESSAGE_ENDED] = {HEAD_SIZE + sizeof(struct message_ended), false},
};

/* Room for one descriptor beside a packet. */
union control {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr aligned;
};

size_t message_size(uint32_t type)
{
	return type < MESSAGE_TYPES ? forms[type].size : 0;
}

/* Not in a worker: its filter lacks sendmsg(2), so that it can pass no descriptor. */
static ssize_t send_with(int channel, const struct message *message, int descriptor)
{
	struct iovec part = {(void *)(uintptr_t)message, message_size(message->type)};
	union control control = {0};
	const struct msghdr packet = {.msg_iov = &part,
				      .msg_iovlen = 1,
				      .msg_control = control.bytes,
				      .msg_controllen = sizeof(control.bytes)};
	struct cmsghdr *header = &control.aligned;

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
	return sendmsg(channel, &packet, MSG_NOSIGNAL | MSG_DONTWAIT);
}

int message_send(int channel, const struct message *message, int descriptor)
{
	ssize_t sent;

	do
		sent = descriptor >= 0 ? send_with(channel, message, descriptor)
				       : send(channel, message, message_size(message->type),
					      MSG_NOSIGNAL | MSG_DONTWAIT);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

int message_send_waiting(int channel, const struct message *message, int descriptor)
{
	int result;

	while ((result = message_send(channel, message, descriptor)) == -EAGAIN) {
		struct pollfd waiting = {.fd = channel, .events = POLLOUT};

		if (poll(&waiting, 1, -1) < 0 && errno != EINTR)
			return -errno;
	}
	return result;
}

/*
 * Takes what came beside a packet: one descriptor, where there is any, into *descriptor, while
 * others are closed: CMSG_SPACE rounds up, to room for two. Returns how many came.
 */
static size_t take_descriptors(struct msghdr *packet, int *descriptor)
{
	const struct cmsghdr *header = CMSG_FIRSTHDR(packet);
	size_t count;

	if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
		return 0;
	count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	for (size_t i = 0; i < count; i++) {
		if (*descriptor >= 0)
			close(*descriptor);
		memcpy(descriptor, CMSG_DATA(header) + i * sizeof(int), sizeof(int));
	}
	return count;
}

static bool has_form(const struct message *message, size_t size, bool descriptor)
{
	return size >= HEAD_SIZE && size == message_size(message->type) &&
	       descriptor == forms[message->type].descriptor;
}

int message_receive(int channel, struct message *message, int *descriptor)
{
	struct iovec part = {message, sizeof(*message)};
	union control control;
	struct msghdr packet = {.msg_iov = &part,
				.msg_iovlen = 1,
				.msg_control = control.bytes,
				.msg_controllen = sizeof(control.bytes)};
	size_t descriptors;
	ssize_t size;

	*descriptor = -1;
	do
		size = recvmsg(channel, &packet, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (size < 0 && errno == EINTR);
	if (size < 0)
		return errno == ECONNRESET ? 0 : -errno;
	descriptors = take_descriptors(&packet, descriptor);
	if (size == 0 && descriptors == 0)
		return 0;
	if (!(packet.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) && descriptors <= 1 &&
	    has_form(message, (size_t)size, descriptors == 1))
		return 1;
	if (*descriptor >= 0)
		close(*descriptor);
	*descriptor = -1;
	return -EPROTO;
}

bool message_text_is_good(const char *text, size_t size)
{
	size_t length = strnlen(text, size);

	if (length == size)
		return false;
	for (size_t i = 0; i < length; i++)
		if (text[i] < ' ' || text[i] > '~')
			return false;
	return true;
}
