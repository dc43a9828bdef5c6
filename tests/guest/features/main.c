// SPDX-License-Identifier: MIT
/*
 * What CPUID does not offer does not work either, whatever the machine has; and breakpoints: on ports with
 * CR4.DE alone, by moves to the debug registers that take effect at once.
 */
#include "../lib/test.h"

const char test_name[] = "features";

#define CR4_DE		(1UL << 3)
#define CR4_FSGSBASE	(1UL << 16)
#define DR7_FIXED	0x400UL
#define DR7_IO_0	(0x200UL | 2 | 2UL << 16 | 3UL << 18 | DR7_FIXED)	/* GE G0, ports, 4 bytes */
#define DR7_IO_1	(8UL | 2UL << 20 | 3UL << 22 | DR7_FIXED)

static uint32_t word;

static uint64_t cr4_read(void)
{
	uint64_t v;

	__asm__ volatile("mov %%cr4, %0" : "=r"(v));
	return v;
}

static void cr4_write(uint64_t v)
{
	TRY("mov %0, %%cr4", : : "r"(v) : "rax");
}

static uint64_t dr7_read(void)
{
	uint64_t v;

	__asm__ volatile("mov %%dr7, %0" : "=r"(v));
	return v;
}

static void dr7_write(uint64_t v)
{
	TRY("mov %0, %%dr7", : : "r"(v) : "rax");
}

static void fs_gs_base(void)
{
	uint32_t a = 7, b, c = 0, d;
	uint64_t cr4 = cr4_read();

	__asm__ volatile("ud2; .ascii \"xen\"; cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	print("# CPUID offers FSGSBASE: %u, UMIP: %u", b & 1, c >> 2 & 1);
	check_eq(cr4 & CR4_FSGSBASE, 0, "CR4.FSGSBASE is clear at first");
	TRY("rdfsbase %%rbx", : : : "rax", "rbx");
	check_eq(trap.vector, 6, "rdfsbase is no instruction then");
	TRY("wrgsbase %%rbx", : : : "rax");
	check_eq(trap.vector, 6, "wrgsbase neither");
	cr4_write(cr4 | CR4_FSGSBASE);
	note("CR4.FSGSBASE set: vector %ld", (long)trap.vector);
	check_eq((cr4_read() & CR4_FSGSBASE) != 0, b & 1, "CR4 takes the bit where CPUID offers it");
	TRY("rdfsbase %%rbx", : : : "rax", "rbx");
	check_eq(trap.vector, b & 1 ? ~0UL : 6, "the instruction is there where CPUID offers it");
	cr4_write(cr4);
}

static void tables(void)
{
	uint8_t table[10];

	TRY("sgdt %0", : "=m"(table) : : "rax");
	check_eq(trap.vector, ~0UL, "sgdt of the kernel is done");
	TRY("sidt %0", : "=m"(table) : : "rax");
	check_eq(trap.vector, ~0UL, "sidt of the kernel is done");
	TRY("sldt %%bx; str %%bx; smsw %%bx", : : : "rax", "rbx");
	check_eq(trap.vector, ~0UL, "sldt, str and smsw of the kernel are done");
}

static void breakpoints(void)
{
	uint64_t cr4 = cr4_read(), r[4];

	check_eq(cr4 & CR4_DE, 0, "CR4.DE is clear at first");
	__asm__ volatile("mov %%dr0, %0; mov %%dr1, %1; mov %%dr2, %2; mov %%dr3, %3"
			 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]));
	check(!r[0] && !r[1] && !r[2] && !r[3], "the addresses are 0 at first");
	__asm__ volatile("mov %%dr6, %0" : "=r"(r[0]));
	check_eq(r[0], 0xffff0ff0, "so is dr6, but for its fixed bits");
	check_eq(dr7_read(), DR7_FIXED, "and dr7");
	dr7_write(0);
	__asm__ volatile("mov %0, %%dr0" : : "r"(&word));
	TRY("mov %0, %%dr7; movl $0, %1", : : "r"(0x200UL | 2 | 3UL << 16 | 3UL << 18), "m"(word) : "rax");
	check_eq(trap.vector, 1, "a breakpoint is there at once");
	dr7_write(0);
	cr4_write(cr4 | CR4_DE);
	check_eq(cr4_read() & CR4_DE, CR4_DE, "CR4.DE is set");
	dr7_write(DR7_IO_0);
	check_eq(dr7_read(), DR7_IO_0, "a breakpoint on a port reads back");
	dr7_write(DR7_IO_1);
	check_eq(dr7_read(), DR7_IO_1, "and another, without the first");
	dr7_write(DR7_IO_0);
	cr4_write(cr4);
	dr7_write(DR7_IO_0);
	check_eq(trap.vector, 13, "without CR4.DE it is refused");
	check_eq(dr7_read(), DR7_IO_0, "and dr7 keeps what it had");
	dr7_write(0);
	TRY("mov $0x1d9, %%ecx; rdmsr", : : : "rax", "rcx", "rdx");
	note("rdmsr of DEBUGCTL: vector %ld", (long)trap.vector);
}

static void instructions(void)
{
	xen_feature_info_t f;

	for (unsigned i = 0; i < 3; i++) {
		f = (xen_feature_info_t){ .submap_idx = i };
		long rc = HC(xen_version, XENVER_get_features, &f);

		note("features %u: %ld %#x", i, rc, f.submap);
	}
	TRY("swapgs", : : : "rax");
	note("swapgs: vector %ld error %#lx", (long)trap.vector, (unsigned long)trap.error);
	TRY("mov $1, %%eax; xor %%edx, %%edx; xor %%ecx, %%ecx; xsetbv", : : : "rax", "rcx", "rdx");
	note("xsetbv: vector %ld error %#lx", (long)trap.vector, (unsigned long)trap.error);
	TRY("mov %%cr3, %%rbx; mov $0x1000, %%ebx; mov %%rbx, %%cr3", : : : "rax", "rbx");
	note("a wrong cr3: vector %ld error %#lx", (long)trap.vector, (unsigned long)trap.error);
	TRY("sysretq", : : : "rax");
	note("sysret: vector %ld error %#lx", (long)trap.vector, (unsigned long)trap.error);
	TRY(".byte 0xf1", : : : "rax");
	note("icebp: vector %ld error %#lx", (long)trap.vector, (unsigned long)trap.error);
	TRY("mov $0x1234, %%eax; mov %%eax, %%ss", : : : "rax");
	note("a wrong ss: vector %ld error %#lx", (long)trap.vector, (unsigned long)trap.error);
	TRY("vmcall", : : : "rax");
	note("vmcall: vector %ld", (long)trap.vector);
	TRY("monitor", : : : "rax");
	note("monitor: vector %ld", (long)trap.vector);
}

void test_main(void)
{
	instructions();
	fs_gs_base();
	tables();
	breakpoints();
}
