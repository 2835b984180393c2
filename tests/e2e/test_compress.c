/* SPDX-License-Identifier: ISC */
/*
 * Sessions that are compressed, either way: what a user gets of it, that bytes stay as they are,
 * and that a few bytes which become very many end their own session only.
 */
#include "tests/e2e/support/client.h"
#include "tests/e2e/support/flow.h"
#include "tests/e2e/support/process.h"
#include "tests/e2e/support/server.h"
#include "tests/e2e/support/trial.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <zlib.h>

#define NAWS "\x1f"
#define COMPRESS2 "\x56"
#define COMPRESS3 "\x57"
#define BEGIN2 IAC SB COMPRESS2 IAC SE
#define BEGIN3 IAC SB COMPRESS3 IAC SE

/* What is listed of /usr, and how many times smaller it must become. */
#define LISTED (SANITIZED ? 1000000 : 5000000)
#define LISTED_RATIO 5

#define BOMB_SIZE 50000000
#define BOMB_CPU_MS (SANITIZED ? 1000 : 100)

#define PASTED_NUMBERS 300000 /* of 9 bytes */
#define PASTE_PIECE 65536

#define WORKERS_MAX 16

static struct server server;
static struct client client;
static struct client neighbour;
static z_stream deflater; /* of what the client sends */
static z_stream inflater; /* of what it receives */
static struct bytes shown; /* what came compressed, TELNET as it is */
static size_t wire; /* bytes of it */
static bool stream_ended;

static int set_up(void **state)
{
	(void)state;
	deflater = inflater = (z_stream){0};
	shown = (struct bytes){0};
	wire = 0;
	stream_ended = false;
	return deflateInit(&deflater, 9) == Z_OK && inflateInit(&inflater) == Z_OK ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	deflateEnd(&deflater);
	inflateEnd(&inflater);
	free(shown.bytes);
	client_close(&client);
	client_close(&neighbour);
	trial_remove_directory();
	if (server.pid != 0)
		kill(server.pid, SIGCONT); /* a test that failed may have left it stopped */
	return server_stop(&server);
}

/* --- what comes compressed ---------------------------------------------------------------- */

static void inflate_shown(char *bytes, size_t size)
{
	inflater.next_in = (unsigned char *)bytes;
	inflater.avail_in = (uInt)size;
	wire += size;
	while (!stream_ended) {
		int result;

		if (shown.room - shown.size < 65536) {
			shown.room = 2 * shown.room + 131072;
			shown.bytes = realloc(shown.bytes, shown.room);
			assert_non_null(shown.bytes);
		}
		inflater.next_out = (unsigned char *)shown.bytes + shown.size;
		inflater.avail_out = (uInt)(shown.room - shown.size - 1);
		result = inflate(&inflater, Z_SYNC_FLUSH);
		shown.size = shown.room - 1 - inflater.avail_out;
		shown.bytes[shown.size] = '\0';
		if (result == Z_BUF_ERROR || (result == Z_OK && inflater.avail_out > 0))
			break;
		stream_ended = result == Z_STREAM_END;
		if (result != Z_OK && result != Z_STREAM_END)
			fail_msg("the stream is broken after %zu bytes", shown.size);
	}
	inflater.next_in = NULL; /* it is the caller's */
}

/* Asks for COMPRESS2; from here on this end answers nothing by itself. */
static void ask_for_compression(void)
{
	client.terminal = NULL;
	client_send(&client, BYTES(IAC DO COMPRESS2));
	client_expect_raw(&client, BYTES(IAC WILL COMPRESS2 BEGIN2));
	inflate_shown(client.raw.bytes + client.raw.seen, client.raw.size - client.raw.seen);
}

/* Receives what has come within this time; false at the end of the connection. */
static bool receive_shown(int milliseconds)
{
	struct pollfd readable = {.fd = client.socket, .events = POLLIN};
	char bytes[65536];
	ssize_t size;

	if (poll(&readable, 1, milliseconds) <= 0)
		return true;
	assert_int_not_equal(sockatmark(client.socket), 1);
	size = recv(client.socket, bytes, sizeof(bytes), MSG_DONTWAIT);
	if (size > 0)
		inflate_shown(bytes, (size_t)size);
	return size > 0;
}

