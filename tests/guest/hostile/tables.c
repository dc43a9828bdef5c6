/* SPDX-License-Identifier: MIT */
/* Page tables, descriptor pages and the hypervisor's pages as what they are not. */
#define __XEN_TOOLS__ 1
#include "hostile.h"

#include <xen/grant_table.h>

#define RW (P_P | P_W | P_U | P_A | P_D)
#define RO (P_P | P_U | P_A | P_D)
#define LINEAR_SLOT 4

static uint64_t scratch;	/* an address whose entry may change */

static bool maps(uint64_t pte)
{
	bool ok = HC(update_va_mapping, scratch, pte, UVMF_INVLPG) == 0;

	HC(update_va_mapping, scratch, 0, UVMF_INVLPG);
	return ok;
}

/* The table of this level on the way to va, 4 the top. */
static uint64_t table_at(uint64_t va, unsigned level)
{
	uint64_t mfn = top_level();

	for (unsigned l = 4; l > level; l--) {
		const uint64_t *table = (const uint64_t *)(M2P[mfn] << 12);

		mfn = (table[va >> (3 + 9 * l) & 511] & P_ADDR) >> 12;
	}
	return mfn;
}

static void own_tables(void)
{
	for (unsigned level = 1; level <= 4; level++) {
		uint64_t mfn = table_at(scratch, level);

		check(!maps(mfn << 12 | RW),
		      "a table of level %u cannot be mapped to be written", level);
		check(maps(mfn << 12 | RO), "but to be read");
		check(ext(MMUEXT_CLEAR_PAGE, mfn) < 0, "it cannot be cleared");
		for (unsigned as = 1; as <= 4; as++)
			if (as != level)
				check(ext(MMUEXT_PIN_L1_TABLE + as - 1, mfn) < 0,
				      "it is no table of level %u", as);
		check(HC(update_descriptor, mfn << 12, 0) < 0, "it takes no descriptor");
	}
}

static void emulated_store(void)
{
	uint64_t entry = pte_maddr(scratch), l1 = entry >> 12;
	void *window = page_alloc();
	uint64_t *slot;

	HC(update_va_mapping, window, l1 << 12 | RO, UVMF_INVLPG);
	slot = (uint64_t *)((char *)window + (entry & 0xff8));
	TRY("mov %1, (%0)", : : "r"(slot), "r"(l1 << 12 | RW) : "rax", "memory");
	check_eq(trap.vector, 14, "a store that would make the table writable faults");
	TRY("mov %1, (%0)", : : "r"(slot), "r"((uint64_t)top_level() << 12 | RW) : "rax", "memory");
	check_eq(trap.vector, 14, "for the top level too");
	TRY("movl %k1, 4(%0)", : : "r"(slot), "r"(0x7fffffffUL) : "rax", "memory");
	TRY("movq $0, (%0)", : : "r"(slot) : "rax", "memory");
	HC(update_va_mapping, scratch, 0, UVMF_INVLPG);
	HC(update_va_mapping, window, va_mfn(window) << 12 | RW, UVMF_INVLPG);
}

static void slots_of_ours(void)
{
	unsigned taken = 0;

	for (unsigned slot = 256; slot < 272; slot++) {
		taken += !update(top_level() << 12 | 8 * slot, 0);
		taken += !update(top_level() << 12 | 8 * slot, hidden_page() << 12 | RW);
		taken += !update(top_level() << 12 | 8 * slot, top_level() << 12 | RO);
	}
	check_eq(taken, 0, "no entry of the hypervisor's slots can be changed");
}

