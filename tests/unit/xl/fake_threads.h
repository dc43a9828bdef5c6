/* SPDX-License-Identifier: MIT */
/* Threads that run when somebody waits, and a clock that the tests move. */
#pragma once

#include <stdint.h>

extern uint64_t fake_now;	/* ns */

/** Runs what thread_create() has been given, until nothing is left. */
void fake_threads_run(void);
