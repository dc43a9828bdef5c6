// SPDX-License-Identifier: MIT
/*
 * The command `heap` of the test build. All others are dom0's own.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pvguest/symbols.h>

#include "dom0/shell.h"
#include "heap.h"

const struct command *__real_command_find(const char *name);
const struct command *__wrap_command_find(const char *name);

static void print_caller(uint64_t address)
{
	uint64_t offset;
	const char *name = symbol_find(address, &offset);

	printf(" %s+%" PRIu64, name ? name : "?", name ? offset : address);
}

/* Who has something that lives: objects, bytes, the way there. */
static void print_sites(void)
{
	const struct heap_site *s;

	for (size_t i = 0; (s = heap_site(i)); i++) {
		if (!s->objects)
			continue;
		printf("%zu %zu", s->objects, s->bytes);
		for (int n = 0; n < HEAP_DEPTH && s->callers[n]; n++)
			print_caller(s->callers[n]);
		printf("\n");
	}
}

static int command_heap(int argc, char **argv)
{
	struct heap_count now = heap_count();

	if (argc == 2 && !strcmp(argv[1], "sites")) {
		print_sites();
	} else if (argc == 3 && !strcmp(argv[1], "fail")) {
		heap_fail(strtoul(argv[2], NULL, 10));
	} else if (argc > 1) {
		fprintf(stderr, "usage: heap [sites|fail N]\n");
		return 2;
	}
	if (argc != 2)
		printf("heap: %zu objects, %zu bytes; %zu requests, %s refused\n", now.objects, now.bytes,
		       now.requests, now.failed ? "one" : "none");
	return 0;
}

const struct command *__wrap_command_find(const char *name)
{
	static const struct command heap = {
		"heap", "what lives in the heap", "[sites|fail N]", command_heap, NULL
	};

	return strcmp(name, heap.name) ? __real_command_find(name) : &heap;
}