/* Waits for text behind what was expected before. */
static void expect_shown(const char *text)
{
	long long deadline = trial_now() + DEADLINE_MS;
	size_t from = shown.seen, length = strlen(text);

	for (;;) {
		const char *found = shown.size > from ? memmem(shown.bytes + from,
							       shown.size - from, text, length)
						      : NULL;

		if (found) {
			shown.seen = (size_t)(found - shown.bytes) + length;
			return;
		}
		from = shown.size > shown.seen + length ? shown.size - length : shown.seen;
		if (receive_shown(100) && trial_now() < deadline)
			continue;
		trial_show("shown", shown.bytes ? shown.bytes : "", shown.size);
		server_show_logs();
		fail_msg("'%s' did not come compressed", text);
	}
}

static void expect_shown_end(void)
{
	long long deadline = trial_now() + DEADLINE_MS;

	while (receive_shown(100))
		assert_true(trial_now() < deadline);
}

/* --- output ------------------------------------------------------------------------------- */

/* A file's bytes as a terminal shows them. */
static char *read_as_shown(const char *path, size_t *size)
{
	char *text = NULL;
	FILE *from = fopen(path, "re"), *to = open_memstream(&text, size);
	int byte;

	assert_non_null(from);
	assert_non_null(to);
	while ((byte = getc_unlocked(from)) != EOF)
		fputs(byte == '\n' ? "\r\n" : (const char[]){(char)byte, '\0'}, to);
	fclose(from);
	assert_int_equal(fclose(to), 0);
	return text;
}

/*
 * The first 5 MB of it, to be done in time. A bare system has less: there it is listed again, at a
 * distance over which zlib remembers nothing.
 */
static void a_listing_of_usr_is_the_same_in_a_fifth_of_the_bytes(void **state)
{
	const char *path = trial_file("listing", NULL);
	char command[512], *listing;
	size_t size, before, begin;

	(void)state;
	server_start(&server, "-l", "/bin/sh", NULL);
	client_open_shell(&client, &server);
	ask_for_compression();
	snprintf(command, sizeof(command),
		 "echo listing-be''gins; "
		 "LC_ALL=C ls -lR $(yes /usr | head -n 10) 2>/dev/null | head -c %d | tee %s; "
		 "echo all-is-lis''ted",
		 LISTED, path);
	client_enter(&client, command);
	expect_shown("listing-begins\r\n");
	begin = shown.seen;
	before = wire;
	expect_shown("all-is-listed\r\n");
	listing = read_as_shown(path, &size);
	assert_true(size > LISTED / 2);
	assert_true(shown.seen - begin >= size + strlen("all-is-listed\r\n"));
	assert_memory_equal(shown.bytes + begin, listing, size);
	assert_int_equal(shown.seen - begin, size + strlen("all-is-listed\r\n"));
	print_message("%zu bytes in %zu: %.2f to 1\n", size, wire - before,
		      (double)size / (double)(wire - before));
	assert_true(size >= LISTED_RATIO * (wire - before));
	free(listing);
}

/* The next key is typed only when the last one has been shown: none waits for another. */
static void each_key_is_echoed_at_once(void **state)
{
	static const char keys[] = "echo 'a line of keys'";

	(void)state;
	server_start(&server, "-l", "/bin/sh", NULL);
	client_open_shell(&client, &server);
	ask_for_compression();
	for (size_t i = 0; keys[i] != '\0'; i++) {
		const char key[] = {keys[i], '\0'};

		client_type(&client, key);
		expect_shown(key);
	}
	client_enter(&client, "");
	expect_shown("\na line of keys\r\n");
}

static void the_stream_ends_with_the_session(void **state)
{
	(void)state;
	server_start(&server, "-l", "/bin/sh", NULL);
	client_open_shell(&client, &server);
	ask_for_compression();
	client_enter(&client, "exec echo la''st");
	expect_shown("last\r\n");
	expect_shown_end();
	assert_true(stream_ended);
	assert_int_equal(inflater.avail_in, 0);
	server_expect_line(&server, "why=\"program ended\"", client.peer, NULL);
}

static void the_stream_ends_when_the_server_stops(void **state)
{
	(void)state;
	server_start(&server, "-l", "/bin/sh", NULL);
	client_open_shell(&client, &server);
	ask_for_compression();
	kill(server.pid, SIGTERM);
	expect_shown("telnetd: ");
	expect_shown_end();
	assert_true(stream_ended);
	assert_true(process_goes(server.pid, DEADLINE_MS)); /* it is told once */
}

