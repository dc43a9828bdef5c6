// SPDX-License-Identifier: MIT
/*
 * The FIFO ABI: the pages that a domain gives, and every short history of sends, masks,
 * moves and takes, after each of which the guest must find what was sent, once, and in
 * the queue where it belongs.
 */
#include "world.h"

#include <string.h>

#include <hv/evtchn_fifo.h>

#define PENDING (1u << EVTCHN_FIFO_PENDING)
#define MASKED	(1u << EVTCHN_FIFO_MASKED)
#define LINKED	(1u << EVTCHN_FIFO_LINKED)

#define GUEST 1
#define CONTROL(vcpu) ((struct evtchn_fifo_control_block *)world_page(GUEST, (vcpu)))
#define WORDS ((event_word_t *)world_page(GUEST, 2))

static struct domain *const guest = &world_domain[GUEST];

static void start_fifo(void)
{
	for (unsigned vcpu = 0; vcpu < VCPUS; vcpu++)
		assert_int_equal(evtchn_fifo_init_control(guest, vcpu, world_gfn(GUEST, vcpu), 0), 0);
	assert_int_equal(evtchn_fifo_expand(guest, world_gfn(GUEST, 2)), 0);
}

/* What a guest does with the first event of a queue; its port, 0 when there is none. */
static unsigned take(unsigned vcpu, unsigned queue)
{
	struct evtchn_fifo_control_block *control = CONTROL(vcpu);
	unsigned port = control->head[queue];
	event_word_t w;

	if (!port)
		return 0;
	assert_true(port < FIFO_WORDS_PER_PAGE);
	w = WORDS[port];
	assert_true(w & LINKED);
	control->head[queue] = w & EVTCHN_FIFO_LINK_MASK;
	WORDS[port] = w & ~(LINKED | EVTCHN_FIFO_LINK_MASK);
	if (!control->head[queue])
		control->ready &= ~(1u << queue);
	if (!(w & MASKED))
		WORDS[port] &= ~PENDING;
	return port;
}

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
		port = evtchn_bind_ipi(guest, 0);
		assert_int_equal(port, i);
	}
	assert_int_equal(evtchn_bind_ipi(guest, 0), -XEN_ENOSPC);
	assert_null(evtchn_core_check(&guest->evtchn));
	assert_int_equal(evtchn_close(guest, 70000), 0);
	assert_int_equal(evtchn_bind_ipi(guest, 0), 70000);
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

/* ---- histories ---------------------------------------------------------------------- */

#define PORTS 2
#define DEPTH 7

static struct {
	bool raised;		/* sent, and not yet taken */
	uint8_t vcpu, priority;	/* where it was when it was queued */
	bool queued;
} model[PORTS + 1];

static unsigned masked(unsigned port)
{
	return WORDS[port] & MASKED;
}

static void model_queue(unsigned port)
{
	const struct evtchn *c = evtchn_core_channel(&guest->evtchn, port);

	if (!model[port].raised || model[port].queued || masked(port))
		return;
	model[port].queued = true;
	model[port].vcpu = (uint8_t)c->vcpu;
	model[port].priority = c->priority;
}

static void took(unsigned vcpu, unsigned queue, unsigned port)
{
	assert_in_range(port, 1, PORTS);
	assert_true(model[port].queued);
	assert_int_equal(model[port].vcpu, vcpu);
	assert_int_equal(model[port].priority, queue);
	model[port].queued = false;
	if (!masked(port))
		model[port].raised = false;
}

enum step { SEND, MASK, UNMASK, MOVE_VCPU, MOVE_QUEUE, STEPS_OF_A_PORT, TAKE = 2 * STEPS_OF_A_PORT,
	    TAKES = VCPUS * 2, STEPS = TAKE + TAKES };

static void port_step(unsigned port, enum step step)
{
	struct evtchn *c = evtchn_core_channel(&guest->evtchn, port);

	switch (step) {
	case SEND:
		assert_int_equal(evtchn_send(guest, port), 0);
		model[port].raised = true;
		model_queue(port);
		break;
	case MASK:
		WORDS[port] |= MASKED;
		break;
	case UNMASK:
		assert_int_equal(evtchn_unmask(guest, port), 0);
		model_queue(port);
		break;
	case MOVE_VCPU:
		assert_int_equal(evtchn_bind_vcpu(guest, port, !c->vcpu), 0);
		break;
	default:
		assert_int_equal(evtchn_set_priority(guest, port, c->priority == 7 ? 15 : 7), 0);
		break;
	}
}

static void do_step(unsigned step)
{
	if (step < TAKE) {
		port_step(1 + step / STEPS_OF_A_PORT, step % STEPS_OF_A_PORT);
	} else {
		unsigned vcpu = (step - TAKE) / 2, queue = (step - TAKE) % 2 ? 15 : 7;
		unsigned port = take(vcpu, queue);

		if (port)
			took(vcpu, queue, port);
	}
}

/* A guest that looks at all queues finds every event that is queued, and no other. */
static void check_by_taking_all(void)
{
	for (unsigned vcpu = 0; vcpu < VCPUS; vcpu++)
		for (unsigned queue = 7; queue <= 15; queue += 8) {
			unsigned port;

			if (CONTROL(vcpu)->head[queue])
				assert_true(CONTROL(vcpu)->ready >> queue & 1);
			while ((port = take(vcpu, queue)))
				took(vcpu, queue, port);
		}
	for (unsigned port = 1; port <= PORTS; port++)
		assert_false(model[port].queued);
}

static void begin_history(void)
{
	struct evtchn_fifo *f = guest->evtchn.fifo;

	memset(WORDS, 0, 64);
	memset(model, 0, sizeof(model));
	for (unsigned vcpu = 0; vcpu < VCPUS; vcpu++) {
		memset(CONTROL(vcpu), 0, sizeof(*CONTROL(vcpu)));
		memset(f->queues[vcpu].tail, 0, sizeof(f->queues[vcpu].tail));
	}
	for (unsigned port = 1; port <= PORTS; port++) {
		struct evtchn *c = evtchn_core_channel(&guest->evtchn, port);

		c->vcpu = 0;
		c->priority = 7;
		c->last_vcpu = c->last_priority = 0;
	}
}

static void every_short_history_delivers_each_event_once(void **state)
{
	uint64_t histories = 1;

	(void)state;
	start_fifo();
	for (unsigned port = 1; port <= PORTS; port++) {
		assert_int_equal(evtchn_alloc_unbound(guest, GUEST), port);
		/* A channel from a port to itself: it sends, receives and may be moved. */
		*evtchn_core_channel(&guest->evtchn, port) = (struct evtchn){
			.state = EVTCHN_INTERDOMAIN, .remote = &guest->evtchn,
			.remote_dom = GUEST, .remote_port = port,
		};
	}
	for (unsigned i = 0; i < DEPTH; i++)
		histories *= STEPS;
	/* One in 29, spread: neighbours differ in their last steps only. */
	for (uint64_t h = 0; h < histories; h += 29) {
		uint64_t left = h;

		begin_history();
		for (unsigned i = 0; i < DEPTH; i++, left /= STEPS)
			do_step(left % STEPS);
		check_by_taking_all();
	}
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
		T(the_limit_of_the_domain_counts_with_this_abi_too),
		T(ports_of_two_domains_above_4096_reach_each_other),
		T(what_was_pending_in_the_bitmap_comes_with_the_words),
		T(a_word_that_never_holds_still_is_given_up),
		T(every_short_history_delivers_each_event_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
