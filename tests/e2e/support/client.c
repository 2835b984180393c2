/* SPDX-License-Identifier: ISC */
/* A TELNET client on raw sockets. */
#include "tests/e2e/support/client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/e2e/support/trial.h"

#define ANSWER_MAX 32768

/* Commands, as the parser sees them. */
enum {
	BYTE_SE = 240,
	BYTE_SB = 250,
	BYTE_WILL = 251,
	BYTE_WONT = 252,
	BYTE_DO = 253,
	BYTE_DONT = 254,
	BYTE_IAC = 255,
};

enum {
	PARSING_DATA,
	PARSING_COMMAND, /* behind an IAC */
	PARSING_OPTION, /* behind WILL, WONT, DO or DONT */
	PARSING_BODY,
	PARSING_BODY_COMMAND,
};

/* Of NEW-ENVIRON, RFC 1572. */
enum {
	ENVIRON_VAR,
	ENVIRON_VALUE,
	ENVIRON_ESC,
	ENVIRON_USERVAR,
};

const struct terminal usual_terminal = {
	.type = "XTERM",
	.columns = 80,
	.rows = 24,
	.speeds = "38400,38400",
};

static void add(struct bytes *bytes, const void *more, size_t size)
{
	if (bytes->size + size + 1 > bytes->room) {
		bytes->room = 2 * (bytes->size + size + 1);
		bytes->bytes = realloc(bytes->bytes, bytes->room);
		assert_non_null(bytes->bytes);
	}
	memcpy(bytes->bytes + bytes->size, more, size);
	bytes->size += size;
	bytes->bytes[bytes->size] = '\0';
}

static void show(const struct client *client)
{
	fprintf(stderr, "client %s%s%s%s\n", client->peer, client->ended ? ", ended" : "",
		client->error ? ": " : "", client->error ? strerror(client->error) : "");
	trial_show("received", client->raw.bytes ? client->raw.bytes : "", client->raw.size);
	server_show_logs();
}

/* --- sending ------------------------------------------------------------------------------ */

static void send_all(struct client *client, const char *bytes, size_t size, int flags)
{
	long long deadline = trial_now() + DEADLINE_MS;

	while (size > 0) {
		ssize_t sent =
			send(client->socket, bytes, size, flags | MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent > 0) {
			bytes += sent;
			size -= (size_t)sent;
			client->sent += (size_t)sent;
			continue;
		}
		if (errno == EPIPE || errno == ECONNRESET) {
			client->error = errno;
			return;
		}
		if (trial_now() >= deadline) {
			show(client);
			fail_msg("%zu bytes could not be sent: %s", size, strerror(errno));
		}
		/* A server that waits until its answers are taken is not to wait for ever. */
		client_receive(client, 1);
	}
}

void client_send(struct client *client, const char *bytes, size_t size)
{
	send_all(client, bytes, size, 0);
}

void client_send_urgent(struct client *client, const char *bytes, size_t size)
{
	send_all(client, bytes, size, MSG_OOB);
}

size_t client_push(struct client *client, const char *bytes, size_t size)
{
	ssize_t sent = send(client->socket, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);

	client->sent += sent > 0 ? (size_t)sent : 0;
	return sent > 0 ? (size_t)sent : 0;
}

void client_type(struct client *client, const char *text)
{
	client_send(client, text, strlen(text));
}

void client_enter(struct client *client, const char *line)
{
	client_type(client, line);
	client_type(client, client->local[OPTION_BINARY] ? "\r" : "\r\n");
}

/* --- answering as a terminal -------------------------------------------------------------- */

static void send_command(struct client *client, unsigned char command, unsigned char option)
{
	const char bytes[] = {(char)BYTE_IAC, (char)command, (char)option};

	client_send(client, bytes, sizeof(bytes));
}

/* Sends a subnegotiation, whose body's IACs are doubled here. */
static void send_body(struct client *client, unsigned char option, const char *body, size_t size)
{
	char bytes[2 * ANSWER_MAX] = {(char)BYTE_IAC, (char)BYTE_SB, (char)option};
	size_t length = 3;

	assert_true(size <= ANSWER_MAX - 8);
	for (size_t i = 0; i < size; i++) {
		if ((unsigned char)body[i] == BYTE_IAC)
			bytes[length++] = (char)BYTE_IAC;
		bytes[length++] = body[i];
	}
	bytes[length++] = (char)BYTE_IAC;
	bytes[length++] = (char)BYTE_SE;
	client_send(client, bytes, length);
}

