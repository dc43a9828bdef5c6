// SPDX-License-Identifier: MIT
/*
 * What guests have once been able to do to a hypervisor of this ABI, by the numbers of Xen's advisories:
 * each is tried, and the hypervisor must refuse it, and be there afterwards.
 */
#include "../lib/test.h"

#include <xen/grant_table.h>
#include <xen/memory.h>

const char test_name[] = "advisories";

#define RW (P_P | P_W | P_A | P_D)
#define RO (P_P | P_A | P_D)

static grant_entry_v1_t *grant_table;

static uint64_t entry_of(const void *va, uint64_t flags)
{
	return va_mfn(va) << 12 | flags;
}

static long mmu(uint64_t ptr, uint64_t val)
{
	struct mmu_update u = { ptr, val };

	return HC(mmu_update, &u, 1, 0, DOMID_SELF);
}

static long pin(unsigned cmd, const void *va)
{
	struct mmuext_op op = { .cmd = cmd, .arg1.mfn = va_mfn(va) };

	return HC(mmuext_op, &op, 1, 0, DOMID_SELF);
}

/* ---- page tables ------------------------------------------------------------------------ */

/* A system call whose end is the end of the lower canonical half. */
static void advisory_7(void)
{
	uint8_t *code = page_alloc();
	uint64_t *l1 = page_alloc(), *l2 = page_alloc(), *l3 = page_alloc();
	uint64_t l4 = va_mfn((void *)start_info->pt_base) << 12;

	code[4094] = 0x0f;
	code[4095] = 0x05;
	l1[511] = entry_of(code, RW);
	l2[511] = entry_of(l1, RW);
	l3[511] = entry_of(l2, RW);
	pte_write((uint64_t)l1, entry_of(l1, RO));
	pte_write((uint64_t)l2, entry_of(l2, RO));
	pte_write((uint64_t)l3, entry_of(l3, RO));
	check_eq((uint64_t)mmu(l4 + 8 * 255, entry_of(l3, RW)), 0, "a page at the end of the lower half");
	TRY("mov $17, %%eax; xor %%edi, %%edi; xor %%esi, %%esi; mov $0x7ffffffffffe, %%rbx; jmp *%%rbx",
	    : : : "rax", "rbx", "rcx", "rdi", "rsi", "r11");
	check_eq(trap.vector, 13, "a system call there ends in #GP");
	check_eq(trap.error, 0, "with error code 0");
	check_eq(trap.rip, 0x800000000000, "at an address that is none");
	check_eq(trap.cs & 0xffff, FLAT_KERNEL_CS & ~3u, "of the kernel");
}

static void advisory_167(void)
{
	struct mmuext_op op = { .cmd = MMUEXT_MARK_SUPER, .arg1.mfn = ~0UL << 21 };

	note("167: mark a superpage out of range: %ld", HC(mmuext_op, &op, 1, 0, DOMID_SELF));
}

/* A top-level table that maps itself, and its writable bit alone. */
static void advisory_182(void)
{
	const uint64_t *l4 = (const uint64_t *)start_info->pt_base;
	uint64_t at = va_mfn(l4) << 12, flags = P_P | P_U | P_A | P_D;

	check_eq((uint64_t)mmu(at + 8 * 300, at | flags), 0, "an L4 may map itself for reading");
	check(mmu(at + 8 * 300, at | flags | P_W) != 0, "and not for writing");
	note("182: %ld", mmu(at + 8 * 300, at | flags | P_W));
	check_eq(l4[300] & P_W, 0, "its entry stays read-only");
	check_eq((uint64_t)mmu(at + 8 * 300, 0), 0, "and goes away");
}

