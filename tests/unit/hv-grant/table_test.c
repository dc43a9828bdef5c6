// SPDX-License-Identifier: MIT
/* Copies between pages, and the operations on the table itself. */
#include "world.h"

#include <string.h>

static void check(void)
{
	const char *wrong = world_check();

	if (wrong)
		fail_msg("%s", wrong);
}

/* ---- copy ------------------------------------------------------------------------- */

/* From grant 8 of domain 1 to data frame 0 of domain 0, the caller. */
static struct gnttab_copy from_grant(uint16_t at, uint16_t to, uint16_t len)
{
	return (struct gnttab_copy){
		.source = { .u.ref = 8, .domid = 1, .offset = at },
		.dest = { .u.gmfn = data_mfn(0, 0), .domid = DOMID_SELF, .offset = to },
		.len = len,
		.flags = GNTCOPY_source_gref,
		.status = 99,
	};
}

static int copy(struct gnttab_copy *c)
{
	assert_int_equal(grant_op(GNTTABOP_copy, c, 1), 0);
	check();
	assert_int_equal(world_references(), 0);
	return c->status;
}

static void copy_reads_a_granted_page(void **state)
{
	struct gnttab_copy c = from_grant(10, 4000, 96);

	(void)state;
	offer(1, 8, 0, 2, GTF_readonly);
	for (int i = 0; i < 4096; i++)
		data(1, 2)[i] = (char)i;
	assert_int_equal(copy(&c), GNTST_okay);
	assert_memory_equal(data(0, 0) + 4000, data(1, 2) + 10, 96);
	assert_int_equal(data(0, 0)[3999], 0);
	assert_int_equal(entry(1, 8)->flags, GTF_permit_access | GTF_readonly);
}

static void copy_writes_a_granted_page(void **state)
{
	struct gnttab_copy c = from_grant(0, 0, 4096);

	(void)state;
	offer(1, 8, 0, 2, 0);
	memset(data(0, 1), 7, 4096);
	c.source = (struct gnttab_copy_ptr){ .u.gmfn = data_mfn(0, 1), .domid = DOMID_SELF };
	c.dest = (struct gnttab_copy_ptr){ .u.ref = 8, .domid = 1 };
	c.flags = GNTCOPY_dest_gref;
	assert_int_equal(copy(&c), GNTST_okay);
	assert_memory_equal(data(1, 2), data(0, 1), 4096);
	entry(1, 8)->flags |= GTF_readonly;
	assert_int_equal(copy(&c), GNTST_general_error);
}

static void copy_between_two_granters(void **state)
{
	struct gnttab_copy c = from_grant(0, 0, 16);

	(void)state;
	offer(1, 8, 0, 2, 0);
	offer(2, 3, 0, 1, 0);
	data(1, 2)[0] = 42;
	c.dest = (struct gnttab_copy_ptr){ .u.ref = 3, .domid = 2 };
	c.flags |= GNTCOPY_dest_gref;
	assert_int_equal(copy(&c), GNTST_okay);
	assert_int_equal(data(2, 1)[0], 42);
}

static void copy_within_one_page_may_overlap(void **state)
{
	struct gnttab_copy c = from_grant(0, 1, 100);

	(void)state;
	for (int i = 0; i < 100; i++)
		data(0, 0)[i] = (char)i;
	c.source = (struct gnttab_copy_ptr){ .u.gmfn = data_mfn(0, 0), .domid = DOMID_SELF };
	c.flags = 0;
	assert_int_equal(copy(&c), GNTST_okay);
	for (int i = 0; i < 100; i++)
		assert_int_equal(data(0, 0)[i + 1], i);
}

static void copy_refuses_to_cross_the_end_of_a_page(void **state)
{
	struct gnttab_copy c = from_grant(1, 0, 4096);

	(void)state;
	offer(1, 8, 0, 2, 0);
	assert_int_equal(copy(&c), GNTST_bad_copy_arg);
	c = from_grant(0, 4095, 2);
	assert_int_equal(copy(&c), GNTST_bad_copy_arg);
	c = from_grant(0xffff, 0, 0xffff);
	assert_int_equal(copy(&c), GNTST_bad_copy_arg);
	c = from_grant(4096, 0, 0);
	assert_int_equal(copy(&c), GNTST_okay);
}

