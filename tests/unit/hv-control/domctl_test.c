// SPDX-License-Identifier: MIT
/* domctl: what each operation refuses, and what it answers. */
#include "fakes/guestmem.h"
#include "world.h"

#include <hv/domstate.h>

#include <xen/sched.h>

static struct xen_domctl op;

static int start(void **state)
{
	memset(&op, 0, sizeof(op));
	return world_start(state);
}

/* ---- what is common ------------------------------------------------------------------- */

static void a_bad_pointer_faults(void **state)
{
	(void)state;
	assert_int_equal(do_domctl(0, 0, 0, 0, 0), -XEN_EFAULT);
}

static void another_interface_version_is_refused(void **state)
{
	(void)state;
	op.cmd = XEN_DOMCTL_pausedomain;
	op.domain = 1;
	op.interface_version = XEN_DOMCTL_INTERFACE_VERSION - 1;
	assert_int_equal(do_domctl((uintptr_t)&op, 0, 0, 0, 0), -XEN_EACCES);
}

static void only_the_control_domain_may(void **state)
{
	(void)state;
	world_caller(1);
	for (uint32_t cmd = 0; cmd < 100; cmd++)
		if (cmd != DOMCTL_get_domain_state)
			assert_int_equal(domctl(&op, cmd, 2), -XEN_EPERM);
	assert_int_equal(domctl(&op, XEN_DOMCTL_createdomain, 0), -XEN_EPERM);
}

static void a_domain_that_is_not_there_is_no_such(void **state)
{
	(void)state;
	assert_int_equal(domctl(&op, XEN_DOMCTL_pausedomain, 9), -XEN_ESRCH);
	assert_int_equal(domctl(&op, XEN_DOMCTL_pausedomain, DOMID_SELF), -XEN_ESRCH);
}

static void unknown_operations_are_not_there(void **state)
{
	(void)state;
	assert_int_equal(domctl(&op, 0, 1), -XEN_ENOSYS);
	assert_int_equal(domctl(&op, 6, 1), -XEN_ENOSYS);
	assert_int_equal(domctl(&op, 1003, 1), -XEN_ENOSYS);
	assert_int_equal(domctl(&op, UINT32_MAX, 1), -XEN_ENOSYS);
}

static void what_needs_a_device_is_not_supported(void **state)
{
	(void)state;
	assert_int_equal(domctl(&op, XEN_DOMCTL_assign_device, 1), -XEN_EOPNOTSUPP);
	assert_int_equal(domctl(&op, XEN_DOMCTL_psr_alloc, 1), -XEN_ENODEV);
	assert_int_equal(domctl(&op, XEN_DOMCTL_gethvmcontext, 1), -XEN_EINVAL);
}

