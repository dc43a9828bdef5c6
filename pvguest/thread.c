// SPDX-License-Identifier: MIT
/*
 * Cooperative threads.
 *
 *	           thread_create
 *	                |
 *	                v      schedule()
 *	 waitq_wake  RUNNABLE ------------> RUNNING --> ENDED --> freed by thread_join(),
 *	     +------>   ^  ^----- yield -----'  |                 or at once when detached
 *	     |          |                       |
 *	  WAITING <-----+-- (queue or timer) ---'
 *
 * There is no idle thread: the thread that finds nothing runnable sleeps in event_block() on
 * its own stack until something is. A thread that has ended is freed by another one.
 */
#include <pvguest/thread.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <pvguest/arch.h>
#include <pvguest/clock.h>
#include <pvguest/event.h>
#include <pvguest/start.h>
#include <pvguest/threadhost.h>

#define NAME_SIZE	16
#define DEFAULT_STACK	(64 * 1024)

enum thread_state {
	THREAD_RUNNABLE,	/* in the run queue */
	THREAD_RUNNING,		/* the current one */
	THREAD_WAITING,		/* in a wait queue, or for a timer only */
	THREAD_ENDED,		/* its stack is not in use any more after the next switch */
};

struct thread {
	struct thread *next;	/* in the run queue or in `queue` */
	struct waitq *queue;
	void *sp;
	void *stack;
	size_t stack_bytes;
	void *libc;		/* errno and the rest of the C library's per-thread state */
	void (*fn)(void *arg);
	void *arg;
	struct waitq joiners;
	enum thread_state state;
	bool detached;
	bool timed_out;
	char name[NAME_SIZE];
};

static struct thread first_thread;
static struct thread *current;
static struct thread *to_free;		/* ended and detached, perhaps still on its stack */
static struct waitq runnable;
static unsigned int alive;
static bool in_handler;

static void queue_push(struct waitq *q, struct thread *t)
{
	t->next = NULL;
	if (q->last)
		q->last->next = t;
	else
		q->first = t;
	q->last = t;
}

static struct thread *queue_pop(struct waitq *q)
{
	struct thread *t = q->first;

	if (!t)
		return NULL;
	q->first = t->next;
	if (!q->first)
		q->last = NULL;
	return t;
}

static void queue_remove(struct waitq *q, struct thread *t)
{
	struct thread *before = NULL, **link = &q->first;

	while (*link != t) {
		before = *link;
		link = &(*link)->next;
	}
	*link = t->next;
	if (q->last == t)
		q->last = before;
}

static void thread_make_runnable(struct thread *t)
{
	t->queue = NULL;
	t->state = THREAD_RUNNABLE;
	queue_push(&runnable, t);
}

static void thread_free(struct thread *t)
{
	thread_stack_free(t->stack, t->stack_bytes);
	thread_libc_free(t->libc);
	free(t);
}

/* What each thread does first after it has been switched to. */
static void after_switch(void)
{
	struct thread *t = to_free;

	to_free = NULL;
	if (t)
		thread_free(t);
}

static void run_handlers(void)
{
	in_handler = true;
	event_poll();
	timer_poll();
	in_handler = false;
}

/* Runs another thread, or this one again when it is its turn. */
static void schedule(void)
{
	struct thread *previous = current, *next;

	if (in_handler)
		pv_panic("a handler waits; it runs on thread %s", current->name);
	run_handlers();
	while (!(next = queue_pop(&runnable))) {
		event_block(timer_next());
		run_handlers();
	}
	next->state = THREAD_RUNNING;
	if (next == previous)
		return;
	current = next;
	thread_libc_switch(next->libc);
	thread_switch_stack(&previous->sp, next->sp);
	after_switch();
}

static void thread_main(void)
{
	after_switch();
	current->fn(current->arg);
	thread_exit();
}

