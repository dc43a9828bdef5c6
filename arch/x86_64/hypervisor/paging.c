/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's own page tables. Start-up code maps the first 4 GiB one to one
 * and the image; here the final ones are made: nothing is both writable and
 * executable, the image's read-only parts are read-only in the direct map too,
 * and CPU stacks stand between unmapped pages.
 */
#include <hv/paging.h>

#include <cpu/insn.h>
#include <format/cr.h>
#include <format/pte.h>
#include <hv/arch.h>
#include <hv/check.h>
#include <hv/cpu.h>
#include <hv/frame.h>
#include <hv/mem.h>
#include <hv/mm.h>

#include "image.h"

char *arch_direct_map;
uint64_t *arch_m2p;
uint64_t arch_max_mfn;
struct frame *frame_table;

static uint64_t *hv_l4;		/* its slots 256-271 are copied to every guest's L4 */
static uint64_t device_next = DEVICE_VIRT;
static struct memmap *boot_free;	/* where table pages come from until mm_init() */

/* While the identity map of start-up code is in use, physical addresses are pointers. */
static bool direct_ready;

static void *phys(uint64_t pa)
{
	return direct_ready ? arch_direct_map + pa : (void *)pa;
}

static uint64_t table_alloc(void)
{
	uint64_t pa;

	if (boot_free) {
		if (!memmap_take(boot_free, PAGE_SIZE, PAGE_SIZE, direct_ready ? 0 : 1UL << 32, &pa))
			panic("no memory for the hypervisor's page tables");
		memset(phys(pa), 0, PAGE_SIZE);
		return pa;
	}
	void *page = hv_pages_alloc(0);

	if (!page)
		panic("no memory for the hypervisor's page tables");
	return ptr_mfn(page).n << PAGE_SHIFT;
}

/*
 * Guests read the M2P. Whatever else stands in our slots they must not reach, also not through
 * an entry of theirs that names a table of theirs as the next level's (a recursive one).
 */
static uint64_t table_rights(uint64_t va)
{
	bool m2p = va >= M2P_GUEST_VIRT && va < WINDOW_VIRT;

	return m2p ? PTE_HV_TABLE | PTE_U : PTE_HV_TABLE;
}

/* The entry at `level` (1 to 3) that maps va; missing tables above it are made. */
static uint64_t *walk(uint64_t va, unsigned level)
{
	uint64_t *table = hv_l4;

	for (unsigned l = 4; l > level; l--) {
		uint64_t *e = &table[(va >> (PAGE_SHIFT + 9 * (l - 1))) & (PTE_ENTRIES - 1)];

		if (!(*e & PTE_P))
			*e = table_alloc() | table_rights(va);
		CHECK(!(*e & PTE_PS) || l == 4);
		table = phys(*e & PTE_ADDR);
	}
	return &table[(va >> (PAGE_SHIFT + 9 * (level - 1))) & (PTE_ENTRIES - 1)];
}

void hv_map(uint64_t va, uint64_t pa, uint64_t flags)
{
	*walk(va, 1) = pa | flags;
}

uint64_t *hv_pte(uint64_t va)
{
	return walk(va, 1);
}

/* What the image's page at offset may be: rights by section. */
static uint64_t image_rights(const char *at)
{
	if (at < text_end)
		return PTE_HV_RX;
	return at < rodata_end ? PTE_HV_RO : PTE_HV_RW;
}

static void map_image(uint64_t image_pa)
{
	for (char *at = image_start; at < image_end; at += PAGE_SIZE)
		hv_map((uint64_t)at, image_pa + (uint64_t)(at - image_start), image_rights(at));
}

#define LARGE (2UL << 20)

