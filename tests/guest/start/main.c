// SPDX-License-Identifier: MIT
/* The state in which a domain's first vCPU begins: xen/xen.h, "start of day". */
#include "../lib/test.h"

const char test_name[] = "start";

static bool magic_ok(void)
{
	static const char want[] = "xen-3.0-x86_64";

	for (unsigned i = 0; i < sizeof(want); i++)
		if (start_info->magic[i] != want[i])
			return false;
	return true;
}

static void check_p2m(void)
{
	uint64_t wrong = 0;

	for (uint64_t n = 0; n < start_info->nr_pages; n++)
		wrong += M2P[p2m[n]] != n;
	check_eq(wrong, 0, "every frame of the p2m list has its number in the M2P");
}

static void check_tables(void)
{
	uint64_t first = start_info->pt_base, end = first + start_info->nr_pt_frames * PAGE;
	unsigned writable = 0, other = 0, not_writable = 0;

	for (uint64_t va = first; va < end; va += PAGE)
		writable += (pte_read(va) & P_W) != 0;
	check_eq(writable, 0, "the page tables are mapped read-only");
	for (uint64_t va = 0x100000; va < first; va += PAGE)
		other += (pte_read(va) & P_ADDR) >> 12 != p2m[va >> 12];
	check_eq(other, 0, "page n is mapped at n * 4096 from virt_base on");
	for (uint64_t va = start_info->mfn_list; va < first; va += PAGE)
		not_writable += !(pte_read(va) & P_W);
	check_eq(not_writable, 0, "what is before the page tables is mapped writable");
}

void test_main(void)
{
	check(magic_ok(), "start_info has the ABI's magic");
	check(start_info->nr_pages >= 1024, "nr_pages is given");
	check_eq(start_info->shared_info & (PAGE - 1), 0, "shared_info is a page's machine address");
	check_eq(start_info->pt_base & (PAGE - 1), 0, "pt_base is a page");
	check(entry_rsp > start_info->pt_base, "the boot stack is behind the page tables");
	check_eq(entry_rsp & (PAGE - 1), 0, "rsp is the upper end of the stack page");
	check(pte_read(entry_rsp + (512 << 10) - PAGE) & P_P, "512 KiB behind the stack are mapped");
	note("rflags %#lx", (unsigned long)entry_rflags);
	note("cs %#lx ss %#lx ds %#lx", (unsigned long)entry_cs & 0xffff,
	     (unsigned long)entry_ss & 0xffff, (unsigned long)entry_ds & 0xffff);
	note("flags %#x", start_info->flags & (SIF_PRIVILEGED | SIF_INITDOMAIN));
	note("upcall mask %u", shared_info->vcpu_info[0].evtchn_upcall_mask);
	check_p2m();
	check_tables();
}
