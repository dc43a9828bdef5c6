// SPDX-License-Identifier: MIT
/* CPUID policies, over pretended machines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <hv/cpuid.h>
#include <xen/arch-x86/cpufeatureset.h>

#define NONE XEN_CPUID_NO_SUBLEAF
#define F(name) XEN_X86_FEATURE_##name

/* A machine that has every feature bit, up to leaf 0x20 and 0x80000021. */
static void read_all(uint32_t leaf, uint32_t subleaf, struct cpuid_result *r)
{
	*r = (struct cpuid_result){ ~0u, ~0u, ~0u, ~0u };
	if (leaf == 0)
		*r = (struct cpuid_result){ 0x20, 0x756e6547, 0x6c65746e, 0x49656e69 };
	if (leaf == 0x80000000)
		*r = (struct cpuid_result){ 0x80000021, 0, 0, 0 };
	if (leaf == 7 && subleaf > 2)
		memset(r, 0, sizeof(*r));
	if (leaf == 4 && subleaf > 3)
		memset(r, 0, sizeof(*r));
	if (leaf == 0xd && subleaf > 18)
		memset(r, 0, sizeof(*r));
}

/* One with as little as long mode needs. */
static void read_little(uint32_t leaf, uint32_t subleaf, struct cpuid_result *r)
{
	(void)subleaf;
	memset(r, 0, sizeof(*r));
	if (leaf == 0)
		r->a = 1;
	if (leaf == 1)
		r->d = 0x078bfbff;
	if (leaf == 0x80000000)
		r->a = 0x80000001;
	if (leaf == 0x80000001)
		r->d = 0x20100800;
}

static struct cpuid_policy raw, pv;

static int make(void **state)
{
	(void)state;
	cpuid_policy_raw(&raw, read_all);
	pv = raw;
	cpuid_policy_pv(&pv, 0xe7);
	return 0;
}

static void leaves_are_sorted_and_found(void **state)
{
	(void)state;
	assert_true(raw.n <= CPUID_MAX_LEAVES);
	for (unsigned i = 0; i + 1 < raw.n; i++)
		assert_true(raw.leaf[i].leaf < raw.leaf[i + 1].leaf ||
			    (raw.leaf[i].leaf == raw.leaf[i + 1].leaf &&
			     raw.leaf[i].subleaf < raw.leaf[i + 1].subleaf));
	for (unsigned i = 0; i < raw.n; i++)
		assert_ptr_equal(cpuid_find(&raw, raw.leaf[i].leaf, raw.leaf[i].subleaf),
				 &raw.leaf[i]);
	assert_null(cpuid_find(&raw, 0x15, NONE));
	assert_null(cpuid_find(&raw, 7, NONE));
}

static void a_pv_guest_sees_nothing_that_needs_ring_0(void **state)
{
	static const unsigned hidden[] = {
		F(VME), F(PSE), F(PGE), F(PSE36), F(MTRR), F(MONITOR), F(VMX), F(SMX), F(PCID),
		F(X2APIC), F(TSC_DEADLINE), F(SVM), F(PAGE1GB), F(FSGSBASE), F(SMEP), F(SMAP),
		F(INVPCID), F(UMIP), F(PKU), F(OSPKE), F(CET_SS), F(CET_IBT), F(IBRSB), F(STIBP),
		F(SSBD), F(ARCH_CAPS), F(TSC_ADJUST), F(RTM), F(HLE), F(MPX), F(XSAVES), F(ENQCMD),
		F(DS), F(PDCM), F(PROC_TRACE),
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(hidden); i++)
		if (cpuid_has_feature(&pv, hidden[i]))
			fail_msg("feature %u*32+%u is visible", hidden[i] / 32, hidden[i] % 32);
}

static void a_pv_guest_sees_what_it_can_use(void **state)
{
	static const unsigned shown[] = { F(FPU), F(TSC), F(CX16), F(SSE4_2), F(XSAVE), F(AVX2),
					  F(AVX512F), F(SYSCALL), F(NX), F(LM), F(RDTSCP), F(HYPERVISOR),
					  F(XSAVEC), F(ERMS) };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(shown); i++)
		if (!cpuid_has_feature(&pv, shown[i]))
			fail_msg("feature %u*32+%u is hidden", shown[i] / 32, shown[i] % 32);
}

