/* SPDX-License-Identifier: ISC */
/* Tells clients of other protocols by the first bytes that they send. */
#include "telnetd/foreign.h"

#include <string.h>

static const struct {
	const char *bytes;
	const char *protocol;
} beginnings[] = {
	{"GET /", "HTTP"},     {"HEAD /", "HTTP"},     {"POST /", "HTTP"},
	{"PUT /", "HTTP"},     {"DELETE /", "HTTP"},   {"PATCH /", "HTTP"},
	{"OPTIONS /", "HTTP"}, {"PRI * HTTP", "HTTP"}, {"\x16\x03", "TLS"},
};

#define BEGINNINGS (sizeof(beginnings) / sizeof(beginnings[0]))

const char *foreign_protocol(struct foreign *foreign, const char *bytes, size_t size)
{
	size_t before = foreign->size;

	if (size > FOREIGN_SIZE - before)
		size = FOREIGN_SIZE - before;
	memcpy(foreign->bytes + before, bytes, size);
	foreign->size += size;
	for (size_t i = 0; i < BEGINNINGS; i++) {
		size_t length = strlen(beginnings[i].bytes);

		if (before < length && length <= foreign->size &&
		    memcmp(foreign->bytes, beginnings[i].bytes, length) == 0)
			return beginnings[i].protocol;
	}
	return NULL;
}
