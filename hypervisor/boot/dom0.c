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

#include <xen/domctl.h>
#include <xen/elfnote.h>
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
	/* by the notes, or the section __xen_guest */
	uint64_t virt_base, elf_paddr_offset, entry, hypercall_page, init_p2m;
	bool has_hypercall_page, has_init_p2m, mod_start_pfn;
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

static bool note_u64(const struct elf *elf, uint32_t type, uint64_t *value)
{
	struct elf_note note;

	return elf_note_find(elf, "Xen", type, &note) && elf_note_u64(&note, value);
}

static bool read_notes(struct build *b)
{
	struct elf_note note;
	uint64_t v;

	if (!elf_note_find(&b->elf, "Xen", XEN_ELFNOTE_XEN_VERSION, &note) &&
	    !elf_note_find(&b->elf, "Xen", XEN_ELFNOTE_ENTRY, &note) &&
	    !elf_note_find(&b->elf, "Xen", XEN_ELFNOTE_GUEST_OS, &note))
		return false;
	note_u64(&b->elf, XEN_ELFNOTE_VIRT_BASE, &b->virt_base);
	note_u64(&b->elf, XEN_ELFNOTE_PADDR_OFFSET, &b->elf_paddr_offset);
	note_u64(&b->elf, XEN_ELFNOTE_ENTRY, &b->entry);
	b->has_hypercall_page = note_u64(&b->elf, XEN_ELFNOTE_HYPERCALL_PAGE, &b->hypercall_page);
	b->has_init_p2m = note_u64(&b->elf, XEN_ELFNOTE_INIT_P2M, &b->init_p2m);
	b->mod_start_pfn = note_u64(&b->elf, XEN_ELFNOTE_MOD_START_PFN, &v) && v;
	return true;
}

/* NAME=number of the old section's text; false when it is not there. */
static bool old_u64(const char *text, const char *name, uint64_t *value)
{
	struct str_span rest = { text, str_len(text) }, pair;

	while (str_split(&rest, ',', &pair)) {
		const char *is = str_skip_prefix(pair.at, name), *end;

		if (is && *is == '=')
			return str_to_u64(is + 1, &end, 0, value);
	}
	return false;
}

/* What notes say now, kernels of long ago said in a section: NAME=VALUE,NAME=VALUE */
static void read_old_section(struct build *b)
{
	struct elf_section section;
	char text[512];
	uint64_t page;

	if (!elf_section_find(&b->elf, "__xen_guest", &section) || section.type == ELF_SHT_NOBITS ||
	    !str_copy_span(text, sizeof(text), (struct str_span){
			   (const char *)b->elf.image + section.offset, section.size }))
		panic("dom0 kernel: no Xen notes, not a PV kernel");
	old_u64(text, "VIRT_BASE", &b->virt_base);
	b->elf_paddr_offset = b->virt_base;
	old_u64(text, "ELF_PADDR_OFFSET", &b->elf_paddr_offset);
	old_u64(text, "VIRT_ENTRY", &b->entry);
	b->has_hypercall_page = old_u64(text, "HYPERCALL_PAGE", &page) && page < 1UL << 52;
	b->hypercall_page = b->has_hypercall_page ? b->virt_base + (page << PAGE_SHIFT) : 0;
}

/* Where a segment's bytes go: virtual addresses by p_paddr, as PADDR_OFFSET says. */
static uint64_t segment_va(const struct build *b, const struct elf_segment *s)
{
	return s->paddr - b->elf_paddr_offset + b->virt_base;
}

static void place_kernel(struct build *b)
{
	struct elf_segment s;
	uint64_t low = ~0UL, high = 0;

	for (unsigned i = 0; elf_load_next(&b->elf, &i, &s);) {
		uint64_t va = segment_va(b, &s);

		if (va < b->virt_base || va + s.memsz < va)
			panic("dom0 kernel: a segment lies outside the image's range");
		low = MIN(low, va);
		high = MAX(high, va + s.memsz);
	}
	if (low > high || high - b->virt_base > b->pages << PAGE_SHIFT)
		panic("dom0 kernel: does not fit in dom0's %lu KiB of memory",
		      (unsigned long)b->pages * 4);
	b->kernel_start = low & PAGE_MASK;
	b->kernel_end = round_up(high, PAGE_SIZE);
	if (b->entry < b->kernel_start || b->entry >= b->kernel_end)
		panic("dom0 kernel: its entry %#lx lies outside the image (Linux: built without CONFIG_XEN_PV?)",
		      (unsigned long)b->entry);
	if (b->has_hypercall_page && (b->hypercall_page & (PAGE_SIZE - 1) ||
				      b->hypercall_page < b->kernel_start ||
				      b->hypercall_page >= b->kernel_end))
		panic("dom0 kernel: its hypercall page %#lx lies outside the image",
		      (unsigned long)b->hypercall_page);
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
		uint64_t need = 1 + count_tables(b->virt_base, b->mapped_end);

		if (b->has_init_p2m)
			need += count_tables(b->init_p2m, b->init_p2m + (b->p2m_pages << PAGE_SHIFT));
		if (need <= b->table_pages)
			break;
	}
	b->stack = at + (b->table_pages << PAGE_SHIFT);
	b->p2m = b->has_init_p2m ? b->init_p2m : list;
	b->next_table = (b->tables - b->virt_base) >> PAGE_SHIFT;
	if (b->stack + PAGE_SIZE - b->virt_base > b->pages << PAGE_SHIFT)
		panic("dom0: %lu KiB of memory are too little, %lu KiB are needed at least",
		      (unsigned long)b->pages * 4,
		      (unsigned long)(b->stack + PAGE_SIZE - b->virt_base) >> 10);
}