/* RAM only, in 2 MiB pages, or small ones at its edges and where the image stands. */
static void map_direct(const struct memmap *ram, uint64_t image_pa)
{
	uint64_t image_size = (uint64_t)(image_end - image_start);

	for (unsigned i = 0; i < ram->count; i++) {
		uint64_t at = ram->range[i].start, end = MIN(ram->range[i].end, DIRECT_MAX);

		while (at < end) {
			uint64_t chunk = at & ~(LARGE - 1);
			bool has_image = chunk < image_pa + image_size && chunk + LARGE > image_pa;

			if (at == chunk && end - at >= LARGE && !has_image) {
				*walk(DIRECT_VIRT + at, 2) = at | PTE_HV_RW | PTE_PS;
				at += LARGE;
				continue;
			}
			uint64_t rights = PTE_HV_RW;

			if (at >= image_pa && at < image_pa + image_size &&
			    image_rights(image_start + (at - image_pa)) != PTE_HV_RW)
				rights = PTE_HV_RO;
			hv_map(DIRECT_VIRT + at, at, rights);
			at += PAGE_SIZE;
		}
	}
}

/*
 * Backs the tables that have an entry a frame: memory of their own where a piece of such a
 * table covers RAM, one shared read-only piece where it covers holes only. The frame table is made of
 * small pages. The M2P is made of 2 MiB: dom0's tools map it to read, by the first frame of each such
 * piece, and take the others to follow (XENMEM_machphys_mfn_list).
 */
struct per_frame {
	uint64_t va, user_va;	/* user_va: a second, read-only mapping for guests; 0: none */
	size_t entry;		/* bytes */
	unsigned level;		/* of the entries that map it: 1 or 2 */
	int fill;
};

static uint64_t piece_size(const struct per_frame *t)
{
	return t->level == 1 ? PAGE_SIZE : LARGE;
}

static uint64_t take_piece(const struct per_frame *t)
{
	uint64_t size = piece_size(t), pa;

	if (!memmap_take(boot_free, size, size, direct_ready ? 0 : 1UL << 32, &pa))
		panic("too little memory for the frame table");
	memset(phys(pa), t->fill, size);
	return pa;
}

static bool covers_ram(const struct memmap *ram, uint64_t start, uint64_t end)
{
	for (unsigned i = 0; i < ram->count; i++)
		if (start < ram->range[i].end && ram->range[i].start < end)
			return true;
	return false;
}

static void map_piece(const struct per_frame *t, uint64_t at, uint64_t pa, bool writable)
{
	uint64_t large = t->level == 1 ? 0 : PTE_PS;

	*walk(t->va + at, t->level) = pa | large | (writable ? PTE_HV_RW : PTE_HV_RO);
	if (t->user_va)
		*walk(t->user_va + at, t->level) = pa | large | PTE_HV_RO | PTE_U;
}

static void map_per_frame(const struct per_frame *t, const struct memmap *ram)
{
	uint64_t size = piece_size(t), frames = size / t->entry, hole = 0;

	for (uint64_t m = 0; m < arch_max_mfn; m += frames) {
		bool used = covers_ram(ram, m << PAGE_SHIFT, (m + frames) << PAGE_SHIFT);

		if (!used && !hole)
			hole = take_piece(t);
		map_piece(t, m * t->entry, used ? take_piece(t) : hole, used);
	}
}

const char *paging_init(struct memmap *free, const struct memmap *ram)
{
	uint64_t image_pa = image_phys();

	boot_free = free;
	if (memmap_top(ram) > DIRECT_MAX)
		return "more than 4 TiB of memory";
	arch_max_mfn = memmap_top(ram) >> PAGE_SHIFT;
	hv_l4 = phys(table_alloc());
	for (unsigned slot = HV_SLOT_FIRST; slot <= HV_SLOT_LAST; slot++) {
		uint64_t va = HV_VIRT_START + ((uint64_t)(slot - HV_SLOT_FIRST) << 39);

		hv_l4[slot] = table_alloc() | table_rights(va);
	}

	map_image(image_pa);
	map_direct(ram, image_pa);
	write_cr3((uint64_t)hv_l4);
	write_cr4(read_cr4() & ~(uint64_t)CR4_PGE);
	write_cr4(read_cr4() | CR4_PGE);
	arch_direct_map = (char *)DIRECT_VIRT;
	direct_ready = true;
	hv_l4 = phys((uint64_t)hv_l4);

	frame_table = (struct frame *)FRAMETABLE_VIRT;
	arch_m2p = (uint64_t *)M2P_VIRT;
	map_per_frame(&(struct per_frame){ FRAMETABLE_VIRT, 0, sizeof(struct frame), 1, 0 }, ram);
	map_per_frame(&(struct per_frame){ M2P_VIRT, M2P_GUEST_VIRT, sizeof(uint64_t), 2, 0xff },
		      ram);
	return NULL;
}

