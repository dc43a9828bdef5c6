// SPDX-License-Identifier: MIT
/*
 * Which event channel port is bound to what. Plain data: the caller holds the
 * lock of each domain that it passes, and has allocated buckets where asked.
 * Every mistake that a guest can make is refused before anything changes.
 */
#include <hv/evtchn.h>

#include <hv/budget.h>
#include <hv/check.h>
#include <hv/evtchn_fifo.h>
#include <hv/mem.h>

_Static_assert(EVTCHN_BUCKET == 64, "a word of used[] is a bucket");
_Static_assert(EVTCHN_PORTS == EVTCHN_FIFO_NR_CHANNELS, "ABI");
_Static_assert(EVTCHN_PORTS_2L == EVTCHN_2L_NR_CHANNELS, "ABI");
_Static_assert(EVTCHN_VIRQS == NR_VIRQS, "ABI");

void evtchn_core_init(struct evtchn_domain *e, domid_t id)
{
	memset(e, 0, sizeof(*e));
	spin_init_numbered(&e->lock, "evtchn", id);
	e->id = id;
	e->max_ports = EVTCHN_PORTS;
	e->look_from = 1;
	e->low.used[0] = 1;	/* port 0 stands for "no port" in the ABI */
}

/* The ports of bucket b (of all the domain's) that are in use, a bit each. */
static uint64_t used_of(const struct evtchn_domain *e, unsigned b)
{
	const struct evtchn_group *g = evtchn_core_group(e, b * EVTCHN_BUCKET);

	return g ? g->used[b % EVTCHN_BUCKETS] : 0;
}

/* The lowest port at or above from whose bit of used is as wanted; EVTCHN_PORTS: none. */
static unsigned next_port(const struct evtchn_domain *e, unsigned from, bool used)
{
	uint64_t first = ~0ULL << (from % EVTCHN_BUCKET);

	for (unsigned b = from / EVTCHN_BUCKET; b < EVTCHN_PORTS / EVTCHN_BUCKET; b++) {
		uint64_t ports = (used ? used_of(e, b) : ~used_of(e, b)) & first;

		if (ports)
			return b * EVTCHN_BUCKET + (unsigned)__builtin_ctzll(ports);
		first = ~0ULL;
		if (used && !evtchn_core_group(e, b * EVTCHN_BUCKET))
			b |= EVTCHN_BUCKETS - 1;	/* nothing in the whole group */
	}
	return EVTCHN_PORTS;
}

unsigned evtchn_core_next_used(const struct evtchn_domain *e, unsigned from)
{
	return next_port(e, from, true);
}

/* What a unit of the budget pays for: full words, and ports that were closed while they stood in a queue. */
#define PORTS_PASSED 1024
#define PORTS_LINKED 8

static int stop_look(struct evtchn_domain *e, unsigned from, int result)
{
	e->look_from = from;
	return result;
}

/* From where the look before stopped, when its budget was out. */
static int look(struct evtchn_domain *e, unsigned limit, struct budget *b)
{
	unsigned from = MAX(e->look_from, e->full_below), port = next_port(e, from, false);

	if (from == e->full_below)
		e->full_below = port - port % EVTCHN_BUCKET;
	if (!budget_take_n(b, (port - from) / PORTS_PASSED))
		return stop_look(e, port, -XEN_ERESTART);
	for (; port < limit; port = next_port(e, port + 1, false)) {
		if (!e->fifo || !evtchn_fifo_is_linked(e->fifo, port))
			return stop_look(e, 1, (int)port);
		if (port % PORTS_LINKED == 0 && !budget_take(b))
			return stop_look(e, port, -XEN_ERESTART);
	}
	return stop_look(e, 1, -XEN_ENOSPC);
}

int evtchn_core_find_free(struct evtchn_domain *e, struct budget *b)
{
	unsigned limit = MIN(e->max_ports, e->fifo ? EVTCHN_PORTS : EVTCHN_PORTS_2L);

	if (likely(~e->low.used[0] && !e->fifo && !e->closed && limit >= EVTCHN_BUCKET))
		return __builtin_ctzll(~e->low.used[0]);
	if (e->closed)
		return -XEN_EINVAL;
	return look(e, limit, b);
}

