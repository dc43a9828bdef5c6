/* SPDX-License-Identifier: MIT */
/* Kernels in every kind of file: what arrives in the domain, and what is refused with which words. */
#include "xl/test.h"

#include <elf.h>

#include <xen/elfnote.h>
#include <xen/errno.h>

#include "build/image.h"
#include "decompress/fake_pages.h"
#include "decompress/packer.h"
#include "xl/elf_maker.h"

#define BASE		0xffffffff80000000ULL
#define LOAD		0x100000ULL
#define MEMORY		(64ULL << 20)
enum { FIRST = 700 << 10, SECOND = 9 << 20, EXTENT = 16 << 20 };

static struct elf_maker m;
static struct packed p;
static struct image im;
static struct build_error err;
static uint8_t *domain;		/* EXTENT bytes from LOAD on */

/* Text that packs well but not to nothing. */
static void fill(uint8_t *to, size_t bytes)
{
	uint32_t seed = 1;

	for (size_t i = 0; i < bytes; i++) {
		if (!(i % 64))
			seed = seed * 1664525 + 1013904223;
		to[i] = seed >> (i % 8);
	}
}

static void make_kernel(bool pv)
{
	elf_make_begin(&m, BASE + LOAD);
	elf_make_load(&m, LOAD, FIRST, FIRST, 0);
	fill(m.image + m.size - FIRST, FIRST);
	elf_make_load(&m, LOAD + FIRST, SECOND, SECOND + 4096, 0);
	fill(m.image + m.size - SECOND, SECOND);
	elf_make_common_notes(&m);
	if (pv) {
		elf_make_note_number(&m, XEN_ELFNOTE_VIRT_BASE, BASE);
		elf_make_note_number(&m, XEN_ELFNOTE_PADDR_OFFSET, 0);
	}
	elf_make_end(&m);
}

static int setup(void **state)
{
	(void)state;
	fake_pages_left = ~0UL;
	fake_pool_pages = 0;
	make_kernel(true);
	domain = calloc(1, EXTENT);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	packer_free(&p);
	elf_make_free(&m);
	free(domain);
	if (fake_reclaim)
		fake_reclaim();
	return fake_pages_used != 0;
}

static int put(void *ctx, uint64_t address, const void *data, size_t bytes)
{
	uint64_t at = address - (BASE + LOAD);

	(void)ctx;
	assert_true(at <= EXTENT && bytes <= EXTENT - at);
	memcpy(domain + at, data, bytes);
	return 0;
}

static int open_file(const void *file, size_t size)
{
	err.text[0] = '\0';
	return image_open(&im, file, size, MEMORY, &err);
}

/* Opens, writes and closes. */
static int read_all(const void *file, size_t size)
{
	int result = open_file(file, size);

	memset(domain, 0, EXTENT);
	if (!result)
		result = image_write(&im, put, NULL, &err);
	image_close(&im);
	return result;
}

static bool domain_is_right(void)
{
	uint8_t *copy = malloc(EXTENT);
	bool same;

	memcpy(copy, domain, EXTENT);
	assert_int_equal(read_all(m.image, m.size), 0);
	same = !memcmp(copy, domain, EXTENT);
	free(copy);
	return same;
}

static void a_kernel_arrives_whole_from_every_format(void **state)
{
	(void)state;
	for (unsigned f = 0; f < PACK_FORMATS; f++) {
		packer_bzimage(&p, f, m.image, m.size);
		assert_int_equal(open_file(p.file, p.size), 0);
		assert_true(im.kernel.entry == BASE + LOAD);
		assert_true(im.kernel.virt_end == BASE + LOAD + FIRST + SECOND + 4096);
		assert_int_equal(image_write(&im, put, NULL, &err), 0);
		image_close(&im);
		assert_true(domain_is_right());
		packer_free(&p);
	}
}

static void an_elf_image_packed_by_gzip_is_a_kernel_too(void **state)
{
	(void)state;
	packer_plain(&p, PACK_GZIP, m.image, m.size);
	assert_int_equal(read_all(p.file, p.size), 0);
	assert_true(domain_is_right());
}

/* As gunzip would have made it, its section behind all contents. */
static void make_old_kernel(const char *pairs)
{
	elf_make_free(&m);
	elf_make_begin(&m, BASE + LOAD);
	elf_make_load(&m, LOAD, FIRST, FIRST, 0);
	fill(m.image + m.size - FIRST, FIRST);
	elf_make_end_old(&m, pairs);
}

