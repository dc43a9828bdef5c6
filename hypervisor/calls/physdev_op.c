// SPDX-License-Identifier: MIT
/*
 * HYPERVISOR_physdev_op: what a PV kernel asks about I/O privilege and hardware
 * interrupts. Interrupts of devices are not routed to guests, so the operations on
 * them are refused; dom0 is told so by the errors that make Linux go on without.
 */
#include <hv/hypercall.h>

#include <hv/domain.h>
#include <hv/usercopy.h>

#include <xen/physdev.h>

#define IO_PORTS 65536u

typedef long op_fn(struct vcpu *v, guest_va_t arg);

static long op_set_iopl(struct vcpu *v, guest_va_t arg)
{
	struct physdev_set_iopl op;

	if (copy_from_guest(&op, arg, sizeof(op)))
		return -XEN_EFAULT;
	if (op.iopl > 3)
		return -XEN_EINVAL;
	v->iopl = op.iopl << 12;
	return 0;
}

static long op_set_iobitmap(struct vcpu *v, guest_va_t arg)
{
	struct physdev_set_iobitmap op;

	if (copy_from_guest(&op, arg, sizeof(op)))
		return -XEN_EFAULT;
	guest_va_t map = handle_va(op.bitmap);

	if (op.nr_ports > IO_PORTS || !guest_range_ok(map, (op.nr_ports + 7) / 8))
		return -XEN_EINVAL;
	v->iobmp = map.a;
	v->iobmp_limit = op.nr_ports;
	return 0;
}

/* "The vector" is the interrupt's own number: a guest never sees the real ones. */
static long op_alloc_irq_vector(struct vcpu *v, guest_va_t arg)
{
	struct physdev_irq op;

	if (!domain_is_control(v->domain))
		return -XEN_EPERM;
	if (copy_from_guest(&op, arg, sizeof(op)))
		return -XEN_EFAULT;
	op.vector = op.irq;
	return copy_to_guest(arg, &op, sizeof(op));
}

/* Operations that name an interrupt, an I/O APIC or a device: none of them is ours to give. */
static long op_no_such_irq(struct vcpu *v, guest_va_t arg)
{
	(void)arg;
	return domain_is_control(v->domain) ? -XEN_EINVAL : -XEN_EPERM;
}

static op_fn *const ops[] = {
	[PHYSDEVOP_irq_status_query] = op_no_such_irq,
	[PHYSDEVOP_set_iopl] = op_set_iopl,
	[PHYSDEVOP_set_iobitmap] = op_set_iobitmap,
	[PHYSDEVOP_apic_read] = op_no_such_irq,
	[PHYSDEVOP_apic_write] = op_no_such_irq,
	[PHYSDEVOP_alloc_irq_vector] = op_alloc_irq_vector,
	[PHYSDEVOP_eoi] = op_no_such_irq,
	[PHYSDEVOP_map_pirq] = op_no_such_irq,
	[PHYSDEVOP_unmap_pirq] = op_no_such_irq,
	[PHYSDEVOP_setup_gsi] = op_no_such_irq,
	[PHYSDEVOP_get_free_pirq] = op_no_such_irq,
};

long do_physdev_op(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4, uint64_t a5)
{
	op_fn *op = NULL;

	(void)a3;
	(void)a4;
	(void)a5;
	cmd = (uint32_t)cmd;
	if (cmd < ARRAY_SIZE(ops))
		op = ops[index_clamp(cmd, ARRAY_SIZE(ops))];
	return op ? op(current_vcpu(), guest_va(arg)) : -XEN_ENOSYS;
}

/* As kernels before Xen 3.2 call it: the command stands before the operation's structure. */
long do_physdev_op_compat(uint64_t arg, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	uint32_t cmd;

	if (copy_from_guest(&cmd, guest_va(arg), sizeof(cmd)))
		return -XEN_EFAULT;
	if (cmd > PHYSDEVOP_alloc_irq_vector)
		return -XEN_EINVAL;
	(void)a2;
	return do_physdev_op(cmd, arg + offsetof(struct physdev_op, u), a3, a4, a5);
}
