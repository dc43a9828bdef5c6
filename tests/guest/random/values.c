/* SPDX-License-Identifier: MIT */
/* Where the random guest's values come from: biased to the edges of what is. */
#define __XEN_TOOLS__ 1
#include "random.h"

uint64_t rnd(void)
{
	uint64_t x = self()->random;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	self()->random = x;
	return x * 0x2545f4914f6cdd1dUL;
}

unsigned below(unsigned n)
{
	return (unsigned)((rnd() >> 32) % n);
}

/* ---- values --------------------------------------------------------------------------- */

uint64_t bad_va(void)
{
	static const uint64_t edges[] = {
		0x7000000008, 0x7000000ff9, 0x7ffffffffff8, 0x7fffffffffff, 0x800000000000,
		      0xffff7ffffffffff8,
		0xffff7fffffffff88, HYPERVISOR_VIRT_START, HYPERVISOR_VIRT_START + 8,
		0xffff820000000000, 0xffff82d040000000, 0xffff82e000000000, 0xffff82f000000000,
		0xffff840000000000, HYPERVISOR_VIRT_END - 8, HYPERVISOR_VIRT_END, ~0UL, ~7UL,
		0x7000000000, 1UL << 63,
	};

	return edges[below(sizeof(edges) / sizeof(edges[0]))];
}

uint64_t any_va(void)
{
	switch (below(8)) {
	case 0:
		return bad_va();
	case 1:
		return world.arena + below(ARENA) * PAGE + PAGE - below(40);
	case 2:
		return world.arena + below(ARENA) * PAGE + 8 * below(512);
	default:
		return (uint64_t)BUFFER + PAGE * below(BUFFERS) + 8 * below(4);
	}
}

uint64_t any_arena_mfn(void)
{
	return world.arena_mfn[below(ARENA)];
}

uint64_t any_mfn(void)
{
	switch (below(12)) {
	case 0:
		return below(4);
	case 1:
		return rnd() >> below(64);
	case 2:
		return world.max_mfn + below(3) - 1;
	case 3:
		return va_mfn((void *)start_info->pt_base) + below(8);
	case 4:
		return world.special[below(SPECIALS)];
	case 5:
		return below((unsigned)world.max_mfn);
	case 6:
		return world.extra[below(EXTRAS)];
	case 7:
		return world.tables[below(TABLES)];
	default:
		return any_arena_mfn();
	}
}

domid_t likely_domid(void)
{
	if (world.peers)
		return (domid_t)(1 + below(world.peers));
	return (domid_t)(below(3) ? 0 : below(6));
}

domid_t any_domid(void)
{
	static const domid_t ids[] = { DOMID_IO, DOMID_XEN, DOMID_INVALID, DOMID_IDLE, DOMID_COW,
				       0x7fef, 0xffff };

	switch (below(8)) {
	case 0:
		return ids[below(sizeof(ids) / sizeof(ids[0]))];
	case 1:
	case 2:
		return likely_domid();
	case 3:
		return world.children[below(CHILDREN)];
	default:
		return DOMID_SELF;
	}
}

uint64_t any_number(void)
{
	switch (below(6)) {
	case 0:
		return 1UL << below(64);
	case 1:
		return (1UL << below(64)) - 1;
	case 2:
		return ~0UL << below(64);
	default:
		return below(20);
	}
}

uint64_t no_address(uint64_t v)
{
	if (v < (uint64_t)pv_image_start || v >= start_info->nr_pages * PAGE ||
	    v - (uint64_t)BUFFER < 2 * BUFFERS * PAGE)
		return v;
	return v + world.arena;
}

uint64_t any_value(void)
{
	switch (below(6)) {
	case 0:
		return any_va();
	case 1:
		return any_mfn();
	case 2:
		return any_domid();
	case 3:
		return rnd();
	default:
		return no_address(any_number());
	}
}

bool is_ours(uint64_t mfn)
{
	return mfn < world.max_mfn && world.ours[mfn / 8] >> (mfn & 7) & 1;
}

void set_ours(uint64_t mfn, bool ours)
{
	world.ours[mfn / 8] &= (uint8_t)~(1u << (mfn & 7));
	world.ours[mfn / 8] |= (uint8_t)(ours << (mfn & 7));
}

/* The builder's tables and the arena's upper ones; linked elsewhere, they would lead to ourselves. */
static bool is_our_table(uint64_t mfn)
{
	uint64_t first = start_info->pt_base / PAGE, pfn = first + 1;

	for (; pfn < first + start_info->nr_pt_frames; pfn++)
		if (p2m[pfn] == mfn)
			return true;
	return mfn == world.arena_l2 || mfn == world.arena_l3;
}

uint64_t any_pte(void)
{
	static const uint64_t flags[] = { P_P, P_P | P_W, P_P | P_U, P_P | P_W | P_U, 0,
					  P_P | P_W | P_NX, P_P | 0x80, P_P | 0x18, P_P | 0x100 };
	uint64_t e = any_mfn() << 12 | flags[below(below(3) ? 4 : 9)] | (below(4) ? 0 : P_A | P_D);

	if (below(16) == 0)
		e = rnd();
	if (is_our_table((e & P_ADDR) >> 12))
		e = (e & ~P_ADDR) | world.tables[below(TABLES)] << 12;
	return is_ours((e & P_ADDR) >> 12) ? e & ~P_W : e;
}

/* Small fields side by side may make an address, too. */
void fill(void *at, unsigned bytes)
{
	uint64_t *words = at;

	for (char *p = at, *end = p + bytes; p < end;) {
		uint64_t v = any_value();
		unsigned width = 1u << (1 + below(3));

		if ((uint64_t)p % width || p + width > end)
			width = 2;
		__builtin_memcpy(p, &v, width);
		p += width;
	}
	for (unsigned i = 0; i < bytes / sizeof(*words); i++)
		words[i] = no_address(words[i]);
}
