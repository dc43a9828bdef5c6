// SPDX-License-Identifier: MIT
/* memory_op: frames for a domain and back, maps, what is refused. */
#define __XEN_TOOLS__ 1	/* the operations of a toolstack, too */
#include "../lib/test.h"

const char test_name[] = "memory";

#define N(a) (sizeof(a) / sizeof((a)[0]))

static xen_pfn_t list[16];

static struct xen_memory_reservation reservation(unsigned n, unsigned order, unsigned flags)
{
	struct xen_memory_reservation r = { .nr_extents = n, .extent_order = order,
					    .mem_flags = flags, .domid = DOMID_SELF };

	set_xen_guest_handle(r.extent_start, list);
	return r;
}

static long current(void)
{
	domid_t self = DOMID_SELF;

	return HC(memory_op, XENMEM_current_reservation, &self);
}

static void questions(void)
{
	static const domid_t ids[] = { DOMID_SELF, 0, 77, DOMID_IO, DOMID_XEN, DOMID_INVALID };

	for (unsigned i = 0; i < N(ids); i++)
		note("current reservation of %#x: %d; maximum: %d; gpfn: %d", ids[i],
		     HC(memory_op, XENMEM_current_reservation, &ids[i]) > 0 ? 1 :
			     (int)HC(memory_op, XENMEM_current_reservation, &ids[i]),
		     HC(memory_op, XENMEM_maximum_reservation, &ids[i]) > 0 ? 1 :
			     (int)HC(memory_op, XENMEM_maximum_reservation, &ids[i]),
		     HC(memory_op, XENMEM_maximum_gpfn, &ids[i]) > 0 ? 1 :
			     (int)HC(memory_op, XENMEM_maximum_gpfn, &ids[i]));
	for (unsigned op = 0; op < 64; op++)
		if (op != XENMEM_maximum_ram_page)
			note("operation %u at 0: %ld", op, HC(memory_op, op, 0));
	check((uint64_t)HC(memory_op, XENMEM_maximum_ram_page, 0) > va_mfn((void *)0x1000),
	      "the highest frame is above one of ours");
}

static void give_and_take(void)
{
	struct xen_memory_reservation r;
	long before = current();
	void *page = page_alloc();
	uint64_t pfn = (uint64_t)page >> 12, frame = va_mfn(page);

	pte_write((uint64_t)page, 0);
	list[0] = frame;
	r = reservation(1, 0, 0);
	note("decrease: %ld, %ld less", HC(memory_op, XENMEM_decrease_reservation, &r), before - current());
	note("again: %ld", HC(memory_op, XENMEM_decrease_reservation, &r));
	note("M2P of a frame given back is ~0: %d", M2P[frame] == ~0UL);
	note("mapping it: %ld", HC(update_va_mapping, page, frame << 12 | P_P, 0));
	list[0] = pfn;
	note("populate: %ld, %ld less", HC(memory_op, XENMEM_populate_physmap, &r), before - current());
	check_eq(M2P[list[0]], pfn, "the M2P knows the new frame");
	check_eq((uint64_t)pte_write((uint64_t)page, list[0] << 12 | P_P | P_W | P_U), 0,
		 "the new frame can be mapped");
	check_eq(*(volatile uint64_t *)page, 0, "it is empty");
	p2m[pfn] = list[0];
	list[0] = va_mfn((void *)start_info->pt_base);
	note("decrease of a page table: %ld, %ld less", HC(memory_op, XENMEM_decrease_reservation, &r),
	     before - current());
	note("its use as before: %ld", HC(update_va_mapping, page, p2m[pfn] << 12 | P_P | P_W | P_U, 0));
	list[0] = 1UL << 40;
	note("decrease of no frame: %ld", HC(memory_op, XENMEM_decrease_reservation, &r));
	list[0] = va_mfn(shared_info);
}

