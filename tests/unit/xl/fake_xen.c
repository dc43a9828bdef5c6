/* SPDX-License-Identifier: MIT */
#include "xl/fake_xen.h"

#include <stdlib.h>
#include <string.h>

#include <xen/domctl.h>
#include <xen/errno.h>
#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/sched.h>
#include <xen/sysctl.h>
#include <xen/version.h>

#include "pvguest/hypercall.h"
#include "pvguest/memory.h"

struct fake_domain fake_domains[FAKE_DOMAINS];
unsigned fake_calls;
unsigned fake_ratelimit;
char fake_keys[32];
bool fake_crash_at_start;

static uint8_t frames[FAKE_FRAMES][4096];
static int8_t owner[FAKE_FRAMES];	/* -1: free */
static int fail_at = -1;
static unsigned next_domid;

/* A mapping is a copy that is written back; none of these tests look at frames meanwhile. */
static struct mapping {
	struct mapping *next;
	size_t count;
	uint8_t *copy;
	uint64_t mfns[];
} *mappings;

static void start_scheduling(struct fake_domain *d)
{
	d->weight = 256;
	d->cap = 0;
	memset(d->hard, (1 << FAKE_CPUS) - 1, sizeof(d->hard));
	memset(d->soft, (1 << FAKE_CPUS) - 1, sizeof(d->soft));
}

void fake_xen_reset(void)
{
	memset(fake_domains, 0, sizeof(fake_domains));
	memset(owner, -1, sizeof(owner));
	memset(frames, 0xa5, sizeof(frames));	/* what others have left there */
	memset(fake_keys, 0, sizeof(fake_keys));
	fake_domains[0] = (struct fake_domain){
		.exists = true, .pages = 4096, .max_vcpus = 1, .flags = XEN_DOMINF_running,
	};
	start_scheduling(&fake_domains[0]);
	fake_ratelimit = 0;
	owner[0] = 0;	/* frame 0 is nobody's */
	fake_calls = 0;
	fail_at = -1;
	fake_crash_at_start = false;
	next_domid = 1;
}

void fake_xen_fail(int nth)
{
	fail_at = nth < 0 ? -1 : (int)fake_calls + nth;
}

unsigned fake_xen_free_frames(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < FAKE_FRAMES; i++)
		n += owner[i] < 0;
	return n;
}

unsigned fake_xen_mappings(void)
{
	unsigned n = 0;

	for (struct mapping *m = mappings; m; m = m->next)
		n += m->count;
	return n;
}

void *fake_xen_frame(uint64_t mfn)
{
	return frames[mfn];
}

/* Scattered, so that neighbours in pfn are none in mfn. */
static uint64_t frame_alloc(domid_t domid)
{
	for (unsigned i = 0; i < FAKE_FRAMES; i++) {
		unsigned mfn = (i * 1019 + 7) % FAKE_FRAMES;

		if (owner[mfn] < 0) {
			owner[mfn] = domid;
			return mfn;
		}
	}
	return 0;
}

static struct fake_domain *find(domid_t domid)
{
	return domid < FAKE_DOMAINS && fake_domains[domid].exists ? &fake_domains[domid] : NULL;
}

static long create(struct xen_domctl *op)
{
	struct fake_domain *d;

	if (next_domid == FAKE_DOMAINS)
		next_domid = 1;
	if (find(next_domid) || fake_xen_free_frames() < 2)
		return -XEN_ENOMEM;
	d = &fake_domains[next_domid];
	*d = (struct fake_domain){ .exists = true, .pauses = 1 };
	start_scheduling(d);
	memcpy(d->uuid, op->u.createdomain.handle, sizeof(d->uuid));
	d->shared_info = frame_alloc(next_domid);
	d->grants = frame_alloc(next_domid);
	memset(frames[d->grants], 0, 4096);
	op->domain = next_domid++;
	return 0;
}

