// SPDX-License-Identifier: MIT
/*
 * Non-canonical memory operands of user mode through every base register and segment prefix: the fault
 * is #SS for rsp and rbp with no prefix or one that long mode ignores, and #GP otherwise (QEMU's TCG: always
 * #GP). Whoever looks at the instruction on the way must not change that.
 */
#include "../lib/test.h"

const char test_name[] = "operands";

/* Stub for prefix p and register r at operands + 16 * (18 * p + r): load, then back. */
__asm__(".macro OPERAND prefix, reg\n"
	".balign 32\n"
	"mov %rdi, %\\reg\n"
	"\\prefix\n"
	"mov (%\\reg), %eax\n"
	"ud2\n"
	".endm\n"
	".macro ROW prefix\n"
	"OPERAND \"\\prefix\", rax\n OPERAND \"\\prefix\", rcx\n OPERAND \"\\prefix\", rdx\n"
	"OPERAND \"\\prefix\", rbx\n OPERAND \"\\prefix\", rsp\n OPERAND \"\\prefix\", rbp\n"
	"OPERAND \"\\prefix\", rsi\n OPERAND \"\\prefix\", rdi\n OPERAND \"\\prefix\", r8\n"
	"OPERAND \"\\prefix\", r9\n OPERAND \"\\prefix\", r10\n OPERAND \"\\prefix\", r11\n"
	"OPERAND \"\\prefix\", r12\n OPERAND \"\\prefix\", r13\n OPERAND \"\\prefix\", r14\n"
	"OPERAND \"\\prefix\", r15\n"
	".endm\n"
	".balign 32\n"
	"operands:\n"
	"ROW \".byte 0x90\"\n ROW \".byte 0x26\"\n ROW \".byte 0x2e\"\n ROW \".byte 0x36\"\n"
	"ROW \".byte 0x3e\"\n ROW \".byte 0x64\"\n ROW \".byte 0x65\"\n");
extern char operands[];

#define REGISTERS 16
#define BAD_ADDRESS 0x8000000040000000UL

void test_main(void)
{
	static const char *const prefixes[] = { "none", "es", "cs", "ss", "ds", "fs", "gs" };
	unsigned wrong = 0, stacks = 0, n = 0;

	user_share();
	for (unsigned p = 0; p < 7; p++) {
		for (unsigned r = 0; r < REGISTERS; r++, n++) {
			uint64_t (*fn)(uint64_t) = (uint64_t (*)(uint64_t))(operands + 32 * n);
			bool stack = (r == 4 || r == 5) && p < 5;

			for (unsigned odd = 0; odd < 2; odd++) {
				user_call(fn, BAD_ADDRESS | odd, 0x202);
				stacks += trap.vector == 12;
				if ((trap.vector == 13 || (stack && trap.vector == 12)) && !trap.error)
					continue;
				wrong++;
				print("# prefix %s, register %u: vector %lu error %#lx", prefixes[p], r,
				      (unsigned long)trap.vector, (unsigned long)trap.error);
			}
		}
	}
	note("%u by #SS", stacks);
	check_eq(wrong, 0, "%u operands fault as the segment says", n);
}
