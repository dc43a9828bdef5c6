// SPDX-License-Identifier: MIT
/*
 * domctl shadow_op: what live migration asks, which pages a domain has written to since it
 * was asked last. Guests run on their own tables here, in which nothing can be marked without
 * their seeing it, and there are no shadow tables. So the answer is the one that is always
 * true: any page may have been written to. A migration then sends all memory each time, and
 * what it sends last, with the domain suspended, is right.
 */
#include <hv/domctl.h>

#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/usercopy.h>

/* 64 GiB of pages, that is 2 MiB of bits: written in one go. */
#define PAGES_MAX (1UL << 24)

static int put_bits(guest_va_t to, uint64_t bytes, bool dirty)
{
	static const uint8_t ones[256] = { [0 ... 255] = 0xff };

	if (!dirty)
		return clear_guest(to, bytes) ? -XEN_EFAULT : 0;
	for (uint64_t at = 0; at < bytes; at += sizeof(ones))
		if (copy_to_guest(guest_va(to.a + at), ones, MIN(sizeof(ones), bytes - at)))
			return -XEN_EFAULT;
	return 0;
}

/* Clearing and looking are the same: all is dirty again at once. */
static long tell_dirty(struct domain *d, struct xen_domctl_shadow_op *s, bool *copyback)
{
	int rc = 0;

	if (s->mode & ~(uint32_t)XEN_DOMCTL_SHADOW_LOGDIRTY_FINAL)
		return -XEN_EINVAL;
	if (s->pages > PAGES_MAX)
		return -XEN_E2BIG;
	if (!handle_is_null(s->dirty_bitmap))
		rc = put_bits(handle_va(s->dirty_bitmap), DIV_ROUND_UP(s->pages, 8), d->log_dirty);
	s->stats.fault_count = 0;
	s->stats.dirty_count = d->log_dirty ? d->mm.tot_pages : 0;
	*copyback = !rc;
	return rc;
}

static long enable(struct domain *d)
{
	if (d->log_dirty)
		return -XEN_EINVAL;
	d->log_dirty = true;
	return 0;
}

long domctl_shadow_op(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	struct xen_domctl_shadow_op *s = &op->u.shadow_op;
	int rc;

	if (d == current_vcpu()->domain)
		return -XEN_EINVAL;
	if (d->life.state >= LIFE_DYING)
		return 0;
	if (!domctl_vcpu(d, 0, -XEN_EINVAL, -XEN_EINVAL, &rc))
		return rc;
	switch (s->op) {
	case XEN_DOMCTL_SHADOW_OP_OFF:
		d->log_dirty = false;
		return 0;
	case XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY:
		return enable(d);
	case XEN_DOMCTL_SHADOW_OP_CLEAN:
	case XEN_DOMCTL_SHADOW_OP_PEEK:
		return tell_dirty(d, s, copyback);
	default:
		return -XEN_EINVAL;
	}
}
