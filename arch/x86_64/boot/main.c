// SPDX-License-Identifier: MIT
/*
 * cloison.efi: from the firmware into the hypervisor. It reads cloison.cfg beside itself, loads the
 * hypervisor, dom0's kernel and ramdisk, leaves boot services and enters the hypervisor by the
 * same door as every other loader: the PVH entry point, with hvm_start_info. What can be refused
 * is refused before anything is done that cannot be undone, in one line, back to the firmware.
 */
#include "loader.h"

#include "hv/mem.h"
#include "hv/str.h"

#define HYPERVISOR_FILE	"cloison"

EFI_HANDLE loader_image;
EFI_SYSTEM_TABLE *loader_st;

/* Everything that the hypervisor reads, in one allocation below 4 GiB. */
struct boot_block {
	struct hvm_start_info info;
	struct hvm_modlist_entry modules[2];
	char options[BOOT_OPTIONS_MAX];
	char dom0_args[BOOT_CMDLINE_MAX];
	struct hvm_memmap_table_entry memmap[2 * MEMMAP_MAX];	/* cleaning splits entries */
};

static struct {
	EFI_LOADED_IMAGE *loaded;
	struct options options;
	struct boot_config config;
	struct image hypervisor;
	struct file kernel, ramdisk;
	struct pages block_pages, trampoline;
	struct boot_block *block;
} boot;

static EFI_STATUS find_ourselves(void)
{
	EFI_GUID guid = LOADED_IMAGE_PROTOCOL;
	EFI_STATUS status = loader_st->BootServices->HandleProtocol(loader_image, &guid,
								    (void **)&boot.loaded);

	if (status != EFI_SUCCESS)
		say("the firmware does not say where it was started from");
	return status;
}

static EFI_STATUS read_options(void)
{
	return options_read(&boot.options, boot.loaded);
}

static EFI_STATUS open_home(void)
{
	return file_open_home(boot.loaded);
}

static const char *config_name(void)
{
	if (boot.options.config[0] != '\0')
		return boot.options.config;
	return file_exists("cloison.cfg") || !file_exists("xen.cfg") ? "cloison.cfg" : "xen.cfg";
}

static EFI_STATUS read_config(void)
{
	const char *name = config_name();
	char error[BOOT_ERROR_MAX];
	struct file file;
	EFI_STATUS status = file_read(&file, name);
	bool ok;

	if (status != EFI_SUCCESS)
		return status;
	ok = bootconf_read(&boot.config, name, file_data(&file), file.size, boot.options.section,
			   error);
	memory_free(&file.pages);
	if (!ok) {
		say("%s", error);
		return EFI_LOAD_ERROR;
	}
	if (boot.config.warning[0] != '\0')
		say("%s", boot.config.warning);
	return EFI_SUCCESS;
}

static EFI_STATUS load_hypervisor(void)
{
	struct file file;
	EFI_STATUS status = file_read(&file, HYPERVISOR_FILE);

	if (status != EFI_SUCCESS)
		return status;
	status = image_place(&boot.hypervisor, HYPERVISOR_FILE, &file);
	memory_free(&file.pages);
	return status;
}

static EFI_STATUS load_kernel(void)
{
	char error[BOOT_ERROR_MAX];
	EFI_STATUS status = file_read(&boot.kernel, boot.config.kernel);

	if (status != EFI_SUCCESS)
		return status;
	if (!bootconf_check_kernel(boot.config.kernel, file_data(&boot.kernel), boot.kernel.size,
				   error)) {
		say("%s", error);
		return EFI_LOAD_ERROR;
	}
	return EFI_SUCCESS;
}

static EFI_STATUS load_ramdisk(void)
{
	if (boot.config.ramdisk[0] == '\0')
		return EFI_SUCCESS;
	return file_read(&boot.ramdisk, boot.config.ramdisk);
}

