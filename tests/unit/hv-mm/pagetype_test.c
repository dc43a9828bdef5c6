// SPDX-License-Identifier: MIT
/*
 * The rules of page types, one behaviour each, through the hypercalls that guests use.
 */
#include "fakes/othercpu.h"
#include "world.h"

#include <string.h>

#define PIN_L1 MMUEXT_PIN_L1_TABLE
#define PIN_L2 MMUEXT_PIN_L2_TABLE
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
	world_check();
	world_guest_runs();
	return 0;
}

static uint64_t entry(unsigned p, uint64_t flags)
{
	return page(1, p) << PAGE_SHIFT | flags;
}

static enum frame_type type_of(unsigned p)
{
	const struct frame *f = page_frame(1, p);

	return f->type_info & FT_COUNT ? frame_type(f) : FRAME_NONE;
}

static void a_tree_is_pinned_and_unpinned(void **state)
{
	(void)state;
	build_tree(1);
	assert_int_equal(ext_op(PIN_L4, page(1, 0)), 0);
	assert_int_equal(type_of(0), FRAME_L4);
	assert_int_equal(type_of(1), FRAME_L3);
	assert_int_equal(type_of(2), FRAME_L2);
	assert_int_equal(type_of(3), FRAME_L1);
	assert_int_equal(type_of(4), FRAME_WRITABLE);
	world_check();
	assert_int_equal(ext_op(UNPIN, page(1, 0)), 0);
	for (unsigned p = 0; p < 5; p++)
		assert_int_equal(type_of(p), FRAME_NONE);
}

static void a_table_mapped_writable_is_refused(void **state)
{
	(void)state;
	build_tree(1);
	page_at(1, 3)[1] = entry(2, P_RW);
	assert_int_equal(ext_op(PIN_L4, page(1, 0)), -XEN_EBUSY);
	for (unsigned p = 0; p < 5; p++)
		assert_int_equal(type_of(p), FRAME_NONE);
}

static void a_table_may_be_mapped_read_only(void **state)
{
	(void)state;
	build_tree(1);
	page_at(1, 3)[1] = entry(0, P_RO);
	page_at(1, 3)[2] = entry(3, P_RO);
	assert_int_equal(ext_op(PIN_L4, page(1, 0)), 0);
}

/* Wherever an entry stands in its table, it is found, and given back when a later one is refused. */
static void every_place_of_a_table_is_looked_at(void **state)
{
	uint64_t *l1 = page_at(1, 3), *l2 = page_at(1, 2);

	(void)state;
	for (unsigned i = 0; i < PTE_ENTRIES; i++) {
		l1[i] = l2[i] = entry(4, P_RW);
		assert_int_equal(ext_op(PIN_L1, page(1, 3)), 0);
		assert_int_equal(type_of(4), FRAME_WRITABLE);
		assert_int_equal(ext_op(UNPIN, page(1, 3)), 0);
		assert_int_equal(type_of(4), FRAME_NONE);
		assert_int_equal(ext_op(PIN_L2, page(1, 2)), 0);
		assert_int_equal(type_of(4), FRAME_L1);
		assert_int_equal(ext_op(UNPIN, page(1, 2)), 0);
		assert_int_equal(type_of(4), FRAME_NONE);
		l1[PTE_ENTRIES - 1] = l2[PTE_ENTRIES - 1] = PTE_P | PTE_PS | PTE_PWT;
		assert_int_equal(ext_op(PIN_L1, page(1, 3)), -XEN_EINVAL);
		assert_int_equal(ext_op(PIN_L2, page(1, 2)), -XEN_EINVAL);
		assert_int_equal(type_of(4), FRAME_NONE);
		world_check();
		l1[i] = l1[PTE_ENTRIES - 1] = l2[i] = l2[PTE_ENTRIES - 1] = 0;
	}
}

static void pinning_twice_is_refused(void **state)
{
	(void)state;
	assert_int_equal(ext_op(PIN_L1, page(1, 0)), 0);
	assert_int_equal(ext_op(PIN_L1, page(1, 0)), -XEN_EINVAL);
	assert_int_equal(ext_op(UNPIN, page(1, 0)), 0);
	assert_int_equal(ext_op(UNPIN, page(1, 0)), -XEN_EINVAL);
}

