/* SPDX-License-Identifier: ISC */
/*
 * The client's command line: whom it calls, from where, and what it tells of its user. Forms of a
 * host with a port, URLs, addresses to connect from, names of services, variables.
 */
#include "tests/e2e/support/client.h"
#include "tests/e2e/support/listener.h"
#include "tests/e2e/support/trial.h"
#include "tests/e2e/support/typist.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define WORD_SIZE 128
#define WORDS_MAX 4

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static struct listener listener;
static struct typist typist;
static struct client server; /* the server's end of the connection */

static int tear_down(void **state)
{
	(void)state;
	typist_leave(&typist);
	client_close(&server);
	listener_close(&listener);
	return 0;
}

/* Listens on any free port of ::1; without IPv6 the test is skipped. */
static void listen_on_ipv6(void)
{
	struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	socklen_t size = sizeof(address);

	listener.socket = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener.socket < 0 || bind(listener.socket, (struct sockaddr *)&address, size) != 0) {
		print_message("skipped: there is no IPv6 here\n");
		skip();
	}
	assert_int_equal(listen(listener.socket, 8), 0);
	assert_int_equal(getsockname(listener.socket, (struct sockaddr *)&address, &size), 0);
	snprintf(listener.port_text, sizeof(listener.port_text), "%hu", ntohs(address.sin6_port));
}

/* Calls with these words, up to the first NULL; %s in them is the listener's port. */
static void call(const char *const words[WORDS_MAX])
{
	static char filled[WORDS_MAX][WORD_SIZE];
	const char *arguments[1 + WORDS_MAX + 1] = {trial_built("telnet")};

	for (size_t i = 0; i < WORDS_MAX && words[i]; i++) {
		const char *port = strstr(words[i], "%s");
		size_t size = port ? (size_t)(port - words[i]) : strlen(words[i]);

		snprintf(filled[i], sizeof(filled[i]), "%.*s%s%s", (int)size, words[i],
			 port ? listener.port_text : "", port ? port + 2 : "");
		arguments[1 + i] = filled[i];
	}
	typist_start(&typist, arguments);
}

static void accept_call(void)
{
	client_use(&server, listener_accept(&listener), NULL);
}

/* --- forms of a host ---------------------------------------------------------------------- */

static void expect_calls(const char *const calls[][WORDS_MAX], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		call(calls[i]);
		accept_call();
		client_type(&server, "220 hello\r\n");
		typist_expect(&typist, "220 hello");
		client_close(&server);
		assert_int_equal(typist_expect_end(&typist), 0);
		typist_leave(&typist);
	}
}

static void a_host_may_have_its_port_with_it(void **state)
{
	static const char *const calls[][WORDS_MAX] = {
		{"127.0.0.1", "%s"},	   {"127.0.0.1:%s"},
		{"localhost:%s", "-4"},	   {"telnet://127.0.0.1:%s/"},
		{"telnet://127.0.0.1:%s"}, {"TELNET://%31%32%37.0.0.1:%s/"},
	};

	(void)state;
	listener_open(&listener);
	expect_calls(calls, LENGTH(calls));
}

static void an_ipv6_address_may_have_its_port_behind_brackets(void **state)
{
	static const char *const calls[][WORDS_MAX] = {
		{"::1", "%s"},	{"[::1]:%s"},		{"[::1]", "%s"},
		{"[::1%1]:%s"}, {"telnet://[::1]:%s/"}, {"telnet://[::1%251]:%s/"},
	};

	(void)state;
	listen_on_ipv6();
	expect_calls(calls, LENGTH(calls));
}

static void open_takes_the_same_forms(void **state)
{
	char line[WORD_SIZE];

	(void)state;
	listener_open(&listener);
	typist_start(&typist, (const char *const[]){trial_built("telnet"), NULL});
	typist_expect(&typist, "telnet> ");
	typist_enter(&typist, "open 127.0.0.1:1 2");
	typist_expect(&typist, "open: the port is given twice: '1' and '2'");
	typist_enter(&typist, "open [::1]x");
	typist_expect(&typist, "bad host '[::1]x'");
	typist_enter(&typist, "open telnet://ann@127.0.0.1/");
	typist_expect(&typist, "environ define USER ann");
	snprintf(line, sizeof(line), "open telnet://127.0.0.1:%s/", listener.port_text);
	typist_enter(&typist, line);
	accept_call();
	typist_expect(&typist, "Connected to 127.0.0.1.");
}

