// SPDX-License-Identifier: MIT
/* Mapping, unmapping and copying of grants, as guests see it; each refusal alone. */
#include "world.h"

#include <string.h>

static void check(void)
{
	const char *wrong = world_check();

	if (wrong)
		fail_msg("%s", wrong);
}

struct gnttab_map_grant_ref m;

/* Domain 0 maps grant ref of domain 1 at slot; returns the status. */
static int map(unsigned ref, unsigned slot, uint32_t flags)
{
	m = (struct gnttab_map_grant_ref){ .host_addr = slot_va(slot), .flags = flags, .ref = ref,
					   .dom = 1, .status = 99 };
	host_cpu.budget.left = HYPERCALL_BUDGET;
	assert_int_equal(grant_op(GNTTABOP_map_grant_ref, &m, 1), 0);
	check();
	return m.status;
}

static int unmap(uint32_t handle, uint64_t host, uint64_t device)
{
	struct gnttab_unmap_grant_ref u = { .host_addr = host, .dev_bus_addr = device,
					    .handle = handle, .status = 99 };

	assert_int_equal(grant_op(GNTTABOP_unmap_grant_ref, &u, 1), 0);
	check();
	return u.status;
}

#define HOST   GNTMAP_host_map
#define DEVICE GNTMAP_device_map
#define RO     GNTMAP_readonly

static void a_granted_page_is_mapped_and_unmapped(void **state)
{
	(void)state;
	offer(1, 8, 0, 2, 0);
	assert_int_equal(map(8, 1, HOST), GNTST_okay);
	assert_int_equal(m.dev_bus_addr, data_mfn(1, 2) << 12);
	assert_int_equal(pte_mfn(*slot_pte(0, 1)).n, data_mfn(1, 2));
	assert_int_equal(*slot_pte(0, 1) & 0xfff, 0x067);
	assert_int_equal(entry(1, 8)->flags, GTF_permit_access | GTF_reading | GTF_writing);
	assert_int_equal(unmap(m.handle, slot_va(1) + PAGE_SIZE, 0), GNTST_general_error);
	assert_int_equal(entry(1, 8)->flags, GTF_permit_access | GTF_reading | GTF_writing);
	assert_int_equal(world_flushes, 0);
	assert_int_equal(unmap(m.handle, slot_va(1), 0), GNTST_okay);
	assert_int_equal(world_flushes, 1);
	assert_int_equal(*slot_pte(0, 1), 0);
	assert_int_equal(entry(1, 8)->flags, GTF_permit_access);
}

static void a_mapping_carries_the_bits_that_were_asked_for(void **state)
{
	(void)state;
	offer(1, 8, 0, 2, 0);
	assert_int_equal(map(8, 1, HOST | RO | GNTMAP_application_map | 0xff << 16), GNTST_okay);
	assert_int_equal(*slot_pte(0, 1) & 0xfff, 0xf65);
	assert_int_equal(map(8, 2, HOST | RO), GNTST_okay);
	assert_int_equal(*slot_pte(0, 2) & 0xfff, 0x065);
	assert_int_equal(*slot_pte(0, 2) & PTE_GUEST_KERNEL, PTE_GUEST_KERNEL);
	assert_int_equal(*slot_pte(0, 2) & PTE_NX, PTE_NX);
}

static void a_mapping_can_be_named_by_its_page_table_entry(void **state)
{
	(void)state;
	offer(1, 8, 0, 0, 0);
	m = (struct gnttab_map_grant_ref){ .host_addr = slot_pte_maddr(0, 3), .ref = 8, .dom = 1,
					   .flags = HOST | GNTMAP_contains_pte };
	assert_int_equal(grant_op(GNTTABOP_map_grant_ref, &m, 1), 0);
	assert_int_equal(m.status, GNTST_okay);
	check();
	assert_int_equal(unmap(m.handle, slot_va(3), 0), GNTST_general_error);
	assert_int_equal(unmap(m.handle, slot_pte_maddr(0, 3), 0), GNTST_okay);
}

