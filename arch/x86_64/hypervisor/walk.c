/* SPDX-License-Identifier: MIT */
/* The table pages of guests are validated, so each present entry names a frame of RAM. */
#include "walk.h"

#include <cpu/insn.h>
#include <format/pte.h>
#include <hv/arch.h>

#define GRANTED (PTE_P | PTE_W | PTE_U)

uint64_t walk_current(uint64_t va, uint64_t *rights)
{
	uint64_t entry = read_cr3(), granted = GRANTED, nx = 0;

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