static void send_window(struct client *client)
{
	const struct terminal *terminal = client->terminal;
	const char body[] = {(char)(terminal->columns >> 8), (char)terminal->columns,
			     (char)(terminal->rows >> 8), (char)terminal->rows};

	send_body(client, OPTION_NAWS, body, sizeof(body));
}

static size_t put_escaped(char *to, const char *text)
{
	static const char special[] = {ENVIRON_VAR, ENVIRON_VALUE, ENVIRON_ESC, ENVIRON_USERVAR};
	size_t length = 0;

	for (; *text != '\0'; text++) {
		if (memchr(special, *text, sizeof(special)))
			to[length++] = ENVIRON_ESC;
		to[length++] = *text;
	}
	return length;
}

static void send_environment(struct client *client)
{
	const struct variable *variable = client->terminal->variables;
	char body[ANSWER_MAX] = {0}; /* IS */
	size_t length = 1;

	for (; variable->name; variable++) {
		assert_true(length + 2 * strlen(variable->name) + 2 * strlen(variable->value) + 2 <
			    sizeof(body) - 16);
		body[length++] = variable->user ? ENVIRON_USERVAR : ENVIRON_VAR;
		length += put_escaped(body + length, variable->name);
		body[length++] = ENVIRON_VALUE;
		length += put_escaped(body + length, variable->value);
	}
	send_body(client, OPTION_NEW_ENVIRON, body, length);
}

static void send_text(struct client *client, unsigned char option, const char *text, size_t size)
{
	char body[ANSWER_MAX] = {0}; /* IS */

	assert_true(size < sizeof(body) - 16);
	memcpy(body + 1, text, size);
	send_body(client, option, body, 1 + size);
}

/* The server asks: IAC SB option SEND ... */
static void answer_question(struct client *client, unsigned char option)
{
	const struct terminal *terminal = client->terminal;

	if (!client->local[option])
		return;
	if (option == OPTION_TTYPE)
		send_text(client, option, terminal->type, strlen(terminal->type));
	if (option == OPTION_TSPEED)
		send_text(client, option, terminal->speeds, strlen(terminal->speeds));
	if (option == OPTION_XDISPLOC)
		send_text(client, option, terminal->display, strlen(terminal->display));
	if (option == OPTION_NEW_ENVIRON)
		send_environment(client);
	if (option == OPTION_ENVIRON)
		send_text(client, option, terminal->old_environment,
			  terminal->old_environment_size);
}

static bool will_do(const struct terminal *terminal, unsigned char option)
{
	switch (option) {
	case OPTION_SGA:
	case OPTION_LFLOW:
		return true;
	case OPTION_BINARY:
		return terminal->binary;
	case OPTION_TTYPE:
		return terminal->type != NULL;
	case OPTION_NAWS:
		return terminal->columns != 0;
	case OPTION_TSPEED:
		return terminal->speeds != NULL;
	case OPTION_XDISPLOC:
		return terminal->display != NULL;
	case OPTION_NEW_ENVIRON:
		return terminal->variables != NULL;
	case OPTION_ENVIRON:
		return terminal->old_environment != NULL;
	default:
		return false;
	}
}

static bool lets_do(const struct terminal *terminal, unsigned char option)
{
	return option == OPTION_SGA || option == OPTION_STATUS ||
	       (option == OPTION_ECHO && !terminal->no_echo) ||
	       (option == OPTION_BINARY && terminal->binary);
}

/* A state that already holds is not answered (RFC 854); answers to own offers change no more. */
static void answer_offer(struct client *client, unsigned char command, unsigned char option)
{
	bool about_this_end = command == BYTE_DO || command == BYTE_DONT;
	bool *state = about_this_end ? &client->local[option] : &client->remote[option];
	bool wanted = command == BYTE_DO || command == BYTE_WILL;
	bool agreed = wanted && (about_this_end ? will_do(client->terminal, option)
						: lets_do(client->terminal, option));

	if (option == OPTION_TIMING_MARK || option == OPTION_LOGOUT || (*state == wanted && wanted))
		return;
	if (!wanted && !*state)
		return;
	*state = agreed;
	if (about_this_end)
		send_command(client, agreed ? BYTE_WILL : BYTE_WONT, option);
	else
		send_command(client, agreed ? BYTE_DO : BYTE_DONT, option);
	if (about_this_end && agreed && option == OPTION_NAWS)
		send_window(client);
}

/* Offers that a terminal makes by itself; their answers find the state that holds then. */
static void make_own_offers(struct client *client)
{
	if (client->terminal->binary) {
		client->local[OPTION_BINARY] = client->remote[OPTION_BINARY] = true;
		send_command(client, BYTE_WILL, OPTION_BINARY);
		send_command(client, BYTE_DO, OPTION_BINARY);
	}
	if (client->terminal->offers_old_environment) {
		client->local[OPTION_ENVIRON] = true;
		send_command(client, BYTE_WILL, OPTION_ENVIRON);
	}
}

