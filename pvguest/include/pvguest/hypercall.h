/* SPDX-License-Identifier: MIT */
/*
 * Typed hypercall stubs: one inline function a hypercall, named as Xen's public
 * headers name the operation. All of them return what the hypervisor returned:
 * 0 or a positive result, or -XEN_Exxx (<xen/errno.h>; these numbers are not
 * newlib's errno values, see pvguest/errno.h for the conversion).
 *
 * On the machine a stub is a call into the hypercall page. In host tests
 * (CLOISON_HOST_TEST) it is a call of pv_hypercall(), which the test supplies:
 * a fake, or the real hypervisor core.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <xen/xen.h>
#include <xen/errno.h>

struct xen_domctl;
struct xen_sysctl;
struct xen_platform_op;

#ifdef CLOISON_HOST_TEST
/** The seam for host tests; the test program defines it. */
long pv_hypercall(unsigned int nr, unsigned long a1, unsigned long a2, unsigned long a3,
		  unsigned long a4, unsigned long a5);
#else
extern char hypercall_page[];

static inline __attribute__((always_inline)) long
pv_hypercall(const unsigned int nr, unsigned long a1, unsigned long a2, unsigned long a3,
	     unsigned long a4, unsigned long a5)
{
	register unsigned long r10 asm("r10") = a4;
	register unsigned long r8 asm("r8") = a5;
	long ret;

	/* The stub clobbers its argument registers, rcx and r11. */
	asm volatile("call hypercall_page + %c[off]"
		     : "=a" (ret), "+D" (a1), "+S" (a2), "+d" (a3), "+r" (r10), "+r" (r8)
		     : [off] "i" (nr * 32)
		     : "rcx", "r11", "memory", "cc");
	return ret;
}
#endif

#define HYPERCALL_ARG(x) ((unsigned long)(x))

static inline __attribute__((always_inline)) long
hypercall_set_trap_table(const struct trap_info *table)
{
	return pv_hypercall(__HYPERVISOR_set_trap_table, HYPERCALL_ARG(table), 0, 0, 0, 0);
}

/** Applies `count` updates; `done` (may be NULL) receives how many were applied. `dom` owns
 * the frames that new entries point at: DOMID_SELF, or the domain whose memory is mapped. */
static inline __attribute__((always_inline)) long
hypercall_mmu_update(const struct mmu_update *req, unsigned int count, unsigned int *done,
		     domid_t dom)
{
	return pv_hypercall(__HYPERVISOR_mmu_update, HYPERCALL_ARG(req), count,
			    HYPERCALL_ARG(done), dom, 0);
}

/** `frames`: the machine frames of the descriptor table, 512 entries each. */
static inline __attribute__((always_inline)) long
hypercall_set_gdt(const unsigned long *frames, unsigned int entries)
{
	return pv_hypercall(__HYPERVISOR_set_gdt, HYPERCALL_ARG(frames), entries, 0, 0, 0);
}

static inline __attribute__((always_inline)) long
hypercall_stack_switch(unsigned long ss, unsigned long sp)
{
	return pv_hypercall(__HYPERVISOR_stack_switch, ss, sp, 0, 0, 0);
}

static inline __attribute__((always_inline)) long
hypercall_set_callbacks(unsigned long event, unsigned long failsafe, unsigned long syscall)
{
	return pv_hypercall(__HYPERVISOR_set_callbacks, event, failsafe, syscall, 0, 0);
}

static inline __attribute__((always_inline)) long hypercall_fpu_taskswitch(int set)
{
	return pv_hypercall(__HYPERVISOR_fpu_taskswitch, HYPERCALL_ARG((long)set), 0, 0, 0, 0);
}

static inline __attribute__((always_inline)) long
hypercall_platform_op(struct xen_platform_op *op)
{
	return pv_hypercall(__HYPERVISOR_platform_op, HYPERCALL_ARG(op), 0, 0, 0, 0);
}

static inline __attribute__((always_inline)) long
hypercall_set_debugreg(int reg, unsigned long value)
{
	return pv_hypercall(__HYPERVISOR_set_debugreg, HYPERCALL_ARG((long)reg), value, 0, 0, 0);
}

static inline __attribute__((always_inline)) long hypercall_get_debugreg(int reg)
{
	return pv_hypercall(__HYPERVISOR_get_debugreg, HYPERCALL_ARG((long)reg), 0, 0, 0, 0);
}

/** `maddr`: machine address of the descriptor. */
static inline __attribute__((always_inline)) long
hypercall_update_descriptor(uint64_t maddr, uint64_t desc)
{
	return pv_hypercall(__HYPERVISOR_update_descriptor, maddr, desc, 0, 0, 0);
}

static inline __attribute__((always_inline)) long
hypercall_memory_op(unsigned int cmd, void *arg)
{
	return pv_hypercall(__HYPERVISOR_memory_op, cmd, HYPERCALL_ARG(arg), 0, 0, 0);
}

static inline __attribute__((always_inline)) long
hypercall_multicall(struct multicall_entry *calls, unsigned int count)
{
	return pv_hypercall(__HYPERVISOR_multicall, HYPERCALL_ARG(calls), count, 0, 0, 0);
}

