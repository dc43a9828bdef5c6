/* SPDX-License-Identifier: MIT */
/*
 * Hypercall handlers: `long do_NAME(a1..a5)`, arguments as the guest gave them,
 * the vCPU is current_vcpu(). A handler copies in, looks up, locks, calls core,
 * unlocks, copies out; it returns a result, -XEN_Exxx, or -XEN_ERESTART after it
 * stored its progress with hypercall_set_arg().
 */
#pragma once

#include <hv/budget.h>
#include <hv/cpu.h>
#include <hv/types.h>

struct domain;

typedef long hypercall_fn(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5);

#define HYPERCALL(nr, name) hypercall_fn do_##name;
#include <hv/hypercalls.def>
#undef HYPERCALL

#define NR_HYPERCALLS 64

/** do_iret() for any frame, but for the way out: regs become those of the frame, rax included. do_iret()
 *  itself is entry code's, which does not return, and takes the usual ones before. A domain
 *  without a frame or a table for its user mode is crashed. */
void iret_any(void);

extern hypercall_fn *const hypercall_table[NR_HYPERCALLS];

/**
 * Changes argument n (0 to 4) of the hypercall under way, as it stands in the
 * guest's registers or in its multicall entry, so that it goes on from there
 * when it is executed again after -XEN_ERESTART.
 */
void hypercall_set_arg(unsigned n, uint64_t value);

