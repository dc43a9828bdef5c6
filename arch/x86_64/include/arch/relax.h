/* SPDX-License-Identifier: MIT */
/*
 * arch_relax() as a call that keeps all registers: who takes a lock hardly ever waits, and need not save
 * for that call what it works with.
 */
#pragma once

/** arch_relax() itself (arch/x86_64/hypervisor/ipi.c). */
void relax_keeping_registers(void) __attribute__((no_caller_saved_registers));

static inline void arch_relax(void)
{
	__asm__ volatile("call %P0" : : "i"(relax_keeping_registers) : "memory", "cc");
}
