/* SPDX-License-Identifier: ISC */
/*
 * Bytes that came and wait to be taken: what compressed bytes expand to is bounded for each call,
 * and an owner may have done enough for one turn.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "nvt/endpoint.h"

static bool add(struct held *held, const char *bytes, size_t size)
{
	if (held->start > 0) {
		memmove(held->bytes, held->bytes + held->start, held->end - held->start);
		held->end -= held->start;
		held->start = 0;
	}
	if (size > held->room - held->end) {
		char *larger = realloc(held->bytes, held->end + size);

		if (!larger)
			return false;
		held->bytes = larger;
		held->room = held->end + size;
	}
	memcpy(held->bytes + held->end, bytes, size);
	held->end += size;
	return true;
}

/* Whether what comes next is to be inflated. */
static bool is_compressed(struct nvt *nvt)
{
	const struct held *held = &nvt->held;

	return held->start < held->end ? compress_takes(nvt, held->bytes[held->start])
				       : compress_is_reading(nvt);
}

/* TELNET that is not compressed; in it the peer may begin to compress. */
static size_t take_plain(struct nvt *nvt, size_t most)
{
	struct held *held = &nvt->held;
	size_t size = held->end - held->start;

	size = nvt_take(nvt, held->bytes + held->start, size < most ? size : most);
	held->start += size;
	return size;
}

static void take_most(struct nvt *nvt, size_t most)
{
	while (most > 0 && !nvt->faulted && !nvt->paused && nvt_is_holding(nvt))
		most -= is_compressed(nvt) ? compress_take(nvt, most) : take_plain(nvt, most);
}

void holding_received(struct nvt *nvt, const char *bytes, size_t size, size_t behind)
{
	if (!add(&nvt->held, bytes, size))
		nvt_fail(nvt, NVT_FAULT_MEMORY, "no memory for what came");
	else if (behind < NVT_INFLATE_MAX)
		take_most(nvt, NVT_INFLATE_MAX - behind);
}

void holding_free(struct nvt *nvt)
{
	free(nvt->held.bytes);
}

void nvt_pause(struct nvt *nvt)
{
	nvt->paused = true;
}

int nvt_continue(struct nvt *nvt)
{
	nvt->paused = false;
	take_most(nvt, NVT_INFLATE_MAX);
	return nvt->faulted ? -EPROTO : 0;
}

bool nvt_is_holding(const struct nvt *nvt)
{
	return nvt->held.start < nvt->held.end || compress_has_more(nvt);
}
