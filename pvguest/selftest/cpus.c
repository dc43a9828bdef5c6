// SPDX-License-Identifier: MIT
/* The other CPUs, when the domain has any: started, called, locked against each other, stopped. */
#include "selftest.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <pvguest/clock.h>
#include <pvguest/cpu.h>
#include <pvguest/event.h>
#include <pvguest/grant.h>
#include <pvguest/hypercall.h>
#include <pvguest/memory.h>
#include <pvguest/spinlock.h>
#include <pvguest/thread.h>
#include <pvguest/trap.h>

#include <xen/sched.h>

#define ROUNDS 4000
#define LONG   (20 * NSEC_PER_SEC)

static struct spinlock lock;
static unsigned int counter;
PV_PER_CPU(static, bool, stop);
PV_PER_CPU(static, unsigned int, served);

static void count(void *arg)
{
	(void)arg;
	for (unsigned int i = 0; i < ROUNDS; i++) {
		spinlock_lock(&lock);
		counter++;
		if (i % 200 == 0)	/* who holds it loses its processor at times */
			hypercall_sched_op(SCHEDOP_yield, 0);
		spinlock_unlock(&lock);
	}
}

static void serve(void *arg)
{
	(void)arg;
	*this_cpu(stop) = false;
	while (!*this_cpu(stop))
		pv_cpu_idle(0);
}

static void serve_one(void *arg)
{
	(void)arg;
	++*this_cpu(served);
	*this_cpu(stop) = true;
}

static void note_id(void *arg)
{
	*(unsigned int *)arg = pv_cpu_id();
}

static bool start_all(unsigned int n, void (*fn)(void *arg))
{
	bool good = true;

	for (unsigned int cpu = 1; cpu < n; cpu++)
		good &= !pv_cpu_start(cpu, fn, NULL);
	return good;
}

static bool all_stop(unsigned int n)
{
	bool good = true;

	for (unsigned int cpu = 1; cpu < n; cpu++)
		good &= pv_cpu_wait(cpu, deadline_in(LONG));
	return good;
}

static void test_locks(unsigned int n)
{
	check(start_all(n, count), "all CPUs start");
	count(NULL);
	check(all_stop(n), "all CPUs come to their end");
	check(counter == n * ROUNDS, "under a spin lock no step is lost");
	check(pv_cpu_running() == 1, "only the first CPU runs on");
}

static void rang(evtchn_port_t port, void *ctx)
{
	(void)port;
	*(unsigned int *)ctx = pv_cpu_id();
	*this_cpu(stop) = true;
}

static void test_calls(unsigned int n)
{
	unsigned int id = 0, port_ran = 0;
	int port;

	check(!pv_cpu_start(1, serve, NULL), "a CPU starts again");
	check(pv_cpu_start(1, serve, NULL) == -XEN_EEXIST, "but not twice");
	check(!pv_cpu_call(1, note_id, &id) && id == 1, "a sleeping CPU answers a call");
	port = event_alloc_unbound(DOMID_SELF);
	check(port > 0 && !event_bind_cpu(port, 1), "a port is bound to another CPU");
	event_close(port);
	port = event_bind_ipi(1);
	event_set_handler(port, rang, &port_ran);
	event_notify(port);
	check(all_stop(2) && port_ran == 1, "an event reaches the CPU of its port");
	event_close(port);
	start_all(n, serve);
	for (unsigned int cpu = 1; cpu < n; cpu++)
		pv_cpu_call(cpu, serve_one, NULL);
	check(all_stop(n) && *per_cpu(served, 0) == 0 && *per_cpu(served, n - 1) == 1,
	      "each CPU has its own data");
	check(pv_cpu_call(1, note_id, &id) == -XEN_ENOENT, "a stopped CPU is not called");
}

static uint64_t slept_until;

static void sleep_a_little(void *arg)
{
	uint64_t end = deadline_in(5 * NSEC_PER_MSEC);

	(void)arg;
	while (clock_monotonic_ns() < end)
		pv_cpu_idle(end);
	slept_until = clock_monotonic_ns();
	pv_cpu_stop();
}

static char *volatile page;
static bool probe_before, probe_after;

static void probe(void *arg)
{
	*(bool *)arg = trap_probe_read(page);
}

