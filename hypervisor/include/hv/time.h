/* SPDX-License-Identifier: MIT */
/* What guests see of time: vcpu_time_info, wall clock, run states. */
#pragma once

#include <hv/types.h>

struct vcpu;
struct domain;

/** Rewrites vcpu_info.time (and the registered copy) with versioning. */
void time_update_vcpu(struct vcpu *v);
/** Writes the wall clock to shared_info. */
void time_update_wallclock(struct domain *d);
/** Accounts a change of run state and copies it to the registered area when v is current. */
void vcpu_runstate_change(struct vcpu *v, int new_state, uint64_t now);
/** Called by schedule() when v comes to a CPU: refreshes its registered areas. */
void time_vcpu_arrives(struct vcpu *v);
/** CPU time consumed so far, ns. */
uint64_t vcpu_cpu_time(const struct vcpu *v);
