// SPDX-License-Identifier: MIT
/*
 * References and plain types of frames, and the clock of TLB flushes: see hv/frame.h, hv/tlb.h.
 * All of it is lock-free: a grant or a mapping of another domain must not wait for the owner.
 *
 * What must be flushed is decided here; the flush, in the middle of a change of type, is
 * domain/flush.c's.
 */
#include <hv/frame.h>

#include <hv/lock.h>
#include <hv/tlb.h>

cpumask_t tlb_cpus = { { 1 } };
cpumask_t tlb_idle;
uint64_t tlb_clock = 1;
uint64_t tlb_flushed[MAX_CPUS] = { [0 ... MAX_CPUS - 1] = 1 };

bool frame_drop_allocated(struct frame *f)
{
	if (!(__atomic_fetch_and(&f->count_info, ~FC_ALLOCATED, __ATOMIC_ACQ_REL) & FC_ALLOCATED))
		return false;
	frame_put(f);
	return true;
}

static inline bool type_cas(struct frame *f, uint64_t *was, uint64_t to)
{
	return __atomic_compare_exchange_n(&f->type_info, was, to, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_RELAXED);
}

/*
 * Uses are 0. Keeps everybody else away while stale translations of the former use are flushed. A frame
 * that had no type since it got its owner has none: those of the owner before are flushed by then.
 */
static bool type_change(struct frame *f, uint64_t *was, enum frame_type type)
{
	uint64_t now = (uint64_t)type << FT_SHIFT | 1;

	if (!*was && type > FRAME_L4)
		return type_cas(f, was, now);
	if (!type_cas(f, was, *was | FT_BUSY))
		return false;
	if (*was >> FT_SHIFT)
		tlb_flush_users(f);
	if (type <= FRAME_L4) {
		f->aux = 0;
		f->linear = 0;
	}
	__atomic_store_n(&f->type_info, now, __ATOMIC_RELEASE);
	return true;
}

bool frame_type_take_slow(struct frame *f, enum frame_type type)
{
	uint64_t t = READ_ONCE(f->type_info);

	for (;;) {
		if (likely((t & (FT_TYPE | FT_BUSY)) == (uint64_t)type << FT_SHIFT)) {
			if (likely(type_cas(f, &t, t + 1)))
				return true;
		} else if (t & FT_COUNT) {
			return false;
		} else if (t & FT_BUSY) {
			arch_relax();
			t = READ_ONCE(f->type_info);
		} else if (type_change(f, &t, type)) {
			return true;
		}
	}
}

bool frame_type_begin(struct frame *f, enum frame_type type)
{
	uint64_t t = READ_ONCE(f->type_info);

	for (;;) {
		if (t & FT_COUNT) {
			return false;
		} else if (t & FT_BUSY) {
			arch_relax();
			t = READ_ONCE(f->type_info);
		} else if (t >> FT_SHIFT == type) {
			/* The same tables as before, read again: nothing stale can do harm. */
			if (!type_cas(f, &t, (uint64_t)type << FT_SHIFT | FT_BUSY))
				continue;
			f->aux = 0;
			f->linear = 0;
			__atomic_store_n(&f->type_info, (uint64_t)type << FT_SHIFT | 1,
					 __ATOMIC_RELEASE);
			return true;
		} else if (type_change(f, &t, type)) {
			return true;
		}
	}
}

/*
 * The last use ends in two steps, so that the stamp is never older than the use: were it made first, others
 * could use the frame and leave it again before the count went to 0, and nobody would flush after them.
 */
void frame_type_drop_slow(struct frame *f)
{
	uint64_t t = READ_ONCE(f->type_info), to;

	do {
		CHECK(t & FT_COUNT);
		to = t - 1;
		if (!(to & FT_COUNT))
			to |= FT_BUSY;
	} while (unlikely(!type_cas(f, &t, to)));
	if (!(to & FT_BUSY))
		return;
	f->aux = tlb_stamp();
	__atomic_store_n(&f->type_info, to & ~FT_BUSY, __ATOMIC_RELEASE);
}