static void test_others(void)
{
	uint64_t start = clock_monotonic_ns();
	xen_pfn_t mfn;
	void *own;

	check(!pv_cpu_start(1, sleep_a_little, NULL) && pv_cpu_wait(1, deadline_in(LONG)) &&
	      slept_until >= start + 5 * NSEC_PER_MSEC, "another CPU sleeps by its own timer");
	own = page_alloc(0);
	mfn = virt_to_mfn(own);
	page = map_frames(&mfn, 1, MAP_RW);
	pv_cpu_start(1, serve, NULL);
	pv_cpu_call(1, probe, &probe_before);
	unmap_pages(page, 1);
	pv_cpu_call(1, probe, &probe_after);
	check(probe_before && !probe_after, "what is unmapped here is unmapped there");
	pv_cpu_call(1, serve_one, NULL);
	check(all_stop(2), "and it stops");
	page_free(own, 0);
}

/* ---- memory --------------------------------------------------------------------------- */

#define SLOTS	32
#define TURNS	1000
#define LARGEST 3000

static struct {
	unsigned char *at;
	size_t size;
} kept[PV_CPUS_MAX][SLOTS];
PV_PER_CPU(static, unsigned int, wrong);

static bool is_full_of(const unsigned char *p, size_t n, unsigned char value)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != value)
			return false;
	return true;
}

/* Takes, changes or gives back what one slot has. */
static void slot_turn(unsigned int me, unsigned int i, uint64_t random)
{
	unsigned char value = (unsigned char)(me * SLOTS + i + 1), *p = kept[me][i].at;
	size_t size = 1 + random % LARGEST, old = kept[me][i].size;

	if (p && random >> 20 & 1) {
		*this_cpu(wrong) += !is_full_of(p, old, value);
		free(p);
		p = NULL;
	} else {
		p = p ? realloc(p, size) : random >> 21 & 1 ? malloc(size) : calloc(1, size);
		*this_cpu(wrong) += !p || !is_full_of(p, size < old ? size : old, value);
		if (p)
			memset(p, value, size);
	}
	kept[me][i].at = p;
	kept[me][i].size = p ? size : 0;
}

/* A page, seen a second time, and granted. */
static void page_turn(unsigned int me)
{
	unsigned int *own = page_alloc(0), *again;
	xen_pfn_t mfn;
	int ref;

	if (!own) {
		++*this_cpu(wrong);
		return;
	}
	mfn = virt_to_mfn(own);
	ref = grant_access(0, mfn, true);
	again = map_frames(&mfn, 1, MAP_RW);
	*own = me;
	if (again) {
		*this_cpu(wrong) += *again != me;
		unmap_pages(again, 1);
	}
	*this_cpu(wrong) += !again || ref < 0 || grant_end(ref) || *own != me;
	page_free(own, 0);
}

static void churn(void *arg)
{
	unsigned int me = pv_cpu_id();
	uint64_t random = me + 1;

	(void)arg;
	*this_cpu(wrong) = 0;
	for (unsigned int turn = 0; turn < TURNS; turn++) {
		random = random * 6364136223846793005UL + 1442695040888963407UL;
		slot_turn(me, random >> 58 & (SLOTS - 1), random >> 16);
		if (turn % 16 == 0)
			page_turn(me);
	}
	for (unsigned int i = 0; i < SLOTS; i++) {
		free(kept[me][i].at);
		kept[me][i].at = NULL;
		kept[me][i].size = 0;
	}
}

static int errno_there;

static void ask_too_much(void *arg)
{
	(void)arg;
	errno = 0;
	if (!malloc(1UL << 40))
		errno_there = errno;
}

static void test_allocation(unsigned int n)
{
	unsigned int sum = 0;

	check(start_all(n, churn), "all CPUs start on memory");
	churn(NULL);
	check(all_stop(n), "and come to their end");
	for (unsigned int cpu = 0; cpu < n; cpu++)
		sum += *per_cpu(wrong, cpu);
	check(!sum, "what one CPU takes of heap, pages, mappings and grants no other has");
	errno = EDOM;
	check(!pv_cpu_start(1, ask_too_much, NULL) && all_stop(2) && errno_there == ENOMEM,
	      "another CPU is refused what there is not");
	check(errno == EDOM, "and that error is its own");
}

void test_cpus(void)
{
	unsigned int n = pv_cpu_count(), nobody = 0;

	check(pv_cpu_id() == 0, "main() runs on CPU 0");
	check(pv_cpu_start(n, note_id, &nobody) == -XEN_ENOENT, "a CPU that is not there is refused");
	if (n == 1)
		return;
	test_locks(n);
	test_calls(n);
	test_others();
	test_allocation(n);
}