/* update_va_mapping around a change of the L3 must follow the new path. */
static void advisory_286(void)
{
	uint64_t *l1a = page_alloc(), *l1b = page_alloc(), *l2a = page_alloc(), *l2b = page_alloc();
	const uint64_t *l4 = (const uint64_t *)start_info->pt_base;
	uint64_t l3 = l4[0] & P_ADDR, at = 5UL << 30, frame = entry_of(page_alloc(), RW);
	struct mmu_update u = { l3 + 8 * 5, 0 };
	struct multicall_entry m[3] = {
		{ .op = __HYPERVISOR_update_va_mapping, .args = { at, 0, UVMF_INVLPG } },
		{ .op = __HYPERVISOR_mmu_update, .args = { (uint64_t)&u, 1, 0, DOMID_SELF } },
		{ .op = __HYPERVISOR_update_va_mapping, .args = { at, frame, UVMF_INVLPG } },
	};

	l2a[0] = entry_of(l1a, RW);
	l2b[0] = entry_of(l1b, RW);
	make_readonly(l1a);
	make_readonly(l1b);
	make_readonly(l2a);
	make_readonly(l2b);
	check_eq((uint64_t)pin(MMUEXT_PIN_L2_TABLE, l2a), 0, "a tree is pinned");
	check_eq((uint64_t)pin(MMUEXT_PIN_L2_TABLE, l2b), 0, "and another one");
	check_eq((uint64_t)mmu(l3 + 8 * 5, entry_of(l2a, RW)), 0, "the first is hung in");
	u.val = entry_of(l2b, RW);
	check_eq((uint64_t)HC(multicall, m, 3), 0, "and changed for the second");
	check(m[0].result == 0 && m[1].result == 0 && m[2].result == 0, "all calls are well");
	check(l1a[0] == 0 && l1b[0] != 0, "the entry is written in the second");
}

/* ---- instructions ------------------------------------------------------------------------- */

static void advisory_193(void)
{
	static const uint32_t msr[] = { 0xc0000100, 0xc0000101, 0xc0000102 };

	for (unsigned i = 0; i < 3; i++) {
		TRY("xor %%eax, %%eax; wrmsr", : : "c"(msr[i]), "d"(0x80000000) : "rax");
		check_eq(trap.vector, 13, "MSR %#x takes no address that is none", msr[i]);
	}
}

static long exchange(uint64_t in, uint64_t out, uint64_t done)
{
	struct xen_memory_exchange x = {
		.in = { .nr_extents = done + 1, .domid = DOMID_SELF },
		.out = { .nr_extents = done + 1, .domid = DOMID_SELF, .mem_flags = 32 },
		.nr_exchanged = done,
	};

	set_xen_guest_handle(x.in.extent_start, (xen_pfn_t *)in);
	set_xen_guest_handle(x.out.extent_start, (xen_pfn_t *)out);
	return HC(memory_op, XENMEM_exchange, &x);
}

static void advisory_212(void)
{
	uint64_t frame = va_mfn(page_alloc()), target = HYPERVISOR_VIRT_START + (5UL << 39);

	note("212: %ld", exchange((uint64_t)&frame - target, 0, target / 8));
	note("212 in the M2P: %ld", exchange((uint64_t)&frame, HYPERVISOR_VIRT_START, 0));
	TRY("xor %%edx, %%edx; xor %%ecx, %%ecx; div %%ecx", : : : "rax", "rcx", "rdx");
	check_eq(trap.vector, 0, "#DE is still there");
}

/* An iret inside a multicall ends it. */
static void advisory_213(void)
{
	static struct multicall_entry m[2];
	uint64_t rax;

	m[0].op = __HYPERVISOR_iret;
	m[1].op = __HYPERVISOR_xen_version;
	m[1].result = 0;
	__asm__ volatile("mov %%rsp, %%rbx\n\tmov %%ss, %%eax\n\tpush %%rax\n\tpush %%rbx\n\tpushfq\n\t"
			 "mov %%cs, %%eax\n\tand $~3, %%eax\n\tpush %%rax\n\tlea 1f(%%rip), %%rax\n\t"
			 "push %%rax\n\tpush $0\n\tpush $0\n\tpush $0\n\tpush $0xdead\n\t"
			 "mov %1, %%rdi\n\tmov $2, %%esi\n\tmov $13, %%eax\n\tsyscall\n1:\tmov %%rbx, %%rsp"
			 : "=&a"(rax) : "d"(m) : "rbx", "rcx", "rdi", "rsi", "r11", "memory");
	check_eq(rax, 0xdead, "the frame's rax comes back");
	check_eq(m[1].result, 0, "what stands behind the iret is not done");
	print("# 213: first result %#lx", (unsigned long)m[0].result);
}

static uint64_t user_movss(uint64_t ss)
{
	__asm__ volatile("mov %%rsp, %%rbx\n\tbtc $63, %%rsp\n\tmov %w0, %%ss\n\tsyscall"
			 : : "r"(ss) : "rbx");
	return 0;
}

static void advisory_260(void)
{
	user_call(user_movss, FLAT_USER_SS, 0x202);
	check_eq(trap.vector, VECTOR_SYSCALL, "a system call on a stack that is none");
	check_eq(trap.rsp >> 63, 1, "brings its stack pointer");
}

