// SPDX-License-Identifier: MIT
/* The life of a domain under every order of events: which moves there are, and how often dom0 hears. */
#include "harness/harness.h"

#include <hv/check.h>
#include <hv/lifecycle.h>
#include <xen/sched.h>

static struct life life;
static unsigned told;		/* how often dom0 heard of this shutdown */

/* What must hold of a move from one state to another, whatever came before. */
static void check_move(const struct life *before, const struct life *after)
{
	if (before->state == LIFE_DEAD)
		assert_int_equal(after->state, LIFE_DEAD);
	if (before->state >= LIFE_DYING)
		assert_true(after->state >= LIFE_DYING);
	if (after->state == LIFE_SHUT && before->state != LIFE_SHUT)
		assert_int_equal(before->state, LIFE_SHUTTING);
	if (after->state == LIFE_SHUTTING || after->state == LIFE_SHUT)
		assert_int_not_equal(after->code, LIFE_NO_CODE);
	if (after->state == LIFE_ALIVE && !after->holds)
		assert_false(life_is_stopped(after));
	else
		assert_true(life_is_stopped(after));
	if (before->started)
		assert_true(after->started);
	assert_true(after->holds <= LIFE_HOLDS_MAX);
	assert_true(after->code <= UINT8_MAX || after->code == LIFE_NO_CODE);
}

/* True when the call says that something has moved. */
static bool event(void)
{
	switch (choose(8)) {
	case 0:
		return life_hold(&life) == 0;
	case 1:
		return life_release(&life) == 0;
	case 2:
		return life_shutdown(&life, choose(2) ? SHUTDOWN_poweroff : SHUTDOWN_crash);
	case 3:
		if (!life_stopped(&life))
			return false;
		told++;
		return true;
	case 4:
		if (!life_resume(&life))
			return false;
		told = 0;
		return true;
	case 5:
		return life_kill(&life);
	case 6:
		if (life.state != LIFE_DYING)
			return false;
		life_gone(&life);
		return true;
	default:
		life_latch_code(&life, SHUTDOWN_reboot);
		return false;
	}
}

static void step(void)
{
	struct life before = life;
	bool moved = event();

	check_move(&before, &life);
	if (!moved)
		assert_int_equal(before.state, life.state);
	assert_true(told <= 1);
}

static void start(void)
{
	life_init(&life);
	told = 0;
}

static void end(void)
{
	if (life_kill(&life))
		assert_int_equal(life.state, LIFE_DYING);
	if (life.state == LIFE_DYING)
		life_gone(&life);
	assert_false(life_kill(&life) || life_resume(&life) || life_shutdown(&life, 0));
	assert_int_equal(life.state, LIFE_DEAD);
}

static void save(void *state)
{
	*(struct life *)state = life;
	((struct life *)state)[1].holds = told;
}

static void restore(const void *state)
{
	life = *(const struct life *)state;
	told = ((const struct life *)state)[1].holds;
}

const struct harness harness = {
	.name = "the life of a domain",
	.start = start,
	.step = step,
	.end = end,
	.steps = 6,
	.at_least = 2000,	/* histories, and states that the search meets */
	.chances = 20,
	.chance_steps = 2000,
	.state_size = 2 * sizeof(struct life),
	.states_max = 20000,
	.save = save,
	.restore = restore,
};
