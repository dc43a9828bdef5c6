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

#define BOUNCE_MASK	1	/* events are masked in the handler */
#define BOUNCE_ERROR	2	/* with an error code */
#define BOUNCE_FAILSAFE	4	/* with the selectors */

#define SYSCALL_LEN	2	/* 0f 05 */


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

static inline void bounce(struct vcpu *v, struct cpu_user_regs *regs, uint64_t rip,
			  unsigned how, uint32_t ec)
{
	uint64_t frame[12], *at = frame;
	uint64_t sp = v->kernel_sp, cs = regs->cs;
	unsigned words;
	bool masked;

	if (v->kernel_mode) {
		sp = regs->rsp;
		cs &= ~(uint64_t)SELECTOR_RPL;
	} else {
		segments_enter_kernel(v);
	}
	masked = READ_ONCE(v->info->evtchn_upcall_mask);

	*at++ = regs->rcx;
	*at++ = regs->r11;
	if (how & BOUNCE_ERROR)
		*at++ = ec;
	if (how & BOUNCE_FAILSAFE) {
		*at++ = regs->ds;
		*at++ = regs->es;
		*at++ = regs->fs;
		*at++ = regs->gs;
	}
	*at++ = regs->rip;
	*at++ = cs | (uint64_t)masked << 32;
	*at++ = shown_flags(v, regs, masked);
	*at++ = regs->rsp;
	*at++ = regs->ss;

	/* The frame's upper end is what is aligned to 16, as the CPU does it. */
	words = (unsigned)(at - frame);
	sp = (sp & ~15UL) - words * sizeof(frame[0]);
	if (unlikely(copy_words_to_guest(guest_va(sp), frame, words))) {
		domain_crash(v->domain, "%pv: stack at %lx cannot take the frame of a trap to %lx",
			     v, sp, rip);
		return;
	}
	if (how & BOUNCE_MASK)
		v->info->evtchn_upcall_mask = 1;
	regs->entry_vector = VECTOR_SYSCALL;
	regs->rflags &= ~(uint64_t)(FLAGS_AC | FLAGS_VM | FLAGS_RF | FLAGS_NT | FLAGS_TF);
	regs->rip = rip;
	regs->cs = GUEST_CS64;
	regs->rsp = sp;
	regs->ss = GUEST_DS;
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
	unsigned how = TI_GET_IF(ti) ? BOUNCE_MASK : 0;

	if (unlikely(!ti->address)) {
		unhandled(v, regs, vector, ec);
		return;
	}
	if (vector < TRAP_COUNT && (TRAPS_WITH_ERROR_CODE >> vector & 1))
		how |= BOUNCE_ERROR;
	bounce(v, regs, ti->address, how, ec);
}

void bounce_interrupt(struct vcpu *v, struct cpu_user_regs *regs, unsigned vector)
{
	const struct trap_info *ti = &v->trap_table[vector];

	if (unlikely(!ti->address)) {
		unhandled(v, regs, vector, 0);
		return;
	}
	bounce(v, regs, ti->address, TI_GET_IF(ti) ? BOUNCE_MASK : 0, 0);
}

void bounce_page_fault(struct vcpu *v, struct cpu_user_regs *regs, uint64_t va, uint32_t ec)
{
	const struct trap_info *ti = &v->trap_table[TRAP_PF];

	v->ctrlreg[2] = va;
	v->info->arch.cr2 = va;
	ec = v->kernel_mode ? ec & ~PF_USER : ec | PF_USER;
	if (unlikely(!ti->address)) {
		unhandled(v, regs, TRAP_PF, ec);
		return;
	}
	bounce(v, regs, ti->address, BOUNCE_ERROR | (TI_GET_IF(ti) ? BOUNCE_MASK : 0), ec);
}

static void bounce_syscall_to(struct vcpu *v, struct cpu_user_regs *regs, const struct callback *c)
{
	if (unlikely(!c->rip)) {
		regs->rip -= SYSCALL_LEN;
		bounce_exception(v, regs, TRAP_UD, 0);
		return;
	}
	bounce(v, regs, c->rip, c->mask_events ? BOUNCE_MASK : 0, 0);
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

void bounce_events(struct vcpu *v, struct cpu_user_regs *regs)
{
	if (unlikely(!v->event_callback.rip)) {
		domain_crash(v->domain, "%pv: events are unmasked but it has no event callback", v);
		return;
	}
	bounce(v, regs, v->event_callback.rip, BOUNCE_MASK, 0);
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
	bounce(v, regs, rip,
	       BOUNCE_FAILSAFE | (v->failsafe_callback.mask_events ? BOUNCE_MASK : 0), 0);
}
