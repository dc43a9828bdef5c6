// SPDX-License-Identifier: MIT
/*
 * printf for log lines, panics and tools without a C library. One pass over the format; every
 * conversion is first read into a struct spec and then written through out_char(), the only
 * place that touches the buffer and that knows how long the whole text would be.
 */
#include "hv/fmt.h"

#include <stdbool.h>
#include <stdint.h>

#include "hv/str.h"

struct out {
	char *buf;
	size_t size;
	size_t length;		/* of the whole text, also of what did not fit */
};

struct spec {
	bool left, zero, plus, space, alternate;
	int width;
	int precision;		/* -1: none */
	char length;		/* 0, 'H' (hh), 'h', 'l' (l ll z j t) */
	char conversion;
};

static void out_char(struct out *o, char c)
{
	if (o->length + 1 < o->size)
		o->buf[o->length] = c;
	o->length++;
}

static void out_text(struct out *o, const char *s, size_t n)
{
	while (n-- > 0)
		out_char(o, *s++);
}

static void out_pad(struct out *o, char c, int n)
{
	while (n-- > 0)
		out_char(o, c);
}

/* Text in its field. */
static void out_field(struct out *o, const struct spec *spec, const char *s, size_t n)
{
	int pad = spec->width > 0 && (size_t)spec->width > n ? spec->width - (int)n : 0;

	if (!spec->left)
		out_pad(o, ' ', pad);
	out_text(o, s, n);
	if (spec->left)
		out_pad(o, ' ', pad);
}

/* Writes the digits to the end of a buffer and returns where they start. */
static char *digits_of(uint64_t value, unsigned base, bool upper, char *end)
{
	const char *symbols = upper ? "0123456789ABCDEF" : "0123456789abcdef";

	for (; value != 0; value /= base)
		*--end = symbols[value % base];
	return end;
}

static void out_number(struct out *o, const struct spec *spec, const char *prefix, uint64_t value,
		       unsigned base)
{
	char buf[24];
	char *end = buf + sizeof(buf);
	char *digits = digits_of(value, base, spec->conversion == 'X', end);
	int n = (int)(end - digits);
	int prefix_len = (int)str_len(prefix);
	int least = spec->precision < 0 ? 1 : spec->precision < 4095 ? spec->precision : 4095;

	if (spec->zero && !spec->left && spec->precision < 0 && spec->width - prefix_len > least)
		least = spec->width - prefix_len;
	int zeros = least > n ? least - n : 0;
	int pad = spec->width - prefix_len - zeros - n;

	if (!spec->left)
		out_pad(o, ' ', pad);
	out_text(o, prefix, (size_t)prefix_len);
	out_pad(o, '0', zeros);
	out_text(o, digits, (size_t)n);
	if (spec->left)
		out_pad(o, ' ', pad);
}

static void out_signed(struct out *o, const struct spec *spec, int64_t value)
{
	const char *sign = value < 0 ? "-" : spec->plus ? "+" : spec->space ? " " : "";
	uint64_t magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value;

	out_number(o, spec, sign, magnitude, 10);
}

static void out_unsigned(struct out *o, const struct spec *spec, uint64_t value)
{
	bool hex = spec->conversion == 'x' || spec->conversion == 'X';
	const char *prefix = "";

	if (hex && spec->alternate && value != 0)
		prefix = spec->conversion == 'x' ? "0x" : "0X";
	out_number(o, spec, prefix, value, hex ? 16 : spec->conversion == 'o' ? 8 : 10);
}

static void out_string(struct out *o, const struct spec *spec, const char *s)
{
	if (s == NULL)
		s = "(null)";
	size_t most = spec->precision >= 0 ? (size_t)spec->precision : SIZE_MAX;

	out_field(o, spec, s, str_nlen(s, most));
}

/* Returns how many letters behind the p belong to the conversion. */
static size_t out_pointer(struct out *o, struct spec *spec, fmt_pointer_fn hook, const char *rest,
			  const void *ptr)
{
	char text[48];
	size_t used = 0;

	if (hook != NULL && ((*rest >= 'a' && *rest <= 'z') || (*rest >= 'A' && *rest <= 'Z')))
		used = hook(text, sizeof(text), rest, ptr);
	if (used > 0) {
		out_field(o, spec, text, str_nlen(text, sizeof(text)));
		return used;
	}
	spec->conversion = 'x';
	if (spec->precision < 0 && spec->width == 0)
		spec->precision = 16;
	out_number(o, spec, "", (uintptr_t)ptr, 16);
	return 0;
}

