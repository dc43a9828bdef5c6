/* SPDX-License-Identifier: MIT */
/* Which privileged instructions are carried out for guests: fetch, decode, dispatch, finish. */
#include "emulate.h"

#include <cpu/insn.h>
#include <format/descriptor.h>
#include <format/eflags.h>
#include <format/trap.h>
#include <hv/cpuid.h>
#include <hv/domain.h>
#include <hv/mem.h>
#include <hv/segments.h>
#include <hv/traps.h>
#include <hv/usercopy.h>

/* ud2, "xen": what follows shall be carried out as if the CPU had trapped on it. Only CPUID is. */
static const uint8_t forced_cpuid[] = { 0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2 };
#define FORCED_CPUID_LEN sizeof(forced_cpuid)
#define FORCED_CPUID	 0xa20f6e65780b0fUL	/* the same as a number */

bool iopl_ok(const struct vcpu *v)
{
	unsigned need = 3;

	if (v->kernel_mode)
		need = v->domain->mm.vm_assist & 1u << VMASST_TYPE_architectural_iopl ? 0 : 1;
	return v->iopl >> 12 >= need;
}

static __attribute__((noinline)) unsigned fetch_across_pages(uint64_t rip, uint8_t *buf)
{
	unsigned first = (unsigned)(PAGE_SIZE - (rip & (PAGE_SIZE - 1)));

	if (first > INSN_MAX_LEN)
		first = INSN_MAX_LEN;
	if (copy_from_guest(buf, guest_va(rip), first))
		return 0;
	if (first < INSN_MAX_LEN &&
	    !copy_from_guest(buf + first, guest_va(rip + first), INSN_MAX_LEN - first))
		return INSN_MAX_LEN;
	return first;
}

unsigned emulate_fetch(uint64_t rip, uint8_t buf[INSN_FETCH])
{
	if (unlikely((rip & (PAGE_SIZE - 1)) > PAGE_SIZE - INSN_FETCH))
		return fetch_across_pages(rip, buf);
	return copy_from_guest_in_line(buf, guest_va(rip), INSN_FETCH) ? 0 : INSN_MAX_LEN;
}

void emulate_finish(struct vcpu *v, struct cpu_user_regs *regs)
{
	regs->rflags &= ~(uint64_t)FLAGS_RF;
	if (likely(!(regs->rflags & FLAGS_TF)))
		return;
	v->debugreg[6] |= DR6_BS;
	bounce_exception(v, regs, TRAP_DB, 0);
	regs->error_code = 0;	/* results stand in regs, not in the CPU (entry.S) */
}

static void do_cpuid(struct vcpu *v, struct cpu_user_regs *regs)
{
	struct cpuid_result r;

	guest_cpuid(v, (uint32_t)regs->rax, (uint32_t)regs->rcx, &r);
	regs->rax = r.a;
	regs->rbx = r.b;
	regs->rcx = r.c;
	regs->rdx = r.d;
}

bool emulate_forced(struct vcpu *v, struct cpu_user_regs *regs)
{
	uint8_t code[INSN_FETCH];
	uint64_t start;

	/* Most invalid opcodes are no such thing: the first eight bytes tell, if they are there. */
	if (likely(!copy_from_guest(&start, guest_va(regs->rip), sizeof(start)))) {
		if ((start ^ FORCED_CPUID) << 8)
			return false;
	} else if (emulate_fetch(regs->rip, code) < FORCED_CPUID_LEN ||
		   memcmp(code, forced_cpuid, FORCED_CPUID_LEN)) {
		return false;
	}
	do_cpuid(v, regs);
	regs->rip += FORCED_CPUID_LEN;
	emulate_finish(v, regs);
	return true;
}

/* With CPUID faulting the plain instruction comes here too. */
static enum emul_result emul_cpuid(struct vcpu *v, struct cpu_user_regs *regs,
				   const struct insn *in)
{
	(void)in;
	do_cpuid(v, regs);
	return EMUL_DONE;
}

static emul_fn *const map_1[256] = {
	[0x6c] = emul_ins, [0x6d] = emul_ins, [0x6e] = emul_outs, [0x6f] = emul_outs,
	[0xe4] = emul_in, [0xe5] = emul_in, [0xe6] = emul_out, [0xe7] = emul_out,
	[0xec] = emul_in, [0xed] = emul_in, [0xee] = emul_out, [0xef] = emul_out,
	[0xfa] = emul_cli_sti, [0xfb] = emul_cli_sti,
};

static emul_fn *const map_0f[256] = {
	[0x00] = emul_group_0f00,
	[0x01] = emul_group_0f01,
	[0x06] = emul_clts,
	[0x09] = emul_wbinvd,
	[0x20] = emul_cr_read, [0x21] = emul_dr_read,
	[0x22] = emul_cr_write, [0x23] = emul_dr_write,
	[0x30] = emul_wrmsr, [0x31] = emul_rdtsc, [0x32] = emul_rdmsr,
	[0xa2] = emul_cpuid,
};

/* The instruction of a program of 64 bits, or of 32 in a flat code segment. */
static bool decode(const struct cpu_user_regs *regs, struct insn *in)
{
	uint8_t code[INSN_FETCH];

	if (likely(regs->cs == GUEST_CS64) || segments_is_code64(regs->cs))
		return insn_decode(code, emulate_fetch(regs->rip, code), in);
	return segments_is_flat32(regs->cs) &&
	       insn_decode32(code, emulate_fetch((uint32_t)regs->rip, code), in);
}

static enum emul_result execute(struct vcpu *v, struct cpu_user_regs *regs, const struct insn *in)
{
	emul_fn *fn = in->map == INSN_MAP_1 ? map_1[in->opcode] : map_0f[in->opcode];

	return likely(fn) ? fn(v, regs, in) : EMUL_REFUSED;
}

void emulate_privileged(struct vcpu *v, struct cpu_user_regs *regs)
{
	enum emul_result result = EMUL_REFUSED;
	struct insn in;

	if (likely(decode(regs, &in)))
		result = unlikely(in.lock) ? EMUL_UNDEFINED : execute(v, regs, &in);
	if (likely(result == EMUL_DONE)) {
		regs->rip += in.len;
		emulate_finish(v, regs);
	} else if (result != EMUL_RETRY) {
		bounce_exception(v, regs, result == EMUL_UNDEFINED ? TRAP_UD : TRAP_GP, 0);
	}
}
