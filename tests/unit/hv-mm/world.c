// SPDX-License-Identifier: MIT
/* See world.h. */
#include "world.h"

#include "fakes/guestmem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hv/alloc.h>
#include <hv/arch.h>
#include <hv/log.h>
#include <hv/segments.h>
#include <hv/usercopy.h>

static char ram[FRAMES * PAGE_SIZE] __attribute__((aligned(4096)));
static struct frame frames[FRAMES];
static uint64_t m2p[FRAMES];

char *arch_direct_map = ram;
uint64_t *arch_m2p = m2p;
uint64_t arch_max_mfn = FRAMES;
struct frame *frame_table = frames;
struct cpu host_cpu;

struct domain world_dom[2];
struct vcpu world_vcpu[2];
struct domain dom_xen = { .id = DOMID_XEN }, dom_io = { .id = DOMID_IO };
struct domain *domain_list;
spinlock_t domlist_lock = SPINLOCK("domlist");
static struct vcpu *vcpus[2][1];
unsigned world_cpu_flushes[2], world_flushes, world_reaped, world_invlpgs, world_wbinvds;
uint64_t world_invlpg_va;
uint32_t world_budget;

/* What the TLBs remember: frames that they let somebody write, frames that they walk through. CPU d runs domain d. */
static uint64_t tlb_writable[2], tlb_tables[2];

/* ---- the seam ------------------------------------------------------------------------------ */

static void forget(unsigned cpu)
{
	world_cpu_flushes[cpu]++;
	tlb_writable[cpu] = tlb_tables[cpu] = 0;
}

void arch_tlb_flush_local(void)
{
	world_flushes++;
	forget(arch_cpu_id());
}

void arch_tlb_flush_cpus(const cpumask_t *cpus)
{
	world_flushes++;
	for_each_cpu(cpu, cpus)
		forget(cpu);
}

void arch_invlpg(uint64_t va)
{
	world_invlpgs++;
	world_invlpg_va = va;
}

void arch_invlpg_cpus(const cpumask_t *cpus, uint64_t va)
{
	if (cpumask_has(cpus, arch_cpu_id()))
		arch_invlpg(va);
}

void arch_wbinvd(bool all)
{
	(void)all;
	world_wbinvds++;
}

void arch_init_guest_l4(uint64_t *l4)
{
	for (unsigned i = HV_SLOT_FIRST; i <= HV_SLOT_LAST; i++)
		l4[i] = 0xabc000 + i;
}

void arch_load_table(struct vcpu *v)
{
	(void)v;
	arch_tlb_flush_local();
}

mfn_t arch_m2p_frame(uint64_t n)
{
	return mfn(1 + n);
}

uint64_t arch_m2p_pages(void)
{
	return DIV_ROUND_UP(arch_max_mfn * sizeof(*arch_m2p), PAGE_SIZE);
}

unsigned arch_cpu_id(void)
{
	return host_cpu.current->processor;
}

unsigned arch_nr_cpus(void)
{
	return 1;
}

void log_print(enum log_level level, const char *fmt, ...)
{
	va_list args;

	(void)level;
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
}

void *xmalloc(size_t size)
{
	return calloc(1, size);
}

void xfree(void *p)
{
	free(p);
}

bool guest_range_ok(guest_va_t va, uint64_t len)
{
	(void)len;
	return va.a < HV_VIRT_START || va.a >= HV_VIRT_END;
}

/* ---- the rest of the hypervisor --------------------------------------------------------------- */

struct domain *domain_by_owner(domid_t id)
{
	return id < 2 ? &world_dom[id] : NULL;
}

struct domain *domain_get(domid_t id)
{
	struct domain *d = domain_by_owner(id);

	if (d)
		d->refs++;
	return d;
}

void domain_put(struct domain *d)
{
	assert_true(d->refs > 0);
	d->refs--;
	world_reaped++;
}

static uint64_t call_args[5];
static hypercall_fn *call_fn;

void hypercall_set_arg(unsigned n, uint64_t value)
{
	assert_in_range(n, 0, 4);
	call_args[n] = value;
}

void vcpu_ldt_unmap(struct vcpu *v)
{
	(void)v;
}

int vcpu_set_ldt(struct vcpu *v, uint64_t base, uint32_t ents)
{
	v->ldt_base = base;
	v->ldt_ents = ents;
	return 0;
}

