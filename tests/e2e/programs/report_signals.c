/* SPDX-License-Identifier: ISC */
/*
 * Says on its terminal which signals come, and the window's size with SIGWINCH. SIGTSTP stops it;
 * SIGINT, SIGQUIT and SIGHUP end it with a shell's status for that, and so does a minute.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define LIFE_SECONDS 60

static const struct {
	int number;
	const char *name;
} reported[] = {
	{SIGHUP, "HUP"},   {SIGINT, "INT"},   {SIGQUIT, "QUIT"},
	{SIGTSTP, "TSTP"}, {SIGCONT, "CONT"}, {SIGWINCH, "WINCH"},
};

static const char *name_of(int number)
{
	size_t i = 0;

	while (reported[i].number != number)
		i++;
	return reported[i].name;
}

static void report(int number)
{
	struct winsize window = {0};

	printf("got SIG%s", name_of(number));
	if (number == SIGWINCH) {
		ioctl(STDIN_FILENO, TIOCGWINSZ, &window);
		printf(" %hu %hu", window.ws_row, window.ws_col);
	}
	printf("\n");
	fflush(stdout);
}

int main(void)
{
	const struct timespec life = {.tv_sec = LIFE_SECONDS};
	sigset_t signals;

	sigemptyset(&signals);
	for (size_t i = 0; i < sizeof(reported) / sizeof(reported[0]); i++)
		sigaddset(&signals, reported[i].number);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	printf("waiting for signals\n");
	fflush(stdout);
	while (1) {
		int number = sigtimedwait(&signals, NULL, &life);

		if (number < 0)
			return EXIT_FAILURE;
		report(number);
		if (number == SIGTSTP)
			raise(SIGSTOP);
		else if (number != SIGCONT && number != SIGWINCH)
			_exit(128 + number); /* a leak check would hang on SIGCONT behind SIGHUP */
	}
}
