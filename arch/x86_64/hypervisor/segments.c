/* SPDX-License-Identifier: MIT */
/*
 * Descriptor tables, selectors and segment bases in the CPU (hv/segments.h).
 *
 * Bases of the running vCPU live in the CPU alone: its FS base, and GS bases of
 * kernel and user mode, the one of the mode that does not run in
 * MSR_KERNEL_GS_BASE. segments_save() reads them back, as a selector that user mode
 * loads by itself changes them.
 */
#include "window.h"

#include <format/msr.h>
#include <format/pte.h>
#include <hv/arch.h>
#include <hv/mem.h>
#include <hv/mm.h>
#include <hv/paging.h>
#include <hv/ptable.h>
#include <hv/traps.h>

#define GDT_PAGES 14

struct window windows[MAX_CPUS];
static uint64_t zero_page_pte;		/* stands where a guest has no GDT page: null descriptors */

/* ---- the CPU's own ----------------------------------------------------------- */

static void set_system_desc(uint64_t *slot, uint64_t base, uint32_t limit, uint32_t type)
{
	slot[0] = SEGDESC(base, limit, DESC_P | type).raw;
	slot[1] = base >> 32;
}

static void fill_own_page(struct hv_gdt_page *own, unsigned cpu, uint64_t rsp0, const uint64_t *ist)
{
	uint64_t va = WINDOW_GDT(cpu) + RESERVED_GDT_BYTE;
	const uint32_t data = DESC_G | DESC_P | DESC_S | DESC_RW | DESC_ACCESSED;
	const uint32_t code = data | DESC_CODE;

	own->desc[SLOT(HV_CS)] = SEGDESC(0, 0xfffff, code | DESC_L).raw;
	own->desc[SLOT(HV_DS)] = SEGDESC(0, 0xfffff, data | DESC_DB).raw;
	own->desc[SLOT(GUEST_CS32)] = SEGDESC(0, 0xfffff, code | DESC_DB | DESC_DPL).raw;
	own->desc[SLOT(GUEST_DS)] = SEGDESC(0, 0xfffff, data | DESC_DB | DESC_DPL).raw;
	own->desc[SLOT(GUEST_CS64)] = SEGDESC(0, 0xfffff, code | DESC_L | DESC_DPL).raw;
	set_system_desc(&own->desc[SLOT(HV_LDT)], WINDOW_LDT(cpu), 0, DESC_SYS_LDT);
	set_system_desc(&own->desc[SLOT(HV_TSS)], va + offsetof(struct hv_gdt_page, tss),
			sizeof(struct tss) - 1, DESC_SYS_TSS_AVAIL);

	own->tss.rsp0 = rsp0;
	for (unsigned i = 0; i < 7; i++)
		own->tss.ist[i] = ist[i];
	own->tss.iomap = sizeof(struct tss);
}

/* The far return that makes cs one of the new table's. */
static void reload_cs(void)
{
	__asm__ volatile("pushq %0\n\t"
			 "lea 1f(%%rip), %%rax\n\t"
			 "pushq %%rax\n\t"
			 "lretq\n"
			 "1:" : : "i"(HV_CS) : "rax", "memory");
	__asm__ volatile("mov %0, %%ss" : : "r"(HV_DS) : "memory");
	load_ds_safe(0);
	load_es_safe(0);
	load_fs_safe(0);
	load_gs_safe(0);
}

