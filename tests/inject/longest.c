/* SPDX-License-Identifier: MIT */
/*
 * How long the hypervisor is away at a time: each hypercall is timed from its first instruction to its return, be
 * that done or preempted, and for each number and sub-command the longest is kept. Interrupts are off all that
 * time. What is longer than a limit is told as it comes. In ticks of the TSC: with QEMU's -icount shift=0 these
 * are instructions. tests/system/longest_test.py compares them with what docs/security.md promises.
 */
#include <cpu/insn.h>
#include <hv/domain.h>
#include <hv/hypercall.h>
#include <hv/log.h>
#include <hv/usercopy.h>

#include "inject.h"

#define COMMANDS 64	/* sub-commands that are kept apart */

static uint64_t limit;	/* 0: nothing is told */
static uint64_t longest[NR_HYPERCALLS][COMMANDS];

void inject_longest(unsigned n)
{
	limit = n;
	for (unsigned i = 0; i < NR_HYPERCALLS * COMMANDS; i++)
		longest[i / COMMANDS][i % COMMANDS] = 0;
}

/* The sub-command, for hypercalls whose first argument is one or leads to it. */
static unsigned command_of(unsigned nr, uint64_t a1)
{
	switch (nr) {
	case __HYPERVISOR_domctl:
	case __HYPERVISOR_sysctl:
	case __HYPERVISOR_platform_op: {
		uint32_t cmd;

		return copy_from_guest(&cmd, guest_va(a1), sizeof(cmd)) ? 0 : cmd % COMMANDS;
	}
	case __HYPERVISOR_memory_op:
	case __HYPERVISOR_grant_table_op:
	case __HYPERVISOR_vcpu_op:
	case __HYPERVISOR_event_channel_op:
	case __HYPERVISOR_sched_op:
	case __HYPERVISOR_console_io:
	case __HYPERVISOR_physdev_op:
	case __HYPERVISOR_callback_op:
		return a1 % COMMANDS;
	default:
		return 0;
	}
}

static void tell(unsigned nr, const char *name, uint64_t a1, uint64_t took)
{
	uint64_t *l = &longest[nr][command_of(nr, a1)];

	if (took <= *l + *l / 16)
		return;
	*l = took;
	log_printf("(XEN) longest: %s %u of %pd: %lu\n", name, command_of(nr, a1), current_vcpu()->domain, took);
}

static inline long timed(unsigned nr, const char *name, hypercall_fn *fn, const uint64_t *a)
{
	uint64_t start = rdtsc_ordered(), took;
	long result = fn(a[0], a[1], a[2], a[3], a[4]);

	took = rdtsc_ordered() - start;
	if (unlikely(limit && took > limit))
		tell(nr, name, a[0], took);
	return result;
}

/* The iret hypercall does not come back, it is entry code's: files.mk leaves it out, and its wrapper goes unused. */
#define HYPERCALL(nr, name)                                                                         \
	hypercall_fn __real_do_##name, __wrap_do_##name;                                            \
	long __wrap_do_##name(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)      \
	{                                                                                           \
		return timed(nr, #name, __real_do_##name, (uint64_t[]){ a1, a2, a3, a4, a5 });      \
	}
#include <hv/hypercalls.def>
