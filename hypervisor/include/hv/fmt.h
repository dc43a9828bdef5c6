/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * printf without a C library: what log lines need and no more. Conversions: d i u x X o c s p %,
 * lengths hh h l ll z j t, flags - 0 + space #, width and precision as numbers or *. No floating
 * point. A conversion that is not known is copied as it stands, so a slip shows in the output.
 */
#include <stdarg.h>
#include <stddef.h>

/**
 * Says how to print "%p" followed by a letter (%pd a domain, %pv a vcpu): writes text for ptr to
 * buf (at most size bytes, NUL included) and returns how many letters of spec it has used, or 0
 * when the letter is not one of its own; then the address is printed.
 */
typedef size_t (*fmt_pointer_fn)(char *buf, size_t size, const char *spec, const void *ptr);

/**
 * Formats into buf, always ended by NUL when size > 0.
 * Returns the length that the whole text has, as C's vsnprintf does; hook may be NULL.
 */
int fmt_vsnprintf_hook(char *buf, size_t size, fmt_pointer_fn hook, const char *fmt, va_list args)
	__attribute__((format(printf, 4, 0)));
int fmt_vsnprintf(char *buf, size_t size, const char *fmt, va_list args)
	__attribute__((format(printf, 3, 0)));
int fmt_snprintf(char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
