/* SPDX-License-Identifier: MIT */
/* A xenstore of a few hundred nodes behind pvguest's client interface, without permissions. */
#pragma once

#include <stdbool.h>

void fake_store_reset(void);
/** NULL when there is no such node. */
const char *fake_store_value(const char *path);
void fake_store_set(const char *path, const char *value);
unsigned fake_store_nodes(void);
/** The nth write from now (0: the next) fails; -1: none. */
void fake_store_fail(int nth);
extern unsigned fake_introduced;	/* domains introduced and not released */
