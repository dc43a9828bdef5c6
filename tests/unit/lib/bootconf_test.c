// SPDX-License-Identifier: MIT
/* What to boot: from a file, from modules, and the line that each refusal prints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "cpio_image.h"
#include "elf_image.h"
#include "hv/bootconf.h"

static struct boot_config config;
static struct boot_plan plan;
static char error[BOOT_ERROR_MAX];
static struct elf_image kernel;
static struct cpio_image archive;

static const char sample[] =
	"[global]\n"
	"default=main\n"
	"options=loglvl=all\n"
	"[main]\n"
	"kernel=boot/dom0  console=hvc0 quiet\n"
	"ramdisk=root.cpio\n"
	"[rescue]\n"
	"options=noreboot -- single\n"
	"kernel=dom0\n";

static bool read_text(const char *text, const char *section)
{
	strcpy(error, "-");
	return bootconf_read(&config, "cloison.cfg", text, strlen(text), section, error);
}

static void the_default_section_is_taken(void **state)
{
	(void)state;
	assert_true(read_text(sample, NULL));
	assert_string_equal(config.section, "main");
	assert_string_equal(config.kernel, "boot/dom0");
	assert_string_equal(config.kernel_args, "console=hvc0 quiet");
	assert_string_equal(config.ramdisk, "root.cpio");
	assert_string_equal(config.options, "loglvl=all");	/* from [global] */
	assert_string_equal(config.warning, "");
}

static void a_section_that_was_asked_for_comes_first(void **state)
{
	(void)state;
	assert_true(read_text(sample, "rescue"));
	assert_string_equal(config.kernel, "dom0");
	assert_string_equal(config.options, "noreboot -- single");
	assert_string_equal(config.ramdisk, "");
}

static void without_sections_the_first_values_count(void **state)
{
	(void)state;
	assert_true(read_text("kernel=a\n[x]\nkernel=b\nramdisk=c\n", NULL));
	assert_string_equal(config.kernel, "a");
	assert_string_equal(config.ramdisk, "c");
}

static void assert_refused(const char *text, const char *section, const char *line)
{
	assert_false(read_text(text, section));
	assert_string_equal(error, line);
}

static void each_refusal_names_file_line_and_reason(void **state)
{
	char text[4000];

	(void)state;
	assert_refused("", NULL, "cloison.cfg: no kernel=");
	assert_refused("[global]\ndefault=x\n", NULL,
		       "cloison.cfg: line 2: default= names no section: x");
	assert_refused("[global]\ndefault=\n", NULL,
		       "cloison.cfg: line 2: default= names no section: ");
	assert_refused(sample, "other", "cloison.cfg: no section [other]");
	assert_refused("[a]\noptions=\n", "a", "cloison.cfg: section [a] has no kernel=");
	assert_refused("[a]\nkernel=\n", "a", "cloison.cfg: section [a] has no kernel=");
	assert_refused("[a]\nkernel\n", NULL,
		       "cloison.cfg: line 2: neither a section, a setting (key=value) nor a comment");
	memset(text, 'x', sizeof(text));
	memcpy(text, "kernel=k\noptions=", 17);
	text[sizeof(text) - 1] = '\0';
	assert_refused(text, NULL, "cloison.cfg: line 2: options= is longer than 2047 characters");
	memcpy(text, "ramdisk=r\nkernel=", 17);
	assert_refused(text, NULL,
		       "cloison.cfg: line 2: kernel= is too long (name 255, arguments 1023)");
}

static void a_setting_without_meaning_is_named(void **state)
{
	(void)state;
	assert_true(read_text("[a]\nkernel=k\nucode=u\n[b]\nfoo=1\n", "a"));
	assert_string_equal(config.warning, "cloison.cfg: line 3: ucode= is not supported, ignored");
}

static bool make_plan(const struct boot_module *modules, size_t count, const char *cmdline)
{
	strcpy(error, "-");
	return bootconf_plan(&plan, modules, count, cmdline, error);
}

