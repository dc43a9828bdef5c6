/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Strings and numbers in text. No function here writes past the size that it is told, and every
 * destination ends in a NUL byte. A span is a piece of a longer text and has no NUL of its own.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A piece of text inside a longer one; print it with "%.*s", (int)s.len, s.at. */
struct str_span {
	const char *at;
	size_t len;
};

size_t str_len(const char *s);

/** As str_len(), but looks at no more than max bytes. */
size_t str_nlen(const char *s, size_t max);

/** Negative, zero or positive, bytes compared as unsigned numbers. */
int str_cmp(const char *a, const char *b);
int str_ncmp(const char *a, const char *b, size_t n);

bool str_equal(const char *a, const char *b);
bool str_span_equal(struct str_span span, const char *s);

/** Returns what follows the prefix in s, or NULL when s does not start with it. */
const char *str_skip_prefix(const char *s, const char *prefix);

/** Returns the first (last) c in s, or NULL. */
const char *str_find_char(const char *s, char c);
const char *str_find_last_char(const char *s, char c);

bool str_is_space(char c);
bool str_is_digit(char c);
bool str_is_print(char c);

/** Returns the span without white space at either end. */
struct str_span str_trim(struct str_span span);

/**
 * Cuts the next piece that ends at the separator (or at the end) off the front of rest.
 * Returns false when rest is spent; an empty piece between two separators is a piece.
 */
bool str_split(struct str_span *rest, char separator, struct str_span *piece);

/** Returns false when src (or the span) did not fit and was cut. size 0 writes nothing. */
bool str_copy(char *dst, size_t size, const char *src);
bool str_copy_span(char *dst, size_t size, struct str_span src);

/** Appends to the string in dst. Returns false when src did not fit and was cut. */
bool str_append(char *dst, size_t size, const char *src);

/**
 * Reads an unsigned number. base is 2 to 36, or 0 for C's prefixes (0x: 16, 0: 8, else 10).
 * With end NULL the whole of s must be the number, else *end is set behind its last digit.
 * Returns false, with nothing written, when there is no digit or the number is above 64 bits.
 */
bool str_to_u64(const char *s, const char **end, unsigned base, uint64_t *value);

/**
 * Reads a size: a number as in base 0 and one suffix of B K M G T, in either case. Without a
 * suffix the unit is 1 << default_shift bytes (Xen's command line: 10). end as in str_to_u64().
 * Returns false, with nothing written, for no digit, a strange suffix, or more than 64 bits.
 */
bool str_to_size(const char *s, const char **end, unsigned default_shift, uint64_t *bytes);