static void limits(void)
{
	static const unsigned orders[] = { 19, 20, 25, 63, 64, 255 };
	struct xen_memory_reservation r;

	for (unsigned i = 0; i < N(orders); i++) {
		r = reservation(1, orders[i], 0);
		list[0] = 0x100000;
		note("order %u: increase %ld, decrease %ld, populate %ld", orders[i],
		     HC(memory_op, XENMEM_increase_reservation, &r),
		     HC(memory_op, XENMEM_decrease_reservation, &r),
		     HC(memory_op, XENMEM_populate_physmap, &r));
	}
	r = reservation(0, 0, 0);
	note("no extents: %ld", HC(memory_op, XENMEM_populate_physmap, &r));
	r.nr_extents = 1UL << 40;
	note("too many extents: %ld", HC(memory_op, XENMEM_populate_physmap, &r));
	r = reservation(3, 0, 0);
	note("begun beyond the end: %ld", HC(memory_op, XENMEM_populate_physmap | 7 << 6, &r));
	note("begun at 2: %ld", HC(memory_op, XENMEM_increase_reservation | 2 << 6, &r));
	r = reservation(1, 0, XENMEMF_address_bits(12));
	note("below 2^12: %ld", HC(memory_op, XENMEM_increase_reservation, &r));
	r.domid = 77;
	note("of domain 77: %ld", HC(memory_op, XENMEM_increase_reservation, &r));
	r = reservation(1, 0, 0);
	set_xen_guest_handle(r.extent_start, 0);
	note("list at 0: increase %ld, populate %ld, decrease %ld",
	     HC(memory_op, XENMEM_increase_reservation, &r),
	     HC(memory_op, XENMEM_populate_physmap, &r), HC(memory_op, XENMEM_decrease_reservation, &r));
}

static void exchange(void)
{
	static xen_pfn_t in[4], out[4];
	struct xen_memory_exchange x = { .in = { .nr_extents = 4, .domid = DOMID_SELF },
					 .out = { .nr_extents = 1, .extent_order = 2, .domid = DOMID_SELF } };
	long before = current();
	uint64_t *page[4];
	long rc;

	set_xen_guest_handle(x.in.extent_start, in);
	set_xen_guest_handle(x.out.extent_start, out);
	for (unsigned i = 0; i < 4; i++) {
		page[i] = page_alloc();
		in[i] = va_mfn(page[i]);
	}
	out[0] = (uint64_t)page[0] >> 12;
	rc = HC(memory_op, XENMEM_exchange, &x);
	note("exchange of mapped pages: %ld, %lu", rc, (unsigned long)x.nr_exchanged);
	for (unsigned i = 0; i < 4; i++)
		pte_write((uint64_t)page[i], 0);
	x.out.nr_extents = 2;
	note("sizes that differ: %ld", HC(memory_op, XENMEM_exchange, &x));
	x.out.nr_extents = 1;
	x.out.domid = 0;
	note("domains that differ: %ld", HC(memory_op, XENMEM_exchange, &x));
	x.out.domid = DOMID_SELF;
	x.nr_exchanged = 5;
	note("more done than there are: %ld", HC(memory_op, XENMEM_exchange, &x));
	x.nr_exchanged = 0;
	x.out.extent_order = 40;
	note("an order that is too big: %ld", HC(memory_op, XENMEM_exchange, &x));
	x.out.extent_order = 2;
	rc = HC(memory_op, XENMEM_exchange, &x);
	note("four frames for a block: %ld, %lu; %ld less", rc, (unsigned long)x.nr_exchanged, before - current());
	check_eq(out[0] & 3, 0, "the block is aligned");
	for (unsigned i = 0; i < 4; i++) {
		p2m[((uint64_t)page[0] >> 12) + i] = out[0] + i;
		check_eq(M2P[out[0] + i], ((uint64_t)page[0] >> 12) + i, "the M2P knows frame %u of it", i);
		check_eq((uint64_t)pte_write((uint64_t)page[0] + i * PAGE,
					     (out[0] + i) << 12 | P_P | P_W | P_U), 0, "it can be mapped");
	}
	note("once more, with the frames that went: %ld", HC(memory_op, XENMEM_exchange, &x));
	x.nr_exchanged = 0;
	note("and from the start: %ld", HC(memory_op, XENMEM_exchange, &x));
}

