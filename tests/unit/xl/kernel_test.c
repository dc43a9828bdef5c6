/* SPDX-License-Identifier: MIT */
/* Kernel files: what their notes mean, and that no lie in them does harm. */
#include "xl/test.h"

#include <xen/xen.h>
#include <xen/elfnote.h>
#include <xen/errno.h>

#include "build/kernel.h"
#include "xl/elf_maker.h"

static struct elf_maker m;
static struct kernel k;
static struct build_error err;

static int teardown(void **state)
{
	(void)state;
	elf_make_free(&m);
	return 0;
}

static int open_it(void)
{
	err.text[0] = '\0';
	return kernel_open(&k, m.image, m.size, &err);
}

static void assert_refused(int code, const char *message)
{
	assert_int_equal(open_it(), code);
	assert_string_equal(err.text, message);
}

static void a_kernel_with_notes_is_understood(void **state)
{
	(void)state;
	elf_make_begin(&m, 0);
	elf_make_load(&m, 0x1000000, 0x1000, 0x3000, 'x');
	elf_make_common_notes(&m);
	elf_make_note_number(&m, XEN_ELFNOTE_VIRT_BASE, 0xffffffff80000000);
	elf_make_note_number(&m, XEN_ELFNOTE_PADDR_OFFSET, 0);
	elf_make_note_number(&m, XEN_ELFNOTE_ENTRY, 0xffffffff81000040);
	elf_make_note_number(&m, XEN_ELFNOTE_HYPERCALL_PAGE, 0xffffffff81002000);
	elf_make_note_number(&m, XEN_ELFNOTE_INIT_P2M, 0x8000000000);
	elf_make_note_number(&m, XEN_ELFNOTE_MOD_START_PFN, 1);
	elf_make_end(&m);
	assert_int_equal(open_it(), 0);
	assert_true(k.virt_start == 0xffffffff81000000 && k.virt_end == 0xffffffff81003000);
	assert_true(k.entry == 0xffffffff81000040);
	assert_true(k.hypercall_page == 0xffffffff81002000);
	assert_true(k.init_p2m == 0x8000000000);
	assert_true(k.ramdisk_unmapped);
	assert_string_equal(k.guest_os, "test");
}

static void a_kernel_like_grub_takes_the_defaults(void **state)
{
	(void)state;
	elf_make_begin(&m, 0x77);
	elf_make_load(&m, 0, 0x1000, 0x41e1f0, 'x');
	elf_make_load(&m, 0x41e1f0, 0x4cc18, 0x4cc18, 'y');
	elf_make_common_notes(&m);
	elf_make_note_number(&m, XEN_ELFNOTE_ENTRY, 0);
	elf_make_note_number(&m, XEN_ELFNOTE_VIRT_BASE, 0);
	elf_make_end(&m);
	assert_int_equal(open_it(), 0);
	assert_true(k.virt_start == 0 && k.virt_end == 0x46ae08);
	assert_true(k.entry == 0);
	assert_true(k.hypercall_page == KERNEL_NONE);
	assert_true(k.init_p2m == KERNEL_NONE);
	assert_false(k.ramdisk_unmapped);
}

static void without_an_entry_note_the_elf_header_has_it(void **state)
{
	(void)state;
	elf_make_begin(&m, 0x100010);
	elf_make_load(&m, 0x100000, 0x100, 0x100, 'x');
	elf_make_common_notes(&m);
	elf_make_end(&m);
	assert_int_equal(open_it(), 0);
	assert_true(k.entry == 0x100010);
}

static void the_old_section_is_understood(void **state)
{
	(void)state;
	elf_make_begin(&m, 0x2010);
	elf_make_load(&m, 0x400000, 0x100, 0x3000, 'x');
	elf_make_end_old(&m, "GUEST_OS=Mini-OS,XEN_VER=xen-3.0,VIRT_BASE=0x0,"
			 "ELF_PADDR_OFFSET=0x400000,HYPERCALL_PAGE=0x2,PAE=yes,LOADER=generic");
	assert_int_equal(open_it(), 0);
	assert_true(k.virt_start == 0 && k.virt_end == 0x3000);
	assert_true(k.hypercall_page == 0x2000);
	assert_true(k.entry == 0x2010);
	assert_string_equal(k.guest_os, "Mini-OS");
}

static void the_old_section_takes_physical_addresses_for_virtual_ones(void **state)
{
	(void)state;
	elf_make_begin(&m, 0xffffffff80000010);
	elf_make_load(&m, 0xffffffff80000000, 0x100, 0x3000, 'x');
	elf_make_end_old(&m, "XEN_VER=xen-3.0,VIRT_BASE=0xffffffff80000000");
	assert_int_equal(open_it(), 0);
	assert_true(k.virt_start == 0xffffffff80000000);
}

