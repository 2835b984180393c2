/* SPDX-License-Identifier: ISC */
/* A session program that prints without end until it is interrupted, and then says so. */
#include "tests/bench/programs/program.h"

#include <signal.h>

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
	(void)number;
	interrupted = 1;
}

int main(void)
{
	struct sigaction action = {.sa_handler = on_interrupt};
	char block[PRINTED_BLOCK_SIZE];
	size_t size = fill_block(block, PRINTED_LINE);

	sigaction(SIGINT, &action, NULL);
	begin_raw(1);
	while (!interrupted)
		if (write(STDOUT_FILENO, block, size) < 0 && !interrupted)
			return 0;
	if (write(STDOUT_FILENO, MARKER_INTERRUPTED, strlen(MARKER_INTERRUPTED)) < 0)
		return 1;
	pause();
	return 0;
}
