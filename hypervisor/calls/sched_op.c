// SPDX-License-Identifier: MIT
/*
 * sched_op: what a guest says about its own running: yield, block, poll, shut down,
 * and its watchdog; what dom0 says about another's shutdown.
 */
#include <hv/hypercall.h>

#include <xen/sched.h>

#include <hv/arch.h>
#include <hv/domain.h>
#include <hv/usercopy.h>
#include <hv/watchdog.h>

#define POLL_PORTS_MAX 128

static long op_yield(uint64_t arg)
{
	(void)arg;
	vcpu_yield();
	return 0;
}

static long op_block(uint64_t arg)
{
	(void)arg;
	vcpu_block_enable_events();
	return 0;
}

static long op_shutdown(uint64_t arg)
{
	struct sched_shutdown s;

	if (copy_from_guest(&s, guest_va(arg), sizeof(s)))
		return -XEN_EFAULT;
	domain_shutdown(current_vcpu()->domain, (uint8_t)s.reason);
	return 0;
}

static long op_shutdown_code(uint64_t arg)
{
	struct domain *d = current_vcpu()->domain;
	struct sched_shutdown s;

	if (copy_from_guest(&s, guest_va(arg), sizeof(s)))
		return -XEN_EFAULT;
	spin_lock(&d->shutdown_lock);
	life_latch_code(&d->life, s.reason);
	spin_unlock(&d->shutdown_lock);
	return 0;
}

/* Looks whether a port, which must be in use, is pending: in *found. */
static int look_at_port(struct vcpu *v, evtchn_port_t port, bool *found)
{
	/* Without the lock: the bucket stays, and the state is only a hint here. */
	const struct evtchn *c = evtchn_core_channel(&v->domain->evtchn, port);

	if (!c || c->state == EVTCHN_FREE)
		return -XEN_EINVAL;
	*found = evtchn_is_pending(v->domain, port);
	return 0;
}

/* The same for a list, each of it read once. */
static int look_at_ports(struct vcpu *v, guest_va_t ports, uint32_t n, bool *found)
{
	int rc = 0;

	for (uint32_t i = 0; i < n && !rc && !*found; i++) {
		evtchn_port_t port;

		if (copy_from_guest(&port, guest_index(ports, i, port), sizeof(port)))
			return -XEN_EFAULT;
		rc = look_at_port(v, port, found);
	}
	return rc;
}

/* From the moment that the vCPU counts as polling, an event on a port wakes it; so the
 * ports are looked at after that. */
static int poll_or_find(struct vcpu *v, const struct sched_poll *p, bool *found)
{
	guest_va_t ports = handle_va(p->ports);
	evtchn_port_t only = 0;

	if (p->nr_ports == 1 && copy_from_guest(&only, ports, sizeof(only)))
		return -XEN_EFAULT;
	__atomic_fetch_or(&v->pause_flags, VPF_BLOCKED, __ATOMIC_SEQ_CST);
	vcpu_poll_begin(v, only);
	*found = READ_ONCE(v->info->evtchn_upcall_pending) &&
		 !READ_ONCE(v->info->evtchn_upcall_mask);
	if (*found)
		return 0;
	if (p->nr_ports == 1)
		return look_at_port(v, only, found);
	return look_at_ports(v, ports, p->nr_ports, found);
}

static long op_poll(uint64_t arg)
{
	struct vcpu *v = current_vcpu();
	struct sched_poll p;
	bool found = false;
	int rc;

	if (copy_from_guest(&p, guest_va(arg), sizeof(p)))
		return -XEN_EFAULT;
	if (p.nr_ports > POLL_PORTS_MAX)
		return -XEN_EINVAL;
	rc = poll_or_find(v, &p, &found);
	if (rc || found) {
		vcpu_poll_end(v);
		__atomic_fetch_and(&v->pause_flags, ~(uint32_t)VPF_BLOCKED, __ATOMIC_SEQ_CST);
		return rc;
	}
	if (p.timeout)
		timer_set_here(&v->poll_timer, p.timeout);
	else
		timer_stop(&v->poll_timer);
	cpu_raise(this_cpu(), CPU_WORK_RESCHED);
	return 0;
}

static long op_remote_shutdown(uint64_t arg)
{
	struct sched_remote_shutdown s;
	struct domain *d;

	if (copy_from_guest(&s, guest_va(arg), sizeof(s)))
		return -XEN_EFAULT;
	d = domain_get(s.domain_id);
	if (!d)
		return -XEN_ESRCH;
	if (!domain_is_control(current_vcpu()->domain)) {
		domain_put(d);
		return -XEN_EPERM;
	}
	domain_shutdown(d, (uint8_t)s.reason);
	domain_put(d);
	return 0;
}

static long op_watchdog(uint64_t arg)
{
	struct sched_watchdog w;

	if (copy_from_guest(&w, guest_va(arg), sizeof(w)))
		return -XEN_EFAULT;
	return watchdog_set(current_vcpu()->domain, w.id, w.timeout);
}

static long op_pin_override(uint64_t arg)
{
	struct vcpu *v = current_vcpu();
	struct sched_pin_override p;

	if (!domain_is_control(v->domain))
		return -XEN_EPERM;
	if (copy_from_guest(&p, guest_va(arg), sizeof(p)))
		return -XEN_EFAULT;
	return sched_pin_override(v, p.pcpu);
}

long do_sched_op(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4, uint64_t a5)
{
	static long (*const ops[])(uint64_t arg) = {
		[SCHEDOP_yield] = op_yield,
		[SCHEDOP_block] = op_block,
		[SCHEDOP_shutdown] = op_shutdown,
		[SCHEDOP_poll] = op_poll,
		[SCHEDOP_remote_shutdown] = op_remote_shutdown,
		[SCHEDOP_shutdown_code] = op_shutdown_code,
		[SCHEDOP_watchdog] = op_watchdog,
		[SCHEDOP_pin_override] = op_pin_override,
	};
	uint32_t nr = (uint32_t)cmd;

	(void)a3, (void)a4, (void)a5;
	if (nr >= ARRAY_SIZE(ops))
		return -XEN_ENOSYS;
	return ops[index_clamp(nr, ARRAY_SIZE(ops))](arg);
}

/* The old form: the argument is a number. */
long do_sched_op_compat(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4, uint64_t a5)
{
	(void)a3, (void)a4, (void)a5;
	switch ((uint32_t)cmd) {
	case SCHEDOP_yield:
		return op_yield(0);
	case SCHEDOP_block:
		return op_block(0);
	case SCHEDOP_shutdown:
		domain_shutdown(current_vcpu()->domain, (uint8_t)arg);
		return 0;
	default:
		return -XEN_ENOSYS;
	}
}
