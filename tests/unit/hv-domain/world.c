// SPDX-License-Identifier: MIT
/* See world.h. */
#include "world.h"

#include <hv/alloc.h>
#include <hv/buddy.h>
#include <hv/cpuid.h>
#include <hv/heap.h>
#include <hv/mm.h>
#include <hv/sched.h>

#define FRAMES 2048u

static char ram[FRAMES * PAGE_SIZE] __attribute__((aligned(4096)));
static struct frame frames[FRAMES];
static uint64_t m2p[FRAMES];
static struct domain idle_domain = { .id = DOMID_IDLE };
static struct vcpu idle = { .domain = &idle_domain, .running = true };

char *arch_direct_map = ram;
uint64_t *arch_m2p = m2p;
uint64_t arch_max_mfn = FRAMES;
struct frame *frame_table = frames;
struct cpu host_cpu;
struct vcpu *idle_vcpu[8] = { &idle };

/* The M2P stands behind the frame that nobody has. */
mfn_t arch_m2p_frame(uint64_t n)
{
	return mfn(1 + n);
}

uint64_t arch_m2p_pages(void)
{
	return DIV_ROUND_UP(arch_max_mfn * sizeof(*arch_m2p), PAGE_SIZE);
}

/* ---- the allocators, and the n-th request that they refuse -------------------------------- */

bool __real_buddy_alloc(struct buddy *b, unsigned order, unsigned bits, mfn_t *first);
bool __wrap_buddy_alloc(struct buddy *b, unsigned order, unsigned bits, mfn_t *first);
void *__real_heap_alloc(struct heap *heap, size_t size);
void *__wrap_heap_alloc(struct heap *heap, size_t size);

static struct heap *the_heap;
static unsigned allocations, fail_at = ~0u;

static bool must_fail(void)
{
	return allocations++ == fail_at;
}

bool __wrap_buddy_alloc(struct buddy *b, unsigned order, unsigned bits, mfn_t *first)
{
	return !must_fail() && __real_buddy_alloc(b, order, bits, first);
}

void *__wrap_heap_alloc(struct heap *heap, size_t size)
{
	the_heap = heap;
	return must_fail() ? NULL : __real_heap_alloc(heap, size);
}

void world_fail_after(unsigned n)
{
	allocations = 0;
	fail_at = n;
}

bool world_has_failed(void)
{
	return allocations > fail_at;
}

/* ---- hypercalls ------------------------------------------------------------------------- */

static uint64_t call_args[5];

void hypercall_set_arg(unsigned n, uint64_t value)
{
	assert_in_range(n, 0, 4);
	call_args[n] = value;
}

long world_piece(hypercall_fn *fn, uint64_t a1, uint32_t budget)
{
	long rc;

	host_cpu.budget.left = budget;
	rc = fn(a1, 0, 0, 0, 0);
	mm_reap();
	return rc;
}

long world_call(hypercall_fn *fn, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4)
{
	const uint64_t args[5] = { a1, a2, a3, a4, 0 };
	long rc;

	memcpy(call_args, args, sizeof(args));
	do {
		host_cpu.budget.left = 50;
		rc = fn(call_args[0], call_args[1], call_args[2], call_args[3], call_args[4]);
		mm_reap();
	} while (rc == -XEN_ERESTART);
	return rc;
}

long world_domctl(struct xen_domctl *op, uint32_t cmd, domid_t id)
{
	op->cmd = cmd;
	op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	op->domain = id;
	return world_call(do_domctl, (uint64_t)(uintptr_t)op, 0, 0, 0);
}

struct domain *world_domain(domid_t id)
{
	return domain_by_owner(id);
}

void world_run(domid_t id)
{
	host_cpu.current = world_domain(id)->vcpu[0];
}

/* ---- the machine ---------------------------------------------------------------------------- */

void world_start(void)
{
	const struct xen_domctl_createdomain cfg = { .max_vcpus = 1, .max_grant_frames = 4,
						     .max_maptrack_frames = 4 };
	struct mm_machine machine = { .phys_bits = 40, .nx = true };
	int err;

	memset(m2p, 0xff, sizeof(m2p));
	mm_set_machine(&machine);
	mm_init();
	mm_add_ram(mfn(16), mfn(FRAMES));
	cpuid_init();
	sched_init();
	host_cpu.current = &idle;
	dom0 = domain_create(0, &cfg, true, &err);
	assert_non_null(dom0);
	assert_int_equal(vcpu_create(dom0, 0), 0);
	world_run(0);
}

static unsigned ports_of(const struct domain *d)
{
	unsigned n = 0;

	for (unsigned b = 0; b < EVTCHN_BUCKETS; b++)
		n += (unsigned)__builtin_popcountll(d->evtchn.low.used[b]);
	return n;
}

struct world_books world_books(void)
{
	return (struct world_books){
		.frames = mm_free_frames(), .claimed = mm_claimed_frames(),
		.objects = the_heap->objects, .heap_pages = the_heap->pages,
		.ports = ports_of(dom0), .refs = dom0->refs,
	};
}

void world_check(void)
{
	const char *wrong = heap_check(the_heap);

	if (wrong)
		fail_msg("heap: %s", wrong);
	assert_int_equal(mm_check(), 0);
	for (struct domain *d = domain_list; d; d = d->next) {
		wrong = d->life.state < LIFE_DYING ? evtchn_core_check(&d->evtchn) : NULL;
		if (!wrong && d->grants.frame)
			wrong = grant_core_check(&d->grants);
		if (!wrong)
			wrong = maptrack_check(&d->grants);
		if (wrong)
			fail_msg("domain %u: %s", d->id, wrong);
	}
}
