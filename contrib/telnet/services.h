/* SPDX-License-Identifier: ISC */
/* The ports of services by name, for machines without /etc/services. */
#ifndef SERVICES_H
#define SERVICES_H

#include <stdbool.h>

/* Looks a name up, first in the machine's own list; returns whether it is known. */
bool services_find(const char *name, unsigned short *port);

#endif
