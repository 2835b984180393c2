/* SPDX-License-Identifier: ISC */
/* Descriptors that a new process is not to have. */
#include "telnetd/descriptors.h"

#include <sys/syscall.h>
#include <unistd.h>

/* The system call itself: not every C library has a function for it. */
static void close_all(int first, unsigned last)
{
	syscall(SYS_close_range, (unsigned)first, last, 0U);
}

static void close_between(int first, int last)
{
	if (first <= last)
		close_all(first, (unsigned)last);
}

void descriptors_close_others(int one, int other)
{
	int low = one < other ? one : other, high = one < other ? other : one;

	close_between(STDERR_FILENO + 1, low - 1);
	close_between(low > STDERR_FILENO ? low + 1 : STDERR_FILENO + 1, high - 1);
	close_all(high > STDERR_FILENO ? high + 1 : STDERR_FILENO + 1, ~0U);
}
