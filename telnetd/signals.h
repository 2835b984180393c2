/* SPDX-License-Identifier: ISC */
/* Names of signals, which not every C library has. */
#ifndef TELNETD_SIGNALS_H
#define TELNETD_SIGNALS_H

/* A signal's name without "SIG", such as "TERM"; its number where it has no name. */
const char *signals_name(int number);

#endif
