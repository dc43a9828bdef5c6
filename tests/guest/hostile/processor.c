/* SPDX-License-Identifier: MIT */
/* Privileged instructions, debug registers, and ways back to what is no address or selector. */
#include "hostile.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))
#define RW (P_P | P_W | P_U | P_A | P_D)

/* ---- registers ------------------------------------------------------------------------------ */

static void model_specific(void)
{
	static const struct { uint32_t msr; uint64_t value; } writes[] = {
		{ 0xc0000080, 0 }, { 0xc0000081, ~0UL }, { 0xc0000082, 0x1000 }, { 0xc0000083,
		      0x1000 },
		{ 0xc0000084, 0 }, { 0x174, 8 }, { 0x175, 0x1000 }, { 0x176, 0x1000 }, { 0x1b, 0 },
		{ 0x277, 0 }, { 0xc0000100, 1UL << 63 }, { 0xc0000101, 0x800000000000 },
		{ 0xc0000102, 0x8000000000000000 }, { 0x1d9, 1 }, { 0xc0010015, ~0UL }, { 0x3a, 5 },
		{ 0xda0, ~0UL }, { 0x6e0, 1 }, { 0x40000000, 0xfffffffffffff000 }, { 0x40000000,
		      1 },
		{ 0x40000000, ~0UL },
	};

	for (unsigned i = 0; i < N(writes); i++)
		TRY("wrmsr", : : "c"(writes[i].msr), "a"((uint32_t)writes[i].value),
		    "d"((uint32_t)(writes[i].value >> 32)) : "memory");
	TRY("wrmsr", : : "c"(0x40000000), "a"((uint32_t)(top_level() << 12)),
	    "d"((uint32_t)(top_level() >> 20)) : "memory");
	check_eq(trap.vector, 13, "a page table is no transfer page");
	TRY("wrmsr", : : "c"(0xc0000101), "a"(0), "d"(0x8000) : "memory");
	check_eq(trap.vector, 13, "a base that is not canonical is refused");
	for (uint32_t msr = 0; msr < 0x1000; msr++)
		TRY("rdmsr", : : "c"(msr) : "rax", "rdx");
	for (uint32_t msr = 0xc0000080; msr < 0xc0000110; msr++)
		TRY("rdmsr", : : "c"(msr) : "rax", "rdx");
	check(true, "all MSRs read: we live");
}

static void control_registers(void)
{
	uint64_t cr0, cr4;

	__asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
	__asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
	TRY("mov %0, %%cr0", : : "r"(cr0 & ~(1UL << 31)) : "rax");
	check_eq(trap.vector, 13, "paging stays on");
	TRY("mov %0, %%cr0", : : "r"(cr0 & ~(1UL << 16)) : "rax");
	check_eq(trap.vector, 13, "so does write protection");
	TRY("mov %0, %%cr3", : : "r"(top_level() << 12) : "rax");
	TRY("mov %0, %%cr3", : : "r"(0UL) : "rax");
	TRY("mov %0, %%cr4", : : "r"(cr4 ^ 0x700000UL) : "rax");
	TRY("mov %0, %%cr4", : : "r"(~0UL) : "rax");
	TRY("mov %0, %%cr4", : : "r"(cr4) : "rax");
	TRY("mov %0, %%cr8", : : "r"(15UL) : "rax");
	TRY("lmsw %w0", : : "r"(0) : "rax");
	check(trap.vector == 13 || trap.vector == ~0UL, "lmsw cannot end protected mode");
	TRY("mov %0, %%cr0", : : "r"(cr0) : "rax");
}

static void extended_state(void)
{
	static const uint64_t bad[] = { 0, 2, 4, 5, 1UL << 63, ~0UL, 0x11, 0x20, 0x300, 1UL << 9 };
	uint32_t a, b, c = 0, d;

	__asm__ volatile("ud2; .ascii \"xen\"; cpuid" : "=a"(a), "=b"(b), "+c"(c),
	      "=d"(d) : "0"(1));
	if (!(c >> 26 & 1))
		return;
	TRY("mov %%cr4, %%rbx; or $0x40000, %%rbx; mov %%rbx, %%cr4", : : : "rax", "rbx");
	for (unsigned i = 0; i < N(bad); i++) {
		TRY("mov %k1, %%eax; xsetbv", : : "c"(0), "r"((uint32_t)bad[i]),
		    "d"((uint32_t)(bad[i] >> 32)) : "rax");
		if (bad[i] & 1 && bad[i] == 5)
			continue;
		check(trap.vector == 13 || trap.vector == 6, "xsetbv of %#lx is refused",
		      (unsigned long)bad[i]);
	}
	TRY("mov $3, %%eax; xsetbv", : : "c"(1), "d"(0) : "rax");
	check(trap.vector == 13 || trap.vector == 6, "XCR1 is none");
}

