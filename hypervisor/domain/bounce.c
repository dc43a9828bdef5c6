/* SPDX-License-Identifier: MIT */
/*
 * Entering a guest's kernel at one of its handlers (hv/traps.h has the frame).
 * These paths are what a guest's system calls, page faults and events cost, so
 * the frame is built in one piece and copied out once.
 */
#include <hv/traps.h>

#include <xen/xen.h>

#include <format/descriptor.h>
#include <format/eflags.h>
#include <format/trap.h>
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/entry.h>
#include <hv/segments.h>
#include <hv/usercopy.h>

void bounce_no_stack(struct vcpu *v, uint64_t sp, uint64_t rip)
{
	domain_crash(v->domain, "%pv: stack at %lx cannot take the frame of a trap to %lx", v, sp,
		     rip);
}

/* rflags as the kernel shall see it: IF is its event mask, IOPL the virtual one if it asked. */
static inline uint64_t shown_flags(const struct vcpu *v, const struct cpu_user_regs *regs,
				   bool masked)
{
	uint64_t flags = regs->rflags & ~(uint64_t)(FLAGS_IF | FLAGS_IOPL);

	if (!masked)
		flags |= FLAGS_IF;
	if (unlikely(v->domain->mm.vm_assist & (1u << VMASST_TYPE_architectural_iopl)))
		flags |= v->iopl;
	return flags;
}

/* At the handler at rip; mask: without events. */
static inline void enter(struct vcpu *v, struct cpu_user_regs *regs, uint64_t sp, uint64_t rip,
			 bool mask, int fault)
{
	if (unlikely(fault)) {
		bounce_no_stack(v, sp, rip);
		return;
	}
	if (mask)
		v->info->evtchn_upcall_mask = 1;
	regs->error_code = ENTRY_SYSRET | ENTRY_LIVE;
	regs->rflags &= ~(uint64_t)(FLAGS_AC | FLAGS_VM | FLAGS_RF | FLAGS_NT | FLAGS_TF);
	regs->rip = rip;
	regs->cs = GUEST_CS64;
	regs->rsp = sp;
	regs->ss = GUEST_DS;
}

/* sp: the frame's upper end, aligned to 16 as the CPU does it. cs tells what ran before. */
static inline __attribute__((always_inline)) void push(struct vcpu *v, struct cpu_user_regs *regs,
						       uint64_t rip, bool mask, uint64_t sp,
						       uint64_t cs)
{
	bool masked = READ_ONCE(v->info->evtchn_upcall_mask);

	sp = (sp & ~15UL) - 7 * sizeof(uint64_t);
	enter(v, regs, sp, rip, mask,
	      copy_trap_frame(guest_va(sp), regs, cs | (uint64_t)masked << 32,
			      shown_flags(v, regs, masked)));
}

static inline __attribute__((always_inline)) void push_error(struct vcpu *v,
							     struct cpu_user_regs *regs,
							     uint64_t rip, bool mask, uint64_t sp,
							     uint64_t cs, uint32_t ec)
{
	bool masked = READ_ONCE(v->info->evtchn_upcall_mask);

	sp = (sp & ~15UL) - 8 * sizeof(uint64_t);
	enter(v, regs, sp, rip, mask,
	      copy_trap_frame_error(guest_va(sp), regs, cs | (uint64_t)masked << 32,
				    shown_flags(v, regs, masked), ec));
}

/* What was interrupted shows in the frame's cs: the kernel as ring 0. */
static inline uint64_t kernel_cs(const struct cpu_user_regs *regs)
{
	return regs->cs & ~(uint64_t)SELECTOR_RPL;
}

/* From user mode and from kernel mode apart, so that the latter calls nothing. */
static __attribute__((noinline)) void bounce_user(struct vcpu *v, struct cpu_user_regs *regs,
						  uint64_t rip, bool mask)
{
	segments_enter_kernel(v);
	push(v, regs, rip, mask, v->kernel_sp, regs->cs);
}

static __attribute__((noinline)) void bounce_user_error(struct vcpu *v, struct cpu_user_regs *regs,
							uint64_t rip, bool mask, uint32_t ec)
{
	segments_enter_kernel(v);
	push_error(v, regs, rip, mask, v->kernel_sp, regs->cs, ec);
}

static void bounce(struct vcpu *v, struct cpu_user_regs *regs, uint64_t rip, bool mask)
{
	if (v->kernel_mode)
		push(v, regs, rip, mask, regs->rsp, kernel_cs(regs));
	else
		bounce_user(v, regs, rip, mask);
}

