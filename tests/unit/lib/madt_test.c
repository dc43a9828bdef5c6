// SPDX-License-Identifier: MIT
/* Firmware's list of CPUs, well formed and not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <hv/madt.h>

static uint8_t table[512];
static size_t len;
static struct madt_cpu cpus[4];

static void put32(uint8_t *p, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static int start(void **state)
{
	(void)state;
	memset(table, 0, sizeof(table));
	memcpy(table, "APIC", 4);
	len = 44;
	put32(table + 4, (uint32_t)len);
	return 0;
}

static uint8_t *add(uint8_t type, uint8_t size)
{
	uint8_t *e = table + len;

	e[0] = type;
	e[1] = size;
	len += size;
	put32(table + 4, (uint32_t)len);
	return e;
}

static void add_apic(uint8_t acpi, uint8_t apic, uint32_t flags)
{
	uint8_t *e = add(0, 8);

	e[2] = acpi;
	e[3] = apic;
	put32(e + 4, flags);
}

static void add_x2apic(uint32_t acpi, uint32_t apic, uint32_t flags)
{
	uint8_t *e = add(9, 16);

	put32(e + 4, apic);
	put32(e + 8, flags);
	put32(e + 12, acpi);
}

static unsigned find(void)
{
	memset(cpus, 0, sizeof(cpus));
	return madt_cpus(table, len, cpus, 4);
}

static void enabled_cpus_of_both_kinds_are_found_in_order(void **state)
{
	(void)state;
	add_apic(7, 4, 1);
	add(1, 12);			/* an I/O APIC */
	add_x2apic(300, 0x1234, 1);
	add_apic(8, 5, 1);
	assert_int_equal(find(), 3);
	assert_int_equal(cpus[0].apic_id, 4);
	assert_int_equal(cpus[0].acpi_id, 7);
	assert_int_equal(cpus[1].apic_id, 0x1234);
	assert_int_equal(cpus[1].acpi_id, 300);
	assert_int_equal(cpus[2].apic_id, 5);
}

static void cpus_that_are_not_enabled_or_have_no_id_are_left_out(void **state)
{
	(void)state;
	add_apic(0, 0, 0);
	add_apic(1, 1, 2);		/* could be plugged in */
	add_apic(2, 0xff, 1);
	add_x2apic(3, 0xffffffff, 1);
	add_x2apic(4, 4, 0);
	assert_int_equal(find(), 0);
}

static void a_cpu_that_stands_there_twice_counts_once(void **state)
{
	(void)state;
	add_apic(1, 1, 1);
	add_x2apic(1, 1, 1);
	add_apic(1, 1, 1);
	assert_int_equal(find(), 1);
}

static void more_than_there_is_room_for_are_counted_and_not_written(void **state)
{
	(void)state;
	for (uint8_t i = 0; i < 7; i++)
		add_apic(i, i, 1);
	assert_int_equal(madt_cpus(table, len, cpus, 2), 7);
	assert_int_equal(cpus[1].apic_id, 1);
	assert_int_equal(cpus[2].apic_id, 0);
}

static void entries_that_lie_about_their_length_end_the_list(void **state)
{
	(void)state;
	add_apic(1, 1, 1);
	add(3, 2)[1] = 0;
	add_apic(2, 2, 1);
	assert_int_equal(find(), 1);

	start(NULL);
	add_apic(1, 1, 1);
	add(0, 8)[1] = 200;
	assert_int_equal(find(), 1);

	start(NULL);
	add(0, 4);			/* too short for what it says it is */
	add(9, 8);
	add_apic(2, 2, 1);
	assert_int_equal(find(), 1);
	assert_int_equal(cpus[0].apic_id, 2);
}

static void a_table_that_ends_early_or_is_another_is_refused(void **state)
{
	(void)state;
	add_apic(1, 1, 1);
	assert_int_equal(madt_cpus(table, 43, cpus, 4), 0);
	assert_int_equal(madt_cpus(table, 0, cpus, 4), 0);
	assert_int_equal(madt_cpus(table, len - 1, cpus, 4), 0);
	put32(table + 4, 40);
	assert_int_equal(find(), 0);
	put32(table + 4, 0xffffffff);	/* longer than what was read of it */
	assert_int_equal(find(), 1);
	table[0] = 'F';
	assert_int_equal(find(), 0);
}

#define T(name) cmocka_unit_test_setup(name, start)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(enabled_cpus_of_both_kinds_are_found_in_order),
		T(cpus_that_are_not_enabled_or_have_no_id_are_left_out),
		T(a_cpu_that_stands_there_twice_counts_once),
		T(more_than_there_is_room_for_are_counted_and_not_written),
		T(entries_that_lie_about_their_length_end_the_list),
		T(a_table_that_ends_early_or_is_another_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
