// SPDX-License-Identifier: MIT
/* Entering a guest's kernel and leaving it again: frames, masks, refusals. */
#include "fake.h"

#include <xen/callback.h>
#include <xen/nmi.h>

#include <format/descriptor.h>
#include <format/eflags.h>
#include <format/trap.h>
#include <hv/debugreg.h>
#include <hv/entry.h>
#include <hv/hypercall.h>
#include <hv/traps.h>

#define HANDLER 0x200000UL
#define V (&fake_vcpu)
#define R (&host_cpu.regs)

static void in_user_mode(void)
{
	V->kernel_mode = false;
	R->rip = 0x400000;
	R->rsp = 0x7000000;
}

static void set_handler(unsigned vector, unsigned flags)
{
	V->trap_table[vector] = (struct trap_info){ .vector = (uint8_t)vector, .flags = (uint8_t)flags,
						    .address = HANDLER + vector };
}

static void a_trap_of_the_kernel_goes_on_its_own_stack(void **state)
{
	uint64_t sp = GUEST_BASE + GUEST_SIZE - 7 * 8;

	(void)state;
	set_handler(TRAP_UD, 0);
	R->rsp -= 8;	/* not aligned: the frame is */
	R->rflags |= FLAGS_TF | FLAGS_NT | FLAGS_RF;
	bounce_exception(V, R, TRAP_UD, 0);
	sp -= 16;
	assert_int_equal(R->rsp, sp);
	assert_int_equal(R->rip, HANDLER + TRAP_UD);
	assert_int_equal(R->cs, GUEST_CS64);
	assert_int_equal(R->ss, GUEST_DS);
	assert_int_equal(R->rflags & (FLAGS_TF | FLAGS_NT | FLAGS_RF), 0);
	assert_true(R->rflags & FLAGS_IF);
	assert_int_equal(fake_word(sp), 0xc0);
	assert_int_equal(fake_word(sp + 8), 0x11);
	assert_int_equal(fake_word(sp + 16), 0x100000);
	assert_int_equal(fake_word(sp + 24), GUEST_CS64 & ~3);
	assert_true(fake_word(sp + 32) & FLAGS_TF);
	assert_int_equal(fake_word(sp + 40), GUEST_BASE + GUEST_SIZE - 8);
	assert_int_equal(fake_word(sp + 48), GUEST_DS);
}

static void a_trap_of_user_mode_goes_on_the_kernels_stack(void **state)
{
	uint64_t sp = GUEST_BASE + 0x8000 - 7 * 8;

	(void)state;
	set_handler(TRAP_BP, 0);
	in_user_mode();
	bounce_exception(V, R, TRAP_BP, 0);
	assert_true(V->kernel_mode);
	assert_int_equal(R->rsp, sp);
	assert_int_equal(fake_word(sp + 24), GUEST_CS64);
	assert_int_equal(fake_word(sp + 40), 0x7000000);
}

static void some_vectors_have_an_error_code(void **state)
{
	(void)state;
	for (unsigned vector = 0; vector < 32; vector++) {
		bool want = vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21;

		fake_start(NULL);
		set_handler(vector, 0);
		bounce_exception(V, R, vector, 0xabc);
		assert_int_equal(R->rsp, GUEST_BASE + GUEST_SIZE - (want ? 8 : 7) * 8);
		assert_int_equal(fake_word(R->rsp + 16), want ? 0xabc : 0x100000);
	}
}

static void an_interrupt_by_instruction_has_none(void **state)
{
	(void)state;
	set_handler(TRAP_GP, 3);
	bounce_interrupt(V, R, TRAP_GP);
	assert_int_equal(R->rsp, GUEST_BASE + GUEST_SIZE - 7 * 8);
}

static void a_page_fault_tells_its_address_and_mode(void **state)
{
	(void)state;
	set_handler(TRAP_PF, 0);
	bounce_page_fault(V, R, 0x5000, PF_WRITE | PF_USER);
	assert_int_equal(V->info->arch.cr2, 0x5000);
	assert_int_equal(V->ctrlreg[2], 0x5000);
	assert_int_equal(fake_word(R->rsp + 16), PF_WRITE);
	in_user_mode();
	bounce_page_fault(V, R, 0x6000, PF_PRESENT);
	assert_int_equal(fake_word(R->rsp + 16), PF_PRESENT | PF_USER);
}