bool segdesc_fix(uint64_t *desc)
{
	return *desc != 0xbad;
}

/* ---- the machine -------------------------------------------------------------------------------- */

static void make_domain(unsigned d, unsigned pages)
{
	struct domain *dom = &world_dom[d];
	struct vcpu *v = &world_vcpu[d];

	memset(dom, 0, sizeof(*dom));
	memset(v, 0, sizeof(*v));
	dom->id = (domid_t)d;
	dom->control = d == 0;
	dom->refs = 1;
	dom->max_vcpus = 1;
	dom->vcpu = vcpus[d];
	vcpus[d][0] = v;
	v->domain = dom;
	v->kernel_mode = true;
	v->processor = d;
	v->running = true;
	domain_mm_init(dom);
	dom->mm.max_pages = pages + 8;
	dom->next = d ? NULL : &world_dom[1];
	for (unsigned i = 0; i < pages; i++) {
		mfn_t m;

		assert_true(domain_pages_alloc(dom, 0, &m));
		m2p_set(m, i);
	}
}

void world_start(unsigned pages)
{
	struct mm_machine machine = { .phys_bits = 40, .nx = true };

	memset(frames, 0, sizeof(frames));
	memset(m2p, 0xff, sizeof(m2p));
	mm_set_machine(&machine);
	mm_init();
	mm_add_ram(mfn(2), mfn(FRAMES));
	tlb_cpus.word[0] = 3;
	world_run(0);
	forget(0);
	forget(1);
	make_domain(0, pages);
	make_domain(1, pages);
	domain_list = &world_dom[0];
	world_budget = 1u << 20;
	guestmem_bad = 0;
	world_flushes = world_reaped = world_invlpgs = world_wbinvds = 0;
	world_run(1);
}

uint64_t page(unsigned d, unsigned i)
{
	for (uint64_t m = 0; m < FRAMES; m++)
		if (frames[m].owner == d && m2p[m] == i && (frames[m].count_info & FC_COUNT))
			return m;
	fail_msg("domain %u has no page %u", d, i);
	return 0;
}

uint64_t *page_at(unsigned d, unsigned i)
{
	return frame_ptr(mfn(page(d, i)));
}

struct frame *page_frame(unsigned d, unsigned i)
{
	return frame_of(mfn(page(d, i)));
}

void world_run(unsigned d)
{
	host_cpu.current = &world_vcpu[d];
	host_cpu.id = d;
}

/* ---- what the guest can reach ---------------------------------------------------------------------- */

static void reach(unsigned d, uint64_t m, unsigned level, bool w)
{
	const uint64_t *table = frame_ptr(mfn(m));

	tlb_tables[d] |= 1ULL << m;
	for (unsigned i = 0; i < PTE_ENTRIES; i++) {
		uint64_t e = table[i], child = pte_mfn(e).n;
		bool may = w && (e & PTE_W);

		if (!(e & PTE_P))
			continue;
		/* ours, which a recursive entry shows on lower levels too */
		if (frame_type(&frames[m]) == FRAME_L4 && i >= HV_SLOT_FIRST && i <= HV_SLOT_LAST)
			continue;
		if (level > 1)
			reach(d, child, level - 1, may);
		else if (may && child < FRAMES)
			tlb_writable[d] |= 1ULL << child;
	}
}

static void check_remembered(unsigned d)
{
	for (unsigned m = 0; m < FRAMES; m++) {
		const struct frame *f = &frames[m];
		bool used = f->type_info & FT_COUNT;
		enum frame_type t = frame_type(f);

		if (tlb_writable[d] >> m & 1) {
			assert_false(used && t != FRAME_WRITABLE);
			assert_false((f->count_info & FC_ALLOCATED) && f->owner != d && d != 0);
		}
		if (tlb_tables[d] >> m & 1) {
			assert_false(used && t == FRAME_WRITABLE);
			assert_false((f->count_info & FC_ALLOCATED) && f->owner != d);
		}
	}
}

void world_guest_runs(void)
{
	/* The control domain's tables are lowest ones, loaded or not. */
	for (unsigned m = 0; m < FRAMES; m++)
		if (frames[m].owner == 0 && (frames[m].type_info & FT_VALIDATED) &&
		    frame_type_in_use(&frames[m], FRAME_L1))
			reach(0, m, 1, true);
	for (unsigned d = 0; d < 2; d++) {
		if (world_vcpu[d].guest_table.n)
			reach(d, world_vcpu[d].guest_table.n, 4, true);
		if (world_vcpu[d].guest_table_user.n)
			reach(d, world_vcpu[d].guest_table_user.n, 4, true);
		check_remembered(d);
	}
}

