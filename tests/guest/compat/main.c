// SPDX-License-Identifier: MIT
/*
 * Programs of 32 bits: ports, flags, CPUID and RDTSC by I/O privilege level; what is never theirs; code segments
 * of the kernel's own.
 */
#include "../lib/test.h"

#include <xen/physdev.h>

const char test_name[] = "compat";

#define USER_CS32 0xe023

/* Each piece ends with int3, behind which nothing runs. */
#define PIECES(X)                                                                         \
	X(in_imm, "in $0x80, %al") X(in_dx, "in %dx, %eax") X(in_16, "in %dx, %ax")       \
	X(out_imm, "out %al, $0x80") X(out_dx, "out %eax, %dx")                           \
	X(cli, "cli") X(sti, "sti") X(hlt, "hlt") X(clts, "clts")                         \
	X(read_cr0, "mov %cr0, %eax") X(read_msr, "rdmsr") X(write_msr, "wrmsr")          \
	X(lock_in, ".byte 0xf0; in $0x80, %al") X(inc_in, "inc %ecx; in %dx, %al")        \
	X(invd, "invd") X(lgdt, "lgdt (%eax)") X(syscall, "sysenter")

__asm__(".pushsection .text; .code32; pieces:\n"
#define CODE(name, text) "piece_" #name ": " text "; int3\n"
	PIECES(CODE)
	"pieces_end: .code64; .popsection");

extern const char pieces[], pieces_end[];
#define NAME(name, text) extern const char piece_##name[];
PIECES(NAME)

static const struct {
	const char *name, *at;
} list[] = {
#define ROW(name, text) { #name, piece_##name },
	PIECES(ROW)
};

static void run(const char *at, uint16_t cs)
{
	struct iret_context c = { .rip = USER_CODE + (uint64_t)(at - pieces), .cs = cs,
				  .rflags = 0x202, .rsp = USER_STACK, .ss = FLAT_USER_SS };

	trap_clear();
	user_run_expected();
	__asm__ volatile("" : : : "memory");
	/* dx: a port that no machine has a device at */
	__asm__ volatile("mov $0x2f0, %%edx; mov %0, %%rdi; call iret_to"
			 : : "r"(&c)
			 : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory");
}

static void run_all(unsigned iopl)
{
	struct physdev_set_iopl op = { iopl };

	check_eq((uint64_t)HC(physdev_op, PHYSDEVOP_set_iopl, &op), 0, "set_iopl %u", iopl);
	for (unsigned i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		run(list[i].at, USER_CS32);
		note("IOPL %u %s: vector %lu error %lx at %ld", iopl, list[i].name,
		     (unsigned long)trap.vector, (unsigned long)trap.error,
		     (long)(trap.rip - USER_CODE - (uint64_t)(list[i].at - pieces)));
	}
}

/* Linux gives its programs a descriptor of its own. */
static void own_segments(void)
{
	static const struct {
		const char *name;
		uint64_t desc;
	} own[] = {
		{ "flat", 0x00cffb000000ffffUL },
		{ "flat, accessed, its spare bit set", 0x00dffb000000ffffUL },
		{ "flat, not readable", 0x00cff9000000ffffUL },
	};
	uint64_t *gdt = page_alloc(), frame = va_mfn(gdt);

	for (unsigned i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		gdt[1 + i] = own[i].desc;
	make_readonly(gdt);
	check_eq((uint64_t)HC(set_gdt, &frame, 512), 0, "a GDT with code segments for 32 bits");
	for (unsigned i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		run(piece_in_imm, (uint16_t)((1 + i) * 8 | 3));
		check_eq(trap.vector, 3, "in of a code segment %s", own[i].name);
		run(piece_hlt, (uint16_t)((1 + i) * 8 | 3));
		check_eq(trap.vector, 13, "hlt of a code segment %s", own[i].name);
	}
}

void test_main(void)
{
	user_init(pieces, pieces_end);
	run_all(0);
	run_all(3);
	own_segments();
}