void segments_init_cpu(unsigned cpu, uint64_t rsp0, const uint64_t ist[7])
{
	struct window *w = &windows[cpu];
	struct desc_ptr gdtr = { RESERVED_GDT_BYTE + sizeof(w->own->desc) - 1, WINDOW_GDT(cpu) };

	if (!zero_page_pte) {
		void *zero = hv_pages_alloc(0);

		CHECK(zero);
		zero_page_pte = ptr_mfn(zero).n << PAGE_SHIFT | PTE_HV_RO;
	}
	w->own = hv_pages_alloc(0);
	CHECK(w->own);
	fill_own_page(w->own, cpu, rsp0, ist);
	w->ldt_desc = w->own->desc[SLOT(HV_LDT)];
	for (unsigned i = 0; i < GDT_PAGES; i++)
		hv_map(WINDOW_GDT(cpu) + i * PAGE_SIZE, zero_page_pte & PTE_ADDR,
		       zero_page_pte & ~PTE_ADDR);
	hv_map(WINDOW_GDT(cpu) + RESERVED_GDT_BYTE, ptr_mfn(w->own).n << PAGE_SHIFT, PTE_HV_RW);
	w->pte = hv_pte(WINDOW_GDT(cpu));
	for (unsigned i = LDT_PAGE0; i < WINDOW_PAGES; i++)
		w->pte[i] = 0;

	lgdt(&gdtr);
	reload_cs();
	lldt(0);
	ltr(HV_TSS);
}

/* ---- the guest's GDT --------------------------------------------------------- */

static void gdt_load(struct vcpu *v)
{
	struct window *w = this_window();
	unsigned pages = DIV_ROUND_UP(v->gdt_ents, 512);
	unsigned n = MAX(pages, w->gdt_pages);

	for (unsigned i = 0; i < n; i++) {
		uint64_t pte = zero_page_pte;

		if (i < pages)
			pte = v->gdt_frames[i].n << PAGE_SHIFT | PTE_HV_RW;
		if (w->pte[i] == pte)
			continue;
		w->pte[i] = pte;
		invlpg(WINDOW_GDT(this_cpu()->id) + i * PAGE_SIZE);
	}
	w->gdt_pages = pages;
}

int vcpu_set_gdt(struct vcpu *v, const unsigned long *frames, unsigned ents)
{
	unsigned n = DIV_ROUND_UP(ents, 512), old_n = DIV_ROUND_UP(v->gdt_ents, 512), i;
	mfn_t old[GDT_PAGES];		/* old_n of them */

	if (ents > GDT_MAX_ENTRIES)
		return -XEN_EINVAL;
	for (i = 0; i < n; i++)
		if (!frame_get_segdesc(mfn(frames[i]), v->domain))
			goto put_frames;

	/* Nothing below can fail. */
	for (i = 0; i < old_n; i++) {
		old[i] = v->gdt_frames[i];
		v->gdt_frames[i] = mfn(0);
	}
	for (i = 0; i < n; i++)
		v->gdt_frames[i] = mfn(frames[i]);
	v->gdt_ents = ents;
	if (v == current_vcpu())
		gdt_load(v);
	for (i = 0; i < old_n; i++)
		frame_put_typed(frame_of(old[i]));
	return 0;

put_frames:
	while (i--)
		frame_put_typed(frame_of(mfn(frames[i])));
	return -XEN_EINVAL;
}

/* ---- selectors and bases ----------------------------------------------------- */

/* Entry does not save them. */
static void read_selectors(struct cpu_user_regs *regs)
{
	regs->ds = read_ds();
	regs->es = read_es();
	regs->fs = read_fs();
	regs->gs = read_gs();
}

void segments_read_bases(uint64_t *fs, uint64_t *gs)
{
	*fs = rdmsr(MSR_FS_BASE);
	*gs = rdmsr(MSR_GS_BASE);
}

void segments_set_fs_base(uint64_t base)
{
	wrmsr(MSR_FS_BASE, base);
}

/* In guest kernel mode the active GS base is the kernel's. */
void segments_set_gs_base_kernel(uint64_t base)
{
	wrmsr(MSR_GS_BASE, base);
}

void segments_set_gs_base_user(uint64_t base)
{
	wrmsr(MSR_KERNEL_GS_BASE, base);
}

void segments_set_gs_user_selector(uint16_t sel)
{
	swapgs();
	load_gs_safe(sel > SELECTOR_RPL ? sel | SELECTOR_RPL : sel);
	swapgs();
}

