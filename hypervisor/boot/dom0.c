/* SPDX-License-Identifier: MIT */
/*
 * Builds dom0 from the kernel image and ramdisk that the boot loader left, by the
 * start-of-day contract of xen/xen.h: from virt_base on, one after the other,
 *
 *   kernel image | ramdisk | p2m list | start_info | page tables | boot stack
 *
 * each on whole pages, mapped by the initial page tables (p2m elsewhere when the
 * kernel asks by INIT_P2M; the ramdisk unmapped with MOD_START_PFN), the whole padded
 * to 4 MiB with at least 512 KiB free behind the stack.
 */
#include <hv/dom0.h>

#include "dom0notes.h"

#include <xen/domctl.h>
#include <xen/features.h>

#include <format/pte.h>
#include <hv/arch.h>
#include <hv/domain.h>
#include <hv/elf.h>
#include <hv/fmt.h>
#include <hv/log.h>
#include <hv/mem.h>
#include <hv/str.h>
#include <hv/tables.h>
#include <hv/traps.h>

struct build {
	struct domain *d;
	struct elf elf;
	struct dom0_notes notes;
	/* layout: virtual addresses, whole pages; physical = virtual - virt_base */
	uint64_t kernel_start, kernel_end;
	uint64_t ramdisk, ramdisk_pages;
	uint64_t p2m, p2m_pages;
	uint64_t start_info;
	uint64_t tables, table_pages;
	uint64_t stack;
	uint64_t mapped_end;
	uint64_t pages;			/* dom0's memory */
	mfn_t *extents;			/* chunk n: first frame of pages n * CHUNK .. */
	uint64_t next_table;		/* pfn */
	mfn_t l4;
};

#define CHUNK_ORDER 9
#define CHUNK_PAGES (1UL << CHUNK_ORDER)

static uint64_t round_up(uint64_t v, uint64_t align)
{
	return (v + align - 1) & ~(align - 1);
}

/* Where a segment's bytes go: virtual addresses by p_paddr, as PADDR_OFFSET says. */
static uint64_t segment_va(const struct build *b, const struct elf_segment *s)
{
	return s->paddr - b->notes.elf_paddr_offset + b->notes.virt_base;
}

static void place_kernel(struct build *b)
{
	const struct dom0_notes *notes = &b->notes;
	struct elf_segment s;
	uint64_t low = ~0UL, high = 0;

	for (unsigned i = 0; elf_load_next(&b->elf, &i, &s);) {
		uint64_t va = segment_va(b, &s);

		if (va < notes->virt_base || va + s.memsz < va)
			panic("dom0 kernel: a segment lies outside the image's range");
		low = MIN(low, va);
		high = MAX(high, va + s.memsz);
	}
	if (low > high || high - notes->virt_base > b->pages << PAGE_SHIFT)
		panic("dom0 kernel: does not fit in dom0's %lu KiB of memory",
		      (unsigned long)b->pages * 4);
	b->kernel_start = low & PAGE_MASK;
	b->kernel_end = round_up(high, PAGE_SIZE);
	if (notes->entry < b->kernel_start || notes->entry >= b->kernel_end)
		panic("dom0 kernel: its entry %#lx lies outside the image (Linux: built without CONFIG_XEN_PV?)",
		      (unsigned long)notes->entry);
	if (notes->has_hypercall_page && (notes->hypercall_page & (PAGE_SIZE - 1) ||
					  notes->hypercall_page < b->kernel_start ||
					  notes->hypercall_page >= b->kernel_end))
		panic("dom0 kernel: its hypercall page %#lx lies outside the image",
		      (unsigned long)notes->hypercall_page);
}

/* Page tables that map [virt_base, end): one for each slot touched at each level. */
static uint64_t count_tables(uint64_t start, uint64_t end)
{
	uint64_t n = 0;

	for (unsigned shift = 21; shift <= 39; shift += 9)
		n += ((end - 1) >> shift) - (start >> shift) + 1;
	return n;
}

