/* SPDX-License-Identifier: ISC */
/* A process passes on what comes, and writes it down in memory that it shares with the test. */
#include "tests/e2e/support/wire.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "tests/e2e/support/server.h"
#include "tests/e2e/support/trial.h"

#define PIECES_MAX 2000
#define BYTES_MAX (256UL * 1024)

struct piece {
	bool of_client;
	size_t begin;
	size_t size;
};

struct wire_record {
	atomic_size_t pieces; /* those before it are complete */
	size_t bytes;
	struct piece piece[PIECES_MAX];
	char byte[BYTES_MAX];
};

/* --- the process that passes on ------------------------------------------------------------- */

static void write_down(struct wire_record *record, bool of_client, const char *bytes, size_t size)
{
	size_t next = record->pieces;

	if (next == PIECES_MAX || size > BYTES_MAX - record->bytes)
		_exit(1);
	record->piece[next] = (struct piece){of_client, record->bytes, size};
	memcpy(record->byte + record->bytes, bytes, size);
	record->bytes += size;
	atomic_store(&record->pieces, next + 1);
}

static void send_all(int socket, const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t sent = send(socket, bytes, size, MSG_NOSIGNAL);

		if (sent <= 0)
			_exit(0);
		bytes += sent;
		size -= (size_t)sent;
	}
}

static void pass_on(struct wire_record *record, int from, int to, bool of_client)
{
	char bytes[16384];
	ssize_t size = recv(from, bytes, sizeof(bytes), 0);

	if (size <= 0)
		_exit(0);
	write_down(record, of_client, bytes, (size_t)size);
	send_all(to, bytes, (size_t)size);
}

static void set_option(int socket, int level, int option)
{
	const int on = 1;

	setsockopt(socket, level, option, &on, sizeof(on));
}

_Noreturn static void run(struct wire_record *record, int listener, unsigned short server_port,
			  bool keeps_urgent)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons(server_port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct pollfd ends[2];

	prctl(PR_SET_PDEATHSIG, SIGKILL); /* with a test that is killed */
	for (size_t i = 0; i < 2; i++) {
		int end = i == 0 ? accept4(listener, NULL, NULL, SOCK_CLOEXEC)
				 : socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		set_option(end, IPPROTO_TCP, TCP_NODELAY);
		if (keeps_urgent)
			set_option(end, SOL_SOCKET, SO_OOBINLINE);
		ends[i] = (struct pollfd){.fd = end, .events = POLLIN};
	}
	if (connect(ends[1].fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		_exit(1);
	while (poll(ends, 2, -1) > 0 || errno == EINTR)
		for (size_t i = 0; i < 2; i++)
			if (ends[i].revents != 0)
				pass_on(record, ends[i].fd, ends[1 - i].fd, i == 0);
	_exit(1);
}

/* --- the test's side -------------------------------------------------------------------------- */

static void start(struct wire *wire, unsigned short server_port, bool keeps_urgent)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	*wire = (struct wire){.port = ntohs(address.sin_port)};
	wire->record = mmap(NULL, sizeof(*wire->record), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(wire->record != MAP_FAILED);
	wire->pid = fork();
	if (wire->pid == 0)
		run(wire->record, listener, server_port, keeps_urgent);
	close(listener);
	assert_true(wire->pid > 0);
}

void wire_start(struct wire *wire, unsigned short server_port)
{
	start(wire, server_port, true);
}

void wire_start_without_urgent(struct wire *wire, unsigned short server_port)
{
	start(wire, server_port, false);
}

void wire_stop(struct wire *wire)
{
	if (wire->pid > 0) {
		kill(wire->pid, SIGKILL);
		waitpid(wire->pid, NULL, 0);
	}
	if (wire->record)
		munmap(wire->record, sizeof(*wire->record));
	*wire = (struct wire){0};
}

static bool holds(const struct wire_record *record, const struct piece *piece, const char *bytes,
		  size_t size)
{
	return memmem(record->byte + piece->begin, piece->size, bytes, size) != NULL;
}

static void expect(struct wire *wire, bool of_client, bool whole, const char *bytes, size_t size)
{
	struct wire_record *record = wire->record;
	long long deadline = trial_now() + DEADLINE_MS;

	while (trial_now() < deadline) {
		for (size_t i = wire->seen; i < atomic_load(&record->pieces); i++) {
			const struct piece *piece = &record->piece[i];

			if (piece->of_client != of_client || !holds(record, piece, bytes, size) ||
			    (whole && piece->size != size))
				continue;
			wire->seen = of_client ? i + 1 : i;
			return;
		}
		trial_pause();
	}
	for (size_t i = wire->seen; i < record->pieces; i++)
		trial_show(record->piece[i].of_client ? "client" : "server",
			   record->byte + record->piece[i].begin, record->piece[i].size);
	trial_show("expected", bytes, size);
	server_show_logs();
	fail_msg("not sent by the %s", of_client ? "client" : "server");
}

void wire_expect_from_client(struct wire *wire, const char *bytes, size_t size)
{
	expect(wire, true, true, bytes, size);
}

void wire_expect_within_client(struct wire *wire, const char *bytes, size_t size)
{
	expect(wire, true, false, bytes, size);
}

void wire_expect_from_server(struct wire *wire, const char *bytes, size_t size)
{
	expect(wire, false, false, bytes, size);
}

bool wire_client_has_sent(const struct wire *wire, const char *bytes, size_t size)
{
	for (size_t i = 0; i < atomic_load(&wire->record->pieces); i++)
		if (wire->record->piece[i].of_client &&
		    holds(wire->record, &wire->record->piece[i], bytes, size))
			return true;
	return false;
}

size_t wire_client_pieces(const struct wire *wire)
{
	size_t pieces = 0;

	for (size_t i = 0; i < atomic_load(&wire->record->pieces); i++)
		pieces += wire->record->piece[i].of_client;
	return pieces;
}