struct thread *thread_create_stack(const char *name, void (*fn)(void *arg), void *arg,
				   size_t stack_bytes)
{
	struct thread *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->stack_bytes = stack_bytes;
	t->stack = thread_stack_alloc(&t->stack_bytes);
	if (!t->stack)
		goto free_thread;
	t->libc = thread_libc_new();
	if (!t->libc)
		goto free_stack;
	strncpy(t->name, name, NAME_SIZE - 1);
	t->fn = fn;
	t->arg = arg;
	t->sp = arch_thread_stack(t->stack, t->stack_bytes, thread_main);
	alive++;
	thread_make_runnable(t);
	return t;

free_stack:
	thread_stack_free(t->stack, t->stack_bytes);
free_thread:
	free(t);
	errno = ENOMEM;
	return NULL;
}

struct thread *thread_create(const char *name, void (*fn)(void *arg), void *arg)
{
	return thread_create_stack(name, fn, arg, DEFAULT_STACK);
}

void thread_exit(void)
{
	struct thread *t = current;

	if (t == &first_thread)
		pv_panic("thread_exit: main() ends by returning or exit()");
	alive--;
	t->state = THREAD_ENDED;
	waitq_wake(&t->joiners);
	if (t->detached)
		to_free = t;
	schedule();
	__builtin_unreachable();
}

void thread_detach(struct thread *t)
{
	t->detached = true;
	if (t->state == THREAD_ENDED)
		thread_free(t);
}

void thread_join(struct thread *t)
{
	wait_event(&t->joiners, t->state == THREAD_ENDED);
	thread_free(t);
}

void thread_yield(void)
{
	thread_make_runnable(current);
	schedule();
}

struct thread *thread_self(void)
{
	return current;
}

const char *thread_name(const struct thread *t)
{
	return t->name;
}

unsigned int thread_count(void)
{
	return alive;
}

static void wait_timed_out(struct timer *timer, void *ctx)
{
	struct thread *t = ctx;

	(void)timer;
	if (t->state != THREAD_WAITING)
		return;
	t->timed_out = true;
	if (t->queue)
		queue_remove(t->queue, t);
	thread_make_runnable(t);
}

/* wq is NULL for a plain sleep. */
static bool wait_until(struct waitq *wq, uint64_t deadline_ns)
{
	struct thread *t = current;
	struct timer timer = { .pending = false };

	t->timed_out = false;
	t->state = THREAD_WAITING;
	t->queue = wq;
	if (wq)
		queue_push(wq, t);
	if (deadline_ns)
		timer_set(&timer, deadline_ns, wait_timed_out, t);
	schedule();
	timer_cancel(&timer);
	return !t->timed_out;
}

bool waitq_wait(struct waitq *wq, uint64_t deadline_ns)
{
	return wait_until(wq, deadline_ns);
}

void thread_sleep(uint64_t ns)
{
	wait_until(NULL, deadline_in(ns));
}

void waitq_wake_one(struct waitq *wq)
{
	struct thread *t = queue_pop(wq);

	if (t)
		thread_make_runnable(t);
}

void waitq_wake(struct waitq *wq)
{
	while (wq->first)
		waitq_wake_one(wq);
}

void mutex_lock(struct mutex *m)
{
	if (m->owner == current)
		pv_panic("mutex_lock: thread %s holds the mutex already", current->name);
	if (!m->owner)
		m->owner = current;
	wait_event(&m->waiters, m->owner == current);
}

bool mutex_trylock(struct mutex *m)
{
	if (m->owner)
		return false;
	m->owner = current;
	return true;
}

void mutex_unlock(struct mutex *m)
{
	if (m->owner != current)
		pv_panic("mutex_unlock: thread %s does not hold the mutex", current->name);
	/* Handed over, not let go: whoever waits longest is next. */
	m->owner = m->waiters.first;
	waitq_wake_one(&m->waiters);
}

void thread_init(void)
{
	first_thread = (struct thread){
		.name = "main",
		.state = THREAD_RUNNING,
		.libc = thread_libc_first(),
	};
	runnable = (struct waitq){ 0 };
	to_free = NULL;
	in_handler = false;
	alive = 1;
	current = &first_thread;
}