/* What the CPU itself has, whatever the hypervisor says of it. */
static bool has_umip(void)
{
	uint32_t a = 7, b, c = 0, d;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	return c >> 2 & 1;
}

static void tables_of_the_cpu(void)
{
	static uint8_t at[16];
	uint64_t msw;

	if (has_umip()) {
		for (unsigned i = 0; i < sizeof(at); i++)
			at[i] = 0x5a;
		TRY("sgdt (%0)", : : "r"(at) : "rax", "memory");
		check(trap.vector != ~0UL || !*(uint64_t *)(at + 2), "sgdt tells no address");
		TRY("sidt (%0)", : : "r"(at) : "rax", "memory");
		check(trap.vector != ~0UL || !*(uint64_t *)(at + 2), "nor does sidt");
		TRY("sldt %0", : "=r"(msw) : : "rax");
		TRY("str %0", : "=r"(msw) : : "rax");
	}
	TRY("smsw %0", : "=r"(msw) : : "rax");
	TRY("lgdt (%0)", : : "r"(at) : "rax");
	check_eq(trap.vector, 13, "lgdt is refused");
	TRY("lidt (%0)", : : "r"(at) : "rax");
	check_eq(trap.vector, 13, "lidt is refused");
	TRY("lldt %w0", : : "r"(0) : "rax");
	check_eq(trap.vector, 13, "lldt is refused");
	TRY("ltr %w0", : : "r"(0xe040) : "rax");
	check_eq(trap.vector, 13, "ltr is refused");
	TRY("sysretq", : : : "rax", "rcx", "r11");
	check_eq(trap.vector, 13, "sysret is refused");
	TRY("swapgs", : : : "rax");
	check_eq(trap.vector, 13, "swapgs is refused");
	TRY("sysenter", : : : "rax");
	check(trap.vector == 13 || trap.vector == 6, "sysenter is refused");
	TRY("invd", : : : "rax");
	check_eq(trap.vector, 13, "invd is refused");
	TRY("int $0x82", : : : "rax");
	TRY(".byte 0xf1", : : : "rax");		/* int1 */
	TRY("pushfq; orq $0x7000, (%%rsp); popfq", : : : "rax", "memory");
	TRY("pushfq; orq $0x40000, (%%rsp); popfq; ud2", : : : "rax", "memory");	/* AC */
	check_eq(trap.vector, 6, "a trap with AC set comes as any other");
	TRY("pushfq; andq $~0x40000, (%%rsp); popfq", : : : "rax", "memory");
}

/* ---- debug registers ---------------------------------------------------------------------- */

/* In the page behind the guest's 14 only the flat segments are for ring 3, and nothing else that
 * stands in that page is a descriptor. */
static void descriptors_of_the_hypervisor(void)
{
	for (unsigned sel = 0xe003; sel <= 0xefff; sel += 8) {
		bool there;

		if (sel == FLAT_RING3_CS32 || sel == FLAT_RING3_CS64 || sel == FLAT_RING3_DS32)
			continue;
		__asm__ volatile("lar %k1, %%eax" : "=@ccz"(there) : "r"(sel) : "rax");
		if (there)
			check(false, "selector %#x is none of ours", sel);
	}
	check(true, "the hypervisor's other descriptors are not for us");
}

