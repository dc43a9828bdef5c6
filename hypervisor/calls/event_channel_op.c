// SPDX-License-Identifier: MIT
/*
 * HYPERVISOR_event_channel_op: the argument in, the operation of domain/evtchn.c,
 * the result out. A port that was allocated stays so when writing the result back
 * faults, as in Xen: the guest gave the address.
 */
#include <hv/hypercall.h>

#include <hv/domain.h>
#include <hv/evtchn_fifo.h>
#include <hv/usercopy.h>

typedef long op_fn(struct domain *d, guest_va_t arg);

static long op_send(struct domain *d, guest_va_t arg)
{
	struct evtchn_send op;

	if (unlikely(copy_from_guest(&op, arg, sizeof(op))))
		return -XEN_EFAULT;
	return evtchn_send(d, op.port);
}

/* Gives back a port, or the error that stands in its place. */
static long return_port(int port, guest_va_t field)
{
	evtchn_port_t out = (evtchn_port_t)port;

	if (port < 0)
		return port;
	return copy_to_guest(field, &out, sizeof(out));
}

#define FIELD(arg, type, member) guest_va((arg).a + offsetof(struct type, member))

static long op_alloc_unbound(struct domain *d, guest_va_t arg)
{
	struct evtchn_alloc_unbound op;
	int err;

	if (copy_from_guest(&op, arg, sizeof(op)))
		return -XEN_EFAULT;
	struct domain *ld = domain_get_target(op.dom, &err);

	if (!ld)
		return err;
	int port = evtchn_alloc_unbound(ld, op.remote_dom == DOMID_SELF ? d->id : op.remote_dom);

	domain_put(ld);
	return return_port(port, FIELD(arg, evtchn_alloc_unbound, port));
}

static long op_bind_interdomain(struct domain *d, guest_va_t arg)
{
	struct evtchn_bind_interdomain op;

	if (copy_from_guest(&op, arg, sizeof(op)))
		return -XEN_EFAULT;
	struct domain *rd = domain_get(op.remote_dom == DOMID_SELF ? d->id : op.remote_dom);

	if (!rd)
		return -XEN_ESRCH;
	int port = evtchn_bind_interdomain(d, rd, op.remote_port);

	domain_put(rd);
	return return_port(port, FIELD(arg, evtchn_bind_interdomain, local_port));
}

static long op_bind_virq(struct domain *d, guest_va_t arg)
{
	struct evtchn_bind_virq op;

	if (copy_from_guest(&op, arg, sizeof(op)))
		return -XEN_EFAULT;
	return return_port(evtchn_bind_virq(d, op.virq, op.vcpu),
			   FIELD(arg, evtchn_bind_virq, port));
}

#define PIRQS 256u

/* No hardware interrupt is routed to a guest, so none is granted. */
static long op_bind_pirq(struct domain *d, guest_va_t arg)
{
	struct evtchn_bind_pirq op;

	(void)d;
	if (copy_from_guest(&op, arg, sizeof(op)))
		return -XEN_EFAULT;
	return op.pirq < PIRQS ? -XEN_EPERM : -XEN_EINVAL;
}

static long op_bind_ipi(struct domain *d, guest_va_t arg)
{
	struct evtchn_bind_ipi op;

	if (copy_from_guest(&op, arg, sizeof(op)))
		return -XEN_EFAULT;
	return return_port(evtchn_bind_ipi(d, op.vcpu), FIELD(arg, evtchn_bind_ipi, port));
}

static long op_bind_vcpu(struct domain *d, guest_va_t arg)
{
	struct evtchn_bind_vcpu op;

	if (copy_from_guest(&op, arg, sizeof(op)))
		return -XEN_EFAULT;
	return evtchn_bind_vcpu(d, op.port, op.vcpu);
}

static long op_close(struct domain *d, guest_va_t arg)
{
	struct evtchn_close op;

	if (copy_from_guest(&op, arg, sizeof(op)))
		return -XEN_EFAULT;
	return evtchn_close(d, op.port);
}