/* A top level that names itself shows the tables, and nothing of the hypervisor's. */
static void recursive(void)
{
	uint64_t at = (uint64_t)LINEAR_SLOT, self = top_level() << 12 | 8 * LINEAR_SLOT;
	uint64_t l3s = at << 39 | at << 30 | at << 21;

	check(update(self, top_level() << 12 | RW) < 0, "a recursive entry cannot be writable");
	check_eq((uint64_t)update(self, top_level() << 12 | RO), 0, "but read-only");
	TRY("mov (%0), %%rbx", : : "r"(l3s | at << 12) : "rax", "rbx");
	check_eq(trap.vector, ~0UL, "by it the top level can be read");
	TRY("movq $0, (%0)", : : "r"(l3s | at << 12) : "rax", "memory");
	check_eq(trap.vector, 14, "and not written");
	for (unsigned slot = 260; slot < 272; slot++) {	/* 256 to 259 are the M2P's */
		TRY("mov (%0), %%rbx", : : "r"(l3s | (uint64_t)slot << 12) : "rax", "rbx");
		if (trap.vector != 14)
			check(false, "the tables of the hypervisor's slot %u cannot be read", slot);
		TRY("mov (%0), %%rbx", : : "r"(at << 39 | at << 30 | (uint64_t)slot << 21) : "rax",
		      "rbx");
		if (trap.vector != 14)
			check(false, "nor those below it, slot %u", slot);
	}
	TRY("movq $0, (%0)", : : "r"(l3s | 256UL << 12) : "rax", "memory");
	check_eq(trap.vector, 14, "the M2P's tables cannot be written by it");
	check_eq((uint64_t)update(self, 0), 0, "it can be taken away");
}

/* Tables of level n that name each other. */
static void chains(void)
{
	uint64_t a = hidden_page(), b = hidden_page(), c = hidden_page();

	check_eq((uint64_t)ext(MMUEXT_PIN_L4_TABLE, a), 0, "an empty table can be a top level");
	hidden_write(b, 0, a << 12 | RO);
	check_eq((uint64_t)ext(MMUEXT_PIN_L4_TABLE, b), 0, "another may name it");
	hidden_write(c, 0, b << 12 | RO);
	check(ext(MMUEXT_PIN_L4_TABLE, c) < 0, "but a third not the second");
	check(update(a << 12, b << 12 | RO) < 0, "nor do two name each other");
	check(ext(MMUEXT_PIN_L3_TABLE, b) < 0, "nor is one of another level");
	check_eq((uint64_t)ext(MMUEXT_UNPIN_TABLE, a), 0, "the named one is unpinned");
	check(ext(MMUEXT_UNPIN_TABLE, a) < 0, "once");
	check_eq((uint64_t)ext(MMUEXT_UNPIN_TABLE, b), 0, "then the other");
	check(maps(a << 12 | RW) && maps(b << 12 | RW) && maps(c << 12 | RW),
	      "all of them are data again");
}

static void bad_entries(void)
{
	static const uint64_t bits[] = { 0x80, 0x100, 0x8, 0x10 };
	uint64_t l1 = hidden_page(), l2 = hidden_page(), data = hidden_page();

	check_eq((uint64_t)ext(MMUEXT_PIN_L2_TABLE, l2), 0, "an empty table of level 2 is pinned");
	for (unsigned i = 0; i < 4; i++)
		check(update(l2 << 12, l1 << 12 | RW | bits[i]) < 0,
		      "bit %#lx of level 2 is refused", (unsigned long)bits[i]);
	for (unsigned bit = 34; bit < 52; bit++)
		if (update(l2 << 12, (l1 << 12 | RW) | 1UL << bit) >= 0)
			check(false, "address bit %u is refused", bit);
	check(update(l2 << 12, l2 << 12 | RW) < 0, "a table does not name itself to be written");
	check_eq((uint64_t)update(l2 << 12, l1 << 12 | RW), 0, "a table below is taken");
	check(update(l1 << 12, l1 << 12 | RW) < 0, "which does not map itself to be written");
	check_eq((uint64_t)update(l1 << 12, data << 12 | RW), 0, "but data");
	check(ext(MMUEXT_PIN_L1_TABLE, data) < 0, "what is mapped to be written is no table");
	check(update(l2 << 12 | 8, data << 12 | RW) < 0, "also not by an entry");
	check_eq((uint64_t)ext(MMUEXT_UNPIN_TABLE, l2), 0, "it is let go");
	check_eq((uint64_t)ext(MMUEXT_PIN_L1_TABLE, data), 0, "then it may be a table");
	check_eq((uint64_t)ext(MMUEXT_UNPIN_TABLE, data), 0, "and is let go");
}

