/* SPDX-License-Identifier: ISC */
/*
 * One turn of a session: waits for the socket, the keyboard and the screen, and moves bytes. What
 * one side does not take stops the reading of the other, so that nothing piles up.
 */
#include "contrib/telnet/relay.h"

#include <arpa/telnet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "contrib/telnet/clock.h"
#include "contrib/telnet/keys.h"
#include "contrib/telnet/modes.h"
#include "contrib/telnet/text.h"

/* Of these many bytes that come, the answers fit into the queue (see QUEUE_ENOUGH). */
#define PIECE_SIZE 1024

#define COMMAND_SIZE 3 /* of IAC, WILL and an option */

/* If nothing was piped in, wait this long for a silent server before closing the connection. */
#define SILENCE_MS 1000

enum polled {
	POLLED_KEYS,
	POLLED_SCREEN,
	POLLED_SOCKET,
	POLLED,
};

/* --- what has come ------------------------------------------------------------------------ */

static size_t text_came(struct session *session, const char *bytes, size_t size)
{
	size_t text = session->raw ? size : text_before_telnet(bytes, size);

	if (size - text == 1 && session->server_ended)
		text = size;
	if (text > 0) {
		trace_text(session->trace, TRACE_RECEIVED, bytes, text);
		session_show(session, bytes, text);
	} else if (size >= 2) {
		session_begin_telnet(session, false);
	}
	return text;
}

/*
 * Data and commands are dealt with one after the other: a command may change the terminal's mode,
 * and a subnegotiation may be answered with much more than it is long.
 */
static size_t piece_of(const char *bytes, size_t size)
{
	bool is_command = (unsigned char)bytes[0] == IAC;
	const char *end;

	if (size > PIECE_SIZE)
		size = PIECE_SIZE;
	if (is_command && (size < 2 || (unsigned char)bytes[1] != SB))
		return size < COMMAND_SIZE ? size : COMMAND_SIZE;
	end = memchr(bytes, is_command ? SE : IAC, size);
	if (!end)
		return size;
	return (size_t)(end - bytes) + is_command;
}

static size_t telnet_came(struct session *session, const char *bytes, size_t size)
{
	if (!nvt_is_inflating(session->nvt))
		size = piece_of(bytes, size);
	else if (size > PIECE_SIZE)
		size = PIECE_SIZE;
	nvt_set_time(session->nvt, (unsigned long long)clock_ms());
	nvt_from_network(session->nvt, bytes, size);
	return size;
}

/* Goes on with what came before: compressed bytes expand to more than one call takes. */
static void telnet_continues(struct session *session)
{
	nvt_set_time(session->nvt, (unsigned long long)clock_ms());
	nvt_continue(session->nvt);
}

/* A line that is being typed goes off the screen first: next_key of session.c sees to that. */
static void write_screen(struct session *session)
{
	struct queue *queue = &session->to_screen;
	char written[QUEUE_WRITE_SIZE];
	size_t size = queue->size;

	if (session->lines && lines_are_in_the_way(session->lines))
		return;
	memcpy(written, queue->bytes, size < sizeof(written) ? size : sizeof(written));
	session->screen_error = queue_write(queue, session->screen);
	session->heard = clock_ms(); /* meanwhile nothing was read */
	if (session->lines)
		lines_shown(session->lines, written, size - queue->size);
	if (session->screen_error != 0)
		queue_clear(queue);
}

/*
 * Returns false where the terminal's new mode, and so what comes behind it, has to wait for what is
 * still to be shown.
 */
static bool set_mode(struct session *session)
{
	if (modes_set(session) || session->reading_line)
		return true;
	write_screen(session);
	return modes_set(session);
}

static bool takes_input(const struct session *session)
{
	return session->fault[0] == '\0' && session->error == 0 && session->screen_error == 0 &&
	       session->to_screen.size < QUEUE_ENOUGH && session->to_network.size < QUEUE_ENOUGH;
}

void relay_input(struct session *session)
{
	size_t at = 0;

	while (takes_input(session) && (at < session->input_size || nvt_is_holding(session->nvt))) {
		const char *bytes = session->input + at;
		size_t size = session->input_size - at;
		bool was_telnet = session->telnet, continues = nvt_is_holding(session->nvt);
		size_t taken = 0;

		if (continues)
			telnet_continues(session);
		else
			taken = was_telnet ? telnet_came(session, bytes, size)
					   : text_came(session, bytes, size);
		at += taken;
		if (taken == 0 && !continues && session->telnet == was_telnet)
			break;
		if (!set_mode(session))
			break;
	}
	session->input_size -= at;
	memmove(session->input, session->input + at, session->input_size);
}

static void receive(struct session *session)
{
	ssize_t size = recv(session->socket, session->input + session->input_size,
			    sizeof(session->input) - session->input_size, MSG_DONTWAIT);

	session->heard = clock_ms();
	if (size > 0)
		session->input_size += (size_t)size;
	else if (size == 0)
		session->server_ended = true;
	else if (errno != EAGAIN && errno != EINTR)
		session->error = errno;
}

/* A Synch is on its way: what has not been shown yet is stale. */
static void urgent_came(struct session *session)
{
	nvt_urgent(session->nvt);
	queue_clear(&session->to_screen);
}

