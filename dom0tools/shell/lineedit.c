/* SPDX-License-Identifier: MIT */
/*
 * The line editor; see lineedit.h. Every change of the line is followed by
 * edit_show() from the first changed byte on, which brings the terminal up to date with
 * as few bytes as backspaces allow.
 */
#include "lineedit.h"

#include <string.h>

#define CTRL(letter) ((letter) & 0x1f)
#define ESC 0x1b
#define DEL 0x7f

/* ---- the terminal ---- */

static void put(struct lineedit *edit, const char *bytes, size_t n)
{
	if (n)
		edit->ops->write(edit->ctx, bytes, n);
}

static void put_many(struct lineedit *edit, char c, size_t n)
{
	char chunk[64];

	memset(chunk, c, sizeof(chunk));
	while (n) {
		size_t part = n < sizeof(chunk) ? n : sizeof(chunk);

		put(edit, chunk, part);
		n -= part;
	}
}

/* Bytes that continue a UTF-8 character take no column of their own. */
static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

static size_t columns(const char *text, size_t n)
{
	size_t wide = 0;

	while (n--)
		wide += !is_continuation(*text++);
	return wide;
}

/* Makes the terminal show the line, which has changed from byte `from` on, and the cursor. */
static void edit_show(struct lineedit *edit, size_t from)
{
	size_t start = columns(edit->text, from);
	size_t total = columns(edit->text, edit->len);
	size_t want = columns(edit->text, edit->cursor);

	if (start > edit->column) {
		/* Only when nothing changed left of it: go right by sending it again. */
		start = edit->column;
		from = 0;
		while (columns(edit->text, from) < start || is_continuation(edit->text[from]))
			from++;
	}
	put_many(edit, '\b', edit->column - start);
	put(edit, edit->text + from, edit->len - from);
	if (edit->shown > total)
		put_many(edit, ' ', edit->shown - total);
	edit->column = edit->shown > total ? edit->shown : total;
	put_many(edit, '\b', edit->column - want);
	edit->column = want;
	edit->shown = total;
}

static void cursor_to(struct lineedit *edit, size_t at)
{
	if (at > edit->cursor)
		put(edit, edit->text + edit->cursor, at - edit->cursor);
	else
		put_many(edit, '\b', columns(edit->text + at, edit->cursor - at));
	edit->cursor = at;
	edit->column = columns(edit->text, at);
}

/* Sends prompt and line on a fresh terminal line. */
static void edit_repeat(struct lineedit *edit)
{
	put(edit, edit->prompt, strlen(edit->prompt));
	edit->shown = edit->column = 0;
	edit_show(edit, 0);
}

/* ---- the line ---- */

static size_t char_before(const struct lineedit *edit, size_t at)
{
	if (at)
		at--;
	while (at && is_continuation(edit->text[at]))
		at--;
	return at;
}

static size_t char_after(const struct lineedit *edit, size_t at)
{
	if (at < edit->len)
		at++;
	while (at < edit->len && is_continuation(edit->text[at]))
		at++;
	return at;
}

static bool in_word(char c)
{
	return c != ' ' && c != '\t';
}

static size_t word_before(const struct lineedit *edit)
{
	size_t at = edit->cursor;

	while (at && !in_word(edit->text[at - 1]))
		at--;
	while (at && in_word(edit->text[at - 1]))
		at--;
	return at;
}

static size_t word_after(const struct lineedit *edit)
{
	size_t at = edit->cursor;

	while (at < edit->len && !in_word(edit->text[at]))
		at++;
	while (at < edit->len && in_word(edit->text[at]))
		at++;
	return at;
}

void lineedit_insert(struct lineedit *edit, const char *text, size_t n)
{
	size_t at = edit->cursor;

	if (n > LINEEDIT_MAX - edit->len)
		n = LINEEDIT_MAX - edit->len;
	memmove(edit->text + at + n, edit->text + at, edit->len - at + 1);
	memcpy(edit->text + at, text, n);
	edit->len += n;
	edit->cursor += n;
	edit_show(edit, at);
}

