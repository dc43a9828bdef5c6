# SPDX-License-Identifier: MIT
# domctl, sysctl, sched_op, vcpu_op, set_timer_op: over the scheduler's pretend machine.
UNITS += hv_affinity hv_domctl hv_domstate hv_sysctl hv_vcpucalls

hv_control_SHARED := tests/unit/hv-control/world.c $(FAKE_PANIC) $(FAKE_LOG) $(FAKE_GUESTMEM) \
	tests/unit/hv-sched/machine.c \
	$(addprefix hypervisor/core/,pheap.c cpumask.c runq.c share.c timer.c lifecycle.c) \
	$(addprefix hypervisor/domain/,schedule.c schedwake.c schedctl.c schedmove.c schedshare.c softtimer.c timekeep.c watchdog.c domstate.c) \
	$(addprefix hypervisor/calls/,domctl.c domctl_domain.c domctl_vcpu.c domctl_state.c \
		domctl_arch.c domctl_shadow.c sysctl.c sysctl_info.c sysctl_cpu.c)
hv_affinity_USRCS := tests/unit/hv-control/affinity_test.c $(hv_control_SHARED)
hv_domctl_USRCS := tests/unit/hv-control/domctl_test.c $(hv_control_SHARED)
hv_domstate_USRCS := tests/unit/hv-control/domstate_test.c $(hv_control_SHARED)
hv_sysctl_USRCS := tests/unit/hv-control/sysctl_test.c $(hv_control_SHARED)
hv_vcpucalls_USRCS := tests/unit/hv-control/vcpucalls_test.c $(hv_control_SHARED) \
	$(addprefix hypervisor/calls/,sched_op.c vcpu_op.c set_timer_op.c)
