// SPDX-License-Identifier: MIT
/*
 * Two domains are built by the calls that a toolstack makes, talk to each other and end; and that
 * again and again, each time with the next allocation on the way refused. Whatever fails,
 * the caller hears of it, all books stay right, and after the end everything is back.
 */
#include "toolstack.h"
#include "world.h"

#include <xen/grant_table.h>
#include <xen/vcpu.h>

#include <hv/mm.h>

#define VCPUS 34u	/* two have no place in shared_info */

static uint32_t port[2];		/* of each, for dom0 */

/* ---- a toolstack's calls ---------------------------------------------------------------- */

static long describe_memory(domid_t id)
{
	struct memmap_entry entry = { .size = TOOL_PAGES << PAGE_SHIFT, .type = 1 };
	struct xen_foreign_memory_map map = { .domid = id, .map.nr_entries = 1 };

	set_xen_guest_handle_raw(map.map.buffer, (void *)&entry);
	return world_call(do_memory_op, XENMEM_set_memory_map, ARG(&map), 0, 0);
}

static long open_port(domid_t id)
{
	struct evtchn_alloc_unbound u = { .dom = id, .remote_dom = 0 };
	struct evtchn_bind_interdomain b = { .remote_dom = id };
	long rc = world_call(do_event_channel_op, EVTCHNOP_alloc_unbound, ARG(&u), 0, 0);

	if (rc)
		return rc;
	b.remote_port = port[nr(id)] = u.port;
	return world_call(do_event_channel_op, EVTCHNOP_bind_interdomain, ARG(&b), 0, 0);
}

static long set_policy(domid_t id)
{
	struct xen_domctl op = { 0 };

	return world_domctl(&op, XEN_DOMCTL_set_cpu_policy, id);
}

static long claim(domid_t id)
{
	struct xen_memory_reservation r = { .nr_extents = TOOL_PAGES + 2, .domid = id };

	return world_call(do_memory_op, XENMEM_claim_pages, ARG(&r), 0, 0);
}

static long seed_grants(domid_t id)
{
	xen_pfn_t at[2] = { 0 };
	struct xen_mem_acquire_resource ask = { .domid = id, .type = XENMEM_resource_grant_table,
						.nr_frames = 2 };

	set_xen_guest_handle_raw(ask.frame_list, at);
	return world_call(do_memory_op, XENMEM_acquire_resource, ARG(&ask), 0, 0);
}

static long unpause(domid_t id)
{
	struct xen_domctl op = { 0 };

	return world_domctl(&op, XEN_DOMCTL_unpausedomain, id);
}

/* ---- the guest's calls ------------------------------------------------------------------- */

/* So many ports that they need several pieces of its table. */
static long open_many_ports(domid_t id)
{
	long rc = 0;

	for (unsigned i = 0; i < 130 && !rc; i++) {
		struct evtchn_alloc_unbound u = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };

		rc = guest_call(id, do_event_channel_op, EVTCHNOP_alloc_unbound, ARG(&u), 0);
	}
	return rc;
}

/* Pages 8 and 9: the control block, the words of the first ports. */
static long use_fifo(domid_t id)
{
	struct evtchn_init_control c = { .control_gfn = tool_frames[nr(id)][8] };
	struct evtchn_expand_array e = { .array_gfn = tool_frames[nr(id)][9] };
	long rc = guest_call(id, do_event_channel_op, EVTCHNOP_init_control, ARG(&c), 0);

	return rc ? rc : guest_call(id, do_event_channel_op, EVTCHNOP_expand_array, ARG(&e), 0);
}

static long register_infos(domid_t id)
{
	struct vcpu_register_vcpu_info info = { .mfn = tool_frames[nr(id)][5] };
	long rc = guest_call(id, do_vcpu_op, VCPUOP_register_vcpu_info, 33, ARG(&info));

	return rc == -XEN_EINVAL ? 0 : rc;	/* it has one: this is the second try */
}

static long grow_grants(domid_t id)
{
	xen_pfn_t at[3];
	struct gnttab_setup_table setup = { .dom = DOMID_SELF, .nr_frames = 3 };
	long rc;

	set_xen_guest_handle_raw(setup.frame_list, at);
	rc = guest_call(id, do_grant_table_op, GNTTABOP_setup_table, ARG(&setup), 1);
	return rc ? rc : setup.status == GNTST_okay ? 0 : -XEN_ENOMEM;
}

static long exchange(domid_t id)
{
	uint64_t in[1] = { tool_frames[nr(id)][6] }, out[1] = { 6 };
	struct xen_memory_exchange x = {
		.in = { .nr_extents = 1, .domid = DOMID_SELF },
		.out = { .nr_extents = 1, .domid = DOMID_SELF },
	};
	long rc;

	set_xen_guest_handle_raw(x.in.extent_start, in);
	set_xen_guest_handle_raw(x.out.extent_start, out);
	rc = guest_call(id, do_memory_op, XENMEM_exchange, ARG(&x), 0);
	if (!rc)
		tool_frames[nr(id)][6] = out[0];
	return rc;
}

