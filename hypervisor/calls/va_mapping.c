// SPDX-License-Identifier: MIT
/*
 * HYPERVISOR_update_va_mapping(_otherdomain): changes the L1 entry that maps an address, and
 * flushes what the guest asks for.
 */
#include <hv/hypercall.h>

#include <hv/mm.h>
#include <hv/usercopy.h>

#include "pgowner.h"

/* Whom a flush is for: this CPU, all that run the domain, or the vCPUs in a bitmap. */
static int flush_cpus(const struct domain *d, uint64_t whom, cpumask_t *cpus)
{
	if (whom == UVMF_ALL) {
		domain_cpus(d, cpus);
		return 0;
	}
	return pgowner_cpus(d, guest_va(whom), cpus);
}

static long flush(struct domain *d, uint64_t va, uint64_t flags)
{
	uint64_t whom = flags & ~UVMF_FLUSHTYPE_MASK;
	cpumask_t cpus;
	int rc;

	switch (flags & UVMF_FLUSHTYPE_MASK) {
	case UVMF_TLB_FLUSH:
		if (likely(whom == UVMF_LOCAL)) {
			tlb_flush_local();
			return 0;
		}
		rc = flush_cpus(d, whom, &cpus);
		if (!rc && !cpumask_is_empty(&cpus))
			tlb_flush(&cpus);
		return rc;
	case UVMF_INVLPG:
		if (likely(whom == UVMF_LOCAL)) {
			arch_invlpg(va);
			return 0;
		}
		rc = flush_cpus(d, whom, &cpus);
		if (!rc && !cpumask_is_empty(&cpus))
			arch_invlpg_cpus(&cpus, va);
		return rc;
	default:
		return 0;
	}
}

static long update(struct vcpu *v, struct pt_ctx *c, uint64_t va, uint64_t val, uint64_t flags)
{
	struct domain *d = v->domain;
	struct frame *table;
	unsigned level;
	uint64_t *slot;
	int rc = -XEN_EINVAL;

	spin_lock(&d->mm.pt_lock);
	slot = pt_find_l1e(v->guest_table, va, &table);
	if (likely(slot) && likely(pt_is_table(table, d->id, &level)) && likely(level == 1))
		rc = pt_update_l1(c, table, slot, val, false);
	spin_unlock(&d->mm.pt_lock);
	if (unlikely(c->ldt_stale))
		tables_ldt_stale(d);
	return rc || !flags ? rc : flush(d, va, flags);
}

long do_update_va_mapping(uint64_t va, uint64_t val, uint64_t flags, uint64_t a4, uint64_t a5)
{
	struct vcpu *v = current_vcpu();
	struct pt_ctx c;

	(void)a4, (void)a5;
	tables_ctx(&c, v->domain, NULL);	/* an L1 entry needs no budget */
	return update(v, &c, va, val, flags);
}

long do_update_va_mapping_otherdomain(uint64_t va, uint64_t val, uint64_t flags, uint64_t domid,
				      uint64_t a5)
{
	struct vcpu *v = current_vcpu();
	struct domain *pages = pgowner_get((domid_t)domid);
	struct pt_ctx c;
	long rc = -XEN_EPERM;

	(void)a5;
	if (!pages)
		return -XEN_ESRCH;
	if (pages == &dom_io || pgowner_allowed(pages)) {
		pgowner_ctx(&c, v->domain, pages);
		rc = update(v, &c, va, val, flags);
	}
	pgowner_put(pages);
	return rc;
}
