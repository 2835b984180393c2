/* SPDX-License-Identifier: ISC */
/* The character set of the user's locale, and those that can be converted from and to it. */
#ifndef CHARSETS_H
#define CHARSETS_H

/*
 * What libnvt calls the set of the locale. NULL if libnvt does not know it: then the client agrees
 * on no set with a server.
 */
const char *charsets_local(void);

/*
 * The sets that may be agreed on with a server (RFC 2066), with NULL at the end: those that
 * iconv(3) converts from and to the local one. NULL if there is no local one.
 */
const char *const *charsets_agreeable(void);

#endif
