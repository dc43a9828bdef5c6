/* SPDX-License-Identifier: MIT */
/* Reading and writing debug registers. */
#include <hv/hypercall.h>

#include <hv/cpu.h>
#include <hv/debugreg.h>

long do_set_debugreg(uint64_t reg, uint64_t value, uint64_t a3, uint64_t a4, uint64_t a5)
{
	(void)a3, (void)a4, (void)a5;
	return vcpu_set_debugreg(current_vcpu(), (uint32_t)reg, value);
}

long do_get_debugreg(uint64_t reg, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	uint64_t value;
	int rc = vcpu_get_debugreg(current_vcpu(), (uint32_t)reg, &value);

	(void)a2, (void)a3, (void)a4, (void)a5;
	return rc ? rc : (long)value;
}
