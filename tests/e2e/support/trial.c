/* SPDX-License-Identifier: ISC */
/* Deadlines, files and messages of end-to-end tests. */
#include "tests/e2e/support/trial.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* Paths that are in use at the same time. */
#define PATHS 8

static char directory[64];

long long trial_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void trial_pause(void)
{
	const struct timespec moment = {.tv_nsec = 2000000};

	nanosleep(&moment, NULL);
}

/* A buffer for a path; those that were given out shortly before stay as they are. */
static char *path_buffer(void)
{
	static char buffers[PATHS][PATH_MAX];
	static size_t next;

	return buffers[next++ % PATHS];
}

const char *trial_built(const char *name)
{
	char *path = path_buffer();

	snprintf(path, PATH_MAX, "%s/%s", TEST_BUILD_DIRECTORY, name);
	return path;
}

void trial_show(const char *what, const char *bytes, size_t size)
{
	const size_t most = 4000;
	size_t start = size > most ? size - most : 0;

	fprintf(stderr, "--- %s (%zu bytes%s)\n", what, size,
		start > 0 ? ", the last of them" : "");
	for (size_t i = start; i < size; i++) {
		unsigned char byte = (unsigned char)bytes[i];

		if (byte == '\n' || (byte >= ' ' && byte <= '~'))
			fputc(byte, stderr);
		else
			fprintf(stderr, "\\x%02x", byte);
	}
	fputs("\n---\n", stderr);
}

const char *trial_directory(void)
{
	if (directory[0] == '\0') {
		snprintf(directory, sizeof(directory), "/tmp/telnetd-test-XXXXXX");
		assert_non_null(mkdtemp(directory));
		assert_int_equal(chmod(directory, 0755), 0);
	}
	return directory;
}

void trial_remove_directory(void)
{
	DIR *files = directory[0] != '\0' ? opendir(directory) : NULL;
	struct dirent *file;

	if (!files)
		return;
	while ((file = readdir(files)))
		if (strcmp(file->d_name, ".") != 0 && strcmp(file->d_name, "..") != 0)
			unlinkat(dirfd(files), file->d_name, 0);
	closedir(files);
	rmdir(directory);
	directory[0] = '\0';
}

const char *trial_file(const char *name, const char *text)
{
	char *path = path_buffer();
	FILE *file;

	snprintf(path, PATH_MAX, "%s/%s", trial_directory(), name);
	if (text) {
		file = fopen(path, "we");
		assert_non_null(file);
		assert_true(fputs(text, file) >= 0);
		assert_int_equal(fclose(file), 0);
	}
	return path;
}

bool trial_file_gets(const char *name, const char *text)
{
	long long deadline = trial_now() + DEADLINE_MS;
	char content[4096];

	do {
		int file = open(trial_file(name, NULL), O_RDONLY | O_CLOEXEC);
		ssize_t size = file >= 0 ? read(file, content, sizeof(content) - 1) : -1;

		if (file >= 0)
			close(file);
		content[size > 0 ? size : 0] = '\0';
		if (strstr(content, text))
			return true;
		trial_pause();
	} while (trial_now() < deadline);
	return false;
}