static void a_client_can_have_plain_telnet_again(void **state)
{
	(void)state;
	server_start(&server, "-l", "/bin/sh", NULL);
	client_open_shell(&client, &server);
	ask_for_compression();
	client_send(&client, BYTES(IAC DONT COMPRESS2));
	expect_shown(IAC WONT COMPRESS2);
	while (!stream_ended)
		assert_true(receive_shown(DEADLINE_MS));
	client_enter(&client, "echo pla''in");
	client_expect(&client, "plain");
}

/* Reads nothing until no more comes: the server has more that it cannot send. */
static void let_output_wait(void)
{
	int before = -1, waiting = 0;

	for (int same = 0; same < 20; same = waiting == before ? same + 1 : 0) {
		before = waiting;
		assert_int_equal(ioctl(client.socket, FIONREAD, &waiting), 0);
		trial_pause();
	}
}

/* Deflated bytes that were dropped, or one sent as urgent data, would break the stream. */
static void control_c_stops_a_flood_and_leaves_the_stream_whole(void **state)
{
	(void)state;
	server_start(&server, "-l", "/bin/sh", NULL);
	client_open_shell(&client, &server);
	ask_for_compression();
	client_enter(&client, "seq 1 100000000");
	expect_shown("\n20000\r\n");
	let_output_wait();
	client_type(&client, "\003");
	client_enter(&client, "echo af''ter");
	expect_shown("after\r\n");
	assert_false(stream_ended);
}

/* --- configuration ------------------------------------------------------------------------ */

static void compress_yes_in_the_file_makes_the_server_offer_both(void **state)
{
	(void)state;
	server_start(&server, "-l", "/bin/sh", "-c", trial_file("conf", "compress = yes\n"), NULL);
	client_connect(&client, &server);
	client_expect_raw(&client, BYTES(IAC WILL COMPRESS2 IAC WILL COMPRESS3));
	client_send(&client,
		    BYTES(IAC DO COMPRESS2 IAC WILL NAWS IAC SB NAWS "\0\120\0\030" IAC SE));
	client_expect_raw(&client, BYTES(BEGIN2));
}

static void compress_no_in_the_file_makes_the_server_refuse_both(void **state)
{
	(void)state;
	server_start(&server, "-l", "/bin/sh", "-c", trial_file("conf", "compress = no\n"), NULL);
	client_connect(&client, &server);
	client_send(&client, BYTES(IAC DO COMPRESS2 IAC DO COMPRESS3));
	client_expect_raw(&client, BYTES(IAC WONT COMPRESS2 IAC WONT COMPRESS3));
}

static void without_a_word_in_the_file_nothing_is_offered(void **state)
{
	(void)state;
	server_start(&server, "-l", "/bin/sh", NULL);
	client_open_shell(&client, &server);
	assert_false(client_has_raw(&client, BYTES(IAC WILL COMPRESS2)));
	assert_false(client_has_raw(&client, BYTES(IAC WILL COMPRESS3)));
}

/* --- input -------------------------------------------------------------------------------- */

static void agree_to_compress(void)
{
	client.terminal = NULL; /* which would refuse what is answered */
	client_send(&client, BYTES(IAC DO COMPRESS3));
	client_expect_raw(&client, BYTES(IAC WILL COMPRESS3));
}

static void begin_to_compress(void)
{
	agree_to_compress();
	client_send(&client, BYTES(BEGIN3));
}

/* What bytes become; the caller frees it. */
static char *deflated(const char *bytes, size_t size, int flush, size_t *deflated_size)
{
	size_t room = size + 65536;
	char *stream = malloc(room);

	assert_non_null(stream);
	deflater.next_in = (unsigned char *)(uintptr_t)bytes;
	deflater.avail_in = (uInt)size;
	deflater.next_out = (unsigned char *)stream;
	deflater.avail_out = (uInt)room;
	deflate(&deflater, flush);
	assert_true(deflater.avail_out > 0);
	*deflated_size = room - deflater.avail_out;
	return stream;
}

