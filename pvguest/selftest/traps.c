// SPDX-License-Identifier: MIT
/* Exceptions come to their handlers and go. */
#include "selftest.h"

#include <pvguest/trap.h>

static unsigned int seen;
static uint64_t seen_rip, seen_error;

static bool skip(unsigned int vector, struct trap_regs *regs, unsigned int bytes)
{
	seen = vector;
	seen_rip = regs->rip;
	seen_error = regs->error;
	regs->rip += bytes;
	return true;
}

static bool skip_two(unsigned int vector, struct trap_regs *regs)
{
	return skip(vector, regs, 2);
}

static bool skip_none(unsigned int vector, struct trap_regs *regs)
{
	return skip(vector, regs, 0);
}

void test_traps(void)
{
	double kept = 1.5;
	unsigned long marker = 0x1234567890abcdefUL;

	trap_set_handler(TRAP_INVALID_OPCODE, skip_two);
	trap_set_handler(TRAP_BREAKPOINT, skip_none);
	/* The handler's own code uses SSE registers; these must survive. */
	asm volatile("ud2" : "+x" (kept), "+r" (marker));
	check(seen == TRAP_INVALID_OPCODE, "ud2 is an invalid opcode");
	check(kept == 1.5 && marker == 0x1234567890abcdefUL, "registers survive an exception");
	asm volatile("int3");
	check(seen == TRAP_BREAKPOINT, "int3 is a breakpoint");
	trap_set_handler(TRAP_DIVIDE, skip_two);
	asm volatile("xorl %%ecx, %%ecx; xorl %%edx, %%edx; divl %%ecx" : : : "eax", "ecx", "edx");
	check(seen == TRAP_DIVIDE, "a division by zero is a divide error");
	trap_set_handler(TRAP_GENERAL, skip_two);
	asm volatile("int $0x90");
	check(seen == TRAP_GENERAL, "an interrupt without a gate is a general protection fault");
	trap_set_handler(TRAP_GENERAL, 0);
	trap_set_handler(TRAP_DIVIDE, 0);
	trap_set_handler(TRAP_BREAKPOINT, 0);
	trap_set_handler(TRAP_INVALID_OPCODE, 0);
}