/* Takes the bytes from `from` to `to` out; the cursor is then at `from`. */
static void edit_cut(struct lineedit *edit, size_t from, size_t to, bool keep)
{
	if (from == to)
		return;
	if (keep) {
		memcpy(edit->killed, edit->text + from, to - from);
		edit->killed[to - from] = '\0';
	}
	memmove(edit->text + from, edit->text + to, edit->len - to + 1);
	edit->len -= to - from;
	edit->cursor = from;
	edit_show(edit, from);
}

static void edit_replace(struct lineedit *edit, const char *text)
{
	edit->len = strlen(text);
	if (edit->len > LINEEDIT_MAX)
		edit->len = LINEEDIT_MAX;
	memmove(edit->text, text, edit->len);
	edit->text[edit->len] = '\0';
	edit->cursor = edit->len;
	edit_show(edit, 0);
}

static void history_go(struct lineedit *edit, int step)
{
	size_t count = edit->history->count, to = edit->browsing + (size_t)step;
	const char *line = to == count ? edit->saved : history_at(edit->history, to);

	if (to > count || !line)
		return;
	if (edit->browsing == count)
		strcpy(edit->saved, edit->text);
	edit->browsing = to;
	edit_replace(edit, line);
}

/* ---- keys ---- */

enum key {
	KEY_LEFT, KEY_RIGHT, KEY_UP, KEY_DOWN, KEY_HOME, KEY_END, KEY_DELETE,
	KEY_WORD_LEFT, KEY_WORD_RIGHT, KEY_WORD_DELETE,
};

static void edit_key(struct lineedit *edit, enum key key)
{
	switch (key) {
	case KEY_LEFT:
		cursor_to(edit, char_before(edit, edit->cursor));
		break;
	case KEY_RIGHT:
		cursor_to(edit, char_after(edit, edit->cursor));
		break;
	case KEY_UP:
		history_go(edit, -1);
		break;
	case KEY_DOWN:
		history_go(edit, 1);
		break;
	case KEY_HOME:
		cursor_to(edit, 0);
		break;
	case KEY_END:
		cursor_to(edit, edit->len);
		break;
	case KEY_DELETE:
		edit_cut(edit, edit->cursor, char_after(edit, edit->cursor), false);
		break;
	case KEY_WORD_LEFT:
		cursor_to(edit, word_before(edit));
		break;
	case KEY_WORD_RIGHT:
		cursor_to(edit, word_after(edit));
		break;
	case KEY_WORD_DELETE:
		edit_cut(edit, edit->cursor, word_after(edit), true);
		break;
	}
}

static void numbered_key(struct lineedit *edit, unsigned int number)
{
	if (number == 1 || number == 7)
		edit_key(edit, KEY_HOME);
	else if (number == 4 || number == 8)
		edit_key(edit, KEY_END);
	else if (number == 3)
		edit_key(edit, KEY_DELETE);
}

static void letter_key(struct lineedit *edit, unsigned char letter)
{
	static const char letters[] = "DCABHF";
	static const enum key keys[] = {
		KEY_LEFT, KEY_RIGHT, KEY_UP, KEY_DOWN, KEY_HOME, KEY_END,
	};
	const char *found = letter ? strchr(letters, letter) : NULL;

	if (found)
		edit_key(edit, keys[found - letters]);
}

static void alt_key(struct lineedit *edit, unsigned char letter)
{
	if (letter == 'b')
		edit_key(edit, KEY_WORD_LEFT);
	else if (letter == 'f')
		edit_key(edit, KEY_WORD_RIGHT);
	else if (letter == 'd')
		edit_key(edit, KEY_WORD_DELETE);
	else if (letter == DEL)
		edit_cut(edit, word_before(edit), edit->cursor, true);
}

/* Escape sequences: ESC letter, ESC [ letter, ESC O letter, ESC [ number ~. */
enum { ESCAPE_NONE, ESCAPE_BEGUN, ESCAPE_CSI, ESCAPE_SS3 };

