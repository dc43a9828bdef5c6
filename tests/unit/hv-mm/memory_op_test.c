// SPDX-License-Identifier: MIT
/* memory_op: frames given, taken back and exchanged, and what is refused. */
#include "fakes/guestmem.h"
#include "world.h"

#include <string.h>

#include <xen/arch-x86/hvm/start_info.h>
#include <xen/memory.h>

static xen_pfn_t list[16];

/* Of the grant tables' interface: two frames. */
static char grant_pages[2][PAGE_SIZE] __attribute__((aligned(4096)));

void *grant_shared_page(struct domain *d, unsigned n, struct budget *b, int *err)
{
	(void)d;
	*err = budget_take(b) ? 0 : -XEN_ERESTART;
	return !*err && n < 2 ? grant_pages[n] : NULL;
}

static int start(void **state)
{
	(void)state;
	world_start(8);
	memset(list, 0, sizeof(list));
	return 0;
}

static int end(void **state)
{
	(void)state;
	world_check();
	assert_int_equal(mm_check(), 0);
	return 0;
}

static struct xen_memory_reservation reservation(uint64_t n, unsigned order)
{
	struct xen_memory_reservation r = { .nr_extents = n, .extent_order = order,
					    .domid = DOMID_SELF };

	set_xen_guest_handle(r.extent_start, list);
	return r;
}

static long op(unsigned cmd, void *arg)
{
	return world_finish(world_call(do_memory_op, cmd, (uint64_t)arg, 0, 0));
}

static void frames_are_given_back_and_new_ones_taken(void **state)
{
	struct xen_memory_reservation r = reservation(2, 0);
	uint64_t old[2] = { page(1, 6), page(1, 7) };

	(void)state;
	list[0] = old[0];
	list[1] = old[1];
	assert_int_equal(op(XENMEM_decrease_reservation, &r), 2);
	assert_int_equal(world_dom[1].mm.tot_pages, 6);
	assert_int_equal(m2p_get(mfn(old[0])), INVALID_M2P_ENTRY);
	list[0] = 6;
	list[1] = 7;
	assert_int_equal(op(XENMEM_populate_physmap, &r), 2);
	assert_int_equal(world_dom[1].mm.tot_pages, 8);
	assert_int_equal(list[0], page(1, 6));
	assert_int_equal(list[1], page(1, 7));
}

static void what_is_in_use_stays_until_that_ends(void **state)
{
	struct xen_memory_reservation r = reservation(1, 0);

	(void)state;
	assert_int_equal(ext_op(MMUEXT_PIN_L1_TABLE, page(1, 3)), 0);
	list[0] = page(1, 3);
	assert_int_equal(op(XENMEM_decrease_reservation, &r), 1);
	assert_int_equal(world_dom[1].mm.tot_pages, 8);
	assert_int_equal(op(XENMEM_decrease_reservation, &r), 0 + 1);
	assert_int_equal(ext_op(MMUEXT_UNPIN_TABLE, list[0]), 0);
	assert_int_equal(world_dom[1].mm.tot_pages, 7);
}

static void the_limit_and_the_machine_end_a_population(void **state)
{
	struct xen_memory_reservation r = reservation(12, 0);

	(void)state;
	for (unsigned i = 0; i < 12; i++)
		list[i] = 100 + i;
	assert_int_equal(op(XENMEM_populate_physmap, &r), 8);	/* max_pages is 16 */
	assert_int_equal(world_dom[1].mm.tot_pages, 16);
}

static void a_long_population_goes_on_where_it_stopped(void **state)
{
	struct xen_memory_reservation r = reservation(5, 0);
	long rc;

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		list[i] = 100 + i;
	world_budget = 2;
	rc = world_call(do_memory_op, XENMEM_populate_physmap, (uint64_t)&r, 0, 0);
	assert_int_equal(rc, -XEN_ERESTART);
	assert_int_equal(world_dom[1].mm.tot_pages, 10);
	assert_int_equal(world_finish(rc), 5);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(m2p_get(mfn(list[i])), 100 + i);
}

