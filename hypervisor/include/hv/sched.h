/* SPDX-License-Identifier: MIT */
/*
 * Scheduling of vCPUs: one run queue a CPU (hv/runq.h decides), time slices only
 * while somebody waits, a vCPU that wakes preempts one that has had more. CPUs that
 * idle take from those where vCPUs wait, and those keep step with each other. What a
 * domain's weight and cap mean says hv/share.h; docs/scheduler.md tells it all.
 *
 * There is one stack a CPU and nothing blocks inside the hypervisor. Whoever finds
 * that another vCPU should run raises CPU_WORK_RESCHED; the way out to a guest calls
 * schedule(), which exchanges the guest's registers on this CPU and returns.
 */
#pragma once

#include <hv/cpumask.h>
#include <hv/lock.h>
#include <hv/runq.h>
#include <hv/share.h>
#include <hv/timer.h>
#include <hv/types.h>

struct vcpu;
struct domain;

struct sched_vcpu {
	/* the lock of the queue that v->processor names must be held for these */
	struct runq_entity entity;
	uint64_t since;			/* it runs, and was charged, up to this system time */
	uint64_t came;			/* when it came to the CPU */
	bool on_cpu;			/* it runs, until schedule() says otherwise */
	bool yields;			/* lets any other go first, once */
	bool wanting;			/* counted in its domain's crowd */
	bool parked;			/* its domain has used up its cap */
	bool claims;			/* counted in its capped domain's claims */
	uint64_t crowd_time;		/* its domain's when it was charged last */
	int64_t grant;			/* run time that it took of its domain's cap, ns */
	uint64_t grant_ends;		/* when it would be used up; 0: there is none */
	uint64_t claimed;		/* the period in which its claim began, or was left to it */
	uint64_t taken;			/* all that it took so, beside its siblings; ns */

	/* the control domain's */
	cpumask_t hard_affinity;	/* CPUs where it may run */
	cpumask_t soft_affinity;	/* where it would rather run */
	cpumask_t unpinned;		/* hard affinity after pin_override */
	bool pinned;			/* by that */
	bool anywhere;			/* it may run on every CPU there is */
};

/* What a domain's vCPUs have in common. */
struct sched_domain {
	spinlock_t lock;		/* must be held for these */
	struct share share;
	uint64_t last_vtime;		/* of the vCPU that ran last, */
	uint32_t last_cpu;		/* and where */
	struct timer refill;		/* a new period of the cap, or another vCPU's turn in it */
	uint64_t looked;		/* when that was last */
};

/** Once at boot, before the first vCPU. */
void sched_init(void);
/** A new vCPU: not queued. It is runnable for the first time when vcpu_wake() finds it so. */
int sched_vcpu_init(struct vcpu *v);
/** Takes it out of everything that would run it or call it back; it must be off its CPU. */
void sched_vcpu_destroy(struct vcpu *v);
/** A new domain's: weight, watchdogs. */
void sched_domain_init(struct domain *d);
/** Stops the timers of the domain. */
void sched_domain_destroy(struct domain *d);

/** Picks the next vCPU of this CPU and switches to it; called on the exit path. */
void schedule(void);
/**
 * Ends v's wait for an event (block or poll), if it waits, and lets it run if nothing
 * else keeps it: for events, and also right after a pause count or VPF_DOWN went.
 */
void vcpu_wake(struct vcpu *v);
/** Lets v run if nothing keeps it any more (unpause, VCPUOP_up); a blocked one stays so. */
void vcpu_recheck(struct vcpu *v);
/** The vCPU may no longer run (paused, down, dying): takes it off the queue or the CPU. */
void vcpu_sleep(struct vcpu *v);
/** Blocks the current vCPU until an event is pending (HLT). */
void vcpu_block(void);
/** The same after opening its event mask (sched_op block). */
void vcpu_block_enable_events(void);
/** Lets the next in the queue, if any, run before the current vCPU goes on. */
void vcpu_yield(void);

/** The weight of a domain, which its busy vCPUs divide among them: 1 to RUNQ_WEIGHT_MAX. */
void sched_set_weight(struct domain *d, unsigned weight);
/** The most that all its vCPUs together may run, in % of one CPU; 0: no limit. */
void sched_set_cap(struct domain *d, unsigned cap);
unsigned sched_weight(const struct domain *d);
unsigned sched_cap(const struct domain *d);
/** CPUs where v may run: -XEN_EINVAL when none of them is running, -XEN_EBUSY while it is
 *  pinned by SCHEDOP_pin_override. */
int sched_set_affinity(struct vcpu *v, const cpumask_t *cpus);
/**
 * SCHEDOP_pin_override: pins v to one CPU until this is undone (cpu below 0).
 * 0, -XEN_EINVAL (no such CPU), -XEN_EBUSY (pinned).
 */
int sched_pin_override(struct vcpu *v, int cpu);
/** The CPUs that are running, as a set. */
cpumask_t sched_online_cpus(void);
/** Time that a vCPU runs at least before one that wakes takes its place, ns. */
uint32_t sched_ratelimit(void);
void sched_set_ratelimit(uint32_t ns);
void sched_dump(void);
/** Whole-state check of all run queues; prints what is wrong, returns the number. */
unsigned sched_check(void);
