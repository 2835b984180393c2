/* SPDX-License-Identifier: ISC */
/*
 * Talking to mail and file servers by hand: the dialogues of SMTP, POP3, IMAP and FTP with Postfix,
 * Dovecot and vsftpd, to the last byte of what the terminal shows.
 */
#include "tests/e2e/support/machine.h"
#include "tests/e2e/support/trial.h"
#include "tests/e2e/support/typist.h"
#include "tests/net/support/dialogue.h"

#include <arpa/telnet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define COMMAND_SIZE 512
#define PROMPT "wanda@lab:~$ "
#define GREETING "Grüße aus dem Labor, naïve café: 5 µm, 日本"
#define MAILBOX "/home/wanda/Maildir"

/* What every session with a server begins with. */
#define BEGINNING(host)                                                                            \
	"<Trying fd23::*...", ("<Connected to " host "."), "<Escape character is '^]'."
#define END "<Connection closed by foreign host."

/* A message as it is sent, and the lines of it as RETR and FETCH show them. */
#define BODY                                                                                       \
	"<Subject: A line by hand", "<", ("<" GREETING), "<..a line that begins with a dot",       \
		"<The last line."
#define HEADER(sender)                                                                             \
	"<Return-Path: <ann@lab.test>", "<X-Original-To: wanda@lab.test",                          \
		"<Delivered-To: wanda@lab.test", ("<Received: from " sender),                      \
		"<\tby mail.lab.test (Postfix) with SMTP id *",                                    \
		"<\tfor <wanda@lab.test>; *, * +0000 (UTC)"

static struct typist typist;

/* Holds a dialogue that the server ends. */
static void hold_to_its_end(const char *command, const char *const lines[])
{
	dialogue_start(&typist, command);
	dialogue_hold(&typist, lines);
	typist_expect_end(&typist);
}

/* --- the mailbox -------------------------------------------------------------------------- */

static int set_up(void **state)
{
	(void)state;
	if (getenv("NETWORK"))
		machine_ask("rm -rf " MAILBOX);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	typist_leave(&typist);
	return 0;
}

/* The one message in the mailbox, as the server has stored it. */
static const char *expect_message(void)
{
	long long deadline = trial_now() + DEADLINE_MS;
	const char *message;

	do {
		trial_pause();
		message = machine_ask("cat " MAILBOX "/new/* " MAILBOX "/cur/* 2>/dev/null");
	} while (message[0] == '\0' && trial_now() < deadline);
	assert_string_not_equal(message, "");
	return message;
}

/* Has a message delivered, from lab. */
static void deliver(void)
{
	machine_ask("printf '%s\\n' 'HELO lab.test' 'MAIL FROM:<ann@lab.test>' "
		    "'RCPT TO:<wanda@lab.test>' DATA 'Subject: A line by hand' '' '" GREETING "' "
		    "'..a line that begins with a dot' 'The last line.' . QUIT | "
		    "ip netns exec lab nc -C mail.lab.test 25");
	expect_message();
}

static size_t count_messages(void)
{
	return (size_t)atoi(machine_ask("cat /dev/null; ls " MAILBOX "/new " MAILBOX
					"/cur 2>/dev/null | grep -c '^[0-9]'"));
}

/* --- SMTP --------------------------------------------------------------------------------- */

static void ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), of_end = strlen(end);

	assert_true(length >= of_end);
	assert_string_equal(text + length - of_end, end);
}

