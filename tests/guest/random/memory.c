/* SPDX-License-Identifier: MIT */
/* Random calls about memory: page tables, frames, descriptors, grants. */
#define __XEN_TOOLS__ 1
#include "calls.h"

#define MAX(a, b) ((a) > (b) ? (a) : (b))

/* ---- page tables ------------------------------------------------------------------------- */

/* Where an entry may be written: never in the tables that we live in, but for free slots. */
static uint64_t any_entry(void)
{
	uint64_t top = va_mfn((void *)start_info->pt_base) << 12;

	switch (below(8)) {
	case 0:
		return top + 8 * (ARENA_SLOT + 1 + below(240));
	case 1:
		return top + 8 * (below(2) ? 256 + below(16) : 272 + below(239));
	case 2:
		return any_value();
	case 3:
		return any_arena_mfn() << 12 | 8 * below(512);
	case 4:
	case 5:
		return world.arena_l1 << 12 | 8 * below(ARENA + 8);
	default:
		return world.tables[below(TABLES)] << 12 | 8 * below(512);
	}
}

static bool may_write(uint64_t entry)
{
	uint64_t top = va_mfn((void *)start_info->pt_base);
	unsigned slot = entry >> 3 & 511;

	if (entry >> 12 == top)
		return slot > ARENA_SLOT && slot != 511;
	return !is_ours(entry >> 12);
}

/* The M2P is how we know our own frames. */
static uint64_t machphys_target(void)
{
	uint64_t mfn = any_extra();

	return (is_ours(mfn) ? any_mfn() | 1UL << 45 : mfn) << 12 | MMU_MACHPHYS_UPDATE;
}

/* At times other than there are meant to be; what lies there must be made as carefully. */
static unsigned any_count(unsigned n)
{
	return below(30) ? n : (unsigned)(any_number() % 64);
}

long random_mmu_update(void)
{
	struct mmu_update *u = (void *)BUFFER;
	unsigned n = 1 + (below(3) ? 0 : below(40));
	unsigned count = any_count(n);
	uint64_t foreign = below(6) ? DOMID_SELF : any_domid();

	for (unsigned i = 0; i < MAX(n, count); i++) {
		u[i].ptr = (any_entry() & ~7UL) | (below(12) ? 2 * below(2) : below(8));
		u[i].val = any_pte();
		if ((u[i].ptr & 7) == MMU_MACHPHYS_UPDATE)
			u[i].ptr = machphys_target();
		else if (!may_write(u[i].ptr))
			u[i].ptr = ~7UL;
	}
	if (below(16) == 0)
		foreign |= (uint64_t)(any_domid() + 1) << 16;
	return HC(mmu_update, below(30) ? (uint64_t)u : bad_va(), count,
		  below(3) ? 0 : any_va(), foreign);
}

long random_va_mapping(void)
{
	uint64_t va = world.arena + below(ARENA) * PAGE;

	if (below(20) == 0)
		va = any_va();
	if (va < world.arena)	/* our own memory is not to go */
		va = world.arena + (va & 0xfff);
	return below(4) ? HC(update_va_mapping, va, any_pte(), any_flush())
			: HC(update_va_mapping_otherdomain, va, any_pte(), any_flush(),
			      any_domid());
}

uint64_t any_flush(void)
{
	uint64_t kind = below(4);

	return kind | (below(3) ? below(2) * UVMF_ALL : any_va() & ~3UL);
}

static uint64_t not_a_top_level(void)
{
	uint64_t top = va_mfn((void *)start_info->pt_base);

	switch (below(5)) {
	case 0:
		return world.arena_l1;
	case 1:
		return world.special[below(3)];
	case 2:
		return world.max_mfn + below(1000);
	default:
		return top;
	}
}

