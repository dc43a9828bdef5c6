// SPDX-License-Identifier: MIT
/* The console over a ring whose other side is the test. */
#include "kit.h"

#include <stdlib.h>
#include <string.h>

#include <pvguest/clock.h>
#include <pvguest/console.h>
#include <pvguest/memory.h>
#include <pvguest/thread.h>

#include <xen/io/console.h>

#define PORT 7

static struct xencons_interface *page;
static char seen[8192];
static size_t seen_len;

unsigned long mfn_to_pfn(unsigned long mfn)
{
	return mfn;
}

/* The peer takes what is there whenever the guest blocks. */
static void drain(void)
{
	if (page->out_cons == page->out_prod)
		return;
	while (page->out_cons != page->out_prod)
		seen[seen_len++] = page->out[page->out_cons++ % sizeof(page->out)];
	kit_raise(PORT);
}

static void type(const char *text)
{
	while (*text)
		page->in[page->in_prod++ % sizeof(page->in)] = *text++;
	kit_raise(PORT);
}

static int setup(void **state)
{
	kit_setup(state);
	page = aligned_alloc(4096, 4096);
	memset(page, 0, 4096);
	seen_len = 0;
	memset(seen, 0, sizeof(seen));
	pv_start_info->console.domU.mfn = (unsigned long)page >> PAGE_SHIFT;
	pv_start_info->console.domU.evtchn = PORT;
	kit_on_block = drain;
	console_init();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(page);
	return 0;
}

static void newlines_are_sent_as_two_bytes(void **state)
{
	(void)state;
	assert_int_equal(console_write("a\n\nb", 4), 4);
	drain();
	assert_string_equal(seen, "a\r\n\r\nb");
	assert_int_equal(kit_sends[PORT] > 0, 1);
	console_write_raw("\n", 1);
	drain();
	assert_string_equal(seen, "a\r\n\r\nb\n");
}

static void a_writer_waits_for_room(void **state)
{
	static char big[5000];

	(void)state;
	memset(big, 'x', sizeof(big));
	assert_int_equal(console_write(big, sizeof(big)), sizeof(big));
	drain();
	assert_int_equal(seen_len, sizeof(big));
	assert_true(kit_blocks >= 2);
}

static void writes_big(void *arg)
{
	char text[3000];

	memset(text, *(char *)arg, sizeof(text));
	console_write(text, sizeof(text));
}

static void two_writers_do_not_mix(void **state)
{
	struct thread *a = thread_create("a", writes_big, "a");
	struct thread *b = thread_create("b", writes_big, "b");

	(void)state;
	thread_join(a);
	thread_join(b);
	drain();
	assert_int_equal(seen_len, 6000);
	for (int i = 0; i < 6000; i++)
		assert_int_equal(seen[i], i < 3000 ? 'a' : 'b');
}

static void a_lying_peer_costs_output_and_nothing_else(void **state)
{
	(void)state;
	page->out_cons = 12345;
	assert_int_equal(console_write("abc", 3), 3);
	page->in_prod = 99999;
	assert_false(console_readable());
	console_emergency("x", 1);
}

static void input_comes_byte_by_byte_or_not_at_all(void **state)
{
	char buf[8];

	(void)state;
	assert_int_equal(console_getc(deadline_in(100)), -1);
	type("xyz");
	assert_int_equal(console_getc(0), 'x');
	assert_int_equal(console_read(buf, sizeof(buf), 0), 2);
	assert_memory_equal(buf, "yz", 2);
	assert_int_equal(console_read(buf, sizeof(buf), deadline_in(100)), 0);
}

static void a_line_is_edited_and_echoed(void **state)
{
	char line[32];

	(void)state;
	type("helx\x7flo wrld\x17world\r");
	assert_int_equal(console_read_line(line, sizeof(line)), 11);
	assert_string_equal(line, "hello world");
	drain();
	assert_non_null(strstr(seen, "helx\b \blo wrld"));
	assert_non_null(strstr(seen, "world\r\n"));
}

static void every_line_end_is_one(void **state)
{
	char line[32];

	(void)state;
	type("a\r\nb\nc\r\r");
	assert_int_equal(console_read_line(line, sizeof(line)), 1);
	assert_int_equal(console_read_line(line, sizeof(line)), 1);
	assert_string_equal(line, "b");
	assert_int_equal(console_read_line(line, sizeof(line)), 1);
	assert_string_equal(line, "c");
	assert_int_equal(console_read_line(line, sizeof(line)), 0);
}

static void a_long_line_is_cut(void **state)
{
	char line[4];

	(void)state;
	type("abcdef\x15xyzz\r");
	assert_int_equal(console_read_line(line, sizeof(line)), 3);
	assert_string_equal(line, "xyz");
}

static void control_d_ends_input(void **state)
{
	char line[8];

	(void)state;
	type("a\x04\r\x04");
	assert_int_equal(console_read_line(line, sizeof(line)), 1);
	assert_int_equal(console_read_line(line, sizeof(line)), -1);
}

static void flushing_gives_up_in_time(void **state)
{
	uint64_t before = clock_monotonic_ns();

	(void)state;
	console_write("abc", 3);
	kit_on_block = NULL;
	console_flush(1000);
	assert_int_equal(clock_monotonic_ns(), before + 1000);
}

static void emergency_output_does_not_wait_for_a_dead_peer(void **state)
{
	(void)state;
	page->out_prod = page->out_cons + sizeof(page->out) - 2;
	kit_yield_ns = 1000000;
	console_emergency("abcd", 4);
	assert_int_equal(page->out_prod - page->out_cons, sizeof(page->out));
	assert_int_equal(kit_blocks, 0);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(newlines_are_sent_as_two_bytes),
		TEST(a_writer_waits_for_room),
		TEST(two_writers_do_not_mix),
		TEST(a_lying_peer_costs_output_and_nothing_else),
		TEST(input_comes_byte_by_byte_or_not_at_all),
		TEST(a_line_is_edited_and_echoed),
		TEST(every_line_end_is_one),
		TEST(a_long_line_is_cut),
		TEST(control_d_ends_input),
		TEST(flushing_gives_up_in_time),
		TEST(emergency_output_does_not_wait_for_a_dead_peer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
