/* SPDX-License-Identifier: ISC */
/* Packets between the daemon's processes: sending, receiving, and a descriptor beside one. */
#include "telnetd/packet.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Room for one descriptor beside a packet. */
union control {
	char bytes[CMSG_SPACE(sizeof(int))];
	struct cmsghdr aligned;
};

/* Not in a worker: its filter lacks sendmsg(2), so that it can pass no descriptor. */
static ssize_t send_with(int channel, const void *bytes, size_t size, int descriptor)
{
	struct iovec part = {(void *)(uintptr_t)bytes, size};
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

int packet_send(int channel, const void *bytes, size_t size, int descriptor)
{
	ssize_t sent;

	do
		sent = descriptor >= 0 ? send_with(channel, bytes, size, descriptor)
				       : send(channel, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
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

ssize_t packet_receive(int channel, void *bytes, size_t room, int *descriptor, int flags)
{
	struct iovec part = {bytes, room};
	union control control;
	struct msghdr packet = {.msg_iov = &part,
				.msg_iovlen = 1,
				.msg_control = control.bytes,
				.msg_controllen = sizeof(control.bytes)};
	size_t descriptors;
	ssize_t size;

	*descriptor = -1;
	do
		size = recvmsg(channel, &packet, flags | MSG_CMSG_CLOEXEC);
	while (size < 0 && errno == EINTR);
	if (size < 0)
		return errno == ECONNRESET ? 0 : -errno;
	descriptors = take_descriptors(&packet, descriptor);
	if (size == 0 && descriptors == 0)
		return 0;
	if (size > 0 && descriptors <= 1 && !(packet.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
		return size;
	if (*descriptor >= 0)
		close(*descriptor);
	*descriptor = -1;
	return -EPROTO;
}