static void a_frame_has_one_type_at_a_time(void **state)
{
	(void)state;
	assert_int_equal(ext_op(PIN_L1, page(1, 0)), 0);
	assert_int_equal(ext_op(PIN_L2, page(1, 0)), -XEN_EINVAL);
	assert_int_equal(type_of(0), FRAME_L1);
}

static void entries_of_unpinned_tables_are_plain_data(void **state)
{
	(void)state;
	assert_int_equal(set_entry(page(1, 0), 3, 0x1234567), 0);
	assert_int_equal(page_at(1, 0)[3], 0x1234567);
}

static void a_kernel_page_gets_the_mark_and_a_user_page_is_global(void **state)
{
	uint64_t *l1 = page_at(1, 3);

	(void)state;
	l1[0] = entry(4, PTE_P);
	l1[1] = entry(4, PTE_P | PTE_U);
	assert_int_equal(ext_op(PIN_L1, page(1, 3)), 0);
	assert_int_equal(l1[0], entry(4, PTE_P | PTE_U | PTE_GUEST_KERNEL));
	assert_int_equal(l1[1], entry(4, PTE_P | PTE_U | PTE_G));
	assert_int_equal(set_entry(page(1, 3), 2, entry(4, PTE_P)), 0);
	assert_int_equal(l1[2], entry(4, PTE_P | PTE_U | PTE_GUEST_KERNEL));
	/* A change that needs no look at the frame gets them too. */
	assert_int_equal(set_entry(page(1, 3), 1, entry(4, PTE_P | PTE_U | PTE_A)), 0);
	assert_int_equal(l1[1], entry(4, PTE_P | PTE_U | PTE_A | PTE_G));
}

static void superpages_and_cache_bits_are_refused(void **state)
{
	static const uint64_t bad_table[] = { PTE_PS, PTE_PWT, PTE_PCD, PTE_G };
	static const uint64_t bad_l1[] = { PTE_PAT, PTE_PWT, PTE_PCD };

	(void)state;
	build_tree(1);
	assert_int_equal(ext_op(PIN_L4, page(1, 0)), 0);
	for (unsigned i = 0; i < ARRAY_SIZE(bad_table); i++)
		for (unsigned t = 0; t < 3; t++)
			assert_int_equal(set_entry(page(1, t), 1, entry(t + 1, P_RW | bad_table[i])),
					 -XEN_EINVAL);
	for (unsigned i = 0; i < ARRAY_SIZE(bad_l1); i++) {
		assert_int_equal(set_entry(page(1, 3), 1, entry(4, P_RO | bad_l1[i])), -XEN_EINVAL);
		/* also where only that bit changes */
		assert_int_equal(set_entry(page(1, 3), 0, entry(4, P_RW | bad_l1[i])), -XEN_EINVAL);
	}
}

static void nx_is_refused_on_a_cpu_without(void **state)
{
	struct mm_machine old_cpu = { .phys_bits = 40, .nx = false };

	(void)state;
	mm_set_machine(&old_cpu);
	assert_int_equal(ext_op(PIN_L1, page(1, 3)), 0);
	assert_int_equal(set_entry(page(1, 3), 0, entry(4, P_RO | PTE_NX)), -XEN_EINVAL);
	assert_int_equal(set_entry(page(1, 3), 0, entry(4, P_RO)), 0);
}

static void the_hypervisors_slots_are_filled_and_kept(void **state)
{
	(void)state;
	page_at(1, 0)[HV_SLOT_FIRST] = entry(0, P_RW);
	page_at(1, 0)[HV_SLOT_LAST] = ~0UL;
	assert_int_equal(ext_op(PIN_L4, page(1, 0)), 0);
	assert_int_equal(page_at(1, 0)[HV_SLOT_FIRST], 0xabc000 + HV_SLOT_FIRST);
	assert_int_equal(page_at(1, 0)[HV_SLOT_LAST], 0xabc000 + HV_SLOT_LAST);
	assert_int_equal(set_entry(page(1, 0), HV_SLOT_FIRST, 0), -XEN_EINVAL);
	assert_int_equal(set_entry(page(1, 0), HV_SLOT_LAST, entry(1, P_RW)), -XEN_EINVAL);
	assert_int_equal(set_entry(page(1, 0), HV_SLOT_LAST + 1, 0), 0);
}

