// SPDX-License-Identifier: MIT
/* Descriptors, the GDT and LDT, segment bases, and return frames that do not load. */
#include "../lib/test.h"

const char test_name[] = "segments";

#define DATA32	0x00cf93000000ffffUL	/* flat, DPL 0 */
#define CODE64	0x00af9b000000ffffUL
#define TSS	0x0000890000000067UL
#define LDT	0x0000820000000067UL
#define GATE(sel) (0x00008c0000000000UL | (uint64_t)(sel) << 16)

static uint64_t *page;

static void show(const char *what)
{
	note("%s: vector %#lx error %#lx", what, (unsigned long)trap.vector,
	     (unsigned long)trap.error);
}

static long update(unsigned i, uint64_t desc)
{
	return HC(update_descriptor, (va_mfn(page) << 12) + 8 * i, desc);
}

static void one(const char *what, uint64_t desc)
{
	long rc;

	page[1] = 0;
	rc = update(1, desc);
	note("descriptor %s: %ld, %#lx", what, rc, (unsigned long)page[1]);
}

static void descriptors(void)
{
	page = page_alloc();
	one("data", DATA32);
	one("code", CODE64);
	one("data, DPL 3", DATA32 | 3UL << 45);
	one("conforming code", CODE64 | 1UL << 42);
	one("not present", 0x1234);
	one("not present gate", GATE(0xe008) & ~(1UL << 47));
	one("type 0", 0x0000800000000000);
	one("TSS", TSS);
	one("LDT", LDT);
	one("call gate to the kernel", GATE(0xe033));
	one("call gate to the kernel, DPL 3", GATE(0xe030) | 3UL << 45);
	one("call gate to the guest's own", GATE(0x10) | 3UL << 45);
	one("call gate to the hypervisor", GATE(0xe008));
	one("call gate to data", GATE(0xe02b));
	one("call gate, null", GATE(0));
	one("call gate with a count", GATE(0xe033) | 5UL << 32);
	one("interrupt gate", GATE(0xe033) | 2UL << 40);
	check_eq((uint64_t)HC(update_descriptor, (va_mfn(page) << 12) + 4, DATA32),
		 (uint64_t)-XEN_EINVAL, "an address between two descriptors is refused");
	check_eq((uint64_t)HC(update_descriptor, va_mfn((void *)start_info->pt_base) << 12, DATA32),
		 (uint64_t)-XEN_EINVAL, "a page table is refused");
	check_eq((uint64_t)HC(update_descriptor, ~0xfffUL, DATA32), (uint64_t)-XEN_EINVAL,
		 "a frame that does not exist is refused");
}

static void gdt(void)
{
	unsigned long frame;

	page = page_alloc();
	frame = va_mfn(page);
	page[1] = DATA32 | 3UL << 45;
	page[2] = CODE64 | 3UL << 45;
	page[4] = 0;
	note("GDT of a writable page: %ld", HC(set_gdt, &frame, 512));
	make_readonly(page);
	note("GDT with too many entries: %ld", HC(set_gdt, &frame, 14 * 512 + 1));
	note("GDT at a bad address: %ld", HC(set_gdt, 0xdead0000000UL, 512));
	check_eq((uint64_t)HC(set_gdt, &frame, 512), 0, "a read-only page becomes the GDT");
	note("mapping it writable now: %ld",
	     pte_write((uint64_t)page, frame << 12 | P_P | P_U | P_W));
	TRY("mov $0x0b, %%eax; mov %%eax, %%ds; mov %%ds, %%ebx", : : : "rax", "rbx");
	check_eq(trap.vector, ~0UL, "its data selector loads");
	TRY("mov $0x23, %%eax; mov %%eax, %%ds", : : : "rax");
	show("a descriptor that is not present");
	TRY("mov $0x13, %%eax; lar %%eax, %%ebx", : : : "rax", "rbx");
	TRY("mov $0x203, %%eax; mov %%eax, %%es", : : : "rax");
	show("a null descriptor");
	TRY("mov $0x2003, %%eax; mov %%eax, %%es", : : : "rax");
	show("a selector of a page that was not given");
	TRY("mov $0xe00b, %%eax; mov %%eax, %%es", : : : "rax");
	show("the hypervisor's code");
	TRY("mov $0xe013, %%eax; mov %%eax, %%es", : : : "rax");
	show("the hypervisor's data");
	check_eq((uint64_t)update(4, DATA32), 0, "a descriptor of the live GDT changes");
	TRY("mov $0x23, %%eax; mov %%eax, %%ds", : : : "rax");
	check_eq(trap.vector, ~0UL, "and loads at once");
	TRY("xor %%eax, %%eax; mov %%eax, %%ds; mov %%eax, %%es", : : : "rax");
	check_eq((uint64_t)HC(set_gdt, &frame, 0), 0, "the GDT can be taken away");
	TRY("mov $0x0b, %%eax; mov %%eax, %%ds", : : : "rax");
	show("a selector of the GDT that went");
	note("mapping it writable then: %ld",
	     pte_write((uint64_t)page, frame << 12 | P_P | P_U | P_W));
}

