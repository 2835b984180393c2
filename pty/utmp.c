/* SPDX-License-Identifier: ISC */
/*
 * utmp(5) and wtmp(5) records of a login on a line and of its end, as agetty(8) and init(8) would
 * keep them. Names of users are login(1)'s to record.
 */
#include "pty/pty.h"

#include <errno.h>
#include <netinet/in.h>
#include <paths.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/time.h>
#include <utmpx.h>

/* The fields of a record are filled up with NUL, and full ones end without. */
static void copy_text(char *field, size_t size, const char *text)
{
	memset(field, 0, size);
	memcpy(field, text, strnlen(text, size));
}

/* The end of the line's name, as sshd(8) and login(1) have it: "pts/12" is "s/12". */
static void copy_id(char *field, size_t size, const char *line)
{
	size_t length = strlen(line);

	copy_text(field, size, length > size ? line + length - size : line);
}

/* IPv4 has the first of the four words, in network byte order, and the others are 0. */
static void copy_address(struct utmpx *record, const struct sockaddr *address)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (address->sa_family == AF_INET) {
		memcpy(&v4, address, sizeof v4);
		memcpy(record->ut_addr_v6, &v4.sin_addr, sizeof v4.sin_addr);
	}
	if (address->sa_family != AF_INET6)
		return;
	memcpy(&v6, address, sizeof v6);
	if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr))
		memcpy(record->ut_addr_v6, &v6.sin6_addr.s6_addr[12], sizeof v4.sin_addr);
	else
		memcpy(record->ut_addr_v6, &v6.sin6_addr, sizeof v6.sin6_addr);
}

static struct utmpx new_record(short type, const char *line, pid_t pid)
{
	struct utmpx record;
	struct timeval now;

	memset(&record, 0, sizeof record);
	record.ut_type = type;
	record.ut_pid = pid;
	copy_text(record.ut_line, sizeof record.ut_line, line);
	copy_id(record.ut_id, sizeof record.ut_id, line);
	gettimeofday(&now, NULL);
	record.ut_tv.tv_sec =
		(__typeof__(record.ut_tv.tv_sec))now.tv_sec; /* all there is room for */
	record.ut_tv.tv_usec = (__typeof__(record.ut_tv.tv_usec))now.tv_usec;
	return record;
}

/* A machine without the file, or a C library without utmp (errno 0), keeps no records. */
static int error_of_writing(void)
{
	return errno == ENOENT ? 0 : -errno;
}

static int write_utmp(const struct utmpx *record)
{
	int error = 0;

	errno = 0;
	setutxent();
	if (pututxline(record) == NULL)
		error = error_of_writing();
	endutxent();
	return error;
}

static int write_wtmp(const struct utmpx *record)
{
	errno = 0; /* updwtmpx(3) says in no other way that it failed */
	updwtmpx(_PATH_WTMP, record);
	return error_of_writing();
}

static int write_both(const struct utmpx *record)
{
	int utmp_error = write_utmp(record);
	int wtmp_error = write_wtmp(record);

	return utmp_error != 0 ? utmp_error : wtmp_error;
}

int pty_record_login(const char *line, pid_t pid, const char *host, const struct sockaddr *address)
{
	struct utmpx record = new_record(LOGIN_PROCESS, line, pid);

	record.ut_session = pid;
	copy_text(record.ut_user, sizeof record.ut_user, "LOGIN");
	copy_text(record.ut_host, sizeof record.ut_host, host);
	if (address != NULL)
		copy_address(&record, address);
	return write_both(&record);
}

/* Finds who is logged in on the line; false where nobody is. */
static bool find_record(const char *line, struct utmpx *record)
{
	struct utmpx wanted = new_record(USER_PROCESS, line, 0);
	const struct utmpx *found;

	setutxent();
	found = getutxline(&wanted);
	if (found != NULL)
		*record = *found;
	endutxent();
	return found != NULL;
}

/*
 * Debian's login(1) writes its user's record over ours with the pid of the shell, its child, and
 * leaves its own pid as the session. A record of neither is somebody else's while they live.
 */
static bool is_somebody_elses(const struct utmpx *record, pid_t pid)
{
	if (record->ut_pid == pid || record->ut_session == pid)
		return false;
	return kill(record->ut_pid, 0) == 0 || errno == EPERM;
}

int pty_record_logout(const char *line, pid_t pid)
{
	struct utmpx record = new_record(DEAD_PROCESS, line, pid);
	struct utmpx found;

	if (!find_record(line, &found))
		return write_wtmp(&record);
	if (is_somebody_elses(&found, pid))
		return 0;
	/* pututxline(3) finds the record by its id, which is the program's to choose. */
	memcpy(record.ut_id, found.ut_id, sizeof record.ut_id);
	return write_both(&record);
}