static void an_entry_of_another_domains_frame_is_refused(void **state)
{
	uint64_t other = page(0, 1) << PAGE_SHIFT | P_RO;

	(void)state;
	assert_int_equal(ext_op(PIN_L1, page(1, 3)), 0);
	assert_int_equal(set_entry(page(1, 3), 0, other), -XEN_EBUSY);
	assert_int_equal(ext_op(PIN_L2, page(1, 2)), 0);
	assert_int_equal(set_entry(page(1, 2), 0, other), -XEN_EINVAL);
	/* the M2P's frame, a free one, one that is not there, the hypervisor's own */
	assert_int_equal(set_entry(page(1, 3), 0, 1 << PAGE_SHIFT | P_RO), -XEN_EBUSY);
	assert_int_equal(set_entry(page(1, 3), 0, (FRAMES - 1) << PAGE_SHIFT | P_RO), -XEN_EBUSY);
	assert_int_equal(set_entry(page(1, 3), 0, FRAMES << PAGE_SHIFT | P_RO), -XEN_EPERM);
	void *own = hv_pages_alloc(0);

	assert_int_equal(set_entry(page(1, 3), 0, ptr_mfn(own).n << PAGE_SHIFT | P_RO), -XEN_EBUSY);
	hv_pages_free(own, 0);
}

static void a_table_may_name_itself_read_only(void **state)
{
	(void)state;
	build_tree(1);
	page_at(1, 0)[511] = entry(0, PTE_P | PTE_U);
	assert_int_equal(ext_op(PIN_L4, page(1, 0)), 0);
	assert_int_equal(set_entry(page(1, 0), 510, entry(0, P_RO)), 0);
	assert_int_equal(set_entry(page(1, 0), 509, entry(0, P_RW)), -XEN_EINVAL);
	assert_int_equal(set_entry(page(1, 2), 511, entry(2, P_RO)), 0);
	world_check();
	assert_int_equal(ext_op(UNPIN, page(1, 0)), 0);
	for (unsigned p = 0; p < 5; p++)
		assert_int_equal(type_of(p), FRAME_NONE);
}

static void a_writable_self_reference_spoils_the_table(void **state)
{
	(void)state;
	page_at(1, 0)[511] = entry(0, P_RW);
	assert_int_equal(ext_op(PIN_L4, page(1, 0)), -XEN_EINVAL);
	assert_int_equal(type_of(0), FRAME_NONE);
}

static void recursive_tables_of_one_level_do_not_nest(void **state)
{
	(void)state;
	for (unsigned p = 0; p < 3; p++)
		assert_int_equal(ext_op(PIN_L4, page(1, p)), 0);
	assert_int_equal(set_entry(page(1, 0), 1, entry(1, P_RO)), 0);
	world_check();
	/* 1 is named by another: it may not name one, nor may 0, which names one, be named. */
	assert_int_equal(set_entry(page(1, 1), 1, entry(2, P_RO)), -XEN_EINVAL);
	assert_int_equal(set_entry(page(1, 1), 1, entry(0, P_RO)), -XEN_EINVAL);
	assert_int_equal(set_entry(page(1, 2), 1, entry(0, P_RO)), -XEN_EINVAL);
	assert_int_equal(set_entry(page(1, 2), 1, entry(1, P_RO)), 0);
	world_check();
	assert_int_equal(set_entry(page(1, 0), 1, 0), 0);
	assert_int_equal(set_entry(page(1, 2), 1, 0), 0);
	assert_int_equal(set_entry(page(1, 1), 1, entry(0, P_RO)), 0);
}

static void a_table_named_recursively_outlives_its_pin(void **state)
{
	(void)state;
	assert_int_equal(ext_op(PIN_L4, page(1, 0)), 0);
	assert_int_equal(ext_op(PIN_L4, page(1, 1)), 0);
	assert_int_equal(set_entry(page(1, 0), 1, entry(1, P_RO)), 0);
	assert_int_equal(ext_op(UNPIN, page(1, 1)), 0);
	assert_int_equal(type_of(1), FRAME_L4);
	world_check();
	assert_int_equal(ext_op(UNPIN, page(1, 0)), 0);
	assert_int_equal(type_of(1), FRAME_NONE);
}

