/* SPDX-License-Identifier: MIT */
/* The syntax of xl.cfg(5): what is read, and where each error is said to be. */
#include "xl/test.h"

#include <errno.h>

#include "domconf/cfg.h"

static struct cfg cfg;
static struct cfg_error err;

static int setup(void **state)
{
	(void)state;
	cfg_init(&cfg);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	cfg_free(&cfg);
	return 0;
}

static int parse(const char *text)
{
	return cfg_parse(&cfg, "x.cfg", text, strlen(text), &err);
}

static const struct cfg_value *value(const char *key)
{
	struct cfg_setting *s = cfg_find(&cfg, key);

	assert_non_null(s);
	return s->value;
}

static void assert_error(const char *text, const char *message)
{
	struct cfg own;

	cfg_init(&own);
	assert_int_equal(cfg_parse(&own, "x.cfg", text, strlen(text), &err), -EINVAL);
	assert_string_equal(err.text, message);
	cfg_free(&own);
}

static void strings_numbers_and_lists_are_read(void **state)
{
	(void)state;
	assert_int_equal(parse("name = \"one\"\nmemory=32\nhex=0x1F\nminus=-3\n"
			       "disk = [ 'a', \"b\", 7 ]\n"), 0);
	assert_string_equal(value("name")->string, "one");
	assert_int_equal(value("memory")->number, 32);
	assert_int_equal(value("hex")->number, 31);
	assert_int_equal(value("minus")->number, -3);
	assert_int_equal(value("disk")->type, CFG_LIST);
	assert_string_equal(value("disk")->first->string, "a");
	assert_string_equal(value("disk")->first->next->string, "b");
	assert_int_equal(value("disk")->first->next->next->number, 7);
	assert_null(value("disk")->first->next->next->next);
}

static void comments_blank_lines_and_semicolons_are_no_matter(void **state)
{
	(void)state;
	assert_int_equal(parse("\n\n# all of it\r\n a=1 ; b = 2;;\n\t# more\nc='#no' # yes"), 0);
	assert_int_equal(value("a")->number, 1);
	assert_int_equal(value("b")->number, 2);
	assert_string_equal(value("c")->string, "#no");
}

static void an_empty_file_has_no_settings(void **state)
{
	(void)state;
	assert_int_equal(parse(""), 0);
	assert_null(cfg.first);
}

static void the_last_line_needs_no_end(void **state)
{
	(void)state;
	assert_int_equal(parse("a=1"), 0);
	assert_int_equal(value("a")->number, 1);
}

static void lists_may_span_lines_and_end_with_a_comma(void **state)
{
	(void)state;
	assert_int_equal(parse("a = [\n 'x', # first\n\n 'y',\n]\nb=[]\nc=[ \n ]\n"), 0);
	assert_string_equal(value("a")->first->next->string, "y");
	assert_null(value("a")->first->next->next);
	assert_null(value("b")->first);
	assert_null(value("c")->first);
}

static void escapes_are_replaced(void **state)
{
	(void)state;
	assert_int_equal(parse("a=\"\\\"\\\\\\n\\t\\x41\\102\\q\"\nb='it\\'s'\n"), 0);
	assert_string_equal(value("a")->string, "\"\\\n\tABq");
	assert_string_equal(value("b")->string, "it's");
}

static void a_later_setting_replaces_an_earlier_one(void **state)
{
	(void)state;
	assert_int_equal(parse("a=1\nb=2\na='new'\n"), 0);
	assert_string_equal(value("a")->string, "new");
	assert_null(cfg.first->next->next);
}

static void plus_assign_lengthens_lists_and_strings(void **state)
{
	(void)state;
	assert_int_equal(parse("l=['a']\nl+=['b','c']\ns='x'\ns+='y'\nn+=5\n"), 0);
	assert_string_equal(value("l")->first->next->next->string, "c");
	assert_string_equal(value("s")->string, "xy");
	assert_int_equal(value("n")->number, 5);
}

static void plus_assign_refuses_unlike_things(void **state)
{
	(void)state;
	assert_error("s='x'\ns+=5\n", "x.cfg:2:1: '+=' needs a list, or two strings");
	assert_error("n=4\nn+=5\n", "x.cfg:2:1: '+=' needs a list, or two strings");
}

static void every_syntax_error_has_its_place(void **state)
{
	(void)state;
	assert_error("name=\"bad\"\nmemory=\nkernel=[1,\n",
		     "x.cfg:2:8: syntax error, unexpected end of line, expecting a string or "
		     "a number or '['");
	assert_error("kernel=[1,\n",
		     "x.cfg:2:1: syntax error, unexpected end of file, expecting end of line or "
		     "a string or a number or ']'");
	assert_error("a 1\n", "x.cfg:1:3: syntax error, unexpected a number, expecting '+=' or '='");
	assert_error("=1\n", "x.cfg:1:1: syntax error, unexpected '=', expecting end of file or "
		     "end of line or a key or ';'");
	assert_error("a=1 b=2\n", "x.cfg:1:5: syntax error, unexpected a key, expecting end of "
		     "file or end of line or ';'");
	assert_error("a=[1 2]\n", "x.cfg:1:6: syntax error, unexpected a number, expecting end of line "
		     "or ']' or ','");
	assert_error("a=[[1]]\n", "x.cfg:1:4: syntax error, unexpected '[', expecting end of line or "
		     "a string or a number or ']'");
	assert_error("a='x\nb=1\n", "x.cfg:1:3: the string has no end on its line");
	assert_error("a=32m\n", "x.cfg:1:3: '32m' is not a number");
	assert_error("a=99999999999999999999\n", "x.cfg:1:3: the number is too large");
	assert_error("a=$\n", "x.cfg:1:3: unexpected character '$'");
	assert_error("a=\001\n", "x.cfg:1:3: unexpected byte 0x01");
	assert_error("a=True\n", "x.cfg:1:3: syntax error, unexpected a key, expecting a string "
		     "or a number or '['");
}

