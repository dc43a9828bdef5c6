// SPDX-License-Identifier: MIT
/*
 * Walks the chain of frame pointers behind a crash. Nothing on the way is trusted: the stack
 * may be what broke.
 */
#include <pvguest/arch.h>
#include <pvguest/trap.h>

#define DEPTH 32

static bool frame_readable(const uint64_t *frame)
{
	return !((uint64_t)frame & 7) && trap_probe_read(frame) &&
	       trap_probe_read((const char *)(frame + 2) - 1);
}

void arch_backtrace(uint64_t rbp, void (*fn)(uint64_t address, bool is_return))
{
	const uint64_t *frame = (const uint64_t *)rbp;

	for (int i = 0; i < DEPTH && frame && frame_readable(frame); i++) {
		if (frame[1])
			fn(frame[1], true);
		if (frame[0] <= (uint64_t)frame)
			return;
		frame = (const uint64_t *)frame[0];
	}
}
