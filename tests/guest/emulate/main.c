// SPDX-License-Identifier: MIT
/* Privileged instructions of a guest's kernel: control registers, MSRs, CPUID, ports. */
#include "../lib/test.h"

#include <xen/physdev.h>

const char test_name[] = "emulate";

static void show(const char *what)
{
	note("%s: vector %ld error %#lx", what, (long)trap.vector, (unsigned long)trap.error);
}

/* ---- control registers ------------------------------------------------------- */

static void control_registers(void)
{
	uint64_t cr0, cr3, v;

	__asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
	note("cr0 %#lx", (unsigned long)cr0);
	TRY("mov %0, %%cr0", : : "r"(cr0) : "rax");
	show("cr0 as it was");
	TRY("mov %0, %%cr0", : : "r"(cr0 & ~0x10000UL) : "rax");
	show("cr0 without WP");
	/* Each in one piece: code of the compiler's own may use vector registers. */
	TRY("mov %1, %%cr0; mov %%cr0, %%rbx; mov %%rbx, %0; fnop", : "=m"(v) : "r"(cr0 | 8)
	    : "rax", "rbx");
	check_eq(trap.vector, 7, "with TS set the FPU is not available");
	note("TS reads as %lu", (unsigned long)v >> 3 & 1);
	TRY("fnop; mov %%cr0, %%rbx; mov %%rbx, %0", : "=m"(v) : : "rax", "rbx");
	check_eq(trap.vector, ~0UL, "once: the fault clears TS");
	note("TS then reads as %lu", (unsigned long)v >> 3 & 1);
	TRY("mov %0, %%cr0; clts; fnop", : : "r"(cr0 | 8) : "rax");
	check_eq(trap.vector, ~0UL, "clts opens it");
	TRY("mov $5, %%eax; mov $1, %%edi; syscall; fnop", : : : "rax", "rdi", "rcx", "r11");
	check_eq(trap.vector, 7, "fpu_taskswitch(1) shuts it");
	TRY("mov $5, %%eax; mov $1, %%edi; syscall; mov $5, %%eax; xor %%edi, %%edi; syscall; fnop",
	    : : : "rax", "rdi", "rcx", "r11");
	check_eq(trap.vector, ~0UL, "fpu_taskswitch(0) opens it");
	TRY("mov $0x1234000, %%ebx; mov %%rbx, %%cr2; xor %%ebx, %%ebx; mov %%cr2, %%rbx; mov %%rbx, %0",
	    : "=m"(v) : : "rax", "rbx");
	show("cr2");
	check_eq(v, 0x1234000, "cr2 keeps its value");
	__asm__ volatile("mov %%cr3, %0" : "=r"(cr3));
	check_eq(cr3 >> 12, va_mfn((void *)start_info->pt_base), "cr3 names the page table");
	__asm__ volatile("mov %%cr4, %0" : "=r"(v));
	note("cr4 without OSXSAVE %#lx", (unsigned long)v & ~(1UL << 18));
	TRY("mov %0, %%cr4; rdtsc", : : "r"(v | 4) : "rax", "rdx");
	show("cr4 with TSD");
	TRY("mov %0, %%cr4", : : "r"(v) : "rax");
	TRY("mov %0, %%cr4", : : "r"(v | 1 << 20) : "rax");
	show("cr4 with SMEP");
	__asm__ volatile("mov %%cr4, %0" : "=r"(cr0));
	check_eq(cr0, v, "which it does not get");
	TRY("mov %%cr8, %%rbx", : : : "rax", "rbx");
	show("cr8");
	TRY("mov $1, %%ebx; lmsw %%bx", : : : "rax", "rbx");
	show("lmsw");
	TRY("rdtsc", : : : "rax", "rdx");
	show("rdtsc");
	TRY("rdpmc", : : "c"(0) : "rax", "rdx");
	show("rdpmc");
	TRY("invd", : : : "rax");
	show("invd");
	TRY("ltr %%ax", : : : "rax");
	show("ltr");
	TRY("lldt %%ax", : : : "rax");
	show("lldt");
	TRY("lidt 0x100000", : : : "rax");
	show("lidt");
	TRY("mov %%db7, %%rbx", : : : "rax", "rbx");
	show("read of db7");
	TRY("mov $0, %%ebx; mov %%rbx, %%db0", : : : "rax", "rbx");
	show("write of db0");
	TRY(".byte 0x0f, 0x35", : : : "rax");
	show("sysexit");
	TRY(".byte 0xf0, 0x0f, 0x20, 0xc0", : : : "rax");
	show("lock");
}

/* ---- MSRs -------------------------------------------------------------------- */

static void read_msr(uint32_t n, bool with_value)
{
	uint32_t lo = 0, hi = 0;

	TRY("rdmsr", : "=a"(lo), "=d"(hi) : "c"(n));
	if (with_value)
		note("rdmsr %#x: vector %ld, %#lx", n, (long)trap.vector,
		     trap.vector == ~0UL ? (unsigned long)hi << 32 | lo : 0);
	else
		note("rdmsr %#x: vector %ld", n, (long)trap.vector);
}

static void write_msr(uint32_t n, uint64_t value)
{
	TRY("mov %1, %%eax; wrmsr", : : "d"((uint32_t)(value >> 32)), "r"((uint32_t)value), "c"(n)
	    : "rax");
	note("wrmsr %#x %#lx: vector %ld", n, (unsigned long)value, (long)trap.vector);
}

