/* SPDX-License-Identifier: MIT */
/* Words of a test kernel's command line, and the hypervisor's books. */
#pragma once

#include "test.h"

/** The number behind a word ("rounds="); otherwise, when the line has none. */
uint64_t option(const char *name, uint64_t otherwise);
/** What stands behind the word, up to the line's end; NULL: the line has none. */
const char *option_text(const char *name);
/** The hypervisor's whole-state check (debug key m); true, too, where it cannot be asked. */
bool books_agree(void);
