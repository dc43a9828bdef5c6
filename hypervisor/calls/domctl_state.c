// SPDX-License-Identifier: MIT
/*
 * domctl on those parts of a vCPU's state that its context has no room for: entry
 * points of 32-bit system calls, extended FPU state, MSRs. Saving and restoring use it.
 */
#include <hv/domctl.h>

#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/fpu.h>
#include <hv/mem.h>
#include <hv/traps.h>
#include <hv/usercopy.h>

/* ---- entry points --------------------------------------------------------------------- */

long domctl_get_ext_vcpucontext(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	struct xen_domctl_ext_vcpucontext *e = &op->u.ext_vcpucontext;
	uint32_t id = e->vcpu;
	struct vcpu *v;
	int rc;

	v = domctl_vcpu(d, id, -XEN_ESRCH, -XEN_ESRCH, &rc);
	if (!v)
		return rc;
	if (v == current_vcpu())
		return -XEN_ESRCH;
	memset(e, 0, sizeof(*e));
	e->vcpu = id;
	e->size = sizeof(*e);
	e->syscall32_callback_eip = v->syscall32_callback.rip;
	e->syscall32_disables_events = v->syscall32_callback.mask_events;
	e->sysenter_callback_eip = v->sysenter_callback.rip;
	e->sysenter_disables_events = v->sysenter_callback.mask_events;
	*copyback = true;
	return 0;
}

static struct callback callback_of(uint64_t rip, bool mask_events)
{
	return (struct callback){ .rip = rip, .mask_events = mask_events, .registered = rip != 0 };
}

long domctl_set_ext_vcpucontext(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	const struct xen_domctl_ext_vcpucontext *e = &op->u.ext_vcpucontext;
	struct vcpu *v;
	int rc;

	(void)copyback;
	v = domctl_vcpu(d, e->vcpu, -XEN_ESRCH, -XEN_ESRCH, &rc);
	if (!v)
		return rc;
	if (d == current_vcpu()->domain)
		return -XEN_ESRCH;
	if (e->size < offsetof(__typeof__(*e), mcg_cap))
		return -XEN_EINVAL;
	if (!is_canonical(e->syscall32_callback_eip) || !is_canonical(e->sysenter_callback_eip))
		return -XEN_EINVAL;
	vcpu_pause(v);
	v->syscall32_callback = callback_of(e->syscall32_callback_eip,
					    e->syscall32_disables_events);
	v->sysenter_callback = callback_of(e->sysenter_callback_eip,
					   e->sysenter_disables_events);
	vcpu_unpause(v);
	return 0;
}

/* ---- extended state: XCR0, the states ever used, the area in the standard format ------ */

#define EXT_HEADER (2 * sizeof(uint64_t))
#define EXT_AREA_MIN 576u	/* legacy region and XSAVE header */

static unsigned area_order(uint64_t bytes)
{
	unsigned order = 0;

	while (PAGE_SIZE << order < bytes)
		order++;
	return order;
}

static int get_area(struct vcpu *v, guest_va_t to, unsigned bytes)
{
	void *area = hv_pages_alloc(area_order(bytes));
	int rc;

	if (!area)
		return -XEN_ENOMEM;
	vcpu_pause(v);
	rc = fpu_get_area(v, area, bytes);
	vcpu_unpause(v);
	if (!rc)
		rc = copy_to_guest(to, area, bytes);
	hv_pages_free(area, area_order(bytes));
	return rc;
}

static int put_header(struct vcpu *v, guest_va_t to)
{
	uint64_t header[2] = { v->xcr0, v->xcr0 };

	return copy_to_guest(to, header, sizeof(header));
}

long domctl_getvcpuextstate(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	struct xen_domctl_vcpuextstate *e = &op->u.vcpuextstate;
	uint64_t mask = fpu_xfeatures(), size;
	guest_va_t to = handle_va(e->buffer);
	struct vcpu *v;
	int rc;

	v = domctl_vcpu(d, e->vcpu, -XEN_ESRCH, -XEN_ESRCH, &rc);
	if (!v)
		return rc;
	if (v == current_vcpu())
		return -XEN_EINVAL;
	size = EXT_HEADER + (mask ? fpu_area_size(v->xcr0) : 0);
	if ((!e->size && !e->xfeature_mask) || handle_is_null(e->buffer)) {
		e->xfeature_mask = mask;
		e->size = size;
		*copyback = true;
		return 0;
	}
	if (e->size != size || e->xfeature_mask != mask)
		return -XEN_EINVAL;
	*copyback = true;
	rc = put_header(v, to);
	if (rc || size == EXT_HEADER)
		return rc;
	return get_area(v, guest_va(to.a + EXT_HEADER), (unsigned)(size - EXT_HEADER));
}

static int set_area(struct vcpu *v, guest_va_t from, unsigned bytes, const uint64_t *header)
{
	void *area = hv_pages_alloc(area_order(bytes));
	int rc;

	if (!area)
		return -XEN_ENOMEM;
	rc = copy_from_guest(area, from, bytes);
	if (!rc) {
		vcpu_pause(v);
		rc = fpu_set_area(v, area, bytes, header[0], header[1]);
		vcpu_unpause(v);
	}
	hv_pages_free(area, area_order(bytes));
	return rc;
}

long domctl_setvcpuextstate(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	const struct xen_domctl_vcpuextstate *e = &op->u.vcpuextstate;
	guest_va_t from = handle_va(e->buffer);
	uint64_t header[2], max;
	struct vcpu *v;
	int rc;

	(void)copyback;
	v = domctl_vcpu(d, e->vcpu, -XEN_ESRCH, -XEN_ESRCH, &rc);
	if (!v)
		return rc;
	max = EXT_HEADER + (fpu_xfeatures() ? fpu_area_size(fpu_xfeatures()) : 0);
	if (d == current_vcpu()->domain || e->size < EXT_HEADER || e->size > max)
		return -XEN_EINVAL;
	if (d->life.state >= LIFE_DYING)	/* what it would be given now, nobody takes back */
		return -XEN_EINVAL;
	if (copy_from_guest(header, from, sizeof(header)))
		return -XEN_EFAULT;
	if (e->size < EXT_HEADER + EXT_AREA_MIN)	/* nothing was ever used */
		return e->size == EXT_HEADER ? 0 : -XEN_EINVAL;
	return set_area(v, guest_va(from.a + EXT_HEADER), (unsigned)(e->size - EXT_HEADER), header);
}

/* ---- MSRs: a PV vCPU has none of its own that the context does not hold --------------- */

long domctl_get_vcpu_msrs(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	struct xen_domctl_vcpu_msrs *m = &op->u.vcpu_msrs;
	struct vcpu *v;
	int rc;

	v = domctl_vcpu(d, m->vcpu, -XEN_ESRCH, -XEN_ESRCH, &rc);
	if (!v)
		return rc;
	if (v == current_vcpu())
		return -XEN_EINVAL;
	m->msr_count = 0;
	*copyback = true;
	return 0;
}

long domctl_set_vcpu_msrs(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	struct xen_domctl_vcpu_msrs *m = &op->u.vcpu_msrs;
	struct vcpu *v;
	int rc;

	v = domctl_vcpu(d, m->vcpu, -XEN_ESRCH, -XEN_ESRCH, &rc);
	if (!v)
		return rc;
	if (v == current_vcpu() || m->msr_count)
		return -XEN_EINVAL;
	*copyback = true;
	return 0;
}
