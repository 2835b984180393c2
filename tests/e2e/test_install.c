/* SPDX-License-Identifier: ISC */
/* make install and make uninstall: what is put where, for whom, and that all of it goes again. */
#include "tests/e2e/support/trial.h"

#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* In a directory of the test's own; what was built is not built again, with other flags maybe. */
#define MAKE                                                                                       \
	"unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES; umask 077; "                              \
	"make -s -C '" TEST_SOURCE_DIRECTORY "' -o all BUILD='" TEST_BUILD_DIRECTORY "' "

static char root[256]; /* where it is installed */

static int set_up(void **state)
{
	const char *path = getenv("PATH");
	char with_sbin[4096];

	(void)state;
	snprintf(with_sbin, sizeof(with_sbin), "%s:/usr/sbin:/sbin", path ? path : "/usr/bin:/bin");
	setenv("PATH", with_sbin, 1);
	snprintf(root, sizeof(root), "%s/root", trial_directory());
	return 0;
}

/* Runs a command by the shell, and fails the test with what that prints if it fails. */
__attribute__((format(printf, 1, 2))) static void run(const char *format, ...)
{
	char command[4096], output[4096] = "";
	va_list arguments;
	FILE *pipe;

	va_start(arguments, format);
	vsnprintf(command, sizeof(command), format, arguments);
	va_end(arguments);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	output[fread(output, 1, sizeof(output) - 1, pipe)] = '\0';
	if (pclose(pipe) != 0)
		fail_msg("%s\n%s", command, output);
}

static int tear_down(void **state)
{
	(void)state;
	run("rm -rf '%s'", root);
	trial_remove_directory();
	return 0;
}

static bool is_there(const char *path)
{
	char whole[512];
	struct stat status;

	snprintf(whole, sizeof(whole), "%s%s", root, path);
	return lstat(whole, &status) == 0;
}

#define UNITS "/usr/local/lib/systemd/system"

static const char *const installed[] = {
	"/usr/local/sbin/telnetd",
	"/usr/local/share/man/man8/telnetd.8",
	"/usr/local/share/doc/telnetd/telnetd.conf",
	UNITS "/telnetd.service",
	UNITS "/telnetd.socket",
	UNITS "/telnetd@.service",
	"/usr/local/include/nvt.h",
	"/usr/local/lib/libnvt.a",
	"/usr/local/lib/libnvt.so",
	"/usr/local/lib/libnvt.so.0",
	"/usr/local/lib/pkgconfig/libnvt.pc",
};

static const char *const client_installed[] = {
	"/usr/local/bin/telnet",
	"/usr/local/share/man/man1/telnet.1",
};

static size_t files; /* that a walk has met */

/* A program may be run by everybody, and everything may be read. */
static int check_mode(const char *path, const struct stat *status, int type, struct FTW *place)
{
	bool runs = strstr(path, "bin/") || strstr(path, ".so.");
	mode_t wanted = type == FTW_D || runs ? 0755 : 0644;

	(void)place;
	files += type == FTW_F || type == FTW_SL;
	if (type != FTW_SL && (status->st_mode & 07777) != wanted)
		fail_msg("%s has mode %o", path, (unsigned)status->st_mode & 07777);
	return 0;
}

static int count_file(const char *path, const struct stat *status, int type, struct FTW *place)
{
	(void)path;
	(void)status;
	(void)place;
	files += type != FTW_D;
	return 0;
}

static void everybody_may_read_what_is_installed_under_any_umask(void **state)
{
	(void)state;
	run(MAKE "install DESTDIR='%s' 2>&1", root);
	for (size_t i = 0; i < COUNT(installed); i++)
		if (!is_there(installed[i]))
			fail_msg("%s is not there", installed[i]);
	for (size_t i = 0; i < COUNT(client_installed); i++)
		assert_true(is_there(client_installed[i]));
	files = 0;
	assert_int_equal(nftw(root, check_mode, 16, FTW_PHYS), 0);
	assert_int_equal(files, COUNT(installed) + COUNT(client_installed));
}

static void uninstall_removes_what_install_has_put_there(void **state)
{
	(void)state;
	run(MAKE "install DESTDIR='%s' 2>&1", root);
	run(MAKE "uninstall DESTDIR='%s' 2>&1", root);
	files = 0;
	assert_int_equal(nftw(root, count_file, 16, FTW_PHYS), 0);
	assert_int_equal(files, 0);
	assert_false(is_there("/usr/local/share/doc/telnetd"));
}

/* Another's telnet may be there. */
static void the_client_is_left_out_if_that_is_asked_for(void **state)
{
	(void)state;
	run(MAKE "install DESTDIR='%s' INSTALL_CLIENT=no 2>&1", root);
	assert_true(is_there("/usr/local/sbin/telnetd"));
	for (size_t i = 0; i < COUNT(client_installed); i++)
		assert_false(is_there(client_installed[i]));
	run("mkdir -p '%s/usr/local/bin' && touch '%s/usr/local/bin/telnet'", root, root);
	run(MAKE "uninstall DESTDIR='%s' INSTALL_CLIENT=no 2>&1", root);
	assert_false(is_there("/usr/local/sbin/telnetd"));
	assert_true(is_there("/usr/local/bin/telnet"));
}

