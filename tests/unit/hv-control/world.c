// SPDX-License-Identifier: MIT
/* See world.h. */
#include "world.h"

#include <hv/alloc.h>
#include <hv/console.h>
#include <hv/cpuid.h>
#include <hv/fpu.h>
#include <hv/keys.h>
#include <hv/traps.h>
#include <hv/usercopy.h>

unsigned world_kills, world_kill_again, world_contexts, world_nmis, world_created, world_keys;
char world_key[8];
bool world_no_memory;
long world_context_result;
struct frame world_frame;
struct xen_domctl_createdomain world_config;
struct domain *dom0 = &machine_domain[0];

/* ---- guest memory --------------------------------------------------------------------- */

int guest_area_register(struct guest_area *a, guest_va_t va, uint32_t len)
{
	if (!va.a) {
		guest_area_release(a);
		return 0;
	}
	if (va.a >> 32 == 0)
		return -XEN_EFAULT;
	*a = (struct guest_area){ .frame[0] = &world_frame, .at[0] = (uint8_t *)va.a, .head = len };
	return 0;
}

/* ---- memory of the hypervisor --------------------------------------------------------- */

void *xmalloc(size_t size)
{
	return world_no_memory ? NULL : calloc(1, size);
}

void xfree(void *object)
{
	free(object);
}

void *hv_pages_alloc(unsigned order)
{
	return world_no_memory ? NULL : calloc(1, PAGE_SIZE << order);
}

void hv_pages_free(void *p, unsigned order)
{
	(void)order;
	free(p);
}

uint64_t mm_free_frames(void)
{
	return 1000;
}

uint64_t mm_total_frames(void)
{
	return 4000;
}

uint64_t mm_claimed_frames(void)
{
	return 30;
}

const struct mm_machine *mm_machine(void)
{
	static const struct mm_machine m = { .phys_bits = 40 };

	return &m;
}

/* ---- frames: number 7 belongs to domain 1 --------------------------------------------- */

static char page[PAGE_SIZE];
char *arch_direct_map = page - (7UL << PAGE_SHIFT);
uint64_t arch_max_mfn = 4100;
struct frame *frame_table = &world_frame - 7;
static unsigned frame_refs;

struct frame *frame_get(mfn_t m, const struct domain *d)
{
	if (m.n != 7 || d->id != 1)
		return NULL;
	frame_refs++;
	world_frame.count_info++;
	return &world_frame;
}

struct frame *frame_get_writable(mfn_t m, struct domain *d)
{
	return frame_get(m, d);
}

void frame_put_typed(struct frame *f)
{
	frame_put(f);
}

void frame_free_last(struct frame *f)
{
	(void)f;
	fail_msg("the frame's last reference went");
}

/* ---- domains -------------------------------------------------------------------------- */

struct domain *domain_get(domid_t id)
{
	if (id >= DOMAINS)
		return NULL;
	machine_domain[id].refs++;
	return &machine_domain[id];
}

struct domain *domain_get_from(domid_t from)
{
	struct domain *first = NULL;

	for (struct domain *d = domain_list; d; d = d->next)
		if (d->id >= from && (!first || d->id < first->id))
			first = d;
	if (first)
		first->refs++;
	return first;
}

void domain_put(struct domain *d)
{
	assert_true(d->refs > 1);
	d->refs--;
}

struct domain *domain_create(domid_t id, const struct xen_domctl_createdomain *cfg, bool control,
			     int *err)
{
	static struct domain d;

	assert_false(control);
	*err = -XEN_ENOMEM;
	if (world_no_memory)
		return NULL;
	world_created++;
	world_config = *cfg;
	d.id = id;
	return &d;
}

int domain_kill(struct domain *d, struct budget *b)
{
	(void)d, (void)b;
	if (world_kill_again) {
		world_kill_again--;
		return -XEN_ERESTART;
	}
	world_kills++;
	return 0;
}

int vcpu_create(struct domain *d, unsigned id)
{
	assert_true(id < d->max_vcpus);
	return world_no_memory ? -XEN_ENOMEM : 0;
}

