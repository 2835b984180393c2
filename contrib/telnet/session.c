/* SPDX-License-Identifier: ISC */
/*
 * A connection: how it begins, what its two ends tell, and how it ends. keys.c deals with what is
 * typed, modes.c with the terminal; relay.c moves the bytes.
 */
#include "contrib/telnet/session.h"

#include <arpa/telnet.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "contrib/telnet/charsets.h"
#include "contrib/telnet/keys.h"
#include "contrib/telnet/modes.h"
#include "contrib/telnet/relay.h"
#include "contrib/telnet/specials.h"
#include "contrib/telnet/text.h"

/* What is typed is sent in pieces of this size at most. */
#define TYPED_SIZE 512

#define TELOPT_COMPRESS2 86 /* <arpa/telnet.h> does not know it */

/* What pseudo-terminals say of themselves. */
#define SPEED 38400

/* How long whoever writes into a pipe may take to write more. */
#define WRITER_MS 500

void session_notice(const char *format, ...)
{
	FILE *file = terminal_is_there() ? stdout : stderr;
	va_list arguments;

	va_start(arguments, format);
	vfprintf(file, format, arguments);
	va_end(arguments);
	fflush(file);
}

/* --- events of the endpoint --------------------------------------------------------------- */

/* Compressed bytes can expand to more, in one call, than there is room for. */
static void pause_stream(struct session *session)
{
	if (nvt_is_inflating(session->nvt))
		nvt_pause(session->nvt);
}

static void on_to_network(void *owner, const char *bytes, size_t size, bool urgent)
{
	struct session *session = owner;

	/* Behind a half-close nothing can be answered. */
	if (session->half_closed)
		return;
	if (!queue_add(&session->to_network, bytes, size, urgent))
		snprintf(session->fault, sizeof(session->fault),
			 "the server takes no answers to what it asks");
	if (session->to_network.size >= QUEUE_ENOUGH)
		pause_stream(session);
}

static void on_traced(void *owner, bool sent, const char *bytes, size_t size)
{
	struct session *session = owner;

	if (!sent)
		trace_bytes(session->trace, TRACE_RECEIVED, bytes, size);
	else if (!session->half_closed)
		trace_bytes(session->trace, TRACE_SENT, bytes, size);
}

void session_show(struct session *session, const char *bytes, size_t size)
{
	char cooked[SESSION_INPUT_SIZE];
	bool is_cooked = session->mode.cooked && isatty(session->screen);

	while (is_cooked && size > 0) {
		size_t piece = size < sizeof(cooked) ? size : sizeof(cooked);

		queue_add(&session->to_screen, cooked, text_for_cooked(cooked, bytes, piece),
			  false);
		bytes += piece;
		size -= piece;
	}
	queue_add(&session->to_screen, bytes, size, false);
}

static void on_to_terminal(void *owner, const char *bytes, size_t size)
{
	struct session *session = owner;

	session_show(session, bytes, size);
	if (session->to_screen.size >= QUEUE_ENOUGH)
		pause_stream(session);
}

/* The terminal gets its new mode before it is shown what follows the command. */
static void on_mode(void *owner, const struct nvt_mode *mode)
{
	struct session *session = owner;

	(void)mode;
	pause_stream(session);
}

static void on_specials(void *owner, const unsigned char special[NVT_SPECIALS])
{
	struct session *session = owner;

	memcpy(session->special, special, sizeof(session->special));
}

static void on_fault(void *owner, enum nvt_fault fault, const char *text)
{
	struct session *session = owner;

	(void)fault;
	snprintf(session->fault, sizeof(session->fault), "the server breaks the protocol: %s",
		 text);
}

static const struct nvt_events events = {
	.to_network = on_to_network,
	.to_terminal = on_to_terminal,
	.traced = on_traced,
	.mode = on_mode,
	.specials = on_specials,
	.fault = on_fault,
};

/* --- beginning ---------------------------------------------------------------------------- */

/* A descriptor of its own for the terminal, so that others who share it are left in peace. */
static int open_screen(void)
{
	int screen = -1;

	if (isatty(STDOUT_FILENO))
		screen = open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return screen >= 0 ? screen : STDOUT_FILENO;
}