size_t evtchn_core_wants(const struct evtchn_domain *e, unsigned port)
{
	const struct evtchn_group *g = evtchn_core_group(e, port);

	if (!g)
		return sizeof(*g);
	return g->bucket[port % EVTCHN_GROUP / EVTCHN_BUCKET] ? 0
							      : EVTCHN_BUCKET * sizeof(struct evtchn);
}

void evtchn_core_add(struct evtchn_domain *e, unsigned port, void *zeroed)
{
	struct evtchn_group *g = evtchn_core_group(e, port);

	if (!g) {
		__atomic_store_n(&e->high[port / EVTCHN_GROUP - 1], zeroed, __ATOMIC_RELEASE);
		return;
	}
	CHECK(!g->bucket[port % EVTCHN_GROUP / EVTCHN_BUCKET]);
	__atomic_store_n(&g->bucket[port % EVTCHN_GROUP / EVTCHN_BUCKET], zeroed, __ATOMIC_RELEASE);
}

static uint64_t *used_word(struct evtchn_domain *e, unsigned port)
{
	return &evtchn_core_group(e, port)->used[port % EVTCHN_GROUP / EVTCHN_BUCKET];
}

/* Marks a free port as taken. */
static struct evtchn *take(struct evtchn_domain *e, unsigned port, enum evtchn_state state)
{
	struct evtchn *c = evtchn_core_channel(e, port);

	CHECK(c && c->state == EVTCHN_FREE);
	*used_word(e, port) |= 1ULL << (port % EVTCHN_BUCKET);
	c->priority = EVTCHN_FIFO_PRIORITY_DEFAULT;
	c->state = (uint8_t)state;
	return c;
}

void evtchn_core_take_unbound(struct evtchn_domain *e, unsigned port, domid_t remote)
{
	take(e, port, EVTCHN_UNBOUND)->remote_dom = remote;
}

void evtchn_core_take_ipi(struct evtchn_domain *e, unsigned port, unsigned vcpu)
{
	take(e, port, EVTCHN_IPI)->vcpu = (uint16_t)vcpu;
}

void evtchn_core_take_virq(struct evtchn_domain *e, unsigned port, unsigned virq, unsigned vcpu)
{
	struct evtchn *c = take(e, port, EVTCHN_VIRQ);

	c->virq = (uint8_t)virq;
	c->vcpu = (uint16_t)vcpu;
}

static void point_at(struct evtchn *c, struct evtchn_domain *other, unsigned port)
{
	c->state = EVTCHN_INTERDOMAIN;
	c->remote = other;
	c->remote_dom = other->id;
	c->remote_port = port;
}

int evtchn_core_take_interdomain(struct evtchn_domain *e, unsigned lport,
				 struct evtchn_domain *r, uint64_t rport)
{
	struct evtchn *far = evtchn_core_channel(r, rport);

	if (!far || far->state != EVTCHN_UNBOUND || far->remote_dom != e->id)
		return -XEN_EINVAL;
	/* Nothing below can fail. */
	point_at(take(e, lport, EVTCHN_INTERDOMAIN), r, (unsigned)rport);
	point_at(far, e, lport);
	return 0;
}

void evtchn_core_close(struct evtchn_domain *e, unsigned port)
{
	struct evtchn *c = evtchn_core_channel(e, port);

	CHECK(c && c->state != EVTCHN_FREE);
	if (c->state == EVTCHN_INTERDOMAIN) {
		struct evtchn *far = evtchn_core_channel(c->remote, c->remote_port);

		CHECK(far && far->remote == e && far->remote_port == port);
		far->state = EVTCHN_UNBOUND;
		far->remote = NULL;
		far->remote_port = 0;
		/* far->remote_dom stays: only the domain that left may come back. */
	}
	*c = (struct evtchn){ .last_vcpu = c->last_vcpu, .last_priority = c->last_priority };
	*used_word(e, port) &= ~(1ULL << (port % EVTCHN_BUCKET));
	e->full_below = MIN(e->full_below, port - port % EVTCHN_BUCKET);
}

