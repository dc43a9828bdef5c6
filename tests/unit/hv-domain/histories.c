// SPDX-License-Identifier: MIT
/*
 * The lives of two domains and their vCPUs, in any order of a toolstack's calls and their own, whether
 * that makes sense or not. A destruction may stop half-way, and others come in between. A model
 * says what each call answers and what getdomaininfo shows; after each step all books must agree,
 * the queue holds exactly those vCPUs that may run, and at the end everything is back.
 */
#include "harness/harness.h"
#include "toolstack.h"
#include "world.h"

#include <xen/sched.h>
#include <xen/vcpu.h>

#include <hv/sched.h>

#define VCPUS 2
#define HOLDS 200	/* so often is a domain paused at most here */

enum stage { ALIVE, SHUT, DYING, ZOMBIE };

static struct model {
	bool there, vcpus, built, offers, maps;
	enum stage stage;
	unsigned holds;
	uint32_t code;		/* of its shutdown; NO_CODE */
	struct {
		bool initialised, up, info;
	} v[VCPUS];
} model[2];

#define NO_CODE (~0U)

static const domid_t ids[2] = { OWNER, MAPPER };
static struct world_books first;

/* ---- what the model says ---------------------------------------------------------------- */

static void model_shutdown(struct model *m, uint32_t code)
{
	if (m->code == NO_CODE)
		m->code = (uint8_t)code;
	if (m->stage == ALIVE)
		m->stage = SHUT;
}

/* A dead domain is there as long as another maps its page. Of one that is half gone nobody can tell. */
static bool is_mapped(void)
{
	return model[1].stage == DYING ? world_domain(ids[0]) != NULL : model[1].maps;
}

static void model_bury(void)
{
	if (model[0].there && model[0].stage == ZOMBIE && !is_mapped())
		model[0] = (struct model){ 0 };
	if (model[1].there && model[1].stage == ZOMBIE)
		model[1] = (struct model){ 0 };
}

static void model_killed(struct model *m)
{
	m->stage = ZOMBIE;
	m->built = m->offers = m->maps = false;
	model_bury();
}

/* Can it make hypercalls, with its first vCPU? */
static bool acts(const struct model *m)
{
	return m->there && m->stage == ALIVE && !m->holds && m->v[0].initialised && m->v[0].up;
}

static unsigned count_up(const struct model *m)
{
	unsigned n = 0;

	for (unsigned i = 0; m->vcpus && i < VCPUS; i++)
		n += m->v[i].up;
	return n;
}

/* ---- dom0's calls --------------------------------------------------------------------------- */

static long control(unsigned i, uint32_t cmd)
{
	struct xen_domctl op = { 0 };

	return world_domctl(&op, cmd, ids[i]);
}

static void create(unsigned i)
{
	struct model *m = &model[i];

	assert_int_equal(tool_create(ids[i]), m->there ? -XEN_EEXIST : 0);
	if (!m->there)
		*m = (struct model){ .there = true, .holds = 1, .code = NO_CODE };
}

static void give_vcpus(unsigned i)
{
	struct model *m = &model[i];
	bool good = m->there && m->stage < DYING;

	assert_int_equal(tool_give_vcpus(ids[i]),
			 good ? 0 : m->there ? -XEN_EINVAL : -XEN_ESRCH);
	if (good)
		m->vcpus = true;
}

static void build(unsigned i)
{
	struct model *m = &model[i];

	if (m->built || !m->there || m->stage >= DYING) {
		create(i);
		return;
	}
	assert_int_equal(tool_limit_memory(ids[i]), 0);
	assert_int_equal(tool_populate(ids[i]), 0);
	assert_int_equal(tool_build_tables(ids[i]), 0);
	m->built = true;
}

static void set_context(unsigned i)
{
	struct model *m = &model[i];
	bool good = m->there && m->vcpus && m->stage < DYING;

	if (good && !m->built)
		return;		/* whatever its frames' numbers were */
	assert_int_equal(tool_set_context(ids[i]),
			 good ? 0 : m->there ? -XEN_EINVAL : -XEN_ESRCH);
	if (good)
		m->v[0].initialised = m->v[0].up = true;
}

static void pause(unsigned i)
{
	struct model *m = &model[i];

	if (m->holds >= HOLDS)
		return;
	assert_int_equal(control(i, XEN_DOMCTL_pausedomain), m->there ? 0 : -XEN_ESRCH);
	m->holds += m->there;
}

