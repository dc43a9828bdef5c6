// SPDX-License-Identifier: MIT
/* sysctl: what each operation refuses, and what it answers. */
#include "world.h"

static struct xen_sysctl op;

static int start(void **state)
{
	memset(&op, 0, sizeof(op));
	return world_start(state);
}

static void a_bad_pointer_faults(void **state)
{
	(void)state;
	assert_int_equal(do_sysctl(BAD_POINTER, 0, 0, 0, 0), -XEN_EFAULT);
}

static void another_interface_version_is_refused(void **state)
{
	(void)state;
	op.cmd = XEN_SYSCTL_physinfo;
	op.interface_version = XEN_SYSCTL_INTERFACE_VERSION + 1;
	assert_int_equal(do_sysctl((uintptr_t)&op, 0, 0, 0, 0), -XEN_EACCES);
}

static void only_the_control_domain_may(void **state)
{
	(void)state;
	world_caller(1);
	for (uint32_t cmd = 0; cmd < 40; cmd++)
		assert_int_equal(sysctl(&op, cmd), -XEN_EPERM);
}

static void what_is_not_built_in_is_not_there(void **state)
{
	(void)state;
	assert_int_equal(sysctl(&op, 0), -XEN_ENOSYS);
	assert_int_equal(sysctl(&op, XEN_SYSCTL_tbuf_op), -XEN_ENOSYS);
	assert_int_equal(sysctl(&op, XEN_SYSCTL_perfc_op), -XEN_ENOSYS);
	assert_int_equal(sysctl(&op, XEN_SYSCTL_lockprof_op), -XEN_ENOSYS);
	assert_int_equal(sysctl(&op, XEN_SYSCTL_coverage_op), -XEN_EOPNOTSUPP);
	assert_int_equal(sysctl(&op, XEN_SYSCTL_cpu_hotplug), -XEN_EOPNOTSUPP);
	assert_int_equal(sysctl(&op, XEN_SYSCTL_page_offline_op), -XEN_EOPNOTSUPP);
	assert_int_equal(sysctl(&op, XEN_SYSCTL_psr_alloc), -XEN_ENODEV);
	assert_int_equal(sysctl(&op, XEN_SYSCTL_livepatch_op), -XEN_ENOSYS);
	assert_int_equal(sysctl(&op, UINT32_MAX), -XEN_ENOSYS);
}

static void physinfo_tells_the_machine(void **state)
{
	const struct xen_sysctl_physinfo *p = &op.u.physinfo;

	(void)state;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_physinfo), 0);
	assert_int_equal(p->nr_cpus, 1);
	assert_int_equal(p->max_cpu_id, 0);
	assert_int_equal(p->nr_nodes, 1);
	assert_int_equal(p->cpu_khz, 2000000);
	assert_int_equal(p->total_pages, 4000);
	assert_int_equal(p->free_pages, 1000);
	assert_int_equal(p->outstanding_pages, 30);
	assert_int_equal(p->max_mfn, 4099);
	assert_int_equal(p->capabilities, XEN_SYSCTL_PHYSCAP_pv | XEN_SYSCTL_PHYSCAP_gnttab_v1);
	assert_int_equal(p->hw_cap[7], 107);
}

static void the_list_of_domains_can_start_and_stop_anywhere(void **state)
{
	static xen_domctl_getdomaininfo_t info[8];
	struct xen_sysctl_getdomaininfolist *l = &op.u.getdomaininfolist;

	(void)state;
	l->max_domains = 8;
	set_xen_guest_handle(l->buffer, info);
	assert_int_equal(sysctl(&op, XEN_SYSCTL_getdomaininfolist), 0);
	assert_int_equal(l->num_domains, DOMAINS);
	assert_int_equal(info[3].domain, 3);
	l->first_domain = 2;
	l->max_domains = 1;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_getdomaininfolist), 0);
	assert_int_equal(l->num_domains, 1);
	assert_int_equal(info[0].domain, 2);
	l->first_domain = 100;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_getdomaininfolist), 0);
	assert_int_equal(l->num_domains, 0);
	l->first_domain = 0;
	set_xen_guest_handle(l->buffer, NULL);
	assert_int_equal(sysctl(&op, XEN_SYSCTL_getdomaininfolist), -XEN_EFAULT);
}

