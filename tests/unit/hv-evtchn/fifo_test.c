// SPDX-License-Identifier: MIT
/* The FIFO ABI: the pages that a domain gives, ports above 4096, and the way back. Queues: fifo_histories.c. */
#include "fifoguest.h"

/* ---- pages ------------------------------------------------------------------------- */

static void a_control_block_must_be_an_own_page_and_fit_in_it(void **state)
{
	const uint32_t bad[] = { 4, PAGE_SIZE - 64, PAGE_SIZE, ~0u, ~7u };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(evtchn_fifo_init_control(guest, 0, world_gfn(GUEST, 0), bad[i]),
				 -XEN_EINVAL);
	assert_int_equal(evtchn_fifo_init_control(guest, 0, world_gfn(0, 0), 0), -XEN_EINVAL);
	assert_int_equal(evtchn_fifo_init_control(guest, 0, ~0ULL, 0), -XEN_EINVAL);
	assert_int_equal(evtchn_fifo_init_control(guest, VCPUS, world_gfn(GUEST, 0), 0), -XEN_ENOENT);
	assert_null(guest->evtchn.fifo);
	assert_int_equal(world_held, 0);
}

static void a_control_block_is_set_once_for_a_vcpu(void **state)
{
	(void)state;
	start_fifo();
	assert_int_equal(evtchn_fifo_init_control(guest, 0, world_gfn(GUEST, 3), 0), -XEN_EINVAL);
	assert_int_equal(world_held, VCPUS + 1);
}

static void without_memory_the_domain_stays_as_it_was(void **state)
{
	(void)state;
	world_no_memory = true;
	assert_int_equal(evtchn_fifo_init_control(guest, 0, world_gfn(GUEST, 0), 0), -XEN_ENOMEM);
	world_no_memory = false;
	assert_null(guest->evtchn.fifo);
	assert_int_equal(world_held, 0);
}

static void the_event_array_ends_at_the_last_port(void **state)
{
	(void)state;
	assert_int_equal(evtchn_fifo_expand(guest, world_gfn(GUEST, 2)), -XEN_EOPNOTSUPP);
	start_fifo();
	assert_int_equal(evtchn_fifo_expand(guest, world_gfn(0, 2)), -XEN_EINVAL);
	for (unsigned i = 1; i < FIFO_PAGES; i++)
		assert_int_equal(evtchn_fifo_expand(guest, world_gfn(GUEST, 3)), 0);
	assert_int_equal(evtchn_fifo_expand(guest, world_gfn(GUEST, 3)), -XEN_ENOSPC);
	assert_int_equal(world_held, VCPUS + FIFO_PAGES);
}

static void reset_gives_the_pages_back_and_the_bitmaps_count_again(void **state)
{
	struct budget plenty = { .left = 100000 };
	int port;

	(void)state;
	start_fifo();
	evtchn_bind_ipi(guest, 0);
	assert_int_equal(evtchn_reset(guest, &plenty), 0);
	assert_int_equal(world_held, 0);
	port = evtchn_bind_ipi(guest, 0);
	assert_int_equal(port, 1);
	assert_int_equal(evtchn_send(guest, (uint32_t)port), 0);
	assert_true(port_pending(GUEST, (unsigned)port));
}

static void every_port_of_the_abi_can_be_bound_and_none_above(void **state)
{
	int port = 0;

	(void)state;
	start_fifo();
	for (unsigned i = 1; i < EVTCHN_PORTS; i++) {
		world_run(GUEST);	/* each in a hypercall of its own */
		port = evtchn_bind_ipi(guest, 0);
		assert_int_equal(port, i);
	}
	world_run(GUEST);
	assert_int_equal(evtchn_bind_ipi(guest, 0), -XEN_ENOSPC);
	assert_null(evtchn_core_check(&guest->evtchn));
	assert_int_equal(evtchn_close(guest, 70000), 0);
	/* A list of hypercalls cannot walk over so many for nothing. */
	current_budget()->left = 10;
	assert_int_equal(evtchn_bind_ipi(guest, 0), -XEN_ERESTART);
	current_budget()->left = 10;
	assert_int_equal(evtchn_bind_ipi(guest, 0), 70000);
}

