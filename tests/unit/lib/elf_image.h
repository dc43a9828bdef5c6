/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Builds small ELF images for the tests, well-formed ones; each test then breaks one thing. The
 * layout: file header, two program headers (PT_LOAD, PT_NOTE), 64 bytes of "text", the notes,
 * and on demand a section table with the notes as a section.
 */
#include <stddef.h>
#include <stdint.h>

#define ELF_IMAGE_MAX 2048

/* Offsets of fields that tests overwrite. */
enum {
	AT_CLASS = 4, AT_DATA = 5, AT_TYPE = 16, AT_MACHINE = 18, AT_VERSION = 20, AT_ENTRY = 24,
	AT_PHOFF = 32, AT_SHOFF = 40, AT_PHENTSIZE = 54, AT_PHNUM = 56, AT_SHENTSIZE = 58,
	AT_SHNUM = 60, AT_SHSTRNDX = 62,
	AT_LOAD = 64, AT_NOTE = 64 + 56,	/* the program headers */
	PH_TYPE = 0, PH_FLAGS = 4, PH_OFFSET = 8, PH_VADDR = 16, PH_PADDR = 24, PH_FILESZ = 32,
	PH_MEMSZ = 40, PH_ALIGN = 48,
	AT_TEXT = 64 + 2 * 56, AT_NOTES = AT_TEXT + 64,
};

struct elf_image {
	uint8_t bytes[ELF_IMAGE_MAX];
	size_t size;
};

void put16(uint8_t *at, uint16_t value);
void put32(uint8_t *at, uint32_t value);
void put64(uint8_t *at, uint64_t value);

/* A kernel with one segment at 1 MiB and no notes yet. */
void elf_image_start(struct elf_image *image);

/* Appends a note to the note segment. */
void elf_image_note(struct elf_image *image, const char *owner, uint32_t type, const void *desc,
		    uint32_t size);

/* Appends a section table: null, names, the notes (".notes"), and a section called name. */
void elf_image_sections(struct elf_image *image, const char *name);

/* All of the above: a PV kernel with ENTRY, XEN_VERSION and VIRT_BASE notes. */
void elf_image_kernel(struct elf_image *image);