static void a_message_typed_at_the_lab_lies_in_the_mailbox(void **state)
{
	static const char command[] = "telnet lab.test";
	static const char *const lines[] = {
		BEGINNING("lab.test"),
		"<Lab machine",
		"?lab login: ",
		">wanda",
		"?Password: ",
		"!right horse",
		("?" PROMPT),
		">telnet mail.lab.test 25",
		BEGINNING("mail.lab.test"),
		"<220 mail.lab.test ESMTP Postfix",
		">HELO lab.test",
		"<250 mail.lab.test",
		">MAIL FROM:<ann@lab.test>",
		"<250 2.1.0 Ok",
		">RCPT TO:<wanda@lab.test>",
		"<250 2.1.5 Ok",
		">DATA",
		"<354 End data with <CR><LF>.<CR><LF>",
		">Subject: A line by hand",
		">",
		(">" GREETING),
		">..a line that begins with a dot",
		">The last line.",
		">.",
		"<250 2.0.0 Ok: queued as *",
		">QUIT",
		"<221 2.0.0 Bye",
		END,
		("?" PROMPT),
		">exit",
		"<logout",
		END,
		NULL,
	};
	const char *message;

	(void)state;
	NEEDS_THE_NETWORK();
	hold_to_its_end(command, lines);
	message = expect_message();
	assert_non_null(strstr(message, "Received: from lab.test (lab.test [IPv6:fd23::2])"));
	ends_with(message, "\nSubject: A line by hand\n\n" GREETING
			   "\n.a line that begins with a dot\nThe last line.\n");
	dialogue_keep(&typist, command, "1-smtp");
}

/* --- POP3 --------------------------------------------------------------------------------- */

#define POP3_BEGINNING                                                                             \
	BEGINNING("mail.lab.test"), "<+OK mail.lab.test ready.", ">USER wanda", "<+OK",            \
		">PASS right horse", "<+OK Logged in."

static void pop3_reads_a_message_and_keeps_it(void **state)
{
	static const char command[] = "telnet mail.lab.test 110";
	static const char *const lines[] = {
		POP3_BEGINNING,
		">STAT",
		"<+OK 1 *",
		">LIST",
		"<+OK 1 messages:",
		"<1 *",
		"<.",
		">RETR 1",
		"<+OK * octets",
		HEADER("lab.test (lab.test [IPv6:fd23::2])"),
		BODY,
		"<.",
		">QUIT",
		"<+OK Logging out.",
		END,
		NULL,
	};

	(void)state;
	NEEDS_THE_NETWORK();
	deliver();
	hold_to_its_end(command, lines);
	assert_int_equal(count_messages(), 1);
	dialogue_keep(&typist, command, "2-pop3");
}

static void pop3_removes_a_message(void **state)
{
	static const char *const lines[] = {
		POP3_BEGINNING,
		">DELE 1",
		"<+OK Marked to be deleted.",
		">QUIT",
		"<+OK Logging out, messages deleted.",
		END,
		NULL,
	};

	(void)state;
	NEEDS_THE_NETWORK();
	deliver();
	hold_to_its_end("telnet mail.lab.test 110", lines);
	assert_int_equal(count_messages(), 0);
}

/* --- IMAP --------------------------------------------------------------------------------- */

#define IMAP_BEGINNING                                                                             \
	BEGINNING("mail.lab.test"), "<* OK [CAPABILITY *] mail.lab.test ready.",                   \
		">a LOGIN wanda \"right horse\"", "<a OK [CAPABILITY *] Logged in"
#define IMAP_END ">z LOGOUT", "<* BYE Logging out", "<z OK Logout completed *", END, NULL
#define IMAP_FLAGS "<* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)"