static long set_ldt(uint64_t va, unsigned ents)
{
	struct mmuext_op op = { .cmd = MMUEXT_SET_LDT, .arg1.linear_addr = va,
				.arg2.nr_ents = ents };

	return HC(mmuext_op, &op, 1, 0, DOMID_SELF);
}

extern const char user_start[], user_end[];
__asm__(".globl user_start, user_end\n"
	"user_start: mov $0x0f, %eax; mov %eax, %es; mov %es, %ebx; syscall\n"
	"user_end:");

static void ldt(void)
{
	uint64_t *ldt_page = page_alloc(), mfn = va_mfn(ldt_page);

	ldt_page[1] = DATA32 | 3UL << 45;
	ldt_page[2] = TSS;
	note("LDT between pages: %ld", set_ldt((uint64_t)ldt_page + 8, 4));
	note("LDT too long: %ld", set_ldt((uint64_t)ldt_page, 8193));
	note("LDT in the hypervisor: %ld", set_ldt(HYPERVISOR_VIRT_START, 4));
	check_eq((uint64_t)set_ldt((uint64_t)ldt_page, 1024), 0, "an LDT is set");
	TRY("mov $0x0f, %%eax; mov %%eax, %%es", : : : "rax");
	show("LDT page that is writable");
	check_eq(trap_cr2, (uint64_t)ldt_page + 8, "with the address in the LDT");
	make_readonly(ldt_page);
	TRY("mov $0x0f, %%eax; mov %%eax, %%es", : : : "rax");
	show("LDT page with a TSS in it");
	make_writable(ldt_page);
	ldt_page[2] = 0;
	make_readonly(ldt_page);
	TRY("mov $0x0f, %%eax; mov %%eax, %%es", : : : "rax");
	check_eq(trap.vector, ~0UL, "a selector of the LDT loads");
	TRY("mov $0x17, %%eax; mov %%eax, %%es", : : : "rax");
	show("a null descriptor of the LDT");
	/* Anew, and by user mode, whose page table does not map it. */
	set_ldt((uint64_t)ldt_page, 512);
	user_run(0, 0x202, 0);
	check_eq(trap.vector, VECTOR_SYSCALL, "user mode loads a selector of the LDT");
	check_eq(trap.rbx & 0xffff, 0x0f, "which it then has");
	TRY("mov $0x2007, %%eax; mov %%eax, %%es", : : : "rax");
	show("a selector past the LDT");
	pte_write((uint64_t)ldt_page + PAGE, 0);
	TRY("mov $0x1007, %%eax; mov %%eax, %%es", : : : "rax");
	note("LDT page that is not mapped: vector %#lx error %#lx cr2 %#lx", (unsigned long)trap.vector,
	     (unsigned long)trap.error, (unsigned long)(trap_cr2 - (uint64_t)ldt_page));
	note("an LDT page in use made writable: %ld",
	     pte_write((uint64_t)ldt_page, mfn << 12 | P_P | P_U | P_W));
	/* A selector of it in a register would be a failsafe upcall at the next change of vCPUs. */
	TRY("xor %%eax, %%eax; mov %%eax, %%es", : : : "rax");
	check_eq((uint64_t)set_ldt(0, 0), 0, "the LDT is taken away");
	check(pte_write((uint64_t)ldt_page, mfn << 12 | P_P | P_U | P_W) == 0,
	      "and its page can be made writable again");
	TRY("mov $0x0f, %%eax; mov %%eax, %%es", : : : "rax");
	show("a selector without an LDT");
	TRY("xor %%eax, %%eax; mov %%eax, %%es", : : : "rax");
}

