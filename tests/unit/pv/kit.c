// SPDX-License-Identifier: MIT
#include "kit.h"

#include <stdlib.h>
#include <string.h>

#include <pvguest/arch.h>
#include <pvguest/clock.h>
#include <pvguest/event.h>
#include <pvguest/memlock.h>
#include <pvguest/memory.h>
#include <pvguest/thread.h>
#include <pvguest/threadhost.h>

#include <xen/sched.h>

static struct shared_info info;
static struct start_info start;
static uint64_t timer_deadline;
static unsigned int bound_to[4096];	/* ports, by CPU */

struct shared_info *pv_shared_info = &info;
struct start_info *pv_start_info = &start;
void (*kit_on_block)(void);
void (*kit_on_yield)(void);
long (*kit_other_hypercall)(unsigned int nr, unsigned long a1, unsigned long a2, unsigned long a3);
unsigned int kit_blocks, kit_sends[64];
bool kit_open[64];
long kit_evtchn_error;
uint64_t kit_yield_ns;

unsigned int kit_cpu;
static struct pv_cpu cpus[KIT_CPUS];

struct pv_cpu __attribute__((weak)) *pv_this_cpu(void)
{
	return &cpus[kit_cpu];
}

/* Where a test has the library's own, that one. */
struct vcpu_info __attribute__((weak)) *pv_vcpu_info(void)
{
	return &info.vcpu_info[kit_cpu];
}

bool pv_is_dom0(void)
{
	return start.flags & SIF_INITDOMAIN;
}

/* Tests that provoke a panic wrap it in expect_assert_failure(). */
void pv_panic(const char *fmt, ...)
{
	mock_assert(0, fmt, __FILE__, __LINE__);
	abort();
}

uint64_t arch_tsc(void)
{
	return 0;
}

/* Pages for what is known of ports; a test may have its own memory. */
static _Alignas(PAGE_SIZE) char memory[40][PAGE_SIZE];
static unsigned int pages_used;

void __attribute__((weak)) *page_alloc_zero(unsigned int order)
{
	assert_int_equal(order, 0);
	if (pages_used == sizeof(memory) / PAGE_SIZE)
		return NULL;
	return memset(memory[pages_used++], 0, PAGE_SIZE);
}

void __attribute__((weak)) page_free(void *page, unsigned int order)
{
	(void)order;
	/* All go at once, when the next test begins. */
	assert_true((char *)page >= memory[0] && (char *)page < memory[pages_used]);
}

void __attribute__((weak)) memory_share(void)
{
}

void __attribute__((weak)) memory_lock(void)
{
}

void __attribute__((weak)) memory_unlock(void)
{
}

unsigned long __attribute__((weak)) virt_to_mfn(const void *va)
{
	return (unsigned long)va / PAGE_SIZE;
}

void kit_advance(uint64_t ns)
{
	info.vcpu_info[0].time.system_time += ns;
}

void kit_raise(unsigned int port)
{
	info.evtchn_pending[port / 64] |= 1UL << port % 64;
	if (info.evtchn_mask[port / 64] >> port % 64 & 1)
		return;
	info.vcpu_info[bound_to[port]].evtchn_pending_sel |= 1UL << port / 64;
	info.vcpu_info[bound_to[port]].evtchn_upcall_pending = 1;
}

static unsigned int port_new(unsigned int cpu)
{
	unsigned int port = 1;

	while (kit_open[port])
		port++;
	kit_open[port] = true;
	bound_to[port] = cpu;
	return port;
}

