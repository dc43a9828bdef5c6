/* SPDX-License-Identifier: MIT */
/* Every hypercall and operation with addresses that are not the guest's to name. */
#include "hostile.h"

#define N(a) (sizeof(a) / sizeof((a)[0]))

static const uint64_t ours[] = {	/* the hypervisor's, or nobody's */
	HYPERVISOR_VIRT_START, HYPERVISOR_VIRT_START - 8, HYPERVISOR_VIRT_START - 120,
	0xffff820000000000, 0xffff828000000000, 0xffff82d040000000, 0xffff82e000000000,
	0xffff82f000000000, 0xffff840000000000, HYPERVISOR_VIRT_END - 8, 0x800000000000,
	0x7ffffffffff8, 1UL << 63, 0x7000000001, 0x7000000ffd, ~7UL,
};

/* Those that mean the addresses themselves, or end us. */
static bool is_exempt(unsigned nr, unsigned op)
{
	switch (nr) {
	case __HYPERVISOR_iret:
	case __HYPERVISOR_update_va_mapping:
	case __HYPERVISOR_update_va_mapping_otherdomain:
	case __HYPERVISOR_sched_op_compat:
	case __HYPERVISOR_stack_switch:
	case __HYPERVISOR_set_callbacks:
	case __HYPERVISOR_fpu_taskswitch:
	case __HYPERVISOR_vm_assist:
	case __HYPERVISOR_console_io:	/* the second argument is a count */
	case __HYPERVISOR_multicall:	/* nested_lists() */
		return true;
	case __HYPERVISOR_sched_op:
		return op == SCHEDOP_block;
	case __HYPERVISOR_vcpu_op:
		return op == VCPUOP_down || op == VCPUOP_send_nmi;
	}
	return false;
}

/* Their first argument is an address; that of the others says what to do. */
static bool is_pointer_first(unsigned nr)
{
	switch (nr) {
	case __HYPERVISOR_set_trap_table:
	case __HYPERVISOR_mmu_update:
	case __HYPERVISOR_set_gdt:
	case __HYPERVISOR_platform_op:
	case __HYPERVISOR_mmuext_op:
	case __HYPERVISOR_sysctl:
	case __HYPERVISOR_domctl:
		return true;
	}
	return false;
}

static unsigned try_pointers(unsigned nr)
{
	for (unsigned i = 0; i < N(ours); i++) {
		HC_N(nr, ours[i], 1, ours[(i + 1) % N(ours)], DOMID_SELF, 0);
		HC_N(nr, ours[i], 0x7fffffff, ours[i], DOMID_SELF, 0);
		HC_N(nr, ours[i], 0, ours[i], 0, 0, 0);
	}
	return 3 * N(ours);
}

static void try_all(unsigned nr)
{
	unsigned calls = is_pointer_first(nr) ? try_pointers(nr) : 0;

	for (unsigned op = 0; op < 64; op++) {
		if (is_exempt(nr, op) || is_pointer_first(nr))
			continue;
		for (unsigned i = 0; i < N(ours); i++) {
			HC_N(nr, op, ours[i], 1, ours[i], ours[i], 0);
			HC_N(nr, op, 0x7000000000, ours[i], ours[i], 0, 0);
			HC_N(nr, op, ours[i], 0xffffffff, 0, 0, 0);
			calls += 3;
		}
	}
	traps_init();
	if (calls)
		check(true, "hypercall %u, %u times with bad addresses: we live", nr, calls);
}