static struct nvt *new_endpoint(struct session *session)
{
	struct nvt_setup setup = {
		.role = NVT_CLIENT,
		.compression = NVT_COMPRESS_WHEN_ASKED,
		.expands_freely = true, /* as the screen takes it */
		.charset = charsets_local(),
		.charsets = charsets_agreeable(),
		.linemode = terminal_is_there() ? NVT_LINEMODE_WHEN_ASKED : NVT_LINEMODE_NO,
	};

	session->terminal_types[0] = getenv("TERM");
	setup.self.terminal_types = session->terminal_types;
	setup.self.display = variables_value(session->variables, "DISPLAY");
	setup.self.variable_count = variables_exported(session->variables, session->exported);
	setup.self.variables = session->exported;
	setup.self.transmit_speed = setup.self.receive_speed = SPEED;
	terminal_size(&setup.self.columns, &setup.self.rows);
	return nvt_new(&setup, &events, session);
}

void session_tell_specials(struct session *session)
{
	struct nvt_terminal terminal = {
		.edit = true,
		.trap_signals = true,
		.soft_tab = true,
		.literal_echo = true,
		.echo = true,
		.flow_control = true,
		.restart_any = true,
	};

	specials_from_terminal(terminal.special, terminal_characters());
	memcpy(session->special, terminal.special, sizeof(session->special));
	nvt_set_terminal(session->nvt, &terminal);
}

struct session *session_new(int socket, struct settings *settings, struct variables *variables,
			    struct trace *trace)
{
	struct session *session = calloc(1, sizeof(*session));

	if (!session)
		return NULL;
	session->settings = settings;
	session->variables = variables;
	session->trace = trace;
	session->nvt = new_endpoint(session);
	if (!session->nvt) {
		free(session);
		return NULL;
	}
	session->socket = socket;
	session->screen = open_screen();
	session->raw = settings->raw;
	session->at_line_start = true;
	return session;
}

void session_free(struct session *session)
{
	if (!session)
		return;
	lines_free(session->lines);
	nvt_free(session->nvt);
	close(session->socket);
	if (session->screen != STDOUT_FILENO)
		close(session->screen);
	free(session);
}

/* What a client that begins offers and asks for. */
static void offer(struct session *session)
{
	static const unsigned char local[] = {TELOPT_TTYPE, TELOPT_NAWS, TELOPT_TSPEED,
					      TELOPT_LFLOW, TELOPT_NEW_ENVIRON};

	nvt_ask_remote(session->nvt, TELOPT_SGA, true);
	for (size_t i = 0; i < sizeof(local); i++)
		nvt_ask_local(session->nvt, local[i], true);
}

void session_begin_telnet(struct session *session, bool with_offers)
{
	if (session->telnet)
		return;
	session->telnet = true;
	session->raw = false;
	if (terminal_is_there())
		session_tell_specials(session);
	nvt_open(session->nvt);
	if (with_offers)
		offer(session);
	if (session->settings->linemode && terminal_is_there())
		nvt_ask_local(session->nvt, TELOPT_LINEMODE, true);
	if (session->settings->binary_output)
		nvt_ask_local(session->nvt, TELOPT_BINARY, true);
	if (session->settings->binary_input)
		nvt_ask_remote(session->nvt, TELOPT_BINARY, true);
	modes_set(session);
}

bool session_begin_text(struct session *session)
{
	struct nvt *fresh;

	if (!session->telnet) {
		session->raw = true;
		return true;
	}
	if (nvt_is_remote_on(session->nvt, TELOPT_COMPRESS2))
		return false;
	fresh = new_endpoint(session);
	if (!fresh)
		return false;
	nvt_finish(session->nvt);
	nvt_free(session->nvt);
	session->nvt = fresh;
	session->telnet = false;
	session->raw = true;
	return true;
}

void session_tell_variables(struct session *session)
{
	size_t count = variables_exported(session->variables, session->exported);

	nvt_set_variables(session->nvt, session->exported, count);
	nvt_set_display(session->nvt, variables_value(session->variables, "DISPLAY"));
	session_flush(session);
}

bool session_is_alive(const struct session *session)
{
	return !session->closed && session->error == 0 && session->screen_error == 0 &&
	       session->fault[0] == '\0' && !session->silent &&
	       !(session->server_ended && session->input_size == 0 &&
		 !nvt_is_holding(session->nvt));
}