/* The first step that costs more than is left is made nevertheless, and leaves nothing for another. */
static void what_cannot_be_paid_spends_the_whole_budget(void **state)
{
	struct xen_memory_reservation r = reservation(1, 2);

	(void)state;
	list[0] = 100;
	world_budget = 3;
	assert_int_equal(world_call(do_memory_op, XENMEM_populate_physmap, (uint64_t)&r, 0, 0), 1);
	assert_int_equal(world_dom[1].mm.tot_pages, 12);
	assert_int_equal(current_budget()->left, 0);
	world_budget = 1u << 20;
	assert_int_equal(op(XENMEM_decrease_reservation, &r), 1);
}

static void another_domain_is_for_the_control_domain(void **state)
{
	struct xen_memory_reservation r = reservation(1, 0);

	(void)state;
	r.domid = 0;
	assert_int_equal(op(XENMEM_populate_physmap, &r), 0);
	world_run(0);
	r.domid = 1;
	list[0] = 55;
	assert_int_equal(op(XENMEM_populate_physmap, &r), 1);
	assert_int_equal(world_dom[1].mm.tot_pages, 9);
	assert_int_equal(m2p_get(mfn(list[0])), 55);
}

static void a_claim_keeps_frames_for_its_domain(void **state)
{
	struct xen_memory_reservation r = { .nr_extents = 12, .domid = 1 };
	uint64_t free = mm_free_frames();
	mfn_t m;

	(void)state;
	assert_int_equal(op(XENMEM_claim_pages, &r), -XEN_EPERM);
	world_run(0);
	assert_int_equal(op(XENMEM_claim_pages, &r), 0);
	assert_int_equal(mm_claimed_frames(), 4);
	assert_int_equal(op(XENMEM_claim_pages, &r), -XEN_EINVAL);
	world_dom[0].mm.max_pages = 1000;
	while (domain_pages_alloc(&world_dom[0], 0, &m))
		free--;
	assert_int_equal(free, 4);
	for (unsigned i = 0; i < 4; i++)
		assert_true(domain_pages_alloc(&world_dom[1], 0, &m));
	assert_int_equal(mm_claimed_frames(), 0);
	assert_int_equal(mm_free_frames(), 0);
	r.nr_extents = 0;
	assert_int_equal(op(XENMEM_claim_pages, &r), 0);
}

static void a_dying_domain_claims_nothing(void **state)
{
	struct xen_memory_reservation r = { .nr_extents = 12, .domid = 1 };

	(void)state;
	world_run(0);
	world_dom[1].life.state = LIFE_DYING;
	assert_int_equal(op(XENMEM_claim_pages, &r), -XEN_EINVAL);
	assert_int_equal(mm_claimed_frames(), 0);
	r.nr_extents = 0;
	assert_int_equal(op(XENMEM_claim_pages, &r), 0);
}

static struct xen_memory_exchange exchange(xen_pfn_t *in, unsigned n, xen_pfn_t *out, unsigned order)
{
	struct xen_memory_exchange x = {
		.in = { .nr_extents = n, .domid = DOMID_SELF },
		.out = { .nr_extents = n >> order, .extent_order = order, .domid = DOMID_SELF },
	};

	set_xen_guest_handle(x.in.extent_start, in);
	set_xen_guest_handle(x.out.extent_start, out);
	return x;
}

static void frames_are_exchanged_for_a_block(void **state)
{
	xen_pfn_t in[4], out[1] = { 4 };
	struct xen_memory_exchange x = exchange(in, 4, out, 2);
	uint64_t free = mm_free_frames();

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		in[i] = page(1, 4 + i);
	assert_int_equal(op(XENMEM_exchange, &x), 0);
	assert_int_equal(x.nr_exchanged, 4);
	assert_int_equal(out[0] & 3, 0);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(page(1, 4 + i), out[0] + i);
	assert_int_equal(mm_free_frames(), free);
	assert_int_equal(world_dom[1].mm.tot_pages, 8);
}

