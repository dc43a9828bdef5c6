/* SPDX-License-Identifier: MIT */
/* Each part of a list adds CPUs or, with ^, takes away what those before it have added. */
#include "domconf/cpumap.h"

#include <stdlib.h>
#include <string.h>

static const char not_a_list[] = "is no list of CPUs, such as 0-3,^2 or all";

static void set(struct cpumap *map, unsigned first, unsigned last, bool to)
{
	for (unsigned i = first; i <= last; i++) {
		if (to)
			map->bits[i / 8] |= 1 << i % 8;
		else
			map->bits[i / 8] &= ~(1 << i % 8);
	}
}

/* Takes the word off the text's front. */
static bool skip(const char **text, const char *word)
{
	size_t length = strlen(word);

	if (strncmp(*text, word, length))
		return false;
	*text += length;
	return true;
}

static bool read_number(const char **text, unsigned long *n)
{
	char *end;

	if (**text < '0' || **text > '9')
		return false;
	*n = strtoul(*text, &end, 10);
	*text = end;
	return true;
}

/* "all", "3" or "3-5"; in nodes, of which there is one, number 0, with all CPUs. */
static const char *read_part(struct cpumap *map, const char **text)
{
	bool add = !skip(text, "^"), node = skip(text, "nodes:") || skip(text, "node:");
	unsigned long first, last;

	add = !skip(text, "^") && add;
	if (skip(text, "all")) {
		set(map, 0, CPUMAP_CPUS - 1, add);
		return NULL;
	}
	if (!read_number(text, &first))
		return not_a_list;
	last = first;
	if (skip(text, "-") && (!read_number(text, &last) || last < first))
		return not_a_list;
	if (node) {
		if (last)
			return "names a NUMA node that is not there: there is one, 0";
		set(map, 0, CPUMAP_CPUS - 1, add);
		return NULL;
	}
	if (last >= CPUMAP_CPUS)
		return "names a CPU above 255";
	set(map, first, last, add);
	if (add && (int)last > map->last)
		map->last = last;
	return NULL;
}

static bool is_empty(const struct cpumap *map)
{
	for (unsigned i = 0; i < CPUMAP_BYTES; i++)
		if (map->bits[i])
			return false;
	return true;
}

static void skip_blanks(const char **text)
{
	*text += strspn(*text, " \t");
}

const char *cpumap_parse(struct cpumap *map, const char *text)
{
	const char *wrong;

	*map = (struct cpumap){ .last = -1 };
	do {
		skip_blanks(&text);
		wrong = read_part(map, &text);
		if (wrong)
			return wrong;
		skip_blanks(&text);
	} while (skip(&text, ","));
	if (*text)
		return not_a_list;
	return is_empty(map) ? "leaves no CPU to run on" : NULL;
}

bool cpumap_fit(struct cpumap *map, unsigned cpus)
{
	struct cpumap fitting = *map;

	if (map->last >= (int)cpus)
		return false;
	if (cpus < CPUMAP_CPUS)
		set(&fitting, cpus, CPUMAP_CPUS - 1, false);
	if (is_empty(&fitting))
		return false;
	*map = fitting;
	return true;
}
