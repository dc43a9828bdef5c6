// SPDX-License-Identifier: MIT
/*
 * Every order of a few events with two vCPUs on one CPU: after each way out to a
 * guest every vCPU is where its flags say, and the CPU idles only if nobody wants it.
 */
#include "machine.h"

#include "choose.h"

#define STEPS 4

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

static void every_order_of_events_leaves_everyone_in_place(void **state)
{
	unsigned histories = 0;

	do {
		machine_start(state);
		for (unsigned i = 0; i < 2; i++)
			machine_up(&machine_vcpu[i][0]);
		machine_exit();
		for (unsigned i = 0; i < STEPS; i++) {
			bool wanted = false;

			one_event();
			/* The way out may come late: several events may precede it. */
			if (choose(2))
				continue;
			machine_exit();
			for (unsigned j = 0; j < 2; j++)
				wanted |= vcpu_runnable(&machine_vcpu[j][0]);
			assert_int_equal(machine_current() != NULL, wanted);
		}
		machine_exit();
		histories++;
	} while (choose_again());
	assert_true(histories > 50000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(every_order_of_events_leaves_everyone_in_place,
				       machine_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
