// SPDX-License-Identifier: MIT
/*
 * Frames by the number that a guest gave: a reference, and a use as data or as descriptors.
 */
#include <hv/mm.h>

#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/segments.h>

struct frame *frame_get(mfn_t m, const struct domain *d)
{
	return frame_get_of(m, d->id);
}

struct frame *frame_get_writable(mfn_t m, struct domain *d)
{
	struct frame *f = frame_get_of(m, d->id);

	if (!f)
		return NULL;
	if (frame_type_take(f, FRAME_WRITABLE))
		return f;
	frame_put(f);
	return NULL;
}

#define CHECK_COST 10	/* of the budget, paid afterwards: a list of calls ends with it */

/* A page of descriptors is checked once, when it becomes one; updates check what they write. */
static bool check_descriptors(struct frame *f)
{
	uint64_t *desc = frame_ptr(frame_mfn(f));

	budget_take_n(current_budget(), CHECK_COST);
	for (unsigned i = 0; i < PAGE_SIZE / sizeof(*desc); i++)
		if (!segdesc_fix(&desc[i]))
			return false;
	__atomic_fetch_or(&f->type_info, FT_VALIDATED, __ATOMIC_RELEASE);
	return true;
}

struct frame *frame_get_segdesc(mfn_t m, struct domain *d)
{
	struct frame *f = frame_get(m, d);
	bool ok;

	if (!f)
		return NULL;
	/* The lock keeps two from checking one page at a time. */
	spin_lock(&d->mm.pt_lock);
	ok = frame_type_take(f, FRAME_SEGDESC);
	if (ok && !(f->type_info & FT_VALIDATED) && !check_descriptors(f)) {
		frame_type_drop(f);
		ok = false;
	}
	spin_unlock(&d->mm.pt_lock);
	if (ok)
		return f;
	frame_put(f);
	return NULL;
}

void frame_put_typed(struct frame *f)
{
	frame_type_drop(f);
	frame_put(f);
}

void m2p_set(mfn_t m, uint64_t pfn)
{
	WRITE_ONCE(arch_m2p[m.n], pfn);
}

void m2p_set_run(mfn_t first, uint64_t n, uint64_t pfn)
{
	uint64_t *at = &arch_m2p[first.n];

	for (uint64_t *end = at + n; at < end; at++, pfn++)
		WRITE_ONCE(*at, pfn);
}

void m2p_clear_run(mfn_t first, uint64_t n)
{
	uint64_t *at = &arch_m2p[first.n];

	for (uint64_t *end = at + n; at < end; at++)
		WRITE_ONCE(*at, INVALID_M2P_ENTRY);
}

uint64_t m2p_get(mfn_t m)
{
	if (m.n >= arch_max_mfn)
		return INVALID_M2P_ENTRY;
	return READ_ONCE(arch_m2p[index_clamp(m.n, arch_max_mfn)]);
}
