// SPDX-License-Identifier: MIT
/*
 * Single stepping: with TF set, each instruction is followed by a #DB of its own, whether the CPU executes it, the
 * hypervisor does, or it leads through a hypercall, an exception or a system call and back; far returns to segments
 * of all kinds, good and bad, too. What comes, and where, is the same on Xen: shown as vector+offset, in this order.
 */
#include "../lib/test.h"

const char test_name[] = "step";

#define TF	  0x100UL
#define EVENTS	  12
#define NOPS	  4		/* behind each piece */
#define DR6_SHOWN 0xe00fUL

struct piece {
	const char *name;
	unsigned len;
	const char *bytes;
	uint64_t a, c, d, di, si;
};

static uint8_t *code;
static uint64_t *table;		/* an L1 page */
static struct piece now __attribute__((used));
static uint64_t base, stack_now __attribute__((used));
static struct {
	unsigned n;
	uint64_t vector[EVENTS], at[EVENTS];
} seen;

__asm__(".text\n"
	"step_code:\n"
	"push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
	"mov %rsp, stack_now(%rip)\n"
	"lea 1f(%rip), %rax; mov %rax, trap_resume(%rip)\n"
	"mov now+24(%rip), %rax; mov now+32(%rip), %rcx; mov now+40(%rip), %rdx\n"
	"mov now+48(%rip), %rdi; mov now+56(%rip), %rsi\n"
	"pushfq; orq $0x100, (%rsp); popfq\n"
	"jmp *code(%rip)\n"
	"1: mov stack_now(%rip), %rsp; cld; movq $0, trap_resume(%rip)\n"
	"pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx; ret\n");
void step_code(void);

/* A step's #DB, an int3 and a system call go on; at the nops behind the piece, or at a fault, it ends. */
static bool count(struct trap_frame *f)
{
	bool on = f->vector == 1 || f->vector == 3 || f->vector == VECTOR_SYSCALL;

	if (seen.n == EVENTS)
		return false;
	seen.vector[seen.n] = f->vector;
	seen.at[seen.n++] = f->rip - base;
	if (on && f->rip - base <= now.len)
		return true;
	if (trap_resume)	/* in whatever segment it was */
		f->cs = FLAT_KERNEL_CS & ~3UL;
	return false;
}

static char *put_number(char *to, uint64_t n, unsigned radix)
{
	char text[20];
	unsigned len = 0;

	do {
		text[len++] = "0123456789abcdef"[n % radix];
		n /= radix;
	} while (n);
	while (len)
		*to++ = text[--len];
	return to;
}

static void show(const char *where)
{
	char line[EVENTS * 24], *to = line;

	for (unsigned i = 0; i < seen.n; i++) {
		*to++ = ' ';
		to = put_number(to, seen.vector[i], 10);
		*to++ = '+';
		to = put_number(to, seen.at[i] < PAGE ? seen.at[i] : 0xfff, 10);
	}
	*to = 0;
	note("%s %s:%s, error %#lx, TF %u, DR6 %#lx", where, now.name, line, (unsigned long)trap.error,
	     trap.rflags & TF ? 1 : 0, (unsigned long)HC(get_debugreg, 6) & DR6_SHOWN);
}

static void begin(const struct piece *p)
{
	now = *p;
	base = (uint64_t)code;
	seen.n = 0;
	HC(set_debugreg, 6, 0xffff0ff0);
	for (unsigned i = 0; i < p->len; i++)
		code[i] = (uint8_t)p->bytes[i];
	for (unsigned i = 0; i < NOPS; i++)
		code[p->len + i] = 0x90;
	code[p->len + NOPS] = 0x0f;	/* ud2 */
	code[p->len + NOPS + 1] = 0x0b;
	trap_clear();
	trap_handler = count;
}

#define P(text, code, ...) { .name = text, .len = sizeof(code) - 1, .bytes = code, ##__VA_ARGS__ }
#define MSR_GS_BASE 0xc0000101UL

