// SPDX-License-Identifier: MIT
/*
 * What the machine has besides the frames of the allocator: where no RAM is, a device may be.
 */
#include <hv/mm.h>

#include <hv/memmap.h>
#include <hv/ptable.h>

#define LIMITS_MAX 16

static struct mm_machine machine = { .phys_bits = 52, .nx = true };
static struct {
	mfn_t start, end;
	enum mm_io_rights rights;
} limits[LIMITS_MAX];
static unsigned limits_n;

void mm_set_machine(const struct mm_machine *m)
{
	machine = *m;
	pte_refused_l1 = PTE_CACHE | (m->nx ? 0 : PTE_NX);
	pte_refused_table = PTE_PWT | PTE_PCD | PTE_PS | PTE_G | (m->nx ? 0 : PTE_NX);
	limits_n = 0;
}

const struct mm_machine *mm_machine(void)
{
	return &machine;
}

void mm_limit_io(mfn_t start, mfn_t end, enum mm_io_rights rights)
{
	CHECK(limits_n < LIMITS_MAX);
	limits[limits_n].start = start;
	limits[limits_n].end = end;
	limits[limits_n].rights = rights;
	limits_n++;
}

enum mm_io_rights mm_io_rights(mfn_t m)
{
	for (unsigned i = 0; i < limits_n; i++)
		if (m.n >= limits[i].start.n && m.n < limits[i].end.n)
			return limits[i].rights;
	return MM_IO_ALL;
}

bool mm_is_io(mfn_t m)
{
	if (!machine.ram || m.n >= 1ULL << (machine.phys_bits - PAGE_SHIFT))
		return false;
	for (unsigned i = 0; i < machine.ram->count; i++)
		if (m.n >= machine.ram->range[i].start >> PAGE_SHIFT &&
		    m.n < machine.ram->range[i].end >> PAGE_SHIFT)
			return false;
	return true;
}
