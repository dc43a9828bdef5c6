/* SPDX-License-Identifier: MIT */
/*
 * The window of a CPU on the descriptor tables of the vCPU that it runs (hv/segments.h), as
 * segments.c and ldt.c see it: what stands in it now.
 */
#pragma once

#include <cpu/insn.h>
#include <format/descriptor.h>
#include <format/layout.h>
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/segments.h>

#define LDT_PAGE0 16			/* of the window */

/* The page that follows the guest's 14: our descriptors, and the TSS behind them. There the GDT ends:
 * bytes of the TSS look like descriptors, which the CPU marks as accessed when a guest loads them. */
#define OWN_ENTRIES 16
struct hv_gdt_page {
	uint64_t desc[OWN_ENTRIES];
	struct tss tss;
};

struct window {
	uint64_t *pte;			/* 32 entries: GDT 0-15, LDT 16-31 */
	struct hv_gdt_page *own;
	uint32_t gdt_pages;		/* the guest's that are mapped now */
	uint32_t ldt_mapped;		/* bit n: LDT page n */
	uint32_t ldt_loaded;		/* entries that LDTR covers */
	struct vcpu *ldt_owner;
	uint64_t ldt_desc;		/* lower half of the LDT's descriptor, but for its limit */
};

extern struct window windows[MAX_CPUS];

static inline struct window *this_window(void)
{
	return &windows[this_cpu()->id];
}

#define SLOT(sel) (((sel) & 0xfff) >> 3)

/** Gives back the pages of v's LDT that some window holds. */
void ldt_unmap_pages(const struct vcpu *v);

/* Inline, because each switch of vCPUs comes here. */
static inline void ldt_unmap(const struct vcpu *v)
{
	const struct window *w = this_window();

	if (unlikely(w->ldt_owner != v || w->ldt_mapped))
		ldt_unmap_pages(v);
}

/* v's LDT, of which nothing is mapped yet, becomes this CPU's. */
static inline void ldt_load(struct vcpu *v)
{
	struct window *w = this_window();
	uint32_t ents = v->ldt_ents;

	_Static_assert(LDT_MAX_ENTRIES * 8 <= 0x10000, "the limit is in the lower half");
	w->ldt_owner = v;
	if (ents) {
		w->own->desc[SLOT(HV_LDT)] = w->ldt_desc | (ents * 8 - 1);
		lldt(HV_LDT);
	} else if (w->ldt_loaded) {
		lldt(0);
	}
	w->ldt_loaded = ents;
}
