/* SPDX-License-Identifier: MIT */
/* A control domain that dies while domains of its making run: what the machine says of it is the suite's to look at. */
#define __XEN_TOOLS__ 1
#include "hostile.h"

#define DOMAINS 3

/* For ever, without a hypercall. */
static const uint8_t code_loop[] = { 0xeb, 0xfe };

static void shut_down(unsigned reason)
{
	struct sched_shutdown s = { .reason = reason };

	HC(sched_op, SCHEDOP_shutdown, &s);
}

/* The iret hypercall with a stack that is not there: no handler can be entered on it either. */
static void bad_iret(void)
{
	__asm__ volatile("mov %1, %%rsp; mov %0, %%eax; syscall"
			 : : "i"(__HYPERVISOR_iret), "r"(0x700000000000UL)
			 : "rax", "rcx", "r11", "memory");
}

void die_with_domains(const char *how)
{
	unsigned alive = 0;

	for (unsigned i = 0; i < DOMAINS; i++)
		alive += small_domain(code_loop, sizeof(code_loop)) != 0;
	for (unsigned i = 0; i < 100; i++)
		HC(sched_op, SCHEDOP_yield, 0);
	check_eq(alive, DOMAINS, "domains run");
	check(books_agree(), "the books agree with them");
	if (!__builtin_strcmp(how, "iret"))
		bad_iret();
	shut_down(SHUTDOWN_crash);
	check(false, "this kernel has ended");
}