static int map_at_entry(uint64_t maddr)
{
	m = (struct gnttab_map_grant_ref){ .host_addr = maddr, .ref = 8, .dom = 1,
					   .flags = HOST | GNTMAP_contains_pte };
	assert_int_equal(grant_op(GNTTABOP_map_grant_ref, &m, 1), 0);
	check();
	return m.status;
}

static void map_refuses_entries_that_are_not_the_mappers(void **state)
{
	(void)state;
	offer(1, 8, 0, 0, 0);
	assert_int_equal(map_at_entry(slot_pte_maddr(1, 0)), GNTST_general_error);
	assert_int_equal(map_at_entry(slot_pte_maddr(0, 0) + 4), GNTST_general_error);
	assert_int_equal(map_at_entry(data_mfn(0, 0) << 12), GNTST_general_error);
	assert_int_equal(map_at_entry(~0UL & ~7UL), GNTST_general_error);
	/* an L2 of its own */
	assert_int_equal(map_at_entry(slot_pte_maddr(0, 0) + PAGE_SIZE), GNTST_general_error);
}

static void map_refuses_addresses_without_a_page_table(void **state)
{
	(void)state;
	offer(1, 8, 0, 0, 0);
	assert_int_equal(map(8, 1 << 20, HOST), GNTST_general_error);
	m.host_addr = 0xffff830000000000;
	assert_int_equal(grant_op(GNTTABOP_map_grant_ref, &m, 1), 0);
	assert_int_equal(m.status, GNTST_general_error);
	m.host_addr = 0x8000000000000000;
	assert_int_equal(grant_op(GNTTABOP_map_grant_ref, &m, 1), 0);
	assert_int_equal(m.status, GNTST_general_error);
	assert_int_equal(entry(1, 8)->flags, GTF_permit_access);
	check();
}

static void map_refuses_grants_that_are_not_for_the_mapper(void **state)
{
	(void)state;
	offer(1, 8, 2, 0, 0);
	assert_int_equal(map(8, 1, HOST), GNTST_general_error);
	offer(1, 8, 0, 0, GTF_readonly);
	assert_int_equal(map(8, 1, HOST), GNTST_general_error);
	offer(1, 8, 0, 0, GTF_sub_page);
	assert_int_equal(map(8, 1, HOST), GNTST_general_error);
	entry(1, 8)->flags = GTF_transitive;
	assert_int_equal(map(8, 1, HOST), GNTST_general_error);
	entry(1, 8)->flags = GTF_accept_transfer;
	assert_int_equal(map(8, 1, HOST), GNTST_general_error);
	entry(1, 8)->flags = GTF_invalid;
	assert_int_equal(map(8, 1, HOST), GNTST_general_error);
	assert_int_equal(entry(1, 8)->flags, GTF_invalid);
}

static void map_refuses_bad_arguments(void **state)
{
	(void)state;
	offer(1, 8, 0, 0, 0);
	assert_int_equal(map(8, 1, 0), GNTST_bad_gntref);
	assert_int_equal(map(8, 1, RO), GNTST_bad_gntref);
	assert_int_equal(map(512, 1, HOST), GNTST_bad_gntref);
	assert_int_equal(map(~0U, 1, HOST), GNTST_bad_gntref);
	m.dom = 77;
	assert_int_equal(grant_op(GNTTABOP_map_grant_ref, &m, 1), 0);
	assert_int_equal(m.status, GNTST_bad_domain);
	m.dom = DOMID_SELF;
	assert_int_equal(grant_op(GNTTABOP_map_grant_ref, &m, 1), 0);
	assert_int_equal(m.status, GNTST_bad_domain);
}