static void the_console_is_read_from_the_start_or_an_index(void **state)
{
	struct xen_sysctl_readconsole *r = &op.u.readconsole;
	char text[32] = "";

	(void)state;
	set_xen_guest_handle(r->buffer, text);
	r->count = 6;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_readconsole), 0);
	assert_int_equal(r->count, 6);
	assert_int_equal(r->index, 6);
	assert_memory_equal(text, "012345", 7);
	r->count = 30;
	r->incremental = 1;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_readconsole), 0);
	assert_int_equal(r->count, 4);
	assert_memory_equal(text, "6789", 4);
	r->count = 30;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_readconsole), 0);
	assert_int_equal(r->count, 0);
}

static void debug_keys_are_pressed_in_order_and_not_without_end(void **state)
{
	static char keys[1000] = "hq";

	(void)state;
	set_xen_guest_handle(op.u.debug_keys.keys, keys);
	op.u.debug_keys.nr_keys = 2;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_debug_keys), 0);
	assert_memory_equal(world_key, "hq", 2);
	op.u.debug_keys.nr_keys = 1000;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_debug_keys), -XEN_E2BIG);
	assert_true(world_keys < 200);
}

static void idle_time_is_told_for_each_cpu(void **state)
{
	static xen_sysctl_cpuinfo_t info[4];
	struct xen_sysctl_getcpuinfo *c = &op.u.getcpuinfo;

	(void)state;
	c->max_cpus = 4;
	set_xen_guest_handle(c->info, info);
	assert_int_equal(sysctl(&op, XEN_SYSCTL_getcpuinfo), 0);
	assert_int_equal(c->nr_cpus, 1);
	set_xen_guest_handle(c->info, (void *)BAD_POINTER);
	assert_int_equal(sysctl(&op, XEN_SYSCTL_getcpuinfo), -XEN_EFAULT);
	op.u.cputopoinfo.num_cpus = 1;
	set_xen_guest_handle(op.u.cputopoinfo.cputopo, (void *)BAD_POINTER);
	assert_int_equal(sysctl(&op, XEN_SYSCTL_cputopoinfo), -XEN_EFAULT);
	c->max_cpus = 0;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_getcpuinfo), 0);
	assert_int_equal(c->nr_cpus, 0);
}

static void there_is_one_node_at_distance_ten(void **state)
{
	xen_sysctl_meminfo_t mem;
	uint32_t distance = 0;

	(void)state;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_numainfo), 0);
	assert_int_equal(op.u.numainfo.num_nodes, 1);
	op.u.numainfo.num_nodes = 64;
	set_xen_guest_handle(op.u.numainfo.meminfo, &mem);
	set_xen_guest_handle(op.u.numainfo.distance, &distance);
	assert_int_equal(sysctl(&op, XEN_SYSCTL_numainfo), 0);
	assert_int_equal(op.u.numainfo.num_nodes, 1);
	assert_int_equal(mem.memfree, 1000 * PAGE_SIZE);
	assert_int_equal(distance, 10);
	op.u.numainfo.num_nodes = 0;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_numainfo), 0);
	assert_int_equal(op.u.numainfo.num_nodes, 0);
}

