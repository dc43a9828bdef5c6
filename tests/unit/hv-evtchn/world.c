// SPDX-License-Identifier: MIT
/* See world.h. */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hv/alloc.h>
#include <hv/arch.h>
#include <hv/hypercall.h>
#include <hv/log.h>
#include <hv/usercopy.h>

struct cpu host_cpu;
struct domain *dom0;
struct domain world_domain[DOMAINS];
struct vcpu world_vcpu[DOMAINS][VCPUS];
unsigned world_wakes[DOMAINS][VCPUS];
unsigned world_held;
bool world_no_memory;

static _Alignas(PAGE_SIZE) char memory[FRAMES][PAGE_SIZE];
static struct frame frames[FRAMES];
struct frame *frame_table = frames;
char *arch_direct_map = memory[0];

static struct vcpu *vcpu_table[DOMAINS][VCPUS];
static shared_info_t shared[DOMAINS];

int world_start(void **state)
{
	(void)state;
	memset(world_domain, 0, sizeof(world_domain));
	memset(world_vcpu, 0, sizeof(world_vcpu));
	memset(world_wakes, 0, sizeof(world_wakes));
	memset(shared, 0, sizeof(shared));
	memset(&host_cpu, 0, sizeof(host_cpu));
	world_no_memory = false;
	memset(memory, 0, sizeof(memory));
	for (unsigned i = 0; i < DOMAINS; i++) {
		struct domain *d = &world_domain[i];

		d->id = (domid_t)i;
		d->refs = 1;
		d->control = i == 0;
		d->shared_info = &shared[i];
		d->vcpu = vcpu_table[i];
		d->max_vcpus = VCPUS;
		for (unsigned j = 0; j < VCPUS; j++) {
			struct vcpu *v = &world_vcpu[i][j];

			vcpu_table[i][j] = v;
			v->domain = d;
			v->id = j;
			v->info = &shared[i].vcpu_info[j];
		}
		assert_int_equal(evtchn_domain_init(d), 0);
	}
	dom0 = &world_domain[0];
	world_run(0);
	return 0;
}

int world_end(void **state)
{
	struct budget b = { ~0U };

	(void)state;
	for (unsigned i = 0; i < DOMAINS; i++)
		assert_int_equal(evtchn_domain_destroy(&world_domain[i], &b), 0);
	assert_int_equal(world_references(), 0);
	assert_int_equal(world_held, 0);
	return 0;
}

void world_run(unsigned dom)
{
	host_cpu.current = &world_vcpu[dom][0];
	host_cpu.budget.left = HYPERCALL_BUDGET;
}

bool port_pending(unsigned dom, unsigned port)
{
	return shared[dom].evtchn_pending[port / 64] >> (port % 64) & 1;
}

/* Each VIRQ's entry names a port that is bound to it, and the other way round. */
static const char *check_virqs(unsigned dom)
{
	const struct evtchn_domain *e = &world_domain[dom].evtchn;
	unsigned named = 0, bound = 0;

	for (unsigned j = 0; j < VCPUS; j++)
		for (unsigned virq = 0; virq < EVTCHN_VIRQS; virq++) {
			unsigned port = world_vcpu[dom][j].virq_port[virq];
			const struct evtchn *c = evtchn_core_channel(e, port);

			if (!port)
				continue;
			named++;
			if (!c || c->state != EVTCHN_VIRQ || c->virq != virq ||
			    (!virq_is_global(virq) && c->vcpu != j) ||
			    (virq_is_global(virq) && j != 0))
				return "a VIRQ is bound to a port that knows nothing of it";
		}
	for (unsigned port = 0; port < EVTCHN_PORTS_2L; port++) {
		const struct evtchn *c = evtchn_core_channel(e, port);

		if (!c) {	/* nor has any of its bucket */
			port |= EVTCHN_BUCKET - 1;
			continue;
		}
		bound += c->state == EVTCHN_VIRQ;
		if (port_pending(dom, port) && c->state == EVTCHN_FREE)
			return "an event is pending on a free port";
	}
	return named == bound ? NULL : "a port is bound to a VIRQ that knows nothing of it";
}

const char *world_check(void)
{
	for (unsigned i = 0; i < DOMAINS; i++) {
		const char *wrong = evtchn_core_check(&world_domain[i].evtchn);

		if (!wrong)
			wrong = check_virqs(i);
		if (wrong)
			return wrong;
		if (world_domain[i].evtchn.lock.held)
			return "a lock is still held";
	}
	return NULL;
}

/* ---- the layers below ---------------------------------------------------------- */

void *world_page(unsigned dom, unsigned i)
{
	return memory[dom * (FRAMES / DOMAINS) + i];
}

uint64_t world_gfn(unsigned dom, unsigned i)
{
	return dom * (FRAMES / DOMAINS) + i;
}

struct frame *frame_get_writable(mfn_t m, struct domain *d)
{
	if (m.n >= FRAMES || m.n / (FRAMES / DOMAINS) != d->id)
		return NULL;
	world_held++;
	return &frames[m.n];
}

void frame_put_typed(struct frame *f)
{
	(void)f;
	assert_true(world_held > 0);
	world_held--;
}

void arch_kick_cpu(unsigned cpu)
{
	(void)cpu;
}

void *xmalloc(size_t size)
{
	return world_no_memory ? NULL : calloc(1, size);
}

void xfree(void *object)
{
	free(object);
}

unsigned world_references(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < DOMAINS; i++)
		n += world_domain[i].refs - 1;
	return n;
}

struct domain *domain_get(domid_t id)
{
	return id < DOMAINS ? domain_ref(&world_domain[id]) : NULL;
}

void domain_put(struct domain *d)
{
	assert_true(d->refs > 1);
	d->refs--;
}

void vcpu_wake(struct vcpu *v)
{
	world_wakes[v->domain->id][v->id]++;
	v->pause_flags &= ~(uint32_t)VPF_BLOCKED;
	vcpu_poll_end(v);
}
