/* SPDX-License-Identifier: MIT */
/*
 * Misuse by a control domain: operations on domains that are half made, dead or its own, contexts
 * that no vCPU can have, and a small domain of its own making that attacks in its turn.
 */
#define __XEN_TOOLS__ 1
#include "hostile.h"

#include <xen/domctl.h>
#include <xen/sysctl.h>

#define RW (P_P | P_W | P_U | P_A | P_D)
#define RO (P_P | P_U | P_A | P_D)
#define CHILD_PAGES 16

static struct xen_domctl op;
static vcpu_guest_context_t context;
static xen_pfn_t frames[CHILD_PAGES];
static uint64_t window;		/* an address where the child's pages are seen */

static long domctl(unsigned cmd, domid_t id)
{
	op.cmd = cmd;
	op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	op.domain = id;
	return HC(domctl, &op);
}

static domid_t create(void)
{
	__builtin_memset(&op, 0, sizeof(op));
	op.u.createdomain = (struct xen_domctl_createdomain){
		.max_vcpus = 1, .max_evtchn_port = 1023, .max_grant_frames = 4,
		.max_maptrack_frames = 4, .grant_opts = 1,
	};
	return domctl(XEN_DOMCTL_createdomain, 0) ? 0 : op.domain;
}

static void destroy(domid_t id)
{
	long rc = domctl(XEN_DOMCTL_destroydomain, id);

	check(rc == 0, "domain %u ends", id);
}

static void set_max(domid_t id)
{
	op.u.max_vcpus.max = 1;
	domctl(XEN_DOMCTL_max_vcpus, id);
	op.u.max_mem.max_memkb = 4 * CHILD_PAGES;
	domctl(XEN_DOMCTL_max_mem, id);
}

static bool populate(domid_t id)
{
	struct xen_memory_reservation r = { .nr_extents = CHILD_PAGES, .domid = id };

	for (unsigned i = 0; i < CHILD_PAGES; i++)
		frames[i] = i;
	set_xen_guest_handle(r.extent_start, frames);
	return HC(memory_op, XENMEM_populate_physmap, &r) == CHILD_PAGES;
}

static void *see(domid_t id, unsigned page)
{
	return HC(update_va_mapping_otherdomain, window, frames[page] << 12 | RW, UVMF_INVLPG, id)
		       ? NULL : (void *)window;
}

static void blind(void)
{
	HC(update_va_mapping, window, 0, UVMF_INVLPG);
}

/* Tables 0 to 3 of levels 4 to 1; the pages from 4 on are mapped at 0x1000 * page. */
static bool build_tables(domid_t id)
{
	for (unsigned level = 4; level >= 1; level--) {
		uint64_t *table = see(id, 4 - level);

		if (!table)
			return false;
		if (level > 1)
			table[0] = frames[5 - level] << 12 | RW;
		for (unsigned i = 4; level == 1 && i < CHILD_PAGES; i++)
			table[i] = frames[i] << 12 | RW;
		blind();
	}
	return true;
}

/* Pinned, so that each table is of its level from now on. */
static bool pin_tables(domid_t id)
{
	struct mmuext_op pin = { .cmd = MMUEXT_PIN_L4_TABLE, .arg1.mfn = frames[0] };

	return HC(mmuext_op, &pin, 1, 0, id) == 0;
}

static void put_code(domid_t id, const void *from, unsigned n)
{
	char *page = see(id, 4);

	for (unsigned i = 0; page && i < n; i++)
		page[i] = ((const char *)from)[i];
	blind();
}

static void plain_context(void)
{
	__builtin_memset(&context, 0, sizeof(context));
	context.flags = VGCF_in_kernel | VGCF_online;
	context.user_regs.rip = 0x4000;
	context.user_regs.rsp = 0x10000;
	context.user_regs.cs = FLAT_KERNEL_CS;
	context.user_regs.ss = FLAT_KERNEL_SS;
	context.kernel_sp = 0x10000;
	context.kernel_ss = FLAT_KERNEL_SS;
	context.ctrlreg[3] = frames[0] << 12;
}

