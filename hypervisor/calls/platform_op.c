// SPDX-License-Identifier: MIT
/*
 * HYPERVISOR_platform_op: dom0 and the machine. The clock can be set and the CPUs
 * be asked for; firmware data of the BIOS (disks, monitor) is not kept, which is
 * answered as on a machine whose firmware gave none; the rest is not there.
 */
#include <hv/hypercall.h>

#include <hv/arch.h>
#include <hv/domain.h>
#include <hv/time.h>
#include <hv/usercopy.h>

#include <xen/platform.h>

typedef long op_fn(struct xen_platform_op *op, guest_va_t arg);

static long op_settime32(struct xen_platform_op *op, guest_va_t arg)
{
	const struct xenpf_settime32 *t = &op->u.settime32;

	(void)arg;
	return time_set_wallclock(t->secs, t->nsecs, t->system_time);
}

static long op_settime64(struct xen_platform_op *op, guest_va_t arg)
{
	const struct xenpf_settime64 *t = &op->u.settime64;

	(void)arg;
	if (t->mbz)
		return -XEN_EINVAL;
	return time_set_wallclock(t->secs, t->nsecs, t->system_time);
}

static long op_get_cpuinfo(struct xen_platform_op *op, guest_va_t arg)
{
	struct xenpf_pcpuinfo *info = &op->u.pcpu_info;
	uint32_t cpu = info->xen_cpuid;
	struct arch_cpu_place place;

	info->max_present = arch_nr_cpus() - 1;
	if (cpu > info->max_present) {
		info->flags = XEN_PCPU_FLAGS_INVALID;
	} else {
		info->flags = XEN_PCPU_FLAGS_ONLINE;
		arch_cpu_place(cpu, &place);
		info->apic_id = place.apic_id;
		info->acpi_id = place.acpi_id;
	}
	arg.a += offsetof(struct xen_platform_op, u);
	return copy_to_guest(arg, info, sizeof(*info));
}

static long op_firmware_info(struct xen_platform_op *op, guest_va_t arg)
{
	(void)arg;
	switch (op->u.firmware_info.type) {
	case XEN_FW_DISK_INFO:
	case XEN_FW_DISK_MBR_SIGNATURE:
	case XEN_FW_VBEDDC_INFO:
		return -XEN_ESRCH;
	case XEN_FW_EFI_INFO:
		return -XEN_ENOSYS;
	default:
		return -XEN_EINVAL;
	}
}

static const struct {
	uint32_t cmd;
	op_fn *fn;
} ops[] = {
	{ XENPF_settime32, op_settime32 },
	{ XENPF_settime64, op_settime64 },
	{ XENPF_get_cpuinfo, op_get_cpuinfo },
	{ XENPF_firmware_info, op_firmware_info },
};

long do_platform_op(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	struct xen_platform_op op;

	(void)a2;
	(void)a3;
	(void)a4;
	(void)a5;
	if (copy_from_guest(&op, guest_va(a1), sizeof(op)))
		return -XEN_EFAULT;
	if (op.interface_version != XENPF_INTERFACE_VERSION)
		return -XEN_EACCES;
	if (!domain_is_control(current_vcpu()->domain))
		return -XEN_EPERM;
	for (unsigned i = 0; i < ARRAY_SIZE(ops); i++)
		if (ops[i].cmd == op.cmd)
			return ops[i].fn(&op, guest_va(a1));
	return -XEN_ENOSYS;
}
