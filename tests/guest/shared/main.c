// SPDX-License-Identifier: MIT
/*
 * What small test frameworks and unikernels rest on: user mode in the kernel's own tables, the
 * transfer page's iret, gates by privilege of 1, selectors without RPL, page 0 unmapped.
 */
#include "../lib/test.h"

#include <xen/grant_table.h>
#include <xen/physdev.h>

const char test_name[] = "shared";

extern char hypercall_page[];

static void show(const char *what)
{
	note("%s: vector %ld error %#lx", what, (long)trap.vector, (unsigned long)trap.error);
}

/* ---- user mode ------------------------------------------------------------------ */

static uint64_t __attribute__((noinline)) user_selectors(uint64_t arg)
{
	uint16_t cs, ss;

	__asm__ volatile("mov %%cs, %0; mov %%ss, %1" : "=r"(cs), "=r"(ss));
	return arg << 32 | (uint64_t)cs << 16 | ss;
}

static uint64_t user_read(uint64_t at)
{
	return *(volatile uint64_t *)at;
}

static uint64_t user_syscall(uint64_t arg)
{
	(void)arg;
	__asm__ volatile("mov $17, %%eax; xor %%edi, %%edi; syscall" : : : "rax", "rcx", "rdi", "r11");
	return 1;
}

static uint64_t user_cli(uint64_t arg)
{
	(void)arg;
	__asm__ volatile("cli");
	return 1;
}

static uint64_t user_gate_1(uint64_t arg)
{
	(void)arg;
	__asm__ volatile("int $0x31");
	return 1;
}

static void user_mode(void)
{
	uint64_t *page = page_alloc();

	check_eq(user_call(user_selectors, 5, 0x202), 5UL << 32 | 0xe033UL << 16 | 0xe02b,
		 "a function runs in user mode with the ABI's flat selectors");
	note("cs %#lx ss %#lx rflags %#lx on the way back", (unsigned long)trap.cs,
	     (unsigned long)trap.ss, (unsigned long)trap.rflags & ~0x8d5UL);
	*page = 77;
	pte_write((uint64_t)page, va_mfn(page) << 12 | P_P | P_W | P_A | P_D);
	check_eq(user_call(user_read, (uint64_t)page, 0x202), 77,
		 "a page without the user bit is user mode's, too");
	note("its entry reads %#lx", (unsigned long)pte_read((uint64_t)page) & 0xfff);
	note("read of 0x10: %ld", (long)user_call(user_read, 0x10, 0x202));
	show("read of page 0 from user mode");
	user_call(user_syscall, 0, 0x202);
	show("a system call");
	user_call(user_cli, 0, 0x202);
	show("cli of user mode");
	user_call(user_gate_1, 0, 0x202);
	note("gate of privilege 1 from user mode: vector %ld", (long)trap.vector);
}

/* ---- gates ----------------------------------------------------------------------- */

static void gates(void)
{
	trap_info_t table[4] = {
		{ .vector = 0x30, .flags = 0, .cs = FLAT_KERNEL_CS & ~3u,
		  .address = (uint64_t)trap_stubs + 32 * 0x30 },
		{ .vector = 0x31, .flags = 1 | 4, .cs = FLAT_KERNEL_CS & ~3u,
		  .address = (uint64_t)trap_stubs + 32 * 0x31 },
	};

	check_eq((uint64_t)HC(set_trap_table, table), 0, "gates with selectors of RPL 0");
	TRY("int $0x30", : : : "rax");
	note("gate of privilege 0 from the kernel: vector %ld", (long)trap.vector);
	shared_info->vcpu_info[0].evtchn_upcall_mask = 0;
	TRY("int $0x31", : : : "rax");
	note("gate of privilege 1 from the kernel: vector %ld", (long)trap.vector);
	TRY("int3", : : : "rax");
	note("cs of the kernel %#lx, mask %lu", (unsigned long)trap.cs & 0xffff,
	     (unsigned long)trap.cs >> 32 & 1);
	note("mask after it: %u", shared_info->vcpu_info[0].evtchn_upcall_mask);
	shared_info->vcpu_info[0].evtchn_upcall_mask = 1;
	TRY("int $0x80", : : : "rax");
	show("int 0x80 before it has a handler");
	HC(vm_assist, VMASST_CMD_enable, VMASST_TYPE_architectural_iopl);
	TRY("int $0x30", : : : "rax");
	note("gate of privilege 0 with architectural IOPL: vector %ld", (long)trap.vector);
	HC(vm_assist, VMASST_CMD_disable, VMASST_TYPE_architectural_iopl);
}

/* ---- the transfer page ------------------------------------------------------------- */