static void accessed_and_dirty_bits_are_kept_on_request(void **state)
{
	struct mmu_update req;

	(void)state;
	assert_int_equal(ext_op(PIN_L1, page(1, 3)), 0);
	assert_int_equal(set_entry(page(1, 3), 0, entry(4, P_RW | PTE_A | PTE_D)), 0);
	req.ptr = (page(1, 3) << PAGE_SHIFT) | MMU_PT_UPDATE_PRESERVE_AD;
	req.val = entry(4, P_RO);
	assert_int_equal(world_call(do_mmu_update, (uint64_t)&req, 1, 0, DOMID_SELF), 0);
	assert_int_equal(page_at(1, 3)[0] & (PTE_A | PTE_D | PTE_W), PTE_A | PTE_D);
	req.ptr = page(1, 3) << PAGE_SHIFT;
	assert_int_equal(world_call(do_mmu_update, (uint64_t)&req, 1, 0, DOMID_SELF), 0);
	assert_int_equal(page_at(1, 3)[0] & (PTE_A | PTE_D), 0);
}

static void a_type_change_flushes_what_may_be_stale_only(void **state)
{
	(void)state;
	build_tree(1);
	assert_int_equal(ext_op(PIN_L4, page(1, 0)), 0);
	assert_int_equal(ext_op(MMUEXT_NEW_BASEPTR, page(1, 0)), 0);
	world_guest_runs();
	unsigned before = world_flushes;

	/* Page 4 was writable until now: it may still be in the TLB. */
	assert_int_equal(set_entry(page(1, 3), 0, 0), 0);
	assert_int_equal(world_flushes, before);
	assert_int_equal(ext_op(PIN_L1, page(1, 4)), 0);
	assert_int_equal(world_flushes, before + 1);
	world_guest_runs();
	/* Pages 5 and 6 were never mapped since the last flush. */
	assert_int_equal(ext_op(PIN_L1, page(1, 5)), 0);
	assert_int_equal(ext_op(PIN_L1, page(1, 6)), 0);
	assert_int_equal(world_flushes, before + 1);
}

static void a_type_change_asks_who_runs_the_owner(void **state)
{
	struct mmuext_op pin = { .cmd = PIN_L1, .arg1.mfn = page(1, 4) };

	(void)state;
	build_tree(1);
	assert_int_equal(ext_op(PIN_L4, page(1, 0)), 0);
	assert_int_equal(ext_op(MMUEXT_NEW_BASEPTR, page(1, 0)), 0);
	world_guest_runs();
	assert_int_equal(set_entry(page(1, 3), 0, 0), 0);
	world_run(0);
	unsigned before[2] = { world_cpu_flushes[0], world_cpu_flushes[1] };

	assert_int_equal(world_call(do_mmuext_op, (uint64_t)&pin, 1, 0, 1), 0);
	assert_int_equal(world_cpu_flushes[0], before[0]);
	assert_int_equal(world_cpu_flushes[1], before[1] + 1);
}

/* Then another CPU than the owner's may still write to it. */
static void a_type_change_asks_all_when_another_domain_had_the_frame(void **state)
{
	struct mmu_update req = { page(0, 3) << PAGE_SHIFT, entry(5, P_RW) };

	(void)state;
	world_run(0);
	assert_int_equal(ext_op(PIN_L1, page(0, 3)), 0);
	assert_int_equal(world_call(do_mmu_update, (uint64_t)&req, 1, 0, 1), 0);
	world_guest_runs();
	assert_int_equal(set_entry(page(0, 3), 0, 0), 0);
	world_run(1);
	unsigned before = world_cpu_flushes[0];

	assert_int_equal(ext_op(PIN_L1, page(1, 5)), 0);
	assert_int_equal(world_cpu_flushes[0], before + 1);
	world_guest_runs();
	/* What it is then is its owner's alone again. */
	assert_int_equal(ext_op(UNPIN, page(1, 5)), 0);
	assert_int_equal(ext_op(PIN_L2, page(1, 5)), 0);
	assert_int_equal(world_cpu_flushes[0], before + 1);
}