static void fill_info(domid_t domid, struct xen_domctl_getdomaininfo *info)
{
	const struct fake_domain *d = find(domid);

	*info = (struct xen_domctl_getdomaininfo){
		.domain = domid,
		.flags = d->flags | (d->pauses ? XEN_DOMINF_paused : 0),
		.tot_pages = d->pages,
		.max_pages = d->max_kb / 4,
		.shared_info_frame = d->shared_info,
		.cpu_time = d->cpu_time,
		.nr_online_vcpus = d->max_vcpus,
		.max_vcpu_id = d->max_vcpus - 1,
	};
	memcpy(info->handle, d->uuid, sizeof(info->handle));
}

static long destroy(domid_t domid)
{
	for (unsigned i = 0; i < FAKE_FRAMES; i++)
		if (owner[i] == (int)domid)
			owner[i] = -1;
	find(domid)->exists = false;
	return 0;
}

static long set_context(struct fake_domain *d, struct xen_domctl *op)
{
	memcpy(&d->context, op->u.vcpucontext.ctxt.p, sizeof(d->context));
	d->has_context = true;
	return 0;
}

static long get_affinity(const struct fake_domain *d, struct xen_domctl_vcpuaffinity *a)
{
	*(uint8_t *)a->cpumap_hard.bitmap.p = d->hard[a->vcpu];
	*(uint8_t *)a->cpumap_soft.bitmap.p = d->soft[a->vcpu];
	return 0;
}

static long set_affinity(struct fake_domain *d, const struct xen_domctl_vcpuaffinity *a)
{
	if (a->vcpu >= d->max_vcpus)
		return -XEN_ESRCH;
	if (a->flags & XEN_VCPUAFFINITY_FORCE)
		d->pinned_by_kernel[a->vcpu] = false;
	if (a->flags & XEN_VCPUAFFINITY_HARD) {
		if (d->pinned_by_kernel[a->vcpu])
			return -XEN_EBUSY;
		d->hard[a->vcpu] = *(uint8_t *)a->cpumap_hard.bitmap.p;
	}
	if (a->flags & XEN_VCPUAFFINITY_SOFT)
		d->soft[a->vcpu] = *(uint8_t *)a->cpumap_soft.bitmap.p;
	return 0;
}

static long scheduler_op(struct fake_domain *d, struct xen_domctl_scheduler_op *s)
{
	if (s->sched_id != XEN_SCHEDULER_CREDIT2)
		return -XEN_EINVAL;
	if (s->cmd == XEN_DOMCTL_SCHEDOP_putinfo) {
		d->weight = s->u.credit2.weight;
		d->cap = s->u.credit2.cap;
	}
	s->u.credit2.weight = d->weight;
	s->u.credit2.cap = d->cap;
	return 0;
}

static long pool_op(struct xen_sysctl_cpupool_op *p)
{
	p->sched_id = XEN_SCHEDULER_CREDIT2;
	p->n_dom = 0;
	for (unsigned i = 0; i < FAKE_DOMAINS; i++)
		p->n_dom += fake_domains[i].exists;
	*(uint8_t *)p->cpumap.bitmap.p = (1 << FAKE_CPUS) - 1;
	return 0;
}

static long ratelimit_op(struct xen_sysctl_scheduler_op *s)
{
	if (s->cmd == XEN_SYSCTL_SCHEDOP_putinfo)
		fake_ratelimit = s->u.sched_credit2.ratelimit_us;
	s->u.sched_credit2.ratelimit_us = fake_ratelimit;
	return 0;
}

