/* SPDX-License-Identifier: MIT */
/* Do all books of the hypervisor agree? */
#pragma once

/**
 * The whole-state check: frames and page tables, the allocators, event channels, grants and what is
 * mapped of them, run queues, timers. Prints what is wrong and returns the number of it. Takes each
 * lock for a while; the frames are only counted right while no other CPU changes them.
 */
unsigned books_check(void);