static void an_exchange_that_fails_changes_nothing(void **state)
{
	xen_pfn_t in[4], out[1] = { 4 };
	struct xen_memory_exchange x = exchange(in, 4, out, 2);
	uint64_t free = mm_free_frames();

	(void)state;
	build_tree(1);
	assert_int_equal(ext_op(MMUEXT_PIN_L4_TABLE, page(1, 0)), 0);
	for (unsigned i = 0; i < 4; i++)
		in[i] = page(1, 7 - i);		/* the last, page 4, is mapped */
	assert_int_equal(op(XENMEM_exchange, &x), -XEN_EINVAL);
	assert_int_equal(x.nr_exchanged, 0);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(page(1, 7 - i), in[i]);
	assert_int_equal(mm_free_frames(), free);
	/* the same frame twice */
	in[3] = in[2];
	assert_int_equal(op(XENMEM_exchange, &x), -XEN_EINVAL);
	assert_int_equal(world_dom[1].mm.tot_pages, 8);
	/* no memory where it is wanted */
	in[3] = page(1, 3);
	x.out.mem_flags = XENMEMF_address_bits(13);
	in[3] = in[0];
	assert_int_equal(op(XENMEM_exchange, &x), -XEN_EINVAL);
}

static void an_exchange_without_memory_gives_the_frames_back(void **state)
{
	xen_pfn_t in[1] = { page(1, 7) }, out[1] = { 7 };
	struct xen_memory_exchange x = exchange(in, 1, out, 0);
	mfn_t m;

	(void)state;
	world_dom[0].mm.max_pages = 1000;
	while (domain_pages_alloc(&world_dom[0], 0, &m))
		;
	assert_int_equal(op(XENMEM_exchange, &x), -XEN_ENOMEM);
	assert_int_equal(page(1, 7), in[0]);
}

static void an_exchange_of_what_cannot_be_is_refused(void **state)
{
	xen_pfn_t in[1] = { page(1, 7) }, out[1] = { 7 };
	struct xen_memory_exchange good = exchange(in, 1, out, 0), x = good;

	(void)state;
	x.in.extent_order = 10;
	assert_int_equal(op(XENMEM_exchange, &x), -XEN_EPERM);
	x = good;
	x.nr_exchanged = 2;
	assert_int_equal(op(XENMEM_exchange, &x), -XEN_EINVAL);
	x = good;
	x.out.domid = 0;
	assert_int_equal(op(XENMEM_exchange, &x), -XEN_EINVAL);
	x = good;
	x.out.nr_extents = 2;
	assert_int_equal(op(XENMEM_exchange, &x), -XEN_EINVAL);
	x = good;
	x.in.extent_order = x.out.extent_order = 9;
	x.in.nr_extents = x.out.nr_extents = ~0UL;
	assert_int_equal(op(XENMEM_exchange, &x), -XEN_EINVAL);
	x = good;
	x.in.nr_extents = x.out.nr_extents = 1UL << 40;
	assert_int_equal(op(XENMEM_exchange, &x), -XEN_EFAULT);
	x = good;
	x.out.mem_flags = XENMEMF_address_bits(12);
	assert_int_equal(op(XENMEM_exchange, &x), -XEN_ENOMEM);
	assert_int_equal(page(1, 7), in[0]);
	assert_int_equal(world_dom[1].mm.tot_pages, 8);
}

/* The guest loses the number of a frame, not the frame. */
static void an_exchange_whose_lists_fault_keeps_the_books(void **state)
{
	xen_pfn_t in[2] = { page(1, 6), page(1, 7) }, out[1] = { 6 };
	struct xen_memory_exchange x = exchange(in, 2, out, 1);
	uint64_t free = mm_free_frames();

	(void)state;
	guestmem_bad = (uint64_t)&in[1];
	assert_int_equal(op(XENMEM_exchange, &x), -XEN_EFAULT);
	assert_int_equal(page(1, 6), in[0]);
	guestmem_bad = (uint64_t)out;
	assert_int_equal(op(XENMEM_exchange, &x), -XEN_EFAULT);
	assert_int_equal(world_dom[1].mm.tot_pages, 8);
	assert_int_equal(mm_free_frames(), free);
	guestmem_bad = 0;
	in[0] = page(1, 4);
	in[1] = page(1, 5);
	guestmem_bad = (uint64_t)&x.nr_exchanged;
	assert_int_equal(op(XENMEM_exchange, &x), -XEN_EFAULT);
	assert_int_equal(world_dom[1].mm.tot_pages, 8);
}