/* --- typing ------------------------------------------------------------------------------- */

static void type_text(struct session *session, const char *bytes, size_t size)
{
	char ended[TEXT_FACTOR * TYPED_SIZE];

	if (!session->settings->bare_lf) {
		size = text_end_lines(ended, bytes, size, &session->typed_cr);
		bytes = ended;
	}
	trace_text(session->trace, TRACE_SENT, bytes, size);
	queue_add(&session->to_network, bytes, size, false);
}

/* The Enter key as CR LF, where the user wants it so. */
static void type_with_crlf(struct session *session, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i] == '\r')
			nvt_from_terminal(session->nvt, "\r\n", 2);
		else
			nvt_from_keyboard(session->nvt, &bytes[i], 1);
}

static void type_telnet(struct session *session, const char *bytes, size_t size)
{
	if (!terminal_is_there())
		nvt_from_terminal(session->nvt, bytes, size);
	else if (session->settings->crlf && !session->mode.edit &&
		 !nvt_mode(session->nvt)->binary_output)
		type_with_crlf(session, bytes, size);
	else
		nvt_from_keyboard(session->nvt, bytes, size);
}

/* Waits for the server to take what was typed before; false: it will take no more. */
static bool wait_for_room(struct session *session)
{
	while (session_is_alive(session) && !session->half_closed) {
		if (session->to_network.size < QUEUE_ENOUGH)
			return true;
		session_step(session);
		keys_look_for_escape(session);
	}
	return false;
}

void session_type(struct session *session, const char *bytes, size_t size)
{
	while (size > 0 && wait_for_room(session)) {
		size_t piece = size < TYPED_SIZE ? size : TYPED_SIZE;

		if (session->telnet)
			type_telnet(session, bytes, piece);
		else
			type_text(session, bytes, piece);
		bytes += piece;
		size -= piece;
	}
}

void session_end_line(struct session *session)
{
	if (!session->telnet)
		session_type(session, "\n", 1);
	else if (wait_for_room(session))
		nvt_from_terminal(session->nvt, "\n", 1);
}

void session_flush(struct session *session)
{
	nvt_flush(session->nvt);
	if (queue_send(&session->to_network, session->socket) != 0)
		session->cut_off = true;
}

void session_end_input(struct session *session)
{
	if (terminal_is_there() && session->telnet) {
		if (nvt_mode(session->nvt)->line_mode)
			nvt_send_function(session->nvt, NVT_END_OF_FILE);
		else
			session_type(session, (const char *)&terminal_characters()[VEOF], 1);
		return;
	}
	session->input_ended = true;
	if (session->telnet)
		nvt_finish(session->nvt);
}

int session_take_key(struct session *session)
{
	int key;

	if (session->keys_size == 0)
		return -1;
	key = session->keys[0];
	memmove(session->keys, session->keys + 1, --session->keys_size * sizeof(*session->keys));
	return key;
}

/* --- signals ------------------------------------------------------------------------------ */

static void send_trapped(struct session *session, enum nvt_function function)
{
	nvt_send_function(session->nvt, function);
	if (session->settings->synch)
		nvt_send_synch(session->nvt);
	if (session->settings->flush)
		queue_clear(&session->to_screen);
}

static void resized(struct session *session)
{
	unsigned short columns, rows;

	terminal_size(&columns, &rows);
	nvt_send_window(session->nvt, columns, rows);
	if (session->lines)
		lines_resize(session->lines);
}

static void stop_client(struct session *session)
{
	terminal_stop_client();
	session->line_cancelled = true;
	session->mode_set = false;
}

void session_answer_requests(struct session *session)
{
	if (terminal_takes(TERMINAL_STOP))
		stop_client(session);
	if (terminal_takes(TERMINAL_SUSPEND)) {
		if (session->telnet)
			send_trapped(session, NVT_SUSPEND);
		else
			stop_client(session);
	}
	if (terminal_takes(TERMINAL_INTERRUPT)) {
		session->line_cancelled = true;
		if (session->telnet)
			send_trapped(session, NVT_INTERRUPT_PROCESS);
	}
	if (terminal_takes(TERMINAL_QUIT) && session->telnet)
		send_trapped(session, nvt_mode(session->nvt)->line_mode ? NVT_ABORT : NVT_BREAK);
	if (terminal_takes(TERMINAL_RESIZED))
		resized(session);
}

