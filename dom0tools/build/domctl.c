/* SPDX-License-Identifier: MIT */
/*
 * domctl and sysctl calls. The structures go to the hypervisor by address, so
 * they stand on the caller's stack; none is kept.
 */
#include "build/domctl.h"

#include <string.h>

#include <xen/errno.h>
#include <xen/event_channel.h>

#include "pvguest/hypercall.h"
#include "pvguest/thread.h"

static struct xen_domctl domctl_op(uint32_t cmd, domid_t domid)
{
	return (struct xen_domctl){
		.cmd = cmd,
		.interface_version = XEN_DOMCTL_INTERFACE_VERSION,
		.domain = domid,
	};
}

static struct xen_sysctl sysctl_op(uint32_t cmd)
{
	return (struct xen_sysctl){
		.cmd = cmd,
		.interface_version = XEN_SYSCTL_INTERFACE_VERSION,
	};
}

/* The highest version of grant tables that the hypervisor has, as the tools of Xen find it. */
static unsigned grant_version(unsigned wanted)
{
	struct xen_sysctl op = {
		.cmd = XEN_SYSCTL_physinfo,
		.interface_version = XEN_SYSCTL_INTERFACE_VERSION,
	};

	if (hypercall_sysctl(&op))
		return wanted;
	return op.u.physinfo.capabilities & XEN_SYSCTL_PHYSCAP_gnttab_v2 ? wanted : 1;
}

int domctl_create(const struct domctl_limits *limits, domid_t *domid)
{
	struct xen_domctl op = domctl_op(XEN_DOMCTL_createdomain, 0);
	struct xen_domctl_createdomain *c = &op.u.createdomain;
	int err;

	memcpy(c->handle, limits->uuid, sizeof(c->handle));
	c->max_vcpus = limits->max_vcpus;
	c->max_evtchn_port = limits->max_event_channels;
	c->max_grant_frames = limits->max_grant_frames;
	c->max_maptrack_frames = limits->max_maptrack_frames;
	c->grant_opts = XEN_DOMCTL_GRANT_version(grant_version(limits->max_grant_version));
	err = hypercall_domctl(&op);
	*domid = op.domain;
	return err;
}

int domctl_max_vcpus(domid_t domid, unsigned max)
{
	struct xen_domctl op = domctl_op(XEN_DOMCTL_max_vcpus, domid);

	op.u.max_vcpus.max = max;
	return hypercall_domctl(&op);
}

int domctl_max_mem(domid_t domid, uint64_t kb)
{
	struct xen_domctl op = domctl_op(XEN_DOMCTL_max_mem, domid);

	op.u.max_mem.max_memkb = kb;
	return hypercall_domctl(&op);
}

int domctl_set_64bit(domid_t domid)
{
	struct xen_domctl op = domctl_op(XEN_DOMCTL_set_address_size, domid);

	op.u.address_size.size = 64;
	return hypercall_domctl(&op);
}

int domctl_set_tsc_mode(domid_t domid, unsigned mode)
{
	struct xen_domctl op = domctl_op(XEN_DOMCTL_settscinfo, domid);

	op.u.tsc_info.tsc_mode = mode;
	return hypercall_domctl(&op);
}

int domctl_set_time_offset(domid_t domid, int64_t seconds)
{
	struct xen_domctl op = domctl_op(XEN_DOMCTL_settimeoffset, domid);

	op.u.settimeoffset.time_offset_seconds = seconds;
	return hypercall_domctl(&op);
}

int domctl_hypercall_page(domid_t domid, uint64_t mfn)
{
	struct xen_domctl op = domctl_op(XEN_DOMCTL_hypercall_init, domid);

	op.u.hypercall_init.gmfn = mfn;
	return hypercall_domctl(&op);
}

int domctl_set_context(domid_t domid, unsigned vcpu, struct vcpu_guest_context *context)
{
	struct xen_domctl op = domctl_op(XEN_DOMCTL_setvcpucontext, domid);

	op.u.vcpucontext.vcpu = vcpu;
	set_xen_guest_handle(op.u.vcpucontext.ctxt, context);
	return hypercall_domctl(&op);
}

int domctl_pause(domid_t domid)
{
	struct xen_domctl op = domctl_op(XEN_DOMCTL_pausedomain, domid);

	return hypercall_domctl(&op);
}

