// SPDX-License-Identifier: MIT
/*
 * set_timer_op: the single-shot timer of the calling vCPU, by its old name. Like
 * Xen it takes a time that has wrapped below zero, or lies more than 13 days ahead,
 * for the slip of an old kernel that either has work to do now or none at all, and
 * fires in 100 ms.
 */
#include <hv/hypercall.h>

#include <hv/arch.h>
#include <hv/time.h>
#include <hv/vcpu.h>

#define FAR_AHEAD (1ULL << 50)	/* ns */
#define MIDDLE_GROUND 100000000ULL

long do_set_timer_op(uint64_t timeout, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	struct vcpu *v = current_vcpu();
	uint64_t now;

	(void)a2, (void)a3, (void)a4, (void)a5;
	if (!timeout) {
		timer_stop(&v->singleshot_timer);
		return 0;
	}
	now = arch_now_ns();
	if ((int64_t)timeout < 0 || (timeout > now && timeout - now >= FAR_AHEAD))
		timeout = now + MIDDLE_GROUND;
	time_set_singleshot(v, timeout, now);
	return 0;
}
