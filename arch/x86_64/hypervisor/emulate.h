/* SPDX-License-Identifier: MIT */
/* What the files of the emulator share. */
#pragma once

#include <hv/decode.h>
#include <hv/emulate.h>

typedef enum emul_result emul_fn(struct vcpu *v, struct cpu_user_regs *regs, const struct insn *in);

/* emulate_cr.c: control and debug registers, and what else only a kernel may do */
emul_fn emul_cr_read, emul_cr_write, emul_dr_read, emul_dr_write, emul_clts, emul_wbinvd,
	emul_group_0f00, emul_group_0f01, emul_cli_sti, emul_rdtsc;
/* emulate_msr.c */
emul_fn emul_rdmsr, emul_wrmsr;
/* emulate_io.c */
emul_fn emul_in, emul_out, emul_ins, emul_outs;

/** True when the I/O privilege level that its kernel asked for suffices for the mode that runs. */
bool iopl_ok(const struct vcpu *v);
