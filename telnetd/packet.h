/* SPDX-License-Identifier: ISC */
/* One packet over a SOCK_SEQPACKET socket pair, with at most one descriptor beside it. */
#ifndef TELNETD_PACKET_H
#define TELNETD_PACKET_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Sends a packet of at least one byte, and a copy of the descriptor unless it is -1. It does not
 * wait: returns 0, -EAGAIN when the channel is full, or another negative errno.
 */
int packet_send(int channel, const void *bytes, size_t size, int descriptor);

/*
 * Receives a packet; flags as for recvmsg(2), MSG_DONTWAIT or 0. *descriptor is what came with it,
 * or -1; it is the caller's, close-on-exec. Returns the packet's size; 0 at the end of the
 * channel; -EAGAIN when there is none; -EPROTO for one that is empty, has no room, or brings more
 * than one descriptor, of which nothing is left open then; or another negative errno.
 */
ssize_t packet_receive(int channel, void *bytes, size_t room, int *descriptor, int flags);

#endif
