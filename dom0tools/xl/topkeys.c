/* SPDX-License-Identifier: MIT */
/* What keys do to the view of `xl top`. */
#include "xl/top.h"

#include <stdlib.h>
#include <string.h>

static enum top_action prompt_key(struct top_view *view, char key)
{
	size_t length = strlen(view->prompt);
	unsigned long delay;

	if (key >= '0' && key <= '9' && length + 1 < sizeof(view->prompt)) {
		view->prompt[length] = key;
		view->prompt[length + 1] = '\0';
	} else if ((key == '\b' || key == 0x7f) && length) {
		view->prompt[length - 1] = '\0';
	} else if (key == '\r' || key == '\n' || key == '\x1b') {
		delay = key == '\x1b' ? 0 : strtoul(view->prompt, NULL, 10);
		if (delay >= 1 && delay <= TOP_MAX_DELAY)
			view->delay = delay;
		view->prompting = false;
	} else {
		return TOP_NOTHING;
	}
	return TOP_REDRAW;
}

static enum top_action letter_key(struct top_view *view, char key)
{
	switch (key) {
	case 'd': case 'D':
		view->prompting = true;
		view->prompt[0] = '\0';
		return TOP_REDRAW;
	case 'n': case 'N':
		view->networks = !view->networks;
		return TOP_REDRAW;
	case 'b': case 'B':
		view->disks = !view->disks;
		return TOP_REDRAW;
	case 'v': case 'V':
		view->vcpus = !view->vcpus;
		return TOP_SAMPLE;
	case 'r': case 'R':
		view->repeat_header = !view->repeat_header;
		return TOP_REDRAW;
	case 's': case 'S':
		view->sort = (view->sort + 1) % TOP_COLUMNS;
		return TOP_REDRAW;
	case 'q': case 'Q': case 0x03:
		return TOP_QUIT;
	default:
		return TOP_NOTHING;
	}
}

static enum top_action arrow(struct top_view *view, const struct top_sample *sample, char last)
{
	if (last == 'B' && view->first + 1 < sample->count)
		view->first++;
	else if (last == 'A' && view->first)
		view->first--;
	else
		return TOP_NOTHING;
	return TOP_REDRAW;
}

enum top_action top_keys(struct top_view *view, const struct top_sample *sample, const char *bytes,
			 size_t n)
{
	enum top_action most = TOP_NOTHING, action;

	for (size_t i = 0; i < n && most != TOP_QUIT; i++) {
		if (bytes[i] == '\x1b' && i + 2 < n && (bytes[i + 1] == '[' || bytes[i + 1] == 'O')) {
			action = arrow(view, sample, bytes[i + 2]);
			i += 2;
		} else if (view->prompting) {
			action = prompt_key(view, bytes[i]);
		} else {
			action = letter_key(view, bytes[i]);
		}
		if (action > most)
			most = action;
	}
	return most;
}
