// SPDX-License-Identifier: MIT
/*
 * How late a vCPU that sleeps comes to run when its time has come, while others compute. It sleeps between
 * 1 and 10 ms, `samples=N` times, and says the median, the 99th percentile and the worst, in ns.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <pvguest/clock.h>
#include <pvguest/event.h>
#include <pvguest/start.h>

#define MAX 2000

static uint64_t late[MAX];

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

int main(void)
{
	const char *text = pv_cmdline_get("samples");
	unsigned long n = text ? strtoul(text, NULL, 0) : 200;
	uint64_t random = 1;

	if (n < 1 || n > MAX) {
		printf("latency: samples=%s: 1 to %d is possible\n", text, MAX);
		return 1;
	}
	for (unsigned long i = 0; i < n; i++) {
		uint64_t wanted, now;

		random = random * 6364136223846793005UL + 1442695040888963407UL;
		wanted = deadline_in(NSEC_PER_MSEC + (random >> 33) % (9 * NSEC_PER_MSEC));
		while ((now = clock_monotonic_ns()) < wanted) {
			event_block(wanted);
			event_poll();
		}
		late[i] = now - wanted;
	}
	qsort(late, n, sizeof(late[0]), compare);
	printf("latency: median %lu 99%% %lu worst %lu ns of %lu\n", late[n / 2], late[n * 99 / 100],
	       late[n - 1], n);
	return 0;
}
