/* SPDX-License-Identifier: ISC */
/*
 * What workers say to the monitor. What one may say, and when, is the table `hearings`; whatever
 * else it says ends it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "telnetd/log.h"
#include "telnetd/records.h"

/* Log lines that a worker may write for one session, and that it may say at all. */
#define LOG_LINES_MAX 20
#define LOG_LINES_SAID_MAX 1000

/* --- what workers say --------------------------------------------------------------------- */

static void refuse_login(struct login *login, const char *what, int error)
{
	char reason[MESSAGE_TEXT_SIZE];

	snprintf(reason, sizeof(reason), "%s: %s", what, strerror(-error));
	log_line(LOG_ERR, "event=refused session=%u peer=%s why=\"%s\"", login->number, login->peer,
		 reason);
	login->state = LOGIN_EXITED;
	pool_tell_text(login, MESSAGE_REFUSED, reason);
}

static pid_t start_program(struct login *login, const struct message_start *start, int slave)
{
	struct monitor *monitor = login->worker->monitor;
	struct program_request request;

	memset(&request, 0, sizeof(request)); /* what lies between its fields is sent, too */
	request.start = *start;
	memcpy(request.line, login->line, sizeof(request.line));
	memcpy(request.host, login->host, sizeof(request.host));
	request.address = login->address;
	request.recorded = monitor->sandbox->privileged;
	return pool_start_program(monitor, &request, slave);
}

/* Starts the login program on a new terminal. Returns its pid, and the master in *master. */
static pid_t open_terminal(struct login *login, const struct message_start *start, int *master)
{
	const struct pty_setup setup = {
		.columns = start->columns,
		.rows = start->rows,
		.transmit_speed = start->transmit_speed,
		.receive_speed = start->receive_speed,
		.echo = start->echo != 0,
	};
	struct pty pty = {.master = -1};
	pid_t pid = pty_open(&pty, &setup);

	if (pid != 0)
		return pid;
	memcpy(login->line, pty.line, sizeof(login->line));
	pid = start_program(login, start, pty.slave);
	close(pty.slave);
	if (pid < 0)
		close(pty.master);
	*master = pty.master;
	return pid;
}

static bool hear_start(struct login *login, struct message *message)
{
	struct worker *worker = login->worker;
	struct message answer = {.type = MESSAGE_TERMINAL, .session = login->number};
	int master = -1;
	pid_t pid;

	if (!program_may_start(worker->monitor->config, &message->start))
		return false;
	program_choose_terminal(&message->start);
	pid = open_terminal(login, &message->start, &master);
	if (pid < 0) {
		refuse_login(login, "cannot start a session", (int)pid);
		return true;
	}
	login->state = LOGIN_RUNNING;
	record_set_pid(worker->monitor, login, pid);
	log_line(LOG_INFO, "event=login session=%u peer=%s tty=%s pid=%d term=%s", login->number,
		 login->peer, login->line, (int)pid, message->start.terminal_type);
	pool_tell(worker, &answer, master);
	pool_refill(worker->monitor); /* while the program gets ready */
	return true;
}

static bool hear_log(struct login *login, struct message *message)
{
	if (!message_text_is_good(message->text.text, sizeof(message->text.text)))
		return false;
	/* It stands between quotes, and must not leave them. */
	for (char *quote = message->text.text; (quote = strchr(quote, '"'));)
		*quote = '\'';
	if (login->log_lines < LOG_LINES_MAX)
		log_line(LOG_NOTICE, "event=worker session=%u peer=%s text=\"%s\"", login->number,
			 login->peer, message->text.text);
	if (login->log_lines == LOG_LINES_MAX)
		log_line(LOG_WARNING, "event=worker session=%u peer=%s text=\"no more is logged\"",
			 login->number, login->peer);
	return ++login->log_lines <= LOG_LINES_SAID_MAX;
}

static void end_session(struct login *login, const char *why, uint64_t received, uint64_t sent)
{
	struct worker *worker = login->worker;
	struct monitor *monitor = worker->monitor;

	log_line(LOG_INFO,
		 "event=end session=%u peer=%s why=\"%s\" duration=%.3f received=%llu sent=%llu",
		 login->number, login->peer, why, record_age(login), (unsigned long long)received,
		 (unsigned long long)sent);
	record_detach(login);
	record_remove_when_over(monitor, login);
	if (worker->session_count == 0 && monitor->config->sessions_per_worker != 0)
		pool_dismiss(worker);
}

static bool hear_ended(struct login *login, struct message *message)
{
	static const char *const reasons[MESSAGE_ENDS] = {
		[MESSAGE_END_EXITED] = "program ended",
		[MESSAGE_END_CLOSED] = "closed by client",
		[MESSAGE_END_RESET] = "connection broken",
		[MESSAGE_END_LOGOUT] = "logout asked for",
		[MESSAGE_END_FAULT] = "protocol fault",
		[MESSAGE_END_REFUSED] = "refused",
		[MESSAGE_END_STOPPED] = "stopped",
		[MESSAGE_END_FAILED] = "failed",
	};
	const struct message_ended *ended = &message->ended;

	if (ended->why >= MESSAGE_ENDS)
		return false;
	end_session(login, reasons[ended->why], ended->received, ended->sent);
	return true;
}

/* What a worker may say of a session, and in which of its states. */
static const struct hearing {
	unsigned states;
	bool (*hear)(struct login *, struct message *);
} hearings[MESSAGE_TYPES] = {
	[MESSAGE_START] = {LOGIN_NEGOTIATING, hear_start},
	[MESSAGE_LOG] = {LOGIN_NEGOTIATING | LOGIN_RUNNING | LOGIN_EXITED, hear_log},
	[MESSAGE_ENDED] = {LOGIN_NEGOTIATING | LOGIN_RUNNING | LOGIN_EXITED, hear_ended},
};

/* Acts on a message; returns whether it was one that this worker may send now. */
static bool act_on(struct worker *worker, struct message *message)
{
	const struct hearing *hearing = &hearings[message->type];
	struct login *login = record_find(worker->monitor, message->session);

	return login && login->worker == worker && hearing->hear &&
	       (hearing->states & login->state) && hearing->hear(login, message);
}

enum heard hearing_take(struct worker *worker)
{
	struct message message;
	int descriptor, result;

	if (worker->channel < 0)
		return HEARD_NOTHING;
	result = message_receive(worker->channel, &message, &descriptor);
	if (result == -EAGAIN)
		return HEARD_NOTHING;
	if (result == 0)
		return HEARD_END;
	if (result == 1 && descriptor < 0 && act_on(worker, &message))
		return HEARD_MESSAGE;
	if (descriptor >= 0)
		close(descriptor);
	pool_lose(worker, "it broke the rules");
	return HEARD_NOTHING;
}
