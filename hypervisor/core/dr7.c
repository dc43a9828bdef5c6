/* SPDX-License-Identifier: MIT */
/* The rules for a guest's DR7 (Intel SDM volume 3, 17.2.4). */
#include <hv/debugreg.h>

#include <format/trap.h>

#define DR7_FIXED	0xffffffff0000dc00UL	/* 32-63, 10-12, 14, 15: bit 10 is 1, the rest 0 */

bool dr7_check(uint64_t *dr7, uint64_t *io, bool de)
{
	uint64_t value = (*dr7 & ~DR7_FIXED) | DR7_DEFAULT, io_bits = 0;

	if (value & DR7_GD)
		return false;
	for (unsigned i = 0; (value & DR7_ENABLE) && i < 4; i++) {
		if ((value >> (16 + 4 * i) & 3) != DR_FIELD_IO)
			continue;
		if (!de)
			return false;
		io_bits |= value & 3UL << 2 * i;
	}
	*dr7 = value & ~io_bits;
	*io = io_bits;
	return true;
}