static void an_exchange_cannot_grow_a_domain_beyond_its_limit(void **state)
{
	xen_pfn_t in[1] = { page(1, 7) }, out[1] = { 7 };
	struct xen_memory_exchange x = exchange(in, 1, out, 0);
	uint64_t free = mm_free_frames();

	(void)state;
	world_dom[1].mm.max_pages = 7;		/* xl mem-max, while it had more */
	assert_int_equal(op(XENMEM_exchange, &x), -XEN_EINVAL);
	assert_int_equal(world_dom[1].mm.tot_pages, 7);
	assert_int_equal(mm_free_frames(), free + 1);
}

static void frames_are_added_and_named_where_the_guest_asks(void **state)
{
	struct xen_memory_reservation r = reservation(2, 0);

	(void)state;
	assert_int_equal(op(XENMEM_increase_reservation, &r), 2);
	assert_int_equal(frame_of(mfn(list[1]))->owner, 1);
	set_xen_guest_handle(r.extent_start, 0);
	assert_int_equal(op(XENMEM_increase_reservation, &r), 2);
	assert_int_equal(world_dom[1].mm.tot_pages, 12);
	r.nr_extents = 8;
	assert_int_equal(op(XENMEM_increase_reservation, &r), 4);
	set_xen_guest_handle(r.extent_start, list);
	world_dom[1].mm.max_pages++;
	guestmem_bad = (uint64_t)list;
	assert_int_equal(op(XENMEM_increase_reservation, &r), 0);
}

static void a_claim_names_a_number_and_nothing_else(void **state)
{
	struct xen_memory_reservation good = { .nr_extents = 12, .domid = 1 }, r = good;

	(void)state;
	world_run(0);
	r.extent_order = 1;
	assert_int_equal(op(XENMEM_claim_pages, &r), -XEN_EINVAL);
	r = good;
	r.mem_flags = XENMEMF_address_bits(32);
	assert_int_equal(op(XENMEM_claim_pages, &r), -XEN_EINVAL);
	r = good;
	set_xen_guest_handle(r.extent_start, list);
	assert_int_equal(op(XENMEM_claim_pages, &r), -XEN_EINVAL);
	r = good;
	assert_int_equal(op(XENMEM_claim_pages | 1 << 6, &r), -XEN_EINVAL);
	r.domid = 77;
	assert_int_equal(op(XENMEM_claim_pages, &r), -XEN_EINVAL);
}

/* All that is free holds what d has written, then. */
static void leave_data_of(struct domain *d)
{
	uint64_t max = d->mm.max_pages;
	mfn_t m, mine[1000];
	unsigned n = 0;

	d->mm.max_pages = 1000;
	while (domain_pages_alloc(d, 0, &m)) {
		memset(frame_ptr(m), 0xa5, PAGE_SIZE);
		mine[n++] = m;
	}
	while (n) {
		struct frame *f = frame_get(mine[--n], d);

		frame_drop_allocated(f);
		frame_put(f);
	}
	d->mm.max_pages = (uint32_t)max;
}

static void an_exchange_shows_what_its_domain_has_written_and_nothing_of_others(void **state)
{
	for (unsigned whose = 0; whose < 2; whose++) {
		xen_pfn_t in[1] = { page(1, 7) }, out[1] = { 7 };
		struct xen_memory_exchange x = exchange(in, 1, out, 0);

		(void)state;
		leave_data_of(&world_dom[whose]);
		assert_int_equal(op(XENMEM_exchange, &x), 0);
		assert_int_equal(*(uint8_t *)frame_ptr(mfn(out[0])), whose == 1 ? 0xa5 : 0);
	}
}

