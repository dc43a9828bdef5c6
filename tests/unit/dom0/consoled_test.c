/* SPDX-License-Identifier: MIT */
/*
 * The console daemon and attaching, with guests that are pages of memory and a terminal
 * that the test types on.
 */
#include "dom0/daemonkit.h"

#include "dom0/console.h"
#include "dom0/terminal.h"

#include "pvguest/clock.h"
#include "pvguest/console.h"

/* ---- the terminal ---- */

static char shown[200000];
static size_t shown_len;
static char typed[4096];
static size_t typed_len, typed_taken;
static struct waitq typing;
static enum console_mode mode;

size_t console_write_raw(const void *buf, size_t n)
{
	assert_true(shown_len + n < sizeof(shown));
	memcpy(shown + shown_len, buf, n);
	shown_len += n;
	shown[shown_len] = '\0';
	thread_yield();
	return n;
}

size_t console_write(const void *buf, size_t n)
{
	return console_write_raw(buf, n);
}

void console_set_mode(enum console_mode m)
{
	mode = m;
}

enum console_mode console_get_mode(void)
{
	return mode;
}

size_t terminal_read_to(char last, char *buf, size_t n, uint64_t deadline_ns)
{
	size_t done = 0;

	if (!wait_event_timeout(&typing, typed_taken < typed_len, deadline_ns))
		return 0;
	while (done < n && typed_taken < typed_len && (!done || buf[done - 1] != last))
		buf[done++] = typed[typed_taken++];
	return done;
}

static void type(const char *bytes, size_t n)
{
	assert_true(typed_len + n <= sizeof(typed));
	memcpy(typed + typed_len, bytes, n);
	typed_len += n;
	waitq_wake(&typing);
}

/* ---- guests ---- */

static unsigned int port_of[GUESTS];

static size_t guest_print(domid_t domid, const char *text, size_t n)
{
	struct xencons_interface *page = &guests[domid].console;
	size_t done = 0;

	while (done < n && page->out_prod - page->out_cons < sizeof(page->out))
		page->out[page->out_prod++ % sizeof(page->out)] = text[done++];
	kit_raise(port_of[domid]);
	return done;
}

static size_t guest_read(domid_t domid, char *buf, size_t n)
{
	struct xencons_interface *page = &guests[domid].console;
	size_t done = 0;

	while (done < n && page->in_cons != page->in_prod)
		buf[done++] = page->in[page->in_cons++ % sizeof(page->in)];
	kit_raise(port_of[domid]);
	return done;
}

static void node(domid_t domid, const char *name, const char *value)
{
	char path[64];

	snprintf(path, sizeof(path), "/local/domain/%u/%s", domid, name);
	assert_true(xs_write(xs, XBT_NULL, path, value, (unsigned int)strlen(value)));
}

static void console_nodes(domid_t domid)
{
	char frame[16];
	bool before[64];

	snprintf(frame, sizeof(frame), "%u", FRAME_CONSOLE + domid);
	memcpy(before, kit_open, sizeof(before));
	node(domid, "console/ring-ref", frame);
	node(domid, "console/port", "2");
	settle();
	for (unsigned int i = 0; i < 64; i++)
		if (kit_open[i] && !before[i])
			port_of[domid] = i;
}

/* As xl does it: name, introduction, console. */
static void guest_start(domid_t domid, const char *name)
{
	guest_make(domid);
	node(domid, "name", name);
	assert_true(guest_introduce(domid));
	settle();
	console_nodes(domid);
}

static void guest_end(domid_t domid)
{
	char path[32];

	guests[domid].exists = false;
	snprintf(path, sizeof(path), "/local/domain/%u", domid);
	domain_exception();
	assert_true(xs_rm(xs, XBT_NULL, path));
	settle();
	assert_int_equal(guests[domid].mapped, 0);
}

static const char *last_lines(domid_t domid, unsigned int n)
{
	static char text[512];

	console_last_lines(domid, n, text, sizeof(text));
	return text;
}

static int start(void **state)
{
	return daemonkit_start(state) || consoled_start() ? -1 : 0;
}

static int clear(void **state)
{
	(void)state;
	shown_len = typed_len = typed_taken = 0;
	shown[0] = '\0';
	mode = CONSOLE_LINE;
	return 0;
}

/* ---- draining ---- */

static void output_is_drained_though_nobody_watches(void **state)
{
	char line[32];

	(void)state;
	guest_start(1, "one");
	for (int i = 0; i < 1000; i++) {
		snprintf(line, sizeof(line), "line %04d\r\n", i);
		assert_int_equal(guest_print(1, line, 11), 11);
		settle();
	}
	assert_string_equal(last_lines(1, 2), "line 0998\nline 0999");
	guest_end(1);
}