static void the_frame_shows_the_event_mask_as_interrupt_flag(void **state)
{
	(void)state;
	set_handler(TRAP_UD, 0);
	bounce_exception(V, R, TRAP_UD, 0);
	assert_int_equal(fake_word(R->rsp + 24) >> 32, 0);
	assert_true(fake_word(R->rsp + 32) & FLAGS_IF);
	assert_int_equal(V->info->evtchn_upcall_mask, 0);
	V->info->evtchn_upcall_mask = 1;
	bounce_exception(V, R, TRAP_UD, 0);
	assert_int_equal(fake_word(R->rsp + 24) >> 32, 1);
	assert_false(fake_word(R->rsp + 32) & FLAGS_IF);
}

static void a_gate_can_mask_events(void **state)
{
	(void)state;
	set_handler(TRAP_UD, 4);
	bounce_exception(V, R, TRAP_UD, 0);
	assert_int_equal(V->info->evtchn_upcall_mask, 1);
	assert_true(fake_word(R->rsp + 32) & FLAGS_IF);
}

static void the_io_privilege_is_shown_to_those_who_asked(void **state)
{
	(void)state;
	set_handler(TRAP_UD, 0);
	V->iopl = 1 << 12;
	bounce_exception(V, R, TRAP_UD, 0);
	assert_int_equal(fake_word(R->rsp + 32) & FLAGS_IOPL, 0);
	fake_domain.mm.vm_assist = 1u << VMASST_TYPE_architectural_iopl;
	bounce_exception(V, R, TRAP_UD, 0);
	assert_int_equal(fake_word(R->rsp + 32) & FLAGS_IOPL, 1 << 12);
}

static void without_a_handler_the_guest_dies(void **state)
{
	(void)state;
	bounce_exception(V, R, TRAP_UD, 0);
	bounce_page_fault(V, R, 0, 0);
	bounce_interrupt(V, R, 0x80);
	bounce_events(V, R);
	bounce_failsafe(V, R);
	assert_int_equal(fake_crashes, 5);
	assert_int_equal(R->rip, 0x100000);
}

static void without_a_stack_the_guest_dies(void **state)
{
	(void)state;
	set_handler(TRAP_UD, 4);
	R->rsp = 0x1000;
	bounce_exception(V, R, TRAP_UD, 0);
	assert_int_equal(fake_crashes, 1);
	assert_int_equal(R->rip, 0x100000);
	assert_int_equal(V->info->evtchn_upcall_mask, 0);
}

static void a_failsafe_callback_at_no_address_kills_instead_of_looping(void **state)
{
	(void)state;
	V->failsafe_callback.rip = 1UL << 62;
	bounce_failsafe(V, R);
	assert_int_equal(fake_crashes, 1);
}

static void the_failsafe_frame_has_the_selectors(void **state)
{
	uint64_t sp;

	(void)state;
	V->failsafe_callback = (struct callback){ HANDLER, true, true };
	R->ds = 1, R->es = 2, R->fs = 3, R->gs = 4;
	bounce_failsafe(V, R);
	sp = R->rsp;
	assert_int_equal(sp, GUEST_BASE + GUEST_SIZE - 11 * 8);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(fake_word(sp + 16 + 8 * i), i + 1);
	assert_int_equal(fake_word(sp + 48), 0x100000);
	assert_int_equal(V->info->evtchn_upcall_mask, 1);
}

static void an_event_masks_further_ones(void **state)
{
	(void)state;
	V->event_callback = (struct callback){ HANDLER, true, true };
	bounce_events(V, R);
	assert_int_equal(R->rip, HANDLER);
	assert_int_equal(V->info->evtchn_upcall_mask, 1);
	assert_int_equal(fake_word(R->rsp + 24) >> 32, 0);
}

static void a_system_call_without_callback_is_an_invalid_opcode(void **state)
{
	(void)state;
	set_handler(TRAP_UD, 0);
	in_user_mode();
	bounce_syscall(V, R);
	assert_int_equal(R->rip, HANDLER + TRAP_UD);
	assert_int_equal(fake_word(R->rsp + 16), 0x400000 - 2);
}

static void a_32_bit_system_call_has_its_own_callback_or_the_other(void **state)
{
	(void)state;
	V->syscall_callback.rip = HANDLER;
	in_user_mode();
	bounce_syscall32(V, R);
	assert_int_equal(R->rip, HANDLER);
	V->syscall32_callback.rip = HANDLER + 32;
	in_user_mode();
	bounce_syscall32(V, R);
	assert_int_equal(R->rip, HANDLER + 32);
}

/* ---- iret -------------------------------------------------------------------- */

