// SPDX-License-Identifier: MIT
/* The processor's cycle counter, which the hypervisor's clock is told in. */
#include <pvguest/arch.h>

uint64_t arch_tsc(void)
{
	return __builtin_ia32_rdtsc();
}