struct taken {
	domid_t domid;
	uint64_t total;
};

static void note_taken(void *ctx, const struct console_log *log)
{
	struct taken *taken = ctx;

	if (log->alive && log->domid == taken->domid)
		taken->total = log->total;
}

static uint64_t taken_of(domid_t domid)
{
	struct taken taken = { .domid = domid };

	console_log_each(note_taken, &taken);
	return taken.total;
}

/* Its ring is full again whenever the daemon has been there: it gets one turn, as everybody. */
static void a_flood_leaves_other_consoles_their_turn(void **state)
{
	static char words[2048];
	unsigned int rounds = 0;
	uint64_t flood;

	(void)state;
	memset(words, 'x', sizeof(words));
	for (domid_t i = 20; i < 24; i++)
		guest_start(i, "flood");
	guest_start(24, "quiet");
	settle();
	for (domid_t i = 20; i < 24; i++)
		guest_print(i, words, sizeof(words));
	thread_yield();
	flood = taken_of(20);
	guest_print(24, "hello\r\n", 7);
	while (!taken_of(24)) {
		for (domid_t i = 20; i < 24; i++)
			guest_print(i, words, sizeof(words));
		thread_yield();
		assert_true(++rounds < 4);
	}
	assert_true(taken_of(20) - flood <= 4 * sizeof(words));
	for (domid_t i = 20; i < 25; i++)
		guest_end(i);
}

static void last_words_outlive_the_domain(void **state)
{
	(void)state;
	guest_start(2, "two");
	settle();
	guest_print(2, "farewell\r\n", 10);
	guest_end(2);
	assert_string_equal(last_lines(2, 5), "farewell");
	assert_int_equal(console_log_print("two"), 0);
	assert_int_equal(console_log_print("2"), 0);
	assert_int_equal(console_log_print("none"), -ENOENT);
}

static void output_from_before_the_daemon_looked_is_there(void **state)
{
	struct xencons_interface *page = &guests[3].console;

	(void)state;
	guest_make(3);
	node(3, "name", "three");
	assert_true(guest_introduce(3));
	memcpy(page->out, "early", 5);
	page->out_prod = 5;
	console_nodes(3);
	assert_string_equal(last_lines(3, 1), "early");
	guest_end(3);
}

static void a_console_without_grants_is_mapped_by_its_frame(void **state)
{
	(void)state;
	guest_make(4);
	guests[4].no_grants = true;
	node(4, "name", "four");
	assert_true(guest_introduce(4));
	console_nodes(4);
	guest_print(4, "x\n", 2);
	assert_string_equal(last_lines(4, 1), "x");
	guest_end(4);
}

static void impossible_indices_end_a_console_and_no_other(void **state)
{
	(void)state;
	guest_start(5, "five");
	guest_start(6, "six");
	guest_print(5, "before\r\n", 8);
	settle();
	guests[5].console.out_prod = 0x55555555;
	kit_raise(port_of[5]);
	guest_print(6, "fine\r\n", 6);
	settle();
	assert_string_equal(last_lines(5, 3),
			    "before\n\n[console: impossible ring indices, given up]");
	assert_string_equal(last_lines(6, 1), "fine");
	guest_end(5);
	guest_end(6);
}

static void whoever_destroys_a_domain_frees_its_ring_at_once(void **state)
{
	(void)state;
	guest_start(7, "seven");
	guest_print(7, "last\r\n", 6);
	guests[7].exists = false;
	console_domain_gone(7);
	assert_int_equal(guests[7].mapped, 1);	/* xenstore's */
	assert_string_equal(last_lines(7, 1), "last");
	console_domain_gone(7);
	console_domain_gone(99);
	guest_end(7);
}

static void count_log(void *ctx, const struct console_log *log)
{
	unsigned int *counts = ctx;

	counts[log->alive]++;
}

static void the_last_32_dead_are_kept(void **state)
{
	unsigned int counts[2] = { 0 };

	(void)state;
	for (domid_t i = 10; i < 50; i++) {
		guest_start(i, "many");
		guest_print(i, "x\n", 2);
		guest_end(i);
	}
	console_log_each(count_log, counts);
	assert_int_equal(counts[0], 32);
	assert_int_equal(counts[1], 0);
	assert_string_equal(last_lines(2, 1), "");
	assert_string_equal(last_lines(49, 1), "x");
}

/* ---- attaching ---- */

static void in_thread(void (*fn)(void *), void *arg)
{
	struct thread *thread = thread_create("actor", fn, arg);

	assert_non_null(thread);
	thread_detach(thread);
}

static void actor_types_and_leaves(void *arg)
{
	char got[64] = "";

	(void)arg;
	settle();
	type("ls\r", 3);
	settle();
	guest_read(1, got, sizeof(got));
	assert_string_equal(got, "ls\r");
	guest_print(1, "file\r\n", 6);
	settle();
	type("\x1d", 1);
}

