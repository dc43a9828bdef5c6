/* SPDX-License-Identifier: MIT */
/* The table pages of guests are validated, so each present entry names a frame of RAM. */
#include "walk.h"

#include <cpu/insn.h>
#include <format/pte.h>
#include <hv/arch.h>
#include <hv/vcpu.h>

#define GRANTED (PTE_P | PTE_W | PTE_U)

static uint64_t walk(uint64_t entry, uint64_t va, uint64_t *rights)
{
	uint64_t granted = GRANTED, nx = 0;

#pragma GCC unroll 4
	for (unsigned shift = 39; shift >= PAGE_SHIFT; shift -= 9) {
		uint64_t m = (entry & PTE_ADDR) >> PAGE_SHIFT;
		const uint64_t *table = frame_ptr(mfn(m));

		if (m >= arch_max_mfn)
			return 0;
		entry = READ_ONCE(table[(va >> shift) & (PTE_ENTRIES - 1)]);
		if (!(entry & PTE_P) || (shift > PAGE_SHIFT && (entry & PTE_PS)))
			return 0;
		granted &= entry;
		nx |= entry & PTE_NX;
	}
	*rights = granted | nx;
	return entry;
}

uint64_t walk_current(uint64_t va, uint64_t *rights)
{
	return walk(read_cr3(), va, rights);
}

/* As walk_current(), in the table of v's kernel, whichever mode runs. */
static uint64_t walk_kernel(const struct vcpu *v, uint64_t va, uint64_t *rights)
{
	return walk(v->guest_table.n << PAGE_SHIFT, va, rights);
}

bool read_kernel(const struct vcpu *v, uint64_t va, void *to, unsigned len)
{
	uint8_t *out = to;

	for (; len; len--, va++) {
		uint64_t rights, entry = walk_kernel(v, va, &rights);
		uint64_t m = (entry & PTE_ADDR) >> PAGE_SHIFT;

		/* A recursive entry leads to the hypervisor's tables, where nothing is the user's. */
		if (!entry || !(rights & PTE_U) || m >= arch_max_mfn)
			return false;
		*out++ = ((const uint8_t *)frame_ptr(mfn(m)))[va & (PAGE_SIZE - 1)];
	}
	return true;
}
