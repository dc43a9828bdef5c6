// SPDX-License-Identifier: MIT
/* grant_table_op: a domain maps, copies and swaps grants that it gave to itself. */
#include "../lib/test.h"

#include <xen/grant_table.h>

const char test_name[] = "grants";

#define OP(cmd, arg) HC(grant_table_op, GNTTABOP_##cmd, arg, 1)
#define LISTED 1024u

static grant_entry_v1_t *table;
static char *lent, *window;		/* a page of ours, and an address to map it at */
static uint64_t own;			/* what `window` maps by itself */
static struct gnttab_map_grant_ref m;

/* ref: lets this domain use `lent`. */
static void offer(unsigned ref, uint16_t flags)
{
	table[ref] = (grant_entry_v1_t){ .flags = GTF_permit_access | flags, .domid = 0,
					 .frame = (uint32_t)va_mfn(lent) };
}

static int map_at(uint64_t addr, unsigned ref, uint32_t flags, domid_t dom)
{
	m = (struct gnttab_map_grant_ref){ .host_addr = addr, .flags = flags, .ref = ref,
					   .dom = dom, .status = 99 };
	long rc = OP(map_grant_ref, &m);

	return rc ? (int)rc : m.status;
}

static int map(unsigned ref, uint32_t flags)
{
	return map_at((uint64_t)window, ref, flags, 0);
}

static int unmap(uint32_t handle, uint64_t host, uint64_t device)
{
	struct gnttab_unmap_grant_ref u = { .host_addr = host, .dev_bus_addr = device,
					    .handle = handle, .status = 99 };
	long rc = OP(unmap_grant_ref, &u);

	return rc ? (int)rc : u.status;
}

/* The entry of `window`, with the frame as yes or no; accessed and dirty bits are the CPU's. */
static void show_entry(const char *when)
{
	uint64_t e = pte_read((uint64_t)window);

	note("%s: entry %lx, frame %s", when, e & ~P_ADDR,
	     (e & P_ADDR) >> 12 == va_mfn(lent) ? "lent" :
	     (e & P_ADDR) >> 12 == va_mfn(window) ? "own" : "none");
}

#define HOST   GNTMAP_host_map
#define DEVICE GNTMAP_device_map
#define RO     GNTMAP_readonly

static void set_up(void)
{
	static xen_pfn_t frames[2];
	struct gnttab_setup_table s = { .dom = DOMID_SELF, .nr_frames = 2 };
	struct gnttab_query_size q = { .dom = DOMID_SELF };
	struct gnttab_get_version v = { .dom = DOMID_SELF };

	note("query_size: %ld", OP(query_size, &q));
	note(" status %d, %u frames of %u", q.status, q.nr_frames, q.max_nr_frames);
	set_xen_guest_handle(s.frame_list, frames);
	note("setup_table: %ld, status %d", OP(setup_table, &s), s.status);
	s.nr_frames = 0;
	note("of no frames: %ld, status %d", OP(setup_table, &s), s.status);
	s.nr_frames = 5000;
	note("of 5000: %ld, status %d", OP(setup_table, &s), s.status);
	s.dom = 77;
	s.nr_frames = 1;
	note("for 77: %ld, status %d", OP(setup_table, &s), s.status);
	q.dom = 77;
	note("query_size of 77: %ld, status %d", OP(query_size, &q), q.status);
	note("get_version: %ld, %u", OP(get_version, &v), v.version);
	v.dom = 77;
	note("of 77: %ld", OP(get_version, &v));

	table = page_alloc();
	lent = page_alloc();
	window = page_alloc();
	own = pte_read((uint64_t)window);
	check_eq(pte_write((uint64_t)table, frames[0] << 12 | P_P | P_W | P_U), 0,
		 "the table's frame can be mapped");
}

static void versions(void)
{
	for (uint32_t n = 0; n < 4; n++) {
		struct gnttab_set_version v = { n };
		struct gnttab_get_status_frames f = { .dom = DOMID_SELF, .nr_frames = n };

		if (n == 2)	/* Xen has it */
			continue;
		note("set_version %u: %ld", n, OP(set_version, &v));
		note(" is %u", v.version);
		note("%u status frames: %ld, status %d", n, OP(get_status_frames, &f), f.status);
	}
}

