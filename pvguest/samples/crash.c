// SPDX-License-Identifier: MIT
/*
 * Dies in every way that a guest can. Command line: how=NAME, or how=list; after=N waits N seconds
 * first.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pvguest/clock.h>
#include <pvguest/console.h>
#include <pvguest/control.h>
#include <pvguest/hypercall.h>
#include <pvguest/memory.h>
#include <pvguest/start.h>
#include <pvguest/thread.h>

#include <xen/io/console.h>
#include <xen/sched.h>
#include <xen/vcpu.h>

static void read_null(void)
{
	(void)*(volatile int *)NULL;
}

static void write_code(void)
{
	*(volatile char *)write_code = 0;
}

static void jump_away(void)
{
	((void (*)(void))0x123456789000UL)();
}

static void non_canonical(void)
{
	(void)*(volatile int *)0x1234567812345678UL;
}

static void read_hypervisor(void)
{
	(void)*(volatile int *)0xffff830000000000UL;
}

static void undefined_opcode(void)
{
	asm volatile("ud2");
}

static void divide(void)
{
	asm volatile("xorl %%ecx, %%ecx; divl %%ecx" : : : "eax", "ecx", "edx");
}

static void privileged(void)
{
	asm volatile("lgdt (%%rsp)" : : : "memory");
}

static void unknown_msr(void)
{
	asm volatile("wrmsr" : : "a" (0), "d" (0), "c" (0x12345678));
}

static void bad_interrupt(void)
{
	asm volatile("int $0x90");
}

static void single_step(void)
{
	asm volatile("pushfq; orl $0x100, (%%rsp); popfq; nop" : : : "memory");
}

static int recurse(volatile char *above)
{
	volatile char room[1024];

	room[0] = *above;
	if (room[0])
		return 0;	/* never, but the compiler must not know */
	return recurse(room) + room[1];
}

static void deep_stack(void)
{
	char c = 0;

	recurse(&c);
}

static void no_stack(void)
{
	asm volatile("xorl %%esp, %%esp; push %%rax" : : : "memory");
}

static void double_free(void)
{
	void *page = page_alloc(0);

	page_free(page, 0);
	page_free(page, 0);
}

static void call_abort(void)
{
	abort();
}

static void exit_code(void)
{
	exit(3);
}

static void shut_crash(void)
{
	pv_shutdown(SHUTDOWN_crash);
}

static void shut_poweroff(void)
{
	pv_shutdown(SHUTDOWN_poweroff);
}

static void shut_reboot(void)
{
	pv_shutdown(SHUTDOWN_reboot);
}

static void shut_suspend(void)
{
	struct sched_shutdown op = { .reason = SHUTDOWN_suspend };

	hypercall_sched_op(SCHEDOP_shutdown, &op);
}

static void shut_unknown(void)
{
	pv_shutdown(77);
}

static void watchdog(void)
{
	struct sched_watchdog op = { .id = 0, .timeout = 2 };

	printf("crash: watchdog %ld\n", hypercall_sched_op(SCHEDOP_watchdog, &op));
	for (;;)
		;
}

static void block_for_ever(void)
{
	/* A pending event would end the sleep at once. */
	for (;;) {
		pv_vcpu_info()->evtchn_upcall_pending = 0;
		hypercall_sched_op(SCHEDOP_block, NULL);
	}
}

static void spin_for_ever(void)
{
	for (;;)
		;
}

static void vcpu_down(void)
{
	hypercall_vcpu_op(VCPUOP_down, 0, NULL);
}

static void no_traps(void)
{
	hypercall_set_trap_table(NULL);
	read_null();
}

static void bad_trap_handler(void)
{
	struct trap_info table[2] = {
		{ .vector = 14, .cs = FLAT_KERNEL_CS, .address = 0x1000 },
	};

	hypercall_set_trap_table(table);
	read_null();
}

static void bad_upcall(void)
{
	hypercall_set_callbacks(0x123456789000UL, 0x123456789000UL, 0);
	thread_sleep(NSEC_PER_SEC);
}

static void bad_iret(void)
{
	asm volatile("xorl %%esp, %%esp; jmp hypercall_page + %c[off]"
		     : : [off] "i" (__HYPERVISOR_iret * 32) : "memory");
}

