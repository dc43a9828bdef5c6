/* SPDX-License-Identifier: MIT */
/* A set of the machine's CPUs, as users write it: "0-3,^2", "all", "nodes:0". Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
	CPUMAP_CPUS = 256,
	CPUMAP_BYTES = CPUMAP_CPUS / 8,
};

struct cpumap {
	uint8_t bits[CPUMAP_BYTES];
	int last;	/* the highest CPU that was asked for by its number, -1: none */
};

static inline bool cpumap_has(const struct cpumap *map, unsigned cpu)
{
	return cpu < CPUMAP_CPUS && map->bits[cpu / 8] >> cpu % 8 & 1;
}

/**
 * Reads a list. Returns NULL, or what is wrong with the list as the rest of a sentence that
 * begins with it.
 */
const char *cpumap_parse(struct cpumap *map, const char *text);

/**
 * Takes the machine's CPUs, which are 0 to cpus - 1, out of the set. False: a CPU was asked for that
 * the machine has not, or none of its CPUs is in the set; the set has not changed.
 */
bool cpumap_fit(struct cpumap *map, unsigned cpus);
