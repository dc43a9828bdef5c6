// SPDX-License-Identifier: MIT
/* Builds the ELF images of elf_image.h. */
#include "elf_image.h"

#include <string.h>

void put16(uint8_t *at, uint16_t value)
{
	memcpy(at, &value, sizeof(value));
}

void put32(uint8_t *at, uint32_t value)
{
	memcpy(at, &value, sizeof(value));
}

void put64(uint8_t *at, uint64_t value)
{
	memcpy(at, &value, sizeof(value));
}

void elf_image_start(struct elf_image *image)
{
	uint8_t *b = image->bytes;

	memset(image, 0, sizeof(*image));
	memcpy(b, "\x7f" "ELF\x02\x01\x01", 7);
	put16(b + AT_TYPE, 2);
	put16(b + AT_MACHINE, 62);
	put32(b + AT_VERSION, 1);
	put64(b + AT_ENTRY, 0x100010);
	put64(b + AT_PHOFF, AT_LOAD);
	put16(b + AT_PHENTSIZE, 56);
	put16(b + AT_PHNUM, 2);
	put16(b + AT_SHENTSIZE, 64);

	put32(b + AT_LOAD + PH_TYPE, 1);
	put32(b + AT_LOAD + PH_FLAGS, 5);
	put64(b + AT_LOAD + PH_OFFSET, AT_TEXT);
	put64(b + AT_LOAD + PH_VADDR, 0x100000);
	put64(b + AT_LOAD + PH_PADDR, 0x100000);
	put64(b + AT_LOAD + PH_FILESZ, 64);
	put64(b + AT_LOAD + PH_MEMSZ, 0x2000);
	put64(b + AT_LOAD + PH_ALIGN, 0x1000);

	put32(b + AT_NOTE + PH_TYPE, 4);
	put64(b + AT_NOTE + PH_OFFSET, AT_NOTES);
	put64(b + AT_NOTE + PH_ALIGN, 4);
	memset(b + AT_TEXT, 0x90, 64);
	image->size = AT_NOTES;
}

static uint32_t padded(uint32_t n)
{
	return (n + 3) & ~3u;
}

void elf_image_note(struct elf_image *image, const char *owner, uint32_t type, const void *desc,
		    uint32_t size)
{
	uint32_t name_size = (uint32_t)strlen(owner) + 1;
	uint8_t *at = image->bytes + image->size;

	put32(at, name_size);
	put32(at + 4, size);
	put32(at + 8, type);
	memcpy(at + 12, owner, name_size);
	memcpy(at + 12 + padded(name_size), desc, size);
	image->size += 12 + padded(name_size) + padded(size);
	put64(image->bytes + AT_NOTE + PH_FILESZ, image->size - AT_NOTES);
	put64(image->bytes + AT_NOTE + PH_MEMSZ, image->size - AT_NOTES);
}

static void put_section(uint8_t *at, uint32_t name, uint32_t type, uint64_t offset, uint64_t size)
{
	put32(at, name);
	put32(at + 4, type);
	put64(at + 24, offset);
	put64(at + 32, size);
}

void elf_image_sections(struct elf_image *image, const char *name)
{
	uint64_t notes_size = image->size - AT_NOTES;
	uint64_t names = image->size;
	char table[64] = "\0.shstrtab\0.notes";	/* names at 1, 11, 18 */
	uint8_t *b = image->bytes;

	strcpy(table + 18, name);
	memcpy(b + names, table, sizeof(table));
	put64(b + AT_SHOFF, names + 64);
	put16(b + AT_SHNUM, 4);
	put16(b + AT_SHSTRNDX, 1);
	put_section(b + names + 64 + 1 * 64, 1, 3, names, sizeof(table));
	put_section(b + names + 64 + 2 * 64, 11, 7, AT_NOTES, notes_size);
	put_section(b + names + 64 + 3 * 64, 18, 1, AT_TEXT, 64);
	image->size = names + 64 + 4 * 64;
}

void elf_image_kernel(struct elf_image *image)
{
	uint64_t entry = 0x100010;
	uint32_t base = 0;

	elf_image_start(image);
	elf_image_note(image, "Xen", 1, &entry, sizeof(entry));
	elf_image_note(image, "Xen", 5, "xen-3.0", 8);
	elf_image_note(image, "Xen", 3, &base, sizeof(base));
}
