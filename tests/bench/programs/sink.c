/* SPDX-License-Identifier: ISC */
/* A session program that reads what is pasted, and says how much of it came as it was sent. */
#include "tests/bench/programs/program.h"

#include <stdio.h>

int main(void)
{
	char block[PASTED_BLOCK_SIZE], bytes[4096];
	size_t size = fill_block(block, PASTED_LINE);
	unsigned long long count = 0, wrong = 0;
	ssize_t got;

	begin_raw(0);
	while ((got = read(STDIN_FILENO, bytes, sizeof(bytes))) > 0) {
		for (ssize_t i = 0; i < got; i++) {
			if (bytes[i] == KEY_END) {
				printf(MARKER_SINK, count, wrong);
				fflush(stdout);
				count = wrong = 0;
			} else {
				wrong += bytes[i] != block[count % size];
				count++;
			}
		}
	}
	return 0;
}
