/* SPDX-License-Identifier: ISC */
/* Text servers, and line ends. */
#include "contrib/telnet/text.h"

#include <arpa/telnet.h>
#include <string.h>

/* Commands by which a server begins to speak TELNET: all but SE and those of LINEMODE. */
static bool is_command(unsigned char byte)
{
	return byte >= NOP && byte <= DONT;
}

size_t text_before_telnet(const char *bytes, size_t size)
{
	size_t at = 0;

	while (at < size) {
		const char *iac = memchr(bytes + at, IAC, size - at);

		if (!iac)
			return size;
		at = (size_t)(iac - bytes);
		if (at + 1 == size || is_command((unsigned char)bytes[at + 1]))
			return at;
		at++;
	}
	return size;
}

size_t text_end_lines(char *to, const char *bytes, size_t size, bool *cr)
{
	size_t length = 0;

	for (size_t i = 0; i < size; i++) {
		if (bytes[i] == '\n' && !*cr)
			to[length++] = '\r';
		to[length++] = bytes[i];
		*cr = bytes[i] == '\r';
	}
	return length;
}

size_t text_for_cooked(char *to, const char *bytes, size_t size)
{
	size_t length = 0;

	for (size_t i = 0; i < size; i++)
		if (bytes[i] != '\r' || i + 1 == size || bytes[i + 1] != '\n')
			to[length++] = bytes[i];
	return length;
}