static long evtchn_op(unsigned int cmd, void *arg)
{
	switch (cmd) {
	case EVTCHNOP_bind_virq:
		if (!kit_evtchn_error)
			((struct evtchn_bind_virq *)arg)->port =
				port_new(((struct evtchn_bind_virq *)arg)->vcpu);
		return kit_evtchn_error;
	case EVTCHNOP_alloc_unbound:
		if (!kit_evtchn_error)
			((struct evtchn_alloc_unbound *)arg)->port = port_new(0);
		return kit_evtchn_error;
	case EVTCHNOP_bind_interdomain:
		if (!kit_evtchn_error)
			((struct evtchn_bind_interdomain *)arg)->local_port = port_new(0);
		return kit_evtchn_error;
	case EVTCHNOP_bind_ipi:
		if (!kit_evtchn_error)
			((struct evtchn_bind_ipi *)arg)->port =
				port_new(((struct evtchn_bind_ipi *)arg)->vcpu);
		return kit_evtchn_error;
	case EVTCHNOP_bind_vcpu:
		if (!kit_evtchn_error)
			bound_to[((struct evtchn_bind_vcpu *)arg)->port] =
				((struct evtchn_bind_vcpu *)arg)->vcpu;
		return kit_evtchn_error;
	case EVTCHNOP_unmask: {
		unsigned int port = ((struct evtchn_unmask *)arg)->port;

		info.evtchn_mask[port / 64] &= ~(1UL << port % 64);
		if (info.evtchn_pending[port / 64] >> port % 64 & 1)
			kit_raise(port);
		return 0;
	}
	case EVTCHNOP_send:
		kit_sends[((struct evtchn_send *)arg)->port]++;
		return 0;
	case EVTCHNOP_close:
		kit_open[((struct evtchn_close *)arg)->port] = false;
		return 0;
	default:
		return -XEN_ENOSYS;
	}
}

static long block(void)
{
	kit_blocks++;
	if (kit_on_block)
		kit_on_block();
	if (info.vcpu_info[kit_cpu].evtchn_upcall_pending)
		return 0;
	if (!timer_deadline)
		fail_msg("the guest sleeps and nothing will wake it");
	if (timer_deadline > clock_monotonic_ns())
		kit_advance(timer_deadline - clock_monotonic_ns());
	timer_deadline = 0;
	return 0;
}

long pv_hypercall(unsigned int nr, unsigned long a1, unsigned long a2, unsigned long a3,
		  unsigned long a4, unsigned long a5)
{
	(void)a4;
	(void)a5;
	switch (nr) {
	case __HYPERVISOR_event_channel_op:
		return evtchn_op(a1, (void *)a2);
	case __HYPERVISOR_set_timer_op:
		timer_deadline = a1;
		return 0;
	case __HYPERVISOR_sched_op:
		if (a1 == SCHEDOP_yield) {
			kit_advance(kit_yield_ns);
			if (kit_on_yield)
				kit_on_yield();
		}
		return a1 == SCHEDOP_block ? block() : 0;
	default:
		return kit_other_hypercall ? kit_other_hypercall(nr, a1, a2, a3) : -XEN_ENOSYS;
	}
}

void *thread_libc_first(void)
{
	return &start;
}

void *thread_libc_new(void)
{
	return malloc(1);
}

void thread_libc_switch(void *libc)
{
	(void)libc;
}

void thread_libc_free(void *libc)
{
	free(libc);
}

int kit_setup(void **state)
{
	(void)state;
	memset(&info, 0, sizeof(info));
	memset(&start, 0, sizeof(start));
	memset(kit_open, 0, sizeof(kit_open));
	memset(bound_to, 0, sizeof(bound_to));
	memset(kit_sends, 0, sizeof(kit_sends));
	kit_on_block = NULL;
	kit_on_yield = NULL;
	kit_other_hypercall = NULL;
	kit_blocks = 0;
	kit_evtchn_error = 0;
	kit_yield_ns = 0;
	timer_deadline = 0;
	kit_cpu = 0;
	for (unsigned int i = 0; i < KIT_CPUS; i++)
		cpus[i] = (struct pv_cpu){ .self = &cpus[i], .id = i, .info = &info.vcpu_info[i] };
	info.vcpu_info[0].time.tsc_to_system_mul = 1;
	/* The clock never goes back, not even between tests. */
	info.vcpu_info[0].time.system_time = NSEC_PER_SEC;
	kit_advance(clock_monotonic_ns() - NSEC_PER_SEC);
	event_init();
	pages_used = 0;
	thread_init();
	return 0;
}
