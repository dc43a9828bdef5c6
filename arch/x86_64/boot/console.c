// SPDX-License-Identifier: MIT
/* One line on the firmware's console, which wants UCS-2 with CR LF. */
#include "loader.h"

#include "hv/fmt.h"
#include "hv/str.h"

#define LINE_MAX 256

void say(const char *fmt, ...)
{
	CHAR16 wide[LINE_MAX + 2];
	char line[LINE_MAX] = LOADER_NAME ": ";
	size_t at = str_len(line);
	va_list args;
	size_t n = 0;

	va_start(args, fmt);
	fmt_vsnprintf(line + at, sizeof(line) - at - 2, fmt, args);
	va_end(args);
	str_append(line, sizeof(line), "\r\n");
	do {
		wide[n] = (unsigned char)line[n];
	} while (line[n++] != '\0');
	loader_st->ConOut->OutputString(loader_st->ConOut, wide);
}
