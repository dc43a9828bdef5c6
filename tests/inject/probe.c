/* SPDX-License-Identifier: MIT */
/*
 * Tries what hardening forbids, from ring 0 in the middle of dom0's hypercall: each attempt must end
 * in a panic that names a page fault with the right error code, or a double fault. One that comes
 * back has found a hole, and says so. tests/system/hardening_test.py knows what each should give.
 */
#include <hv/arch.h>
#include <hv/cpu.h>
#include <hv/hypercall.h>
#include <hv/log.h>
#include <hv/paging.h>
#include <hv/types.h>

#include <format/layout.h>

#include "../../arch/x86_64/hypervisor/image.h"
#include "inject.h"

#define OPCODE_RET 0xc3

typedef void code_fn(void);

static void call(const void *at)
{
	((code_fn *)at)();
}

static void store(const void *at)
{
	*(volatile uint8_t *)(uint64_t)at = OPCODE_RET;
}

static uint64_t load(const void *at)
{
	__asm__("" : "+r"(at));	/* the compiler shall not see where */
	return *(const volatile uint64_t *)at;
}

static const void *stack_page(unsigned page)
{
	return (const void *)(STACK_VIRT + this_cpu()->id * CPU_STACK_SIZE + page * PAGE_SIZE);
}

static const void *in_direct_map(const void *image_address)
{
	return (const void *)(DIRECT_VIRT + image_phys() +
			      (uint64_t)((const char *)image_address - image_start));
}

/* ---- the guest's pages ------------------------------------------------------------------ */

static void execute_guest_code(void)
{
	call((const void *)guest_regs()->rip);
}

static void read_guest_stack(void)
{
	load((const void *)guest_regs()->rsp);
}

static void write_guest_stack(void)
{
	store((const void *)guest_regs()->rsp);
}

/* ---- our own ------------------------------------------------------------------------------ */

static void write_text(void)
{
	store(image_start);
}

static void write_text_by_direct_map(void)
{
	store(in_direct_map(image_start));
}

static void write_hypercall_table(void)
{
	store(hypercall_table);
}

static void write_table_by_direct_map(void)
{
	store(in_direct_map(hypercall_table));
}

static void execute_data(void)
{
	static uint8_t code[16];

	code[0] = OPCODE_RET;
	call(code);
}

static void execute_stack(void)
{
	volatile uint8_t code[16];

	code[0] = OPCODE_RET;
	call((const void *)code);
}

static void execute_direct_map(void)
{
	call(in_direct_map((const void *)write_text));
}

static void write_m2p_of_guests(void)
{
	store((const void *)M2P_GUEST_VIRT);
}

static void read_null(void)
{
	load((const void *)8);
}

/* ---- stacks --------------------------------------------------------------------------------- */

/* Not a call at the end, which would become a jump; it has an end that it never comes to. */
static uint64_t __attribute__((noinline)) recurse(uint64_t n)
{
	volatile uint64_t room[32];

	room[0] = n;
	return n > UINT32_MAX ? 0 : recurse(n + 1) + room[0];
}

static void overflow_stack(void)
{
	recurse(0);
}

static void write_below_exception_stack(void)
{
	store(stack_page(3));
}

static void write_below_main_stack(void)
{
	store(stack_page(8));
}

static void (*const probes[])(void) = {
	execute_guest_code,
	read_guest_stack,
	write_guest_stack,
	write_text,
	write_text_by_direct_map,
	write_hypercall_table,
	write_table_by_direct_map,
	execute_data,
	execute_stack,
	execute_direct_map,
	write_m2p_of_guests,
	read_null,
	overflow_stack,
	write_below_exception_stack,
	write_below_main_stack,
};

void inject_probe(unsigned n)
{
	if (n >= ARRAY_SIZE(probes)) {
		log_printf("(XEN) probe %u: there are %u\n", n, (unsigned)ARRAY_SIZE(probes));
		return;
	}
	log_printf("(XEN) probe %u\n", n);
	probes[n]();
	log_printf("(XEN) probe %u went through\n", n);
}