/* A command line that is wrong, and what the client says to it, with status 2. */
struct mistake {
	const char *words[WORDS_MAX];
	const char *answer;
};

static void expect_mistakes(const struct mistake *mistakes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		call(mistakes[i].words);
		typist_expect(&typist, mistakes[i].answer);
		assert_int_equal(typist_expect_end(&typist), 2);
		typist_leave(&typist);
	}
}

static void what_is_no_host_is_answered_with_the_right_form(void **state)
{
	static const struct mistake mistakes[] = {
		{{"::1:2024:telnet"}, "an IPv6 address with a port is written [ADDRESS]:PORT"},
		{{"fe80::1%lo:2024"}, "an IPv6 address with a port is written [ADDRESS]:PORT"},
		{{"[::1"}, "bad host '[::1': [ADDRESS] or [ADDRESS]:PORT is wanted"},
		{{"[::1]2024"}, "bad host '[::1]2024': [ADDRESS] or [ADDRESS]:PORT is wanted"},
		{{"[::1]:"}, "bad host '[::1]:'"},
		{{"[localhost]:2024"}, "brackets are for an IPv6 address, such as [::1]"},
		{{"localhost:"}, "bad host 'localhost:': HOST or HOST:PORT is wanted"},
		{{":2024"}, "bad host ':2024': a name or an address is wanted"},
		{{""}, "bad host '': a name or an address is wanted"},
		{{"localhost:nonsense"}, "bad port 'nonsense'"},
		{{"localhost:65536"}, "bad port '65536'"},
		{{"localhost:2024", "25"}, "the port is given twice: '2024' and '25'"},
		{{"localhost", "25", "26"}, "'26' is one argument too many"},
		{{"https://localhost/"}, "only telnet://HOST:PORT/ is understood"},
		{{"telnet://"}, "bad host 'telnet://': a name or an address is wanted"},
		{{"telnet://a%1b%5b2Jb/"},
		 "bad host 'telnet://a%1b%5b2Jb/': it has a control character"},
		{{"telnet://a%0ab@localhost/"}, "it has a control character"},
		{{"telnet://localhost/path"}, "telnet://USER@HOST:PORT/ is wanted, without a path"},
	};

	(void)state;
	expect_mistakes(mistakes, LENGTH(mistakes));
}

/* --- what is told of the user ------------------------------------------------------------- */

#define ASK_ENVIRONMENT IAC DO "\x27" IAC SB "\x27\x01" IAC SE

static void the_user_of_a_url_is_told_and_the_password_is_not(void **state)
{
	(void)state;
	listener_open(&listener);
	call((const char *const[WORDS_MAX]){"telnet://ann%40home:s3cret@127.0.0.1:%s/"});
	typist_expect(&typist, "the password of the URL is not sent");
	accept_call();
	client_expect_raw(&server, BYTES(IAC DO "\x03")); /* it speaks TELNET at once */
	client_send(&server, BYTES(ASK_ENVIRONMENT));
	client_expect_raw(&server, BYTES(IAC SB "\x27\x00\x00USER\x01"
						"ann@home" IAC SE));
	assert_false(client_has_raw(&server, BYTES("s3cret")));
}

static void the_user_of_an_option_goes_before_that_of_a_url(void **state)
{
	(void)state;
	listener_open(&listener);
	call((const char *const[WORDS_MAX]){"-l", "eve", "telnet://ann@127.0.0.1:%s"});
	accept_call();
	client_send(&server, BYTES(ASK_ENVIRONMENT));
	client_expect_raw(&server, BYTES(IAC SB "\x27\x00\x00USER\x01"
						"eve" IAC SE));
}

