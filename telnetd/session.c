/* SPDX-License-Identifier: ISC */
/*
 * One session: NEGOTIATING -> STARTING -> RELAYING -> DRAINING -> LINGERING. With modes.c the one
 * place that knows both nvt and pty; start.c knows nvt.
 *
 * Each event, of a descriptor, a timer or the monitor, does its bounded part and ends in
 * finish_turn, the one place where output is sent, interest in the descriptors is set anew, and a
 * session that is over is freed.
 */
#include "telnetd/session.h"

#include <errno.h>
#include <event2/event_struct.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "nvt/nvt.h"
#include "pty/pty.h"
#include "telnetd/foreign.h"
#include "telnetd/modes.h"
#include "telnetd/outgoing.h"
#include "telnetd/start.h"
#include "telnetd/typed.h"

/*
 * Bytes taken from the socket in a turn. A paste, in MB/s and server CPU s/GB, medians of 16: by
 * 4096 bytes 115 and 3.2, 6144 121 and 3.1, 8192 118 and 3.0, 16384 101 and 3.1; BusyBox telnetd
 * 120 and 3.6.
 */
#define RECEIVE_SIZE 6144UL

/* Output that waits for the client while its input is still read. */
#define OUTGOING_WAITING_MAX (16UL * 1024)

/*
 * What a client may have done in a turn by functions, and by changes of modes and special
 * characters. Each takes some system calls for its two bytes or more: of a turn of nothing else
 * the other sessions of a worker would notice.
 */
#define ACTS_MAX 64

/*
 * TIMING-MARKs that wait for what was typed before them, while more input is read: their answers
 * are sent in one turn, with those of what is read then.
 */
#define TIMING_MARKS_MAX 64

/*
 * The two reads of the terminal that a turn does, and their sizes with the status byte; one that is
 * not filled is the last. The kernel's worker sleeps when it has 4095 bytes ready: the first read
 * makes room and wakes it, and it fills up while the rest is read and sent. Together they leave
 * something, since epoll_wait(2) and read(2) wait for that worker where nothing is ready. A flood
 * of lines, in MB/s and server CPU s/GB, medians of 12: 500 and 3300 bytes 158 and 4.8, 300 and
 * 3500 160 and 4.7, 1000 and 2800 158 and 4.7, 2000 alone 144 and 5.4, 2000 and 2000 112 and 5.7;
 * BusyBox telnetd 164 and 5.4, a bare reader of 512 bytes 138 and 4.8.
 */
#define SCREEN_FIRST_SIZE 500UL
#define SCREEN_REST_SIZE 3300UL

/*
 * A turn that reads so much is one of a flow of output, which goes out in large segments (Nagle's
 * algorithm, RFC 1122 4.2.3.4) until it has paused for about as long as this.
 */
#define FLOW_SIZE 1024
static const struct timeval flow_pause = {0, 2000};

/* A client that waits for GA gets it when output has paused for so long. */
static const struct timeval go_ahead_pause = {0, 50000};

/* The most that the kernel holds of a terminal's output: what a program left behind at its end. */
#define SCREEN_LEFT_MAX (128UL * 1024)

/* How long NEGOTIATING, DRAINING and LINGERING last at most. */
static const struct timeval negotiation_time = {1, 0};
static const struct timeval drain_time = {10, 0};
static const struct timeval linger_time = {1, 0};

/* Wait this long for the rest of an escape sequence, or of a Synch, before typing what has come. */
static const struct timeval key_time = {0, 100000};

static const struct timeval at_once = {0, 0};

/* A half-closed client's program reads an end of file again and again, until it has been still. */
static const struct timeval end_of_file_time = {1, 0};
#define END_OF_FILES_MAX 30

/* How long a terminal that nobody has open is left alone: first, and, doubled each time, last. */
#define REOPEN_FIRST_US 5000
#define REOPEN_LAST_US 640000

_Static_assert(OUTGOING_WAITING_MAX + (TIMING_MARKS_MAX + TYPED_TURN_MAX) * NVT_ANSWER_FACTOR +
			       NVT_REQUEST_MAX +
			       (SCREEN_FIRST_SIZE + SCREEN_REST_SIZE + NVT_KEPT_MAX) *
				       NVT_SHOWN_FACTOR +
			       NVT_COMPRESSION_EXTRA(OUTGOING_SIZE) <=
		       OUTGOING_SIZE,
	       "a turn's answers and screen output fit");