static void a_frame_given_back_is_zeroed_and_flushed_for_its_next_owner(void **state)
{
	mfn_t m = mfn(page(1, 7));
	mfn_t got;

	(void)state;
	memset(frame_ptr(m), 0x55, PAGE_SIZE);
	struct frame *f = frame_get(m, &world_dom[1]);

	assert_non_null(f);
	assert_true(frame_drop_allocated(f));
	assert_false(frame_drop_allocated(f));
	assert_int_equal(world_dom[1].mm.tot_pages, 8);
	frame_put(f);
	assert_int_equal(world_dom[1].mm.tot_pages, 7);
	assert_int_equal(m2p_get(m), INVALID_M2P_ENTRY);
	assert_null(frame_get(m, &world_dom[1]));

	unsigned before = world_flushes;

	do
		assert_true(domain_pages_alloc(&world_dom[0], 0, &got));
	while (got.n != m.n);
	assert_int_equal(world_flushes, before + 1);
	for (unsigned i = 0; i < PAGE_SIZE; i++)
		assert_int_equal(((char *)frame_ptr(m))[i], 0);
}

static void the_control_domain_maps_anothers_frames_by_its_id(void **state)
{
	struct mmu_update req;

	(void)state;
	world_run(0);
	assert_int_equal(ext_op(PIN_L1, page(0, 3)), 0);
	req.ptr = page(0, 3) << PAGE_SHIFT;
	req.val = page(1, 4) << PAGE_SHIFT | P_RW;
	assert_int_equal(world_call(do_mmu_update, (uint64_t)&req, 1, 0, DOMID_SELF), -XEN_EBUSY);
	assert_int_equal(world_call(do_mmu_update, (uint64_t)&req, 1, 0, 1), 0);
	assert_int_equal(type_of(4), FRAME_WRITABLE);
	world_check();
	/* the M2P, to read */
	req.ptr += 8;
	req.val = 1 << PAGE_SHIFT | P_RW;
	assert_int_equal(world_call(do_mmu_update, (uint64_t)&req, 1, 0, DOMID_XEN), -XEN_EBUSY);
	req.val = 1 << PAGE_SHIFT | P_RO;
	assert_int_equal(world_call(do_mmu_update, (uint64_t)&req, 1, 0, DOMID_XEN), 0);
	assert_int_equal(ext_op(UNPIN, page(0, 3)), 0);
	/* Others may not. */
	world_run(1);
	assert_int_equal(ext_op(PIN_L1, page(1, 3)), 0);
	req.ptr = page(1, 3) << PAGE_SHIFT;
	req.val = page(0, 4) << PAGE_SHIFT | P_RO;
	assert_int_equal(world_call(do_mmu_update, (uint64_t)&req, 1, 0, 0), -XEN_EPERM);
	req.val = 1 << PAGE_SHIFT | P_RO;
	assert_int_equal(world_call(do_mmu_update, (uint64_t)&req, 1, 0, DOMID_XEN), -XEN_EPERM);
	assert_int_equal(world_call(do_mmu_update, (uint64_t)&req, 1, 0, 1), -XEN_ESRCH);
	assert_int_equal(world_call(do_mmu_update, (uint64_t)&req, 1, 0, 9), -XEN_ESRCH);
}

static void the_control_domain_pins_and_changes_anothers_tables(void **state)
{
	struct mmuext_op op = { .cmd = PIN_L4, .arg1.mfn = page(1, 0) };
	struct mmu_update req = { page(1, 3) << PAGE_SHIFT, page(1, 5) << PAGE_SHIFT | P_RW };

	(void)state;
	build_tree(1);
	world_run(0);
	assert_int_equal(world_call(do_mmuext_op, (uint64_t)&op, 1, 0, 1), 0);
	assert_int_equal(type_of(3), FRAME_L1);
	assert_int_equal(world_call(do_mmu_update, (uint64_t)&req, 1, 0, 1 | 2 << 16), 0);
	assert_int_equal(type_of(5), FRAME_WRITABLE);
	assert_int_equal(type_of(4), FRAME_NONE);
	op.cmd = MMUEXT_NEW_BASEPTR;
	assert_int_equal(world_call(do_mmuext_op, (uint64_t)&op, 1, 0, 1), -XEN_EPERM);
}

