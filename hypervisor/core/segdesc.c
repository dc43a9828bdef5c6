/* SPDX-License-Identifier: MIT */
/*
 * What a guest may put in its GDT and LDT. Both of its modes run in ring 3, so
 * every segment gets DPL 3; of the system descriptors only call gates are let
 * through, with DPL 0: none may be called, the fault goes to the guest.
 */
#include <hv/segments.h>

#include <format/descriptor.h>

/* The target of a call gate: the guest's own descriptors, or the flat code segment. */
static bool gate_selector_ok(uint16_t sel)
{
	return (sel & SELECTOR_TI) || (sel >> 3) < RESERVED_GDT_ENTRY || sel == GUEST_CS64;
}

static bool fix_call_gate(segdesc_t *d)
{
	if (!gate_selector_ok((uint16_t)(d->a >> 16)) || (d->b & 0xff))
		return false;
	d->a |= (uint32_t)SELECTOR_RPL << 16;
	d->b &= ~DESC_DPL;
	return true;
}

bool segdesc_fix(uint64_t *desc)
{
	segdesc_t d = { .raw = *desc };

	/* Not present: it faults whenever it is used. Type 0: the upper half of a gate. */
	if (!(d.b & DESC_P))
		return true;
	if (d.b & DESC_S) {
		d.b |= DESC_DPL;
	} else if ((d.b & DESC_TYPE) == 0) {
		return true;
	} else if ((d.b & DESC_TYPE) != DESC_SYS_CALL_GATE || !fix_call_gate(&d)) {
		return false;
	}
	*desc = d.raw;
	return true;
}