static void attaching_shows_what_was_and_then_is_live_both_ways(void **state)
{
	(void)state;
	guest_start(1, "one");
	guest_print(1, "boot\r\nlogin: ", 13);
	settle();
	in_thread(actor_types_and_leaves, NULL);
	assert_int_equal(console_attach(1), 0);
	/* The hypervisor's console adds the CRs again. */
	assert_string_equal(shown, "boot\nlogin: file\n\n");
	assert_int_equal(mode, CONSOLE_LINE);
	assert_int_equal(typed_taken, typed_len);
	guest_end(1);
}

static void actor_dies(void *arg)
{
	(void)arg;
	settle();
	guest_print(1, "bye\r\n", 5);
	guest_end(1);
}

static void the_end_of_the_domain_ends_the_session_after_its_last_words(void **state)
{
	(void)state;
	guest_start(1, "one");
	in_thread(actor_dies, NULL);
	assert_int_equal(console_attach(1), 0);
	assert_string_equal(shown, "bye\n\n");
}

static int unpause(void *ctx)
{
	guest_print(1, "first line\r\n", 12);
	in_thread(actor_dies, NULL);
	return *(int *)ctx;
}

static void attach_then_misses_nothing(void **state)
{
	int result = 0;

	(void)state;
	guest_start(1, "one");
	assert_int_equal(console_attach_then(1, unpause, &result), 0);
	assert_string_equal(shown, "first line\nbye\n\n");
}

static void attach_then_returns_what_starting_returned(void **state)
{
	int result = 7;

	(void)state;
	guest_start(1, "one");
	assert_int_equal(console_attach_then(1, unpause, &result), 7);
	settle();
	settle();
}

static void domains_without_a_console_are_refused(void **state)
{
	(void)state;
	assert_int_equal(console_attach(1), -ENXIO);
	assert_int_equal(console_attach(0), -ENXIO);
	guest_make(1);
	node(1, "name", "one");
	guest_introduce(1);
	assert_int_equal(console_attach(1), -ENXIO);
	guest_end(1);
	assert_string_equal(shown, "");
}

static void actor_pastes(void *arg)
{
	char text[3000], got[3001];
	size_t n = 0;

	(void)arg;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('a' + i % 26);
	settle();
	type(text, sizeof(text));
	settle();
	while (n < sizeof(text)) {
		size_t part = guest_read(1, got + n, 100);

		assert_true(part > 0);
		n += part;
		settle();
	}
	assert_memory_equal(got, text, sizeof(text));
	type("\x1d", 1);
}

static void a_paste_longer_than_the_ring_arrives_whole(void **state)
{
	(void)state;
	guest_start(1, "one");
	in_thread(actor_pastes, NULL);
	assert_int_equal(console_attach(1), 0);
	guest_end(1);
}

static void actor_prints_much(void *arg)
{
	char line[32];

	(void)arg;
	for (int i = 0; i < 9000; i++) {
		snprintf(line, sizeof(line), "%08d\n", i);
		for (size_t done = 0; done < 9;) {
			size_t part = guest_print(1, line + done, 9 - done);

			done += part;
			if (!part)
				thread_yield();
		}
	}
	settle();
	settle();
	type("\x1d", 1);
}

static void a_viewer_misses_no_byte_of_a_talkative_guest(void **state)
{
	(void)state;
	guest_start(1, "one");
	in_thread(actor_prints_much, NULL);
	assert_int_equal(console_attach(1), 0);
	assert_int_equal(shown_len, 9000 * 9 + 1);
	for (int i = 0; i < 9000; i++)
		assert_int_equal(strtol(shown + i * 9, NULL, 10), i);
	guest_end(1);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, clear)
	const struct CMUnitTest tests[] = {
		T(output_is_drained_though_nobody_watches),
		T(a_flood_leaves_other_consoles_their_turn),
		T(last_words_outlive_the_domain),
		T(output_from_before_the_daemon_looked_is_there),
		T(a_console_without_grants_is_mapped_by_its_frame),
		T(impossible_indices_end_a_console_and_no_other),
		T(whoever_destroys_a_domain_frees_its_ring_at_once),
		T(the_last_32_dead_are_kept),
		T(attaching_shows_what_was_and_then_is_live_both_ways),
		T(the_end_of_the_domain_ends_the_session_after_its_last_words),
		T(attach_then_misses_nothing),
		T(attach_then_returns_what_starting_returned),
		T(domains_without_a_console_are_refused),
		T(a_paste_longer_than_the_ring_arrives_whole),
		T(a_viewer_misses_no_byte_of_a_talkative_guest),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