void attack_tables(void)
{
	scratch = (uint64_t)page_alloc();
	own_tables();
	emulated_store();
	slots_of_ours();
	recursive();
	chains();
	bad_entries();
	check(ext(MMUEXT_NEW_BASEPTR, hidden_page() + (1UL << 40)) < 0,
	      "no base pointer past the end");
	check(ext(MMUEXT_NEW_BASEPTR, table_at(scratch, 1)) < 0, "nor to a table of level 1");
	check(ext(MMUEXT_NEW_USER_BASEPTR, table_at(scratch, 3)) < 0,
	      "nor of level 3 for user mode");
	check(ext(MMUEXT_NEW_BASEPTR, 0) < 0, "nor to nothing");
}

/* ---- frames ------------------------------------------------------------------------------- */

static uint64_t grant_frame(void)
{
	struct gnttab_setup_table setup = { .dom = DOMID_SELF, .nr_frames = 1 };
	xen_pfn_t frame = 0;

	set_xen_guest_handle(setup.frame_list, &frame);
	HC(grant_table_op, GNTTABOP_setup_table, &setup, 1);
	return frame;
}

/* No RAM that is not ours can be mapped, whoever's it is. */
static void frames_of_others(void)
{
	uint64_t max = (uint64_t)HC(memory_op, XENMEM_maximum_ram_page, 0), ours = grant_frame();
	unsigned long got = 0, writable = 0;

	for (uint64_t m = 256; m < max; m++) {
		uint64_t pfn = M2P[m];

		if (pfn < start_info->nr_pages || m == start_info->shared_info >> 12 ||
		    m == ours)
			continue;
		if (m >= 0xfec00 && m < 0x100000)
			continue;
		got += maps(m << 12 | RO);
		writable += maps(m << 12 | RW);
	}
	/* A control domain may map what firmware keeps; that is little below the end of RAM. */
	check(got < (is_control() ? 64 : 1), "%lu frames of others could be mapped", got);
	check(writable < (is_control() ? 64 : 1), "%lu of them to be written", writable);
	/* A control domain may map devices there. */
	for (unsigned bit = 36; bit < 52 && !is_control(); bit++)
		if (maps((1UL << bit) | RO))
			check(false, "frames past the end, bit %u, cannot be mapped", bit);
}

static void m2p_frames(void)
{
	xen_pfn_t frames[2] = { 0 };
	struct xen_machphys_mfn_list list = { .max_extents = 2 };
	long foreign;

	set_xen_guest_handle(list.extent_start, frames);
	if (HC(memory_op, XENMEM_machphys_mfn_list, &list))
		return;
	check(!maps(frames[0] << 12 | RW) && !maps(frames[0] << 12 | RO),
	      "the M2P's frames are not ours to map");
	foreign = HC(update_va_mapping_otherdomain, scratch, frames[0] << 12 | RW, UVMF_INVLPG,
		     DOMID_XEN);
	check(foreign < 0, "and nobody's to write");
	foreign = HC(update_va_mapping_otherdomain, scratch, frames[0] << 12 | RO, UVMF_INVLPG,
		     DOMID_XEN);
	check((foreign == 0) == is_control(), "a control domain may read them");
	foreign = HC(update_va_mapping_otherdomain, scratch, (frames[0] + 511) << 12 | RO,
		     UVMF_INVLPG, DOMID_XEN);
	check((foreign == 0) == is_control(), "and all 2 MiB from there on");
	HC(update_va_mapping, scratch, 0, UVMF_INVLPG);
	check(ext(MMUEXT_PIN_L1_TABLE, frames[0]) < 0, "they are no tables");
	check(ext(MMUEXT_CLEAR_PAGE, frames[0]) < 0, "and cannot be cleared");
}

