/* SPDX-License-Identifier: MIT */
/*
 * NMIs of guests: sent by another vCPU or by the control domain, taken by the
 * handler in the trap table's entry 2, one at a time: the next waits until the
 * handler has left by the iret hypercall. Together with the failsafe callback
 * these are the two things that CPU_WORK_BOUNCE stands for.
 */
#include <hv/traps.h>

#include <format/descriptor.h>
#include <format/trap.h>
#include <hv/arch.h>
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/mem.h>
#include <hv/sched.h>
#include <hv/segments.h>

void bounce_pending(struct vcpu *v, struct cpu_user_regs *regs)
{
	if (v->need_failsafe) {
		v->need_failsafe = false;
		bounce_failsafe(v, regs);
	}
	if (!v->nmi_pending || v->nmi_masked || !v->trap_table[TRAP_NMI].address)
		return;
	v->nmi_pending = false;
	v->nmi_masked = true;
	bounce_exception(v, regs, TRAP_NMI, 0);
}

void vcpu_send_nmi(struct vcpu *v)
{
	__atomic_store_n(&v->nmi_pending, true, __ATOMIC_SEQ_CST);
	if (!v->running) {
		vcpu_wake(v);	/* segments_load() raises the work when it comes to the CPU */
		return;
	}
	cpu_raise(cpu_by_id(v->processor), CPU_WORK_BOUNCE);
	arch_kick_cpu(v->processor);
}

long vcpu_set_nmi_callback(struct vcpu *v, uint64_t address)
{
	struct trap_info *ti = &v->trap_table[TRAP_NMI];

	if (!is_canonical(address))
		return -XEN_EINVAL;
	v->nmi_callback = address;
	memset(ti, 0, sizeof(*ti));
	if (!address)
		return 0;
	ti->vector = TRAP_NMI;
	ti->cs = GUEST_CS64;
	ti->address = address;
	if (v->nmi_pending)
		cpu_raise(this_cpu(), CPU_WORK_BOUNCE);
	return 0;
}
