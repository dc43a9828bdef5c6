// SPDX-License-Identifier: MIT
/*
 * Exceptions: handlers that somebody attached, or a crash dump and the end. Nothing here waits
 * or allocates: anything may be broken.
 */
#include <pvguest/trap.h>

#include <stdarg.h>

#include <hv/fmt.h>

#include <pvguest/arch.h>
#include <pvguest/console.h>
#include <pvguest/cpu.h>
#include <pvguest/hypercall.h>
#include <pvguest/start.h>
#include <pvguest/symbols.h>
#include <pvguest/thread.h>

#define STUB_SIZE	32	/* entry.S */
#define MASK_EVENTS	4	/* <xen/arch-x86/xen.h>, TI_SET_IF */

extern const char trap_stubs[];
extern const char trap_touch_end[], trap_touch_failed[];
int trap_touch(volatile char *p, int write);
void event_upcall(void);
void trap_failsafe(void);

static trap_fn handlers[TRAP_COUNT];
static bool dying;

static const char *const names[TRAP_COUNT + 1] = {
	[TRAP_DIVIDE] = "divide error",
	[TRAP_DEBUG] = "debug exception",
	[TRAP_NMI] = "NMI",
	[TRAP_BREAKPOINT] = "breakpoint",
	[TRAP_OVERFLOW] = "overflow",
	[TRAP_BOUND] = "bound range exceeded",
	[TRAP_INVALID_OPCODE] = "invalid opcode",
	[TRAP_NO_FPU] = "device not available",
	[TRAP_DOUBLE_FAULT] = "double fault",
	[TRAP_INVALID_TSS] = "invalid TSS",
	[TRAP_NO_SEGMENT] = "segment not present",
	[TRAP_STACK] = "stack fault",
	[TRAP_GENERAL] = "general protection fault",
	[TRAP_PAGE_FAULT] = "page fault",
	[TRAP_FPU] = "x87 floating-point error",
	[TRAP_ALIGNMENT] = "alignment check",
	[TRAP_MACHINE_CHECK] = "machine check",
	[TRAP_SIMD] = "SIMD floating-point exception",
	[TRAP_COUNT] = "failsafe callback",
};

const char *trap_name(unsigned int vector)
{
	return vector <= TRAP_COUNT && names[vector] ? names[vector] : "unknown exception";
}

static void __attribute__((format(printf, 1, 2))) say(const char *fmt, ...)
{
	char line[160];
	va_list args;
	int n;

	va_start(args, fmt);
	n = fmt_vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	console_emergency(line, n < (int)sizeof(line) ? (size_t)n : sizeof(line) - 1);
}

static void say_frame(uint64_t address, bool is_return)
{
	uint64_t offset;
	/* A call that does not return may be the last instruction of its function. */
	const char *name = symbol_find(address - is_return, &offset);

	if (name)
		say("  %#lx %s+%#lx\n", address, name, offset + is_return);
	else
		say("  %#lx\n", address);
}

uint64_t trap_fault_address(void)
{
	return pv_vcpu_info()->arch.cr2;
}

static void say_page_fault(const struct trap_regs *r)
{
	say("%s of %#lx, which is %s\n", r->error & 2 ? "write" : r->error & 16 ? "fetch" : "read",
	    trap_fault_address(), r->error & 1 ? "mapped but not like that" : "not mapped");
}

/* A call that has just been made, perhaps to nowhere: no frame yet, the caller is on the stack. */
static void say_frameless_caller(const struct trap_regs *r)
{
	const uint64_t *top = (const uint64_t *)r->rsp;
	uint64_t offset;

	if (symbol_find(r->rip, &offset) && offset)
		return;
	if (!(r->rsp & 7) && trap_probe_read(top) && symbol_find(*top - 1, &offset))
		say_frame(*top, true);
}

/* There is none yet while the library starts, and none on any CPU but the first. */
static const char *running_thread(void)
{
	static char cpu[16];

	if (pv_cpu_id()) {
		fmt_snprintf(cpu, sizeof(cpu), "on CPU %u", pv_cpu_id());
		return cpu;
	}
	return thread_self() ? thread_name(thread_self()) : "none";
}

void trap_dump(unsigned int vector, const struct trap_regs *r)
{
	say("\n*** %s (vector %u, error code %#lx) at %#lx, thread %s\n", trap_name(vector), vector,
	    r->error, r->rip, running_thread());
	if (vector == TRAP_PAGE_FAULT)
		say_page_fault(r);
	say("rax %016lx rbx %016lx rcx %016lx\n", r->rax, r->rbx, r->rcx);
	say("rdx %016lx rsi %016lx rdi %016lx\n", r->rdx, r->rsi, r->rdi);
	say("r8  %016lx r9  %016lx r10 %016lx\n", r->r8, r->r9, r->r10);
	say("r11 %016lx r12 %016lx r13 %016lx\n", r->r11, r->r12, r->r13);
	say("r14 %016lx r15 %016lx rbp %016lx\n", r->r14, r->r15, r->rbp);
	say("rsp %016lx rip %016lx flags %lx\n", r->rsp, r->rip, r->rflags);
	say("called from\n");
	say_frame(r->rip, false);
	say_frameless_caller(r);
	arch_backtrace(r->rbp, say_frame);
}

void pv_panic(const char *fmt, ...)
{
	char line[200];
	va_list args;

	va_start(args, fmt);
	fmt_vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	say("\n*** panic in thread %s: ", running_thread());
	console_emergency(line, __builtin_strlen(line));
	say("\n");
	if (!__atomic_exchange_n(&dying, true, __ATOMIC_SEQ_CST))
		arch_backtrace((uint64_t)__builtin_frame_address(0), say_frame);
	pv_shutdown_now(SHUTDOWN_crash);
}

/* Called by entry.S. */
void trap_entry(unsigned int vector, struct trap_regs *regs)
{
	if (regs->rip >= (uint64_t)trap_touch && regs->rip < (uint64_t)trap_touch_end) {
		regs->rip = (uint64_t)trap_touch_failed;
		return;
	}
	if (vector < TRAP_COUNT && handlers[vector] && handlers[vector](vector, regs))
		return;
	if (!__atomic_exchange_n(&dying, true, __ATOMIC_SEQ_CST))
		trap_dump(vector, regs);
	pv_shutdown_now(SHUTDOWN_crash);
}

void trap_set_handler(unsigned int vector, trap_fn fn)
{
	if (vector < TRAP_COUNT)
		handlers[vector] = fn;
}

bool trap_probe_read(const void *p)
{
	return !trap_touch((volatile char *)p, 0);
}

bool trap_probe_write(void *p)
{
	return !trap_touch(p, 1);
}

static struct trap_info table[TRAP_COUNT + 1];

void trap_context(struct vcpu_guest_context *context)
{
	for (unsigned int v = 0; v < TRAP_COUNT; v++)
		context->trap_ctxt[v] = table[v];
	context->event_callback_eip = (unsigned long)event_upcall;
	context->failsafe_callback_eip = (unsigned long)trap_failsafe;
}

void trap_init(void)
{
	for (unsigned int v = 0; v < TRAP_COUNT; v++) {
		table[v].vector = v;
		table[v].flags = MASK_EVENTS;
		if (v == TRAP_BREAKPOINT || v == TRAP_OVERFLOW)
			table[v].flags |= 3;
		table[v].cs = FLAT_KERNEL_CS;
		table[v].address = (unsigned long)trap_stubs + v * STUB_SIZE;
	}
	hypercall_set_trap_table(table);
	hypercall_set_callbacks((unsigned long)event_upcall, (unsigned long)trap_failsafe, 0);
}
