// SPDX-License-Identifier: MIT
/*
 * mm_check(): do the books of memory agree? For tests after each step and for the debug key m.
 */
#include "mmcheck.h"

#include <hv/domain.h>
#include <hv/log.h>
#include <hv/mm.h>
#include <hv/tables.h>

static void wrong(void *ctx, const struct frame *f, const char *what)
{
	unsigned *n = ctx;

	log_err("memory: frame %#lx of d%u (%#lx references, type %#lx): %s",
		(unsigned long)frame_mfn(f).n, f->owner, (unsigned long)f->count_info,
		(unsigned long)f->type_info, what);
	++*n;
}

/* Whoever uses a frame holds a reference too; so does its owner. */
static void rest(void *ctx, struct frame *f, int64_t refs, int64_t uses)
{
	bool its_own = (f->count_info & FC_ALLOCATED) && !(f->count_info & FC_HV);
	bool pinned = f->type_info & FT_PINNED;

	if (refs < uses + its_own)
		wrong(ctx, f, "it has more uses than references");
	if (uses < pinned)
		wrong(ctx, f, "the use that its pin holds is gone");
	if (f->owner < DOMID_FIRST_RESERVED && !domain_by_owner(f->owner))
		wrong(ctx, f, "its owner is gone");
}

static uint32_t check_list(const struct domain *d, uint32_t at, unsigned *n)
{
	uint32_t prev = 0, frames = 0;

	for (; at; prev = at, at = frame_of(mfn(at))->next) {
		const struct frame *f = frame_of(mfn(at));

		if (f->owner != d->id || f->prev != prev) {
			wrong(n, f, "it stands in a list where it does not belong");
			break;
		}
		frames++;
	}
	return frames;
}

/* A pin stands in for a vCPU that holds nothing of its top level: hypervisor/domain/basetable.c. */
static void check_table(const struct vcpu *v, enum vcpu_table which, mfn_t m, unsigned *n)
{
	if (m.n && !(v->tables_held & which) && !tables_is_pinned(v->domain, m))
		wrong(n, frame_of(m), "a vCPU has it for its top level, and nobody holds it for that");
}

static void check_vcpus(const struct domain *d, unsigned *n)
{
	for (unsigned i = 0; i < d->max_vcpus; i++) {
		const struct vcpu *v = d->vcpu[i];

		if (!v)
			continue;
		check_table(v, TABLE_KERNEL, v->guest_table, n);
		check_table(v, TABLE_USER, v->guest_table_user, n);
	}
}

static void check_domain(const struct domain *d, unsigned *n)
{
	uint32_t pages = check_list(d, d->mm.page_list, n) + check_list(d, d->mm.zombie_list, n);
	uint32_t shared = check_list(d, d->mm.shared_list, n);

	check_vcpus(d, n);
	if (pages == d->mm.tot_pages && shared == d->mm.shared_pages)
		return;
	log_err("memory: d%u has %u frames and %u shared ones, its lists %u and %u", d->id,
		d->mm.tot_pages, d->mm.shared_pages, pages, shared);
	++*n;
}

unsigned mm_check(void)
{
	const char *what = mm_check_free();
	unsigned n = 0;
	struct pt_audit audit = { rest, wrong, &n };

	if (what) {
		log_err("memory: the allocator: %s", what);
		n++;
	}
	for (const struct domain *d = domain_list; d; d = d->next)
		check_domain(d, &n);
	pt_audit(&audit);
	return n;
}
