// SPDX-License-Identifier: MIT
/* update_va_mapping, and what mmuext_op does beside tables: flushes, caches, whole pages. */
#include "fakes/guestmem.h"
#include "world.h"

#include <string.h>

#define VA (1UL << PAGE_SHIFT)	/* entry 1 of the lowest table of build_tree() */

static int start(void **state)
{
	(void)state;
	world_start(8);
	build_tree(1);
	assert_int_equal(ext_op(MMUEXT_PIN_L4_TABLE, page(1, 0)), 0);
	assert_int_equal(ext_op(MMUEXT_NEW_BASEPTR, page(1, 0)), 0);
	world_flushes = 0;
	return 0;
}

static int end(void **state)
{
	(void)state;
	world_check();
	assert_int_equal(mm_check(), 0);
	return 0;
}

static uint64_t entry(unsigned d, unsigned p, uint64_t flags)
{
	return page(d, p) << PAGE_SHIFT | flags;
}

static long update(uint64_t va, uint64_t value, uint64_t flags)
{
	return world_call(do_update_va_mapping, va, value, flags, 0);
}

static long update_other(uint64_t value, domid_t id)
{
	return world_call(do_update_va_mapping_otherdomain, VA, value, 0, id);
}

static long ext(unsigned cmd, uint64_t arg1, uint64_t arg2)
{
	static struct mmuext_op op;

	op = (struct mmuext_op){ .cmd = cmd, .arg1.mfn = arg1, .arg2.src_mfn = arg2 };
	return world_finish(world_call(do_mmuext_op, (uint64_t)&op, 1, 0, DOMID_SELF));
}

/* ---- update_va_mapping ------------------------------------------------------------------ */

static void an_address_is_mapped_and_unmapped(void **state)
{
	(void)state;
	assert_int_equal(update(VA, entry(1, 5, P_RW), 0), 0);
	assert_int_equal(pte_mfn(page_at(1, 3)[1]).n, page(1, 5));
	assert_int_equal(frame_type(page_frame(1, 5)), FRAME_WRITABLE);
	world_check();
	assert_int_equal(update(VA, 0, 0), 0);
	assert_int_equal(page_at(1, 3)[1], 0);
}

static void an_address_without_a_table_is_refused(void **state)
{
	(void)state;
	assert_int_equal(update(1UL << 39, entry(1, 5, P_RW), 0), -XEN_EINVAL);
	assert_int_equal(update(HV_VIRT_START, entry(1, 5, P_RW), 0), -XEN_EINVAL);
}

static void a_table_and_anothers_page_are_not_mapped_writable(void **state)
{
	(void)state;
	assert_int_not_equal(update(VA, entry(1, 3, P_RW), 0), 0);
	assert_int_equal(update(VA, entry(1, 3, P_RO), 0), 0);
	assert_int_not_equal(update(VA, entry(0, 5, P_RW), 0), 0);
	assert_int_equal(pte_mfn(page_at(1, 3)[1]).n, page(1, 3));
}

static void flushes_are_for_whom_they_say(void **state)
{
	uint64_t mine = 1, nobody = 0;

	(void)state;
	assert_int_equal(update(VA, 0, UVMF_TLB_FLUSH | UVMF_LOCAL), 0);
	assert_int_equal(world_flushes, 1);
	assert_int_equal(update(VA, 0, UVMF_TLB_FLUSH | (uint64_t)&nobody), 0);
	assert_int_equal(world_flushes, 1);
	assert_int_equal(update(VA, 0, UVMF_TLB_FLUSH | (uint64_t)&mine), 0);
	assert_int_equal(update(VA, 0, UVMF_TLB_FLUSH | UVMF_ALL), 0);
	assert_int_equal(world_flushes, 3);
	assert_int_equal(update(VA, 0, UVMF_INVLPG | UVMF_LOCAL), 0);
	assert_int_equal(update(VA, 0, UVMF_INVLPG | (uint64_t)&mine), 0);
	assert_int_equal(world_invlpgs, 2);
	assert_int_equal(world_invlpg_va, VA);
	assert_int_equal(update(VA, 0, UVMF_INVLPG | 8), -XEN_EFAULT);
	assert_int_equal(update(VA, 0, UVMF_TLB_FLUSH | 8), -XEN_EFAULT);
}

