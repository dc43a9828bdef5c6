// SPDX-License-Identifier: MIT
/* domctl: where vCPUs may run, and the bitmaps that say so. */
#include "fakes/guestmem.h"
#include "world.h"

static struct xen_domctl op;

static int start(void **state)
{
	memset(&op, 0, sizeof(op));
	return world_start(state);
}

static void affinity_comes_back_as_what_is_in_force(void **state)
{
	uint8_t hard[16], soft[16];

	(void)state;
	memset(hard, 0xff, sizeof(hard));
	memset(soft, 0xff, sizeof(soft));
	op.u.vcpuaffinity.flags = XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT;
	set_xen_guest_handle(op.u.vcpuaffinity.cpumap_hard.bitmap, hard);
	set_xen_guest_handle(op.u.vcpuaffinity.cpumap_soft.bitmap, soft);
	op.u.vcpuaffinity.cpumap_hard.nr_bits = 128;
	op.u.vcpuaffinity.cpumap_soft.nr_bits = 128;
	assert_int_equal(domctl(&op, XEN_DOMCTL_setvcpuaffinity, 1), 0);
	assert_int_equal(hard[0], 1);
	assert_int_equal(hard[1], 0);
	assert_int_equal(hard[15], 0);
	assert_int_equal(domctl(&op, XEN_DOMCTL_getvcpuaffinity, 1), 0);
	assert_int_equal(hard[0], 1);
	assert_int_equal(hard[8], 0);
}

static void affinity_refuses_nothing_and_cpus_that_are_not_there(void **state)
{
	uint8_t map = 2;

	(void)state;
	assert_int_equal(domctl(&op, XEN_DOMCTL_setvcpuaffinity, 1), -XEN_EINVAL);
	op.u.vcpuaffinity.flags = XEN_VCPUAFFINITY_HARD;
	assert_int_equal(domctl(&op, XEN_DOMCTL_setvcpuaffinity, 1), -XEN_EINVAL);
	set_xen_guest_handle(op.u.vcpuaffinity.cpumap_hard.bitmap, &map);
	op.u.vcpuaffinity.cpumap_hard.nr_bits = 8;
	assert_int_equal(domctl(&op, XEN_DOMCTL_setvcpuaffinity, 1), -XEN_EINVAL);
	op.u.vcpuaffinity.cpumap_hard.nr_bits = 1;
	map = 1;
	assert_int_equal(domctl(&op, XEN_DOMCTL_setvcpuaffinity, 1), 0);
}

static void of_two_affinities_none_is_set_when_one_is_refused(void **state)
{
	uint8_t hard = 2;
	uint64_t soft[CPUMASK_WORDS] = { 2 };

	(void)state;
	machine_cpus = 4;
	op.u.vcpuaffinity.flags = XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT;
	set_xen_guest_handle(op.u.vcpuaffinity.cpumap_hard.bitmap, &hard);
	set_xen_guest_handle(op.u.vcpuaffinity.cpumap_soft.bitmap, (uint8_t *)soft);
	op.u.vcpuaffinity.cpumap_hard.nr_bits = 8;
	op.u.vcpuaffinity.cpumap_soft.nr_bits = UINT32_MAX;
	assert_int_equal(domctl(&op, XEN_DOMCTL_setvcpuaffinity, 1), -XEN_EINVAL);
	op.u.vcpuaffinity.flags = XEN_VCPUAFFINITY_HARD;
	assert_int_equal(domctl(&op, XEN_DOMCTL_getvcpuaffinity, 1), 0);
	assert_int_equal(hard, 0xf);
	assert_int_equal(machine_vcpu[1][0].sched.soft_affinity.word[0], ~0ULL);
}

static void a_bitmap_is_written_no_further_than_its_bits(void **state)
{
	uint8_t map[2] = { 0xff, 0xff };

	(void)state;
	machine_cpus = 64;
	op.u.vcpuaffinity.flags = XEN_VCPUAFFINITY_HARD;
	set_xen_guest_handle(op.u.vcpuaffinity.cpumap_hard.bitmap, map);
	op.u.vcpuaffinity.cpumap_hard.nr_bits = 5;
	assert_int_equal(domctl(&op, XEN_DOMCTL_getvcpuaffinity, 1), 0);
	assert_int_equal(map[0], 0x1f);
	assert_int_equal(map[1], 0xff);
	op.u.vcpuaffinity.cpumap_hard.nr_bits = UINT32_MAX;
	assert_int_equal(domctl(&op, XEN_DOMCTL_getvcpuaffinity, 1), -XEN_EINVAL);
}

static void a_bitmap_that_faults_anywhere_is_an_error(void **state)
{
	static uint8_t map[64];

	(void)state;
	op.u.vcpuaffinity.flags = XEN_VCPUAFFINITY_HARD;
	set_xen_guest_handle(op.u.vcpuaffinity.cpumap_hard.bitmap, map);
	op.u.vcpuaffinity.cpumap_hard.nr_bits = 12;
	guestmem_bad = (uint64_t)map;
	assert_int_equal(domctl(&op, XEN_DOMCTL_getvcpuaffinity, 1), -XEN_EFAULT);
	assert_int_equal(domctl(&op, XEN_DOMCTL_setvcpuaffinity, 1), -XEN_EFAULT);
	guestmem_bad = (uint64_t)&map[1];	/* the last bits */
	assert_int_equal(domctl(&op, XEN_DOMCTL_getvcpuaffinity, 1), -XEN_EFAULT);
	op.u.vcpuaffinity.cpumap_hard.nr_bits = 8 * sizeof(map);
	guestmem_bad = (uint64_t)&map[MAX_CPUS / 8];	/* more than there is */
	assert_int_equal(domctl(&op, XEN_DOMCTL_getvcpuaffinity, 1), -XEN_EFAULT);
	guestmem_bad = 0;
	assert_int_equal(domctl(&op, XEN_DOMCTL_getvcpuaffinity, 1), 0);
	assert_int_equal(map[63], 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, start, world_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(affinity_comes_back_as_what_is_in_force),
		T(affinity_refuses_nothing_and_cpus_that_are_not_there),
		T(of_two_affinities_none_is_set_when_one_is_refused),
		T(a_bitmap_is_written_no_further_than_its_bits),
		T(a_bitmap_that_faults_anywhere_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
