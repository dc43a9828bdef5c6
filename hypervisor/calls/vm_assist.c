// SPDX-License-Identifier: MIT
/*
 * HYPERVISOR_vm_assist: a guest switches conveniences on and off. Which of them mean something
 * to a 64-bit guest, and who looks: m2p_strict (calls/mmuext_op.c), runstate_update_flag
 * (domain/timekeep.c), architectural_iopl (domain/bounce.c, calls/iret.c). Stores to page tables
 * (writable_pagetables) are carried out whether it is on or off.
 */
#include <hv/hypercall.h>

#include <hv/domain.h>

#define BIT(type) (1UL << VMASST_TYPE_##type)

static const uint64_t valid = BIT(4gb_segments) | BIT(4gb_segments_notify) |
			      BIT(writable_pagetables) | BIT(pae_extended_cr3) |
			      BIT(architectural_iopl) | BIT(runstate_update_flag) |
			      BIT(m2p_strict);

long do_vm_assist(uint64_t cmd, uint64_t type, uint64_t a3, uint64_t a4, uint64_t a5)
{
	struct domain *d = current_vcpu()->domain;
	uint32_t bit = (uint32_t)type;

	(void)a3, (void)a4, (void)a5;
	if (bit >= 64 || !(valid >> bit & 1))
		return -XEN_EINVAL;
	switch ((uint32_t)cmd) {
	case VMASST_CMD_enable:
		__atomic_fetch_or(&d->mm.vm_assist, 1UL << bit, __ATOMIC_RELAXED);
		return 0;
	case VMASST_CMD_disable:
		__atomic_fetch_and(&d->mm.vm_assist, ~(1UL << bit), __ATOMIC_RELAXED);
		return 0;
	default:
		return -XEN_ENOSYS;
	}
}
