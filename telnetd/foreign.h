/* SPDX-License-Identifier: ISC */
/*
 * Clients of other protocols. A web page can make its reader's browser connect to any port and
 * send lines of the page's choice behind a request; a terminal would take them as typed.
 */
#ifndef TELNETD_FOREIGN_H
#define TELNETD_FOREIGN_H

#include <stddef.h>

/* More than is needed to tell. */
#define FOREIGN_SIZE 16

/* The first data of a client; begin with a zeroed struct. */
struct foreign {
	char bytes[FOREIGN_SIZE];
	size_t size;
};

/*
 * Looks at a client's data, cut anywhere, in the order in which it came. Returns the name of the
 * protocol whose clients begin so, once the last byte of that beginning has come, else NULL.
 */
const char *foreign_protocol(struct foreign *, const char *bytes, size_t size);

#endif
