// SPDX-License-Identifier: MIT
/*
 * What is in the registers after each way out of the hypervisor: hypercalls, exceptions, events, iret,
 * system calls, emulated instructions. All are filled before; then each must hold what it held, or what
 * the ABI puts there, and never an address of the hypervisor.
 */
#include "../lib/test.h"

const char test_name[] = "exits";

/* In this order: seen[] and the fill. */
#define REGISTERS(X)                                                                      \
	X(rax, 0) X(rbx, 1) X(rcx, 2) X(rdx, 3) X(rsi, 4) X(rdi, 5) X(rbp, 6) X(r8, 7)    \
	X(r9, 8) X(r10, 9) X(r11, 10) X(r12, 11) X(r13, 12) X(r14, 13) X(r15, 14)
enum { RAX, RBX, RCX, RDX, RSI, RDI, RBP, R8, R9, R10, R11, R12, R13, R14, R15, COUNT };

static const char *const names[] = {
#define NAME(reg, n) #reg,
	REGISTERS(NAME)
};

uint64_t seen[COUNT];
uint64_t piece, fill_rax, fill_rdi, fill_rsi;
extern char fill_and_go[], back[];
extern const char user_syscall[], user_ud2[], user_end[];
extern char snap_ud[], snap_gp[], snap_pf[], snap_bp[], snap_event[], snap_syscall[];
extern char do_ud2[], do_gp[], do_pf[], do_int3[], do_hypercall[], do_cpuid[], do_iret[];

#define FILL(n) (0x1100000000000000UL + (n) * 0x0001010101010101UL)

__asm__(".text\n"
	".macro SNAP\n"
#define SNAP(reg, n) "mov %" #reg ", seen + 8 * " #n "(%rip)\n"
	REGISTERS(SNAP)
	".endm\n"
	"fill_and_go:\n"
	"push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
	"mov %rsp, saved_rsp(%rip)\n"	/* as iret_to() does */
#define MOV(reg, n) "mov $(0x1100000000000000 + " #n " * 0x0001010101010101), %" #reg "\n"
	REGISTERS(MOV)
	"mov fill_rax(%rip), %rax; mov fill_rdi(%rip), %rdi; mov fill_rsi(%rip), %rsi\n"
	"jmp *piece(%rip)\n"
	"back: pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx; ret\n"
	"do_ud2: ud2\n"
	"do_gp: mov %rax, %cr8\n"
	"do_pf: movb $0, 0x7ffff000\n"
	"do_int3: int3\n"
	"do_hypercall: syscall; SNAP; jmp back\n"
	"do_cpuid: ud2; .ascii \"xen\"; cpuid; SNAP; jmp back\n"
	/* iret hypercall: its frame lies at rsi */
	"do_iret: mov %rsi, %rsp; syscall\n"
	"snap_ud: SNAP; jmp trap_stubs + 32 * 6\n"
	"snap_gp: SNAP; jmp trap_stubs + 32 * 13\n"
	"snap_pf: SNAP; jmp trap_stubs + 32 * 14\n"
	"snap_bp: SNAP; jmp trap_stubs + 32 * 3\n"
	/* the event is taken: it would come again when iret unmasks */
	"snap_event: SNAP; mov shared_info(%rip), %rax; movb $0, (%rax); jmp event_entry\n"
	"snap_syscall: SNAP; jmp syscall_entry\n"
	"user_syscall: syscall\n"
	"user_ud2: ud2\n"
	"user_end:\n");

static bool hypervisors(uint64_t value)
{
	return value >= HYPERVISOR_VIRT_START && value < 0xffff880000000000UL;
}

/* may: a bit for each register that the way out may change; those are looked at all the same. */
static void look(const char *way, unsigned may)
{
	unsigned changed = 0, leaked = 0;

	for (unsigned i = 0; i < COUNT; i++) {
		uint64_t want = i == RAX ? fill_rax : i == RDI ? fill_rdi : i == RSI ? fill_rsi : FILL(i);

		leaked += hypervisors(seen[i]);
		if (seen[i] == want || may >> i & 1)
			continue;
		print("# %s: %s is %#lx", way, names[i], (unsigned long)seen[i]);
		changed++;
	}
	check_eq(changed, 0, "%s: registers keep their values", way);
	check_eq(leaked, 0, "%s: none holds an address of the hypervisor", way);
}

static void clear(void)
{
	for (unsigned i = 0; i < COUNT; i++)
		seen[i] = HYPERVISOR_VIRT_START;
	fill_rax = FILL(RAX);
	fill_rdi = FILL(RDI);
	fill_rsi = FILL(RSI);
}

static void go(const char *at)
{
	piece = (uint64_t)at;
	trap_clear();
	__asm__ volatile("call fill_and_go" : : : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10",
			 "r11", "memory", "cc");
}

#define BIT(r) (1u << (r))
#define OF_FRAME (BIT(RCX) | BIT(R11))	/* the frame has them: the guest takes them from there */

static void exceptions(void)
{
	static const struct {
		const char *way, *at;
	} list[] = {
		{ "#UD", do_ud2 }, { "#GP of an instruction that is not emulated", do_gp },
		{ "#PF", do_pf }, { "#BP", do_int3 },
	};

	for (unsigned i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		clear();
		trap_resume = (uint64_t)back;
		go(list[i].at);
		trap_resume = 0;
		look(list[i].way, OF_FRAME);
		check(trap.rcx == FILL(RCX) && trap.r11 == FILL(R11),
		      "%s: rcx and r11 are in the frame", list[i].way);
	}
}

