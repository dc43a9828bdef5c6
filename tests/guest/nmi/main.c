// SPDX-License-Identifier: MIT
/*
 * The ways into the hypervisor and back, round after round: for tests/system/nmi_test.py, which lets an NMI
 * come at each instruction of theirs. By itself it takes each a few times. rounds=N: so many; wait=N: it sleeps so many
 * ns in each; spin: at the end it waits in a program whose code segment is then taken away.
 */
#include "../lib/clock.h"
#include "../lib/option.h"
#include "../lib/registers.h"
#include "../lib/test.h"

const char test_name[] = "nmi";

#define CODE64_DPL3 0x00affb000000ffffUL
#define PRESENT (1UL << 47)
#define CS_OWN 0x13		/* descriptor 2 of the GDT, RPL 3 */

enum { SYS_NEXT = 1, SYS_END };	/* in rax; 3: a register has changed */

extern const char user_start[], user_end[], user_fault[], user_ud[], user_after[];
/* A program. Its kernel lets it go on behind what it does. */
__asm__(".globl user_start, user_end, user_fault, user_ud, user_after\n"
	"user_start:\n"
	".irp r, rbx, rdx, rsi, rdi, rbp, r8, r9, r10, r12, r13, r14, r15\n"
	"mov $0x7654321, %\\r\n"
	".endr\n"
	"mov $1, %eax; syscall\n"
	"user_fault: movb $0, 0x5000\n"
	"user_ud: ud2\n"
	"user_after: int3\n"
	".irp r, rbx, rdx, rsi, rdi, rbp, r8, r9, r10, r12, r13, r14, r15\n"
	"cmp $0x7654321, %\\r; jne 9f\n"
	".endr\n"
	"mov $2, %eax; syscall\n"
	"9: mov $3, %eax; syscall\n"
	"user_end:");

extern char spin[];
__asm__("spin: jmp spin");

uint64_t *gdt;
static unsigned rounds, done, bad_registers, upcalls;
static uint64_t code, own_stack, poll_ns;

static void on_event(struct trap_frame *f)
{
	(void)f;
	shared_info->vcpu_info[0].evtchn_upcall_pending = 0;
	upcalls++;
}

/* What a kernel does itself: a hypercall, one that brings an event, a fault, a wait. */
static void kernel_part(void)
{
	struct sched_poll poll = { .timeout = clock_ns() + poll_ns };

	bad_registers += registers_changed(__HYPERVISOR_xen_version, XENVER_pagesize, 0, done + 1);
	shared_info->vcpu_info[0].evtchn_upcall_mask = 0;
	shared_info->vcpu_info[0].evtchn_upcall_pending = 1;
	HC(xen_version, XENVER_pagesize, 0);
	shared_info->vcpu_info[0].evtchn_upcall_mask = 1;
	HC(sched_op, SCHEDOP_poll, &poll);
}

static bool serve(struct trap_frame *f)
{
	if (f->vector == 14)
		f->rip = USER_CODE + (uint64_t)(user_ud - user_start);
	else if (f->vector == 6)
		f->rip = USER_CODE + (uint64_t)(user_after - user_start);
	else if (f->vector == VECTOR_SYSCALL && f->rax == SYS_NEXT)
		kernel_part();
	else
		return f->vector == 2 || f->vector == 3;
	return true;
}

static void mask_events_in_handlers(void)
{
	struct callback_register callback = { .type = CALLBACKTYPE_syscall,
					      .flags = CALLBACKF_mask_events,
					      .address = (uint64_t)syscall_entry };
	trap_info_t gate[2] = { { .vector = 14, .flags = 4, .cs = FLAT_KERNEL_CS,
				  .address = (uint64_t)trap_stubs + 32 * 14 } };

	HC(callback_op, CALLBACKOP_register, &callback);
	HC(set_trap_table, gate);
}

/* Into a segment that is not there, or that goes while the program is in it. */
static bool run_in_own_segment(bool there)
{
	struct iret_context c = { .rip = (uint64_t)spin, .cs = CS_OWN, .rflags = 0x202,
				  .rsp = own_stack, .ss = FLAT_USER_SS };

	HC(update_descriptor, code, there ? CODE64_DPL3 : CODE64_DPL3 & ~PRESENT);
	trap_clear();
	user_run_expected();
	iret_to(&c);
	return trap.vector == 11 && trap.error == (CS_OWN & ~3UL) && trap.rip == (uint64_t)spin;
}

static void prepare(void)
{
	unsigned long frame;

	user_init(user_start, user_end);
	mask_events_in_handlers();
	gdt = page_alloc();
	own_stack = (uint64_t)page_alloc() + PAGE;
	frame = va_mfn(gdt);
	code = (frame << 12) + (CS_OWN & ~7UL);
	make_readonly(gdt);
	check_eq((uint64_t)HC(set_gdt, &frame, 512), 0, "a GDT of its own");
	event_handler = on_event;
	trap_handler = serve;
}

static void play(void)
{
	unsigned bad_ends = 0, bad_segments = 0;

	for (done = 0; done < rounds; done++) {
		user_run(0, 0x202, 0);
		bad_ends += trap.vector != VECTOR_SYSCALL || trap.rax != SYS_END;
		bad_segments += !run_in_own_segment(false);
	}
	check_eq(bad_ends, 0, "a program's registers are its own after each system call and fault");
	check_eq(bad_registers, 0, "hypercalls change no register but rax, rcx and r11");
	check_eq(upcalls, rounds, "each event came once");
	check_eq(bad_segments, 0, "an iret to a code segment that is not there: #NP at its target");
}

void test_main(void)
{
	rounds = (unsigned)option("rounds=", 3);
	poll_ns = option("wait=", 20000);
	prepare();
	play();
	user_share();
	check(!option_text("spin") || run_in_own_segment(true), "one that goes while a program is in it: the same");
}
