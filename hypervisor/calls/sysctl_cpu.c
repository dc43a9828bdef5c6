// SPDX-License-Identifier: MIT
/*
 * sysctl and domctl on what CPUs offer: policies as lists of CPUID leaves and MSRs,
 * and feature words. A null handle asks how many entries there can be.
 */
#include <hv/domctl.h>

#include <hv/alloc.h>
#include <hv/check.h>
#include <hv/cpu.h>
#include <hv/cpuid.h>
#include <hv/domain.h>
#include <hv/usercopy.h>

#define MSRS_MAX 16u
#define PLATFORM_INFO_FAULTING (1ULL << 31)

/* ---- a policy to the caller ----------------------------------------------------------- */

static int put_leaves(const struct cpuid_policy *p, guest_va_t to, uint32_t *n)
{
	struct xen_cpuid_leaf *list;
	unsigned have;
	int rc;

	if (!to.a) {
		*n = CPUID_MAX_LEAVES;
		return 0;
	}
	list = xmalloc(CPUID_MAX_LEAVES * sizeof(*list));
	if (!list)
		return -XEN_ENOMEM;
	have = cpuid_policy_leaves(p, list);
	rc = *n < have ? -XEN_ENOBUFS : copy_to_guest(to, list, have * sizeof(*list));
	xfree(list);
	if (!rc)
		*n = have;
	return rc;
}

static int put_msrs(const struct cpuid_policy *p, guest_va_t to, uint32_t *n)
{
	struct xen_msr_entry m[MSR_POLICY_ENTRIES];
	unsigned have;

	if (!to.a) {
		*n = MSR_POLICY_ENTRIES;
		return 0;
	}
	have = cpuid_policy_msrs(p, m);
	if (*n < have)
		return -XEN_ENOBUFS;
	*n = have;
	return copy_to_guest(to, m, have * sizeof(m[0]));
}

long sysctl_get_cpu_policy(struct xen_sysctl *op, bool *copyback)
{
	struct xen_sysctl_cpu_policy *a = &op->u.cpu_policy;
	const struct cpuid_policy *p;
	int rc;

	if (a->_rsvd)
		return -XEN_EINVAL;
	p = cpuid_system_policy(a->index);
	if (!p)
		return -XEN_EINVAL;
	rc = put_leaves(p, handle_va(a->leaves), &a->nr_leaves);
	if (!rc)
		rc = put_msrs(p, handle_va(a->msrs), &a->nr_msrs);
	*copyback = !rc;
	return rc;
}

long domctl_get_cpu_policy(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	struct xen_domctl_cpu_policy *a = &op->u.cpu_policy;
	const struct cpuid_policy *p = cpuid_domain_policy(d);
	int rc = put_leaves(p, handle_va(a->leaves), &a->nr_leaves);

	if (!rc)
		rc = put_msrs(p, handle_va(a->msrs), &a->nr_msrs);
	*copyback = !rc;
	return rc;
}

/* ---- a policy from the caller --------------------------------------------------------- */

struct policy_copy {
	struct xen_cpuid_leaf leaf[CPUID_MAX_LEAVES];
	struct xen_msr_entry msr[MSRS_MAX];
};

static int take_policy(struct domain *d, struct xen_domctl_cpu_policy *a, struct policy_copy *c)
{
	if (a->nr_leaves && copy_from_guest(c->leaf, handle_va(a->leaves),
					    a->nr_leaves * sizeof(c->leaf[0])))
		return -XEN_EFAULT;
	if (a->nr_msrs && copy_from_guest(c->msr, handle_va(a->msrs),
					  a->nr_msrs * sizeof(c->msr[0])))
		return -XEN_EFAULT;
	return cpuid_domain_set(d, c->leaf, a->nr_leaves, c->msr, a->nr_msrs, &a->err_leaf,
				&a->err_subleaf, &a->err_msr);
}

long domctl_set_cpu_policy(struct domain *d, struct xen_domctl *op, bool *copyback)
{
	struct xen_domctl_cpu_policy *a = &op->u.cpu_policy;
	struct policy_copy *c;
	int rc;

	if (d == current_vcpu()->domain)
		return -XEN_EINVAL;
	if (d->life.started)	/* it may have looked already */
		return -XEN_EEXIST;
	a->err_leaf = a->err_subleaf = a->err_msr = ~0U;
	*copyback = true;
	if (a->nr_leaves > CPUID_MAX_LEAVES || a->nr_msrs > MSRS_MAX)
		return -XEN_E2BIG;
	c = xmalloc(sizeof(*c));
	if (!c)
		return -XEN_ENOMEM;
	rc = take_policy(d, a, c);
	xfree(c);
	return rc;
}

/* ---- feature words -------------------------------------------------------------------- */

long sysctl_get_cpu_levelling_caps(struct xen_sysctl *op, bool *copyback)
{
	const struct cpuid_policy *host = cpuid_system_policy(XEN_SYSCTL_cpu_policy_host);

	op->u.cpu_levelling_caps.caps =
		host->platform_info & PLATFORM_INFO_FAULTING ? XEN_SYSCTL_CPU_LEVELCAP_faulting : 0;
	*copyback = true;
	return 0;
}

long sysctl_get_cpu_featureset(struct xen_sysctl *op, bool *copyback)
{
	static const uint8_t policy_of[] = {
		[XEN_SYSCTL_cpu_featureset_raw] = XEN_SYSCTL_cpu_policy_raw,
		[XEN_SYSCTL_cpu_featureset_host] = XEN_SYSCTL_cpu_policy_host,
		[XEN_SYSCTL_cpu_featureset_pv] = XEN_SYSCTL_cpu_policy_pv_default,
		[XEN_SYSCTL_cpu_featureset_hvm] = XEN_SYSCTL_cpu_policy_hvm_default,
		[XEN_SYSCTL_cpu_featureset_pv_max] = XEN_SYSCTL_cpu_policy_pv_max,
		[XEN_SYSCTL_cpu_featureset_hvm_max] = XEN_SYSCTL_cpu_policy_hvm_max,
	};
	struct xen_sysctl_cpu_featureset *f = &op->u.cpu_featureset;
	uint32_t words[CPUID_FEATURE_WORDS], n;
	const struct cpuid_policy *p;

	*copyback = true;
	if (handle_is_null(f->features)) {
		f->nr_features = CPUID_FEATURE_WORDS;
		return 0;
	}
	if (f->index >= ARRAY_SIZE(policy_of))
		return -XEN_EINVAL;
	p = cpuid_system_policy(policy_of[index_clamp(f->index, ARRAY_SIZE(policy_of))]);
	CHECK(p);
	cpuid_featureset(p, words);
	n = MIN(f->nr_features, CPUID_FEATURE_WORDS + 0U);
	if (copy_to_guest(handle_va(f->features), words, n * sizeof(words[0])))
		return -XEN_EFAULT;
	f->nr_features = n;
	return n < CPUID_FEATURE_WORDS ? -XEN_ENOBUFS : 0;
}
