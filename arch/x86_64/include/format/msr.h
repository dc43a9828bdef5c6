/* SPDX-License-Identifier: MIT */
/*
 * Numbers and bits of the model-specific registers that are used (Intel SDM volume 4,
 * AMD APM volume 2). Usable from assembly.
 */
#pragma once

#define MSR_P5_MC_ADDR		0x0
#define MSR_P5_MC_TYPE		0x1
#define MSR_PLATFORM_ID		0x17
#define MSR_APIC_BASE		0x1b
#define   APIC_BASE_BSP		(1 << 8)
#define   APIC_BASE_X2APIC	(1 << 10)
#define   APIC_BASE_ENABLE	(1 << 11)
#define MSR_FEATURE_CONTROL	0x3a
#define MSR_TSC_ADJUST		0x3b
#define MSR_SPEC_CTRL		0x48
#define MSR_PRED_CMD		0x49
#define MSR_UCODE_REV		0x8b
#define MSR_PERFCTR_FIRST	0xc1
#define MSR_PERFCTR_LAST	0xc8
#define MSR_PLATFORM_INFO	0xce
#define MSR_MPERF		0xe7
#define MSR_APERF		0xe8
#define MSR_ARCH_CAPABILITIES	0x10a
#define MSR_MISC_FEATURES	0x140
#define   MISC_FEATURES_CPUID_FAULTING	1
#define MSR_SYSENTER_CS		0x174
#define MSR_SYSENTER_ESP	0x175
#define MSR_SYSENTER_EIP	0x176
#define MSR_MCG_CAP		0x179
#define MSR_MCG_STATUS		0x17a
#define MSR_MCG_CTL		0x17b
#define MSR_EVNTSEL_FIRST	0x186
#define MSR_EVNTSEL_LAST	0x189
#define MSR_PERF_STATUS		0x198
#define MSR_PERF_CTL		0x199
#define MSR_THERM_CONTROL	0x19a
#define MSR_THERM_STATUS	0x19c
#define MSR_MISC_ENABLE		0x1a0
#define   MISC_ENABLE_FAST_STRING	(1 << 0)
#define   MISC_ENABLE_PERF_AVAIL	(1 << 7)
#define   MISC_ENABLE_BTS_UNAVAIL	(1 << 11)
#define   MISC_ENABLE_PEBS_UNAVAIL	(1 << 12)
#define   MISC_ENABLE_MONITOR		(1 << 18)
#define   MISC_ENABLE_XTPR_DISABLE	(1 << 23)
#define MSR_ENERGY_PERF_BIAS	0x1b0
#define MSR_TSC			0x10
#define MSR_PAT			0x277
#define MSR_MTRR_CAP		0xfe
#define MSR_MC0_CTL2		0x280
#define MSR_FIXED_CTR_FIRST	0x309
#define MSR_FIXED_CTR_LAST	0x30b
#define MSR_PERF_CAPABILITIES	0x345
#define MSR_PERF_GLOBAL_FIRST	0x38d
#define MSR_PERF_GLOBAL_LAST	0x390
#define MSR_MC0_CTL		0x400
#define MSR_TSC_DEADLINE	0x6e0
#define MSR_XSS			0xda0
#define MSR_X2APIC_FIRST	0x800
#define MSR_X2APIC_LAST		0x8ff

#define MSR_EFER		0xc0000080
#define   EFER_SCE		(1 << 0)
#define   EFER_LME		(1 << 8)
#define   EFER_LMA		(1 << 10)
#define   EFER_NX		(1 << 11)
#define   EFER_SVME		(1 << 12)
#define   EFER_FFXSR		(1 << 14)
#define MSR_STAR		0xc0000081
#define MSR_LSTAR		0xc0000082
#define MSR_CSTAR		0xc0000083
#define MSR_SYSCALL_MASK	0xc0000084
#define MSR_FS_BASE		0xc0000100
#define MSR_GS_BASE		0xc0000101
#define MSR_KERNEL_GS_BASE	0xc0000102
#define MSR_TSC_AUX		0xc0000103
#define MSR_K7_EVNTSEL0		0xc0010000
#define MSR_K7_PERFCTR3		0xc0010007
#define MSR_K8_SYSCFG		0xc0010010
#define MSR_K8_HWCR		0xc0010015
#define   HWCR_TSC_FREQ_SEL	(1 << 24)
#define MSR_K8_IORR_FIRST	0xc0010016
#define MSR_K8_TOP_MEM1		0xc001001a
#define MSR_K8_TOP_MEM2		0xc001001d
#define MSR_K8_NB_CFG		0xc001001f
#define MSR_FIDVID_CTL		0xc0010041
#define MSR_FIDVID_STATUS	0xc0010042
#define MSR_MMIO_CONF_BASE	0xc0010058
#define MSR_PSTATE_FIRST	0xc0010061
#define MSR_PSTATE_LAST		0xc001006b
#define MSR_TSEG_BASE		0xc0010112
#define MSR_TSEG_MASK		0xc0010113
#define MSR_FAM15_EVNTSEL0	0xc0010200
#define MSR_FAM15_PERFCTR5	0xc001020b
#define MSR_AMD_DE_CFG		0xc0011029

/* What the hypervisor loads in the PAT: WB WT UC- UC WC WP, the order of Xen's public ABI. */
#define PAT_VALUE		0x050100070406ULL
