// SPDX-License-Identifier: MIT
/*
 * A guest's page tables. Their pages are mapped read-only and changed by
 * hypercalls only; a table that is not in use yet is filled by plain stores and then
 * handed over whole, so that the linear map grows by 512 pages a hypercall.
 *
 * Every table page lies in the linear map (the builder's as well), so the machine-to-
 * physical table leads from an entry to the table's address.
 */
#include <pvguest/arch.h>
#include <pvguest/cpu.h>
#include <pvguest/hypercall.h>
#include <pvguest/memlock.h>
#include <pvguest/memory.h>
#include <pvguest/start.h>

#include <xen/memory.h>

#define PTE_PRESENT	0x001UL
#define PTE_WRITE	0x002UL
#define PTE_USER	0x004UL		/* guest kernels run at privilege level 3 */
#define PTE_ACCESSED	0x020UL
#define PTE_DIRTY	0x040UL
#define PTE_FRAME	0x000ffffffffff000UL

#define PTE_READ_ONLY	(PTE_PRESENT | PTE_USER | PTE_ACCESSED)
#define PTE_TABLE	(PTE_READ_ONLY | PTE_WRITE | PTE_DIRTY)
#define ENTRIES		512UL
#define BATCH		64

static uint64_t *top;
static void *(*table_source)(void);
static const unsigned long *m2p = (const unsigned long *)MACH2PHYS_VIRT_START;
static unsigned long m2p_entries = MACH2PHYS_NR_ENTRIES;

static uint64_t linear_maddr(const void *p)
{
	unsigned long va = (unsigned long)p;

	return (pfn_to_mfn(va >> PAGE_SHIFT) << PAGE_SHIFT) | (va & ~PAGE_MASK);
}

static unsigned int entry_index(unsigned long va, int level)
{
	return va >> (PAGE_SHIFT + 9 * (level - 1)) & (ENTRIES - 1);
}

static uint64_t entry_read(const uint64_t *e)
{
	return *(const volatile uint64_t *)e;
}

static uint64_t *entry_table(uint64_t entry)
{
	return pfn_to_virt(mmu_m2p((entry & PTE_FRAME) >> PAGE_SHIFT));
}

static uint64_t pte_make(unsigned long mfn, int prot)
{
	uint64_t flags = PTE_READ_ONLY;

	if (prot & MAP_WRITE)
		flags |= PTE_WRITE | PTE_DIRTY;
	return prot ? ((uint64_t)mfn << PAGE_SHIFT) | flags : 0;
}

unsigned long mmu_m2p(unsigned long mfn)
{
	return mfn < m2p_entries ? m2p[mfn] : ~0UL;
}

void mmu_set_table_source(void *(*page)(void))
{
	table_source = page;
}

/* Hands a filled table over: read-only first, then into the entry above it. */
static void table_link(uint64_t *entry, void *table)
{
	struct mmu_update req = {
		.ptr = linear_maddr(entry) | MMU_NORMAL_PT_UPDATE,
		.val = linear_maddr(table) | PTE_TABLE,
	};
	long rc = mmu_protect(table, MAP_READ);

	if (!rc)
		rc = hypercall_mmu_update(&req, 1, NULL, DOMID_SELF);
	if (rc)
		pv_panic("page table at %p: the hypervisor refuses it (%ld)", table, rc);
}

/* The entry of `level` for va; NULL when a table is missing and not to be (or cannot be) made. */
static uint64_t *entry_find(unsigned long va, int level, bool make)
{
	uint64_t *table = top;

	for (int l = 4; l > level; l--) {
		uint64_t *entry = &table[entry_index(va, l)];

		if (!(entry_read(entry) & PTE_PRESENT)) {
			void *page = make ? table_source() : NULL;

			if (!page)
				return NULL;
			__builtin_memset(page, 0, PAGE_SIZE);
			table_link(entry, page);
		}
		table = entry_table(entry_read(entry));
	}
	return &table[entry_index(va, level)];
}

uint64_t mmu_pte_get(unsigned long va)
{
	const uint64_t *entry = entry_find(va, 1, false);

	return entry ? entry_read(entry) : 0;
}

uint64_t mmu_pte_maddr(unsigned long va)
{
	const uint64_t *entry;

	memory_lock();
	entry = entry_find(va, 1, true);
	memory_unlock();
	return entry ? linear_maddr(entry) : 0;
}

int mmu_protect(void *page, int prot)
{
	unsigned long va = (unsigned long)page & PAGE_MASK;

	return hypercall_update_va_mapping(va, pte_make(pfn_to_mfn(va >> PAGE_SHIFT), prot),
					   UVMF_INVLPG | (pv_cpus_started() ? UVMF_ALL : UVMF_LOCAL));
}

