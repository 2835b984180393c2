/* SPDX-License-Identifier: ISC */
/*
 * What unit tests observe of their own process: what it writes, which descriptors are open, and
 * which tool it runs under.
 */
#ifndef OBSERVE_H
#define OBSERVE_H

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Sanitizers make system calls of their own, and slow a program down; so does valgrind. */
#ifdef __SANITIZE_ADDRESS__
#define SANITIZED true
#else
#define SANITIZED false
#endif

static inline bool under_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload != NULL && strstr(preload, "vgpreload") != NULL;
}

static inline size_t open_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	size_t count = 0;

	while (directory && readdir(directory))
		count++;
	if (directory)
		closedir(directory);
	return count;
}

/* What is written to a descriptor, from capture_begin to capture_end. No test fails between. */
struct capture {
	int descriptor;
	int saved;
	int file;
	size_t size;
	char text[64 * 1024]; /* ends with a NUL */
};

static inline void capture_begin(struct capture *capture, int descriptor)
{
	fflush(stdout);
	fflush(stderr);
	capture->descriptor = descriptor;
	capture->saved = dup(descriptor);
	capture->file = memfd_create("capture", MFD_CLOEXEC);
	dup2(capture->file, descriptor);
}

static inline const char *capture_end(struct capture *capture)
{
	ssize_t size;

	fflush(stdout);
	fflush(stderr);
	dup2(capture->saved, capture->descriptor);
	close(capture->saved);
	size = pread(capture->file, capture->text, sizeof(capture->text) - 1, 0);
	close(capture->file);
	capture->size = size > 0 ? (size_t)size : 0;
	capture->text[capture->size] = '\0';
	return capture->text;
}

/* How often `word` stands in `text`. */
static inline size_t count_of(const char *text, const char *word)
{
	size_t count = 0;

	for (; (text = strstr(text, word)); text += strlen(word))
		count++;
	return count;
}

#endif
