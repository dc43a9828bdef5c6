// SPDX-License-Identifier: MIT
/* Threads on real stacks of the host, with the real switch. */
#include "kit.h"

#include <string.h>

#include <pvguest/clock.h>
#include <pvguest/event.h>
#include <pvguest/thread.h>

static char trace[64];
static struct waitq wq;
static struct mutex mutex;
static bool flag;
static int port;

static int setup(void **state)
{
	trace[0] = '\0';
	memset(&wq, 0, sizeof(wq));
	memset(&mutex, 0, sizeof(mutex));
	flag = false;
	return kit_setup(state);
}

static void note(const char *s)
{
	strncat(trace, s, sizeof(trace) - strlen(trace) - 1);
}

static void two_steps(void *arg)
{
	note(arg);
	thread_yield();
	note(arg);
}

static void threads_take_turns(void **state)
{
	struct thread *a = thread_create("a", two_steps, "a");
	struct thread *b = thread_create("b", two_steps, "b");

	(void)state;
	assert_int_equal(thread_count(), 3);
	note("m");
	thread_join(a);
	thread_join(b);
	assert_string_equal(trace, "mabab");
	assert_int_equal(thread_count(), 1);
}

static void wait_for_flag(void *arg)
{
	wait_event(&wq, flag);
	note(arg);
}

static void waiters_wake_in_the_order_they_came(void **state)
{
	struct thread *t[3];

	(void)state;
	t[0] = thread_create("1", wait_for_flag, "1");
	t[1] = thread_create("2", wait_for_flag, "2");
	t[2] = thread_create("3", wait_for_flag, "3");
	thread_yield();
	assert_string_equal(trace, "");
	flag = true;
	waitq_wake(&wq);
	for (int i = 0; i < 3; i++)
		thread_join(t[i]);
	assert_string_equal(trace, "123");
}

static void waking_without_the_condition_changes_nothing(void **state)
{
	struct thread *t = thread_create("w", wait_for_flag, "w");

	(void)state;
	thread_yield();
	waitq_wake(&wq);
	thread_yield();
	assert_string_equal(trace, "");
	flag = true;
	waitq_wake_one(&wq);
	thread_join(t);
	assert_string_equal(trace, "w");
}

static void a_wait_ends_at_its_deadline(void **state)
{
	uint64_t before = clock_monotonic_ns();

	(void)state;
	assert_false(wait_event_timeout(&wq, flag, deadline_in(1000)));
	assert_int_equal(clock_monotonic_ns(), before + 1000);
	assert_null(wq.first);
	assert_int_equal(kit_blocks, 1);
}

static void set_flag(void *arg)
{
	thread_sleep((uintptr_t)arg);
	flag = true;
	waitq_wake(&wq);
}

static void a_wake_before_the_deadline_counts(void **state)
{
	uint64_t before = clock_monotonic_ns();
	struct thread *t = thread_create("s", set_flag, (void *)300);

	(void)state;
	assert_true(wait_event_timeout(&wq, flag, deadline_in(1000)));
	assert_int_equal(clock_monotonic_ns(), before + 300);
	thread_join(t);
	assert_int_equal(timer_next(), 0);
}

static void sleepers_wake_in_the_order_of_their_time(void **state)
{
	struct thread *a = thread_create("a", set_flag, (void *)500);
	struct thread *b = thread_create("b", wait_for_flag, "b");

	(void)state;
	thread_sleep(400);
	note("4");
	thread_join(b);
	thread_join(a);
	assert_string_equal(trace, "4b");
}

static void lock_twice(void *arg)
{
	for (int i = 0; i < 2; i++) {
		mutex_lock(&mutex);
		note(arg);
		thread_yield();
		mutex_unlock(&mutex);
	}
}

static void a_mutex_is_handed_to_who_waits_longest(void **state)
{
	struct thread *a = thread_create("a", lock_twice, "a");
	struct thread *b = thread_create("b", lock_twice, "b");

	(void)state;
	thread_join(a);
	thread_join(b);
	assert_string_equal(trace, "abab");
	assert_null(mutex.owner);
	assert_true(mutex_trylock(&mutex));
	assert_false(mutex_trylock(&mutex));
	mutex_unlock(&mutex);
}

static void misuse_of_a_mutex_is_found(void **state)
{
	(void)state;
	expect_assert_failure(mutex_unlock(&mutex));
	mutex_lock(&mutex);
	expect_assert_failure(mutex_lock(&mutex));
	mutex_unlock(&mutex);
}

static void a_detached_thread_leaves_nothing(void **state)
{
	struct thread *t = thread_create("d", two_steps, "d");

	(void)state;
	thread_detach(t);
	while (thread_count() > 1)
		thread_yield();
	thread_yield();
	t = thread_create("e", two_steps, "e");
	while (thread_count() > 1)
		thread_yield();
	thread_detach(t);
	assert_string_equal(trace, "ddee");
}

static void ring(evtchn_port_t p, void *ctx)
{
	(void)p;
	(void)ctx;
	flag = true;
	waitq_wake(&wq);
}

static void raise_port(void)
{
	kit_raise(port);
}

static void an_event_wakes_a_blocked_guest(void **state)
{
	(void)state;
	port = event_bind_ipi(0);
	event_set_handler(port, ring, NULL);
	kit_on_block = raise_port;
	wait_event(&wq, flag);
	assert_int_equal(kit_blocks, 1);
}

#define TEST(fn) cmocka_unit_test_setup(fn, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(threads_take_turns),
		TEST(waiters_wake_in_the_order_they_came),
		TEST(waking_without_the_condition_changes_nothing),
		TEST(a_wait_ends_at_its_deadline),
		TEST(a_wake_before_the_deadline_counts),
		TEST(sleepers_wake_in_the_order_of_their_time),
		TEST(a_mutex_is_handed_to_who_waits_longest),
		TEST(misuse_of_a_mutex_is_found),
		TEST(a_detached_thread_leaves_nothing),
		TEST(an_event_wakes_a_blocked_guest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
