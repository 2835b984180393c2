/* SPDX-License-Identifier: ISC */
/*
 * The client where its connection is not plain UTF-8: compressed in one direction or both, or in
 * another character set, as it has agreed with the server. The server is telnetd, or the test.
 */
#include "tests/e2e/support/call.h"
#include "tests/e2e/support/client.h"
#include "tests/e2e/support/listener.h"
#include "tests/e2e/support/server.h"
#include "tests/e2e/support/trial.h"
#include "tests/e2e/support/typist.h"

#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <zlib.h>

#define COMMAND_SIZE 1024
#define ENCODED_SIZE 256

/* What expands to more than all buffers between the server and a reader hold. */
#define FLOOD_SIZE ((size_t)3000000)

#define CHARSET "\x2a"
#define COMPRESS2 "\x56"
#define COMPRESS3 "\x57"
#define REQUEST "\x01"
#define ACCEPTED "\x02"
#define REJECTED "\x03"

#define ECHO_AND_SGA IAC WILL "\x01" IAC WILL "\x03"
#define AGREED_ECHO_AND_SGA IAC DO "\x01" IAC DO "\x03"

#define BEGIN_COMPRESS2 IAC SB COMPRESS2 IAC SE

static struct server telnetd;
static struct listener listener;
static struct typist typist;
static struct client server; /* the server's end of the connection, where the test is the server */

static int tear_down(void **state)
{
	(void)state;
	call_end(&typist, &listener, &server);
	return server_stop(&telnetd);
}

/* --- at telnetd --------------------------------------------------------------------------- */

/* A telnetd with these lines of configuration, and a user at a terminal who is at a shell there. */
static void log_in(const char *configuration)
{
	char port[8];

	server_start(&telnetd, "-l", "/bin/sh", "-c", trial_file("configuration", configuration),
		     NULL);
	snprintf(port, sizeof(port), "%hu", telnetd.port);
	typist_start(&typist,
		     (const char *const[]){trial_built("telnet"), "-a", "--trace",
					   trial_file("trace", ""), "127.0.0.1", port, NULL});
	typist_expect(&typist, "Escape character");
	typist_enter(&typist, "PS1='rea''dy> '");
	typist_expect(&typist, "ready> ");
}

static void a_session_at_telnetd_is_compressed_both_ways(void **state)
{
	(void)state;
	log_in("compress = yes\n");
	assert_true(trial_file_gets("trace", "< SB COMPRESS2"));
	assert_true(trial_file_gets("trace", "> SB COMPRESS3"));
	call_command(&typist, "status");
	typist_expect(&typist, "Options of the server: ");
	typist_expect(&typist, "COMPRESS2, COMPRESS3");
	typist_enter(&typist, "echo tra''ced");
	typist_expect(&typist, "traced");
	assert_true(trial_file_gets("trace", "traced")); /* in plain text */
}

/* Output that expands a thousandfold does not end a session: the user can. */
static void a_flood_of_one_letter_can_be_shown_and_interrupted(void **state)
{
	(void)state;
	log_in("compress = yes\n");
	typist_enter(&typist, "yes | head -n 1000000; echo do''ne");
	typist_expect(&typist, "\r\ndone\r\n");
	typist_enter(&typist, "yes");
	typist_expect(&typist, "y\r\ny\r\ny\r\n");
	typist_type(&typist, "\003");
	typist_expect(&typist, "ready> ");
	typist_enter(&typist, "exit");
	typist_expect(&typist, "Connection closed by foreign host.");
	assert_int_equal(typist_expect_end(&typist), 0);
}

/* Bytes of EUC-KR, which a program prints on a terminal that is in it, become UTF-8. */
static void a_terminal_in_euc_kr_is_shown_and_typed_in_utf8(void **state)
{
	(void)state;
	log_in("charset = EUC-KR\n");
	typist_enter(&typist, "printf '\\307\\321'");
	typist_expect(&typist, "\xed\x95\x9c");
	typist_enter(&typist, "printf \xed\x95\x9c | od -An -tx1");
	typist_expect(&typist, "c7 d1");
	call_command(&typist, "status");
	typist_expect(&typist, "The server's character set is EUC-KR.");
}

