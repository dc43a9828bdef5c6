// SPDX-License-Identifier: MIT
/*
 * GNTTABOP_copy: bytes from one page to another, each either granted to the caller
 * or its own. A granted page is pinned for as long as it is copied.
 */
#include "grant_table_op.h"

#include <hv/arch.h>
#include <hv/domain.h>
#include <hv/mem.h>

/* One side of a copy. */
struct side {
	struct domain *d;	/* with a reference, but for the caller itself */
	struct frame *frame;
	bool granted;
	uint32_t ref;
};

/* Flags of a pin for the time of a copy. */
static inline uint32_t pin_flags(bool readonly)
{
	return GNTMAP_host_map | (readonly ? GNTMAP_readonly : 0);
}

static inline struct domain *side_domain(struct vcpu *v, domid_t id)
{
	return id == DOMID_SELF || id == v->domain->id ? v->domain : domain_get(id);
}

static inline void side_leave(struct vcpu *v, struct domain *d)
{
	if (d != v->domain)
		domain_put(d);
}

/* Twice in line, as the page that is written is mostly the caller's own. */
static inline __attribute__((always_inline)) int acquire(struct vcpu *v, struct side *s,
							 const struct gnttab_copy_ptr *p,
							 bool granted, bool readonly)
{
	uint64_t mfn_n = p->u.gmfn;
	int status = GNTST_okay;

	s->granted = granted;
	s->ref = p->u.ref;
	if (p->domid != DOMID_SELF && !granted)
		return GNTST_permission_denied;
	s->d = side_domain(v, p->domid);
	if (!s->d)
		return GNTST_bad_domain;
	if (granted) {
		status = grant_pin(s->d, s->ref, v->domain->id, pin_flags(readonly), false, &mfn_n);
		if (status)
			goto leave;
	}
	s->frame = grant_frame_get(s->d->id, mfn_n, readonly, &status);
	if (likely(s->frame))
		return GNTST_okay;
	if (granted)
		grant_unpin(&s->d->grants, s->ref, pin_flags(readonly));
leave:
	side_leave(v, s->d);
	return status;
}

static inline void release(struct vcpu *v, struct side *s, bool readonly)
{
	grant_frame_put(s->frame, readonly);
	if (s->granted)
		grant_unpin(&s->d->grants, s->ref, pin_flags(readonly));
	side_leave(v, s->d);
}

static int copy(struct vcpu *v, const struct gnttab_copy *op)
{
	struct side from, to;
	int status = acquire(v, &from, &op->source, op->flags & GNTCOPY_source_gref, true);

	if (status)
		return status;
	status = acquire(v, &to, &op->dest, op->flags & GNTCOPY_dest_gref, false);
	if (!status) {
		const char *source = frame_ptr(frame_mfn(from.frame));
		char *dest = frame_ptr(frame_mfn(to.frame));

		if (MAX(op->source.offset, op->dest.offset) + op->len > PAGE_SIZE)
			status = GNTST_bad_copy_arg;
		else if (op->len == PAGE_SIZE && dest != source)
			arch_copy(dest, source, PAGE_SIZE);
		else	/* may be one and the same page */
			memmove(dest + op->dest.offset, source + op->source.offset, op->len);
		release(v, &to, false);
	}
	release(v, &from, true);
	return status;
}

void grant_copy_element(struct vcpu *v, void *element, struct unmap_batch *batch)
{
	struct gnttab_copy *op = element;

	(void)batch;
	op->status = (int16_t)copy(v, op);
}
