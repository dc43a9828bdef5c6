/* SPDX-License-Identifier: MIT */
/* Policies of the machine and of domains, and what a vCPU's CPUID adds to them. */
#include <hv/cpuid.h>

#include <xen/arch-x86/cpufeatureset.h>
#include <xen/arch-x86/cpuid.h>
#include <xen/sysctl.h>

#include <format/cr.h>
#include <hv/alloc.h>
#include <hv/arch.h>
#include <hv/check.h>
#include <hv/domain.h>
#include <hv/fpu.h>
#include <hv/mem.h>

#define NONE XEN_CPUID_NO_SUBLEAF
#define XEN_VERSION_SHOWN 0x00040011	/* 4.17 */
#define LEAF_TSC_RATIO	  0x15
#define LEAF_FREQUENCY	  0x16

static struct cpuid_policy raw, host, pv;
static const struct cpuid_policy none;

void cpuid_init(void)
{
	cpuid_policy_raw(&raw, cpuid_read_machine);
	host = raw;
	pv = host;
	cpuid_policy_pv(&pv, fpu_xfeatures());
}

const struct cpuid_policy *cpuid_system_policy(unsigned index)
{
	switch (index) {
	case XEN_SYSCTL_cpu_policy_raw:
		return &raw;
	case XEN_SYSCTL_cpu_policy_host:
		return &host;
	case XEN_SYSCTL_cpu_policy_pv_max:
	case XEN_SYSCTL_cpu_policy_pv_default:
		return &pv;
	case XEN_SYSCTL_cpu_policy_hvm_max:
	case XEN_SYSCTL_cpu_policy_hvm_default:
		return &none;
	}
	return NULL;
}

const struct cpuid_policy *cpuid_domain_policy(const struct domain *d)
{
	return d->cpu_policy ? d->cpu_policy : &pv;
}

void cpuid_domain_free(struct domain *d)
{
	xfree(d->cpu_policy);
	d->cpu_policy = NULL;
}

static int put_leaves(struct cpuid_policy *p, const struct xen_cpuid_leaf *leaves, uint32_t n,
		      uint32_t *err_leaf, uint32_t *err_subleaf)
{
	for (uint32_t i = 0; i < n; i++) {
		int rc = cpuid_policy_put(p, &leaves[i]);

		if (!rc)
			continue;
		*err_leaf = leaves[i].leaf;
		*err_subleaf = leaves[i].subleaf;
		return rc;
	}
	return cpuid_policy_fits(p, &pv, err_leaf, err_subleaf) ? 0 : -XEN_EINVAL;
}

/* In MSR_PLATFORM_INFO only what the machine has, in MSR_ARCH_CAPABILITIES nothing. */
static int put_msrs(const struct xen_msr_entry *msrs, uint32_t n, uint32_t *err_msr)
{
	for (uint32_t i = 0; i < n; i++) {
		*err_msr = msrs[i].idx;
		if (msrs[i].flags)
			return -XEN_EINVAL;
		if (msrs[i].idx != MSR_INDEX_PLATFORM_INFO && msrs[i].idx != MSR_INDEX_ARCH_CAPS)
			return -XEN_ERANGE;
		if (msrs[i].val & ~(msrs[i].idx == MSR_INDEX_PLATFORM_INFO ? pv.platform_info : 0))
			return -XEN_EINVAL;
	}
	*err_msr = ~0u;
	return 0;
}

int cpuid_domain_set(struct domain *d, const struct xen_cpuid_leaf *leaves, uint32_t nr_leaves,
		     const struct xen_msr_entry *msrs, uint32_t nr_msrs,
		     uint32_t *err_leaf, uint32_t *err_subleaf, uint32_t *err_msr)
{
	struct cpuid_policy *p = xmalloc(sizeof(*p));
	int rc;

	*err_leaf = *err_subleaf = *err_msr = ~0u;
	if (!p)
		return -XEN_ENOMEM;
	*p = *cpuid_domain_policy(d);
	rc = put_leaves(p, leaves, nr_leaves, err_leaf, err_subleaf);
	if (!rc)
		rc = put_msrs(msrs, nr_msrs, err_msr);
	if (rc) {
		xfree(p);
		return rc;
	}
	cpuid_policy_clamp(p, &pv);
	cpuid_domain_free(d);
	d->cpu_policy = p;
	return 0;
}

bool guest_has(const struct vcpu *v, unsigned feature)
{
	return cpuid_has_feature(cpuid_domain_policy(v->domain), feature);
}

/* ---- the hypervisor's own leaves (xen/arch-x86/cpuid.h) ---------------------- */

