// SPDX-License-Identifier: MIT
/* What the checked build lets pass and what it ends with a panic, and what the panic says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <hv/cpu.h>
#include <hv/lockorder.h>
#include <hv/symbols.h>

struct cpu host_cpu;
static jmp_buf back;
static char said[300];
static spinlock_t *let_go;	/* by the other CPU, after some waiting */
static unsigned relaxed;

void panic(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(said, sizeof(said), fmt, args);
	va_end(args);
	longjmp(back, 1);
}

void arch_relax(void)
{
	if (++relaxed == 100 && let_go)
		let_go->held = 0;
}

const char *symbol_find(uint64_t addr, uint64_t *offset, uint64_t *size)
{
	(void)addr;
	*offset = 16;
	*size = 32;
	return "function";
}

#define PANICS(statement, ...)                                                  \
	do {                                                                    \
		said[0] = '\0';                                                 \
		if (!setjmp(back)) {                                            \
			statement;                                              \
			fail_msg("no panic");                                   \
		}                                                               \
		assert_string_equal(said, __VA_ARGS__);                         \
	} while (0)

static void locks_in_the_order_pass(void **state)
{
	spinlock_t pt = SPINLOCK("pt"), page = SPINLOCK("page"), log = SPINLOCK("log");

	(void)state;
	for (int i = 0; i < 3; i++) {
		spin_lock(&pt);
		spin_lock(&page);
		spin_lock(&log);
		assert_true(spin_is_locked(&page));
		spin_unlock(&pt);
		spin_unlock(&log);
		spin_unlock(&page);
		spin_check_none_held();
	}
	assert_false(spin_is_locked(&pt) || spin_is_locked(&page) || spin_is_locked(&log));
}

static void each_cpu_has_its_own_locks(void **state)
{
	spinlock_t log = SPINLOCK("log"), pt = SPINLOCK("pt");

	(void)state;
	spin_lock(&log);
	host_cpu.id = 1;
	spin_lock(&pt);
	spin_unlock(&pt);
	spin_check_none_held();
	host_cpu.id = 0;
	spin_unlock(&log);
}

static void a_lock_may_be_tried_in_any_order(void **state)
{
	spinlock_t page = SPINLOCK("page"), pt = SPINLOCK("pt");

	(void)state;
	spin_lock(&page);
	assert_true(spin_trylock(&pt));
	assert_false(spin_trylock(&pt));
	spin_unlock(&pt);
	spin_unlock(&page);
}

static void two_numbered_locks_nest_upwards(void **state)
{
	spinlock_t a, b;

	(void)state;
	spin_init_numbered(&a, "evtchn", 1);
	spin_init_numbered(&b, "evtchn", 7);
	spin_lock(&a);
	spin_lock(&b);
	spin_unlock(&a);
	spin_unlock(&b);
}

static void a_lock_that_is_let_go_is_got(void **state)
{
	spinlock_t heap = SPINLOCK("heap");

	(void)state;
	heap.held = 1;
	let_go = &heap;
	spin_lock(&heap);
	assert_int_equal(relaxed, 100);
	spin_unlock(&heap);
}

static void the_wrong_order_panics_with_both_names(void **state)
{
	spinlock_t page = SPINLOCK("page"), pt = SPINLOCK("pt");

	(void)state;
	spin_lock(&page);
	PANICS(spin_lock(&pt), "lock pt (0) at function+0x10 is taken against the order: "
	       "page (0) is held since function+0x10");
	spin_lock(&pt);		/* no second panic in the way of the first */
}

static void two_of_one_step_are_never_held_together(void **state)
{
	spinlock_t grants = SPINLOCK("grants"), pt = SPINLOCK("pt");

	(void)state;
	spin_lock(&grants);
	PANICS(spin_lock(&pt), "lock pt (0) at function+0x10 is taken against the order: "
	       "grants (0) is held since function+0x10");
}