static inline __attribute__((always_inline)) long
hypercall_update_va_mapping(unsigned long va, uint64_t pte, unsigned long flags)
{
	return pv_hypercall(__HYPERVISOR_update_va_mapping, va, pte, flags, 0, 0);
}

static inline __attribute__((always_inline)) long
hypercall_update_va_mapping_otherdomain(unsigned long va, uint64_t pte, unsigned long flags,
					domid_t dom)
{
	return pv_hypercall(__HYPERVISOR_update_va_mapping_otherdomain, va, pte, flags, dom, 0);
}

/** Absolute system time in ns; 0 cancels. VIRQ_TIMER fires. */
static inline __attribute__((always_inline)) long hypercall_set_timer_op(uint64_t deadline)
{
	return pv_hypercall(__HYPERVISOR_set_timer_op, deadline, 0, 0, 0, 0);
}

static inline __attribute__((always_inline)) long hypercall_xen_version(int cmd, void *arg)
{
	return pv_hypercall(__HYPERVISOR_xen_version, HYPERCALL_ARG((long)cmd),
			    HYPERCALL_ARG(arg), 0, 0, 0);
}

/** cmd: CONSOLEIO_write or CONSOLEIO_read (which returns the number of bytes). */
static inline __attribute__((always_inline)) long
hypercall_console_io(int cmd, int count, char *buffer)
{
	return pv_hypercall(__HYPERVISOR_console_io, HYPERCALL_ARG((long)cmd),
			    HYPERCALL_ARG((long)count), HYPERCALL_ARG(buffer), 0, 0);
}

static inline __attribute__((always_inline)) long
hypercall_grant_table_op(unsigned int cmd, void *ops, unsigned int count)
{
	return pv_hypercall(__HYPERVISOR_grant_table_op, cmd, HYPERCALL_ARG(ops), count, 0, 0);
}

static inline __attribute__((always_inline)) long
hypercall_vm_assist(unsigned int cmd, unsigned int type)
{
	return pv_hypercall(__HYPERVISOR_vm_assist, cmd, type, 0, 0, 0);
}

static inline __attribute__((always_inline)) long
hypercall_vcpu_op(int cmd, unsigned int vcpu, void *arg)
{
	return pv_hypercall(__HYPERVISOR_vcpu_op, HYPERCALL_ARG((long)cmd), vcpu,
			    HYPERCALL_ARG(arg), 0, 0);
}

static inline __attribute__((always_inline)) long
hypercall_set_segment_base(unsigned int reg, unsigned long base)
{
	return pv_hypercall(__HYPERVISOR_set_segment_base, reg, base, 0, 0, 0);
}

struct mmuext_op;

static inline __attribute__((always_inline)) long
hypercall_mmuext_op(const struct mmuext_op *op, unsigned int count, unsigned int *done,
		    domid_t dom)
{
	return pv_hypercall(__HYPERVISOR_mmuext_op, HYPERCALL_ARG(op), count,
			    HYPERCALL_ARG(done), dom, 0);
}

static inline __attribute__((always_inline)) long hypercall_xsm_op(void *op)
{
	return pv_hypercall(__HYPERVISOR_xsm_op, HYPERCALL_ARG(op), 0, 0, 0, 0);
}

static inline __attribute__((always_inline)) long hypercall_nmi_op(unsigned int cmd, void *arg)
{
	return pv_hypercall(__HYPERVISOR_nmi_op, cmd, HYPERCALL_ARG(arg), 0, 0, 0);
}

static inline __attribute__((always_inline)) long hypercall_sched_op(int cmd, void *arg)
{
	return pv_hypercall(__HYPERVISOR_sched_op, HYPERCALL_ARG((long)cmd), HYPERCALL_ARG(arg),
			    0, 0, 0);
}

static inline __attribute__((always_inline)) long hypercall_callback_op(int cmd, const void *arg)
{
	return pv_hypercall(__HYPERVISOR_callback_op, HYPERCALL_ARG((long)cmd),
			    HYPERCALL_ARG(arg), 0, 0, 0);
}

static inline __attribute__((always_inline)) long
hypercall_event_channel_op(int cmd, void *arg)
{
	return pv_hypercall(__HYPERVISOR_event_channel_op, HYPERCALL_ARG((long)cmd),
			    HYPERCALL_ARG(arg), 0, 0, 0);
}

static inline __attribute__((always_inline)) long hypercall_physdev_op(int cmd, void *arg)
{
	return pv_hypercall(__HYPERVISOR_physdev_op, HYPERCALL_ARG((long)cmd),
			    HYPERCALL_ARG(arg), 0, 0, 0);
}

/** The caller sets cmd and interface_version (XEN_DOMCTL_INTERFACE_VERSION). */
static inline __attribute__((always_inline)) long hypercall_domctl(struct xen_domctl *op)
{
	return pv_hypercall(__HYPERVISOR_domctl, HYPERCALL_ARG(op), 0, 0, 0, 0);
}

/** The caller sets cmd and interface_version (XEN_SYSCTL_INTERFACE_VERSION). */
static inline __attribute__((always_inline)) long hypercall_sysctl(struct xen_sysctl *op)
{
	return pv_hypercall(__HYPERVISOR_sysctl, HYPERCALL_ARG(op), 0, 0, 0, 0);
}
