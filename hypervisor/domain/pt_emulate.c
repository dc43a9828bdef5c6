// SPDX-License-Identifier: MIT
/*
 * Stores to page tables. A guest sees its tables read-only; a store of its kernel faults and is
 * carried out here as if it had been a mmu_update, whether it asked for that or not
 * (VMASST_TYPE_writable_pagetables; Xen 4.17 does not look at it either). Lowest level only, as
 * Xen has it: Linux has no hypercall for "exchange", "clear a bit" and such.
 *
 * The store is executed on a copy of the entry. When the new entry is not accepted the registers are
 * put back; hardware that sets bits meanwhile starts it over. The stores that come by the thousand are
 * simple ones (store_again()).
 */
#include <hv/mm.h>

#include <hv/cpu.h>
#include <hv/decode.h>
#include <hv/domain.h>
#include <hv/emulate.h>
#include <hv/segments.h>
#include <hv/tables.h>
#include <hv/tlb.h>
#include <hv/usercopy.h>

struct store {
	struct insn in;
	struct cpu_user_regs before;	/* for when it comes to nothing */
	uint64_t va;
	uint64_t source;		/* of a string move */
	unsigned size;
};

/* The entry that va maps, of a table of the running kernel, and that table; pt_lock held. */
static uint64_t *find_slot(const struct vcpu *v, uint64_t va, struct frame **table)
{
	struct frame *f;
	uint64_t *e = pt_find_l1e(v->guest_table, va, &f);
	unsigned level;
	mfn_t m;

	if (!e || (*e & (PTE_P | PTE_W)) != PTE_P)
		return NULL;
	m = pte_mfn(*e);
	if (m.n >= arch_max_mfn)
		return NULL;
	f = frame_of(mfn(index_clamp(m.n, arch_max_mfn)));
	if (!pt_is_table(f, v->domain->id, &level) || level != 1)
		return NULL;
	*table = f;
	return (uint64_t *)((char *)frame_ptr(m) + (va & 0xff8));
}

/*
 * A kernel stores to its tables from a few places only, so the last instruction is often the one
 * that comes again. What bytes mean depends on nothing else: equal bytes, equal meaning.
 */
static struct decoded {
	uint64_t code[2];
	struct insn in;		/* len 0: none yet */
} last_store[MAX_CPUS];

/*
 * The same for what needs no copy of the registers: a whole register to, or exchanged with, where
 * another points to.
 */
static struct plain {
	uint64_t code, mask;	/* of the instruction's bytes, in the first eight; mask 0: none yet */
	uint8_t base, operand;	/* where the registers lie in cpu_user_regs */
	uint8_t len;
	bool exchange;
	int64_t disp;
} last_plain[MAX_CPUS];

#define XCHG_OPCODE 0x87

static void note_plain(const struct insn *in, uint64_t code)
{
	struct cpu_user_regs *regs = guest_regs();

	if (in->len > sizeof(code) || !insn_is_plain_store(in))
		return;
	last_plain[this_cpu()->id] = (struct plain){
		.code = code, .mask = ~0UL >> (64 - 8 * in->len), .len = in->len,
		.base = (uint8_t)((char *)insn_reg(regs, in->base) - (char *)regs),
		.operand = (uint8_t)((char *)insn_reg(regs, in->reg) - (char *)regs),
		.exchange = in->opcode == XCHG_OPCODE, .disp = in->disp };
}

static bool decode_store(struct store *s, uint64_t rip)
{
	struct decoded *last = &last_store[this_cpu()->id];
	union {
		uint8_t bytes[16];
		uint64_t words[2];
	} code;
	unsigned n;

	code.words[1] = 0;
	n = emulate_fetch(rip, code.bytes);
	if (n == INSN_MAX_LEN && code.words[0] == last->code[0] &&
	    code.words[1] == last->code[1] && last->in.len) {
		s->in = last->in;
		return true;
	}
	if (!insn_decode(code.bytes, n, &s->in) || !insn_is_store(&s->in))
		return false;
	if (n == INSN_MAX_LEN) {
		*last = (struct decoded){ { code.words[0], code.words[1] }, s->in };
		note_plain(&s->in, code.words[0]);
	}
	return true;
}

