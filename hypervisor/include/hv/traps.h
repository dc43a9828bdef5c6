/* SPDX-License-Identifier: MIT */
/*
 * Exceptions, and the ways in which control comes to a guest's kernel without
 * its having asked: exceptions, system calls of its user mode, events, NMIs,
 * and the failsafe callback. Each "bounces": a frame is pushed on the kernel's
 * stack and the guest goes on at the handler that it registered.
 *
 *     kernel's rsp -> rcx  r11  [ds es fs gs]  [error code]  rip  cs  rflags  rsp  ss
 *                               failsafe only   by vector     |
 *                                   bits 32-39: saved evtchn_upcall_mask; RPL 0: from the kernel
 *
 * A guest whose stack cannot take the frame, or that has no handler, is crashed.
 * All of these act on the current vCPU and its saved registers.
 */
#pragma once

#include <hv/types.h>

struct domain;
struct vcpu;

/** Exceptions of guests by vector, for entry code. */
typedef void guest_trap_fn(struct vcpu *v, struct cpu_user_regs *regs);
extern guest_trap_fn *const guest_traps[];

/** An exception (vectors below 32) of the hypervisor itself, or on a stack of its own. */
void trap_dispatch(struct cpu_user_regs *regs);

/** `int n` that came through a gate of its own (rip behind it) from a guest. */
void trap_software_interrupt(struct vcpu *v, struct cpu_user_regs *regs, unsigned vector);

/** Whether what came by this vector was an interrupt that nobody asked for: it is told and over. */
bool irq_take_stray(unsigned vector);

/** An exception, to the handler of its vector. For a vector without error code ec is not used. */
void bounce_exception(struct vcpu *v, struct cpu_user_regs *regs, unsigned vector, uint32_t ec);
/** An interrupt by instruction (`int n`): as an exception, but never with an error code. */
void bounce_interrupt(struct vcpu *v, struct cpu_user_regs *regs, unsigned vector);
/** A page fault: va becomes the guest's CR2; the user bit of ec is set by the guest's mode. */
void bounce_page_fault(struct vcpu *v, struct cpu_user_regs *regs, uint64_t va, uint32_t ec);
/** A system call of the guest's user mode, 64-bit or compatibility. */
void bounce_syscall(struct vcpu *v, struct cpu_user_regs *regs);
void bounce_syscall32(struct vcpu *v, struct cpu_user_regs *regs);
/** At sp, on the kernel's stack, is no place for the frame of a trap to rip: the domain's end. */
void bounce_no_stack(struct vcpu *v, uint64_t sp, uint64_t rip) __attribute__((cold));
/** sysenter; rip and rsp of the frame are 0, since nobody knows them. */
void bounce_sysenter(struct vcpu *v, struct cpu_user_regs *regs);
/** Events are pending and unmasked. */
void bounce_events(struct vcpu *v, struct cpu_user_regs *regs);
/** Something of the guest's state does not load: its kernel shall mend it. */
void bounce_failsafe(struct vcpu *v, struct cpu_user_regs *regs);
/** CPU_WORK_BOUNCE is set: a failsafe callback or an NMI may be due. */
void bounce_pending(struct vcpu *v, struct cpu_user_regs *regs);

/** Makes an NMI pending in v (VCPUOP_send_nmi, sendtrigger) and wakes it. */
void vcpu_send_nmi(struct vcpu *v);
/** Registers, or with 0 takes away, the current vCPU's NMI handler. 0 or -XEN_EINVAL. */
long vcpu_set_nmi_callback(struct vcpu *v, uint64_t address);

/** Fills a page with the stubs of the transfer page: entry n at 32 * n. */
void hypercall_page_init(struct domain *d, void *page);

/** True for an address that a canonical one may be (48 bits, sign-extended). */
static inline bool is_canonical(uint64_t va)
{
	return (uint64_t)((int64_t)(va << 16) >> 16) == va;
}

