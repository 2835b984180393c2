/* SPDX-License-Identifier: ISC */
/*
 * Who holds what while a session runs: the process that reads the network can do nothing else, and
 * those that can do something hold nothing of the network.
 */
#include "tests/e2e/support/client.h"
#include "tests/e2e/support/process.h"
#include "tests/e2e/support/server.h"
#include "tests/e2e/support/trial.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define DESCRIPTORS_MAX 64
#define CHILDREN_MAX 64

static struct server server;
static struct client client, other;
static pid_t worker, login;

static int open_session(void **state)
{
	(void)state;
	if (geteuid() != 0)
		return 0; /* each test says that it is skipped */
	server_start(&server, "-l", "/bin/sh", NULL);
	client_open_shell(&other, &server);
	client_open_shell(&client, &server);
	worker = server_worker_of(&server, client.port);
	login = server_login_of(&server, client.peer);
	return 0;
}

static int close_session(void **state)
{
	(void)state;
	client_close(&client);
	client_close(&other);
	return server_stop(&server);
}

static void assert_status(pid_t pid, const char *name, const char *wanted)
{
	char value[256];

	process_status(pid, name, value, sizeof(value));
	assert_string_equal(value, wanted);
}

static void the_worker_is_a_user_without_privileges(void **state)
{
	static const char *const ids[] = {"Uid", "Gid"};
	static const char *const sets[] = {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"};

	(void)state;
	SKIP_UNLESS_ROOT();
	for (size_t i = 0; i < COUNT(ids); i++) {
		unsigned real, effective, saved, of_files;
		char value[256];

		process_status(worker, ids[i], value, sizeof(value));
		assert_int_equal(sscanf(value, "%u %u %u %u", &real, &effective, &saved, &of_files),
				 4);
		assert_int_not_equal(real, 0);
		assert_true(effective == real && saved == real && of_files == real);
	}
	for (size_t i = 0; i < COUNT(sets); i++)
		assert_status(worker, sets[i], "0000000000000000");
	assert_status(worker, "Groups", "");
}

static void the_worker_is_under_a_filter_and_gains_no_privileges(void **state)
{
	(void)state;
	SKIP_UNLESS_ROOT();
#ifdef HAVE_SECCOMP
	assert_status(worker, "Seccomp", "2");
#endif
	assert_status(worker, "NoNewPrivs", "1");
}

/* Empty, and without a name under which somebody could put something into it. */
static void assert_nothing_in(const char *directory)
{
	char path[64], inside[65], link[256];
	struct dirent *entry;
	ssize_t size;
	DIR *entries;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)worker, directory);
	size = readlink(path, link, sizeof(link) - 1);
	assert_in_range(size, 1, sizeof(link) - 1);
	link[size] = '\0';
	assert_non_null(strstr(link, "(deleted)"));
	snprintf(inside, sizeof(inside), "%s/", path);
	entries = opendir(inside);
	assert_non_null(entries);
	while ((entry = readdir(entries)))
		assert_true(strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0);
	closedir(entries);
}

static void the_worker_sees_an_empty_directory(void **state)
{
	(void)state;
	SKIP_UNLESS_ROOT();
	assert_nothing_in("root");
	assert_nothing_in("cwd");
}

static bool begins_with(const char *text, const char *beginning)
{
	return strncmp(text, beginning, strlen(beginning)) == 0;
}

static void the_worker_holds_no_descriptors_but_its_own(void **state)
{
	int sockets = 0, masters = 0, polls = 0, pipes = 0;
	char of_client[64];

	(void)state;
	SKIP_UNLESS_ROOT();
	snprintf(of_client, sizeof(of_client), "socket:[%lu]",
		 process_socket_inode(server.port, client.port));
	assert_true(process_finds_descriptor(worker, of_client) > STDERR_FILENO);
	for (int i = 0; i < DESCRIPTORS_MAX; i++) {
		char link[256];

		process_descriptor(worker, i, link, sizeof(link));
		if (link[0] == '\0')
			continue;
		if (begins_with(link, "socket:"))
			sockets++;
		else if (begins_with(link, "/dev/ptmx") || begins_with(link, "/dev/pts/ptmx"))
			masters++;
		else if (begins_with(link, "anon_inode:[event"))
			polls++;
		else if (begins_with(link, "pipe:") && (i > STDERR_FILENO || SANITIZED))
			pipes++;
		else if (i > STDERR_FILENO || !begins_with(link, "/dev/null"))
			fail_msg("descriptor %d of the worker is %s", i, link);
	}
	assert_int_equal(sockets, 2); /* the client's, and its channel to the monitor */
	assert_int_equal(masters, 1);
	assert_in_range(polls, 1, 3);
	assert_in_range(pipes, 0, SANITIZED ? 3 : 2); /* of the event loop, to itself */
}

