// SPDX-License-Identifier: MIT
/* The configuration format: what is read, and the line and reason of each error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "hv/conf.h"

static const char sample[] =
	"# Xen's own example\r\n"
	"early=1\n"
	"\n"
	"[global]\n"
	"default = main   # the usual one\n"
	"; old style comment = x\n"
	"[empty]\n"
	"  [main]  \n"
	"options=console=com1 com1=115200,8n1\t\n"
	"kernel= dom0 root=/dev/ram0 a=b  \n"
	"ramdisk=\n"
	"[other]\n"
	"kernel=vmlinux";

static bool value_is(const char *section, const char *key, const char *value)
{
	struct conf_item item;

	return conf_find(sample, sizeof(sample) - 1, section, key, &item) &&
	       str_span_equal(item.value, value);
}

static void values_are_found_in_their_section(void **state)
{
	(void)state;
	assert_true(value_is("global", "default", "main"));
	assert_true(value_is("main", "options", "console=com1 com1=115200,8n1"));
	assert_true(value_is("main", "kernel", "dom0 root=/dev/ram0 a=b"));
	assert_true(value_is("main", "ramdisk", ""));
	assert_true(value_is("other", "kernel", "vmlinux"));
	assert_true(value_is("", "early", "1"));
	assert_false(value_is("other", "options", ""));
	assert_false(value_is("mai", "kernel", "vmlinux"));
}

static void without_a_section_the_first_value_counts(void **state)
{
	(void)state;
	assert_true(value_is(NULL, "kernel", "dom0 root=/dev/ram0 a=b"));
	assert_false(value_is(NULL, "missing", ""));
}

static void sections_are_known_even_when_empty(void **state)
{
	size_t size = sizeof(sample) - 1;

	(void)state;
	assert_true(conf_has_section(sample, size, "empty"));
	assert_true(conf_has_section(sample, size, "main"));
	assert_true(conf_has_section(sample, size, "other"));
	assert_false(conf_has_section(sample, size, "xen"));
}

static void items_know_their_line(void **state)
{
	struct conf_item item;

	(void)state;
	assert_true(conf_find(sample, sizeof(sample) - 1, "main", "kernel", &item));
	assert_int_equal(item.line, 10);
}

static void assert_error(const char *text, size_t size, unsigned line, const char *reason)
{
	struct conf_error error = { 0, "" };

	assert_false(conf_check(text, size, &error));
	assert_int_equal(error.line, line);
	assert_string_equal(error.reason, reason);
}

#define ERROR(text, line, reason) assert_error(text, sizeof(text) - 1, line, reason)

static void errors_have_their_line_and_reason(void **state)
{
	struct conf_error error;

	(void)state;
	assert_true(conf_check(sample, sizeof(sample) - 1, &error));
	assert_true(conf_check("", 0, &error));
	ERROR("a=1\nnonsense\n", 2, "neither a section, a setting (key=value) nor a comment");
	ERROR("\n\n[main\nkernel=x", 3, "a section name without its closing bracket");
	ERROR("[", 1, "a section name without its closing bracket");
	ERROR("[ ]", 1, "an empty section name");
	ERROR("x=1\n =2", 2, "a setting without a key before '='");
	ERROR("my key=2", 1, "a key with a space in it");
	ERROR("a=1\nb=\x01", 2, "a character that is not printable ASCII");
	ERROR("a=1\rb=2\n", 1, "a character that is not printable ASCII");
	ERROR("\xff\xfe[\0g\0", 1, "a character that is not printable ASCII");
	ERROR("a=\0\n", 1, "a character that is not printable ASCII");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_found_in_their_section),
		cmocka_unit_test(without_a_section_the_first_value_counts),
		cmocka_unit_test(sections_are_known_even_when_empty),
		cmocka_unit_test(items_know_their_line),
		cmocka_unit_test(errors_have_their_line_and_reason),
	};

	return cmocka_run_group_tests_name("lib_conf", tests, NULL, NULL);
}
