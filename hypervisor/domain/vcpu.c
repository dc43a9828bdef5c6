/* SPDX-License-Identifier: MIT */
/* vCPUs: creation, contexts in and out, and their end with their domain. */
#include <hv/domain.h>

#include <hv/alloc.h>
#include <hv/arch.h>
#include <hv/cpu.h>
#include <hv/debugreg.h>
#include <hv/emulate.h>
#include <hv/fpu.h>
#include <hv/mem.h>
#include <hv/segments.h>
#include <hv/time.h>
#include <hv/traps.h>

#include <format/eflags.h>

/* That of vCPUs whose domain is dead: what is still written there, nobody reads. */
static vcpu_info_t nowhere;

/* Where a vCPU's vcpu_info lies until its guest registers one: in shared_info, or, for
 * those that have no place there, nowhere that its guest could see. */
static vcpu_info_t *initial_info(struct domain *d, struct vcpu *v)
{
	if (v->id < XEN_LEGACY_MAX_VCPUS)
		return &d->shared_info->vcpu_info[v->id];
	v->private_info = xmalloc(sizeof(vcpu_info_t));
	return v->private_info;
}

int vcpu_create(struct domain *d, unsigned id)
{
	struct vcpu *v;
	int rc;

	if (id >= d->max_vcpus)
		return -XEN_EINVAL;
	if (d->vcpu[id])
		return 0;
	v = xmalloc(sizeof(*v));
	if (!v)
		return -XEN_ENOMEM;
	v->domain = d;
	v->id = id;
	v->pause_flags = VPF_DOWN;
	v->info = initial_info(d, v);
	v->trap_table = hv_pages_alloc(0);
	rc = v->info && v->trap_table ? arch_vcpu_create(v) : -XEN_ENOMEM;
	if (!rc)
		rc = sched_vcpu_init(v);
	if (rc) {
		vcpu_free(v);
		return rc;
	}
	/* As events come with the mask bit set until the guest is ready for them. */
	v->info->evtchn_upcall_mask = 1;
	time_update_vcpu(v);
	__atomic_store_n(&d->vcpu[id], v, __ATOMIC_RELEASE);
	return 0;
}

void vcpu_free(struct vcpu *v)
{
	if (!v)
		return;
	xfree(v->private_info);
	if (v->trap_table)
		hv_pages_free(v->trap_table, 0);
	arch_vcpu_destroy(v);
	xfree(v);
}

/* Its domain dies: everything that holds frames goes. */
int vcpu_kill(struct vcpu *v, struct budget *b)
{
	int rc = vcpu_drop_tables(v, b);

	if (rc)
		return rc;
	vcpu_wait_let_go(v);
	sched_vcpu_destroy(v);
	vcpu_ldt_unmap(v);
	vcpu_set_gdt(v, NULL, 0);
	v->info = &nowhere;
	if (v->info_frame)
		frame_put_typed(v->info_frame);
	v->info_frame = NULL;
	fpu_destroy(v);
	return 0;
}

/* ---- contexts -------------------------------------------------------------------------- */

/* Selectors that a guest runs with always ask for ring 3. */
static uint16_t ring3(uint16_t sel)
{
	return sel & ~3 ? sel | 3 : sel;
}

static void set_registers(struct vcpu *v, const struct vcpu_guest_context *c)
{
	struct cpu_user_regs *r = &v->regs;

	*r = c->user_regs;
	r->entry_vector = 0;
	r->error_code = 0;
	r->cs = (uint16_t)(r->cs | 3);
	r->ss = (uint16_t)(r->ss | 3);
	v->iopl = r->rflags & FLAGS_IOPL;
	r->rflags &= ~(uint64_t)(FLAGS_IOPL | FLAGS_VM | FLAGS_NT);
	r->rflags |= FLAGS_MBS | FLAGS_IF;
	v->kernel_ss = c->kernel_ss | 3;
	v->kernel_sp = c->kernel_sp;
	v->ctrlreg[0] = c->ctrlreg[0];
	v->ctrlreg[4] = guest_cr4_fix(v, c->ctrlreg[4]);
	v->fs_base = c->fs_base;
	v->gs_base_kernel = c->gs_base_kernel;
	v->gs_base_user = c->gs_base_user;
}