static void the_monitor_holds_neither_a_clients_socket_nor_a_terminal(void **state)
{
	const struct client *clients[] = {&client, &other};

	(void)state;
	SKIP_UNLESS_ROOT();
	for (size_t i = 0; i < COUNT(clients); i++) {
		unsigned long inode = process_socket_inode(server.port, clients[i]->port);
		char link[64];

		assert_true(inode > 0);
		snprintf(link, sizeof(link), "socket:[%lu]", inode);
		assert_int_equal(process_finds_descriptor(server.pid, link), -1);
	}
	assert_int_equal(process_finds_descriptor(server.pid, "/dev/ptmx"), -1);
	assert_int_equal(process_finds_descriptor(server.pid, "/dev/pts/"), -1);
}

static void only_one_process_holds_a_clients_socket(void **state)
{
	pid_t children[CHILDREN_MAX];
	size_t count, holders = 0;
	char link[64];

	(void)state;
	SKIP_UNLESS_ROOT();
	snprintf(link, sizeof(link), "socket:[%lu]",
		 process_socket_inode(server.port, client.port));
	count = process_children(server.pid, children, CHILDREN_MAX);
	for (size_t i = 0; i < count && i < CHILDREN_MAX; i++)
		holders += process_finds_descriptor(children[i], link) >= 0;
	assert_int_equal(holders, 1);
}

/* 0 to 2, the channel to the monitor, and the workers' empty root directory. */
static void the_processes_that_fork_hold_neither_connections_nor_terminals(void **state)
{
	static const char *const names[] = {"telnetd-forker", "telnetd-starter"};

	(void)state;
	SKIP_UNLESS_ROOT();
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		pid_t forker = server_only_child(&server, names[i]);

		assert_in_range(process_descriptors(forker), 1, 5);
		assert_int_equal(process_finds_descriptor(forker, "/dev/ptmx"), -1);
		assert_int_equal(process_finds_descriptor(forker, "/dev/pts/"), -1);
	}
}

static bool has_mapped(pid_t pid, const char *name)
{
	char path[64], line[1024];
	bool found = false;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	maps = fopen(path, "re");
	assert_non_null(maps);
	while (!found && fgets(line, sizeof(line), maps))
		found = strstr(line, name) != NULL;
	fclose(maps);
	return found;
}

/* What only workers need makes each fork dearer. */
static void only_workers_and_who_forks_them_have_converters_loaded(void **state)
{
	static const struct {
		const char *name;
		bool converts;
	} children[] = {
		{"telnetd-forker", true}, {"telnetd-starter", false}, {"telnetd-login", false}};

	(void)state;
	SKIP_UNLESS_ROOT();
	if (!has_mapped(worker, "/EUC-KR.so")) {
		print_message("%s: skipped: the C library here loads no files\n", __func__);
		skip();
	}
	for (size_t i = 0; i < sizeof(children) / sizeof(children[0]); i++)
		assert_int_equal(
			has_mapped(server_only_child(&server, children[i].name), "/EUC-KR.so"),
			children[i].converts);
}

static void the_login_program_holds_nothing_but_its_terminal(void **state)
{
	char line[64];

	(void)state;
	SKIP_UNLESS_ROOT();
	assert_int_not_equal(login, worker);
	snprintf(line, sizeof(line), "echo pro''cess $$");
	client_enter(&client, line);
	snprintf(line, sizeof(line), "process %d\r\n", (int)login);
	client_expect(&client, line);
	for (int i = 0; i < DESCRIPTORS_MAX; i++) {
		char link[256];

		process_descriptor(login, i, link, sizeof(link));
		/* A shell opens its controlling terminal once more. */
		if (link[0] != '\0')
			assert_true(begins_with(link, "/dev/pts/") ||
				    begins_with(link, "/dev/tty"));
	}
	assert_true(process_finds_descriptor(login, "/dev/pts/") >= 0);
}

static void the_worker_cannot_be_looked_into_by_its_own_user(void **state)
{
	char path[64];
	struct dirent *entry;
	DIR *directory;

	(void)state;
	SKIP_UNLESS_ROOT();
	/* What is not dumpable belongs to root in /proc. */
	snprintf(path, sizeof(path), "/proc/%d/fd", (int)worker);
	directory = opendir(path);
	assert_non_null(directory);
	entry = readdir(directory);
	assert_non_null(entry);
	closedir(directory);
	if (seteuid(65534) != 0)
		fail_msg("cannot become nobody");
	directory = opendir(path);
	assert_int_equal(seteuid(0), 0);
	assert_null(directory);
}

#define SANDBOX_TEST(name) cmocka_unit_test_setup_teardown(name, open_session, close_session)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SANDBOX_TEST(the_worker_is_a_user_without_privileges),
		SANDBOX_TEST(the_worker_is_under_a_filter_and_gains_no_privileges),
		SANDBOX_TEST(the_worker_sees_an_empty_directory),
		SANDBOX_TEST(the_worker_holds_no_descriptors_but_its_own),
		SANDBOX_TEST(the_monitor_holds_neither_a_clients_socket_nor_a_terminal),
		SANDBOX_TEST(only_one_process_holds_a_clients_socket),
		SANDBOX_TEST(the_processes_that_fork_hold_neither_connections_nor_terminals),
		SANDBOX_TEST(only_workers_and_who_forks_them_have_converters_loaded),
		SANDBOX_TEST(the_login_program_holds_nothing_but_its_terminal),
		SANDBOX_TEST(the_worker_cannot_be_looked_into_by_its_own_user),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
