/* SPDX-License-Identifier: MIT */
/* Page tables as vCPUs and pins hold them; the layer between hv/ptable.h and the hypercalls. */
#pragma once

#include <hv/arch.h>
#include <hv/domain.h>
#include <hv/ptable.h>
#include <hv/tlb.h>
#include <hv/types.h>

/** On behalf of d's own tables and frames. */
static inline void tables_ctx(struct pt_ctx *c, const struct domain *d, struct budget *b)
{
	c->owner = d->id;
	c->pages = d->id;
	c->io = d->mm.io_memory;
	c->m2p_hidden = d->mm.vm_assist >> VMASST_TYPE_m2p_strict & 1;
	c->refuse_l1 = d->mm.io_memory ? pte_refused_l1 & ~PTE_CACHE : pte_refused_l1;
	c->budget = b;
	c->error = 0;
	c->ldt_stale = false;
}

/** Loads v's tables into this CPU, and flushes. */
static inline void tables_load(struct vcpu *v)
{
	uint64_t tick = tlb_flush_begin();

	arch_load_cr3(v);
	arch_tlb_flush_local();
	tlb_flush_done(arch_cpu_id(), tick);
}

/** Gives back what an earlier operation has left. 0 or -XEN_ERESTART. No lock held. */
int tables_settle(struct pt_pending *pending, struct budget *b);

/**
 * A reference of d's frame m and its use as a table of the level. Goes on with what is pending.
 * 0 with *table; -XEN_ERESTART; -XEN_EINVAL and others; in each case something may be pending.
 */
int tables_take(struct domain *d, mfn_t m, unsigned level, struct pt_pending *pending,
		struct budget *b, struct frame **table);

/** Gives both back; what remains is pending (which must be empty). */
void tables_put(struct domain *d, struct frame *f, struct pt_pending *pending, struct budget *b);

/** The quick ways for a top-level table that is in use elsewhere too (pinned, as a rule). False:
 *  it is not; nothing has changed, tables_take() or tables_put() will do. */
bool tables_take_quick(struct domain *d, mfn_t m);
bool tables_put_quick(struct domain *d, mfn_t m);
/**
 * Both at once, for v, which runs here: *at (one of its two top-level tables) becomes m. The CPU has left the
 * old table when anybody else can get at it.
 */
bool tables_switch_quick(struct vcpu *v, mfn_t *at, mfn_t m);

/** Pins a frame of d as a table of the level. 0; -XEN_ERESTART; -XEN_EINVAL and others. */
int tables_pin(struct domain *d, mfn_t m, unsigned level, struct pt_pending *pending,
	       struct budget *b);

/** The pin of a frame of d: taken off; what it held is pending or given back. False: not pinned. */
bool tables_unpin(struct domain *d, struct frame *f, struct pt_pending *pending,
		  struct budget *b);

/**
 * v, which runs here, gets another top-level table for its kernel (loaded at once) or for its user
 * mode (0: none): MMUEXT_NEW_BASEPTR, MMUEXT_NEW_USER_BASEPTR, MOV to CR3. 0, with the old one given
 * back or pending; -XEN_ERESTART, with what is begun pending; -XEN_EINVAL and others. On an error
 * v has the table that it had.
 */
int vcpu_load_table(struct vcpu *v, mfn_t new, struct budget *b);
int vcpu_set_user_table(struct vcpu *v, mfn_t new, struct budget *b);

/** Descriptor pages lost a mapping: the LDT windows of d's vCPUs are emptied. */
void tables_ldt_stale(struct domain *d);