static long iret(struct iret_context c)
{
	R->rsp = GUEST_BASE + 0x1000;
	memcpy(fake_memory + 0x1000, &c, sizeof(c));
	iret_any();
	return (long)R->rax;
}

static const struct iret_context to_user = { .rax = 5, .r11 = 6, .rcx = 7, .rip = 0x400000,
	.cs = GUEST_CS64, .rflags = FLAGS_IF, .rsp = 0x7000000, .ss = GUEST_DS };

static void iret_returns_to_user_mode(void **state)
{
	(void)state;
	V->info->evtchn_upcall_mask = 1;
	R->error_code = ENTRY_SYSRET | ENTRY_LIVE;
	assert_int_equal(iret(to_user), 5);
	assert_false(V->kernel_mode);
	assert_int_equal(R->rip, 0x400000);
	assert_int_equal(R->rsp, 0x7000000);
	assert_int_equal(R->r11, 6);
	assert_int_equal(R->rcx, 7);
	assert_int_equal(V->info->evtchn_upcall_mask, 0);
	assert_int_equal(R->error_code, ENTRY_LIVE);
}

static void iret_to_ring_0_stays_in_the_kernel(void **state)
{
	struct iret_context c = to_user;

	(void)state;
	c.cs = GUEST_CS64 & ~3;
	c.rflags = FLAGS_IOPL | FLAGS_VM;
	iret(c);
	assert_true(V->kernel_mode);
	assert_int_equal(R->cs, GUEST_CS64);
	assert_int_equal(R->rflags, FLAGS_IF | FLAGS_MBS);
	assert_int_equal(V->info->evtchn_upcall_mask, 1);
}

static void only_flat_segments_go_back_by_sysret(void **state)
{
	struct iret_context c = to_user;

	(void)state;
	c.flags = VGCF_in_syscall;
	R->error_code = ENTRY_SYSRET | ENTRY_LIVE;
	R->rcx = 99;
	iret(c);
	assert_true(R->error_code & ENTRY_SYSRET);
	assert_int_equal(R->rcx, 99);
	V->kernel_mode = true;
	c.cs = GUEST_CS32;
	iret(c);
	assert_false(R->error_code & ENTRY_SYSRET);
}

static void a_result_that_looks_like_a_restart_is_kept(void **state)
{
	struct iret_context c = to_user;

	(void)state;
	c.rax = (uint64_t)-XEN_ERESTART;
	assert_int_equal(iret(c), -XEN_ERESTART);
	assert_int_equal(R->rip, 0x400000);
}

static void iret_without_a_frame_or_table_kills(void **state)
{
	(void)state;
	R->rsp = 0x1000;
	iret_any();
	assert_int_equal(fake_crashes, 1);
	V->guest_table_user = mfn(0);
	iret(to_user);
	assert_int_equal(fake_crashes, 2);
	assert_true(V->kernel_mode);
}

static void nmis_come_one_at_a_time(void **state)
{
	struct iret_context c = to_user;

	(void)state;
	assert_int_equal(vcpu_set_nmi_callback(V, HANDLER), 0);
	vcpu_send_nmi(V);
	assert_true(host_cpu.work & CPU_WORK_BOUNCE);
	bounce_pending(V, R);
	assert_int_equal(R->rip, HANDLER);
	R->rip = 0x1234;
	vcpu_send_nmi(V);
	bounce_pending(V, R);
	assert_int_equal(R->rip, 0x1234);
	host_cpu.work = 0;
	iret(c);
	assert_true(host_cpu.work & CPU_WORK_BOUNCE);
	bounce_pending(V, R);
	assert_int_equal(R->rip, HANDLER);
}

/* ---- calls ------------------------------------------------------------------- */

static long set_traps(const struct trap_info *ti, unsigned n)
{
	memcpy(fake_memory, ti, n * sizeof(*ti));
	return do_set_trap_table(GUEST_BASE, 0, 0, 0, 0);
}

static void the_trap_table_is_set_entry_by_entry(void **state)
{
	const struct trap_info list[3] = { { 3, 3, 0xe030, 0x1000 }, { 0x80, 7, 0xe033, 0x2000 } };

	(void)state;
	assert_int_equal(set_traps(list, 3), 0);
	assert_int_equal(V->trap_table[3].address, 0x1000);
	assert_int_equal(V->trap_table[3].cs, 0xe033);
	assert_int_equal(V->trap_table[0x80].flags, 7);
	assert_int_equal(do_set_trap_table(0, 0, 0, 0, 0), 0);
	assert_int_equal(V->trap_table[3].address, 0);
}