static void copy_refuses_frames_of_others_without_a_grant(void **state)
{
	struct gnttab_copy c = from_grant(0, 0, 16);

	(void)state;
	c.flags = 0;
	c.source.u.gmfn = data_mfn(1, 0);
	assert_int_equal(copy(&c), GNTST_permission_denied);
	c.source.domid = DOMID_SELF;
	assert_int_equal(copy(&c), GNTST_bad_page);
	c.source.u.gmfn = ~0UL >> 12;
	assert_int_equal(copy(&c), GNTST_bad_page);
	c.source.u.gmfn = data_mfn(0, 1);
	c.dest.u.gmfn = data_mfn(1, 1);
	assert_int_equal(copy(&c), GNTST_bad_page);
}

static void copy_refuses_to_write_a_page_table(void **state)
{
	struct gnttab_copy c = from_grant(0, 0, 16);

	(void)state;
	offer(1, 8, 0, 2, 0);
	c.dest.u.gmfn = slot_pte_maddr(0, 0) >> 12;
	assert_int_equal(copy(&c), GNTST_general_error);
}

static void copy_refuses_grants_that_are_none(void **state)
{
	struct gnttab_copy c = from_grant(0, 0, 16);

	(void)state;
	assert_int_equal(copy(&c), GNTST_general_error);
	entry(1, 8)->flags = GTF_transitive;
	assert_int_equal(copy(&c), GNTST_general_error);
	offer(1, 8, 2, 0, 0);
	assert_int_equal(copy(&c), GNTST_general_error);
	c.source.u.ref = 600;
	assert_int_equal(copy(&c), GNTST_bad_gntref);
	c.source.domid = 77;
	assert_int_equal(copy(&c), GNTST_bad_domain);
}

/* One page is kept from copy to copy; with the list it is let go, whatever came between. */
static void a_list_of_copies_lets_all_pages_go(void **state)
{
	struct gnttab_copy c[5] = { from_grant(0, 0, 16), from_grant(16, 16, 16), from_grant(4090, 0, 16),
				    from_grant(0, 32, 16), from_grant(0, 48, 16) };

	(void)state;
	offer(1, 8, 0, 2, GTF_readonly);
	memset(data(1, 2), 5, 4096);
	c[1].dest.u.gmfn = data_mfn(0, 1);
	c[3].source.u.ref = 9;
	assert_int_equal(grant_op(GNTTABOP_copy, c, 5), 0);
	check();
	assert_int_equal(world_references(), 0);
	assert_int_equal(c[0].status, GNTST_okay);
	assert_int_equal(c[1].status, GNTST_okay);
	assert_int_equal(c[2].status, GNTST_bad_copy_arg);
	assert_int_equal(c[3].status, GNTST_general_error);
	assert_int_equal(c[4].status, GNTST_okay);
	assert_int_equal(data(0, 0)[0] + data(0, 1)[16] + data(0, 0)[48], 15);
	assert_int_equal(data(0, 1)[0] + data(0, 0)[16] + data(0, 0)[32], 0);
	assert_int_equal(entry(1, 8)->flags, GTF_permit_access | GTF_readonly);
}

/* ---- the table ------------------------------------------------------------------------ */

static int set_up(domid_t dom, uint32_t n, xen_pfn_t *list)
{
	struct gnttab_setup_table s = { .dom = dom, .nr_frames = n, .status = 99 };

	set_xen_guest_handle(s.frame_list, list);
	assert_int_equal(grant_op(GNTTABOP_setup_table, &s, 1), 0);
	check();
	return s.status;
}

static void set_up_grows_the_table_to_its_limit(void **state)
{
	xen_pfn_t list[4] = { 0 };
	struct gnttab_query_size q = { .dom = DOMID_SELF };

	(void)state;
	world_run(1);
	assert_int_equal(grant_op(GNTTABOP_query_size, &q, 1), 0);
	assert_int_equal(q.nr_frames, 1);
	assert_int_equal(q.max_nr_frames, 4);
	assert_int_equal(set_up(DOMID_SELF, 3, list), GNTST_okay);
	assert_true(list[0] && list[1] && list[2]);
	assert_int_equal(list[3], 0);
	assert_int_equal(set_up(DOMID_SELF, 5, list), GNTST_general_error);
	assert_int_equal(grant_op(GNTTABOP_query_size, &q, 1), 0);
	assert_int_equal(q.nr_frames, 3);
}

static void only_control_sets_up_for_another(void **state)
{
	xen_pfn_t list[1];
	struct gnttab_query_size q = { .dom = 2 };
	struct gnttab_get_version v = { .dom = 2 };

	(void)state;
	world_run(1);
	assert_int_equal(set_up(2, 1, list), GNTST_permission_denied);
	assert_int_equal(grant_op(GNTTABOP_query_size, &q, 1), 0);
	assert_int_equal(q.status, GNTST_permission_denied);
	assert_int_equal(grant_op(GNTTABOP_get_version, &v, 1), -XEN_EPERM);
	world_run(0);
	assert_int_equal(set_up(2, 1, list), GNTST_okay);
	assert_int_equal(set_up(77, 1, list), GNTST_bad_domain);
	v.dom = 77;
	assert_int_equal(grant_op(GNTTABOP_get_version, &v, 1), -XEN_ESRCH);
}

