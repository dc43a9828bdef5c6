/* SPDX-License-Identifier: MIT */
/*
 * What CPUs ask of each other. A CPU that asks fills in its own request, tells each of the others by a
 * bit and an interrupt, and waits until all have answered. The hypervisor runs with interrupts off,
 * so an answer comes on the way to a guest, from the idle loop, or from arch_relax(): who
 * waits, for a lock or for answers, answers in the meantime. Nothing is locked here.
 */
#include "smp.h"

#include <cpu/insn.h>
#include <format/cr.h>
#include <hv/arch.h>
#include <hv/check.h>
#include <hv/cpu.h>
#include <hv/lock.h>

#include "apic.h"

#define STOP_WAIT_NS 100000000UL

/* One a CPU, its own to write while nobody is asked. */
static struct request {
	void (*fn)(void *arg);
	void *arg;
	uint64_t left;		/* atomic: CPUs that have not answered */
} __attribute__((aligned(64))) requests[SMP_CPUS];

void smp_answer(void)
{
	struct cpu *c = this_cpu();
	uint64_t from = __atomic_exchange_n(&c->requests, 0, __ATOMIC_ACQ_REL);

	for (; from; from &= from - 1) {
		struct request *r = &requests[__builtin_ctzll(from)];

		r->fn(r->arg);
		__atomic_fetch_and(&r->left, ~(1ULL << c->id), __ATOMIC_RELEASE);
	}
}

void arch_relax(void)
{
	cpu_pause();
	if (unlikely(this_cpu()->requests))
		smp_answer();
}

void arch_call_cpus(uint64_t cpus, void (*fn)(void *), void *arg)
{
	unsigned me = arch_cpu_id();
	uint64_t others = cpus & ~(1ULL << me);
	struct request *r = &requests[me];

	CHECK(!r->left);
	if (others) {
		r->fn = fn;
		r->arg = arg;
		__atomic_store_n(&r->left, others, __ATOMIC_RELEASE);
		for (uint64_t left = others; left; left &= left - 1) {
			unsigned cpu = (unsigned)__builtin_ctzll(left);

			__atomic_fetch_or(&cpu_by_id(cpu)->requests, 1ULL << me, __ATOMIC_SEQ_CST);
			arch_kick_cpu(cpu);
		}
	}
	if (cpus & 1ULL << me)
		fn(arg);
	while (__atomic_load_n(&r->left, __ATOMIC_ACQUIRE))
		arch_relax();
}

void arch_kick_cpu(unsigned cpu)
{
	if (cpu != arch_cpu_id())	/* it looks at its work flags before it leaves anyway */
		apic_send(smp_apic_id(cpu), VECTOR_KICK);
}

/* ---- caches ------------------------------------------------------------------------------- */

static void flush_all(void *arg)
{
	(void)arg;
	arch_tlb_flush_local();
}

static void flush_one(void *arg)
{
	invlpg((uint64_t)arg);
}

void arch_tlb_flush_cpus(uint64_t cpus)
{
	if (likely(cpus == 1ULL << arch_cpu_id()))
		arch_tlb_flush_local();
	else
		arch_call_cpus(cpus, flush_all, NULL);
}

void arch_invlpg_cpus(uint64_t cpus, uint64_t va)
{
	if (likely(cpus == 1ULL << arch_cpu_id()))
		invlpg(va);
	else
		arch_call_cpus(cpus, flush_one, (void *)va);
}

static void write_back(void *arg)
{
	(void)arg;
	wbinvd();
}

static uint64_t all_cpus(void)
{
	unsigned n = arch_nr_cpus();

	return n >= 64 ? ~0ULL : (1ULL << n) - 1;
}

void arch_wbinvd(bool all)
{
	arch_call_cpus(all ? all_cpus() : 1ULL << arch_cpu_id(), write_back, NULL);
}

/* ---- the end ------------------------------------------------------------------------------ */

static bool stopping;
static uint64_t stopped;	/* atomic */

void smp_nmi(void)
{
	if (likely(!__atomic_load_n(&stopping, __ATOMIC_ACQUIRE)))
		return;
	__atomic_fetch_or(&stopped, 1ULL << arch_cpu_id(), __ATOMIC_RELEASE);
	for (;;)
		hlt();
}

void smp_stop_others(void)
{
	unsigned me = arch_cpu_id(), n = arch_nr_cpus();
	uint64_t others = all_cpus() & ~(1ULL << me);
	uint64_t end = arch_now_ns() + STOP_WAIT_NS;

	if (__atomic_exchange_n(&stopping, true, __ATOMIC_ACQ_REL))
		return;
	for (unsigned cpu = 0; cpu < n; cpu++)
		if (cpu != me)
			apic_send(smp_apic_id(cpu), APIC_NMI);
	while ((__atomic_load_n(&stopped, __ATOMIC_ACQUIRE) & others) != others &&
	       arch_now_ns() < end)
		cpu_pause();
}
