/* SPDX-License-Identifier: MIT */
/* Makes small ELF kernels in memory, good and bad ones, for the tests of the builder. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct elf_maker {
	uint8_t *image;
	size_t size;
	unsigned segments;
	uint8_t notes[1024];
	size_t notes_size;
};

/** Begins an x86-64 executable with this entry. */
void elf_make_begin(struct elf_maker *m, uint64_t entry);
/** A PT_LOAD of memsz bytes at paddr, whose first filesz bytes are `fill`. */
void elf_make_load(struct elf_maker *m, uint64_t paddr, size_t filesz, uint64_t memsz, uint8_t fill);
void elf_make_note_number(struct elf_maker *m, uint32_t type, uint64_t value);
void elf_make_note_text(struct elf_maker *m, uint32_t type, const char *text);
/** The notes that every PV kernel has. */
void elf_make_common_notes(struct elf_maker *m);
/** Puts the notes into a PT_NOTE; the image is complete then. */
void elf_make_end(struct elf_maker *m);
/** As elf_make_end(), but with an old `__xen_guest` section instead of notes. */
void elf_make_end_old(struct elf_maker *m, const char *pairs);
void elf_make_free(struct elf_maker *m);
