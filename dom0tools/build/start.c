/* SPDX-License-Identifier: MIT */
/* The start-of-day contract of xen.h, field by field. */
#include "build/start.h"

#include <stdio.h>
#include <string.h>

void start_info_fill(struct start_info *si, const struct plan *p, const struct start_facts *f,
		     const uint64_t *mfns)
{
	memset(si, 0, sizeof(*si));
	snprintf(si->magic, sizeof(si->magic), "xen-3.0-x86_64");
	si->nr_pages = p->nr_pages;
	si->shared_info = f->shared_info;
	si->store_mfn = mfns[p->xenstore.pfn];
	si->store_evtchn = f->xenstore_port;
	si->console.domU.mfn = mfns[p->console.pfn];
	si->console.domU.evtchn = f->console_port;
	si->pt_base = p->tables.virt;
	si->nr_pt_frames = p->tables.count;
	si->mfn_list = p->p2m.virt;
	if (p->p2m_tables.count) {
		si->first_p2m_pfn = p->p2m_tables.pfn;
		si->nr_p2m_frames = p->p2m_tables.count + p->p2m.count;
	}
	if (p->ramdisk.count) {
		si->mod_start = p->ramdisk.mapped ? p->ramdisk.virt : p->ramdisk.pfn;
		si->mod_len = f->ramdisk_bytes;
		if (!p->ramdisk.mapped)
			si->flags |= SIF_MOD_START_PFN;
	}
	if (f->cmdline)
		strncpy((char *)si->cmd_line, f->cmdline, MAX_GUEST_CMDLINE - 1);
}

void start_shared_fill(struct shared_info *shared)
{
	memset(shared, 0, sizeof(*shared));
	for (unsigned i = 0; i < XEN_LEGACY_MAX_VCPUS; i++)
		shared->vcpu_info[i].evtchn_upcall_mask = 1;
}

void start_context_fill(struct vcpu_guest_context *c, const struct kernel *k, const struct plan *p,
			const uint64_t *mfns)
{
	memset(c, 0, sizeof(*c));
	c->user_regs.rip = k->entry;
	c->user_regs.rsp = p->stack.virt + 4096;
	c->user_regs.rsi = p->start_info.virt;
	c->user_regs.rflags = 1 << 9;	/* interrupts on, as far as a PV kernel has any */
	c->user_regs.cs = FLAT_KERNEL_CS;
	c->user_regs.ss = c->user_regs.ds = c->user_regs.es = FLAT_KERNEL_SS;
	c->user_regs.fs = c->user_regs.gs = FLAT_KERNEL_DS;
	c->kernel_ss = c->user_regs.ss;
	c->kernel_sp = c->user_regs.rsp;
	c->flags = VGCF_in_kernel | VGCF_online;
	c->ctrlreg[3] = xen_pfn_to_cr3(mfns[p->l4_pfn]);
	c->debugreg[6] = 0xffff0ff0;	/* the values after reset */
	c->debugreg[7] = 0x00000400;
}
