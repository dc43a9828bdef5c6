// SPDX-License-Identifier: MIT
/* Which descriptors, debug registers and MSRs a guest may have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <format/descriptor.h>
#include <format/msr.h>
#include <hv/debugreg.h>
#include <hv/msr.h>
#include <hv/segments.h>

#define GATE(sel) (0x00008c0000000000UL | (uint64_t)(sel) << 16)

/* ---- descriptors ------------------------------------------------------------- */

static void assert_becomes(uint64_t desc, uint64_t want)
{
	assert_true(segdesc_fix(&desc));
	assert_int_equal(desc, want);
}

static void assert_refused(uint64_t desc)
{
	uint64_t was = desc;

	assert_false(segdesc_fix(&desc));
	assert_int_equal(desc, was);
}

static void segments_get_the_privilege_of_ring_3(void **state)
{
	(void)state;
	assert_becomes(0x00cf93000000ffff, 0x00cff3000000ffff);
	assert_becomes(0x00af9b000000ffff, 0x00affb000000ffff);
	assert_becomes(0x00cfb3000000ffff, 0x00cff3000000ffff);
}

static void what_is_not_present_stays_as_it_is(void **state)
{
	(void)state;
	assert_becomes(0, 0);
	assert_becomes(0x1234, 0x1234);
	assert_becomes(0x0000090000000067, 0x0000090000000067);	/* a TSS, but P is clear */
}

static void system_descriptors_are_refused(void **state)
{
	(void)state;
	for (uint64_t type = 1; type < 16; type++)
		if (type != 12)
			assert_refused(0x0000800000000067 | type << 40);
}

static void call_gates_cannot_be_called(void **state)
{
	(void)state;
	assert_becomes(GATE(GUEST_CS64) | 3UL << 45, GATE(GUEST_CS64));
	assert_becomes(GATE(0x10) | 3UL << 45, GATE(0x13));
	assert_becomes(GATE(0x0c), GATE(0x0f));
	assert_refused(GATE(HV_CS));
	assert_refused(GATE(GUEST_DS));
	assert_refused(GATE(0xfff8));
	assert_refused(GATE(0x10) | 1UL << 32);
}

static void any_descriptor_that_passes_is_harmless(void **state)
{
	(void)state;
	srandom(3);
	for (unsigned i = 0; i < 1000000; i++) {
		segdesc_t d = { .raw = (uint64_t)random() << 42 ^ (uint64_t)random() << 21 ^
				       (uint64_t)random() };

		if (!segdesc_fix(&d.raw) || !(d.b & DESC_P))
			continue;
		if (d.b & DESC_S)
			assert_int_equal(d.b & DESC_DPL, DESC_DPL);
		else
			assert_true((d.b & DESC_TYPE) == 0 ||
				    ((d.b & DESC_TYPE) == DESC_SYS_CALL_GATE && !(d.b & DESC_DPL)));
	}
}

/* ---- DR7 --------------------------------------------------------------------- */

static void dr7_keeps_its_fixed_bits(void **state)
{
	uint64_t v = 0xdc01, io;

	(void)state;
	assert_true(dr7_check(&v, &io, false));
	assert_int_equal(v, 0x401);
	assert_int_equal(io, 0);
}

static void dr7_may_not_guard_the_debug_registers(void **state)
{
	uint64_t v = 0x2000, io;

	(void)state;
	assert_false(dr7_check(&v, &io, true));
}

static void io_break_points_are_kept_but_not_loaded(void **state)
{
	uint64_t v = 0x20001 | 0x4, io;

	(void)state;
	assert_false(dr7_check(&v, &io, false));
	assert_true(dr7_check(&v, &io, true));
	assert_int_equal(v, 0x20404);
	assert_int_equal(io, 1);
}

static void disabled_break_points_may_have_any_kind(void **state)
{
	uint64_t v = 0x20000, io;

	(void)state;
	assert_true(dr7_check(&v, &io, false));
	assert_int_equal(io, 0);
}

/* ---- MSRs -------------------------------------------------------------------- */

static const struct msr_env intel = { .vendor = MSR_INTEL, .ucode_rev = 0x42 },
			    amd = { .vendor = MSR_AMD, .vcpu_id = 1 };

static void an_unknown_msr_does_not_exist(void **state)
{
	uint64_t v;

	(void)state;
	assert_false(msr_fixed_read(&intel, 0xdeadbeef, &v));
	assert_false(msr_fixed_write(&intel, 0xdeadbeef, 0));
	assert_false(msr_fixed_read(&intel, MSR_LSTAR, &v));
	assert_false(msr_fixed_write(&intel, MSR_LSTAR, 0x1000));
	assert_false(msr_fixed_read(&intel, MSR_X2APIC_FIRST, &v));
}

