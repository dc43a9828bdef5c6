/* SPDX-License-Identifier: MIT */
/* Changes one descriptor, in a page that is in use as GDT or LDT or may become one. */
#include <hv/hypercall.h>

#include <hv/arch.h>
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/segments.h>

long do_update_descriptor(uint64_t ma, uint64_t desc, uint64_t a3, uint64_t a4, uint64_t a5)
{
	struct domain *d = current_vcpu()->domain;
	mfn_t m = mfn(ma >> PAGE_SHIFT);
	struct frame *f;

	(void)a3, (void)a4, (void)a5;
	if ((ma & 7) || !segdesc_fix(&desc))
		return -XEN_EINVAL;
	/* A page that is not in use as descriptors now may be plain data. */
	f = frame_get_writable(m, d);
	if (!f)
		f = frame_get_segdesc(m, d);
	if (!f)
		return -XEN_EINVAL;
	WRITE_ONCE(*(uint64_t *)((char *)frame_ptr(m) + (ma & (PAGE_SIZE - 1))), desc);
	frame_put_typed(f);
	return 0;
}
