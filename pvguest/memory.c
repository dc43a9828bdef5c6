// SPDX-License-Identifier: MIT
/*
 * The domain's pages: the linear map that grows on demand, the pages that can be given out, and
 * the window where foreign, granted and own frames are mapped.
 */
#include <pvguest/memory.h>

#include <errno.h>
#include <string.h>

#include <pvguest/arch.h>
#include <pvguest/cpu.h>
#include <pvguest/errno.h>
#include <pvguest/memlock.h>
#include <pvguest/pagepool.h>
#include <pvguest/start.h>
#include <pvguest/startup.h>
#include <pvguest/vspace.h>

/*
 * Refilled seldom and then by many, so that most 2 MiB areas do not lose a page to a table and
 * can be given out whole.
 */
#define RESERVE		16
#define RESERVE_LOW	4

extern char pv_image_start[];

static struct pagepool pool;
static struct vspace window;
static unsigned long *p2m;
static unsigned long total;
static unsigned long frontier;		/* linear pages below are mapped (if they exist) */

/* Pages kept back so that the linear map can always grow. */
static struct {
	void *page[RESERVE];
	unsigned int n;
	bool growing;
} reserve;

/* Before there is a pool: pages [next, frontier) are untouched. */
static unsigned long early_next;

static void *early_page(void)
{
	return early_next < frontier ? pfn_to_virt(early_next++) : NULL;
}

static unsigned long tables;		/* pages of page tables since then; they stay */

static void *table_page(void)
{
	void *page = NULL;

	if (!reserve.growing)
		page = page_alloc(0);
	else if (reserve.n)
		page = reserve.page[--reserve.n];
	tables += page != NULL;
	return page;
}

unsigned long memory_table_pages(void)
{
	return tables;
}

static void reserve_fill(void)
{
	if (reserve.n >= RESERVE_LOW)
		return;
	while (reserve.n < RESERVE) {
		unsigned long pfn = pagepool_alloc(&pool, 0);

		if (pfn == ~0UL)
			return;
		reserve.page[reserve.n++] = pfn_to_virt(pfn);
	}
}

static void pool_add_range(unsigned long first, unsigned long end)
{
	for (unsigned long run = first; first < end; run = ++first) {
		while (first < end && p2m[first] != INVALID_MFN)
			first++;
		pagepool_add(&pool, run, first);
	}
}

static bool linear_grow(void)
{
	unsigned long first = frontier, end;

	if (frontier >= total)
		return false;
	reserve.growing = true;
	end = mmu_linear_grow(first, total);
	reserve.growing = false;
	if (!end)
		return false;
	frontier = end;
	pool_add_range(first, end);
	reserve_fill();
	return true;
}

static bool (*reclaim)(void);

void memory_set_reclaim(bool (*fn)(void))
{
	reclaim = fn;
}

bool memory_reclaim(void)
{
	return !pv_cpu_id() && reclaim && reclaim();
}

void *page_alloc(unsigned int order)
{
	unsigned long pfn;

	if (order > PAGEPOOL_MAX_ORDER)
		return NULL;
	memory_lock();
	while ((pfn = pagepool_alloc(&pool, order)) == ~0UL)
		if (!linear_grow() && !memory_reclaim())
			break;
	memory_unlock();
	return pfn == ~0UL ? NULL : pfn_to_virt(pfn);
}

void *page_alloc_zero(unsigned int order)
{
	void *page = page_alloc(order);

	return page ? memset(page, 0, PAGE_SIZE << order) : NULL;
}

void page_free(void *page, unsigned int order)
{
	unsigned long va = (unsigned long)page;
	int rc;

	if (!page)
		return;
	memory_lock();
	rc = pagepool_free(&pool, va >> PAGE_SHIFT, order);
	memory_unlock();
	if (va & ~PAGE_MASK || rc)
		pv_panic("page_free: %p is no block of order %u", page, order);
}

unsigned long memory_free_pages(void)
{
	unsigned long unmapped = total - frontier;

	/* Mapping them takes a table for each 512. */
	return pool.free_pages + unmapped - (unmapped + 511) / 512;
}

unsigned long memory_total_pages(void)
{
	return total;
}

unsigned long pfn_to_mfn(unsigned long pfn)
{
	return pfn < total ? p2m[pfn] : INVALID_MFN;
}