/* docs/differences.md: sharing, paging, watching of memory; devices; soft reset. */
static void what_other_guests_have_is_refused_as_documented(void **state)
{
	static const struct { uint32_t cmd; long rc; } rows[] = {
		{ XEN_DOMCTL_vm_event_op, -XEN_ENOSYS }, { XEN_DOMCTL_mem_sharing_op, -XEN_ENOSYS },
		{ XEN_DOMCTL_monitor_op, -XEN_EOPNOTSUPP }, { XEN_DOMCTL_set_access_required, -XEN_EOPNOTSUPP },
		{ XEN_DOMCTL_set_broken_page_p2m, -XEN_EINVAL }, { XEN_DOMCTL_soft_reset, -XEN_EINVAL },
		{ XEN_DOMCTL_setvnumainfo, -XEN_EINVAL }, { XEN_DOMCTL_memory_mapping, -XEN_EINVAL },
		{ XEN_DOMCTL_ioport_mapping, -XEN_EOPNOTSUPP }, { XEN_DOMCTL_bind_pt_irq, -XEN_EINVAL },
		{ XEN_DOMCTL_get_device_group, -XEN_EOPNOTSUPP }, { XEN_DOMCTL_debug_op, -XEN_EINVAL },
		{ XEN_DOMCTL_set_target, -XEN_EOPNOTSUPP }, { XEN_DOMCTL_vmtrace_op, -XEN_EINVAL },
		{ XEN_DOMCTL_set_paging_mempool_size, -XEN_EOPNOTSUPP },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(domctl(&op, rows[i].cmd, 1), rows[i].rc);
}

/* ---- life ----------------------------------------------------------------------------- */

static void good_config(void)
{
	memset(&op, 0, sizeof(op));
	op.u.createdomain.max_vcpus = 2;
	op.u.createdomain.grant_opts = XEN_DOMCTL_GRANT_version(1);
	op.u.createdomain.max_grant_frames = -1;
	op.u.createdomain.max_maptrack_frames = -1;
}

static void create_gives_a_free_id_and_defaults(void **state)
{
	(void)state;
	good_config();
	assert_int_equal(domctl(&op, XEN_DOMCTL_createdomain, 0), 0);
	assert_true(op.domain >= DOMAINS);
	assert_int_equal(world_config.max_grant_frames, 64);
	assert_int_equal(world_config.max_maptrack_frames, 1024);
}

static void create_does_not_give_the_same_id_soon_again(void **state)
{
	domid_t first;

	(void)state;
	good_config();
	assert_int_equal(domctl(&op, XEN_DOMCTL_createdomain, 0), 0);
	first = op.domain;
	good_config();
	assert_int_equal(domctl(&op, XEN_DOMCTL_createdomain, 0), 0);
	assert_int_not_equal(op.domain, first);
}

static void create_refuses_an_id_in_use(void **state)
{
	(void)state;
	good_config();
	assert_int_equal(domctl(&op, XEN_DOMCTL_createdomain, 2), -XEN_EEXIST);
	good_config();
	assert_int_equal(domctl(&op, XEN_DOMCTL_createdomain, 77), 0);
	assert_int_equal(op.domain, 77);
}

static void create_refuses_what_a_pv_domain_cannot_be(void **state)
{
	(void)state;
	good_config();
	op.u.createdomain.flags = XEN_DOMCTL_CDF_hvm;
	assert_int_equal(domctl(&op, XEN_DOMCTL_createdomain, 0), -XEN_EINVAL);
	good_config();
	op.u.createdomain.max_vcpus = 0;
	assert_int_equal(domctl(&op, XEN_DOMCTL_createdomain, 0), -XEN_EINVAL);
	good_config();
	op.u.createdomain.max_vcpus = MAX_VCPUS + 1;
	assert_int_equal(domctl(&op, XEN_DOMCTL_createdomain, 0), -XEN_EINVAL);
	good_config();
	op.u.createdomain.arch.emulation_flags = XEN_X86_EMU_LAPIC;
	assert_int_equal(domctl(&op, XEN_DOMCTL_createdomain, 0), -XEN_EOPNOTSUPP);
	good_config();
	op.u.createdomain.grant_opts = XEN_DOMCTL_GRANT_version(2);
	assert_int_equal(domctl(&op, XEN_DOMCTL_createdomain, 0), -XEN_EINVAL);
	good_config();
	op.u.createdomain.cpupool_id = 1;
	assert_int_equal(domctl(&op, XEN_DOMCTL_createdomain, 0), -XEN_ESRCH);
	assert_int_equal(world_created, 0);
}

static void create_without_memory_says_so(void **state)
{
	(void)state;
	good_config();
	world_no_memory = true;
	assert_int_equal(domctl(&op, XEN_DOMCTL_createdomain, 0), -XEN_ENOMEM);
}

static void pauses_count_and_end(void **state)
{
	(void)state;
	assert_int_equal(domctl(&op, XEN_DOMCTL_unpausedomain, 1), -XEN_EINVAL);
	assert_int_equal(domctl(&op, XEN_DOMCTL_pausedomain, 1), 0);
	assert_int_equal(domctl(&op, XEN_DOMCTL_pausedomain, 1), 0);
	assert_int_equal(domctl(&op, XEN_DOMCTL_unpausedomain, 1), 0);
	assert_int_equal(machine_domain[1].pause_count, 1);
	assert_int_equal(domctl(&op, XEN_DOMCTL_unpausedomain, 1), 0);
	assert_int_equal(machine_domain[1].pause_count, 0);
}

static void dom0_cannot_pause_resume_or_destroy_itself(void **state)
{
	(void)state;
	assert_int_equal(domctl(&op, XEN_DOMCTL_pausedomain, 0), -XEN_EINVAL);
	assert_int_equal(domctl(&op, XEN_DOMCTL_resumedomain, 0), -XEN_EINVAL);
	assert_int_equal(domctl(&op, XEN_DOMCTL_destroydomain, 0), -XEN_EINVAL);
	assert_int_equal(world_kills, 0);
}

static void a_dying_domain_is_given_nothing_more(void **state)
{
	static uint64_t buffer[128];

	(void)state;
	machine_domain[1].life.state = LIFE_DYING;
	op.u.max_vcpus.max = VCPUS;
	assert_int_equal(domctl(&op, XEN_DOMCTL_max_vcpus, 1), -XEN_EINVAL);
	memset(&op, 0, sizeof(op));
	set_xen_guest_handle(op.u.vcpucontext.ctxt, (vcpu_guest_context_t *)buffer);
	assert_int_equal(domctl(&op, XEN_DOMCTL_setvcpucontext, 1), -XEN_EINVAL);
	assert_int_equal(domctl(&op, XEN_DOMCTL_getvcpucontext, 1), -XEN_ENODATA);
	memset(&op, 0, sizeof(op));
	op.u.vcpuextstate.size = 16;
	set_xen_guest_handle(op.u.vcpuextstate.buffer, buffer);
	assert_int_equal(domctl(&op, XEN_DOMCTL_setvcpuextstate, 1), -XEN_EINVAL);
	assert_int_equal(domctl(&op, XEN_DOMCTL_set_virq_handler, 1), -XEN_EINVAL);
}

static void destroy_goes_on_when_it_was_preempted(void **state)
{
	(void)state;
	world_kill_again = 2;
	assert_int_equal(domctl(&op, XEN_DOMCTL_destroydomain, 1), -XEN_ERESTART);
	assert_int_equal(domctl(&op, XEN_DOMCTL_destroydomain, 1), -XEN_ERESTART);
	assert_int_equal(domctl(&op, XEN_DOMCTL_destroydomain, 1), 0);
	assert_int_equal(world_kills, 1);
}

/* ---- information ---------------------------------------------------------------------- */

static void getdomaininfo_tells_all_of_it(void **state)
{
	const struct xen_domctl_getdomaininfo *i = &op.u.getdomaininfo;
	struct domain *d = &machine_domain[1];

	(void)state;
	d->mm.tot_pages = 123;
	d->mm.max_pages = 456;
	d->mm.claimed = 7;
	memset(d->handle, 0x77, sizeof(d->handle));
	assert_int_equal(domctl(&op, XEN_DOMCTL_getdomaininfo, 1), 0);
	assert_int_equal(i->domain, 1);
	assert_int_equal(i->tot_pages, 123);
	assert_int_equal(i->max_pages, 456);
	assert_int_equal(i->outstanding_pages, 7);
	assert_int_equal(i->handle[15], 0x77);
	assert_int_equal(i->max_vcpu_id, VCPUS - 1);
	assert_int_equal(i->nr_online_vcpus, 0);
	assert_int_equal(i->gpaddr_bits, 40);
	assert_int_equal(i->flags & 0xffff, 0);
}

static void getdomaininfo_finds_the_next_domain(void **state)
{
	(void)state;
	machine_domain[DOMAINS - 1].id = DOMAINS + 4;
	assert_int_equal(domctl(&op, XEN_DOMCTL_getdomaininfo, DOMAINS), 0);
	assert_int_equal(op.domain, DOMAINS + 4);
	assert_int_equal(domctl(&op, XEN_DOMCTL_getdomaininfo, DOMAINS + 5), -XEN_ESRCH);
	assert_int_equal(domctl(&op, XEN_DOMCTL_getdomaininfo, DOMID_SELF), -XEN_EINVAL);
}

static uint32_t flags_of(domid_t dom)
{
	assert_int_equal(domctl(&op, XEN_DOMCTL_getdomaininfo, dom), 0);
	return op.u.getdomaininfo.flags;
}

static void flags_say_running_blocked_paused_and_shut_down(void **state)
{
	struct domain *d = &machine_domain[1];
	struct vcpu *v = &machine_vcpu[1][0];

	(void)state;
	assert_int_equal(flags_of(0) & 0xffff, XEN_DOMINF_running);
	machine_up(v);
	assert_int_equal(flags_of(1) & 0xffff, 0);
	v->pause_flags |= VPF_BLOCKED;
	assert_int_equal(flags_of(1) & 0xffff, XEN_DOMINF_blocked);
	d->life.holds = 1;
	assert_int_equal(flags_of(1) & 0xffff, XEN_DOMINF_blocked | XEN_DOMINF_paused);
	d->life = (struct life){ .state = LIFE_SHUT, .code = SHUTDOWN_crash };
	assert_int_equal(flags_of(1), XEN_DOMINF_blocked | XEN_DOMINF_shutdown |
			 SHUTDOWN_crash << XEN_DOMINF_shutdownshift);
	d->life.state = LIFE_DEAD;
	assert_true(flags_of(1) & XEN_DOMINF_dying);
}

static void cpu_time_is_that_of_all_vcpus(void **state)
{
	(void)state;
	machine_run(30 * MS);
	assert_int_equal(domctl(&op, XEN_DOMCTL_getdomaininfo, 0), 0);
	assert_true(op.u.getdomaininfo.cpu_time == 30 * MS);
}

static void max_mem_is_in_kib_and_bounded(void **state)
{
	(void)state;
	op.u.max_mem.max_memkb = 4096;
	assert_int_equal(domctl(&op, XEN_DOMCTL_max_mem, 1), 0);
	assert_int_equal(machine_domain[1].mm.max_pages, 1024);
	op.u.max_mem.max_memkb = UINT64_MAX;
	assert_int_equal(domctl(&op, XEN_DOMCTL_max_mem, 1), 0);
	assert_int_equal(machine_domain[1].mm.max_pages, UINT32_MAX);
}

/* ---- vCPUs ---------------------------------------------------------------------------- */

static void max_vcpus_must_be_what_it_was_created_with(void **state)
{
	(void)state;
	op.u.max_vcpus.max = VCPUS + 1;
	assert_int_equal(domctl(&op, XEN_DOMCTL_max_vcpus, 1), -XEN_EINVAL);
	op.u.max_vcpus.max = VCPUS;
	assert_int_equal(domctl(&op, XEN_DOMCTL_max_vcpus, 1), 0);
	assert_int_equal(domctl(&op, XEN_DOMCTL_max_vcpus, 0), -XEN_EINVAL);
	world_no_memory = true;
	assert_int_equal(domctl(&op, XEN_DOMCTL_max_vcpus, 1), -XEN_ENOMEM);
}

static struct vcpu_guest_context context;

static void setvcpucontext_refuses_itself_and_no_such_vcpu(void **state)
{
	(void)state;
	set_xen_guest_handle(op.u.vcpucontext.ctxt, &context);
	assert_int_equal(domctl(&op, XEN_DOMCTL_setvcpucontext, 0), -XEN_EINVAL);
	op.u.vcpucontext.vcpu = VCPUS;
	assert_int_equal(domctl(&op, XEN_DOMCTL_setvcpucontext, 1), -XEN_EINVAL);
	op.u.vcpucontext.vcpu = UINT32_MAX;
	assert_int_equal(domctl(&op, XEN_DOMCTL_setvcpucontext, 1), -XEN_EINVAL);
	assert_int_equal(world_contexts, 0);
}

static void setvcpucontext_passes_on_what_comes_of_it(void **state)
{
	(void)state;
	set_xen_guest_handle(op.u.vcpucontext.ctxt, &context);
	assert_int_equal(domctl(&op, XEN_DOMCTL_setvcpucontext, 1), 0);
	world_context_result = -XEN_ERESTART;
	assert_int_equal(domctl(&op, XEN_DOMCTL_setvcpucontext, 1), -XEN_ERESTART);
	assert_int_equal(machine_domain[1].pause_count, 0);
	set_xen_guest_handle(op.u.vcpucontext.ctxt, (void *)BAD_POINTER);
	assert_int_equal(domctl(&op, XEN_DOMCTL_setvcpucontext, 1), -XEN_EFAULT);
	assert_int_equal(world_contexts, 2);
}

static void getvcpucontext_needs_one_that_was_set(void **state)
{
	(void)state;
	set_xen_guest_handle(op.u.vcpucontext.ctxt, &context);
	machine_vcpu[1][0].initialised = false;
	assert_int_equal(domctl(&op, XEN_DOMCTL_getvcpucontext, 1), -XEN_ENODATA);
	machine_vcpu[1][0].initialised = true;
	assert_int_equal(domctl(&op, XEN_DOMCTL_getvcpucontext, 1), 0);
	assert_true(context.flags == 0x5a5a5a5a5a5a5a5aUL);
	assert_int_equal(domctl(&op, XEN_DOMCTL_getvcpucontext, 0), -XEN_EINVAL);
}

static void getvcpuinfo_tells_where_it_stands(void **state)
{
	(void)state;
	machine_run(5 * MS);
	assert_int_equal(domctl(&op, XEN_DOMCTL_getvcpuinfo, 0), 0);
	assert_int_equal(op.u.getvcpuinfo.online, 1);
	assert_int_equal(op.u.getvcpuinfo.running, 1);
	assert_int_equal(op.u.getvcpuinfo.blocked, 0);
	assert_true(op.u.getvcpuinfo.cpu_time == 5 * MS);
	op.u.getvcpuinfo.vcpu = VCPUS;
	assert_int_equal(domctl(&op, XEN_DOMCTL_getvcpuinfo, 0), -XEN_EINVAL);
	machine_domain[1].vcpu[1] = NULL;
	op.u.getvcpuinfo.vcpu = 1;
	assert_int_equal(domctl(&op, XEN_DOMCTL_getvcpuinfo, 1), -XEN_ESRCH);
	machine_domain[1].vcpu[1] = &machine_vcpu[1][1];
}

static void nmis_can_be_sent_and_buttons_are_not_there(void **state)
{
	(void)state;
	op.u.sendtrigger.trigger = XEN_DOMCTL_SENDTRIGGER_NMI;
	assert_int_equal(domctl(&op, XEN_DOMCTL_sendtrigger, 1), 0);
	assert_int_equal(world_nmis, 1);
	op.u.sendtrigger.trigger = XEN_DOMCTL_SENDTRIGGER_POWER;
	assert_int_equal(domctl(&op, XEN_DOMCTL_sendtrigger, 1), -XEN_EINVAL);
	op.u.sendtrigger.trigger = XEN_DOMCTL_SENDTRIGGER_RESET;
	assert_int_equal(domctl(&op, XEN_DOMCTL_sendtrigger, 1), -XEN_ENOSYS);
	op.u.sendtrigger.vcpu = 99;
	assert_int_equal(domctl(&op, XEN_DOMCTL_sendtrigger, 1), -XEN_ESRCH);
}

static void extended_state_has_a_size_then_a_content(void **state)
{
	static uint8_t buffer[16 + 832];

	(void)state;
	machine_vcpu[1][0].xcr0 = 7;
	assert_int_equal(domctl(&op, XEN_DOMCTL_getvcpuextstate, 1), 0);
	assert_int_equal(op.u.vcpuextstate.size, sizeof(buffer));
	assert_int_equal(op.u.vcpuextstate.xfeature_mask, 7);
	set_xen_guest_handle(op.u.vcpuextstate.buffer, (uint64_t *)buffer);
	assert_int_equal(domctl(&op, XEN_DOMCTL_getvcpuextstate, 1), 0);
	assert_int_equal(buffer[0], 7);
	assert_int_equal(buffer[16], 0x11);
	assert_int_equal(domctl(&op, XEN_DOMCTL_setvcpuextstate, 1), 0);
	op.u.vcpuextstate.size--;
	assert_int_equal(domctl(&op, XEN_DOMCTL_getvcpuextstate, 1), -XEN_EINVAL);
	/* The header alone says that nothing was ever used; what is neither that nor an area is refused. */
	op.u.vcpuextstate.size = 16;
	assert_int_equal(domctl(&op, XEN_DOMCTL_setvcpuextstate, 1), 0);
	op.u.vcpuextstate.size = 17;
	assert_int_equal(domctl(&op, XEN_DOMCTL_setvcpuextstate, 1), -XEN_EINVAL);
	guestmem_bad = (uint64_t)buffer;
	assert_int_equal(domctl(&op, XEN_DOMCTL_setvcpuextstate, 1), -XEN_EFAULT);
	guestmem_bad = 0;
	op.u.vcpuextstate.size = 15;
	assert_int_equal(domctl(&op, XEN_DOMCTL_setvcpuextstate, 1), -XEN_EINVAL);
	op.u.vcpuextstate.size = 1 << 20;
	assert_int_equal(domctl(&op, XEN_DOMCTL_setvcpuextstate, 1), -XEN_EINVAL);
	op.u.vcpuextstate.vcpu = 9;
	assert_int_equal(domctl(&op, XEN_DOMCTL_setvcpuextstate, 1), -XEN_ESRCH);
}

static void entry_points_of_32_bit_calls_are_kept(void **state)
{
	struct xen_domctl_ext_vcpucontext *e = &op.u.ext_vcpucontext;

	(void)state;
	e->size = sizeof(*e);
	e->syscall32_callback_eip = 0x1234;
	e->syscall32_disables_events = 1;
	assert_int_equal(domctl(&op, XEN_DOMCTL_set_ext_vcpucontext, 1), 0);
	memset(&op, 0, sizeof(op));
	assert_int_equal(domctl(&op, XEN_DOMCTL_get_ext_vcpucontext, 1), 0);
	assert_int_equal(e->syscall32_callback_eip, 0x1234);
	assert_int_equal(e->syscall32_disables_events, 1);
	e->sysenter_callback_eip = 1UL << 60;
	assert_int_equal(domctl(&op, XEN_DOMCTL_set_ext_vcpucontext, 1), -XEN_EINVAL);
	e->size = 8;
	assert_int_equal(domctl(&op, XEN_DOMCTL_set_ext_vcpucontext, 1), -XEN_EINVAL);
}

static void there_are_no_msrs(void **state)
{
	(void)state;
	op.u.vcpu_msrs.msr_count = 5;
	assert_int_equal(domctl(&op, XEN_DOMCTL_set_vcpu_msrs, 1), -XEN_EINVAL);
	assert_int_equal(domctl(&op, XEN_DOMCTL_get_vcpu_msrs, 1), 0);
	assert_int_equal(op.u.vcpu_msrs.msr_count, 0);
	assert_int_equal(domctl(&op, XEN_DOMCTL_set_vcpu_msrs, 1), 0);
}

/* ---- machine -------------------------------------------------------------------------- */

static void page_types_are_told_for_own_frames_only(void **state)
{
	xen_pfn_t pfn[2] = { 7, 8 };

	(void)state;
	world_frame.type_info = (uint64_t)FRAME_L4 << FT_SHIFT | FT_PINNED;
	op.u.getpageframeinfo3.num = 2;
	set_xen_guest_handle(op.u.getpageframeinfo3.array, pfn);
	assert_int_equal(domctl(&op, XEN_DOMCTL_getpageframeinfo3, 1), 0);
	assert_int_equal(pfn[0], XEN_DOMCTL_PFINFO_L4TAB | XEN_DOMCTL_PFINFO_LPINTAB);
	assert_int_equal(pfn[1], XEN_DOMCTL_PFINFO_XTAB);
	op.u.getpageframeinfo3.num = 1025;
	assert_int_equal(domctl(&op, XEN_DOMCTL_getpageframeinfo3, 1), -XEN_E2BIG);
	op.u.getpageframeinfo3.num = UINT64_MAX;
	assert_int_equal(domctl(&op, XEN_DOMCTL_getpageframeinfo3, 1), -XEN_E2BIG);
}

static void the_transfer_page_must_be_the_domains(void **state)
{
	(void)state;
	op.u.hypercall_init.gmfn = 7;
	assert_int_equal(domctl(&op, XEN_DOMCTL_hypercall_init, 1), 0);
	assert_int_equal(*(uint8_t *)frame_ptr(mfn(7)), 0xcc);
	assert_int_equal(domctl(&op, XEN_DOMCTL_hypercall_init, 2), -XEN_EINVAL);
}

static void guests_have_64_bits(void **state)
{
	(void)state;
	op.u.address_size.size = 64;
	assert_int_equal(domctl(&op, XEN_DOMCTL_set_address_size, 1), 0);
	op.u.address_size.size = 32;
	assert_int_equal(domctl(&op, XEN_DOMCTL_set_address_size, 1), -XEN_EOPNOTSUPP);
	op.u.address_size.size = 16;
	assert_int_equal(domctl(&op, XEN_DOMCTL_set_address_size, 1), -XEN_EINVAL);
	assert_int_equal(domctl(&op, XEN_DOMCTL_get_address_size, 1), 0);
	assert_int_equal(op.u.address_size.size, 64);
}

static void rights_to_devices_can_be_denied_but_not_given(void **state)
{
	(void)state;
	op.u.ioport_permission.first_port = 0x3f8;
	op.u.ioport_permission.nr_ports = 8;
	assert_int_equal(domctl(&op, XEN_DOMCTL_ioport_permission, 1), 0);
	op.u.ioport_permission.allow_access = 1;
	assert_int_equal(domctl(&op, XEN_DOMCTL_ioport_permission, 1), -XEN_EOPNOTSUPP);
	op.u.ioport_permission.nr_ports = 0x10000;
	assert_int_equal(domctl(&op, XEN_DOMCTL_ioport_permission, 1), -XEN_EINVAL);
	memset(&op, 0, sizeof(op));
	op.u.iomem_permission.first_mfn = UINT64_MAX;
	op.u.iomem_permission.nr_mfns = 2;
	assert_int_equal(domctl(&op, XEN_DOMCTL_iomem_permission, 1), -XEN_EINVAL);
}

static void weight_and_cap_are_those_of_credit2(void **state)
{
	struct xen_domctl_scheduler_op *s = &op.u.scheduler_op;

	(void)state;
	s->sched_id = XEN_SCHEDULER_CREDIT2;
	s->cmd = XEN_DOMCTL_SCHEDOP_getinfo;
	assert_int_equal(domctl(&op, XEN_DOMCTL_scheduler_op, 1), 0);
	assert_int_equal(s->u.credit2.weight, 256);
	assert_int_equal(s->u.credit2.cap, 0);
	s->cmd = XEN_DOMCTL_SCHEDOP_putinfo;
	s->u.credit2.weight = 512;
	s->u.credit2.cap = 50;
	assert_int_equal(domctl(&op, XEN_DOMCTL_scheduler_op, 1), 0);
	s->u.credit2.weight = 0;	/* unchanged */
	assert_int_equal(domctl(&op, XEN_DOMCTL_scheduler_op, 1), 0);
	s->u.credit2.cap = 100 * VCPUS + 1;
	assert_int_equal(domctl(&op, XEN_DOMCTL_scheduler_op, 1), -XEN_EINVAL);
	assert_int_equal(sched_weight(&machine_domain[1]), 512);
	assert_int_equal(sched_cap(&machine_domain[1]), 50);
	assert_int_equal(machine_vcpu[1][1].sched.entity.weight, 512);
	s->cmd = XEN_DOMCTL_SCHEDOP_getvcpuinfo;
	assert_int_equal(domctl(&op, XEN_DOMCTL_scheduler_op, 1), -XEN_EINVAL);
	s->sched_id = XEN_SCHEDULER_CREDIT;
	assert_int_equal(domctl(&op, XEN_DOMCTL_scheduler_op, 1), -XEN_EINVAL);
}

static void the_tsc_is_native_or_refused(void **state)
{
	struct xen_domctl_tsc_info *t = &op.u.tsc_info;

	(void)state;
	t->incarnation = 3;
	assert_int_equal(domctl(&op, XEN_DOMCTL_settscinfo, 1), 0);
	assert_int_equal(domctl(&op, XEN_DOMCTL_gettscinfo, 1), 0);
	assert_int_equal(t->gtsc_khz, 2000000);
	assert_int_equal(t->elapsed_nsec, 5000);
	assert_int_equal(t->incarnation, 4);
	t->gtsc_khz = 1000000;
	assert_int_equal(domctl(&op, XEN_DOMCTL_settscinfo, 1), -XEN_EOPNOTSUPP);
	t->tsc_mode = 1;
	assert_int_equal(domctl(&op, XEN_DOMCTL_settscinfo, 1), -XEN_EOPNOTSUPP);
	t->tsc_mode = 3;
	assert_int_equal(domctl(&op, XEN_DOMCTL_settscinfo, 1), -XEN_EINVAL);
	t->tsc_mode = 2;
	assert_int_equal(domctl(&op, XEN_DOMCTL_settscinfo, 1), 0);
	assert_int_equal(domctl(&op, XEN_DOMCTL_settscinfo, 0), -XEN_EINVAL);
}

static void a_policy_is_read_in_full_or_not_at_all(void **state)
{
	static struct xen_cpuid_leaf leaf[128];
	static struct xen_msr_entry msr[4];

	(void)state;
	assert_int_equal(domctl(&op, XEN_DOMCTL_get_cpu_policy, 1), 0);
	assert_true(op.u.cpu_policy.nr_leaves >= 2);
	op.u.cpu_policy.nr_leaves = 1;
	set_xen_guest_handle(op.u.cpu_policy.leaves, leaf);
	set_xen_guest_handle(op.u.cpu_policy.msrs, msr);
	assert_int_equal(domctl(&op, XEN_DOMCTL_get_cpu_policy, 1), -XEN_ENOBUFS);
	op.u.cpu_policy.nr_leaves = 128;
	op.u.cpu_policy.nr_msrs = 4;
	assert_int_equal(domctl(&op, XEN_DOMCTL_get_cpu_policy, 1), 0);
	assert_int_equal(op.u.cpu_policy.nr_leaves, 2);
	assert_int_equal(op.u.cpu_policy.nr_msrs, 1);
}

static void a_policy_is_set_only_before_the_domain_starts(void **state)
{
	static struct xen_cpuid_leaf leaf = { .leaf = 1 };

	(void)state;
	set_xen_guest_handle(op.u.cpu_policy.leaves, &leaf);
	op.u.cpu_policy.nr_leaves = 1;
	machine_domain[1].life.started = true;
	assert_int_equal(domctl(&op, XEN_DOMCTL_set_cpu_policy, 1), -XEN_EEXIST);
	machine_domain[1].life.started = false;
	assert_int_equal(domctl(&op, XEN_DOMCTL_set_cpu_policy, 1), 0);
	leaf.leaf = 99;
	assert_int_equal(domctl(&op, XEN_DOMCTL_set_cpu_policy, 1), -XEN_ERANGE);
	assert_int_equal(op.u.cpu_policy.err_leaf, 99);
	op.u.cpu_policy.nr_leaves = 1000;
	assert_int_equal(domctl(&op, XEN_DOMCTL_set_cpu_policy, 1), -XEN_E2BIG);
}

static long shadow_op(uint32_t what, domid_t domain)
{
	op.u.shadow_op.op = what;
	return domctl(&op, XEN_DOMCTL_shadow_op, domain);
}

static void shadow_tables_are_refused(void **state)
{
	(void)state;
	assert_int_equal(shadow_op(XEN_DOMCTL_SHADOW_OP_OFF, 1), 0);
	assert_int_equal(shadow_op(XEN_DOMCTL_SHADOW_OP_ENABLE, 1), -XEN_EINVAL);
	assert_int_equal(shadow_op(XEN_DOMCTL_SHADOW_OP_ENABLE_TEST, 1), -XEN_EINVAL);
	assert_int_equal(shadow_op(77, 1), -XEN_EINVAL);
	assert_int_equal(shadow_op(XEN_DOMCTL_SHADOW_OP_OFF, 0), -XEN_EINVAL);
	assert_int_equal(shadow_op(XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY, 0), -XEN_EINVAL);
}

static void a_dirty_log_names_every_page_as_long_as_it_is_on(void **state)
{
	static uint8_t bits[40];

	(void)state;
	set_xen_guest_handle(op.u.shadow_op.dirty_bitmap, bits);
	op.u.shadow_op.pages = 38 * 8 + 1;
	memset(bits, 0xaa, sizeof(bits));
	assert_int_equal(shadow_op(XEN_DOMCTL_SHADOW_OP_CLEAN, 1), 0);
	assert_int_equal(op.u.shadow_op.stats.dirty_count, 0);
	assert_int_equal(bits[0] | bits[38], 0);
	assert_int_equal(bits[39], 0xaa);
	assert_int_equal(shadow_op(XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY, 1), 0);
	assert_int_equal(shadow_op(XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY, 1), -XEN_EINVAL);
	op.u.shadow_op.mode = XEN_DOMCTL_SHADOW_LOGDIRTY_FINAL;
	assert_int_equal(shadow_op(XEN_DOMCTL_SHADOW_OP_PEEK, 1), 0);
	assert_int_equal(bits[0] & bits[38], 0xff);
	assert_int_equal(bits[39], 0xaa);
	assert_int_equal(op.u.shadow_op.pages, 38 * 8 + 1);
	assert_int_equal(op.u.shadow_op.stats.dirty_count, machine_domain[1].mm.tot_pages);
	assert_int_equal(shadow_op(XEN_DOMCTL_SHADOW_OP_OFF, 1), 0);
	assert_int_equal(shadow_op(XEN_DOMCTL_SHADOW_OP_PEEK, 1), 0);
	assert_int_equal(bits[0] | bits[38], 0);
}

static void what_a_dirty_log_cannot_be_asked_is_refused(void **state)
{
	(void)state;
	assert_int_equal(shadow_op(XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY, 1), 0);
	op.u.shadow_op.mode = 2;
	assert_int_equal(shadow_op(XEN_DOMCTL_SHADOW_OP_CLEAN, 1), -XEN_EINVAL);
	op.u.shadow_op.mode = 0;
	op.u.shadow_op.pages = (1UL << 24) + 1;
	assert_int_equal(shadow_op(XEN_DOMCTL_SHADOW_OP_CLEAN, 1), -XEN_E2BIG);
	op.u.shadow_op.pages = 8;
	set_xen_guest_handle(op.u.shadow_op.dirty_bitmap, (void *)BAD_POINTER);
	assert_int_equal(shadow_op(XEN_DOMCTL_SHADOW_OP_CLEAN, 1), -XEN_EFAULT);
	set_xen_guest_handle(op.u.shadow_op.dirty_bitmap, NULL);
	assert_int_equal(shadow_op(XEN_DOMCTL_SHADOW_OP_CLEAN, 1), 0);
}

static void marks_are_kept(void **state)
{
	(void)state;
	memset(op.u.setdomainhandle.handle, 9, 16);
	assert_int_equal(domctl(&op, XEN_DOMCTL_setdomainhandle, 1), 0);
	assert_int_equal(machine_domain[1].handle[3], 9);
	memset(&op, 0, sizeof(op));
	op.u.settimeoffset.time_offset_seconds = -60;
	assert_int_equal(domctl(&op, XEN_DOMCTL_settimeoffset, 1), 0);
	assert_int_equal((int64_t)machine_domain[1].time_offset_s, -60);
	memset(&op, 0, sizeof(op));
	assert_int_equal(domctl(&op, XEN_DOMCTL_setdebugging, 1), 0);
	op.u.setdebugging.enable = 1;
	assert_int_equal(domctl(&op, XEN_DOMCTL_setdebugging, 1), -XEN_EOPNOTSUPP);
}

static void there_is_one_node(void **state)
{
	uint8_t map = 1;

	(void)state;
	set_xen_guest_handle(op.u.nodeaffinity.nodemap.bitmap, &map);
	op.u.nodeaffinity.nodemap.nr_bits = 8;
	assert_int_equal(domctl(&op, XEN_DOMCTL_setnodeaffinity, 1), 0);
	map = 2;
	assert_int_equal(domctl(&op, XEN_DOMCTL_setnodeaffinity, 1), -XEN_EINVAL);
	assert_int_equal(domctl(&op, XEN_DOMCTL_getnodeaffinity, 1), 0);
	assert_int_equal(map, 1);
}

/* Whatever stands in the arguments: an answer, and everything given back. */
static void random_arguments_leave_nothing_behind(void **state)
{
	(void)state;
	srand(5);
	for (unsigned i = 0; i < 20000; i++) {
		uint8_t *bytes = (uint8_t *)&op.u;

		for (unsigned j = 0; j < sizeof(op.u); j++)
			bytes[j] = rand() % 3 ? 0 : (uint8_t)rand();
		/* Pointers: null or unmapped, never one of ours. */
		for (unsigned j = 0; j + 8 <= sizeof(op.u); j += 8)
			if (*(uint64_t *)(bytes + j) > UINT32_MAX)
				*(uint64_t *)(bytes + j) &= 0xfff;
		domctl(&op, (uint32_t)rand() % 90, (domid_t)(rand() % 6));
		world_end(state);
	}
	for (unsigned n = 0; n < DOMAINS; n++)
		for (unsigned i = 0; i < VCPUS; i++)
			assert_int_equal(machine_vcpu[n][i].pause_count, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, start, world_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_bad_pointer_faults),
		T(another_interface_version_is_refused),
		T(only_the_control_domain_may),
		T(a_domain_that_is_not_there_is_no_such),
		T(unknown_operations_are_not_there),
		T(what_needs_a_device_is_not_supported),
		T(what_other_guests_have_is_refused_as_documented),
		T(create_gives_a_free_id_and_defaults),
		T(create_does_not_give_the_same_id_soon_again),
		T(create_refuses_an_id_in_use),
		T(create_refuses_what_a_pv_domain_cannot_be),
		T(create_without_memory_says_so),
		T(pauses_count_and_end),
		T(dom0_cannot_pause_resume_or_destroy_itself),
		T(a_dying_domain_is_given_nothing_more),
		T(destroy_goes_on_when_it_was_preempted),
		T(getdomaininfo_tells_all_of_it),
		T(getdomaininfo_finds_the_next_domain),
		T(flags_say_running_blocked_paused_and_shut_down),
		T(cpu_time_is_that_of_all_vcpus),
		T(max_mem_is_in_kib_and_bounded),
		T(max_vcpus_must_be_what_it_was_created_with),
		T(setvcpucontext_refuses_itself_and_no_such_vcpu),
		T(setvcpucontext_passes_on_what_comes_of_it),
		T(getvcpucontext_needs_one_that_was_set),
		T(getvcpuinfo_tells_where_it_stands),
		T(nmis_can_be_sent_and_buttons_are_not_there),
		T(extended_state_has_a_size_then_a_content),
		T(entry_points_of_32_bit_calls_are_kept),
		T(there_are_no_msrs),
		T(page_types_are_told_for_own_frames_only),
		T(the_transfer_page_must_be_the_domains),
		T(guests_have_64_bits),
		T(rights_to_devices_can_be_denied_but_not_given),
		T(weight_and_cap_are_those_of_credit2),
		T(the_tsc_is_native_or_refused),
		T(a_policy_is_read_in_full_or_not_at_all),
		T(a_policy_is_set_only_before_the_domain_starts),
		T(shadow_tables_are_refused),
		T(a_dirty_log_names_every_page_as_long_as_it_is_on),
		T(what_a_dirty_log_cannot_be_asked_is_refused),
		T(marks_are_kept),
		T(there_is_one_node),
		T(random_arguments_leave_nothing_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