static long set_context(domid_t id)
{
	op.u.vcpucontext.vcpu = 0;
	set_xen_guest_handle(op.u.vcpucontext.ctxt, &context);
	return domctl(XEN_DOMCTL_setvcpucontext, id);
}

/* A domain whose vCPU is at the code, ready to run; 0: it could not be made. */
static domid_t child(const void *code, unsigned n)
{
	domid_t id = create();

	if (!id)
		return 0;
	set_max(id);
	if (!populate(id) || !build_tables(id))
		return 0;
	put_code(id, code, n);
	if (!pin_tables(id))
		return 0;
	plain_context();
	return id;
}

static uint64_t now(void)
{
	const volatile struct vcpu_time_info *t = &shared_info->vcpu_info[0].time;
	uint32_t lo, hi;
	uint64_t ticks;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
	ticks = ((uint64_t)hi << 32 | lo) - t->tsc_timestamp;
	ticks = t->tsc_shift < 0 ? ticks >> -t->tsc_shift : ticks << t->tsc_shift;
	return t->system_time + (uint64_t)((unsigned __int128)ticks * t->tsc_to_system_mul >> 32);
}

/* Lets it run for a moment; true when it has ended itself or was ended. */
static bool run(domid_t id)
{
	domctl(XEN_DOMCTL_unpausedomain, id);
	for (unsigned i = 0; i < 200; i++) {
		struct sched_poll sleep = { .timeout = now() + 1000000 };

		HC(sched_op, SCHEDOP_poll, &sleep);
		op.domain = id;
		if (!domctl(XEN_DOMCTL_getdomaininfo, id) &&
		    (op.u.getdomaininfo.flags & XEN_DOMINF_shutdown))
			return true;
	}
	return false;
}

/* ---- children ------------------------------------------------------------------------------- */

static const uint8_t code_ud2[] = { 0x0f, 0x0b };
/* lea 0x4000, rsp: stack at the bottom of what is mapped; int3 for ever */
static const uint8_t code_int3[] = { 0xcc, 0xeb, 0xfd };

static void crash_alone(void)
{
	domid_t id = child(code_ud2, sizeof(code_ud2));

	check(id && set_context(id) == 0, "a small domain can be made");
	check(run(id), "without handlers it crashes alone");
	destroy(id);
}

/* ---- what a child finds in its registers --------------------------------------------------- */

extern const char child_dump[], child_dump_end[];
void vectors_fill(void);
void vectors_fill_wide(void);

#define GIVEN	     0x1234567800UL
#define DUMP_PAGE    5
#define DUMP_VECTORS 0x100
#define DUMP_X87     0x200
#define DUMP_MXCSR   0x280
#define DUMP_WIDE    0x300
#define DUMP_END     0x500

/* In the order in which child.S writes them; rsp and rdi have their own meaning. */
static void name_registers(void)
{
	struct cpu_user_regs *r = &context.user_regs;
	uint64_t *const in_order[] = { &r->rax, &r->rbx, &r->rcx, &r->rdx, &r->rsi, NULL, &r->rbp,
				       NULL, &r->r8, &r->r9, &r->r10, &r->r11, &r->r12, &r->r13,
				       &r->r14, &r->r15 };

	for (unsigned i = 0; i < 16; i++)
		if (in_order[i])
			*in_order[i] = GIVEN + i;
}

static bool use_wide_vectors(void)
{
	uint32_t a, b, c = 0, d;

	__asm__ volatile("ud2; .ascii \"xen\"; cpuid" : "=a"(a), "=b"(b), "+c"(c), "=d"(d)
			 : "0"(1));
	if ((c >> 26 & 5) != 5)		/* XSAVE and AVX */
		return false;
	TRY("mov %%cr4, %%rbx; or $0x40000, %%rbx; mov %%rbx, %%cr4", : : : "rax", "rbx");
	TRY("mov $7, %%eax; xsetbv", : : "c"(0), "d"(0) : "rax");
	return trap.vector == ~0UL;
}

