// SPDX-License-Identifier: MIT
/*
 * Tables as a whole: from a frame of data to a checked page table and back, down to the lowest
 * level, in pieces. Recursion goes four levels deep, five with a recursive (linear) entry.
 */
#include "pagetype.h"

#include <hv/mem.h>
#include <hv/mm.h>

/* The index of the M2P's slot, which VMASST_TYPE_m2p_strict hides. */
#define M2P_SLOT 256

static void set_progress(struct frame *f, unsigned entries, bool entry_owned)
{
	f->aux = (f->aux & ~(PT_VALIDATED | PT_ENTRY_OWNED)) | entries |
		 (entry_owned ? PT_ENTRY_OWNED : 0);
}

/* Uses stay above 0, so that nobody but us, under the lock, writes here. */
static enum pt_result set_partial(struct frame *f, enum pt_result result)
{
	f->type_info = (f->type_info & ~FT_VALIDATED) | FT_PARTIAL;
	return result;
}

static enum pt_result set_validated(struct frame *f)
{
	set_progress(f, PTE_ENTRIES, false);
	__atomic_store_n(&f->type_info, (f->type_info & ~FT_PARTIAL) | FT_VALIDATED,
			 __ATOMIC_RELEASE);
	return PT_OK;
}

/*
 * Tables are mostly empty, and half of the work on one is to look for what it has: entries are looked
 * at in groups. Plain reads: the guest cannot write here, hardware only accessed and dirty bits.
 */
#define GROUP 16

static inline bool group_is_empty(const uint64_t *e)
{
	uint64_t any = e[0] | e[1] | e[2] | e[3] | e[4] | e[5] | e[6] | e[7];

	any |= e[8] | e[9] | e[10] | e[11] | e[12] | e[13] | e[14] | e[15];
	return !(any & PTE_P);
}

/* ---- level 1 ------------------------------------------------------------------------------ */

/* Returns how many entries of the group were taken; all, unless c->error says why not. */
static unsigned take_l1_group(struct pt_ctx *c, uint64_t *table)
{
	for (unsigned i = 0; i < GROUP; i++) {
		uint64_t e = READ_ONCE(table[i]);

		if (!(e & PTE_P))
			continue;
		int rc = pt_l1e_take(c, &e);

		if (unlikely(rc)) {
			c->error = rc;
			return i;
		}
		e = pt_l1e_adjust(e);
		if (table[i] != e)
			table[i] = e;
	}
	return GROUP;
}

static enum pt_result validate_l1(struct pt_ctx *c, struct frame *f)
{
	uint64_t *table = frame_ptr(frame_mfn(f));
	uint32_t groups = 0;

	if (f->aux & PT_VALIDATED)	/* it was about to be dropped */
		return set_validated(f);
	if (!budget_take_n(c->budget, PT_L1_COST))
		return set_partial(f, PT_AGAIN);
	for (unsigned i = 0; i < PTE_ENTRIES; i += GROUP) {
		if (group_is_empty(&table[i]))
			continue;
		unsigned taken = take_l1_group(c, &table[i]);

		if (unlikely(taken < GROUP)) {
			for (i += taken; i-- > 0; )
				pt_l1e_drop(c, table[i]);
			return set_partial(f, PT_BAD);
		}
		groups |= 1u << i / PT_GROUP;
	}
	f->aux = groups << PT_GROUP_SHIFT;
	return set_validated(f);
}

static enum pt_result devalidate_l1(struct pt_ctx *c, struct frame *f)
{
	const uint64_t *table = frame_ptr(frame_mfn(f));

	if (!(f->aux & PT_VALIDATED))	/* nothing was, or all is undone */
		return PT_OK;
	if (!budget_take_n(c->budget, PT_L1_COST))
		return PT_AGAIN;
	for (uint32_t groups = f->aux >> PT_GROUP_SHIFT; groups; groups &= groups - 1) {
		const uint64_t *e = &table[(unsigned)__builtin_ctz(groups) * PT_GROUP];

		for (unsigned i = 0; i < PT_GROUP; i++)
			pt_l1e_drop(c, e[i]);
	}
	f->aux = 0;
	return PT_OK;
}

/* ---- levels 2 to 4 ------------------------------------------------------------------------------ */

/*
 * Most entries of upper levels name a table that others name, too, as the kernel's half of a top
 * level does: then there is nothing to do but to count. A validated table has uses and
 * references as long as the lock is held.
 */
static inline bool take_shared(const struct pt_ctx *c, unsigned level, uint64_t e)
{
	mfn_t m = pte_mfn(e);
	struct frame *child;

	if (unlikely(e & pte_refused_table) || unlikely(m.n >= arch_max_mfn))
		return false;
	child = frame_of(mfn(index_clamp(m.n, arch_max_mfn)));
	if (child->owner != c->owner || (child->type_info & (FT_TYPE | FT_VALIDATED)) !=
					((uint64_t)(level - 1) << FT_SHIFT | FT_VALIDATED))
		return false;
	child->type_info++;
	frame_ref(child);
	return true;
}

static inline bool drop_shared(unsigned level, uint64_t e)
{
	struct frame *child = frame_of(pte_mfn(e));
	uint64_t t = child->type_info;

	if ((t & FT_COUNT) < 2 || t >> FT_SHIFT != level - 1)
		return false;
	child->type_info = t - 1;
	frame_put(child);
	return true;
}

