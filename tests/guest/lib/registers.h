/* SPDX-License-Identifier: MIT */
/*
 * Whether a hypercall leaves every register as it was but rax, rcx and r11: whatever the hypervisor
 * does meanwhile (an event, another vCPU), and although it stores few of them at entry.
 */
#pragma once

#include "test.h"

/**
 * Executes hypercall nr with two arguments; all other registers hold values made of seed. Returns
 * how many of the registers (rdi and rsi too) were changed.
 */
static inline unsigned registers_changed(uint64_t nr, uint64_t a1, uint64_t a2, uint64_t seed)
{
	enum { RBX, RBP, RDI, RSI, RDX, R8, R9, R10, R12, R13, R14, R15, N };
	uint64_t r[N + 2] = { [N] = nr };
	uint64_t want[N];
	unsigned changed = 0;

	for (unsigned i = 0; i < N; i++)
		r[i] = seed * (i + 1);
	r[RDI] = a1;
	r[RSI] = a2;
	for (unsigned i = 0; i < N; i++)
		want[i] = r[i];
	__asm__ volatile("push %%rbx; push %%rbp; push %%rax\n\t"
			 "mov 0(%%rax), %%rbx; mov 8(%%rax), %%rbp; mov 16(%%rax), %%rdi\n\t"
			 "mov 24(%%rax), %%rsi; mov 32(%%rax), %%rdx; mov 40(%%rax), %%r8\n\t"
			 "mov 48(%%rax), %%r9; mov 56(%%rax), %%r10; mov 64(%%rax), %%r12\n\t"
			 "mov 72(%%rax), %%r13; mov 80(%%rax), %%r14; mov 88(%%rax), %%r15\n\t"
			 "mov 96(%%rax), %%rax\n\t"
			 "syscall\n\t"
			 "pop %%rax\n\t"
			 "mov %%rbx, 0(%%rax); mov %%rbp, 8(%%rax); mov %%rdi, 16(%%rax)\n\t"
			 "mov %%rsi, 24(%%rax); mov %%rdx, 32(%%rax); mov %%r8, 40(%%rax)\n\t"
			 "mov %%r9, 48(%%rax); mov %%r10, 56(%%rax); mov %%r12, 64(%%rax)\n\t"
			 "mov %%r13, 72(%%rax); mov %%r14, 80(%%rax); mov %%r15, 88(%%rax)\n\t"
			 "pop %%rbp; pop %%rbx"
			 : : "a"(r) : "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13",
			 "r14", "r15", "memory", "cc");
	for (unsigned i = 0; i < N; i++)
		changed += r[i] != want[i];
	return changed;
}