static void the_variables_that_are_named_are_told_and_no_others(void **state)
{
	(void)state;
	listener_open(&listener);
	typist.variables[0] = "LANG=de_DE.UTF-8";
	typist.variables[1] = "COLORTERM=truecolor";
	typist.variables[2] = "SECRET=h1dden";
	call((const char *const[WORDS_MAX]){"--env=LANG", "--env=COLORTERM", "127.0.0.1", "%s"});
	accept_call();
	client_send(&server, BYTES(ASK_ENVIRONMENT));
	client_expect_raw(&server, BYTES(IAC SB "\x27\x00\x03LANG\x01"
						"de_DE.UTF-8\x03"
						"COLORTERM\x01truecolor" IAC SE));
	assert_false(client_has_raw(&server, BYTES("h1dden")));
}

static void a_variable_that_is_not_there_is_named(void **state)
{
	static const struct mistake mistakes[] = {
		{{"--env", "NOT_HERE", "localhost"}, "variable 'NOT_HERE': no such variable"},
		{{"--env", "HOME=/x", "localhost"}, "variable 'HOME=/x': give only its name"},
	};

	(void)state;
	expect_mistakes(mistakes, LENGTH(mistakes));
}

/* --- the address to connect from ---------------------------------------------------------- */

static void the_server_sees_the_address_that_was_asked_for(void **state)
{
	struct sockaddr_in address = {0};
	socklen_t size = sizeof(address);

	(void)state;
	listener_open(&listener);
	call((const char *const[WORDS_MAX]){"-b", "127.0.0.9", "127.0.0.1", "%s"});
	accept_call();
	assert_int_equal(getpeername(server.socket, (struct sockaddr *)&address, &size), 0);
	assert_int_equal(ntohl(address.sin_addr.s_addr), INADDR_LOOPBACK + 8);
}

static void an_ipv6_address_can_be_asked_for(void **state)
{
	static const char *const calls[][WORDS_MAX] = {
		{"-b", "::1", "::1", "%s"},
		{"-b", "::1%lo", "::1", "%s"},
	};

	(void)state;
	listen_on_ipv6();
	expect_calls(calls, LENGTH(calls));
}

static void a_bad_address_to_connect_from_is_named(void **state)
{
	static const struct mistake mistakes[] = {
		{{"-b", "nonsense", "localhost"},
		 "bad address 'nonsense': an IPv4 or IPv6 address"},
		{{"-b", "127.1", "localhost"}, "bad address '127.1'"},
		{{"-b", "", "localhost"}, "bad address ''"},
		{{"-b", "127.0.0.1%lo", "localhost"}, "bad address '127.0.0.1%lo'"},
		{{"-b", "fe80::1", "localhost"},
		 "a link-local address needs its zone, the name of an interface: fe80::1%eth0"},
		{{"-b", "fe80::1%nowhere0", "localhost"}, "there is no interface 'nowhere0'"},
		{{"-b", "fe80::1%", "localhost"}, "there is no interface ''"},
		{{"-4", "-b", "::1", "localhost"},
		 "bad address '::1': with -4 an IPv4 address is wanted"},
		{{"-6", "-b", "127.0.0.1", "localhost"}, "with -6 an IPv6 address is wanted"},
	};

	(void)state;
	expect_mistakes(mistakes, LENGTH(mistakes));
}

/* 192.0.2.1 is kept for documentation (RFC 5737), and no machine's own. */
static void an_address_of_another_machine_is_named(void **state)
{
	(void)state;
	listener_open(&listener);
	call((const char *const[WORDS_MAX]){"-b", "192.0.2.1", "127.0.0.1", "%s"});
	typist_expect(&typist, "cannot connect from the address 192.0.2.1: ");
	assert_int_equal(typist_expect_end(&typist), 1);
}

static void a_link_local_address_without_a_zone_is_told_so(void **state)
{
	(void)state;
	call((const char *const[WORDS_MAX]){"fe80::1", "2024"});
	typist_expect(&typist, "fe80::1");
	typist_expect(&typist, "a link-local address needs its zone");
	assert_int_equal(typist_expect_end(&typist), 1);
}

