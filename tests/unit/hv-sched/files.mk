# SPDX-License-Identifier: MIT
# Queues, timers and the life cycle alone; then the scheduler over a pretend machine of
# a few CPUs whose clock the test moves.
HARNESSES += hv_schedule_all hv_schedule_interleaved hv_pheap_all hv_lifecycle_all
UNITS += hv_cpumask hv_pheap hv_runq hv_timer hv_lifecycle hv_schedule hv_shares hv_timekeep hv_guestarea

hv_sched_SHARED := tests/unit/hv-sched/machine.c $(FAKE_PANIC) $(FAKE_LOG) \
	$(addprefix hypervisor/core/,pheap.c cpumask.c runq.c share.c timer.c lifecycle.c) \
	$(addprefix hypervisor/domain/,schedule.c schedwake.c schedctl.c schedmove.c schedshare.c softtimer.c timekeep.c watchdog.c)
hv_pheap_USRCS     := tests/unit/hv-sched/pheap_test.c $(FAKE_PANIC) hypervisor/core/pheap.c
hv_pheap_all_HSRCS := tests/unit/hv-sched/pheap_histories.c $(FAKE_PANIC) hypervisor/core/pheap.c
hv_lifecycle_all_HSRCS := tests/unit/hv-sched/lifecycle_histories.c $(FAKE_PANIC) hypervisor/core/lifecycle.c
hv_runq_USRCS      := tests/unit/hv-sched/runq_test.c $(FAKE_PANIC) hypervisor/core/pheap.c hypervisor/core/runq.c
hv_cpumask_USRCS   := tests/unit/hv-sched/cpumask_test.c $(FAKE_PANIC) hypervisor/core/cpumask.c
hv_timer_USRCS     := tests/unit/hv-sched/timer_test.c $(hv_sched_SHARED)
hv_lifecycle_USRCS := tests/unit/hv-sched/lifecycle_test.c $(FAKE_PANIC) hypervisor/core/lifecycle.c
hv_schedule_USRCS  := tests/unit/hv-sched/schedule_test.c $(hv_sched_SHARED)
hv_schedule_all_HSRCS := tests/unit/hv-sched/histories.c $(hv_sched_SHARED)
hv_schedule_interleaved_HSRCS := tests/unit/hv-sched/interleaved.c \
	tests/unit/hv-sched/interleaved_hv.c $(FAKE_LOG) hypervisor/lib/mem.c \
	$(addprefix hypervisor/core/,pheap.c cpumask.c runq.c share.c timer.c lifecycle.c evtchn.c evtchn_fifo.c)
hv_shares_USRCS    := tests/unit/hv-sched/shares_test.c $(hv_sched_SHARED)
hv_timekeep_USRCS  := tests/unit/hv-sched/timekeep_test.c $(hv_sched_SHARED)
hv_guestarea_USRCS := tests/unit/hv-sched/guestarea_test.c $(FAKE_PANIC) hypervisor/domain/guestarea.c
