// SPDX-License-Identifier: MIT
/*
 * Works out what to boot, from the modules that a loader left in memory and from the configuration
 * file that xen.efi's users know. The UEFI application uses bootconf_read() on the file beside
 * it; the hypervisor uses bootconf_plan() on its modules, which may hold the same file in a cpio
 * archive. Every refusal is one line that names the file and the reason.
 */
#include "hv/bootconf.h"

#include "hv/conf.h"
#include "hv/cpio.h"
#include "hv/elf.h"
#include "hv/fmt.h"
#include "hv/mem.h"

/* ---- the configuration file -------------------------------------------------- */

struct source {
	const char *name;
	const char *text;
	size_t size;
	const char *section;	/* NULL: headers do not count, the first value in the file does */
	char *error;
};

#define refuse(error, ...) (fmt_snprintf(error, BOOT_ERROR_MAX, __VA_ARGS__), false)

/* A section's own value, else the one in [global], which serves all sections. */
static bool find_value(const struct source *s, const char *key, struct conf_item *item)
{
	if (conf_find(s->text, s->size, s->section, key, item))
		return true;
	return s->section != NULL && conf_find(s->text, s->size, "global", key, item);
}

/* Copies the value of key to buf, "" when there is none. Returns false when it does not fit. */
static bool copy_value(const struct source *s, const char *key, char *buf, size_t size)
{
	struct conf_item item;

	buf[0] = '\0';
	if (!find_value(s, key, &item) || str_copy_span(buf, size, item.value))
		return true;
	return refuse(s->error, "%s: line %u: %s= is longer than %zu characters", s->name,
		      item.line, key, size - 1);
}

/* kernel=NAME ARGUMENTS */
static bool copy_kernel(const struct source *s, struct boot_config *config)
{
	struct str_span name = { NULL, 0 }, args;
	struct conf_item item;

	if (find_value(s, "kernel", &item))
		name = item.value;
	if (name.len == 0 && s->section == NULL)
		return refuse(s->error, "%s: no kernel=", s->name);
	if (name.len == 0)
		return refuse(s->error, "%s: section [%s] has no kernel=", s->name, s->section);
	args = name;
	name.len = 0;
	while (name.len < args.len && !str_is_space(name.at[name.len]))
		name.len++;
	args.at += name.len;
	args.len -= name.len;
	if (!str_copy_span(config->kernel, sizeof(config->kernel), name) ||
	    !str_copy_span(config->kernel_args, sizeof(config->kernel_args), str_trim(args)))
		return refuse(s->error, "%s: line %u: kernel= is too long (name %u, arguments %u)",
			      s->name, item.line, BOOT_NAME_MAX - 1, BOOT_CMDLINE_MAX - 1);
	return true;
}

/* Fills in the section to take. Returns false when it is not there. */
static bool choose_section(struct source *s, const char *wanted, struct boot_config *config)
{
	struct conf_item item;

	config->section[0] = '\0';
	if (wanted != NULL && wanted[0] != '\0') {
		if (!conf_has_section(s->text, s->size, wanted) ||
		    !str_copy(config->section, sizeof(config->section), wanted))
			return refuse(s->error, "%s: no section [%s]", s->name, wanted);
	} else if (conf_find(s->text, s->size, "global", "default", &item)) {
		if (!str_copy_span(config->section, sizeof(config->section), item.value) ||
		    !conf_has_section(s->text, s->size, config->section))
			return refuse(s->error, "%s: line %u: default= names no section: %.*s",
				      s->name, item.line, (int)item.value.len, item.value.at);
	}
	s->section = config->section[0] != '\0' ? config->section : NULL;
	return true;
}

static bool is_known_key(struct str_span key)
{
	static const char *const known[] = { "default", "options", "kernel", "ramdisk" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (str_span_equal(key, known[i]))
			return true;
	}
	return false;
}

/* Names the first setting of the section that means nothing here (video=, ucode=, a slip). */
static void warn_of_unknown(const struct source *s, char *warning)
{
	struct conf_error error;
	struct conf_item item;
	struct conf conf;

	warning[0] = '\0';
	conf_open(&conf, s->text, s->size);
	while (conf_next(&conf, &item, &error) > 0) {
		if (is_known_key(item.key) ||
		    (s->section != NULL && !str_span_equal(item.section, s->section) &&
		     !str_span_equal(item.section, "global")))
			continue;
		fmt_snprintf(warning, BOOT_ERROR_MAX, "%s: line %u: %.*s= is not supported, ignored",
			     s->name, item.line, (int)item.key.len, item.key.at);
		return;
	}
}

bool bootconf_read(struct boot_config *config, const char *file_name, const char *text, size_t size,
		   const char *section, char *error)
{
	struct source s = { file_name, text, size, NULL, error };
	struct conf_error fault;

	memset(config, 0, sizeof(*config));
	if (!conf_check(text, size, &fault))
		return refuse(error, "%s: line %u: %s", file_name, fault.line, fault.reason);
	if (!choose_section(&s, section, config) || !copy_kernel(&s, config) ||
	    !copy_value(&s, "options", config->options, sizeof(config->options)) ||
	    !copy_value(&s, "ramdisk", config->ramdisk, sizeof(config->ramdisk)))
		return false;
	warn_of_unknown(&s, config->warning);
	return true;
}

/* ---- modules -------------------------------------------------------------------- */