bool virq_is_global(unsigned virq)
{
	switch (virq) {
	case VIRQ_TIMER:
	case VIRQ_DEBUG:
	case VIRQ_XENOPROF:
	case VIRQ_XENPMU:
		return false;
	default:
		return true;
	}
}

int evtchn_core_bind_vcpu(struct evtchn_domain *e, uint64_t port, unsigned vcpu)
{
	struct evtchn *c = evtchn_core_channel(e, port);

	if (!c || c->state == EVTCHN_FREE || c->state == EVTCHN_IPI)
		return -XEN_EINVAL;
	if (c->state == EVTCHN_VIRQ && !virq_is_global(c->virq))
		return -XEN_EINVAL;
	WRITE_ONCE(c->vcpu, (uint16_t)vcpu);
	return 0;
}

int evtchn_core_status(const struct evtchn_domain *e, struct evtchn_status *s)
{
	const struct evtchn *c = evtchn_core_channel(e, s->port);

	if (!c)
		return -XEN_EINVAL;
	s->u.interdomain.dom = 0;
	s->u.interdomain.port = 0;
	s->status = c->state;
	s->vcpu = c->vcpu;
	if (c->state == EVTCHN_UNBOUND) {
		s->u.unbound.dom = c->remote_dom;
	} else if (c->state == EVTCHN_INTERDOMAIN) {
		s->u.interdomain.dom = c->remote_dom;
		s->u.interdomain.port = c->remote_port;
	} else if (c->state == EVTCHN_VIRQ) {
		s->u.virq = c->virq;
	}
	return 0;
}

static const char *check_channel(const struct evtchn_domain *e, unsigned port)
{
	const struct evtchn *c = evtchn_core_channel(e, port);
	bool used = used_of(e, port / EVTCHN_BUCKET) >> (port % EVTCHN_BUCKET) & 1;

	if (port && used != (c->state != EVTCHN_FREE))
		return "the map of used ports is wrong";
	if (port == 0)
		return c->state == EVTCHN_FREE ? NULL : "port 0 is bound";
	if (!c->remote != (c->state != EVTCHN_INTERDOMAIN))
		return "only one end of a pair points at another domain";
	if (c->state == EVTCHN_FREE)
		return c->remote_dom || c->vcpu || c->virq || c->waiting ?
			       "a free port is not clean" : NULL;
	if (c->state == EVTCHN_INTERDOMAIN) {
		const struct evtchn *far = evtchn_core_channel(c->remote, c->remote_port);

		if (!far || far->state != EVTCHN_INTERDOMAIN || far->remote != e ||
		    far->remote_port != port || c->remote_dom != c->remote->id)
			return "the ends of a pair do not point at each other";
	}
	return NULL;
}

static const char *check_bucket(const struct evtchn_domain *e, unsigned b)
{
	unsigned first = b * EVTCHN_BUCKET;
	const char *wrong = NULL;

	if (first < e->full_below && ~used_of(e, b))
		return "a bucket that counts as full is not";
	if (!evtchn_core_channel(e, first))
		return used_of(e, b) & (b ? ~0ULL : ~1ULL) ? "a port is used without a bucket" : NULL;
	for (unsigned port = first; port < first + EVTCHN_BUCKET && !wrong; port++)
		wrong = check_channel(e, port);
	return wrong;
}

const char *evtchn_core_check(const struct evtchn_domain *e)
{
	const char *wrong = NULL;

	for (unsigned b = 0; b < EVTCHN_PORTS / EVTCHN_BUCKET && !wrong; b++)
		if (evtchn_core_group(e, b * EVTCHN_BUCKET))
			wrong = check_bucket(e, b);
		else
			b |= EVTCHN_BUCKETS - 1;
	return wrong;
}