static void set_up_without_memory_keeps_what_it_has(void **state)
{
	xen_pfn_t list[4];

	(void)state;
	world_no_memory_after = 3;	/* one frame, and half of the next */
	assert_int_equal(set_up(DOMID_SELF, 4, list), GNTST_general_error);
	assert_int_equal(world_domain[0].grants.nr_frames, 2);
	world_no_memory_after = ~0U;
	assert_int_equal(set_up(DOMID_SELF, 4, list), GNTST_okay);
}

static void set_up_is_preempted_and_goes_on(void **state)
{
	xen_pfn_t list[4];
	struct gnttab_setup_table s = { .dom = DOMID_SELF, .nr_frames = 4 };

	(void)state;
	set_xen_guest_handle(s.frame_list, list);
	host_cpu.budget.left = 3;
	assert_int_equal(grant_op(GNTTABOP_setup_table, &s, 1), -XEN_ERESTART);
	assert_int_equal(world_references(), 0);
	check();
	host_cpu.budget.left = 4;
	assert_int_equal(grant_op(GNTTABOP_setup_table, &s, 1), 0);
	assert_int_equal(s.status, GNTST_okay);
}

static void the_toolstack_gets_pages_of_the_table(void **state)
{
	struct budget b = { 5 };
	int err;

	(void)state;
	assert_non_null(grant_shared_page(&world_domain[1], 0, &b, &err));
	assert_null(grant_shared_page(&world_domain[1], 3, &b, &err));
	assert_int_equal(err, -XEN_ERESTART);
	b.left = 5;
	assert_non_null(grant_shared_page(&world_domain[1], 3, &b, &err));
	assert_null(grant_shared_page(&world_domain[1], 4, &b, &err));
	assert_int_equal(err, -XEN_EINVAL);
	assert_null(grant_shared_page(&world_domain[1], ~0U, &b, &err));
	assert_int_equal(err, -XEN_EINVAL);
	assert_int_equal(world_domain[1].grants.nr_frames, 4);
}

static void only_version_1_is_there(void **state)
{
	struct gnttab_set_version v = { .version = 1 };
	struct gnttab_get_status_frames f = { .dom = DOMID_SELF, .nr_frames = 1 };

	(void)state;
	assert_int_equal(grant_op(GNTTABOP_set_version, &v, 1), 0);
	v.version = 2;
	assert_int_equal(grant_op(GNTTABOP_set_version, &v, 1), -XEN_ENOSYS);
	assert_int_equal(v.version, 1);
	v.version = 0;
	assert_int_equal(grant_op(GNTTABOP_set_version, &v, 1), -XEN_EINVAL);
	assert_int_equal(grant_op(GNTTABOP_get_status_frames, &f, 1), 0);
	assert_int_equal(f.status, GNTST_general_error);
}

static void swap_exchanges_entries_that_nobody_uses(void **state)
{
	struct gnttab_swap_grant_ref s = { 8, 9, 99 };
	struct gnttab_map_grant_ref m = { .host_addr = slot_va(0), .ref = 8, .dom = 0,
					  .flags = GNTMAP_host_map };

	(void)state;
	offer(0, 8, 0, 1, 0);
	offer(0, 9, 0, 2, GTF_readonly);
	assert_int_equal(grant_op(GNTTABOP_swap_grant_ref, &s, 1), 0);
	assert_int_equal(s.status, GNTST_okay);
	assert_int_equal(entry(0, 9)->frame, data_mfn(0, 1));
	assert_int_equal(entry(0, 8)->flags, GTF_permit_access | GTF_readonly);
	s.ref_b = 512;
	assert_int_equal(grant_op(GNTTABOP_swap_grant_ref, &s, 1), 0);
	assert_int_equal(s.status, GNTST_bad_gntref);
	m.flags |= GNTMAP_readonly;
	assert_int_equal(grant_op(GNTTABOP_map_grant_ref, &m, 1), 0);
	assert_int_equal(m.status, GNTST_okay);
	s.ref_b = 9;
	assert_int_equal(grant_op(GNTTABOP_swap_grant_ref, &s, 1), 0);
	assert_int_equal(s.status, GNTST_eagain);
	s.ref_b = 8;
	assert_int_equal(grant_op(GNTTABOP_swap_grant_ref, &s, 1), 0);
	assert_int_equal(s.status, GNTST_okay);
}

