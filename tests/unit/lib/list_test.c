// SPDX-License-Identifier: MIT
/* The intrusive list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "hv/list.h"

struct item {
	int n;
	struct list link;
};

static struct item items[4] = { { .n = 0 }, { .n = 1 }, { .n = 2 }, { .n = 3 } };

/* The numbers in the list as decimal digits, backwards links checked on the way. */
static int digits(struct list *head)
{
	struct item *item;
	int sum = 0;

	list_for_each(item, head, link) {
		assert_ptr_equal(item->link.prev->next, &item->link);
		assert_ptr_equal(item->link.next->prev, &item->link);
		sum = sum * 10 + item->n;
	}
	return sum;
}

static void members_stand_in_the_order_of_their_adding(void **state)
{
	struct list head = LIST_INIT(head);

	(void)state;
	assert_true(list_is_empty(&head));
	assert_null(list_first(&head, struct item, link));
	list_add_tail(&head, &items[2].link);
	list_add_tail(&head, &items[3].link);
	list_add(&head, &items[1].link);
	assert_int_equal(digits(&head), 123);
	assert_ptr_equal(list_first(&head, struct item, link), &items[1]);
}

static void deleting_twice_does_no_harm(void **state)
{
	struct list head = LIST_INIT(head);

	(void)state;
	for (int i = 1; i < 4; i++)
		list_add_tail(&head, &items[i].link);
	list_del(&items[2].link);
	list_del(&items[2].link);
	assert_true(list_is_empty(&items[2].link));
	assert_int_equal(digits(&head), 13);
}

static void a_safe_walk_allows_deleting(void **state)
{
	struct list head = LIST_INIT(head);
	struct item *item, *tmp;

	(void)state;
	for (int i = 1; i < 4; i++)
		list_add_tail(&head, &items[i].link);
	list_for_each_safe(item, tmp, &head, link) {
		if (item->n != 2)
			list_del(&item->link);
	}
	assert_int_equal(digits(&head), 2);
}

static void splicing_moves_all_to_the_end(void **state)
{
	struct list a = LIST_INIT(a), b = LIST_INIT(b);

	(void)state;
	list_add_tail(&a, &items[1].link);
	list_add_tail(&b, &items[2].link);
	list_add_tail(&b, &items[3].link);
	list_splice_tail(&a, &b);
	assert_int_equal(digits(&a), 123);
	assert_true(list_is_empty(&b));
	list_splice_tail(&a, &b);
	assert_int_equal(digits(&a), 123);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_stand_in_the_order_of_their_adding),
		cmocka_unit_test(deleting_twice_does_no_harm),
		cmocka_unit_test(a_safe_walk_allows_deleting),
		cmocka_unit_test(splicing_moves_all_to_the_end),
	};

	return cmocka_run_group_tests_name("lib_list", tests, NULL, NULL);
}
