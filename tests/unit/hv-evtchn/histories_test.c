// SPDX-License-Identifier: MIT
/*
 * Every history of three domains with four ports each: from each state that was
 * reached, every operation with every argument that matters. After each step the
 * whole state is checked, and a send is compared with what the states of the
 * two ends say should happen. States are visited once, so the search goes deep.
 */
#include "world.h"

#include <stdlib.h>
#include <string.h>

#define PORTS	   5u		/* 1 to 4 can be used */
#define STATES_MAX 4000u
#define TABLE	   (1u << 14)

/* What a step can change, so that a state can be put back. */
struct snapshot {
	uint64_t used[DOMAINS];
	struct evtchn channel[DOMAINS][PORTS];
	uint64_t pending[DOMAINS];
	uint32_t virq[DOMAINS][VCPUS][4];
};

static struct snapshot *states;
static uint32_t table[TABLE], n_states;

static void save(struct snapshot *s)
{
	for (unsigned i = 0; i < DOMAINS; i++) {
		const struct domain *d = &world_domain[i];

		s->used[i] = d->evtchn.low.used[0];
		memcpy(s->channel[i], d->evtchn.low.bucket[0], sizeof(s->channel[i]));
		s->pending[i] = d->shared_info->evtchn_pending[0];
		for (unsigned j = 0; j < VCPUS; j++)
			memcpy(s->virq[i][j], world_vcpu[i][j].virq_port, sizeof(s->virq[i][j]));
	}
}

static void restore(const struct snapshot *s)
{
	for (unsigned i = 0; i < DOMAINS; i++) {
		struct domain *d = &world_domain[i];

		d->evtchn.low.used[0] = s->used[i];
		memcpy(d->evtchn.low.bucket[0], s->channel[i], sizeof(s->channel[i]));
		d->shared_info->evtchn_pending[0] = s->pending[i];
		for (unsigned j = 0; j < VCPUS; j++)
			memcpy(world_vcpu[i][j].virq_port, s->virq[i][j], sizeof(s->virq[i][j]));
	}
}

/* Keeps the state of now if it is new. */
static void visit(void)
{
	static struct snapshot s;
	uint64_t hash = 14695981039346656037ULL;

	save(&s);
	for (unsigned i = 0; i < DOMAINS; i++) {
		const uint8_t *bytes = (const uint8_t *)s.channel[i];

		for (size_t k = 0; k < sizeof(s.channel[i]); k++)
			hash = (hash ^ bytes[k]) * 1099511628211ULL;
		hash = (hash ^ s.pending[i]) * 1099511628211ULL;
	}
	uint32_t at = (uint32_t)(hash >> 20) % TABLE;

	for (; table[at]; at = (at + 1) % TABLE)
		if (!memcmp(&states[table[at] - 1], &s, sizeof(s)))
			return;
	if (n_states == STATES_MAX)
		return;
	states[n_states++] = s;
	table[at] = n_states;
}

enum { OP_ALLOC, OP_BIND, OP_VIRQ, OP_IPI, OP_CLOSE, OP_SEND, OP_VCPU, OP_RESET, OPS };

static const unsigned virqs[] = { VIRQ_TIMER, VIRQ_DOM_EXC };

/* Operation op of domain d with its argument number arg; false when there is no such argument. */
static bool act(unsigned d, unsigned op, unsigned arg)
{
	struct domain *ld = &world_domain[d];
	struct budget b = { 2 };

	switch (op) {
	case OP_ALLOC:
		return arg < DOMAINS && (evtchn_alloc_unbound(ld, (domid_t)arg), true);
	case OP_BIND:
		return arg < DOMAINS * PORTS &&
		       (evtchn_bind_interdomain(ld, &world_domain[arg / PORTS], arg % PORTS), true);
	case OP_VIRQ:
		return arg < 4 && (evtchn_bind_virq(ld, virqs[arg / 2], arg % 2), true);
	case OP_IPI:
		return arg < VCPUS && (evtchn_bind_ipi(ld, arg), true);
	case OP_CLOSE:
		return arg < PORTS && (evtchn_close(ld, arg), true);
	case OP_VCPU:
		return arg < PORTS && (evtchn_bind_vcpu(ld, arg, 1), true);
	case OP_RESET:
		return arg < 1 && (evtchn_reset(ld, &b), true);
	default:
		return false;
	}
}

/* A send does what the port's state says, and changes nothing but one pending bit. */
static void check_send(unsigned d, unsigned port)
{
	struct domain *ld = &world_domain[d];
	struct evtchn c = *evtchn_core_channel(&ld->evtchn, port);
	struct snapshot was, is;

	save(&was);
	int rc = evtchn_send(ld, port);

	save(&is);
	if (c.state == EVTCHN_INTERDOMAIN)
		was.pending[c.remote_dom] |= 1ULL << c.remote_port;
	if (c.state == EVTCHN_IPI)
		was.pending[d] |= 1ULL << port;
	assert_memory_equal(&was, &is, sizeof(was));
	bool refused = c.state == EVTCHN_FREE || c.state == EVTCHN_VIRQ;

	assert_int_equal(rc, refused ? -XEN_EINVAL : 0);
}

static void step(const struct snapshot *from, unsigned d, unsigned op)
{
	for (unsigned arg = 0;; arg++) {
		restore(from);
		if (!act(d, op, arg))
			return;
		const char *wrong = world_check();

		if (wrong)
			fail_msg("%s after operation %u(%u) of domain %u", wrong, op, arg, d);
		visit();
	}
}

static void no_history_breaks_the_state(void **state)
{
	(void)state;
	states = malloc(STATES_MAX * sizeof(*states));
	assert_non_null(states);
	for (unsigned d = 0; d < DOMAINS; d++)
		evtchn_set_limit(&world_domain[d], PORTS - 1);
	visit();
	struct snapshot first = states[0];

	for (uint32_t i = 0; i < n_states; i++) {
		for (unsigned d = 0; d < DOMAINS; d++) {
			for (unsigned op = 0; op < OPS; op++)
				step(&states[i], d, op);
			for (unsigned port = 0; port < PORTS; port++) {
				restore(&states[i]);
				check_send(d, port);
				visit();
			}
		}
	}
	print_message("# %u states, from each all operations\n", n_states);
	assert_int_equal(n_states, STATES_MAX);	/* there are millions: the first of them */
	restore(&first);
	free(states);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(no_history_breaks_the_state, world_start,
						world_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