static void files_that_are_no_pv_kernel_are_told_apart(void **state)
{
	uint8_t bytes[0x300] = { 0 };

	(void)state;
	m = (struct elf_maker){ .image = malloc(sizeof(bytes)), .size = sizeof(bytes) };
	memcpy(m.image, bytes, sizeof(bytes));
	assert_refused(-XEN_EINVAL, "not an ELF image");
	m.size = 0;
	assert_refused(-XEN_EINVAL, "not an ELF image");
	elf_make_free(&m);
	elf_make_begin(&m, 0);
	elf_make_load(&m, 0, 16, 16, 'x');
	elf_make_end(&m);
	assert_refused(-XEN_EINVAL, "no PV kernel: it has no Xen ELF notes "
		       "(Linux: built without CONFIG_XEN_PV)");
}

static void a_pvh_kernel_is_refused_by_name(void **state)
{
	(void)state;
	elf_make_begin(&m, 0);
	elf_make_load(&m, 0, 16, 16, 'x');
	elf_make_note_number(&m, XEN_ELFNOTE_PHYS32_ENTRY, 0x100000);
	elf_make_end(&m);
	assert_refused(-XEN_EINVAL, "a kernel for PVH only, without a PV entry "
		       "(Linux: built without CONFIG_XEN_PV)");
}

/* Linux with CONFIG_XEN and without CONFIG_XEN_PV: notes, but the entry of bare metal. */
static void a_kernel_with_notes_for_other_guests_is_refused_by_name(void **state)
{
	(void)state;
	elf_make_begin(&m, 0x1000000);
	elf_make_load(&m, 0x1000000, 64, 0x2000, 'x');
	elf_make_common_notes(&m);
	elf_make_note_number(&m, XEN_ELFNOTE_VIRT_BASE, 0xffffffff80000000);
	elf_make_note_number(&m, XEN_ELFNOTE_PADDR_OFFSET, 0);
	elf_make_note_number(&m, XEN_ELFNOTE_PHYS32_ENTRY, 0x1000100);
	elf_make_end(&m);
	assert_refused(-XEN_EINVAL, "a kernel without a PV entry (Linux: built without CONFIG_XEN_PV)");
}

static void foreign_versions_and_loaders_are_refused(void **state)
{
	(void)state;
	elf_make_begin(&m, 0);
	elf_make_load(&m, 0, 16, 16, 'x');
	elf_make_note_text(&m, XEN_ELFNOTE_XEN_VERSION, "xen-2.0");
	elf_make_end(&m);
	assert_refused(-XEN_EINVAL, "made for 'xen-2.0', not for xen-3.0");
	elf_make_free(&m);
	elf_make_begin(&m, 0);
	elf_make_load(&m, 0, 16, 16, 'x');
	elf_make_note_text(&m, XEN_ELFNOTE_XEN_VERSION, "xen-3.0");
	elf_make_note_text(&m, XEN_ELFNOTE_LOADER, "special");
	elf_make_end(&m);
	assert_refused(-XEN_EINVAL, "it asks for the loader 'special', only 'generic' is there");
	elf_make_free(&m);
	elf_make_begin(&m, 0);
	elf_make_load(&m, 0, 16, 16, 'x');
	elf_make_note_text(&m, XEN_ELFNOTE_XEN_VERSION, "\033[2J\302\2331m");
	elf_make_end(&m);
	assert_refused(-XEN_EINVAL, "made for '?[2J??1m', not for xen-3.0");
}

/* One kernel with one wrong number each. */
static void refuse_addresses(uint64_t base, uint64_t paddr, uint64_t memsz, uint64_t entry,
			     uint64_t page, uint64_t p2m)
{
	elf_make_begin(&m, 0);
	elf_make_load(&m, paddr, 16, memsz, 'x');
	elf_make_common_notes(&m);
	elf_make_note_number(&m, XEN_ELFNOTE_VIRT_BASE, base);
	elf_make_note_number(&m, XEN_ELFNOTE_ENTRY, entry);
	if (page)
		elf_make_note_number(&m, XEN_ELFNOTE_HYPERCALL_PAGE, page);
	if (p2m)
		elf_make_note_number(&m, XEN_ELFNOTE_INIT_P2M, p2m);
	elf_make_end(&m);
	assert_int_equal(open_it(), -XEN_EINVAL);
	assert_true(err.text[0]);
	elf_make_free(&m);
}

