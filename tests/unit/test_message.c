/* SPDX-License-Identifier: ISC */
/* Messages between the monitor and a worker: what a packet must be like to count as one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs those before it. */
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "telnetd/message.h"
#include "tests/unit/observe.h"

#define HEAD_SIZE offsetof(struct message, start)
#define DESCRIPTORS_MAX 8

static int ends[2];
static size_t descriptors;

static int open_channel(void **state)
{
	(void)state;
	descriptors = open_descriptors();
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends);
}

/* Every test must have closed what it received, and message_receive what it refused. */
static int close_channel(void **state)
{
	(void)state;
	close(ends[0]);
	close(ends[1]);
	return open_descriptors() == descriptors ? 0 : -1;
}

static bool has_descriptor(uint32_t type)
{
	return type == MESSAGE_CLIENT || type == MESSAGE_TERMINAL;
}

static struct message sample(uint32_t type)
{
	struct message message;

	memset(&message, 'x', sizeof(message));
	message.type = type;
	message.session = 4711;
	return message;
}

/* Sends a packet as a broken or hostile worker might: any size, any number of descriptors. */
static void send_packet(const void *bytes, size_t size, size_t descriptor_count)
{
	union {
		char bytes[CMSG_SPACE(DESCRIPTORS_MAX * sizeof(int))];
		struct cmsghdr aligned;
	} control = {0};
	struct iovec part = {(void *)(uintptr_t)bytes, size};
	struct msghdr packet = {.msg_iov = &part, .msg_iovlen = 1};
	int list[DESCRIPTORS_MAX];

	for (size_t i = 0; i < descriptor_count; i++)
		list[i] = STDIN_FILENO;
	if (descriptor_count > 0) {
		packet.msg_control = control.bytes;
		packet.msg_controllen = (socklen_t)CMSG_SPACE(descriptor_count * sizeof(int));
		control.aligned.cmsg_level = SOL_SOCKET;
		control.aligned.cmsg_type = SCM_RIGHTS;
		control.aligned.cmsg_len = (socklen_t)CMSG_LEN(descriptor_count * sizeof(int));
		memcpy(CMSG_DATA(&control.aligned), list, descriptor_count * sizeof(int));
	}
	assert_int_equal(sendmsg(ends[1], &packet, 0), size);
}

/* What the other end makes of it. A descriptor that comes is closed. */
static int receive(struct message *message)
{
	int descriptor;
	int result = message_receive(ends[0], message, &descriptor);

	if (result != 1)
		assert_int_equal(descriptor, -1);
	if (descriptor >= 0)
		close(descriptor);
	return result;
}

static void every_type_has_a_size_and_no_other_number_has(void **state)
{
	(void)state;
	for (uint32_t type = MESSAGE_CLIENT; type < MESSAGE_TYPES; type++) {
		assert_in_range(message_size(type), HEAD_SIZE, sizeof(struct message));
	}
	assert_int_equal(message_size(0), 0);
	assert_int_equal(message_size(MESSAGE_TYPES), 0);
	assert_int_equal(message_size(UINT32_MAX), 0);
}

static void a_message_arrives_as_it_was_sent(void **state)
{
	(void)state;
	for (uint32_t type = MESSAGE_CLIENT; type < MESSAGE_TYPES; type++) {
		const struct message sent = sample(type);
		struct message received;
		int descriptor;

		assert_int_equal(
			message_send(ends[0], &sent, has_descriptor(type) ? STDIN_FILENO : -1), 0);
		assert_int_equal(message_receive(ends[1], &received, &descriptor), 1);
		assert_memory_equal(&received, &sent, message_size(type));
		assert_int_equal(descriptor >= 0, has_descriptor(type));
		if (descriptor >= 0)
			close(descriptor);
	}
}

