/* SPDX-License-Identifier: MIT */
/* Which domain a hypercall is about: the caller itself, or for the control domain any. */
#include <hv/domain.h>

#include <hv/cpu.h>

struct domain *domain_get_target(domid_t id, int *err)
{
	struct domain *self = current_vcpu()->domain, *d;

	*err = 0;
	if (likely(id == DOMID_SELF) || id == self->id)
		return domain_ref(self);
	d = domain_get(id);
	if (!d) {
		*err = -XEN_ESRCH;
		return NULL;
	}
	if (!domain_is_control(self)) {
		domain_put(d);
		*err = -XEN_EPERM;
		return NULL;
	}
	return d;
}
