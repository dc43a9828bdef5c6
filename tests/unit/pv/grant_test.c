// SPDX-License-Identifier: MIT
/* Grants: the table is an array of the test, the hypervisor's answers are chosen. */
#include "kit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <pvguest/arch.h>
#include <pvguest/grant.h>
#include <pvguest/memory.h>

#define TABLE_FRAMES 2

static struct grant_entry_v1 entries[TABLE_FRAMES * 512];
static struct gnttab_map_grant_ref map_ops[8];
static unsigned int maps, unmaps, reserved, refuse_map_at;
static int unmap_status;

void *map_reserve(size_t n)
{
	reserved += n;
	/* The first reservation of all is the table's. */
	return reserved == n && n == TABLE_FRAMES ? (void *)entries : (void *)0x100000000000UL;
}

void map_release(void *p, size_t n)
{
	(void)p;
	reserved -= n;
}

uint64_t mmu_pte_maddr(unsigned long va)
{
	return va;
}

int mmu_map(unsigned long va, const xen_pfn_t *mfns, size_t n, int prot, domid_t dom, int *errs,
	    size_t *done)
{
	(void)prot;
	(void)errs;
	(void)done;
	assert_int_equal(dom, DOMID_SELF);
	assert_int_equal(n, 1);
	assert_int_equal(va, (unsigned long)entries + (mfns[0] - 100) * PAGE_SIZE);
	return 0;
}

static void setup_table(struct gnttab_setup_table *op)
{
	assert_in_range(op->nr_frames, 1, TABLE_FRAMES);
	for (unsigned int i = 0; i < op->nr_frames; i++)
		op->frame_list.p[i] = 100 + i;
	op->status = GNTST_okay;
}

static void map_ref(struct gnttab_map_grant_ref *op)
{
	op->status = maps == refuse_map_at ? GNTST_bad_gntref : GNTST_okay;
	op->handle = 40 + maps;
	map_ops[maps++] = *op;
}

static void unmap_ref(struct gnttab_unmap_grant_ref *op)
{
	assert_in_range(op->handle, 40, 47);
	op->status = unmap_status;
	unmaps++;
}

static long hypervisor(unsigned int nr, unsigned long cmd, unsigned long arg, unsigned long count)
{
	struct gnttab_query_size *size = (void *)arg;
	struct gnttab_copy *copy = (void *)arg;

	assert_int_equal(nr, __HYPERVISOR_grant_table_op);
	switch (cmd) {
	case GNTTABOP_query_size:
		size->max_nr_frames = TABLE_FRAMES;
		size->status = GNTST_okay;
		return 0;
	case GNTTABOP_setup_table:
		setup_table((void *)arg);
		return 0;
	case GNTTABOP_map_grant_ref:
		map_ref((void *)arg);
		return 0;
	case GNTTABOP_unmap_grant_ref:
		unmap_ref((void *)arg);
		return 0;
	case GNTTABOP_copy:
		for (unsigned long i = 0; i < count; i++)
			copy[i].status = i ? GNTST_bad_page : GNTST_okay;
		return 0;
	default:
		return -XEN_ENOSYS;
	}
}

static int setup(void **state)
{
	kit_setup(state);
	kit_other_hypercall = hypervisor;
	maps = unmaps = 0;
	refuse_map_at = 99;
	unmap_status = GNTST_okay;
	return 0;
}

static void a_grant_is_written_to_the_table(void **state)
{
	int ref = grant_access(7, 0x1234, true);

	(void)state;
	assert_true(ref >= GRANT_FIRST_FREE);
	assert_int_equal(entries[ref].domid, 7);
	assert_int_equal(entries[ref].frame, 0x1234);
	assert_int_equal(entries[ref].flags, GTF_permit_access | GTF_readonly);
	assert_int_equal(grant_end(ref), 0);
	assert_int_equal(entries[ref].flags, 0);
}