static void escape_byte(struct lineedit *edit, unsigned char byte)
{
	int state = edit->escape;

	edit->escape = ESCAPE_NONE;
	if (state == ESCAPE_BEGUN && byte == '[') {
		edit->escape = ESCAPE_CSI;
		edit->escape_number = 0;
	} else if (state == ESCAPE_BEGUN && byte == 'O') {
		edit->escape = ESCAPE_SS3;
	} else if (state == ESCAPE_BEGUN) {
		alt_key(edit, byte);
	} else if (byte >= '0' && byte <= '9') {
		edit->escape = state;
		edit->escape_number = (edit->escape_number * 10 + (byte - '0')) % 1000;
	} else if (byte == ';') {
		edit->escape = state;	/* a modifier follows: not looked at */
		edit->escape_number = 0;
	} else if (byte == '~') {
		numbered_key(edit, edit->escape_number);
	} else {
		letter_key(edit, byte);
	}
}

static void edit_complete(struct lineedit *edit)
{
	if (edit->ops->complete && edit->ops->complete(edit->ctx, edit))
		edit_repeat(edit);
}

static void edit_clear_screen(struct lineedit *edit)
{
	put(edit, "\033[H\033[2J", 7);
	edit_repeat(edit);
}

static void control_byte(struct lineedit *edit, unsigned char byte)
{
	switch (byte) {
	case CTRL('A'):
		edit_key(edit, KEY_HOME);
		break;
	case CTRL('B'):
		edit_key(edit, KEY_LEFT);
		break;
	case CTRL('D'):
		edit_key(edit, KEY_DELETE);
		break;
	case CTRL('E'):
		edit_key(edit, KEY_END);
		break;
	case CTRL('F'):
		edit_key(edit, KEY_RIGHT);
		break;
	case CTRL('H'):
	case DEL:
		edit_cut(edit, char_before(edit, edit->cursor), edit->cursor, false);
		break;
	case '\t':
		edit_complete(edit);
		break;
	case CTRL('K'):
		edit_cut(edit, edit->cursor, edit->len, true);
		break;
	case CTRL('L'):
		edit_clear_screen(edit);
		break;
	case CTRL('N'):
		edit_key(edit, KEY_DOWN);
		break;
	case CTRL('P'):
		edit_key(edit, KEY_UP);
		break;
	case CTRL('U'):
		edit_cut(edit, 0, edit->cursor, true);
		break;
	case CTRL('W'):
		edit_cut(edit, word_before(edit), edit->cursor, true);
		break;
	case CTRL('Y'):
		lineedit_insert(edit, edit->killed, strlen(edit->killed));
		break;
	case ESC:
		edit->escape = ESCAPE_BEGUN;
		break;
	}
}

static enum lineedit_result edit_end(struct lineedit *edit, const char *echo,
				     enum lineedit_result result)
{
	cursor_to(edit, edit->len);
	put(edit, echo, strlen(echo));
	return result;
}

enum lineedit_result lineedit_byte(struct lineedit *edit, unsigned char byte)
{
	bool after_cr = edit->after_cr;

	edit->after_cr = false;
	if (edit->escape && byte >= ' ') {
		escape_byte(edit, byte);
		return LINEEDIT_MORE;
	}
	edit->escape = ESCAPE_NONE;
	if (byte == '\n' && after_cr)
		return LINEEDIT_MORE;
	if (byte == '\r' || byte == '\n') {
		edit->after_cr = byte == '\r';
		return edit_end(edit, "\n", LINEEDIT_LINE);
	}
	if (byte == CTRL('C'))
		return edit_end(edit, "^C\n", LINEEDIT_CANCEL);
	if (byte == CTRL('D') && !edit->len)
		return edit_end(edit, "\n", LINEEDIT_EOF);
	if (byte < ' ' || byte == DEL)
		control_byte(edit, byte);
	else
		lineedit_insert(edit, (const char *)&byte, 1);
	return LINEEDIT_MORE;
}

void lineedit_init(struct lineedit *edit, const struct lineedit_ops *ops, void *ctx,
		   const char *prompt, struct history *history)
{
	memset(edit, 0, sizeof(*edit));
	edit->ops = ops;
	edit->ctx = ctx;
	edit->prompt = prompt;
	edit->history = history;
}

void lineedit_start(struct lineedit *edit)
{
	edit->len = edit->cursor = 0;
	edit->text[0] = '\0';
	edit->browsing = edit->history->count;
	edit->escape = ESCAPE_NONE;
	edit_repeat(edit);
}
