// SPDX-License-Identifier: MIT
/*
 * The virtual I/O privilege level, by physdev_op (the kernel counts as ring 1) and by the architectural
 * assist (the kernel counts as ring 0, the level is what iret loads): cli and out, kernel and user.
 */
#include "../lib/test.h"

#include <xen/physdev.h>

const char test_name[] = "iopl";

static uint64_t run_cli(uint64_t arg)
{
	(void)arg;
	__asm__ volatile("cli");
	return 1;
}

static uint64_t run_out(uint64_t arg)
{
	(void)arg;
	__asm__ volatile("outb %%al, $0x80" : : "a"(0));
	return 1;
}

static uint64_t run_nothing(uint64_t arg)
{
	return arg;
}

static void expect(bool faults, bool should, unsigned iopl, const char *what)
{
	check(faults == should && (!faults || (trap.vector == 13 && trap.error == 0)),
	      "IOPL %u: %s %s", iopl, what, should ? "faults" : "is done");
}

static void sequence(unsigned iopl, bool kernel_faults, bool user_faults)
{
	uint64_t rflags = 0x202 | (uint64_t)iopl << 12;

	TRY("cli", : : : "rax");
	expect(trap.vector != ~0UL, kernel_faults, iopl, "cli of the kernel");
	expect(user_call(run_cli, 0, rflags) != 1, user_faults, iopl, "cli of user mode");
	TRY("outb %%al, $0x80", : : : "rax");
	expect(trap.vector != ~0UL, kernel_faults, iopl, "out of the kernel");
	expect(user_call(run_out, 0, rflags) != 1, user_faults, iopl, "out of user mode");
}

void test_main(void)
{
	static const uint8_t levels[] = { 0, 1, 3 };
	uint64_t flags;

	user_share();
	for (unsigned i = 0; i < sizeof(levels); i++) {
		struct physdev_set_iopl op = { levels[i] };

		check_eq((uint64_t)HC(physdev_op, PHYSDEVOP_set_iopl, &op), 0, "set_iopl %u", levels[i]);
		sequence(levels[i], levels[i] < 1, levels[i] < 3);
	}
	note("assist: %ld", HC(vm_assist, VMASST_CMD_enable, VMASST_TYPE_architectural_iopl));
	for (unsigned i = 0; i < sizeof(levels); i++) {
		check_eq(user_call(run_nothing, 4, 0x202 | (uint64_t)levels[i] << 12), 4,
			 "iret with IOPL %u", levels[i]);
		note("rflags on the way back %#lx", (unsigned long)trap.rflags & 0x3200);
		__asm__ volatile("pushfq; pop %0" : "=r"(flags));
		note("rflags of the kernel %#lx", (unsigned long)flags & 0x3200);
		sequence(levels[i], false, levels[i] < 3);
	}
}
