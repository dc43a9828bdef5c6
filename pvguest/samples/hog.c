// SPDX-License-Identifier: MIT
/*
 * Uses the processor. Command line: seconds=N ends after N seconds (else it goes on for ever),
 * share=N computes for N percent of the time and sleeps for the rest.
 */
#include <stdio.h>
#include <stdlib.h>

#include <pvguest/clock.h>
#include <pvguest/control.h>
#include <pvguest/start.h>
#include <pvguest/thread.h>

#define SLICE_NS	(100 * NSEC_PER_MSEC)
#define REPORT_NS	(5 * NSEC_PER_SEC)

static unsigned long number_arg(const char *name, unsigned long otherwise)
{
	const char *text = pv_cmdline_get(name);

	return text ? strtoul(text, NULL, 0) : otherwise;
}

/* A linear congruential generator's steps: something that no compiler takes away. */
static uint64_t compute_until(uint64_t deadline, uint64_t *state)
{
	uint64_t steps = 0;

	do {
		for (int i = 0; i < 10000; i++)
			*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
		steps += 10000;
	} while (clock_monotonic_ns() < deadline);
	return steps;
}

int main(void)
{
	uint64_t share = number_arg("share", 100), seconds = number_arg("seconds", 0);
	uint64_t start = clock_monotonic_ns(), report = start + REPORT_NS, steps = 0, state = 1;

	if (share < 1 || share > 100) {
		printf("hog: share=%s: 1 to 100 is possible\n", pv_cmdline_get("share"));
		return 1;
	}
	control_start(NULL, NULL);
	printf("hog: computing %lu %% of the time\n", share);
	while (!seconds || clock_monotonic_ns() < start + seconds * NSEC_PER_SEC) {
		steps += compute_until(deadline_in(SLICE_NS * share / 100), &state);
		if (share < 100)
			thread_sleep(SLICE_NS * (100 - share) / 100);
		thread_yield();
		if (clock_monotonic_ns() < report)
			continue;
		report += REPORT_NS;
		printf("hog: %lu million steps in %lu s\n", steps / 1000000,
		       (clock_monotonic_ns() - start) / NSEC_PER_SEC);
	}
	printf("hog: done, %lu million steps (%lx)\n", steps / 1000000, state);
	return 0;
}
