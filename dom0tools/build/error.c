/* SPDX-License-Identifier: MIT */
/* The first reason is the one that matters; what fails after it is a consequence. */
#include "build/error.h"

#include <stdarg.h>
#include <stdio.h>

int build_fail(struct build_error *err, int code, const char *format, ...)
{
	va_list args;

	if (!err->text[0]) {
		va_start(args, format);
		vsnprintf(err->text, sizeof(err->text), format, args);
		va_end(args);
		/* A kernel's own words may be in it: one line it stays. */
		for (char *p = err->text; *p; p++)
			if ((unsigned char)*p < ' ')
				*p = '?';
	}
	return code;
}
