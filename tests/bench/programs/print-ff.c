/* SPDX-License-Identifier: ISC */
/* A session program that prints bytes of 0xFF without end: TELNET's IAC, to be sent doubled. */
#include "tests/bench/programs/program.h"

int main(void)
{
	char block[8192];

	memset(block, 0xFF, sizeof(block));
	begin_raw(0);
	while (write(STDOUT_FILENO, block, sizeof(block)) >= 0)
		;
	return 0;
}
