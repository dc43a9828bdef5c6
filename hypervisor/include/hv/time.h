/* SPDX-License-Identifier: MIT */
/*
 * What guests see of time: vcpu_time_info, wall clock, run states, and the timers
 * that end in VIRQ_TIMER.
 *
 * System time is one linear function of the TSC, the same on every CPU and from boot
 * on, and guests are given that very function. So it is written once for each vCPU,
 * not at every switch.
 */
#pragma once

#include <hv/types.h>
#include <xen/vcpu.h>

struct vcpu;
struct domain;

/** Rewrites vcpu_info.time (and the registered copy) with versioning. */
void time_update_vcpu(struct vcpu *v);
/** Writes the wall clock to shared_info. */
void time_update_wallclock(struct domain *d);
/** Sets the machine's wall clock: seconds and ns since 1970 at a system time; tells all
 *  domains. -XEN_EINVAL when nsec is a second or more, or before 1970 at boot. */
int time_set_wallclock(uint64_t sec, uint32_t nsec, uint64_t system_time);

/** Accounts a change of run state; v's queue lock is held, or nobody else knows v. */
void vcpu_runstate_change(struct vcpu *v, int new_state, uint64_t now);
/** A copy of the run states as of the last change; another CPU may wake v at any time. */
void vcpu_runstate_copy(const struct vcpu *v, struct vcpu_runstate_info *out);
/** A copy of the run states up to now. */
void vcpu_runstate_get(struct vcpu *v, struct vcpu_runstate_info *out);
/** CPU time consumed so far, ns. */
uint64_t vcpu_cpu_time(const struct vcpu *v);

/** Called by schedule() when v leaves a CPU, its run state changed already. */
void time_vcpu_leaves(struct vcpu *v);
/** Called by schedule() when v comes to a CPU: refreshes its registered areas. */
void time_vcpu_arrives(struct vcpu *v);
/** Writes the run states to the registered area, if there is one. */
void time_write_runstate(struct vcpu *v);

/** A new vCPU's timers; called by sched_vcpu_init(). */
void time_vcpu_init(struct vcpu *v);
/** Stops its timers and lets go of its areas; before the domain's memory is given back. */
void time_vcpu_destroy(struct vcpu *v);
/** The single-shot timer of v, which is the caller: at `expires` or, when that has passed, now. */
void time_set_singleshot(struct vcpu *v, uint64_t expires, uint64_t now);
/** Sets (period in ns) or stops (0) the periodic timer. */
void time_set_periodic(struct vcpu *v, uint64_t period);
