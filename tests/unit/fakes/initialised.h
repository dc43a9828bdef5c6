/* SPDX-License-Identifier: MIT */
/*
 * What goes to a guest must be initialised to the last byte: under MemorySanitizer (make test-msan) a
 * hole that the hypervisor left in a structure ends the test. Elsewhere these do nothing.
 */
#pragma once

#include <stddef.h>

#if defined(__has_feature)
#if __has_feature(memory_sanitizer)
#define HAVE_MSAN 1
#include <sanitizer/msan_interface.h>
#endif
#endif
#ifndef HAVE_MSAN
#define __msan_check_mem_is_initialized(bytes, len) ((void)(bytes), (void)(len))
#define __msan_unpoison(bytes, len)		    ((void)(bytes), (void)(len))
#endif

static inline void check_initialised(const void *bytes, size_t len)
{
	__msan_check_mem_is_initialized(bytes, len);
}

/** What a guest wrote counts as initialised: it may have it back. */
static inline void is_the_guests(void *bytes, size_t len)
{
	__msan_unpoison(bytes, len);
}
