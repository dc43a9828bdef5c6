/* SPDX-License-Identifier: MIT */
/* Any text as a domain's configuration: read, understood or refused with one line, printed. */
#include <stdlib.h>
#include <string.h>

#include "domconf/domconf.h"
#include "xl/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void one_line(const char *text)
{
	if (!*text || strchr(text, '\n'))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct domconf_report report = { .warn = NULL };
	struct domconf conf;
	struct cfg_error err;
	struct cfg cfg;
	FILE *out;

	cfg_init(&cfg);
	if (cfg_parse(&cfg, "f", (const char *)data, size, &err)) {
		one_line(err.text);
	} else if (domconf_read(&conf, &cfg, &report)) {
		one_line(report.error.text);
		domconf_free(&conf);
	} else {
		if (conf.maxmem_kb < conf.memory_kb || conf.maxvcpus < conf.vcpus || !conf.vcpus)
			abort();
		out = fopen("/dev/null", "w");
		if (out) {
			json_config(out, &conf);
			fclose(out);
		}
		domconf_free(&conf);
	}
	cfg_free(&cfg);
	return 0;
}