/* --- what goes ---------------------------------------------------------------------------- */

static void send_queue(struct session *session)
{
	int error = queue_send(&session->to_network, session->socket);

	if (error == 0)
		return;
	/* The server may have said something before it closed: that is read on. */
	queue_clear(&session->to_network);
	session->keys_size = 0;
	session->input_ended = session->half_closed = session->cut_off = true;
}

static void half_close(struct session *session)
{
	if (!session->input_ended || session->half_closed || session->to_network.size > 0 ||
	    session->keys_size > 0)
		return;
	shutdown(session->socket, SHUT_WR);
	session->half_closed = true;
	session->heard = clock_ms();
}

/* --- the keyboard ------------------------------------------------------------------------- */

static void read_keys(struct session *session, short events)
{
	char bytes[SESSION_LINE_SIZE];
	ssize_t size = read(STDIN_FILENO, bytes, sizeof(bytes));

	if (size > 0) {
		keys_add(session, bytes, (size_t)size);
		session->keys_came = true;
		return;
	}
	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (!terminal_is_there()) {
		session_end_input(session);
		return;
	}
	if (size == 0 && session->mode.edit && !(events & POLLHUP))
		session_end_input(session);
	else
		session->closed = true; /* the terminal has gone */
}

/* --- silence ------------------------------------------------------------------------------ */

/*
 * Whether the server's silence ends the session: nothing was piped in, so the server is only asked
 * whether it is there. While the screen takes nothing the server is not read, so it is not silent.
 */
static bool awaits_silence(const struct session *session)
{
	return session->half_closed && !session->keys_came && !terminal_is_there() &&
	       session->to_screen.size == 0;
}

/*
 * Whether something that came waits, though the queues have emptied since: nothing else would tell
 * when to go on with it. What is still to be shown does; a new mode may wait for that.
 */
static bool can_go_on(const struct session *session)
{
	size_t most = session->telnet || session->server_ended ? 0 : 1;

	return takes_input(session) && session->to_screen.size == 0 &&
	       (session->input_size > most || nvt_is_holding(session->nvt));
}

/* How long to wait in milliseconds; -1: for ever. */
static int time_until_silence(const struct session *session)
{
	long long left = session->heard + SILENCE_MS - clock_ms();

	if (!awaits_silence(session))
		return -1;
	return left > 0 ? (int)left : 0;
}

/* --- a turn ------------------------------------------------------------------------------- */

static bool wants_keys(const struct session *session)
{
	return !session->input_ended && session->keys_size + SESSION_LINE_SIZE <= SESSION_KEYS_SIZE;
}

static bool wants_input(const struct session *session)
{
	/* A text server's IAC waits for the byte behind it. */
	size_t most = session->telnet ? 0 : 1;

	return !session->server_ended && session->input_size <= most &&
	       session->to_screen.size < QUEUE_ENOUGH && session->to_network.size < QUEUE_ENOUGH;
}

static void fill_polled(const struct session *session, struct pollfd polled[POLLED])
{
	/* Of a connection that is broken poll(2) tells without being asked, again and again. */
	bool watches_urgent = session->telnet && !nvt_is_discarding(session->nvt) &&
			      (!session->hung_up || wants_input(session));
	int socket_events = (wants_input(session) ? POLLIN : 0) |
			    (session->to_network.size > 0 ? POLLOUT : 0) |
			    (watches_urgent ? POLLPRI : 0);

	polled[POLLED_KEYS] = (struct pollfd){
		.fd = wants_keys(session) ? STDIN_FILENO : -1,
		.events = POLLIN,
	};
	polled[POLLED_SCREEN] = (struct pollfd){
		.fd = session->to_screen.size > 0 ? session->screen : -1,
		.events = POLLOUT,
	};
	polled[POLLED_SOCKET] = (struct pollfd){
		.fd = socket_events != 0 && !session->server_ended ? session->socket : -1,
		.events = (short)socket_events,
	};
}

void session_step(struct session *session)
{
	struct pollfd polled[POLLED];
	const short readable = POLLIN | POLLHUP | POLLERR | POLLNVAL;
	bool goes_on;
	int ready;

	nvt_flush(session->nvt); /* what was typed, too */
	half_close(session);
	fill_polled(session, polled);
	goes_on = can_go_on(session);
	ready = terminal_wait(polled, POLLED, goes_on ? 0 : time_until_silence(session));
	if (ready < 0) {
		if (errno != EINTR)
			session->error = errno;
		memset(polled, 0, sizeof(polled));
	}
	session->silent = ready == 0 && !goes_on;
	session_answer_requests(session);
	if (polled[POLLED_SOCKET].revents & POLLPRI)
		urgent_came(session);
	if ((polled[POLLED_SOCKET].revents & readable) && wants_input(session))
		receive(session);
	if (polled[POLLED_SOCKET].revents & (POLLHUP | POLLERR))
		session->hung_up = true;
	relay_input(session);
	if (polled[POLLED_SCREEN].revents != 0)
		write_screen(session);
	if (polled[POLLED_KEYS].revents & readable)
		read_keys(session, polled[POLLED_KEYS].revents);
	if (session->to_network.size > 0)
		send_queue(session);
	modes_set(session);
}
