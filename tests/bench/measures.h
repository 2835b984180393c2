/* SPDX-License-Identifier: ISC */
/*
 * What the load generator measures. Each measure prints lines of a name and a value, and returns
 * 0, or -1 after a line "failed WHY" (for a part of it, "failed:NAME WHY").
 */
#ifndef BENCH_MEASURES_H
#define BENCH_MEASURES_H

#include "tests/bench/server.h"

struct trial {
	struct server server;
	double time; /* seconds that are measured */
	int sessions; /* the most that there should be */
	int opening; /* of a crowd's sessions, how many are opened at the same time */
	bool plain; /* the contender speaks no TELNET */
};

int measure_flood(const struct trial *trial);
int measure_flood_ff(const struct trial *trial);
int measure_paste(const struct trial *trial);
int measure_echo(const struct trial *trial);
int measure_neighbour(const struct trial *trial);
int measure_compress(const struct trial *trial);
int measure_crowd(const struct trial *trial);
int measure_sessions(const struct trial *trial);
int measure_memory(const struct trial *trial);
int measure_interrupt(const struct trial *trial);

/* Monotonic time in seconds. */
double now(void);

void pause_for(double seconds);

/* Prints "failed WHY: errno's text" and returns -1. */
int failed(const char *why);

#endif
