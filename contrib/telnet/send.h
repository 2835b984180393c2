/* SPDX-License-Identifier: ISC */
/* The command `send`: functions of TELNET, options, and the escape character. */
#ifndef SEND_H
#define SEND_H

#include <stddef.h>

#include "contrib/telnet/command.h"

enum command_result send_command(struct client *, size_t count, char *words[]);

#endif
