/* SPDX-License-Identifier: MIT */
/*
 * A virtual CPU. Everything that the running guest's registers do not hold
 * themselves. Fields stand under the rule that guards them.
 */
#pragma once

#include <hv/evtchn.h>
#include <hv/guestarea.h>
#include <hv/mm.h>
#include <hv/sched.h>
#include <hv/timer.h>
#include <hv/types.h>
#include <xen/vcpu.h>

struct domain;

#define FIRST_GUEST_RESERVED_GDT_PAGE 14

/* Guest callbacks: an address, and whether events are masked on entry to it. */
struct callback {
	uint64_t rip;
	bool mask_events;
	bool registered;
};

enum vcpu_pause_flag {		/* v->pause_flags, atomic bits: any set means "may not run" */
	VPF_BLOCKED = 1,	/* waits for an event (sched_op block or poll) */
	VPF_DOWN = 2,		/* not brought up, or taken down, by its guest */
};

enum vcpu_table {		/* bits: its two top-level tables */
	TABLE_KERNEL = 1,
	TABLE_USER = 2,
};

struct vcpu {
	/* owned by the CPU that runs it; read by entry code (offsets.h) */
	struct domain *domain;
	vcpu_info_t *info;		/* in shared_info, or where the guest registered it */
	bool kernel_mode;		/* the guest's kernel runs, not its user */
	bool need_failsafe;		/* a selector of it no longer loads */
	/* Changed under pt_lock. Of each a reference and a type count are held, or it is pinned. */
	mfn_t guest_table;		/* the kernel's L4 */
	mfn_t guest_table_user;		/* its user half's, n = 0: none */
	uint8_t tables_held;		/* enum vcpu_table: those that are held; pt_lock */
	struct pt_pending pt_pending;	/* a table that a hypercall of it could not finish */
	uint64_t kernel_sp;		/* stack_switch */
	uint64_t kernel_ss;
	struct callback event_callback;
	struct callback failsafe_callback;
	struct callback syscall_callback;
	struct callback syscall32_callback;
	struct callback sysenter_callback;
	uint64_t nmi_callback;
	struct trap_info *trap_table;	/* 256 entries, a page of the hypervisor's */

	/* ---- the rest of the machine state, while it does not run ---- */
	struct cpu_user_regs regs;
	uint64_t fs_base, gs_base_kernel, gs_base_user;
	uint64_t ctrlreg[8];		/* virtual CR0, CR2, CR4 */
	uint64_t debugreg[8];
	uint64_t xcr0;
	uint32_t tsc_aux;		/* what the guest wrote to TSC_AUX (rdtscp) */
	void *fpu;			/* XSAVE or FXSAVE area, aligned to 64 */
	bool fpu_used;			/* since it came to the CPU */
	uint32_t fpu_cpu;		/* where its registers were loaded last */
	uint32_t iopl;			/* virtual IOPL << 12 */
	uint64_t iobmp;			/* guest address of the I/O bitmap, 0: none */
	uint32_t iobmp_limit;
	mfn_t gdt_frames[FIRST_GUEST_RESERVED_GDT_PAGE];
	uint32_t gdt_ents;
	uint32_t ldt_ents;
	uint64_t ldt_base;		/* guest address */
	bool nmi_pending;
	bool nmi_masked;

	/* ---- life ---- */
	uint32_t id;
	uint32_t processor;		/* CPU whose queue it is on */
	volatile bool running;		/* on a CPU now */
	bool initialised;		/* has had a context */
	bool claimed;			/* atomic: another vCPU of its domain sets it up */
	volatile uint32_t pause_flags;	/* enum vcpu_pause_flag */
	volatile uint32_t pause_count;	/* by the control domain or the hypervisor */
	struct sched_vcpu sched;

	/* ---- sched_op poll ---- */
	uint32_t poll_port;		/* 0: any of several; valid while polling */
	volatile bool polling;
	struct timer poll_timer;

	/* ---- time ---- */
	struct timer singleshot_timer;
	struct timer periodic_timer;
	uint64_t periodic_period;	/* ns, 0: off */
	uint64_t periodic_last;		/* system time of the last tick */
	struct vcpu_runstate_info runstate;
	struct guest_area runstate_area;	/* where the guest wants a copy */
	struct guest_area time_area;
	uint32_t time_generation;	/* of what its vcpu_info.time says */
	struct frame *info_frame;	/* held when the guest registered its vcpu_info, else NULL */
	/* Before that, of those without a place in shared_info; kept, as an event may be on its way. */
	vcpu_info_t *private_info;

	/* ---- events ---- */
	uint32_t virq_port[24];		/* port of each VIRQ, 0: not bound; evtchn lock */
};
