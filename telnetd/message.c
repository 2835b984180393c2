/* SPDX-License-Identifier: ISC */
/* Messages between the monitor and a worker: the form of each as a packet. */
#include "telnetd/message.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "telnetd/packet.h"

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

size_t message_size(uint32_t type)
{
	return type < MESSAGE_TYPES ? forms[type].size : 0;
}

int message_send(int channel, const struct message *message, int descriptor)
{
	return packet_send(channel, message, message_size(message->type), descriptor);
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

static bool has_form(const struct message *message, size_t size, bool descriptor)
{
	return size >= HEAD_SIZE && size == message_size(message->type) &&
	       descriptor == forms[message->type].descriptor;
}

int message_receive(int channel, struct message *message, int *descriptor)
{
	ssize_t size = packet_receive(channel, message, sizeof(*message), descriptor, MSG_DONTWAIT);

	if (size <= 0)
		return (int)size;
	if (has_form(message, (size_t)size, *descriptor >= 0))
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