static void hypercalls(void)
{
	static const struct {
		const char *way;
		uint64_t nr, a1, a2;
	} list[] = {
		{ "a hypercall", __HYPERVISOR_xen_version, XENVER_version, 0 },
		{ "a hypercall that fails", __HYPERVISOR_xen_version, 77, 0 },
		{ "a hypercall that is not there", 60, 1, 2 },
		{ "a hypercall far out of range", 1UL << 40, 1, 2 },
		{ "a yield", __HYPERVISOR_sched_op, SCHEDOP_yield, 0 },
		{ "a bad pointer", __HYPERVISOR_event_channel_op, EVTCHNOP_send, HYPERVISOR_VIRT_START },
	};

	for (unsigned i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		clear();
		fill_rax = list[i].nr;
		fill_rdi = list[i].a1;
		fill_rsi = list[i].a2;
		go(do_hypercall);
		/* The pointer is the guest's own. */
		if (seen[RSI] == HYPERVISOR_VIRT_START && list[i].a2 == HYPERVISOR_VIRT_START)
			seen[RSI] = fill_rsi = 0;
		look(list[i].way, OF_FRAME | BIT(RAX));
		note("%s: %ld", list[i].way, i ? (long)seen[RAX] : 0);
	}
	clear();
	go(do_cpuid);
	look("CPUID", BIT(RAX) | BIT(RBX) | BIT(RCX) | BIT(RDX));
	check(!((seen[RAX] | seen[RBX] | seen[RCX] | seen[RDX]) >> 32), "CPUID: the upper halves are 0");
}

static void events(void)
{
	struct evtchn_bind_ipi ipi = { .vcpu = 0 };
	struct callback_register cb = { .type = CALLBACKTYPE_event, .address = (uint64_t)snap_event };
	static struct evtchn_send send;

	check_eq((uint64_t)HC(callback_op, CALLBACKOP_register, &cb), 0, "a callback of our own");
	check_eq((uint64_t)HC(event_channel_op, EVTCHNOP_bind_ipi, &ipi), 0, "an IPI port");
	send.port = ipi.port;
	shared_info->vcpu_info[0].evtchn_upcall_mask = 0;
	clear();
	fill_rax = __HYPERVISOR_event_channel_op;
	fill_rdi = EVTCHNOP_send;
	fill_rsi = (uint64_t)&send;
	trap_resume = (uint64_t)back;
	go(do_hypercall);
	trap_resume = 0;
	shared_info->vcpu_info[0].evtchn_upcall_mask = 1;
	check_eq(trap.vector, VECTOR_EVENT, "the event came");
	look("an event after a hypercall", OF_FRAME | BIT(RAX));
	check_eq(seen[RAX], 0, "with the hypercall's result");
}

/* iret to user mode, and from there back: what user mode did not change is as the kernel left it. */
static void user(const char *way, const char *at, uint64_t vector, unsigned may)
{
	static struct iret_context c;

	c = (struct iret_context){ .rax = FILL(RAX), .r11 = FILL(R11), .rcx = FILL(RCX),
				   .rip = USER_CODE + (uint64_t)(at - user_syscall),
				   .cs = FLAT_USER_CS, .rflags = 0x202, .rsp = USER_STACK,
				   .ss = FLAT_USER_SS };
	clear();
	fill_rax = __HYPERVISOR_iret;
	fill_rsi = (uint64_t)&c;
	user_run_expected();
	go(do_iret);
	check_eq(trap.vector, vector, "%s comes", way);
	fill_rax = FILL(RAX);
	fill_rsi = (uint64_t)&c;
	look(way, may);
}

static void users(void)
{
	struct callback_register cb = { .type = CALLBACKTYPE_syscall, .address = (uint64_t)snap_syscall };

	check_eq((uint64_t)HC(callback_op, CALLBACKOP_register, &cb), 0, "a callback of our own");
	user_init(user_syscall, user_end);
	user("a system call", user_syscall, VECTOR_SYSCALL, OF_FRAME);
	user("#UD of user mode", user_ud2, 6, OF_FRAME);
	check(trap.rcx == FILL(RCX) && trap.r11 == FILL(R11), "iret loads rcx and r11 of its frame");
}

void test_main(void)
{
	trap_info_t table[] = {
		{ .vector = 6, .cs = FLAT_KERNEL_CS, .address = (uint64_t)snap_ud },
		{ .vector = 13, .cs = FLAT_KERNEL_CS, .address = (uint64_t)snap_gp },
		{ .vector = 14, .cs = FLAT_KERNEL_CS, .address = (uint64_t)snap_pf },
		{ .vector = 3, .flags = 3, .cs = FLAT_KERNEL_CS, .address = (uint64_t)snap_bp },
		{ 0 },
	};

	traps_init();
	shared_info->vcpu_info[0].evtchn_upcall_mask = 1;
	check_eq((uint64_t)HC(set_trap_table, table), 0, "handlers of our own");
	exceptions();
	hypercalls();
	events();
	users();
}
