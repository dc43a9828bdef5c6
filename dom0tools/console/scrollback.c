/* SPDX-License-Identifier: MIT */
/*
 * A bounded buffer of a domain's output; see scrollback.h.
 */
#include "scrollback.h"

#include <stdlib.h>
#include <string.h>

#define SCROLLBACK_MIN 2048u

static void bytes_put(struct scrollback *sb, const char *bytes, size_t n)
{
	while (n) {
		size_t at = sb->total & (sb->size - 1);
		size_t part = sb->size - at < n ? sb->size - at : n;

		memcpy(sb->buf + at, bytes, part);
		sb->total += part;
		bytes += part;
		n -= part;
	}
}

/* Makes room for n bytes more, as far as memory allows. Returns false when there is none at all. */
static bool grow(struct scrollback *sb, size_t n)
{
	size_t kept = (size_t)(sb->total - scrollback_oldest(sb));
	size_t size = sb->size ? sb->size : SCROLLBACK_MIN;

	while (size < SCROLLBACK_MAX && size < kept + n)
		size *= 2;
	if (size == sb->size)
		return true;

	struct scrollback bigger = { .buf = malloc(size), .size = size };
	uint64_t at = scrollback_oldest(sb);
	char chunk[256];
	size_t got;

	if (!bigger.buf)
		return sb->size > 0;
	bigger.total = at;
	while ((got = scrollback_read(sb, &at, chunk, sizeof(chunk))))
		bytes_put(&bigger, chunk, got);
	free(sb->buf);
	*sb = bigger;
	return true;
}

bool scrollback_begin(struct scrollback *sb)
{
	return grow(sb, 0);
}

void scrollback_append(struct scrollback *sb, const char *bytes, size_t n)
{
	if (n && grow(sb, n))
		bytes_put(sb, bytes, n);
}

uint64_t scrollback_oldest(const struct scrollback *sb)
{
	return sb->total > sb->size ? sb->total - sb->size : 0;
}

size_t scrollback_read(const struct scrollback *sb, uint64_t *at, char *buf, size_t n)
{
	size_t done = 0;

	if (*at < scrollback_oldest(sb))
		*at = scrollback_oldest(sb);
	while (done < n && *at < sb->total) {
		size_t from = *at & (sb->size - 1);
		size_t part = sb->size - from;

		if (part > n - done)
			part = n - done;
		if (part > sb->total - *at)
			part = (size_t)(sb->total - *at);
		memcpy(buf + done, sb->buf + from, part);
		*at += part;
		done += part;
	}
	return done;
}

static char byte_at(const struct scrollback *sb, uint64_t at)
{
	return sb->buf[at & (sb->size - 1)];
}

/* How long the UTF-8 character that begins so is; 0xc2 and a byte below 0xa0 are a control character. */
static unsigned int utf8_length(unsigned char lead)
{
	return lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc3 ? 2 : 1;
}

/* Whether a byte from 0x80 to 0x9f, alone a control character, is inside a longer one. */
static bool is_inside_utf8(const struct scrollback *sb, uint64_t at)
{
	for (unsigned int n = 1; n < 4 && n <= at - scrollback_oldest(sb); n++) {
		unsigned char c = (unsigned char)byte_at(sb, at - n);

		if ((c & 0xc0) != 0x80)
			return n < utf8_length(c);
	}
	return false;
}

static bool is_text(const struct scrollback *sb, uint64_t at)
{
	unsigned char c = (unsigned char)byte_at(sb, at);

	if (c >= 0x80 && c < 0xa0)
		return is_inside_utf8(sb, at);
	return c == '\n' || c == '\t' || (c >= ' ' && c != 0x7f);
}

size_t scrollback_last_lines(const struct scrollback *sb, unsigned int n, char *buf, size_t size)
{
	uint64_t oldest = scrollback_oldest(sb), at = sb->total;
	size_t room = size ? size - 1 : 0, len = 0;

	/* Backwards: over the line ends at the very end, then n lines. */
	while (at > oldest && strchr("\r\n", byte_at(sb, at - 1)))
		at--;

	uint64_t end = at;

	while (at > oldest && room) {
		char c = byte_at(sb, at - 1);

		if (c == '\n' && --n == 0)
			break;
		if (is_text(sb, at - 1))
			room--;
		at--;
	}
	for (; at < end; at++)
		if (is_text(sb, at))
			buf[len++] = byte_at(sb, at);
	if (size)
		buf[len] = '\0';
	return len;
}

void scrollback_free(struct scrollback *sb)
{
	free(sb->buf);
	memset(sb, 0, sizeof(*sb));
}