/* Up to BATCH entries that lie in one table. Returns 0, or the error at entry *done. */
static long map_batch(unsigned long va, const xen_pfn_t *mfns, unsigned int n, int prot,
		      domid_t dom, unsigned int *done)
{
	struct mmu_update req[BATCH];
	uint64_t maddr = mmu_pte_maddr(va);

	*done = 0;
	if (!maddr)
		return -XEN_ENOMEM;
	for (unsigned int i = 0; i < n; i++) {
		req[i].ptr = (maddr + i * sizeof(uint64_t)) | MMU_NORMAL_PT_UPDATE;
		req[i].val = pte_make(mfns[i], prot);
	}
	return hypercall_mmu_update(req, n, done, dom);
}

int mmu_map(unsigned long va, const xen_pfn_t *mfns, size_t n, int prot, domid_t dom, int *errs,
	    size_t *done)
{
	int first = 0;
	size_t i = 0;

	while (i < n) {
		unsigned long at = va + i * PAGE_SIZE;
		unsigned int room = ENTRIES - entry_index(at, 1);
		unsigned int count = n - i < BATCH ? n - i : BATCH;
		unsigned int ok;
		long rc;

		rc = map_batch(at, mfns + i, count < room ? count : room, prot, dom, &ok);
		if (!rc)
			ok = count < room ? count : room;
		for (unsigned int k = 0; errs && k < ok; k++)
			errs[i + k] = 0;
		i += ok;
		if (!rc)
			continue;
		if (!first)
			first = rc;
		if (!errs)
			break;
		errs[i++] = rc;
	}
	if (done)
		*done = i;
	return first;
}

/* Clears up to BATCH entries of one table. */
static void unmap_batch(unsigned long va, unsigned int n)
{
	struct mmu_update req[BATCH];
	const uint64_t *entry = entry_find(va, 1, false);
	unsigned int used = 0;
	long rc;

	for (unsigned int i = 0; entry && i < n; i++) {
		if (!entry_read(&entry[i]))
			continue;
		req[used].ptr = linear_maddr(&entry[i]) | MMU_NORMAL_PT_UPDATE;
		req[used++].val = 0;
	}
	rc = used ? hypercall_mmu_update(req, used, NULL, DOMID_SELF) : 0;
	if (rc)
		pv_panic("unmapping %u pages at %#lx is refused (%ld)", n, va, rc);
}

void mmu_unmap(unsigned long va, size_t n)
{
	bool all = pv_cpus_started();
	struct mmuext_op flush = { .cmd = all ? MMUEXT_TLB_FLUSH_ALL : MMUEXT_TLB_FLUSH_LOCAL };

	if (n == 1) {
		flush.cmd = all ? MMUEXT_INVLPG_ALL : MMUEXT_INVLPG_LOCAL;
		flush.arg1.linear_addr = va;
	}
	while (n) {
		unsigned int count = ENTRIES - entry_index(va, 1);

		if (count > BATCH)
			count = BATCH;
		if (count > n)
			count = n;
		unmap_batch(va, count);
		va += count * PAGE_SIZE;
		n -= count;
	}
	hypercall_mmuext_op(&flush, 1, NULL, DOMID_SELF);
}

/* The rest of a table that is partly in use. */
static unsigned long grow_in_place(unsigned long pfn, unsigned long end)
{
	for (; pfn < end; pfn++) {
		xen_pfn_t mfn = pfn_to_mfn(pfn);
		int rc = mfn == INVALID_MFN ? 0 :
			 mmu_map(pfn << PAGE_SHIFT, &mfn, 1, MAP_RW, DOMID_SELF, NULL, NULL);

		if (rc)
			pv_panic("page %#lx: cannot map frame %#lx (%d)", pfn, mfn, rc);
	}
	return end;
}

unsigned long mmu_linear_grow(unsigned long pfn, unsigned long limit)
{
	unsigned long end = (pfn | (ENTRIES - 1)) + 1;
	uint64_t *entry = entry_find(pfn << PAGE_SHIFT, 2, true);
	uint64_t *table;

	if (!entry)
		return 0;
	if (end > limit)
		end = limit;
	if (entry_read(entry) & PTE_PRESENT)
		return grow_in_place(pfn, end);
	table = table_source();
	if (!table)
		return 0;
	__builtin_memset(table, 0, PAGE_SIZE);
	for (unsigned long p = pfn; p < end; p++) {
		unsigned long mfn = pfn_to_mfn(p);

		if (mfn != INVALID_MFN)
			table[p & (ENTRIES - 1)] = pte_make(mfn, MAP_RW);
	}
	table_link(entry, table);
	return end;
}

unsigned long mmu_init(const struct start_info *si)
{
	unsigned long pfn = (si->pt_base >> PAGE_SHIFT) + si->nr_pt_frames;
	struct xen_machphys_mapping map;

	top = (uint64_t *)si->pt_base;
	if (!hypercall_memory_op(XENMEM_machphys_mapping, &map)) {
		m2p = (const unsigned long *)map.v_start;
		m2p_entries = map.max_mfn + 1;
	}
	while (pfn < si->nr_pages && mmu_pte_get(pfn << PAGE_SHIFT) & PTE_PRESENT)
		pfn++;
	return pfn;
}