static void a_nul_byte_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(cfg_parse(&cfg, "x.cfg", "a=1\n\0b=2\n", 10, &err), -EINVAL);
	assert_string_equal(err.text, "x.cfg:2:1: unexpected byte 0x00");
}

static void a_huge_file_is_refused(void **state)
{
	size_t size = 2 << 20;
	char *text = malloc(size);

	(void)state;
	memset(text, '\n', size);
	assert_int_equal(cfg_parse(&cfg, "x.cfg", text, size, &err), -EINVAL);
	assert_string_equal(err.text, "x.cfg: larger than 1 MiB, no configuration");
	free(text);
}

static void settings_know_where_they_stand(void **state)
{
	struct cfg_setting *s;

	(void)state;
	assert_int_equal(parse("\n  a=1\n"), 0);
	s = cfg_find(&cfg, "a");
	assert_int_equal(s->place.line, 2);
	assert_int_equal(s->place.column, 3);
	assert_string_equal(s->origin, "x.cfg");
}

static void overrides_replace_what_the_file_says(void **state)
{
	(void)state;
	assert_int_equal(parse("memory=32\nname='x'\n"), 0);
	assert_int_equal(cfg_override(&cfg, "memory=64", &err), 0);
	assert_int_equal(cfg_override(&cfg, "name=\"y\"", &err), 0);
	assert_int_equal(cfg_override(&cfg, "l=['a']", &err), 0);
	assert_int_equal(value("memory")->number, 64);
	assert_string_equal(value("name")->string, "y");
	assert_string_equal(value("l")->first->string, "a");
}

static void overrides_without_quotes_are_strings(void **state)
{
	(void)state;
	assert_int_equal(cfg_override(&cfg, "name=two", &err), 0);
	assert_int_equal(cfg_override(&cfg, "extra=a b=c", &err), 0);
	assert_int_equal(cfg_override(&cfg, "extra+= d", &err), 0);
	assert_int_equal(cfg_override(&cfg, "kernel=/guests/x", &err), 0);
	assert_int_equal(cfg_override(&cfg, "uuid=4f-1", &err), 0);
	assert_string_equal(value("name")->string, "two");
	assert_string_equal(value("extra")->string, "a b=c d");
	assert_string_equal(value("kernel")->string, "/guests/x");
	assert_string_equal(value("uuid")->string, "4f-1");
}

static void overrides_that_are_none_are_refused(void **state)
{
	(void)state;
	assert_int_equal(cfg_override(&cfg, "name", &err), -EINVAL);
	assert_string_equal(err.text, "'name' is not of the form key=value");
	assert_int_equal(cfg_override(&cfg, "=x", &err), -EINVAL);
	assert_int_equal(cfg_override(&cfg, "a b=x", &err), -EINVAL);
	assert_int_equal(cfg_override(&cfg, "a=['x'", &err), -EINVAL);
	assert_string_equal(err.text, "<command line>:1:7: syntax error, unexpected end of file, "
			    "expecting end of line or ']' or ','");
}

/* Every text cut short anywhere gives an answer, and ASan sees no leak. */
static void any_beginning_of_a_file_is_survived(void **state)
{
	static const char text[] = "name = \"o\\x41ne\"\nl = [ 'a',\n\"b\", 0x7 ]; n += -5 # c\n";

	(void)state;
	for (size_t n = 0; n < sizeof(text); n++) {
		struct cfg own;

		cfg_init(&own);
		cfg_parse(&own, "x.cfg", text, n, &err);
		cfg_free(&own);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(strings_numbers_and_lists_are_read),
		TEST(comments_blank_lines_and_semicolons_are_no_matter),
		TEST(an_empty_file_has_no_settings),
		TEST(the_last_line_needs_no_end),
		TEST(lists_may_span_lines_and_end_with_a_comma),
		TEST(escapes_are_replaced),
		TEST(a_later_setting_replaces_an_earlier_one),
		TEST(plus_assign_lengthens_lists_and_strings),
		TEST(plus_assign_refuses_unlike_things),
		TEST(every_syntax_error_has_its_place),
		TEST(a_nul_byte_is_an_error),
		TEST(a_huge_file_is_refused),
		TEST(settings_know_where_they_stand),
		TEST(overrides_replace_what_the_file_says),
		TEST(overrides_without_quotes_are_strings),
		TEST(overrides_that_are_none_are_refused),
		TEST(any_beginning_of_a_file_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