static long domctl(struct xen_domctl *op)
{
	struct fake_domain *d = find(op->domain);

	if (op->interface_version != XEN_DOMCTL_INTERFACE_VERSION)
		return -XEN_EACCES;
	if (op->cmd == XEN_DOMCTL_createdomain)
		return create(op);
	if (!d)
		return -XEN_ESRCH;
	switch (op->cmd) {
	case XEN_DOMCTL_destroydomain:
		return destroy(op->domain);
	case XEN_DOMCTL_pausedomain:
		d->pauses++;
		return 0;
	case XEN_DOMCTL_unpausedomain:
		if (!d->pauses)
			return -XEN_EINVAL;
		d->pauses--;
		if (fake_crash_at_start)
			d->flags = XEN_DOMINF_shutdown |
				   SHUTDOWN_crash << XEN_DOMINF_shutdownshift;
		return 0;
	case XEN_DOMCTL_getdomaininfo:
		fill_info(op->domain, &op->u.getdomaininfo);
		return 0;
	case XEN_DOMCTL_max_vcpus:
		d->max_vcpus = op->u.max_vcpus.max;
		return 0;
	case XEN_DOMCTL_max_mem:
		d->max_kb = op->u.max_mem.max_memkb;
		return 0;
	case XEN_DOMCTL_set_address_size:
		return op->u.address_size.size == 64 ? 0 : -XEN_EINVAL;
	case XEN_DOMCTL_hypercall_init:
		d->hypercall_pages++;
		memset(frames[op->u.hypercall_init.gmfn], 0xcc, 4096);
		return owner[op->u.hypercall_init.gmfn] == (int)op->domain ? 0 : -XEN_EINVAL;
	case XEN_DOMCTL_setvcpucontext:
		return set_context(d, op);
	case XEN_DOMCTL_getvcpuinfo:
		op->u.getvcpuinfo.online = 1;
		return op->u.getvcpuinfo.vcpu < d->max_vcpus ? 0 : -XEN_ESRCH;
	case XEN_DOMCTL_getvcpuaffinity:
		return get_affinity(d, &op->u.vcpuaffinity);
	case XEN_DOMCTL_setvcpuaffinity:
		return set_affinity(d, &op->u.vcpuaffinity);
	case XEN_DOMCTL_scheduler_op:
		return scheduler_op(d, &op->u.scheduler_op);
	case XEN_DOMCTL_sendtrigger:
		d->trigger = op->u.sendtrigger.trigger + 1;
		return 0;
	default:
		return -XEN_ENOSYS;
	}
}

static long list_domains(struct xen_sysctl_getdomaininfolist *list)
{
	list->num_domains = 0;
	for (unsigned id = list->first_domain; id < FAKE_DOMAINS; id++)
		if (find(id) && list->num_domains < list->max_domains)
			fill_info(id, &list->buffer.p[list->num_domains++]);
	return 0;
}

static long sysctl(struct xen_sysctl *op)
{
	if (op->interface_version != XEN_SYSCTL_INTERFACE_VERSION)
		return -XEN_EACCES;
	switch (op->cmd) {
	case XEN_SYSCTL_getdomaininfolist:
		return list_domains(&op->u.getdomaininfolist);
	case XEN_SYSCTL_physinfo:
		op->u.physinfo = (struct xen_sysctl_physinfo){
			.nr_cpus = FAKE_CPUS, .max_cpu_id = FAKE_CPUS - 1, .nr_nodes = 1,
			.cores_per_socket = FAKE_CPUS, .threads_per_core = 1,
			.cpu_khz = 2100000, .total_pages = FAKE_FRAMES,
			.capabilities = XEN_SYSCTL_PHYSCAP_pv | XEN_SYSCTL_PHYSCAP_gnttab_v1,
			.free_pages = fake_xen_free_frames(),
		};
		return 0;
	case XEN_SYSCTL_sched_id:
		op->u.sched_id.sched_id = XEN_SCHEDULER_CREDIT2;
		return 0;
	case XEN_SYSCTL_scheduler_op:
		return ratelimit_op(&op->u.scheduler_op);
	case XEN_SYSCTL_cpupool_op:
		return pool_op(&op->u.cpupool_op);
	case XEN_SYSCTL_debug_keys:
		strncat(fake_keys, op->u.debug_keys.keys.p, op->u.debug_keys.nr_keys);
		return 0;
	case XEN_SYSCTL_readconsole:
		op->u.readconsole.count = 0;
		return 0;
	default:
		return -XEN_ENOSYS;
	}
}

