/* SPDX-License-Identifier: MIT */
/* Pages at once, by string instructions, which CPUs do in cache lines. */
#include <cpu/insn.h>
#include <hv/arch.h>

void arch_clear(void *to, size_t len)
{
	rep_stosq(to, 0, len / sizeof(uint64_t));
}

void arch_copy(void *to, const void *from, size_t len)
{
	rep_movsq(to, from, len / sizeof(uint64_t));
}