static void map_refuses_frames_that_the_granter_does_not_own(void **state)
{
	(void)state;
	offer(1, 8, 0, 0, 0);
	entry(1, 8)->frame = (uint32_t)data_mfn(2, 0);
	assert_int_equal(map(8, 1, HOST), GNTST_bad_page);
	entry(1, 8)->frame = ~0U;
	assert_int_equal(map(8, 1, HOST), GNTST_bad_page);
	entry(1, 8)->frame = 0;
	assert_int_equal(map(8, 1, HOST | RO), GNTST_bad_page);
	assert_int_equal(entry(1, 8)->flags, GTF_permit_access);
}

static void a_page_table_is_mapped_only_for_reading(void **state)
{
	(void)state;
	offer(1, 8, 0, 0, 0);
	entry(1, 8)->frame = (uint32_t)(slot_pte_maddr(1, 0) >> 12);
	assert_int_equal(map(8, 1, HOST), GNTST_general_error);
	assert_int_equal(entry(1, 8)->flags, GTF_permit_access);
	assert_int_equal(map(8, 1, HOST | RO), GNTST_okay);
}

static void a_frame_mapped_for_writing_cannot_become_a_page_table(void **state)
{
	(void)state;
	offer(1, 8, 0, 0, 0);
	assert_int_equal(map(8, 1, HOST), GNTST_okay);
	assert_false(frame_type_begin(data_frame(1, 0), FRAME_L1));
	assert_int_equal(unmap(m.handle, slot_va(1), 0), GNTST_okay);
	assert_true(frame_type_begin(data_frame(1, 0), FRAME_L1));
	data_frame(1, 0)->type_info = 0;
}

static void the_frame_of_the_first_use_counts_until_the_last(void **state)
{
	(void)state;
	offer(1, 8, 0, 0, 0);
	assert_int_equal(map(8, 0, HOST | RO), GNTST_okay);
	uint32_t first = m.handle;

	entry(1, 8)->frame = (uint32_t)data_mfn(1, 3);
	assert_int_equal(map(8, 1, HOST | RO), GNTST_okay);
	assert_int_equal(pte_mfn(*slot_pte(0, 1)).n, data_mfn(1, 0));
	assert_int_equal(unmap(m.handle, slot_va(1), 0), GNTST_okay);
	assert_int_equal(unmap(first, slot_va(0), 0), GNTST_okay);
	assert_int_equal(map(8, 1, HOST | RO), GNTST_okay);
	assert_int_equal(pte_mfn(*slot_pte(0, 1)).n, data_mfn(1, 3));
}

static void flags_change_with_the_first_and_the_last_writer(void **state)
{
	(void)state;
	offer(1, 8, 0, 0, 0);
	assert_int_equal(map(8, 0, HOST | RO), GNTST_okay);
	uint32_t reader = m.handle;

	assert_int_equal(entry(1, 8)->flags, GTF_permit_access | GTF_reading);
	assert_int_equal(map(8, 1, HOST), GNTST_okay);
	assert_int_equal(entry(1, 8)->flags, GTF_permit_access | GTF_reading | GTF_writing);
	assert_int_equal(unmap(m.handle, slot_va(1), 0), GNTST_okay);
	assert_int_equal(entry(1, 8)->flags, GTF_permit_access | GTF_reading);
	assert_int_equal(unmap(reader, slot_va(0), 0), GNTST_okay);
	assert_int_equal(entry(1, 8)->flags, GTF_permit_access);
}

static void another_domain_cannot_join_a_grant_in_use(void **state)
{
	(void)state;
	offer(1, 8, 0, 0, 0);
	assert_int_equal(map(8, 0, HOST), GNTST_okay);
	entry(1, 8)->domid = 2;
	world_run(2);
	assert_int_equal(map(8, 0, HOST), GNTST_general_error);
	entry(1, 8)->domid = 0;
}