/* What copies out must say that it could not. */
static void copies_out(void)
{
	static const struct { unsigned nr, op; } calls[] = {
		{ __HYPERVISOR_xen_version, XENVER_extraversion },
		{ __HYPERVISOR_xen_version, XENVER_compile_info },
		{ __HYPERVISOR_xen_version, XENVER_capabilities },
		{ __HYPERVISOR_xen_version, XENVER_changeset },
		{ __HYPERVISOR_xen_version, XENVER_platform_parameters },
		{ __HYPERVISOR_xen_version, XENVER_get_features },
		{ __HYPERVISOR_xen_version, XENVER_guest_handle },
		{ __HYPERVISOR_xen_version, XENVER_commandline },
		{ __HYPERVISOR_memory_op, XENMEM_machphys_mapping },
	};

	for (unsigned i = 0; i < N(calls); i++) {
		unsigned good = 0;

		for (unsigned k = 0; k < N(ours); k++)
			good += HC_N(calls[i].nr, calls[i].op, ours[k], 0, 0, 0, 0) != -XEN_EFAULT;
		check_eq(good, 0, "hypercall %u, operation %u writes to no bad address",
			 calls[i].nr, calls[i].op);
	}
}

/* The last words of a page whose successor is not there. */
static void page_ends(void)
{
	char *page = page_alloc(), *next = page_alloc();
	struct mmuext_op *op = (void *)(page + PAGE - 8);

	pte_write((uint64_t)next, 0);
	check_eq((uint64_t)HC(mmuext_op, op, 1, 0, DOMID_SELF), (uint64_t)-XEN_EFAULT,
		 "an operation that runs over the end of what is mapped is a fault");
	check_eq((uint64_t)HC(multicall, page + PAGE - 32, 1), (uint64_t)-XEN_EFAULT,
		 "so is a list of calls");
	check_eq((uint64_t)HC(xen_version, XENVER_commandline, page + PAGE - 16),
		 (uint64_t)-XEN_EFAULT, "and what is copied out");
	pte_write((uint64_t)next, va_mfn(next) << 12 | P_P | P_W | P_U);
}

static void nested_lists(void)
{
	static struct multicall_entry outer[2], inner[1];

	inner[0].op = __HYPERVISOR_xen_version;
	outer[0].op = __HYPERVISOR_multicall;
	outer[0].args[0] = (uint64_t)inner;
	outer[0].args[1] = 1;
	outer[1] = outer[0];
	outer[1].args[0] = (uint64_t)outer;
	outer[1].args[1] = 2;
	HC(multicall, outer, 2);
	check_eq(outer[0].result, (uint64_t)-XEN_EINVAL, "a list in a list is refused");
	check_eq(outer[1].result, (uint64_t)-XEN_EINVAL, "so is one that names itself");
	for (unsigned i = 0; i < N(ours); i++)
		if ((long)HC(multicall, ours[i], 1) >= 0)
			check(false, "a list at %#lx is refused", (unsigned long)ours[i]);
	check_eq((uint64_t)HC(multicall, HYPERVISOR_VIRT_START, 0), (uint64_t)-XEN_EFAULT,
		 "an empty list in the hypervisor is refused");
}

/* docs/differences.md: what Xen has and Cloison has not. */
static void absent(void)
{
	static const uint8_t numbers[] = { __HYPERVISOR_xsm_op, __HYPERVISOR_xenoprof_op, __HYPERVISOR_hvm_op,
					   __HYPERVISOR_kexec_op, __HYPERVISOR_tmem_op, __HYPERVISOR_argo_op,
					   __HYPERVISOR_dm_op, __HYPERVISOR_hypfs_op, __HYPERVISOR_arch_0,
					   __HYPERVISOR_arch_7, 63 };
	unsigned there = 0;

	for (unsigned i = 0; i < sizeof(numbers); i++)
		there += hypercall(numbers[i], 0, 0, 0, 0, 0) != -XEN_ENOSYS;
	check_eq(there, 0, "hypercalls that are not there say so");
}

void attack_pointers(void)
{
	absent();
	for (unsigned nr = 0; nr < 64; nr++)
		try_all(nr);
	for (unsigned nr = 64; nr < 4096; nr += 61)
		HC_N(nr, 0, 0, 0, 0, 0, 0);
	check_eq((uint64_t)hypercall(~0u, 0, 0, 0, 0, 0), (uint64_t)-XEN_ENOSYS,
		 "the last hypercall number is none");
	traps_init();
	HC(set_timer_op, 0);
	HC(set_debugreg, 7, 0);
	HC(set_gdt, 0, 0);
	copies_out();
	page_ends();
	nested_lists();
}