static void set_callbacks(struct vcpu *v, const struct vcpu_guest_context *c)
{
	v->event_callback = (struct callback){ c->event_callback_eip, true,
					       c->event_callback_eip != 0 };
	v->failsafe_callback = (struct callback){
		c->failsafe_callback_eip, c->flags & VGCF_failsafe_disables_events,
		c->failsafe_callback_eip != 0 };
	v->syscall_callback = (struct callback){
		c->syscall_callback_eip, c->flags & VGCF_syscall_disables_events,
		c->syscall_callback_eip != 0 };
	for (unsigned i = 0; i < 256; i++) {
		v->trap_table[i] = c->trap_ctxt[i];
		v->trap_table[i].cs = ring3(c->trap_ctxt[i].cs);
	}
}

/* An address of the ABI that the hypervisor will push to or jump to. */
static bool address_ok(uint64_t va)
{
	return is_canonical(va) && (va < HYPERVISOR_VIRT_START || va >= HYPERVISOR_VIRT_END);
}

/* A handler that cannot be jumped to would make each trap to it the next one. */
static bool handlers_ok(const struct vcpu_guest_context *c)
{
	for (unsigned i = 0; i < ARRAY_SIZE(c->trap_ctxt); i++)
		if (!is_canonical(c->trap_ctxt[i].address))
			return false;
	return true;
}

static bool context_ok(const struct vcpu *v, const struct vcpu_guest_context *c)
{
	/* To user mode only with a table for it. */
	if (v->initialised && !(c->flags & VGCF_in_kernel) && !v->guest_table_user.n)
		return false;
	/* Before they become numbers of 32 bits. */
	if (c->gdt_ents > GDT_MAX_ENTRIES || c->ldt_ents > LDT_MAX_ENTRIES)
		return false;
	return handlers_ok(c) && is_canonical(c->user_regs.rip) && is_canonical(c->fs_base) &&
	       is_canonical(c->gs_base_kernel) && is_canonical(c->gs_base_user) &&
	       address_ok(c->event_callback_eip) && address_ok(c->syscall_callback_eip) &&
	       address_ok(c->failsafe_callback_eip) && address_ok(c->kernel_sp);
}

/* CR3 of the ABI: the frame number rotated so that bits above 52 fit. */
static mfn_t cr3_mfn(uint64_t cr3)
{
	return mfn((cr3 >> PAGE_SHIFT | cr3 << 52) & 0x000fffffffffffffUL);
}

static uint64_t mfn_cr3(mfn_t m)
{
	return m.n << PAGE_SHIFT | m.n >> 52;
}

int vcpu_set_context(struct vcpu *v, const struct vcpu_guest_context *c, struct budget *b)
{
	int rc;

	if (!context_ok(v, c))
		return -XEN_EINVAL;
	if (!v->initialised) {
		rc = vcpu_set_gdt(v, c->gdt_frames, (unsigned)c->gdt_ents);
		if (!rc)
			rc = vcpu_set_ldt(v, c->ldt_base, (uint32_t)c->ldt_ents);
		if (!rc)
			rc = vcpu_set_tables(v, cr3_mfn(c->ctrlreg[3]),
					     c->ctrlreg[1] ? cr3_mfn(c->ctrlreg[1]) : mfn(0), b);
		if (rc)
			return rc;
	}
	if (c->flags & VGCF_i387_valid) {
		rc = fpu_set_legacy(v, &c->fpu_ctxt);
		if (rc)
			return rc;
	}

	/* Nothing below can fail. */
	v->kernel_mode = !v->initialised || (c->flags & VGCF_in_kernel);
	set_registers(v, c);
	set_callbacks(v, c);
	for (unsigned i = 0; i < 8; i++)
		if (i < 4 || i > 5)
			vcpu_set_debugreg(v, i, c->debugreg[i]);
	/* Another vCPU may switch some on or off just now. */
	__atomic_fetch_or(&v->domain->mm.vm_assist, c->vm_assist & VM_ASSIST_VALID, __ATOMIC_RELAXED);
	__atomic_store_n(&v->initialised, true, __ATOMIC_RELEASE);
	if (c->flags & VGCF_online) {
		__atomic_and_fetch(&v->pause_flags, ~(uint32_t)VPF_DOWN, __ATOMIC_SEQ_CST);
		vcpu_recheck(v);
	} else {
		__atomic_or_fetch(&v->pause_flags, VPF_DOWN, __ATOMIC_SEQ_CST);
		vcpu_sleep(v);
	}
	return 0;
}

