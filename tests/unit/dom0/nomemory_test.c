// SPDX-License-Identifier: MIT
/*
 * The xenstore daemon and its client in dom0 when memory is out for a moment: one request for memory after the other is
 * refused (the linker puts the test before malloc and calloc). Who asked hears of it, nothing that was done goes untold, and
 * afterwards all is as if it had not happened.
 */
#include "dom0/daemonkit.h"

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);

static unsigned asked, refuse = ~0u;

static bool refused(void)
{
	return asked++ == refuse;
}

void *__wrap_malloc(size_t n)
{
	if (!refused())
		return __real_malloc(n);
	errno = ENOMEM;
	return NULL;
}

void *__wrap_calloc(size_t n, size_t size)
{
	if (!refused())
		return __real_calloc(n, size);
	errno = ENOMEM;
	return NULL;
}

/* Whether it came to that. */
static bool was_refused(void)
{
	bool yes = asked > refuse;

	refuse = ~0u;
	return yes;
}

static void refuse_the(unsigned n)
{
	asked = 0;
	refuse = n;
}

static void assert_value(const char *path, const char *value)
{
	char *now = xs_read(xs, XBT_NULL, path, NULL);

	assert_non_null(now);
	assert_string_equal(now, value);
	free(now);
}

static unsigned events_read(void)
{
	unsigned n = 0;
	char **event;

	settle();
	while ((event = xs_check_watch(xs))) {
		n++;
		free(event);
	}
	return n;
}

static void a_write_succeeds_or_fails_and_the_next_one_works(void **state)
{
	unsigned n = 0, failed = 0;
	bool ok;

	(void)state;
	do {
		refuse_the(n++);
		ok = xs_write(xs, XBT_NULL, "/short/of/memory", "1", 1);
		failed += !ok;
		assert_true(ok || errno == ENOMEM || errno == ENOSPC);
		ok = was_refused();
		assert_true(xs_write(xs, XBT_NULL, "/short/of/memory", "2", 1));
		assert_value("/short/of/memory", "2");
		assert_true(xs_rm(xs, XBT_NULL, "/short"));
	} while (ok);
	assert_true(failed > 3);
}

static void a_change_is_told_of_even_if_there_was_no_memory_for_the_event(void **state)
{
	unsigned n = 0, changes = 0;
	bool more;

	(void)state;
	assert_true(xs_write(xs, XBT_NULL, "/told/of", "0", 1));
	assert_true(xs_watch(xs, "/told", "t"));
	events_read();
	do {
		refuse_the(n++);
		if (xs_write(xs, XBT_NULL, "/told/of", "1", 1)) {
			settle();
			more = was_refused();
			changes++;
			assert_true(events_read() > 0);
		} else {
			more = was_refused();
			events_read();
		}
	} while (more);
	assert_true(changes > 2);
	assert_true(xs_unwatch(xs, "/told", "t"));
	assert_int_equal(events_read(), 0);
}

static void a_transaction_is_begun_or_not(void **state)
{
	bool more = true;

	(void)state;
	for (unsigned n = 0; more; n++) {
		xs_transaction_t t;

		refuse_the(n);
		t = xs_transaction_start(xs);
		more = was_refused();
		if (t)
			assert_true(xs_transaction_end(xs, t, true));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_write_succeeds_or_fails_and_the_next_one_works),
		cmocka_unit_test(a_change_is_told_of_even_if_there_was_no_memory_for_the_event),
		cmocka_unit_test(a_transaction_is_begun_or_not),
	};

	return cmocka_run_group_tests(tests, daemonkit_start, NULL);
}
