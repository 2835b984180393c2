/* SPDX-License-Identifier: ISC */
/*
 * Writes down what is negotiated. Of what the server sends as data the bytes are shown; of what the
 * user sends only the number, since it may be a password.
 */
#include "contrib/telnet/trace.h"

#include <arpa/telnet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "contrib/telnet/words.h"

int trace_open(struct trace *trace, const char *path)
{
	int descriptor;

	if (trace->file && trace->file != stdout)
		fclose(trace->file);
	trace->file = NULL;
	if (!path)
		return 0;
	if (strcmp(path, "-") == 0) {
		trace->file = stdout;
		return 0;
	}
	descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
	if (descriptor < 0)
		return -errno;
	trace->file = fdopen(descriptor, "a");
	if (!trace->file) {
		close(descriptor);
		return -ENOMEM;
	}
	return 0;
}

static void begin_line(struct trace *trace, enum trace_direction direction)
{
	struct timespec now;
	struct tm local;
	char text[16] = "";

	clock_gettime(CLOCK_REALTIME, &now);
	if (localtime_r(&now.tv_sec, &local))
		strftime(text, sizeof(text), "%H:%M:%S", &local);
	fprintf(trace->file, "%s.%03ld %c ", text, now.tv_nsec / 1000000,
		direction == TRACE_RECEIVED ? '<' : '>');
}

/* The terminal may be raw: there a line needs its CR. */
static void end_line(struct trace *trace)
{
	fputs(trace->file == stdout && isatty(STDOUT_FILENO) ? "\r\n" : "\n", trace->file);
	fflush(trace->file);
	if (!ferror(trace->file) || trace->file == stdout)
		return;
	trace->error = errno;
	fclose(trace->file);
	trace->file = NULL;
}

static bool is_printable(unsigned char byte)
{
	return byte >= ' ' && byte <= '~';
}

static void write_quoted(FILE *file, const unsigned char *bytes, size_t size)
{
	fputc('"', file);
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] == '"' || bytes[i] == '\\')
			fprintf(file, "\\%c", bytes[i]);
		else if (is_printable(bytes[i]))
			fputc(bytes[i], file);
		else if (bytes[i] == '\r')
			fputs("\\r", file);
		else if (bytes[i] == '\n')
			fputs("\\n", file);
		else
			fprintf(file, "\\x%02x", bytes[i]);
	}
	fputc('"', file);
}

static void write_data(struct trace *trace, enum trace_direction direction,
		       const unsigned char *bytes, size_t size)
{
	if (!trace->file || size == 0)
		return;
	begin_line(trace, direction);
	fprintf(trace->file, "data %zu", size);
	if (direction == TRACE_RECEIVED) {
		fputc(' ', trace->file);
		write_quoted(trace->file, bytes, size);
	}
	end_line(trace);
}

/* --- subnegotiations ---------------------------------------------------------------------- */

static void write_hexadecimal(FILE *file, const unsigned char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		fprintf(file, " %02x", bytes[i]);
}

/* The kinds of an environment's parts, RFC 1572. */
static void write_environment(FILE *file, const unsigned char *bytes, size_t size)
{
	static const char *const kinds[] = {"VAR", "VALUE", "ESC", "USERVAR"};
	size_t i = 0;

	while (i < size) {
		size_t begin;

		if (bytes[i] < 4)
			fprintf(file, " %s", kinds[bytes[i++]]);
		for (begin = i; i < size && bytes[i] >= 4;)
			i++;
		if (i > begin) {
			fputc(' ', file);
			write_quoted(file, bytes + begin, i - begin);
		}
	}
}

static void write_window(FILE *file, const unsigned char *bytes, size_t size)
{
	if (size == 4)
		fprintf(file, " %d columns %d rows", bytes[0] << 8 | bytes[1],
			bytes[2] << 8 | bytes[3]);
	else
		write_hexadecimal(file, bytes, size);
}

/* STATUS IS: pairs of a command and an option. */
static void write_status(FILE *file, const unsigned char *bytes, size_t size)
{
	char text[WORDS_SIZE];

	for (size_t i = 0; i + 1 < size; i += 2) {
		const char *command = words_command(bytes[i]);

		if (!command) {
			write_hexadecimal(file, bytes + i, size - i);
			return;
		}
		fprintf(file, " %s %s", command, words_option(bytes[i + 1], text));
	}
}

/* LINEMODE (RFC 1184): the bits of MODE by name; SLC and FORWARDMASK as numbers. */
static void write_linemode(FILE *file, const unsigned char *bytes, size_t size)
{
	static const char *const bits[] = {"EDIT", "TRAPSIG", "ACK", "SOFT_TAB", "LIT_ECHO"};

	if (size == 2 && bytes[0] == LM_MODE) {
		fputs(" MODE", file);
		for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
			if (bytes[1] & 1U << i)
				fprintf(file, " %s", bits[i]);
		return;
	}
	if (size > 0 && bytes[0] == LM_SLC) {
		fputs(" SLC", file);
		write_hexadecimal(file, bytes + 1, size - 1);
	} else if (size > 1 && bytes[0] >= WILL && bytes[1] == LM_FORWARDMASK) {
		fprintf(file, " %s FORWARDMASK", words_command(bytes[0]));
		write_hexadecimal(file, bytes + 2, size - 2);
	} else {
		write_hexadecimal(file, bytes, size);
	}
}

static void write_anything(FILE *file, const unsigned char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (!is_printable(bytes[i])) {
			write_hexadecimal(file, bytes, size);
			return;
		}
	if (size == 0)
		return;
	fputc(' ', file);
	write_quoted(file, bytes, size);
}

