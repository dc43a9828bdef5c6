/* SPDX-License-Identifier: MIT */
/* A domain with the FIFO ABI, and what its kernel does with an event. */
#pragma once

#include "world.h"

#include <hv/evtchn_fifo.h>

#define PENDING (1u << EVTCHN_FIFO_PENDING)
#define MASKED	(1u << EVTCHN_FIFO_MASKED)
#define LINKED	(1u << EVTCHN_FIFO_LINKED)

#define GUEST 1
#define CONTROL(vcpu) ((struct evtchn_fifo_control_block *)world_page(GUEST, (vcpu)))
#define WORDS ((event_word_t *)world_page(GUEST, 2))

static struct domain *const guest = &world_domain[GUEST];

/* Control blocks for all vCPUs, and one page of words. */
static inline void start_fifo(void)
{
	for (unsigned vcpu = 0; vcpu < VCPUS; vcpu++)
		assert_int_equal(evtchn_fifo_init_control(guest, vcpu, world_gfn(GUEST, vcpu), 0), 0);
	assert_int_equal(evtchn_fifo_expand(guest, world_gfn(GUEST, 2)), 0);
}

/* What a guest does with the first event of a queue; its port, 0 when there is none. */
static inline unsigned take(unsigned vcpu, unsigned queue)
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
