/* SPDX-License-Identifier: ISC */
/* What /proc tells of processes, for tests that ask which of them are there and what they hold. */
#ifndef E2E_PROCESS_H
#define E2E_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Fills in the children of a process, at most `most`; returns how many there are. */
size_t process_children(pid_t parent, pid_t *children, size_t most);

/* Whether there is such a process; one that waits to be reaped is not. */
bool process_is_there(pid_t);

/* Waits until it has gone; returns whether it went within so many milliseconds. */
bool process_goes(pid_t, int milliseconds);

/* The clock ticks that it has computed for, as itself and in the kernel; -1: there is none. */
long process_ticks(pid_t);

/* Copies the value of a line of /proc/PID/status, e.g. "Seccomp"; "" where there is none. */
void process_status(pid_t, const char *name, char *value, size_t size);

/* Reads the link of a descriptor, e.g. "socket:[123]"; "" where there is no such descriptor. */
void process_descriptor(pid_t, int descriptor, char *link, size_t size);

/* How many descriptors it has, -1 where that is not to be seen. */
int process_descriptors(pid_t);

/* The descriptor whose link begins so, or -1. */
int process_finds_descriptor(pid_t, const char *link);

/* The inode of the socket of a TCP connection on this machine, by both its ports; 0: none. */
unsigned long process_socket_inode(unsigned short local, unsigned short remote);

#endif