/* ---- a whole life ------------------------------------------------------------------------ */

struct step {
	domid_t id;
	long (*run)(domid_t id);
};

#define BUILD(id)                                                                        \
	{ id, tool_create }, { id, tool_give_vcpus }, { id, tool_limit_memory }, { id, describe_memory }, \
	{ id, open_port }, { id, set_policy }, { id, claim }, { id, tool_populate },            \
	{ id, tool_build_tables }, { id, tool_set_context }, { id, seed_grants }, { id, unpause }

static const struct step life[] = {
	BUILD(OWNER), { OWNER, open_many_ports }, { OWNER, use_fifo }, { OWNER, register_infos },
	{ OWNER, guest_start_vcpu }, { OWNER, tool_set_other_context }, { OWNER, grow_grants },
	{ OWNER, exchange }, { OWNER, guest_offer },
	BUILD(MAPPER), { MAPPER, guest_map_grant },
};

#define STEPS (sizeof(life) / sizeof(life[0]))

static void close_dom0_ports(void)
{
	for (uint32_t p = 1; p < 64; p++) {
		struct evtchn_close c = { .port = p };

		world_call(do_event_channel_op, EVTCHNOP_close, ARG(&c), 0, 0);
	}
}

static void destroy(domid_t id)
{
	struct xen_domctl op = { 0 };
	bool there = world_domain(id) != NULL;

	assert_int_equal(world_domctl(&op, XEN_DOMCTL_destroydomain, id), there ? 0 : -XEN_ESRCH);
	world_check();
}

static void end(bool owner_first)
{
	world_fail_after(~0u);
	destroy(owner_first ? OWNER : MAPPER);
	destroy(owner_first ? MAPPER : OWNER);
	close_dom0_ports();
	assert_null(world_domain(OWNER));
	assert_null(world_domain(MAPPER));
	assert_ptr_equal(domain_list, dom0);
	assert_null(dom0->next);
}

static struct world_books before;

static void assert_all_is_back(unsigned n)
{
	struct world_books after = world_books();

	if (memcmp(&before, &after, sizeof(before)))
		fail_msg("allocation %u refused: free frames %lu -> %lu, claimed %lu, objects "
			 "%zu -> %zu, heap pages %zu -> %zu, ports %u -> %u, references %u -> %u",
			 n, before.frames, after.frames, after.claimed, before.objects,
			 after.objects, before.heap_pages, after.heap_pages, before.ports,
			 after.ports, before.refs, after.refs);
}

/* Each step until one fails. The result of that. */
static long live(unsigned *step)
{
	long rc = 0;

	for (; *step < STEPS && !rc; ++*step) {
		rc = life[*step].run(life[*step].id);
		world_check();
		if (rc)
			break;
	}
	return rc;
}

static int start(void **state)
{
	unsigned step = 0;

	(void)state;
	world_start();
	tool_vcpus = VCPUS;
	/* What dom0 itself keeps after its first use is there from here on. */
	assert_int_equal(live(&step), 0);
	end(true);
	before = world_books();
	return 0;
}

static void a_life_without_failures_leaves_nothing_behind(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		unsigned step = 0;

		assert_int_equal(live(&step), 0);
		end(i & 1);
		assert_all_is_back(~0u);
	}
}

static void each_refused_allocation_is_an_error_and_all_is_given_back(void **state)
{
	unsigned n = 0;
	bool failed;

	(void)state;
	do {
		unsigned step = 0;
		long rc;

		world_fail_after(n);
		rc = live(&step);
		failed = world_has_failed();
		if (rc != (failed ? -XEN_ENOMEM : 0))
			fail_msg("allocation %u refused: step %u: %ld", n, step, rc);
		end(n & 1);
		assert_all_is_back(n);
		n++;
	} while (failed);
	assert_true(n > 150);
}

/* All but tool_populate(), whose list says already what was done of it. */
static void what_was_refused_once_can_be_asked_for_again(void **state)
{
	unsigned n = 0;
	bool failed;

	(void)state;
	do {
		unsigned step = 0;
		long rc;

		world_fail_after(n);
		rc = live(&step);
		if (rc && life[step].run != tool_populate && live(&step))
			fail_msg("allocation %u refused: step %u fails again", n, step);
		failed = world_has_failed();
		end(!(n & 1));
		assert_all_is_back(n);
		n++;
	} while (failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_life_without_failures_leaves_nothing_behind),
		cmocka_unit_test(each_refused_allocation_is_an_error_and_all_is_given_back),
		cmocka_unit_test(what_was_refused_once_can_be_asked_for_again),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