/* --- receiving ---------------------------------------------------------------------------- */

static void take_text(struct client *client, char byte)
{
	bool dropped = client->after_cr && byte == '\0' && !client->binary_input;

	client->after_cr = byte == '\r';
	if (!dropped)
		add(&client->text, &byte, 1);
}

static void command_ends(struct client *client, unsigned char last)
{
	client->parsing = PARSING_DATA;
	if (client->command >= BYTE_WILL && client->command <= BYTE_DONT) {
		if (last == OPTION_BINARY && client->command == BYTE_WILL)
			client->binary_input = true;
		if (last == OPTION_BINARY && client->command == BYTE_WONT)
			client->binary_input = false;
		if (client->terminal)
			answer_offer(client, client->command, last);
	}
	if (client->command == BYTE_SB && client->terminal) {
		const char *body = client->commands.bytes + client->command_at + 2;

		if (client->commands.size - client->command_at >= 6 && body[1] == 1)
			answer_question(client, (unsigned char)body[0]);
	}
}

static void parse(struct client *client, unsigned char byte)
{
	if (client->parsing == PARSING_DATA && byte != BYTE_IAC) {
		take_text(client, (char)byte);
		return;
	}
	if (client->parsing == PARSING_DATA) {
		client->parsing = PARSING_COMMAND;
		return;
	}
	if (client->parsing == PARSING_COMMAND && byte == BYTE_IAC) {
		client->parsing = PARSING_DATA;
		take_text(client, (char)byte);
		return;
	}
	if (client->parsing == PARSING_COMMAND) {
		client->command = byte;
		client->command_at = client->commands.size;
		add(&client->commands, IAC, 1);
	}
	add(&client->commands, &byte, 1);
	switch (client->parsing) {
	case PARSING_COMMAND:
		if (byte == BYTE_SB)
			client->parsing = PARSING_BODY;
		else if (byte >= BYTE_WILL)
			client->parsing = PARSING_OPTION;
		else
			command_ends(client, byte);
		break;
	case PARSING_BODY:
		if (byte == BYTE_IAC)
			client->parsing = PARSING_BODY_COMMAND;
		break;
	case PARSING_BODY_COMMAND:
		client->parsing = PARSING_BODY;
		if (byte == BYTE_SE)
			command_ends(client, byte);
		break;
	default:
		command_ends(client, byte);
		break;
	}
}

bool client_receive(struct client *client, int milliseconds)
{
	struct pollfd readable = {.fd = client->socket, .events = POLLIN};
	char bytes[65536];
	size_t most = client->chunk != 0 ? client->chunk : sizeof(bytes);
	ssize_t size;

	if (client->ended || (client->error && client->error != EPIPE))
		return false;
	if (poll(&readable, 1, milliseconds) <= 0)
		return true;
	if (sockatmark(client->socket) == 1)
		client->urgent_marks++;
	size = recv(client->socket, bytes, most, MSG_DONTWAIT);
	if (size < 0) {
		if (errno != EAGAIN && errno != EINTR)
			client->error = errno;
		return errno == EAGAIN || errno == EINTR;
	}
	if (size == 0)
		client->ended = true;
	add(&client->raw, bytes, (size_t)size);
	for (ssize_t i = 0; i < size; i++)
		parse(client, (unsigned char)bytes[i]);
	return size > 0;
}

/* --- expecting ---------------------------------------------------------------------------- */

static bool find(struct bytes *bytes, const char *wanted, size_t size, size_t *from)
{
	const char *found =
		bytes->size >= *from + size && bytes->bytes
			? memmem(bytes->bytes + *from, bytes->size - *from, wanted, size)
			: NULL;

	if (found) {
		bytes->seen = (size_t)(found - bytes->bytes) + size;
		return true;
	}
	/* What has been searched need not be again, but for what a match may begin in. */
	if (bytes->size >= *from + size)
		*from = bytes->size - (size - 1);
	return false;
}

static bool gets(struct client *client, struct bytes *bytes, const char *wanted, size_t size,
		 int milliseconds)
{
	long long deadline = trial_now() + milliseconds;
	size_t from = bytes->seen;

	while (!find(bytes, wanted, size, &from)) {
		long long left = deadline - trial_now();

		if (left < 0)
			return false;
		if (!client_receive(client, (int)left))
			return find(bytes, wanted, size, &from);
	}
	return true;
}