static void debug_registers(void)
{
	static uint16_t selector __attribute__((aligned(8))) = 0xe02b;
	static struct xen_feature_info info;

	for (unsigned i = 0; i < 4; i++) {
		check(HC(set_debugreg, i, HYPERVISOR_VIRT_START) < 0,
		      "no break point %u on the M2P", i);
		check(HC(set_debugreg, i, 0xffff82d040000000) < 0, "nor in the hypervisor's text");
		check(HC(set_debugreg, i, 1UL << 63) < 0, "nor where nothing can be");
	}
	check(HC(set_debugreg, 7, 1UL << 13) < 0, "general detection is refused");
	check(HC(set_debugreg, 7, 1UL << 32) < 0, "so is what has more than 32 bits");
	check(HC(set_debugreg, 8, 0) < 0, "there are eight");

	/* A watched word that a hypercall copies, and one whose load holds the exception back. */
	HC(set_debugreg, 0, (uint64_t)&info);
	HC(set_debugreg, 7, 0xf0001 | 0x100);
	trap_resume = 0;
	HC(xen_version, XENVER_get_features, &info);
	HC(set_debugreg, 7, 0);
	HC(set_debugreg, 0, (uint64_t)&selector);
	HC(set_debugreg, 7, 0x70001 | 0x100);
	TRY("mov $17, %%eax; xor %%edi, %%edi; mov (%0), %%ss; syscall", : : "b"(&selector)
	    : "rax", "rcx", "r11", "rdi", "memory");
	TRY("mov (%0), %%ss; int3", : : "b"(&selector) : "rax", "memory");
	TRY("mov (%0), %%ss; int $0x80", : : "b"(&selector) : "rax", "memory");
	TRY("mov (%0), %%ss; ud2", : : "b"(&selector) : "rax", "memory");
	HC(set_debugreg, 7, 0);
	TRY("mov $17, %%eax; xor %%edi, %%edi; pushfq; orq $0x100, (%%rsp); popfq; syscall", : :
	    : "rax", "rcx", "r11", "rdi", "memory");
	check(true, "held-back debug exceptions at each entry: we live");
}

void attack_processor(void)
{
	model_specific();
	control_registers();
	extended_state();
	tables_of_the_cpu();
	descriptors_of_the_hypervisor();
	debug_registers();
	traps_init();
}

/* ---- ways back ---------------------------------------------------------------------------- */

static char stack[8192] __attribute__((aligned(16)));

/* An iret to nowhere; the fault that follows brings us back. */
static void go(uint64_t rip, uint64_t cs, uint64_t rflags, uint64_t rsp, uint64_t ss, uint64_t how)
{
	struct iret_context c = { .flags = how, .rip = rip, .cs = cs, .rflags = rflags, .rsp = rsp,
				  .ss = ss };

	trap_clear();
	user_run_expected();
	iret_to(&c);
}

/* A list's iret is as any; not even a rax that means "execute the hypercall again" moves it. */
static void bad_frames_of_lists(void)
{
	static const uint64_t rips[] = { 0x800000000000, 0xffff7fffffffffff, 1UL << 63, 0x7000000000,
					 HYPERVISOR_VIRT_START, 0x7fffffffffff };
	static struct multicall_entry list = { .op = __HYPERVISOR_iret };
	uint64_t top = (uint64_t)stack + sizeof(stack) - 64;

	for (unsigned i = 0; i < 4 * N(rips); i++) {
		struct iret_context c = { .rax = i & 2 ? (uint64_t)-85 : 4711, .rip = rips[i / 4],
					  .flags = i & 1 ? VGCF_in_syscall : 0, .rsp = top,
					  .cs = FLAT_KERNEL_CS & ~3UL, .ss = FLAT_KERNEL_SS };

		trap_clear();
		user_run_expected();
		iret_to_by_list(&c, &list);
		check(trap.vector == 13 || trap.vector == 14,
		      "a return to %#lx by a list is our fault", (unsigned long)c.rip);
		check_eq(trap.rip, c.rip, "where it went to");
		check_eq(trap.rsp, top, "and with its stack");
	}
}

