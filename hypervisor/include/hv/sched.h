/* SPDX-License-Identifier: MIT */
/* Scheduling of vCPUs. First version: the names that other parts rely on. */
#pragma once

#include <hv/types.h>
#include <hv/timer.h>

struct vcpu;
struct domain;

struct sched_vcpu {
	struct vcpu *next, *prev;	/* run queue */
	bool queued;
	uint64_t credit;
	uint64_t slice_end;
};

void sched_init(void);
int sched_vcpu_init(struct vcpu *v);
void sched_vcpu_destroy(struct vcpu *v);
/** Picks the next vCPU of this CPU and switches to it; called on the exit path. */
void schedule(void);
/** Makes a blocked vCPU runnable; harmless otherwise. */
void vcpu_wake(struct vcpu *v);
/** The vCPU may no longer run (paused, down, dying): takes it off the queue or the CPU. */
void vcpu_sleep(struct vcpu *v);
/** Blocks the current vCPU until an event is pending (sched_op block, HLT). */
void vcpu_block(void);
void sched_dump(void);
