/* SPDX-License-Identifier: MIT */
/*
 * Exceptions, sorted by who caused them. From a guest: mended here (a page-table
 * store, a page of the LDT, a privileged instruction, the lazy floating-point
 * unit), or bounced to its kernel. From the hypervisor: only where an instruction
 * touched something of a guest's and has an entry in the exception table.
 */
#include <hv/traps.h>

#include <cpu/insn.h>
#include <format/descriptor.h>
#include <format/eflags.h>
#include <format/layout.h>
#include <format/pte.h>
#include <format/trap.h>
#include <hv/arch.h>
#include <hv/check.h>
#include <hv/cpu.h>
#include <hv/decode.h>
#include <hv/diag.h>
#include <hv/domain.h>
#include <hv/emulate.h>
#include <hv/entry.h>
#include <hv/fpu.h>
#include <hv/mm.h>
#include <hv/segments.h>

#include "apic.h"
#include "far.h"
#include "image.h"
#include "smp.h"
#include "walk.h"

#define OPCODE_INT_N 0xcd
#define VECTOR_INT80 0x80

/* ---- from a guest ------------------------------------------------------------ */

static void pass_on(struct vcpu *v, struct cpu_user_regs *regs)
{
	bounce_exception(v, regs, regs->entry_vector & 0xff, regs->error_code);
}

/* DR6 collects what the guest has not yet cleared. */
static void guest_debug(struct vcpu *v, struct cpu_user_regs *regs)
{
	uint64_t dr6 = read_db6();

	write_db6(DR6_DEFAULT);
	v->debugreg[6] |= dr6 & ~DR6_DEFAULT;
	v->debugreg[6] &= dr6 | ~DR6_DEFAULT;
	bounce_exception(v, regs, TRAP_DB, 0);
}

static void guest_invalid_opcode(struct vcpu *v, struct cpu_user_regs *regs)
{
	if (!emulate_forced(v, regs))
		bounce_exception(v, regs, TRAP_UD, 0);
}

static void guest_no_fpu(struct vcpu *v, struct cpu_user_regs *regs)
{
	if (!fpu_not_available(v))
		bounce_exception(v, regs, TRAP_NM, 0);
}

static bool may_interrupt(const struct vcpu *v, unsigned vector)
{
	return TI_GET_DPL(&v->trap_table[vector]) >= (v->kernel_mode ? 1 : 3);
}

void trap_software_interrupt(struct vcpu *v, struct cpu_user_regs *regs, unsigned vector)
{
	/* As in Xen, a handler for 0x80 is open to all, whatever its gate says. */
	if (may_interrupt(v, vector) ||
	    (vector == VECTOR_INT80 && v->trap_table[vector].address)) {
		bounce_interrupt(v, regs, vector);
		return;
	}
	if (irq_take_stray(vector))
		return;
	regs->rip -= 2;		/* cd nn */
	bounce_exception(v, regs, TRAP_GP, vector << 3 | ERR_IDT);
}

/*
 * `int n` met a gate without the privilege, as all but a few are. The vector stands in the
 * error code too, but not every CPU puts it right (QEMU: n * 16), so the instruction is asked.
 */
static __attribute__((noinline)) void guest_int_n(struct vcpu *v, struct cpu_user_regs *regs)
{
	uint8_t code[INSN_FETCH];
	unsigned n = emulate_fetch(regs->rip, code), len = 2;
	unsigned vector = (regs->error_code & 0xffff) >> 3;
	struct insn in;

	if (insn_decode(code, n, &in) && in.map == INSN_MAP_1 && in.opcode == OPCODE_INT_N) {
		vector = in.imm & 0xff;
		len = in.len;
	}
	vector &= 0xff;
	if (!may_interrupt(v, vector)) {
		bounce_exception(v, regs, TRAP_GP, vector << 3 | ERR_IDT);
		return;
	}
	regs->rip += len;
	bounce_interrupt(v, regs, vector);
}