/* Each vCPU is a package of its own, and nothing announces a count that is not there. */
static void no_count_of_cpus_is_announced(void **state)
{
	(void)state;
	assert_false(cpuid_has_feature(&pv, F(HTT)));
	assert_false(cpuid_has_feature(&pv, F(CMP_LEGACY)));
	assert_int_equal(cpuid_find(&pv, 1, NONE)->b >> 16, 0);
	assert_int_equal(cpuid_find(&pv, 4, 0)->a >> 14, 0);
	assert_int_equal(cpuid_find(&pv, 0xb, 0)->b, 0);
	assert_int_equal(cpuid_find(&pv, 0x80000008, NONE)->c, 0);
}

static void the_number_of_leaves_is_limited(void **state)
{
	(void)state;
	assert_int_equal(cpuid_find(&pv, 0, NONE)->a, 0xd);
	assert_int_equal(cpuid_find(&pv, 0x80000000, NONE)->a, 0x80000021);
}

static void extended_states_are_those_that_are_switched(void **state)
{
	struct cpuid_policy p = raw;

	(void)state;
	assert_int_equal(cpuid_find(&pv, 0xd, 0)->a, 0xe7);
	assert_non_null(cpuid_find(&pv, 0xd, 2));
	assert_null(cpuid_find(&pv, 0xd, 9));
	assert_null(cpuid_find(&pv, 0xd, 17));
	cpuid_policy_pv(&p, 0);
	assert_false(cpuid_has_feature(&p, F(XSAVE)));
	assert_false(cpuid_has_feature(&p, F(AVX)));
	assert_false(cpuid_has_feature(&p, F(AVX2)));
}

static void a_small_machine_stays_small(void **state)
{
	struct cpuid_policy p;

	(void)state;
	cpuid_policy_raw(&p, read_little);
	cpuid_policy_pv(&p, 0);
	assert_int_equal(cpuid_find(&p, 0, NONE)->a, 1);
	assert_null(cpuid_find(&p, 7, 0));
	assert_true(cpuid_has_feature(&p, F(LM)));
	assert_true(cpuid_has_feature(&p, F(HYPERVISOR)));
	assert_false(cpuid_has_feature(&p, F(XSAVE)));
	assert_false(cpuid_has_feature(&p, F(AVX2)));
}

static void what_a_toolstack_sets_stays_below_the_maximum(void **state)
{
	struct cpuid_policy p = pv;
	struct xen_cpuid_leaf one = *cpuid_find(&pv, 1, NONE);

	(void)state;
	one.c = ~0u;
	one.d &= ~(1u << F(MCA));
	assert_int_equal(cpuid_policy_put(&p, &one), 0);
	cpuid_policy_clamp(&p, &pv);
	assert_false(cpuid_has_feature(&p, F(VMX)));
	assert_false(cpuid_has_feature(&p, F(MCA)));
	assert_true(cpuid_has_feature(&p, F(SSE3)));
}

static void a_leaf_that_no_policy_has_is_refused(void **state)
{
	static const struct xen_cpuid_leaf none[] = {
		{ .leaf = 0xe, .subleaf = NONE }, { .leaf = 0x80000022, .subleaf = NONE },
		{ .leaf = 7, .subleaf = NONE }, { .leaf = 7, .subleaf = 3 }, { .leaf = 1, .subleaf = 0 },
		{ .leaf = 0xd, .subleaf = 63 }, { .leaf = 0x20000000, .subleaf = NONE },
	};
	struct cpuid_policy p = pv;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(none); i++)
		assert_int_equal(cpuid_policy_put(&p, &none[i]), -XEN_ERANGE);
	assert_memory_equal(&p, &pv, sizeof(p));
}

static void the_hypervisors_leaves_are_not_the_toolstacks(void **state)
{
	struct xen_cpuid_leaf hv = { .leaf = 0x40000000, .subleaf = NONE, .a = 1 };
	struct cpuid_policy p = pv;

	(void)state;
	assert_int_equal(cpuid_policy_put(&p, &hv), 0);
	assert_memory_equal(&p, &pv, sizeof(p));
}