static void make_ext(struct mmuext_op *op)
{
	fill(op, sizeof(*op));
	op->cmd = below(20) ? below(20) : (unsigned)any_number();
	op->arg1.mfn = any_mfn();
	switch (op->cmd) {
	case MMUEXT_NEW_BASEPTR:
		op->arg1.mfn = not_a_top_level();
		break;
	case MMUEXT_PIN_L1_TABLE ... MMUEXT_PIN_L4_TABLE:
	case MMUEXT_NEW_USER_BASEPTR:
		if (below(3))
			op->arg1.mfn = world.tables[below(TABLES)];
		break;
	}
	if (op->cmd == MMUEXT_NEW_USER_BASEPTR && is_ours(op->arg1.mfn))
		op->arg1.mfn = 0;	/* one table for both loses the M2P with m2p_strict */
	switch (op->cmd) {
	case MMUEXT_CLEAR_PAGE:
	case MMUEXT_COPY_PAGE:
		if (is_ours(op->arg1.mfn))
			op->arg1.mfn = world.arena_l1;
		op->arg2.src_mfn = any_mfn();
		break;
	case MMUEXT_UNPIN_TABLE:	/* but not the tables that the builder pinned for us */
		if (op->arg1.mfn == va_mfn((void *)start_info->pt_base))
			op->arg1.mfn = world.arena_l1;
		break;
	case MMUEXT_SET_LDT:
		op->arg1.linear_addr = below(3) ? world.arena + below(ARENA) * PAGE : any_va();
		op->arg2.nr_ents = below(3) ? below(1024) : (unsigned)any_number();
		break;
	case MMUEXT_TLB_FLUSH_MULTI:
	case MMUEXT_INVLPG_MULTI:
		op->arg2.vcpumask.p = (void *)any_va();
		break;
	}
}

long random_mmuext(void)
{
	struct mmuext_op *op = (void *)BUFFER;
	unsigned n = 1 + (below(3) ? 0 : below(10)), count = any_count(n);

	for (unsigned i = 0; i < MAX(n, count); i++) {
		make_ext(&op[i]);
		if (self()->trace)
			print("#     %u %#lx %#lx", op[i].cmd, (unsigned long)op[i].arg1.mfn,
			      (unsigned long)op[i].arg2.src_mfn);
	}
	return HC(mmuext_op, below(30) ? (uint64_t)op : bad_va(), count,
		  below(3) ? 0 : any_va(), below(6) ? DOMID_SELF : any_domid());
}

/* ---- frames ---------------------------------------------------------------------------------- */

uint64_t any_extra(void)
{
	return world.extra[below(EXTRAS)];
}

static xen_pfn_t *make_list(unsigned n)
{
	xen_pfn_t *list = (void *)(BUFFER + PAGE);

	for (unsigned i = 0; i < n; i++)
		list[i] = below(3) ? any_extra() : any_mfn();
	return list;
}

/* So much memory that nothing else gets any is good for once, not for all calls. */
void give_back(void)
{
	xen_pfn_t *list = (void *)(BUFFER + PAGE);
	struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };

	set_xen_guest_handle(r.extent_start, list);
	for (uint64_t m = 1; m < world.max_mfn; m++) {
		bool is_arena = false;

		for (unsigned i = 0; i < ARENA + TABLES; i++)
			is_arena |= m == (i < ARENA ? world.arena_mfn[i] : world.tables[i - ARENA]);
		list[0] = m;
		if (!is_arena && !is_ours(m) && m != world.arena_l1)
			HC(memory_op, XENMEM_decrease_reservation, &r);
	}
}

static void make_reservation(struct xen_memory_reservation *r, unsigned n)
{
	r->nr_extents = below(20) ? n : any_number();
	r->extent_order = below(8) ? below(2) : below(40) ? below(12) : (unsigned)any_number();
	r->mem_flags = below(6) ? 0 : (unsigned)any_value();
	r->domid = any_domid();
	r->extent_start.p = below(20) ? make_list(n) : (void *)any_va();
}