static long update_of(unsigned foreign, uint64_t ptr, uint64_t value)
{
	struct mmu_update req = { ptr, value };

	return world_call(do_mmu_update, (uint64_t)&req, 1, 0, foreign);
}

static void the_m2p_is_changed_by_the_owner_or_the_control_domain(void **state)
{
	uint64_t m = page(1, 4), mine = m << PAGE_SHIFT | MMU_MACHPHYS_UPDATE;
	uint64_t dom0s = page(0, 4) << PAGE_SHIFT | MMU_MACHPHYS_UPDATE;

	(void)state;
	assert_int_equal(update_of(DOMID_SELF, mine, 55), 0);
	assert_int_equal(m2p_get(mfn(m)), 55);
	assert_int_equal(update_of(DOMID_SELF, dom0s, 55), -XEN_EINVAL);
	assert_int_equal(update_of(DOMID_SELF, (uint64_t)FRAMES << PAGE_SHIFT | MMU_MACHPHYS_UPDATE, 55),
			 -XEN_EINVAL);
	assert_int_equal(update_of(0, dom0s, 55), -XEN_EPERM);
	world_run(0);
	assert_int_equal(update_of(1, mine, 56), 0);
	assert_int_equal(m2p_get(mfn(m)), 56);
	assert_int_equal(update_of(1, dom0s, 56), -XEN_EINVAL);
	/* Tables of another have no part in it. */
	assert_int_equal(update_of(1 | 2 << 16, mine, 57), -XEN_EPERM);
	assert_int_equal(m2p_get(mfn(m)), 56);
	world_run(1);
	m2p_set(mfn(m), 4);
}

static void anothers_tables_map_their_owners_tables_only(void **state)
{
	(void)state;
	build_tree(1);
	assert_int_equal(ext_op(PIN_L4, page(1, 0)), 0);
	world_run(0);
	/* Of the upper levels: tables and what they lead to belong to one domain. */
	assert_int_equal(update_of(DOMID_SELF | 2 << 16, page(1, 2) << PAGE_SHIFT, 0), -XEN_EINVAL);
	assert_int_equal(update_of(1 | 2 << 16, page(1, 2) << PAGE_SHIFT | 8, 0), 0);
	/* Plain data of another is written to, frames of nobody are not. */
	assert_int_equal(update_of(1 | 2 << 16, page(1, 5) << PAGE_SHIFT, 77), 0);
	assert_int_equal(page_at(1, 5)[0], 77);
	assert_int_equal(update_of(1 | 2 << 16, page(0, 5) << PAGE_SHIFT, 77), -XEN_EINVAL);
	world_run(1);
	assert_int_equal(ext_op(UNPIN, page(1, 0)), 0);
}

/* It has found the domain alive, and sets its pin before it lets the lock go. */
static void pin_meanwhile(void)
{
	struct domain *d = &world_dom[1];

	assert_false(d->mm.ending);
	assert_true(frame_try_ref(page_frame(1, 3)));
	page_frame(1, 3)->type_info |= FT_PINNED;
	page_frame(1, 3)->type_info++;
	spin_unlock(&d->mm.pt_lock);
}

static void a_pin_that_is_set_while_the_domain_begins_to_end_goes_with_it(void **state)
{
	struct domain *d = &world_dom[1];
	struct budget b = { 1u << 20 };
	uint64_t free;

	(void)state;
	build_tree(1);
	assert_int_equal(ext_op(PIN_L4, page(1, 0)), 0);
	free = mm_free_frames();
	d->life.state = LIFE_DYING;
	spin_lock(&d->mm.pt_lock);
	other_cpu = pin_meanwhile;
	assert_int_equal(domain_mm_relinquish(d, &b), 0);
	assert_null(other_cpu);
	mm_reap();
	world_check();
	assert_int_equal(mm_free_frames(), free + 8);
}

