/* SPDX-License-Identifier: MIT */
/*
 * What CPUID tells guests. A policy is a sorted list of leaves as the ABI
 * serialises them (struct xen_cpuid_leaf):
 *
 *     raw --host: what we know--> host --what a PV guest can use--> pv_max = pv_default
 *                                                                      |
 *                                      a domain's own, by set_cpu_policy, never beyond pv_max
 *
 * A vCPU's answer is its domain's policy plus what depends on the moment (XCR0,
 * CR4.OSXSAVE, its number) and the hypervisor's own leaves at 0x40000000.
 */
#pragma once

#include <hv/types.h>

struct domain;
struct vcpu;

/*
 * As many as libxenguest may write of a policy: 10 plain ones below 0xe, subleaves of 4, 7, 0xb
 * and 0xd, two of the hypervisor, 0x80000000 to 0x80000021.
 */
#define CPUID_MAX_LEAVES  (10 + 6 + 3 + 2 + 63 + 2 + 34)
#define CPUID_BASIC_MAX   0xd
#define CPUID_EXTD_BASE   0x80000000u
#define CPUID_EXTD_MAX    0x80000021u
#define CPUID_HV_BASE     0x40000000u
#define CPUID_FEATURE_WORDS 19		/* of a featureset, xen/arch-x86/cpufeatureset.h */
#define MSR_INDEX_PLATFORM_INFO 0xceu
#define MSR_INDEX_ARCH_CAPS	0x10au	/* hidden: 0 */
#define MSR_POLICY_ENTRIES 2		/* these */

struct cpuid_policy {
	uint32_t n;
	struct xen_cpuid_leaf leaf[CPUID_MAX_LEAVES];
	uint64_t platform_info;		/* MSR_PLATFORM_INFO: bit 31, CPUID faulting */
};

struct cpuid_result {
	uint32_t a, b, c, d;
};

/** Reads one leaf of the machine. */
typedef void cpuid_read_fn(uint32_t leaf, uint32_t subleaf, struct cpuid_result *r);

/* ---- core/cpuid.c, core/cpuid_pv.c: pure ------------------------------------- */

/** The leaf with this number, or NULL. subleaf: XEN_CPUID_NO_SUBLEAF for those that have none. */
struct xen_cpuid_leaf *cpuid_find(struct cpuid_policy *p, uint32_t leaf, uint32_t subleaf);
/** Reads the machine. */
void cpuid_policy_raw(struct cpuid_policy *p, cpuid_read_fn *read);
/** Takes away what a PV guest cannot have. xfeatures: fpu_xfeatures(). */
void cpuid_policy_pv(struct cpuid_policy *p, uint64_t xfeatures);
/** Limits p to what max allows: feature bits, numbers of leaves, maker. */
void cpuid_policy_clamp(struct cpuid_policy *p, const struct cpuid_policy *max);
/** Puts a leaf that a toolstack gave in p: 0, or -XEN_ERANGE: a policy does not have it. */
int cpuid_policy_put(struct cpuid_policy *p, const struct xen_cpuid_leaf *leaf);
/** True when a guest may have p on a machine with max: else no smaller numbers of leaves. */
bool cpuid_policy_fits(const struct cpuid_policy *p, const struct cpuid_policy *max,
		       uint32_t *err_leaf, uint32_t *err_subleaf);
/** The feature words of p. */
void cpuid_featureset(const struct cpuid_policy *p, uint32_t fs[CPUID_FEATURE_WORDS]);
/** Sets them, in the leaves that p has. */
void cpuid_set_featureset(struct cpuid_policy *p, const uint32_t fs[CPUID_FEATURE_WORDS]);
/** One feature (XEN_X86_FEATURE_*). */
bool cpuid_has_feature(const struct cpuid_policy *p, unsigned feature);
void cpuid_set_feature(struct cpuid_policy *p, unsigned feature);
void cpuid_clear_feature(struct cpuid_policy *p, unsigned feature);
/**
 * p as XEN_SYSCTL_get_cpu_policy gives it, CPUID_MAX_LEAVES at most: libxenguest reads a policy
 * into a structure and writes it out again, into no more entries than it got; so every leaf up
 * to the last is there, blank ones and the ends of lists too. Returns how many.
 */
unsigned cpuid_policy_leaves(const struct cpuid_policy *p, struct xen_cpuid_leaf *out);
/** The MSRs that belong to it. */
unsigned cpuid_policy_msrs(const struct cpuid_policy *p, struct xen_msr_entry *out);

/* ---- domain/cpuid.c ---------------------------------------------------------- */

/** Boot, after fpu_init_cpu(). */
void cpuid_init(void);
/** XEN_SYSCTL_cpu_policy_*; that of hvm is empty. NULL: no such index. */
const struct cpuid_policy *cpuid_system_policy(unsigned index);
const struct cpuid_policy *cpuid_domain_policy(const struct domain *d);
/**
 * set_cpu_policy: the leaves and MSRs replace those of d's policy. 0; -XEN_EINVAL, -XEN_ERANGE
 * (*err_* say where, else ~0), -XEN_ENOMEM; after an error nothing has changed.
 */
int cpuid_domain_set(struct domain *d, const struct xen_cpuid_leaf *leaves, uint32_t nr_leaves,
		     const struct xen_msr_entry *msrs, uint32_t nr_msrs,
		     uint32_t *err_leaf, uint32_t *err_subleaf, uint32_t *err_msr);
void cpuid_domain_free(struct domain *d);
/** CPUID as v executes it. */
void guest_cpuid(const struct vcpu *v, uint32_t leaf, uint32_t subleaf, struct cpuid_result *r);
/** True when v's policy has the feature (XEN_X86_FEATURE_*). */
bool guest_has(const struct vcpu *v, unsigned feature);

/* ---- arch -------------------------------------------------------------------- */

__attribute__((visibility("hidden")))
void cpuid_read_machine(uint32_t leaf, uint32_t subleaf, struct cpuid_result *r);
/** Makes CPUID of guests fault where the CPU can do that; true when it does. */
bool cpuid_enable_faulting(void);
