/* SPDX-License-Identifier: MIT */
/* What entry code and C agree on. Usable from assembly. */
#pragma once

/* In cpu_user_regs.error_code, above what the CPU puts there; entry.S says what they mean. */
#define ENTRY_SYSRET       0x40000000	/* may leave by `sysret` */
#define ENTRY_LIVE         0x20000000	/* rbx, rbp, r12 to r15 are in the CPU, not in regs */
#define NR_HYPERCALL_SLOTS 64
#define CPU_STACK_BYTES    65536
#define SYSCALL_LEN        2		/* 0f 05 */
#define ERESTART           85	/* XEN_ERESTART */
#define ENOSYS_XEN         38	/* XEN_ENOSYS */
#define EFAULT_XEN         14	/* XEN_EFAULT */

#ifndef __ASSEMBLY__
#include <hv/types.h>

struct vcpu;

_Static_assert(ERESTART == XEN_ERESTART && ENOSYS_XEN == XEN_ENOSYS, "xen/errno.h");

/** On the way out with cpu.work set: timers, tasks, the scheduler, idling. Returns when
 *  a guest's vCPU is current. */
void exit_do_work(void);
/** The guest's frame could not be loaded by iretq. */
void entry_bad_frame(struct cpu_user_regs *regs);
/** A device's or another CPU's interrupt (vectors 32 and up), or `int n` of a guest. */
void irq_dispatch(struct cpu_user_regs *regs);
/** Leaves for the first guest; cpu's stack starts anew. */
void entry_exit_to_guest(struct cpu_user_regs *cpu) __noreturn;

extern char syscall_stubs[], syscall32_stubs[], vector_stubs[], entry_iretq[];
extern char sysenter_entry[], sysenter_flags_saved[];
extern struct syscall_stack {
	uint64_t scratch;
	void *stack;
} __attribute__((aligned(64))) syscall_stacks[];
#endif
