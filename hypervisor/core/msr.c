/* SPDX-License-Identifier: MIT */
/* The registers with one value for good: a table of who has it, what it reads, what it ignores. */
#include <hv/msr.h>

#include <format/msr.h>

#define APIC_DEFAULT_BASE	0xfee00000UL
#define MC_BANKS		2
#define MC_BANKS_MAX		32
#define FEATURE_CONTROL_LOCK	1
#define DE_CFG_LFENCE		2	/* lfence is serialising */
#define MSR_PLATFORM_ID		0x17
#define MSR_PERF_CAPABILITIES	0x345
#define MSR_AMD_DE_CFG		0xc0011029

enum write_rule {
	WRITE_FAULTS,
	WRITE_SAME,	/* only the value that it has */
	WRITE_ZERO,
	WRITE_ANY,	/* ignored */
};

struct fixed_msr {
	uint32_t first, last;
	uint8_t vendors;		/* enum msr_vendor bits */
	uint8_t write;			/* enum write_rule */
	uint64_t value;
	uint64_t (*compute)(const struct msr_env *env, uint32_t msr);
};

#define ALL (MSR_INTEL | MSR_AMD | MSR_OTHER)

static uint64_t apic_base(const struct msr_env *env, uint32_t msr)
{
	(void)msr;
	return APIC_DEFAULT_BASE | APIC_BASE_ENABLE | (env->vcpu_id == 0 ? APIC_BASE_BSP : 0);
}

static uint64_t ucode_rev(const struct msr_env *env, uint32_t msr)
{
	(void)msr;
	return env->ucode_rev;
}

/* No performance counters, no branch trace. */
static uint64_t misc_enable(const struct msr_env *env, uint32_t msr)
{
	(void)msr;
	return (env->misc_enable & ~(uint64_t)MISC_ENABLE_PERF_AVAIL) |
	       MISC_ENABLE_BTS_UNAVAIL | MISC_ENABLE_PEBS_UNAVAIL;
}

static uint64_t platform_info(const struct msr_env *env, uint32_t msr)
{
	(void)msr;
	return env->platform_info;
}

/* Of each bank's four registers the first enables reporting; nothing has been reported. Banks
 * beyond those that MCG_CAP counts read as zero. */
static uint64_t mc_bank(const struct msr_env *env, uint32_t msr)
{
	(void)env;
	return (msr & 3) == 0 && msr < MSR_MC0_CTL + 4 * MC_BANKS ? ~0UL : 0;
}

static const struct fixed_msr table[] = {
	{ MSR_PLATFORM_ID, MSR_PLATFORM_ID, MSR_INTEL, WRITE_FAULTS, 0, NULL },
	{ MSR_APIC_BASE, MSR_APIC_BASE, ALL, WRITE_SAME, 0, apic_base },
	{ MSR_FEATURE_CONTROL, MSR_FEATURE_CONTROL, MSR_INTEL, WRITE_FAULTS,
	  FEATURE_CONTROL_LOCK, NULL },
	{ MSR_UCODE_REV, MSR_UCODE_REV, MSR_INTEL | MSR_AMD, WRITE_ZERO, 0, ucode_rev },
	{ MSR_PLATFORM_INFO, MSR_PLATFORM_INFO, MSR_INTEL, WRITE_FAULTS, 0, platform_info },
	{ MSR_MISC_FEATURES, MSR_MISC_FEATURES, MSR_INTEL, WRITE_ZERO, 0, NULL },
	{ MSR_MCG_CAP, MSR_MCG_CAP, ALL, WRITE_FAULTS, MC_BANKS, NULL },
	{ MSR_MCG_STATUS, MSR_MCG_STATUS, ALL, WRITE_ANY, 0, NULL },
	{ MSR_MISC_ENABLE, MSR_MISC_ENABLE, MSR_INTEL | MSR_OTHER, WRITE_ANY, 0, misc_enable },
	{ MSR_PAT, MSR_PAT, ALL, WRITE_FAULTS, PAT_VALUE, NULL },
	{ MSR_PERF_CAPABILITIES, MSR_PERF_CAPABILITIES, MSR_INTEL, WRITE_FAULTS, 0, NULL },
	{ MSR_MC0_CTL, MSR_MC0_CTL + 4 * MC_BANKS_MAX - 1, ALL, WRITE_ANY, 0, mc_bank },
	{ MSR_EFER, MSR_EFER, ALL, WRITE_SAME, EFER_SCE | EFER_LME | EFER_LMA | EFER_NX, NULL },
	{ MSR_K8_HWCR, MSR_K8_HWCR, MSR_AMD, WRITE_SAME, HWCR_TSC_FREQ_SEL, NULL },
	{ MSR_AMD_DE_CFG, MSR_AMD_DE_CFG, MSR_AMD, WRITE_ANY, DE_CFG_LFENCE, NULL },
};

static const struct fixed_msr *find(const struct msr_env *env, uint32_t msr)
{
	for (unsigned i = 0; i < ARRAY_SIZE(table); i++)
		if (msr >= table[i].first && msr <= table[i].last && table[i].vendors & env->vendor)
			return &table[i];
	return NULL;
}

bool msr_fixed_read(const struct msr_env *env, uint32_t msr, uint64_t *value)
{
	const struct fixed_msr *m = find(env, msr);

	if (!m)
		return false;
	*value = m->compute ? m->compute(env, msr) : m->value;
	return true;
}

bool msr_fixed_write(const struct msr_env *env, uint32_t msr, uint64_t value)
{
	const struct fixed_msr *m = find(env, msr);
	uint64_t now;

	if (!m || !msr_fixed_read(env, msr, &now))
		return false;
	switch (m->write) {
	case WRITE_SAME:
		return value == now;
	case WRITE_ZERO:
		return value == 0;
	case WRITE_ANY:
		return true;
	}
	return false;
}