_Static_assert(RECEIVE_SIZE <= TYPED_TURN_MAX && NVT_INFLATE_MAX <= TYPED_TURN_MAX,
	       "what a turn receives, or inflates, fits");

_Static_assert(TYPED_WAITING_MAX + (TYPED_TURN_MAX + NVT_KEPT_MAX) * NVT_TYPED_FACTOR <= TYPED_SIZE,
	       "what is typed in a turn fits");

enum session_state {
	SESSION_NEGOTIATING, /* until the client has told what it is */
	SESSION_STARTING, /* until the monitor has started the login program */
	SESSION_RELAYING,
	SESSION_DRAINING, /* it has ended: what it left on the terminal is sent */
	SESSION_LINGERING, /* all is sent: until the client closes, too */
};

/* Descriptors that the session wants to hear of, as bits of session.interest. */
enum interest {
	WANTS_SOCKET_READ = 1 << 0,
	WANTS_SOCKET_WRITE = 1 << 1,
	WANTS_MASTER_READ = 1 << 2,
	WANTS_MASTER_WRITE = 1 << 3,
};

#define INTERESTS 4

/* What a turn reads of the socket or of the terminal: a process does one turn at a time. */
static char bytes_read[RECEIVE_SIZE > SCREEN_REST_SIZE ? RECEIVE_SIZE : SCREEN_REST_SIZE];

_Static_assert(SCREEN_FIRST_SIZE <= sizeof(bytes_read), "what the first read brings fits");

struct session {
	struct session_host *host;
	uint32_t number;
	enum session_state state;
	int socket;
	int master; /* -1: none (any more) */
	struct nvt *nvt;
	struct event events[INTERESTS];
	unsigned interest; /* enum interest: which of the events are added */
	struct event timer; /* of the state, of a half-closed client or of a key: on_timer */
	struct event flow; /* pending while output flows */
	struct event held; /* pending while nvt holds what came, and it can be taken */
	struct event reopened; /* pending while nobody has the slave open */
	int reopen_us; /* how long it was pending last; 0: the slave is open */
	struct event go_ahead; /* pending since output came for a client that waits for GA */
	struct event line; /* pending while a line waits for the one before to be read */
	struct modes modes;
	struct outgoing outgoing;
	struct typed typed;
	struct foreign foreign; /* what a client that speaks no TELNET sent first */
	uint64_t received;
	unsigned acts; /* in this turn, up to ACTS_MAX */
	unsigned timing_marks; /* to be answered once what was typed has gone */
	size_t screen_left; /* what may still be read while draining */
	unsigned end_of_files; /* typed for a client that has half-closed */
	bool flowing; /* since flow was added */
	bool half_closed;
	bool go_ahead_due; /* after a pause, once the client has taken all of the output */
	bool has_turn; /* the program: since the start, or the last line that was typed */
	bool encoding_screen; /* what nvt sends now is output of the terminal */
	bool over;
	enum message_end why;
	bool echo; /* of the terminal, and its size, as START said */
	unsigned short columns;
	unsigned short rows;
};

/* --- the end ------------------------------------------------------------------------------ */

static void end_session(struct session *session, enum message_end why)
{
	if (session->over)
		return;
	session->over = true;
	session->why = why;
}

/* A client that had said that it sends no more, and now hears no more either, has only closed. */
static void end_broken(struct session *session)
{
	end_session(session, session->half_closed ? MESSAGE_END_CLOSED : MESSAGE_END_RESET);
}

