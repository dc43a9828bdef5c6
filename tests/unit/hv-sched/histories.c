// SPDX-License-Identifier: MIT
/*
 * Every order of a few events with two vCPUs on one CPU: after each way out to a
 * guest every vCPU is where its flags say, and the CPU idles only if nobody wants it.
 */
#include "harness/harness.h"
#include "machine.h"

static void one_event(void)
{
	struct vcpu *v = &machine_vcpu[choose(2)][0];

	switch (choose(6)) {
	case 0:
		vcpu_wake(v);
		break;
	case 1:
		v->pause_count = !v->pause_count;
		if (v->pause_count)
			vcpu_sleep(v);
		else
			vcpu_recheck(v);
		break;
	case 2:
		if (machine_current()) {
			machine_current()->info->evtchn_upcall_pending = 0;
			vcpu_block_enable_events();
		}
		break;
	case 3:
		if (machine_current())
			vcpu_yield();
		break;
	case 4:
		machine_run(RUNQ_SLICE);
		break;
	default:
		v->pause_flags ^= VPF_DOWN;
		if (v->pause_flags & VPF_DOWN)
			vcpu_sleep(v);
		else
			vcpu_recheck(v);
	}
}

static void leave(void)
{
	bool wanted = false;

	machine_exit();
	for (unsigned i = 0; i < 2; i++)
		wanted |= vcpu_runnable(&machine_vcpu[i][0]);
	assert_int_equal(machine_current() != NULL, wanted);
}

static void step(void)
{
	one_event();
	/* The way out may come late: several events may precede it. */
	if (!choose(2))
		leave();
}

static void start(void)
{
	machine_start(NULL);
	for (unsigned i = 0; i < 2; i++)
		machine_up(&machine_vcpu[i][0]);
	machine_exit();
}

const struct harness harness = {
	.name = "the scheduler's queue",
	.start = start,
	.step = step,
	.end = leave,
	.steps = 4,
	.at_least = 50000,
	.chances = 50,
	.chance_steps = 1000,
};
