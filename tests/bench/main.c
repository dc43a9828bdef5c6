// SPDX-License-Identifier: MIT
/*
 * Instructions per operation, seen from a guest: under QEMU's -icount shift=0 a TSC tick is an
 * instruction. Each row is the least of several batches, so that a timer interrupt does not count.
 * Lines: "bench NAME COUNT".
 */
#include "bench.h"

#include <xen/grant_table.h>
#include <xen/physdev.h>

const char test_name[] = "bench";

uint64_t overhead;

static char *page, *other;
static uint64_t page_pte;

static void calls(void)
{
	static multicall_entry_t list[32];
	static trap_info_t two[3] = { { .vector = 200, .cs = FLAT_KERNEL_CS, .address = 1 },
				      { .vector = 201, .cs = FLAT_KERNEL_CS, .address = 1 } };
	struct physdev_set_iopl iopl = { 1 };
	struct vcpu_runstate_info runstate;
	static char text[8192];

	for (unsigned i = 0; i < sizeof(text); i++)
		text[i] = i % 128 == 127 ? '\n' : ' ';
	BENCH("null hypercall", N, HC(xen_version, XENVER_version, 0));
	BENCH("multicall of 32", 20, {
		for (unsigned k = 0; k < 32; k++)
			list[k] = (multicall_entry_t){ .op = __HYPERVISOR_xen_version };
		HC(multicall, list, 32);
	});
	BENCH("stack_switch", N, HC(stack_switch, FLAT_KERNEL_SS, page + PAGE));
	BENCH("fpu_taskswitch", N, HC(fpu_taskswitch, 0));
	BENCH("set_segment_base", N, HC(set_segment_base, SEGBASE_FS, 0));
	BENCH("set_debugreg", N, HC(set_debugreg, 0, 0));
	BENCH("set_trap_table, two entries", N, HC(set_trap_table, two));
	BENCH("physdev_op set_iopl", N, HC(physdev_op, PHYSDEVOP_set_iopl, &iopl));
	BENCH("vcpu_op get_runstate_info", N, HC(vcpu_op, VCPUOP_get_runstate_info, 0, &runstate));
	BENCH("console write of 8 KiB", 1, HC(console_io, CONSOLEIO_write, sizeof(text), text));
	BENCH("yield", N, HC(sched_op, SCHEDOP_yield, 0));
	BENCH("set_timer_op", N, HC(set_timer_op, 0));
}

/* The shortest handlers there can be: what is measured is the hypervisor's part. */
extern const char fast_trap[], fast_fault[];
__asm__(".globl fast_event\n.balign 32\nfast_trap:\n"		/* goes on behind a two-byte instruction */
	"	pop %rcx; pop %r11; addq $2, (%rsp)\n"
	"	push $0; push %rcx; push %r11; push %rax; mov $23, %eax; syscall\n"
	".balign 32\nfast_fault:\n"		/* the same for three bytes, with an error code */
	"	pop %rcx; pop %r11; add $8, %rsp; addq $3, (%rsp)\n"
	"	push $0; push %rcx; push %r11; push %rax; mov $23, %eax; syscall\n"
	".balign 32\nfast_event:\n"
	"	mov shared_info(%rip), %rcx; movb $0, (%rcx); movq $0, 8(%rcx); movq $0, 0x800(%rcx)\n"
	"	pop %rcx; pop %r11\n"
	"	push $0; push %rcx; push %r11; push %rax; mov $23, %eax; syscall\n");

static void clear_pending(void)
{
	shared_info->vcpu_info[0].evtchn_upcall_pending = 0;
	shared_info->vcpu_info[0].evtchn_pending_sel = 0;
	for (unsigned i = 0; i < 4; i++)
		shared_info->evtchn_pending[i] = 0;
}