static void the_descriptor_is_a_copy_and_closed_on_exec(void **state)
{
	const struct message sent = sample(MESSAGE_TERMINAL);
	struct message received;
	int pipe_ends[2], descriptor;

	(void)state;
	assert_int_equal(pipe2(pipe_ends, O_CLOEXEC), 0);
	assert_int_equal(message_send(ends[0], &sent, pipe_ends[1]), 0);
	close(pipe_ends[1]);
	assert_int_equal(message_receive(ends[1], &received, &descriptor), 1);
	assert_int_equal(fcntl(descriptor, F_GETFD), FD_CLOEXEC);
	assert_int_equal(write(descriptor, "x", 1), 1);
	assert_int_equal(read(pipe_ends[0], &received, 1), 1);
	close(descriptor);
	close(pipe_ends[0]);
}

static void messages_arrive_in_order(void **state)
{
	struct message message = sample(MESSAGE_EXITED);

	(void)state;
	for (message.session = 1; message.session <= 5; message.session++)
		assert_int_equal(message_send(ends[0], &message, -1), 0);
	for (uint32_t i = 1; i <= 5; i++) {
		int descriptor;

		assert_int_equal(message_receive(ends[1], &message, &descriptor), 1);
		assert_int_equal(message.session, i);
	}
}

static void receiving_does_not_wait(void **state)
{
	struct message message;

	(void)state;
	assert_int_equal(receive(&message), -EAGAIN);
}

static void the_end_of_the_channel_is_no_error(void **state)
{
	struct message message;

	(void)state;
	close(ends[1]);
	assert_int_equal(receive(&message), 0);
	ends[1] = dup(STDIN_FILENO); /* for close_channel */
}

static void an_end_that_leaves_messages_unread_is_no_error_either(void **state)
{
	const struct message unread = sample(MESSAGE_EXITED);
	struct message message;

	(void)state;
	assert_int_equal(message_send(ends[0], &unread, -1), 0);
	close(ends[1]);
	assert_int_equal(receive(&message), 0);
	ends[1] = dup(STDIN_FILENO); /* for close_channel */
}

static void what_was_sent_before_the_end_still_arrives(void **state)
{
	const struct message sent = sample(MESSAGE_ENDED);
	struct message message;

	(void)state;
	assert_int_equal(message_send(ends[1], &sent, -1), 0);
	close(ends[1]);
	assert_int_equal(receive(&message), 1);
	assert_int_equal(receive(&message), 0);
	ends[1] = dup(STDIN_FILENO);
}

static void a_packet_of_any_size_but_its_types_is_refused(void **state)
{
	(void)state;
	for (uint32_t type = MESSAGE_CLIENT; type < MESSAGE_TYPES; type++) {
		const struct message sent = sample(type);
		struct message message;

		for (size_t size = 1; size <= sizeof(sent); size++) {
			send_packet(&sent, size, has_descriptor(type) ? 1 : 0);
			assert_int_equal(receive(&message),
					 size == message_size(type) ? 1 : -EPROTO);
		}
	}
}

static void a_packet_larger_than_any_message_is_refused(void **state)
{
	struct {
		struct message message;
		char more[4096];
	} large = {.message = sample(MESSAGE_START)};
	struct message message;

	(void)state;
	for (size_t size = sizeof(message) + 1; size <= sizeof(large); size += 97) {
		send_packet(&large, size, 0);
		assert_int_equal(receive(&message), -EPROTO);
	}
}

static void a_packet_of_an_unknown_type_is_refused(void **state)
{
	static const uint32_t types[] = {0,	    MESSAGE_TYPES, MESSAGE_TYPES + 1, 0x100,
					 INT32_MAX, 0x80000001,	   UINT32_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		const struct message sent = sample(types[i]);
		struct message message;

		for (size_t size = 1; size <= sizeof(sent); size += 4) {
			send_packet(&sent, size, 0);
			assert_int_equal(receive(&message), -EPROTO);
		}
	}
}

static void a_message_without_its_descriptor_is_refused(void **state)
{
	(void)state;
	for (uint32_t type = MESSAGE_CLIENT; type < MESSAGE_TYPES; type++) {
		const struct message sent = sample(type);
		struct message message;

		if (!has_descriptor(type))
			continue;
		send_packet(&sent, message_size(type), 0);
		assert_int_equal(receive(&message), -EPROTO);
	}
}