bool client_gets(struct client *client, const char *text, int milliseconds)
{
	return gets(client, &client->text, text, strlen(text), milliseconds);
}

static void expect(struct client *client, struct bytes *bytes, const char *what, const char *wanted,
		   size_t size)
{
	if (gets(client, bytes, wanted, size, DEADLINE_MS))
		return;
	show(client);
	trial_show(what, wanted, size);
	fail_msg("expected %s did not come", what);
}

void client_expect(struct client *client, const char *text)
{
	expect(client, &client->text, "text", text, strlen(text));
}

void client_expect_raw(struct client *client, const char *bytes, size_t size)
{
	expect(client, &client->raw, "bytes", bytes, size);
}

void client_expect_command(struct client *client, const char *bytes, size_t size)
{
	expect(client, &client->commands, "command", bytes, size);
}

void client_expect_prompt(struct client *client)
{
	client_expect(client, geteuid() == 0 ? "# " : "$ ");
}

static void close_socket(struct client *client)
{
	if (client->connected)
		close(client->socket);
	client->connected = false;
}

static void receive_all(struct client *client)
{
	long long deadline = trial_now() + DEADLINE_MS;

	while (client_receive(client, 100) && trial_now() < deadline)
		;
}

void client_expect_end(struct client *client)
{
	receive_all(client);
	if (client->ended) {
		close_socket(client);
		return;
	}
	show(client);
	fail_msg("the server did not close the connection");
}

void client_expect_end_or_reset(struct client *client)
{
	receive_all(client);
	if (client->ended || client->error) {
		close_socket(client);
		return;
	}
	show(client);
	fail_msg("the server did not end the connection");
}

bool client_has(const struct client *client, const char *text)
{
	return client->text.bytes &&
	       memmem(client->text.bytes, client->text.size, text, strlen(text));
}

bool client_has_raw(const struct client *client, const char *bytes, size_t size)
{
	return client->raw.bytes && memmem(client->raw.bytes, client->raw.size, bytes, size);
}

/* --- connecting --------------------------------------------------------------------------- */

static void name_peer(struct client *client)
{
	struct sockaddr_storage address = {0};
	const struct sockaddr_in *v4 = (const void *)&address;
	const struct sockaddr_in6 *v6 = (const void *)&address;
	socklen_t size = sizeof(address);
	char host[INET6_ADDRSTRLEN] = "";

	getsockname(client->socket, (struct sockaddr *)&address, &size);
	if (address.ss_family == AF_INET) {
		inet_ntop(AF_INET, &v4->sin_addr, host, sizeof(host));
		client->port = ntohs(v4->sin_port);
		snprintf(client->peer, sizeof(client->peer), "%s:%hu", host, client->port);
	} else if (address.ss_family == AF_INET6) {
		inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host));
		client->port = ntohs(v6->sin6_port);
		snprintf(client->peer, sizeof(client->peer), "[%s]:%hu", host, client->port);
	}
}

void client_use(struct client *client, int socket, const struct terminal *terminal)
{
	const int on = 1;

	*client = (struct client){.connected = true, .socket = socket, .terminal = terminal};
	setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(socket, SOL_SOCKET, SO_OOBINLINE, &on, sizeof(on));
	name_peer(client);
	if (terminal)
		make_own_offers(client);
}

void client_connect_as(struct client *client, const struct server *server,
		       const struct terminal *terminal)
{
	const struct sockaddr_in v4 = {.sin_family = AF_INET,
				       .sin_port = htons(server->port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
					.sin6_port = htons(server->port),
					.sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int fd = socket(server->v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int result;

	assert_true(fd >= 0);
	if (server->v6)
		result = connect(fd, (const struct sockaddr *)&v6, sizeof(v6));
	else
		result = connect(fd, (const struct sockaddr *)&v4, sizeof(v4));
	if (result != 0) {
		server_show_logs();
		fail_msg("cannot connect to port %d: %s", server->port, strerror(errno));
	}
	client_use(client, fd, terminal);
}

void client_connect(struct client *client, const struct server *server)
{
	client_connect_as(client, server, NULL);
}

void client_open_shell(struct client *client, const struct server *server)
{
	client_connect_as(client, server, &usual_terminal);
	client_expect_prompt(client);
}

void client_half_close(struct client *client)
{
	assert_int_equal(shutdown(client->socket, SHUT_WR), 0);
}

void client_close(struct client *client)
{
	close_socket(client);
	free(client->raw.bytes);
	free(client->text.bytes);
	free(client->commands.bytes);
	*client = (struct client){0};
}

void client_reset(struct client *client)
{
	const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

	setsockopt(client->socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	client_close(client);
}