static bool all_zero(const uint8_t *from, const uint8_t *to)
{
	while (from < to && !*from)
		from++;
	return from == to;
}

/* A new domain's vCPU has what its builder gave it, and of vectors nothing of ours. */
static void first_registers(void)
{
	domid_t id = child(child_dump, (unsigned)(child_dump_end - child_dump));
	bool wide = use_wide_vectors(), as_given = true;
	const uint8_t *seen;

	name_registers();
	context.user_regs.rdi = wide;
	check(set_context(id) == 0, "a domain that looks at its registers is made");
	if (wide)
		vectors_fill_wide();
	else
		vectors_fill();
	check(run(id), "it runs");
	__asm__ volatile("fninit");
	seen = see(id, DUMP_PAGE);
	for (unsigned i = 0; i < 16; i++)
		as_given &= i == 5 || i == 7 || ((const uint64_t *)seen)[i] == GIVEN + i;
	check(as_given, "its registers are those it was given");
	check(all_zero(seen + DUMP_VECTORS, seen + DUMP_X87), "its vectors are empty");
	check_eq(*(const uint16_t *)(seen + DUMP_X87 + 8), 0xffff, "so is its x87 stack");
	check_eq(*(const uint32_t *)(seen + DUMP_MXCSR), 0x1f80, "mxcsr is as after a reset");
	check(all_zero(seen + DUMP_WIDE, seen + DUMP_END), "the upper halves are empty, too");
	blind();
	destroy(id);
}

static void bad_contexts(void)
{
	domid_t id = child(code_int3, sizeof(code_int3));

	for (unsigned i = 0; i < 256; i += 15) {
		context.trap_ctxt[i].address = 0x800000000000;
		check(set_context(id) < 0, "a handler for %u that is no address is refused", i);
		context.trap_ctxt[i].address = 0;
	}
	context.event_callback_eip = 1UL << 63;
	check(set_context(id) < 0, "so is such a callback");
	context.event_callback_eip = 0;
	context.fs_base = 1UL << 47;
	check(set_context(id) < 0, "and such a base");
	context.fs_base = 0;
	context.gdt_ents = 8192;
	check(set_context(id) < 0, "and a GDT over ours");
	context.gdt_ents = 1UL << 32;
	check(set_context(id) < 0, "a number of entries of which 32 bits are none");
	context.gdt_ents = 0;
	context.ldt_ents = 1UL << 32 | 1;
	check(set_context(id) < 0, "the same for the LDT");
	context.ldt_ents = 0;
	context.gdt_ents = 1;
	context.gdt_frames[0] = va_mfn(&context);
	check(set_context(id) < 0, "and a GDT of another domain");
	context.gdt_ents = 0;
	context.ctrlreg[3] = top_level() << 12;
	check(set_context(id) < 0, "and another domain's tables");
	context.ctrlreg[3] = frames[1] << 12;
	check(set_context(id) < 0, "and tables of another level");
	context.ctrlreg[3] = 0;
	check(set_context(id) < 0, "and none");
	context.ctrlreg[3] = frames[0] << 12;
	context.ctrlreg[1] = frames[3] << 12;
	check(set_context(id) < 0, "and a user table of another level");
	context.ctrlreg[1] = 0;
	check_eq((uint64_t)set_context(id), 0, "a good one is taken");
	context.flags = VGCF_online;
	check(set_context(id) < 0, "user mode without its table is refused");
	context.flags |= VGCF_in_kernel;
	context.user_regs.cs = 0xe008;
	context.user_regs.ss = 0xe010;
	context.user_regs.rflags = ~0UL;
	context.user_regs.ds = context.user_regs.es = context.user_regs.fs = 0xe040;
	context.trap_ctxt[13].address = context.trap_ctxt[3].address = HYPERVISOR_VIRT_START;
	context.trap_ctxt[14].address = 0xffff82d040000000;
	context.trap_ctxt[10].address = context.trap_ctxt[11].address = 0x4000;
	check_eq((uint64_t)set_context(id), 0,
	      "selectors and handlers of the hypervisor's do no harm");
	run(id);
	destroy(id);
}