static void transfer_page(void)
{
	uint64_t got = 0, rsp0 = 0, rsp1 = 1;
	bool same = true;

	__asm__ volatile("xor %%edi, %%edi; xor %%esi, %%esi; call hypercall_page + 17 * 32"
			 : "=a"(got) : : "rdi", "rsi", "memory");
	note("version by the page: %#lx", (unsigned long)got);
	for (unsigned i = 0; i < 11; i++)
		note("iret stub byte %u: %#x", i, (uint8_t)hypercall_page[23 * 32 + i]);
	/* A frame and the flags word, then the stub itself pushes rcx, r11, rax. */
	__asm__ volatile("mov %%rsp, %0\n\tmov %%ss, %%eax\n\tmov %%rsp, %%rdx\n\t"
			 "push %%rax\n\tpush %%rdx\n\tpushfq\n\tmov %%cs, %%eax\n\tand $~3, %%eax\n\tpush %%rax\n\t"
			 "lea 1f(%%rip), %%rax\n\tpush %%rax\n\tpush $0\n\tmov $0x1234, %%eax\n\t"
			 "jmp hypercall_page + 23 * 32\n1:\tmov %%rsp, %1"
			 : "=&r"(rsp0), "=&r"(rsp1), "=&a"(got) : : "rdx", "rcx", "r11", "memory");
	same = rsp0 == rsp1;
	check(same && got == 0x1234, "the page's iret goes on where its frame says");
}

/* ---- segments and page 0 --------------------------------------------------------------- */

static void segments(void)
{
	uint16_t ds, es, fs, gs;

	__asm__ volatile("mov %4, %%ds; mov %4, %%es; mov %4, %%fs; mov %4, %%gs\n\t"
			 "mov %%ds, %0; mov %%es, %1; mov %%fs, %2; mov %%gs, %3"
			 : "=r"(ds), "=r"(es), "=r"(fs), "=r"(gs) : "r"(0xe02b));
	check(ds == 0xe02b && es == 0xe02b && fs == 0xe02b && gs == 0xe02b,
	      "data selectors are loaded with the flat one");
	TRY("int3", : : : "rax");
	__asm__ volatile("mov %%ds, %0; mov %%es, %1; mov %%fs, %2; mov %%gs, %3"
			 : "=r"(ds), "=r"(es), "=r"(fs), "=r"(gs));
	check(ds == 0xe02b && es == 0xe02b && fs == 0xe02b && gs == 0xe02b, "and stay over a trap");
	note("stack_switch with RPL 0: %ld",
	     HC(stack_switch, FLAT_KERNEL_SS & ~3u, (uint64_t)page_alloc() + PAGE));
	note("unmap page 0: %ld", HC(update_va_mapping, 0, 0, UVMF_INVLPG));
	TRY("mov 0, %%rbx", : : : "rax", "rbx");
	note("read of page 0: vector %ld error %#lx cr2 %#lx", (long)trap.vector,
	     (unsigned long)trap.error, (unsigned long)trap_cr2);
}

/* ---- interface versions ------------------------------------------------------------------ */

static void versions(void)
{
	static union {
		struct {
			uint32_t cmd, version;
		};
		uint8_t space[1024];
	} op;
	unsigned sysctl = ~0u, domctl = ~0u;

	for (unsigned v = 0; v < 128 && sysctl == ~0u; v++) {
		op.cmd = 0;
		op.version = v;
		if (HC(sysctl, &op) != -XEN_EACCES)
			sysctl = v;
	}
	for (unsigned v = 0; v < 128 && domctl == ~0u; v++) {
		op.cmd = 0;
		op.version = v;
		if (HC(domctl, &op) != -XEN_EACCES)
			domctl = v;
	}
	note("sysctl %#x domctl %#x", sysctl, domctl);
	op.cmd = 27;
	op.version = sysctl;
	note("livepatch: %ld", HC(sysctl, &op));
}

static void grants(void)
{
	static uint64_t frames[4];
	struct gnttab_set_version v = { .version = 2 };
	struct gnttab_setup_table s = { .dom = DOMID_SELF, .nr_frames = 1 };

	set_xen_guest_handle(s.frame_list, (xen_pfn_t *)frames);
	note("setup_table of 1: %ld, %d", HC(grant_table_op, GNTTABOP_setup_table, &s, 1), s.status);
	print("# set_version(2): %ld", HC(grant_table_op, GNTTABOP_set_version, &v, 1));
	v.version = 1;
	note("set_version(1): %ld, %u", HC(grant_table_op, GNTTABOP_set_version, &v, 1), v.version);
	v.version = 3;
	note("set_version(3): %ld", HC(grant_table_op, GNTTABOP_set_version, &v, 1));
	v.version = 0;
	note("set_version(0): %ld", HC(grant_table_op, GNTTABOP_set_version, &v, 1));
}

void test_main(void)
{
	user_share();
	transfer_page();
	segments();
	gates();
	user_mode();
	versions();
	grants();
}
