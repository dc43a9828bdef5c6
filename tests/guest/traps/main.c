// SPDX-License-Identifier: MIT
/* Exceptions of the kernel itself: vector, error code, address and frame as they arrive. */
#include "../lib/test.h"

const char test_name[] = "traps";

#define UNMAPPED 0x7000000123UL

static void show(const char *what)
{
	note("%s: vector %lu error %#lx cs %#lx ss %#lx if %lu", what, (unsigned long)trap.vector,
	     (unsigned long)trap.error, (unsigned long)trap.cs, (unsigned long)trap.ss,
	     (unsigned long)trap.rflags >> 9 & 1);
}

static void page_faults(void)
{
	char *page = page_alloc();

	TRY("movb $1, (%0)", : : "r"(UNMAPPED) : "rax", "memory");
	check_eq(trap.vector, 14, "a store to an unmapped page is a page fault");
	check_eq(trap_cr2, UNMAPPED, "its address is in cr2");
	show("store to unmapped");
	make_readonly(page);
	TRY("movb $1, (%0)", : : "r"(page) : "rax", "memory");
	check_eq(trap.vector, 14, "a store to a read-only page is a page fault");
	check_eq(trap_cr2, (uint64_t)page, "its address is in cr2");
	show("store to read-only");
	make_writable(page);
	TRY("movb $1, (%0)", : : "r"(page) : "rax", "memory");
	check_eq(trap.vector, ~0UL, "no fault once it is writable");
	TRY("mov (%0), %%rbx", : : "r"(0xffff830000000000UL) : "rax", "rbx");
	check_eq(trap.vector, 14, "the hypervisor's memory cannot be read");
	show("read of hypervisor");
	TRY("movb $0, (%0)", : : "r"(HYPERVISOR_VIRT_START) : "rax", "memory");
	check_eq(trap.vector, 14, "the M2P cannot be written");
	show("store to M2P");
	TRY("movabs $0x8000000000000000, %%rbx; mov (%%rbx), %%rbx", : : : "rax", "rbx");
	check_eq(trap.vector, 13, "a non-canonical address is a general protection fault");
	show("non-canonical");
}

void test_main(void)
{
	TRY("ud2", : : : "rax");
	check_eq(trap.vector, 6, "ud2 is an invalid opcode");
	check_eq(trap.cs & 3, 0, "the kernel's cs is shown with RPL 0");
	show("ud2");
	TRY("int3", : : : "rax");
	check_eq(trap.vector, 3, "int3 is a break point");
	show("int3");
	TRY("xor %%edx, %%edx; xor %%ecx, %%ecx; div %%ecx", : : : "rax", "rcx", "rdx");
	check_eq(trap.vector, 0, "a division by zero is a divide error");
	show("div");
	TRY("int $0x80", : : : "rax");
	show("int 0x80");
	TRY("int $0x21", : : : "rax");
	show("int 0x21");
	TRY("int $13", : : : "rax");
	show("int 13");
	TRY("int $14", : : : "rax");
	show("int 14");
	TRY("mov $0x18, %%eax; mov %%eax, %%ds", : : : "rax");
	check_eq(trap.vector, 13, "a selector past the GDT is a general protection fault");
	show("bad selector");
	TRY("pushfq; orq $0x100, (%%rsp); popfq; nop", : : : "rax", "memory");
	check_eq(trap.vector, 1, "TF gives a debug exception after the next instruction");
	show("single step");
	page_faults();
	TRY("rdmsr", : : "c"(0xdeadbeef) : "rax", "rdx");
	check_eq(trap.vector, 13, "an unknown MSR is a general protection fault");
	TRY("mov %%cr4, %%rbx", : : : "rax", "rbx");
	check_eq(trap.vector, ~0UL, "CR4 can be read");
	TRY("cli; sti", : : : "rax");
	note("cli: vector %ld", (long)trap.vector);
	TRY("clts", : : : "rax");
	note("clts: vector %ld", (long)trap.vector);
	TRY("wbinvd", : : : "rax");
	note("wbinvd: vector %ld", (long)trap.vector);
	TRY("invlpg 0", : : : "rax");
	note("invlpg: vector %ld", (long)trap.vector);
	TRY("lgdt 0x100000", : : : "rax");
	note("lgdt: vector %ld", (long)trap.vector);
	TRY("swapgs", : : : "rax");
	note("swapgs: vector %ld", (long)trap.vector);
	TRY("sysretq", : : : "rax", "rcx");
	note("sysret: vector %ld", (long)trap.vector);
}
