// SPDX-License-Identifier: MIT
/*
 * Queues of the FIFO ABI: two ports of a domain with two vCPUs, sent to, masked, unmasked, and moved between
 * vCPUs and priorities, while the guest takes events out in any order. The guest must find what was
 * sent, once, and in the queue where the port belonged when it was queued.
 */
#include "harness/harness.h"
#include "fifoguest.h"

#include <string.h>

#define PORTS 2

static struct model {
	bool raised;		/* sent, and not yet taken */
	bool queued;
	uint8_t vcpu, priority;	/* where it was when it was queued */
} model[PORTS + 1];

static bool masked(unsigned port)
{
	return WORDS[port] & MASKED;
}

static struct evtchn *channel(unsigned port)
{
	return evtchn_core_channel(&guest->evtchn, port);
}

static void model_queue(unsigned port)
{
	if (!model[port].raised || model[port].queued || masked(port))
		return;
	model[port].queued = true;
	model[port].vcpu = (uint8_t)channel(port)->vcpu;
	model[port].priority = channel(port)->priority;
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

static void take_from(unsigned vcpu, unsigned queue)
{
	unsigned port = take(vcpu, queue);

	if (port)
		took(vcpu, queue, port);
}

static void act_on(unsigned port)
{
	struct evtchn *c = channel(port);

	switch (choose(5)) {
	case 0:
		assert_int_equal(evtchn_send(guest, port), 0);
		model[port].raised = true;
		model_queue(port);
		break;
	case 1:
		WORDS[port] |= MASKED;
		break;
	case 2:
		assert_int_equal(evtchn_unmask(guest, port), 0);
		model_queue(port);
		break;
	case 3:
		assert_int_equal(evtchn_bind_vcpu(guest, port, !c->vcpu), 0);
		break;
	default:
		assert_int_equal(evtchn_set_priority(guest, port, c->priority == 7 ? 15 : 7), 0);
		break;
	}
}

/* What is queued hangs together from the heads on, and nothing else does. */
static void check(void)
{
	unsigned found = 0, queued = 0;

	for (unsigned vcpu = 0; vcpu < VCPUS; vcpu++)
		for (unsigned queue = 7; queue <= 15; queue += 8) {
			unsigned port = CONTROL(vcpu)->head[queue];

			if (port)
				assert_true(CONTROL(vcpu)->ready >> queue & 1);
			for (; port; port = WORDS[port] & EVTCHN_FIFO_LINK_MASK) {
				assert_in_range(port, 1, PORTS);
				assert_true(model[port].queued && model[port].vcpu == vcpu &&
					    model[port].priority == queue);
				assert_true(++found <= PORTS);
			}
		}
	for (unsigned port = 1; port <= PORTS; port++) {
		queued += model[port].queued;
		assert_int_equal(!!(WORDS[port] & LINKED), model[port].queued);
		assert_int_equal(!!(WORDS[port] & PENDING), model[port].raised);
	}
	assert_int_equal(found, queued);
	assert_false(guest->evtchn.fifo->lock.held);
}

static void step(void)
{
	unsigned what = choose(PORTS + 2 * VCPUS);

	if (what < PORTS)
		act_on(1 + what);
	else
		take_from((what - PORTS) / 2, (what - PORTS) % 2 ? 15 : 7);
	check();
}

static void start(void)
{
	world_start(NULL);
	memset(model, 0, sizeof(model));
	start_fifo();
	for (unsigned port = 1; port <= PORTS; port++) {
		assert_int_equal(evtchn_alloc_unbound(guest, GUEST), port);
		/* A channel from a port to itself: it sends, receives and may be moved. */
		channel(port)->state = EVTCHN_INTERDOMAIN;
		channel(port)->remote = &guest->evtchn;
		channel(port)->remote_port = port;
	}
}

static void end(void)
{
	for (unsigned vcpu = 0; vcpu < VCPUS; vcpu++)
		for (unsigned i = 0; i < PORTS; i++) {
			take_from(vcpu, 7);
			take_from(vcpu, 15);
		}
	for (unsigned port = 1; port <= PORTS; port++)
		assert_false(model[port].queued);
	world_end(NULL);
}

/* What a step can change. */
struct snapshot {
	event_word_t words[PORTS + 1];
	struct evtchn_fifo_control_block control[VCPUS];
	uint32_t tail[VCPUS][EVTCHN_FIFO_MAX_QUEUES];
	struct evtchn channel[PORTS + 1];
	struct model model[PORTS + 1];
	uint8_t upcall[VCPUS];
};

static void save(void *state)
{
	struct snapshot *s = state;

	memset(s, 0, sizeof(*s));
	memcpy(s->words, WORDS, sizeof(s->words));
	memcpy(s->channel, channel(0), sizeof(s->channel));
	memcpy(s->model, model, sizeof(model));
	for (unsigned vcpu = 0; vcpu < VCPUS; vcpu++) {
		s->control[vcpu] = *CONTROL(vcpu);
		memcpy(s->tail[vcpu], guest->evtchn.fifo->queues[vcpu].tail, sizeof(s->tail[vcpu]));
		s->upcall[vcpu] = guest->vcpu[vcpu]->info->evtchn_upcall_pending;
	}
}

static void restore(const void *state)
{
	const struct snapshot *s = state;

	memcpy(WORDS, s->words, sizeof(s->words));
	memcpy(channel(0), s->channel, sizeof(s->channel));
	memcpy(model, s->model, sizeof(model));
	for (unsigned vcpu = 0; vcpu < VCPUS; vcpu++) {
		*CONTROL(vcpu) = s->control[vcpu];
		memcpy(guest->evtchn.fifo->queues[vcpu].tail, s->tail[vcpu], sizeof(s->tail[vcpu]));
		guest->vcpu[vcpu]->info->evtchn_upcall_pending = s->upcall[vcpu];
	}
}

const struct harness harness = {
	.name = "queues of the FIFO ABI",
	.start = start,
	.step = step,
	.end = end,
	.state_size = sizeof(struct snapshot),
	.states_max = 50000,
	.at_least = 22928,	/* all there are */
	.save = save,
	.restore = restore,
	.chances = 20,
	.chance_steps = 1000,
};