static void send_deflated(const char *bytes, size_t size, int flush)
{
	size_t deflated_size;
	char *stream = deflated(bytes, size, flush, &deflated_size);

	client_send(&client, stream, deflated_size);
	free(stream);
}

static void what_is_typed_may_come_compressed_and_plain_again(void **state)
{
	(void)state;
	server_start(&server, "-l", "/bin/sh", NULL);
	client_open_shell(&client, &server);
	for (int i = 0; i < 2; i++) {
		begin_to_compress();
		send_deflated(BYTES("echo in''side\r\n"), Z_SYNC_FLUSH);
		client_expect(&client, "inside");
		send_deflated(BYTES(IAC DO "\x06"), Z_FINISH);
		client_expect_raw(&client, BYTES(IAC WILL "\x06"));
		client_enter(&client, "echo out''side");
		client_expect(&client, "outside");
		assert_int_equal(deflateReset(&deflater), Z_OK);
		client_send(&client, BYTES(IAC DONT COMPRESS3));
		client_expect_raw(&client, BYTES(IAC WONT COMPRESS3));
	}
}

/*
 * The bytes that telnetlib3's client sends to a server that offers both, each message as it comes:
 * it begins its stream, then agrees in the clear to what else was offered, and compresses only what
 * it is asked then.
 */
static void telnetlib3_goes_on_in_the_clear_after_it_began_its_stream(void **state)
{
	(void)state;
	server_start(&server, "-l", "/bin/sh", "-c", trial_file("conf", "compress = yes\n"), NULL);
	client_connect(&client, &server);
	client_expect_raw(&client, BYTES(IAC WILL COMPRESS3));
	client_send(&client,
		    BYTES(IAC DO "\x01" IAC DO "\x03" IAC SB
				 "\x05\x01" IAC SE IAC DO COMPRESS2 IAC DO COMPRESS3 BEGIN3 IAC DO
				 "\x2a" IAC WILL "\x03" IAC WILL "\x18" IAC WILL "\x1f" IAC SB
				 "\x1f\x00\x64\x00\x1e" IAC SE IAC WILL "\x20" IAC WILL
				 "\x23" IAC WILL "\x27" IAC WILL "\x21"));
	client_expect_raw(&client, BYTES(BEGIN2));
	inflate_shown(client.raw.bytes + client.raw.seen, client.raw.size - client.raw.seen);
	send_deflated(BYTES(IAC SB "\x2a\x02UTF-8" IAC SE IAC SB "\x18\0xterm" IAC SE IAC SB
				   "\x20\00038400,38400" IAC SE IAC SB "\x23\0" IAC SE IAC SB
				   "\x27\0\0LANG\001en_US.utf-8\0TERM\001xterm\0LINES\001"
				   "30\0COLUMNS\001"
				   "100\0COLORTERM\001" IAC SE IAC SB "\x18\0xterm" IAC SE),
		      Z_SYNC_FLUSH);
	send_deflated(BYTES("stty size; echo TE''RM=$TERM\rexit\r"), Z_SYNC_FLUSH);
	expect_shown("30 100\r\n");
	expect_shown("TERM=xterm\r\n");
	expect_shown_end();
	server_expect_line(&server, "why=\"program ended\"", client.peer, NULL);
}

/* The terminal is full most of the time: what waits is compressed, and in the client. */
static void a_paste_into_a_slow_program_arrives_as_it_was(void **state)
{
	struct text text = {0};
	const char *path = trial_file("pasted", NULL);
	char command[512];

	(void)state;
	text_type(&text, PASTED_NUMBERS);
	server_start(&server, "-l", "/bin/sh", NULL);
	client_open_shell(&client, &server);
	snprintf(command, sizeof(command),
		 "stty raw -echo; echo rea''dy; i=%zu; sleep 0.2; { while [ $i -gt 0 ]; do "
		 "i=$((i - 1)); head -c %d; sleep 0.005; done; head -c %zu; } >%s; echo do''ne",
		 text.plain_size / PASTE_PIECE, PASTE_PIECE, text.plain_size % PASTE_PIECE, path);
	client_enter(&client, command);
	client_expect(&client, "ready");
	begin_to_compress();
	for (size_t at = 0; at < text.wire_size; at += PASTE_PIECE) {
		size_t left = text.wire_size - at;

		send_deflated(text.wire + at, left < PASTE_PIECE ? left : PASTE_PIECE,
			      left <= PASTE_PIECE ? Z_FINISH : Z_NO_FLUSH);
	}
	client_expect(&client, "done");
	assert_true(flow_has_typed(&text, path));
	text_free(&text);
}

