/* SPDX-License-Identifier: ISC */
/*
 * Who may know whom, by what the preprocessor reads: the privileged process's files never see the
 * protocol engine or TLS, not even through another header, nvt/ and pty/ know nobody, and the
 * client knows libnvt as any other user of it does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs those before it. */
#include <cmocka.h>

#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#define COMMAND_SIZE 8192
#define LIST_SIZE (256 * 1024)

/* The compiler and what it must know to find headers, as the build has it (Makefile, `flags`). */
static char compiler[COMMAND_SIZE];

/* All files that the file under test includes: " path path ... ", by paths from the top. */
static char included[LIST_SIZE];

/* Of the compiler's flags only those that say where headers are and what is defined. */
static bool matters(const char *word)
{
	static const char *const beginnings[] = {"-I",	  "-D",	      "-U",
						 "-std=", "-isystem", "--sysroot"};

	for (size_t i = 0; i < LENGTH(beginnings); i++)
		if (strncmp(word, beginnings[i], strlen(beginnings[i])) == 0)
			return true;
	return false;
}

/* The file has the compiling and the linking command in one line: the first words are the compiler.
 */
static int read_compiler(void **state)
{
	FILE *flags = fopen(TEST_BUILD_DIRECTORY "/flags", "re");
	char line[COMMAND_SIZE], *rest = line, *word;
	bool named = false, continues = false;
	size_t used = 0;

	(void)state;
	if (!flags || !fgets(line, sizeof(line), flags))
		return -1;
	fclose(flags);
	while ((word = strtok_r(rest, " \n", &rest))) {
		named |= word[0] == '-';
		if (named && !continues && !matters(word))
			continue;
		continues = strcmp(word, "-isystem") == 0 || strcmp(word, "-I") == 0;
		/* No longer than the line was. */
		used += (size_t)snprintf(compiler + used, sizeof(compiler) - used, "%s ", word);
	}
	return used > 0 ? 0 : -1;
}

/* Fills `included`; the options come before the file's own. */
static void list_includes(const char *options, const char *file)
{
	char command[2 * COMMAND_SIZE];
	size_t size;
	FILE *list;

	snprintf(command, sizeof(command), "cd '%s' && %s %s -M '%s'", TEST_SOURCE_DIRECTORY,
		 compiler, options, file);
	list = popen(command, "r");
	assert_non_null(list);
	size = fread(included + 1, 1, sizeof(included) - 3, list);
	assert_int_equal(pclose(list), 0);
	assert_true(size > 0 && size < sizeof(included) - 3);
	included[0] = ' ';
	included[size + 1] = ' ';
	included[size + 2] = '\0';
	for (char *c = included; *c != '\0'; c++)
		if (*c == '\n' || *c == '\\')
			*c = ' ';
	if (!strstr(included, file))
		fail_msg("%s is not in its own list of includes", file);
}

/* Whether a header is included, by the end of its path, from the system or from here. */
static bool includes_header(const char *name)
{
	char path[128], local[128];

	snprintf(path, sizeof(path), "/%s ", name);
	snprintf(local, sizeof(local), " %s ", name);
	return strstr(included, path) || strstr(included, local);
}

/* Whether anything of a folder is included, of this source or of the system's. */
static bool includes_folder(const char *name)
{
	char path[128], local[128];

	snprintf(path, sizeof(path), "/%s/", name);
	snprintf(local, sizeof(local), " %s/", name);
	return strstr(included, path) || strstr(included, local);
}

static const char *const tls_folders[] = {"openssl", "gnutls", "mbedtls", "wolfssl", "tls"};

/* The name of a header of the network's side that is included, or NULL. */
static const char *find_network_side(void)
{
	static const char *const headers[] = {"nvt.h", "libtelnet.h", "zlib.h", "tls.h"};

	if (includes_folder("nvt"))
		return "nvt/";
	for (size_t i = 0; i < LENGTH(headers); i++)
		if (includes_header(headers[i]))
			return headers[i];
	for (size_t i = 0; i < LENGTH(tls_folders); i++)
		if (includes_folder(tls_folders[i]))
			return tls_folders[i];
	return NULL;
}

