// SPDX-License-Identifier: MIT
/*
 * Takes all memory that it can get, writes to all of it, reads it back, gives it back, and begins
 * again. Command line: rounds=N ends after N rounds (else it goes on for ever).
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <pvguest/clock.h>
#include <pvguest/control.h>
#include <pvguest/memory.h>
#include <pvguest/start.h>
#include <pvguest/thread.h>

#define WORDS		(PAGE_SIZE / sizeof(uint64_t))
#define SHARE_EVERY	1024	/* pages between two looks at what else there is to do */

/* Pages in a list through their first words; the others say which page it is. */
static uint64_t *take_all(unsigned long *count)
{
	uint64_t *list = NULL, *page;

	for (*count = 0; (page = page_alloc(0)); ++*count) {
		for (size_t i = 1; i < WORDS; i++)
			page[i] = (uint64_t)page + i;
		page[0] = (uint64_t)list;
		list = page;
		if (*count % SHARE_EVERY == 0)
			thread_yield();
	}
	return list;
}

static unsigned long give_back(uint64_t *list)
{
	unsigned long wrong = 0;

	for (unsigned long n = 0; list; n++) {
		uint64_t *page = list;

		for (size_t i = 1; i < WORDS; i++)
			wrong += page[i] != (uint64_t)page + i;
		list = (uint64_t *)page[0];
		page_free(page, 0);
		if (n % SHARE_EVERY == 0)
			thread_yield();
	}
	return wrong;
}

int main(void)
{
	const char *text = pv_cmdline_get("rounds");
	unsigned long rounds = text ? strtoul(text, NULL, 0) : 0;

	control_start(NULL, NULL);
	printf("memhog: %lu MiB, of which %lu MiB are free\n", memory_total_pages() / 256,
	       memory_free_pages() / 256);
	for (unsigned long r = 1; !rounds || r <= rounds; r++) {
		uint64_t start = clock_monotonic_ns();
		unsigned long count, wrong;
		uint64_t *list = take_all(&count);

		wrong = give_back(list);
		printf("memhog: round %lu: %lu KiB written and read in %lu ms, %lu words wrong\n",
		       r, count * 4, (clock_monotonic_ns() - start) / NSEC_PER_MSEC, wrong);
		if (wrong)
			return 1;
		thread_sleep(NSEC_PER_SEC / 2);
	}
	return 0;
}
