/* SPDX-License-Identifier: MIT */
/* The guest's CR0.TS: set, its next use of the floating-point unit traps to its kernel. */
#include <hv/hypercall.h>

#include <hv/cpu.h>
#include <hv/fpu.h>

long do_fpu_taskswitch(uint64_t set, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	(void)a2, (void)a3, (void)a4, (void)a5;
	fpu_set_ts(current_vcpu(), (uint32_t)set != 0);
	return 0;
}