static struct boot_module module_of(const void *data, size_t size, const char *cmdline)
{
	return (struct boot_module){ data, size, cmdline };
}

static int setup(void **state)
{
	(void)state;
	elf_image_kernel(&kernel);
	cpio_image_start(&archive);
	return 0;
}

static void an_elf_module_is_the_kernel(void **state)
{
	struct boot_module modules[2] = {
		module_of(kernel.bytes, kernel.size, "quiet"), module_of("ram", 3, NULL),
	};

	(void)state;
	assert_true(make_plan(modules, 2, "console=com1"));
	assert_ptr_equal(plan.kernel, kernel.bytes);
	assert_string_equal(plan.dom0_args, "quiet");
	assert_string_equal(plan.options, "console=com1");
	assert_int_equal(plan.ramdisk_size, 3);
	assert_true(make_plan(modules, 1, NULL));
	assert_null(plan.ramdisk);
	assert_string_equal(plan.options, "");
}

static void pack(const char *name, const char *config_text)
{
	cpio_image_add(&archive, name, 0100644, config_text, strlen(config_text));
	cpio_image_add(&archive, "boot/dom0", 0100755, kernel.bytes, kernel.size);
	cpio_image_add(&archive, "root.cpio", 0100644, "ramdisk", 7);
	cpio_image_end(&archive);
}

static void an_archive_holds_configuration_and_files(void **state)
{
	(void)state;
	pack("cloison.cfg", sample);
	struct boot_module module = module_of(archive.bytes, archive.size, NULL);

	assert_true(make_plan(&module, 1, "noreboot"));
	assert_memory_equal(plan.kernel, kernel.bytes, kernel.size);
	assert_int_equal(plan.kernel_size, kernel.size);
	assert_memory_equal(plan.ramdisk, "ramdisk", 7);
	assert_string_equal(plan.options, "loglvl=all noreboot");
	assert_string_equal(plan.dom0_args, "console=hvc0 quiet");
	assert_string_equal(plan.config.section, "main");
}

static void xens_name_for_the_file_does_as_well(void **state)
{
	(void)state;
	pack("./xen.cfg", "options=a -- single\nkernel=/boot/dom0 quiet");
	struct boot_module module = module_of(archive.bytes, archive.size, NULL);

	assert_true(make_plan(&module, 1, "b"));
	assert_string_equal(plan.options, "a b");
	assert_string_equal(plan.dom0_args, "quiet single");
}

static void assert_no_plan(const void *data, size_t size, const char *line)
{
	struct boot_module module = module_of(data, size, NULL);

	assert_false(make_plan(&module, 1, ""));
	assert_string_equal(error, line);
}

static void modules_that_cannot_be_booted_are_named(void **state)
{
	uint8_t bytes[1024] = { 0x1f, 0x8b };

	(void)state;
	assert_false(make_plan(NULL, 0, ""));
	assert_string_equal(error, "no module: there is no dom0 kernel to start");
	assert_no_plan("", 0, "dom0 kernel (module 0): empty");
	assert_no_plan("hello", 5,
		       "dom0 kernel (module 0): neither an ELF image nor a newc cpio archive");
	assert_no_plan(bytes, sizeof(bytes), "dom0 kernel (module 0): compressed (gzip), "
		       "neither an ELF image nor a newc cpio archive");
	bytes[0] = 'M';
	memcpy(bytes + 0x202, "HdrS", 4);
	assert_no_plan(bytes, sizeof(bytes), "dom0 kernel (module 0): a bzImage, "
		       "not the ELF image (vmlinux) inside it");
	assert_no_plan(kernel.bytes, 30, "dom0 kernel (module 0): ELF header is cut off");
	elf_image_start(&kernel);
	assert_no_plan(kernel.bytes, kernel.size,
		       "dom0 kernel (module 0): no Xen notes, so not a PV kernel");
}

