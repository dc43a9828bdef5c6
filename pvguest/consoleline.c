// SPDX-License-Identifier: MIT
/* The console's cooked mode: a line at a time, with echo and simple editing. */
#include <pvguest/console.h>

#include <ctype.h>

enum {
	CTRL_D = 4, CTRL_H = 8, CTRL_U = 21, CTRL_W = 23, DELETE = 127,
};

static void echo(const char *s, size_t n)
{
	console_write(s, n);
}

static size_t erase(size_t len, size_t to)
{
	for (; len > to; len--)
		echo("\b \b", 3);
	return len;
}

static size_t word_start(const char *buf, size_t len)
{
	while (len && isspace((unsigned char)buf[len - 1]))
		len--;
	while (len && !isspace((unsigned char)buf[len - 1]))
		len--;
	return len;
}

/* One byte of input into the line. Returns the new length. */
static size_t line_edit(char *buf, size_t size, size_t len, int c)
{
	if ((c == CTRL_H || c == DELETE) && len)
		return erase(len, len - 1);
	if (c == CTRL_U)
		return erase(len, 0);
	if (c == CTRL_W)
		return erase(len, word_start(buf, len));
	if ((c >= ' ' && c != DELETE) || c == '\t') {
		if (len + 1 < size) {
			char ch = c;

			buf[len++] = ch;
			echo(&ch, 1);
		} else {
			echo("\a", 1);
		}
	}
	return len;
}

long console_read_line(char *buf, size_t size)
{
	static bool after_cr;
	size_t len = 0;

	for (;;) {
		int c = console_getc(0);
		bool lf_of_crlf = c == '\n' && after_cr;

		after_cr = c == '\r';
		if (lf_of_crlf)
			continue;
		if (c == '\r' || c == '\n')
			break;
		if (c == CTRL_D && !len)
			return -1;
		len = line_edit(buf, size, len, c);
	}
	echo("\n", 1);
	buf[len] = '\0';
	return len;
}