/* The C files that match, by paths from the top; the caller frees them by globfree(3). */
static void find_files(const char *pattern, glob_t *files)
{
	assert_int_equal(chdir(TEST_SOURCE_DIRECTORY), 0);
	assert_int_equal(glob(pattern, 0, NULL, files), 0);
}

/* The files of a session, in the worker: no other sees the protocol engine. */
static const char *const session_files[] = {
	"telnetd/session.c",
	"telnetd/modes.c",
	"telnetd/start.c",
};

static bool is_of_session(const char *file)
{
	for (size_t i = 0; i < LENGTH(session_files); i++)
		if (strcmp(file, session_files[i]) == 0)
			return true;
	return false;
}

/* The privileged process's are among these; so a file that is new is, too. */
static void all_but_the_files_of_a_session_never_see_the_protocol_engine_or_tls(void **state)
{
	static const char *const patterns[] = {"telnetd/*.c", "pty/*.c"};
	glob_t files;
	size_t sessions = 0;

	(void)state;
	for (size_t i = 0; i < LENGTH(patterns); i++) {
		find_files(patterns[i], &files);
		for (size_t j = 0; j < files.gl_pathc; j++) {
			sessions += is_of_session(files.gl_pathv[j]);
			if (is_of_session(files.gl_pathv[j]))
				continue;
			list_includes("", files.gl_pathv[j]);
			if (find_network_side())
				fail_msg("%s includes %s", files.gl_pathv[j], find_network_side());
		}
		globfree(&files);
	}
	assert_int_equal(sessions, LENGTH(session_files));
}

static void only_session_and_its_modes_meet_both_nvt_and_pty(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(session_files); i++) {
		bool meets = strcmp(session_files[i], "telnetd/start.c") != 0;

		list_includes("", session_files[i]);
		assert_true(includes_header("nvt/nvt.h"));
		assert_int_equal(includes_header("pty/pty.h"), meets);
	}
}

static void session_knows_of_nvt_and_pty_what_is_public(void **state)
{
	(void)state;
	list_includes("", "telnetd/session.c");
	assert_false(includes_header("nvt/endpoint.h"));
	assert_false(includes_header("nvt/option.h"));
	assert_false(includes_header("libtelnet.h"));
}

static void assert_folder_knows_neither(const char *pattern, const char *one, const char *other)
{
	glob_t files;

	find_files(pattern, &files);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		list_includes("", files.gl_pathv[i]);
		if (includes_folder(one))
			fail_msg("%s includes %s/", files.gl_pathv[i], one);
		if (includes_folder(other))
			fail_msg("%s includes %s/", files.gl_pathv[i], other);
	}
	globfree(&files);
}

static void nvt_knows_nothing_of_pty_and_telnetd(void **state)
{
	(void)state;
	assert_folder_knows_neither("nvt/*.[ch]", "pty", "telnetd");
}

static void pty_knows_nothing_of_nvt_and_telnetd(void **state)
{
	(void)state;
	assert_folder_knows_neither("pty/*.[ch]", "nvt", "telnetd");
}

static void the_client_knows_nothing_of_pty_and_telnetd(void **state)
{
	(void)state;
	assert_folder_knows_neither("contrib/telnet/*.[ch]", "pty", "telnetd");
}

/* Whether a header of libnvt's own is included, one that is not for its users. */
static bool includes_private_nvt(void)
{
	static const char public[] = " nvt/nvt.h ";

	for (const char *at = included; (at = strstr(at, " nvt/")); at++)
		if (strncmp(at, public, strlen(public)) != 0)
			return true;
	return includes_header("libtelnet.h");
}

static void the_client_knows_of_nvt_what_is_public(void **state)
{
	glob_t files;

	(void)state;
	find_files("contrib/telnet/*.[ch]", &files);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		list_includes("", files.gl_pathv[i]);
		if (includes_private_nvt())
			fail_msg("%s includes what is libnvt's own", files.gl_pathv[i]);
	}
	globfree(&files);
}

/* --- that this check can fail ------------------------------------------------------------- */

