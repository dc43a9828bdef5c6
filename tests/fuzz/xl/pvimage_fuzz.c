/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a kernel file that may be packed: refused with one line, or every byte lands inside the
 * kernel's area. The first byte says whether a bzImage's header is put in front of the others, so that
 * the fuzzer need not find one, and whether dom0 has room to keep what it unpacked.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "build/image.h"
#include "decompress/fake_pages.h"

enum { MEMORY = 8 << 20, SETUP = 1024, MAX = 1 << 16 };
enum { WRAPPED = 1, NO_ROOM = 2 };

static int put(void *ctx, uint64_t address, const void *data, size_t bytes)
{
	const struct kernel *k = ctx;
	const uint8_t *at = data;
	uint8_t sum = 0;

	FUZZ_CHECK(address >= k->virt_start && address <= k->virt_end);
	FUZZ_CHECK(bytes <= k->virt_end - address);
	for (size_t i = 0; i < bytes; i++)
		sum ^= at[i];
	FUZZ_USE(sum);
	return 0;
}

static void check_refusal(const struct build_error *err)
{
	FUZZ_CHECK(err->text[0] && !strchr(err->text, '\n'));
}

/* The boot code of two sectors whose header says where the payload is (boot protocol 2.08). */
static size_t wrap(uint8_t *file, const uint8_t *data, size_t size)
{
	uint32_t length = (uint32_t)size;

	memset(file, 0, SETUP);
	file[0x1f1] = 1;
	memcpy(file + 0x1fe, "\x55\xaa", 2);
	memcpy(file + 0x202, "HdrS\x08\x02", 6);
	memcpy(file + 0x24c, &length, sizeof(length));
	memcpy(file + SETUP, data, size);
	return SETUP + size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct build_error err = { "" };
	struct image im;
	uint8_t *file;

	if (!size || size > MAX)
		return 0;
	file = malloc(SETUP + size);
	fake_pages_left = data[0] & NO_ROOM ? 1 << 20 : ~0UL;
	if (data[0] & WRAPPED)
		size = wrap(file, data + 1, size - 1);
	else
		memcpy(file, data + 1, --size);
	if (image_open(&im, file, size, MEMORY, &err))
		check_refusal(&err);
	else if (image_write(&im, put, &im.kernel, &err))
		check_refusal(&err);
	image_close(&im);
	FUZZ_CHECK(!fake_pages_used);
	free(file);
	return 0;
}