static void dead_domains(void)
{
	domid_t id = child(code_ud2, sizeof(code_ud2));
	uint64_t *page;

	set_context(id);
	page = see(id, 5);
	check(page, "a page of the domain is seen");
	destroy(id);
	page[0] = 7;
	check(books_agree(), "the books agree while a dead domain's page is in use");
	for (unsigned cmd = 0; cmd < 100; cmd++) {
		__builtin_memset(&op.u, 0, sizeof(op.u));
		if (cmd == XEN_DOMCTL_createdomain)
			continue;
		domctl(cmd, id);
		set_max(id);
		set_context(id);
		op.u.sendtrigger.trigger = XEN_DOMCTL_SENDTRIGGER_NMI;
		op.u.sendtrigger.vcpu = 0;
		domctl(XEN_DOMCTL_sendtrigger, id);
	}
	check(!populate(id), "it gets no memory any more");
	__builtin_memset(&op, 0, sizeof(op));
	op.u.createdomain.max_vcpus = op.u.createdomain.grant_opts = 1;
	check_eq((uint64_t)domctl(XEN_DOMCTL_createdomain, id), (uint64_t)-XEN_EEXIST,
		 "its number is not given to another");
	for (unsigned i = 0; i < 100; i++)
		HC(sched_op, SCHEDOP_yield, 0);
	blind();
	check_eq((uint64_t)domctl(XEN_DOMCTL_destroydomain, id), (uint64_t)-XEN_ESRCH,
		 "with the last page it is gone");
}

/* Of every operation: on itself, on none, on those that are no domains. */
static void every_operation(void)
{
	static const domid_t ids[] = { DOMID_SELF, DOMID_IO, DOMID_XEN, DOMID_INVALID, DOMID_IDLE,
	      77,
				       0xffff, 0 };

	for (unsigned cmd = 0; cmd < 100; cmd++)
		for (unsigned i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
			if (cmd == XEN_DOMCTL_createdomain ||
			    (!ids[i] && cmd == XEN_DOMCTL_max_mem))
				continue;
			__builtin_memset(&op.u, 0xff, sizeof(op.u));
			domctl(cmd, ids[i]);
			if (ids[i])
				__builtin_memset(&op.u, 0, sizeof(op.u));
			domctl(cmd, ids[i]);
		}
	op.u.max_mem.max_memkb = ~0UL >> 20;
	domctl(XEN_DOMCTL_max_mem, 0);
	for (unsigned cmd = 0; cmd < 64; cmd++) {
		struct xen_sysctl s;

		if (cmd == XEN_SYSCTL_debug_keys)
			continue;
		__builtin_memset(&s, 0xff, sizeof(s));
		s.cmd = cmd;
		s.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
		HC(sysctl, &s);
	}
	check(true, "every operation on every kind of domain: we live");
}

static void many_domains(void)
{
	static domid_t made[4096];
	unsigned n = 0;

	while (n < 4096 && (made[n] = create())) {
		set_max(made[n]);
		n++;
	}
	print("# %u domains", n);
	check(n > 100, "there can be many domains");
	check(books_agree(), "the books agree with all of them");
	for (unsigned i = 0; i < n; i++)
		domctl(XEN_DOMCTL_destroydomain, made[i]);
}

domid_t small_domain(const void *code, unsigned n)
{
	domid_t id;

	if (!window)
		window = (uint64_t)page_alloc();
	id = child(code, n);
	return id && !set_context(id) && !domctl(XEN_DOMCTL_unpausedomain, id) ? id : 0;
}

void attack_as_control(void)
{
	window = (uint64_t)page_alloc();
	crash_alone();
	first_registers();
	bad_contexts();
	dead_domains();
	every_operation();
	many_domains();
}