static void an_old_kernel_is_known_by_its_section_when_packed_too(void **state)
{
	(void)state;
	make_old_kernel("XEN_VER=xen-3.0,VIRT_BASE=0xffffffff80000000,ELF_PADDR_OFFSET=0");
	packer_plain(&p, PACK_GZIP, m.image, m.size);
	assert_int_equal(read_all(p.file, p.size), 0);
	assert_true(domain_is_right());
	packer_free(&p);
	for (unsigned f = 0; f < PACK_FORMATS; f++) {
		packer_bzimage(&p, f, m.image, m.size);
		assert_int_equal(read_all(p.file, p.size), 0);
		assert_true(domain_is_right());
		packer_free(&p);
	}
}

static void an_old_kernel_that_is_none_is_refused_when_packed_too(void **state)
{
	(void)state;
	make_old_kernel("LOADER=generic");
	packer_plain(&p, PACK_GZIP, m.image, m.size);
	assert_int_equal(read_all(p.file, p.size), -XEN_EINVAL);
	assert_non_null(strstr(err.text, "no PV kernel"));
	p.file[p.size * 2 / 3] ^= 1;
	assert_int_not_equal(read_all(p.file, p.size), 0);
	packer_free(&p);
	/* It is unpacked as a whole only where there is room. */
	make_old_kernel("XEN_VER=xen-3.0,VIRT_BASE=0xffffffff80000000,ELF_PADDR_OFFSET=0");
	packer_plain(&p, PACK_GZIP, m.image, m.size);
	fake_pages_left = m.size / 2;
	assert_int_equal(read_all(p.file, p.size), -XEN_EINVAL);
	assert_non_null(strstr(err.text, "no PV kernel"));
	fake_pages_left = ~0UL;
}

static void a_small_dom0_unpacks_twice_instead_of_keeping(void **state)
{
	(void)state;
	packer_bzimage(&p, PACK_GZIP, m.image, m.size);
	fake_pages_left = 2 * UNPACK_PIECE;
	assert_int_equal(read_all(p.file, p.size), 0);
	fake_pages_left = ~0UL;
	assert_true(domain_is_right());
}

static void a_dom0_without_memory_says_so(void **state)
{
	(void)state;
	fake_pages_left = 4096;
	for (unsigned f = 0; f < PACK_FORMATS; f++) {
		packer_bzimage(&p, f, m.image, m.size);
		assert_int_not_equal(read_all(p.file, p.size), 0);
		assert_non_null(strstr(err.text, "dom0 has not enough memory to unpack the kernel"));
		packer_free(&p);
	}
}

static void a_file_cut_off_anywhere_is_truncated(void **state)
{
	(void)state;
	packer_bzimage(&p, PACK_XZ, m.image, m.size);
	for (size_t size = 0x250; size < p.payload + p.payload_bytes; size += size / 2) {
		assert_int_equal(read_all(p.file, size), -XEN_EINVAL);
		assert_non_null(strstr(err.text, "a bzImage that is truncated"));
	}
	assert_int_equal(read_all(p.file, 0x220), -XEN_EINVAL);
	assert_string_equal(err.text, "a bzImage that is truncated: its header is cut off");
}

/* The header is right, what it promises is not there: the middle is missing. */
static void a_payload_that_ends_early_is_truncated(void **state)
{
	(void)state;
	for (unsigned f = 0; f < PACK_FORMATS; f++) {
		uint32_t size = m.size, bytes;

		packer_bzimage(&p, f, m.image, m.size);
		bytes = p.payload_bytes * 2 / 3;
		memcpy(p.file + p.payload + bytes - 4, &size, 4);
		memcpy(p.file + 0x24c, &bytes, 4);
		assert_int_equal(read_all(p.file, p.size), -XEN_EINVAL);
		assert_true(strstr(err.text, "truncated") || strstr(err.text, "corrupted"));
		packer_free(&p);
	}
}

static void a_bit_turned_over_is_noticed(void **state)
{
	(void)state;
	for (unsigned f = 0; f < PACK_FORMATS; f++) {
		packer_bzimage(&p, f, m.image, m.size);
		for (unsigned i = 1; i < 12; i++) {
			uint8_t *at = p.file + p.payload + p.payload_bytes * i / 12;
			int result;

			*at ^= 1 << i % 8;
			result = read_all(p.file, p.size);
			/* A bit may mean nothing; without a check sum the contents may be wrong, no worse. */
			if (f != PACK_LZ4 && f != PACK_LZMA)
				assert_true(result || domain_is_right());
			if (result)
				assert_true(err.text[0] && !strchr(err.text, '\n'));
			*at ^= 1 << i % 8;
		}
		packer_free(&p);
	}
}

