/* SPDX-License-Identifier: MIT */
/* Random calls of a control domain: other domains and the machine. */
#define __XEN_TOOLS__ 1
#include "calls.h"

static long create(void)
{
	struct xen_domctl *op = (void *)BUFFER;
	unsigned at = below(CHILDREN);
	long rc;

	if (world.children[at])
		return 0;
	__builtin_memset(op, 0, sizeof(*op));
	if (below(8) == 0)
		fill(op, sizeof(*op));
	op->cmd = XEN_DOMCTL_createdomain;
	op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	op->domain = below(4) ? 0 : any_domid();
	op->u.createdomain.max_vcpus = below(8) ? 1 + below(4) : (uint32_t)any_number();
	op->u.createdomain.max_evtchn_port = below(4) ? 1023 : (uint32_t)any_number();
	op->u.createdomain.max_grant_frames = below(4) ? 4 : (int32_t)any_number();
	op->u.createdomain.max_maptrack_frames = below(4) ? 4 : (int32_t)any_number();
	op->u.createdomain.grant_opts = below(8) ? 1 : (uint32_t)rnd();
	rc = HC(domctl, op);
	if (!rc)
		world.children[at] = op->domain;
	return rc;
}

static void make_context(vcpu_guest_context_t *c)
{
	uint64_t words = sizeof(*c) / 8;

	__builtin_memset(c, 0, sizeof(*c));
	for (unsigned i = below(40); i; i--)
		((uint64_t *)c)[below((unsigned)words)] = any_value();
	c->ctrlreg[3] = any_mfn() << 12;
	if (below(3) == 0)
		c->ctrlreg[1] = any_mfn() << 12;
	c->gdt_ents = below(3) ? 0 : below(20);
	if (below(4) == 0)
		for (unsigned i = 0; i < 256; i++)
			c->trap_ctxt[i].address = any_va();
	if (below(2))
		c->flags = below(64);
}

/* Registers of a vCPU, which of our own are not to be changed behind our back. */
static bool sets_state(unsigned cmd)
{
	return cmd == XEN_DOMCTL_setvcpucontext || cmd == XEN_DOMCTL_set_ext_vcpucontext ||
	       cmd == XEN_DOMCTL_setvcpuextstate || cmd == XEN_DOMCTL_set_vcpu_msrs;
}

/* Never the sizes of our own memory, nor our own right to run. */
static long domctl_any(void)
{
	struct xen_domctl *op = (void *)BUFFER;
	unsigned at = below(CHILDREN);
	long rc;

	fill(op, sizeof(*op));
	op->interface_version = below(30) ? XEN_DOMCTL_INTERFACE_VERSION : (uint32_t)rnd();
	op->cmd = below(3) ? below(90) : XEN_DOMCTL_setvcpucontext;
	op->domain = below(8) ? world.children[at] : any_domid();
	if (!op->domain && sets_state(op->cmd))
		return 0;
	switch (op->cmd) {
	case XEN_DOMCTL_createdomain:
		return 0;
	case XEN_DOMCTL_destroydomain:
		op->domain = world.children[at];
		break;
	case XEN_DOMCTL_max_mem:
		if (!op->domain)
			return 0;
		op->u.max_mem.max_memkb = below(3) ? 4096 : any_number();
		break;
	case XEN_DOMCTL_max_vcpus:
		op->u.max_vcpus.max = 1 + below(4);
		break;
	case XEN_DOMCTL_setvcpucontext:
	case XEN_DOMCTL_getvcpucontext:
		make_context((void *)(BUFFER + PAGE));
		op->u.vcpucontext.vcpu = below(5);
		op->u.vcpucontext.ctxt.p =
			(void *)(below(20) ? (uint64_t)BUFFER + PAGE : any_va());
		break;
	case XEN_DOMCTL_hypercall_init:
		if (!op->domain)
			return 0;
		break;
	default:
		if (below(2))	/* the first field is often a vCPU */
			*(uint32_t *)&op->u = below(4);
	}
	rc = HC(domctl, below(30) ? (uint64_t)op : any_va());
	if (!rc && op->cmd == XEN_DOMCTL_destroydomain)
		world.children[at] = 0;
	return rc;
}

static long sysctl_any(void)
{
	struct xen_sysctl *op = (void *)BUFFER;

	fill(op, sizeof(*op));
	op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	op->cmd = below(32);
	switch (op->cmd) {
	case XEN_SYSCTL_debug_keys:	/* R restarts the machine; the others print pages */
	case XEN_SYSCTL_readconsole:
		return 0;
	}
	return HC(sysctl, below(30) ? (uint64_t)op : any_va());
}

void random_control(void)
{
	switch (below(8)) {
	case 0:
		create();
		break;
	case 1:
		sysctl_any();
		break;
	default:
		domctl_any();
	}
}
