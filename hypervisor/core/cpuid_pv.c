/* SPDX-License-Identifier: MIT */
/*
 * What a PV guest can have of a machine's CPUID. The list is of what it can,
 * so that a feature of a later CPU stays hidden until somebody has thought about it.
 * Not in it, though harmless to know: FSGSBASE. A kernel that has it reads
 * MSR_KERNEL_GS_BASE at each context switch, which traps; without, it does not.
 * Nor what needs MSRs that are not switched (speculation controls). Nor HTT and CMP_LEGACY:
 * they announce a count of the package's CPUs, and a guest is not told any; since 6.9 Linux
 * takes a count of none at its word, and dies of it.
 */
#include <hv/cpuid.h>

#include <xen/arch-x86/cpufeatureset.h>

#define NONE XEN_CPUID_NO_SUBLEAF
#define F(name) XEN_X86_FEATURE_##name

static const uint16_t pv_features[] = {
	F(FPU), F(DE), F(TSC), F(MSR), F(PAE), F(MCE), F(CX8), F(APIC), F(SEP), F(MCA), F(CMOV),
	F(PAT), F(CLFLUSH), F(MMX), F(FXSR), F(SSE), F(SSE2), F(SS),
	F(SSE3), F(PCLMULQDQ), F(SSSE3), F(FMA), F(CX16), F(SSE4_1), F(SSE4_2), F(MOVBE), F(POPCNT),
	F(AESNI), F(XSAVE), F(AVX), F(F16C), F(RDRAND), F(HYPERVISOR),
	F(SYSCALL), F(NX), F(MMXEXT), F(FFXSR), F(RDTSCP), F(LM), F(3DNOWEXT), F(3DNOW),
	F(LAHF_LM), F(ABM), F(SSE4A), F(MISALIGNSSE), F(3DNOWPREFETCH), F(XOP),
	F(FMA4), F(TBM),
	F(XSAVEOPT), F(XSAVEC), F(XGETBV1),
	F(BMI1), F(AVX2), F(BMI2), F(ERMS), F(AVX512F), F(AVX512DQ), F(RDSEED), F(ADX),
	F(AVX512_IFMA), F(CLFLUSHOPT), F(CLWB), F(AVX512PF), F(AVX512ER), F(AVX512CD), F(SHA),
	F(AVX512BW), F(AVX512VL), F(NO_FPU_SEL), F(FDP_EXCP_ONLY),
	F(PREFETCHWT1), F(AVX512_VBMI), F(AVX512_VBMI2), F(GFNI), F(VAES), F(VPCLMULQDQ),
	F(AVX512_VNNI), F(AVX512_BITALG), F(AVX512_VPOPCNTDQ), F(RDPID), F(CLDEMOTE),
	F(ITSC),
	F(CLZERO), F(RSTR_FP_ERR_PTRS),
	F(AVX512_4VNNIW), F(AVX512_4FMAPS), F(FSRM), F(SERIALIZE), F(MD_CLEAR),
	F(AVX_VNNI), F(AVX512_BF16), F(FZRM), F(FSRS), F(FSRCS),
	F(LFENCE_DISPATCH), F(NSCB),
};

/* Those of word 0 that AMD repeats in 0x80000001.edx. */
#define AMD_SHARED_1D 0x0183f3ffu

static void mask_features(struct cpuid_policy *p)
{
	uint32_t allowed[CPUID_FEATURE_WORDS] = { 0 }, has[CPUID_FEATURE_WORDS];

	for (unsigned i = 0; i < ARRAY_SIZE(pv_features); i++)
		allowed[pv_features[i] / 32] |= 1u << (pv_features[i] % 32);
	cpuid_featureset(p, has);
	for (unsigned i = 0; i < CPUID_FEATURE_WORDS; i++)
		has[i] &= allowed[i];
	cpuid_set_featureset(p, has);
	cpuid_policy_clamp(p, p);	/* what leaf 0 no longer announces goes */
}

/* Bits that AMD CPUs show twice follow the first word. */
static void mirror_amd(struct cpuid_policy *p, uint32_t raw_e1d)
{
	struct xen_cpuid_leaf *one = cpuid_find(p, 1, NONE);
	struct xen_cpuid_leaf *e1 = cpuid_find(p, 0x80000001, NONE);

	if (one && e1)
		e1->d |= one->d & raw_e1d & AMD_SHARED_1D;
}

/* Numbers of CPUs, caches by CPU and the like describe the machine, not the guest. */
static void flatten_topology(struct cpuid_policy *p)
{
	struct xen_cpuid_leaf *l = cpuid_find(p, 1, NONE);

	if (l)
		l->b &= 0xff00u;		/* CLFLUSH size; no APIC id, no count */
	for (unsigned i = 0; i < p->n; i++) {
		l = &p->leaf[i];
		if (l->leaf == 4)
			l->a &= ~0xffffc000u;	/* every cache is the vCPU's own */
		if (l->leaf == 5 || l->leaf == 6 || l->leaf == 9 || l->leaf == 0xa ||
		    l->leaf == 0xb || l->leaf == 3)
			l->a = l->b = l->c = l->d = 0;
		if (l->leaf == 0x80000008)
			l->c = 0;
		/* SVM, instruction based sampling, topology of AMD */
		if (l->leaf == 0x8000000a || (l->leaf >= 0x8000001b && l->leaf <= 0x80000020))
			l->a = l->b = l->c = l->d = 0;
	}
}

static void limit_xsave(struct cpuid_policy *p, uint64_t xfeatures)
{
	unsigned to = 0;

	for (unsigned i = 0; i < p->n; i++) {
		struct xen_cpuid_leaf l = p->leaf[i];

		if (l.leaf == 0xd && l.subleaf > 1 && !(xfeatures >> l.subleaf & 1))
			continue;
		if (l.leaf == 0xd && l.subleaf == 0) {
			l.a &= (uint32_t)xfeatures;
			l.d &= (uint32_t)(xfeatures >> 32);
		}
		if (l.leaf == 0xd && l.subleaf == 1)
			l.b = l.c = l.d = 0;	/* no supervisor states */
		p->leaf[to++] = l;
	}
	p->n = to;
	if (!xfeatures)
		cpuid_clear_feature(p, F(XSAVE));
	/* Vector units without a way to enable them. */
	if (!(xfeatures & 4)) {
		cpuid_clear_feature(p, F(AVX));
		cpuid_clear_feature(p, F(FMA));
		cpuid_clear_feature(p, F(F16C));
		cpuid_clear_feature(p, F(XOP));
		cpuid_clear_feature(p, F(FMA4));
		cpuid_clear_feature(p, F(AVX2));
	}
}

void cpuid_policy_pv(struct cpuid_policy *p, uint64_t xfeatures)
{
	struct xen_cpuid_leaf *l = cpuid_find(p, 0x80000001, NONE);
	uint32_t raw_e1d = l ? l->d : 0;

	l = cpuid_find(p, 0, NONE);
	if (l)
		l->a = MIN(l->a, CPUID_BASIC_MAX);
	l = cpuid_find(p, CPUID_EXTD_BASE, NONE);
	if (l)
		l->a = MIN(l->a, CPUID_EXTD_MAX);
	mask_features(p);
	mirror_amd(p, raw_e1d);
	flatten_topology(p);
	limit_xsave(p, xfeatures);
	cpuid_set_feature(p, F(HYPERVISOR));
}
