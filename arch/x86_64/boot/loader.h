/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * What the parts of the UEFI application share. All of them run once, on one CPU, with boot
 * services, so the state is in plain variables. A function that can fail prints its own one line
 * and returns an EFI status; main() then gives everything back and returns it to the firmware.
 */
#include <efi.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/arch-x86/hvm/start_info.h>

#include "hv/bootconf.h"

#define LOADER_NAME	"cloison.efi"
#define EFI_PAGE	4096u
#define MEMMAP_MAX	512u

extern EFI_HANDLE loader_image;
extern EFI_SYSTEM_TABLE *loader_st;

/* ---- console.c ------------------------------------------------------------ */

/** Prints one line, "cloison.efi: " before it. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* ---- memory.c ------------------------------------------------------------- */

/** Memory below 4 GiB that memory_free_all() gives back. */
struct pages {
	uint64_t addr;
	size_t count;
};

/**
 * Allocates size bytes, as whole pages, at any address below 4 GiB that is a multiple of align (a
 * power of two, at least a page). what is named when there is too little memory.
 */
EFI_STATUS memory_alloc(struct pages *pages, uint64_t size, uint64_t align, const char *what);

/** The same at one address. Prints nothing: the caller has another way. */
EFI_STATUS memory_alloc_at(struct pages *pages, uint64_t addr, uint64_t size);

/** As memory_alloc(), for code. */
EFI_STATUS memory_alloc_code(struct pages *pages, uint64_t size, const char *what);

void memory_free(struct pages *pages);

/** Gives back what was allocated and not freed. */
void memory_free_all(void);

/** Makes room for the firmware's memory map before memory_exit() asks for it. */
EFI_STATUS memory_prepare_exit(void);

/**
 * Leaves boot services. On success no service may be called any more, and table holds the map of
 * the machine in E820 types, clean; *count is its length. On failure the firmware goes on.
 */
EFI_STATUS memory_exit(struct hvm_memmap_table_entry *table, uint32_t max, uint32_t *count);

/* ---- options.c ------------------------------------------------------------ */

/** What the firmware's shell or boot entry has typed behind the name of the application. */
struct options {
	char config[BOOT_NAME_MAX];	/* -cfg=FILE, or "" */
	char section[64];		/* a plain word, or "" */
	char extra[BOOT_OPTIONS_MAX];	/* behind "--": more options for the hypervisor */
};

EFI_STATUS options_read(struct options *options, EFI_LOADED_IMAGE *loaded);

/* ---- file.c --------------------------------------------------------------- */

/** A whole file in memory. */
struct file {
	struct pages pages;
	size_t size;
};

static inline void *file_data(const struct file *file)
{
	return (void *)(uintptr_t)file->pages.addr;
}

/** Opens the file system that the application came from, in its own folder. */
EFI_STATUS file_open_home(EFI_LOADED_IMAGE *loaded);
void file_close_home(void);

/** True when there is a file (not a folder) of that name beside the application. */
bool file_exists(const char *name);

/** Reads a file that lies beside the application; '/' and '\' separate folders. */
EFI_STATUS file_read(struct file *file, const char *name);

/* ---- image.c -------------------------------------------------------------- */

/** The hypervisor, placed and ready to be entered. */
struct image {
	struct pages pages;
	uint32_t entry;		/* physical address of the PVH entry point */
};

/** Places the segments of the ELF image where they want to lie, or moved by whole 2 MiB. */
EFI_STATUS image_place(struct image *image, const char *name, const struct file *file);

/* ---- trampoline.S ----------------------------------------------------------- */

/** Position-independent code: 64-bit to 32-bit without paging, then the PVH entry point. */
typedef void (*trampoline_fn)(uint32_t entry, uint32_t start_info) __attribute__((sysv_abi));

extern const char trampoline_start[], trampoline_end[];
