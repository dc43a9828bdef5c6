/* SPDX-License-Identifier: MIT */
/* Finding ACPI tables and reading them, wherever firmware has put them (ACPI 6.4, chapter 5.2). */
#include "acpi.h"

#include <cpu/insn.h>
#include <format/pte.h>
#include <hv/arch.h>
#include <hv/mem.h>
#include <hv/paging.h>

static uint64_t root_pointer;

void acpi_init(uint64_t rsdp)
{
	root_pointer = rsdp;
}

/*
 * ACPI tables may stand in memory that is not RAM to us: each page is mapped where it is
 * needed. The copy ends early when the table's own length does.
 */
bool acpi_copy(void *dst, uint64_t pa, size_t len)
{
	char *to = dst;

	if (!pa || pa + len < pa || pa + len > PTE_ADDR)
		return false;
	while (len) {
		size_t chunk = MIN(len, PAGE_SIZE - (pa & (PAGE_SIZE - 1)));

		hv_map(ACPI_WINDOW, pa & PTE_ADDR, PTE_HV_RO);
		arch_invlpg(ACPI_WINDOW);
		memcpy(to, (char *)ACPI_WINDOW + (pa & (PAGE_SIZE - 1)), chunk);
		to += chunk;
		pa += chunk;
		len -= chunk;
	}
	return true;
}

uint64_t acpi_find(const char *signature)
{
	uint8_t r[36];
	struct acpi_sdt head;
	uint64_t root;
	unsigned entry;

	if (!acpi_copy(r, root_pointer, sizeof(r)) || memcmp(r, "RSD PTR ", 8))
		return 0;
	memcpy(&root, r + 24, 8);
	entry = 8;
	if (r[15] < 2 || !root) {
		uint32_t rsdt;

		memcpy(&rsdt, r + 16, 4);
		root = rsdt;
		entry = 4;
	}
	if (!acpi_copy(&head, root, sizeof(head)) || head.length > 65536)
		return 0;
	for (uint64_t at = sizeof(head); at + entry <= head.length; at += entry) {
		uint64_t pa = 0;
		struct acpi_sdt table;

		if (acpi_copy(&pa, root + at, entry) && acpi_copy(&table, pa, sizeof(table)) &&
		    !memcmp(table.signature, signature, 4))
			return pa;
	}
	return 0;
}
