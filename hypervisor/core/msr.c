/* SPDX-License-Identifier: MIT */
/* The registers with one value for good: a table of who has it, what it reads, what it ignores. */
#include <hv/msr.h>

#include <format/msr.h>

#define APIC_DEFAULT_BASE	0xfee00000UL
#define MC_BANKS		2
#define MC_BANKS_MAX		32
#define FEATURE_CONTROL_LOCK	1
#define DE_CFG_LFENCE		2	/* lfence is serialising */
#define MC_LIVE			(MSR_MC0_CTL + 4 * MC_BANKS - 1)
#define MC_LAST			(MSR_MC0_CTL + 4 * MC_BANKS_MAX - 1)

enum write_rule {
	WRITE_FAULTS,
	WRITE_SAME,	/* only the value that it has */
	WRITE_ZERO,
	WRITE_ANY,	/* ignored */
	WRITE_ONLY,	/* ignored, and reading faults */
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

/* No performance counters, no branch trace, no MWAIT. */
static uint64_t misc_enable(const struct msr_env *env, uint32_t msr)
{
	(void)msr;
	return (env->misc_enable & ~(uint64_t)(MISC_ENABLE_PERF_AVAIL | MISC_ENABLE_MONITOR)) |
	       MISC_ENABLE_BTS_UNAVAIL | MISC_ENABLE_PEBS_UNAVAIL | MISC_ENABLE_XTPR_DISABLE;
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
	return (msr & 3) == 0 && msr <= MC_LIVE ? ~0UL : 0;
}

/* What reads as zero: no performance counter counts, no clock or temperature is a guest's, no memory is
 * laid out by it. A kernel that writes to one goes on, as on Xen. */
static const struct fixed_msr table[] = {
	{ MSR_P5_MC_ADDR, MSR_P5_MC_TYPE, ALL, WRITE_FAULTS, 0, NULL },
	{ MSR_PLATFORM_ID, MSR_PLATFORM_ID, MSR_INTEL, WRITE_FAULTS, 0, NULL },
	{ MSR_APIC_BASE, MSR_APIC_BASE, ALL, WRITE_FAULTS, 0, apic_base },
	{ MSR_FEATURE_CONTROL, MSR_FEATURE_CONTROL, MSR_INTEL, WRITE_FAULTS,
	  FEATURE_CONTROL_LOCK, NULL },
	{ MSR_UCODE_REV, MSR_UCODE_REV, MSR_INTEL, WRITE_ZERO, 0, ucode_rev },
	{ MSR_UCODE_REV, MSR_UCODE_REV, MSR_AMD, WRITE_FAULTS, 0, ucode_rev },
	{ MSR_PERFCTR_FIRST, MSR_PERFCTR_LAST, MSR_INTEL, WRITE_ANY, 0, NULL },
	{ MSR_PLATFORM_INFO, MSR_PLATFORM_INFO, ALL, WRITE_FAULTS, 0, platform_info },
	{ MSR_MPERF, MSR_APERF, ALL, WRITE_ONLY, 0, NULL },
	{ MSR_MISC_FEATURES, MSR_MISC_FEATURES, ALL, WRITE_ZERO, 0, NULL },
	{ MSR_MCG_CAP, MSR_MCG_CAP, ALL, WRITE_ANY, MC_BANKS, NULL },
	{ MSR_MCG_STATUS, MSR_MCG_CTL, ALL, WRITE_ANY, 0, NULL },
	{ MSR_EVNTSEL_FIRST, MSR_EVNTSEL_LAST, MSR_INTEL, WRITE_ANY, 0, NULL },
	{ MSR_PERF_STATUS, MSR_PERF_STATUS, MSR_INTEL, WRITE_FAULTS, 0, NULL },
	{ MSR_PERF_CTL, MSR_PERF_CTL, MSR_INTEL, WRITE_ANY, 0, NULL },
	{ MSR_THERM_CONTROL, MSR_THERM_CONTROL, MSR_INTEL, WRITE_ONLY, 0, NULL },
	{ MSR_THERM_STATUS, MSR_THERM_STATUS, MSR_INTEL, WRITE_FAULTS, 0, NULL },
	{ MSR_MISC_ENABLE, MSR_MISC_ENABLE, ALL, WRITE_ANY, 0, misc_enable },
	{ MSR_ENERGY_PERF_BIAS, MSR_ENERGY_PERF_BIAS, MSR_INTEL, WRITE_ONLY, 0, NULL },
	{ MSR_PAT, MSR_PAT, ALL, WRITE_FAULTS, PAT_VALUE, NULL },
	{ MSR_MC0_CTL2, MSR_MC0_CTL2 + MC_BANKS_MAX - 1, ALL, WRITE_ANY, 0, NULL },
	{ MSR_FIXED_CTR_FIRST, MSR_FIXED_CTR_LAST, MSR_INTEL, WRITE_ANY, 0, NULL },
	{ MSR_PERF_CAPABILITIES, MSR_PERF_CAPABILITIES, ALL, WRITE_FAULTS, 0, NULL },
	{ MSR_PERF_GLOBAL_FIRST, MSR_PERF_GLOBAL_LAST, MSR_INTEL, WRITE_ANY, 0, NULL },
	{ MSR_MC0_CTL, MSR_MC0_CTL, ALL, WRITE_ANY, 0, mc_bank },
	{ MSR_MC0_CTL + 1, MSR_MC0_CTL + 3, ALL, WRITE_ZERO, 0, NULL },
	{ MSR_MC0_CTL + 4, MSR_MC0_CTL + 4, ALL, WRITE_ANY, 0, mc_bank },
	{ MSR_MC0_CTL + 5, MC_LIVE, ALL, WRITE_ZERO, 0, NULL },
	{ MC_LIVE + 1, MC_LAST, ALL, WRITE_ANY, 0, NULL },
	{ MSR_EFER, MSR_EFER, ALL, WRITE_SAME, EFER_SCE | EFER_LME | EFER_LMA | EFER_NX, NULL },
	{ MSR_K7_EVNTSEL0, MSR_K7_PERFCTR3, MSR_AMD, WRITE_ANY, 0, NULL },
	{ MSR_K8_SYSCFG, MSR_K8_SYSCFG, MSR_AMD, WRITE_FAULTS, 0, NULL },
	{ MSR_K8_HWCR, MSR_K8_HWCR, MSR_AMD, WRITE_ANY, HWCR_TSC_FREQ_SEL, NULL },
	{ MSR_K8_IORR_FIRST, MSR_K8_TOP_MEM1, MSR_AMD, WRITE_FAULTS, 0, NULL },
	{ MSR_K8_TOP_MEM2, MSR_K8_TOP_MEM2, MSR_AMD, WRITE_FAULTS, 0, NULL },
	{ MSR_K8_NB_CFG, MSR_K8_NB_CFG, ALL, WRITE_ANY, 0, NULL },
	{ MSR_FIDVID_CTL, MSR_FIDVID_STATUS, MSR_AMD, WRITE_ANY, 0, NULL },
	{ MSR_MMIO_CONF_BASE, MSR_MMIO_CONF_BASE, MSR_AMD, WRITE_ANY, 0, NULL },
	{ MSR_PSTATE_FIRST, MSR_PSTATE_LAST, MSR_AMD, WRITE_ANY, 0, NULL },
	{ MSR_TSEG_BASE, MSR_TSEG_MASK, MSR_AMD, WRITE_FAULTS, 0, NULL },
	{ MSR_FAM15_EVNTSEL0, MSR_FAM15_PERFCTR5, MSR_AMD, WRITE_ANY, 0, NULL },
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

	if (!m || m->write == WRITE_ONLY)
		return false;
	*value = m->compute ? m->compute(env, msr) : m->value;
	return true;
}

bool msr_fixed_write(const struct msr_env *env, uint32_t msr, uint64_t value)
{
	const struct fixed_msr *m = find(env, msr);
	uint64_t now;

	if (!m)
		return false;
	switch (m->write) {
	case WRITE_SAME:
		return msr_fixed_read(env, msr, &now) && value == now;
	case WRITE_ZERO:
		return value == 0;
	case WRITE_ANY:
	case WRITE_ONLY:
		return true;
	}
	return false;
}