/* The guest has closed ports that it never took out of their queues, or says so. */
static void a_look_past_ports_in_queues_is_preempted_and_goes_on(void **state)
{
	unsigned pieces = 0;
	int port;

	(void)state;
	start_fifo();
	evtchn_set_limit(guest, FIFO_WORDS_PER_PAGE - 1);
	for (unsigned i = 0; i < FIFO_WORDS_PER_PAGE; i++)
		WORDS[i] = LINKED;
	do {
		current_budget()->left = 10;
		port = evtchn_bind_ipi(guest, 0);
	} while (port == -XEN_ERESTART && ++pieces);
	assert_int_equal(port, -XEN_ENOSPC);
	assert_in_range(pieces, 5, FIFO_WORDS_PER_PAGE / 10);
	WORDS[900] = 0;
	do {
		current_budget()->left = 10;
		port = evtchn_bind_ipi(guest, 0);
	} while (port == -XEN_ERESTART);
	assert_int_equal(port, 900);
	/* The next look begins at the first port again. */
	WORDS[3] = 0;
	assert_int_equal(evtchn_bind_ipi(guest, 0), 3);
	assert_null(world_check());
}

static void the_limit_of_the_domain_counts_with_this_abi_too(void **state)
{
	(void)state;
	start_fifo();
	evtchn_set_limit(guest, 3);
	for (int port = 1; port <= 3; port++)
		assert_int_equal(evtchn_bind_ipi(guest, 0), port);
	assert_int_equal(evtchn_bind_ipi(guest, 0), -XEN_ENOSPC);
	evtchn_set_limit(guest, ~0u);
	assert_int_equal(evtchn_bind_ipi(guest, 0), 4);
}

static void ports_of_two_domains_above_4096_reach_each_other(void **state)
{
	int far, near = 0;

	(void)state;
	start_fifo();
	while (near <= 5000)
		near = evtchn_alloc_unbound(guest, 0);
	far = evtchn_bind_interdomain(&world_domain[0], guest, (uint32_t)near);
	assert_int_equal(far, 1);
	assert_int_equal(evtchn_send(&world_domain[0], (uint32_t)far), 0);
	/* No word yet: the event waits. */
	for (unsigned i = 3; i < 7; i++)
		assert_int_equal(evtchn_fifo_expand(guest, world_gfn(GUEST, i)), 0);
	assert_int_equal(CONTROL(0)->head[EVTCHN_FIFO_PRIORITY_DEFAULT], near);
	assert_int_equal(evtchn_close(guest, (uint32_t)near), 0);
	assert_int_equal(evtchn_send(&world_domain[0], (uint32_t)far), 0);
	assert_null(world_check());
}

static void what_was_pending_in_the_bitmap_comes_with_the_words(void **state)
{
	int port = evtchn_bind_ipi(guest, 1);

	(void)state;
	assert_int_equal(evtchn_send(guest, (uint32_t)port), 0);
	start_fifo();
	assert_int_equal(take(1, EVTCHN_FIFO_PRIORITY_DEFAULT), port);
}

/* A guest that changes the last word of a queue all the time loses events, no more. */
static void a_word_that_never_holds_still_is_given_up(void **state)
{
	(void)state;
	start_fifo();
	int a = evtchn_bind_ipi(guest, 0), b = evtchn_bind_ipi(guest, 0);

	evtchn_send(guest, (uint32_t)a);
	for (uint32_t junk = 1; junk; junk <<= 1) {
		WORDS[a] = junk | LINKED;
		WORDS[b] = junk & ~LINKED & ~MASKED;
		evtchn_send(guest, (uint32_t)b);
	}
	assert_null(evtchn_core_check(&guest->evtchn));
	assert_false(guest->evtchn.fifo->lock.held);
}

#define T(f) cmocka_unit_test_setup_teardown(f, world_start, world_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_control_block_must_be_an_own_page_and_fit_in_it),
		T(a_control_block_is_set_once_for_a_vcpu),
		T(without_memory_the_domain_stays_as_it_was),
		T(the_event_array_ends_at_the_last_port),
		T(reset_gives_the_pages_back_and_the_bitmaps_count_again),
		T(every_port_of_the_abi_can_be_bound_and_none_above),
		T(a_look_past_ports_in_queues_is_preempted_and_goes_on),
		T(the_limit_of_the_domain_counts_with_this_abi_too),
		T(ports_of_two_domains_above_4096_reach_each_other),
		T(what_was_pending_in_the_bitmap_comes_with_the_words),
		T(a_word_that_never_holds_still_is_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
