// SPDX-License-Identifier: MIT
/*
 * Memory for all CPUs: newlib's allocator under the library's memory lock, and an errno for each
 * CPU. newlib's own malloc() leaves error numbers in the state of the thread that runs on CPU 0.
 */
#include <errno.h>
#include <malloc.h>
#include <reent.h>
#include <stdlib.h>

#include <pvguest/cpu.h>
#include <pvguest/memlock.h>

int *__errno(void)
{
	struct pv_cpu *c = pv_this_cpu();

	return c->id ? &c->libc_errno : &_impure_ptr->_errno;
}

void __malloc_lock(struct _reent *r)
{
	(void)r;
	memory_lock();
}

void __malloc_unlock(struct _reent *r)
{
	(void)r;
	memory_unlock();
}

/* Where newlib leaves its error number; that of the other CPUs is set here. */
static struct _reent *state(void)
{
	static struct _reent others;

	return pv_cpu_id() ? &others : _impure_ptr;
}

static void *result(void *p)
{
	if (!p && pv_cpu_id())
		errno = ENOMEM;
	return p;
}

void *malloc(size_t n)
{
	return result(_malloc_r(state(), n));
}

void *calloc(size_t n, size_t size)
{
	return result(_calloc_r(state(), n, size));
}

void *realloc(void *p, size_t n)
{
	return result(_realloc_r(state(), p, n));
}

void *memalign(size_t align, size_t n)
{
	return result(_memalign_r(state(), align, n));
}

void free(void *p)
{
	_free_r(state(), p);
}
