/* SPDX-License-Identifier: ISC */
/* Names of signals, which not every C library has. */
#include "telnetd/signals.h"

#include <signal.h>
#include <stdio.h>

/* Signals that end a process. */
static const struct {
	int number;
	const char *name;
} names[] = {
	{SIGHUP, "HUP"},   {SIGINT, "INT"},	  {SIGQUIT, "QUIT"}, {SIGILL, "ILL"},
	{SIGTRAP, "TRAP"}, {SIGABRT, "ABRT"},	  {SIGBUS, "BUS"},   {SIGFPE, "FPE"},
	{SIGKILL, "KILL"}, {SIGUSR1, "USR1"},	  {SIGSEGV, "SEGV"}, {SIGUSR2, "USR2"},
	{SIGPIPE, "PIPE"}, {SIGALRM, "ALRM"},	  {SIGTERM, "TERM"}, {SIGXCPU, "XCPU"},
	{SIGXFSZ, "XFSZ"}, {SIGVTALRM, "VTALRM"}, {SIGPROF, "PROF"}, {SIGPOLL, "POLL"},
	{SIGSYS, "SYS"},   {SIGPWR, "PWR"},
};

const char *signals_name(int number)
{
	static char text[16];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].number == number)
			return names[i].name;
	snprintf(text, sizeof(text), "%d", number);
	return text;
}
