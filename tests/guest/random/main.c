/* SPDX-License-Identifier: MIT */
/*
 * The random guest: hypercalls that look valid, biased to the edges of what is. Words of its
 * command line: seed=N, calls=N. The same seed makes the same calls; after each EVERY of them
 * it says how many are done, and at the end (and there, with check) the hypervisor's books are
 * looked at by debug key m. shorten.py finds the shortest run that fails.
 *
 * It must outlive what it does: its own code, stack and tables are never a target. What it works
 * on is an arena of pages, the L1 that maps it, and page tables that hang in no address space.
 */
#define __XEN_TOOLS__ 1
#include "calls.h"

const char test_name[] = "random";

#define DEFAULT_CALLS 50000
#define EVERY	      1000

uint64_t random_state = 1;
struct world world;

uint64_t rnd(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * 0x2545f4914f6cdd1dUL;
}

unsigned below(unsigned n)
{
	return (unsigned)((rnd() >> 32) % n);
}

/* ---- values --------------------------------------------------------------------------- */

uint64_t bad_va(void)
{
	static const uint64_t edges[] = {
		0x7000000008, 0x7000000ff9, 0x7ffffffffff8, 0x7fffffffffff, 0x800000000000,
		      0xffff7ffffffffff8,
		0xffff7fffffffff88, HYPERVISOR_VIRT_START, HYPERVISOR_VIRT_START + 8,
		0xffff820000000000, 0xffff82d040000000, 0xffff82e000000000, 0xffff82f000000000,
		0xffff840000000000, HYPERVISOR_VIRT_END - 8, HYPERVISOR_VIRT_END, ~0UL, ~7UL,
		0x7000000000, 1UL << 63,
	};

	return edges[below(sizeof(edges) / sizeof(edges[0]))];
}

uint64_t any_va(void)
{
	switch (below(8)) {
	case 0:
		return bad_va();
	case 1:
		return world.arena + below(ARENA) * PAGE + PAGE - below(40);
	case 2:
		return world.arena + below(ARENA) * PAGE + 8 * below(512);
	default:
		return (uint64_t)world.buffer + PAGE * below(BUFFERS) + 8 * below(4);
	}
}

uint64_t any_arena_mfn(void)
{
	return world.arena_mfn[below(ARENA)];
}

uint64_t any_mfn(void)
{
	switch (below(12)) {
	case 0:
		return below(4);
	case 1:
		return rnd() >> below(64);
	case 2:
		return world.max_mfn + below(3) - 1;
	case 3:
		return va_mfn((void *)start_info->pt_base) + below(8);
	case 4:
		return world.special[below(SPECIALS)];
	case 5:
		return below((unsigned)world.max_mfn);
	case 6:
		return world.extra[below(EXTRAS)];
	case 7:
		return world.tables[below(TABLES)];
	default:
		return any_arena_mfn();
	}
}

domid_t any_domid(void)
{
	static const domid_t ids[] = { DOMID_IO, DOMID_XEN, DOMID_INVALID, DOMID_IDLE, DOMID_COW,
				       0x7fef, 0xffff };

	switch (below(8)) {
	case 0:
		return ids[below(sizeof(ids) / sizeof(ids[0]))];
	case 1:
	case 2:
		return (domid_t)below(6);
	case 3:
		return world.children[below(CHILDREN)];
	default:
		return DOMID_SELF;
	}
}

uint64_t any_number(void)
{
	switch (below(6)) {
	case 0:
		return 1UL << below(64);
	case 1:
		return (1UL << below(64)) - 1;
	case 2:
		return ~0UL << below(64);
	default:
		return below(20);
	}
}

uint64_t any_value(void)
{
	switch (below(6)) {
	case 0:
		return any_va();
	case 1:
		return any_mfn();
	case 2:
		return any_domid();
	case 3:
		return rnd();
	default:
		return any_number();
	}
}

bool is_ours(uint64_t mfn)
{
	if (mfn >= world.max_mfn || M2P[mfn] >= start_info->nr_pages || mfn == world.arena_l1)
		return false;
	for (unsigned i = 0; i < ARENA; i++)
		if (world.arena_mfn[i] == mfn)
			return false;
	for (unsigned i = 0; i < TABLES; i++)
		if (world.tables[i] == mfn)
			return false;
	return true;
}

uint64_t any_pte(void)
{
	static const uint64_t flags[] = { P_P, P_P | P_W, P_P | P_U, P_P | P_W | P_U, 0,
					  P_P | P_W | P_NX, P_P | 0x80, P_P | 0x18, P_P | 0x100 };
	uint64_t e = any_mfn() << 12 | flags[below(below(3) ? 4 : 9)] | (below(4) ? 0 : P_A | P_D);

	if (below(16) == 0)
		e = rnd();
	return is_ours((e & P_ADDR) >> 12) ? e & ~P_W : e;
}

void fill(void *at, unsigned bytes)
{
	for (char *p = at, *end = p + bytes; p < end;) {
		uint64_t v = any_value();
		unsigned width = 1u << (1 + below(3));

		if ((uint64_t)p % width || p + width > end)
			width = 2;
		__builtin_memcpy(p, &v, width);
		p += width;
	}
}

/* ---- the run -------------------------------------------------------------------------------- */