static void each_vcpu(struct domain *d, void (*fn)(struct vcpu *v))
{
	for (unsigned i = 0; i < d->max_vcpus; i++)
		fn(d->vcpu[i]);
}

void domain_pause(struct domain *d)
{
	d->pause_count++;
	each_vcpu(d, vcpu_sleep);
}

void domain_unpause(struct domain *d)
{
	d->pause_count--;
	each_vcpu(d, vcpu_recheck);
}

int domain_hold(struct domain *d)
{
	int rc = life_hold(&d->life);

	if (!rc)
		domain_pause(d);
	return rc;
}

int domain_release(struct domain *d)
{
	int rc = life_release(&d->life);

	if (!rc)
		domain_unpause(d);
	return rc;
}

void domain_resume(struct domain *d)
{
	life_resume(&d->life);
}

void vcpu_pause(struct vcpu *v)
{
	v->pause_count++;
	vcpu_sleep(v);
}

void vcpu_unpause(struct vcpu *v)
{
	v->pause_count--;
	vcpu_recheck(v);
}

int vcpu_set_context(struct vcpu *v, const struct vcpu_guest_context *c, struct budget *b)
{
	(void)c, (void)b;
	world_contexts++;
	if (!world_context_result)
		v->initialised = true;
	return (int)world_context_result;
}

void vcpu_get_context(struct vcpu *v, struct vcpu_guest_context *c)
{
	assert_true(v->pause_count);
	memset(c, 0x5a, sizeof(*c));
}

int vcpu_register_info(struct vcpu *v, mfn_t m, uint32_t offset)
{
	(void)v, (void)offset;
	return m.n == 7 ? 0 : -XEN_EINVAL;
}

/* ---- the other parts ------------------------------------------------------------------ */

void vcpu_send_nmi(struct vcpu *v)
{
	(void)v;
	world_nmis++;
}

void hypercall_page_init(struct domain *d, void *p)
{
	(void)d;
	memset(p, 0xcc, PAGE_SIZE);
}

int evtchn_set_virq_handler(struct domain *d, uint32_t virq)
{
	(void)d;
	return virq < 24 ? 0 : -XEN_EINVAL;
}

const struct domain *world_dom_exc;

bool evtchn_is_virq_handler(const struct domain *d, unsigned virq)
{
	return virq == VIRQ_DOM_EXC && d == world_dom_exc;
}

/* Every port is in use. */
static struct evtchn channels[EVTCHN_BUCKET];

static void make_channels(struct evtchn_domain *e)
{
	for (unsigned i = 0; i < EVTCHN_BUCKET; i++)
		channels[i].state = EVTCHN_UNBOUND;
	for (unsigned i = 0; i < EVTCHN_BUCKETS; i++)
		e->low.bucket[i] = channels;
	e->max_ports = EVTCHN_PORTS;
}

bool evtchn_is_pending(struct domain *d, unsigned port)
{
	return d->shared_info->evtchn_pending[port / 64] >> (port % 64) & 1;
}

void vcpu_poll_begin(struct vcpu *v, unsigned port)
{
	v->poll_port = port;
	v->polling = true;
}

uint64_t fpu_xfeatures(void)
{
	return 7;
}

unsigned fpu_area_size(uint64_t xcr0)
{
	return xcr0 & 4 ? 832 : 576;
}

int fpu_get_area(struct vcpu *v, void *area, unsigned size)
{
	(void)v;
	memset(area, 0x11, size);
	return 0;
}

int fpu_set_area(struct vcpu *v, const void *area, unsigned size, uint64_t xcr0, uint64_t accum)
{
	(void)area, (void)size;
	if (xcr0 & ~accum)
		return -XEN_EINVAL;
	v->xcr0 = xcr0;
	return 0;
}

uint64_t arch_tsc(void)
{
	return 5000;
}

uint64_t arch_tsc_khz(void)
{
	return 2000000;
}

