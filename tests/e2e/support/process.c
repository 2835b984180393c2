/* SPDX-License-Identifier: ISC */
/* Reads /proc, see proc(5). */
#include "tests/e2e/support/process.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/e2e/support/trial.h"

#define PATH_SIZE 64

/* Reads the state, the parent and the ticks of a process; false where there is none. */
static bool read_stat(pid_t pid, char *state, pid_t *parent, long *ticks)
{
	char path[PATH_SIZE], line[512];
	long user, kernel;
	FILE *file;
	bool good;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	good = fgets(line, sizeof(line), file) && strrchr(line, ')') &&
	       sscanf(strrchr(line, ')'), ") %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld",
		      state, parent, &user, &kernel) == 4;
	fclose(file);
	if (good)
		*ticks = user + kernel;
	return good;
}

size_t process_children(pid_t parent, pid_t *children, size_t most)
{
	DIR *processes = opendir("/proc");
	struct dirent *entry;
	size_t count = 0;

	assert_non_null(processes);
	while ((entry = readdir(processes))) {
		pid_t pid = atoi(entry->d_name), its_parent;
		char state;
		long ticks;

		if (pid <= 0 || !read_stat(pid, &state, &its_parent, &ticks) ||
		    its_parent != parent)
			continue;
		if (count < most)
			children[count] = pid;
		count++;
	}
	closedir(processes);
	return count;
}

bool process_is_there(pid_t pid)
{
	char state;
	pid_t parent;
	long ticks;

	return read_stat(pid, &state, &parent, &ticks) && state != 'Z' && state != 'X';
}

long process_ticks(pid_t pid)
{
	char state;
	pid_t parent;
	long ticks;

	return read_stat(pid, &state, &parent, &ticks) ? ticks : -1;
}

bool process_goes(pid_t pid, int milliseconds)
{
	long long deadline = trial_now() + milliseconds;

	while (process_is_there(pid)) {
		if (trial_now() >= deadline)
			return false;
		trial_pause();
	}
	return true;
}

void process_status(pid_t pid, const char *name, char *value, size_t size)
{
	char path[PATH_SIZE], line[512];
	size_t length = strlen(name);
	FILE *file;

	value[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, name, length) == 0 && line[length] == ':')
			snprintf(value, size, "%.*s", (int)strcspn(line + length + 2, "\n"),
				 line + length + 2);
	if (file)
		fclose(file);
	for (size_t end = strlen(value); end > 0 && value[end - 1] == ' '; end--)
		value[end - 1] = '\0';
}

void process_descriptor(pid_t pid, int descriptor, char *link, size_t size)
{
	char path[PATH_SIZE];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, descriptor);
	length = readlink(path, link, size - 1);
	link[length > 0 ? length : 0] = '\0';
}

/* Calls back for each descriptor until it is told to stop; returns how many, -1: not to be seen. */
static int each_descriptor(pid_t pid, bool (*look)(pid_t, int, void *), void *context)
{
	char path[PATH_SIZE];
	struct dirent *entry;
	int count = 0;
	DIR *descriptors;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	descriptors = opendir(path);
	if (!descriptors)
		return -1;
	while ((entry = readdir(descriptors))) {
		if (entry->d_name[0] == '.')
			continue;
		count++;
		if (look && look(pid, atoi(entry->d_name), context))
			break;
	}
	closedir(descriptors);
	return count;
}

int process_descriptors(pid_t pid)
{
	return each_descriptor(pid, NULL, NULL);
}

struct search {
	const char *link;
	int found;
};

static bool is_searched(pid_t pid, int descriptor, void *context)
{
	struct search *search = context;
	char link[256];

	process_descriptor(pid, descriptor, link, sizeof(link));
	if (strncmp(link, search->link, strlen(search->link)) != 0)
		return false;
	search->found = descriptor;
	return true;
}

int process_finds_descriptor(pid_t pid, const char *link)
{
	struct search search = {.link = link, .found = -1};

	each_descriptor(pid, is_searched, &search);
	return search.found;
}

unsigned long process_socket_inode(unsigned short local, unsigned short remote)
{
	static const char *const tables[] = {"/proc/net/tcp", "/proc/net/tcp6"};
	unsigned long found = 0;
	char line[512];

	for (size_t i = 0; i < 2 && found == 0; i++) {
		FILE *table = fopen(tables[i], "re");

		while (table && found == 0 && fgets(line, sizeof(line), table)) {
			unsigned from, to;
			unsigned long inode;

			if (sscanf(line,
				   " %*d: %*[0-9A-F]:%x %*[0-9A-F]:%x %*x %*x:%*x %*x:%*x %*x %*u "
				   "%*u %lu",
				   &from, &to, &inode) == 3 &&
			    from == local && to == remote)
				found = inode;
		}
		if (table)
			fclose(table);
	}
	return found;
}
