// SPDX-License-Identifier: MIT
/* Threads, mutexes, wait queues, sleeping. */
#include "selftest.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <pvguest/clock.h>
#include <pvguest/memory.h>
#include <pvguest/thread.h>

static struct waitq queue;
static struct mutex mutex;
static int turns, inside, most_inside;
static bool go;

static void turn_taker(void *arg)
{
	(void)arg;
	for (int i = 0; i < 100; i++) {
		mutex_lock(&mutex);
		if (++inside > most_inside)
			most_inside = inside;
		thread_yield();
		inside--;
		turns++;
		mutex_unlock(&mutex);
	}
}

static void waiter(void *arg)
{
	wait_event(&queue, go);
	errno = (int)(intptr_t)arg;
	thread_yield();
	turns += errno == (int)(intptr_t)arg;
}

static void deep(void *arg)
{
	char big[32 * 1024];

	memset(big, 1, sizeof(big));
	*(int *)arg = big[17];
}

static void sleeper(void *arg)
{
	thread_sleep((uintptr_t)arg * NSEC_PER_MSEC);
}

static void test_time(void)
{
	uint64_t before = clock_monotonic_ns(), took;
	struct thread *t[3];

	for (uintptr_t i = 0; i < 3; i++)
		t[i] = thread_create("sleeper", sleeper, (void *)(30 * (i + 1)));
	for (int i = 0; i < 3; i++)
		thread_join(t[i]);
	took = clock_monotonic_ns() - before;
	check(took >= 90 * NSEC_PER_MSEC && took < NSEC_PER_SEC,
	      "three threads sleep side by side");
	check(!wait_event_timeout(&queue, false, deadline_in(10 * NSEC_PER_MSEC)),
	      "a wait ends at its deadline");
	check(wait_event_timeout(&queue, true, deadline_in(10 * NSEC_PER_MSEC)),
	      "a wait whose condition is true does not wait");
	check(clock_wall_ns() / NSEC_PER_SEC > 1600000000, "the wall clock is set");
}

void test_threads(void)
{
	unsigned long before;
	struct thread *t[20];
	int value = 0;

	for (int i = 0; i < 4; i++)
		t[i] = thread_create("turns", turn_taker, NULL);
	for (int i = 0; i < 4; i++)
		thread_join(t[i]);
	check(turns == 400 && most_inside == 1, "a mutex lets one thread in at a time");
	turns = 0;
	for (intptr_t i = 0; i < 20; i++)
		t[i] = thread_create("waiter", waiter, (void *)(i + 1));
	thread_yield();
	go = true;
	waitq_wake(&queue);
	for (int i = 0; i < 20; i++)
		thread_join(t[i]);
	check(turns == 20, "twenty waiters wake, each with its own errno");
	t[0] = thread_create("deep", deep, &value);
	thread_join(t[0]);
	check(value == 1, "a thread may use half of its stack");
	before = memory_free_pages();
	for (int i = 0; i < 200; i++) {
		t[0] = thread_create_stack("short", deep, &value, 80 * 1024);
		thread_join(t[0]);
	}
	check(memory_free_pages() >= before - 64, "ended threads give their memory back");
	check(thread_count() == 1, "only main is left");
	test_time();
}