static long flush(uint64_t addr, uint16_t at, uint16_t len, uint32_t op)
{
	struct gnttab_cache_flush f = { .a.dev_bus_addr = addr, .offset = at, .length = len,
					.op = op };

	world_run(0);
	return grant_op(GNTTABOP_cache_flush, &f, 1);
}

static void cache_flush_is_for_ones_own_and_mapped_pages(void **state)
{
	uint64_t theirs = data_mfn(1, 0) << 12;
	struct gnttab_map_grant_ref m = { .host_addr = slot_va(0), .ref = 8, .dom = 1,
					  .flags = GNTMAP_host_map };

	(void)state;
	assert_int_equal(flush(data_mfn(0, 0) << 12, 0, 64, GNTTAB_CACHE_CLEAN), 0);
	assert_int_equal(flush(data_mfn(0, 0) << 12, 0, 64, GNTTAB_CACHE_INVAL), -XEN_EOPNOTSUPP);
	assert_int_equal(flush(data_mfn(0, 0) << 12, 4096, 0, 1), -XEN_EINVAL);
	assert_int_equal(flush(data_mfn(0, 0) << 12, 4000, 97, 1), -XEN_EINVAL);
	assert_int_equal(flush(data_mfn(0, 0) << 12, 0, 64, 8), -XEN_EINVAL);
	assert_int_equal(flush(1UL << 45, 0, 64, 1), -XEN_EINVAL);
	assert_int_equal(flush(theirs, 0, 64, 1), -XEN_EPERM);
	assert_int_equal(flush(theirs, 0, 0, 1), 0);
	offer(1, 8, 0, 0, 0);
	assert_int_equal(grant_op(GNTTABOP_map_grant_ref, &m, 1), 0);
	assert_int_equal(flush(theirs, 0, 64, 1), 0);
}

static void cache_flush_leaves_alone_what_another_vcpu_is_unmapping(void **state)
{
	struct gnttab_map_grant_ref m = { .host_addr = slot_va(0), .ref = 8, .dom = 1,
					  .flags = GNTMAP_host_map };
	struct grant_map *e;

	(void)state;
	world_run(0);
	offer(1, 8, 0, 0, 0);
	assert_int_equal(grant_op(GNTTABOP_map_grant_ref, &m, 1), 0);
	/* Its pin may be gone by now, and the table that it stood in. */
	e = maptrack_entry(&world_domain[0].grants, m.handle);
	e->flags |= GRANT_MAP_BUSY;
	assert_int_equal(flush(data_mfn(1, 0) << 12, 0, 64, 1), -XEN_EPERM);
	e->flags &= (uint16_t)~GRANT_MAP_BUSY;
	assert_int_equal(flush(data_mfn(1, 0) << 12, 0, 64, 1), 0);
}

/* A frame that none of many handles maps: each page of them is a piece of the look. */
static void cache_flush_is_preempted_and_goes_on(void **state)
{
	struct gnttab_cache_flush f[2] = {
		{ .a.dev_bus_addr = data_mfn(0, 0) << 12, .length = 64, .op = GNTTAB_CACHE_CLEAN },
		{ .a.dev_bus_addr = data_mfn(1, 0) << 12, .length = 64, .op = GNTTAB_CACHE_CLEAN },
	};
	struct gnttab_map_grant_ref m = { .ref = 8, .dom = 1, .flags = GNTMAP_device_map };

	(void)state;
	world_run(0);
	offer(1, 8, 0, 1, 0);
	while (world_domain[0].grants.map_pages < 2) {
		world_run(0);
		assert_int_equal(grant_op(GNTTABOP_map_grant_ref, &m, 1), 0);
		assert_int_equal(m.status, GNTST_okay);
	}
	/* The first is its own; of the look for the second there is one page in this piece. */
	host_cpu.budget.left = 64 + 64 + 10;
	world_rearmed = false;
	assert_int_equal(grant_op(GNTTABOP_cache_flush, f, 2), -XEN_ERESTART);
	assert_true(world_rearmed);
	assert_int_equal(world_arg[0], GNTTABOP_cache_flush | 1 << 12);
	assert_int_equal(world_arg[1], (uint64_t)(uintptr_t)&f[1]);
	assert_int_equal(world_arg[2], 1);
	host_cpu.budget.left = 64 + 10;
	assert_int_equal(grant_op((unsigned)world_arg[0], &f[1], 1), -XEN_EPERM);
	/* Who continues what never was finds nothing. */
	world_run(0);
	assert_int_equal(grant_op(GNTTABOP_cache_flush | 0xfffffU << 12, &f[1], 1), -XEN_EPERM);
	check();
}