static long populate(struct xen_memory_reservation *r)
{
	struct fake_domain *d = find(r->domid);
	unsigned long i;

	if (!d)
		return -XEN_ESRCH;
	if (r->extent_order)
		return 0;	/* memory is fragmented here */
	for (i = 0; i < r->nr_extents; i++) {
		uint64_t mfn = (d->pages + 1) * 4 <= d->max_kb ? frame_alloc(r->domid) : 0;

		if (!mfn)
			break;
		r->extent_start.p[i] = mfn;
		d->pages++;
	}
	return i;
}

static long memory_op(unsigned cmd, void *arg)
{
	struct xen_mem_acquire_resource *resource = arg;

	switch (cmd) {
	case XENMEM_populate_physmap:
		return populate(arg);
	case XENMEM_acquire_resource:
		if (!find(resource->domid))
			return -XEN_ESRCH;
		resource->frame_list.p[0] = find(resource->domid)->grants;
		return 0;
	default:
		return -XEN_ENOSYS;
	}
}

static long mmuext(const struct mmuext_op *op, domid_t domid)
{
	if (op->cmd != MMUEXT_PIN_L4_TABLE || !find(domid) || owner[op->arg1.mfn] != (int)domid)
		return -XEN_EINVAL;
	find(domid)->pinned = op->arg1.mfn;
	return 0;
}

static long alloc_unbound(struct evtchn_alloc_unbound *op)
{
	if (!find(op->dom))
		return -XEN_ESRCH;
	op->port = ++find(op->dom)->ports;
	return 0;
}

long pv_hypercall(unsigned int nr, unsigned long a1, unsigned long a2, unsigned long a3,
		  unsigned long a4, unsigned long a5)
{
	(void)a3;
	(void)a5;
	if ((int)fake_calls++ == fail_at)
		return -XEN_ENOMEM;
	switch (nr) {
	case __HYPERVISOR_domctl:
		return domctl((struct xen_domctl *)a1);
	case __HYPERVISOR_sysctl:
		return sysctl((struct xen_sysctl *)a1);
	case __HYPERVISOR_memory_op:
		return memory_op(a1, (void *)a2);
	case __HYPERVISOR_mmuext_op:
		return mmuext((const struct mmuext_op *)a1, a4);
	case __HYPERVISOR_event_channel_op:
		return a1 == EVTCHNOP_alloc_unbound ?
		       alloc_unbound((struct evtchn_alloc_unbound *)a2) : -XEN_ENOSYS;
	case __HYPERVISOR_xen_version:
		return a1 == XENVER_version ? 4 << 16 | 17 : -XEN_ENOSYS;
	default:
		return -XEN_ENOSYS;
	}
}

void *map_foreign(domid_t dom, const xen_pfn_t *mfns, size_t n, int prot, int *errs)
{
	struct mapping *m = malloc(sizeof(*m) + n * sizeof(m->mfns[0]));

	(void)prot;
	(void)errs;
	m->count = n;
	m->copy = malloc(n * 4096);
	for (size_t i = 0; i < n; i++) {
		if (mfns[i] >= FAKE_FRAMES || owner[mfns[i]] != (int)dom)
			abort();
		m->mfns[i] = mfns[i];
		memcpy(m->copy + i * 4096, frames[mfns[i]], 4096);
	}
	m->next = mappings;
	mappings = m;
	return m->copy;
}

void unmap_pages(void *p, size_t n)
{
	struct mapping **at = &mappings, *m;

	while (*at && (*at)->copy != p)
		at = &(*at)->next;
	m = *at;
	if (!m || m->count != n)
		abort();
	*at = m->next;
	for (size_t i = 0; i < n; i++)
		memcpy(frames[m->mfns[i]], m->copy + i * 4096, 4096);
	free(m->copy);
	free(m);
}
