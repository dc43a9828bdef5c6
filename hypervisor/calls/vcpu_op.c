// SPDX-License-Identifier: MIT
/*
 * vcpu_op: a domain and its own vCPUs: bring-up and down, timers, and the areas of
 * memory where a vCPU finds what the hypervisor tells it.
 */
#include <hv/hypercall.h>

#include <xen/sched.h>
#include <xen/vcpu.h>

#include <hv/alloc.h>
#include <hv/arch.h>
#include <hv/domain.h>
#include <hv/mem.h>
#include <hv/time.h>
#include <hv/traps.h>
#include <hv/usercopy.h>

#define PERIOD_MIN 1000000ULL		/* ns */
#define PERIOD_MAX (~0ULL >> 2)

/* What two vCPUs must not do to a third at the same time: the second starts its call again. */
static bool claim(struct vcpu *v)
{
	return !__atomic_exchange_n(&v->claimed, true, __ATOMIC_ACQUIRE);
}

static void unclaim(struct vcpu *v)
{
	__atomic_store_n(&v->claimed, false, __ATOMIC_RELEASE);
}

/* The context is 5 KiB: too much for the stack. */
static long initialise(struct vcpu *v, uint64_t arg)
{
	struct vcpu_guest_context *c;
	long rc;

	c = xmalloc(sizeof(*c));
	if (!c)
		return -XEN_ENOMEM;
	rc = copy_from_guest(c, guest_va(arg), sizeof(*c));
	if (!rc)
		rc = v->initialised ? -XEN_EEXIST : vcpu_set_context(v, c, current_budget());
	xfree(c);
	return rc;
}

static long op_initialise(struct vcpu *v, uint64_t arg)
{
	long rc;

	if (!claim(v))
		return -XEN_ERESTART;
	rc = initialise(v, arg);
	unclaim(v);
	return rc;
}

static long op_up(struct vcpu *v, uint64_t arg)
{
	(void)arg;
	if (!v->initialised)
		return -XEN_EINVAL;
	if (__atomic_fetch_and(&v->pause_flags, ~(uint32_t)VPF_DOWN, __ATOMIC_SEQ_CST) & VPF_DOWN)
		vcpu_recheck(v);
	return 0;
}

static bool another_is_up(const struct vcpu *v)
{
	const struct domain *d = v->domain;

	for (unsigned i = 0; i < d->max_vcpus; i++)
		if (d->vcpu[i] && d->vcpu[i] != v && !(d->vcpu[i]->pause_flags & VPF_DOWN))
			return true;
	return false;
}

/* A domain whose last vCPU goes down has powered off. */
static long op_down(struct vcpu *v, uint64_t arg)
{
	struct domain *d = v->domain;
	bool last;

	(void)arg;
	spin_lock(&d->shutdown_lock);	/* two that go down at once: one is the last */
	last = !another_is_up(v);
	if (!last)
		__atomic_fetch_or(&v->pause_flags, VPF_DOWN, __ATOMIC_SEQ_CST);
	spin_unlock(&d->shutdown_lock);
	if (last)
		domain_shutdown(d, SHUTDOWN_poweroff);
	else
		vcpu_sleep(v);
	return 0;
}

static long op_is_up(struct vcpu *v, uint64_t arg)
{
	(void)arg;
	return !(v->pause_flags & VPF_DOWN);
}

static long op_get_runstate(struct vcpu *v, uint64_t arg)
{
	struct vcpu_runstate_info r;

	vcpu_runstate_get(v, &r);
	return copy_to_guest(guest_va(arg), &r, sizeof(r));
}

static long op_register_runstate(struct vcpu *v, uint64_t arg)
{
	struct vcpu_register_runstate_memory_area a;
	int rc;

	if (copy_from_guest(&a, guest_va(arg), sizeof(a)))
		return -XEN_EFAULT;
	rc = guest_area_register(&v->runstate_area, guest_va(a.addr.p),
				 sizeof(struct vcpu_runstate_info));
	if (!rc)
		time_write_runstate(v);
	return rc;
}

static long op_register_time(struct vcpu *v, uint64_t arg)
{
	struct vcpu_register_time_memory_area a;
	int rc;

	if (copy_from_guest(&a, guest_va(arg), sizeof(a)))
		return -XEN_EFAULT;
	rc = guest_area_register(&v->time_area, guest_va(a.addr.p), sizeof(vcpu_time_info_t));
	if (!rc)
		time_update_vcpu(v);
	return rc;
}

