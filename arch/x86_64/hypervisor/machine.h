/* SPDX-License-Identifier: MIT */
#pragma once

/** Finds out by ACPI how the machine is switched off; after acpi_init(). */
void machine_init(void);