static uint64_t msr(uint32_t n)
{
	uint32_t lo = 0, hi = 0;

	TRY("rdmsr", : "=a"(lo), "=d"(hi) : "c"(n));
	return (uint64_t)hi << 32 | lo;
}

static void bases(void)
{
	static uint64_t word = 0x1122334455667788;
	uint64_t v;

	check_eq((uint64_t)HC(set_segment_base, SEGBASE_FS, &word), 0, "FS base");
	__asm__ volatile("mov %%fs:0, %0" : "=r"(v));
	check_eq(v, word, "is used");
	check_eq(msr(0xc0000100), (uint64_t)&word, "and read by RDMSR");
	check_eq((uint64_t)HC(set_segment_base, SEGBASE_GS_KERNEL, &word), 0, "GS base of the kernel");
	__asm__ volatile("mov %%gs:0, %0" : "=r"(v));
	check_eq(v, word, "is used");
	check_eq(msr(0xc0000101), (uint64_t)&word, "and read by RDMSR");
	check_eq((uint64_t)HC(set_segment_base, SEGBASE_GS_USER, 0x7000), 0, "GS base of user mode");
	check_eq(msr(0xc0000102), 0x7000, "is read by RDMSR");
	TRY("mov $0x8000, %%eax; wrmsr", : : "d"(0), "c"(0xc0000102) : "rax");
	check_eq(msr(0xc0000102), 0x8000, "and written by WRMSR");
	TRY("xor %%eax, %%eax; wrmsr", : : "d"(0x80000000), "c"(0xc0000100) : "rax");
	show("WRMSR of a non-canonical base");
	note("non-canonical: %ld", HC(set_segment_base, SEGBASE_FS, 1UL << 62));
	note("unknown base: %ld", HC(set_segment_base, 7, 0));
	note("user selector, flat: %ld", HC(set_segment_base, SEGBASE_GS_USER_SEL, 0xe02b));
	note("GS base of user mode then: %#lx", (unsigned long)msr(0xc0000102));
	note("user selector, bad: %ld", HC(set_segment_base, SEGBASE_GS_USER_SEL, 0x1230));
	HC(set_segment_base, SEGBASE_GS_USER_SEL, 0);
}

/* iret_to() with a frame that the CPU refuses; the failsafe callback brings us back. */
static void bad_return(const char *what, uint64_t cs, uint64_t ss, uint64_t rip)
{
	struct iret_context c = { .rip = rip, .cs = cs, .ss = ss, .rflags = 2, .rsp = 0x1000 };
	uint64_t sp;

	__asm__ volatile("mov %%rsp, %0" : "=r"(sp));
	c.rsp = (sp - 4096) & ~15UL;
	trap_clear();
	user_run_expected();
	iret_to(&c);
	note("%s: vector %#lx error %#lx cs %#lx ss %#lx", what, (unsigned long)trap.vector,
	     (unsigned long)trap.error, (unsigned long)trap.cs, (unsigned long)trap.ss);
}

static void bad_returns(void)
{
	bad_return("return to a null cs", 0, FLAT_KERNEL_SS, 0x100000);
	bad_return("return to the hypervisor's cs", 0xe008, FLAT_KERNEL_SS, 0x100000);
	bad_return("return to data as cs", 0xe028, FLAT_KERNEL_SS, 0x100000);
	bad_return("return past the GDT", 0xfff0, FLAT_KERNEL_SS, 0x100000);
	bad_return("return to a bad ss", FLAT_KERNEL_CS & ~3, 0x1230, 0x100000);
	bad_return("return to a code ss", FLAT_KERNEL_CS & ~3, 0xe030, 0x100000);
	bad_return("return to a non-canonical rip", FLAT_KERNEL_CS & ~3, FLAT_KERNEL_SS, 1UL << 62);
}

void test_main(void)
{
	user_init(user_start, user_end);
	descriptors();
	gdt();
	ldt();
	bases();
	bad_returns();
}
