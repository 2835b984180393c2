/* SPDX-License-Identifier: ISC */
/* The worker's process: sandbox, event loop, and the messages that go to its sessions. */
#include "telnetd/worker.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "telnetd/descriptors.h"
#include "telnetd/message.h"
#include "telnetd/queue.h"
#include "telnetd/session.h"

/* Hash chains of the sessions, by number. */
#define CHAINS 256

/* What attention is paid to in one turn. */
#define ATTENTIONS 64

/* Descriptors of a session (socket, master), and those of the worker itself. */
#define SESSION_DESCRIPTORS 2
#define OWN_DESCRIPTORS 32

struct place {
	LIST_ENTRY(place) next;
	struct session *session;
};

LIST_HEAD(place_list, place);

struct loop {
	struct session_host host; /* first: `over` finds the loop by it */
	struct place_list chains[CHAINS];
	struct charsets charsets;
	bool monitor_gone;
};

static struct place *find_place(struct loop *loop, uint32_t number)
{
	struct place *place;

	LIST_FOREACH (place, &loop->chains[number % CHAINS], next)
		if (session_number(place->session) == number)
			return place;
	return NULL;
}

static void on_over(struct session_host *host, uint32_t number)
{
	struct place *place = find_place((struct loop *)(void *)host, number);

	if (!place)
		return;
	LIST_REMOVE(place, next);
	free(place);
}

/* A session that cannot be served has ended before it began. */
static void begin_session(struct loop *loop, const struct message *message, int socket)
{
	const struct message ended = {.type = MESSAGE_ENDED,
				      .session = message->session,
				      .ended = {.why = MESSAGE_END_FAILED}};
	struct place *place = malloc(sizeof(*place));

	if (!place)
		close(socket);
	else
		place->session = session_new(&loop->host, message->session, socket);
	if (place && place->session) {
		LIST_INSERT_HEAD(&loop->chains[message->session % CHAINS], place, next);
		return;
	}
	free(place);
	message_send_waiting(loop->host.channel, &ended, -1);
}

static void on_message(evutil_socket_t channel, short what, void *context)
{
	struct loop *loop = context;
	struct message message;
	int descriptor;
	int result = message_receive(channel, &message, &descriptor);
	struct place *place;

	(void)what;
	if (result == -EAGAIN)
		return;
	if (result != 1) {
		loop->monitor_gone = true;
		event_base_loopbreak(loop->host.base);
		return;
	}
	if (message.type == MESSAGE_CLIENT) {
		begin_session(loop, &message, descriptor);
		return;
	}
	/* A session that has just ended may be spoken to still. */
	place = find_place(loop, message.session);
	if (place)
		session_hear(place->session, &message, descriptor);
	else if (descriptor >= 0)
		close(descriptor);
}

static void on_attention(evutil_socket_t attention, short what, void *context)
{
	struct epoll_event events[ATTENTIONS];
	int count = epoll_wait(attention, events, ATTENTIONS, 0);

	(void)what;
	(void)context;
	for (int i = 0; i < count; i++)
		session_attend(events[i].data.ptr, events[i].events & EPOLLPRI,
			       events[i].events & (EPOLLERR | EPOLLHUP));
}

/* --- the start ---------------------------------------------------------------------------- */

/* Closes all descriptors but two, and leaves nothing behind 0 to 2. */
static int close_others(int one, int other)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return -errno;
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
#ifndef __SANITIZE_ADDRESS__ /* which reports there */
	dup2(null, STDERR_FILENO);
#endif
	descriptors_close_others(one, other);
	return 0;
}

static unsigned long descriptor_limit(unsigned sessions)
{
	rlim_t wanted = OWN_DESCRIPTORS + SESSION_DESCRIPTORS * (rlim_t)sessions;
	struct rlimit most;

	getrlimit(RLIMIT_NOFILE, &most);
	if (sessions == 0 || wanted > most.rlim_max)
		wanted = most.rlim_max;
	return wanted < ULONG_MAX ? (unsigned long)wanted : ULONG_MAX;
}

unsigned worker_sessions_max(const struct config *config)
{
	unsigned long limit = descriptor_limit(config->sessions_per_worker), sessions;

	if (limit < OWN_DESCRIPTORS + SESSION_DESCRIPTORS)
		return 1;
	sessions = (limit - OWN_DESCRIPTORS) / SESSION_DESCRIPTORS;
	return sessions < UINT_MAX ? (unsigned)sessions : UINT_MAX;
}

/*
 * The messages and the calls for attention come before the data in each turn: what is urgent is
 * known then before more of the stream is read.
 */
static int open_loop(struct loop *loop)
{
	struct event *messages, *attention;

	loop->host.base = event_base_new();
	loop->host.attention = epoll_create1(EPOLL_CLOEXEC);
	if (!loop->host.base || loop->host.attention < 0 ||
	    event_base_priority_init(loop->host.base, 2) != 0)
		return -1;
	messages = event_new(loop->host.base, loop->host.channel, EV_READ | EV_PERSIST, on_message,
			     loop);
	attention = event_new(loop->host.base, loop->host.attention, EV_READ | EV_PERSIST,
			      on_attention, loop);
	if (!messages || !attention)
		return -1;
	event_priority_set(messages, 0);
	event_priority_set(attention, 0);
	return event_add(messages, NULL) == 0 && event_add(attention, NULL) == 0 ? 0 : -1;
}

int worker_run(int channel, const struct config *config, const struct charsets *charsets,
	       const struct sandbox *sandbox)
{
	struct loop *loop = calloc(1, sizeof(*loop));
	int status = EXIT_FAILURE;

	if (!loop)
		return status;
	loop->host.channel = channel;
	loop->host.accept_environment = config->accept_environment;
	loop->host.linemode = config->linemode;
	loop->host.compress = config->compress;
	loop->host.over = on_over;
	loop->charsets = *charsets;
	charsets_load(&loop->charsets);
	loop->host.charsets = &loop->charsets;
	if (close_others(channel, sandbox->root) == 0 && open_loop(loop) == 0 &&
	    sandbox_enter(sandbox, descriptor_limit(config->sessions_per_worker)) == 0) {
		event_base_dispatch(loop->host.base);
		if (loop->monitor_gone)
			status = EXIT_SUCCESS;
	}
	free(loop);
	return status;
}
