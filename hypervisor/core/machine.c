// SPDX-License-Identifier: MIT
/*
 * What the machine has besides the frames of the allocator: where no RAM is, a device may be.
 */
#include <hv/mm.h>

#include <hv/memmap.h>
#include <hv/ptable.h>

#define FORBIDDEN_MAX 16

static struct mm_machine machine = { .phys_bits = 52, .nx = true };
static struct {
	mfn_t start, end;
} forbidden[FORBIDDEN_MAX];
static unsigned forbidden_n;

void mm_set_machine(const struct mm_machine *m)
{
	machine = *m;
	pte_refused_l1 = PTE_CACHE | (m->nx ? 0 : PTE_NX);
	pte_refused_table = PTE_PWT | PTE_PCD | PTE_PS | PTE_G | (m->nx ? 0 : PTE_NX);
	forbidden_n = 0;
}

const struct mm_machine *mm_machine(void)
{
	return &machine;
}

void mm_forbid_io(mfn_t start, mfn_t end)
{
	CHECK(forbidden_n < FORBIDDEN_MAX);
	forbidden[forbidden_n].start = start;
	forbidden[forbidden_n].end = end;
	forbidden_n++;
}

bool mm_is_io(mfn_t m)
{
	if (!machine.ram || m.n >= 1ULL << (machine.phys_bits - PAGE_SHIFT))
		return false;
	for (unsigned i = 0; i < machine.ram->count; i++)
		if (m.n >= machine.ram->range[i].start >> PAGE_SHIFT &&
		    m.n < machine.ram->range[i].end >> PAGE_SHIFT)
			return false;
	for (unsigned i = 0; i < forbidden_n; i++)
		if (m.n >= forbidden[i].start.n && m.n < forbidden[i].end.n)
			return false;
	return true;
}