static const char *read_flags(const char *f, struct spec *spec)
{
	for (;; f++) {
		switch (*f) {
		case '-': spec->left = true; break;
		case '0': spec->zero = true; break;
		case '+': spec->plus = true; break;
		case ' ': spec->space = true; break;
		case '#': spec->alternate = true; break;
		default: return f;
		}
	}
}

/* A number in the format, at most 4095 so that a slip cannot print for minutes. */
static const char *read_number(const char *f, int *number)
{
	int n = 0;

	for (; str_is_digit(*f); f++)
		n = n < 4096 ? n * 10 + (*f - '0') : n;
	*number = n < 4095 ? n : 4095;
	return f;
}

static const char *read_length(const char *f, struct spec *spec)
{
	switch (*f) {
	case 'h':
		spec->length = f[1] == 'h' ? 'H' : 'h';
		return f + (f[1] == 'h' ? 2 : 1);
	case 'l':
		spec->length = 'l';
		return f + (f[1] == 'l' ? 2 : 1);
	case 'z': case 'j': case 't':
		spec->length = 'l';
		return f + 1;
	default:
		return f;
	}
}

static int64_t signed_arg(const struct spec *spec, va_list *args)
{
	if (spec->length == 'l')
		return va_arg(*args, long);
	int value = va_arg(*args, int);

	return spec->length == 'H' ? (signed char)value : spec->length == 'h' ? (short)value : value;
}

static uint64_t unsigned_arg(const struct spec *spec, va_list *args)
{
	if (spec->length == 'l')
		return va_arg(*args, unsigned long);
	unsigned value = va_arg(*args, unsigned);

	return spec->length == 'H' ? (uint8_t)value : spec->length == 'h' ? (uint16_t)value : value;
}

/* Reads what stands between % and the conversion letter. */
static const char *read_spec(const char *f, struct spec *spec, va_list *args)
{
	*spec = (struct spec){ .precision = -1 };
	f = read_flags(f, spec);
	if (*f == '*') {
		spec->width = va_arg(*args, int);
		if (spec->width < 0) {
			spec->left = true;
			spec->width = spec->width > -4096 ? -spec->width : 4095;
		}
		f++;
	} else {
		f = read_number(f, &spec->width);
	}
	if (spec->width > 4095)
		spec->width = 4095;
	if (*f == '.' && f[1] == '*') {
		spec->precision = va_arg(*args, int);
		f += 2;
	} else if (*f == '.') {
		f = read_number(f + 1, &spec->precision);
	}
	return read_length(f, spec);
}

/* One conversion; start is its %, f stands behind it. Returns where the text goes on. */
static const char *convert(struct out *o, fmt_pointer_fn hook, const char *start, const char *f,
			   va_list *args)
{
	struct spec spec;

	f = read_spec(f, &spec, args);
	spec.conversion = *f;
	if (*f != '\0')
		f++;
	switch (spec.conversion) {
	case 'd': case 'i':
		out_signed(o, &spec, signed_arg(&spec, args));
		return f;
	case 'u': case 'x': case 'X': case 'o':
		out_unsigned(o, &spec, unsigned_arg(&spec, args));
		return f;
	case 'c':
		out_field(o, &spec, &(char){ (char)va_arg(*args, int) }, 1);
		return f;
	case 's':
		out_string(o, &spec, va_arg(*args, const char *));
		return f;
	case 'p':
		return f + out_pointer(o, &spec, hook, f, va_arg(*args, const void *));
	case '%':
		out_char(o, '%');
		return f;
	default:
		out_text(o, start, (size_t)(f - start));
		return f;
	}
}

int fmt_vsnprintf_hook(char *buf, size_t size, fmt_pointer_fn hook, const char *fmt, va_list ap)
{
	struct out o = { buf, size, 0 };
	va_list args;	/* a real va_list, so that its address can be passed on */

	va_copy(args, ap);
	while (*fmt != '\0') {
		const char *start = fmt++;

		if (*start == '%')
			fmt = convert(&o, hook, start, fmt, &args);
		else
			out_char(&o, *start);
	}
	va_end(args);
	if (size > 0)
		buf[o.length < size ? o.length : size - 1] = '\0';
	return (int)o.length;
}

int fmt_vsnprintf(char *buf, size_t size, const char *fmt, va_list args)
{
	return fmt_vsnprintf_hook(buf, size, NULL, fmt, args);
}

int fmt_snprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = fmt_vsnprintf(buf, size, fmt, args);
	va_end(args);
	return n;
}