/* What a module seems to be, for the refusal. */
static const char *describe(const void *data, size_t size)
{
	const uint8_t *b = data;

	if (size == 0)
		return "empty";
	if (size > 1 && b[0] == 0x1f && b[1] == 0x8b)
		return "compressed (gzip), neither an ELF image nor a newc cpio archive";
	if (size > 0x206 && memcmp(b + 0x202, "HdrS", 4) == 0)
		return "a bzImage, not the ELF image (vmlinux) inside it";
	return "neither an ELF image nor a newc cpio archive";
}

bool bootconf_check_kernel(const char *name, const void *data, size_t size, char *error)
{
	struct elf elf;
	const char *fault;

	if (!elf_has_magic(data, size))
		return refuse(error, "dom0 kernel %s: %s", name, describe(data, size));
	fault = elf_open(&elf, data, size);
	if (fault != NULL)
		return refuse(error, "dom0 kernel %s: %s", name, fault);
	if (!elf_is_xen_kernel(&elf))
		return refuse(error, "dom0 kernel %s: no Xen notes, so not a PV kernel", name);
	return true;
}

static bool find_file(const struct boot_module *archive, const char *name,
		      struct cpio_entry *entry, char *error)
{
	const char *fault = cpio_find(archive->data, archive->size, name, entry);

	return fault == NULL || refuse(error, "%s: %s", name, fault);
}

static bool read_archive_config(struct boot_config *config, const struct boot_module *archive,
				char *error)
{
	const char *name = "cloison.cfg";
	struct cpio_entry file;

	if (cpio_find(archive->data, archive->size, name, &file) != NULL) {
		name = "xen.cfg";
		const char *fault = cpio_find(archive->data, archive->size, name, &file);

		if (fault != NULL)
			return refuse(error, "module 0: neither cloison.cfg nor xen.cfg: %s", fault);
	}
	return bootconf_read(config, name, (const char *)file.data, file.size, NULL, error);
}

/* Appends with a space in between where one is needed. */
static bool append_word(char *to, size_t size, const char *word)
{
	if (word[0] == '\0')
		return true;
	return (to[0] == '\0' || str_append(to, size, " ")) && str_append(to, size, word);
}

bool bootconf_move_dom0_part(char *options, char *args, size_t args_size)
{
	for (char *o = options; *o != '\0'; o++) {
		const char *extra = str_skip_prefix(o, "--");

		if (extra == NULL || (o > options && !str_is_space(o[-1])) ||
		    (*extra != '\0' && !str_is_space(*extra)))
			continue;
		while (str_is_space(*extra))
			extra++;
		while (o > options && str_is_space(o[-1]))
			o--;
		*o = '\0';
		return append_word(args, args_size, extra);
	}
	return true;
}

static bool move_dom0_part(struct boot_plan *plan, char *error)
{
	return bootconf_move_dom0_part(plan->options, plan->dom0_args, sizeof(plan->dom0_args)) ||
	       refuse(error, "dom0's command line is longer than %u characters",
		      BOOT_CMDLINE_MAX - 1);
}

static bool plan_archive(struct boot_plan *plan, const struct boot_module *archive, char *error)
{
	struct boot_config *config = &plan->config;
	struct cpio_entry file;

	if (!read_archive_config(config, archive, error) ||
	    !find_file(archive, config->kernel, &file, error))
		return false;
	plan->kernel = file.data;
	plan->kernel_size = file.size;
	if (config->ramdisk[0] != '\0') {
		if (!find_file(archive, config->ramdisk, &file, error))
			return false;
		plan->ramdisk = file.data;
		plan->ramdisk_size = file.size;
	}
	str_copy(plan->options, sizeof(plan->options), config->options);
	str_copy(plan->dom0_args, sizeof(plan->dom0_args), config->kernel_args);
	str_copy(plan->warning, sizeof(plan->warning), config->warning);
	return move_dom0_part(plan, error) &&
	       bootconf_check_kernel(config->kernel, plan->kernel, plan->kernel_size, error);
}

static bool plan_kernel(struct boot_plan *plan, const struct boot_module *kernel, char *error)
{
	plan->kernel = kernel->data;
	plan->kernel_size = kernel->size;
	if (kernel->cmdline != NULL &&
	    !str_copy(plan->dom0_args, sizeof(plan->dom0_args), kernel->cmdline))
		return refuse(error, "module 0: its arguments are longer than %u characters",
			      BOOT_CMDLINE_MAX - 1);
	return bootconf_check_kernel("(module 0)", plan->kernel, plan->kernel_size, error);
}

bool bootconf_plan(struct boot_plan *plan, const struct boot_module *modules, size_t count,
		   const char *cmdline, char *error)
{
	bool planned;

	memset(plan, 0, sizeof(*plan));
	if (count == 0)
		return refuse(error, "no module: there is no dom0 kernel to start");
	if (cpio_has_magic(modules[0].data, modules[0].size))
		planned = plan_archive(plan, &modules[0], error);
	else
		planned = plan_kernel(plan, &modules[0], error);
	if (!planned)
		return false;
	if (plan->ramdisk == NULL && count > 1) {
		plan->ramdisk = modules[1].data;
		plan->ramdisk_size = modules[1].size;
	}
	if (cmdline != NULL && !append_word(plan->options, sizeof(plan->options), cmdline))
		return refuse(error, "the hypervisor's options are longer than %u characters",
			      BOOT_OPTIONS_MAX - 1);
	return move_dom0_part(plan, error);
}

bool bootconf_join(char *to, size_t size, const char *first, const char *second)
{
	return str_copy(to, size, first) && append_word(to, size, second);
}