static void device_and_host_mappings_end_each_by_itself(void **state)
{
	(void)state;
	offer(1, 8, 0, 0, 0);
	assert_int_equal(map(8, 0, HOST | DEVICE), GNTST_okay);
	assert_int_equal(unmap(m.handle, 0, m.dev_bus_addr + PAGE_SIZE), GNTST_bad_dev_addr);
	assert_int_equal(unmap(m.handle, slot_va(0), 0), GNTST_okay);
	assert_int_equal(entry(1, 8)->flags, GTF_permit_access | GTF_reading | GTF_writing);
	assert_int_equal(unmap(m.handle, slot_va(0), 0), GNTST_okay);	/* nothing left to do */
	assert_int_equal(unmap(m.handle, 0, m.dev_bus_addr), GNTST_okay);
	assert_int_equal(entry(1, 8)->flags, GTF_permit_access);
	assert_int_equal(unmap(m.handle, 0, m.dev_bus_addr), GNTST_bad_handle);
}

static void unmap_refuses_handles_that_are_not_in_use(void **state)
{
	(void)state;
	assert_int_equal(unmap(0, slot_va(0), 0), GNTST_bad_handle);
	offer(1, 8, 0, 0, 0);
	assert_int_equal(map(8, 1, HOST), GNTST_okay);
	assert_int_equal(unmap(m.handle + 1, slot_va(1), 0), GNTST_bad_handle);
	assert_int_equal(unmap(~0U, slot_va(1), 0), GNTST_bad_handle);
	assert_int_equal(unmap(m.handle, slot_va(1), 0), GNTST_okay);
	assert_int_equal(unmap(m.handle, slot_va(1), 0), GNTST_bad_handle);
}

static void unmap_refuses_an_entry_that_lets_do_something_else(void **state)
{
	(void)state;
	offer(1, 8, 0, 0, 0);
	assert_int_equal(map(8, 0, HOST | RO), GNTST_okay);
	assert_int_equal(map(8, 1, HOST), GNTST_okay);
	assert_int_equal(unmap(m.handle, slot_va(0), 0), GNTST_general_error);
}

static void an_entry_that_the_guest_took_out_leaves_the_pin(void **state)
{
	(void)state;
	offer(1, 8, 0, 0, 0);
	assert_int_equal(map(8, 0, HOST), GNTST_okay);
	slot_clear(0, 0);
	check();
	assert_int_equal(unmap(m.handle, slot_va(0), 0), GNTST_general_error);
	assert_int_equal(entry(1, 8)->flags, GTF_permit_access | GTF_reading | GTF_writing);
}

static void mapping_over_a_mapping_gives_up_the_older(void **state)
{
	(void)state;
	offer(1, 8, 0, 0, 0);
	offer(1, 9, 0, 1, 0);
	assert_int_equal(map(8, 0, HOST), GNTST_okay);
	assert_int_equal(map(9, 0, HOST), GNTST_okay);
	assert_int_equal(data_frame(1, 0)->count_info & FC_COUNT, 1);
}

static void a_list_of_maps_and_unmaps_is_one_flush(void **state)
{
	struct gnttab_map_grant_ref maps[3];
	struct gnttab_unmap_grant_ref unmaps[3];

	(void)state;
	memset(maps, 0, sizeof(maps));
	memset(unmaps, 0, sizeof(unmaps));
	for (unsigned i = 0; i < 3; i++) {
		offer(1, i, 0, i, 0);
		maps[i].host_addr = slot_va(i);
		maps[i].flags = HOST;
		maps[i].ref = i;
		maps[i].dom = 1;
	}
	assert_int_equal(grant_op(GNTTABOP_map_grant_ref, maps, 3), 0);
	check();
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(maps[i].status, 0);
		unmaps[i].host_addr = slot_va(i);
		unmaps[i].handle = maps[i].handle;
	}
	assert_int_equal(grant_op(GNTTABOP_unmap_grant_ref, unmaps, 3), 0);
	check();
	assert_int_equal(world_flushes, 1);
	assert_int_equal(world_references(), 0);
}

