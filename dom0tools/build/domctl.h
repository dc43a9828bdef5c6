/* SPDX-License-Identifier: MIT */
/*
 * The control operations that dom0 uses, one function each, so that nobody else
 * fills in their unions. All return 0 or -XEN_Exxx unless said otherwise.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/xen.h>
#include <xen/domctl.h>
#include <xen/sysctl.h>

/** What a domain is created with; it cannot be changed later. */
struct domctl_limits {
	uint8_t uuid[16];
	unsigned max_vcpus;
	unsigned max_event_channels;
	int max_grant_frames;		/* -1: the hypervisor's default */
	int max_maptrack_frames;
	unsigned max_grant_version;
};

/** Creates an empty PV domain, paused once. */
int domctl_create(const struct domctl_limits *limits, domid_t *domid);
int domctl_max_vcpus(domid_t domid, unsigned max);
int domctl_max_mem(domid_t domid, uint64_t kb);
int domctl_set_64bit(domid_t domid);
int domctl_set_tsc_mode(domid_t domid, unsigned mode);
int domctl_set_time_offset(domid_t domid, int64_t seconds);
int domctl_hypercall_page(domid_t domid, uint64_t mfn);
int domctl_set_context(domid_t domid, unsigned vcpu, struct vcpu_guest_context *context);
int domctl_pause(domid_t domid);
int domctl_unpause(domid_t domid);

/** Ends the domain and gives back what it has; goes on until all that can be done is done. */
int domctl_destroy(domid_t domid);

/** Sends XEN_DOMCTL_SENDTRIGGER_xxx to a vCPU. */
int domctl_trigger(domid_t domid, unsigned trigger, unsigned vcpu);

/** This very domain, not the next one with a higher id; -XEN_ESRCH when there is none. */
int domctl_info(domid_t domid, struct xen_domctl_getdomaininfo *info);
int domctl_vcpu_info(domid_t domid, unsigned vcpu, struct xen_domctl_getvcpuinfo *info);

/** Fills both maps with `bytes` bytes of CPU bits. */
int domctl_vcpu_affinity(domid_t domid, unsigned vcpu, uint8_t *hard, uint8_t *soft, size_t bytes);

/**
 * Sets where the vCPU may run and where it would rather run; NULL leaves that alone. With force a
 * pinning that the domain's kernel has made for itself ends first; without, it is -XEN_EBUSY.
 */
int domctl_set_vcpu_affinity(domid_t domid, unsigned vcpu, const uint8_t *hard, const uint8_t *soft,
			     size_t bytes, bool force);

/** Weight and cap of the domain under the credit2 scheduler; those that are -1 stay. */
int domctl_sched_set(domid_t domid, int weight, int cap);
int domctl_sched_get(domid_t domid, unsigned *weight, unsigned *cap);

/** Makes a port of domain domid that `remote` may bind to; returns it or -XEN_Exxx. */
int domctl_alloc_port(domid_t domid, domid_t remote);

/** All domains from `first` on, at most max; returns their number or -XEN_Exxx. */
int sysctl_domains(domid_t first, struct xen_domctl_getdomaininfo *info, unsigned max);
int sysctl_physinfo(struct xen_sysctl_physinfo *info);
int sysctl_scheduler(uint32_t *id);
/** The scheduler's rate limit in microseconds, and what it becomes. */
int sysctl_ratelimit_get(unsigned *us);
int sysctl_ratelimit_set(unsigned us);
/** The only pool of CPUs, number 0; the map of its CPUs gets `bytes` bytes. */
int sysctl_cpupool(struct xen_sysctl_cpupool_op *pool, uint8_t *cpus, size_t bytes);
/** Presses each of the keys in turn on the hypervisor's console. */
int sysctl_debug_keys(const char *keys, size_t count);
/**
 * Reads the hypervisor's log from *index on (0 at first, then where the last call ended), at most
 * *size bytes; with clear empties it behind. *size becomes 0 at the end.
 */
int sysctl_read_console(char *buffer, uint32_t *size, uint32_t *index, bool clear);