static long op_set_periodic(struct vcpu *v, uint64_t arg)
{
	struct vcpu_set_periodic_timer t;

	if (copy_from_guest(&t, guest_va(arg), sizeof(t)))
		return -XEN_EFAULT;
	if (t.period_ns < PERIOD_MIN || t.period_ns > PERIOD_MAX)
		return -XEN_EINVAL;
	time_set_periodic(v, t.period_ns);
	return 0;
}

static long op_stop_periodic(struct vcpu *v, uint64_t arg)
{
	(void)arg;
	time_set_periodic(v, 0);
	return 0;
}

/* VCPU_SSHOTTMR_future may be ignored, and Xen does: a time that has passed fires at once. */
static long op_set_singleshot(struct vcpu *v, uint64_t arg)
{
	struct vcpu_set_singleshot_timer t;

	if (v != current_vcpu())
		return -XEN_EINVAL;
	if (copy_from_guest(&t, guest_va(arg), sizeof(t)))
		return -XEN_EFAULT;
	time_set_singleshot(v, t.timeout_abs_ns, arch_now_ns());
	return 0;
}

static long op_stop_singleshot(struct vcpu *v, uint64_t arg)
{
	(void)arg;
	if (v != current_vcpu())
		return -XEN_EINVAL;
	timer_stop(&v->singleshot_timer);
	return 0;
}

static long op_register_info(struct vcpu *v, uint64_t arg)
{
	struct vcpu_register_vcpu_info r;
	int rc;

	if (copy_from_guest(&r, guest_va(arg), sizeof(r)))
		return -XEN_EFAULT;
	if (!claim(v))
		return -XEN_ERESTART;
	rc = vcpu_register_info(v, mfn(r.mfn), r.offset);
	unclaim(v);
	if (!rc)
		time_update_vcpu(v);
	return rc;
}

static long op_send_nmi(struct vcpu *v, uint64_t arg)
{
	(void)arg;
	vcpu_send_nmi(v);
	return 0;
}

/* Only for a vCPU of dom0 that can be on one CPU alone: the CPU's ACPI and APIC ids. */
static long op_get_physid(struct vcpu *v, uint64_t arg)
{
	cpumask_t online = sched_online_cpus(), cpus;
	struct arch_cpu_place place;
	struct vcpu_get_physid p;

	if (!domain_is_control(v->domain) || !cpumask_and(&cpus, &v->sched.hard_affinity, &online) ||
	    !cpumask_is_only(&cpus, cpumask_first(&cpus)))
		return -XEN_EINVAL;
	arch_cpu_place(cpumask_first(&cpus), &place);
	p.phys_id = (uint64_t)place.acpi_id << 32 | place.apic_id;
	return copy_to_guest(guest_va(arg), &p, sizeof(p));
}

long do_vcpu_op(uint64_t cmd, uint64_t id, uint64_t arg, uint64_t a4, uint64_t a5)
{
	static long (*const ops[])(struct vcpu *v, uint64_t arg) = {
		[VCPUOP_initialise] = op_initialise,
		[VCPUOP_up] = op_up,
		[VCPUOP_down] = op_down,
		[VCPUOP_is_up] = op_is_up,
		[VCPUOP_get_runstate_info] = op_get_runstate,
		[VCPUOP_register_runstate_memory_area] = op_register_runstate,
		[VCPUOP_set_periodic_timer] = op_set_periodic,
		[VCPUOP_stop_periodic_timer] = op_stop_periodic,
		[VCPUOP_set_singleshot_timer] = op_set_singleshot,
		[VCPUOP_stop_singleshot_timer] = op_stop_singleshot,
		[VCPUOP_register_vcpu_info] = op_register_info,
		[VCPUOP_send_nmi] = op_send_nmi,
		[VCPUOP_get_physid] = op_get_physid,
		[VCPUOP_register_vcpu_time_memory_area] = op_register_time,
	};
	struct domain *d = current_vcpu()->domain;
	uint32_t nr = (uint32_t)cmd, vcpu = (uint32_t)id;
	struct vcpu *v;

	(void)a4, (void)a5;
	if (vcpu >= d->max_vcpus)
		return -XEN_ENOENT;
	v = d->vcpu[index_clamp(vcpu, d->max_vcpus)];
	if (!v)
		return -XEN_ENOENT;
	if (nr >= ARRAY_SIZE(ops))
		return -XEN_ENOSYS;
	return ops[index_clamp(nr, ARRAY_SIZE(ops))](v, arg);
}