void vcpu_get_context(struct vcpu *v, struct vcpu_guest_context *c)
{
	memset(c, 0, sizeof(*c));
	fpu_get_legacy(v, &c->fpu_ctxt);
	c->flags = VGCF_i387_valid | (v->kernel_mode ? VGCF_in_kernel : 0) |
		   (v->failsafe_callback.mask_events ? VGCF_failsafe_disables_events : 0) |
		   (v->syscall_callback.mask_events ? VGCF_syscall_disables_events : 0) |
		   (v->pause_flags & VPF_DOWN ? 0 : VGCF_online);
	c->user_regs = v->regs;
	c->user_regs.entry_vector = 0;
	c->user_regs.error_code = 0;
	c->user_regs.rflags |= v->iopl;
	for (unsigned i = 0; i < 256; i++)
		c->trap_ctxt[i] = v->trap_table[i];
	c->ldt_base = v->ldt_base;
	c->ldt_ents = v->ldt_ents;
	for (unsigned i = 0; i * 512 < v->gdt_ents; i++)
		c->gdt_frames[i] = v->gdt_frames[i].n;
	c->gdt_ents = v->gdt_ents;
	c->kernel_ss = v->kernel_ss;
	c->kernel_sp = v->kernel_sp;
	memcpy(c->ctrlreg, v->ctrlreg, sizeof(c->ctrlreg));
	c->ctrlreg[3] = mfn_cr3(v->guest_table);
	c->ctrlreg[1] = v->guest_table_user.n ? mfn_cr3(v->guest_table_user) : 0;
	memcpy(c->debugreg, v->debugreg, sizeof(c->debugreg));
	c->event_callback_eip = v->event_callback.rip;
	c->failsafe_callback_eip = v->failsafe_callback.rip;
	c->syscall_callback_eip = v->syscall_callback.rip;
	c->vm_assist = v->domain->mm.vm_assist;
	c->fs_base = v->fs_base;
	c->gs_base_kernel = v->gs_base_kernel;
	c->gs_base_user = v->gs_base_user;
}

int vcpu_register_info(struct vcpu *v, mfn_t m, uint32_t offset)
{
	vcpu_info_t *old = v->info, *new;
	struct frame *f;

	if (offset > PAGE_SIZE - sizeof(vcpu_info_t) || offset & 7)
		return -XEN_ENXIO;
	if (v->info_frame)
		return -XEN_EINVAL;
	if (v != current_vcpu() && !(v->pause_flags & VPF_DOWN))
		return -XEN_EINVAL;
	f = frame_get_writable(m, v->domain);
	if (!f)
		return -XEN_EINVAL;

	/* Nothing below can fail. */
	new = (vcpu_info_t *)((char *)frame_ptr(m) + offset);
	*new = *old;
	v->info_frame = f;
	__atomic_store_n(&v->info, new, __ATOMIC_SEQ_CST);
	/* Events may have come to the old place meanwhile: one look too many does no harm. */
	new->evtchn_upcall_pending = 1;
	new->evtchn_pending_sel = ~0UL;
	return 0;
}
