/* SPDX-License-Identifier: MIT */
/*
 * The lock of pages, address space, page tables, grants and malloc's heap, which need one another.
 * A CPU may take it several times. No thread waits while CPU 0 holds it, so on one CPU there is one
 * holder at a time, and nothing to do before a second CPU runs. For the library's own files.
 */
#pragma once

void memory_lock(void);
void memory_unlock(void);
/** A second CPU is about to run. From CPU 0, which does not hold the lock. */
void memory_share(void);