static void impossible_addresses_are_refused(void **state)
{
	const uint64_t none = 0;

	(void)state;
	refuse_addresses(0x123, 0x1000, 0x1000, 0x1123, none, none);	/* base inside a page */
	refuse_addresses(0, 0x1000, 0x1000, 0x2000, none, none);	/* entry behind the end */
	refuse_addresses(0, 0x1000, 0x1000, 0xfff, none, none);		/* entry before the start */
	refuse_addresses(0, 0x1000, 0x1000, 0x1000, 0x5000, none);	/* hypercall page outside */
	refuse_addresses(0, 0x1000, 0x1000, 0x1000, 0x1800, none);	/* ... and inside a page */
	refuse_addresses(0, 0x1000, 0x1000, 0x1000, none, 0x1234);	/* p2m inside a page */
	refuse_addresses(0, 0x1000, 0x1000, 0x1000, none, 0xffff800000000000);
	refuse_addresses(0xffff800000000000, 0, 0x1000, 0xffff800000000000, none, none);
	refuse_addresses(0x00007ffffffff000, 0, 0x2000, 0x00007ffffffff000, none, none);
	refuse_addresses(0xfffffffffffff000, 0x800, 0x1000, 0xfffffffffffff800, none, none);
}

/* Two segments of a page each, so many bytes apart, in both orders. */
static int two_segments(uint64_t first, uint64_t second)
{
	int result;

	elf_make_begin(&m, first);
	elf_make_load(&m, first, 16, 0x1000, 'x');
	elf_make_load(&m, second, 16, 0x1000, 'y');
	elf_make_common_notes(&m);
	elf_make_end(&m);
	result = open_it();
	elf_make_free(&m);
	return result;
}

static void segments_that_overlap_are_refused(void **state)
{
	(void)state;
	assert_int_equal(two_segments(0x1000, 0x2000), 0);
	assert_int_equal(two_segments(0x2000, 0x1000), 0);
	assert_int_equal(two_segments(0x1000, 0x1fff), -XEN_EINVAL);
	assert_string_equal(err.text, "its segments overlap at 0x1000-0x2000");
	assert_int_equal(two_segments(0x2000, 0x1001), -XEN_EINVAL);
	assert_int_equal(two_segments(0x2000, 0x2000), -XEN_EINVAL);
}

static void an_offset_without_a_base_is_refused(void **state)
{
	(void)state;
	elf_make_begin(&m, 0x1000);
	elf_make_load(&m, 0x1000, 16, 0x1000, 'x');
	elf_make_common_notes(&m);
	elf_make_note_number(&m, XEN_ELFNOTE_PADDR_OFFSET, 0);
	elf_make_end(&m);
	assert_refused(-XEN_EINVAL, "its notes have PADDR_OFFSET without VIRT_BASE");
}

static void segments_without_end_are_refused(void **state)
{
	(void)state;
	elf_make_begin(&m, 0x1000);
	for (unsigned i = 1; i <= 65; i++)
		elf_make_load(&m, i * 0x1000, 16, 0x1000, 'x');
	elf_make_common_notes(&m);
	elf_make_end(&m);
	assert_refused(-XEN_EINVAL, "it has more than 64 segments");
}

/* Flips every byte of the headers and notes, and cuts the file anywhere: ASan is the judge. */
static void any_broken_file_is_survived(void **state)
{
	(void)state;
	elf_make_begin(&m, 0x100000);
	elf_make_load(&m, 0x100000, 64, 0x2000, 'x');
	elf_make_common_notes(&m);
	elf_make_note_number(&m, XEN_ELFNOTE_HYPERCALL_PAGE, 0x101000);
	elf_make_end(&m);
	for (size_t i = 0; i < m.size; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			m.image[i] ^= 1 << bit;
			open_it();
			m.image[i] ^= 1 << bit;
		}
	}
	for (size_t size = m.size; size; size--) {
		uint8_t *copy = malloc(size);

		memcpy(copy, m.image, size);
		err.text[0] = '\0';
		kernel_open(&k, copy, size, &err);
		free(copy);
	}
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_kernel_with_notes_is_understood),
		TEST(a_kernel_like_grub_takes_the_defaults),
		TEST(without_an_entry_note_the_elf_header_has_it),
		TEST(the_old_section_is_understood),
		TEST(the_old_section_takes_physical_addresses_for_virtual_ones),
		TEST(files_that_are_no_pv_kernel_are_told_apart),
		TEST(a_pvh_kernel_is_refused_by_name),
		TEST(a_kernel_with_notes_for_other_guests_is_refused_by_name),
		TEST(foreign_versions_and_loaders_are_refused),
		TEST(impossible_addresses_are_refused),
		TEST(segments_that_overlap_are_refused),
		TEST(an_offset_without_a_base_is_refused),
		TEST(segments_without_end_are_refused),
		TEST(any_broken_file_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