static void events(void)
{
	struct evtchn_alloc_unbound a = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };
	struct evtchn_bind_interdomain b = { .remote_dom = DOMID_SELF };
	struct callback_register cb = { .type = CALLBACKTYPE_event, .address = (uint64_t)fast_event };
	struct evtchn_send send;

	HC(event_channel_op, EVTCHNOP_alloc_unbound, &a);
	b.remote_port = a.port;
	HC(event_channel_op, EVTCHNOP_bind_interdomain, &b);
	send.port = b.local_port;
	for (unsigned i = 0; i < 64; i++)
		shared_info->evtchn_mask[i] = ~0UL;
	BENCH("event to self, masked", N, {
		shared_info->evtchn_pending[0] = 0;
		HC(event_channel_op, EVTCHNOP_send, &send);
	});
	clear_pending();
	shared_info->evtchn_mask[0] = 0;
	HC(callback_op, CALLBACKOP_register, &cb);
	shared_info->vcpu_info[0].evtchn_upcall_mask = 0;
	BENCH("event to self, upcall and iret", N, HC(event_channel_op, EVTCHNOP_send, &send));
	shared_info->vcpu_info[0].evtchn_upcall_mask = 1;
}

static void traps(void)
{
	static trap_info_t fast[3] = { { .vector = 6, .cs = FLAT_KERNEL_CS }, { .vector = 14, .cs = FLAT_KERNEL_CS } };

	fast[0].address = (uint64_t)fast_trap;
	fast[1].address = (uint64_t)fast_fault;
	HC(set_trap_table, fast);
	BENCH("#UD bounced and returned", N, __asm__ volatile("ud2" : : : "memory"));
	BENCH("page fault bounced and returned", N,
	      __asm__ volatile("movb $0, (%0)" : : "a"(0x7000000000UL) : "memory"));
	traps_init();
	BENCH("CR4 read", N, __asm__ volatile("mov %%cr4, %%rax" : : : "rax"));
	BENCH("CPUID, forced prefix", N, {
		uint32_t a = 1, c = 0;
		__asm__ volatile("ud2; .ascii \"xen\"; cpuid" : "+a"(a), "+c"(c) : : "rbx", "rdx");
	});
	BENCH("RDMSR emulated", N, __asm__ volatile("rdmsr" : : "c"(0x277) : "rax", "rdx"));
}

static void tables(void)
{
	static mmu_update_t u[32];
	struct mmuext_op op = { .cmd = MMUEXT_TLB_FLUSH_LOCAL };
	unsigned done;

	BENCH("update_va_mapping", N, HC(update_va_mapping, page, page_pte ^ (i & 1 ? P_W : 0), 0));
	BENCH("update_va_mapping, INVLPG", N, HC(update_va_mapping, page, page_pte ^ (i & 1 ? P_W : 0),
						 UVMF_INVLPG | UVMF_LOCAL));
	u[0].ptr = pte_maddr((uint64_t)page);
	BENCH("mmu_update of 1", N, {
		u[0].val = i & 1 ? page_pte : 0;
		HC(mmu_update, u, 1, &done, DOMID_SELF);
	});
	BENCH("mmu_update of 32", 20, {
		for (unsigned k = 0; k < 32; k++) {
			u[k].ptr = u[0].ptr;
			u[k].val = k & 1 ? page_pte : 0;
		}
		HC(mmu_update, u, 32, &done, DOMID_SELF);
	});
	HC(update_va_mapping, page, page_pte, UVMF_INVLPG);
	BENCH("local TLB flush", N, HC(mmuext_op, &op, 1, 0, DOMID_SELF));
	op = (struct mmuext_op){ .cmd = MMUEXT_NEW_BASEPTR, .arg1.mfn = va_mfn((void *)start_info->pt_base) };
	BENCH("base-pointer switch", N, HC(mmuext_op, &op, 1, 0, DOMID_SELF));
}

static void descriptors(void)
{
	struct mmuext_op op = { .cmd = MMUEXT_SET_LDT };
	uint64_t *ldt = page_alloc();

	BENCH("update_descriptor", N, HC(update_descriptor, va_mfn(ldt) << 12, 0));
	check_eq((uint64_t)HC(update_descriptor, va_mfn(ldt) << 12, 0), 0, "a descriptor is updated");
	make_readonly(ldt);
	op.arg1.linear_addr = (uint64_t)ldt;
	BENCH("LDT set and taken away", N, {
		op.arg2.nr_ents = 8;
		HC(mmuext_op, &op, 1, 0, DOMID_SELF);
		op.arg2.nr_ents = 0;
		HC(mmuext_op, &op, 1, 0, DOMID_SELF);
	});
	op.arg2.nr_ents = 8;
	check_eq((uint64_t)HC(mmuext_op, &op, 1, 0, DOMID_SELF), 0, "an LDT is set");
	op.arg2.nr_ents = 0;
	HC(mmuext_op, &op, 1, 0, DOMID_SELF);
	make_writable(ldt);
}

