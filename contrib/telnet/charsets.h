/* SPDX-License-Identifier: ISC */
/* The character set of the user's locale, and those that can be converted from and to it. */
#ifndef CHARSETS_H
#define CHARSETS_H

/*
 * What libnvt calls the set of the locale, or NULL: it knows none such, and then none is agreed on
 * with a server.
 */
const char *charsets_local(void);

/*
 * Those that may be agreed on with a server (RFC 2066), with NULL at the end: iconv(3) converts
 * them from and to the local one. NULL: none.
 */
const char *const *charsets_agreeable(void);

#endif