static void imap_reads_a_message_and_keeps_its_flags(void **state)
{
	static const char command[] = "telnet mail.lab.test 143";
	static const char *const first[] = {
		IMAP_BEGINNING,
		">b SELECT INBOX",
		IMAP_FLAGS,
		"<* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] *",
		"<* 1 EXISTS",
		"<* 1 RECENT",
		"<* OK [UNSEEN 1] First unseen.",
		"<* OK [UIDVALIDITY *] UIDs valid",
		"<* OK [UIDNEXT 2] Predicted next UID",
		"<b OK [READ-WRITE] Select completed *",
		">c FETCH 1 BODY[]",
		"<* 1 FETCH (FLAGS (\\Seen \\Recent) BODY[] {*}",
		HEADER("lab.test (lab.test [IPv6:fd23::2])"),
		"<Subject: A line by hand",
		"<",
		("<" GREETING),
		"<.a line that begins with a dot",
		"<The last line.",
		"<)",
		"<c OK Fetch completed *",
		">d STORE 1 +FLAGS (\\Flagged)",
		"<* 1 FETCH (FLAGS (\\Flagged \\Seen \\Recent))",
		"<d OK Store completed *",
		IMAP_END,
	};
	static const char *const second[] = {
		IMAP_BEGINNING,
		">b SELECT INBOX",
		IMAP_FLAGS,
		"<* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] *",
		"<* 1 EXISTS",
		"<* 0 RECENT",
		"<* OK [UIDVALIDITY *] UIDs valid",
		"<* OK [UIDNEXT 2] Predicted next UID",
		"<b OK [READ-WRITE] Select completed *",
		">c FETCH 1 FLAGS",
		"<* 1 FETCH (FLAGS (\\Flagged \\Seen))",
		"<c OK Fetch completed *",
		IMAP_END,
	};

	(void)state;
	NEEDS_THE_NETWORK();
	deliver();
	hold_to_its_end(command, first);
	dialogue_keep(&typist, command, "3-imap");
	typist_leave(&typist);
	hold_to_its_end(command, second);
}

/* --- FTP ---------------------------------------------------------------------------------- */

static void ftp_logs_in_and_names_a_port(void **state)
{
	static const char command[] = "telnet files.lab.test 21";
	static const char *const lines[] = {
		BEGINNING("files.lab.test"),
		"<220 files.lab.test FTP server ready.",
		">USER wanda",
		"<331 Please specify the password.",
		">PASS right horse",
		"<230 Login successful.",
		">PWD",
		"<257 \"/home/wanda\" is the current directory",
		">EPSV",
		"<229 Entering Extended Passive Mode (|||40000|)",
		">QUIT",
		"<221 Goodbye.",
		END,
		NULL,
	};

	(void)state;
	NEEDS_THE_NETWORK();
	hold_to_its_end(command, lines);
	dialogue_keep(&typist, command, "4-ftp");
}

/* The same by IPv4, which PASV is for. */
static void ftp_names_a_port_of_ipv4(void **state)
{
	static const char *const lines[] = {
		"<Trying 10.23.23.4...",
		"<Connected to files.lab.test.",
		"<Escape character is '^]'.",
		"<220 files.lab.test FTP server ready.",
		">USER wanda",
		"<331 Please specify the password.",
		">PASS right horse",
		"<230 Login successful.",
		">PASV",
		"<227 Entering Passive Mode (10,23,23,4,156,64).",
		">QUIT",
		"<221 Goodbye.",
		END,
		NULL,
	};

	(void)state;
	NEEDS_THE_NETWORK();
	hold_to_its_end("telnet -4 files.lab.test 21", lines);
}

/* --- what goes over the wire -------------------------------------------------------------- */

/* What the kernel has sent to a port: "bytes_sent:N", or "" before the first byte. */
static const char *ask_sent(int port)
{
	char command[COMMAND_SIZE];

	snprintf(command, sizeof(command),
		 "ss -tniHO state established 'dport = :%d' | grep -o 'bytes_sent:[0-9]*'", port);
	return machine_ask(command);
}

static void a_text_server_is_sent_nothing_but_what_is_typed(void **state)
{
	(void)state;
	NEEDS_THE_NETWORK();
	dialogue_start(&typist, "telnet mail.lab.test 25");
	typist_expect(&typist, "220 mail.lab.test ESMTP Postfix\r\n");
	assert_string_equal(ask_sent(25), "");
	typist_enter(&typist, "HELO desk.lab.test");
	typist_expect(&typist, "250 mail.lab.test\r\n");
	assert_string_equal(ask_sent(25), "bytes_sent:20\n");
	typist_enter(&typist, "QUIT");
	typist_expect_end(&typist);
}

/* A server on desk that says nothing; neither it nor its connections wait for ever. */
static int listen_as_telnet(void)
{
	struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(23)};
	struct timeval deadline = {.tv_sec = DEADLINE_MS / 1000};
	int on = 1, listener = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(listener >= 0);
	setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof(deadline));
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	assert_int_equal(bind(listener, (struct sockaddr *)&any, sizeof(any)), 0);
	assert_int_equal(listen(listener, 1), 0);
	return listener;
}