static void maps(void)
{
	offer(8, 0);
	lent[0] = 42;
	note("map: %d", map(8, HOST));
	show_entry("kernel, writable");
	note("flags %x, bus address right %d", table[8].flags,
	     m.dev_bus_addr == va_mfn(lent) << 12);
	check(window[0] == 42, "the page is there");
	window[1] = 43;
	check(lent[1] == 43, "what is written there is in the page");
	note("unmap at another address: %d", unmap(m.handle, (uint64_t)table, 0));
	note("at none: %d", unmap(m.handle, 0, 0));
	note("where it is: %d", unmap(m.handle, (uint64_t)window, 0));
	show_entry("unmapped");
	note("flags %x", table[8].flags);
	note("again: %d", unmap(m.handle, (uint64_t)window, 0));

	note("read-only: %d", map(8, HOST | RO));
	show_entry("kernel, read-only");
	note("flags %x", table[8].flags);
	note("unmap: %d", unmap(m.handle, (uint64_t)window, 0));
	note("for applications: %d", map(8, HOST | RO | GNTMAP_application_map | 0xffU << 16));
	show_entry("user, read-only, bits of ours");
	note("unmap: %d", unmap(m.handle, (uint64_t)window, 0));
	note("map over an entry: %ld %d", pte_write((uint64_t)window, own), map(8, HOST));
	note("unmap: %d", unmap(m.handle, (uint64_t)window, 0));
	pte_write((uint64_t)window, own);
}

static void by_entry(void)
{
	uint64_t at = pte_maddr((uint64_t)window);

	note("map by entry: %d", map_at(at, 8, HOST | GNTMAP_contains_pte, 0));
	show_entry("mapped");
	note("unmap by address: %d", unmap(m.handle, (uint64_t)window, 0));
	note("unmap by entry: %d", unmap(m.handle, at, 0));
	show_entry("unmapped");
	note("entry not aligned: %d", map_at(at + 4, 8, HOST | GNTMAP_contains_pte, 0));
	note("entry not in a page table: %d",
	     map_at(va_mfn(lent) << 12, 8, HOST | GNTMAP_contains_pte, 0));
	note("entry nowhere: %d", map_at(~7UL, 8, HOST | GNTMAP_contains_pte, 0));
	pte_write((uint64_t)window, own);
}

static void devices(void)
{
	uint64_t at = va_mfn(lent) << 12;

	note("map for devices: %d", map_at(0, 8, DEVICE, 0));
	note("flags %x", table[8].flags);
	note("unmap at another bus address: %d", unmap(m.handle, 0, 0x1000));
	note("unmap: %d", unmap(m.handle, 0, at));
	note("flags %x", table[8].flags);
	note("map for both: %d", map(8, HOST | DEVICE));
	note("unmap the host's: %d", unmap(m.handle, (uint64_t)window, 0));
	note("flags %x", table[8].flags);
	note("the device's: %d", unmap(m.handle, 0, at));
	note("flags %x", table[8].flags);
	pte_write((uint64_t)window, own);
}

static void refusals(void)
{
	static const uint64_t addresses[] = { 0x7000000000, 0xffff830000000000,
					      0x8000000000000000 };
	static const uint16_t flags[] = { GTF_invalid, GTF_accept_transfer, GTF_transitive,
					  GTF_permit_access | GTF_sub_page };

	for (unsigned i = 0; i < 3; i++)
		note("map at %lx: %d", addresses[i], map_at(addresses[i], 8, HOST, 0));
	for (unsigned i = 0; i < 4; i++) {
		offer(9, 0);
		table[9].flags = flags[i];
		note("flags %x: map %d, then %x", flags[i], map(9, HOST), table[9].flags);
	}
	offer(9, GTF_readonly);
	note("writable of a read-only grant: %d, flags %x", map(9, HOST), table[9].flags);
	note("no kind: %d, only read-only: %d", map(9, 0), map(9, RO));
	table[9].domid = 5;
	note("a grant for another: %d", map(9, HOST | RO));
	offer(9, 0);
	table[9].frame = 0xfffffff;
	note("a frame that is not there: %d, flags %x", map(9, HOST), table[9].flags);
	note("reference 1023: %d, 1024: %d, ~0: %d", map(1023, HOST), map(1024, HOST),
	     map(~0U, HOST));
	note("domain 77: %d, self: %d", map_at((uint64_t)window, 8, HOST, 77),
	     map_at((uint64_t)window, 8, HOST, DOMID_SELF));
	note("handle 100000: %d", unmap(100000, (uint64_t)window, 0));
	table[9].frame = (uint32_t)(pte_maddr((uint64_t)window) >> 12);
	note("a page table, writable: %d", map(9, HOST));
	note("read-only: %d", map(9, HOST | RO));
	note("unmap: %d", unmap(m.handle, (uint64_t)window, 0));
	pte_write((uint64_t)window, own);
}