static void a_handle_twice_in_one_list_is_unmapped_once(void **state)
{
	(void)state;
	offer(1, 8, 0, 0, 0);
	assert_int_equal(map(8, 0, HOST), GNTST_okay);
	struct gnttab_unmap_grant_ref u[2] = {
		{ .host_addr = slot_va(0), .handle = m.handle },
		{ .host_addr = slot_va(0), .handle = m.handle },
	};

	assert_int_equal(grant_op(GNTTABOP_unmap_grant_ref, u, 2), 0);
	check();
	assert_int_equal(u[0].status, GNTST_okay);
	assert_int_equal(u[1].status, GNTST_bad_handle);
}

static void a_list_is_preempted_between_two_elements(void **state)
{
	struct gnttab_map_grant_ref maps[3];

	(void)state;
	memset(maps, 0, sizeof(maps));
	for (unsigned i = 0; i < 3; i++) {
		offer(1, i, 0, i, 0);
		maps[i] = (struct gnttab_map_grant_ref){ .host_addr = slot_va(i), .flags = HOST,
							 .ref = i, .dom = 1, .status = 99 };
	}
	host_cpu.budget.left = 5;
	assert_int_equal(grant_op(GNTTABOP_map_grant_ref, maps, 3), -XEN_ERESTART);
	check();
	assert_true(world_rearmed);
	assert_int_equal(world_arg[1], (uint64_t)(uintptr_t)&maps[2]);
	assert_int_equal(world_arg[2], 1);
	assert_int_equal(maps[1].status, 0);
	assert_int_equal(maps[2].status, 99);
}

static void handles_run_out(void **state)
{
	unsigned n = 0;

	(void)state;
	offer(1, 8, 0, 0, 0);
	while (map(8, 0, HOST | RO) == GNTST_okay)
		n++;
	assert_int_equal(m.status, GNTST_no_space);
	assert_int_equal(n, 2 * MAPTRACK_PER_PAGE);
}

static void without_memory_nothing_is_mapped(void **state)
{
	(void)state;
	offer(1, 8, 0, 0, 0);
	/* No directory of handles; that, but no page of them; that, but no active entries. */
	static const unsigned left[] = { 0, 1, 1 };

	for (unsigned i = 0; i < ARRAY_SIZE(left); i++) {
		world_no_memory_after = left[i];
		assert_true(map(8, 0, HOST) < 0);
		assert_int_equal(entry(1, 8)->flags, GTF_permit_access);
	}
	world_no_memory_after = ~0U;
	assert_int_equal(map(8, 0, HOST), GNTST_okay);
}

static void replace_moves_another_entry_into_the_place(void **state)
{
	(void)state;
	offer(1, 8, 0, 0, 0);
	offer(1, 9, 0, 1, 0);
	assert_int_equal(map(9, 1, HOST | RO), GNTST_okay);
	uint64_t other = *slot_pte(0, 1);

	assert_int_equal(map(8, 0, HOST), GNTST_okay);
	struct gnttab_unmap_and_replace r = { .host_addr = slot_va(0), .new_addr = 1UL << 45,
					      .handle = m.handle };

	assert_int_equal(grant_op(GNTTABOP_unmap_and_replace, &r, 1), 0);
	assert_int_equal(r.status, GNTST_general_error);
	r.new_addr = slot_va(1);
	assert_int_equal(grant_op(GNTTABOP_unmap_and_replace, &r, 1), 0);
	assert_int_equal(r.status, GNTST_okay);
	assert_int_equal(*slot_pte(0, 0), other);
	assert_int_equal(*slot_pte(0, 1), 0);
	check();
}