static long op_unmask(struct domain *d, guest_va_t arg)
{
	struct evtchn_unmask op;

	if (copy_from_guest(&op, arg, sizeof(op)))
		return -XEN_EFAULT;
	return evtchn_unmask(d, op.port);
}

static long op_status(struct domain *d, guest_va_t arg)
{
	struct evtchn_status op;
	int err;

	(void)d;
	if (copy_from_guest(&op, arg, sizeof(op)))
		return -XEN_EFAULT;
	struct domain *of = domain_get_target(op.dom, &err);

	if (!of)
		return err;
	err = evtchn_status(of, &op);
	domain_put(of);
	return err ? err : copy_to_guest(arg, &op, sizeof(op));
}

/* Another domain's ports may go only while control has paused it. */
static long op_reset(struct domain *d, guest_va_t arg)
{
	struct evtchn_reset op;
	int err;

	if (copy_from_guest(&op, arg, sizeof(op)))
		return -XEN_EFAULT;
	struct domain *of = domain_get_target(op.dom, &err);

	if (!of)
		return err;
	if (of != d && !of->life.holds)
		err = -XEN_EINVAL;
	else
		err = evtchn_reset(of, current_budget());
	domain_put(of);
	return err;
}

static long op_init_control(struct domain *d, guest_va_t arg)
{
	struct evtchn_init_control op;
	int err;

	if (copy_from_guest(&op, arg, sizeof(op)))
		return -XEN_EFAULT;
	err = evtchn_fifo_init_control(d, op.vcpu, op.control_gfn, op.offset);
	if (err)
		return err;
	op.link_bits = EVTCHN_FIFO_LINK_BITS;
	return copy_to_guest(arg, &op, sizeof(op));
}

static long op_expand_array(struct domain *d, guest_va_t arg)
{
	struct evtchn_expand_array op;

	if (copy_from_guest(&op, arg, sizeof(op)))
		return -XEN_EFAULT;
	return evtchn_fifo_expand(d, op.array_gfn);
}

static long op_set_priority(struct domain *d, guest_va_t arg)
{
	struct evtchn_set_priority op;

	if (copy_from_guest(&op, arg, sizeof(op)))
		return -XEN_EFAULT;
	return evtchn_set_priority(d, op.port, op.priority);
}

static op_fn *const ops[] = {
	[EVTCHNOP_bind_interdomain] = op_bind_interdomain,
	[EVTCHNOP_bind_virq] = op_bind_virq,
	[EVTCHNOP_bind_pirq] = op_bind_pirq,
	[EVTCHNOP_close] = op_close,
	[EVTCHNOP_send] = op_send,
	[EVTCHNOP_status] = op_status,
	[EVTCHNOP_alloc_unbound] = op_alloc_unbound,
	[EVTCHNOP_bind_ipi] = op_bind_ipi,
	[EVTCHNOP_bind_vcpu] = op_bind_vcpu,
	[EVTCHNOP_unmask] = op_unmask,
	[EVTCHNOP_reset] = op_reset,
	[EVTCHNOP_init_control] = op_init_control,
	[EVTCHNOP_expand_array] = op_expand_array,
	[EVTCHNOP_set_priority] = op_set_priority,
};

long do_event_channel_op(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4, uint64_t a5)
{
	struct domain *d = current_vcpu()->domain;

	(void)a3;
	(void)a4;
	(void)a5;
	cmd = (uint32_t)cmd;
	if (likely(cmd == EVTCHNOP_send))
		return op_send(d, guest_va(arg));
	if (cmd >= ARRAY_SIZE(ops))
		return -XEN_ENOSYS;
	return ops[index_clamp(cmd, ARRAY_SIZE(ops))](d, guest_va(arg));
}

/* As kernels before Xen 3.2 call it: the command stands before the operation's structure. */
long do_event_channel_op_compat(uint64_t arg, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	uint32_t cmd;

	if (copy_from_guest(&cmd, guest_va(arg), sizeof(cmd)))
		return -XEN_EFAULT;
	if (cmd > EVTCHNOP_unmask)
		return -XEN_ENOSYS;
	(void)a2;
	return do_event_channel_op(cmd, arg + offsetof(struct evtchn_op, u), a3, a4, a5);
}
