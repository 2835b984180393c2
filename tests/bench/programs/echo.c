/* SPDX-License-Identifier: ISC */
/* A session program that echoes each key; one of them makes it print without end. */
#include "tests/bench/programs/program.h"

static void flood(void)
{
	char block[PRINTED_BLOCK_SIZE];
	size_t size = fill_block(block, PRINTED_LINE);

	while (write(STDOUT_FILENO, block, size) >= 0)
		;
}

int main(void)
{
	char keys[256];
	ssize_t size;

	begin_raw(0);
	while ((size = read(STDIN_FILENO, keys, sizeof(keys))) > 0) {
		if (memchr(keys, KEY_FLOOD, (size_t)size))
			flood();
		if (write(STDOUT_FILENO, keys, (size_t)size) < 0)
			break;
	}
	return 0;
}