static void guest_protection(struct vcpu *v, struct cpu_user_regs *regs)
{
	uint32_t ec = regs->error_code;

	if (likely(ec == 0))
		emulate_privileged(v, regs);
	else if ((ec & (ERR_EXT | ERR_IDT)) == ERR_IDT)
		guest_int_n(v, regs);
	else
		bounce_exception(v, regs, TRAP_GP, ec);
}

/* The CPU read a descriptor of the LDT that is not (yet) mapped in the window. */
static void guest_ldt_fault(struct vcpu *v, struct cpu_user_regs *regs, uint64_t va,
			    uint64_t offset)
{
	if (segments_ldt_fault(v, va))
		return;
	va = v->ldt_base + offset;
	if (is_canonical(va))
		bounce_page_fault(v, regs, va, regs->error_code);
	else
		bounce_exception(v, regs, TRAP_GP, (uint32_t)(offset & ~7UL) | SELECTOR_TI);
}

static void guest_page_fault(struct vcpu *v, struct cpu_user_regs *regs)
{
	uint64_t va = read_cr2(), offset;
	uint32_t ec = regs->error_code;

	if (unlikely(va - HV_VIRT_START < HV_VIRT_END - HV_VIRT_START)) {
		if (segments_in_ldt_window(va, &offset)) {
			guest_ldt_fault(v, regs, va, offset);
			return;
		}
	} else if ((ec & (PF_PRESENT | PF_WRITE | PF_RESERVED)) == (PF_PRESENT | PF_WRITE) &&
		   v->kernel_mode && mm_fault_fixup(v, va, ec)) {
		emulate_finish(v, regs);
		return;
	} else if (unlikely(!(ec & PF_USER)) && emulate_far_return(v, regs, va, ec)) {
		return;
	}
	bounce_page_fault(v, regs, va, ec);
}

static void impossible(struct vcpu *v, struct cpu_user_regs *regs)
{
	(void)v;
	panic_trap(regs, "exception that no guest can cause");
}

/* Entry code calls through this. What is not named is a vector that only the hypervisor itself
 * could cause. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
guest_trap_fn *const guest_traps[TRAP_COUNT] = {
	[0 ... TRAP_COUNT - 1] = impossible,
	[TRAP_DE] = pass_on,
	[TRAP_DB] = guest_debug,
	[TRAP_BP] = pass_on,
	[TRAP_OF] = pass_on,
	[TRAP_BR] = pass_on,
	[TRAP_UD] = guest_invalid_opcode,
	[TRAP_NM] = guest_no_fpu,
	[TRAP_TS] = pass_on,
	[TRAP_NP] = pass_on,
	[TRAP_SS] = pass_on,
	[TRAP_GP] = guest_protection,
	[TRAP_PF] = guest_page_fault,
	[TRAP_MF] = pass_on,
	[TRAP_AC] = pass_on,
	[TRAP_XM] = pass_on,
};
#pragma GCC diagnostic pop

/* ---- from the hypervisor ----------------------------------------------------- */

/* Where the exception table sends the instruction at rip; 0: nowhere. */
static uint64_t ex_table_search(uint64_t rip)
{
	for (const struct ex_entry *e = ex_table_start; e < ex_table_end; e++)
		if ((uint64_t)&e->from + (uint64_t)(int64_t)e->from == rip)
			return (uint64_t)&e->to + (uint64_t)(int64_t)e->to;
	return 0;
}

/*
 * A copy met a translation that the guest has since widened: the CPU may fault once on the old
 * one. When the tables allow the access now it is tried again, but only once at the same place.
 */
static bool is_stale_translation(uint64_t rip, uint64_t va, uint32_t ec)
{
	static struct {
		uint64_t rip, va;
	} last[MAX_CPUS];
	uint64_t rights, *last_rip = &last[this_cpu()->id].rip, *last_va = &last[this_cpu()->id].va;

	if (!(ec & PF_PRESENT) || (ec & (PF_RESERVED | PF_FETCH)) ||
	    (*last_rip == rip && *last_va == va) || !walk_current(va, &rights) ||
	    ((ec & PF_WRITE) && !(rights & PTE_W))) {
		*last_rip = 0;
		return false;
	}
	*last_rip = rip;
	*last_va = va;
	return true;
}