static void the_control_domain_maps_pages_of_others(void **state)
{
	uint64_t theirs = entry(0, 5, P_RO), foreign = entry(1, 5, P_RO);

	(void)state;
	assert_int_equal(update_other(theirs, 0), -XEN_EPERM);
	assert_int_equal(update_other(theirs, 77), -XEN_ESRCH);
	world_run(0);
	build_tree(0);
	assert_int_equal(ext_op(MMUEXT_PIN_L4_TABLE, page(0, 0)), 0);
	assert_int_equal(ext_op(MMUEXT_NEW_BASEPTR, page(0, 0)), 0);
	assert_int_equal(update_other(foreign, 1), 0);
	assert_int_equal(pte_mfn(page_at(0, 3)[1]).n, page(1, 5));
	world_check();
	assert_int_equal(update_other(0, 1), 0);
	assert_int_equal(page_frame(1, 5)->count_info & FC_COUNT, 1);
}

/* ---- mmuext_op ---------------------------------------------------------------------------- */

static void translations_go_where_they_are_told_to(void **state)
{
	static uint64_t mine = 1;

	(void)state;
	assert_int_equal(ext(MMUEXT_TLB_FLUSH_LOCAL, 0, 0), 0);
	assert_int_equal(ext(MMUEXT_TLB_FLUSH_ALL, 0, 0), 0);
	assert_int_equal(ext(MMUEXT_TLB_FLUSH_MULTI, 0, (uint64_t)&mine), 0);
	assert_int_equal(world_flushes, 3);
	assert_int_equal(ext(MMUEXT_INVLPG_LOCAL, VA, 0), 0);
	assert_int_equal(ext(MMUEXT_INVLPG_ALL, VA, 0), 0);
	assert_int_equal(ext(MMUEXT_INVLPG_MULTI, VA, (uint64_t)&mine), 0);
	assert_int_equal(world_invlpgs, 3);
	assert_int_equal(ext(MMUEXT_TLB_FLUSH_MULTI, 0, 8), -XEN_EINVAL);
	assert_int_equal(ext(MMUEXT_INVLPG_MULTI, VA, 8), -XEN_EINVAL);
}

static void addresses_of_the_hypervisor_are_not_flushed(void **state)
{
	(void)state;
	ext(MMUEXT_INVLPG_LOCAL, HV_VIRT_START, 0);
	ext(MMUEXT_INVLPG_ALL, HV_VIRT_START, 0);
	assert_int_equal(world_invlpgs, 0);
}

static void caches_are_for_those_with_device_memory(void **state)
{
	(void)state;
	assert_int_equal(ext(MMUEXT_FLUSH_CACHE, 0, 0), -XEN_EACCES);
	assert_int_equal(ext(MMUEXT_FLUSH_CACHE_GLOBAL, 0, 0), -XEN_EINVAL);
	assert_int_equal(world_wbinvds, 0);
	world_dom[1].mm.io_memory = true;
	assert_int_equal(ext(MMUEXT_FLUSH_CACHE, 0, 0), 0);
	assert_int_equal(ext(MMUEXT_FLUSH_CACHE_GLOBAL, 0, 0), 0);
	assert_int_equal(world_wbinvds, 2);
	world_dom[1].mm.io_memory = false;
}

static void pages_are_cleared_and_copied(void **state)
{
	(void)state;
	memset(page_at(1, 5), 0x55, PAGE_SIZE);
	assert_int_equal(ext(MMUEXT_COPY_PAGE, page(1, 6), page(1, 5)), 0);
	assert_memory_equal(page_at(1, 6), page_at(1, 5), PAGE_SIZE);
	assert_int_equal(ext(MMUEXT_CLEAR_PAGE, page(1, 5), 0), 0);
	assert_int_equal(*page_at(1, 5), 0);
}

static void tables_and_anothers_pages_are_neither_cleared_nor_written(void **state)
{
	const uint64_t was = page_at(1, 3)[0];

	(void)state;
	assert_int_equal(ext(MMUEXT_CLEAR_PAGE, page(1, 3), 0), -XEN_EINVAL);
	assert_int_equal(ext(MMUEXT_COPY_PAGE, page(1, 3), page(1, 5)), -XEN_EINVAL);
	assert_int_equal(ext(MMUEXT_CLEAR_PAGE, page(0, 5), 0), -XEN_EINVAL);
	assert_int_equal(ext(MMUEXT_COPY_PAGE, page(1, 5), page(0, 5)), -XEN_EINVAL);
	assert_int_equal(ext(MMUEXT_COPY_PAGE, page(0, 5), page(1, 5)), -XEN_EINVAL);
	assert_int_equal(ext(MMUEXT_CLEAR_PAGE, ~0UL, 0), -XEN_EINVAL);
	assert_int_equal(page_at(1, 3)[0], was);
}

