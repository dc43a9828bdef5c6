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
	uint32_t left;		/* atomic: how many CPUs have not answered */
} __attribute__((aligned(64))) requests[MAX_CPUS];

/* Those who ask, of one word of the set. */
static void answer_word(unsigned word)
{
	uint64_t from = __atomic_exchange_n(&this_cpu()->asking.word[word], 0, __ATOMIC_ACQ_REL);

	for (; from; from &= from - 1) {
		struct request *r = &requests[word * 64 + (unsigned)__builtin_ctzll(from)];

		r->fn(r->arg);
		__atomic_fetch_sub(&r->left, 1, __ATOMIC_RELEASE);
	}
}

void smp_answer(void)
{
	struct cpu *c = this_cpu();
	uint32_t words = __atomic_exchange_n(&c->requests, 0, __ATOMIC_ACQ_REL);

	for (; words; words &= words - 1)
		answer_word((unsigned)__builtin_ctz(words));
}

void relax_keeping_registers(void)
{
	cpu_pause();
	if (unlikely(this_cpu()->requests))
		smp_answer();
}

/* The bit that says who asks before the one that says that somebody does. */
static void ask(unsigned cpu, unsigned me)
{
	struct cpu *c = cpu_by_id(cpu);

	cpumask_add_atomic(&c->asking, me);
	__atomic_fetch_or(&c->requests, 1U << me / 64, __ATOMIC_SEQ_CST);
	arch_kick_cpu(cpu);
}

void arch_call_cpus(const cpumask_t *cpus, void (*fn)(void *), void *arg)
{
	unsigned me = arch_cpu_id();
	struct request *r = &requests[me];

	CHECK(!r->left);
	r->fn = fn;
	r->arg = arg;
	for_each_cpu(cpu, cpus) {
		if (cpu == me)
			continue;
		__atomic_fetch_add(&r->left, 1, __ATOMIC_RELEASE);
		ask(cpu, me);
	}
	if (cpumask_has(cpus, me))
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

void arch_tlb_flush_cpus(const cpumask_t *cpus)
{
	if (likely(cpumask_is_only(cpus, arch_cpu_id())))
		arch_tlb_flush_local();
	else
		arch_call_cpus(cpus, flush_all, NULL);
}

void arch_invlpg_cpus(const cpumask_t *cpus, uint64_t va)
{
	if (likely(cpumask_is_only(cpus, arch_cpu_id())))
		invlpg(va);
	else
		arch_call_cpus(cpus, flush_one, (void *)va);
}

static void write_back(void *arg)
{
	(void)arg;
	wbinvd();
}

void arch_wbinvd(bool all)
{
	cpumask_t cpus = all ? cpumask_first_n(arch_nr_cpus()) : cpumask_of(arch_cpu_id());

	arch_call_cpus(&cpus, write_back, NULL);
}

/* ---- the end ------------------------------------------------------------------------------ */

static uint32_t stopper;	/* the CPU that stops the others, and 1 */
static uint32_t stopped;	/* atomic: so many */

void smp_nmi(void)
{
	uint32_t who = __atomic_load_n(&stopper, __ATOMIC_ACQUIRE);

	if (likely(!who) || who == arch_cpu_id() + 1)
		return;
	__atomic_fetch_add(&stopped, 1, __ATOMIC_RELEASE);
	for (;;)
		hlt();
}

void smp_stop_others(void)
{
	unsigned me = arch_cpu_id(), n = arch_nr_cpus();
	uint64_t end = arch_now_ns() + STOP_WAIT_NS;

	if (__atomic_exchange_n(&stopper, me + 1, __ATOMIC_ACQ_REL))
		return;
	for (unsigned cpu = 0; cpu < n; cpu++)
		if (cpu != me)
			apic_send(smp_apic_id(cpu), APIC_NMI);
	while (__atomic_load_n(&stopped, __ATOMIC_ACQUIRE) < n - 1 && arch_now_ns() < end)
		cpu_pause();
}