static void a_handler_at_no_address_is_refused(void **state)
{
	const struct trap_info list[2] = { { 3, 0, 0xe033, 1UL << 50 } };

	(void)state;
	assert_int_equal(set_traps(list, 2), -XEN_EINVAL);
	assert_int_equal(V->trap_table[3].address, 0);
	assert_int_equal(do_set_trap_table(0x1000, 0, 0, 0, 0), -XEN_EFAULT);
}

static void a_list_without_end_is_taken_in_steps(void **state)
{
	struct trap_info list[64];

	(void)state;
	for (unsigned i = 0; i < 64; i++)
		list[i] = (struct trap_info){ (uint8_t)i, 0, 0xe033, 0x1000 };
	host_cpu.budget.left = 10;
	assert_int_equal(set_traps(list, 64), -XEN_ERESTART);
	assert_int_equal(fake_set_arg, GUEST_BASE + 10 * sizeof(list[0]));
	assert_int_equal(V->trap_table[9].address, 0x1000);
	assert_int_equal(V->trap_table[10].address, 0);
}

static void a_break_point_may_not_lie_in_the_hypervisor(void **state)
{
	(void)state;
	assert_int_equal(do_set_debugreg(0, HYPERVISOR_VIRT_START, 0, 0, 0), -XEN_EPERM);
	assert_int_equal(do_set_debugreg(0, 1UL << 60, 0, 0, 0), -XEN_EPERM);
	assert_int_equal(do_set_debugreg(8, 0, 0, 0, 0), -XEN_ENODEV);
	assert_int_equal(do_set_debugreg(7, 1UL << 32, 0, 0, 0), -XEN_EINVAL);
	assert_int_equal(do_get_debugreg(8, 0, 0, 0, 0), -XEN_ENODEV);
}

static void break_points_are_loaded_when_the_first_is_enabled(void **state)
{
	(void)state;
	assert_int_equal(do_set_debugreg(1, 0x5000, 0, 0, 0), 0);
	assert_int_equal(fake_debug_regs[1], 0);
	assert_int_equal(do_set_debugreg(7, 4, 0, 0, 0), 0);
	assert_int_equal(fake_debug_regs[1], 0x5000);
	assert_int_equal(fake_debug_regs[7], 0x404);
	debugreg_save(V);
	assert_int_equal(fake_debug_regs[7], 0x400);
	debugreg_load(V);
	assert_int_equal(fake_debug_regs[7], 0x404);
	assert_int_equal(do_get_debugreg(7, 0, 0, 0, 0), 0x404);
}

static void callbacks_are_registered_by_type(void **state)
{
	struct callback_register reg = { CALLBACKTYPE_syscall, CALLBACKF_mask_events, HANDLER };

	(void)state;
	memcpy(fake_memory, &reg, sizeof(reg));
	assert_int_equal(do_callback_op(CALLBACKOP_register, GUEST_BASE, 0, 0, 0), 0);
	assert_int_equal(V->syscall_callback.rip, HANDLER);
	assert_true(V->syscall_callback.mask_events);
	reg = (struct callback_register){ .type = 77 };
	memcpy(fake_memory, &reg, sizeof(reg));
	assert_int_equal(do_callback_op(CALLBACKOP_register, GUEST_BASE, 0, 0, 0), -XEN_ENOSYS);
	assert_int_equal(do_callback_op(9, GUEST_BASE, 0, 0, 0), -XEN_ENOSYS);
}

static void only_the_nmi_callback_can_be_taken_back(void **state)
{
	static const uint16_t types[] = { CALLBACKTYPE_event, CALLBACKTYPE_failsafe,
					  CALLBACKTYPE_syscall, CALLBACKTYPE_syscall32, 77 };
	struct callback_unregister unreg = { .type = CALLBACKTYPE_nmi };

	(void)state;
	vcpu_set_nmi_callback(V, HANDLER);
	memcpy(fake_memory, &unreg, sizeof(unreg));
	assert_int_equal(do_callback_op(CALLBACKOP_unregister, GUEST_BASE, 0, 0, 0), 0);
	assert_int_equal(V->nmi_callback, 0);
	for (unsigned i = 0; i < 5; i++) {
		unreg.type = types[i];
		memcpy(fake_memory, &unreg, sizeof(unreg));
		assert_int_equal(do_callback_op(CALLBACKOP_unregister, GUEST_BASE, 0, 0, 0),
				 types[i] == 77 ? -XEN_ENOSYS : -XEN_EINVAL);
	}
	assert_int_equal(do_callback_op(CALLBACKOP_unregister, 0, 0, 0, 0), -XEN_EFAULT);
	assert_int_equal(do_callback_op(CALLBACKOP_register, 0, 0, 0, 0), -XEN_EFAULT);
}

