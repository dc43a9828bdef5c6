// SPDX-License-Identifier: MIT
/*
 * Any bytes as an ELF image. What elf_open() lets pass must hold: segments and notes lie inside the
 * image (each byte is read here), and every walk ends.
 */
#include "fuzz.h"

#include "hv/elf.h"
#include "hv/str.h"

static uint64_t read_bytes(const uint8_t *at, uint64_t size)
{
	uint64_t sum = 0;

	for (uint64_t i = 0; i < size; i++)
		sum += at[i];
	return sum;
}

static uint64_t walk_segments(const struct elf *elf)
{
	struct elf_segment segment;
	uint64_t sum = 0;
	unsigned i = 0;

	while (elf_load_next(elf, &i, &segment)) {
		FUZZ_CHECK(segment.filesz <= segment.memsz);
		FUZZ_CHECK(segment.paddr + segment.memsz >= segment.paddr);
		if (i < 16)	/* overlapping segments could be read for minutes */
			sum += read_bytes(elf_segment_data(elf, &segment), segment.filesz);
	}
	return sum;
}

static uint64_t walk_notes(const struct elf *elf)
{
	struct elf_note_walk walk = { 0 };
	struct elf_note note;
	uint64_t sum = 0, value = 0;
	const char *text;

	for (int n = 0; n < 1000 && elf_note_next(elf, &walk, &note); n++) {
		sum += str_len(note.owner) + read_bytes(note.desc, note.desc_size);
		if (elf_note_u64(&note, &value))
			sum += value;
		text = elf_note_text(&note);
		if (text != NULL)
			sum += str_len(text);
	}
	return sum;
}

static uint64_t walk_sections(const struct elf *elf)
{
	struct elf_section section;
	uint64_t sum = 0;

	for (unsigned i = 0; i <= elf->sections && i < 100; i++) {
		if (!elf_section_get(elf, i, &section))
			continue;
		sum += str_len(section.name);
		if (section.type != ELF_SHT_NOBITS && section.size > 0)
			sum += elf->image[section.offset] +
			       elf->image[section.offset + section.size - 1];
	}
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct elf elf;

	if (elf_open(&elf, data, size) != NULL)
		return 0;
	FUZZ_CHECK(elf_has_magic(data, size));
	FUZZ_USE(walk_segments(&elf) + walk_notes(&elf) + walk_sections(&elf));
	FUZZ_USE(elf_is_xen_kernel(&elf));
	return 0;
}
