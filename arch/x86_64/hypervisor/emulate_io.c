/* SPDX-License-Identifier: MIT */
/*
 * IN and OUT. Two questions: may the guest's program use the port at all (its
 * kernel's I/O privilege level, or the bitmap that it set), else #GP; and does the
 * domain have the machine's port, else reads give ones and writes go nowhere, as
 * on a bus without a device.
 */
#include "emulate.h"

#include <cpu/insn.h>
#include <format/eflags.h>
#include <format/pte.h>
#include <hv/cpu.h>
#include <hv/domain.h>
#include <hv/ioport.h>
#include <hv/segments.h>
#include <hv/traps.h>
#include <hv/usercopy.h>

#include "walk.h"

#define STRING_STEPS 64		/* of a REP in one go */

/* The bitmap is in the kernel's address space. */
static bool bitmap_allows(const struct vcpu *v, unsigned port, unsigned bytes)
{
	uint16_t bits = 0;

	if (!v->iobmp || port + bytes > v->iobmp_limit)
		return false;
	if (!read_kernel(v, v->iobmp + port / 8, &bits, 1 + (port % 8 + bytes > 8)))
		return false;
	return !(bits >> (port % 8) & ((1u << bytes) - 1));
}

static bool may_use(const struct vcpu *v, unsigned port, unsigned bytes)
{
	return iopl_ok(v) || bitmap_allows(v, port, bytes);
}

static uint32_t port_in(const struct domain *d, uint16_t port, unsigned bytes)
{
	if (!ioport_granted(d, port, bytes))
		return ~0u;
	return bytes == 1 ? inb(port) : bytes == 2 ? inw(port) : inl(port);
}

static void port_out(const struct domain *d, uint16_t port, unsigned bytes, uint32_t value)
{
	if (!ioport_granted(d, port, bytes))
		return;
	if (bytes == 1)
		outb(port, (uint8_t)value);
	else if (bytes == 2)
		outw(port, (uint16_t)value);
	else
		outl(port, value);
}

static unsigned io_bytes(const struct insn *in)
{
	return in->opcode & 1 ? MIN(in->opsize, 4) : 1;
}

/* e4-e7: immediate port; the others: dx. */
static uint16_t io_port(const struct insn *in, const struct cpu_user_regs *regs)
{
	return (in->opcode & 0xfc) == 0xe4 ? (uint8_t)in->imm : (uint16_t)regs->rdx;
}

enum emul_result emul_in(struct vcpu *v, struct cpu_user_regs *regs, const struct insn *in)
{
	unsigned bytes = io_bytes(in);
	uint16_t port = io_port(in, regs);
	uint32_t value;

	if (!may_use(v, port, bytes))
		return EMUL_REFUSED;
	value = port_in(v->domain, port, bytes);
	if (bytes == 4)
		regs->rax = value;
	else if (bytes == 2)
		regs->rax = (regs->rax & ~0xffffUL) | (value & 0xffff);
	else
		regs->rax = (regs->rax & ~0xffUL) | (value & 0xff);
	return EMUL_DONE;
}

enum emul_result emul_out(struct vcpu *v, struct cpu_user_regs *regs, const struct insn *in)
{
	unsigned bytes = io_bytes(in);
	uint16_t port = io_port(in, regs);

	if (!may_use(v, port, bytes))
		return EMUL_REFUSED;
	port_out(v->domain, port, bytes, (uint32_t)regs->rax);
	return EMUL_DONE;
}

/* ---- strings ----------------------------------------------------------------- */

/* Memory that the string touches is not there: the guest's page fault, with its error code. */
static enum emul_result string_fault(struct vcpu *v, struct cpu_user_regs *regs, uint64_t va,
				     bool write)
{
	uint64_t rights;

	if (!is_canonical(va))
		return EMUL_REFUSED;
	bounce_page_fault(v, regs, va, (walk_current(va, &rights) ? PFEC_PRESENT : 0) |
				       (write ? PFEC_WRITE : 0));
	return EMUL_RETRY;
}

static void step(const struct insn *in, uint64_t *reg, uint64_t by)
{
	*reg = in->addr32 ? (uint32_t)(*reg + by) : *reg + by;
}

static uint64_t left(const struct insn *in, const struct cpu_user_regs *regs)
{
	if (!in->rep)
		return 1;
	return in->addr32 ? (uint32_t)regs->rcx : regs->rcx;
}

static uint64_t string_address(const struct insn *in, const struct cpu_user_regs *regs, bool write)
{
	uint64_t fs, gs, at = write ? regs->rdi : regs->rsi;

	if (in->addr32)
		at = (uint32_t)at;
	if (write || in->seg == INSN_SEG_NONE)
		return at;
	segments_read_bases(&fs, &gs);
	return at + (in->seg == INSN_SEG_FS ? fs : gs);
}

static enum emul_result string_io(struct vcpu *v, struct cpu_user_regs *regs,
				  const struct insn *in, bool is_in)
{
	unsigned bytes = io_bytes(in);
	uint16_t port = (uint16_t)regs->rdx;
	uint64_t by = regs->rflags & FLAGS_DF ? -(uint64_t)bytes : bytes;

	if (!left(in, regs))
		return EMUL_DONE;	/* nothing is asked of the port, nor whether it may be used */
	if (!may_use(v, port, bytes))
		return EMUL_REFUSED;
	for (unsigned i = 0; left(in, regs); i++) {
		uint64_t at = string_address(in, regs, is_in);
		uint32_t value = 0;

		if (i == STRING_STEPS)
			return EMUL_RETRY;
		if (is_in) {
			/* Tried before the device is read, so that no datum gets lost. */
			if (copy_from_guest(&value, guest_va(at), bytes) ||
			    copy_to_guest(guest_va(at), &value, bytes))
				return string_fault(v, regs, at, true);
			value = port_in(v->domain, port, bytes);
			if (copy_to_guest(guest_va(at), &value, bytes))
				return string_fault(v, regs, at, true);
		} else {
			if (copy_from_guest(&value, guest_va(at), bytes))
				return string_fault(v, regs, at, false);
			port_out(v->domain, port, bytes, value);
		}
		step(in, is_in ? &regs->rdi : &regs->rsi, by);
		if (!in->rep)
			break;
		step(in, &regs->rcx, ~0UL);
	}
	return EMUL_DONE;
}

enum emul_result emul_ins(struct vcpu *v, struct cpu_user_regs *regs, const struct insn *in)
{
	return string_io(v, regs, in, true);
}

enum emul_result emul_outs(struct vcpu *v, struct cpu_user_regs *regs, const struct insn *in)
{
	return string_io(v, regs, in, false);
}
