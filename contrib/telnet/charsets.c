/* SPDX-License-Identifier: ISC */
/* Character sets by the locale, and by what iconv(3) has on this machine. */
#include "contrib/telnet/charsets.h"

#include <iconv.h>
#include <langinfo.h>
#include <stdbool.h>
#include <stddef.h>

#include "nvt/nvt.h"

#define CHARSETS_MAX 32

const char *charsets_local(void)
{
	return nvt_charset_name(nl_langinfo(CODESET));
}

static bool has_converter(const char *to, const char *from)
{
	iconv_t converter = iconv_open(to, from);

	if (converter == (iconv_t)-1)
		return false;
	iconv_close(converter);
	return true;
}

const char *const *charsets_agreeable(void)
{
	static const char *agreeable[CHARSETS_MAX + 1];
	const char *local = nl_langinfo(CODESET), *name;
	size_t count = 0;

	if (!charsets_local())
		return NULL;
	for (size_t i = 0; count < CHARSETS_MAX && (name = nvt_charset_at(i)); i++)
		if (has_converter(local, name) && has_converter(name, local))
			agreeable[count++] = name;
	agreeable[count] = NULL;
	return agreeable;
}
