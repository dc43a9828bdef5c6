// SPDX-License-Identifier: MIT
/* Any bytes as a cpio archive: names end, contents lie inside, the walk ends and stays ended. */
#include "fuzz.h"

#include "hv/cpio.h"
#include "hv/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cpio_entry entry;
	struct cpio cpio;
	size_t entries = 0;
	int more;

	cpio_open(&cpio, data, size);
	while ((more = cpio_next(&cpio, &entry)) > 0) {
		FUZZ_CHECK(++entries <= size / 110);
		FUZZ_CHECK(entry.name[0] != '\0' && entry.name[0] != '/');
		FUZZ_CHECK(entry.data >= data && entry.size <= size);
		FUZZ_CHECK((size_t)(entry.data - data) <= size - entry.size);
		FUZZ_USE(str_len(entry.name));
		if (entry.size > 0)
			FUZZ_USE(entry.data[0] + entry.data[entry.size - 1]);
	}
	FUZZ_CHECK(cpio_next(&cpio, &entry) == more);
	FUZZ_CHECK((more < 0) == (cpio.error != NULL));
	FUZZ_USE(cpio_find(data, size, "cloison.cfg", &entry) == NULL);
	return 0;
}