/* A process's tables as fork makes them: an L4 with one table of each level below. */
static void tree(void)
{
	uint64_t *l1 = page_alloc(), *l2 = page_alloc(), *l3 = page_alloc(), *l4 = page_alloc();
	struct mmuext_op op = { .arg1.mfn = va_mfn(l4) };
	const uint64_t flags = P_P | P_W | P_U | P_A;

	for (unsigned i = 0; i < 16; i++)
		l1[i] = va_mfn(other) << 12 | flags | P_D;
	l2[0] = va_mfn(l1) << 12 | flags;
	l3[0] = va_mfn(l2) << 12 | flags;
	l4[0] = va_mfn(l3) << 12 | flags;
	make_readonly(l1);
	make_readonly(l2);
	make_readonly(l3);
	make_readonly(l4);
	op.cmd = MMUEXT_PIN_L4_TABLE;
	check_eq((uint64_t)HC(mmuext_op, &op, 1, 0, DOMID_SELF), 0, "an L4 is pinned");
	op.cmd = MMUEXT_UNPIN_TABLE;
	HC(mmuext_op, &op, 1, 0, DOMID_SELF);
	BENCH("L4 tree pin and unpin", 8, {
		op.cmd = MMUEXT_PIN_L4_TABLE;
		HC(mmuext_op, &op, 1, 0, DOMID_SELF);
		op.cmd = MMUEXT_UNPIN_TABLE;
		HC(mmuext_op, &op, 1, 0, DOMID_SELF);
	});
}

static void l1_tables(void)
{
	uint64_t *l1 = page_alloc();
	struct mmuext_op op = { .arg1.mfn = va_mfn(l1) };

	for (unsigned i = 0; i < 512; i++)
		l1[i] = va_mfn(other) << 12 | P_P | P_W | P_U | P_A | P_D;
	make_readonly(l1);
	BENCH("L1 pin and unpin, 512 entries", 8, {
		op.cmd = MMUEXT_PIN_L1_TABLE;
		HC(mmuext_op, &op, 1, 0, DOMID_SELF);
		op.cmd = MMUEXT_UNPIN_TABLE;
		HC(mmuext_op, &op, 1, 0, DOMID_SELF);
	});
	op.cmd = MMUEXT_PIN_L1_TABLE;
	HC(mmuext_op, &op, 1, 0, DOMID_SELF);
	BENCH("emulated page-table store", N, {
		*(volatile uint64_t *)&l1[3] = i & 1 ? l1[4] : 0;
	});
	op.cmd = MMUEXT_UNPIN_TABLE;
	HC(mmuext_op, &op, 1, 0, DOMID_SELF);
}

/*
 * The user half of round trips: loops on syscall, or on a page fault; the kernel returns by iret,
 * and after some times by the library's handler, which ends user_run().
 */
extern const char loop_start[], fault_start[], loop_end[], fast_syscall[], fast_user_fault[];
extern uint64_t syscall_left, syscall_ticks;
__asm__(".globl loop_start, loop_end\n"
	"loop_start: syscall; jmp loop_start\n"
	"fault_start: xor %ebx, %ebx\n"
	"2: movb $0, (%rbx); jmp 2b\n"
	"loop_end:\n"
	".globl fast_syscall\n"
	".balign 32\n"
	"fast_syscall:\n"
	"	decq syscall_left(%rip)\n"
	"	jz 1f\n"
	"	pop %rcx; pop %r11\n"		/* rip cs rflags rsp ss stay */
	"	push $0x100; push %rcx; push %r11; push %rax\n"	/* VGCF_in_syscall */
	"	mov $23, %eax; syscall\n"
	"1:	jmp syscall_entry\n"
	".globl fast_user_fault\n"
	".balign 32\n"
	"fast_user_fault:\n"		/* goes on behind the three bytes of movb */
	"	decq syscall_left(%rip)\n"
	"	jz 1f\n"
	"	pop %rcx; pop %r11; add $8, %rsp; addq $3, (%rsp)\n"
	"	push $0; push %rcx; push %r11; push %rax; mov $23, %eax; syscall\n"
	"1:	jmp trap_stubs + 14 * 32\n"
	".data\n.globl syscall_left\nsyscall_left: .quad 0\n.text\n");