static void no_device_is_known_to_stand_at_a_node(void **state)
{
	static physdev_pci_device_t devs[2];
	static uint32_t nodes[3];

	(void)state;
	op.u.pcitopoinfo.num_devs = 2;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_pcitopoinfo), -XEN_EINVAL);
	set_xen_guest_handle(op.u.pcitopoinfo.devs, devs);
	assert_int_equal(sysctl(&op, XEN_SYSCTL_pcitopoinfo), -XEN_EINVAL);
	set_xen_guest_handle(op.u.pcitopoinfo.nodes, nodes);
	assert_int_equal(sysctl(&op, XEN_SYSCTL_pcitopoinfo), 0);
	assert_int_equal(op.u.pcitopoinfo.num_devs, 2);
	assert_int_equal(nodes[0] & nodes[1], XEN_INVALID_DEV);
	assert_int_equal(nodes[2], 0);
	set_xen_guest_handle(op.u.pcitopoinfo.devs, (void *)BAD_POINTER);
	assert_int_equal(sysctl(&op, XEN_SYSCTL_pcitopoinfo), -XEN_EFAULT);
}

static void each_cpu_is_a_core(void **state)
{
	static xen_sysctl_cputopo_t topo[4];

	(void)state;
	machine_cpus = 2;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_cputopoinfo), 0);
	assert_int_equal(op.u.cputopoinfo.num_cpus, 2);
	set_xen_guest_handle(op.u.cputopoinfo.cputopo, topo);
	assert_int_equal(sysctl(&op, XEN_SYSCTL_cputopoinfo), 0);
	assert_int_equal(topo[1].core, 1);
	op.u.cputopoinfo.num_cpus = 1;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_cputopoinfo), 0);
	assert_int_equal(op.u.cputopoinfo.num_cpus, 1);
}

static void the_scheduler_is_credit2_with_a_rate_limit(void **state)
{
	struct xen_sysctl_scheduler_op *s = &op.u.scheduler_op;

	(void)state;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_sched_id), 0);
	assert_int_equal(op.u.sched_id.sched_id, XEN_SCHEDULER_CREDIT2);
	memset(&op, 0, sizeof(op));
	s->sched_id = XEN_SCHEDULER_CREDIT2;
	s->cmd = XEN_SYSCTL_SCHEDOP_putinfo;
	s->u.sched_credit2.ratelimit_us = 99;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_scheduler_op), -XEN_EINVAL);
	s->u.sched_credit2.ratelimit_us = 500001;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_scheduler_op), -XEN_EINVAL);
	s->u.sched_credit2.ratelimit_us = 1000;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_scheduler_op), 0);
	assert_int_equal(sched_ratelimit(), MS);
	s->cmd = XEN_SYSCTL_SCHEDOP_getinfo;
	s->u.sched_credit2.ratelimit_us = 0;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_scheduler_op), 0);
	assert_int_equal(s->u.sched_credit2.ratelimit_us, 1000);
	s->cpupool_id = 1;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_scheduler_op), -XEN_ESRCH);
	s->cpupool_id = 0;
	s->sched_id = XEN_SCHEDULER_CREDIT;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_scheduler_op), -XEN_EINVAL);
	s->cmd = 9;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_scheduler_op), -XEN_EINVAL);
}

static void there_is_one_pool_with_everything(void **state)
{
	struct xen_sysctl_cpupool_op *p = &op.u.cpupool_op;
	uint8_t map[8];

	(void)state;
	p->op = XEN_SYSCTL_CPUPOOL_OP_INFO;
	set_xen_guest_handle(p->cpumap.bitmap, map);
	p->cpumap.nr_bits = 64;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_cpupool_op), 0);
	assert_int_equal(p->n_dom, DOMAINS);
	assert_int_equal(map[0], 1);
	p->cpupool_id = 1;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_cpupool_op), -XEN_ENOENT);
	p->op = XEN_SYSCTL_CPUPOOL_OP_FREEINFO;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_cpupool_op), 0);
	assert_int_equal(map[0], 0);
	p->op = XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN;
	p->domid = 1;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_cpupool_op), -XEN_ENOENT);
	p->cpupool_id = 0;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_cpupool_op), 0);
	p->domid = 0;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_cpupool_op), -XEN_EPERM);
	p->domid = 99;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_cpupool_op), -XEN_ESRCH);
	p->op = XEN_SYSCTL_CPUPOOL_OP_CREATE;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_cpupool_op), -XEN_EEXIST);
	p->op = XEN_SYSCTL_CPUPOOL_OP_RMCPU;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_cpupool_op), -XEN_EBUSY);
	p->op = XEN_SYSCTL_CPUPOOL_OP_DESTROY;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_cpupool_op), -XEN_EBUSY);
	p->op = XEN_SYSCTL_CPUPOOL_OP_ADDCPU;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_cpupool_op), -XEN_ENODEV);
	p->cpupool_id = 1;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_cpupool_op), -XEN_ENOENT);
	p->op = XEN_SYSCTL_CPUPOOL_OP_RMCPU;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_cpupool_op), -XEN_ENOENT);
	p->op = XEN_SYSCTL_CPUPOOL_OP_CREATE;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_cpupool_op), -XEN_EOPNOTSUPP);
	p->op = 99;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_cpupool_op), -XEN_ENOSYS);
}

