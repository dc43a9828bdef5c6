/* SPDX-License-Identifier: MIT */
/*
 * Pages, frames and mappings.
 *
 *	0x0000000000000000  page 0, never mapped: a NULL pointer traps
 *	0x0000000000001000  the linear map: page n of the domain (its pfn) is at n * 4096;
 *	                    it grows by 2 MiB when pages are needed
 *	0x0000100000000000  MAP_WINDOW: foreign, granted and own frames, thread stacks;
 *	                    every mapping is followed by an unmapped guard page
 *	0x0000200000000000  HEAP_WINDOW: malloc's heap, backed when it grows
 *	0xffff800000000000  the hypervisor; the machine-to-physical table is at its start
 *
 * A pfn counts the domain's own pages from 0, an mfn is the machine's frame.
 * Page tables appear as they are needed. Nothing here may be called from an
 * event handler, except the conversions.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/xen.h>

#define PAGE_SHIFT 12
#ifndef PAGE_SIZE
#define PAGE_SIZE (1UL << PAGE_SHIFT)
#endif
#ifndef PAGE_MASK
#define PAGE_MASK (~(PAGE_SIZE - 1))
#endif

#define MAP_WINDOW	0x0000100000000000UL
#define MAP_WINDOW_END	0x0000200000000000UL
#define HEAP_WINDOW	0x0000200000000000UL
#define HEAP_WINDOW_END	0x0000300000000000UL

/** What a mapping allows; `prot` below. */
#define MAP_READ	1
#define MAP_WRITE	2
#define MAP_RW		(MAP_READ | MAP_WRITE)

#define INVALID_MFN	(~0UL)

/** 2^order pages, aligned to their size, in the linear map, contents undefined. NULL when
 * memory is out. The pages are consecutive pfns, not consecutive mfns. */
void *page_alloc(unsigned int order);

/** The same, filled with zeros. */
void *page_alloc_zero(unsigned int order);

/** Gives back what page_alloc(order) returned; a wrong address or order panics. */
void page_free(void *page, unsigned int order);

/** Whoever holds pages that others may want more: fn is called when there are none left, also in the
 * middle of malloc(), gives back what it can by page_free() alone, and says whether there was
 * something. NULL: nobody. */
void memory_set_reclaim(bool (*fn)(void));

/** Asks for it before that. */
bool memory_reclaim(void);

/** Pages that page_alloc() can still give out, in all orders together. */
unsigned long memory_free_pages(void);

/** Pages that the domain had at start. */
unsigned long memory_total_pages(void);

/** Pages that malloc's heap has taken; it keeps them. */
unsigned long memory_heap_pages(void);

/** Pages that page tables have taken since start; they keep them. */
unsigned long memory_table_pages(void);

/** For addresses in the linear map, the kernel image and the heap; ~0UL for others. */
unsigned long virt_to_pfn(const void *va);

/** For every mapped address; INVALID_MFN when nothing is mapped there. */
unsigned long virt_to_mfn(const void *va);

/** INVALID_MFN when the domain has no such page. */
unsigned long pfn_to_mfn(unsigned long pfn);

/** By the machine-to-physical table; ~0UL when the frame is not the domain's own. */
unsigned long mfn_to_pfn(unsigned long mfn);

static inline void *pfn_to_virt(unsigned long pfn)
{
	return (void *)(pfn << PAGE_SHIFT);
}

/**
 * Maps n frames of domain `dom` (DOMID_SELF, another's id, DOMID_IO, DOMID_XEN) side by
 * side and returns the address. For another PV domain frames are mfns. With `errs` (n entries)
 * frames that are refused are left unmapped with their -XEN_Exxx there, and the others are
 * mapped; without it any refusal undoes all and returns NULL. NULL also when memory or
 * address space is out. errno says why (C library numbers). End with unmap_pages(p, n).
 */
void *map_foreign(domid_t dom, const xen_pfn_t *mfns, size_t n, int prot, int *errs);

/** The same for n consecutive frames; all or nothing. */
void *map_foreign_contig(domid_t dom, xen_pfn_t first, size_t n, int prot);

/** Own frames, for example a page granted away seen a second time. All or nothing. */
void *map_frames(const xen_pfn_t *mfns, size_t n, int prot);

/** Unmaps n pages at p (from any of the functions above) and frees the addresses. */
void unmap_pages(void *p, size_t n);

/** Address space for n pages in MAP_WINDOW with its page tables but nothing mapped, for grants. */
void *map_reserve(size_t n);

/** Gives back address space of map_reserve() whose pages are unmapped. */
void map_release(void *p, size_t n);

/** Machine address of the page-table entry that maps `va`, with tables made up to there;
 * 0 when memory is out. */
uint64_t mmu_pte_maddr(unsigned long va);

/** The entry that maps `va`; 0 when there is none. */
uint64_t mmu_pte_get(unsigned long va);

/** Changes how one page of the linear map or kernel image is mapped: prot 0 unmaps it.
 * Returns 0 or -XEN_Exxx. A thread's guard page and pages to be granted read-only use it. */
int mmu_protect(void *page, int prot);