static void two_numbered_locks_do_not_nest_downwards(void **state)
{
	spinlock_t a, b;

	(void)state;
	spin_init_numbered(&a, "evtchn", 7);
	spin_init_numbered(&b, "evtchn", 1);
	spin_lock(&a);
	PANICS(spin_lock(&b), "lock evtchn (1) at function+0x10 is taken against the order: "
	       "evtchn (7) is held since function+0x10");
}

static void a_lock_tried_against_the_order_counts_for_the_next(void **state)
{
	spinlock_t page = SPINLOCK("page"), log = SPINLOCK("log"), heap = SPINLOCK("heap");

	(void)state;
	assert_true(spin_trylock(&log) && spin_trylock(&page));
	spin_unlock(&log);
	spin_lock(&heap);
	spin_unlock(&heap);
	PANICS(spin_lock(&page), "lock page (0) at function+0x10 is taken twice: "
	       "page (0) is held since function+0x10");
}

static void a_lock_without_a_place_in_the_order_panics(void **state)
{
	spinlock_t odd = SPINLOCK("odd");

	(void)state;
	PANICS(spin_lock(&odd), "lock odd (0) at function+0x10 is not in the order of locks");
}

static void letting_go_of_what_another_cpu_holds_panics(void **state)
{
	spinlock_t log = SPINLOCK("log");

	(void)state;
	spin_lock(&log);
	host_cpu.id = 1;
	PANICS(spin_unlock(&log), "lock log (0) at function+0x10 is let go but not held");
}

static void a_lock_held_on_the_way_out_panics(void **state)
{
	spinlock_t page = SPINLOCK("page");

	(void)state;
	spin_lock(&page);
	PANICS(spin_check_none_held(), "CPU 0 leaves the hypervisor with lock page (0) held");
}

static void a_stuck_lock_panics_with_its_holder(void **state)
{
	spinlock_t page = SPINLOCK("page");

	(void)state;
	spin_lock(&page);
	host_cpu.id = 1;
	PANICS(spin_lock(&page), "lock page (0) is stuck: CPU 1 waits at function+0x10, "
	       "CPU 0 holds it since function+0x10");
}

static void a_lock_that_nobody_holds_is_stuck_too(void **state)
{
	spinlock_t page = SPINLOCK("page");

	(void)state;
	page.held = 1;
	PANICS(spin_lock(&page), "lock page (0) is stuck: CPU 0 waits at function+0x10, "
	       "no CPU holds it");
}

/* The checker has no way back from a fault: each test is a process of its own. */
static int in_a_child(const struct CMUnitTest *t)
{
	pid_t child = fork();
	int status;

	if (!child)
		_exit(_cmocka_run_group_tests(t->name, t, 1, NULL, NULL));
	waitpid(child, &status, 0);
	return status;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(locks_in_the_order_pass),
		cmocka_unit_test(each_cpu_has_its_own_locks),
		cmocka_unit_test(a_lock_may_be_tried_in_any_order),
		cmocka_unit_test(two_numbered_locks_nest_upwards),
		cmocka_unit_test(a_lock_that_is_let_go_is_got),
		cmocka_unit_test(the_wrong_order_panics_with_both_names),
		cmocka_unit_test(two_of_one_step_are_never_held_together),
		cmocka_unit_test(two_numbered_locks_do_not_nest_downwards),
		cmocka_unit_test(a_lock_tried_against_the_order_counts_for_the_next),
		cmocka_unit_test(a_lock_without_a_place_in_the_order_panics),
		cmocka_unit_test(letting_go_of_what_another_cpu_holds_panics),
		cmocka_unit_test(a_lock_held_on_the_way_out_panics),
		cmocka_unit_test(a_stuck_lock_panics_with_its_holder),
		cmocka_unit_test(a_lock_that_nobody_holds_is_stuck_too),
	};
	int failed = 0;

	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		failed |= in_a_child(&tests[i]);
	return failed != 0;
}
