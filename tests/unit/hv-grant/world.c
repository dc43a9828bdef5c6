// SPDX-License-Identifier: MIT
/* See world.h. */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hv/alloc.h>
#include <hv/arch.h>
#include <hv/log.h>
#include <hv/segments.h>
#include <hv/tables.h>
#include <hv/usercopy.h>

#define RAM_FRAMES 96u
#define TABLE_BASE 1u				/* a frame for each level of each domain */
#define DATA_BASE  (TABLE_BASE + DOMAINS * 4)
#define POOL_BASE  (DATA_BASE + DOMAINS * DATA)
#define ONE_KIND(type, flags) ((uint64_t)(type) << FT_SHIFT | (flags) | 1)

struct cpu host_cpu;
struct domain *dom0;
struct domain world_domain[DOMAINS];
unsigned world_flushes, world_no_memory_after;
bool world_rearmed;
uint64_t world_arg[5];

static struct vcpu vcpus[DOMAINS], *vcpu_of[DOMAINS];
static char ram[RAM_FRAMES][PAGE_SIZE] __attribute__((aligned(4096)));
static struct frame frames[RAM_FRAMES];
static uint64_t m2p[RAM_FRAMES];
static unsigned objects;

char *arch_direct_map = ram[0];
uint64_t *arch_m2p = m2p;
uint64_t arch_max_mfn = RAM_FRAMES;
struct frame *frame_table = frames;

/* ---- the world ------------------------------------------------------------------- */

static uint64_t table_mfn(unsigned dom, unsigned level)
{
	return TABLE_BASE + dom * 4 + level - 1;
}

uint64_t data_mfn(unsigned dom, unsigned i)
{
	return DATA_BASE + dom * DATA + i;
}

char *data(unsigned dom, unsigned i)
{
	return ram[data_mfn(dom, i)];
}

struct frame *data_frame(unsigned dom, unsigned i)
{
	return &frames[data_mfn(dom, i)];
}

uint64_t slot_va(unsigned i)
{
	return 0x1000UL * (i + 1);	/* 0 means "none" to an unmap */
}

uint64_t *slot_pte(unsigned dom, unsigned i)
{
	return (uint64_t *)ram[table_mfn(dom, 1)] + i + 1;
}

uint64_t slot_pte_maddr(unsigned dom, unsigned i)
{
	return table_mfn(dom, 1) * PAGE_SIZE + (i + 1) * sizeof(uint64_t);
}

void slot_clear(unsigned dom, unsigned i)
{
	struct pt_ctx c = { .owner = (domid_t)dom, .pages = (domid_t)dom };

	assert_int_equal(pt_update_l1(&c, frame_of(mfn(table_mfn(dom, 1))), slot_pte(dom, i), 0, false),
			 0);
}

grant_entry_v1_t *entry(unsigned dom, unsigned ref)
{
	return &world_domain[dom].grants.frame[ref / 512]->shared[ref % 512];
}

void offer(unsigned dom, unsigned ref, unsigned to, unsigned i, uint16_t flags)
{
	*entry(dom, ref) = (grant_entry_v1_t){ .flags = GTF_permit_access | flags,
					       .domid = (domid_t)to,
					       .frame = (uint32_t)data_mfn(dom, i) };
}

static void make_tables(unsigned dom)
{
	for (unsigned level = 1; level <= 4; level++) {
		uint64_t m = table_mfn(dom, level);

		frames[m].owner = (domid_t)dom;
		frames[m].count_info = FC_ALLOCATED | 2;
		frames[m].type_info = ONE_KIND(level, FT_VALIDATED);
		if (level > 1)
			*(uint64_t *)ram[m] = table_mfn(dom, level - 1) << PAGE_SHIFT | 7;
	}
}

