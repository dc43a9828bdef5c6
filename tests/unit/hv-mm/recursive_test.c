// SPDX-License-Identifier: MIT
/* Top levels that name themselves or each other ("linear" tables), and two that work on one at a time. */
#include "world.h"

#define PIN_L4 MMUEXT_PIN_L4_TABLE
#define UNPIN  MMUEXT_UNPIN_TABLE

static int start(void **state)
{
	(void)state;
	world_start(8);
	return 0;
}

static int end(void **state)
{
	(void)state;
	world_kill(1u << 20);
	assert_int_equal(world_dom[1].mm.tot_pages, 0);
	return 0;
}

static uint64_t entry(unsigned i, uint64_t flags)
{
	return page(1, i) << PAGE_SHIFT | flags;
}

/* The control domain does it to domain 1's frame. */
static long foreign_op(unsigned cmd, uint64_t m)
{
	static struct mmuext_op op;
	long rc;

	world_run(0);
	op = (struct mmuext_op){ .cmd = cmd, .arg1.mfn = m };
	rc = world_finish(world_call(do_mmuext_op, (uint64_t)&op, 1, 0, 1));
	world_run(1);
	return rc;
}

static void a_table_is_taken_again_while_what_it_names_recursively_is_half_let_go(void **state)
{
	static struct mmuext_op op;
	uint64_t top = page(1, 0), named = page(1, 1);

	(void)state;
	page_at(1, 0)[0] = entry(1, P_RO);
	page_at(1, 1)[0] = entry(2, P_RO);
	assert_int_equal(ext_op(PIN_L4, named), 0);
	assert_int_equal(ext_op(PIN_L4, top), 0);
	assert_int_equal(ext_op(UNPIN, named), 0);
	/* All of the upper table, a part of the one that only it keeps. */
	world_budget = 1;
	op = (struct mmuext_op){ .cmd = UNPIN, .arg1.mfn = top };
	assert_int_equal(world_call(do_mmuext_op, (uint64_t)&op, 1, 0, DOMID_SELF), -XEN_ERESTART);
	world_check();
	world_budget = 1u << 20;
	assert_int_equal(foreign_op(PIN_L4, top), 0);
	world_check();
	assert_int_equal(ext_op(UNPIN, top), 0);
	world_check();
	assert_int_equal(frame_of(mfn(named))->type_info & FT_COUNT, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_table_is_taken_again_while_what_it_names_recursively_is_half_let_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
