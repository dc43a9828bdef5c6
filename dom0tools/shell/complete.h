/* SPDX-License-Identifier: MIT */
/*
 * Completion: from the text before the cursor to the candidates for its last word.
 */
#pragma once

#include "dom0/shell.h"

struct completion {
	char *word;		/* what has been typed of it, without its quotes */
	char **found;		/* sorted, each once */
	size_t n;
};

/** Collects the candidates for the last word of the first len bytes of text. */
void completion_collect(struct completion *c, const char *text, size_t len);
/** How many bytes all candidates have in common. */
size_t completion_common(const struct completion *c);
void completion_free(struct completion *c);