static bool guid_equal(const EFI_GUID *a, const EFI_GUID *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* The address of ACPI's root pointer: of version 2.0 if there is one, else 1.0, else 0. */
static uint64_t find_rsdp(void)
{
	static const EFI_GUID acpi20 = {
		0x8868e871, 0xe4f1, 0x11d3, { 0xbc, 0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81 }
	};
	static const EFI_GUID acpi10 = {
		0xeb9d2d30, 0x2d88, 0x11d3, { 0x9a, 0x16, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d }
	};
	uint64_t found = 0;

	for (UINTN i = 0; i < loader_st->NumberOfTableEntries; i++) {
		const EFI_CONFIGURATION_TABLE *t = &loader_st->ConfigurationTable[i];

		if (guid_equal(&t->VendorGuid, &acpi20))
			return (uintptr_t)t->VendorTable;
		if (guid_equal(&t->VendorGuid, &acpi10))
			found = (uintptr_t)t->VendorTable;
	}
	return found;
}

/* What stands behind "--" in the file is dom0's; what was typed follows the file's options. */
static EFI_STATUS fill_command_lines(struct boot_block *b)
{
	str_copy(b->dom0_args, sizeof(b->dom0_args), boot.config.kernel_args);
	if (!bootconf_move_dom0_part(boot.config.options, b->dom0_args, sizeof(b->dom0_args))) {
		say("dom0's command line is longer than %u characters", BOOT_CMDLINE_MAX - 1);
		return EFI_LOAD_ERROR;
	}
	if (!bootconf_join(b->options, sizeof(b->options), boot.config.options,
			   boot.options.extra)) {
		say("the hypervisor's options are longer than %u characters", BOOT_OPTIONS_MAX - 1);
		return EFI_LOAD_ERROR;
	}
	return EFI_SUCCESS;
}

static EFI_STATUS build_start_info(void)
{
	EFI_STATUS status = memory_alloc(&boot.block_pages, sizeof(struct boot_block), EFI_PAGE,
					 "start_info");

	if (status != EFI_SUCCESS)
		return status;

	struct boot_block *b = (void *)(uintptr_t)boot.block_pages.addr;

	memset(b, 0, sizeof(*b));
	boot.block = b;
	b->info = (struct hvm_start_info){
		.magic = XEN_HVM_START_MAGIC_VALUE,
		.version = 1,
		.nr_modules = boot.ramdisk.size > 0 ? 2 : 1,
		.modlist_paddr = (uintptr_t)b->modules,
		.cmdline_paddr = (uintptr_t)b->options,
		.rsdp_paddr = find_rsdp(),
		.memmap_paddr = (uintptr_t)b->memmap,
	};
	b->modules[0] = (struct hvm_modlist_entry){
		.paddr = boot.kernel.pages.addr, .size = boot.kernel.size,
		.cmdline_paddr = (uintptr_t)b->dom0_args,
	};
	b->modules[1] = (struct hvm_modlist_entry){
		.paddr = boot.ramdisk.pages.addr, .size = boot.ramdisk.size,
	};
	return fill_command_lines(b);
}

static EFI_STATUS place_trampoline(void)
{
	size_t size = (size_t)(trampoline_end - trampoline_start);
	EFI_STATUS status = memory_alloc_code(&boot.trampoline, size, "trampoline");

	if (status == EFI_SUCCESS)
		memcpy((void *)(uintptr_t)boot.trampoline.addr, trampoline_start, size);
	return status;
}

static EFI_STATUS enter_hypervisor(void)
{
	struct boot_block *b = boot.block;
	trampoline_fn enter = (trampoline_fn)(uintptr_t)boot.trampoline.addr;
	EFI_STATUS status;

	say("section [%s]: starting %s with %s", boot.config.section, HYPERVISOR_FILE,
	    boot.config.kernel);
	status = memory_exit(b->memmap, 2 * MEMMAP_MAX, &b->info.memmap_entries);
	if (status == EFI_SUCCESS)
		enter(boot.hypervisor.entry, (uint32_t)(uintptr_t)b);	/* does not return */
	return status;
}

/* Returns the first failure. */
static EFI_STATUS run(void)
{
	static EFI_STATUS (*const steps[])(void) = {
		find_ourselves,
		read_options,
		open_home,
		read_config,
		load_hypervisor,
		load_kernel,
		load_ramdisk,
		build_start_info,
		place_trampoline,
		memory_prepare_exit,
		enter_hypervisor,
	};
	EFI_STATUS status = EFI_SUCCESS;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && status == EFI_SUCCESS; i++)
		status = steps[i]();
	return status;
}

/** Called by gnu-efi's start-up code. Returns only when something was refused. */
EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system_table);

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system_table)
{
	EFI_STATUS status;

	loader_image = image;
	loader_st = system_table;
	status = run();
	file_close_home();
	memory_free_all();
	return status;
}