static uint64_t user_sysenter(uint64_t arg)
{
	(void)arg;
	__asm__ volatile("pushfq; orl $0x4000, (%rsp); popfq; sysenter");
	return 1;
}

static uint64_t user_cpuid(uint64_t forced)
{
	uint32_t a = 0, b, c = 0, d;

	if (forced)
		__asm__ volatile("ud2; .ascii \"xen\"; cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	else
		__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	return b;
}

static void advisory_339(void)
{
	user_call(user_sysenter, 0, 0x202);
	note("339: vector %ld error %#lx rip is user's %d", (long)trap.vector,
	     (unsigned long)trap.error, (trap.cs & 3) == 3);
	note("cpuid of user mode, plain and forced: %#lx %#lx",
	     (unsigned long)user_call(user_cpuid, 0, 0x202), (unsigned long)user_call(user_cpuid, 1, 0x202));
}

static void advisory_444(void)
{
	note("444: a breakpoint on the hypervisor: %ld %ld %ld", HC(set_debugreg, 0, HYPERVISOR_VIRT_START),
	     HC(set_debugreg, 1, HYPERVISOR_VIRT_END - 1), HC(set_debugreg, 2, HYPERVISOR_VIRT_END));
	HC(set_debugreg, 2, 0);
	TRY("mov $0x1a0, %%ecx; rdmsr", : : : "rax", "rcx", "rdx");
	note("333: vector %ld", (long)trap.vector);
}

/* ---- grants --------------------------------------------------------------------------------- */

static void grant(unsigned ref, const void *va)
{
	grant_table[ref].domid = 0;
	grant_table[ref].frame = (uint32_t)va_mfn(va);
	__atomic_store_n(&grant_table[ref].flags, GTF_permit_access, __ATOMIC_RELEASE);
}

static int map(unsigned ref, uint64_t at, unsigned flags, uint32_t *handle)
{
	struct gnttab_map_grant_ref op = { .host_addr = at, .flags = flags, .ref = ref, .dom = 0,
					   .dev_bus_addr = at };
	long rc = HC(grant_table_op, GNTTABOP_map_grant_ref, &op, 1);

	*handle = op.handle;
	return rc ? (int)rc : op.status;
}

static int unmap(uint64_t host, uint64_t bus, uint32_t handle)
{
	struct gnttab_unmap_grant_ref op = { .host_addr = host, .dev_bus_addr = bus, .handle = handle };
	long rc = HC(grant_table_op, GNTTABOP_unmap_grant_ref, &op, 1);

	return rc ? (int)rc : op.status;
}

static void grants_init(void)
{
	static uint64_t frame;
	struct gnttab_setup_table s = { .dom = DOMID_SELF, .nr_frames = 1 };

	set_xen_guest_handle(s.frame_list, (xen_pfn_t *)&frame);
	grant_table = page_alloc();
	HC(grant_table_op, GNTTABOP_setup_table, &s, 1);
	check_eq((uint64_t)pte_write((uint64_t)grant_table, frame << 12 | RW), 0, "the grant table is mapped");
}

/* Host and device mapping of one grant, taken away one by one. */
static void advisory_224(void)
{
	void *page = page_alloc(), *at = page_alloc();
	uint32_t handle;

	grant(8, page);
	check_eq((uint64_t)map(8, (uint64_t)at, GNTMAP_host_map | GNTMAP_device_map, &handle), 0,
		 "a grant mapped for host and device");
	check_eq((uint64_t)unmap((uint64_t)at, 0, handle), 0, "host mapping taken away");
	note("224: unmap of the device mapping: %d", unmap(0, va_mfn(page) << 12, handle));
	check_eq((uint64_t)pin(MMUEXT_PIN_L1_TABLE, page), (uint64_t)-XEN_EINVAL,
		 "the page is still writable and becomes no table");
}

/* A page-table entry that lies across two. */
static void advisory_227(void)
{
	void *page = page_alloc(), *at = page_alloc();
	uint32_t handle;

	grant(9, page);
	note("227: %d", map(9, pte_maddr((uint64_t)at) - 2, GNTMAP_host_map | GNTMAP_contains_pte, &handle));
	TRY("mov (%0), %%rbx", : : "r"(at) : "rax", "rbx");
	check_eq(trap.vector, ~0UL, "the entries are as they were");
}

/* A read-only mapping replaced by a writable one. */
static void advisory_234(void)
{
	void *one = page_alloc(), *two = page_alloc(), *at = page_alloc(), *at2 = page_alloc();
	struct gnttab_unmap_and_replace r;
	uint32_t h1, h2;

	make_readonly(one);
	grant(10, one);
	grant(11, two);
	check_eq((uint64_t)map(10, (uint64_t)at, GNTMAP_host_map, &h1), 0, "mapped for writing");
	check_eq((uint64_t)map(11, (uint64_t)at2, GNTMAP_host_map | GNTMAP_readonly, &h2), 0,
		 "mapped for reading");
	r = (struct gnttab_unmap_and_replace){ .host_addr = (uint64_t)at2, .new_addr = (uint64_t)at,
					       .handle = h2 };
	note("234: replace: %ld %d", HC(grant_table_op, GNTTABOP_unmap_and_replace, &r, 1), r.status);
	note("234: remap: %ld", pte_write((uint64_t)at, entry_of(one, RO)));
	note("234: unmap: %d", unmap((uint64_t)at, 0, h1));
	check_eq((uint64_t)pin(MMUEXT_PIN_L1_TABLE, one), (uint64_t)-XEN_EINVAL,
		 "the writable mapping still counts");
}

static void advisory_231_232(void)
{
	struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };
	gnttab_cache_flush_t flush = { .length = PAGE, .op = GNTTAB_CACHE_INVAL | GNTTAB_CACHE_CLEAN };
	unsigned done = 0, bad = 0;

	set_xen_guest_handle(r.extent_start, (xen_pfn_t *)NULL);
	for (unsigned node = 0; node < 256; node++) {
		r.mem_flags = XENMEMF_node(node);
		done += HC(memory_op, XENMEM_increase_reservation, &r) == 1;
	}
	print("# 231: %u of 256 nodes gave memory", done);
	for (; flush.a.dev_bus_addr < 0x100000; flush.a.dev_bus_addr += PAGE)
		bad += HC(grant_table_op, GNTTABOP_cache_flush, &flush, 1) != 0;
	note("232: %u of 256 pages refused", bad);
}

