/* SPDX-License-Identifier: MIT */
#include <hv/cpuid.h>

#include <cpu/insn.h>
#include <format/msr.h>

#define PLATFORM_INFO_CPUID_FAULTING (1UL << 31)

void cpuid_read_machine(uint32_t leaf, uint32_t subleaf, struct cpuid_result *r)
{
	uint32_t regs[4];

	cpuid(leaf, subleaf, regs);
	*r = (struct cpuid_result){ regs[0], regs[1], regs[2], regs[3] };
}

bool cpuid_enable_faulting(void)
{
	uint64_t info;

	if (rdmsr_safe(MSR_PLATFORM_INFO, &info) || !(info & PLATFORM_INFO_CPUID_FAULTING))
		return false;
	return wrmsr_safe(MSR_MISC_FEATURES, MISC_FEATURES_CPUID_FAULTING) == 0;
}