static void more_leaves_than_the_machine_has_do_not_fit(void **state)
{
	struct cpuid_policy p = pv, little;
	uint32_t leaf = 0, subleaf = 0;

	(void)state;
	cpuid_policy_raw(&little, read_little);
	assert_true(cpuid_policy_fits(&p, &pv, &leaf, &subleaf));
	assert_false(cpuid_policy_fits(&p, &little, &leaf, &subleaf));
	assert_int_equal(leaf, 0);
	assert_int_equal(subleaf, NONE);
}

static void every_leaf_that_is_told_can_be_given_back(void **state)
{
	struct cpuid_policy p = { 0 };

	(void)state;
	for (unsigned i = 0; i < pv.n; i++)
		assert_int_equal(cpuid_policy_put(&p, &pv.leaf[i]), 0);
	for (unsigned i = 0; i < pv.n; i++) {
		const struct xen_cpuid_leaf *l = &pv.leaf[i], *got;

		got = cpuid_find(&p, l->leaf, l->subleaf);
		if (l->a | l->b | l->c | l->d)
			assert_memory_equal(got, l, sizeof(*l));
	}
}

/* libxenguest writes into as many entries as it was given, blank leaves and ends of lists too. */
static void a_policy_is_told_with_every_leaf_up_to_the_last(void **state)
{
	struct xen_cpuid_leaf out[CPUID_MAX_LEAVES];
	struct cpuid_policy p = { 0 };
	unsigned n;

	(void)state;
	assert_int_equal(cpuid_policy_leaves(&p, out), 4);	/* 0, two of a hypervisor, 0x80000000 */
	cpuid_policy_raw(&p, read_little);
	assert_int_equal(cpuid_policy_leaves(&p, out), 6);
	n = cpuid_policy_leaves(&raw, out);
	/* 10 plain, 5 of leaf 4, 3 of 7, 2 of 0xb, all of 0xd, 2 and 34 */
	assert_int_equal(n, 10 + 5 + 3 + 2 + 63 + 2 + 34);
	p = (struct cpuid_policy){ 0 };
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(cpuid_policy_put(&p, &out[i]), 0);
	assert_int_equal(cpuid_policy_leaves(&p, out), n);
	for (unsigned i = 0; i < pv.n; i++)
		pv.leaf[i].a = pv.leaf[i].b = pv.leaf[i].c = pv.leaf[i].d = ~0u;
	assert_true(cpuid_policy_leaves(&pv, out) <= CPUID_MAX_LEAVES);
}

static void any_leaves_leave_the_list_sorted(void **state)
{
	struct cpuid_policy p = pv;

	(void)state;
	srandom(5);
	for (unsigned i = 0; i < 100000; i++) {
		struct xen_cpuid_leaf l = { .leaf = (uint32_t)random() % 40, .a = 1 };

		if (random() & 1)
			l.leaf += 0x80000000;
		l.subleaf = random() & 1 ? NONE : (uint32_t)random() % 70;
		cpuid_policy_put(&p, &l);
		assert_true(p.n <= CPUID_MAX_LEAVES);
	}
	for (unsigned i = 0; i + 1 < p.n; i++)
		assert_true(p.leaf[i].leaf < p.leaf[i + 1].leaf ||
			    (p.leaf[i].leaf == p.leaf[i + 1].leaf &&
			     p.leaf[i].subleaf < p.leaf[i + 1].subleaf));
	cpuid_policy_clamp(&p, &pv);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaves_are_sorted_and_found),
		cmocka_unit_test(a_pv_guest_sees_nothing_that_needs_ring_0),
		cmocka_unit_test(a_pv_guest_sees_what_it_can_use),
		cmocka_unit_test(no_count_of_cpus_is_announced),
		cmocka_unit_test(the_number_of_leaves_is_limited),
		cmocka_unit_test(extended_states_are_those_that_are_switched),
		cmocka_unit_test(a_small_machine_stays_small),
		cmocka_unit_test(what_a_toolstack_sets_stays_below_the_maximum),
		cmocka_unit_test(a_leaf_that_no_policy_has_is_refused),
		cmocka_unit_test(the_hypervisors_leaves_are_not_the_toolstacks),
		cmocka_unit_test(more_leaves_than_the_machine_has_do_not_fit),
		cmocka_unit_test(every_leaf_that_is_told_can_be_given_back),
		cmocka_unit_test(a_policy_is_told_with_every_leaf_up_to_the_last),
		cmocka_unit_test(any_leaves_leave_the_list_sorted),
	};

	return cmocka_run_group_tests(tests, make, NULL);
}