/* ---- text and ports ------------------------------------------------------------------------- */

static void version_text(unsigned cmd, unsigned size)
{
	static char buffer[2048];
	unsigned n = 0, left = 0;

	for (unsigned i = 0; i < sizeof(buffer); i++)
		buffer[i] = (char)0xc2;
	HC(xen_version, cmd, buffer);
	while (n < size && buffer[n])
		n++;
	for (unsigned i = n; i < size; i++)
		left += buffer[i] != 0 && buffer[i] != (char)0xc2;
	check_eq(left, 0, "version %u: nothing behind the text", cmd);
	check_eq((uint8_t)buffer[size], 0xc2, "version %u: nothing behind the structure", cmd);
}

static void advisory_122(void)
{
	version_text(XENVER_extraversion, sizeof(xen_extraversion_t));
	version_text(XENVER_capabilities, sizeof(xen_capabilities_info_t));
	version_text(XENVER_changeset, sizeof(xen_changeset_info_t));
	version_text(XENVER_commandline, sizeof(xen_commandline_t));
}

static void advisory_317(void)
{
	struct evtchn_alloc_unbound op = { .dom = DOMID_SELF, .remote_dom = 0 };
	struct sched_poll poll = { .nr_ports = 1, .timeout = 1 };
	uint32_t port = 5000;
	long rc = 0;

	for (unsigned i = 0; i < 4100 && !rc; i++)
		rc = HC(event_channel_op, EVTCHNOP_alloc_unbound, &op);
	check_eq((uint64_t)rc, (uint64_t)-XEN_ENOSPC, "ports come to an end");
	set_xen_guest_handle(poll.ports, &port);
	note("221: poll of port 5000: %ld", HC(sched_op, SCHEDOP_poll, &poll));
	port = 4095;
	note("221: poll of port 4095: %ld", HC(sched_op, SCHEDOP_poll, &poll));
}

void test_main(void)
{
	user_share();
	advisory_7();
	advisory_167();
	advisory_182();
	advisory_286();
	advisory_193();
	advisory_212();
	advisory_213();
	advisory_260();
	advisory_339();
	advisory_444();
	/* To itself, by its number: a domain created later does not know its own (see domu). */
	if (start_info->flags & SIF_INITDOMAIN) {
		grants_init();
		advisory_224();
		advisory_227();
		advisory_234();
	}
	advisory_231_232();
	advisory_122();
	advisory_317();
}