static void a_frame_that_came_back_is_flushed_before_it_becomes_a_table(void **state)
{
	xen_pfn_t in[1] = { page(1, 4) }, out[1] = { 4 };
	struct xen_memory_exchange x = exchange(in, 1, out, 0);

	(void)state;
	build_tree(1);
	assert_int_equal(ext_op(MMUEXT_PIN_L4_TABLE, page(1, 0)), 0);
	assert_int_equal(ext_op(MMUEXT_NEW_BASEPTR, page(1, 0)), 0);
	world_guest_runs();
	assert_int_equal(set_entry(page(1, 3), 0, 0), 0);
	x.out.mem_flags = XENMEMF_address_bits(13);
	assert_int_equal(op(XENMEM_exchange, &x), -XEN_ENOMEM);
	assert_int_equal(page(1, 4), in[0]);
	unsigned flushes = world_flushes;

	assert_int_equal(ext_op(MMUEXT_PIN_L1_TABLE, in[0]), 0);
	assert_int_equal(world_flushes, flushes + 1);
	world_guest_runs();
}

static void a_guests_memory_map_is_what_the_toolstack_set(void **state)
{
	struct memmap_entry map[2] = { { 0, 0x100000, 1 }, { 0x100000, 0x1000, 2 } }, got[4];
	struct xen_foreign_memory_map set = { .domid = 1, .map.nr_entries = 2 };
	struct xen_memory_map ask = { .nr_entries = 4 };

	(void)state;
	set_xen_guest_handle(set.map.buffer, map);
	set_xen_guest_handle(ask.buffer, got);
	assert_int_equal(op(XENMEM_memory_map, &ask), -XEN_ENOSYS);
	assert_int_equal(op(XENMEM_set_memory_map, &set), -XEN_EPERM);
	world_run(0);
	assert_int_equal(op(XENMEM_set_memory_map, &set), 0);
	set.map.nr_entries = 129;
	assert_int_equal(op(XENMEM_set_memory_map, &set), -XEN_EINVAL);
	world_run(1);
	assert_int_equal(op(XENMEM_memory_map, &ask), 0);
	assert_int_equal(ask.nr_entries, 2);
	assert_memory_equal(got, map, sizeof(map));
	world_run(0);
	set.map.nr_entries = 0;
	assert_int_equal(op(XENMEM_set_memory_map, &set), 0);
}

static void the_frames_of_a_grant_table_are_for_the_control_domain(void **state)
{
	struct xen_mem_acquire_resource r = { .domid = 1, .type = XENMEM_resource_grant_table,
					      .nr_frames = 2 };
	long rc;

	(void)state;
	world_dom[0].grants.max_frames = world_dom[1].grants.max_frames = 2;
	set_xen_guest_handle(r.frame_list, list);
	assert_int_equal(op(XENMEM_acquire_resource, &r), -XEN_EPERM);
	r.domid = 0;
	assert_int_equal(op(XENMEM_acquire_resource, &r), -XEN_EPERM);
	world_run(0);
	assert_int_equal(op(XENMEM_acquire_resource, &r), -XEN_EPERM);
	r.domid = 9;
	assert_int_equal(op(XENMEM_acquire_resource, &r), -XEN_ESRCH);
	r.domid = 1;
	assert_int_equal(op(XENMEM_acquire_resource, &r), 0);
	assert_int_equal(list[1], ptr_mfn(grant_pages[1]).n);
	/* A table that has to grow is preempted. */
	list[1] = 0;
	world_budget = 1;
	rc = world_call(do_memory_op, XENMEM_acquire_resource, (uint64_t)&r, 0, 0);
	assert_int_equal(rc, -XEN_ERESTART);
	assert_int_equal(list[1], 0);
	assert_int_equal(world_finish(rc), 0);
	assert_int_equal(list[1], ptr_mfn(grant_pages[1]).n);
	world_budget = 1u << 20;
	r.frame = 1;
	assert_int_equal(op(XENMEM_acquire_resource, &r), -XEN_EINVAL);
	r.frame = ~0UL;
	assert_int_equal(op(XENMEM_acquire_resource, &r), -XEN_EINVAL);
	r.frame = 0;
	r.nr_frames = 0;
	set_xen_guest_handle(r.frame_list, 0);
	assert_int_equal(op(XENMEM_acquire_resource, &r), 0);
	assert_int_equal(r.nr_frames, 2);
	r.type = 7;
	assert_int_equal(op(XENMEM_acquire_resource, &r), -XEN_EINVAL);
	r.pad = 1;
	assert_int_equal(op(XENMEM_acquire_resource, &r), -XEN_EINVAL);
}