static void msrs(void)
{
	static const uint32_t fixed[] = { 0x1b, 0x3a, 0x140, 0x17a, 0x277, 0x400, 0x401, 0x404,
					  0x407, 0x408, 0xfe, 0x174, 0x200, 0x2ff, 0x48, 0x49, 0x800,
					  0x80b, 0x1d9, 0xc0000080, 0xc0000081, 0xc0000082, 0xc0000103,
					  0xc0010000, 0xc0010015, 0xc0010055, 0xc0011029, 0x40000000,
					  0x6e0, 0xda0, 0x345, 0x17 };

	for (unsigned i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		read_msr(fixed[i], true);
	read_msr(0x8b, false);
	read_msr(0x1a0, false);
	read_msr(0xce, false);
	read_msr(0x10, false);
	write_msr(0x8b, 0);
	write_msr(0x277, 0x50100070406);
	write_msr(0x277, 0);
	write_msr(0xc0000080, 0xd01);
	write_msr(0xc0000080, 0);
	write_msr(0xc0000082, 0x1000);
	write_msr(0x17a, 0);
	write_msr(0x401, 0);
	write_msr(0x1b, 0);
	write_msr(0x140, 0);
	write_msr(0x140, 1);
	write_msr(0x6e0, 0);
	write_msr(0x10, 0);
	write_msr(0xc0000103, 1UL << 32);
}

/* ---- CPUID ------------------------------------------------------------------- */

static void forced(uint32_t leaf, uint32_t sub, uint32_t r[4])
{
	__asm__ volatile("ud2; .ascii \"xen\"; cpuid" : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3])
			 : "a"(leaf), "c"(sub));
}

static void cpuid_leaves(void)
{
	uint32_t r[4];

	forced(0x40000000, 0, r);
	note("leaf 0x40000000: %#x %#x %#x %#x", r[0], r[1], r[2], r[3]);
	forced(0x40000001, 0, r);
	note("leaf 0x40000001: %#x %#x %#x %#x", r[0], r[1], r[2], r[3]);
	forced(0x40000002, 0, r);
	note("leaf 0x40000002: %#x %#x %#x %#x", r[0], r[1], r[2], r[3]);
	forced(0x40000003, 0, r);
	note("leaf 0x40000003: a %#x b %#x d %#x", r[0], r[1], r[3]);
	forced(0x40000006, 0, r);
	note("leaf 0x40000006: %#x %#x %#x %#x", r[0], r[1], r[2], r[3]);
	forced(0x40000100, 0, r);
	note("leaf 0x40000100: %#x %#x %#x %#x", r[0], r[1], r[2], r[3]);
	forced(1, 0, r);
	note("leaf 1: b %#x c %#x d without MTRR %#x", r[1] & 0xff00ffff, r[2] & ~(1u << 27),
	     r[3] & ~0x1000u);
	forced(0x80000001, 0, r);
	note("leaf 0x80000001: c %#x d without MTRR %#x", r[2], r[3] & ~0x1000u);
	forced(0x80000008, 0, r);
	note("leaf 0x80000008: b %#x c %#x d %#x", r[1], r[2], r[3]);
	forced(0xb, 0, r);
	note("leaf 0xb: %#x %#x %#x %#x", r[0], r[1], r[2], r[3]);
	forced(7, 0, r);
	note("leaf 7: %#x %#x %#x", r[0], r[1], r[2]);
	TRY("ud2; .ascii \"xen\"; nop", : : : "rax");
	show("another instruction behind the prefix");
	TRY("pushfq; orq $0x100, (%%rsp); popfq; ud2; .ascii \"xen\"; cpuid; nop",
	    : : : "rax", "rbx", "rcx", "rdx", "memory");
	check_eq(trap.vector, 1, "an emulated instruction single-steps, too");
}

/* ---- ports ------------------------------------------------------------------- */

static void ports(void)
{
	struct physdev_set_iopl iopl = { 1 };
	uint32_t v = 0;

	TRY("in $0x21, %%al", : : : "rax");
	show("in without I/O privilege");
	TRY("cli", : : : "rax");
	show("cli without I/O privilege");
	check_eq((uint64_t)HC(physdev_op, PHYSDEVOP_set_iopl, &iopl), 0, "IOPL 1 is given");
	iopl.iopl = 4;
	note("IOPL 4: %ld", HC(physdev_op, PHYSDEVOP_set_iopl, &iopl));
	TRY("cli; sti", : : : "rax");
	show("cli and sti");
	TRY("in $0x21, %%al; mov %%eax, %0", : "=m"(v) : : "rax");
	show("in of the interrupt controller");
	check_eq(v & 0xff, 0xff, "reads ones");
	TRY("mov $0, %%al; out %%al, $0x21", : : : "rax");
	show("out");
	TRY("mov $0x3fd, %%edx; in %%dx, %%al; mov %%eax, %0", : "=m"(v) : : "rax", "rdx");
	note("the console's port: %#x", v & 0xff);
	TRY("pushfq; cli; pushfq; pop %%rbx; popfq; mov %%ebx, %0", : "=m"(v) : : "rax", "rbx", "memory");
	note("flags after cli: %#x", v & 0x3200);
}

void test_main(void)
{
	control_registers();
	msrs();
	cpuid_leaves();
	ports();
}