static void archives_that_cannot_be_booted_are_named(void **state)
{
	(void)state;
	cpio_image_end(&archive);
	assert_no_plan(archive.bytes, archive.size, "module 0: neither cloison.cfg nor xen.cfg: "
		       "no such file in the archive");
	setup(NULL);
	pack("cloison.cfg", "kernel=linux");
	assert_no_plan(archive.bytes, archive.size, "linux: no such file in the archive");
	setup(NULL);
	pack("cloison.cfg", "kernel=boot/dom0\nramdisk=initrd");
	assert_no_plan(archive.bytes, archive.size, "initrd: no such file in the archive");
	setup(NULL);
	pack("cloison.cfg", "kernel=root.cpio");
	assert_no_plan(archive.bytes, archive.size, "dom0 kernel root.cpio: "
		       "neither an ELF image nor a newc cpio archive");
	setup(NULL);
	pack("cloison.cfg", "kernel boot/dom0");
	assert_no_plan(archive.bytes, archive.size, "cloison.cfg: line 1: "
		       "neither a section, a setting (key=value) nor a comment");
	assert_no_plan(archive.bytes, 130, "module 0: neither cloison.cfg nor xen.cfg: "
		       "cpio archive is cut off in a file");
}

static void what_was_typed_behind_two_dashes_is_dom0s(void **state)
{
	struct boot_module module = module_of(kernel.bytes, kernel.size, "quiet");

	(void)state;
	assert_true(make_plan(&module, 1, "console=com1 -- root=/dev/ram0 --x"));
	assert_string_equal(plan.options, "console=com1");
	assert_string_equal(plan.dom0_args, "quiet root=/dev/ram0 --x");
	setup(NULL);
	pack("cloison.cfg", "options=a -- b\nkernel=boot/dom0 c");
	module = module_of(archive.bytes, archive.size, NULL);
	assert_true(make_plan(&module, 1, "d -- e"));
	assert_string_equal(plan.options, "a d");
	assert_string_equal(plan.dom0_args, "c b e");
}

static void overlong_lines_are_refused(void **state)
{
	struct boot_module module = module_of(kernel.bytes, kernel.size, NULL);
	static char line[3000];

	(void)state;
	memset(line, 'x', sizeof(line) - 1);
	assert_false(make_plan(&module, 1, line));
	assert_string_equal(error, "the hypervisor's options are longer than 2047 characters");
	memcpy(line, "-- ", 3);
	line[1200] = '\0';
	assert_false(make_plan(&module, 1, line));
	assert_string_equal(error, "dom0's command line is longer than 1023 characters");
	module.cmdline = line;
	assert_false(make_plan(&module, 1, ""));
	assert_string_equal(error, "module 0: its arguments are longer than 1023 characters");
}

static void parts_of_a_line_are_joined_by_one_space(void **state)
{
	char line[12];

	(void)state;
	assert_true(bootconf_join(line, sizeof(line), "a=1", "b=2"));
	assert_string_equal(line, "a=1 b=2");
	assert_true(bootconf_join(line, sizeof(line), "", "b=2"));
	assert_string_equal(line, "b=2");
	assert_true(bootconf_join(line, sizeof(line), "a=1", ""));
	assert_string_equal(line, "a=1");
	assert_false(bootconf_join(line, sizeof(line), "a=123456", "b=2"));
	assert_string_equal(line, "a=123456 b=");
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_default_section_is_taken),
		TEST(a_section_that_was_asked_for_comes_first),
		TEST(without_sections_the_first_values_count),
		TEST(each_refusal_names_file_line_and_reason),
		TEST(a_setting_without_meaning_is_named),
		TEST(an_elf_module_is_the_kernel),
		TEST(an_archive_holds_configuration_and_files),
		TEST(xens_name_for_the_file_does_as_well),
		TEST(modules_that_cannot_be_booted_are_named),
		TEST(archives_that_cannot_be_booted_are_named),
		TEST(what_was_typed_behind_two_dashes_is_dom0s),
		TEST(overlong_lines_are_refused),
		TEST(parts_of_a_line_are_joined_by_one_space),
	};

	return cmocka_run_group_tests_name("boot_conf", tests, NULL, NULL);
}