static void bad_addresses_are_errors(void **state)
{
	static const unsigned ops[] = { XENMEM_exchange, XENMEM_current_reservation,
					XENMEM_machphys_mapping, XENMEM_machphys_mfn_list,
					XENMEM_claim_pages, XENMEM_acquire_resource };
	struct xen_memory_reservation r = reservation(1, 0);

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(ops); i++)
		assert_int_equal(op(ops[i], NULL), -XEN_EFAULT);
	assert_int_equal(op(XENMEM_populate_physmap, NULL), 0);
	assert_int_equal(op(XENMEM_populate_physmap | 3 << 6, NULL), 3);
	guestmem_bad = (uint64_t)list;
	assert_int_equal(op(XENMEM_populate_physmap, &r), 0);
	assert_int_equal(op(XENMEM_decrease_reservation, &r), 0);
	assert_int_equal(world_dom[1].mm.tot_pages, 8);
	assert_int_equal(op(63, &r), -XEN_ENOSYS);
	assert_int_equal(op(40, &r), -XEN_ENOSYS);
}

static void lists_that_cannot_be_copied_are_errors(void **state)
{
	struct xen_foreign_memory_map set = { .domid = 1, .map.nr_entries = 1 };
	struct xen_machphys_mfn_list m2p = { .max_extents = 5 };
	static const struct hvm_memmap_table_entry range = { .size = 0x9f000, .type = 1 };
	struct mm_machine machine = { .map = &range, .map_entries = 1 };
	struct xen_memory_map map = { .nr_entries = 1 };

	(void)state;
	mm_set_machine(&machine);
	set_xen_guest_handle(m2p.extent_start, list);
	assert_int_equal(op(XENMEM_machphys_mfn_list, &m2p), 0);
	assert_int_equal(m2p.nr_extents, 1);
	assert_int_equal(list[0], arch_m2p_frame(0).n);
	guestmem_bad = (uint64_t)list;
	assert_int_equal(op(XENMEM_machphys_mfn_list, &m2p), -XEN_EFAULT);
	world_run(0);
	set_xen_guest_handle_raw(set.map.buffer, (void *)list);
	assert_int_equal(op(XENMEM_set_memory_map, &set), -XEN_EFAULT);
	set_xen_guest_handle_raw(map.buffer, (void *)list);
	assert_int_equal(op(XENMEM_machine_memory_map, &map), -XEN_EFAULT);
}

static void the_machines_map_is_for_the_control_domain(void **state)
{
	static const struct hvm_memmap_table_entry ranges[2] = {
		{ .addr = 0, .size = 0x9f000, .type = 1, .reserved = 0xbad },
		{ .addr = 0xf0000, .size = 0x10000, .type = 2, .reserved = 0xbad },
	};
	struct mm_machine machine = { .phys_bits = 40, .nx = true, .map = ranges, .map_entries = 2 };
	struct memmap_entry got[3];
	struct xen_memory_map map = { .nr_entries = 3 };

	(void)state;
	mm_set_machine(&machine);
	assert_int_equal(op(XENMEM_machine_memory_map, &map), -XEN_EPERM);
	world_run(0);
	assert_int_equal(op(XENMEM_machine_memory_map, &map), 0);	/* how many? */
	assert_int_equal(map.nr_entries, 2);
	map.nr_entries = 1;
	set_xen_guest_handle_raw(map.buffer, (void *)got);
	assert_int_equal(op(XENMEM_machine_memory_map, &map), -XEN_EINVAL);
	map.nr_entries = 3;
	assert_int_equal(op(XENMEM_machine_memory_map, &map), 0);
	assert_int_equal(map.nr_entries, 2);
	assert_int_equal(got[1].addr, 0xf0000);
	assert_int_equal(got[1].size, 0x10000);
	assert_int_equal(got[1].type, 2);
}

