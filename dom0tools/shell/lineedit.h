/* SPDX-License-Identifier: MIT */
/*
 * Editing one line on a terminal of which nothing is known: bytes come in, bytes go out, no
 * clock and no questions to the terminal. Only printable characters, backspaces and
 * line ends are sent (and one clear-screen sequence for Ctrl-L), so a dumb terminal and a
 * script on the other end both work; the prompt is sent again only after a
 * list of completions and Ctrl-L.
 *
 * Keys: arrows, Home, End, Delete, Backspace, Ctrl-A B C D E F H K L N P U W Y, Alt-B D F, Tab.
 * A line may be ended by CR, LF or CR LF.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "history.h"

#define LINEEDIT_MAX 1024

enum lineedit_result {
	LINEEDIT_MORE,		/* go on */
	LINEEDIT_LINE,		/* line is ready, its end has been echoed */
	LINEEDIT_CANCEL,	/* Ctrl-C */
	LINEEDIT_EOF,		/* Ctrl-D on an empty line */
};

struct lineedit;

struct lineedit_ops {
	/** Sends bytes to the terminal, '\n' as carriage return and line feed. */
	void (*write)(void *ctx, const char *bytes, size_t n);
	/**
	 * Completes the word that ends at the cursor: calls lineedit_insert() for what is certain,
	 * or prints a list and returns true, after which prompt and line are sent again.
	 */
	bool (*complete)(void *ctx, struct lineedit *edit);
};

struct lineedit {
	const struct lineedit_ops *ops;
	void *ctx;
	const char *prompt;
	struct history *history;
	/* The line: */
	char text[LINEEDIT_MAX + 1];	/* text[len] is NUL */
	size_t len, cursor;
	/* What the terminal shows behind the prompt, in columns: */
	size_t shown, column;
	/* Other state: */
	int escape;			/* how far into an escape sequence */
	unsigned int escape_number;
	bool after_cr;
	size_t browsing;		/* number in the history; its count: the new line */
	char saved[LINEEDIT_MAX + 1];	/* the new line while browsing */
	char killed[LINEEDIT_MAX + 1];	/* for Ctrl-Y */
};

void lineedit_init(struct lineedit *edit, const struct lineedit_ops *ops, void *ctx,
		   const char *prompt, struct history *history);
/** Begins a new line: sends the prompt. */
void lineedit_start(struct lineedit *edit);
/** Takes a byte. After anything but LINEEDIT_MORE, lineedit_start() begins the next line. */
enum lineedit_result lineedit_byte(struct lineedit *edit, unsigned char byte);
/** Inserts text at the cursor; what does not fit is left out. */
void lineedit_insert(struct lineedit *edit, const char *text, size_t n);
