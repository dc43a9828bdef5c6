// SPDX-License-Identifier: MIT
/*
 * One entry of a table of level 2 to 4: taken and dropped for whole tables (pagetype.c), and
 * changed for the guest.
 *
 * A table may name one of its own level ("linear" tables, by which a kernel sees its tables in
 * its address space): itself, which counts for nothing, or another, as long as that one names no
 * further one. frame.linear counts how often others name it (positive), or how many it
 * names (negative); so there are no rings of tables that would hold each other for ever.
 */
#include "pagetype.h"

#include <hv/mm.h>

static void linear_link(struct frame *from, struct frame *to)
{
	from->linear--;
	to->linear++;
}

static void linear_unlink(struct frame *from, struct frame *to)
{
	from->linear++;
	to->linear--;
}

static bool linear_allowed(const struct frame *from, const struct frame *to)
{
	return from->linear <= 0 && from->linear != INT16_MIN && to->linear >= 0 &&
	       to->linear != INT16_MAX;
}

/* A reference of child is held and becomes the entry's, unless refused. */
static enum pt_result take_linear(struct frame *table, struct frame *child, unsigned level,
				  uint64_t e)
{
	uint64_t t = child->type_info;

	if ((e & PTE_W) || t >> FT_SHIFT != level || !(t & FT_VALIDATED) ||
	    !linear_allowed(table, child))
		return PT_REFUSED;
	linear_link(table, child);
	child->type_info = t + 1;
	return PT_OK;
}

/* A recursive entry of the top level leads to the hypervisor's own tables: pt_note_recursive(). */
static enum pt_result take_self(struct pt_ctx *c, unsigned level, uint64_t e)
{
	if (e & PTE_W)
		return pt_refuse(c, -XEN_EINVAL);
	if (level == 4)
		pt_note_recursive(c->owner);
	return PT_OK;
}

enum pt_result pt_entry_take(struct pt_ctx *c, struct frame *table, unsigned level, uint64_t e)
{
	mfn_t m = pte_mfn(e);
	struct frame *child;
	enum pt_result r;

	if ((e & pte_refused_table) || m.n >= arch_max_mfn)
		return pt_refuse(c, -XEN_EINVAL);
	child = frame_of(mfn(index_clamp(m.n, arch_max_mfn)));
	if (child == table)
		return take_self(c, level, e);
	if (!frame_try_ref_owned(child, c->owner))
		return pt_refuse(c, -XEN_EINVAL);
	r = pt_take(c, child, level - 1);
	if (r == PT_REFUSED) {
		r = take_linear(table, child, level, e);
		if (r == PT_REFUSED)
			frame_put(child);
		else if (level == 4)
			pt_note_recursive(c->owner);
	}
	return r;
}

enum pt_result pt_entry_drop(struct pt_ctx *c, struct frame *table, unsigned level, uint64_t e,
			     bool stays)
{
	struct frame *child;
	bool linear;

	if (!(e & PTE_P))
		return PT_OK;
	child = frame_of(pte_mfn(e));
	if (child == table)
		return PT_OK;
	linear = pt_level(child) == level;
	if (linear)
		linear_unlink(table, child);
	if (pt_drop(c, child) == PT_AGAIN) {
		if (linear && stays)
			linear_link(table, child);
		return PT_AGAIN;
	}
	frame_put(child);
	return PT_OK;
}

/* What an earlier update has left is the start of this one. */
static bool is_continued(const struct pt_ctx *c, unsigned level, uint64_t e,
			 const struct pt_pending *pending)
{
	const struct frame *f = frame_of(pending->table);

	return !pending->dropping && (e & PTE_P) && pending->table.n == pte_mfn(e).n &&
	       f->owner == c->owner && pt_level(f) == level - 1;
}

/* As pt_entry_take(), going on with what an earlier attempt has left. */
static enum pt_result take_new(struct pt_ctx *c, struct frame *table, unsigned level, uint64_t e,
			       struct pt_pending *pending)
{
	enum pt_result r;

	if (pending->table.n) {
		r = pt_resume(c, frame_of(pending->table));
		pending->table = mfn(0);
	} else {
		r = pt_entry_take(c, table, level, e);
	}
	if (r == PT_AGAIN || r == PT_BAD)
		*pending = (struct pt_pending){ pte_mfn(e), r == PT_BAD };
	return r;
}

static void table_entry_write(uint64_t *slot, uint64_t new, bool keep_ad)
{
	uint64_t old = READ_ONCE(*slot);

	while (!__atomic_compare_exchange_n(slot, &old, keep_ad ? new | (old & (PTE_A | PTE_D)) : new,
					    false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		;
}

int pt_update(struct pt_ctx *c, struct frame *table, unsigned level, unsigned index, uint64_t new,
	      bool keep_ad, struct pt_pending *pending)
{
	uint64_t *slot = (uint64_t *)frame_ptr(frame_mfn(table)) + index;
	uint64_t old = READ_ONCE(*slot);

	if (!pt_is_guest_slot(level, index))
		return -XEN_EINVAL;
	if (unlikely(pending->table.n) && !is_continued(c, level, new, pending)) {
		pending->dropping = true;
		return -XEN_ERESTART;
	}
	if (new & PTE_P) {
		if (new & pte_refused_table)
			return -XEN_EINVAL;
		if (!((old ^ new) & ~PTE_HARMLESS)) {
			table_entry_write(slot, pt_entry_adjust(level, new), keep_ad);
			return 0;
		}
		switch (take_new(c, table, level, new, pending)) {
		case PT_OK:
			new = pt_entry_adjust(level, new);
			break;
		case PT_AGAIN:
			return -XEN_ERESTART;
		default:
			return c->error;
		}
	}
	/* Nothing below can fail. */
	if (new & PTE_P)
		pt_note_entry(table, slot);
	table_entry_write(slot, new, keep_ad);
	if (pt_entry_drop(c, table, level, old, false) == PT_AGAIN)
		*pending = (struct pt_pending){ pte_mfn(old), true };
	return 0;
}