static void feature_words_come_with_their_number(void **state)
{
	struct xen_sysctl_cpu_featureset *f = &op.u.cpu_featureset;
	uint32_t words[64];

	(void)state;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_get_cpu_featureset), 0);
	assert_int_equal(f->nr_features, 19);
	set_xen_guest_handle(f->features, words);
	f->nr_features = 4;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_get_cpu_featureset), -XEN_ENOBUFS);
	assert_int_equal(f->nr_features, 4);
	f->nr_features = 64;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_get_cpu_featureset), 0);
	assert_int_equal(f->nr_features, 19);
	f->index = 99;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_get_cpu_featureset), -XEN_EINVAL);
}

static void there_is_a_policy_of_each_kind(void **state)
{
	struct xen_sysctl_cpu_policy *p = &op.u.cpu_policy;

	(void)state;
	for (p->index = 0; p->index < 6; p->index++)
		assert_int_equal(sysctl(&op, XEN_SYSCTL_get_cpu_policy), 0);
	assert_int_equal(sysctl(&op, XEN_SYSCTL_get_cpu_policy), -XEN_EINVAL);
	p->index = 0;
	p->_rsvd = 1;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_get_cpu_policy), -XEN_EINVAL);
}

static void there_is_no_power_management(void **state)
{
	(void)state;
	op.u.get_pmstat.type = PMSTAT_get_max_cx;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_get_pmstat), -XEN_ENODEV);
	op.u.get_pmstat.cpuid = 1;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_get_pmstat), -XEN_EINVAL);
	memset(&op, 0, sizeof(op));
	op.u.pm_op.cmd = GET_CPUFREQ_PARA;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_pm_op), -XEN_ENODEV);
	op.u.pm_op.cpuid = 64;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_pm_op), -XEN_EINVAL);
}

static void free_memory_is_all_of_it_on_node_0(void **state)
{
	(void)state;
	op.u.availheap.node = -1;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_availheap), 0);
	assert_int_equal(op.u.availheap.avail_bytes, 1000 * PAGE_SIZE);
	op.u.availheap.node = 1;
	assert_int_equal(sysctl(&op, XEN_SYSCTL_availheap), 0);
	assert_int_equal(op.u.availheap.avail_bytes, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, start, world_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_bad_pointer_faults),
		T(another_interface_version_is_refused),
		T(only_the_control_domain_may),
		T(what_is_not_built_in_is_not_there),
		T(physinfo_tells_the_machine),
		T(the_list_of_domains_can_start_and_stop_anywhere),
		T(the_console_is_read_from_the_start_or_an_index),
		T(debug_keys_are_pressed_in_order_and_not_without_end),
		T(idle_time_is_told_for_each_cpu),
		T(there_is_one_node_at_distance_ten),
		T(no_device_is_known_to_stand_at_a_node),
		T(each_cpu_is_a_core),
		T(the_scheduler_is_credit2_with_a_rate_limit),
		T(there_is_one_pool_with_everything),
		T(feature_words_come_with_their_number),
		T(there_is_a_policy_of_each_kind),
		T(there_is_no_power_management),
		T(free_memory_is_all_of_it_on_node_0),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
