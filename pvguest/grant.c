// SPDX-License-Identifier: MIT
/*
 * Our side of the grant table: an array in frames that the hypervisor owns. It grows by a frame
 * when references run out. Free references are a list through `next_free`.
 */
#include <pvguest/grant.h>

#include <stdlib.h>

#include <pvguest/arch.h>
#include <pvguest/hypercall.h>
#include <pvguest/memlock.h>
#include <pvguest/memory.h>

#define PER_FRAME	(PAGE_SIZE / sizeof(struct grant_entry_v1))
#define MAX_FRAMES	64
#define NONE		0

static struct {
	struct grant_entry_v1 *entries;
	uint32_t *next_free;
	uint32_t first_free;		/* NONE: the list is empty */
	unsigned int free_count;
	unsigned int frames;
	unsigned int max_frames;	/* 0: not set up */
} table;

static int table_open(void)
{
	struct gnttab_query_size size = { .dom = DOMID_SELF };
	struct gnttab_set_version version = { .version = 1 };

	hypercall_grant_table_op(GNTTABOP_set_version, &version, 1);
	if (hypercall_grant_table_op(GNTTABOP_query_size, &size, 1) || size.status)
		size.max_nr_frames = 4;
	if (size.max_nr_frames > MAX_FRAMES)
		size.max_nr_frames = MAX_FRAMES;
	table.entries = map_reserve(size.max_nr_frames);
	if (!table.entries)
		return -XEN_ENOMEM;
	table.max_frames = size.max_nr_frames;
	return 0;
}

/* The machine frame of the table's frame number table.frames. */
static int table_next_frame(xen_pfn_t *mfn)
{
	xen_pfn_t frames[MAX_FRAMES];
	struct gnttab_setup_table setup = {
		.dom = DOMID_SELF,
		.nr_frames = table.frames + 1,
	};
	long rc;

	set_xen_guest_handle(setup.frame_list, frames);
	rc = hypercall_grant_table_op(GNTTABOP_setup_table, &setup, 1);
	if (rc)
		return rc;
	if (setup.status != GNTST_okay)
		return -XEN_ENOSPC;
	*mfn = frames[table.frames];
	return 0;
}

static int table_grow(void)
{
	uint32_t first = table.frames * PER_FRAME, *grown;
	xen_pfn_t mfn;
	int rc;

	if (!table.max_frames && (rc = table_open()))
		return rc;
	if (table.frames == table.max_frames)
		return -XEN_ENOSPC;
	grown = realloc(table.next_free, (first + PER_FRAME) * sizeof(*grown));
	if (!grown)
		return -XEN_ENOMEM;
	table.next_free = grown;
	rc = table_next_frame(&mfn);
	if (!rc)
		rc = mmu_map((unsigned long)&table.entries[first], &mfn, 1, MAP_RW, DOMID_SELF,
			     NULL, NULL);
	if (rc)
		return rc;
	table.frames++;
	for (uint32_t ref = first + PER_FRAME - 1; ref + 1 > first; ref--) {
		if (ref < GRANT_FIRST_FREE)
			break;
		table.next_free[ref] = table.first_free;
		table.first_free = ref;
		table.free_count++;
	}
	return 0;
}

/* A free reference, or -XEN_Exxx. */
static int ref_take(void)
{
	grant_ref_t ref;
	int rc = 0;

	memory_lock();
	if (table.first_free == NONE)
		rc = table_grow();
	if (!rc) {
		ref = table.first_free;
		table.first_free = table.next_free[ref];
		table.free_count--;
		rc = ref;
	}
	memory_unlock();
	return rc;
}

static void ref_give(grant_ref_t ref)
{
	memory_lock();
	table.next_free[ref] = table.first_free;
	table.first_free = ref;
	table.free_count++;
	memory_unlock();
}

int grant_access(domid_t dom, unsigned long mfn, bool readonly)
{
	struct grant_entry_v1 *entry;
	int ref = ref_take();

	if (ref < 0)
		return ref;
	entry = &table.entries[ref];
	entry->frame = mfn;
	entry->domid = dom;
	__atomic_store_n(&entry->flags, GTF_permit_access | (readonly ? GTF_readonly : 0),
			 __ATOMIC_SEQ_CST);
	return ref;
}

bool grant_is_mapped(grant_ref_t ref)
{
	return ref < table.frames * PER_FRAME &&
	       __atomic_load_n(&table.entries[ref].flags, __ATOMIC_SEQ_CST) &
	       (GTF_reading | GTF_writing);
}

int grant_end(grant_ref_t ref)
{
	uint16_t flags;

	if (ref < GRANT_FIRST_FREE || ref >= table.frames * PER_FRAME)
		return -XEN_EINVAL;
	flags = __atomic_load_n(&table.entries[ref].flags, __ATOMIC_SEQ_CST);
	if (!(flags & GTF_type_mask))
		return -XEN_EINVAL;
	do {
		if (flags & (GTF_reading | GTF_writing))
			return -XEN_EBUSY;
	} while (!__atomic_compare_exchange_n(&table.entries[ref].flags, &flags, 0, false,
					      __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
	ref_give(ref);
	return 0;
}

unsigned int grant_free_refs(void)
{
	return table.free_count;
}
