/* SPDX-License-Identifier: MIT */
/* The virtual IDT: the guest's handlers for exceptions and `int n`. */
#include <hv/hypercall.h>

#include <format/descriptor.h>
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/mem.h>
#include <hv/traps.h>
#include <hv/usercopy.h>

#define VECTORS 256

long do_set_trap_table(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	struct vcpu *v = current_vcpu();
	struct trap_info ti;

	(void)a2, (void)a3, (void)a4, (void)a5;
	if (!a1) {
		memset(v->trap_table, 0, VECTORS * sizeof(ti));
		return 0;
	}
	for (;; a1 += sizeof(ti)) {
		if (!budget_take(current_budget())) {
			hypercall_set_arg(0, a1);
			return -XEN_ERESTART;
		}
		if (copy_from_guest(&ti, guest_va(a1), sizeof(ti)))
			return -XEN_EFAULT;
		if (!ti.address)
			return 0;
		if (!is_canonical(ti.address))
			return -XEN_EINVAL;
		ti.cs |= SELECTOR_RPL;
		v->trap_table[ti.vector] = ti;
	}
}
