// SPDX-License-Identifier: MIT
/* See hv/madt.h. */
#include <hv/madt.h>

#define HEADER_SIZE	44	/* of any table 36; the local APIC's address, flags */
#define LOCAL_APIC	0
#define LOCAL_X2APIC	9
#define ENABLED		1
#define NO_APIC_ID	0xff	/* of a local APIC entry: for all CPUs */

static uint32_t word_at(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* The CPU that an entry of its length describes; false: none, or one that is not there. */
static bool read_cpu(const uint8_t *e, struct madt_cpu *cpu)
{
	if (e[0] == LOCAL_APIC && e[1] >= 8) {
		*cpu = (struct madt_cpu){ .apic_id = e[3], .acpi_id = e[2] };
		return e[3] != NO_APIC_ID && (word_at(e + 4) & ENABLED);
	}
	if (e[0] == LOCAL_X2APIC && e[1] >= 16) {
		*cpu = (struct madt_cpu){ .apic_id = word_at(e + 4), .acpi_id = word_at(e + 12) };
		return cpu->apic_id != ~0U && (word_at(e + 8) & ENABLED);
	}
	return false;
}

static bool is_known(const struct madt_cpu *cpus, unsigned n, uint32_t apic_id)
{
	for (unsigned i = 0; i < n; i++)
		if (cpus[i].apic_id == apic_id)
			return true;
	return false;
}

unsigned madt_cpus(const void *table, size_t len, struct madt_cpu *cpus, unsigned max)
{
	const uint8_t *p = table;
	unsigned n = 0;

	if (len < HEADER_SIZE || p[0] != 'A' || p[1] != 'P' || p[2] != 'I' || p[3] != 'C')
		return 0;
	len = MIN(len, (size_t)word_at(p + 4));
	for (size_t at = HEADER_SIZE; at < len && len - at >= 2; at += p[at + 1]) {
		struct madt_cpu cpu;

		if (p[at + 1] < 2 || p[at + 1] > len - at)
			break;
		if (!read_cpu(p + at, &cpu) || is_known(cpus, MIN(n, max), cpu.apic_id))
			continue;
		if (n < max)
			cpus[n] = cpu;
		n++;
	}
	return n;
}