/* Others ask meanwhile: they find what is left, and no handle. */
static void the_end_of_a_table_is_preempted_and_goes_on(void **state)
{
	struct gnttab_map_grant_ref m = { .host_addr = slot_va(0), .ref = 8, .dom = 1,
					  .flags = GNTMAP_host_map };
	struct budget all = { HYPERCALL_BUDGET };
	xen_pfn_t list[4];
	unsigned steps = 1;
	long rc;

	(void)state;
	world_run(0);
	offer(1, 8, 0, 0, 0);
	assert_int_equal(set_up(DOMID_SELF, 4, list), GNTST_okay);
	assert_int_equal(grant_op(GNTTABOP_map_grant_ref, &m, 1), 0);
	slot_clear(0, 0);
	assert_int_equal(grant_domain_release_maps(&world_domain[0], &all), 0);
	do {
		struct budget b = { 2 };

		rc = grant_domain_destroy(&world_domain[0], &b);
		assert_null(maptrack_check(&world_domain[0].grants));
		assert_null(maptrack_entry(&world_domain[0].grants, 0));
	} while (rc == -XEN_ERESTART && ++steps);
	assert_int_equal(rc, 0);
	assert_int_equal(steps, 3);	/* a page of handles, four of the table */
}

static void bad_commands_and_addresses_are_refused(void **state)
{
	struct gnttab_query_size q = { .dom = DOMID_SELF };
	static const unsigned elements[] = { 0, 1, 5, 7, 11, 12 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(elements); i++) {
		assert_int_equal(grant_op(elements[i], NULL, 1), -XEN_EFAULT);
		assert_int_equal(grant_op(elements[i], NULL, 0), 0);
	}
	assert_int_equal(grant_op(GNTTABOP_setup_table, NULL, 1), -XEN_EFAULT);
	assert_int_equal(grant_op(GNTTABOP_query_size, &q, 2), -XEN_EINVAL);
	assert_int_equal(grant_op(GNTTABOP_query_size, &q, 0), -XEN_EINVAL);
	assert_int_equal(grant_op(GNTTABOP_query_size, &q, ~0U), -XEN_EINVAL);
	assert_int_equal(grant_op(GNTTABOP_dump_table, &q, 1), -XEN_ENOSYS);
	assert_int_equal(grant_op(GNTTABOP_transfer, &q, 1), -XEN_ENOSYS);
	assert_int_equal(grant_op(13, &q, 1), -XEN_ENOSYS);
	assert_int_equal(grant_op(0x1000, &q, 1), -XEN_EINVAL);
	check();
}

static void limits_of_a_new_domain_are_checked(void **state)
{
	struct budget b = { HYPERCALL_BUDGET };
	struct domain d;

	(void)state;
	memset(&d, 0, sizeof(d));
	assert_int_equal(grant_domain_init(&d, 0, 1), -XEN_EINVAL);
	assert_int_equal(grant_domain_init(&d, GRANT_FRAMES_MAX + 1, 1), -XEN_EINVAL);
	assert_int_equal(grant_domain_init(&d, 1, MAPTRACK_MAX + 1), -XEN_EINVAL);
	assert_int_equal(grant_domain_init(&d, (uint32_t)-1, (uint32_t)-1), 0);
	assert_int_equal(d.grants.max_frames, GRANT_FRAMES_DEFAULT);
	assert_int_equal(grant_domain_destroy(&d, &b), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, world_start, world_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(copy_reads_a_granted_page),
		T(copy_writes_a_granted_page),
		T(copy_between_two_granters),
		T(copy_within_one_page_may_overlap),
		T(copy_refuses_to_cross_the_end_of_a_page),
		T(copy_refuses_frames_of_others_without_a_grant),
		T(copy_refuses_to_write_a_page_table),
		T(copy_refuses_grants_that_are_none),
		T(a_list_of_copies_lets_all_pages_go),
		T(set_up_grows_the_table_to_its_limit),
		T(only_control_sets_up_for_another),
		T(set_up_without_memory_keeps_what_it_has),
		T(set_up_is_preempted_and_goes_on),
		T(the_toolstack_gets_pages_of_the_table),
		T(only_version_1_is_there),
		T(swap_exchanges_entries_that_nobody_uses),
		T(cache_flush_is_for_ones_own_and_mapped_pages),
		T(cache_flush_leaves_alone_what_another_vcpu_is_unmapping),
		T(cache_flush_is_preempted_and_goes_on),
		T(the_end_of_a_table_is_preempted_and_goes_on),
		T(bad_commands_and_addresses_are_refused),
		T(limits_of_a_new_domain_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
