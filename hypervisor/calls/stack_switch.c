/* SPDX-License-Identifier: MIT */
/* The stack on which the guest's kernel is entered from its user mode. */
#include <hv/hypercall.h>

#include <format/descriptor.h>
#include <hv/cpu.h>
#include <hv/vcpu.h>

long do_stack_switch(uint64_t ss, uint64_t sp, uint64_t a3, uint64_t a4, uint64_t a5)
{
	struct vcpu *v = current_vcpu();

	(void)a3, (void)a4, (void)a5;
	v->kernel_ss = (ss & 0xffff) | SELECTOR_RPL;
	v->kernel_sp = sp;
	return 0;
}