int domctl_unpause(domid_t domid)
{
	struct xen_domctl op = domctl_op(XEN_DOMCTL_unpausedomain, domid);

	return hypercall_domctl(&op);
}

int domctl_destroy(domid_t domid)
{
	struct xen_domctl op;
	int err;

	do {
		op = domctl_op(XEN_DOMCTL_destroydomain, domid);
		err = hypercall_domctl(&op);
		if (err == -XEN_EAGAIN)
			thread_yield();
	} while (err == -XEN_EAGAIN);
	return err;
}

int domctl_trigger(domid_t domid, unsigned trigger, unsigned vcpu)
{
	struct xen_domctl op = domctl_op(XEN_DOMCTL_sendtrigger, domid);

	op.u.sendtrigger.trigger = trigger;
	op.u.sendtrigger.vcpu = vcpu;
	return hypercall_domctl(&op);
}

int domctl_info(domid_t domid, struct xen_domctl_getdomaininfo *info)
{
	struct xen_domctl op = domctl_op(XEN_DOMCTL_getdomaininfo, domid);
	int err = hypercall_domctl(&op);

	if (err)
		return err;
	*info = op.u.getdomaininfo;
	return info->domain == domid ? 0 : -XEN_ESRCH;
}

int domctl_vcpu_info(domid_t domid, unsigned vcpu, struct xen_domctl_getvcpuinfo *info)
{
	struct xen_domctl op = domctl_op(XEN_DOMCTL_getvcpuinfo, domid);
	int err;

	op.u.getvcpuinfo.vcpu = vcpu;
	err = hypercall_domctl(&op);
	*info = op.u.getvcpuinfo;
	return err;
}

int domctl_vcpu_affinity(domid_t domid, unsigned vcpu, uint8_t *hard, uint8_t *soft, size_t bytes)
{
	struct xen_domctl op = domctl_op(XEN_DOMCTL_getvcpuaffinity, domid);
	struct xen_domctl_vcpuaffinity *a = &op.u.vcpuaffinity;

	memset(hard, 0, bytes);
	memset(soft, 0, bytes);
	a->vcpu = vcpu;
	a->flags = XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT;
	set_xen_guest_handle(a->cpumap_hard.bitmap, hard);
	set_xen_guest_handle(a->cpumap_soft.bitmap, soft);
	a->cpumap_hard.nr_bits = a->cpumap_soft.nr_bits = bytes * 8;
	return hypercall_domctl(&op);
}

int domctl_set_vcpu_affinity(domid_t domid, unsigned vcpu, const uint8_t *hard, const uint8_t *soft,
			     size_t bytes, bool force)
{
	struct xen_domctl op = domctl_op(XEN_DOMCTL_setvcpuaffinity, domid);
	struct xen_domctl_vcpuaffinity *a = &op.u.vcpuaffinity;
	uint8_t maps[2][bytes];	/* the hypervisor writes what has come of it */

	a->vcpu = vcpu;
	a->flags = force ? XEN_VCPUAFFINITY_FORCE : 0;
	if (hard) {
		a->flags |= XEN_VCPUAFFINITY_HARD;
		memcpy(maps[0], hard, bytes);
		set_xen_guest_handle(a->cpumap_hard.bitmap, maps[0]);
		a->cpumap_hard.nr_bits = bytes * 8;
	}
	if (soft) {
		a->flags |= XEN_VCPUAFFINITY_SOFT;
		memcpy(maps[1], soft, bytes);
		set_xen_guest_handle(a->cpumap_soft.bitmap, maps[1]);
		a->cpumap_soft.nr_bits = bytes * 8;
	}
	return hypercall_domctl(&op);
}

static int sched_op(domid_t domid, unsigned cmd, unsigned *weight, unsigned *cap)
{
	struct xen_domctl op = domctl_op(XEN_DOMCTL_scheduler_op, domid);
	struct xen_domctl_scheduler_op *s = &op.u.scheduler_op;
	int err = sysctl_scheduler(&s->sched_id);

	if (err)
		return err;
	if (s->sched_id != XEN_SCHEDULER_CREDIT2)
		return -XEN_EOPNOTSUPP;
	s->cmd = cmd;
	s->u.credit2.weight = *weight;
	s->u.credit2.cap = *cap;
	err = hypercall_domctl(&op);
	*weight = s->u.credit2.weight;
	*cap = s->u.credit2.cap;
	return err;
}

