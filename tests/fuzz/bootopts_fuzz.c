// SPDX-License-Identifier: MIT
/* Any text as the hypervisor's command line: problems are inside the line, dom0's memory fits. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "hv/bootopts.h"

static void check_serial(const struct boot_serial *s)
{
	FUZZ_CHECK(s->data_bits >= 5 && s->data_bits <= 8);
	FUZZ_CHECK(s->stop_bits >= 1 && s->stop_bits <= 2);
	FUZZ_CHECK(s->parity != '\0' && str_find_char("noems", s->parity) != NULL);
	FUZZ_CHECK(s->io_base != 0 && s->irq >= 2 && s->irq <= 15);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint64_t memories[] = { 0, 4096, UINT64_C(64) << 20, UINT64_MAX };
	struct boot_options options;
	char *line = malloc(size + 1);

	memcpy(line, data, size);
	line[size] = '\0';
	bootopts_parse(&options, line);
	for (unsigned i = 0; i < options.problem_count && i < BOOT_PROBLEMS_MAX; i++) {
		const struct boot_problem *p = &options.problems[i];

		FUZZ_CHECK(p->reason != NULL && p->option.len > 0);
		FUZZ_CHECK(p->option.at >= line && p->option.at + p->option.len <= line + size);
	}
	check_serial(&options.com[0]);
	check_serial(&options.com[1]);
	for (size_t i = 0; i < sizeof(memories) / sizeof(memories[0]); i++)
		FUZZ_CHECK(bootopts_dom0_bytes(&options, memories[i], 1 << 20) <= memories[i]);
	free(line);
	return 0;
}
