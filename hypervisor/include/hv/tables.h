/* SPDX-License-Identifier: MIT */
/* Page tables as vCPUs and pins hold them; the layer between hv/ptable.h and the hypercalls. */
#pragma once

#include <hv/arch.h>
#include <hv/cpu.h>
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

/** Loads the table of v's kernel, which runs here, and flushes. */
static inline void tables_load(struct vcpu *v)
{
	uint64_t tick = tlb_flush_begin();

	arch_load_table(v);
	tlb_flush_done(this_cpu()->id, tick);
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

/**
 * One of v's top-level tables is m from now on; held: with a reference and a use that are v's. Returns the
 * old one when those are the caller's now to give back, else 0: a pin stands in, or there was none. The
 * domain's pt_lock is held.
 */
static inline mfn_t tables_replace(struct vcpu *v, enum vcpu_table which, mfn_t m, bool held)
{
	mfn_t *at = which == TABLE_KERNEL ? &v->guest_table : &v->guest_table_user;
	mfn_t old = v->tables_held & which ? *at : mfn(0);

	v->tables_held = (uint8_t)((v->tables_held & ~which) | (held ? which : 0));
	*at = m;
	return old;
}

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

/* ---- a change of processes, in line as it is most of what a pipe costs ---------------------- */

/** VMASST_TYPE_m2p_strict: only the kernel's top level has the M2P. */
static inline bool tables_are_strict(const struct domain *d)
{
	return d->mm.vm_assist >> VMASST_TYPE_m2p_strict & 1;
}

/** v gets another table, and nothing has to be done for that but to load it. */
static inline bool tables_are_usual(const struct vcpu *v)
{
	return likely(!v->pt_pending.table.n) && likely(!v->ldt_ents) &&
	       likely(!tables_are_strict(v->domain));
}

/** A top-level table of d's that is pinned; so it stays until pt_lock, which is held, is let go. */
static inline bool tables_is_pinned(const struct domain *d, mfn_t m)
{
	const uint64_t need = (uint64_t)FRAME_L4 << FT_SHIFT | FT_VALIDATED | FT_PINNED;
	const struct frame *f;

	if (unlikely(m.n >= arch_max_mfn))
		return false;
	f = frame_of(mfn(index_clamp(m.n, arch_max_mfn)));
	return likely(f->owner == d->id) &&
	       likely((f->type_info & (FT_TYPE | FT_VALIDATED | FT_PINNED)) == need);
}

/** vcpu_load_table() and vcpu_set_user_table() at once. False: something is unusual; nothing has changed. */
static inline bool tables_switch(struct vcpu *v, mfn_t kernel, mfn_t user)
{
	struct domain *d = v->domain;
	bool ok;

	if (!tables_are_usual(v))
		return false;
	spin_lock(&d->mm.pt_lock);
	ok = likely(!v->tables_held) && tables_is_pinned(d, kernel) && tables_is_pinned(d, user);
	if (likely(ok)) {
		v->guest_table = kernel;
		v->guest_table_user = user;
		/* Nobody gets at the old one until the CPU has left it: the lock is held. */
		tables_load(v);
	}
	spin_unlock(&d->mm.pt_lock);
	return ok;
}
