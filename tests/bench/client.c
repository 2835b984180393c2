/* SPDX-License-Identifier: ISC */
/* A polite TELNET client for the load generator. */
#include "tests/bench/client.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <zlib.h>

enum { SE = 240, SB = 250, WILL = 251, WONT = 252, DO = 253, DONT = 254, IAC = 255 };

enum {
	OPTION_ECHO = 1,
	OPTION_SGA = 3,
	OPTION_TIMING_MARK = 6,
	OPTION_TTYPE = 24,
	OPTION_NAWS = 31,
	OPTION_COMPRESS2 = 86
};

enum client_state {
	IN_DATA,
	AFTER_IAC,
	AFTER_VERB,
	IN_SUBNEGOTIATION,
	AFTER_IAC_IN_SUBNEGOTIATION,
};

struct compression {
	z_stream stream;
	unsigned char wire[4096]; /* what has come and is not yet inflated */
};

int client_open(struct client *client, int port)
{
	return client_open_narrow(client, port, 0);
}

int client_open_narrow(struct client *client, int port, int receive_buffer)
{
	const struct sockaddr_in address = {.sin_family = AF_INET,
					    .sin_port = htons((unsigned short)port),
					    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const struct timeval patience = {5, 0};
	const int one = 1;

	*client = (struct client){.socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
	if (client->socket < 0)
		return -1;
	if (receive_buffer > 0)
		setsockopt(client->socket, SOL_SOCKET, SO_RCVBUF, &receive_buffer,
			   sizeof(receive_buffer));
	setsockopt(client->socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(client->socket, SOL_SOCKET, SO_OOBINLINE, &one, sizeof(one));
	setsockopt(client->socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(client->socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(client->socket, (const void *)&address, sizeof(address)) == 0)
		return 0;
	client_close(client);
	return -1;
}

static void drop_compression(struct client *client)
{
	if (client->compression)
		inflateEnd(&client->compression->stream);
	free(client->compression);
	client->compression = NULL;
	client->compressed = false;
}

void client_close(struct client *client)
{
	if (client->socket >= 0)
		close(client->socket);
	client->socket = -1;
	drop_compression(client);
}

int client_send(struct client *client, const void *bytes, size_t size)
{
	const char *from = bytes;

	while (size > 0) {
		ssize_t sent = send(client->socket, from, size, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return -1;
		from += sent;
		size -= (size_t)sent;
	}
	return 0;
}

/* --- negotiation -------------------------------------------------------------------------- */

static bool accepts(unsigned char verb, unsigned char option)
{
	if (verb == WILL)
		return option == OPTION_ECHO || option == OPTION_SGA;
	return option == OPTION_SGA || option == OPTION_TTYPE || option == OPTION_NAWS ||
	       option == OPTION_TIMING_MARK;
}

static void answer(struct client *client, const unsigned char *bytes, size_t size)
{
	if (size > sizeof(client->answers) - client->answers_size)
		return;
	memcpy(client->answers + client->answers_size, bytes, size);
	client->answers_size += size;
}

/* RFC 854: a change is answered, and only a change. */
static void answer_verb(struct client *client, unsigned char verb, unsigned char option)
{
	static const unsigned char window_size[] = {IAC, SB, OPTION_NAWS, 0, 80, 0, 24, IAC, SE};
	bool of_server = verb == WILL || verb == WONT, asked_on = verb == WILL || verb == DO;
	unsigned char *place = &client->on[of_server ? 0 : 1][option / 8];
	unsigned char bit = (unsigned char)(1 << option % 8);
	unsigned char yes = of_server ? DO : WILL, no = of_server ? DONT : WONT;
	bool turns_on = asked_on && accepts(verb, option);
	const unsigned char verdict[] = {IAC, turns_on ? yes : no, option};

	if (option != OPTION_TIMING_MARK && asked_on == ((*place & bit) != 0))
		return;
	*place = (unsigned char)(turns_on ? *place | bit : *place & ~bit);
	answer(client, verdict, sizeof(verdict));
	if (verb == DO && option == OPTION_NAWS)
		answer(client, window_size, sizeof(window_size));
}

static void answer_subnegotiation(struct client *client)
{
	static const unsigned char type[] = {IAC, SB,  OPTION_TTYPE, 0,	  'V', 'T',
					     '2', '2', '0',	     IAC, SE};

	if (client->subnegotiation_size == 2 && client->subnegotiation[0] == OPTION_TTYPE &&
	    client->subnegotiation[1] == 1)
		answer(client, type, sizeof(type));
	if (client->subnegotiation_size == 1 && client->subnegotiation[0] == OPTION_COMPRESS2 &&
	    client->compression)
		client->compressed = true;
}

/* --- data --------------------------------------------------------------------------------- */

static void keep_subnegotiation(struct client *client, unsigned char byte)
{
	if (client->subnegotiation_size < sizeof(client->subnegotiation))
		client->subnegotiation[client->subnegotiation_size++] = byte;
}

/* Takes a byte that is not plain data; returns whether it is data nevertheless. */
static bool take_command(struct client *client, unsigned char byte)
{
	switch (client->state) {
	case AFTER_IAC:
		client->verb = byte;
		client->state = IN_DATA;
		if (byte >= WILL && byte <= DONT)
			client->state = AFTER_VERB;
		if (byte == SB) {
			client->subnegotiation_size = 0;
			client->state = IN_SUBNEGOTIATION;
		}
		return byte == IAC;
	case AFTER_VERB:
		client->state = IN_DATA;
		answer_verb(client, client->verb, byte);
		break;
	case IN_SUBNEGOTIATION:
		if (byte == IAC)
			client->state = AFTER_IAC_IN_SUBNEGOTIATION;
		else
			keep_subnegotiation(client, byte);
		break;
	default:
		client->state = byte == SE ? IN_DATA : IN_SUBNEGOTIATION;
		if (byte == SE)
			answer_subnegotiation(client);
		break;
	}
	return false;
}

/* Takes the NUL out of each CR NUL; returns the size of what is left. */
static size_t take_nuls_out(struct client *client, unsigned char *bytes, size_t size)
{
	size_t data = 0, at = 0;

	while (at < size) {
		const unsigned char *nul = memchr(bytes + at, '\0', size - at);
		size_t piece = nul ? (size_t)(nul - bytes) - at : size - at;
		bool after_cr = piece > 0 ? bytes[at + piece - 1] == '\r' : client->after_cr;

		if (nul && !after_cr)
			piece++;
		if (data != at)
			memmove(bytes + data, bytes + at, piece);
		data += piece;
		at += piece + (nul && after_cr);
		client->after_cr = !nul && after_cr;
	}
	return data;
}

/* Leaves the data among the bytes that came at their beginning; returns its size. */
static size_t decode(struct client *client, unsigned char *bytes, size_t size)
{
	size_t data = 0, at = 0;

	while (at < size) {
		if (client->state != IN_DATA) {
			unsigned char byte = bytes[at++];

			if (take_command(client, byte))
				bytes[data++] = byte;
		} else {
			const unsigned char *iac = memchr(bytes + at, IAC, size - at);
			size_t plain = iac ? (size_t)(iac - bytes) - at : size - at;

			if (data != at)
				memmove(bytes + data, bytes + at, plain);
			data += plain;
			at += plain + (iac != NULL);
			if (iac)
				client->state = AFTER_IAC;
		}
	}
	return data;
}

/* Reads off the socket; returns the size, or -1 with errno as client_receive has it. */
static ssize_t receive_wire(struct client *client, unsigned char *bytes, size_t room, int flags)
{
	ssize_t size = recv(client->socket, bytes, room, flags);

	if (size == 0)
		errno = 0;
	if (size <= 0)
		return -1;
	client->wire += (unsigned long long)size;
	return size;
}

/* The same of what comes compressed: first what is left of the last read, then what one brings. */
static ssize_t receive_inflated(struct client *client, unsigned char *bytes, size_t room, int flags)
{
	struct compression *compression = client->compression;
	z_stream *stream = &compression->stream;

	for (;;) {
		ssize_t size;
		int result;

		stream->next_out = bytes;
		stream->avail_out = (uInt)room;
		result = inflate(stream, Z_SYNC_FLUSH);
		if (stream->avail_out < room)
			return (ssize_t)(room - stream->avail_out);
		errno = result == Z_STREAM_END ? 0 : EPROTO;
		if (result != Z_OK && result != Z_BUF_ERROR)
			return -1;
		size = receive_wire(client, compression->wire, sizeof(compression->wire), flags);
		if (size < 0)
			return -1;
		stream->next_in = compression->wire;
		stream->avail_in = (uInt)size;
	}
}

int client_compress(struct client *client)
{
	static const unsigned char ask[] = {IAC, DO, OPTION_COMPRESS2};
	unsigned char byte;

	client->compression = calloc(1, sizeof(*client->compression));
	if (!client->compression)
		return -1;
	if (inflateInit(&client->compression->stream) != Z_OK) {
		errno = ENOMEM;
		return -1;
	}
	/* From the question on it counts as on: WILL is the answer to it, and needs none. */
	client->on[0][OPTION_COMPRESS2 / 8] |= 1 << OPTION_COMPRESS2 % 8;
	if (client_send(client, ask, sizeof(ask)) != 0)
		return -1;
	/* One byte at a time: none that is compressed is read as if it were not. */
	while (!client->compressed)
		if (client_receive(client, &byte, 1, 0) < 0)
			return -1;
	return 0;
}

int client_end_compression(struct client *client)
{
	static const unsigned char ask[] = {IAC, DONT, OPTION_COMPRESS2};
	unsigned char bytes[256];

	client->on[0][OPTION_COMPRESS2 / 8] &= (unsigned char)~(1 << OPTION_COMPRESS2 % 8);
	if (client_send(client, ask, sizeof(ask)) != 0)
		return -1;
	while (client_receive(client, bytes, sizeof(bytes), 0) >= 0)
		;
	if (errno != 0)
		return -1;
	drop_compression(client);
	return 0;
}

ssize_t client_receive(struct client *client, unsigned char *bytes, size_t room, int flags)
{
	ssize_t size = client->compressed ? receive_inflated(client, bytes, room, flags)
					  : receive_wire(client, bytes, room, flags);

	if (size < 0)
		return -1;
	size = (ssize_t)decode(client, bytes, (size_t)size);
	if (client->answers_size > 0)
		client_send(client, client->answers, client->answers_size);
	client->answers_size = 0;
	return (ssize_t)take_nuls_out(client, bytes, (size_t)size);
}

size_t client_find(struct client *client, const char *marker, const unsigned char *bytes,
		   size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] == (unsigned char)marker[client->matched])
			client->matched++;
		else
			client->matched = bytes[i] == (unsigned char)marker[0];
		if (marker[client->matched] == '\0') {
			client->matched = 0;
			return i + 1;
		}
	}
	return 0;
}

int client_await(struct client *client, const char *marker)
{
	unsigned char bytes[4096];

	for (;;) {
		ssize_t size = client_receive(client, bytes, sizeof(bytes), 0);

		if (size < 0)
			return -1;
		if (client_find(client, marker, bytes, (size_t)size) > 0)
			return 0;
	}
}