static mfn_t frame_of_pfn(const struct build *b, uint64_t n)
{
	return mfn(b->extents[n / CHUNK_PAGES].n + n % CHUNK_PAGES);
}

static void *va_ptr(const struct build *b, uint64_t va)
{
	uint64_t off = va - b->virt_base;

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

static void populate(struct build *b)
{
	uint64_t chunks = DIV_ROUND_UP(b->pages, CHUNK_PAGES);
	unsigned order = 0;

	while ((PAGE_SIZE << order) < chunks * sizeof(mfn_t))
		order++;
	b->extents = hv_pages_alloc(order);
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
			CHECK(b->next_table < (b->stack - b->virt_base) >> PAGE_SHIFT);
			*e = frame_of_pfn(b, b->next_table++).n << PAGE_SHIFT |
			     PTE_P | PTE_W | PTE_U | PTE_A | PTE_D;
		}
		table = frame_ptr(mfn((*e & PTE_ADDR) >> PAGE_SHIFT));
	}
	return &table[(va >> PAGE_SHIFT) & (PTE_ENTRIES - 1)];
}

static void map(struct build *b, uint64_t va, uint64_t n)
{
	uint64_t first = (b->tables - b->virt_base) >> PAGE_SHIFT;
	bool is_table = n >= first && n < first + b->table_pages;

	*table_walk(b, va) = frame_of_pfn(b, n).n << PAGE_SHIFT | PTE_P | PTE_U | PTE_GUEST_KERNEL |
			     PTE_A | PTE_D | (is_table ? 0 : PTE_W);
}

static void build_tables(struct build *b)
{
	uint64_t p2m_pfn = (b->start_info - b->virt_base) / PAGE_SIZE - b->p2m_pages;
	uint64_t mod_pfn = (b->ramdisk - b->virt_base) >> PAGE_SHIFT;

	b->l4 = frame_of_pfn(b, b->next_table++);
	for (uint64_t va = b->virt_base; va < b->mapped_end; va += PAGE_SIZE) {
		uint64_t n = (va - b->virt_base) >> PAGE_SHIFT;

		if (n >= b->pages)
			break;
		if (b->mod_start_pfn && n >= mod_pfn && n < mod_pfn + b->ramdisk_pages)
			continue;
		if (b->has_init_p2m && n >= p2m_pfn && n < p2m_pfn + b->p2m_pages)
			continue;
		map(b, va, n);
	}
	for (uint64_t i = 0; b->has_init_p2m && i < b->p2m_pages; i++)
		map(b, b->init_p2m + (i << PAGE_SHIFT), p2m_pfn + i);
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
	si->first_p2m_pfn = b->has_init_p2m ?
		(b->start_info - b->virt_base) / PAGE_SIZE - b->p2m_pages : 0;
	si->nr_p2m_frames = b->has_init_p2m ? b->p2m_pages : 0;
	if (plan->ramdisk_size) {
		si->mod_start = b->ramdisk;
		si->mod_len = plan->ramdisk_size;
		if (b->mod_start_pfn) {
			si->mod_start = (b->ramdisk - b->virt_base) >> PAGE_SHIFT;
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
	c->user_regs.rip = b->entry;
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
	b.entry = b.elf.entry;
	if (!read_notes(&b))
		read_old_section(&b);
	place_kernel(&b);
	place_rest(&b, plan);
	populate(&b);
	load(&b, plan);
	write_p2m(&b);
	build_tables(&b);
	write_start_info(&b, plan);
	if (b.has_hypercall_page)
		hypercall_page_init(b.d, va_ptr(&b, b.hypercall_page));
	for (unsigned i = 0; i < b.d->max_vcpus; i++) {
		err = vcpu_create(b.d, i);
		if (err)
			panic("dom0: vCPU %u could not be created (%d)", i, err);
	}
	start_vcpu(&b);
	log_info("dom0: %lu MiB, kernel %#lx-%#lx, entry %#lx", (unsigned long)b.pages >> 8,
		 (unsigned long)b.kernel_start, (unsigned long)b.kernel_end, (unsigned long)b.entry);
	uint64_t chunks = DIV_ROUND_UP(b.pages, CHUNK_PAGES);
	unsigned order = 0;

	while ((PAGE_SIZE << order) < chunks * sizeof(mfn_t))
		order++;
	hv_pages_free(b.extents, order);
}