static const struct piece kernels[] = {
	P("nop", "\x90"), P("cli", "\xfa"), P("sti", "\xfb"), P("two cli", "\xfa\xfa"), P("wbinvd", "\x0f\x09"),
	P("clts", "\x0f\x06"), P("hlt", "\xf4"), P("ud2", "\x0f\x0b"), P("int3", "\xcc"), P("icebp", "\xf1"),
	P("int 3", "\xcd\x03"),
	P("forced cpuid", "\x0f\x0bxen\x0f\xa2"), P("cpuid", "\x0f\xa2"), P("rdtsc", "\x0f\x31"),
	P("mov from cr0", "\x0f\x20\xc0"), P("mov from cr2", "\x0f\x20\xd0"), P("mov from cr3", "\x0f\x20\xd8"),
	P("mov from cr4", "\x0f\x20\xe0"), P("mov to cr2", "\x0f\x22\xd0"), P("mov to cr8", "\x44\x0f\x22\xc0"),
	P("mov from dr0", "\x0f\x21\xc0"), P("mov to dr0", "\x0f\x23\xc0"), P("mov from dr6", "\x0f\x21\xf0"),
	P("rdmsr", "\x0f\x32", .c = MSR_GS_BASE), P("rdmsr of none", "\x0f\x32", .c = 0x12345),
	P("wrmsr", "\x0f\x30", .c = MSR_GS_BASE), P("in", "\xec", .d = 0x2f0), P("out", "\xee", .d = 0x2f0),
	P("in behind a prefix", "\x66\xed", .d = 0x2f0), P("pushf, popf", "\x9c\x9d"),
	P("popf without TF", "\x9c\x81\x24\x24\xff\xfe\xff\xff\x9d"), P("mov ss, nop", "\x8c\xd0\x8e\xd0\x90"),
	P("mov ss, cli", "\x8c\xd0\x8e\xd0\xfa"), P("mov ss, int3", "\x8c\xd0\x8e\xd0\xcc"),
	P("mov ss, hypercall", "\xb8\x11\x00\x00\x00\x8c\xd2\x8e\xd2\x0f\x05"),
	P("hypercall", "\x0f\x05", .a = __HYPERVISOR_xen_version), P("hypercall that is none", "\x0f\x05", .a = 60),
	P("yield", "\x0f\x05", .a = __HYPERVISOR_sched_op),
	P("invlpg", "\x0f\x01\x3f"), P("lgdt", "\x0f\x01\x17"), P("sgdt", "\x0f\x01\x07"), P("smsw", "\x0f\x01\xe0"),
	P("lmsw", "\x0f\x01\xf0"), P("swapgs", "\x0f\x01\xf8"), P("sysret", "\x48\x0f\x07"),
};

static void step(const struct piece *p, const char *what)
{
	begin(p);
	step_code();
	trap_handler = NULL;
	show(what);
}

static void in_kernel(void)
{
	static uint64_t memory[2] __attribute__((aligned(16)));

	for (unsigned i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++) {
		struct piece p = kernels[i];

		if (!p.di && p.a != __HYPERVISOR_xen_version && p.a != __HYPERVISOR_sched_op)
			p.di = (uint64_t)memory;
		step(&p, "kernel,");
	}
}

/* Stores to a page table, which the hypervisor makes. */
static void stores(void)
{
	static const struct piece pieces[] = {
		P("store to a table", "\x48\x89\x07"), P("xchg with a table", "\x48\x87\x07"),
		P("locked or to a table", "\xf0\x48\x09\x07"), P("cmpxchg with a table", "\xf0\x48\x0f\xb1\x07"),
		P("stos to a table", "\x48\xab"), P("two stores to a table", "\x48\x89\x07\x48\x89\x07"),
	};
	struct mmuext_op op = { .cmd = MMUEXT_PIN_L1_TABLE };

	table = page_alloc();
	HC(vm_assist, VMASST_CMD_enable, VMASST_TYPE_writable_pagetables);
	make_readonly(table);
	op.arg1.mfn = va_mfn(table);
	check_eq((uint64_t)HC(mmuext_op, &op, 1, 0, DOMID_SELF), 0, "a page is a table");
	for (unsigned i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct piece p = pieces[i];

		p.di = (uint64_t)&table[i];
		step(&p, "kernel,");
	}
}

#define CODE(bits) (0x0000fa000000ffffUL | (uint64_t)(bits) << 40)	/* DPL 3; G, D, L */

/* Selectors that a far return and an iretq may name: of the ABI's segments, of the LDT's. */
static const struct {
	const char *name;
	uint16_t selector;
} targets[] = {
	{ "its own segment", FLAT_KERNEL_CS }, { "RPL 0", FLAT_KERNEL_CS & ~3 }, { "32 bits", FLAT_USER_CS32 },
	{ "null", 0 }, { "null, RPL 3", 3 }, { "data", FLAT_KERNEL_DS }, { "the hypervisor's", 0xe008 },
	{ "nothing of the GDT", 0x13 }, { "64 bits of the LDT", 0x07 }, { "32 bits of the LDT", 0x0f },
	{ "16 bits of the LDT", 0x17 }, { "conforming", 0x1f }, { "not present", 0x27 }, { "data of the LDT", 0x2f },
	{ "L and D", 0x37 }, { "an empty one of the LDT", 0x3f }, { "beyond the LDT", 0x1007 },
};