/* The server takes clients that agree on nothing for users of EUC-KR. This client agrees. */
static void a_server_for_another_set_is_told_the_own_one(void **state)
{
	(void)state;
	log_in("client-charset = EUC-KR\n");
	typist_enter(&typist, "printf '\\355\\225\\234'");
	typist_expect(&typist, "\xed\x95\x9c");
	typist_enter(&typist, "printf \xed\x95\x9c | od -An -tx1");
	typist_expect(&typist, "ed 95 9c");
}

/* --- character sets ----------------------------------------------------------------------- */

static const struct {
	const char *name;
	const char *converter; /* as iconv(3) has it */
	const char *text; /* in UTF-8 */
} sets[] = {
	{"ISO-8859-1", "ISO-8859-1", "na\xc3\xafve"},
	{"ISO-8859-15", "ISO-8859-15", "\xe2\x82\xac 5"},
	{"EUC-KR", "EUC-KR", "\xed\x95\x9c\xea\xb8\x80"},
	{"CP949", "CP949", "\xed\x95\x9c\xea\xb8\x80"},
	{"EUC-JP", "EUC-JP", "\xe6\x97\xa5\xe6\x9c\xac"},
	{"Shift_JIS", "CP932", "\xe6\x97\xa5\xe6\x9c\xac"},
	{"ISO-2022-JP", "ISO-2022-JP", "\xe6\x97\xa5\xe6\x9c\xac."},
	{"GB18030", "GB18030", "\xe4\xb8\xad\xe6\x96\x87"},
	{"Big5", "BIG5", "\xe4\xb8\xad\xe6\x96\x87"},
	{"KOI8-R", "KOI8-R", "\xd0\x9f\xd1\x80\xd0\xb8"},
	{"windows-1251", "CP1251", "\xd0\x9f\xd1\x80\xd0\xb8"},
	{"windows-1252", "CP1252", "\xe2\x82\xac 5"},
	{"CP437", "CP437", "caf\xc3\xa9"},
	{"CP850", "CP850", "caf\xc3\xa9"},
	{"IBM037", "IBM037", "caf\xc3\xa9"},
	{"IBM1047", "IBM1047", "caf\xc3\xa9"},
};

#define SETS (sizeof(sets) / sizeof(sets[0]))

static size_t encode(const char *text, const char *converter, char bytes[ENCODED_SIZE])
{
	iconv_t encoder = iconv_open(converter, "UTF-8");
	char *in = (char *)(uintptr_t)text, *out = bytes;
	size_t left = strlen(text), room = ENCODED_SIZE;

	assert_ptr_not_equal(encoder, (iconv_t)-1);
	assert_int_equal(iconv(encoder, &in, &left, &out, &room), 0);
	iconv(encoder, NULL, NULL, &out, &room);
	iconv_close(encoder);
	return (size_t)(out - bytes);
}

/* A connection whose keys go out one by one, and are echoed by the server. */
static void connect_in_character_mode(void)
{
	call_start(&typist, &listener, &server, NULL, NULL);
	typist_expect(&typist, "Escape character is");
	client_send(&server, BYTES(ECHO_AND_SGA));
	client_expect_raw(&server, BYTES(AGREED_ECHO_AND_SGA));
	typist_expect_raw(&typist);
}

static void ask_for(const char *name)
{
	char request[ENCODED_SIZE], answer[ENCODED_SIZE];
	int size = snprintf(request, sizeof(request), IAC SB CHARSET REQUEST ";X-NONE;%s" IAC SE,
			    name);
	int expected = snprintf(answer, sizeof(answer), IAC SB CHARSET ACCEPTED "%s" IAC SE, name);

	client_send(&server, request, (size_t)size);
	client_expect_raw(&server, answer, (size_t)expected);
}

