// SPDX-License-Identifier: MIT
/*
 * newlib and threads: each thread has its own struct _reent (errno, strtok, ...), and newlib's
 * locks are mutexes that one thread may take several times.
 */
#include <pvguest/threadhost.h>

#include <reent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/lock.h>

#include <pvguest/start.h>
#include <pvguest/thread.h>

struct __lock {
	struct mutex mutex;
	unsigned int depth;
};

struct __lock __lock___sinit_recursive_mutex;
struct __lock __lock___sfp_recursive_mutex;
struct __lock __lock___atexit_recursive_mutex;
struct __lock __lock___at_quick_exit_mutex;
struct __lock __lock___env_recursive_mutex;
struct __lock __lock___tz_mutex;
struct __lock __lock___dd_hash_mutex;
struct __lock __lock___arc4random_mutex;

void __retarget_lock_init(_LOCK_T *lock)
{
	*lock = calloc(1, sizeof(**lock));
	if (!*lock)
		pv_panic("out of memory for a lock of the C library");
}

void __retarget_lock_init_recursive(_LOCK_T *lock)
{
	__retarget_lock_init(lock);
}

void __retarget_lock_close(_LOCK_T lock)
{
	free(lock);
}

void __retarget_lock_close_recursive(_LOCK_T lock)
{
	free(lock);
}

void __retarget_lock_acquire_recursive(_LOCK_T lock)
{
	if (lock->mutex.owner != thread_self())
		mutex_lock(&lock->mutex);
	lock->depth++;
}

void __retarget_lock_acquire(_LOCK_T lock)
{
	__retarget_lock_acquire_recursive(lock);
}

int __retarget_lock_try_acquire_recursive(_LOCK_T lock)
{
	if (lock->mutex.owner != thread_self() && !mutex_trylock(&lock->mutex))
		return 1;
	lock->depth++;
	return 0;
}

int __retarget_lock_try_acquire(_LOCK_T lock)
{
	return __retarget_lock_try_acquire_recursive(lock);
}

void __retarget_lock_release_recursive(_LOCK_T lock)
{
	if (!--lock->depth)
		mutex_unlock(&lock->mutex);
}

void __retarget_lock_release(_LOCK_T lock)
{
	__retarget_lock_release_recursive(lock);
}

void thread_libc_flush(void)
{
	if (stdout->_lock && __retarget_lock_try_acquire_recursive(stdout->_lock))
		return;
	fflush(stdout);
	if (stdout->_lock)
		__retarget_lock_release_recursive(stdout->_lock);
}

void *thread_libc_first(void)
{
	return _impure_ptr;
}

void *thread_libc_new(void)
{
	struct _reent *r = malloc(sizeof(*r));

	if (r)
		_REENT_INIT_PTR(r);
	return r;
}

void thread_libc_switch(void *libc)
{
	_impure_ptr = libc;
}

void thread_libc_free(void *libc)
{
	_reclaim_reent(libc);
	free(libc);
}
