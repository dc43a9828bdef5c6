// SPDX-License-Identifier: MIT
/* Debug registers, callbacks and NMIs: what is refused, and what arrives. */
#include "../lib/test.h"

#include <xen/nmi.h>

const char test_name[] = "debug";

static uint64_t word[2];

static void debug_registers(void)
{
	static const uint64_t dr7s[] = { 0, 0x400, 0xffffffffffffffff, 0x2000, 0x100, 0x1, 0x20001,
					 0xdc00, 0xfff0000 };

	for (unsigned i = 0; i < 9; i++)
		note("get %u: %#lx", i, (unsigned long)HC(get_debugreg, i));
	note("set 0 to the hypervisor: %ld", HC(set_debugreg, 0, HYPERVISOR_VIRT_START));
	note("set 0 below the hypervisor: %ld", HC(set_debugreg, 0, HYPERVISOR_VIRT_START - 8));
	note("set 0 above the hypervisor: %ld", HC(set_debugreg, 0, HYPERVISOR_VIRT_END));
	note("set 8: %ld", HC(set_debugreg, 8, 0));
	for (unsigned i = 0; i < sizeof(dr7s) / sizeof(dr7s[0]); i++) {
		note("set 7 to %#lx: %ld", (unsigned long)dr7s[i], HC(set_debugreg, 7, dr7s[i]));
		note("get 7: %#lx", (unsigned long)HC(get_debugreg, 7));
	}
	HC(set_debugreg, 7, 0);
	note("set 6 to ones: %ld", HC(set_debugreg, 6, ~0UL));
	note("get 6: %#lx", (unsigned long)HC(get_debugreg, 6));
	HC(set_debugreg, 6, 0);
	note("get 6: %#lx", (unsigned long)HC(get_debugreg, 6));
}

static void watch_points(void)
{
	long nr = __HYPERVISOR_xen_version;

	HC(set_debugreg, 0, &word[0]);
	check_eq((uint64_t)HC(set_debugreg, 7, 0xd0001), 0, "a watch point on stores of 8 bytes");
	TRY("movq $1, %0", : "=m"(word[0]) : : "rax", "memory");
	check_eq(trap.vector, 1, "a store to it is a debug exception");
	note("dr6 %#lx", (unsigned long)HC(get_debugreg, 6));
	HC(set_debugreg, 6, 0);
	TRY("movq $1, %0", : "=m"(word[1]) : : "rax", "memory");
	check_eq(trap.vector, ~0UL, "a store beside it is none");
	/* The hypervisor's own store for us is not reported. */
	trap_clear();
	check_eq((uint64_t)hypercall((unsigned)nr, 1, (uint64_t)word, 0, 0, 0), 0,
		 "a hypercall writes to it");
	check_eq(trap.vector, ~0UL, "which is no debug exception");
	HC(set_debugreg, 7, 0);
	TRY("movq $1, %0", : "=m"(word[0]) : : "rax", "memory");
	check_eq(trap.vector, ~0UL, "without it nothing happens");
}

static void callbacks(void)
{
	struct callback_register reg = { .type = CALLBACKTYPE_event, .address = 1UL << 62 };
	struct callback_unregister unreg;
	struct xennmi_callback nmi = { .handler_address = 1UL << 62 };
	trap_info_t bad[2] = { { .vector = 3, .address = 1UL << 62 } };

	note("callback at a non-canonical address: %ld", HC(callback_op, CALLBACKOP_register, &reg));
	for (unsigned type = 0; type < 10; type++) {
		if (type == CALLBACKTYPE_event || type == CALLBACKTYPE_failsafe ||
		    type == CALLBACKTYPE_syscall)
			continue;
		reg = (struct callback_register){ .type = (uint16_t)type, .address = 0x100000 };
		note("callback of type %u: %ld", type, HC(callback_op, CALLBACKOP_register, &reg));
	}
	for (unsigned type = 0; type < 10; type++) {
		unreg = (struct callback_unregister){ .type = (uint16_t)type };
		note("unregister type %u: %ld", type, HC(callback_op, CALLBACKOP_unregister, &unreg));
	}
	note("callback_op 2: %ld", HC(callback_op, 2, &reg));
	note("callback_op at a bad address: %ld", HC(callback_op, 0, 0xdead0000000UL));
	note("nmi_op at a non-canonical address: %ld", HC(nmi_op, 0, &nmi));
	note("nmi_op 2: %ld", HC(nmi_op, 2, &nmi));
	note("set_callbacks with a bad address: %ld",
	     HC(set_callbacks, event_entry, 1UL << 62, syscall_entry));
	note("trap table at a bad address: %ld", HC(set_trap_table, 0xdead0000000UL));
	note("trap table with a non-canonical address: %ld", HC(set_trap_table, bad));
	note("stack_switch: %ld", HC(stack_switch, 0, 0));
}

static void nmi(void)
{
	struct xennmi_callback cb = { .handler_address = (uint64_t)trap_stubs + 32 * 2 };

	check_eq((uint64_t)HC(nmi_op, XENNMI_register_callback, &cb), 0, "an NMI handler is registered");
	/* vcpu_op(VCPUOP_send_nmi, 0) */
	TRY("mov $24, %%eax; mov $11, %%edi; xor %%esi, %%esi; xor %%edx, %%edx; syscall; nop",
	    : : : "rax", "rdi", "rsi", "rdx", "rcx", "r11");
	check_eq(trap.vector, 2, "an NMI that is sent arrives");
	note("nmi: cs %#lx", (unsigned long)trap.cs);
}

void test_main(void)
{
	debug_registers();
	watch_points();
	callbacks();
	nmi();
}
