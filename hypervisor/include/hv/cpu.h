/* SPDX-License-Identifier: MIT */
/*
 * Per-CPU data. On x86-64 it stands at the top of each CPU's stack, so that it
 * is found from the stack pointer alone; entry code pushes the guest's registers
 * right below it (regs).
 */
#pragma once

#include <hv/budget.h>
#include <hv/cpumask.h>
#include <hv/types.h>

struct vcpu;

#define USERCOPY_RUN_MAX 128	/* bytes that are copied from a guest as a run of words */

enum cpu_work {			/* bits of cpu.work: looked at on each exit to a guest */
	CPU_WORK_RESCHED = 1,	/* schedule() is wanted */
	CPU_WORK_TIMER = 2,	/* the timer interrupt came */
	CPU_WORK_BOUNCE = 8,	/* bounce_pending(): a failsafe callback or an NMI */
	CPU_WORK_HOLD = 16,	/* cpu_stand() */
	CPU_WORK_NMI = 32,	/* an NMI of the machine's came here */
	CPU_WORK_TASK = 4,	/* deferred tasks (domain destruction, console input, keys) */
};

struct cpu {
	struct cpu_user_regs regs;	/* the guest's, as entry code saved them */
	struct vcpu *current;
	uint32_t id;
	volatile uint32_t work;		/* enum cpu_work; set by others too, atomically */
	struct budget budget;		/* of the hypercall under way */
	uint64_t *hcall_args;		/* NULL: in regs; else the multicall entry's args */
	uint64_t cr4;
	uint64_t tsc_base;		/* this CPU's TSC at system time 0 */
	volatile uint32_t requests;	/* words of asking that have somebody: arch_relax() */
	cpumask_t asking;		/* CPUs that ask for something */
	struct vcpu *volatile leaving;	/* has left, but is not let go yet: vcpu_wait_let_go() */
	uint64_t guarded[USERCOPY_RUN_MAX / 8];		/* usercopy_guarded() */
};

_Static_assert(offsetof(struct cpu_user_regs, es) == 168, "entry code pushes this layout");
/* The stack top is aligned; so is then the place where the CPU starts to push (&regs.es). */
_Static_assert((sizeof(struct cpu) - 168) % 16 == 0, "hardware aligns rsp to 16");

#ifdef CLOISON_HOST_TEST
extern struct cpu host_cpu;
static inline struct cpu *this_cpu(void)
{
	return &host_cpu;
}
#else
#define CPU_STACK_SIZE 65536UL
static inline struct cpu *this_cpu(void)
{
	uint64_t sp;

	__asm__("mov %%rsp, %0" : "=r"(sp));
	return (struct cpu *)((sp | (CPU_STACK_SIZE - 1)) + 1 - sizeof(struct cpu));
}
#endif

/** The vCPU that this CPU runs (its idle vCPU when none). */
static inline struct vcpu *current_vcpu(void)
{
	return this_cpu()->current;
}

/** The registers of the current vCPU's guest. */
static inline struct cpu_user_regs *guest_regs(void)
{
	return &this_cpu()->regs;
}

static inline struct budget *current_budget(void)
{
	return &this_cpu()->budget;
}

static inline void cpu_raise(struct cpu *c, uint32_t work)
{
	__atomic_fetch_or(&c->work, work, __ATOMIC_RELEASE);
}

/** The per-CPU data of any CPU that is running. */
struct cpu *cpu_by_id(unsigned id);