static void place_rest(struct build *b, const struct boot_plan *plan)
{
	const struct dom0_notes *notes = &b->notes;
	uint64_t at = b->kernel_end, list;

	b->ramdisk_pages = DIV_ROUND_UP(plan->ramdisk_size, PAGE_SIZE);
	b->ramdisk = at;
	at += b->ramdisk_pages << PAGE_SHIFT;
	b->p2m_pages = DIV_ROUND_UP(b->pages * sizeof(uint64_t), PAGE_SIZE);
	list = at;
	at += b->p2m_pages << PAGE_SHIFT;
	b->start_info = at;
	at += PAGE_SIZE;
	b->tables = at;
	for (b->table_pages = 1;; b->table_pages++) {
		uint64_t end = at + (b->table_pages << PAGE_SHIFT) + PAGE_SIZE;

		b->mapped_end = round_up(end, 4UL << 20);
		if (b->mapped_end - end < 512UL << 10)
			b->mapped_end += 4UL << 20;
		uint64_t need = 1 + count_tables(notes->virt_base, b->mapped_end);

		if (notes->has_init_p2m)
			need += count_tables(notes->init_p2m, notes->init_p2m + (b->p2m_pages << PAGE_SHIFT));
		if (need <= b->table_pages)
			break;
	}
	b->stack = at + (b->table_pages << PAGE_SHIFT);
	b->p2m = notes->has_init_p2m ? notes->init_p2m : list;
	b->next_table = (b->tables - notes->virt_base) >> PAGE_SHIFT;
	if (b->stack + PAGE_SIZE - notes->virt_base > b->pages << PAGE_SHIFT)
		panic("dom0: %lu KiB of memory are too little, %lu KiB are needed at least",
		      (unsigned long)b->pages * 4,
		      (unsigned long)(b->stack + PAGE_SIZE - notes->virt_base) >> 10);
}

static mfn_t frame_of_pfn(const struct build *b, uint64_t n)
{
	return mfn(b->extents[n / CHUNK_PAGES].n + n % CHUNK_PAGES);
}

static void *va_ptr(const struct build *b, uint64_t va)
{
	uint64_t off = va - b->notes.virt_base;

	return (char *)frame_ptr(frame_of_pfn(b, off >> PAGE_SHIFT)) + (off & (PAGE_SIZE - 1));
}

static void copy_in(const struct build *b, uint64_t va, const void *src, uint64_t len)
{
	const char *from = src;

	while (len) {
		uint64_t n = MIN(len, PAGE_SIZE - (va & (PAGE_SIZE - 1)));

		memcpy(va_ptr(b, va), from, n);
		va += n;
		from += n;
		len -= n;
	}
}

static unsigned extents_order(const struct build *b)
{
	unsigned order = 0;

	while ((PAGE_SIZE << order) < DIV_ROUND_UP(b->pages, CHUNK_PAGES) * sizeof(mfn_t))
		order++;
	return order;
}

static void populate(struct build *b)
{
	uint64_t chunks = DIV_ROUND_UP(b->pages, CHUNK_PAGES);

	b->extents = hv_pages_alloc(extents_order(b));
	if (!b->extents)
		panic("dom0: no memory to build it");
	b->d->mm.takes_dirty = true;
	for (uint64_t i = 0; i < chunks; i++)
		if (!domain_pages_alloc(b->d, CHUNK_ORDER, &b->extents[i]))
			panic("dom0: only %lu KiB of %lu KiB could be allocated; use dom0_mem=",
			      (unsigned long)(i * CHUNK_PAGES) * 4, (unsigned long)b->pages * 4);
	b->d->mm.takes_dirty = false;
	for (uint64_t n = 0; n < b->pages; n++)
		m2p_set(frame_of_pfn(b, n), n);
}

/* What is loaded, made or left to the kernel as its bss starts out as zeroes. */
static void clear(const struct build *b)
{
	for (uint64_t va = b->kernel_start; va < b->stack + PAGE_SIZE; va += PAGE_SIZE)
		arch_clear(va_ptr(b, va), PAGE_SIZE);
}