static void a_size_that_is_a_lie_is_refused(void **state)
{
	(void)state;
	for (unsigned f = 0; f < PACK_FORMATS; f++) {
		packer_bzimage(&p, f, m.image, m.size);
		packer_lie(&p, m.size - 1);
		assert_int_not_equal(read_all(p.file, p.size), 0);
		packer_lie(&p, m.size + 1);
		assert_int_not_equal(read_all(p.file, p.size), 0);
		packer_lie(&p, 0);
		assert_int_not_equal(read_all(p.file, p.size), 0);
		assert_string_equal(err.text, "its payload says that it unpacks to nothing");
		packer_lie(&p, MEMORY + 1);
		assert_int_equal(read_all(p.file, p.size), -XEN_ENOMEM);
		assert_string_equal(err.text, "it unpacks to 65 MiB, the domain has 64 MiB");
		packer_free(&p);
	}
}

static void headers_that_cannot_be_used_are_named(void **state)
{
	(void)state;
	packer_bzimage(&p, PACK_XZ, m.image, m.size);
	memcpy(p.file + 0x206, "\x07\x02", 2);
	assert_int_not_equal(read_all(p.file, p.size), 0);
	assert_string_equal(err.text, "a bzImage of boot protocol 2.07; 2.08 is the oldest that can be "
			    "unpacked");
	memcpy(p.file + 0x206, "\x0f\x02", 2);
	memset(p.file + p.payload, 'B', 6);
	assert_int_not_equal(read_all(p.file, p.size), 0);
	assert_string_equal(err.text, "compressed in a format that is not known: xz, gzip, zstd, lz4 and "
			    "lzma are");
	memset(p.file + 0x24c, 0, 4);
	assert_int_not_equal(read_all(p.file, p.size), 0);
	assert_string_equal(err.text, "its payload is empty");
	memset(p.file + 0x248, 0xff, 8);
	assert_int_not_equal(read_all(p.file, p.size), 0);
	assert_non_null(strstr(err.text, "a bzImage that is truncated: its payload ends at byte 8589"));
}

/* A packed ELF image whose headers or notes are where they cannot be. */
static void assert_image_is_refused(size_t size, const char *text)
{
	packer_bzimage(&p, PACK_GZIP, m.image, size);
	assert_int_equal(read_all(p.file, p.size), -XEN_EINVAL);
	assert_string_equal(err.text, text);
	packer_free(&p);
}

static void headers_inside_must_be_whole_and_in_front(void **state)
{
	Elf64_Ehdr *h = (Elf64_Ehdr *)m.image;
	Elf64_Phdr *ph;

	(void)state;
	assert_image_is_refused(sizeof(*h) - 1, "ELF header is cut off");
	ph = (Elf64_Phdr *)(m.image + h->e_phoff);
	for (unsigned i = 0; i < h->e_phnum; i++)
		if (ph[i].p_type == PT_NOTE) {
			ph[i].p_offset = 4096;
			ph[i].p_filesz = (1 << 20) + 1;
		}
	assert_image_is_refused(m.size, "its notes are longer than 1 MiB");
	h->e_phoff = m.size - 4096;
	assert_image_is_refused(m.size, "ELF program headers are not at the beginning of the file");
}

static void what_is_inside_must_be_a_pv_kernel(void **state)
{
	(void)state;
	packer_bzimage(&p, PACK_GZIP, "no image at all", 15);
	assert_int_not_equal(read_all(p.file, p.size), 0);
	assert_string_equal(err.text, "what is packed in it is not an ELF image");
	packer_free(&p);
	elf_make_free(&m);
	elf_make_begin(&m, LOAD);
	elf_make_load(&m, LOAD, 4096, 4096, 'x');
	elf_make_end(&m);
	packer_bzimage(&p, PACK_GZIP, m.image, m.size);
	assert_int_not_equal(read_all(p.file, p.size), 0);
	assert_string_equal(err.text, "no PV kernel: it has no Xen ELF notes (Linux: built without "
			    "CONFIG_XEN_PV)");
}

static bool was_kept(void)
{
	bool kept;

	assert_int_equal(open_file(p.file, p.size), 0);
	kept = unpack_is_kept(im.unpack);
	image_close(&im);
	return kept;
}

