// SPDX-License-Identifier: MIT
/*
 * Uses the processor. Command line: seconds=N ends after N seconds (else it goes on for ever),
 * share=N computes for N percent of the time and sleeps for the rest, cpus=N does so on N
 * virtual processors, wait=N sleeps for N seconds before.
 */
#include <stdio.h>
#include <stdlib.h>

#include <pvguest/clock.h>
#include <pvguest/control.h>
#include <pvguest/cpu.h>
#include <pvguest/hypercall.h>
#include <pvguest/start.h>
#include <pvguest/thread.h>

#include <xen/vcpu.h>

#define SLICE_NS	(100 * NSEC_PER_MSEC)
#define REPORT_NS	(5 * NSEC_PER_SEC)

static unsigned long share;
PV_PER_CPU(static, uint64_t, steps);	/* done so far; each CPU writes its own */

static unsigned long number_arg(const char *name, unsigned long otherwise)
{
	const char *text = pv_cmdline_get(name);

	return text ? strtoul(text, NULL, 0) : otherwise;
}

/* How long this CPU has run, by the hypervisor's books: waiting for a turn does not count. */
static uint64_t running_ns(void)
{
	struct vcpu_runstate_info r;

	hypercall_vcpu_op(VCPUOP_get_runstate_info, pv_cpu_id(), &r);
	return r.time[RUNSTATE_running];
}

/* A linear congruential generator's steps, something that no compiler takes away, for `share` of a
 * slice of CPU time, or until the slice is over. */
static void compute(uint64_t slice_end, uint64_t *state)
{
	uint64_t until = running_ns() + SLICE_NS * share / 100;

	do {
		for (int i = 0; i < 10000; i++)
			*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
		*this_cpu(steps) += 10000;
	} while (clock_monotonic_ns() < slice_end && (share == 100 || running_ns() < until));
}

/* On each CPU but the first, for ever: the domain's end is theirs. */
static void compute_on(void *arg)
{
	uint64_t state = pv_cpu_id();

	(void)arg;
	for (;;) {
		uint64_t end = deadline_in(SLICE_NS);

		compute(end, &state);
		while (clock_monotonic_ns() < end)
			pv_cpu_idle(end);
	}
}

static uint64_t million_steps(void)
{
	uint64_t all = 0;

	for (unsigned int cpu = 0; cpu < PV_CPUS_MAX; cpu++)
		all += *per_cpu(steps, cpu);
	return all / 1000000;
}

static int start_cpus(unsigned long n)
{
	for (unsigned int cpu = 1; cpu < n; cpu++) {
		int rc = pv_cpu_start(cpu, compute_on, NULL);

		if (!rc)
			continue;
		printf("hog: CPU %u cannot be started (error %d)\n", cpu, -rc);
		return rc;
	}
	return 0;
}

int main(void)
{
	uint64_t seconds = number_arg("seconds", 0), cpus = number_arg("cpus", 1);
	uint64_t start, report, state = 0;

	share = number_arg("share", 100);
	if (share < 1 || share > 100) {
		printf("hog: share=%s: 1 to 100 is possible\n", pv_cmdline_get("share"));
		return 1;
	}
	if (cpus < 1 || cpus > pv_cpu_count()) {
		printf("hog: cpus=%s: 1 to %u is possible\n", pv_cmdline_get("cpus"), pv_cpu_count());
		return 1;
	}
	control_start(NULL, NULL);
	thread_sleep(number_arg("wait", 0) * NSEC_PER_SEC);
	start = clock_monotonic_ns();
	report = start + REPORT_NS;
	if (start_cpus(cpus))
		return 1;
	printf("hog: computing %lu %% of the time on %lu CPU%s\n", share, cpus, cpus > 1 ? "s" : "");
	while (!seconds || clock_monotonic_ns() < start + seconds * NSEC_PER_SEC) {
		uint64_t end = deadline_in(SLICE_NS), now;

		compute(end, &state);
		now = clock_monotonic_ns();
		if (share < 100 && now < end)
			thread_sleep(end - now);
		thread_yield();
		if (clock_monotonic_ns() < report)
			continue;
		report += REPORT_NS;
		printf("hog: %lu million steps in %lu s\n", million_steps(),
		       (clock_monotonic_ns() - start) / NSEC_PER_SEC);
	}
	printf("hog: done, %lu million steps (%lx)\n", million_steps(), state);
	return 0;
}