static void replace(void)
{
	char *other = page_alloc();
	struct gnttab_unmap_and_replace r = { .host_addr = (uint64_t)window,
					      .new_addr = 0x7000000000 };

	map(8, HOST);
	r.handle = m.handle;
	note("replace by what is not there: %ld, status %d", OP(unmap_and_replace, &r), r.status);
	r.new_addr = (uint64_t)other;
	note("replace: %ld, status %d", OP(unmap_and_replace, &r), r.status);
	check((pte_read((uint64_t)window) & P_ADDR) >> 12 == va_mfn(other), "the entry has moved");
	note("the other entry: %lx, flags %x", pte_read((uint64_t)other), table[8].flags);
	pte_write((uint64_t)window, own);
	map(8, HOST);
	r.handle = m.handle;
	r.new_addr = 0;
	note("replace by nothing: %ld, status %d", OP(unmap_and_replace, &r), r.status);
	show_entry("replaced");
	pte_write((uint64_t)window, own);
}

static int copy(struct gnttab_copy *c)
{
	c->status = 99;
	long rc = OP(copy, c);

	return rc ? (int)rc : c->status;
}

static void copies(void)
{
	char *to = page_alloc();
	struct gnttab_copy c = {
		.source = { .u.ref = 8, .domid = 0 },
		.dest = { .u.gmfn = va_mfn(to), .domid = DOMID_SELF, .offset = 8 },
		.len = 16, .flags = GNTCOPY_source_gref };

	lent[0] = 44;
	note("copy from a grant: %d, %d", copy(&c), to[8]);
	c.len = 4096;
	note("across the end: %d", copy(&c));
	c.len = 16;
	c.source.domid = 77;
	note("domain 77: %d", copy(&c));
	c.source.domid = 0;
	c.source.u.ref = LISTED;
	note("reference %u: %d", LISTED, copy(&c));
	table[9].flags = GTF_transitive;
	c.source.u.ref = 9;
	note("transitive: %d", copy(&c));
	c.flags = 0;
	c.source.u.gmfn = va_mfn(lent);
	note("a frame of domain 0 by number: %d", copy(&c));
	c.source.domid = DOMID_SELF;
	note("of self: %d", copy(&c));
	c.source.u.gmfn = 0xffffffffff;
	note("that is not there: %d", copy(&c));
	c.source.u.gmfn = va_mfn(lent);
	c.dest.u.gmfn = pte_maddr((uint64_t)window) >> 12;
	note("to a page table: %d", copy(&c));
	c.flags = GNTCOPY_dest_gref;
	c.dest = (struct gnttab_copy_ptr){ .u.ref = 8, .domid = 0, .offset = 100 };
	note("to a grant: %d, %d, flags %x", copy(&c), lent[100], table[8].flags);
	table[8].flags |= GTF_readonly;
	note("to a read-only one: %d", copy(&c));
	offer(8, 0);
}

static void the_rest(void)
{
	struct gnttab_swap_grant_ref s = { 8, 9, 99 };
	struct gnttab_cache_flush f = { .a.dev_bus_addr = va_mfn(lent) << 12, .length = 64 };
	static const unsigned lists[] = { 0, 1, 5, 7, 11 };

	offer(9, GTF_readonly);
	note("swap: %ld, %d, flags %x %x", OP(swap_grant_ref, &s), s.status, table[8].flags,
	     table[9].flags);
	s.ref_b = 5000;
	note("with 5000: %ld, %d", OP(swap_grant_ref, &s), s.status);
	for (uint32_t op = 0; op < 5; op++) {
		f.op = op;
		note("cache_flush %u: %ld", op, OP(cache_flush, &f));
	}
	f.op = GNTTAB_CACHE_CLEAN;
	f.length = 5000;
	note("of 5000 bytes: %ld", OP(cache_flush, &f));
	f.length = 1;
	f.a.dev_bus_addr = 1UL << 45;
	note("of memory that is not there: %ld", OP(cache_flush, &f));
	for (unsigned i = 0; i < 5; i++)
		note("operation %u at 0: %ld, with count 0: %ld, -1: %ld", lists[i],
		     HC(grant_table_op, lists[i], 0, 1), HC(grant_table_op, lists[i], 0, 0),
		     HC(grant_table_op, lists[i], 0, ~0U));
	note("operation 3: %ld, 13: %ld, 0x1000: %ld", HC(grant_table_op, 3, &s, 1),
	     HC(grant_table_op, 13, &s, 1), HC(grant_table_op, 0x1000, &s, 1));
}

void test_main(void)
{
	traps_init();
	set_up();
	versions();
	maps();
	by_entry();
	devices();
	refusals();
	replace();
	copies();
	the_rest();
}