static void a_message_with_a_descriptor_too_many_is_refused_and_none_stays_open(void **state)
{
	(void)state;
	for (uint32_t type = MESSAGE_CLIENT; type < MESSAGE_TYPES; type++)
		for (size_t count = has_descriptor(type) ? 2 : 1; count <= DESCRIPTORS_MAX;
		     count++) {
			const struct message sent = sample(type);
			struct message message;
			size_t before = open_descriptors();

			send_packet(&sent, message_size(type), count);
			assert_int_equal(receive(&message), -EPROTO);
			assert_int_equal(open_descriptors(), before);
		}
}

static void descriptors_beside_a_broken_packet_do_not_stay_open(void **state)
{
	const struct message sent = sample(MESSAGE_CLIENT);
	size_t before = open_descriptors();
	struct message message;

	(void)state;
	for (size_t count = 1; count <= DESCRIPTORS_MAX; count++) {
		send_packet(&sent, message_size(MESSAGE_CLIENT) - 1, count);
		assert_int_equal(receive(&message), -EPROTO);
		assert_int_equal(open_descriptors(), before);
	}
}

static void sending_does_not_wait_for_room(void **state)
{
	const struct message message = sample(MESSAGE_START);
	int result;

	(void)state;
	for (int i = 0; (result = message_send(ends[0], &message, -1)) == 0; i++)
		assert_in_range(i, 0, 100000);
	assert_int_equal(result, -EAGAIN);
}

static void sending_to_a_closed_channel_is_an_error_and_no_signal(void **state)
{
	const struct message message = sample(MESSAGE_EXITED);

	(void)state;
	close(ends[1]);
	assert_int_equal(message_send(ends[0], &message, -1), -EPIPE);
	assert_int_equal(message_send_waiting(ends[0], &message, -1), -EPIPE);
	ends[1] = dup(STDIN_FILENO);
}

static void a_worker_waits_for_room(void **state)
{
	const struct message message = sample(MESSAGE_LOG);
	struct message received;
	int status;
	pid_t child;

	(void)state;
	while (message_send(ends[1], &message, -1) == 0)
		;
	child = fork();
	if (child == 0)
		_exit(message_send_waiting(ends[1], &message, -1) == 0 ? 0 : 1);
	assert_int_equal(waitpid(child, &status, WNOHANG), 0);
	while (receive(&received) == 1)
		;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void text_is_good_when_printable_and_ended(void **state)
{
	(void)state;
	assert_true(message_text_is_good("", 1));
	assert_true(message_text_is_good(" abc~", 6));
	assert_true(message_text_is_good("abc\0\n\xff", 6));
	assert_false(message_text_is_good("abc", 3));
	assert_false(message_text_is_good("", 0));
	for (int byte = 1; byte < 256; byte++) {
		const char text[] = {'a', (char)byte, '\0'};

		assert_int_equal(message_text_is_good(text, sizeof(text)),
				 byte >= ' ' && byte <= '~');
	}
}

#define on_channel(test) cmocka_unit_test_setup_teardown(test, open_channel, close_channel)

int main(void)
{
	const struct CMUnitTest tests[] = {
		on_channel(every_type_has_a_size_and_no_other_number_has),
		on_channel(a_message_arrives_as_it_was_sent),
		on_channel(the_descriptor_is_a_copy_and_closed_on_exec),
		on_channel(messages_arrive_in_order),
		on_channel(receiving_does_not_wait),
		on_channel(the_end_of_the_channel_is_no_error),
		on_channel(an_end_that_leaves_messages_unread_is_no_error_either),
		on_channel(what_was_sent_before_the_end_still_arrives),
		on_channel(a_packet_of_any_size_but_its_types_is_refused),
		on_channel(a_packet_larger_than_any_message_is_refused),
		on_channel(a_packet_of_an_unknown_type_is_refused),
		on_channel(a_message_without_its_descriptor_is_refused),
		on_channel(a_message_with_a_descriptor_too_many_is_refused_and_none_stays_open),
		on_channel(descriptors_beside_a_broken_packet_do_not_stay_open),
		on_channel(sending_does_not_wait_for_room),
		on_channel(sending_to_a_closed_channel_is_an_error_and_no_signal),
		on_channel(a_worker_waits_for_room),
		cmocka_unit_test(text_is_good_when_printable_and_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
