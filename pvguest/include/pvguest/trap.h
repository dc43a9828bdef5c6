/* SPDX-License-Identifier: MIT */
/*
 * Exceptions. Without a handler an exception prints a crash dump (vector, error code,
 * registers, backtrace) on the console and crashes the domain. Guests that provoke
 * exceptions on purpose attach handlers.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/** The state of the interrupted code, as the entry code saves it. A handler may change it. */
struct trap_regs {
	uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
	uint64_t error;		/* 0 where the processor gives none */
	uint64_t rip, cs, rflags, rsp, ss;
};

#define TRAP_DIVIDE		0
#define TRAP_DEBUG		1
#define TRAP_NMI		2
#define TRAP_BREAKPOINT		3
#define TRAP_OVERFLOW		4
#define TRAP_BOUND		5
#define TRAP_INVALID_OPCODE	6
#define TRAP_NO_FPU		7
#define TRAP_DOUBLE_FAULT	8
#define TRAP_INVALID_TSS	10
#define TRAP_NO_SEGMENT		11
#define TRAP_STACK		12
#define TRAP_GENERAL		13
#define TRAP_PAGE_FAULT		14
#define TRAP_FPU		16
#define TRAP_ALIGNMENT		17
#define TRAP_MACHINE_CHECK	18
#define TRAP_SIMD		19
#define TRAP_COUNT		32

/** Returns whether the exception is dealt with: the code then goes on at regs->rip. Runs on the
 * interrupted stack with SSE registers saved; must not wait. */
typedef bool (*trap_fn)(unsigned int vector, struct trap_regs *regs);

/** Attaches (fn) or detaches (NULL) the handler of a vector. */
void trap_set_handler(unsigned int vector, trap_fn fn);

/** The address of this CPU's last page fault (the ABI's cr2). */
uint64_t trap_fault_address(void);

/** "page fault" and so on; "unknown exception" for numbers without a name. */
const char *trap_name(unsigned int vector);

/** Whether reading (or writing) the byte at p works; no crash either way. */
bool trap_probe_read(const void *p);
bool trap_probe_write(void *p);

/** Prints registers and backtrace on the emergency console. */
void trap_dump(unsigned int vector, const struct trap_regs *regs);

void trap_init(void);

struct vcpu_guest_context;

/** Gives another CPU's context the handlers that trap_init() gave this one. */
void trap_context(struct vcpu_guest_context *context);