static void what_translated_guests_have_is_refused(void **state)
{
	struct xen_add_to_physmap add = { .domid = DOMID_SELF };
	struct xen_remove_from_physmap take = { .domid = DOMID_SELF };
	struct xen_vnuma_topology_info numa = { .domid = DOMID_SELF };
	xen_pod_target_t pod = { .domid = DOMID_SELF, .target_pages = 1 };

	(void)state;
	assert_int_equal(op(XENMEM_add_to_physmap, &add), -XEN_EACCES);
	assert_int_equal(op(XENMEM_remove_from_physmap, &take), -XEN_EACCES);
	assert_int_equal(op(XENMEM_get_pod_target, &pod), -XEN_EPERM);
	assert_int_equal(op(XENMEM_get_vnumainfo, &numa), -XEN_EOPNOTSUPP);
	assert_int_equal(op(XENMEM_machphys_compat_mfn_list, &numa), -XEN_EOPNOTSUPP);
	assert_int_equal(op(XENMEM_get_sharing_freed_pages, NULL), 0);
	assert_int_equal(op(XENMEM_paging_op, &numa), -XEN_ENOSYS);
	assert_int_equal(op(XENMEM_access_op, &numa), -XEN_ENOSYS);
	assert_int_equal(op(XENMEM_sharing_op, &numa), -XEN_ENOSYS);
	add.domid = numa.domid = 77;
	assert_int_equal(op(XENMEM_add_to_physmap, &add), -XEN_ESRCH);
	assert_int_equal(op(XENMEM_get_vnumainfo, &numa), -XEN_ESRCH);
	assert_int_equal(op(XENMEM_add_to_physmap, NULL), -XEN_EFAULT);
	assert_int_equal(op(XENMEM_get_vnumainfo, NULL), -XEN_EFAULT);
	world_run(0);
	pod.domid = 1;
	assert_int_equal(op(XENMEM_set_pod_target, &pod), -XEN_EINVAL);
	pod.domid = 77;
	assert_int_equal(op(XENMEM_set_pod_target, &pod), -XEN_ESRCH);
}

static void the_highest_numbers_are_told(void **state)
{
	domid_t self = DOMID_SELF;

	(void)state;
	assert_int_equal(op(XENMEM_maximum_ram_page, NULL), FRAMES);
	assert_int_equal(op(XENMEM_current_reservation, &self), 8);
	assert_int_equal(op(XENMEM_maximum_reservation, &self), 16);
}

#define T(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(frames_are_given_back_and_new_ones_taken),
		T(what_is_in_use_stays_until_that_ends),
		T(the_limit_and_the_machine_end_a_population),
		T(a_long_population_goes_on_where_it_stopped),
		T(what_cannot_be_paid_spends_the_whole_budget),
		T(another_domain_is_for_the_control_domain),
		T(a_claim_keeps_frames_for_its_domain),
		T(a_dying_domain_claims_nothing),
		T(frames_are_exchanged_for_a_block),
		T(an_exchange_that_fails_changes_nothing),
		T(an_exchange_without_memory_gives_the_frames_back),
		T(an_exchange_of_what_cannot_be_is_refused),
		T(an_exchange_whose_lists_fault_keeps_the_books),
		T(an_exchange_cannot_grow_a_domain_beyond_its_limit),
		T(frames_are_added_and_named_where_the_guest_asks),
		T(a_claim_names_a_number_and_nothing_else),
		T(an_exchange_shows_what_its_domain_has_written_and_nothing_of_others),
		T(a_frame_that_came_back_is_flushed_before_it_becomes_a_table),
		T(a_guests_memory_map_is_what_the_toolstack_set),
		T(the_frames_of_a_grant_table_are_for_the_control_domain),
		T(bad_addresses_are_errors),
		T(lists_that_cannot_be_copied_are_errors),
		T(the_machines_map_is_for_the_control_domain),
		T(what_translated_guests_have_is_refused),
		T(the_highest_numbers_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
