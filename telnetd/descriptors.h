/* SPDX-License-Identifier: ISC */
/* Descriptors that a new process is not to have. */
#ifndef TELNETD_DESCRIPTORS_H
#define TELNETD_DESCRIPTORS_H

/* Closes all but 0 to 2 and these two; the second may be -1. */
void descriptors_close_others(int one, int other);

#endif