static void log_text(struct session *session, const char *text)
{
	struct message message = {.type = MESSAGE_LOG, .session = session->number};

	snprintf(message.text.text, sizeof(message.text.text), "%s", text);
	for (char *c = message.text.text; *c != '\0'; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	message_send_waiting(session->host->channel, &message, -1);
}

static void fail_session(struct session *session, const char *what, int error)
{
	char text[MESSAGE_TEXT_SIZE];

	if (session->over)
		return;
	snprintf(text, sizeof(text), "%s: %s", what, strerror(error));
	log_text(session, text);
	end_session(session, MESSAGE_END_FAILED);
}

static void close_master(struct session *session)
{
	event_del(&session->reopened);
	event_del(&session->go_ahead);
	event_del(&session->line);
	if (session->master < 0)
		return;
	event_del(&session->events[2]);
	event_del(&session->events[3]);
	session->interest &= ~(unsigned)(WANTS_MASTER_READ | WANTS_MASTER_WRITE);
	close(session->master);
	session->master = -1;
}

void session_free(struct session *session)
{
	close_master(session);
	event_del(&session->events[0]);
	event_del(&session->events[1]);
	event_del(&session->timer);
	event_del(&session->flow);
	event_del(&session->held);
	/* A process that has a copy of the socket would keep it there. */
	epoll_ctl(session->host->attention, EPOLL_CTL_DEL, session->socket, NULL);
	close(session->socket);
	nvt_free(session->nvt);
	outgoing_free(&session->outgoing);
	typed_drop(&session->typed);
	free(session);
}

static void report_end(struct session *session)
{
	struct session_host *host = session->host;
	const struct message message = {.type = MESSAGE_ENDED,
					.session = session->number,
					.ended = {.why = session->why,
						  .received = session->received,
						  .sent = session->outgoing.sent}};

	host->over(host, session->number);
	session_free(session);
	message_send_waiting(host->channel, &message, -1);
}

/*
 * Nobody has the slave open for the moment, as when login(1) hangs up its own terminal; the end
 * comes as EXITED. Until the next look the master would be reported as hung up without end.
 */
static void wait_for_reopening(struct session *session)
{
	struct timeval wait = {0};

	if (session->reopen_us == 0)
		session->reopen_us = REOPEN_FIRST_US;
	else if (session->reopen_us < REOPEN_LAST_US)
		session->reopen_us *= 2;
	wait.tv_usec = session->reopen_us;
	evtimer_add(&session->reopened, &wait);
}

/* --- keyboard: what the user types -------------------------------------------------------- */

/* What waits until the terminal has taken all that was typed before. */
static void after_typed(struct session *session)
{
	for (; session->timing_marks > 0 && !session->over; session->timing_marks--)
		nvt_send_timing_mark(session->nvt);
}

static void drop_typed(struct session *session)
{
	typed_drop(&session->typed);
	event_del(&session->line);
	after_typed(session);
}

/* In line mode what is left is the next line's, and the program has not read the last. */
static void write_typed(struct session *session)
{
	struct typed *typed = &session->typed;
	size_t part =
		modes_next_part(&session->modes, session->master, typed, session->half_closed);
	int result;

	modes_keep(&session->modes, session->master);
	result = typed_write(typed, session->master, part);
	if (result == -EIO)
		wait_for_reopening(session);
	else if (typed->size == 0)
		after_typed(session);
	else if (result == 0)
		evtimer_add(&session->line, modes_wait_for_line(&session->modes));
}

/* A terminal that took less the last time, or is not open, is tried again in its own time. */
static void write_typed_unless_full(struct session *session)
{
	if (session->typed.size > 0 && !(session->interest & WANTS_MASTER_WRITE) &&
	    !evtimer_pending(&session->reopened, NULL) && !evtimer_pending(&session->line, NULL))
		write_typed(session);
}

/* Adds to what is written at the end of the turn, or before a function that comes after it. */
static void type(struct session *session, const char *bytes, size_t size)
{
	size_t before = session->typed.size;
	int result;

	if (session->state > SESSION_RELAYING)
		return;
	result = typed_add(&session->typed, bytes, size);
	if (session->modes.external && result == 0)
		modes_map_typed(&session->modes, session->typed.bytes + before, size);
	if (result != 0)
		fail_session(session, "what was typed", -result);
}

/* --- control functions -------------------------------------------------------------------- */

/*
 * Output that its user has thrown away goes no further, and the client drops its own part. What is
 * compressed cannot be dropped, here or there: the rest would be none without it.
 */
static void drop_screen(struct session *session)
{
	outgoing_drop_screen(&session->outgoing);
	if (nvt_peer(session->nvt)->answered)
		nvt_send_synch(session->nvt);
	nvt_restart_screen(session->nvt);
}

static void control_terminal(struct session *session, enum pty_control control)
{
	char character;
	int result = pty_control(session->master, control, &character);

	if (result == 1)
		type(session, &character, 1);
	if (result == 1 && control == PTY_EOF && session->modes.external &&
	    typed_mark_end_of_file(&session->typed) != 0)
		fail_session(session, "what was typed", ENOMEM);
	if (result == 2) {
		drop_typed(session);
		drop_screen(session);
	}
}

/* So much that the client has asked for is enough for one turn: the rest waits for the next. */
static void count_act(struct session *session)
{
	if (++session->acts >= ACTS_MAX)
		nvt_pause(session->nvt);
}

static void on_function(void *owner, enum nvt_function function)
{
	struct session *session = owner;
	enum pty_control control;

	if (session->state != SESSION_RELAYING)
		return; /* there is no program yet, or no more */
	count_act(session);
	write_typed_unless_full(session);
	if (function == NVT_ABORT_OUTPUT) {
		pty_discard_output(session->master);
		drop_screen(session);
		return;
	}
	if (modes_find_control(function, &control))
		control_terminal(session, control);
}

/* --- what nvt tells ----------------------------------------------------------------------- */

static void on_to_network(void *owner, const char *bytes, size_t size, bool urgent)
{
	struct session *session = owner;
	bool screen = session->encoding_screen && !nvt_is_compressing(session->nvt);
	int result = outgoing_add(&session->outgoing, bytes, size, screen, urgent);

	if (result != 0)
		fail_session(session, "what is to be sent", -result);
}

/*
 * Output after a line may be a program's answer; after other bytes it is mostly their echo. Some
 * clients answer GA with bytes: no other GA may follow their echo.
 */
static void note_turn(struct session *session, const char *bytes, size_t size)
{
	session->has_turn = memchr(bytes, '\r', size) || memchr(bytes, '\n', size);
}

/* Nothing behind the beginning of another protocol is typed: a web page may have chosen it. */
static void on_to_terminal(void *owner, const char *bytes, size_t size)
{
	struct session *session = owner;
	const char *protocol = NULL;
	char text[MESSAGE_TEXT_SIZE];

	if (session->over)
		return;
	if (!nvt_peer(session->nvt)->answered)
		protocol = foreign_protocol(&session->foreign, bytes, size);
	if (!protocol) {
		note_turn(session, bytes, size);
		type(session, bytes, size);
		return;
	}
	snprintf(text, sizeof(text), "the client speaks %s, not TELNET", protocol);
	log_text(session, text);
	end_session(session, MESSAGE_END_FAULT);
}

static void on_window(void *owner, unsigned short columns, unsigned short rows)
{
	struct session *session = owner;

	if (session->state == SESSION_RELAYING && columns > 0 && rows > 0)
		pty_set_window(session->master, columns, rows);
}

static void on_mode(void *owner, const struct nvt_mode *mode)
{
	struct session *session = owner;
	bool was_external = session->modes.external;

	count_act(session);
	if (session->state != SESSION_RELAYING)
		return;
	write_typed_unless_full(session);
	modes_agree(&session->modes, session->master, mode);
	if (!was_external)
		modes_map_typed(&session->modes, session->typed.bytes, session->typed.size);
}

/* Without EXTPROC not every change of the terminal's modes is told. */
static void on_terminal_wanted(void *owner)
{
	struct session *session = owner;

	count_act(session);
	if (session->state == SESSION_RELAYING)
		modes_follow(&session->modes, session->master, session->nvt);
}

static void on_specials(void *owner, const unsigned char special[NVT_SPECIALS])
{
	struct session *session = owner;

	count_act(session);
	if (session->state == SESSION_RELAYING)
		modes_set_specials(&session->modes, session->master, special);
}

static void on_timing_mark(void *owner)
{
	struct session *session = owner;

	if (session->typed.size > 0)
		session->timing_marks++;
	else
		nvt_send_timing_mark(session->nvt);
}

static void on_logout(void *owner)
{
	end_session(owner, MESSAGE_END_LOGOUT);
}

static void on_fault(void *owner, enum nvt_fault fault, const char *text)
{
	struct session *session = owner;

	(void)fault;
	log_text(session, text);
	end_session(session, MESSAGE_END_FAULT);
}

/* --- starting the login program ----------------------------------------------------------- */

static void start_program(struct session *session)
{
	struct message message = {.type = MESSAGE_START, .session = session->number};

	start_fill(&message.start, nvt_peer(session->nvt), nvt_mode(session->nvt)->echo,
		   session->host->accept_environment);
	session->echo = message.start.echo;
	session->columns = message.start.columns;
	session->rows = message.start.rows;
	if (message_send_waiting(session->host->channel, &message, -1) != 0)
		end_session(session, MESSAGE_END_FAILED);
	session->state = SESSION_STARTING;
}

static void on_settled(void *owner)
{
	struct session *session = owner;

	if (session->state != SESSION_NEGOTIATING)
		return;
	event_del(&session->timer);
	start_program(session);
}

static const struct nvt_events nvt_events = {
	.to_network = on_to_network,
	.to_terminal = on_to_terminal,
	.function = on_function,
	.window = on_window,
	.settled = on_settled,
	.mode = on_mode,
	.terminal_wanted = on_terminal_wanted,
	.specials = on_specials,
	.timing_mark = on_timing_mark,
	.logout = on_logout,
	.fault = on_fault,
};

/* --- turns -------------------------------------------------------------------------------- */

/* Whether a turn may take more of what the client has sent. */
static bool takes_input(const struct session *session)
{
	return session->state < SESSION_DRAINING &&
	       outgoing_waiting(&session->outgoing) <= OUTGOING_WAITING_MAX &&
	       session->timing_marks < TIMING_MARKS_MAX &&
	       (session->typed.size == 0 ||
		(session->typed.size < TYPED_WAITING_MAX &&
		 (session->state < SESSION_RELAYING || nvt_is_discarding(session->nvt) ||
		  evtimer_pending(&session->line, NULL))));
}

static unsigned wanted(const struct session *session)
{
	bool all_sent = outgoing_waiting(&session->outgoing) == 0;
	bool reads_input = takes_input(session) && !nvt_is_holding(session->nvt);
	bool open = session->master >= 0 && !evtimer_pending(&session->reopened, NULL);
	unsigned wants = 0;

	if (!session->half_closed && (reads_input || session->state == SESSION_LINGERING))
		wants |= WANTS_SOCKET_READ;
	if (!all_sent)
		wants |= WANTS_SOCKET_WRITE;
	if (open && all_sent)
		wants |= WANTS_MASTER_READ;
	if (open && session->typed.size > 0 && !evtimer_pending(&session->line, NULL))
		wants |= WANTS_MASTER_WRITE;
	return wants;
}

static void set_interest(struct session *session)
{
	unsigned wants = wanted(session);

	for (size_t i = 0; i < INTERESTS; i++) {
		unsigned bit = 1U << i;

		if ((wants & bit) && !(session->interest & bit))
			event_add(&session->events[i], NULL);
		if (!(wants & bit) && (session->interest & bit))
			event_del(&session->events[i]);
	}
	session->interest = wants;
	if (nvt_is_holding(session->nvt) && takes_input(session))
		evtimer_add(&session->held, &at_once);
	/* An empty terminal that somebody has open says nothing: only a read tells its end. */
	if (session->state == SESSION_DRAINING && (wants & WANTS_MASTER_READ))
		event_active(&session->events[2], EV_READ, 0);
}

/* All is sent that will be: say so to the client, and let it close first. */
static void linger(struct session *session)
{
	session->state = SESSION_LINGERING;
	event_del(&session->timer);
	evtimer_add(&session->timer, &linger_time);
	shutdown(session->socket, SHUT_WR);
	if (session->half_closed)
		end_session(session, session->why);
}

static void send_outgoing(struct session *session)
{
	int result = outgoing_send(&session->outgoing, session->socket);

	if (result != 0 && result != -EAGAIN)
		end_broken(session);
	if (result == 0 && session->go_ahead_due && session->state == SESSION_RELAYING) {
		session->go_ahead_due = false;
		evtimer_add(&session->go_ahead, &go_ahead_pause);
	}
	if (result == 0 && session->state == SESSION_DRAINING && session->master < 0)
		linger(session);
}

static void finish_turn(struct session *session)
{
	session->acts = 0;
	if (session->state == SESSION_RELAYING)
		write_typed_unless_full(session);
	if (session->over)
		nvt_finish(session->nvt);
	else
		nvt_flush(session->nvt);
	if (session->state != SESSION_LINGERING)
		send_outgoing(session);
	if (session->over)
		report_end(session);
	else
		set_interest(session);
}

/* From here on only what is left on the terminal is sent. */
static void drain(struct session *session, enum message_end why)
{
	session->state = SESSION_DRAINING;
	session->why = why;
	session->screen_left = SCREEN_LEFT_MAX;
	drop_typed(session);
	event_del(&session->timer);
	event_del(&session->reopened);
	event_del(&session->go_ahead);
	event_del(&session->line);
	evtimer_add(&session->timer, &drain_time);
}

/* Shows the user a line, and ends the session once it is sent. */
static void say_goodbye(struct session *session, const char *text, enum message_end why)
{
	char line[MESSAGE_TEXT_SIZE + 32];
	int size = snprintf(line, sizeof(line), "\r\ntelnetd: %s\r\n", text);

	nvt_from_terminal(session->nvt, line, (size_t)size);
	drain(session, why);
	nvt_finish(session->nvt);
	close_master(session);
}

/* --- events of the socket ----------------------------------------------------------------- */

/* Types the end of file; a program that does not end by it gets it again, but not for ever. */
static void type_end_of_file(struct session *session)
{
	evtimer_add(&session->timer, &end_of_file_time);
	if (session->state != SESSION_RELAYING || session->typed.size > 0)
		return;
	if (session->end_of_files++ == END_OF_FILES_MAX)
		end_session(session, MESSAGE_END_CLOSED);
	else
		control_terminal(session, PTY_EOF);
}

/*
 * The client will send no more. It may still listen (nc -N); one that speaks TELNET is asked, by a
 * NOP that a closed connection answers with a reset.
 */
static void half_close(struct session *session)
{
	session->half_closed = true;
	if (session->state == SESSION_LINGERING) {
		end_session(session, session->why);
		return;
	}
	if (nvt_peer(session->nvt)->answered)
		nvt_send_function(session->nvt, NVT_NO_OPERATION);
	nvt_tick(session->nvt);
	nvt_release_key(session->nvt);
	if (session->state <= SESSION_RELAYING)
		type_end_of_file(session);
}

/* Once there is a program; what is half-closed is released at once. */
static void await_rest_of_key(struct session *session)
{
	if (session->state == SESSION_RELAYING && !session->half_closed &&
	    nvt_holds_key(session->nvt))
		evtimer_add(&session->timer, &key_time);
}

static void tell_time(struct session *session)
{
	struct timeval now;

	if (!nvt_is_inflating(session->nvt))
		return;
	event_base_gettimeofday_cached(session->host->base, &now);
	nvt_set_time(session->nvt, (unsigned long long)now.tv_sec * 1000 +
					   (unsigned long long)now.tv_usec / 1000);
}

/* What came, or expands to, is more than a turn takes: a turn of each of the others between. */
static void on_held(evutil_socket_t fd, short what, void *context)
{
	struct session *session = context;

	(void)fd;
	(void)what;
	if (takes_input(session)) {
		tell_time(session);
		nvt_continue(session->nvt);
		await_rest_of_key(session);
	}
	finish_turn(session);
}

/* Takes what the client has sent, a turn's worth at most. */
static void receive(struct session *session)
{
	size_t room = RECEIVE_SIZE;
	ssize_t size;

	if (session->state < SESSION_RELAYING) /* takes_input: there is room */
		room = TYPED_WAITING_MAX - session->typed.size;
	size = recv(session->socket, bytes_read, room, MSG_DONTWAIT);
	if (size > 0 && session->state != SESSION_LINGERING) {
		session->received += (uint64_t)size;
		tell_time(session);
		nvt_from_network(session->nvt, bytes_read, (size_t)size);
		await_rest_of_key(session);
	} else if (size == 0) {
		half_close(session);
	} else if (size < 0 && errno != EAGAIN && errno != EINTR) {
		end_broken(session);
	}
}

static void on_socket_read(evutil_socket_t socket, short what, void *context)
{
	(void)socket;
	(void)what;
	receive(context);
	finish_turn(context);
}

static void on_socket_write(evutil_socket_t socket, short what, void *context)
{
	(void)socket;
	(void)what;
	finish_turn(context);
}

/*
 * The urgent mark of a client that compresses stands somewhere in its compressed bytes: how far
 * data is dropped, the DM tells in any case.
 */
void session_attend(struct session *session, bool urgent, bool broken)
{
	if (urgent && session->state == SESSION_RELAYING) {
		drop_typed(session);
		nvt_urgent(session->nvt);
	}
	if (broken && session->state != SESSION_LINGERING)
		end_broken(session);
	else if (broken)
		end_session(session, session->why);
	finish_turn(session);
}

/* --- events of the terminal --------------------------------------------------------------- */

/*
 * Not by setsockopt(3): on 32-bit x86 and s390x the GNU C library makes that a socketcall(2), whose
 * arguments the worker's filter cannot see.
 */
static void set_nodelay(struct session *session, int nodelay)
{
	syscall(SYS_setsockopt, session->socket, IPPROTO_TCP, TCP_NODELAY, &nodelay,
		sizeof(nodelay));
}

static void note_flow(struct session *session)
{
	session->flowing = true;
	if (evtimer_pending(&session->flow, NULL))
		return;
	set_nodelay(session, 0);
	evtimer_add(&session->flow, &flow_pause);
}

/* Once output has paused, TCP_NODELAY sends what was held back, and single keys at once. */
static void on_flow(evutil_socket_t fd, short what, void *context)
{
	struct session *session = context;

	(void)fd;
	(void)what;
	if (session->flowing)
		evtimer_add(&session->flow, &flow_pause);
	else
		set_nodelay(session, 1);
	session->flowing = false;
}

/* The last output of all has been read. */
static void end_screen(struct session *session)
{
	nvt_finish(session->nvt);
	close_master(session);
}

/* Output has paused: once all of it is on its way, it is the client's turn (RFC 858). */
static void on_go_ahead(evutil_socket_t fd, short what, void *context)
{
	struct session *session = context;

	(void)fd;
	(void)what;
	session->go_ahead_due = outgoing_waiting(&session->outgoing) > 0;
	if (!session->go_ahead_due && nvt_awaits_go_ahead(session->nvt))
		nvt_send_function(session->nvt, NVT_GO_AHEAD);
	finish_turn(session);
}

/* Reads `room` bytes at most, with the status; returns how many bytes of output there were. */
static size_t read_screen(struct session *session, size_t room)
{
	struct pty_status status;
	ssize_t size = pty_read(session->master, bytes_read, room, &status);
	bool draining = session->state == SESSION_DRAINING;

	if (size < 0) {
		if (draining)
			end_screen(session);
		else if (size != -EAGAIN)
			wait_for_reopening(session);
		return 0;
	}
	if (session->reopen_us > 0)
		modes_keep(&session->modes, session->master);
	session->reopen_us = 0;
	if (status.flushed_output)
		drop_screen(session);
	if (status.changed_modes && !draining)
		modes_follow(&session->modes, session->master, session->nvt);
	session->encoding_screen = true;
	nvt_from_terminal(session->nvt, bytes_read + 1, (size_t)size);
	session->encoding_screen = false;
	if (size > 0 && session->half_closed)
		session->end_of_files = 0;
	if (draining && (size_t)size >= session->screen_left) {
		end_screen(session);
		return 0;
	}
	if (draining)
		session->screen_left -= (size_t)size;
	return (size_t)size;
}

static void on_master_read(evutil_socket_t master, short what, void *context)
{
	struct session *session = context;
	size_t size;

	(void)master;
	(void)what;
	modes_keep(&session->modes, master);
	size = read_screen(session, SCREEN_FIRST_SIZE);
	if (size == SCREEN_FIRST_SIZE - 1)
		size += read_screen(session, SCREEN_REST_SIZE);
	if (size >= FLOW_SIZE)
		note_flow(session);
	if (size > 0 && session->state == SESSION_RELAYING && session->has_turn &&
	    nvt_awaits_go_ahead(session->nvt))
		evtimer_add(&session->go_ahead, &go_ahead_pause);
	finish_turn(session);
}

static void on_master_write(evutil_socket_t master, short what, void *context)
{
	struct session *session = context;

	(void)master;
	(void)what;
	write_typed(session);
	if (!session->over && (wanted(session) & WANTS_SOCKET_READ))
		receive(session);
	finish_turn(session);
}

static void on_line(evutil_socket_t fd, short what, void *context)
{
	struct session *session = context;

	(void)fd;
	(void)what;
	if (session->state == SESSION_RELAYING)
		write_typed(session);
	finish_turn(session);
}

/* Whether it is open again, the next read tells. */
static void on_reopened(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	finish_turn(context);
}

/* --- time --------------------------------------------------------------------------------- */

static void on_timer(evutil_socket_t fd, short what, void *context)
{
	struct session *session = context;

	(void)fd;
	(void)what;
	if (session->state == SESSION_NEGOTIATING)
		nvt_tick(session->nvt);
	else if (session->state >= SESSION_DRAINING)
		end_session(session, session->why);
	else if (session->half_closed)
		type_end_of_file(session);
	else if (nvt_holds_key(session->nvt) && !nvt_is_holding(session->nvt))
		nvt_release_key(session->nvt);
	finish_turn(session);
}

/* --- what the monitor says ---------------------------------------------------------------- */

static void take_terminal(struct session *session, int master)
{
	const struct nvt_peer *peer = nvt_peer(session->nvt);

	session->master = master;
	session->state = SESSION_RELAYING;
	event_assign(&session->events[2], session->host->base, master, EV_READ | EV_PERSIST,
		     on_master_read, session);
	event_assign(&session->events[3], session->host->base, master, EV_WRITE | EV_PERSIST,
		     on_master_write, session);
	/* What has changed since START was sent. */
	if (peer->columns != session->columns || peer->rows != session->rows)
		on_window(session, peer->columns, peer->rows);
	modes_begin(&session->modes, session->echo);
	modes_agree(&session->modes, master, nvt_mode(session->nvt));
	modes_follow(&session->modes, master, session->nvt);
	await_rest_of_key(session);
	if (session->half_closed)
		type_end_of_file(session);
}

void session_hear(struct session *session, const struct message *message, int descriptor)
{
	if (session->state >= SESSION_DRAINING) {
		if (descriptor >= 0)
			close(descriptor); /* which hangs the login program up */
		return;
	}
	switch (message->type) {
	case MESSAGE_TERMINAL:
		take_terminal(session, descriptor);
		break;
	case MESSAGE_REFUSED:
		say_goodbye(session, message->text.text, MESSAGE_END_REFUSED);
		break;
	case MESSAGE_EXITED:
		drain(session, MESSAGE_END_EXITED);
		break;
	case MESSAGE_STOP:
		say_goodbye(session, message->text.text, MESSAGE_END_STOPPED);
		break;
	default:
		break;
	}
	finish_turn(session);
}

/* --- the beginning ------------------------------------------------------------------------ */

static bool watch(struct session *session)
{
	struct event_base *base = session->host->base;
	struct epoll_event attention = {.events = EPOLLPRI | EPOLLET, .data.ptr = session};

	return event_assign(&session->events[0], base, session->socket, EV_READ | EV_PERSIST,
			    on_socket_read, session) == 0 &&
	       event_assign(&session->events[1], base, session->socket, EV_WRITE | EV_PERSIST,
			    on_socket_write, session) == 0 &&
	       evtimer_assign(&session->timer, base, on_timer, session) == 0 &&
	       evtimer_assign(&session->flow, base, on_flow, session) == 0 &&
	       evtimer_assign(&session->held, base, on_held, session) == 0 &&
	       evtimer_assign(&session->reopened, base, on_reopened, session) == 0 &&
	       evtimer_assign(&session->go_ahead, base, on_go_ahead, session) == 0 &&
	       evtimer_assign(&session->line, base, on_line, session) == 0 &&
	       epoll_ctl(session->host->attention, EPOLL_CTL_ADD, session->socket, &attention) == 0;
}

struct session *session_new(struct session_host *host, uint32_t number, int socket)
{
	static const enum nvt_compression compressions[] = {
		[CONFIG_NO] = NVT_COMPRESS_REFUSED,
		[CONFIG_YES] = NVT_COMPRESS_OFFERED,
		[CONFIG_ASK] = NVT_COMPRESS_WHEN_ASKED,
	};
	const struct nvt_setup setup = {.role = NVT_SERVER,
					.linemode = modes_linemode(host->linemode),
					.charset = host->charsets->terminal,
					.peer_charset = host->charsets->client,
					.charsets = host->charsets->agreeable,
					.compression = compressions[host->compress]};
	struct session *session = calloc(1, sizeof(*session));

	if (!session) {
		close(socket);
		return NULL;
	}
	session->host = host;
	session->number = number;
	session->socket = socket;
	session->master = -1;
	session->has_turn = true;
	session->nvt = nvt_new(&setup, &nvt_events, session);
	if (!session->nvt || !watch(session)) {
		session_free(session);
		return NULL;
	}
	evtimer_add(&session->timer, &negotiation_time);
	nvt_open(session->nvt);
	outgoing_send(&session->outgoing, socket);
	set_interest(session);
	return session;
}

uint32_t session_number(const struct session *session)
{
	return session->number;
}
