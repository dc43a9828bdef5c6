/* SPDX-License-Identifier: MIT */
/* Measures the clocks; needs the local APIC. */
#pragma once

void tsc_init(void);
