/* SPDX-License-Identifier: MIT */
/* ACPI tables, as far as boot reads them. */
#pragma once

#include <format/layout.h>
#include <hv/types.h>

/* One page of the device area through which the tables are read at boot. */
#define ACPI_WINDOW (DEVICE_VIRT + (1UL << 30))

/* What each table begins with. */
struct acpi_sdt {
	char signature[4];
	uint32_t length;		/* of the table, these bytes included */
	uint8_t rest[28];
} __attribute__((packed));

/** rsdp: where the root pointer lies in physical memory, 0: not known. */
void acpi_init(uint64_t rsdp);
/** The physical address of the first table with the signature; 0: there is none. */
uint64_t acpi_find(const char *signature);
/** Copies len bytes from pa; false when that cannot be an address. Boot, on the first CPU. */
bool acpi_copy(void *dst, uint64_t pa, size_t len);