static void make_domain(unsigned dom)
{
	struct domain *d = &world_domain[dom];

	d->id = (domid_t)dom;
	d->control = dom == 0;
	d->max_vcpus = 1;
	d->vcpu = &vcpu_of[dom];
	vcpu_of[dom] = &vcpus[dom];
	vcpus[dom].running = true;
	vcpus[dom].domain = d;
	vcpus[dom].guest_table = mfn(table_mfn(dom, 4));
	make_tables(dom);
	for (unsigned i = 0; i < DATA; i++) {
		data_frame(dom, i)->owner = (domid_t)dom;
		data_frame(dom, i)->count_info = FC_ALLOCATED | 1;
	}
	assert_int_equal(grant_domain_init(d, 4, 2), 0);
}

int world_start(void **state)
{
	(void)state;
	memset(world_domain, 0, sizeof(world_domain));
	memset(vcpus, 0, sizeof(vcpus));
	memset(frames, 0, sizeof(frames));
	memset(ram, 0, sizeof(ram));
	memset(&host_cpu, 0, sizeof(host_cpu));
	world_flushes = objects = 0;
	world_no_memory_after = ~0U;
	world_rearmed = false;
	for (unsigned i = 0; i < DOMAINS; i++)
		make_domain(i);
	dom0 = &world_domain[0];
	world_run(0);
	return 0;
}

int world_end(void **state)
{
	struct budget b = { ~0U };

	(void)state;
	for (unsigned i = 0; i < DOMAINS; i++)
		assert_int_equal(grant_domain_release_maps(&world_domain[i], &b), 0);
	for (unsigned i = 0; i < DOMAINS; i++) {
		for (unsigned k = 0; k < SLOTS; k++)
			slot_clear(i, k);
		assert_int_equal(grant_domain_destroy(&world_domain[i], &b), 0);
	}
	assert_int_equal(world_references(), 0);
	assert_int_equal(objects, 0);
	for (unsigned m = DATA_BASE; m < RAM_FRAMES; m++) {
		assert_int_equal(frames[m].count_info & FC_COUNT, m < POOL_BASE);
		assert_int_equal(frames[m].type_info & FT_COUNT, 0);
	}
	return 0;
}

void world_run(unsigned dom)
{
	host_cpu.current = &vcpus[dom];
	host_cpu.budget.left = HYPERCALL_BUDGET;
}

long grant_op(unsigned cmd, void *list, uint32_t count)
{
	return do_grant_table_op(cmd, (uint64_t)(uintptr_t)list, count, 0, 0);
}

/* ---- the check ---------------------------------------------------------------------- */

/* What handles and page tables hold of a frame. */
static void count_holds(uint64_t m, uint64_t *refs, uint64_t *uses)
{
	for (unsigned dom = 0; dom < DOMAINS; dom++) {
		const struct grant_domain *g = &world_domain[dom].grants;

		for (unsigned i = 0; i < SLOTS; i++) {
			uint64_t e = *slot_pte(dom, i);

			if ((e & PTE_P) && pte_mfn(e).n == m) {
				++*refs;
				*uses += !!(e & PTE_W);
			}
		}
		uint32_t live = g->map_live;

		for (uint32_t h = 0; live; h++) {
			const struct grant_map *e = maptrack_entry(g, h);

			live -= !!e->flags;
			if ((e->flags & GNTMAP_device_map) &&
			    grant_pinned_mfn(e->granter, e->ref) == m) {
				++*refs;
				*uses += !(e->flags & GNTMAP_readonly);
			}
		}
	}
}

/* The flags that the guest sees say what is pinned. */
static const char *check_flags(unsigned dom)
{
	const struct grant_domain *g = &world_domain[dom].grants;

	for (uint32_t ref = 0; ref < 32 && ref < grant_core_entries(g); ref++) {
		const struct grant_active *a = grant_core_active(g, ref);
		uint16_t f = entry(dom, ref)->flags;
		bool writing = a && (a->host_write || a->device_write);
		bool reading = writing || (a && (a->host_read || a->device_read));

		if (!(f & GTF_reading) == reading || !(f & GTF_writing) == writing)
			return "a shared entry's flags do not say what is pinned";
	}
	return NULL;
}

