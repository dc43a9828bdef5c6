// SPDX-License-Identifier: MIT
#include "kit.h"

#include <stdlib.h>
#include <string.h>

#include <pvguest/ring.h>

static char buf[16];
static volatile uint32_t cons, prod;
static struct byte_ring ring = { buf, sizeof(buf), &cons, &prod };

static int setup(void **state)
{
	(void)state;
	cons = prod = 0xfffffff8u;	/* the indices wrap soon */
	return 0;
}

static void bytes_come_out_in_the_order_they_went_in(void **state)
{
	unsigned char in = 0, out = 0;

	(void)state;
	srand(3);
	for (int step = 0; step < 10000; step++) {
		unsigned char piece[20];
		long n = rand() % 20;

		for (long i = 0; i < n; i++)
			piece[i] = in + i;
		n = ring_write(&ring, piece, n);
		assert_in_range(n, 0, 16);
		in += n;
		n = ring_read(&ring, piece, rand() % 20);
		for (long i = 0; i < n; i++)
			assert_int_equal(piece[i], out++);
	}
}

static void a_full_ring_takes_nothing(void **state)
{
	char text[20] = "0123456789abcdefxyz";

	(void)state;
	assert_int_equal(ring_writable(&ring), 16);
	assert_int_equal(ring_write(&ring, text, 20), 16);
	assert_int_equal(ring_writable(&ring), 0);
	assert_int_equal(ring_write(&ring, text, 1), 0);
	assert_int_equal(ring_readable(&ring), 16);
}

static void an_empty_ring_gives_nothing(void **state)
{
	char c;

	(void)state;
	assert_int_equal(ring_readable(&ring), 0);
	assert_int_equal(ring_read(&ring, &c, 1), 0);
}

static void a_lying_producer_is_an_error(void **state)
{
	char c = 0;

	(void)state;
	prod = cons + 17;
	assert_int_equal(ring_readable(&ring), -XEN_EIO);
	assert_int_equal(ring_read(&ring, &c, 1), -XEN_EIO);
	assert_int_equal(ring_writable(&ring), -XEN_EIO);
	assert_int_equal(ring_write(&ring, &c, 1), -XEN_EIO);
	prod = cons - 1;
	assert_int_equal(ring_read(&ring, &c, 1), -XEN_EIO);
}

#define TEST(fn) cmocka_unit_test_setup(fn, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bytes_come_out_in_the_order_they_went_in),
		TEST(a_full_ring_takes_nothing),
		TEST(an_empty_ring_gives_nothing),
		TEST(a_lying_producer_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