static long all_workers_ticks(void)
{
	pid_t workers[WORKERS_MAX];
	size_t count = server_workers(&server, workers, WORKERS_MAX);
	long ticks = 0;

	assert_in_range(count, 1, WORKERS_MAX);
	for (size_t i = 0; i < count; i++)
		ticks += process_ticks(workers[i]);
	return ticks;
}

#define STILL_MS 200

static void a_paste_that_nobody_reads_costs_nothing(void **state)
{
	struct text text = {0};
	long ticks;

	(void)state;
	text_type(&text, PASTED_NUMBERS / 30);
	server_start(&server, "-l", "/bin/sh", NULL);
	client_open_shell(&client, &server);
	client_enter(&client, "stty raw -echo; echo rea''dy; exec sleep 600");
	client_expect(&client, "ready");
	begin_to_compress();
	send_deflated(text.wire, text.wire_size, Z_SYNC_FLUSH);
	poll(NULL, 0, STILL_MS); /* in which it fills the terminal */
	ticks = all_workers_ticks();
	poll(NULL, 0, STILL_MS);
	ticks = all_workers_ticks() - ticks;
	assert_in_range(ticks, 0, STILL_MS * sysconf(_SC_CLK_TCK) / 1000 / 4);
	text_free(&text);
}

/* The mark stands in compressed bytes; how far data is dropped, the DM among them says. */
static void a_synch_drops_what_was_typed_before_it_in_the_stream(void **state)
{
	size_t size;
	char *stream;

	(void)state;
	server_start(&server, "-l", "/bin/sh", NULL);
	client_open_shell(&client, &server);
	begin_to_compress();
	stream = deflated(BYTES("echo dropp''ed; " IAC "\xf2"), Z_SYNC_FLUSH, &size);
	client_send_urgent(&client, stream, size);
	free(stream);
	send_deflated(BYTES("echo ke''pt\r\n"), Z_SYNC_FLUSH);
	client_expect(&client, "kept");
	assert_false(client_has(&client, "dropped"));
}

/* --- hostile input ------------------------------------------------------------------------ */

static void expect_fault(const char *why)
{
	client_expect_end_or_reset(&client);
	server_expect_line(&server, why, client.peer, NULL);
	server_expect_line(&server, "why=\"protocol fault\"", client.peer, NULL);
}

static void garbage_in_the_stream_ends_the_session(void **state)
{
	(void)state;
	server_start(&server, "-l", "/bin/sh", NULL);
	client_open_shell(&client, &server);
	begin_to_compress();
	client_send(&client, BYTES("\r\necho typed\r\n"));
	expect_fault("compressed data that are broken");
	assert_false(client_has(&client, "typed"));
}

static void a_stream_without_its_end_ends_what_is_typed(void **state)
{
	(void)state;
	server_start(&server, "-l", "/bin/sh", NULL);
	client_open_shell(&client, &server);
	begin_to_compress();
	send_deflated(BYTES("echo be''gun\r\n"), Z_SYNC_FLUSH);
	client_expect(&client, "begun");
	client_half_close(&client);
	server_expect_line(&server, "why=\"program ended\"", client.peer, NULL);
}

/* 50 MB in 50 kB. */
static char *make_bomb(size_t *size)
{
	char *zeros = calloc(1, BOMB_SIZE), *bomb;

	assert_non_null(zeros);
	assert_int_equal(deflateReset(&deflater), Z_OK);
	bomb = deflated(zeros, BOMB_SIZE, Z_FINISH, size);
	free(zeros);
	assert_true(*size < BOMB_SIZE / 900);
	return bomb;
}

/*
 * The bomb goes to a program that reads all it gets. The monitor stands still meanwhile, so that a
 * worker whose session has ended can be looked at.
 */
