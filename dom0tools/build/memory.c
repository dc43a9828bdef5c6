/* SPDX-License-Identifier: MIT */
/*
 * Frames come in 2 MiB pieces where they can, which makes few calls; frames are
 * written through mappings of at most WINDOW pages, so that dom0 stays small
 * whatever the guest's size.
 */
#include "build/memory.h"

#include <string.h>

#include <xen/errno.h>
#include <xen/grant_table.h>
#include <xen/memory.h>

#include "pvguest/errno.h"
#include "pvguest/hypercall.h"
#include "pvguest/memory.h"
#include "pvguest/thread.h"

enum {
	WINDOW = 64,		/* pages mapped at once */
	LARGE_ORDER = 9,
	PIECE = 1 << LARGE_ORDER,	/* pages asked for in one call */
};

/* One call; `frames` holds pfns and receives mfns. Returns how many extents there are now. */
static long populate(domid_t domid, xen_pfn_t *frames, unsigned long count, unsigned order)
{
	struct xen_memory_reservation r = {
		.nr_extents = count,
		.extent_order = order,
		.domid = domid,
	};

	set_xen_guest_handle(r.extent_start, frames);
	return hypercall_memory_op(XENMEM_populate_physmap, &r);
}

static bool populate_large(domid_t domid, uint64_t *mfns, uint64_t pfn)
{
	xen_pfn_t frame = pfn;

	if (populate(domid, &frame, 1, LARGE_ORDER) != 1)
		return false;
	for (unsigned i = 0; i < PIECE; i++)
		mfns[pfn + i] = frame + i;
	return true;
}

static bool populate_small(domid_t domid, uint64_t *mfns, uint64_t pfn, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		mfns[pfn + i] = pfn + i;
	return populate(domid, &mfns[pfn], count, 0) == (long)count;
}

/* Up to PIECE pages, in one large one if that can be; *large says whether to try. */
static bool populate_piece(domid_t domid, uint64_t *mfns, uint64_t pfn, unsigned count, bool *large)
{
	if (*large && count == PIECE) {
		*large = populate_large(domid, mfns, pfn);
		if (*large)
			return true;
	}
	return populate_small(domid, mfns, pfn, count);
}

int memory_populate(domid_t domid, uint64_t *mfns, uint64_t count, struct build_error *err)
{
	bool large = true;

	for (uint64_t pfn = 0; pfn < count;) {
		unsigned n = count - pfn < PIECE ? count - pfn : PIECE;

		if (!populate_piece(domid, mfns, pfn, n, &large))
			return build_fail(err, -XEN_ENOMEM, "the hypervisor gave only %llu of %llu "
					  "pages", (unsigned long long)pfn,
					  (unsigned long long)count);
		pfn += n;
		thread_yield();
	}
	return 0;
}

int memory_write(domid_t domid, const uint64_t *mfns, uint64_t pfn, size_t offset,
		 const void *source, size_t bytes)
{
	const uint8_t *from = source;

	pfn += offset / PAGE_SIZE;
	offset %= PAGE_SIZE;
	while (bytes) {
		size_t pages = (offset + bytes + PAGE_SIZE - 1) / PAGE_SIZE, part;
		uint8_t *to;

		if (pages > WINDOW)
			pages = WINDOW;
		part = pages * PAGE_SIZE - offset;
		if (part > bytes)
			part = bytes;
		to = map_foreign(domid, &mfns[pfn], pages, MAP_RW, NULL);
		if (!to)
			return -XEN_ENOMEM;
		if (from) {
			memcpy(to + offset, from, part);
			from += part;
		} else {
			memset(to + offset, 0, part);
		}
		unmap_pages(to, pages);
		pfn += pages;
		bytes -= part;
		offset = 0;
	}
	return 0;
}

/* The layout that BIOSes give: packed, so not to be had from a compiler's struct alone. */
struct e820_entry {
	uint64_t start;
	uint64_t size;
	uint32_t type;
} __attribute__((packed));

_Static_assert(sizeof(struct e820_entry) == 20, "ABI");

int memory_set_map(domid_t domid, uint64_t bytes)
{
	struct e820_entry ram = { .size = bytes, .type = 1 };
	struct xen_foreign_memory_map map = { .domid = domid, .map.nr_entries = 1 };

	set_xen_guest_handle(map.map.buffer, &ram);
	return hypercall_memory_op(XENMEM_set_memory_map, &map);
}

static grant_entry_v1_t *map_grants(domid_t domid)
{
	xen_pfn_t frame = 0;
	struct xen_mem_acquire_resource resource = {
		.domid = domid,
		.type = XENMEM_resource_grant_table,
		.id = XENMEM_resource_grant_table_id_shared,
		.nr_frames = 1,
	};
	struct gnttab_setup_table table = { .dom = domid, .nr_frames = 1 };

	set_xen_guest_handle(resource.frame_list, &frame);
	if (hypercall_memory_op(XENMEM_acquire_resource, &resource)) {
		set_xen_guest_handle(table.frame_list, &frame);
		if (hypercall_grant_table_op(GNTTABOP_setup_table, &table, 1) || table.status)
			return NULL;
	}
	return map_foreign(domid, &frame, 1, MAP_RW, NULL);
}

int memory_seed_grants(domid_t domid, uint64_t console_mfn, uint64_t xenstore_mfn)
{
	grant_entry_v1_t *table = map_grants(domid);

	if (!table)
		return -XEN_ENOMEM;
	table[GNTTAB_RESERVED_CONSOLE].frame = console_mfn;
	table[GNTTAB_RESERVED_XENSTORE].frame = xenstore_mfn;
	table[GNTTAB_RESERVED_CONSOLE].domid = 0;
	table[GNTTAB_RESERVED_XENSTORE].domid = 0;
	__atomic_store_n(&table[GNTTAB_RESERVED_CONSOLE].flags, GTF_permit_access,
			 __ATOMIC_RELEASE);
	__atomic_store_n(&table[GNTTAB_RESERVED_XENSTORE].flags, GTF_permit_access,
			 __ATOMIC_RELEASE);
	unmap_pages(table, 1);
	return 0;
}
