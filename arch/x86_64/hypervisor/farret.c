/* SPDX-License-Identifier: MIT */
/*
 * Far return, carried out for a guest whose CPU cannot.
 *
 * QEMU's TCG (7.2) reads the stack of LRET as the supervisor would, in ring 3 too: with SMAP on,
 * the CPU then reports a supervisor's fault on a page that the guest may well read. A real CPU
 * reports that for descriptor tables only. Linux changes its code segment by LRET once at boot.
 */
#include "farret.h"

#include <format/descriptor.h>
#include <format/trap.h>
#include <hv/cpu.h>
#include <hv/emulate.h>
#include <hv/entry.h>
#include <hv/usercopy.h>

#define PREFIX_REX_W 0x48
#define OPCODE_LRET  0xcb
#define OPCODE_LRET_N 0xca

bool emulate_far_return(struct vcpu *v, struct cpu_user_regs *regs, uint64_t va, uint32_t ec)
{
	uint8_t code[15];
	unsigned n = emulate_fetch(regs->rip, code), at = 0, drop = 0;
	uint64_t frame[2] = { 0 };
	uint32_t narrow[2];

	if ((ec & (PF_PRESENT | PF_USER | PF_WRITE | PF_FETCH)) != PF_PRESENT || va - regs->rsp >= 16)
		return false;
	bool wide = n > at && (code[at] & 0xf8) == PREFIX_REX_W;

	at += wide;
	if (n > at + 2 && code[at] == OPCODE_LRET_N)
		drop = code[at + 1] | (unsigned)code[at + 2] << 8;
	else if (n <= at || code[at] != OPCODE_LRET)
		return false;
	if (wide) {
		if (copy_from_guest(frame, guest_va(regs->rsp), sizeof(frame)))
			return false;
	} else {
		if (copy_from_guest(narrow, guest_va(regs->rsp), sizeof(narrow)))
			return false;
		frame[0] = narrow[0];
		frame[1] = narrow[1];
	}
	/* To ring 3 or nowhere; a selector that does not load is found when it is loaded. */
	if ((frame[1] & SELECTOR_RPL) != SELECTOR_RPL)
		return false;
	regs->rip = frame[0];
	regs->cs = (uint16_t)frame[1];
	regs->rsp += (wide ? 16 : 8) + drop;
	regs->entry_vector &= ~(uint32_t)VECTOR_SYSCALL;
	emulate_finish(v, regs);
	return true;
}