static void replace_refuses_its_own_place(void **state)
{
	(void)state;
	offer(1, 8, 0, 0, 0);
	assert_int_equal(map(8, 1, HOST), GNTST_okay);
	struct gnttab_unmap_and_replace r = { .host_addr = slot_va(1), .new_addr = slot_va(1),
					      .handle = m.handle };

	assert_int_equal(grant_op(GNTTABOP_unmap_and_replace, &r, 1), 0);
	assert_int_equal(r.status, GNTST_general_error);
	check();
	r.new_addr = 0;
	assert_int_equal(grant_op(GNTTABOP_unmap_and_replace, &r, 1), 0);
	assert_int_equal(r.status, GNTST_okay);
	check();
}

static void a_dead_mapper_gives_up_its_pins_in_steps(void **state)
{
	struct budget b = { 1 };
	unsigned steps = 1;

	(void)state;
	offer(1, 8, 0, 0, 0);
	offer(1, 9, 0, 1, 0);
	assert_int_equal(map(8, 0, HOST | DEVICE), GNTST_okay);
	assert_int_equal(map(9, 1, HOST | RO), GNTST_okay);
	while (grant_domain_release_maps(&world_domain[0], &b) == -XEN_ERESTART) {
		check();
		b.left = 1;
		steps++;
	}
	assert_int_equal(steps, 2);
	check();
	assert_int_equal(entry(1, 8)->flags, GTF_permit_access);
	/* Its page tables still have the frames. */
	assert_int_equal(data_frame(1, 0)->count_info & FC_COUNT, 2);
	assert_int_equal(world_references(), 0);
}

static void a_dead_granter_keeps_what_others_have_mapped(void **state)
{
	struct budget b = { HYPERCALL_BUDGET };
	int err;

	(void)state;
	offer(1, 8, 0, 0, 0);
	assert_int_equal(map(8, 0, HOST), GNTST_okay);
	uint32_t handle = m.handle;

	assert_int_equal(grant_domain_destroy(&world_domain[1], &b), 0);
	check();
	assert_int_equal(world_references(), 1);
	assert_true(map(9, 1, HOST) < 0);
	assert_int_equal(unmap(handle, slot_va(0), 0), GNTST_okay);
	assert_int_equal(world_references(), 0);
	assert_null(grant_shared_page(&world_domain[1], 0, &b, &err));
	assert_int_equal(err, -XEN_EINVAL);
}

#define T(f) cmocka_unit_test_setup_teardown(f, world_start, world_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_granted_page_is_mapped_and_unmapped),
		T(a_mapping_carries_the_bits_that_were_asked_for),
		T(a_mapping_can_be_named_by_its_page_table_entry),
		T(map_refuses_entries_that_are_not_the_mappers),
		T(map_refuses_addresses_without_a_page_table),
		T(map_refuses_grants_that_are_not_for_the_mapper),
		T(map_refuses_bad_arguments),
		T(map_refuses_frames_that_the_granter_does_not_own),
		T(a_page_table_is_mapped_only_for_reading),
		T(a_frame_mapped_for_writing_cannot_become_a_page_table),
		T(the_frame_of_the_first_use_counts_until_the_last),
		T(flags_change_with_the_first_and_the_last_writer),
		T(another_domain_cannot_join_a_grant_in_use),
		T(device_and_host_mappings_end_each_by_itself),
		T(unmap_refuses_handles_that_are_not_in_use),
		T(unmap_refuses_an_entry_that_lets_do_something_else),
		T(an_entry_that_the_guest_took_out_leaves_the_pin),
		T(mapping_over_a_mapping_gives_up_the_older),
		T(a_list_of_maps_and_unmaps_is_one_flush),
		T(a_handle_twice_in_one_list_is_unmapped_once),
		T(a_list_is_preempted_between_two_elements),
		T(handles_run_out),
		T(without_memory_nothing_is_mapped),
		T(replace_moves_another_entry_into_the_place),
		T(replace_refuses_its_own_place),
		T(a_dead_mapper_gives_up_its_pins_in_steps),
		T(a_dead_granter_keeps_what_others_have_mapped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
