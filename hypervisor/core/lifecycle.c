// SPDX-License-Identifier: MIT
/*
 * The moves of a domain's life (the picture is in the header). They are decided
 * here, apart from locks and clean-up, so that every order of events can be
 * tried in a test.
 */
#include <hv/lifecycle.h>

#include <hv/check.h>
#include <hv/vcpu.h>

void life_init(struct life *l)
{
	l->state = LIFE_ALIVE;
	l->code = LIFE_NO_CODE;
	l->holds = 1;
	l->started = false;
}

int life_hold(struct life *l)
{
	if (l->holds >= LIFE_HOLDS_MAX)
		return -XEN_EOVERFLOW;
	l->holds++;
	return 0;
}

int life_release(struct life *l)
{
	if (!l->holds)
		return -XEN_EINVAL;
	l->holds--;
	if (!l->holds)
		l->started = true;
	return 0;
}

void life_latch_code(struct life *l, unsigned code)
{
	if (l->code == LIFE_NO_CODE)
		l->code = (uint8_t)code;
}

bool life_shutdown(struct life *l, unsigned code)
{
	life_latch_code(l, code);
	if (l->state != LIFE_ALIVE)
		return false;
	l->state = LIFE_SHUTTING;
	return true;
}

bool life_stopped(struct life *l)
{
	if (l->state != LIFE_SHUTTING)
		return false;
	l->state = LIFE_SHUT;
	return true;
}

bool life_resume(struct life *l)
{
	if (l->state == LIFE_ALIVE)
		l->code = LIFE_NO_CODE;
	if (l->state != LIFE_SHUTTING && l->state != LIFE_SHUT)
		return false;
	l->state = LIFE_ALIVE;
	l->code = LIFE_NO_CODE;
	return true;
}

bool life_kill(struct life *l)
{
	if (l->state == LIFE_DYING || l->state == LIFE_DEAD)
		return false;
	l->state = LIFE_DYING;
	return true;
}

void life_gone(struct life *l)
{
	CHECK(l->state == LIFE_DYING);
	l->state = LIFE_DEAD;
}

bool life_is_stopped(const struct life *l)
{
	return l->state != LIFE_ALIVE || l->holds;
}

int life_runstate(uint32_t pause_flags, uint32_t holds, bool on_cpu)
{
	if (on_cpu)
		return RUNSTATE_running;
	if (pause_flags & VPF_BLOCKED)
		return RUNSTATE_blocked;
	if (pause_flags || holds)
		return RUNSTATE_offline;
	return RUNSTATE_runnable;
}
