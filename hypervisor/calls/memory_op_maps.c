// SPDX-License-Identifier: MIT
/*
 * What memory looks like: a guest's map of its own, the machine's map (dom0), the M2P.
 */
#include "memory_op.h"

#include <xen/arch-x86/hvm/start_info.h>

#include <hv/alloc.h>
#include <hv/domain.h>
#include <hv/hypercall.h>
#include <hv/mm.h>
#include <hv/usercopy.h>

#define MAP_ENTRIES_MAX	 128
#define M2P_CHUNK_SHIFT	 21	/* the list names 2 MiB of the table at a time */

static long write_count(const struct memory_call *call, uint32_t n)
{
	return copy_to_guest(call->arg, &n, sizeof(n)) ? -XEN_EFAULT : 0;
}

_Static_assert(offsetof(struct xen_memory_map, nr_entries) == 0, "ABI");

/* The map may be replaced while we look: it is copied under the lock that replaces it. */
static uint32_t copy_map(struct domain *d, struct memmap_entry *to, uint32_t max)
{
	uint32_t n;

	spin_lock(&d->mm.page_lock);
	n = MIN(d->memory_map_n, max);
	for (uint32_t i = 0; i < n; i++)
		to[i] = d->memory_map[i];
	spin_unlock(&d->mm.page_lock);
	return n;
}

long memory_op_memory_map(const struct memory_call *call)
{
	struct domain *d = current_vcpu()->domain;
	struct memmap_entry entries[MAP_ENTRIES_MAX];
	struct xen_memory_map map;
	uint32_t n;

	if (copy_from_guest(&map, call->arg, sizeof(map)))
		return -XEN_EFAULT;
	if (!READ_ONCE(d->memory_map_n))
		return -XEN_ENOSYS;
	n = copy_map(d, entries, MIN(map.nr_entries, (uint32_t)MAP_ENTRIES_MAX));
	if (copy_to_guest(handle_va(map.buffer), entries, n * sizeof(entries[0])))
		return -XEN_EFAULT;
	return write_count(call, n);
}

static long replace_map(struct domain *d, const struct xen_memory_map *map)
{
	struct memmap_entry *new = NULL, *old;

	if (map->nr_entries) {
		new = xmalloc(map->nr_entries * sizeof(*new));
		if (!new)
			return -XEN_ENOMEM;
		if (copy_from_guest(new, handle_va(map->buffer), map->nr_entries * sizeof(*new))) {
			xfree(new);
			return -XEN_EFAULT;
		}
	}
	spin_lock(&d->mm.page_lock);
	old = d->memory_map;
	d->memory_map = new;
	d->memory_map_n = map->nr_entries;
	spin_unlock(&d->mm.page_lock);
	xfree(old);
	return 0;
}

long memory_op_set_memory_map(const struct memory_call *call)
{
	struct xen_foreign_memory_map ask;
	struct domain *d;
	long rc;
	int err;

	if (copy_from_guest(&ask, call->arg, sizeof(ask)))
		return -XEN_EFAULT;
	if (ask.map.nr_entries > MAP_ENTRIES_MAX)
		return -XEN_EINVAL;
	d = domain_get_target(ask.domid, &err);
	if (!d)
		return err;
	rc = domain_is_control(current_vcpu()->domain) ? replace_map(d, &ask.map) : -XEN_EPERM;
	domain_put(d);
	return rc;
}

static long copy_machine_map(guest_va_t to, uint32_t n)
{
	const struct mm_machine *m = mm_machine();

	for (uint32_t i = 0; i < n; i++) {
		const struct hvm_memmap_table_entry *from = &m->map[i];
		struct memmap_entry e = { from->addr, from->size, from->type };

		if (copy_to_guest(guest_index(to, i, e), &e, sizeof(e)))
			return -XEN_EFAULT;
	}
	return 0;
}

long memory_op_machine_memory_map(const struct memory_call *call)
{
	uint32_t n = mm_machine()->map_entries;
	struct xen_memory_map map;
	long rc;

	if (!domain_is_control(current_vcpu()->domain))
		return -XEN_EPERM;
	if (copy_from_guest(&map, call->arg, sizeof(map)))
		return -XEN_EFAULT;
	if (handle_va(map.buffer).a) {
		if (map.nr_entries < n)
			return -XEN_EINVAL;
		rc = copy_machine_map(handle_va(map.buffer), n);
		if (rc)
			return rc;
	}
	return write_count(call, n);
}

long memory_op_machphys_mapping(const struct memory_call *call)
{
	struct xen_machphys_mapping m = { MACH2PHYS_VIRT_START, MACH2PHYS_VIRT_END,
					  MACH2PHYS_NR_ENTRIES - 1 };

	return copy_to_guest(call->arg, &m, sizeof(m)) ? -XEN_EFAULT : 0;
}

long memory_op_machphys_mfn_list(const struct memory_call *call)
{
	uint64_t chunks = DIV_ROUND_UP(arch_m2p_pages(), 1UL << (M2P_CHUNK_SHIFT - PAGE_SHIFT));
	struct xen_machphys_mfn_list list;
	uint32_t n;

	if (copy_from_guest(&list, call->arg, sizeof(list)))
		return -XEN_EFAULT;
	n = (uint32_t)MIN((uint64_t)list.max_extents, chunks);
	for (uint64_t i = 0; i < n; i++) {
		uint64_t m = arch_m2p_frame(i << (M2P_CHUNK_SHIFT - PAGE_SHIFT)).n;

		if (copy_to_guest(guest_index(handle_va(list.extent_start), i, m), &m, sizeof(m)))
			return -XEN_EFAULT;
	}
	list.nr_extents = n;
	return copy_to_guest(call->arg, &list, sizeof(list)) ? -XEN_EFAULT : 0;
}
