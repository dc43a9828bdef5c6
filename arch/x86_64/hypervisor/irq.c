/* SPDX-License-Identifier: MIT */
/* Interrupts, and the work that they leave for the way out to a guest. */
#include <cpu/insn.h>
#include <format/descriptor.h>
#include <hv/arch.h>
#include <hv/console.h>
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/entry.h>
#include <hv/hold.h>
#include <hv/log.h>
#include <hv/mm.h>
#include <hv/sched.h>
#include <hv/serial.h>
#include <hv/timer.h>
#include <hv/traps.h>

#include "apic.h"
#include "smp.h"

static void legacy_irq(unsigned irq)
{
	if (serial_is_irq(irq))
		console_input();
	pic_eoi(irq);
}

/* Nobody asked for it: a device that firmware left on, or a broken one. Left in service it would hold
 * back all below it. */
bool irq_take_stray(unsigned vector)
{
	if (!apic_in_service(vector))
		return false;
	log_guest("CPU %u: stray interrupt, vector %#x", this_cpu()->id, vector);
	apic_eoi();
	return true;
}

void irq_dispatch(struct cpu_user_regs *regs)
{
	unsigned vector = regs->entry_vector & 0xff;

	switch (vector) {
	case VECTOR_TIMER:
		cpu_raise(this_cpu(), CPU_WORK_TIMER);
		apic_eoi();
		break;
	case VECTOR_KICK:
		apic_eoi();
		smp_answer();
		break;
	case VECTOR_SPURIOUS:
		break;
	case VECTOR_LEGACY ... VECTOR_LEGACY + NR_LEGACY_IRQS - 1:
		legacy_irq(vector - VECTOR_LEGACY);
		break;
	default:
		if (vector < VECTOR_DEVICES && regs->cs & SELECTOR_RPL)
			trap_software_interrupt(current_vcpu(), regs, vector);
		else
			irq_take_stray(vector);
		break;
	}
}

static void seldom(uint32_t work)
{
	if (work & CPU_WORK_NMI && dom0->vcpu && dom0->vcpu[0])
		vcpu_send_nmi(dom0->vcpu[0]);
	if (work & CPU_WORK_HOLD)
		cpu_stand();
}

void exit_do_work(void)
{
	struct cpu *c = this_cpu();
	uint32_t work;

	spin_check_none_held();
	for (;;) {
		work = __atomic_exchange_n(&c->work, 0, __ATOMIC_ACQ_REL);
		if (work & CPU_WORK_TIMER)
			timer_run_expired();
		if (work & CPU_WORK_BOUNCE && !vcpu_is_idle(c->current))
			bounce_pending(c->current, &c->regs);
		if (work & CPU_WORK_TASK)
			mm_reap();
		if (work & CPU_WORK_RESCHED)
			schedule();
		if (unlikely(work & (CPU_WORK_HOLD | CPU_WORK_NMI)))
			seldom(work);
		if (c->work)
			continue;
		if (!vcpu_is_idle(c->current))
			return;
		if (mm_zero_ahead())
			sti_nop_cli();
		else
			arch_idle();
	}
}
