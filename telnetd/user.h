/* SPDX-License-Identifier: ISC */
/* Whose connection it is: the kernel's socket table knows for clients on this machine. */
#ifndef TELNETD_USER_H
#define TELNETD_USER_H

#include <sys/socket.h>
#include <sys/types.h>

/*
 * Finds the user who owns the other end of a TCP connection from this machine, whose ends are
 * `client` and `server` as the server's socket sees them. Returns 0 and *user; -ENOENT where no
 * process here holds the other end; or another negative errno.
 */
int user_of_connection(const struct sockaddr *client, const struct sockaddr *server, uid_t *user);

#endif