static void the_older_calls_set_callbacks_too(void **state)
{
	struct xennmi_callback nmi = { .handler_address = HANDLER + 3 };

	(void)state;
	assert_int_equal(do_set_callbacks(HANDLER, HANDLER + 1, HANDLER + 2, 0, 0), 0);
	assert_int_equal(V->event_callback.rip, HANDLER);
	assert_int_equal(V->failsafe_callback.rip, HANDLER + 1);
	assert_int_equal(V->syscall_callback.rip, HANDLER + 2);
	/* An address that cannot be jumped to leaves the one before. */
	do_set_callbacks(1UL << 63, HANDLER, HANDLER, 0, 0);
	assert_int_equal(V->event_callback.rip, HANDLER);
	memcpy(fake_memory, &nmi, sizeof(nmi));
	assert_int_equal(do_nmi_op(XENNMI_register_callback, GUEST_BASE, 0, 0, 0), 0);
	assert_int_equal(V->nmi_callback, HANDLER + 3);
	assert_int_equal(do_nmi_op(XENNMI_register_callback, 0, 0, 0, 0), -XEN_EFAULT);
	assert_int_equal(do_nmi_op(XENNMI_unregister_callback, 0, 0, 0, 0), 0);
	assert_int_equal(V->nmi_callback, 0);
	assert_int_equal(do_nmi_op(9, 0, 0, 0, 0), -XEN_ENOSYS);
}

static void a_segment_base_is_canonical(void **state)
{
	(void)state;
	assert_int_equal(do_set_segment_base(SEGBASE_FS, 0x1000, 0, 0, 0), 0);
	assert_int_equal(do_set_segment_base(SEGBASE_FS, 1UL << 62, 0, 0, 0), -XEN_EINVAL);
	assert_int_equal(do_set_segment_base(9, 0, 0, 0, 0), -XEN_EINVAL);
}

static void the_transfer_page_has_a_stub_for_each_hypercall(void **state)
{
	uint8_t *page = malloc(4096);

	(void)state;
	hypercall_page_init(&fake_domain, page);
	for (unsigned n = 0; n < 128; n++) {
		const uint8_t *at = page + 32 * n;
		unsigned number_at = n == __HYPERVISOR_iret ? 5 : 4;
		uint32_t number;

		memcpy(&number, at + number_at, 4);
		assert_int_equal(number, n);
		assert_int_equal(at[number_at - 1], 0xb8);
		assert_int_equal(at[number_at + 4] << 8 | at[number_at + 5], 0x0f05);
	}
	free(page);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, fake_start)
	const struct CMUnitTest tests[] = {
		T(a_trap_of_the_kernel_goes_on_its_own_stack),
		T(a_trap_of_user_mode_goes_on_the_kernels_stack),
		T(some_vectors_have_an_error_code),
		T(an_interrupt_by_instruction_has_none),
		T(a_page_fault_tells_its_address_and_mode),
		T(the_frame_shows_the_event_mask_as_interrupt_flag),
		T(a_gate_can_mask_events),
		T(the_io_privilege_is_shown_to_those_who_asked),
		T(without_a_handler_the_guest_dies),
		T(without_a_stack_the_guest_dies),
		T(a_failsafe_callback_at_no_address_kills_instead_of_looping),
		T(the_failsafe_frame_has_the_selectors),
		T(an_event_masks_further_ones),
		T(a_system_call_without_callback_is_an_invalid_opcode),
		T(a_32_bit_system_call_has_its_own_callback_or_the_other),
		T(iret_returns_to_user_mode),
		T(iret_to_ring_0_stays_in_the_kernel),
		T(only_flat_segments_go_back_by_sysret),
		T(a_result_that_looks_like_a_restart_is_kept),
		T(iret_without_a_frame_or_table_kills),
		T(nmis_come_one_at_a_time),
		T(the_trap_table_is_set_entry_by_entry),
		T(a_handler_at_no_address_is_refused),
		T(a_list_without_end_is_taken_in_steps),
		T(a_break_point_may_not_lie_in_the_hypervisor),
		T(break_points_are_loaded_when_the_first_is_enabled),
		T(callbacks_are_registered_by_type),
		T(only_the_nmi_callback_can_be_taken_back),
		T(the_older_calls_set_callbacks_too),
		T(a_segment_base_is_canonical),
		T(the_transfer_page_has_a_stub_for_each_hypercall),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
