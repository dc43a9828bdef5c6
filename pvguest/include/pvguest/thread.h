/* SPDX-License-Identifier: MIT */
/*
 * Cooperative threads: a thread runs until it waits, yields or ends. Data shared
 * between threads needs a mutex only where a thread waits in the middle of a change.
 * Each thread has its own errno (and the rest of newlib's struct _reent), and a stack
 * with an unmapped guard page below. The idle processor sleeps in the hypervisor.
 *
 * main() is the first thread, "main". Nothing here but waitq_wake() may be called from an event
 * or timer handler.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct thread;

/** Threads that wait for something, first come first served. Zero-initialised is empty. */
struct waitq {
	struct thread *first, *last;
};

/** Sleeping lock, not recursive, handed to who waits longest. Zero-initialised is unlocked. */
struct mutex {
	struct thread *owner;
	struct waitq waiters;
};

/** Starts fn(arg) with the default stack (64 KiB). `name` is copied (15 characters).
 * NULL with errno when memory is out. A thread that nobody joins must be detached, or its
 * remains stay. */
struct thread *thread_create(const char *name, void (*fn)(void *arg), void *arg);

/** The same with a stack of at least `stack_bytes`. */
struct thread *thread_create_stack(const char *name, void (*fn)(void *arg), void *arg,
				   size_t stack_bytes);

/** Its remains are freed when it ends; it must not be joined any more. */
void thread_detach(struct thread *t);

/** Waits until t has ended and frees its remains. One thread may do so. */
void thread_join(struct thread *t);

void thread_exit(void) __attribute__((noreturn));

/** Lets all other runnable threads, pending events and due timers run first. */
void thread_yield(void);

struct thread *thread_self(void);
const char *thread_name(const struct thread *t);

/** Threads that have not ended. */
unsigned int thread_count(void);

/** Bytes of stacks that no thread has and that are kept for the next ones. */
size_t thread_stacks_kept(void);

/** Sleeps at least ns. */
void thread_sleep(uint64_t ns);

/** Waits until waked, or past `deadline_ns` on clock_monotonic_ns() (0: no limit). Returns
 * false on time-out. Being waked proves nothing: check the condition again, best by
 * wait_event(). */
bool waitq_wait(struct waitq *wq, uint64_t deadline_ns);

/** Makes all waiters runnable. May be called from handlers. */
void waitq_wake(struct waitq *wq);

/** Makes the one that has waited longest runnable. */
void waitq_wake_one(struct waitq *wq);

/** Waits until cond is true; cond is evaluated with nothing in between and the wait. */
#define wait_event(wq, cond)					\
	do {							\
		while (!(cond))					\
			waitq_wait((wq), 0);			\
	} while (0)

/** The same until a deadline (0: no limit); its value is whether cond is true. */
#define wait_event_timeout(wq, cond, deadline_ns)			\
	({								\
		uint64_t deadline_ = (deadline_ns);			\
		bool met_;						\
									\
		while (!(met_ = (cond)))				\
			if (!waitq_wait((wq), deadline_)) {		\
				met_ = (cond);				\
				break;					\
			}						\
		met_;							\
	})

void mutex_lock(struct mutex *m);
bool mutex_trylock(struct mutex *m);
void mutex_unlock(struct mutex *m);

/** Makes the caller's stack the first thread; called once at start. */
void thread_init(void);