/* How a body is shown. `asks`: it begins with IS, SEND or INFO. */
static const struct {
	unsigned char option;
	bool asks;
	void (*write)(FILE *, const unsigned char *, size_t);
} bodies[] = {
	{TELOPT_TTYPE, true, write_anything},
	{TELOPT_TSPEED, true, write_anything},
	{TELOPT_XDISPLOC, true, write_anything},
	{TELOPT_STATUS, true, write_status},
	{TELOPT_OLD_ENVIRON, true, write_environment},
	{TELOPT_NEW_ENVIRON, true, write_environment},
	{TELOPT_NAWS, false, write_window},
	{TELOPT_LINEMODE, false, write_linemode},
};

static void write_body(FILE *file, unsigned char option, const unsigned char *bytes, size_t size)
{
	static const char *const questions[] = {"IS", "SEND", "INFO"};

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		if (bodies[i].option != option)
			continue;
		if (bodies[i].asks && size > 0 && bytes[0] < 3) {
			fprintf(file, " %s", questions[*bytes++]);
			size--;
		}
		bodies[i].write(file, bytes, size);
		return;
	}
	write_anything(file, bytes, size);
}

static void write_subnegotiation(struct trace *trace, enum trace_direction direction)
{
	struct trace_stream *stream = &trace->streams[direction];
	bool whole = stream->size <= sizeof(stream->body);
	char text[WORDS_SIZE];

	if (!trace->file)
		return;
	begin_line(trace, direction);
	fprintf(trace->file, "SB %s", words_option(stream->option, text));
	write_body(trace->file, stream->option, stream->body,
		   whole ? stream->size : sizeof(stream->body));
	if (!whole)
		fprintf(trace->file, " ... (%zu bytes)", stream->size);
	end_line(trace);
}

/* --- the streams -------------------------------------------------------------------------- */

static void write_command(struct trace *trace, enum trace_direction direction,
			  unsigned char command)
{
	const char *name = words_command(command);

	if (!trace->file)
		return;
	begin_line(trace, direction);
	if (name)
		fputs(name, trace->file);
	else
		fprintf(trace->file, "COMMAND %d", command);
	end_line(trace);
}

static void write_option(struct trace *trace, enum trace_direction direction, unsigned char command,
			 unsigned char option)
{
	char text[WORDS_SIZE];

	if (!trace->file)
		return;
	begin_line(trace, direction);
	fprintf(trace->file, "%s %s", words_command(command), words_option(option, text));
	end_line(trace);
}

/* The byte behind an IAC, also one that breaks off a subnegotiation. */
static void begin_command(struct trace *trace, enum trace_direction direction, unsigned char byte)
{
	struct trace_stream *stream = &trace->streams[direction];

	stream->state = byte >= SB && byte <= DONT ? byte : 0;
	if (byte == IAC)
		write_data(trace, direction, &byte, 1);
	else if (stream->state == 0)
		write_command(trace, direction, byte);
	stream->size = 0;
	stream->option = 0;
}

static void body_byte(struct trace *trace, enum trace_direction direction, unsigned char byte)
{
	struct trace_stream *stream = &trace->streams[direction];

	if (!stream->escaped && byte == IAC) {
		stream->escaped = true;
		return;
	}
	if (stream->escaped && byte != IAC) {
		write_subnegotiation(trace, direction);
		stream->escaped = false;
		stream->state = 0;
		if (byte != SE)
			begin_command(trace, direction, byte);
		return;
	}
	stream->escaped = false;
	if (stream->size < sizeof(stream->body))
		stream->body[stream->size] = byte;
	stream->size++;
}

/* A byte that belongs to a command. */
static void command_byte(struct trace *trace, enum trace_direction direction, unsigned char byte)
{
	struct trace_stream *stream = &trace->streams[direction];

	if (stream->state == IAC && byte != 0 && byte < xEOF) {
		stream->state = 0;
		write_data(trace, direction, &byte, 1);
		return;
	}
	if (stream->state == IAC) {
		begin_command(trace, direction, byte);
		return;
	}
	if (stream->state == SB) {
		stream->option = byte;
		stream->state = SE; /* stands for: within the body */
		return;
	}
	if (stream->state == SE) {
		body_byte(trace, direction, byte);
		return;
	}
	write_option(trace, direction, stream->state, byte);
	stream->state = 0;
}

/* Read also where nothing is written: a trace that begins later begins in its place. */
void trace_bytes(struct trace *trace, enum trace_direction direction, const char *bytes,
		 size_t size)
{
	struct trace_stream *stream = &trace->streams[direction];
	const unsigned char *at = (const unsigned char *)bytes, *end = at + size;

	while (at < end) {
		const unsigned char *iac;

		if (stream->state != 0) {
			command_byte(trace, direction, *at++);
			continue;
		}
		iac = memchr(at, IAC, (size_t)(end - at));
		write_data(trace, direction, at, (size_t)((iac ? iac : end) - at));
		at = iac ? iac + 1 : end;
		if (iac)
			stream->state = IAC;
	}
}

void trace_text(struct trace *trace, enum trace_direction direction, const char *bytes, size_t size)
{
	write_data(trace, direction, (const unsigned char *)bytes, size);
}

void trace_begin(struct trace *trace, const char *text)
{
	memset(trace->streams, 0, sizeof(trace->streams));
	if (!trace->file)
		return;
	begin_line(trace, TRACE_SENT);
	fputs(text, trace->file);
	end_line(trace);
}
