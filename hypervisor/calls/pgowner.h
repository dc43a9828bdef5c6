/* SPDX-License-Identifier: MIT */
/* Whose frames and tables a memory hypercall is about, and the CPUs of a guest's set of vCPUs. */
#pragma once

#include <hv/domain.h>
#include <hv/ptable.h>
#include <hv/tables.h>

/** The owner of data pages that a guest named: itself by DOMID_SELF, another, dom_io, dom_xen.
 *  NULL: there is none, or it named itself by its id. */
struct domain *pgowner_get(domid_t id);
/** Gives back what pgowner_get() found; NULL is allowed. */
void pgowner_put(struct domain *d);

/** True when the current domain may act on the memory of d. */
bool pgowner_allowed(const struct domain *d);

/** The context for tables of `tables` that may map frames of `pages`. */
void pgowner_ctx(struct pt_ctx *c, const struct domain *tables, const struct domain *pages);

/** The CPUs of a guest's bitmap of vCPUs. 0 or -XEN_EFAULT. */
int pgowner_cpus(const struct domain *d, guest_va_t bitmap, cpumask_t *cpus);
