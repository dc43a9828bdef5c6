// SPDX-License-Identifier: MIT
/*
 * One frame, used by CPUs that overtake one another anywhere: each is a coroutine, and every atomic access
 * of core/frame.c and of the clock of flushes is a point where another may go on instead. On
 * the CPUs the frame is mapped for writing, and becomes a page table, and is neither again; each remembers
 * in its TLB what it has had until it flushes. When the type has changed nobody may remember the former use.
 */
#include "harness/harness.h"

#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

static void point(void);

#define __atomic_load_n(...)		  (point(), __atomic_load_n(__VA_ARGS__))
#define __atomic_store_n(...)		  (point(), __atomic_store_n(__VA_ARGS__))
#define __atomic_add_fetch(...)		  (point(), __atomic_add_fetch(__VA_ARGS__))
#define __atomic_compare_exchange_n(...) (point(), __atomic_compare_exchange_n(__VA_ARGS__))

#include "../../../hypervisor/core/frame.c"

#define CPUS	   3
#define STACK	   (48 * 1024)
#define CALM_TURNS 10000

static struct {
	ucontext_t context;
	bool has_written, has_walked;	/* in its TLB */
	bool idles;			/* between two operations, when all are to end */
} machine[CPUS];
static ucontext_t outside;
static unsigned me;
static bool inside, calm, pt_lock;
static struct frame the_frame, *const f = &the_frame;

/* ---- the machine ---------------------------------------------------------------------------- */

static void go_outside(void)
{
	unsigned self = me;

	inside = false;
	swapcontext(&machine[self].context, &outside);
	inside = true;
	me = self;
}

static void point(void)
{
	if (inside && !choose(4))
		go_outside();
}

void arch_relax(void)
{
	go_outside();
}

void panic(const char *fmt, ...)
{
	fail_msg("panic: %s", fmt);
	abort();
}

void frame_free_last(struct frame *frame)
{
	(void)frame;
	fail_msg("the frame was in use");
}

static void flush(unsigned cpu)
{
	machine[cpu].has_written = machine[cpu].has_walked = false;
}

/* As domain/flush.c does, of those that have not flushed since the last use. */
void tlb_flush_users(const struct frame *frame)
{
	uint64_t stale = tlb_stale_word(frame->aux, 0), tick = tlb_flush_begin();

	assert_true(frame->type_info & FT_BUSY);
	for (unsigned cpu = 0; cpu < CPUS; cpu++) {
		if (!(stale >> cpu & 1))
			continue;
		flush(cpu);
		tlb_flush_done(cpu, tick);
	}
}

/* ---- what a CPU does -------------------------------------------------------------------------- */

static void flush_own(void)
{
	uint64_t tick = tlb_flush_begin();

	flush(me);
	tlb_flush_done(me, tick);
}

static void write_to_it(void)
{
	if (!frame_type_take(f, FRAME_WRITABLE))
		return;
	for (unsigned cpu = 0; cpu < CPUS; cpu++)
		assert_false(machine[cpu].has_walked);
	machine[me].has_written = true;
	point();
	frame_type_drop(f);
}

/* Ends as pt_drop() does. */
static void walk_through_it(void)
{
	while (pt_lock)
		arch_relax();
	pt_lock = true;
	if (frame_type_begin(f, FRAME_L1)) {
		for (unsigned cpu = 0; cpu < CPUS; cpu++)
			assert_false(machine[cpu].has_written);
		machine[me].has_walked = true;
		point();
		f->aux = tlb_stamp();
		__atomic_store_n(&f->type_info, (uint64_t)FRAME_L1 << FT_SHIFT, __ATOMIC_RELEASE);
	}
	pt_lock = false;
}

static void run_cpu(void)
{
	inside = true;
	for (;;) {
		machine[me].idles = calm;
		if (calm) {
			go_outside();
			continue;
		}
		switch (choose(4)) {
		case 0:
			flush_own();
			break;
		case 1:
			walk_through_it();
			break;
		default:
			write_to_it();
		}
	}
}

/* ---- the harness ------------------------------------------------------------------------------- */

static void make_cpu(unsigned cpu)
{
	static char stacks[CPUS][STACK] __attribute__((aligned(16)));
	ucontext_t *c = &machine[cpu].context;

	getcontext(c);
	c->uc_stack.ss_sp = stacks[cpu];
	c->uc_stack.ss_size = STACK;
	makecontext(c, run_cpu, 0);
}

static void start(void)
{
	inside = calm = pt_lock = false;
	memset(machine, 0, sizeof(machine));
	the_frame = (struct frame){ .count_info = FC_ALLOCATED | CPUS };
	tlb_cpus.word[0] = (1u << CPUS) - 1;
	for (unsigned cpu = 0; cpu < CPUS; cpu++)
		make_cpu(cpu);
}

static void go(unsigned cpu)
{
	me = cpu;
	swapcontext(&outside, &machine[cpu].context);
}

static void step(void)
{
	static unsigned held;	/* it stands still, somewhere in the middle, while others come far */
	unsigned cpu = choose(CPUS);

	if (!choose(20))
		held = choose(CPUS + 1);
	if (cpu != held)
		go(cpu);
}

static void end(void)
{
	unsigned idle, turns = 0;

	calm = true;
	do {
		idle = 0;
		for (unsigned cpu = 0; cpu < CPUS; cpu++) {
			go(cpu);
			idle += machine[cpu].idles;
		}
		assert_true(turns++ < CALM_TURNS);
	} while (idle < CPUS);
	assert_int_equal(f->type_info & (FT_COUNT | FT_BUSY), 0);
}

const struct harness harness = {
	.name = "a frame that CPUs use which overtake one another anywhere",
	.start = start, .step = step, .end = end,
	.chances = 2000, .chance_steps = 2000,
};
