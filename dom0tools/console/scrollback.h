/* SPDX-License-Identifier: MIT */
/*
 * The last 64 KiB that a domain has printed. Positions count bytes from the
 * domain's first one and never go back, so a reader keeps its own place and can tell
 * what it has missed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCROLLBACK_MAX (64u << 10)

/** Zero-initialised is empty. Memory grows with what is in it. */
struct scrollback {
	char *buf;
	size_t size;		/* of buf: a power of two, or 0 */
	uint64_t total;		/* bytes ever appended */
};

/** Takes the first memory, so that appending always keeps something. Returns false when there is none. */
bool scrollback_begin(struct scrollback *sb);
/** Appends; what is older than SCROLLBACK_MAX bytes goes, or sooner when memory is out. */
void scrollback_append(struct scrollback *sb, const char *bytes, size_t n);
/** The position of the oldest byte that is still there. */
uint64_t scrollback_oldest(const struct scrollback *sb);
/**
 * Copies up to n bytes from position *at on, which moves behind them (and first up to the
 * oldest byte when it is further back). Returns how many, 0 at the end.
 */
size_t scrollback_read(const struct scrollback *sb, uint64_t *at, char *buf, size_t n);
/**
 * The last n lines as plain text: control characters are left out except tabs
 * and line ends. Ends with a NUL, is cut at the front to fit. Returns the length.
 */
size_t scrollback_last_lines(const struct scrollback *sb, unsigned int n, char *buf, size_t size);
void scrollback_free(struct scrollback *sb);