unsigned long mfn_to_pfn(unsigned long mfn)
{
	unsigned long pfn = mmu_m2p(mfn);

	return pfn_to_mfn(pfn) == mfn && mfn != INVALID_MFN ? pfn : ~0UL;
}

unsigned long virt_to_mfn(const void *va)
{
	unsigned long pfn = (unsigned long)va >> PAGE_SHIFT;
	uint64_t pte;

	if (pfn < frontier)
		return pfn_to_mfn(pfn);
	pte = mmu_pte_get((unsigned long)va);
	return pte & 1 ? (pte & 0x000ffffffffff000UL) >> PAGE_SHIFT : INVALID_MFN;
}

unsigned long virt_to_pfn(const void *va)
{
	unsigned long pfn = (unsigned long)va >> PAGE_SHIFT;

	return pfn < frontier ? pfn : mfn_to_pfn(virt_to_mfn(va));
}

void *map_reserve(size_t n)
{
	unsigned long va = 0;

	memory_lock();
	if (!window.end && vspace_init(&window, MAP_WINDOW, MAP_WINDOW_END))
		window.end = 0;
	else
		va = vspace_alloc(&window, n);
	memory_unlock();
	return (void *)va;
}

void map_release(void *p, size_t n)
{
	int rc;

	memory_lock();
	rc = vspace_free(&window, (unsigned long)p, n);
	memory_unlock();
	if (rc)
		pv_panic("map_release: %zu pages at %p are not reserved", n, p);
}

void *map_foreign(domid_t dom, const xen_pfn_t *mfns, size_t n, int prot, int *errs)
{
	void *p = map_reserve(n);
	int rc;

	if (!p) {
		errno = ENOMEM;
		return NULL;
	}
	rc = mmu_map((unsigned long)p, mfns, n, prot, dom, errs, NULL);
	if (rc && !errs) {
		unmap_pages(p, n);
		errno = errno_from_xen(rc);
		return NULL;
	}
	return p;
}

void *map_foreign_contig(domid_t dom, xen_pfn_t first, size_t n, int prot)
{
	char *p = map_reserve(n);

	if (!p)
		errno = ENOMEM;
	for (size_t done = 0; p && done < n; ) {
		xen_pfn_t mfns[64];
		size_t count = n - done < 64 ? n - done : 64;
		int rc;

		for (size_t i = 0; i < count; i++)
			mfns[i] = first + done + i;
		rc = mmu_map((unsigned long)p + done * PAGE_SIZE, mfns, count, prot, dom, NULL,
			     NULL);
		if (rc) {
			unmap_pages(p, n);
			errno = errno_from_xen(rc);
			return NULL;
		}
		done += count;
	}
	return p;
}

void *map_frames(const xen_pfn_t *mfns, size_t n, int prot)
{
	return map_foreign(DOMID_SELF, mfns, n, prot, NULL);
}

void unmap_pages(void *p, size_t n)
{
	mmu_unmap((unsigned long)p, n);
	map_release(p, n);
}

/* Room for the pool's state bytes, growing the linear map by early pages. */
static uint8_t *early_state(void)
{
	unsigned long pages = (total + PAGE_SIZE - 1) / PAGE_SIZE;
	uint8_t *state;

	while (frontier - early_next < pages + RESERVE) {
		unsigned long end = mmu_linear_grow(frontier, total);

		if (!end || frontier >= total)
			pv_panic("memory: %lu pages are too few for a start", total);
		frontier = end;
	}
	state = pfn_to_virt(early_next);
	early_next += pages;
	return state;
}

void memory_init(const struct start_info *si)
{
	p2m = (unsigned long *)si->mfn_list;
	total = si->nr_pages;
	/* Behind the page tables is the builder's stack: one page. */
	early_next = (si->pt_base >> PAGE_SHIFT) + si->nr_pt_frames + 1;
	frontier = mmu_init(si);
	mmu_set_table_source(early_page);
	pagepool_init(&pool, NULL, early_state(), total);
	for (unsigned long pfn = 1; pfn < (unsigned long)pv_image_start >> PAGE_SHIFT; pfn++)
		if ((mmu_pte_get(pfn << PAGE_SHIFT) & 3) == 3)
			pagepool_add(&pool, pfn, pfn + 1);
	pool_add_range(early_next, frontier);
	mmu_set_table_source(table_page);
	reserve_fill();
}
