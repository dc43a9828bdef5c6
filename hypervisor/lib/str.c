// SPDX-License-Identifier: MIT
/*
 * Strings, spans and numbers in text. Pure: the leaves are the same in the hypervisor, in guests,
 * in the UEFI application and in the host tests, so nothing here may want a C library.
 */
#include "hv/str.h"

#include "hv/mem.h"

size_t str_len(const char *s)
{
	return str_nlen(s, SIZE_MAX);
}

size_t str_nlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n] != '\0')
		n++;
	return n;
}

int str_cmp(const char *a, const char *b)
{
	return str_ncmp(a, b, SIZE_MAX);
}

int str_ncmp(const char *a, const char *b, size_t n)
{
	for (; n > 0; n--, a++, b++) {
		unsigned char x = *a, y = *b;

		if (x != y)
			return x - y;
		if (x == '\0')
			break;
	}
	return 0;
}

bool str_equal(const char *a, const char *b)
{
	return str_cmp(a, b) == 0;
}

bool str_span_equal(struct str_span span, const char *s)
{
	if (str_len(s) != span.len)
		return false;
	return span.len == 0 || memcmp(span.at, s, span.len) == 0;
}

const char *str_skip_prefix(const char *s, const char *prefix)
{
	while (*prefix != '\0') {
		if (*s++ != *prefix++)
			return NULL;
	}
	return s;
}

const char *str_find_char(const char *s, char c)
{
	for (;; s++) {
		if (*s == c)
			return s;
		if (*s == '\0')
			return NULL;
	}
}

const char *str_find_last_char(const char *s, char c)
{
	const char *found = NULL;

	for (;; s++) {
		if (*s == c)
			found = s;
		if (*s == '\0')
			return found;
	}
}

bool str_is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

bool str_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool str_is_print(char c)
{
	return c >= ' ' && c <= '~';
}

struct str_span str_trim(struct str_span span)
{
	while (span.len > 0 && str_is_space(span.at[0])) {
		span.at++;
		span.len--;
	}
	while (span.len > 0 && str_is_space(span.at[span.len - 1]))
		span.len--;
	return span;
}

bool str_split(struct str_span *rest, char separator, struct str_span *piece)
{
	if (rest->at == NULL)
		return false;
	piece->at = rest->at;
	piece->len = 0;
	while (piece->len < rest->len && rest->at[piece->len] != separator)
		piece->len++;
	if (piece->len == rest->len) {
		rest->at = NULL;
		rest->len = 0;
	} else {
		rest->at += piece->len + 1;
		rest->len -= piece->len + 1;
	}
	return true;
}

bool str_copy_span(char *dst, size_t size, struct str_span src)
{
	if (size == 0)
		return false;
	size_t n = src.len < size - 1 ? src.len : size - 1;

	if (n > 0)
		memcpy(dst, src.at, n);
	dst[n] = '\0';
	return n == src.len;
}

bool str_copy(char *dst, size_t size, const char *src)
{
	return str_copy_span(dst, size, (struct str_span){ src, str_len(src) });
}

bool str_append(char *dst, size_t size, const char *src)
{
	size_t used = str_nlen(dst, size);

	return str_copy(dst + used, size - used, src);
}

static unsigned digit_value(char c)
{
	if (str_is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 10;
	return 99;
}

/* Skips C's prefix for base 0 and base 16. "0x" alone is the number 0 with an x behind it. */
static const char *skip_base_prefix(const char *s, unsigned *base)
{
	bool hex = s[0] == '0' && (s[1] == 'x' || s[1] == 'X') && digit_value(s[2]) < 16;

	if (hex && (*base == 0 || *base == 16)) {
		*base = 16;
		return s + 2;
	}
	if (*base == 0)
		*base = s[0] == '0' ? 8 : 10;
	return s;
}

bool str_to_u64(const char *s, const char **end, unsigned base, uint64_t *value)
{
	uint64_t sum = 0;

	s = skip_base_prefix(s, &base);
	if (digit_value(*s) >= base)
		return false;
	for (; digit_value(*s) < base; s++) {
		if (__builtin_mul_overflow(sum, (uint64_t)base, &sum) ||
		    __builtin_add_overflow(sum, (uint64_t)digit_value(*s), &sum))
			return false;
	}
	if (end == NULL && *s != '\0')
		return false;
	if (end != NULL)
		*end = s;
	*value = sum;
	return true;
}

/* The power of two that a suffix stands for, or -1. */
static int suffix_shift(char c)
{
	switch (c) {
	case 'b': case 'B': return 0;
	case 'k': case 'K': return 10;
	case 'm': case 'M': return 20;
	case 'g': case 'G': return 30;
	case 't': case 'T': return 40;
	default: return -1;
	}
}

bool str_to_size(const char *s, const char **end, unsigned default_shift, uint64_t *bytes)
{
	uint64_t number;
	int shift;

	if (!str_to_u64(s, &s, 0, &number))
		return false;
	shift = suffix_shift(*s);
	if (shift >= 0)
		s++;
	else
		shift = (int)default_shift;
	if (end == NULL && *s != '\0')
		return false;
	if (number > UINT64_MAX >> shift)
		return false;
	if (end != NULL)
		*end = s;
	*bytes = number << shift;
	return true;
}
