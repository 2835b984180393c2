/* SPDX-License-Identifier: ISC */
/* Time that only goes forward. */
#ifndef CLOCK_H
#define CLOCK_H

#include <time.h>

/* Milliseconds since some beginning. */
static inline long long clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#endif
