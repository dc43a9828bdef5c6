/* SPDX-License-Identifier: MIT */
/*
 * The iret hypercall: a guest's kernel goes back to its user mode, or to where
 * an exception or event interrupted the kernel itself. What it returns is the
 * rax of the frame, which the way out stores as it does every result.
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

long do_iret(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	struct vcpu *v = current_vcpu();
	struct cpu_user_regs *regs = guest_regs();
	struct iret_context frame;

	(void)a1, (void)a2, (void)a3, (void)a4, (void)a5;
	if (unlikely(copy_words_from_guest((uint64_t *)&frame, guest_va(regs->rsp),
					   sizeof(frame) / sizeof(uint64_t))))
		return domain_crash(v->domain, "%pv: iret: no frame at %lx", v, regs->rsp);

	if ((frame.cs & SELECTOR_RPL) == SELECTOR_RPL) {
		if (unlikely(!v->guest_table_user.n))
			return domain_crash(v->domain, "%pv: iret to user mode, which has no "
					    "page table", v);
		segments_enter_user(v);
	}
	if (unlikely(v->domain->mm.vm_assist & (1u << VMASST_TYPE_architectural_iopl)))
		v->iopl = frame.rflags & FLAGS_IOPL;

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
	if (unlikely(v->nmi_masked)) {
		v->nmi_masked = false;
		if (v->nmi_pending)
			cpu_raise(this_cpu(), CPU_WORK_BOUNCE);
	}
	/* The one value that entry code takes for "execute the hypercall again". */
	if (unlikely((long)frame.rax == -XEN_ERESTART)) {
		regs->rax = frame.rax;
		regs->rip += 2;
	}
	return (long)frame.rax;
}
