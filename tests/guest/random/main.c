/* SPDX-License-Identifier: MIT */
/*
 * The random guest: hypercalls that look valid, biased to the edges of what is. Words of its
 * command line: seed=N, calls=N (of all vCPUs together), peers=N (domains 1 to N run it, too, and share
 * with each other), plain=1 (a control domain that uses none of its rights), trace=N (from that call on
 * each is printed), check=1 (the books are looked at all the time). All vCPUs that the domain has
 * take part, but the last of four or more, which stays to be initialised. With one vCPU the same seed
 * makes the same calls. At the end the hypervisor's books are looked at by debug key m;
 * shorten.py finds the shortest run that fails.
 *
 * It must outlive what it does: its own code, stacks and tables are never a target. What it works
 * on is an arena of pages, the L1 that maps it, and page tables that hang in no address space.
 */
#define __XEN_TOOLS__ 1
#include "calls.h"

const char test_name[] = "random";

#define DEFAULT_CALLS 50000
#define EVERY	      10000
#define HOARD	      2000	/* frames over those of the start, when they go back */

struct world world;

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

/* ---- the world --------------------------------------------------------------------------- */

/* Frames that are ours are told by a bit each: what hypercalls make of the M2P is no help. */
static void make_ours(void)
{
	world.max_mfn = (uint64_t)HC(memory_op, XENMEM_maximum_ram_page, 0) + 1;
	world.ours = page_alloc();
	for (uint64_t page = 1; page <= world.max_mfn / 8 / PAGE; page++)
		page_alloc();
	for (uint64_t pfn = 0; pfn < start_info->nr_pages; pfn++)
		if (p2m[pfn] < world.max_mfn)
			set_ours(p2m[pfn], true);
}

/* Pages from a fresh L1 of our own: the arena, whose entries anything may happen to. */
static void make_arena(void)
{
	uint64_t *l1 = page_alloc(), *l2 = page_alloc(), *l3 = page_alloc();
	struct mmu_update u;

	for (unsigned i = 0; i < ARENA; i++) {
		void *page = page_alloc();

		world.arena_mfn[i] = va_mfn(page);
		l1[i] = world.arena_mfn[i] << 12 | P_P | P_W | P_U | P_A | P_D;
		pte_write((uint64_t)page, 0);
		set_ours(world.arena_mfn[i], false);
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
	world.arena_l2 = va_mfn(l2);
	world.arena_l3 = va_mfn(l3);
	set_ours(world.arena_l1, false);
}

static void make_tables(void)
{
	for (unsigned i = 0; i < TABLES; i++) {
		void *page = page_alloc();

		world.tables[i] = va_mfn(page);
		pte_write((uint64_t)page, 0);
		set_ours(world.tables[i], false);
	}
}

static void make_grants(void)
{
	struct gnttab_setup_table setup = { .dom = DOMID_SELF, .nr_frames = 2 };
	xen_pfn_t frames[2] = { 0 };

	set_xen_guest_handle(setup.frame_list, frames);
	HC(grant_table_op, GNTTABOP_setup_table, &setup, 1);
	world.special[0] = start_info->shared_info >> 12;
	world.special[1] = frames[0];
	world.special[2] = frames[1];
	world.special[3] = va_mfn((void *)start_info->pt_base);
	world.special[4] = world.arena_l1;
	world.grants = page_alloc();
	HC(update_va_mapping, world.grants, frames[0] << 12 | P_P | P_W | P_U, UVMF_INVLPG);
}

static void make_world(const char *line)
{
	make_ours();
	make_arena();
	make_tables();
	make_grants();
	world.seed = word_of(line, "seed=", 1);
	world.peers = (unsigned)word_of(line, "peers=", 0);
	world.trace_from = word_of(line, "trace=", ~0UL);
	world.control = (start_info->flags & SIF_INITDOMAIN) && !word_of(line, "plain=", 0);
	if (!(start_info->flags & SIF_INITDOMAIN))
		world.console_port = start_info->console.domU.evtchn;
}

/* ---- the run ------------------------------------------------------------------------------- */

void make_calls(void)
{
	struct self *me = self();

	for (; me->done < world.calls; me->done++) {
		me->trace = me->done >= world.trace_from;
		if (me->id == 0 && me->done % EVERY == 0) {
			print("# seed %lu: %lu calls", (unsigned long)world.seed,
			      (unsigned long)me->done);
			if ((uint64_t)HC(memory_op, XENMEM_current_reservation, &(domid_t){ DOMID_SELF }) >
			    start_info->nr_pages + HOARD)
				give_back();
			if (world.check && !books_agree())
				break;
		}
		if (me->id == 0)
			wake_others();
		if (me->trace)
			print("# vCPU %u: call %lu", me->id, (unsigned long)me->done);
		random_call();
	}
}

void test_main(void)
{
	const char *line = (const char *)start_info->cmd_line;
	uint64_t calls = word_of(line, "calls=", DEFAULT_CALLS);

	make_world(line);
	world.vcpus = count_vcpus();
	world.calls = calls / world.vcpus;
	world.check = word_of(line, "check=", 0);
	run_vcpus();
	random_report();
	check(true, "seed %lu: alive after %lu calls on %u vCPUs", (unsigned long)world.seed,
	      (unsigned long)(world.calls * world.vcpus), world.vcpus);
	if (start_info->flags & SIF_INITDOMAIN)
		check(books_agree(), "the hypervisor's books agree");
}
