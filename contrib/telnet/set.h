/* SPDX-License-Identifier: ISC */
/* The commands `set`, `unset` and `toggle`: settings that are on or off, and a few with values. */
#ifndef SET_H
#define SET_H

#include <stddef.h>

#include "contrib/telnet/command.h"

enum command_result set_command(struct client *, size_t count, char *words[]);
enum command_result set_unset_command(struct client *, size_t count, char *words[]);
enum command_result set_toggle_command(struct client *, size_t count, char *words[]);

#endif
