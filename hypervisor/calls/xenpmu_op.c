/* SPDX-License-Identifier: MIT */
/* Performance counters are not shared out, as on Xen that was not told `vpmu`. */
#include <hv/hypercall.h>

long do_xenpmu_op(uint64_t op, uint64_t arg, uint64_t a3, uint64_t a4, uint64_t a5)
{
	(void)op, (void)arg, (void)a3, (void)a4, (void)a5;
	return -XEN_EOPNOTSUPP;
}