static bool hypervisor_page_fault(struct cpu_user_regs *regs)
{
	uint64_t va = read_cr2(), offset;

	if (segments_in_ldt_window(va, &offset))
		return segments_ldt_fault(current_vcpu(), va);
	if (va - HV_VIRT_START < HV_VIRT_END - HV_VIRT_START)
		return false;
	return ex_table_search(regs->rip) && is_stale_translation(regs->rip, va, regs->error_code);
}

/* What the way back to the guest (entry_iretq) met; entry_bad_frame() follows at once. */
static struct {
	uint32_t vector, error_code;
	uint64_t va;
} bad_frame[MAX_CPUS];

static void note_bad_frame(const struct cpu_user_regs *regs, unsigned vector)
{
	unsigned cpu = this_cpu()->id;

	bad_frame[cpu].vector = vector;
	bad_frame[cpu].error_code = regs->error_code;
	bad_frame[cpu].va = vector == TRAP_PF ? read_cr2() : 0;
}

/* The frame is the guest's own making, so the fault is its kernel's, as if it had executed the
 * instruction. Which may be a descriptor of the LDT that is not there. */
void entry_bad_frame(struct cpu_user_regs *regs)
{
	struct vcpu *v = current_vcpu();
	unsigned cpu = this_cpu()->id;
	uint64_t offset;

	if (bad_frame[cpu].vector != TRAP_PF)
		bounce_exception(v, regs, bad_frame[cpu].vector, bad_frame[cpu].error_code);
	else if (segments_in_ldt_window(bad_frame[cpu].va, &offset))
		bounce_page_fault(v, regs, v->ldt_base + offset, bad_frame[cpu].error_code);
	else
		bounce_failsafe(v, regs);
}

/* sysenter leaves TF as the program had it, and the entry is about to save it. */
static bool in_sysenter_head(uint64_t rip)
{
	return rip >= (uint64_t)sysenter_entry && rip < (uint64_t)sysenter_flags_saved;
}

static void hypervisor_trap(struct cpu_user_regs *regs, unsigned vector)
{
	uint64_t fixup;

	if (vector == TRAP_DB) {
		/* A guest's watch point on memory that was copied for it: not reported. */
		write_db6(DR6_DEFAULT);
		if (!in_sysenter_head(regs->rip))
			regs->rflags &= ~(uint64_t)FLAGS_TF;
		return;
	}
	if (vector == TRAP_PF && hypervisor_page_fault(regs))
		return;
	fixup = ex_table_search(regs->rip);
	if (!fixup)
		panic_trap(regs, "exception in the hypervisor");
	if (regs->rip == (uint64_t)entry_iretq)
		note_bad_frame(regs, vector);
	regs->rip = fixup;
}

/*
 * A button or a broken device: dom0 shall hear of it. Anything may have been interrupted, a lock
 * be held, so that is work for the next way out. The interrupt sees to it that there is one soon: the
 * way out that goes on here may have looked for work already, and an idle CPU be about to halt.
 */
static void machine_nmi(void)
{
	if (!dom0)
		return;
	cpu_raise(this_cpu(), CPU_WORK_NMI);
	apic_send_self(VECTOR_KICK);
}

void trap_dispatch(struct cpu_user_regs *regs)
{
	unsigned vector = regs->entry_vector & 0xff;

	if (unlikely(vector == TRAP_NMI)) {
		smp_nmi();
		machine_nmi();
		return;
	}
	if (unlikely(vector == TRAP_DF || vector == TRAP_MC))
		panic_trap(regs, vector == TRAP_DF ? "double fault" : "machine check");
	if (unlikely(!(regs->cs & SELECTOR_RPL))) {
		hypervisor_trap(regs, vector);
		return;
	}
	guest_traps[vector](current_vcpu(), regs);
}
