/* SPDX-License-Identifier: MIT */
/*
 * The iret hypercall: a guest's kernel goes back to its user mode, or to where
 * an exception or event interrupted the kernel itself. The frames that are usual do not come
 * here: do_iret() is entry code's (arch/x86_64/hypervisor/quick.S).
 */
#include <hv/hypercall.h>

#include <format/descriptor.h>
#include <format/eflags.h>
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/entry.h>
#include <hv/segments.h>
#include <hv/traps.h>
#include <hv/usercopy.h>

static void end_of_nmi(struct vcpu *v)
{
	v->nmi_masked = false;
	if (v->nmi_pending)
		cpu_raise(this_cpu(), CPU_WORK_BOUNCE);
}

void iret_any(void)
{
	struct vcpu *v = current_vcpu();
	struct cpu_user_regs *regs = guest_regs();
	struct iret_context frame;

	if (copy_from_guest_in_line(&frame, guest_va(regs->rsp), sizeof(frame))) {
		domain_crash(v->domain, "%pv: iret: no frame at %lx", v, regs->rsp);
		return;
	}
	bool to_user = (frame.cs & SELECTOR_RPL) == SELECTOR_RPL;

	if (to_user && !v->guest_table_user.n) {
		domain_crash(v->domain, "%pv: iret to user mode, which has no page table", v);
		return;
	}
	if (v->domain->mm.vm_assist & (1u << VMASST_TYPE_architectural_iopl))
		v->iopl = frame.rflags & FLAGS_IOPL;

	regs->rax = frame.rax;
	regs->rip = frame.rip;
	regs->cs = (uint16_t)frame.cs | SELECTOR_RPL;
	regs->rflags = (frame.rflags & ~(uint64_t)(FLAGS_IOPL | FLAGS_VM)) | FLAGS_IF | FLAGS_MBS;
	regs->rsp = frame.rsp;
	regs->ss = (uint16_t)frame.ss | SELECTOR_RPL;
	if (!(frame.flags & VGCF_in_syscall)) {
		regs->r11 = frame.r11;
		regs->rcx = frame.rcx;
	}
	/* sysret goes to the flat 64-bit segments only, and leaves rip in rcx, rflags in r11. */
	if (!(frame.flags & VGCF_in_syscall) || regs->cs != GUEST_CS64 || regs->ss != GUEST_DS)
		regs->error_code &= ~ENTRY_SYSRET;

	v->info->evtchn_upcall_mask = !(frame.rflags & FLAGS_IF);
	if (v->nmi_masked)
		end_of_nmi(v);
	if (to_user)
		segments_enter_user(v);
}
