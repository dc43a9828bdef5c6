// SPDX-License-Identifier: MIT
/* MOV to CR3 by the kernel: another top-level table, as MMUEXT_NEW_BASEPTR, also one that takes long to check. */
#include "../lib/test.h"

const char test_name[] = "basetable";

#define SLOT 0x20			/* of the top-level table: nothing of ours is there */
#define SLOT_VA ((uint64_t)SLOT << 39)
#define WIDE 8				/* L2 tables of 512 entries: more than a hypercall does in one go */

static uint64_t read_cr3(void)
{
	uint64_t v;

	__asm__ volatile("mov %%cr3, %0" : "=r"(v));
	return v;
}

static void write_cr3(uint64_t value)
{
	TRY("mov %0, %%cr3", : : "r"(value) : "rax", "memory");
}

static long ext(unsigned cmd, uint64_t mfn)
{
	struct mmuext_op op = { .cmd = cmd, .arg1.mfn = mfn };

	return HC(mmuext_op, &op, 1, 0, DOMID_SELF);
}

static uint64_t table_entry(void *table)
{
	return va_mfn(table) << 12 | P_P | P_W | P_U | P_A | P_D;
}

/* A top-level table like the one that we began with; an L3 table, or none, at SLOT. Nobody has checked it yet. */
static uint64_t *new_top(uint64_t *l3)
{
	const uint64_t *first = (const uint64_t *)start_info->pt_base;
	uint64_t *l4 = page_alloc();

	for (unsigned i = 0; i < 512; i++)
		l4[i] = i >= 256 && i < 272 ? 0 : first[i];
	l4[SLOT] = l3 ? table_entry(l3) : 0;
	make_readonly(l4);
	return l4;
}

/* WIDE L2 tables below an L3 table, each with one L1 table 512 times, which maps a page of data. */
static uint64_t *new_tree(uint64_t *data)
{
	uint64_t *l3 = page_alloc(), *l1 = page_alloc();

	l1[0] = table_entry(data);
	make_readonly(l1);
	for (unsigned i = 0; i < WIDE; i++) {
		uint64_t *l2 = page_alloc();

		for (unsigned j = 0; j < 512; j++)
			l2[j] = table_entry(l1);
		make_readonly(l2);
		l3[i] = table_entry(l2);
	}
	make_readonly(l3);
	return l3;
}

static void refusals(uint64_t first)
{
	void *data = page_alloc(), *readonly = page_alloc();
	uint64_t l1 = pte_maddr((uint64_t)data) & P_ADDR;
	static const struct {
		const char *what;
		uint64_t value;
	} none[] = { { "no frame", 1UL << 45 }, { "zero", 0 }, { "all ones", ~0UL } };

	make_readonly(readonly);
	for (unsigned i = 0; i < 3; i++) {
		write_cr3(none[i].value);
		check_eq(trap.vector, 13, "%s is refused", none[i].what);
		note("%s: error %#lx", none[i].what, (unsigned long)trap.error);
	}
	write_cr3(va_mfn(data) << 12);
	check_eq(trap.vector, 13, "a page that is mapped writable is refused");
	write_cr3(l1);
	check_eq(trap.vector, 13, "a table of the lowest level is refused");
	write_cr3(first | 1UL << 63);
	check_eq(trap.vector, 13, "bit 63 is refused");
	write_cr3(first | 0x18);
	check_eq(trap.vector, ~0UL, "bits 0 to 11 do not matter");
	check_eq(read_cr3(), first, "after all that CR3 is what it was");
}

static void unpinned(uint64_t first)
{
	uint64_t *l4 = new_top(NULL), mine = va_mfn(l4) << 12;

	write_cr3(mine);
	check_eq(trap.vector, ~0UL, "a table that nobody has checked yet is taken");
	check_eq(read_cr3(), mine, "CR3 names it");
	check(pte_write((uint64_t)l4, table_entry(l4)), "it cannot be made writable while it is in use");
	write_cr3(first);
	check_eq(trap.vector, ~0UL, "the first one is taken again");
	check_eq((uint64_t)pte_write((uint64_t)l4, table_entry(l4)), 0, "then it can");
}

static void pinned(uint64_t first)
{
	uint64_t *data = page_alloc(), *l4 = new_top(new_tree(data)), mine = va_mfn(l4) << 12;

	check_eq((uint64_t)ext(MMUEXT_PIN_L4_TABLE, mine >> 12), 0, "a wide table is pinned");
	for (unsigned i = 0; i < 3; i++) {
		*data = i;
		write_cr3(mine);
		check_eq(*(volatile uint64_t *)SLOT_VA, i, "switch %u: its memory is there", i);
		write_cr3(first);
		TRY("movq (%0), %%rax", : : "r"(SLOT_VA) : "rax", "memory");
		check_eq(trap.vector, 14, "switch %u: it is gone with it", i);
	}
	check_eq((uint64_t)ext(MMUEXT_UNPIN_TABLE, mine >> 12), 0, "its pin goes");
}

static void in_pieces(uint64_t first)
{
	uint64_t *data = page_alloc(), *bad = page_alloc(), *l4 = new_top(new_tree(data));
	uint64_t *tree = new_tree(data), mine = va_mfn(l4) << 12;

	*data = 0x1234;
	write_cr3(mine);
	check_eq(trap.vector, ~0UL, "a wide table that nobody has checked is taken");
	check_eq(*(volatile uint64_t *)(SLOT_VA + 1023 * 0x200000UL), 0x1234, "its memory is there");
	write_cr3(first);
	check_eq(trap.vector, ~0UL, "and left");
	check_eq((uint64_t)pte_write((uint64_t)l4, table_entry(l4)), 0, "and is a page again");

	make_writable(tree);
	tree[WIDE] = table_entry(bad);	/* writable, so no table, behind all those that are */
	make_readonly(tree);
	mine = va_mfn(new_top(tree)) << 12;
	write_cr3(mine);
	check_eq(trap.vector, 13, "a wide table with one bad entry is refused");
	check_eq(read_cr3(), first, "and CR3 is what it was");
	check_eq((uint64_t)ext(MMUEXT_TLB_FLUSH_LOCAL, 0), 0, "the next operation gives back");
	check_eq((uint64_t)pte_write((uint64_t)tree, table_entry(tree)), 0, "what had been checked of it");
}

void test_main(void)
{
	uint64_t first = read_cr3();

	refusals(first);
	unpinned(first);
	pinned(first);
	in_pieces(first);
}