static void every_set_that_a_server_asks_for_is_shown_and_typed(void **state)
{
	char encoded[ENCODED_SIZE];

	(void)state;
	connect_in_character_mode();
	client_send(&server, BYTES(IAC WILL CHARSET));
	client_expect_raw(&server, BYTES(IAC DO CHARSET));
	for (size_t i = 0; i < SETS; i++) {
		size_t size = encode(sets[i].text, sets[i].converter, encoded);

		ask_for(sets[i].name);
		client_send(&server, encoded, size);
		typist_expect(&typist, sets[i].text);
		typist_type(&typist, sets[i].text);
		client_expect_raw(&server, encoded, size);
	}
	ask_for("UTF-8");
	client_send(&server, BYTES("caf\xc3\xa9"));
	typist_expect(&typist, "caf\xc3\xa9");
}

static void what_only_unknown_sets_are_asked_for_is_rejected(void **state)
{
	(void)state;
	connect_in_character_mode();
	client_send(&server, BYTES(IAC WILL CHARSET));
	client_expect_raw(&server, BYTES(IAC DO CHARSET));
	client_send(&server, BYTES(IAC SB CHARSET REQUEST " X-NONE X-OTHER" IAC SE));
	client_expect_raw(&server, BYTES(IAC SB CHARSET REJECTED IAC SE));
	client_send(&server, BYTES("caf\xc3\xa9 \xc7"));
	typist_expect(&typist, "caf\xc3\xa9 \xc7"); /* as it came */
}

/* A server that wants to be asked (DO) gets the user's set first, and then the others. */
static void a_server_is_asked_for_the_own_set_first(void **state)
{
	(void)state;
	connect_in_character_mode();
	client_send(&server, BYTES(IAC DO CHARSET));
	client_expect_raw(&server, BYTES(IAC WILL CHARSET));
	client_expect_raw(&server, BYTES(IAC SB CHARSET REQUEST ";UTF-8;US-ASCII;ISO-8859-1;"));
	client_send(&server, BYTES(IAC SB CHARSET ACCEPTED "KOI8-R" IAC SE "\xf0\xd2\xc9"));
	typist_expect(&typist, "\xd0\x9f\xd1\x80\xd0\xb8");
}

/* The client sends 8-bit characters as they are to a server that has agreed on none. */
static void without_an_agreement_bytes_pass_as_they_are(void **state)
{
	(void)state;
	connect_in_character_mode();
	typist_type(&typist, "\xc3\xa9\xe9");
	client_expect_raw(&server, BYTES("\xc3\xa9\xe9"));
	client_send(&server, BYTES("\xc3\xa9\xe9."));
	typist_expect(&typist, "\xc3\xa9\xe9.");
}

/* Runs a script, which waits with what it pipes into the client until the file "go" has a line. */
static void pipe_when_told(const char *input, const char *output)
{
	static char command[COMMAND_SIZE];

	listener_open(&listener);
	snprintf(command, sizeof(command),
		 "{ while [ ! -s %s ]; do sleep 0.02; done; %s; } | %s -q 127.0.0.1 %s %s",
		 trial_file("go", NULL), input, trial_built("telnet"), listener.port_text, output);
	typist_start(&typist, (const char *const[]){"sh", "-c", command, NULL});
	client_use(&server, listener_accept(&listener), NULL);
}

/* Also of a last character that has only begun (U+FFFD). */
static void a_script_reads_and_writes_its_own_set(void **state)
{
	(void)state;
	pipe_when_told("printf '\\355\\225\\234'", "| od -An -tx1");
	client_send(&server, BYTES(IAC WILL CHARSET));
	client_expect_raw(&server, BYTES(IAC DO CHARSET));
	ask_for("EUC-KR");
	trial_file("go", "go\n");
	client_expect_raw(&server, BYTES("\xc7\xd1"));
	client_send(&server, BYTES("\xc7\xd1\xb1"));
	client_close(&server);
	typist_expect(&typist, "ed 95 9c ef bf bd");
}

/* --- compression -------------------------------------------------------------------------- */

static z_stream deflater;

