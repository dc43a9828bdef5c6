/* SPDX-License-Identifier: MIT */
/* Offsets and sizes that assembly uses: compiled to text, of which offsets.h is made. */
#include <format/trap.h>
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
	DEFINE(VCPU_DOMAIN, offsetof(struct vcpu, domain));
	DEFINE(VCPU_INFO, offsetof(struct vcpu, info));
	DEFINE(VCPU_CR2, offsetof(struct vcpu, ctrlreg[2]));
	DEFINE(VCPU_GUEST_TABLE, offsetof(struct vcpu, guest_table));
	DEFINE(VCPU_USER_TABLE, offsetof(struct vcpu, guest_table_user));
	DEFINE(VCPU_KERNEL_SP, offsetof(struct vcpu, kernel_sp));
	DEFINE(VCPU_SYSCALL_RIP, offsetof(struct vcpu, syscall_callback.rip));
	DEFINE(VCPU_SYSCALL_MASKS, offsetof(struct vcpu, syscall_callback.mask_events));
	DEFINE(VCPU_TRAP_TABLE, offsetof(struct vcpu, trap_table));
	DEFINE(VCPU_NMI_MASKED, offsetof(struct vcpu, nmi_masked));
	DEFINE(GATE_PF_FLAGS, TRAP_PF * sizeof(struct trap_info) + offsetof(struct trap_info, flags));
	DEFINE(GATE_PF_ADDRESS, TRAP_PF * sizeof(struct trap_info) + offsetof(struct trap_info, address));
	DEFINE(GATE_MASKS, TI_GET_IF(&(const struct trap_info){ .flags = 0xff }));
	DEFINE(INFO_CR2, offsetof(vcpu_info_t, arch.cr2));
	DEFINE(INFO_UPCALL_MASK, offsetof(vcpu_info_t, evtchn_upcall_mask));
	DEFINE(DOMAIN_VM_ASSIST, offsetof(struct domain, mm.vm_assist));
	DEFINE(VM_ASSIST_IOPL, 1u << VMASST_TYPE_architectural_iopl);
	DEFINE(IRET_RAX, offsetof(struct iret_context, rax));
	DEFINE(IRET_R11, offsetof(struct iret_context, r11));
	DEFINE(IRET_RCX, offsetof(struct iret_context, rcx));
	DEFINE(IRET_FLAGS, offsetof(struct iret_context, flags));
	DEFINE(IRET_RIP, offsetof(struct iret_context, rip));
	DEFINE(IRET_CS, offsetof(struct iret_context, cs));
	DEFINE(IRET_RFLAGS, offsetof(struct iret_context, rflags));
	DEFINE(IRET_RSP, offsetof(struct iret_context, rsp));
	DEFINE(IRET_SS, offsetof(struct iret_context, ss));
	DEFINE(__HYPERVISOR_iret, __HYPERVISOR_iret);
	DEFINE(VGCF_IN_SYSCALL, VGCF_in_syscall);
	DEFINE(HYPERCALL_BUDGET_START, HYPERCALL_BUDGET);
}