static void explode(const char *sessions_per_worker, const char *begin, size_t begin_size,
		    bool agreed, const char *why)
{
	size_t size;
	char *bomb = make_bomb(&size);
	long ticks, limit = BOMB_CPU_MS * sysconf(_SC_CLK_TCK) / 1000;

	server_start(&server, "-l", "/bin/sh", "--sessions-per-worker", sessions_per_worker, NULL);
	client_open_shell(&neighbour, &server);
	client_open_shell(&client, &server);
	client_enter(&client, "stty raw -echo; echo rea''dy; exec cat >/dev/null");
	client_expect(&client, "ready");
	if (agreed)
		agree_to_compress();
	assert_int_equal(kill(server.pid, SIGSTOP), 0);
	ticks = all_workers_ticks();
	client_send(&client, begin, begin_size);
	client_send(&client, bomb, size);
	client_expect_end_or_reset(&client);
	ticks = all_workers_ticks() - ticks;
	assert_int_equal(kill(server.pid, SIGCONT), 0);
	assert_in_range(ticks, 0, limit);
	server_expect_line(&server, why, client.peer, NULL);
	server_expect_line(&server, "why=\"protocol fault\"", client.peer, NULL);
	client_enter(&neighbour, "echo st''ill");
	client_expect(&neighbour, "still");
	free(bomb);
}

#define BOMB_TEST(name, sessions_per_worker, begin, agreed, why)                                   \
	static void name(void **state)                                                             \
	{                                                                                          \
		(void)state;                                                                       \
		explode(sessions_per_worker, BYTES(begin), agreed, why);                           \
	}

BOMB_TEST(a_bomb_ends_its_own_session_in_an_isolated_worker, "1", BEGIN3, true, "expand too much")
BOMB_TEST(a_bomb_ends_its_own_session_in_a_shared_worker, "0", BEGIN3, true, "expand too much")
BOMB_TEST(a_bomb_behind_compress2_unasked_does_nothing_in_an_isolated_worker, "1", BEGIN2, true,
	  "not asked for")
BOMB_TEST(a_bomb_behind_compress2_unasked_does_nothing_in_a_shared_worker, "0", BEGIN2, true,
	  "not asked for")
BOMB_TEST(a_bomb_behind_compress3_unasked_does_nothing_in_an_isolated_worker, "1", BEGIN3, false,
	  "not asked for")
BOMB_TEST(a_bomb_behind_compress3_unasked_does_nothing_in_a_shared_worker, "0", BEGIN3, false,
	  "not asked for")

#define COMPRESS_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		COMPRESS_TEST(a_listing_of_usr_is_the_same_in_a_fifth_of_the_bytes),
		COMPRESS_TEST(each_key_is_echoed_at_once),
		COMPRESS_TEST(the_stream_ends_with_the_session),
		COMPRESS_TEST(the_stream_ends_when_the_server_stops),
		COMPRESS_TEST(a_client_can_have_plain_telnet_again),
		COMPRESS_TEST(control_c_stops_a_flood_and_leaves_the_stream_whole),
		COMPRESS_TEST(compress_yes_in_the_file_makes_the_server_offer_both),
		COMPRESS_TEST(compress_no_in_the_file_makes_the_server_refuse_both),
		COMPRESS_TEST(without_a_word_in_the_file_nothing_is_offered),
		COMPRESS_TEST(what_is_typed_may_come_compressed_and_plain_again),
		COMPRESS_TEST(telnetlib3_goes_on_in_the_clear_after_it_began_its_stream),
		COMPRESS_TEST(a_paste_into_a_slow_program_arrives_as_it_was),
		COMPRESS_TEST(a_paste_that_nobody_reads_costs_nothing),
		COMPRESS_TEST(a_synch_drops_what_was_typed_before_it_in_the_stream),
		COMPRESS_TEST(garbage_in_the_stream_ends_the_session),
		COMPRESS_TEST(a_stream_without_its_end_ends_what_is_typed),
		COMPRESS_TEST(a_bomb_ends_its_own_session_in_an_isolated_worker),
		COMPRESS_TEST(a_bomb_ends_its_own_session_in_a_shared_worker),
		COMPRESS_TEST(a_bomb_behind_compress2_unasked_does_nothing_in_an_isolated_worker),
		COMPRESS_TEST(a_bomb_behind_compress2_unasked_does_nothing_in_a_shared_worker),
		COMPRESS_TEST(a_bomb_behind_compress3_unasked_does_nothing_in_an_isolated_worker),
		COMPRESS_TEST(a_bomb_behind_compress3_unasked_does_nothing_in_a_shared_worker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
