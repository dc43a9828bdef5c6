/* SPDX-License-Identifier: MIT */
/*
 * What `xl create` leaves running in the background on Xen: for each domain,
 * what its configuration wants when it ends. One thread watches all of them.
 */
#pragma once

#include "xl/record.h"

/** Looks at the domain now, as the watch does; for a record that has become RECORD_RUNNING. */
void monitor_check(struct record *r);