static void a_mapped_grant_does_not_end(void **state)
{
	int ref = grant_access(7, 1, false);
	unsigned int free_refs = grant_free_refs();

	(void)state;
	entries[ref].flags |= GTF_reading;
	assert_true(grant_is_mapped(ref));
	assert_int_equal(grant_end(ref), -XEN_EBUSY);
	assert_int_equal(grant_free_refs(), free_refs);
	entries[ref].flags &= ~GTF_reading;
	assert_int_equal(grant_end(ref), 0);
	assert_int_equal(grant_end(ref), -XEN_EINVAL);
	assert_int_equal(grant_free_refs(), free_refs + 1);
}

static void reserved_and_unknown_references_do_not_end(void **state)
{
	(void)state;
	entries[0].flags = GTF_permit_access;
	assert_int_equal(grant_end(0), -XEN_EINVAL);
	assert_int_equal(grant_end(100000), -XEN_EINVAL);
	assert_false(grant_is_mapped(100000));
}

static void references_run_out_and_come_back(void **state)
{
	static int refs[TABLE_FRAMES * 512];
	int n = 0, ref;

	(void)state;
	while ((ref = grant_access(1, n, false)) >= 0)
		refs[n++] = ref;
	assert_int_equal(ref, -XEN_ENOSPC);
	assert_int_equal(n, TABLE_FRAMES * 512 - GRANT_FIRST_FREE);
	assert_int_equal(grant_free_refs(), 0);
	while (n)
		assert_int_equal(grant_end(refs[--n]), 0);
	assert_int_equal(grant_free_refs(), TABLE_FRAMES * 512 - GRANT_FIRST_FREE);
}

static void mapping_is_all_or_nothing(void **state)
{
	grant_ref_t refs[3] = { 9, 10, 11 };
	unsigned int before = reserved;

	(void)state;
	refuse_map_at = 2;
	assert_null(grant_map(3, refs, 3, MAP_RW));
	assert_int_equal(errno, EINVAL);
	assert_int_equal(unmaps, 2);
	assert_int_equal(reserved, before);
}

static void pages_are_mapped_side_by_side_and_unmapped(void **state)
{
	grant_ref_t refs[2] = { 9, 10 };
	void *p = grant_map(3, refs, 2, MAP_READ);

	(void)state;
	assert_non_null(p);
	assert_int_equal(map_ops[0].dom, 3);
	assert_int_equal(map_ops[0].ref, 9);
	assert_int_equal(map_ops[0].flags, GNTMAP_host_map | GNTMAP_readonly);
	assert_int_equal(map_ops[1].host_addr, map_ops[0].host_addr + PAGE_SIZE);
	assert_int_equal(grant_unmap(p, 1), -XEN_EINVAL);
	assert_int_equal(grant_unmap(p, 2), 0);
	assert_int_equal(unmaps, 2);
	assert_int_equal(grant_unmap(p, 2), -XEN_EINVAL);
}

static void addresses_that_may_still_be_mapped_are_not_used_again(void **state)
{
	grant_ref_t ref = 9;
	void *p = grant_map(3, &ref, 1, MAP_RW);
	unsigned int before = reserved;

	(void)state;
	unmap_status = GNTST_general_error;
	assert_int_equal(grant_unmap(p, 1), -XEN_EIO);
	assert_int_equal(reserved, before);
}

static void a_copy_that_fails_in_part_fails(void **state)
{
	struct gnttab_copy ops[2] = { 0 };

	(void)state;
	assert_int_equal(grant_copy(ops, 1), 0);
	assert_int_equal(grant_copy(ops, 2), -XEN_EIO);
	assert_int_equal(ops[1].status, GNTST_bad_page);
	assert_string_equal(grant_status_text(-99), "unknown status");
	assert_string_equal(grant_status_text(99), "unknown status");
}

#define TEST(fn) cmocka_unit_test_setup(fn, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_grant_is_written_to_the_table),
		TEST(a_mapped_grant_does_not_end),
		TEST(reserved_and_unknown_references_do_not_end),
		TEST(references_run_out_and_come_back),
		TEST(mapping_is_all_or_nothing),
		TEST(pages_are_mapped_side_by_side_and_unmapped),
		TEST(addresses_that_may_still_be_mapped_are_not_used_again),
		TEST(a_copy_that_fails_in_part_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