static void write_page_table(void)
{
	*(volatile uint64_t *)pv_start_info->pt_base = 0x67;
}

static void unmap_all(void)
{
	for (unsigned long pfn = 1; ; pfn++)
		hypercall_update_va_mapping(pfn << PAGE_SHIFT, 0, UVMF_INVLPG);
}

static void break_console(void)
{
	struct xencons_interface *ring =
		pfn_to_virt(mfn_to_pfn(pv_start_info->console.domU.mfn));

	if (pv_is_dom0())
		return;
	ring->out_prod += 0x40000000;
	ring->in_cons += 0x40000000;
	thread_sleep(3 * NSEC_PER_SEC);
	pv_shutdown_now(SHUTDOWN_crash);
}

static const struct {
	const char *name;
	void (*fn)(void);
	const char *what;
} ways[] = {
	{ "null", read_null, "reads address 0" },
	{ "code", write_code, "writes to its code" },
	{ "jump", jump_away, "jumps to where nothing is" },
	{ "canonical", non_canonical, "reads a non-canonical address" },
	{ "hypervisor", read_hypervisor, "reads the hypervisor's memory" },
	{ "ud2", undefined_opcode, "runs an undefined instruction" },
	{ "divide", divide, "divides by zero" },
	{ "privileged", privileged, "loads the descriptor table register" },
	{ "msr", unknown_msr, "writes an MSR that is none" },
	{ "int", bad_interrupt, "raises an interrupt that has no gate" },
	{ "step", single_step, "single-steps itself" },
	{ "stack", deep_stack, "recurses until the stack is out" },
	{ "nostack", no_stack, "points the stack at address 0" },
	{ "free", double_free, "frees a page twice" },
	{ "abort", call_abort, "calls abort()" },
	{ "exit", exit_code, "exits with code 3" },
	{ "crash", shut_crash, "says that it has crashed" },
	{ "poweroff", shut_poweroff, "powers off" },
	{ "reboot", shut_reboot, "reboots" },
	{ "suspend", shut_suspend, "suspends unasked" },
	{ "unknown", shut_unknown, "shuts down for reason 77" },
	{ "watchdog", watchdog, "lets its watchdog bite" },
	{ "block", block_for_ever, "sleeps for ever (not dead; destroy it)" },
	{ "spin", spin_for_ever, "computes for ever (not dead; destroy it)" },
	{ "vcpudown", vcpu_down, "takes its only processor down" },
	{ "notraps", no_traps, "faults without a trap table" },
	{ "badtrap", bad_trap_handler, "faults in the page-fault handler" },
	{ "badupcall", bad_upcall, "gets an event where nothing is mapped" },
	{ "badiret", bad_iret, "returns without a stack" },
	{ "pagetable", write_page_table, "stores to its top-level page table" },
	{ "unmap", unmap_all, "unmaps all its memory" },
	{ "console", break_console, "makes nonsense of the console ring, then crashes" },
};

#define WAYS (sizeof(ways) / sizeof(ways[0]))

static int list_ways(void)
{
	printf("usage: extra=\"how=NAME [after=SECONDS]\" with NAME one of\n");
	for (size_t i = 0; i < WAYS; i++)
		printf("  %-12s %s\n", ways[i].name, ways[i].what);
	return 0;
}

int main(void)
{
	const char *how = pv_cmdline_get("how"), *after = pv_cmdline_get("after");

	if (!how || !strcmp(how, "list") || !strcmp(how, "all"))
		return list_ways();
	for (size_t i = 0; i < WAYS; i++) {
		if (strcmp(ways[i].name, how))
			continue;
		control_start(NULL, NULL);
		if (after)
			thread_sleep(strtoul(after, NULL, 0) * NSEC_PER_SEC);
		printf("crash: this domain now %s\n", ways[i].what);
		fflush(stdout);
		console_flush(NSEC_PER_SEC);
		ways[i].fn();
		printf("crash: still alive\n");
		return 1;
	}
	printf("crash: how=%s is not known; how=list shows what is\n", how);
	return 1;
}
