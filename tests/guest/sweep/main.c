// SPDX-License-Identifier: MIT
/*
 * Every instruction that the CPU, or a hypervisor for it, could refuse to a kernel in ring 3, with its prefixes:
 * the exception, where it was, and which registers have changed; without and with I/O privilege. And every model-specific
 * register: what it reads, and what it lets be written.
 */
#include "../lib/test.h"

#include <xen/physdev.h>

const char test_name[] = "sweep";

static uint8_t *code;
static volatile uint64_t *memory;
static volatile struct registers {
	uint64_t a, d, si, di;
} before, after __attribute__((used));
static volatile uint64_t stack_now __attribute__((used));

#define PORT 0x2f0	/* no machine has a device there */
#define FILL 0x5a5aUL

/* All registers lead to memory but rcx (0) and rdx; the code returns, or its fault goes on at 1. */
__asm__(".text\n"
	"run_code:\n"
	"push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
	"mov %rsp, stack_now(%rip)\n"
	"lea 1f(%rip), %rax; mov %rax, trap_resume(%rip)\n"
	"mov before(%rip), %rax; mov before+8(%rip), %rdx; mov %rax, %rbx; xor %ecx, %ecx\n"
	"mov %rax, %rsi; mov %rax, %rdi; mov %rax, %rbp; mov %rax, %r8; mov %rax, %r9; mov %rax, %r10\n"
	"mov %rax, %r11; mov %rax, %r12; mov %rax, %r13; mov %rax, %r14; mov %rax, %r15\n"
	"call *code(%rip)\n"
	"1: mov %rax, after(%rip); mov %rdx, after+8(%rip)\n"
	"mov %rsi, after+16(%rip); mov %rdi, after+24(%rip)\n"
	"cld; mov stack_now(%rip), %rsp; movq $0, trap_resume(%rip)\n"
	"pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx; ret\n");
void run_code(void);

static char *hex(char *to, const uint8_t *bytes, unsigned n)
{
	static const char digits[] = "0123456789abcdef";

	for (unsigned i = 0; i < n; i++) {
		*to++ = digits[bytes[i] >> 4];
		*to++ = digits[bytes[i] & 15];
	}
	*to = 0;
	return to;
}

static unsigned wrong_address;

static void try_bytes(const uint8_t *bytes, unsigned n)
{
	char text[40];

	for (unsigned i = 0; i < n; i++)
		code[i] = bytes[i];
	for (unsigned i = n; i < n + 8; i++)
		code[i] = 0x90;
	code[n + 8] = 0xc3;
	before = (struct registers){ (uint64_t)memory, PORT, (uint64_t)memory, (uint64_t)memory };
	for (unsigned i = 0; i < 16; i++)
		memory[i] = FILL;
	trap_clear();
	run_code();
	hex(text, bytes, n);
	if (trap.vector == ~0UL) {
		note("%s: done%s%s%s%s%s", text, after.a != before.a ? " rax" : "",
		     after.d != before.d ? " rdx" : "", after.si != before.si ? " rsi" : "",
		     after.di != before.di ? " rdi" : "", memory[0] != FILL ? " memory" : "");
		return;
	}
	note("%s: vector %lu error %#lx", text, (unsigned long)trap.vector, (unsigned long)trap.error);
	wrong_address += trap.rip - (uint64_t)code > n;
}

/* ---- of one byte ------------------------------------------------------------------ */

static void short_ones(void)
{
	static const uint8_t opcodes[] = { 0x06, 0x0e, 0x16, 0x1e, 0x27, 0x2f, 0x37, 0x3f, 0x60, 0x61,
					   0x62, 0x6c, 0x6d, 0x6e, 0x6f, 0x82, 0x9a, 0x9b, 0xc4, 0xc5,
					   0xcc, 0xce, 0xd4, 0xd5, 0xd6, 0xe4, 0xe5, 0xe6, 0xe7, 0xea,
					   0xec, 0xed, 0xee, 0xef, 0xf1, 0xf4, 0xfa, 0xfb };
	static const uint8_t prefixes[] = { 0x66, 0x67, 0xf2, 0xf3, 0x26, 0x64, 0x48, 0x41 };

	for (unsigned i = 0; i < sizeof(opcodes); i++) {
		uint8_t plain[] = { opcodes[i], 0xf0 };

		try_bytes(plain, 2);
		for (unsigned p = 0; opcodes[i] >= 0x6c && p < sizeof(prefixes); p++) {
			uint8_t with[] = { prefixes[p], opcodes[i], 0xf0 };

			if (opcodes[i] <= 0x6f || opcodes[i] >= 0xe4)
				try_bytes(with, 3);
		}
	}
}

/* ---- behind 0f -------------------------------------------------------------------- */

/* Group 0f 00 and 0f 01; what tells of tables (sgdt, sidt, sldt, str, smsw) is not for ring 3 on newer CPUs alone. */
static void groups(void)
{
	static const uint8_t registers[] = { 0xc0, 0xc1, 0xc2, 0xc3, 0xc8, 0xc9, 0xca, 0xcb, 0xd0, 0xd1,
					     0xd4, 0xd5, 0xd8, 0xd9, 0xda, 0xdb, 0xdc, 0xdd, 0xde, 0xdf,
					     0xf0, 0xf8, 0xfa, 0xfc };

	for (unsigned op = 2; op < 8; op++) {
		uint8_t in_memory[] = { 0x0f, 0x00, (uint8_t)(op << 3) };

		try_bytes(in_memory, 3);
		in_memory[2] |= 0xc0;
		try_bytes(in_memory, 3);
		in_memory[1] = 0x01;
		in_memory[2] = (uint8_t)(op << 3);
		if (op != 4)
			try_bytes(in_memory, 3);
	}
	for (unsigned i = 0; i < sizeof(registers); i++) {
		uint8_t one[] = { 0x0f, 0x01, registers[i] };

		try_bytes(one, 3);
	}
}