static void load(const struct build *b, const struct boot_plan *plan)
{
	struct elf_segment s;

	clear(b);
	for (unsigned i = 0; elf_load_next(&b->elf, &i, &s);)
		copy_in(b, segment_va(b, &s), elf_segment_data(&b->elf, &s), s.filesz);
	if (plan->ramdisk_size)
		copy_in(b, b->ramdisk, plan->ramdisk, plan->ramdisk_size);
}

/* The L1 entry for va, tables made on the way out of the reserved area. */
static uint64_t *table_walk(struct build *b, uint64_t va)
{
	uint64_t *table = frame_ptr(b->l4);

	for (unsigned shift = 39; shift > 12; shift -= 9) {
		uint64_t *e = &table[(va >> shift) & (PTE_ENTRIES - 1)];

		if (!*e) {
			CHECK(b->next_table < (b->stack - b->notes.virt_base) >> PAGE_SHIFT);
			*e = frame_of_pfn(b, b->next_table++).n << PAGE_SHIFT |
			     PTE_P | PTE_W | PTE_U | PTE_A | PTE_D;
		}
		table = frame_ptr(mfn((*e & PTE_ADDR) >> PAGE_SHIFT));
	}
	return &table[(va >> PAGE_SHIFT) & (PTE_ENTRIES - 1)];
}

static void map(struct build *b, uint64_t va, uint64_t n)
{
	uint64_t first = (b->tables - b->notes.virt_base) >> PAGE_SHIFT;
	bool is_table = n >= first && n < first + b->table_pages;

	*table_walk(b, va) = frame_of_pfn(b, n).n << PAGE_SHIFT | PTE_P | PTE_U | PTE_GUEST_KERNEL |
			     PTE_A | PTE_D | (is_table ? 0 : PTE_W);
}

static void build_tables(struct build *b)
{
	const struct dom0_notes *notes = &b->notes;
	uint64_t p2m_pfn = (b->start_info - notes->virt_base) / PAGE_SIZE - b->p2m_pages;
	uint64_t mod_pfn = (b->ramdisk - notes->virt_base) >> PAGE_SHIFT;

	b->l4 = frame_of_pfn(b, b->next_table++);
	for (uint64_t va = notes->virt_base; va < b->mapped_end; va += PAGE_SIZE) {
		uint64_t n = (va - notes->virt_base) >> PAGE_SHIFT;

		if (n >= b->pages)
			break;
		if (notes->mod_start_pfn && n >= mod_pfn && n < mod_pfn + b->ramdisk_pages)
			continue;
		if (notes->has_init_p2m && n >= p2m_pfn && n < p2m_pfn + b->p2m_pages)
			continue;
		map(b, va, n);
	}
	for (uint64_t i = 0; notes->has_init_p2m && i < b->p2m_pages; i++)
		map(b, notes->init_p2m + (i << PAGE_SHIFT), p2m_pfn + i);
}

static void write_p2m(const struct build *b)
{
	uint64_t va = b->start_info - (b->p2m_pages << PAGE_SHIFT);

	for (uint64_t n = 0; n < b->pages; n++)
		*(uint64_t *)va_ptr(b, va + n * sizeof(uint64_t)) = frame_of_pfn(b, n).n;
}

static void write_start_info(const struct build *b, const struct boot_plan *plan)
{
	start_info_t *si = va_ptr(b, b->start_info);

	fmt_snprintf(si->magic, sizeof(si->magic), "xen-3.0-x86_64");
	si->nr_pages = b->pages;
	si->shared_info = ptr_mfn(b->d->shared_info).n << PAGE_SHIFT;
	si->flags = SIF_PRIVILEGED | SIF_INITDOMAIN;
	si->pt_base = b->tables;
	/* With those that holes in the map have spared: they are read-only, so not the kernel's to use. */
	si->nr_pt_frames = b->table_pages;
	si->mfn_list = b->p2m;
	si->first_p2m_pfn = b->notes.has_init_p2m ?
		(b->start_info - b->notes.virt_base) / PAGE_SIZE - b->p2m_pages : 0;
	si->nr_p2m_frames = b->notes.has_init_p2m ? b->p2m_pages : 0;
	if (plan->ramdisk_size) {
		si->mod_start = b->ramdisk;
		si->mod_len = plan->ramdisk_size;
		if (b->notes.mod_start_pfn) {
			si->mod_start = (b->ramdisk - b->notes.virt_base) >> PAGE_SHIFT;
			si->flags |= SIF_MOD_START_PFN;
		}
	}
	str_copy((char *)si->cmd_line, sizeof(si->cmd_line), plan->dom0_args);
}

