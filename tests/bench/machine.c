// SPDX-License-Identifier: MIT
/*
 * More rows that others' benchmarks of this ABI have: descriptor tables, privileged instructions that are emulated,
 * exceptions, timers, and event channels' rarer operations, those of the FIFO ABI included.
 */
#include "bench.h"

#include <xen/physdev.h>

/* Return as they were entered. */
extern const char fast_return[], fast_fifo[];
__asm__(".balign 32\nfast_return:\n"
	"	pop %rcx; pop %r11\n"
	"	push $0; push %rcx; push %r11; push %rax; mov $23, %eax; syscall\n"
	".balign 32\nfast_fifo:\n"		/* takes the one event of the one queue */
	"	mov fifo_word(%rip), %rcx; movl $0, (%rcx)\n"
	"	mov fifo_control(%rip), %rcx; movl $0, (%rcx)\n"
	"	mov shared_info(%rip), %rcx; movb $0, (%rcx)\n"
	"	pop %rcx; pop %r11\n"
	"	push $0; push %rcx; push %r11; push %rax; mov $23, %eax; syscall\n");

static void calls(void)
{
	static const char line[] = "# a line of the console, as a kernel's messages are: some seventy bytes....\n";
	struct xen_feature_info features = { 0 };
	struct callback_register cb = { .type = CALLBACKTYPE_event, .address = (uint64_t)fast_event };
	struct vcpu_set_singleshot_timer timer = { .timeout_abs_ns = 1UL << 45 };

	BENCH("unknown hypercall", N, hypercall(55, 0, 0, 0, 0, 0));
	BENCH("xen_version get_features", N, HC(xen_version, XENVER_get_features, &features));
	BENCH("callback_op register", N, HC(callback_op, CALLBACKOP_register, &cb));
	BENCH("get_debugreg", N, HC(get_debugreg, 7));
	BENCH("vcpu_op is_up", N, HC(vcpu_op, VCPUOP_is_up, 0, 0));
	BENCH("console line of 76 bytes", 1, HC(console_io, CONSOLEIO_write, sizeof(line) - 1, line));
	BENCH("timer set ahead and stopped", N, {
		HC(set_timer_op, 1UL << 45);
		HC(set_timer_op, 0);
	});
	BENCH("single-shot timer set ahead and stopped", N, {
		HC(vcpu_op, VCPUOP_set_singleshot_timer, 0, &timer);
		HC(vcpu_op, VCPUOP_stop_singleshot_timer, 0, 0);
	});
}

#define DATA_DESCRIPTOR 0x00cff3000000ffffUL

static void descriptor_tables(void)
{
	uint64_t *gdt = page_alloc(), *ldt = page_alloc(), frame = va_mfn(gdt);
	struct mmuext_op op = { .cmd = MMUEXT_SET_LDT, .arg1.linear_addr = (uint64_t)ldt };

	ldt[1] = DATA_DESCRIPTOR;
	make_readonly(gdt);
	make_readonly(ldt);
	BENCH("set_gdt", N, HC(set_gdt, &frame, 512));
	BENCH("update_descriptor of the GDT in use", N, HC(update_descriptor, (frame << 12) + 8, DATA_DESCRIPTOR));
	check_eq((uint64_t)HC(set_gdt, &frame, 0), 0, "the GDT goes");
	BENCH("LDT set, selector loaded, taken away", N, {
		op.arg2.nr_ents = 8;
		HC(mmuext_op, &op, 1, 0, DOMID_SELF);
		__asm__ volatile("mov %0, %%es; mov %1, %%es" : : "r"(0x0f), "r"(0));
		op.arg2.nr_ents = 0;
		HC(mmuext_op, &op, 1, 0, DOMID_SELF);
	});
	make_writable(gdt);
	make_writable(ldt);
}

/* As Linux makes of it: the address space, the stack, three descriptors for thread-local storage. */
static void process_switch(void)
{
	static struct mmuext_op space[2];
	static multicall_entry_t list[5];
	uint64_t *gdt = page_alloc(), maddr = va_mfn(gdt) << 12, l4 = va_mfn((void *)start_info->pt_base);

	space[0] = (struct mmuext_op){ .cmd = MMUEXT_NEW_BASEPTR, .arg1.mfn = l4 };
	space[1] = (struct mmuext_op){ .cmd = MMUEXT_NEW_USER_BASEPTR, .arg1.mfn = l4 };
	BENCH("multicall of a process switch", N, {
		list[0] = (multicall_entry_t){ .op = __HYPERVISOR_mmuext_op,
					       .args = { (uint64_t)space, 2, 0, DOMID_SELF } };
		list[1] = (multicall_entry_t){ .op = __HYPERVISOR_stack_switch,
					       .args = { FLAT_KERNEL_SS, (uint64_t)gdt + PAGE } };
		for (unsigned k = 0; k < 3; k++)
			list[2 + k] = (multicall_entry_t){ .op = __HYPERVISOR_update_descriptor,
							   .args = { maddr + 96 + k * 8, DATA_DESCRIPTOR } };
		HC(multicall, list, 5);
	});
	check_eq((uint64_t)list[4].result, 0, "the switch was made");
}

