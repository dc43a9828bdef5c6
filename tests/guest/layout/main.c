// SPDX-License-Identifier: MIT
/*
 * The first memory of a kernel that wants its p2m list at an address of its own (INIT_P2M) and its ramdisk unmapped
 * (MOD_START_PFN), as Linux does: what is no page table is writable, or the kernel falls over a page that it took for free.
 * A ramdisk, if there is one, is words that count from 0 on.
 */
#include <xen/elfnote.h>

#include "../lib/test.h"

#define P2M_AT 0x8000000000

#define STR_(x) #x
#define STR(x)  STR_(x)
#define NOTE(type, value)                                                                  \
	__asm__(".pushsection .note.Xen, \"a\", @note\n .balign 4\n .long 4, 8, " STR(type) \
		"\n .asciz \"Xen\"\n .quad " STR(value) "\n .popsection")

NOTE(XEN_ELFNOTE_INIT_P2M, P2M_AT);
NOTE(XEN_ELFNOTE_MOD_START_PFN, 1);

const char test_name[] = "layout";

static void check_p2m(void)
{
	uint64_t wrong = 0, length = start_info->nr_pages * sizeof(uint64_t);

	check_eq(start_info->mfn_list, P2M_AT, "the p2m list is where INIT_P2M wants it");
	check(start_info->first_p2m_pfn && start_info->nr_p2m_frames * PAGE >= length,
	      "its frames are told; its tables may be among them");
	for (uint64_t n = 0; n < start_info->nr_pages; n++)
		wrong += M2P[p2m[n]] != n;
	check_eq(wrong, 0, "every frame of the p2m list has its number in the M2P");
}

static void check_writable(void)
{
	uint64_t first = start_info->pt_base, end = first + start_info->nr_pt_frames * PAGE;
	unsigned writable = 0, readonly = 0;

	for (uint64_t va = first; va < end; va += PAGE)
		writable += (pte_read(va) & P_W) != 0;
	check_eq(writable, 0, "the page tables are mapped read-only");
	for (uint64_t va = end; va < entry_rsp + (512 << 10); va += PAGE)
		readonly += !(pte_read(va) & P_W);
	check_eq(readonly, 0, "from behind them on to the end all is writable");
}

static void check_ramdisk(void)
{
	uint64_t wrong = 0, *at = page_alloc(), was = pte_read((uint64_t)at);

	check(start_info->flags & SIF_MOD_START_PFN, "mod_start is a page's number");
	for (uint64_t done = 0; done < start_info->mod_len; done += PAGE) {
		pte_write((uint64_t)at, p2m[start_info->mod_start + done / PAGE] << 12 | P_P | P_U | P_A | P_D);
		for (unsigned i = 0; i < PAGE / 8 && done + i * 8 < start_info->mod_len; i++)
			wrong += at[i] != done / 8 + i;
	}
	pte_write((uint64_t)at, was);
	check_eq(wrong, 0, "the ramdisk's words are in the pages from mod_start on");
	print("# a ramdisk of %lu KiB\n", (unsigned long)start_info->mod_len >> 10);
}

void test_main(void)
{
	check_p2m();
	check_writable();
	if (start_info->mod_len)
		check_ramdisk();
}