static void programs_are_stripped_unless_that_is_not_wanted(void **state)
{
	static const char *const programs[] = {"sbin/telnetd", "bin/telnet", "lib/libnvt.so.0"};

	(void)state;
	run(MAKE "install DESTDIR='%s' 2>&1", root);
	for (size_t i = 0; i < COUNT(programs); i++)
		run("! readelf -SW '%s/usr/local/%s' | grep '[.]symtab\\|[.]debug'", root,
		    programs[i]);
	run(MAKE "install DESTDIR='%s' INSTALL_STRIP= 2>&1", root);
	for (size_t i = 0; i < COUNT(programs); i++)
		run("readelf -SW '%s/usr/local/%s' | grep -q '[.]debug_info'", root, programs[i]);
}

static void what_is_installed_knows_where_it_is(void **state)
{
	(void)state;
	run(MAKE "install DESTDIR='%s' PREFIX=/opt/t 2>&1", root);
	run("grep -q '^prefix=/opt/t$' '%s/opt/t/lib/pkgconfig/libnvt.pc'", root);
	run("grep -q '^ExecStart=/opt/t/sbin/telnetd --foreground$' "
	    "'%s/opt/t/lib/systemd/system/telnetd.service'",
	    root);
	run("grep -q '^ExecStart=/opt/t/sbin/telnetd --inetd$' "
	    "'%s/opt/t/lib/systemd/system/telnetd@.service'",
	    root);
}

/* As `systemctl mask` makes one of a unit, to /dev/null. */
static void what_a_link_leads_to_is_left_alone(void **state)
{
	(void)state;
	run("mkdir -p '%s" UNITS "' '%s/usr/local/lib/pkgconfig' && cd '%s' && touch other && "
	    "chmod 666 other && ln -s \"$PWD/other\" .%s/telnetd.service && "
	    "ln -s \"$PWD/other\" ./usr/local/lib/pkgconfig/libnvt.pc && "
	    "ln -s \"$PWD/other\" .%s/telnetd@.service",
	    root, root, root, UNITS, UNITS);
	run(MAKE "install DESTDIR='%s' 2>&1", root);
	run("cd '%s' && [ ! -s other ] && [ \"$(stat -c %%a other)\" = 666 ] && "
	    "grep -q ExecStart .%s/telnetd.service",
	    root, UNITS);
}

/* systemd warns of what it does not know, and of a program that is not there. */
static void systemd_has_nothing_to_say_against_the_units(void **state)
{
	(void)state;
	if (system("command -v systemd-analyze >/dev/null") != 0) {
		print_message("%s: skipped: systemd-analyze is not here\n", __func__);
		skip();
	}
	/* DESTDIR keeps everything else of this machine as it is. */
	run(MAKE "install DESTDIR=/. PREFIX='%s' 2>&1", root);
	run("cd '%s/lib/systemd/system' && said=$(systemd-analyze verify --man=no "
	    "telnetd.service telnetd.socket telnetd@.service 2>&1) && echo \"$said\" && "
	    "[ -z \"$said\" ]",
	    root);
}

/* --- on this machine, or a copy of what of it is changed ------------------------------------ */

/* Its /usr/local and /etc in memory, in the namespace of the shell that goes on. */
#define COPY                                                                                       \
	"exec 2>&1; mount -t tmpfs -o mode=755 t /usr/local && mkdir /usr/local/etc && "           \
	"cp -a /etc/. /usr/local/etc && mount --bind /usr/local/etc /etc && "                      \
	"if [ -d /var/cache/ldconfig ]; then mount -t tmpfs t /var/cache/ldconfig; fi && "         \
	"sed -i /^telnetd:/d /etc/passwd /etc/group /etc/shadow && "

static void without_destdir_root_makes_the_user_and_tells_the_linker(void **state)
{
	(void)state;
	SKIP_UNLESS_ROOT();
	if (system("unshare --mount mount -t tmpfs t /usr/local 2>/dev/null") != 0) {
		print_message("%s: skipped: nothing can be mounted here\n", __func__);
		skip();
	}
	run("unshare --mount sh -ec \"" COPY MAKE "install; " /* twice: the user is there already */
	    "grep '^telnetd:.*:/nonexistent:.*/nologin$' /etc/passwd; " MAKE "install; "
	    "ldconfig -p | grep 'libnvt.so.0 .*/usr/local/lib/libnvt.so.0'; "
	    "/usr/local/sbin/telnetd --version; " MAKE "uninstall; "
	    "if ldconfig -p | grep libnvt; then exit 1; fi\"");
}

#define INSTALL_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		INSTALL_TEST(everybody_may_read_what_is_installed_under_any_umask),
		INSTALL_TEST(uninstall_removes_what_install_has_put_there),
		INSTALL_TEST(the_client_is_left_out_if_that_is_asked_for),
		INSTALL_TEST(programs_are_stripped_unless_that_is_not_wanted),
		INSTALL_TEST(what_is_installed_knows_where_it_is),
		INSTALL_TEST(what_a_link_leads_to_is_left_alone),
		INSTALL_TEST(systemd_has_nothing_to_say_against_the_units),
		INSTALL_TEST(without_destdir_root_makes_the_user_and_tells_the_linker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
