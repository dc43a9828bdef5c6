// SPDX-License-Identifier: MIT
/* domctl get_domain_state: which domains have changed. */
#include "world.h"

#include <hv/domstate.h>

static struct xen_domctl op;

/* The one operation with a version of its own. */
static long state_of(domid_t dom)
{
	memset(&op, 0, sizeof(op));
	op.cmd = DOMCTL_get_domain_state;
	op.interface_version = DOMCTL_STATE_VERSION;
	op.domain = dom;
	return do_domctl((uintptr_t)&op, 0, 0, 0, 0);
}

static void only_the_control_domain_may_ask(void **state)
{
	(void)state;
	world_caller(1);
	assert_int_equal(state_of(2), -XEN_EPERM);
	assert_int_equal(state_of(DOMID_INVALID), -XEN_EPERM);
}

static void another_control_domain_cannot_take_the_news_away(void **state)
{
	(void)state;
	domstate_changed(1);
	world_dom_exc = &machine_domain[1];
	assert_int_equal(state_of(DOMID_INVALID), -XEN_EACCES);
	assert_int_equal(state_of(1), 0);
	world_dom_exc = &machine_domain[0];
	assert_int_equal(state_of(DOMID_INVALID), 0);
	assert_int_equal(op.domain, 1);
}

static void who_asks_what_has_changed_hears_of_each_once(void **state)
{
	const struct domctl_get_domain_state *s = (const void *)&op.u;

	(void)state;
	while (!state_of(DOMID_INVALID))
		;
	assert_int_equal(state_of(DOMID_INVALID), -XEN_ENOENT);
	domstate_changed(2);
	domstate_changed(1);
	domstate_changed(2);
	domstate_changed(32751);
	domstate_changed(DOMID_SELF);
	assert_int_equal(state_of(DOMID_INVALID), 0);
	assert_int_equal(op.domain, 1);
	assert_int_equal(s->state, DOMSTATE_EXIST);
	assert_int_equal(state_of(DOMID_INVALID), 0);
	assert_int_equal(op.domain, 2);
	assert_int_equal(state_of(DOMID_INVALID), 0);
	assert_int_equal(op.domain, 32751);
	assert_int_equal(s->state, 0);
	assert_int_equal(state_of(DOMID_INVALID), -XEN_ENOENT);
}

static void the_state_of_a_domain_is_told(void **state)
{
	const struct domctl_get_domain_state *s = (const void *)&op.u;

	(void)state;
	assert_int_equal(state_of(9), -XEN_ESRCH);
	assert_int_equal(domctl(&op, DOMCTL_get_domain_state, 1), -XEN_EACCES);
	assert_int_equal(state_of(1), 0);
	assert_int_equal(s->state, DOMSTATE_EXIST);
	machine_domain[1].life.state = LIFE_SHUT;
	assert_int_equal(state_of(1), 0);
	assert_int_equal(s->state, DOMSTATE_EXIST | DOMSTATE_SHUTDOWN);
	machine_domain[1].life.state = LIFE_DYING;
	machine_domain[1].life.code = LIFE_NO_CODE;
	assert_int_equal(state_of(1), 0);
	assert_int_equal(s->state, DOMSTATE_EXIST | DOMSTATE_DYING);
	machine_domain[1].life.state = LIFE_DEAD;
	assert_int_equal(state_of(1), 0);
	assert_int_equal(s->state, DOMSTATE_EXIST | DOMSTATE_DYING | DOMSTATE_DEAD);
	((struct domctl_get_domain_state *)&op.u)->zero1 = 1;
	assert_int_equal(do_domctl((uintptr_t)&op, 0, 0, 0, 0), -XEN_EINVAL);
}

#define T(f) cmocka_unit_test_setup_teardown(f, world_start, world_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(only_the_control_domain_may_ask),
		T(another_control_domain_cannot_take_the_news_away),
		T(who_asks_what_has_changed_hears_of_each_once),
		T(the_state_of_a_domain_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
