/* SPDX-License-Identifier: ISC */
/* libnvt in the role of the client: scripts of what its peer and its owner do (script.c). */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/script.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	script_run(NVT_CLIENT, data, size);
	return 0;
}
