// SPDX-License-Identifier: MIT
/*
 * Places the hypervisor. Its segments name the physical addresses they want (2 MiB and up); when
 * the firmware has something there, the whole image is moved by a multiple of 2 MiB, which its
 * entry code finds out by itself. Memory beyond a segment's bytes in the file is zero, as PVH
 * has it.
 */
#include "loader.h"

#include <xen/elfnote.h>

#include "hv/elf.h"
#include "hv/mem.h"

#define IMAGE_ALIGN		(UINT64_C(2) << 20)
#define SPAN_MAX	(UINT64_C(64) << 20)
#define LIMIT		(UINT64_C(4) << 30)

/* The physical addresses that the segments cover. */
struct span {
	uint64_t start, end;
};

static const char *find_span(const struct elf *elf, struct span *span)
{
	struct elf_segment s;
	unsigned i = 0;

	*span = (struct span){ UINT64_MAX, 0 };
	while (elf_load_next(elf, &i, &s)) {
		if (s.paddr < span->start)
			span->start = s.paddr;
		if (s.paddr + s.memsz > span->end)
			span->end = s.paddr + s.memsz;
	}
	if (span->end > LIMIT || span->end - span->start > SPAN_MAX)
		return "wants to lie above 4 GiB, or over more than 64 MiB";
	return NULL;
}

static const char *find_entry(const struct elf *elf, const struct span *span, uint64_t *entry)
{
	struct elf_note note;

	if (!elf_note_find(elf, "Xen", XEN_ELFNOTE_PHYS32_ENTRY, &note) ||
	    !elf_note_u64(&note, entry))
		return "has no PVH entry note, so it is no hypervisor";
	if (*entry < span->start || *entry >= span->end)
		return "has its PVH entry point outside its segments";
	return NULL;
}

static EFI_STATUS find_room(struct image *image, const struct span *span, int64_t *moved,
			    const char *name)
{
	uint64_t base = span->start & ~(IMAGE_ALIGN - 1);
	EFI_STATUS status;

	*moved = 0;
	if (memory_alloc_at(&image->pages, span->start, span->end - span->start) == EFI_SUCCESS)
		return EFI_SUCCESS;
	status = memory_alloc(&image->pages, span->end - base, IMAGE_ALIGN, name);
	*moved = (int64_t)(image->pages.addr - base);
	return status;
}

EFI_STATUS image_place(struct image *image, const char *name, const struct file *file)
{
	struct elf_segment s;
	struct span span = { 0, 0 };
	uint64_t entry = 0;
	const char *fault;
	struct elf elf;
	int64_t moved;
	unsigned i = 0;

	fault = elf_open(&elf, file_data(file), file->size);
	if (fault == NULL)
		fault = find_span(&elf, &span);
	if (fault == NULL)
		fault = find_entry(&elf, &span, &entry);
	if (fault != NULL) {
		say("%s: %s", name, fault);
		return EFI_LOAD_ERROR;
	}

	EFI_STATUS status = find_room(image, &span, &moved, name);

	if (status != EFI_SUCCESS)
		return status;
	memset((void *)(uintptr_t)image->pages.addr, 0, image->pages.count * EFI_PAGE);
	while (elf_load_next(&elf, &i, &s))
		memcpy((void *)(uintptr_t)(s.paddr + (uint64_t)moved),
		       elf_segment_data(&elf, &s), s.filesz);
	image->entry = (uint32_t)(entry + (uint64_t)moved);
	return EFI_SUCCESS;
}