static void unpause(unsigned i)
{
	struct model *m = &model[i];
	bool good = m->there && m->holds;

	assert_int_equal(control(i, XEN_DOMCTL_unpausedomain),
			 good ? 0 : m->there ? -XEN_EINVAL : -XEN_ESRCH);
	m->holds -= good;
}

static void resume(unsigned i)
{
	struct model *m = &model[i];

	assert_int_equal(control(i, XEN_DOMCTL_resumedomain), m->there ? 0 : -XEN_ESRCH);
	if (m->there && m->stage <= SHUT) {
		m->stage = ALIVE;
		m->code = NO_CODE;
	}
}

static void shut_down_from_outside(unsigned i)
{
	struct sched_remote_shutdown s = { .domain_id = ids[i], .reason = SHUTDOWN_crash };

	assert_int_equal(world_call(do_sched_op, SCHEDOP_remote_shutdown, ARG(&s), 0, 0),
			 model[i].there ? 0 : -XEN_ESRCH);
	if (model[i].there)
		model_shutdown(&model[i], SHUTDOWN_crash);
}

static void destroy(unsigned i, uint32_t budget)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_destroydomain, .domain = ids[i],
				 .interface_version = XEN_DOMCTL_INTERFACE_VERSION };
	struct model *m = &model[i];
	long rc = world_piece(do_domctl, ARG(&op), budget);

	if (!m->there) {
		assert_int_equal(rc, -XEN_ESRCH);
	} else if (rc == -XEN_ERESTART) {
		assert_true(m->stage != ZOMBIE);
		m->stage = DYING;
		m->built = false;	/* nobody can tell how much of it is left */
		model_bury();
	} else {
		assert_int_equal(rc, 0);
		model_killed(m);
	}
}

/* ---- the guest's ---------------------------------------------------------------------------- */

static void vcpu_call(unsigned i, unsigned cmd, unsigned id)
{
	struct model *m = &model[i];
	long rc = guest_call(ids[i], do_vcpu_op, cmd, id, 0);

	if (cmd == VCPUOP_is_up) {
		assert_int_equal(rc, m->v[id].up);
	} else if (cmd == VCPUOP_up) {
		assert_int_equal(rc, m->v[id].initialised ? 0 : -XEN_EINVAL);
		m->v[id].up |= m->v[id].initialised;
	} else {
		assert_int_equal(rc, 0);
		if (count_up(m) - m->v[id].up)
			m->v[id].up = false;
		else
			model_shutdown(m, SHUTDOWN_poweroff);
	}
}

static void register_info(unsigned i, unsigned id)
{
	struct vcpu_register_vcpu_info info = { .mfn = tool_frames[i][5 + id] };
	struct model *m = &model[i];
	bool good = !m->v[id].info && (!id || !m->v[id].up);

	assert_int_equal(guest_call(ids[i], do_vcpu_op, VCPUOP_register_vcpu_info, id, ARG(&info)),
			 good ? 0 : -XEN_EINVAL);
	m->v[id].info |= good;
}

static void guest_acts(unsigned i, unsigned how)
{
	struct sched_shutdown s = { .reason = SHUTDOWN_suspend };
	struct model *m = &model[i];

	switch (how) {
	case 0:
		assert_int_equal(guest_start_vcpu(ids[i]),
				 m->v[1].initialised ? -XEN_EEXIST : 0);
		m->v[1].initialised = true;
		break;
	case 1:
	case 2:
	case 3:
		vcpu_call(i, how == 1 ? VCPUOP_up : how == 2 ? VCPUOP_down : VCPUOP_is_up,
			  how == 3 ? choose(VCPUS) : 1);
		break;
	case 4:
		assert_int_equal(guest_call(ids[i], do_sched_op, SCHEDOP_shutdown, ARG(&s), 0), 0);
		model_shutdown(m, SHUTDOWN_suspend);
		break;
	case 5:
		register_info(i, choose(VCPUS));
		break;
	default:
		vcpu_call(i, VCPUOP_down, 0);
	}
}

/* The second domain maps a page of the first. */
static void share(void)
{
	if (!acts(&model[0]) || !acts(&model[1]) || model[1].maps)
		return;
	assert_int_equal(guest_offer(OWNER), 0);
	assert_int_equal(guest_map_grant(MAPPER), 0);
	model[0].offers = model[1].maps = true;
}

/* ---- the whole state ---------------------------------------------------------------------- */

