/* SPDX-License-Identifier: ISC */
/*
 * A login program that shows what it was started with: an argument a line, "--", a variable of its
 * environment a line, "end of show". What is not printable is shown in hexadecimal.
 */
#include <stdio.h>
#include <unistd.h>

static void show(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text >= ' ' && *text <= '~')
			putchar(*text);
		else
			printf("\\x%02x", (unsigned char)*text);
	}
	putchar('\n');
}

int main(int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		show(argv[i]);
	puts("--");
	for (char **variable = environ; *variable; variable++)
		show(*variable);
	puts("end of show");
	return 0;
}