void segments_save(struct vcpu *v)
{
	uint64_t active, other = rdmsr(MSR_KERNEL_GS_BASE);

	segments_read_bases(&v->fs_base, &active);
	v->gs_base_kernel = v->kernel_mode ? active : other;
	v->gs_base_user = v->kernel_mode ? other : active;
	read_selectors(&v->regs);
	ldt_unmap(v);
}

/* A base of 0 with a selector means "the descriptor's": so toolstacks and kernels give it. Where the
 * selector did not load, the base may still be the one of who ran before. */
static bool base_wanted(uint16_t sel, uint64_t base, int failed)
{
	return base || sel <= SELECTOR_RPL || failed;
}

void segments_load(struct vcpu *v)
{
	const struct cpu_user_regs *r = &v->regs;
	int bad = 0, bad_fs = 0, bad_gs = 0;

	gdt_load(v);
	if (v->ldt_ents || this_window()->ldt_loaded)
		ldt_load(v);
	else
		this_window()->ldt_owner = v;

	if (r->ds | read_ds())
		bad |= load_ds_safe(r->ds);
	if (r->es | read_es())
		bad |= load_es_safe(r->es);
	if (r->fs | read_fs())
		bad_fs = load_fs_safe(r->fs);
	if (r->gs | read_gs())
		bad_gs = load_gs_safe(r->gs);

	if (base_wanted(r->fs, v->fs_base, bad_fs))
		segments_set_fs_base(v->fs_base);
	if (base_wanted(r->gs, v->gs_base_user, bad_gs))
		segments_set_gs_base_kernel(v->gs_base_user);	/* the active one, as yet */
	segments_set_gs_base_user(v->gs_base_kernel);		/* the other */
	if (v->kernel_mode)
		swapgs();

	if (unlikely(bad | bad_fs | bad_gs)) {
		v->need_failsafe = true;
		cpu_raise(this_cpu(), CPU_WORK_BOUNCE);
	}
	if (unlikely(v->nmi_pending))
		cpu_raise(this_cpu(), CPU_WORK_BOUNCE);
}

/* As arch_load_cr3(). */
static inline void load_table(mfn_t table)
{
	write_cr3(table.n << PAGE_SHIFT);
}

void segments_enter_kernel(struct vcpu *v)
{
	v->kernel_mode = true;
	swapgs();
	load_table(v->guest_table);
}

void segments_enter_user(struct vcpu *v)
{
	v->kernel_mode = false;
	swapgs();
	load_table(v->guest_table_user);
}

/* As it is now in the table that this CPU has loaded; 0 where there is none. */
static uint64_t descriptor(uint16_t sel)
{
	const segdesc_t *table = (const segdesc_t *)WINDOW_GDT(this_cpu()->id);
	unsigned i = sel >> 3;

	if (sel & SELECTOR_TI) {
		table = (const segdesc_t *)WINDOW_LDT(this_cpu()->id);
		if (i >= this_window()->ldt_loaded ||
		    !(this_window()->ldt_mapped & 1u << (i >> 9)))
			return 0;
	} else if (i >= RESERVED_GDT_ENTRY + OWN_ENTRIES) {
		return 0;
	}
	return READ_ONCE(table[i].raw);
}

bool segments_is_code64(uint16_t cs)
{
	const uint32_t need = DESC_P | DESC_S | DESC_CODE | DESC_L;

	return cs == GUEST_CS64 || ((descriptor(cs) >> 32) & need) == need;
}

bool segments_is_flat32(uint16_t cs)
{
	const uint32_t need = DESC_G | DESC_DB | DESC_P | DESC_S | DESC_CODE;
	const uint32_t any = DESC_AVL | DESC_DPL | DESC_CONFORMING | DESC_RW | DESC_ACCESSED;

	return cs == GUEST_CS32 ||
	       (descriptor(cs) & ~((uint64_t)any << 32)) == SEGDESC(0, 0xfffff, need).raw;
}