static struct cpuid_policy policy = { .n = 2 };

const struct cpuid_policy *cpuid_system_policy(unsigned index)
{
	return index <= XEN_SYSCTL_cpu_policy_hvm_default ? &policy : NULL;
}

const struct cpuid_policy *cpuid_domain_policy(const struct domain *d)
{
	(void)d;
	return &policy;
}

int cpuid_domain_set(struct domain *d, const struct xen_cpuid_leaf *leaves, uint32_t nr_leaves,
		     const struct xen_msr_entry *msrs, uint32_t nr_msrs,
		     uint32_t *err_leaf, uint32_t *err_subleaf, uint32_t *err_msr)
{
	(void)d, (void)msrs, (void)nr_msrs, (void)err_subleaf, (void)err_msr;
	if (nr_leaves && leaves[0].leaf == 99) {
		*err_leaf = 99;
		return -XEN_ERANGE;
	}
	return 0;
}

void cpuid_featureset(const struct cpuid_policy *p, uint32_t fs[CPUID_FEATURE_WORDS])
{
	(void)p;
	for (unsigned i = 0; i < CPUID_FEATURE_WORDS; i++)
		fs[i] = 100 + i;
}

unsigned cpuid_policy_leaves(const struct cpuid_policy *p, struct xen_cpuid_leaf *out)
{
	memcpy(out, p->leaf, p->n * sizeof(*out));
	return p->n;
}

unsigned cpuid_policy_msrs(const struct cpuid_policy *p, struct xen_msr_entry *out)
{
	(void)p;
	*out = (struct xen_msr_entry){ .idx = 0xce };
	return 1;
}

static const char ring[] = "0123456789";

size_t console_ring_get(uint32_t *at, bool oldest, char *to, size_t len)
{
	size_t n = 0;

	if (oldest)
		*at = 0;
	while (n < len && n < 3 && *at < sizeof(ring) - 1)
		to[n++] = ring[(*at)++];
	return n;
}

void console_ring_clear(void)
{
}

void debug_key(char key)
{
	if (world_keys < sizeof(world_key))
		world_key[world_keys] = key;
	world_keys++;
}

/* ---- running -------------------------------------------------------------------------- */

void world_caller(unsigned dom)
{
	struct vcpu *v = &machine_vcpu[dom][0];

	host_cpu.current->pause_flags |= VPF_DOWN;
	vcpu_sleep(host_cpu.current);
	machine_up(v);
	machine_exit();
	assert_ptr_equal(machine_current(), v);
}

int world_start(void **state)
{
	machine_start(state);
	world_kills = world_kill_again = world_contexts = world_nmis = world_created = 0;
	world_keys = 0;
	world_no_memory = false;
	world_context_result = 0;
	world_frame = (struct frame){ .count_info = 1 };
	frame_refs = 0;
	world_dom_exc = dom0;
	for (unsigned n = 0; n < DOMAINS; n++) {
		machine_domain[n].refs = 1;
		machine_domain[n].control = n == 0;
		machine_domain[n].life = (struct life){ .code = LIFE_NO_CODE };
		make_channels(&machine_domain[n].evtchn);
	}
	machine_up(&machine_vcpu[0][0]);
	machine_exit();
	host_cpu.budget.left = HYPERCALL_BUDGET;
	return 0;
}

int world_end(void **state)
{
	(void)state;
	for (unsigned n = 0; n < DOMAINS; n++)
		assert_int_equal(machine_domain[n].refs, 1);
	assert_int_equal(world_frame.count_info, 1);
	return 0;
}

long domctl(struct xen_domctl *op, uint32_t cmd, domid_t dom)
{
	op->cmd = cmd;
	op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	op->domain = dom;
	return do_domctl((uint64_t)(uintptr_t)op, 0, 0, 0, 0);
}

long sysctl(struct xen_sysctl *op, uint32_t cmd)
{
	op->cmd = cmd;
	op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	return do_sysctl((uint64_t)(uintptr_t)op, 0, 0, 0, 0);
}