static void a_host_that_cannot_be_found_is_told_why(void **state)
{
	static const struct mistake mistakes[] = {
		{{"fe80::1%nowhere0", "2024"},
		 "fe80::1%nowhere0: there is no interface 'nowhere0'"},
		{{"telnet://[fe80::1%25nowhere0]/"}, "there is no interface 'nowhere0'"},
		{{"::1%lo", "2024"}, "only a link-local IPv6 address has a zone"},
		{{"-4", "::1", "2024"}, "cannot find host ::1: it has no IPv4 address"},
		{{"-6", "127.0.0.1", "2024"}, "cannot find host 127.0.0.1: it has no IPv6 address"},
		{{"-b", "127.0.0.1", "::1", "2024"}, "it has no IPv4 address"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(mistakes); i++) {
		call(mistakes[i].words);
		typist_expect(&typist, mistakes[i].answer);
		assert_int_equal(typist_expect_end(&typist), 1);
		typist_leave(&typist);
	}
}

/* --- names of services -------------------------------------------------------------------- */

static const struct {
	const char *name;
	unsigned short port;
} services[] = {
	{"telnet", 23}, {"smtp", 25},	     {"pop3", 110},	   {"imap", 143},  {"ftp", 21},
	{"nntp", 119},	{"submission", 587}, {"submissions", 465}, {"smtps", 465}, {"pop3s", 995},
	{"imaps", 993}, {"telnets", 992},    {"http", 80},
};

#define NO_NAMESPACES 77

/* A machine of its own, with a network that has only the loopback, and no list of services. */
static void become_small_machine(void)
{
	int user = geteuid() == 0 ? 0 : CLONE_NEWUSER;
	struct ifreq loopback = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int any;

	if (unshare(user | CLONE_NEWNS | CLONE_NEWNET) != 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		_exit(NO_NAMESPACES);
	if (access("/etc/services", F_OK) == 0 &&
	    mount("/dev/null", "/etc/services", NULL, MS_BIND, NULL) != 0)
		_exit(NO_NAMESPACES);
	any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (any < 0 || ioctl(any, SIOCSIFFLAGS, &loopback) != 0)
		_exit(NO_NAMESPACES);
	close(any);
}

/* Whether the client finds the service that listens on this port by its name. */
static bool finds(const char *name, unsigned short port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons(port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), connection, on = 1, status;
	char heard[WORD_SIZE];
	pid_t pid;

	setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)); /* two names, one port */
	if (bind(listening, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    listen(listening, 1) != 0)
		return false;
	pid = fork();
	if (pid == 0) {
		dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
		execl(trial_built("telnet"), "telnet", "-q", "127.0.0.1", name, (char *)NULL);
		_exit(127);
	}
	connection = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
	while (read(connection, heard, sizeof(heard)) > 0)
		; /* what is not read would break the connection */
	close(connection);
	close(listening);
	waitpid(pid, &status, 0);
	return status == 0;
}

static void services_have_their_names_without_a_list_of_the_machine(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0) {
		become_small_machine();
		alarm(DEADLINE_MS / 1000);
		for (size_t i = 0; i < LENGTH(services); i++)
			if (!finds(services[i].name, services[i].port))
				_exit((int)i + 1);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == NO_NAMESPACES) {
		print_message("skipped: there can be no namespaces here\n");
		skip();
	}
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_teardown(name, tear_down)
		TEST(a_host_may_have_its_port_with_it),
		TEST(an_ipv6_address_may_have_its_port_behind_brackets),
		TEST(open_takes_the_same_forms),
		TEST(what_is_no_host_is_answered_with_the_right_form),
		TEST(the_user_of_a_url_is_told_and_the_password_is_not),
		TEST(the_user_of_an_option_goes_before_that_of_a_url),
		TEST(the_variables_that_are_named_are_told_and_no_others),
		TEST(a_variable_that_is_not_there_is_named),
		TEST(the_server_sees_the_address_that_was_asked_for),
		TEST(an_ipv6_address_can_be_asked_for),
		TEST(a_bad_address_to_connect_from_is_named),
		TEST(an_address_of_another_machine_is_named),
		TEST(a_link_local_address_without_a_zone_is_told_so),
		TEST(a_host_that_cannot_be_found_is_told_why),
		TEST(services_have_their_names_without_a_list_of_the_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
