/* SPDX-License-Identifier: ISC */
/* Mounts files of its own in the place of the machine's. */
#include "tests/e2e/support/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <paths.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <utmpx.h>

#include "tests/e2e/support/trial.h"

#define TEXT_SIZE ((size_t)64 * 1024)
#define PATH_SIZE 256

/* Of MACHINE_PASSWORD. */
#define HASH                                                                                       \
	"$6$telnetdtests$VCJ9LinN76MqlY6ZNy7MNzA3Ze74IJScf.vl5p1wpr57nwWmIwyFYFJoJxSct5VCQG9T1ZYB" \
	"ybcrpkDaBu8ZU."

/* Files in the place of those that are there; where there is none, none is put there. */
static const struct {
	const char *path;
	const char *text;
	mode_t mode;
} files[] = {
	{"/etc/passwd",
	 "root:x:0:0:root:" MACHINE_DIRECTORY ":/bin/sh\n"
	 "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n" MACHINE_USER
	 ":x:1717:1717:Wanda:" MACHINE_HOME ":/bin/bash\n",
	 0644},
	{"/etc/shadow",
	 "root:" HASH ":19000:0:99999:7:::\n"
	 "nobody:*:19000:0:99999:7:::\n" MACHINE_USER ":" HASH ":19000:0:99999:7:::\n",
	 0640},
	{"/etc/profile", "", 0644}, /* which may change PATH */
	{"/etc/environment", "", 0644},
	{"/etc/default/locale", "", 0644}, /* which may change LANG */
};

static bool write_file(const char *path, const char *text, mode_t mode)
{
	int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	size_t size = strlen(text);
	bool good = file >= 0 && write(file, text, size) == (ssize_t)size;

	if (file >= 0)
		close(file);
	return good && chmod(path, mode) == 0;
}

/* The name of the file that stands in for a path. */
static const char *stand_in(const char *path)
{
	static char name[PATH_SIZE];

	snprintf(name, sizeof(name), MACHINE_DIRECTORY "/%s", path + 1);
	for (char *c = name + sizeof(MACHINE_DIRECTORY); *c != '\0'; c++)
		if (*c == '/')
			*c = '-';
	return name;
}

static bool replace(const char *path, const char *text, mode_t mode)
{
	const char *name = stand_in(path);

	return write_file(name, text, mode) && mount(name, path, NULL, MS_BIND, NULL) == 0;
}

/* Her shell says when it is ready, and nothing else. */
static bool make_home(void)
{
	static const char profile[] = "PS1='" MACHINE_PROMPT "'\n"
				      "bind 'set enable-bracketed-paste off'\n";

	return mkdir(MACHINE_HOME, 0755) == 0 &&
	       write_file(MACHINE_HOME "/.bash_profile", profile, 0644) &&
	       write_file(MACHINE_HOME "/.hushlogin", "", 0644) &&
	       chown(MACHINE_HOME, MACHINE_UID, MACHINE_UID) == 0;
}

static bool replace_files(void)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (access(files[i].path, F_OK) == 0 &&
		    !replace(files[i].path, files[i].text, files[i].mode))
			return false;
	return true;
}

const char *machine_enter(void)
{
	if (geteuid() != 0)
		return "only root can have a machine of its own";
	if (unshare(CLONE_NEWNS) != 0)
		return "there can be no mount namespace here";
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("tmpfs", "/run", "tmpfs", 0, "mode=755,size=64m") != 0 ||
	    mount("tmpfs", "/var/log", "tmpfs", 0, "mode=755,size=8m") != 0)
		return "nothing can be mounted here";
	if (mkdir(MACHINE_DIRECTORY, 0755) != 0 || !make_home() || !replace_files())
		return "its files cannot be put in place";
	machine_forget_logins();
	return NULL;
}

static bool is_replaced(const char *path)
{
	return access(stand_in(path), F_OK) == 0;
}

void machine_extend(const char *path, const char *lines)
{
	char *text = calloc(1, TEXT_SIZE);
	FILE *file = fopen(path, "re");
	size_t size;

	assert_non_null(text);
	assert_non_null(file);
	size = fread(text, 1, TEXT_SIZE - 1, file);
	fclose(file);
	snprintf(text + size, TEXT_SIZE - size, "%s", lines);
	if (is_replaced(path))
		assert_true(write_file(stand_in(path), text, 0644));
	else
		assert_true(replace(path, text, 0644));
	free(text);
}

const char *machine_install(const char *program)
{
	static char path[PATH_SIZE];
	char command[3 * PATH_SIZE];

	snprintf(path, sizeof(path), MACHINE_DIRECTORY "/%s", strrchr(program, '/') + 1);
	snprintf(command, sizeof(command), "cp '%s' '%s'", program, path);
	assert_int_equal(system(command), 0);
	return path;
}

void machine_forget_logins(void)
{
	assert_true(write_file(_PATH_UTMP, "", 0664));
	assert_true(write_file(_PATH_WTMP, "", 0664));
	assert_true(write_file("/var/log/btmp", "", 0660));
}

const char *machine_ask(const char *command)
{
	static char answer[TEXT_SIZE];
	FILE *pipe = popen(command, "re");
	size_t size;

	assert_non_null(pipe);
	size = fread(answer, 1, sizeof(answer) - 1, pipe);
	pclose(pipe);
	answer[size] = '\0';
	return answer;
}

bool machine_has_linux_login(void)
{
	return strstr(machine_ask("login --version 2>/dev/null"), "util-linux") != NULL;
}

bool machine_has_who(void)
{
	static int has = -1;
	const struct utmpx record = {
		.ut_type = USER_PROCESS,
		.ut_pid = getpid(),
		.ut_id = "who",
		.ut_line = "pts/0",
		.ut_user = "somebody",
	};
	struct utmpx gone = record;

	if (has >= 0)
		return has;
	gone.ut_type = DEAD_PROCESS;
	setutxent();
	pututxline(&record);
	has = strstr(machine_ask("who"), "somebody") != NULL;
	setutxent();
	pututxline(&gone);
	endutxent();
	return has;
}

const char *machine_who(const char *user)
{
	char command[PATH_SIZE];

	snprintf(command, sizeof(command), "LC_ALL=C who | grep '^%s '", user);
	return machine_ask(command);
}

static bool somebody_is_recorded(void)
{
	const struct utmpx *record;
	bool found = false;

	setutxent();
	while ((record = getutxent()))
		if (record->ut_type == USER_PROCESS || record->ut_type == LOGIN_PROCESS)
			found = true;
	endutxent();
	return found;
}

bool machine_is_deserted(void)
{
	long long deadline = trial_now() + DEADLINE_MS;

	while (somebody_is_recorded() && trial_now() < deadline)
		trial_pause();
	return !somebody_is_recorded() && strcmp(machine_ask("who"), "") == 0;
}