static enum pt_result validate_entry(struct pt_ctx *c, struct frame *f, unsigned level,
				     uint64_t *slot)
{
	uint64_t e = READ_ONCE(*slot);
	enum pt_result r = PT_OK;

	if (unlikely(f->aux & PT_ENTRY_OWNED))
		r = pt_resume(c, frame_of(pte_mfn(e)));
	else if (!take_shared(c, level, e))
		r = pt_entry_take(c, f, level, e);
	if (r == PT_OK && pt_entry_adjust(level, e) != e)
		*slot = pt_entry_adjust(level, e);
	return r;
}

/* The first entry, from here on, of a group that has something. */
static unsigned next_group(const uint64_t *table, unsigned i)
{
	while (i < PTE_ENTRIES && group_is_empty(&table[i]))
		i += GROUP;
	return i;
}

/* A unit of the budget for a look over it all, and one for each group that has something. */
static enum pt_result validate_table(struct pt_ctx *c, struct frame *f, unsigned level)
{
	uint64_t *table = frame_ptr(frame_mfn(f));
	unsigned i = f->aux & PT_VALIDATED;

	if (!budget_take(c->budget))
		return set_partial(f, PT_AGAIN);
	while (i < PTE_ENTRIES) {
		if (i % GROUP == 0) {
			i = next_group(table, i);
			if (i == PTE_ENTRIES)
				break;
			if (!budget_take(c->budget)) {
				set_progress(f, i, f->aux & PT_ENTRY_OWNED);
				return set_partial(f, PT_AGAIN);
			}
			pt_note_entry(f, &table[i]);
		}
		do {
			enum pt_result r;

			if (!(table[i] & PTE_P) || !pt_is_guest_slot(level, i))
				continue;
			r = validate_entry(c, f, level, &table[i]);
			if (unlikely(r != PT_OK)) {
				set_progress(f, i, r != PT_REFUSED);
				return set_partial(f, r == PT_AGAIN ? PT_AGAIN : PT_BAD);
			}
			f->aux &= ~PT_ENTRY_OWNED;
		} while (++i % GROUP);
	}
	if (level == 4) {
		arch_init_guest_l4(table);
		if (c->m2p_hidden)
			table[M2P_SLOT] = 0;
	}
	return set_validated(f);
}

/* Where the last group ends, of those before the entry, that has anything; 0: none has. */
static unsigned end_of_groups(const struct frame *f, unsigned entry)
{
	uint32_t groups = f->aux >> PT_GROUP_SHIFT & ((1u << entry / PT_GROUP) - 1);

	return groups ? (32 - (unsigned)__builtin_clz(groups)) * PT_GROUP : 0;
}

static enum pt_result devalidate_table(struct pt_ctx *c, struct frame *f, unsigned level)
{
	const uint64_t *table = frame_ptr(frame_mfn(f));
	unsigned i = f->aux & PT_VALIDATED;

	if (f->aux & PT_ENTRY_OWNED) {
		if (pt_entry_drop(c, f, level, table[i], true) == PT_AGAIN)
			return PT_AGAIN;
		set_progress(f, i, false);
	}
	while (i > 0) {
		if (i % PT_GROUP == 0) {
			i = end_of_groups(f, i);
			if (!i)
				break;
			if (!budget_take(c->budget)) {
				set_progress(f, i, false);
				return PT_AGAIN;
			}
		}
		do {
			uint64_t e = table[--i];

			if (!(e & PTE_P) || !pt_is_guest_slot(level, i) || drop_shared(level, e))
				continue;
			if (pt_entry_drop(c, f, level, e, true) == PT_AGAIN) {
				set_progress(f, i, true);
				return PT_AGAIN;
			}
		} while (i % PT_GROUP);
	}
	f->aux = 0;
	return PT_OK;
}

/* ---- uses of a table -------------------------------------------------------------------------------- */

static enum pt_result validate(struct pt_ctx *c, struct frame *f)
{
	unsigned level = pt_level(f);

	if (f->type_info & FT_VALIDATED)
		return PT_OK;
	return level == 1 ? validate_l1(c, f) : validate_table(c, f, level);
}

enum pt_result pt_take(struct pt_ctx *c, struct frame *f, unsigned level)
{
	uint64_t t = READ_ONCE(f->type_info);

	if (t >> FT_SHIFT == level && (t & FT_COUNT))
		f->type_info = t + 1;	/* under the lock that guards this type */
	else if (!frame_type_begin(f, level))
		return pt_refuse(c, -XEN_EINVAL);
	return validate(c, f);
}

enum pt_result pt_resume(struct pt_ctx *c, struct frame *f)
{
	CHECK(f->type_info & FT_COUNT);
	return validate(c, f);
}

enum pt_result pt_drop(struct pt_ctx *c, struct frame *f)
{
	uint64_t t = f->type_info;
	unsigned level = pt_level(f);
	enum pt_result r;

	CHECK((t & FT_COUNT) && level >= 1 && level <= 4);
	if ((t & FT_COUNT) > 1) {
		f->type_info = t - 1;
		return PT_OK;
	}
	CHECK(!(t & FT_PINNED));
	set_partial(f, PT_OK);
	r = level == 1 ? devalidate_l1(c, f) : devalidate_table(c, f, level);
	if (r == PT_AGAIN)
		return r;
	CHECK(!f->linear);
	/* Whoever uses it as something else must flush those who walked through it. */
	f->aux = tlb_stamp();
	__atomic_store_n(&f->type_info, (uint64_t)level << FT_SHIFT, __ATOMIC_RELEASE);
	return PT_OK;
}