static void unknown_and_superpage_operations_are_refused(void **state)
{
	(void)state;
	assert_int_equal(ext(MMUEXT_MARK_SUPER, page(1, 5), 0), -XEN_EOPNOTSUPP);
	assert_int_equal(ext(MMUEXT_UNMARK_SUPER, page(1, 5), 0), -XEN_EOPNOTSUPP);
	assert_int_equal(ext(99, 0, 0), -XEN_ENOSYS);
}

/* ---- lists --------------------------------------------------------------------------------- */

static long list(struct mmuext_op *ops, unsigned n)
{
	return world_finish(world_call(do_mmuext_op, (uint64_t)ops, n, 0, DOMID_SELF));
}

/* Pages 5 and 6 are top levels, too: empty ones. */
static void two_top_levels(void)
{
	assert_int_equal(ext(MMUEXT_PIN_L4_TABLE, page(1, 5), 0), 0);
	assert_int_equal(ext(MMUEXT_PIN_L4_TABLE, page(1, 6), 0), 0);
}

static void both_top_levels_are_switched_at_once(void **state)
{
	struct vcpu *v = &world_vcpu[1];
	struct mmuext_op there[] = { { .cmd = MMUEXT_NEW_BASEPTR, .arg1.mfn = page(1, 5) },
				     { .cmd = MMUEXT_NEW_USER_BASEPTR, .arg1.mfn = page(1, 6) } };
	struct mmuext_op back[] = { { .cmd = MMUEXT_NEW_BASEPTR, .arg1.mfn = page(1, 0) },
				    { .cmd = MMUEXT_NEW_USER_BASEPTR, .arg1.mfn = page(1, 5) } };

	(void)state;
	two_top_levels();
	for (unsigned round = 0; round < 2; round++) {
		assert_int_equal(list(there, 2), 0);
		assert_int_equal(v->guest_table.n, page(1, 5));
		assert_int_equal(v->guest_table_user.n, page(1, 6));
		world_check();
		assert_int_equal(list(back, 2), 0);
		assert_int_equal(v->guest_table.n, page(1, 0));
		assert_int_equal(v->guest_table_user.n, page(1, 5));
		world_check();
	}
	assert_int_equal(world_flushes, 4);
	/* What only the vCPU held is no table any more once it has gone. */
	assert_int_equal(ext(MMUEXT_UNPIN_TABLE, page(1, 5), 0), 0);
	assert_int_equal(list(there + 1, 1), 0);
	assert_false(frame_type_in_use(page_frame(1, 5), FRAME_L4));
}

/* References and uses, without the flags. */
static void assert_counts(unsigned p, uint64_t uses)
{
	assert_int_equal(page_frame(1, p)->type_info & FT_COUNT, uses);
	assert_int_equal(page_frame(1, p)->count_info & FC_COUNT, uses + 1);
}

static long switch_to(unsigned kernel, unsigned user)
{
	struct mmuext_op ops[] = { { .cmd = MMUEXT_NEW_BASEPTR, .arg1.mfn = page(1, kernel) },
				   { .cmd = MMUEXT_NEW_USER_BASEPTR, .arg1.mfn = page(1, user) } };

	return list(ops, 2);
}

static void a_pin_stands_in_for_the_vcpus_own_count_until_it_is_taken_off(void **state)
{
	(void)state;
	two_top_levels();
	assert_int_equal(switch_to(5, 5), 0);
	assert_counts(5, 1);
	assert_int_equal(ext(MMUEXT_UNPIN_TABLE, page(1, 5), 0), 0);
	assert_counts(5, 2);
	world_check();
	/* Pinned again it is held all the same, until the vCPU has another. */
	assert_int_equal(ext(MMUEXT_PIN_L4_TABLE, page(1, 5), 0), 0);
	assert_counts(5, 3);
	assert_int_equal(switch_to(6, 5), 0);
	world_check();
	assert_int_equal(switch_to(6, 6), 0);
	assert_counts(5, 1);
	assert_counts(6, 1);
}

