// SPDX-License-Identifier: MIT
/*
 * Spin locks between real threads of the host, each of which plays a CPU; polling and kicking are a
 * condition variable. So the sanitizers see what the hypervisor's CPUs would do.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pvguest/cpu.h>
#include <pvguest/event.h>
#include <pvguest/hypercall.h>
#include <pvguest/memlock.h>
#include <pvguest/spinlock.h>

#include <xen/sched.h>

#define CPUS 4
#define ROUNDS 3000

static struct pv_cpu cpus[CPUS];
static _Thread_local unsigned int me;
static pthread_mutex_t world = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t kicked = PTHREAD_COND_INITIALIZER;
static bool pending[CPUS + 1];		/* by port: CPU n's is n + 1 */
static unsigned int polls, kicks;
static struct spinlock lock;
static unsigned int counter, inside;

struct pv_cpu *pv_this_cpu(void)
{
	return &cpus[me];
}

struct pv_cpu *pv_cpu_of(unsigned int cpu)
{
	return cpu < CPUS ? &cpus[cpu] : NULL;
}

int event_notify(evtchn_port_t port)
{
	pthread_mutex_lock(&world);
	pending[port] = true;
	kicks++;
	pthread_cond_broadcast(&kicked);
	pthread_mutex_unlock(&world);
	return 0;
}

bool event_test_and_clear(evtchn_port_t port)
{
	bool was;

	pthread_mutex_lock(&world);
	was = pending[port];
	pending[port] = false;
	pthread_mutex_unlock(&world);
	return was;
}

long pv_hypercall(unsigned int nr, unsigned long a1, unsigned long a2, unsigned long a3,
		  unsigned long a4, unsigned long a5)
{
	const struct sched_poll *poll = (const struct sched_poll *)a2;

	(void)a3, (void)a4, (void)a5;
	assert_int_equal(nr, __HYPERVISOR_sched_op);
	assert_int_equal(a1, SCHEDOP_poll);
	assert_int_equal(poll->nr_ports, 1);
	assert_int_equal(poll->timeout, 0);
	assert_int_equal(*poll->ports.p, me + 1);
	pthread_mutex_lock(&world);
	polls++;
	while (!pending[me + 1])
		pthread_cond_wait(&kicked, &world);
	pthread_mutex_unlock(&world);
	return 0;
}

static int setup(void **state)
{
	(void)state;
	lock = (struct spinlock){ 0 };
	counter = inside = polls = kicks = me = 0;
	for (unsigned int i = 0; i < CPUS; i++) {
		cpus[i] = (struct pv_cpu){ .self = &cpus[i], .id = i, .kick_port = i + 1 };
		pending[i + 1] = false;
	}
	return 0;
}

static void a_free_lock_is_taken_and_let_go(void **state)
{
	(void)state;
	for (int i = 0; i < 70000; i++) {
		spinlock_lock(&lock);
		assert_false(spinlock_trylock(&lock));
		spinlock_unlock(&lock);
	}
	assert_true(spinlock_trylock(&lock));
	spinlock_unlock(&lock);
	assert_int_equal(polls + kicks, 0);
}

static void *work(void *arg)
{
	me = (uintptr_t)arg;
	for (unsigned int i = 0; i < ROUNDS; i++) {
		spinlock_lock(&lock);
		assert_int_equal(__atomic_fetch_add(&inside, 1, __ATOMIC_RELAXED), 0);
		counter++;
		/* At times the holder is not on a CPU for long, and the others go to sleep. */
		if (i % 64 == 0)
			sched_yield();
		__atomic_fetch_sub(&inside, 1, __ATOMIC_RELAXED);
		spinlock_unlock(&lock);
	}
	return NULL;
}

static void only_one_cpu_is_inside(void **state)
{
	pthread_t threads[CPUS];

	(void)state;
	for (uintptr_t i = 0; i < CPUS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work, (void *)i), 0);
	for (unsigned int i = 0; i < CPUS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(counter, CPUS * ROUNDS);
	assert_int_equal(lock.sleepers, 0);
	assert_true(spinlock_trylock(&lock));
}

static void *take_once(void *arg)
{
	me = (uintptr_t)arg;
	spinlock_lock(&lock);
	counter = counter * 10 + me;
	spinlock_unlock(&lock);
	return NULL;
}

static unsigned int sleepers(void)
{
	return __atomic_load_n(&lock.sleepers, __ATOMIC_SEQ_CST);
}

static void who_waits_long_sleeps_and_is_kicked_in_turn(void **state)
{
	pthread_t threads[3];

	(void)state;
	spinlock_lock(&lock);
	for (uintptr_t i = 0; i < 3; i++) {
		assert_int_equal(pthread_create(&threads[i], NULL, take_once, (void *)(i + 1)), 0);
		while (sleepers() != i + 1)
			sched_yield();
	}
	spinlock_unlock(&lock);
	for (unsigned int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(counter, 123);
	assert_true(kicks >= 1 && kicks <= 3);
}

static void *work_on_memory(void *arg)
{
	me = (uintptr_t)arg;
	for (unsigned int i = 0; i < ROUNDS; i++) {
		memory_lock();
		counter++;
		memory_lock();
		assert_int_equal(__atomic_fetch_add(&inside, 1, __ATOMIC_RELAXED), 0);
		if (i % 64 == 0)
			sched_yield();
		memory_unlock();
		__atomic_fetch_sub(&inside, 1, __ATOMIC_RELAXED);
		counter++;
		memory_unlock();
	}
	return NULL;
}

static void the_memory_lock_is_one_cpus_until_it_has_let_go_as_often_as_it_took_it(void **state)
{
	pthread_t threads[CPUS];

	(void)state;
	memory_lock();		/* one CPU needs none */
	memory_unlock();
	memory_share();
	for (uintptr_t i = 0; i < CPUS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work_on_memory, (void *)i), 0);
	for (unsigned int i = 0; i < CPUS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(counter, 2 * CPUS * ROUNDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_free_lock_is_taken_and_let_go, setup),
		cmocka_unit_test_setup(only_one_cpu_is_inside, setup),
		cmocka_unit_test_setup(who_waits_long_sleeps_and_is_kicked_in_turn, setup),
		cmocka_unit_test_setup(the_memory_lock_is_one_cpus_until_it_has_let_go_as_often_as_it_took_it,
				       setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