static void a_telnet_server_is_sent_offers_before_it_says_anything(void **state)
{
	unsigned char first[2];
	int listener, connection;

	(void)state;
	NEEDS_THE_NETWORK();
	listener = listen_as_telnet();
	dialogue_start(&typist, "telnet desk.lab.test");
	connection = accept(listener, NULL, NULL);
	close(listener);
	assert_int_equal(recv(connection, first, sizeof(first), MSG_WAITALL), sizeof(first));
	close(connection);
	assert_int_equal(first[0], IAC);
	assert_in_range(first[1], WILL, DONT);
}

/* --- the piped form ----------------------------------------------------------------------- */

/* The answers and nothing else, and that the server closed in order. */
static void a_piped_talk_with_smtp_prints_every_answer(void **state)
{
	(void)state;
	NEEDS_THE_NETWORK();
	assert_string_equal(
		machine_ask("printf 'HELO a\nMAIL FROM:<ann@lab.test>\nRCPT TO:<wanda@lab.test>\n"
			    "QUIT\n' | telnet -q mail.lab.test 25; echo status=$?"),
		"220 mail.lab.test ESMTP Postfix\r\n250 mail.lab.test\r\n250 2.1.0 Ok\r\n"
		"250 2.1.5 Ok\r\n221 2.0.0 Bye\r\nstatus=0\n");
}

/* The server is told that no more will come. */
static void a_piped_talk_without_quit_ends_as_well(void **state)
{
	(void)state;
	NEEDS_THE_NETWORK();
	assert_string_equal(
		machine_ask("printf 'HELO a\n' | timeout 10 telnet -q mail.lab.test 25; "
			    "echo status=$?"),
		"220 mail.lab.test ESMTP Postfix\r\n250 mail.lab.test\r\nstatus=0\n");
}

static void a_piped_talk_with_pop3_prints_every_answer(void **state)
{
	const char *shown;

	(void)state;
	NEEDS_THE_NETWORK();
	deliver();
	shown = machine_ask("printf 'USER wanda\nPASS right horse\nRETR 1\nDELE 1\nQUIT\n' | "
			    "telnet -q mail.lab.test 110; echo status=$?");
	assert_ptr_equal(strstr(shown, "+OK mail.lab.test ready.\r\n+OK\r\n+OK Logged in.\r\n"),
			 shown);
	ends_with(shown, "\r\n\r\n" GREETING "\r\n..a line that begins with a dot\r\n"
			 "The last line.\r\n.\r\n+OK Marked to be deleted.\r\n"
			 "+OK Logging out, messages deleted.\r\nstatus=0\n");
	assert_int_equal(count_messages(), 0);
}

/* --- the README --------------------------------------------------------------------------- */

/* What the tests above have kept. */
static void the_readme_shows_these_dialogues(void **state)
{
	char command[COMMAND_SIZE];

	(void)state;
	NEEDS_THE_NETWORK();
	snprintf(command, sizeof(command), TEST_SOURCE_DIRECTORY "/tests/net/readme '%s' 2>&1",
		 dialogue_directory());
	assert_string_equal(machine_ask(command), "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_message_typed_at_the_lab_lies_in_the_mailbox),
		TEST(pop3_reads_a_message_and_keeps_it),
		TEST(pop3_removes_a_message),
		TEST(imap_reads_a_message_and_keeps_its_flags),
		TEST(ftp_logs_in_and_names_a_port),
		TEST(ftp_names_a_port_of_ipv4),
		TEST(a_text_server_is_sent_nothing_but_what_is_typed),
		TEST(a_telnet_server_is_sent_offers_before_it_says_anything),
		TEST(a_piped_talk_with_smtp_prints_every_answer),
		TEST(a_piped_talk_without_quit_ends_as_well),
		TEST(a_piped_talk_with_pop3_prints_every_answer),
		TEST(the_readme_shows_these_dialogues),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