/* What is stored where; false when it is no store, or not to one entry. */
static bool decode(struct store *s, const struct cpu_user_regs *regs, uint64_t fault_va)
{
	uint64_t fs, gs, at;

	if (!decode_store(s, regs->rip))
		return false;
	segments_read_bases(&fs, &gs);
	s->va = insn_mem_address(&s->in, regs, fs, gs);
	s->size = insn_store_size(&s->in);
	if (s->va >> PAGE_SHIFT != fault_va >> PAGE_SHIFT || (s->va & 7) + s->size > 8)
		return false;
	s->source = 0;
	if (!insn_store_source(&s->in, regs, fs, gs, &at))
		return true;
	return !copy_from_guest(&s->source, guest_va(at), s->size);
}

/* The entry as it will be: the store may be to a part of it. */
static bool execute(struct store *s, struct cpu_user_regs *regs, uint64_t old, uint64_t *new)
{
	unsigned shift = (s->va & 7) * 8;
	uint64_t mask = s->size == 8 ? ~0UL : ((1UL << s->size * 8) - 1) << shift;
	uint64_t part;

	if (!insn_store(&s->in, regs, (old & mask) >> shift, s->source, &part))
		return false;
	*new = (old & ~mask) | ((part << shift) & mask);
	return true;
}

/* pt_lock held. The fault's page is a table; the store may be to any of its entries. */
static __attribute__((noinline)) int store_any(struct vcpu *v, struct pt_ctx *c, uint64_t va)
{
	struct cpu_user_regs *regs = guest_regs();
	struct store what, *s = &what;
	struct frame *table;
	uint64_t *slot = find_slot(v, va, &table), old, new;
	int rc;

	if (!slot || !decode(s, regs, va))
		return -XEN_EINVAL;
	slot = (uint64_t *)(((uint64_t)slot & PAGE_MASK) | (s->va & 0xff8));
	s->before = *regs;
	do {
		old = READ_ONCE(*slot);
		rc = -XEN_EINVAL;
		if (execute(s, regs, old, &new))
			rc = pt_exchange_l1(c, table, slot, old, new);
		if (unlikely(rc))
			*regs = s->before;
	} while (unlikely(rc == -XEN_EAGAIN));
	return rc;
}

/* The same plain store as before, to this entry; false: it is not, and nothing has changed. */
static inline bool store_again(struct vcpu *v, struct pt_ctx *c, uint64_t va, int *rc)
{
	struct cpu_user_regs *regs = guest_regs();
	const struct plain *p = &last_plain[this_cpu()->id];
	uint64_t code, *slot, *operand, old;
	struct frame *table;

	if (unlikely(copy_from_guest(&code, guest_va(regs->rip), sizeof(code))) ||
	    ((code ^ p->code) & p->mask) || !p->mask || (va & 7) ||
	    *(uint64_t *)((char *)regs + p->base) + (uint64_t)p->disp != va)
		return false;
	*rc = -XEN_EINVAL;
	slot = find_slot(v, va, &table);
	if (unlikely(!slot))
		return true;
	operand = (uint64_t *)((char *)regs + p->operand);
	do {
		old = READ_ONCE(*slot);
		*rc = pt_exchange_l1(c, table, slot, old, *operand);
	} while (unlikely(*rc == -XEN_EAGAIN));
	if (unlikely(*rc))
		return true;
	if (p->exchange)
		*operand = old;
	regs->rip += p->len;
	return true;
}

bool mm_fault_fixup(struct vcpu *v, uint64_t va, uint32_t error_code)
{
	struct domain *d = v->domain;
	struct pt_ctx c;
	int rc;

	if ((error_code & (PFEC_PRESENT | PFEC_WRITE | PFEC_RSVD | PFEC_FETCH)) !=
	    (PFEC_PRESENT | PFEC_WRITE))
		return false;
	tables_ctx(&c, d, NULL);
	spin_lock(&d->mm.pt_lock);
	if (!store_again(v, &c, va, &rc))
		rc = store_any(v, &c, va);
	spin_unlock(&d->mm.pt_lock);
	if (unlikely(c.ldt_stale))
		tables_ldt_stale(d);
	return !rc;
}
