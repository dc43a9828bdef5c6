/* SPDX-License-Identifier: MIT */
/* Another CPU, where a test wants one: it has a lock that this one waits for. */
#pragma once

/** Called once, when this CPU waits; it lets the lock go. NULL: nobody ever would. */
extern void (*other_cpu)(void);