static void instructions(void)
{
	struct physdev_set_iopl iopl = { 1 };
	uint64_t r;

	HC(physdev_op, PHYSDEVOP_set_iopl, &iopl);
	BENCH("port read", N, __asm__ volatile("inb $0x80, %%al" : : : "rax"));
	BENCH("port written", N, __asm__ volatile("outb %%al, $0x80" : : "a"(0)));
	BENCH("CR0 read", N, __asm__ volatile("mov %%cr0, %0" : "=r"(r)));
	BENCH("CR3 read", N, __asm__ volatile("mov %%cr3, %0" : "=r"(r)));
	BENCH("CLTS", N, __asm__ volatile("clts"));
	BENCH("DR7 read", N, __asm__ volatile("mov %%dr7, %0" : "=r"(r)));
	BENCH("DR0 written", N, __asm__ volatile("mov %0, %%dr0" : : "r"(0UL)));
	BENCH("FS base written by WRMSR", N, __asm__ volatile("wrmsr" : : "c"(0xc0000100), "a"(0), "d"(0)));
	BENCH("FS base read by RDMSR", N, __asm__ volatile("rdmsr" : : "c"(0xc0000100) : "rax", "rdx"));
}

static void exceptions(void)
{
	static trap_info_t fast[4] = { { .vector = 3, .cs = FLAT_KERNEL_CS, .flags = 3 },
				       { .vector = 7, .cs = FLAT_KERNEL_CS } };

	fast[0].address = fast[1].address = (uint64_t)fast_return;
	HC(set_trap_table, fast);
	BENCH("#BP bounced and returned", N, __asm__ volatile("int3" : : : "memory"));
	BENCH("task switched, #NM bounced and returned", N, {
		HC(fpu_taskswitch, 1);
		__asm__ volatile("fnop" : : : "memory");
	});
	traps_init();
}

static void ports(void)
{
	struct evtchn_bind_virq virq = { .virq = VIRQ_DEBUG };
	struct evtchn_alloc_unbound a = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };
	struct callback_register cb = { .type = CALLBACKTYPE_event, .address = (uint64_t)fast_event };
	struct evtchn_close close;

	BENCH("VIRQ bound and closed", N, {
		HC(event_channel_op, EVTCHNOP_bind_virq, &virq);
		close.port = virq.port;
		HC(event_channel_op, EVTCHNOP_close, &close);
	});
	HC(event_channel_op, EVTCHNOP_alloc_unbound, &a);
	struct evtchn_unmask unmask = { a.port };
	struct evtchn_bind_vcpu bind = { .port = a.port };

	BENCH("unmask, nothing pending", N, HC(event_channel_op, EVTCHNOP_unmask, &unmask));
	BENCH("bind_vcpu", N, HC(event_channel_op, EVTCHNOP_bind_vcpu, &bind));
	HC(callback_op, CALLBACKOP_register, &cb);
	BENCH("block, upcall of an event that is pending, and iret", N, {
		shared_info->vcpu_info[0].evtchn_upcall_pending = 1;
		HC(sched_op, SCHEDOP_block, 0);
	});
	shared_info->vcpu_info[0].evtchn_upcall_mask = 1;
	close.port = a.port;
	check_eq((uint64_t)HC(event_channel_op, EVTCHNOP_close, &close), 0, "the port goes");
}

uint64_t fifo_word, fifo_control;

/* The kernel's events are of the FIFO ABI from here on. */
static void fifo(void)
{
	char *control = page_alloc();
	uint32_t *words = page_alloc();
	struct evtchn_init_control init = { .control_gfn = va_mfn(control) };
	struct evtchn_expand_array expand = { va_mfn(words) };
	struct callback_register cb = { .type = CALLBACKTYPE_event, .address = (uint64_t)fast_fifo };
	struct evtchn_bind_ipi ipi = { 0 };

	check_eq((uint64_t)HC(event_channel_op, EVTCHNOP_init_control, &init), 0, "the FIFO ABI begins");
	check_eq((uint64_t)HC(event_channel_op, EVTCHNOP_expand_array, &expand), 0, "it has its words");
	HC(event_channel_op, EVTCHNOP_bind_ipi, &ipi);
	struct evtchn_send send = { ipi.port };

	fifo_control = (uint64_t)control;
	fifo_word = (uint64_t)&words[ipi.port];
	BENCH("FIFO event, masked", N, {
		words[ipi.port] = 1u << EVTCHN_FIFO_MASKED;
		HC(event_channel_op, EVTCHNOP_send, &send);
	});
	words[ipi.port] = 0;
	shared_info->vcpu_info[0].evtchn_upcall_pending = 0;
	HC(callback_op, CALLBACKOP_register, &cb);
	shared_info->vcpu_info[0].evtchn_upcall_mask = 0;
	BENCH("FIFO event, upcall and iret", N, HC(event_channel_op, EVTCHNOP_send, &send));
	shared_info->vcpu_info[0].evtchn_upcall_mask = 1;
}

void machine(void)
{
	calls();
	descriptor_tables();
	process_switch();
	instructions();
	exceptions();
	ports();
	fifo();
}