static void a_kernel_that_was_unpacked_once_is_kept(void **state)
{
	(void)state;
	fake_pool_pages = FAKE_POOL_TOTAL;
	for (unsigned f = 0; f < PACK_FORMATS; f++) {
		packer_bzimage(&p, f, m.image, m.size);
		assert_false(was_kept());
		assert_int_equal(read_all(p.file, p.size), 0);
		assert_true(was_kept());
		for (unsigned again = 0; again < 2; again++) {
			assert_int_equal(read_all(p.file, p.size), 0);
			assert_true(domain_is_right());
		}
		packer_free(&p);
	}
}

static void another_file_is_not_mistaken_for_what_is_kept(void **state)
{
	(void)state;
	fake_pool_pages = FAKE_POOL_TOTAL;
	packer_bzimage(&p, PACK_GZIP, m.image, m.size);
	assert_int_equal(read_all(p.file, p.size), 0);
	p.file[p.payload + p.payload_bytes * 2 / 3] ^= 1;
	assert_int_not_equal(read_all(p.file, p.size), 0);
	/* A damaged one was begun, and the good one forgotten for it. */
	p.file[p.payload + p.payload_bytes * 2 / 3] ^= 1;
	assert_false(was_kept());
	assert_int_equal(read_all(p.file, p.size), 0);
	assert_true(was_kept());
}

static void a_kernel_is_kept_only_beside_much_free_memory(void **state)
{
	(void)state;
	fake_pool_pages = FAKE_POOL_TOTAL / 2;
	packer_bzimage(&p, PACK_XZ, m.image, m.size);
	assert_int_equal(read_all(p.file, p.size), 0);
	assert_false(was_kept());
	assert_int_equal(fake_pool_pages, FAKE_POOL_TOTAL / 2);
}

static void what_is_kept_is_given_back_when_memory_runs_short(void **state)
{
	(void)state;
	fake_pool_pages = FAKE_POOL_TOTAL;
	packer_bzimage(&p, PACK_XZ, m.image, m.size);
	assert_int_equal(read_all(p.file, p.size), 0);
	assert_int_equal(open_file(p.file, p.size), 0);
	assert_true(unpack_is_kept(im.unpack));
	assert_false(fake_reclaim());	/* it is being read */
	assert_int_equal(image_write(&im, put, NULL, &err), 0);
	image_close(&im);
	assert_true(domain_is_right());
	assert_true(fake_reclaim());
	assert_int_equal(fake_pool_pages, FAKE_POOL_TOTAL);
	assert_false(was_kept());
}

/* The pool's last pages go while the kernel is being kept: it arrives nevertheless. */
static void keeping_stops_when_the_pool_is_empty(void **state)
{
	(void)state;
	packer_bzimage(&p, PACK_XZ, m.image, m.size);
	for (unsigned long left = 0; left < 4000; left += 500) {
		fake_pool_pages = FAKE_POOL_TOTAL;
		assert_int_equal(open_file(p.file, p.size), 0);
		if (fake_pool_pages > left)
			fake_pool_pages = left;
		assert_int_equal(image_write(&im, put, NULL, &err), 0);
		image_close(&im);
		assert_true(domain_is_right());
		fake_reclaim();
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_kernel_arrives_whole_from_every_format),
		TEST(an_elf_image_packed_by_gzip_is_a_kernel_too),
		TEST(an_old_kernel_is_known_by_its_section_when_packed_too),
		TEST(an_old_kernel_that_is_none_is_refused_when_packed_too),
		TEST(a_small_dom0_unpacks_twice_instead_of_keeping),
		TEST(a_dom0_without_memory_says_so),
		TEST(a_file_cut_off_anywhere_is_truncated),
		TEST(a_payload_that_ends_early_is_truncated),
		TEST(a_bit_turned_over_is_noticed),
		TEST(a_size_that_is_a_lie_is_refused),
		TEST(headers_that_cannot_be_used_are_named),
		TEST(headers_inside_must_be_whole_and_in_front),
		TEST(what_is_inside_must_be_a_pv_kernel),
		TEST(a_kernel_that_was_unpacked_once_is_kept),
		TEST(another_file_is_not_mistaken_for_what_is_kept),
		TEST(a_kernel_is_kept_only_beside_much_free_memory),
		TEST(what_is_kept_is_given_back_when_memory_runs_short),
		TEST(keeping_stops_when_the_pool_is_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