static void a_dead_domains_frames_stay_until_the_last_mapping_goes(void **state)
{
	struct mmu_update req = { page(0, 3) << PAGE_SHIFT, page(1, 4) << PAGE_SHIFT | P_RW };
	uint64_t free;

	(void)state;
	build_tree(1);
	assert_int_equal(ext_op(PIN_L4, page(1, 0)), 0);
	assert_int_equal(ext_op(MMUEXT_NEW_BASEPTR, page(1, 0)), 0);
	world_run(0);
	assert_int_equal(ext_op(PIN_L1, page(0, 3)), 0);
	assert_int_equal(world_call(do_mmu_update, (uint64_t)&req, 1, 0, 1), 0);
	free = mm_free_frames();
	unsigned refs = world_dom[1].refs;

	world_kill(PT_L1_COST + 1);
	assert_int_equal(mm_free_frames(), free + 7);
	assert_int_equal(world_dom[1].refs, refs);
	req.val = 0;
	assert_int_equal(world_call(do_mmu_update, (uint64_t)&req, 1, 0, DOMID_SELF), 0);
	mm_reap();
	assert_int_equal(mm_free_frames(), free + 8);
	assert_int_equal(world_dom[1].refs, refs - 1);
}

static void a_frame_without_a_type_is_flushed_for_none(void **state)
{
	(void)state;
	assert_int_equal(ext_op(PIN_L1, page(1, 3)), 0);
	world_guest_runs();
	unsigned flushes = world_flushes;

	assert_int_equal(set_entry(page(1, 3), 0, entry(5, P_RO)), 0);
	world_guest_runs();
	assert_int_equal(set_entry(page(1, 3), 0, entry(5, P_RW)), 0);
	assert_int_equal(ext_op(PIN_L2, page(1, 6)), 0);
	assert_int_equal(world_flushes, flushes);
}

/* Somebody with the right to it gives frames back while the search for pins stands at them. */
static void the_end_of_a_domain_bears_that_its_frames_go_meanwhile(void **state)
{
	struct domain *d = &world_dom[1];
	uint64_t free = mm_free_frames(), pinned;

	(void)state;
	build_tree(1);
	page_at(1, 3)[1] = entry(5, P_RW);
	assert_int_equal(ext_op(PIN_L4, page(1, 0)), 0);
	assert_int_equal(ext_op(PIN_L1, page(1, 3)), 0);
	pinned = page(1, 3);
	d->life.state = LIFE_DYING;
	for (unsigned round = 0, rc = 1; rc; round++) {
		struct budget b = { PT_L1_COST + 1 };

		assert_true(round < 100);
		rc = (unsigned)domain_mm_relinquish(d, &b);
		world_check();
		if (d->mm.pins_at) {
			struct frame *f = frame_get(mfn(d->mm.pins_at), d);

			assert_non_null(f);
			frame_drop_allocated(f);
			frame_put(f);
			world_check();
		}
	}
	mm_reap();
	assert_int_equal(mm_free_frames(), free + 8);
	assert_int_equal(frame_of(mfn(pinned))->owner, DOMID_INVALID);
}

static void pages_of_the_hypervisor_are_shared_and_taken_back(void **state)
{
	void *rw = hv_pages_alloc(0), *ro = hv_pages_alloc(0);
	uint64_t free = mm_free_frames();

	(void)state;
	frame_share(&world_dom[1], rw, false);
	frame_share(&world_dom[1], ro, true);
	assert_int_equal(ext_op(PIN_L1, page(1, 3)), 0);
	assert_int_equal(set_entry(page(1, 3), 0, ptr_mfn(rw).n << PAGE_SHIFT | P_RW), 0);
	assert_int_equal(set_entry(page(1, 3), 1, ptr_mfn(ro).n << PAGE_SHIFT | P_RW), -XEN_EBUSY);
	assert_int_equal(set_entry(page(1, 3), 1, ptr_mfn(ro).n << PAGE_SHIFT | P_RO), 0);
	frame_unshare(rw);
	frame_unshare(ro);
	assert_int_equal(mm_free_frames(), free);
	assert_int_equal(set_entry(page(1, 3), 0, 0), 0);
	assert_int_equal(set_entry(page(1, 3), 1, 0), 0);
	assert_int_equal(mm_free_frames(), free + 2);
}

static void a_shared_page_is_the_hypervisors_again_when_the_domain_has_gone(void **state)
{
	void *rw = hv_pages_alloc(0);
	uint64_t free;

	(void)state;
	frame_share(&world_dom[1], rw, false);
	free = mm_free_frames();
	world_kill(1000);
	assert_int_equal(mm_free_frames(), free + 8);
	frame_unshare(rw);
	assert_int_equal(mm_free_frames(), free + 9);
}

