// SPDX-License-Identifier: MIT
/*
 * HYPERVISOR_xen_version: who we are and what we can do. Linux also calls
 * sub-operation 0 for its side effect, the events that the way out delivers; so
 * that one comes first.
 */
#include <hv/hypercall.h>

#include <hv/buildinfo.h>
#include <hv/domain.h>
#include <hv/mem.h>
#include <hv/str.h>
#include <hv/usercopy.h>

#include <xen/features.h>
#include <xen/version.h>

#define ABI_MAJOR 4
#define ABI_MINOR 17

typedef long op_fn(struct domain *d, guest_va_t arg);

static long put_text(guest_va_t to, const char *text, size_t size)
{
	char buf[1024];

	memset(buf, 0, size);
	str_copy(buf, size, text);
	return copy_to_guest(to, buf, size);
}

static long op_version(struct domain *d, guest_va_t arg)
{
	(void)d;
	(void)arg;
	return ABI_MAJOR << 16 | ABI_MINOR;
}

static long op_extraversion(struct domain *d, guest_va_t arg)
{
	(void)d;
	return put_text(arg, build_info.extraversion, sizeof(xen_extraversion_t));
}

static long op_compile_info(struct domain *d, guest_va_t arg)
{
	struct xen_compile_info info;

	(void)d;
	memset(&info, 0, sizeof(info));
	str_copy(info.compiler, sizeof(info.compiler), build_info.compiler);
	str_copy(info.compile_by, sizeof(info.compile_by), build_info.compiled_by);
	str_copy(info.compile_domain, sizeof(info.compile_domain), build_info.compiled_on);
	str_copy(info.compile_date, sizeof(info.compile_date), build_info.date);
	return copy_to_guest(arg, &info, sizeof(info));
}

static long op_capabilities(struct domain *d, guest_va_t arg)
{
	(void)d;
	return put_text(arg, "xen-3.0-x86_64 ", sizeof(xen_capabilities_info_t));
}

static long op_changeset(struct domain *d, guest_va_t arg)
{
	(void)d;
	return put_text(arg, build_info.changeset, sizeof(xen_changeset_info_t));
}

static long op_platform_parameters(struct domain *d, guest_va_t arg)
{
	struct xen_platform_parameters p = { .virt_start = HYPERVISOR_VIRT_START };

	(void)d;
	return copy_to_guest(arg, &p, sizeof(p));
}

/* The features of a 64-bit PV guest; writable page tables need a trap each, so not that. */
static uint32_t features_of(const struct domain *d)
{
	uint32_t map = 1U << XENFEAT_mmu_pt_update_preserve_ad | 1U << XENFEAT_highmem_assist |
		       1U << XENFEAT_gnttab_map_avail_bits | 1U << XENFEAT_direct_mapped;

	if (d->mm.vm_assist & 1U << VMASST_TYPE_pae_extended_cr3)
		map |= 1U << XENFEAT_pae_pgdir_above_4gb;
	if (domain_is_control(d))
		map |= 1U << XENFEAT_dom0;
	return map;
}

static long op_get_features(struct domain *d, guest_va_t arg)
{
	struct xen_feature_info info;

	if (copy_from_guest(&info, arg, sizeof(info)))
		return -XEN_EFAULT;
	if (info.submap_idx != 0)
		return -XEN_EINVAL;
	info.submap = features_of(d);
	return copy_to_guest(arg, &info, sizeof(info));
}

static long op_pagesize(struct domain *d, guest_va_t arg)
{
	(void)d;
	return arg.a ? -XEN_EINVAL : (long)PAGE_SIZE;
}

static long op_guest_handle(struct domain *d, guest_va_t arg)
{
	return copy_to_guest(arg, d->handle, sizeof(d->handle));
}

static long op_commandline(struct domain *d, guest_va_t arg)
{
	return put_text(arg, domain_is_control(d) ? build_cmdline() : "<denied>",
			sizeof(xen_commandline_t));
}

/* With no buffer: the size of the id. */
static long op_build_id(struct domain *d, guest_va_t arg)
{
	size_t size;
	const void *id = build_id(&size);
	uint32_t room;

	if (!domain_is_control(d))
		return -XEN_EPERM;
	if (!id)
		return -XEN_ENODATA;
	if (!arg.a)
		return (long)size;
	if (copy_from_guest(&room, arg, sizeof(room)))
		return -XEN_EFAULT;
	if (room == 0)
		return -XEN_EINVAL;
	if (room < size)
		return -XEN_ENOBUFS;
	arg.a += offsetof(struct xen_build_id, buf);
	return copy_to_guest(arg, id, size) ? -XEN_EFAULT : (long)size;
}

static op_fn *const ops[] = {
	[XENVER_version] = op_version,
	[XENVER_extraversion] = op_extraversion,
	[XENVER_compile_info] = op_compile_info,
	[XENVER_capabilities] = op_capabilities,
	[XENVER_changeset] = op_changeset,
	[XENVER_platform_parameters] = op_platform_parameters,
	[XENVER_get_features] = op_get_features,
	[XENVER_pagesize] = op_pagesize,
	[XENVER_guest_handle] = op_guest_handle,
	[XENVER_commandline] = op_commandline,
	[XENVER_build_id] = op_build_id,
};

long do_xen_version(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4, uint64_t a5)
{
	(void)a3;
	(void)a4;
	(void)a5;
	cmd = (uint32_t)cmd;
	if (likely(cmd == XENVER_version))
		return ABI_MAJOR << 16 | ABI_MINOR;
	if (cmd >= ARRAY_SIZE(ops))
		return -XEN_ENOSYS;
	return ops[index_clamp(cmd, ARRAY_SIZE(ops))](current_vcpu()->domain, guest_va(arg));
}