static void control_registers(void)
{
	for (unsigned op = 0x20; op < 0x24; op++) {
		for (unsigned reg = 0; reg < 16; reg++) {
			uint8_t one[] = { reg & 8 ? 0x44 : 0x40, 0x0f, (uint8_t)op, (uint8_t)(0xc3 | (reg & 7) << 3) };
			uint8_t as_memory[] = { 0x0f, (uint8_t)op, (uint8_t)(0x03 | (reg & 7) << 3) };
			uint8_t locked[] = { 0xf0, 0x0f, (uint8_t)op, (uint8_t)(0xc3 | (reg & 7) << 3) };

			try_bytes(one, 4);
			try_bytes(as_memory, 3);
			try_bytes(locked, 4);
		}
	}
	__asm__ volatile("mov %0, %%db7" : : "r"(0x400UL));
}

static void the_rest(void)
{
	static const uint8_t opcodes[] = { 0x04, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x24, 0x25, 0x26, 0x27,
					   0x30, 0x32, 0x33, 0x36, 0x37, 0x39, 0x78, 0x79, 0xa2, 0xa6, 0xa7, 0xaa,
					   0xb9, 0xff };
	static const struct {
		uint8_t n, bytes[10];
	} others[] = {
		{ 4, { 0xf3, 0x0f, 0xae, 0xc3 } }, { 5, { 0xf3, 0x48, 0x0f, 0xae, 0xd3 } },
		{ 3, { 0x0f, 0xc7, 0x33 } }, { 4, { 0x66, 0x0f, 0xc7, 0x33 } },
		{ 4, { 0xf3, 0x0f, 0xc7, 0x33 } }, { 3, { 0x0f, 0xc7, 0x3b } },
		{ 3, { 0x0f, 0xc7, 0x1b } }, { 5, { 0x66, 0x0f, 0x38, 0x80, 0x03 } },
		{ 5, { 0x66, 0x0f, 0x38, 0x82, 0x03 } }, { 7, { 0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0x0b } },
		{ 6, { 0x0f, 0x0b, 'x', 'e', 'n', 0xf4 } },
		{ 8, { 0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0x01, 0xd0 } },
		{ 8, { 0x66, 0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2 } },
	};

	for (unsigned i = 0; i < sizeof(opcodes); i++) {
		uint8_t one[] = { 0x0f, opcodes[i], 0x03 };

		try_bytes(one, 3);
	}
	for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		try_bytes(others[i].bytes, others[i].n);
}

/* ---- model-specific registers ------------------------------------------------------ */

/* What comes of one: r readable; s, 0, 1: what it reads, 0 and 1 may be written. */
struct answer {
	char may[5];
	uint64_t value;
};

static bool write_msr(uint32_t msr, uint64_t value)
{
	TRY("mov %1, %%eax; wrmsr", : : "d"((uint32_t)(value >> 32)), "r"((uint32_t)value), "c"(msr) : "rax");
	return trap.vector == ~0UL;
}

static struct answer ask(uint32_t msr)
{
	struct answer r = { "----", 0 };
	uint32_t lo = 0, hi = 0;

	TRY("rdmsr", : "=a"(lo), "=d"(hi) : "c"(msr));
	if (trap.vector == ~0UL) {
		r.value = (uint64_t)hi << 32 | lo;
		r.may[0] = 'r';
		if (write_msr(msr, r.value))
			r.may[1] = 's';
	}
	if (write_msr(msr, 0))
		r.may[2] = '0';
	if (write_msr(msr, 1))
		r.may[3] = '1';
	return r;
}

/* Bases of segments are the kernel's own, the clock has no value that lasts, the transfer page is written. */
static bool is_live(uint32_t msr)
{
	return msr == 0x10 || (msr >= 0xc0000100 && msr <= 0xc0000102) || msr == 0x40000000;
}

static bool same(const struct answer *a, const struct answer *b)
{
	return a->value == b->value && a->may[0] == b->may[0] && a->may[1] == b->may[1] &&
	       a->may[2] == b->may[2] && a->may[3] == b->may[3];
}

static void registers_from(uint32_t first, uint32_t last)
{
	static const struct answer nothing = { "----", 0 };
	struct answer now, run = nothing;
	uint32_t start = first;

	for (uint32_t msr = first; msr <= last + 1; msr++) {
		now = msr > last || is_live(msr) ? nothing : ask(msr);
		if (same(&now, &run))
			continue;
		if (!same(&run, &nothing))
			note("MSR %#x to %#x: %s %#lx", start, msr - 1, run.may, (unsigned long)run.value);
		run = now;
		start = msr;
	}
}

void test_main(void)
{
	code = page_alloc();
	memory = page_alloc();
	for (uint32_t level = 0; level < 2; level++) {
		struct physdev_set_iopl iopl = { level };

		check_eq((uint64_t)HC(physdev_op, PHYSDEVOP_set_iopl, &iopl), 0, "I/O privilege %u", level);
		short_ones();
	}
	groups();
	control_registers();
	the_rest();
	check_eq(wrong_address, 0, "each fault names the instruction");
	registers_from(0, 0x1fff);
	registers_from(0x40000000, 0x400003ff);
	registers_from(0xc0000000, 0xc00003ff);
	registers_from(0xc0002000, 0xc00020ff);
	registers_from(0xc0010000, 0xc00111ff);
}
