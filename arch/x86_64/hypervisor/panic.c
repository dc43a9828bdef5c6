/* SPDX-License-Identifier: MIT */
/* The end: who, why, registers, control registers, a backtrace with names; then stop or reset. */
#include <hv/diag.h>

#include <stdarg.h>

#include <cpu/insn.h>
#include <format/descriptor.h>
#include <hv/arch.h>
#include <hv/check.h>
#include <hv/console.h>
#include <hv/domain.h>
#include <hv/entry.h>
#include <hv/fmt.h>
#include <hv/log.h>
#include <hv/paging.h>
#include <hv/symbols.h>

#include <hv/cpu.h>

#include "image.h"
#include "smp.h"

#define REBOOT_DELAY_NS 5000000000UL
#define BACKTRACE_MAX	48

static void print_address(const char *prefix, uint64_t addr)
{
	uint64_t offset, size;
	const char *name = symbol_find(addr, &offset, &size);

	if (name)
		log_printf("(XEN) %s[<%016lx>] %s+%#lx/%#lx\n", prefix, (unsigned long)addr, name,
			   (unsigned long)offset, (unsigned long)size);
	else
		log_printf("(XEN) %s[<%016lx>]\n", prefix, (unsigned long)addr);
}

/* Behind a call instruction of ours: a relative one, or one through a register or memory. */
static bool is_return_address(uint64_t addr)
{
	const uint8_t *at = (const uint8_t *)addr;

	if (addr < (uint64_t)image_start + 8 || addr >= (uint64_t)text_end)
		return false;
	if (at[-5] == 0xe8)
		return true;
	for (int len = 2; len <= 7; len++)
		if (at[-len] == 0xff && (at[1 - len] & 0x38) == 0x10)
			return true;
	return false;
}

void diag_backtrace(uint64_t rip, uint64_t rsp)
{
	uint64_t end = (rsp | (CPU_STACK_SIZE - 1)) + 1 - sizeof(struct cpu);
	unsigned shown = 0;

	log_printf("(XEN) Call trace:\n");
	print_address("   ", rip);
	for (; rsp % 8 == 0 && rsp < end && hv_is_mapped(rsp) && shown < BACKTRACE_MAX; rsp += 8) {
		uint64_t word = *(const uint64_t *)rsp;

		if (is_return_address(word)) {
			print_address("   ", word);
			shown++;
		}
	}
}

/* Of a guest in a hypercall they are where the C functions under way have saved them. */
static void kept_registers(const struct cpu_user_regs *r)
{
	if (r->error_code & ENTRY_LIVE) {
		log_printf("(XEN) rbx, rbp, r12 to r15: not known inside a hypercall\n");
		return;
	}
	log_printf("(XEN) rbx: %016lx   rbp: %016lx   r12: %016lx\n", (unsigned long)r->rbx,
		   (unsigned long)r->rbp, (unsigned long)r->r12);
	log_printf("(XEN) r13: %016lx   r14: %016lx   r15: %016lx\n", (unsigned long)r->r13,
		   (unsigned long)r->r14, (unsigned long)r->r15);
}

void diag_registers(const struct cpu_user_regs *r)
{
	bool void_too = r->error_code & ENTRY_SYSRET;

	log_printf("(XEN) rip: %016lx   cs: %04x   rflags: %016lx   vector: %u   error: %04x\n",
		   (unsigned long)r->rip, void_too ? GUEST_CS64 : r->cs, (unsigned long)r->rflags,
		   r->entry_vector & 0xff,
		   r->error_code & ~(ENTRY_SYSRET | ENTRY_LIVE));
	log_printf("(XEN) rsp: %016lx   ss: %04x\n", (unsigned long)r->rsp,
		   void_too ? GUEST_DS : r->ss);
	log_printf("(XEN) rax: %016lx   rcx: %016lx   rdx: %016lx\n", (unsigned long)r->rax,
		   (unsigned long)(void_too ? r->rip : r->rcx), (unsigned long)r->rdx);
	log_printf("(XEN) rsi: %016lx   rdi: %016lx   r8:  %016lx\n", (unsigned long)r->rsi,
		   (unsigned long)r->rdi, (unsigned long)r->r8);
	log_printf("(XEN) r9:  %016lx   r10: %016lx   r11: %016lx\n", (unsigned long)r->r9,
		   (unsigned long)r->r10, (unsigned long)(void_too ? r->rflags : r->r11));
	kept_registers(r);
}