static void bad_frames(void)
{
	static const uint64_t rips[] = { 0x800000000000, 0xffff7fffffffffff, 1UL << 63,
	      0x7000000000,
					 HYPERVISOR_VIRT_START, 0xffff82d040000000,
					 0xffff840000000000, ~0UL, 0x7fffffffffff };
	static const uint64_t selectors[] = { 0, 3, 8, 0xe008, 0xe010, 0xe040, 0xe050, 0xe02b,
	      0xe023,
					      0xfffb, 0xffff, 7, 0xf, 0xeffb, 0x1e033 };
	static const uint64_t flags[] = { 0, ~0UL, 0x100, 0x4000, 0x20000, 0x3000, 1UL << 40,
	      0x40000,
					  0x10000 };
	uint64_t top = (uint64_t)stack + sizeof(stack) - 64, ud2 = (uint64_t)page_alloc();

	*(uint16_t *)ud2 = 0x0b0f;
	/* The kernel's cs has RPL 0 here: to RPL 3 the frame would go to user mode. */
	for (unsigned how = 0; how <= VGCF_in_syscall; how += VGCF_in_syscall) {
		for (unsigned i = 0; i < N(rips); i++) {
			go(rips[i], FLAT_KERNEL_CS & ~3UL, 0, top, FLAT_KERNEL_SS, how);
			check(trap.vector == 13 || trap.vector == 14,
			      "a return to %#lx is our fault",
			      (unsigned long)rips[i]);
		}
		for (unsigned i = 0; i < N(selectors); i++) {
			go(ud2, selectors[i] & ~3UL, 0, top, FLAT_KERNEL_SS, how);
			check(trap.vector < 32,
			      "so is one to cs %#lx", (unsigned long)selectors[i]);
			go(ud2, FLAT_KERNEL_CS & ~3UL, 0, top, selectors[i], how);
			check(trap.vector < 32,
			      "and one with ss %#lx", (unsigned long)selectors[i]);
		}
		for (unsigned i = 0; i < N(flags); i++) {
			go(ud2, FLAT_KERNEL_CS & ~3UL, flags[i], top, FLAT_KERNEL_SS, how);
			check(trap.vector < 32 && !(trap.rflags & 0x23000),
			      "flags %#lx give no privilege", (unsigned long)flags[i]);
		}
	}
}

/* `syscall` as the last two bytes below the hole: what follows it is no address. */
static void edge_of_the_world(void)
{
	uint64_t *l1 = page_alloc(), *l2 = page_alloc(), *l3 = page_alloc();
	uint8_t *code = page_alloc();

	code[PAGE - 2] = 0x0f;
	code[PAGE - 1] = 0x05;
	l1[511] = va_mfn(code) << 12 | RW;
	l2[511] = va_mfn(l1) << 12 | RW;
	l3[511] = va_mfn(l2) << 12 | RW;
	make_readonly(l1);
	make_readonly(l2);
	make_readonly(l3);
	check_eq((uint64_t)update(top_level() << 12 | 8 * 255, va_mfn(l3) << 12 | RW), 0,
		 "the last page of the lower half can be mapped");
	TRY("mov $17, %%eax; xor %%edi, %%edi; mov $0x7ffffffffffe, %%rbx; jmp *%%rbx", : :
	    : "rax", "rbx", "rcx", "r11", "rdi", "memory");
	check_eq(trap.vector, 13,
	      "a system call at its end returns to no address, and we hear of it");
	TRY("mov $0xffff, %%eax; mov $0x7ffffffffffe, %%rbx; jmp *%%rbx", : :
	    : "rax", "rbx", "rcx", "r11", "rdi", "memory");
	check_eq(trap.vector, 13, "so does one with a number that is none");
	update(top_level() << 12 | 8 * 255, 0);
}

static void callbacks(void)
{
	struct callback_register cb = { .address = 0x800000000000 };
	struct trap_info ti[2] = { { .vector = 13, .address = 1UL << 63, .cs = FLAT_KERNEL_CS } };

	for (unsigned type = 0; type < 10; type++) {
		cb.type = (uint16_t)type;
		check(HC(callback_op, CALLBACKOP_register, &cb) < 0,
		      "callback %u goes to no bad address",
		      type);
	}
	check(HC(set_trap_table, ti) < 0, "nor does a handler of the trap table");
	ti[0].address = 0x1000;
	ti[0].cs = 0xe008;	/* the hypervisor's: not used, as on Xen the flat one is */
	HC(set_trap_table, ti);
	traps_init();
}

void attack_returns(void)
{
	callbacks();
	bad_frames();
	bad_frames_of_lists();
	edge_of_the_world();
}
