/* SPDX-License-Identifier: MIT */
#pragma once

#include <format/layout.h>
#include <hv/types.h>

/* One page of the device area through which ACPI tables are read at boot. */
#define ACPI_WINDOW (DEVICE_VIRT + (1UL << 30))

/** Finds out by ACPI how the machine is switched off. rsdp: physical, 0: none. */
void machine_init(uint64_t rsdp);
