/* SPDX-License-Identifier: MIT */
/*
 * What threads need from their surroundings: stacks (threadstack.c) and the C library's
 * per-thread state (reent.c). Host tests have their own.
 */
#pragma once

#include <stddef.h>

/** A stack of at least *bytes with a guard page below; *bytes becomes its size. NULL: no memory. */
void *thread_stack_alloc(size_t *bytes);
void thread_stack_free(void *stack, size_t bytes);

void *thread_libc_first(void);		/* the state that exists at start */
void *thread_libc_new(void);		/* NULL: no memory */
void thread_libc_switch(void *libc);
void thread_libc_free(void *libc);

/** Writes out what stdout has buffered, unless another thread is in the middle of using it. */
void thread_libc_flush(void);