/* ---- the books ------------------------------------------------------------------------------------- */

/* So often; of a table that it has and does not hold the pin must be there. */
static int64_t held_by(const struct vcpu *v, const struct frame *f)
{
	const mfn_t has[] = { v->guest_table, v->guest_table_user };
	const unsigned bits[] = { TABLE_KERNEL, TABLE_USER };
	uint64_t m = frame_mfn(f).n;
	int64_t held = v->pt_pending.table.n == m;

	for (unsigned i = 0; i < 2; i++) {
		if (has[i].n != m || !m)
			continue;
		if (v->tables_held & bits[i])
			held++;
		else
			assert_true((f->type_info & (FT_TYPE | FT_VALIDATED | FT_PINNED)) ==
				    ((uint64_t)FRAME_L4 << FT_SHIFT | FT_VALIDATED | FT_PINNED));
	}
	return held;
}

static void rest(void *ctx, struct frame *f, int64_t refs, int64_t uses)
{
	uint64_t m = frame_mfn(f).n;
	int64_t held = 0;

	(void)ctx;
	for (unsigned d = 0; d < 2; d++)
		held += held_by(&world_vcpu[d], f);
	if (m == 1)
		held++;		/* the M2P is shared for ever */
	held += !!(f->type_info & FT_PINNED);
	assert_int_equal(uses, held);
	assert_int_equal(refs, held + (m != 1 && (f->count_info & FC_ALLOCATED)));
}

static void wrong(void *ctx, const struct frame *f, const char *what)
{
	(void)ctx;
	fail_msg("frame %lu (%#lx, %#lx): %s", frame_mfn(f).n, f->count_info, f->type_info, what);
}

void world_check(void)
{
	struct pt_audit audit = { rest, wrong, NULL };

	pt_audit(&audit);
	for (unsigned d = 0; d < 2; d++) {
		assert_int_equal(world_dom[d].mm.pt_lock.held, 0);
		assert_int_equal(world_dom[d].mm.page_lock.held, 0);
	}
}

/* ---- hypercalls ------------------------------------------------------------------------------------- */

long world_again(void)
{
	host_cpu.budget.left = world_budget;
	return call_fn(call_args[0], call_args[1], call_args[2], call_args[3], call_args[4]);
}

long world_call(hypercall_fn *fn, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4)
{
	const uint64_t args[5] = { a1, a2, a3, a4, 0 };

	memcpy(call_args, args, sizeof(args));
	call_fn = fn;
	return world_again();
}

long world_finish(long rc)
{
	unsigned rounds = 0;

	while (rc == -XEN_ERESTART) {
		world_check();
		assert_true(rounds++ < 10000);
		rc = world_again();
	}
	return rc;
}

long set_entry(uint64_t table_mfn, unsigned i, uint64_t value)
{
	struct mmu_update req = { (table_mfn << PAGE_SHIFT) + i * 8, value };

	return world_finish(world_call(do_mmu_update, (uint64_t)&req, 1, 0, DOMID_SELF));
}

long ext_op(unsigned cmd, uint64_t arg)
{
	struct mmuext_op op = { .cmd = cmd, .arg1.mfn = arg };

	return world_finish(world_call(do_mmuext_op, (uint64_t)&op, 1, 0, DOMID_SELF));
}

void build_tree(unsigned d)
{
	for (unsigned i = 0; i < 3; i++)
		page_at(d, i)[0] = page(d, i + 1) << PAGE_SHIFT | P_RW;
	page_at(d, 3)[0] = page(d, 4) << PAGE_SHIFT | P_RW;
}

void world_kill(uint32_t budget)
{
	struct budget b;
	int rc;

	world_dom[1].life.state = LIFE_DYING;
	do {
		b.left = budget;
		rc = vcpu_drop_tables(&world_vcpu[1], &b);
		if (!rc)
			rc = domain_mm_relinquish(&world_dom[1], &b);
		world_check();
	} while (rc == -XEN_ERESTART);
	assert_int_equal(rc, 0);
	mm_reap();
}
