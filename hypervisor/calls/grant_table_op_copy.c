// SPDX-License-Identifier: MIT
/*
 * GNTTABOP_copy: bytes from one page to another, each either granted to the caller
 * or its own. A granted page is pinned for as long as it is copied. In a list the page that is
 * written is kept until another comes or the list ends: one is mostly filled from many.
 */
#include "grant_table_op.h"

#include <hv/arch.h>
#include <hv/domain.h>
#include <hv/mem.h>

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

static inline uint64_t place_of(const struct gnttab_copy_ptr *p, bool granted)
{
	return granted ? p->u.ref : p->u.gmfn;
}

/* The page that the last copy wrote to, if this one does, too. */
static inline struct frame *kept(const struct copy_side *s, const struct gnttab_copy_ptr *p,
				 unsigned granted)
{
	return s->frame && s->place == place_of(p, granted) && s->domid == p->domid &&
	       s->granted == granted ? s->frame : NULL;
}

static inline __attribute__((always_inline)) void release(struct vcpu *v, const struct copy_side *s,
							  bool readonly)
{
	grant_frame_put(s->frame, readonly);
	if (s->granted)
		grant_unpin(&s->d->grants, (uint32_t)s->place, pin_flags(readonly));
	side_leave(v, s->d);
}

/* Twice in line, as the page that is written is mostly the caller's own. */
static inline __attribute__((always_inline)) int acquire(struct vcpu *v, struct copy_side *s,
							 const struct gnttab_copy_ptr *p,
							 unsigned granted, bool readonly)
{
	uint64_t mfn_n = p->u.gmfn;
	int status = GNTST_okay;

	s->place = place_of(p, granted);
	s->domid = p->domid;
	s->granted = (uint16_t)granted;
	if (p->domid != DOMID_SELF && !granted)
		return GNTST_permission_denied;
	s->d = side_domain(v, p->domid);
	if (!s->d)
		return GNTST_bad_domain;
	if (granted) {
		status = grant_pin(s->d, p->u.ref, v->domain->id, pin_flags(readonly), false, &mfn_n);
		if (status)
			goto leave;
	}
	s->frame = grant_frame_get(s->d->id, mfn_n, readonly, &status);
	if (likely(s->frame))
		return GNTST_okay;
	if (granted)
		grant_unpin(&s->d->grants, p->u.ref, pin_flags(readonly));
leave:
	side_leave(v, s->d);
	return status;
}

static inline int copy_bytes(const struct gnttab_copy *op, const struct frame *from,
			     const struct frame *to)
{
	const char *source = frame_data(from);
	char *dest = frame_data(to);

	if (MAX(op->source.offset, op->dest.offset) + op->len > PAGE_SIZE)
		return GNTST_bad_copy_arg;
	if (unlikely(dest == source))
		memmove(dest + op->dest.offset, source + op->source.offset, op->len);
	else if (op->len == PAGE_SIZE)
		arch_copy(dest, source, PAGE_SIZE);
	else
		memcpy(dest + op->dest.offset, source + op->source.offset, op->len);
	return GNTST_okay;
}

static __attribute__((noinline)) void keep(struct vcpu *v, struct grant_batch *batch,
					   const struct copy_side *to)
{
	if (batch->to.frame)
		grant_copy_finish(v, batch);
	batch->to = *to;
}

static int copy(struct vcpu *v, const struct gnttab_copy *op, struct grant_batch *batch)
{
	unsigned granted = op->flags & GNTCOPY_dest_gref;
	struct frame *dest = kept(&batch->to, &op->dest, granted);
	struct copy_side from, to;
	int status = acquire(v, &from, &op->source, op->flags & GNTCOPY_source_gref, true);

	if (unlikely(status))
		return status;
	if (dest) {
		status = copy_bytes(op, from.frame, dest);
	} else {
		status = acquire(v, &to, &op->dest, granted, false);
		if (likely(!status)) {
			status = copy_bytes(op, from.frame, to.frame);
			if (batch->alone)
				release(v, &to, false);
			else
				keep(v, batch, &to);
		}
	}
	release(v, &from, true);
	return status;
}

void grant_copy_element(struct vcpu *v, void *element, struct grant_batch *batch)
{
	struct gnttab_copy *op = element;

	op->status = (int16_t)copy(v, op, batch);
}

void grant_copy_finish(struct vcpu *v, struct grant_batch *batch)
{
	release(v, &batch->to, false);
	batch->to.frame = NULL;
}
