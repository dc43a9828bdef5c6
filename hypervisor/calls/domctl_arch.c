// SPDX-License-Identifier: MIT
/*
 * domctl where it depends on the machine: frames' types, the transfer page, address
 * size, rights to devices.
 */
#include <hv/domctl.h>

#include <hv/arch.h>
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/mem.h>
#include <hv/traps.h>
#include <hv/usercopy.h>

/* ---- frames --------------------------------------------------------------------------- */

#define PFINFO_MAX 1024

static xen_pfn_t frame_info(struct domain *d, mfn_t m)
{
	static const uint32_t table[FRAME_TYPES] = {
		[FRAME_L1] = XEN_DOMCTL_PFINFO_L1TAB,
		[FRAME_L2] = XEN_DOMCTL_PFINFO_L2TAB,
		[FRAME_L3] = XEN_DOMCTL_PFINFO_L3TAB,
		[FRAME_L4] = XEN_DOMCTL_PFINFO_L4TAB,
	};
	struct frame *f = frame_get(m, d);
	uint64_t t;
	uint32_t info;

	if (!f)
		return XEN_DOMCTL_PFINFO_XTAB;
	t = READ_ONCE(f->type_info);
	info = XEN_DOMCTL_PFINFO_NOTAB;
	if (t >> FT_SHIFT < FRAME_TYPES)
		info = table[t >> FT_SHIFT];
	if (t & FT_PINNED)
		info |= XEN_DOMCTL_PFINFO_LPINTAB;
	frame_put(f);
	return info;
}

long domctl_getpageframeinfo3(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	guest_va_t array = handle_va(op->u.getpageframeinfo3.array);
	uint64_t n = op->u.getpageframeinfo3.num;

	(void)copyback;
	if (n > PFINFO_MAX)
		return -XEN_E2BIG;
	for (uint64_t i = 0; i < n; i++) {
		guest_va_t at = guest_index(array, i, xen_pfn_t);
		xen_pfn_t x;

		if (copy_from_guest(&x, at, sizeof(x)))
			return -XEN_EFAULT;
		x = frame_info(d, mfn(x));
		if (copy_to_guest(at, &x, sizeof(x)))
			return -XEN_EFAULT;
	}
	return 0;
}

long domctl_hypercall_init(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	mfn_t m = mfn(op->u.hypercall_init.gmfn);
	struct frame *f = frame_get_writable(m, d);

	(void)copyback;
	if (!f)
		return -XEN_EINVAL;
	hypercall_page_init(d, frame_ptr(m));
	frame_put_typed(f);
	return 0;
}

/* ---- what kind of guest: 64 bits --------------------------------------------------------- */

long domctl_set_address_size(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	(void)d, (void)copyback;
	switch (op->u.address_size.size) {
	case 64:
		return 0;
	case 32:
		return -XEN_EOPNOTSUPP;
	default:
		return -XEN_EINVAL;
	}
}

long domctl_get_address_size(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	(void)d;
	op->u.address_size.size = 64;
	*copyback = true;
	return 0;
}

/* ---- rights to devices: no domain but dom0 has any, and none can be given ------------- */

#define PIRQS 256u

static long permission(bool allow)
{
	return allow ? -XEN_EOPNOTSUPP : 0;
}

/* No interrupt is dom0's to give. */
long domctl_irq_permission(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	(void)d, (void)copyback;
	return op->u.irq_permission.pirq < PIRQS ? -XEN_EPERM : -XEN_EINVAL;
}

long domctl_iomem_permission(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	const struct xen_domctl_iomem_permission *p = &op->u.iomem_permission;

	(void)d, (void)copyback;
	if (p->first_mfn + p->nr_mfns - 1 < p->first_mfn)
		return -XEN_EINVAL;
	if (!p->nr_mfns)	/* that is, all there are */
		return -XEN_EPERM;
	return permission(p->allow_access);
}

long domctl_ioport_permission(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	const struct xen_domctl_ioport_permission *p = &op->u.ioport_permission;

	(void)d, (void)copyback;
	if (!p->nr_ports || p->first_port > 0xffff || p->nr_ports > 0x10000 - p->first_port)
		return -XEN_EINVAL;
	return permission(p->allow_access);
}