/* The next piece of a compressed stream, up to where it can be inflated; good for one call. */
static const char *deflated(const char *bytes, size_t size, int flush, size_t *deflated_size)
{
	static char out[65536];

	deflater.next_in = (z_const Bytef *)(uintptr_t)bytes;
	deflater.avail_in = (uInt)size;
	deflater.next_out = (Bytef *)out;
	deflater.avail_out = sizeof(out);
	assert_true(deflate(&deflater, flush) != Z_STREAM_ERROR);
	assert_true(deflater.avail_out > 0);
	*deflated_size = sizeof(out) - deflater.avail_out;
	return out;
}

static void send_deflated(const char *bytes, size_t size, int flush)
{
	size_t deflated_size;
	const char *out = deflated(bytes, size, flush, &deflated_size);

	client_send(&server, out, deflated_size);
}

/* Agrees, and begins. */
static void begin_compression(void)
{
	deflater = (z_stream){0};
	assert_int_equal(deflateInit(&deflater, Z_DEFAULT_COMPRESSION), Z_OK);
	client_send(&server, BYTES(IAC WILL COMPRESS2));
	client_expect_raw(&server, BYTES(IAC DO COMPRESS2));
	client_send(&server, BYTES(BEGIN_COMPRESS2));
}

/* Commands in the stream act in their place: a password is not shown. */
static void commands_act_within_a_compressed_stream(void **state)
{
	(void)state;
	call_start(&typist, &listener, &server, NULL, NULL);
	typist_expect(&typist, "Escape character is");
	begin_compression();
	send_deflated(BYTES("login: one\r\n" ECHO_AND_SGA "Password: "), Z_SYNC_FLUSH);
	client_expect_raw(&server, BYTES(AGREED_ECHO_AND_SGA));
	typist_expect(&typist, "login: one\r\nPassword: ");
	typist_expect_raw(&typist);
	typist_type(&typist, "s");
	client_expect_raw(&server, BYTES("s"));
	send_deflated(BYTES("end\r\n"), Z_FINISH);
	client_send(&server, BYTES("plain" IAC DO "\x18")); /* behind the stream */
	typist_expect(&typist, "end\r\nplain");
	client_expect_raw(&server, BYTES(IAC WILL "\x18"));
	deflateEnd(&deflater);
}

static void a_slow_reader_gets_all_that_a_stream_expands_to(void **state)
{
	static char command[COMMAND_SIZE];
	char *flood = calloc(1, FLOOD_SIZE);

	(void)state;
	assert_non_null(flood);
	memset(flood, 'x', FLOOD_SIZE);
	listener_open(&listener);
	snprintf(command, sizeof(command),
		 "sleep 1 | %s -q 127.0.0.1 %s | { sleep 2; wc -c; }; echo end.",
		 trial_built("telnet"), listener.port_text);
	typist_start(&typist, (const char *const[]){"sh", "-c", command, NULL});
	client_use(&server, listener_accept(&listener), NULL);
	begin_compression();
	send_deflated(flood, FLOOD_SIZE, Z_FINISH);
	client_half_close(&server);
	typist_expect(&typist, "3000000");
	typist_expect(&typist, "end.");
	deflateEnd(&deflater);
	free(flood);
}

/* Waits until the compressed stream that the client sends has this as its next piece. */
static void expect_inflated(z_stream *inflater, const char *text, size_t size)
{
	char plain[ENCODED_SIZE];

	inflater->next_out = (Bytef *)plain;
	inflater->avail_out = (uInt)size;
	while (inflater->avail_out > 0) {
		if (server.raw.seen == server.raw.size)
			assert_true(client_receive(&server, DEADLINE_MS));
		inflater->next_in = (z_const Bytef *)(server.raw.bytes + server.raw.seen);
		inflater->avail_in = (uInt)(server.raw.size - server.raw.seen);
		assert_int_equal(inflate(inflater, Z_SYNC_FLUSH), Z_OK);
		server.raw.seen = server.raw.size - inflater->avail_in;
	}
	assert_memory_equal(plain, text, size);
}