static long reservation(unsigned op, uint64_t *mfn, unsigned order)
{
	struct xen_memory_reservation r = { .nr_extents = 1, .extent_order = order,
					    .domid = DOMID_SELF };

	r.extent_start.p = (xen_pfn_t *)mfn;
	return HC(memory_op, op, &r);
}

/* Pages of the hypervisor's that a guest may write are its own in no other way. */
static void shared_pages(void)
{
	const uint64_t pages[2] = { start_info->shared_info >> 12, grant_frame() };

	for (unsigned i = 0; i < 2; i++) {
		uint64_t mfn = pages[i];

		for (unsigned level = 1; level <= 4; level++)
			check(ext(MMUEXT_PIN_L1_TABLE + level - 1, mfn) < 0,
			      "a shared page is no table of level %u", level);
		check(reservation(XENMEM_decrease_reservation, &mfn, 0) == 0,
		      "nor is it given back");
		mfn = pages[i];
		check(HC(set_gdt, &mfn, 512) < 0, "nor is it a GDT");
	}
}

/* What is given back while it is in use stays out of reach of everybody else. */
static void given_back(void)
{
	uint64_t *page = page_alloc(), mfn = va_mfn(page), other, table = hidden_page(), gdt[1];

	*page = 0x1234567;
	check_eq((uint64_t)reservation(XENMEM_decrease_reservation, &mfn, 0), 1,
		 "a page that is mapped is given back");
	other = (uint64_t)page >> 12;
	mfn = va_mfn(page);
	check_eq((uint64_t)reservation(XENMEM_populate_physmap, &other, 0), 1, "another is taken");
	check(other != mfn, "it is another");
	check_eq(*page, 0x1234567, "the one that is mapped is still there");
	check(ext(MMUEXT_PIN_L1_TABLE, mfn) < 0, "it is no table as long as it can be written");
	HC(update_va_mapping, page, other << 12 | RW, UVMF_INVLPG);
	check(!maps(mfn << 12 | RO), "gone from the last mapping it is nobody's");
	p2m[(uint64_t)page >> 12] = other;

	check_eq((uint64_t)ext(MMUEXT_PIN_L2_TABLE, table), 0, "a table is pinned");
	mfn = table;
	reservation(XENMEM_decrease_reservation, &mfn, 0);
	mfn = table;
	reservation(XENMEM_decrease_reservation, &mfn, 0);
	check(!maps(table << 12 | RW), "a pinned table that was given back is still a table");
	check_eq((uint64_t)ext(MMUEXT_UNPIN_TABLE, table), 0, "until it is unpinned");
	check(ext(MMUEXT_UNPIN_TABLE, table) < 0, "then it is nobody's");

	gdt[0] = hidden_page();
	print("# gdt frame %#lx pfn %#lx of %#lx", (unsigned long)gdt[0],
	      (unsigned long)M2P[gdt[0]],
	      (unsigned long)start_info->nr_pages);
	check_eq((uint64_t)HC(set_gdt, gdt, 512), 0, "a page becomes the GDT");
	mfn = gdt[0];
	reservation(XENMEM_decrease_reservation, &mfn, 0);
	check(!maps(gdt[0] << 12 | RW), "given back, it is still a GDT");
	check_eq((uint64_t)HC(set_gdt, 0, 0), 0, "the GDT goes");
	check(!maps(gdt[0] << 12 | RO), "and its page with it");
}

static long exchange(uint64_t in, uint64_t *out)
{
	struct xen_memory_exchange x = {
		.in = { .nr_extents = 1, .domid = DOMID_SELF },
		.out = { .nr_extents = 1, .domid = DOMID_SELF },
	};

	set_xen_guest_handle(x.in.extent_start, (xen_pfn_t *)&in);
	set_xen_guest_handle(x.out.extent_start, (xen_pfn_t *)out);
	return HC(memory_op, XENMEM_exchange, &x);
}