static void a_table_that_is_not_pinned_is_held_and_goes_with_the_vcpus_use(void **state)
{
	(void)state;
	assert_int_equal(ext(MMUEXT_PIN_L4_TABLE, page(1, 6), 0), 0);
	assert_int_equal(switch_to(5, 6), 0);
	assert_counts(5, 1);
	assert_counts(6, 1);
	assert_int_equal(ext(MMUEXT_UNPIN_TABLE, page(1, 6), 0), 0);
	assert_counts(6, 1);
	world_check();
	assert_int_equal(switch_to(0, 0), 0);
	assert_false(frame_type_in_use(page_frame(1, 5), FRAME_L4));
	assert_false(frame_type_in_use(page_frame(1, 6), FRAME_L4));
}

static void who_unpins_anothers_table_counts_for_that_domains_vcpu(void **state)
{
	struct mmuext_op op = { .cmd = MMUEXT_UNPIN_TABLE, .arg1.mfn = page(1, 0) };

	(void)state;
	world_run(0);
	assert_int_equal(world_finish(world_call(do_mmuext_op, (uint64_t)&op, 1, 0, 1)), 0);
	world_run(1);
	assert_true(frame_type_in_use(page_frame(1, 0), FRAME_L4));
	assert_counts(0, 1);
}

static void a_list_ends_where_a_member_is_refused(void **state)
{
	struct vcpu *v = &world_vcpu[1];
	struct mmuext_op ops[] = { { .cmd = MMUEXT_NEW_BASEPTR, .arg1.mfn = page(1, 5) },
				   { .cmd = MMUEXT_NEW_BASEPTR, .arg1.mfn = page(1, 3) },
				   { .cmd = MMUEXT_NEW_USER_BASEPTR, .arg1.mfn = page(1, 6) } };

	(void)state;
	two_top_levels();
	assert_int_equal(list(ops, 3), -XEN_EINVAL);
	assert_int_equal(v->guest_table.n, page(1, 5));
	assert_int_equal(v->guest_table_user.n, 0);
	ops[1].arg1.mfn = page(0, 0);
	assert_int_equal(list(ops, 3), -XEN_EINVAL);
	ops[1].arg1.mfn = FRAMES;
	assert_int_equal(list(ops, 3), -XEN_EINVAL);
	assert_int_equal(v->guest_table_user.n, 0);
}

static void a_list_is_finished_whatever_the_budget_of_a_piece(void **state)
{
	struct vcpu *v = &world_vcpu[1];

	(void)state;
	two_top_levels();
	for (world_budget = PT_L1_COST; world_budget < PT_L1_COST + 40; world_budget++) {
		struct mmuext_op ops[] = { { .cmd = MMUEXT_UNPIN_TABLE, .arg1.mfn = page(1, 6) },
					   { .cmd = MMUEXT_PIN_L4_TABLE, .arg1.mfn = page(1, 6) },
					   { .cmd = MMUEXT_NEW_USER_BASEPTR, .arg1.mfn = page(1, 6) },
					   { .cmd = MMUEXT_NEW_BASEPTR, .arg1.mfn = page(1, 5) },
					   { .cmd = MMUEXT_NEW_USER_BASEPTR, .arg1.mfn = 0 } };

		assert_int_equal(list(ops, 5), 0);
		assert_int_equal(v->guest_table.n, page(1, 5));
		assert_int_equal(v->guest_table_user.n, 0);
		assert_int_equal(ext(MMUEXT_NEW_BASEPTR, page(1, 0), 0), 0);
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_address_is_mapped_and_unmapped),
		T(an_address_without_a_table_is_refused),
		T(a_table_and_anothers_page_are_not_mapped_writable),
		T(flushes_are_for_whom_they_say),
		T(the_control_domain_maps_pages_of_others),
		T(translations_go_where_they_are_told_to),
		T(addresses_of_the_hypervisor_are_not_flushed),
		T(caches_are_for_those_with_device_memory),
		T(pages_are_cleared_and_copied),
		T(tables_and_anothers_pages_are_neither_cleared_nor_written),
		T(unknown_and_superpage_operations_are_refused),
		T(both_top_levels_are_switched_at_once),
		T(a_pin_stands_in_for_the_vcpus_own_count_until_it_is_taken_off),
		T(a_table_that_is_not_pinned_is_held_and_goes_with_the_vcpus_use),
		T(who_unpins_anothers_table_counts_for_that_domains_vcpu),
		T(a_list_ends_where_a_member_is_refused),
		T(a_list_is_finished_whatever_the_budget_of_a_piece),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
