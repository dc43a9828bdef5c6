/* SPDX-License-Identifier: MIT */
/*
 * The CPUs of a machine, out of ACPI's "multiple APIC description table" (ACPI 6.4, 5.2.12).
 * Firmware's table is read as one reads a guest's: nothing in it is trusted.
 */
#pragma once

#include <hv/types.h>

struct madt_cpu {
	uint32_t apic_id;
	uint32_t acpi_id;	/* how ACPI's own code names it */
};

/**
 * Finds the enabled CPUs in the table of len bytes, in its order, each APIC id once. Writes the first
 * max to cpus; returns how many there are, 0 when it is no such table.
 */
unsigned madt_cpus(const void *table, size_t len, struct madt_cpu *cpus, unsigned max);
