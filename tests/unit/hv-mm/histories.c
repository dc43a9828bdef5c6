// SPDX-License-Identifier: MIT
/*
 * Page types under all that a guest may do, in a small scope. After each step all books must agree to the last reference,
 * nothing that the TLB may remember may be dangerous, and at the end all frames are back.
 *
 * Hypercalls are stopped early and either go on or are left alone for another one.
 */
#include "harness/harness.h"
#include "world.h"

#define PAGES 6u

/* Two slots of each table matter; in the top level the second stands behind the hypervisor's. */
static unsigned pick_slot(void)
{
	return !choosing_all() && choose(2) ? 300 : 0;
}

static uint64_t pick_entry(unsigned pages)
{
	unsigned n = choose(2 * pages + 1);

	if (!n)
		return 0;
	n--;
	return page(1, n / 2) << PAGE_SHIFT | (n % 2 ? P_RW : P_RO);
}

/* An operation that was stopped: it goes on, or is forgotten by the guest. */
static void go_on(long rc, bool may_leave)
{
	while (rc == -XEN_ERESTART) {
		world_check();
		world_guest_runs();
		if (may_leave && !choose(4))
			return;
		rc = world_again();
	}
}

static void do_update(unsigned pages, bool may_leave)
{
	static struct mmu_update req;

	req.ptr = (page(1, choose(pages)) << PAGE_SHIFT) + pick_slot() * 8;
	req.val = pick_entry(pages);
	go_on(world_call(do_mmu_update, (uint64_t)&req, 1, 0, DOMID_SELF), may_leave);
}

static void do_ext_of(domid_t owner, unsigned cmd, uint64_t m, bool may_leave)
{
	static struct mmuext_op op;

	op = (struct mmuext_op){ .cmd = cmd, .arg1.mfn = m };
	go_on(world_call(do_mmuext_op, (uint64_t)&op, 1, 0, owner), may_leave);
}

static void do_ext(unsigned cmd, uint64_t m, bool may_leave)
{
	do_ext_of(DOMID_SELF, cmd, m, may_leave);
}

/* The control domain pins the other's tables, or lets them go: two that stop in the middle of one table. */
static void do_foreign_pin(unsigned pages)
{
	world_run(0);
	if (choose(2))
		do_ext_of(1, MMUEXT_PIN_L1_TABLE + choose(4), page(1, choose(pages)), true);
	else
		do_ext_of(1, MMUEXT_UNPIN_TABLE, page(1, choose(pages)), true);
	world_run(1);
}

/* The control domain maps or unmaps a page of the other. */
static void do_foreign(unsigned pages)
{
	static struct mmu_update req;

	world_run(0);
	req.ptr = page(0, 0) << PAGE_SHIFT;
	req.val = pick_entry(pages);
	world_call(do_mmu_update, (uint64_t)&req, 1, 0, 1);
	world_run(1);
}

/* A page that the guest has given back may be gone: it gets another in its place. */
static void do_replace(unsigned pages)
{
	unsigned p = choose(pages);
	struct frame *f = frame_get(mfn(page(1, p)), &world_dom[1]);
	mfn_t m;

	if (!f)
		return;
	/* Given back while in use it would stay: that is tried with a domain's end. */
	if ((f->count_info & FC_COUNT) == 2 && frame_drop_allocated(f)) {
		frame_put(f);
		assert_true(domain_pages_alloc(&world_dom[1], 0, &m));
		m2p_set(m, p);
		return;
	}
	frame_put(f);
}

/* In every order: the tree has four tables, and the fifth page is data that could be any. */
static void step(void)
{
	bool all = !choosing_all();
	unsigned pages = all ? PAGES : 5;

	world_budget = choose(2) ? 1u << 20 : PT_L1_COST + (all ? 1 : 44);
	switch (choose(all ? 8 : 4)) {
	case 0:
		do_update(pages, all);
		break;
	case 1:
		do_ext(MMUEXT_PIN_L1_TABLE + choose(4), page(1, choose(pages)), all);
		break;
	case 2:
		do_ext(MMUEXT_UNPIN_TABLE, page(1, choose(pages)), all);
		break;
	case 3:
		do_ext(choose(2) ? MMUEXT_NEW_BASEPTR : MMUEXT_NEW_USER_BASEPTR,
		       page(1, choose(pages)), all);
		break;
	case 4:
		do_foreign(pages);
		break;
	case 5:
		do_replace(pages);
		break;
	case 6:
		do_foreign_pin(pages);
		break;
	default:
		do_update(pages, all);
		break;
	}
	world_guest_runs();
	world_check();
}

static void start(void)
{
	bool running = choosing_all() || choose(2);

	world_start(PAGES);
	build_tree(1);
	assert_int_equal(ext_op(MMUEXT_PIN_L4_TABLE, page(1, 0)), 0);
	if (running)
		assert_int_equal(ext_op(MMUEXT_NEW_BASEPTR, page(1, 0)), 0);
	world_run(0);
	assert_int_equal(ext_op(MMUEXT_PIN_L1_TABLE, page(0, 0)), 0);
	world_run(1);
	world_guest_runs();
}

static void end(void)
{
	uint64_t foreign = page(0, 0) << PAGE_SHIFT;
	struct mmu_update req = { foreign, 0 };

	/* What the control domain has begun it gives back with its next operation. */
	world_run(0);
	ext_op(MMUEXT_UNPIN_TABLE, page(0, 0) + 1);
	assert_int_equal(world_vcpu[0].pt_pending.table.n, 0);
	world_run(1);
	world_reaped = 0;
	world_kill(choosing_all() ? 1u << 20 : PT_L1_COST + 1);
	assert_int_equal(mm_check(), 0);
	world_run(0);
	assert_int_equal(world_call(do_mmu_update, (uint64_t)&req, 1, 0, DOMID_SELF), 0);
	mm_reap();
	world_check();
	assert_int_equal(world_dom[1].mm.tot_pages, 0);
	assert_int_equal(mm_free_frames(), FRAMES - 2 - PAGES);
	assert_int_equal(world_reaped, 1);
}

const struct harness harness = {
	.name = "page types",
	.start = start,
	.step = step,
	.end = end,
	.steps = 2,
	.at_least = 20000,
	.chances = 200,
	.chance_steps = 300,
};