const char *world_check(void)
{
	unsigned live = 0;

	for (unsigned dom = 0; dom < DOMAINS; dom++) {
		const struct grant_domain *g = &world_domain[dom].grants;
		const char *wrong = grant_core_check(g);

		if (!wrong)
			wrong = maptrack_check(g);
		if (!wrong && !g->dead)
			wrong = check_flags(dom);
		if (wrong)
			return wrong;
		live += g->map_live;
		if (g->lock.held || g->map_lock.held || world_domain[dom].mm.pt_lock.held)
			return "a lock is still held";
		for (unsigned i = 0; i < DATA; i++) {
			uint64_t refs = 1, uses = 0;

			count_holds(data_mfn(dom, i), &refs, &uses);
			if ((data_frame(dom, i)->count_info & FC_COUNT) != refs)
				return "a frame's references are wrong";
			if ((data_frame(dom, i)->type_info & FT_COUNT) != uses)
				return "a frame's uses are wrong";
		}
	}
	return live == world_references() ? NULL : "references to domains are wrong";
}

/* ---- the layers below ------------------------------------------------------------------ */

unsigned arch_cpu_id(void)
{
	return 0;
}

void arch_tlb_flush_local(void)
{
	world_flushes++;
}

void arch_tlb_flush_cpus(const cpumask_t *cpus)
{
	world_flushes += !cpumask_is_empty(cpus);
}

void arch_wbinvd(bool all)
{
	(void)all;
}

bool mm_is_io(mfn_t m)
{
	(void)m;
	return false;
}

enum mm_io_rights mm_io_rights(mfn_t m)
{
	(void)m;
	return MM_IO_NONE;
}

bool segdesc_fix(uint64_t *desc)
{
	(void)desc;
	return false;
}

void tables_ldt_stale(struct domain *d)
{
	(void)d;
}

static bool memory_left(void)
{
	if (!world_no_memory_after)
		return false;
	world_no_memory_after--;
	return true;
}

void *xmalloc(size_t size)
{
	if (!memory_left())
		return NULL;
	objects++;
	return calloc(1, size);
}

void xfree(void *object)
{
	objects -= !!object;
	free(object);
}

void *hv_pages_alloc(unsigned order)
{
	assert_int_equal(order, 0);
	for (unsigned m = POOL_BASE; m < RAM_FRAMES; m++)
		if (!(frames[m].count_info & FC_COUNT)) {
			if (!memory_left())
				return NULL;
			frames[m].count_info = FC_HV | 1;
			frames[m].owner = DOMID_XEN;
			memset(ram[m], 0, PAGE_SIZE);
			return ram[m];
		}
	return NULL;
}

void frame_free_last(struct frame *f)
{
	/* A domain's own frame stays allocated in these tests. */
	CHECK(f->count_info & FC_HV);
	f->count_info = 0;
}

void hv_pages_free(void *p, unsigned order)
{
	(void)order;
	frame_put(frame_of(ptr_mfn(p)));
}

void frame_share(struct domain *d, void *page, bool readonly)
{
	(void)readonly;
	frame_of(ptr_mfn(page))->owner = d->id;
}

void frame_unshare(void *page)
{
	frame_put(frame_of(ptr_mfn(page)));
}

struct domain *domain_by_owner(domid_t id)
{
	return id < DOMAINS ? &world_domain[id] : NULL;
}

struct domain *domain_get(domid_t id)
{
	struct domain *d = domain_by_owner(id);

	return d ? domain_ref(d) : NULL;
}

void domain_put(struct domain *d)
{
	CHECK(d->refs > 0);
	d->refs--;
}

unsigned world_references(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < DOMAINS; i++)
		n += world_domain[i].refs;
	return n;
}

void hypercall_set_arg(unsigned n, uint64_t value)
{
	world_arg[n] = value;
	world_rearmed = true;
}

/* Addresses of the test process stand for guest addresses; the first page faults. */
bool guest_range_ok(guest_va_t va, uint64_t len)
{
	(void)len;
	return (int64_t)va.a >= 0;
}