static void bounce_error(struct vcpu *v, struct cpu_user_regs *regs, uint64_t rip, bool mask,
			 uint32_t ec)
{
	if (v->kernel_mode)
		push_error(v, regs, rip, mask, regs->rsp, kernel_cs(regs), ec);
	else
		bounce_user_error(v, regs, rip, mask, ec);
}

static void unhandled(struct vcpu *v, const struct cpu_user_regs *regs, unsigned vector,
		      uint32_t ec)
{
	domain_crash(v->domain, "%pv: no handler for exception %u, error code %x, rip %lx, cr2 %lx",
		     v, vector, ec, regs->rip, v->ctrlreg[2]);
}

void bounce_exception(struct vcpu *v, struct cpu_user_regs *regs, unsigned vector, uint32_t ec)
{
	const struct trap_info *ti = &v->trap_table[vector];

	if (unlikely(!ti->address))
		unhandled(v, regs, vector, ec);
	else if (vector < TRAP_COUNT && (TRAPS_WITH_ERROR_CODE >> vector & 1))
		bounce_error(v, regs, ti->address, TI_GET_IF(ti), ec);
	else
		bounce(v, regs, ti->address, TI_GET_IF(ti));
}

void bounce_interrupt(struct vcpu *v, struct cpu_user_regs *regs, unsigned vector)
{
	const struct trap_info *ti = &v->trap_table[vector];

	if (unlikely(!ti->address))
		unhandled(v, regs, vector, 0);
	else
		bounce(v, regs, ti->address, TI_GET_IF(ti));
}

void bounce_page_fault(struct vcpu *v, struct cpu_user_regs *regs, uint64_t va, uint32_t ec)
{
	const struct trap_info *ti = &v->trap_table[TRAP_PF];

	v->ctrlreg[2] = va;
	v->info->arch.cr2 = va;
	ec = v->kernel_mode ? ec & ~PF_USER : ec | PF_USER;
	if (unlikely(!ti->address))
		unhandled(v, regs, TRAP_PF, ec);
	else
		bounce_error(v, regs, ti->address, TI_GET_IF(ti), ec);
}

static void bounce_syscall_to(struct vcpu *v, struct cpu_user_regs *regs, const struct callback *c)
{
	if (unlikely(!c->rip)) {
		regs->rip -= SYSCALL_LEN;
		bounce_exception(v, regs, TRAP_UD, 0);
		return;
	}
	bounce(v, regs, c->rip, c->mask_events);
	regs->rflags &= ~(uint64_t)FLAGS_DF;
}

void bounce_syscall(struct vcpu *v, struct cpu_user_regs *regs)
{
	bounce_syscall_to(v, regs, &v->syscall_callback);
}

void bounce_syscall32(struct vcpu *v, struct cpu_user_regs *regs)
{
	bounce_syscall_to(v, regs, v->syscall32_callback.rip ? &v->syscall32_callback
							      : &v->syscall_callback);
}

void bounce_sysenter(struct vcpu *v, struct cpu_user_regs *regs)
{
	const struct callback *c = &v->sysenter_callback;

	if (unlikely(!c->rip))
		bounce_exception(v, regs, TRAP_GP, 0);
	else
		bounce(v, regs, c->rip, c->mask_events);
}

void bounce_events(struct vcpu *v, struct cpu_user_regs *regs)
{
	if (unlikely(!v->event_callback.rip)) {
		domain_crash(v->domain, "%pv: events are unmasked but it has no event callback", v);
		return;
	}
	bounce(v, regs, v->event_callback.rip, true);
}

void bounce_failsafe(struct vcpu *v, struct cpu_user_regs *regs)
{
	uint64_t rip = v->failsafe_callback.rip;

	/* An address that cannot be returned to would bring us here again at once. */
	if (!rip || !is_canonical(rip)) {
		domain_crash(v->domain, "%pv: a selector does not load, and no failsafe callback",
			     v);
		return;
	}
	bool masked, from_kernel = v->kernel_mode;

	if (!from_kernel)
		segments_enter_kernel(v);
	masked = READ_ONCE(v->info->evtchn_upcall_mask);

	uint64_t cs = (from_kernel ? kernel_cs(regs) : regs->cs) | (uint64_t)masked << 32;
	const uint64_t frame[] = { regs->rcx, regs->r11, regs->ds, regs->es, regs->fs, regs->gs,
				   regs->rip, cs, shown_flags(v, regs, masked), regs->rsp, regs->ss };
	uint64_t sp = ((from_kernel ? regs->rsp : v->kernel_sp) & ~15UL) - sizeof(frame);

	enter(v, regs, sp, rip, v->failsafe_callback.mask_events,
	      copy_to_guest(guest_va(sp), frame, sizeof(frame)));
}