static void set_ldt(void)
{
	uint64_t *ldt = page_alloc();
	struct mmuext_op op = { .cmd = MMUEXT_SET_LDT, .arg1.linear_addr = (uint64_t)ldt, .arg2.nr_ents = 512 };

	ldt[0] = CODE(0xa000) | 0xf000000000000UL;
	ldt[1] = CODE(0xc000) | 0xf000000000000UL;
	ldt[2] = CODE(0) | ((uint64_t)code & 0xffffff) << 16;
	ldt[3] = ldt[0] | 4UL << 40;
	ldt[4] = ldt[0] & ~(1UL << 47);
	ldt[5] = 0x00cff3000000ffffUL;
	ldt[6] = CODE(0xe000) | 0xf000000000000UL;
	make_readonly(ldt);
	check_eq((uint64_t)HC(mmuext_op, &op, 1, 0, DOMID_SELF), 0, "an LDT is loaded");
}

/* To the next instruction; in the segment that begins with the code by its place there. */
static void far_ways(void)
{
	/* push selector; lea 3(%rip), %rax; push %rax; lretq. mov $len, %eax; nop; nop in lea's place */
	static const char far[] = "\x68....\x48\x8d\x05\x03\x00\x00\x00\x50\x48\xcb";
	/* mov %rsp, %rax; push ss; push %rax; pushfq; push selector; lea 3(%rip), %rax; push %rax; iretq */
	static const char iret[] = "\x48\x89\xe0\x68\x2b\xe0\x00\x00\x50\x9c"
				   "\x68....\x48\x8d\x05\x03\x00\x00\x00\x50\x48\xcf";
	char bytes[sizeof(iret)];

	set_ldt();
	for (unsigned i = 0; i < 2 * sizeof(targets) / sizeof(targets[0]); i++) {
		const char *from = i & 1 ? iret : far;
		unsigned at = i & 1 ? 11 : 1, len = (i & 1 ? sizeof(iret) : sizeof(far)) - 1;
		struct piece p = { .name = targets[i / 2].name, .len = len, .bytes = bytes };

		for (unsigned k = 0; k < len; k++)
			bytes[k] = from[k];
		bytes[at] = (char)targets[i / 2].selector;
		bytes[at + 1] = (char)(targets[i / 2].selector >> 8);
		bytes[at + 2] = bytes[at + 3] = 0;
		if (targets[i / 2].selector == 0x17) {
			const char number[] = { (char)0xb8, (char)len, 0, 0, 0, (char)0x90, (char)0x90 };

			for (unsigned k = 0; k < sizeof(number); k++)
				bytes[at + 4 + k] = number[k];
		}
		step(&p, i & 1 ? "iretq to" : "lretq to");
	}
}

/* A program that its kernel lets run with TF set, as a debugger does. */
static void in_user(void)
{
	static const struct piece pieces[] = {
		P("nop", "\x90"), P("system call", "\x0f\x05"), P("two system calls", "\x0f\x05\x0f\x05"), P("int3", "\xcc"),
		P("int 3", "\xcd\x03"), P("ud2", "\x0f\x0b"), P("cli", "\xfa"), P("cpuid", "\x0f\xa2"),
		P("fault", "\xc6\x04\x25\x00\xf0\xff\x7f\x00"), P("in", "\xec"), P("mov from cr0", "\x0f\x20\xc0"),
		P("pushf, popf", "\x9c\x9d"), P("mov ss, nop", "\x8c\xd0\x8e\xd0\x90"),
		P("mov ss, system call", "\x8c\xd0\x8e\xd0\x0f\x05"), P("mov ss, int3", "\x8c\xd0\x8e\xd0\xcc"),
		P("int 0x80", "\xcd\x80"), P("rdtsc", "\x0f\x31"), P("icebp", "\xf1"),
	};
	uint64_t stack = (uint64_t)page_alloc() + PAGE;

	user_share();
	for (unsigned i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct iret_context c = { .rip = (uint64_t)code, .cs = FLAT_USER_CS, .rflags = 0x202 | TF,
					  .rsp = stack, .ss = FLAT_USER_SS };

		begin(&pieces[i]);
		user_run_expected();
		iret_to(&c);
		trap_handler = NULL;
		show("user,");
	}
}

void test_main(void)
{
	code = page_alloc();
	in_kernel();
	stores();
	far_ways();
	in_user();
	check(true, "all was stepped through");
}