static void exchanged(void)
{
	uint64_t out = 0, table = hidden_page();

	check(exchange(va_mfn(page_alloc()), &out) < 0, "a mapped page is not exchanged");
	check(exchange(top_level(), &out) < 0, "nor a table");
	check(exchange(start_info->shared_info >> 12, &out) < 0, "nor a page of the hypervisor");
	check(exchange(1UL << 50, &out) < 0, "nor one past the end");
	ext(MMUEXT_PIN_L1_TABLE, table);
	check(exchange(table, &out) < 0, "nor a pinned one");
	ext(MMUEXT_UNPIN_TABLE, table);
	if (is_control())	/* others may have no memory to exchange */
		check_eq((uint64_t)exchange(table, &out), 0, "a free one is");
}

void attack_frames(void)
{
	scratch = (uint64_t)page_alloc();
	frames_of_others();
	m2p_frames();
	shared_pages();
	given_back();
	exchanged();
}

/* ---- descriptors -------------------------------------------------------------------------- */

static bool accepts(uint64_t desc)
{
	uint64_t page = hidden_page();
	bool ok;

	hidden_write(page, 1, desc);
	ok = HC(set_gdt, &page, 512) == 0;
	HC(set_gdt, 0, 0);
	return ok;
}

void attack_descriptors(void)
{
	uint64_t page = hidden_page(), mapped = va_mfn(page_alloc()), frames[16] = { 0 };

	check(accepts(0), "an empty GDT is accepted");
	check(accepts(0x00cffb000000ffff), "a code segment is");
	check(accepts(0x00cf9b000000ffff), "one of ring 0 too: it gets DPL 3");
	check(!accepts(0x0000890000000067), "a TSS is not");
	check(!accepts(0x00008b0000000067), "nor a busy one");
	check(!accepts(0x0000820000000067), "nor an LDT");
	check(!accepts(0x00008e00e0080000), "nor an interrupt gate");
	check(!accepts(0x00008f00e0080000), "nor a trap gate");
	check(!accepts(0x0000850000080000), "nor a task gate");
	check(!accepts(0x0000ec00e0080000), "nor a call gate to the hypervisor");
	check(HC(update_descriptor, page << 12 | 8, 0x0000890000000067) < 0,
	      "not as an update either");
	check(HC(update_descriptor, (page << 12) + 4, 0) < 0, "nor unaligned");
	check(HC(update_descriptor, 1UL << 52, 0) < 0, "nor past the end");
	check(HC(set_gdt, &mapped, 512) < 0, "a page that can be written is no GDT");
	frames[0] = page;
	check(HC(set_gdt, frames, 14 * 512 + 1) < 0, "a GDT ends where the hypervisor's begins");
	check(HC(set_gdt, frames, 14 * 512) < 0, "all its pages must be ours");
	check_eq((uint64_t)HC(set_gdt, &page, 512), 0, "a GDT");
	check(pte_write((uint64_t)page_alloc(), page << 12 | RW) < 0,
	      "cannot be mapped to be written");
	check(ext(MMUEXT_PIN_L1_TABLE, page) < 0, "nor be a table");
	HC(set_gdt, 0, 0);
	/* Selectors of the hypervisor's page, and of pages that are not there. */
	for (unsigned sel = 0; sel < 0x10000; sel += 0x7f8 - 8 * (sel & 3)) {
		TRY("mov %w0, %%es; xor %%ebx, %%ebx; mov %%ebx, %%es", : : "r"(sel) : "rax",
		      "rbx");
		TRY("lar %w0, %%ebx", : : "r"(sel) : "rax", "rbx");
	}
	TRY("mov %w0, %%ss", : : "r"(0xe010) : "rax");
	check_eq(trap.vector, 13, "the hypervisor's stack segment does not load");
	TRY("mov %w0, %%es", : : "r"(0xe040) : "rax");
	check_eq(trap.vector, 13, "nor its TSS");
	TRY("xor %%ebx, %%ebx; mov %%ebx, %%es", : : : "rax", "rbx");
}
