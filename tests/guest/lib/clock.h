/* SPDX-License-Identifier: MIT */
/* System time, as the hypervisor tells it. */
#pragma once

#include <stdint.h>

/** Nanoseconds since the machine began, by the time page of the vCPU that asks and the TSC. */
uint64_t clock_ns(void);