static void each_key_is_sent_at_once_in_a_compressed_stream(void **state)
{
	z_stream inflater = {0};

	(void)state;
	connect_in_character_mode();
	client_send(&server, BYTES(IAC WILL COMPRESS3));
	client_expect_raw(&server, BYTES(IAC DO COMPRESS3 IAC SB COMPRESS3 IAC SE));
	assert_int_equal(inflateInit(&inflater), Z_OK);
	typist_type(&typist, "a");
	expect_inflated(&inflater, BYTES("a"));
	typist_type(&typist, "\xc3\xa9\r");
	expect_inflated(&inflater, BYTES("\xc3\xa9\r"));
	expect_inflated(&inflater, BYTES("\0"));
	call_command(&typist, "send ayt");
	expect_inflated(&inflater, BYTES(IAC "\xf6"));
	inflateEnd(&inflater);
}

static void what_is_piped_in_goes_compressed_and_its_stream_ends(void **state)
{
	char plain[ENCODED_SIZE];
	z_stream inflater = {0};

	(void)state;
	pipe_when_told("echo one", "");
	client_send(&server, BYTES(IAC WILL COMPRESS3));
	client_expect_raw(&server, BYTES(IAC DO COMPRESS3 IAC SB COMPRESS3 IAC SE));
	trial_file("go", "go\n");
	while (client_receive(&server, DEADLINE_MS))
		;
	assert_true(server.ended);
	assert_int_equal(inflateInit(&inflater), Z_OK);
	inflater.next_in = (z_const Bytef *)(server.raw.bytes + server.raw.seen);
	inflater.avail_in = (uInt)(server.raw.size - server.raw.seen);
	inflater.next_out = (Bytef *)plain;
	inflater.avail_out = sizeof(plain);
	assert_int_equal(inflate(&inflater, Z_SYNC_FLUSH), Z_STREAM_END);
	assert_int_equal(inflater.avail_in, 0);
	assert_int_equal(sizeof(plain) - inflater.avail_out, 5);
	assert_memory_equal(plain, "one\r\n", 5);
	inflateEnd(&inflater);
}

/* --- answers ------------------------------------------------------------------------------ */

#define ASKS ((size_t)600)

/* The answers are more than the client lets wait, and the socket takes them all at once. */
static void what_came_after_many_requests_is_shown(void **state)
{
	static const char ask[] = IAC SB "\x18\x01" IAC SE;
	char asks[ASKS * (sizeof(ask) - 1) + sizeof("after them\r\n")];
	size_t size = ASKS * (sizeof(ask) - 1);

	(void)state;
	for (size_t i = 0; i < ASKS; i++)
		memcpy(asks + i * (sizeof(ask) - 1), ask, sizeof(ask) - 1);
	memcpy(asks + size, "after them\r\n", sizeof("after them\r\n"));
	listener_open(&listener);
	typist.variables[0] = "TERM=a-terminal-with-a-name-of-forty-letters-";
	typist_start(&typist, (const char *const[]){trial_built("telnet"), "-q", "127.0.0.1",
						    listener.port_text, NULL});
	client_use(&server, listener_accept(&listener), NULL);
	client_send(&server, BYTES(IAC DO "\x18"));
	client_expect_raw(&server, BYTES(IAC WILL "\x18"));
	client_send(&server, asks, strlen("after them\r\n") + size);
	typist_expect(&typist, "after them\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_teardown(name, tear_down)
		TEST(a_session_at_telnetd_is_compressed_both_ways),
		TEST(a_flood_of_one_letter_can_be_shown_and_interrupted),
		TEST(a_terminal_in_euc_kr_is_shown_and_typed_in_utf8),
		TEST(a_server_for_another_set_is_told_the_own_one),
		TEST(every_set_that_a_server_asks_for_is_shown_and_typed),
		TEST(what_only_unknown_sets_are_asked_for_is_rejected),
		TEST(a_server_is_asked_for_the_own_set_first),
		TEST(without_an_agreement_bytes_pass_as_they_are),
		TEST(a_script_reads_and_writes_its_own_set),
		TEST(commands_act_within_a_compressed_stream),
		TEST(a_slow_reader_gets_all_that_a_stream_expands_to),
		TEST(each_key_is_sent_at_once_in_a_compressed_stream),
		TEST(what_is_piped_in_goes_compressed_and_its_stream_ends),
		TEST(what_came_after_many_requests_is_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