static uint64_t word_of(const char *line, const char *name, uint64_t otherwise)
{
	unsigned n = (unsigned)__builtin_strlen(name);

	for (; *line; line++) {
		unsigned i = 0;
		uint64_t v = 0;

		while (i < n && line[i] == name[i])
			i++;
		if (i < n)
			continue;
		for (line += n; *line >= '0' && *line <= '9'; line++)
			v = v * 10 + (uint64_t)(*line - '0');
		return v;
	}
	return otherwise;
}

/* Pages from a fresh L1 of our own: the arena, whose entries anything may happen to. */
static void make_arena(void)
{
	uint64_t *l1 = page_alloc(), *l2 = page_alloc(), *l3 = page_alloc();
	struct mmu_update u;

	for (unsigned i = 0; i < ARENA; i++)
		l1[i] = va_mfn(page_alloc()) << 12 | P_P | P_W | P_U | P_A | P_D;
	for (unsigned i = 0; i < ARENA; i++) {
		world.arena_mfn[i] = l1[i] >> 12;
		pte_write(M2P[world.arena_mfn[i]] << 12, 0);
	}
	l2[0] = va_mfn(l1) << 12 | P_P | P_W | P_U | P_A | P_D;
	l3[0] = va_mfn(l2) << 12 | P_P | P_W | P_U | P_A | P_D;
	make_readonly(l1);
	make_readonly(l2);
	make_readonly(l3);
	u.ptr = (va_mfn((void *)start_info->pt_base) << 12) + 8 * ARENA_SLOT;
	u.val = va_mfn(l3) << 12 | P_P | P_W | P_U | P_A | P_D;
	check_eq((uint64_t)HC(mmu_update, &u, 1, 0, DOMID_SELF), 0, "the arena can be mapped");
	world.arena = (uint64_t)ARENA_SLOT << 39;
	world.arena_l1 = va_mfn(l1);
}

static void make_world(void)
{
	struct gnttab_setup_table setup = { .dom = DOMID_SELF, .nr_frames = 2 };
	xen_pfn_t frames[2] = { 0 };

	world.max_mfn = (uint64_t)HC(memory_op, XENMEM_maximum_ram_page, 0);
	make_arena();
	world.buffer = page_alloc();
	for (unsigned i = 1; i < BUFFERS; i++)
		page_alloc();
	for (unsigned i = 0; i < TABLES; i++) {
		void *page = page_alloc();

		world.tables[i] = va_mfn(page);
		pte_write((uint64_t)page, 0);
	}
	set_xen_guest_handle(setup.frame_list, frames);
	HC(grant_table_op, GNTTABOP_setup_table, &setup, 1);
	world.special[0] = start_info->shared_info >> 12;
	world.special[1] = frames[0];
	world.special[2] = frames[1];
	world.special[3] = va_mfn((void *)start_info->pt_base);
	world.special[4] = world.arena_l1;
	world.grants = page_alloc();
	HC(update_va_mapping, world.grants, frames[0] << 12 | P_P | P_W | P_U, UVMF_INVLPG);
	world.control = start_info->flags & SIF_INITDOMAIN;
}

/* Events may come after a block; nothing is done about them. */
static void ignore_event(struct trap_frame *f)
{
	shared_info->vcpu_info[0].evtchn_upcall_pending = 0;
	shared_info->vcpu_info[0].evtchn_pending_sel = 0;
	f->rflags &= ~0x200UL;
}

static bool books_agree(void)
{
	static char text[16384], key[] = "m";
	struct xen_sysctl s = { .cmd = XEN_SYSCTL_debug_keys,
				.interface_version = XEN_SYSCTL_INTERFACE_VERSION };
	const char want[] = "whole-state check: 0 problems";
	unsigned i, k;

	s.u.debug_keys.nr_keys = 1;
	set_xen_guest_handle(s.u.debug_keys.keys, key);
	if (HC(sysctl, &s))
		return false;
	s.cmd = XEN_SYSCTL_readconsole;
	s.u.readconsole = (struct xen_sysctl_readconsole){ .clear = 1, .count = sizeof(text) };
	set_xen_guest_handle(s.u.readconsole.buffer, text);
	if (HC(sysctl, &s))
		return false;
	for (i = 0; i + sizeof(want) <= s.u.readconsole.count; i++) {
		for (k = 0; want[k] && text[i + k] == want[k]; k++)
			;
		if (!want[k])
			return true;
	}
	return false;
}

void test_main(void)
{
	const char *line = (const char *)start_info->cmd_line;
	uint64_t seed = word_of(line, "seed=", 1), calls = word_of(line, "calls=", DEFAULT_CALLS);
	uint64_t from = word_of(line, "trace=", ~0UL);
	bool each = word_of(line, "check=", 0);

	random_state = seed * 0x9e3779b97f4a7c15UL | 1;
	event_handler = ignore_event;
	make_world();
	for (uint64_t n = 0; n < calls; n++) {
		if (n % EVERY == 0) {
			print("# seed %lu: %lu calls", (unsigned long)seed, (unsigned long)n);
			if (n / EVERY % 4 == 3)
				give_back();
			if (each && n && !books_agree())
				break;
		}
		world.trace = n >= from;
		if (world.trace)
			print("# call %lu", (unsigned long)n);
		random_call();
	}
	random_report();
	check(true, "seed %lu: alive after %lu calls", (unsigned long)seed, (unsigned long)calls);
	if (world.control)
		check(books_agree(), "the hypervisor's books agree");
}
