/* SPDX-License-Identifier: MIT */
/* Where the hypervisor enters a guest's kernel other than by an exception. */
#include <hv/hypercall.h>

#include <xen/callback.h>

#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/traps.h>
#include <hv/usercopy.h>

static void set_callback(struct callback *c, const struct callback_register *reg)
{
	c->rip = reg->address;
	c->mask_events = reg->flags & CALLBACKF_mask_events;
	c->registered = true;
}

static long register_callback(struct vcpu *v, const struct callback_register *reg)
{
	if (!is_canonical(reg->address))
		return -XEN_EINVAL;
	switch (reg->type) {
	case CALLBACKTYPE_event:
		set_callback(&v->event_callback, reg);
		return 0;
	case CALLBACKTYPE_failsafe:
		set_callback(&v->failsafe_callback, reg);
		return 0;
	case CALLBACKTYPE_syscall:
		set_callback(&v->syscall_callback, reg);
		return 0;
	case CALLBACKTYPE_syscall32:
		set_callback(&v->syscall32_callback, reg);
		return 0;
	case CALLBACKTYPE_sysenter:
		set_callback(&v->sysenter_callback, reg);
		return 0;
	case CALLBACKTYPE_nmi:
		return vcpu_set_nmi_callback(v, reg->address);
	}
	return -XEN_ENOSYS;
}

static long unregister_callback(struct vcpu *v, unsigned type)
{
	switch (type) {
	case CALLBACKTYPE_event:
	case CALLBACKTYPE_failsafe:
	case CALLBACKTYPE_syscall:
	case CALLBACKTYPE_syscall32:
	case CALLBACKTYPE_sysenter:
		return -XEN_EINVAL;
	case CALLBACKTYPE_nmi:
		return vcpu_set_nmi_callback(v, 0);
	}
	return -XEN_ENOSYS;
}

long do_callback_op(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4, uint64_t a5)
{
	struct callback_register reg;
	struct callback_unregister unreg;

	(void)a3, (void)a4, (void)a5;
	switch ((uint32_t)cmd) {
	case CALLBACKOP_register:
		if (copy_from_guest(&reg, guest_va(arg), sizeof(reg)))
			return -XEN_EFAULT;
		return register_callback(current_vcpu(), &reg);
	case CALLBACKOP_unregister:
		if (copy_from_guest(&unreg, guest_va(arg), sizeof(unreg)))
			return -XEN_EFAULT;
		return unregister_callback(current_vcpu(), unreg.type);
	}
	return -XEN_ENOSYS;
}

/* The older form; it reports no error. */
long do_set_callbacks(uint64_t event, uint64_t failsafe, uint64_t syscall, uint64_t a4, uint64_t a5)
{
	struct vcpu *v = current_vcpu();

	(void)a4, (void)a5;
	register_callback(v, &(struct callback_register){ .type = CALLBACKTYPE_event,
							  .address = event });
	register_callback(v, &(struct callback_register){ .type = CALLBACKTYPE_failsafe,
							  .address = failsafe });
	register_callback(v, &(struct callback_register){ .type = CALLBACKTYPE_syscall,
							  .address = syscall });
	return 0;
}
