/* SPDX-License-Identifier: MIT */
/* RDMSR and WRMSR of guest kernels: the live registers here, the rest in core/msr.c. */
#include "emulate.h"

#include <cpu/insn.h>
#include <format/layout.h>
#include <format/msr.h>
#include <format/trap.h>
#include <hv/arch.h>
#include <hv/cpu.h>
#include <hv/cpuid.h>
#include <hv/domain.h>
#include <hv/log.h>
#include <hv/msr.h>
#include <hv/segments.h>
#include <hv/traps.h>
#include <xen/arch-x86/cpufeatureset.h>

static struct msr_env machine;
static bool have_tsc_aux;
static uint32_t hw_tsc_aux[MAX_CPUS];

void msr_init(void)
{
	struct cpuid_result r;

	cpuid_read_machine(0, 0, &r);
	machine.vendor = r.b == 0x756e6547 ? MSR_INTEL :		/* "Genu" */
			 r.b == 0x68747541 || r.b == 0x6f677948 ? MSR_AMD : MSR_OTHER;
	if (rdmsr_safe(MSR_MISC_ENABLE, &machine.misc_enable))
		machine.misc_enable = 0;
	if (rdmsr_safe(MSR_UCODE_REV, &machine.ucode_rev))
		machine.ucode_rev = 0;
	have_tsc_aux = !wrmsr_safe(MSR_TSC_AUX, 0);
}

void msr_init_cpu(void)
{
	if (have_tsc_aux)
		wrmsr(MSR_TSC_AUX, 0);
}

static struct msr_env env_of(const struct vcpu *v)
{
	struct msr_env env = machine;

	env.vcpu_id = v->id;
	env.platform_info = cpuid_domain_policy(v->domain)->platform_info;
	return env;
}

static bool has_tsc_aux(const struct vcpu *v)
{
	return have_tsc_aux && (guest_has(v, XEN_X86_FEATURE_RDTSCP) ||
				guest_has(v, XEN_X86_FEATURE_RDPID));
}

static void load_tsc_aux(uint32_t value)
{
	uint32_t *now = &hw_tsc_aux[this_cpu()->id];

	if (*now == value)
		return;
	wrmsr(MSR_TSC_AUX, value);
	*now = value;
}

void msrs_load(struct vcpu *v)
{
	if (have_tsc_aux)
		load_tsc_aux(v->tsc_aux);
}

/* The transfer page, as CPUID leaf 0x40000002 offers it: bits 0-11 page 0, above its address. */
static bool write_transfer_page(struct vcpu *v, uint64_t value)
{
	mfn_t m = mfn(value >> PAGE_SHIFT);
	struct frame *f = value & (PAGE_SIZE - 1) ? NULL : frame_get_writable(m, v->domain);

	if (!f)
		return false;
	hypercall_page_init(v->domain, frame_ptr(m));
	frame_put_typed(f);
	return true;
}

bool guest_rdmsr(struct vcpu *v, uint32_t msr, uint64_t *value)
{
	struct msr_env env;

	switch (msr) {
	case MSR_KERNEL_GS_BASE:	/* Linux with FSGSBASE reads it at each context switch */
	case MSR_FS_BASE:
	case MSR_GS_BASE:
		*value = rdmsr(msr);
		return true;
	case MSR_TSC:
		*value = rdtsc();
		return true;
	case MSR_TSC_AUX:
		*value = v->tsc_aux;
		return has_tsc_aux(v);
	case CPUID_HV_BASE:
		*value = 0;
		return true;
	}
	env = env_of(v);
	return msr_fixed_read(&env, msr, value);
}

bool guest_wrmsr(struct vcpu *v, uint32_t msr, uint64_t value)
{
	struct msr_env env;

	switch (msr) {
	case MSR_KERNEL_GS_BASE:
	case MSR_FS_BASE:
	case MSR_GS_BASE:
		if (!is_canonical(value))
			return false;
		wrmsr(msr, value);
		return true;
	case MSR_TSC_AUX:
		if (value != (uint32_t)value || !has_tsc_aux(v))
			return false;
		v->tsc_aux = (uint32_t)value;
		load_tsc_aux(v->tsc_aux);
		return true;
	case CPUID_HV_BASE:
		return write_transfer_page(v, value);
	}
	env = env_of(v);
	return msr_fixed_write(&env, msr, value);
}

/* Early in its boot a kernel has no handler yet, and reads what native ones may always read:
 * rather than with its life it goes on with a zero. */
static bool has_gp_handler(const struct vcpu *v)
{
	return v->trap_table[TRAP_GP].address;
}

enum emul_result emul_rdmsr(struct vcpu *v, struct cpu_user_regs *regs, const struct insn *in)
{
	uint64_t value = 0;

	(void)in;
	if (!v->kernel_mode)
		return EMUL_REFUSED;
	if (!guest_rdmsr(v, (uint32_t)regs->rcx, &value)) {
		if (has_gp_handler(v))
			return EMUL_REFUSED;
		log_guest("%pv: RDMSR %x answered with 0", v, (uint32_t)regs->rcx);
		value = 0;
	}
	regs->rax = (uint32_t)value;
	regs->rdx = value >> 32;
	return EMUL_DONE;
}

enum emul_result emul_wrmsr(struct vcpu *v, struct cpu_user_regs *regs, const struct insn *in)
{
	uint64_t value = (uint64_t)(uint32_t)regs->rdx << 32 | (uint32_t)regs->rax;

	(void)in;
	if (!v->kernel_mode || !guest_wrmsr(v, (uint32_t)regs->rcx, value))
		return EMUL_REFUSED;
	return EMUL_DONE;
}