static void shared_pages_may_be_let_go_while_their_domain_dies(void **state)
{
	uint64_t free = mm_free_frames();
	struct frame *held[4];

	(void)state;
	world_dom[1].life.state = LIFE_DYING;
	for (unsigned i = 0; i < 4; i++) {
		void *shared = hv_pages_alloc(0);

		frame_share(&world_dom[1], shared, false);
		held[i] = frame_get(ptr_mfn(shared), &world_dom[1]);
		frame_unshare(shared);
	}
	for (unsigned i = 0; i < 4; i++) {
		struct budget b = { 3 };

		assert_int_equal(domain_mm_relinquish(&world_dom[1], &b),
				 i < 2 ? -XEN_ERESTART : 0);
		frame_put(held[i]);
		assert_int_equal(mm_check(), 0);
	}
	mm_reap();
	world_check();
	assert_int_equal(mm_free_frames(), free + 8);
	assert_int_equal(world_dom[1].mm.shared_pages, 0);
}

static void a_descriptor_page_is_checked_and_cannot_be_written(void **state)
{
	struct frame *f;

	(void)state;
	page_at(1, 5)[77] = 0xbad;
	assert_null(frame_get_segdesc(mfn(page(1, 5)), &world_dom[1]));
	page_at(1, 5)[77] = 0;
	f = frame_get_segdesc(mfn(page(1, 5)), &world_dom[1]);
	assert_non_null(f);
	assert_null(frame_get_writable(mfn(page(1, 5)), &world_dom[1]));
	assert_int_equal(ext_op(PIN_L1, page(1, 3)), 0);
	assert_int_equal(set_entry(page(1, 3), 0, entry(5, P_RW)), -XEN_EBUSY);
	assert_int_equal(set_entry(page(1, 3), 0, entry(5, P_RO)), 0);
	frame_put_typed(f);
	f = frame_get_writable(mfn(page(1, 5)), &world_dom[1]);
	assert_non_null(f);
	frame_put_typed(f);
}

#define T(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_tree_is_pinned_and_unpinned),
		T(a_table_mapped_writable_is_refused),
		T(a_table_may_be_mapped_read_only),
		T(every_place_of_a_table_is_looked_at),
		T(pinning_twice_is_refused),
		T(a_frame_has_one_type_at_a_time),
		T(entries_of_unpinned_tables_are_plain_data),
		T(a_kernel_page_gets_the_mark_and_a_user_page_is_global),
		T(superpages_and_cache_bits_are_refused),
		T(nx_is_refused_on_a_cpu_without),
		T(the_hypervisors_slots_are_filled_and_kept),
		T(an_entry_of_another_domains_frame_is_refused),
		T(a_table_may_name_itself_read_only),
		T(a_writable_self_reference_spoils_the_table),
		T(recursive_tables_of_one_level_do_not_nest),
		T(a_table_named_recursively_outlives_its_pin),
		T(accessed_and_dirty_bits_are_kept_on_request),
		T(a_type_change_flushes_what_may_be_stale_only),
		T(a_type_change_asks_who_runs_the_owner),
		T(a_type_change_asks_all_when_another_domain_had_the_frame),
		T(a_frame_given_back_is_zeroed_and_flushed_for_its_next_owner),
		T(the_control_domain_maps_anothers_frames_by_its_id),
		T(the_control_domain_pins_and_changes_anothers_tables),
		T(the_m2p_is_changed_by_the_owner_or_the_control_domain),
		T(anothers_tables_map_their_owners_tables_only),
		T(a_pin_that_is_set_while_the_domain_begins_to_end_goes_with_it),
		T(a_dead_domains_frames_stay_until_the_last_mapping_goes),
		T(a_frame_without_a_type_is_flushed_for_none),
		T(the_end_of_a_domain_bears_that_its_frames_go_meanwhile),
		T(pages_of_the_hypervisor_are_shared_and_taken_back),
		T(a_shared_page_is_the_hypervisors_again_when_the_domain_has_gone),
		T(shared_pages_may_be_let_go_while_their_domain_dies),
		T(a_descriptor_page_is_checked_and_cannot_be_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