long random_reservation(void)
{
	static const unsigned ops[] = { XENMEM_increase_reservation, XENMEM_decrease_reservation,
					XENMEM_populate_physmap };
	struct xen_memory_reservation *r = (void *)BUFFER;
	unsigned n = below(20), op = ops[below(3)];
	long rc;

	make_reservation(r, n);
	if (op == XENMEM_increase_reservation && below(3))	/* so that some is left */
		op = XENMEM_decrease_reservation;
	if (self()->trace)
		print("#     %u: %lu extents of order %u, first %#lx", op,
		      (unsigned long)r->nr_extents, r->extent_order, ((unsigned long *)(BUFFER + PAGE))[0]);
	rc = HC(memory_op, op | (below(30) ? 0 : below(64) << 6), r);
	if (op == XENMEM_decrease_reservation || (char *)r->extent_start.p != BUFFER + PAGE)
		return rc;
	for (long i = 0; i < rc && i < n; i++)
		world.extra[below(EXTRAS)] = ((xen_pfn_t *)(BUFFER + PAGE))[i];
	return rc;
}

long random_exchange(void)
{
	struct xen_memory_exchange *x = (void *)BUFFER;
	unsigned n = below(18);

	fill(x, sizeof(*x));
	make_reservation(&x->in, n);
	x->out = x->in;
	if (below(4)) {
		x->in.domid = x->out.domid = DOMID_SELF;
		x->in.nr_extents = 1UL << below(4);
		x->out.nr_extents = 1;
		x->in.extent_order = 0;
		x->out.extent_order = (unsigned)__builtin_ctzl(x->in.nr_extents);
	}
	x->out.extent_start.p = below(10) ? (void *)(BUFFER + 2 * PAGE) : (void *)any_va();
	x->nr_exchanged = below(8) ? 0 : any_number();
	if (self()->trace)
		print("#     exchange of %lu of order %u for %lu of order %u, first %#lx for %#lx",
		      (unsigned long)x->in.nr_extents, x->in.extent_order,
		      (unsigned long)x->out.nr_extents, x->out.extent_order,
		      ((unsigned long *)(BUFFER + PAGE))[0],
		      ((unsigned long *)(BUFFER + 2 * PAGE))[0]);
	return HC(memory_op, XENMEM_exchange, x);
}

long random_memory_op(void)
{
	unsigned op = below(40);

	if (below(3))
		return below(4) ? random_reservation() : random_exchange();
	if (op == XENMEM_exchange || op == XENMEM_increase_reservation ||
	    op == XENMEM_decrease_reservation || op == XENMEM_populate_physmap)
		return 0;
	fill(BUFFER, 128);
	if (self()->trace)
		print("#     %u", op);
	return HC(memory_op, op | (below(20) ? 0 : below(1000) << 6),
		  below(8) ? (uint64_t)BUFFER : any_va());
}

/* ---- descriptors -------------------------------------------------------------------------- */

long random_descriptor(void)
{
	uint64_t at = any_arena_mfn() << 12 | 8 * below(512);

	if (below(6) == 0)
		at = any_mfn() << 12 | below(4096);
	if (is_ours(at >> 12))
		at = ~0UL;
	return HC(update_descriptor, at,
	      below(3) ? rnd() : 0x00cffb000000ffffUL ^ 1UL << below(64));
}

long random_set_gdt(void)
{
	unsigned long *frames = (void *)BUFFER;

	for (unsigned i = 0; i < 16; i++)
		frames[i] = any_mfn();
	return HC(set_gdt, below(10) ? (uint64_t)frames : any_va(),
		  below(3) ? below(512 * 16) : any_number());
}

/* ---- grants ------------------------------------------------------------------------------- */

#define REFS 96		/* so few that one meets those that others offer */

static void offer(void)
{
	grant_entry_v1_t *e = &world.grants[below(REFS)];

	uint64_t mfn = any_mfn();

	/* What is granted may be written: nothing of our own. */
	e->frame = (uint32_t)(is_ours(mfn) ? world.arena_l1 : mfn);
	e->domid = below(3) ? likely_domid() : any_domid();
	e->flags = (uint16_t)(below(4) ? GTF_permit_access | (below(3) ? 0 : GTF_readonly) : rnd());
}

static uint64_t grant_host_addr(uint32_t flags)
{
	if (!(flags & GNTMAP_contains_pte))
		return below(6) ? world.arena + below(ARENA) * PAGE : any_va() | 1UL << 40;
	return below(6) ? world.arena_l1 << 12 | 8 * below(ARENA) :
			  world.tables[below(TABLES)] << 12 | below(4096);
}

