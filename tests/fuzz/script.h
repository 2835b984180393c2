/* SPDX-License-Identifier: ISC */
/*
 * The grammar of the targets nvt_server and nvt_client: an input is a script of operations on an
 * endpoint, a byte for the setup and then one operation after the other. script.c says how each is
 * written. An input of any bytes is a script.
 */
#ifndef SCRIPT_H
#define SCRIPT_H

#include <stdint.h>

#include "nvt/nvt.h"

/* Runs a script on two endpoints of this role, which are to do the same, and checks both. */
void script_run(enum nvt_role, const uint8_t *data, size_t size);

/* The same, and copies what the network brings in it: `room` bytes at most. Returns how many. */
size_t script_network(enum nvt_role, const uint8_t *data, size_t size, char *bytes, size_t room);

#endif
