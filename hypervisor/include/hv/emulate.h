/* SPDX-License-Identifier: MIT */
/*
 * Privileged instructions that a guest's kernel (or a user program that it gave
 * I/O rights) executes in ring 3, after the fault that they cause.
 */
#pragma once

#include <hv/types.h>

struct vcpu;

enum emul_result {
	EMUL_DONE,	/* registers hold the result; rip is still at the instruction */
	EMUL_RETRY,	/* rip and registers are as they shall be */
	EMUL_REFUSED,	/* the guest gets the fault */
	EMUL_UNDEFINED,	/* there is no such instruction: #UD */
};

/** After #GP(0): the instruction is carried out, or its fault is the guest's. */
void emulate_privileged(struct vcpu *v, struct cpu_user_regs *regs);
/** After #UD: CPUID behind the forced-emulation prefix (ud2, "xen"). */
bool emulate_forced(struct vcpu *v, struct cpu_user_regs *regs);
/** What an instruction's end has to do once it was carried out and rip is behind it: RF goes,
 *  and single-stepping traps. */
void emulate_finish(struct vcpu *v, struct cpu_user_regs *regs);

#define INSN_FETCH 16	/* whole words, for INSN_MAX_LEN bytes */

/** Reads at most 15 bytes of code at rip into buf; how many could be read. The last one may be
 *  overwritten, too. */
unsigned emulate_fetch(uint64_t rip, uint8_t buf[INSN_FETCH]);

/** CR4 as v's kernel may have it when it asks for value; also the first one (value 0). */
uint64_t guest_cr4_fix(const struct vcpu *v, uint64_t value);
/** v comes to the CPU: what its CR4 asks of the machine's (TSD). */
void guest_cr4_load(const struct vcpu *v);