void paging_boot_done(void)
{
	boot_free = NULL;
}

uint64_t arch_m2p_pages(void)
{
	uint64_t pieces = DIV_ROUND_UP(arch_max_mfn * sizeof(*arch_m2p), LARGE);

	return pieces * (LARGE >> PAGE_SHIFT);
}

mfn_t arch_m2p_frame(uint64_t n)
{
	uint64_t e = *walk(M2P_GUEST_VIRT + (n << PAGE_SHIFT), 2);

	return mfn(((e & PTE_ADDR & ~(LARGE - 1)) >> PAGE_SHIFT) + n % PTE_ENTRIES);
}

void *hv_map_device(uint64_t pa)
{
	uint64_t va = device_next;

	hv_map(va, pa & PTE_ADDR, PTE_HV_DEV);
	device_next += PAGE_SIZE;
	return (void *)(va | (pa & (PAGE_SIZE - 1)));
}

/*
 * A stack window of 16 pages: exceptions with stacks of their own at the bottom (pages 0, 2,
 * 4, 6), the main stack in pages 9 to 15; pages 1, 3, 5, 7 and 8 stay unmapped.
 */
struct cpu *hv_map_stack(unsigned cpu, uint64_t stack_pa)
{
	uint64_t va = STACK_VIRT + cpu * CPU_STACK_SIZE;

	for (unsigned page = 0; page < CPU_STACK_SIZE / PAGE_SIZE; page++)
		if (page > 8 || (page < 8 && page % 2 == 0))
			hv_map(va + page * PAGE_SIZE, stack_pa + page * PAGE_SIZE, PTE_HV_RW);
	return (struct cpu *)(va + CPU_STACK_SIZE - sizeof(struct cpu));
}

bool hv_is_mapped(uint64_t va)
{
	uint64_t *table = hv_l4;

	if (!hv_l4 || va < HV_VIRT_START || va >= HV_VIRT_END)
		return false;
	for (unsigned l = 4; l > 1; l--) {
		uint64_t e = table[(va >> (PAGE_SHIFT + 9 * (l - 1))) & (PTE_ENTRIES - 1)];

		if (!(e & PTE_P))
			return false;
		if (e & PTE_PS)
			return true;
		table = phys(e & PTE_ADDR);
	}
	return table[(va >> PAGE_SHIFT) & (PTE_ENTRIES - 1)] & PTE_P;
}

void arch_init_guest_l4(uint64_t *l4)
{
	memcpy(l4 + HV_SLOT_FIRST, hv_l4 + HV_SLOT_FIRST,
	       (HV_SLOT_LAST - HV_SLOT_FIRST + 1) * sizeof(*l4));
}

uint64_t hv_cr3(void)
{
	return (uint64_t)((char *)hv_l4 - arch_direct_map);
}

/*
 * Not CR4.FSGSBASE: guests are not offered it, and with the bit set their programs could change bases
 * behind the back of a kernel that does not know (Xen's advisory 293).
 */
void paging_protect(void)
{
	uint64_t cr4 = read_cr4();
	uint32_t r[4];

	cpuid(0, 0, r);
	if (r[0] < 7)
		return;
	cpuid(7, 0, r);
	if (r[1] & (1u << 7))
		cr4 |= CR4_SMEP;
	if (r[1] & (1u << 20))
		cr4 |= CR4_SMAP;
	if (r[2] & (1u << 2))
		cr4 |= CR4_UMIP;
	write_cr4(cr4);
}

/* Called while the image is still writable: nops become stac and clac. */
void paging_patch_smap(void)
{
	uint32_t r[4];

	cpuid(0, 0, r);
	if (r[0] < 7)
		return;
	cpuid(7, 0, r);
	if (!(r[1] & (1u << 20)))
		return;
	for (struct smap_site *s = smap_sites_start; s < smap_sites_end; s++) {
		uint8_t *at = (uint8_t *)&s->at + s->at;

		at[0] = 0x0f;
		at[1] = 0x01;
		at[2] = (uint8_t)s->opcode;
	}
}