int domctl_sched_get(domid_t domid, unsigned *weight, unsigned *cap)
{
	*weight = *cap = 0;
	return sched_op(domid, XEN_DOMCTL_SCHEDOP_getinfo, weight, cap);
}

int domctl_sched_set(domid_t domid, int weight, int cap)
{
	unsigned new_weight, new_cap;
	int err = domctl_sched_get(domid, &new_weight, &new_cap);

	if (err)
		return err;
	if (weight >= 0)
		new_weight = weight;
	if (cap >= 0)
		new_cap = cap;
	return sched_op(domid, XEN_DOMCTL_SCHEDOP_putinfo, &new_weight, &new_cap);
}

int domctl_alloc_port(domid_t domid, domid_t remote)
{
	struct evtchn_alloc_unbound op = { .dom = domid, .remote_dom = remote };
	int err = hypercall_event_channel_op(EVTCHNOP_alloc_unbound, &op);

	return err ? err : (int)op.port;
}

int sysctl_domains(domid_t first, struct xen_domctl_getdomaininfo *info, unsigned max)
{
	struct xen_sysctl op = sysctl_op(XEN_SYSCTL_getdomaininfolist);
	int err;

	op.u.getdomaininfolist.first_domain = first;
	op.u.getdomaininfolist.max_domains = max;
	set_xen_guest_handle(op.u.getdomaininfolist.buffer, info);
	err = hypercall_sysctl(&op);
	return err ? err : (int)op.u.getdomaininfolist.num_domains;
}

int sysctl_physinfo(struct xen_sysctl_physinfo *info)
{
	struct xen_sysctl op = sysctl_op(XEN_SYSCTL_physinfo);
	int err = hypercall_sysctl(&op);

	*info = op.u.physinfo;
	return err;
}

int sysctl_scheduler(uint32_t *id)
{
	struct xen_sysctl op = sysctl_op(XEN_SYSCTL_sched_id);
	int err = hypercall_sysctl(&op);

	*id = op.u.sched_id.sched_id;
	return err;
}

static int ratelimit_op(uint32_t cmd, unsigned *us)
{
	struct xen_sysctl op = sysctl_op(XEN_SYSCTL_scheduler_op);
	int err;

	op.u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT2;
	op.u.scheduler_op.cmd = cmd;
	op.u.scheduler_op.u.sched_credit2.ratelimit_us = *us;
	err = hypercall_sysctl(&op);
	*us = op.u.scheduler_op.u.sched_credit2.ratelimit_us;
	return err;
}

int sysctl_ratelimit_get(unsigned *us)
{
	*us = 0;
	return ratelimit_op(XEN_SYSCTL_SCHEDOP_getinfo, us);
}

int sysctl_ratelimit_set(unsigned us)
{
	return ratelimit_op(XEN_SYSCTL_SCHEDOP_putinfo, &us);
}

int sysctl_cpupool(struct xen_sysctl_cpupool_op *pool, uint8_t *cpus, size_t bytes)
{
	struct xen_sysctl op = sysctl_op(XEN_SYSCTL_cpupool_op);
	int err;

	memset(cpus, 0, bytes);
	op.u.cpupool_op.op = XEN_SYSCTL_CPUPOOL_OP_INFO;
	set_xen_guest_handle(op.u.cpupool_op.cpumap.bitmap, cpus);
	op.u.cpupool_op.cpumap.nr_bits = bytes * 8;
	err = hypercall_sysctl(&op);
	*pool = op.u.cpupool_op;
	return err;
}

int sysctl_debug_keys(const char *keys, size_t count)
{
	struct xen_sysctl op = sysctl_op(XEN_SYSCTL_debug_keys);

	set_xen_guest_handle(op.u.debug_keys.keys, keys);
	op.u.debug_keys.nr_keys = count;
	return hypercall_sysctl(&op);
}

int sysctl_read_console(char *buffer, uint32_t *size, uint32_t *index, bool clear)
{
	struct xen_sysctl op = sysctl_op(XEN_SYSCTL_readconsole);
	int err;

	op.u.readconsole.clear = clear;
	op.u.readconsole.incremental = 1;
	op.u.readconsole.index = *index;
	set_xen_guest_handle(op.u.readconsole.buffer, buffer);
	op.u.readconsole.count = *size;
	err = hypercall_sysctl(&op);
	*size = err ? 0 : op.u.readconsole.count;
	*index = op.u.readconsole.index;
	return err;
}