static void the_first_vcpu_is_the_boot_processor(void **state)
{
	uint64_t v;

	(void)state;
	assert_true(msr_fixed_read(&intel, MSR_APIC_BASE, &v));
	assert_int_equal(v, 0xfee00900);
	assert_true(msr_fixed_read(&amd, MSR_APIC_BASE, &v));
	assert_int_equal(v, 0xfee00800);
}

static void each_maker_has_its_own(void **state)
{
	uint64_t v;

	(void)state;
	assert_true(msr_fixed_read(&amd, MSR_K8_HWCR, &v));
	assert_false(msr_fixed_read(&intel, MSR_K8_HWCR, &v));
	assert_true(msr_fixed_read(&intel, MSR_FEATURE_CONTROL, &v));
	assert_false(msr_fixed_read(&amd, MSR_FEATURE_CONTROL, &v));
}

static void writing_what_it_has_is_let_pass(void **state)
{
	uint64_t v;

	(void)state;
	assert_true(msr_fixed_read(&intel, MSR_EFER, &v));
	assert_true(msr_fixed_write(&intel, MSR_EFER, v));
	assert_false(msr_fixed_write(&intel, MSR_EFER, v & ~(uint64_t)EFER_NX));
	assert_true(msr_fixed_write(&intel, MSR_UCODE_REV, 0));
	assert_false(msr_fixed_write(&intel, MSR_UCODE_REV, 1));
	assert_false(msr_fixed_write(&amd, MSR_UCODE_REV, 0));
	assert_false(msr_fixed_write(&intel, MSR_APIC_BASE, 0xfee00900));
	assert_false(msr_fixed_write(&intel, MSR_PAT, 0));
}

static void performance_counters_count_nothing(void **state)
{
	uint64_t v = 1;

	(void)state;
	assert_true(msr_fixed_write(&intel, MSR_PERFCTR_FIRST, 7));
	assert_true(msr_fixed_read(&intel, MSR_PERFCTR_FIRST, &v));
	assert_int_equal(v, 0);
	assert_false(msr_fixed_read(&amd, MSR_PERFCTR_FIRST, &v));
	assert_true(msr_fixed_write(&amd, MSR_FAM15_EVNTSEL0, 7));
	assert_true(msr_fixed_read(&amd, MSR_FAM15_EVNTSEL0, &v));
	assert_int_equal(v, 0);
	assert_false(msr_fixed_read(&intel, MSR_FAM15_EVNTSEL0, &v));
}

static void what_is_only_written_cannot_be_read(void **state)
{
	uint64_t v;

	(void)state;
	assert_true(msr_fixed_write(&intel, MSR_MPERF, 1));
	assert_false(msr_fixed_read(&intel, MSR_MPERF, &v));
}

static void machine_checks_have_no_reports(void **state)
{
	uint64_t v;

	(void)state;
	for (uint32_t msr = MSR_MC0_CTL; msr < MSR_MC0_CTL + 128; msr++) {
		assert_true(msr_fixed_read(&intel, msr, &v));
		if (msr & 3)
			assert_int_equal(v, 0);
	}
	assert_false(msr_fixed_read(&intel, MSR_MC0_CTL + 128, &v));
	assert_true(msr_fixed_write(&intel, MSR_MC0_CTL + 4, 1));
	assert_true(msr_fixed_write(&intel, MSR_MC0_CTL + 5, 0));
	assert_false(msr_fixed_write(&intel, MSR_MC0_CTL + 5, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(segments_get_the_privilege_of_ring_3),
		cmocka_unit_test(what_is_not_present_stays_as_it_is),
		cmocka_unit_test(system_descriptors_are_refused),
		cmocka_unit_test(call_gates_cannot_be_called),
		cmocka_unit_test(any_descriptor_that_passes_is_harmless),
		cmocka_unit_test(dr7_keeps_its_fixed_bits),
		cmocka_unit_test(dr7_may_not_guard_the_debug_registers),
		cmocka_unit_test(io_break_points_are_kept_but_not_loaded),
		cmocka_unit_test(disabled_break_points_may_have_any_kind),
		cmocka_unit_test(an_unknown_msr_does_not_exist),
		cmocka_unit_test(the_first_vcpu_is_the_boot_processor),
		cmocka_unit_test(each_maker_has_its_own),
		cmocka_unit_test(writing_what_it_has_is_let_pass),
		cmocka_unit_test(performance_counters_count_nothing),
		cmocka_unit_test(what_is_only_written_cannot_be_read),
		cmocka_unit_test(machine_checks_have_no_reports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
