/* SPDX-License-Identifier: MIT */
/*
 * What the files of domctl and sysctl share: the shape of a handler, and the parts
 * of the two interfaces that are the same.
 */
#pragma once

#include <hv/types.h>
#include <xen/domctl.h>
#include <xen/sysctl.h>

struct domain;
struct vcpu;

/* One operation. op is our copy; *copyback: write it back to the caller, also after an
 * error. d is held, and NULL only for createdomain, getdomaininfo and get_domain_state. */
typedef long domctl_fn(struct domain *d, struct xen_domctl *op, bool *copyback);
typedef long sysctl_fn(struct xen_sysctl *op, bool *copyback);

/* calls/domctl_domain.c */
domctl_fn domctl_createdomain, domctl_destroydomain, domctl_pausedomain, domctl_unpausedomain,
	domctl_resumedomain, domctl_getdomaininfo, domctl_max_mem, domctl_setdomainhandle,
	domctl_setdebugging, domctl_settimeoffset, domctl_setnodeaffinity, domctl_getnodeaffinity,
	domctl_scheduler_op, domctl_set_virq_handler, domctl_settscinfo, domctl_gettscinfo,
	domctl_get_domain_state;
/* calls/domctl_vcpu.c */
domctl_fn domctl_max_vcpus, domctl_setvcpucontext, domctl_getvcpucontext, domctl_getvcpuinfo,
	domctl_setvcpuaffinity, domctl_getvcpuaffinity, domctl_sendtrigger;
/* calls/domctl_state.c */
domctl_fn domctl_get_ext_vcpucontext, domctl_set_ext_vcpucontext, domctl_getvcpuextstate,
	domctl_setvcpuextstate, domctl_get_vcpu_msrs, domctl_set_vcpu_msrs;
/* calls/domctl_arch.c */
domctl_fn domctl_getpageframeinfo3, domctl_hypercall_init, domctl_set_address_size,
	domctl_get_address_size, domctl_shadow_op, domctl_irq_permission,
	domctl_iomem_permission, domctl_ioport_permission;

/* calls/sysctl_info.c */
sysctl_fn sysctl_physinfo, sysctl_getdomaininfolist, sysctl_getcpuinfo, sysctl_availheap,
	sysctl_numainfo, sysctl_cputopoinfo, sysctl_pcitopoinfo, sysctl_sched_id, sysctl_scheduler_op,
	sysctl_cpupool_op;
/* calls/sysctl_cpu.c */
domctl_fn domctl_get_cpu_policy, domctl_set_cpu_policy;
sysctl_fn sysctl_get_cpu_levelling_caps, sysctl_get_cpu_featureset, sysctl_get_cpu_policy;

/** vCPU id of d, or NULL with *err: bad_id when there cannot be one, absent when there is none. */
struct vcpu *domctl_vcpu(struct domain *d, uint32_t id, int bad_id, int absent, int *err);

/** What getdomaininfo and getdomaininfolist tell of d. */
void domain_fill_info(struct domain *d, struct xen_domctl_getdomaininfo *info);

/** So many words of a guest's bitmap; what it has above is ignored. 0 or -XEN_EFAULT. */
int ctl_bitmap_get(const struct xenctl_bitmap *from, uint64_t *words, unsigned count);
/** Writes all of a guest's bitmap; beyond those words zeros. 0, -XEN_EFAULT, -XEN_EINVAL
 *  for one of more than 65536 bits. */
int ctl_bitmap_put(const struct xenctl_bitmap *to, const uint64_t *words, unsigned count);

/** True for a null guest handle. */
#define handle_is_null(h) ((h).p == NULL)
