// SPDX-License-Identifier: MIT
/* See fake.h. */
#include "fake.h"

#include "fakes/initialised.h"

#include <format/descriptor.h>
#include <format/eflags.h>

#include <hv/debugreg.h>
#include <hv/hypercall.h>
#include <hv/segments.h>
#include <hv/usercopy.h>

struct cpu host_cpu;
struct domain fake_domain;
struct vcpu fake_vcpu;
uint8_t fake_memory[GUEST_SIZE];
unsigned fake_crashes;
uint64_t fake_set_arg;
uint64_t fake_debug_regs[8];

static vcpu_info_t info;
static struct trap_info traps[256];

int fake_start(void **state)
{
	struct cpu_user_regs *r = &host_cpu.regs;

	(void)state;
	memset(&host_cpu, 0, sizeof(host_cpu));
	memset(&fake_domain, 0, sizeof(fake_domain));
	memset(&fake_vcpu, 0, sizeof(fake_vcpu));
	memset(fake_memory, 0xee, sizeof(fake_memory));
	memset(&info, 0, sizeof(info));
	memset(traps, 0, sizeof(traps));
	memset(fake_debug_regs, 0, sizeof(fake_debug_regs));
	fake_crashes = 0;
	fake_set_arg = 0;
	fake_vcpu.domain = &fake_domain;
	fake_vcpu.info = &info;
	fake_vcpu.trap_table = traps;
	fake_vcpu.kernel_mode = true;
	fake_vcpu.running = true;
	fake_vcpu.kernel_sp = GUEST_BASE + 0x8000;
	fake_vcpu.guest_table_user = mfn(7);
	host_cpu.current = &fake_vcpu;
	host_cpu.budget.left = HYPERCALL_BUDGET;
	*r = (struct cpu_user_regs){ .rip = 0x100000, .cs = GUEST_CS64, .ss = GUEST_DS,
				     .rsp = GUEST_BASE + GUEST_SIZE, .rcx = 0xc0, .r11 = 0x11,
				     .rflags = FLAGS_IF | FLAGS_MBS | FLAGS_ZF };
	return 0;
}

uint64_t fake_word(uint64_t va)
{
	uint64_t v;

	assert_int_equal(copy_from_guest(&v, guest_va(va), sizeof(v)), 0);
	return v;
}

static bool mapped(guest_va_t va, size_t len)
{
	return va.a >= GUEST_BASE && va.a - GUEST_BASE <= GUEST_SIZE &&
	       len <= GUEST_SIZE - (va.a - GUEST_BASE);
}

bool guest_range_ok(guest_va_t va, uint64_t len)
{
	return va.a < HYPERVISOR_VIRT_START ? len <= HYPERVISOR_VIRT_START - va.a :
	       va.a >= HYPERVISOR_VIRT_END;
}

int copy_from_guest(void *dst, guest_va_t src, size_t len)
{
	if (!mapped(src, len))
		return -XEN_EFAULT;
	memcpy(dst, fake_memory + (src.a - GUEST_BASE), len);
	return 0;
}

int copy_to_guest(guest_va_t dst, const void *src, size_t len)
{
	if (!mapped(dst, len))
		return -XEN_EFAULT;
	check_initialised(src, len);
	memcpy(fake_memory + (dst.a - GUEST_BASE), src, len);
	return 0;
}



int domain_crash(struct domain *d, const char *fmt, ...)
{
	(void)d, (void)fmt;
	fake_crashes++;
	return -XEN_EFAULT;
}

void segments_enter_kernel(struct vcpu *v)
{
	assert_false(v->kernel_mode);
	v->kernel_mode = true;
}

void segments_enter_user(struct vcpu *v)
{
	assert_true(v->kernel_mode);
	v->kernel_mode = false;
}

static uint64_t bases[4];

void segments_set_fs_base(uint64_t base)
{
	bases[SEGBASE_FS] = base;
}

void segments_set_gs_base_user(uint64_t base)
{
	bases[SEGBASE_GS_USER] = base;
}

void segments_set_gs_base_kernel(uint64_t base)
{
	bases[SEGBASE_GS_KERNEL] = base;
}

void segments_set_gs_user_selector(uint16_t sel)
{
	bases[SEGBASE_GS_USER_SEL] = sel;
}

void debugreg_write(unsigned reg, uint64_t value)
{
	fake_debug_regs[reg] = value;
}

void hypercall_set_arg(unsigned n, uint64_t value)
{
	assert_int_equal(n, 0);
	fake_set_arg = value;
}

struct cpu *cpu_by_id(unsigned id)
{
	(void)id;
	return &host_cpu;
}

void arch_kick_cpu(unsigned cpu)
{
	(void)cpu;
}

void vcpu_wake(struct vcpu *v)
{
	(void)v;
}
