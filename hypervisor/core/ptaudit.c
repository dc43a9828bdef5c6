// SPDX-License-Identifier: MIT
/*
 * The validator of the page-type books: see pt_audit() in hv/ptable.h. It needs no memory,
 * because it counts in the frame table itself, down and up again.
 */
#include <hv/ptable.h>

#include <hv/mm.h>

static bool is_table(const struct frame *f)
{
	enum frame_type t = frame_type(f);

	return t >= FRAME_L1 && t <= FRAME_L4 && (f->type_info & (FT_VALIDATED | FT_PARTIAL));
}

static bool is_own_slot(unsigned level, unsigned i)
{
	return level != 4 || i < HV_SLOT_FIRST || i > HV_SLOT_LAST;
}

static bool is_owned(const struct frame *f, unsigned i)
{
	unsigned marked = f->aux & PT_VALIDATED;

	return i < marked || (i == marked && (f->aux & PT_ENTRY_OWNED));
}

static const char *l1_entry_wrong(uint64_t e, const struct frame *child)
{
	if (!(e & PTE_U))
		return "an entry is for the hypervisor only";
	if (!(e & (PTE_GUEST_KERNEL | PTE_G)))
		return "an entry is neither global nor the kernel's";
	if ((e & PTE_W) && frame_type(child) != FRAME_WRITABLE)
		return "an entry may write what is no data";
	return NULL;
}

static const char *entry_wrong(const struct frame *f, unsigned level, uint64_t e,
			       const struct frame *child, bool whole)
{
	unsigned below = (unsigned)frame_type(child);

	if (level == 1)
		return l1_entry_wrong(e, child);
	if (whole && !(e & PTE_U))
		return "an entry is for the hypervisor only";
	if (e & pte_refused_table)
		return "an entry has bits that it may not have";
	if (child->owner != f->owner)
		return "an entry names another domain's table";
	if (below == level)
		return e & PTE_W ? "a recursive entry may write" : NULL;
	return below == level - 1 ? NULL : "an entry names no table of the level below";
}

/* Who takes the table apart would pass this entry by. */
static bool is_forgotten(const struct frame *f, unsigned i)
{
	return !(f->aux >> PT_GROUP_SHIFT & 1u << i / PT_GROUP);
}

/* One entry that holds something: sign -1 takes it off, 1 puts it back. */
static void count_entry(const struct pt_audit *a, struct frame *f, unsigned level, unsigned i,
			uint64_t e, int sign)
{
	struct frame *child;
	const char *wrong;
	bool whole = i < (f->aux & PT_VALIDATED);

	if (!(e & PTE_P) || pte_mfn(e).n >= arch_max_mfn)
		return;
	child = frame_of(pte_mfn(e));
	if (level == 1 ? mm_is_io(pte_mfn(e)) : child == f)
		return;		/* I/O memory; a recursive entry for itself */
	if (sign < 0) {
		wrong = entry_wrong(f, level, e, child, whole);
		if (wrong)
			a->wrong(a->ctx, f, wrong);
		if (is_forgotten(f, i))
			a->wrong(a->ctx, f, "an entry is present in a group that has none");
	}
	child->count_info += (uint64_t)(int64_t)sign;
	if (level > 1 || (e & PTE_W))
		child->type_info += (uint64_t)(int64_t)sign;
	if (level > 1 && frame_type(child) == (enum frame_type)level) {
		child->linear = (int16_t)(child->linear + sign);
		f->linear = (int16_t)(f->linear - sign);
	}
}

static void count_tables(const struct pt_audit *a, int sign)
{
	for (uint64_t m = 0; m < arch_max_mfn; m++) {
		struct frame *f = frame_of(mfn(m));
		unsigned level = (unsigned)frame_type(f);
		const uint64_t *table = frame_ptr(mfn(m));

		if (!is_table(f))
			continue;
		for (unsigned i = 0; i < PTE_ENTRIES; i++)
			if (is_own_slot(level, i) && is_owned(f, i))
				count_entry(a, f, level, i, table[i], sign);
	}
}

/* 48 bits, with a sign: what remains may be wrong. */
static int64_t remains(uint64_t info)
{
	return (int64_t)(info << 16) >> 16;
}

static void check_rest(const struct pt_audit *a, struct frame *f)
{
	int64_t refs = remains(f->count_info), uses = remains(f->type_info);

	if (!f->count_info && (!f->type_info || f->owner == DOMID_INVALID))
		return;		/* free: type_info says whose data it still holds */
	if (refs < 0)
		a->wrong(a->ctx, f, "more entries name it than it has references");
	if (uses < 0)
		a->wrong(a->ctx, f, "more entries use it than it has uses");
	if (is_table(f) && f->linear)
		a->wrong(a->ctx, f, "the count of recursive entries is wrong");
	if (!(f->count_info & FC_FREE))
		a->rest(a->ctx, f, refs, uses);
}

static void check_marks(const struct pt_audit *a, const struct frame *f)
{
	uint64_t t = f->type_info;
	bool used = t & FT_COUNT, table = frame_type(f) >= FRAME_L1 && frame_type(f) <= FRAME_L4;

	if (t & FT_BUSY)
		a->wrong(a->ctx, f, "its type is about to change");
	if (!table)
		return;
	if (used != !!(t & (FT_VALIDATED | FT_PARTIAL)))
		a->wrong(a->ctx, f, "a table in use is neither checked nor being checked");
	if ((t & FT_VALIDATED) && (t & FT_PARTIAL))
		a->wrong(a->ctx, f, "a table is checked and being checked");
	if ((t & FT_VALIDATED) && (f->aux & (PT_VALIDATED | PT_ENTRY_OWNED)) != PTE_ENTRIES)
		a->wrong(a->ctx, f, "a checked table has no mark at its end");
	if ((t & FT_PINNED) && !used)
		a->wrong(a->ctx, f, "a pinned table has no use");
}

void pt_audit(const struct pt_audit *a)
{
	for (uint64_t m = 0; m < arch_max_mfn; m++)
		check_marks(a, frame_of(mfn(m)));
	count_tables(a, -1);
	for (uint64_t m = 0; m < arch_max_mfn; m++)
		check_rest(a, frame_of(mfn(m)));
	count_tables(a, 1);
}
