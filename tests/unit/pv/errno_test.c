// SPDX-License-Identifier: MIT
#include "kit.h"

#include <errno.h>
#include <string.h>

#include <pvguest/errno.h>

static void numbers_become_the_c_librarys(void **state)
{
	(void)state;
	assert_int_equal(errno_from_xen(-XEN_ENOSYS), ENOSYS);
	assert_int_equal(errno_from_xen(XEN_ENOTCONN), ENOTCONN);
	assert_int_equal(errno_from_xen(0), 0);
	assert_int_equal(errno_from_xen(-4095), EIO);
}

static void numbers_come_back(void **state)
{
	(void)state;
	assert_int_equal(errno_to_xen(ENOENT), XEN_ENOENT);
	assert_int_equal(errno_to_xen(EAGAIN), XEN_EAGAIN);
	assert_int_equal(errno_to_xen(0), 0);
	assert_int_equal(errno_to_xen(4095), XEN_EIO);
}

static void names_and_numbers_match(void **state)
{
	(void)state;
	assert_string_equal(errno_xen_name(-XEN_EBUSY), "EBUSY");
	assert_string_equal(errno_xen_name(4095), "E?");
	assert_int_equal(errno_xen_number("EISDIR"), XEN_EISDIR);
	assert_int_equal(errno_xen_number("EWHAT"), 0);
}

static void every_number_has_a_text(void **state)
{
	(void)state;
	assert_string_equal(errno_xen_text(-XEN_ENOMEM), "out of memory");
	assert_string_equal(errno_xen_text(0), "no error");
	assert_string_equal(errno_xen_text(XEN_EILSEQ), "EILSEQ");
	assert_string_equal(errno_xen_text(-99999), "E?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_become_the_c_librarys),
		cmocka_unit_test(numbers_come_back),
		cmocka_unit_test(names_and_numbers_match),
		cmocka_unit_test(every_number_has_a_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
