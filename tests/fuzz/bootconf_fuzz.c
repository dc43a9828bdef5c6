// SPDX-License-Identifier: MIT
/*
 * Any bytes as a configuration file, and as the first module: a plan that is made names memory
 * inside the module, all texts end, and every refusal is one printable line.
 */
#include "fuzz.h"

#include "hv/bootconf.h"
#include "hv/str.h"

static void check_line(const char *line)
{
	size_t n = str_nlen(line, BOOT_ERROR_MAX);

	FUZZ_CHECK(n > 0 && n < BOOT_ERROR_MAX);
	for (size_t i = 0; i < n; i++)
		FUZZ_CHECK(str_is_print(line[i]) || line[i] == '\t');
}

static void try_file(const uint8_t *data, size_t size, const char *section)
{
	static struct boot_config config;
	char error[BOOT_ERROR_MAX] = "";

	if (!bootconf_read(&config, "cloison.cfg", (const char *)data, size, section, error)) {
		check_line(error);
		return;
	}
	FUZZ_CHECK(str_nlen(config.options, sizeof(config.options)) < sizeof(config.options));
	FUZZ_CHECK(str_nlen(config.ramdisk, sizeof(config.ramdisk)) < sizeof(config.ramdisk));
	FUZZ_CHECK(config.kernel[0] != '\0');
	if (config.warning[0] != '\0')
		check_line(config.warning);
}

static bool is_inside(const uint8_t *module, size_t size, const void *at, size_t n)
{
	const uint8_t *p = at;

	return p >= module && n <= size && (size_t)(p - module) <= size - n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct boot_module module = { data, size, NULL };
	static struct boot_plan plan;
	char error[BOOT_ERROR_MAX] = "";

	try_file(data, size, NULL);
	try_file(data, size, "main");
	if (!bootconf_plan(&plan, &module, 1, "noreboot", error)) {
		check_line(error);
		return 0;
	}
	FUZZ_CHECK(is_inside(data, size, plan.kernel, plan.kernel_size));
	FUZZ_CHECK(plan.ramdisk == NULL ||
		   is_inside(data, size, plan.ramdisk, plan.ramdisk_size));
	FUZZ_CHECK(str_nlen(plan.options, sizeof(plan.options)) < sizeof(plan.options));
	FUZZ_CHECK(str_nlen(plan.dom0_args, sizeof(plan.dom0_args)) < sizeof(plan.dom0_args));
	return 0;
}
