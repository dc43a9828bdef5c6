/* SPDX-License-Identifier: MIT */
/*
 * Control registers as a PV kernel has them. CR0 is the machine's but for TS; CR2
 * and CR4 are only values of the vCPU; CR3 names its page table. A change that could
 * not take effect is refused, so the guest gets its #GP.
 */
#include "emulate.h"

#include <cpu/insn.h>
#include <format/cr.h>
#include <hv/arch.h>
#include <hv/cpu.h>
#include <hv/cpuid.h>
#include <hv/debugreg.h>
#include <hv/domain.h>
#include <hv/fpu.h>
#include <hv/mem.h>
#include <hv/segments.h>
#include <hv/tables.h>
#include <hv/usercopy.h>
#include <xen/arch-x86/cpufeatureset.h>

/* What a kernel may choose, and what it sees of our choice. */
#define CR4_GUEST	(CR4_TSD | CR4_DE | CR4_OSXSAVE)
#define CR4_SHOWN	(CR4_PAE | CR4_MCE | CR4_OSFXSR | CR4_OSXMMEXCPT)

/* CR0 as v's kernel reads it. */
static uint64_t guest_cr0(const struct vcpu *v)
{
	return (read_cr0() & ~(uint64_t)CR0_TS) | (v->ctrlreg[0] & CR0_TS);
}

uint64_t guest_cr4_fix(const struct vcpu *v, uint64_t value)
{
	value &= CR4_GUEST;
	if (!guest_has(v, XEN_X86_FEATURE_XSAVE))
		value &= ~(uint64_t)CR4_OSXSAVE;
	return value | (read_cr4() & CR4_SHOWN);
}

void guest_cr4_load(const struct vcpu *v)
{
	struct cpu *c = this_cpu();

	if (likely(!((c->cr4 ^ v->ctrlreg[4]) & CR4_TSD)))
		return;
	c->cr4 ^= CR4_TSD;
	write_cr4(c->cr4);
}

static enum emul_result set_cr0(struct vcpu *v, uint64_t value)
{
	if ((value ^ read_cr0()) & ~(uint64_t)CR0_TS)
		return EMUL_REFUSED;
	fpu_set_ts(v, value & CR0_TS);
	return EMUL_DONE;
}

/*
 * As MMUEXT_NEW_BASEPTR. When a table takes long to check the kernel comes back to the same instruction, and
 * what was done of it waits in v->pt_pending. That of the old table waits there, too: behind the
 * instruction, as the kernel need not have it in its new tables.
 */
static enum emul_result set_cr3(struct vcpu *v, uint64_t value)
{
	struct budget b = { HYPERCALL_BUDGET };
	int rc = vcpu_load_table(v, mfn(value >> PAGE_SHIFT), &b);

	if (rc == -XEN_ERESTART)
		return EMUL_RETRY;
	return rc ? EMUL_REFUSED : EMUL_DONE;
}

enum emul_result emul_cr_read(struct vcpu *v, struct cpu_user_regs *regs, const struct insn *in)
{
	uint64_t value;

	if (!v->kernel_mode)
		return EMUL_REFUSED;
	switch (in->reg) {
	case 0:
		value = guest_cr0(v);
		break;
	case 2:
	case 4:
		value = v->ctrlreg[in->reg];
		break;
	case 3:
		value = v->guest_table.n << PAGE_SHIFT;
		break;
	default:
		return EMUL_REFUSED;
	}
	*insn_reg(regs, in->rm) = value;
	return EMUL_DONE;
}

enum emul_result emul_cr_write(struct vcpu *v, struct cpu_user_regs *regs, const struct insn *in)
{
	uint64_t value = *insn_reg(regs, in->rm);

	if (!v->kernel_mode)
		return EMUL_REFUSED;
	switch (in->reg) {
	case 0:
		return set_cr0(v, value);
	case 2:
		v->ctrlreg[2] = value;
		v->info->arch.cr2 = value;
		return EMUL_DONE;
	case 3:
		return set_cr3(v, value);
	case 4:
		v->ctrlreg[4] = guest_cr4_fix(v, value);
		guest_cr4_load(v);
		return EMUL_DONE;
	}
	return EMUL_REFUSED;
}

enum emul_result emul_dr_read(struct vcpu *v, struct cpu_user_regs *regs, const struct insn *in)
{
	uint64_t value;

	if (in->reg >= 8)
		return EMUL_UNDEFINED;	/* REX.R: no such register */
	if (!v->kernel_mode || vcpu_get_debugreg(v, in->reg, &value))
		return EMUL_REFUSED;
	*insn_reg(regs, in->rm) = value;
	return EMUL_DONE;
}

