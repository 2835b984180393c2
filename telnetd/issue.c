/* SPDX-License-Identifier: ISC */
/* Expands the escapes of an issue file as agetty(8) does. */
#include "telnetd/issue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <utmpx.h>

/* More than this of a file is not shown. */
#define ISSUE_MAX (64UL * 1024)

#define DATE_MAX 64

static void put_time(FILE *text, const char *format)
{
	char date[DATE_MAX];
	time_t now = time(NULL);
	struct tm local;

	if (localtime_r(&now, &local) && strftime(date, sizeof(date), format, &local) > 0)
		fputs(date, text);
}

static void put_users(FILE *text, const char *one, const char *many)
{
	unsigned users = 0;
	const struct utmpx *record;

	setutxent();
	while ((record = getutxent()))
		if (record->ut_type == USER_PROCESS)
			users++;
	endutxent();
	fprintf(text, "%u%s", users, users == 1 ? one : many);
}

/* The system's name as os-release(5) has it, or the kernel's. */
static void put_system(FILE *text, const struct utsname *names)
{
	static const char key[] = "PRETTY_NAME=\"";
	char line[256];
	FILE *release = fopen("/etc/os-release", "re");

	while (release && fgets(line, sizeof(line), release)) {
		if (strncmp(line, key, strlen(key)) != 0)
			continue;
		fprintf(text, "%.*s", (int)strcspn(line + strlen(key), "\"\n"), line + strlen(key));
		fclose(release);
		return;
	}
	if (release)
		fclose(release);
	fputs(names->sysname, text);
}

static void put_escape(FILE *text, char escape, const char *line, unsigned long speed)
{
	struct utsname names;

	uname(&names);
	switch (escape) {
	case 's':
		fputs(names.sysname, text);
		break;
	case 'S':
		put_system(text, &names);
		break;
	case 'n':
		fputs(names.nodename, text);
		break;
	case 'r':
		fputs(names.release, text);
		break;
	case 'v':
		fputs(names.version, text);
		break;
	case 'm':
		fputs(names.machine, text);
		break;
	case 'o':
		fputs(names.domainname, text);
		break;
	case 'l':
		fputs(line, text);
		break;
	case 'b':
		fprintf(text, "%lu", speed);
		break;
	case 'd':
		put_time(text, "%a %b %e %Y");
		break;
	case 't':
		put_time(text, "%H:%M:%S");
		break;
	case 'u':
		put_users(text, "", "");
		break;
	case 'U':
		put_users(text, " user", " users");
		break;
	case '\\':
		fputc('\\', text);
		break;
	default:
		fprintf(text, "\\%c", escape);
		break;
	}
}

char *issue_read(const char *path, const char *line, unsigned long speed, size_t *size)
{
	FILE *file = fopen(path, "re");
	char *issue = NULL;
	FILE *text;
	int c;

	if (!file)
		return NULL;
	text = open_memstream(&issue, size);
	for (size_t i = 0; text && i < ISSUE_MAX && (c = fgetc(file)) != EOF; i++) {
		if (c == '\\' && (c = fgetc(file)) != EOF)
			put_escape(text, (char)c, line, speed);
		else
			fputc(c != EOF ? c : '\\', text);
	}
	fclose(file);
	if (!text || fclose(text) != 0) {
		free(issue);
		return NULL;
	}
	return issue;
}
