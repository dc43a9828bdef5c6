/* SPDX-License-Identifier: MIT */
/*
 * Typed-ahead input: in order, whole, and Ctrl-C found in it.
 */
#include "dom0/daemonkit.h"

#include "dom0/terminal.h"

#include "pvguest/clock.h"
#include "pvguest/console.h"

/* What the hypervisor has: a short buffer, as Xen's. */
static char waiting[128];
static size_t waiting_len;
static struct waitq activity;

bool console_readable(void)
{
	return waiting_len > 0;
}

size_t console_read(void *buf, size_t n, uint64_t deadline_ns)
{
	if (!wait_event_timeout(&activity, waiting_len > 0, deadline_ns))
		return 0;
	if (n > waiting_len)
		n = waiting_len;
	memcpy(buf, waiting, n);
	waiting_len -= n;
	memmove(waiting, waiting + n, waiting_len);
	return n;
}

/* Returns how many bytes there was room for. */
static size_t type(const char *bytes, size_t n)
{
	if (n > sizeof(waiting) - waiting_len)
		n = sizeof(waiting) - waiting_len;
	memcpy(waiting + waiting_len, bytes, n);
	waiting_len += n;
	waitq_wake(&activity);
	return n;
}

static int start(void **state)
{
	kit_setup(state);
	return terminal_start();
}

static void let_run(void)
{
	for (int i = 0; i < 10; i++)
		thread_yield();
}

static void what_follows_the_last_byte_wanted_stays(void **state)
{
	char buf[16];

	(void)state;
	type("ab\x1dls", 5);
	let_run();
	assert_int_equal(terminal_read_to(0x1d, buf, sizeof(buf), 0), 3);
	assert_int_equal(terminal_read(buf, sizeof(buf), 0), 2);
	assert_memory_equal(buf, "ls", 2);
}

static void input_is_read_in_the_order_typed(void **state)
{
	char buf[16];

	(void)state;
	type("abc", 3);
	let_run();
	type("def", 3);
	assert_int_equal(terminal_read(buf, 2, 0), 2);
	assert_memory_equal(buf, "ab", 2);
	assert_int_equal(terminal_read(buf, sizeof(buf), 0), 4);
	assert_memory_equal(buf, "cdef", 4);
}

static void reading_ends_at_the_deadline(void **state)
{
	char buf[16];
	uint64_t start_ns = clock_monotonic_ns();

	(void)state;
	assert_int_equal(terminal_read(buf, sizeof(buf), start_ns + 1000), 0);
	assert_true(clock_monotonic_ns() >= start_ns + 1000);
}

static void more_than_the_hypervisor_keeps_is_taken_in_time(void **state)
{
	char bytes[4000], buf[4000];
	size_t got = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(' ' + i % 90);
	for (size_t at = 0; at < sizeof(bytes); at += 100) {
		assert_int_equal(type(bytes + at, 100), 100);
		let_run();
	}
	while (got < sizeof(buf))
		got += terminal_read(buf + got, 333, 0);
	assert_memory_equal(buf, bytes, sizeof(bytes));
}

static void when_all_is_full_the_rest_waits_outside(void **state)
{
	char byte, expected = 0;
	size_t typed = 0, got = 0;

	(void)state;
	for (int i = 0; i < 40000; i++) {
		byte = (char)(typed % 100 + 1);
		if (byte == 3)
			byte = 101;
		if (!type(&byte, 1)) {
			let_run();
			continue;
		}
		typed++;
		thread_yield();
	}
	assert_in_range(typed, 16384, 16384 + 128);
	while (got < typed) {
		assert_int_equal(terminal_read(&byte, 1, 0), 1);
		expected = (char)(got % 100 + 1);
		assert_int_equal(byte, expected == 3 ? 101 : expected);
		got++;
	}
}

static void ctrl_c_takes_out_what_came_before_it(void **state)
{
	char buf[16];

	(void)state;
	type("xy", 2);
	assert_false(terminal_interrupted());
	type("z\003ls\r", 5);
	assert_true(terminal_interrupted());
	assert_false(terminal_interrupted());
	assert_int_equal(terminal_read(buf, sizeof(buf), 0), 3);
	assert_memory_equal(buf, "ls\r", 3);
}

static void actor_interrupts(void *arg)
{
	(void)arg;
	thread_sleep(5000);
	type("a\003", 2);
}

static void sleeping_ends_with_time_or_ctrl_c(void **state)
{
	uint64_t start_ns = clock_monotonic_ns();
	struct thread *actor;

	(void)state;
	type("kept", 4);
	assert_true(terminal_sleep(1000000));
	assert_true(clock_monotonic_ns() >= start_ns + 1000000);
	actor = thread_create("actor", actor_interrupts, NULL);
	start_ns = clock_monotonic_ns();
	assert_false(terminal_sleep(1000000000));
	assert_true(clock_monotonic_ns() < start_ns + 1000000);
	thread_join(actor);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(input_is_read_in_the_order_typed),
		cmocka_unit_test(what_follows_the_last_byte_wanted_stays),
		cmocka_unit_test(reading_ends_at_the_deadline),
		cmocka_unit_test(more_than_the_hypervisor_keeps_is_taken_in_time),
		cmocka_unit_test(when_all_is_full_the_rest_waits_outside),
		cmocka_unit_test(ctrl_c_takes_out_what_came_before_it),
		cmocka_unit_test(sleeping_ends_with_time_or_ctrl_c),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