static void maps(void)
{
	struct e820 { uint64_t addr, size; uint32_t type; } __attribute__((packed)) e[64];
	struct xen_memory_map map = { .nr_entries = 64 };
	struct xen_machphys_mapping m2p;
	struct xen_machphys_mfn_list frames = { .max_extents = N(list) };

	set_xen_guest_handle(map.buffer, e);
	note("its own map: %ld", HC(memory_op, XENMEM_memory_map, &map));
	map.nr_entries = 1;
	note("the machine's, too small: %ld", HC(memory_op, XENMEM_machine_memory_map, &map));
	map.nr_entries = 64;
	note("the machine's: %ld", HC(memory_op, XENMEM_machine_memory_map, &map));
	check(map.nr_entries > 2 && e[0].addr == 0 && e[0].type == 1, "it begins with RAM at 0");
	set_xen_guest_handle(map.buffer, 0);
	note("its size: %ld", HC(memory_op, XENMEM_machine_memory_map, &map));
	note("M2P: %ld, %#lx to %#lx, last %#lx", HC(memory_op, XENMEM_machphys_mapping, &m2p),
	     (unsigned long)m2p.v_start, (unsigned long)m2p.v_end, (unsigned long)m2p.max_mfn);
	set_xen_guest_handle(frames.extent_start, list);
	note("its frames: %ld, %u", HC(memory_op, XENMEM_machphys_mfn_list, &frames), frames.nr_extents);
	frames.max_extents = 0;
	note("none of them: %ld, %u", HC(memory_op, XENMEM_machphys_mfn_list, &frames), frames.nr_extents);
}

static void resource(domid_t d, unsigned type, unsigned id, unsigned n, uint64_t frame, bool to_list)
{
	struct xen_mem_acquire_resource r = { .domid = d, .type = (uint16_t)type, .id = id,
					      .nr_frames = n, .frame = frame };

	if (to_list)
		set_xen_guest_handle(r.frame_list, list);
	note("resource %u.%u of %#x, %u from %lu%s: %ld", type, id, d, n, (unsigned long)frame,
	     to_list ? "" : ", no list", HC(memory_op, XENMEM_acquire_resource, &r));
}

static void others(void)
{
	struct xen_add_to_physmap add = { .domid = DOMID_SELF };
	struct xen_remove_from_physmap gone = { .domid = DOMID_SELF, .gpfn = va_mfn((void *)0x1000) };
	struct xen_vnuma_topology_info vnuma = { .domid = DOMID_SELF };
	struct xen_memory_reservation r = reservation(100, 0, 0);

	note("add_to_physmap: %ld", HC(memory_op, XENMEM_add_to_physmap, &add));
	add.domid = 77;
	note("of domain 77: %ld", HC(memory_op, XENMEM_add_to_physmap, &add));
	note("remove_from_physmap: %ld", HC(memory_op, XENMEM_remove_from_physmap, &gone));
	gone.gpfn = 1UL << 40;
	note("of no frame: %ld", HC(memory_op, XENMEM_remove_from_physmap, &gone));
	note("vnuma: %ld", HC(memory_op, XENMEM_get_vnumainfo, &vnuma));
	note("sharing: %ld, %ld", HC(memory_op, XENMEM_get_sharing_freed_pages, 0),
	     HC(memory_op, XENMEM_get_sharing_shared_pages, 0));
	note("a claim with a list: %ld", HC(memory_op, XENMEM_claim_pages, &r));
	set_xen_guest_handle(r.extent_start, 0);
	r.domid = 77;
	note("a claim of domain 77: %ld", HC(memory_op, XENMEM_claim_pages, &r));
	r.domid = 0;
	r.nr_extents = 1;
	note("a claim of less than there is: %ld", HC(memory_op, XENMEM_claim_pages, &r));
	r.extent_order = 1;
	note("a claim with an order: %ld", HC(memory_op, XENMEM_claim_pages, &r));
	resource(DOMID_SELF, 1, 0, 1, 0, true);
	resource(0, 1, 0, 1, 0, true);
	resource(77, 1, 0, 1, 0, true);
	resource(77, 9, 0, 1, 0, true);
}

void test_main(void)
{
	questions();
	give_and_take();
	limits();
	exchange();
	maps();
	others();
}
