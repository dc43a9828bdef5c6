// SPDX-License-Identifier: MIT
/* The other CPUs, when the domain has any: started, called, locked against each other, stopped. */
#include "selftest.h"

#include <pvguest/clock.h>
#include <pvguest/cpu.h>
#include <pvguest/event.h>
#include <pvguest/hypercall.h>
#include <pvguest/memory.h>
#include <pvguest/spinlock.h>
#include <pvguest/thread.h>
#include <pvguest/trap.h>

#include <xen/sched.h>

#define ROUNDS 20000
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
		if (i % 1000 == 0)	/* who holds it loses its processor at times */
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
}
