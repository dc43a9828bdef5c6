// SPDX-License-Identifier: MIT
/* Areas that the hypervisor writes to: the walk to their frames, and writing across two. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <format/pte.h>
#include <hv/arch.h>
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/guestarea.h>
#include <hv/usercopy.h>

/* Frames 1 to 4: the tables, L4 first; 5 and 6: data, mapped next to each other at VA. */
#define FRAMES 8
#define VA     0x400000UL
#define LEN    48u

static _Alignas(4096) char ram[FRAMES][PAGE_SIZE];
static struct frame frames[FRAMES];
static int held[FRAMES];
static struct domain domain;
static struct vcpu vcpu;
static struct guest_area area;

struct cpu host_cpu;
char *arch_direct_map = ram[0];
uint64_t arch_max_mfn = FRAMES;
struct frame *frame_table = frames;

bool guest_range_ok(guest_va_t va, uint64_t len)
{
	return va.a < 1UL << 47 && len < PAGE_SIZE + 1;
}

/* Only frames 5 and 6 are the domain's own data. */
struct frame *frame_get_writable(mfn_t m, struct domain *d)
{
	assert_ptr_equal(d, &domain);
	if (m.n != 5 && m.n != 6)
		return NULL;
	held[m.n]++;
	return &frames[m.n];
}

void frame_put_typed(struct frame *f)
{
	held[f - frames]--;
}

static uint64_t *entry(unsigned table, unsigned i)
{
	return (uint64_t *)ram[table] + i;
}

static int start(void **state)
{
	(void)state;
	memset(ram, 0, sizeof(ram));
	memset(held, 0, sizeof(held));
	memset(&area, 0, sizeof(area));
	vcpu = (struct vcpu){ .domain = &domain, .guest_table = mfn(1) };
	host_cpu.current = &vcpu;
	for (unsigned t = 1; t < 4; t++)
		*entry(t, t == 3 ? 2 : 0) = (t + 1UL) << PAGE_SHIFT | PTE_P | PTE_W | PTE_U;
	*entry(4, 0) = 5UL << PAGE_SHIFT | PTE_P | PTE_W | PTE_U;
	*entry(4, 1) = 6UL << PAGE_SHIFT | PTE_P | PTE_W | PTE_U;
	return 0;
}

static void an_area_in_one_page_holds_its_frame(void **state)
{
	(void)state;
	assert_int_equal(guest_area_register(&area, guest_va(VA + 16), LEN), 0);
	assert_int_equal(held[5], 1);
	assert_int_equal(held[6], 0);
	guest_area_write(&area, 8, "abc", 3);
	assert_memory_equal(ram[5] + 24, "abc", 3);
	guest_area_release(&area);
	assert_int_equal(held[5], 0);
	assert_false(guest_area_is_set(&area));
}

static void an_area_across_two_pages_is_written_in_both(void **state)
{
	char text[LEN];

	(void)state;
	for (unsigned i = 0; i < LEN; i++)
		text[i] = (char)('A' + i);
	for (unsigned head = 1; head < LEN; head++) {
		memset(ram[5], 0, PAGE_SIZE);
		memset(ram[6], 0, PAGE_SIZE);
		assert_int_equal(guest_area_register(&area, guest_va(VA + PAGE_SIZE - head), LEN),
				 0);
		for (unsigned at = 0; at < LEN; at += 8)
			guest_area_write(&area, at, text + at, 8);
		assert_memory_equal(ram[5] + PAGE_SIZE - head, text, head);
		assert_memory_equal(ram[6], text + head, LEN - head);
		assert_int_equal(ram[6][LEN - head], 0);
		assert_int_equal(held[5], 1);
		assert_int_equal(held[6], 1);
	}
}

static void an_area_that_ends_with_its_page_needs_no_second(void **state)
{
	(void)state;
	*entry(4, 1) = 0;
	assert_int_equal(guest_area_register(&area, guest_va(VA + PAGE_SIZE - LEN), LEN), 0);
	guest_area_write(&area, LEN - 1, "x", 1);
	assert_int_equal(ram[5][PAGE_SIZE - 1], 'x');
}

static void a_new_area_takes_the_place_of_the_old(void **state)
{
	(void)state;
	assert_int_equal(guest_area_register(&area, guest_va(VA), LEN), 0);
	assert_int_equal(guest_area_register(&area, guest_va(VA + PAGE_SIZE), LEN), 0);
	assert_int_equal(held[5], 0);
	assert_int_equal(held[6], 1);
	assert_int_equal(guest_area_register(&area, guest_va(0), LEN), 0);
	assert_int_equal(held[6], 0);
}

static void a_refused_area_leaves_the_old_one(void **state)
{
	(void)state;
	assert_int_equal(guest_area_register(&area, guest_va(VA), LEN), 0);
	assert_int_equal(guest_area_register(&area, guest_va(VA + 2 * PAGE_SIZE), LEN),
			 -XEN_EFAULT);
	assert_int_equal(held[5], 1);
	assert_true(guest_area_is_set(&area));
}

static void what_is_not_mapped_at_any_level_is_refused(void **state)
{
	(void)state;
	for (unsigned t = 1; t <= 4; t++) {
		uint64_t *e = entry(t, t == 3 ? 2 : 0), old = *e;

		*e = old & ~PTE_P;
		assert_int_equal(guest_area_register(&area, guest_va(VA), LEN), -XEN_EFAULT);
		*e = old & ~PTE_W;
		assert_int_equal(guest_area_register(&area, guest_va(VA), LEN), -XEN_EFAULT);
		*e = old;
	}
	assert_int_equal(guest_area_register(&area, guest_va(VA), LEN), 0);
}

static void frames_of_others_and_io_memory_are_refused(void **state)
{
	(void)state;
	*entry(4, 0) = 7UL << PAGE_SHIFT | PTE_P | PTE_W | PTE_U;
	assert_int_equal(guest_area_register(&area, guest_va(VA), LEN), -XEN_EFAULT);
	*entry(4, 0) = (uint64_t)FRAMES << PAGE_SHIFT | PTE_P | PTE_W | PTE_U;
	assert_int_equal(guest_area_register(&area, guest_va(VA), LEN), -XEN_EFAULT);
}

static void a_refused_second_page_lets_the_first_go(void **state)
{
	(void)state;
	*entry(4, 1) = 0;
	assert_int_equal(guest_area_register(&area, guest_va(VA + PAGE_SIZE - 8), LEN),
			 -XEN_EFAULT);
	assert_int_equal(held[5], 0);
	assert_false(guest_area_is_set(&area));
}

static void addresses_of_the_hypervisor_are_refused(void **state)
{
	(void)state;
	assert_int_equal(guest_area_register(&area, guest_va(0xffff800000000000UL), LEN),
			 -XEN_EFAULT);
	assert_int_equal(guest_area_register(&area, guest_va(VA), PAGE_SIZE + 1), -XEN_EFAULT);
}

#define T(f) cmocka_unit_test_setup(f, start)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_area_in_one_page_holds_its_frame),
		T(an_area_across_two_pages_is_written_in_both),
		T(an_area_that_ends_with_its_page_needs_no_second),
		T(a_new_area_takes_the_place_of_the_old),
		T(a_refused_area_leaves_the_old_one),
		T(what_is_not_mapped_at_any_level_is_refused),
		T(frames_of_others_and_io_memory_are_refused),
		T(a_refused_second_page_lets_the_first_go),
		T(addresses_of_the_hypervisor_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