static void the_check_sees_nvt_where_it_is_included(void **state)
{
	(void)state;
	list_includes("", "telnetd/session.c");
	assert_true(includes_header("nvt.h"));
	assert_non_null(find_network_side());
	list_includes("", "nvt/nvt.c");
	assert_true(includes_header("libtelnet.h"));
}

static void the_check_sees_what_is_nvts_own(void **state)
{
	(void)state;
	list_includes("-include nvt/option.h", "contrib/telnet/send.c");
	assert_true(includes_private_nvt());
	list_includes("-include libtelnet.h", "contrib/telnet/send.c");
	assert_true(includes_private_nvt());
	list_includes("-include nvt/nvt.h", "contrib/telnet/queue.c");
	assert_false(includes_private_nvt());
}

/* Makes the privileged file that this adds to include a header, and looks again. */
static void assert_seen(const char *header)
{
	char options[512];

	snprintf(options, sizeof(options), "-include '%s'", header);
	list_includes(options, "telnetd/monitor.c");
	if (!find_network_side())
		fail_msg("%s is not seen", header);
}

static void write_header(const char *path, const char *text)
{
	FILE *header = fopen(path, "we");

	assert_non_null(header);
	fputs(text, header);
	fclose(header);
}

static void the_check_sees_the_protocol_engine_behind_a_file(void **state)
{
	(void)state;
	assert_seen("nvt/nvt.h");
	assert_seen("nvt/option.h");
	assert_seen("libtelnet.h");
	assert_seen("zlib.h");
}

/* TLS need not be installed: a header behind a header stands for it. */
static void the_check_sees_a_tls_header_behind_another(void **state)
{
	char directory[] = "/tmp/test_includes-XXXXXX";
	char folder[64], header[96], outer[64];
	size_t seen = 0;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(outer, sizeof(outer), "%s/harmless.h", directory);
	for (size_t i = 0; i < LENGTH(tls_folders); i++) {
		char text[128];

		snprintf(folder, sizeof(folder), "%s/%s", directory, tls_folders[i]);
		snprintf(header, sizeof(header), "%s/ssl.h", folder);
		snprintf(text, sizeof(text), "#include \"%s/ssl.h\"\n", tls_folders[i]);
		mkdir(folder, 0700);
		write_header(header, "");
		write_header(outer, text);
		snprintf(text, sizeof(text), "-include '%s'", outer);
		list_includes(text, "telnetd/monitor.c");
		seen += find_network_side() != NULL;
		unlink(header);
		rmdir(folder);
	}
	unlink(outer);
	rmdir(directory);
	assert_int_equal(seen, LENGTH(tls_folders));
}

static void the_check_takes_no_system_header_for_one_of_ours(void **state)
{
	(void)state;
	list_includes("", "pty/login.c"); /* which has the system's <pty.h> */
	assert_true(includes_header("pty.h"));
	assert_true(includes_folder("pty")); /* by pty/login.c itself */
	list_includes("-include pty.h", "nvt/newline.c");
	assert_true(includes_header("pty.h"));
	assert_false(includes_folder("pty"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			all_but_the_files_of_a_session_never_see_the_protocol_engine_or_tls),
		cmocka_unit_test(only_session_and_its_modes_meet_both_nvt_and_pty),
		cmocka_unit_test(session_knows_of_nvt_and_pty_what_is_public),
		cmocka_unit_test(nvt_knows_nothing_of_pty_and_telnetd),
		cmocka_unit_test(pty_knows_nothing_of_nvt_and_telnetd),
		cmocka_unit_test(the_client_knows_nothing_of_pty_and_telnetd),
		cmocka_unit_test(the_client_knows_of_nvt_what_is_public),
		cmocka_unit_test(the_check_sees_nvt_where_it_is_included),
		cmocka_unit_test(the_check_sees_what_is_nvts_own),
		cmocka_unit_test(the_check_sees_the_protocol_engine_behind_a_file),
		cmocka_unit_test(the_check_sees_a_tls_header_behind_another),
		cmocka_unit_test(the_check_takes_no_system_header_for_one_of_ours),
	};

	return cmocka_run_group_tests(tests, read_compiler, NULL);
}