static void round_trips(const char *name, uint64_t entry)
{
	uint64_t best = ~0UL;

	for (unsigned batch = 0; batch < BATCHES; batch++) {
		uint64_t start, one, many;

		syscall_left = 1;
		start = ticks();
		user_run(entry, 0x202, 0);
		one = ticks() - start;
		syscall_left = 1 + N;
		start = ticks();
		user_run(entry, 0x202, 0);
		many = ticks() - start;
		if (many > one && many - one < best)
			best = many - one;
	}
	print("bench %s %lu", name, (unsigned long)(best / N));
}

static void user(void)
{
	static trap_info_t fault[2] = { { .vector = 14, .cs = FLAT_KERNEL_CS } };
	struct callback_register cb = { .type = CALLBACKTYPE_syscall, .address = (uint64_t)fast_syscall };

	user_init(loop_start, loop_end);
	HC(callback_op, CALLBACKOP_register, &cb);
	round_trips("user system call and back", 0);
	fault[0].address = (uint64_t)fast_user_fault;
	HC(set_trap_table, fault);
	round_trips("user page fault and back", (uint64_t)(fault_start - loop_start));
}

static void grants(void)
{
	struct gnttab_setup_table setup = { .dom = DOMID_SELF, .nr_frames = 1 };
	struct gnttab_map_grant_ref map;
	struct gnttab_unmap_grant_ref unmap;
	struct gnttab_copy copy;
	static xen_pfn_t frame;
	grant_entry_v1_t *table = page_alloc();

	setup.frame_list.p = &frame;
	HC(grant_table_op, GNTTABOP_setup_table, &setup, 1);
	HC(update_va_mapping, table, frame << 12 | P_P | P_W | P_U | P_A | P_D, UVMF_INVLPG);
	table[8] = (grant_entry_v1_t){ .flags = GTF_permit_access, .domid = 0, .frame = (uint32_t)va_mfn(other) };
	BENCH("grant map and unmap", N, {
		map = (struct gnttab_map_grant_ref){ .host_addr = (uint64_t)page, .flags = GNTMAP_host_map,
						     .ref = 8, .dom = 0 };
		HC(grant_table_op, GNTTABOP_map_grant_ref, &map, 1);
		unmap = (struct gnttab_unmap_grant_ref){ .host_addr = (uint64_t)page, .handle = map.handle };
		HC(grant_table_op, GNTTABOP_unmap_grant_ref, &unmap, 1);
	});
	check_eq((uint64_t)(int64_t)map.status, 0, "the grant was mapped");
	check_eq((uint64_t)(int64_t)unmap.status, 0, "the grant was unmapped");
	HC(update_va_mapping, page, page_pte, UVMF_INVLPG);
	BENCH("grant copy of 4 KiB", N, {
		copy = (struct gnttab_copy){ .source.u.ref = 8, .source.domid = 0, .dest.u.gmfn = va_mfn(page),
					     .dest.domid = DOMID_SELF, .len = PAGE, .flags = GNTCOPY_source_gref };
		HC(grant_table_op, GNTTABOP_copy, &copy, 1);
	});
	check_eq((uint64_t)(int64_t)copy.status, 0, "the grant was copied");
}

static void memory(void)
{
	xen_pfn_t frame = va_mfn(page);
	struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };
	mmu_update_t u;
	unsigned done;

	r.extent_start.p = &frame;
	HC(update_va_mapping, page, 0, UVMF_INVLPG);
	BENCH("decrease and populate", N, {
		HC(memory_op, XENMEM_decrease_reservation, &r);
		HC(memory_op, XENMEM_populate_physmap, &r);
	});
	u = (mmu_update_t){ .ptr = frame << 12 | MMU_MACHPHYS_UPDATE, .val = (uint64_t)page >> 12 };
	HC(mmu_update, &u, 1, &done, DOMID_SELF);
}

void test_main(void)
{
	overhead = ~0UL;
	for (unsigned i = 0; i < 100; i++) {
		uint64_t start = ticks(), took = ticks() - start;

		overhead = took < overhead ? took : overhead;
	}
	page = page_alloc();
	other = page_alloc();
	page_pte = va_mfn(page) << 12 | P_P | P_W | P_U | P_A | P_D;
	calls();
	events();
	traps();
	tables();
	descriptors();
	l1_tables();
	tree();
	grants();
	memory();
	batches(page, other);
	spaces();
	machine();
	user();
}
