/* SPDX-License-Identifier: MIT */
/*
 * What a guest may put in its GDT and LDT. Both of its modes run in ring 3, so
 * every segment gets DPL 3; of the system descriptors only call gates are let
 * through, with DPL 0 (none may be called: the fault goes to the guest) and the
 * guest's DPL kept where the gate has its target's RPL.
 */
#include <hv/segments.h>

#include <format/descriptor.h>

/* The target of a call gate: a null selector, code of the hypervisor's page for guests, or
 * anything of the guest's own. */
static bool gate_selector_ok(uint16_t sel)
{
	return !(sel & ~3) || (sel & SELECTOR_TI) || (sel >> 3) < RESERVED_GDT_ENTRY ||
	       (sel & ~3) == (GUEST_CS32 & ~3) || (sel & ~3) == (GUEST_CS64 & ~3);
}

static bool fix_call_gate(segdesc_t *d, unsigned dpl)
{
	uint16_t sel = (uint16_t)(d->a >> 16);

	if (!gate_selector_ok(sel) || (d->b & 0xff))
		return false;
	sel = (uint16_t)((sel & ~3) | dpl);
	d->a = (d->a & 0xffff) | (uint32_t)sel << 16;
	d->b &= ~DESC_DPL;
	return true;
}

bool segdesc_fix(uint64_t *desc)
{
	segdesc_t d = { .raw = *desc };
	unsigned dpl = (d.b & DESC_DPL) >> 13;

	/* Not present: it faults whenever it is used. Type 0: the upper half of a gate. */
	if (!(d.b & DESC_P))
		return true;
	if (d.b & DESC_S) {
		d.b |= DESC_DPL;
	} else if ((d.b & DESC_TYPE) == 0) {
		return true;
	} else if ((d.b & DESC_TYPE) != DESC_SYS_CALL_GATE || !fix_call_gate(&d, dpl)) {
		return false;
	}
	*desc = d.raw;
	return true;
}
