/* SPDX-License-Identifier: MIT */
/*
 * Obeying the tool stack: a thread watches control/shutdown and control/sysrq in xenstore, so that
 * `xl shutdown`, `xl reboot` and `xl sysrq` work on a guest.
 */
#pragma once

#include <stdbool.h>

/** `reason` is "poweroff", "halt" or "reboot"; for sysrq `sysrq` is the letter, else 0.
 * Runs in a thread. Returning false leaves the rest to the library: shut down for a reason,
 * nothing for a sysrq. */
typedef bool (*control_fn)(const char *reason, char sysrq, void *ctx);

/** Starts the thread; fn may be NULL. Announces what is understood (control/feature-poweroff
 * and -reboot, -sysrq). Returns 0, or -1 with errno when there is no xenstore. */
int control_start(control_fn fn, void *ctx);
