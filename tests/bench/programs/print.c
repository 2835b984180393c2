/* SPDX-License-Identifier: ISC */
/* A session program that prints lines of text without end. */
#include "tests/bench/programs/program.h"

int main(void)
{
	char block[PRINTED_BLOCK_SIZE];
	size_t size = fill_block(block, PRINTED_LINE), done = 0;

	begin_raw(0);
	for (;;) {
		ssize_t written = write(STDOUT_FILENO, block + done, size - done);

		if (written < 0)
			return 0;
		done = (done + (size_t)written) % size;
	}
}
