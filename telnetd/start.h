/* SPDX-License-Identifier: ISC */
/*
 * What a session asks the monitor to start, from what its client has told: the terminal's type,
 * size and speeds, and the variables of the environment. It sends nothing.
 */
#ifndef TELNETD_START_H
#define TELNETD_START_H

#include <stdbool.h>

#include "nvt/nvt.h"
#include "telnetd/message.h"

/*
 * Fills in a START, all of it. Of the client's variables it takes those that environment_allows
 * (`accepted` is its `also`) and that fit; TERM is "dumb" where the client's is none that may be.
 */
void start_fill(struct message_start *, const struct nvt_peer *, bool echo, char *const *accepted);

#endif
