/* SPDX-License-Identifier: MIT */
/* Offsets and sizes that assembly uses: compiled to text, of which offsets.h is made. */
#include <hv/cpu.h>
#include <hv/domain.h>

#define DEFINE(name, value) __asm__ volatile("\n->" #name " %0" : : "i"(value))

void offsets(void);
void offsets(void)
{
	DEFINE(CPU_STRUCT_SIZE, sizeof(struct cpu));
	DEFINE(REGS_SIZE, offsetof(struct cpu_user_regs, es));
	DEFINE(REGS_R15, offsetof(struct cpu_user_regs, r15));
	DEFINE(REGS_R14, offsetof(struct cpu_user_regs, r14));
	DEFINE(REGS_R13, offsetof(struct cpu_user_regs, r13));
	DEFINE(REGS_R12, offsetof(struct cpu_user_regs, r12));
	DEFINE(REGS_RBP, offsetof(struct cpu_user_regs, rbp));
	DEFINE(REGS_RBX, offsetof(struct cpu_user_regs, rbx));
	DEFINE(REGS_R11, offsetof(struct cpu_user_regs, r11));
	DEFINE(REGS_R10, offsetof(struct cpu_user_regs, r10));
	DEFINE(REGS_R9, offsetof(struct cpu_user_regs, r9));
	DEFINE(REGS_R8, offsetof(struct cpu_user_regs, r8));
	DEFINE(REGS_RAX, offsetof(struct cpu_user_regs, rax));
	DEFINE(REGS_RCX, offsetof(struct cpu_user_regs, rcx));
	DEFINE(REGS_RDX, offsetof(struct cpu_user_regs, rdx));
	DEFINE(REGS_RSI, offsetof(struct cpu_user_regs, rsi));
	DEFINE(REGS_RDI, offsetof(struct cpu_user_regs, rdi));
	DEFINE(REGS_RIP, offsetof(struct cpu_user_regs, rip));
	DEFINE(REGS_CS, offsetof(struct cpu_user_regs, cs));
	DEFINE(REGS_RFLAGS, offsetof(struct cpu_user_regs, rflags));
	DEFINE(REGS_RSP, offsetof(struct cpu_user_regs, rsp));
	DEFINE(REGS_SS, offsetof(struct cpu_user_regs, ss));
	DEFINE(REGS_ERROR_CODE, offsetof(struct cpu_user_regs, error_code));
	DEFINE(REGS_ENTRY_VECTOR, offsetof(struct cpu_user_regs, entry_vector));
	DEFINE(CPU_CURRENT, offsetof(struct cpu, current));
	DEFINE(CPU_WORK, offsetof(struct cpu, work));
	DEFINE(CPU_BUDGET, offsetof(struct cpu, budget));
	DEFINE(VCPU_KERNEL_MODE, offsetof(struct vcpu, kernel_mode));
	DEFINE(VCPU_INFO, offsetof(struct vcpu, info));
	DEFINE(HYPERCALL_BUDGET_START, HYPERCALL_BUDGET);
}
