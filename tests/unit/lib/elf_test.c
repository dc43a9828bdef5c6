// SPDX-License-Identifier: MIT
/* Images that are well-formed, and each way in which one can lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "elf_image.h"
#include "hv/elf.h"
#include "hv/str.h"

static struct elf_image image;

/* Opens a copy of exactly its size on the heap, so that the sanitizer sees a read beyond it. */
static uint8_t *copy;
static struct elf elf;

static const char *open_copy(void)
{
	free(copy);
	copy = malloc(image.size + 1);
	memcpy(copy + 1, image.bytes, image.size);	/* at an odd address */
	return elf_open(&elf, copy + 1, image.size);
}

static int start(void **state)
{
	(void)state;
	elf_image_kernel(&image);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	free(copy);
	copy = NULL;
	return 0;
}

static void a_sound_image_opens_with_its_segments(void **state)
{
	struct elf_segment segment;
	unsigned index = 0;

	(void)state;
	assert_null(open_copy());
	assert_int_equal(elf.entry, 0x100010);
	assert_int_equal(elf.segments, 2);
	assert_true(elf_load_next(&elf, &index, &segment));
	assert_int_equal(segment.paddr, 0x100000);
	assert_int_equal(segment.filesz, 64);
	assert_int_equal(segment.memsz, 0x2000);
	assert_int_equal(segment.flags, ELF_PF_R | ELF_PF_X);
	assert_int_equal(elf_segment_data(&elf, &segment)[63], 0x90);
	assert_false(elf_load_next(&elf, &index, &segment));
}

static void every_cut_is_refused_or_harmless(void **state)
{
	struct elf_image whole;

	(void)state;
	elf_image_sections(&image, ".other");
	whole = image;
	for (size_t size = 0; size < whole.size; size++) {
		struct elf_note_walk walk = { 0 };
		struct elf_note note;

		image.size = size;
		if (open_copy() == NULL) {
			while (elf_note_next(&elf, &walk, &note))
				assert_true(note.desc + note.desc_size <= copy + 1 + size);
			assert_false(elf.sections);
		}
	}
}

