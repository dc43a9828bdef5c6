/* SPDX-License-Identifier: MIT */
/*
 * LRET and IRETQ inside ring 3, carried out for a guest whose CPU cannot.
 *
 * QEMU's TCG (7.2) reads the stack of both as the supervisor would, in ring 3 too: with SMAP on
 * it then reports a supervisor's fault on a page that the guest may well read. A real CPU reports
 * that for descriptor tables only. Linux uses IRETQ to itself to serialize while it patches its code.
 */
#include "far.h"

#include <format/descriptor.h>
#include <format/eflags.h>
#include <format/trap.h>
#include <hv/cpu.h>
#include <hv/emulate.h>
#include <hv/entry.h>
#include <hv/traps.h>
#include <hv/usercopy.h>

#define REX_W	     0x48
#define OPCODE_LRET  0xcb
#define OPCODE_IRET  0xcf

/* What IRETQ changes of rflags when it is executed in ring 3. */
#define FLAGS_USER (FLAGS_STATUS | FLAGS_TF | FLAGS_DF | FLAGS_NT | FLAGS_RF | FLAGS_AC | FLAGS_ID)

/* To ring 3 or nowhere, and to no null segment. Any other selector that does not load is found when
 * the CPU loads it. */
static bool refused(struct vcpu *v, struct cpu_user_regs *regs, uint64_t sel)
{
	if ((sel & SELECTOR_RPL) == SELECTOR_RPL && (uint16_t)sel > SELECTOR_RPL)
		return false;
	bounce_exception(v, regs, TRAP_GP, (uint32_t)(sel & 0xffff & ~SELECTOR_RPL));
	return true;
}

/* Both: whether the guest goes on, be it at a handler; else the stack cannot be read. */
static bool far_return(struct vcpu *v, struct cpu_user_regs *regs)
{
	uint64_t frame[2];

	if (copy_from_guest(frame, guest_va(regs->rsp), sizeof(frame)))
		return false;
	if (refused(v, regs, frame[1]))
		return true;
	regs->rip = frame[0];
	regs->cs = (uint16_t)frame[1];
	regs->rsp += sizeof(frame);
	emulate_finish(v, regs);
	return true;
}

static bool interrupt_return(struct vcpu *v, struct cpu_user_regs *regs)
{
	uint64_t frame[5];

	if (copy_from_guest(frame, guest_va(regs->rsp), sizeof(frame)))
		return false;
	if (refused(v, regs, frame[1]) || refused(v, regs, frame[4]))
		return true;
	regs->rip = frame[0];
	regs->cs = (uint16_t)frame[1];
	regs->rflags = (regs->rflags & ~(uint64_t)FLAGS_USER) | (frame[2] & FLAGS_USER);
	regs->rsp = frame[3];
	regs->ss = (uint16_t)frame[4];
	emulate_finish(v, regs);
	return true;
}

bool emulate_far_return(struct vcpu *v, struct cpu_user_regs *regs, uint64_t va, uint32_t ec)
{
	uint8_t code[INSN_FETCH];

	if ((ec & (PF_PRESENT | PF_USER | PF_WRITE | PF_FETCH)) != PF_PRESENT ||
	    va - regs->rsp >= 40 || emulate_fetch(regs->rip, code) < 2 || code[0] != REX_W)
		return false;
	if (code[1] == OPCODE_LRET)
		return far_return(v, regs);
	return code[1] == OPCODE_IRET && interrupt_return(v, regs);
}
