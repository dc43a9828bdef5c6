/* SPDX-License-Identifier: MIT */
#include "xl/fake_threads.h"

#include <stdbool.h>
#include <stddef.h>

#include "pvguest/clock.h"
#include "pvguest/thread.h"

enum { MAX = 16 };

uint64_t fake_now = 1000 * NSEC_PER_SEC;

static struct {
	void (*fn)(void *arg);
	void *arg;
} queue[MAX];
static unsigned count;

void fake_threads_run(void)
{
	while (count) {
		void (*fn)(void *arg) = queue[0].fn;
		void *arg = queue[0].arg;

		count--;
		for (unsigned i = 0; i < count; i++)
			queue[i] = queue[i + 1];
		fn(arg);
	}
}

struct thread *thread_create(const char *name, void (*fn)(void *arg), void *arg)
{
	static char thread;

	(void)name;
	if (count == MAX)
		return NULL;
	queue[count].fn = fn;
	queue[count++].arg = arg;
	return (struct thread *)&thread;
}

void thread_detach(struct thread *t)
{
	(void)t;
}

void thread_yield(void)
{
}

void thread_sleep(uint64_t ns)
{
	fake_now += ns;
}

bool waitq_wait(struct waitq *wq, uint64_t deadline_ns)
{
	(void)wq;
	fake_threads_run();
	if (deadline_ns > fake_now)
		fake_now = deadline_ns;
	return false;
}

void waitq_wake(struct waitq *wq)
{
	(void)wq;
}

void mutex_lock(struct mutex *m)
{
	m->owner = (struct thread *)m;
}

void mutex_unlock(struct mutex *m)
{
	m->owner = NULL;
}

uint64_t clock_monotonic_ns(void)
{
	return fake_now;
}

uint64_t clock_wall_ns(void)
{
	return 1795290043ULL * NSEC_PER_SEC + fake_now;
}
