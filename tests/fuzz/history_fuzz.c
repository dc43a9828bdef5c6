// SPDX-License-Identifier: MIT
/* A harness of tests/unit whose histories the fuzzer chooses: see tests/unit/harness/harness.h. */
#include "fuzz.h"

#include "harness/harness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	harness_play_bytes(&harness, data, size);
	return 0;
}
