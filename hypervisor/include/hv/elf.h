/* SPDX-License-Identifier: MIT */
#pragma once
/*
 * Reads 64-bit x86 ELF images that may lie: everything that elf_open() has passed is inside the
 * image, and what is handed out is a copy or a span that was checked. The image may stand
 * at any address (files in a cpio archive are aligned to 4 bytes only) and must stay as it is.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum elf_segment_type {
	ELF_PT_NULL = 0,
	ELF_PT_LOAD = 1,
	ELF_PT_DYNAMIC = 2,
	ELF_PT_INTERP = 3,
	ELF_PT_NOTE = 4,
};

#define ELF_PF_X	1u
#define ELF_PF_W	2u
#define ELF_PF_R	4u

#define ELF_SHT_SYMTAB	2u
#define ELF_SHT_STRTAB	3u
#define ELF_SHT_NOTE	7u
#define ELF_SHT_NOBITS	8u

struct elf {
	const uint8_t *image;
	size_t size;
	uint64_t entry;
	uint16_t type;			/* 2: fixed addresses, 3: position independent */
	unsigned segments;
	unsigned sections;		/* 0 when the section table is missing or broken */
	uint64_t segment_table;
	uint64_t section_table;
	unsigned section_names;		/* index of the section that holds the names */
};

struct elf_segment {
	uint32_t type;
	uint32_t flags;
	uint64_t offset;
	uint64_t vaddr;
	uint64_t paddr;
	uint64_t filesz;
	uint64_t memsz;
	uint64_t align;
};

struct elf_section {
	const char *name;	/* ended by NUL, inside the image, at most ELF_NAME_MAX long, or "" */
	uint32_t type;
	uint32_t link;
	uint64_t flags;
	uint64_t addr;
	uint64_t offset;
	uint64_t size;
	uint64_t entsize;
};

struct elf_note {
	const char *owner;	/* ended by NUL, inside the image */
	uint32_t type;
	const uint8_t *desc;
	uint32_t desc_size;
};

/*
 * No more is looked at in a walk. A kernel has some dozens of notes; a file of zeros that many headers call
 * notes would have billions.
 */
#define ELF_NOTES_MAX	4096u
/* A longer name of a section counts as none: looking for its end must not take as long as the file is. */
#define ELF_NAME_MAX	255u

/** Where a walk over the notes stands; all zero at the start. */
struct elf_note_walk {
	unsigned index;		/* of the segment, then of the section */
	unsigned seen;		/* notes so far */
	bool in_sections;
	uint64_t at;		/* inside it */
};

/** True when the image starts as any ELF file does. */
bool elf_has_magic(const void *image, size_t size);

/**
 * Checks the header and every program header: bounds, wrap-arounds, file size above memory size.
 * Returns NULL, or in words what is wrong (then elf is not to be used).
 */
const char *elf_open(struct elf *elf, const void *image, size_t size);

/** Copies out program header number index; index must be below elf->segments. */
void elf_segment_get(const struct elf *elf, unsigned index, struct elf_segment *segment);

/** Finds the next PT_LOAD segment with memory, from *index on, and moves *index behind it. */
bool elf_load_next(const struct elf *elf, unsigned *index, struct elf_segment *segment);

/** Gives the contents (filesz bytes) of a segment that elf_segment_get() has copied out. */
const uint8_t *elf_segment_data(const struct elf *elf, const struct elf_segment *segment);

/** Copies out section number index. Returns false when there is none or it leaves the image. */
bool elf_section_get(const struct elf *elf, unsigned index, struct elf_section *section);

/** Finds a section by its name. */
bool elf_section_find(const struct elf *elf, const char *name, struct elf_section *section);

/**
 * The next note: those of the PT_NOTE segments, then, in an image that has no such segment, those
 * of the note sections. Returns false at the end, and after ELF_NOTES_MAX; a broken note ends its segment.
 */
bool elf_note_next(const struct elf *elf, struct elf_note_walk *walk, struct elf_note *note);

/** Finds the first note with this owner ("Xen") and type. */
bool elf_note_find(const struct elf *elf, const char *owner, uint32_t type, struct elf_note *note);

/** Reads a note's number of 4 or 8 bytes. Returns false when it has another size. */
bool elf_note_u64(const struct elf_note *note, uint64_t *value);

/** Reads a note's text. Returns NULL when it is not ended by NUL. */
const char *elf_note_text(const struct elf_note *note);

/** True when the image has a note of Xen's: a kernel for the PV interface. */
bool elf_is_xen_kernel(const struct elf *elf);
