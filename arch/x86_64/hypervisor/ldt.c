// SPDX-License-Identifier: MIT
/*
 * The guest's LDT in the CPU (hv/segments.h): its pages come into the window as they are used, and
 * go when the guest's kernel maps something else there, or the vCPU leaves.
 */
#include "window.h"

#include <format/pte.h>
#include <hv/arch.h>
#include <hv/mm.h>
#include <hv/ptable.h>
#include <hv/traps.h>

/* What was mapped of an LDT. Who asked gives the frames back: the CPU that takes them out may hold locks. */
struct ldt_pages {
	const struct vcpu *v;
	unsigned n;
	mfn_t frame[WINDOW_PAGES - LDT_PAGE0];
};

/* On the CPU that runs it, or ran it last. */
static void ldt_take_out(void *arg)
{
	struct ldt_pages *out = arg;
	struct window *w = this_window();
	uint32_t mapped = w->ldt_owner == out->v ? w->ldt_mapped : 0;
	unsigned n = out->n;

	for (; mapped; mapped &= mapped - 1) {
		unsigned i = (unsigned)__builtin_ctz(mapped);

		out->frame[n++] = mfn((w->pte[LDT_PAGE0 + i] & PTE_ADDR) >> PAGE_SHIFT);
		w->pte[LDT_PAGE0 + i] = 0;
		invlpg(WINDOW_LDT(this_cpu()->id) + i * PAGE_SIZE);
		w->ldt_mapped = mapped & (mapped - 1);
	}
	out->n = n;
}

static __attribute__((noinline)) void call_where_it_runs(const struct vcpu *v, struct ldt_pages *out)
{
	cpumask_t cpus;

	cpumask_clear(&cpus);
	vcpu_add_cpu(v, &cpus);
	arch_call_cpus(&cpus, ldt_take_out, out);
}

void ldt_unmap_pages(const struct vcpu *v)
{
	struct ldt_pages out;

	out.v = v;
	out.n = 0;
	if (likely(this_window()->ldt_owner == v)) {
		ldt_take_out(&out);
	} else {
		__atomic_thread_fence(__ATOMIC_SEQ_CST);	/* see segments_ldt_fault() */
		if (v->running && READ_ONCE(windows[v->processor].ldt_mapped))
			call_where_it_runs(v, &out);
	}
	for (unsigned i = 0; i < out.n; i++)
		frame_put_typed(frame_of(out.frame[i]));
}

void vcpu_ldt_unmap(struct vcpu *v)
{
	ldt_unmap(v);
}

int vcpu_set_ldt(struct vcpu *v, uint64_t base, uint32_t ents)
{
	if (!ents)
		base = 0;
	if ((base & (PAGE_SIZE - 1)) || ents > LDT_MAX_ENTRIES || !is_canonical(base) ||
	    (base >= HV_VIRT_START && base < HV_VIRT_END))
		return -XEN_EINVAL;
	if (v->ldt_base == base && v->ldt_ents == ents)
		return 0;
	vcpu_ldt_unmap(v);
	v->ldt_base = base;
	v->ldt_ents = ents;
	if (v == current_vcpu())
		ldt_load(v);
	return 0;
}

bool segments_in_ldt_window(uint64_t va, uint64_t *offset)
{
	*offset = va - WINDOW_LDT(this_cpu()->id);
	return *offset < (WINDOW_PAGES - LDT_PAGE0) * PAGE_SIZE;
}

/* The entry for an address of the kernel's, 0: none. Descriptors are mapped by lowest tables alone. */
static uint64_t kernel_l1e(const struct vcpu *v, uint64_t va)
{
	struct frame *table;
	const uint64_t *slot = pt_find_l1e(v->guest_table, va, &table);
	uint64_t e = slot && pt_is_l1(table, v->domain->id) ? READ_ONCE(*slot) : 0;

	return e & PTE_P ? e : 0;
}

bool segments_ldt_fault(struct vcpu *v, uint64_t va)
{
	struct window *w = this_window();
	uint64_t offset, entry;

	if (!segments_in_ldt_window(va, &offset) || offset >= v->ldt_ents * 8UL)
		return false;
	unsigned page = (unsigned)(offset >> PAGE_SHIFT);

	if (w->ldt_mapped & 1u << page)
		return false;
	entry = kernel_l1e(v, v->ldt_base + offset);
	if (!entry)
		return false;
	mfn_t m = mfn((entry & PTE_ADDR) >> PAGE_SHIFT);

	if (m.n >= arch_max_mfn || !frame_get_segdesc(m, v->domain))
		return false;
	w->pte[LDT_PAGE0 + page] = m.n << PAGE_SHIFT | PTE_HV_RW;
	w->ldt_mapped |= 1u << page;
	/* Another CPU changes the guest's entry, then looks whether we have mapped what it was. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!((kernel_l1e(v, v->ldt_base + offset) ^ entry) & (PTE_ADDR | PTE_P)))
		return true;
	vcpu_ldt_unmap(v);
	return false;
}