static void refuses(size_t at, unsigned bytes, uint64_t value, const char *words)
{
	const char *reason;

	elf_image_kernel(&image);
	memcpy(image.bytes + at, &value, bytes);
	reason = open_copy();
	assert_non_null(reason);
	if (strstr(reason, words) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", reason, words);
}

static void each_broken_header_field_is_named(void **state)
{
	(void)state;
	refuses(0, 1, 'X', "not an ELF image");
	refuses(AT_CLASS, 1, 1, "64-bit");
	refuses(AT_DATA, 1, 2, "byte order");
	refuses(AT_VERSION, 4, 2, "version");
	refuses(AT_MACHINE, 2, 3, "x86-64");
	refuses(AT_TYPE, 2, 1, "executable");
	refuses(AT_PHNUM, 2, 0, "no program headers");
	refuses(AT_PHNUM, 2, 0xffff, "no program headers");
	refuses(AT_PHNUM, 2, 500, "beyond the end");
	refuses(AT_PHENTSIZE, 2, 32, "wrong size");
	refuses(AT_PHOFF, 8, UINT64_MAX - 10, "beyond the end");
}

static void each_broken_segment_field_is_named(void **state)
{
	(void)state;
	refuses(AT_LOAD + PH_OFFSET, 8, UINT64_MAX - 8, "beyond the end");
	refuses(AT_LOAD + PH_OFFSET, 8, 100000, "beyond the end");
	refuses(AT_LOAD + PH_FILESZ, 8, 100000, "beyond the end");
	refuses(AT_NOTE + PH_FILESZ, 8, UINT64_MAX, "beyond the end");
	refuses(AT_LOAD + PH_MEMSZ, 8, 63, "larger in the file");
	refuses(AT_LOAD + PH_VADDR, 8, UINT64_MAX - 0xfff, "wraps");
	refuses(AT_LOAD + PH_PADDR, 8, UINT64_MAX - 0xfff, "wraps");
	refuses(AT_LOAD + PH_MEMSZ, 8, UINT64_MAX, "wraps");
	refuses(AT_LOAD + PH_TYPE, 4, 2, "nothing to load");
}

static void notes_are_found_by_owner_and_type(void **state)
{
	struct elf_note note;
	uint64_t value;

	(void)state;
	elf_image_note(&image, "GNU", 3, "abcd", 4);
	assert_null(open_copy());
	assert_true(elf_note_find(&elf, "Xen", 1, &note));
	assert_true(elf_note_u64(&note, &value) && value == 0x100010);
	assert_true(elf_note_find(&elf, "Xen", 3, &note));
	assert_true(elf_note_u64(&note, &value) && value == 0);
	assert_true(elf_note_find(&elf, "Xen", 5, &note));
	assert_string_equal(elf_note_text(&note), "xen-3.0");
	assert_true(elf_note_find(&elf, "GNU", 3, &note));
	assert_null(elf_note_text(&note));
	assert_false(elf_note_find(&elf, "GNU", 1, &note));
	assert_false(elf_note_find(&elf, "Xen", 18, &note));
}

static void notes_go_by_four_bytes_whatever_their_segment_claims(void **state)
{
	struct elf_note note;

	(void)state;
	elf_image_start(&image);
	elf_image_note(&image, "Xen", 6, "GRUB", 5);
	elf_image_note(&image, "Xen", 3, "abcd", 4);	/* 20 bytes: the next is not at 8 */
	elf_image_note(&image, "Xen", 8, "generic", 8);
	put64(image.bytes + AT_NOTE + PH_ALIGN, 8);
	assert_null(open_copy());
	assert_true(elf_note_find(&elf, "Xen", 8, &note));
	assert_string_equal(elf_note_text(&note), "generic");
}

static void a_note_of_another_size_is_no_number(void **state)
{
	struct elf_note note;
	uint64_t value;

	(void)state;
	elf_image_note(&image, "Xen", 9, "yes", 3);
	assert_null(open_copy());
	assert_true(elf_note_find(&elf, "Xen", 9, &note));
	assert_false(elf_note_u64(&note, &value));
}

static void a_note_that_leaves_its_segment_ends_it(void **state)
{
	struct elf_note_walk walk = { 0 };
	struct elf_note note;

	(void)state;
	put32(image.bytes + AT_NOTES, 0xfffffff0u);	/* size of the owner's name */
	assert_null(open_copy());
	assert_false(elf_note_next(&elf, &walk, &note));
	elf_image_kernel(&image);
	put32(image.bytes + AT_NOTES + 4, 0xfffffffdu);	/* of the contents */
	assert_null(open_copy());
	assert_false(elf_note_find(&elf, "Xen", 1, &note));
	elf_image_kernel(&image);
	image.bytes[AT_NOTES + 15] = 'x';		/* the owner's NUL */
	assert_null(open_copy());
	assert_false(elf_is_xen_kernel(&elf));
}

/* All headers claim the same bytes, which are empty notes: their number is the product. */
static void a_walk_over_more_notes_than_any_kernel_has_comes_to_an_end(void **state)
{
	enum { HEADERS = 1000, NOTES = 12000 };
	const size_t at = 64 + HEADERS * 56, size = at + NOTES;
	struct elf_note_walk walk = { 0 };
	struct elf_note note;
	unsigned seen = 0;

	(void)state;
	copy = calloc(1, size);
	memcpy(copy, image.bytes, 64 + 56);
	put16(copy + AT_PHNUM, HEADERS);
	for (size_t i = 1; i < HEADERS; i++) {
		uint8_t *header = copy + AT_LOAD + i * 56;

		put32(header + PH_TYPE, 4);
		put64(header + PH_OFFSET, at);
		put64(header + PH_FILESZ, NOTES);
	}
	assert_null(elf_open(&elf, copy, size));
	while (elf_note_next(&elf, &walk, &note))
		seen++;
	assert_int_equal(seen, ELF_NOTES_MAX);
	assert_false(elf_note_find(&elf, "Xen", 1, &note));
	assert_false(elf_is_xen_kernel(&elf));
}

static void without_a_note_segment_the_sections_count(void **state)
{
	struct elf_note note;

	(void)state;
	elf_image_sections(&image, ".other");
	put32(image.bytes + AT_NOTE + PH_TYPE, 0);
	assert_null(open_copy());
	assert_true(elf_note_find(&elf, "Xen", 5, &note));
	assert_true(elf_is_xen_kernel(&elf));
}

static void sections_are_found_by_name(void **state)
{
	struct elf_section section;

	(void)state;
	elf_image_sections(&image, ".other");
	assert_null(open_copy());
	assert_int_equal(elf.sections, 4);
	assert_true(elf_section_find(&elf, ".other", &section));
	assert_int_equal(section.offset, AT_TEXT);
	assert_false(elf_section_find(&elf, ".missing", &section));
	assert_false(elf_section_get(&elf, 4, &section));
}

static void a_broken_section_table_counts_as_none(void **state)
{
	(void)state;
	elf_image_sections(&image, ".other");
	put64(image.bytes + AT_SHOFF, UINT64_MAX - 4);
	assert_null(open_copy());
	assert_int_equal(elf.sections, 0);
	put64(image.bytes + AT_SHOFF, image.size - 100);
	assert_null(open_copy());
	assert_int_equal(elf.sections, 0);
}

static void section_names_stay_inside_their_table(void **state)
{
	struct elf_section section;
	size_t names = image.size;

	(void)state;
	elf_image_sections(&image, ".other");
	memset(image.bytes + names, 'x', 64);		/* no NUL at all */
	put32(image.bytes + names + 64 + 3 * 64, 0xffffffffu);
	assert_null(open_copy());
	assert_true(elf_section_get(&elf, 2, &section));
	assert_string_equal(section.name, "");
	assert_true(elf_section_get(&elf, 3, &section));
	assert_string_equal(section.name, "");
}

/* The section of names is the whole file. */
static void a_section_name_longer_than_any_is_none(void **state)
{
	struct elf_section section;
	size_t names = image.size, long_name;

	(void)state;
	elf_image_sections(&image, ".other");
	long_name = image.size;
	memset(image.bytes + long_name, 'x', ELF_NAME_MAX + 1);
	image.bytes[long_name + ELF_NAME_MAX + 1] = '\0';
	image.size += ELF_NAME_MAX + 2;
	put64(image.bytes + names + 64 + 64 + 24, 0);
	put64(image.bytes + names + 64 + 64 + 32, image.size);
	put32(image.bytes + names + 64 + 3 * 64, (uint32_t)long_name);
	assert_null(open_copy());
	assert_true(elf_section_get(&elf, 3, &section));
	assert_string_equal(section.name, "");
	put32(image.bytes + names + 64 + 3 * 64, (uint32_t)long_name + 1);
	assert_null(open_copy());
	assert_true(elf_section_get(&elf, 3, &section));
	assert_int_equal(strlen(section.name), ELF_NAME_MAX);
}

static void a_pv_kernel_is_known_by_its_notes(void **state)
{
	uint32_t entry = 0x100000;

	(void)state;
	assert_null(open_copy());
	assert_true(elf_is_xen_kernel(&elf));
	elf_image_start(&image);
	elf_image_note(&image, "GNU", 3, "abcd", 4);
	elf_image_note(&image, "Xen", 18, &entry, 4);	/* PVH only */
	assert_null(open_copy());
	assert_false(elf_is_xen_kernel(&elf));
	elf_image_sections(&image, "__xen_guest");	/* the oldest way */
	assert_null(open_copy());
	assert_true(elf_is_xen_kernel(&elf));
}

static void no_flipped_byte_makes_it_read_outside(void **state)
{
	(void)state;
	elf_image_sections(&image, ".other");
	struct elf_image whole = image;

	for (size_t at = 0; at < whole.size; at++) {
		static const uint8_t masks[] = { 0x01, 0x80, 0xff };

		for (size_t m = 0; m < sizeof(masks); m++) {
			struct elf_note_walk walk = { 0 };
			struct elf_section section;
			struct elf_note note;

			image = whole;
			image.bytes[at] ^= masks[m];
			if (open_copy() != NULL)
				continue;
			while (elf_note_next(&elf, &walk, &note))
				(void)str_len(note.owner);
			(void)elf_section_find(&elf, "nowhere", &section);
		}
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_sound_image_opens_with_its_segments),
		TEST(every_cut_is_refused_or_harmless),
		TEST(each_broken_header_field_is_named),
		TEST(each_broken_segment_field_is_named),
		TEST(notes_are_found_by_owner_and_type),
		TEST(notes_go_by_four_bytes_whatever_their_segment_claims),
		TEST(a_note_of_another_size_is_no_number),
		TEST(a_note_that_leaves_its_segment_ends_it),
		TEST(a_walk_over_more_notes_than_any_kernel_has_comes_to_an_end),
		TEST(without_a_note_segment_the_sections_count),
		TEST(sections_are_found_by_name),
		TEST(a_broken_section_table_counts_as_none),
		TEST(section_names_stay_inside_their_table),
		TEST(a_section_name_longer_than_any_is_none),
		TEST(a_pv_kernel_is_known_by_its_notes),
		TEST(no_flipped_byte_makes_it_read_outside),
	};

	return cmocka_run_group_tests_name("lib_elf", tests, NULL, NULL);
}
