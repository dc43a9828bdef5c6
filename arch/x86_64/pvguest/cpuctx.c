// SPDX-License-Identifier: MIT
/*
 * What the hypervisor is told of a CPU before it runs: the page tables and handlers of CPU 0, its own
 * stack, and its own structure behind GS. The segments are the flat ones of the ABI, so that no CPU needs a
 * descriptor table.
 */
#include <pvguest/arch.h>

#include <string.h>

#include <pvguest/cpu.h>
#include <pvguest/hypercall.h>
#include <pvguest/memory.h>
#include <pvguest/start.h>
#include <pvguest/trap.h>

#define RFLAGS_RESERVED 2	/* always set */

void cpu_begin(struct pv_cpu *c, void *stack_top) __attribute__((noreturn));

void arch_cpu_init(struct pv_cpu *c)
{
	hypercall_set_segment_base(SEGBASE_GS_KERNEL, (unsigned long)c);
}

void arch_cpu_begin(struct pv_cpu *c)
{
	cpu_begin(c, c->stack_top);
}

void arch_cpu_context(struct vcpu_guest_context *context, const struct pv_cpu *c)
{
	struct cpu_user_regs *r = &context->user_regs;

	context->flags = VGCF_in_kernel;
	r->rip = (uint64_t)cpu_begin;
	r->rdi = (uint64_t)c;
	r->rsi = (uint64_t)c->stack_top;
	r->rsp = (uint64_t)c->stack_top;
	r->rflags = RFLAGS_RESERVED;
	r->cs = FLAT_KERNEL_CS;
	r->ss = FLAT_KERNEL_SS;
	context->kernel_ss = FLAT_KERNEL_SS;
	context->kernel_sp = (uint64_t)c->stack_top;
	context->gs_base_kernel = (uint64_t)c;
	context->ctrlreg[3] = virt_to_mfn((void *)pv_start_info->pt_base) << PAGE_SHIFT;
	trap_context(context);
}