enum emul_result emul_dr_write(struct vcpu *v, struct cpu_user_regs *regs, const struct insn *in)
{
	if (in->reg >= 8)
		return EMUL_UNDEFINED;	/* REX.R: no such register */
	if (!v->kernel_mode || vcpu_set_debugreg(v, in->reg, *insn_reg(regs, in->rm)))
		return EMUL_REFUSED;
	return EMUL_DONE;
}

enum emul_result emul_clts(struct vcpu *v, struct cpu_user_regs *regs, const struct insn *in)
{
	(void)regs, (void)in;
	if (!v->kernel_mode)
		return EMUL_REFUSED;
	fpu_set_ts(v, false);
	return EMUL_DONE;
}

/* Only a domain that drives devices has a need of it; for others caches are coherent anyway. */
enum emul_result emul_wbinvd(struct vcpu *v, struct cpu_user_regs *regs, const struct insn *in)
{
	(void)regs, (void)in;
	if (!v->kernel_mode)
		return EMUL_REFUSED;
	if (v->domain->io_all_ports)
		arch_wbinvd(false);
	return EMUL_DONE;
}

/* The interrupt flag of a PV guest is its event mask; these leave everything as it is. */
enum emul_result emul_cli_sti(struct vcpu *v, struct cpu_user_regs *regs, const struct insn *in)
{
	(void)regs, (void)in;
	return iopl_ok(v) ? EMUL_DONE : EMUL_REFUSED;
}

enum emul_result emul_rdtsc(struct vcpu *v, struct cpu_user_regs *regs, const struct insn *in)
{
	uint64_t tsc = rdtsc();

	(void)in;
	if (!v->kernel_mode && (v->ctrlreg[4] & CR4_TSD))
		return EMUL_REFUSED;
	regs->rax = (uint32_t)tsc;
	regs->rdx = tsc >> 32;
	return EMUL_DONE;
}

/* ---- groups 0f 00 and 0f 01 -----------------------------------------------------
 * UMIP keeps the tables' addresses from guests: where a program asks, it gets none.
 */

static enum emul_result store_word(struct cpu_user_regs *regs, const struct insn *in,
				   uint64_t value)
{
	uint64_t fs, gs, *reg;

	if (in->mem) {
		segments_read_bases(&fs, &gs);
		return copy_to_guest(guest_va(insn_mem_address(in, regs, fs, gs)), &value, 2)
			? EMUL_REFUSED : EMUL_DONE;
	}
	reg = insn_reg(regs, in->rm);
	if (in->opsize == 2)
		memcpy(reg, &value, 2);
	else
		*reg = in->opsize == 4 ? (uint32_t)value : value;
	return EMUL_DONE;
}

enum emul_result emul_group_0f00(struct vcpu *v, struct cpu_user_regs *regs, const struct insn *in)
{
	(void)v;
	return (in->reg & 7) <= 1 ? store_word(regs, in, 0) : EMUL_REFUSED;	/* sldt, str */
}

static enum emul_result store_table(struct cpu_user_regs *regs, const struct insn *in)
{
	static const uint8_t nowhere[10];
	uint64_t fs, gs;

	segments_read_bases(&fs, &gs);
	return copy_to_guest(guest_va(insn_mem_address(in, regs, fs, gs)), nowhere, sizeof(nowhere))
		? EMUL_REFUSED : EMUL_DONE;
}

static enum emul_result emul_xsetbv(struct vcpu *v, const struct cpu_user_regs *regs)
{
	uint64_t value = (uint64_t)(uint32_t)regs->rdx << 32 | (uint32_t)regs->rax;

	if ((uint32_t)regs->rcx != 0 || !(v->ctrlreg[4] & CR4_OSXSAVE) ||
	    !guest_has(v, XEN_X86_FEATURE_XSAVE))
		return EMUL_REFUSED;
	return fpu_set_xcr0(v, value) ? EMUL_DONE : EMUL_REFUSED;
}

enum emul_result emul_group_0f01(struct vcpu *v, struct cpu_user_regs *regs, const struct insn *in)
{
	unsigned op = in->reg & 7;

	if (op == 4)
		return store_word(regs, in, guest_cr0(v));	/* smsw */
	if (in->mem && op <= 1)
		return store_table(regs, in);			/* sgdt, sidt */
	if (!in->mem && op == 7 && (in->rm & 7) == 1) {		/* rdtscp, with TSD */
		enum emul_result result = emul_rdtsc(v, regs, in);

		if (result == EMUL_DONE)
			regs->rcx = v->tsc_aux;
		return result;
	}
	if (!v->kernel_mode)
		return EMUL_REFUSED;
	if (!in->mem && op == 2 && (in->rm & 7) == 1)
		return emul_xsetbv(v, regs);
	return EMUL_REFUSED;
}