/* --- lines -------------------------------------------------------------------------------- */

/* Whether what is being typed has to go off the screen or may come back, or 0. */
static int place_of_line(const struct session *session)
{
	if (session->to_screen.size > 0)
		return lines_are_in_the_way(session->lines) ? LINES_GIVE_WAY : 0;
	return lines_are_away(session->lines) ? LINES_COME_BACK : 0;
}

static int next_key(void *owner)
{
	struct session *session = owner;

	while (session_is_alive(session) && modes_use_lines(session) && !session->line_cancelled) {
		int place = place_of_line(session);
		int key;

		if (place != 0)
			return place;
		key = session_take_key(session);
		if (keys_is_escape(session, key)) {
			session->escape_typed = true;
			return -1;
		}
		if (key >= 0) {
			session->at_line_start = false;
			return key & SESSION_KEY_BYTE;
		}
		session_step(session);
	}
	return -1;
}

static void read_line(struct session *session)
{
	enum lines_result result;
	const char *line;
	size_t size;

	if (!session->lines)
		session->lines = lines_new(NULL, next_key, session);
	if (!session->lines) {
		session->typing = SESSION_CHARACTERS;
		return;
	}
	session->line_cancelled = session->escape_typed = false;
	session->at_line_start = true;
	session->reading_line = true;
	result = lines_read(session->lines, &line, &size);
	session->reading_line = false;
	/* Without an editor what was typed before either of these comes back as a line. */
	if (session->escape_typed) {
		session_notice("\n");
		keys_escape_typed(session);
	} else if (session->line_cancelled) {
		session_notice("\n");
	} else if (result == LINES_READ) {
		session_type(session, line, size);
		session_end_line(session);
	} else if (result == LINES_END) {
		session_end_input(session);
	} else if (session->telnet) {
		session_type(session, line, size); /* its other end will be read in another way */
	}
}

/* --- the whole of it ---------------------------------------------------------------------- */

/* What the system has taken and not sent: a server that reads no more never gets it. */
static bool is_unsent_in_socket(const struct session *session)
{
	int unsent = 0;

	return ioctl(session->socket, SIOCOUTQNSD, &unsent) == 0 && unsent > 0;
}

/*
 * Whether something is left that nobody will send. A pipe that has brought something is given time:
 * its writer may only be slower than the client.
 */
static bool is_input_left(const struct session *session)
{
	struct pollfd keys = {.fd = STDIN_FILENO, .events = POLLIN};
	char byte;

	if (session->cut_off || session->keys_size > 0 || session->to_network.size > 0 ||
	    is_unsent_in_socket(session))
		return true;
	return !session->input_ended && poll(&keys, 1, session->keys_came ? WRITER_MS : 0) > 0 &&
	       (keys.revents & POLLIN) && read(STDIN_FILENO, &byte, 1) > 0;
}

static bool was_in_order(const struct session *session)
{
	if (session->screen_error != 0)
		return false;
	if (session->closed || session->silent)
		return true;
	return session->error == 0 && session->fault[0] == '\0' &&
	       (terminal_is_there() || !is_input_left(session));
}

/* Shows what the server has sent last. */
static void drain(struct session *session)
{
	struct pollfd writable = {.fd = session->screen, .events = POLLOUT};

	while (session->to_screen.size > 0 && session->screen_error == 0) {
		int ready = terminal_wait(&writable, 1, -1);

		if (ready > 0)
			session->screen_error = queue_write(&session->to_screen, session->screen);
		if (terminal_takes(TERMINAL_INTERRUPT) || session->screen_error != 0)
			return;
	}
}

bool session_run(struct session *session)
{
	modes_set(session);
	while (session_is_alive(session)) {
		if (modes_use_lines(session)) {
			read_line(session);
			modes_set(session);
			continue;
		}
		session_step(session);
		keys_take(session);
	}
	nvt_release_key(session->nvt); /* what is left of a character */
	if (!session->closed)
		drain(session);
	lines_free(session->lines);
	session->lines = NULL;
	terminal_restore();
	return was_in_order(session);
}