static void tsc_leaf(const struct vcpu *v, uint32_t subleaf, struct cpuid_result *r)
{
	int8_t shift;

	switch (subleaf) {
	case 0:
		r->b = v->domain->tsc_mode;
		r->c = (uint32_t)arch_tsc_khz();
		break;
	case 1:
		arch_tsc_scale(&r->c, &shift);
		r->d = (uint32_t)(int32_t)shift;
		break;
	case 2:
		r->a = (uint32_t)arch_tsc_khz();
		break;
	}
}

static void hypervisor_leaf(const struct vcpu *v, uint32_t leaf, uint32_t subleaf,
			    struct cpuid_result *r)
{
	switch (leaf - CPUID_HV_BASE) {
	case 0:
		*r = (struct cpuid_result){ CPUID_HV_BASE + XEN_CPUID_MAX_NUM_LEAVES,
			XEN_CPUID_SIGNATURE_EBX, XEN_CPUID_SIGNATURE_ECX, XEN_CPUID_SIGNATURE_EDX };
		break;
	case 1:
		r->a = XEN_VERSION_SHOWN;
		break;
	case 2:		/* one transfer page, by this MSR */
		r->a = 1;
		r->b = CPUID_HV_BASE;
		r->c = XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD;
		break;
	case 3:
		tsc_leaf(v, subleaf, r);
		break;
	case 5:
		r->b = 64 - (uint32_t)__builtin_clzll(arch_max_mfn | 1) + PAGE_SHIFT;
		break;
	}
}

/* ---- what depends on the vCPU and the moment --------------------------------- */

static void adjust_leaf(const struct vcpu *v, uint32_t leaf, uint32_t subleaf,
			struct cpuid_result *r)
{
	const uint32_t osxsave = 1u << (XEN_X86_FEATURE_OSXSAVE % 32);

	switch (leaf) {
	case 1:
		r->b |= v->id * 2 << 24;	/* APIC id */
		r->c = v->ctrlreg[4] & CR4_OSXSAVE ? r->c | osxsave : r->c & ~osxsave;
		break;
	case 0xb:
		r->d = v->id * 2;
		break;
	case 0xd:
		if (subleaf == 0 && r->a) {
			r->b = fpu_area_size(v->xcr0);
			r->c = fpu_area_size(r->a | (uint64_t)r->d << 32);
		}
		if (subleaf == 1 && r->a & 1u << (XEN_X86_FEATURE_XSAVEC % 32))
			r->b = fpu_compact_size(v->xcr0);
		break;
	}
}

/*
 * Above the policy's last leaf: the TSC's frequency, so that a kernel need not measure it
 * against a PIT that it does not have. 0x15: TSC = crystal (c, Hz) * b / a; 0x16: MHz.
 */
static bool frequency_leaf(uint32_t leaf, struct cpuid_result *r)
{
	uint64_t khz = arch_tsc_khz();
	uint32_t mhz = (uint32_t)(khz / 1000);

	if (leaf == LEAF_TSC_RATIO && khz < 0xffffffffUL / 1000)
		*r = (struct cpuid_result){ 1, 1, (uint32_t)(khz * 1000), 0 };
	else if (leaf == LEAF_TSC_RATIO)
		*r = (struct cpuid_result){ 1, mhz, 1000000, 0 };
	else if (leaf == LEAF_FREQUENCY)
		*r = (struct cpuid_result){ mhz, mhz, 100, 0 };
	else
		return false;
	return true;
}

static bool is_intel(const struct xen_cpuid_leaf *zero)
{
	return zero && zero->b == 0x756e6547;	/* "Genu" */
}

void guest_cpuid(const struct vcpu *v, uint32_t leaf, uint32_t subleaf, struct cpuid_result *r)
{
	struct cpuid_policy *p = (struct cpuid_policy *)cpuid_domain_policy(v->domain);
	const struct xen_cpuid_leaf *l;

	*r = (struct cpuid_result){ 0, 0, 0, 0 };
	if (leaf >= CPUID_HV_BASE && leaf < CPUID_HV_BASE + 0x100) {
		hypervisor_leaf(v, leaf, subleaf, r);
		return;
	}
	if ((leaf == LEAF_TSC_RATIO || leaf == LEAF_FREQUENCY) &&
	    is_intel(cpuid_find(p, 0, NONE)) && frequency_leaf(leaf, r))
		return;
	l = cpuid_find(p, leaf, NONE);
	if (!l)
		l = cpuid_find(p, leaf, subleaf);
	if (!l)
		return;
	*r = (struct cpuid_result){ l->a, l->b, l->c, l->d };
	if (leaf == 0 && is_intel(l) && r->a >= CPUID_BASIC_MAX)
		r->a = LEAF_FREQUENCY;
	adjust_leaf(v, leaf, subleaf, r);
}