static void control_registers(void)
{
	log_printf("(XEN) cr0: %016lx   cr2: %016lx   cr3: %016lx   cr4: %016lx\n",
		   (unsigned long)read_cr0(), (unsigned long)read_cr2(), (unsigned long)read_cr3(),
		   (unsigned long)read_cr4());
}

static void who(void)
{
	const struct vcpu *v = current_vcpu();

	if (v)
		log_printf("(XEN) CPU %u, current %pv\n", this_cpu()->id, v);
	else
		log_printf("(XEN) CPU %u, during boot\n", this_cpu()->id);
}

static void stop(void) __noreturn;
static void stop(void)
{
	if (console_reboot_wanted()) {
		uint64_t end = arch_now_ns() + REBOOT_DELAY_NS;

		log_printf("(XEN) Reboot in five seconds...\n");
		while (arch_now_ns() < end && arch_now_ns())
			cpu_pause();
		arch_machine_reboot();
	}
	log_printf("(XEN) Manual reset required ('noreboot' specified)\n");
	for (;;)
		hlt();
}

/* One CPU prints, the others stop wherever they are, be it in the middle of a line. */
static void begin(void)
{
	static bool panicking;

	cli();
	if (__atomic_exchange_n(&panicking, true, __ATOMIC_ACQ_REL))
		for (;;)
			hlt();
	smp_stop_others();
	log_break_lock();
}

void panic_trap(const struct cpu_user_regs *regs, const char *what)
{
	begin();
	log_printf("\n(XEN) ****************************************\n(XEN) Panic: %s\n", what);
	who();
	diag_registers(regs);
	control_registers();
	diag_backtrace(regs->rip, regs->rsp);
	log_printf("(XEN) ****************************************\n");
	stop();
}

/* The registers as they are here: of those that calls keep, the caller's. rip and rsp are what they
 * will be behind the call. */
static inline __attribute__((always_inline)) void capture(struct cpu_user_regs *r)
{
	*r = (struct cpu_user_regs){ 0 };
#define KEEP(name) __asm__ volatile("mov %%" #name ", %0" : "=m"(r->name))
	KEEP(rax);
	KEEP(rbx);
	KEEP(rcx);
	KEEP(rdx);
	KEEP(rsi);
	KEEP(rdi);
	KEEP(r8);
	KEEP(r9);
	KEEP(r10);
	KEEP(r11);
	KEEP(r12);
	KEEP(r13);
	KEEP(r14);
	KEEP(r15);
	KEEP(cs);
	KEEP(ss);
#undef KEEP
	__asm__ volatile("pushfq; popq %0" : "=r"(r->rflags));
	r->rip = (uint64_t)__builtin_return_address(0);
	r->rbp = *(uint64_t *)__builtin_frame_address(0);
	r->rsp = (uint64_t)__builtin_frame_address(0) + 16;
}

void panic(const char *fmt, ...)
{
	struct cpu_user_regs regs;
	char text[256];
	va_list args;

	capture(&regs);
	cli();
	va_start(args, fmt);
	fmt_vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	begin();
	log_printf("\n(XEN) ****************************************\n(XEN) Panic: %s\n", text);
	who();
	diag_registers(&regs);
	control_registers();
	diag_backtrace(regs.rip, regs.rsp);
	log_printf("(XEN) ****************************************\n");
	stop();
}