static void check_info(const struct model *m, const struct xen_domctl_getdomaininfo *info)
{
	uint32_t flags = info->flags;

	assert_int_equal(!!(flags & XEN_DOMINF_dying), m->stage == ZOMBIE);
	assert_int_equal(!!(flags & XEN_DOMINF_paused), m->holds != 0);
	assert_int_equal(!!(flags & XEN_DOMINF_shutdown),
			 m->stage == SHUT || (m->stage >= DYING && m->code != NO_CODE));
	assert_int_equal((flags >> XEN_DOMINF_shutdownshift) & XEN_DOMINF_shutdownmask,
			 m->code & XEN_DOMINF_shutdownmask);
	assert_int_equal(info->nr_online_vcpus, count_up(m));
	if (m->stage < DYING)
		assert_int_equal(info->tot_pages, m->built ? TOOL_PAGES : 0);
}

static void check_vcpus(const struct model *m, const struct domain *d)
{
	for (unsigned i = 0; i < VCPUS; i++) {
		const struct vcpu *v = d->vcpu[i];

		assert_int_equal(v != NULL, m->vcpus);
		if (!v)
			continue;
		assert_int_equal(v->initialised, m->v[i].initialised);
		assert_int_equal(v->pause_count, 0);
		assert_int_equal(vcpu_runnable(v), m->stage == ALIVE && !m->holds && m->v[i].up);
		assert_int_equal(runq_is_queued(&v->sched.entity), vcpu_runnable(v));
	}
}

static void check_domain(unsigned i)
{
	const struct model *m = &model[i];
	struct xen_domctl op = { 0 };
	struct domain *d = world_domain(ids[i]);
	long rc = world_domctl(&op, XEN_DOMCTL_getdomaininfo, ids[i]);

	assert_int_equal(d != NULL, m->there);
	if (!m->there) {	/* it is about the next one then */
		assert_true(rc == -XEN_ESRCH || op.domain != ids[i]);
		return;
	}
	assert_int_equal(rc, 0);
	assert_int_equal(op.domain, ids[i]);
	check_info(m, &op.u.getdomaininfo);
	check_vcpus(m, d);
}

static void check(void)
{
	world_check();
	for (unsigned i = 0; i < 2; i++)
		check_domain(i);
}

/* ---- the harness ------------------------------------------------------------------------------ */

enum { CREATE, VCPUS_MADE, BUILD, CONTEXT, PAUSE, UNPAUSE, RESUME, REMOTE, DESTROY, SHARE, ACT };

static void act(unsigned i, unsigned op)
{
	static void (*const calls[])(unsigned i) = {
		[CREATE] = create, [VCPUS_MADE] = give_vcpus, [BUILD] = build,
		[CONTEXT] = set_context, [PAUSE] = pause, [UNPAUSE] = unpause,
		[RESUME] = resume, [REMOTE] = shut_down_from_outside,
	};

	if (op < DESTROY)
		calls[op](i);
	else if (op == DESTROY)
		destroy(i, choosing_all() ? choose(2) ? 6 : ~0u : 1 + choose(40));
	else if (op == SHARE)
		share();
	else if (acts(&model[i]))
		guest_acts(i, choose(7));
	check();
}

static void step(void)
{
	unsigned i = choose(2);

	act(i, choose(ACT + (choosing_all() ? 1 : 4)));
}

static void bring_up(unsigned i)
{
	static const uint8_t ops[] = { CREATE, VCPUS_MADE, BUILD, CONTEXT, UNPAUSE };

	for (unsigned k = 0; k < sizeof(ops); k++)
		act(i, ops[k]);
}

static void kill_all(void)
{
	for (unsigned i = 0; i < 2; i++) {
		while (model[i].there && model[i].stage != ZOMBIE)
			destroy(i, 50);
		check();
	}
	assert_false(model[0].there || model[1].there);
	assert_ptr_equal(domain_list, dom0);
	assert_null(dom0->next);
}

static void start(void)
{
	static bool there;

	if (!there) {
		world_start();
		there = true;
		bring_up(0);	/* what dom0 keeps after its first use is there from here on */
		kill_all();
		first = world_books();
	}
	for (unsigned n = choose(3), i = 0; i < n; i++)
		bring_up(i);
	if (model[1].there && choose(2))
		share();
}

static void end(void)
{
	struct world_books last;

	kill_all();
	last = world_books();
	assert_memory_equal(&first, &last, sizeof(first));
}

const struct harness harness = {
	.name = "lives of domains and vCPUs",
	.start = start,
	.step = step,
	.end = end,
	.steps = 2,
	.at_least = 4000,
	.chances = 20,
	.chance_steps = 300,
};
