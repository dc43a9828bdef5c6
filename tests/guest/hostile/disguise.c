/* SPDX-License-Identifier: MIT */
/*
 * Addresses that lead the hypervisor, where it reads for the guest, to what is its own: some that are no
 * addresses but walk like its part's, and those below a recursive entry of the top level, where
 * its own tables seem to be the guest's. There the CPU stops the guest, but not who reads in ring 0.
 */
#include "hostile.h"

#include <xen/physdev.h>

#define RO (P_P | P_U | P_A | P_D)
#define SLOT 4			/* of the recursive entry */
#define FIRST 260		/* of the hypervisor's slots; the M2P's before it a guest may read */
#define LAST 271

static uint64_t address(uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	return a << 39 | b << 30 | c << 21 | d << 12;
}

/* ---- who is asked to read -------------------------------------------------------------- */

/* By copies: the port that stands there may be any, but it must not be read. */
static bool copies_from(uint64_t va)
{
	return HC(event_channel_op, EVTCHNOP_send, va) != -XEN_EFAULT;
}

/* The same with a length that the hypervisor does not know when it is compiled. */
static bool copies_much_from(uint64_t va)
{
	return HC(set_gdt, va, 3 * 512) != -XEN_EFAULT;
}

static uint64_t try_port(uint64_t arg)
{
	uint64_t value;

	__asm__ volatile("in %%dx, %%al" : "=a"(value) : "d"(arg));
	return 1;
}

/* By a walk in software, of the bitmap of I/O ports. */
static bool is_bitmap(uint64_t va)
{
	struct physdev_set_iobitmap map = { .nr_ports = 32768 };
	bool any = false;

	map.bitmap.p = (void *)va;
	if (HC(physdev_op, PHYSDEVOP_set_iobitmap, &map))
		return false;
	for (unsigned port = 0; port < 32768 && !any; port += 1031)
		any = user_call(try_port, port, 0x202) == 1;
	map = (struct physdev_set_iobitmap){ 0 };
	HC(physdev_op, PHYSDEVOP_set_iobitmap, &map);
	return any;
}

static bool reads(uint64_t va)
{
	return copies_from(va) || copies_much_from(va);
}

/* ---- addresses that are none ------------------------------------------------------------- */

/* Of a low half that goes on where the hypervisor's part begins: a walk would see the same. */
static void beyond_the_lower_half(void)
{
	struct vcpu_register_runstate_memory_area area;
	unsigned areas = 0, bitmaps = 0, read = 0;

	for (uint64_t slot = 256; slot <= LAST; slot++)
		for (uint64_t at = 0; at < 8; at++) {
			uint64_t va = address(slot, at & 1, at >> 1 & 1, at >> 2);

			area.addr.p = va + 64;
			areas += !HC(vcpu_op, VCPUOP_register_runstate_memory_area, 0, &area);
			bitmaps += is_bitmap(va);
			read += reads(va);
		}
	check_eq(areas, 0, "no area of run states is registered where no address is");
	check_eq(bitmaps, 0, "no bitmap of ports is found there");
	check_eq(read, 0, "and nothing read");
}

/* ---- addresses below a recursive entry ------------------------------------------------------ */

static void below_a_recursive_entry(void)
{
	unsigned read = 0, bitmaps = 0;

	for (uint64_t slot = FIRST; slot <= LAST; slot++)
		for (uint64_t at = 0; at < 16; at++) {
			/* A page of data, and a table of the hypervisor's: level 1, 2, 3 */
			const uint64_t vas[] = { address(SLOT, slot, at >> 2, at & 3),
						 address(SLOT, SLOT, slot, at),
						 address(SLOT, SLOT, SLOT, slot) };

			for (unsigned i = 0; i < 3; i++) {
				read += reads(vas[i]);
				bitmaps += is_bitmap(vas[i]);
			}
		}
	check_eq(read, 0, "what the hypervisor sees below a recursive entry it does not read for us");
	check_eq(bitmaps, 0, "nor as a bitmap of ports");
}

/* A top level that names another one shows that one's slots of the hypervisor just as well. */
static void below_another_top_level(void)
{
	uint64_t other = hidden_page(), entry = top_level() << 12 | 8 * SLOT;

	check_eq((uint64_t)ext(MMUEXT_PIN_L4_TABLE, other), 0, "another top level is pinned");
	check_eq((uint64_t)update(entry, other << 12 | RO), 0, "and named by ours");
	for (uint64_t slot = FIRST; slot <= LAST; slot++)
		if (reads(address(SLOT, slot, 0, 0)) || reads(address(SLOT, slot, 0, 1)))
			check(false, "its slot %lu is read for us", (unsigned long)slot);
	check_eq((uint64_t)update(entry, 0), 0, "it is let go");
	check_eq((uint64_t)ext(MMUEXT_UNPIN_TABLE, other), 0, "and unpinned");
}

/* What is the guest's own must go on to be read there. */
static void own_tables_are_readable(void)
{
	uint64_t own = address(SLOT, (uint64_t)start_info->pt_base >> 39,
			       start_info->pt_base >> 30 & 511, start_info->pt_base >> 21 & 511);

	check(copies_from(own), "a table of our own is read for us");
	check(copies_from(address(SLOT, SLOT, SLOT, SLOT)), "our top level, too");
}

void attack_in_disguise(void)
{
	uint64_t entry = top_level() << 12 | 8 * SLOT;

	user_share();
	beyond_the_lower_half();
	check_eq((uint64_t)update(entry, top_level() << 12 | RO), 0, "our top level names itself");
	below_a_recursive_entry();
	own_tables_are_readable();
	check_eq((uint64_t)update(entry, 0), 0, "and does so no more");
	below_another_top_level();
	traps_init();
}
