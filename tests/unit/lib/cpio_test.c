// SPDX-License-Identifier: MIT
/* Walking archives that are sound, cut off, and malformed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cpio_image.h"
#include "hv/cpio.h"
#include "hv/str.h"

static struct cpio_image image;

static int start(void **state)
{
	(void)state;
	cpio_image_start(&image);
	cpio_image_add(&image, ".", 040755, NULL, 0);
	cpio_image_add(&image, "./etc", 040755, NULL, 0);
	cpio_image_add(&image, "./etc/rc", 0100644, "hello", 5);
	cpio_image_add(&image, "/dom0", 0100755, "kernel!", 7);
	cpio_image_end(&image);
	return 0;
}

static void entries_come_in_order_with_plain_names(void **state)
{
	static const char *const names[] = { ".", "etc", "etc/rc", "dom0" };
	struct cpio_entry entry;
	struct cpio cpio;

	(void)state;
	assert_true(cpio_has_magic(image.bytes, image.size));
	cpio_open(&cpio, image.bytes, image.size);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(cpio_next(&cpio, &entry), 1);
		assert_string_equal(entry.name, names[i]);
	}
	assert_int_equal(entry.mode, 0100755);
	assert_int_equal(entry.size, 7);
	assert_memory_equal(entry.data, "kernel!", 7);
	assert_int_equal(entry.mtime, 0x5f000000);
	assert_int_equal(cpio_next(&cpio, &entry), 0);
	assert_int_equal(cpio_next(&cpio, &entry), 0);
}

static void files_are_found_whatever_their_prefix(void **state)
{
	struct cpio_entry entry;

	(void)state;
	assert_null(cpio_find(image.bytes, image.size, "etc/rc", &entry));
	assert_memory_equal(entry.data, "hello", 5);
	assert_null(cpio_find(image.bytes, image.size, "./dom0", &entry));
	assert_null(cpio_find(image.bytes, image.size, "/dom0", &entry));
	assert_string_equal(cpio_find(image.bytes, image.size, "etc", &entry),
			    "no such file in the archive");
	assert_string_equal(cpio_find(image.bytes, image.size, "rc", &entry),
			    "no such file in the archive");
}

static int walk(const uint8_t *bytes, size_t size, const char **error)
{
	uint8_t *copy = malloc(size + 1);	/* its exact size, for the sanitizer */
	struct cpio_entry entry;
	struct cpio cpio;
	int more;

	memcpy(copy + 1, bytes, size);
	cpio_open(&cpio, copy + 1, size);
	while ((more = cpio_next(&cpio, &entry)) > 0) {
		size_t sum = str_len(entry.name);

		for (size_t i = 0; i < entry.size; i++)
			sum += entry.data[i];
		assert_true(sum > 0);
	}
	assert_int_equal(cpio_next(&cpio, &entry), more);
	*error = cpio.error;
	free(copy);
	return more;
}

static void every_cut_ends_with_a_reason(void **state)
{
	const char *error;

	(void)state;
	for (size_t size = 0; size < image.size - 3; size++) {
		assert_int_equal(walk(image.bytes, size, &error), -1);
		assert_non_null(strstr(error, "cut off"));
	}
	assert_int_equal(walk(image.bytes, image.size, &error), 0);
}

static void malformed_headers_are_named(void **state)
{
	const char *error;

	(void)state;
	image.bytes[5] = '9';
	assert_false(cpio_has_magic(image.bytes, image.size));
	assert_int_equal(walk(image.bytes, image.size, &error), -1);
	assert_string_equal(error, "cpio archive has a malformed header");
	start(NULL);
	image.bytes[60] = 'g';
	assert_int_equal(walk(image.bytes, image.size, &error), -1);
	assert_string_equal(error, "cpio archive has a malformed header");
	start(NULL);
	memcpy(image.bytes + 94, "00000000", 8);	/* no name */
	assert_int_equal(walk(image.bytes, image.size, &error), -1);
	start(NULL);
	memcpy(image.bytes + 94, "ffffffff", 8);	/* a name of 4 GiB */
	assert_int_equal(walk(image.bytes, image.size, &error), -1);
	assert_string_equal(error, "cpio archive is cut off in a name");
	start(NULL);
	memcpy(image.bytes + 54, "FFFFFFFF", 8);	/* a file of 4 GiB */
	assert_int_equal(walk(image.bytes, image.size, &error), -1);
	assert_string_equal(error, "cpio archive is cut off in a file");
	start(NULL);
	image.bytes[110] = '\0';			/* a name shorter than it says... */
	image.bytes[101] = '5';
	assert_int_equal(walk(image.bytes, image.size, &error), -1);
	assert_string_equal(error, "cpio archive has a malformed name");
}

static void a_broken_archive_hides_no_earlier_file(void **state)
{
	struct cpio_entry entry;

	(void)state;
	image.size -= 60;	/* cut in the trailer */
	assert_null(cpio_find(image.bytes, image.size, "dom0", &entry));
	assert_string_equal(cpio_find(image.bytes, image.size, "x", &entry),
			    "cpio archive is cut off in a header");
}

#define TEST(name) cmocka_unit_test_setup(name, start)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(entries_come_in_order_with_plain_names),
		TEST(files_are_found_whatever_their_prefix),
		TEST(every_cut_ends_with_a_reason),
		TEST(malformed_headers_are_named),
		TEST(a_broken_archive_hides_no_earlier_file),
	};

	return cmocka_run_group_tests_name("lib_cpio", tests, NULL, NULL);
}