static long grant_map(void)
{
	struct gnttab_map_grant_ref *m = (void *)BUFFER;
	unsigned n = 1 + (below(3) ? 0 : below(20));
	long rc;

	for (unsigned i = 0; i < n; i++) {
		fill(&m[i], sizeof(m[i]));
		offer();
		m[i].flags = below(6) ? below(64) | GNTMAP_host_map : (uint32_t)rnd();
		m[i].host_addr = grant_host_addr(m[i].flags);
		m[i].ref = below(12) ? below(REFS) : (uint32_t)any_number();
		m[i].dom = below(3) ? likely_domid() : any_domid();
	}
	rc = HC(grant_table_op, GNTTABOP_map_grant_ref, m, n);
	for (unsigned i = 0; i < n; i++)
		if (!m[i].status) {
			world.handle[below(16)] = m[i].handle;
			world.mapped++;
		}
	return rc;
}

static long grant_unmap(void)
{
	struct gnttab_unmap_grant_ref *u = (void *)BUFFER;
	struct gnttab_unmap_and_replace *r = (void *)BUFFER;
	unsigned n = 1 + (below(3) ? 0 : below(40));
	bool replace = below(4) == 0;

	for (unsigned i = 0; i < n; i++) {
		uint32_t handle = below(8) ? world.handle[below(16)] : below(300);

		if (replace) {
			r[i].host_addr = grant_host_addr(0);
			r[i].new_addr = grant_host_addr(0);
			r[i].handle = handle;
			continue;
		}
		u[i].host_addr = below(8) ? grant_host_addr(below(2) * GNTMAP_contains_pte) : 0;
		u[i].dev_bus_addr = below(2) ? 0 : any_mfn() << 12;
		u[i].handle = handle;
	}
	return HC(grant_table_op,
		  replace ? GNTTABOP_unmap_and_replace : GNTTABOP_unmap_grant_ref, BUFFER, n);
}

static long grant_copy(void)
{
	struct gnttab_copy *c = (void *)BUFFER;
	unsigned n = 1 + below(4);

	for (unsigned i = 0; i < n; i++) {
		fill(&c[i], sizeof(c[i]));
		offer();
		c[i].flags = below(10) ? (uint16_t)below(4) : (uint16_t)rnd();
		c[i].source.u.gmfn = c[i].flags & GNTCOPY_source_gref ? below(REFS) : any_mfn();
		c[i].dest.u.gmfn = c[i].flags & GNTCOPY_dest_gref ? below(REFS) : any_mfn();
		if (!(c[i].flags & GNTCOPY_dest_gref) && is_ours(c[i].dest.u.gmfn))
			c[i].dest.u.gmfn = world.arena_l1;
		c[i].source.domid = below(2) ? likely_domid() : any_domid();
		c[i].dest.domid = below(2) ? likely_domid() : any_domid();
		if (below(4)) {
			c[i].source.offset = c[i].dest.offset = (uint16_t)below(4096);
			c[i].len = (uint16_t)below(300);
		}
	}
	return HC(grant_table_op, GNTTABOP_copy, c, n);
}

long random_grant(void)
{
	uint64_t op = below(20) ? below(16) : any_number();
	long rc;

	for (unsigned i = below(6); i; i--)
		offer();
	switch (below(6)) {
	case 0:
	case 1:
		rc = grant_map();
		break;
	case 2:
	case 3:
		rc = grant_unmap();
		break;
	case 4:
		rc = grant_copy();
		break;
	default:
		fill(BUFFER, 512);
		if ((uint32_t)op == GNTTABOP_copy || (uint32_t)op == GNTTABOP_map_grant_ref ||
		    (uint32_t)op == GNTTABOP_unmap_grant_ref ||
		    (uint32_t)op == GNTTABOP_unmap_and_replace)
			op = GNTTABOP_query_size;	/* those with any address could mean ours */
		rc = HC(grant_table_op, op,
			below(8) ? (uint64_t)BUFFER : any_va(), below(4) ? 1 : below(100));
	}
	return rc;
}