static void start_vcpu(const struct build *b)
{
	struct vcpu_guest_context *c = hv_pages_alloc(1);
	struct budget budget;
	int rc;

	_Static_assert(sizeof(*c) <= 2 * PAGE_SIZE, "two pages");
	if (!c)
		panic("dom0: no memory to build it");
	c->flags = VGCF_in_kernel | VGCF_online;
	c->user_regs.rip = b->notes.entry;
	c->user_regs.rsp = b->stack + PAGE_SIZE;
	c->user_regs.rsi = b->start_info;
	c->user_regs.cs = FLAT_KERNEL_CS;
	c->user_regs.ss = FLAT_KERNEL_SS;
	c->user_regs.ds = c->user_regs.es = c->user_regs.fs = c->user_regs.gs = 0;
	c->user_regs.rflags = 1 << 9;
	c->kernel_ss = FLAT_KERNEL_SS;
	c->kernel_sp = c->user_regs.rsp;
	c->ctrlreg[3] = b->l4.n << PAGE_SHIFT;
	do {
		budget.left = HYPERCALL_BUDGET;
		rc = vcpu_set_context(b->d->vcpu[0], c, &budget);
	} while (rc == -XEN_ERESTART);
	/* The ABI's builders leave the first top-level table pinned; Linux unpins it. */
	while (!rc) {
		budget.left = HYPERCALL_BUDGET;
		rc = tables_pin(b->d, b->l4, 4, &b->d->vcpu[0]->pt_pending, &budget);
		if (!rc)
			break;
		rc = rc == -XEN_ERESTART ? 0 : rc;
	}
	if (rc)
		panic("dom0: its page tables or context were refused (%d)", rc);
	hv_pages_free(c, 1);
}

void dom0_build(const struct boot_plan *plan, uint64_t bytes, unsigned vcpus)
{
	const struct xen_domctl_createdomain cfg = {
		.max_vcpus = vcpus ? MIN(vcpus, (unsigned)MAX_VCPUS) : arch_nr_cpus(),
		.max_grant_frames = 64,
		.max_maptrack_frames = 1024,
		.max_evtchn_port = 0,
	};
	struct build b = { .pages = (bytes >> PAGE_SHIFT) & ~(CHUNK_PAGES - 1) };
	const char *wrong = elf_open(&b.elf, plan->kernel, plan->kernel_size);
	int err;

	if (wrong)
		panic("dom0 kernel: %s", wrong);
	dom0 = b.d = domain_create(0, &cfg, true, &err);
	if (!b.d)
		panic("dom0: could not be created (%d)", err);
	b.d->mm.max_pages = ~0u;
	dom0_notes_read(&b.notes, &b.elf);
	place_kernel(&b);
	place_rest(&b, plan);
	populate(&b);
	load(&b, plan);
	write_p2m(&b);
	build_tables(&b);
	write_start_info(&b, plan);
	if (b.notes.has_hypercall_page)
		hypercall_page_init(b.d, va_ptr(&b, b.notes.hypercall_page));
	for (unsigned i = 0; i < b.d->max_vcpus; i++) {
		err = vcpu_create(b.d, i);
		if (err)
			panic("dom0: vCPU %u could not be created (%d)", i, err);
	}
	start_vcpu(&b);
	log_info("dom0: %lu MiB, kernel %#lx-%#lx, entry %#lx", (unsigned long)b.pages >> 8,
		 (unsigned long)b.kernel_start, (unsigned long)b.kernel_end, (unsigned long)b.notes.entry);
	hv_pages_free(b.extents, extents_order(&b));
}
