// SPDX-License-Identifier: MIT
/*
 * Every history of three domains with four ports each: from each state that was
 * reached, every operation with every argument that matters. After each step the
 * whole state is checked, and a send is compared with what the states of the
 * two ends say should happen. States are visited once, so the search goes deep.
 */
#include "harness/harness.h"
#include "world.h"

#include <string.h>

#define PORTS 5u		/* 1 to 4 can be used */

/* What a step can change, so that a state can be put back. */
struct snapshot {
	uint64_t used[DOMAINS];
	struct evtchn channel[DOMAINS][PORTS];
	uint64_t pending[DOMAINS];
	uint32_t virq[DOMAINS][VCPUS][4];
};

static void save(void *state)
{
	struct snapshot *s = state;

	for (unsigned i = 0; i < DOMAINS; i++) {
		const struct domain *d = &world_domain[i];

		s->used[i] = d->evtchn.low.used[0];
		memcpy(s->channel[i], d->evtchn.low.bucket[0], sizeof(s->channel[i]));
		s->pending[i] = d->shared_info->evtchn_pending[0];
		for (unsigned j = 0; j < VCPUS; j++)
			memcpy(s->virq[i][j], world_vcpu[i][j].virq_port, sizeof(s->virq[i][j]));
	}
}

static void restore(const void *state)
{
	const struct snapshot *s = state;

	for (unsigned i = 0; i < DOMAINS; i++) {
		struct domain *d = &world_domain[i];

		d->evtchn.low.used[0] = s->used[i];
		memcpy(d->evtchn.low.bucket[0], s->channel[i], sizeof(s->channel[i]));
		d->shared_info->evtchn_pending[0] = s->pending[i];
		for (unsigned j = 0; j < VCPUS; j++)
			memcpy(world_vcpu[i][j].virq_port, s->virq[i][j], sizeof(s->virq[i][j]));
	}
}

/* A send does what the port's state says, and changes nothing but one pending bit. */
static void check_send(unsigned d, unsigned port)
{
	struct domain *ld = &world_domain[d];
	struct evtchn c = *evtchn_core_channel(&ld->evtchn, port);
	bool refused = c.state == EVTCHN_FREE || c.state == EVTCHN_VIRQ;
	static struct snapshot was, is;

	save(&was);
	assert_int_equal(evtchn_send(ld, port), refused ? -XEN_EINVAL : 0);
	save(&is);
	if (c.state == EVTCHN_INTERDOMAIN)
		was.pending[c.remote_dom] |= 1ULL << c.remote_port;
	if (c.state == EVTCHN_IPI)
		was.pending[d] |= 1ULL << port;
	assert_memory_equal(&was, &is, sizeof(was));
}

static void act(unsigned d)
{
	static const unsigned virqs[] = { VIRQ_TIMER, VIRQ_DOM_EXC };
	struct domain *ld = &world_domain[d];
	struct budget b = { 2 };
	unsigned arg;

	switch (choose(8)) {
	case 0:
		evtchn_alloc_unbound(ld, (domid_t)choose(DOMAINS));
		break;
	case 1:
		arg = choose(DOMAINS * PORTS);
		evtchn_bind_interdomain(ld, &world_domain[arg / PORTS], arg % PORTS);
		break;
	case 2:
		arg = choose(4);
		evtchn_bind_virq(ld, virqs[arg / 2], arg % 2);
		break;
	case 3:
		evtchn_bind_ipi(ld, choose(VCPUS));
		break;
	case 4:
		evtchn_close(ld, choose(PORTS));
		break;
	case 5:
		evtchn_bind_vcpu(ld, choose(PORTS), 1);
		break;
	case 6:
		evtchn_reset(ld, &b);
		break;
	default:
		check_send(d, choose(PORTS));
	}
}

static void step(void)
{
	const char *wrong;

	act(choose(DOMAINS));
	wrong = world_check();
	if (wrong)
		fail_msg("%s", wrong);
}

static void start(void)
{
	world_start(NULL);
	for (unsigned d = 0; d < DOMAINS; d++)
		evtchn_set_limit(&world_domain[d], PORTS - 1);
}

static void end(void)
{
	world_end(NULL);
}

const struct harness harness = {
	.name = "event channels",
	.start = start,
	.step = step,
	.end = end,
	.state_size = sizeof(struct snapshot),
	.states_max = 4000,	/* there are millions: the first of them */
	.at_least = 4000,
	.save = save,
	.restore = restore,
	.chances = 20,
	.chance_steps = 1000,
};
