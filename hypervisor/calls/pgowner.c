// SPDX-License-Identifier: MIT
/* See pgowner.h. */
#include "pgowner.h"

#include <hv/cpu.h>
#include <hv/hypercall.h>
#include <hv/usercopy.h>

static bool is_pseudo(const struct domain *d)
{
	return d == &dom_io || d == &dom_xen;
}

struct domain *pgowner_get(domid_t id)
{
	struct domain *self = current_vcpu()->domain;

	switch (id) {
	case DOMID_SELF:
		return self;
	case DOMID_IO:
		return &dom_io;
	case DOMID_XEN:
		return &dom_xen;
	default:
		return id == self->id ? NULL : domain_get(id);
	}
}

void pgowner_put(struct domain *d)
{
	if (d && d != current_vcpu()->domain && !is_pseudo(d))
		domain_put(d);
}

bool pgowner_allowed(const struct domain *d)
{
	const struct domain *self = current_vcpu()->domain;

	return d == self || domain_is_control(self);
}

void pgowner_ctx(struct pt_ctx *c, const struct domain *tables, const struct domain *pages)
{
	const struct domain *io = pages == &dom_io ? current_vcpu()->domain : pages;

	tables_ctx(c, tables, current_budget());
	c->pages = pages->id;
	c->io = tables->mm.io_memory && io->mm.io_memory;
}

int pgowner_cpus(const struct domain *d, guest_va_t bitmap, cpumask_t *cpus)
{
	cpumask_clear(cpus);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);	/* as in domain_cpus() */
	for (unsigned first = 0; first < d->max_vcpus; first += 64) {
		uint64_t word;

		if (copy_from_guest(&word, guest_index(bitmap, first / 64, word), sizeof(word)))
			return -XEN_EFAULT;
		for (; word; word &= word - 1) {
			unsigned id = first + (unsigned)__builtin_ctzll(word);
			const struct vcpu *v;

			if (id >= d->max_vcpus)
				return 0;
			v = d->vcpu[index_clamp(id, d->max_vcpus)];
			if (v)
				vcpu_add_cpu(v, cpus);
		}
	}
	return 0;
}
