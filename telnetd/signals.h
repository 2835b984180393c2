/* SPDX-License-Identifier: ISC */
/* Names of signals, which not every C library has. */
#ifndef TELNETD_SIGNALS_H
#define TELNETD_SIGNALS_H

/* The name of a signal without "SIG", such as "TERM", or its number if it is not in the table. */
const char *signals_name(int number);

#endif
